"""Contributions as a picture: from the base to the mix, player by player, with intervals and named interactions."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.contribution import Array, Estimates, interval_of
from experiments.analysis.contribution_study import Study, direction_of
from experiments.figures import COLOURS
from experiments.outcomes import title_of_outcome, unit_of_outcome
from experiments.wording import number

MOST_BARS = 14
MOST_NAMED = 3
BETTER, WORSE, TOLD, UNTOLD = COLOURS[1], COLOURS[2], COLOURS[4], "0.75"
_MEANING = {
    BETTER: "better",
    WORSE: "worse",
    TOLD: "neither better nor worse",
    UNTOLD: "not told from zero",
}


def draw(study: Study, found: Mapping[str, Estimates], interactions: pd.DataFrame) -> Any:
    """A matplotlib figure with a panel per outcome: bars from the base to the mix, the largest contribution first.

    Beyond `MOST_BARS` players the smallest are drawn as one bar, whose interval is that of their sum.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    shown = {outcome: estimates for outcome, estimates in found.items() if estimates.seeds}
    across = min(2, len(shown))
    down = math.ceil(len(shown) / across)
    bars = min(len(study.plan.players), MOST_BARS) + 2
    figure = Figure(figsize=(7.4 * across, (0.30 * bars + 1.35) * down + 0.6), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    used: set[str] = set()
    for panel, (outcome, estimates) in zip(panels, shown.items(), strict=False):
        used |= _panel(panel, study, outcome, estimates, interactions[interactions["outcome"] == outcome])
    for panel in panels[len(shown) :]:
        panel.set_visible(False)
    handles = [Patch(color=colour, label=meaning) for colour, meaning in _MEANING.items() if colour in used]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False, fontsize=8)
    how = f"estimated from {study.plan.orders} sampled orders on each seed" if study.plan.orders else "exact"
    seeds = max(len(estimates.seeds) for estimates in shown.values())
    over = f", mean over {seeds} seeds with 95 % intervals" if seeds > 1 else ", one seed"
    figure.supxlabel(f"Shapley values, {how}{over}", fontsize=7, color="0.35", ha="right", x=0.995)
    return figure


def _panel(panel: Any, study: Study, outcome: str, estimates: Estimates, interactions: pd.DataFrame) -> set[str]:
    """Draw one outcome; the colours that it uses."""
    titles = {player.name: player.title["en"] for player in study.submixes.players}
    bars = _bars(estimates, titles)
    level, used = 0.0, set()
    panel.axvline(0.0, color="0.5", lw=0.8, linestyle=(0, (2, 2)))
    for place, (_, values) in enumerate(bars, start=1):
        mean, low, high = interval_of(values)
        colour = _colour(low, high, direction_of(outcome))
        used.add(colour)
        panel.barh(place, mean, left=level, color=colour, height=0.62)
        if math.isfinite(low):
            panel.plot([level + low, level + high], [place, place], color="0.15", lw=1.1)
        panel.plot([level + mean] * 2, [place, place + 1], color="0.6", lw=0.6)
        _beside(panel, place, _signed(mean))
        level += mean
    base, mix = float(estimates.base.mean()), float(estimates.mix.mean())
    for place, change, value in ((0, 0.0, base), (len(bars) + 1, level, mix)):
        panel.plot(change, place, "D", color="black", ms=4)
        _beside(panel, place, _short(value))
    names = [name.replace("_", " ") for name in study.submixes.names]
    names[1:1] = [title for title, _ in bars]
    panel.set_yticks(range(len(names)), [textwrap.shorten(name, 48, placeholder="…") for name in names], fontsize=7)
    panel.set_ylim(len(names) - 0.4, -0.6)
    _label(panel, outcome, estimates)
    panel.set_xlabel(_explained(outcome, interactions, titles), fontsize=7, loc="left")
    return used


def _beside(panel: Any, place: float, text: str) -> None:
    panel.annotate(f" {text}", (1.0, place), xycoords=("axes fraction", "data"), va="center", fontsize=7)


def _bars(estimates: Estimates, titles: Mapping[str, str]) -> list[tuple[str, Array]]:
    """Title and values by seed (S,) of each bar, the largest first, the smallest together."""
    rows = sorted(zip(estimates.players, estimates.contributions, strict=True), key=lambda row: -abs(row[1].mean()))
    kept = len(rows) if len(rows) <= MOST_BARS else MOST_BARS - 1
    bars = [(titles[name], values) for name, values in rows[:kept]]
    if kept < len(rows):
        bars.append((f"{len(rows) - kept} others together", np.sum([values for _, values in rows[kept:]], axis=0)))
    return bars


def _colour(low: float, high: float, direction: int) -> str:
    if not (low > 0.0 or high < 0.0):
        return UNTOLD
    if direction == 0:
        return TOLD
    return BETTER if (low > 0.0) == (direction > 0) else WORSE


def _signed(value: float) -> str:
    return f"+{_short(value)}" if value > 0.0 else _short(value)


def _short(value: float) -> str:
    return number(value).replace("-", "−")


def _label(panel: Any, outcome: str, estimates: Estimates) -> None:
    """What is seen: the change with the mix, and whether that is told from zero."""
    mean, low, high = interval_of(estimates.total)
    unit = f" {unit_of_outcome(outcome)}" if unit_of_outcome(outcome) else ""
    spread = f" [{_short(low)}, {_short(high)}]" if math.isfinite(low) else ""
    panel.set_title(f"{title_of_outcome(outcome)}: {_signed(mean)}{spread}{unit}", fontsize=9, loc="left")
    panel.use_sticky_edges = False  # bars would stick to the frame where the base is
    panel.margins(x=0.06)
    panel.xaxis.set_major_formatter(lambda value, _: _short(value))
    panel.xaxis.set_major_locator(_locator())
    panel.tick_params(axis="x", labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="x", color="0.92", lw=0.6)
    panel.set_axisbelow(True)


def _locator() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(6)


def _explained(outcome: str, interactions: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """What the axis says, and the largest named interactions in words."""
    unit = unit_of_outcome(outcome)
    sense = {1: "more is better", -1: "less is better"}.get(direction_of(outcome), "")
    lines = [", ".join(part for part in ("change against the base", unit, sense) if part)]
    named = interactions[interactions["kind"] != ""]
    order = named["interaction"].abs().sort_values(ascending=False).index
    lines += [
        f"{row['kind']}: {titles[row['first']]} + {titles[row['second']]}, {_signed(row['interaction'])}"
        for _, row in named.loc[order[:MOST_NAMED]].iterrows()
    ]
    more = len(named) - MOST_NAMED
    return "\n".join(lines + ([f"and {more} more in interactions.csv"] if more > 0 else []))
