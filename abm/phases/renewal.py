"""Renewal: organisations invest, enter and fail."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import CIRCULAR, COMPONENT, KINDS, LINEAR, REFURBISHER, SERVICE
from abm.agents.guarantees import Guarantees, asked_beside_soft_equity, asked_return, debt_share, finance
from abm.agents.organisation import SLOT_STEP, serve_debt
from abm.agents.projects import terms_of_projects
from abm.agents.recyclers import BUILDING
from abm.books import MONEY_KINDS

Array = NDArray[np.float64]
RETOOLING = 0.5  # cost of a change of design over capital, as implied by the return that makers ask of it
CAUSES = ("dumping", "low price", "feedstock", "inputs", "support withdrawn", "debt", "demand", "operations")
_CAUSE_TEXT = {
    "dumping": "squeeze",
    "low price": "low_price",
    "feedstock": "feedstock",
    "inputs": "inputs",
    "support withdrawn": "support_withdrawn",
    "debt": "debt",
    "demand": "demand",
    "operations": "operations",
}


def _signs(sign: float, *kinds: str) -> Array:
    """The sign for payments of these kinds and 0 for others (kinds,)."""
    return np.asarray(sign * np.isin(MONEY_KINDS, kinds), dtype=np.float64)


class Renewal:
    """Runs investment, entry and exit at the end of a month.

    Attributes
    ----------
    failures
        Failures this month: (kind, cause) pairs, for the indicators.
    lost_supply
        (M,) share of home makers' inputs that came from suppliers who failed this month.
    """

    causes = CAUSES

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        self.recycler_spending = np.zeros(len(model.recyclers))
        at_work = [instrument for instrument in model.governments.instruments if instrument.intensity > 0.0]
        self.guarantees = Guarantees(len(at_work))  # idle ones are numbered last
        self.public_equity = False  # whether any government has ever taken a share in a plant
        self.dividends = np.zeros(len(model.recyclers)), np.zeros(len(model.producers))  # of the last month, EUR
        self.founders_put_in = np.zeros(len(model.recyclers))  # into new plants in the last month, EUR
        self.circular_spending: Array | None = None  # of firms (F,), EUR this month, while a share of it is paid
        self.failures: list[tuple[str, str]] = []
        self.entries: list[str] = []
        self.loss = self.trade_loss = 0.0  # of lenders and of suppliers, EUR this month
        self.lost_supply = self.nothing_lost = np.zeros(len(self.config.materials))  # share of makers' inputs
        shape = (len(self.config.streams), len(self.config.leaves))
        self.idle_scrap = np.zeros(shape)
        accounts = model.accounts
        self.owners = np.array([accounts.domestic, accounts.domestic, accounts.abroad])
        firms, terms = model.firms, self.config.labour
        worn = np.bincount(firms.leaf, firms.capital, len(self.config.leaves)) * self.config.firms.depreciation / 12.0
        model.labour.order_building(worn * terms.building_time)  # replacement under way at the start
        terms = (self.config.recyclers, self.config.firms, self.config.primary_producers)
        self.liquidity = np.array([group.liquidity for group in terms])
        # Receipts, support, inputs and operations of a ledger as sums of kinds of payment (4, kinds);
        # a grant for a recycler's plant is no margin, and what firms pay for inputs is counted apart.
        operations = _signs(-1.0, "labour", "energy", "other_inputs")
        self.recycler_flows = np.stack(
            [
                _signs(1.0, "material_sales"),
                _signs(1.0, "operating_support", "certificates"),
                _signs(-1.0, "scrap_sales", "gate_fees"),
                operations,
            ]
        )
        self.firm_flows = np.stack(
            [
                _signs(1.0, "product_sales", "material_sales"),
                _signs(1.0, "operating_support", "investment_support", "levies"),
                _signs(0.0),
                operations,
            ]
        )

    def run(self) -> None:
        """Everybody serves debt and invests; those who cannot pay leave; newcomers enter where it pays."""
        model = self.model
        self.failures, self.entries, self.loss = [], [], 0.0
        self.guarantees.begin_month(model.rules.void)
        self.lost_supply = self.nothing_lost
        self._serve_debt()
        cash = model.books.cash.copy()  # nobody's investment is paid from another's
        self._recyclers_invest(cash)
        self._firms_invest(cash)
        self._producers_invest(cash)
        self._fail()
        if model.month % 3 == 0:
            self._recyclers_enter()
            self._firms_enter()
            self._switch_design()
        self._order_building()
        self.trade_loss = sum(group.take_trade_loss() for group in (model.recyclers, model.firms))
        loans = float(np.add.reduce(model.books.debt))
        model.credit.remember(self.loss, loans)

    def _order_building(self) -> None:
        """Plants and extensions ordered this month are work for technicians where they are built."""
        recyclers, firms, leaves = self.model.recyclers, self.model.firms, len(self.config.leaves)
        ordered = np.bincount(recyclers.leaf, self.recycler_spending, leaves)
        spent = firms.spent  # of the firms that were there before entry
        ordered += np.bincount(firms.leaf[: len(spent)], spent, leaves)
        self.model.labour.order_building(ordered)

    def _serve_debt(self) -> None:
        model = self.model
        groups = (model.recyclers, model.firms, model.producers)
        guarantees, debt = self.guarantees, model.books.debt.copy() if self.guarantees.any else None
        interest = serve_debt(
            groups, model.books, model.credit, model.accounts.lender, self.owners, self.liquidity, guarantees
        )
        if debt is not None:
            guarantees.follow(debt, model.books.debt)
        if self.public_equity or model.rules.in_force("recycling_equity") or model.rules.in_force("primary_equity"):
            self.public_equity = True
            paid = -model.books.month_flow("dividends")
            self.dividends = paid.take(model.recyclers.account), paid.take(model.producers.account)
            self.founders_put_in = np.zeros(len(model.recyclers))
        self._keep_ledgers(interest[0], interest[1])

    def _keep_ledgers(self, recyclers_interest: Array, firms_interest: Array) -> None:
        """Record the month's books of recyclers and firms, from which a failure is explained."""
        recyclers, firms, flow = self.model.recyclers, self.model.firms, self.model.books.flow
        now = np.empty((6, len(recyclers)))
        now[:4] = self.recycler_flows @ flow.take(recyclers.account, axis=1)
        now[4], now[5] = recyclers_interest, recyclers.processed
        recyclers.keep_ledger(now)
        recyclers.close_accounts(now[0] + now[1], now[2] + self.model.end_of_life.transport)
        now = np.empty((6, len(firms)))
        now[:4] = self.firm_flows @ flow.take(firms.account, axis=1)
        now[2] = self._firm_inputs()
        now[0] += now[2]
        now[4], now[5] = firms_interest, firms.sold
        firms.keep_ledger(now)
        firms.cost_now = now[3]
        firms.close_accounts(now[0] + now[1], now[2])

    def _firm_inputs(self) -> Array:
        """What firms paid for materials, components and used goods this month (F,), EUR."""
        trade, count = self.model.materials_trade, len(self.model.firms)
        spent = trade.primary_spent + trade.secondary_spent + trade.component_spent
        return np.concatenate([spent, np.zeros(count - len(spent))])

    # ------------------------------------------------------------------ investment
    def _recyclers_invest(self, cash: Array) -> None:
        model, recyclers = self.model, self.model.recyclers
        rules = model.rules
        support = rules.recycling_investment_support[recyclers.leaf, recyclers.stream]
        speed, where = model.labour.build_speed[recyclers.leaf], (recyclers.leaf, recyclers.stream)
        hurdle = self.config.recyclers.hurdle_rate + model.hurdle_add
        terms = finance(rules, "recycling_guarantee", where, model.credit, hurdle)
        self.recycler_spending = recyclers.expand(
            cash, model.credit, self._promise(), support, model.accounts.domestic, speed, terms, model.hurdle_add
        )
        if terms is not None:
            self.guarantees.add(recyclers.account, recyclers.borrowed, terms)

    def _promise(self) -> Array:
        """What recyclers (n,) count on above the present subsidy per kg of scrap as far as they believe it, EUR."""
        recyclers, rules = self.model.recyclers, self.model.rules
        promise = self._promised_energy_relief()
        if not (rules.in_force("recovery_subsidy") or rules.outlook.in_force("recovery_subsidy")):
            return promise
        promised = (rules.outlook["recovery_subsidy"] - rules.recovery_subsidy).take(recyclers.leaf, axis=0)
        per_kg = recyclers.recovered / np.maximum(recyclers.processed, 1e-9)[:, None]
        subsidy = np.add.reduce(per_kg * promised, axis=1)
        return promise + subsidy * rules.belief[recyclers.leaf] * (recyclers.processed > 1e-9)

    def _promised_energy_relief(self) -> Array:
        """The same (n,) for the change of relief on energy, which is in the margin as far as it is paid already."""
        recyclers, rules, name = self.model.recyclers, self.model.rules, "recycling_energy_relief"
        if not (rules.in_force(name) or rules.outlook.in_force(name)):
            return np.zeros(len(recyclers))
        promised = (rules.outlook[name] - rules[name])[recyclers.leaf, recyclers.stream] * rules.belief[recyclers.leaf]
        power = recyclers.energy_cost(self.model.energy, self.model.labour_cost)
        return np.asarray(promised * power * recyclers.processing_cost * (recyclers.processed > 1e-9))

    def _firms_invest(self, cash: Array) -> None:
        model, firms = self.model, self.model.firms
        support = self._circular_support(slice(None))
        speed = model.labour.build_speed[firms.leaf]
        firms.invest(cash, model.credit, model.accounts.domestic, speed, model.hurdle_add, support)
        self.circular_spending = None if support is None else firms.spent_on_growth * (support > 0.0)

    def _circular_support(self, rows: Any) -> Array | None:
        """Share of investment of firms (n,) that government pays; it is for what is circular."""
        firms, rules = self.model.firms, self.model.rules
        if not rules.in_force("circular_investment_support"):
            return None
        kind = firms.kind[rows]
        circular = (kind == CIRCULAR) | (kind == REFURBISHER) | (kind == SERVICE)
        return np.asarray(rules.circular_investment_support[firms.leaf[rows], firms.product[rows]] * circular)

    def _producers_invest(self, cash: Array) -> None:
        model, producers = self.model, self.model.producers
        projects = terms_of_projects(model.rules, producers, model.credit)
        producers.invest(
            model.month,
            model.materials.log_price,
            cash,
            model.books,
            model.credit,
            model.accounts.suppliers,
            producers.growth_forecast,
            model.hurdle_add,
            projects,
        )
        if projects is not None and projects.finance is not None:
            self.guarantees.add(producers.account, producers.borrowed, projects.finance)
        for row in producers.mothballing.tolist():
            self._log("capacity", producers, row, "mothballed", "low_price", producers.capacity[row] * 12.0 / 1000.0)
        for row in producers.restarted.tolist():
            self._log("capacity", producers, row, "restarted", "", producers.capacity[row] * 12.0 / 1000.0)

    def _log(self, kind: str, producers: Any, row: int, what: str, why: str, tonnes: float) -> None:
        model = self.model
        subject = model.config.materials.ids[producers.main[row]]
        where = model.config.jurisdictions.ids[producers.jurisdiction[row]]
        model.event_log.append(
            model.month, kind, producers.names[row], where, what, why, tonnes, "t/yr", subject=subject
        )

    # ------------------------------------------------------------------ failure
    def _fail(self) -> None:
        self._fail_recyclers()
        self._fail_firms()
        model = self.model
        backed, debt = model.producers.side > 0, self._debt()
        rows, loss = model.producers.fail(model.books, model.credit, model.accounts.lender, backed)
        self.loss += float(loss.sum())
        self._call_guarantees(model.producers.account[rows], loss, debt)
        for row in rows.tolist():
            self._log(
                "exit", model.producers, row, "bankrupt", "low_price", model.producers.capacity[row] * 12.0 / 1000.0
            )

    def _debt(self) -> Array | None:
        """Debt by account before anybody fails, if any of it is guaranteed."""
        return self.model.books.debt.copy() if self.guarantees.any else None

    def _call_guarantees(self, account: Any, loss: Array, debt: Array | None) -> None:
        """Lenders bear what is left of their losses (n,) on accounts (n,) when guarantees are called."""
        if debt is not None and len(account):
            self.loss -= self.guarantees.call(account, loss, debt[account])

    def _fail_recyclers(self) -> None:
        model, recyclers, debt = self.model, self.model.recyclers, self._debt()
        failing = recyclers.insolvent(model.books, model.credit)
        if not len(failing):
            return
        self._miss(recyclers.sold[failing] * model.materials_trade.sold_at_home)
        scrap = np.maximum(-model.books.month_flow("scrap_sales")[recyclers.account], 0.0)
        recyclers.owe(scrap * self.config.credit.payment_term, model.scrap.collectors[recyclers.leaf])
        pools, sold_off = self._takers()
        rows, loss = recyclers.fail(model.credit, model.accounts.lender, pools, sold_off)
        self._give_back_feed(rows)
        self._leave(recyclers, rows, loss, "recycler", self._recycler_cause)
        self._call_guarantees(recyclers.account[rows], loss, debt)

    def _miss(self, delivered: Array) -> None:
        """Home makers miss what failing suppliers delivered to them (n, M), kg: a share of what they ask for."""
        wanted = np.add.reduce(self.model.materials_trade.wanted_inputs)
        share = np.add.reduce(delivered) / np.where(wanted > 0.0, wanted, np.inf)
        self.lost_supply = np.minimum(self.lost_supply + share, 1.0)

    def _takers(self) -> tuple[Array, int]:
        """Places that take the scrap of each recycler (R,) and what recyclers recovered when they close."""
        model, recyclers = self.model, self.model.recyclers
        return model.scrap.places[0, recyclers.stream, recyclers.leaf], int(model.materials.places[1, 0])

    def _give_back_feed(self, rows: Array) -> None:
        """Enter the scrap of recyclers that leave in the pools of their leaf."""
        scrap, recyclers = self.model.scrap, self.model.recyclers
        for row in rows.tolist():
            cell = (0, recyclers.stream[row], recyclers.leaf[row])
            scrap.gross[cell] += recyclers.feed[row]
            scrap.other[cell] += recyclers.other_feed[row]
            scrap.ease[cell] += recyclers.feed_ease[row]
            recyclers.feed[row] = recyclers.other_feed[row] = recyclers.feed_ease[row] = 0.0

    def close_down(self, organisations: Any, row: int) -> None:
        """Wind up an organisation that somebody removes by hand: debts are paid, owners get what is left."""
        model, rows, lender = self.model, np.array([row]), self.model.accounts.lender
        if organisations is model.producers:
            owners, where = model.accounts.abroad, model.config.jurisdictions.ids[organisations.jurisdiction[row]]
        else:
            owners, where = (
                model.accounts.domestic,
                model.config.jurisdictions.ids[model.config.leaves[organisations.leaf[row]]],
            )
        organisations.pay_off(model.books, rows, owners)
        if organisations is model.recyclers:
            loss = organisations.wind_up(rows, lender, *self._takers())
            self._give_back_feed(rows)
        elif organisations is model.firms:
            loss = organisations.wind_up(rows, lender, model.places.abroad)
        else:
            loss = organisations.wind_up(model.books, rows, lender)
        model.event_log.append(
            model.month, "exit", organisations.names[row], where, "closed", "", float(loss[0]), "EUR lost by lenders"
        )
        organisations.died[row] = model.month
        organisations.retire(rows)

    def _fail_firms(self) -> None:
        model, firms = self.model, self.model.firms
        failing = firms.insolvent(model.books, model.credit)
        if not len(failing):
            return
        makes_parts = (firms.kind[failing] == COMPONENT)[:, None]
        self._miss(firms.need_now[failing] * firms.sold[failing, None] * makes_parts)
        owed = self._firm_inputs() * self.config.credit.payment_term
        firms.owe(owed, np.full(len(firms), model.accounts.domestic))
        rows, loss = firms.fail(model.credit, model.accounts.lender, model.places.abroad)
        self._leave(firms, rows, loss, "firm", self._firm_cause)

    def _leave(self, organisations: Any, rows: Array, loss: Array, kind: str, cause_of: Any) -> None:
        model = self.model
        for number, row in enumerate(rows.tolist()):
            parts = organisations.decomposition(row)
            cause = cause_of(row, parts)
            group = kind if kind == "recycler" else KINDS[organisations.kind[row]]
            self.failures.append((group, cause))
            where = model.config.jurisdictions.ids[model.config.leaves[organisations.leaf[row]]]
            model.event_log.append(
                model.month,
                "exit",
                organisations.names[row],
                where,
                "bankrupt",
                _CAUSE_TEXT[cause],
                float(loss[number]),
                "EUR lost by lenders",
            )
            model.failures.append(
                {
                    "month": model.month,
                    "who": organisations.names[row],
                    "kind": group,
                    "where": where,
                    "cause": cause,
                    **parts,
                }
            )
        if len(rows):
            organisations.died[rows] = model.month
            organisations.retire(rows)
            self.loss += float(loss.sum())

    def _recycler_cause(self, row: int, parts: dict[str, float]) -> str:
        """The largest part of the fall in the result; a fall in price is dumping when a bloc floods its metals."""
        worst = min(parts, key=lambda name: parts[name])
        if -parts[worst] <= 0.01 * self.model.recyclers.ledger[3, row]:
            return "feedstock"  # nothing fell: it never had enough to process to cover its fixed cost
        if worst == "price":
            return "dumping" if self._flooded(self.model.recyclers.recovery[row]) else "low price"
        return {
            "support": "support withdrawn",
            "inputs": "feedstock",
            "volume": "feedstock",
            "debt": "debt",
            "operations": "operations",
        }[worst]

    def _flooded(self, recovery: Array) -> bool:
        """Whether a bloc floods, or flooded within the last year, a material of which this one lives."""
        recent = self.model.recent_flood
        return bool(((recovery > 0.0) & (recent > 0.0)).any())

    def _firm_cause(self, row: int, parts: dict[str, float]) -> str:
        worst = min(parts, key=lambda name: parts[name])
        return {
            "price": "low price",
            "support": "support withdrawn",
            "inputs": "inputs",
            "volume": "demand",
            "debt": "debt",
            "operations": "operations",
        }[worst]

    # ------------------------------------------------------------------ entry
    def _recyclers_enter(self) -> None:
        """A plant of efficient scale is founded where scrap is left over and the expected return pays."""
        model, streams = self.model, self.config.streams
        left = model.end_of_life.unsold
        self.idle_scrap += (left - self.idle_scrap) / 4.0
        returns, capacity, plan = self._expected_return()
        hurdle, ease = self._hurdle(), self._ease_of_founding()
        pays = (returns > hurdle) & (capacity * 12.0 / 1000.0 > 0.25 * np.asarray(streams.efficient_scale)[:, None])
        chance = model.streams.uniform("entry of recyclers", np.arange(len(streams)), model.month)
        hurry = self._hurry(returns, hurdle)
        pays &= hurry > 0.0
        if ease is not None:
            hurry = hurry * ease
        urgent = chance < np.max(hurry * pays, axis=1) * self.config.recyclers.entry_hazard / 4.0
        gain = returns - hurdle
        for stream in (pays.any(axis=1) & urgent).nonzero()[0].tolist():
            leaf = self._choose_place(stream, gain[stream], pays[stream])
            self._found_recycler(stream, leaf, float(capacity[stream, leaf]), plan[:, stream, leaf])

    def _hurdle(self) -> Any:
        """Return that a new plant must promise with its wear: a number or, where loans are guaranteed, (S, L)."""
        terms, rules = self.config.recyclers, self.model.rules
        asked: Any = terms.hurdle_rate + self.model.hurdle_add
        if rules.in_force("recycling_guarantee"):
            asked = asked_return(rules.recycling_guarantee.T, self.model.credit, asked)
        if rules.in_force("waived_equity"):
            share, waived = rules.recycling_equity.T, rules.waived_equity.T
            asked = asked_beside_soft_equity(asked, share, waived, self.config.credit)
        return asked + 1.0 / terms.plant_life

    def _ease_of_founding(self) -> Array | None:
        """How many more could found a plant (S, L) than without guarantee and public equity; None without these.

        Means of possible founders follow Zipf's law, as sizes of firms do (Axtell 2001, Science 293): those who can
        put in a sum are as many as it is small.
        """
        rules, terms = self.model.rules, self.config.credit
        if not (rules.in_force("recycling_guarantee") or rules.in_force("recycling_equity")):
            return None
        needed = (1.0 - debt_share(rules.recycling_guarantee, terms)) * (1.0 - rules.recycling_equity)
        return np.asarray((terms.equity / needed).T)

    def _hurry(self, returns: Array, hurdle: Any) -> Array:
        """How much faster than usual founders act (S, L), because support for plants is announced to change.

        Where it will pay better in a year, even at the hurdle rate, they wait (0); where next year's would-be
        founders lose by waiting they come now (up to 2): the bunching before expiry that is seen wherever a grant
        is announced to end (Zwick and Mahon 2017 on temporary tax incentives for investment).
        """
        model, calm = self.model, np.ones(returns.shape)
        ahead = model.governments.next_year("recycling_investment_support", model.month)
        if ahead is None:
            return calm
        now, belief = model.rules.recycling_investment_support, model.rules.belief[:, None]
        later = now + belief * (ahead - now)
        cost = np.maximum(1.0 - now.T, 1e-9) / np.maximum(1.0 - later.T, 1e-9)
        gain, gain_later = returns - hurdle, returns * cost - hurdle
        lost = np.clip(1.0 - gain_later / np.where(gain > 0.0, gain, np.inf), 0.0, 1.0)
        waits = gain_later / (1.0 + self.config.recyclers.hurdle_rate) > gain
        return np.where(waits, 0.0, calm + lost)

    def _choose_place(self, stream: int, gain: Array, pays: NDArray[np.bool_]) -> int:
        """Where founders go: a logit of `gain` (L,) in yearly return (McFadden 1974), weighted by scrap at hand."""
        best = float(gain[pays].max())
        ease = np.exp(np.minimum(self.config.recyclers.location_response * (gain - best), 0.0))
        chances = np.cumsum(pays * np.maximum(self.idle_scrap[stream], 1e-9) * ease)
        draw = float(self.model.streams.uniform("place of recyclers", np.array([stream]), self.model.month)[0])
        return int(np.searchsorted(chances, draw * chances[-1], side="right"))

    def _expected_return(self) -> tuple[Array, Array, Array]:
        """Expected yearly return on a new plant (S, L), its capacity in kg/month, and what it counts on.

        The last (4, S, L) are receipts, support, price of feed and cost of operation, EUR per kg of scrap.
        """
        model, streams, rules = self.model, self.config.streams, self.model.rules
        content, other = model.end_of_life.composition
        anchor = model.materials.reference[1] * np.exp(model.materials.anchor[1, 0])
        price = anchor * (1.0 - np.asarray(self.config.materials.quality_discount))
        at_home = np.asarray(streams.processed_at_home)
        payable = at_home + np.asarray(streams.payable) * (1.0 - at_home)
        belief = rules.belief[:, None]
        premium = at_home[:, None, None] * model.materials_trade.home_premium
        paid = payable[:, None, None] + premium
        worth = price * paid
        guaranteed = model.governments.guaranteed(price, self._opens())
        if guaranteed is not None:
            worth = worth + guaranteed * belief * np.minimum(paid, 1.0)
        worth = worth + rules.outlook["recovery_subsidy"] * belief  # (S, L, M)
        worth = worth + at_home[:, None, None] * model.settlement.certificate_value
        recovered = content[0] * np.asarray(streams.recovery)[:, None, :]
        value = (recovered * worth).sum(axis=2) + other[0]
        if rules.outlook.in_force("recycling_energy_relief"):
            value = value + self._energy_relief_counted_on()
        receipts = (recovered * price * paid).sum(axis=2) + other[0]
        capacity, fetching = self._feed_within_reach()
        efficient = np.asarray(streams.efficient_scale)[:, None] * 1000.0 / 12.0
        processing = self._going_cost()[:, None] * model.recyclers.cost_of_smallness(capacity, efficient)
        cost = processing + np.asarray(streams.transport_cost)[:, None] + fetching
        if model.end_of_life.saving is not None:
            cost -= np.asarray(streams.transport_cost)[:, None] * model.end_of_life.saving[0]
        feed = np.maximum(model.scrap.price[0], model.scrap.landfill)
        margin = value - cost - feed
        support = rules.recycling_investment_support.T
        capital = np.asarray(streams.capital_cost)[:, None] * (1.0 - support)
        plan = np.stack([receipts, value - receipts, feed, cost])
        return margin / np.maximum(capital, 1e-9), capacity, plan

    def _opens(self) -> NDArray[np.int64]:
        """Month in which a plant founded now can first sign a contract for what it sells (S, L)."""
        building = 12.0 * np.asarray(self.config.streams.build_time)[:, None]
        building = np.ceil(building * (1.0 - self.model.rules.recycling_permits.T))
        return np.asarray(self.model.month + 1 + building, dtype=np.int64)

    def _energy_relief_counted_on(self) -> Array:
        """Relief on energy that founders count on as far as they believe it (S, L), EUR per kg of scrap."""
        model, streams, rules = self.model, self.config.streams, self.model.rules
        power = np.outer(np.asarray(streams.energy_share), model.energy)
        labour = np.outer(np.asarray(streams.labour_share), model.labour_cost)
        rest = (1.0 - np.asarray(streams.energy_share) - np.asarray(streams.labour_share))[:, None]
        promised = (rules.outlook["recycling_energy_relief"] * rules.belief[:, None]).T
        return np.asarray(promised * self._going_cost()[:, None] * power / (power + labour + rest))

    def _feed_within_reach(self) -> tuple[Array, Array]:
        """Capacity (S, L) for which scrap is left over, kg/month, and the mean cost of fetching it, EUR/kg."""
        scrap, streams = self.model.scrap, self.config.streams
        available = self.idle_scrap.sum(axis=1, keepdims=True) * scrap.may_cross
        available = np.maximum(available, self.idle_scrap)
        capacity = np.minimum(available, 2.0 * np.asarray(streams.efficient_scale)[:, None] * 1000.0 / 12.0)
        away = np.maximum(capacity - self.idle_scrap, 0.0)
        whole = scrap.offered.sum(axis=(0, 2))[:, None]
        drawn = scrap.fetched.sum(axis=1, keepdims=True) + away / np.where(whole > 0.0, whole, np.inf)
        return capacity, scrap.fetching_cost(drawn) * away / np.where(capacity > 0.0, capacity, np.inf)

    def _going_cost(self) -> Array:
        """Mean processing cost per kg of the plants at work (S,), brought to what it would be at efficient scale.

        The configured one where that is lower or none is at work.
        """
        recyclers, streams = self.model.recyclers, self.config.streams
        cost = np.asarray(streams.processing_cost)
        at_work = recyclers.active & (recyclers.status != BUILDING)
        weight = np.bincount(recyclers.stream, recyclers.capacity * at_work, len(cost))
        at_scale = recyclers.processing_cost / recyclers.cost_of_smallness(
            recyclers.capacity, recyclers.plant.efficient
        )
        spent = np.bincount(recyclers.stream, at_scale * recyclers.capacity * at_work, len(cost))
        return np.minimum(cost, np.divide(spent, weight, out=cost.copy(), where=weight > 0.0))

    def _found_recycler(self, stream: int, leaf: int, capacity: float, plan: Array) -> None:
        """Found a plant; `plan` (4,) is what it counts on per kg, by which its failure would be judged."""
        model, streams, recyclers = self.model, self.config.streams, self.model.recyclers
        cost = capacity * 12.0 * float(streams.capital_cost[stream])
        peers = recyclers.cumulative[recyclers.stream == stream]
        starts = recyclers.start_cumulative[recyclers.stream == stream]
        saved = float(model.rules.recycling_permits[leaf, stream])
        months = 12.0 * float(streams.build_time[stream]) * (1.0 - saved)
        one = np.array([leaf])
        rows = recyclers.found(
            model.month,
            np.array([stream]),
            one,
            np.array([capacity]),
            months,
            np.array([peers.mean() if len(peers) else capacity]),
            np.array([cost]),
        )
        recyclers.start_cumulative[rows] = starts.mean() if len(starts) else capacity
        guaranteed = finance(model.rules, "recycling_guarantee", (one, np.array([stream])), model.credit, 0.0)
        owners = self.config.credit.equity
        if guaranteed is not None:
            owners = 1.0 - float(debt_share(guaranteed.share, self.config.credit)[0])
        equity = owners * cost
        interest = (cost - equity) * model.credit.rate / 12.0
        recyclers.plans[int(rows[0])] = np.concatenate([plan * capacity, [interest, capacity]])
        account, accounts = recyclers.account[rows], model.accounts
        # Founders also put in the debt service until the plant runs, and the cash with which it starts.
        term = 12.0 * model.credit.term
        waiting = (months / float(model.labour.build_speed[leaf]) + 1.0) * (interest + (cost - equity) / term)
        first_cash = self.config.recyclers.liquidity * float(recyclers.monthly_cost[rows][0])
        model.books.pay("equity", accounts.domestic, account, equity + waiting + first_cash)
        model.books.lend(account, cost - equity)
        model.books.pay("capital_spending", account, accounts.domestic, cost)
        if guaranteed is not None:
            self.guarantees.add(account, np.array([cost - equity]), guaranteed)
        self.founders_put_in = np.append(self.founders_put_in, equity + waiting + first_cash)
        self.recycler_spending = np.append(self.recycler_spending, cost)
        where = model.config.jurisdictions.ids[model.config.leaves[leaf]]
        self.entries.append("recycler")
        model.event_log.append(
            model.month, "entry", recyclers.names[-1], where, "entered", "niche_pays", capacity * 12.0 / 1000.0, "t/yr"
        )

    def _firms_enter(self) -> None:
        """A newcomer copies the business of a niche that earns more than the hurdle rate."""
        model, firms, terms = self.model, self.model.firms, self.config.firms
        rows = firms.of_kind(LINEAR, CIRCULAR, REFURBISHER)
        if not len(rows):
            return
        niches, first = np.unique(firms.niche[rows], return_index=True)
        members = np.searchsorted(niches, firms.niche[rows])
        weight = np.bincount(members, firms.capital[rows])
        earned = np.bincount(members, firms.capital[rows] * firms.return_on_capital[rows]) / np.maximum(weight, 1.0)
        busy = np.bincount(members, firms.orders[rows]) / np.maximum(np.bincount(members, firms.capacity[rows]), 1e-9)
        support = self._circular_support(rows[first])
        if support is not None:
            earned = (earned + terms.depreciation) / np.maximum(1.0 - support, 1e-9) - terms.depreciation
        chance = model.streams.uniform("entry of firms", niches, model.month)
        enters = (earned > terms.hurdle_rate + model.hurdle_add) & (busy > 0.9) & (chance < terms.entry_hazard / 4.0)
        enters &= np.bincount(members) < 8
        for row in rows[first[enters]].tolist():
            self._found_firm(row)

    def _found_firm(self, like: int) -> None:
        model, firms = self.model, self.model.firms
        place = model.config.jurisdictions.ids[model.config.leaves[firms.leaf[like]]]
        product = model.config.products.ids[firms.product[like]]
        ordinal = int(firms.new_slots(firms.niche[[like]])[0]) % SLOT_STEP + 1
        name = f"{KINDS[firms.kind[like]]} of {product} {ordinal} in {place}"
        pick = np.array([like])
        capacity = 0.2 * firms.capacity[pick]
        conversion = firms.conversion[pick] / firms.relative_cost[pick]
        rows = firms.found(
            model.month,
            [name],
            firms.kind[pick],
            firms.product[pick],
            firms.component[pick],
            firms.leaf[pick],
            firms.need[pick],
            firms.scrap_rate[pick],
            capacity,
            conversion,
            firms.unit_cost[pick] - firms.conversion[pick] + conversion,
            firms.markup[pick],
            model.materials.log_price[1, 0],
        )
        firms.thrift[rows], firms.start_price[rows] = firms.thrift[pick], firms.start_price[pick]
        firms.substituted[rows], firms.substitute_cost[rows] = firms.substituted[pick], firms.substitute_cost[pick]
        firms.plans[int(rows[0])] = 0.2 * firms.ledger[:, like]  # it counts on doing as well
        firms.orders[rows] = 0.3 * capacity
        cost = firms.capital[rows]
        model.start_sales = np.append(model.start_sales, 0.2 * model.start_sales[like])
        account = firms.account[rows]
        model.books.pay("equity", model.accounts.domestic, account, cost)
        model.books.pay("capital_spending", account, model.accounts.domestic, cost * 0.8)
        if self.circular_spending is not None:
            supported = np.asarray(self._circular_support(rows)) > 0.0
            self.circular_spending = np.append(self.circular_spending, cost * 0.8 * supported)
        self.entries.append(KINDS[firms.kind[like]])
        model.event_log.append(
            model.month, "entry", name, place, "entered", "niche_pays", float(capacity[0]) * 12.0, "products/yr"
        )

    def _switch_design(self) -> None:
        """Linear makers take up a circular design when it promises a better return than their own."""
        model, firms, terms = self.model, self.model.firms, self.config.firms
        products = self.config.products
        linear = firms.of_kind(LINEAR)
        if not len(linear):
            return
        count = len(products)
        circular = firms.of_kind(CIRCULAR)
        weight = np.bincount(firms.product[circular], firms.capital[circular], count)
        earned = np.bincount(
            firms.product[circular], firms.capital[circular] * firms.return_on_capital[circular], count
        )
        better = np.divide(earned, weight, out=np.full(count, -1.0), where=weight > 0.0)
        busy = np.bincount(firms.product[circular], firms.orders[circular], count) / np.maximum(
            np.bincount(firms.product[circular], firms.capacity[circular], count), 1e-9
        )
        gain = better[firms.product[linear]] - firms.return_on_capital[linear]
        chance = model.streams.uniform("change of design", firms.slot[linear], model.month)
        wanted = RETOOLING * terms.hurdle_rate
        if model.rules.in_force("circular_investment_support"):
            paid = model.rules.circular_investment_support[firms.leaf[linear], firms.product[linear]]
            wanted = wanted * (1.0 - paid)
        switch = (gain > wanted) & (busy[firms.product[linear]] > 0.95)
        switch &= chance < terms.switch_hazard / 4.0
        for row in linear[switch].tolist():
            firms.kind[row] = CIRCULAR
            self._retool(row)
            firms.conversion[row] *= 1.0 + float(products.circular_premium[firms.product[row]])
            where = model.config.jurisdictions.ids[model.config.leaves[firms.leaf[row]]]
            model.event_log.append(model.month, "capacity", firms.names[row], where, "design_circular", "niche_pays")

    def _retool(self, row: int) -> None:
        """Spend on new tools what government pays of it; the rest of their cost is counted and not booked."""
        model, firms = self.model, self.model.firms
        if self.circular_spending is None:
            return
        where = firms.leaf[row], firms.product[row]
        cost = RETOOLING * float(firms.capital[row])
        paid = cost * float(model.rules.circular_investment_support[where])
        model.books.pay("capital_spending", int(firms.account[row]), model.accounts.domestic, paid)
        self.circular_spending[row] += cost if paid > 0.0 else 0.0
