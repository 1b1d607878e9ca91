"""Search for mixes: the front is the true one, is the same after an interruption, and consists of mixes that run."""

import argparse
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from abm import load_scenario, run
from abm.parameters import ConfigError
from experiments.analysis import search_command, search_figure
from experiments.analysis.search import Evaluation, first_places, front_of, generations, hypervolumes
from experiments.analysis.search_front import best_in, shrinkage
from experiments.analysis.search_mixes import words_of, write_mix
from experiments.analysis.search_problem import Search, files, load_search, read_search
from experiments.analysis.search_runs import Laboratory, by_seed, finished
from experiments.batch import Results, open_results
from experiments.batch.driver import identified
from experiments.checking import check_file
from experiments.compare import RunFailedError
from experiments.designs import Design

TEXT = """
title = { en = "Small", nl = "Klein" }
summary = { en = "Three levers.", nl = "Drie hefbomen." }
base = "business_as_usual"
households = 60
months = 12
shocks = ["calm", "lithium_flood"]
seeds = "1-2"
fresh_seeds = "11-13"
population = 8
generations = 4
front = 5
references = ["market_pull"]
watched = ["recycler_failures"]

[[levers]]
name = "investment"
title = { en = "Investment support", nl = "Investeringssteun" }
start = "2027-01"

[[levers.instruments]]
use = "recycling_investment_support"
jurisdiction = "eu"
ramp = 12
intensity = [0.0, 0.5]
cap = 1e8

[[levers]]
name = "floor"
title = { en = "Price floor", nl = "Bodemprijs" }
start = ["2027-01", "2029-01"]
notice = 12

[[levers.instruments]]
use = "price_floor"
jurisdiction = "eu"
intensity = [0.8, 1.4]
materials = ["ndpr", "lithium"]

[[levers]]
name = "permits"
title = { en = "Permits", nl = "Vergunningen" }
start = "2027-01"

[[levers.instruments]]
use = "permit_acceleration"
jurisdiction = "eu"
intensity = 0.5

[[objectives]]
outcome = "recyclers_active"

[[objectives]]
name = "cost"
outcome = "public_cost"
times = "recycler_survival_12"
direction = "minimise"
unit = "EUR"
"""

Outcomes = dict[str, float]
FIGURES = ("draw", "draw_mixes")
World = Callable[[dict[str, float], str, int], Outcomes]


