"""The model: construction, and the month on one screen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import policies, shocks
from abm.agents.firms import Firms
from abm.agents.governments import Governments
from abm.agents.household_setup import HISTORY
from abm.agents.households import Households
from abm.agents.opinion import PublicOpinion
from abm.agents.primary_producers import PrimaryProducers
from abm.agents.projects import energy_relief
from abm.agents.recyclers import Recyclers
from abm.agents.state_backed import REGIMES, StateBackedBloc
from abm.books import Books
from abm.conditions import Circumstances
from abm.events import EventLog
from abm.indicators import Recorder
from abm.markets.components import ComponentMarkets
from abm.markets.credit import Credit
from abm.markets.labour import Labour
from abm.markets.materials import MaterialsMarkets
from abm.markets.products import LINEAR, BusinessBuyers, Dealers
from abm.markets.scrap import ScrapMarkets
from abm.markets.transport import Transport
from abm.parameters import ConfigError
from abm.phases.chronicle import Chronicle
from abm.phases.deeds import Deeds
from abm.phases.duties import Duties
from abm.phases.end_of_life import EndOfLife
from abm.phases.founding import found_firms, found_recyclers
from abm.phases.materials_trade import MaterialsTrade, autoregressive
from abm.phases.preference import HomePreference
from abm.phases.product_trade import ProductTrade
from abm.phases.production import Production
from abm.phases.renewal import Renewal
from abm.phases.settlement import Settlement
from abm.phases.standards import Standards
from abm.population import PopulationModel
from abm.randomness import Streams
from abm.rules import axis_sizes
from abm.scenario import Scenario, load_scenario
from abm.structure import Structure

Array = NDArray[np.float64]
ABROAD_YEARS = 15.0  # goods in use abroad at the start, in years of world use; only their scrap matters


class CircularTransition(PopulationModel):
    """Transition to a circular raw-materials economy, one month per step.

    Parameters
    ----------
    setting, mix, shocks
        Names of config files, or paths, or lists of uses; see `abm.load_scenario`.
    households, months
        Sampled households and length of the run; as in the setting when left out.
    overrides
        Parameter paths and their values.
    rng
        Seed: an int, a NumPy Generator, or None to draw one; it is kept in `seed`.
    record, events
        Whether to keep indicators and events.

    Raises
    ------
    ConfigError
        If the scenario is not valid.
    BooksError
        In `step`, if a euro or a gram is missing.
    """

    def __init__(
        self,
        setting: str = "default",
        mix: Any = None,
        shocks: Any = None,
        households: int | None = None,
        months: int | None = None,
        overrides: dict[str, Any] | None = None,
        rng: int | np.random.Generator | None = None,
        record: bool = True,
        events: bool = True,
    ) -> None:
        scenario = load_scenario(
            setting, mix=mix, shocks=shocks, households=households, months=months, overrides=overrides
        )
        self._construct(scenario, rng, record, events)

    @classmethod
    def from_scenario(
        cls, scenario: Scenario, rng: int | np.random.Generator | None = None, record: bool = True, events: bool = True
    ) -> CircularTransition:
        """A model of a scenario that is already loaded."""
        model = cls.__new__(cls)
        model._construct(scenario, rng, record, events)
        return model

    def _construct(self, scenario: Scenario, rng: Any, record: bool, events: bool) -> None:
        self.seed = seed_of(rng)
        super().__init__(rng=self.seed)
        self.settings, self.config, self.months = scenario, scenario.config, scenario.months
        self.month = -1
        self.streams = Streams(self.seed)
        self.event_log = EventLog(enabled=events)
        self.failures: list[dict[str, Any]] = []
        self.structure = Structure(self.config)
        self.books = Books(self.config.materials.ids)
        self._open_accounts_and_places()
        self._open_markets()
        self._found_organisations()
        self._start_governments(scenario)
        self._start_phases(scenario)
        self.books.start()
        watched = self.governments.watched
        self.recorder = Recorder(self, record or bool(watched))
        self.recorder.watch(watched)
        self.governments.observed = self.recorder.seen
        self.running = True

    # ------------------------------------------------------------------ construction
    def _open_accounts_and_places(self) -> None:
        config, books = self.config, self.books
        names = [config.jurisdictions.ids[j] for j in config.leaves]
        governments = np.full(len(config.jurisdictions), -1)
        for row in config.governments:
            governments[row] = books.account(f"government of {config.jurisdictions.ids[row]}")[0]
        self.accounts = SimpleNamespace(
            lender=int(books.account("lenders", lender=True)[0]),
            domestic=int(books.account("rest of the domestic economy")[0]),
            abroad=int(books.account("rest of the world")[0]),
            public=int(books.account("public buyers")[0]),
            treasury=int(books.account("treasury")[0]),
            secondary=int(books.account("clearing house")[0]),
            households=books.account(*[f"households {n}" for n in names]),
            governments=governments,
        )
        owned = [f"{p} in {n}" for p in config.products.ids for n in names]
        single = (
            "ground",
            "abroad",
            "dissipated",
            "landfill",
            "scrap_abroad",
            "secondary",
            "components",
            "goods",
            "sorting",
        )
        self.places = SimpleNamespace(**{name: int(books.place(name.replace("_", " "))[0]) for name in single})
        self.places.in_use = books.place(*[f"in use by households: {n}" for n in owned])
        self.places.hoarded = books.place(*[f"in drawers: {n}" for n in owned])
        self.places.traded_in = books.place(*[f"traded in: {n}" for n in owned]).reshape(len(config.products), -1)
        use = np.asarray(config.materials.world_use) * 1000.0
        books.endow(self.places.ground, use * np.asarray(config.materials.ground))
        books.endow(self.places.abroad, use * ABROAD_YEARS)
        self._stockpiles: dict[int, int] = {}

    def _open_markets(self) -> None:
        config, structure = self.config, self.structure
        materials = config.materials
        base = np.zeros((structure.sides, len(materials)))
        np.add.at(base, structure.side_of, np.asarray(materials.use_share).T)
        base *= np.asarray(materials.world_use) * 1000.0 / 12.0
        self.materials = MaterialsMarkets(config, self.books, structure.sides, base, self._first_processing(base))
        self.components = ComponentMarkets(config, structure.side_of, structure.bloc_of, self.materials.price[1])
        self.scrap = ScrapMarkets(config, self.books)
        self.transport = Transport(self)
        self.credit, self.labour = Credit(config), Labour(config)
        # Costs in the config hold at the mean home price of energy; a leaf where it is dear pays more.
        price = np.asarray(config.jurisdictions.energy_price)[config.leaves]
        homes = np.asarray(config.jurisdictions.households)[config.leaves]
        self.energy_level = price / ((price * homes).sum() / homes.sum())
        self.energy = self.energy_level
        self.energy_path = self._energy_path()
        self.secondary_content = np.zeros((len(config.products), len(config.leaves), len(materials)))
        self._stream_contents()
        self.at_grade = 1.0 - np.asarray(materials.quality_discount)  # share of the price that secondary material gets

    def _first_processing(self, use: Array) -> Array:
        """Concentrate processed by side (sides, M) at the start, kg a month: world use by capacity of refineries."""
        table, sides = self.config.producers, self.structure.side_of
        refines = np.array([stage != "extraction" for stage in table.stage])
        capacity = np.zeros(use.shape)
        where = sides[table.jurisdiction], np.asarray(table.main_product)
        np.add.at(capacity, (where[0][refines], where[1][refines]), np.asarray(table.capacity)[refines])
        total = capacity.sum(axis=0)
        return np.where(total > 0.0, use.sum(axis=0) * capacity / np.where(total > 0.0, total, 1.0), use)

    def _energy_path(self) -> Array:
        """Energy price over its usual level (T,): exogenous, a first-order autoregression of the logarithm."""
        terms, where = self.config.energy, np.zeros(1, dtype=np.int64)
        drawn = np.array([self.streams.normal("energy", where, month)[0] for month in range(self.months + 1)])
        return np.exp(autoregressive(drawn, terms.memory) * terms.noise)

    def _stream_contents(self) -> None:
        """Material (S, M) kg and other recoverables (S,) EUR per kg of scrap, for the mix of products in use."""
        products, structure, leaves = self.config.products, self.structure, self.config.leaves
        stock = sum(
            np.asarray(table)[:, leaves].sum(axis=1)
            for table in (products.household_stock, products.business_stock, products.public_stock)
        )
        weight = stock / np.asarray(products.lifetime)
        gross = weight @ (structure.mass_route * np.asarray(products.mass)[:, None])
        content = np.einsum("p,pm,pms->sm", weight, structure.content, structure.route)
        self.stream_content = np.divide(content, gross[:, None], out=np.zeros_like(content), where=gross[:, None] > 0.0)
        value = weight @ (structure.other_route * np.asarray(products.other_value)[:, None])
        self.stream_other = np.divide(value, gross, out=np.zeros_like(value), where=gross > 0.0)

    def _found_organisations(self) -> None:
        config, books, structure = self.config, self.books, self.structure
        demand = structure.first_demand()
        self.producers = PrimaryProducers(self, config, books, structure.side_of, self.months + 2)
        self.firms = Firms(self, config, books)
        self.start_sales = found_firms(self, demand)
        self.recyclers = Recyclers(self, config, books)
        found_recyclers(self)
        self.business = BusinessBuyers(config, books, self.months + 2, structure.content)
        self.standards = Standards(self)
        self.preference = HomePreference(self)
        self.product_trade = ProductTrade(self)
        labels = demand.sum(axis=0)[..., None] * self.product_trade.start_shares[:, None, :]
        self.dealers = Dealers(config, books, labels, structure.content)
        abroad = self.accounts.abroad
        domestic = np.asarray(config.jurisdictions.domestic)[self.producers.jurisdiction]
        self.accounts.suppliers = np.where(domestic, self.accounts.domestic, abroad)
        books.pay("equity", self.accounts.suppliers, self.producers.account, self.producers.owners_put_in)
        self.rival_cost = [self.producers.rival_cost(1 + number) for number in range(structure.sides - 1)]
        self.blocs = [
            StateBackedBloc(self, config, number, int(row), *self._state_accounts(config.blocs.ids[row]), self.streams)
            for number, row in enumerate(config.active_blocs)
        ]
        self.recent_flood = np.zeros(len(config.materials))
        for bloc in self.blocs:
            side = 1 + bloc.number
            bloc.place = int(books.place(f"state stock of {bloc.name}")[0])
            own = np.bincount(
                self.producers.main,
                self.producers.capacity * (self.producers.side == side) * (self.producers.stage == 1),
                len(config.materials),
            )
            bloc.stock_target = bloc.state_stock * own * config.primary_producers.utilisation_usual
            books.endow(bloc.place, bloc.stock_target)

    def _state_accounts(self, name: str) -> tuple[int, int]:
        purse, licence = self.books.account(f"state of {name}", f"licence holders in {name}")
        return int(purse), int(licence)

    def _start_governments(self, scenario: Scenario) -> None:
        instruments = policies.build(scenario.mix, self.config)
        self.governments = Governments(self, self.config, instruments, self.accounts.governments, self.event_log)
        found = shocks.build(scenario.shocks, self.config, self.streams)
        self.circumstances = Circumstances(axis_sizes(self.config), found, self.event_log)
        for instrument in self.governments.traders:
            self._stockpiles[instrument.index] = int(self.books.place(f"stockpile {instrument.label}")[0])
            if instrument.privately_held and instrument.intensity > 0.0:
                instrument.agency = int(self.books.account(f"agency of stockpile {instrument.label}")[0])

    def _start_phases(self, scenario: Scenario) -> None:
        self.households = Households(self, self.config, self.streams, self.product_trade.offers(), scenario.households)
        self._endow_households()
        people = self.households
        self.quintile_income = np.bincount(people.quintile, people.income * people.weight, 5)  # EUR/yr, real households
        self.materials_trade = MaterialsTrade(self)
        self.production = Production(self)
        self.end_of_life = EndOfLife(self)
        self.settlement = Settlement(self)
        self.renewal = Renewal(self)
        self.chronicle, self.deeds = Chronicle(self), Deeds(self)
        self.opinion = PublicOpinion(self)
        self.duties = Duties(self)
        self.purses = np.array([bloc.purse for bloc in self.blocs], dtype=np.int64)
        self._prepare_imports()

    def _prepare_imports(self) -> None:
        """Where imports stand in a table by side and material, and what of products is always of one origin."""
        side, count = np.append(self.components.side, self.product_trade.side), len(self.config.materials)
        self._import_cells = (side[:, None] * count + np.arange(count)).reshape(-1)
        self._home_share = np.asarray(self.config.products.home_share)[:, None]
        self._made_abroad = (1.0 - self._home_share) * np.asarray(self.config.materials.recycled_abroad)

    def _endow_households(self) -> None:
        """Material content of what households own at the start, all of today's composition."""
        content = self.structure.content
        shape = (*self.dealers.shape, HISTORY + self.months + 1, content.shape[1])
        self.content_new = np.empty(shape)
        self.content_new[:] = content[:, None, None, :]
        self.content_used = self.content_new.copy()
        in_use, hoarded = self.households.in_use.sum(axis=2), self.households.hoarded
        self.books.endow(self.places.in_use, (in_use[..., None] * content[:, None, :]).reshape(-1, content.shape[1]))
        self.books.endow(self.places.hoarded, (hoarded[..., None] * content[:, None, :]).reshape(-1, content.shape[1]))

    def enter_content(self, new: Array, used: Array) -> None:
        """Remember what products bought this month contain (P, L, M), kg per product."""
        self.content_new[:, :, HISTORY + self.month] = new
        self.content_used[:, :, HISTORY + self.month] = used

    def stockpile_place(self, instrument: Any) -> int:
        """Place in the books of an instrument's stockpile."""
        return self._stockpiles[instrument.index]

    @property
    def public_support(self) -> Array:
        """Support for circular policy (K,), 0 to 1, of the people below each of `governments.members`."""
        return self.opinion.support

    def recorded(self) -> dict[str, list[float]]:
        """Series so far by the names of their columns."""
        values = self.recorder.values[: self.month + 1]
        return {column["name"]: values[:, number].tolist() for number, column in enumerate(self.recorder.columns)}

    # ------------------------------------------------------------------ the month
    def step(self) -> None:
        """One month: circumstances, rules, plans, exchange, use, settlement, books."""
        self.month += 1
        self.books.begin_month()
        self.conditions = self.circumstances.this_month(self.month)  # shocks strike here
        self.rules = self.governments.announce(self.conditions, self.month)  # instruments write levers here

        self.standards.heed()
        self._choose_regimes()
        self.duties.quote()
        self._quote_terms()
        self._form_expectations()
        self._plan()
        self.materials_trade.run()  # concentrate, refined, secondary, components
        self.production.run()
        purchases = self.product_trade.run()  # households, business, public buyers
        discarded = self._use(purchases)  # failures, drawers, returns
        self.end_of_life.receive(discarded, self.product_trade.business_discarded)
        self.end_of_life.trade_scrap()
        self._recover_and_pay()

        self.settlement.run(purchases, discarded)  # subsidies and taxes
        self.renewal.run()  # investment, entry, exit
        self.settlement.close_circuits()
        self.opinion.close_month(self.month, purchases.offers.price[..., LINEAR:], self.labour.employed)
        self.books.close(self.month)  # raises if a euro or a gram is missing
        self.chronicle.write()
        self.deeds.write()
        self.recorder.record(purchases, discarded)
        self.running = self.month + 1 < self.months

    def _choose_regimes(self) -> None:
        self.bloc_views = self.materials_trade.views()
        self.recent_flood = np.maximum(self.recent_flood - 1.0 / 12.0, 0.0)
        for bloc, view in zip(self.blocs, self.bloc_views, strict=True):
            for material, regime, reason in bloc.choose_regime(self.month, view, self.conditions):
                self.event_log.append(
                    self.month,
                    "regime",
                    bloc.name,
                    bloc.name,
                    f"regime_{REGIMES[regime]}",
                    reason,
                    material=self.config.materials.ids[material],
                )
            if bloc.floods:
                self.recent_flood = np.where(bloc.regime == 2, 1.0, self.recent_flood)

    def _quote_terms(self) -> None:
        belief = self.rules.belief
        self.energy = self.energy_level * self.energy_path[self.month] * self.conditions.energy[self.config.leaves]
        rise = float(self.conditions.interest_add)
        self.credit.quote(rise, float(np.add.reduce(belief) / len(belief)))
        # To the return that an investment must promise.
        self.hurdle_add = self.config.credit.hurdle_response * (rise + self.credit.loss_premium)
        self.materials.finance(rise)

    @property
    def labour_relief(self) -> Array | None:
        """Share of the cost of technical work that tax relief pays this month (L,), if it pays any."""
        return self.rules.labour_relief if self.rules.in_force("labour_relief") else None

    @property
    def labour_cost(self) -> Array:
        """What technical work costs those who employ it over what it cost at the start (L,): wage less relief."""
        wage, relief = self.labour.wage_factor, self.labour_relief
        return wage if relief is None else wage * (1.0 - relief)

    def _form_expectations(self) -> None:
        outside = self.materials.log_price[1, 0]
        nothing = restricted = np.zeros(len(outside))
        for bloc in self.blocs:
            if not bloc.calm:
                restricted = np.maximum(restricted, bloc.share_withheld())
        rationed = np.maximum(self.materials_trade.home_rationed, np.maximum.reduce(self.components.rationed))
        if self.renewal.lost_supply is not self.renewal.nothing_lost:
            rationed = np.maximum(rationed, self.renewal.lost_supply)
        self.firms.form_expectations(outside, rationed, restricted)
        rules = self.rules
        if rules.in_force("thrift_research"):
            self.firms.research(rules.thrift_research, rules.research_pace, rules.research_speed_up)
        self.firms.thrift_on(outside, nothing)
        if self.conditions.struck("substitutable"):
            self._substitute()

    def _substitute(self) -> None:
        """Makers at home and abroad, and industry, take up a substitute as far as it is to be had and pays."""
        conditions, production = self.conditions, self.production
        self.product_trade.substitute(conditions.substitutable, conditions.substitute_cost)
        self.materials_trade.substitute(conditions.substitutable_use, conditions.substitute_cost)
        if production.paid_at_start is not None:
            possible = np.concatenate([conditions.substitutable, np.zeros((1, len(self.config.materials)))])
            cost = production.paid_at_start * conditions.substitute_cost
            self.firms.substitute(possible, cost, production.paid_for_inputs())

    def _plan(self) -> None:
        conditions = self.conditions
        market, pushed = self.materials, self.materials_trade.pushed()
        able = conditions.capacity if conditions.struck("capacity") else None
        relief = None
        if self.rules.in_force("refining_energy_relief"):
            relief = energy_relief(self.rules.refining_energy_relief, self.producers)
        par = market.concentrate_at_par()
        if self.producers.offtake.any or self.rules.in_force("offtake_price"):
            self.producers.offtake.sign(self.month, self.rules, self.materials_trade.home_need())
        self.producers.plan(self.month, market.price, par, conditions.energy, pushed, able, relief)
        self.firms.plan_output(self.labour.staffing)
        recyclers = self.recyclers
        recyclers.cost_of_processing(self.energy, self.labour_cost)
        recyclers.energy_relief = None
        if self.rules.in_force("recycling_energy_relief"):
            share = self.rules.recycling_energy_relief[recyclers.leaf, recyclers.stream]
            power = recyclers.energy_cost(self.energy, self.labour_cost)
            recyclers.energy_relief = recyclers.variable_cost * power * share
        reference = self.materials.price[1, 0] * self.at_grade
        plant, premium = recyclers.plant, self.materials_trade.home_premium
        if recyclers.match_term is not None:
            premium = self.materials_trade.premium_under_contract(reference)
        market = reference * (plant.payable[:, None] + plant.at_home[:, None] * premium)
        recyclers.sign_contracts(self.month, reference, self.rules)
        value = self.settlement.in_every_leaf(self.settlement.certificate_value)
        self.effective_price = recyclers.effective_price(market, reference, self.rules, value)
        recyclers.plan(self.effective_price, self.labour.build_speed)

    def _use(self, purchases: Any) -> Any:
        self.households.collection = self.rules.collection if self.rules.in_force("collection") else None
        return self.households.use(purchases, self.rules.refund, self.content_new, self.content_used)

    def _recover_and_pay(self) -> None:
        """Recyclers and makers run and pay; producers are paid; prices for next month are set."""
        labour = self.end_of_life.run_recyclers() + self.production.pay()
        labour = labour + self.end_of_life.refurbish_labour + self.product_trade.service_labour
        self.technical_work = labour
        relief = self.labour_relief
        at_wage = labour if relief is None else labour / (1.0 - relief)
        self.labour.close_month(self.month, at_wage, self.rules.training)
        self.producers.settle(
            self.books,
            self.materials.price,
            self.materials.accounts,
            self.accounts.suppliers,
            self.materials_trade.pushed(),
            self.purses,
        )
        self.production.price()
        self._remember_imports()

    def _remember_imports(self) -> None:
        """Content of imports by side of origin, and the share of secondary material in what home makers make."""
        trade, shape = self.materials_trade, self.materials_trade.pull.shape
        components = np.add.reduce(trade.component_imports_by_origin / self.components.used)
        imported = np.concatenate([components, self.product_trade.imported_by_origin])
        content = np.bincount(self._import_cells, imported.reshape(-1), shape[0] * shape[1]).astype(np.float64)
        trade.remember_imports(content.reshape(shape))
        secondary = np.add.reduce(trade.to_maker)
        bought = np.add.reduce(trade.primary_bought) + secondary
        share = secondary / np.where(bought > 0.0, bought, np.inf)
        trade.secondary_share += (share - trade.secondary_share) / 12.0
        mixed = self._home_share * trade.secondary_share + self._made_abroad
        self.secondary_content[:] = mixed[:, None, :]


def seed_of(rng: int | np.random.Generator | None) -> int:
    """A seed from an int, a NumPy Generator or nothing."""
    if rng is None:
        return int(np.random.SeedSequence().entropy % 2**63)  # type: ignore[operator]
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if int(rng) < 0:
        raise ConfigError(f"{rng} is not a seed", key="rng", expected="a whole number ≥ 0")
    return int(rng)
