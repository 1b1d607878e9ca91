"""What the numbers of a batch say, in sentences made of them by rules: nothing is said that no row supports."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from experiments.analysis.report.evidence import ALL, LEAST_POINTS
from experiments.analysis.report.gathering import Gathered
from experiments.wording import number

FEW_DRAWS = 20  # below these an interval itself is a rough guess
MOST_HINGES = 8  # factors in words
_WORDS = {"better": "better", "worse": "worse", "higher": "higher", "lower": "lower"}


def signed(value: float, figures: int = 3) -> str:
    """A difference in a few figures with its sign, a true minus; a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    return ("+" if value > 0 else "") + number(value, figures).replace("-", "−")


def rounded(value: float, reach: float) -> str:
    """A difference with the digits that the half-width of its interval bears: two of that; a true minus."""
    if not (math.isfinite(value) and math.isfinite(reach)) or reach <= 0.0 or max(abs(value), reach) >= 1000.0:
        return signed(value)
    decimals = max(0, 1 - math.floor(math.log10(reach)))
    if decimals > 8:
        return signed(value)
    text = f"{value:+.{decimals}f}"
    return text.lstrip("+-") if float(text) == 0.0 else text.replace("-", "−")


def count(size: int, noun: str, plural: str = "") -> str:
    """A number with its noun."""
    return f"{size:,} {noun if size == 1 else plural or noun + 's'}"


