"""Production: home makers of components and products turn inputs into goods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.markets.scrap import MANUFACTURING

Array = NDArray[np.float64]
ASSEMBLY_ENERGY = 0.03  # energy in the assembly of products, share of conversion cost


class Production:
    """Runs home production of a month and passes manufacturing scrap on to collectors."""

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        products = self.config.products
        self.stream_of_component = self._usual_stream()
        components, count = self.config.components, len(products)
        # Shares of conversion cost by what is made: products, then components.
        self.labour = np.append(np.asarray(products.labour_share), np.asarray(components.labour_share))
        self.energy = np.append(np.full(count, ASSEMBLY_ENERGY), np.asarray(components.energy_share))
        self.first_component = count
        self.scrap_per_kg = self._scrap_mass()
        self._unmodelled_scrap()
        self.paid_at_start: Array | None = None  # for a kilogram as makers buy it (P + 1, M), EUR

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

    def _unmodelled_scrap(self) -> None:
        """Monthly scrap of home makers outside the model, of the composition of imported components."""
        model, streams, leaves = self.model, self.config.streams, self.config.leaves
        self.unmodelled_gross = np.asarray(streams.manufacturing_scrap)[:, leaves] * 1000.0 / 12.0  # (S, L) kg
        content = model.stream_content[:, None, :] * self.unmodelled_gross[..., None]
        self.unmodelled_content = content.reshape(-1, content.shape[-1])  # (S × L, M) kg
        self.pools = np.arange(self.unmodelled_gross.size)
        self.unmodelled_other = self.unmodelled_gross * model.stream_other[:, None]  # EUR

    def run(self) -> None:
        """Produce, and enter manufacturing scrap in the pools of its leaf."""
        model, firms = self.model, self.model.firms
        rows, self.swarf = firms.produce(model.places.sorting)
        self._enter_scrap(rows, self.swarf)
        makers = model.materials_trade.component_makers
        firms.units[makers] = np.add.reduce(model.books.stock.take(firms.finished[makers], axis=0), axis=1)

    def _enter_scrap(self, rows: NDArray[np.int64], swarf: Array) -> None:
        """Sort the scrap (n, M) of makers by stream and leaf; what makers not modelled offer comes beside it."""
        model, firms = self.model, self.model.firms
        component = np.maximum(firms.component[rows], 0)
        pools, shape = model.scrap.blocks[MANUFACTURING], self.unmodelled_gross.shape
        cell = self.stream_of_component[component] * shape[1] + firms.leaf[rows]
        from_maker = (self.pools[:, None] == cell).astype(np.float64)
        model.books.move("swarf", model.places.sorting, pools, from_maker @ swarf)
        model.books.move("swarf", model.places.abroad, pools, self.unmodelled_content)
        gross = from_maker @ (np.add.reduce(swarf, axis=1) * self.scrap_per_kg[component])
        model.scrap.collect(MANUFACTURING, gross.reshape(shape) + self.unmodelled_gross, self.unmodelled_other)

    def pay(self) -> Array:
        """Pay conversion costs; returns labour cost by leaf (L,), EUR."""
        model, firms, config = self.model, self.model.firms, self.config
        made = np.where(firms.component >= 0, self.first_component + firms.component, firms.product)
        labour, energy = self.labour[made], self.energy[made]
        self.labour_share, self.energy_share = labour, energy
        wage, power = model.labour_cost[firms.leaf], model.energy[firms.leaf]
        accounts = model.accounts
        paid = firms.pay_for_production(accounts.households[firms.leaf], accounts.domestic, labour, energy, power, wage)
        return np.bincount(firms.leaf, paid, len(config.leaves)).astype(np.float64)

    def paid_for_inputs(self) -> Array:
        """What makers of each product pay on average for a kilogram of material as they buy it (P + 1, M), EUR."""
        trade = self.model.materials_trade
        direct = (self._price_outside() + trade.levies()[0]) * trade.part[:, -1]
        return np.asarray(self.component_price + direct)

    def _price_outside(self) -> Array:
        """Price of refined material for home makers (M,), EUR/kg, with what dearer freight adds."""
        price, freight = self.model.materials.price[1, 0], self.model.materials_trade.freight
        return np.asarray(price if freight is None else price * (1.0 + freight))

    def price(self) -> None:
        """Firms set prices for next month from this month's input prices."""
        model, firms = self.model, self.model.firms
        trade = model.materials_trade
        # Of what is made of a product, components have the price of components and the rest that of materials.
        components = self.component_price = np.add.reduce(trade.part[:, :-1] * trade.component_price, axis=1)
        outside = self._price_outside() + model.rules.primary_levy.take(firms.leaf, axis=0)
        if model.duties.in_force:
            outside += model.duties.at_home_per_kg(model.materials.price[1, 0])
        outside *= trade.part[:, -1].take(firms.product, axis=0)
        input_price = components.take(firms.product, axis=0)
        input_price += outside
        power = model.energy[firms.leaf]
        if model.rules.in_force("component_energy_relief"):
            makes = firms.component >= 0
            power = power * (1.0 - model.rules.component_energy_relief[firms.leaf, firms.component] * makes)
        firms.price_goods(
            input_price,
            model.labour_cost[firms.leaf],
            power,
            self.labour_share,
            self.energy_share,
        )
        if self.paid_at_start is None:
            self.paid_at_start = self.paid_for_inputs()
