"""The model as a problem of SALib: names and bounds from the declarations, and a function of a matrix.

    factors = {"firms.markup": {}, "streams.*.processing_cost": {}, "recovery_subsidy": {"high": 2.0, "scale": "share"}}
    spec = ProblemSpec(problem(factors, ["recycler_margin"]))
    spec.sample_sobol(64).evaluate(evaluate, factors, ["recycler_margin"], inputs={"mix": "push_and_pull"})
    spec.analyze_sobol()

Means over seeds leave some noise in what is analysed; `abm sensitivity` tells it from effects of parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.parameters import ConfigError
from experiments.batch.driver import LIMIT
from experiments.clients.inputs import Inputs
from experiments.clients.points import evaluate_rows
from experiments.compare import RunFailedError
from experiments.designs import Factor, read_factor

Factors = Mapping[str, Any] | Iterable[str]

_DISTRIBUTIONS = {"linear": "unif", "share": "unif", "log": "logunif"}
_ROUNDING = 1e-9  # of a range: a sampler may miss its end by as much


def read_factors(factors: Factors) -> tuple[Factor, ...]:
    """Factors by name, in their declared plausible ranges or, in a dict, as a design declares them.

    Names are paths of parameters, families of them with `*`, levers, `mix` and `shocks`. Raises ConfigError.
    """
    table = factors if isinstance(factors, Mapping) else {name: {} for name in factors}
    return tuple(read_factor(name, raw) for name, raw in table.items())


def problem(factors: Factors, outcomes: Sequence[str] = ()) -> dict[str, Any]:
    """SALib's problem: `num_vars`, `names`, `bounds`, `dists`, and the outcomes as `outputs`.

    Bounds are in the unit of each factor; a family of parameters goes from 0 to 1, the place in the range of each.
    What has levels, as mixes have, goes from 0 to their number, each level taking up 1. Raises ConfigError.
    """
    read = read_factors(factors)
    described: dict[str, Any] = {
        "num_vars": len(read),
        "names": [factor.name for factor in read],
        "bounds": [list(_bounds(factor)) for factor in read],
        "dists": [_DISTRIBUTIONS[factor.scale] if not factor.levels else "unif" for factor in read],
    }
    return described | ({"outputs": list(outcomes)} if outcomes else {})


def evaluate(
    matrix: ArrayLike,
    factors: Factors,
    outcomes: Sequence[str],
    *,
    inputs: Inputs | None = None,
    seeds: Sequence[int] = (1,),
    workers: int = 2,
    folder: Path | None = None,
    resume: bool = False,
    limit: float = LIMIT,
    progress: bool = True,
    failed: str = "raise",
) -> NDArray[np.float64]:
    """Outcomes (n,) of one, or (n, outcomes) of several, for a matrix (n, factors), as means over the seeds.

    Parameters
    ----------
    matrix
        A sample of the problem of the same factors.
    outcomes
        Headline indicators, or `COLUMN:WAY`. One that is undefined on a seed is NaN.
    inputs
        What holds for all rows, as in `experiments.clients.function.simulate`.
    seeds
        The same on every row, so that rows differ in their values and not in their luck.
    folder, resume
        Where the batch is kept, and whether to go on with it.
    limit
        Seconds that a run may take.
    failed
        What to do if a run fails: "raise", or "nan" in its row. SALib takes no NaN: its indices become NaN as well.

    Raises
    ------
    ConfigError
        Before anything runs, for a name or a value that cannot be.
    RunFailedError
        If a run failed and `failed` is "raise". What was run stays in the folder, if there is one.
    """
    if failed not in ("raise", "nan"):
        raise ConfigError(f"'{failed}' is no way to go on", key="failed", expected='"raise" or "nan"')
    if not outcomes or any(name.endswith(":series") for name in outcomes):
        raise ConfigError("SALib takes one number for each run", key="outcomes", expected="names, or COLUMN:WAY")
    read = read_factors(factors)
    rows = [_row(read, values) for values in _checked(matrix, read)]
    done = evaluate_rows(
        rows, inputs or {}, outcomes, seeds,
        factors=read, folder=folder, workers=workers, resume=resume, limit=limit, progress=progress,
    )  # fmt: skip
    if failed == "raise" and len(done.failed):
        raise RunFailedError(done.said())
    together = np.column_stack([done.values[name] for name in outcomes])
    return together[:, 0] if len(outcomes) == 1 else together


def _bounds(factor: Factor) -> tuple[float, float]:
    return (0.0, float(len(factor.levels))) if factor.levels else (factor.low, factor.high)


def _checked(matrix: ArrayLike, factors: Sequence[Factor]) -> NDArray[np.float64]:
    """The matrix, if it is a sample of these factors: columns in another order fall out of their bounds."""
    values = np.asarray(matrix, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(factors) or not len(values):
        raise ConfigError(f"has the shape {values.shape}", key="matrix", expected=f"(rows, {len(factors)})")
    for column, factor in zip(values.T, factors, strict=True):
        low, high = _bounds(factor)
        slack = _ROUNDING * (high - low)
        if not (column.min() >= low - slack and column.max() <= high + slack):
            raise ConfigError(
                f"values from {column.min():g} to {column.max():g}", key=factor.name, expected=f"{low:g} to {high:g}"
            )
    bounds = np.array([_bounds(factor) for factor in factors])
    return np.clip(values, bounds[:, 0], bounds[:, 1])


def _row(factors: Sequence[Factor], values: NDArray[np.float64]) -> dict[str, Any]:
    return {
        factor.name: factor.value(float(value) / len(factor.levels)) if factor.levels else float(value)
        for factor, value in zip(factors, values, strict=True)
    }
