"""Why mixes differ: recyclers' bankruptcies by the cause that the books give, and a sentence for each mix."""

from __future__ import annotations

import pandas as pd

from experiments.compare import Comparison

_RECYCLER = " recycler "  # part of every recycler's name


def causes(comparison: Comparison) -> pd.DataFrame:
    """Recyclers' bankruptcies per run: a row for each cause, a column for each mix; the commonest cause first."""
    events = comparison.events
    failed = events[(events["kind"] == "exit") & events["who"].str.contains(_RECYCLER, regex=False)]
    counts = failed.groupby(["why", "mix"]).size().unstack("mix", fill_value=0)
    table = counts.reindex(columns=list(comparison.mixes), fill_value=0) / len(comparison.seeds)
    table.columns.name = table.index.name = None
    return table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def reason(comparison: Comparison, mix: str) -> str:
    """One sentence: how many recyclers fail and of what, against the first mix."""
    table = causes(comparison)
    own, first = table[mix], table[comparison.mixes[0]]
    if mix == comparison.mixes[0] or not first.sum():
        return _level(own)
    change = own - first
    if abs(change.sum()) < 0.05:
        return f"as many recyclers go bankrupt as under {comparison.mixes[0]}; {_level(own)}"
    fewer = change.sum() < 0
    cause = change.idxmin() if fewer else change.idxmax()
    word = "fewer" if fewer else "more"
    return (
        f"{abs(change.sum()):.1f} {word} recyclers go bankrupt per run than under {comparison.mixes[0]}, "
        f"above all because {cause} ({first[cause]:.1f} → {own[cause]:.1f}); {_level(own)}"
    )


def _level(counts: pd.Series[float]) -> str:
    if not counts.sum():
        return "no recycler goes bankrupt"
    share = counts.max() / counts.sum()
    return f"{counts.sum():.1f} recyclers go bankrupt per run, {share:.0%} because {counts.idxmax()}"
