"""Production: home makers of components and products turn inputs into goods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import COMPONENT
from abm.books import block
from abm.markets.scrap import MANUFACTURING

Array = NDArray[np.float64]


class Production:
    """Runs home production of a month and passes manufacturing scrap on to collectors."""

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        products = self.config.products
        self.stream_of_component = self._usual_stream()
        self.labour = np.append(np.asarray(products.labour_share), 0.0)
        self.energy = 0.03  # energy in the assembly of products, share of conversion cost
        self.scrap_per_kg = self._scrap_mass()

    def _usual_stream(self) -> NDArray[np.int64]:
        """Stream to which the manufacturing scrap of a component goes (C,): where most products send it."""
        routes = np.asarray(self.config.products.component_route)
        streams = len(self.config.streams)
        return np.array(
            [
                int(np.bincount(column[column >= 0], minlength=streams).argmax()) if (column >= 0).any() else 0
                for column in routes.T
            ]
        )

    def _scrap_mass(self) -> Array:
        """Gross mass of a component per kg of contained material (C,), the mean over products that have it."""
        products, structure = self.config.products, self.model.structure
        mass = np.asarray(products.mass)[:, None] * np.asarray(products.mass_share)
        content = (structure.part[:, :-1] * structure.content[:, None, :]).sum(axis=2)
        whole, inside = mass.sum(axis=0), content.sum(axis=0)
        return np.maximum(np.divide(whole, inside, out=np.ones_like(whole), where=inside > 0.0), 1.0)

    def run(self) -> None:
        """Produce, and enter manufacturing scrap in the pools of its leaf."""
        model, firms = self.model, self.model.firms
        stream = self.stream_of_component[np.maximum(firms.component, 0)]
        places = model.scrap.places[MANUFACTURING, stream, firms.leaf]
        swarf = firms.produce(places)
        self._enter_scrap(swarf.sum(axis=1), stream)
        self.swarf = swarf
        rows = firms.of_kind(COMPONENT)
        firms.units[rows] = model.books.stock[firms.finished[rows]].sum(axis=1)

    def _enter_scrap(self, kilograms: Array, stream: NDArray[np.int64]) -> None:
        """Gross mass of scrap by stream and leaf; what makers not modelled offer comes beside it."""
        model, firms = self.model, self.model.firms
        streams, leaves = len(self.config.streams), len(self.config.leaves)
        gross = kilograms * self.scrap_per_kg[np.maximum(firms.component, 0)]
        by_cell = np.bincount(stream * leaves + firms.leaf, gross, streams * leaves).reshape(streams, leaves)
        model.scrap.collect(MANUFACTURING, by_cell, np.zeros_like(by_cell))
        self._unmodelled_scrap()

    def _unmodelled_scrap(self) -> None:
        """Scrap of home makers outside the model, of the composition of imported components."""
        model = self.model
        tonnes = np.asarray(self.config.streams.manufacturing_scrap)[:, self.config.leaves]
        gross = tonnes * 1000.0 / 12.0
        content = model.stream_content[:, None, :] * gross[..., None]
        places = model.scrap.places[MANUFACTURING]
        model.books.move("swarf", model.places.abroad, block(places), content.reshape(-1, content.shape[-1]))
        model.scrap.collect(MANUFACTURING, gross, gross * model.stream_other[:, None])

    def pay(self) -> Array:
        """Pay conversion costs; returns labour cost by leaf (L,), EUR."""
        model, firms, config = self.model, self.model.firms, self.config
        component = firms.kind == COMPONENT
        which = np.maximum(firms.component, 0)
        labour = np.where(component, np.asarray(config.components.labour_share)[which], self.labour[firms.product])
        energy = np.where(component, np.asarray(config.components.energy_share)[which], self.energy)
        self.labour_share, self.energy_share = labour, energy
        wage, power = model.labour.wage_factor[firms.leaf], model.energy[firms.leaf]
        accounts = model.accounts
        paid = firms.pay_for_production(accounts.households[firms.leaf], accounts.domestic, labour, energy, power, wage)
        return np.bincount(firms.leaf, paid, len(config.leaves))

    def price(self) -> None:
        """Firms set prices for next month from this month's input prices."""
        model, firms = self.model, self.model.firms
        part = model.structure.part[np.maximum(firms.product, 0)]
        outside = model.materials.price[1, 0] + model.rules.primary_levy[firms.leaf]
        bought = (part[:, :-1] * model.materials_trade.component_price[None]).sum(axis=1) + part[:, -1] * outside
        input_price = np.where((firms.kind == COMPONENT)[:, None], outside, bought)
        self.input_price = input_price
        firms.price_goods(
            input_price,
            model.labour.wage_factor[firms.leaf],
            model.energy[firms.leaf],
            self.labour_share,
            self.energy_share,
        )
