"""Indicators: their declarations, what is recorded, known answers, and what has to add up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from abm import indicators
from abm.indicators.indicator import Indicator, indicator
from abm.indicators.view import View, ratio
from abm.model import CircularTransition

FAMILIES = ("viability", "autonomy", "circularity", "environment", "economy", "fiscal", "transition")
MONTHS = 30
TEXTS: dict[str, Any] = {"title": {"en": "Title", "nl": "Titel"}, "meaning": {"en": "Meaning.", "nl": "Betekenis."}}
SHARES = (
    "recyclers_earning_capital", "circular_market_share", "circular_share_by_product", "survival_12_months",
    "import_dependence", "mean_import_dependence", "largest_country_share", "concentration", "unmet_demand",
    "recycled_content", "collection_rate", "repair_share", "reuse_share", "functional_recycling",
    "circular_ownership", "awareness", "credibility", "supply_diversity", "thrift", "supply_risk",
)  # fmt: skip


def founded(months: int = MONTHS) -> CircularTransition:
    """A small model with policy and a restriction by the first bloc."""
    probe = CircularTransition(households=60, months=1, mix=[], shocks=[], rng=1)
    bloc = probe.blocs[0].name
    shocks = [{"use": "export_restriction", "start": 6, "severity": 0.6, "duration": 12, "bloc": bloc}]
    return CircularTransition(households=300, months=months, mix="push_and_pull", shocks=shocks, rng=3)


@pytest.fixture(scope="module")
def model() -> CircularTransition:
    """A finished run."""
    model = founded()
    for _ in range(MONTHS):
        model.step()
    return model


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
    assert all(text.endswith(".") for text in declared.meaning.values())
    assert ("undefined" in declared.meaning["en"].lower()) == ("niet bepaald" in declared.meaning["nl"].lower())
    assert (declared.target is None) == (declared.target_source == "")
    assert declared.target is None or "Regulation (EU)" in declared.target_source


def test_every_family_has_headlines_and_titles_are_told_apart() -> None:
    known = indicators.registry().values()
    for family in FAMILIES:
        assert sum(declared.headline for declared in known if declared.family == family) >= 2, family
    for language in ("en", "nl"):
        titles = [declared.title[language] for declared in known]
        assert len(set(titles)) == len(titles)


def test_the_benchmarks_of_law_are_there() -> None:
    targets = sorted(declared.target for declared in indicators.registry().values() if declared.target is not None)
    assert targets == [0.10, 0.25, 0.40, 0.65]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": {"en": "Title"}}, "English and Dutch"),
        ({"meaning": {"en": " ", "nl": "Betekenis."}}, "English and Dutch"),
        ({"summary": "median"}, "unknown summary 'median'"),
        ({"axes": ("planet",)}, "unknown axis 'planet'"),
    ],
)
def test_an_incomplete_declaration_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        indicator(**({"unit": "1", **TEXTS} | change))(lambda view: 0.0)


# --- What is recorded


def test_columns_are_labelled(model: CircularTransition) -> None:
    columns, config = model.recorder.columns, model.config
    names = [column["name"] for column in columns]
    assert len(set(names)) == len(names)
    assert model.recorder.values.shape == (MONTHS, len(names))
    assert {column["indicator"] for column in columns} == set(indicators.registry())
    for column in columns:
        assert column["material"] in ("", *config.materials.ids)
        assert column["product"] in ("", *config.products.ids)
        assert column["jurisdiction"] in ("", *config.jurisdictions.ids)


def test_instruments_have_columns_of_their_own(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    assert len(model.governments.labels) > 10
    for label in model.governments.labels:
        assert {f"instrument_paid[{label}]", f"instrument_received[{label}]"} <= set(table)


def test_values_are_finite_or_declared_undefined(table: dict[str, np.ndarray]) -> None:
    for name, values in table.items():
        assert not np.isinf(values).any(), name
        meaning = indicators.registry()[name.partition("[")[0]].meaning["en"].lower()
        assert "undefined" in meaning or np.isfinite(values).all(), name


@pytest.mark.parametrize("name", SHARES)
def test_shares_lie_between_nothing_and_all(table: dict[str, np.ndarray], name: str) -> None:
    values = of(table, name)
    known = values[np.isfinite(values)]
    assert len(known)
    assert known.min() >= -1e-12
    assert known.max() <= 1.0 + 1e-9


# --- Known answers


def test_a_ratio_without_a_whole_is_undefined() -> None:
    assert ratio(np.array([1.0, 2.0]), np.array([4.0, 0.0])) == pytest.approx([0.25, np.nan], nan_ok=True)
    assert ratio(3.0, 2.0) == pytest.approx(1.5)
    assert np.isnan(ratio(0.0, 0.0))


def test_concentration_of_supply() -> None:
    """Five producers: three of one bloc make a tenth, two tenths and three tenths; two abroad a fifth each."""
    producers = SimpleNamespace(
        jurisdiction=np.array([1, 1, 1, 0, 0]),
        stage=np.zeros(5, dtype=np.int64),
        output=np.array([1.0, 2.0, 3.0, 2.0, 2.0]),
        recipe=np.ones((5, 1)),
    )
    producers = _Sized(producers)
    table = _Sized(SimpleNamespace(state_backed=[False, True], domestic=[False, False]), 2)
    config = SimpleNamespace(jurisdictions=table, materials=_Sized(SimpleNamespace(), 1))
    model: Any = SimpleNamespace(config=config, books=None, month=0, recyclers=None, firms=None, producers=producers)
    largest, index = View(model, None, None).country_shares
    assert largest[0] == pytest.approx(0.6)
    assert index[0] == pytest.approx(0.6**2 + 2 * 0.2**2)


class _Sized:
    """Something with a length, as tables and populations have."""

    def __init__(self, fields: SimpleNamespace, length: int = 5) -> None:
        self.__dict__.update(vars(fields))
        self._length = length

    def __len__(self) -> int:
        return self._length


def test_survival_counts_those_that_are_left() -> None:
    """Of three recyclers of a year ago one failed since; one had failed before, and one came later."""
    recyclers = SimpleNamespace(
        active=np.array([True, True, False, False, True]),
        born=np.array([0, 0, 0, 0, 15]),
        died=np.array([-1, -1, 18, 5, -1]),
    )
    model: Any = SimpleNamespace(config=None, books=None, month=24, recyclers=recyclers, firms=None, producers=None)
    assert View(model, None, None).survival(12) == pytest.approx(2 / 3)
    assert np.isnan(View(model, None, None).survival(60))


# --- What has to add up in a run


def test_public_cost_is_what_instruments_pay_and_receive_but_for_deposits(
    model: CircularTransition, table: dict[str, np.ndarray]
) -> None:
    net, deposits = np.zeros(MONTHS), 0
    for instrument in model.governments.instruments:
        if "deposit" in instrument.levers:
            deposits += 1
        else:
            net += table[f"instrument_paid[{instrument.label}]"] - table[f"instrument_received[{instrument.label}]"]
    assert deposits
    assert np.abs(net).max() > 0.0
    np.testing.assert_allclose(net, table["public_cost"], atol=1e-6)
    np.testing.assert_allclose(of(table, "government_cost").sum(axis=0), table["public_cost"], atol=1e-6)


def test_households_are_counted_with_their_weight(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    households = model.households
    uses = households.circular_items > 0
    assert table["circular_ownership"][-1] == pytest.approx(np.average(uses, weights=households.weight))
    assert table["awareness"][-1] == pytest.approx(np.average(households.aware, weights=households.weight))


def test_material_in_use_is_that_of_the_books(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    places = np.concatenate([model.places.in_use.ravel(), model.business.places.ravel()])
    held = model.books.stock[places].sum(axis=0) / 1000.0
    found = [table[f"stock_in_use[{material}]"][-1] for material in model.config.materials.ids]
    assert found == pytest.approx(held)


def test_flows_are_those_of_the_books(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    for name, kind in (("landfilled", "landfill"), ("dissipated", "dissipation"), ("scrap_exported", "scrap_export")):
        moved = model.books.month_moved(kind) / 1000.0
        assert of(table, name)[:, -1] == pytest.approx(moved)
    for number, material in enumerate(model.config.materials.ids):
        assert table[f"price_outside[{material}]"][-1] == pytest.approx(model.materials.price[1, 0, number])


def test_failures_by_cause_are_all_failures(model: CircularTransition, table: dict[str, np.ndarray]) -> None:
    by_cause = of(table, "recycler_failures_by_cause").sum(axis=0)
    np.testing.assert_array_equal(by_cause, table["recycler_failures"])
    assert by_cause.sum() + of(table, "firm_failures_by_cause").sum() == len(model.failures)
