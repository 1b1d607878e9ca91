"""Projects of mines and refineries: what governments at home do for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEVERS = ("primary_permits", "site_allocation", "primary_investment_support")  # now
PROMISED = ("refining_energy_relief",)  # over the years in which the plant runs


@dataclass(frozen=True)
class Projects:
    """Terms of new projects this month (n producers,); 0 for producers abroad."""

    permits: Array  # share saved of the time that permits and local opposition take
    sites: Array  # share of new refining that finds a site ready
    gain: Array  # fall of the logarithm of full cost


def terms_of_projects(rules: Any, producers: Any) -> Projects | None:
    """What the month's rules do for new projects, or None when nothing is in force."""
    if not (any(map(rules.in_force, LEVERS)) or any(map(rules.outlook.in_force, PROMISED))):
        return None
    return Projects(
        permits=at_home(rules.primary_permits, producers),
        sites=at_home(rules.site_allocation, producers) * producers.refines,
        gain=_fall_in_cost(rules, producers),
    )


def _fall_in_cost(rules: Any, producers: Any) -> Array:
    """Fall of the logarithm of full cost (n,) by what is paid, promises weighed by belief."""
    terms, leaf = producers.terms, producers.leaf
    charge = producers.capital_cost * (terms.hurdle_rate + 1.0 / terms.capacity_life)
    borne = charge * (1.0 - at_home(rules.primary_investment_support, producers))
    promised = energy_relief(rules.outlook["refining_energy_relief"], producers) * rules.belief[leaf]
    running = producers.cash_cost * (1.0 - producers.energy_share * promised)
    return np.asarray(np.log((producers.cash_cost + charge) / (running + borne)))


def energy_relief(lever: Array, producers: Any) -> Array:
    """Share of the energy cost of each refinery (n,) that a lever (L, M) pays."""
    leaf = producers.leaf
    return np.asarray(np.where(leaf >= 0, lever[leaf, producers.main], 0.0) * producers.refines)


def at_home(lever: Array, producers: Any) -> Array:
    """A lever (L, 2, M) as each producer (n,) faces it: by leaf, stage and main product, and nothing abroad."""
    leaf = producers.leaf
    return np.asarray(np.where(leaf >= 0, lever[leaf, producers.stage, producers.main], 0.0))
