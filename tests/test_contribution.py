"""Contributions of instruments: known games, sampled orders, intervals, sub-mixes by bits, and the command."""

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm import load_scenario, run
from abm.parameters import ConfigError
from experiments.analysis import contribution_command as command
from experiments.analysis.contribution import (
    CONFLICT,
    LESS,
    SYNERGY,
    Estimates,
    Plan,
    additions,
    estimate,
    interaction_indices,
    name_interactions,
    pairs,
    prefixes,
    sampled_orders,
    shapley_values,
)
from experiments.analysis.submixes import SubMixes, between, key_of, read_groups
from experiments.batch.results import open_results
from experiments.compare import RunFailedError
from experiments.runs import Selection, load

BASE, MIX = "business_as_usual", "push_and_pull"


def game(count: int, value: Callable[[set[int]], float]) -> np.ndarray:
    """Values (2^n,) of all coalitions."""
    return np.array([value({player for player in range(count) if c >> player & 1}) for c in range(1 << count)])


def from_dividends(count: int, dividends: np.ndarray) -> np.ndarray:
    """The game in which every coalition adds its own dividend to all that contain it (Harsanyi 1963)."""
    return np.array([sum(dividends[part] for part in range(1 << count) if part & c == part) for c in range(1 << count)])


# --- Known games


def test_the_one_with_the_left_glove_gets_two_thirds() -> None:
    gloves = game(3, lambda there: float(0 in there and len(there) > 1))
    np.testing.assert_allclose(shapley_values(gloves), [2 / 3, 1 / 6, 1 / 6], rtol=1e-15)
    assert dict(zip(pairs(3), interaction_indices(gloves), strict=True)) == {(0, 1): 0.5, (0, 2): 0.5, (1, 2): -0.5}


def test_in_an_additive_game_everybody_gets_their_own_and_nobody_interacts() -> None:
    own = [0.1, 1 / 3, -3.7e3, np.pi]
    additive = game(4, lambda there: 1e6 / 7 + sum(own[player] for player in there))
    assert any(additive[3 | c] - additive[1 | c] != additive[2 | c] - additive[c] for c in (0, 4, 8, 12)), "rounding"
    np.testing.assert_allclose(shapley_values(additive), own, rtol=1e-9, atol=1e-9)
    assert (interaction_indices(additive) == 0.0).all(), "rounding is not interaction"


def test_who_changes_nothing_gets_exactly_nothing_and_equals_get_the_same() -> None:
    odd = game(4, lambda there: 0.1 * len(there - {3}) ** 1.7)
    found = shapley_values(odd)
    assert found[3] == 0.0
    np.testing.assert_allclose(found[:3], found[0], rtol=1e-14)
    assert all(index == 0.0 for pair, index in zip(pairs(4), interaction_indices(odd), strict=True) if 3 in pair)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_values_and_indices_follow_from_the_dividends(count: int) -> None:
    """A coalition's dividend is shared by its members; its pairs get it divided by one fewer (Grabisch and Roubens)."""
    dividends = np.random.default_rng(count).normal(size=1 << count)
    values = from_dividends(count, dividends)
    shared = [sum(dividends[c] / c.bit_count() for c in range(1 << count) if c >> i & 1) for i in range(count)]
    np.testing.assert_allclose(shapley_values(values), shared, rtol=1e-10)
    for (one, other), index in zip(pairs(count), interaction_indices(values), strict=True):
        both = 1 << one | 1 << other
        expected = sum(dividends[c] / (c.bit_count() - 1) for c in range(1 << count) if c & both == both)
        assert index == pytest.approx(expected, rel=1e-10)


def test_shapley_values_are_mean_additions_over_all_orders() -> None:
    values = np.random.default_rng(3).normal(size=1 << 4)
    over_orders = np.mean([additions(dict(enumerate(values)), order) for order in permutations(range(4))], axis=0)
    np.testing.assert_allclose(shapley_values(values), over_orders, rtol=1e-12)


