"""Runs for the page: shared by all visitors, month by month, so that nobody waits for work nobody wants.

A run goes on only while somebody asks for its next month. Whoever asks first takes the step, and
all who look at the same scenario and seed see the same run.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from experiments.dashboard.choice import Choice, first_choice, scenario_of

Array = NDArray[np.float64]
Columns = tuple[dict[str, str], ...]

PREVIEW_HOUSEHOLDS = 500
PREVIEW_SEED = 1
SEEDS = (1, 2, 3, 4, 5)
KEPT_RUNS = 96  # finished runs kept for whoever asks again: less than 1 MB each
_REPAINT = 0.2  # seconds between pictures of a run that is under way


@dataclass(frozen=True)
class Sample:
    """Runs of one scenario that differ in seed: `values` (seeds, months, columns), read-only."""

    columns: Columns
    values: Array


@dataclass(frozen=True)
class Picture:
    """Baseline and mix side by side, on the same seeds; `months` of `horizon` are done in both.

    A preview is one run with fewer households; otherwise `seeds` of `seeds_wanted` full runs are in.
    The baseline, often known already, may hold more months than the mix.
    """

    choice: Choice
    baseline: Sample
    mix: Sample
    preview: bool
    months: int
    horizon: int
    seeds: int
    seeds_wanted: int
    households: int

    @property
    def whole(self) -> bool:
        """Whether it covers every month, so that means over the period can be compared."""
        return self.months == self.horizon

    @property
    def complete(self) -> bool:
        """Whether nothing will be added to it."""
        return not self.preview and self.seeds == self.seeds_wanted


class StoppedError(Exception):
    """The dashboard is ending; nothing more is calculated."""


class Workshop:
    """Knows who is calculating, so that the process can end without a calculation in its midst."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = True
        self._busy = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """While inside, `close` waits. Raises StoppedError once closed."""
        with self._changed:
            if not self._open:
                raise StoppedError
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def close(self, seconds: float = 5.0) -> bool:
        """Let nobody in any more and wait for those inside; whether all have left in time."""
        with self._changed:
            self._open = False
            return self._changed.wait_for(lambda: self._busy == 0, seconds)


WORKSHOP = Workshop()


class SharedRun:
    """One run that anyone may take further, one month at a time."""

    def __init__(self, choice: Choice, households: int | None, seed: int) -> None:
        self._scenario = scenario_of(choice, households)
        self._seed = seed
        self._lock = threading.Lock()
        self._model: Any = None
        self._error: Exception | None = None
        self.horizon = self._scenario.months
        self.households = self._scenario.households
        self.done = 0
        self.columns: Columns = ()
        self._values: Array = np.empty((0, 0))

    @property
    def finished(self) -> bool:
        """Whether it has reached its horizon."""
        return self.done == self.horizon

    def reach(self, month: int) -> None:
        """Take steps until `month` months are done. What a step raises, every later caller gets too."""
        with self._lock:
            if self._error is not None:
                raise self._error
            try:
                while self.done < month:
                    with WORKSHOP.working():
                        self._step()
            except StoppedError:
                raise
            except Exception as error:
                self._error = error
                self._model = None
                raise

    def _step(self) -> None:
        if self._model is None:
            self._found()
        self._model.step()
        self.done += 1
        if self.finished:
            self._values, self._model = self._model.recorder.values, None

    def _found(self) -> None:
        from abm.model import CircularTransition  # imports Mesa, which takes a second

        self._model = CircularTransition.from_scenario(self._scenario, rng=self._seed, events=False)
        self.columns = tuple(dict(column) for column in self._model.recorder.columns)

    def so_far(self) -> Array:
        """Values (months, columns) of the months done, not to be written to."""
        with self._lock:
            view = (self._values if self._model is None else self._model.recorder.values)[: self.done]
        view.flags.writeable = False
        return view


