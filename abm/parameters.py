"""Parameters that carry their evidence: declarations in code, values and sources in TOML.

A `Declaration` states what a kind of entry consists of: the meaning, unit and admissible range of
each parameter. The TOML files of the config folder state values, plausible ranges and sources.
`load_config` reads and checks everything once; the model then sees plain floats and arrays.
Whatever is wrong raises a `ConfigError` that names the file, the key and the nearest valid name.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

Axes = Mapping[str, Mapping[str, int]]
"""For each table of entries, the position of each identifier."""

LANGUAGES = ("en", "nl")
JURISDICTIONS = "jurisdictions"
_QUANTITY_KEYS = ("value", "unit", "range", "source", "assumed")
_SERIES_KEYS = ("values", "unit", "range", "source", "assumed")
_RESERVED = frozenset({"name", "ids", "titles", "notes", "index", "main_product", "title", "note"})
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+")


class ConfigError(ValueError):
    """Something in the config or in a request is wrong; says where, and what was expected.

    `inside` is called on the way out by whoever knows the enclosing key or the file.
    """

    def __init__(self, problem: str, *, key: str = "", expected: str = "", nearest: str = "", file: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.key = key
        self.expected = expected
        self.nearest = nearest
        self.file = file

    def inside(self, key: str = "", file: str | Path = "") -> ConfigError:
        """The same error with `key` put before its own key and, unless it has one, a file."""
        self.key = ".".join(part for part in (key, self.key) if part)
        self.file = self.file or str(file)
        return self

    def __str__(self) -> str:
        text = ": ".join(part for part in (self.file, self.key, self.problem) if part)
        if self.expected:
            text += f"; expected {self.expected}"
        if self.nearest:
            text += f"; nearest valid name: '{self.nearest}'"
        return text


def nearest_name(name: str, valid: Iterable[str]) -> str:
    """The valid name most like `name`, or an empty string when there is none at all."""
    matches = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.0)
    return matches[0] if matches else ""


def unknown(kind: str, name: str, valid: Collection[str], key: str | None = None) -> ConfigError:
    """The error for a name that is not among the valid ones; `key` is where it stands, if not under its own name."""
    expected = "one of " + ", ".join(valid) if 0 < len(valid) <= 12 else ""
    if not valid:
        expected = f"none: there is no {kind} here"
    return ConfigError(
        f"unknown {kind} '{name}'",
        key=name if key is None else key,
        expected=expected,
        nearest=nearest_name(name, valid),
    )


def check_keys(table: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Raise if the table has a key that is not allowed."""
    for key in table:
        if key not in allowed:
            raise unknown("key", str(key), allowed)


