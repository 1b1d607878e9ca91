"""Who survives a flood: what is tried, what is measured, and that differences are those of pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from abm.parameters import ConfigError
from abm.scenario import load_scenario
from experiments import survival
from experiments.survival import (
    AFTERMATH,
    INSTRUMENTS,
    KEYS,
    MEASURES,
    NONE,
    YARDSTICK,
    Flood,
    Trial,
    flood_of,
    flood_survival,
    match_cost,
    over_ranges,
    perform,
    range_trials,
    streams_of,
    suggested,
    summary,
    trials_of,
    weakest,
)

SHORT = Flood("rare_earth_restriction_2027", ("ndpr", "dysprosium"), "china", 48, 54)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Two seeds of a real flood, without policy and with a floor and investment support."""
    names = (NONE, "price_floor", "recycling_investment_support")
    trials = trials_of([SHORT], lambda _, name: suggested(name) if name in names else None, (1, 2), 150)
    return pd.DataFrame([row for trial in trials for row in perform(trial)])


def test_a_flood_is_the_dumping_campaign_of_its_scenario() -> None:
    flood = flood_of("rare_earth_restriction_2027")
    assert (flood.start, flood.end, flood.months) == (48, 84, 84 + AFTERMATH)
    assert flood.materials == ("ndpr", "dysprosium")
    assert flood_of("lithium_flood").materials == ("lithium",)


def test_a_scenario_without_a_campaign_is_refused() -> None:
    with pytest.raises(ConfigError, match="no dumping campaign"):
        flood_of("calm")


def test_only_streams_that_yield_the_materials_are_looked_at() -> None:
    config = load_scenario(mix=[], shocks=[]).config
    found = [[config.streams.ids[row] for row in streams_of(config, names)] for names in (("ndpr",), ("lithium",))]
    assert found == [["magnet"], ["battery"]]


def test_every_instrument_is_tried_on_the_same_seeds_and_what_has_no_intensity_left_out() -> None:
    trials = trials_of([SHORT], lambda _, name: None if name == YARDSTICK else suggested(name), (3, 5), 100)
    tried = pd.DataFrame([(trial.instrument, trial.seed) for trial in trials], columns=["instrument", "seed"])
    assert set(tried["instrument"]) == {NONE, *INSTRUMENTS} - {YARDSTICK}
    assert (tried.groupby("instrument")["seed"].agg(list).map(tuple) == (3, 5)).all()


def test_measures_are_complete_and_mean_what_they_say(rows: pd.DataFrame) -> None:
    assert set(MEASURES) <= set(rows.columns)
    assert ((rows["plants_end"] >= 0.0) & (rows["plants_end"] <= 1.0)).all()
    assert (rows["plants_later"] <= rows["plants_end"]).all()  # the dead do not rise
    np.testing.assert_allclose(rows["cash"], rows["margin"] * rows["throughput"] / 1000.0)
    plain = rows[rows["instrument"] == NONE]
    assert (plain[["public_cost", "buyers_cost", "stock_value"]] == 0.0).all(axis=None)
    np.testing.assert_allclose(plain["margin"], plain["market_margin"])
    assert (rows["price"] < 0.8).all()  # it is a flood


def test_a_floor_lifts_the_cash_margin_and_investment_support_does_not(rows: pd.DataFrame) -> None:
    """In euros on every seed; per kilogram on the mean, since a floor also brings dearer scrap within reach."""
    cash = rows.pivot(index="seed", columns="instrument", values="cash")
    assert (cash["price_floor"] > cash[NONE] + 0.3).all()  # million EUR a year
    assert (cash["recycling_investment_support"] <= cash[NONE]).all()
    margin = rows.pivot(index="seed", columns="instrument", values="margin").mean()
    assert margin["price_floor"] > margin[NONE] + 0.3  # EUR per kg of scrap
    assert margin["recycling_investment_support"] < margin[NONE] + 0.1
    cost = rows.pivot(index="seed", columns="instrument", values="public_cost")
    assert (cost["price_floor"] > 0.0).all()


def test_the_same_trial_gives_the_same_rows(rows: pd.DataFrame) -> None:
    again = pd.DataFrame(perform(Trial(SHORT, "price_floor", suggested("price_floor"), 2, 150)))
    first = rows[(rows["instrument"] == "price_floor") & (rows["seed"] == 2)].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, first)


def known_rows() -> pd.DataFrame:
    """Three seeds whose differences are 1, 2 and 3 while seeds themselves are far apart."""
    base = dict.fromkeys(MEASURES, 0.0) | {
        "flood": "f",
        "stream": "s",
        "variant": "",
        "intensity": 1.0,
        "cause": "",
    }
    return pd.DataFrame([
        base | {"instrument": name, "seed": seed, "margin": 100.0 * seed + (seed if name != NONE else 0.0)}
        for name in (NONE, "price_floor")
        for seed in (1, 2, 3)
    ])  # fmt: skip


