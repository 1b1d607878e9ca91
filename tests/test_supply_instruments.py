"""What instruments of extraction and refining make agents do, and what is paid for it.

As in test_behaviour.py every test runs the same world twice on one seed, with and without the instrument; up to the
month in which it starts the two must agree to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from abm.agents.guarantees import Finance, Guarantees, asked_beside_soft_equity, asked_return, debt_share
from abm.agents.projects import terms_of_projects
from abm.markets.materials import Cleared
from abm.model import CircularTransition
from abm.rules import Trade

Array = NDArray[np.float64]
Look = Callable[[CircularTransition], Any]
Use = Mapping[str, Any]

START, FIRST_MONTH = 6, "2026-07"
RARE_EARTHS = ("ndpr", "dysprosium")
QUIET = {f"blocs.{bloc}.{trait}": 0.0 for bloc in ("china", "indonesia") for trait in ("restrict_hazard", "patience")}
QUIET |= {f"blocs.{bloc}.stockpile_threshold": 1200.0 for bloc in ("china", "indonesia")}  # no stockpile moves them


def instrument(name: str, intensity: float, **more: Any) -> Use:
    """An instrument of the union that starts in `FIRST_MONTH`."""
    return {"use": name, "jurisdiction": "eu", "start": FIRST_MONTH, "intensity": intensity, **more}


def world(months: int, mix: Any = (), shocks: Any = (), households: int = 120, **overrides: float) -> Any:
    """A world in which blocs do nothing of their own accord."""
    return CircularTransition(
        mix=list(mix),
        shocks=list(shocks),
        months=months,
        households=households,
        rng=1,
        overrides=QUIET | {path.replace("__", "."): value for path, value in overrides.items()},
        record=False,
        events=False,
    )


def seen(model: CircularTransition, look: Look) -> Array:
    """What `look` sees at the end of each month, to the end of the run (T, …)."""
    values = []
    while model.running:
        model.step()
        values.append(np.array(look(model), dtype=np.float64))
    return np.array(values)


def paired(look: Look, mix: Any, months: int, beside: Any = (), **keywords: Any) -> tuple[Array, Array]:
    """What is seen without and with instruments, next to others `beside`; they agree until the instruments start."""
    without = seen(world(months, mix=beside, **keywords), look)
    with_it = seen(world(months, mix=[*beside, *mix], **keywords), look)
    np.testing.assert_array_equal(without[:START], with_it[:START])
    return without, with_it


def at_home(model: CircularTransition, stage: int) -> NDArray[np.bool_]:
    """Mines (0) or refineries (1) at home (n,)."""
    return np.asarray((model.producers.leaf >= 0) & (model.producers.stage == stage))


def material(model: CircularTransition, name: str) -> int:
    return int(model.config.materials.index(name))


# --- Permit acceleration and site allocation -------------------------------------------------------

BOOM = {"use": "demand_surge", "start": "2027-01", "severity": 0.3, "duration": 120}


def refining_at_home(model: CircularTransition) -> Array:
    """Capacity of refineries at home over that at the start (n,)."""
    rows = at_home(model, 1)
    return np.asarray(model.producers.capacity[rows] / model.producers.start_capacity[rows])


def test_faster_permits_bring_refining_forward_in_a_boom() -> None:
    use = instrument("permit_acceleration", 0.8, sites=0.5)
    without, with_it = paired(refining_at_home, [use], 72, shocks=[BOOM], primary_producers__hurdle_rate=0.1)
    assert (with_it[-12:].mean(axis=1) > 1.03 * without[-12:].mean(axis=1)).all()


def test_permits_shorten_their_part_of_the_lead_time_at_home_only() -> None:
    def look(model: CircularTransition) -> Array:
        """Months until the last of what was ordered this month opens (n,)."""
        producers = model.producers
        _, _, lands = producers._route(terms_of_projects(model.rules, producers, model.credit))
        return np.asarray(lands[-1] // len(producers))

    without, with_it = paired(look, [instrument("permit_acceleration", 0.5)], START + 1)
    model = world(1)
    terms, saved = model.config.primary_producers, without[-1] - with_it[-1]
    for stage, share in enumerate((terms.permit_share_mine, terms.permit_share_refinery)):
        rows = at_home(model, stage)
        np.testing.assert_allclose(saved[rows], 0.5 * share * (without[-1][rows] - 1.0), atol=1.0)
    assert (saved[model.producers.leaf < 0] == 0.0).all()


def test_sites_that_are_ready_spare_refineries_the_lead_time_of_a_new_site() -> None:
    def look(model: CircularTransition) -> Array:
        """Share of orders that take as long as a new site (n,)."""
        slow = model.producers._route(terms_of_projects(model.rules, model.producers, model.credit))[1]
        return np.zeros(len(model.producers)) + slow

    without, with_it = paired(look, [instrument("permit_acceleration", 0.1, sites=0.75)], START + 1)
    refineries = at_home(world(1), 1)
    np.testing.assert_allclose(with_it[-1][refineries], 0.25 * without[-1][refineries])
    assert (with_it[-1][~refineries] == without[-1][~refineries]).all()


def test_recycling_plants_are_built_sooner_and_of_two_governments_the_fastest_counts() -> None:
    mix = [
        instrument("permit_acceleration", 0.5),
        instrument("permit_acceleration", 1.0, jurisdiction="nl", materials=["cobalt"]),
        instrument("waste_definition_reform", 0.5, permits=0.3),
    ]
    model = world(START + 1, mix=mix)
    seen(model, lambda model: 0)
    share, streams = model.config.recyclers.permit_share, model.config.streams
    cobalt = np.asarray(streams.recovery)[:, material(model, "cobalt")] > 0.0
    saved = model.rules.recycling_permits
    dutch = [model.config.jurisdictions.index("nl") in model.config.ancestors[leaf] for leaf in model.config.leaves]
    np.testing.assert_allclose(saved[~np.array(dutch)], 0.3)  # the reform saves more than half of the permit time
    np.testing.assert_allclose(saved[dutch], [np.where(cobalt, share, 0.3)] * sum(dutch))


# --- Energy relief ---------------------------------------------------------------------------------

RELIEF = instrument("energy_relief", 0.5, components=1.0)
DEAR_ENERGY = {"use": "energy_spike", "start": "2026-10", "severity": 2.0, "duration": 24}


def test_energy_relief_keeps_refineries_and_recyclers_at_home_running_in_a_spike() -> None:
    def look(model: CircularTransition) -> Array:
        producers, recyclers = model.producers, model.recyclers
        awake = producers.awake[at_home(model, 1) & ~producers.host].mean()
        return np.array([awake, recyclers.margin.mean(), recyclers.active.sum()])

    without, with_it = paired(look, [RELIEF], 34, shocks=[DEAR_ENERGY])
    assert (with_it[12:, 0] > 1.02 * without[12:, 0]).all()
    assert (with_it[START + 1 : START + 7, 1] > without[START + 1 : START + 7, 1]).all()
    assert with_it[-1, 2] > without[-1, 2]


def test_energy_relief_raises_bids_for_scrap_and_lowers_the_cost_of_components() -> None:
    def look(model: CircularTransition) -> Array:
        bids = model.end_of_life.feed_value_bid.bid.max(axis=(0, 2)).min()
        return np.array([bids, model.firms.unit_cost[model.firms.component >= 0].mean()])

    without, with_it = paired(look, [RELIEF], START + 1)
    assert with_it[-1, 0] > without[-1, 0]
    assert with_it[-1, 1] < without[-1, 1]


def energy_bill(model: CircularTransition) -> Array:
    """Energy bill of refineries, recyclers and component makers at home this month, and what support paid, EUR."""
    producers, flow = model.producers, model.books.month_flow
    rows = at_home(model, 1)
    power = producers.energy_share * model.conditions.energy[producers.jurisdiction]
    refining = (producers.output * producers.cash_cost * power)[rows].sum()
    makers = model.firms.account[model.firms.component >= 0]
    rest = -flow("energy")[model.recyclers.account].sum() - flow("energy")[makers].sum()
    accounts = model.accounts.governments
    return np.array([refining + rest, -flow("operating_support")[accounts[accounts >= 0]].sum()])


def test_relief_settles_a_share_of_the_energy_bill_of_the_month_and_stops_at_its_end() -> None:
    bills, paid = seen(world(24, mix=[{**RELIEF, "end": "2027-06"}], shocks=[DEAR_ENERGY]), energy_bill).T
    assert (paid[:START] == 0.0).all()
    np.testing.assert_allclose(paid[START:18], 0.5 * bills[START:18], rtol=1e-9)
    assert (paid[18:] == 0.0).all()


def test_relief_stops_at_its_cap_and_two_governments_never_pay_more_than_the_bill() -> None:
    both = [instrument("energy_relief", 1.0, components=1.0), instrument("energy_relief", 0.7, jurisdiction="nl")]
    bills, paid = seen(world(12, mix=both), energy_bill).T
    np.testing.assert_allclose(paid[START:], bills[START:], rtol=1e-9)
    cap = 2.5 * float(paid[START])
    _, capped = seen(world(12, mix=[{**RELIEF, "intensity": 1.0, "cap": cap}]), energy_bill).T
    np.testing.assert_allclose(capped.sum(), cap)
    assert (capped[START + 3 :] == 0.0).all()


# --- Investment support for mines and refineries ---------------------------------------------------

SUPPORT = [(f"{activity}_investment_support", stage) for stage, activity in enumerate(("extraction", "refining"))]


@pytest.mark.parametrize(("name", "stage"), SUPPORT)
def test_support_lets_projects_go_ahead_at_a_lower_price(name: str, stage: int) -> None:
    def ordered(model: CircularTransition) -> Array:
        """Spending on new capacity of the stage in scope and of the other, EUR, the latter where there is none."""
        spending = model.producers.spending
        return np.array([spending[at_home(model, stage)].sum(), spending[at_home(model, 1 - stage)].sum()])

    without, with_it = paired(ordered, [instrument(name, 0.4)], 30)
    assert with_it[START:, 0].sum() > 1.05 * without[START:, 0].sum()
    np.testing.assert_allclose(with_it[START, 1], without[START, 1])


@pytest.mark.parametrize(("name", "stage"), SUPPORT)
def test_support_pays_its_share_of_last_months_spending_until_its_end(name: str, stage: int) -> None:
    def look(model: CircularTransition) -> Array:
        accounts = model.accounts.governments
        paid = -model.books.month_flow("investment_support")[accounts[accounts >= 0]].sum()
        return np.array([model.producers.spending[at_home(model, stage)].sum(), paid])

    use = instrument(name, 0.4, end="2027-06")
    spent, paid = seen(world(24, mix=[use]), look).T
    assert (paid[:START] == 0.0).all()
    np.testing.assert_allclose(paid[START:18], 0.4 * spent[START - 1 : 17])
    assert (paid[START + 1 : 18] > 0.0).all()
    assert (paid[18:] == 0.0).all()
    spent, paid = seen(world(10, mix=[use, {**use, "intensity": 0.8}]), look).T
    np.testing.assert_allclose(paid[START + 1 :], spent[START:-1])  # two shares add up to the whole, not to more


def test_support_stops_at_its_cap_until_january() -> None:
    def paid(model: CircularTransition) -> float:
        return float(-model.books.month_flow("investment_support")[model.accounts.governments[1]])

    free = seen(world(24, mix=[instrument("refining_investment_support", 0.4)]), paid)
    cap = 0.4 * float(free[12:].sum())
    capped = seen(world(36, mix=[instrument("refining_investment_support", 0.4, cap=cap)]), paid)
    np.testing.assert_allclose(capped[12:24].sum(), cap)
    assert capped[23] == 0.0
    assert capped[25] > 0.0  # for what was ordered in January


def test_permits_and_support_together_do_more_than_either() -> None:
    """In a boom projects that support makes pay open sooner with faster permits."""
    support, permits = instrument("refining_investment_support", 0.5), instrument("permit_acceleration", 0.8, sites=0.5)
    ends = [seen(world(72, mix=mix, shocks=[BOOM]), refining_at_home)[-1].mean() for mix in ([], [support], [permits])]
    both = seen(world(72, mix=[support, permits], shocks=[BOOM]), refining_at_home)[-1].mean()
    assert ends[1] > ends[0]
    assert both > max(ends)


# --- Stockpiles in three forms ---------------------------------------------------------------------

FORMS = ("strategic_stockpile", "public_private_stockpile", "stockholding_obligation")
STOCK = {"materials": ["gallium"], "buy_years": 1.0, "buy_withheld": 0.02}
CUT = {
    "use": "export_restriction", "bloc": "china", "start": "2028-01", "severity": 0.5, "duration": 6,
    "materials": ["gallium"],
}  # fmt: skip


def stock_and_price(model: CircularTransition) -> Array:
    """Stock of gallium that policy asked for, kg, and its price outside, EUR/kg."""
    which = material(model, "gallium")
    held = sum(model.books.stock[model.stockpile_place(trader)][which] for trader in model.governments.traders)
    return np.array([held, model.materials.price[1, 0, which]])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_fills_in_calm_and_softens_a_shortage(form: str) -> None:
    without, with_it = paired(stock_and_price, [instrument(form, 6.0, **STOCK)], 36, shocks=[CUT])
    stock = with_it[:, 0]
    assert (np.diff(stock[START - 1 : 12]) > 0.0).all()
    assert stock[24:33].min() < 0.9 * stock[23]
    assert with_it[24:33, 1].max() < without[24:33, 1].max()


@pytest.mark.parametrize("form", FORMS)
def test_no_form_buys_during_a_restriction_unless_told_to(form: str) -> None:
    shock = {**CUT, "start": "2026-07", "severity": 0.3, "duration": 12}
    rule = {**STOCK, "buy_limit": 10.0, "release_price": 20.0, "release_shortage": 1.0}
    look = stock_and_price
    stays_out = seen(world(15, mix=[instrument(form, 6.0, **rule)], shocks=[shock]), look)[:, 0]
    told = seen(world(15, mix=[instrument(form, 6.0, **rule | {"buy_withheld": 1.0})], shocks=[shock]), look)[:, 0]
    assert (stays_out == 0.0).all()
    assert told[-1] > 0.0


def prices_and_stock(model: CircularTransition) -> Array:
    """Price of NdPr outside, usual price there, EUR/kg, and what is in stockpiles, kg."""
    markets, which = model.materials, material(model, "ndpr")
    held = sum(model.books.stock[model.stockpile_place(trader)][which] for trader in model.governments.traders)
    usual = markets.reference[1, which] * np.exp(markets.anchor[1, 0, which])
    return np.array([markets.price[1, 0, which], usual, held])


@pytest.mark.parametrize("form", FORMS)
def test_no_form_drives_the_price_above_its_limit(form: str) -> None:
    """However much it would buy at once: beyond the limit its bid is gone."""
    greedy = instrument(form, 36.0, materials=["ndpr"], buy_years=0.1, buy_limit=1.25)
    without, with_it = paired(prices_and_stock, [greedy], START + 2)
    price, usual, held = with_it[START]
    assert without[START, 0] < 0.9 * 1.25 * usual  # it would buy
    assert without[START, 0] < price <= 1.25 * usual
    assert held > 0.0


def test_a_bid_reaches_up_to_its_limit_and_not_beyond() -> None:
    model = world(1)
    seen(model, lambda model: 0)
    markets, trade = model.materials, model.materials_trade
    count, grid = markets.count, markets.grid
    reference = markets.reference[1]
    for over in (0.9, 1.0, 1.25, 3.3):
        bid = markets.bids(np.full((1, count), 7.0), over * reference[None, :])[0]
        assert np.interp(np.log(over), grid, bid[0]) == 0.0
        assert np.interp(np.log(over) - 2.0 * (grid[1] - grid[0]), grid, bid[0]) == 7.0
    assert trade._bids([]) is None
    bidding = Trade(np.full(count, 2.0), reference, np.zeros(count))
    assert trade._bids([(None, bidding)] * 3).shape == (3, count, len(grid))


def withheld_and_let_out(model: CircularTransition) -> Array:
    """What is withheld of asked exports of NdPr, kg, all that is kept of past exports, and the share heard of."""
    bloc, which = model.blocs[0], material(model, "ndpr")
    kept = bloc.normal_exports[1, which] * (1.0 - bloc.let_out[1, which]) if not bloc.calm else 0.0
    return np.array(
        [bloc.withholding(1)[which], kept, model.materials.withheld[0, which], bloc.normal_exports[1, which]]
    )


def test_what_was_bought_for_stock_is_no_lack_once_it_is_not_bought() -> None:
    """The quota remains a share of all past exports; who goes short is counted by what is still asked."""
    stock = instrument("strategic_stockpile", 2.0, materials=["ndpr"], buy_years=0.5, buy_limit=10.0)
    cut = {"use": "export_restriction", "bloc": "china", "start": "2027-03", "severity": 0.65, "duration": 12,
           "materials": ["ndpr"]}  # fmt: skip
    without, with_it = paired(withheld_and_let_out, [stock], 20, shocks=[cut])
    struck = slice(15, 20)
    np.testing.assert_array_equal(without[struck, 0], without[struck, 1])  # nothing was bought for stock
    assert (with_it[struck, 3] > 1.2 * without[struck, 3]).all()  # exports included what went into stock
    assert (with_it[struck, 0] < 1.05 * without[struck, 0]).all()
    assert (with_it[struck, 2] < 1.05 * without[struck, 2]).all()
    assert (with_it[struck, 1] > 1.2 * without[struck, 1]).all()


def test_what_stockpiles_still_buy_is_a_lack_when_it_is_withheld() -> None:
    bloc = world(1).blocs[0]
    count = len(bloc.regime)
    bloc.learn_from_trade(1, np.full(count, 100.0), 0.0, np.full(count, 30.0))
    bloc.regime, bloc.calm, bloc.let_out = np.ones(count, dtype=np.int64), False, np.full((2, count), 0.4)
    np.testing.assert_allclose(bloc.withholding(1), 60.0)  # all of it is still asked
    bloc.learn_from_trade(1, np.full(count, 40.0), 0.0, np.full(count, 10.0))
    np.testing.assert_allclose(bloc.withholding(1), 40.0)
    bloc.learn_from_trade(1, np.full(count, 40.0), 0.0)
    np.testing.assert_allclose(bloc.withholding(1), 30.0)
    np.testing.assert_allclose(bloc.share_withheld(), 30.0 / 70.0)
    np.testing.assert_allclose(bloc.normal_exports[1], 100.0)  # of which its quota remains a share


def stockpile_books(model: CircularTransition) -> Array:
    """Value bought and sold (EUR, by the books of mass), paid by government and agency, and the agency's debt."""
    price, books = model.materials.price[1, 0], model.books
    moved = (books.month_moved("stockpiling") - books.month_moved("release")) @ price
    trade, agency = books.month_flow("stockpile_trade"), model.governments.traders[0].agency
    government = model.accounts.governments[1]
    fee = -books.month_flow("public_programmes")[government]
    owed = books.debt[agency] if agency >= 0 else 0.0
    return np.array([moved, -trade[government], -trade[agency] if agency >= 0 else 0.0, fee, owed])


