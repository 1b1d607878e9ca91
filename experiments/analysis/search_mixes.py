"""Candidates of a search as ordinary mix files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.analysis.search_problem import Lever, Places, Search, Words

STRONG = 3  # levers that a summary names

_WORDS = {
    "en": {
        "mix": "mix",
        "found": "Found by a search for: {goals}. On top of {base}",
        "nothing": "nothing: {base} alone.",
        "levers": "{levers} (shares of the range searched).",
        "best": " Of the mixes found the best in: {best}.",
        "more": "{number} more",
        "and": ", ",
    },
    "nl": {
        "mix": "mix",
        "found": "Gevonden door te zoeken naar: {goals}. Bovenop {base}",
        "nothing": "niets: alleen {base}.",
        "levers": "{levers} (delen van het doorzochte bereik).",
        "best": " Van de gevonden mixen de beste in: {best}.",
        "more": "nog {number}",
        "and": ", ",
    },
}


def words_of(search: Search, places: Places, number: int, best: Sequence[Words] = ()) -> tuple[dict[str, str], Words]:
    """Title and summary of a mix of the front: what it uses, and in which objectives it is best, in all languages."""
    title = {language: f"{search.title[language]}: mix {number}" for language in _WORDS}
    return title, {language: _summary(search, places, best, language) for language in _WORDS}


def _summary(search: Search, places: Places, best: Sequence[Words], language: str) -> str:
    words = _WORDS[language]
    used = sorted(zip(places, search.levers, strict=False), key=lambda pair: -pair[0])
    used = [(share, lever) for share, lever in used if share > 0.0]
    goals = "; ".join(_lowered(goal.title[language]) for goal in search.objectives)
    text = words["found"].format(goals=goals, base=search.base) + ": "
    text += (
        words["levers"].format(levers=_listed(used, words, language))
        if used
        else words["nothing"].format(base=search.base)
    )
    return text + (words["best"].format(best="; ".join(_lowered(goal[language]) for goal in best)) if best else "")


def _listed(used: Sequence[tuple[float, Lever]], words: Mapping[str, str], language: str) -> str:
    named = [f"{_lowered(lever.title[language])} {share:.0%}" for share, lever in used[:STRONG]]
    rest = len(used) - STRONG
    return words["and"].join([*named, words["more"].format(number=rest)] if rest > 0 else named)


def _lowered(text: str) -> str:
    """A title within a sentence."""
    return text[:1].lower() + text[1:]


def write_mix(path: Path, search: Search, places: Places, title: Words, summary: Words) -> None:
    """Write a candidate as the file of a mix."""
    lines = [f"title = {_toml(title)}", f"summary = {_toml(summary)}", f"includes = {_toml([search.base])}"]
    for use in search.uses(places):
        lines += ["", "[[instruments]]", *(f"{key} = {_toml(value)}" for key, value in use.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)  # texts, numbers and truth values are written alike in both
