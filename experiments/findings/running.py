"""Findings worked out: every arm on every seed, at equal cost where asked for, and over ranges of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm import load_scenario
from experiments.findings.declaration import Arm, Finding, Measure
from experiments.findings.judging import EQUAL_COST, PLAIN
from experiments.findings.observing import Reading
from experiments.findings.trials import Laboratory, Trial, largest_factor, together

REACH = 4.0  # largest multiple of the declared intensities that is tried
STEPS = 7  # halvings of the range in which a factor is sought
SCALING_SEEDS = 3  # seeds on which it is sought
Requests = dict[Trial, list[Reading]]
Key = tuple[str, str]  # of a finding and an arm


@dataclass
class Answer:
    """What the runs of a finding gave.

    Attributes
    ----------
    rows
        One per variant, arm and seed, with the factor of intensities and a column per measure.
    paths
        By arm, the mean over seeds of each series that is drawn (paths, months).
    """

    finding: Finding
    rows: pd.DataFrame
    paths: dict[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """Arms of a finding with their factors, under a name, with parameters set otherwise."""

    name: str
    factors: Mapping[str, float]
    overrides: tuple[tuple[str, Any], ...] = ()


def answers(
    findings: Sequence[Finding],
    seeds: Sequence[int],
    laboratory: Laboratory,
    months: int = 0,
    equal_cost: bool = True,
    range_seeds: int = 0,
) -> list[Answer]:
    """Work out findings together, so that what they share is run once. Raises ConfigError and RunFailedError.

    `months` shortens every run (0: as declared); with `range_seeds` claims are also tried on as many seeds with
    each parameter in `ranges` at either end of its plausible range.
    """
    plain = {found.name: Variant(PLAIN, {arm.name: 1.0 for arm in found.available}) for found in findings}
    variants: dict[str, list[tuple[Variant, Sequence[int]]]] = {
        found.name: [(plain[found.name], seeds)] for found in findings
    }
    laboratory.run(_requests(findings, variants, months))
    if equal_cost:
        for name, factors in match_cost(findings, seeds, laboratory, months).items():
            variants[name].append((Variant(EQUAL_COST, factors), seeds))
    if range_seeds:
        for found in findings:
            variants[found.name] += [(one, seeds[:range_seeds]) for one in _over_ranges(found)]
    done = laboratory.run(_requests(findings, variants, months))
    return [_answer(found, variants[found.name], done, months) for found in findings]


def _over_ranges(found: Finding) -> list[Variant]:
    config = load_scenario(mix=[], shocks=[]).config
    factors = {arm.name: 1.0 for arm in found.available}
    return [
        Variant(f"{path}={value:g}", factors, ((path, float(value)),))
        for path in found.ranges
        for value in config.evidence(path).range or ()
    ]


def _requests(
    findings: Sequence[Finding], variants: Mapping[str, list[tuple[Variant, Sequence[int]]]], months: int
) -> Requests:
    return together(*(
        {_trial(found, variant, arm, seed, months): _readings(found, variant)}
        for found in findings for variant, seeds in variants[found.name]
        for arm in variant.factors for seed in seeds
    ))  # fmt: skip


def _trial(found: Finding, variant: Variant, arm: str, seed: int, months: int) -> Trial:
    horizon = min(months, found.months) if months else found.months
    return found.trial(found.arm(arm), seed, variant.factors[arm], horizon, variant.overrides)


def _readings(found: Finding, variant: Variant) -> list[Reading]:
    readings = [reading for measure in found.measures for reading in measure.readings]
    return readings + ([path.reading for path in found.paths] if variant.name == PLAIN else [])


def _answer(
    found: Finding,
    variants: Sequence[tuple[Variant, Sequence[int]]],
    done: Mapping[Trial, Mapping[Reading, Any]],
    months: int,
) -> Answer:
    rows, paths = [], {}
    for variant, seeds in variants:
        for arm in variant.factors:
            read = [done[_trial(found, variant, arm, seed, months)] for seed in seeds]
            rows += [
                {"variant": variant.name, "arm": arm, "factor": variant.factors[arm], "seed": seed}
                | {measure.name: measure.value(values) for measure in found.measures}
                for seed, values in zip(seeds, read, strict=True)
            ]
            if variant.name == PLAIN and found.paths:
                each = [[values[path.reading] for path in found.paths] for values in read]
                paths[arm] = np.mean(np.array(each, dtype=np.float64), axis=0)
    return Answer(found, pd.DataFrame(rows), paths)


# --- Equal cost -----------------------------------------------------------------------------------


def match_cost(
    findings: Sequence[Finding], seeds: Sequence[int], laboratory: Laboratory, months: int = 0
) -> dict[str, dict[str, float]]:
    """Factors of intensities, by finding and arm, at which scaled arms cost what the yardstick of the finding costs.

    By bisection on the first `SCALING_SEEDS` seeds, up to `REACH` times the declared intensities. Arms that never
    cost as much, or that earn money, are left out; arms that are not scaled stay as they are.
    """
    known = {found.name: found for found in findings if found.equal_cost is not None}
    kept: dict[str, dict[str, float]] = {name: {} for name in known}
    target: dict[Key, float] = {}
    highest: dict[Key, float] = {}
    for name, found in known.items():
        terms = found.equal_cost
        yardstick = terms.yardstick if terms else ""
        cost = _costs(known, {(name, yardstick): 1.0}, seeds, laboratory, months)[name, yardstick]
        for arm in found.available:
            if arm.scaled and arm.name != yardstick:
                target[name, arm.name], highest[name, arm.name] = cost, _reach(arm)
            else:
                kept[name][arm.name] = 1.0
    few = seeds[:SCALING_SEEDS]
    for (name, arm_name), factor in bisect(
        lambda factors: _costs(known, factors, few, laboratory, months), target, highest
    ).items():
        kept[name][arm_name] = factor
    return kept


def _costs(
    known: Mapping[str, Finding],
    factors: Mapping[Key, float],
    seeds: Sequence[int],
    laboratory: Laboratory,
    months: int,
) -> dict[Key, float]:
    """Mean cost over seeds of arms with factors, by finding and arm."""
    trials: dict[tuple[Key, int], Trial] = {}
    asked: dict[Trial, Sequence[Reading]] = {}
    for (name, arm), factor in factors.items():
        for seed in seeds:
            trial = _trial(known[name], Variant(EQUAL_COST, {arm: factor}), arm, seed, months)
            trials[(name, arm), seed] = trial
            asked[trial] = [*asked.get(trial, ()), *_cost_measure(known[name]).readings]
    done = laboratory.run(asked)
    return {
        key: float(np.mean([_cost_measure(known[key[0]]).value(done[trials[key, seed]]) for seed in seeds]))
        for key in factors
    }


def _cost_measure(found: Finding) -> Measure:
    return found.measure(found.equal_cost.measure if found.equal_cost else "")


def _reach(arm: Arm) -> float:
    return min(REACH, largest_factor(arm.instruments))


def bisect(cost: Any, target: Mapping[Any, float], highest: Mapping[Any, float]) -> dict[Any, float]:
    """Factors at which `cost` of factors by name is its target, from 0 to the highest; without those out of reach."""
    if not highest:
        return {}
    most = cost(dict(highest))
    low = {name: 0.0 for name in highest if most[name] >= target[name]}
    high = {name: highest[name] for name in low}
    for _ in range(STEPS if low else 0):
        middle = {name: 0.5 * (low[name] + high[name]) for name in low}
        found = cost(middle)
        for name in low:
            (high if found[name] >= target[name] else low)[name] = middle[name]
    return {name: 0.5 * (low[name] + high[name]) for name in low}
