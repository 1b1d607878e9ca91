"""What a search for mixes declares: levers on top of a base mix, objectives, constraints, and the worlds it is run in.

Searches are data: a TOML file of `config/searches` each. Everything is checked when the file is read; the levers are
also tried, at their weakest and at full strength.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import indicators, load_scenario
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
from experiments.designs import parse_seeds
from experiments.outcomes import WAYS
from experiments.wording import title_of, unit_of

FOLDER = "searches"
HALF_YEAR = 6  # months: laws and programmes take effect in January or July
MEAN = "mean"
SENSES = {"maximise": 1, "minimise": -1}
AFTER = ("title", "summary", "generations", "fresh_seeds", "front", "references")
FIGURES = 4  # significant figures of a strength, so that a mix can be read

Words = Mapping[str, str]
Places = tuple[float, ...]


@dataclass(frozen=True)
class Lever:
    """Instruments that are used together, each at a strength between the ends of its own range.

    Attributes
    ----------
    name, title
        Its name, and what it is called in English and Dutch.
    instruments
        Tables as in the file of a mix, except that `intensity` may be a pair, its range, and that `start` and
        `announced` follow from the lever.
    start
        First and last month in which it may start, counted from the year 0; the same twice if that is not searched.
    notice
        Months between announcement and start.
    """

    name: str
    title: Words
    instruments: tuple[Mapping[str, Any], ...]
    start: tuple[int, int]
    notice: int = 6

    @property
    def graded(self) -> bool:
        """Whether it has a strength, or can only be used or left out."""
        return any(isinstance(table["intensity"], list) for table in self.instruments)

    @property
    def starts(self) -> int:
        """In how many months it may start."""
        return (self.start[1] - self.start[0]) // HALF_YEAR + 1

    def uses(self, share: float, month: int) -> list[dict[str, Any]]:
        """Its instruments as in the file of a mix: at this share of their ranges, from this month on; none at 0."""
        if share <= 0.0:
            return []
        dates = {"announced": written_month(month - self.notice), "start": written_month(month)}
        return [
            {"use": table["use"], **dates, **table, "intensity": _between(table["intensity"], share)}
            for table in self.instruments
        ]


@dataclass(frozen=True)
class Measure:
    """What is read off a run: an outcome, times another outcome of the same run if one is named.

    `outcome` and `times` are headline indicators or `COLUMN:WAY` (see `experiments.outcomes`). `sense` is 1
    if more is better, −1 if less is better, 0 if it is only reported.
    """

    name: str
    title: Words
    outcome: str
    times: str = ""
    sense: int = 0
    unit: str = ""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that it needs."""
        return (self.outcome, self.times) if self.times else (self.outcome,)


