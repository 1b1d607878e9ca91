"""Recyclers: they bid for scrap, run or shut, learn, invest, enter and fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.guarantees import Finance
from abm.agents.organisation import SLOT_STEP, Array, Organisation, Organisations, Rows
from abm.population import Column, InBooks
from abm.rules import LEAST_STRIKE, part_received

RUNNING, SHUT, RESTARTING, BUILDING = range(4)
FIRST_NICHE = 500_000
BEST_RECOVERY = 0.98  # design for dismantling cannot raise recovery above this


class Recycler(Organisation):
    """A plant that recovers materials from one stream of scrap."""

    feed_held = InBooks("stock", "feed_place", "move", "Material in its stock of scrap (kg).")
    output_held = InBooks("stock", "output_place", "move", "Recovered material not yet sold (kg).")


class Recyclers(Organisations):
    """All recyclers; capacity and feed are in kg of scrap per month."""

    agent_class = Recycler
    stream = Column("int64", "Index of the stream of scrap it takes", "1")
    feed_place = Column("int64", "Place of its stock of scrap", "1", "place")
    output_place = Column("int64", "Place of recovered material not yet sold", "1", "place")
    status = Column("int64", "0 running, 1 shut, 2 restarting, 3 being built", "1")
    status_months = Column("float64", "Months of loss, of restart or of building left", "month")
    capacity = Column("float64", "Largest throughput of scrap", "kg/month")
    feed = Column("float64", "Gross mass of scrap in stock", "kg")
    other_feed = Column("float64", "Value of other recoverables in that stock", "EUR")
    feed_ease = Column("float64", "Scrap in stock times its gain in recovery from circular design", "kg")
    processed = Column("float64", "Scrap processed this month", "kg")
    cumulative = Column("float64", "Scrap ever processed, for learning", "kg")
    relative_cost = Column("float64", "Own processing cost over that of a mean plant of the stream", "1")
    base_cost = Column("float64", "Processing cost per kg at efficient scale before learning", "EUR/kg")
    start_cumulative = Column("float64", "Cumulative output to which base cost refers", "kg")
    processing_cost = Column("float64", "Processing cost per kg this month, fixed and variable", "EUR/kg")
    variable_cost = Column("float64", "Avoidable cost per kg of scrap this month", "EUR/kg")
    fixed_cost = Column("float64", "Cost per month that does not vary with output", "EUR/month")
    feed_value = Column("float64", "Value of what a kg of scrap at hand will yield", "EUR/kg")
    feed_price = Column("float64", "Smoothed price paid per kg of scrap", "EUR/kg")
    bid = Column("float64", "Bid per kg of scrap", "EUR/kg")
    margin = Column("float64", "Cash margin per kg of scrap this month", "EUR/kg")
    expected_margin = Column("float64", "Smoothed margin per kg of scrap before capital", "EUR/kg")
    starved_months = Column("float64", "Smoothed share of capacity without feed", "1")
    recovery = Column("float64", "Recovered share of a material", "1", width="materials")
    contract_strike = Column("float64", "Strike of a contract for difference", "EUR/kg", width="materials")
    contract_until = Column("int64", "Last month of that contract, −1 if none", "month", width="materials")
    contract_instrument = Column("int64", "Instrument behind that contract, −1 if none", "1", width="materials")
    sold = Column("float64", "Material sold this month", "kg", width="materials")
    recovered = Column("float64", "Material recovered this month", "kg", width="materials")
    feed_end_of_life = Column("float64", "Part of the feed from end-of-life goods", "kg", width="materials")
    recovered_end_of_life = Column(
        "float64", "Part of this month's recovery from end-of-life goods", "kg", width="materials"
    )
    price_received = Column("float64", "Market price received before support", "EUR/kg", width="materials")
    under_contract = Column(
        "float64", "Share of home sales at a fixed price, to customers that were found for it", "1", width="materials"
    )
    contract_price = Column("float64", "That price", "EUR/kg", width="materials")

    def __init__(self, model: Any, config: Any, books: Any) -> None:
        super().__init__(model, widths={"materials": len(config.materials)})
        self.config, self.terms, self.books = config, config.recyclers, books
        self.streams = config.streams
        self.match_term: Array | None = None  # of contracts with customers found (L, M), months, once there are any
        self.names: tuple[str, ...] = ()
        self.borrowed = np.zeros(0)  # for new capacity in the last month, EUR
        self.energy_relief: Array | None = None  # paid by government per kg of scrap (n,), EUR, where there is any

    # ------------------------------------------------------------------ founding
    def niche_of(self, stream: Rows, leaf: Rows) -> Rows:
        """Number of the niche: stream × leaf."""
        return FIRST_NICHE + np.asarray(stream) * 100 + np.asarray(leaf)

    def found(
        self,
        month: int,
        stream: Rows,
        leaf: Rows,
        capacity: Array,
        building: float,
        experience: Array,
        capital: Array,
    ) -> Rows:
        """Set up plants (n,); `building` months pass before they run. Returns rows."""
        count, streams = len(stream), self.streams
        niche = self.niche_of(stream, leaf)
        slots = self.new_slots(niche)
        places = [self.config.jurisdictions.ids[self.config.leaves[where]] for where in leaf]
        names = [
            f"{streams.ids[s]} recycler {slot % SLOT_STEP + 1} in {place}"
            for s, slot, place in zip(stream, slots, places, strict=True)
        ]
        relative = self.draw_relative_cost(slots, self.terms.cost_spread)
        unit = np.asarray(streams.processing_cost)[stream] * relative
        zeros = np.zeros((count, len(self.config.materials)))
        rows = self.append(
            account=self.books.account(*names),
            feed_place=self.books.place(*[f"{n}: scrap" for n in names]),
            output_place=self.books.place(*[f"{n}: recovered" for n in names]),
            leaf=np.asarray(leaf),
            niche=niche,
            slot=slots,
            active=np.ones(count, dtype=bool),
            born=np.full(count, month),
            died=np.full(count, -1),
            capital=capital,
            monthly_cost=unit * capacity,
            profit=np.zeros(count),
            revenue=unit * capacity,
            stream=np.asarray(stream),
            status=np.full(count, BUILDING if building > 0 else RUNNING),
            status_months=np.full(count, float(building)),
            capacity=capacity,
            feed=np.zeros(count),
            other_feed=np.zeros(count),
            feed_ease=np.zeros(count),
            processed=np.zeros(count),
            cumulative=experience.copy(),
            relative_cost=relative,
            base_cost=unit,
            start_cumulative=np.maximum(experience, 1.0),
            processing_cost=unit.copy(),
            variable_cost=unit.copy(),
            fixed_cost=np.zeros(count),
            feed_value=np.zeros(count),
            feed_price=np.zeros(count),
            bid=np.zeros(count),
            margin=np.zeros(count),
            expected_margin=np.zeros(count),
            starved_months=np.zeros(count),
            recovery=np.asarray(streams.recovery)[stream],
            contract_strike=zeros.copy(),
            contract_until=np.full(zeros.shape, -1),
            contract_instrument=np.full(zeros.shape, -1),
            sold=zeros.copy(),
            recovered=zeros.copy(),
            feed_end_of_life=zeros.copy(),
            recovered_end_of_life=zeros.copy(),
            price_received=zeros.copy(),
        )
        self.names += tuple(names)
        self._look_up_streams()
        return rows

    def _look_up_streams(self) -> None:
        """Terms of the stream of each plant (n,), which every month reads."""
        streams, stream = self.streams, self.stream
        at_home = np.asarray(streams.processed_at_home)
        terms = {
            "learning": np.log2(1.0 - np.asarray(streams.learning)),
            "efficient": np.maximum(np.asarray(streams.efficient_scale), 1e-9) * 1000.0 / 12.0,  # kg/month
            "energy_share": np.asarray(streams.energy_share),
            "labour_share": np.asarray(streams.labour_share),
            "fixed_share": np.asarray(streams.fixed_share),
            "capital_cost": np.asarray(streams.capital_cost),
            "transport_cost": np.asarray(streams.transport_cost),
            "at_home": at_home,  # share of what is recovered that home processors bring to grade
            "other_share": 1.0 - np.asarray(streams.energy_share) - np.asarray(streams.labour_share),
            "payable": at_home + (1.0 - at_home) * np.asarray(streams.payable),  # share of the metal price received
        }
        self.plant = SimpleNamespace(**{name: values[stream] for name, values in terms.items()})
        self.best_rate = np.maximum(self.recovery, BEST_RECOVERY)

    # ------------------------------------------------------------------ prices and costs
    def effective_price(self, market: Array, reference: Array, rules: Any, certificate: Array) -> Array:
        """What a kg of recovered material brings with all support (n, M), EUR/kg.

        `market` (n, M) is the price received, `reference` (M,) that of the metal at grade; floors, contracts,
        subsidies and certificates (L, M) add to it; certificates are earned only on what is brought to grade at home.
        """
        leaf = self.leaf
        lifted = market + rules.recovery_subsidy.take(leaf, axis=0)
        gap = self._guaranteed_gap(reference, rules)
        if gap is not None:
            lifted += gap * part_received(market, reference)
        if rules.keeps("recovery_subsidy"):
            lifted += rules.kept("recovery_subsidy", leaf, self.born)
        lifted += certificate.take(leaf, axis=0) * self.plant.at_home[:, None]
        return lifted

    def _guaranteed_gap(self, reference: Array, rules: Any) -> Array | None:
        """What the price of a metal (M,) falls short of the floor or the strike of each plant (n, M), EUR/kg.

        Negative where a contract pays back; None where nobody has either.
        """
        held, kept = self.contract_instrument >= 0, rules.keeps("price_floor")
        if not (kept or rules.in_force("price_floor") or held.any()):
            return None
        floor = rules.price_floor.take(self.leaf, axis=0)
        if kept:
            floor = np.maximum(floor, rules.kept("price_floor", self.leaf, self.born))
        return np.where(held, self.contract_strike - reference, np.maximum(floor - reference, 0.0))

    def sign_contracts(self, month: int, reference: Array, rules: Any) -> Rows:
        """Take a contract for difference on offer where it beats the price (M,); end what expired or is void.

        Plants that are being built sign when they open.
        """
        expired = (self.contract_until >= 0) & (self.contract_until < month)
        if rules.void:
            expired |= np.isin(self.contract_instrument, rules.void)
        if expired.any():
            self.contract_instrument[expired] = self.contract_until[expired] = -1
            self.contract_strike[expired] = 0.0
        if not rules.contributions.get("contract_strike"):
            return np.zeros(0, dtype=np.int64)
        strike = rules.contract_strike[self.leaf]
        term = rules.contract_term[self.leaf]
        open_now = self.active & (self.status != BUILDING)
        free = (self.contract_instrument < 0) & open_now[:, None] & (self.recovery > 0.0)
        takes = free & (strike > 0.0) & (strike > LEAST_STRIKE * reference)
        best = rules.binding("contract_strike")[self.leaf]
        self.contract_instrument[takes] = best[takes]
        self.contract_strike[takes] = strike[takes]
        self.contract_until[takes] = (month + term.astype(np.int64))[takes]
        return takes.any(axis=1).nonzero()[0]

    def cost_of_smallness(self, capacity: Array, efficient: Array) -> Array:
        """Unit cost of plants of this capacity over that of a plant of efficient scale; both in kg a month."""
        scale = np.minimum(capacity / efficient, 1.0)
        return np.asarray(np.maximum(scale, 1e-6) ** -self.terms.scale_exponent)

    def meet_customers(self, rate: Array | None, term: Array, price: Array) -> None:
        """Sign offtake contracts at a fixed price with customers that were found; a part of the old ones expires.

        `rate` (L, M) is the share of what is not under contract that finds a customer in a year, if any does, `term`
        (L, M) the term of contracts in months, and `price` (M,) that of today, EUR/kg.
        """
        self.match_term = np.where(term > 0.0, term, 0.0 if self.match_term is None else self.match_term)
        share, agreed = self.under_contract, self.contract_price
        share -= share / np.maximum(self.match_term.take(self.leaf, axis=0), 1.0)
        if rate is None:
            return
        can = (self.recovery > 0.0) & (self.active & (self.status == RUNNING))[:, None]
        new = np.minimum(rate.take(self.leaf, axis=0) / 12.0, 1.0) * (1.0 - share) * can
        both = share + new
        agreed += (price - agreed) * new / np.where(both > 0.0, both, 1.0)
        share += new

    def cost_of_processing(self, energy: Array, wage: Array) -> None:
        """Unit cost after learning, scale, energy and wages (Wright 1936; Qiu and Suh 2019 for the rate)."""
        plant = self.plant
        learned = np.minimum((self.cumulative / self.start_cumulative) ** plant.learning, 1.0)
        small = self.cost_of_smallness(self.capacity, plant.efficient)
        burden = 1.0 + plant.energy_share * (energy - 1.0)[self.leaf] + plant.labour_share * (wage - 1.0)[self.leaf]
        np.multiply(self.base_cost * learned * small, burden, out=self.processing_cost)
        fixed = self.processing_cost * plant.fixed_share
        np.subtract(self.processing_cost, fixed, out=self.variable_cost)
        self.fixed_cost[:] = fixed * self.capacity * ((self.status != BUILDING) & self.active)

    def energy_cost(self, energy: Array, wage: Array) -> Array:
        """Energy in what processing a kg costs (n,), a share of it."""
        plant, leaf = self.plant, self.leaf
        power = plant.energy_share * energy[leaf]
        return np.asarray(power / (power + plant.labour_share * wage[leaf] + plant.other_share))

    def value_of(self, content: Array, other: Array, price: Array) -> Array:
        """Value of what a kg of scrap yields: content (n, M) kg/kg, other recoverables (n,) EUR/kg, EUR/kg."""
        return np.asarray(np.add.reduce(content * self.recovery * price, axis=1) + other)

    # ------------------------------------------------------------------ running
    def take_in(self, mass: Array, end_of_life: Array, other: Array, ease: Array) -> None:
        """Add scrap to the feed: its mass (n,) kg, its material from end-of-life goods (n, M) kg, and what is its own.

        That is the value of other recoverables (n,) EUR, and mass times gain in recovery from circular design (n,).
        """
        for held, arrived in (
            (self.feed, mass),
            (self.feed_end_of_life, end_of_life),
            (self.other_feed, other),
            (self.feed_ease, ease),
        ):
            held += arrived

    def plan(self, price: Array, speed: Array) -> None:
        """Value the feed at hand, and decide to run, shut or restart; `speed` (L,) is the pace of building."""
        has = self.feed > 1e-9
        each = np.where(has, self.feed, np.inf)
        content = self.books.stock.take(self.feed_place, axis=0) * ((1.0 + self.feed_ease / each) / each)[:, None]
        value = self.value_of(content, self.other_feed / each, price)
        np.copyto(self.feed_value, value, where=has)
        self._change_status(has, speed.take(self.leaf))

    def _change_status(self, has: NDArray[np.bool_], speed: Array) -> None:
        terms, status, months = self.terms, self.status, self.status_months
        surplus = self.feed_value - self.variable_cost - np.minimum(self.feed_price, 0.0)
        if self.energy_relief is not None:
            surplus += self.energy_relief
        running, building, waiting = status == RUNNING, status == BUILDING, status == RESTARTING
        loses = np.where(has & (surplus < 0.0), 1.0, -1.0)
        months[:] = np.where(running, np.maximum(months + loses, 0.0), months + (waiting * speed - building * speed))
        closing = running & (months > terms.shutdown_patience)
        opening = (status == SHUT) & (surplus > 0.0)
        ready = (waiting & (months > terms.restart_time)) | (building & (months <= 0.0))
        self.shutting, self.opened = closing.nonzero()[0], ready.nonzero()[0]
        changed = closing | opening | ready
        if changed.any():
            status[closing], status[opening], status[ready] = SHUT, RESTARTING, RUNNING
            months[changed] = 0.0

    def wanted_feed(self) -> Array:
        """Scrap to buy this month (n,), kg: for throughput and the usual stock.

        A plant that is shut keeps bidding, so that it starts again when scrap is cheap enough.
        """
        open_soon = (self.status != BUILDING) & self.active
        target = (1.0 + self.terms.feed_cover) * self.capacity
        return np.minimum(np.maximum(target - self.feed, 0.0), 1.5 * self.capacity) * open_soon

    def gain(self) -> Array:
        """Gain in recovery from circular design in the feed at hand (n,), a share of recovery."""
        return np.asarray(self.feed_ease / np.where(self.feed > 1e-9, self.feed, np.inf))

    def recover(self, dissipated: int, staffing: Array) -> None:
        """Process feed; recovered material goes to stock, the rest is dissipated in other metals' streams.

        `staffing` (L,) is the share of planned work that technicians can do.
        """
        books = self.books
        throughput = np.minimum(self.feed, self.capacity) * (self.active & (self.status == RUNNING))
        throughput *= staffing.take(self.leaf)
        each = np.where(self.feed > 1e-9, self.feed, np.inf)
        share = throughput / each
        stock = books.stock.take(self.feed_place, axis=0) * share[:, None]
        rate = np.minimum(self.recovery * (1.0 + self.feed_ease / each)[:, None], self.best_rate)
        recovered = stock * rate
        books.move("recovery", self.feed_place, self.output_place, recovered)
        books.move("dissipation", self.feed_place, dissipated, stock - recovered)
        self.processed_content = stock
        self.processed[:], self.recovered[:] = throughput, recovered
        self._use_up(throughput, share)
        np.multiply(self.processed_end_of_life, rate, out=self.recovered_end_of_life)
        self._learn(throughput)

    def _use_up(self, throughput: Array, share: Array) -> None:
        """Take what is processed out of the feed: `throughput` (n,) kg, a `share` (n,) of it."""
        feed, end_of_life, other, ease = self.feed, self.feed_end_of_life, self.other_feed, self.feed_ease
        self.processed_end_of_life = end_of_life * share[:, None]
        end_of_life -= self.processed_end_of_life
        self.other_sold = other * share
        other -= self.other_sold
        feed -= throughput
        ease *= 1.0 - share

    def _learn(self, throughput: Array) -> None:
        by_stream = np.bincount(self.stream, throughput, len(self.streams))
        others = by_stream[self.stream] - throughput
        cumulative = self.cumulative
        cumulative += throughput + self.terms.spillover * others

    # ------------------------------------------------------------------ money
    def pay_for_processing(self, households: Rows, domestic: int, energy: Array, wage: Array) -> Array:
        """Pay energy, labour and other inputs of this month; returns labour cost (n,), EUR."""
        books, plant = self.books, self.plant
        power = plant.energy_share * energy[self.leaf]
        labour = plant.labour_share * wage[self.leaf]
        rest = plant.other_share
        processing = self.processed * self.variable_cost + self.fixed_cost
        per_part = processing / (power + labour + rest)
        wages = per_part * labour
        books.pay("labour", self.account, households, wages)
        books.pay("energy", self.account, domestic, per_part * power)
        books.pay("other_inputs", self.account, domestic, per_part * rest)
        books.pay("material_sales", domestic, self.account, self.other_sold)
        self.cost_now = processing
        return wages

    def close_accounts(self, receipts: Array, feed_cost: Array) -> None:
        """Update margins from this month's receipts and feed cost (n,), EUR."""
        result = receipts - self.cost_now - feed_cost
        self.margin[:] = result / np.where(self.processed > 1e-9, self.processed, np.inf)
        monthly_cost, revenue, profit = self.monthly_cost, self.revenue, self.profit
        monthly_cost += (self.cost_now + np.maximum(feed_cost, 0.0) - monthly_cost) / 12.0
        revenue += (receipts - revenue) / 12.0
        profit += (result - profit) / 12.0
        there, expected, starved = self.capacity > 1e-9, self.expected_margin, self.starved_months
        per_capacity = 1.0 / np.where(there, self.capacity, np.inf)
        expected += (result * per_capacity - expected) / self.terms.expectation_time
        idle = (1.0 - self.processed * per_capacity) * there
        starved += (np.maximum(idle, 0.0) - starved) / 12.0

    def expand(
        self,
        cash: Array,
        credit: Any,
        promise: Array,
        support: Array,
        suppliers: int,
        speed: Array,
        finance: Finance | None = None,
        hurdle_add: float = 0.0,
    ) -> Array:
        """Extend plants that are full and pay; returns spending on new capacity (n,), EUR.

        `promise` (n,) is expected support not yet in the margin, EUR per kg of scrap; `support` (n,) the
        share of investment that government pays, `finance` the terms where loans are guaranteed. `hurdle_add` comes on
        top of the hurdle rate.
        """
        limit, hurdle = credit.leverage_limit, self.terms.hurdle_rate + hurdle_add
        if finance is not None:
            limit, hurdle = finance.limit, finance.hurdle
        terms, account, able = self.terms, self.account, (self.status != BUILDING) & self.active
        yearly = 12.0 * self.plant.capital_cost
        earned = 12.0 * (self.expected_margin + promise) / np.maximum(yearly * (1.0 - support), 1e-9)
        full = (self.starved_months < 0.15) & (self.status == RUNNING) & self.active
        pays = full & (earned > hurdle + 1.0 / terms.plant_life)
        growth = (terms.growth_limit / 12.0) * self.capacity * speed * pays
        cost = growth * yearly
        means = np.maximum(cash[account] - terms.liquidity * self.monthly_cost, 0.0)
        room = np.maximum(limit * (self.capital + cost) - self.books.debt[account], 0.0)
        loan = np.minimum(limit * cost, room)
        share = np.minimum(1.0, (means + loan) / np.where(cost > 0.0, cost, np.inf))
        life = 12.0 * terms.plant_life
        wear = self.capital / life
        upkeep = wear * (able & (earned > 0.0) & (means > 0.0))
        spent = cost * share
        self.borrowed = loan * share
        self.books.lend(account, self.borrowed)
        self.books.pay("capital_spending", account, suppliers, spent + upkeep)
        capacity, capital = self.capacity, self.capital
        capacity += growth * share - ((upkeep <= 0.0) & (self.status != BUILDING)) / life * capacity
        capital += spent + upkeep - wear
        return spent

    def fail(self, credit: Any, lender: int, pools: Rows, dissolved: Any) -> tuple[Rows, Array]:
        """Insolvent recyclers leave; scrap goes back to collectors (`pools` (n,)), recovered material is sold off.

        `dissolved` is the place that takes the recovered material. Returns rows and lenders' losses (EUR).
        """
        rows = self.insolvent(self.books, credit)
        return rows, self.wind_up(rows, lender, pools, dissolved) if len(rows) else np.zeros(0)

    def wind_up(self, rows: Rows, lender: int, pools: Rows, dissolved: Any) -> Array:
        """Empty the accounts and stocks of recyclers that leave; returns lenders' losses (len(rows),), EUR."""
        loss = self.wind_up_money(self.books, rows, lender)
        for row in rows.tolist():
            self.books.move(
                "liquidation", int(self.feed_place[row]), int(pools[row]), self.books.stock[self.feed_place[row]].copy()
            )
        self.books.move(
            "liquidation", self.output_place[rows], dissolved, self.books.stock[self.output_place[rows]].copy()
        )
        for name in ("capacity", "processed", "fixed_cost", "capital", "starved_months", "expected_margin"):
            getattr(self, name)[rows] = 0.0
        for name in ("sold", "recovered", "feed_end_of_life", "recovered_end_of_life", "contract_strike"):
            getattr(self, name)[rows] = 0.0
        self.under_contract[rows] = 0.0
        self.contract_instrument[rows] = -1
        self.contract_until[rows] = -1
        return loss
