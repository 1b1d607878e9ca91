"""Projects of mines and refineries: what governments at home do for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEVERS = ("primary_permits", "site_allocation")


@dataclass(frozen=True)
class Projects:
    """Terms of new projects this month (n producers,); 0 for producers abroad."""

    permits: Array  # share saved of the time that permits and local opposition take
    sites: Array  # share of new refining that finds a site ready


def terms_of_projects(rules: Any, producers: Any) -> Projects | None:
    """What the month's rules do for new projects, or None when nothing is in force."""
    if not any(map(rules.in_force, LEVERS)):
        return None
    return Projects(
        permits=at_home(rules.primary_permits, producers),
        sites=at_home(rules.site_allocation, producers) * producers.refines,
    )


def at_home(lever: Array, producers: Any) -> Array:
    """A lever (L, 2, M) as each producer (n,) faces it: by leaf, stage and main product, and nothing abroad."""
    leaf = producers.leaf
    return np.asarray(np.where(leaf >= 0, lever[leaf, producers.stage, producers.main], 0.0))