NO_STATE_STOCK = {"blocs__china__state_stock": 0.0}  # whose trade would hide among a stockpile's


def test_who_pays_for_the_stock_differs_by_form() -> None:
    def books_of(form: str, **more: float) -> Array:
        use = instrument(form, 6.0, materials=RARE_EARTHS, buy_years=1.0, **more)
        rows = seen(world(24, mix=[use], **NO_STATE_STOCK), stockpile_books).T
        assert rows[0].sum() > 0.0
        np.testing.assert_allclose(rows[1] + rows[2], rows[0], rtol=1e-9, atol=0.01)
        return np.asarray(rows)

    _, government, agency, fee, debt = books_of("strategic_stockpile")
    assert not agency.any()
    _, government, agency, fee, debt = books_of("public_private_stockpile", private_share=0.4, fee=0.2, storage=0.0)
    np.testing.assert_allclose(agency, 0.4 / 0.6 * government)
    np.testing.assert_allclose(debt, agency.cumsum())
    np.testing.assert_allclose(fee[START:], 0.2 / 12.0 * debt[START:])
    _, government, agency, fee, debt = books_of("stockholding_obligation")
    assert not (government.any() or fee.any())
    np.testing.assert_allclose(debt, agency.cumsum())


def test_private_parties_take_up_less_when_the_fee_does_not_cover_interest_and_storage() -> None:
    def held(fee: float) -> float:
        use = instrument("public_private_stockpile", 6.0, private_share=0.5, fee=fee, **STOCK)
        return float(seen(world(18, mix=[use]), stock_and_price)[-1, 0])

    none, half, whole = held(0.0), held(0.035), held(0.2)
    assert none < 0.9 * half < 0.9 * whole
    np.testing.assert_allclose(none, 0.5 * whole, rtol=0.01)