def check_table(raw: object, expected: str = "a table") -> dict[str, Any]:
    """The value itself if it is a table."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{raw!r} is not a table", expected=expected)
    return raw


def read_words(raw: object) -> dict[str, str]:
    """A text in every language of the interface: `{ en = "…", nl = "…" }`."""
    words = check_table(raw, 'a text in each language: { en = "…", nl = "…" }')
    check_keys(words, LANGUAGES)
    for language in LANGUAGES:
        word = words.get(language)
        if not isinstance(word, str) or not word.strip():
            raise ConfigError("missing or empty text", key=language, expected="a text that is not empty")
    return dict(words)


def check_number(value: Any, low: float, high: float, unit: str) -> float:
    """A finite number between `low` and `high` (in `unit`), as a float."""
    expected = f"a number from {low:g} to {high:g} (unit {unit})"
    if type(value) not in (float, int) and (isinstance(value, bool) or not isinstance(value, Real)):
        raise ConfigError(f"{value!r} is not a number", expected=expected)
    if not low <= value <= high:
        finite = isinstance(value, int) or math.isfinite(value)
        raise ConfigError(f"{value} is {'out of range' if finite else 'not a finite number'}", expected=expected)
    return float(value)


# --- What can be declared ---------------------------------------------------------------------


class Field:
    """One parameter of a kind of entry; the subclasses say what its values look like.

    A *cell* is the checked value of one entry. With `per`, an entry has one cell for each
    identifier of another table, in a dict; identifiers left out have the `blank`.
    """

    kind: ClassVar[str]
    dtype: ClassVar[type] = float
    unit: str = ""
    blank: Any = 0.0

    def __init__(self, meaning: str, per: str | None = None) -> None:
        self.meaning = meaning
        self.per = per
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.meaning}>"

    def read(self, raw: object, axes: Axes) -> Any:
        """The cell for what stands in the TOML file."""
        return self.admit(raw, axes)

    def admit(self, value: object, axes: Axes) -> Any:
        """The cell for a plain value, as in an override."""
        raise NotImplementedError

    def absent(self) -> Any:
        """The cell when nothing is given; raises if something must be."""
        raise ConfigError("missing", expected=f"a {self.kind}: {self.meaning}")

    def left_out(self) -> Any:
        """The cell of an identifier that a map leaves out."""
        return self.blank

    def plain(self, cell: Any) -> Any:
        """The cell as something that JSON can hold and `admit` takes back."""
        return cell

    def column(self, cells: list[Any], axes: Axes) -> Any:
        """Cells of all entries as a read-only array (n,)."""
        return frozen(np.array(cells, dtype=self.dtype))

    def matrix(self, cells: list[dict[str, Any]], axes: Axes) -> np.ndarray:
        """Cells of all entries as a read-only array (n, length of the axis `per`)."""
        positions = axes[self.per or ""]
        matrix: np.ndarray = np.full((len(cells), len(positions)), self.blank, dtype=self.dtype)
        for row, given in enumerate(cells):
            for identifier, cell in given.items():
                matrix[row, positions[identifier]] = cell
        return frozen(matrix)

    def assemble(self, cells: list[Any], axes: Axes) -> Any:
        """What the model sees of this parameter: one value per entry, or a row per entry."""
        return self.matrix(cells, axes) if self.per else self.column(cells, axes)

    def read_map(self, raw: object, axes: Axes) -> dict[str, Any]:
        """The cells of one entry by identifier of the axis `per`."""
        table, per = check_table(raw, f"a table by {self.per}"), self.per or ""
        cells = {}
        for identifier, item in table.items():
            if identifier not in axes[per]:
                raise unknown(f"entry of {per}", identifier, axes[per])
            try:
                cells[identifier] = self.read(item, axes)
            except ConfigError as error:
                raise error.inside(identifier) from None
        return cells


class Quantity(Field):
    """A number with a unit and an admissible range."""

    kind = "quantity"

    def __init__(
        self, meaning: str, unit: str, low: float, high: float, per: str | None = None, default: float | None = None
    ) -> None:
        super().__init__(meaning, per)
        self.unit, self.low, self.high, self.default = unit, float(low), float(high), default
        self.blank = 0.0 if default is None else float(default)

    def admit(self, value: object, axes: Axes | None = None) -> float:
        """A plain number in the declared unit."""
        return check_number(value, self.low, self.high, self.unit)

    def read(self, raw: object, axes: Axes | None = None) -> float:
        """A number with its evidence: value, unit, plausible range and source."""
        table = _check_evidence(raw, self.unit, _QUANTITY_KEYS, f'{{ value = …, unit = "{self.unit}", … }}')
        value = _inside("value", self.admit, table["value"])
        low, high = _inside("range", self._read_range, table["range"])
        if not low <= value <= high:
            raise ConfigError(f"value {value:g} lies outside its own range", expected=f"{low:g} to {high:g}")
        return value

    def measure(self, raw: object) -> float:
        """A plain number in the declared unit, or a table that states value and unit; evidence is not asked for."""
        if not isinstance(raw, dict):
            return self.admit(raw)
        check_keys(raw, _QUANTITY_KEYS)
        _check_unit(raw, self.unit)
        return _inside("value", self.admit, raw.get("value"))

    def _read_range(self, raw: object) -> tuple[float, float]:
        if not isinstance(raw, list) or len(raw) != 2:
            raise ConfigError(f"{raw!r} is not a range", expected="[lowest, highest]")
        low, high = self.admit(raw[0]), self.admit(raw[1])
        if low > high:
            raise ConfigError(f"{raw!r} runs backwards", expected="[lowest, highest]")
        return low, high

    def absent(self) -> float:
        if self.default is None:
            raise ConfigError("missing", expected=f"a quantity in {self.unit}: {self.meaning}")
        return self.blank


class Flag(Field):
    """Yes or no; no when left out."""

    kind = "flag"
    dtype = bool

    def __init__(self, meaning: str, default: bool = False) -> None:
        super().__init__(meaning)
        self.default = self.blank = default

    def admit(self, value: object, axes: Axes | None = None) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            raise ConfigError(f"{value!r} is neither true nor false", expected="true or false")
        return bool(value)

    def absent(self) -> bool:
        return self.default


class Choice(Field):
    """One of a few words."""

    kind = "choice"
    dtype = str

    def __init__(self, meaning: str, options: tuple[str, ...], default: str | None = None) -> None:
        super().__init__(meaning)
        self.options, self.default = tuple(options), default

    def admit(self, value: object, axes: Axes | None = None) -> str:
        if value not in self.options:
            raise unknown("choice", str(value), self.options, key="")
        return str(value)

    def absent(self) -> str:
        return super().absent() if self.default is None else self.default


class Text(Field):
    """Free text."""

    kind = "text"
    dtype = str

    def __init__(self, meaning: str, default: str | None = None) -> None:
        super().__init__(meaning)
        self.default = default

    def admit(self, value: object, axes: Axes | None = None) -> str:
        if not isinstance(value, str):
            raise ConfigError(f"{value!r} is not a text", expected="a text")
        return value

    def absent(self) -> str:
        return super().absent() if self.default is None else self.default

    def column(self, cells: list[str], axes: Axes) -> tuple[str, ...]:
        return tuple(cells)


class Reference(Field):
    """The identifier of an entry in another table; the model sees its position, or −1."""

    kind = "reference"
    dtype = int
    blank = -1

    def __init__(self, meaning: str, table: str, optional: bool = False, per: str | None = None) -> None:
        super().__init__(meaning, per)
        self.table, self.optional = table, optional

    def admit(self, value: object, axes: Axes) -> str | None:
        if value is None and (self.optional or self.per):
            return None
        if not isinstance(value, str):
            raise ConfigError(f"{value!r} is not a name", expected=f"the name of an entry of {self.table}")
        if value not in axes[self.table]:
            raise unknown(f"entry of {self.table}", value, axes[self.table], key="")
        return value

    def absent(self) -> None:
        if not self.optional:
            super().absent()

    def left_out(self) -> None:
        return None

    def column(self, cells: list[str | None], axes: Axes) -> np.ndarray:
        return super().column([self._position(cell, axes) for cell in cells], axes)

    def matrix(self, cells: list[dict[str, str | None]], axes: Axes) -> np.ndarray:
        rows = [{identifier: self._position(cell, axes) for identifier, cell in row.items()} for row in cells]
        return super().matrix(rows, axes)

    def _position(self, cell: str | None, axes: Axes) -> int:
        return -1 if cell is None else axes[self.table][cell]


class Series(Field):
    """Numbers by year, in rising order of year; the model sees an array (n, 2) of year and value."""

    kind = "series"

    def __init__(self, meaning: str, unit: str, low: float, high: float) -> None:
        super().__init__(meaning)
        self.unit, self.low, self.high = unit, float(low), float(high)

    def admit(self, value: object, axes: Axes | None = None) -> np.ndarray:
        if not isinstance(value, (list, tuple, np.ndarray)):
            raise ConfigError(f"{value!r} is not a series", expected="[[year, value], …]")
        pairs = [self._pair(pair) for pair in value]
        for (earlier, _), (later, _) in pairwise(pairs):
            if later <= earlier:
                raise ConfigError(f"year {later:g} follows {earlier:g}", expected="years in rising order")
        return frozen(np.array(pairs, dtype=float).reshape(-1, 2))

    def _pair(self, pair: Any) -> tuple[float, float]:
        if not isinstance(pair, (list, tuple, np.ndarray)) or len(pair) != 2:
            raise ConfigError(f"{pair!r} is not a pair", expected="[year, value]")
        return check_number(pair[0], 1900, 2300, "yr"), check_number(pair[1], self.low, self.high, self.unit)

    def read(self, raw: object, axes: Axes | None = None) -> np.ndarray:
        table = _check_evidence(raw, self.unit, _SERIES_KEYS, f'{{ unit = "{self.unit}", source = …, values = … }}')
        return _inside("values", self.admit, table["values"])

    def absent(self) -> np.ndarray:
        return frozen(np.empty((0, 2)))

    def plain(self, cell: np.ndarray) -> list[list[float]]:
        return cell.tolist()

    def column(self, cells: list[np.ndarray], axes: Axes) -> tuple[np.ndarray, ...]:
        return tuple(cells)


def quantity(
    meaning: str, unit: str, low: float, high: float, per: str | None = None, default: float | None = None
) -> Quantity:
    """Declare a number in `unit` from `low` to `high`, one per entry or, with `per`, one for each entry of that table.

    Left out, it is the default; without a default that is an error, except with `per`, where it is 0.
    """
    return Quantity(meaning, unit, low, high, per, default)


def flag(meaning: str, default: bool = False) -> Flag:
    """Declare a yes or no."""
    return Flag(meaning, default)


def choice(meaning: str, options: tuple[str, ...], default: str | None = None) -> Choice:
    """Declare one of a few words."""
    return Choice(meaning, options, default)


def reference(meaning: str, table: str, optional: bool = False, per: str | None = None) -> Reference:
    """Declare a reference to an entry of another table."""
    return Reference(meaning, table, optional, per)


def series(meaning: str, unit: str, low: float, high: float) -> Series:
    """Declare numbers by year; left out, it is empty."""
    return Series(meaning, unit, low, high)


def text(meaning: str, default: str | None = None) -> Text:
    """Declare a free text."""
    return Text(meaning, default)


def frozen(array: np.ndarray) -> np.ndarray:
    """The array, made read-only, since configs are shared between models."""
    array.setflags(write=False)
    return array


def _inside(key: str, check: Any, value: object) -> Any:
    """Do a check; an error gets the key of what was checked."""
    try:
        return check(value)
    except ConfigError as error:
        raise error.inside(key) from None


def _check_unit(table: Mapping[str, Any], unit: str) -> None:
    if table.get("unit") != unit:
        raise ConfigError(f"wrong unit {table.get('unit', '(none)')!r}", key="unit", expected=f"'{unit}'")


def _check_evidence(raw: object, unit: str, keys: tuple[str, ...], form: str) -> dict[str, Any]:
    """A table with value, unit and source, of the declared unit and without unknown keys."""
    table = check_table(raw, f"a table with its evidence, {form}")
    check_keys(table, keys)
    for key in keys:
        # A series needs no range: its years show the spread, and nobody varies it as one number.
        if key not in table and key != "assumed" and not (key == "range" and keys is _SERIES_KEYS):
            raise ConfigError("missing", key=key, expected=f"a table with its evidence, {form}")
    _check_unit(table, unit)
    if not isinstance(table["source"], str) or not table["source"].strip():
        raise ConfigError("missing or empty source", key="source", expected="where the value comes from")
    if not isinstance(table.get("assumed", False), bool):
        raise ConfigError(f"{table['assumed']!r} is neither true nor false", key="assumed", expected="true or false")
    return table


class Declaration:
    """Base of the kinds of entries. Subclassing with a place registers the kind:

    - `folder="materials"`: one TOML file per entry, whose identifier is the file's stem;
    - `folder="materials", table="producers"`: tables `[producers.ID]` inside those files, of which
      the model also sees the file they stand in, as the array `main_product`;
    - `file="components", table="components"`: tables `[components.ID]` in `components.toml`;
    - `section="firms"`: the single table `[firms]` of `base.toml`.

    A subclass without a place is the root of a schema of its own, with its own registry. `parts` names
    shares of one whole, which may not add up to more than one.
    """

    registry: ClassVar[dict[str, type[Declaration]]] = {}
    fields: ClassVar[dict[str, Field]]
    name: ClassVar[str]
    folder: ClassVar[str | None]
    file: ClassVar[str | None]
    table: ClassVar[str | None]
    section: ClassVar[str | None]
    parts: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def __init_subclass__(
        cls, folder: str | None = None, file: str | None = None, table: str | None = None, section: str | None = None
    ) -> None:
        super().__init_subclass__()
        place = section or table or folder
        if place is None:
            cls.registry = {}
            return
        cls.name, cls.folder, cls.file, cls.table, cls.section = place, folder, file, table, section
        cls.fields = {name: field for name, field in vars(cls).items() if isinstance(field, Field)}
        if place in cls.registry:
            raise TypeError(f"{cls.__name__}: '{place}' is already declared by {cls.registry[place].__name__}")
        if clash := _RESERVED & set(cls.fields):
            raise TypeError(f"{cls.__name__}: reserved names: {', '.join(sorted(clash))}")
        cls.registry[place] = cls


# --- Reading files ------------------------------------------------------------------------------

_documents: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}


def shown(path: Path) -> str:
    """The path as shown in messages: relative to where the user is, when it lies below."""
    here = str(Path.cwd()) + os.sep
    return str(path).removeprefix(here)


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was last changed and how long it is."""
    try:
        status = path.stat()
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", file=shown(path), expected="a TOML file") from None
    return status.st_mtime_ns, status.st_size


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file, shared between callers until it changes on disk: do not alter it."""
    path = Path(path)
    stamp = _stamp(path)
    if path not in _documents or _documents[path][0] != stamp:
        _documents[path] = (stamp, _parse(path))
    return _documents[path][1]


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", file=shown(path), expected="a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"is not valid TOML: {error}", file=shown(path)) from None


def toml_files(folder: Path) -> list[Path]:
    """The TOML files of a folder in alphabetical order; empty if there is no such folder."""
    return sorted(folder.glob("*.toml"), key=lambda path: path.stem)


def config_folder() -> Path:
    """Where the config lies: `KRINGLOOP_CONFIG`, else the checkout's `config`, else inside the package."""
    chosen = os.environ.get("KRINGLOOP_CONFIG")
    package = Path(__file__).resolve().parent
    if chosen:
        folder, hint = Path(chosen).resolve(), "KRINGLOOP_CONFIG to name a folder"
    elif (package.parent / "pyproject.toml").is_file():
        folder, hint = package.parent / "config", "the folder 'config' beside the package"
    else:
        folder, hint = package / "_config", "the package's own config; install it again"
    if not folder.is_dir():
        raise ConfigError("config folder not found", file=str(folder), expected=hint)
    return folder


