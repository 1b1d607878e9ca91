"""The instruments of the registry as levers: range, unit, and who may pull them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from abm import policies
from abm.parameters import Config, ConfigError
from abm.policies.instrument import PHASES
from abm.scenario import load_scenario
from experiments.dashboard.texts import number, say, unit_text
from experiments.levers import governments, suggested

_GENEROUS = 4.0  # a slider reaches to this multiple of the suggested strength; more can be typed
_STEPS = 100


@dataclass(frozen=True)
class Lever:
    """An instrument as a control; `lowest` and `highest` are what may be typed, `top` where the slider ends.

    Values shown are those declared times `scale`: shares are shown in per cent.
    """

    name: str
    phase: str
    unit: str
    scale: float
    lowest: float
    highest: float
    top: float
    suggested: float
    governments: tuple[str, ...]
    scopes: tuple[str, ...]
    declared: Any

    @property
    def step(self) -> float:
        """Smallest move of the slider, as shown: 1, 2 or 5 times a power of ten."""
        return _round_step(self.top * self.scale / _STEPS)

    def on_grid(self, strength: float) -> bool:
        """Whether the slider's steps lead to a strength."""
        steps = strength * self.scale / self.step
        return math.isclose(steps, round(steps), abs_tol=1e-6)


@cache
def config() -> Config:
    """The config as it is without overrides: titles, governments, materials and products to choose from."""
    return load_scenario().config


@cache
def levers() -> tuple[Lever, ...]:
    """Every instrument in the order of the phases of the chain."""
    found = [_lever(name, declared) for name, declared in policies.registry().items()]
    return tuple(sorted(found, key=lambda lever: PHASES.index(lever.phase)))


def _lever(name: str, declared: Any) -> Lever:
    intensity = declared.intensity
    usual = suggested(declared)
    return Lever(
        name=name,
        phase=declared.phase,
        unit="%" if intensity.unit == "1" else intensity.unit,
        scale=100.0 if intensity.unit == "1" else 1.0,
        lowest=intensity.low,
        highest=intensity.high,
        top=min(intensity.high, _GENEROUS * usual),
        suggested=usual,
        governments=governments(declared.level),
        scopes=tuple(declared.scopes),
        declared=declared,
    )


def title_of(table: str, identifier: str, language: str) -> str:
    """The title of an entry of the config."""
    entries = getattr(config(), table)
    return str(entries.titles[entries.index(identifier)][language])


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return power * next(round_step for round_step in (1.0, 2.0, 5.0, 10.0) if round_step * power >= step * 0.999)


def read_strength(text: str, lever: Lever, language: str) -> float:
    """The strength that somebody typed, in the declared unit; nothing means off.

    Raises ValueError with a message for the visitor.
    """
    plain = text.strip().removesuffix(lever.unit).strip().replace("−", "-").replace(" ", "")
    if not plain:
        return 0.0
    try:
        value = float(_with_point(plain, language))
    except ValueError:
        raise ValueError(say("lever.not_a_number", language, text=text.strip()[:20])) from None
    return _admitted(value / lever.scale, lever, language)


def _with_point(text: str, language: str) -> str:
    """A number as Python writes it; one comma alone is a decimal comma, unless it separates thousands in English."""
    if "," in text and "." in text:
        thousands, mark = (",", ".") if text.rfind(".") > text.rfind(",") else (".", ",")
        return text.replace(thousands, "").replace(mark, ".")
    if language == "en" and "," in text and len(text.rpartition(",")[2]) == 3:
        return text.replace(",", "")
    return text.replace(",", ".")


def _admitted(value: float, lever: Lever, language: str) -> float:
    """The value if the instrument admits it; 0 always means off."""
    try:
        return value if value == 0.0 else float(lever.declared.intensity.admit(value))
    except ConfigError:
        raise ValueError(say("lever.out_of_range", language, range=range_text(lever, language))) from None


def range_text(lever: Lever, language: str) -> str:
    """What may be typed, with its unit."""
    low, high = (number(bound * lever.scale, language) for bound in (lever.lowest, lever.highest))
    return f"{low}–{high} {unit_text(lever.unit, language)}"


def plain_number(value: float, language: str) -> str:
    """A number as one types it."""
    text = f"{value:.10g}"
    return text.replace(".", ",") if language == "nl" else text
