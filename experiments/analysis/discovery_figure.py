"""Scenario discovery as a picture: failing runs and boxes, how the box was peeled, and what tells most."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.criteria import Criterion
from experiments.analysis.discover_command import Study, shown_factors
from experiments.analysis.discovery import Box, Found
from experiments.designs import Factor
from experiments.figures import COLOURS

FAILING, HOLDING = COLOURS[2], "#DDDDDD"
METHOD_LINES = {"prim": (COLOURS[0], "-"), "cart": (COLOURS[1], "--")}
_MOST_SCORES, _MOST_BOXES = 10, 4


def draw(study: Study, criterion: Criterion, mix: str | None) -> Any:
    """A matplotlib figure: runs on the two most telling factors with the boxes, peeling trajectory, scores."""
    from matplotlib.figure import Figure

    peeled = [found for found in study.found if not found.trajectory.empty]
    figure = Figure(figsize=(15 if peeled else 10.5, 5.0), layout="constrained")
    panels = figure.subplots(1, 3 if peeled else 2, squeeze=False)[0]
    _runs(figure, panels[0], study)
    if peeled:
        _trajectory(panels[1], study, peeled[0])
    _scores(panels[-1], study.scores)
    whose = f"{mix}: " if mix else ""
    figure.suptitle(textwrap.fill(f"{whose}fails if {_lower(criterion.words())}", 130), fontsize=11, ha="left", x=0.01)
    return figure


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


# --- Runs and boxes -------------------------------------------------------------------------------


def _runs(figure: Any, panel: Any, study: Study) -> None:
    """Share of the runs that fail at each place of the two most telling factors, and the boxes seen from there."""
    from matplotlib.colors import LinearSegmentedColormap

    names = shown_factors(study)
    names = names if len(names) == 2 else [names[0], names[0]]
    x = study.cases.x.assign(**{name: _boxed_first(study, name) for name in names})
    seen = pd.DataFrame({"across": _positions(x[names[0]]), "up": _positions(x[names[1]]), "fails": study.cases.fails})
    places = seen.groupby(["across", "up"], as_index=False)["fails"].agg(["mean", "size"])
    rng = np.random.default_rng(0)
    across = places["across"] + _jitter(x[names[0]], len(places), rng)
    up = places["up"] + _jitter(x[names[1]], len(places), rng)
    colours = LinearSegmentedColormap.from_list("failing", [HOLDING, FAILING])
    dots = panel.scatter(
        across, up, c=places["mean"], cmap=colours, vmin=0, vmax=1, s=26, edgecolor="0.35", lw=0.5, zorder=2
    )
    if places["mean"].isin([0.0, 1.0]).all():
        for label, colour in (("fails", FAILING), ("holds", HOLDING)):
            panel.scatter([], [], color=colour, edgecolor="0.35", lw=0.5, s=26, label=label)
    else:
        bar = figure.colorbar(dots, ax=panel, location="right", shrink=0.6, aspect=30, pad=0.02)
        bar.set_label("share of the runs there that fail", fontsize=8)
        bar.ax.tick_params(labelsize=7)
    for found in study.found:
        for rank, box in enumerate(found.boxes):
            _rectangle(panel, box, names, x, found.method, rank)
    _axis(panel, "x", study.cases.factors[names[0]], x[names[0]])
    _axis(panel, "y", study.cases.factors[names[1]], x[names[1]])
    _finish(panel, _caught(study))
    if panel.get_legend_handles_labels()[0]:
        panel.legend(loc="upper left", bbox_to_anchor=(0.0, -0.13), fontsize=7, frameon=False)


def _caught(study: Study) -> str:
    boxed = [found for found in study.found if found.boxes]
    if not boxed:
        return "No box: what varies does not tell failing runs apart"
    box, trial = boxed[0].boxes[0], study.trials[boxed[0].method]
    if not trial.convincing:
        return "A box is found, but unseen points do not tell it from chance"
    return f"A box of {box.mass:.0%} of the runs holds {box.coverage:.0%} of those that fail"


def _positions(column: pd.Series[Any]) -> Any:
    return column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column


def _boxed_first(study: Study, name: str) -> pd.Series[Any]:
    """A factor whose categories in the first box that limits it stand side by side, so that its rectangle is true."""
    column = study.cases.x[name]
    limits = [limit for found in study.found for box in found.boxes for limit in box.limits if limit.factor == name]
    if not limits or limits[0].side != "among":
        return column
    kept = list(limits[0].bound)
    return column.cat.reorder_categories([*kept, *(other for other in column.cat.categories if other not in kept)])


def _jitter(column: pd.Series[Any], count: int, rng: np.random.Generator) -> Any:
    """Categories spread a little, so that dots do not hide each other."""
    wide = 0.22 if isinstance(column.dtype, pd.CategoricalDtype) else 0.0
    return rng.uniform(-wide, wide, count) if wide else np.zeros(count)


def _rectangle(panel: Any, box: Box, names: list[str], x: pd.DataFrame, method: str, rank: int) -> None:
    from matplotlib.patches import Rectangle

    (left, right), (low, high) = (_extent(box, name, x[name]) for name in names)
    colour, dash = METHOD_LINES[method]
    further = len(set(box.factors) - set(names))
    more = f", {further} more factor{'s' if further > 1 else ''}" if further else ""
    label = f"{method.upper()} {rank + 1}: density {box.density:.0%}{more}"
    panel.add_patch(
        Rectangle(
            (left, low), right - left, high - low, fill=False, ec=colour, ls=dash, lw=1.8, zorder=3,
            label=label if rank < _MOST_BOXES else None,
        )
    )  # fmt: skip
    inset = (3 + 12 * rank, -3) if method == "cart" else (3, 3)  # side by side where boxes lie on each other
    panel.annotate(
        str(rank + 1) if method == "cart" else f"PRIM {rank + 1}", (left, high), inset, textcoords="offset points",
        fontsize=7, color=colour, va="top" if method == "cart" else "bottom",
    )  # fmt: skip


def _extent(box: Box, name: str, column: pd.Series[Any]) -> tuple[float, float]:
    """From where to where a box reaches on an axis; categories reach from the first to the last that it holds."""
    ends = {limit.side: limit.bound for limit in box.limits if limit.factor == name}
    if isinstance(column.dtype, pd.CategoricalDtype):
        among = ends.get("among", tuple(column.cat.categories))
        codes = [list(column.cat.categories).index(category) for category in among]
        return min(codes) - 0.4, max(codes) + 0.4
    spread = 0.015 * float(column.max() - column.min())
    return ends.get("low", float(column.min()) - spread), ends.get("high", float(column.max()) + spread)


def _axis(panel: Any, axis: str, factor: Factor, column: pd.Series[Any]) -> None:
    unit = f" ({factor.unit})" if factor.unit not in ("", "1") else ""
    getattr(panel, f"set_{axis}label")(f"{factor.name}{unit}", fontsize=8)
    if isinstance(column.dtype, pd.CategoricalDtype):
        names = [textwrap.fill(name.replace("_", " "), 16) for name in column.cat.categories]
        getattr(panel, f"set_{axis}ticks")(range(len(names)), names)
    elif factor.scale == "log":
        getattr(panel, f"set_{axis}scale")("log")


# --- Peeling and scores ---------------------------------------------------------------------------


def _trajectory(panel: Any, study: Study, found: Found) -> None:
    """Coverage against density along the peeling, as peeled and without what chance explains, and the box chosen."""
    steps = found.trajectory
    for count, part in steps.groupby("offered"):
        last = count == steps["offered"].max()
        panel.plot(part["coverage"], part["density"], "-", color="0.75", lw=1.0, label="as peeled" if last else None)
    kept = steps[steps["kept_restricted"] > 0]
    colours = {
        count: (COLOURS[1], *COLOURS[3:])[rank % 5]
        for rank, count in enumerate(sorted(kept["kept_restricted"].unique()))
    }
    for count, part in kept.groupby("kept_restricted"):
        plural = "s" if count > 1 else ""
        panel.plot(
            part["kept_coverage"],
            part["kept_density"],
            "o",
            color=colours[count],
            ms=4.5,
            label=f"{count} factor{plural}",
        )
    if found.boxes:
        panel.plot(found.boxes[0].coverage, found.boxes[0].density, "o", mfc="none", mec="black", ms=12, label="chosen")
    trial = study.trials[found.method]
    if not np.isnan(trial.density.value):
        panel.plot(trial.coverage.value, trial.density.value, "X", color=FAILING, ms=8, label="on unseen points")
    panel.axhline(study.threshold, color="0.4", lw=0.8, ls=":")
    panel.text(0.005, study.threshold, "density asked for", fontsize=7, va="bottom", color="0.3")
    panel.axhline(trial.base, color="0.4", lw=0.8, ls=":")
    panel.text(0.005, trial.base, "all runs", fontsize=7, va="bottom", color="0.3")
    panel.set_xlim(0, 1.03)
    panel.set_ylim(0, 1.03)
    panel.set_xlabel("coverage: share of the failing runs in the box", fontsize=8)
    panel.set_ylabel("density: share of the box's runs that fail", fontsize=8)
    _finish(panel, "PRIM: a smaller box is denser and misses more")
    panel.legend(
        loc="upper left", bbox_to_anchor=(0.0, -0.13), ncols=4, fontsize=7, frameon=False,
        title="factors limited, without limits that chance explains", title_fontsize=7, alignment="left",
    )  # fmt: skip


def _scores(panel: Any, scores: pd.DataFrame) -> None:
    shown = scores.head(_MOST_SCORES)
    for row in shown.itertuples():
        colour = FAILING if row.telling else "0.6"
        panel.plot([row.low, row.high], [row.Index] * 2, color=colour, lw=2)
        panel.plot(row.score, row.Index, "o", color=colour, ms=6)
        panel.plot([row.chance] * 2, [row.Index - 0.3, row.Index + 0.3], color="black", lw=1.2)
    panel.set_yticks(range(len(shown)), [textwrap.fill(name, 34) for name in shown["factor"]], fontsize=8)
    panel.invert_yaxis()
    panel.set_xlim(left=0)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    panel.set_xlabel("share of the score, 95 %; upright: by chance", fontsize=8)
    telling = int(scores["telling"].sum())
    _finish(panel, f"{telling} of {len(scores)} factors tell{'s' if telling == 1 else ''} more than chance")


def _finish(panel: Any, title: str) -> None:
    panel.set_title(textwrap.fill(title, 60), fontsize=10, loc="left")
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=8)
    panel.set_axisbelow(True)
