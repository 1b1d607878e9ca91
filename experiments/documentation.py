"""The tables of the model description, written from what config and code declare.

    python -m experiments.documentation [--check]

writes `abm/PARAMETERS.md` whole and the tables of `abm/ODD.md` between their markers; with `--check` it writes
nothing and says, also by its exit status, which of the two are out of date.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import abm.schema
from abm import indicators, policies, shocks
from abm.parameters import Config, Declaration, Evidence, Quantity, config_folder, load_config

DESCRIPTION, PARAMETERS = "ODD.md", "PARAMETERS.md"
_MARKER = "<!-- {}: written by `python -m experiments.documentation` -->"
_END = "<!-- end of {} -->"
_HEAD = ("path", "meaning", "value", "unit", "range", "source", "assumed")
_UNITLESS = {"1": "–"}
_PREFACE = (
    "Every parameter of the model with value, unit, plausible range and source, from `config/`; then the quantities",
    "of instruments and shocks, whose values stand in mixes and shock scenarios, and the indicators. *Assumed* means",
    "that the source is a reasoning and not a measurement. What a table by jurisdiction or material leaves out is zero",
    "and not listed. Written by `python -m experiments.documentation`: do not edit.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is out of date, or with `--check` only name it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="experiments.documentation", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something is out of date")
    options = parser.parse_args(arguments)
    folder = Path(abm.__file__).parent
    outdated = {name: text for name, text in documents(folder).items() if _read(folder / name) != text}
    for name, text in outdated.items():
        if options.check:
            print(f"{name} is out of date: run `python -m experiments.documentation`")
        else:
            (folder / name).write_text(text, encoding="utf-8")
            print(f"{folder / name} written")
    return int(options.check and bool(outdated))


def documents(folder: Path) -> dict[str, str]:
    """Both documents as they should read, by name; text outside the markers is that in `folder`."""
    config = load_config(config_folder())
    description = _read(folder / DESCRIPTION)
    for name, lines in (("parameters by table", table_counts(config)), ("parameters of behaviour", behaviour(config))):
        description = replaced(description, name, "\n".join(lines))
    return {DESCRIPTION: description, PARAMETERS: "\n".join(all_parameters(config)) + "\n"}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def replaced(text: str, name: str, section: str) -> str:
    """The text with another section between the markers of that name; raises ValueError without markers."""
    start, end = _MARKER.format(name), _END.format(name)
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(f"{DESCRIPTION} needs one '{start}' and one '{end}'")
    before, rest = text.split(start)
    return f"{before}{start}\n\n{section}\n\n{end}{rest.split(end)[1]}"


# --- What stands in the tables --------------------------------------------------------------------


def table_counts(config: Config) -> Iterator[str]:
    """One row per table of config: entries, parameters with a value, those of them that are assumed."""
    counts = {name: _count(config, name) for name in Declaration.registry}
    yield from _table(
        ("table", "what an entry is", "entries", "parameters", "of these assumed"),
        ((f"`{name}`", _summary(config, name), *count) for name, count in counts.items()),
    )
    given, assumed = (sum(count[column] for count in counts.values()) for column in (1, 2))
    yield ""
    yield f"Together {given} parameters, of which {assumed} are assumed; [{PARAMETERS}]({PARAMETERS}) lists them all."


def _count(config: Config, table: str) -> tuple[int, int, int]:
    found = [evidence for _, evidence in _given(config, table)]
    return len(config.sheets[table].rows), len(found), sum(evidence.assumed for evidence in found)


def _summary(config: Config, table: str) -> str:
    """What an entry is: the first line of the declaration's docstring; of a section its title."""
    declared = Declaration.registry[table]
    if declared.section:
        title = config.sheets[table].rows[0].raw.get("title", {"en": table})
        return f"{title['en']}: the same for all"
    return (declared.__doc__ or table).strip().splitlines()[0].rstrip(".")


def behaviour(config: Config) -> Iterator[str]:
    """The parameters of behaviour, one value for all: what an agent of a kind does, with range but without source."""
    sections = [name for name, declared in Declaration.registry.items() if declared.section]
    rows = [pair for name in sections for pair in _given(config, name)]
    yield from _table(("path", "meaning", "value", "unit", "range", "assumed"), (_short(*pair) for pair in rows))


