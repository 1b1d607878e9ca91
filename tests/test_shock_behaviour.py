"""What shocks to supply, transport, spending, interest and technology make agents do.

As in test_behaviour.py every test runs the same world twice on one seed, with and without the shock; up to the month
in which it strikes the two agree to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from abm import shocks
from abm.model import CircularTransition
from abm.scenario import load_scenario

Array = NDArray[np.float64]
Look = Callable[[CircularTransition], Any]
Use = dict[str, Any]

START, FIRST_MONTH = 6, "2026-07"
SEEDS = (1, 2)
QUIET = {f"blocs.{bloc}.{trait}": 0.0 for bloc in ("china", "indonesia") for trait in ("restrict_hazard", "patience")}


def world(months: int, *shocks: Use, seed: int = 1, households: int = 200, **overrides: float) -> CircularTransition:
    """A world in which blocs do nothing of their own accord."""
    return CircularTransition(
        mix=[],
        shocks=list(shocks),
        months=months,
        households=households,
        rng=seed,
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


def struck(look: Look, use: Use, months: int, **keywords: Any) -> tuple[Array, Array]:
    """What is seen without and with a shock, which agree until it strikes."""
    without, with_it = seen(world(months, **keywords), look), seen(world(months, use, **keywords), look)
    np.testing.assert_array_equal(without[:START], with_it[:START])
    return without, with_it


def material(model: CircularTransition, name: str) -> int:
    return int(model.config.materials.index(name))


def shock(name: str, severity: float, duration: int | None = 6, **more: Any) -> Use:
    """A shock that strikes in `FIRST_MONTH`."""
    return {"use": name, "start": FIRST_MONTH, "severity": severity, "duration": duration, **more}


# --- Outage of mines and refineries -----------------------------------------------------------------

OUTAGE = shock("facility_outage", 0.5, materials=["ndpr"], jurisdiction="other")


def mined(model: CircularTransition) -> Array:
    """Output of mines of rare earths outside the bloc, of those in it, dysprosium of the former (kg), and cost, EUR."""
    producers = model.producers
    mines = (producers.stage == 0) & (producers.main == material(model, "ndpr"))
    inside, outside = mines & (producers.side > 0), mines & (producers.side == 0)
    beside = producers.mined[outside[producers.mines], material(model, "dysprosium")].sum()
    cost = -model.books.month_flow("other_inputs")[producers.account[outside]].sum()
    return np.array([producers.output[outside].sum(), producers.output[inside].sum(), beside, cost])


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outage_stops_its_share_of_mining_with_what_comes_with_it_but_not_the_upkeep(seed: int) -> None:
    without, with_it = struck(mined, OUTAGE, START + 7, seed=seed)
    ratio = with_it / without
    assert ratio[START, [0, 1, 2]] == pytest.approx([0.5, 1.0, 0.5])
    assert 0.5 < ratio[START, 3] < 0.6
    assert (ratio[START : START + 3, 0] < 0.6).all()
    assert ratio[START + 6, 0] > 1.0, "all of it runs again, at a better price"


def test_an_outage_raises_the_price_at_which_others_run_harder() -> None:
    def look(model: CircularTransition) -> Array:
        producers = model.producers
        others = (producers.main == material(model, "ndpr")) & (producers.stage == 1) & (producers.side > 0)
        price = model.materials.price[1, 0, material(model, "ndpr")]
        return np.array([price, (producers.utilisation * producers.awake)[others].sum()])

    refineries = OUTAGE | {"jurisdiction": "other", "extraction": 0, "refining": 1, "severity": 1.0}
    without, with_it = struck(look, refineries, START + 6)
    assert (with_it[START:, 0] > 1.02 * without[START:, 0]).all()
    assert with_it[-1, 1] > without[-1, 1]


def test_outages_leave_what_none_of_them_strikes() -> None:
    model = world(START + 1, OUTAGE, OUTAGE | {"severity": 0.4, "jurisdiction": None})
    seen(model, mined)
    row, other = material(model, "ndpr"), model.config.jurisdictions.index("other")
    assert model.conditions.capacity[other, 0, row] == pytest.approx(0.3)
    assert model.conditions.capacity[model.config.jurisdictions.index("china"), 0, row] == pytest.approx(0.6)


# --- Interest -----------------------------------------------------------------------------------------

RISE = shock("interest_rise", 0.03, 36)


def test_a_rise_of_interest_is_paid_on_all_debt_as_long_as_it_lasts() -> None:
    def look(model: CircularTransition) -> Array:
        groups = (model.firms, model.recyclers, model.producers)
        paid = [-model.books.month_flow("interest")[group.account].sum() for group in groups]
        return np.array([*paid, model.credit.rate])

    without, with_it = struck(look, RISE | {"duration": 6}, START + 7)
    usual = without[START, 3]
    assert with_it[START, 3] == pytest.approx(usual + 0.03)
    assert with_it[START, :3] == pytest.approx(without[START, :3] * (1.0 + 0.03 / usual))
    assert with_it[START + 6, 3] == pytest.approx(without[START + 6, 3], rel=1e-3)


def test_a_rise_of_interest_slows_building_and_thins_merchants_stocks() -> None:
    def look(model: CircularTransition) -> Array:
        held = model.books.stock[model.materials.blocks[1]].sum()
        return np.array([model.producers._under_way(model.month).sum(), held])

    without, with_it = struck(look, RISE, START + 36)
    assert with_it[-1, 0] < 0.9 * without[-1, 0]
    assert with_it[START + 6, 1] < without[START + 6, 1]


@pytest.mark.parametrize("response", [0.0, 0.5])
def test_a_rise_of_interest_raises_hurdle_rates_as_far_as_investors_respond(response: float) -> None:
    def look(model: CircularTransition) -> Array:
        return np.array([model.producers.expected, model.hurdle_add + 0.0 * model.producers.expected])

    keywords = {"credit__hurdle_response": response}
    usual, raised = (seen(world(START + 1, *use, **keywords), look)[START] for use in ((), (RISE,)))
    assert raised[1] == pytest.approx(0.03 * response)
    log_price = np.log(1.02) / 24.0  # merchants move the price by less than this in the first month
    lower = usual[0] - raised[0]
    assert (lower > log_price).any() == (response > 0.0), "producers see a lower price over full cost"
    assert (lower > -log_price).all()


# --- Recession ----------------------------------------------------------------------------------------

SLUMP = shock("recession", 0.05, 12)
HOUSEHOLDS, BUSINESS, PUBLIC, EXPORTS, INCOME, COPPER = range(6)


def bought(model: CircularTransition) -> Array:
    """What households, business and government bought at list prices, exports, income paid (EUR), price of copper."""
    trade, price = model.product_trade, model.product_trade.list_price
    sold = (trade.units_to_households, *trade.business_bought)
    income = model.books.month_flow("income")[model.accounts.households].sum()
    copper = model.materials.price[1, 0, material(model, "copper")]
    return np.array([*(units.sum(axis=1) @ price for units in sold), trade.export_value, income, copper])


def test_in_a_recession_purchases_and_the_income_from_them_fall_but_not_those_of_government() -> None:
    without, with_it = struck(bought, SLUMP, START + 24, households=1500)
    ratio = with_it / without
    assert ratio[START, BUSINESS] == pytest.approx(1.0 - 2.7 * 0.05)
    assert ratio[START, PUBLIC] == pytest.approx(1.0)
    during, after = slice(START, START + 12), slice(START + 12, START + 24)
    whole = with_it[during].sum(axis=0) / without[during].sum(axis=0)
    assert whole[HOUSEHOLDS] < 0.95
    assert whole[INCOME] < 0.95
    assert whole[BUSINESS] == pytest.approx(1.0 - 2.7 * 0.05, abs=0.01), "what is put off is not asked for meanwhile"
    assert (ratio[START + 1 : START + 12, [EXPORTS, COPPER]] < 0.99).all()
    later = with_it[after].sum(axis=0) / without[after].sum(axis=0)
    assert (later[[HOUSEHOLDS, BUSINESS]] > 1.02).all(), "and made good afterwards"


def test_a_recession_at_home_leaves_buyers_abroad_alone() -> None:
    without, with_it = struck(bought, SLUMP | {"jurisdiction": "eu"}, START + 1, households=1500)
    ratio = with_it[START] / without[START]
    assert ratio[BUSINESS] == pytest.approx(1.0 - 2.7 * 0.05)
    assert ratio[EXPORTS] == pytest.approx(1.0, abs=0.02)
    assert 0.99 < ratio[COPPER] < 1.0, "the union uses part of the world's copper"


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_recession_households_would_rather_keep_and_choose_cheaper(seed: int) -> None:
    """What they would choose in the first month, when the same households decide at the same prices."""

    def look(model: CircularTransition) -> Array:
        return np.asarray(choices[-1].expected.sum(axis=(0, 1)))

    shares = []
    for use in ((), (SLUMP,)):
        model, choices = world(START + 1, *use, seed=seed, households=600), []
        choose = model.households.choose
        model.households.choose = lambda month, offers, f=choose, kept=choices: (
            kept.append(f(month, offers)) or kept[-1]
        )
        shares.append(seen(model, look)[START])
    keep, repair, used, linear, _, _ = shares[1] / shares[0]
    assert keep > 1.0
    assert repair > 1.0
    assert linear < 1.0
    assert used > linear


# --- Breakthrough of a substitute ---------------------------------------------------------------------

CAR, METAL = "electric_car", "ndpr"
BREAKTHROUGH = shock("technology_breakthrough", 0.8, 24, ramp=12, materials=[METAL], products=[CAR], cost=0.5)


def car_makers(model: CircularTransition) -> NDArray[np.bool_]:
    firms = model.firms
    return np.asarray((firms.product == model.config.products.index(CAR)) & (firms.kind < 2) & firms.active)


def substituted(model: CircularTransition) -> Array:
    """Share replaced by home makers of cars, by makers abroad and by industry, and what new cars contain, kg."""
    row, product = material(model, METAL), model.config.products.index(CAR)
    abroad, industry = model.product_trade.substituted, model.materials_trade.substituted
    content = model.dealers.content(model.dealers.new_block, model.dealers.units)[product, :, row].mean()
    home = model.firms.substituted[car_makers(model), row].mean()
    return np.array(
        [home, 0.0 if abroad is None else abroad[product, row], 0.0 if industry is None else industry[row], content]
    )


def test_a_substitute_is_taken_up_step_by_step_and_for_good() -> None:
    without, with_it = struck(substituted, BREAKTHROUGH, START + 36)
    taken = with_it[START:, :3]
    assert (np.diff(taken, axis=0) >= 0.0).all()
    assert (taken[11] > 0.02).all()
    assert (taken[11] < 0.4).all(), "not everybody at once"
    np.testing.assert_array_equal(taken[-1], taken[24])  # no more once it is over, and nothing undone
    assert taken[-1, 2] < 0.5 * taken[-1, 1], "these products are a part of industry's use"
    assert with_it[-1, 3] == pytest.approx(without[-1, 3] * (1.0 - taken[-1, :2].mean()), rel=0.1)


def test_what_a_substitute_saves_sets_the_pace() -> None:
    cheap, dear, dearer = (
        seen(world(START + 18, BREAKTHROUGH | {"cost": c}), substituted)[-1] for c in (0.3, 0.8, 3.0)
    )
    assert (cheap[:3] > 1.5 * dear[:3]).all()
    assert (dear[:2] > 0.02).all()
    assert dearer[1] == dearer[2] == 0.0
    assert dearer[0] < 0.01, "home makers also weigh the risk they feel"


def test_makers_pay_for_the_substitute_and_goods_in_use_keep_what_is_in_them() -> None:
    model = world(START + 12, BREAKTHROUGH)
    row, product = material(model, METAL), model.config.products.index(CAR)
    before = model.content_new[product, :, :60, row].copy()
    while model.month < START + 10:
        model.step()
    firms, config = model.firms, model.config.firms
    usual, conversion = firms.capacity / config.capacity_slack, firms.conversion.copy()
    model.step()
    np.testing.assert_array_equal(model.content_new[product, :, :60, row], before)
    rows = car_makers(model)[: len(usual)].nonzero()[0]
    assert (firms.substitute_cost[rows] > 0.0).all()
    assert not firms.substitute_cost[~car_makers(model)].any()
    volume = (1.0 - config.fixed_cost_share) * firms.made[rows] + config.fixed_cost_share * usual[rows]
    shares = (model.production.labour + model.production.energy)[product]
    substitutes = firms.made[rows] * firms.substitute_cost[rows]
    paid = -model.books.month_flow("other_inputs")[firms.account[rows]]
    assert paid - volume * conversion[rows] * (1.0 - shares) == pytest.approx(substitutes, rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_breakthrough_lowers_the_price_and_what_home_component_makers_sell(seed: int) -> None:
    def look(model: CircularTransition) -> Array:
        magnets = model.firms.component == model.config.components.index("magnet")
        return np.array([model.materials.price[1, 0, material(model, METAL)], model.firms.orders[magnets].sum()])

    wide = BREAKTHROUGH | {"products": None, "use_share": 0.8}
    without, with_it = struck(look, wide, START + 24, seed=seed)
    assert (with_it[-1] < 0.95 * without[-1]).all()


# --- Transport ----------------------------------------------------------------------------------------

HELD_UP = shock("transport_disruption", 0.4, 6, freight=5.0)


def under_way(model: CircularTransition) -> Array:
    """Material under way by form and in the books, all materials together, kg."""
    transport = model.transport
    forms = (transport.materials, transport.components, transport.content)
    place = model.books.place_names.index("under way to home") if transport._place >= 0 else None
    held = 0.0 if place is None else model.books.stock[place].sum()
    return np.array([*(0.0 if form is None else form.sum() for form in forms), held])


def test_what_is_held_up_is_under_way_in_the_books_and_arrives_when_the_way_is_free() -> None:
    def look(model: CircularTransition) -> Array:
        trade, sales = model.materials_trade, model.product_trade
        sent = trade.component_imports_by_origin.sum() + sales.imported_by_origin.sum()
        return np.array([*under_way(model), sent, trade.component_import.sum() + sales.imported_content.sum()])

    _, held_up = struck(look, HELD_UP, START + 8)
    during, end = held_up[START : START + 6], START + 6
    assert (during[:, :3] > 0.0).all(), "every form is under way"
    assert during[:, :3].sum(axis=1) == pytest.approx(during[:, 3])
    assert during[:, 4].cumsum() - during[:, 5].cumsum() == pytest.approx(during[:, 1] + during[:, 2])
    assert held_up[START, 5] == pytest.approx(0.6 * held_up[START, 4], rel=1e-6)
    assert not held_up[end:, :3].any()
    assert held_up[end:, 3] == pytest.approx(0.0, abs=1e-3)
    assert held_up[START : end + 1, 5].sum() == pytest.approx(held_up[START : end + 1, 4].sum()), "nothing is lost"


def test_a_closed_sea_lets_nothing_through_and_a_short_scope_only_what_it_names() -> None:
    def look(model: CircularTransition) -> Array:
        trade = model.materials_trade
        lack = model.components.rationed[model.config.components.index("magnet")].max()
        imported = trade.component_import.sum(), model.product_trade.imported_content.sum()
        return np.array([*imported, *under_way(model), lack])

    _, closed = struck(look, HELD_UP | {"severity": 1.0}, START + 2)
    assert not closed[START:, :2].any()
    _, some = struck(look, HELD_UP | {"components": ["magnet"], "jurisdiction": "china"}, START + 2)
    assert (some[START:, 3] > 0.0).all()
    assert not some[START:, [2, 4]].any()
    assert not some[:START, 6].any()
    assert some[START, 6] > 0.2, "makers feel what is late as a lack"


@pytest.mark.parametrize("seed", SEEDS)
def test_delay_makes_makers_feel_risk_and_order_more_and_a_wave_arrives(seed: int) -> None:
    def look(model: CircularTransition) -> Array:
        firms, trade = model.firms, model.materials_trade
        brought = trade.component_import.sum() + trade.primary_bought.sum()
        return np.array([firms.risk.max(axis=0).sum(), trade.wanted_inputs.sum(), brought])

    without, with_it = struck(look, HELD_UP, START + 14, seed=seed)
    risk, wanted, brought = (with_it[START:] / without[START:]).T
    assert (risk[1:5] > 1.0).all()
    assert (wanted[1:4] > 1.05).all(), "the bullwhip"
    assert brought[0] < 0.8
    assert brought[6] > 1.2, "the wave"
    assert wanted[8:14].min() < 1.0, "and the trough after it"


def test_dearer_freight_is_in_the_price_of_what_comes_from_there_and_paid_to_carriers_abroad() -> None:
    def look(model: CircularTransition) -> Array:
        sales, origins = model.product_trade, model.product_trade.origins
        china = origins == model.config.jurisdictions.index("china")
        paid = model.books.month_flow("product_sales")[model.accounts.abroad] + sales.export_value
        due = np.einsum("po,pol->", sales.import_price - sales.import_levy[:, None], sales.import_units)
        return np.array([sales.import_price[:, china].sum(), sales.import_price[:, ~china].sum(), paid, due])

    without, with_it = struck(look, HELD_UP | {"jurisdiction": "china"}, START + 3)
    share = world(1).config.markets.freight_share
    assert with_it[START, 0] == pytest.approx(without[START, 0] * (1.0 + share * 5.0 * 0.4))
    assert with_it[START, 1] == pytest.approx(without[START, 1])
    assert with_it[:, 2] == pytest.approx(with_it[:, 3])


def test_dearer_freight_moves_orders_to_home_makers() -> None:
    def look(model: CircularTransition) -> Array:
        return np.array([model.components.share[:, 0].mean(), model.product_trade.origin_weights[:, 0].mean()])

    without, with_it = struck(look, HELD_UP | {"freight": 20.0, "severity": 0.2}, START + 6)
    assert (with_it[-1] > 1.02 * without[-1]).all()


# --- Forms of restriction and of demand ---------------------------------------------------------------


def test_until_the_first_licences_nothing_leaves_and_then_what_is_granted() -> None:
    def exports(model: CircularTransition) -> float:
        return float(model.materials_trade.cleared.exports[0, material(model, "gallium")])

    licences = shock("export_restriction", 0.5, 6, bloc="china", materials=["gallium"], queue=2)
    without, with_it = struck(exports, licences, START + 6)
    normal = without[:START].mean()
    assert with_it[START : START + 2] == pytest.approx(0.0, abs=0.1 * normal), "but for smuggling"
    assert with_it[START + 2 :] == pytest.approx(0.5 * normal, rel=0.25)


def test_demand_that_does_not_give_way_drives_others_out() -> None:
    def look(model: CircularTransition) -> Array:
        row = material(model, "gallium")
        return np.array([model.materials.price[1, 0, row], model.materials_trade.cleared.use[:, row].sum()])

    surge = shock("demand_surge", 0.3, 24, materials=["gallium"])
    _, yielding = struck(look, surge, START + 18)
    _, essential = struck(look, surge | {"essential": 1.0}, START + 18)
    assert essential[START:, 0].mean() > 1.02 * yielding[START:, 0].mean()


# --- Named scenarios ----------------------------------------------------------------------------------


def test_the_turbulent_world_holds_every_kind_of_shock_at_random() -> None:
    uses = load_scenario(shocks="turbulent").shocks
    assert all(use.hazard is not None for use in uses)
    assert {use.use for use in uses} == set(shocks.registry())


@pytest.mark.parametrize("name", ["two_shocks_in_a_row", "mine_outage", "shipping_crisis", "substitution_breakthrough"])
def test_a_named_scenario_strikes(name: str) -> None:
    """From the month of its first shock the world is another than the calm one, in which it had been the same."""

    def prices(shocks: str) -> Array:
        scenario = load_scenario(shocks=shocks, households=120, months=first + 6)
        model = CircularTransition.from_scenario(scenario, 1, record=False, events=False)
        return seen(model, lambda model: model.materials.price.ravel())

    first = min(use.start for use in load_scenario(shocks=name).shocks)
    calm, other = prices("calm"), prices(name)
    np.testing.assert_array_equal(calm[:first], other[:first])
    assert (calm[-1] != other[-1]).any()
