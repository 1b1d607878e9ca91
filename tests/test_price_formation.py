"""How prices form: known answers of the clearing functions, and the shape of the rare-earth episode of 2010–2012.

Episodes are judged against a run on the same seed without the restriction, since what other luck does to prices
in a year is as large as a quota. Figures of the episode itself are those of the history config, not of this page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from abm.markets.clearing import crossing, fill_by_priority, log_price_grid, on_grid, tier_response, wanted_stock
from abm.model import CircularTransition

Array = NDArray[np.float64]
GRID = log_price_grid()
START = 12  # month in which restrictions begin
SEEDS = (1, 2, 3)
MATERIALS = ("ndpr", "dysprosium")


# --- Clearing, known answers ----------------------------------------------------------------------


def test_the_grid_runs_evenly_from_its_lowest_to_its_highest_price() -> None:
    grid = log_price_grid(0.5, 8.0, 9)
    np.testing.assert_allclose(np.exp(grid[[0, -1]]), [0.5, 8.0])
    np.testing.assert_allclose(np.diff(grid), np.log(16.0) / 8)


def test_a_straight_excess_demand_is_crossed_where_it_is_zero() -> None:
    where = np.array([-1.3, 0.0, 0.777, 2.0])
    excess = 5.0 * (where[:, None] - GRID[None, :])
    np.testing.assert_allclose(crossing(GRID, excess), where, atol=1e-12)


def test_without_a_crossing_the_price_stops_at_the_end_of_the_grid() -> None:
    wanting, glutted = np.ones((1, len(GRID))), -np.ones((1, len(GRID)))
    assert crossing(GRID, wanting)[0] == GRID[-1]
    assert crossing(GRID, glutted)[0] == GRID[0]


def test_isoelastic_demand_meets_fixed_supply_at_its_closed_form() -> None:
    elasticity, supply = np.array([0.5, 1.0, 2.0]), np.array([0.6, 1.0, 3.0])
    demand = np.exp(-elasticity[:, None] * GRID[None, :])
    found = crossing(GRID, demand - supply[:, None])
    np.testing.assert_allclose(found, -np.log(supply) / elasticity, atol=0.002)  # curves bend within a cell


def test_values_between_points_of_the_grid_are_interpolated_and_held_beyond_it() -> None:
    curves = np.stack([2.0 * GRID + 1.0, -GRID])
    np.testing.assert_allclose(on_grid(GRID, curves, np.array([0.123, 1.5])), [1.246, -1.5])
    np.testing.assert_allclose(on_grid(GRID, curves, np.array([99.0, -99.0])), [2.0 * GRID[-1] + 1.0, -GRID[0]])


def test_half_of_a_tier_gives_up_at_its_choke_price() -> None:
    grid = np.log(np.array([1.0, 4.0, 1e6]))
    response = tier_response(grid, np.array([[1.0]]), np.array([4.0]), np.array([0.0]))
    np.testing.assert_allclose(response[0, 1:], [0.5, 0.0], atol=1e-9)
    assert response[0, 0] > 0.99


def test_within_its_tiers_use_falls_with_the_short_run_elasticity() -> None:
    grid = np.log(np.array([1.0, 1.1]))
    response = tier_response(grid, np.array([[0.4, 0.6]]), np.array([1e6, 1e6]), np.array([0.25]))
    np.testing.assert_allclose(response[0], [1.0, 1.1**-0.25])


def test_tiers_leave_one_after_the_other_and_never_return_as_the_price_rises() -> None:
    response = tier_response(GRID, np.array([[0.2, 0.5, 0.3]]), np.array([2.5, 8.0, 40.0]), np.array([0.1]))[0]
    assert (np.diff(response) < 0.0).all()
    middle = on_grid(GRID, response[None], np.log([4.5]))[0] / 4.5**-0.1  # the first tier has left, the second stays
    assert middle == pytest.approx(0.8, abs=0.05)


def test_merchants_want_their_usual_stock_at_the_price_they_expect() -> None:
    grid = np.array([-0.5, 0.0, 0.5])
    none, much = np.zeros(1), np.full(1, 1e9)
    wanted = wanted_stock(grid, np.zeros(1), np.full(1, 100.0), 2.0, none, much)
    np.testing.assert_allclose(wanted[0], 100.0 * np.exp([1.0, 0.0, -1.0]))


def test_merchants_hold_between_working_stock_and_what_they_can_finance() -> None:
    wanted = wanted_stock(GRID, np.zeros(1), np.full(1, 100.0), 4.0, np.full(1, 25.0), np.full(1, 300.0))
    assert (wanted.min(), wanted.max()) == (25.0, 300.0)


def test_contracts_are_served_before_the_rest() -> None:
    first, second = fill_by_priority(np.array([5.0, 12.0, 30.0]), np.full(3, 10.0), np.full(3, 10.0))
    np.testing.assert_allclose(first, [5.0, 10.0, 10.0])
    np.testing.assert_allclose(second, [0.0, 2.0, 10.0])


# --- The episode ----------------------------------------------------------------------------------

Look = Callable[[CircularTransition], object]


@cache
def episode(seed: int, severity: float, months: int, reaction: float = 1.0) -> dict[str, Array]:
    """A world in which bloc exports of rare earths are cut from `START` on and never freed again.

    `reaction` scales what merchants and makers make of a restriction. Values are (T, materials of the episode).
    """
    shock = {"use": "export_restriction", "start": "2027-01", "severity": severity, "materials": list(MATERIALS)}
    overrides = {f"blocs.{bloc}.{trait}": 0.0 for bloc in ("china", "indonesia") for trait in ("restrict_hazard", "patience")}
    if reaction != 1.0:
        overrides |= {"merchants.precaution": 12.0 * reaction, "merchants.foresight": 4.0 * reaction,
                      "firms.precaution": 3.0 * reaction}
    model = CircularTransition(mix=[], shocks=[shock] if severity > 0.0 else [], months=months, households=300, rng=seed,
                               overrides=overrides, record=False, events=False)
    rows = [model.config.materials.index(name) for name in MATERIALS]
    seen: dict[str, list[Array]] = {name: [] for name in ("outside", "inside", "use", "stock", "thrift", "withheld")}
    while model.running:
        model.step()
        price, trade = model.materials.price[1], model.materials_trade
        seen["outside"].append(price[0, rows])
        seen["inside"].append(price[1, rows])
        seen["use"].append(trade.last_use[0, rows])
        seen["stock"].append(model.materials.stock(1)[0, rows].copy())
        seen["thrift"].append((model.firms.thrift.max(axis=0))[rows])
        seen["withheld"].append(model.blocs[0].withheld[1, rows].copy())
    return {name: np.array(values) for name, values in seen.items()}


def against_calm(seed: int, what: str, severity: float = 0.65, months: int = 60, reaction: float = 1.0) -> Array:
    """Ratio (T, materials) of a series to the same without the restriction, from its first month on."""
    cut, free = episode(seed, severity, months, reaction), episode(seed, 0.0, months, reaction)
    return np.asarray(cut[what][START:] / free[what][START:])


@pytest.mark.parametrize("seed", SEEDS)
def test_before_the_restriction_nothing_differs(seed: int) -> None:
    cut, free = episode(seed, 0.65, 60), episode(seed, 0.0, 60)
    for name, values in cut.items():
        np.testing.assert_array_equal(values[:START], free[name][:START], err_msg=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_restriction_raises_the_outside_price_at_once_and_sharply(seed: int) -> None:
    outside = against_calm(seed, "outside")
    assert (outside[:3].max(axis=0) >= 1.2).all()  # within three months
    assert (outside[:12].max(axis=0) >= 1.8).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_inside_price_does_not_follow(seed: int) -> None:
    outside, inside = against_calm(seed, "outside"), against_calm(seed, "inside")
    assert (inside[:6] < 1.25).all()
    assert (outside[:6].max(axis=0) > 1.4 * inside[:6].max(axis=0)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deeper_restriction_costs_more(seed: int) -> None:
    mild, deep = (against_calm(seed, "outside", severity, 36) for severity in (0.4, 0.65))
    assert (deep[:6].mean(axis=0) > mild[:6].mean(axis=0)).all()
    assert (mild[:6].max(axis=0) > 1.1).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_precaution_and_foresight_amplify_the_first_rise(seed: int) -> None:
    usual, calm_minded = against_calm(seed, "outside"), against_calm(seed, "outside", reaction=0.0)
    assert (usual[:6].mean(axis=0) > 1.1 * calm_minded[:6].mean(axis=0)).all()
    assert (calm_minded[:12].max(axis=0) > 1.1).all()  # scarcity alone raises the price too
    stock, unworried = against_calm(seed, "stock"), against_calm(seed, "stock", reaction=0.0)
    assert (stock[9:18].mean(axis=0) > unworried[9:18].mean(axis=0)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_use_falls_and_thrift_follows_with_a_lag(seed: int) -> None:
    use = against_calm(seed, "use")
    assert (use[3:12].min(axis=0) < 0.85).all()
    saved = episode(seed, 0.65, 60)["thrift"] - episode(seed, 0.0, 60)["thrift"]
    saved = saved[START:]
    assert (saved[24] > saved[3]).all()
    assert (saved[12:24].max(axis=0) > 0.005).all()
    fall = 1.0 - use
    # The month in which half of the first year's deepest fall is reached, and half of two years' savings.
    half_fall = (fall[:12] >= 0.5 * fall[:12].max(axis=0)).argmax(axis=0)
    half_saved = (saved[:24] >= 0.5 * saved[:24].max(axis=0)).argmax(axis=0)
    assert (half_saved >= half_fall).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_fall_back_within_three_years_though_the_restriction_stays(seed: int) -> None:
    outside = against_calm(seed, "outside")
    peak = outside[:24].max(axis=0)
    lowest = outside[:37].min(axis=0, where=np.arange(37)[:, None] > outside[:24].argmax(axis=0), initial=np.inf)
    lost = (peak - lowest) / (peak - 1.0)
    assert (lost >= 0.5).all()


def test_output_falls_at_home_where_inputs_run_out() -> None:
    """With magnets licensed as well, as in April 2025, makers without them produce less and thrift does not save them."""
    made, shortage = {}, {}
    for shocks in ("calm", "rare_earth_restriction_2027"):
        model = CircularTransition(mix=[], shocks=shocks, months=24, households=300, rng=1, record=False, events=False)
        magnets = model.config.components.index("magnet")
        needs = model.structure.part[np.maximum(model.firms.product, 0)][:, magnets].sum(axis=1) > 0.0
        makers = (model.firms.kind <= 1) & needs
        seen = []
        while model.running:
            model.step()
            seen.append((model.firms.made[: len(makers)][makers].sum(), model.firms.shortage[: len(makers)][makers].max()))
        made[shocks], shortage[shocks] = np.array(seen).T
    calm, restricted = made.values()
    assert (calm[START + 2 : START + 8] > 1.2 * restricted[START + 2 : START + 8]).all()
    assert shortage["rare_earth_restriction_2027"][START : START + 8].max() > 0.2
    assert shortage["calm"].max() == 0.0


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_never_leave_the_range_that_choke_prices_warrant(seed: int) -> None:
    """Above the choke price of the last essential use there is nobody left to pay, however deep the cut."""
    for severity in (0.65, 0.95):
        outside = episode(seed, severity, 48)["outside"]
        model_cost = np.array([long_run_cost(name) for name in MATERIALS])
        assert (outside / model_cost < 1.5 * choke_essential()).all(), severity


@cache
def long_run_cost(material: str) -> float:
    config = reference_config()
    return float(config.materials.long_run_cost[config.materials.index(material)])


def choke_essential() -> float:
    return float(reference_config().markets.choke_essential)


@cache
def reference_config() -> object:
    from abm.scenario import load_scenario

    return load_scenario(mix=[], shocks="calm").config
