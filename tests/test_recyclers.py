"""Recyclers and makers: what scrap from afar costs, where newcomers settle, how plants differ, what saving counts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from abm.agents.firms import CIRCULAR, COMPONENT
from abm.agents.recyclers import BUILDING
from abm.model import CircularTransition

Build = Callable[..., CircularTransition]

AFAR = {
    f"streams.{stream}.{name}": 0.0
    for stream in ("battery", "magnet", "electronics", "equipment", "pv")
    for name in ("haulage", "cross_border_cost")
}


def test_scrap_from_afar_costs_the_border_and_the_root_of_the_share_drawn(make: Build) -> None:
    scrap = make().scrap
    streams = scrap.config.streams
    border, far = np.asarray(streams.cross_border_cost), np.asarray(streams.haulage)
    count = len(border)
    assert scrap.fetching_cost(np.zeros((count, 1)))[:, 0] == pytest.approx(border)
    assert scrap.fetching_cost(np.full((count, 1), 0.25))[:, 0] == pytest.approx(border + far / 2.0)
    assert scrap.fetching_cost(np.full((count, 1), 4.0))[:, 0] == pytest.approx(border + far)


def test_who_buys_across_a_border_pays_the_carrier(make: Build) -> None:
    """What carriers get is collection of all scrap and fetching of what crossed a border, pool by pool."""
    model = make(households=600, months=12)
    sold: dict[str, Any] = {}
    clear = model.scrap.clear

    def watched(*args: Any) -> Any:
        sold["sales"] = clear(*args)
        return sold["sales"]

    model.scrap.clear = watched
    while model.running:
        cost = model.scrap.fetching_cost(model.scrap.fetched.copy())
        model.step()
        plant, kilograms = model.recyclers, sold["sales"].kilograms
        across = kilograms.sum(axis=0) * model.scrap.border[plant.leaf]
        collected = plant.plant.transport_cost * (kilograms[0] + 0.1 * kilograms[1]).sum(axis=1)
        assert model.end_of_life.transport == pytest.approx(collected + (across * cost[plant.stream]).sum(axis=1))
    assert across.sum() > 0.0
    assert (model.scrap.fetched >= 0.0).all() and (model.scrap.fetched.sum(axis=1) <= 1.0).all()


def test_plants_in_small_places_fetch_less_from_afar_when_that_costs_more(make: Build, run_out: Build) -> None:
    """Seen in what the rest of the union sends; small places send most of theirs at any cost, for want of plants."""

    def fetched(overrides: dict[str, float]) -> float:
        models = [run_out(make(rng=seed, households=600, months=60, overrides=overrides)) for seed in (1, 2)]
        return float(sum(model.scrap.fetched[:, -1].sum() for model in models))

    assert fetched({}) < 0.95 * fetched(AFAR)


def test_newcomers_settle_where_scrap_lies_and_where_it_pays(make: Build) -> None:
    model = make()
    renewal, gain, pays = model.renewal, np.array([0.1, 0.1, 0.1]), np.array([True, True, True])
    renewal.idle_scrap[0] = (1.0, 3.0, 6.0)

    def shares(gain: np.ndarray, pays: np.ndarray) -> np.ndarray:
        places = []
        for model.month in range(4000):
            places.append(renewal._choose_place(0, gain, pays))
        return np.bincount(places, minlength=3) / 4000.0

    assert shares(gain, pays) == pytest.approx([0.1, 0.3, 0.6], abs=0.03)
    response = model.config.recyclers.location_response
    better = gain + np.array([np.log(10.0) / response, 0.0, 0.0])
    assert shares(better, pays) == pytest.approx(np.array([10.0, 3.0, 6.0]) / 19.0, abs=0.03)
    assert shares(gain, np.array([True, False, False])).tolist() == [1.0, 0.0, 0.0]


def test_plants_of_a_trade_differ_in_cost_as_much_as_said(make: Build) -> None:
    alike = make(overrides={"recyclers.cost_spread": 0.0, "firms.cost_spread": 0.0})
    assert (alike.recyclers.relative_cost == 1.0).all() and (alike.firms.relative_cost == 1.0).all()
    apart = make(overrides={"recyclers.cost_spread": 0.2, "firms.cost_spread": 0.15})
    draws = apart.recyclers.draw_relative_cost(np.arange(50_000), 0.2)
    assert draws.mean() == pytest.approx(1.0, abs=0.005)
    assert np.log(draws).std() == pytest.approx(0.2, rel=0.02)
    made = apart.firms.kind <= COMPONENT
    assert np.log(apart.firms.relative_cost[made]).std() == pytest.approx(0.15, rel=0.3)
    assert apart.firms.conversion == pytest.approx(alike.firms.conversion * apart.firms.relative_cost)


def test_saving_by_design_never_counts_as_output_that_did_not_sell(make: Build) -> None:
    """Component makers' output is counted by the material in it: what they make, they sell or hold."""
    model = make(households=600, months=72, shocks="rare_earth_restriction_2027")
    firms = model.firms
    makers = firms.kind == COMPONENT
    held, made, sold = firms.units[makers].copy(), 0.0, 0.0
    while model.running:
        model.step()
        makers = (firms.kind == COMPONENT) & firms.active
        made, sold = made + firms.made[makers], sold + firms.sold[makers]
    assert makers.sum() == len(held)
    assert made - sold == pytest.approx(firms.units[makers] - held, abs=1e-6 * made.max())
    assert (firms.thrift[makers] == 0.0).all()
    assert (firms.thrift[(firms.kind <= CIRCULAR) & firms.active].max(axis=0) > 0.0).any()


