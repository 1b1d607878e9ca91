"""What indicators need of a model that does not change in a run: masks, weights and positions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.books import MONEY_KINDS, block
from abm.indicators.axes import ACTIVITIES, CIRCULAR_ACTIVITIES, nodes
from abm.indicators.choice import ChoiceWorth
from abm.indicators.parties import NO_INCOME, POLICY

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

EXTRACTION, REFINING = 0, 1
HOME_SOURCE = 0  # sources of supply: home, the state-backed jurisdictions, then everybody else one by one
RECYCLING_COST = ("scrap_sales", "gate_fees", "labour", "energy", "other_inputs")
RECEIPTS = ("material_sales", "product_sales", "operating_support", "certificates")
# What is left of them: the cash result, before interest and without support for investment.
RESULT = (*RECEIPTS, *RECYCLING_COST, "levies")
# Receipts less purchases from others: what is left is value added.
VALUE_ADDED = ("material_sales", "product_sales", "scrap_sales", "gate_fees", "energy", "other_inputs")


class Frame:
    """Static tables of a model.

    Attributes
    ----------
    tree
        Whether a leaf lies below each jurisdiction with inhabitants (D, L).
    households
        Real households by leaf (L,).
    """

    def __init__(self, model: Any) -> None:
        config = model.config
        self.leaves, self.materials = len(config.leaves), len(config.materials)
        self.products, self.streams = len(config.products), len(config.streams)
        self.money_kinds = {name: number for number, name in enumerate(MONEY_KINDS)}
        flows = (self.money(*VALUE_ADDED), -self.money("labour"), self.money(*RESULT), self.money(*RECEIPTS))
        self.activity_flows = np.stack(flows)
        self.activity_rows = np.arange(7)[:, None] * len(ACTIVITIES) * self.leaves
        self.circular = np.isin(ACTIVITIES, CIRCULAR_ACTIVITIES).astype(np.float64)
        self.stream_numbers = np.arange(self.streams)[:, None]
        self.tree = nodes(config)[1]
        self.wage = model.labour.base_wage
        self._materials(model)
        self._producers(model)
        self._sources(model)
        self._households(model)
        self._products(model)
        self._governments(model)
        self._work_and_welfare(model)

    def money(self, *kinds: str) -> Array:
        """Which kinds of payment are among these, 1 or 0 (kinds,)."""
        return np.isin(MONEY_KINDS, kinds).astype(np.float64)

    # ------------------------------------------------------------------ materials and recycling
    def _materials(self, model: Any) -> None:
        from abm.agents.recyclers import BUILDING  # here, since Mesa takes a second to import and reading needs none

        self.building = BUILDING
        config, trade = model.config, model.materials_trade
        table = config.materials
        self.reference = model.materials.reference[1]
        self.start_log_price = model.materials.log_price[1].copy()
        abroad = np.asarray(table.recycled_abroad)
        self.carbon = np.asarray(table.carbon)
        self.carbon_secondary = self.carbon * (1.0 - np.asarray(table.carbon_saving))
        self.carbon_abroad = (1.0 - abroad) * self.carbon + abroad * self.carbon_secondary
        self.graded = np.asarray(config.streams.processed_at_home)
        self.yields = model.stream_content * np.asarray(config.streams.recovery)  # (S, M) kg per kg of scrap
        self.plant_life, self.hurdle = config.recyclers.plant_life, config.recyclers.hurdle_rate
        self.wear = np.full(len(ACTIVITIES), float(config.firms.depreciation))  # share of capital a year
        self.wear[-1] = 1.0 / self.plant_life
        self.usual_use = trade.base_use[0] * trade.growth * np.exp(trade.noise[0])  # (months, M) kg
        use = np.asarray(table.use_share)
        home, outside = use[:, config.leaves].sum(axis=1), use[:, model.structure.side_of == 0].sum(axis=1)
        self.home_share_of_outside = np.divide(home, outside, out=np.zeros_like(home), where=outside > 0.0)

    # ------------------------------------------------------------------ primary supply
    def _producers(self, model: Any) -> None:
        producers, materials = model.producers, self.materials
        home = np.asarray(model.config.jurisdictions.domestic)[producers.jurisdiction]
        mines, refineries = producers.stage == EXTRACTION, producers.stage == REFINING
        self.mines, self.refineries = np.flatnonzero(mines), np.flatnonzero(refineries)
        self.home_mines = np.flatnonzero(home & mines)
        self.home_among_mines = np.flatnonzero(home[self.mines])
        self.home_recipe = producers.recipe[self.home_mines]
        self.home_refineries = np.equal(producers.main[:, None], np.arange(materials)) * (home & refineries)[:, None]
        self.home_refineries = self.home_refineries.astype(np.float64)  # (producers, M)

    def _sources(self, model: Any) -> None:
        """Number of the source of each producer and of each origin of imports.

        A state-backed jurisdiction is one source, and so is home; of the others each producer is its own, since a
        jurisdiction may stand for many countries.
        """
        table, producers = model.config.jurisdictions, model.producers
        backed = np.flatnonzero(np.asarray(table.state_backed))
        self.backed = len(backed)
        first = 1 + self.backed
        fixed = np.full(len(table), -1)
        fixed[np.asarray(table.domestic)] = HOME_SOURCE
        fixed[backed] = 1 + np.arange(len(backed))
        places = [
            producers.jurisdiction[self.mines],
            producers.jurisdiction[self.refineries],
            model.components.origins,
            model.product_trade.origins,
        ]
        mines, refineries, components, products = (_numbered(fixed[place], first) for place in places)
        self.component_source, self.product_source = components, products
        self.sources = 1 + max(int(part.max(initial=0)) for part in (mines, refineries, components, products))
        self.bloc_source = np.array([fixed[bloc.jurisdiction] for bloc in model.blocs], dtype=np.int64)
        self._supply(producers, mines, refineries)

    def _supply(self, producers: Any, mines: Rows, refineries: Rows) -> None:
        """Which source each mine outside the blocs feeds (N, mines), and each refinery (producers, N × M)."""
        outside = producers.side == 0
        fed = np.equal(mines[None, :], np.arange(self.sources)[:, None]) & outside[self.mines]
        self.mine_supply = fed.astype(np.float64)
        cell = refineries * self.materials + producers.main[self.refineries]
        self.refinery_supply = np.zeros((len(producers), self.sources * self.materials))
        self.refinery_supply[self.refineries, cell] = outside[self.refineries]

    # ------------------------------------------------------------------ people, goods, governments
    def _households(self, model: Any) -> None:
        households, config = model.households, model.config
        bounds = np.searchsorted(households.leaf, np.arange(self.leaves + 1)).tolist()
        self.leaf_rows = [slice(start, end) for start, end in pairwise(bounds)]
        self.households = np.asarray(config.jurisdictions.households)[config.leaves]
        self.represented = self.households / np.maximum(np.diff(bounds), 1)  # real households per sampled one
        self.households_below = self.tree @ self.households
        quintile, weight = households.quintile, households.weight
        self.income = np.bincount(quintile, households.income * weight, 5)  # EUR/yr of all households of a quintile
        self.income_each = self.income / np.maximum(np.bincount(quintile, weight, 5), 1.0)
        product = np.repeat(households.products, self.leaves)[:, None]
        self.product_of_segment = np.equal(product, np.arange(self.products)).astype(np.float64)  # (segments, P)

    def _products(self, model: Any) -> None:
        trade, products, dealers = model.product_trade, model.config.products, model.dealers
        collected = np.einsum("pms,s->pm", model.structure.route, np.asarray(model.config.streams.collected))
        self.kept = 1.0 - np.asarray(products.lost_abroad)[:, None]
        self.business_collected = self.kept * collected  # (P, M) share of what business discards
        self.lifetime = np.asarray(products.lifetime)
        self.taxed = 1.0 + trade.tax[:, None]  # (L, 1)
        demand = model.structure.first_demand()
        units = demand.sum(axis=(0, 2))[:, None] * trade.start_shares
        self.basket_weight = units / (units * trade.start_price).sum()  # × price = price index
        taxed = (demand[0] * (1.0 + trade.tax)).sum(axis=1)[:, None] * trade.start_shares
        self.household_basket = 12.0 * taxed / self.households.sum()  # × price = EUR a year
        self.traded_in = block(model.places.traded_in)
        self.used_places, self.new_places = block(dealers.used_place), block(dealers.new_place)
        self.hoarded_places = block(model.places.hoarded)
        self.in_use_places = np.concatenate([model.places.in_use.ravel(), model.business.places.ravel()])

    def _work_and_welfare(self, model: Any) -> None:
        """Quality of work by activity, worth of choice, what is hazardous, and the budget of raw materials."""
        config, work = model.config, model.config.work
        skill, accidents = np.ones(len(ACTIVITIES)), np.ones(len(ACTIVITIES))
        repair = [ACTIVITIES.index(name) for name in ("refurbisher", "service_provider")]
        skill[repair], accidents[repair] = work.skill_repair, work.accidents_repair
        skill[-1], accidents[-1] = work.skill_recycling, work.accidents_recycling
        self.work_quality = np.cbrt(skill / accidents)  # (6,), at the wage of the start
        self.choice = ChoiceWorth(model)
        self.start_surplus = self.choice.start
        self.incidence_kinds = np.stack([self.money(*POLICY), 1.0 - self.money(*NO_INCOME)])
        products, materials = config.products, config.materials
        mass = np.asarray(products.mass)
        self.component_mass = np.asarray(products.mass_share) * mass[:, None]  # (P, C) kg
        self.hazardous = np.asarray(products.hazardous) * mass  # (P,) kg
        self.rock = np.asarray(materials.rock)
        self.primary_abroad = 1.0 - np.asarray(materials.recycled_abroad)
        bought = 12.0 * model.structure.first_demand().sum(axis=(0, 2))
        start = float((bought @ model.structure.content) @ self.primary_abroad)  # kg a year
        first, last = float(config.time.start), float(config.public.primary_goal_year)
        year = first + np.arange(model.months) / 12.0
        done = np.clip((year - first) / max(last - first, 1e-9), 0.0, 1.0)
        self.primary_budget = start * (1.0 - done * (1.0 - config.public.primary_goal))  # (months,) kg a year

    def _governments(self, model: Any) -> None:
        governments, members = model.governments, model.governments.members
        own = [[i.jurisdiction == g.jurisdiction and not i.in_trust for g in members] for i in governments.instruments]
        self.public = np.array(own, dtype=np.float64).reshape(len(governments.instruments), len(members))  # (I, K)
        budget = [[g.budget(month) for g in members] for month in range(0, model.months, 12)]
        self.budget = np.repeat(np.array(budget).reshape(-1, len(members)), 12, axis=0)  # (months, K) EUR/yr
        months = np.arange(model.months)
        self.discount = (1.0 + model.config.public.discount_rate) ** (-months / 12.0)
        self.stockpiles = np.array([model.stockpile_place(i) for i in governments.traders], dtype=np.int64)
        self.purses = np.array([bloc.purse for bloc in model.blocs], dtype=np.int64)


def _numbered(source: Rows, first: int) -> Rows:
    """Sources (n,) with each −1 replaced by a number of its own, from `first` on."""
    others = np.flatnonzero(source < 0)
    numbered = source.copy()
    numbered[others] = first + np.arange(len(others))
    return numbered