# --- The config as the model sees it ------------------------------------------------------------


class Row(NamedTuple):
    """One entry as it stands in its file; `owner` is the file's stem for tables inside a folder's files."""

    identifier: str
    file: Path
    raw: Mapping[str, Any]
    owner: str = ""


class Sheet(NamedTuple):
    """The entries of one declaration with their checked cells: field name → one cell per entry."""

    declared: type[Declaration]
    rows: tuple[Row, ...]
    cells: dict[str, list[Any]]


class Slot(NamedTuple):
    """Where a parameter's path leads: a sheet, an entry, a field and, for a map, an identifier."""

    path: str
    sheet: Sheet
    row: int
    field: Field
    entry: str | None


@dataclass(frozen=True)
class Evidence:
    """What is known of a parameter: see the schema for meaning, unit and admissible range, the file for the rest.

    `range` is the plausible range, None where none is given; `overridden` says that `value` was
    set for this scenario and that range and source are those of the value in the file.
    """

    path: str
    kind: str
    meaning: str
    unit: str
    value: Any
    range: tuple[float, float] | None
    admissible: tuple[Any, ...]
    source: str
    assumed: bool
    file: str
    overridden: bool


class Table:
    """The entries of one kind: `ids`, `titles`, `notes`, and one read-only array per parameter.

    A section is a table without entries, whose parameters are single values.
    """

    name: str
    ids: tuple[str, ...]
    titles: tuple[dict[str, str], ...]
    notes: tuple[dict[str, str], ...]

    def __init__(self, contents: Mapping[str, Any]) -> None:
        self.__dict__.update(contents)

    def __len__(self) -> int:
        return len(self.ids)

    def index(self, identifier: str) -> int:
        """The position of an entry; raises ConfigError with the nearest valid name."""
        try:
            return self.ids.index(identifier)
        except ValueError:
            raise unknown(f"entry of {self.name}", identifier, self.ids) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        valid = nearest_name(name, self.__dict__)
        raise AttributeError(f"'{self.__dict__.get('name')}' has no parameter '{name}'; nearest valid name: '{valid}'")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"config is read-only: cannot set '{self.name}.{name}'; use overrides")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for value in state.values():  # unpickling forgets that arrays were read-only
            for array in value if isinstance(value, tuple) else (value,):
                if isinstance(array, np.ndarray):
                    frozen(array)


