"""Comparisons: intervals on known numbers, pairing, causes and reasons."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm.indicators import registry
from abm.parameters import ConfigError, config_folder, load_config
from experiments.compare import Comparison, RunFailedError, gather, interval, jobs_of, verdict
from experiments.figures import PRICE, choose_panels
from experiments.parallel import Outcome, outcomes
from experiments.reasons import FAILURES, MARGIN, MARKET_MARGIN, causes, reason
from experiments.report import comparison_lines
from experiments.runs import Job, Result, Selection, load, perform
from experiments.wording import number, title_of

SMALL = Selection(shocks="calm", households=60, months=6)


def headline_name() -> str:
    return next(name for name, indicator in registry().items() if indicator.headline)


def made_up(failures: dict[str, list[str]], seeds: tuple[int, ...] = (1, 2)) -> Comparison:
    """A comparison in which recyclers failed of these causes, on the first seed."""
    causes_of_all = sorted({cause for found in failures.values() for cause in found})
    results = {}
    for mix, found in failures.items():
        for seed in seeds:
            counts = {f"{FAILURES}[{cause}]": [0, found.count(cause) * (seed == seeds[0])] for cause in causes_of_all}
            margins = {"recycler_margin": [0.03, 0.05], "recycler_market_margin": [-0.02, np.nan]}
            series = pd.DataFrame(counts | margins, index=["2026-01", "2026-02"])
            results[mix, seed] = Result(series, pd.DataFrame(), {headline_name(): 1.0}, 0.0)
    return Comparison(tuple(failures), seeds, Selection(), results)


def test_interval_of_known_numbers() -> None:
    """The quantile 4.3027 of Student's t with two degrees of freedom stands in any table."""
    mean, low, high = interval(np.array([1.0, 2.0, 3.0]))
    assert mean == 2.0
    assert high - mean == pytest.approx(4.30265 / np.sqrt(3.0), rel=1e-5)
    assert mean - low == pytest.approx(high - mean)


def test_one_seed_has_no_interval() -> None:
    mean, low, high = interval(np.array([4.0]))
    assert mean == 4.0
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize(
    ("direction", "low", "high", "word"),
    [(1, 1, 2, "better"), (1, -2, -1, "worse"), (-1, 1, 2, "worse"), (-1, -2, -1, "better"), (0, 1, 2, "")],
)
def test_verdicts(direction: int, low: float, high: float, word: str) -> None:
    assert verdict(direction, low, high) == word
    assert verdict(direction, -abs(high), abs(high)) == ""
    assert verdict(direction, np.nan, np.nan) == ""


def test_a_mix_under_another_name_makes_no_difference(tmp_path: Path) -> None:
    copy = tmp_path / "twin.toml"
    copy.write_bytes((config_folder() / "mixes" / "market_pull.toml").read_bytes())
    jobs = jobs_of(SMALL, ["market_pull", str(copy)], (1, 2))
    comparison = gather(SMALL, jobs, outcomes(perform, jobs, 1))
    table = comparison.table()
    differences = table.loc[table["mix"] == str(copy), ["difference", "difference_low", "difference_high"]].dropna()
    assert len(differences)
    assert (differences == 0).all(axis=None)
    assert not table["verdict"].any()


def test_differences_are_taken_seed_by_seed() -> None:
    """Seeds differ by thousands, mixes on one seed by about one: only pairing sees that."""
    name = headline_name()
    levels = {("a", 1): 0.0, ("a", 2): 5000.0, ("b", 1): 1.0, ("b", 2): 5001.0}
    results = {pair: Result(pd.DataFrame(), pd.DataFrame(), {name: level}, 0.0) for pair, level in levels.items()}
    table = Comparison(("a", "b"), (1, 2), Selection(), results).table().set_index("mix")
    assert tuple(table.loc["b", ["difference", "difference_low", "difference_high"]]) == (1.0, 1.0, 1.0)
    assert table.loc["b", "mean_high"] > 5000