@pytest.fixture
def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a small search, whose figures are left empty: drawing takes longer than all else."""
    for name in FIGURES:
        monkeypatch.setattr(search_figure, name, lambda *_: Figure())
    path = tmp_path / "small.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


# --- Runs of a known function in place of the model -----------------------------------------------


def strengths(mix: str) -> dict[str, float]:
    """Instruments of a mix file and their strengths; a named mix has none."""
    if not mix.endswith(".toml"):
        return {}
    with open(mix, "rb") as file:  # noqa: PTH123  (a name as the design has it)
        return {use["use"]: use["intensity"] for use in tomllib.load(file).get("instruments", [])}


def plain(used: dict[str, float], shocks: str, seed: int) -> Outcomes:
    """A world in which recyclers cost money, floors are dear, and seeds shift all mixes alike."""
    support, floor = used.get("recycling_investment_support", 0.0), used.get("price_floor", 0.0)
    permits = used.get("permit_acceleration", 0.0)
    active = 30.0 + 20.0 * support + 4.0 * floor + 2.0 * permits + 0.3 * seed + (2.0 if shocks == "calm" else 0.0)
    cost = 1e9 * (support**2 + 0.5 * floor**2) + 1e7
    return {"recyclers_active": active, "public_cost": cost, "recycler_survival_12": 1.0, "recycler_failures": 3.0}


class Fake:
    """Makes the runs of designs by a function of mix, world and seed, which raises for a run that fails."""

    def __init__(self, world: World = plain, runs: int = 10**9) -> None:
        self.world, self.left, self.made = world, runs, []  # type: ignore[var-annotated]

    def __call__(self, design: Design, folder: Path) -> Results:
        rows = [self._row(job, identifier) for identifier, job in identified(design.jobs()).items()]
        (folder / "runs").mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"design": design.describe()}), encoding="utf-8")
        pd.DataFrame(rows).to_parquet(folder / "runs" / "x.parquet")
        return open_results(folder)

    def _row(self, job: Any, identifier: str) -> dict[str, Any]:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        mix, shocks, seed = job.selection.mix, job.selection.shocks, job.seed
        self.made.append((Path(mix).name, shocks, seed))
        keys = {"run_id": identifier, "chunk": "x", "setting": "default", "mix": Path(mix).stem, "shocks": shocks}
        row = {**keys, "seed": seed, "point": 0, "number": job.number, "attempts": 1, "seconds": 0.1}
        try:
            return {**row, "status": "ok", **self.world(strengths(mix), shocks, seed)}
        except ValueError as error:
            return {**row, "status": f"ValueError: {error}"}


def searched(problem: Path, folder: Path, fake: Fake, resume: bool = False, **changes: Any) -> list[str]:
    return list(search_command.carry_out(read_search(problem).with_(**changes), folder, fake, resume))


def written(folder: Path) -> dict[str, bytes]:
    """Tables and mixes of a search."""
    return {path.name: path.read_bytes() for path in [*folder.glob("*.csv"), *folder.glob("mixes/*.toml")]}


# --- The optimiser --------------------------------------------------------------------------------

CIRCLE = 1.1**2 - np.pi / 4.0  # what the front of DTLZ2, a quarter of a circle, dominates up to 1.1 in each objective


def on_circle(places: np.ndarray) -> Evaluation:
    """DTLZ2 with two objectives (Deb, Thiele, Laumanns and Zitzler 2005)."""
    from pymoo.problems import get_problem

    return Evaluation(get_problem("dtlz2", n_var=places.shape[1], n_obj=2).evaluate(places), np.zeros((len(places), 0)))


def covered(done: list[Any]) -> float:
    from pymoo.indicators.hv import HV

    objectives = np.vstack([generation.evaluation.objectives for generation in done])
    return float(HV(ref_point=np.full(2, 1.1))(objectives[(objectives < 1.1).all(axis=1)]))


def test_front_comes_near_the_true_one() -> None:
    done = list(generations(on_circle, np.random.default_rng(1).random((20, 8)), 2, 40, seed=1))
    blind = np.random.default_rng(1).random((20 * 40, 8))
    assert [generation.number for generation in done] == list(range(1, 41))
    assert 0.9 * CIRCLE < covered(done) < CIRCLE
    assert covered([argparse.Namespace(evaluation=on_circle(blind))]) < 0.6 * CIRCLE


def test_limits_and_lost_candidates_steer_the_search() -> None:
    def evaluate(places: np.ndarray) -> Evaluation:
        found = on_circle(places)
        lost = places[:, 0] > 0.8
        objectives = np.where(lost[:, None], np.nan, found.objectives)
        return Evaluation(objectives, 0.3 - places[:, [1]])

    done = list(generations(evaluate, first_places(20, 5, 0, seed=2), 2, 15, seed=2, limits=1))
    early, late = done[0].evaluation.feasible.mean(), np.mean([one.evaluation.feasible.mean() for one in done[-3:]])
    assert early < 0.6 and late > 0.85


def test_same_seed_same_search_and_another_seed_another() -> None:
    def places(seed: int) -> np.ndarray:
        return np.vstack([one.places for one in generations(on_circle, first_places(8, 4, 0, seed), 2, 4, seed)])

    assert np.array_equal(places(3), places(3))
    assert not np.array_equal(places(3)[8:], places(4)[8:])


def test_first_candidates_use_nothing_or_half_of_the_levers() -> None:
    places = first_places(400, 5, 1, seed=1)
    assert not places[0].any()
    assert abs((places[1:, :5] == 0.0).mean() - 0.5) < 0.05
    assert (places[1:, 5] > 0.0).all()


def test_hypervolume_of_known_points() -> None:
    # The final front is (0, 1), (1, 0), and later (0, 0.5) instead of the first; measured in its ranges 1 and 0.5.
    volumes = hypervolumes([np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros((0, 2)), np.array([[0.0, 0.5]])])
    assert volumes[0] == pytest.approx(0.1 * 1.1 / 1.21)  # (1, 0) alone lies within the reference point
    assert volumes[1] == volumes[0]
    assert volumes[2] == pytest.approx((1.1 * 0.1 + 0.1 * 1.0) / 1.21)


def test_front_keeps_the_leanest_of_equals_and_the_ends() -> None:
    line = np.linspace(0.0, 1.0, 30)
    objectives = np.vstack([np.column_stack([line, 1.0 - line]), [[0.5, 0.9]], [[0.0, 1.0]]])
    places = np.vstack([np.full((30, 2), 0.5), [[0.0, 0.0]], [[0.1, 0.1]]])
    everything = front_of(objectives, places, 99)
    assert set(everything) == {*range(1, 30), 31}  # 31 is as good as 0 and does less; 30 is dominated
    thinned = front_of(objectives, places, 6)
    assert len(thinned) == 6 and {29, 31} <= set(thinned)
    gaps = np.diff(np.sort(objectives[thinned, 0]))
    assert gaps.max() < 3.0 * gaps.min()


def test_thinned_front_keeps_the_best_in_each_of_four_objectives() -> None:
    objectives = np.random.default_rng(5).random((60, 4)) * [1.0, 1e9, 1e-3, 1e6]
    chosen = front_of(objectives, np.ones((60, 1)), 6)
    assert len(chosen) == 6
    assert set(objectives.argmin(axis=0)) <= set(chosen)


# --- Problems as files ----------------------------------------------------------------------------


def test_shipped_searches_are_valid_and_explained_in_both_languages() -> None:
    assert files()
    for path in files():
        search = load_search(path.stem)
        assert search.title["nl"] != search.title["en"]
        assert len(search.objectives) >= 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('outcome = "recyclers_active"', 'outcome = "recyclers_activ"', "recyclers_active"),
        ('outcome = "recyclers_active"', 'outcome = "stockpile"', "no headline indicator"),
        ('outcome = "recyclers_active"', 'outcome = "stockpile:median"', "unknown way"),
        ('direction = "minimise"', 'direction = "down"', "objectives.[1].direction"),
        ('direction = "minimise"', "", "neither more nor less"),
        ("intensity = [0.0, 0.5]", "intensity = [0.5, 0.0]", "is no range"),
        ("intensity = [0.0, 0.5]", "intensity = [0.0, 1.5]", "investment"),
        ('use = "price_floor"', 'use = "price_flor"', "price_floor"),
        ("intensity = 0.5", 'intensity = 0.5\nstart = "2027-01"', "belongs to the lever"),
        ('"2027-01", "2029-01"', '"2029-01", "2027-01"', "is no start"),
        ('name = "floor"', 'name = "investment"', "stands twice"),
        ('fresh_seeds = "11-13"', 'fresh_seeds = "2-4"', "a seed of the search as well"),
        ('shocks = ["calm", "lithium_flood"]', 'shocks = ["calmer"]', "calm"),
        ("population = 8", "population = 2", "too few"),
        ("front = 5", "front = true", "whole number"),
        ("front = 5", 'across = "median"', "no way to sum worlds up"),
        ("front = 5", "fronts = 5", "unknown key"),
        ("front = 5", '[[constraints]]\noutcome = "public_cost"\n', "sets no limit"),
    ],
)
def test_mistakes_in_a_problem_are_named(problem: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    problem.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        read_search(problem)
    assert message in str(raised.value)
    assert "small.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_strengths_lie_on_steps_and_weak_ones_count_as_nothing(problem: Path) -> None:
    search = read_search(problem)
    assert search.variables == ("investment", "floor", "permits", "floor.start")
    snapped = search.snapped(np.array([[0.52, 0.07, 0.49, 0.9], [0.113, 0.5, 0.5, 0.6]]))
    assert snapped[0].tolist() == [0.5, 0.0, 0.0, 0.0]  # the start of a lever that is left out means nothing
    assert snapped[1].tolist() == [0.1, 0.5, 1.0, 0.5]
    assert np.array_equal(search.snapped(snapped), snapped)
    uses = search.uses(tuple(snapped[1]))
    assert [use["intensity"] for use in uses] == [0.05, 1.1, 0.5]
    assert (uses[1]["announced"], uses[1]["start"]) == ("2027-01", "2028-01")
    assert search.uses((0.0,) * 4) == []


# --- The search -----------------------------------------------------------------------------------


def test_interrupted_search_finds_the_same(problem: Path, tmp_path: Path) -> None:
    whole = Fake()
    searched(problem, tmp_path / "whole", whole)
    broken, after = Fake(runs=80), Fake()
    with pytest.raises(KeyboardInterrupt):
        searched(problem, tmp_path / "broken", broken)
    with pytest.raises(ConfigError, match="not empty"):
        searched(problem, tmp_path / "broken", Fake())
    searched(problem, tmp_path / "broken", after, resume=True)
    assert written(tmp_path / "broken") == written(tmp_path / "whole")
    stored = {path.parent.parent.name for path in (tmp_path / "broken").glob("runs/*/runs/*.parquet")}
    assert len(stored) >= 4
    assert 0 < len(after.made) < len(whole.made) - 60  # what was stored is not run again


def test_more_generations_go_on_from_fewer(problem: Path, tmp_path: Path) -> None:
    searched(problem, tmp_path / "long", Fake(), generations=4)
    searched(problem, tmp_path / "short", Fake(), generations=2)
    (tmp_path / "short").rename(tmp_path / "moved")
    searched(problem, tmp_path / "moved", Fake(), resume=True, generations=4)
    assert written(tmp_path / "moved") == written(tmp_path / "long")
    after = Fake()
    searched(problem, tmp_path / "moved", after, resume=True, generations=4, fresh_seeds=(21, 22), front=3)
    assert {seed for _, _, seed in after.made} == {21, 22}  # another front of the same search
    assert len(list((tmp_path / "moved" / "mixes").iterdir())) == 3


def test_another_search_does_not_go_on_in_the_folder(problem: Path, tmp_path: Path) -> None:
    searched(problem, tmp_path / "out", Fake(), generations=1)
    before = written(tmp_path / "out")
    with pytest.raises(ConfigError, match="another seeds"):
        searched(problem, tmp_path / "out", Fake(), resume=True, seeds=(5, 6))
    assert written(tmp_path / "out") == before
    (tmp_path / "out" / "search.json").write_text("[1", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        searched(problem, tmp_path / "out", Fake(), resume=True, generations=1)


def test_no_candidate_is_run_twice(problem: Path, tmp_path: Path) -> None:
    fake = Fake()
    searched(problem, tmp_path / "out", fake)
    assert len(set(fake.made)) == len(fake.made)
    table = pd.read_csv(tmp_path / "out" / "generations.csv")
    assert table["new"].sum() + 1 == len(list((tmp_path / "out" / "candidates").iterdir()))  # one more: the base
    assert table["hypervolume"].is_monotonic_increasing and table["hypervolume"].iloc[-1] > table["hypervolume"].iloc[0]


def test_failed_candidates_have_no_value_and_no_place(problem: Path, tmp_path: Path) -> None:
    def world(used: dict[str, float], shocks: str, seed: int) -> Outcomes:
        if "permit_acceleration" in used and shocks == "calm" and seed == 2:
            raise ValueError("no such permit")
        lacking = used.get("price_floor", 0.0) > 1.0
        return plain(used, shocks, seed) | ({"recycler_survival_12": float("nan")} if lacking else {})

    lines = searched(problem, tmp_path / "out", Fake(world))
    reasons = [line for line in lines if line.startswith("  candidate_")]
    assert any("calm, seed 2: ValueError: no such permit" in line for line in reasons)
    assert any("recycler_survival_12 is undefined" in line for line in reasons)
    front = pd.read_csv(tmp_path / "out" / "front.csv").query("kind == 'front'")
    assert len(front) and not front["permits"].any() and (front["floor"] <= 0.3).all()
    assert pd.read_csv(tmp_path / "out" / "generations.csv")["failed"].sum() == len(reasons)


def test_search_without_its_base_says_so(problem: Path, tmp_path: Path) -> None:
    def world(used: dict[str, float], shocks: str, seed: int) -> Outcomes:
        raise ValueError("broken")

    with pytest.raises(RunFailedError, match="base mix business_as_usual: calm, seed 1: ValueError: broken"):
        searched(problem, tmp_path / "out", Fake(world))


def test_limits_are_kept_from_the_base(problem: Path, tmp_path: Path) -> None:
    limit = '[[constraints]]\nname = "dear"\noutcome = "public_cost"\nmost_over_base = 5e8\n'
    problem.write_text(TEXT + limit, encoding="utf-8")
    searched(problem, tmp_path / "out", Fake())
    front = pd.read_csv(tmp_path / "out" / "front.csv")
    mixes = front[front["kind"] == "front"]
    assert (mixes["dear_difference"] <= 5e8).all() and mixes["kept"].all()
    assert mixes["recyclers_active_difference"].max() > 7.0
    assert pd.read_csv(tmp_path / "out" / "generations.csv")["over_limit"].sum() > 0


def test_luck_of_the_search_does_not_last(problem: Path, tmp_path: Path) -> None:
    """Permits that help on the seeds of the search only cost something on others: such mixes are found out."""

    def world(used: dict[str, float], shocks: str, seed: int) -> Outcomes:
        found = plain({**used, "permit_acceleration": 0.0}, shocks, seed)
        if "permit_acceleration" in used:
            found["recyclers_active"] += 5.0 if seed < 10 else -1.0
            found["public_cost"] += 1e6
        return found

    lines = searched(problem, tmp_path / "out", Fake(world), generations=6)
    table = pd.read_csv(tmp_path / "out" / "front.csv", keep_default_na=False)
    plainest = table[(table["kind"] == "front") & (table["permits"].astype(str) == "1.0")]
    assert len(plainest)
    shift = plainest["recyclers_active_difference"].astype(float) - plainest[
        "recyclers_active_difference_search"
    ].astype(float)
    assert np.allclose(shift, -6.0)
    loser = plainest[plainest["investment"].astype(float) == 0.0]
    assert (loser["dominated_by"].str.contains("business_as_usual")).all() and loser["surely_dominated"].astype(str).eq(
        "True"
    ).all()
    assert any("dominated on the mean" in line for line in lines)


def test_intervals_are_paired_by_seed(problem: Path, tmp_path: Path) -> None:
    searched(problem, tmp_path / "out", Fake())
    front = pd.read_csv(tmp_path / "out" / "front.csv")
    assert (front["recyclers_active_high"] - front["recyclers_active_low"] > 1.0).all()  # seeds shift all mixes
    assert np.allclose(front["recyclers_active_difference_high"], front["recyclers_active_difference_low"])
    search = read_search(problem)
    shrunk = shrinkage(search, front).set_index("objective")
    assert shrunk.loc["recyclers_active", "searched"] == pytest.approx(shrunk.loc["recyclers_active", "fresh"])
    best = best_in(search, front)
    assert best["front_01"][0] == search.objectives[0].title


@pytest.mark.parametrize(("across", "active", "cost"), [("mean", 31.3, 1e7), (1.0, 30.3, 1e7), (0.75, 30.8, 1e7)])
def test_worlds_are_summed_up_seed_by_seed(
    problem: Path, tmp_path: Path, across: Any, active: float, cost: float
) -> None:
    search = read_search(problem).with_(across=across, seeds=(1, 2))
    laboratory = Laboratory(search, tmp_path / "out", Fake())
    base = laboratory.begin()
    values, failures = by_seed(open_results(tmp_path / "out/runs/generation_000"), search, [base.name])
    assert not failures
    assert values.loc[(base.name, 1), "recyclers_active"] == pytest.approx(active)
    assert values.loc[(base.name, 2), "cost"] == pytest.approx(cost)


def test_a_folder_of_other_candidates_is_refused(problem: Path, tmp_path: Path) -> None:
    search = read_search(problem)
    laboratory = Laboratory(search, tmp_path / "out", Fake())
    laboratory.begin()
    with pytest.raises(ConfigError, match="other candidates"):
        finished(laboratory.design(["market_pull"], search.seeds), tmp_path / "out/runs/generation_000", Fake())


# --- The mixes ------------------------------------------------------------------------------------


def test_mix_files_are_valid_and_say_what_they_are(problem: Path, tmp_path: Path) -> None:
    search = read_search(problem)
    for number, places in enumerate([(0.0, 0.0, 0.0, 0.0), (0.5, 1.0, 1.0, 0.75)]):
        path = tmp_path / f"mix{number}.toml"
        title, summary = words_of(search, places, number, [search.objectives[0].title])
        write_mix(path, search, places, title, summary)
        assert check_file(path) == "mix"
        words = tomllib.loads(path.read_text(encoding="utf-8"))
        assert words["title"]["nl"] == f"Klein: mix {number}"
        assert ("bodemprijs 100%" in words["summary"]["nl"]) == bool(number)
    base, mix = load_scenario(mix="business_as_usual").mix, load_scenario(mix=tmp_path / "mix1.toml").mix
    assert mix[: len(base)] == base
    assert [(use.use, use.intensity, use.start) for use in mix[len(base) :]] == [
        ("recycling_investment_support", 0.25, 12),
        ("price_floor", 1.4, 30),
        ("permit_acceleration", 0.5, 12),
    ]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A search on the model itself, through the store of batches, by the command."""
    folder = tmp_path_factory.mktemp("real")
    text = TEXT.replace("population = 8", "population = 4").replace(
        'shocks = ["calm", "lithium_flood"]', 'shocks = ["calm"]'
    )
    (folder / "small.toml").write_text(
        text.replace('references = ["market_pull"]', "").replace('"recyclers_active"', '"recycler_investment"'),
        encoding="utf-8",
    )
    parser = argparse.ArgumentParser()
    search_command.declare(parser)
    asked = ["--generations", "1", "--seeds", "1", "--fresh-seeds", "11,", "--months", "36", "--workers", "1"]
    options = parser.parse_args([str(folder / "small.toml"), "--out", str(folder / "out"), *asked])
    (folder / "lines").write_text("\n".join(search_command.work(options)), encoding="utf-8")
    yield folder