class Config:
    """All parameters, checked: `config.materials.price`, `config.firms.markup`, `config.evidence(path)`.

    Immutable and shared; `with_overrides` makes another that differs in a few values.
    """

    def __init__(self, folder: Path, sheets: Mapping[str, Sheet], axes: Axes) -> None:
        self.folder = folder
        self.sheets = dict(sheets)
        self.axes = axes
        self.overrides: dict[str, Any] = {}
        self.tables = {name: _table(sheet, axes) for name, sheet in sheets.items()}

    def __getattr__(self, name: str) -> Any:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"config has no table '{name}'; nearest valid name: '{nearest_name(name, tables)}'")

    def __getstate__(self) -> dict[str, Any]:
        """What is worked out from the tables is left behind: unpickling forgets that arrays were read-only."""
        return {name: vars(self)[name] for name in ("folder", "sheets", "axes", "overrides", "tables")}

    # Paths and evidence

    def evidence(self, path: str) -> Evidence:
        """Meaning, unit, value, ranges and source of the parameter at a path such as `materials.ID.price`."""
        return self._evidence(self.slot(path))

    def parameters(self) -> Iterator[tuple[str, Evidence]]:
        """Path and evidence of every quantity and series that is given a value."""
        for slot in self._slots(given_only=True):
            if isinstance(slot.field, (Quantity, Series)):
                yield slot.path, self._evidence(slot)

    def paths(self) -> Iterator[str]:
        """Every path that can be overridden, including entries of maps that are left out."""
        return (slot.path for slot in self._slots(given_only=False))

    def values(self) -> dict[str, Any]:
        """Every given value by path, as JSON can hold it; `with_overrides` takes it back."""
        return {slot.path: slot.field.plain(_cell(slot)) for slot in self._slots(given_only=True)}

    def _slots(self, given_only: bool) -> Iterator[Slot]:
        for sheet in self.sheets.values():
            for number, row in enumerate(sheet.rows):
                stem = f"{sheet.declared.name}.{row.identifier}" if row.identifier else sheet.declared.name
                for name, field in sheet.declared.fields.items():
                    if field.per is None:
                        yield Slot(f"{stem}.{name}", sheet, number, field, None)
                        continue
                    for entry in sheet.cells[name][number] if given_only else self.axes[field.per]:
                        yield Slot(f"{stem}.{name}.{entry}", sheet, number, field, entry)

    def slot(self, path: str) -> Slot:
        """Where a path leads; raises ConfigError with the nearest valid path."""
        table, *rest = path.split(".")
        sheet, row = self.sheets.get(table), 0
        if sheet and not sheet.declared.section and rest:
            row = self.axes[table].get(rest.pop(0), -1)
        field = sheet.declared.fields.get(rest.pop(0)) if sheet and rest and row >= 0 else None
        entry = rest.pop(0) if field and field.per and rest and rest[0] in self.axes[field.per] else None
        if sheet is None or field is None or rest or (field.per is not None and entry is None):
            raise ConfigError("unknown parameter", key=path, nearest=nearest_name(path, self.paths()))
        return Slot(path, sheet, row, field, entry)

    def _evidence(self, slot: Slot) -> Evidence:
        row, field = slot.sheet.rows[slot.row], slot.field
        raw = row.raw.get(field.name, {})
        if slot.entry is not None:
            raw = raw.get(slot.entry, {})
        known = raw if isinstance(raw, dict) else {}
        plausible = known.get("range")
        return Evidence(
            path=slot.path,
            kind=field.kind,
            meaning=field.meaning,
            unit=field.unit,
            value=field.plain(_cell(slot)),
            range=None if plausible is None else (float(plausible[0]), float(plausible[1])),
            admissible=_admissible(field, self.axes),
            source=known.get("source", ""),
            assumed=known.get("assumed", False),
            file=shown(row.file),
            overridden=slot.path in self.overrides,
        )

    # Overrides

    def with_overrides(self, overrides: Mapping[str, Any]) -> Config:
        """A config that differs in the values at these paths, each in its declared unit and admissible range."""
        changed: dict[str, dict[str, list[Any]]] = {}
        for path, value in overrides.items():
            slot = self.slot(path)
            columns = changed.setdefault(slot.sheet.declared.name, {})
            cells = columns.setdefault(slot.field.name, list(slot.sheet.cells[slot.field.name]))
            cell = _inside(path, lambda plain, slot=slot: slot.field.admit(plain, self.axes), value)
            cells[slot.row] = cell if slot.entry is None else {**cells[slot.row], slot.entry: cell}
        other = self._with_cells(changed)
        other.overrides = {**self.overrides, **overrides}
        check_parts(other, changed)
        check_tree(other)
        return other

    def _with_cells(self, changed: Mapping[str, dict[str, list[Any]]]) -> Config:
        """A config that shares everything but the changed columns."""
        other = object.__new__(Config)
        other.folder, other.axes = self.folder, self.axes
        other.sheets, other.tables = dict(self.sheets), dict(self.tables)
        for name, columns in changed.items():
            sheet = self.sheets[name]
            other.sheets[name] = sheet._replace(cells={**sheet.cells, **columns})
            arrays = {field: _assemble(sheet.declared, field, cells, self.axes) for field, cells in columns.items()}
            other.tables[name] = Table({**vars(self.tables[name]), **arrays})
        return other

    # The tree of jurisdictions

    @cached_property
    def ancestors(self) -> list[list[int]]:
        """For each jurisdiction the positions of itself, its parent, and so on up to the root."""
        parents = self.jurisdictions.parent
        return [self._chain(jurisdiction, parents) for jurisdiction in range(len(parents))]

    def _chain(self, jurisdiction: int, parents: np.ndarray) -> list[int]:
        chain = [jurisdiction]
        while (parent := int(parents[chain[-1]])) >= 0:
            if parent in chain:
                identifier = self.jurisdictions.ids[parent]
                raise ConfigError("is a part of itself", key=f"{JURISDICTIONS}.{identifier}.parent")
            chain.append(parent)
        return chain

    @cached_property
    def leaves(self) -> np.ndarray:
        """Positions (L,) of the domestic jurisdictions without a domestic part; households and firms live there."""
        domestic, parents = self.jurisdictions.domestic, self.jurisdictions.parent
        divided = np.isin(np.arange(len(domestic)), parents[domestic])
        return frozen(np.flatnonzero(domestic & ~divided))

    @cached_property
    def governments(self) -> np.ndarray:
        """Positions (K,) of the jurisdictions with a government of their own."""
        return frozen(np.flatnonzero(self.jurisdictions.government))

    @cached_property
    def active_blocs(self) -> np.ndarray:
        """Positions (B,) in the table of blocs of those that act strategically."""
        return frozen(np.flatnonzero(self.jurisdictions.active[self.blocs.jurisdiction]))


