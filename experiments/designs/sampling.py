"""Samples: rows of values of factors, by full factorial, Latin hypercube, Sobol, Morris, or as listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.designs.factors import Factor

METHODS = ("factorial", "latin_hypercube", "sobol", "morris", "list")
ALONG = ("all", "seeds")
Row = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """Rows of values, one value per factor.

    Attributes
    ----------
    method
        "factorial": all combinations of levels (`levels` values over each range). "latin_hypercube": `size` rows,
        each range divided into as many strata. "sobol": Saltelli's scheme for Sobol indices on `size` base rows (a
        power of two), size × (factors + 2) rows in all, × (2 factors + 2) with `second_order`. "morris": `size`
        trajectories of factors + 1 rows on `levels` levels. "list": `rows` as they are.
    along
        "all": every row on every seed. "seeds": the k-th seed takes the k-th row (and begins anew after the last).
    seed
        Of the sampler; it has nothing to do with the seeds of runs.
    """

    method: str
    factors: tuple[Factor, ...]
    size: int = 0
    levels: int = 4
    seed: int = 1
    along: str = "all"
    second_order: bool = False
    listed: tuple[tuple[Any, ...], ...] = ()

    def rows(self) -> list[Row]:
        """One dict of values by name of factor for each point, in the order that the analysis of the method expects."""
        return [dict(zip(self.names, values, strict=True)) for values in _WAYS[self.method](self)]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(factor.name for factor in self.factors)

    def describe(self) -> dict[str, Any]:
        """As a design declares it."""
        if self.method == "list":
            rows = [dict(zip(self.names, values, strict=True)) for values in self.listed]
            return {"method": "list", "along": self.along, "rows": rows}
        described = {key: getattr(self, key) for key in ("method", "size", "levels", "seed", "along", "second_order")}
        kept = {key: value for key, value in described.items() if key != "size" or value}
        return {**kept, "factors": {factor.name: factor.describe() for factor in self.factors}}

    def problem(self) -> dict[str, Any]:
        """The sample as SALib's problem, on places from 0 to 1 of each range."""
        return {"num_vars": len(self.factors), "names": list(self.names), "bounds": [[0.0, 1.0]] * len(self.factors)}

    def places(self) -> NDArray[np.float64]:
        """Places from 0 to 1 in the ranges (points, factors), as the analysis needs them. Not of a list."""
        return _PLACES[self.method](self)


def _at_places(sample: Sample) -> list[tuple[Any, ...]]:
    return [
        tuple(factor.value(float(place)) for factor, place in zip(sample.factors, places, strict=True))
        for places in sample.places()
    ]


def _factorial(sample: Sample) -> list[tuple[Any, ...]]:
    return list(product(*(factor.steps(sample.levels) for factor in sample.factors)))


def _latin_hypercube(sample: Sample) -> NDArray[np.float64]:
    from scipy.stats import qmc

    return np.asarray(
        qmc.LatinHypercube(len(sample.factors), rng=np.random.default_rng(sample.seed)).random(sample.size)
    )


def _sobol(sample: Sample) -> NDArray[np.float64]:
    from SALib.sample import sobol

    return np.asarray(
        sobol.sample(sample.problem(), sample.size, calc_second_order=sample.second_order, seed=sample.seed)
    )


def _morris(sample: Sample) -> NDArray[np.float64]:
    from SALib.sample import morris

    return np.asarray(morris.sample(sample.problem(), sample.size, num_levels=sample.levels, seed=sample.seed))


_PLACES: dict[str, Callable[[Sample], NDArray[np.float64]]] = {
    "latin_hypercube": _latin_hypercube,
    "sobol": _sobol,
    "morris": _morris,
}
_WAYS: dict[str, Callable[[Sample], list[tuple[Any, ...]]]] = {
    "factorial": _factorial,
    "list": lambda sample: list(sample.listed),
    **dict.fromkeys(_PLACES, _at_places),
}