def test_those_obliged_pay_for_the_stock_they_must_hold_and_get_back_what_is_left() -> None:
    use = instrument(
        "stockholding_obligation", 6.0, materials=RARE_EARTHS, buy_years=0.5, end="2027-12", release_time=1.0
    )

    def look(model: CircularTransition) -> Array:
        trader, books = model.governments.traders[0], model.books
        magnets = model.firms.unit_cost[model.firms.need[:, material(model, "ndpr")] > 0.0].mean()
        agency = trader.agency
        paid = [
            books.month_flow(kind)[agency] if agency >= 0 else 0.0 for kind in ("levies", "interest", "other_inputs")
        ]
        reserve = books.cash[agency] - books.debt[agency] + trader.cost.sum() if agency >= 0 else 0.0
        return np.array([magnets, *paid, reserve, trader.paid])

    without = seen(world(20, mix=[{**use, "intensity": 0.0}]), look)
    with_it = seen(world(20, mix=[use]), look)
    np.testing.assert_array_equal(without[:START, 0], with_it[:START, 0])
    dues, interest, storage = with_it[:, 1:4].T
    assert (with_it[12:, 0] > without[12:, 0]).all()  # dues are in what makers' inputs cost
    assert (dues[START + 2 :] > 0.0).all()
    # What members paid beyond interest and storage is all that the agency has beyond the cost of its stock.
    np.testing.assert_allclose(with_it[:, 4], (dues + interest + storage).cumsum(), rtol=1e-6, atol=1.0)
    np.testing.assert_allclose(dues.sum(), -(interest + storage).sum(), rtol=0.3)
    assert not with_it[:, 5].any()  # nothing for government to pay


