"""State-backed blocs and the duties that they answer: what each makes the other do, and what is paid for it.

As in `test_behaviour`, every test runs one world twice on one seed, with and without what it is about; up to the
month in which that starts the two agree to the bit.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from abm.model import CircularTransition
from abm.running import run
from abm.scenario import load_scenario

_SPEC = importlib.util.spec_from_file_location("behaviour", Path(__file__).with_name("test_behaviour.py"))
assert _SPEC is not None and _SPEC.loader is not None
behaviour: Any = importlib.util.module_from_spec(_SPEC)
sys.modules["behaviour"] = behaviour
_SPEC.loader.exec_module(behaviour)

Array = NDArray[np.float64]
START, FIRST_MONTH = behaviour.START, behaviour.FIRST_MONTH
RARE_EARTHS = behaviour.RARE_EARTHS
instrument, paired, seen, world = behaviour.instrument, behaviour.paired, behaviour.seen, behaviour.world


def duty(intensity: float = 0.3, **more: Any) -> dict[str, Any]:
    """A duty that falls on nothing but what is asked for."""
    return dict(instrument("import_duty", intensity, **{"refined": 0, "components": 0, "goods": 0, **more}))


def index(model: CircularTransition, table: str, name: str) -> int:
    return int(getattr(model.config, table).index(name))


def collected(model: CircularTransition) -> float:
    return float(sum(instrument.received for instrument in model.governments.instruments))


# --- Import duty ------------------------------------------------------------------------------------


def test_a_duty_on_material_raises_what_makers_pay_and_recyclers_and_refineries_at_home_receive() -> None:
    """Secondary material and that of refineries at home are sold under the umbrella; the price outside hardly moves."""

    def look(model: CircularTransition) -> Array:
        metal, producers = index(model, "materials", "ndpr"), model.producers
        home = np.asarray(model.config.jurisdictions.domestic)[producers.jurisdiction] & (producers.main == metal)
        earned = model.books.month_flow("material_sales")[producers.account[home & (producers.stage == 1)]]
        return np.array(
            [
                model.materials_trade.home_premium[metal],
                behaviour.counted_on(model, "magnet", "ndpr").max(),
                earned.sum(),
                model.materials.price[1, 0, metal],
            ]
        )

    without, with_it = paired(look, duty(refined=1), 24)
    # What processors at home bring to grade sells 30 % dearer than abroad; most magnet scrap leaves as an intermediate.
    assert (with_it[START:, 0] > without[START:, 0] + 0.25).all()
    assert (with_it[START + 1 :, 1] > 1.05 * without[START + 1 :, 1]).all()
    assert (with_it[START:, 2] > 1.01 * without[START:, 2]).all()
    np.testing.assert_allclose(with_it[:, 3], without[:, 3], rtol=0.05)


def test_a_duty_on_material_alone_drives_makers_of_components_out_and_one_on_components_brings_them_in() -> None:
    def look(model: CircularTransition) -> float:
        return float(model.components.share[index(model, "components", "magnet"), 0])

    material, component = (paired(look, duty(**kind), 30) for kind in ({"refined": 1}, {"components": 1}))
    assert material[1][-1] < 0.95 * material[0][-1]
    assert component[1][-1] > 1.2 * component[0][-1]


def test_a_duty_on_finished_goods_sells_more_of_what_is_made_at_home_and_makes_them_dearer() -> None:
    def look(model: CircularTransition) -> Array:
        car, trade = index(model, "products", "electric_car"), model.product_trade
        return np.array([trade.origin_weights[car, 0], trade.price[car, 0]])

    without, with_it = paired(look, duty(goods=1, products=["electric_car"]), START + 3)
    assert (with_it[START:] > 1.01 * without[START:]).all()


def test_buyers_turn_to_origins_that_pay_no_duty() -> None:
    """Where others can deliver, a duty on state-backed blocs alone costs buyers, and brings in, much less."""

    def look(model: CircularTransition) -> Array:
        return np.array([model.duties.umbrella[index(model, "materials", "ndpr")], collected(model)])

    everybody = paired(look, duty(refined=1), START + 12)[1][START:]
    blocs = paired(look, duty(refined=1, state_backed=1), START + 12)[1][START:]
    assert (blocs.mean(axis=0) < 0.3 * everybody.mean(axis=0)).all()
    assert (blocs > 0.0).all()


def owed(model: CircularTransition) -> float:
    """The duty on what was imported this month, worked out from trade, EUR."""
    trade, rate = model.materials_trade, 0.3
    refined = trade.primary_bought.sum(axis=0) * (1.0 - model.duties.made_at_home) * model.activity_price
    price = model.components.prices(model.materials.price[1], trade.conversion, (trade.levies()[0], 0.0))[:, 1:]
    goods, sales = model.product_trade.import_units.sum(axis=2), model.product_trade
    components = (trade.component_imports_by_origin * price).sum()
    return float(rate * (refined.sum() + components + (goods * sales.before_duty).sum()))


def test_the_duty_is_paid_on_all_imports_to_the_union_and_ends_with_it() -> None:
    model = world(START + 8, mix=[duty(refined=1, components=1, goods=1, end="2026-12")])
    for month in range(model.months):
        model.step()
        model.activity_price = model.materials.price[1, 0]
        account = model.accounts.governments[index(model, "jurisdictions", "eu")]
        if START <= month < START + 6:
            assert collected(model) == pytest.approx(owed(model), rel=1e-9)
            assert model.books.month_flow("levies")[account] == pytest.approx(collected(model), rel=1e-9)
        else:
            assert collected(model) == 0.0
            assert not model.duties.in_force
            assert not model.duties.umbrella.any()


def test_an_anti_dumping_duty_is_due_after_the_inquiry_and_while_dumping_lasts() -> None:
    campaign = behaviour.SLUMP | {"duration": 12}
    model = world(START + 16, mix=[duty(refined=1, dumped=1, inquiry=4)], shocks=[campaign])
    due = seen(model, collected) > 0.0
    assert np.flatnonzero(due).tolist() == list(range(START + 4, START + 12))


# --- Regimes: which is worth most -------------------------------------------------------------------

CALM = behaviour.QUIET | {"blocs.china.share_threshold": 1.0}
NORMAL, RESTRICT, FLOOD, RETALIATE = range(4)
CARS = {"goods": 1, "products": ["electric_car"]}


def answering(months: int, mix: Any = (), shocks: Any = (), **traits: float) -> CircularTransition:
    """A world in which a bloc answers duties, and does nothing else of its own accord."""
    able = {"blocs__china__patience": 36.0, "blocs__china__share_threshold": 1.0}
    traits = {"retaliation_threshold": 0.0} | traits
    own = {name if "__" in name else f"blocs__china__{name}": value for name, value in traits.items()}
    return world(months, mix=mix, shocks=shocks, **able | own)


def regime_of(model: CircularTransition) -> Array:
    return model.blocs[0].regime


def test_with_every_trigger_off_blocs_are_passive() -> None:
    """Though rivals build and stockpile, and duties are charged on their goods."""
    off = {"retaliation": 0.0, "stockpile_threshold": 1200.0}
    mix = [duty(components=1), instrument("strategic_stockpile", 6.0)]
    model = answering(60, mix, **off)
    assert not seen(model, regime_of).any()
    assert (model.blocs[0].worth <= 0.0).all()
    assert model.books.cash[model.blocs[0].purse] == pytest.approx(0.0, abs=1.0)


def test_duties_are_answered_where_there_is_leverage_until_they_end() -> None:
    model = answering(START + 20, [duty(0.3, **CARS, end="2027-06")])
    leverage = model.config.blocs.leverage_threshold[0]
    regimes = seen(model, regime_of)
    first, after = regimes[START + 4], regimes[START + 12 + 3]
    answers = first == RETALIATE
    assert answers.sum() >= 3
    assert (model.blocs[0].start_share[1][answers] > leverage).all()
    assert not first[~answers].any()
    assert not regimes[:START].any()
    assert not after.any()
    assert {model.blocs[0].reason[row] for row in np.flatnonzero(answers)} == {"the duties have ended"}


def withheld(intensity: float, **traits: float) -> tuple[float, float]:
    """Share that is withheld of each material, and the price of one outside over that without a duty."""
    months, metal = START + 16, "ndpr"

    def look(model: CircularTransition) -> float:
        return float(model.materials.price[1, 0, index(model, "materials", metal)])

    model, calm = answering(months, [duty(intensity, **CARS)], **traits), answering(months, **traits)
    dearer = seen(model, look)[-6:].mean() / seen(calm, look)[-6:].mean()
    view = model.bloc_views[0]
    value = view.held_by_it[0, model.blocs[0].regime == RETALIATE].sum()  # refined: components it lets go
    assert model.blocs[0].answer * value == pytest.approx(traits["retaliation"] * view.duty_cost)
    return float(model.blocs[0].answer), float(dearer)


def test_the_answer_is_in_proportion_and_makes_the_material_dearer() -> None:
    small, double, full = (withheld(rate, retaliation=0.02, component_answer=0.0) for rate in (0.05, 0.10, 0.5))
    assert 0.0 < small[0] < double[0] < full[0] < 0.6
    assert full[1] > 1.02


def test_a_duty_that_is_only_announced_is_answered_as_far_as_it_is_believed() -> None:
    coming = duty(0.3, **CARS, announced="2026-02", start="2027-07")
    model = answering(START + 6, [coming], retaliation=0.002)
    regimes = seen(model, regime_of)
    assert (regimes[START] == RETALIATE).any()
    assert 0.0 < model.blocs[0].answer < 0.6
    assert set(model.blocs[0].reason) == {"", "duties on its goods are announced"}


def test_retaliation_ends_when_patience_does_and_does_not_begin_again_for_the_same_duty() -> None:
    model = answering(START + 32, [duty(0.6, **CARS)], patience=12.0, retaliation_threshold=0.05)
    retaliates = (seen(model, regime_of) == RETALIATE).any(axis=1)
    assert 12 <= retaliates.sum() <= 16
    assert not retaliates[START + 20 :].any()


def test_small_duties_and_those_on_others_are_borne() -> None:
    for use, traits in ((duty(0.01, **CARS), {"retaliation_threshold": 0.05}), (duty(0.3, dumped=1, **CARS), {})):
        assert not seen(answering(START + 12, [use], **traits), regime_of).any()


def test_a_stockpile_past_the_threshold_is_answered_by_a_restriction() -> None:
    stockpile = instrument("strategic_stockpile", 12.0, materials=["gallium"])
    model = answering(60, [stockpile], stockpile_threshold=1.0)
    regimes, metal = seen(model, regime_of), index(model, "materials", "gallium")
    assert (regimes[:, metal] == RESTRICT).any()
    assert not np.delete(regimes, metal, axis=1).any()
    assert not seen(answering(60, [stockpile], stockpile_threshold=1200.0), regime_of).any()


def test_a_flood_answers_projects_and_support_that_is_announced() -> None:
    """The share that rivals will have is what counts: with projects, and with what support is expected to bring."""
    support = instrument("recovery_subsidy", 100.0, materials=["ndpr"])

    def first_flood(**traits: float) -> float:
        model = answering(48, [support], share_threshold=0.3, **traits)
        floods = seen(model, regime_of)[:, index(model, "materials", "ndpr")] == FLOOD
        return float(np.flatnonzero(floods)[0]) if floods.any() else np.inf

    assert first_flood(heeds_support=5.0) < first_flood(heeds_support=0.0)


# --- More than one bloc -----------------------------------------------------------------------------


def test_two_blocs_act_side_by_side_and_the_books_close() -> None:
    """Ten years in which both act by order and of their own accord; every month closes the books to 1e-9."""
    tense = {f"blocs.{bloc}.restrict_hazard": 0.5 for bloc in ("china", "indonesia")}
    model = CircularTransition(
        mix=[duty(components=1), instrument("strategic_stockpile", 3.0)],
        shocks="two_blocs",
        months=120,
        households=200,
        rng=1,
        overrides=tense,
    )
    regimes = seen(model, lambda model: np.array([bloc.regime for bloc in model.blocs]))
    assert model.books.worst_residual < 1e-9
    names = [bloc.name for bloc in model.blocs]
    acted = (regimes != NORMAL).any(axis=0)
    assert acted.any(axis=1).all()
    nickel = index(model, "materials", "nickel")
    assert (regimes[24:48, 1, nickel] == RESTRICT).all()
    who = {event.who for event in model.event_log.events if event.kind == "regime"}
    assert who == set(names)
    columns = {column["name"] for column in model.recorder.columns}
    for bloc in names:
        assert {f"regime[{bloc},nickel]", f"price_inside[{bloc},nickel]", f"state_spending[{bloc}]"} <= columns


def test_what_one_bloc_holds_back_gives_the_other_leverage() -> None:
    """It has occasion to restrict all along, and holds too small a share, until the other lets out less."""

    def regimes_of_other(severity: float) -> Array:
        cut = {"use": "export_restriction", "bloc": "indonesia", "start": FIRST_MONTH, "severity": severity}
        model = answering(
            START + 40,
            shocks=[cut | {"materials": ["nickel"], "extraction": 1}],
            jurisdictions__indonesia__active=True,
            leverage_threshold=0.42,  # its own share never rises to that
            restrict_hazard=1.0,
        )
        return seen(model, regime_of)[:, index(model, "materials", "nickel")]

    assert not regimes_of_other(0.0).any()
    assert (regimes_of_other(0.9) == RESTRICT).any()


def test_what_one_bloc_holds_back_the_other_sells_dearer() -> None:
    """A restriction by one raises the price at which the other trades with the world outside."""

    def look(model: CircularTransition) -> Array:
        return np.asarray(model.materials.price[1, :, index(model, "materials", "nickel")])

    two = {"jurisdictions__indonesia__active": True}
    cut = {"use": "export_restriction", "bloc": "indonesia", "start": FIRST_MONTH, "severity": 0.6}
    without, with_it = behaviour.struck(look, cut | {"materials": ["nickel"], "extraction": 1}, START + 10, **two)
    outside, first, second = (with_it[-4:] / without[-4:]).mean(axis=0)
    assert outside > 1.1
    assert first > 1.1
    assert second < 1.0


# --- Finished goods and components ------------------------------------------------------------------

GOODS_CAMPAIGN = {
    "use": "dumping_campaign",
    "bloc": "china",
    "start": FIRST_MONTH,
    "severity": 0.3,
    "duration": 12,
    "refining": 0,
    "products": ["electric_car"],
}


def supported_by_state(model: CircularTransition) -> float:
    return float(-model.books.month_flow("state_support")[model.blocs[0].purse])


def test_goods_sold_under_price_take_sales_from_home_makers_until_the_campaign_ends() -> None:
    """Cars get cheaper and fewer of them are made at home; no material is dumped."""

    def look(model: CircularTransition) -> Array:
        car, trade = index(model, "products", "electric_car"), model.product_trade
        return np.array([trade.origin_weights[car, 0], trade.price[car, 0], model.blocs[0].regime.max()])

    without, with_it = behaviour.struck(look, GOODS_CAMPAIGN, START + 14)
    during = slice(START, START + 12)
    assert (with_it[during, :2] < 0.98 * without[during, :2]).all()
    assert (with_it[START + 12 :, 0] > 0.99 * without[START + 12 :, 0]).all()
    assert not with_it[:, 2].any()


def test_the_state_pays_the_difference_and_no_more_than_its_purse() -> None:
    """Support is the discount on every product delivered; in a year it pays what the purse holds, and then stops."""

    def look(model: CircularTransition) -> Array:
        car, trade, bloc = index(model, "products", "electric_car"), model.product_trade, model.blocs[0]
        origin = int(np.flatnonzero(trade.origins == bloc.jurisdiction)[0])
        off = 0.0 if trade.discount is None else float(trade.discount[car, origin])
        paid = trade.import_units[car, origin].sum() * trade.import_price[car, origin] * off / (1.0 - off)
        return np.array([supported_by_state(model), paid, off, bloc.spent_this_year])

    rows = seen(world(START + 14, shocks=[GOODS_CAMPAIGN]), look)
    np.testing.assert_allclose(rows[:, 0], rows[:, 1], rtol=1e-9, atol=1.0)
    assert rows[START, 0] > 1e6
    assert (np.abs(rows[START + 12 :, 0]) < 1.0).all()
    poor = seen(world(START + 6, shocks=[GOODS_CAMPAIGN], blocs__china__purse=5e8), look)
    assert rows[START + 5, 3] > poor[START + 5, 3] == pytest.approx(5e8)
    assert poor[START + 5, 2] == 0.0


def test_a_flood_of_a_material_takes_the_goods_made_of_it_along() -> None:
    """A bloc that floods of its own accord sells what is made of the material at its discount."""
    flood = {"share_threshold": 0.15, "leverage_threshold": 0.6}

    def look(model: CircularTransition) -> Array:
        bloc = model.blocs[0]
        products = np.zeros(len(model.config.products)) if bloc.off_goods is None else bloc.off_goods
        return np.append(products, (bloc.regime == FLOOD).any())

    rows = seen(answering(72, goods_discount=0.2, **flood), look)
    assert rows[:, -1].any()
    assert rows[:, :-1].max() == pytest.approx(0.2)
    assert not rows[rows[:, -1] == 0.0, :-1].any()
    assert not seen(answering(72, goods_discount=0.0, **flood), look)[:, :-1].any()


def test_components_sold_under_price_take_sales_from_home_makers_of_components() -> None:
    def look(model: CircularTransition) -> Array:
        return np.array([model.components.share[index(model, "components", "cell"), 0], supported_by_state(model)])

    campaign = {key: value for key, value in GOODS_CAMPAIGN.items() if key != "products"} | {"components": ["cell"]}
    without, with_it = behaviour.struck(look, campaign, START + 12)
    assert with_it[-1, 0] < 0.9 * without[-1, 0]
    assert (with_it[START:, 1] > 0.0).all()


@pytest.mark.parametrize(
    ("mix", "traits", "part"),
    [
        ([duty(0.5, **CARS)], {"restrict_hazard": 0.0}, "component_answer"),
        ([], {"restrict_hazard": 1.0, "restrict_duration": 200.0}, "component_depth"),
    ],
    ids=["retaliating", "restricting"],
)
def test_components_made_of_what_it_withholds_are_held_back_too(mix: Any, traits: Any, part: str) -> None:
    def imported(share: float) -> Array:
        def look(model: CircularTransition) -> Array:
            metal, magnet = index(model, "materials", "ndpr"), index(model, "components", "magnet")
            withholds = model.blocs[0].regime[metal] in (RESTRICT, RETALIATE)
            return np.array([withholds, model.materials_trade.component_imports_by_origin[magnet, 0].sum()])

        return seen(answering(60, mix, **traits | {part: share}), look)

    free, held_back = imported(0.0), imported(1.0)
    withholds = (free[:, 0] * held_back[:, 0]) > 0.0
    assert withholds.any()
    assert (held_back[withholds, 1] < 0.8 * free[withholds, 1]).mean() > 0.9


def test_a_duty_on_dumped_goods_meets_a_campaign_of_goods() -> None:
    """It takes back what the discount took from home makers."""

    def look(model: CircularTransition) -> float:
        return float(model.product_trade.origin_weights[index(model, "products", "electric_car"), 0])

    against = duty(0.43, goods=1, dumped=1, inquiry=2, products=["electric_car"])
    campaign, answered = (seen(world(START + 6, mix, [GOODS_CAMPAIGN]), look)[START + 2 :] for mix in ((), [against]))
    calm = seen(world(START + 6), look)[START + 2 :]
    assert (campaign < calm).all()
    assert (np.abs(answered - calm) < 0.2 * (calm - campaign)).all()


# --- What they did, in a table and a picture --------------------------------------------------------


@pytest.fixture(scope="module")
def eventful() -> Any:
    """Five years with a restriction, a flood with goods, and retaliation."""
    shocks = [
        GOODS_CAMPAIGN | {"start": "2028-01", "refining": 1, "materials": ["lithium"]},
        {
            "use": "export_restriction",
            "bloc": "china",
            "start": "2026-04",
            "severity": 0.5,
            "duration": 6,
            "materials": ["gallium"],
        },
    ]
    traits = {"retaliation_threshold": 0.0, "patience": 36.0, "share_threshold": 1.0}
    scenario = load_scenario(
        mix=[duty(0.3, **CARS, start="2029-06")],
        shocks=shocks,
        months=54,
        households=200,
        overrides=behaviour.QUIET | {f"blocs.china.{name}": value for name, value in traits.items()},
    )
    return run(scenario, rng=1)


def test_the_table_says_what_was_done_to_what_and_why(eventful: Any) -> None:
    table = eventful.blocs
    found = {tuple(row) for row in table[["kind", "good", "regime", "reason"]].drop_duplicates().to_numpy()}
    assert ("material", "gallium", "restrict", "export restriction ordered") in found
    assert ("material", "lithium", "flood", "dumping campaign ordered") in found
    assert ("product", "electric_car", "flood", "dumping campaign ordered") in found
    assert ("material", "gallium", "retaliate", "duties are charged on its goods") in found
    assert ("component", "magnet", "retaliate", "duties are charged on its goods") in found
    restricted = table[(table["regime"].isin(["restrict", "retaliate"])) & (table["good"].isin(["gallium", "magnet"]))]
    assert (restricted["withheld"] > 0.0).all()
    assert (table.loc[table["kind"] == "material", "price_outside"] > 0.0).all()
    cars = table[table["kind"] == "product"]
    assert set(cars["month"]) <= {f"2028-{month:02d}" for month in range(1, 13)}  # or less, when the purse is empty
    assert cars["month"].min() == "2028-01"
    assert cars["price_outside"].iloc[0] == pytest.approx(0.7 * cars["price_inside"].iloc[0])
    paid = (cars["price_inside"] - cars["price_outside"]) * cars["sold_under_cost"]
    np.testing.assert_allclose(cars["purse"][:-1], paid[:-1])
    assert cars["purse"].iloc[-1] <= paid.iloc[-1] * (1.0 + 1e-9)


def test_the_table_adds_up_to_what_states_paid_and_licence_holders_earned(eventful: Any) -> None:
    table, months = eventful.blocs, np.array(eventful.months)
    acted = np.isin(months, table.loc[table["kind"] == "material", "month"])
    by_month = table.groupby("month")[["purse", "rents"]].sum().reindex(months).fillna(0.0)
    year = pd.Series(by_month["purse"].to_numpy()).rolling(12).sum()
    spending = eventful.series["state_spending[china]"].to_numpy()
    np.testing.assert_allclose(year[11:], spending[11:], rtol=1e-6, atol=2e6)
    rents = eventful.series["licence_rents[china]"].to_numpy()
    np.testing.assert_allclose(by_month["rents"][acted], rents[acted], rtol=1e-6, atol=1e6)
    assert year.max() > 1e7
    assert rents.max() > 1e6


def test_a_picture_of_it_is_written_beside_the_table(eventful: Any, tmp_path: Path) -> None:
    report = pytest.importorskip("experiments.report")
    pytest.importorskip("matplotlib")
    report.write_run(eventful, tmp_path)
    assert (tmp_path / "blocs.png").stat().st_size > 20_000
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "blocs.csv"), eventful.blocs, check_dtype=False)


def test_without_deeds_the_table_is_empty_and_there_is_no_picture(tmp_path: Path) -> None:
    from experiments.bloc_figure import draw_blocs

    calm = run(load_scenario(mix="", shocks="calm", months=3, households=100), rng=1)
    assert calm.blocs.empty
    assert draw_blocs(calm) is None
    calm.write(tmp_path)
    assert len(pd.read_csv(tmp_path / "blocs.csv")) == 0


def test_who_watches_sees_both_blocs_and_every_regime_in_words() -> None:
    pytest.importorskip("solara")
    from abm.agents.state_backed import REGIMES
    from experiments.dashboard.choice import Choice
    from experiments.dashboard.player import Player
    from experiments.dashboard.texts import say

    player = Player(Choice("business_as_usual", "two_blocs"), households=100)
    frame = player.frame()
    while frame.month < 26:
        frame = player.step()
    assert frame.blocs == ("china", "indonesia")
    assert frame.prices[-1].shape[0] == 3
    assert ("indonesia", "restrict", ("nickel",)) in frame.regimes
    for language in ("en", "nl"):
        for regime in REGIMES[1:]:
            assert "nickel" in say(f"regime.{regime}", language, bloc="It", materials="nickel")
