"""Robustness of mixes: how well does each do over all states of the world?

A *state* is a point of the sample under one shock scenario; every mix is judged on the same states. The measures are
those that McPhail et al. (2018, Earth's Future 6) compare: regret to the best mix in the same state (Savage 1951),
the share of states in which thresholds are met (satisficing, after Starr's (1963) domain criterion; Lempert, Herman
et al. 2015, Environmental Modelling & Software 69-73), the worst state (maximin, Wald 1950), percentiles, mean and
spread, and undesirable deviations (Kwakkel, Eker and Pruyt 2016). They value risk differently and need not agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ConfigError
from experiments.analysis.criteria import Criterion
from experiments.analysis.resampling import WORLD, Codes, ends, luck_of_seeds, share
from experiments.batch.results import OK

Array = NDArray[np.float64]
RESAMPLES = 1000
EXTREMES = ("worst", "regret_max")
"""Measures without an interval: no resample shows a state worse than the worst that was run."""
_POSITIVE = ("deviation", "undesirable", "regret_mean", "regret_p90", "regret_max", "best")
TIES = 1e-12  # of the largest value; mixes as near as this are equally good


@dataclass(frozen=True)
class States:
    """An outcome in every state under every mix.

    Attributes
    ----------
    values
        States × mixes, columns named by mix, without states that one mix lacks.
    units
        Independent unit of each state (states,), numbered from 0; states of one point are one unit, or those of one
        seed if a sample goes along the seeds.
    failed, undefined
        How many states were left out since a run failed or is missing, and since the outcome is undefined.
    without
        The values without each seed in turn, where states are means over several seeds that points share.
    """

    values: pd.DataFrame
    units: Codes
    failed: int = 0
    undefined: int = 0
    without: tuple[Array, ...] = ()


def state_keys(design_along_seeds: bool, table: pd.DataFrame) -> list[str]:
    """What tells states apart: point and shocks; the seed too if points go along seeds, or nothing else varies."""
    by_seed = design_along_seeds or table["point"].nunique() < 2
    return ["point", "shocks", *(["seed"] if by_seed else [])]


def states(runs: pd.DataFrame, outcome: str, keys: Sequence[str], mixes: Sequence[str] = ()) -> States:
    """States × mixes of an outcome, means over the runs (seeds) of a state; mixes in this order, or as they turn up.

    `runs` has a row per run with `mix`, `seed`, `status`, the keys, and the outcome (NaN for a run that failed), and
    `world` where a sample goes along the seeds (see `resampling.with_worlds`). A
    state in which a mix lacks a run that another has, or in which one failed, is left out for all mixes: the mean of
    the others would be that of easier worlds. Raises ConfigError if the mixes share no state.
    """
    cells = runs.assign(ok=runs["status"] == OK).groupby([*keys, "mix"], sort=True, observed=True)
    wide = cells[outcome].agg(lambda values: values.mean(skipna=False)).unstack("mix")
    made = cells["ok"].sum().unstack("mix").fillna(0)
    whole = (made.min(axis=1) == runs.groupby(list(keys), observed=True)["seed"].nunique()) & (made.min(axis=1) > 0)
    defined = wide.notna().all(axis=1)
    kept = wide[whole & defined]
    if kept.empty:
        raise ConfigError(
            f"no state in which all of {', '.join(map(str, wide.columns))} have a value",
            key=outcome,
            expected="a batch in which every mix meets the same points, shocks and seeds",
        )
    ordered = kept[list(mixes or dict.fromkeys(runs["mix"]))]
    left_out = int((~whole).sum()), int((whole & ~defined).sum())
    return States(ordered, _units(runs, kept.index), *left_out, _without_seeds(runs, outcome, ordered, keys))


def _units(runs: pd.DataFrame, index: pd.Index) -> Codes:
    """The point of each state, or its world or seed where seeds tell states apart."""
    if "seed" not in index.names:
        return np.asarray(pd.factorize(index.get_level_values("point"), sort=True)[0])
    if WORLD in runs:
        worlds = runs.drop_duplicates("seed").set_index("seed")[WORLD]
        return np.asarray(pd.factorize(worlds.loc[index.get_level_values("seed")], sort=True)[0])
    return np.asarray(pd.factorize(index.get_level_values("seed"), sort=True)[0])


def _without_seeds(runs: pd.DataFrame, outcome: str, values: pd.DataFrame, keys: Sequence[str]) -> tuple[Array, ...]:
    """The values without each seed in turn; none if seeds tell states apart or there is one. A last seed stays."""
    seeds = runs["seed"].unique()
    if "seed" in keys or len(seeds) < 2:
        return ()
    left = []
    for seed in seeds:
        others = runs[runs["seed"] != seed].groupby([*keys, "mix"], observed=True)[outcome].mean().unstack("mix")
        left.append(others.reindex(index=values.index, columns=values.columns).fillna(values).to_numpy(float))
    return tuple(left)


# --- Measures -------------------------------------------------------------------------------------


def regret(values: Array, direction: int) -> Array:
    """By how much each mix falls short of the best in the same state (states, mixes); 0 for the best."""
    gains = direction * values
    return np.asarray(gains.max(axis=1, keepdims=True) - gains)


def best(values: Array, direction: int) -> Array:
    """Whether each mix is the best in a state (states, mixes); mixes that tie share the 1."""
    first = regret(values, direction) <= TIES * max(float(np.abs(values).max(initial=0.0)), 1.0)
    return first / first.sum(axis=1, keepdims=True)


MEASURES = {
    "p10": "tenth percentile",
    "median": "median",
    "p90": "ninetieth percentile",
    "worst": "in the worst state",
    "mean": "mean",
    "deviation": "standard deviation over states",
    "undesirable": "mean shortfall from the own median",
    "regret_mean": "mean regret",
    "regret_p90": "ninetieth percentile of regret",
    "regret_max": "greatest regret",
    "best": "share of states in which it is the best",
}
BETTER = {  # of measures by which mixes are ranked: 1 if more is better, -1 if less, 0 for the outcome's own direction
    "mean": 0, "median": 0, "worst": 0, "regret_mean": -1, "regret_p90": -1, "regret_max": -1, "best": 1,
}  # fmt: skip


def measures(values: Array, direction: int) -> dict[str, Array]:
    """Every measure of `MEASURES` for each mix (mixes,), from values (states, mixes), in the outcome's unit."""
    p10, median, p90 = np.quantile(values, [0.1, 0.5, 0.9], axis=0)
    lost = regret(values, direction)
    return {
        "p10": p10,
        "median": median,
        "p90": p90,
        "worst": values.min(axis=0) if direction > 0 else values.max(axis=0),
        "mean": values.mean(axis=0),
        "deviation": values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1], np.nan),
        "undesirable": np.maximum(direction * (median - values), 0.0).mean(axis=0),
        "regret_mean": lost.mean(axis=0),
        "regret_p90": np.quantile(lost, 0.9, axis=0),
        "regret_max": lost.max(axis=0),
        "best": best(values, direction).mean(axis=0),
    }