def test_when_the_obligation_ends_the_stock_is_sold_and_loans_are_repaid() -> None:
    use = instrument(
        "stockholding_obligation", 3.0, materials=["cobalt"], buy_years=0.5, end="2027-06", release_price=1.0,
        release_time=1.0,
    )  # fmt: skip

    def look(model: CircularTransition) -> Array:
        trader = model.governments.traders[0]
        debt, cash = model.books.debt[trader.agency], model.books.cash[trader.agency]
        return np.array([trader.held.sum(), debt, cash, trader.cost.sum()])

    stock, debt, cash, cost = seen(world(60, mix=[use], primary_producers__margin_to_shut=1.0), look).T
    assert debt.max() > 0.0
    selling = slice(int(debt.argmax()), int((stock > 0.01 * stock.max()).nonzero()[0].max()) + 1)
    np.testing.assert_allclose(debt[selling], cost[selling])  # the cost of what is sold is repaid at once
    assert stock[-1] < 0.01 * stock.max()
    assert debt[-1] < 0.02 * debt.max()
    assert abs(cash[-1]) < 0.02 * debt.max()


def test_stocks_of_two_governments_add_up_and_a_cap_limits_what_is_bought() -> None:
    def bought(*mix: Use) -> float:
        return float(seen(world(14, mix=mix), stock_and_price)[-1, 0])

    union = instrument("public_private_stockpile", 4.0, **STOCK)
    country = {**union, "jurisdiction": "nl"}
    single, both = bought(union), bought(union, country)
    assert both > 1.005 * single
    model = world(12, mix=[{**union, "cap": 1e5}])
    seen(model, lambda model: 0)
    assert 9e4 < model.governments.instruments[0].total_paid <= 1e5 * (1.0 + 1e-9)


