"""What a finding declares: a question, arms that are compared, measures, and what the literature expects.

Findings are data: a TOML file of `config/findings` each. An *arm* is a mix of instruments in a world; arms of a
finding run on the same seeds. A *claim* is a weighted sum of arms' values of a measure, taken seed by seed, with
the range in which the literature expects it. Everything is checked when the file is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from abm.parameters import ConfigError, check_keys, config_folder, read_toml, read_words, shown, toml_files, unknown
from abm.scenario import InstrumentUse, load_scenario
from experiments.findings.observing import OVER, Reading, known_series, month_number
from experiments.findings.trials import NOTHING, Trial, frozen

FOLDER = "findings"

Words = dict[str, str]


@dataclass(frozen=True)
class Arm:
    """Instruments on top of the base mix, in a world of shocks and parameters.

    `scaled` arms also run with the intensities of their instruments multiplied so that they cost as much as the
    yardstick of the finding. `needs` names keys of an instrument's use without which the arm cannot be tried.
    """

    name: str
    title: Words
    instruments: tuple[Any, ...] = ()
    base: str = ""
    shocks: str = ""
    settings: tuple[tuple[str, Any], ...] = ()
    scaled: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """What is read off a run: a reading, less another, times a third, per a fourth, times `scale`.

    `link` says that it belongs to the chain from cause to outcome.
    """

    name: str
    title: Words
    unit: str
    reading: Reading
    less: Reading | None = None
    times: Reading | None = None
    per: Reading | None = None
    scale: float = 1.0
    link: bool = False

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What has to be read for it."""
        return tuple(reading for reading in (self.reading, self.less, self.times, self.per) if reading is not None)

    def value(self, read: Mapping[Reading, float]) -> float:
        """Its value in a run; NaN where what it is per is nothing."""
        value = read[self.reading] - (0.0 if self.less is None else read[self.less])
        value *= 1.0 if self.times is None else read[self.times]
        if self.per is not None:
            value = value / read[self.per] if read[self.per] else float("nan")
        return self.scale * value


@dataclass(frozen=True)
class Line:
    """A monthly series that is drawn as a line for every arm."""

    title: Words
    unit: str
    reading: Reading
    scale: float = 1.0


@dataclass(frozen=True)
class Claim:
    """A weighted sum of arms' values of a measure, and the range in which it is expected."""

    text: Words
    measure: str
    contrast: tuple[tuple[str, float], ...]
    low: float = float("-inf")
    high: float = float("inf")
    account: Words | None = None  # where the model disagrees: why, in words


@dataclass(frozen=True)
class EqualCost:
    """Whose cost is held, by which measure, and what that holds equal in words."""

    yardstick: str
    measure: str
    held: Words


@dataclass(frozen=True)
class Finding:
    """A question to the model and how it is answered."""

    name: str
    title: Words
    question: Words
    expectation: Words
    source: str
    shocks: str
    months: int
    households: int
    base: str
    arms: tuple[Arm, ...]
    measures: tuple[Measure, ...]
    claims: tuple[Claim, ...]
    paths: tuple[Line, ...] = ()
    equal_cost: EqualCost | None = None
    ranges: tuple[str, ...] = ()  # parameters over whose plausible ranges the claims are tried
    note: Words = field(default_factory=dict)

    def arm(self, name: str) -> Arm:
        """An arm by name."""
        return next(arm for arm in self.arms if arm.name == name)

    def measure(self, name: str) -> Measure:
        """A measure by name."""
        return next(measure for measure in self.measures if measure.name == name)

    @property
    def available(self) -> tuple[Arm, ...]:
        """Arms that can be tried: uses of instruments have all keys that they need."""
        known = {member.name for member in fields(InstrumentUse)}
        return tuple(arm for arm in self.arms if known.issuperset(arm.needs))

    def trial(
        self, arm: Arm, seed: int, factor: float = 1.0, months: int = 0, overrides: tuple[tuple[str, Any], ...] = ()
    ) -> Trial:
        """A run of an arm; intensities times `factor`."""
        return Trial(
            base=arm.base or self.base,
            instruments=arm.instruments,
            factor=factor,
            shocks=arm.shocks or self.shocks,
            months=months or self.months,
            households=self.households,
            overrides=(*arm.settings, *overrides),
            seed=seed,
        )


