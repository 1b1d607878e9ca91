"""What an indicator is: a decorated function of a month's view, with its unit, meaning and target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Words = dict[str, str]
AXES = (
    "material",
    "product",
    "leaf",
    "stream",
    "stage",
    "quintile",
    "government",
    "instrument",
    "bloc",
    "cause",
    "component",
)
SUMMARIES = ("mean", "end", "sum")


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Attributes
    ----------
    direction
        1 when more is better, −1 when less is, 0 when it only describes.
    axes
        Axes of the array that it gives; none for a single number.
    target
        Value that law sets, or None; `target_source` names the law.
    summary
        How a run is summed up in one number: mean, value at the end, or sum over months.
    """

    name: str
    family: str
    unit: str
    title: Words
    meaning: Words
    direction: int
    axes: tuple[str, ...]
    target: float | None
    target_source: str
    headline: bool
    summary: str
    function: Callable[[Any], Any]


def indicator(
    unit: str,
    title: Words,
    meaning: Words,
    direction: int = 0,
    axes: tuple[str, ...] = (),
    target: float | None = None,
    target_source: str = "",
    headline: bool = False,
    summary: str = "mean",
) -> Callable[[Callable[[Any], Any]], Indicator]:
    """Declare an indicator; the decorated function takes a `View` and gives a number or an array over `axes`.

    Raises ValueError for an unknown axis or summary, or a missing text.
    """
    if unknown := [axis for axis in axes if axis not in AXES]:
        raise ValueError(f"unknown axis {unknown[0]!r}; expected one of {AXES}")
    if summary not in SUMMARIES:
        raise ValueError(f"unknown summary {summary!r}; expected one of {SUMMARIES}")
    for words in (title, meaning):
        if not all(words.get(language, "").strip() for language in ("en", "nl")):
            raise ValueError("an indicator needs title and meaning in English and Dutch")

    def declare(function: Callable[[Any], Any]) -> Indicator:
        family = function.__module__.rsplit(".", 1)[-1]
        return Indicator(
            function.__name__,
            family,
            unit,
            title,
            meaning,
            direction,
            axes,
            target,
            target_source,
            headline,
            summary,
            function,
        )

    return declare