# --- Loan guarantee and public equity --------------------------------------------------------------

GUARANTEE = instrument("loan_guarantee", 0.8)
EQUITY = instrument("public_equity", 0.5)
STREAMS = ("battery", "magnet", "electronics", "equipment", "pv")
# A world in which there is scrap for new plants that are small, and refineries build.
EAGER = {f"streams__{name}__efficient_scale": 500.0 for name in STREAMS} | {
    "streams__battery__processing_cost": 0.8,
    "primary_producers__liquidity": 2.0,
}
PRESENT = [
    instrument("recovery_subsidy", 6.0, start="2026-01"),
    instrument("refining_investment_support", 0.4, start="2026-01"),
]


def recyclers_founded(model: CircularTransition) -> Array:
    recyclers = model.recyclers
    return np.array([(recyclers.born > 0).sum(), (recyclers.capacity * recyclers.active).sum()])


@pytest.mark.parametrize("use", [GUARANTEE, EQUITY], ids=lambda use: use["use"])
def test_more_recyclers_are_founded_with_public_money_beside_that_of_founders(use: Use) -> None:
    without, with_it = paired(recyclers_founded, [use], 48, beside=PRESENT, **EAGER)
    assert with_it[-1, 0] > without[-1, 0]


def test_guaranteed_projects_pay_less_interest_need_less_equity_and_a_lower_return() -> None:
    model = world(2, mix=[{**GUARANTEE, "start": "2026-01"}])
    seen(model, lambda model: 0)
    credit, terms = model.credit, model.config.credit
    share = np.array([0.0, 0.4, 0.8])
    np.testing.assert_allclose(
        debt_share(share, terms), [1.0 - terms.equity, 1.0 - terms.own_stake, 1.0 - terms.own_stake]
    )
    asked = asked_return(share, credit, 0.15)
    assert asked[0] == 0.15
    assert (np.diff(asked) < 0.0).all()
    own = terms.own_stake
    of_owners = (0.15 - (1.0 - terms.equity) * (terms.interest + terms.spread)) / terms.equity
    saved = (terms.equity - own) * (of_owners - credit.rate) + 0.8 * (1.0 - own) * credit.margin
    np.testing.assert_allclose(asked[2], 0.15 - saved)


