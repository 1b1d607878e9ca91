"""What the world imposes this month: conditions that shocks write and agents read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from abm.events import EventLog
from abm.rules import Sizes, unchanged

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """A circumstance of trade or production.

    `neutral` is its value when nothing is the matter. `composition` says what agents face when several
    shocks write it: the product, the smallest, the largest, the sum, or the lowest of those that are not neutral.
    """

    name: str
    axes: tuple[str, ...]
    unit: str
    neutral: float
    composition: str
    meaning: str


_DECLARED = (
    Condition("demand", ("material",), "1", 1.0, "multiply", "World demand over what it would have been"),
    Condition("essential_demand", ("material",), "1", 0.0, "add", "Use at any price on top of it, over usual use"),
    Condition(
        "export_share",
        ("bloc", "stage", "material"),
        "1",
        math.inf,
        "smallest",
        "Share of its normal exports that a bloc allows; infinite without a limit",
    ),
    Condition(
        "component_export_share",
        ("bloc", "component"),
        "1",
        math.inf,
        "smallest",
        "The same for components made of its materials",
    ),
    Condition("export_tax", ("bloc", "stage", "material"), "1", 0.0, "add", "Export tax over the price inside"),
    Condition(
        "dumping",
        ("bloc", "stage", "material"),
        "1",
        0.0,
        "lowest",
        "Price at which a bloc sells outside over its rivals' cash cost; 0 when it does not dump",
    ),
    Condition(
        "goods_price",
        ("bloc", "product"),
        "1",
        1.0,
        "smallest",
        "Price at which a bloc sells finished products abroad over what it would be",
    ),
    Condition("component_price", ("bloc", "component"), "1", 1.0, "smallest", "The same for components"),
    Condition("energy", ("jurisdiction",), "1", 1.0, "multiply", "Energy price over what it would have been"),
    Condition("interest_add", (), "1/yr", 0.0, "add", "Rise of the real interest rate"),
    Condition("reversal", ("jurisdiction",), "1", 0.0, "largest", "Share of its support that a government takes back"),
    Condition(
        "capacity",
        ("jurisdiction", "stage", "material"),
        "1",
        1.0,
        "multiply",
        "Share of primary producers' capacity that can run, by their main product",
    ),
    Condition("spending", ("jurisdiction",), "1", 1.0, "multiply", "Households' real income over what it would be"),
    Condition(
        "postponed", ("jurisdiction",), "1", 0.0, "largest", "Share of households' wishes for newer goods put off"
    ),
    Condition("investment", ("jurisdiction",), "1", 1.0, "multiply", "Purchases of business over what they would be"),
    Condition(
        "activity", ("jurisdiction",), "1", 1.0, "multiply", "Use of materials by industry over what it would be"
    ),
    Condition(
        "substitutable",
        ("product", "material"),
        "1",
        0.0,
        "largest",
        "Share of a material that new designs can replace",
    ),
    Condition(
        "substitutable_use", ("material",), "1", 0.0, "largest", "Share of industry's use that can be replaced likewise"
    ),
    Condition(
        "substitute_cost",
        ("material",),
        "1",
        0.0,
        "lowest",
        "Cost of what replaces a kilogram over its price at the start; 0 where nothing can",
    ),
    Condition("freight", ("jurisdiction",), "1", 1.0, "multiply", "Freight from a jurisdiction to home over usual"),
    Condition(
        "materials_arriving",
        ("jurisdiction", "material"),
        "1",
        1.0,
        "multiply",
        "Share that arrives in a month of refined material under way to home",
    ),
    Condition(
        "components_arriving", ("jurisdiction", "component"), "1", 1.0, "multiply", "The same of imported components"
    ),
    Condition("products_arriving", ("jurisdiction", "product"), "1", 1.0, "multiply", "The same of imported products"),
)
CONDITIONS: dict[str, Condition] = {condition.name: condition for condition in _DECLARED}


@cache
def _calm(lengths: tuple[tuple[str, int], ...]) -> dict[str, Array]:
    """Each condition as it is while no shock strikes, for axes of these lengths."""
    sizes = dict(lengths)
    return {
        name: unchanged(tuple(sizes[axis] for axis in condition.axes), condition.neutral)
        for name, condition in CONDITIONS.items()
    }


def _lowest(current: Array, written: Array) -> Array:
    """The smaller of two where both are positive, else the positive one."""
    both = (current > 0.0) & (written > 0.0)
    return np.where(both, np.minimum(current, written), np.maximum(current, written))


_COMPOSE: dict[str, Callable[[Array, Array], Array]] = {
    "multiply": np.multiply,
    "smallest": np.minimum,
    "add": np.add,
    "lowest": _lowest,
    "largest": np.maximum,
}


class Conditions:
    """Conditions of one month as attributes: `conditions.demand` is an array (M,), `interest_add` a number."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self._calm = _calm(tuple(sizes.items()))
        self._values = self._calm.copy()

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a condition's array."""
        return self._values[name].shape

    def __getitem__(self, name: str) -> Array:
        """The composed values, read-only; neutral where no shock wrote."""
        return self._values[name]

    def struck(self, name: str) -> bool:
        """Whether any shock writes it this month."""
        return self._values[name] is not self._calm[name]

    def __getattr__(self, name: str) -> Array:
        if name in CONDITIONS:
            return self._values[name]
        raise AttributeError(f"there is no condition '{name}'")

    def write(self, name: str, array: Array) -> None:
        """Compose what a shock imposes with what others did; neutral where the shock does not strike.

        Raises ValueError if the shape is wrong or a value is negative or not a number.
        """
        if np.shape(array) != self.shape(name):
            raise ValueError(f"{name} has shape {self.shape(name)}, not {np.shape(array)}")
        if not np.all(np.asarray(array) >= 0.0):
            raise ValueError(f"{name}: a shock wrote a value that is not ≥ 0")
        value = np.asarray(_COMPOSE[CONDITIONS[name].composition](self[name], array))
        value.flags.writeable = False
        self._values[name] = value


class Strike(Protocol):
    """What circumstances need of a shock."""

    def strike(self, conditions: Conditions, month: int) -> None:
        """Write what it does this month."""

    def report(self, events: EventLog, month: int) -> None:
        """Note that it starts or ends this month, if it does."""


class Circumstances:
    """The course of the world in a scenario: its shocks, scripted or drawn in advance."""

    def __init__(self, sizes: Sizes, shocks: Sequence[Strike], events: EventLog | None = None) -> None:
        self.sizes = sizes
        self.shocks = list(shocks)
        self.events = events

    def this_month(self, month: int) -> Conditions:
        """Fresh conditions, with every shock that strikes this month."""
        conditions = Conditions(self.sizes)
        for shock in self.shocks:
            shock.strike(conditions, month)
            if self.events is not None:
                shock.report(self.events, month)
        return conditions
