"""Words and figures for people: titles and units of columns, and numbers short enough for a table or an axis."""

from __future__ import annotations

import math
from typing import Any

from abm import indicators, policies
from abm.indicators.axes import WORDS
from abm.indicators.indicator import Indicator
from abm.parameters import config_folder, load_config

PHASES = {
    "extraction": {"en": "Extraction and supply", "nl": "Winning en aanvoer"},
    "design": {"en": "Design and production", "nl": "Ontwerp en productie"},
    "market": {"en": "Market and use", "nl": "Markt en gebruik"},
    "end_of_life": {"en": "End of life and recycling", "nl": "Afdanking en recycling"},
    "chain": {"en": "The whole chain", "nl": "De hele keten"},
}
"""What the phases of the chain are called, in which instruments take hold."""

_SCALES = ((1e12, " tn"), (1e9, " bn"), (1e6, " M"))


def indicator_of(column: str) -> Indicator:
    """The declaration behind a column such as `name` or `name[label]`."""
    return indicators.registry()[column.partition("[")[0]]


def title_of(column: str, language: str = "en") -> str:
    """The indicator's title with what the column's labels are called."""
    return ", ".join([indicator_of(column).title[language], *titles_of_labels(column, language)])


def titles_of_labels(column: str, language: str = "en") -> list[str]:
    """What the labels between brackets are called; nothing for an indicator without axes."""
    labels = column.partition("[")[2].removesuffix("]")
    return [_called(label, language) for label in labels.split(",") if label]


def _called(label: str, language: str) -> str:
    """The title of what has this label: a word, an instrument, or an entry of the config; else the label in words."""
    if label in WORDS:
        return WORDS[label][language]
    config = load_config(config_folder())
    for table in (config.materials, config.products, config.components, config.streams, config.jurisdictions):
        if label in table.ids:
            return str(table.titles[table.index(label)][language])
    name, _, place = label.partition("@")
    declared = policies.registry().get(name)
    return label.replace("_", " ") if declared is None else _of_instrument(declared, place, language)


def _of_instrument(declared: Any, place: str, language: str) -> str:
    """The title of an instrument with what stands behind the @: `jurisdiction`, or `jurisdiction#2` for a second."""
    jurisdiction, _, ordinal = place.partition("#")
    where = f", {_called(jurisdiction, language)}" if jurisdiction else ""
    return f"{declared.title[language]}{where}{f' ({ordinal})' if ordinal else ''}"


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
