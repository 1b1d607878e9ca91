"""What follows from the config alone: bills of material, routes at end of life, growth paths, first demand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LABELS = 3


class Structure:
    """Static tables of a config.

    Attributes
    ----------
    content
        Material per product (P, M), kg.
    part
        Share of that content in each component and, last, in what the maker buys itself (P, C + 1, M).
    route
        Share of a product's content that goes to each stream of scrap (P, M, S).
    mass_route, other_route
        The same for its mass and the value of its other recoverables (P, S).
    side_of
        Side of the materials market of each jurisdiction (J,): 0 outside, 1 + b inside active bloc b.
    bloc_of
        Index among active blocs (J,), −1 for others.
    """

    def __init__(self, config: Any) -> None:
        self.config = config
        self._blocs(config)
        self._bills(config)
        self._routes(config)

    def _blocs(self, config: Any) -> None:
        jurisdictions = len(config.jurisdictions)
        self.side_of = np.zeros(jurisdictions, dtype=np.int64)
        self.bloc_of = np.full(jurisdictions, -1)
        for number, row in enumerate(config.active_blocs):
            where = int(config.blocs.jurisdiction[row])
            self.side_of[where], self.bloc_of[where] = 1 + number, number
        self.sides = 1 + len(config.active_blocs)

    def _bills(self, config: Any) -> None:
        products = config.products
        tables = [np.asarray(getattr(products, name)) for name in config.components.ids] + [np.asarray(products.direct)]
        by_part = np.stack(tables, axis=1)
        self.content = by_part.sum(axis=1)
        whole = self.content[:, None, :]
        self.part = np.divide(by_part, whole, out=np.zeros_like(by_part), where=whole > 0.0)

    def _routes(self, config: Any) -> None:
        products, streams = config.products, len(config.streams)
        body, parts = np.asarray(products.route), np.asarray(products.component_route)
        where = np.concatenate([np.where(parts >= 0, parts, body[:, None]), body[:, None]], axis=1)  # (P, C + 1)
        goes = (where[:, :, None] == np.arange(streams)).astype(np.float64)  # (P, C + 1, S)
        self.route = np.einsum("pcm,pcs->pms", self.part, goes)
        self.mass_route = _by_stream(np.asarray(products.mass_share), goes)
        self.other_route = _by_stream(np.asarray(products.other_value_share), goes)

    def stock_path(self, month: float) -> Array:
        """Stock in use over that at the start (P, L), a logistic path between the start and saturation."""
        products, start = self.config.products, self.config.time.start
        year = start + month / 12.0
        middle, speed = np.asarray(products.stock_midpoint), np.asarray(products.stock_speed)
        now = 1.0 / (1.0 + np.exp(-speed * (year - middle)))
        first = 1.0 / (1.0 + np.exp(-speed * (start - middle)))
        saturation = np.asarray(products.stock_multiple)[:, self.config.leaves]
        return np.asarray(1.0 + (saturation - 1.0) * ((now - first) / (1.0 - first))[:, None])

    def first_demand(self) -> Array:
        """Products bought per month at the start by households, business and government (3, P, L).

        Replacement of what fails or is replaced early, and growth along the stock path. Where past
        sales grew, the young stock fails less: the mean age of a growing stock is lower.
        """
        products, leaves = self.config.products, self.config.leaves
        stocks = np.stack(
            [
                np.asarray(products.household_stock)[:, leaves],
                np.asarray(products.business_stock)[:, leaves],
                np.asarray(products.public_stock)[:, leaves],
            ]
        )
        life = np.asarray(products.lifetime)
        kept = np.minimum(life, np.asarray(products.upgrade))
        growth = np.asarray(products.past_growth)
        growing = np.maximum(np.log(self.stock_path(12.0)), 0.0)
        years = np.stack([kept, life, life])
        replacement = np.exp(-growth * years) / years
        return np.asarray(stocks * (replacement[:, :, None] + growing) / 12.0)

    def demand_growth(self, months: int) -> Array:
        """World use over that at the start for each month (T, M): forecast growth, halved beyond the forecasts."""
        materials, rules = self.config.materials, self.config.markets
        rate = np.log(np.asarray(materials.demand_multiple)) / 16.0 / 12.0
        until = 12.0 * (2040.0 - self.config.time.start)
        last = 12.0 * (rules.growth_until - self.config.time.start)
        month = np.arange(months, dtype=np.float64)
        full = np.minimum(month, until)
        half = 0.5 * np.clip(month - until, 0.0, max(last - until, 0.0))
        return np.exp((full + half)[:, None] * rate)


def _by_stream(share: Array, goes: Array) -> Array:
    """Shares of components (P, C), with the rest in the body, by the stream (P, S) to which each goes (P, C + 1, S)."""
    rest = np.maximum(1.0 - share.sum(axis=1, keepdims=True), 0.0)
    return np.asarray(np.einsum("pc,pcs->ps", np.concatenate([share, rest], axis=1), goes))
