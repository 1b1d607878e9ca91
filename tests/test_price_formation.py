"""How prices form: known answers of the clearing functions, and the shape of the rare-earth episode of 2010–2012.

Episodes are judged against a run on the same seed without the restriction, since what other luck does to prices
in a year is as large as a quota. Figures of the episode itself are those of the history config, not of this page.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from abm.markets.clearing import (
    crossing,
    fill_by_priority,
    log_price_grid,
    on_grid,
    shifted,
    tier_response,
    wanted_stock,
)
from abm.model import CircularTransition
from abm.scenario import load_scenario

Array = NDArray[np.float64]
GRID = log_price_grid()
START = 12  # month in which restrictions begin
SEEDS = (1, 2, 3)
RARE_EARTHS = ("ndpr", "dysprosium")
DEPENDENT = ("gallium",)  # of which the world outside refines next to nothing itself
QUIET = {f"blocs.{bloc}.{trait}": 0.0 for bloc in ("china", "indonesia") for trait in ("restrict_hazard", "patience")}
UNWORRIED = {"merchants.precaution": 0.0, "merchants.foresight": 0.0, "firms.precaution": 0.0}


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


def test_a_shifted_curve_is_read_at_prices_some_way_off() -> None:
    curves = np.stack([2.0 * GRID + 1.0, -GRID])
    found = shifted(GRID, curves, np.array([0.3, -0.7]))
    np.testing.assert_allclose(found[0, :-50], 2.0 * (GRID[:-50] + 0.3) + 1.0)
    np.testing.assert_allclose(found[1, 50:], -(GRID[50:] - 0.7))
    assert found[0, -1] == curves[0, -1]  # held beyond the grid
    assert curves[1, 1] <= found[1, 0] <= curves[1, 0]


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

Series = dict[str, Array]


@cache
def episode(
    seed: int, severity: float, months: int = 60, worried: bool = True, materials: tuple[str, ...] = RARE_EARTHS
) -> Series:
    """A world in which exports of the materials are cut from `START` on and never freed again.

    Unless `worried`, nobody hoards or marks up for what may come. Series are (T, materials).
    """
    shock = {
        "use": "export_restriction",
        "bloc": "china",
        "start": "2027-01",
        "severity": severity,
        "materials": list(materials),
    }
    model = CircularTransition(
        mix=[],
        shocks=[shock] if severity > 0.0 else [],
        months=months,
        households=300,
        rng=seed,
        overrides=QUIET if worried else QUIET | UNWORRIED,
        record=False,
        events=False,
    )
    rows = [model.config.materials.index(name) for name in materials]
    seen: dict[str, list[Array]] = {}
    while model.running:
        model.step()
        for name, values in observe(model).items():
            seen.setdefault(name, []).append(values[rows].copy())
    return {name: np.array(values) for name, values in seen.items()}


def observe(model: CircularTransition) -> Series:
    """Prices, use, merchants' stocks outside and thrift of makers at home, by material."""
    price = model.materials.price[1]
    return {
        "outside": price[0],
        "inside": price[1],
        "use": model.materials_trade.last_use[0],
        "stock": model.materials.stock(1)[0],
        "thrift": model.firms.thrift.max(axis=0),
    }


def against_calm(seed: int, what: str, severity: float = 0.65, **keywords: object) -> Array:
    """Ratio (T, materials) of a series to the same without the restriction, from its first month on."""
    cut, free = episode(seed, severity, **keywords), episode(seed, 0.0, **keywords)
    return np.asarray(cut[what][START:] / free[what][START:])