def test_written_mixes_give_the_results_of_their_candidates(real: Path) -> None:
    front = pd.read_csv(real / "out" / "front.csv").query("kind == 'front'")
    paths = sorted((real / "out" / "mixes").glob("front_*.toml"))
    assert len(paths) == len(front) > 1
    row = front.iloc[front["investment"].argmax()]
    path = real / "out" / "mixes" / f"{row['name']}.toml"
    assert check_file(path) == "mix"
    stored = open_results(next((real / "out" / "runs").glob("fresh_*"))).done.set_index("mix").loc[row["candidate"]]
    summary = run(load_scenario(mix=path, shocks="calm", households=60, months=36), rng=11).summary()
    assert summary["recycler_investment"] == stored["recycler_investment"] == row["recycler_investment"]
    assert all(value == stored[name] or np.isnan(value) for name, value in summary.items())


def test_command_says_what_came_out(real: Path) -> None:
    lines = (real / "lines").read_text(encoding="utf-8")
    assert "Generation 1 of 1: 3 new candidates; best so far: recycler_investment" in lines
    assert "on fresh seeds" in lines
    for name in ("search.png", "search.svg", "front.png", "front.svg", "front.csv", "generations.csv"):
        assert (real / "out" / name).stat().st_size > 0
    assert "simulated" not in lines