def listed(parts: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


# --- What each mix does ---------------------------------------------------------------------------


def judgements(found: pd.DataFrame, shocks: int) -> str:
    """How a mix does on one outcome: `found` are its rows of `comparisons`, one for each shock scenario."""
    verdicts = found["verdict"].where(found["survives"] | ~found["verdict"].isin(list(_WORDS)), "undecided")
    counts = verdicts.value_counts()
    sure = [word for word in _WORDS if word in counts]
    if not sure:
        return "equal" if counts.get("equal", 0) == shocks else "undecided"
    return (
        sure[0]
        if len(sure) == 1 and counts[sure[0]] == shocks
        else "; ".join(f"{word} in {counts[word]} of {shocks}" for word in sure)
    )


def on_mixes(gathered: Gathered) -> Iterator[str]:
    """A sentence for each mix beyond the first: on what it is better, worse, or undecided, in how many scenarios."""
    single = gathered.compared[gathered.compared["shocks"] != ALL]
    for mix, title in gathered.others.items():
        kinds: dict[str, list[str]] = {}
        for outcome in gathered.outcomes:
            rows = single[(single["mix"] == mix) & (single["outcome"] == outcome.name)]
            kind = judgements(rows, len(gathered.shocks))
            plain = kind.split(" in ")[0] if ";" not in kind else "mixed"
            added = f" ({kind.replace('; ', ', ').removeprefix(plain + ' in ')})" if " in " in kind else ""
            kinds.setdefault(plain, []).append(outcome.title + added)
        order = ("better", "worse", "higher", "lower", "mixed", "undecided", "equal")
        parts = [f"{kind} on {listed(kinds[kind])}" for kind in order if kind in kinds]
        yield f"{title}, against {gathered.mixes[gathered.first]}: " + "; ".join(parts) + "."


def on_few_states(gathered: Gathered) -> Iterator[str]:
    """Means that most states contradict: they rest on a few."""
    last = ALL if len(gathered.shocks) > 1 else next(iter(gathered.shocks))
    means = gathered.compared[(gathered.compared["shocks"] == last) & gathered.compared["survives"]]
    shares = gathered.robust.set_index(["outcome", "mix"])[["better", "worse"]]
    for row in means.itertuples():
        if row.verdict not in shares or (row.outcome, row.mix) not in shares.index:
            continue
        better, worse = shares.loc[(row.outcome, row.mix)]
        if (row.verdict == "better" and better < worse) or (row.verdict == "worse" and worse < better):
            title = next(outcome.title for outcome in gathered.outcomes if outcome.name == row.outcome)
            yield (
                f"{gathered.mixes[str(row.mix)]} is {row.verdict} on {title} on average, yet better in"
                f" {better:.0%} and worse in {worse:.0%} of states: that mean rests on few large differences."
            )


# --- What it hinges on ----------------------------------------------------------------------------


def on_hinges(gathered: Gathered) -> Iterator[str]:
    """A sentence for each factor with which a difference is correlated, those that matter most often first."""
    if not len(gathered.hinged):
        return
    sure = gathered.hinged[gathered.hinged["survives"]]
    if not len(sure):
        yield (
            f"None of the {count(len(gathered.factors), 'factor')} that were varied is correlated with a difference"
            " between mixes beyond what chance would give; with these few points that says little."
        )
        return
    factors = sure["factor"].value_counts()
    for factor in factors.index[:MOST_HINGES]:
        yield _hinge(gathered, str(factor), sure[sure["factor"] == factor])
    if len(factors) > MOST_HINGES:
        yield f"{count(len(factors) - MOST_HINGES, 'further factor')} matter for some difference; the table has them."


def _hinge(gathered: Gathered, factor: str, sure: pd.DataFrame) -> str:
    """What a factor moves, under how many mixes, and the strongest of its correlations."""
    titles = {outcome.name: outcome.title for outcome in gathered.outcomes}
    moved = [
        f"{titles[str(outcome)]} ({len(rows)} of {len(gathered.others)} mixes)"
        for outcome, rows in sure.groupby("outcome", sort=False)
    ]
    row = sure.loc[sure["correlation"].abs().idxmax()]
    way = "rises" if row["correlation"] > 0 else "falls"
    return (
        f"{label(gathered, factor)} is correlated with the difference in {listed(moved)}; most strongly with that in"
        f" {titles[row['outcome']]} under {gathered.mixes[row['mix']]}, which {way} with it (rank correlation"
        f" {_ratio(row['correlation'])}, {_ratio(row['low'])} to {_ratio(row['high'])})."
    )


def _ratio(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def label(gathered: Gathered, factor: str) -> str:
    """A factor by what it means, with its path where several have the same meaning or it is long."""
    meaning = gathered.factors[factor].meaning
    short = meaning if len(meaning) <= 70 else ""
    return f"{short} ({factor})" if short else factor


# --- What it cannot tell --------------------------------------------------------------------------


def limits(gathered: Gathered) -> Iterator[str]:
    """What these runs cannot tell, as far as it follows from their design and from what became of them."""
    yield from _on_missing(gathered)
    yield from _on_draws(gathered)
    design = gathered.results.design
    if not gathered.factors:
        yield "No parameter was varied: intervals show chance alone, not what nobody knows about the parameters."
    else:
        yield (
            f"Parameters other than the {count(len(gathered.factors), 'factor')} varied here stayed at their values;"
            " ranges are plausible ones, not probabilities, so that an average over them is no expectation."
        )
    if gathered.factors and gathered.others and gathered.pairs["point"].nunique() < LEAST_POINTS:
        yield f"Fewer than {LEAST_POINTS} points of the sample: what differences hinge on cannot be said."
    if len(gathered.shocks) > 1:
        yield f"The {len(gathered.shocks)} shock scenarios count the same in averages over all; none has a probability."
    else:
        yield "There is one shock scenario; under others the mixes may rank otherwise."
    if design.months is not None:
        yield f"Runs last {count(design.months, 'month')}; what comes later is not seen."


def _on_missing(gathered: Gathered) -> Iterator[str]:
    runs, failed = len(gathered.results.runs), len(gathered.results.failed)
    if runs < gathered.expected:
        yield f"The batch is incomplete: {runs:,} of {gathered.expected:,} runs are there; numbers will move."
    if failed:
        worst = gathered.results.failed["mix"].value_counts()
        title = gathered.mixes.get(str(worst.index[0]), str(worst.index[0]))
        yield (
            f"{count(failed, 'run')} failed (most under {title}: {worst.iloc[0]}); pairs with a failed run are left"
            " out, which flatters a mix if it fails where things go wrong."
        )


def _on_draws(gathered: Gathered) -> Iterator[str]:
    if not gathered.others:
        yield "There is one mix, so that nothing is compared."
        return
    draws = int(gathered.settled["draws"].max()) if len(gathered.settled) else 0
    if draws < FEW_DRAWS:
        yield f"Intervals rest on {count(draws, 'seed')} and are themselves rough."
    undecided = int((gathered.compared["verdict"] == "undecided").sum())
    lost = int((gathered.compared["verdict"].isin(list(_WORDS)) & ~gathered.compared["survives"]).sum())
    yield (
        f"Of {len(gathered.compared):,} comparisons {undecided:,} are undecided, which is no proof of equality, and"
        f" {lost:,} whose interval leaves out zero do not survive false-discovery control."
    )
