"""Designs: which mixes, shocks, samples and seeds a batch combines, as TOML files of `config/designs`."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from abm.parameters import (
    ConfigError,
    check_keys,
    check_table,
    config_folder,
    load_config,
    read_toml,
    read_words,
    shown,
    toml_files,
    unknown,
)
from experiments.designs.factors import CHOICES, Factor, factor_of, moved_by, read_factor
from experiments.designs.sampling import ALONG, METHODS, Row, Sample
from experiments.designs.seeds import parse_seeds
from experiments.levers import is_lever
from experiments.runs import Job, Selection

_FOLDER = "designs"
_KEYS = (
    "title", "summary", "setting", "households", "months", "mixes", "shocks", "seeds", "samples", "fixed", "series",
)  # fmt: skip
_SAMPLE_KEYS = ("method", "factors", "size", "levels", "seed", "along", "second_order", "rows", "file", "scales")


@dataclass(frozen=True)
class Design:
    """Every mix under every shock scenario, at every point of the samples, on every seed.

    Points are the product of the rows of the samples. A sample that goes along the seeds takes one row for each
    seed instead of all rows on every seed. Mixes and shocks that are empty are those of the setting, unless a
    sample chooses them. `fixed` are parameters and levers that are set for all runs. `series` are the indicators
    whose months are kept, all if it is empty.
    """

    name: str
    title: dict[str, str]
    summary: dict[str, str]
    setting: str = "default"
    households: int | None = None
    months: int | None = None
    mixes: tuple[str, ...] = ()
    shocks: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    samples: tuple[Sample, ...] = ()
    fixed: tuple[tuple[str, Any], ...] = ()
    series: tuple[str, ...] = ()

    @property
    def factors(self) -> tuple[Factor, ...]:
        """All that the samples vary."""
        return tuple(factor for sample in self.samples for factor in sample.factors)

    def jobs(self) -> Iterator[Job]:
        """The runs, seed by seed, so that what is finished first is balanced over mixes, shocks and points."""
        number = 0
        for place, seed in enumerate(self.seeds):
            for point, row in self._points(place):
                for shocks, mix in product(self.shocks or (None,), self.mixes or (None,)):
                    yield Job(number, self._selection(mix, shocks, row), seed, point, tuple(row.items()))
                    number += 1

    def __len__(self) -> int:
        crossed = 1
        for sample in self.samples:
            crossed *= len(_rows(sample)) if sample.along == "all" else 1
        return len(self.seeds) * crossed * max(len(self.mixes), 1) * max(len(self.shocks), 1)

    def _points(self, place: int) -> Iterator[tuple[int, Row]]:
        """Number and values of each point that the seed at a place among the seeds visits."""
        choices = []
        for sample in self.samples:
            rows = list(enumerate(_rows(sample)))
            choices.append(rows if sample.along == "all" else [rows[place % len(rows)]])
        for chosen in product(*choices):
            point = 0
            row: Row = {}
            for sample, (number, values) in zip(self.samples, chosen, strict=True):
                point = point * len(_rows(sample)) + number
                row |= values
            yield point, row

    def _selection(self, mix: str | None, shocks: str | None, row: Row) -> Selection:
        set_ = [f"{name}={json.dumps(value)}" for name, value in self.fixed if not is_lever(name)]
        pulled = [f"{name}={value}" for name, value in self.fixed if is_lever(name)]
        for factor in self.factors:
            if factor.kind in ("parameter", "parameters"):
                set_ += factor.assignments(row[factor.name])
            elif factor.kind == "lever":
                pulled += factor.assignments(row[factor.name])
        return Selection(
            self.setting,
            row.get("mix", mix),
            row.get("shocks", shocks),
            self.households,
            self.months,
            tuple(set_),
            tuple(pulled),
        )

    def describe(self) -> dict[str, Any]:
        """The design as its file would say it, as JSON can hold it; `from_description` takes it back."""
        described = {key: getattr(self, key) for key in _KEYS if key not in ("samples", "fixed") and getattr(self, key)}
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in described.items()}
        samples = [sample.describe() for sample in self.samples]
        return {"name": self.name, **plain, "fixed": dict(self.fixed), "samples": samples}

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Design:
        """The design that `describe` described. Raises ConfigError."""
        raw = dict(description)
        return _read(str(raw.pop("name", "")), raw, Path())

    def with_(self, **changes: Any) -> Design:
        """The same design with other mixes, shocks, seeds, sizes; None leaves what it says."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


