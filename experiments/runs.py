"""One run as a job that can be sent to another process: which scenario, which seed, and what comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from abm import Scenario, load_scenario, run
from abm.parameters import parse_override
from abm.running import environment
from experiments.wording import indicator_of


@dataclass(frozen=True)
class Selection:
    """What a user chose: names or files of setting, mix and shocks, sizes, and parameters set by hand.

    None means what the setting says; `assignments` are written as `path.to.parameter=value`.
    """

    setting: str = "default"
    mix: str | None = None
    shocks: str | None = None
    households: int | None = None
    months: int | None = None
    assignments: tuple[str, ...] = ()

    def with_mix(self, mix: str) -> Selection:
        """The same, under another mix."""
        return replace(self, mix=mix)


@dataclass(frozen=True)
class Job:
    """One run to be made: `number` identifies it among those of its batch."""

    number: int
    selection: Selection
    seed: int


@dataclass(frozen=True)
class Result:
    """What a run gives: series (months × columns), events, headline values, and the seconds it took."""

    series: pd.DataFrame
    events: pd.DataFrame
    summary: dict[str, float]
    seconds: float


@lru_cache(maxsize=64)
def load(selection: Selection) -> Scenario:
    """The scenario of a selection; kept, since all seeds of a batch share it. Raises ConfigError."""
    return load_scenario(
        selection.setting,
        selection.mix,
        selection.shocks,
        households=selection.households,
        months=selection.months,
        overrides=dict(map(parse_override, selection.assignments)),
    )


def write_manifest(selections: Iterable[Selection], seeds: Sequence[int], folder: Path) -> None:
    """Write `manifest.json`: every scenario in full, the seeds, versions, processor and commit."""
    scenarios = [load(selection).describe() for selection in selections]
    text = json.dumps(
        {"seeds": list(seeds), **environment(), "scenarios": scenarios}, indent=1, ensure_ascii=False, allow_nan=False
    )
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def summarise(series: pd.DataFrame) -> dict[str, float]:
    """Each headline column in one number, as its indicator declares: mean or sum over known months, or last month."""
    columns = [name for name in series.columns if indicator_of(name).headline]
    return {name: _sum_up(series[name], indicator_of(name).summary) for name in columns}


def _sum_up(values: pd.Series[float], summary: str) -> float:
    if summary == "end":
        return float(values.iloc[-1])
    return float(values.mean() if summary == "mean" else values.sum(min_count=1))


def perform(job: Job) -> Result:
    """Make the run of a job."""
    start = time.perf_counter()
    done = run(load(job.selection), rng=job.seed)
    return Result(done.series, done.events, summarise(done.series), time.perf_counter() - start)
