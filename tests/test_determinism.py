"""Same seed, same result, bit for bit, whatever else is done; another seed, another path."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import running
from abm.agents.households import Household
from abm.model import CircularTransition
from abm.scenario import load_scenario

ROOT = Path(__file__).resolve().parent.parent
# Everything happens in it: instruments, shocks at random, entries and failures.
EVENTFUL = {
    "mix": "push_and_pull",
    "shocks": [
        {"use": "export_restriction", "start": "2026-06", "severity": 0.8, "duration": 9, "recovery": 3},
        {"use": "demand_surge", "hazard": 2.0, "severity": 0.3, "duration": 4},
        {"use": "dumping_campaign", "hazard": 1.0, "severity": 0.3, "duration": 6, "ramp": 2},
        {"use": "energy_spike", "hazard": 2.0, "severity": 0.5, "duration": 3, "recovery": 4},
    ],
    "households": 120,
    "months": 30,
    "overrides": {"recyclers.liquidity": 0.0, "credit.overdraft": 0.0, "firms.entry_hazard": 5.0},
}

Build = Callable[..., CircularTransition]
Run = Callable[..., CircularTransition]


@pytest.fixture(scope="module")
def reference(make: Build, run_out: Run, state: Any, series: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """State at the end and series of a run that nobody watches."""
    model = run_out(make(**EVENTFUL))
    assert {event.kind for event in model.event_log.events} >= {"entry", "exit", "instrument", "shock"}
    return state(model), series(model)


def compare(model: CircularTransition, reference: Any, state: Any, series: Any, differences: Any) -> None:
    """Nothing differs in state or in what has been recorded."""
    assert differences(state(model), reference[0]) == []
    if model.recorder.columns:
        assert differences(series(model), reference[1]) == []


# --- The comparison itself ------------------------------------------------------------------------


def test_the_state_holds_what_agents_markets_and_books_hold(reference: Any) -> None:
    held = reference[0]
    for path in (
        ".households.attitude",
        ".households.due",
        ".households.peers",
        ".firms.price",
        ".recyclers.cumulative",
        ".producers.capacity",
        ".producers.pipeline",
        ".materials.log_price",
        ".scrap.gross",
        ".dealers.units",
        ".labour.wage_factor",
        ".credit.rate",
        ".governments.members.0.credibility",
        ".blocs.0.regime",
        ".books.cash of lenders",
        ".books.stock of ground",
    ):
        assert path in held, f"{path}: among {sorted(held)[:50]} …"
    assert len(held) > 1000


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.households.trust.__setitem__(5, np.nextafter(model.households.trust[5], np.float32(2))),
        lambda model: model.materials.log_price.__setitem__((1, 0, 2), 0.0),
        lambda model: model.books.stock.__setitem__((0, 0), 1.0),
        lambda model: setattr(model.credit, "rate", model.credit.rate + 1e-16 + np.spacing(model.credit.rate)),
        lambda model: model.producers.pipeline.__setitem__((3, 0), 1.0),
    ],
)
def test_a_single_bit_is_noticed(make: Build, state: Any, differences: Any, change: Callable[[Any], object]) -> None:
    model = make(households=30, months=2)
    before = state(model)
    assert differences(before, state(model)) == []
    change(model)
    assert len(differences(before, state(model))) == 1


# --- Same seed ------------------------------------------------------------------------------------


def test_twice_in_one_process(
    make: Build, run_out: Run, reference: Any, state: Any, series: Any, differences: Any
) -> None:
    compare(run_out(make(**EVENTFUL)), reference, state, series, differences)


def test_two_models_that_take_turns_do_not_disturb_one_another(
    make: Build, reference: Any, state: Any, series: Any, differences: Any
) -> None:
    one, other = make(**EVENTFUL), make(rng=2, **(EVENTFUL | {"mix": "market_pull"}))
    while one.running:
        one.step()
        other.step()
    compare(one, reference, state, series, differences)


@pytest.mark.parametrize("record", [True, False], ids=["recorded", "not recorded"])
@pytest.mark.parametrize("events", [True, False], ids=["events", "no events"])
def test_recording_and_events_change_nothing(
    make: Build, run_out: Run, reference: Any, state: Any, series: Any, differences: Any, record: bool, events: bool
) -> None:
    model = run_out(make(record=record, events=events, **EVENTFUL))
    assert bool(model.event_log.events) == events
    compare(model, reference, state, series, differences)


def test_handles_change_nothing(
    make: Build, run_out: Run, reference: Any, state: Any, series: Any, differences: Any
) -> None:
    """Made before the first month and looked at in every month, Mesa's own random numbers used up as well."""

    def look(model: CircularTransition) -> None:
        assert len(model.agents) > 120
        model.agents_by_type[Household].agg("income", sum)
        model.agents.shuffle()
        model.random.random()
        model.rng.random()
        for kind in model.populations:
            model.agents_by_type[kind].get("slot")

    model = make(**EVENTFUL)
    look(model)
    run_out(model, look)
    compare(model, reference, state, series, differences)