def test_values_that_are_no_game_are_refused() -> None:
    with pytest.raises(ValueError, match="not those of all coalitions"):
        shapley_values(np.zeros(6))


# --- Sampled orders


def test_every_order_is_followed_by_its_reverse_and_more_orders_go_on_from_the_same() -> None:
    orders = sampled_orders(7, 6, 12)
    np.testing.assert_array_equal(orders[1::2], orders[::2, ::-1])
    np.testing.assert_array_equal(sampled_orders(7, 20, 12)[:6], orders)
    assert not np.array_equal(sampled_orders(7, 6, 13), orders), "every seed draws its own"
    assert prefixes([2, 0, 1]) == [0, 4, 5, 7]


def noisy_games(rng: np.random.Generator, mean: np.ndarray, seeds: Iterable[int]) -> dict[tuple[int, int], float]:
    """Values by seed and coalition of games that differ from seed to seed, by 0.3 in each value."""
    return {(s, c): v for s in seeds for c, v in enumerate(mean + rng.normal(scale=0.3, size=len(mean)))}


def test_intervals_of_sampled_orders_hold_the_exact_values_as_often_as_they_say() -> None:
    rng = np.random.default_rng(8)
    mean = from_dividends(5, rng.normal(size=32))
    exact = shapley_values(mean)
    plan = Plan(tuple("abcde"), tuple(range(8)), 2)
    held = []
    for trial in range(120):
        seeds = tuple(range(8 * trial, 8 * trial + 8))
        found = estimate(Plan(plan.players, seeds, 2), noisy_games(rng, mean, seeds)).table().set_index("player")
        held += [found.loc[p, "low"] <= v <= found.loc[p, "high"] for p, v in zip("abcde", exact, strict=True)]
    assert 0.91 < np.mean(held) < 0.985


def test_more_orders_come_nearer_and_say_so() -> None:
    rng = np.random.default_rng(5)
    values = from_dividends(6, rng.normal(size=64))
    exact = shapley_values(values)
    known = {(seed, c): value for seed in range(6) for c, value in enumerate(values)}
    errors, widths = [], []
    for orders in (2, 20, 200):
        found = estimate(Plan(tuple("abcdef"), tuple(range(6)), orders), known)
        table = found.table().set_index("player").loc[list("abcdef")]
        errors.append(float(np.abs(table["contribution"] - exact).max()))
        widths.append(float((table["high"] - table["low"]).max()))
    assert errors[2] < errors[0] / 3 and widths[2] < widths[1] < widths[0]
    assert found.sampling_share == pytest.approx(1.0, abs=0.6), "seeds differ by the orders they drew alone"
    assert estimate(Plan(tuple("abcdef"), tuple(range(6))), known).sampling_share == 0.0


@pytest.mark.parametrize("orders", [0, 2, 6])
def test_contributions_sum_to_the_total_effect_on_every_seed(orders: int) -> None:
    known = noisy_games(np.random.default_rng(1), np.random.default_rng(2).normal(1e9, 1e8, size=16), range(4))
    found = estimate(Plan(tuple("abcd"), tuple(range(4)), orders), known)
    np.testing.assert_allclose(found.contributions.sum(axis=0), found.mix - found.base, rtol=1e-9)
    with pytest.raises(ArithmeticError, match="do not sum"):
        Estimates(found.players, found.seeds, found.base, found.mix, found.contributions * 1.01, found.sampling, None)


# --- What is known and what is not


def test_a_seed_that_lacks_a_run_is_left_out_with_the_reason() -> None:
    plan = Plan(("a", "b"), (1, 2, 3))
    known = noisy_games(np.random.default_rng(1), np.arange(4.0), (1, 2, 3))
    del known[2, 3]
    known[3, 0] = np.nan
    found = estimate(plan, known)
    assert found.seeds == (1,)
    assert found.left_out == {2: "1 run failed or missing", 3: "outcome undefined in 1 run"}
    assert found.table()["low"].isna().all(), "one seed decides nothing"
    nothing = estimate(plan, {})
    assert nothing.seeds == () and nothing.table()["contribution"].isna().all() and len(nothing.pair_table()) == 1