class Archive:
    """Runs by scenario and seed: those under way as long as somebody holds them, and the last finished ones."""

    def __init__(self, kept: int = KEPT_RUNS) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._under_way: WeakValueDictionary[Any, SharedRun] = WeakValueDictionary()
        self._finished: OrderedDict[Any, SharedRun] = OrderedDict()

    def __len__(self) -> int:
        return len(self._finished)

    def run(self, choice: Choice, households: int | None, seed: int) -> SharedRun:
        """The run of a choice on a seed, new or shared. Raises ConfigError if the choice contradicts itself."""
        key = (choice.essence(), households, seed)
        with self._lock:
            if key in self._finished:
                self._finished.move_to_end(key)
                return self._finished[key]
            shared = self._under_way.get(key)
            if shared is None:
                shared = self._under_way[key] = SharedRun(key[0], households, seed)
            return shared

    def keep(self, choice: Choice, households: int | None, seed: int) -> None:
        """Keep a finished run, and forget the one that nobody has asked for longest."""
        key = (choice.essence(), households, seed)
        with self._lock:
            shared = self._under_way.pop(key, None)
            if shared is not None and shared.finished:
                self._finished[key] = shared
            while len(self._finished) > self._kept:
                self._finished.popitem(last=False)


ARCHIVE = Archive()


def compare_live(choice: Choice, archive: Archive = ARCHIVE) -> Iterator[Picture | None]:
    """Pictures of baseline against mix, ever better: a preview that grows, then seed after seed in full.

    Yields at least once a month of simulation, None where there is nothing new, so that whoever
    iterates can stop in time. Raises ConfigError if the choice contradicts itself.
    """
    yield from _preview(choice, archive)
    yield from _refined(choice, archive)


def _preview(choice: Choice, archive: Archive) -> Iterator[Picture | None]:
    painted = time.monotonic()
    for months, runs in _months(choice, PREVIEW_HOUSEHOLDS, PREVIEW_SEED, archive):
        now = time.monotonic()
        if now - painted < _REPAINT and months < runs[0].horizon:
            yield None
            continue
        baseline, mix = (Sample(run.columns, run.so_far()[None]) for run in runs)
        yield Picture(choice, baseline, mix, True, months, runs[0].horizon, 1, len(SEEDS), runs[0].households)
        painted = time.monotonic()


def _refined(choice: Choice, archive: Archive) -> Iterator[Picture | None]:
    finished: list[tuple[SharedRun, SharedRun]] = []
    for seed in SEEDS:
        for _, runs in _months(choice, None, seed, archive):
            pair = runs
            yield None
        finished.append(pair)
        horizon = pair[0].horizon
        baseline, mix = (_sample(runs) for runs in zip(*finished, strict=True))
        seeds = len(finished)
        yield Picture(choice, baseline, mix, False, horizon, horizon, seeds, len(SEEDS), pair[0].households)


def _sample(runs: Sequence[SharedRun]) -> Sample:
    values = np.stack([run.so_far() for run in runs])
    values.flags.writeable = False
    return Sample(runs[0].columns, values)


def _months(
    choice: Choice, households: int | None, seed: int, archive: Archive
) -> Iterator[tuple[int, tuple[SharedRun, SharedRun]]]:
    """Take baseline and mix to the horizon together; months done, and both runs."""
    pair = choice.baseline(), choice
    runs = archive.run(pair[0], households, seed), archive.run(pair[1], households, seed)
    horizon = min(run.horizon for run in runs)
    months = 0
    while months < horizon:
        months = min(max(months + 1, min(run.done for run in runs)), horizon)
        for run in runs:
            run.reach(months)
        yield months, runs
    for one in pair:
        archive.keep(one, households, seed)


def warm_up() -> None:
    """Make the preview of the first page, so that the first visitor need not wait for it."""
    with suppress(StoppedError):
        next(picture for picture in compare_live(first_choice()) if picture is not None and picture.whole)
