"""A finding as a picture: how the arms run, and what each changes against the first."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
import pandas as pd

from experiments.figures import COLOURS, DASHES
from experiments.findings.judging import EQUAL_COST
from experiments.findings.running import Answer
from experiments.wording import number

SMOOTHING = 12  # months


def draw(answer: Answer, effects: pd.DataFrame) -> Any:
    """A matplotlib figure: a panel for each declared series, and one for each measure that a claim is about."""
    from matplotlib.figure import Figure

    found = answer.finding
    measures = list(dict.fromkeys(claim.measure for claim in found.claims))
    count = len(found.paths) + len(measures)
    across = min(3, count)
    figure = Figure(figsize=(4.6 * across, 2.9 * math.ceil(count / across) + 0.7), layout="constrained")
    panels = figure.subplots(math.ceil(count / across), across, squeeze=False).ravel()
    for place, panel in enumerate(panels):
        if place < len(found.paths):
            _lines(panel, answer, place)
        elif place < count:
            _differences(panel, answer, effects, measures[place - len(found.paths)])
        else:
            panel.set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)), frameon=False, fontsize=8)
    return figure


def _lines(panel: Any, answer: Answer, place: int) -> None:
    path = answer.finding.paths[place]
    for rank, (arm, values) in enumerate(answer.paths.items()):
        smooth = pd.Series(values[place] * path.scale).rolling(SMOOTHING, min_periods=1).mean()
        title = answer.finding.arm(arm).title["en"]
        colour, dash = COLOURS[rank % len(COLOURS)], DASHES[rank % len(DASHES)]
        panel.plot(np.arange(len(smooth)) / 12.0, smooth, color=colour, linestyle=dash, label=title, lw=1.5)
    _label(panel, path.title["en"], f"years from the start; {path.unit}, mean of twelve months")


def _differences(panel: Any, answer: Answer, effects: pd.DataFrame, name: str) -> None:
    found = answer.finding
    variant = EQUAL_COST if (effects["variant"] == EQUAL_COST).any() else ""
    rows = effects[
        (effects["measure"] == name) & (effects["variant"] == variant) & (effects["arm"] != found.arms[0].name)
    ]
    for place, row in enumerate(rows.itertuples()):
        mean = float(row.difference)
        reach = [[mean - row.difference_low], [row.difference_high - mean]]
        panel.errorbar(mean, place, xerr=reach if np.isfinite(reach).all() else None, fmt="o", color=COLOURS[1], ms=4)
    panel.axvline(0.0, color="0.5", lw=0.8)
    panel.set_yticks(
        range(len(rows)), [textwrap.fill(found.arm(arm).title["en"], 20) for arm in rows["arm"]], fontsize=7
    )
    panel.invert_yaxis()
    measure, held = found.measure(name), ", equal cost" if variant else ""
    unit = "" if measure.unit == "1" else f" ({measure.unit})"
    _label(panel, measure.title["en"] + unit, f"difference to: {found.arms[0].title['en'].lower()}{held}; 95 %")


def _label(panel: Any, title: str, below: str) -> None:
    panel.set_title(textwrap.fill(title, 48), fontsize=9, loc="left")
    panel.set_xlabel(below, fontsize=7)
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=7)
