"""Policy mixes compared on the same seeds: differences with intervals, failures by cause, and why.

Decisions are drawn from streams keyed by seed, decision, agent and month, so two mixes on one seed share
all luck that policy does not touch. Differences are therefore taken seed by seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from abm.parameters import ConfigError
from experiments.parallel import Outcome
from experiments.runs import Job, Result, Selection, load
from experiments.wording import indicator_of, title_of, unit_of

DEFAULT_MIXES = ("business_as_usual", "subsidies_only", "market_pull", "push_and_pull")
DEFAULT_SHOCKS = "rare_earth_restriction_2027"
DEFAULT_SEEDS = (1, 2, 3, 4, 5)
LEVEL = 0.95


class RunFailedError(RuntimeError):
    """A run of a comparison failed; without it the mixes are no longer paired."""


@dataclass(frozen=True)
class Comparison:
    """All runs of a comparison: `results[mix, seed]`, the first mix being the one compared with."""

    mixes: tuple[str, ...]
    seeds: tuple[int, ...]
    selection: Selection
    results: dict[tuple[str, int], Result]

    def headline(self) -> pd.DataFrame:
        """One row per mix and seed, one column per headline indicator."""
        index = pd.MultiIndex.from_product([self.mixes, self.seeds], names=["mix", "seed"])
        return pd.DataFrame([self.results[pair].summary for pair in index], index=index)

    def table(self) -> pd.DataFrame:
        """One row per headline indicator and mix: mean over seeds, difference to the first mix, intervals.

        Columns: indicator, title, unit, direction, summary, mix, seeds, mean, mean_low, mean_high,
        difference, difference_low, difference_high, verdict. Intervals are t-intervals at 95 %; with
        one seed they are NaN.
        """
        values = self.headline()
        rows = [self._row(name, mix, values[name]) for name in values for mix in self.mixes]
        return pd.DataFrame(rows)

    def _row(self, name: str, mix: str, values: pd.Series[float]) -> dict[str, Any]:
        indicator = indicator_of(name)
        own, first = values[mix].to_numpy(), values[self.mixes[0]].to_numpy()
        difference = interval(own - first)
        return {
            "indicator": name,
            "title": title_of(name),
            "unit": unit_of(name) or "1",
            "direction": indicator.direction,
            "summary": indicator.summary,
            "mix": mix,
            "seeds": len(self.seeds),
            **dict(zip(("mean", "mean_low", "mean_high"), interval(own), strict=True)),
            **dict(zip(("difference", "difference_low", "difference_high"), difference, strict=True)),
            "verdict": verdict(indicator.direction, *difference[1:]),
        }

    @cached_property
    def series(self) -> pd.DataFrame:
        """Series of all runs, one row per mix, seed and month."""
        frames = {pair: result.series for pair, result in self.results.items()}
        return pd.concat(frames, names=["mix", "seed", "month"]).reset_index()

    @cached_property
    def events(self) -> pd.DataFrame:
        """Events of all runs with mix and seed."""
        return self._together({pair: result.events for pair, result in self.results.items()})

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Organisations that failed in all runs, and by what their result fell, with mix and seed."""
        return self._together({pair: result.failures for pair, result in self.results.items()})

    @staticmethod
    def _together(frames: dict[tuple[str, int], pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(frames, names=["mix", "seed"]).reset_index(level=["mix", "seed"]).reset_index(drop=True)


def interval(values: np.ndarray[Any, np.dtype[np.float64]], level: float = LEVEL) -> tuple[float, float, float]:
    """Mean of values (n,) with the ends of its two-sided t-interval; NaN ends for a single value."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    error = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    reach = float(stdtrit(len(values) - 1, 0.5 + level / 2) * error)
    return mean, mean - reach, mean + reach


def verdict(direction: int, low: float, high: float) -> str:
    """ "better" or "worse" where the interval of a difference excludes zero and a direction is declared, else empty."""
    if direction == 0 or not (low > 0 or high < 0):
        return ""
    return "better" if (low > 0) == (direction > 0) else "worse"


def jobs_of(selection: Selection, mixes: Sequence[str], seeds: Sequence[int]) -> list[Job]:
    """Every mix on every seed, seed by seed, each scenario checked. Raises ConfigError."""
    if len(set(mixes)) < len(mixes):
        raise ConfigError("names a mix twice", key="--mix", expected="each mix once")
    for mix in mixes:
        load(selection.with_mix(mix))
    pairs = [(mix, seed) for seed in seeds for mix in mixes]
    return [Job(number, selection.with_mix(mix), seed) for number, (mix, seed) in enumerate(pairs)]


def gather(selection: Selection, jobs: Sequence[Job], done: Iterator[Outcome[Job, Result]]) -> Comparison:
    """The comparison of finished runs. Raises RunFailedError at the first that failed."""
    results: dict[tuple[str, int], Result] = {}
    for outcome in done:
        pair = str(outcome.job.selection.mix), outcome.job.seed
        if outcome.result is None:
            raise RunFailedError(f"mix {pair[0]}, seed {pair[1]}: {outcome.error}")
        results[pair] = outcome.result
    mixes = tuple(dict.fromkeys(str(job.selection.mix) for job in jobs))
    seeds = tuple(dict.fromkeys(job.seed for job in jobs))
    ordered = {(mix, seed): results[mix, seed] for mix in mixes for seed in seeds}
    return Comparison(mixes, seeds, selection, ordered)
