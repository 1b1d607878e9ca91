"""One run as a job that can be sent to another process: which scenario, which seed, and what comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from abm import Scenario, load_scenario, run
from abm.parameters import parse_override
from abm.running import environment
from experiments.levers import pulled


@dataclass(frozen=True)
class Selection:
    """What a user chose: names or files of setting, mix and shocks, sizes, and parameters set by hand.

    None means what the setting says; `assignments` are written as `path.to.parameter=value`, `levers` as
    `instrument=strength` (see `experiments.levers`).
    """

    setting: str = "default"
    mix: str | None = None
    shocks: str | None = None
    households: int | None = None
    months: int | None = None
    assignments: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()

    def with_mix(self, mix: str) -> Selection:
        """The same, under another mix."""
        return replace(self, mix=mix)


@dataclass(frozen=True)
class Job:
    """One run to be made: `number` identifies it among those of its batch.

    `point` and `values` say which point of a sample it is, and what its factors are there.
    """

    number: int
    selection: Selection
    seed: int
    point: int = 0
    values: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Result:
    """What a run gives: series (months × columns), events, headline values, processor seconds, and failures."""

    series: pd.DataFrame
    events: pd.DataFrame
    summary: dict[str, float]
    seconds: float
    failures: pd.DataFrame = field(default_factory=pd.DataFrame)


@lru_cache(maxsize=64)
def load(selection: Selection) -> Scenario:
    """The scenario of a selection; kept, since all seeds of a batch share it. Raises ConfigError."""
    scenario = _load(selection, selection.mix)
    if not selection.levers:
        return scenario
    return replace(_load(selection, pulled(scenario.mix, selection.levers)), mix_name=scenario.mix_name)


def _load(selection: Selection, mix: Any) -> Scenario:
    return load_scenario(
        selection.setting,
        mix,
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


def perform(job: Job) -> Result:
    """Make the run of a job."""
    start = time.process_time()
    done = run(load(job.selection), rng=job.seed)
    return Result(done.series, done.events, done.summary(), time.process_time() - start, done.failures)
