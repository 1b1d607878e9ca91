"""Levers on a mix: another strength for instruments that it has, or an instrument that it lacks.

Written `instrument=value`, or `instrument@government=value` for the uses of one government. A value is a strength
in the instrument's own unit, or `x` and a number: so many times what the mix declares, which is nothing if it does
not have the instrument. 0 takes it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from abm import load_scenario, policies
from abm.parameters import ConfigError, unknown
from abm.scenario import InstrumentUse

ANNOUNCED, START, RAMP = 6, 12, 12  # months: what is added is announced in mid-2026 and grows to full strength in 2027


@dataclass(frozen=True)
class Lever:
    """An instrument, of one government or (with an empty name) of all that use it."""

    instrument: str
    government: str = ""

    @property
    def name(self) -> str:
        """As it is written."""
        return self.instrument + ("@" + self.government if self.government else "")

    @property
    def declared(self) -> Any:
        """The instrument as it declares itself."""
        return policies.registry()[self.instrument]

    def moves(self, use: InstrumentUse) -> bool:
        """Whether a use of an instrument answers to it."""
        return use.use == self.instrument and self.government in ("", use.jurisdiction)


def is_lever(name: str) -> bool:
    """Whether a name is meant as that of an instrument: paths of parameters have dots, and no government."""
    return "." not in name or "@" in name


def read_lever(name: str) -> Lever:
    """The lever of a name. Raises ConfigError."""
    instrument, _, government = name.strip().partition("@")
    if instrument not in policies.registry():
        raise unknown("instrument", instrument, list(policies.registry()), key="")
    table = load_scenario(mix=[], shocks=[]).config.jurisdictions
    if government and government not in table.ids:
        raise unknown("government", government, list(table.ids), key="")
    return Lever(instrument, government)


def governments(levels: tuple[str, ...]) -> tuple[str, ...]:
    """Governments of these levels, the highest first."""
    config = _config()
    rows = [int(row) for row in config.governments if str(config.jurisdictions.level[row]) in levels]
    rows.sort(key=lambda row: len(config.ancestors[row]))
    return tuple(config.jurisdictions.ids[row] for row in rows)


def suggested(declared: Any) -> float:
    """The usual strength of an instrument, or half of the most that it admits."""
    intensity = declared.intensity
    return float(intensity.default if intensity.default else intensity.high / 2.0)


def pulled(mix: Iterable[InstrumentUse], levers: Iterable[str]) -> list[InstrumentUse]:
    """The instruments of a mix after levers, each `name=value`, were pulled one after another. Raises ConfigError."""
    uses = list(mix)
    for written in levers:
        name, equals, value = written.partition("=")
        if not equals:
            raise ConfigError(
                f"'{written}' sets nothing", key="lever", expected="instrument=value, such as price_floor=1"
            )
        try:
            uses = _pull(uses, read_lever(name), value.strip())
        except ConfigError as error:
            raise error.inside(f"lever {name}") from None
    return uses


def _pull(uses: list[InstrumentUse], lever: Lever, value: str) -> list[InstrumentUse]:
    times = value.startswith("x")
    number = _number(value.removeprefix("x"))
    if number == 0.0:
        return [use for use in uses if not lever.moves(use)]
    if not any(map(lever.moves, uses)):
        return uses if times else [*uses, added(lever, _admitted(lever, number))]
    high = float(lever.declared.intensity.high)
    pulled_uses: list[InstrumentUse] = []
    for use in uses:
        if lever.moves(use):
            use = replace(use, intensity=min(number * use.intensity, high) if times else _admitted(lever, number))
        if use not in pulled_uses:  # uses that differed in their strength alone are one now
            pulled_uses.append(use)
    return pulled_uses


def added(lever: Lever, strength: float, **scope: Any) -> InstrumentUse:
    """A use of an instrument that the mix lacks, by the highest government that may use it unless the lever says."""
    declared = lever.declared
    return InstrumentUse(
        use=lever.instrument,
        jurisdiction=lever.government or governments(declared.level)[0],
        start=START,
        ramp=RAMP,
        announced=ANNOUNCED,
        intensity=strength,
        parameters={name: field.absent() for name, field in declared.parameters.items()},
        **scope,
    )


def _admitted(lever: Lever, strength: float) -> float:
    return float(lever.declared.intensity.admit(strength))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"'{text}' is not a number", expected="a strength, or x and a multiple") from None


@cache
def _config() -> Any:
    return load_scenario(mix=[], shocks=[]).config
