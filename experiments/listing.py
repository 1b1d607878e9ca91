"""Everything the model declares, listed and described: what `abm list` and `abm describe` print."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from abm import indicators, policies, shocks
from abm.parameters import (
    Config,
    ConfigError,
    Evidence,
    Quantity,
    Row,
    config_folder,
    load_config,
    nearest_name,
    shown,
    unknown,
)
from abm.scenario import catalogue
from experiments import designs
from experiments.analysis import search_problem

Words = Mapping[str, str]

LABELS: dict[str, Words] = {
    "phase": {"en": "Phase of the chain", "nl": "Fase van de keten"},
    "level": {"en": "Level of government", "nl": "Bestuurslaag"},
    "scopes": {"en": "Can be limited to", "nl": "Te beperken tot"},
    "what": {"en": "What it is", "nl": "Wat het is"},
    "how": {"en": "How it works in the model", "nl": "Hoe het werkt in het model"},
    "watch": {"en": "Watch out for", "nl": "Let op"},
    "source": {"en": "Source", "nl": "Bron"},
    "family": {"en": "Family", "nl": "Familie"},
    "meaning": {"en": "Meaning", "nl": "Betekenis"},
    "unit": {"en": "Unit", "nl": "Eenheid"},
    "direction": {"en": "Better when", "nl": "Beter bij"},
    "target": {"en": "Target", "nl": "Doel"},
    "summary": {"en": "Summarised by", "nl": "Samengevat door"},
    "headline": {"en": "Headline indicator", "nl": "Hoofdindicator"},
    "value": {"en": "Value", "nl": "Waarde"},
    "range": {"en": "Plausible range", "nl": "Aannemelijk bereik"},
    "admissible": {"en": "Admissible", "nl": "Toegestaan"},
    "default": {"en": "Suggested", "nl": "Voorgesteld"},
    "assumed": {"en": "Assumed", "nl": "Aanname"},
    "note": {"en": "Note", "nl": "Toelichting"},
    "about": {"en": "About", "nl": "Omschrijving"},
    "contents": {"en": "Contents", "nl": "Inhoud"},
    "file": {"en": "File", "nl": "Bestand"},
}
_DIRECTIONS = {1: {"en": "higher", "nl": "hoger"}, -1: {"en": "lower", "nl": "lager"}, 0: {"en": "–", "nl": "–"}}
_YES = {"en": "yes", "nl": "ja"}

Detail = tuple[str, Any]  # a key of LABELS or a label in its own words, and a text, words in two languages, or a value


@dataclass(frozen=True)
class Item:
    """Something that can be listed: its kind, name, title, and the details that describe it."""

    kind: str
    name: str
    title: Words
    details: Callable[[], list[Detail]] = field(repr=False)


# --- What there is ------------------------------------------------------------------------------


def items(kind: str) -> Iterator[Item]:
    """Everything of a kind. Raises ConfigError for an unknown kind, or if the config is wrong."""
    if kind not in KINDS:
        raise unknown("kind", kind, list(KINDS), key="list")
    return KINDS[kind](kind)


def _config() -> Config:
    return load_config(config_folder())


def _declared(kind: str, registry: Callable[[], Mapping[str, Any]], strength: str) -> Iterator[Item]:
    for name, declared in registry().items():
        yield Item(kind, name, declared.title, partial(_declared_details, declared, strength))


def _declared_details(declared: Any, strength: str) -> list[Detail]:
    details: list[Detail] = [(key, declared.texts[key]) for key in ("what", "how", "watch", "source")]
    for key in ("phase", "level", "scopes"):
        value = getattr(declared, key, ())
        if callable(value):  # shocks have a method `level` and no phase
            continue
        details += [(key, value if isinstance(value, str) else ", ".join(value))]
    own = {strength: getattr(declared, strength), **declared.parameters}
    return details + [(name, _quantity_in_words(quantity)) for name, quantity in own.items()]


def _quantity_in_words(quantity: Quantity) -> str:
    default = "" if quantity.default is None else f"; default {quantity.default:g}"
    return f"{quantity.meaning}: {quantity.low:g} – {quantity.high:g} {_shown_unit(quantity.unit)}".rstrip() + default


def _shown_unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _files(kind: str, folder: str) -> Iterator[Item]:
    for name, entry in catalogue(folder).items():
        yield Item(kind, name, entry.title, partial(_file_details, entry.summary, entry.path))


def _designs(kind: str) -> Iterator[Item]:
    for path in designs.files():
        design = designs.read_design(path)
        yield Item(kind, design.name, design.title, partial(_file_details, design.summary, path))


def _searches(kind: str) -> Iterator[Item]:
    for path in search_problem.files():
        search = search_problem.read_search(path)
        yield Item(kind, search.name, search.title, partial(_file_details, search.summary, path))


def _file_details(summary: Words, path: Path) -> list[Detail]:
    lines = path.read_text(encoding="utf-8").splitlines()
    body = [line for line in lines if not line.startswith(("title", "summary", "#"))]
    return [("about", summary), ("file", shown(path)), ("contents", "\n".join(body).strip())]


def _indicators(kind: str) -> Iterator[Item]:
    for name, indicator in indicators.registry().items():
        yield Item(kind, name, indicator.title, partial(_indicator_details, indicator))


def _indicator_details(indicator: Any) -> list[Detail]:
    target = indicator.target if isinstance(indicator.target, (str, Mapping)) else _number(indicator.target)
    details: list[Detail] = [
        ("meaning", indicator.meaning),
        ("unit", indicator.unit),
        ("family", indicator.family),
        ("direction", _DIRECTIONS[indicator.direction]),
        ("target", target),
        ("summary", indicator.summary),
        ("headline", _YES if indicator.headline else ""),
    ]
    return details


def _entries(kind: str) -> Iterator[Item]:
    for row in _config().sheets[kind].rows:
        yield Item(kind, row.identifier, row.raw["title"], partial(_entry_details, f"{kind}.{row.identifier}", row))


def _entry_details(stem: str, row: Row) -> list[Detail]:
    words = [(f"{stem}.{key}", _number(value)) for key, value in row.raw.items() if not isinstance(value, dict)]
    return [("note", row.raw.get("note", {})), ("file", shown(row.file)), *words, *_parameters_below(stem)]


def _given() -> Iterator[tuple[str, Evidence]]:
    """Parameters with a value in a file; the rest are the zeros of jurisdictions where nobody lives."""
    return ((path, evidence) for path, evidence in _config().parameters() if evidence.source)


def _parameters_below(stem: str) -> list[Detail]:
    return [(path, _evidence_in_words(evidence)) for path, evidence in _given() if path.startswith(f"{stem}.")]


def _evidence_in_words(evidence: Evidence) -> str:
    value = f"{_number(evidence.value)} {_shown_unit(evidence.unit)}".rstrip()
    plausible = f" ({_span(evidence.range)})" if evidence.range else ""
    return f"{evidence.meaning}: {value}{plausible}. {evidence.source}"


def _parameters(kind: str) -> Iterator[Item]:
    for path, evidence in _given():
        yield Item(kind, path, {"en": evidence.meaning}, partial(_parameter_details, evidence))


def _parameter_details(evidence: Evidence) -> list[Detail]:
    return [
        ("value", _number(evidence.value)),
        ("unit", evidence.unit),
        ("range", _span(evidence.range) if evidence.range else ""),
        ("admissible", _span(evidence.admissible) if len(evidence.admissible) == 2 else ", ".join(evidence.admissible)),
        ("assumed", _YES if evidence.assumed else ""),
        ("source", evidence.source),
        ("file", evidence.file),
    ]


def _number(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (bool, list)) else f"{value:.10g}"


def _span(ends: tuple[Any, ...]) -> str:
    return f"{_number(ends[0])} – {_number(ends[1])}"


KINDS: dict[str, Callable[[str], Iterator[Item]]] = {
    "policies": partial(_declared, registry=policies.registry, strength="intensity"),
    "mixes": partial(_files, folder="mixes"),
    "shocks": partial(_declared, registry=shocks.registry, strength="severity"),
    "shock-scenarios": partial(_files, folder="shock_scenarios"),
    "indicators": _indicators,
    "materials": _entries,
    "products": _entries,
    "parameters": _parameters,
    "designs": _designs,
    "searches": _searches,
    "settings": partial(_files, folder="settings"),
    "jurisdictions": _entries,
}


# --- Finding and printing -----------------------------------------------------------------------


def find(name: str) -> list[Item]:
    """All items of that name, in whatever kind; a table or section such as `firms` gives its parameters.

    Raises ConfigError with the nearest valid name if there is none.
    """
    everything = [item for kind in KINDS for item in items(kind)]
    found = [item for item in everything if item.name == name]
    if not found and any(item.name.startswith(f"{name}.") for item in everything):
        found = [Item("parameters", name, {"en": name}, partial(_parameters_below, name))]
    if not found:
        nearest = nearest_name(name, [item.name for item in everything])
        raise ConfigError("unknown name", key=name, expected="a name from `abm list KIND`", nearest=nearest)
    return found


def plain_lines(kind: str, language: str) -> Iterator[str]:
    """One line per entry: name, tab, title."""
    for item in items(kind):
        yield f"{item.name}\t{_in(item.title, language)}"


def table_lines(kind: str, language: str) -> Iterator[str]:
    """The same in columns that fit the terminal."""
    entries = list(items(kind))
    width = max((len(item.name) for item in entries), default=0)
    room = max(shutil.get_terminal_size().columns - width - 2, 24)
    for item in entries:
        lines = textwrap.wrap(_in(item.title, language), room) or [""]
        yield f"{item.name:<{width}}  {lines[0]}"
        yield from (f"{'':<{width}}  {line}" for line in lines[1:])


def description_lines(item: Item, language: str) -> Iterator[str]:
    """Title, kind and all details of an item, wrapped to the terminal."""
    width = min(shutil.get_terminal_size().columns, 100)
    yield f"{_in(item.title, language)} ({item.kind}: {item.name})"
    for label, value in item.details():
        text = _in(value, language) if isinstance(value, Mapping) else str(value)
        if text:
            yield ""
            yield _in(LABELS[label], language) if label in LABELS else label
            yield from _indented(text, width)


def _indented(text: str, width: int) -> Iterator[str]:
    for paragraph in text.splitlines():
        yield from textwrap.wrap(paragraph, width, initial_indent="  ", subsequent_indent="  ") or [""]


def _in(words: Words, language: str) -> str:
    """The text in a language; meanings of parameters exist in English only."""
    return words.get(language) or words.get("en", "")
