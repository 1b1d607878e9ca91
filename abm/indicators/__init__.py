"""Indicators, one decorated function each, and the recorder that keeps them month by month."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from abm.indicators.indicator import Indicator
from abm.indicators.view import View

_NOT_FAMILIES = ("indicator", "view")
_OWN_COLUMN = ("leaf", "government", "material", "product")


@cache
def registry() -> dict[str, Indicator]:
    """Every indicator by name, family after family in the order of definition; ValueError if a name stands twice."""
    found: dict[str, Indicator] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name in _NOT_FAMILIES:
            continue
        contents = vars(importlib.import_module(f"{__name__}.{module.name}"))
        for item in contents.values():
            if isinstance(item, Indicator):
                if item.name in found and found[item.name] is not item:
                    raise ValueError(f"two indicators are called {item.name!r}")
                found[item.name] = item
    return found


class Recorder:
    """Keeps all indicators of a run in one table.

    Attributes
    ----------
    columns
        One dict per column: name, indicator, jurisdiction, material, product, unit.
    values
        (months, columns) float64; rows of months not yet run are NaN.
    """

    def __init__(self, model: Any, record: bool) -> None:
        self.model, self.enabled = model, record
        self.indicators = list(registry().values()) if record else []
        self.columns: list[dict[str, str]] = []
        self._slices: list[slice] = []
        self._lasting: dict[str, Any] = {}
        for item in self.indicators:
            first = len(self.columns)
            self.columns += _columns(item, model)
            self._slices.append(slice(first, len(self.columns)))
        self.values = np.full((model.months if record else 0, len(self.columns)), np.nan)

    def record(self, purchases: Any, discarded: Any) -> None:
        """Write this month's row; reads the model and changes nothing in it."""
        if not self.enabled:
            return
        view, row = View(self.model, purchases, discarded, self._lasting), self.values[self.model.month]
        for item, columns in zip(self.indicators, self._slices, strict=True):
            value = item.function(view)
            row[columns] = value.ravel() if isinstance(value, np.ndarray) else value


def _columns(item: Indicator, model: Any) -> list[dict[str, str]]:
    labels = [axis_labels(axis, model) for axis in item.axes]
    columns = []
    for combination in product(*labels):
        place = dict(zip(item.axes, combination, strict=True))
        name = f"{item.name}[{','.join(combination)}]" if combination else item.name
        columns.append(
            {
                "name": name,
                "indicator": item.name,
                "unit": item.unit,
                "jurisdiction": place.get("leaf") or place.get("government") or "",
                "material": place.get("material", ""),
                "product": place.get("product", ""),
                "detail": ", ".join(label for axis, label in place.items() if axis not in _OWN_COLUMN),
            }
        )
    return columns


def axis_labels(axis: str, model: Any) -> list[str]:
    """Names along an axis of a model."""
    config = model.config
    jurisdictions = config.jurisdictions.ids
    return {
        "material": lambda: list(config.materials.ids),
        "product": lambda: list(config.products.ids),
        "component": lambda: list(config.components.ids),
        "stream": lambda: list(config.streams.ids),
        "leaf": lambda: [jurisdictions[leaf] for leaf in config.leaves],
        "stage": lambda: ["extraction", "refining"],
        "quintile": lambda: ["1", "2", "3", "4", "5"],
        "government": lambda: [government.name for government in model.governments.members],
        "instrument": lambda: list(model.governments.labels),
        "bloc": lambda: [bloc.name for bloc in model.blocs],
        "cause": lambda: [cause.replace(" ", "_") for cause in model.renewal.causes],
    }[axis]()