@pytest.mark.parametrize("wrong", [["--generations", "0"], ["--seeds", "1,1"], ["--fresh-seeds", "2"]])
def test_command_refuses_what_makes_no_sense(problem: Path, tmp_path: Path, wrong: list[str]) -> None:
    parser = argparse.ArgumentParser()
    search_command.declare(parser)
    options = parser.parse_args([str(problem), "--out", str(tmp_path / "out"), *wrong])
    with pytest.raises(ConfigError, match=wrong[0].strip("-").replace("-", ".")):
        list(search_command.work(options))
    assert not (tmp_path / "out").exists()


def test_a_search_keeps_few_series(problem: Path) -> None:
    from experiments.analysis.search_runs import kept_series

    assert kept_series(read_search(problem).measures) == ("recyclers_active",)
    shipped: Search = load_search("viability_security_cost_emissions")
    assert kept_series(shipped.measures) == ("recycler_market_margin",)


def test_stored_runs_of_candidates_chosen_otherwise_are_refused(problem: Path, tmp_path: Path) -> None:
    searched(problem, tmp_path / "out", Fake(), generations=1)
    for table in (tmp_path / "out").glob("runs/*/runs/*.parquet"):
        pd.read_parquet(table).assign(run_id=lambda rows: rows["run_id"] + "0").to_parquet(table)
    with pytest.raises(ConfigError, match="choose otherwise"):
        searched(problem, tmp_path / "out", Fake(), resume=True, generations=1)
