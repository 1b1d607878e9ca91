"""A search as pictures: the trade-offs of its front and how it converged; and mix by mix what it uses and changes."""

from __future__ import annotations

import textwrap
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.search_front import FRONT, REFERENCE
from experiments.analysis.search_problem import Measure, Search
from experiments.figures import COLOURS, DASHES
from experiments.wording import number

MAP = "cividis"  # from dark to light for every eye
PALE = "0.75"


def draw(search: Search, table: pd.DataFrame, history: pd.DataFrame) -> Any:
    """A matplotlib figure: parallel coordinates of the front on fresh seeds, and hypervolume over generations."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 7.2), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(2.4, 1.0))
    _parallel(above, search, table[table["dominated_by"].notna() & table[search.objectives[0].name].notna()])
    _convergence(below, history)
    return figure


def draw_mixes(search: Search, table: pd.DataFrame) -> Any:
    """A matplotlib figure with a row per mix: strengths of levers, and what it changes against the base."""
    from matplotlib.figure import Figure

    rows = table[table[search.objectives[0].name].notna() & (table["name"] != search.base)]
    panels = len(search.objectives)
    figure = Figure(figsize=(4.4 + 2.5 * panels, 2.4 + 0.27 * len(rows)), layout="constrained")
    axes = figure.subplots(1, 1 + panels, sharey=True, width_ratios=(0.27 * len(search.levers) + 0.4, *[2.1] * panels))
    _levers(axes[0], search, rows)
    for panel, goal in zip(axes[1:], search.objectives, strict=True):
        _changes(panel, goal, rows, search.base)
    figure.supxlabel(
        "dot: mean on fresh seeds with its 95 % interval, paired by seed; ring: on the seeds of the search; "
        "grey: dominated on fresh seeds; right is better",
        fontsize=8, color="0.35",
    )  # fmt: skip
    return figure


# --- Parallel coordinates -------------------------------------------------------------------------


def _parallel(panel: Any, search: Search, rows: pd.DataFrame) -> None:
    from matplotlib import colormaps

    goals = search.objectives
    heights = {goal.name: _heights(goal, rows[goal.name].to_numpy(dtype=float)) for goal in goals}
    lines = np.column_stack([heights[goal.name] for goal in goals])
    rank = rows[goals[0].name].rank(pct=True).to_numpy() * goals[0].sense
    for place, row in enumerate(rows.itertuples()):
        if row.kind == FRONT:
            beaten = bool(row.dominated_by)
            colour = PALE if beaten else colormaps[MAP](0.9 * (rank[place] - rank.min()) / max(np.ptp(rank), 1e-9))
            panel.plot(lines[place], color=colour, lw=1.0 if beaten else 1.7, zorder=2 if beaten else 3)
    _references(panel, rows, lines)
    for place, goal in enumerate(goals):
        _axis(panel, place, goal, rows[goal.name].to_numpy(dtype=float))
    panel.set(xlim=(-0.25, len(goals) - 0.45), ylim=(-0.09, 1.06), yticks=[])
    panel.set_xticks(range(len(goals)), [textwrap.fill(_titled(goal), 30) for goal in goals], fontsize=9)
    panel.tick_params(axis="x", length=0, pad=2)
    panel.spines[:].set_visible(False)
    panel.set_title(
        f"{search.title['en']}: mixes on the front, on fresh seeds\n"
        "up is better; shades by rank on the first axis; grey: dominated after all",
        loc="left", fontsize=11,
    )  # fmt: skip


def _references(panel: Any, rows: pd.DataFrame, lines: Any) -> None:
    """Named mixes, each with its own colour and dash, and its name where it ends."""
    named = [place for place, kind in enumerate(rows["kind"]) if kind == REFERENCE]
    ends = _apart([float(lines[place, -1]) for place in named], 0.05)
    for order, (place, end) in enumerate(zip(named, ends, strict=True)):
        colour = ("#000000", "#D55E00", "#CC79A7", "#009E73")[order % 4]
        panel.plot(lines[place], color=colour, linestyle=DASHES[order % len(DASHES)], lw=2.4, zorder=5)
        panel.annotate(
            rows["name"].iloc[place].replace("_", " "),
            (lines.shape[1] - 1, lines[place, -1]), (lines.shape[1] - 0.96, end),
            color=colour, fontsize=9, va="center",
        )  # fmt: skip


def _apart(heights: list[float], least: float) -> list[float]:
    """Heights of labels, moved up where one would stand on another."""
    found = list(heights)
    order = sorted(range(len(found)), key=lambda place: found[place])
    for below, above in pairwise(order):
        found[above] = max(found[above], found[below] + least)
    return found


def _heights(goal: Measure, values: Any) -> Any:
    """Values between 0 for the worst and 1 for the best."""
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return share if goal.sense > 0 else 1.0 - share


def _axis(panel: Any, place: int, goal: Measure, values: Any) -> None:
    panel.plot([place, place], [0, 1], color="0.3", lw=1.0, zorder=4)
    ends = (values.min(), values.max()) if goal.sense > 0 else (values.max(), values.min())
    for height, value, side in ((0.0, ends[0], "top"), (1.0, ends[1], "bottom")):
        gap = 0.02 if height else -0.02
        panel.text(place, height + gap, number(float(value), 4), ha="center", va=side, fontsize=9, zorder=6)


def _titled(goal: Measure) -> str:
    return f"{goal.title['en']} ({goal.unit})" if goal.unit else goal.title["en"]


# --- Convergence ----------------------------------------------------------------------------------


def _convergence(panel: Any, history: pd.DataFrame) -> None:
    panel.plot(history["generation"], history["hypervolume"], color=COLOURS[1], marker="o", ms=3.5, lw=1.6)
    panel.set_title(
        "Hypervolume of all candidates so far, seeds of the search: settled where it is flat", loc="left", fontsize=10
    )
    panel.set_xlabel("generation", fontsize=9)
    panel.set_ylabel("share of the space\nup to the final front", fontsize=9)
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color="0.9", lw=0.6)
    panel.set_axisbelow(True)


# --- Mix by mix -----------------------------------------------------------------------------------


def _levers(panel: Any, search: Search, rows: pd.DataFrame) -> None:
    """Strengths of levers as shades, a row per mix; references have none."""
    names = [lever.name for lever in search.levers]
    shares = rows[names].to_numpy(dtype=float)
    panel.imshow(np.where(shares > 0.0, shares, np.nan), cmap=f"{MAP}_r", vmin=0.0, vmax=1.0, aspect="auto")
    for place, kind in enumerate(rows["kind"]):
        if kind == REFERENCE:
            panel.text(0, place, "a named mix", fontsize=7, color="0.4", va="center", ha="left")
    titles = [name.replace("_", " ") for name in names]
    panel.set_xticks(range(len(names)), titles, fontsize=8, rotation=90)
    panel.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows["name"]], fontsize=8)
    panel.set_title("share of range used (dark: all)", fontsize=9, loc="left")
    panel.spines[:].set_visible(False)


def _changes(panel: Any, goal: Measure, rows: pd.DataFrame, base: str) -> None:
    means = rows[f"{goal.name}_difference"].to_numpy(dtype=float)
    low, high = (rows[f"{goal.name}_difference_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    places = np.arange(len(rows))
    colours = [PALE if beaten else COLOURS[1] for beaten in rows["dominated_by"] != ""]
    panel.axvline(0.0, color="0.5", lw=0.8)
    panel.hlines(places, low, high, colors=colours, lw=1.4)
    panel.scatter(means, places, c=colours, s=22, zorder=3)
    panel.scatter(
        rows[f"{goal.name}_difference_search"], places, s=26, facecolors="none", edgecolors="#D55E00", lw=1.0, zorder=4
    )
    if goal.sense < 0:
        panel.invert_xaxis()  # so that better is on the right in every panel
    panel.set_title(textwrap.fill(goal.title["en"], 30), fontsize=9, loc="left")
    unit = f", {goal.unit}" if goal.unit else ""
    panel.set_xlabel(f"against {base.replace('_', ' ')}{unit}", fontsize=8)
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    panel.tick_params(labelsize=7)
    panel.locator_params(axis="x", nbins=4)
    panel.spines[["top", "right"]].set_visible(False)