def test_while_runs_arrive_orders_count_with_their_reverses_only() -> None:
    plan = Plan(tuple("abcde"), (5,), 4)
    values = np.random.default_rng(4).normal(size=32)
    orders = plan.orders_on(5)
    known = {(5, c): values[c] for order in orders[:2] for c in prefixes(order)}
    assert set(plan.coalitions(5)) > {c for _, c in known}, "else nothing is missing"
    assert estimate(plan, known).left_out
    found = estimate(plan, known, partial=True)
    expected = np.mean([additions(dict(enumerate(values)), order) for order in orders[:2]], axis=0)
    np.testing.assert_allclose(found.contributions[:, 0], expected, rtol=1e-12)
    half = {(5, c): values[c] for c in prefixes(orders[0])}
    assert estimate(plan, half, partial=True).seeds == ()


def test_a_share_is_given_only_where_the_total_effect_is_told_from_zero() -> None:
    rng = np.random.default_rng(6)
    plan = Plan(("a", "b"), tuple(range(12)))
    clear = estimate(plan, noisy_games(rng, np.array([0.0, 30.0, 10.0, 40.0]), plan.seeds)).table(1)
    assert clear["share"].to_list() == pytest.approx([0.75, 0.25], abs=0.02)
    assert clear["share"].sum() == pytest.approx(1.0)
    assert clear["verdict"].to_list() == ["better", "better"]
    vague = estimate(plan, noisy_games(rng, np.array([0.0, 30.0, -30.0, 0.0]), plan.seeds)).table(-1)
    assert vague["share"].isna().all()
    assert vague.set_index("player")["verdict"].to_dict() == {"a": "worse", "b": "better"}


def test_alone_and_removed_are_effects_at_the_ends() -> None:
    plan = Plan(("a", "b"), (1,))
    table = estimate(plan, {(1, c): v for c, v in enumerate([1.0, 3.0, 4.0, 10.0])}).table().set_index("player")
    assert table.loc["a", ["contribution", "alone", "removed"]].to_list() == [4.0, 2.0, 6.0]
    assert table.loc["b", ["contribution", "alone", "removed"]].to_list() == [5.0, 3.0, 7.0]


# --- Interactions


def test_planted_interactions_are_named_and_no_others() -> None:
    planted = game(4, lambda there: 2.0 * ({0, 1} <= there) - 2.0 * ({2, 3} <= there) + len(there))
    known = noisy_games(np.random.default_rng(9), planted, range(20))
    table = estimate(Plan(tuple("abcd"), tuple(range(20))), known).pair_table()
    parts = [table.assign(outcome=name) for name in ("more", "less", "neither")]
    named = name_interactions(pd.concat(parts, ignore_index=True), {"more": 1, "less": -1, "neither": 0})
    kinds = {(row["outcome"], row["first"] + row["second"]): row["kind"] for _, row in named.iterrows()}
    assert {key: kind for key, kind in kinds.items() if kind} == {
        ("more", "ab"): SYNERGY, ("more", "cd"): CONFLICT, ("less", "ab"): CONFLICT, ("less", "cd"): SYNERGY,
        ("neither", "ab"): "more than the sum", ("neither", "cd"): LESS,
    }  # fmt: skip
    assert (named["q"] >= named["p"]).all() and (named["q"] > named["p"]).any()
    row = table[(table["first"] == "a") & (table["second"] == "b")].iloc[0]
    assert row["alone"] == pytest.approx(2.0, abs=0.4) and row["in_mix"] == pytest.approx(2.0, abs=0.4)


