"""Findings in words: the tables that the command prints and the page FINDINGS.md."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from experiments.findings.declaration import Claim, Finding, Measure
from experiments.findings.judging import AGREES, DISAGREES, EQUAL_COST, NOT_TRIED, UNDECIDED
from experiments.findings.storing import Stored
from experiments.wording import number

MARKS = {AGREES: "✓", DISAGREES: "✗", UNDECIDED: "?", NOT_TRIED: "–"}
SAID = {
    AGREES: "agrees with the expectation",
    DISAGREES: "disagrees with the expectation",
    UNDECIDED: "undecided: the interval reaches over the border of what is expected",
    NOT_TRIED: "not tried",
}


def lines(found: Finding, stored: Stored) -> Iterator[str]:
    """A finding on the terminal: question, table of paired differences, and what becomes of each claim."""
    yield found.title["en"]
    yield f"  {found.question['en']}"
    yield f"  Expected: {found.expectation['en']}"
    for variant in _variants(stored):
        part = stored.effects[stored.effects["variant"] == variant]
        yield f"  {_heading(found, variant, part)}"
        yield from (f"    {line}" for line in _plain_table(found, part))
    for number_, row in _judged(stored):
        yield f"  {MARKS[row['verdict']]} {_said(found, found.claims[number_], row)}"
    yield ""


def _variants(stored: Stored) -> list[str]:
    return [variant for variant in dict.fromkeys(stored.effects["variant"]) if "=" not in variant]


def _judged(stored: Stored) -> list[tuple[int, pd.Series]]:
    main = stored.claims[~stored.claims["variant"].str.contains("=")]
    return [(int(row["claim"]), row) for _, row in main.iterrows()]


def _heading(found: Finding, variant: str, part: pd.DataFrame) -> str:
    seeds = int(part["seeds"].iloc[0])
    over = f"{seeds} seed{'s' if seeds > 1 else ''}; differences to the first column, seed by seed, with 95 % intervals"
    if variant == EQUAL_COST and found.equal_cost is not None:
        return f"At equal cost ({found.equal_cost.held['en']}); {over}"
    return f"As declared; {over}"


def _cells(found: Finding, part: pd.DataFrame, measure: Measure) -> list[str]:
    """Mean of the first arm and the difference of every other, for a measure."""
    cells = []
    for row in part[part["measure"] == measure.name].to_dict("records"):
        if row["arm"] == found.arms[0].name:
            cells.append(number(row["mean"]))
        else:
            cells.append(_interval(row["difference"], row["difference_low"], row["difference_high"], sign=True))
    return cells


def _interval(mean: float, low: float, high: float, sign: bool = False) -> str:
    if not math.isfinite(mean):
        return "–"
    plus = "+" if sign and mean > 0.0 else ""
    ends = f" [{number(low)}, {number(high)}]" if math.isfinite(low) and math.isfinite(high) else ""
    return f"{plus}{number(mean)}{ends}"


def _named(measure: Measure) -> str:
    return measure.title["en"] + ("" if measure.unit == "1" else f" ({measure.unit})")


def _plain_table(found: Finding, part: pd.DataFrame) -> Iterator[str]:
    arms = list(dict.fromkeys(part["arm"]))
    rows = [["", *arms], ["times declared intensity", *(number(value) for value in _factors(part))]]
    rows += [[_named(measure)[:60], *_cells(found, part, measure)] for measure in found.measures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(arms) + 1)]
    for row in rows:
        yield f"{row[0]:<{widths[0]}}" + "".join(
            f"{cell:>{width + 2}}" for cell, width in zip(row[1:], widths[1:], strict=True)
        )


def _factors(part: pd.DataFrame) -> list[float]:
    return [float(value) for value in part.groupby("arm", sort=False)["factor"].first()]


def _said(found: Finding, claim: Claim, row: pd.Series) -> str:
    """What becomes of a claim: text, verdict, and the contrast that decides."""
    if row["verdict"] == NOT_TRIED:
        return f"{claim.text['en']}: not tried"
    unit = found.measure(claim.measure).unit
    value = _interval(row["value"], row["value_low"], row["value_high"]) + ("" if unit == "1" else f" {unit}")
    held = ", at equal cost" if row["variant"] == EQUAL_COST else ""
    decides = f"{_contrast(claim)} = {value}{held}; expected {_range(claim)}"
    return f"{claim.text['en']}: {SAID[row['verdict']]} ({decides})"


def _contrast(claim: Claim) -> str:
    """The weighted sum of arms as a formula."""
    words = ""
    for name, weight in claim.contrast:
        sign = (" − " if weight < 0 else " + ") if words else ("−" if weight < 0 else "")
        words += sign + ("" if abs(weight) == 1.0 else f"{abs(weight):g} × ") + name.replace("_", " ")
    return words


def _range(claim: Claim) -> str:
    if math.isfinite(claim.low) and math.isfinite(claim.high):
        return f"from {claim.low:g} to {claim.high:g}"
    return f"at least {claim.low:g}" if math.isfinite(claim.low) else f"at most {claim.high:g}"


# --- The page -------------------------------------------------------------------------------------


def page(findings: Sequence[tuple[Finding, Stored]], folder: Path, interactions: Sequence[str] = ()) -> str:
    """FINDINGS.md from stored results; `folder` is where figures and tables lie, as seen from the page."""
    parts = [*_opening(), *_overview(findings)]
    for found, stored in findings:
        parts += _section(found, stored, folder)
    return "\n".join([*parts, *interactions]).rstrip() + "\n"


_INTRODUCTION = """\
What the model says about questions that policy asks, beside what the literature leads one to expect. Each question
is declared in a file of `config/findings`; this page is written by the command from the results stored in
`findings/` and is not edited by hand. Nothing in the model was set so that an expectation comes true: where it does
not, the page says so and follows the chain of causes.

