"""Kringloop: an agent-based model of the transition to a circular raw-materials economy.

`load_scenario` reads config, `run` runs it, `CircularTransition` is the Mesa model itself.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.model import CircularTransition
    from abm.running import Run, repeat, run
    from abm.scenario import Scenario, load_scenario

__version__ = "0.1.0"
__all__ = ["CircularTransition", "Run", "Scenario", "load_scenario", "repeat", "run"]

_HOMES = {
    "CircularTransition": "abm.model",
    "Run": "abm.running",
    "repeat": "abm.running",
    "run": "abm.running",
    "Scenario": "abm.scenario",
    "load_scenario": "abm.scenario",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that reading config needs neither Mesa nor the model."""
    if name not in _HOMES:
        raise AttributeError(f"module 'abm' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
