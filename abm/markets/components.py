"""Components between material and product: made at home or imported, by origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HOME = 0


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
        self.origins = np.flatnonzero(np.asarray(table.import_share).sum(axis=0) > 0.0)
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
        self.start_cost: Array | None = None
        self.rationed = np.zeros((count, materials))

    def _conversion(self) -> Array:
        """Conversion cost per kg of contained material and origin (C, 1 + O), EUR."""
        cost = np.tile(np.asarray(self.table.conversion_cost)[:, None], (1, 1 + len(self.origins)))
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
        sides = np.concatenate([[0], self.side])
        loss = 1.0 - np.asarray(self.table.scrap_rate)
        paid = material_price[sides]
        if levies is not None:
            paid = paid + np.concatenate([levies[0][None], np.tile(levies[1], (len(self.origins), 1))])
        material = paid[None, :, :] / loss[:, None, None]
        conversion = self.conversion.copy()
        markup = np.tile(np.asarray(self.table.markup)[:, None], (1, 1 + len(self.origins)))
        if home is not None:
            known = home[0] > 0.0
            conversion[:, HOME] = np.where(known, home[0], conversion[:, HOME])
            markup[:, HOME] = np.where(known, home[1], markup[:, HOME])
        return (material + conversion[:, :, None]) * (1.0 + markup)[:, :, None]

    def choose_origins(self, price: Array, before_levies: Array, mix: Array, risk: Array) -> None:
        """Move shares a little each month towards what relative cost and felt risk warrant.

        `price` and `before_levies` are (C, 1 + O, M) EUR/kg, `mix` (C, M) the composition of orders, `risk`
        (C,) the felt risk of supply from blocs. Cost is seen against that of the first month before levies.
        """
        cost = (price * mix[:, None, :]).sum(axis=2)
        if self.start_cost is None:
            self.start_cost = np.maximum((before_levies * mix[:, None, :]).sum(axis=2), 1e-12)
        relative = np.maximum(cost, 1e-12) / self.start_cost
        weight = self.start_share * relative ** -np.asarray(self.table.origin_elasticity)[:, None]
        from_bloc = np.concatenate([[False], self.bloc >= 0])
        weight = np.where(from_bloc[None, :], weight * (1.0 - 0.3 * risk)[:, None], weight)
        wanted = weight / weight.sum(axis=1, keepdims=True)
        self.share += (wanted - self.share) / 12.0

    def deliver_imports(self, wanted: Array, export_share: Array) -> Array:
        """Imports per origin (C, O, M): within quotas of blocs; others make up a part of what is missing.

        `wanted` (C, M) is what home users ask of imports; `export_share` (B, C).
        """
        share = self.share[:, 1:]
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        asked = share[:, :, None] * wanted[:, None, :]
        limit = np.full_like(asked, np.inf)
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
        self._remember(delivered, limit)
        return delivered

    def _remember(self, delivered: Array, limit: Array) -> None:
        pace = 1.0 if not self.normal_imports.any() else 1.0 / 12.0
        self.imports += (delivered - self.imports) * (pace if pace == 1.0 else 1.0 / 6.0)
        free = np.isinf(limit)
        self.normal_imports += np.where(free, (delivered - self.normal_imports) * pace, 0.0)
