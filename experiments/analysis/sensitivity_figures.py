"""Sensitivity as pictures: bars of indices with intervals, or Morris's plane, a panel per outcome."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.sensitivity import INFLUENTIAL, LEADING
from experiments.figures import COLOURS
from experiments.wording import number

MOST_FACTORS = 12  # per panel, the largest; the table has all
_SECOND = {"sobol": "S1", "delta": "S1"}
LABELS = {
    "ST": "total index (ST)", "S1": "first-order index (S1)", "delta": "delta index",
    "mu_star": "mean of absolute elementary effects (μ*)", "sigma": "their standard deviation (σ)",
}  # fmt: skip
_GREY = "0.6"


def draw(indices: pd.DataFrame, method: str, titles: dict[str, str], units: dict[str, str], heading: str) -> Any:
    """A matplotlib figure of the indices of one stratum, with a panel per outcome.

    `titles` says above each panel what is seen there, `units` has the unit of each outcome, `heading` stands above all.
    """
    from matplotlib.figure import Figure

    outcomes = list(dict.fromkeys(indices["outcome"]))
    across = min(3 if method == "morris" else 2, len(outcomes))
    down = math.ceil(len(outcomes) / across)
    shown = min(indices["factor"].nunique(), MOST_FACTORS)
    height = 3.9 if method == "morris" else 1.2 + 0.3 * shown
    figure = Figure(figsize=((5.0 if method == "morris" else 6.2) * across, height * down + 0.8), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, outcome in zip(panels, outcomes, strict=False):
        rows = indices[indices["outcome"] == outcome]
        if method == "morris":
            _plane(panel, rows, units[outcome])
        else:
            _bars(panel, rows, method)
        panel.set_title(textwrap.fill(titles[outcome], 58), fontsize=9, loc="left")
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=7.5)
    for panel in panels[len(outcomes) :]:
        panel.set_visible(False)
    figure.suptitle(textwrap.fill(heading, 48 * across + 20), fontsize=10, x=0.01, ha="left")
    figure.supxlabel(_note(method), fontsize=7, color="0.35", ha="right", x=0.995)
    return figure


def _note(method: str) -> str:
    mark = "filled: beyond noise, + and − the direction" if method == "morris" else "blue: beyond noise"
    return f"intervals at 95 %; {mark}; dotted: what a dummy factor reaches; the {MOST_FACTORS} largest factors"


def _ranked(rows: pd.DataFrame, index: str) -> pd.DataFrame:
    chosen = rows[(rows["index"] == index) & np.isfinite(rows["estimate"])]
    return chosen.sort_values("estimate", ascending=False).head(MOST_FACTORS).set_index("factor")


def _bars(panel: Any, rows: pd.DataFrame, method: str) -> None:
    leading = _ranked(rows, LEADING[method])
    second = rows[rows["index"] == _SECOND[method]].set_index("factor").reindex(leading.index)
    places = np.arange(len(leading))
    fills = [COLOURS[1] if row == INFLUENTIAL else "0.75" for row in leading["verdict"]]
    panel.barh(places - 0.19, leading["estimate"], 0.36, color=fills)
    panel.barh(places + 0.19, second["estimate"], 0.36, facecolor="white", edgecolor="0.35", linewidth=0.8)
    for table, shift in ((leading, -0.19), (second, 0.19)):
        reach = [table["estimate"] - table["low"], table["high"] - table["estimate"]]
        panel.errorbar(table["estimate"], places + shift, xerr=reach, fmt="none", ecolor="0.2", lw=0.8, capsize=1.5)
    for place, threshold in zip(places, leading["threshold"], strict=True):
        panel.plot([threshold, threshold], [place - 0.42, place], color=COLOURS[2], ls=":", lw=1.4)
    panel.set_yticks(places, [_short(name) for name in leading.index])
    panel.invert_yaxis()
    panel.axvline(0.0, color="0.5", lw=0.6)
    panel.set_xlabel(f"filled: {LABELS[LEADING[method]]}; outlined: {LABELS[_SECOND[method]]}", fontsize=7.5)


def _plane(panel: Any, rows: pd.DataFrame, unit: str) -> None:
    leading = _ranked(rows, "mu_star")
    sigma = rows[rows["index"] == "sigma"].set_index("factor").reindex(leading.index)
    found = (leading["verdict"] == INFLUENTIAL).to_numpy()
    across, up = leading["estimate"].to_numpy(), sigma["estimate"].to_numpy()
    panel.hlines(up, np.maximum(leading["low"], 0.0), leading["high"], color=_GREY, lw=0.8)
    panel.scatter(across[found], up[found], s=22, color=COLOURS[1], zorder=3)
    panel.scatter(across[~found], up[~found], s=22, facecolor="white", edgecolor=_GREY, zorder=3)
    panel.axvline(float(leading["threshold"].max()), color=COLOURS[2], ls=":", lw=1.2)
    panel.set_xlim(0.0, None)
    panel.set_ylim(0.0, None)
    mean = rows[rows["index"] == "mu"].set_index("factor").reindex(leading.index)
    names = [f"{_short(str(name))} {_sign(row)}" for name, row in mean.iterrows()]
    _name(panel, names, across, up, found)
    for axis, index in ((panel.xaxis, "mu_star"), (panel.yaxis, "sigma")):
        axis.set_major_formatter(lambda value, _: number(value))
        axis.set_label_text(LABELS[index] + (f", {unit}" if unit else ""), fontsize=7.5)


def _sign(mean: Any) -> str:
    """The direction of a factor's mean effect, if it has one beyond noise."""
    if mean["verdict"] != INFLUENTIAL:
        return "±"
    return "+" if mean["estimate"] > 0.0 else "−"


_MOST_NAMES = 6


def _name(panel: Any, names: list[str], across: Any, up: Any, found: Any) -> None:
    """Names beside the largest points, pushed apart from the bottom up so that they stay legible."""
    right, top = panel.get_xlim()[1], 1.12 * panel.get_ylim()[1]
    panel.set_ylim(0.0, top)
    least, below = 0.055 * top, -math.inf
    for place in sorted(range(len(names))[:_MOST_NAMES], key=lambda place: up[place]):
        below = max(up[place], below + least)
        left = across[place] > 0.55 * right
        beside, side = across[place] + (-0.02 if left else 0.02) * right, "right" if left else "left"
        colour = "black" if found[place] else "0.45"
        panel.text(beside, below, names[place], fontsize=7, va="bottom", ha=side, color=colour)


def _short(name: str) -> str:
    return name.replace("primary_producers.", "producers.")
