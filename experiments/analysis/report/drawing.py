"""Figures of a report: one small panel each, so that a page can set them beside or below one another."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.report.evidence import Outcome, running
from experiments.figures import COLOURS, DASHES, decimal_years
from experiments.wording import number

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
MOST_BANDS = 3  # more bands than these hide one another: then the first mix alone has one
STRIDE = 3  # months between the points that are drawn
WIDTH = 5.0  # inches; at the width of a phone letters stay legible


@dataclass(frozen=True)
class Picture:
    """A figure: its name in files, what it shows (in place of it), and what stands below it."""

    name: str
    figure: Any
    alt: str
    caption: str

    @cached_property
    def svg(self) -> str:
        """The figure as SVG, its words as text."""
        import matplotlib

        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": self.name}), io.StringIO() as buffer:
            self.figure.savefig(buffer, format="svg", metadata={"Date": None})
            return buffer.getvalue()


def colour(rank: int) -> str:
    """Colour of the mix or shock scenario of this rank; the first is black."""
    return COLOURS[rank % len(COLOURS)]


def dash(rank: int) -> Any:
    """Dash of a rank: with its colour, unlike that of any other."""
    return DASHES[(rank + rank // len(COLOURS)) % len(DASHES)]


def save(picture: Picture, folder: Path) -> None:
    """Write a figure as PNG and SVG, with the legend that stands once for all on the page."""
    alone = replace(picture, figure=_with_legend(picture.figure))
    alone.figure.savefig(folder / f"{picture.name}.png", dpi=130, metadata={"Software": None})
    (folder / f"{picture.name}.svg").write_text(alone.svg, encoding="utf-8")


def _with_legend(figure: Any) -> Any:
    """The figure, higher by a legend if anything in it is labelled. The page must have been made before."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles and not figure.legends:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + 0.22 * -(-len(labels) // 2))
        figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def _panel(height: float, title: str, unit: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    panel = figure.subplots()
    panel.spines[["top", "right"]].set_visible(False)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=9)
    figure.suptitle(textwrap.fill(f"{title} ({unit})" if unit else title, 52), fontsize=10.5, x=0.01, ha="left")
    return figure, panel


# --- Differences ----------------------------------------------------------------------------------


def dots(
    found: pd.DataFrame, outcome: Outcome, mixes: Mapping[str, str], shocks: Mapping[str, str], first: str, name: str
) -> Picture:
    """Differences of each mix with their intervals, a mark for each shock scenario.

    `found` has the rows of `comparisons` of one outcome; `mixes` gives titles of the mixes beyond the first.
    """
    lanes = len(shocks)
    figure, panel = _panel(0.9 + len(mixes) * max(0.34, 0.13 * lanes), outcome.title, outcome.unit)
    for rank, scenario in enumerate(shocks):
        rows = found[found["shocks"] == scenario].set_index("mix").reindex(list(mixes))
        places = np.arange(len(mixes)) + (rank - (lanes - 1) / 2) * 0.8 / max(lanes, 1)
        _dots(panel, rows, places, rank, shocks[scenario])
    panel.axvline(0.0, color="0.35", lw=0.9)
    for place in range(1, len(mixes)):
        panel.axhline(place - 0.5, color="0.92", lw=0.7)
    panel.set_yticks(range(len(mixes)), [textwrap.fill(title, 22) for title in mixes.values()])
    panel.set_ylim(len(mixes) - 0.5, -0.5)
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    panel.xaxis.set_major_locator(_few_ticks())
    panel.set_xlabel(_arrow(outcome), fontsize=9)
    alt = f"Differences to {first} in {outcome.title}, by mix and shock scenario, with intervals; numbers in the table."
    return Picture(
        name, figure, alt, f"{outcome.title}: difference to {first} with its 95 % interval; grey line: none."
    )


def _dots(panel: Any, rows: pd.DataFrame, places: Any, rank: int, label: str) -> None:
    middle = rows["difference"].to_numpy(float)
    reach = np.abs(rows[["low", "high"]].to_numpy(float).T - middle)
    known = np.isfinite(middle)
    panel.errorbar(
        middle[known],
        places[known],
        xerr=np.nan_to_num(reach[:, known]),
        fmt=MARKERS[rank % len(MARKERS)],
        color=colour(rank),
        label=label,
        ms=4.5,
        lw=1.1,
    )


def _arrow(outcome: Outcome) -> str:
    return {1: "difference; better →", -1: "← better; difference", 0: "difference"}[outcome.direction]


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5)


# --- Convergence ----------------------------------------------------------------------------------


