"""Scenario discovery: planted boxes are found where they are, chance is called chance, and points are what counts."""

import argparse
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from abm.parameters import ConfigError
from experiments.analysis import discover_command, robustness_command
from experiments.analysis.cases import cases, mixes_of, place
from experiments.analysis.criteria import Criterion, Term, read_criterion
from experiments.analysis.discovery import (
    Box,
    Limit,
    cart_boxes,
    effective_size,
    feature_scores,
    finder,
    prim_boxes,
    quasi_p,
    significant,
    tried,
    usual_threshold,
)
from experiments.analysis.resampling import share, shared_seeds, units_of, without_each
from experiments.batch.driver import run_design
from experiments.designs import Factor, Sample, read_factor
from experiments.runs import Job
from tests.fakes import Outcomes, fake_batch, fake_design

EARNING, MARGIN, SURVIVAL = "recyclers_earning_cost_of_capital", "recycler_margin", "recycler_survival_60"
KNOWN = (EARNING, MARGIN, SURVIVAL)
LEVEL = "blocs.china.component_depth"


def planted(count: int = 300, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Runs that fail exactly where a > 0.6, b < 0.4 and the shock is not mild."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.random((count, 4)), columns=list("abcd"))
    x["shock"] = pd.Categorical(rng.choice(["flood", "mild", "squeeze"], count))
    fails = ((x["a"] > 0.6) & (x["b"] < 0.4) & (x["shock"] != "mild")).to_numpy()
    return x, fails, np.arange(count)


def ends_of(box: Box) -> dict[tuple[str, str], Any]:
    return {(limit.factor, limit.side): limit.bound for limit in box.limits}


# --- Boxes


def test_prim_finds_a_planted_box() -> None:
    x, fails, units = planted()
    found = prim_boxes(x, fails, units, threshold=0.9)
    ends = ends_of(found.boxes[0])
    assert found.reached
    assert set(ends) == {("a", "low"), ("b", "high"), ("shock", "among")}
    assert ends["a", "low"] == pytest.approx(0.6, abs=0.03)
    assert ends["b", "high"] == pytest.approx(0.4, abs=0.03)
    assert ends["shock", "among"] == ("flood", "squeeze")
    inside = found.boxes[0].holds(x)
    assert found.boxes[0].density == fails[inside].mean() >= 0.9
    assert found.boxes[0].coverage == fails[inside].sum() / fails.sum() >= 0.95
    assert found.boxes[0].mass == inside.mean()


def test_cart_finds_it_with_the_categories_taken_on_either_branch() -> None:
    x, fails, units = planted(600)
    found = cart_boxes(x, fails, units, threshold=0.9, mass=0.02)
    assert found.reached
    together = found.holds(x)
    assert fails[together].mean() >= 0.95
    assert together[fails].mean() >= 0.95
    for box in found.boxes:
        ends = ends_of(box)
        assert ends["a", "low"] == pytest.approx(0.6, abs=0.03)
        assert ends["b", "high"] == pytest.approx(0.4, abs=0.03)
        assert "mild" not in ends["shock", "among"]
        assert box.density == fails[box.holds(x)].mean()


def test_a_category_that_a_branch_takes_alone_is_the_only_one_in_its_leaf() -> None:
    x, _, units = planted(400)
    fails = ((x["a"] > 0.5) & (x["shock"] == "flood")).to_numpy()
    found = cart_boxes(x, fails, units, threshold=0.9)
    assert [ends_of(box)["shock", "among"] for box in found.boxes] == [("flood",)]
    assert found.boxes[0].density == found.boxes[0].coverage == 1.0


def test_limits_that_chance_explains_are_dropped_and_the_others_stay() -> None:
    x, fails, units = planted()
    true = (Limit("a", "low", 0.6), Limit("b", "high", 0.4), Limit("shock", "among", ("flood", "squeeze")))
    kept = significant(x, fails, units, (Limit("c", "low", 0.1), *true, Limit("d", "high", 0.9)))
    assert [(limit.factor, limit.side) for limit in kept] == [("a", "low"), ("b", "high"), ("shock", "among")]
    assert all(limit.quasi_p < 1e-4 for limit in kept)
    assert significant(x, fails, units, (Limit("c", "low", 0.1), Limit("d", "high", 0.9))) == ()


def test_the_denser_box_asked_for_covers_less() -> None:
    rng = np.random.default_rng(3)
    x = pd.DataFrame(rng.random((500, 3)), columns=list("abc"))
    fails = rng.random(500) < np.clip(1.3 * x["a"].to_numpy() - 0.1, 0, 1)  # failing becomes likelier, with no edge
    loose, dense = (prim_boxes(x, fails, np.arange(500), threshold).boxes[0] for threshold in (0.7, 0.9))
    assert 0.7 <= loose.density < dense.density
    assert loose.coverage > dense.coverage
    assert ends_of(dense)["a", "low"] > ends_of(loose)["a", "low"]


def test_a_second_box_is_sought_in_what_the_first_leaves() -> None:
    rng = np.random.default_rng(5)
    x = pd.DataFrame(rng.random((400, 3)), columns=list("abc"))
    fails = (((x["a"] < 0.4) & (x["b"] < 0.4)) | (x["c"] > 0.8)).to_numpy()
    one, two = (prim_boxes(x, fails, np.arange(400), 0.9, most=most) for most in (1, 2))
    assert len(one.boxes) == 1
    assert [set(box.factors) for box in two.boxes] == [{"c"}, {"a", "b"}]
    assert one.holds(x)[fails].mean() < 0.7
    assert two.holds(x)[fails].mean() > 0.95


def test_where_nothing_is_dense_enough_the_densest_is_given_as_such() -> None:
    rng = np.random.default_rng(2)
    x = pd.DataFrame(rng.random((400, 2)), columns=list("ab"))
    fails = rng.random(400) < np.where(x["a"] > 0.5, 0.6, 0.1)
    found = prim_boxes(x, fails, np.arange(400), threshold=0.95)
    assert not found.reached
    assert ends_of(found.boxes[0])["a", "low"] > 0.45


def test_quasi_p_of_independent_runs_is_the_binomial_one_of_bryant_and_lempert() -> None:
    x, fails, units = planted()
    masks = [(x["a"] > 0.5).to_numpy(), (x["b"] < 0.5).to_numpy()]
    inside = masks[0] & masks[1]
    expected = [
        binomtest(int(fails[inside].sum()), int(inside.sum()), fails[other].mean(), alternative="greater").pvalue
        for other in reversed(masks)
    ]
    assert quasi_p(fails, units, masks) == pytest.approx(expected, rel=1e-9)


def test_ten_seeds_of_a_point_that_share_its_fate_count_once() -> None:
    x, fails, units = planted(100)
    masks = [(x["a"] > 0.5).to_numpy(), (x["b"] < 0.5).to_numpy()]
    ten = [np.repeat(mask, 10) for mask in masks]
    once = quasi_p(fails, units, masks)
    assert quasi_p(np.repeat(fails, 10), np.repeat(units, 10), ten) == pytest.approx(once, rel=1e-6)
    assert (quasi_p(np.repeat(fails, 10), np.arange(1000), ten) < once / 10).all()  # what taking them for runs gives


def test_seeds_that_fail_by_luck_of_their_own_count_nearly_in_full() -> None:
    fails = np.random.default_rng(1).random(2000) < 0.4
    size = effective_size(fails, np.repeat(np.arange(200), 10), np.ones(2000, dtype=bool))
    assert size == pytest.approx(2000, rel=0.25)


# --- On unseen points


def test_a_planted_box_holds_on_unseen_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.analysis.discovery.FOLDS", 2)
    x, fails, units = planted(250)
    trial = tried(finder("prim", fails), x, fails, units, halves=1)
    assert trial.convincing
    assert trial.coverage.value > 0.8
    assert trial.density.low > 0.5
    assert trial.reproduced["a", "low"] == trial.reproduced["b", "high"] == 1.0


@pytest.mark.parametrize("method", ["prim", "cart"])
def test_luck_does_not_convince(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.analysis.discovery.FOLDS", 3)
    rng = np.random.default_rng(4)
    x = pd.DataFrame(rng.random((120, 4)), columns=list("abcd"))
    fails = rng.random(120) < 0.4
    trial = tried(finder(method, fails, 0.7), x, fails, np.arange(120), halves=1)
    assert not trial.convincing
    assert trial.base == fails.mean()


def test_seeds_of_a_point_stay_on_one_side_of_a_fold() -> None:
    """Each point fails by luck of its own: what tells points apart must be worth nothing on others."""
    rng = np.random.default_rng(8)
    points = pd.DataFrame(rng.random((40, 3)), columns=list("abc"))
    fate = rng.random(40) < 0.5
    x, fails = points.loc[np.repeat(points.index, 20)].reset_index(drop=True), np.repeat(fate, 20)
    find = finder("cart", fails, 0.9, mass=0.02)
    by_points = tried(find, x, fails, np.repeat(np.arange(40), 20), halves=1)
    by_rows = tried(find, x, fails, np.arange(800), halves=1)
    assert by_rows.density.value > 0.95  # a tree that has seen a point's other seeds knows it
    assert by_points.density.value < 0.8
    assert not by_points.convincing


def test_an_interval_of_a_share_covers_it() -> None:
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(200):
        tendency = np.repeat(rng.beta(3, 3, size=60), 5)  # five runs of a point have more in common than luck
        fails = (rng.random(300) < tendency).astype(float)
        found = share(fails, np.ones(300), np.repeat(np.arange(60), 5), rng, resamples=300)
        hits += found.low <= 0.5 <= found.high
    assert 0.9 <= hits / 200 <= 0.99


def test_an_interval_of_a_share_covers_it_where_points_share_seeds() -> None:
    rng, hits = np.random.default_rng(6), 0
    points, seeds = np.repeat(np.arange(40), 2), np.tile(np.arange(2), 40)
    for _ in range(100):
        fails = (rng.normal(size=2)[seeds] + rng.normal(size=80) > 0).astype(float)
        without = without_each(fails, np.ones(80), seeds)
        found = share(fails, np.ones(80), points, rng, 300, without)
        hits += found.low <= 0.5 <= found.high
    assert hits >= 90
    assert share(np.ones(80), np.ones(80), points, rng, 300, np.ones(2)).low == pytest.approx(0.025 ** (1 / 2))


def test_an_unseen_share_knows_that_seeds_are_shared() -> None:
    """On one seed nearly all in the box fail, on the other few do: of other seeds that tells next to nothing."""
    rng = np.random.default_rng(9)
    x = pd.DataFrame(np.repeat(rng.random((60, 2)), 2, axis=0), columns=list("ab"))
    seeds, points = np.tile(np.arange(2), 60), np.repeat(np.arange(60), 2)
    fails = ((x["a"] > 0.5) & (rng.random(120) < np.where(seeds, 0.9, 0.3))).to_numpy()
    find = finder("cart", fails, 0.5)
    plain = tried(find, x, fails, points, halves=1)
    wide = tried(find, x, fails, points, halves=1, seeds=seeds)
    assert wide.density.value == plain.density.value
    assert plain.convincing
    assert not wide.convincing


def test_a_share_of_all_has_the_exact_interval_of_its_units() -> None:
    units = np.repeat(np.arange(20), 5)
    found = share(np.ones(100), np.ones(100), units, np.random.default_rng(1))
    assert found == pytest.approx((1.0, 0.025 ** (1 / 20), 1.0))
    assert share(np.zeros(100), np.ones(100), units, np.random.default_rng(1)).high == pytest.approx(
        1 - 0.025 ** (1 / 20)
    )


# --- Scores


def test_scores_rank_planted_factors_first_and_leave_the_rest_to_chance() -> None:
    x, fails, units = planted(400)
    scores = feature_scores(x, fails, units)
    assert set(scores["factor"][:3]) == {"a", "b", "shock"}
    assert set(scores.loc[scores["telling"], "factor"]) == {"a", "b", "shock"}
    assert scores["score"].sum() == pytest.approx(1.0)
    assert (scores["low"] <= scores["score"]).all()
    assert (scores["score"] <= scores["high"]).all()


# --- Criteria


def test_a_criterion_reads_as_it_is_written() -> None:
    one = read_criterion(f"{EARNING} < 0.35", KNOWN)
    assert one == Criterion((Term(EARNING, "<", 0.35),))
    assert one.words() == "Recyclers that earn their cost of capital below 0.35"
    two = read_criterion(f"difference {MARGIN}<=-1e-2 or recycler_margin:min > 2", KNOWN)
    assert two == Criterion((Term(MARGIN, "<=", -0.01, True), Term("recycler_margin:min", ">", 2.0)), "or")
    assert two.outcomes == (MARGIN, "recycler_margin:min")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("recycler_marginn < 1", "nearest valid name: 'recycler_margin'"),
        (f"{MARGIN} = 1", "is no criterion"),
        (f"{MARGIN} < much", "'much' is not a number"),
        (f"{MARGIN} < nan", "'nan' is not a number"),
        (f"{MARGIN} < 1 and {MARGIN} > 0 or {EARNING} > 1", "mixes 'and' with 'or'"),
        (f"{MARGIN}:often < 1", "unknown way of summing up"),
        ("", "is no criterion"),
    ],
)
def test_what_is_no_criterion(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as error:
        read_criterion(text, KNOWN)
    assert str(error.value).startswith("--fails")


def test_an_undefined_outcome_leaves_open_what_the_others_do_not_settle() -> None:
    table = pd.DataFrame({EARNING: [0.1, 0.1, 0.9, np.nan], MARGIN: [0.1, np.nan, np.nan, np.nan]})
    both, either = (read_criterion(f"{EARNING} < 0.5 {joint} {MARGIN} < 0.5", KNOWN) for joint in ("and", "or"))
    np.testing.assert_array_equal(both.met(table), [1.0, np.nan, 0.0, np.nan])
    np.testing.assert_array_equal(either.met(table), [1.0, 1.0, np.nan, np.nan])


# --- Cases of a batch


def mixed(job: Job) -> Outcomes | str:
    """The second mix falls behind the first where the markup is above 0.3; another factor moves both."""
    values = dict(job.values)
    worse = job.selection.mix == "market_pull" and values["firms.markup"] > 0.3
    level = values[LEVEL]
    return {EARNING: level - 0.1 if worse else level + 0.1 * (job.selection.mix == "market_pull"), MARGIN: level}


MIXES = ("business_as_usual", "market_pull")


def test_differences_are_taken_in_the_same_world(tmp_path: Path) -> None:
    results = fake_batch(
        tmp_path / "b", fake_design(60, mixes=MIXES, shocks=("calm", "turbulent"), seeds=(1, 2)), mixed
    )
    told = cases(results, read_criterion(f"difference {EARNING} < 0", results.outcomes))
    assert len(told.x) == 60 * 2 * 2  # the first mix is not compared with itself
    np.testing.assert_array_equal(told.fails, told.x["firms.markup"] > 0.3)
    assert "mix" not in told.x
    assert list(told.x["shocks"].cat.categories) == ["calm", "turbulent"]
    assert told.unit == "point"
    assert np.bincount(told.units).tolist() == [4] * 60


def test_runs_that_failed_or_lost_their_partner_are_counted_not_guessed(tmp_path: Path) -> None:
    def failing(job: Job) -> Outcomes | str:
        broken = {("business_as_usual", 3): "died", ("market_pull", 5): "died", ("market_pull", 6): "died"}
        if (str(job.selection.mix), job.point) in broken:
            return "died"
        found = mixed(job)
        assert isinstance(found, dict)
        return found | ({EARNING: float("nan")} if job.point == 8 else {})

    results = fake_batch(tmp_path / "b", fake_design(60, mixes=MIXES), failing)
    told = cases(results, read_criterion(f"difference {EARNING} < 0", results.outcomes))
    assert told.left_out == {"failed to run": 3, "without a partner under the first mix": 1, "undefined": 1}
    assert len(told.x) == 60 - 2 - 1 - 1
    alone = cases(results, read_criterion(f"{EARNING} < 0.5", results.outcomes), mix="market_pull")
    assert alone.left_out == {"failed to run": 2, "without a partner under the first mix": 0, "undefined": 1}
    assert len(alone.x) == 60 - 2 - 1


def test_the_first_mix_is_the_designs_even_where_its_first_run_is_missing(tmp_path: Path) -> None:
    results = fake_batch(tmp_path / "b", fake_design(10, mixes=MIXES), mixed)
    vars(results)["runs"] = results.runs.drop(index=0)
    assert results.runs["mix"].iloc[0] == MIXES[1]
    assert mixes_of(results) == list(MIXES)
    vars(results)["design"] = results.design.with_(mixes=("own/business_as_usual.toml", MIXES[1]))  # a user's file
    assert mixes_of(results) == list(MIXES)


def test_units_are_seeds_where_there_is_one_point() -> None:
    table = pd.DataFrame({"point": [0, 0, 0, 0], "seed": [4, 4, 7, 7]})
    codes, name = units_of(table)
    assert (codes.tolist(), name) == ([0, 0, 1, 1], "seed")
    assert units_of(table.assign(point=[1, 2, 1, 2]))[0].tolist() == [0, 1, 0, 1]
    assert shared_seeds(table) is None
    assert shared_seeds(table.assign(seed=1, point=[1, 2, 1, 2])) is None
    seeds = shared_seeds(table.assign(point=[1, 2, 1, 2]))
    assert seeds is not None
    assert seeds.tolist() == [0, 0, 1, 1]


def test_units_are_the_rows_that_go_along_the_seeds(tmp_path: Path) -> None:
    """Every world of six seeds meets five levels: folds and intervals are of worlds."""
    design = fake_design(6, mixes=MIXES, seeds=tuple(range(1, 7)))
    levels = Sample("factorial", (read_factor("firms.precaution", {}),), levels=5)
    for rows, unit, number in ((6, "seed", 6), (3, "row", 3)):
        sample = replace(design.samples[0], size=rows, along="seeds")
        results = fake_batch(tmp_path / unit, design.with_(samples=(levels, sample)), mixed)
        told = cases(results, read_criterion(f"difference {EARNING} < 0", results.outcomes))
        assert told.unit == unit
        assert np.bincount(told.units).tolist() == [30 // number] * number
        assert told.seeds is None
        assert (told.x.groupby(told.units)["firms.markup"].nunique() == 1).all()


@pytest.mark.parametrize(
    ("text", "mix", "complaint"),
    [
        (f"{EARNING} < -5", None, "is met by no run.*from .* to .*median"),
        (f"{EARNING} < 5", None, "is met by every run"),
        (f"difference {EARNING} < 0", "business_as_usual", "the mix that others are compared with"),
        (f"{EARNING} < 0.5", "market_push", "nearest valid name: 'market_pull'"),
    ],
)
def test_criteria_that_tell_nothing_apart_are_refused(
    tmp_path: Path, text: str, mix: str | None, complaint: str
) -> None:
    results = fake_batch(tmp_path / "b", fake_design(30, mixes=MIXES), mixed)
    with pytest.raises(ConfigError, match=complaint):
        cases(results, read_criterion(text, results.outcomes), mix)


def test_a_place_in_a_range_follows_its_scale() -> None:
    assert place(Factor("a", "parameter", 2.0, 6.0), 3.0) == 0.25
    assert place(Factor("a", "parameter", 1.0, 100.0, scale="log"), 10.0) == pytest.approx(0.5)


def test_where_most_fail_the_usual_density_lies_above_their_share() -> None:
    assert usual_threshold(np.arange(10) < 3) == 0.8
    assert usual_threshold(np.arange(10) < 9) == 0.95


# --- The command


def command(*arguments: str) -> str:
    parser = argparse.ArgumentParser()
    discover_command.declare(parser)
    return "\n".join(discover_command.work(parser.parse_args(arguments)))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples: what they give is tested above."""
    for name, value in (("FOLDS", 2), ("FORESTS", 5)):
        monkeypatch.setattr(f"experiments.analysis.discovery.{name}", value)
    monkeypatch.setattr(discover_command, "tried", partial(tried, halves=1))


@pytest.mark.usefixtures("quick")
def test_the_command_says_where_the_mix_fails(tmp_path: Path) -> None:
    fake_batch(tmp_path / "b", fake_design(60, mixes=MIXES, shocks=("calm", "turbulent")), mixed)
    said = command(str(tmp_path / "b"))
    assert f"Fails: difference {EARNING} <= 0" in said
    assert "120 runs at 60 points" in said
    assert re.search(r"firms.markup at least 0\.(29|30)", said)
    assert "of the way from 0 to 0.5" in said
    out = tmp_path / "b" / "analysis"
    names = [
        "discovery.png",
        "discovery.svg",
        "discovery_boxes.csv",
        "discovery_scores.csv",
        "discovery_trajectory.csv",
    ]
    assert sorted(path.name for path in out.iterdir()) == names
    boxes = pd.read_csv(out / "discovery_boxes.csv")
    assert set(boxes["method"]) == {"prim", "cart"}
    row = boxes[(boxes["method"] == "prim") & (boxes["factor"] == "firms.markup")].iloc[0]
    assert row["low"] == pytest.approx(0.3, abs=0.02)
    assert row["place_low"] == pytest.approx(row["low"] / 0.5)
    assert np.isnan(row["high"])
    assert row["unseen_density_low"] > row["base"]
    assert pd.read_csv(out / "discovery_scores.csv")["factor"][0] == "firms.markup"


@pytest.mark.usefixtures("quick")
def test_one_mix_fails_by_itself_and_one_method_is_enough(tmp_path: Path) -> None:
    fake_batch(tmp_path / "b", fake_design(80), lambda job: {EARNING: dict(job.values)[LEVEL]})
    said = command(str(tmp_path / "b"), "--method", "cart", "--out", str(tmp_path / "out"))
    assert f"Fails: {EARNING} < 0.5" in said
    assert re.search(rf"{LEVEL} at most 0\.(49|50)", said)
    assert "PRIM" not in said
    assert not (tmp_path / "b" / "analysis").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["--threshold", "1.5"], "--threshold"), (["--boxes", "0"], "--boxes"), (["--against", "nobody"], "--against")],
)
def test_bad_options_are_refused_before_anything_is_written(
    tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    fake_batch(tmp_path / "b", fake_design(30, mixes=MIXES), mixed)
    with pytest.raises(ConfigError, match=complaint):
        command(str(tmp_path / "b"), *arguments)
    assert not (tmp_path / "b" / "analysis").exists()


@pytest.mark.usefixtures("quick")
def test_a_real_batch_from_design_to_figures(tmp_path: Path) -> None:
    """Lower markups make products cheaper: the model says so through runner, store, criterion and box."""
    design = fake_design(12, factors=2, mixes=MIXES, households=60, months=4)
    results = run_design(design, tmp_path / "b", workers=1, progress=False)
    assert len(results.done) == 24
    limit = results.done["product_price_index"].median()
    said = command(str(tmp_path / "b"), "--fails", f"product_price_index > {limit}")
    assert "24 runs at 12 points, 12 of them fail (50%)" in said
    scores = pd.read_csv(tmp_path / "b" / "analysis" / "discovery_scores.csv")
    assert scores["factor"][0] == "firms.markup"
    parser = argparse.ArgumentParser()
    robustness_command.declare(parser)
    options = parser.parse_args([str(tmp_path / "b"), "--outcome", "product_price_index", "--resamples", "50"])
    assert "product_price_index: 12 states (point × shocks)" in list(robustness_command.work(options))
    assert (tmp_path / "b" / "analysis" / "robustness.svg").exists()


def test_too_few_runs_are_said_to_be(tmp_path: Path) -> None:
    fake_batch(tmp_path / "b", fake_design(8, mixes=MIXES), mixed)
    with pytest.raises(ConfigError, match="too few"):
        command(str(tmp_path / "b"))


def test_a_limit_lets_in_its_own_bound() -> None:
    x = pd.DataFrame({"a": [0.1, 0.2, 0.3], "m": pd.Categorical(["p", "q", "p"])})
    holds: Callable[[Limit], list[bool]] = lambda limit: limit.holds(x).tolist()  # noqa: E731
    assert holds(Limit("a", "low", 0.2)) == [False, True, True]
    assert holds(Limit("a", "high", 0.2)) == [True, True, False]
    assert holds(Limit("m", "among", ("p",))) == [True, False, True]