def test_where_nothing_interacts_few_names_are_given_in_spite_of_many_tests() -> None:
    rng, names, plain = np.random.default_rng(10), 0, 0
    additive = game(6, lambda there: float(len(there)))
    for _ in range(30):
        table = estimate(Plan(tuple("abcdef"), tuple(range(6))), noisy_games(rng, additive, range(6))).pair_table()
        named = name_interactions(table.assign(outcome="x"), {"x": 1})
        names += int((named["kind"] != "").any())
        plain += int(((table["low"] > 0) | (table["high"] < 0)).any())
    assert names <= 5 < plain, "uncorrected intervals name some in most of the studies"


# --- Sub-mixes


@pytest.fixture(scope="module")
def by_instrument() -> SubMixes:
    return between(load_scenario(mix=BASE), load_scenario(mix=MIX), "instrument")


@pytest.mark.parametrize(
    ("base", "mix"), [(BASE, MIX), (BASE, "full_coherent"), (MIX, "lifetime_first"), ("full_national", "full_eu_wide")]
)
def test_nobody_is_the_base_and_everybody_is_the_mix(base: str, mix: str, tmp_path: Path) -> None:
    ends = load_scenario(mix=base), load_scenario(mix=mix)
    submixes = between(*ends)
    full = (1 << len(submixes.players)) - 1
    files = submixes.write([0, full], tmp_path)
    for coalition, end in zip((0, full), ends, strict=True):
        read = load_scenario(mix=str(files[coalition]))
        assert sorted(map(repr, read.mix)) == sorted(map(repr, end.mix))
        assert _in_groups(read.mix) == _in_groups(end.mix), "one government's uses of one instrument keep their order"
        assert submixes.coalition(read.mix_name) == coalition
    assert load_scenario(mix=str(files[full])).mix == ends[1].mix, "the mix in its very order"


def _in_groups(uses: Sequence[Any]) -> dict[tuple[str, str], list[Any]]:
    return {key: [use for use in uses if key_of(use) == key] for key in map(key_of, uses)}


def test_results_of_both_ends_are_those_of_the_mixes_by_bits(by_instrument: SubMixes, tmp_path: Path) -> None:
    files = by_instrument.write([0, 127], tmp_path)
    for coalition, name in ((0, BASE), (127, MIX)):
        own, plain = (
            run(load(Selection(mix=mix, households=60, months=48)), rng=4) for mix in (str(files[coalition]), name)
        )
        pd.testing.assert_frame_equal(own.series, plain.series, check_exact=True)
        pd.testing.assert_series_equal(pd.Series(own.summary()), pd.Series(plain.summary()), check_exact=True)


def test_an_absent_player_is_as_in_the_base_and_law_stays(by_instrument: SubMixes) -> None:
    """Investment support and procurement are in the base too, in other strength; the mandate adds to standing law."""
    base, mix = _in_groups(by_instrument.base), _in_groups(by_instrument.mix)
    for coalition in (0b0000001, 0b0100110, 0b1111110, 0b1011001):
        uses = _in_groups(by_instrument.uses(coalition))
        for number, player in enumerate(by_instrument.players):
            for key in player.keys:
                expected = mix if coalition >> number & 1 else base
                assert uses.get(key, []) == expected.get(key, [])
    law = set(map(repr, load_scenario(mix="adopted_law").mix))
    assert law <= set(map(repr, by_instrument.uses(0))) and law <= set(map(repr, by_instrument.uses(127)))
    support = [use for use in by_instrument.uses(0) if use.use == "recycling_investment_support"]
    assert [use.intensity for use in support] == [0.25, 0.25, 0.25, 0.15]


def test_a_file_of_a_sub_mix_is_an_ordinary_mix(by_instrument: SubMixes, tmp_path: Path) -> None:
    file = by_instrument.write([0b0101010], tmp_path)[0b0101010]
    assert file.name == "with_0101010.toml"
    assert list(load_scenario(mix=str(file)).mix) == by_instrument.uses(0b0101010)
    assert by_instrument.coalition(str(file)) == 0b0101010