def settling(draws: Mapping[str, pd.Series[float]], outcome: Outcome, mixes: Mapping[str, str], name: str) -> Picture:
    """Running mean difference of each mix by the number of draws, with its interval for the last one drawn thickest."""
    figure, panel = _panel(2.9, outcome.title, outcome.unit)
    for mix, values in draws.items():
        rank = list(mixes).index(mix) + 1
        path = running(values.to_numpy(float)).iloc[2:]  # intervals of two and three draws would set the scale
        panel.plot(path["draws"], path["mean"], color=colour(rank), linestyle=dash(rank), lw=1.5, label=mixes[mix])
        low, high = path["mean"] - path["reach"], path["mean"] + path["reach"]
        if len(draws) <= MOST_BANDS:
            panel.fill_between(path["draws"], low, high, color=colour(rank), alpha=0.13, lw=0)
        elif len(path):
            last = path.iloc[-1]
            panel.errorbar(
                last["draws"] * (1.015 + 0.015 * rank),
                last["mean"],
                yerr=last["reach"],
                color=colour(rank),
                lw=1.3,
                capsize=2,
            )
    panel.axhline(0.0, color="0.35", lw=0.9)
    panel.set_xlabel("number of seeds", fontsize=9)
    panel.yaxis.set_major_formatter(lambda value, _: number(value))
    panel.xaxis.set_major_locator(_whole_ticks())
    shown = "bands" if len(draws) <= MOST_BANDS else "bars at the right"
    alt = f"Mean difference in {outcome.title} by the number of seeds; the table below gives the numbers."
    return Picture(
        name, figure, alt, f"{outcome.title}: mean difference over the seeds so far; {shown}: 95 % interval."
    )


def _whole_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(6, integer=True)


# --- Series ---------------------------------------------------------------------------------------


def paths(found: pd.DataFrame, title: str, unit: str, mixes: Mapping[str, str], name: str, summed: bool) -> Picture:
    """Median over runs of each mix month by month, with bands of 10 to 90 % of runs."""
    figure, panel = _panel(2.9, title + (", so far" if summed else ""), unit)
    for rank, mix in enumerate(mixes):
        path = found[found["mix"] == mix].iloc[STRIDE - 1 :: STRIDE]
        years = decimal_years(path["month"].astype(str))
        panel.plot(years, path["median"], color=colour(rank), linestyle=dash(rank), lw=1.4, label=mixes[mix])
        if rank == 0 or len(mixes) <= MOST_BANDS:
            panel.fill_between(years, path["low"], path["high"], color=colour(rank), alpha=0.12, lw=0)
    panel.yaxis.set_major_formatter(lambda value, _: number(value))
    panel.xaxis.set_major_locator(_whole_ticks())
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:.6g}")  # years, without an offset
    panel.grid(axis="y", color="0.92", lw=0.6)
    panel.margins(x=0.01)
    way = "sum so far" if summed else "mean of twelve months"
    banded = "of each mix" if len(mixes) <= MOST_BANDS else f"of {next(iter(mixes.values()))} only"
    alt = f"{title} over time by mix: medians over runs, with a band."
    return Picture(name, figure, alt, f"{title}: {way}; lines: median over runs; band: 10 to 90 % of runs {banded}.")


# --- What it hinges on ----------------------------------------------------------------------------


def correlations(
    found: pd.DataFrame, outcome: Outcome, factors: Mapping[str, str], mixes: Mapping[str, str], name: str
) -> Picture:
    """Heat map of rank correlations, factors by mixes; those that survive false-discovery control are framed."""
    wide = found.pivot(index="factor", columns="mix", values="correlation").reindex(list(factors), columns=list(mixes))
    marked = found.pivot(index="factor", columns="mix", values="survives").reindex(list(factors), columns=list(mixes))
    figure, panel = _panel(1.5 + 0.24 * len(factors), outcome.title, "")
    across, down = np.arange(len(mixes) + 1) - 0.5, np.arange(len(factors) + 1) - 0.5
    panel.pcolormesh(across, down, wide.to_numpy(float), cmap="PuOr", vmin=-1, vmax=1)
    panel.invert_yaxis()
    for row, column in np.argwhere(np.isfinite(wide.to_numpy(float))):
        value, sure = float(wide.iloc[row, column]), bool(marked.iloc[row, column])
        text = ("0.0" if abs(value) < 0.05 else f"{value:+.1f}".replace("-", "−")) + ("*" if sure else "")
        dark = abs(value) > 0.65
        panel.text(column, row, text, ha="center", va="center", fontsize=7.5, color="white" if dark else "black",
                   weight="bold" if sure else "normal")  # fmt: skip
    panel.set_xticks(range(len(mixes)), [textwrap.shorten(title, 26, placeholder="…") for title in mixes.values()])
    panel.tick_params(axis="x", rotation=40, labelsize=8, length=0)
    for label in panel.get_xticklabels():
        label.set_ha("right")
        label.set_rotation_mode("anchor")
    panel.set_yticks(range(len(factors)), list(factors.values()))
    panel.tick_params(axis="y", labelsize=8, length=0)
    panel.spines[:].set_visible(False)
    alt = f"Rank correlations of the difference in {outcome.title} with each factor, by mix; numbers in the file."
    caption = (
        f"{outcome.title}: rank correlation of the difference with each factor; * survives false-discovery control."
    )
    return Picture(name, figure, alt, caption)
