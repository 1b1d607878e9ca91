"""What instruments of extraction and refining make agents do, and what is paid for it.

As in test_behaviour.py every test runs the same world twice on one seed, with and without the instrument; up to the
month in which it starts the two must agree to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from abm.agents.projects import terms_of_projects
from abm.model import CircularTransition

Array = NDArray[np.float64]
Look = Callable[[CircularTransition], Any]
Use = Mapping[str, Any]

START, FIRST_MONTH = 6, "2026-07"
RARE_EARTHS = ("ndpr", "dysprosium")
QUIET = {f"blocs.{bloc}.{trait}": 0.0 for bloc in ("china", "indonesia") for trait in ("restrict_hazard", "patience")}


def instrument(name: str, intensity: float, **more: Any) -> Use:
    """An instrument of the union that starts in `FIRST_MONTH`."""
    return {"use": name, "jurisdiction": "eu", "start": FIRST_MONTH, "intensity": intensity, **more}


def world(months: int, mix: Any = (), shocks: Any = (), households: int = 120, **overrides: float) -> Any:
    """A world in which blocs do nothing of their own accord."""
    return CircularTransition(
        mix=list(mix),
        shocks=list(shocks),
        months=months,
        households=households,
        rng=1,
        overrides=QUIET | {path.replace("__", "."): value for path, value in overrides.items()},
        record=False,
        events=False,
    )


def seen(model: CircularTransition, look: Look) -> Array:
    """What `look` sees at the end of each month, to the end of the run (T, …)."""
    values = []
    while model.running:
        model.step()
        values.append(np.array(look(model), dtype=np.float64))
    return np.array(values)


def paired(look: Look, mix: Any, months: int, beside: Any = (), **keywords: Any) -> tuple[Array, Array]:
    """What is seen without and with instruments, next to others `beside`; they agree until the instruments start."""
    without = seen(world(months, mix=beside, **keywords), look)
    with_it = seen(world(months, mix=[*beside, *mix], **keywords), look)
    np.testing.assert_array_equal(without[:START], with_it[:START])
    return without, with_it


def at_home(model: CircularTransition, stage: int) -> NDArray[np.bool_]:
    """Mines (0) or refineries (1) at home (n,)."""
    return np.asarray((model.producers.leaf >= 0) & (model.producers.stage == stage))


def material(model: CircularTransition, name: str) -> int:
    return int(model.config.materials.index(name))


# --- Permit acceleration and site allocation -------------------------------------------------------

BOOM = {"use": "demand_surge", "start": "2027-01", "severity": 0.3, "duration": 120}


def refining_at_home(model: CircularTransition) -> Array:
    """Capacity of refineries at home over that at the start (n,)."""
    rows = at_home(model, 1)
    return np.asarray(model.producers.capacity[rows] / model.producers.start_capacity[rows])


def test_faster_permits_bring_refining_forward_in_a_boom() -> None:
    use = instrument("permit_acceleration", 0.8, sites=0.5)
    without, with_it = paired(refining_at_home, [use], 72, shocks=[BOOM], primary_producers__hurdle_rate=0.1)
    assert (with_it[-12:].mean(axis=1) > 1.03 * without[-12:].mean(axis=1)).all()


def test_permits_shorten_their_part_of_the_lead_time_at_home_only() -> None:
    def look(model: CircularTransition) -> Array:
        """Months until the last of what was ordered this month opens (n,)."""
        producers = model.producers
        _, _, lands = producers._route(terms_of_projects(model.rules, producers))
        return np.asarray(lands[-1] // len(producers))

    without, with_it = paired(look, [instrument("permit_acceleration", 0.5)], START + 1)
    model = world(1)
    terms, saved = model.config.primary_producers, without[-1] - with_it[-1]
    for stage, share in enumerate((terms.permit_share_mine, terms.permit_share_refinery)):
        rows = at_home(model, stage)
        np.testing.assert_allclose(saved[rows], 0.5 * share * (without[-1][rows] - 1.0), atol=1.0)
    assert (saved[model.producers.leaf < 0] == 0.0).all()


def test_recycling_plants_are_built_sooner_and_of_two_governments_the_fastest_counts() -> None:
    mix = [
        instrument("permit_acceleration", 0.5),
        instrument("permit_acceleration", 1.0, jurisdiction="nl", materials=["cobalt"]),
        instrument("waste_definition_reform", 0.5, permits=0.3),
    ]
    model = world(START + 1, mix=mix)
    seen(model, lambda model: 0)
    share, streams = model.config.recyclers.permit_share, model.config.streams
    cobalt = np.asarray(streams.recovery)[:, material(model, "cobalt")] > 0.0
    saved = model.rules.recycling_permits
    dutch = [model.config.jurisdictions.index("nl") in model.config.ancestors[leaf] for leaf in model.config.leaves]
    np.testing.assert_allclose(saved[~np.array(dutch)], 0.3)  # the reform saves more than half of the permit time
    np.testing.assert_allclose(saved[dutch], [np.where(cobalt, share, 0.3)] * sum(dutch))


# --- Energy relief ---------------------------------------------------------------------------------

RELIEF = instrument("energy_relief", 0.5, components=1.0)
DEAR_ENERGY = {"use": "energy_spike", "start": "2026-10", "severity": 2.0, "duration": 24}


def test_energy_relief_keeps_refineries_and_recyclers_at_home_running_in_a_spike() -> None:
    def look(model: CircularTransition) -> Array:
        producers, recyclers = model.producers, model.recyclers
        awake = producers.awake[at_home(model, 1) & ~producers.host].mean()
        return np.array([awake, recyclers.margin.mean(), recyclers.active.sum()])

    without, with_it = paired(look, [RELIEF], 34, shocks=[DEAR_ENERGY])
    assert (with_it[12:, 0] > 1.02 * without[12:, 0]).all()
    assert (with_it[START + 1 : START + 7, 1] > without[START + 1 : START + 7, 1]).all()
    assert with_it[-1, 2] > without[-1, 2]


def test_energy_relief_raises_bids_for_scrap_and_lowers_the_cost_of_components() -> None:
    def look(model: CircularTransition) -> Array:
        bids = model.end_of_life.feed_value_bid.bid.max(axis=(0, 2)).min()
        return np.array([bids, model.firms.unit_cost[model.firms.component >= 0].mean()])

    without, with_it = paired(look, [RELIEF], START + 1)
    assert with_it[-1, 0] > without[-1, 0]
    assert with_it[-1, 1] < without[-1, 1]


def energy_bill(model: CircularTransition) -> Array:
    """Energy bill of refineries, recyclers and component makers at home this month, and what support paid, EUR."""
    producers, flow = model.producers, model.books.month_flow
    rows = at_home(model, 1)
    power = producers.energy_share * model.conditions.energy[producers.jurisdiction]
    refining = (producers.output * producers.cash_cost * power)[rows].sum()
    makers = model.firms.account[model.firms.component >= 0]
    rest = -flow("energy")[model.recyclers.account].sum() - flow("energy")[makers].sum()
    accounts = model.accounts.governments
    return np.array([refining + rest, -flow("operating_support")[accounts[accounts >= 0]].sum()])


def test_relief_settles_a_share_of_the_energy_bill_of_the_month_and_stops_at_its_end() -> None:
    bills, paid = seen(world(24, mix=[{**RELIEF, "end": "2027-06"}], shocks=[DEAR_ENERGY]), energy_bill).T
    assert (paid[:START] == 0.0).all()
    np.testing.assert_allclose(paid[START:18], 0.5 * bills[START:18], rtol=1e-9)
    assert (paid[18:] == 0.0).all()


def test_relief_stops_at_its_cap_and_two_governments_never_pay_more_than_the_bill() -> None:
    both = [instrument("energy_relief", 1.0, components=1.0), instrument("energy_relief", 0.7, jurisdiction="nl")]
    bills, paid = seen(world(12, mix=both), energy_bill).T
    np.testing.assert_allclose(paid[START:], bills[START:], rtol=1e-9)
    cap = 2.5 * float(paid[START])
    _, capped = seen(world(12, mix=[{**RELIEF, "intensity": 1.0, "cap": cap}]), energy_bill).T
    np.testing.assert_allclose(capped.sum(), cap)
    assert (capped[START + 3 :] == 0.0).all()


# --- Investment support for mines and refineries ---------------------------------------------------

SUPPORT = [(f"{activity}_investment_support", stage) for stage, activity in enumerate(("extraction", "refining"))]


@pytest.mark.parametrize(("name", "stage"), SUPPORT)
def test_support_lets_projects_go_ahead_at_a_lower_price(name: str, stage: int) -> None:
    def ordered(model: CircularTransition) -> Array:
        """Spending on new capacity of the stage in scope and of the other, EUR, the latter where there is none."""
        spending = model.producers.spending
        return np.array([spending[at_home(model, stage)].sum(), spending[at_home(model, 1 - stage)].sum()])

    without, with_it = paired(ordered, [instrument(name, 0.4)], 30)
    assert with_it[START:, 0].sum() > 1.05 * without[START:, 0].sum()
    np.testing.assert_allclose(with_it[START, 1], without[START, 1])


@pytest.mark.parametrize(("name", "stage"), SUPPORT)
def test_support_pays_its_share_of_last_months_spending_until_its_end(name: str, stage: int) -> None:
    def look(model: CircularTransition) -> Array:
        accounts = model.accounts.governments
        paid = -model.books.month_flow("investment_support")[accounts[accounts >= 0]].sum()
        return np.array([model.producers.spending[at_home(model, stage)].sum(), paid])

    use = instrument(name, 0.4, end="2027-06")
    spent, paid = seen(world(24, mix=[use]), look).T
    assert (paid[:START] == 0.0).all()
    np.testing.assert_allclose(paid[START:18], 0.4 * spent[START - 1 : 17])
    assert (paid[START + 1 : 18] > 0.0).all()
    assert (paid[18:] == 0.0).all()
    spent, paid = seen(world(10, mix=[use, {**use, "intensity": 0.8}]), look).T
    np.testing.assert_allclose(paid[START + 1 :], spent[START:-1])  # two shares add up to the whole, not to more


def test_support_stops_at_its_cap_until_january() -> None:
    def paid(model: CircularTransition) -> float:
        return float(-model.books.month_flow("investment_support")[model.accounts.governments[1]])

    free = seen(world(24, mix=[instrument("refining_investment_support", 0.4)]), paid)
    cap = 0.4 * float(free[12:].sum())
    capped = seen(world(36, mix=[instrument("refining_investment_support", 0.4, cap=cap)]), paid)
    np.testing.assert_allclose(capped[12:24].sum(), cap)
    assert capped[23] == 0.0
    assert capped[25] > 0.0  # for what was ordered in January


def test_permits_and_support_together_do_more_than_either() -> None:
    """In a boom projects that support makes pay open sooner with faster permits."""
    support, permits = instrument("refining_investment_support", 0.5), instrument("permit_acceleration", 0.8, sites=0.5)
    ends = [seen(world(72, mix=mix, shocks=[BOOM]), refining_at_home)[-1].mean() for mix in ([], [support], [permits])]
    both = seen(world(72, mix=[support, permits], shocks=[BOOM]), refining_at_home)[-1].mean()
    assert ends[1] > ends[0]
    assert both > max(ends)