# --- Reading --------------------------------------------------------------------------------------


def files() -> list[Path]:
    """The findings of the config."""
    return toml_files(config_folder() / FOLDER)


def load_finding(name: str) -> Finding:
    """A finding by name, or by the path of a TOML file. Raises ConfigError."""
    if name.endswith(".toml"):
        return read_finding(Path(name))
    paths = {path.stem: path for path in files()}
    if name not in paths:
        raise unknown("finding", name, list(paths), key="findings")
    return read_finding(paths[name])


def read_finding(path: Path) -> Finding:
    """The finding of a file, all checked. Raises ConfigError."""
    raw = read_toml(path)
    try:
        return _finding(path.stem, raw)
    except ConfigError as error:
        raise error.inside(file=shown(path)) from None


_KEYS = (
    "title", "question", "expectation", "source", "shocks", "months", "households", "base", "arms", "measures",
    "claims", "paths", "equal_cost", "ranges", "note",
)  # fmt: skip


def _finding(name: str, raw: Mapping[str, Any]) -> Finding:
    check_keys(raw, _KEYS)
    measures = tuple(_each("measures", raw, read_measure))
    arms = tuple(_each("arms", raw, _arm))
    found = Finding(
        name,
        title=_at("title", read_words, raw.get("title")),
        question=_at("question", read_words, raw.get("question")),
        expectation=_at("expectation", read_words, raw.get("expectation")),
        source=_at("source", _word, raw.get("source")),
        shocks=_at("shocks", _word, raw.get("shocks")),
        months=_at("months", _count, raw.get("months")),
        households=_at("households", _count, raw.get("households")),
        base=_at("base", _word, raw.get("base", NOTHING)),
        arms=arms,
        measures=measures,
        claims=tuple(_each("claims", raw, _claim)),
        paths=tuple(_each("paths", raw, _line)) if "paths" in raw else (),
        equal_cost=_at("equal_cost", _equal_cost, raw["equal_cost"]) if "equal_cost" in raw else None,
        ranges=tuple(raw.get("ranges", ())),
        note=_at("note", read_words, raw["note"]) if "note" in raw else {},
    )
    _check(found)
    return found


def _each(key: str, raw: Mapping[str, Any], read: Any) -> Iterable[Any]:
    rows = raw.get(key)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("missing or no list of tables", key=key, expected=f"[[{key}]]")
    for number, row in enumerate(rows):
        yield _at(f"{key}[{number}]", read, row)


def _arm(raw: Mapping[str, Any]) -> Arm:
    check_keys(raw, ("name", "title", "instruments", "base", "shocks", "set", "scaled", "needs"))
    return Arm(
        _at("name", _word, raw.get("name")),
        _at("title", read_words, raw.get("title")),
        tuple(frozen(use) for use in raw.get("instruments", ())),
        str(raw.get("base", "")),
        str(raw.get("shocks", "")),
        tuple(sorted(raw.get("set", {}).items())),
        bool(raw.get("scaled", False)),
        tuple(raw.get("needs", ())),
    )


def _reading(raw: Mapping[str, Any]) -> Reading:
    what = raw.get("what")
    names = (what,) if isinstance(what, str) else tuple(what or ())
    series = known_series()
    for name in names:
        if str(name).partition("[")[0] not in series:
            raise unknown("series", str(name), sorted(series), key="what")
    if not names:
        raise ConfigError("missing", key="what", expected="a series or several to be added")
    over = raw.get("over", "mean")
    if over not in OVER:
        raise unknown("summary", str(over), OVER, key="over")
    return Reading(names, over, _month(raw, "first"), _month(raw, "last"))


def _month(raw: Mapping[str, Any], key: str) -> str:
    written = raw.get(key, "")
    if written:
        _at(key, month_number, written)
    return str(written)


