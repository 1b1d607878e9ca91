"""Technical labour: a pool that limits jobs, and what a shortage does to wages, building and output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from abm.agents.firms import COMPONENT
from abm.agents.recyclers import BUILDING, RESTARTING, SHUT
from abm.markets.labour import Labour
from abm.model import CircularTransition
from abm.scenario import load_scenario

Array = NDArray[np.float64]
Build = Callable[..., CircularTransition]
CONFIG = load_scenario().config


def market(years: float, work: float = 1.0, training: float = 0.0, building: float = 0.0) -> Labour:
    """A market after a year at usual work, and so many years at `work` times as much as its pool can do."""
    labour = Labour(CONFIG)
    usual = labour.employed * labour.base_wage / 12.0
    for month in range(12):
        labour.close_month(month, usual)
    for month in range(12, 12 + round(12 * years)):
        labour.order_building(building * usual)
        growth = labour.pool / Labour(CONFIG).pool  # demand that keeps up with people
        labour.close_month(month, usual * work * growth * labour.wage_factor * labour.staffing, training)
    return labour


def test_the_market_starts_in_balance_at_the_published_rate_of_vacancies(make: Build, run_out: Any) -> None:
    model = make(households=300)
    labour, rate = model.labour, np.asarray(CONFIG.jurisdictions.vacancy_rate)[CONFIG.leaves]
    np.testing.assert_allclose(labour.vacancies / labour.wanted, rate)
    run_out(model)
    # The scale between jobs that the model's work asks for and those of the config is near one.
    assert labour._scale == pytest.approx(1.0, abs=0.15)


def test_employed_people_and_open_jobs_add_up_whatever_happens() -> None:
    for work in (0.2, 0.9, 1.0, 1.3, 5.0):
        labour = market(1.0, work)
        assert (labour.employed <= labour.pool_before).all()
        assert (labour.employed <= labour.wanted).all()
        np.testing.assert_allclose(labour.vacancies, labour.wanted - labour.employed)
        assert (labour.vacancies >= 0.0).all()


def test_a_shortage_opens_vacancies_raises_wages_draws_people_and_slows_building() -> None:
    usual, short = market(1.0), market(1.0, 1.15)
    assert (short.vacancies > 2.0 * usual.vacancies).all()
    assert (short.wage_factor > usual.wage_factor + 0.02).all()
    assert (short.build_speed < 0.8).all() and (usual.build_speed > 0.95).all()
    assert (market(3.0, 1.15).pool > market(3.0).pool * 1.02).all()


def test_too_little_work_does_the_opposite_and_hurries_nothing() -> None:
    usual, slack = market(3.0), market(3.0, 0.85)
    assert (slack.vacancies < 0.2 * usual.vacancies).all()
    assert (slack.wage_factor < 0.95).all()
    assert (slack.pool < usual.pool).all()
    assert (slack.build_speed == 1.0).all()
    assert slack.staffing == pytest.approx(1.0)


def test_overtime_bridges_a_small_shortage_and_output_falls_only_when_a_large_one_lasts() -> None:
    assert market(2.0, 1.03).staffing == pytest.approx(1.0)
    early, late = market(0.5, 1.3).staffing, market(1.5, 1.3).staffing
    assert (late < early).all() and (early < 1.0).all()
    assert (late > 0.7).all()


def test_training_adds_people_and_closes_vacancies() -> None:
    labour = Labour(CONFIG)
    usual = labour.employed * labour.base_wage / 12.0
    trained = Labour(CONFIG)
    for month in range(36):
        for one, training in ((labour, 0.0), (trained, 0.03)):
            one.close_month(month, usual * (1.03 if month > 12 else 1.0) * one.wage_factor * one.staffing, training)
    assert (trained.pool > labour.pool).all()
    assert (trained.vacancies < labour.vacancies).all()
    assert (trained.wage_factor < labour.wage_factor).all()


def test_building_plants_is_work_for_technicians() -> None:
    usual, building = market(1.0), market(1.0, building=1.0)
    assert (building.wanted > 1.03 * usual.wanted).all()
    assert (building.build_speed < usual.build_speed).all()


def months_until_it_runs(make: Build, status: int, speed: float) -> int:
    """Months until a plant that is being built or restarted runs, when building proceeds at this speed."""
    model = make()
    model.step()
    recyclers, months = model.recyclers, 0
    recyclers.status[:] = status
    recyclers.status_months[:] = 12.0 if status == BUILDING else 0.0
    price = np.full((len(recyclers), len(model.config.materials)), 1000.0)
    while (recyclers.status == status).any() and months < 60:
        recyclers.plan(price, np.full(len(model.config.leaves), speed))
        months += 1
    return months


@pytest.mark.parametrize("status", [BUILDING, RESTARTING])
def test_plants_take_longer_to_build_and_to_restart_when_labour_is_scarce(make: Build, status: int) -> None:
    assert months_until_it_runs(make, status, 0.5) >= 2 * months_until_it_runs(make, status, 1.0) - 2
    assert months_until_it_runs(make, SHUT, 0.5) == months_until_it_runs(make, SHUT, 1.0)  # to decide takes nobody


def test_firms_build_and_make_in_proportion_to_the_people_at_hand(make: Build) -> None:
    model = make()
    model.step()
    firms, leaves = model.firms, len(model.config.leaves)
    firms.plan_output(np.ones(leaves))
    full = firms.planned.copy()
    firms.plan_output(np.full(leaves, 0.9))
    np.testing.assert_allclose(firms.planned, 0.9 * full)
    assert full[firms.kind <= COMPONENT].sum() > 0.0


def test_where_people_are_scarce_industry_grows_more_slowly_at_higher_wages(make: Build, run_out: Any) -> None:
    many, few = (
        run_out(make(households=200, months=84, overrides={"labour.growth": growth}, record=False))
        for growth in (0.05, -0.03)
    )
    assert (few.labour.wage_factor > many.labour.wage_factor).all()
    assert (few.labour.employed < many.labour.employed).all()
    capital = [model.firms.capital[model.firms.active].sum() for model in (few, many)]
    assert capital[0] < 0.99 * capital[1]
