"""Findings: declarations are valid, the machinery is right on known answers, and one question is put end to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.parameters import ConfigError
from abm.scenario import load_scenario
from experiments.checking import check_file
from experiments.cli import main
from experiments.findings import command, interactions, running, storing, words
from experiments.findings.declaration import Claim, Finding, files, load_finding, read_finding
from experiments.findings.judging import (
    AGREES,
    DISAGREES,
    EQUAL_COST,
    NOT_TRIED,
    PLAIN,
    UNDECIDED,
    contrast,
    effects,
    holm,
    judged,
    p_value,
    rounded,
    simultaneous,
    verdict,
)
from experiments.findings.observing import Observation, Reading, month_number
from experiments.findings.running import answers, bisect, match_cost
from experiments.findings.trials import Job, Laboratory, Trial, frozen, largest_factor, perform, scaled
from tests.conftest import small_model

NAMES = [path.stem for path in files()]
# Of the issue: what must be asked, and by which declaration it is.
ASKED = {
    "survival_rare_earths", "survival_lithium", "floor_in_scarcity", "stop_and_go", "retroactive_withdrawal",
    "procurement", "returns", "break_even_feedstock", "mandate_ahead_of_supply", "stockpile_timing",
    "levy_at_the_border",
}  # fmt: skip


# --- Declarations ---------------------------------------------------------------------------------


def test_every_question_of_the_programme_is_declared() -> None:
    assert set(NAMES) >= ASKED


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_is_complete_and_its_series_exist(name: str) -> None:
    found = load_finding(name)
    assert check_file(files()[NAMES.index(name)]) == "finding"
    assert found.claims
    assert found.source
    readings = {reading for measure in found.measures for reading in measure.readings}
    readings |= {path.reading for path in found.paths}
    model = small_model(households=60, months=1, mix=[], shocks=[])
    observation = Observation(model, {part.partition("[")[0] for reading in readings for part in reading.what})
    for reading in readings:
        for series in reading.what:
            assert len(observation.series(series)) <= 1  # raises for a label that there is not
        for month in (reading.first, reading.last):
            run_ends = month_number("2026-01") + found.months
            assert not month or month_number("2026-01") <= month_number(month) < run_ends, month


def test_months_end_where_the_run_does_or_before() -> None:
    with pytest.raises(ConfigError, match="not a month"):
        month_number("2027-13")


MINIMAL = """
title = { en = "A", nl = "A" }
question = { en = "A?", nl = "A?" }
expectation = { en = "B", nl = "B" }
source = "C"
shocks = "calm"
months = 6
households = 60

[[arms]]
name = "none"
title = { en = "None", nl = "Geen" }

[[arms]]
name = "floor"
title = { en = "Floor", nl = "Bodem" }

[[arms.instruments]]
use = "price_floor"
jurisdiction = "eu"
start = "2026-01"
intensity = 2.0

[[measures]]
name = "support"
title = { en = "Support", nl = "Steun" }
unit = "M EUR"
what = ["support[magnet]", "support[battery]"]
over = "sum"
scale = 1e-6

