"""Markets of materials by stage, inside and outside the state-backed blocs.

With free trade the outside price is the inside price plus freight and export tax. A binding quota
splits the market: a rent goes to those who hold licences and part leaks out by smuggling. A bloc that
floods sells outside under its rivals' cash cost, at the state's expense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.books import block
from abm.markets.clearing import (
    crossing,
    interpolated,
    located,
    log_price_grid,
    on_grid,
    shifted,
    tier_response,
    wanted_stock,
)

Array = NDArray[np.float64]

EXTRACTION, REFINING = 0, 1
OUTSIDE = 0
CHARGE_EXPONENT = 1.5  # rise of the treatment charge with the cover of concentrate
LINKED = 0.05  # net trade in concentrate over what is processed, from which one price rules on both sides
LEAST_CONCENTRATE = 0.2  # least share of the refined price that concentrate fetches


@dataclass
class Trade:
    """What a bloc lets out this month and at what price (M,)."""

    limit: Array  # kg that may leave; inf without a quota
    tax: Array  # export tax, share of the inside price
    dump_price: Array | None  # EUR/kg at which it sells outside, 0 where it does not dump; None where it dumps nothing
    dump_limit: Array | None  # kg that it can dump


@dataclass
class Cleared:
    """Outcome of one stage: price (sides, M) EUR/kg, use and home purchases (…) kg, exports (B, M) kg."""

    price: Array
    use: Array
    home: Array
    exports: Array
    rent: Array  # EUR per kg exported beyond freight, negative when the state pays (B, M)
    home_asked: Array | None = None  # by home buyers at that price (M,), kg, had there been enough
    for_stock: Array | None = None  # bought by each stockpile (N, M), kg; None without bids
    drawn: Array | None = None  # of that, what blocs export for it (B, M), kg


class MaterialsMarkets:
    """Prices and merchants of every material, stage and side.

    Attributes
    ----------
    price
        (2 stages, sides, M) EUR/kg; side 0 is the world outside the blocs.
    reference
        (2, M) EUR/kg, the long-run cost of each stage, to which log prices refer.
    """

    def __init__(self, config: Any, books: Any, sides: int, base_use: Array, processing: Array | None = None) -> None:
        self.config, self.books, self.sides = config, books, sides
        materials, merchants = config.materials, config.merchants
        self.merchants = merchants
        self.count = len(materials)
        self.grid = log_price_grid()
        long_run = np.asarray(materials.long_run_cost)
        self.reference = np.stack([long_run * (1.0 - materials.refining_share), long_run])
        self._refining_cost = self.reference[REFINING] - self.reference[EXTRACTION]
        start = np.log(np.asarray(materials.price) / long_run)
        self.log_price = np.broadcast_to(start, (2, sides, self.count)).copy()
        self.log_price[REFINING, 1:] -= np.log1p(materials.freight)
        self.rents = np.zeros((2, sides - 1))  # earned by licence holders this month, EUR
        self._price: Array | None = None  # worked out when asked for, until log prices change
        self.anchor = self.log_price.copy()
        self.trend = np.zeros_like(self.log_price)
        self.news = np.zeros(self.count)  # this month's news to expected log prices
        self.withheld = np.zeros((sides, self.count))  # share of supply that blocs keep back now
        self.missing: Array | None = None  # share of the world's supply that outages cost now (M,)
        self.alarm = np.zeros((sides, self.count))  # what is kept back as remembered by those who hold stocks
        # How far blocs buy concentrate outside, or sell it there without limit (B, M), 0 to 1.
        self.buys_concentrate, self.sells_concentrate = np.zeros((2, sides - 1, self.count))
        self.treatment = np.ones((sides, self.count))  # treatment charge over its long-run level
        # Concentrate processed and refined material used, (2, sides, M) kg/month, smoothed.
        self.throughput = np.stack([base_use if processing is None else processing, base_use])
        self.adaptation = np.zeros((sides, self.count))
        # Concentrate moves both ways at much the same price; freight on refined material sets the wedge.
        self.freight = np.stack([np.zeros(self.count), np.asarray(materials.freight)])
        self._log_freight = np.log1p(self.freight)
        self.with_freight = 1.0 + self.freight
        self.response = self._tiers(config)
        self.home_response = self._home_tiers(config)
        self.usual_cover = np.asarray(materials.merchant_cover)
        self._with_cover = 1.0 + self.usual_cover
        self.limit_cover = np.maximum(np.asarray(materials.merchant_limit), self.usual_cover)
        self.trend_following = np.asarray(materials.trend_following)
        self.places = np.stack(
            [
                books.place(*[f"merchants' concentrate {self._side(s)}" for s in range(sides)]),
                books.place(*[f"merchants' refined stock {self._side(s)}" for s in range(sides)]),
            ]
        )
        self.blocks = [block(places) for places in self.places]
        self.accounts = books.account(*[f"merchants {self._side(s)}" for s in range(sides)])
        for stage in (EXTRACTION, REFINING):
            books.endow(self.places[stage], self.usual_cover * self.throughput[stage])
        self._highest = np.log(config.markets.choke_essential)
        self.finance(0.0)
        self._carried_on = self.trend_following * merchants.trend_time
        self._fading = 1.0 - 1.0 / config.firms.risk_memory

    def _side(self, side: int) -> str:
        return "outside" if side == OUTSIDE else f"inside bloc {side}"

    def _tiers(self, config: Any) -> Array:
        materials, rules = config.materials, config.markets
        middle = 1.0 - materials.essential_share - materials.marginal_share
        shares = np.stack([materials.marginal_share, middle, materials.essential_share], axis=1)
        chokes = np.array([rules.choke_marginal, rules.choke_middle, rules.choke_essential])
        return tier_response(self.grid, shares, chokes, np.asarray(materials.elasticity_short))

    def _home_tiers(self, config: Any) -> Array:
        """Home makers give up only when the output lost is worth less than the material."""
        rules = config.markets
        shares = np.full((self.count, 2), 0.5)
        chokes = np.array([rules.choke_middle, rules.choke_essential])
        return tier_response(self.grid, shares, chokes, np.zeros(self.count))

    @cached_property
    def essential_response(self) -> Array:
        """Share of essential use at each price (M, G): all of it up to the highest choke price."""
        shares, choke = np.ones((self.count, 1)), np.array([self.config.markets.choke_essential])
        return tier_response(self.grid, shares, choke, np.zeros(self.count))

    @property
    def price(self) -> Array:
        """Prices (2, sides, M), EUR/kg."""
        if self._price is None:
            self._price = self.reference[:, None, :] * np.exp(self.log_price)
        return self._price

    def hear_of(self, withheld: Array) -> None:
        """Take in the share of supply that blocs keep back (sides, M); alarm fades slowly afterwards."""
        self.withheld = withheld
        self.alarm = np.maximum(self.alarm * self._fading, withheld)

    def finance(self, rise: float) -> None:
        """Let the cost of holding stock include a rise of the interest rate, per year."""
        yearly = self.merchants.carry + self.config.credit.interest + rise
        self._carry = yearly / 12.0 * self.merchants.trend_time

    def stock(self, stage: int) -> Array:
        """Merchants' stocks (sides, M), kg."""
        return self.books.stock[self.blocks[stage]].copy()

    def expected(self, stage: int) -> Array:
        """Log price that merchants expect over the coming months (sides, M).

        They know roughly what production costs, remember what prices used to be, let a share of the
        recent trend go on, and expect the rest of the distance to the usual price to be made good.
        """
        merchants = self.merchants
        now = self.log_price[stage]
        usual = (1.0 - merchants.cost_weight) * self.anchor[stage]  # the long-run cost is zero on the log scale
        usual += merchants.foresight * self.withheld
        if self.missing is not None:
            usual += merchants.foresight * self.missing
        lasting = merchants.persistence * (now - usual)
        expected = usual + lasting + self._carried_on * self.trend[stage] + (self.news - self._carry)
        # Nobody expects a price at which the last users have given up.
        return np.minimum(expected, self._highest)

    def clear_concentrate(self, planned: Array, trade: list[Trade]) -> Cleared:
        """Share concentrate out over sides and set its price by the treatment charge.

        As in practice the price of concentrate is the refined price less a charge for treatment, which is
        low when concentrate is scarce against refining capacity and high when it is plentiful (annual
        benchmark treatment charges; Teck and Humphreys 2019 describe the convention for copper). Free
        trade evens out cover between sides; quotas keep it apart.

        `planned` (sides, M) is what refineries would process, kg.
        """
        available = self.stock(EXTRACTION)
        wanted = planned * self._with_cover
        exports = self._concentrate_exports(available, wanted, trade)
        within = self._after_trade(available, exports)
        use = np.minimum(planned, 0.9 * within)
        self._link(exports, planned, trade)
        price = self._charge_for_treatment(within, planned, wanted)
        self.throughput[EXTRACTION] += (use - self.throughput[EXTRACTION]) / 24.0
        rent = np.where(exports > 0.0, price[OUTSIDE] - price[1:], 0.0)
        return Cleared(price, use, np.zeros(self.count), exports, rent)

    def _concentrate_exports(self, available: Array, wanted: Array, trade: list[Trade]) -> Array:
        """Net exports of blocs (B, M) that even out cover between sides, within quotas, kg."""
        total = np.add.reduce(wanted)
        none = total <= 0.0
        share = np.where(none, 1.0 / self.sides, wanted / np.where(none, 1.0, total))
        surplus = available - np.add.reduce(available) * share
        most_in = available[OUTSIDE] * (0.9 / max(self.sides - 1, 1))
        exports = np.empty((self.sides - 1, self.count))
        for bloc, rules in enumerate(trade):
            flow = np.minimum(surplus[1 + bloc], rules.limit)
            exports[bloc] = np.minimum(np.maximum(flow, -most_in), 0.9 * available[1 + bloc])
        return exports

    @staticmethod
    def _after_trade(available: Array, exports: Array) -> Array:
        """Stocks (sides, M) when net exports (B, M) have left the blocs, kg."""
        within = available.copy()
        within[OUTSIDE] += np.add.reduce(exports)
        within[1:] -= exports
        return within

    def concentrate_at_par(self) -> Array:
        """Price of concentrate (sides, M), EUR/kg, at the present refined prices and charge for treatment.

        Where a bloc buys concentrate outside, mines there get what its refineries can pay, and where it sells freely,
        its own mines what those outside can pay: the price is that of the marginal buyer.
        """
        refined = self.price[REFINING]
        price = np.maximum(refined - self.treatment * self._refining_cost, LEAST_CONCENTRATE * refined)
        outside = price[OUTSIDE].copy()
        for bloc in range(self.sides - 1):
            inside = price[1 + bloc].copy()
            price[OUTSIDE] += self.buys_concentrate[bloc] * (inside - price[OUTSIDE])
            price[1 + bloc] += self.sells_concentrate[bloc] * (outside - inside)
        return price

    def _link(self, exports: Array, planned: Array, trade: list[Trade]) -> None:
        """Note how far each bloc is a buyer or a free seller of concentrate (B, M), from 0 to 1."""
        flow = exports / np.maximum(LINKED * np.add.reduce(planned), 1e-12)
        free = self.withheld[1:] <= 0.0  # who keeps refined material back does not let out what it is made of
        for bloc, rules in enumerate(trade):
            free[bloc] &= np.isinf(rules.limit)
        self.buys_concentrate = np.minimum(np.maximum(-flow, 0.0), 1.0)
        self.sells_concentrate = np.minimum(np.maximum(flow, 0.0), 1.0) * free

    def _charge_for_treatment(self, within: Array, planned: Array, wanted: Array) -> Array:
        """Move the treatment charge towards what the cover of concentrate warrants; returns the price (sides, M)."""
        cover = np.where(planned > 0.0, within / np.where(wanted > 0.0, wanted, 1.0), 1.0)
        charge = np.minimum(np.maximum(cover, 0.1), 4.0) ** CHARGE_EXPONENT
        self.treatment += (charge - self.treatment) / 3.0
        price = self.concentrate_at_par()
        self.log_price[EXTRACTION] = np.log(price / self.reference[EXTRACTION])
        self._price = None
        return price

    def bids(self, quantity: Array, limit: Array) -> Array:
        """What stockpiles ask at each price of the grid (N, M, G), kg: `quantity` (N, M), and nothing above a limit.

        `limit` (N, M) is in EUR/kg. As markets read curves along straight lines between points of the grid, a bid
        is whole up to the last point but one below its limit and gone at the last, so that none reaches beyond.
        """
        highest = np.log(limit / self.reference[REFINING])
        return np.asarray(quantity[:, :, None] * (self.grid + (self.grid[1] - self.grid[0]) <= highest[:, :, None]))

    def clear(
        self,
        stage: int,
        opening: Array,
        demand: Array,
        home: Array,
        trade: list[Trade],
        bids: Array | None = None,
    ) -> Cleared:
        """Find the prices of one stage.

        Parameters
        ----------
        opening
            Merchants' stock before this month's supply came in (sides, M), kg; `stock` holds it now.
        demand
            Use outside the home makers at each price of the grid (sides, M, G), kg.
        home
            What home makers ask outside the blocs (M,), kg.
        trade
            Rules of export per bloc.
        bids
            What each stockpile asks outside the blocs at each price of the grid (N, M, G), kg, if any does.
        """
        available = self.stock(stage)
        excess = self._excess(stage, opening, available, demand, home)
        if bids is not None:
            excess[OUTSIDE] += np.add.reduce(bids)
        log_price, exports = self._prices(stage, excess, available, trade)
        change = log_price - self.log_price[stage]
        self.log_price[stage] = log_price
        self._price = None
        self._learn(stage, change)
        return self._quantities(stage, log_price, available, demand, home, exports, bids)

    def _excess(self, stage: int, opening: Array, available: Array, demand: Array, home: Array) -> Array:
        merchants = self.merchants
        # Merchants close a part of the gap between the stock that they held and the one that they want.
        pace = 1.0 / max(1.0, merchants.rebuild_time)
        more, output = merchants.precaution * self.alarm, pace * self.throughput[stage]
        usual = ((self.usual_cover + more) * output).ravel()
        limit = ((self.limit_cover + more) * output).ravel()
        excess = wanted_stock(
            self.grid, self.expected(stage).ravel(), usual, merchants.response, merchants.convenience * usual, limit
        )
        excess += ((1.0 - pace) * opening - available).reshape(-1, 1)
        excess += demand.reshape(excess.shape)
        excess = excess.reshape(self.sides, self.count, -1)
        excess[OUTSIDE] += home[:, None] * self.home_response
        return excess

    def _prices(self, stage: int, excess: Array, available: Array, trade: list[Trade]) -> tuple[Array, Array]:
        """Log prices (sides, M) and net exports (B, M) of the blocs under their rules of export."""
        blocs = self.sides - 1
        exports = np.zeros((blocs, self.count))
        fixed = np.zeros((blocs, self.count), dtype=bool)
        gap = [self._log_freight[stage] + np.log1p(rules.tax) for rules in trade]
        seen_outside = [shifted(self.grid, excess[1 + bloc], -gap[bloc]) for bloc in range(blocs)]
        for attempt in range(blocs + 1):
            log_price = self._pooled(excess, seen_outside, gap, exports, fixed if attempt else None)
            changed = False
            for bloc in range(blocs):
                flow = -on_grid(self.grid, excess[1 + bloc], log_price[1 + bloc])
                bound = self._bound(stage, excess, available, log_price, bloc, flow, trade[bloc])
                newly = (np.abs(bound - flow) > 1e-12 * (np.abs(flow) + 1.0)) & ~fixed[bloc]
                exports[bloc] = np.where(fixed[bloc], exports[bloc], bound)
                if np.count_nonzero(newly):
                    fixed[bloc] |= newly
                    changed = True
            if not changed:
                break
        return log_price, exports

    def _pooled(
        self,
        excess: Array,
        seen_outside: list[Array],
        gap: list[Array],
        exports: Array,
        fixed: NDArray[np.bool_] | None,
    ) -> Array:
        """Prices when blocs with `fixed` exports (B, M) stand apart and the others share one market; None if all do.

        `seen_outside` (B × (M, G)) is the excess demand of each bloc at prices outside, `gap` apart from its own.
        """
        log_price = np.empty((self.sides, self.count))
        pool = excess[OUTSIDE].copy()
        for bloc, curve in enumerate(seen_outside):
            pool += curve if fixed is None else np.where(fixed[bloc][:, None], -exports[bloc][:, None], curve)
        log_price[OUTSIDE] = crossing(self.grid, pool)
        for bloc in range(self.sides - 1):
            log_price[1 + bloc] = log_price[OUTSIDE] - gap[bloc]
            if fixed is not None:
                apart = crossing(self.grid, excess[1 + bloc] + exports[bloc][:, None])
                log_price[1 + bloc] = np.where(fixed[bloc], apart, log_price[1 + bloc])
        return log_price

    def _bound(
        self, stage: int, excess: Array, available: Array, log_price: Array, bloc: int, flow: Array, trade: Trade
    ) -> Array:
        """Net exports after quota and dumping (M,), never more than either side holds, kg."""
        allowed = np.minimum(flow, trade.limit)
        if trade.dump_price is not None and trade.dump_limit is not None:
            dumps = trade.dump_price > 0.0
            target = np.log(np.where(dumps, trade.dump_price, 1.0) / self.reference[stage])
            absorbed = on_grid(self.grid, excess[OUTSIDE], np.where(dumps, target, log_price[OUTSIDE]))
            undercuts = dumps & (target < log_price[OUTSIDE])
            dumped = np.minimum(np.maximum(absorbed, 0.0), trade.dump_limit)
            allowed = np.where(undercuts, np.maximum(dumped, allowed), allowed)  # never less than in free trade
        most_in = available[OUTSIDE] * (0.95 / (self.sides - 1))
        return np.minimum(np.maximum(allowed, -most_in), 0.95 * available[1 + bloc])

    def _learn(self, stage: int, change: Array) -> None:
        merchants = self.merchants
        self.trend[stage] += (change - self.trend[stage]) / max(1.0, merchants.trend_time)
        self.anchor[stage] += (self.log_price[stage] - self.anchor[stage]) / max(1.0, merchants.anchor_time)

    def _quantities(
        self,
        stage: int,
        log_price: Array,
        available: Array,
        demand: Array,
        home: Array,
        exports: Array,
        bids: Array | None,
    ) -> Cleared:
        cell, part = located(self.grid, log_price.reshape(-1))
        use = interpolated(demand.reshape(len(cell), -1), cell, part).reshape(self.sides, self.count)
        bought = home * interpolated(self.home_response, cell[: self.count], part[: self.count])
        within = self._after_trade(available, exports)
        asked = use.copy()
        asked[OUTSIDE] += bought
        whole, for_stock, drawn = asked, None, None
        if bids is not None:
            for_stock = np.array([on_grid(self.grid, bid, log_price[OUTSIDE]) for bid in bids])
            whole = asked.copy()
            whole[OUTSIDE] += np.add.reduce(for_stock)
        served = np.minimum(within * (1.0 - 1e-12) / np.where(whole > 0.0, whole, 1.0) + (whole <= 0.0), 1.0)
        if for_stock is not None:
            for_stock *= served[OUTSIDE]
            drawn = self._drawn(np.add.reduce(for_stock), available, exports)
        # What goes into a stockpile is not used: merchants do not count on selling it again.
        self.throughput[stage] += (asked * served - self.throughput[stage]) / 24.0
        price = self.reference[stage] * np.exp(log_price)
        inside_cost = price[1:] * self.with_freight[stage]
        home_served = bought * served[OUTSIDE]
        return Cleared(
            price, use * served, home_served, exports, price[OUTSIDE] - inside_cost, bought, for_stock, drawn
        )

    @staticmethod
    def _drawn(bought: Array, available: Array, exports: Array) -> Array:
        """What blocs export of what stockpiles bought (B, M), kg.

        Output does not answer within the month: merchants, who answer alike to one price, give it up by what they hold.
        """
        held = np.add.reduce(available)
        share = available[1:] / np.where(held > 0.0, held, 1.0)
        return np.asarray(np.minimum(bought * share, np.maximum(exports, 0.0)))

    def settle_trade(
        self, stage: int, cleared: Cleared, purse: Sequence[int], licence: Sequence[int], abroad: int
    ) -> list[float]:
        """Move and pay exports between sides; returns what each state paid or took in (B,), EUR."""
        state = [0.0] * (self.sides - 1)
        books, places, accounts = self.books, self.places[stage].tolist(), self.accounts.tolist()
        for bloc in range(self.sides - 1):
            flow, side = cleared.exports[bloc], 1 + bloc
            out, back = np.maximum(flow, 0.0), np.maximum(-flow, 0.0)
            inside, outside = accounts[side], accounts[OUTSIDE]
            value, rent = cleared.price[side] * out, cleared.rent[bloc]
            books.move("trade", places[side], places[OUTSIDE], out)
            books.pay("material_sales", outside, inside, np.add.reduce(value))
            if stage == REFINING:  # concentrate costs no freight
                books.pay("freight", outside, abroad, value @ self.freight[stage])
            if np.count_nonzero(back):
                books.move("trade", places[OUTSIDE], places[side], back)
                books.pay("material_sales", inside, outside, cleared.price[OUTSIDE] @ back)
            earned, state[bloc] = float(out @ np.maximum(rent, 0.0)), float(out @ np.maximum(-rent, 0.0))
            self.rents[stage, bloc] = earned
            if earned:
                books.pay("rents", outside, licence[bloc], earned)
            if state[bloc]:
                books.pay("state_support", purse[bloc], outside, state[bloc])
        return state