Arms of a finding run on the same seeds and share all luck that policy does not touch, so differences are taken seed
by seed. Intervals are 95 % t-intervals over seeds: they show chance only, not what nobody knows about the
parameters. ✓: the whole interval lies where it is expected; ✗: the whole interval lies elsewhere; ?: it reaches over
the border. Costs are in euros of 2025, discounted to January 2026. Full tables and figures lie in `findings/`.
"""


def _opening() -> list[str]:
    return ["# Findings", "", *_INTRODUCTION.splitlines(), ""]


def _overview(findings: Sequence[tuple[Finding, Stored]]) -> list[str]:
    rows = ["| finding | as expected | not as expected | undecided |", "|---|---|---|---|"]
    for found, stored in findings:
        verdicts = [row["verdict"] for _, row in _judged(stored)]
        counts = " | ".join(str(verdicts.count(verdict)) for verdict in (AGREES, DISAGREES, UNDECIDED))
        rows.append(f"| [{found.title['en']}](#{_anchor(found.title['en'])}) | {counts} |")
    return [*rows, ""]


def _anchor(title: str) -> str:
    return "".join(sign for sign in title.lower().replace(" ", "-") if sign.isalnum() or sign in "-_")


def _section(found: Finding, stored: Stored, folder: Path) -> Iterator[str]:
    yield from (f"## {found.title['en']}", "", f"**{found.question['en']}**  ", f"*{found.question['nl']}*", "")
    yield from (f"Expected: {found.expectation['en']} ({found.source})", "")
    for number_, row in _judged(stored):
        claim = found.claims[number_]
        yield f"- {MARKS[row['verdict']]} {_said(found, claim, row)}."
        if row["verdict"] == DISAGREES:
            yield f"  - Why: {_why(found, stored, claim, row['variant'])}"
        ranges = _over_ranges(stored, number_)
        if ranges:
            yield f"  - {ranges}"
    yield ""
    for variant in _variants(stored):
        part = stored.effects[stored.effects["variant"] == variant]
        yield from (f"{_heading(found, variant, part)}:", "", *_markdown_table(found, part), "")
    left_out = [arm for arm in found.arms if arm.name not in set(stored.effects["arm"])]
    if left_out:
        yield f"Not tried: {', '.join(arm.title['en'].lower() for arm in left_out)}."
        yield ""
    yield from _unscaled(found, stored)
    if found.note:
        yield from (found.note["en"], "")
    yield from (f"![{found.title['en']}]({(folder / found.name).as_posix()}.png)", "", _origin(found, stored), "")


def _why(found: Finding, stored: Stored, claim: Claim, variant: str) -> str:
    """The chain from cause to outcome, link by link, and the account that the finding gives."""
    table = stored.effects[stored.effects["variant"] == variant]
    links = [measure for measure in found.measures if measure.link and measure.name != claim.measure]
    steps = []
    for measure in links:
        own = table[table["measure"] == measure.name].set_index("arm")["mean"]
        each = [
            f"{found.arm(name).title['en'].lower()} {number(own[name])}" for name, _ in claim.contrast if name in own
        ]
        steps.append(f"{_named(measure)[:1].lower()}{_named(measure)[1:]}: {', '.join(each)}")
    told = [claim.account["en"]] if claim.account else []
    return " ".join([*told, ("Along the chain: " + "; ".join(steps) + ".") if steps else ""]).strip()


def _over_ranges(stored: Stored, claim: int) -> str:
    """Whether the verdict holds over the plausible ranges of parameters; empty where they were not tried."""
    tried = stored.claims[(stored.claims["claim"] == claim) & stored.claims["variant"].str.contains("=")]
    if not len(tried):
        return ""
    low, high = tried.loc[tried["value"].idxmin()], tried.loc[tried["value"].idxmax()]
    return (
        f"Over the plausible ranges of {len(tried) // 2} parameters the value runs from {number(low['value'])} "
        f"(`{low['variant']}`) to {number(high['value'])} (`{high['variant']}`)."
    )


def _markdown_table(found: Finding, part: pd.DataFrame) -> Iterator[str]:
    arms = list(dict.fromkeys(part["arm"]))
    yield "| | " + " | ".join(found.arm(arm).title["en"] for arm in arms) + " |"
    yield "|---|" + "---:|" * len(arms)
    if any(factor != 1.0 for factor in _factors(part)):
        yield "| times declared intensity | " + " | ".join(number(value) for value in _factors(part)) + " |"
    for measure in found.measures:
        yield f"| {_named(measure)} | " + " | ".join(_cells(found, part, measure)) + " |"


def _unscaled(found: Finding, stored: Stored) -> Iterator[str]:
    if EQUAL_COST not in set(stored.effects["variant"]):
        return
    there = set(stored.effects.loc[stored.effects["variant"] == EQUAL_COST, "arm"])
    absent = [arm.title["en"].lower() for arm in found.available if arm.scaled and arm.name not in there]
    if absent:
        yield f"Cannot be brought to the same cost, or earns money: {', '.join(absent)}."
        yield ""


def _origin(found: Finding, stored: Stored) -> str:
    known = stored.origin
    seeds = known["seeds"]
    commit = f", commit {known['commit'][:10]}" if known.get("commit") else ""
    return (
        f"`{known['command']}` on {known['date']}, version {known['versions'].get('kringloop', 'unknown')}{commit}; "
        f"{len(seeds)} seeds ({min(seeds)}–{max(seeds)}), {known.get('months', found.months)} months, "
        f"{found.households} households, shocks: {found.shocks.replace('_', ' ')}. Declared in "
        f"`config/findings/{found.name}.toml`."
    )
