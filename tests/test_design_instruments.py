"""What instruments for design, market and use make agents do, and what is paid for it.

As in test_behaviour.py: the same world twice on one seed, without and with the instrument, which agree to the bit
until it starts; from then on the test names the behaviour that must differ and its sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from abm.agents.firms import CIRCULAR, LINEAR, REFURBISHER
from abm.model import CircularTransition
from abm.policies import registry

Array = NDArray[np.float64]
Use = Mapping[str, Any]
START, FIRST_MONTH = 6, "2026-07"
QUIET = {f"blocs.{bloc}.{trait}": 0.0 for bloc in ("china", "indonesia") for trait in ("restrict_hazard", "patience")}


def instrument(name: str, intensity: float, **more: Any) -> Use:
    return {"use": name, "jurisdiction": "eu", "start": FIRST_MONTH, "intensity": intensity, **more}


def world(months: int, mix: Any = (), households: int = 200, seed: int = 1, **overrides: float) -> CircularTransition:
    return CircularTransition(
        mix=list(mix),
        shocks=[],
        months=months,
        households=households,
        rng=seed,
        overrides=QUIET | {path.replace("__", "."): value for path, value in overrides.items()},
        record=False,
        events=False,
    )


def seen(model: CircularTransition, look: Any) -> Array:
    values = []
    while model.running:
        model.step()
        values.append(np.array(look(model), dtype=np.float64))
    return np.array(values)


def paired(look: Any, use: Use, months: int, **keywords: Any) -> tuple[Array, Array]:
    without, with_it = seen(world(months, **keywords), look), seen(world(months, mix=[use], **keywords), look)
    np.testing.assert_array_equal(without[:START], with_it[:START])
    return without, with_it


def product(model: CircularTransition, name: str) -> int:
    return int(model.config.products.index(name))


def paid(model: CircularTransition, kind: str, accounts: Any) -> float:
    """What accounts paid net of a kind this month, EUR."""
    return -float(model.books.month_flow(kind)[accounts].sum())


# --- Right to repair --------------------------------------------------------------------------------

REPAIR = instrument("right_to_repair", 0.6, saving=0.3, warranty=24.0, cost=0.01)


def test_a_right_to_repair_brings_more_repairs_fewer_sales_and_longer_life() -> None:
    def look(model: CircularTransition) -> Array:
        return np.array([model.product_trade.repairs.sum(), model.product_trade.units_to_households.sum()])

    use = {**REPAIR, "products": ["laptop", "smartphone", "large_appliance"]}
    without, with_it = paired(look, use, 60, households=600)
    assert with_it[START:, 0].sum() > 1.1 * without[START:, 0].sum()
    assert with_it[START:, 1].sum() < 0.999 * without[START:, 1].sum()


def test_a_repair_is_cheaper_where_the_right_holds_and_new_goods_dearer() -> None:
    def look(model: CircularTransition) -> Array:
        price = model.product_trade.current_offers.price
        return price[product(model, "laptop")][:, [1, 3]]

    without, with_it = paired(look, {**REPAIR, "jurisdiction": "nl", "warranty": 0.0}, START + 4)
    change = with_it[START + 3] / without[START + 3] - 1.0
    assert change[:2, 0] == pytest.approx(-0.3, abs=0.01)
    assert 0.0 < change[2, 0] < 0.01
    assert (change[:, 1] > 0.0).all()


def test_repairs_under_longer_warranty_are_paid_by_dealers_and_charged_to_producers() -> None:
    use = {**REPAIR, "warranty": 36.0, "cost": 0.0}
    model = world(60, mix=[{**use, "end": "2027-12"}], households=600)
    covered: list[float] = []
    pay = model.product_trade._pay_for_covered

    def note(purchases: Any) -> Array:
        trade = model.product_trade
        each = (trade.price[:, 0] * trade.repair_cost)[:, None] * (1.0 - model.rules.repair_saving.T)
        covered.append(0.0 if purchases.covered is None else float((each * purchases.covered).sum()))
        return pay(purchases)

    model.product_trade._pay_for_covered = note
    dealers = seen(model, lambda model: paid(model, "repairs", model.dealers.accounts))
    np.testing.assert_allclose(dealers[START:], covered, rtol=1e-9, atol=0.01)
    assert (dealers[: START + 24] == 0.0).all()  # the legal guarantee comes first
    assert dealers[START + 25 :].sum() > 0.0  # given before the end, and kept after it
    charge, sold = model.standards.charge, model.standards.sold
    assert charge is not None
    np.testing.assert_allclose(charge * sold, model.standards.warranty_cost)
    laptop = product(model, "laptop")
    assert charge[laptop] > 0.0
    rows = (model.firms.kind <= CIRCULAR) & (model.firms.product == laptop)
    np.testing.assert_allclose(model.firms.owed_per_unit[rows], charge[laptop], rtol=0.2)
    assert model.rules.warranty.sum() == 0.0


# --- Ecodesign ---------------------------------------------------------------------------------------

ECODESIGN = instrument("ecodesign_requirement", 1.0)


def test_goods_sold_under_ecodesign_last_longer_and_those_in_use_do_not() -> None:
    def life(model: CircularTransition) -> Array:
        """Scheduled life of laptops acquired new as linear goods this month, and the sum of all due before."""
        people, group = model.households, list(model.households.products).index(product(model, "laptop"))
        new = (people.kind[:, group] == 3) & (people.bought[:, group] == model.month)
        old = (people.kind[:, group] == 3) & (people.bought[:, group] < 0)
        return np.array([(people.fails[new, group] - model.month).sum(), new.sum(), people.fails[old, group].sum()])

    without, with_it = paired(life, ECODESIGN, START + 12, households=1000)
    mean = [rows[START:, 0].sum() / rows[START:, 1].sum() for rows in (without, with_it)]
    assert mean[1] > 1.2 * mean[0]
    assert with_it[START, 2] == pytest.approx(without[START, 2], rel=0.02)


def test_ecodesign_costs_linear_makers_and_importers_and_not_circular_makers() -> None:
    def look(model: CircularTransition) -> Array:
        firms, row = model.firms, product(model, "large_appliance")
        made = firms.product == row
        means = [firms.unit_cost[made & (firms.kind == kind)].mean() for kind in (LINEAR, CIRCULAR)]
        return np.array([*means, model.product_trade.import_price[row].mean()])

    without, with_it = paired(look, ECODESIGN, START + 2)
    linear, circular, imported = with_it[START + 1] - without[START + 1]
    table = world(1).config.products
    row = table.index("large_appliance")
    extra = 0.5 * table.circular_premium[row] * table.price[row]
    assert linear == pytest.approx(extra / 1.12, rel=0.02)
    assert imported == pytest.approx(extra * table.import_cost_ratio[row], rel=0.02)
    assert abs(circular) < 0.02 * linear


def test_what_ecodesign_costs_is_paid_for_each_product_made() -> None:
    def look(model: CircularTransition) -> float:
        return paid(model, "other_inputs", model.firms.account[model.firms.kind <= CIRCULAR])

    model = world(START + 1, mix=[ECODESIGN])
    with_it = seen(model, look)
    without = seen(world(START + 1), look)
    added = model.firms.added_cost
    assert added is not None
    assert with_it[START] - without[START] == pytest.approx(float((added * model.firms.made).sum()), rel=1e-6)


def test_ecodesign_works_at_the_end_of_life_one_life_later() -> None:
    """Of goods that business replaces soon, a growing share is easy to take apart; recyclers recover more."""

    def look(model: CircularTransition) -> Array:
        trait = model.standards.at_end_of_life("dismantling", model.end_of_life.design)
        share = 0.0 if trait is None else trait[1, product(model, "smartphone")]
        return np.array([share, model.scrap.gain()[0].sum(), model.business.stock.sum()])

    without, with_it = paired(look, ECODESIGN, 60)
    assert with_it[START + 1, 0] < 0.1 < 0.3 < with_it[-1, 0] <= 1.0
    assert with_it[-1, 1] > 1.5 * without[-1, 1]
    np.testing.assert_allclose(with_it[:, 2], without[:, 2], rtol=0.02)  # they own as much, and buy less


def test_business_replaces_durable_goods_later() -> None:
    def look(model: CircularTransition) -> float:
        return float(model.business._failing(model.month)[0][:, product(model, "public_ict")].sum())

    without, with_it = paired(look, ECODESIGN, 60)
    assert with_it[-12:].sum() < 0.95 * without[-12:].sum()


# --- Digital product passport --------------------------------------------------------------------------

PASSPORT = instrument("digital_product_passport", 1.0, found=0.5, saving=0.3, trust=0.5)


def test_passports_bring_more_parts_apart_and_make_scrap_cheaper_to_sort() -> None:
    def look(model: CircularTransition) -> Array:
        magnet = model.config.streams.index("magnet")
        arrived = model.end_of_life._kept_apart()[0][..., magnet].sum()
        saving = model.scrap.saving()
        return np.array([arrived, 0.0 if saving is None else saving[0].max()])

    without, with_it = paired(look, PASSPORT, 60)
    assert with_it[-1, 0] > 1.1 * without[-1, 0]
    assert with_it[START, 0] == without[START, 0]
    assert 0.02 < with_it[-1, 1] < 0.3
    assert without[-1, 1] == 0.0


def test_passports_raise_trust_in_used_goods_and_cost_every_new_one() -> None:
    def look(model: CircularTransition) -> Array:
        law, row = model.households.protection, product(model, "smartphone")
        used = model.households.in_use[row, :, 2].sum()
        cost = 0.0 if model.standards.import_cost is None else model.standards.import_cost[row]
        return np.array([0.0 if law is None else law.assurance.max(), used, cost])

    without, with_it = paired(look, PASSPORT, 66, households=500)
    first_use = int(12 * 3.3 + 0.5)
    assert with_it[START + first_use - 1, 0] == 0.0
    assert with_it[START + first_use + 1, 0] == pytest.approx(0.5)
    assert with_it[-1, 1] > without[-1, 1]
    assert (with_it[START:, 2] == 2.0).all()


def test_what_was_sold_with_a_passport_keeps_it_after_the_end() -> None:
    model = world(36, mix=[{**PASSPORT, "end": "2027-06"}])
    seen(model, lambda model: 0.0)
    assert model.standards.traits["taken_apart"][12:18].min() == pytest.approx(0.5)
    assert model.standards.traits["taken_apart"][18:].max() == 0.0
    assert model.firms.added_cost is None  # nobody pays any more
    assert model.standards.returned["taken_apart"].max() > 0.0


@pytest.mark.parametrize("use", [REPAIR, ECODESIGN, PASSPORT], ids=lambda use: use["use"])
def test_of_two_standards_the_stricter_counts(use: Use) -> None:
    lever = {"right_to_repair": "repair_access", "ecodesign_requirement": "durability"}.get(use["use"], "assurance")
    lax = {**use, "intensity": 0.5 * use["intensity"], "products": ["laptop"]}
    both, strict = world(START + 1, mix=[lax, use]), world(START + 1, mix=[use])
    for model in (both, strict):
        seen(model, lambda model: 0.0)
    np.testing.assert_array_equal(both.rules[lever], strict.rules[lever])
    assert not any(instrument.spends for instrument in both.governments.instruments)
    assert set(registry()) >= {use["use"]}


# --- Modulated fees --------------------------------------------------------------------------------------

FEES = instrument("modulated_fees", 0.2)


def test_modulated_fees_shift_sales_to_circular_design() -> None:
    def look(model: CircularTransition) -> Array:
        trade = model.product_trade
        business = (trade.business_bought[..., None] * trade.business_labels).sum(axis=0)
        circular = (model.firms.orders * (model.firms.kind == CIRCULAR)).sum()
        return np.array([business[..., 1:].sum() / business.sum(), circular])

    without, with_it = paired(look, FEES, 36)
    assert (with_it[START + 1 :, 0] > 1.2 * without[START + 1 :, 0]).all()
    assert (with_it[START + 2 :, 1] > without[START + 2 :, 1]).all()


def test_bonus_and_malus_stand_in_prices_at_the_declared_spread() -> None:
    model = world(START + 2, mix=[{**FEES, "jurisdiction": "nl", "products": ["laptop"]}])
    seen(model, lambda model: 0.0)
    fee, row = model.product_trade.modulation, product(model, "laptop")
    assert fee is not None
    price = model.config.products.price[row]
    np.testing.assert_allclose(fee[row, :2, 0] - fee[row, :2, 1], 0.2 * price)
    assert (fee[row, :2, 0] > 0.0).all()
    trade, taxed = model.product_trade, model.product_trade.taxed
    offered = (trade.price[row] + trade.surcharge[row][:, None] + fee[row]) * taxed[:, None]
    np.testing.assert_allclose(trade.current_offers.price[row, :, 3:], offered)
    assert not np.delete(fee, row, axis=0).any()
    assert not fee[:, 2].any()


def test_modulated_fees_settle_between_dealers_and_collectors_and_cancel_over_the_years() -> None:
    model = world(48, mix=[FEES])
    settle, due, settled = model.settlement.run, np.zeros((48, 2)), np.zeros((48, 2))

    def note(purchases: Any, discarded: Any) -> None:
        before = model.books.cash[model.scrap.collectors].sum()
        model.governments.instruments[0].settle, own = lambda *_: None, model.governments.instruments[0].settle
        settle(purchases, discarded)
        own(model.settlement.activity, model.books, model.month)
        del model.governments.instruments[0].settle
        activity = model.settlement.activity
        owed = activity.labels_sold * activity.fee_modulation
        due[model.month] = np.maximum(owed, 0.0).sum(), np.maximum(-owed, 0.0).sum()
        settled[model.month, 0] = model.books.cash[model.scrap.collectors].sum() - before

    model.settlement.run = note
    seen(model, lambda model: 0.0)
    np.testing.assert_allclose(settled[:, 0], due[:, 0] - due[:, 1], rtol=1e-6, atol=1.0)
    assert (due[:START] == 0.0).all()
    malus, bonus = due[24:].sum(axis=0)
    assert malus == pytest.approx(bonus, rel=0.2)  # at last year's shares; this year's differ
    assert not model.governments.paid.any()


def test_spreads_of_two_governments_add_up() -> None:
    model = world(START + 1, mix=[FEES, {**FEES, "jurisdiction": "nl", "intensity": 0.1}])
    seen(model, lambda model: 0.0)
    price = np.asarray(model.config.products.price)
    np.testing.assert_allclose(model.rules.fee_spread[0], 0.3 * price)
    np.testing.assert_allclose(model.rules.fee_spread[2], 0.2 * price)


# --- Launching customers ------------------------------------------------------------------------------------

MATCHES = instrument("launching_customers", 1.0, jurisdiction="nl", term=60.0)
SLUMP: Use = {
    "use": "dumping_campaign",
    "bloc": "china",
    "start": "2028-01",
    "severity": 0.5,
    "duration": 24,
    "materials": ("ndpr", "dysprosium"),
}


def at_home(model: CircularTransition) -> NDArray[np.bool_]:
    """Recyclers (R,) in the Netherlands."""
    config = model.config
    below = np.array([config.jurisdictions.index("nl") in config.ancestors[leaf] for leaf in config.leaves])
    return np.asarray(below[model.recyclers.leaf])


def test_matched_output_finds_customers_at_its_rate_and_only_where_the_programme_runs() -> None:
    model = world(START + 12, mix=[MATCHES])
    seen(model, lambda model: 0.0)
    recyclers, here = model.recyclers, at_home(model)
    share = 0.0
    for _ in range(12):
        share -= share / 60.0
        share += (1.0 - share) / 12.0
    runs = here & (recyclers.status == 0) & (recyclers.born < START)
    found = recyclers.under_contract[runs][recyclers.recovery[runs] > 0.0]
    assert found.max() == pytest.approx(share)
    assert not recyclers.under_contract[~here].any()


def test_offtake_at_a_fixed_price_holds_up_what_recyclers_receive_in_a_slump() -> None:
    def look(model: CircularTransition) -> Array:
        metal = model.config.materials.index("ndpr")
        rows = model.recyclers.sold[:, metal] > 0.0
        received = model.recyclers.price_received[rows, metal]
        return np.array([received.max(initial=0.0), model.materials_trade.secondary_spent.sum()])

    def run(mix: Any) -> Array:
        model = CircularTransition(
            mix=mix, shocks=[SLUMP], months=30, households=200, rng=1, overrides=QUIET, record=False, events=False
        )
        return seen(model, look)

    without, with_it = run([]), run([{**MATCHES, "jurisdiction": "eu"}])
    np.testing.assert_array_equal(without[:START], with_it[:START])
    slump = slice(26, 30)  # the stock of the last good months is sold
    assert with_it[slump, 0].mean() > 1.2 * without[slump, 0].mean()
    assert with_it[slump, 1].sum() > without[slump, 1].sum()  # makers pay it


def test_matchmaking_costs_its_sum_per_household_and_contracts_run_out_after_its_end() -> None:
    model = world(48, mix=[{**MATCHES, "cost": 3.0, "end": "2027-12"}])
    here = [0, 1]
    homes = np.asarray(model.config.jurisdictions.households)[model.config.leaves][here].sum()
    look = seen(
        model,
        lambda model: [
            paid(model, "public_programmes", model.accounts.governments[[model.config.jurisdictions.index("nl")]]),
            model.recyclers.under_contract.max(),
        ],
    )
    np.testing.assert_allclose(look[START:24, 0], 0.25 * homes)
    assert not look[24:, 0].any()
    assert (np.diff(look[23:, 1]) < 0.0).all()
    assert look[-1, 1] == pytest.approx(look[23, 1] * (1.0 - 1.0 / 60.0) ** 24)


# --- Investment support for circular production ------------------------------------------------------------

INVESTMENT = instrument("circular_investment_support", 0.6)


def test_support_builds_circular_capacity_where_it_nearly_pays() -> None:
    """With a higher hurdle than usual, circular makers earn their keep but not the hurdle rate."""

    def look(model: CircularTransition) -> float:
        return float((model.firms.capacity + model.firms.building)[model.firms.kind == CIRCULAR].sum())

    without, with_it = paired(look, INVESTMENT, 60, firms__hurdle_rate=0.2)
    assert with_it[-1] > 1.01 * without[-1]


def test_circular_makers_and_refurbishers_extend_at_a_smaller_profit_and_linear_makers_do_not() -> None:
    grown = []
    for use in ({**INVESTMENT, "intensity": 0.0}, INVESTMENT):
        model = world(START + 1, mix=[use])
        seen(model, lambda model: 0.0)
        firms, terms = model.firms, model.config.firms
        firms.return_on_capital[:] = 0.7 * terms.hurdle_rate - terms.depreciation
        firms.orders[:], firms.building[:] = 1.5 * firms.capacity, 0.0
        model.renewal._firms_invest(model.books.cash + 1e12)
        grown.append(
            [firms.building[firms.of_kind(*kinds)].sum() for kinds in ((CIRCULAR,), (REFURBISHER,), (LINEAR,))]
        )
    assert grown[0] == [0.0, 0.0, 0.0]
    assert grown[1][0] > 0.0 < grown[1][1]
    assert grown[1][2] == 0.0


def noted(model: CircularTransition, due: Any) -> list[float]:
    """What is due each month, worked out when policy is settled."""
    owed: list[float] = []
    settle = model.settlement.run

    def note(purchases: Any, discarded: Any) -> None:
        settle(purchases, discarded)
        owed.append(float(due(model)))

    model.settlement.run = note
    return owed


def test_investment_support_pays_its_share_of_growth_to_the_cent_and_stops_at_cap_and_end() -> None:
    def governments(model: CircularTransition) -> float:
        accounts = model.accounts.governments
        return paid(model, "investment_support", accounts[accounts >= 0])

    model = world(60, mix=[{**INVESTMENT, "end": "2029-12"}], firms__entry_hazard=3.0, firms__switch_hazard=2.0)
    owed = noted(model, lambda model: 0.6 * model.settlement.activity.circular_spending.sum() * (model.month < 48))
    rows = seen(model, governments)
    np.testing.assert_allclose(rows, owed, rtol=1e-9, atol=0.01)
    assert rows[START:48].sum() > 0.0
    assert not rows[48:].any()
    cap = 0.5 * float(rows[12:24].sum())
    capped = seen(
        world(24, mix=[{**INVESTMENT, "cap": cap}], firms__entry_hazard=3.0, firms__switch_hazard=2.0), governments
    )
    assert capped[12:].sum() == pytest.approx(cap)


def test_linear_makers_change_design_at_a_smaller_gain_when_it_is_supported() -> None:
    """A gain of a third of the hurdle is too little for a maker, unless two thirds of the new tools are paid."""
    for share, changes in ((0.0, False), (0.6, True)):
        model = world(START + 1, mix=[{**INVESTMENT, "intensity": share}], firms__switch_hazard=2.0)
        seen(model, lambda model: 0.0)
        firms = model.firms
        hurdle = model.config.firms.hurdle_rate
        firms.return_on_capital[firms.kind == LINEAR] = 0.0
        firms.return_on_capital[firms.kind == CIRCULAR] = hurdle / 3.0
        firms.orders[firms.kind == CIRCULAR] = firms.capacity[firms.kind == CIRCULAR]
        before = (firms.kind == CIRCULAR).sum()
        for month in range(6, 60, 3):
            model.month = month
            model.renewal._switch_design()
        assert ((firms.kind == CIRCULAR).sum() > before) == changes
        if changes:
            assert model.renewal.circular_spending is not None
            assert model.renewal.circular_spending.sum() > 0.0


def test_support_of_two_governments_is_never_more_than_the_investment() -> None:
    model = world(START + 1, mix=[INVESTMENT, {**INVESTMENT, "jurisdiction": "nl"}])
    seen(model, lambda model: 0.0)
    lever = model.rules.circular_investment_support
    assert lever[0].max() == 1.0
    assert lever[2].max() == 0.6


# --- Research into substitution -----------------------------------------------------------------------------

RESEARCH = instrument("substitution_support", 0.5, pace=1.0, faster=1.0, materials=["dysprosium"], cost=2.0)
CUT: Use = {
    "use": "export_restriction",
    "bloc": "china",
    "start": "2027-01",
    "severity": 0.6,
    "duration": 36,
    "materials": ("ndpr", "dysprosium"),
}


def saved(model: CircularTransition) -> Array:
    """Mean thrift on dysprosium and on NdPr of makers who use it, and what government pays for programmes, EUR."""
    firms, metals = model.firms, [model.config.materials.index(name) for name in ("dysprosium", "ndpr")]
    rows = (firms.kind <= CIRCULAR) & (firms.need[:, metals[0]] > 0.0)
    accounts = model.accounts.governments
    return np.array(
        [*firms.thrift[rows][:, metals].mean(axis=0), paid(model, "public_programmes", accounts[accounts >= 0])]
    )


def test_research_lets_designers_save_more_and_faster_and_what_is_known_stays_known() -> None:
    def run(mix: Any) -> tuple[CircularTransition, Array]:
        model = CircularTransition(
            mix=mix, shocks=[CUT], months=48, households=200, rng=1, overrides=QUIET, record=False, events=False
        )
        return model, seen(model, saved)

    (_, without), (model, with_it) = run([]), run([{**RESEARCH, "end": "2028-06"}])
    np.testing.assert_array_equal(without[:START], with_it[:START])
    assert with_it[24, 0] > 1.2 * without[24, 0]
    assert with_it[-1, 0] > 1.1 * without[-1, 0]  # long after the end
    assert with_it[24, 1] == pytest.approx(without[24, 1], rel=0.05)
    known = model.firms.knowledge
    assert known is not None
    metal = model.config.materials.index("dysprosium")
    assert known[0, :, metal] == pytest.approx(0.5 * (1.0 - (1.0 - 1.0 / 12.0) ** 24))
    homes = np.asarray(model.config.jurisdictions.households)[model.config.leaves].sum()
    np.testing.assert_allclose(with_it[START : START + 24, 2], 2.0 / 12.0 * homes)
    assert not with_it[START + 24 :, 2].any()


def test_of_two_programmes_of_research_the_one_that_reaches_further_counts() -> None:
    model = world(START + 1, mix=[RESEARCH, {**RESEARCH, "jurisdiction": "nl", "intensity": 0.9}])
    seen(model, lambda model: 0.0)
    metal = model.config.materials.index("dysprosium")
    assert model.rules.thrift_research[:, metal].tolist() == [0.9, 0.9, 0.5]
    assert (model.governments.paid > 0.0).all()


# --- Tax shift from labour to materials -----------------------------------------------------------------------

SHIFT = instrument("labour_to_materials_tax_shift", 2.0, jurisdiction="nl", limit=0.5)


def taxes(model: CircularTransition) -> Array:
    """What the country gets of the levy and pays as relief this month, what work there costs (EUR), and relief (L,)."""
    nl = model.accounts.governments[[model.config.jurisdictions.index("nl")]]
    activity, relief = model.settlement.activity, model.rules.labour_relief
    work = activity.technical_work / (1.0 - relief) + activity.repair_work
    return np.array([-paid(model, "levies", nl), paid(model, "labour_relief", nl), work[:2].sum(), *relief])


def test_the_revenue_of_a_levy_on_materials_goes_back_to_work_a_year_later() -> None:
    rows = seen(world(60, mix=[{**SHIFT, "start": "2026-01", "end": "2029-12"}]), taxes)
    years = rows.reshape(5, 12, 6)
    levied, relieved, work = years[..., :3].sum(axis=1).T
    assert levied[:4].min() > 0.0
    assert relieved[0] == 0.0
    rates = years[1:4, :, 3]
    np.testing.assert_allclose(rates, np.tile(levied[:3] / work[:3], (12, 1)).T)
    np.testing.assert_allclose(relieved[1:4], rates[:, 0] * work[1:4])
    np.testing.assert_allclose(relieved[1:4], levied[:3], rtol=0.4)  # but for growth of work from year to year
    assert not years[4, :, :2].any()
    assert not rows[:, 5].any()  # none outside the country


def test_relief_makes_work_cheaper_for_employers_and_leaves_what_is_earned() -> None:
    def look(model: CircularTransition) -> Array:
        received = model.books.month_flow("labour") + model.books.month_flow("labour_relief")
        row = product(model, "laptop")
        return np.array(
            [
                received[model.accounts.households[:2]].sum() / model.technical_work[:2].sum(),
                model.labour_cost[1] / model.labour.wage_factor[1],
                model.product_trade.full_price[row, 1, 1] / model.product_trade.price[row, 0],
                model.labour.employed[1],
            ]
        )

    without, with_it = paired(look, SHIFT, 30)
    relief = 1.0 - with_it[-1, 1]
    assert relief > 0.001
    assert with_it[-1, 0] == pytest.approx(1.0 / (1.0 - relief))
    assert with_it[-1, 2] == pytest.approx(without[-1, 2] * (1.0 - 0.5 * relief))
    assert with_it[-1, 3] == pytest.approx(without[-1, 3], rel=0.1)


def test_relief_is_settled_to_the_cent() -> None:
    model = world(30, mix=[SHIFT])

    def due(model: CircularTransition) -> float:
        activity, relief = model.settlement.activity, model.rules.labour_relief
        return float((activity.technical_work * relief / (1.0 - relief) + activity.repair_work * relief).sum())

    owed = noted(model, due)
    rows = seen(model, taxes)
    np.testing.assert_allclose(rows[:, 1], owed, rtol=1e-9, atol=0.01)
    assert rows[12:, 1].min() > 0.0


# --- European-content criterion ---------------------------------------------------------------------------------

EUROPEAN = instrument("european_content_criterion", 1.0, premium=0.6)


def test_a_criterion_of_european_content_moves_public_purchases_from_imports_to_home_makers() -> None:
    def look(model: CircularTransition) -> Array:
        row = product(model, "electric_car")
        makers = (model.firms.kind == LINEAR) & (model.firms.product == row)
        imports = model.product_trade.import_units[row].sum() / model.dealers.orders()[row, :, 0].sum()
        return np.array([imports, model.firms.sold[makers].sum(), model.components.share[:, 0].mean()])

    without, with_it = paired(look, EUROPEAN, 36)
    assert with_it[START:, 0].mean() < without[START:, 0].mean()
    assert with_it[START:, 1].sum() > without[START:, 1].sum()
    assert with_it[-1, 2] > without[-1, 2]


def test_a_small_premium_wins_little_where_imports_are_much_cheaper() -> None:
    shifts = []
    for premium in (0.0, 0.5):
        model = world(START + 6, mix=[{**EUROPEAN, "premium": premium}])
        seen(model, lambda model: 0.0)
        assert model.preference.shift is not None
        shifts.append(model.preference.shift[product(model, "public_ict")].mean())
    assert 0.0 < shifts[0] < 0.3 * shifts[1]


def test_the_premium_for_european_goods_is_paid_to_the_cent_and_stops_at_its_end_and_cap() -> None:
    def by_union(model: CircularTransition) -> float:
        return paid(model, "procurement_premium", model.accounts.governments[[model.config.jurisdictions.index("eu")]])

    model = world(30, mix=[{**EUROPEAN, "end": "2027-12"}])
    owed = noted(model, lambda model: model.preference.premium.sum())
    rows = seen(model, by_union)
    np.testing.assert_allclose(rows, owed, rtol=1e-9, atol=0.01)
    assert rows[START:24].min() > 0.0
    assert not rows[24:].any()
    assert model.preference.shift is None
    cap = 0.5 * float(rows[12:24].sum())
    capped = seen(world(24, mix=[{**EUROPEAN, "cap": cap}]), by_union)
    assert capped[12:].sum() == pytest.approx(cap)


def test_of_two_criteria_the_larger_share_counts_and_pays() -> None:
    model = world(START + 1, mix=[EUROPEAN, {**EUROPEAN, "intensity": 0.5}])
    seen(model, lambda model: 0.0)
    assert model.rules.european_content.max() == 1.0
    first, second = model.governments.instruments
    payer = first if first.intensity == 1.0 else second
    assert payer.paid > 0.0
    assert first.paid + second.paid == payer.paid
