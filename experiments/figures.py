"""A comparison as a picture: one panel per indicator, one line per mix, bands over seeds."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.compare import Comparison
from experiments.runs import load
from experiments.wording import indicator_of, number, title_of, unit_of

# Okabe and Ito's palette, which people with any form of colour vision can tell apart; and a dash for each, for print.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
SMOOTHING = 12  # months: without it the noise of single months hides the differences


MOST_PANELS = 9
PRICE = "price_outside"


def choose_panels(comparison: Comparison) -> list[str]:
    """Columns of the series for the panels: prices of the materials that shocks strike, then headline indicators.

    At most two prices, which then stand for their family; of the others viability comes first, and each
    gives one indicator in turn.
    """
    struck = [material for use in load(comparison.selection).shocks for material in use.materials or ()]
    prices = [f"{PRICE}[{material}]" for material in dict.fromkeys(struck)][:2]
    shown = {indicator_of(column).family for column in prices}
    by_family: dict[str, list[str]] = {"viability": []}
    for column in comparison.headline():
        if indicator_of(column).family not in shown:
            by_family.setdefault(indicator_of(column).family, []).append(column)
    in_turn = [column for turn in zip_longest(*by_family.values()) for column in turn if column]
    return [*prices, *in_turn][:MOST_PANELS]


def draw(comparison: Comparison, columns: Sequence[str], titles: dict[str, str]) -> Any:
    """A matplotlib figure with a panel for each of these columns of the series.

    `titles` gives the title of each mix. Lines are means over seeds of twelve-month means, or of sums so far
    for indicators that are summed; bands run from the lowest to the highest seed.
    """
    from matplotlib.figure import Figure

    series = comparison.series
    years = decimal_years(series["month"])
    across = min(3, len(columns))
    down = math.ceil(len(columns) / across)
    figure = Figure(figsize=(4.6 * across, 3.0 * down + 1.1), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, column in zip(panels, columns, strict=False):
        for rank, mix in enumerate(comparison.mixes):
            _line(panel, series[series["mix"] == mix], years, column, titles[mix], rank)
        _label(panel, column)
    for panel in panels[len(columns) :]:
        panel.set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)), frameon=False)
    figure.supxlabel(_note(comparison, columns), fontsize=7, color="0.35", ha="right", x=0.995)
    return figure


def save(figure: Any, folder: Path, name: str = "comparison") -> None:
    """Write a figure as PNG and SVG."""
    figure.savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _line(panel: Any, series: pd.DataFrame, years: pd.Series[float], column: str, title: str, rank: int) -> None:
    by_seed = series.pivot(index="month", columns="seed", values=column)
    summed = indicator_of(column).summary == "sum"
    smooth = by_seed.cumsum() if summed else by_seed.rolling(SMOOTHING, min_periods=1).mean()
    when = years[series.index].groupby(series["month"]).first().reindex(smooth.index)
    colour = COLOURS[rank % len(COLOURS)]
    panel.plot(
        when,
        smooth.mean(axis=1),
        color=colour,
        linestyle=DASHES[(rank + rank // len(COLOURS)) % len(DASHES)],
        label=title,
        lw=1.6,
    )
    panel.fill_between(when, smooth.min(axis=1), smooth.max(axis=1), color=colour, alpha=0.13, lw=0)


def _label(panel: Any, column: str) -> None:
    so_far = ", so far" if indicator_of(column).summary == "sum" else ""
    panel.set_title(textwrap.fill(title_of(column) + so_far, 44), fontsize=10, loc="left")
    panel.set_ylabel(unit_of(column))
    panel.yaxis.set_major_formatter(lambda value, _: number(value))
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color="0.9", lw=0.6)
    panel.set_axisbelow(True)
    panel.margins(x=0.01)
    target = _target(column)
    if target is not None:
        panel.axhline(target, color="0.5", lw=0.8, linestyle=(0, (2, 2)))


def decimal_years(months: pd.Series[str]) -> pd.Series[float]:
    """Months written as YYYY-MM in years, the middle of the month."""
    year, month = months.str.slice(0, 4).astype(float), months.str.slice(5, 7).astype(float)
    return year + (month - 0.5) / 12.0


def _note(comparison: Comparison, columns: Sequence[str]) -> str:
    seeds = len(comparison.seeds)
    parts = [f"means of the past twelve months, over {seeds} seed{'s' if seeds > 1 else ''}"]
    parts += ["bands from lowest to highest seed"] if seeds > 1 else []
    parts += ["dotted grey: target in law"] if any(_target(column) is not None for column in columns) else []
    return "; ".join(parts)


def _target(column: str) -> float | None:
    target = indicator_of(column).target
    return float(target) if isinstance(target, (int, float)) else None
