"""What the page says, in the visitor's language, and how it writes numbers."""

from __future__ import annotations

import html
import math
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "nl")
LANGUAGE_NAMES = {"en": "English", "nl": "Nederlands"}
MISSING = "–"

_LARGE = ((1e12, {"en": "tn", "nl": "bln"}), (1e9, {"en": "bn", "nl": "mld"}), (1e6, {"en": "M", "nl": "mln"}))
_DUTCH_MARKS = str.maketrans(",.", ".,")


@cache
def texts() -> dict[str, dict[str, str]]:
    """Every text of the page by key and language."""
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))


def say(key: str, language: str, **values: Any) -> str:
    """The text of a key, with values put in their places. Raises KeyError for an unknown key or value."""
    text = texts()[key][language]
    return text.format(**values) if values else text


def number(value: float, language: str, signed: bool = False) -> str:
    """Three figures, with a word for millions and more; a dash where there is no number."""
    if not math.isfinite(value):
        return MISSING
    scale, word = next(((size, words[language]) for size, words in _LARGE if abs(value) >= size), (1.0, ""))
    scaled = value / scale
    text = f"{scaled:,.0f}" if abs(scaled) >= 1000 else _three_figures(scaled)
    text = text.translate(_DUTCH_MARKS) if language == "nl" else text
    sign = "+" if signed and scaled > 0 else ""
    return f"{sign}{text}{' ' + word if word else ''}".replace("-", "−")


def _three_figures(value: float) -> str:
    """Three significant figures without an exponent, as long as that stays readable."""
    if value == 0.0:
        return "0"
    if abs(value) < 1e-6:
        return f"{value:.1e}"
    decimals = max(2 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_text(unit: str, language: str) -> str:
    """A unit as people write it: nothing for a plain number."""
    known = texts().get(f"unit.{unit}")
    return known[language] if known else ("" if unit == "1" else unit)


def measured(value: float, unit: str, language: str, signed: bool = False) -> str:
    """A number with its unit."""
    return f"{number(value, language, signed)} {unit_text(unit, language)}".strip()


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """An HTML table of plain texts; the first cell of a row is its heading."""
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in headers)
    body = "".join(_row(row) for row in rows)
    title = f"<caption>{html.escape(caption)}</caption>"
    return f'<table class="figures">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(cells: Sequence[str]) -> str:
    first, *others = (html.escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'
