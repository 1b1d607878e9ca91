"""A scenario: the config with its overrides, a mix of policy instruments, and a list of shocks.

A *setting* names the rest and may override parameters; a *mix* lists instruments; a *shock scenario*
lists shocks and may override parameters too. All are TOML files of the config folder, in
`settings`, `mixes` and `shock_scenarios`. Everything is checked here; contradictions raise ConfigError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import abm.schema  # noqa: F401  (its declarations say what the config must hold)
from abm import policies, shocks
from abm.events import month_name
from abm.parameters import (
    Config,
    ConfigError,
    Field,
    Quantity,
    check_keys,
    check_table,
    config_folder,
    load_config,
    quantity,
    read_toml,
    read_words,
    shown,
    toml_files,
    unknown,
)

FOLDERS = {"settings": "setting", "mixes": "mix", "shock_scenarios": "shock scenario"}
"""The folders of files that are chosen by name, and what one such file is called."""

_DATE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_COMMON = {
    "ramp": quantity("Months in which it grows to its full strength", "month", 0, 1200),
    "recovery": quantity("Months in which it fades afterwards", "month", 0, 1200),
    "duration": quantity("Months for which it lasts", "month", 1, 1200),
    "hazard": quantity("Yearly chance that it strikes", "1/yr", 0, 12),
    "cap": quantity("Most that it may cost in a year", "EUR/yr", 0, 1e12),
}

Table = Mapping[str, Any]


@dataclass(frozen=True)
class InstrumentUse:
    """One instrument of a mix: what, where, when and how much.

    Months are counted from the start of the run; `announced` may lie before it, and is `start` when
    not given. `end` is the last month in force, None if it stays. `materials` and `products` are
    identifiers, None meaning all. `cap` is in EUR/yr. `parameters` holds values of the instrument's
    own parameters.
    """

    use: str
    jurisdiction: str
    start: int
    intensity: float
    end: int | None = None
    ramp: int = 0
    announced: int | None = None
    materials: tuple[str, ...] | None = None
    products: tuple[str, ...] | None = None
    cap: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ShockUse:
    """One shock: scripted, with a `start` (month index), or stochastic, with a yearly `hazard`.

    `severity` and `duration` (months, None meaning to the end) are those of a scripted shock and the
    means of a stochastic one. `bloc` is an identifier of the table of blocs; `materials`, `products`
    and `components` are identifiers, None meaning all.
    """

    use: str
    severity: float
    start: int | None = None
    hazard: float | None = None
    duration: int | None = None
    ramp: int = 0
    recovery: int = 0
    materials: tuple[str, ...] | None = None
    products: tuple[str, ...] | None = None
    components: tuple[str, ...] | None = None
    jurisdiction: str | None = None
    bloc: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


Use = InstrumentUse | ShockUse
Uses = str | Path | Table | Iterable[Use | Table]


@dataclass(frozen=True, eq=False)
class Scenario:
    """All that a run depends on, besides its seed.

    `setting`, `mix_name` and `shocks_name` say where it came from; `overrides` is all that differs
    from the config's files. `missing_paths` and `added_paths` are parameters that the config no
    longer has, or has gained, since the description from which the scenario was rebuilt.
    """

    config: Config
    mix: tuple[InstrumentUse, ...]
    shocks: tuple[ShockUse, ...]
    months: int
    households: int
    setting: str
    mix_name: str
    shocks_name: str
    overrides: Table = field(default_factory=dict)
    missing_paths: tuple[str, ...] = ()
    added_paths: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Setting, mix and shocks in one label."""
        return " / ".join((self.setting, self.mix_name or "no mix", self.shocks_name or "no shocks"))

    def describe(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold; `from_description` takes it back."""
        start = self.config.time.start
        return {
            "setting": self.setting,
            "mix_name": self.mix_name,
            "shocks_name": self.shocks_name,
            "months": self.months,
            "households": self.households,
            "overrides": {path: self.config.evidence(path).value for path in self.overrides},
            "mix": [_describe_use(use, start) for use in self.mix],
            "shocks": [_describe_use(use, start) for use in self.shocks],
            "config": self.config.values(),
        }

    @classmethod
    def from_description(cls, description: Table) -> Scenario:
        """The scenario that `describe` described, without the files of its setting, mix and shocks.

        All values are set on the config as it is now. Paths that it no longer has are left out and
        named in `missing_paths`; required parameters that it has gained are named in `added_paths`.
        """
        for key in ("setting", "mix_name", "shocks_name", "overrides", "mix", "shocks", "config"):
            if key not in description:
                raise ConfigError("missing", key=key, expected="the description of a scenario")
        config, missing, added = _restore(check_table(description["config"]))
        mix = _Part(description["mix_name"], [_Listed(raw) for raw in description["mix"]])
        shock_list = _Part(description["shocks_name"], [_Listed(raw) for raw in description["shocks"]])
        overrides = {path: value for path, value in description["overrides"].items() if path not in missing}
        scenario = _assemble(config, mix, shock_list, description["setting"], overrides)
        return replace(scenario, missing_paths=missing, added_paths=added)


def load_scenario(
    setting: str | Path = "default",
    mix: Uses | None = None,
    shocks: Uses | None = None,
    households: int | None = None,
    months: int | None = None,
    overrides: Table | None = None,
) -> Scenario:
    """The scenario of a setting, with another mix, other shocks, or other values where these are given.

    Parameters
    ----------
    setting, mix, shocks
        Names of files in the config folder, or paths of TOML files. Names of mixes and of shocks
        joined by "+" compose. Mix and shocks may also be lists of uses, or of tables as in the files.
    households, months
        Sampled households and horizon: short for overriding `households.number` and `time.months`.
    overrides
        Path of a parameter → plain value in its declared unit. They count most, then those of the
        shocks, then those of the setting.

    Raises
    ------
    ConfigError
        If anything is unknown, out of range or contradictory.
    """
    chosen = _read_setting(setting)
    mix_part = _read_part(chosen.mix if mix is None else mix, "mixes")
    shock_part = _read_part(chosen.shocks if shocks is None else shocks, "shock_scenarios")
    asked = _with_counts(overrides or {}, households, months)
    config = load_config(config_folder())
    merged: dict[str, Any] = {}
    for values, file in ((chosen.overrides, chosen.file), *shock_part.overrides, (asked, "")):
        config = _override(config, values, file)
        merged |= values
    return _assemble(config, mix_part, shock_part, chosen.name, merged)


# --- Files --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A file that is chosen by name: a setting, a mix or a shock scenario."""

    name: str
    path: Path
    title: dict[str, str]
    summary: dict[str, str]


@dataclass(frozen=True)
class _Setting:
    name: str
    file: str
    mix: str
    shocks: str
    overrides: Table


@dataclass(frozen=True)
class _Listed:
    """An instrument or shock as written, with the file and the key where it stands."""

    raw: Any
    file: str = ""
    number: int = 0


@dataclass(frozen=True)
class _Part:
    """A mix or a list of shocks as written, and the overrides that come with it by file."""

    name: str
    uses: Sequence[_Listed]
    overrides: Sequence[tuple[Table, str]] = ()


def catalogue(folder: str) -> dict[str, Entry]:
    """The entries of "settings", "mixes" or "shock_scenarios" by name, in alphabetical order."""
    return {path.stem: _entry(path) for path in toml_files(config_folder() / folder)}


def _entry(path: Path) -> Entry:
    raw = read_toml(path)
    try:
        words = {key: _read_key(raw, key) for key in ("title", "summary") if key in raw}
    except ConfigError as error:
        raise error.inside(file=shown(path)) from None
    return Entry(path.stem, path, words.get("title", {}), words.get("summary", {}))


def _read_key(raw: Table, key: str) -> dict[str, str]:
    try:
        return read_words(raw.get(key))
    except ConfigError as error:
        raise error.inside(key) from None


def _find(name: str | Path, folder: str) -> Path:
    """The file of a name, or the file itself if the name is a path of a TOML file."""
    if str(name).endswith(".toml"):
        return Path(name)
    names = [path.stem for path in toml_files(config_folder() / folder)]
    if name not in names:
        raise unknown(FOLDERS[folder], str(name), names, key="").inside(file=shown(config_folder() / folder))
    return config_folder() / folder / f"{name}.toml"


def _read_setting(name: str | Path) -> _Setting:
    path = _find(name, "settings")
    raw, file = read_toml(path), shown(path)
    try:
        check_keys(raw, ("title", "summary", "mix", "shocks", "months", "households", "set"))
        _read_key(raw, "title")
        for key in ("mix", "shocks"):
            if not isinstance(raw.get(key, ""), str):
                raise ConfigError(f"{raw[key]!r} is not a name", key=key, expected="a name, or names joined by '+'")
        overrides = _with_counts(_flat(raw.get("set", {})), raw.get("households"), raw.get("months"))
    except ConfigError as error:
        raise error.inside(file=file) from None
    return _Setting(path.stem, file, raw.get("mix", ""), raw.get("shocks", ""), overrides)


def _flat(table: object, stem: str = "") -> dict[str, Any]:
    """Tables within tables as paths, since TOML lets one write `firms.markup = 0.3` without quotes."""
    flat: dict[str, Any] = {}
    for key, value in check_table(table, "a table of path = value").items():
        flat |= _flat(value, f"{stem}{key}.") if isinstance(value, dict) else {f"{stem}{key}": value}
    return flat


def _with_counts(overrides: Table, households: int | None, months: int | None) -> dict[str, Any]:
    """The overrides with those that have a keyword of their own."""
    merged = dict(overrides)
    for path, value in (("households.number", households), ("time.months", months)):
        if value is not None and merged.setdefault(path, value) != value:
            raise ConfigError(f"is given as {merged[path]} and as {value}", key=path, expected="one value")
    return merged


def _read_part(chosen: Uses, folder: str) -> _Part:
    """A mix or shocks by name, by path, or as a list in Python."""
    if isinstance(chosen, (str, Path)):
        return _compose([_read_uses(_find(name, folder), folder) for name in _split(chosen)])
    if isinstance(chosen, Mapping):
        raise ConfigError("is a table", key=_list_key(folder), expected="a name, or a list of tables")
    return _Part("custom", [_Listed(raw, "", number) for number, raw in enumerate(chosen)])


def _split(chosen: str | Path) -> list[str | Path]:
    """The names that "+" joins; none at all in an empty string."""
    if isinstance(chosen, Path) or Path(chosen).is_file():
        return [chosen]
    return [name.strip() for name in chosen.split("+")] if chosen else []


def _list_key(folder: str) -> str:
    return "instruments" if folder == "mixes" else "shocks"


def _read_uses(path: Path, folder: str) -> _Part:
    """One file of instruments or shocks."""
    raw, file, key = read_toml(path), shown(path), _list_key(folder)
    try:
        check_keys(raw, ("title", "summary", key, *(["set"] if folder == "shock_scenarios" else [])))
        _read_key(raw, "title")
        _read_key(raw, "summary")
        listed = raw.get(key, [])
        if not isinstance(listed, list):
            raise ConfigError(f"{listed!r} is not a list", key=key, expected=f"tables [[{key}]]")
        overrides = _flat(raw.get("set", {}))
    except ConfigError as error:
        raise error.inside(file=file) from None
    return _Part(path.stem, [_Listed(use, file, number) for number, use in enumerate(listed)], [(overrides, file)])


def _compose(parts: Sequence[_Part]) -> _Part:
    """Parts one after another; they may not set one parameter to different values."""
    values: dict[str, Any] = {}
    for overrides, file in (pair for part in parts for pair in part.overrides):
        for path, value in overrides.items():
            if values.setdefault(path, value) != value:
                raise ConfigError(f"is set to {values[path]} elsewhere", key=path, expected="one value", file=file)
    return _Part(
        "+".join(part.name for part in parts),
        [use for part in parts for use in part.uses],
        [pair for part in parts for pair in part.overrides],
    )


def _override(config: Config, values: Table, file: str) -> Config:
    if not values:
        return config
    try:
        return config.with_overrides(values)
    except ConfigError as error:
        raise error.inside(file=file) from None


def _restore(values: Table) -> tuple[Config, tuple[str, ...], tuple[str, ...]]:
    """The config with these values and no others, the paths that it lacks, and those that it has beyond them."""
    base = load_config(config_folder())
    known, present = set(base.paths()), base.values()
    missing = tuple(path for path in values if path not in known)
    beyond = [base.slot(path) for path in present if path not in values]
    left_out = {slot.path: slot.field.left_out() for slot in beyond if slot.entry is not None}
    given = {path: value for path, value in values.items() if path in known and present.get(path) != value}
    return (
        base.with_overrides({**given, **left_out}),
        missing,
        tuple(slot.path for slot in beyond if slot.entry is None),
    )


# --- Uses ---------------------------------------------------------------------------------------


def _assemble(config: Config, mix: _Part, shock_list: _Part, setting: str, overrides: Table) -> Scenario:
    """Check instruments and shocks against the config and put everything together."""
    reader = _UseReader(config)
    return Scenario(
        config=config,
        mix=reader.read_all(mix, InstrumentUse),
        shocks=reader.read_all(shock_list, ShockUse),
        months=reader.months,
        households=_whole(config, "households.number"),
        setting=setting,
        mix_name=mix.name,
        shocks_name=shock_list.name,
        overrides=dict(overrides),
    )


def _whole(config: Config, path: str) -> int:
    value = config.evidence(path).value
    if value != int(value):
        raise ConfigError(f"{value} is not a whole number", key=path, expected="a whole number")
    return int(value)


class _UseReader:
    """Reads instruments and shocks as written, against one config."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.start = _whole(config, "time.start")
        self.months = _whole(config, "time.months")
        # A run may be cut short: what starts after it, yet within the usual horizon, is not a mistake.
        self.horizon = max(self.months, _whole(load_config(config_folder()), "time.months"))

    def read_all(self, part: _Part, kind: type[Any]) -> tuple[Any, ...]:
        """All uses of a part, none of them twice.

        What several files share, such as adopted law, counts once; within one file or list it is a mistake.
        """
        key = "instruments" if kind is InstrumentUse else "shocks"
        read: list[Any] = []
        files: list[str] = []
        for number, listed in enumerate(part.uses):
            try:
                use = self._read(_as_table(listed.raw, kind), kind)
                if use in read and files[read.index(use)] != listed.file:
                    continue
                if use in read:
                    raise ConfigError(
                        f"is the same as {key}[{read.index(use)}] in every respect", expected="one of them"
                    )
            except ConfigError as error:
                raise error.inside(f"{key}[{listed.number if listed.file else number}]", listed.file) from None
            read.append(use)
            files.append(listed.file)
        return tuple(read)

    def _read(self, raw: Table, kind: type[Any]) -> Any:
        registry: Mapping[str, Any] = policies.registry() if kind is InstrumentUse else shocks.registry()
        noun = "instrument" if kind is InstrumentUse else "shock"
        if not isinstance(raw.get("use"), str):
            raise ConfigError("missing", key="use", expected=f"one {noun} by name")
        if raw["use"] not in registry:
            raise unknown(noun, raw["use"], registry, key="use")
        declared = registry[raw["use"]]
        own = [member.name for member in fields(kind) if member.name != "parameters"]
        check_keys(raw, [*own, *declared.parameters])
        values = {name: self._value(name, raw[name], declared) for name in own if name in raw}
        values["parameters"] = _parameters(raw, declared)
        return self._instrument(values, declared) if kind is InstrumentUse else self._shock(values, declared)

    def _value(self, name: str, written: Any, declared: Any) -> Any:
        """One value of a use, checked by itself."""
        try:
            if name in ("start", "end", "announced"):
                return self._month(written)
            if name in ("materials", "products", "components"):
                return _scope(written, name, self.config)
            if name in ("jurisdiction", "bloc"):
                return _identifier(written, "blocs" if name == "bloc" else "jurisdictions", self.config)
            if name in ("intensity", "severity"):
                return _measure(getattr(declared, name), written)
            if name in _COMMON:
                return _measure(_COMMON[name], written, whole=_COMMON[name].unit == "month")
        except ConfigError as error:
            raise error.inside(name) from None
        return written

    def _month(self, written: Any) -> int:
        """A date "YYYY-MM" as a month index; in Python also the index itself."""
        if isinstance(written, int) and not isinstance(written, bool):
            return written
        date = _DATE.fullmatch(written) if isinstance(written, str) else None
        if date is None:
            raise ConfigError(f"{written!r} is not a month", expected='a month such as "2027-01"')
        return (int(date[1]) - self.start) * 12 + int(date[2]) - 1

    def _instrument(self, values: dict[str, Any], declared: Any) -> InstrumentUse:
        _require(values, "jurisdiction", "the jurisdiction that uses it")
        _require(values, "start", 'the month in which it starts, such as "2027-01"')
        values.setdefault("intensity", _default(declared.intensity, "intensity"))
        values.setdefault("announced", values["start"])
        use = InstrumentUse(**values)
        self._check_start(use.start)
        if use.end is not None and use.end < use.start:
            raise ConfigError(f"{self._name(use.end)} lies before the start, {self._name(use.start)}", key="end")
        if use.announced is not None and use.announced > use.start:
            raise ConfigError(
                f"{self._name(use.announced)} lies after the start, {self._name(use.start)}", key="announced"
            )
        declared(use, self.config)  # raises if its government may not use it, or not in this form
        return use

    def _shock(self, values: dict[str, Any], declared: Any) -> ShockUse:
        values.setdefault("severity", _default(declared.severity, "severity"))
        use = ShockUse(**values)
        if use.start is not None:
            self._check_start(use.start)
        declared(use, self.config)  # raises if it cannot strike in this form
        return use

    def _check_start(self, start: int) -> None:
        if not 0 <= start < self.horizon:
            expected = f"a month from {self._name(0)} to {self._name(self.horizon - 1)}"
            raise ConfigError(f"{self._name(start)} lies outside the horizon", key="start", expected=expected)

    def _name(self, month: int) -> str:
        return month_name(month, self.start)


def _as_table(raw: Any, kind: type[Any]) -> Table:
    """A use in the form in which it is written, without what is None."""
    if isinstance(raw, kind):
        own = [member.name for member in fields(kind) if member.name != "parameters"]
        raw = {name: getattr(raw, name) for name in own} | dict(raw.parameters)
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{raw!r} is not a table", expected="a table with use, start and so on")
    return {name: value for name, value in raw.items() if value is not None}


def _require(values: Table, key: str, expected: str) -> None:
    if key not in values:
        raise ConfigError("missing", key=key, expected=expected)


def _default(declared: Field, key: str) -> Any:
    try:
        return declared.absent()
    except ConfigError as error:
        raise error.inside(key) from None


def _measure(declared: Field, written: Any, whole: bool = False) -> Any:
    """A value as declared; quantities may be written with or without their unit."""
    if not isinstance(declared, Quantity):
        return declared.admit(written, {})
    value = declared.measure(written)
    if whole and value != int(value):
        raise ConfigError(f"{value} is not a whole number", expected="a whole number of months")
    return int(value) if whole else value


def _parameters(raw: Table, declared: Any) -> dict[str, Any]:
    """Values of the instrument's or shock's own parameters, with defaults where left out."""
    values = {}
    for name, parameter in declared.parameters.items():
        try:
            values[name] = _measure(parameter, raw[name]) if name in raw else parameter.absent()
        except ConfigError as error:
            raise error.inside(name) from None
    return values


def _identifier(written: Any, table: str, config: Config) -> str:
    if written not in getattr(config, table).ids:
        raise unknown(f"entry of {table}", str(written), getattr(config, table).ids, key="")
    return str(written)


def _scope(written: Any, table: str, config: Config) -> tuple[str, ...]:
    """A list of identifiers, none of them twice."""
    if not isinstance(written, (list, tuple)) or not written:
        raise ConfigError(f"{written!r} names no {table}", expected=f"a list of {table}; leave it out for all")
    scope = tuple(_identifier(item, table, config) for item in written)
    if len(set(scope)) < len(scope):
        raise ConfigError("names an entry twice", expected="each entry once")
    return scope


def _describe_use(use: Use, start_year: float) -> dict[str, Any]:
    """A use as it could be written in a file."""
    description = {}
    for key, value in _as_table(use, type(use)).items():
        if key in ("start", "end", "announced"):
            value = month_name(value, start_year)
        description[key] = list(value) if isinstance(value, tuple) else value
    return description