def test_a_guarantee_falls_with_the_loan_and_its_share_of_a_loss_is_called_once() -> None:
    guarantees, accounts = Guarantees(2), np.array([3, 5])
    share = np.array([0.5, 0.8])
    guarantees.add(accounts, np.array([100.0, 200.0]), Finance(share, share, share, np.array([0, 1])))
    np.testing.assert_allclose(guarantees.total(np.array([3, 4, 5, 9])), [50.0, 0.0, 160.0, 0.0])
    before, after = np.zeros(10), np.zeros(10)
    before[accounts], after[accounts] = [100.0, 200.0], [80.0, 300.0]
    guarantees.follow(before, after)
    np.testing.assert_allclose(guarantees.total(accounts), [40.0, 160.0])
    called = guarantees.call(accounts, np.array([20.0, 500.0]), np.array([80.0, 300.0]))
    np.testing.assert_allclose(guarantees.calls, [10.0, 160.0])  # an overdraft is not guaranteed
    assert called == guarantees.calls.sum()
    assert not guarantees.total(accounts).any()


SLUMP = {"use": "dumping_campaign", "bloc": "china", "start": "2028-01", "severity": 0.7, "duration": 60}


def test_government_pays_what_lenders_call_also_after_the_end_and_lenders_lose_less() -> None:
    def look(model: CircularTransition) -> Array:
        paid = -model.books.month_flow("guarantees")[model.accounts.governments[1]]
        guarantees = model.renewal.guarantees
        return np.array([paid, guarantees.calls.sum(), guarantees.covered.sum(), model.renewal.loss])

    use = {**GUARANTEE, "end": "2029-12"}
    rows = seen(world(72, mix=[*PRESENT, use], shocks=[SLUMP], **EAGER), look)
    paid, called, covered, _ = rows.T
    np.testing.assert_allclose(paid[1:], called[:-1])
    assert paid[:START].sum() == 0.0
    assert paid[48:].sum() > 0.0  # what was promised outlives the instrument
    assert (np.diff(covered[49:]) <= 0.0).all()


def test_the_public_share_is_paid_for_and_earns_dividends_by_the_stake() -> None:
    def look(model: CircularTransition) -> Array:
        government, flow = model.accounts.governments[1], model.books.month_flow
        renewal = model.renewal
        stake = next(use.stake for use in model.governments.instruments if use.name == EQUITY["use"])
        due = (
            renewal.founders_put_in.sum()
            + (model.producers.spending - model.producers.borrowed)[at_home(model, 1)].sum()
        )
        earned = [
            (dividends * stake[who.account[: len(dividends)]]).sum() if len(stake) else 0.0
            for who, dividends in zip((model.recyclers, model.producers), renewal.dividends, strict=True)
        ]
        return np.array([-flow("equity")[government], due, flow("dividends")[government], sum(earned)])

    paid, due, received, earned = seen(world(48, mix=[*PRESENT, EQUITY], **EAGER), look).T
    assert (paid[:START] == 0.0).all()
    np.testing.assert_allclose(paid[START + 1 :], 0.5 * due[START:-1])
    np.testing.assert_allclose(received[1:], earned[:-1])
    assert received.sum() > 0.0


BLENDED = instrument("blended_finance", 0.5, guarantee=0.8, concession=0.4)