def test_a_failed_run_stops_the_comparison() -> None:
    job = Job(0, SMALL.with_mix("market_pull"), 3)
    with pytest.raises(RunFailedError, match="market_pull, seed 3: it broke"):
        gather(SMALL, [job], iter([Outcome(job, None, "it broke")]))


def test_a_mix_may_not_be_named_twice() -> None:
    with pytest.raises(ConfigError, match="twice"):
        jobs_of(SMALL, ["market_pull", "market_pull"], (1,))


def test_causes_are_counted_per_run() -> None:
    table = causes(made_up({"a": ["debt", "low_price", "low_price"], "b": ["low_price"]}))
    assert list(table.index) == ["low price", "debt"]
    assert list(table.loc["low price"]) == [1.0, 0.5]
    assert list(table.loc["debt"]) == [0.5, 0.0]


def test_reasons_name_the_cause_that_changed_most() -> None:
    comparison = made_up(
        {"a": ["debt", "low_price", "low_price"], "b": ["debt"], "c": ["debt"] * 2 + ["low_price"] * 2}
    )
    assert reason(comparison, "a") == ("1.5 fail, 67% of them from low price; margin 4 % with support and -2 % without")
    assert reason(comparison, "b").startswith("1.0 fewer recyclers fail per run than under a, above all from low price")
    assert "low price (1.0 → 0.0)" in reason(comparison, "b")
    assert "0.5 more recyclers" in reason(comparison, "c")
    assert "debt (0.5 → 1.0)" in reason(comparison, "c")


def test_no_failures_at_all_can_be_told() -> None:
    comparison = made_up({"a": [], "b": []})
    assert causes(comparison).empty
    assert "no recycler fails" in reason(comparison, "b")
    assert any("all causes" in line for line in comparison_lines(comparison))


def test_columns_that_reports_rely_on_are_declared() -> None:
    assert {FAILURES, MARGIN, MARKET_MARGIN, PRICE} <= set(registry())


def test_columns_are_called_as_people_call_them() -> None:
    materials = load_config(config_folder()).materials
    label, title = materials.ids[0], materials.titles[0]["nl"]
    assert title_of(f"{PRICE}[{label}]", "nl") == f"{registry()[PRICE].title['nl']}, {title}"
    assert title_of(f"{FAILURES}[low_price]").endswith(", Low prices")
    assert title_of(f"{FAILURES}[low_price]", "nl").endswith(", Lage prijzen")
    assert title_of("instrument_paid[deposit_refund@nl#2]", "nl").endswith(", Nederland (2)")


def test_the_figure_shows_struck_prices_and_viability_first() -> None:
    selection = Selection(shocks="rare_earth_restriction_2027", households=60, months=13)
    jobs = jobs_of(selection, ["business_as_usual"], (1,))
    columns = choose_panels(gather(selection, jobs, outcomes(perform, jobs, 1)))
    struck = load(selection).shocks[0].materials or ()
    assert columns[:2] == [f"{PRICE}[{material}]" for material in struck]
    assert registry()[columns[2]].family == "viability"
    assert len(columns) == 9


def test_failures_of_all_runs_stand_in_one_table() -> None:
    results = {
        (mix, seed): Result(pd.DataFrame(), pd.DataFrame(), {}, 0.0, pd.DataFrame({"who": [f"{mix} {seed}"]}))
        for mix in "ab"
        for seed in (1, 2)
    }
    table = Comparison(("a", "b"), (1, 2), Selection(), results).failures
    assert list(table.columns) == ["mix", "seed", "who"]
    assert list(table["who"]) == ["a 1", "a 2", "b 1", "b 2"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.12345, "0.123"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (-4.2e6, "-4.2 M"),
        (3e9, "3 bn"),
        (np.nan, "–"),
    ],
)
def test_numbers_in_tables(value: float, text: str) -> None:
    assert number(value) == text