def test_differences_are_taken_seed_by_seed() -> None:
    table = summary(known_rows()).set_index(["instrument", "measure"])
    row = table.loc[("price_floor", "margin")]
    assert (row["mean"], row["difference"]) == (202.0, 2.0)
    reach = 4.302653 / np.sqrt(3.0)  # t-interval of 1, 2, 3
    assert row["difference_low"] == pytest.approx(2.0 - reach)
    assert row["difference_high"] == pytest.approx(2.0 + reach)


def test_undefined_measures_are_left_out_seed_by_seed() -> None:
    rows = known_rows()
    rows.loc[(rows["instrument"] == "price_floor") & (rows["seed"] == 3), "margin"] = np.nan
    table = summary(rows).set_index(["instrument", "measure"])
    assert table.loc[("price_floor", "margin"), "difference"] == 1.5


def test_ranges_show_the_extremes_and_where_they_lie() -> None:
    rows = known_rows()
    parts = [rows.assign(variant=f"a.b={shift}", margin=rows["margin"] + shift * (rows["instrument"] != NONE))
             for shift in (0, 5, -4)]  # fmt: skip
    found = over_ranges(summary(pd.concat(parts))).set_index(["instrument", "measure"]).loc[("price_floor", "margin")]
    assert (found["lowest"], found["at"], found["highest"], found["at_highest"]) == (-2.0, "a.b=-4", 7.0, "a.b=5")


def test_the_weakest_parameters_exist_and_are_tried_at_both_ends_of_their_range() -> None:
    config = load_scenario(mix=[], shocks=SHORT.shocks).config
    paths = weakest(SHORT)
    trials = range_trials(SHORT, (1,), 100)
    assert {trial.overrides for trial in trials} == {
        ((path, float(end)),) for path in paths for end in config.evidence(path).range
    }
    assert "streams.magnet.recovery.ndpr" in paths


def test_intensities_are_scaled_to_the_same_public_cost() -> None:
    """On a world in which a unit of intensity costs 10, but for what can never cost as much."""

    def work(trials: list[Trial]) -> pd.DataFrame:
        price = dict.fromkeys(INSTRUMENTS, 10.0) | {"recycled_content_mandate": 0.0}
        return pd.DataFrame([
            {"instrument": one.instrument, "public_cost": price[one.instrument] * one.intensity, "stock_value": 0.0}
            for one in trials
        ])  # fmt: skip

    found = match_cost(SHORT, 8.0, (1, 2), 100, work)
    assert found[NONE] == 0.0
    assert found[YARDSTICK] == suggested(YARDSTICK)
    assert "recycled_content_mandate" not in found
    for name in ("price_floor", "contract_for_difference", "recycling_investment_support", "strategic_stockpile"):
        assert found[name] == pytest.approx(0.8, abs=0.05)


def test_the_command_prints_tables_and_writes_files(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(survival, "flood_of", lambda name: replace(SHORT, shocks=name, end=50))
    monkeypatch.setattr(survival, "INSTRUMENTS", ("price_floor",))
    folder = tmp_path / "survival"
    asked = ["--seeds", "2", "--flood", SHORT.shocks, "--households", "120", "--workers", "1", "--out", str(folder)]
    assert survival.main(asked) == 0
    printed = capsys.readouterr().out
    assert "recyclers of magnet, 2 seeds" in printed
    assert "price_floor" in printed
    runs, table = pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "summary.csv")
    assert len(runs) == 4
    assert set(KEYS) <= set(table.columns)
    assert survival.main(asked) == 2  # the folder is not empty
    assert "not empty" in capsys.readouterr().err


def test_a_wrong_flood_ends_in_a_message(capsys) -> None:
    assert survival.main(["--flood", "calm", "--seeds", "1"]) == 2
    assert "no dumping campaign" in capsys.readouterr().err


def test_equal_cost_adds_its_own_variant(monkeypatch) -> None:
    asked: list[Trial] = []

    def work(trials: list[Trial]) -> pd.DataFrame:
        asked.extend(trials)
        return pd.DataFrame([
            dict.fromkeys(MEASURES, 0.0)
            | {"flood": trial.flood.shocks, "stream": "s", "variant": trial.variant, "instrument": trial.instrument,
               "intensity": trial.intensity, "seed": trial.seed, "public_cost": 5.0 * trial.intensity, "cause": ""}
            for trial in trials
        ])  # fmt: skip

    monkeypatch.setattr(survival, "local", lambda workers: work)
    rows = flood_survival((1, 2), floods=(SHORT.shocks,), households=100, equal_cost=True)
    assert set(rows["variant"]) == {"", "equal cost"}
    scaled = rows[(rows["variant"] == "equal cost") & (rows["instrument"] != NONE)]
    np.testing.assert_allclose(scaled["public_cost"], 5.0 * suggested(YARDSTICK), rtol=0.15)
