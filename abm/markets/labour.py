"""The pool of technical workers per leaf: scarcity raises wages and slows build-up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Labour:
    """Technical workers and their wage by leaf (L,).

    `usual_use` is the part of the pool employed at the start, measured in the first month, so that
    tightness is relative to it.
    """

    def __init__(self, config: Any) -> None:
        self.terms = config.labour
        leaves = config.leaves
        self.base_wage = np.asarray(config.jurisdictions.wage)[leaves]
        self.pool = np.asarray(config.jurisdictions.technicians)[leaves].copy()
        self.pool_before = self.pool  # of last month
        self.wage_factor = np.ones(len(leaves))
        self.employed = np.zeros(len(leaves))
        self.tightness = np.ones(len(leaves))
        self._usual_rate: Array | None = None

    def close_month(self, labour_cost: Array, training: Array | float = 0.0) -> None:
        """Wages follow tightness: `labour_cost` is what organisations paid by leaf this month (L,), EUR.

        `training` (L,) is the share of the pool that is trained anew in a year.
        """
        self.employed = 12.0 * labour_cost / (self.base_wage * self.wage_factor)
        rate = self.employed / self.pool
        if self._usual_rate is None:
            self._usual_rate = np.maximum(rate, 1e-12)
        self.tightness = rate / self._usual_rate
        wanted = np.maximum(self.tightness, 1e-6) ** self.terms.wage_response
        self.wage_factor += (wanted - self.wage_factor) * self.terms.wage_speed / 12.0
        self.pool_before = self.pool
        self.pool = self.pool * ((1.0 + self.terms.growth) ** (1.0 / 12.0) + training / 12.0)

    @property
    def build_speed(self) -> Array:
        """Share of planned building that the workers at hand allow (L,)."""
        return np.minimum(1.0, 1.5 / np.maximum(self.tightness, 1e-6))

    @property
    def vacancies(self) -> Array:
        """Technical jobs that cannot be filled at the going wage (L,)."""
        return np.maximum(self.tightness - 1.0, 0.0) * self.employed / np.maximum(self.tightness, 1e-6)
