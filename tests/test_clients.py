"""The model as other tools expect one: what they get is what `abm.run` gives, and what fails is not hidden."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import load_scenario, run
from abm.parameters import ConfigError
from experiments.batch import open_results
from experiments.batch.driver import identified
from experiments.clients import ema, points, salib  # before the workbench, whose warnings it silences
from experiments.clients.function import simulate
from experiments.clients.inputs import design_of, job_of
from experiments.compare import RunFailedError
from experiments.designs import Design, read_factor
from experiments.isolation import Outcome
from experiments.outcomes import outcomes_of, recorded
from experiments.runs import Job, Result, Selection, perform

ROOT = Path(__file__).resolve().parent.parent
WORLD = {"mix": "push_and_pull", "shocks": "calm", "households": 60, "months": 4}
MARKUP, COST = "firms.markup", "streams.*.processing_cost"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Job]]:
    """Batches make their runs in this process; the jobs that they made."""
    made: list[Job] = []

    def over(engine: Any, task: Any, jobs: Any, patience: Any, chunk: int) -> Iterator[Outcome[Job, Result]]:
        for job in jobs:
            made.append(job)
            try:
                yield Outcome(job, task(job), "")
            except ArithmeticError as error:
                yield Outcome(job, None, f"{type(error).__name__}: {error}")

    monkeypatch.setattr("experiments.batch.driver.over", over)
    yield made


def failing(monkeypatch: pytest.MonkeyPatch, where: str, number: int) -> None:
    """Let the run of this number among those that are made raise."""
    count = iter(range(1000))

    def flaky(job: Job) -> Result:
        if next(count) == number:
            raise FloatingPointError("planted")
        return perform(job)

    monkeypatch.setattr(where, flaky)


# --- A function of a dict


def test_the_function_gives_what_a_run_gives() -> None:
    given = {**WORLD, "seed": 3, MARKUP: 0.3, "price_floor@eu": 1.1, "recovery_subsidy": "x0.5"}
    found = simulate(given, ["recycler_margin", "price_outside[ndpr]:max", "vacancy_rate[nl]"])
    scenario = load_scenario(mix="push_and_pull", shocks="calm", households=60, months=4, overrides={MARKUP: 0.3})
    plain = run(scenario, rng=3)
    assert found["price_outside[ndpr]:max"] == plain.series["price_outside[ndpr]"].max()
    assert list(found) == ["recycler_margin", "price_outside[ndpr]:max", "vacancy_rate[nl]"]
    np.testing.assert_equal(simulate({**WORLD, "seed": 3, MARKUP: 0.3}), plain.summary())
    assert simulate({**WORLD, "seed": 4, MARKUP: 0.3})["recycler_margin"] != plain.summary()["recycler_margin"]


def test_a_dict_sets_levers_families_and_parameters() -> None:
    selection = job_of({**WORLD, "recovery_subsidy": "x0.5", "price_floor@eu": 1.1, MARKUP: 0.2}).selection
    assert selection.levers == ("recovery_subsidy=x0.5", "price_floor@eu=1.1")
    assert selection.assignments == (f"{MARKUP}=0.2",)
    low, high = load_scenario().config.evidence("streams.battery.processing_cost").range or (0.0, 0.0)
    family = dict(a.split("=") for a in job_of({COST: 0.25}).selection.assignments)
    assert float(family["streams.battery.processing_cost"]) == pytest.approx(low + 0.25 * (high - low))
    assert len(family) > 3


def test_numbers_of_numpy_are_numbers() -> None:
    ours = job_of({"months": 12, "seed": 2, MARKUP: 0.25, "price_floor": 1.0})
    theirs = {"months": np.float64(12), "seed": np.int64(2), MARKUP: np.float64(0.25), "price_floor": np.float64(1)}
    assert job_of(theirs) == ours


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"moths": 12}, "'months'"),
        ({"firm.markup": 0.2}, f"'{MARKUP}'"),
        ({"prise_floor": 1.0}, "'price_floor'"),
        ({"price_floor@eur": 1.0}, "'eu'"),
        ({"mix": "push_and_pul"}, "'push_and_pull'"),
        ({"mix": ["push_and_pull"]}, "mix: .*is not a name"),
        ({"streams.*.cost": 0.5}, "matches no parameter"),
        ({COST: 1.5}, r"streams\.\*\.processing_cost.*no place in a range"),
        ({"months": 1.5}, "months: 1.5 is not a whole number"),
        ({"seed": -1}, "seed: -1 is not a whole number"),
        ({MARKUP: 9.0}, "firms.markup: 9.0 is out of range"),
        ({MARKUP: None}, "firms.markup: None"),
        ({MARKUP: float("nan")}, "firms.markup: 'NaN' is not a number"),
        ({"price_floor": "strong"}, "price_floor: 'strong' is not a number"),
        ({3: 4}, "3 is not a name"),
    ],
)
def test_what_cannot_be_is_refused_with_the_nearest_name(inputs: dict[Any, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        simulate({"households": 60, "months": 1, **inputs}, ["recycler_margin"])


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("recycler_margins", "'recycler_margin'"),
        ("price_outside[ndpr]", "such as price_outside.ndpr.:mean"),
        ("price_outsid[ndpr]:max", "'price_outside'"),
        ("price_outside[ndp]:max", r"'price_outside\[ndpr\]'"),
        ("price_outside[ndpr]:most", "'max'|'mean'|'last'"),
        ("vacancy_rate", "a column for each jurisdiction"),
    ],
)
def test_an_outcome_that_does_not_exist_is_refused(outcome: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        simulate({"households": 60, "months": 1}, [outcome])


def test_outcomes_of_a_run_are_those_of_a_batch(here: list[Job], tmp_path: Path) -> None:
    names = ["recycler_margin", "price_outside[ndpr]:last", "price_outside[ndpr]:sum", "recyclers_active:series"]
    found = points.evaluate_rows([{MARKUP: 0.2}], WORLD, names, (1,), progress=False)
    result = perform(job_of({**WORLD, MARKUP: 0.2}))
    assert {name: found.values[name][0] for name in names[:3]} == outcomes_of(result, names[:3])
    assert found.values[names[3]][0].tolist() == result.series["recyclers_active"].tolist()
    headline = recorded(Selection(households=60, months=1), headline=True)
    assert headline == list(result.summary)


# --- SALib


def test_a_problem_has_the_declared_ranges() -> None:
    factors = {
        MARKUP: {},
        COST: {},
        "recovery_subsidy": {"low": 0.5, "high": 2, "scale": "share"},
        "merchants.foresight": {"low": 0.1, "high": 0.4, "scale": "log"},
        "mix": {"levels": ["business_as_usual", "market_pull", "push_and_pull"]},
    }
    problem = salib.problem(factors, ["recycler_margin"])
    assert problem["names"] == list(factors)
    declared = load_scenario().config.evidence(MARKUP).range
    assert problem["bounds"] == [list(declared or ()), [0, 1], [0.5, 2], [0.1, 0.4], [0, 3]]
    assert problem["dists"] == ["unif", "unif", "unif", "logunif", "unif"]
    assert problem["outputs"] == ["recycler_margin"]


def test_rows_become_runs_on_every_seed(here: list[Job]) -> None:
    mixes = ["market_pull", "business_as_usual"]
    factors = {MARKUP: {}, "recovery_subsidy": {"high": 2.0, "scale": "share"}, "mix": {"levels": mixes}}
    world = {key: value for key, value in WORLD.items() if key != "mix"}
    matrix = np.array([[0.1, 0.5, 0.0], [0.2, 0.0, 0.99], [0.25, 1.5, 2.0]])
    outcomes = ["public_cost", "price_outside[ndpr]:max"]
    found = salib.evaluate(matrix, factors, outcomes, inputs=world, seeds=(2, 5), progress=False)
    assert found.shape == (3, 2)
    assert [job.selection.mix for job in here[:3]] == ["market_pull", "market_pull", "business_as_usual"]
    by_hand = {**world, MARKUP: 0.1, "recovery_subsidy": "x0.5", "mix": "market_pull"}
    each = [list(simulate({**by_hand, "seed": seed}, outcomes).values()) for seed in (2, 5)]
    np.testing.assert_allclose(found[0], np.mean(each, axis=0), rtol=1e-12)
    assert found[0, 0] != found[2, 0]


def test_salibs_own_interface_finds_what_matters(here: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    """The Sobol G function in place of the model: its indices are known (Saltelli and others 2010)."""
    from SALib import ProblemSpec

    def g_function(job: Job) -> Result:
        values = np.array([value for _, value in job.values])
        places = (values - bounds[:, 0]) / (bounds[:, 1] - bounds[:, 0])
        margin = np.prod((abs(4.0 * places - 2.0) + weights) / (1.0 + weights))
        return Result(result.series, result.events, result.summary | {"recycler_margin": float(margin)}, 0.0)

    factors = [MARKUP, "merchants.foresight"]
    bounds, weights = np.array(salib.problem(factors)["bounds"]), np.array([0.0, 4.0])
    result = perform(job_of({**WORLD, "months": 1}))
    monkeypatch.setattr("experiments.batch.driver.perform", g_function)
    spec = ProblemSpec(salib.problem(factors, ["recycler_margin"]))
    spec.sample_sobol(32, calc_second_order=False, seed=1)
    spec.evaluate(salib.evaluate, factors, ["recycler_margin"], inputs=WORLD, progress=False)
    spec.analyze_sobol(calc_second_order=False, seed=1)
    parts = 1.0 / (3.0 * (1.0 + weights) ** 2)
    known = parts * (1.0 + parts[::-1]) / ((1.0 + parts).prod() - 1.0)  # total effects
    assert (abs(spec.analysis["ST"] - known) <= spec.analysis["ST_conf"]).all()
    assert spec.analysis["ST_conf"].max() < 0.6
    assert spec.results.shape == (128,)


def test_a_failed_run_is_not_averaged_over(here: list[Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    matrix, world = [[0.1], [0.2]], {**WORLD, "months": 1}
    failing(monkeypatch, "experiments.batch.driver.perform", 1)  # the second row on the first seed
    with pytest.raises(RunFailedError, match="1 runs failed: row 1, seed 1: FloatingPointError: planted"):
        salib.evaluate(
            matrix, [MARKUP], ["recycler_margin"], inputs=world, seeds=(1, 2), folder=tmp_path / "kept", progress=False
        )
    assert len(open_results(tmp_path / "kept").done) == 3
    failing(monkeypatch, "experiments.batch.driver.perform", 1)
    found = salib.evaluate(
        matrix, [MARKUP], ["recycler_margin"], inputs=world, seeds=(1, 2), progress=False, failed="nan"
    )
    assert np.isfinite(found[0])
    assert np.isnan(found[1])
    failing(monkeypatch, "experiments.batch.driver.perform", 0)
    all_lost = salib.evaluate([[0.1]], [MARKUP], ["recycler_margin"], inputs=world, progress=False, failed="nan")
    assert np.isnan(all_lost).all()


@pytest.mark.parametrize(
    ("matrix", "factors", "outcomes", "inputs", "said"),
    [
        ([[0.1, 0.2]], [MARKUP], ["recycler_margin"], {}, r"shape \(1, 2\)"),
        ([[5.0]], [MARKUP], ["recycler_margin"], {}, "firms.markup: values from 5 to 5"),
        ([[float("nan")]], [MARKUP], ["recycler_margin"], {}, "firms.markup: values from nan"),
        ([[0.2]], [MARKUP], ["recyclers_active:series"], {}, "one number for each run"),
        ([[0.2]], [MARKUP], ["price_outside[ndp]:max"], {}, r"nearest.*price_outside\[ndpr\]"),
        ([[0.2]], [MARKUP], ["recycler_margin"], {MARKUP: 0.2}, "set for all runs and varied"),
        ([[0.2]], [MARKUP], ["recycler_margin"], {"seed": 2}, "seed: does not belong"),
        ([[0.2]], ["firms.mark"], ["recycler_margin"], {}, f"'{MARKUP}'"),
    ],
)
def test_a_matrix_that_cannot_be_is_refused_before_anything_runs(
    here: list[Job], matrix: Any, factors: Any, outcomes: list[str], inputs: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        salib.evaluate(matrix, factors, outcomes, inputs=WORLD | inputs, progress=False)
    assert here == []


def test_a_batch_of_rows_says_itself_what_it_ran(here: list[Job], tmp_path: Path) -> None:
    """Read back from its folder, its design asks for the runs that were made, multiples of levers included."""
    factors = {"recovery_subsidy": {"high": 2.0, "scale": "share"}, COST: {}}
    inputs = {**WORLD, "months": 1, "price_floor@eu": 1.1, "recyclers.*": 0.4}
    salib.evaluate([[0.5, 0.2], [1.5, 0.3]], factors, ["public_cost"], inputs=inputs, folder=tmp_path, progress=False)
    results = open_results(tmp_path)
    assert set(identified(results.design.jobs())) == set(results.runs["run_id"])
    assert "recovery_subsidy=x0.5" in here[0].selection.levers


def test_a_list_of_rows_keeps_its_scales() -> None:
    factors = [read_factor("recovery_subsidy", {"high": 2.0, "scale": "share"})]
    design = design_of(WORLD, [{"recovery_subsidy": 0.5}], factors)
    again = Design.from_description(json.loads(json.dumps(design.describe())))
    assert list(again.jobs()) == list(design.jobs())
    described = design.describe()
    described["samples"][0]["scales"] = {"repair_voucher": "share"}
    with pytest.raises(ConfigError, match="scales"):
        Design.from_description(described)


# --- The EMA workbench


def ema_world() -> dict[str, Any]:
    return {"shocks": "calm", "households": 60, "months": 2}


def test_a_model_of_the_workbench_is_made_of_declarations() -> None:
    from ema_workbench import CategoricalParameter, RealParameter, ScalarOutcome, TimeSeriesOutcome

    model = ema.ema_model(
        {MARKUP: {}, "merchants.foresight": {"low": 0.1, "high": 0.4, "scale": "log"}},
        {"price_floor@eu": {}, "mix": {"levels": ["market_pull", "push_and_pull"]}},
        ["recycler_margin", "recycler_failures", "price_outside[ndpr]:max", "recyclers_active:series"],
        inputs=ema_world(),
    )
    markup, foresight = model.uncertainties
    assert (markup.lower_bound, markup.upper_bound) == load_scenario().config.evidence(MARKUP).range
    assert foresight.dist.ppf(0.5) == pytest.approx(0.2)
    floor, mix = model.levers
    assert isinstance(floor, RealParameter)
    assert isinstance(mix, CategoricalParameter)
    assert [category.value for category in mix.categories] == ["market_pull", "push_and_pull"]
    kinds = [outcome.kind for outcome in model.outcomes]
    assert kinds == [ScalarOutcome.MAXIMIZE, ScalarOutcome.MINIMIZE, ScalarOutcome.INFO, ScalarOutcome.INFO]
    assert isinstance(model.outcomes["recyclers_active:series"], TimeSeriesOutcome)
    assert len(list(ema.ema_model([MARKUP], inputs=ema_world()).outcomes)) == 39


def test_both_evaluators_give_what_runs_give(here: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    from ema_workbench import Policy, Scenario, SequentialEvaluator

    outcomes = ["recycler_margin", "price_outside[ndpr]:max", "recycler_margin:series"]
    seeds = (1, 2)
    levers = {"recovery_subsidy": {"high": 2.0, "scale": "share"}, "mix": {"levels": ["market_pull", "push_and_pull"]}}
    model = ema.ema_model([MARKUP], levers, outcomes, inputs=ema_world(), seeds=seeds)
    scenarios = [Scenario("low", **{MARKUP: 0.1}), Scenario("high", **{MARKUP: 0.3})]
    policies = [
        Policy("one", recovery_subsidy=2.0, mix="market_pull"),
        Policy("two", recovery_subsidy=0.0, mix="push_and_pull"),
    ]
    made: list[Job] = []
    monkeypatch.setattr("experiments.clients.ema.perform", lambda job: made.append(job) or perform(job))
    with SequentialEvaluator(model) as evaluator:
        alone, one_by_one = evaluator.perform_experiments(scenarios, policies)
    with ema.BatchEvaluator(model, progress=False) as evaluator:
        experiments, together = evaluator.perform_experiments(scenarios, policies)
    assert experiments.equals(alone)
    assert experiments["mix"].tolist() == ["market_pull"] * 2 + ["push_and_pull"] * 2
    given = {**ema_world(), MARKUP: 0.3, "recovery_subsidy": "x2.0", "mix": "market_pull"}
    margin = np.mean([simulate({**given, "seed": seed})["recycler_margin"] for seed in seeds])
    assert together["recycler_margin"][1] == pytest.approx(margin, rel=1e-12)
    assert together["recycler_margin:series"].shape == (4, 2)
    for name in outcomes:
        assert not np.ma.isMaskedArray(together[name])
        np.testing.assert_allclose(together[name], one_by_one[name], rtol=1e-12)
    assert len(np.unique(together["recycler_margin:series"][:, -1])) > 1
    assert {(job.selection, job.seed) for job in made} == {(job.selection, job.seed) for job in here}
    assert len(here) == 8


def test_a_policy_of_the_same_name_is_another_policy() -> None:
    from ema_workbench import Policy, SequentialEvaluator

    model = ema.ema_model(levers=["recovery_subsidy"], outcomes=["public_cost"], inputs=WORLD | {"months": 24})
    with SequentialEvaluator(model) as evaluator:
        cheap = evaluator.perform_experiments(policies=[Policy("same", recovery_subsidy=0.0)])[1]["public_cost"]
        dear = evaluator.perform_experiments(policies=[Policy("same", recovery_subsidy=0.5)])[1]["public_cost"]
    assert dear[0] > cheap[0]


def test_a_failing_experiment_does_not_take_the_outcomes_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    from ema_workbench import Scenario, SequentialEvaluator

    model = ema.ema_model([MARKUP], outcomes=["recycler_margin", "recyclers_active:series"], inputs=ema_world())
    failing(monkeypatch, "experiments.clients.ema.perform", 1)
    scenarios = [Scenario(str(markup), **{MARKUP: markup}) for markup in (0.1, 0.2, 0.3)]
    with SequentialEvaluator(model) as evaluator, pytest.warns(RuntimeWarning, match="masked: FloatingPointError"):
        experiments, outcomes = evaluator.perform_experiments(scenarios)
    assert outcomes["recycler_margin"].mask.tolist() == [False, True, False]
    assert outcomes["recyclers_active:series"].mask.all(axis=1).tolist() == [False, True, False]
    kept, plain = ema.without_failed(experiments, outcomes)
    assert kept[MARKUP].tolist() == [0.1, 0.3]
    assert not np.ma.isMaskedArray(plain["recycler_margin"])
    assert plain["recyclers_active:series"].shape == (2, 2)


def test_a_batch_masks_and_names_what_failed(here: list[Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = ema.ema_model([MARKUP], outcomes=["recycler_margin"], inputs=ema_world(), seeds=(1, 2))
    failing(monkeypatch, "experiments.batch.driver.perform", 4)  # the second scenario on the second seed
    with ema.BatchEvaluator(model, tmp_path / "kept", progress=False) as evaluator:
        with pytest.warns(RuntimeWarning, match="1 experiments are masked, .* row 1, seed 2: FloatingPointError"):
            experiments, outcomes = evaluator.perform_experiments(scenarios=3)
        assert evaluator.failed[["point", "seed"]].to_numpy().tolist() == [[1, 2]]
    assert outcomes["recycler_margin"].mask.tolist() == [False, True, False]
    assert len(ema.without_failed(experiments, outcomes)[0]) == 2
    assert len(open_results(tmp_path / "kept").done) == 5


def test_bad_values_stop_the_workbench() -> None:
    from ema_workbench import Scenario, SequentialEvaluator
    from ema_workbench.util import EMAError

    model = ema.ema_model([MARKUP], outcomes=["recycler_margin"], inputs=ema_world())
    with SequentialEvaluator(model) as evaluator, pytest.raises(EMAError, match=r"firms\.markup: 9.0 is out of range"):
        evaluator.perform_experiments([Scenario("wild", **{MARKUP: 9.0})])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"uncertainties": ["firms.mark"]}, f"'{MARKUP}'"),
        ({"uncertainties": [MARKUP], "levers": [MARKUP]}, "firms.markup: stands twice"),
        ({"uncertainties": [MARKUP], "inputs": {MARKUP: 0.2}}, "firms.markup: stands twice"),
        ({"levers": {"mix": {"levels": ["market_pull"]}}}, "mix: has one level only"),
        ({"outcomes": ["recyclers_active"], "inputs": {"seed": 1}}, "seed: does not belong"),
        ({"outcomes": ["recycler_margins"]}, "'recycler_margin'"),
        ({"outcomes": ["price_outside[ndp]:series"]}, r"'price_outside\[ndpr\]'"),
    ],
)
def test_a_model_that_cannot_be_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ema.ema_model(**arguments)


def test_the_model_refuses_pools_of_the_workbench() -> None:
    """In a process of its own, with little patience: what it guards against is waiting for ever."""
    code = (
        "from experiments.clients.ema import ema_model\n"
        "from ema_workbench import MultiprocessingEvaluator\n"
        "model = ema_model(['firms.markup'], outcomes=['recycler_margin'])\n"
        "with MultiprocessingEvaluator(model, n_processes=1) as evaluator:\n"
        "    evaluator.perform_experiments(scenarios=1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "TypeError: this model is not sent to other processes" in done.stderr


# --- Examples


def said_by(example: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What an example prints."""
    capsys.readouterr()
    runpy.run_path(str(ROOT / "examples" / f"{example}.py"), run_name="__main__")
    return capsys.readouterr().out.splitlines()


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    names = [path.stem for path in (ROOT / "examples").glob("*.py")]
    assert len(names) >= 4
    assert [name for name in names if f'("{name}", capsys)' not in text] == []