def test_blended_finance_does_what_its_parts_do_and_leaves_dividends_to_others() -> None:
    def look(model: CircularTransition) -> Array:
        government, flow = model.accounts.governments[1], model.books.month_flow
        levers = [model.rules[name].max() for name in ("recycling_equity", "recycling_guarantee", "waived_equity")]
        return np.array(
            [*recyclers_founded(model), -flow("equity")[government], flow("dividends")[government], *levers]
        )

    without = seen(world(48, mix=PRESENT, **EAGER), look)
    soft = seen(world(48, mix=[*PRESENT, BLENDED], **EAGER), look)
    hard = seen(world(48, mix=[*PRESENT, {**BLENDED, "concession": 0.0}], **EAGER), look)
    np.testing.assert_allclose(soft[START:, 4:], [[0.5, 0.8, 0.2]] * (48 - START))
    assert soft[-1, 0] > without[-1, 0]
    assert soft[-1, 0] >= hard[-1, 0]
    assert soft[:, 2].sum() > 0.0
    assert 0.0 < soft[:, 3].sum() / soft[:, 2].sum() < hard[:, 3].sum() / hard[:, 2].sum()


def test_private_owners_reach_what_they_ask_on_a_lower_return_of_the_whole() -> None:
    terms = world(1).config.credit
    asked, share, waived = 0.15, np.array([0.0, 0.5, 0.5]), np.array([0.0, 0.0, 0.2])
    whole = asked_beside_soft_equity(asked, share, waived, terms)
    np.testing.assert_allclose(whole[:2], asked)
    debt = (1.0 - terms.equity) * (terms.interest + terms.spread)
    profit = whole[2] - debt  # of the plant, per euro of cost
    private = 0.5 * terms.equity
    np.testing.assert_allclose(profit * (0.5 + 0.2) / private, (asked - debt) / terms.equity)


def test_of_two_guarantees_the_larger_counts_and_shares_of_equity_add_up_to_three_quarters() -> None:
    mix = [GUARANTEE, {**GUARANTEE, "intensity": 0.5}, EQUITY, {**EQUITY, "intensity": 0.6}]
    model = world(START + 1, mix=mix)
    seen(model, lambda model: 0)
    assert model.rules.recycling_guarantee.max() == 0.8
    assert model.rules.recycling_equity.max() == 0.75
    assert model.rules.primary_equity[:, 0].max() == 0.0  # mines were not chosen


def test_public_equity_stops_at_its_end_and_at_its_cap() -> None:
    def paid(model: CircularTransition) -> float:
        return float(-model.books.month_flow("equity")[model.accounts.governments[1]])

    ended = seen(world(24, mix=[*PRESENT, {**EQUITY, "end": "2027-06"}], **EAGER), paid)
    assert ended[START:18].sum() > 0.0
    assert (ended[18:] == 0.0).all()
    cap = 0.3 * float(ended[12:18].sum())
    capped = seen(world(24, mix=[*PRESENT, {**EQUITY, "cap": cap}], **EAGER), paid)
    np.testing.assert_allclose(capped[12:].sum(), cap)


# --- Diversification partnership -------------------------------------------------------------------

PARTNERS = instrument("diversification_partnership", 1.3, share=0.6, materials=["ndpr", "gallium"])
PRICE_WAR = {**SLUMP, "start": "2027-01", "severity": 0.6, "materials": ["ndpr", "gallium"]}


def partners(model: CircularTransition) -> NDArray[np.bool_]:
    """Producers of the materials in scope outside the blocs and abroad (n,)."""
    producers = model.producers
    own = np.isin(producers.main, [material(model, name) for name in PARTNERS["materials"]])
    return np.asarray((producers.side == 0) & (producers.leaf < 0) & own & ~producers.host)


def test_partners_mothball_less_in_a_price_war_and_build_more() -> None:
    def look(model: CircularTransition) -> Array:
        rows = partners(model)
        return np.array([model.producers.awake[rows].mean(), model.producers.spending[rows].sum()])

    without, with_it = paired(look, [PARTNERS], 48, shocks=[PRICE_WAR])
    assert with_it[-12:, 0].mean() > 1.05 * without[-12:, 0].mean()
    assert with_it[START:, 1].sum() > 1.2 * without[START:, 1].sum()


def test_concentration_of_refining_falls_with_delay() -> None:
    def look(model: CircularTransition) -> float:
        """Herfindahl index of the capacity at work that refines neodymium and praseodymium, by jurisdiction."""
        producers = model.producers
        rows = (producers.stage == 1) & (producers.main == material(model, "ndpr"))
        by_place = np.bincount(producers.jurisdiction[rows], (producers.capacity * producers.awake)[rows])
        return float(((by_place / by_place.sum()) ** 2).sum())

    without, with_it = paired(look, [PARTNERS], 60, shocks=[PRICE_WAR])
    lower = 1.0 - with_it / without
    assert lower[START + 4] < 0.3 * lower[-1]
    assert lower[-1] > 0.01


