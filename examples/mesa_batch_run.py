"""The model through Mesa's own `batch_run`: it takes the model as it is.

Mesa up to 3.4 takes seeds as one more parameter that is swept, later versions as an argument. Give seeds, not
`iterations`: with a fixed seed these repeat one and the same run. With one process a run that fails ends them all, with
several one that dies leaves them waiting for ever: for long batches use `abm batch`.
"""

import inspect

import mesa
import pandas as pd

from abm import CircularTransition

PARAMETERS = {
    "mix": ["business_as_usual", "push_and_pull"],
    "shocks": "rare_earth_restriction_2027",
    "overrides": [{"firms.markup": 0.1}, {"firms.markup": 0.3}],
    "households": 60,
    "months": 24,
}
SEEDS = [1, 2]


def rows() -> pd.DataFrame:
    """One row per run: its parameters, and the last month of every indicator."""
    options = {"number_processes": 1, "max_steps": PARAMETERS["months"], "display_progress": False}
    if "rng" in inspect.signature(mesa.batch_run).parameters:
        return pd.DataFrame(mesa.batch_run(CircularTransition, PARAMETERS, rng=SEEDS, **options))
    return pd.DataFrame(mesa.batch_run(CircularTransition, PARAMETERS | {"rng": SEEDS}, **options))


def main() -> None:
    """Recyclers and their margin in the last month, mean over seeds."""
    table = rows()
    table["markup"] = [overrides["firms.markup"] for overrides in table["overrides"]]
    print(table.groupby(["mix", "markup"])[["recyclers_active", "recycler_margin"]].mean().round(3).to_string())


if __name__ == "__main__":
    main()
