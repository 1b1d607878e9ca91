"""Policy instruments, one per file, found by discovery: a new file here is a new instrument everywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import Any

from abm.parameters import ConfigError, unknown
from abm.policies.instrument import Instrument, InstrumentUse

_BASE = "instrument"


@cache
def registry() -> dict[str, type[Instrument]]:
    """Every instrument by name, in alphabetical order of the files."""
    found: dict[str, type[Instrument]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name == _BASE:
            continue
        contents = vars(importlib.import_module(f"{__name__}.{module.name}"))
        for item in contents.values():
            here = isinstance(item, type) and item.__module__.endswith(f".{module.name}")
            if here and issubclass(item, Instrument) and "name" in vars(item):  # what several share has no name
                found[item.name] = item
    return found


def build(uses: Sequence[InstrumentUse], config: Any) -> list[Instrument]:
    """The instruments of a mix, in its order; raises ConfigError that names the place in the mix."""
    return [_build(number, use, config) for number, use in enumerate(uses)]


def _build(number: int, use: InstrumentUse, config: Any) -> Instrument:
    try:
        if use.use not in registry():
            raise unknown("instrument", use.use, registry(), key="use")
        return registry()[use.use](use, config)
    except ConfigError as error:
        raise error.inside(f"instruments[{number}]") from None