def test_the_union_pays_the_gap_on_the_share_covered_also_after_the_end_and_within_its_cap() -> None:
    def look(model: CircularTransition) -> Array:
        producers, rows = model.producers, partners(model)
        price = model.materials.price.reshape(-1)[producers.own_price]
        gap = np.maximum(1.3 * producers.unit_reference - price, 0.0)
        outside = (producers.side == 0) & (producers.leaf < 0)
        covered = outside & np.isin(producers.main, producers.main[rows])
        due = (producers.offtake.share * gap * producers.output)[covered].sum()
        paid = -model.books.month_flow("operating_support")[model.accounts.governments[1]]
        return np.array([paid, due])

    use = {**PARTNERS, "end": "2027-12"}
    paid, due = seen(world(36, mix=[use], shocks=[PRICE_WAR]), look).T
    assert (paid[:START] == 0.0).all()
    np.testing.assert_allclose(paid[START:], due[START:], rtol=1e-9)
    assert paid[24:].min() > 0.0
    cap = 0.3 * float(paid[12:24].sum())
    capped, _ = seen(world(24, mix=[{**use, "cap": cap}], shocks=[PRICE_WAR]), look).T
    np.testing.assert_allclose(capped[12:].sum(), cap)


def test_contracts_cover_the_share_asked_for_but_no_more_than_home_needs() -> None:
    model = world(START + 1, mix=[PARTNERS])
    seen(model, lambda model: 0)
    producers, need = model.producers, model.materials_trade.home_need()
    share, rows = producers.offtake.share, partners(model)
    assert (share <= 0.6).all()
    assert (share[rows] > 0.0).all()
    for name in PARTNERS["materials"]:
        for stage in (0, 1):
            signed = rows & (producers.main == material(model, name)) & (producers.stage == stage)
            assert (share * producers.capacity)[signed].sum() < 1.1 * need[material(model, name)]
    assert not share[~(producers.side == 0) | (producers.leaf >= 0)].any()


def test_when_material_is_rationed_home_buyers_come_first_for_what_partners_reserve() -> None:
    model = world(1)
    seen(model, lambda model: 0)
    count, trade = len(model.config.materials), model.materials_trade
    use, home = np.full((2, count), 100.0), np.full(count, 6.0)
    cleared = Cleared(use, use.copy(), home.copy(), use[1:], use[1:], np.full(count, 10.0))
    trade._deliver_first(cleared, np.full(count, 9.0))
    np.testing.assert_allclose(cleared.home, 9.0)
    np.testing.assert_allclose(cleared.use[0], 97.0)
    trade._deliver_first(cleared, np.full(count, 50.0))
    np.testing.assert_allclose(cleared.home, 10.0)  # never more than they ask for


# --- Due diligence ---------------------------------------------------------------------------------

DILIGENCE = instrument("due_diligence", 0.3, goods=1.0)


def test_due_diligence_shifts_components_to_origins_of_less_risk() -> None:
    def look(model: CircularTransition) -> Array:
        """Mean risk of the origins of components, home included, and share made at home."""
        risk = np.asarray(model.config.jurisdictions.origin_risk)
        of_origin = np.append(risk[model.config.leaves].mean(), risk[model.components.origins])
        share = model.components.share
        return np.array([(share @ of_origin).mean(), share[:, 0].mean()])

    without, with_it = paired(look, [DILIGENCE], 30)
    assert with_it[-1, 0] < 0.99 * without[-1, 0]
    assert with_it[-1, 1] > without[-1, 1]


def test_refined_material_comes_from_origins_of_less_risk() -> None:
    model, plain = world(START + 3, mix=[DILIGENCE]), world(START + 3, mix=[{**DILIGENCE, "intensity": 1e-9}])
    risk = np.nan_to_num(np.asarray(model.config.jurisdictions.origin_risk))
    means = []
    for each in (model, plain):
        seen(each, lambda model: 0)
        share = each.duties.refined_share[0]
        means.append((risk @ share) / np.maximum(share.sum(axis=0), 1e-12))
    assert (means[0] <= means[1] + 1e-9).all()
    assert (means[0] < means[1] - 1e-6).any()


def test_importers_pay_for_services_at_home_and_government_neither_pays_nor_earns() -> None:
    def look(model: CircularTransition) -> Array:
        used = model.governments.instruments[0]
        activity = model.settlement.activity
        owed = (
            sum(float(amounts.sum()) for _, amounts in used.dues_by_origin(activity)) if model.month >= START else 0.0
        )
        return np.array([model.duties.in_force, owed, used.paid + used.received])

    rows = seen(world(24, mix=[{**DILIGENCE, "end": "2027-06"}]), look)
    assert (rows[:START, 0] == 0.0).all()
    assert (rows[START:18, 1] > 0.0).all()
    assert (rows[18:, :2] == 0.0).all()
    assert not rows[:, 2].any()


def test_the_domestic_economy_gets_what_importers_pay_for_compliance() -> None:
    model = world(START + 1, mix=[DILIGENCE])
    settle, gained = model.settlement.run, []

    def note(purchases: Any, discarded: Any) -> None:
        before = model.books.month_flow("other_inputs")[model.accounts.domestic]
        settle(purchases, discarded)
        gained.append(model.books.month_flow("other_inputs")[model.accounts.domestic] - before)

    model.settlement.run = note
    seen(model, lambda model: 0)
    owed = model.governments.instruments[0].dues_by_origin(model.settlement.activity)
    np.testing.assert_allclose(gained[-1], sum(amounts.sum() for _, amounts in owed))
    assert not any(gained[:-1])
