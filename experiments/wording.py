"""Words and figures for people: titles and units of columns, and numbers short enough for a table or an axis."""

from __future__ import annotations

import math

from abm import indicators
from abm.indicators.indicator import Indicator
from abm.parameters import config_folder, load_config

_SCALES = ((1e12, " tn"), (1e9, " bn"), (1e6, " M"))


def indicator_of(column: str) -> Indicator:
    """The declaration behind a column such as `name` or `name[label]`."""
    return indicators.registry()[column.partition("[")[0]]


def title_of(column: str, language: str = "en") -> str:
    """The indicator's title with what the column's labels are called."""
    labels = column.partition("[")[2].removesuffix("]")
    called = [_called(label, language) for label in labels.split(",") if label]
    return ", ".join([indicator_of(column).title[language], *called])


def _called(label: str, language: str) -> str:
    """The title of the entry of the config that has this identifier; the label in words if there is none."""
    config = load_config(config_folder())
    for table in (config.materials, config.products, config.jurisdictions):
        if label in table.ids:
            return str(table.titles[table.index(label)][language])
    return label.replace("_", " ")


def unit_of(column: str) -> str:
    """Unit of what sums up a run: a flow per month added up over the months is no longer per month. Empty for 1."""
    item = indicator_of(column)
    unit = item.unit.removesuffix("/month") if item.summary == "sum" else item.unit
    return "" if unit == "1" else unit


def number(value: float, figures: int = 3) -> str:
    """A few significant figures, with M, bn (1e9) or tn (1e12) where it is large; a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    for scale, suffix in _SCALES:
        if abs(value) >= scale:
            return f"{value / scale:.{figures}g}{suffix}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{figures}g}"
