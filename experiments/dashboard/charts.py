"""Options for ECharts, and the parts that every chart of the page shares. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.dashboard.results import Lines
from experiments.dashboard.texts import say

Array = NDArray[np.float64]
Option = dict[str, Any]

# Okabe and Ito's palette, which people with any form of colour vision can tell apart.
BASELINE_COLOUR, MIX_COLOUR, THIRD_COLOUR, TARGET_COLOUR = "#4d4d4d", "#0072B2", "#D55E00", "#009E73"
COLOURS = (MIX_COLOUR, THIRD_COLOUR, TARGET_COLOUR, "#CC79A7")
_DIGITS = 6  # significant figures that are sent to the browser


def comparison(
    months: Sequence[str],
    baseline: Lines,
    mix: Lines,
    language: str,
    unit: str,
    target: float | None,
    shocks: Sequence[tuple[str, str]],
) -> Option:
    """Baseline against mix with bands, the target as a line, and shocks (first and last month) as areas."""
    names = say("baseline", language), say("mix", language)
    option = _frame(months, names, language, unit)
    series = [
        *_band(names[0], baseline, BASELINE_COLOUR, len(months)),
        *_band(names[1], mix, MIX_COLOUR, len(months)),
        _line(names[0], baseline.middle, BASELINE_COLOUR, len(months), dash="dashed"),
        _line(names[1], mix.middle, MIX_COLOUR, len(months)),
    ]
    series[-1] |= {"markArea": _areas(shocks)} if shocks else {}
    series[-2] |= {"markLine": _level(target, say("target", language))} if target is not None else {}
    return option | {"series": series}


def plain_lines(
    months: Sequence[str], named: Sequence[tuple[str, Sequence[float]]], language: str, unit: str
) -> Option:
    """One line for each name, over the months given."""
    option = _frame(months, [name for name, _ in named], language, unit)
    dashes = ("solid", "dashed", "dotted")
    series = [
        _line(name, np.asarray(values, dtype=np.float64), COLOURS[rank % len(COLOURS)], len(months), dashes[rank % 3])
        for rank, (name, values) in enumerate(named)
    ]
    return option | {"series": series}


def _frame(months: Sequence[str], names: Sequence[str], language: str, unit: str) -> Option:
    return {
        "animation": False,
        "aria": {"enabled": False},  # the page says itself what a chart shows, in the visitor's language
        "grid": {"left": 12, "right": 20, "top": 58, "bottom": 12, "containLabel": True},
        "legend": {"data": [{"name": name} for name in names], "top": 0, "left": 0, "itemWidth": 30},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "category",
            "data": list(months),
            "boundaryGap": False,
            "axisLabel": {"hideOverlap": True, "interval": _label_interval(len(months))},
            "axisTick": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "scale": True,
            "name": unit,
            "nameLocation": "end",
            "nameGap": 14,
            "nameTextStyle": {"align": "left"},
        },
        "textStyle": {"fontFamily": "inherit"},
    }


def _label_interval(months: int) -> int:
    """Labels to skip, so that every label is a January and they are some ten in all."""
    return 12 * max(round(months / 120), 1) - 1


def _line(name: str, values: Array, colour: str, length: int, dash: str = "solid") -> Option:
    return {
        "name": name,
        "type": "line",
        "data": _numbers(values, length),
        "showSymbol": False,
        "symbol": "circle",
        "lineStyle": {"width": 2, "color": colour, "type": dash},
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
    }


def _band(name: str, lines: Lines, colour: str, length: int) -> list[Option]:
    """An invisible line at the lowest seed, and on top of it an area up to the highest; nothing for one seed."""
    if np.array_equal(lines.low, lines.high, equal_nan=True):
        return []
    shared = {
        "type": "line",
        "stack": f"band {name}",
        "stackStrategy": "all",
        "showSymbol": False,
        "silent": True,
        "lineStyle": {"opacity": 0},
        "tooltip": {"show": False},
    }
    area = {"areaStyle": {"color": colour, "opacity": 0.16}, "itemStyle": {"color": colour}}
    return [
        {**shared, "name": f"{name} low", "data": _numbers(lines.low, length), "itemStyle": {"color": colour}},
        {**shared, **area, "name": f"{name} band", "data": _numbers(lines.high - lines.low, length)},
    ]


def _numbers(values: Array, length: int) -> list[float | None]:
    """Numbers short enough to send, None where there is none yet."""
    known = [float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None for value in values.tolist()]
    return known + [None] * (length - len(known))


def _level(target: float, label: str) -> Option:
    return {
        "silent": True,
        "symbol": "none",
        "data": [{"yAxis": target}],
        "lineStyle": {"color": TARGET_COLOUR, "type": "dotted", "width": 2},
        "label": {"formatter": label, "position": "insideEndTop", "color": "#006b4d"},
    }


def _areas(shocks: Sequence[tuple[str, str]]) -> Option:
    return {
        "silent": True,
        "itemStyle": {"color": "#E69F00", "opacity": 0.15},
        "data": [[{"xAxis": first}, {"xAxis": last}] for first, last in shocks],
    }
