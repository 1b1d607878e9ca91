"""An instrument at zero intensity and a shock at zero severity change nothing but their own rows, bit for bit."""

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest

from abm import policies, shocks
from abm.model import CircularTransition
from abm.parameters import config_folder, load_config
from abm.scenario import load_scenario

CONFIG = load_config(config_folder())
MONTHS = 26
# A world in which a good deal is going on, at random and by order, so that there is something to disturb.
MIX = [
    {"use": "recovery_subsidy", "jurisdiction": "eu", "start": 2, "end": 60, "intensity": 4.0, "cap": 3e6},
    {"use": "strategic_stockpile", "jurisdiction": "eu", "start": 1, "intensity": 3.0},
    {"use": "recycled_content_mandate", "jurisdiction": "eu", "start": 6, "intensity": 0.1, "ramp": 6},
    {"use": "recycled_content_mandate", "jurisdiction": "nl", "start": 3, "intensity": 0.1},
    {"use": "deposit_refund", "jurisdiction": "nl", "start": 0, "intensity": 0.05},
    {"use": "circular_procurement", "jurisdiction": "nl", "start": 0, "intensity": 0.5},
    {"use": "contract_for_difference", "jurisdiction": "nl", "start": 4, "intensity": 1.3, "term": 12.0},
    {"use": "primary_levy", "jurisdiction": "eu", "start": 5, "intensity": 0.2, "border": 1.0, "recycle": 0.5},
    {"use": "price_floor", "jurisdiction": "eu", "start": 4, "intensity": 1.2},
    {"use": "recycling_investment_support", "jurisdiction": "eu", "start": 0, "intensity": 0.3},
]
SHOCKS = [
    {"use": name, "hazard": 0.8, "duration": 5, "ramp": 2, "recovery": 2, "severity": severity}
    for name, severity in {
        "export_restriction": 0.6,
        "dumping_campaign": 0.3,
        "demand_surge": 0.3,
        "energy_spike": 0.6,
    }.items()
]
OVERRIDES = {"recyclers.liquidity": 0.0, "credit.overdraft": 0.0, "firms.entry_hazard": 5.0}

# What an instrument keeps about itself: its status and purse, its place among the others, its stockpile in the books;
# and which lever was asked who binds it, a memory of the month's rules.
OWN = re.compile(
    r"\.governments\.(instruments|labels|paid|received)\b|\.governments\.members\.\d+\.instruments\b"
    r"|\._stockpiles\b|\.circumstances\.shocks\b|\.released\b|\.rules\._bindings\b"
)


def model_of(mix: list[Any], strikes: list[Any]) -> CircularTransition:
    scenario = load_scenario(mix=mix, shocks=strikes, households=120, months=MONTHS, overrides=OVERRIDES)
    return CircularTransition.from_scenario(scenario, rng=1)


