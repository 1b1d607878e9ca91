"""Transport to home: what freight adds to a price, and what is held up on the way.

Of what is under way and what is shipped in a month, only a share arrives while transport is disrupted; the rest stays
under way, so that a share a means a mean delay of (1 - a) / a months. Nothing is lost, and whoever ordered pays when
the goods arrive.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NEARLY = 1.0 - 1e-12  # of what is there, so that rounding leaves no place below zero
REFINING, OUTSIDE = 1, 0


class Transport:
    """What is under way to home by form; None while nothing is.

    Attributes
    ----------
    materials
        Refined material (M,), kg.
    components
        Material in components by origin (C, O, M), kg.
    products, content
        Products by origin (P, O, L), and the material in all of them (P, L, M), kg.
    lateness
        Share of the refined material bought this month that did not arrive (M,), less what arrived of earlier months.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        self.goods_freight = self.config.markets.freight_share
        self.material_freight = np.asarray(self.config.materials.freight)
        self.materials: Array | None = None
        self.components: Array | None = None
        self.products: Array | None = None
        self.content: Array | None = None
        self.lateness = np.zeros(len(self.config.materials))
        self._place = -1

    @property
    def place(self) -> int:
        """Place in the books of what is under way; opened when it is first needed."""
        if self._place < 0:
            self._place = int(self.model.books.place("under way to home")[0])
        return self._place

    # ------------------------------------------------------------------ freight
    def freight_on_goods(self, origins: NDArray[np.int64]) -> Array | None:
        """What freight adds to the price of components and products by origin (O,), a share; None if as usual."""
        conditions = self.model.conditions
        if not conditions.struck("freight"):
            return None
        return np.asarray(self.goods_freight * (conditions.freight[origins] - 1.0))

    def freight_on_materials(self) -> Array | None:
        """What it adds to the price of refined material outside (M,), a share; None if as usual."""
        conditions = self.model.conditions
        if not conditions.struck("freight"):
            return None
        return np.asarray(self.material_freight * ((conditions.freight - 1.0) @ self._origins()))

    def _origins(self) -> Array:
        """Share of each jurisdiction in the refined material on sale outside (J, M)."""
        producers, count = self.model.producers, len(self.config.materials)
        rows = producers.refineries[producers.side[producers.refineries] == OUTSIDE]
        supply = np.zeros((len(self.config.jurisdictions), count))
        np.add.at(supply, (producers.jurisdiction[rows], producers.main[rows]), producers.output[rows])
        for bloc in self.model.blocs:
            supply[bloc.jurisdiction] += np.maximum(bloc.normal_exports[REFINING], 0.0)
        whole = np.add.reduce(supply)
        return np.asarray(supply / np.where(whole > 0.0, whole, 1.0))

    # ------------------------------------------------------------------ delay
    def delays(self, form: str) -> bool:
        """Whether this form of goods (materials, components, products) is held up or still under way."""
        return self.model.conditions.struck(f"{form}_arriving") or getattr(self, form) is not None

    def bring_materials(self, source: int, bought: Array, targets: NDArray[np.int64]) -> Array:
        """Ship what makers bought (F, M) from `source`; returns what arrives at their stocks (F, M), kg.

        What arrives is shared as this month's purchases are; where nobody buys any more it goes back on sale.
        """
        books, shipped = self.model.books, np.add.reduce(bought)
        held = np.zeros(shipped.shape) if self.materials is None else self.materials
        late, origins = 1.0 - self.model.conditions.materials_arriving, self._origins()
        delayed = np.add.reduce(late * origins)
        # What is still under way comes from where there is delay, by the weight of each place in it.
        still = np.add.reduce(late * late * origins) / np.where(delayed > 0.0, delayed, 1.0)
        books.move("purchase", source, self.place, shipped)
        arrived = (held * (1.0 - still) + shipped * (1.0 - delayed)) * NEARLY
        left = held + shipped - arrived
        wanted = shipped > 0.0
        received = bought * (arrived / np.where(wanted, shipped, np.inf))
        books.move("delivery", self.place, targets, received)
        back = np.where(wanted, 0.0, arrived)
        books.move("purchase", self.place, source, back)
        self.lateness = np.maximum(1.0 - arrived / np.where(wanted, shipped, np.inf), 0.0) * wanted
        self.materials = left if np.count_nonzero(late) else None
        return np.asarray(received)

    def ship_components(self, shipped: Array, orders: Array, origins: NDArray[np.int64]) -> Array:
        """What arrives of components under way and `shipped` (C, O, M) for makers with orders (C, M), kg."""
        held = np.zeros(shipped.shape) if self.components is None else self.components
        late = 1.0 - self.model.conditions.components_arriving[origins].T[:, :, None]
        self.model.books.move(
            "component_import", self.model.places.abroad, self.place, np.add.reduce(shipped, axis=(0, 1))
        )
        asked = (orders > 0.0)[:, None, :]
        arrived, left = arrivals(held, shipped, asked * (1.0 - late))
        more = np.count_nonzero(late) or np.count_nonzero(left * ~asked)
        self.components = left if more else None
        return arrived

    def bring_products(
        self, shipped: Array, content: Array, target: slice, origins: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Products that arrive (P, O, L) of those under way and `shipped` (P, O, L), and their content (P, L, M), kg.

        `content` (P, M) is that of products shipped now; it arrives as the mean of all that is under way.
        """
        books = self.model.books
        units = np.add.reduce(shipped, axis=1)
        kilograms = units[..., None] * content[:, None, :]
        held = np.zeros(shipped.shape) if self.products is None else self.products
        inside = np.zeros(kilograms.shape) if self.content is None else self.content
        late = 1.0 - self.model.conditions.products_arriving[origins].T[:, :, None]
        width = kilograms.shape[-1]
        books.move("product_import", self.model.places.abroad, self.place, np.add.reduce(kilograms, axis=(0, 1)))
        arrived, left = arrivals(held, shipped, 1.0 - late)
        whole, part = np.add.reduce(held + shipped, axis=1), np.add.reduce(arrived, axis=1)
        share = part / np.where(whole > 0.0, whole, np.inf)
        received, inside = arrivals(inside, kilograms, share[..., None])
        books.move("delivery", self.place, target, received.reshape(-1, width))
        more = bool(np.count_nonzero(late))
        self.products, self.content = (left, inside) if more else (None, None)
        return arrived, received


def arrivals(held: Array, shipped: Array, share: Array) -> tuple[Array, Array]:
    """What arrives of all that is under way, old and new (…), and what is left; kilograms or products."""
    whole = held + shipped
    arrived = whole * (share * NEARLY)
    return np.asarray(arrived), np.asarray(whole - arrived)
