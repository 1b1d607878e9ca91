"""From runs to what the page shows: cards, lines with bands, and tables. Pure functions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import indicators
from experiments.compare import interval, verdict
from experiments.dashboard.levers import title_of
from experiments.dashboard.simulation import Columns, Picture, Sample
from experiments.dashboard.texts import MISSING, measured, number, say, unit_text

Array = NDArray[np.float64]
SPAN = 12  # months over which lines are averaged: the noise of single months hides what differs
_AXES = {"jurisdiction": "jurisdictions", "material": "materials", "product": "products"}


@dataclass(frozen=True)
class Card:
    """One headline indicator in words: what it is, where it stands, and what the mix does to it."""

    column: str
    title: str
    meaning: str
    value: str
    baseline: str
    difference: str
    verdict: str  # "better", "worse", "unclear" or "same"; of a single run, which way it went
    verdict_text: str
    target: str
    hit: bool | None

    @property
    def change(self) -> str:
        """The difference and what it means."""
        return self.verdict_text if self.verdict == "same" else f"{self.difference} – {self.verdict_text}"


@dataclass(frozen=True)
class Lines:
    """Mean and band over seeds, each (months,)."""

    middle: Array
    low: Array
    high: Array


# --- Columns --------------------------------------------------------------------------------------


def declaration(column: str) -> Any:
    """The indicator behind a column."""
    return indicators.registry()[column.partition("[")[0]]


def headline_columns(columns: Columns) -> list[str]:
    """Columns of headline indicators that are not split by material or product, in the registry's order."""
    plain = [column for column in columns if not column["material"] and not column["product"]]
    return [column["name"] for column in plain if declaration(column["name"]).headline]


def indicators_shown(columns: Columns) -> list[str]:
    """Names of the indicators that have a column."""
    return list(dict.fromkeys(column["indicator"] for column in columns))


def columns_of(columns: Columns, indicator: str) -> list[str]:
    """The columns of an indicator."""
    return [column["name"] for column in columns if column["indicator"] == indicator]


def label_of(columns: Columns, name: str, language: str) -> str:
    """For what place, material and product a column is."""
    column = next(column for column in columns if column["name"] == name)
    parts = [title_of(table, column[axis], language) for axis, table in _AXES.items() if column[axis]]
    return ", ".join(parts) or say("chart.all", language)


def full_title(columns: Columns, name: str, language: str) -> str:
    """The indicator's title, with the label where it has one."""
    title = str(declaration(name).title[language])
    column = next(column for column in columns if column["name"] == name)
    labelled = any(column[axis] for axis in _AXES)
    return f"{title}: {label_of(columns, name, language)}" if labelled else title


def series_of(sample: Sample, name: str) -> Array:
    """Values (seeds, months) of a column."""
    return sample.values[:, :, _position(sample.columns, name)]


def _position(columns: Columns, name: str) -> int:
    return next(number for number, column in enumerate(columns) if column["name"] == name)


# --- Cards ----------------------------------------------------------------------------------------


def cards(picture: Picture, language: str) -> list[Card]:
    """A card for every headline indicator."""
    return [card(picture, name, language) for name in headline_columns(picture.mix.columns)]


def card(picture: Picture, name: str, language: str) -> Card:
    """The card of one column: means over the whole period, and over seeds."""
    declared = declaration(name)
    baseline, mix = (mean_without_gaps(series_of(sample, name), 1) for sample in (picture.baseline, picture.mix))
    difference = mix - baseline
    word = _verdict(declared.direction, difference)
    target, hit = _target(declared, float(mix.mean()), language)
    return Card(
        column=name,
        title=full_title(picture.mix.columns, name, language),
        meaning=str(declared.meaning[language]),
        value=measured(float(mix.mean()), declared.unit, language),
        baseline=measured(float(baseline.mean()), declared.unit, language),
        difference=measured(float(difference.mean()), declared.unit, language, signed=True),
        verdict=word,
        verdict_text=_verdict_text(word, len(difference), language),
        target=target,
        hit=hit,
    )


def _verdict(direction: int, difference: Array) -> str:
    """In one word; one run alone only says which way it went."""
    if not np.any(difference != 0.0):
        return "same"
    mean, low, high = interval(difference)
    if len(difference) == 1:
        low = high = mean
    return verdict(direction, low, high) or "unclear"


def _verdict_text(word: str, seeds: int, language: str) -> str:
    text = say(f"card.{word}", language)
    return say("card.one_run", language, verdict=text) if seeds == 1 and word in ("better", "worse") else text


def _target(declared: Any, value: float, language: str) -> tuple[str, bool | None]:
    """The target in words, and whether it is hit; nothing where there is none that can be compared."""
    target = declared.target
    if target is None:
        return "", None
    if not isinstance(target, (int, float)):
        return str(target[language]) if isinstance(target, dict) else str(target), None
    if not np.isfinite(value):
        return "", None
    least = declared.direction >= 0
    hit = value >= target if least else value <= target
    bound = measured(float(target), declared.unit, language)
    words = say("target.least" if least else "target.most", language, bound=bound)
    return f"{words}: {say('target.hit' if hit else 'target.missed', language)}", hit


# --- Lines and tables -----------------------------------------------------------------------------


def lines(sample: Sample, name: str, smooth: bool) -> Lines:
    """Mean, lowest and highest seed of a column by month, with `smooth` of the past twelve months."""
    values = series_of(sample, name)
    values = running_mean(values, SPAN) if smooth else values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a month without any value stays without one
        return Lines(np.nanmean(values, axis=0), np.nanmin(values, axis=0), np.nanmax(values, axis=0))


def running_mean(values: Array, span: int) -> Array:
    """Mean of the last `span` months (seeds, months), of as many as there are at the start and without gaps."""
    known = np.isfinite(values)
    total = _windows(np.where(known, values, 0.0), span)
    count = _windows(known.astype(np.float64), span)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0.0)


def _windows(values: Array, span: int) -> Array:
    sums = np.cumsum(values, axis=1)
    sums[:, span:] -= sums[:, :-span].copy()
    return sums


def mean_without_gaps(values: Array, axis: int) -> Array:
    """Mean over an axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def yearly_rows(picture: Picture, name: str, start: int, language: str) -> list[list[str]]:
    """A row per year: baseline and mix with their ranges over seeds, and the difference."""
    samples = [_by_year(series_of(sample, name)[:, : picture.months]) for sample in (picture.baseline, picture.mix)]
    rows = []
    for year in range(samples[0].shape[1]):
        baseline, mix = (sample[:, year] for sample in samples)
        difference = number(float((mix - baseline).mean()), language, signed=True)
        rows.append([str(start + year), _with_range(baseline, language), _with_range(mix, language), difference])
    return rows


def _by_year(values: Array) -> Array:
    """Means (seeds, years) of values (seeds, months)."""
    years = range(0, values.shape[1], 12)
    return np.stack([mean_without_gaps(values[:, month : month + 12], 1) for month in years], axis=1)


def _with_range(values: Array, language: str) -> str:
    middle = number(float(values.mean()), language)
    if len(values) == 1 or middle == MISSING:
        return middle
    return f"{middle} ({number(float(values.min()), language)} – {number(float(values.max()), language)})"


def table_headers(name: str, language: str) -> Sequence[str]:
    """Headings of the yearly table."""
    unit = unit_text(declaration(name).unit, language)
    suffix = f" ({unit})" if unit else ""
    return [
        say("table.year", language),
        say("baseline", language) + suffix,
        say("mix", language) + suffix,
        say("table.difference", language) + suffix,
    ]