def _cell(slot: Slot) -> Any:
    cell = slot.sheet.cells[slot.field.name][slot.row]
    return cell if slot.entry is None else cell.get(slot.entry, slot.field.left_out())


def _admissible(field: Field, axes: Axes) -> tuple[Any, ...]:
    """The two ends of the range, or the words to choose from."""
    if isinstance(field, (Quantity, Series)):
        return field.low, field.high
    if isinstance(field, Flag):
        return False, True
    if isinstance(field, Choice):
        return field.options
    return tuple(axes[field.table]) if isinstance(field, Reference) else ()


def _assemble(declared: type[Declaration], name: str, cells: list[Any], axes: Axes) -> Any:
    """A column for a table; the single value for a section."""
    field = declared.fields[name]
    column = field.assemble(cells, axes)
    if not declared.section:
        return column
    return column[0].item() if isinstance(column[0], np.generic) else column[0]


def _table(sheet: Sheet, axes: Axes) -> Table:
    """What the model sees of a sheet."""
    declared = sheet.declared
    arrays = {name: _assemble(declared, name, cells, axes) for name, cells in sheet.cells.items()}
    rows = () if declared.section else sheet.rows
    if declared.folder and declared.table:
        owners = axes[declared.folder]
        arrays["main_product"] = frozen(np.array([owners[row.owner] for row in rows], dtype=int))
    return Table(
        {
            "name": declared.name,
            "ids": tuple(row.identifier for row in rows),
            "titles": tuple(row.raw["title"] for row in rows),
            "notes": tuple(row.raw.get("note", {}) for row in rows),
            **arrays,
        }
    )


