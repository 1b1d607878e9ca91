"""Indicators: one decorated function each, found by discovery, and the recorder that keeps them.

To add one, write a function in a file of this folder and decorate it; nothing else has to know of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.indicators import axes
from abm.indicators.frame import Frame
from abm.indicators.indicator import Indicator, Ratio
from abm.indicators.quantities import BLOCK, History, Quantities
from abm.indicators.view import KEPT, View
from abm.parameters import unknown

Array = NDArray[np.float64]

__all__ = ["Indicator", "Recorder", "registry"]

# The order in which families are shown; others follow in alphabetical order.
FAMILIES = ("viability", "autonomy", "circularity", "environment", "economy", "fiscal", "transition")


@cache
def registry() -> dict[str, Indicator]:
    """Every indicator by name, family by family. Raises ValueError for a name that is used twice."""
    found: dict[str, Indicator] = {}
    for module in sorted((module.name for module in pkgutil.iter_modules(__path__)), key=_place):
        for declared in vars(importlib.import_module(f"{__name__}.{module}")).values():
            if not isinstance(declared, Indicator) or declared.family != module:
                continue
            if declared.name in found:
                families = f"{found[declared.name].family} and {module}"
                raise ValueError(f"two indicators are called {declared.name}: in {families}")
            found[declared.name] = declared
    return found


def _place(family: str) -> tuple[int, str]:
    return (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)), family


class Recorder:
    """Keeps what indicators are made of every month, and works indicators out for many months at once.

    It reads the model and changes nothing in it. An indicator that cannot be worked out for a block of months,
    say because it reads the model itself, is worked out every month.

    Attributes
    ----------
    columns
        For each column of `values`: name, indicator, jurisdiction, material, product, detail, unit.
    monthly
        Names of the indicators that are worked out every month, known after the first.
    """

    def __init__(self, model: Any, record: bool = True) -> None:
        self.model, self.on = model, record
        self.columns: list[dict[str, str]] = []
        self.monthly: tuple[str, ...] = ()
        self.seen: dict[str, list[float]] = {}  # by month so far: the columns that governments watch
        self._watched: dict[str, tuple[_Place, int]] = {}
        self._values: Array = np.empty((model.months if record else 0, 0))
        self._done = self._worked_out = 0
        if record:
            self._lay_out()

    def _lay_out(self) -> None:
        """Give each indicator its columns."""
        frame = Frame(self.model)
        self._history = History(frame, self.model.months)
        self._places: list[_Place] = []
        for declared in registry().values():
            first = len(self.columns)
            self.columns += axes.columns(declared.name, declared.unit, declared.axes, self.model)
            shape = axes.shape(declared.axes, self.model)
            self._places.append(_Place(declared, slice(first, len(self.columns)), shape))
        self._values = np.full((self.model.months, len(self.columns)), np.nan)

    def watch(self, names: Sequence[str]) -> None:
        """Work these columns out every month, for governments that react to them.

        Raises ConfigError if there is no such column.
        """
        numbers = {column["name"]: number for number, column in enumerate(self.columns)}
        for name in names:
            if name not in numbers:
                raise unknown("column of indicators", name, numbers, key="indicator")
            number = numbers[name]
            place = next(place for place in self._places if place.columns.start <= number < place.columns.stop)
            self._watched[name], self.seen[name] = (place, number - place.columns.start), []

    def record(self, purchases: Any, discarded: Any) -> None:
        """Take in this month: the model, and what households bought and discarded."""
        if not self.on:
            return
        view = View(self.model, self._history, purchases, discarded)
        self._history.keep(KEPT, view)
        self._history.plants.append(view.plant_table)
        if self._done == 0:
            self._sort(view)
        for place in self._monthly:
            self._values[view.month, place.columns] = place.value(view).reshape(-1)
        for name, (place, offset) in self._watched.items():
            self.seen[name].append(float(place.value(view).reshape(-1)[offset]))
        self._done = view.month + 1
        if self._done % BLOCK == 0 or self._done == self.model.months:
            self._work_out()

    def _sort(self, view: View) -> None:
        """Tell the indicators that can be worked out for a block from those that need every month by itself."""
        months = self._history.show(view.month, BLOCK)
        fits = [place.agrees(place.value(view), months) for place in self._places]
        self._monthly = [place for place, block in zip(self._places, fits, strict=True) if not block]
        self._blockwise = [place for place, block in zip(self._places, fits, strict=True) if block]
        self.monthly = tuple(place.indicator.name for place in self._monthly)

    @property
    def values(self) -> Array:
        """Values (months, columns); NaN where an indicator is undefined and for months to come.

        The array is the same at every call and lags behind the run in between: whole blocks of months are worked
        out at once, and what is missing when it is asked for.
        """
        if self._worked_out < self._done:
            self._work_out()
        return self._values

    def _work_out(self) -> None:
        """Fill in the months recorded since the last time, in whole blocks."""
        for first in range(self._worked_out // BLOCK * BLOCK, self._done, BLOCK):
            months, rows = self._history.show(first, BLOCK), min(BLOCK, self._done - first)
            for place in self._blockwise:
                self._values[first : first + rows, place.columns] = place.value(months)[:rows].reshape(rows, -1)
        self._worked_out = self._done

    def latest(self, column: str) -> float:
        """Value of a column in the last month recorded. Raises KeyError if there is no such column or month."""
        names = [known["name"] for known in self.columns]
        if column not in names:
            raise KeyError(f"no column {column!r} is recorded")
        if self._done == 0:
            raise KeyError("no month has been recorded yet")
        return float(self.values[self._done - 1, names.index(column)])


@dataclass(frozen=True)
class _Place:
    """An indicator with its columns and the shape that its axes promise."""

    indicator: Indicator
    columns: slice
    shape: tuple[int, ...]

    def value(self, view: Quantities) -> Array:
        """Value for a month, or for several with the months as first axis; NaN where it is undefined."""
        found = self.indicator.compute(view)
        value = found.value() if isinstance(found, Ratio) else np.asarray(found, dtype=np.float64)
        lead = np.shape(view.month)
        if value.shape != (*lead, *self.shape):
            raise ValueError(f"indicator {self.indicator.name} has shape {value.shape}; its axes promise {self.shape}")
        return value

    def agrees(self, value: Array, months: Quantities) -> bool:
        """Whether it can be worked out for several months at once, with the same value for the first of them."""
        try:
            return np.allclose(self.value(months)[0], value, rtol=1e-9, atol=1e-12, equal_nan=True)
        except (AttributeError, IndexError, TypeError, ValueError):
            return False