def robustness(found: States, direction: int, resamples: int = RESAMPLES, seed: int = 1) -> pd.DataFrame:
    """One row per mix and measure: mix, measure, value, low, high, first.

    Intervals are percentile intervals at 95 % over resampled units, the same resample for all mixes, with the luck of
    seeds that units share (see `resampling`); NaN for extremes and where there is one unit only. `first` is the
    probability under resampling that the mix is the best by this measure, ties shared: how stable the ranking is. NaN
    for measures that rank nothing.
    """
    values = found.values.to_numpy(float)
    mixes = list(found.values.columns)
    own = measures(values, direction)
    rows = _rows_of_units(found.units)
    drawn: dict[str, list[Array]] = {name: [] for name in own}
    rng = np.random.default_rng(seed)
    for _ in range(resamples if len(rows) > 1 else 0):
        chosen = np.concatenate([rows[unit] for unit in rng.integers(len(rows), size=len(rows))])
        for name, measured in measures(values[chosen], direction).items():
            drawn[name].append(measured)
    lucky = _luck(found, direction, resamples, rng)
    table = []
    for name, measured in own.items():
        again = np.array(drawn[name]).reshape(-1, len(mixes))
        if lucky and len(again):
            again = np.maximum(again + lucky[name], 0.0 if name in _POSITIVE else -np.inf)
            again = np.minimum(again, 1.0 if name == "best" else np.inf)
        first = _first(again, BETTER[name] or direction) if name in BETTER else np.full(len(mixes), np.nan)
        for place, mix in enumerate(mixes):
            low, high = (np.nan, np.nan) if name in EXTREMES else ends(again[:, place])
            table.append((mix, name, measured[place], low, high, first[place]))
    return pd.DataFrame(table, columns=["mix", "measure", "value", "low", "high", "first"])


