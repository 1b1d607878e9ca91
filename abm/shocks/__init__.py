"""Shocks, one per file, found by discovery: a new file here is a new shock everywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import Any

from abm.parameters import ConfigError, unknown
from abm.shocks.shock import Shock, ShockUse

_BASE = "shock"


@cache
def registry() -> dict[str, type[Shock]]:
    """Every shock by name, in alphabetical order of the files."""
    found: dict[str, type[Shock]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name == _BASE:
            continue
        contents = vars(importlib.import_module(f"{__name__}.{module.name}"))
        for item in contents.values():
            if isinstance(item, type) and issubclass(item, Shock) and item.__module__.endswith(f".{module.name}"):
                found[item.name] = item
    return found


def build(uses: Sequence[ShockUse], config: Any, streams: Any) -> list[Shock]:
    """The shocks of a scenario, in its order; raises ConfigError that names the place in the scenario.

    Stochastic shocks draw from streams keyed by their name and their ordinal among those of that name, so
    that another shock elsewhere in the list leaves their luck unchanged. A scripted one or one of zero
    severity, which does nothing, does not count.
    """
    seen: dict[tuple[str, bool], int] = {}
    shocks = []
    for number, use in enumerate(uses):
        kind = use.use, use.hazard is not None and use.severity > 0.0
        ordinal = seen[kind] = seen.get(kind, -1) + 1
        try:
            if use.use not in registry():
                raise unknown("shock", use.use, registry(), key="use")
            shocks.append(registry()[use.use](use, config, streams, ordinal))
        except ConfigError as error:
            raise error.inside(f"shocks[{number}]") from None
    return shocks