def test_a_mandate_that_counts_imports_does_little_for_recyclers_at_home(make: Build) -> None:
    earned, short = [], []
    for imports in (0.0, 1.0):
        mandate = {"use": "recycled_content_mandate", "jurisdiction": "eu", "start": "2026-01", "intensity": 0.1}
        mandate |= {"imports": imports, "materials": ["cobalt", "lithium"], "products": ["electric_car"]}
        model = make(households=300, months=60, mix=[mandate], shocks=[])
        receipts = 0.0
        while model.running:
            model.step()
            receipts += model.books.month_flow("certificates")[model.recyclers.account].sum()
        earned.append(receipts)
        short.append(model.governments.instruments[0].total_received)
    assert 0.0 < earned[1] < 0.1 * earned[0]
    assert short[1] < 0.1 * short[0]


def test_an_obligation_is_counted_over_a_year(make: Build) -> None:
    """One month of heavy sales weighs a twelfth, so that lumps of a small sample are not taken for a shortfall."""
    model = make(months=8)
    usual: Any = None
    while model.running:
        model.step()
        sold = model.settlement.activity.content_sold
        usual = sold if usual is None else usual + (sold - usual) / 12.0
    assert model.settlement.usually_sold == pytest.approx(usual)
    assert np.abs(sold / np.where(usual > 0.0, usual, 1.0) - 1.0).max() > 0.01


def test_makers_replace_worn_plant_only_as_far_as_it_is_used(make: Build) -> None:
    firms = make().firms
    slack = firms.terms.capacity_slack
    for use, kept in ((1.2, 1.0), (1.0, 1.0), (0.95, 0.5), (0.9, 0.0), (0.3, 0.0)):
        firms.orders[:] = use * firms.capacity / slack
        some = firms.active & (firms.capacity > 0.0)
        assert firms._replaced()[some] == pytest.approx(kept)


def founders(make: Build, *mix: dict[str, Any], months: int = 36) -> tuple[np.ndarray, np.ndarray]:
    """Support that founders count on (S, L), EUR/kg of scrap, and what that is of a floor's gap if it were for ever."""
    model = make(months=months, mix=list(mix))
    for _ in range(4):
        model.step()
    streams, materials = model.config.streams, model.config.materials
    _, _, plan = model.renewal._expected_return()
    price = model.materials.reference[1] * np.exp(model.materials.anchor[1, 0]) * model.at_grade
    at_home = np.asarray(streams.processed_at_home)
    part = np.minimum(at_home + np.asarray(streams.payable) * (1.0 - at_home), 1.0)
    gap = np.maximum(1.2 * np.asarray(materials.long_run_cost) - price, 0.0)
    row = materials.index("ndpr")
    content = model.end_of_life.composition[0][0] * np.asarray(streams.recovery)[:, None, :]
    return plan[1], (content[..., row] * gap[row] * part[:, None]) * model.rules.belief


GUARANTEED = {"jurisdiction": "eu", "start": "2026-01", "intensity": 1.2, "materials": ["ndpr"]}


def test_founders_count_on_a_floor_for_the_years_in_which_it_is_in_force(make: Build) -> None:
    """A floor of 1.2 times cost for three years of ten is worth its gap in these, though its mean lies below price."""
    counted, for_ever = founders(make, GUARANTEED | {"use": "price_floor", "end": "2028-12"})
    without, _ = founders(make)
    magnets = make().config.streams.index("magnet")
    assert (for_ever[magnets] > 0.0).all()
    np.testing.assert_allclose((counted - without)[magnets], 0.3 * for_ever[magnets], rtol=0.05)


def test_founders_count_on_a_contract_for_its_term_if_it_is_on_offer_when_they_open(make: Build) -> None:
    offer = GUARANTEED | {"use": "contract_for_difference", "term": 60.0}
    open_still, closed = founders(make, offer | {"end": "2030-12"}), founders(make, offer | {"end": "2026-06"})
    without, _ = founders(make)
    magnets = make().config.streams.index("magnet")
    np.testing.assert_allclose((open_still[0] - without)[magnets], 0.5 * open_still[1][magnets], rtol=0.05)
    np.testing.assert_allclose(closed[0][magnets], without[magnets], rtol=1e-3)


def test_plants_sign_contracts_when_they_open(make: Build) -> None:
    model = make(months=12, mix=[GUARANTEED | {"use": "contract_for_difference", "start": "2026-06"}])
    plants = model.recyclers
    magnets = plants.stream == model.config.streams.index("magnet")
    plants.status[magnets], plants.status_months[magnets] = BUILDING, 9.0
    signed = []
    while model.running:
        model.step()
        signed.append(bool((plants.contract_instrument[: len(magnets)][magnets] >= 0).any()))
    assert not any(signed[:9])
    assert signed[-1]
