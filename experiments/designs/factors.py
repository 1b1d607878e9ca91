"""Factors: what a sample varies - parameters, levers, mixes and shock scenarios - and over which range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from abm import load_scenario
from abm.parameters import Config, ConfigError, Quantity, check_keys, check_table, unknown
from experiments.levers import governments, is_lever, read_lever, suggested

CHOICES = ("mix", "shocks")
SCALES = ("linear", "log", "share")
_KEYS = ("low", "high", "levels", "scale")


@dataclass(frozen=True)
class Factor:
    """One thing that is varied.

    Attributes
    ----------
    name
        `mix`, `shocks`, the path of a parameter (`firms.markup`), or a lever (`price_floor@eu`). A path with `*`
        moves all parameters that match together: its value, from 0 to 1, is the place of each in its own plausible
        range.
    kind
        "choice", "parameter", "parameters" or "lever".
    low, high
        Ends of the range, in the unit of the parameter or lever; of a choice 0 and the number of levels.
    levels
        The values it can take if they are listed, else empty.
    scale
        "linear"; "log" if equal ratios count the same; "share" if a lever's values are multiples of what the mix has.
    unit, meaning
        As declared, for axes and tables.
    """

    name: str
    kind: str
    low: float
    high: float
    levels: tuple[Any, ...] = ()
    scale: str = "linear"
    unit: str = ""
    meaning: str = ""

    def describe(self) -> dict[str, Any]:
        """As a design declares it."""
        ends = {"levels": list(self.levels)} if self.levels else {"low": self.low, "high": self.high}
        return {**ends, "scale": self.scale}

    def value(self, place: float) -> Any:
        """The value at a place from 0 to 1 of its range, or the level there."""
        if self.levels:
            return self.levels[min(int(place * len(self.levels)), len(self.levels) - 1)]
        if self.scale == "log":
            return math.exp(math.log(self.low) + place * (math.log(self.high) - math.log(self.low)))
        return self.low + place * (self.high - self.low)

    def steps(self, number: int) -> tuple[Any, ...]:
        """Its levels, or as many values spread evenly over its range."""
        return self.levels or tuple(self.value(step / max(number - 1, 1)) for step in range(number))

    def assignments(self, value: Any) -> tuple[str, ...]:
        """What `Selection.assignments` or `Selection.levers` must hold for a value."""
        if self.kind == "parameters":
            return tuple(f"{path}={_written(low + value * (high - low))}" for path, low, high in _matching(self.name))
        times = "x" if self.scale == "share" else ""
        return (f"{self.name}={times}{_written(value)}",)


def read_factor(name: str, raw: object) -> Factor:
    """A factor as a design declares it: `{}` for the declared range, or `low`, `high`, `scale`, or `levels`.

    Raises ConfigError.
    """
    try:
        table = check_table(raw, "a table such as {}, { low = 0.1, high = 0.3 } or { levels = [1, 2] }")
        check_keys(table, _KEYS)
        factor = _bare(name)
        if "levels" in table:
            return _with_levels(factor, table)
        return _with_range(factor, table)
    except ConfigError as error:
        error.key = "" if error.key == name else error.key
        raise error.inside(f'"{name}"') from None


def factor_of(name: str, values: Sequence[Any], scale: str = "linear") -> Factor:
    """The factor of a column whose values are listed. Raises ConfigError."""
    return _with_levels(_bare(name), {"levels": list(dict.fromkeys(values)), "scale": scale})


def moved_by(name: str) -> list[str]:
    """What a name sets: the parameters of a family, an instrument of each government that a lever moves, or itself."""
    if name in CHOICES:
        return [name]
    if "*" in name:
        return [path for path, _, _ in _matching(name)]
    if not is_lever(name):
        return [name]
    lever = read_lever(name)
    users = [lever.government] if lever.government else governments(lever.declared.level)
    return [f"{lever.instrument}@{government}" for government in users]


def _bare(name: str) -> Factor:
    """The factor with the range that is declared; NaN where none is."""
    if name in CHOICES:
        return Factor(name, "choice", math.nan, math.nan)
    if is_lever(name) and "*" not in name:
        lever = read_lever(name)
        declared = lever.declared
        return Factor(
            name, "lever", 0.0, suggested(declared), unit=declared.intensity.unit, meaning=declared.title["en"]
        )
    if "*" in name:
        if not _matching(name):
            raise ConfigError("matches no parameter with a plausible range", key=name)
        return Factor(name, "parameters", 0.0, 1.0, unit="place in the plausible range", meaning=_meaning(name))
    evidence = _config().evidence(name)
    if not isinstance(_config().slot(name).field, Quantity):
        raise ConfigError(f"is a {evidence.kind}", key=name, expected="a quantity, or another column for each")
    low, high = evidence.range or (math.nan, math.nan)
    return Factor(name, "parameter", low, high, unit=evidence.unit, meaning=evidence.meaning)


def _with_levels(factor: Factor, table: Mapping[str, Any]) -> Factor:
    if "low" in table or "high" in table:
        raise ConfigError("has levels and a range", expected="one of them")
    levels = table["levels"]
    if not isinstance(levels, list) or not levels or len(set(map(str, levels))) < len(levels):
        raise ConfigError(f"{levels!r} is not a list of different levels", key="levels", expected="a list")
    if factor.kind == "choice":
        if not all(isinstance(level, str) for level in levels):
            raise ConfigError(f"{levels!r} is not a list of names", key="levels", expected="names of mixes or shocks")
        return _replaced(factor, table, 0.0, float(len(levels)), tuple(levels))
    numbers = [_admitted(factor, level, "levels") for level in levels]
    return _replaced(factor, table, min(numbers), max(numbers), tuple(numbers))


def _with_range(factor: Factor, table: Mapping[str, Any]) -> Factor:
    if factor.kind == "choice":
        raise ConfigError("has no range", key="levels", expected="the names to choose from")
    low = _admitted(factor, table.get("low", factor.low), "low")
    high = _admitted(factor, table.get("high", factor.high), "high")
    if not low < high:
        raise ConfigError(f"the range from {low:g} to {high:g} is empty", expected="low below high")
    return _replaced(factor, table, low, high, ())


def _replaced(factor: Factor, table: Mapping[str, Any], low: float, high: float, levels: tuple[Any, ...]) -> Factor:
    scale = table.get("scale", "linear")
    if scale not in SCALES:
        raise unknown("scale", str(scale), SCALES, key="scale")
    if scale == "log" and not low > 0:
        raise ConfigError("a logarithmic scale begins above zero", key="low")
    if scale == "share" and factor.kind != "lever":
        raise ConfigError("only levers are multiples of what a mix has", key="scale")
    unit = "× the mix's own" if scale == "share" else factor.unit
    return Factor(factor.name, factor.kind, low, high, levels, scale, unit, factor.meaning)


def _admitted(factor: Factor, value: Any, key: str) -> float:
    """A value that the parameter or lever admits, as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"{value!r} is not a number", key=key, expected="a number")
    if math.isnan(value):
        raise ConfigError("the config declares no plausible range", key=key, expected="low and high")
    try:
        if factor.kind == "parameter":
            _config().slot(factor.name).field.admit(value, _config().axes)
        elif factor.kind == "parameters" and not 0.0 <= value <= 1.0:
            raise ConfigError(f"{value:g} is no place in a range", expected="a number from 0 to 1")
        elif factor.kind == "lever" and value < 0.0:
            raise ConfigError(f"{value:g} is negative", expected="a strength, 0 for none")
    except ConfigError as error:
        raise error.inside(key) from None
    return float(value)


@cache
def _matching(pattern: str) -> list[tuple[str, float, float]]:
    """Path and plausible range of every quantity whose path matches."""
    ranges = [
        (path, evidence.range)
        for path, evidence in _config().parameters()
        if fnmatchcase(path, pattern) and isinstance(_config().slot(path).field, Quantity)
    ]
    return [(path, *ends) for path, ends in ranges if ends and ends[0] < ends[1]]


def _meaning(pattern: str) -> str:
    meanings = {_config().evidence(path).meaning for path, _, _ in _matching(pattern)}
    return "; ".join(sorted(meanings))


def _written(value: Any) -> str:
    return repr(float(value))


@cache
def _config() -> Config:
    return load_scenario(mix=[], shocks=[]).config
