"""Runs of findings: what is run, what is read off it, and many of them over processes, none of them twice."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from abm import Scenario, load_scenario
from abm.model import CircularTransition
from abm.policies import registry
from experiments.compare import RunFailedError
from experiments.findings.observing import SERIES, Observation, Reading
from experiments.parallel import outcomes

Frozen = tuple[tuple[str, Any], ...]  # a table as it can be compared and sent
NOTHING = "none"


def frozen(use: Mapping[str, Any]) -> Frozen:
    """A use of an instrument, as in a file of a mix, in a form that can be compared."""
    return tuple((key, tuple(value) if isinstance(value, list) else value) for key, value in use.items())


@dataclass(frozen=True)
class Trial:
    """One run: instruments on top of a base mix, with their intensities times `factor`, in a world, on a seed."""

    base: str
    instruments: tuple[Frozen, ...]
    shocks: str
    months: int
    households: int
    seed: int
    factor: float = 1.0
    overrides: Frozen = ()

    def scenario(self) -> Scenario:
        """The scenario of the run. Raises ConfigError."""
        return _scenario(replace(self, seed=0))


@lru_cache(maxsize=256)
def _scenario(trial: Trial) -> Scenario:
    base = [] if trial.base == NOTHING else list(load_scenario(mix=trial.base, shocks=[]).mix)
    own = [scaled(dict(use), trial.factor) for use in trial.instruments]
    return load_scenario(
        mix=[*base, *own], shocks=trial.shocks, households=trial.households, months=trial.months,
        overrides=dict(trial.overrides),
    )  # fmt: skip


def scaled(use: dict[str, Any], factor: float) -> dict[str, Any]:
    """A use with its intensity times a factor, within what its declaration admits."""
    declared = registry().get(use.get("use", ""))
    if factor == 1.0 or declared is None:
        return use
    plain = use.get("intensity", declared.intensity.default)
    return use | {"intensity": min(float(plain or 0.0) * factor, float(declared.intensity.high))}


def largest_factor(instruments: Iterable[Frozen]) -> float:
    """The factor above which scaling would change no instrument any more."""
    largest = 0.0
    for use in map(dict, instruments):
        declared = registry()[use["use"]].intensity
        plain = float(use.get("intensity", declared.default))
        largest = max(largest, float(declared.high) / plain if plain else 0.0)
    return largest


# --- A run ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A run and what is to be read off it."""

    trial: Trial
    readings: tuple[Reading, ...]


def perform(job: Job) -> dict[Reading, Any]:
    """Make a run and read what was asked."""
    names = {name.partition("[")[0] for reading in job.readings for name in reading.what}
    record = bool(names - SERIES.keys())
    model = CircularTransition.from_scenario(job.trial.scenario(), rng=job.trial.seed, record=record, events=False)
    observation = Observation(model, names)
    while model.running:
        model.step()
        observation.note()
    return {reading: observation.read(reading) for reading in job.readings}


# --- Many runs ------------------------------------------------------------------------------------


class Laboratory:
    """Makes runs over processes and keeps what was read, so that what two findings share is run once."""

    def __init__(self, workers: int = 1, progress: bool = True) -> None:
        self.workers, self.progress = workers, progress
        self.known: dict[Trial, dict[Reading, Any]] = {}

    def run(self, asked: Mapping[Trial, Iterable[Reading]]) -> dict[Trial, dict[Reading, Any]]:
        """What was asked of each run. Raises RunFailedError."""
        jobs = []
        for trial, readings in asked.items():
            missing = [reading for reading in dict.fromkeys(readings) if reading not in self.known.get(trial, {})]
            if missing:
                jobs.append(Job(trial, tuple(missing)))
        for outcome in self._bar(outcomes(perform, jobs, self.workers), len(jobs)):
            trial = outcome.job.trial
            if outcome.result is None:
                names = ", ".join(str(dict(use).get("use")) for use in trial.instruments) or trial.base
                raise RunFailedError(f"{names}, seed {trial.seed}: {outcome.error}")
            self.known.setdefault(trial, {}).update(outcome.result)
        return {trial: self.known[trial] for trial in asked}

    def _bar(self, done: Iterator[Any], total: int) -> Iterator[Any]:
        from tqdm import tqdm

        off = None if self.progress else True
        yield from tqdm(
            done, total=total, unit=" runs", delay=2, file=sys.stderr, smoothing=0, leave=False, disable=off
        )


def together(*asked: Mapping[Trial, Sequence[Reading]]) -> dict[Trial, list[Reading]]:
    """Several requests as one."""
    found: dict[Trial, list[Reading]] = {}
    for request in asked:
        for trial, readings in request.items():
            found.setdefault(trial, []).extend(readings)
    return found