def test_the_example_of_the_function(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split() for line in said_by("as_a_function", capsys)[1:]]
    assert [float(line[0]) for line in lines] == [0.0, 1.0, 1.3]
    costs = [float(line[2]) for line in lines]
    assert costs == sorted(costs)  # a higher floor costs more
    assert costs[0] < costs[2]


def test_the_example_of_salib(capsys: pytest.CaptureFixture[str]) -> None:
    _, cost, subsidy = said_by("salib_problem", capsys)
    assert cost.startswith(COST)
    assert float(cost.split()[1]) > 10 * abs(float(subsidy.split()[1]))


def test_the_example_of_the_workbench(here: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    lines = said_by("ema_model", capsys)
    assert lines[0] == "10 experiments, 0 failed runs"
    shares = dict(line.split() for line in lines[-3:])
    assert set(shares) == {COST, "merchants.foresight", "mix"}
    assert sum(map(float, shares.values())) == pytest.approx(1.0, abs=0.02)


def test_the_example_of_mesa(capsys: pytest.CaptureFixture[str]) -> None:
    """And its rows hold what `abm.run` gives on the same seed."""
    assert len(said_by("mesa_batch_run", capsys)) == 6
    example = runpy.run_path(str(ROOT / "examples" / "mesa_batch_run.py"))
    parameters = {**example["PARAMETERS"], "months": 2, "mix": "push_and_pull"}
    example["rows"].__globals__.update(PARAMETERS=parameters)
    table = example["rows"]()
    assert sorted(table["rng"]) == [1, 1, 2, 2]
    for row in table.to_dict("records"):
        overrides = row["overrides"]
        scenario = load_scenario(
            mix="push_and_pull", shocks=parameters["shocks"], households=60, months=2, overrides=overrides
        )
        last = run(scenario, rng=row["rng"]).series.iloc[-1]
        np.testing.assert_equal({name: row[name] for name in last.index}, last.to_dict())