def _short(path: str, evidence: Evidence) -> tuple[str, ...]:
    row = _row(path, evidence)
    return (*row[:5], row[6])


def all_parameters(config: Config) -> Iterator[str]:
    """`PARAMETERS.md`, line by line."""
    yield "# Parameters"
    yield ""
    yield from _PREFACE
    for table in Declaration.registry:
        yield from _config_table(config, table)
    for title, registry, strength in (
        ("Policy instruments", policies.registry, "intensity"),
        ("Shocks", shocks.registry, "severity"),
    ):
        yield from ("", f"## {title}", "")
        yield from _declared_table(registry, strength)
    yield from ("", "## Indicators", "")
    yield from _indicator_table()


def _config_table(config: Config, table: str) -> Iterator[str]:
    """The heading of a table and, for each of its entries, title and parameters."""
    yield from ("", f"## {table}", "")
    yield f"{_summary(config, table)}."
    section = Declaration.registry[table].section
    titles = {row.identifier: row.raw["title"]["en"] for row in config.sheets[table].rows if row.identifier}
    for entry, found in groupby(_given(config, table), lambda pair: "" if section else pair[0].split(".")[1]):
        if entry:
            yield from ("", f"### {titles[entry]} (`{table}.{entry}`)")
        yield ""
        yield from _table(_HEAD, (_row(path, evidence) for path, evidence in found))


def _given(config: Config, table: str) -> Iterator[tuple[str, Evidence]]:
    """Parameters of a table that have a value in a file."""
    for path, evidence in config.parameters():
        if path.partition(".")[0] == table and evidence.source:
            yield path, evidence


def _row(path: str, evidence: Evidence) -> tuple[str, ...]:
    plausible = " – ".join(map(_number, evidence.range)) if evidence.range else ""
    assumed = "assumed" if evidence.assumed else ""
    unit = _UNITLESS.get(evidence.unit, evidence.unit)
    return f"`{path}`", evidence.meaning, _value(evidence.value), unit, plausible, evidence.source, assumed


def _declared_table(registry: Callable[[], Mapping[str, Any]], strength: str) -> Iterator[str]:
    rows = [
        (f"`{name}.{quantity}`", *_quantity_row(field))
        for name, declared in registry().items()
        for quantity, field in {strength: getattr(declared, strength), **declared.parameters}.items()
    ]
    yield from _table(("quantity", "meaning", "suggested", "unit", "admissible"), rows)


def _quantity_row(field: Quantity) -> tuple[str, ...]:
    suggested = "" if field.default is None else _number(field.default)
    unit = _UNITLESS.get(field.unit, field.unit)
    return field.meaning, suggested, unit, f"{_number(field.low)} – {_number(field.high)}"


def _indicator_table() -> Iterator[str]:
    head = ("indicator", "family", "title", "meaning", "unit", "better when", "target", "headline")
    yield from _table(head, (_indicator_row(name, declared) for name, declared in indicators.registry().items()))


def _indicator_row(name: str, declared: Any) -> tuple[str, ...]:
    target = "" if declared.target is None else f"{_number(declared.target)} ({declared.target_source})"
    return (
        f"`{name}`",
        declared.family,
        declared.title["en"],
        declared.meaning["en"],
        _UNITLESS.get(declared.unit, declared.unit),
        {1: "higher", -1: "lower"}.get(declared.direction, ""),
        target,
        "yes" if declared.headline else "",
    )


# --- Markdown -------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table in Markdown, line by line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_in_cell(cell) for cell in row)} |"


def _in_cell(value: object) -> str:
    """Text that cannot end its cell or be taken for markup."""
    text = " ".join(str(value).split())
    return re.sub(r"([|<>*])", r"\\\1", text)


def _value(value: Any) -> str:
    """A number, or the pairs of a series as `year: value`."""
    if isinstance(value, list):
        return "; ".join(f"{year:g}: {_number(amount)}" for year, amount in value)
    return _number(value)


def _number(value: float) -> str:
    """Up to ten figures; thousands are set apart only where no year can be meant."""
    return f"{value:,.10g}" if abs(value) >= 1e4 else f"{value:.10g}"


if __name__ == "__main__":
    sys.exit(main())
