"""Events as sentences that a visitor can read: titles in place of identifiers, in the visitor's language."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from abm.events import Event, in_words, month_name
from experiments.dashboard.levers import config
from experiments.dashboard.texts import measured, say, texts

_TABLES = ("materials", "products", "components", "streams", "producers", "jurisdictions", "blocs")
_ORGANISATION = re.compile(r"(?P<role>.+) (?P<ordinal>\d+) in (?P<place>\w+)")
_IN_THE_SENTENCE = ("1", "share")  # units of amounts that the sentence tells, if they matter to a reader
_WORD = re.compile(r"\w+")


def latest(events: Sequence[Event], lines: int, language: str) -> list[str]:
    """The last events, the newest first; what happened to several in one month is one line."""
    grouped: dict[tuple[Any, ...], list[Event]] = {}
    for event in reversed(events):
        grouped.setdefault(_sort_of(event), []).append(event)
        if len(grouped) > lines:
            grouped.popitem()
            break
    return [sentence(same, language) for same in grouped.values()]


def _sort_of(event: Event) -> tuple[Any, ...]:
    """Events alike in this respect are told together; only those of plants come in such numbers."""
    who = "" if event.kind == "capacity" else event.who
    return event.month, event.kind, who, event.what, event.why, tuple(event.values.items())


def sentence(events: Sequence[Event], language: str) -> str:
    """One or several like events: month, who, what, why, and how much if there is only one."""
    first = events[0]
    who = who_text(first.who, language)
    if len(events) > 1:
        who = say("event.and_others", language, who=who, others=len(events) - 1)
    values = {name: _readable(value, language) for name, value in first.values.items()}
    text = f"{month_name(first.month, config().time.start)} · {who}: {in_words(first.what, values, language)}"
    why = in_words(first.why, values, language)
    details = [why] if why else []
    if len(events) == 1 and math.isfinite(first.amount) and first.unit not in _IN_THE_SENTENCE:
        details.append(measured(first.amount, first.unit, language))
    return f"{text} ({'; '.join(details)})" if details else text


def who_text(who: str, language: str) -> str:
    """The title of an entry of the config, the name of an organisation with titles, or the name itself."""
    titles = _titles(language)
    if who in titles:
        return titles[who]
    if known := texts().get(f"who.{who}"):
        return known[language]
    match = _ORGANISATION.fullmatch(who)
    if match is None:
        return who
    role, thing = _role_of(match["role"])
    key = f"role.{role}"
    if key not in texts():
        return who
    place = titles.get(match["place"], match["place"])
    return say(key, language, thing=titles.get(thing, thing), ordinal=match["ordinal"], place=place)


def _role_of(words: str) -> tuple[str, str]:
    """'linear maker of laptop' is a linear maker, of laptops; 'battery recycler' a recycler, of batteries."""
    role, of, thing = words.partition(" of ")
    if of:
        return role, thing
    thing, _, role = words.rpartition(" ")
    return role, thing


@cache
def _titles(language: str) -> dict[str, str]:
    titles: dict[str, str] = {}
    for table in _TABLES:
        entries = getattr(config(), table)
        for identifier, words in zip(entries.ids, entries.titles, strict=True):
            titles.setdefault(identifier, words[language])
    return titles


def _readable(value: Any, language: str) -> Any:
    """A value of an event with titles in place of identifiers."""
    if not isinstance(value, str):
        return value
    titles = _titles(language)
    return _WORD.sub(lambda match: titles.get(match[0], match[0]), value)
