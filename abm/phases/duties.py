"""Import duties: what they add to prices by origin, on what they fall, and whom they shelter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.rules import GROUNDS

Array = NDArray[np.float64]
REFINING, OUTSIDE = 1, 0
LEVERS = ("material_duty", "component_duty", "product_duty")
ANY, DUMPED = range(len(GROUNDS))


class Duties:
    """The duties of a month, the mean over leaves by households, as makers and dealers at home meet them.

    Attributes
    ----------
    in_force
        Whether any duty is in force; all else has meaning only then.
    umbrella
        Part of the outside price (M,) by which the home price of refined material stands above it: what buyers pay
        in duty on a kilogram imported, the mean over origins. Refineries and recyclers at home sell at that price.
    on_components, on_products
        Duty over import value (C, O, M) and (P, O), by the origins of these markets.
    refined_share, component_value, product_value
        On what it falls, as `Activity` has it: everything, and that which is dumped.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        sizes = model.governments.sizes
        self.leaves, self.origins = sizes["leaf"], sizes["jurisdiction"]
        self.materials, self.products, self.count = sizes["material"], sizes["product"], sizes["component"]
        self.at_home = np.asarray(self.config.jurisdictions.domestic, dtype=bool)
        self.in_force = False
        self.no_umbrella = self.umbrella = np.zeros(self.materials)
        self.supply: Array | None = None
        self.nothing = (
            np.zeros((2, self.origins, self.materials)),
            np.zeros((2, self.origins, self.materials)),
            np.zeros((2, self.origins, self.products, self.leaves)),
        )
        self.refined_share, self.component_value, self.product_value = self.nothing
        self._sales: dict[int, list[Array]] = {}  # of each bloc, before the duties
        self._dumping_for: dict[str, Array] = {}  # months for which each origin has dumped (J, n)

    def quote(self) -> None:
        """Work out the duties of the month, if there are any."""
        rules, before = self.model.rules, self.in_force
        self.in_force = any(rules.in_force(lever) for lever in LEVERS)
        if self.in_force:
            self._note_dumping()
            material, component, product = self._rates()
            self._quote_refined(material)
            origins = self.model.components.origins
            self.on_components = component[origins].transpose(1, 0, 2)
            self.on_products = product[self.model.product_trade.origins].T
        elif before:
            self.umbrella, self.supply = self.no_umbrella, None
            self.refined_share, self.component_value, self.product_value = self.nothing
            self.model.producers.umbrella = None
            self._dumping_for = {}

    # ------------------------------------------------------------------ rates
    def mean_rates(self, levers: Any) -> list[Array]:
        """Each duty by ground, origin and what it falls on, the mean over leaves by households."""
        share = self.model.settlement.household_share
        return [np.einsum("l,gljx->gjx", share, levers[lever]) for lever in LEVERS]

    def _rates(self) -> tuple[Array, Array, Array]:
        """Duty over import value by origin: on refined material (J, M), components (J, C, M) and products (J, P)."""
        material, component, product = self.mean_rates(self.model.rules)
        components = self.dumped("components")[:, :, None]
        return (
            material[ANY] + material[DUMPED] * self.dumped("materials"),
            component[ANY, :, None] + component[DUMPED, :, None] * components,
            product[ANY] + product[DUMPED] * self.dumped("products"),
        )

    def _note_dumping(self) -> None:
        """Count for how many months each bloc has sold under cost or under price, since there is a duty."""
        for what, length in (("materials", self.materials), ("components", self.count), ("products", self.products)):
            now = np.zeros((self.origins, length))
            for bloc in self.model.blocs:
                now[bloc.jurisdiction] = bloc.dumps(what)
            self._dumping_for[what] = (self._dumping_for.get(what, 0.0) + now) * now

    def dumped(self, what: str) -> Array:
        """1 where an origin has dumped for longer than an inquiry takes (J, n)."""
        inquiry = np.maximum.reduce(self.model.rules.duty_inquiry)
        return (self._dumping_for[what] > inquiry).astype(np.float64)

    # ------------------------------------------------------------------ what blocs see of them
    def against(self, bloc: Any) -> dict[str, Any]:
        """What duties, in force or announced, cost a bloc, and what it sells where they are due; nothing without any.

        An announced duty counts as far as it is believed. Sales are the largest since the duty was heard of: what it
        has driven out is part of what it costs.
        """
        rules = self.model.rules
        heard = any(rules.in_force(lever) or rules.outlook.in_force(lever) for lever in LEVERS)
        if not heard or self.model.month == 0:
            self._sales.pop(bloc.number, None)
            return {}
        sales = self._sales_of(bloc)
        if bloc.number in self._sales:
            known = self._sales[bloc.number]
            sales = [before + np.maximum(now - before, 0.0) / 4.0 for now, before in zip(sales, known, strict=True)]
        self._sales[bloc.number] = sales
        believed = float(rules.belief @ self.model.settlement.household_share)
        now, to_come = self.mean_rates(rules), self.mean_rates(rules.outlook)
        dumping = any(bloc.dumps(what).any() for what in ("materials", "components", "products"))
        cost = 0.0
        for value, present, announced in zip(sales, now, to_come, strict=True):
            rate = present[ANY, bloc.jurisdiction] + present[DUMPED, bloc.jurisdiction] * dumping
            cost += float(value @ np.maximum(rate, believed * announced[ANY, bloc.jurisdiction]))
        in_force = any(rules.in_force(lever) for lever in LEVERS)
        whole = float(sum(np.add.reduce(value) for value in sales))
        return {"duty_cost": cost, "duty_in_force": in_force, "sales": whole, "held_by_it": np.stack(sales[:2])}

    def _sales_of(self, bloc: Any) -> list[Array]:
        """What a bloc sells home buyers of refined material and components (M,) and of products (P,), EUR a year."""
        trade, markets, sales = self.model.materials_trade, self.model.components, self.model.product_trade
        supply, price = self._supply_outside(), self.model.materials.price[REFINING]
        share = supply[bloc.jurisdiction] / np.maximum(np.add.reduce(supply), 1e-300)
        refined = share * np.add.reduce(trade.primary_bought) * price[OUTSIDE]
        value = markets.imports * markets.prices(price, trade.conversion)[:, 1:]
        components = np.add.reduce(value[:, markets.origins == bloc.jurisdiction], axis=(0, 1))
        units = np.add.reduce(sales.import_units, axis=2) * sales.import_base
        products = np.add.reduce(units[:, sales.origins == bloc.jurisdiction], axis=1)
        return [12.0 * refined, 12.0 * components, 12.0 * products]

    # ------------------------------------------------------------------ refined material
    def _quote_refined(self, rate: Array) -> None:
        """Where home makers buy refined material at these rates (J, M), and the umbrella that follows.

        Origins are near but not perfect substitutes (P. S. Armington 1969, IMF Staff Papers 16): shares follow the
        price with duty from the shares of supply outside, and nobody delivers more than there is.
        """
        now = self._supply_outside()
        self.supply = now if self.supply is None else self.supply + (now - self.supply) / 12.0
        bought = np.add.reduce(getattr(self.model.materials_trade, "primary_bought", np.zeros((1, self.materials))))
        weight = self.supply * (1.0 + rate) ** -self.config.markets.origin_elasticity
        bought_from = bought * weight / np.maximum(np.add.reduce(weight), 1e-300)
        spare = np.maximum(self.supply - bought_from, 0.0)
        missing = np.add.reduce(np.maximum(bought_from - self.supply, 0.0))
        bought_from = np.minimum(bought_from, self.supply)
        bought_from += missing * spare / np.maximum(np.add.reduce(spare), 1e-300)
        whole = np.add.reduce(bought_from)
        share = np.where(whole > 0.0, bought_from / np.where(whole > 0.0, whole, 1.0), 0.0)
        imported = share * ~self.at_home[:, None]
        abroad = np.add.reduce(imported)
        self.umbrella = np.add.reduce(imported * rate) / np.where(abroad > 0.0, abroad, np.inf)
        self.made_at_home = np.add.reduce(share * self.at_home[:, None])
        self.refined_share = np.stack([imported, imported * self.dumped("materials")])

    def _supply_outside(self) -> Array:
        """Refined material that comes to the market outside the blocs by origin (J, M), kg last month."""
        producers, trade = self.model.producers, self.model.materials_trade
        rows = producers.refineries
        supply = np.zeros((self.origins, self.materials))
        np.add.at(supply, (producers.jurisdiction[rows], producers.main[rows]), producers.output[rows])
        cleared = getattr(trade, "cleared", None)
        if cleared is not None:
            for bloc in self.model.blocs:
                supply[bloc.jurisdiction] = np.maximum(cleared.exports[bloc.number], 0.0)
        return supply

    def at_home_per_kg(self, price: Array) -> Array:
        """What a kilogram of refined material costs more at home (M,) than at the `price` (M,) outside, EUR."""
        return self.umbrella * price

    def shelter_refineries(self, bought: Array, price: Array) -> Array:
        """Makers pay refineries at home the home price for what they buy there of `bought` (F, M) kg; EUR (F,)."""
        model, producers = self.model, self.model.producers
        extra = bought * (self.made_at_home * self.at_home_per_kg(price))
        owed, by_material = np.add.reduce(extra, axis=1), np.add.reduce(extra)
        rows = producers.refineries[self.at_home[producers.jurisdiction[producers.refineries]]]
        main, output = producers.main[rows], producers.output[rows]
        total = np.bincount(main, output, self.materials)
        per_kg = by_material / np.where(total > 0.0, total, np.inf)
        clearing = model.accounts.secondary
        model.books.pay("material_sales", model.firms.account, clearing, owed)
        model.books.pay("material_sales", clearing, producers.account[rows], output * per_kg[main])
        producers.umbrella = np.zeros(len(producers))
        producers.umbrella[rows] = per_kg[main]
        return owed

    # ------------------------------------------------------------------ components and products
    def note_components(self, value: Array) -> Array:
        """Remember the value of imported components (C, O, M) in EUR; returns the duty on it."""
        origins, dumped = self.model.components.origins, self.dumped("components")
        self.component_value = np.zeros(self.nothing[1].shape)
        self.component_value[ANY, origins] = np.add.reduce(value)
        self.component_value[DUMPED, origins] = np.einsum("oc,com->om", dumped[origins], value)
        return value * self.on_components

    def note_products(self, value: Array) -> None:
        """Remember the value of imported products (P, O, L), EUR."""
        origins, by_origin = self.model.product_trade.origins, value.transpose(1, 0, 2)
        self.product_value = np.zeros(self.nothing[2].shape)
        self.product_value[ANY, origins] = by_origin
        self.product_value[DUMPED, origins] = by_origin * self.dumped("products")[origins][:, :, None]