# --- Loading ------------------------------------------------------------------------------------

_configs: dict[tuple[Any, ...], Config] = {}


def load_config(
    folder: Path | str, overrides: Mapping[str, Any] | None = None, schema: type[Declaration] = Declaration
) -> Config:
    """The config of a folder, checked in full; shared until a file changes.

    `overrides` maps paths such as `firms.markup` to plain values in the declared unit. `schema` is
    the class whose registered declarations say what the folder must hold. Raises ConfigError.
    """
    folder = Path(folder).resolve()
    declarations = list(schema.registry.values())
    stamps = tuple((path, _stamp(path)) for path in _config_files(folder, declarations))
    key = (folder, tuple(declarations), stamps)
    if key not in _configs:
        if len(_configs) >= 16:  # enough for every config in use at once; tests make many
            _configs.clear()
        _configs[key] = _build(folder, schema)
    return _configs[key].with_overrides(overrides) if overrides else _configs[key]


def _config_files(folder: Path, declarations: list[type[Declaration]]) -> list[Path]:
    """All files that the declarations read."""
    paths: dict[Path, None] = {}
    for declared in declarations:
        if declared.folder:
            found = toml_files(folder / declared.folder)
            if not found:
                raise ConfigError("no entries", file=shown(folder / declared.folder), expected="at least one TOML file")
            paths |= dict.fromkeys(found)
        else:
            paths[folder / _file_name(declared)] = None
    return list(paths)