[[claims]]
text = { en = "It pays", nl = "Zij betaalt" }
measure = "support"
contrast = { floor = 1.0, none = -1.0 }
low = 0.0
"""


@pytest.fixture
def minimal(tmp_path: Path) -> Finding:
    """A finding that takes a second: a high floor pays recyclers."""
    path = tmp_path / "minimal.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    return read_finding(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('measure = "support"', 'measure = "suport"', "unknown measure"),
        ("floor = 1.0, none", "roof = 1.0, none", "unknown arm"),
        ("support[magnet]", "supports[magnet]", "unknown series"),
        ('over = "sum"', 'over = "total"', "unknown summary"),
        ('use = "price_floor"', 'use = "price_flor"', "unknown instrument"),
        ('jurisdiction = "eu"', 'jurisdiction = "noord_holland_flevoland"', "not in the power"),
        ("low = 0.0\n", "", "low, high or both"),
        ('name = "floor"', 'name = "none"', "stands twice"),
    ],
)
def test_a_mistake_in_a_declaration_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(MINIMAL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_finding(path)


def test_an_arm_that_needs_what_no_instrument_has_is_not_tried(minimal: Finding) -> None:
    waiting = replace(minimal, arms=(*minimal.arms, replace(minimal.arms[1], name="later", needs=("magic",))))
    assert [arm.name for arm in waiting.available] == ["none", "floor"]


# --- Runs -----------------------------------------------------------------------------------------


def trial(**changes: Any) -> Trial:
    return replace(Trial("none", (), "calm", 6, 60, 1), **changes)


def test_scaling_multiplies_intensities_within_what_is_admitted() -> None:
    use = {"use": "recycling_investment_support", "intensity": 0.4}
    assert scaled(use, 0.5)["intensity"] == pytest.approx(0.2)
    assert scaled(use, 4.0)["intensity"] == 1.0
    assert scaled({"use": "price_floor"}, 2.0)["intensity"] == pytest.approx(2.4)  # of what its declaration suggests
    assert scaled(use, 1.0) is use
    assert largest_factor([frozen(use)]) == pytest.approx(2.5)


def test_a_trial_stands_on_its_base_mix() -> None:
    use = frozen({"use": "price_floor", "jurisdiction": "eu", "start": "2026-01", "materials": ["ndpr"]})
    base = load_scenario(mix="business_as_usual", shocks=[]).mix
    mix = trial(base="business_as_usual", instruments=(use,), factor=1.5).scenario().mix
    assert mix[: len(base)] == base
    assert mix[-1].use == "price_floor"
    assert mix[-1].intensity == pytest.approx(1.8)


def test_readings_sum_up_what_they_say() -> None:
    readings = (
        Reading(("capacity[magnet]",), "initial"),
        Reading(("net_paid",), "sum"),
        Reading(("net_paid",), "discounted"),
        Reading(("recyclers[magnet]",), "path"),
        Reading(("recyclers[magnet]", "recyclers[battery]"), "end"),
        Reading(("recyclers[magnet]",), "survivors", "2026-03", "2026-06"),
        Reading(("public_cost",), "sum"),
    )
    subsidy = frozen({"use": "recovery_subsidy", "jurisdiction": "eu", "start": "2026-01"})
    read = perform(Job(trial(instruments=(subsidy,)), readings))
    capacity, paid, discounted, path, both, survivors, public = (read[reading] for reading in readings)
    assert capacity == pytest.approx(600.0)  # t/yr, in the configuration
    assert 0.0 < discounted < paid
    assert paid == pytest.approx(public)
    assert len(path) == 6
    assert both >= path[-1]
    assert survivors == 1.0


def test_what_was_run_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def counted(job: Job) -> dict[Reading, Any]:
        done.append(job)
        return {reading: float(job.trial.seed) for reading in job.readings}

    monkeypatch.setattr("experiments.findings.trials.perform", counted)
    laboratory = Laboratory(1, progress=False)
    one, two = Reading(("net_paid",), "sum"), Reading(("net_paid",), "mean")
    laboratory.run({trial(): [one], trial(seed=2): [one]})
    found = laboratory.run({trial(): [one, two], trial(seed=2): [one]})
    assert [(job.trial.seed, job.readings) for job in done] == [(1, (one,)), (2, (one,)), (1, (two,))]
    assert found[trial()] == {one: 1.0, two: 1.0}


# --- Equal cost -----------------------------------------------------------------------------------


def test_factors_are_found_at_which_costs_are_equal_and_what_is_out_of_reach_is_left_out() -> None:
    price = {"dear": 10.0, "cheap": 0.1, "dearer": 100.0}
    found = bisect(
        lambda factors: {name: price[name] * value for name, value in factors.items()},
        dict.fromkeys(price, 8.0),
        dict.fromkeys(price, 4.0),
    )
    assert set(found) == {"dear", "dearer"}
    assert found["dear"] == pytest.approx(0.8, abs=0.02)
    assert found["dearer"] == pytest.approx(0.08, abs=0.02)


def test_equal_cost_scales_the_arms_that_may_be_and_keeps_the_yardstick(minimal: Finding) -> None:
    """On a world in which a unit of floor costs 5 on any seed, and the yardstick 4."""
    yardstick = replace(minimal.arms[1], name="yardstick", scaled=True, base="push_and_pull")
    arms = (minimal.arms[0], replace(minimal.arms[1], scaled=True), yardstick)
    terms = SimpleNamespace(yardstick="yardstick", measure="support", held={})
    found = replace(minimal, arms=arms, equal_cost=terms)

    def run(asked: Any) -> dict[Trial, dict[Reading, float]]:
        cost = {one: 4.0 if one.base == "push_and_pull" else 5.0 * one.factor for one in asked}
        return {one: dict.fromkeys(readings, 1e6 * cost[one]) for one, readings in asked.items()}

    factors = match_cost([found], (1, 2, 3, 4), SimpleNamespace(run=run))[found.name]
    assert factors["none"] == factors["yardstick"] == 1.0
    assert factors["floor"] == pytest.approx(0.8, abs=0.02)


# --- Judging --------------------------------------------------------------------------------------


def claim(weights: dict[str, float], **bounds: float) -> Claim:
    return Claim({"en": "x", "nl": "x"}, "support", tuple(weights.items()), **bounds)


def known_rows() -> pd.DataFrame:
    """Three seeds far apart whose differences are 1, 2 and 3."""
    return pd.DataFrame([
        {"variant": PLAIN, "arm": arm, "factor": 1.0, "seed": seed, "support": 100.0 * seed + extra * seed}
        for arm, extra in (("none", 0.0), ("floor", 1.0)) for seed in (1, 2, 3)
    ])  # fmt: skip


def test_differences_are_taken_seed_by_seed(minimal: Finding) -> None:
    row = effects(minimal, known_rows()).set_index("arm").loc["floor"]
    assert (row["mean"], row["difference"]) == (202.0, 2.0)
    reach = 4.302653 / np.sqrt(3.0)  # t-interval of 1, 2, 3
    assert row["difference_low"] == pytest.approx(2.0 - reach)
    assert row["difference_high"] == pytest.approx(2.0 + reach)


def test_undefined_measures_are_left_out_seed_by_seed(minimal: Finding) -> None:
    rows = known_rows()
    rows.loc[(rows["arm"] == "floor") & (rows["seed"] == 3), "support"] = np.nan
    assert effects(minimal, rows).set_index("arm").loc["floor", "difference"] == 1.5


def test_a_claim_is_a_weighted_sum_of_arms() -> None:
    values = contrast(known_rows(), claim({"floor": 1.0, "none": -0.5}, low=0.0))
    np.testing.assert_allclose(values, [51.0, 102.0, 153.0])
    assert len(contrast(known_rows(), claim({"roof": 1.0}, low=0.0))) == 0


@pytest.mark.parametrize(
    ("mean", "low", "high", "bounds", "expected"),
    [
        (2.0, 1.0, 3.0, {"low": 0.0}, AGREES),
        (2.0, -1.0, 5.0, {"low": 0.0}, UNDECIDED),
        (-2.0, -3.0, -1.0, {"low": 0.0}, DISAGREES),
        (0.2, 0.1, 0.3, {"low": -0.5, "high": 0.5}, AGREES),
        (0.6, 0.55, 0.65, {"low": -0.5, "high": 0.5}, DISAGREES),
        (2.0, np.nan, np.nan, {"low": 0.0}, UNDECIDED),  # one seed
        (0.0, 0.0, 0.0, {"low": 0.0}, UNDECIDED),  # no difference at all
        (np.nan, np.nan, np.nan, {"low": 0.0}, NOT_TRIED),
    ],
)
def test_a_verdict_depends_on_the_whole_interval(
    mean: float, low: float, high: float, bounds: dict[str, float], expected: str
) -> None:
    assert verdict(claim({"floor": 1.0}, **bounds), mean, low, high) == expected


def test_claims_are_judged_at_equal_cost_where_all_arms_are_there_and_over_ranges(minimal: Finding) -> None:
    rows = known_rows()
    scaled_rows = rows.assign(variant=EQUAL_COST, support=-rows["support"])
    both = judged(minimal, pd.concat([rows, scaled_rows, rows.assign(variant="a.b=1")]))
    assert both["variant"].to_list() == [EQUAL_COST, "a.b=1"]
    assert both["value"].to_list() == [-2.0, 2.0]
    only = judged(minimal, pd.concat([rows, scaled_rows[scaled_rows["arm"] == "none"]]))
    assert only["variant"].to_list() == [PLAIN]
    absent = judged(minimal, rows[rows["arm"] == "none"])
    assert absent["verdict"].to_list() == [NOT_TRIED]


# --- Many comparisons -----------------------------------------------------------------------------


def test_holm_on_known_answers() -> None:
    """Worked out by hand: sorted p times 4, 3, 2, 1, never falling, at most 1."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, 0.6]), [1.0, 1.0])
    np.testing.assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    assert len(holm([])) == 0