def test_what_every_use_can_hold_survives_the_file(tmp_path: Path) -> None:
    """Rules, dates before the start, withdrawals, and names with quotes."""
    rule = {"indicator": "budget_use[nl]", "action": "lower", "above": 0.9, "step": 0.1}
    use = {
        "use": "recovery_subsidy", "jurisdiction": "eu", "announced": -29, "start": 3, "withdrawn": 20,
        "intensity": 0.1, "cap": 1e7, "reversal": 0.1, "pause": 7, "retroactive": 1.0, "materials": ["ndpr"],
        "rules": [rule],
    }  # fmt: skip
    submixes = between(load_scenario(mix=[]), load_scenario(mix=[use]))
    read = load_scenario(mix=str(submixes.write([1], tmp_path)[1]))
    assert read.mix == load_scenario(mix=[use]).mix


def test_players_merge_by_instrument_government_phase_and_groups() -> None:
    ends = load_scenario(mix=BASE), load_scenario(mix=MIX)
    assert len(between(*ends).players) == 10
    assert {player.name for player in between(*ends, "government").players} == {"eu", "nl", "noord_holland_flevoland"}
    phases = between(*ends, "phase").players
    assert {player.title["en"] for player in phases} == {
        "Extraction and supply", "Design and production", "Market and use", "End of life and recycling",
    }  # fmt: skip
    grouped = between(*ends, groups={"pull": ["circular_procurement@eu", "recycled_content_mandate"]}).players
    assert len(grouped) == 9
    assert grouped[-1].keys == (("circular_procurement", "eu"), ("recycled_content_mandate", "eu"))
    assert sum(len(player.keys) for player in grouped) == 10


