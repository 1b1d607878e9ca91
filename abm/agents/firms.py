"""Firms at home: makers of products and components, refurbishers and service providers.

They price with an adaptive markup, produce to smoothed orders, hold precautionary stocks when supply
feels at risk, thrift on dear materials, invest, change design, enter and fail.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.agents.organisation import Array, Organisation, Organisations, Rows
from abm.population import Column, InBooks

LINEAR, CIRCULAR, COMPONENT, REFURBISHER, SERVICE = range(5)
KINDS = ("linear maker", "circular maker", "component maker", "refurbisher", "service provider")
SMALLEST = 1e-9
QUIET = 0.25  # pressure under which designers let savings go
BUSY = 0.15  # part of the gap between orders and usual use of capacity that goes into the markup, beside what is unsold
ORDER_TIME = 6.0  # months over which a maker spreads the orders that close a gap in capacity


class Firm(Organisation):
    """A maker, refurbisher or service provider."""

    inputs_held = InBooks("stock", "inputs", "move", "Material in its stock of inputs (kg).")
    finished_held = InBooks("stock", "finished", "move", "Material in its finished goods (kg).")


class Firms(Organisations):
    """All firms; output is in products per month, for component makers in kg of contained material."""

    agent_class = Firm
    kind = Column("int64", "0 linear, 1 circular, 2 component maker, 3 refurbisher, 4 service provider", "1")
    product = Column("int64", "Index of its product group, −1 for component makers", "1")
    component = Column("int64", "Index of its component, −1 for others", "1")
    inputs = Column("int64", "Place of its stock of inputs", "1", "place")
    finished = Column("int64", "Place of its finished goods", "1", "place")
    capacity = Column("float64", "Largest output", "1/month")
    building = Column("float64", "Capacity that is ordered and not yet there", "1/month")
    units = Column("float64", "Finished goods in stock", "1")
    orders = Column("float64", "Smoothed orders", "1/month")
    planned = Column("float64", "Output planned this month", "1/month")
    made = Column("float64", "Output this month", "1/month")
    sold = Column("float64", "Delivered this month", "1/month")
    scrap_rate = Column("float64", "Share of input that ends as manufacturing scrap", "1")
    relative_cost = Column("float64", "Own conversion cost over that of a mean firm of the trade", "1")
    conversion = Column("float64", "Cost beyond materials per unit of output", "EUR")
    markup = Column("float64", "Markup over unit cost", "1")
    unit_cost = Column("float64", "Cost per unit of output at this month's prices", "EUR")
    price = Column("float64", "Price per unit of output", "EUR")
    start_price = Column("float64", "Price at entry, to which export demand refers", "EUR")
    return_on_capital = Column("float64", "Smoothed yearly return on capital", "1/yr")
    shortage = Column("float64", "Share of planned output lost to lack of material this month", "1")
    need = Column("float64", "Material needed per unit of output before thrift", "kg", width="materials")
    thrift = Column("float64", "Share of a material saved by design", "1", width="materials")
    substituted = Column("float64", "Share of a material replaced by a substitute for good", "1", width="materials")
    substitute_cost = Column("float64", "Cost of substitutes per unit of output", "EUR")
    risk = Column("float64", "Felt supply risk of a material, 0 to 1", "1", width="materials")
    expected = Column("float64", "Log of the price of a material that it regards as usual", "1", width="materials")

    def __init__(self, model: Any, config: Any, books: Any) -> None:
        super().__init__(model, widths={"materials": len(config.materials)})
        self.config, self.terms, self.books = config, config.firms, books
        self.conversion_now: Array = np.zeros(0)
        self.under_way: Array | None = None  # material on its way to each (n, M), kg, while transport is disrupted
        self.knowledge: Array | None = None  # of how to do without materials (2, L, M), from public research if any
        # What product law costs per unit of output (F,), EUR, if anything: paid in making, and owed to dealers.
        self.added_cost: Array | None = None
        self.owed_per_unit: Array | None = None
        self.substitutes = False  # whether any has taken up a substitute
        self.first_niche = 10_000
        self.component_capital = np.asarray(config.components.capital_cost)

    # ------------------------------------------------------------------ founding
    def found(
        self,
        month: int,
        names: list[str],
        kind: Rows,
        product: Rows,
        component: Rows,
        leaf: Rows,
        need: Array,
        scrap_rate: Array,
        capacity: Array,
        conversion: Array,
        unit_cost: Array,
        markup: Array,
        log_price: Array,
    ) -> Rows:
        """Set up firms with a plant half paid by debt; returns their rows. Arrays are (n,), need (n, M).

        `conversion` and `unit_cost` are those of a mean firm of the trade; each draws its own cost relative to it.
        """
        count, terms = len(names), self.terms
        niche = self.niche_of(kind, product, component, leaf)
        slots = self.new_slots(niche)
        relative = self.draw_relative_cost(slots, terms.cost_spread)
        unit_cost = unit_cost + conversion * (relative - 1.0)
        conversion = conversion * relative
        price = unit_cost * (1.0 + markup)
        capital = self.capital_cost(component, price) * capacity
        rows = self.append(
            account=self.books.account(*names),
            inputs=self.books.place(*[f"{n}: inputs" for n in names]),
            finished=self.books.place(*[f"{n}: finished goods" for n in names]),
            leaf=leaf,
            niche=niche,
            slot=slots,
            relative_cost=relative,
            active=np.ones(count, dtype=bool),
            born=np.full(count, month),
            died=np.full(count, -1),
            capital=capital,
            monthly_cost=unit_cost * capacity / terms.capacity_slack,
            profit=np.zeros(count),
            revenue=price * capacity / terms.capacity_slack,
            kind=kind,
            product=product,
            component=component,
            scrap_rate=scrap_rate,
            capacity=capacity,
            building=np.zeros(count),
            units=np.zeros(count),
            orders=capacity / terms.capacity_slack,
            planned=capacity / terms.capacity_slack,
            made=np.zeros(count),
            sold=np.zeros(count),
            conversion=conversion,
            markup=markup,
            unit_cost=unit_cost,
            price=price,
            start_price=price.copy(),
            return_on_capital=np.full(count, terms.hurdle_rate),
            shortage=np.zeros(count),
            need=need,
            thrift=np.zeros_like(need),
            substituted=np.zeros_like(need),
            substitute_cost=np.zeros(count),
            risk=np.zeros_like(need),
            expected=np.tile(log_price, (count, 1)),
        )
        self.names = tuple(getattr(self, "names", ())) + tuple(names)
        return rows

    def capital_cost(self, component: Rows, price: Array) -> Array:
        """Cost of capacity (n,), EUR per unit a month: of component plants by their content, of others by revenue."""
        by_content = 12.0 * self.component_capital[component]
        return np.where(
            component >= 0, by_content, self.terms.capital_per_revenue * 12.0 * price / self.terms.capacity_slack
        )

    def niche_of(self, kind: Rows, product: Rows, component: Rows, leaf: Rows) -> Rows:
        """Number of the niche: kind × what is made × leaf."""
        what = np.where(np.asarray(component) >= 0, 500 + np.asarray(component), np.asarray(product))
        return self.first_niche + (np.asarray(kind) * 1000 + what) * 100 + np.asarray(leaf)

    def of_kind(self, *kinds: int) -> Rows:
        """Rows of active firms of these kinds."""
        chosen = self.kind == kinds[0]
        for kind in kinds[1:]:
            chosen |= self.kind == kind
        chosen &= self.active
        return chosen.nonzero()[0]

    @property
    def need_now(self) -> Array:
        """Material per unit of output after thrift (n, M), kg."""
        return self.need * (1.0 - self.thrift)

    @property
    def gross_need(self) -> Array:
        """Material to put in per unit of output, manufacturing scrap included (n, M), kg."""
        return self.need_now / (1.0 - self.scrap_rate)[:, None]

    # ------------------------------------------------------------------ expectations and plans
    def form_expectations(self, log_price: Array, rationed: Array, restricted: Array) -> None:
        """Update usual prices and felt supply risk from prices, shortages and restrictions (M,).

        A jump of price above the usual one, rationing, or an export restriction raises felt risk at
        once; it fades over `risk_memory`.
        """
        terms, risk, expected = self.terms, self.risk, self.expected
        jump = log_price - expected
        alarm = np.maximum(np.maximum(rationed, 0.5 * restricted), jump)
        np.minimum(alarm, 1.0, out=alarm)
        risk *= 1.0 - 1.0 / terms.risk_memory
        np.maximum(risk, alarm, out=risk)
        risk *= self.need > 0.0
        jump /= terms.expectation_time
        expected += jump

    def thrift_on(self, log_price: Array, long_run: Array) -> None:
        """Save on materials that are dear against their long-run level or feel at risk (Sprecher et al. 2017).

        Slow, bounded, and only partly undone when prices fall back. Designers of products save; a component is
        counted by the material in it, so there is nothing to save on one.
        """
        terms = self.terms
        dear = np.maximum(log_price - long_run, 0.0) / np.log(2.0)
        pressure, thrift = np.minimum(dear + 0.5 * self.risk, 4.0), self.thrift
        change = terms.thrift_speed / 12.0 * pressure
        if self.knowledge is None:
            change *= terms.thrift_limit - thrift
        else:
            reach, faster = self.knowledge[:, self.leaf]
            change *= (1.0 + faster) * (terms.thrift_limit + reach * (1.0 - terms.thrift_limit) - thrift)
        back = terms.thrift_return / 12.0 * thrift
        back *= pressure < QUIET
        change -= back
        change *= (self.need > 0.0) & (self.kind < COMPONENT)[:, None]
        thrift += change

    def research(self, reach: Array, pace: Array, faster: Array) -> None:
        """Let designers know more of how to do without a material (L, M); what is known stays known.

        `reach` is the share of what cannot be saved yet that research can make possible in the end, `pace` the share
        of it found in a year, `faster` by how much designers then save faster.
        """
        if self.knowledge is None:
            self.knowledge = np.zeros((2, *reach.shape))
        for known, found in zip(self.knowledge, (reach, faster), strict=True):
            known += np.minimum(pace / 12.0, 1.0) * np.maximum(found - known, 0.0)

    def substitute(self, possible: Array, cost: Array, paid: Array) -> None:
        """Replace materials by a substitute as far as that is possible and pays.

        `possible` (P + 1, M) is the share that new designs can do without, `cost` (P + 1, M) of what replaces a
        kilogram and `paid` (P + 1, M) for a kilogram as bought, EUR; the last row is for those who make no product.
        What is replaced stays so: need falls and the substitute is bought instead.
        """
        product = self.product
        ahead = advantage(paid, cost).take(product, axis=0) + 0.5 * self.risk
        share = uptake(self.substituted, possible.take(product, axis=0), ahead, self.terms.substitution_speed)
        share *= (self.need > 0.0) & (self.kind < COMPONENT)[:, None]
        saved = self.need * (share / np.maximum(1.0 - self.substituted, SMALLEST))
        self.need -= saved
        self.substituted += share
        self.substitute_cost += np.add.reduce(saved * cost.take(product, axis=0), axis=1)
        self.substitutes = self.substitutes or bool(np.count_nonzero(saved))

    def plan_output(self, staffing: Array) -> None:
        """Plan output from smoothed orders and the gap in finished stock, within capacity and the people at hand.

        `staffing` (L,) is the share of planned work that technicians can do.
        """
        wanted_stock = self.terms.finished_cover * self.orders
        wanted = self.orders + (wanted_stock - self.units) / 3.0
        able = (self.active & (self.kind <= COMPONENT)) * staffing.take(self.leaf)
        self.planned[:] = np.minimum(np.maximum(wanted, 0.0), self.capacity) * able

    def wanted_inputs(self) -> Array:
        """Material to buy this month (n, M), kg: for output and for a precautionary stock."""
        terms = self.terms
        need = self.gross_need
        wanted = terms.precaution * self.risk
        wanted += terms.input_cover
        wanted *= self.orders[:, None] * need  # the stock that it likes to hold
        wanted -= self.books.stock.take(self.inputs, axis=0)
        if self.under_way is not None:
            wanted -= self._expected(self.under_way, need)
        wanted /= 4.0
        wanted += self.planned[:, None] * need
        wanted *= (self.active & (self.kind <= COMPONENT))[:, None]
        return np.maximum(wanted, 0.0, out=wanted)

    def _expected(self, under_way: Array, need: Array) -> Array:
        """What is under way beyond a month's need (n, M), which they count as theirs, kg.

        Up to that they order as if it were not coming: supply lines are underweighted (Sterman 1989).
        """
        expected = np.zeros(need.shape)
        known = slice(len(under_way))
        expected[known] = np.maximum(under_way - self.orders[known, None] * need[known], 0.0)
        return expected

    # ------------------------------------------------------------------ production
    def produce(self, swarf_place: int) -> tuple[Rows, Array]:
        """Turn inputs into finished goods; returns rows that make manufacturing scrap and how much (n, M), kg.

        Output falls in part with the scarcest input. The scrap moves to `swarf_place`.
        """
        books, rows = self.books, (self.planned > 0.0).nonzero()[0]
        planned, inputs, scrap_rate = self.planned[rows], self.inputs[rows], self.scrap_rate[rows]
        need = self.need.take(rows, axis=0) * (1.0 - self.thrift.take(rows, axis=0))
        gross = need / (1.0 - scrap_rate)[:, None]
        cover = np.full(gross.shape, np.inf)
        np.divide(books.stock.take(inputs, axis=0), gross, out=cover, where=gross > 0.0)
        made = np.minimum(planned, np.minimum.reduce(cover, axis=1) * (1.0 - 1e-12))
        self.made[:] = self.shortage[:] = 0.0
        self.made[rows] = made
        self.shortage[rows] = (planned > SMALLEST) * (1.0 - made / planned)
        units = self.units
        units += self.made
        books.move("manufacture", inputs, self.finished[rows], made[:, None] * need)
        lossy = ((scrap_rate > 0.0) & (made > 0.0)).nonzero()[0]
        swarf = made[lossy, None] * (gross.take(lossy, axis=0) - need.take(lossy, axis=0))
        books.move("swarf", inputs[lossy], swarf_place, swarf)
        return rows[lossy], swarf

    def pay_for_production(
        self, households: Rows, domestic: int, labour_share: Array, energy_share: Array, energy: Array, wage: Array
    ) -> Array:
        """Pay conversion cost: labour to households, energy and inputs to the domestic economy.

        Fixed costs go on without output. Returns labour cost (n,), EUR.
        """
        terms, books = self.terms, self.books
        usual = self.capacity / terms.capacity_slack
        volume = (1.0 - terms.fixed_cost_share) * self.made + terms.fixed_cost_share * usual
        base = volume * self.conversion * self.active
        labour = base * labour_share * wage
        power = base * energy_share * energy
        other = base * (1.0 - labour_share - energy_share)
        books.pay("labour", self.account, households, labour)
        books.pay("energy", self.account, domestic, power)
        books.pay("other_inputs", self.account, domestic, other)
        if self.substitutes:
            books.pay("other_inputs", self.account, domestic, self.made * self.substitute_cost)
        self.cost_now = labour + power + other
        if self.added_cost is not None:
            added = self.made * self.added_cost
            books.pay("other_inputs", self.account, domestic, added)
            self.cost_now += added
        return labour

    def price_goods(
        self, input_price: Array, wage: Array, energy: Array, labour_share: Array, energy_share: Array
    ) -> None:
        """Set unit cost and price; the markup follows the share of output sold and of capacity asked for.

        `input_price` (n, M) EUR/kg is what the firm pays for its inputs per kg of content.
        """
        terms = self.terms
        burden = 1.0 + labour_share * (wage - 1.0) + energy_share * (energy - 1.0)
        makes = self.kind <= COMPONENT
        self.conversion_now = self.conversion * burden
        cost = np.add.reduce(self.gross_need * input_price, axis=1) + self.conversion_now
        if self.substitutes:
            cost += self.substitute_cost
        if self.added_cost is not None and self.owed_per_unit is not None:
            cost += self.added_cost + self.owed_per_unit
        np.copyto(self.unit_cost, cost, where=makes)
        sold_out = (self.made > SMALLEST) * (self.sold / np.maximum(self.made, SMALLEST) - 1.0)
        wanted = self.orders * terms.capacity_slack
        busy = (self.capacity > SMALLEST) * (wanted / np.maximum(self.capacity, SMALLEST) - 1.0)
        pull = np.minimum(np.maximum(sold_out, -0.5), 0.5) + BUSY * np.minimum(np.maximum(busy, -0.5), 0.5)
        drift = terms.markup_speed * (pull + 0.3 * (terms.markup - self.markup))
        self.markup[:] = np.maximum(self.markup + drift * makes, 0.0)
        np.copyto(self.price, self.unit_cost * (1.0 + self.markup), where=makes)

    # ------------------------------------------------------------------ end of month
    def close_accounts(self, revenue: Array, material_cost: Array) -> None:
        """Update smoothed revenue, cost, profit and return on capital from this month's payments (n,), EUR."""
        cost = self.cost_now + material_cost
        for smoothed, now in ((self.revenue, revenue), (self.monthly_cost, cost), (self.profit, revenue - cost)):
            smoothed += (now - smoothed) / 12.0
        earned = 12.0 * self.profit / np.maximum(self.capital, 1.0) - self.terms.depreciation
        self.return_on_capital[:] = np.where(self.active, earned, 0.0)

    def invest(
        self,
        cash: Array,
        credit: Any,
        suppliers: int,
        build_speed: Array,
        hurdle_add: float = 0.0,
        support: Array | None = None,
    ) -> Rows:
        """Extend capacity where it is fully used and pays the hurdle rate; let it wear out otherwise.

        `cash` (accounts,) are the balances of the books. What is ordered stands after `build_time` months on average,
        at the speed (n,) that technicians allow. `hurdle_add` comes on top of the hurdle rate. `support` (n,) is the
        share of new capacity that government pays, if any.
        """
        terms, books = self.terms, self.books
        wear = terms.depreciation / 12.0
        tight = self.active & (self.orders > self.capacity / terms.capacity_slack)
        pays = self.return_on_capital > terms.hurdle_rate + hurdle_add - terms.depreciation
        if support is not None:
            hurdle = (terms.hurdle_rate + hurdle_add) * (1.0 - support)
            pays = self.return_on_capital > hurdle - terms.depreciation
        wanted = self.orders * terms.capacity_slack - self.capacity - self.building
        growth = np.minimum(wanted / ORDER_TIME, self.capacity * terms.growth_limit / 12.0)
        growth = np.maximum(growth, 0.0) * tight * pays
        keeps = self._replaced()
        extension = growth * self.capital_cost(self.component, self.price)
        cost = extension + wear * self.capital * keeps
        means = np.maximum(cash.take(self.account), 0.0)
        loan = np.minimum(
            credit.leverage_limit * cost,
            np.maximum(credit.leverage_limit * (self.capital + cost) - books.debt.take(self.account), 0.0),
        )
        share = np.minimum((0.5 * means + loan) / np.where(cost > 0.0, cost, 1.0) + (cost <= 0.0), 1.0)
        spent = cost * share
        grown = self.building * np.minimum(build_speed / max(terms.build_time, 1.0), 1.0)
        books.lend(self.account, loan * share)
        books.pay("capital_spending", self.account, suppliers, spent)
        building, capacity, capital = self.building, self.capacity, self.capital
        building += growth * share - grown
        capacity += grown - wear * (1.0 - keeps * share) * capacity * self.active
        capital += spent - wear * capital
        self.spent = spent
        self.spent_on_growth = extension * share
        return (grown > 0.02 * capacity).nonzero()[0]

    def _replaced(self) -> Array:
        """Share of worn plant that is replaced (n,): all at usual use of capacity, none at nine tenths of it."""
        use = self.orders * self.terms.capacity_slack / np.maximum(self.capacity, SMALLEST)
        return np.minimum(np.maximum(10.0 * use - 9.0, 0.0), 1.0) * self.active

    def fail(self, credit: Any, lender: int, scrap_place: int) -> tuple[Rows, Array]:
        """Insolvent firms leave: debts are written off, stocks leave the home economy.

        Returns rows and lenders' losses (EUR).
        """
        rows = self.insolvent(self.books, credit)
        return rows, self.wind_up(rows, lender, scrap_place) if len(rows) else np.zeros(0)

    def wind_up(self, rows: Rows, lender: int, scrap_place: int) -> Array:
        """Empty the accounts and stocks of firms that leave; returns lenders' losses (len(rows),), EUR."""
        loss = self.wind_up_money(self.books, rows, lender)
        for place in (self.inputs, self.finished):
            self.books.move("liquidation", place[rows], scrap_place, self.books.stock[place[rows]].copy())
        for name in ("units", "orders", "planned", "made", "sold", "capacity", "building", "capital"):
            getattr(self, name)[rows] = 0.0
        return loss


def advantage(paid: Array, cost: Array) -> Array:
    """How often the cost of a substitute doubles to what is paid for what it replaces (…), below 0 if it is dearer."""
    return np.asarray(np.log2(np.maximum(paid, SMALLEST) / np.maximum(cost, SMALLEST)))


def uptake(done: Array, possible: Array, ahead: Array, speed: float) -> Array:
    """Share that is replaced this month (…) beyond what is `done`, towards what is `possible`.

    It is in proportion to the advantage `ahead`, in doublings, of at most two: the rate of adoption of an innovation
    rises with its relative advantage (Rogers 2003).
    """
    pace = speed / 12.0 * np.minimum(np.maximum(ahead, 0.0), 2.0)
    return np.asarray(np.minimum(pace, 1.0) * np.maximum(possible - done, 0.0))
