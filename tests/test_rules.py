"""Rules and conditions: what is composed, what is kept apart, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from abm.conditions import CONDITIONS, Circumstances, Conditions
from abm.rules import LEVERS, Activity, Levers, Rules

SIZES = {
    "jurisdiction": 4,
    "leaf": 2,
    "material": 3,
    "component": 2,
    "product": 2,
    "stream": 2,
    "bloc": 1,
    "stage": 2,
    "offer": 6,
    "ground": 2,
}
contribution = arrays(np.float64, (2, 3), elements=st.floats(0, 100))


def test_an_unwritten_lever_is_a_shared_zero_that_nobody_can_change() -> None:
    rules = Rules(SIZES)
    assert rules.recovery_subsidy.shape == (2, 3)
    assert not rules.recovery_subsidy.any()
    assert rules.recovery_subsidy is Rules(SIZES).price_floor
    with pytest.raises(ValueError, match="read-only"):
        rules.recovery_subsidy[0, 0] = 1.0


@pytest.mark.parametrize("lever", LEVERS)
def test_every_lever_can_be_written_in_its_own_shape(lever: str) -> None:
    rules = Rules(SIZES)
    rules.write(lever, 0, np.full(rules.shape(lever), 0.5))
    assert (getattr(rules, lever) == 0.5).all()
    assert LEVERS[lever].meaning
    assert LEVERS[lever].composition in ("add", "max")


def test_amounts_add_up_and_each_keeps_its_own_part() -> None:
    rules = Rules(SIZES)
    rules.write("recovery_subsidy", 0, np.full((2, 3), 2.0))
    rules.write("recovery_subsidy", 3, np.full((2, 3), 0.5))
    assert (rules.recovery_subsidy == 2.5).all()
    assert (rules.own("recovery_subsidy", 0) == 2.0).all()
    assert (rules.own("recovery_subsidy", 3) == 0.5).all()
    assert not rules.own("recovery_subsidy", 1).any()


def test_of_mandates_the_strictest_binds_and_ties_go_to_the_first() -> None:
    rules = Rules(SIZES)
    rules.write("price_floor", 4, np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0]]))
    rules.write("price_floor", 2, np.array([[1.0, 3.0, 0.0], [0.0, 5.0, 0.0]]))
    assert rules.price_floor.tolist() == [[1.0, 3.0, 0.0], [1.0, 5.0, 0.0]]
    assert rules.binding("price_floor").tolist() == [[4, 2, -1], [4, 2, -1]]
    assert rules.own("price_floor", 4).tolist() == [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]


def test_binding_follows_later_writing() -> None:
    rules = Rules(SIZES)
    rules.write("price_floor", 0, np.full((2, 3), 1.0))
    assert (rules.binding("price_floor") == 0).all()
    rules.write("price_floor", 1, np.full((2, 3), 2.0))
    assert (rules.binding("price_floor") == 1).all()


def test_under_a_ceiling_the_later_writer_gets_what_is_left() -> None:
    rules = Rules(SIZES)
    for instrument in range(3):
        rules.write("recycling_investment_support", instrument, np.full((2, 2), 0.6))
    assert (rules.recycling_investment_support == 1.0).all()
    parts = [rules.own("recycling_investment_support", instrument)[0, 0] for instrument in range(3)]
    assert parts == pytest.approx([0.6, 0.4, 0.0])


def test_a_contribution_of_zero_leaves_no_trace() -> None:
    rules = Rules(SIZES)
    rules.write("deposit", 0, np.zeros((2, 2)))
    assert rules.contributions == {}


@pytest.mark.parametrize("wrong", [np.full((2, 3), -1.0), np.full((2, 3), math.nan), np.ones((3, 2))])
def test_a_lever_refuses_wrong_shapes_and_values(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="recovery_subsidy"):
        Rules(SIZES).write("recovery_subsidy", 0, wrong)


def test_what_is_written_is_a_copy() -> None:
    rules, mine = Rules(SIZES), np.ones((2, 3))
    rules.write("price_floor", 0, mine)
    mine[:] = 9.0
    assert (rules.price_floor == 1.0).all()


def test_an_unknown_lever_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no lever 'subsidy'"):
        _ = Rules(SIZES).subsidy


@given(st.lists(contribution, max_size=4))
def test_what_instruments_have_to_settle_is_what_agents_face(written: list[np.ndarray]) -> None:
    rules = Levers(SIZES)
    for instrument, array in enumerate(written):
        rules.write("recovery_subsidy", instrument, array)
        rules.write("price_floor", instrument, array)
    for lever in ("recovery_subsidy", "price_floor"):
        settled = sum((rules.own(lever, instrument) for instrument in range(len(written))), np.zeros((2, 3)))
        assert np.allclose(settled, rules[lever], rtol=1e-12, atol=0.0)


def test_refunds_of_several_deposits_add_up() -> None:
    rules = Rules(SIZES)
    rules.promise_refund(lambda product, leaf, bought: 2.0 * (bought >= 3))
    rules.promise_refund(lambda product, leaf, bought: 1.0 * product)
    rows = np.array([0, 1])
    assert rules.refund(rows, rows, np.array([2, 3])).tolist() == [0.0, 3.0]


def test_an_empty_month_has_room_for_everything() -> None:
    activity = Activity.empty(7, SIZES, recyclers=4, makers=5)
    assert activity.month == 7
    assert activity.recovered.shape == (4, 3)
    assert activity.imported_primary_content.shape == (2, 2, 3)
    assert activity.primary_bought.shape == (5, 3)
    assert activity.returned_weight.shape == (0,)
    assert (activity.contract_instrument == -1).all()
    assert activity.government_account.shape == (4,)


# --- Conditions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_are_neutral_until_a_shock_strikes(name: str) -> None:
    conditions = Conditions(SIZES)
    assert np.shape(getattr(conditions, name)) == conditions.shape(name)
    assert np.all(getattr(conditions, name) == CONDITIONS[name].neutral)


@pytest.mark.parametrize("name", CONDITIONS)
def test_writing_the_neutral_value_changes_nothing(name: str) -> None:
    conditions = Conditions(SIZES)
    conditions.write(name, np.full(conditions.shape(name), 0.5))
    conditions.write(name, np.full(conditions.shape(name), CONDITIONS[name].neutral))
    assert np.all(conditions[name] == 0.5)


@pytest.mark.parametrize(
    ("name", "together"),
    [("demand", 0.4), ("export_share", 0.5), ("export_tax", 1.3), ("dumping", 0.5), ("energy", 0.4)],
)
def test_shocks_compose(name: str, together: float) -> None:
    conditions = Conditions(SIZES)
    for value in (0.8, 0.5):
        conditions.write(name, np.full(conditions.shape(name), value))
    assert conditions[name] == pytest.approx(np.full(conditions.shape(name), together))


def test_interest_is_a_number() -> None:
    conditions = Conditions(SIZES)
    conditions.write("interest_add", np.array(0.02))
    assert float(conditions.interest_add) + 0.01 == pytest.approx(0.03)


def test_conditions_refuse_wrong_shapes_values_and_names() -> None:
    conditions = Conditions(SIZES)
    with pytest.raises(ValueError, match="demand has shape"):
        conditions.write("demand", np.ones(2))
    with pytest.raises(ValueError, match="not ≥ 0"):
        conditions.write("demand", np.full(3, math.nan))
    with pytest.raises(AttributeError, match="no condition 'weather'"):
        _ = conditions.weather


def test_circumstances_are_fresh_every_month() -> None:
    class Once:
        def strike(self, conditions: Conditions, month: int) -> None:
            if month == 1:
                conditions.write("demand", np.full(3, 2.0))

        def report(self, events: list[int], month: int) -> None:
            events.append(month)

    noted: list[int] = []
    world = Circumstances(SIZES, [Once()], noted)
    assert [world.this_month(month).demand[0] for month in range(3)] == [1.0, 2.0, 1.0]
    assert noted == [0, 1, 2]
