"""What a visitor has chosen: a mix, shocks, and what the levers add. Plain values that never change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from abm.scenario import InstrumentUse, Scenario, catalogue, load_scenario
from experiments.levers import Lever, added

BASELINE = "business_as_usual"
FIRST_MIX = "push_and_pull"
FIRST_SHOCKS = "rare_earth_restriction_2027"


@dataclass(frozen=True)
class Setting:
    """One lever: strength in the declared unit (0 is off), who uses it, and on what (empty means all).

    `keep` says whether the instruments of this kind that the mix has stay in it.
    """

    strength: float = 0.0
    government: str = ""
    materials: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    keep: bool = True

    @property
    def matters(self) -> bool:
        """Whether it changes the mix."""
        return self.strength > 0.0 or not self.keep


@dataclass(frozen=True)
class Choice:
    """Names of a mix and of a shock scenario, and levers by instrument."""

    mix: str = FIRST_MIX
    shocks: str = FIRST_SHOCKS
    levers: tuple[tuple[str, Setting], ...] = ()

    def lever(self, name: str) -> Setting:
        """The setting of a lever, as it is untouched if it has not been set."""
        return dict(self.levers).get(name, Setting())

    def with_lever(self, name: str, setting: Setting) -> Choice:
        """The same with one lever set."""
        return replace(self, levers=tuple(sorted((dict(self.levers) | {name: setting}).items())))

    def without_lever(self, name: str) -> Choice:
        """The same with one lever as it was untouched."""
        return replace(self, levers=tuple(pair for pair in self.levers if pair[0] != name))

    def without_levers(self) -> Choice:
        """The mix as it is."""
        return replace(self, levers=())

    def baseline(self) -> Choice:
        """Business as usual under the same shocks."""
        return Choice(BASELINE, self.shocks)

    def essence(self) -> Choice:
        """The same without levers that change nothing, so that equal worlds are run once."""
        return replace(self, levers=tuple((name, setting) for name, setting in self.levers if setting.matters))


def first_choice() -> Choice:
    """What the page opens with; where a usual name is missing, the first there is."""
    mixes, shocks = catalogue("mixes"), catalogue("shock_scenarios")
    mix = FIRST_MIX if FIRST_MIX in mixes else next(iter(mixes))
    return Choice(mix, FIRST_SHOCKS if FIRST_SHOCKS in shocks else next(iter(shocks)))


@lru_cache(maxsize=64)
def scenario_of(choice: Choice, households: int | None = None) -> Scenario:
    """The scenario of a choice. Raises ConfigError where the instruments contradict each other."""
    uses = [*kept(choice), *put_in(choice)]
    return load_scenario(mix=uses, shocks=choice.shocks, households=households)


@lru_cache(maxsize=32)
def preset(mix: str) -> tuple[InstrumentUse, ...]:
    """The instruments of a mix."""
    return load_scenario(mix=mix).mix


def kept(choice: Choice) -> list[InstrumentUse]:
    """The instruments of the mix that stay."""
    return [use for use in preset(choice.mix) if choice.lever(use.use).keep]


def put_in(choice: Choice) -> list[InstrumentUse]:
    """What the levers add to the mix."""
    return [_use(name, setting) for name, setting in choice.levers if setting.strength > 0.0]


def _use(name: str, setting: Setting) -> InstrumentUse:
    scope = {"materials": setting.materials or None, "products": setting.products or None}
    return added(Lever(name, setting.government), setting.strength, **scope)