def test_p_values_and_simultaneous_intervals_on_known_answers() -> None:
    values = np.array([1.0, 2.0, 3.0])
    assert p_value(values) == pytest.approx(0.0741799, abs=1e-6)  # t = 3.4641 with 2 degrees of freedom
    assert p_value(np.zeros(3)) == 1.0
    assert p_value(np.ones(3)) == 0.0
    assert np.isnan(p_value(np.ones(1)))
    mean, low, high = simultaneous(values, 1)
    assert (mean, high - mean) == (2.0, pytest.approx(4.302653 / np.sqrt(3.0)))
    assert simultaneous(values, 10)[1] < low


def test_numbers_are_stored_in_few_figures() -> None:
    table = rounded(pd.DataFrame({"value": [1.23456789, np.nan], "text": ["a", "b"]}))
    assert table["value"].iloc[0] == 1.23457
    assert np.isnan(table["value"].iloc[1])


# --- Interactions ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def design() -> interactions.Design:
    return interactions.load_design()


def test_the_design_of_interactions_pairs_all_its_instruments(design: interactions.Design) -> None:
    count = len(design.instruments)
    assert len(design.pairs) == count * (count - 1) // 2
    assert all(direction in (-1, 1) for _, direction in design.outcomes)
    first, second = design.pairs[0]
    assert interactions.pair_of(f"{second}+{first}", design.instruments) == (first, second)
    for wrong in (first, f"{first}+{first}", f"{first}+nothing"):
        with pytest.raises(ConfigError):
            interactions.pair_of(wrong, design.instruments)


