"""Projects of mines and refineries: what governments at home do for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.guarantees import Finance, finance

Array = NDArray[np.float64]
LEVERS = (  # now
    "primary_permits",
    "site_allocation",
    "primary_investment_support",
    "primary_guarantee",
    "primary_equity",
)
PROMISED = ("refining_energy_relief",)  # over the years in which the plant runs


@dataclass(frozen=True)
class Projects:
    """Terms of new projects this month (n producers,); 0 for producers abroad."""

    permits: Array  # share saved of the time that permits and local opposition take
    sites: Array  # share of new refining that finds a site ready
    gain: Array  # fall of the logarithm of full cost
    equity: Array  # public share of what is not borrowed
    finance: Finance | None = None  # where loans are guaranteed


def terms_of_projects(rules: Any, producers: Any, credit: Any) -> Projects | None:
    """What the month's rules do for new projects, or None when nothing is in force."""
    if not (any(map(rules.in_force, LEVERS)) or any(map(rules.outlook.in_force, PROMISED))):
        return None
    where = np.maximum(producers.leaf, 0), producers.stage, producers.main
    guaranteed = finance(rules, "primary_guarantee", where, credit, producers.terms.hurdle_rate)
    if guaranteed is not None:
        guaranteed = _only_at_home(guaranteed, producers, credit)
    return Projects(
        permits=at_home(rules.primary_permits, producers),
        sites=at_home(rules.site_allocation, producers) * producers.refines,
        gain=_fall_in_cost(rules, producers, guaranteed),
        equity=at_home(rules.primary_equity, producers),
        finance=guaranteed,
    )


def _only_at_home(terms: Finance, producers: Any, credit: Any) -> Finance:
    home = producers.leaf >= 0
    return Finance(
        np.where(home, terms.limit, credit.leverage_limit),
        np.where(home, terms.hurdle, producers.terms.hurdle_rate),
        np.where(home, terms.share, 0.0),
        terms.backer,
    )


def _fall_in_cost(rules: Any, producers: Any, finance: Finance | None) -> Array:
    """Fall of the logarithm of full cost (n,) by what is paid, promises weighed by belief."""
    terms, leaf = producers.terms, producers.leaf
    charge = producers.capital_cost * (terms.hurdle_rate + 1.0 / terms.capacity_life)
    asked = terms.hurdle_rate if finance is None else finance.hurdle
    borne = producers.capital_cost * (asked + 1.0 / terms.capacity_life)
    borne = borne * (1.0 - at_home(rules.primary_investment_support, producers))
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
