"""Mixes between a base and a mix: what one has beyond the other, as players, and every combination of them as a mix.

A player is one or more pairs of instrument and government of which the two have different uses. Present, its uses are
exactly those of the mix; absent, exactly those of the base, standing law included. What both have alike is in every
sub-mix. Sub-mixes are ordinary files of mixes, so that their runs can be repeated and read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm import policies
from abm.parameters import ConfigError, read_toml, shown, unknown
from abm.scenario import InstrumentUse, Scenario
from abm.uses import describe_use
from experiments.wording import PHASES, titles_of_labels

Key = tuple[str, str]
"""Instrument and government."""
BY = ("use", "instrument", "government", "phase")
LANGUAGES = ("en", "nl")
_STEM = "with_"
_NONE = {"en": "none", "nl": "geen"}
_SUMMARY = {"en": "{0} with these as in {1}: {2}.", "nl": "{0} met deze zoals in {1}: {2}."}
_WITHDRAWN = {"en": "withdrawn", "nl": "ingetrokken"}


@dataclass(frozen=True)
class Player:
    """Instruments that come and go together: name, title by language, and whose uses they are."""

    name: str
    title: Mapping[str, str]
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class SubMixes:
    """All mixes between a base and a mix; `names` are those of the two."""

    names: tuple[str, str]
    base: tuple[InstrumentUse, ...]
    mix: tuple[InstrumentUse, ...]
    players: tuple[Player, ...]
    start: float  # year in which runs start

    def uses(self, coalition: int) -> list[InstrumentUse]:
        """The sub-mix in which the players of a coalition (bit i: player i) are present.

        First what comes from the mix in its order, then what comes from the base. Order matters among uses of one
        instrument by one government only, which come from one of the two.
        """
        present = {key for number, player in enumerate(self.players) if coalition >> number & 1 for key in player.keys}
        absent = {key for player in self.players for key in player.keys} - present
        taken = [use for use in self.mix if key_of(use) not in absent]
        return taken + [use for use in self.base if key_of(use) in absent]

    def stem(self, coalition: int) -> str:
        """Name of a sub-mix: one figure per player in their order, 1 if it is present."""
        return _STEM + "".join(str(coalition >> number & 1) for number in range(len(self.players)))

    def coalition(self, mix: str) -> int:
        """The coalition of a sub-mix by name or path of its file."""
        figures = Path(mix).stem.removeprefix(_STEM)
        return sum(1 << number for number, figure in enumerate(figures) if figure == "1")

    def text(self, coalition: int) -> str:
        """A sub-mix as a file."""
        present = [player for number, player in enumerate(self.players) if coalition >> number & 1]
        titles = {lang: "; ".join(player.title[lang] for player in present) or _NONE[lang] for lang in LANGUAGES}
        words = {lang: _SUMMARY[lang].format(*self.names, titles[lang]) for lang in LANGUAGES}
        lines = [f"title = {_written(dict.fromkeys(LANGUAGES, self.stem(coalition)))}", f"summary = {_written(words)}"]
        for use in self.uses(coalition):
            lines += ["", "[[instruments]]"]
            lines += [f"{key} = {_written(value)}" for key, value in describe_use(use, self.start).items()]
        return "\n".join(lines) + "\n"

    def write(self, coalitions: Iterable[int], folder: Path) -> dict[int, Path]:
        """Write sub-mixes into a folder; the file of each."""
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        for coalition in coalitions:
            files[coalition] = folder / f"{self.stem(coalition)}.toml"
            files[coalition].write_text(self.text(coalition), encoding="utf-8")
        return files


def key_of(use: InstrumentUse) -> Key:
    """Instrument and government of a use."""
    return use.use, use.jurisdiction


def between(
    base: Scenario, mix: Scenario, by: str = "use", groups: Mapping[str, Sequence[str]] | None = None
) -> SubMixes:
    """The mixes between those of two scenarios.

    `by` merges the players: "use" (of an instrument by a government), "instrument", "government" or "phase" of the
    chain. `groups` then takes what it names (`instrument` or `instrument@government`) out of these and together.

    Raises
    ------
    ConfigError
        If the mixes do not differ, or a group names what does not differ, or names it twice.
    """
    if by not in BY:
        raise unknown("way of merging", by, BY, key="--by")
    keys = differing(base.mix, mix.mix)
    if not keys:
        raise ConfigError(f"'{mix.mix_name}' has the same instruments as '{base.mix_name}'", key="--mix")
    grouped = {name: _members(name, members, keys) for name, members in (groups or {}).items()}
    _check_once(grouped)
    merged: dict[str, list[Key]] = {}
    for key in keys:
        if not any(key in members for members in grouped.values()):
            merged.setdefault(_name(key, by), []).append(key)
    gone = {key for key in keys if not _of(mix.mix, key)}
    players = [Player(name, _titles(name, by, gone >= set(own)), tuple(own)) for name, own in merged.items()]
    players += [Player(name, dict.fromkeys(LANGUAGES, name), members) for name, members in grouped.items()]
    if len({player.name for player in players}) < len(players):
        raise ConfigError("has the name of an instrument that is on its own", key="--groups", expected="another name")
    names = base.mix_name or "no mix", mix.mix_name
    return SubMixes(names, base.mix, mix.mix, tuple(players), base.config.time.start)


def differing(base: Sequence[InstrumentUse], mix: Sequence[InstrumentUse]) -> list[Key]:
    """Instruments and governments of which two mixes have different uses, in the order of the mix, then of the base."""
    keys = dict.fromkeys(map(key_of, [*mix, *base]))
    return [key for key in keys if _of(base, key) != _of(mix, key)]


def _of(uses: Sequence[InstrumentUse], key: Key) -> list[InstrumentUse]:
    return [use for use in uses if key_of(use) == key]


def _name(key: Key, by: str) -> str:
    instrument, government = key
    named = {"use": "@".join(key), "instrument": instrument, "government": government}
    return named[by] if by in named else str(policies.registry()[instrument].phase)


def _titles(name: str, by: str, gone: bool) -> dict[str, str]:
    """What a player is called; one that only takes away what the base has says so."""
    if by == "phase":
        titles = PHASES[name]
    else:
        titles = {language: titles_of_labels(f"[{name}]", language)[0] for language in LANGUAGES}
    return {language: f"{title} ({_WITHDRAWN[language]})" if gone else title for language, title in titles.items()}


# --- Groups ---------------------------------------------------------------------------------------


def read_groups(written: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Groups from `name=one+other`, or from TOML files of `name = ["one", "other"]`. Raises ConfigError."""
    found: dict[str, tuple[str, ...]] = {}
    for text in written:
        for name, members in _groups_of(text).items():
            if name in found:
                raise ConfigError("is given twice", key=f"--groups {name}", expected="each group once")
            found[name] = members
    return found


