"""Contributions as a picture: from the base to the mix, player by player, with intervals and named interactions."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.contribution import Array, Estimates, interval_of
from experiments.analysis.contribution_study import Study, direction_of, outcome_title, outcome_unit
from experiments.figures import COLOURS
from experiments.wording import number

MOST_BARS = 14
MOST_NAMED = 3
BETTER, WORSE, TOLD, UNTOLD = COLOURS[1], COLOURS[2], COLOURS[4], "0.75"
_MEANING = {
    BETTER: "better",
    WORSE: "worse",
    TOLD: "neither better nor worse",
    UNTOLD: "interval includes zero",
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
    note = f"Shapley values, {how}, mean over seeds with 95 % intervals"
    figure.supxlabel(note, fontsize=7, color="0.35", ha="right", x=0.995)
    return figure


def _panel(panel: Any, study: Study, outcome: str, estimates: Estimates, interactions: pd.DataFrame) -> set[str]:
    """Draw one outcome; the colours that it uses."""
    titles = {player.name: player.title["en"] for player in study.submixes.players}
    bars = _bars(estimates, titles)
    level = base = float(estimates.base.mean())
    panel.axvline(base, color="0.5", lw=0.8, linestyle=(0, (2, 2)))
    used = set()
    for place, (_, values) in enumerate(bars, start=1):
        mean, low, high = interval_of(values)
        colour = _colour(low, high, direction_of(outcome))
        used.add(colour)
        panel.barh(place, mean, left=level, color=colour, height=0.62)
        if math.isfinite(low):
            panel.plot([level + low, level + high], [place, place], color="0.15", lw=1.1)
        panel.plot([level + mean] * 2, [place, place + 1], color="0.6", lw=0.6)
        panel.annotate(f" {_signed(mean)}", (1.0, place), xycoords=("axes fraction", "data"), va="center", fontsize=7)
        level += mean
    last = len(bars) + 1
    for place, value in ((0, base), (last, level)):
        panel.plot(value, place, "D", color="black", ms=4)
        panel.annotate(f" {number(value)}", (1.0, place), xycoords=("axes fraction", "data"), va="center", fontsize=7)
    names = [study.submixes.names[0].replace("_", " "), *(title for title, _ in bars)]
    names.append(study.submixes.names[1].replace("_", " "))
    panel.set_yticks(range(len(names)), [textwrap.shorten(name, 44, placeholder="…") for name in names], fontsize=7)
    _label(panel, outcome_title(outcome), outcome_unit(outcome), direction_of(outcome), last)
    panel.set_xlabel(_named(interactions, titles), fontsize=7, loc="left")
    return used


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
    return f"+{number(value)}" if value > 0.0 else number(value).replace("-", "−")


def _label(panel: Any, title: str, unit: str, direction: int, last: int) -> None:
    sense = {1: "more is better", -1: "less is better"}.get(direction, "")
    about = ", ".join(part for part in (unit, sense) if part)
    panel.set_title(f"{title} ({about})" if about else title, fontsize=9, loc="left")
    panel.set_ylim(last + 0.6, -0.6)
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    panel.xaxis.set_major_locator(_locator())
    panel.tick_params(axis="x", labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="x", color="0.92", lw=0.6)
    panel.set_axisbelow(True)


def _locator() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(6)


def _named(interactions: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The largest named interactions in words; nothing where there are none."""
    named = interactions[interactions["kind"] != ""]
    order = named["interaction"].abs().sort_values(ascending=False).index
    lines = [
        f"{row['kind']}: {titles[row['first']]} + {titles[row['second']]}, {_signed(row['interaction'])}"
        for _, row in named.loc[order[:MOST_NAMED]].iterrows()
    ]
    more = len(named) - MOST_NAMED
    return "\n".join(lines + ([f"and {more} more in interactions.csv"] if more > 0 else []))
