"""Markets of materials by stage, inside and outside the state-backed blocs.

With free trade the outside price is the inside price plus freight and export tax. A binding quota
splits the market: a rent goes to those who hold licences and part leaks out by smuggling. A bloc that
floods sells outside under its rivals' cash cost, at the state's expense.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.markets.clearing import crossing, log_price_grid, on_grid, tier_response, wanted_stock

Array = NDArray[np.float64]

EXTRACTION, REFINING = 0, 1
OUTSIDE = 0
CHARGE_EXPONENT = 1.5  # rise of the treatment charge with the cover of concentrate
LEAST_CONCENTRATE = 0.2  # least share of the refined price that concentrate fetches


@dataclass
class Trade:
    """What a bloc lets out this month and at what price (M,)."""

    limit: Array  # kg that may leave; inf without a quota
    tax: Array  # export tax, share of the inside price
    dump_price: Array  # EUR/kg at which it sells outside; 0 where it does not dump
    dump_limit: Array  # kg that it can dump


@dataclass
class Cleared:
    """Outcome of one stage: price (sides, M) EUR/kg, use and home purchases (…) kg, exports (B, M) kg."""

    price: Array
    use: Array
    home: Array
    exports: Array
    rationed: Array  # share of demand at the price that could not be served (sides, M)
    rent: Array  # EUR per kg exported beyond freight, negative when the state pays (B, M)


class MaterialsMarkets:
    """Prices and merchants of every material, stage and side.

    Attributes
    ----------
    price
        (2 stages, sides, M) EUR/kg; side 0 is the world outside the blocs.
    reference
        (2, M) EUR/kg, the long-run cost of each stage, to which log prices refer.
    """

    def __init__(self, config: Any, books: Any, sides: int, base_use: Array) -> None:
        self.config, self.books, self.sides = config, books, sides
        materials, merchants = config.materials, config.merchants
        self.count = len(materials)
        self.grid = log_price_grid()
        long_run = np.asarray(materials.long_run_cost)
        self.reference = np.stack([long_run * (1.0 - materials.refining_share), long_run])
        start = np.log(np.asarray(materials.price) / long_run)
        self.log_price = np.broadcast_to(start, (2, sides, self.count)).copy()
        self.log_price[REFINING, 1:] -= np.log1p(materials.freight)
        self.rents = np.zeros((2, sides - 1))  # earned by licence holders this month, EUR
        self._price: Array | None = None  # worked out when asked for, until log prices change
        self.anchor = self.log_price.copy()
        self.trend = np.zeros_like(self.log_price)
        self.news = np.zeros(self.count)  # this month's news to expected log prices
        self.withheld = np.zeros((sides, self.count))  # share of supply that blocs keep back now
        self.alarm = np.zeros((sides, self.count))  # the same as remembered by those who hold stocks
        self.treatment = np.ones((sides, self.count))  # treatment charge over its long-run level
        self.throughput = np.stack([base_use, base_use])  # (2, sides, M) kg/month, smoothed
        self.adaptation = np.zeros((sides, self.count))
        # Concentrate moves both ways at much the same price; freight on refined material sets the wedge.
        self.freight = np.stack([np.zeros(self.count), np.asarray(materials.freight)])
        self.response = self._tiers(config)
        self.home_response = self._home_tiers(config)
        self.usual_cover = np.asarray(materials.merchant_cover)
        self.limit_cover = np.maximum(np.asarray(materials.merchant_limit), self.usual_cover)
        self.trend_following = np.asarray(materials.trend_following)
        self.places = np.stack(
            [
                books.place(*[f"merchants' concentrate {self._side(s)}" for s in range(sides)]),
                books.place(*[f"merchants' refined stock {self._side(s)}" for s in range(sides)]),
            ]
        )
        self.accounts = books.account(*[f"merchants {self._side(s)}" for s in range(sides)])
        for stage in (EXTRACTION, REFINING):
            books.endow(self.places[stage], self.usual_cover * base_use)
        self._highest = np.log(config.markets.choke_essential)
        self._carry = (merchants.carry + config.credit.interest) / 12.0

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

    @property
    def price(self) -> Array:
        """Prices (2, sides, M), EUR/kg."""
        if self._price is None:
            self._price = self.reference[:, None, :] * np.exp(self.log_price)
        return self._price

    def hear_of(self, withheld: Array) -> None:
        """Take in the share of supply that blocs keep back (sides, M); alarm fades slowly afterwards."""
        self.withheld = withheld
        fading = 1.0 - 1.0 / self.config.firms.risk_memory
        self.alarm = np.maximum(self.alarm * fading, withheld)

    def stock(self, stage: int) -> Array:
        """Merchants' stocks (sides, M), kg."""
        return self.books.stock[self.places[stage]]

    def expected(self, stage: int) -> Array:
        """Log price that merchants expect over the coming months (sides, M).

        They know roughly what production costs, remember what prices used to be, let a share of the
        recent trend go on, and expect the rest of the distance to the usual price to be made good.
        """
        merchants = self.config.merchants
        now = self.log_price[stage]
        usual = (1.0 - merchants.cost_weight) * self.anchor[stage]  # the long-run cost is zero on the log scale
        carried_on = self.trend_following * self.trend[stage] * merchants.trend_time
        usual = usual + merchants.foresight * self.withheld
        lasting = merchants.persistence * (now - usual)
        expected = usual + lasting + carried_on + self.news - self._carry * merchants.trend_time
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
        available = self.stock(EXTRACTION).copy()
        wanted = planned * (1.0 + self.usual_cover)
        total = wanted.sum(axis=0)
        target = available.sum(axis=0) * np.divide(
            wanted, total, out=np.full_like(wanted, 1.0 / self.sides), where=total > 0.0
        )
        exports = np.zeros((self.sides - 1, self.count))
        for bloc, rules in enumerate(trade):
            flow = available[1 + bloc] - target[1 + bloc]
            most_in = 0.9 * available[OUTSIDE] / (self.sides - 1)
            exports[bloc] = np.clip(np.minimum(flow, rules.limit), -most_in, 0.9 * available[1 + bloc])
        within = available.copy()
        within[OUTSIDE] += exports.sum(axis=0)
        within[1:] -= exports
        use = np.minimum(planned, 0.9 * within)
        self._charge_for_treatment(within, planned)
        self.throughput[EXTRACTION] += (use - self.throughput[EXTRACTION]) / 24.0
        price = self.reference[EXTRACTION] * np.exp(self.log_price[EXTRACTION])
        shortfall = 1.0 - np.divide(use, planned, out=np.ones_like(use), where=planned > 0.0)
        rent = np.where(exports > 0.0, price[OUTSIDE] - price[1:], 0.0)
        return Cleared(price, use, np.zeros(self.count), exports, shortfall, rent)

    def _charge_for_treatment(self, within: Array, planned: Array) -> None:
        """Move the treatment charge towards what the cover of concentrate warrants, and set the price."""
        cover = np.divide(within, planned * (1.0 + self.usual_cover), out=np.ones_like(within), where=planned > 0.0)
        charge = np.clip(cover, 0.1, 4.0) ** CHARGE_EXPONENT
        self.treatment += (charge - self.treatment) / 3.0
        refined = self.reference[REFINING] * np.exp(self.log_price[REFINING])
        cost = self.reference[REFINING] - self.reference[EXTRACTION]
        price = np.maximum(refined - self.treatment * cost, LEAST_CONCENTRATE * refined)
        self.log_price[EXTRACTION] = np.log(price / self.reference[EXTRACTION])
        self._price = None

    def clear(self, stage: int, opening: Array, demand: Array, home: Array, trade: list[Trade]) -> Cleared:
        """Find the prices of one stage.

        Parameters
        ----------
        opening
            Merchants' stock before this month's supply came in (sides, M), kg; `stock` holds it now.
        demand
            Use outside the home makers at each price of the grid (sides, M, G), kg.
        home
            What home makers and stockpiles ask outside the blocs (M,), kg.
        trade
            Rules of export per bloc.
        """
        available = self.stock(stage).copy()
        excess = self._excess(stage, opening, available, demand, home)
        log_price, exports = self._prices(stage, excess, available, trade)
        change = log_price - self.log_price[stage]
        self.log_price[stage] = log_price
        self._price = None
        self._learn(stage, change)
        return self._quantities(stage, log_price, available, demand, home, exports)

    def _excess(self, stage: int, opening: Array, available: Array, demand: Array, home: Array) -> Array:
        merchants = self.config.merchants
        cover = self.usual_cover + merchants.precaution * self.alarm
        usual = (cover * self.throughput[stage]).ravel()
        limit = ((self.limit_cover + merchants.precaution * self.alarm) * self.throughput[stage]).ravel()
        wanted = wanted_stock(
            self.grid, self.expected(stage).ravel(), usual, merchants.response, merchants.convenience * usual, limit
        )
        held = opening.ravel()[:, None]
        next_stock = held + (wanted - held) / max(1.0, merchants.rebuild_time)
        excess = demand.reshape(wanted.shape) + next_stock - available.ravel()[:, None]
        excess = excess.reshape(self.sides, self.count, -1)
        excess[OUTSIDE] += home[:, None] * self.home_response
        return excess

    def _prices(self, stage: int, excess: Array, available: Array, trade: list[Trade]) -> tuple[Array, Array]:
        """Log prices (sides, M) and net exports (B, M) of the blocs under their rules of export."""
        blocs = self.sides - 1
        exports = np.zeros((blocs, self.count))
        fixed = np.zeros((blocs, self.count), dtype=bool)
        for _ in range(blocs + 1):
            log_price = self._pooled(stage, excess, exports, fixed, trade)
            changed = False
            for bloc in range(blocs):
                flow = on_grid(self.grid, -excess[1 + bloc], log_price[1 + bloc])
                bound = self._bound(stage, excess, available, log_price, bloc, flow, trade[bloc])
                newly = (np.abs(bound - flow) > 1e-12 * (np.abs(flow) + 1.0)) & ~fixed[bloc]
                exports[bloc] = np.where(fixed[bloc], exports[bloc], bound)
                fixed[bloc] |= newly
                changed |= bool(newly.any())
            if not changed:
                break
        return log_price, exports

    def _pooled(self, stage: int, excess: Array, exports: Array, fixed: Array, trade: list[Trade]) -> Array:
        """Prices when blocs with `fixed` exports stand apart and the others share one market."""
        log_price = np.empty((self.sides, self.count))
        pool = excess[OUTSIDE].copy()
        for bloc in range(self.sides - 1):
            shifted = self._shift(excess[1 + bloc], -self._gap(stage, trade[bloc]))
            pool += np.where(fixed[bloc][:, None], -exports[bloc][:, None], shifted)
        log_price[OUTSIDE] = crossing(self.grid, pool)
        for bloc in range(self.sides - 1):
            apart = crossing(self.grid, excess[1 + bloc] + exports[bloc][:, None])
            log_price[1 + bloc] = np.where(fixed[bloc], apart, log_price[OUTSIDE] - self._gap(stage, trade[bloc]))
        return log_price

    def _gap(self, stage: int, trade: Trade) -> Array:
        return np.log1p(self.freight[stage]) + np.log1p(trade.tax)

    def _shift(self, curve: Array, offset: Array) -> Array:
        """Curve (M, G) read at prices `offset` (M,) away on the log grid."""
        places = offset / (self.grid[1] - self.grid[0])
        whole = np.floor(places).astype(np.int64)
        part = (places - whole)[:, None]
        index = np.arange(len(self.grid))[None, :] + whole[:, None]
        index = np.clip(index, 0, len(self.grid) - 1)
        following = np.minimum(index + 1, len(self.grid) - 1)
        rows = np.arange(len(curve))[:, None]
        return curve[rows, index] * (1.0 - part) + curve[rows, following] * part

    def _bound(
        self, stage: int, excess: Array, available: Array, log_price: Array, bloc: int, flow: Array, trade: Trade
    ) -> Array:
        """Net exports after quota and dumping (M,), never more than either side holds, kg."""
        allowed = np.minimum(flow, trade.limit)
        dumps = trade.dump_price > 0.0
        if dumps.any():
            target = np.log(np.where(dumps, trade.dump_price, 1.0) / self.reference[stage])
            absorbed = on_grid(self.grid, excess[OUTSIDE], np.where(dumps, target, log_price[OUTSIDE]))
            undercuts = dumps & (target < log_price[OUTSIDE])
            allowed = np.where(undercuts, np.clip(absorbed, 0.0, trade.dump_limit), allowed)
        most_in = 0.95 * available[OUTSIDE] / (self.sides - 1)
        return np.clip(allowed, -most_in, 0.95 * available[1 + bloc])

    def _learn(self, stage: int, change: Array) -> None:
        merchants = self.config.merchants
        self.trend[stage] += (change - self.trend[stage]) / max(1.0, merchants.trend_time)
        self.anchor[stage] += (self.log_price[stage] - self.anchor[stage]) / max(1.0, merchants.anchor_time)

    def _quantities(
        self, stage: int, log_price: Array, available: Array, demand: Array, home: Array, exports: Array
    ) -> Cleared:
        flat = log_price.ravel()
        use = on_grid(self.grid, demand.reshape(len(flat), -1), flat).reshape(self.sides, self.count)
        bought = home * on_grid(self.grid, self.home_response, log_price[OUTSIDE])
        within = available.copy()
        within[OUTSIDE] += exports.sum(axis=0)
        within[1:] -= exports
        asked = use.copy()
        asked[OUTSIDE] += bought
        served = np.minimum(1.0, np.divide(within * (1.0 - 1e-12), asked, out=np.ones_like(asked), where=asked > 0.0))
        self.throughput[stage] += (asked * served - self.throughput[stage]) / 24.0
        price = self.reference[stage] * np.exp(log_price)
        inside_cost = price[1:] * (1.0 + self.freight[stage])
        return Cleared(
            price, use * served, bought * served[OUTSIDE], exports, 1.0 - served, price[OUTSIDE] - inside_cost
        )

    def settle_trade(
        self, stage: int, cleared: Cleared, purse: NDArray[np.int64], licence: NDArray[np.int64], abroad: int
    ) -> Array:
        """Move and pay exports between sides; returns what each state paid or took in (B,), EUR."""
        state = np.zeros(self.sides - 1)
        for bloc in range(self.sides - 1):
            flow, side = cleared.exports[bloc], 1 + bloc
            out, back = np.maximum(flow, 0.0), np.maximum(-flow, 0.0)
            self.books.move("trade", int(self.places[stage, side]), int(self.places[stage, OUTSIDE]), out)
            self.books.move("trade", int(self.places[stage, OUTSIDE]), int(self.places[stage, side]), back)
            inside, outside = self.accounts[side], self.accounts[OUTSIDE]
            value = cleared.price[side] * out
            self.books.pay("material_sales", outside, inside, float(value.sum()))
            self.books.pay("material_sales", inside, outside, float((cleared.price[OUTSIDE] * back).sum()))
            self.books.pay("freight", outside, abroad, float((value * self.freight[stage]).sum()))
            rent = cleared.rent[bloc] * out
            earned = float(np.maximum(rent, 0.0).sum())
            self.books.pay("rents", outside, licence[bloc], earned)
            loss = float(np.maximum(-rent, 0.0).sum())
            self.books.pay("state_support", purse[bloc], outside, loss)
            state[bloc] = loss
            self.rents[stage, bloc] = earned
        return state