def _luck(found: States, direction: int, resamples: int, rng: np.random.Generator) -> dict[str, Array]:
    """What the luck of shared seeds adds to each measure (resamples, mixes), the same draw for all; empty without."""
    if not found.without:
        return {}
    each = [measures(values, direction) for values in found.without]
    stacked = np.hstack([np.array([one[name] for one in each]) for name in MEASURES])
    return dict(zip(MEASURES, np.hsplit(luck_of_seeds(stacked, resamples, rng), len(MEASURES)), strict=True))


def _rows_of_units(units: Codes) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(units == unit) for unit in range(int(units.max()) + 1)]


def _first(again: Array, better: int) -> Array:
    """Share of resamples (resamples, mixes) in which each mix is the best by a measure (mixes,)."""
    return best(again, better).mean(axis=0) if len(again) else np.full(again.shape[1], np.nan)


# --- Satisficing ----------------------------------------------------------------------------------


def satisficing(
    runs: pd.DataFrame, criteria: Sequence[Criterion], keys: Sequence[str], mixes: Sequence[str] = (), seed: int = 1
) -> pd.DataFrame:
    """Share of the states in which each mix meets each criterion, and all together where there are several.

    `runs` as for `states`, with a column for every outcome that a criterion reads. States are those in which every
    mix has a value of every outcome; a state of several seeds is judged by its mean. Differences are to the first mix.

    Columns: mix, criterion ("all" for all together), value, low, high (95 % over units; Clopper and Pearson's where
    all states meet it or none does), states.
    """
    outcomes = list(dict.fromkeys(name for criterion in criteria for name in criterion.outcomes))
    each = {name: states(runs, name, keys, mixes) for name in outcomes}
    common = _common([found.values.index for found in each.values()])
    units = pd.Series(next(iter(each.values())).units, next(iter(each.values())).values.index)[common]
    codes = np.asarray(pd.factorize(units, sort=True)[0])
    rng = np.random.default_rng(seed)
    columns = list(next(iter(each.values())).values.columns)
    values = {name: found.values.loc[common] for name, found in each.items()}
    left = [
        {name: _like(found.values, found.without[seed]).loc[common] for name, found in each.items()}
        for seed in range(len(each[outcomes[0]].without))
    ]
    rows = []
    for mix in columns:
        again = [_met(criteria, other, mix, columns[0]) for other in left]
        for name, met in _met(criteria, values, mix, columns[0]).items():
            without = np.array([other[name].mean() for other in again]) if again else None
            found_share = share(met, np.ones(len(met)), codes, rng, without=without)
            rows.append((mix, name, *found_share, len(met)))
    return pd.DataFrame(rows, columns=["mix", "criterion", "value", "low", "high", "states"])


def _like(table: pd.DataFrame, values: Array) -> pd.DataFrame:
    return pd.DataFrame(values, index=table.index, columns=table.columns)


def _met(criteria: Sequence[Criterion], values: dict[str, pd.DataFrame], mix: str, first: str) -> dict[str, Array]:
    """In which states a mix meets each criterion and, where there are several, "all" (states,)."""
    table = pd.DataFrame({name: found[mix] for name, found in values.items()})
    gaps = {f"difference {name}": found[mix] - found[first] for name, found in values.items()}
    met = {str(criterion): criterion.met(table.assign(**gaps)) for criterion in criteria}
    if len(met) > 1:
        met["all"] = np.min(list(met.values()), axis=0)
    return met


def _common(indices: Sequence[pd.Index]) -> pd.Index:
    common = indices[0]
    for index in indices[1:]:
        common = common.intersection(index)
    if common.empty:
        raise ConfigError("no state in which every outcome is defined for all mixes", key="--satisfy")
    return common
