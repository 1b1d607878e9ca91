"""`python -m experiments`: the command `abm`."""

import sys

from experiments.cli import main

if __name__ == "__main__":
    sys.exit(main())
