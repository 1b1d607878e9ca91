"""Rows of values evaluated over processes: each row on every seed, by the runner and the store of batches."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ConfigError
from experiments.batch.driver import LIMIT, run_design
from experiments.batch.results import Results
from experiments.clients.inputs import Inputs, design_of
from experiments.designs import Design, Factor
from experiments.outcomes import WAYS, check_columns, check_outcome, outcome_table

Array = NDArray[np.float64]

SERIES = "series"
"""Beside the ways of summing up: `COLUMN:series` is all months of a column."""
_SMALL = "recyclers_active"  # kept where no series is asked for, since a batch keeps all if it is told none
_NAMED = 3


@dataclass(frozen=True)
class Evaluation:
    """What rows of values give.

    Attributes
    ----------
    values
        By outcome (rows,), or (rows, months) for `COLUMN:series`: means over seeds. NaN where a run failed, and where
        the outcome is undefined on one of the seeds.
    failed
        The runs that failed: `point` (number of the row), `seed`, and `status` (the error).
    """

    values: dict[str, Array]
    failed: pd.DataFrame

    def said(self) -> str:
        """How many runs failed, and the first errors."""
        first = [f"row {run.point}, seed {run.seed}: {run.status}" for run in self.failed[:_NAMED].itertuples()]
        rest = len(self.failed) - len(first)
        return f"{len(self.failed)} runs failed: " + "; ".join(first) + (f"; and {rest} more" if rest else "")


def evaluate_rows(
    rows: Sequence[Inputs],
    inputs: Inputs,
    outcomes: Sequence[str],
    seeds: Sequence[int],
    *,
    factors: Sequence[Factor] = (),
    folder: Path | None = None,
    workers: int = 2,
    resume: bool = False,
    limit: float = LIMIT,
    progress: bool = True,
) -> Evaluation:
    """Evaluate each row on every seed.

    Parameters
    ----------
    rows
        What varies, by name; all rows set the same names.
    inputs
        What holds for all rows, as in `simulate`, without a seed.
    outcomes
        Headline indicators, `COLUMN:WAY`, or `COLUMN:series`.
    factors
        Declarations of what varies; needed where values are multiples of what a mix has.
    folder, resume
        Where the batch is kept, and whether to go on with it; without a folder it is kept for as long as this takes.
    limit
        Seconds that a run may take.

    Raises
    ------
    ConfigError
        Before anything runs: for unknown names and for values that cannot be.
    """
    if "seed" in inputs:
        raise ConfigError("does not belong among what holds for all rows", key="seed", expected="seeds=(1, 2, …)")
    for name in outcomes:
        check_outcome(name, (*WAYS, SERIES))
    columns = tuple(dict.fromkeys(name.rpartition(":")[0] for name in outcomes if ":" in name))
    design = design_of(inputs, rows, factors, seeds, columns or (_SMALL,))
    check_columns(outcomes, (job.selection for job in design.jobs()))
    with _kept(folder) as place:
        results = run_design(
            design, place, workers=workers, resume=resume, force=folder is None, progress=progress, limit=limit
        )
        return _evaluation(results, design, len(rows), outcomes)


def is_series(name: str) -> bool:
    """Whether an outcome is all months of a column."""
    return name.endswith(f":{SERIES}")


@contextmanager
def _kept(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield Path(folder)
        return
    with tempfile.TemporaryDirectory(prefix="kringloop-") as aside:
        yield Path(aside)


def _evaluation(results: Results, design: Design, rows: int, outcomes: Sequence[str]) -> Evaluation:
    places = {seed: place for place, seed in enumerate(design.seeds)}
    plain = [name for name in outcomes if not is_series(name)]
    table = outcome_table(results, plain or [_SMALL]) if len(results.done) else results.done
    where = table["point"].to_numpy(int), table["seed"].map(places).to_numpy(int)
    values = {}
    for name in outcomes:
        found = _months(results, table, name) if is_series(name) else _column(table, name)
        cube = np.full((rows, len(design.seeds), *found.shape[1:]), np.nan)
        cube[where] = found
        values[name] = cube.mean(axis=1)
    return Evaluation(values, results.failed[["point", "seed", "status"]])


def _column(table: pd.DataFrame, name: str) -> Array:
    return table[name].to_numpy(float) if name in table else np.empty(0)


def _months(results: Results, table: pd.DataFrame, name: str) -> Array:
    """All months of a column (runs, months), in the order of the table."""
    column = name.rpartition(":")[0]
    series = results.series([column])
    if column not in series:
        return np.full((len(table), 0), np.nan)
    wide = series.pivot(index="run_id", columns="month", values=column)
    return wide.loc[table["run_id"]].to_numpy(float)