def _groups_of(text: str) -> dict[str, tuple[str, ...]]:
    if text.endswith(".toml"):
        return {name: _listed(name, members, Path(text)) for name, members in read_toml(Path(text)).items()}
    name, equals, members = text.partition("=")
    if not (name.strip() and equals and members.strip()):
        raise ConfigError(
            f"'{text}' is no group", key="--groups", expected="name=instrument+instrument, or a TOML file"
        )
    return {name.strip(): tuple(member.strip() for member in members.split("+"))}


def _listed(name: str, members: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(members, list) or not members or not all(isinstance(member, str) for member in members):
        raise ConfigError("is no list of instruments", key=name, file=shown(path), expected=f'{name} = ["…", "…"]')
    return tuple(members)


def _members(name: str, written: Sequence[str], keys: Sequence[Key]) -> tuple[Key, ...]:
    """Instruments and governments that a group names."""
    found: dict[Key, None] = {}
    for member in written:
        meant = [key for key in keys if member in (key[0], "@".join(key))]
        if not meant:
            known = list(dict.fromkeys([key[0] for key in keys] + ["@".join(key) for key in keys]))
            raise unknown("instrument in which the mix differs from the base", member, known, key=f"--groups {name}")
        found |= dict.fromkeys(meant)
    return tuple(found)


def _check_once(grouped: Mapping[str, Sequence[Key]]) -> None:
    owner: dict[Key, str] = {}
    for name, members in grouped.items():
        for key in members:
            if owner.setdefault(key, name) != name:
                raise ConfigError(f"'{'@'.join(key)}' is in '{owner[key]}' as well", key=f"--groups {name}")


# --- As TOML --------------------------------------------------------------------------------------


def _written(value: Any) -> str:
    """A plain value as TOML writes it; a string of JSON is one of TOML too."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_written(part)}" for key, part in value.items() if part is not None)
        return f"{{ {inside} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else repr(value)
