"""What state-backed blocs did, as a picture: regimes and reasons by good, prices beside, and what it cost below."""

from __future__ import annotations

import string
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.running import Run
from experiments.figures import decimal_years

Array = NDArray[np.float64]
# Okabe and Ito's palette again, and a hatch for each, for print.
REGIMES = {
    "restrict": ("restricts exports", "#D55E00", "//"),
    "flood": ("sells under cost", "#0072B2", ".."),
    "retaliate": ("retaliates against duties", "#CC79A7", "xx"),
}
OUTSIDE, INSIDE = "#000000", "#E69F00"
ROW, MOST_ROWS = 0.62, 24  # inches
TABLES = {"material": "materials", "component": "components", "product": "products"}


def draw_blocs(result: Run) -> Any:
    """A matplotlib figure of what blocs did in a run; None where they did nothing.

    One row per bloc and good: on the left when which regime ruled, with a letter for the reason; on the right the
    price outside and inside the bloc, of goods that price with and without the discount. Below, by bloc, what a year
    cost its state and earned the holders of its licences.
    """
    from matplotlib.figure import Figure

    table = result.blocs[result.blocs["regime"].isin(list(REGIMES))]
    if table.empty:
        return None
    table = table.assign(year=decimal_years(table["month"]))
    every = list(_rows(table))
    rows = every[:MOST_ROWS]
    blocs = list(dict.fromkeys(bloc for bloc, _, _ in rows))
    letters = dict(zip(dict.fromkeys(table["reason"]), string.ascii_lowercase, strict=False))
    figure = Figure(figsize=(11.0, ROW * len(rows) + 1.5 * len(blocs) + 1.9), layout="constrained")
    heights = [ROW] * len(rows) + [1.5] * len(blocs)
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=(1.25, 1.0))
    span = _span(result)
    for number, (bloc, kind, good) in enumerate(rows):
        own = table[(table["bloc"] == bloc) & (table["kind"] == kind) & (table["good"] == good)]
        last = number == len(rows) - 1
        title = _title(result, TABLES[kind], good)
        if len(blocs) > 1:
            title = f"{_title(result, 'blocs', bloc)}: {title}"
        _timeline(figure.add_subplot(grid[number, 0]), own, letters, title, span, last)
        _prices(figure.add_subplot(grid[number, 1]), result, own, span, last)
    for number, bloc in enumerate(blocs):
        where = figure.add_subplot(grid[len(rows) + number, :])
        _money(where, result.blocs[result.blocs["bloc"] == bloc], _title(result, "blocs", bloc), span)
    names = [_title(result, "blocs", bloc) for bloc in blocs]
    _head(figure, names, letters, set(table["regime"]), len(every) - len(rows))
    return figure


def save_blocs(result: Run, folder: Path) -> Path | None:
    """Write the figure as blocs.png into a folder; None, and no file, where blocs did nothing."""
    figure = draw_blocs(result)
    if figure is None:
        return None
    path = folder / "blocs.png"
    figure.savefig(path, dpi=150, metadata={"Software": None})
    return path


