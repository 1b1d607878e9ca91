"""What a mix or a list of shocks asks for: each use of an instrument or a shock, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from abm import indicators, policies, shocks
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
    unknown,
)
from abm.scenario_files import Listed, Part, Table

_DATE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_COMMON = {
    "ramp": quantity("Months in which it grows to its full strength", "month", 0, 1200),
    "recovery": quantity("Months in which it fades afterwards", "month", 0, 1200),
    "duration": quantity("Months for which it lasts", "month", 1, 1200),
    "hazard": quantity("Yearly chance that it strikes", "1/yr", 0, 12),
    "cap": quantity("Most that it may cost in a year", "EUR/yr", 0, 1e12),
    "reversal": quantity("Yearly chance that a budget round suspends it", "1/yr", 0, 1),
    "pause": quantity("Months for which it is suspended at least", "month", 1, 1200),
    "retroactive": quantity("1 if a withdrawal also takes it from those who have it, 0 if not", "1", 0, 1),
}
_REACTION = {
    "step": quantity("Change of strength at a time, share of full strength", "1", 0, 10),
    "least": quantity("Smallest strength, share of full strength", "1", 0, 10),
    "most": quantity("Largest strength, share of full strength", "1", 0, 10),
    "every": quantity("Months between two looks at the indicator", "month", 1, 1200),
    "over": quantity("Months over which the indicator is averaged", "month", 1, 1200),
}
ACTIONS = ("raise", "lower", "pause", "stop")


@dataclass(frozen=True)
class Reaction:
    """A rule by which a government reacts: what it does to an instrument when an indicator passes a level.

    `indicator` is a column of the results, such as "budget_used[nl]"; the rule bites when it lies above `above`,
    or below `below`. `action` is one of `ACTIONS`. "raise" and "lower" move the strength by `step`, a share of
    full strength, between `least` and `most`; "pause" suspends for the `pause` of the use, "stop" ends it. The
    rule is looked at every `every` months, which is the limit on its speed, and judges the mean of the indicator
    over the last `over` months; the cap of the instrument limits its budget.
    """

    indicator: str
    action: str
    above: float | None = None
    below: float | None = None
    step: float = 0.25
    least: float = 0.0
    most: float = 1.0
    every: int = 12
    over: int = 12


@dataclass(frozen=True)
class InstrumentUse:
    """One instrument of a mix: what, where, when and how much.

    Months are counted from the start of the run; `announced` may lie before it, and is `start` when
    not given. `end` is the last month in force, None if it stays. `materials` and `products` are
    identifiers, None meaning all. `cap` is in EUR/yr. `parameters` holds values of the instrument's
    own parameters.

    What becomes of it: from `withdrawn` it is ended before its announced end; `reversal` is the yearly
    chance that a budget round suspends it, for `pause` months at least; `retroactive` is 1 if those who
    counted on it lose it too, 0 if only newcomers do. `rules` say how its government reacts to indicators.
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
    withdrawn: int | None = None
    reversal: float = 0.0
    pause: int = 24
    retroactive: float = 0.0
    rules: tuple[Reaction, ...] = ()
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


DATES = ("start", "end", "announced", "withdrawn")
FATE = {"reversal": 0.0, "pause": 24, "retroactive": 0.0, "rules": ()}  # what becomes of a use unless it says so
Use = InstrumentUse | ShockUse
Uses = str | Path | Table | Iterable[Use | Table]


def whole(config: Config, path: str) -> int:
    value = config.evidence(path).value
    if value != int(value):
        raise ConfigError(f"{value} is not a whole number", key=path, expected="a whole number")
    return int(value)


