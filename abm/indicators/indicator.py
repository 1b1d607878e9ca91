"""How an indicator is declared: one decorated function that reads a view of the month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.indicators.axes import AXES

Words = Mapping[str, str]

LANGUAGES = ("en", "nl")
SMALL = 1e-9  # kg, EUR or products below which a whole counts as nothing
SUMMARIES = ("mean", "end", "sum")


class Ratio(NamedTuple):
    """A value that is part over whole, each a number or an array; undefined (NaN) where there is no whole."""

    part: Any
    whole: Any

    def value(self) -> NDArray[np.float64]:
        """Part over whole, NaN where there is no whole."""
        part, whole = np.broadcast_arrays(self.part, self.whole)
        return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > SMALL)


@dataclass(frozen=True)
class Indicator:
    """A declared indicator.

    Attributes
    ----------
    name, family
        Name of the function and of the module in which it stands.
    title, meaning
        Texts in English and Dutch.
    direction
        1 if more is better, −1 if less is better, 0 if neither.
    axes
        What it is split by, one column per combination; empty for a single number.
    target, target_source
        Value that law sets, or None, and the law.
    summary
        How a run is summed up: "mean" over months, value at the "end", or "sum" of the months.
    undefined
        When it has no value (NaN), in both languages; None if it always has one. Part of the meaning.
    """

    name: str
    family: str
    unit: str
    title: Words
    meaning: Words
    direction: int
    compute: Callable[[Any], Any]
    axes: tuple[str, ...] = ()
    target: float | None = None
    target_source: str = ""
    headline: bool = False
    summary: str = "mean"
    undefined: Words | None = None


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
    undefined: Words | None = None,
) -> Callable[[Callable[[Any], Any]], Indicator]:
    """Declare the decorated function as an indicator, to be found by `abm.indicators.registry`.

    The function takes a `View` of a month and returns a number, an array over `axes`, or a `Ratio` of two of
    them; it changes nothing. If it uses only quantities that are kept of every month, and treats their axes as
    the last ones, it is worked out for many months at once, which is quicker.

    See `Indicator` for the arguments. Raises ValueError if a text is missing or a choice does not exist.
    """

    def declare(compute: Callable[[Any], Any]) -> Indicator:
        _check(compute.__name__, unit, direction, summary, axes)
        _check_texts(compute.__name__, {"title": title, "meaning": meaning, "undefined": undefined or meaning})
        return Indicator(
            name=compute.__name__,
            family=compute.__module__.rpartition(".")[2],
            unit=unit,
            title=title,
            meaning=meaning if undefined is None else {k: f"{meaning[k]} {undefined[k]}" for k in LANGUAGES},
            direction=direction,
            compute=compute,
            axes=axes,
            target=target,
            target_source=target_source,
            headline=headline,
            summary=summary,
            undefined=undefined,
        )

    return declare


def _check(name: str, unit: str, direction: int, summary: str, axes: tuple[str, ...]) -> None:
    if not unit:
        raise ValueError(f"indicator {name}: no unit; shares and numbers have unit '1'")
    if direction not in (-1, 0, 1):
        raise ValueError(f"indicator {name}: direction is {direction}; expected 1, -1 or 0")
    if summary not in SUMMARIES:
        raise ValueError(f"indicator {name}: summary is {summary!r}; expected one of {', '.join(SUMMARIES)}")
    for axis in axes:
        if axis not in AXES:
            raise ValueError(f"indicator {name}: there is no axis {axis!r}; expected some of {', '.join(AXES)}")


def _check_texts(name: str, texts: Mapping[str, Words]) -> None:
    for kind, words in texts.items():
        missing = [language for language in LANGUAGES if not words.get(language)]
        if missing:
            raise ValueError(f"indicator {name}: {kind} is missing in {', '.join(missing)}")
