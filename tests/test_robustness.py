"""Robustness: regret, satisficing and ranks on matrices whose answers can be worked out by hand."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm.parameters import ConfigError
from experiments.analysis import robustness_command
from experiments.analysis.criteria import read_criterion
from experiments.analysis.robustness import States, best, measures, regret, robustness, satisficing, state_keys, states
from experiments.designs import read_factor
from experiments.runs import Job
from tests.fakes import Outcomes, fake_batch, fake_design

EARNING, COST, MARGIN = "recyclers_earning_cost_of_capital", "public_cost_discounted", "recycler_margin"
KNOWN = (EARNING, COST, MARGIN)
A, B, C = "business_as_usual", "market_pull", "push_and_pull"

# Three mixes in four states. More is better: a is never the best, b twice, c twice.
VALUES = np.array([[1.0, 3.0, 2.0], [2.0, 2.0, 6.0], [0.0, 4.0, 3.0], [1.0, 1.0, 5.0]])


def table(values: np.ndarray = VALUES, outcome: str = EARNING, mixes: tuple[str, ...] = (A, B, C)) -> pd.DataFrame:
    """Runs of one seed with these values (states, mixes), a point per state."""
    rows = [
        {"mix": mix, "shocks": "calm", "seed": 1, "point": point, "status": "ok", outcome: values[point, place]}
        for point in range(len(values))
        for place, mix in enumerate(mixes)
    ]
    return pd.DataFrame(rows)


def found(values: np.ndarray, mixes: tuple[str, ...] = (A, B, C)) -> States:
    return States(pd.DataFrame(values, columns=list(mixes)), np.arange(len(values)))


def measured(result: pd.DataFrame, name: str, column: str = "value") -> list[float]:
    return result.loc[result["measure"] == name, column].tolist()


# --- Measures


def test_regret_is_to_the_best_mix_in_the_same_state() -> None:
    np.testing.assert_array_equal(regret(VALUES, 1), [[2, 0, 1], [4, 4, 0], [4, 0, 1], [4, 4, 0]])
    np.testing.assert_array_equal(regret(VALUES, -1), [[0, 2, 1], [0, 0, 4], [0, 4, 3], [0, 0, 4]])


def test_measures_on_four_states() -> None:
    one = measures(VALUES, 1)
    assert one["regret_mean"].tolist() == [3.5, 2.0, 0.5]
    assert one["regret_max"].tolist() == [4.0, 4.0, 1.0]
    assert one["regret_p90"] == pytest.approx([4.0, 4.0, 1.0])
    assert one["worst"].tolist() == [0.0, 1.0, 2.0]
    assert one["mean"].tolist() == [1.0, 2.5, 4.0]
    assert one["median"].tolist() == [1.0, 2.5, 4.0]
    assert one["p10"] == pytest.approx([0.3, 1.3, 2.3])
    assert one["p90"] == pytest.approx([1.7, 3.7, 5.7])
    assert one["deviation"] == pytest.approx([np.sqrt(2 / 3), np.sqrt(5 / 3), np.sqrt(10 / 3)])
    assert one["undesirable"].tolist() == [0.25, 0.5, 0.75]  # (1 - 0) / 4; (0.5 + 1.5) / 4; (2 + 1) / 4
    assert one["best"].tolist() == [0.0, 0.5, 0.5]


def test_where_less_is_better_worst_is_the_highest_and_shortfall_is_above() -> None:
    values = np.array([[1.0, 9.0], [2.0, 2.0], [9.0, 3.0]])
    less, more = measures(values, -1), measures(values, 1)
    assert less["worst"].tolist() == [9.0, 9.0]
    assert more["worst"].tolist() == [1.0, 2.0]
    assert less["undesirable"] == pytest.approx([7 / 3, 2.0])
    assert more["undesirable"] == pytest.approx([1 / 3, 1 / 3])


def test_mixes_that_tie_share_the_place() -> None:
    np.testing.assert_array_equal(best(np.array([[2.0, 2.0, 1.0], [3.0, 3.0, 3.0]]), 1), [[0.5, 0.5, 0], [1 / 3] * 3])
    assert best(np.array([[1e8 * 0.3, 1e8 * (0.1 + 0.2)]]), 1).tolist() == [[0.5, 0.5]]  # apart by rounding only
    result = robustness(found(np.tile([[2.0], [4.0], [5.0]], 3)), 1, resamples=50)
    for name in ("mean", "regret_mean", "regret_p90", "worst", "best"):
        assert measured(result, name, "first") == pytest.approx([1 / 3] * 3)


def test_a_mix_that_dominates_regrets_nothing_and_is_first_for_sure() -> None:
    values = np.random.default_rng(1).normal(size=(40, 1)) + np.array([[0.0, -1.0, 0.5]])
    result = robustness(found(values), 1, resamples=200)
    for name in ("mean", "median", "worst", "regret_mean", "regret_p90", "regret_max", "best"):
        assert measured(result, name, "first") == [0.0, 0.0, 1.0]
    assert measured(result, "regret_max") == pytest.approx([0.5, 1.5, 0.0])
    assert measured(result, "best") == [0.0, 0.0, 1.0]
    low, high = measured(result, "regret_mean", "low"), measured(result, "regret_mean", "high")
    assert low == pytest.approx([0.5, 1.5, 0.0])  # the mixes are paired: the spread of the worlds is no doubt here
    assert high == pytest.approx([0.5, 1.5, 0.0])
    reverse = robustness(found(values), -1, resamples=50)
    assert measured(reverse, "mean", "first") == [0.0, 1.0, 0.0]


def test_a_close_race_is_undecided() -> None:
    values = np.random.default_rng(2).normal(size=(30, 2))
    first = measured(robustness(found(values, (A, B)), 1, resamples=300), "mean", "first")
    assert sum(first) == pytest.approx(1.0)
    assert min(first) > 0.02


def test_intervals_cover_what_they_estimate() -> None:
    """Mean regret of two mixes that differ by a normal deviate: E max(0, d) = 1 / sqrt(2 pi); four states per point."""
    rng = np.random.default_rng(3)
    truth, hits = 1 / np.sqrt(2 * np.pi), 0
    for number in range(60):
        gaps = np.sqrt(0.5) * (np.repeat(rng.normal(size=40), 4) + rng.normal(size=160))
        values = pd.DataFrame({A: np.zeros(160), B: gaps})
        result = robustness(States(values, np.repeat(np.arange(40), 4)), 1, resamples=100, seed=number)
        hits += measured(result, "regret_mean", "low")[0] <= truth <= measured(result, "regret_mean", "high")[0]
    assert 50 <= hits <= 60


def crossed(rng: np.random.Generator, points: int = 40, seeds: int = 2) -> pd.DataFrame:
    """Two mixes at points that share seeds; the second is ahead by luck of the seed and of the point, 0 on average."""
    point, seed = np.repeat(np.arange(points), seeds), np.tile(np.arange(seeds), points)
    gap = rng.normal(size=seeds)[seed] + 0.5 * rng.normal(size=points)[point] + 0.5 * rng.normal(size=points * seeds)
    return two_mixes(point, seed, gap)


def nested(rng: np.random.Generator, levels: int = 5, seeds: int = 20) -> pd.DataFrame:
    """Two mixes at levels that every seed has, each seed in a world of its own, as `resampling.with_worlds` has it."""
    seed, level = np.repeat(np.arange(seeds), levels), np.tile(np.arange(levels), seeds)
    gap = rng.normal(size=seeds)[seed] + 0.3 * rng.normal(size=levels * seeds)
    return two_mixes(level * seeds + seed, seed, gap).assign(world=np.tile(seed, 2))


def two_mixes(point: np.ndarray, seed: np.ndarray, gap: np.ndarray) -> pd.DataFrame:
    runs = pd.DataFrame({"shocks": "calm", "seed": seed, "point": point, "status": "ok"})
    return pd.concat([runs.assign(mix=A, **{EARNING: 0.0}), runs.assign(mix=B, **{EARNING: gap})], ignore_index=True)


@pytest.mark.parametrize(
    ("made", "keys"), [(crossed, ["point", "shocks"]), (nested, ["point", "shocks", "seed"])], ids=["crossed", "nested"]
)
def test_intervals_cover_where_seeds_have_an_effect_of_their_own(
    made: Callable[[np.random.Generator], pd.DataFrame], keys: list[str]
) -> None:
    rng = np.random.default_rng(5)
    means, shares = 0, 0
    ahead = read_criterion(f"difference {EARNING} > 0", KNOWN)
    for number in range(40):
        runs = made(rng)
        own = robustness(states(runs, EARNING, keys), 1, resamples=100, seed=number)
        means += measured(own, "mean", "low")[1] <= 0.0 <= measured(own, "mean", "high")[1]
        row = satisficing(runs, [ahead], keys).iloc[1]
        shares += row["low"] <= 0.5 <= row["high"]
    assert means >= 34
    assert shares >= 34


def test_two_seeds_that_agree_leave_little_doubt_and_two_that_do_not_leave_much() -> None:
    rng = np.random.default_rng(6)
    runs = crossed(rng)
    runs.loc[runs["mix"] == B, EARNING] = runs["seed"] + 0.01 * rng.normal(size=len(runs))
    row = robustness(states(runs, EARNING, ["point", "shocks"]), 1, resamples=500).set_index(["measure", "mix"])
    low, high = row.loc[("mean", B), ["low", "high"]]
    assert high - low == pytest.approx(12.7, rel=0.6)  # t with one degree of freedom
    assert 0.6 < row.loc[("mean", B), "first"] < 0.9
    runs.loc[runs["mix"] == B, EARNING] -= runs["seed"] - 1
    row = robustness(states(runs, EARNING, ["point", "shocks"]), 1, resamples=500).set_index(["measure", "mix"])
    assert row.loc[("mean", B), "high"] - row.loc[("mean", B), "low"] < 0.2
    assert row.loc[("mean", B), "first"] == 1.0


def test_extremes_have_no_interval_and_one_unit_has_none_at_all() -> None:
    result = robustness(found(VALUES), 1, resamples=50)
    for name in ("worst", "regret_max"):
        assert np.isnan(measured(result, name, "low")).all()
    assert np.isfinite(measured(result, "regret_p90", "low")).all()
    alone = robustness(States(pd.DataFrame(VALUES, columns=[A, B, C]), np.zeros(4, dtype=int)), 1)
    assert np.isnan(alone["low"]).all()
    assert np.isnan(alone["first"]).all()


# --- States


def test_states_are_points_and_shocks_averaged_over_seeds() -> None:
    rows = [
        {"mix": mix, "shocks": shocks, "seed": seed, "point": point, "status": "ok", EARNING: 10 * point + seed}
        for mix in (B, A) for shocks in ("calm", "turbulent") for seed in (1, 2) for point in (0, 1, 2)
    ]  # fmt: skip
    runs = pd.DataFrame(rows)
    assert state_keys(False, runs) == ["point", "shocks"]
    assert state_keys(True, runs) == state_keys(False, runs.assign(point=0)) == ["point", "shocks", "seed"]
    wide = states(runs, EARNING, ["point", "shocks"])
    assert list(wide.values.columns) == [B, A]  # as they were run, so the first mix stays the first
    assert wide.values[A].tolist() == [1.5, 1.5, 11.5, 11.5, 21.5, 21.5]
    assert wide.units.tolist() == [0, 0, 1, 1, 2, 2]
    each = states(runs[runs["point"] == 0], EARNING, ["point", "shocks", "seed"])
    assert each.units.tolist() == [0, 1, 0, 1]


def test_a_state_in_which_a_run_failed_is_left_out_for_all_mixes() -> None:
    runs = table()
    failed = (runs["mix"] == A) & (runs["point"] == 1)
    runs.loc[failed, ["status", EARNING]] = ["died", np.nan]
    runs.loc[(runs["mix"] == C) & (runs["point"] == 3), EARNING] = np.nan
    left = states(runs, EARNING, ["point", "shocks"])
    assert (left.failed, left.undefined) == (1, 1)
    np.testing.assert_array_equal(left.values, VALUES[[0, 2]])
    assert states(runs.drop(index=runs.index[failed]), EARNING, ["point", "shocks"]).failed == 1  # missing is no better


def test_one_failed_seed_takes_its_state_out() -> None:
    both = pd.concat([table(), table().assign(seed=2)], ignore_index=True)
    both.loc[0, ["status", EARNING]] = ["died", np.nan]
    left = states(both, EARNING, ["point", "shocks"])
    assert left.failed == 1
    np.testing.assert_array_equal(left.values, VALUES[1:])


def test_a_seed_that_one_mix_lacks_takes_its_state_out_and_an_undefined_one_leaves_it_undefined() -> None:
    both = pd.concat([table(), table().assign(seed=2)], ignore_index=True)
    left = states(both.drop(index=0), EARNING, ["point", "shocks"], (A, B, C))  # the first mix stays the first
    assert (left.failed, left.undefined) == (1, 0)
    np.testing.assert_array_equal(left.values, VALUES[1:])
    both.loc[0, EARNING] = np.nan
    left = states(both, EARNING, ["point", "shocks"])
    assert (left.failed, left.undefined) == (0, 1)
    np.testing.assert_array_equal(left.values, VALUES[1:])


def test_mixes_that_meet_in_no_state_are_not_compared() -> None:
    runs = table()
    with pytest.raises(ConfigError, match="no state in which all of"):
        states(runs[(runs["mix"] == A) == (runs["point"] < 2)], EARNING, ["point", "shocks"])


# --- Satisficing


def test_shares_of_states_that_satisfy() -> None:
    runs = table().assign(**{COST: table(-VALUES)[EARNING]})
    criteria = [read_criterion(text, KNOWN, "--satisfy") for text in (f"{EARNING} >= 2", f"{COST} >= -3")]
    result = satisficing(runs, criteria, ["point", "shocks"]).set_index(["criterion", "mix"])
    assert result.loc[str(criteria[0]), "value"].tolist() == [0.25, 0.75, 1.0]
    assert result.loc[str(criteria[1]), "value"].tolist() == [1.0, 0.75, 0.5]
    assert result.loc["all", "value"].tolist() == [0.25, 0.5, 0.5]
    assert result.loc[(str(criteria[0]), C), ["low", "high"]].tolist() == pytest.approx([0.025 ** (1 / 4), 1.0])
    assert (result["low"] <= result["value"]).all()
    assert (result["states"] == 4).all()


def test_a_difference_is_to_the_first_mix_in_the_same_state() -> None:
    criterion = read_criterion(f"difference {EARNING} > 0", KNOWN)
    result = satisficing(table(), [criterion], ["point", "shocks"])
    assert result["value"].tolist() == [0.0, 0.5, 1.0]


def test_states_where_any_outcome_is_undefined_do_not_count() -> None:
    runs = table().assign(**{COST: 1.0})
    runs.loc[(runs["point"] == 0) & (runs["mix"] == B), COST] = np.nan
    criteria = [read_criterion(f"{name} >= 0.5", KNOWN) for name in (EARNING, COST)]
    result = satisficing(runs, criteria, ["point", "shocks"])
    assert (result["states"] == 3).all()
    assert result.loc[result["mix"] == A, "value"].tolist() == pytest.approx([2 / 3, 1.0, 2 / 3])


# --- The command


def level(job: Job) -> Outcomes | str:
    """The second mix earns 0.1 more in every world and costs 1 to 3, as the point has it."""
    second, spread = job.selection.mix == B, dict(job.values)["blocs.china.component_depth"]
    if job.point == 4 and job.seed == 2 and second:
        return "died"
    return {EARNING: spread + 0.1 * second, COST: (1 + 2 * spread) * second, "share_under_contract": spread}


def command(*arguments: str) -> str:
    parser = argparse.ArgumentParser()
    robustness_command.declare(parser)
    return "\n".join(robustness_command.work(parser.parse_args(arguments)))


def test_the_command_says_which_mix_is_robust_and_writes_it_down(tmp_path: Path) -> None:
    fake_batch(tmp_path / "b", fake_design(30, mixes=(A, B), shocks=("calm", "turbulent"), seeds=(1, 2)), level)
    wishes = ["--satisfy", f"{EARNING} >= 0.1", "--satisfy", f"{COST} <= 3"]
    said = command(str(tmp_path / "b"), *wishes, "--resamples", "100")
    assert f"{EARNING}: 58 states (point × shocks); left out for all mixes: 2 with a failed or missing run" in said
    assert "2 of 240 runs failed" in said
    assert f"first (in so many resamples): {B} by mean (100%), median (100%), worst (100%)" in said
    assert "undecided" not in said
    out = tmp_path / "b" / "analysis"
    assert sorted(path.name for path in out.iterdir()) == [
        "robustness.csv", "robustness.png", "robustness.svg", "satisficing.csv",
    ]  # fmt: skip
    stored = pd.read_csv(out / "robustness.csv").set_index(["outcome", "measure", "mix"])
    assert stored.loc[(EARNING, "regret_mean", A), "value"] == pytest.approx(0.1)
    assert stored.loc[(EARNING, "regret_mean", B), "value"] == 0.0
    assert stored.loc[(COST, "regret_mean", A), "value"] == 0.0
    assert 1.0 < stored.loc[(COST, "regret_mean", B), "low"] < stored.loc[(COST, "regret_mean", B), "high"] < 3.0
    assert (stored["failed"] == 2).all()
    satisfied = pd.read_csv(out / "satisficing.csv")
    assert satisfied.loc[(satisfied["mix"] == B), "value"].tolist() == [1.0, 1.0, 1.0]


def test_with_points_along_seeds_each_seed_is_a_state(tmp_path: Path) -> None:
    design = fake_design(6, mixes=(A, B), seeds=tuple(range(1, 7)))
    sample = design.samples[0].__class__("latin_hypercube", design.samples[0].factors, 6, along="seeds")
    results = fake_batch(tmp_path / "b", design.with_(samples=(sample,)), level)
    study = robustness_command.measure(results, [EARNING], resamples=50)
    assert study.states[EARNING].values.index.names == ["point", "shocks", "seed"]
    assert len(study.states[EARNING].values) == 6
    assert study.states[EARNING].units.tolist() == [0, 1, 2, 3, 4, 5]
    levers = design.samples[0].__class__("factorial", (read_factor("firms.precaution", {}),), levels=3)
    for place, (rows, number) in enumerate(((sample, 6), (replace(sample, size=3), 3))):
        results = fake_batch(
            tmp_path / f"n{place}", design.with_(samples=(levers, rows)), lambda job: {EARNING: 1.0 / (1 + job.number)}
        )
        found_ = robustness_command.measure(results, [EARNING], resamples=50).states[EARNING]
        assert np.bincount(found_.units).tolist() == [18 // number] * number  # rows that seeds share are one world
        assert found_.without == ()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--outcome", "recyclers_earning"], "unknown outcome"),
        (["--outcome", "share_under_contract"], "does not say which way is better.*--better"),
        (["--better", f"{EARNING}=sideways"], "says no direction"),
        (["--better", "nothing=up"], "unknown outcome"),
        (["--satisfy", f"{EARNING} is high"], "--satisfy.*is no criterion"),
    ],
)
def test_bad_options_are_refused(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    fake_batch(tmp_path / "b", fake_design(6, mixes=(A, B)), level)
    with pytest.raises(ConfigError, match=complaint):
        command(str(tmp_path / "b"), *arguments)
    assert not (tmp_path / "b" / "analysis").exists()


def test_a_direction_can_be_given(tmp_path: Path) -> None:
    fake_batch(tmp_path / "b", fake_design(6, mixes=(A, B)), level)
    given = ["--outcome", "share_under_contract", "--better", "share_under_contract=down", "--resamples", "20"]
    assert "less is better" in command(str(tmp_path / "b"), *given)


def test_one_mix_cannot_be_compared(tmp_path: Path) -> None:
    fake_batch(tmp_path / "b", fake_design(6), level)
    with pytest.raises(ConfigError, match="two mixes or more"):
        command(str(tmp_path / "b"))