class UseReader:
    """Reads instruments and shocks as written, against one config."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.start = whole(config, "time.start")
        self.months = whole(config, "time.months")
        # A run may be cut short: what starts after it, yet within the usual horizon, is not a mistake.
        self.horizon = max(self.months, whole(load_config(config_folder()), "time.months"))

    def read_all(self, part: Part, kind: type[Any]) -> tuple[Any, ...]:
        """All uses of a part, none of them twice.

        What several files share, such as adopted law, counts once; within one file or list it is a mistake.
        """
        key = "instruments" if kind is InstrumentUse else "shocks"
        read: list[Any] = []
        origins: list[Listed] = []
        self.there = self._already_there(part)
        for number, listed in enumerate(part.uses):
            self.in_file = bool(listed.file)
            try:
                use = self._read(as_table(listed.raw, kind), kind, listed.place)
                if use in read:
                    if listed.place or _elsewhere(listed, origins[read.index(use)]):
                        continue
                    raise ConfigError(
                        f"is the same as {key}[{read.index(use)}] in every respect", expected="one of them"
                    )
            except ConfigError as error:
                raise error.inside(f"{key}[{listed.number if listed.file else number}]", listed.file) from None
            read.append(use)
            origins.append(listed)
        return tuple(read)

    def _read(self, raw: Table, kind: type[Any], place: str = "") -> Any:
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
        if kind is not InstrumentUse:
            return self._shock(values, declared)
        return self._instrument(self._moved(values, declared, place) if place else values, declared)

    def _value(self, name: str, written: Any, declared: Any) -> Any:
        """One value of a use, checked by itself."""
        if name == "rules":
            return tuple(self._reaction(number, rule) for number, rule in enumerate(_as_list(written)))
        try:
            if name in DATES:
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
        if isinstance(written, int) and not isinstance(written, bool) and not self.in_file:
            return written
        date = _DATE.fullmatch(written) if isinstance(written, str) else None
        if date is None:
            raise ConfigError(f"{written!r} is not a month", expected='a month such as "2027-01"')
        return (int(date[1]) - self.start) * 12 + int(date[2]) - 1

    def _reaction(self, number: int, written: Any) -> Reaction:
        """One rule by which a government reacts."""
        try:
            if isinstance(written, Reaction):
                written = asdict(written)
            raw = {name: value for name, value in check_table(written, "a table").items() if value is not None}
            check_keys(raw, [member.name for member in fields(Reaction)])
            _check_reaction(raw)
            for name in ("above", "below"):
                if name in raw and not isinstance(raw[name], (int, float)):
                    raise ConfigError(f"{raw[name]!r} is not a number", key=name)
            given = {name: _one(declared, raw, name) for name, declared in _REACTION.items() if name in raw}
        except ConfigError as error:
            raise error.inside(f"rules[{number}]") from None
        return Reaction(**{**raw, **given})

    def _already_there(self, part: Part) -> set[tuple[str, Any]]:
        """Instruments that the places to which a mix is moved have anyway, or get from above."""
        ids, ancestors = self.config.jurisdictions.ids, self.config.ancestors
        found = set()
        for listed in part.uses:
            if listed.place in ids and isinstance(listed.raw, Mapping):
                above = [ids[row] for row in ancestors[ids.index(listed.place)]]
                if listed.raw.get("jurisdiction") in above:
                    found.add((listed.place, listed.raw.get("use")))
        return found

    def _moved(self, values: dict[str, Any], declared: Any, place: str) -> dict[str, Any]:
        """The same use by a government at `place`, or as near above it as may use it.

        Its yearly budget stays the same per household. What lies elsewhere in the tree is not moved, nor is what a
        government below does in addition to the one at `place`.
        """
        table, ancestors = self.config.jurisdictions, self.config.ancestors
        there = table.index(_identifier(place, "jurisdictions", self.config))
        if not table.government[there]:
            seats = ", ".join(table.ids[row] for row in self.config.governments)
            raise ConfigError(f"'{place}' has no government to move a mix to", key="@", expected=f"one of {seats}")
        here = table.index(str(values.get("jurisdiction", place)))
        from_below = there in ancestors[here] and there != here
        if not from_below and here not in ancestors[there]:
            return values
        if from_below and (place, declared.name) in self.there:
            return values
        fit = (row for row in ancestors[there] if table.government[row] and str(table.level[row]) in declared.level)
        row = next(fit, here)
        moved = {**values, "jurisdiction": table.ids[row]}
        if values.get("cap") is not None:
            moved["cap"] = values["cap"] * self._households(row) / self._households(here)
        return moved

    def _households(self, jurisdiction: int) -> float:
        """Households that live in a jurisdiction."""
        config = self.config
        below = [leaf for leaf in config.leaves if jurisdiction in config.ancestors[leaf]]
        return float(config.jurisdictions.households[below].sum())

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
        if use.withdrawn is not None and not use.start <= use.withdrawn <= (use.end or self.horizon):
            expected = "a month between its start and its end"
            raise ConfigError(f"{self._name(use.withdrawn)} is no month in force", key="withdrawn", expected=expected)
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


def _elsewhere(one: Listed, other: Listed) -> bool:
    """Whether two stand in different files, or are one and the same that was included twice."""
    return one.file != other.file or (bool(one.file) and one.number == other.number)


def as_table(raw: Any, kind: type[Any]) -> Table:
    """A use in the form in which it is written, without what is None."""
    if isinstance(raw, kind):
        own = [member.name for member in fields(kind) if member.name != "parameters"]
        raw = {name: getattr(raw, name) for name in own} | dict(raw.parameters)
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{raw!r} is not a table", expected="a table with use, start and so on")
    return {name: value for name, value in raw.items() if value is not None}


def _one(declared: Quantity, raw: Table, name: str) -> Any:
    """One quantity of a rule, in months if that is its unit."""
    try:
        return _measure(declared, raw[name], whole=declared.unit == "month")
    except ConfigError as error:
        raise error.inside(name) from None


def _as_list(written: Any) -> Iterable[Any]:
    if not isinstance(written, (list, tuple)):
        raise ConfigError(f"{written!r} is not a list", key="rules", expected="tables [[instruments.rules]]")
    return written


def _check_reaction(raw: Table) -> None:
    """A rule names an indicator, an action, and a level above or below which it bites."""
    for key in ("indicator", "action"):
        _require(raw, key, "the indicator that is watched" if key == "indicator" else f"one of {', '.join(ACTIONS)}")
    if raw["action"] not in ACTIONS:
        raise unknown("action", str(raw["action"]), ACTIONS, key="action")
    name = str(raw["indicator"]).partition("[")[0]
    if name not in indicators.registry():
        raise unknown("indicator", name, indicators.registry(), key="indicator")
    if ("above" in raw) == ("below" in raw):
        raise ConfigError("is given twice or not at all", key="above", expected="either above or below")


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


def describe_use(use: Use, start_year: float) -> dict[str, Any]:
    """A use as it could be written in a file."""
    description = {}
    for key, value in as_table(use, type(use)).items():
        if key in DATES:
            value = month_name(value, start_year)
        elif key in FATE and value == FATE[key]:
            continue
        elif key == "rules":
            value = [asdict(rule) for rule in value]
        description[key] = list(value) if isinstance(value, tuple) else value
    return description
