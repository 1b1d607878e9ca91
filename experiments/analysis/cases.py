"""Cases for scenario discovery: the runs of a batch as factors and whether they fail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ConfigError, unknown
from experiments.analysis.criteria import Criterion, require_both, with_differences
from experiments.analysis.resampling import Codes, shared_seeds, units_of, with_worlds
from experiments.batch import Results
from experiments.designs import Factor
from experiments.outcomes import outcome_table

CHOICES = ("mix", "shocks")


@dataclass(frozen=True)
class Cases:
    """Runs told apart by a criterion.

    Attributes
    ----------
    x
        A row per run: each factor that varies as floats, and mix and shocks, where several, as categories.
    fails
        Which runs meet the criterion (rows,).
    units, unit
        Which independent unit each run belongs to (rows,), and what the units are: points, seeds, or rows of the
        sample that goes along the seeds.
    factors
        The declarations of the columns; a mix or shock scenario that the design lists has one without levels.
    left_out
        How many runs are not among the cases, by reason.
    seeds
        The seed of each run (rows,), numbered from 0, where points share several.
    alone
        Whether all runs are of one seed.
    """

    x: pd.DataFrame
    fails: NDArray[np.bool_]
    units: Codes
    unit: str
    factors: dict[str, Factor]
    left_out: dict[str, int]
    seeds: Codes | None = None
    alone: bool = False


def cases(results: Results, criterion: Criterion, mix: str | None = None, first: str | None = None) -> Cases:
    """The runs of a batch, of one mix or of all, told apart by a criterion.

    Differences are taken to the mix `first`, which is the design's first unless given. Raises ConfigError for
    unknown mixes, if nothing varies, and if every run meets the criterion or none does.
    """
    mixes = mixes_of(results)
    for name, key in ((mix, "--mix"), (first, "--against")):
        if name is not None and name not in mixes:
            raise unknown("mix", name, mixes, key=key)
    runs = results.runs if mix is None else results.runs[results.runs["mix"] == mix]
    table = outcome_table(results, criterion.outcomes)
    failed = len(runs) - int(table["run_id"].isin(runs["run_id"]).sum())
    if table.empty:
        raise ConfigError("no run succeeded", file=str(results.folder))
    reference = first or mixes[0]
    paired = with_differences(table, criterion, reference)
    told = paired if mix is None else paired[paired["mix"] == mix]
    if told.empty:
        raise ConfigError(f"is the mix that others are compared with: {reference}", key="--mix", expected="another mix")
    compared = table if paired is table else table[table["mix"] != reference]
    unpaired = int(compared["run_id"].isin(runs["run_id"]).sum()) - len(told)
    made = told_apart(with_worlds(told, results.design), criterion, results.design.factors)
    reasons = {"failed to run": failed, "without a partner under the first mix": unpaired, **made.left_out}
    return replace(made, left_out=reasons)


def mixes_of(results: Results) -> list[str]:
    """The mixes of a batch that have a run, in the order of the design; those that a sample chooses as they turn up."""
    there = list(dict.fromkeys(results.runs["mix"]))
    names = [Path(mix).stem if mix.endswith(".toml") else mix for mix in results.design.mixes]  # as runs name a file
    declared = [mix for mix in dict.fromkeys(names) if mix in there]
    return [*declared, *(mix for mix in there if mix not in declared)]


def told_apart(table: pd.DataFrame, criterion: Criterion, factors: Sequence[Factor]) -> Cases:
    """Runs with `point`, `seed`, `mix`, `shocks`, factors and outcomes (rows of `outcome_table`) as cases."""
    met = criterion.met(table)
    require_both(met, table, criterion)
    known = ~np.isnan(met)
    rows = table[known].reset_index(drop=True)
    columns = _columns(rows, factors)
    if columns.empty:
        raise ConfigError("nothing varies between these runs", expected="a batch with samples, mixes or shocks")
    units, unit = units_of(rows)
    declared = {factor.name: factor for factor in factors}
    known_factors = {
        name: declared.get(name, Factor(name, "choice", math.nan, math.nan, meaning=_MEANINGS.get(name, "")))
        for name in columns
    }
    left_out = {"undefined": int((~known).sum())}
    alone = rows["seed"].nunique() == 1
    return Cases(columns, met[known] == 1.0, units, unit, known_factors, left_out, shared_seeds(rows), alone)


_MEANINGS = {"mix": "Policy mix", "shocks": "Shock scenario"}


def _columns(rows: pd.DataFrame, factors: Sequence[Factor]) -> pd.DataFrame:
    numbers = [factor.name for factor in factors if factor.kind != "choice"]
    columns = {name: rows[name].astype(float) for name in numbers if rows[name].nunique() > 1}
    choices = {name: rows[name].astype(str).astype("category") for name in CHOICES if rows[name].nunique() > 1}
    return pd.DataFrame({**columns, **choices})


def place(factor: Factor, value: float) -> float:
    """Where a value stands in the range of its factor, from 0 to 1; on a logarithmic scale by its logarithm."""
    if factor.scale == "log":
        low, high, value = math.log(factor.low), math.log(factor.high), math.log(value)
    else:
        low, high = factor.low, factor.high
    return (value - low) / (high - low)
