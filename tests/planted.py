"""The command `abm` with runs planted in it that misbehave, for tests of batches; workers import this module too.

    PYTHONPATH=tests python -m planted batch …

Seeds above 900 misbehave; the others take a little longer than they would, so that there is time to kill something.
"""

import os
import signal
import sys
import time

from experiments import runs
from experiments.batch import driver, provenance

KILLS, STAYS, RAISES = 901, 902, 903


def perform(job: runs.Job) -> runs.Result:
    """What the job asks, or what its seed says."""
    if job.seed == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)
    while job.seed == STAYS:
        time.sleep(1)
    if job.seed == RAISES:
        raise RuntimeError("month 3: a gram is missing")
    time.sleep(float(os.environ.get("PLANTED_SECONDS", "0")))
    return runs.perform(job)


def other_code() -> str:
    """A version of the model that only its process has."""
    return os.environ["PLANTED_CODE"]


def main() -> None:
    """`abm`, with what is planted."""
    from experiments.cli import main as command

    driver.perform = perform  # type: ignore[attr-defined]
    if "PLANTED_CODE" in os.environ:
        driver.code_version = provenance.code_version = other_code  # type: ignore[assignment,attr-defined]
    if "PLANTED_CHUNK" in os.environ:
        from experiments.batch import store

        store.RUNS_PER_CHUNK = int(os.environ["PLANTED_CHUNK"])
    sys.exit(command())


if __name__ == "__main__":
    import planted  # under the name by which workers know it

    planted.main()