def test_an_interaction_is_a_difference_of_differences(design: interactions.Design) -> None:
    """On a world in which each instrument adds 2 and this pair 3 more, whatever the luck of the seed."""
    pair = design.pairs[0]
    small = replace(design, pairs=design.pairs[:2], outcomes=design.outcomes[:1])
    measure, _ = small.outcomes[0]

    def run(asked: Any) -> dict[Trial, dict[Reading, float]]:
        found = {}
        for one in asked:
            names = {dict(use)["use"] for use in one.instruments}
            luck = 100.0 * one.seed + 0.02 * one.seed * (names == set(pair))
            found[one] = {measure.reading: luck + 2.0 * len(names) + 3.0 * (names == set(pair))}
        return found

    table = interactions.interactions(small, (1, 2, 3), SimpleNamespace(run=run)).set_index("pair")
    row = table.loc["+".join(pair)]
    assert (row["first"], row["second"]) == (2.0, 2.0)
    assert row["interaction"] == pytest.approx(3.04)
    assert row["kind"] == interactions.SYNERGY
    assert table.iloc[1]["kind"] == interactions.NULL
    assert table.iloc[1]["interaction"] == 0.0


def test_kinds_follow_the_corrected_p_and_the_better_direction() -> None:
    kinds = [interactions.kind_of(p, gain) for p, gain in ((0.01, 1.0), (0.01, -1.0), (0.2, 1.0), (np.nan, 1.0))]
    assert kinds == [interactions.SYNERGY, interactions.CONFLICT, interactions.NULL, interactions.NULL]


# --- End to end -----------------------------------------------------------------------------------


