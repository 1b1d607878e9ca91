"""Minimum efficient scale in recycling; credit that tightens with losses; what a failure does to others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from abm.model import CircularTransition

Array = NDArray[np.float64]
Build = Callable[..., CircularTransition]


def efficient(model: CircularTransition) -> Array:
    """Efficient scale of each stream (S,), kg a month."""
    return np.asarray(model.config.streams.efficient_scale) * 1000.0 / 12.0


# --- Scale


def test_a_plant_below_efficient_scale_costs_more_per_kilogram_and_a_larger_one_no_less(make: Build) -> None:
    model = make()
    model.step()
    recyclers, costs = model.recyclers, []
    for scale in (0.1, 0.5, 1.0, 3.0):
        recyclers.capacity[:] = scale * efficient(model)[recyclers.stream]
        recyclers.cost_of_processing(model.energy, model.labour.wage_factor)
        costs.append(recyclers.processing_cost.copy())
    exponent = model.config.recyclers.scale_exponent
    np.testing.assert_allclose(costs[0] / costs[2], 10.0**exponent)
    np.testing.assert_allclose(costs[1] / costs[2], 2.0**exponent)
    np.testing.assert_allclose(costs[3], costs[2])


def prospects(make: Build, left_over: tuple[float, ...], crosses: float) -> tuple[Array, Array, Array]:
    """Return, capacity over efficient scale, and cost of processing and fetching that founders count on (S, L).

    `left_over` is the scrap for which no plant is at work in each leaf, over what a plant of efficient scale takes;
    `crosses` the share of it that may cross a border, here at no cost.
    """
    model = make(months=6)
    for _ in range(4):
        model.step()
    scrap = model.scrap
    scrap.may_cross = np.full(scrap.border_limit.shape, crosses)
    scrap.mobility, scrap.haulage = 1.0, np.zeros(scrap.haulage.shape)
    model.renewal.idle_scrap = efficient(model)[:, None] * np.array(left_over)
    returns, capacity, plan = model.renewal._expected_return()
    return returns, capacity / efficient(model)[:, None], plan[3]


def test_founders_count_on_the_cost_of_the_scale_that_scrap_allows(make: Build) -> None:
    narrow, wide = (prospects(make, (0.0, 0.3, 5.0), crosses) for crosses in (0.0, 1.0))
    home = 1  # a leaf with little scrap beside a large one across the border
    np.testing.assert_allclose(narrow[1][:, home], 0.3)
    np.testing.assert_allclose(wide[1][:, home], 2.0)
    assert (narrow[2][:, home] > wide[2][:, home]).all()
    assert (narrow[0][:, home] < wide[0][:, home]).all()
    # Across the border there is enough anyway.
    np.testing.assert_allclose(narrow[0][:, 2], wide[0][:, 2])


def test_what_fails_on_little_feedstock_thrives_on_much(make: Build) -> None:
    model = make()
    terms, row = model.config.recyclers, model.config.streams.index("electronics")
    hurdle = terms.hurdle_rate + 1.0 / terms.plant_life
    little, much = prospects(make, (0.0, 0.01, 5.0), 0.0), prospects(make, (0.0, 0.01, 5.0), 1.0)
    assert little[0][row, 1] < hurdle < much[0][row, 1]


def entries(make: Build, crosses: float) -> list[int]:
    """Leaves in which founders of each stream would build, in many draws, where scrap is left in one small leaf."""
    model = make(months=40, overrides={"recyclers.entry_hazard": 4.0})
    model.step()
    model.renewal._expected_return, first = lambda: (returns, capacity, plan), model.renewal._expected_return
    _, _, plan = first()
    shape = model.renewal.idle_scrap.shape
    returns = np.ones(shape)
    capacity = np.full(shape, 0.0)
    capacity[:, 1] = crosses * efficient(model)
    before = len(model.recyclers)
    model.renewal._recyclers_enter()
    return model.recyclers.leaf[before:].tolist()


def test_nobody_builds_for_less_than_a_quarter_of_efficient_scale(make: Build) -> None:
    assert entries(make, 0.2) == []
    assert set(entries(make, 0.3)) == {1}
