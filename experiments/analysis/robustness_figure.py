"""Robustness as a picture: regret of every mix by outcome, and the share of states that satisfy."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.robustness_command import SURE, Study
from experiments.figures import COLOURS
from experiments.outcomes import title_of_outcome, unit_of_outcome
from experiments.wording import number

_ACROSS = 3


def draw(study: Study) -> Any:
    """A matplotlib figure: a panel of regret for each outcome, and one of satisfactory states if there are criteria."""
    from matplotlib.figure import Figure

    outcomes = list(study.states)
    count = len(outcomes) + (not study.satisficing.empty)
    mixes = _mixes(study)
    across = min(_ACROSS, count)
    down = math.ceil(count / across)
    height = 1.5 + 0.34 * len(mixes)
    figure = Figure(figsize=(4.9 * across, height * down + 0.5), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, outcome in zip(panels, outcomes, strict=False):
        _regret(panel, study, outcome)
    if not study.satisficing.empty:
        _satisfied(panels[len(outcomes)], study.satisficing)
    for place, panel in enumerate(panels):
        panel.set_visible(place < count)
        if place % across:
            panel.set_yticklabels([])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def _mixes(study: Study) -> list[str]:
    return list(next(iter(study.states.values())).values.columns)


def _regret(panel: Any, study: Study, outcome: str) -> None:
    """Mean and ninetieth percentile of regret with intervals, a row per mix; the greatest as a thin mark."""
    own = study.measures[study.measures["outcome"] == outcome].set_index(["measure", "mix"])
    mixes = list(study.states[outcome].values.columns)
    kinds = (
        ("regret_mean", "o", COLOURS[1], "mean", -0.14),
        ("regret_p90", "s", COLOURS[2], "ninetieth percentile", 0.14),
    )
    for name, marker, colour, label, off in kinds:
        rows = own.loc[name].loc[mixes]
        places = np.arange(len(mixes)) + off
        panel.hlines(places, rows["low"], rows["high"], color=colour, lw=1.8)
        panel.plot(rows["value"], places, marker, color=colour, ms=5, label=f"{label}, 95 %")
    most = own.loc["regret_max"].loc[mixes]
    panel.plot(most["value"], np.arange(len(mixes)), "|", color="0.4", ms=11, label="greatest in any state")
    panel.set_xlim(left=-0.03 * max(float(most["value"].max()), 1e-12))
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    unit = unit_of_outcome(outcome)
    panel.set_xlabel(f"regret to the best mix in the same state{f' ({unit})' if unit else ''}", fontsize=8)
    _finish(panel, mixes, f"{title_of_outcome(outcome)}: {_least(own.loc['regret_mean'])}")


def _least(rows: pd.DataFrame) -> str:
    """Which mix regrets least on average, if resampling leaves that standing."""
    top = rows["first"].idxmax() if rows["first"].notna().any() else rows["value"].idxmin()
    sure = rows.at[top, "first"] >= SURE
    return f"{_spaced(top)} regrets least" if sure else "which regrets least is undecided"


def _satisfied(panel: Any, table: pd.DataFrame) -> None:
    names = list(table["criterion"].unique())
    mixes = list(table["mix"].unique())
    spread = np.linspace(-0.25, 0.25, len(names)) if len(names) > 1 else np.zeros(1)
    for rank, name in enumerate(names):
        rows = table[table["criterion"] == name].set_index("mix").loc[mixes]
        places = np.arange(len(mixes)) + spread[rank]
        colour = COLOURS[0] if name == "all" else COLOURS[3 + rank % (len(COLOURS) - 3)]
        label = "all together" if name == "all" else textwrap.fill(name, 46)
        panel.hlines(places, rows["low"], rows["high"], color=colour, lw=1.8)
        panel.plot(rows["value"], places, "D" if name == "all" else "o", color=colour, ms=5, label=label)
    panel.set_xlim(-0.03, 1.03)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    panel.set_xlabel("share of states that satisfy, 95 %", fontsize=8)
    panel.legend(loc="upper left", bbox_to_anchor=(0.0, -0.22), fontsize=7, frameon=False)
    _finish(panel, mixes, "How often is it good enough?")


def _finish(panel: Any, mixes: list[str], title: str) -> None:
    panel.set_yticks(range(len(mixes)), [textwrap.fill(_spaced(mix), 20) for mix in mixes], fontsize=8)
    panel.set_ylim(len(mixes) - 0.5, -0.5)
    panel.set_title(textwrap.fill(title, 50), fontsize=9.5, loc="left")
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="x", color="0.92", lw=0.6)
    panel.set_axisbelow(True)
    panel.tick_params(axis="x", labelsize=8)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
