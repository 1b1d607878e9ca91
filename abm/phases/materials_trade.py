"""Materials trade: concentrate, refined and secondary material, stockpiles and components change hands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import COMPONENT
from abm.agents.state_backed import View
from abm.markets.materials import EXTRACTION, OUTSIDE, REFINING, Cleared, Trade
from abm.rules import MarketView

Array = NDArray[np.float64]


class MaterialsTrade:
    """Runs the materials markets of a month and delivers inputs to home makers."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.config = model.config
        self.markets = model.materials
        materials, structure = self.config.materials, model.structure
        count, sides = len(materials), structure.sides
        self.world_use = np.asarray(materials.world_use) * 1000.0 / 12.0
        share = np.zeros((sides, count))
        np.add.at(share, structure.side_of, np.asarray(materials.use_share).T)
        self.base_use = share * self.world_use
        self.growth = structure.demand_growth(model.months + 2)
        self.noise = self._noise(model, sides)
        slots = np.arange(count)
        drawn = np.stack([model.streams.normal("news", slots, month) for month in range(model.months + 2)])
        self.news = drawn * np.asarray(materials.news)
        self.pull = np.zeros((sides, count))  # smoothed content of goods that home imports, by side
        self.start_pull: Array | None = None
        self.secondary_share = np.zeros(count)  # of what home makers buy
        self.certificate_price = np.zeros((len(self.config.leaves), count))
        self.home_rationed = np.zeros(count)
        self.last_use = self.base_use.copy()
        long_run = np.asarray(materials.long_run_cost)
        self.refining_cost = long_run * materials.refining_share

    def _noise(self, model: Any, sides: int) -> tuple[Array, Array]:
        """Logarithms of demand (T, M) and supply (T, M) shocks: first-order autoregressive, drawn at set-up."""
        materials, rules = self.config.materials, self.config.markets
        count, months = len(materials), model.months + 2
        slots = np.arange(count)
        own = np.stack([model.streams.normal("demand of the world", slots, m) for m in range(months)])
        common = np.stack(
            [model.streams.normal("cycle of the world", np.zeros(1, dtype=np.int64), m) for m in range(months)]
        )
        supply = np.stack([model.streams.normal("supply of the world", slots, m) for m in range(months)])
        weight = rules.common_cycle
        demand = np.sqrt(1.0 - weight) * own + np.sqrt(weight) * common
        return (
            autoregressive(demand, rules.noise_memory) * np.asarray(materials.demand_noise),
            autoregressive(supply, rules.noise_memory) * np.asarray(materials.supply_noise),
        )

    # ------------------------------------------------------------------ the state-backed blocs
    def views(self) -> list[View]:
        """What each bloc sees before it chooses its regime."""
        model, price = self.model, self.markets.price
        if model.month % 3 == 0:
            self.shares = [
                [
                    model.producers.share_of_side(1 + bloc.number, self.markets.sides, ahead, model.month)
                    for ahead in (1, 36)
                ]
                for bloc in model.blocs
            ]
        found = []
        for bloc in model.blocs:
            side = 1 + bloc.number
            found.append(
                View(
                    own_share=self.shares[bloc.number][0],
                    own_share_ahead=self.shares[bloc.number][1],
                    rival_cost=np.stack([0.4 * model.rival_cost[bloc.number], model.rival_cost[bloc.number]]),
                    outside_price=price[:, OUTSIDE],
                    inside_price=price[:, side],
                )
            )
        return found

    def pushed(self) -> Array:
        """Extra output that flooding blocs order (2, sides, M)."""
        orders = np.zeros((2, self.markets.sides, self.markets.count))
        for bloc in self.model.blocs:
            orders[:, 1 + bloc.number] = bloc.pushed()
        return orders

    # ------------------------------------------------------------------ the month
    def run(self) -> None:
        """Clear extraction, refining and components, and move what was bought."""
        self.markets.news = self.news[self.model.month]
        self.markets.hear_of(self._withheld())
        self._mine()
        concentrate = self._clear_concentrate()
        self._refine(concentrate)
        wanted = self._home_wants()
        self.to_maker = self._sell_secondary(wanted)
        self._clear_refined(wanted, self.to_maker)
        self._buy_components()

    def _withheld(self) -> Array:
        """Share of supply outside that blocs keep back (sides, M); inside nothing is missing."""
        withheld = np.zeros((self.markets.sides, self.markets.count))
        for bloc in self.model.blocs:
            withheld[OUTSIDE] += bloc.withholding(REFINING)
        return np.minimum(withheld / np.maximum(self.markets.throughput[REFINING], 1e-9), 1.0)

    def _mine(self) -> None:
        model, markets = self.model, self.markets
        self.opening = markets.stock(REFINING).copy()
        rate = np.exp(self.noise[1][model.month])
        mined = model.producers.mine(markets.price, markets.sides)
        wanted, left = mined.sum(axis=0) * rate, model.books.stock[model.places.ground] * (1.0 - 1e-12)
        rate *= np.divide(left, wanted, out=np.ones_like(left), where=wanted > left)  # no more than is in the ground
        mined *= rate
        model.producers.mined *= rate
        mines = model.producers.stage == EXTRACTION
        model.producers.output[mines] *= rate[model.producers.main[mines]]
        for side in range(markets.sides):
            model.books.move("mining", model.places.ground, int(markets.places[EXTRACTION, side]), mined[side])
        self.mined = mined

    def _clear_concentrate(self) -> Cleared:
        model, markets = self.model, self.markets
        planned = model.producers.throughput_wanted(markets.sides)
        cleared = markets.clear_concentrate(planned, self._trade_rules(EXTRACTION))
        self._settle(EXTRACTION, cleared)
        self.cleared_concentrate = cleared
        return cleared

    def _trade_rules(self, stage: int) -> list[Trade]:
        rules = []
        for bloc, view in zip(self.model.blocs, self.model.bloc_views, strict=True):
            side = 1 + bloc.number
            quota, price, limit = bloc.trade_rules(
                stage, view, self.markets.stock(stage)[side], self.markets.throughput[stage, side]
            )
            tax = self.model.conditions.export_tax[bloc.number, stage]
            rules.append(Trade(quota, tax, price, limit))
        return rules

    def _settle(self, stage: int, cleared: Cleared) -> None:
        model, markets = self.model, self.markets
        purses = np.array([bloc.purse for bloc in model.blocs], dtype=np.int64)
        licences = np.array([bloc.licence for bloc in model.blocs], dtype=np.int64)
        spent = markets.settle_trade(stage, cleared, purses, licences, model.accounts.abroad)
        price = cleared.price
        for bloc in model.blocs:
            side = 1 + bloc.number
            gap = price[OUTSIDE] / (price[side] * (1.0 + markets.freight[stage])) - 1.0
            bloc.learn_from_trade(stage, cleared.exports[bloc.number], gap, float(spent[bloc.number]))

    def _refine(self, cleared: Cleared) -> None:
        model, markets = self.model, self.markets
        refined = model.producers.refine(cleared.use, markets.sides)
        for side in range(markets.sides):
            model.books.move(
                "refining", int(markets.places[EXTRACTION, side]), int(markets.places[REFINING, side]), refined[side]
            )
        self.refined = refined
        self._recycle_abroad()
        self._trade_state_stocks()

    def _trade_state_stocks(self) -> None:
        """Blocs sell from or refill their state stocks at the inside price."""
        model, markets = self.model, self.markets
        price = markets.price[REFINING]
        for bloc in model.blocs:
            side, place = 1 + bloc.number, int(markets.places[REFINING, 1 + bloc.number])
            held = model.books.stock[bloc.place].copy()
            usual = markets.reference[REFINING] * np.exp(markets.anchor[REFINING, side])
            sells, buys = bloc.stock_trade(held, price[side], usual, markets.throughput[REFINING, side])
            buys = np.minimum(buys, 0.1 * model.books.stock[place])
            model.books.move("release", bloc.place, place, sells)
            model.books.move("stockpiling", place, bloc.place, buys)
            merchant = int(markets.accounts[side])
            model.books.pay("stockpile_trade", merchant, bloc.purse, float((sells * price[side]).sum()))
            model.books.pay("stockpile_trade", bloc.purse, merchant, float((buys * price[side]).sum()))

    def _recycle_abroad(self) -> None:
        """Secondary material of the world outside: part of its use comes back, a little more when dear."""
        model, markets = self.model, self.markets
        dear = np.exp(0.2 * markets.log_price[REFINING])
        amount = np.asarray(self.config.materials.recycled_abroad) * self.base_use * dear
        amount *= self.growth[model.month]
        amount = np.minimum(amount, 0.01 * model.books.stock[model.places.abroad] / markets.sides)
        for side in range(markets.sides):
            model.books.move("recovery", model.places.abroad, int(markets.places[REFINING, side]), amount[side])
            value = float((amount[side] * markets.price[REFINING, side]).sum())
            model.books.pay("material_sales", markets.accounts[side], model.accounts.abroad, value)

    # ------------------------------------------------------------------ home makers
    def _home_wants(self) -> Array:
        """Refined material that home makers ask (F, M), kg: component makers all, others what they buy direct."""
        firms, part = self.model.firms, self.model.structure.part
        wanted = firms.wanted_inputs()
        self.wanted_inputs = wanted
        direct = np.where((firms.kind == COMPONENT)[:, None], 1.0, part[np.maximum(firms.product, 0), -1])
        return wanted * direct

    def _sell_secondary(self, wanted: Array) -> Array:
        """Recyclers sell what they recovered last month: to home makers first, the rest abroad; returns (F, M).

        What home processors cannot bring to grade leaves as an intermediate at its payable share.
        """
        model, recyclers = self.model, self.model.recyclers
        streams, books = self.config.streams, model.books
        stock = books.stock[recyclers.output_place].copy()
        ready = stock * np.asarray(streams.processed_at_home)[recyclers.stream][:, None]
        available, asked = ready.sum(axis=0), wanted.sum(axis=0)
        taken = np.minimum(available * (1.0 - 1e-12), asked)
        from_recycler = _shares(ready, available) * taken
        to_maker = _shares(wanted, asked) * taken
        pool = model.places.secondary
        books.move("secondary_sale", recyclers.output_place, pool, from_recycler)
        books.move("secondary_sale", pool, model.firms.inputs, to_maker)
        rest = np.maximum(stock - from_recycler, 0.0)
        books.move("intermediate_export", recyclers.output_place, int(self.markets.places[REFINING, OUTSIDE]), rest)
        self._pay_for_secondary(from_recycler, to_maker, rest, ready, stock)
        return to_maker

    def _pay_for_secondary(self, home: Array, to_maker: Array, rest: Array, ready: Array, stock: Array) -> None:
        """Home makers pay market price less a discount plus a green premium; merchants pay for the rest."""
        model, recyclers, config = self.model, self.model.recyclers, self.config
        books, price = model.books, self.markets.price[REFINING, OUTSIDE]
        discount = price * (1.0 - np.asarray(config.materials.quality_discount))
        risk = model.firms.risk.max(axis=0) if len(model.firms) else np.zeros(len(price))
        contract = 1.0 + config.firms.offtake_share * config.markets.offtake_premium
        home_price = discount * contract * (1.0 + config.firms.green_premium * risk)
        share_ready = np.divide(ready - home, np.maximum(rest, 1e-12), out=np.zeros_like(rest), where=rest > 1e-9)
        payable = np.asarray(config.streams.payable)[recyclers.stream][:, None]
        grade = np.clip(share_ready, 0.0, 1.0)
        rest_price = discount * (grade + (1.0 - grade) * payable)
        to_home, to_world = (home * home_price), (rest * rest_price)
        clearing = model.accounts.secondary
        books.pay("material_sales", clearing, recyclers.account, to_home.sum(axis=1))
        books.pay("material_sales", model.firms.account, clearing, (to_maker * home_price).sum(axis=1))
        books.pay("material_sales", self.markets.accounts[OUTSIDE], recyclers.account, to_world.sum(axis=1))
        sold = home + rest
        recyclers.sold[:] = sold
        blend = (1.0 - payable) * (1.0 - np.asarray(config.streams.processed_at_home)[recyclers.stream][:, None])
        recyclers.price_received[:] = np.divide(
            to_home + to_world, sold, out=discount * (1.0 - blend), where=sold > 1e-9
        )
        self.secondary_home, self.secondary_spent = home, (to_maker * home_price).sum(axis=1)
        self.home_secondary_price = home_price

    def _clear_refined(self, wanted: Array, secondary: Array) -> None:
        markets = self.markets
        primary = np.maximum(wanted - secondary, 0.0)
        trades = self._stockpile_bids()
        bids = np.sum([trade.buy for _, trade in trades], axis=0) if trades else np.zeros(markets.count)
        self._release(trades)
        asked = primary.sum(axis=0)
        demand = self._world_demand()
        cleared = markets.clear(REFINING, self.opening, demand, asked + bids, self._trade_rules(REFINING))
        self._settle(REFINING, cleared)
        self._serve_world(cleared)
        self._serve_stockpiles(cleared, trades, asked, bids)
        self._serve_makers(cleared, primary, asked, bids)
        self.cleared = cleared

    def _world_demand(self) -> Array:
        """Use of the world outside the home makers at each price (sides, M, G), kg."""
        model, markets = self.model, self.markets
        growth = self.growth[model.month]
        level = self.base_use * growth * np.exp(self.noise[0][model.month] + markets.adaptation)
        level = level * model.conditions.demand
        if self.start_pull is not None:
            level = np.maximum(level + self.pull - self.start_pull * growth, 0.2 * level)
        return level[:, :, None] * markets.response[None]

    def _serve_world(self, cleared: Cleared) -> None:
        model, markets = self.model, self.markets
        for side in range(markets.sides):
            model.books.move("world_use", int(markets.places[REFINING, side]), model.places.abroad, cleared.use[side])
            value = float((cleared.use[side] * cleared.price[side]).sum())
            model.books.pay("material_sales", model.accounts.abroad, markets.accounts[side], value)
        materials = self.config.materials
        slow = np.asarray(materials.elasticity_long) - np.asarray(materials.elasticity_short)
        wanted = -slow * markets.log_price[REFINING]
        markets.adaptation += (wanted - markets.adaptation) / (12.0 * np.asarray(materials.adaptation_time))
        self.last_use = cleared.use

    # ------------------------------------------------------------------ stockpiles
    def _stockpile_bids(self) -> list[tuple[Any, Any]]:
        """Trades that governments with a stockpile want: (instrument, trade)."""
        model, markets = self.model, self.markets
        price = markets.price[REFINING, OUTSIDE]
        usual = markets.reference[REFINING] * np.exp(markets.anchor[REFINING, OUTSIDE])
        use = self.wanted_inputs.sum(axis=0) + self.pull.sum(axis=0)
        found = []
        for instrument in model.governments.traders:
            place = model.stockpile_place(instrument)
            view = MarketView(price, usual, use, self.home_rationed, model.books.stock[place].copy())
            found.append((instrument, instrument.trade(view, model.month)))
        return found

    def _release(self, trades: list[tuple[Any, Any]]) -> None:
        model, markets = self.model, self.markets
        self.released: dict[int, float] = {}
        for instrument, trade in trades:
            place = model.stockpile_place(instrument)
            release = np.minimum(trade.release, model.books.stock[place])
            model.books.move("release", place, int(markets.places[REFINING, OUTSIDE]), release)
            value = float((release * markets.price[REFINING, OUTSIDE]).sum())
            model.books.pay("stockpile_trade", markets.accounts[OUTSIDE], instrument.account, value)
            self.released[instrument.index] = value

    def _serve_stockpiles(self, cleared: Cleared, trades: list[tuple[Any, Any]], asked: Array, bids: Array) -> None:
        model, markets = self.model, self.markets
        total = asked + bids
        for instrument, trade in trades:
            share = np.divide(trade.buy, total, out=np.zeros_like(total), where=total > 0.0)
            price = cleared.price[OUTSIDE]
            bought = np.where(price <= trade.limit_price, share * cleared.home, 0.0)
            place = model.stockpile_place(instrument)
            model.books.move("stockpiling", int(markets.places[REFINING, OUTSIDE]), place, bought)
            value = float((bought * price).sum())
            model.books.pay("stockpile_trade", instrument.account, markets.accounts[OUTSIDE], value)
            instrument.book_trade(value, self.released.get(instrument.index, 0.0))

    def _serve_makers(self, cleared: Cleared, primary: Array, asked: Array, bids: Array) -> None:
        model, markets, firms = self.model, self.markets, self.model.firms
        total = asked + bids
        served = np.divide(cleared.home, total, out=np.ones_like(total), where=total > 0.0)
        bought = primary * np.minimum(served, 1.0)
        model.books.move("purchase", int(markets.places[REFINING, OUTSIDE]), firms.inputs, bought)
        self.primary_spent = (bought * cleared.price[OUTSIDE]).sum(axis=1)
        model.books.pay("material_sales", firms.account, markets.accounts[OUTSIDE], self.primary_spent)
        self.primary_bought = bought
        self.home_rationed = 1.0 - np.minimum(served, 1.0)

    # ------------------------------------------------------------------ components
    def _buy_components(self) -> None:
        """Makers order components by material content: from home makers' stock and from abroad."""
        model, firms, markets = self.model, self.model.firms, self.model.components
        part = model.structure.part[np.maximum(firms.product, 0)]  # (F, C + 1, M)
        wanted = self.wanted_inputs * (firms.kind != COMPONENT)[:, None]
        by_part = wanted[:, None, :] * part[:, :-1]
        orders = by_part.sum(axis=0)  # (C, M)
        home, levies = self._home_conversion(), self.levies()
        # A levy on imports is paid in settlement, on top of the price; both steer the choice of origin.
        levied = markets.prices(self.markets.price[REFINING], home, levies)
        price = markets.prices(self.markets.price[REFINING], home, (levies[0], np.zeros_like(levies[1])))
        plain = markets.prices(self.markets.price[REFINING], home)
        whole = orders.sum(axis=1, keepdims=True)
        mix = np.divide(orders, whole, out=np.full_like(orders, 1.0 / orders.shape[1]), where=whole > 0.0)
        risk = (model.firms.risk.max(axis=0) * mix).sum(axis=1)
        markets.choose_origins(levied, plain, mix, risk)
        home = self._home_components(orders * markets.share[:, :1])
        imported = markets.deliver_imports(orders - home, model.conditions.component_export_share)
        self._deliver_components(by_part, orders, home, imported, price)
        self._order_from_component_makers(orders, markets)

    def levies(self) -> tuple[Array, Array]:
        """Levies on primary material used at home and in imports (M,), EUR/kg, the mean over leaves by households."""
        rules, share = self.model.rules, self.model.settlement.household_share
        primary = 1.0 - np.asarray(self.config.materials.recycled_abroad)
        return share @ rules.primary_levy, (share @ rules.import_levy) * primary

    def _home_conversion(self) -> tuple[Array, Array]:
        """Conversion cost per kg of content (C,), EUR, and markup (C,) of home makers; 0 where there are none."""
        firms, count = self.model.firms, len(self.config.components)
        rows = firms.of_kind(COMPONENT)
        which, capacity = firms.component[rows], firms.capacity[rows]
        weight = np.maximum(np.bincount(which, capacity, count), 1e-12)
        known = len(firms.conversion_now) == len(firms)
        conversion = (firms.conversion_now if known else firms.conversion)[rows]  # energy and wages of last month
        return (
            np.bincount(which, capacity * conversion, count) / weight,
            np.bincount(which, capacity * firms.markup[rows], count) / weight,
        )

    def _home_components(self, asked: Array) -> Array:
        """What home makers can deliver from stock (C, M), kg."""
        firms, books = self.model.firms, self.model.books
        rows = firms.of_kind(COMPONENT)
        stock = books.stock[firms.finished[rows]]
        member = firms.component[rows][None, :] == np.arange(len(asked))[:, None]
        return np.minimum(asked, (1.0 - 1e-12) * (member.astype(np.float64) @ stock))

    def _deliver_components(self, by_part: Array, orders: Array, home: Array, imported: Array, price: Array) -> None:
        model, firms, books = self.model, self.model.firms, self.model.books
        arrived = home + imported.sum(axis=1)
        fill = np.divide(arrived, orders, out=np.zeros_like(arrived), where=orders > 0.0)
        received = by_part * fill[None]  # (F, C, M)
        share_home = np.divide(home, arrived, out=np.zeros_like(home), where=arrived > 0.0)
        from_home = (received * share_home[None]).sum(axis=1)
        from_abroad = (received * (1.0 - share_home)[None]).sum(axis=1)
        pool = model.places.components
        rows = firms.of_kind(COMPONENT)
        delivered = self._take_from_makers(rows, home)
        books.move("delivery", firms.finished[rows], pool, delivered)
        books.move("delivery", pool, firms.inputs, from_home)
        books.move("component_import", model.places.abroad, firms.inputs, from_abroad)
        self._pay_for_components(rows, delivered, received, share_home, imported, price)
        self.component_import = from_abroad
        self.component_imports_by_origin = imported
        firms.units[rows] = books.stock[firms.finished[rows]].sum(axis=1)
        firms.sold[rows] = delivered.sum(axis=1)

    def _take_from_makers(self, rows: Array, home: Array) -> Array:
        """Share deliveries (C, M) over component makers by their stock; (n, M) kg."""
        firms, books = self.model.firms, self.model.books
        stock = books.stock[firms.finished[rows]]
        which = firms.component[rows]
        total = np.zeros_like(home)
        np.add.at(total, which, stock)
        share = np.divide(stock, total[which], out=np.zeros_like(stock), where=total[which] > 0.0)
        return share * home[which]

    def _pay_for_components(
        self, rows: Array, delivered: Array, received: Array, share_home: Array, imported: Array, price: Array
    ) -> None:
        model, firms, books = self.model, self.model.firms, self.model.books
        home_price = price[:, 0]
        whole = imported.sum(axis=1)
        abroad_price = np.divide(
            (imported * price[:, 1:]).sum(axis=1), whole, out=price[:, 1].copy(), where=whole > 0.0
        )
        to_home = (received * (share_home * home_price)[None]).sum(axis=(1, 2))
        to_abroad = (received * ((1.0 - share_home) * abroad_price)[None]).sum(axis=(1, 2))
        clearing = model.accounts.secondary
        books.pay("material_sales", firms.account, clearing, to_home)
        earned = (delivered * home_price[firms.component[rows]]).sum(axis=1)
        books.pay("material_sales", clearing, firms.account[rows], earned)
        books.pay("material_sales", firms.account, model.accounts.abroad, to_abroad)
        self.component_spent = to_home + to_abroad
        mean = share_home * home_price + (1.0 - share_home) * abroad_price
        self.component_price = np.where(share_home + whole > 0.0, mean, home_price)

    def _order_from_component_makers(self, orders: Array, markets: Any) -> None:
        """Component makers see smoothed orders and the composition asked of them."""
        firms, smoothing = self.model.firms, self.config.firms.order_smoothing
        rows = firms.of_kind(COMPONENT)
        if not len(rows):
            return
        which = firms.component[rows]
        asked = orders * markets.share[:, :1]
        whole = asked.sum(axis=1)
        capacity = np.bincount(which, firms.capacity[rows], len(whole))
        share = np.divide(firms.capacity[rows], capacity[which], out=np.zeros(len(rows)), where=capacity[which] > 0.0)
        firms.orders[rows] += (share * whole[which] - firms.orders[rows]) / smoothing
        mix = np.divide(asked, whole[:, None], out=np.zeros_like(asked), where=whole[:, None] > 0.0)
        known = whole[which] > 0.0
        firms.need[rows[known]] += (mix[which][known] - firms.need[rows[known]]) / smoothing

    def remember_imports(self, content_by_side: Array) -> None:
        """Smooth the content of imported components and products (sides, M), which others' use includes."""
        pace = 1.0 if self.start_pull is None else 1.0 / 6.0
        self.pull += (content_by_side - self.pull) * pace
        if self.start_pull is None:
            self.start_pull = self.pull.copy()


def _shares(parts: Array, total: Array) -> Array:
    return np.divide(parts, total[None, :], out=np.zeros_like(parts), where=total[None, :] > 0.0)


def autoregressive(innovations: Array, memory: float) -> Array:
    """First-order autoregression (T, …) with unit standard deviation, from independent normal draws."""
    path = np.empty_like(innovations)
    path[0] = innovations[0]
    scale = np.sqrt(1.0 - memory**2)
    for month in range(1, len(path)):
        path[month] = memory * path[month - 1] + scale * innovations[month]
    return path