def test_reading_the_books_between_months_changes_nothing(
    make: Build, run_out: Run, reference: Any, state: Any, series: Any, differences: Any
) -> None:
    def read(model: CircularTransition) -> None:
        model.books.net_financial_assets.sum()
        model.books.month_flow("labour").sum()
        model.books.month_moved("recovery").sum()
        model.datacollector.get_model_vars_dataframe()

    compare(run_out(make(**EVENTFUL), read), reference, state, series, differences)


def test_the_global_random_state_plays_no_part(
    make: Build, run_out: Run, reference: Any, state: Any, series: Any, differences: Any
) -> None:
    np.random.seed(12345)  # noqa: NPY002
    compare(run_out(make(**EVENTFUL)), reference, state, series, differences)


DIGEST = f"""
import hashlib
from abm.running import run
from abm.model import CircularTransition
from abm.scenario import load_scenario

scenario = load_scenario(**{EVENTFUL!r})
model = CircularTransition.from_scenario(scenario, rng=1)
while model.running:
    model.step()
digest = hashlib.sha256()
for array in (model.recorder.values, model.books.cash, model.books.debt, model.books.stock, model.materials.price):
    digest.update(array.tobytes())
for population in (model.households, model.firms, model.recyclers, model.producers):
    for name in population.columns:
        digest.update(getattr(population, name).tobytes())
print(digest.hexdigest())
"""


def test_in_two_processes() -> None:
    """Processes whose hashes of texts differ, one with several threads for linear algebra and one with one."""
    said = []
    for seed, threads in (("1", "1"), ("2", "4")):
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": seed,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        }
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1]
    spoken: dict[str, Any] = {}
    exec(DIGEST, spoken)
    assert spoken["digest"].hexdigest() == said[0].strip()


def test_a_longer_run_begins_like_a_shorter_one(make: Build, run_out: Run, reference: Any, series: Any) -> None:
    longer = series(run_out(make(**(EVENTFUL | {"months": 36}))))
    for name, values in reference[1].items():
        assert np.array_equal(longer[name][: len(values)], values, equal_nan=True), name


# --- Seeds ----------------------------------------------------------------------------------------


def test_another_seed_is_another_path(make: Build, run_out: Run, reference: Any, state: Any, series: Any) -> None:
    other = run_out(make(rng=2, **EVENTFUL))
    assert not np.array_equal(state(other)[".households.due"], reference[0][".households.due"])
    assert (other.materials.log_price != reference[0][".materials.log_price"]).all()
    moving = [name for name, values in reference[1].items() if len(np.unique(values)) > 1]
    assert moving
    same = [name for name in moving if np.array_equal(series(other)[name], reference[1][name], equal_nan=True)]
    assert len(same) <= 0.1 * len(moving), same


def test_near_seeds_have_nothing_in_common(make: Build) -> None:
    paths = np.array([make(rng=seed, households=30, months=60).energy_path for seed in range(20)])
    correlation = np.corrcoef(np.diff(np.log(paths), axis=1))
    assert np.abs(correlation[~np.eye(20, dtype=bool)]).max() < 0.6


def test_a_generator_gives_a_seed_that_repeats_the_run(make: Build, run_out: Run, state: Any, differences: Any) -> None:
    small = {"households": 40, "months": 6}
    generator = np.random.default_rng(7)
    first, second = make(rng=generator, **small), make(rng=generator, **small)
    assert first.seed != second.seed
    assert make(rng=np.random.default_rng(7), **small).seed == first.seed
    again = state(run_out(make(rng=first.seed, **small)))
    assert differences(state(run_out(first)), again) == []
    assert differences(state(run_out(second)), again) != []


def test_without_a_seed_one_is_drawn_and_recorded(make: Build, run_out: Run, state: Any, differences: Any) -> None:
    small = {"households": 40, "months": 6}
    first, second = make(rng=None, **small), make(rng=None, **small)
    assert first.seed != second.seed
    again = run_out(make(rng=first.seed, **small))
    assert differences(state(run_out(first)), state(again)) == []


# --- From a manifest ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [5, None], ids=["seed given", "seed drawn"])
def test_a_run_is_repeated_from_its_manifest_bit_for_bit(tmp_path: Path, seed: int | None) -> None:
    overrides = {"firms.markup": 0.2, "blocs.china.patience": 12.0} if seed else {}
    scenario = load_scenario(mix="security_first", shocks="turbulent", households=60, months=18, overrides=overrides)
    first = running.run(scenario, rng=seed)
    again, report = running.repeat(first.write(tmp_path / "run"))
    assert report.identical
    assert report.largest_difference == 0.0
    assert again.values.tobytes() == first.values.tobytes()
    assert again.manifest["seed"] == first.manifest["seed"]
    assert again.events.equals(first.events)
    assert first.values.size > 0


def test_a_run_of_uses_given_in_python_is_repeated_too(tmp_path: Path) -> None:
    mix = [
        {"use": "recovery_subsidy", "jurisdiction": "eu", "start": "2026-03", "intensity": 7.5, "materials": ["ndpr"]}
    ]
    shocks = [{"use": "energy_spike", "hazard": 1.5, "duration": 4, "severity": 0.9}]
    first = running.run(rng=3, mix=mix, shocks=shocks, households=60, months=12)
    again, report = running.repeat(first.write(tmp_path / "run"))
    assert report.identical
    assert again.values.tobytes() == first.values.tobytes()
