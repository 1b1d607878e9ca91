"""Components between material and product: made at home or imported, by origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HOME = 0
OUTSIDE = 0


@dataclass
class ComponentOrders:
    """Orders of one month: (C, origins, M) kg of contained material; origin 0 is home."""

    wanted: Array
    delivered: Array
    price: Array  # (C, origins, M) EUR per kg of contained material


class ComponentMarkets:
    """Shares of origins follow relative cost and felt risk; restricted imports are rationed.

    Attributes
    ----------
    origins
        Jurisdictions that deliver, after home (index 0).
    share
        Share of each origin in home use (C, 1 + O).
    imports
        Smoothed imports per origin (C, O, M), kg/month.
    """

    def __init__(self, config: Any, side_of: NDArray[np.int64], bloc_of: NDArray[np.int64], price: Array) -> None:
        table = config.components
        self.config, self.table = config, table
        self.origins = (np.asarray(table.import_share).sum(axis=0) > 0.0).nonzero()[0]
        self.side = side_of[self.origins]
        self.bloc = bloc_of[self.origins]
        home = np.asarray(table.home_share)
        imported = np.asarray(table.import_share)[:, self.origins]
        imported = imported / imported.sum(axis=1, keepdims=True)
        self.start_share = np.concatenate([home[:, None], (1.0 - home)[:, None] * imported], axis=1)
        self.share = self.start_share.copy()
        count, materials = len(table), len(config.materials)
        self.imports = np.zeros((count, len(self.origins), materials))
        self.normal_imports = np.zeros_like(self.imports)
        self.conversion = self._conversion()
        self.markup = np.zeros_like(self.conversion) + np.asarray(table.markup)[:, None]
        self.used = 1.0 - np.asarray(table.scrap_rate)[:, None, None]  # share of material that ends in the component
        self.sides = np.append(OUTSIDE, self.side)  # home buys outside
        self.start_cost: Array | None = None
        self._response = -np.asarray(table.origin_elasticity)[:, None]
        self._from_bloc = np.append(False, self.bloc >= 0).astype(np.float64)
        self.rationed = np.zeros((count, materials))

    def _conversion(self) -> Array:
        """Conversion cost per kg of contained material and origin (C, 1 + O), EUR."""
        cost = np.zeros(self.share.shape) + np.asarray(self.table.conversion_cost)[:, None]
        cost[:, HOME] *= np.asarray(self.table.home_cost_ratio)
        return cost

    def prices(
        self, material_price: Array, home: tuple[Array, Array] | None = None, levies: tuple[Array, Array] | None = None
    ) -> Array:
        """Price per kg of contained material (C, 1 + O, M), EUR.

        A component made inside a bloc embodies the inside price: that is the bloc's advantage.
        `material_price` is (sides, M); `home` the conversion cost and markup of home makers (C,) each,
        if known; `levies` on material that home makers and importers use (M,) each, EUR/kg.
        """
        paid = material_price.take(self.sides, axis=0)
        if levies is not None:
            paid[HOME] += levies[0]
            paid[1:] += levies[1]
        conversion, markup = self.conversion, self.markup
        if home is not None:
            known = home[0] > 0.0
            conversion, markup = conversion.copy(), markup.copy()
            conversion[:, HOME] = np.where(known, home[0], conversion[:, HOME])
            markup[:, HOME] = np.where(known, home[1], markup[:, HOME])
        return (paid / self.used + conversion[:, :, None]) * (1.0 + markup)[:, :, None]

    def choose_origins(
        self,
        price: Array,
        mix: Array,
        risk: Array,
        most: Array | None = None,
        favour: tuple[Array, Array] | None = None,
    ) -> None:
        """Move shares a little each month towards what relative cost and felt risk warrant.

        Shares wanted are not above `most` (C, 1 + O), the capacity of origins, where it is given.

        `price` (C, 1 + O, M) EUR/kg, `mix` (C, M) the composition of orders, `risk` (C,) the felt risk of supply
        from blocs. Cost is seen against `start_cost`. `favour` is the share (C,) of use for which home may cost more by
        a premium (C,).
        """
        relative = np.maximum(self.cost(price, mix), 1e-12) / self.start_cost
        weight = self.start_share * relative**self._response
        weight *= 1.0 - 0.3 * risk[:, None] * self._from_bloc
        wanted = weight / np.add.reduce(weight, axis=1, keepdims=True)
        if favour is not None:
            share, premium = favour[0][:, None], favour[1]
            weight[:, HOME] *= (1.0 + premium) ** -self._response[:, 0]
            wanted += share * (weight / np.add.reduce(weight, axis=1, keepdims=True) - wanted)
        if most is not None:
            wanted = at_most(wanted, most)
        self.share += (wanted - self.share) / 12.0

    @staticmethod
    def cost(price: Array, mix: Array) -> Array:
        """Mean over materials (C, 1 + O) of prices (C, 1 + O, M) for a composition of orders (C, M)."""
        return np.add.reduce(price * mix[:, None, :], axis=2)

    def remember_start(self, price: Array, mix: Array) -> None:
        """Take the cost at the start, before levies, as what relative cost refers to."""
        self.start_cost = np.maximum(self.cost(price, mix), 1e-12)

    def deliver_imports(self, wanted: Array, export_share: Array) -> Array:
        """Imports per origin (C, O, M): within quotas of blocs; others make up a part of what is missing.

        `wanted` (C, M) is what home users ask of imports; `export_share` (B, C).
        """
        share = self.share[:, 1:]
        share = share / np.maximum(np.add.reduce(share, axis=1, keepdims=True), 1e-12)
        asked = share[:, :, None] * wanted[:, None, :]
        if np.count_nonzero(np.isfinite(export_share)):
            return self._within_quotas(asked, wanted, export_share)
        self.rationed = np.zeros(wanted.shape)
        self._remember(asked)
        return asked

    def _within_quotas(self, asked: Array, wanted: Array, export_share: Array) -> Array:
        """Share of what is asked per origin (C, O, M) that is delivered when blocs limit their exports."""
        limit = np.full(asked.shape, np.inf)
        for number, bloc in enumerate(self.bloc):
            if bloc >= 0:
                allowed = export_share[bloc]
                quota = np.where(np.isfinite(allowed), allowed, 0.0)[:, None] * self.normal_imports[:, number]
                limit[:, number] = np.where(np.isfinite(allowed)[:, None], quota, np.inf)
        delivered = np.minimum(asked, limit)
        missing = wanted - delivered.sum(axis=1)
        free = np.isinf(limit)
        spare = np.where(free, 0.3 * self.normal_imports, 0.0)
        extra = np.minimum(spare, missing[:, None, :] * free / np.maximum(free.sum(axis=1, keepdims=True), 1))
        delivered = delivered + np.maximum(extra, 0.0)
        self.rationed = np.divide(wanted - delivered.sum(axis=1), wanted, out=np.zeros_like(wanted), where=wanted > 0.0)
        self._remember(delivered, free)
        return delivered

    def _remember(self, delivered: Array, free: NDArray[np.bool_] | bool = True) -> None:
        """Smooth imports; normal ones only where they are `free` of quotas."""
        first = not np.count_nonzero(self.normal_imports)
        self.imports += (delivered - self.imports) * (1.0 if first else 1.0 / 6.0)
        self.normal_imports += (delivered - self.normal_imports) * ((1.0 if first else 1.0 / 12.0) * free)


def at_most(share: Array, most: Array) -> Array:
    """Shares (n, O) of which none is above `most` (n, O); what that leaves goes to those below it."""
    capped = np.minimum(share, most)
    below = np.where(share < most, share, 0.0)
    left = np.add.reduce(share - capped, axis=1, keepdims=True)
    whole = np.add.reduce(below, axis=1, keepdims=True)
    return np.asarray(np.where(whole > 0.0, capped + left * below / np.where(whole > 0.0, whole, 1.0), share))
