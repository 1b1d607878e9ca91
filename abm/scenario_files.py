"""Files that are chosen by name: settings, mixes and shock scenarios, and how mixes are put together.

A mix lists instruments. It may include other mixes, and say in its programme what becomes of all its instruments;
what is standing law or present practice (`standing = true`) is left out of that. Names joined by "+" compose, and
"@" after a name moves a mix to another government.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from abm.parameters import (
    ConfigError,
    check_keys,
    check_table,
    config_folder,
    read_toml,
    read_words,
    shown,
    toml_files,
    unknown,
)

Table = Mapping[str, Any]
FOLDERS = {"settings": "setting", "mixes": "mix", "shock_scenarios": "shock scenario"}
"""The folders of files that are chosen by name, and what one such file is called."""
PROGRAMME = ("withdrawn", "reversal", "pause", "retroactive", "rules")
"""What a mix can say of all its instruments at once, in its table `programme`."""


@dataclass(frozen=True)
class Entry:
    """A file that is chosen by name: a setting, a mix or a shock scenario."""

    name: str
    path: Path
    title: dict[str, str]
    summary: dict[str, str]


@dataclass(frozen=True)
class Setting:
    name: str
    file: str
    mix: str
    shocks: str
    overrides: Table


@dataclass(frozen=True)
class Listed:
    """An instrument or shock as written, with the file and the key where it stands."""

    raw: Any
    file: str = ""
    number: int = 0
    standing: bool = False  # law in force and present practice, which no programme changes
    place: str = ""  # the jurisdiction to which it is moved, if any

    def under(self, programme: Table) -> Listed:
        """The same with what a programme says of all its instruments; what it says itself counts most."""
        if self.standing or not programme or not isinstance(self.raw, Mapping):
            return self
        return replace(self, raw={**programme, **self.raw})


@dataclass(frozen=True)
class Part:
    """A mix or a list of shocks as written, and the overrides that come with it by file."""

    name: str
    uses: Sequence[Listed]
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


def read_setting(name: str | Path) -> Setting:
    path = _find(name, "settings")
    raw, file = read_toml(path), shown(path)
    try:
        check_keys(raw, ("title", "summary", "mix", "shocks", "months", "households", "set"))
        _read_key(raw, "title")
        for key in ("mix", "shocks"):
            if not isinstance(raw.get(key, ""), str):
                raise ConfigError(f"{raw[key]!r} is not a name", key=key, expected="a name, or names joined by '+'")
        overrides = with_counts(_flat(raw.get("set", {})), raw.get("households"), raw.get("months"))
    except ConfigError as error:
        raise error.inside(file=file) from None
    return Setting(path.stem, file, raw.get("mix", ""), raw.get("shocks", ""), overrides)


def _flat(table: object, stem: str = "") -> dict[str, Any]:
    """Tables within tables as paths, since TOML lets one write `firms.markup = 0.3` without quotes."""
    flat: dict[str, Any] = {}
    for key, value in check_table(table, "a table of path = value").items():
        flat |= _flat(value, f"{stem}{key}.") if isinstance(value, dict) else {f"{stem}{key}": value}
    return flat


def with_counts(overrides: Table, households: int | None, months: int | None) -> dict[str, Any]:
    """The overrides with those that have a keyword of their own."""
    merged = dict(overrides)
    for path, value in (("households.number", households), ("time.months", months)):
        if value is not None and merged.setdefault(path, value) != value:
            raise ConfigError(f"is given as {merged[path]} and as {value}", key=path, expected="one value")
    return merged


def read_part(chosen: str | Path | Table | Iterable[Any], folder: str) -> Part:
    """A mix or shocks by name, by path, or as a list in Python."""
    if isinstance(chosen, (str, Path)):
        return _compose([_read_named(name, folder) for name in _split(chosen)])
    if isinstance(chosen, Mapping):
        raise ConfigError("is a table", key=_list_key(folder), expected="a name, or a list of tables")
    return Part("custom", [Listed(raw, "", number) for number, raw in enumerate(chosen)])


def _split(chosen: str | Path) -> list[str | Path]:
    """The names that "+" joins; none at all in an empty string."""
    if isinstance(chosen, Path) or Path(chosen).is_file():
        return [chosen]
    names = [name.strip() for name in chosen.split("+")] if chosen else []
    if len(set(names)) < len(names):
        raise ConfigError(f"'{chosen}' names a file twice", expected="each name once")
    return [*names]


def _read_named(name: str | Path, folder: str, within: tuple[Path, ...] = ()) -> Part:
    """A file by name or path; a mix may be moved to a jurisdiction by "@" and its identifier."""
    place = ""
    if folder == "mixes" and isinstance(name, str) and "@" in name and not Path(name).is_file():
        name, _, place = name.rpartition("@")
    part = _read_uses(_find(name, folder), folder, within)
    if not place:
        return part
    moved = [use if use.standing else replace(use, place=use.place or place) for use in part.uses]
    return replace(part, name=f"{part.name}@{place}", uses=moved)


def _list_key(folder: str) -> str:
    return "instruments" if folder == "mixes" else "shocks"


def _read_uses(path: Path, folder: str, within: tuple[Path, ...] = ()) -> Part:
    """One file of instruments or shocks; `within` are the mixes by which it is included."""
    raw, file = read_toml(path), shown(path)
    try:
        if path.resolve() in within:
            raise ConfigError("includes itself", key="includes")
        listed = _listed(raw, folder, file)
        overrides = _flat(raw.get("set", {}))
        included = _included(raw, path, within)
        programme = _programme(raw)
    except ConfigError as error:
        raise error.inside(file=file) from None
    uses = [use.under(programme) for part in included for use in part.uses]
    return Part(path.stem, [*uses, *(use.under(programme) for use in listed)], [(overrides, file)])


def _listed(raw: Table, folder: str, file: str) -> list[Listed]:
    """The uses that a file lists, as they are written."""
    key = _list_key(folder)
    further = ("set",) if folder == "shock_scenarios" else ("includes", "programme", "standing")
    check_keys(raw, ("title", "summary", key, *further))
    _read_key(raw, "title")
    _read_key(raw, "summary")
    listed, standing = raw.get(key, []), raw.get("standing", False)
    if not isinstance(listed, list):
        raise ConfigError(f"{listed!r} is not a list", key=key, expected=f"tables [[{key}]]")
    if not isinstance(standing, bool):
        raise ConfigError(f"{standing!r} is neither true nor false", key="standing")
    return [Listed(use, file, number, standing) for number, use in enumerate(listed)]


def _included(raw: Table, path: Path, within: tuple[Path, ...]) -> list[Part]:
    """The mixes that a mix includes."""
    names = raw.get("includes", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{names!r} is not a list of names", key="includes", expected="names of mixes")
    try:
        return [_read_named(_beside(name, path), "mixes", (*within, path.resolve())) for name in names]
    except ConfigError as error:
        error.problem += f" (included by {shown(path)})"
        raise error.inside("" if error.file else "includes") from None


def _beside(name: str, path: Path) -> str:
    """A file that a mix includes lies beside it, unless it is named by a whole path or by its name alone."""
    return str(path.parent / name) if ".toml" in name else name


def _programme(raw: Table) -> Table:
    """What a mix says of all its instruments, those that it includes too."""
    programme = check_table(raw.get("programme", {}), "a table of what holds for all instruments")
    try:
        check_keys(programme, PROGRAMME)
    except ConfigError as error:
        raise error.inside("programme") from None
    return programme


def _compose(parts: Sequence[Part]) -> Part:
    """Parts one after another; they may not set one parameter to different values."""
    values: dict[str, Any] = {}
    for overrides, file in (pair for part in parts for pair in part.overrides):
        for path, value in overrides.items():
            if values.setdefault(path, value) != value:
                raise ConfigError(f"is set to {values[path]} elsewhere", key=path, expected="one value", file=file)
    return Part(
        "+".join(part.name for part in parts),
        [use for part in parts for use in part.uses],
        [pair for part in parts for pair in part.overrides],
    )