def _file_name(declared: type[Declaration]) -> str:
    return f"{declared.file or 'base'}.toml"


def _build(folder: Path, schema: type[Declaration]) -> Config:
    """Read, check and assemble everything."""
    registry = schema.registry
    for path in _config_files(folder, list(registry.values())):
        _check_document(path, folder, registry)
    rows = {name: _rows(declared, folder) for name, declared in registry.items()}
    axes = {
        name: {row.identifier: position for position, row in enumerate(entries)}
        for name, entries in rows.items()
        if not registry[name].section
    }
    sheets = {name: _sheet(declared, rows[name], axes) for name, declared in registry.items()}
    config = Config(folder, sheets, axes)
    check_parts(config, sheets)
    check_tree(config)
    return config


def _check_document(path: Path, folder: Path, registry: Mapping[str, type[Declaration]]) -> None:
    """Raise if a file has a key at its top that nothing declares."""
    allowed: list[str] = []
    for declared in registry.values():
        in_folder = declared.folder is not None and path.parent == folder / declared.folder
        if in_folder and not declared.table:
            allowed += ["title", "note", *declared.fields]
        elif in_folder or (not declared.folder and path == folder / _file_name(declared)):
            allowed.append(declared.name)
    document = read_toml(path)
    try:
        check_keys(document, allowed)
    except ConfigError as error:
        raise error.inside("" if path.parent == folder else f"{path.parent.name}.{path.stem}", shown(path)) from None


def _rows(declared: type[Declaration], folder: Path) -> tuple[Row, ...]:
    """The entries of one declaration as they stand in their files."""
    if declared.section:
        path = folder / _file_name(declared)
        return (Row("", path, _subtable(path, declared.section)),)
    if not declared.folder:
        path = folder / _file_name(declared)
        return tuple(_named_rows(path, declared.name))
    files = toml_files(folder / declared.folder)
    if not declared.table:
        return tuple(Row(path.stem, path, read_toml(path)) for path in files)
    rows = tuple(row for path in files for row in _named_rows(path, declared.name, path.stem))
    _check_unique(rows, declared.name)
    return rows


def _named_rows(path: Path, table: str, owner: str = "") -> Iterator[Row]:
    for identifier, raw in _subtable(path, table).items():
        try:
            yield Row(identifier, path, check_table(raw, f"a table [{table}.{identifier}]"), owner)
        except ConfigError as error:
            raise error.inside(f"{table}.{identifier}", shown(path)) from None


def _subtable(path: Path, name: str) -> dict[str, Any]:
    try:
        return check_table(read_toml(path).get(name, {}), f"a table [{name}]")
    except ConfigError as error:
        raise error.inside(name, shown(path)) from None


def _check_unique(rows: tuple[Row, ...], table: str) -> None:
    """Entries that stand in several files need names of their own, since paths go by name."""
    seen: dict[str, Row] = {}
    for row in rows:
        if row.identifier in seen:
            raise ConfigError(
                f"also stands in {shown(seen[row.identifier].file)}",
                key=f"{table}.{row.identifier}",
                file=shown(row.file),
                expected="a name of its own",
            )
        seen[row.identifier] = row