def test_what_a_mix_drops_is_a_player_too() -> None:
    submixes = between(load_scenario(mix=MIX), load_scenario(mix="lifetime_first"), "instrument")
    numbers = {player.title["en"]: number for number, player in enumerate(submixes.players)}
    dropped = numbers["Strategic stockpile (withdrawn)"]
    full = (1 << len(numbers)) - 1
    assert not any(use.use == "strategic_stockpile" for use in submixes.uses(full))
    assert any(use.use == "strategic_stockpile" for use in submixes.uses(full ^ 1 << dropped))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["pull"], "is no group"),
        (["=one"], "is no group"),
        (["pull=recovery_subsidies"], "did you mean 'recovery_subsidy'|recovery_subsidy"),
        (["a=recovery_subsidy", "b=recovery_subsidy@eu"], "is in 'a' as well"),
        (["a=recovery_subsidy", "a=deposit_refund"], "given twice"),
        (["deposit_refund@eu=recovery_subsidy"], "has the name of an instrument"),
    ],
)
def test_groups_that_make_no_sense_are_refused(groups: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        between(load_scenario(mix=BASE), load_scenario(mix=MIX), groups=read_groups(groups))


def test_groups_are_read_from_a_file_as_well(tmp_path: Path) -> None:
    (tmp_path / "groups.toml").write_text('pull = ["circular_procurement", "deposit_refund"]\n', encoding="utf-8")
    assert read_groups([str(tmp_path / "groups.toml"), "push=recovery_subsidy"]) == {
        "pull": ("circular_procurement", "deposit_refund"), "push": ("recovery_subsidy",),
    }  # fmt: skip
    (tmp_path / "wrong.toml").write_text('pull = "circular_procurement"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="no list of instruments"):
        read_groups([str(tmp_path / "wrong.toml")])


def test_a_mix_that_is_the_base_has_no_players() -> None:
    with pytest.raises(ConfigError, match="same instruments"):
        between(load_scenario(mix=BASE), load_scenario(mix=BASE))


# --- The command

GROUPS = (
    "--by", "instrument", "--groups", "money=recovery_subsidy+recycling_investment_support+contract_for_difference",
    "--groups", "rules=recycled_content_mandate+deposit_refund+strategic_stockpile",
)  # fmt: skip
OUTCOMES = ("--outcome", "public_cost_discounted", "--outcome", "price_outside[ndpr]:max")
SMALL = ("--mix", MIX, *GROUPS, *OUTCOMES, "--months", "20", "--households", "40", "--workers", "1")


def options(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.declare(parser)
    return parser.parse_args([str(word) for word in words])


def test_up_to_eight_players_all_combinations_are_run_and_beyond_orders_are_sampled() -> None:
    exact = command.study_of(options("--mix", MIX, "--by", "instrument", "--seeds", "3"))
    assert (exact.plan.orders, len(exact.plan)) == (0, 3 * 128)
    assert command.study_of(options("--mix", MIX)).plan.orders == command.ORDERS
    asked = command.study_of(options("--mix", MIX, "--by", "instrument", "--permutations", "6", "--seeds", "2"))
    assert asked.plan.orders == 6 and len(asked.plan) < 2 * 128
    for seed in asked.plan.seeds:
        met = asked.plan.coalitions(seed)
        assert len(set(met)) == len(met) and set(met) >= {0, 127}
    assert [place.name for _, place in asked.designs(Path("x"))] == ["seed-1", "seed-2"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--outcome", "public_costs"], "public_cost"),
        (["--outcome", "price_outside[ndpr]:median"], "way of summing up"),
        (["--outcome", "price_outside[ndrp]:max"], "ndpr"),
        (["--permutations", "3"], "even number"),
        (["--base", MIX], "same instruments"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(words: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        list(command.work(options(*SMALL, *words, "--out", tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_a_number_of_processes_is_at_least_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(*SMALL, "--workers", "0")
    assert "'0' is not a whole number ≥ 1" in capsys.readouterr().err


def test_a_dry_run_says_who_plays_and_how_many_runs_it_takes(tmp_path: Path) -> None:
    lines = list(command.work(options(*SMALL, "--seeds", "4", "--dry-run")))
    assert lines[0] == "push_and_pull over business_as_usual: 3 players, all combinations, 32 runs"
    assert lines[2].startswith("  money: recovery_subsidy@eu, recycling_investment_support@nl")
    with pytest.raises(ConfigError, match="--out"):
        list(command.work(options(*SMALL)))


@pytest.fixture(scope="module")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A small study that was run for good."""
    folder = tmp_path_factory.mktemp("study") / "out"
    return folder, list(command.work(options(*SMALL, "--seeds", "2", "--out", folder)))


def test_a_study_writes_tables_and_a_figure_that_add_up(study_folder: tuple[Path, list[str]]) -> None:
    folder, lines = study_folder
    table = pd.read_csv(folder / "contribution.csv")
    assert len(table) == 6
    for _, rows in table.groupby("outcome"):
        assert rows["contribution"].sum() == pytest.approx(rows["mix"].iloc[0] - rows["base"].iloc[0], rel=1e-9)
    by_seed = pd.read_csv(folder / "contribution_by_seed.csv").groupby(["outcome", "player"])["contribution"].mean()
    for _, row in table.iterrows():
        assert by_seed[row["outcome"], row["player"]] == pytest.approx(row["contribution"], rel=1e-9)
    assert any(line.startswith("2 seeds are few") for line in lines)
    assert len(pd.read_csv(folder / "interactions.csv")) == 6 and pd.read_csv(folder / "left_out.csv").empty
    assert (folder / "contribution.png").stat().st_size > 10_000 and (folder / "contribution.svg").is_file()
    assert any("6 tests made" in line for line in lines)
    assert any(line.startswith("Discounted net public cost (EUR), less is better, 2 seeds") for line in lines)
    runs = open_results(folder / "batch" / "all").runs
    assert len(runs) == 16 and set(runs["mix"]) == {path.stem for path in (folder / "mixes").iterdir()}
    plain = run(load(Selection(mix=MIX, shocks="rare_earth_restriction_2027", households=40, months=20)), rng=2)
    own = runs[(runs["mix"] == "with_111") & (runs["seed"] == 2)]
    assert own["public_cost_discounted"].item() == plain.summary()["public_cost_discounted"]


def test_resuming_makes_no_run_again_and_another_study_is_refused(
    study_folder: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lines = study_folder
    monkeypatch.setattr("experiments.batch.driver.perform", lambda job: pytest.fail("runs again"))
    before = (folder / "contribution.csv").read_bytes()
    assert list(command.work(options(*SMALL, "--seeds", "2", "--out", folder, "--resume"))) == lines
    assert (folder / "contribution.csv").read_bytes() == before
    with pytest.raises(ConfigError, match="holds another study"):
        list(command.work(options(*SMALL, "--base", "subsidies_only", "--out", folder, "--resume")))
    with pytest.raises(ConfigError, match="not empty"):
        list(command.work(options(*SMALL, "--out", folder)))
    assert (folder / "contribution.csv").read_bytes() == before
    assert json.loads((folder / "contribution.json").read_text())["base"] == BASE


def made_up(failing: set[tuple[int, str]]) -> Callable[..., Any]:
    """In place of the driver: each player adds its number to cost, money and rules 10 together; some runs fail."""

    def run_design(design: Any, folder: Path, **_: Any) -> Any:
        rows = []
        for number, job in enumerate(design.jobs()):
            name = Path(job.selection.mix).stem
            there = {place for place, figure in enumerate(name.removeprefix("with_")) if figure == "1"}
            cost = sum(there) + 10.0 * ({1, 2} <= there) + job.seed + 0.01 * ((7 * number) % 5)
            bad = (job.seed, name) in failing
            keys = {"run_id": str(number), "chunk": "x", "setting": "default", "mix": name, "shocks": "", "point": 0}
            status = "RuntimeError: broke" if bad else "ok"
            rows.append(
                {**keys, "seed": job.seed, "number": number, "status": status, "attempts": 1, "seconds": 0.1}
                | {"public_cost_discounted": np.nan if bad else cost}
            )
        (folder / "runs").mkdir(parents=True)
        pd.DataFrame(rows).to_parquet(folder / "runs" / "x.parquet")
        (folder / "manifest.json").write_text(json.dumps({"design": design.describe()}))
        return open_results(folder)

    return run_design


MADE_UP = ("--mix", MIX, *GROUPS, *OUTCOMES[:2])


def test_a_seed_with_a_failed_run_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.batch.driver.run_design", made_up({(3, "with_010"), (5, "with_111")}))
    lines = list(command.work(options(*MADE_UP, "--seeds", "6", "--out", tmp_path / "out")))
    heading = next(line for line in lines if line.startswith("Discounted"))
    assert "4 seeds (left out: seed 3: 1 run failed or missing; seed 5: 1 run failed or missing)" in heading
    assert pd.read_csv(tmp_path / "out" / "left_out.csv")["seed"].to_list() == [3, 5]
    assert any("conflict: money + rules" in line for line in lines)
    table = pd.read_csv(tmp_path / "out" / "contribution.csv").set_index("player")["contribution"]
    assert table.to_dict() == pytest.approx({"circular_procurement": 0.0, "money": 6.0, "rules": 7.0}, abs=0.1)


def test_without_any_whole_seed_the_command_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.batch.driver.run_design", made_up({(1, "with_000"), (2, "with_100")}))
    with pytest.raises(RunFailedError, match="no seed has all its runs"):
        list(command.work(options(*MADE_UP, "--seeds", "2", "--out", tmp_path / "out")))


def test_sampled_orders_give_the_same_shares_and_say_how_wide_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.batch.driver.run_design", made_up(set()))
    lines = list(command.work(options(*MADE_UP, "--seeds", "5", "--permutations", "4", "--out", tmp_path / "out")))
    table = pd.read_csv(tmp_path / "out" / "contribution.csv").set_index("player")
    assert table.loc["rules", "contribution"] == pytest.approx(7.0, abs=0.1), (
        "of two orders that are each other's reverse"
    )
    assert table["alone"].isna().all()
    assert any("widest interval ±" in line for line in lines) and any("group them to eight" in line for line in lines)
    assert pd.read_csv(tmp_path / "out" / "interactions.csv").empty