@cache
def _rows(sample: Sample) -> list[Row]:
    return sample.rows()


# --- As files -------------------------------------------------------------------------------------


def files() -> list[Path]:
    """The design files of the config."""
    return toml_files(config_folder() / _FOLDER)


def load_design(name: str) -> Design:
    """A design by name, or by the path of a TOML file. Raises ConfigError."""
    if name.endswith(".toml"):
        return read_design(Path(name))
    paths = {path.stem: path for path in files()}
    if name not in paths:
        raise unknown("design", name, list(paths), key="design")
    return read_design(paths[name])


def read_design(path: Path) -> Design:
    """The design of a file. Raises ConfigError."""
    raw = read_toml(path)
    try:
        return _read(path.stem, raw, path.parent)
    except ConfigError as error:
        raise error.inside(file=shown(path)) from None


def _read(name: str, raw: Mapping[str, Any], folder: Path) -> Design:
    check_keys(raw, _KEYS)
    for key in ("title", "summary"):
        if key not in raw:
            raise ConfigError("missing", key=key, expected='a text in each language: { en = "…", nl = "…" }')
    for key in ("mixes", "shocks"):
        if raw.get(key) == []:
            raise ConfigError("is empty", key=key, expected="names, or no such key for what the setting says")
    design = Design(
        name,
        title=_at("title", read_words, raw.get("title")),
        summary=_at("summary", read_words, raw.get("summary")),
        setting=str(raw.get("setting", "default")),
        households=_at("households", _count, raw.get("households")),
        months=_at("months", _count, raw.get("months")),
        mixes=_at("mixes", _names, raw.get("mixes", [])),
        shocks=_at("shocks", _names, raw.get("shocks", [])),
        seeds=_at("seeds", parse_seeds, raw.get("seeds", "5")),
        samples=_samples(raw.get("samples", []), folder),
        fixed=_at("fixed", _fixed, raw.get("fixed", {})),
        series=_at("series", _indicators, raw.get("series", [])),
    )
    check_design(design)
    return design


def check_design(design: Design) -> None:
    """Raise ConfigError if something is set or varied twice, by whatever name, or listed twice."""
    names = [*(factor.name for factor in design.factors), *(name for name, _ in design.fixed)]
    moved: dict[str, str] = {}
    for name in names:
        for thing in moved_by(name):
            if thing in moved:
                also = "" if moved[thing] == name else f" (by {moved[thing]}, too)"
                raise ConfigError(f"is set or varied twice{also}", key=name, expected="each parameter and lever once")
            moved[thing] = name
    for name, given in (("mix", design.mixes), ("shocks", design.shocks)):
        if name in names and given:
            raise ConfigError("is chosen by a sample and listed as well", key=name, expected="one of them")
    for key, listed in (("mixes", design.mixes), ("shocks", design.shocks), ("seeds", design.seeds)):
        if len(set(listed)) < len(listed):
            raise ConfigError("names one twice", key=key, expected="each once")


def _samples(raw: object, folder: Path) -> tuple[Sample, ...]:
    if not isinstance(raw, list):
        raise ConfigError("is not a list of tables", key="samples", expected="[[samples]]")
    return tuple(
        _at(f"samples[{number}]", lambda table: _sample(table, folder), table) for number, table in enumerate(raw)
    )


def _sample(raw: object, folder: Path) -> Sample:
    table = check_table(raw)
    check_keys(table, _SAMPLE_KEYS)
    method, along = table.get("method"), table.get("along", "all")
    if method not in METHODS:
        raise unknown("method", str(method), METHODS, key="method")
    if along not in ALONG:
        raise unknown("way", str(along), ALONG, key="along")
    if method == "list":
        return _listed(table, along, folder)
    factors = _at("factors", check_table, table.get("factors"))
    sample = Sample(
        method,
        tuple(_at("factors", lambda name: read_factor(name, factors[name]), name) for name in factors),
        _at("size", _count, table.get("size")) or 0,
        _at("levels", _count, table.get("levels")) or 4,
        _at("seed", _count, table.get("seed")) or 1,
        along,
        bool(table.get("second_order", False)),
    )
    _check_sample(sample)
    return sample


