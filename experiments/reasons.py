"""Why mixes differ: recyclers' bankruptcies by the cause that the books give, their margin, and a sentence for each."""

from __future__ import annotations

import pandas as pd

from experiments.compare import Comparison
from experiments.wording import number

FAILURES = "recycler_failures_by_cause"  # one column of the series per cause
MARGIN, MARKET_MARGIN = "recycler_margin", "recycler_market_margin"


def causes(comparison: Comparison) -> pd.DataFrame:
    """Recyclers' bankruptcies per run: a row for each cause, a column for each mix; the commonest cause first."""
    columns = [column for column in comparison.series if column.startswith(f"{FAILURES}[")]
    totals = comparison.series.groupby("mix")[columns].sum().T / len(comparison.seeds)
    totals.index = [column.partition("[")[2].removesuffix("]").replace("_", " ") for column in columns]
    table = totals[list(comparison.mixes)].rename_axis(columns=None)
    table = table[table.any(axis=1)]
    return table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def reason(comparison: Comparison, mix: str) -> str:
    """One sentence: how many recyclers fail and of what, against the first mix, and what they earn."""
    table = causes(comparison)
    own, first = table[mix], table[comparison.mixes[0]]
    parts = [_level(own), _earnings(comparison, mix)]
    if mix != comparison.mixes[0]:
        parts.insert(0, _change(own, first, comparison.mixes[0]))
    return "; ".join(parts)


def _change(own: pd.Series[float], first: pd.Series[float], name: str) -> str:
    change = own - first
    if abs(change.sum()) < 0.05:
        return f"as many recyclers fail as under {name}"
    fewer = change.sum() < 0
    cause = change.idxmin() if fewer else change.idxmax()
    return (
        f"{abs(change.sum()):.1f} {'fewer' if fewer else 'more'} recyclers fail per run than under {name}, "
        f"above all from {cause} ({first[cause]:.1f} → {own[cause]:.1f})"
    )


def _level(counts: pd.Series[float]) -> str:
    if not counts.sum():
        return "no recycler fails"
    return f"{counts.sum():.1f} fail, {counts.max() / counts.sum():.0%} of them from {counts.idxmax()}"


def _earnings(comparison: Comparison, mix: str) -> str:
    """Mean margins over months and seeds in which there were recyclers."""
    series = comparison.series[comparison.series["mix"] == mix]
    with_support, without = (100 * series[column].mean() for column in (MARGIN, MARKET_MARGIN))
    return f"margin {number(with_support)} % with support and {number(without)} % without"
