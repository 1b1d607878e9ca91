"""What a batch will take, measured on a few of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as parquet

from abm.parameters import ConfigError
from experiments.batch.driver import Task
from experiments.batch.provenance import code_version
from experiments.batch.store import RUNS_PER_CHUNK, Store
from experiments.designs import Design
from experiments.isolation import attempt
from experiments.runs import Job

SAMPLE = 3


@dataclass(frozen=True)
class Estimate:
    """Runs, seconds of one run, and bytes that it leaves; each measured on `measured` runs of the design."""

    runs: int
    measured: int
    seconds: float
    size: float

    def lines(self, workers: int) -> list[str]:
        """In words."""
        total = self.runs * self.seconds
        return [
            f"{self.runs:,} runs",
            f"{self.seconds:.2f} s a run (measured on {self.measured}): {duration(total)} of work,"
            f" {duration(total / workers)} over {workers} processes",
            f"{self.size / 1e3:,.0f} kB a run: {self.size * self.runs / 1e6:,.1f} MB",
        ]


def estimate(design: Design) -> Estimate:
    """Make a few runs, spread over the design, in this process. Raises ConfigError if one fails."""
    jobs = list(design.jobs())
    chosen = spread(jobs, SAMPLE)
    task = Task(code_version(), design.series)
    attempt(task, chosen[0])  # the first run of a process also loads the code
    outcomes = [attempt(task, job) for job in chosen]
    for outcome in outcomes:
        if outcome.result is None:
            raise ConfigError(f"run {outcome.job.number} failed: {outcome.error}", key="--dry-run")
    seconds = sum(outcome.result.seconds for outcome in outcomes if outcome.result) / len(outcomes)
    with TemporaryDirectory() as folder, Store(Path(folder)) as store:
        for number, outcome in enumerate(outcomes):
            store.add(str(number), outcome)
        store.flush()
        size = sum(_size(path, len(outcomes)) for path in Path(folder).rglob("*.parquet"))
    return Estimate(len(jobs), len(outcomes), seconds, size)


def _size(path: Path, runs: int) -> float:
    """Bytes of a run in a full chunk, from a file of a few: values grow with runs, what describes columns does not."""
    described = parquet.read_metadata(path).serialized_size
    return (path.stat().st_size - described) / runs + described / RUNS_PER_CHUNK


def spread(jobs: Sequence[Job], number: int) -> list[Job]:
    """So many jobs, evenly spread."""
    number = min(number, len(jobs))
    return [jobs[(2 * place + 1) * len(jobs) // (2 * number)] for place in range(number)]


def duration(seconds: float) -> str:
    """Seconds as one would say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