def _check_sample(sample: Sample) -> None:
    if not sample.factors:
        raise ConfigError("varies nothing", key="factors", expected="at least one factor")
    if sample.method != "factorial" and not sample.size:
        raise ConfigError("missing", key="size", expected=f"a number of rows for {sample.method}")
    if sample.method == "sobol" and sample.size & (sample.size - 1):
        raise ConfigError(f"{sample.size} is no power of two", key="size", expected="a power of two, such as 64")
    if sample.method == "morris" and (sample.levels % 2 or len(sample.factors) < 2):
        raise ConfigError("Morris takes two factors or more on an even number of levels", key="levels")
    if sample.along == "seeds" and sample.method in ("sobol", "morris"):
        raise ConfigError("the indices need every row on every seed", key="along", expected='"all"')


def _listed(table: Mapping[str, Any], along: str, folder: Path) -> Sample:
    """A list of rows, written out or in a CSV file beside the design, such as a set of calibrated parameters."""
    check_keys(table, ("method", "along", "rows", "file", "scales"))
    if ("rows" in table) == ("file" in table):
        raise ConfigError("a list needs either rows or a file", expected='rows = [{ … }, …] or file = "….csv"')
    rows = table["rows"] if "rows" in table else _at("file", lambda name: _csv(folder / str(name)), table["file"])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and row for row in rows):
        raise ConfigError("is not a list of tables", key="rows", expected='rows = [{ "firms.markup" = 0.2 }, …]')
    names = tuple(rows[0])
    for number, row in enumerate(rows):
        if set(row) != set(names):
            raise ConfigError(f"row {number} does not name the same factors as the first", key="rows")
    scales = _at("scales", check_table, table.get("scales", {}))
    _at("scales", lambda given: check_keys(given, names), scales)
    factors = tuple(
        _at("rows", lambda name: factor_of(name, [row[name] for row in rows], scales.get(name, "linear")), name)
        for name in names
    )
    return Sample(
        "list",
        factors,
        len(rows),
        along=along,
        listed=tuple(tuple(_plain(row[name]) for name in names) for row in rows),
    )


def _plain(value: Any) -> Any:
    """A level as the results hold it: numbers are all of one type, so that all files of them are."""
    return value if isinstance(value, str) else float(value)


def _csv(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets put a mark in front
            header, *rows = [row for row in csv.reader(file) if row] or [[]]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=shown(path)) from None
    if len(set(header)) < len(header) or any(len(row) != len(header) for row in rows):
        raise ConfigError(
            "is no table", file=shown(path), expected="a row of different names, and as many fields in each row below"
        )
    return [{name: _number(name, text) for name, text in zip(header, row, strict=True)} for row in rows]


def _number(name: str, text: str) -> Any:
    if name in CHOICES:
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"'{text}' is not a number", key=name)
    return number


def _names(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
        raise ConfigError(f"{raw!r} is not a list of names", expected="a list of names")
    return tuple(raw)


def _fixed(raw: Any) -> tuple[tuple[str, Any], ...]:
    """Parameters and levers that are set for all runs; the scenario checks their values."""
    table = check_table(raw, 'a table such as { "firms.markup" = 0.2 }')
    for name in table:
        if not is_lever(name):
            load_config(config_folder()).slot(name)
    return tuple(table.items())


def _indicators(raw: Any) -> tuple[str, ...]:
    from abm.indicators import registry

    names = _names(raw)
    for name in names:
        if name.partition("[")[0] not in registry():
            raise unknown("indicator", name, list(registry()))
    return names


def _count(raw: Any) -> int | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
        raise ConfigError(f"{raw!r} is not a whole number ≥ 1", expected="a whole number")
    return raw


def _at(key: str, read: Any, raw: Any) -> Any:
    try:
        return read(raw)
    except ConfigError as error:
        raise error.inside(key) from None
