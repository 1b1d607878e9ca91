"""The sample of households at the start: who they are, what they own, and the tastes that explain it."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents import household_setup as setup
from abm.agents.household_choice import (
    ALTERNATIVES,
    CIRCULAR,
    REPAIR,
    Deciders,
    Offers,
    Tables,
    calibrate,
    nested_logit,
    sum_by_segment,
)
from abm.agents.household_flows import DRAWER, QUINTILES, Flags, Protection, Reals, Rows
from abm.agents.household_setup import NEVER
from abm.population import Column, Population, RowAgent
from abm.randomness import Streams, normal_quantile

# Households per leaf on which tastes are calibrated; more would cost time at set-up and change little.
CALIBRATION_SAMPLE = 400


class Household(RowAgent):
    """A sampled household."""


class HouseholdSample(Population):
    """All sampled households as they are at the start; `Households` adds what they do.

    Parameters
    ----------
    model
        The Mesa model, or None to use the households by themselves.
    config
        With `jurisdictions`, `leaves`, `products`, `households` (behaviour) and `time`.
    streams
        The random streams of the run.
    offers
        Offers at the start, at which tastes reproduce the shares in the config.
    number
        Sampled households; as in the config when left out.
    """

    agent_class = Household

    leaf = Column(np.int16, "Leaf of the tree of jurisdictions in which it lives", "1", "set-up")
    weight = Column(np.float64, "Real households for which it stands", "1", "set-up")
    income = Column(np.float32, "Disposable income", "EUR/yr")
    quintile = Column(np.int8, "Income quintile within the leaf, from 0", "1")
    price_sensitivity = Column(np.float32, "Median income of the leaf over own income", "1")
    attitude = Column(np.float32, "Environmental attitude, 0 to 1", "1")
    trust = Column(np.float32, "Trust in refurbished goods, 0 to 1", "1")
    convenience = Column(np.float32, "Convenience of handing in, 0 to 1", "1")
    aware = Column(np.bool_, "Whether it knows circular offers", "1")
    circular_items = Column(np.int8, "Circular items in use, those as a service included", "1", "complete")
    peers = Column(np.int16, "Neighbours who use a circular item", "1", "complete")
    neighbours = Column(np.int32, "Rows of its neighbours", "1", "set-up", width="neighbours")
    kind = Column(
        np.int8, "Alternative by which the item was acquired, 0 for none", "1", "complete", width="groups", order="F"
    )
    bought = Column(np.int16, "Month in which the item was bought", "month", "complete", width="groups", order="F")
    fails = Column(np.int16, "Month in which the item fails", "month", width="groups", order="F", default=NEVER)
    due = Column(np.int16, "Month of the next decision", "month", width="groups", order="F", default=NEVER)
    until = Column(
        np.int16, "Month from which a failed item is not replaced", "month", width="groups", order="F", default=NEVER
    )
    drawer_kind = Column(np.int8, "Kind of the item in the drawer, 0 for none", "1", "use", width="groups", order="F")
    drawer_bought = Column(
        np.int16, "Month in which the item in the drawer was bought", "month", "use", width="groups", order="F"
    )
    drawer_due = Column(
        np.int16, "Month in which the item leaves the drawer", "month", width="groups", order="F", default=NEVER
    )

    def __init__(self, model: Any, config: Any, streams: Streams, offers: Offers, number: int | None = None) -> None:
        behaviour, leaves = config.households, np.asarray(config.leaves)
        stock = np.asarray(config.products.household_stock)[:, leaves]
        self.products = (stock.sum(axis=1) > 0.0).nonzero()[0]
        self.leaf_count, self.product_count = len(leaves), len(stock)
        self.degree = 2 * max(1, round(behaviour.neighbours / 2))
        super().__init__(model, widths={"groups": len(self.products), "neighbours": self.degree})
        self.behaviour, self.streams = behaviour, streams
        self._settle(config.jurisdictions, leaves, int(number or behaviour.number))
        self._number_segments(config.products, config.leaves, stock[self.products])
        generator = streams.generator("households at the start")
        self._give_traits(config.jurisdictions, leaves, generator)
        self._endow(config, stock[self.products], offers, generator)

    def append(self, **values: Any) -> Rows:
        """Refuse newcomers: the sample of households is fixed."""
        if len(self):
            raise TypeError("the sample of households is fixed; scale the number at set-up")
        return super().append(**values)

    def liquidate(self, row: int) -> None:
        """Refuse to remove a household, whose goods would vanish."""
        raise TypeError(f"household {row} cannot be removed: it stands for real households and their goods")

    def _settle(self, jurisdictions: Any, leaves: Rows, number: int) -> None:
        """Spread the sample over the leaves, sorted by leaf."""
        households = np.asarray(jurisdictions.households, dtype=np.float64)[leaves]
        sizes = setup.sample_sizes(households, np.asarray(jurisdictions.sample_share)[leaves], number)
        self._leaf_starts = np.concatenate([[0], np.cumsum(sizes)])
        self.represented = _summable(np.where(sizes > 0, households / np.maximum(sizes, 1), 1.0))
        leaf = np.repeat(np.arange(len(leaves)), sizes)
        self.append(leaf=leaf, weight=self.represented[leaf])

    def _number_segments(self, products: Any, leaves: Rows, stock: Reals) -> None:
        """Prepare per-segment constants (R,); `units` are the real products for which one item stands.

        Where real households own more than one of a product, at saturation, an item stands for so many at once.
        """
        groups, count, number = len(self.products), self.leaf_count, len(self)
        self.segments = groups * count
        households = self.represented * np.diff(self._leaf_starts)
        saturation = np.maximum(np.asarray(products.stock_multiple)[self.products][:, leaves], 1.0)
        self.bundle = np.maximum(1.0, stock * saturation / np.maximum(households, 1e-9))  # (G, L)
        self.units = _summable((self.bundle * self.represented).reshape(-1))
        self.products_per_item = self._by_product(self.units)  # real products for which a sampled one stands (P, L)
        self._group = np.repeat(np.arange(groups), count)
        self._leaf = np.tile(np.arange(count), groups)
        self._segment_numbers = np.arange(self.segments)
        self._origin = self._group * number  # place of the first household in a flat item column
        starts = self._origin.reshape(groups, count) + self._leaf_starts[:-1]
        self._bounds = np.append(starts.reshape(-1), groups * number)
        self._product = self.products[self._group]
        self._cell = self._product * count + self._leaf  # place in a flat table by product and leaf
        shape = np.asarray(products.lifetime_shape, dtype=np.float64)
        life = 12.0 * np.asarray(products.lifetime)
        self._life = life[self._product]
        self._life_scale = setup.weibull_scale(life, shape)[self._product]
        self._upgrade_scale = setup.weibull_scale(12.0 * np.asarray(products.upgrade), shape)[self._product]
        self._inverse_shape = (1.0 / shape)[self._product]
        self._shape = shape[self._product]
        self._repairable = np.asarray(products.repairable)[self._product]
        self._drawer_time = 12.0 * np.asarray(products.drawer_time)[self._product]
        self._fate_share = self._fates_at_start(products)

    def _fates_at_start(self, products: Any) -> Reals:
        """Shares (4, R) of drawer, return, sale and bin among replaced products."""
        kept = np.stack([np.asarray(products.drawer), np.asarray(products.returned), np.asarray(products.sold_on)])
        kept = kept / np.maximum(kept.sum(axis=0), 1.0)
        return np.concatenate([kept, 1.0 - kept.sum(axis=0, keepdims=True)]).clip(0.0)[:, self._product]

    def _give_traits(self, jurisdictions: Any, leaves: Rows, generator: np.random.Generator) -> None:
        terms = self.behaviour
        inhabited = np.diff(self._leaf_starts) > 0
        income = np.asarray(jurisdictions.income, dtype=np.float64)[leaves]
        if (income[inhabited] <= 0.0).any():
            raise ValueError(f"households live in leaves without income: {(inhabited & (income <= 0.0)).nonzero()[0]}")
        self._median_income = np.where(inhabited, income, 1.0) / 12.0  # a month
        spread = np.asarray(jurisdictions.income_spread, dtype=np.float64)[leaves]
        for leaf, rows in self._households_by_leaf():
            count = rows.stop - rows.start
            rank = setup.quantiles(generator, count)
            relative = np.exp(spread[leaf] * normal_quantile(rank))
            self.income[rows] = 12.0 * self._median_income[leaf] * relative
            self.price_sensitivity[rows] = 1.0 / relative
            self.quintile[rows] = np.floor(QUINTILES * rank)
            self.attitude[rows] = setup.trait(generator, count, terms.attitude_mean, terms.attitude_spread)
            self.trust[rows] = setup.trait(generator, count, terms.trust_mean, terms.trust_spread)
            self.convenience[rows] = setup.trait(generator, count, terms.convenience_mean, terms.convenience_spread)
            self.aware[rows] = setup.quantiles(generator, count) < terms.aware_share
            near = setup.small_world(generator, count, self.degree, terms.rewiring)
            self.neighbours[rows] = near + rows.start

    def _households_by_leaf(self) -> list[tuple[int, slice]]:
        """Return the inhabited leaves with their rows."""
        pairs = zip(self._leaf_starts[:-1].tolist(), self._leaf_starts[1:].tolist(), strict=True)
        return [(leaf, slice(start, stop)) for leaf, (start, stop) in enumerate(pairs) if stop > start]

    def _endow(self, config: Any, stock: Reals, offers: Offers, generator: np.random.Generator) -> None:
        """Give households their items, with tastes that reproduce the shares at the start.

        Ages depend on how often failures are repaired, which depends on tastes; these are set once before anybody
        owns anything, and once more when it is known who has neighbours with circular items.
        """
        purchase_shares = self._shares_at_start(config.products)
        self.taste = self._calibrated(offers, purchase_shares)
        habits = self._habits(config.products, offers)
        lives = setup.simulate_lives(habits, len(self), generator)
        stock_shares = self._stock_shares(purchase_shares, lives.weight)
        for leaf, rows in self._households_by_leaf():
            self._endow_leaf(config, stock[:, leaf], leaf, rows, lives, stock_shares, generator)
        self._shrinks = bool((self.until != NEVER).any())
        circular = self.kind >= CIRCULAR
        self.circular_items[:] = circular.sum(axis=1)
        self.peers[:] = (self.circular_items > 0)[self.neighbours].sum(axis=1)
        self._norm_at_start = float(self.peers.mean()) / self.degree
        self.taste = self._calibrated(offers, purchase_shares)
        self._tables_known: Tables | None = None
        self.protection: Protection | None = None  # what law does for owners, if anything
        self.collection: Reals | None = None  # share closed of the gap to handing in without effort (L,), if any is
        self.spending: Reals | None = None  # income over usual income (L,), if it is not as usual
        self.patience: Reals | None = None  # share of wishes for newer goods put off (L,), if any are
        self._count_items()

    def _count_items(self) -> None:
        """Count the items in use (P, L, 6) by kind, and in drawers (P, L); from here on the counts follow the flows."""
        cell, shape = self._cell[self._segment_of_places()], self.products_per_item.shape
        counts = np.bincount(cell * ALTERNATIVES + in_line(self.kind), minlength=shape[0] * shape[1] * ALTERNATIVES)
        self._items_in_use = counts.reshape(*shape, ALTERNATIVES)
        self._items_in_use[..., 0] = 0  # those who own none
        hoarded = np.bincount(cell[in_line(self.drawer_kind) > 0], minlength=shape[0] * shape[1])
        self._items_hoarded = hoarded.reshape(shape)

    def _endow_leaf(
        self,
        config: Any,
        stock: Reals,
        leaf: int,
        rows: slice,
        lives: setup.Lives,
        shares: Reals,
        generator: np.random.Generator,
    ) -> None:
        """Give the households of one leaf their items."""
        products, kinds = config.products, len(setup.KINDS)
        count = rows.stop - rows.start
        rank = (np.argsort(np.argsort(self.income[rows], kind="stable")) + 0.5) / count
        for group, product in enumerate(self.products.tolist()):
            market = setup.Market(
                owned=float(stock[group] / (self.represented[leaf] * count * self.bundle[group, leaf])),
                saturation=float(products.stock_multiple[product, config.leaves[leaf]]),
                midpoint=float(products.stock_midpoint[product]),
                speed=float(products.stock_speed[product]),
                kinds=shares[:, group],
                drawer=float(self._fate_share[DRAWER, group * self.leaf_count]),
                drawer_time=12.0 * float(products.drawer_time[product]),
                growth=float(np.log1p(products.past_growth[product])) / 12.0,
            )
            order = setup.adoption_order(generator, self.attitude[rows].astype(np.float64), rank)
            combinations = slice(group * kinds, (group + 1) * kinds)
            items = setup.endow(
                market,
                order,
                self.aware[rows],
                lives.spells[combinations],
                lives.ends[combinations],
                12.0 * self.behaviour.wait_time,
                config.time.start,
                generator,
            )
            for name in ("kind", "bought", "fails", "due", "until", "drawer_kind", "drawer_bought", "drawer_due"):
                getattr(self, name)[rows, group] = getattr(items, name)

    def _shares_at_start(self, products: Any) -> Reals:
        """Shares (4, G) of used, linear, circular and service in purchases."""
        used, circular, service = (
            np.asarray(getattr(products, name), dtype=np.float64)[self.products]
            for name in ("used_share", "circular_share", "service_share")
        )
        total = np.maximum(circular + service, 1.0)
        circular, service = circular / total, service / total
        return np.stack([used, (1 - used) * (1 - circular - service), (1 - used) * circular, (1 - used) * service])

    def _stock_shares(self, purchases: Reals, residence: Reals) -> Reals:
        """Shares (4, G) of kinds in the stock: those in purchases times how long each stays, residence (4 G,)."""
        stock = purchases * residence.reshape(len(self.products), len(setup.KINDS)).T
        return np.asarray(stock / stock.sum(axis=0))

    def _habits(self, products: Any, offers: Offers) -> setup.Habits:
        """Return what governs the lives of items at the offers of the start, by group and kind."""
        kinds = len(setup.KINDS)
        mean_life = offers.life.mean(axis=1)[self.products]  # (G, A)
        life = 12.0 * np.asarray(products.lifetime)[self.products]
        repairs = self._repair_chance * np.asarray(products.repairable)[self.products]

        def by_kind(values: Reals) -> Reals:
            return np.repeat(values, kinds)

        return setup.Habits(
            life=(life[:, None] * mean_life[:, list(setup.KINDS)]).reshape(-1),
            shape=by_kind(np.asarray(products.lifetime_shape, dtype=np.float64)[self.products]),
            upgrade=by_kind(12.0 * np.asarray(products.upgrade)[self.products]),
            repaired_life=by_kind(life * mean_life[:, REPAIR]),
            repairs=by_kind(repairs),
            wait=12.0 * self.behaviour.wait_time,
            growth=by_kind(np.log1p(np.asarray(products.past_growth)[self.products]) / 12.0),
        )

    def _calibrated(self, offers: Offers, shares: Reals) -> Reals:
        """Return tastes (A, R), calibrated on evenly spaced households of each leaf.

        Remembers the chance (G,) that owners repair what can be repaired.
        """
        rows = [
            np.unique(np.linspace(part.start, part.stop - 1, CALIBRATION_SAMPLE).astype(np.int64))
            for _, part in self._households_by_leaf()
        ]
        sizes = np.zeros(self.leaf_count, dtype=np.int64)
        sizes[[leaf for leaf, _ in self._households_by_leaf()]] = [len(part) for part in rows]
        counts = np.tile(sizes, len(self.products))
        household = np.tile(np.concatenate(rows), len(self.products))
        none, every = np.zeros(len(household), dtype=bool), np.ones(len(household), dtype=bool)
        who = self._deciders(household, none, none)
        everything = replace(offers, available=np.ones_like(offers.available))
        zero = np.zeros((ALTERNATIVES, self.segments))
        tables = Tables(everything, self.products, self._median_income, zero, self.behaviour)
        taste = calibrate(tables, counts, who, np.repeat(shares, self.leaf_count, axis=1))
        tables = Tables(everything, self.products, self._median_income, taste, self.behaviour)
        failing = replace(who, failed=every, repairable=every)
        chance = nested_logit(
            tables.utilities(counts, failing), tables.open_to(counts, failing), self.behaviour.nest_scale
        )
        weight = np.tile(self.represented * np.diff(self._leaf_starts), len(self.products))
        repairs = sum_by_segment(chance[REPAIR], counts) / np.maximum(counts, 1) * weight
        by_group = (len(self.products), self.leaf_count)
        self._repair_chance = repairs.reshape(by_group).sum(axis=1) / weight.reshape(by_group).sum(axis=1)
        return taste

    def _deciders(self, household: Rows, failed: Flags, repairable: Flags) -> Deciders:
        return Deciders(
            sensitivity=self.price_sensitivity[household],
            attitude=self.attitude[household],
            trust=self.trust[household],
            peers=self.peers[household] * np.float32(1.0 / self.degree),
            aware=self.aware[household],
            failed=failed,
            repairable=repairable,
        )

    def _segment_of_places(self) -> Rows:
        """Segment of each place in a flat item column (G N,)."""
        return np.repeat(np.arange(self.segments), np.diff(self._bounds))

    def _by_product(self, values: NDArray[Any]) -> Reals:
        """Arrange values by segment (R, …) as (P, L, …), zero for products that households do not own."""
        result = np.zeros((self.product_count, self.leaf_count, *values.shape[1:]))
        result[self.products] = values.reshape(len(self.products), self.leaf_count, *values.shape[1:])
        return result

    def _by_segment(self, values: NDArray[Any]) -> NDArray[Any]:
        """Arrange values (P, L, …) by segment (R, …)."""
        return values.take(self.products, axis=0).reshape(self.segments, *values.shape[2:])


def in_line(column: NDArray[Any]) -> NDArray[Any]:
    """Return an item column (N, G) as one line, group after group; writing to it writes to the column."""
    return column.T.reshape(-1)


def _summable(weights: Reals) -> Reals:
    """Round weights to seven digits, so that sums of up to a hundred million of them are exact in any order."""
    return weights.astype(np.float32).astype(np.float64)
