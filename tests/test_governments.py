"""Governments that keep, break, adapt and resume what they announced, and how far they are believed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import policies
from abm.model import CircularTransition
from abm.parameters import ConfigError
from abm.scenario import load_scenario
from abm.uses import InstrumentUse, Reaction

Make = Callable[..., CircularTransition]
SUBSIDY = {
    "use": "recovery_subsidy", "jurisdiction": "eu", "start": 0, "end": 119, "intensity": 2.0, "materials": ["cobalt"],
}  # fmt: skip
PAID = "instrument_paid[recovery_subsidy@eu]"


def paid(model: CircularTransition) -> np.ndarray:
    """EUR a month through the first instrument of each kind."""
    return np.array(model.recorded()[PAID])


def events(model: CircularTransition, kind: str = "instrument") -> list[tuple[str, str, str]]:
    frame = model.event_log.frame(2026.0)
    rows = frame[frame.kind == kind]
    return [(row.month, row.what, row.why) for row in rows.itertuples()]


def run_to(model: CircularTransition, month: int) -> CircularTransition:
    while model.month + 1 < month:
        model.step()
    return model


def government(model: CircularTransition, name: str = "eu") -> Any:
    return next(member for member in model.governments.members if member.name == name)


# --- Mixes that build on others ----------------------------------------------------------------------------


def write_mix(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


HEAD = 'title = { en = "A", nl = "B" }\nsummary = { en = "A", nl = "B" }\n'
GRANT = '[[instruments]]\nuse = "recycling_investment_support"\njurisdiction = "eu"\nstart = "2027-01"\ncap = 1000000\n'


def test_a_mix_includes_others_and_its_programme_spares_standing_law(tmp_path: Path) -> None:
    write_mix(tmp_path, "law", f"standing = true\n{GRANT}intensity = 0.1\n")
    write_mix(tmp_path, "grant", f"{GRANT}intensity = 0.2\nreversal = 0.05\n")
    text = f'includes = ["law.toml", "grant.toml"]\n[programme]\nreversal = 0.3\npause = 12\n{GRANT}intensity = 0.3\n'
    uses = load_scenario(mix=write_mix(tmp_path, "whole", text)).mix
    assert [(use.intensity, use.reversal, use.pause) for use in uses] == [
        (0.1, 0.0, 24),
        (0.2, 0.05, 12),
        (0.3, 0.3, 12),
    ]


def test_a_mix_that_includes_itself_is_refused(tmp_path: Path) -> None:
    path = write_mix(tmp_path, "loop", 'includes = ["other.toml"]\n')
    write_mix(tmp_path, "other", 'includes = ["loop.toml"]\n')
    with pytest.raises(ConfigError, match="includes itself") as caught:
        load_scenario(mix=path)
    assert "other.toml" in str(caught.value)


def test_a_mix_does_not_move_where_there_is_no_government() -> None:
    with pytest.raises(ConfigError, match="'china' has no government to move a mix to"):
        load_scenario(mix="market_pull@china")


def test_months_in_files_are_dates(tmp_path: Path) -> None:
    text = GRANT.replace('start = "2027-01"', "start = 12")
    with pytest.raises(ConfigError, match="12 is not a month"):
        load_scenario(mix=write_mix(tmp_path, "number", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('includes = "grant"\n', "not a list of names"),
        ("standing = 1\n", "neither true nor false"),
        ("[programme]\nintensity = 1\n", "programme"),
        ('includes = ["no_such_mix"]\n', "no_such_mix"),
    ],
)
def test_a_mix_with_a_broken_head_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_scenario(mix=write_mix(tmp_path, "broken", text))


def test_a_mix_moves_to_another_government_with_the_same_budget_per_household() -> None:
    uses = load_scenario(mix="market_pull").mix
    moved = load_scenario(mix="market_pull@nl").mix
    assert load_scenario(mix="market_pull@nl").mix_name == "market_pull@nl"
    config = load_scenario().config
    homes = dict.fromkeys(config.jurisdictions.ids, 0.0)
    for leaf in config.leaves:
        for row in config.ancestors[leaf]:
            homes[config.jurisdictions.ids[row]] += float(config.jurisdictions.households[leaf])
    assert len(moved) == len(uses)
    changed = [(one, other) for one, other in zip(uses, moved, strict=True) if one.jurisdiction != other.jurisdiction]
    kept = [use.jurisdiction for use in moved if use.use == "circular_procurement"]
    assert "noord_holland_flevoland" in kept  # in addition to what the Netherlands does itself
    assert changed
    for one, other in changed:
        assert other.jurisdiction == "nl"
        if one.cap is not None:
            assert other.cap == pytest.approx(one.cap * homes["nl"] / homes[one.jurisdiction])


def test_rules_and_fate_survive_their_description() -> None:
    rule = Reaction("recycler_failures", "raise", above=0.1, step=0.5, most=2.0, every=6)
    use = InstrumentUse(**(SUBSIDY | {"withdrawn": 30, "reversal": 0.2, "retroactive": 1.0, "rules": (rule,)}))
    scenario = load_scenario(mix=[use])
    again = type(scenario).from_description(scenario.describe())
    assert again.mix == scenario.mix
    assert again.mix[0].rules == (rule,)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"action": "raise", "above": 1.0}, "missing"),
        ({"indicator": "no_such", "action": "raise", "above": 1.0}, "no_such"),
        ({"indicator": "recycler_failures", "action": "double", "above": 1.0}, "double"),
        ({"indicator": "recycler_failures", "action": "raise"}, "above or below"),
        ({"indicator": "recycler_failures", "action": "raise", "above": 1.0, "below": 0.0}, "above or below"),
        ({"indicator": "recycler_failures", "action": "raise", "above": "much"}, "not a number"),
        ({"indicator": "recycler_failures", "action": "raise", "above": 1.0, "every": 0}, "every"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_scenario(mix=[SUBSIDY | {"rules": [rule]}])


def test_a_rule_on_a_column_that_is_not_there_is_refused(make: Make) -> None:
    rule = {"indicator": "public_support[atlantis]", "action": "raise", "above": 0.0}
    with pytest.raises(ConfigError, match="atlantis"):
        make(mix=[SUBSIDY | {"rules": [rule]}])


# --- Broken promises ---------------------------------------------------------------------------------------


def test_who_has_a_subsidy_keeps_it_when_it_is_closed_and_loses_it_when_it_is_withdrawn(
    make: Make,
) -> None:
    kept, lost, never = (
        run_to(make(mix=[SUBSIDY | change]), 18)
        for change in ({"withdrawn": 12}, {"withdrawn": 12, "retroactive": 1}, {})
    )
    assert paid(kept)[12:].min() > 0.0
    np.testing.assert_allclose(paid(kept), paid(never))  # nobody has entered yet
    assert paid(lost)[:12].min() > 0.0
    assert not paid(lost)[12:].any()
    assert ("2027-01", "Operating subsidy for recovery (cobalt): withdrawn", "before its announced end") in events(kept)


def test_the_cap_holds_for_those_who_keep_a_suspended_subsidy(make: Make) -> None:
    fate = {"start": 1, "reversal": 1.0, "pause": 18, "cap": 1e4}
    model = run_to(make(mix=[SUBSIDY | fate], months=48), 40)
    yearly = paid(model)[:36].reshape(3, 12).sum(axis=1)
    assert yearly == pytest.approx([1e4, 1e4, 1e4])


def test_a_newcomer_has_no_right_to_a_scheme_that_is_closed(make: Make) -> None:
    model = run_to(make(mix=[SUBSIDY | {"withdrawn": 12}]), 13)
    recyclers, rules = model.recyclers, model.rules
    born = np.full(len(recyclers), 13)
    assert rules.kept("recovery_subsidy", recyclers.leaf, recyclers.born).any()
    assert not rules.kept("recovery_subsidy", recyclers.leaf, born).any()
    activity = model.settlement.activity
    due = float((activity.recovered * 2.0 * np.isin(model.config.materials.ids, "cobalt")).sum())
    assert paid(model)[12] == pytest.approx(due)


def test_contracts_are_honoured_unless_they_are_cancelled(make: Make) -> None:
    contract = SUBSIDY | {"use": "contract_for_difference", "intensity": 3.0, "term": 60}
    kept, lost = (run_to(make(mix=[contract | {"withdrawn": 6, "retroactive": r}]), 9) for r in (0, 1))
    assert (kept.recyclers.contract_instrument >= 0).any()
    assert not (lost.recyclers.contract_instrument >= 0).any()
    assert np.array(kept.recorded()["instrument_paid[contract_for_difference@eu]"])[8] > 0.0
    assert np.array(lost.recorded()["instrument_paid[contract_for_difference@eu]"])[6:].sum() == 0.0


def test_belief_falls_more_when_those_who_counted_on_it_lose_it(make: Make) -> None:
    belief = {}
    for retroactive in (0, 1):
        model = run_to(make(mix=[SUBSIDY | {"withdrawn": 6, "retroactive": retroactive}]), 7)
        belief[retroactive] = government(model).credibility
    assert belief[1] < belief[0] < run_to(make(mix=[SUBSIDY]), 7).governments.members[0].credibility


def test_lenders_ask_more_once_policy_has_lost_belief(make: Make) -> None:
    trusted, broken = (run_to(make(mix=[SUBSIDY | change]), 14) for change in ({}, {"withdrawn": 12, "retroactive": 1}))
    assert broken.credit.rate > trusted.credit.rate
    assert broken.credit.leverage_limit < trusted.credit.leverage_limit


# --- Budget rounds and reversals ---------------------------------------------------------------------------


def test_budget_rounds_reverse_as_often_as_they_say_and_all_at_once(make: Make) -> None:
    other = SUBSIDY | {"materials": ["nickel"]}
    struck = []
    for seed in range(40):
        model = make(
            mix=[use | {"start": 1, "reversal": 0.4, "pause": 6} for use in (SUBSIDY, other)], rng=seed, record=False
        )
        run_to(model, 13)
        found = [status for status in (i.status for i in model.governments.instruments) if status == "suspended"]
        assert len(found) in (0, 2)
        struck.append(bool(found))
    assert 0.2 < np.mean(struck) < 0.6


def test_a_suspended_instrument_pays_nothing_and_comes_back(make: Make) -> None:
    model = run_to(make(mix=[SUBSIDY | {"start": 1, "reversal": 1.0, "pause": 6, "retroactive": 1}]), 24)
    assert paid(model)[1:12].min() > 0.0
    assert not paid(model)[12:18].any()
    assert paid(model)[18:].min() > 0.0
    what = [(month, text.partition(": ")[2]) for month, text, _ in events(model)]
    assert ("2027-01", "suspended") in what
    assert ("2027-07", "resumed") in what


def test_a_reversal_of_policy_takes_back_its_share_and_belief_outlasts_it(make: Make) -> None:
    shock = {"use": "policy_reversal", "severity": 0.4, "start": 6, "duration": 6, "jurisdiction": "eu"}
    with_it, without = (run_to(make(mix=[SUBSIDY], shocks=shocks), 14) for shocks in ([shock], []))
    rate = paid(with_it) / paid(without)
    np.testing.assert_allclose(rate[:6], 1.0)
    assert rate[6] == pytest.approx(0.6)
    assert rate[13] > 0.9
    assert government(with_it).credibility < government(without).credibility


def test_a_reversal_spares_other_governments_and_law_from_before_the_run(make: Make) -> None:
    shock = {"use": "policy_reversal", "severity": 0.4, "start": 6, "duration": 6, "jurisdiction": "nl"}
    with_it, without = (run_to(make(mix=[SUBSIDY], shocks=shocks), 9) for shocks in ([shock], []))
    np.testing.assert_array_equal(paid(with_it), paid(without))
    shock["jurisdiction"] = "eu"
    law = SUBSIDY | {"announced": -12}
    with_it, without = (run_to(make(mix=[law], shocks=shocks), 9) for shocks in ([shock], []))
    np.testing.assert_array_equal(paid(with_it), paid(without))


# --- Commitment and funds ----------------------------------------------------------------------------------

COMMITMENT = {"use": "long_term_commitment", "jurisdiction": "eu", "start": 0, "intensity": 1.0}


def test_a_commitment_keeps_budget_rounds_from_reversing_and_raises_belief(make: Make) -> None:
    fickle = SUBSIDY | {"start": 1, "reversal": 1.0, "retroactive": 1}
    bound, free = (run_to(make(mix=mix), 18) for mix in ([fickle, COMMITMENT], [fickle]))
    assert paid(bound)[12:].min() > 0.0
    assert not paid(free)[12:].any()
    assert government(bound).belief > government(bound).credibility
    assert bound.credit.leverage_limit > free.credit.leverage_limit


def test_breaking_a_commitment_costs_more_belief_than_breaking_a_promise(make: Make) -> None:
    withdrawn = SUBSIDY | {"withdrawn": 6, "retroactive": 1}
    bound, free = (run_to(make(mix=mix), 7) for mix in ([withdrawn, COMMITMENT], [withdrawn]))
    assert government(bound).credibility < government(free).credibility


def test_a_fund_spends_what_would_have_lapsed_and_no_more_than_its_budgets(make: Make) -> None:
    greedy = SUBSIDY | {"cap": 1e4}
    modest = SUBSIDY | {"materials": ["gallium"], "cap": 5e4, "intensity": 1e-6}
    fund = {"use": "bundled_fund", "jurisdiction": "eu", "start": 0, "intensity": 1.0}
    pooled, apart = (run_to(make(mix=mix, months=36), 36) for mix in ([greedy, modest, fund], [greedy, modest]))

    def yearly(model: CircularTransition) -> np.ndarray:
        total = sum(np.array(v) for k, v in model.recorded().items() if k.startswith("instrument_paid[recovery"))
        return np.asarray(total).reshape(3, 12).sum(axis=1)

    assert yearly(apart)[1:] == pytest.approx([1e4, 1e4], rel=1e-3)
    assert yearly(pooled)[1:] == pytest.approx([6e4, 6e4], rel=1e-3)


def test_a_fund_keeps_what_is_not_spent_for_later_years(make: Make) -> None:
    late = SUBSIDY | {"cap": 5e4, "rules": []}
    idle = SUBSIDY | {"materials": ["gallium"], "cap": 5e4, "intensity": 1e-6}
    fund = {"use": "bundled_fund", "jurisdiction": "eu", "start": 0, "intensity": 1.0}
    model = run_to(make(mix=[late | {"start": 24}, idle, fund], months=36), 36)
    spent = np.array(model.recorded()["instrument_paid[recovery_subsidy@eu]"])
    other = np.array(model.recorded()["instrument_paid[recovery_subsidy@eu#2]"])
    assert max(spent[24:].sum(), other[24:].sum()) == pytest.approx(5e4 + 2 * 5e4, rel=1e-3)


# --- Governments that react --------------------------------------------------------------------------------


def reacting(make: Make, months: int = 24, **rule: Any) -> CircularTransition:
    given = {"indicator": "credibility[eu]", "above": 0.0, "every": 3} | rule
    if "below" in rule:
        del given["above"]
    return run_to(make(mix=[SUBSIDY | {"rules": [given], "pause": 4}]), months)


def test_support_is_raised_and_lowered_step_by_step_within_its_bounds(make: Make) -> None:
    raised = reacting(make, action="raise", step=0.5, most=2.0)
    doses = [i.dose for i in raised.governments.instruments]
    assert doses == [2.0]
    lowered = reacting(make, action="lower", step=0.4, least=0.3)
    assert lowered.governments.instruments[0].dose == pytest.approx(0.3)
    plain = run_to(make(mix=[SUBSIDY]), 24)
    assert paid(raised)[3] / paid(plain)[3] == pytest.approx(1.5)
    assert paid(lowered)[3] / paid(plain)[3] == pytest.approx(0.6)
    assert government(lowered).credibility == government(plain).credibility  # the rule was announced


def test_a_programme_pauses_or_stops_by_its_rule(make: Make) -> None:
    paused = reacting(make, months=12, action="pause")
    assert not paid(paused)[3:7].any()
    stopped = reacting(make, action="stop")
    assert not paid(stopped)[3:].any()


def test_no_rule_bites_on_the_other_side_of_its_level(make: Make) -> None:
    plain = run_to(make(mix=[SUBSIDY]), 12)
    for rule in ({"action": "stop", "above": 2.0}, {"action": "stop", "below": 0.0}):
        np.testing.assert_array_equal(paid(reacting(make, months=12, **rule)), paid(plain))


def test_recording_makes_no_difference_to_governments_that_react(make: Make, state: Any, differences: Any) -> None:
    rule = {
        "indicator": "recycling_rate" if False else "belief",
        "action": "raise",
        "above": 0.0,
        "most": 2.0,
        "every": 3,
    }
    mix = [SUBSIDY | {"rules": [rule]}]
    with_it, without = (run_to(make(mix=mix, record=record), 12) for record in (True, False))
    assert not differences(state(with_it), state(without))


# --- What founders expect ----------------------------------------------------------------------------------


def test_founders_wait_for_a_grant_and_hurry_before_it_ends(make: Make) -> None:
    grant = {"use": "recycling_investment_support", "jurisdiction": "eu", "intensity": 0.5}
    coming = run_to(make(mix=[grant | {"start": 18, "announced": 0}]), 9)
    ending = run_to(make(mix=[grant | {"start": 0, "end": 14}]), 9)
    steady = run_to(make(mix=[grant | {"start": 0}]), 9)
    returns = np.full((len(coming.config.streams), len(coming.config.leaves)), 0.4)
    assert not coming.renewal._hurry(returns, 0.2).any()
    assert (ending.renewal._hurry(returns, 0.2) > 1.0).all()
    assert (steady.renewal._hurry(returns, 0.2) == 1.0).all()


# --- Every instrument --------------------------------------------------------------------------------------

# What goes on because others own it: deposits are paid back, stocks are kept and sold, contracts are honoured.
OWED = {
    "deposit_refund",
    "contract_for_difference",
    "diversification_partnership",
    "strategic_stockpile",
    "public_private_stockpile",
    "stockholding_obligation",
}


@pytest.mark.parametrize("name", sorted(policies.registry()))
def test_every_instrument_stops_while_it_is_suspended_and_comes_back(make: Make, name: str) -> None:
    declared = policies.registry()[name]
    where = {"union": "eu", "national": "nl", "regional": "noord_holland_flevoland"}[declared.level[0]]
    rule = {"indicator": "belief", "above": 0.0, "action": "pause", "every": 3, "over": 1}
    use = {"use": name, "jurisdiction": where, "start": 0, "rules": [rule], "pause": 2, "end": 6}
    model = make(mix=[use], months=7)
    instrument = model.governments.instruments[0]
    written, paid_out = [], []
    while model.running:
        model.step()
        levers = model.rules.contributions.values()
        written.append(any(index == instrument.index for parts in levers for index, _ in parts))
        paid_out.append(instrument.paid)
    if name not in OWED:
        assert [month for month in range(7) if not written[month]] in ([3, 4, 6], list(range(7)))
        assert not any(paid_out[month] for month in (3, 4, 6))
