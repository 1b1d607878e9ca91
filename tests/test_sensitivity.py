"""Sensitivity: known indices within their intervals, luck told from factors, whole blocks, and a run end to end."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from SALib.sample import morris, sobol
from SALib.test_functions import Ishigami, Sobol_G
from scipy.stats import norm

from abm.parameters import ConfigError
from experiments.analysis import sensitivity_command as command
from experiments.analysis.sensitivity import (
    FIXED,
    INFLUENTIAL,
    NOISE,
    NONE,
    Observed,
    _chosen,
    components,
    delta_indices,
    elementary_effects,
    estimated,
    morris_indices,
    seeds_share,
    sobol_indices,
)
from experiments.analysis.sensitivity_data import scheme_of
from experiments.analysis.sensitivity_study import Study, _independent, study
from experiments.batch import open_results
from experiments.batch.driver import run_design
from experiments.compare import RunFailedError
from experiments.designs import Design, Sample, load_design, read_factor
from experiments.runs import Job
from tests.fakes import write_results

WORDS = {"en": "A", "nl": "A"}
# Ishigami with a = 7, b = 0.1: exact indices.
FIRST, TOTAL, PAIR = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437), 0.2437
ISHIGAMI_VARIANCE = 13.8446


def problem(count: int) -> dict[str, Any]:
    return {"num_vars": count, "names": names(count), "bounds": [[0.0, 1.0]] * count}


def names(count: int) -> list[str]:
    return [f"x{number}" for number in range(1, count + 1)]


def ishigami(places: np.ndarray) -> np.ndarray:
    return np.asarray(Ishigami.evaluate((places - 0.5) * 2.0 * np.pi))


def sobol_values(function: Callable[[np.ndarray], np.ndarray], count: int, size: int, second: bool) -> Observed:
    places = sobol.sample(problem(count), size, calc_second_order=second, seed=3)
    return Observed(function(places).reshape(size, -1, 1))


def of(table: pd.DataFrame, index: str) -> pd.DataFrame:
    return table[table["index"] == index].set_index("factor")


def contain(table: pd.DataFrame, exact: Any) -> bool:
    return bool(((table["low"] <= exact + 1e-3) & (exact - 1e-3 <= table["high"])).all())


# --- Known indices --------------------------------------------------------------------------------


def test_sobol_indices_of_ishigami_lie_within_narrow_intervals() -> None:
    table = sobol_indices(sobol_values(ishigami, 3, 1024, True), names(3), second_order=True)
    for index, exact in (("S1", FIRST), ("ST", TOTAL)):
        assert contain(of(table, index), np.array(exact))
        assert of(table, index)["estimate"].to_numpy() == pytest.approx(exact, abs=0.02)
    second = table[table["index"] == "S2"].set_index(["factor", "with"])
    assert contain(second, np.array([0.0, PAIR, 0.0]))
    assert second.loc[("x1", "x3"), "verdict"] == INFLUENTIAL
    assert second.loc[("x1", "x2"), "verdict"] == NOISE
    assert of(table, "S1").loc["x3", "verdict"] == NOISE  # it acts through x1 only
    assert of(table, "ST").loc["x3", "verdict"] == INFLUENTIAL
    assert (of(table, "ST")["high"] - of(table, "ST")["low"]).max() < 0.2


def test_sobol_indices_of_the_g_function_agree_with_theory_and_with_salib() -> None:
    from SALib.analyze import sobol as analysis

    seen = sobol_values(Sobol_G.evaluate, 8, 512, False)
    table = sobol_indices(seen, names(8))
    a = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
    assert contain(of(table, "S1"), Sobol_G.sensitivity_index(a))
    assert contain(of(table, "ST"), Sobol_G.total_sensitivity_index(a))
    theirs = analysis.analyze(problem(8), seen.values.ravel(), calc_second_order=False, seed=1)
    assert of(table, "S1")["estimate"].to_numpy() == pytest.approx(theirs["S1"])
    assert of(table, "ST")["estimate"].to_numpy() == pytest.approx(theirs["ST"])
    width = (of(table, "ST")["high"] - of(table, "ST")["low"]).to_numpy() / 2
    assert width == pytest.approx(theirs["ST_conf"], rel=0.35)  # their bootstrap has a hundred draws


def test_morris_gives_the_exact_effects_of_a_function_with_an_answer() -> None:
    """3 x₁ - 2 x₂ + x₃ x₄ + 0 x₅: linear effects are exact, those of a product spread, nothing is nothing."""
    places = morris.sample(problem(5), 20, num_levels=4, seed=2)
    values = 3 * places[:, 0] - 2 * places[:, 1] + places[:, 2] * places[:, 3]
    blocks = places.reshape(20, 6, 5)
    table = morris_indices(Observed(values.reshape(20, 6, 1)), blocks, names(5))
    mu, star, sigma = of(table, "mu"), of(table, "mu_star"), of(table, "sigma")
    assert mu["estimate"].iloc[:2].to_numpy() == pytest.approx([3.0, -2.0])
    assert star["estimate"].iloc[:2].to_numpy() == pytest.approx([3.0, 2.0])
    assert sigma["estimate"].iloc[:2].to_numpy() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert contain(star.loc[["x3", "x4"]], 0.5)  # the mean of the other factor
    assert list(sigma["verdict"]) == [NOISE, NOISE, INFLUENTIAL, INFLUENTIAL, NONE]
    assert list(star["verdict"]) == [INFLUENTIAL] * 4 + [NONE]
    assert mu.loc["x2", "verdict"] == INFLUENTIAL  # below zero


def test_elementary_effects_agree_with_salib() -> None:
    from SALib.analyze import morris as analysis

    places = morris.sample(problem(3), 15, num_levels=6, seed=2)
    values = ishigami(places)
    theirs = analysis.analyze(problem(3), places, values, num_levels=6)
    effects = elementary_effects(values.reshape(15, 4, 1), places.reshape(15, 4, 3))[..., 0]
    assert np.abs(effects).mean(axis=0) == pytest.approx(np.asarray(theirs["mu_star"]))
    assert effects.std(axis=0, ddof=1) == pytest.approx(np.asarray(theirs["sigma"]))


def test_delta_ranks_factors_and_passes_over_a_dummy() -> None:
    """y = x₁ + x₂ / 2 of normal factors: S1 is 0.8 and 0.2; delta of a normal pair follows from its correlation."""
    rng = np.random.default_rng(4)
    places = rng.random((400, 3))
    outcome = norm.ppf(places[:, 0]) + 0.5 * norm.ppf(places[:, 1])
    table = delta_indices(Observed(outcome[:, None, None]), places, names(3), resamples=40)
    first, delta = of(table, "S1"), of(table, "delta")
    # Classes of finite width and smoothed densities: a strong influence comes out too weak, by a fifth here.
    assert first["estimate"].to_numpy() == pytest.approx([0.8, 0.2, 0.0], abs=0.1)
    exact = [_delta_of_normal(0.8), _delta_of_normal(0.2), 0.0]
    assert delta["estimate"].to_numpy() == pytest.approx(exact, abs=0.12)
    assert abs(delta["estimate"].iloc[2]) < 0.06 and abs(first["estimate"].iloc[2]) < 0.008  # the bias is off
    assert list(delta["verdict"]) == [INFLUENTIAL, INFLUENTIAL, NOISE]


def _delta_of_normal(share: float) -> float:
    """delta of a normal outcome of variance 1 of which a normal factor accounts for a share."""
    grid = np.linspace(-8.0, 8.0, 4001)
    points = norm.ppf((np.arange(400) + 0.5) / 400)
    spread = math.sqrt(1.0 - share)
    apart = np.abs(norm.pdf(grid) - norm.pdf(grid, math.sqrt(share) * points[:, None], spread))
    return float(0.5 * np.trapezoid(apart, grid, axis=1).mean())


def test_delta_takes_the_levels_of_a_choice_as_classes_and_says_what_was_not_varied() -> None:
    rng = np.random.default_rng(5)
    level = rng.integers(3, size=240)
    places = np.column_stack([level, np.full(240, 2.0)]).astype(float)
    outcome = np.array([0.0, 5.0, 0.0])[level] + rng.normal(size=240)  # not monotonic in the order of the levels
    table = delta_indices(Observed(outcome[:, None, None]), places, ["mix", "fixed"], resamples=20)
    assert of(table, "S1").loc["mix", "estimate"] == pytest.approx(
        np.var([0, 5, 0]) / (np.var([0, 5, 0]) + 1), abs=0.04
    )
    assert of(table, "delta").loc["fixed", "verdict"] == FIXED
    assert math.isnan(of(table, "delta").loc["fixed", "estimate"])
    with pytest.raises(ConfigError, match="12 points are too few"):
        delta_indices(Observed(outcome[:12, None, None]), places[:12], ["mix", "fixed"])


# --- Luck -----------------------------------------------------------------------------------------


def test_components_are_unbiased_with_seeds_shared_or_not() -> None:
    """Variances 4 (points), 9 (seeds, common) and 1 (rest): the one-way formula would find no effect of points."""
    rng = np.random.default_rng(6)
    drawn = [2 * rng.normal(size=(60, 1)) + 3 * rng.normal(size=(1, 4)) + rng.normal(size=(60, 4)) for _ in range(400)]
    found = [components(values) for values in drawn]
    means = [np.mean([getattr(one, part) for one in found]) for part in ("points", "common", "residual")]
    assert means == pytest.approx([4.0, 9.0, 1.0], rel=0.12)
    naive = np.mean([components(values, crossed=False).points for values in drawn])
    assert naive < 3.0
    own = 2 * rng.normal(size=(4000, 1)) + rng.normal(size=(4000, 3))
    own[::2, 2] = np.nan  # half of the points were visited twice only
    nested = components(own, crossed=False)
    assert (nested.points, nested.common, nested.residual) == pytest.approx((4.0, 0.0, 1.0), rel=0.1)


def noisy(seen: Observed, residual: float, common: float, seeds: int, rng: np.random.Generator) -> Observed:
    shape = (*seen.values.shape[:2], seeds)
    return Observed(seen.values + common * rng.normal(size=seeds) + residual * rng.normal(size=shape))


def test_the_share_of_seeds_is_recovered() -> None:
    rng = np.random.default_rng(7)
    plain = sobol_values(ishigami, 3, 128, False)
    share, low, high = seeds_share(noisy(plain, 2.0, 0.0, 10, rng), [0, -1], 100, rng)
    assert share == pytest.approx(4.0 / (4.0 + ISHIGAMI_VARIANCE), abs=0.06)
    assert 0.0 < low < 4.0 / (4.0 + ISHIGAMI_VARIANCE) < high < 0.6
    assert seeds_share(noisy(plain, 0.0, 0.0, 3, rng), [0, -1], 20, rng)[0] == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(seeds_share(plain, [0, -1], 20, rng)[0])


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_a_factor_that_only_reshuffles_luck_is_not_called_influential(method: str) -> None:
    """x₃ has no influence, yet its runs differ by luck: its total index and mu_star are far from zero."""
    rng = np.random.default_rng(8)
    if method == "sobol":
        places = sobol.sample(problem(3), 64, calc_second_order=False, seed=3)
    else:
        places = morris.sample(problem(3), 64, num_levels=4, seed=3)
    values = (4 * places[:, 0] + 2 * places[:, 1]).reshape(64, -1, 1)
    seen = noisy(Observed(values), 1.5, 5.0, 4, rng)
    if method == "sobol":
        table = of(sobol_indices(seen, names(3)), "ST")
    else:
        table = of(morris_indices(seen, places.reshape(64, 4, 3), names(3)), "mu_star")
    assert table.loc["x3", "estimate"] > 0.2
    assert table.loc["x3", "estimate"] < 1.5 * table.loc["x3", "threshold"]
    assert list(table["verdict"]) == [INFLUENTIAL, INFLUENTIAL if method == "morris" else NOISE, NOISE]


def mean_of(seen: Observed) -> Any:
    return lambda blocks, seeds: np.array([_chosen(seen.values, blocks, seeds).mean()])


def test_intervals_cover_what_another_draw_of_points_and_seeds_would_give() -> None:
    """The mean of f + seed + rest over 30 points and 5 seeds is covered 95 times out of 100, or a little more."""
    rng = np.random.default_rng(9)
    hits, naive = 0, 0
    for _ in range(150):
        values = rng.normal(size=(30, 1, 1)) + 0.5 * rng.normal(size=5) + rng.normal(size=(30, 1, 5))
        seen = Observed(values)
        found = estimated(mean_of(seen), seen, 60, rng)
        hits += bool(found.low[0] <= 0.0 <= found.high[0])
        alone = estimated(mean_of(seen), Observed(values, crossed=False), 60, rng)
        naive += bool(alone.low[0] <= 0.0 <= alone.high[0])
    assert hits >= 0.92 * 150
    assert naive < 0.9 * 150  # points alone miss that all of them share their seeds


def test_intervals_of_mu_star_cover_the_exact_value() -> None:
    hits = 0
    for seed in range(60):
        places = morris.sample(problem(3), 12, num_levels=4, seed=seed + 1)
        values = (places[:, 0] * places[:, 1] + places[:, 2]).reshape(12, 4, 1)
        table = of(morris_indices(Observed(values), places.reshape(12, 4, 3), names(3), resamples=60), "mu_star")
        hits += bool(table.loc["x1", "low"] <= 0.5 <= table.loc["x1", "high"])
    assert hits >= 0.88 * 60


# --- Batches --------------------------------------------------------------------------------------

FACTORS = ("firms.markup", "firms.precaution", "recyclers.margin")


def design(method: str = "sobol", **changes: Any) -> Design:
    factors = tuple(read_factor(name, {}) for name in changes.pop("factors", FACTORS))
    sample = Sample(method, factors, changes.pop("size", 32), along=changes.pop("along", "all"), seed=2)
    return Design("d", WORDS, WORDS, samples=(sample,), **({"seeds": (1, 2)} | changes))


def placed(job: Job) -> np.ndarray:
    """Places of the values of a job in their ranges."""
    ends = {name: read_factor(name, {}) for name in FACTORS}
    values = dict(job.values)
    return np.array([(values[n] - ends[n].low) / (ends[n].high - ends[n].low) for n in FACTORS if n in values])


def outcome(job: Job) -> Mapping[str, float]:
    places = placed(job)
    times = 2.0 if job.selection.mix == "market_pull" else 1.0
    luck = np.random.default_rng([job.seed, job.point]).normal()
    return {
        "recyclers_active": float(times * (4 * places[0] + 2 * places[1])) + 0.1 * luck,
        "public_cost": 7.0,
        "recycler_survival_60": math.nan,
    }


def worked(folder: Path, *options: str) -> list[str]:
    parser = argparse.ArgumentParser()
    command.declare(parser)
    return list(command.work(parser.parse_args([str(folder), *options])))


def test_the_command_prints_and_writes_what_it_finds(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "b", design(), outcome)
    text = "\n".join(worked(folder, "--outcome", "recyclers_active", "--outcome", "public_cost", "--resamples", "40"))
    assert "2 of 3 factors beyond noise" in text
    assert "it is the same in all runs, no factor moves it" in text
    rows = [line.split()[0] for line in text.splitlines() if line.startswith(("  firms", "  recyclers"))]
    assert rows == ["firms.markup", "firms.precaution", "recyclers.margin"]  # sorted by the index
    table = pd.read_csv(folder / "analysis" / "sensitivity.csv")
    assert set(table["outcome"]) == {"recyclers_active"}  # a constant has no indices, not zero ones
    assert table.loc[table["index"] == "ST", "estimate"].to_numpy() == pytest.approx([0.8, 0.2, 0.0], abs=0.06)
    for name in ("sensitivity.png", "sensitivity.svg", "sensitivity_noise.csv"):
        assert (folder / "analysis" / name).stat().st_size > 100


def test_the_variance_of_saltellis_scheme_is_that_of_its_independent_rows() -> None:
    """A and B, the first and last of a block; the rows between share all but one factor with them."""
    assert _independent(scheme_of(design())) == [0, 4]
    assert _independent(scheme_of(design("morris"))) == [0, 1, 2, 3]


def test_an_outcome_without_values_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "b", design(size=8), outcome)
    found = study(open_results(folder), ["recycler_survival_60", "recyclers_active"], resamples=20)
    assert "no value in runs of 8 of 8 base rows" in found.strata["notes"][0][0]
    assert set(found.indices["outcome"]) == {"recyclers_active"}


@pytest.mark.parametrize(("method", "size", "block"), [("sobol", 32, 5), ("morris", 12, 4), ("latin_hypercube", 40, 1)])
def test_a_failed_run_takes_exactly_its_block_along(tmp_path: Path, method: str, size: int, block: int) -> None:
    culprit = 2 * block + (1 if block > 1 else 0)
    wrong = lambda job: "ValueError: no" if (job.point, job.seed) == (culprit, 2) else outcome(job)  # noqa: E731
    asked = design(method, size=size)
    broken = study(open_results(write_results(tmp_path / "b", asked, wrong)), ["recyclers_active"], resamples=20)
    about = broken.strata.iloc[0]
    assert (about["dropped"], about["blocks"], about["points"]) == (1, size - 1, (size - 1) * block)
    assert f"1 of {size}" in about["notes"][0] and "failed runs" in about["notes"][0]
    values = np.array([[outcome(job)["recyclers_active"] for job in asked.jobs() if job.seed == s] for s in (1, 2)])
    blocks = np.delete(values.T.reshape(size, block, 2), 2, axis=0)
    places = np.delete(asked.samples[0].places().reshape(size, block, 3), 2, axis=0)
    if method == "sobol":
        expected = sobol_indices(Observed(blocks), FACTORS, resamples=20)
    elif method == "morris":
        expected = morris_indices(Observed(blocks), places, FACTORS, resamples=20)
    else:
        assert about["mean"] == pytest.approx(blocks.mean())
        return
    assert broken.indices["estimate"].to_numpy() == pytest.approx(expected["estimate"].to_numpy())


def test_too_many_failed_runs_are_refused(tmp_path: Path) -> None:
    wrong = lambda job: "ValueError: no" if job.point in (0, 5) else outcome(job)  # noqa: E731
    folder = write_results(tmp_path / "b", design(size=8), wrong)
    with pytest.raises(RunFailedError, match="2 of 8 base rows incomplete"):
        study(open_results(folder), ["recyclers_active"])


def test_a_batch_that_is_not_finished_is_analysed_on_its_finished_seeds(tmp_path: Path) -> None:
    seeds = design(seeds=(1, 2, 3))
    half = write_results(tmp_path / "a", seeds, outcome, made=lambda job: job.seed < 3 or job.point < 20)
    about = study(open_results(half), ["recyclers_active"], resamples=20).strata.iloc[0]
    assert about["seeds"] == 2 and about["blocks"] == 32
    assert "1 of 3 seeds left out" in about["notes"][0]
    begun = write_results(tmp_path / "b", seeds, outcome, made=lambda job: job.seed == 1 and job.point < 20)
    with pytest.raises(ConfigError, match="not finished: 20 of 480 runs"):
        study(open_results(begun), ["recyclers_active"])


def test_runs_that_another_numbering_left_behind_are_refused(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "b", design(size=8), outcome)
    grown = design(size=8, mixes=("business_as_usual", "market_pull"))
    (folder / "manifest.json").write_text(json.dumps({"design": grown.describe()}), encoding="utf-8")
    with pytest.raises(ConfigError, match="extended since"):
        study(open_results(folder), ["recyclers_active"])


def test_differences_are_taken_on_equal_points_and_seeds(tmp_path: Path) -> None:
    """Luck is the same under both mixes here: it cancels, and one mix doubles the effect of every factor."""
    asked = design("morris", size=6, mixes=("business_as_usual", "market_pull"), shocks=("calm",))
    results = open_results(write_results(tmp_path / "b", asked, outcome))
    both = study(results, ["recyclers_active"], resamples=20)
    assert list(both.strata["mix"]) == ["business_as_usual", "market_pull"]
    assert 0.0 < both.strata["seeds_share"][0] < 0.1
    apart = study(results, ["recyclers_active"], difference=True, resamples=20)
    assert list(apart.strata["mix"]) == ["market_pull − business_as_usual"]
    assert apart.strata["seeds_share"][0] == pytest.approx(0.0, abs=1e-12)
    assert of(apart.indices, "mu")["estimate"].to_numpy() == pytest.approx([4.0, 2.0, 0.0], abs=1e-9)
    with pytest.raises(ConfigError, match="fewer than two mixes"):
        study(open_results(write_results(tmp_path / "c", design(size=4), outcome)), ["recyclers_active"], True)


def test_rows_along_the_seeds_are_points_of_their_own_and_it_says_that_luck_is_not_separated(tmp_path: Path) -> None:
    asked = design("latin_hypercube", size=40, along="seeds", seeds=tuple(range(1, 41)))
    found = study(open_results(write_results(tmp_path / "b", asked, outcome)), ["recyclers_active"], resamples=20)
    about = found.strata.iloc[0]
    assert (about["points"], about["seeds"]) == (40, 1)
    assert math.isnan(about["seeds_share"])
    assert any("every point has a seed of its own" in note for note in about["notes"])
    assert of(found.indices, "delta").loc["firms.markup", "verdict"] == INFLUENTIAL
    again = asked.with_(seeds=tuple(range(1, 81)))  # every row on two seeds of its own: separable again
    twice = study(open_results(write_results(tmp_path / "c", again, outcome)), ["recyclers_active"], resamples=20)
    assert 0.0 < twice.strata["seeds_share"][0] < 0.05


def test_samples_beside_the_scheme_make_strata_or_count_as_luck(tmp_path: Path) -> None:
    price = read_factor("recyclers.margin", {"levels": [0.05, 0.1]})
    beside = Sample("list", (price,), 2, listed=((0.05,), (0.1,)))
    asked = design(size=8, factors=FACTORS[:2])
    crossed = Design("d", WORDS, WORDS, seeds=(1, 2), samples=(beside, asked.samples[0]))
    found = study(open_results(write_results(tmp_path / "b", crossed, outcome)), ["recyclers_active"], resamples=20)
    assert list(found.strata["at"]) == ["recyclers.margin=0.05", "recyclers.margin=0.1"]
    assert (found.strata["points"] == 32).all()
    assert of(found.indices, "ST").index.unique().to_list() == list(FACTORS[:2])
    beside = Sample("list", (price,), 2, along="seeds", listed=beside.listed)
    along = Design("d", WORDS, WORDS, seeds=(1, 2), samples=(beside, asked.samples[0]))
    luck = study(open_results(write_results(tmp_path / "c", along, outcome)), ["recyclers_active"], resamples=20)
    assert len(luck.strata) == 1
    assert any("counts as their luck: recyclers.margin" in note for note in luck.strata["notes"][0])


def test_a_design_without_samples_has_nothing_to_analyse(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "b", Design("d", WORDS, WORDS, seeds=(1,)), lambda _: {"recyclers_active": 1.0})
    with pytest.raises(ConfigError, match="varies no factor"):
        worked(folder)


def test_a_point_far_out_and_a_value_that_most_points_share_are_named(tmp_path: Path) -> None:
    def value(job: Job) -> Mapping[str, float]:
        return {"recyclers_active": float(job.point % 3 == 0), "public_cost": 1e6 if job.point == 7 else placed(job)[0]}

    results = open_results(write_results(tmp_path / "b", design(size=8), value))
    rare, far = study(results, ["recyclers_active", "public_cost"], resamples=20).strata["notes"]
    assert any(note.startswith("65% of the points give 0") for note in rare)
    assert any("one point, at 1e+06" in note and "100% of all variation" in note for note in far)


def test_choices_of_a_scheme_stand_for_levels(tmp_path: Path) -> None:
    mix = read_factor("mix", {"levels": ["business_as_usual", "market_pull"]})
    sample = Sample("sobol", (mix, read_factor("firms.markup", {})), 64)
    asked = Design("d", WORDS, WORDS, seeds=(1,), samples=(sample,))
    value = lambda job: {"recyclers_active": 1.0 if job.selection.mix == "market_pull" else 0.0}  # noqa: E731
    found = study(open_results(write_results(tmp_path / "b", asked, value)), ["recyclers_active"], resamples=40)
    assert of(found.indices, "ST")["estimate"].to_list() == pytest.approx([1.0, 0.0], abs=0.1)
    assert of(found.indices, "ST").loc["firms.markup", "verdict"] == NONE
    assert any(note.startswith("one seed") for note in found.strata["notes"][0])
    steps = Design("d", WORDS, WORDS, seeds=(1,), samples=(replace(sample, method="morris", size=6),))
    stepped = study(open_results(write_results(tmp_path / "c", steps, value)), ["recyclers_active"], resamples=40)
    assert of(stepped.indices, "mu_star")["estimate"].to_list() == pytest.approx([1.5, 0.0])  # a step of two thirds
    assert any(note.startswith("steps of mix") for note in stepped.strata["notes"][0])


# --- The model ------------------------------------------------------------------------------------


def test_the_shipped_screening_is_ready_to_run() -> None:
    shipped = load_design("sensitivity_morris")
    assert shipped.samples[0].method == "morris" and len(shipped.mixes) == 2
    assert len(shipped) == 2 * len(shipped.seeds) * shipped.samples[0].size * (len(shipped.factors) + 1)


def test_a_tiny_batch_of_the_model_end_to_end(tmp_path: Path) -> None:
    factors = (read_factor("firms.markup", {}), read_factor("materials.*.price", {}))
    sample = Sample("morris", factors, 3, seed=2)
    asked = Design("tiny", WORDS, WORDS, households=60, months=4, seeds=(1,), samples=(sample,))
    run_design(asked, tmp_path / "b", workers=1, progress=False)
    text = "\n".join(worked(tmp_path / "b", "--outcome", "material_cost_index", "--outcome", "product_price_index"))
    assert "Note: one seed" in text
    table = pd.read_csv(tmp_path / "b" / "analysis" / "sensitivity.csv")
    star = of(table[table["outcome"] == "product_price_index"], "mu_star")
    assert star["estimate"].max() > 0.0


def test_study_is_plain_tables(tmp_path: Path) -> None:
    found = study(open_results(write_results(tmp_path / "b", design(size=4), outcome)), ["recyclers_active"])
    assert isinstance(found, Study) and found.method == "sobol"
    assert list(found.indices.columns[:4]) == ["mix", "shocks", "at", "outcome"]