def _sheet(declared: type[Declaration], rows: tuple[Row, ...], axes: Axes) -> Sheet:
    """Check every entry of a declaration."""
    cells: dict[str, list[Any]] = {name: [] for name in declared.fields}
    for row in rows:
        try:
            _check_row(declared, row)
            for name, field in declared.fields.items():
                cells[name].append(_read_cell(declared, field, row, axes))
        except ConfigError as error:
            stem = f"{declared.name}.{row.identifier}" if row.identifier else declared.name
            raise error.inside(stem, shown(row.file)) from None
    return Sheet(declared, rows, cells)


def _check_row(declared: type[Declaration], row: Row) -> None:
    """Names and texts of an entry, and that it has no unknown keys."""
    if row.identifier and not _IDENTIFIER.fullmatch(row.identifier):
        raise ConfigError(f"'{row.identifier}' is not a good name", expected="letters, digits, '_' and '-' only")
    if declared.table or declared.section:  # where the entry is a whole file, see _check_document
        check_keys(row.raw, ["title", "note", *declared.fields])
    if "title" in row.raw or not declared.section:
        _inside("title", read_words, row.raw.get("title"))
    if "note" in row.raw:
        _inside("note", read_words, row.raw["note"])


def _read_cell(declared: type[Declaration], field: Field, row: Row, axes: Axes) -> Any:
    """The checked cell of one field of one entry, or what it is when left out."""
    try:
        if field.name in row.raw:
            raw = row.raw[field.name]
            return field.read(raw, axes) if field.per is None else field.read_map(raw, axes)
        if field.per is not None:
            return {}
        if declared.name == JURISDICTIONS and isinstance(field, Quantity):
            return field.blank  # only leaves need them all: see check_tree
        return field.absent()
    except ConfigError as error:
        raise error.inside(field.name) from None


def check_parts(config: Config, tables: Iterable[str]) -> None:
    """Shares of one whole do not exceed it, in the tables named."""
    for sheet in (config.sheets[name] for name in tables):
        for names in sheet.declared.parts:
            for row, shares in zip(sheet.rows, zip(*(sheet.cells[name] for name in names), strict=True), strict=True):
                if sum(shares) > 1.0 + 1e-9:
                    raise ConfigError(
                        f"{' and '.join(names)} add up to {sum(shares):g}",
                        key=f"{sheet.declared.name}.{row.identifier}.{names[-1]}",
                        expected="at most 1 together",
                        file=shown(row.file),
                    )


def check_tree(config: Config) -> None:
    """The jurisdictions form a tree, its leaves are complete, and blocs and their jurisdictions agree."""
    if JURISDICTIONS not in config.tables:
        return
    sheet = config.sheets[JURISDICTIONS]
    try:
        if not config.ancestors:  # finding ancestors raises where a jurisdiction is a part of itself
            raise ConfigError("no entries", key=JURISDICTIONS, expected="at least one jurisdiction")
        _check_leaves(config, sheet)
        if "blocs" in config.tables:
            _check_blocs(config)
    except ConfigError as error:
        raise error.inside(file=shown(config.folder / _file_name(sheet.declared))) from None


def _check_leaves(config: Config, sheet: Sheet) -> None:
    """Where households and firms live, nothing may be left out."""
    for leaf in config.leaves:
        row = sheet.rows[leaf]
        for name, field in sheet.declared.fields.items():
            path = f"{JURISDICTIONS}.{row.identifier}.{name}"
            if isinstance(field, Quantity) and not field.per and name not in row.raw and path not in config.overrides:
                _inside(path, lambda _, field=field: Field.absent(field), None)


def _check_blocs(config: Config) -> None:
    """Each jurisdiction that acts strategically is state-backed and has one entry that says how."""
    jurisdictions, owners = config.jurisdictions, config.blocs.jurisdiction
    for position, identifier in enumerate(jurisdictions.ids):
        entries = int(np.count_nonzero(owners == position))
        if entries > 1:
            raise ConfigError(f"{entries} blocs name '{identifier}'", key="blocs", expected="one bloc per jurisdiction")
        if not jurisdictions.active[position]:
            continue
        key, bloc = f"{JURISDICTIONS}.{identifier}.active", f'a bloc with jurisdiction = "{identifier}"'
        if not jurisdictions.state_backed[position]:
            raise ConfigError("is active without being state-backed", key=key, expected="state_backed = true")
        if not entries:
            raise ConfigError("is active without a bloc", key=key, expected=bloc)


def parse_override(assignment: str) -> tuple[str, Any]:
    """Path and value of `path=value`; the value is read as TOML if it can be, else as a word."""
    path, equals, written = assignment.partition("=")
    if not equals or not path.strip() or not written.strip():
        raise ConfigError("is not an assignment", key=assignment, expected="path.to.parameter=value")
    try:
        value = tomllib.loads(f"value = {written.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = written.strip()
    except ValueError:  # more digits than Python reads
        raise ConfigError("is no number that can be read", key=path.strip(), expected="a shorter value") from None
    return path.strip(), value
