"""What all shocks share: when they strike and how hard, scripted or drawn in advance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.conditions import Conditions
from abm.events import TEXTS, EventLog
from abm.parameters import ConfigError, Quantity

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Words = dict[str, str]

SPREAD = 0.5  # a random severity lies within this share of its mean on either side
BATCH = 600  # months for which arrivals are drawn at a time
NEWS = {"started": {"en": "started", "nl": "begonnen"}, "ended": {"en": "ended", "nl": "voorbij"}}


class ShockUse(Protocol):
    """A shock as a scenario asks for it; months are counted from the start of the run."""

    @property
    def use(self) -> str: ...

    @property
    def severity(self) -> float: ...

    @property
    def start(self) -> int | None: ...  # None: stochastic

    @property
    def hazard(self) -> float | None: ...  # 1/yr

    @property
    def duration(self) -> int | None: ...  # months, None: to the end

    @property
    def ramp(self) -> int: ...

    @property
    def recovery(self) -> int: ...

    @property
    def materials(self) -> Any: ...  # identifiers, None for all

    @property
    def products(self) -> Any: ...

    @property
    def components(self) -> Any: ...

    @property
    def jurisdiction(self) -> str | None: ...

    @property
    def bloc(self) -> str | None: ...

    @property
    def parameters(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class Episode:
    """One time that a shock strikes."""

    start: int
    severity: float
    duration: float  # months until it begins to fade
    ramp: int
    recovery: int

    def level(self, month: int) -> float:
        """Severity in a month: it grows over `ramp` months, holds to `duration`, fades over `recovery`."""
        elapsed = month - self.start
        if elapsed < 0 or elapsed >= self.duration + self.recovery:
            return 0.0
        grown = min((min(elapsed, self.duration - 1) + 1) / self.ramp, 1.0)
        left = 1.0 - max(elapsed - self.duration + 1, 0) / (self.recovery + 1)
        return self.severity * grown * left

    @property
    def over(self) -> float:
        """First month in which nothing of it is left."""
        return self.start + self.duration + self.recovery


class Shock:
    """One shock of a scenario: one scripted episode, or episodes at random.

    At random, episodes arrive with the yearly hazard, never while one is under way; severity is
    uniform within half of its mean on either side, inside the admissible range, and the time until
    it fades is exponential around its mean. Draws are keyed by month, so that a longer run only adds
    to a shorter one.
    """

    name: ClassVar[str]
    title: ClassVar[Words]
    severity: Any
    texts: ClassVar[dict[str, Words]]  # what, how, watch, source
    labels: ClassVar[dict[str, Words]]  # short names of severity and parameters
    scopes: ClassVar[tuple[str, ...]]  # fields of a use by which it can be limited
    parameters: ClassVar[dict[str, Quantity]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {name: field for name, field in vars(cls).items() if isinstance(field, Quantity)}
        cls.parameters = {**cls.parameters, **{name: field for name, field in own.items() if name != "severity"}}
        for code, words in NEWS.items():
            TEXTS[f"{cls.name}_{code}"] = {
                language: f"{title}{{scope}}: {words[language]}" for language, title in cls.title.items()
            }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        self.config, self.streams, self.use = config, streams, use
        self.key = f"{self.name} {ordinal}"
        self._check(use)
        self._read_values(use)
        self.materials = chosen(config.materials, use.materials, "materials")
        named = [*(use.materials or ()), *(use.components or ()), *filter(None, (use.jurisdiction, use.bloc))]
        self.scope = f" ({', '.join(named)})" if named else ""
        self._drawn = 0
        self._episodes: list[Episode] = []
        if use.start is not None:
            self._episodes = [self._episode(use.start, self.severity, self.duration)]

    def _check(self, use: ShockUse) -> None:
        for scope in ("materials", "products", "components", "jurisdiction", "bloc"):
            if getattr(use, scope) is not None and scope not in self.scopes:
                raise ConfigError(f"{self.name} cannot be limited by {scope}", key=scope)
        for name in use.parameters:
            if name not in self.parameters:
                expected = f"one of {', '.join(self.parameters)}" if self.parameters else "no parameters"
                raise ConfigError(f"{self.name} has no parameter '{name}'", key=name, expected=expected)
        if (use.start is None) == (use.hazard is None):
            raise ConfigError("is neither scripted nor stochastic, or both", key="start", expected="start or hazard")
        if use.start is None and use.duration is None:
            raise ConfigError("missing", key="duration", expected="the mean duration of a stochastic shock, in months")

    def _read_values(self, use: ShockUse) -> None:
        try:
            self.severity = type(self).severity.admit(use.severity)
        except ConfigError as error:
            raise error.inside("severity") from None
        for name, field in self.parameters.items():
            try:
                given = use.parameters.get(name)
                setattr(self, name, field.absent() if given is None else field.admit(given))
            except ConfigError as error:
                raise error.inside(name) from None
        self.duration = math.inf if use.duration is None else float(use.duration)

    # When and how hard

    def _episode(self, start: int, severity: float, duration: float) -> Episode:
        return Episode(start, severity, duration, max(self.use.ramp, 1), self.use.recovery)

    def level(self, month: int) -> float:
        """Severity in a month, 0 when it does not strike."""
        return sum(episode.level(month) for episode in self.episodes(month))

    def episodes(self, until: int) -> list[Episode]:
        """Episodes that begin up to a month, and perhaps later ones; they do not overlap."""
        while self.use.hazard is not None and self._drawn <= until:
            self._draw(np.arange(self._drawn, self._drawn + BATCH))
            self._drawn += BATCH
        return self._episodes

    def _draw(self, months: NDArray[np.int64]) -> None:
        """Draw arrivals in these months (n,)."""
        chance = -math.expm1(-(self.use.hazard or 0.0) / 12.0)
        arrives = self.streams.uniform(f"{self.key} arrival", months, 0) < chance
        for month in months[arrives]:
            if not self._episodes or month >= self._episodes[-1].over:
                self._episodes.append(self._random_episode(int(month)))

    def _random_episode(self, month: int) -> Episode:
        slots = np.array([month])
        how_hard = float(self.streams.uniform(f"{self.key} severity", slots, 0)[0])
        how_long = float(self.streams.uniform(f"{self.key} duration", slots, 0)[0])
        declared = type(self).severity
        low = max(self.severity * (1.0 - SPREAD), declared.low)
        high = min(self.severity * (1.0 + SPREAD), declared.high)
        duration = max(1, round(-self.duration * math.log(how_long)))
        return self._episode(month, low + how_hard * (high - low), duration)

    # What it does

    def strike(self, conditions: Conditions, month: int) -> None:
        """Write conditions, if it strikes this month."""
        level = self.level(month)
        if level > 0.0:
            self.impose(conditions, level)

    def impose(self, conditions: Conditions, level: float) -> None:
        """Write conditions at a severity above 0."""
        raise NotImplementedError

    def report(self, events: EventLog, month: int) -> None:
        """Note that it starts, with its severity to come, or ends."""
        for episode in self.episodes(month):
            if month == episode.start:
                self._note(events, month, "started", episode.severity)
            elif month == episode.over:
                self._note(events, month, "ended", math.nan)

    def _note(self, events: EventLog, month: int, what: str, amount: float) -> None:
        unit = "" if math.isnan(amount) else type(self).severity.unit
        events.append(month, "shock", "world", "world", f"{self.name}_{what}", "", amount, unit, scope=self.scope)


def chosen(table: Any, identifiers: Any, key: str) -> Mask:
    """Entries of a table (n,) that a shock touches; all when none are named."""
    mask = np.full(len(table), identifiers is None)
    try:
        for identifier in identifiers or ():
            mask[table.index(identifier)] = True
    except ConfigError as error:
        raise error.inside(key) from None
    return mask


def lies_in(config: Any, identifier: str | None) -> Mask:
    """Jurisdictions (J,) that are the one named or lie below it; all when none is named."""
    if identifier is None:
        return np.ones(len(config.jurisdictions), dtype=bool)
    place = config.jurisdictions.index(identifier)
    return np.array([place in chain for chain in config.ancestors])


def active_blocs(config: Any, identifier: str | None) -> Mask:
    """The active blocs (B,) that a shock comes from: the one named, or all."""
    if identifier is None:
        return np.ones(len(config.active_blocs), dtype=bool)
    row = config.blocs.index(identifier)
    if row not in config.active_blocs:
        raise ConfigError(f"'{identifier}' is not active", key="bloc", expected="a bloc that acts strategically")
    return np.asarray(config.active_blocs == row)
