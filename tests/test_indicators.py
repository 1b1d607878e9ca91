"""Indicators: their declarations, what is recorded, and known answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from abm import indicators
from abm.indicators import axes
from abm.indicators.frame import Frame
from abm.indicators.indicator import Indicator, Ratio, indicator
from abm.indicators.quantities import History, Quantities, herfindahl, shares
from abm.indicators.view import View
from abm.model import CircularTransition

FAMILIES = ("viability", "autonomy", "circularity", "environment", "economy", "fiscal", "transition")
MONTHS = 30
TEXTS: dict[str, Any] = {"title": {"en": "Title", "nl": "Titel"}, "meaning": {"en": "Meaning.", "nl": "Betekenis."}}


def founded(record: bool = True, months: int = MONTHS, mix: str = "push_and_pull") -> CircularTransition:
    """A small model with policy and a restriction."""
    shocks = [{"use": "export_restriction", "start": 6, "severity": 0.6, "duration": 12, "bloc": "china"}]
    return CircularTransition(households=300, months=months, mix=mix, shocks=shocks, rng=3, record=record)


def stepped(model: CircularTransition) -> CircularTransition:
    """The model after all its months."""
    for _ in range(model.months):
        model.step()
    return model


@pytest.fixture(scope="module")
def model() -> CircularTransition:
    """A finished run."""
    return stepped(founded())


@pytest.fixture(scope="module")
def table(model: CircularTransition) -> dict[str, np.ndarray]:
    """Recorded columns by name."""
    return dict(zip([column["name"] for column in model.recorder.columns], model.recorder.values.T, strict=True))


def of(table: dict[str, np.ndarray], name: str) -> np.ndarray:
    """All columns of an indicator (columns, months)."""
    return np.array([values for column, values in table.items() if column.partition("[")[0] == name])


# --- Declarations


@pytest.mark.parametrize("declared", indicators.registry().values(), ids=lambda declared: declared.name)
def test_every_indicator_is_fully_declared(declared: Indicator) -> None:
    assert declared.family in FAMILIES
    assert declared.unit
    assert declared.direction in (-1, 0, 1)
    for words in (declared.title, declared.meaning):
        assert set(words) == {"en", "nl"}
        assert words["en"] != words["nl"]
    assert all(text.endswith(".") and len(text) > 20 for text in declared.meaning.values())
    assert (declared.target is None) == (declared.target_source == "")
    assert declared.target is None or "Regulation (EU)" in declared.target_source


def test_every_family_has_headlines_and_titles_are_told_apart() -> None:
    known = indicators.registry().values()
    for family in FAMILIES:
        assert sum(declared.headline for declared in known if declared.family == family) >= 2
    for language in ("en", "nl"):
        titles = [declared.title[language] for declared in known]
        assert len(set(titles)) == len(titles)


def test_the_benchmarks_of_law_are_there() -> None:
    targets = {name: declared.target for name, declared in indicators.registry().items() if declared.target}
    assert targets == {
        "extraction_capacity": 0.10,
        "processing_capacity": 0.40,
        "recycling_capacity": 0.25,
        "largest_country_share": 0.65,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": {"en": "Title"}}, "title is missing in nl"),
        ({"meaning": {"en": "", "nl": "Betekenis."}}, "meaning is missing in en"),
        ({"undefined": {"en": "Undefined."}}, "undefined is missing in nl"),
        ({"unit": ""}, "no unit"),
        ({"direction": 2}, "direction is 2"),
        ({"summary": "median"}, "summary is 'median'"),
        ({"axes": ("planet",)}, "there is no axis 'planet'"),
    ],
)
def test_an_incomplete_declaration_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        indicator(**({"unit": "1", "direction": 0, **TEXTS} | change))(lambda view: 0.0)


def test_when_it_is_undefined_is_part_of_the_meaning() -> None:
    declared = indicator(unit="1", direction=0, undefined={"en": "At times.", "nl": "Soms."}, **TEXTS)(lambda view: 0.0)
    assert declared.meaning == {"en": "Meaning. At times.", "nl": "Betekenis. Soms."}


# --- What is recorded


def test_columns_are_labelled(model: CircularTransition) -> None:
    columns, config = model.recorder.columns, model.config
    names = [column["name"] for column in columns]
    assert len(set(names)) == len(names) == model.recorder.values.shape[1]
    assert model.recorder.values.shape[0] == MONTHS
    fields = {"name", "indicator", "jurisdiction", "material", "product", "detail", "unit"}
    for column in columns:
        assert set(column) == fields
        assert column["material"] in ("", *config.materials.ids)
        assert column["product"] in ("", *config.products.ids)
        assert column["jurisdiction"] in ("", *config.jurisdictions.ids)
    material = config.materials.ids[0]
    one = columns[names.index(f"largest_country_share[refining,{material}]")]
    assert (one["indicator"], one["material"], one["detail"], one["unit"]) == (
        "largest_country_share", material, "refining", "1",
    )  # fmt: skip
    assert {column["indicator"] for column in columns} == set(indicators.registry())


def test_instruments_have_columns_of_their_own(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    assert len(model.governments.labels) > 10
    for label in model.governments.labels:
        assert f"instrument_paid[{label}]" in table
        assert f"instrument_received[{label}]" in table


def test_values_are_finite_or_declared_undefined(table: dict[str, np.ndarray]) -> None:
    for name, values in table.items():
        assert not np.isinf(values).any(), name
        declared = indicators.registry()[name.partition("[")[0]]
        assert declared.undefined is not None or np.isfinite(values).all(), name


@pytest.mark.parametrize(
    "name",
    [
        "recyclers_earning_cost_of_capital", "circular_market_share",
        "circular_market_share_by_product", "recycler_survival_12", "recycler_capacity_survival_12",
        "share_under_contract", "import_dependence", "import_dependence_extraction", "import_dependence_embedded",
        "import_dependence_overall", "largest_country_share", "supply_concentration", "capacity_breadth",
        "unmet_demand", "end_of_life_recycling_input_rate", "recycled_content", "collection_rate",
        "collected_material", "repair_share", "reuse_share", "value_retention", "functional_recycling",
        "graded_at_home", "circular_job_share", "adoption", "adoption_by_jurisdiction", "awareness", "credibility",
        "belief", "supply_diversity", "supply_diversity_mean", "thrift", "supply_risk", "circular_procurement",
        "circular_design",
    ],
)  # fmt: skip
def test_shares_lie_between_nothing_and_all(table: dict[str, np.ndarray], name: str) -> None:
    values = of(table, name)
    known = values[np.isfinite(values)]
    assert len(known)
    assert known.min() >= -1e-12
    assert known.max() <= 1.0 + 1e-9


def test_recording_changes_nothing() -> None:
    seen, unseen = stepped(founded(record=True)), stepped(founded(record=False))
    for name in ("stock", "cash", "debt"):
        assert np.array_equal(getattr(seen.books, name), getattr(unseen.books, name)), name
    for kind in ("households", "firms", "recyclers", "producers"):
        for column in getattr(seen, kind).columns:
            ours, theirs = getattr(getattr(seen, kind), column), getattr(getattr(unseen, kind), column)
            assert np.array_equal(ours, theirs), f"{kind}.{column}"
    assert seen.failures == unseen.failures
    assert unseen.recorder.columns == []
    assert unseen.recorder.values.shape == (0, 0)


def test_values_do_not_depend_on_when_they_are_asked_for(model: CircularTransition) -> None:
    watched = founded()
    given = watched.recorder.values
    for month in range(MONTHS):
        watched.step()
        if month % 4 == 1:
            continue
        now = watched.recorder.values
        assert now is given
        assert np.isnan(now[month + 1 :]).all()
        assert np.array_equal(now[: month + 1], model.recorder.values[: month + 1], equal_nan=True)


def test_a_block_of_months_says_the_same_as_each_month_by_itself() -> None:
    model = founded()
    recorder, seen = model.recorder, []

    def record(purchases: Any, discarded: Any, original: Any = recorder.record) -> None:
        original(purchases, discarded)
        view = View(model, recorder._history, purchases, discarded)
        seen.append(np.concatenate([place.value(view).reshape(-1) for place in recorder._places]))

    recorder.record = record  # type: ignore[method-assign]
    stepped(model)
    np.testing.assert_allclose(recorder.values, np.array(seen), rtol=1e-9, atol=1e-9, equal_nan=True)
    assert recorder.monthly == ()


def test_the_latest_value_is_at_hand(model: CircularTransition) -> None:
    column = model.recorder.columns[-1]["name"]
    assert model.recorder.latest(column) == model.recorder.values[-1, -1]
    with pytest.raises(KeyError, match="no column 'nonsense'"):
        model.recorder.latest("nonsense")
    with pytest.raises(KeyError, match="no month"):
        founded().recorder.latest(column)


# --- Adding an indicator


def with_indicator(monkeypatch: pytest.MonkeyPatch, declared: Indicator) -> CircularTransition:
    """A model that also records this indicator."""
    known = {**indicators.registry(), declared.name: declared}
    monkeypatch.setattr(indicators, "registry", lambda: known)
    return founded(months=3)


def test_an_indicator_may_read_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    @indicator(unit="month", direction=0, **TEXTS)
    def months_gone(view: View) -> float:
        return float(view.model.month)

    recorder = stepped(with_indicator(monkeypatch, months_gone)).recorder
    names = [column["name"] for column in recorder.columns]
    assert recorder.values[:, names.index("months_gone")].tolist() == [0.0, 1.0, 2.0]
    assert recorder.monthly == ("months_gone",)


def test_an_indicator_written_for_a_single_month_is_not_taken_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    @indicator(unit="kg", direction=0, **TEXTS)
    def all_mining(view: Quantities) -> float:
        return float(view.world_mining.sum())  # of a block it would add up the months

    recorder = stepped(with_indicator(monkeypatch, all_mining)).recorder
    assert recorder.monthly == ("all_mining",)


def test_a_wrong_shape_is_reported_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    @indicator(unit="1", direction=0, axes=("product",), **TEXTS)
    def misshapen(view: Quantities) -> np.ndarray:
        return view.price_outside

    with pytest.raises(ValueError, match="indicator misshapen has shape"):
        with_indicator(monkeypatch, misshapen).step()


# --- Known answers


def test_concentration() -> None:
    even = np.ones((2, 5, 3))
    assert herfindahl(shares(even)) == pytest.approx(0.2)
    single = np.zeros((4, 1))
    single[2] = 7.0
    assert herfindahl(shares(single)) == pytest.approx(1.0)
    assert np.isnan(shares(np.zeros((4, 1)))).all()
    assert herfindahl(shares(np.array([[3.0], [1.0]]))) == pytest.approx(0.625)


def test_a_ratio_without_a_whole_is_undefined() -> None:
    assert Ratio(np.array([1.0, 2.0]), np.array([4.0, 0.0])).value() == pytest.approx([0.25, np.nan], nan_ok=True)
    assert Ratio(np.array([1.0, 2.0]), 4.0).value() == pytest.approx([0.25, 0.5])
    assert Ratio(3.0, 2.0).value() == pytest.approx(1.5)


def history(values: np.ndarray) -> History:
    """A history of one quantity besides prices."""
    frame = SimpleNamespace(start_log_price=np.zeros(1))
    kept = History(frame, len(values))  # type: ignore[arg-type]
    for month, value in enumerate(values):
        view = SimpleNamespace(month=month, now=value)
        kept.keep({"flow": lambda view: view.now, "log_price": lambda view: np.zeros(1)}, view)
    return kept


def test_the_past_year_is_a_sliding_sum_at_yearly_rates() -> None:
    flow = np.arange(1.0, 31.0)
    year = history(flow).show(0, 30).year.flow
    assert year[0] == pytest.approx(12.0)  # one month so far
    assert year[2] == pytest.approx((1 + 2 + 3) * 4.0)
    assert year[11] == pytest.approx(flow[:12].sum())
    assert year[29] == pytest.approx(flow[18:30].sum())
    assert history(flow).show(20, 3).year.flow == pytest.approx(year[20:23])
    assert history(flow).show(20, 1).year.mean_before("flow") == pytest.approx(flow[8:20].mean())


def test_what_is_not_kept_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="'model' is not kept of every month"):
        _ = history(np.zeros(3)).show(0, 3).model


def test_jurisdictions_with_inhabitants_form_a_tree(model: CircularTransition) -> None:
    rows, below = axes.nodes(model.config)
    ids = [model.config.jurisdictions.ids[row] for row in rows]
    assert len(set(map(tuple, below.tolist()))) == len(rows)
    assert below[0].all()
    assert {model.config.jurisdictions.ids[leaf] for leaf in model.config.leaves} <= set(ids)
    assert "world" not in ids  # the union stands for it


def remembered(months: int, *plants: tuple[float, ...]) -> History:
    """A history of recyclers that stay as they are: result, at work, cost of capital, exists, capacity."""
    kept = History(SimpleNamespace(), 100)  # type: ignore[arg-type]
    kept.plants += [np.array(plants, dtype=np.float64).T] * months
    return kept


def test_survival_counts_those_that_are_left() -> None:
    plants = [(0.0, 1.0, 0.0, 1.0, capacity) for capacity in (10.0, 30.0, 60.0)]
    kept = remembered(12, *plants)
    assert not kept.show(11, 1).survival.any()
    plants[1] = (0.0,) * 5
    kept.plants.append(np.array([*plants, (0.0, 1.0, 0.0, 1.0, 5.0)]).T)  # one failed and one came
    survival = kept.show(12, 1).survival[0]
    assert survival[0].tolist() == [[2.0, 3.0], [70.0, 100.0]]
    assert not survival[1].any()


def test_a_young_plant_is_judged_by_the_months_that_it_worked() -> None:
    """Both earn 3 EUR a month and need 30 EUR a year; one has worked for more than a year, the other three months."""
    old, idle = (3.0, 1.0, 30.0, 1.0, 1.0), (0.0, 0.0, 30.0, 1.0, 1.0)
    kept = remembered(20, old, idle)
    assert kept.show(19, 1).earning.tolist() == [1.0]
    kept.plants += remembered(3, old, old).plants
    assert kept.show(18, 5).earning.tolist() == [1.0, 1.0, 2.0, 2.0, 2.0]
    assert remembered(15, (2.0, 1.0, 30.0, 1.0, 1.0)).show(14, 1).earning.tolist() == [0.0]


def test_failures_are_counted_by_who_and_why() -> None:
    renewal = SimpleNamespace(causes=("dumping", "debt"), failures=[("recycler", "debt"), ("linear maker", "debt")])
    counted = View.failures.compute(SimpleNamespace(model=SimpleNamespace(renewal=renewal)))
    assert counted.tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_return_on_capital_is_what_is_left_after_wear() -> None:
    """Plant of 1000 EUR on average that lasts 20 years and earns 360 EUR a year."""
    year = SimpleNamespace(activity_result=np.array([360.0]), activity_capital=np.array([12000.0]))
    view = SimpleNamespace(year=year, frame=SimpleNamespace(wear=np.array([0.05])))
    assert indicators.registry()["return_on_capital"].compute(view).value() == pytest.approx([0.36 - 0.05])


def test_joint_cost_is_shared_out_by_value() -> None:
    """A stream of 60 and 20 EUR of two materials and 20 EUR of other recoverables costs 150 EUR."""
    year = SimpleNamespace(
        stream_value=np.array([[60.0, 20.0]]), stream_other=np.array([20.0]), stream_cost=np.array([150.0])
    )
    assert Quantities.recovery_cost.compute(SimpleNamespace(year=year)) == pytest.approx([90.0, 30.0])


def test_gases_are_placed_where_material_is_refined() -> None:
    """Home refines half of what it uses; makers take 100 kg, 20 of them secondary, and imports contain 50 kg."""
    frame = SimpleNamespace(carbon=np.array([10.0]), carbon_secondary=np.array([2.0]), carbon_abroad=np.array([8.0]))
    kilograms = {"home_use": 220, "makers_primary": 80, "makers_secondary": 20, "home_refined": 100}
    kilograms |= {"component_import": 30, "product_import": 20}
    year = SimpleNamespace(**{name: np.array([float(value)]) for name, value in kilograms.items()})
    gases = Quantities.gases.compute(SimpleNamespace(frame=frame, year=year))
    assert gases.ravel() == pytest.approx([40 * 10 + 20 * 2, 40 * 10 + 50 * 8])


# --- What has to add up in a run


def test_parts_add_up(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    def total(name: str) -> np.ndarray:
        return of(table, name).sum(axis=0)

    np.testing.assert_allclose(total("greenhouse_gases_by_origin"), table["greenhouse_gases"])
    np.testing.assert_allclose(total("greenhouse_gases_by_material"), table["greenhouse_gases"])
    np.testing.assert_allclose(total("landfilled") + total("dissipated"), table["material_lost"])
    np.testing.assert_allclose(total("public_cost_by_government"), table["public_cost"], atol=1e-6)
    circular = [table[f"jobs[{activity}]"] for activity in axes.CIRCULAR_ACTIVITIES]
    np.testing.assert_allclose(np.sum(circular, axis=0), table["circular_jobs"])
    union = model.config.jurisdictions.ids[axes.nodes(model.config)[0][0]]
    leaves = [model.config.jurisdictions.ids[leaf] for leaf in model.config.leaves]
    for name in ("recyclers_by_jurisdiction", "circular_jobs_by_jurisdiction", "vacancies"):
        parts = np.sum([table[f"{name}[{leaf}]"] for leaf in leaves], axis=0)
        np.testing.assert_allclose(parts, table[f"{name}[{union}]"])


def test_public_cost_is_what_instruments_pay_and_receive_but_for_deposits(
    model: CircularTransition, table: dict[str, np.ndarray]
) -> None:
    net = np.zeros(MONTHS)
    deposits = 0
    for instrument in model.governments.instruments:
        if instrument.name == "deposit_refund":
            deposits += 1
            continue
        net += table[f"instrument_paid[{instrument.label}]"] - table[f"instrument_received[{instrument.label}]"]
    assert deposits
    np.testing.assert_allclose(net, table["public_cost"], atol=1e-6)
    assert abs(net).max() > 0.0


def test_a_year_of_a_run_agrees_with_the_books() -> None:
    model = founded(mix="business_as_usual", months=14)
    recovered, sales, lost = [], [], []
    for _ in range(14):
        model.step()
        recovered.append(model.recyclers.recovered_end_of_life.sum(axis=0))
        receipts = model.books.month_flow("retail_sales") + model.books.month_flow("public_purchases")
        sales.append(
            receipts[model.dealers.accounts].sum() + model.books.month_flow("procurement_premium").clip(0).sum()
        )
        lost.append(model.books.month_moved("landfill") + model.books.month_moved("dissipation"))
    latest, config = model.recorder.latest, model.config
    for number, material in enumerate(config.materials.ids):
        expected = np.sum(recovered[-12:], axis=0)[number] / 1000.0
        assert latest(f"end_of_life_recovery[{material}]") == pytest.approx(expected)
        assert latest(f"price_outside[{material}]") == pytest.approx(model.materials.price[1, 0, number])
    assert latest("product_sales") == pytest.approx(np.sum(sales[-12:]))
    assert latest("material_lost") == pytest.approx(np.sum(lost[-12:]) / 1000.0)


def test_households_are_counted_with_their_weight(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    households = model.households
    uses = households.circular_items > 0
    assert table["adoption"][-1] == pytest.approx(np.average(uses, weights=households.weight))
    assert table["awareness"][-1] == pytest.approx(np.average(households.aware, weights=households.weight))


def test_material_in_use_is_that_of_the_books(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    union = model.config.jurisdictions.ids[axes.nodes(model.config)[0][0]]
    places = np.concatenate([model.places.in_use.ravel(), model.business.places.ravel()])
    held = model.books.stock[places].sum(axis=0) / 1000.0
    found = [table[f"stock_in_use[{union},{material}]"][-1] for material in model.config.materials.ids]
    assert found == pytest.approx(held)


def test_supply_lists_each_source_once() -> None:
    model = founded(months=3)
    frame, outside = Frame(model), model.producers.side == 0
    assert frame.mine_supply.sum(axis=0).max() <= 1.0
    mined, exports = [], []
    for _ in range(3):
        model.step()
        mined.append(model.producers.mined[outside[frame.mines]].sum(axis=0))
        exports.append(model.materials_trade.cleared_concentrate.exports)
    supply = model.recorder._history.show(2, 1).supply[0, 0].sum(axis=0)
    expected = np.sum(mined, axis=0) + np.maximum(np.sum(exports, axis=0), 0.0).sum(axis=0)
    np.testing.assert_allclose(supply, 4.0 * expected)


def test_margins_of_recyclers_agree(table: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(table["operating_margin[recycler]"], table["recycler_margin"], rtol=1e-6)


def test_nothing_is_needed_of_policy_or_blocs() -> None:
    """Without instruments and with no bloc that acts, their columns are missing and all others are there."""
    idle = {"jurisdictions.china.active": False}
    model = CircularTransition(households=60, months=2, mix=[], shocks=[], overrides=idle, rng=1)
    recorder = stepped(model).recorder
    assert not np.isinf(recorder.values).any()
    missing = set(indicators.registry()) - {column["indicator"] for column in recorder.columns}
    assert {"instrument_paid", "instrument_received"} <= missing
    assert missing <= {
        "instrument_paid", "instrument_received", "price_inside", "state_spending", "licence_rents", "regime",
        "materials_restricted", "materials_flooded",
    }  # fmt: skip


def test_flows_are_those_of_the_books() -> None:
    model, moved = founded(months=3), {kind: [] for kind in ("landfill", "dissipation", "scrap_export")}
    for _ in range(3):
        model.step()
        for kind, amounts in moved.items():
            amounts.append(model.books.month_moved(kind))
    for name, kind in (("landfilled", "landfill"), ("dissipated", "dissipation"), ("scrap_exported", "scrap_export")):
        found = [model.recorder.latest(f"{name}[{material}]") for material in model.config.materials.ids]
        assert found == pytest.approx(4.0 * np.sum(moved[kind], axis=0) / 1000.0), name


def test_failures_by_cause_are_all_failures() -> None:
    model = CircularTransition(households=300, months=96, mix=[], shocks=[], rng=2)
    stepped(model)
    names = [column["name"] for column in model.recorder.columns]
    table = {name: model.recorder.values[:, number] for number, name in enumerate(names)}
    by_cause = of(table, "recycler_failures_by_cause").sum(axis=0)
    np.testing.assert_array_equal(by_cause, table["recycler_failures"])
    assert by_cause.sum() + of(table, "firm_failures_by_cause").sum() == len(model.failures)
    assert len(model.failures)


def test_every_label_is_a_title_or_has_words(model: CircularTransition) -> None:
    config = model.config
    tables = (config.materials, config.products, config.components, config.streams, config.jurisdictions)
    known = {identifier for table in tables for identifier in table.ids} | set(model.governments.labels)
    for declared in indicators.registry().values():
        labels = {word for axis in declared.axes for _, word in axes.AXES[axis](model)}
        assert labels <= known | set(axes.WORDS), declared.name
    assert all(set(words) == {"en", "nl"} for words in axes.WORDS.values())


# --- Public support


def opinion_after(change: float, jobs: float, months: int = 12) -> Any:
    """Public opinion after a year at usual prices and jobs, and some months at these over the usual ones."""
    model = founded(record=False)
    opinion, price = model.opinion, np.full((*model.opinion.basket.shape,), 1000.0)
    usual = np.full(len(model.config.leaves), 1000.0)
    for month in range(12 + months):
        late = month >= 12
        opinion.close_month(month, price * (1.0 + change * late), usual * (1.0 + jobs * late))
    return opinion


def test_support_falls_when_goods_become_dear_and_when_jobs_go_and_less_rises_when_they_return() -> None:
    usual, dear, cheap = opinion_after(0.0, 0.0), opinion_after(0.3, 0.0), opinion_after(-0.3, 0.0)
    fewer, more = opinion_after(0.0, -0.3), opinion_after(0.0, 0.3)
    start = usual.terms.support
    assert usual.support == pytest.approx(start)
    assert (dear.support < start).all() and (fewer.support < start).all()
    assert (cheap.support > start).all() and (start - dear.support > cheap.support - start).all()
    assert (more.support > start).all()
    assert ((dear.support > 0.0) & (dear.support < 1.0)).all()


def test_people_get_used_to_high_prices() -> None:
    soon, later = opinion_after(0.3, 0.0, 12), opinion_after(0.3, 0.0, 180)
    assert (later.support > soon.support).all()
    assert later.support == pytest.approx(later.terms.support, abs=0.02)


def test_support_is_one_value_for_each_government(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    recorded = of(table, "public_support")
    assert recorded.shape[0] == len(model.governments.members) == len(model.public_support)
    assert recorded[:, -1] == pytest.approx(model.public_support)
    union = model.opinion.by_leaf @ model.opinion.homes / model.opinion.homes.sum()
    assert model.public_support[0] == pytest.approx(union)


# --- Who pays, who gains, and what it is worth


def test_what_some_receive_others_pay(table: dict[str, np.ndarray]) -> None:
    for name in ("policy_incidence", "net_incidence"):
        parties = of(table, name)
        assert np.abs(parties).max() > 0.0
        assert np.abs(parties.sum(axis=0)).max() < 1e-6 * np.abs(parties).max()


def test_governments_pay_under_policy_what_their_accounts_say(
    model: CircularTransition, table: dict[str, np.ndarray]
) -> None:
    governments = of(table, "policy_incidence")[axes.PARTIES.index("governments")]
    cost = table["public_cost"]
    for month in (11, 20, MONTHS - 1):
        assert -governments[month] == pytest.approx(cost[month - 11 : month + 1].sum(), rel=1e-6, abs=1.0)


def test_incidence_by_jurisdiction_adds_up_to_those_who_live_there(table: dict[str, np.ndarray]) -> None:
    for name in ("policy_incidence", "net_incidence"):
        parties = of(table, name)
        local = [axes.PARTIES.index(party) for party in ("households", "firms", "recyclers", "dealers", "collectors")]
        whole = of(table, f"{name}_by_jurisdiction")[0]  # of the union
        np.testing.assert_allclose(whole, parties[local].sum(axis=0), rtol=1e-9, atol=1e-3)


def test_consumer_surplus_is_about_what_a_rise_of_price_costs_and_grows_with_what_people_know() -> None:
    model = founded(record=False)
    worth, offers = indicators.choice.ChoiceWorth(model), model.product_trade.offers()
    everybody, nobody = np.ones(len(model.config.leaves)), np.zeros(len(model.config.leaves))
    life = offers.life * offers.available
    dearer = worth.surplus(1.01 * offers.price, life, nobody) - worth.surplus(offers.price, life, nobody)
    bought = 12.0 * model.structure.first_demand()[0].sum(axis=1) / model.opinion.homes.sum()
    linear = offers.price[..., 3].mean(axis=1)
    basket = float((bought * linear)[worth.products].sum())
    # Some buy used goods, which are cheaper, so that the loss is somewhat less than of the new basket.
    assert (dearer < 0.0).all() and (-dearer > 0.4 * 0.01 * basket).all() and (-dearer < 1.1 * 0.01 * basket).all()
    assert (worth.surplus(offers.price, life, everybody) > worth.surplus(offers.price, life, nobody)).all()
    longer = worth.surplus(offers.price, 1.2 * life, nobody)
    assert (longer > worth.surplus(offers.price, life, nobody)).all()


def test_consumer_surplus_starts_near_nothing(table: dict[str, np.ndarray]) -> None:
    assert np.abs(of(table, "consumer_surplus")[:, 0]).max() < 20.0


def test_time_to_recover_counts_months_of_disturbed_supply(
    model: CircularTransition, table: dict[str, np.ndarray]
) -> None:
    history, recorded = model.recorder._history.arrays, of(table, "time_to_recover")
    length = np.zeros(len(model.config.materials))
    for month in range(MONTHS):
        row = 12 + month
        wanted = history["wanted_inputs"][row]
        missed = np.maximum(wanted - history["received_inputs"][row], 0.0)
        bad = (history["log_price"][row, 0] > np.log(1.5)) | (missed > 0.05 * np.maximum(wanted, 1e-9))
        length = np.where(bad, length + 1.0, 0.0)
        np.testing.assert_array_equal(recorded[:, month], np.minimum(length, 60.0))
    assert recorded.max() > 3.0


def test_quality_of_work_follows_wages_and_the_activities_that_work_is_in(model: CircularTransition) -> None:
    frame = Frame(model)
    making, recycling = frame.work_quality[0], frame.work_quality[-1]
    assert making == 1.0 and recycling < making
    jobs = np.zeros((6, 3))
    jobs[0, 0], jobs[-1, 1] = 10.0, 10.0
    view = SimpleNamespace(frame=frame, jobs=jobs, wage_factor=np.array([8.0, 1.0, 1.0]))
    found = indicators.registry()["quality_of_work"].compute(view).value()
    by_leaf = {tuple(below): value for below, value in zip(frame.tree.tolist(), found, strict=True)}
    assert by_leaf[1.0, 0.0, 0.0] == pytest.approx(2.0)
    assert by_leaf[1.0, 1.0, 0.0] == pytest.approx(0.5 * (2.0 + recycling))


def test_a_kilogram_of_which_half_is_kept_is_used_twice(model: CircularTransition) -> None:
    compute = indicators.registry()["turnover"].compute
    kept = SimpleNamespace(
        year=SimpleNamespace(
            end_of_life=np.array([8.0, 8.0]),
            refurbished_content=np.array([2.0, 0.0]),
            end_of_life_recovered=np.array([3.0, 0.0]),
        )
    )
    np.testing.assert_allclose(compute(kept).value(), [2.0, 1.0])


def test_shares_of_quality_lie_between_nothing_and_all(table: dict[str, np.ndarray]) -> None:
    for name in ("component_reuse", "dilution", "vacancy_rate"):
        values = of(table, name)
        assert np.nanmin(values) >= 0.0 and np.nanmax(values) <= 1.0
    assert np.nanmin(of(table, "turnover")) >= 1.0
    assert of(table, "hazardous_content").min() >= 0.0


def test_the_budget_of_raw_materials_shrinks_to_the_goal(model: CircularTransition) -> None:
    budget = Frame(founded(record=False, months=72)).primary_budget
    assert budget[48] == pytest.approx(model.config.public.primary_goal * budget[0])
    assert budget[-1] == budget[48]
    assert (np.diff(budget) <= 0.0).all()


def test_gases_by_form_add_up_and_rock_is_moved_mostly_abroad(table: dict[str, np.ndarray]) -> None:
    by_form = of(table, "greenhouse_gases_by_form")
    np.testing.assert_allclose(by_form.sum(axis=0), of(table, "greenhouse_gases")[0])
    home, abroad = of(table, "rock_moved")
    assert (abroad > home).all() and (home >= 0.0).all()