@pytest.mark.parametrize("seed", SEEDS)
def test_before_the_restriction_nothing_differs(seed: int) -> None:
    cut, free = episode(seed, 0.65), episode(seed, 0.0)
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
    assert (inside[:6] < 1.35).all()  # refineries outside bid for concentrate that went to the bloc
    assert (outside[:6].max(axis=0) > 1.4 * inside[:6].max(axis=0)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deeper_restriction_costs_more(seed: int) -> None:
    mild, deep = against_calm(seed, "outside", severity=0.4), against_calm(seed, "outside", severity=0.65)
    assert (deep[:6].mean(axis=0) > mild[:6].mean(axis=0)).all()
    assert (mild[:6].max(axis=0) > 1.1).all()


@pytest.mark.parametrize("materials", [RARE_EARTHS, DEPENDENT])
@pytest.mark.parametrize("seed", SEEDS)
def test_precaution_and_foresight_amplify_the_first_rise(seed: int, materials: tuple[str, ...]) -> None:
    worried = against_calm(seed, "outside", materials=materials)
    unworried = against_calm(seed, "outside", materials=materials, worried=False)
    assert (worried[:6].mean(axis=0) > 1.1 * unworried[:6].mean(axis=0)).all()
    held = against_calm(seed, "stock", materials=materials)[6:12].mean(axis=0)
    assert (held > against_calm(seed, "stock", materials=materials, worried=False)[6:12].mean(axis=0)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_scarcity_alone_raises_the_price_of_what_only_the_bloc_refines(seed: int) -> None:
    unworried = against_calm(seed, "outside", materials=DEPENDENT, worried=False)
    assert unworried[:6].max() >= 1.2
    assert (against_calm(seed, "stock", materials=DEPENDENT, worried=False)[3:12] < 0.9).all()  # stocks are run down


@pytest.mark.parametrize("seed", SEEDS)
def test_use_falls_and_thrift_follows_with_a_lag(seed: int) -> None:
    fall = 1.0 - against_calm(seed, "use")[:12]
    saved = (episode(seed, 0.65)["thrift"] - episode(seed, 0.0)["thrift"])[START:][:24]
    assert (fall.max(axis=0) > 0.12).all()
    assert (saved[-1] > 0.005).all()
    # Use is down by half of its fall before makers have made half of their savings.
    half_down = (fall >= 0.5 * fall.max(axis=0)).argmax(axis=0)
    half_saved = (saved >= 0.5 * saved[-1]).argmax(axis=0)
    assert (half_saved > half_down).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_fall_back_within_three_years_though_the_restriction_stays(seed: int) -> None:
    outside = against_calm(seed, "outside")[:37]
    for ratio in outside.T:
        peak = int(ratio.argmax())
        assert ratio[peak:].min() - 1.0 <= 0.5 * (ratio[peak] - 1.0)


def test_output_falls_at_home_where_inputs_run_out() -> None:
    """Where magnets need a licence too, as in April 2025, makers who live on imported ones produce less."""
    calm, calm_short = output_of_magnet_users("calm")
    cut, cut_short = output_of_magnet_users("rare_earth_restriction_2027")
    np.testing.assert_array_equal(calm[:START], cut[:START])
    left = cut[START + 3 : START + 8] / calm[START + 3 : START + 8]  # before that, stocks of inputs last
    assert (left < 0.9).all()
    assert left.min() < 0.7
    assert cut_short[START : START + 8].max() > 0.2
    assert calm_short.max() == 0.0


def output_of_magnet_users(shocks: str) -> tuple[Array, Array]:
    """Output (T,) of home makers of goods with magnets inside, and the worst shortage among them (T,)."""
    model = CircularTransition(mix=[], shocks=shocks, months=24, households=300, rng=1, record=False, events=False)
    inside = model.structure.part[:, model.config.components.index("magnet")].sum(axis=1) > 0.0
    makers = np.flatnonzero((model.firms.kind <= 1) & inside[model.firms.product])
    seen = []
    while model.running:
        model.step()
        seen.append((model.firms.made[makers].sum(), model.firms.shortage[makers].max()))
    made, short = np.array(seen).T
    return made, short


@pytest.mark.parametrize("materials", [RARE_EARTHS, DEPENDENT])
@pytest.mark.parametrize("severity", [0.65, 0.95])
def test_no_price_rises_far_above_what_the_last_users_can_pay(severity: float, materials: tuple[str, ...]) -> None:
    """At the choke price of essential uses half of them have given up; at half as much again hardly any are left."""
    config = load_scenario(mix=[], shocks=[]).config
    cost = np.array([config.materials.long_run_cost[config.materials.index(name)] for name in materials])
    dearest = (episode(1, severity, materials=materials)["outside"] / cost).max(axis=0)
    assert (dearest <= 1.5 * config.markets.choke_essential).all()