def outcome(model: CircularTransition, run_out: Any, state: Any, series: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    run_out(model)
    held = {path: value for path, value in state(model).items() if not OWN.search(path)}
    return held, series(model)


@pytest.fixture(scope="module")
def without(run_out: Any, state: Any, series: Any) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
    """State, series and events of the world without what is idle."""
    model = model_of(MIX, SHOCKS)
    held, recorded = outcome(model, run_out, state, series)
    kinds = {event.kind for event in model.event_log.events}
    assert kinds >= {"entry", "exit", "instrument", "shock"}
    assert all(instrument.total_paid + instrument.total_received > 0.0 for instrument in model.governments.instruments)
    return held, recorded, model.event_log.events


def same_but_for(
    model: CircularTransition,
    own: str,
    name: str,
    without: Any,
    run_out: Any,
    state: Any,
    series: Any,
    differences: Any,
) -> None:
    """Nothing differs but places and columns labelled `own`, and events of the idle one's `name`."""
    held, recorded = outcome(model, run_out, state, series)
    for one, other in ((held, without[0]), (recorded, without[1])):
        assert [path for path in differences(one, other) if own not in path] == []
        assert set(other) <= set(one)
    before, now = ([repr(event) for event in events] for events in (without[2], model.event_log.events))
    later = iter(now)
    assert all(event in later for event in before), "every other event, in the same order"
    extra = Counter(now) - Counter(before)
    assert extra
    assert all(f"what='{name}_" in event for event in extra)


def governments(declared: Any) -> list[str]:
    table = CONFIG.jurisdictions
    return [table.ids[row] for row in CONFIG.governments if str(table.level[row]) in declared.level]


INSTRUMENTS = [
    (name, jurisdiction) for name, declared in policies.registry().items() for jurisdiction in governments(declared)
]


@pytest.mark.parametrize(("name", "jurisdiction"), INSTRUMENTS, ids=["@".join(pair) for pair in INSTRUMENTS])
def test_an_instrument_at_zero_intensity_changes_nothing_else(
    name: str, jurisdiction: str, without: Any, run_out: Any, state: Any, series: Any, differences: Any
) -> None:
    """Beside others of its kind, before them in the mix, with its other quantities at their highest."""
    declared = policies.registry()[name]
    idle: dict[str, Any] = {"use": name, "jurisdiction": jurisdiction, "start": 3, "intensity": 0.0, "announced": 1}
    idle |= {"end": MONTHS - 2, "ramp": 5}  # news in the last month, in which nobody else looks ahead anew
    idle |= {parameter: quantity.high for parameter, quantity in declared.parameters.items()}
    if "border" in idle and jurisdiction != "eu":
        idle["border"] = 0.0
    model = model_of([idle, *MIX], SHOCKS)
    label = model.governments.labels[-1]  # those without effect come last, so that nobody else is renumbered
    assert not any(label in known for known in without[1])
    same_but_for(model, label, name, without, run_out, state, series, differences)


@pytest.mark.parametrize("scripted", [True, False], ids=["scripted", "stochastic"])
@pytest.mark.parametrize("name", shocks.registry())
def test_a_shock_at_zero_severity_changes_nothing_else(
    name: str, scripted: bool, without: Any, run_out: Any, state: Any, series: Any, differences: Any
) -> None:
    """Before another of its kind that strikes at random, whose luck must stay the same."""
    declared = shocks.registry()[name]
    idle: dict[str, Any] = {"use": name, "severity": 0.0, "duration": 6, "ramp": 2, "recovery": 3}
    idle |= {"start": 2} if scripted else {"hazard": 6.0}
    idle |= {parameter: quantity.high for parameter, quantity in declared.parameters.items()}
    model = model_of(MIX, [idle, *SHOCKS])
    same_but_for(model, "no place or series of its own", name, without, run_out, state, series, differences)


def test_the_same_instrument_at_work_does_change_something(
    without: Any, run_out: Any, state: Any, series: Any, differences: Any
) -> None:
    working = {"use": "recovery_subsidy", "jurisdiction": "nl", "start": 3, "intensity": 1e-6}
    held, _ = outcome(model_of([*MIX, working], SHOCKS), run_out, state, series)
    assert differences(held, without[0])


def test_the_same_shock_when_it_strikes_does_change_something(
    without: Any, run_out: Any, state: Any, series: Any, differences: Any
) -> None:
    strike = {"use": "demand_surge", "start": 3, "duration": 1, "severity": 1e-6}
    held, _ = outcome(model_of(MIX, [*SHOCKS, strike]), run_out, state, series)
    assert differences(held, without[0])


def test_no_world_without_instruments_is_disturbed_by_idle_ones(
    run_out: Any, state: Any, series: Any, differences: Any
) -> None:
    """All instruments at once at zero, where there are no others."""
    idle = [
        {"use": name, "jurisdiction": jurisdiction, "start": 0, "intensity": 0.0} for name, jurisdiction in INSTRUMENTS
    ]
    bare, crowded = model_of([], []), model_of(idle, [])
    one, other = outcome(bare, run_out, state, series), outcome(crowded, run_out, state, series)
    changed = differences(one[0], other[0])
    assert [path for path in changed if ".stock of stockpile " not in path] == []
    assert [name for name, values in one[1].items() if not np.array_equal(values, other[1][name], equal_nan=True)] == []
    assert not any(instrument.total_paid or instrument.total_received for instrument in crowded.governments.instruments)
