"""Mines and refineries of every country, aggregated where small.

They run on the margin over avoidable cost, mothball after lasting losses and invest on the expected
price with long lead times: debottlenecking, extension and new site each have their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.offtake import Offtake
from abm.agents.organisation import SLOT_STEP, Array, Organisation, Organisations, Rows
from abm.agents.projects import Projects
from abm.population import Column

EXTRACTION, REFINING = 0, 1
LONGEST_LEAD = 12 * 41  # months
CEILING = 0.97  # largest utilisation, share of capacity


class PrimaryProducer(Organisation):
    """A mine or refinery."""


class PrimaryProducers(Organisations):
    """All mines and refineries; capacities are in kg of main product per month."""

    agent_class = PrimaryProducer
    jurisdiction = Column("int64", "Index of the jurisdiction it lies in", "1")
    side = Column("int64", "0 outside the blocs, 1 + b inside active bloc b", "1")
    stage = Column("int64", "0 extraction, 1 refining", "1")
    main = Column("int64", "Index of the main product", "1")
    host = Column("bool", "Whether its main product is a by-product of something not modelled", "1")
    capacity = Column("float64", "Capacity in main product", "kg/month")
    start_capacity = Column("float64", "Capacity at the start", "kg/month")
    utilisation = Column("float64", "Share of capacity in use", "1")
    awake = Column("float64", "Share of capacity that is not mothballed", "1")
    cash_cost = Column("float64", "Avoidable cost of its stage per kg of main product", "EUR/kg")
    other_revenue = Column("float64", "Revenue from other products per kg of main product", "EUR/kg")
    capital_cost = Column("float64", "Cost of new capacity", "EUR per kg/yr")
    energy_share = Column("float64", "Share of energy in avoidable cost", "1")
    brownfield = Column("float64", "Lead time of an extension", "month")
    greenfield = Column("float64", "Lead time of a new site", "month")
    expected = Column("float64", "Log of expected price over full cost", "1")
    output = Column("float64", "Output of main product this month", "kg")

    def __init__(self, model: Any, config: Any, books: Any, side_of: NDArray[np.int64], horizon: int) -> None:
        super().__init__(model, widths={})
        self.config, self.terms = config, config.primary_producers
        self.sides = int(side_of.max()) + 1
        materials = config.materials
        self.count = len(materials)
        long_run = np.asarray(materials.long_run_cost)
        self.stage_cost = np.stack([long_run * (1.0 - materials.refining_share), long_run * materials.refining_share])
        self.reference = np.stack([self.stage_cost[0], long_run])
        self._found(config.producers, books, side_of)
        self._prepare(horizon)

    def _found(self, table: Any, books: Any, side_of: NDArray[np.int64]) -> None:
        count = len(table)
        stage = np.array([0 if name == "extraction" else 1 for name in table.stage])
        capacity = np.asarray(table.capacity) * 1000.0 / 12.0
        domestic = np.asarray(self.config.jurisdictions.domestic)[table.jurisdiction]
        leaf_of = {j: number for number, j in enumerate(self.config.leaves)}
        leaf = np.array([leaf_of.get(j, -1) for j in table.jurisdiction])
        cost = np.asarray(table.cash_cost) * capacity * self.terms.utilisation_usual
        capital = np.asarray(table.capital_cost) * capacity * 12.0 * 0.5  # half written down
        self.append(
            account=books.account(*[f"producer {name}" for name in table.ids]),
            leaf=np.where(domestic, leaf, -1),
            niche=np.arange(count),
            slot=np.arange(count) * SLOT_STEP,
            born=np.zeros(count, dtype=np.int64),
            died=np.full(count, -1),
            active=np.ones(count, dtype=bool),
            capital=capital,
            monthly_cost=cost,
            profit=np.zeros(count),
            revenue=cost,
            jurisdiction=np.asarray(table.jurisdiction),
            side=side_of[table.jurisdiction],
            stage=stage,
            main=np.asarray(table.main_product),
            host=np.asarray(table.host) > 0.5,
            capacity=capacity,
            start_capacity=capacity.copy(),
            utilisation=np.full(count, self.terms.utilisation_usual),
            awake=np.ones(count),
            cash_cost=np.asarray(table.cash_cost).copy(),
            other_revenue=np.asarray(table.other_revenue).copy(),
            capital_cost=np.asarray(table.capital_cost).copy(),
            energy_share=np.asarray(table.energy_share).copy(),
            brownfield=12.0 * np.asarray(table.brownfield),
            greenfield=12.0 * np.asarray(table.greenfield),
            expected=np.zeros(count),
            output=capacity * self.terms.utilisation_usual,
        )
        self.names = tuple(table.ids)
        self.recipe = np.array(table.coproducts, dtype=np.float64).copy()
        self.recipe[np.arange(count), self.main] = 1.0
        books.lend(self.account, self.terms.leverage * capital)
        self.owners_put_in = self.terms.liquidity * cost

    def _prepare(self, horizon: int) -> None:
        """Arrays that never change, and the projects under way at the start."""
        # What an import duty lets refineries at home earn above the price outside (n,), EUR/kg; None without one.
        self.umbrella: Array | None = None
        self.supported: Array | None = None  # losses that a state made good this month (n,), EUR; None without any
        terms, main, stage = self.terms, self.main, self.stage
        count = self.count
        self.mines, self.refineries = (stage == EXTRACTION).nonzero()[0], (stage == REFINING).nonzero()[0]
        self.refines, self.hosts = (stage == REFINING).astype(np.float64), self.host.nonzero()[0]
        # Positions in flattened prices (2, sides, M), and of each row of those.
        self.in_prices = stage * self.sides + self.side
        self.own_price = self.in_prices * count + main
        self.concentrate_price = self.side * count + main
        self.cell = self.concentrate_price[self.refineries]
        self.side_of_mine = self.side[self.mines]
        self.mine_by_side = (self.side_of_mine == np.arange(self.sides)[:, None]).astype(np.float64)
        self.coproducts = self.recipe[self.mines]
        self.mainly = np.zeros(self.coproducts.shape)  # 1 for the main product of a mine
        self.mainly[np.arange(len(self.mines)), main[self.mines]] = 1.0
        self.coproducts -= self.mainly
        self.unit_reference = self.reference[stage, main]
        self.main_of_mine = main[self.mines]
        self.price_of_host, self.reference_of_host = self.own_price[self.hosts], self.unit_reference[self.hosts]
        # Revenue per kg of main product at long-run prices, for a refinery net of its concentrate.
        gross = (self.recipe * self.reference[stage]).sum(axis=1) + self.other_revenue
        self.usual_revenue = np.where(stage == REFINING, self.stage_cost[1, main] + self.other_revenue, gross)
        self.full_cost_ratio = self._full_cost_at(terms.hurdle_rate)
        shut = terms.margin_to_shut * self.cash_cost / self.usual_revenue
        self.shut = np.minimum(shut, 0.95)
        self.growth_forecast = np.log(np.asarray(self.config.materials.demand_multiple)) / 16.0  # per year (M,)
        self._set_leads(horizon)
        self.offtake = Offtake(self)
        self.spending, self.borrowed = np.zeros((2, len(self)))  # on, and for, new capacity in the last month, EUR
        self.pipeline = np.zeros((horizon + LONGEST_LEAD, len(self)))
        self._start_pipeline()
        self.on_record = int(np.flatnonzero(self.pipeline.any(axis=1)).max(initial=0))  # last month that is planned now

    def _full_cost_at(self, hurdle: float) -> Array:
        """Log of full cost at a hurdle rate over usual revenue (n,), at least 0."""
        full_cost = self.cash_cost + self.capital_cost * (hurdle + 1.0 / self.terms.capacity_life)
        return np.asarray(np.log(np.maximum(full_cost / self.usual_revenue, 1.0)))

    def _set_leads(self, horizon: int) -> None:
        """Lead times of the three ways to build, and where what is ordered in month 0 lands in the pipeline."""
        terms = self.terms
        self.permit_share = np.where(self.refines > 0.0, terms.permit_share_refinery, terms.permit_share_mine)
        self.lead_years = self._mean_lead(self.brownfield, self.greenfield, terms.greenfield_share)
        self.longest_lead = 1 + int(max(terms.debottleneck_time, self.brownfield.max(), self.greenfield.max()))
        self.lands = self._landing(self.brownfield, self.greenfield)

    def _mean_lead(self, brownfield: Array, greenfield: Array, slow: Any) -> Array:
        """Mean lead time (n,) in years of what is ordered, of which a share `slow` needs a new site."""
        terms = self.terms
        quick = terms.debottleneck_limit / max(terms.growth_limit, 1e-9)
        lead = quick * terms.debottleneck_time + (1.0 - quick) * (slow * greenfield + (1.0 - slow) * brownfield)
        return np.asarray(lead / 12.0)

    def _landing(self, brownfield: Array, greenfield: Array) -> list[Rows]:
        """Where debottlenecking, extensions and new sites ordered in month 0 land in the pipeline."""
        rows, leads = np.arange(len(self)), [np.zeros(len(self)) + self.terms.debottleneck_time, brownfield, greenfield]
        return [(1 + np.minimum(lead.astype(np.int64), LONGEST_LEAD - 1)) * len(self) + rows for lead in leads]

    def _route(self, projects: Projects | None) -> tuple[Array, Any, list[Rows]]:
        """Mean lead time (n,) in years, share of new sites, and where orders land, by the terms of projects.

        Permits lengthen extensions and new sites; a refinery on a site that is ready takes as long as an extension.
        """
        slow = self.terms.greenfield_share
        if projects is None:
            return self.lead_years, slow, self.lands
        kept = 1.0 - projects.permits * self.permit_share
        brownfield, greenfield, slow = self.brownfield * kept, self.greenfield * kept, slow * (1.0 - projects.sites)
        return self._mean_lead(brownfield, greenfield, slow), slow, self._landing(brownfield, greenfield)

    def _start_pipeline(self) -> None:
        """Projects that keep pace with forecast growth until new decisions bear fruit, and those on record."""
        growth = self.growth_forecast[self.main]
        lead = np.minimum(self.brownfield, 60.0).astype(np.int64)
        wear = 1.0 / self.terms.capacity_life
        start = self.config.time.start
        for row, series in enumerate(self.config.producers.pipeline):
            months = np.arange(1, lead[row] + 1)
            pace = np.exp(growth[row] * months / 12.0) * max(growth[row] + wear, 0.0) / 12.0
            self.pipeline[months, row] = self.capacity[row] * pace
            for year, tonnes in series:
                month = round(float(year - start) * 12.0)
                if 0 < month < len(self.pipeline):
                    self.pipeline[month, row] += tonnes * 1000.0 / 12.0

    # ------------------------------------------------------------------ running
    def margins(self, price: Array, concentrate: Array) -> Array:
        """Revenue per kg of main product over usual revenue (n,), net of concentrate for refineries.

        `price` (2, sides, M) EUR/kg; `concentrate` (sides, M) its price in EUR/kg.
        """
        price = price.reshape(-1, self.count).take(self.in_prices, axis=0)
        own = np.add.reduce(self.recipe * price, axis=1) + self.other_revenue
        own -= self.refines * concentrate.take(self.concentrate_price)
        if self.umbrella is not None:
            own += self.umbrella
        if self.offtake.any:
            own += self.offtake.above(price[np.arange(len(price)), self.main])
        return own / self.usual_revenue

    def plan(
        self,
        month: int,
        price: Array,
        concentrate: Array,
        energy: Array,
        pushed: Array,
        able: Array | None = None,
        relief: Array | None = None,
    ) -> None:
        """Choose utilisation; open what is due; mothball or restart.

        `concentrate` (sides, M) is its price at the refined price of the same month, to which refineries' contracts
        refer. `energy` (J,) multiplies energy cost; `pushed` (2, sides, M) extra output that a flooding state
        orders and pays for, as a share of normal. `able` (J, 2, M) is the share of capacity that can run, by main
        product, None if all can; what cannot is kept up and cared for all the same, and what comes with a main
        product fails with it. `relief` (n,) is the share of energy cost that government pays.
        """
        self._open_capacity(month)
        margin = self.margins(price, concentrate)
        burden = 1.0 + self.energy_share * (energy.take(self.jurisdiction) - 1.0)
        borne = burden
        if relief is not None:
            borne = 1.0 + self.energy_share * (energy.take(self.jurisdiction) * (1.0 - relief) - 1.0)
        self._mothball_or_restart(margin / (self.shut * borne))
        terms = self.terms
        wanted = terms.utilisation_usual * np.maximum(margin, 0.01) ** terms.utilisation_elasticity
        wanted = np.minimum(wanted, CEILING)
        wanted[self.hosts] = self._host_utilisation(price)
        if np.count_nonzero(pushed):
            order = pushed.take(self.own_price)
            more = np.minimum(np.maximum(wanted, terms.utilisation_usual) * (1.0 + order), 1.0)
            wanted = np.where(order > 0.0, more, wanted)
        utilisation = self.utilisation
        utilisation += (wanted * self.active - utilisation) * terms.utilisation_speed
        self.burden = burden
        self.running = self.capacity * self.awake * utilisation  # output planned, kg of main product
        self.lost: Array | None = None  # what outages cost of each material at the stage that loses most (M,), kg
        if able is not None:
            self._lose(able[self.jurisdiction, self.stage, self.main])

    def _lose(self, able: Array) -> None:
        """Run only the share of capacity that can (n,), and note what that costs."""
        lost = self.running * (1.0 - able)
        self.running = self.running - lost
        per_stage = [(lost * at_stage) @ self.recipe for at_stage in (1.0 - self.refines, self.refines)]
        self.lost = np.maximum(*per_stage)

    def _mothball_or_restart(self, cover: Array) -> None:
        """Move the share of capacity at work towards what earns its avoidable cost.

        A producer stands for many sites whose costs spread around its own by `utilisation_width`, so that
        it closes by degrees; `cover` (n,) is revenue over avoidable cost. Mothballing waits for lasting
        losses and restart takes time, so both lag the price.
        """
        terms = self.terms
        spread = np.minimum(np.maximum((1.0 - cover) / terms.utilisation_width, -50.0), 50.0)
        able = 1.0 / (1.0 + np.exp(spread))
        able[self.hosts] = 1.0
        awake = self.awake
        time = np.where(able < awake, max(terms.mothball_patience, 1.0), max(terms.restart_time, 1.0))
        before = awake >= 0.5
        awake += (able - awake) / time
        after = awake >= 0.5
        self.mothballing, self.restarted = (before & ~after).nonzero()[0], (after & ~before).nonzero()[0]

    def _host_utilisation(self, price: Array) -> Array:
        """A by-product's recovered share follows its own price within a ceiling; the host sets the rest (hosts,)."""
        terms = self.terms
        ratio = price.take(self.price_of_host) / self.reference_of_host
        share = np.minimum(ratio**terms.byproduct_elasticity, terms.recovery_ceiling)
        return np.minimum(terms.utilisation_usual * share, CEILING)

    def _open_capacity(self, month: int) -> None:
        opened, capacity = self.pipeline[month], self.capacity
        capacity += opened * self.active
        capacity *= 1.0 - 1.0 / (12.0 * self.terms.capacity_life)
        self.opened = opened

    def mine(self, price: Array, luck: Array) -> Array:
        """Output of concentrate (sides, M), kg; co-products are recovered more when dear.

        `luck` (M,) multiplies the output of a material.
        """
        terms = self.terms
        share = np.minimum(
            (price[EXTRACTION] / self.reference[EXTRACTION]) ** terms.byproduct_elasticity, terms.recovery_ceiling
        )
        recovered = self.coproducts * share.take(self.side_of_mine, axis=0) + self.mainly
        self.mined = recovered * self.running.take(self.mines)[:, None]
        self.output[:] = self.running
        self.scale_mined(luck)
        return self.mine_by_side @ self.mined

    def scale_mined(self, rate: Array) -> None:
        """Multiply what mines bring up of each material by `rate` (M,)."""
        self.mined *= rate
        self.output[self.mines] *= rate.take(self.main_of_mine)

    def throughput_wanted(self) -> Array:
        """Concentrate that refineries plan to process (sides, M), kg."""
        planned = np.bincount(self.cell, self.running.take(self.refineries), self.sides * self.count)
        return planned.astype(np.float64).reshape(self.sides, self.count)

    def refine(self, concentrate: Array, planned: Array) -> Array:
        """Share out the concentrate bought (sides, M) over refineries by planned throughput; (sides, M) kg."""
        asked = planned > 0.0
        share = np.where(asked, concentrate / np.where(asked, planned, 1.0), 0.0)
        self.output[self.refineries] = self.running.take(self.refineries) * share.take(self.cell)
        return np.where(asked, concentrate, 0.0)

    # ------------------------------------------------------------------ money
    def settle(self, books: Any, price: Array, merchants: Rows, suppliers: Rows, pushed: Array, purse: Rows) -> None:
        """Sell output to merchants, pay for concentrate and inputs; the state pays for ordered losses.

        `suppliers` (n,) is the account that receives each producer's spending on inputs.
        """
        if self.offtake.any:
            self.offtake.settle(price.take(self.own_price))
        sales = self.output * price.take(self.own_price)
        sales[self.mines] = np.add.reduce(self.mined * price[EXTRACTION].take(self.side_of_mine, axis=0), axis=1)
        bought = self.refines * self.output * price[EXTRACTION].take(self.concentrate_price)
        care = 0.1 * self.capacity * self.active  # and maintenance of plant
        cost = (self.output * self.burden + care) * self.cash_cost
        merchant = merchants.take(self.side)
        books.pay("material_sales", merchant, self.account, sales)
        books.pay("material_sales", self.account, merchant, bought)
        books.pay("other_inputs", self.account, suppliers, cost)
        other = self.output * self.other_revenue
        books.pay("other_inputs", suppliers, self.account, other)
        result = sales + other - bought - cost
        self._support(books, result, pushed, purse)
        for smoothed, now in ((self.monthly_cost, cost + bought), (self.revenue, sales + other), (self.profit, result)):
            smoothed += (now - smoothed) / 6.0

    def energy_paid(self, energy: Array) -> Array:
        """What refineries paid for energy this month (n,), EUR, at energy prices (J,) over usual."""
        return self.refines * self.output * self.cash_cost * self.energy_share * energy.take(self.jurisdiction)

    def _support(self, books: Any, result: Array, pushed: Array, purse: Rows) -> None:
        """A state-backed bloc makes good the losses of its own producers while it floods."""
        self.supported = None
        if not np.count_nonzero(pushed):
            return
        ordered = (pushed.take(self.own_price) > 0.0) & (self.side > 0)
        loss = np.where(ordered, np.maximum(-result, 0.0), 0.0)
        if np.count_nonzero(loss):
            books.pay("state_support", purse[np.maximum(self.side - 1, 0)], self.account, loss)
            self.supported = loss

    # ------------------------------------------------------------------ investment
    def invest(
        self,
        month: int,
        log_price: Array,
        cash: Array,
        books: Any,
        credit: Any,
        suppliers: Rows,
        growth: Array,
        hurdle_add: float = 0.0,
        projects: Projects | None = None,
    ) -> Rows:
        """Order capacity so that capacity and projects meet what the expected price warrants; rows that ordered.

        The supply line is counted (Sterman 1989, Management Science 35), so that builders overshoot by
        misjudging the price, not by forgetting what is under way. `growth` (M,) is the forecast, `cash` (accounts,)
        are the balances of the books, `hurdle_add` comes on top of the hurdle rate, `projects` is what governments
        do for new ones.
        """
        terms = self.terms
        lead_years, slow, lands = self._route(projects)
        ratio = self._full_cost_at(terms.hurdle_rate + hurdle_add) if hurdle_add else self.full_cost_ratio
        seen = log_price.take(self.own_price) - ratio
        if self.umbrella is not None:
            seen += np.log1p(self.umbrella / (self.unit_reference * np.exp(log_price.take(self.own_price))))
        expected = self.expected
        expected += (seen - expected) / terms.expectation_time
        forecast = terms.forecast_weight * growth.take(self.main) * lead_years
        gained = expected if projects is None else expected + projects.gain
        if self.offtake.any:
            price = self.unit_reference * np.exp(expected + ratio)
            gained = gained + np.log1p(self.offtake.above(price) / price)
        response = terms.investment_response * self._per_lead(gained, lead_years)
        outlook = np.minimum(np.maximum(forecast + response, -1.0), 1.0)
        # What wears out over the lead time has to be replaced as well.
        wanted = self.capacity * (np.exp(outlook) + lead_years / terms.capacity_life)
        room = terms.growth_limit * self.capacity
        order = np.minimum(np.maximum(wanted - self.capacity - self._under_way(month), 0.0), room) / 12.0
        order *= self.active * self.awake
        order = self._order(order, cash, books, credit, suppliers, projects)
        self._schedule(month, order, slow, lands)
        return (order > 0.0).nonzero()[0]

    def _per_lead(self, expected: Array, lead_years: Array) -> Array:
        """Expected price over full cost (n,) as it bears on what is wanted at the end of the lead time.

        Who can build sooner catches up with a high price sooner; a low one is no reason to shrink any faster.
        """
        if lead_years is self.lead_years:
            return expected
        return np.asarray(np.where(expected < 0.0, expected * (lead_years / self.lead_years), expected))

    def _under_way(self, month: int) -> Array:
        """Capacity that opens after a month (n,), kg/month."""
        return np.add.reduce(self.pipeline[month + 1 : max(month + self.longest_lead, self.on_record) + 1])

    def _order(
        self, order: Array, cash: Array, books: Any, credit: Any, suppliers: Rows, projects: Projects | None
    ) -> Array:
        """Pay for as much of an order (n,) as there are means for; returns that much, kg/month."""
        terms = self.terms
        cost = order * 12.0 * self.capital_cost
        capital, account = self.capital, self.account
        limit = credit.leverage_limit
        if projects is not None and projects.finance is not None:
            limit = projects.finance.limit
        room = np.maximum(limit * (capital + cost) - books.debt.take(account), 0.0)
        means = np.maximum(cash.take(account) - terms.liquidity * self.monthly_cost, 0.0)
        if projects is not None:
            means = means / (1.0 - projects.equity)  # of owners, the public one among them
        means = means + room
        order = order * np.minimum(means / np.where(cost > 0.0, cost, 1.0) + (cost <= 0.0), 1.0)
        cost = self.spending = order * 12.0 * self.capital_cost
        self.borrowed = np.minimum(cost * limit, room)
        books.lend(account, self.borrowed)
        books.pay("capital_spending", account, suppliers, cost)
        capital += cost - capital / (12.0 * terms.capacity_life)
        return np.asarray(order)

    def _schedule(self, month: int, order: Array, slow: Any, lands: list[Rows]) -> None:
        """Enter what is ordered (n,) in the pipeline; beyond debottlenecking a share `slow` needs a new site."""
        terms = self.terms
        quick = np.minimum(order, terms.debottleneck_limit * self.capacity / 12.0)
        rest = order - quick
        parts = (quick, rest * (1.0 - slow), rest * slow)
        pipeline = self.pipeline.reshape(-1)
        for landing, part in zip(lands, parts, strict=True):
            pipeline[landing + month * len(self)] += part

    def fail(self, books: Any, credit: Any, lender: int, state_backed: NDArray[np.bool_]) -> tuple[Rows, Array]:
        """Insolvent producers change hands: debts are written off and the plant is mothballed.

        Producers of a state-backed bloc are not let down. Returns rows and lenders' losses (EUR).
        """
        rows = self.insolvent(books, credit)
        rows = rows[~state_backed[rows]]
        if not len(rows):
            return rows, np.zeros(0)
        loss = self.wind_up_money(books, rows, lender)
        self.awake[rows] *= 0.5
        self.capital[rows] *= 0.5
        return rows, loss

    def wind_up(self, books: Any, rows: Rows, lender: int) -> Array:
        """Close producers for good, with what they have under way; returns lenders' losses (len(rows),), EUR."""
        for name in ("capacity", "awake", "utilisation", "output", "capital"):
            getattr(self, name)[rows] = 0.0
        self.pipeline[:, rows] = 0.0
        return self.wind_up_money(books, rows, lender)

    # ------------------------------------------------------------------ what others see
    def share_of_side(self, side: int, announced_months: int, month: int) -> Array:
        """Share of a side in capacity at each stage, projects of the coming months included (2, M)."""
        ahead = np.add.reduce(self.pipeline[month + 1 : month + 1 + announced_months])
        capacity = ((self.capacity * self.awake + ahead) * self.active)[:, None] * self.recipe
        at_stage = np.array([1.0 - self.refines, self.refines])
        total, own = at_stage @ capacity, (at_stage * (self.side == side)) @ capacity
        return own / np.where(total > 0.0, total, np.inf)

    def rival_cost(self, side: int) -> Array:
        """Capacity-weighted avoidable cost of producers outside a side, both stages together (M,), EUR/kg."""
        cost = np.zeros(self.count)
        for stage in (EXTRACTION, REFINING):
            rows = (self.stage == stage) & (self.side != side) & self.active
            weight = np.bincount(self.main[rows], self.capacity[rows], self.count)
            total = np.bincount(self.main[rows], self.capacity[rows] * self.cash_cost[rows], self.count)
            usual = 0.6 * self.stage_cost[stage]
            cost += np.divide(total, weight, out=usual.copy(), where=weight > 0.0)
        return cost
