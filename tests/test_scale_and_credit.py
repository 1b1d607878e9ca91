"""Minimum efficient scale in recycling; credit that tightens with losses; what a failure does to others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from abm.agents.firms import COMPONENT, LINEAR
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


# --- Credit


def in_debt(model: CircularTransition, organisations: Any, row: int) -> None:
    """Bring one organisation to the brink: its owners take out all cash and more than lenders tolerate."""
    account = int(organisations.account[row])
    limit = model.credit.overdraft * organisations.monthly_cost[row] + 1.0
    books = model.books
    books.pay("dividends", account, model.accounts.domestic, 3.0 * limit + max(float(books.cash[account]), 0.0))


def largest(organisations: Any, what: str, among: Any = None) -> int:
    """Row of the largest active member."""
    value = getattr(organisations, what) * organisations.active
    return int(np.argmax(value if among is None else value * among))


def breaking(
    make: Build, group: str, what: str, kind: int | None = None, months: int = 24, **overrides: float
) -> tuple[CircularTransition, int]:
    """A model in whose fourth month the largest of a group goes bankrupt, and its row."""
    changed = {path.replace("__", "."): value for path, value in overrides.items()}
    model = make(months=months, overrides=changed, record=False)
    for _ in range(3):
        model.step()
    organisations = getattr(model, group)
    row = largest(organisations, what, None if kind is None else organisations.kind == kind)
    close = model.settlement.run
    month = model.month + 1

    def run(*arguments: Any) -> None:
        close(*arguments)
        if model.month == month:
            in_debt(model, organisations, row)

    model.settlement.run = run
    model.step()
    return model, row


def test_a_failure_costs_lenders_money_and_makes_credit_dearer(make: Build) -> None:
    calm = make(months=24, record=False)
    for _ in range(5):
        calm.step()
    model, row = breaking(make, "firms", "capital")
    assert not model.firms.active[row]
    assert model.renewal.loss > 0.0
    assert model.credit.loss_rate > calm.credit.loss_rate
    model.step()
    assert model.credit.rate > calm.credit.rate
    assert model.credit.rate - calm.credit.rate == pytest.approx(
        model.credit.loss_premium - calm.credit.loss_premium, rel=0.2
    )
    assert model.hurdle_add > calm.hurdle_add


def test_dear_credit_holds_back_investment(make: Build) -> None:
    # The same failures in both; only how much lenders make of them differs.
    spent = []
    for spread in (0.0, 20.0):
        model, _ = breaking(make, "firms", "capital", credit__spread_by_loss=spread)
        total = 0.0
        while model.running:
            model.step()
            total += float(model.firms.spent.sum() + model.renewal.recycler_spending.sum())
        spent.append(total)
    assert spent[1] < 0.95 * spent[0]


@pytest.mark.parametrize("group", ["recyclers", "firms"])
def test_suppliers_lose_what_stands_open_and_lenders_the_rest(make: Build, group: str) -> None:
    what, kind = ("processed", None) if group == "recyclers" else ("capital", LINEAR)
    paid, _ = breaking(make, group, what, kind, credit__payment_term=0.0)
    model, row = breaking(make, group, what, kind)
    assert not getattr(model, group).active[row]
    assert paid.renewal.trade_loss == 0.0
    assert model.renewal.trade_loss > 0.0
    assert model.renewal.loss == pytest.approx(paid.renewal.loss - model.renewal.trade_loss)
    lost = -model.books.month_flow("liquidation")
    suppliers = model.scrap.collectors if group == "recyclers" else [model.accounts.domestic]
    assert lost[suppliers].sum() == pytest.approx(model.renewal.trade_loss)


def test_collectors_losses_are_made_good_by_producers(make: Build) -> None:
    paid, _ = breaking(make, "recyclers", "processed", credit__payment_term=0.0)
    model, _ = breaking(make, "recyclers", "processed")
    dealers = model.dealers.accounts
    more = paid.books.month_flow("gate_fees")[dealers].sum() - model.books.month_flow("gate_fees")[dealers].sum()
    assert more == pytest.approx(model.renewal.trade_loss)
    assert model.renewal.lost_supply.max() > 0.0  # and makers miss what it delivered


def test_customers_of_a_failed_supplier_feel_at_risk_and_hold_more_stock(make: Build) -> None:
    calm = make(months=24, record=False)
    for _ in range(5):
        calm.step()
    model, _ = breaking(make, "firms", "capital", COMPONENT)
    missed = model.renewal.lost_supply
    assert missed.max() > 0.01
    model.step()
    hit = missed > 0.01
    makers = (model.firms.kind < COMPONENT) & model.firms.active & calm.firms.active
    uses = (model.firms.need[makers] > 0.0) & hit
    more = model.firms.risk[makers] - calm.firms.risk[makers]
    assert (more[uses] >= 0.0).all() and more[uses].max() > 0.005
    assert model.renewal.lost_supply is model.renewal.nothing_lost or model.renewal.failures