def test_a_finding_from_question_to_page(minimal: Finding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "minimal.toml"
    monkeypatch.setattr(command, "files", lambda: [path])
    monkeypatch.setattr(command, "load_finding", lambda name: read_finding(path))
    folder, page = tmp_path / "stored", tmp_path / "FINDINGS.md"
    asked = ["findings", str(path), "--seeds", "2", "--workers", "1", "--out", str(folder), "--page", str(page)]
    assert main(asked) == 0
    table = pd.read_csv(folder / "minimal.csv")
    assert set(table["arm"]) == {"none", "floor"}
    assert pd.read_csv(folder / "minimal_claims.csv")["verdict"].iloc[0] in (AGREES, UNDECIDED)
    known = json.loads((folder / "minimal.json").read_text(encoding="utf-8"))
    assert known["seeds"] == [1, 2]
    assert known["months"] == 6
    assert (folder / "minimal.png").stat().st_size > 1000
    text = page.read_text(encoding="utf-8")
    for part in ("# Findings", "## A", "**A?**", "Expected: B (C)", "It pays", "stored/minimal.png", "2 seeds"):
        assert part in text
    page.unlink()
    assert main(["findings", "--stored", str(folder), "--page", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == text
    assert main(["findings", str(path), "--seeds", "1", "--out", str(folder)]) == 2  # the folder is not empty


def test_ranges_run_every_arm_at_both_ends(minimal: Finding) -> None:
    path = "merchants.response"
    found = replace(minimal, ranges=(path,), months=3)
    (answer,) = answers([found], (1,), Laboratory(1, progress=False), equal_cost=False, range_seeds=1)
    ends = load_scenario(mix=[], shocks=[]).config.evidence(path).range
    assert set(answer.rows["variant"]) == {PLAIN, *(f"{path}={end:g}" for end in ends)}


def test_a_page_says_why_where_the_model_disagrees(minimal: Finding) -> None:
    account = replace(minimal.claims[0], high=-1.0, low=-np.inf, account={"en": "Because.", "nl": "Daarom."})
    linked = replace(minimal.measures[0], name="link", link=True)
    found = replace(minimal, claims=(account,), measures=(*minimal.measures, linked))
    rows = known_rows().assign(link=1.0)
    rows.loc[rows["arm"] == "floor", "support"] += [1.0, 0.0, -1.0]  # differences of 2, 2 and 2
    came_from = {"command": "abm findings", "date": "2026-01-01", "versions": {}, "seeds": [1, 2, 3]}
    stored = storing.Stored(effects(found, rows), judged(found, rows), came_from)
    text = words.page([(found, stored)], Path("findings"))
    assert "disagrees with the expectation" in text
    assert "Because. Along the chain: support (M EUR): floor 1, none 1." in text
    assert any("✗" in line for line in words.lines(found, stored))


def test_a_page_without_results_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", "--stored", str(tmp_path), "--page", str(tmp_path / "page.md")]) == 2
    assert "holds no results" in capsys.readouterr().err
    assert main(["findings", "--seeds", "1", "nothing"]) == 2


def test_shorter_runs_are_no_longer_than_asked(minimal: Finding) -> None:
    variant = running.Variant(PLAIN, {"none": 1.0})
    assert running._trial(minimal, variant, "none", 1, 3).months == 3
    assert running._trial(minimal, variant, "none", 1, 100).months == 6


def test_nulls_survive_being_stored(design: interactions.Design, tmp_path: Path) -> None:
    """The word "null" is a kind, not a missing value."""
    row = dict.fromkeys(("neither", "first", "second", "together", "interaction", "low", "high", "p", "p_holm"), 0.5)
    pair, outcome = "+".join(design.pairs[0]), design.outcomes[0][0].name
    table = pd.DataFrame([{"pair": pair, "outcome": outcome, **row, "kind": interactions.NULL}])
    table.to_csv(tmp_path / "interactions.csv", index=False)
    known = {"command": "abm", "date": "2026-01-01", "versions": {}, "seeds": [1], "months": 12}
    (tmp_path / "interactions.json").write_text(json.dumps(known), encoding="utf-8")
    page = "\n".join(interactions.section(design, tmp_path, tmp_path))
    assert "0 are synergies" in page
    assert "1 nulls" in page
    assert "Nulls for" in page