def read_measure(raw: Mapping[str, Any]) -> Measure:
    """A measure from its table. Raises ConfigError."""
    check_keys(raw, ("name", "title", "unit", "what", "over", "first", "last", "less", "times", "per", "scale",
                     "link"))  # fmt: skip
    return Measure(
        _at("name", _word, raw.get("name")), _at("title", read_words, raw.get("title")),
        _at("unit", _word, raw.get("unit")), _reading(raw), _beside(raw, "less"), _beside(raw, "times"),
        _beside(raw, "per"), float(raw.get("scale", 1.0)), bool(raw.get("link", False)),
    )  # fmt: skip


def _beside(raw: Mapping[str, Any], key: str) -> Reading | None:
    """A second reading of the same months, unless it says otherwise: a series, several, or a table."""
    if key not in raw:
        return None
    own = raw[key] if isinstance(raw[key], dict) else {"what": raw[key]}
    check_keys(own, ("what", "over", "first", "last"))
    return _at(key, _reading, {name: raw[name] for name in ("over", "first", "last") if name in raw} | own)


def _line(raw: Mapping[str, Any]) -> Line:
    check_keys(raw, ("title", "unit", "what", "scale"))
    title = _at("title", read_words, raw.get("title"))
    unit = _at("unit", _word, raw.get("unit"))
    return Line(title, unit, _reading({"what": raw.get("what"), "over": "path"}), float(raw.get("scale", 1.0)))


def _claim(raw: Mapping[str, Any]) -> Claim:
    check_keys(raw, ("text", "measure", "contrast", "low", "high", "account"))
    contrast = raw.get("contrast")
    if not isinstance(contrast, dict) or not contrast:
        raise ConfigError("missing", key="contrast", expected="weights of arms, such as { one = 1.0, other = -1.0 }")
    if "low" not in raw and "high" not in raw:
        raise ConfigError("missing", key="low", expected="low, high or both: the range in which it is expected")
    return Claim(
        _at("text", read_words, raw.get("text")), _at("measure", _word, raw.get("measure")),
        tuple((str(name), float(weight)) for name, weight in contrast.items()),
        float(raw.get("low", "-inf")), float(raw.get("high", "inf")),
        _at("account", read_words, raw["account"]) if "account" in raw else None,
    )  # fmt: skip


def _equal_cost(raw: Mapping[str, Any]) -> EqualCost:
    check_keys(raw, ("yardstick", "measure", "held"))
    return EqualCost(
        _at("yardstick", _word, raw.get("yardstick")),
        _at("measure", _word, raw.get("measure")),
        _at("held", read_words, raw.get("held")),
    )


def _check(found: Finding) -> None:
    """Names refer to something, no name stands twice, and every arm that can be tried is a valid scenario."""
    _check_names(found)
    for number, arm in enumerate(found.available):
        try:
            found.trial(arm, 0).scenario()
        except ConfigError as error:
            raise error.inside(f"arms[{number}]") from None
    config = load_scenario(mix=[], shocks=[]).config
    for path in found.ranges:
        if not config.evidence(path).range:
            raise ConfigError("has no plausible range", key=path)


def _check_names(found: Finding) -> None:
    arms, measures = [arm.name for arm in found.arms], [measure.name for measure in found.measures]
    for key, names in (("arms", arms), ("measures", measures)):
        if len(set(names)) < len(names):
            raise ConfigError("a name stands twice", key=key, expected="each name once")
    for number, claim in enumerate(found.claims):
        _known(claim.measure, measures, "measure", f"claims[{number}].measure")
        for name, _ in claim.contrast:
            _known(name, arms, "arm", f"claims[{number}].contrast")
    if found.equal_cost is not None:
        _known(found.equal_cost.yardstick, arms, "arm", "equal_cost.yardstick")
        _known(found.equal_cost.measure, measures, "measure", "equal_cost.measure")


def _known(name: str, names: list[str], kind: str, key: str) -> None:
    if name not in names:
        raise unknown(kind, name, names, key=key)


def _word(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ConfigError("missing or empty", expected="a text")
    return raw


def _count(raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 1:
        raise ConfigError(f"{raw!r} is not a whole number ≥ 1", expected="a whole number ≥ 1")
    return raw


def _at(key: str, read: Any, raw: Any) -> Any:
    try:
        return read(raw)
    except ConfigError as error:
        raise error.inside(key) from None
