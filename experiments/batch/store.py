"""Mixes × shock scenarios × seeds over local processes, into Parquet that pandas reads in one line.

`DIR/runs` has one row per run, also for a run that failed, with its error; `DIR/series` one row per
run and month. Both are folders of parts, so `pd.read_parquet("DIR/series")` reads everything.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self

import pandas as pd

from experiments.output import remove, require_free
from experiments.parallel import Outcome, outcomes
from experiments.runs import Job, Result, Selection, load, perform, write_manifest

RUNS_PER_PART = 50  # one Parquet file of fifty runs is written several times faster than fifty of one
KEYS = ("run_id", "setting", "mix", "shocks", "seed")


def jobs_of(
    base: Selection, mixes: Sequence[str | None], shocks: Sequence[str | None], seeds: Sequence[int]
) -> list[Job]:
    """All combinations, numbered in the order mixes, shocks, seeds; None means what the setting says."""
    chosen = [replace(base, mix=mix, shocks=shock) for mix, shock in product(mixes, shocks)]
    return [Job(number, selection, seed) for number, (selection, seed) in enumerate(product(chosen, seeds))]


def run_batch(jobs: Sequence[Job], folder: Path, workers: int, force: bool = False) -> Generator[Outcome[Job, Result]]:
    """Make all runs and store them; yield what became of each as it finishes.

    Raises
    ------
    ConfigError
        Before anything runs, if a scenario is wrong or the folder is not empty (and not `force`).
    OSError
        If the folder cannot be written.
    """
    selections = list(dict.fromkeys(job.selection for job in jobs))
    for selection in selections:
        load(selection)
    with Store(folder, force) as store:
        write_manifest(selections, sorted({job.seed for job in jobs}), store.folder)
        for outcome in outcomes(perform, jobs, workers):
            store.add(outcome)
            yield outcome


ENTRIES = ("runs", "series", "manifest.json")


class Store:
    """The Parquet folders of a batch; a part appears under its name only when it is complete.

    Leaving it writes what was finished, also after an interruption. What it replaces is put aside until then,
    and put back if nothing was finished.
    """

    def __init__(self, folder: Path, force: bool = False) -> None:
        require_free(folder, force)
        self.folder, self.part = folder, 0
        self._new = not folder.exists()
        self._runs: list[dict[str, Any]] = []
        self._series: list[pd.DataFrame] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._before = Path(mkdtemp(prefix=".before-", dir=folder))
        self._move(folder, self._before)
        for name in ENTRIES[:2]:
            (folder / name).mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @staticmethod
    def _move(source: Path, target: Path) -> None:
        for entry in (source / name for name in ENTRIES):
            if entry.exists():
                entry.rename(target / entry.name)

    def add(self, outcome: Outcome[Job, Result]) -> None:
        """Keep what became of a run; write when a part is full."""
        keys, result = _keys(outcome.job), outcome.result
        row = {**keys, "status": "failed" if result is None else "done", "error": outcome.error}
        if result is not None:
            self._series.append(_with_keys(result.series, keys))
            row |= {"seconds": result.seconds, **result.summary}
        self._runs.append(row)
        if len(self._runs) >= RUNS_PER_PART:
            self.flush()

    def flush(self) -> None:
        """Write what is kept; the series first, so that every run listed as done has its series."""
        if self._series:
            self._write("series", pd.concat(self._series, ignore_index=True))
        if self._runs:
            self._write("runs", pd.DataFrame(self._runs))
        self._runs, self._series = [], []
        self.part += 1

    def close(self) -> None:
        """Write the rest, and give all parts the same columns; with nothing to write, leave things as they were."""
        if self.part == 0 and not self._runs:
            self._undo()
            return
        self.flush()
        for name in ENTRIES[:2]:
            _align(self.folder / name)
        remove(self._before)

    def _undo(self) -> None:
        for entry in (self.folder / name for name in ENTRIES):
            if entry.exists():
                remove(entry)
        self._move(self._before, self.folder)
        remove(self._before)
        if self._new:
            self.folder.rmdir()

    def _write(self, name: str, table: pd.DataFrame) -> None:
        _write_part(table, self.folder / name / f"part-{self.part:05d}.parquet")


def _keys(job: Job) -> dict[str, Any]:
    scenario = load(job.selection)
    names = (scenario.setting, scenario.mix_name, scenario.shocks_name)
    return dict(zip(KEYS, (job.number, *names, job.seed), strict=True))


def _with_keys(series: pd.DataFrame, keys: dict[str, Any]) -> pd.DataFrame:
    """The series of a run with the run's keys and the month as columns in front."""
    front = pd.DataFrame(keys, index=series.index)
    return pd.concat([front, series], axis=1).reset_index(names="month")


def _write_part(table: pd.DataFrame, target: Path) -> None:
    temporary = target.with_suffix(".partial")  # a reader of the folder sees whole parts only
    table.to_parquet(temporary, index=False, compression="zstd", use_dictionary=["month", *KEYS])
    temporary.replace(target)


def _align(folder: Path) -> None:
    """Rewrite parts that lack a column which others have (a mix has rows of its own): readers take the first's."""
    import pyarrow.parquet as parquet

    names = {part: parquet.read_schema(part).names for part in sorted(folder.glob("*.parquet"))}
    union = list(dict.fromkeys(name for columns in names.values() for name in columns))
    for part, columns in names.items():
        if columns != union:
            _write_part(pd.read_parquet(part).reindex(columns=union), part)
