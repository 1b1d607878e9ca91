"""From runs to what the page shows: cards, lines with bands, and tables. Pure functions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.indicators.indicator import Indicator
from abm.running import sum_up
from experiments.compare import interval, verdict
from experiments.dashboard.simulation import Columns, Picture, Sample
from experiments.dashboard.texts import MISSING, measured, number, say, texts, unit_text
from experiments.wording import indicator_of, titles_of_labels, unit_of

Array = NDArray[np.float64]
_NEGLIGIBLE = 1e-6  # share of a value that no reader cares about
SPAN = 12  # months over which lines are averaged: the noise of single months hides what differs


@dataclass(frozen=True)
class Card:
    """One headline indicator in words: what it is, where it stands, and what the mix does to it."""

    column: str
    title: str
    meaning: str
    how: str  # how the period is summed up
    value: str
    baseline: str
    difference: str
    verdict: str  # "better", "worse", "unclear", "same" or "unknown"; of a single run, which way it went
    verdict_text: str
    target: str
    hit: bool | None

    @property
    def change(self) -> str:
        """The difference and what it means."""
        alone = self.verdict in ("same", "unknown")
        return self.verdict_text if alone else f"{self.difference} – {self.verdict_text}"


@dataclass(frozen=True)
class Lines:
    """Mean and band over seeds, each (months,)."""

    middle: Array
    low: Array
    high: Array


# --- Columns --------------------------------------------------------------------------------------


def headline_columns(columns: Columns) -> list[str]:
    """Columns of headline indicators: families in the order of the page's texts, each in the registry's order."""
    names = [column["name"] for column in columns if indicator_of(column["name"]).headline]
    order = [key.removeprefix("family.") for key in texts() if key.startswith("family.")]
    ranks = {family: rank for rank, family in enumerate(order)}
    return sorted(names, key=lambda name: ranks.get(indicator_of(name).family, len(ranks)))


def indicators_shown(columns: Columns) -> list[str]:
    """Names of the indicators that have a column."""
    return list(dict.fromkeys(column["indicator"] for column in columns))


def columns_of(columns: Columns, indicator: str) -> list[str]:
    """The columns of an indicator."""
    return [column["name"] for column in columns if column["indicator"] == indicator]


def label_of(name: str, language: str) -> str:
    """For what a column is: its labels between brackets, as titles; nothing for an indicator without axes."""
    return ", ".join(titles_of_labels(name, language))


def full_title(name: str, language: str) -> str:
    """The indicator's title, with the label where it has one."""
    title, label = str(indicator_of(name).title[language]), label_of(name, language)
    return f"{title}: {label}" if label else title


def series_of(sample: Sample, name: str) -> Array:
    """Values (seeds, months) of a column; NaN where these runs have no such column, as of an instrument not used."""
    for position, column in enumerate(sample.columns):
        if column["name"] == name:
            return sample.values[:, :, position]
    return np.full(sample.values.shape[:2], np.nan)


# --- Cards ----------------------------------------------------------------------------------------


def cards(picture: Picture, language: str) -> list[Card]:
    """A card for every headline indicator."""
    return [card(picture, name, language) for name in headline_columns(picture.mix.columns)]


def card(picture: Picture, name: str, language: str) -> Card:
    """The card of one column: the whole period in one number, as its indicator declares, and means over seeds."""
    declared, unit = indicator_of(name), unit_of(name) or "1"
    baseline, mix = (sum_up(series_of(sample, name), declared.summary) for sample in (picture.baseline, picture.mix))
    difference = mix - baseline
    word = "same" if np.array_equal(mix, baseline, equal_nan=True) else _verdict(declared.direction, difference)
    means = [float(mean_without_gaps(values, 0)) for values in (mix, baseline, difference)]
    target, hit = _target(declared, means[0], language)
    return Card(
        column=name,
        title=full_title(name, language),
        meaning=str(declared.meaning[language]),
        how=say(f"summary.{declared.summary}", language),
        value=measured(means[0], unit, language),
        baseline=measured(means[1], unit, language),
        difference=measured(means[2], unit, language, signed=True),
        verdict=word,
        verdict_text=_verdict_text(word, picture.seeds, language),
        target=target,
        hit=hit,
    )


def _verdict(direction: int, difference: Array) -> str:
    """In one word; one run alone only says which way it went."""
    known = difference[np.isfinite(difference)]
    if len(known) == 0:
        return "unknown"
    mean, low, high = interval(known)
    if len(known) == 1:
        low = high = mean
    return verdict(direction, low, high) or "unclear"


def _verdict_text(word: str, seeds: int, language: str) -> str:
    text = say(f"card.{word}", language)
    return say("card.one_run", language, verdict=text) if seeds == 1 and word in ("better", "worse") else text


def _target(declared: Indicator, value: float, language: str) -> tuple[str, bool | None]:
    """The target in words, and whether it is hit; nothing where there is none."""
    if declared.target is None or not np.isfinite(value):
        return "", None
    least = declared.direction >= 0
    hit = value >= declared.target if least else value <= declared.target
    bound = measured(declared.target, declared.unit, language)
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
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def yearly_rows(picture: Picture, name: str, start: int, language: str) -> list[list[str]]:
    """A row per year: baseline and mix with their ranges over seeds, and the difference."""
    samples = [_by_year(series_of(sample, name)[:, : picture.months]) for sample in (picture.baseline, picture.mix)]
    rows = []
    for year in range(samples[0].shape[1]):
        baseline, mix = (sample[:, year] for sample in samples)
        difference = _difference_text(baseline, mix, language)
        rows.append([str(start + year), _with_range(baseline, language), _with_range(mix, language), difference])
    return rows


def _difference_text(baseline: Array, mix: Array, language: str) -> str:
    """The mean difference; 0 where it is beyond the digits shown of both."""
    difference, size = float((mix - baseline).mean()), float(np.abs(baseline).mean() + np.abs(mix).mean())
    return number(0.0 if abs(difference) < _NEGLIGIBLE * size else difference, language, signed=True)


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
    unit = unit_text(indicator_of(name).unit, language)
    suffix = f" ({unit})" if unit else ""
    return [
        say("table.year", language),
        say("baseline", language) + suffix,
        say("mix", language) + suffix,
        say("table.difference", language) + suffix,
    ]
