"""Designs: which mixes, shocks and seeds a batch combines, as TOML files of `config/designs`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm.parameters import ConfigError, check_keys, config_folder, read_toml, read_words, shown, toml_files, unknown

_FOLDER = "designs"
_MOST_SEEDS = 100_000
_KEYS = ("title", "summary", "setting", "mixes", "shocks", "seeds")


@dataclass(frozen=True)
class Design:
    """A full factorial design: every mix under every shock scenario on every seed."""

    name: str
    title: dict[str, str]
    summary: dict[str, str]
    setting: str
    mixes: tuple[str, ...]
    shocks: tuple[str, ...]
    seeds: tuple[int, ...]


def files() -> list[Path]:
    """The design files of the config."""
    return toml_files(config_folder() / _FOLDER)


def load_design(name: str) -> Design:
    """A design by name, or by the path of a TOML file. Raises ConfigError."""
    if name.endswith(".toml"):
        return read_design(Path(name))
    paths = {path.stem: path for path in files()}
    if name not in paths:
        raise unknown("design", name, list(paths), key="--design")
    return read_design(paths[name])


def read_design(path: Path) -> Design:
    """The design of a file. Raises ConfigError."""
    raw = read_toml(path)
    try:
        check_keys(raw, _KEYS)
        return Design(
            path.stem,
            title=_at("title", read_words, raw.get("title")),
            summary=_at("summary", read_words, raw.get("summary")),
            setting=str(raw.get("setting", "default")),
            mixes=_at("mixes", _names, raw.get("mixes")),
            shocks=_at("shocks", _names, raw.get("shocks")),
            seeds=_at("seeds", parse_seeds, raw.get("seeds")),
        )
    except ConfigError as error:
        raise error.inside(file=shown(path)) from None


def parse_seeds(written: Any) -> tuple[int, ...]:
    """Seeds from `5` (the first five), `3,8,21`, `1-20`, or a mixture such as `1-5,9`; or a list of numbers.

    Raises ConfigError if it is none of these, or names a seed twice.
    """
    if isinstance(written, list):
        written = ",".join(map(str, written)) + ","
    text = str(written).replace(" ", "")
    try:
        seeds = _listed_seeds(f"1-{text}" if text.isdigit() else text)
    except ValueError:
        seeds = ()
    if not seeds or len(set(seeds)) < len(seeds):
        problem = f"'{written}' names a seed twice" if seeds else f"'{written}' names no seeds"
        raise ConfigError(
            problem, expected="a number of seeds such as 5, a list such as 3,8,21, or a range such as 1-20"
        )
    return seeds


def _listed_seeds(text: str) -> tuple[int, ...]:
    seeds: list[int] = []
    for part in text.removesuffix(",").split(","):
        first, dash, last = part.partition("-")
        span = range(int(first), int(last if dash else first) + 1)
        if len(span) > _MOST_SEEDS:
            raise ConfigError(f"'{part}' is {len(span)} seeds", expected=f"at most {_MOST_SEEDS}")
        seeds += span
    return tuple(seeds)


def _names(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw or not all(isinstance(name, str) for name in raw):
        raise ConfigError(f"{raw!r} is not a list of names", expected="a list of names")
    return tuple(raw)


def _at(key: str, read: Any, raw: Any) -> Any:
    try:
        return read(raw)
    except ConfigError as error:
        raise error.inside(key) from None