@dataclass(frozen=True)
class Constraint:
    """A limit on a measure: at most `limit` if its sense is −1, at least `limit` if it is 1.

    A `relative` limit is counted from what the base mix has.
    """

    measure: Measure
    limit: float
    relative: bool = False

    def from_(self, base: Mapping[str, float]) -> Constraint:
        """The limit as a level, given the values of the base mix."""
        return replace(self, limit=self.limit + base[self.measure.name], relative=False) if self.relative else self

    def excess(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """By how much values miss the limit, as a share of it; at most 0 where it is kept."""
        return self.measure.sense * (self.limit - value) / max(abs(self.limit), 1e-12)


@dataclass(frozen=True)
class Search:
    """A declared search.

    Attributes
    ----------
    base
        The mix on top of which the levers are used.
    shocks, seeds
        Every candidate runs in each of these worlds on each of these seeds.
    fresh_seeds
        Seeds on which the front is run again: the candidates were chosen by their luck on the others, too.
    across
        How the worlds are summed up, seed by seed: "mean", or the share of worlds that must not be worse (0.9: the
        quantile at 0.9 on the unfavourable side).
    steps, least
        A strength is one of so many steps of its range; below the share `least` a lever is left out.
    front
        Most mixes that are kept of the front.
    references
        Named mixes that are run beside the front.
    """

    name: str
    title: Words
    summary: Words
    levers: tuple[Lever, ...]
    objectives: tuple[Measure, ...]
    constraints: tuple[Constraint, ...] = ()
    watched: tuple[Measure, ...] = ()
    setting: str = "default"
    base: str = "business_as_usual"
    households: int | None = None
    months: int | None = None
    shocks: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (1, 2, 3, 4)
    fresh_seeds: tuple[int, ...] = tuple(range(101, 111))
    across: str | float = MEAN
    steps: int = 20
    least: float = 0.1
    population: int = 24
    generations: int = 20
    seed: int = 1
    front: int = 16
    references: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All that is read off a run: objectives, what is constrained, what is watched."""
        return (*self.objectives, *(constraint.measure for constraint in self.constraints), *self.watched)

    def from_(self, base: Mapping[str, float]) -> Search:
        """The search with all limits as levels, given the values of the base mix."""
        return replace(self, constraints=tuple(limit.from_(base) for limit in self.constraints))

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of what is decided: the strength of each lever, and its start where that is searched."""
        dated = (f"{lever.name}.start" for lever in self.levers if lever.starts > 1)
        return (*(lever.name for lever in self.levers), *dated)

    def snapped(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places from 0 to 1 (candidates, variables) on the steps that count; 0 where a lever is left out."""
        found = np.zeros_like(places)
        column = len(self.levers)
        for row, lever in enumerate(self.levers):
            share = (
                np.round(places[:, row] * self.steps) / self.steps if lever.graded else (places[:, row] >= 0.5) * 1.0
            )
            found[:, row] = np.where(share >= self.least, share, 0.0)
            if lever.starts > 1:
                start = np.round(places[:, column] * (lever.starts - 1)) / (lever.starts - 1)
                found[:, column] = np.where(found[:, row] > 0.0, start, 0.0)
                column += 1
        return found

    def uses(self, places: Places) -> list[dict[str, Any]]:
        """The instruments of a candidate beyond the base mix, as in the file of a mix."""
        starts = iter(places[len(self.levers) :])
        uses: list[dict[str, Any]] = []
        for lever, share in zip(self.levers, places, strict=False):
            late = round(next(starts) * (lever.starts - 1)) if lever.starts > 1 else 0
            uses += lever.uses(share, lever.start[0] + late * HALF_YEAR)
        return uses

    def with_(self, **changes: Any) -> Search:
        """The same search with other seeds or sizes; None leaves what it says. Raises ConfigError."""
        changed = replace(self, **{name: value for name, value in changes.items() if value is not None})
        _check(changed)
        return changed

    def describe(self) -> dict[str, Any]:
        """All that steers it, as JSON can hold it: not how long it goes on, nor what is done with its front."""
        return {key: value for key, value in asdict(self).items() if key not in AFTER}


def _between(ends: Any, share: float) -> float:
    """The strength at a share of a range, in few figures; a single strength as it is."""
    low, high = ends if isinstance(ends, list) else (ends, ends)
    return float(f"{low + share * (high - low):.{FIGURES}g}")


def written_month(month: int) -> str:
    """A month counted from the year 0, as YYYY-MM."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


# --- As files -------------------------------------------------------------------------------------


def files() -> list[Path]:
    """The search files of the config."""
    return toml_files(config_folder() / FOLDER)


def load_search(name: str) -> Search:
    """A search by name, or by the path of a TOML file. Raises ConfigError."""
    if name.endswith(".toml"):
        return read_search(Path(name))
    paths = {path.stem: path for path in files()}
    if name not in paths:
        raise unknown("search", name, list(paths), key="search")
    return read_search(paths[name])


def read_search(path: Path) -> Search:
    """The search of a file. Raises ConfigError."""
    raw = read_toml(path)
    try:
        search = _read(path.stem, raw)
        _check(search)
        _try_levers(search)
    except ConfigError as error:
        raise error.inside(file=error.file or shown(path)) from None
    return search


def _read(name: str, raw: Mapping[str, Any]) -> Search:
    check_keys(raw, [field.name for field in fields(Search) if field.name != "name"])
    readers: dict[str, Callable[[Any], Any]] = {
        "title": read_words,
        "summary": read_words,
        "levers": lambda tables: _each(tables, _lever),
        "objectives": lambda tables: _each(tables, lambda table: _measure(table, objective=True)),
        "constraints": lambda tables: _each(tables, _constraint),
        "watched": lambda names: tuple(_measure({"outcome": name}) for name in _names(names)),
        "setting": _name,
        "base": _name,
        "shocks": _names,
        "references": _names,
        "seeds": parse_seeds,
        "fresh_seeds": parse_seeds,
        "across": _across,
        "least": lambda value: _share(value),
    }
    values = {}
    for key in ("title", "summary", "levers", "objectives", *raw):
        if key not in values:
            values[key] = _at(key, readers.get(key, _count), raw.get(key))
    return Search(name, **values)


def _lever(raw: Any) -> Lever:
    table = check_table(raw)
    check_keys(table, [field.name for field in fields(Lever)])
    start = _at("start", _months, table.get("start"))
    notice = _at("notice", lambda value: _whole(value, 0), table.get("notice", 6))
    instruments = _at("instruments", lambda tables: _each(tables, _instrument), table.get("instruments"))
    return Lever(
        _at("name", _name, table.get("name")), _at("title", read_words, table.get("title")), instruments, start, notice
    )


def _instrument(raw: Any) -> dict[str, Any]:
    table = dict(check_table(raw))
    for key in ("start", "announced"):
        if key in table:
            raise ConfigError("belongs to the lever", key=key, expected="start and notice of the lever")
    ends = table.get("intensity")
    pair = ends if isinstance(ends, list) else [ends, ends]
    if len(pair) != 2 or not all(_is_number(end) for end in pair) or (ends is pair and not pair[0] < pair[1]):
        raise ConfigError(f"{ends!r} is no range", key="intensity", expected="[low, high], or a number for on and off")
    return table


def _measure(raw: Any, objective: bool = False) -> Measure:
    table = check_table(raw)
    check_keys(table, ("name", "title", "outcome", "times", "direction", "unit"))
    outcome = _at("outcome", _outcome, table.get("outcome"))
    times = _at("times", _outcome, table["times"]) if "times" in table else ""
    column = outcome.partition(":")[0]
    declared = 0 if times else indicators.registry()[column.partition("[")[0]].direction
    sense = _at("direction", _sense, table["direction"]) if "direction" in table else declared
    if objective and not sense:
        raise ConfigError("neither more nor less is declared better", key="direction", expected="maximise or minimise")
    words = {language: title_of(column, language) for language in ("en", "nl")}
    title = _at("title", read_words, table["title"]) if "title" in table else words
    return Measure(_at("name", _name, table.get("name", outcome)), title, outcome, times, sense, _unit(table, outcome))


def _unit(table: Mapping[str, Any], outcome: str) -> str:
    if "unit" in table or "times" in table:
        return _at("unit", lambda unit: unit if isinstance(unit, str) else _name(unit), table.get("unit", ""))
    return unit_of(outcome.partition(":")[0])


def _constraint(raw: Any) -> Constraint:
    table = dict(check_table(raw))
    limits = {"most": -1, "least": 1, "most_over_base": -1, "least_over_base": 1}
    given = [key for key in limits if key in table]
    if len(given) != 1 or not _is_number(table[given[0]]):
        raise ConfigError("sets no limit", key="most", expected="a number for one of " + ", ".join(limits))
    limit = float(table.pop(given[0]))
    if "direction" in table:
        raise ConfigError("follows from the limit", key="direction", expected="no direction")
    return Constraint(replace(_measure(table), sense=limits[given[0]]), limit, given[0].endswith("over_base"))


def _outcome(raw: Any) -> str:
    column, colon, way = _name(raw).partition(":")
    registry = indicators.registry()
    if column.partition("[")[0] not in registry:
        raise unknown("indicator", column, list(registry), key="")
    if not colon and not registry[column.partition("[")[0]].headline:
        raise ConfigError(f"'{raw}' is no headline indicator", expected=f"a way to sum it up, such as {raw}:mean")
    if colon and way not in WAYS:
        raise unknown("way of summing up", way, WAYS, key="")
    return str(raw)


def _check(search: Search) -> None:
    """What one entry alone does not show."""
    for key in ("levers", "objectives", "shocks"):
        if not getattr(search, key):
            raise ConfigError("missing", key=key, expected="at least one")
    if len(search.objectives) < 2:
        raise ConfigError("there is one only", key="objectives", expected="at least two")
    for key, kind in (("levers", search.levers), ("objectives", search.measures)):
        names = [entry.name for entry in kind]
        if len(set(names)) < len(names):
            raise ConfigError("one name stands twice", key=key, expected="each name once")
    shared = sorted(set(search.seeds) & set(search.fresh_seeds))
    if shared:
        raise ConfigError(f"{shared[0]} is a seed of the search as well", key="fresh_seeds", expected="other seeds")
    if search.population < 4:
        raise ConfigError(f"{search.population} is too few", key="population", expected="at least 4 candidates")


def _try_levers(search: Search) -> None:
    """Load what the search would run: base and references in each world, and each lever weakest and strongest."""
    for mix in (search.base, *search.references):
        for shocks in search.shocks:
            try:
                _scenario(search, mix, shocks)
            except ConfigError as error:  # says where the mix or the shocks lie; here it matters who asks for them
                raise ConfigError(str(error), key=f"{mix} / {shocks}") from None
    base = list(_scenario(search, search.base, search.shocks[0]).mix)
    for number, lever in enumerate(search.levers):
        for share, month in ((search.least, lever.start[0]), (1.0, lever.start[1])):
            try:
                _scenario(search, [*base, *lever.uses(share, month)], search.shocks[0])
            except ConfigError as error:
                raise error.inside(f"levers[{number}] {lever.name}") from None


def _scenario(search: Search, mix: Any, shocks: str) -> Any:
    return load_scenario(search.setting, mix, shocks, households=search.households, months=search.months)


# --- Values ---------------------------------------------------------------------------------------


def _each(raw: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise ConfigError("missing" if raw is None else "is not a list of tables", expected="a list of tables")
    return tuple(_at(f"[{number}]", read, table) for number, table in enumerate(raw))


def _names(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
        raise ConfigError(f"{raw!r} is not a list of names", expected="a list of names")
    return tuple(raw)


def _name(raw: Any) -> str:
    if not isinstance(raw, str) or not raw:
        raise ConfigError("missing" if raw is None else f"{raw!r} is not a name", expected="a name")
    return raw


def _sense(raw: Any) -> int:
    if raw not in SENSES:
        raise unknown("direction", str(raw), list(SENSES), key="")
    return SENSES[raw]


def _across(raw: Any) -> str | float:
    if raw == MEAN:
        return MEAN
    if not _is_number(raw) or not 0.5 <= raw <= 1.0:
        raise ConfigError(f"{raw!r} is no way to sum worlds up", expected='"mean", or a quantile from 0.5 to 1')
    return float(raw)


def _share(raw: Any) -> float:
    if not _is_number(raw) or not 0.0 < raw < 1.0:
        raise ConfigError(f"{raw!r} is no share", expected="a number between 0 and 1")
    return float(raw)


def _count(raw: Any) -> int:
    return _whole(raw, 1)


def _whole(raw: Any, least: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < least:
        raise ConfigError(f"{raw!r} is not a whole number ≥ {least}", expected="a whole number")
    return raw


def _is_number(raw: Any) -> bool:
    return isinstance(raw, (int, float)) and not isinstance(raw, bool)


def _months(raw: Any) -> tuple[int, int]:
    """A month, or the first and the last."""
    written = raw if isinstance(raw, list) else [raw, raw]
    try:
        first, last = (int(year) * 12 + int(month) - 1 for year, month in (text.split("-") for text in written))
        if not first <= last or any(written_month(m) != t for m, t in zip((first, last), written, strict=True)):
            raise ValueError
    except (ValueError, AttributeError):
        raise ConfigError(f"{raw!r} is no start", expected='"2027-01", or ["2027-01", "2031-01"]') from None
    return first, last


def _at(key: str, read: Callable[[Any], Any], raw: Any) -> Any:
    try:
        return read(raw)
    except ConfigError as error:
        raise error.inside(key) from None