def _rows(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Bloc, kind and good of each row of the picture: by bloc, materials first, in the order of their first month."""
    order = {kind: number for number, kind in enumerate(TABLES)}
    found = table.groupby(["bloc", "kind", "good"], sort=False)["month"].min().reset_index()
    found = found.assign(order=found["kind"].map(order)).sort_values(["bloc", "order", "month", "good"])
    yield from found[["bloc", "kind", "good"]].itertuples(index=False, name=None)


def _span(result: Run) -> tuple[float, float]:
    when = decimal_years(pd.Series(result.months))
    return float(when.iloc[0]), float(when.iloc[-1])


def _title(result: Run, table: str, entry: str) -> str:
    """What an entry of the run's config is called."""
    entries = getattr(result.scenario.config, table)
    return str(entries.titles[entries.index(entry)]["en"])


def _episodes(own: pd.DataFrame) -> Iterator[tuple[str, str, float, float]]:
    """Regime, reason, first and last moment of each unbroken stretch of months."""
    month = np.floor(own["year"].to_numpy() * 12.0)
    new = (own[["regime", "reason"]] != own[["regime", "reason"]].shift()).any(axis=1).to_numpy()
    new = new | (np.diff(month, prepend=-np.inf) > 1.5)
    for _, part in own.groupby(np.cumsum(new)):
        first = part.iloc[0]
        yield first["regime"], first["reason"], first["year"] - 1.0 / 24.0, part["year"].iloc[-1] + 1.0 / 24.0


def _timeline(
    panel: Any, own: pd.DataFrame, letters: dict[str, str], title: str, span: tuple[float, float], last: bool
) -> None:
    for regime, reason, start, end in _episodes(own):
        _, colour, hatch = REGIMES[regime]
        panel.broken_barh(
            [(start, end - start)], (0.15, 0.7), facecolors=colour, edgecolor="white", hatch=hatch, lw=0, alpha=0.85
        )
        inside = (end - start) / (span[1] - span[0]) > 0.025
        panel.text(
            (start + end) / 2.0 if inside else end,
            0.5,
            letters.get(reason, "?") if inside else f" {letters.get(reason, '?')}",
            ha="center" if inside else "left",
            va="center",
            fontsize=8,
            fontweight="bold",
            bbox={"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": "none"} if inside else None,
        )
    panel.set_ylim(0.0, 1.0)
    panel.set_yticks([0.5], [textwrap.fill(title, 20)], fontsize=9)
    panel.tick_params(axis="y", length=0)
    _across(panel, span, last)


def _prices(panel: Any, result: Run, own: pd.DataFrame, span: tuple[float, float], last: bool) -> None:
    """Prices over the whole run for a material; for goods while they are sold under price, if they are."""
    for regime, _, start, end in _episodes(own):
        panel.axvspan(start, end, color=REGIMES[regime][1], alpha=0.15, lw=0)
    when, outside, inside = _price_lines(result, own)
    panel.plot(when, inside, color=INSIDE, lw=1.2)
    panel.plot(when, outside, color=OUTSIDE, lw=1.2)
    values = np.concatenate([outside, inside])
    values = values[np.isfinite(values)]
    if len(values):
        _mark(panel, float(values.min()), float(values.max()))
    else:  # components that are held back have no price here
        panel.set_yticks([])
        most = own["withheld"].max() / 1000.0
        words = f"up to {most:,.0f} t a month held back"
        panel.text(0.5, 0.5, words, transform=panel.transAxes, ha="center", fontsize=8)
    panel.yaxis.tick_right()
    panel.tick_params(axis="y", labelsize=7)
    _across(panel, span, last)


def _price_lines(result: Run, own: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Moments in years, and the price outside and inside at each."""
    kind, good, bloc = own.iloc[0][["kind", "good", "bloc"]]
    config = result.scenario.config
    place = config.jurisdictions.ids[int(config.blocs.jurisdiction[config.blocs.index(bloc)])]
    names = [f"price_outside[{good}]", f"price_inside[{place},{good}]"]
    if kind == "material" and set(names) <= set(result.series.columns):
        outside, inside = (result.series[name].to_numpy() for name in names)
        return decimal_years(pd.Series(result.months)).to_numpy(), outside, inside
    month = np.floor(own["year"].to_numpy() * 12.0).astype(int)
    gaps = own.groupby(month)[["price_outside", "price_inside"]].first()
    every = gaps.reindex(range(int(gaps.index[0]), int(gaps.index[-1]) + 1))
    when = (every.index.to_numpy() + 0.5) / 12.0
    return when, every["price_outside"].to_numpy(), every["price_inside"].to_numpy()


def _mark(panel: Any, low: float, high: float) -> None:
    """Mark the lowest and highest value; a wide range is shown on a logarithmic scale."""
    if high > 4.0 * low > 0.0:
        panel.set_yscale("log")
        panel.minorticks_off()
    panel.set_yticks([low, high] if high > low else [low])
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:,.3g}" if value < 1000.0 else f"{value:,.0f}")


def _money(panel: Any, own: pd.DataFrame, title: str, span: tuple[float, float]) -> None:
    """What each year cost the state of a bloc, below zero, and earned those with licences, above it."""
    sums = own.assign(year=own["month"].str.slice(0, 4).astype(int)).groupby("year")[["purse", "rents"]].sum() / 1e9
    panel.bar(sums.index + 0.5, sums["rents"], width=0.8, color="#009E73", label="rents of licence holders")
    panel.bar(sums.index + 0.5, -sums["purse"], width=0.8, color="#56B4E9", hatch="..", label="cost to the state")
    panel.axhline(0.0, color="0.3", lw=0.8)
    panel.set_title(f"{title}: rents and cost to the state, billion EUR a year", loc="left", fontsize=9)
    panel.tick_params(axis="y", labelsize=8)
    panel.legend(loc="upper right", fontsize=7, frameon=False, ncols=2)
    panel.margins(y=0.25)
    _across(panel, span, True)


def _across(panel: Any, span: tuple[float, float], labelled: bool) -> None:
    """The axis of years, which all panels share."""
    panel.set_xlim(span[0] - 1.0 / 24.0, span[1] + 1.0 / 24.0)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.grid(axis="x", color="0.9", lw=0.6)
    panel.set_axisbelow(True)
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.tick_params(axis="x", labelsize=8, labelbottom=labelled)


def _head(figure: Any, names: list[str], letters: dict[str, str], found: set[str], left_out: int) -> None:
    """Who acts, and what colours and letters mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", alpha=0.85, label=label)
        for regime, (label, colour, hatch) in REGIMES.items()
        if regime in found
    ]
    handles += [
        Line2D([], [], color=OUTSIDE, label="price outside, lowest and highest marked; of goods: with discount"),
        Line2D([], [], color=INSIDE, label="price inside, EUR/kg; of goods: EUR, without discount"),
    ]
    words = f"What {' and '.join(names)} did, and why"
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=3,
        frameon=False,
        fontsize=8,
        title=words,
        title_fontsize=11,
        alignment="left",
    )
    meant = "   ".join(f"{letter}  {reason}" for reason, letter in letters.items())
    more = f"   ({left_out} more rows are left out; blocs.csv has them)" if left_out else ""
    figure.supxlabel(textwrap.fill(f"Why: {meant}{more}", 170), fontsize=8, ha="left", x=0.02)
