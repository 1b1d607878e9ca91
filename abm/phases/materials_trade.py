"""Materials trade: concentrate, refined and secondary material, stockpiles and components change hands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import COMPONENT, advantage, uptake
from abm.agents.state_backed import View
from abm.markets.materials import EXTRACTION, OUTSIDE, REFINING, Cleared, Trade
from abm.rules import MarketView, unchanged

Array = NDArray[np.float64]


TRACE = 0.02  # part of a component's worth below which nobody withholds it for a material


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
        self.noise = self._noise(model)
        self.luck = np.exp(self.noise[1])
        month = np.arange(model.months + 2)[:, None]
        self.news = model.streams.normal("news", month * 0 + np.arange(count), month) * np.asarray(materials.news)
        self.pull = np.zeros((sides, count))  # smoothed content of goods that home imports, by side
        self.start_pull: Array | None = None
        self.substituted: Array | None = None  # share of industry's use replaced for good (M,), if any is
        self.secondary_share = np.zeros(count)  # of what home makers buy
        self.home_rationed = np.zeros(count)
        self.last_use = self.base_use.copy()
        self._prepare()

    def _prepare(self) -> None:
        """Tables that never change."""
        model, config, materials = self.model, self.config, self.config.materials
        self.part = self._bills()
        self.recycled_abroad = np.asarray(materials.recycled_abroad)
        self.adapts = -(np.asarray(materials.elasticity_long) - np.asarray(materials.elasticity_short))
        self.adaptation_months = 12.0 * np.asarray(materials.adaptation_time)
        self.at_grade = 1.0 - np.asarray(materials.quality_discount)
        self.payable = np.asarray(config.streams.payable)
        # What the world outside recycles at usual prices (T, sides, M), kg.
        self.usually_recycled = (self.recycled_abroad * self.growth)[:, None] * self.base_use
        self.direct = self.part[:, -1].copy()
        self.by_component = self.part[:, :-1].copy()
        self.products = np.arange(len(self.part) - 1)[:, None]
        self.component_rows = np.arange(len(config.components))[:, None]
        self.no_levy = unchanged((self.markets.count,), 0.0)
        self.nothing_withheld = unchanged((self.markets.sides, self.markets.count), 0.0)
        self.price_at_grade = np.zeros(self.markets.count)  # of secondary material this month (M,), EUR/kg
        self.sold_at_home, self.home_premium = np.zeros(self.markets.count), np.zeros(self.markets.count)
        self.green_premium, self.smoothing = config.firms.green_premium, config.firms.order_smoothing
        self.contract = 1.0 + config.firms.offtake_share * config.markets.offtake_premium
        self.purses = [bloc.purse for bloc in model.blocs]
        self.licences = [bloc.licence for bloc in model.blocs]
        self.no_orders = np.zeros((2, self.markets.sides, self.markets.count))  # of extra output, while no bloc floods
        self._levied_under: Any = None  # the rules to which the levies known belong

    def _bills(self) -> Array:
        """Share of a product's content in each component and, last, bought direct (P + 1, C + 1, M).

        The last row, which is also that of product −1, is for makers of components: they buy all direct.
        """
        part = self.model.structure.part
        bills = np.zeros((len(part) + 1, *part.shape[1:]))
        bills[:-1] = part
        bills[-1, -1] = 1.0
        return bills

    def _noise(self, model: Any) -> tuple[Array, Array]:
        """Logarithms of demand (T, M) and supply (T, M) shocks: first-order autoregressive, drawn at set-up."""
        materials, rules = self.config.materials, self.config.markets
        month = np.arange(model.months + 2)[:, None]
        slots = month * 0 + np.arange(len(materials))
        own = model.streams.normal("demand of the world", slots, month)
        common = model.streams.normal("cycle of the world", month * 0, month)
        supply = model.streams.normal("supply of the world", slots, month)
        weight = rules.common_cycle
        demand = np.sqrt(1.0 - weight) * own + np.sqrt(weight) * common
        return (
            autoregressive(demand, rules.noise_memory) * np.asarray(materials.demand_noise),
            autoregressive(supply, rules.noise_memory) * np.asarray(materials.supply_noise),
        )

    # ------------------------------------------------------------------ the state-backed blocs
    def views(self) -> list[View]:
        """What each bloc sees before it chooses its regime."""
        model = self.model
        if model.month % 3 == 0:
            stockpiled, supported = self._stockpiled(), self._supported()
            self.seen = [
                View(
                    own_share=model.producers.share_of_side(1 + bloc.number, 1, model.month),
                    own_share_ahead=model.producers.share_of_side(1 + bloc.number, 36, model.month),
                    rival_cost=np.outer([0.4, 1.0], model.rival_cost[bloc.number]),
                    others_withhold=self._withheld_by_others(bloc),
                    stockpiled=stockpiled,
                    supported=supported,
                    **model.duties.against(bloc),
                )
                for bloc in model.blocs
            ]
        return self.seen

    def _withheld_by_others(self, bloc: Any) -> Array | float:
        """Share of refining (M,) whose output other blocs keep from the market."""
        kept = [
            self.model.producers.share_of_side(1 + other.number, 1, self.model.month)[REFINING]
            * (1.0 - other.let_out[REFINING])
            for other in self.model.blocs
            if other is not bloc and not other.calm
        ]
        return np.minimum(sum(kept), 0.9) if kept else 0.0

    def _stockpiled(self) -> Array | float:
        """Months of home use (M,) that governments hold in their stockpiles."""
        model, whole = self.model, np.zeros(self.markets.count)
        if not (model.governments.traders and model.month):
            return 0.0
        for instrument in model.governments.traders:
            whole += model.books.stock[model.stockpile_place(instrument)]
        if not np.count_nonzero(whole):
            return 0.0
        everywhere = np.ones(len(self.config.leaves), dtype=bool)
        return whole / np.maximum(self._use_below(everywhere), 1e-9)

    def _supported(self) -> Array | float:
        """Support per kilogram that is announced to those who recover material at home, over the price (M,)."""
        if not any(bloc.heeds_support > 0.0 for bloc in self.model.blocs):
            return 0.0
        model, share = self.model, self.model.settlement.household_share
        price, promised = self.markets.price[REFINING, OUTSIDE], model.rules.outlook["recovery_subsidy"]
        opens = np.full((1, len(share)), model.month + round(12.0 * float(np.mean(self.config.streams.build_time))))
        guaranteed = model.governments.guaranteed(price * self.at_grade, opens)
        if guaranteed is not None:
            promised = promised + np.maximum(guaranteed[0], 0.0)
        return np.asarray(((share * self.model.rules.belief) @ promised) / price)

    def pushed(self) -> Array:
        """Extra output that flooding blocs order (2, sides, M)."""
        if not any(bloc.floods for bloc in self.model.blocs):
            return self.no_orders
        orders = np.zeros(self.no_orders.shape)
        for bloc in self.model.blocs:
            orders[:, 1 + bloc.number] = bloc.pushed()
        return orders

    # ------------------------------------------------------------------ the month
    def run(self) -> None:
        """Clear extraction, refining and components, and move what was bought."""
        firms = self.model.firms
        rows = self.component_makers = firms.of_kind(COMPONENT)
        self.components_made, self.maker_capacity = firms.component.take(rows), firms.capacity.take(rows)
        self.finished = firms.finished.take(rows)  # places of what they have made
        self.felt_risk = np.maximum.reduce(firms.risk, initial=0.0)
        self.markets.news = self.news[self.model.month]
        self.markets.hear_of(self._withheld())
        self.markets.missing = self._missing()
        self.freight = self.model.transport.freight_on_materials()
        self._mine()
        self._refine(*self._clear_concentrate())
        wanted = self._home_wants()
        firms.under_way = None  # counted anew for next month
        self.to_maker = self._sell_secondary(wanted)
        self._clear_refined(wanted, self.to_maker)
        self._buy_components()

    def _withheld(self) -> Array:
        """Share of supply outside that blocs keep back (sides, M); inside nothing is missing."""
        if all(bloc.calm for bloc in self.model.blocs):
            return self.nothing_withheld
        withheld = np.zeros(self.nothing_withheld.shape)
        for bloc in self.model.blocs:
            withheld[OUTSIDE] += bloc.withholding(REFINING)
        return np.minimum(withheld / np.maximum(self.markets.throughput[REFINING], 1e-9), 1.0)

    def _missing(self) -> Array | None:
        """Share of the world's supply that outages cost (M,), None if they cost nothing."""
        lost = self.model.producers.lost
        return None if lost is None else lost / np.maximum(np.add.reduce(self.markets.throughput[REFINING]), 1e-9)

    def _mine(self) -> None:
        model, markets, ground = self.model, self.markets, self.model.places.ground
        self.opening = markets.stock(REFINING)
        mined = model.producers.mine(markets.price, self.luck[model.month])
        wanted, left = np.add.reduce(mined), model.books.stock[ground] * (1.0 - 1e-12)
        short = wanted > left
        if np.count_nonzero(short):  # no more than is in the ground
            rate = np.where(short, left / np.where(short, wanted, 1.0), 1.0)
            mined *= rate
            model.producers.scale_mined(rate)
        model.books.move("mining", ground, markets.blocks[EXTRACTION], mined)
        self.mined = mined

    def _clear_concentrate(self) -> tuple[Cleared, Array]:
        """Concentrate changes hands; returns the outcome and what refineries planned to process (sides, M), kg."""
        planned = self.model.producers.throughput_wanted()
        cleared = self.markets.clear_concentrate(planned, self._trade_rules(EXTRACTION))
        self._settle(EXTRACTION, cleared)
        self.cleared_concentrate = cleared
        return cleared, planned

    def _trade_rules(self, stage: int) -> list[Trade]:
        rules, taxes, stock = [], self.model.conditions.export_tax, self.model.books.stock
        for bloc, view in zip(self.model.blocs, self.model.bloc_views, strict=True):
            side = 1 + bloc.number
            held, output = stock[self.markets.places[stage, side]], self.markets.throughput[stage, side]
            quota, price, limit = bloc.trade_rules(stage, view, held, output, self.markets.usual_cover)
            rules.append(Trade(quota, taxes[bloc.number, stage], price, limit))
        return rules

    def _settle(self, stage: int, cleared: Cleared) -> None:
        model, markets = self.model, self.markets
        spent = markets.settle_trade(stage, cleared, self.purses, self.licences, model.accounts.abroad)
        price = cleared.price
        for bloc in model.blocs:
            drawn = None if cleared.drawn is None else cleared.drawn[bloc.number]
            bloc.learn_from_trade(stage, cleared.exports[bloc.number], spent[bloc.number], drawn)
            if stage == REFINING:
                bloc.let_smuggle(price[OUTSIDE] / (price[1 + bloc.number] * markets.with_freight[stage]) - 1.0)

    def _refine(self, cleared: Cleared, planned: Array) -> None:
        markets = self.markets
        refined = self.model.producers.refine(cleared.use, planned)
        self.model.books.move("refining", markets.blocks[EXTRACTION], markets.blocks[REFINING], refined)
        self._recycle_abroad()
        self._trade_state_stocks()

    def _trade_state_stocks(self) -> None:
        """Blocs sell from or refill their state stocks at the inside price."""
        model, markets = self.model, self.markets
        for bloc in model.blocs:
            side = 1 + bloc.number
            place, merchant = int(markets.places[REFINING, side]), int(markets.accounts[side])
            price, held = markets.price[REFINING, side], model.books.stock[bloc.place]
            if bloc.floods:
                sells = bloc.sells_from_stock(held)
                model.books.move("release", bloc.place, place, sells)
                model.books.pay("stockpile_trade", merchant, bloc.purse, sells @ price)
            if np.count_nonzero(held < bloc.stock_target):
                usual = markets.reference[REFINING] * np.exp(markets.anchor[REFINING, side])
                buys = bloc.buys_for_stock(held, price, usual, markets.throughput[REFINING, side])
                buys = np.minimum(buys, 0.1 * model.books.stock[place])
                model.books.move("stockpiling", place, bloc.place, buys)
                model.books.pay("stockpile_trade", bloc.purse, merchant, buys @ price)

    def _recycle_abroad(self) -> None:
        """Secondary material of the world outside: part of its use comes back, a little more when dear."""
        model, markets = self.model, self.markets
        dear = np.exp(0.2 * markets.log_price[REFINING])
        amount = self.usually_recycled[model.month] * dear
        amount = np.minimum(amount, model.books.stock[model.places.abroad] * (0.01 / markets.sides))
        model.books.move("recovery", model.places.abroad, markets.blocks[REFINING], amount)
        value = np.add.reduce(amount * markets.price[REFINING], axis=1)
        model.books.pay("material_sales", markets.accounts, model.accounts.abroad, value)

    # ------------------------------------------------------------------ home makers
    def _home_wants(self) -> Array:
        """Refined material that home makers ask (F, M), kg: component makers all, others what they buy direct."""
        firms = self.model.firms
        self.wanted_inputs = firms.wanted_inputs()
        return self.wanted_inputs * self.direct.take(firms.product, axis=0)

    def _sell_secondary(self, wanted: Array) -> Array:
        """Recyclers sell what they recovered last month: to home makers first, the rest abroad; returns (F, M).

        What home processors cannot bring to grade leaves as an intermediate at its payable share.
        """
        model, recyclers = self.model, self.model.recyclers
        books, secondary, firms = model.books, model.places.secondary, model.firms
        stock = books.stock.take(recyclers.output_place, axis=0)
        ready = stock * recyclers.plant.at_home[:, None]
        available, asked = np.add.reduce(ready), np.add.reduce(wanted)
        taken = np.minimum(available * (1.0 - 1e-12), asked)
        self.sold_at_home = taken / np.where(available > 0.0, available, np.inf)
        from_recycler = ready * self.sold_at_home
        to_maker = wanted * (taken / np.where(asked > 0.0, asked, np.inf))
        books.move("secondary_sale", recyclers.output_place, secondary, from_recycler)
        books.move("secondary_sale", secondary, firms.inputs, to_maker)
        rest = np.maximum(stock - from_recycler, 0.0)
        books.move("intermediate_export", recyclers.output_place, int(self.markets.places[REFINING, OUTSIDE]), rest)
        self._pay_for_secondary(from_recycler, to_maker, rest, ready, self._levy_saved(to_maker, asked > available))
        return to_maker

    def _levy_saved(self, to_maker: Array, scarce: Array) -> Array | None:
        """Levy, duty and dearer freight on primary material (M,), EUR/kg, that buyers of secondary save.

        Where it is scarce they outbid it. None where there is neither.
        """
        rules, duties = self.model.rules, self.model.duties
        saved = None if self.freight is None else self.markets.price[REFINING, OUTSIDE] * self.freight * scarce
        if not (rules.in_force("primary_levy") or duties.in_force):
            return saved
        levy = rules.primary_levy.take(self.model.firms.leaf, axis=0)
        if duties.in_force:
            levy = levy + duties.at_home_per_kg(self.markets.price[REFINING, OUTSIDE])
        bought = np.add.reduce(to_maker)
        mean = np.asarray(np.add.reduce(to_maker * levy) / np.where(scarce & (bought > 0.0), bought, np.inf))
        return mean if saved is None else mean + saved

    def _pay_for_secondary(self, home: Array, to_maker: Array, rest: Array, ready: Array, levy: Array | None) -> None:
        """Home makers pay what primary costs them less a discount plus a green premium; merchants pay for the rest."""
        model, recyclers, books = self.model, self.model.recyclers, self.model.books
        price = self.markets.price[REFINING, OUTSIDE]
        discount = self.price_at_grade = price * self.at_grade
        premium = self.contract * (1.0 + self.green_premium * self.felt_risk)
        if levy is not None:
            premium *= 1.0 + levy / price
        self.home_premium = self.sold_at_home * (premium - 1.0)  # on all that is at grade, sold at home or not (M,)
        home_price = discount * premium
        left = rest > 1e-9
        grade = np.minimum(np.maximum((ready - home) / np.where(left, rest, np.inf), 0.0), 1.0)
        payable = self.payable.take(recyclers.stream)[:, None]
        to_home, to_world = home * home_price, rest * (discount * (grade + (1.0 - grade) * payable))
        clearing, spent = model.accounts.secondary, to_maker @ home_price
        self._meet_customers(home_price)
        if recyclers.match_term is not None:
            to_home += home * recyclers.under_contract * (recyclers.contract_price - home_price)
            sold_here = np.add.reduce(home)
            spent = to_maker @ (np.add.reduce(to_home) / np.where(sold_here > 0.0, sold_here, np.inf))
        books.pay("material_sales", clearing, recyclers.account, np.add.reduce(to_home, axis=1))
        books.pay("material_sales", model.firms.account, clearing, spent)
        books.pay("material_sales", self.markets.accounts[OUTSIDE], recyclers.account, np.add.reduce(to_world, axis=1))
        sold = home + rest
        recyclers.sold[:] = sold
        blend = (1.0 - payable) * (1.0 - recyclers.plant.at_home[:, None])
        sells = sold > 1e-9
        received = (to_home + to_world) / np.where(sells, sold, 1.0)
        recyclers.price_received[:] = np.where(sells, received, discount * (1.0 - blend))
        self.secondary_spent = spent

    def _meet_customers(self, price: Array) -> None:
        """Recyclers and customers brought together sign at the home price (M,) of the month; contracts run on."""
        rules, recyclers = self.model.rules, self.model.recyclers
        if rules.in_force("matchmaking"):
            recyclers.meet_customers(rules.matchmaking, rules.match_term, price)
        elif recyclers.match_term is not None:
            recyclers.meet_customers(None, rules.match_term, price)

    def premium_under_contract(self, market: Array) -> Array:
        """What home buyers pay above the market price (M,) to each recycler on all that is at grade (R, M), a share."""
        recyclers = self.model.recyclers
        fixed = self.sold_at_home * (recyclers.contract_price / market - 1.0)
        return np.asarray(self.home_premium + recyclers.under_contract * (fixed - self.home_premium))

    def _clear_refined(self, wanted: Array, secondary: Array) -> None:
        markets = self.markets
        primary = np.maximum(wanted - secondary, 0.0)
        trades = self._stockpile_bids()
        self._release(trades)
        asked = np.add.reduce(primary)
        bidding = [(instrument, trade) for instrument, trade in trades if np.count_nonzero(trade.buy)]
        rules, bids = self._trade_rules(REFINING), self._bids(bidding)
        cleared = markets.clear(REFINING, self.opening, self._world_demand(), asked, rules, bids)
        self._settle(REFINING, cleared)
        if self.model.producers.offtake.any:
            self._deliver_first(cleared, self.model.producers.offtake.reserved(markets.count))
        self._serve_world(cleared)
        self._serve_stockpiles(cleared, trades, bidding)
        self._serve_makers(cleared, primary, asked)
        self.cleared = cleared

    def home_need(self) -> Array | None:
        """What home makers and the goods that home imports need (M,), kg a month; None in the first month."""
        if self.start_pull is None:
            return None
        return np.asarray(np.add.reduce(self.wanted_inputs) + np.add.reduce(self.pull))

    def _deliver_first(self, cleared: Cleared, reserved: Array) -> None:
        """Where material is rationed, home buyers get what partners reserve for them (M,) before others do, kg."""
        if cleared.home_asked is None:
            return
        wanted = np.minimum(cleared.home_asked, np.maximum(reserved, cleared.home)) - cleared.home
        shifted = np.minimum(np.maximum(wanted, 0.0), 0.9 * cleared.use[OUTSIDE])
        cleared.home = cleared.home + shifted
        cleared.use[OUTSIDE] -= shifted

    def _world_demand(self) -> Array:
        """Use of the world outside the home makers at each price (sides, M, G), kg."""
        model, markets = self.model, self.markets
        growth = self.growth[model.month]
        level = self.base_use * np.exp(self.noise[0][model.month] + markets.adaptation)
        level *= growth * model.conditions.demand
        known = growth  # what is in it of the pull of home imports at the start grows and falls with the rest
        for left in self._use_left():
            level, known = level * left, known * left
        if self.start_pull is not None:
            level = np.maximum(level + self.pull - self.start_pull * known, 0.2 * level)
        if not model.conditions.struck("essential_demand"):
            return level[:, :, None] * markets.response
        essential = self.base_use * growth * model.conditions.essential_demand
        return level[:, :, None] * markets.response + essential[:, :, None] * markets.essential_response

    def _use_left(self) -> list[Array]:
        """What recession and substitutes leave of use outside the home makers (sides, M) or (M,), where they do."""
        conditions = self.model.conditions
        left = [self._activity(conditions.activity)] if conditions.struck("activity") else []
        if self.substituted is not None:
            left.append(1.0 - self.substituted)
        return left

    def substitute(self, possible: Array, cost: Array) -> None:
        """Industry replaces what is `possible` of its use (M,) as it pays; `cost` (M,) over the price at the start."""
        price = self.markets.price[REFINING, OUTSIDE]
        done = np.zeros(len(price)) if self.substituted is None else self.substituted
        ahead = advantage(price, cost * np.asarray(self.config.materials.price))
        self.substituted = done + uptake(done, possible, ahead, self.config.firms.substitution_speed)

    def _activity(self, activity: Array) -> Array:
        """Mean activity of industry (J,) by side and material (sides, M), weighted by use."""
        share, side_of = np.asarray(self.config.materials.use_share).T, self.model.structure.side_of
        usual, active = np.zeros((2, *self.base_use.shape))
        np.add.at(usual, side_of, share)
        np.add.at(active, side_of, share * activity[:, None])
        return np.where(usual > 0.0, active / np.where(usual > 0.0, usual, 1.0), 1.0)

    def _serve_world(self, cleared: Cleared) -> None:
        model, markets = self.model, self.markets
        model.books.move("world_use", markets.blocks[REFINING], model.places.abroad, cleared.use)
        value = np.add.reduce(cleared.use * cleared.price, axis=1)
        model.books.pay("material_sales", model.accounts.abroad, markets.accounts, value)
        wanted = self.adapts * markets.log_price[REFINING]
        markets.adaptation += (wanted - markets.adaptation) / self.adaptation_months
        self.last_use = cleared.use

    # ------------------------------------------------------------------ stockpiles
    def _stockpile_bids(self) -> list[tuple[Any, Any]]:
        """Trades that governments with a stockpile want: (instrument, trade)."""
        model, markets = self.model, self.markets
        if not model.governments.traders:
            return []
        price = markets.price[REFINING, OUTSIDE]
        usual = markets.reference[REFINING] * np.exp(markets.anchor[REFINING, OUTSIDE])
        found = []
        for instrument in model.governments.traders:
            place = model.stockpile_place(instrument)
            use = self._use_below(instrument.leaves)
            held, withheld = model.books.stock[place].copy(), markets.withheld[OUTSIDE]
            view = MarketView(price, usual, use, self.home_rationed, held, withheld)
            found.append((instrument, instrument.trade(view, model.month)))
        return found

    def _use_below(self, leaves: NDArray[np.bool_]) -> Array:
        """What makers in these leaves (L,) use and their households' share of what imports contain (M,), kg a month."""
        made = np.add.reduce(self.wanted_inputs[leaves[self.model.firms.leaf]])
        return np.asarray(made + np.add.reduce(self.pull) * self.model.settlement.household_share[leaves].sum())

    def _release(self, trades: list[tuple[Any, Any]]) -> None:
        model, markets = self.model, self.markets
        self.released: dict[int, Array] = {}
        for instrument, trade in trades:
            place = model.stockpile_place(instrument)
            release = np.minimum(trade.release, model.books.stock[place])
            model.books.move("release", place, int(markets.places[REFINING, OUTSIDE]), release)
            self.released[instrument.index] = release

    def _bids(self, bidding: list[tuple[Any, Any]]) -> Array | None:
        """What stockpiles bid at each price of the grid (N, M, G), kg; None if none would buy."""
        if not bidding:
            return None
        quantity = np.array([trade.buy for _, trade in bidding])
        return self.markets.bids(quantity, np.array([trade.limit_price for _, trade in bidding]))

    def _serve_stockpiles(
        self, cleared: Cleared, trades: list[tuple[Any, Any]], bidding: list[tuple[Any, Any]]
    ) -> None:
        """Bring stockpiles what those `bidding` bought and let those who hold them pay."""
        model, markets, price = self.model, self.markets, cleared.price[OUTSIDE]
        bought_by: dict[int, Array] = {}
        if cleared.for_stock is not None:
            bought_by = {bidder.index: cleared.for_stock[row] for row, (bidder, _) in enumerate(bidding)}
        nothing = np.zeros(markets.count)
        for instrument, _ in trades:
            bought = bought_by.get(instrument.index, nothing)
            place = model.stockpile_place(instrument)
            model.books.move("stockpiling", int(markets.places[REFINING, OUTSIDE]), place, bought)
            for account, paid, received in instrument.share_out(bought, self.released[instrument.index], price):
                model.books.pay("stockpile_trade", account, markets.accounts[OUTSIDE], paid)
                model.books.pay("stockpile_trade", markets.accounts[OUTSIDE], account, received)

    def _serve_makers(self, cleared: Cleared, primary: Array, asked: Array) -> None:
        """Bring makers their part of all that they ask (M,) and let them pay."""
        model, markets, firms = self.model, self.markets, self.model.firms
        served = np.minimum(cleared.home / np.where(asked > 0.0, asked, 1.0) + (asked <= 0.0), 1.0)
        bought, place = primary * served, int(markets.places[REFINING, OUTSIDE])
        self.home_rationed = 1.0 - served
        if model.transport.delays("materials"):
            asked_by = bought
            bought = model.transport.bring_materials(place, bought, firms.inputs)
            self.home_rationed = 1.0 - served * (1.0 - model.transport.lateness)
            self._count_under_way(asked_by)
        else:
            model.books.move("purchase", place, firms.inputs, bought)
        self.primary_spent = bought @ cleared.price[OUTSIDE]
        model.books.pay("material_sales", firms.account, int(markets.accounts[OUTSIDE]), self.primary_spent)
        if self.freight is not None:
            freight = bought @ (cleared.price[OUTSIDE] * self.freight)
            model.books.pay("material_sales", firms.account, model.accounts.abroad, freight)
            self.primary_spent = self.primary_spent + freight
        if model.duties.in_force:
            self.primary_spent = self.primary_spent + model.duties.shelter_refineries(bought, cleared.price[OUTSIDE])
        self.primary_bought = bought

    def _count_under_way(self, asked_by: Array) -> None:
        """Refined material on its way to makers (F, M), shared by what they bought this month, kg."""
        under_way = self.model.transport.materials
        if under_way is not None:
            whole = np.add.reduce(asked_by)
            self.model.firms.under_way = asked_by * (under_way / np.where(whole > 0.0, whole, np.inf))

    # ------------------------------------------------------------------ components
    def _buy_components(self) -> None:
        """Makers order components by material content: from home makers' stock and from abroad."""
        markets = self.model.components
        orders = self._component_orders()
        price, whole = self._component_prices(), np.add.reduce(orders, axis=1, keepdims=True)
        mix = np.where(whole > 0.0, orders / np.where(whole > 0.0, whole, 1.0), 1.0 / orders.shape[1])
        if markets.start_cost is None:
            markets.remember_start(markets.prices(self.markets.price[REFINING], self._home_conversion()), mix)
        discounts = self._discounts()
        if discounts is not None:
            price = price.copy()
            price[:, 1:] *= 1.0 - discounts[:, :, None]
        levied, risk = self._levied(price, discounts), mix @ self.felt_risk
        markets.choose_origins(levied, mix, risk, self._most(discounts), self._favour())
        asked = orders * markets.share[:, :1]
        home, delivered = self._take_from_makers(asked)
        self.component_allowed = self._let_out_in_components()
        shipped = imported = markets.deliver_imports(orders - home, self.component_allowed)
        if self.model.transport.delays("components"):
            imported = self._ship(shipped, orders)
        self.component_imports_by_origin, self.component_arrived = shipped, imported
        if discounts is not None:
            self._let_states_pay(imported * price[:, 1:], discounts)
        self._deliver_components(orders, home, delivered, imported, price)
        self._order_from_component_makers(asked)

    def _ship(self, shipped: Array, orders: Array) -> Array:
        """Send components on their way; returns those that arrive (C, O, M), kg, and lets makers feel the lack."""
        transport, markets, firms = self.model.transport, self.model.components, self.model.firms
        imported = transport.ship_components(shipped, orders, markets.origins)
        sent, came = np.add.reduce(shipped, axis=1), np.add.reduce(imported, axis=1)
        late = np.where(sent > 0.0, 1.0 - came / np.where(sent > 0.0, sent, 1.0), 0.0)
        markets.rationed = np.maximum(markets.rationed, np.maximum(late, 0.0) * (sent / np.maximum(orders, 1e-12)))
        if transport.components is not None:
            per_order = np.add.reduce(transport.components, axis=1) / np.where(orders > 0.0, orders, np.inf)
            by_product = np.add.reduce(self.by_component * per_order, axis=1)
            coming = by_product.take(firms.product, axis=0) * self.wanted_inputs
            firms.under_way = coming if firms.under_way is None else firms.under_way + coming
        return imported

    def _favour(self) -> tuple[Array, Array] | None:
        """Share of each component that public tenders want home-made (C,), and their premium (C,); None if none do."""
        if self.model.preference.in_output is None:
            return None
        makes = (self.products == self.model.firms.product).astype(np.float64)
        use = np.add.reduce(self.by_component[:-1] * (makes @ self.wanted_inputs)[:, None], axis=2)
        return self.model.preference.for_components(use)

    def _component_orders(self) -> Array:
        """Material that home makers want in components (C, M), kg."""
        makes = (self.products == self.model.firms.product).astype(np.float64)
        return np.add.reduce(self.by_component[:-1] * (makes @ self.wanted_inputs)[:, None])

    def _component_prices(self) -> Array:
        """Price per kg of content (C, 1 + O, M), EUR; a levy on imports is paid in settlement, on top of it."""
        self.conversion = self._home_conversion()
        levies = self.levies()[0], 0.0
        return self._landed(self.model.components.prices(self.markets.price[REFINING], self.conversion, levies))

    def _landed(self, price: Array) -> Array:
        """Prices of components (C, 1 + O, M) with what freight adds to those of imports."""
        freight = self.model.transport.freight_on_goods(self.model.components.origins)
        if freight is not None:
            price[:, 1:] *= (1.0 + freight)[:, None]
        return price

    def _discounts(self) -> Array | None:
        """Discounts that blocs give on components, over their price (C, O); None where nobody gives any."""
        if all(bloc.off_components is None for bloc in self.model.blocs):
            return None
        markets = self.model.components
        found = np.zeros((len(markets.share), len(markets.origins)))
        for bloc in self.model.blocs:
            if bloc.off_components is not None:
                found[:, markets.bloc == bloc.number] = bloc.off_components[:, None]
        return found

    def _most(self, discounts: Array | None) -> Array | None:
        """Largest shares of origins (C, 1 + O): who sells under price cannot make more than its capacity allows."""
        if discounts is None:
            return None
        markets = self.model.components
        most = np.full(markets.share.shape, np.inf)
        for bloc in self.model.blocs:
            where = (markets.bloc == bloc.number) & (discounts > 0.0)
            most[:, 1:][where] = ((1.0 + bloc.flood_capacity) * markets.start_share[:, 1:])[where]
        return most

    def _let_states_pay(self, value: Array, discounts: Array) -> None:
        """States pay exporters abroad the discounts on components sold for `value` (C, O, M), EUR."""
        model, markets = self.model, self.model.components
        given = np.add.reduce(value, axis=2) * discounts / (1.0 - discounts)
        for bloc in model.blocs:
            bloc.component_cost = bloc.makes_good(np.add.reduce(given[:, markets.bloc == bloc.number], axis=1))
            amount = float(np.add.reduce(bloc.component_cost))
            model.books.pay("state_support", bloc.purse, model.accounts.abroad, amount)

    def _let_out_in_components(self) -> Array:
        """Share of normal exports of components that blocs allow (B, C): by licence, and of what they withhold."""
        allowed, markets = self.model.conditions.component_export_share, self.model.components
        for bloc in self.model.blocs:
            kept = bloc.withheld_in_components()
            if kept is None or not np.count_nonzero(kept):
                continue
            origin = markets.bloc == bloc.number
            # At long-run cost: a material that its restriction makes dear does not thereby make up a component.
            worth = np.add.reduce(markets.normal_imports[:, origin], axis=1) * self.markets.reference[REFINING]
            share = worth @ kept / np.maximum(np.add.reduce(worth, axis=1), 1e-300)
            share *= share >= TRACE
            allowed = allowed.copy()
            allowed[bloc.number] = np.where(share > 0.0, np.minimum(allowed[bloc.number], 1.0 - share), np.inf)
        return allowed

    def _levied(self, price: Array, discounts: Array | None = None) -> Array:
        """Prices of components with the levy and duty on imports, which steer the choice of origin."""
        levies, duties = self.levies(), self.model.duties
        if np.count_nonzero(levies[1]):
            price = self._landed(self.model.components.prices(self.markets.price[REFINING], self.conversion, levies))
            if discounts is not None:
                price[:, 1:] *= 1.0 - discounts[:, :, None]
        if duties.in_force:
            price = price.copy()
            price[:, 1:] *= 1.0 + duties.on_components
        return price

    def levies(self) -> tuple[Array, Array]:
        """Levies on primary material used at home and in imports (M,), EUR/kg, the mean over leaves by households.

        What a duty on refined material adds to its price at home counts with the former.
        """
        rules, share = self.model.rules, self.model.settlement.household_share
        if rules is not self._levied_under:
            self._levied_under = rules
            self._levies = self.no_levy, self.no_levy
            if rules.in_force("primary_levy") or rules.in_force("import_levy"):
                imports = (share @ rules.import_levy) * (1.0 - self.recycled_abroad)
                self._levies = share @ rules.primary_levy, imports
            if self.model.duties.in_force:
                price = self.markets.price[REFINING, OUTSIDE]
                self._levies = self._levies[0] + self.model.duties.at_home_per_kg(price), self._levies[1]
        return self._levies

    def _home_conversion(self) -> tuple[Array, Array]:
        """Conversion cost per kg of content (C,), EUR, and markup (C,) of home makers; 0 where there are none."""
        firms, count = self.model.firms, len(self.component_rows)
        rows, which, capacity = self.component_makers, self.components_made, self.maker_capacity
        weight = np.maximum(np.bincount(which, capacity, count), 1e-12)
        known = len(firms.conversion_now) == len(firms)
        conversion = (firms.conversion_now if known else firms.conversion)[rows]  # energy and wages of last month
        return (
            np.bincount(which, capacity * conversion, count) / weight,
            np.bincount(which, capacity * firms.markup[rows], count) / weight,
        )

    def _take_from_makers(self, asked: Array) -> tuple[Array, Array]:
        """What home makers deliver from stock, by component (C, M) and by maker (n, M), shared by stock, kg."""
        which = self.components_made
        stock = self.model.books.stock.take(self.finished, axis=0)
        total = (self.component_rows == which).astype(np.float64) @ stock
        home = np.minimum(asked, (1.0 - 1e-12) * total)
        return home, stock * (home / np.where(total > 0.0, total, np.inf)).take(which, axis=0)

    def _deliver_components(self, orders: Array, home: Array, delivered: Array, imported: Array, price: Array) -> None:
        """Bring components to makers and let them pay; every maker of a product gets them of the mean origin."""
        model, firms, books, rows = self.model, self.model.firms, self.model.books, self.component_makers
        whole, home_price = np.add.reduce(imported, axis=1), price[:, 0]
        abroad_price = np.add.reduce(imported * price[:, 1:], axis=1) / np.where(whole > 0.0, whole, 1.0)
        abroad_price = np.where(whole > 0.0, abroad_price, price[:, 1])
        # Kilograms per kilogram ordered, from home and abroad, and what is paid for them (4, C, M).
        per_order = np.empty((4, *orders.shape))
        per_order[0], per_order[1] = home, whole
        per_order[2], per_order[3] = home * home_price, whole * abroad_price
        per_order /= np.where(orders > 0.0, orders, np.inf)
        by_product = np.add.reduce(self.by_component * per_order[:, None], axis=2)  # (4, P + 1, M)
        by_maker = by_product.take(firms.product, axis=1) * self.wanted_inputs
        from_home, from_abroad = by_maker[:2]
        to_home, to_abroad = np.add.reduce(by_maker[2:], axis=2)
        books.move("delivery", self.finished, model.places.components, delivered)
        books.move("delivery", model.places.components, firms.inputs, from_home)
        if self.component_imports_by_origin is imported:
            books.move("component_import", model.places.abroad, firms.inputs, from_abroad)
        else:
            books.move("delivery", model.transport.place, firms.inputs, from_abroad)
        self._pay_for_components(delivered, to_home, to_abroad, home_price)
        if model.duties.in_force:
            duty = np.add.reduce(model.duties.note_components(imported * price[:, 1:]), axis=1)
            abroad_price = abroad_price + duty / np.where(whole > 0.0, whole, np.inf)
        both = home + whole
        share_home = home / np.where(both > 0.0, both, np.inf)
        mean_price = share_home * home_price + (1.0 - share_home) * abroad_price
        self.component_price = np.where(share_home + whole > 0.0, mean_price, home_price)
        self.component_import = from_abroad
        firms.units[rows] = np.add.reduce(books.stock.take(self.finished, axis=0), axis=1)
        firms.sold[rows] = np.add.reduce(delivered, axis=1)

    def _pay_for_components(self, delivered: Array, to_home: Array, to_abroad: Array, home_price: Array) -> None:
        """Makers (F,) pay component makers, who earn by what each delivered (n, M), and exporters abroad."""
        model, firms, books, rows = self.model, self.model.firms, self.model.books, self.component_makers
        clearing = model.accounts.secondary
        earned = np.add.reduce(delivered * home_price.take(self.components_made, axis=0), axis=1)
        books.pay("material_sales", firms.account, clearing, to_home)
        books.pay("material_sales", clearing, firms.account[rows], earned)
        books.pay("material_sales", firms.account, model.accounts.abroad, to_abroad)
        self.component_spent = to_home + to_abroad

    def _order_from_component_makers(self, asked: Array) -> None:
        """Component makers see smoothed orders and the composition asked of them (C, M)."""
        firms, smoothing, rows = self.model.firms, self.smoothing, self.component_makers
        if not len(rows):
            return
        which, capacity = self.components_made, self.maker_capacity
        whole = np.add.reduce(asked, axis=1)
        total = np.bincount(which, capacity, len(whole))
        orders = capacity * (whole / np.where(total > 0.0, total, np.inf)).take(which)
        before = firms.orders.take(rows)
        firms.orders[rows] = before + (orders - before) / smoothing
        known = whole > 0.0
        mix = asked / np.where(known, whole, 1.0)[:, None]
        need = firms.need.take(rows, axis=0)
        firms.need[rows] = need + (mix.take(which, axis=0) - need) * (known[which] / smoothing)[:, None]

    def remember_imports(self, content_by_side: Array) -> None:
        """Smooth the content of imported components and products (sides, M), which others' use includes."""
        pace = 1.0 if self.start_pull is None else 1.0 / 6.0
        self.pull += (content_by_side - self.pull) * pace
        if self.start_pull is None:
            self.start_pull = self.pull.copy()


def autoregressive(innovations: Array, memory: float) -> Array:
    """First-order autoregression (T, …) with unit standard deviation, from independent normal draws."""
    path = np.empty_like(innovations)
    path[0] = innovations[0]
    scale = np.sqrt(1.0 - memory**2)
    for month in range(1, len(path)):
        path[month] = memory * path[month - 1] + scale * innovations[month]
    return path
