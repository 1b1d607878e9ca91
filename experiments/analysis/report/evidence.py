"""What a report says in numbers: paired differences with intervals, how they settle, how robust they are, on what
they hinge. Functions of tables; nothing here reads files, draws or writes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import stdtr, stdtrit

from experiments.compare import LEVEL

ALL = "all"
"""Stands for all shock scenarios together, each with the same weight."""
DISCOVERIES = 0.05  # share of false ones accepted among the differences that are marked
LEAST_POINTS = 8  # fewer points say nothing about a correlation
MOST_STATES = 1_000_000
ROUNDING = 1e-9  # relative; sums over thousands of bookings agree no closer

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What is judged: a headline indicator or `COLUMN:WAY`. `direction` is 1 if more is better, −1 if less, 0."""

    name: str
    title: str
    unit: str
    direction: int


class Estimate(NamedTuple):
    """A mean with its 95 % interval and the p-value of no difference; `pairs` is how many there are."""

    mean: float
    low: float
    high: float
    p: float
    pairs: int


# --- Pairs ----------------------------------------------------------------------------------------


def paired(
    table: pd.DataFrame,
    outcomes: Sequence[str],
    first: str,
    factors: Sequence[str] = (),
    by: Sequence[str] = ("point",),
) -> pd.DataFrame:
    """Differences of every other mix to the `first`, on the same shocks, seed and point of the sample.

    `table` has a row for each run that succeeded. A pair of which one run is missing is left out. Columns: mix,
    setting, shocks, seed, those of `by`, the `factors`, and the difference in each of `outcomes`. `by` tells points
    apart: the factors themselves where a sample chooses the mix.
    """
    keys = ["setting", "shocks", "seed", *by]
    base = table.loc[table["mix"] == first, [*keys, *outcomes]]
    others = table[table["mix"] != first]
    both = others.merge(base, on=keys, suffixes=("", " of the first"), validate="many_to_one")
    own, other = both[list(outcomes)], both[[f"{name} of the first" for name in outcomes]]
    differences = difference(own.to_numpy(float), other.to_numpy(float))
    kept = list(dict.fromkeys(["mix", *keys, *factors]))
    return pd.concat([both[kept], pd.DataFrame(differences, columns=list(outcomes), index=both.index)], axis=1)


def difference(own: Vector, other: Vector) -> Vector:
    """Own less other; nothing where they agree but for the rounding of sums."""
    apart: Vector = own - other
    apart[np.abs(apart) <= ROUNDING * np.maximum(np.abs(own), np.abs(other))] = 0.0
    return apart


def over_shocks(pairs: pd.DataFrame, outcomes: Sequence[str], by: Sequence[str] = ("point",)) -> pd.DataFrame:
    """Pairs averaged over shock scenarios, for the states that have been tried under all of them."""
    keys = ["mix", "setting", "seed", *by]
    rest = [name for name in pairs.columns if name not in (*keys, "shocks", *outcomes)]
    grouped = pairs.groupby(keys, sort=False, observed=True)
    means = grouped[list(outcomes)].agg(lambda values: values.mean(skipna=False))
    whole = grouped["shocks"].nunique() == pairs["shocks"].nunique()
    return pd.concat([means, grouped[rest].first()], axis=1)[whole].reset_index().assign(shocks=ALL)


# --- Intervals ------------------------------------------------------------------------------------


def estimate(values: Vector, seeds: Sequence[Any], points: Sequence[Any]) -> Estimate:
    """Mean of differences with an interval that knows which of them share a seed or a point of the sample.

    With one point per seed this is the t-interval. Where every point is run on every seed, differences on one seed
    and on one point move together, and errors are clustered in both ways: Cameron, Gelbach and Miller (2011), Robust
    inference with multiway clustering, Journal of Business & Economic Statistics 29(2). NaN where there is no second.
    """
    valid = np.isfinite(values)
    values, count = values[valid], int(valid.sum())
    if not count:
        return Estimate(math.nan, math.nan, math.nan, math.nan, 0)
    mean = float(values.mean())
    labels = [pd.factorize(np.asarray(list(names), dtype=object)[valid])[0] for names in (seeds, points)]
    variance, freedom = _variance(values - mean, *labels)
    if freedom < 1:
        return Estimate(mean, math.nan, math.nan, math.nan, count)
    error = math.sqrt(variance)
    reach = float(stdtrit(freedom, 0.5 + LEVEL / 2)) * error
    if error <= 1e-12 * abs(mean):
        return Estimate(mean, mean, mean, float(mean == 0.0), count)
    return Estimate(mean, mean - reach, mean + reach, float(2 * stdtr(freedom, -abs(mean) / error)), count)


def _variance(errors: Vector, seeds: NDArray[Any], points: NDArray[Any]) -> tuple[float, int]:
    """Variance of the mean and degrees of freedom. What takes one value only is not sampled and does not count."""
    sampled = [labels for labels in (seeds, points) if labels.max() > 0]
    single = _clustered(errors, np.arange(len(errors)))
    if not sampled:
        return (single, len(errors) - 1)
    each = [_clustered(errors, labels) for labels in sampled]
    freedom = min(int(labels.max()) for labels in sampled)
    if len(each) == 1:
        return each[0], freedom
    both = sum(each) - _clustered(errors, pd.factorize(seeds * (points.max() + 1) + points)[0])
    return (both if both > 0 else max(each)), freedom  # the estimator can fall below zero in small samples


def _clustered(errors: Vector, labels: NDArray[Any]) -> float:
    sums = np.bincount(labels, weights=errors)
    groups = len(sums)
    return float((sums**2).sum()) / len(errors) ** 2 * groups / (groups - 1) if groups > 1 else 0.0


def verdict(direction: int, found: Estimate) -> str:
    """better, worse, higher, lower, equal (in every state), undecided, or unknown without an interval."""
    if not math.isfinite(found.low):
        return "unknown"
    if found.low == found.high == 0.0:
        return "equal"
    if found.low <= 0.0 <= found.high:
        return "undecided"
    if direction == 0:
        return "higher" if found.low > 0 else "lower"
    return "better" if (found.low > 0) == (direction > 0) else "worse"


def comparisons(
    pairs: pd.DataFrame,
    outcomes: Sequence[Outcome],
    mixes: Sequence[str],
    shocks: Sequence[str],
    by: Sequence[str] = ("point",),
) -> pd.DataFrame:
    """One row per outcome, mix and shock scenario, and one for all scenarios together (`ALL`).

    Columns: outcome, mix, shocks, states (pairs), difference, low, high, p, verdict, survives. `survives` marks those
    that remain when the share of false ones among them is held to `DISCOVERIES`: Benjamini and Hochberg (1995).
    """
    names = [outcome.name for outcome in outcomes]
    scenarios = [*shocks, ALL] if len(shocks) > 1 else list(shocks)
    everything = pd.concat([pairs, over_shocks(pairs, names, by)], ignore_index=True) if len(shocks) > 1 else pairs
    groups = dict(list(everything.groupby(["mix", "shocks"], sort=False, observed=True)))
    rows = [
        _compared(groups.get((mix, scenario), pairs.iloc[:0]), outcome, mix, scenario, by)
        for outcome in outcomes
        for mix in mixes
        for scenario in scenarios
    ]
    columns = ["outcome", "mix", "shocks", "states", "difference", "low", "high", "p", "verdict"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(survives=discoveries(table["p"]))


def _compared(group: pd.DataFrame, outcome: Outcome, mix: str, scenario: str, by: Sequence[str]) -> dict[str, Any]:
    points = group[list(by)].astype(str).agg("|".join, axis=1) if len(group) and by else [""] * len(group)
    found = estimate(group[outcome.name].to_numpy(float), group["seed"].tolist(), list(points))
    return {
        "outcome": outcome.name,
        "mix": mix,
        "shocks": scenario,
        "states": found.pairs,
        "difference": found.mean,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "verdict": verdict(outcome.direction, found),
    }


def discoveries(p: pd.Series[float], level: float = DISCOVERIES) -> pd.Series[bool]:
    """Which p-values survive the control of the false-discovery rate; those that are NaN were not tested."""
    tested = p.notna()
    survives = pd.Series(False, index=p.index)
    if tested.any():
        survives[tested] = stats.false_discovery_control(p[tested].to_numpy(float)) <= level
    return survives


# --- Convergence ----------------------------------------------------------------------------------


def by_draw(pairs: pd.DataFrame, name: str) -> pd.Series[float]:
    """Mean difference of each seed, in the order of seeds; of each point where there is one seed only."""
    draw = "seed" if pairs["seed"].nunique() > 1 else "point"
    return pairs.dropna(subset=[name]).groupby(draw, observed=True)[name].mean().sort_index()


def running(values: Vector) -> pd.DataFrame:
    """Mean, half-width of the 95 % interval, by the number of draws so far: columns draws, mean, reach."""
    count = np.arange(1, len(values) + 1)
    mean = np.cumsum(values) / count
    centred = values - values[0] if len(values) else values  # keeps digits where values are large and alike
    squares = np.cumsum(centred**2) - np.cumsum(centred) ** 2 / count
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.maximum(squares, 0.0) / (count - 1) / count)
        reach = np.where(count > 1, stdtrit(np.maximum(count - 1, 1), 0.5 + LEVEL / 2) * error, math.nan)
    return pd.DataFrame({"draws": count, "mean": mean, "reach": reach})


def draws_needed(spread: float, reach: float) -> float:
    """Draws after which the 95 % interval is ± `reach` wide or less, for a standard deviation; inf if out of reach."""
    if spread == 0.0:
        return 2.0
    if not reach > 0.0:
        return math.inf
    count = 2.0
    for _ in range(200):  # t-quantiles depend on the number sought: from below, until it no longer grows
        needed = math.ceil((float(stdtrit(count - 1, 0.5 + LEVEL / 2)) * spread / reach) ** 2)
        if needed > MOST_STATES:
            return math.inf if count > 2 else _normal_count(spread, reach)
        if needed <= count:
            break
        count = float(max(count + 1, min(needed, count * 1.1)))
    return count


def _normal_count(spread: float, reach: float) -> float:
    count = float(math.ceil((float(stats.norm.ppf(0.5 + LEVEL / 2)) * spread / reach) ** 2))
    return count if count <= MOST_STATES else math.inf


def convergence(pairs: pd.DataFrame, outcomes: Sequence[str], mixes: Sequence[str]) -> pd.DataFrame:
    """For each outcome and mix how far the mean difference is settled, over all shock scenarios in `pairs`.

    Columns: outcome, mix, draws, difference, spread (standard deviation over draws), reach (half-width now), to_sign
    (draws needed before an interval of that spread around that difference leaves out zero), to_half (for half the
    present half-width).
    """
    rows = []
    for name in outcomes:
        for mix in mixes:
            values = by_draw(pairs[pairs["mix"] == mix], name).to_numpy(float)
            if len(values) < 2:
                continue
            mean, spread, reach = (
                float(values.mean()),
                float(values.std(ddof=1)),
                float(running(values)["reach"].iloc[-1]),
            )
            to_sign, to_half = draws_needed(spread, abs(mean)), draws_needed(spread, reach / 2)
            rows.append((name, mix, len(values), mean, spread, reach, to_sign, to_half))
    columns = ["outcome", "mix", "draws", "difference", "spread", "reach", "to_sign", "to_half"]
    return pd.DataFrame(rows, columns=columns)


# --- Robustness and what it hinges on -------------------------------------------------------------


def robustness(
    table: pd.DataFrame, outcomes: Sequence[Outcome], mixes: Sequence[str], by: Sequence[str] = ("point",)
) -> pd.DataFrame:
    """For each outcome that has a direction and each mix, over the states in which all mixes ran.

    Columns: outcome, mix, states, better and worse (shares of states in which it beats the first mix, or the first
    beats it), median (difference to the first), mean_regret and most_regret (how far it stays behind the best
    mix of a state: Savage 1951, The theory of statistical decision, Journal of the American Statistical Association).
    """
    keys = ["setting", "shocks", "seed", *by]
    rows = []
    for outcome in outcomes:
        if not outcome.direction:
            continue
        wide = table.pivot_table(index=keys, columns="mix", values=outcome.name, observed=True, dropna=False)
        good = (wide.reindex(columns=list(mixes)) * outcome.direction).dropna()
        if good.empty:
            continue
        for mix in mixes:
            gain = difference(good[mix].to_numpy(float), good[mixes[0]].to_numpy(float))
            regret = difference(good.max(axis=1).to_numpy(float), good[mix].to_numpy(float))
            rows.append(
                {
                    "outcome": outcome.name,
                    "mix": mix,
                    "states": len(good),
                    "better": float((gain > 0).mean()),
                    "worse": float((gain < 0).mean()),
                    "median": float(np.median(gain)) * outcome.direction,
                    "mean_regret": float(regret.mean()),
                    "most_regret": float(regret.max()),
                }
            )
    columns = ["outcome", "mix", "states", "better", "worse", "median", "mean_regret", "most_regret"]
    return pd.DataFrame(rows, columns=columns)


def hinges(pairs: pd.DataFrame, outcomes: Sequence[str], mixes: Sequence[str], factors: Sequence[str]) -> pd.DataFrame:
    """Spearman's rank correlation of the paired difference with each factor, over the rows of its sample.

    Differences are averaged over all else first - seeds, shock scenarios, rows of other samples - so that a row counts
    once (see `samples_of`): points that share a world are no further evidence on what differs between worlds.
    Columns: outcome, mix, factor, points (rows), correlation, low, high, p, survives. Intervals: Bonett and Wright
    (2000), Sample size requirements for estimating Pearson, Kendall and Spearman correlations, Psychometrika 65.
    """
    samples = samples_of(pairs, factors)
    whose = {factor: sample for sample in samples for factor in sample}
    rows = []
    for mix in mixes:
        chosen = pairs[pairs["mix"] == mix]
        for name in outcomes:
            valid = chosen.dropna(subset=[name])
            means = {
                sample: valid.groupby(list(sample), observed=True)[name].mean().reset_index() for sample in samples
            }
            each = [(factor, means[whose[factor]]) for factor in factors]
            rows += [_hinge(rows_, name, mix, factor) for factor, rows_ in each if _varies(rows_, name, factor)]
    columns = ["outcome", "mix", "factor", "points", "correlation", "low", "high", "p"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(survives=discoveries(table["p"]))


def samples_of(pairs: pd.DataFrame, factors: Sequence[str]) -> list[tuple[str, ...]]:
    """The factors by the sample to which they belong, as the values tell.

    Those with one value on each of several seeds go along the seeds together. Of the others, two belong together
    unless (nearly, where runs failed) every value of one meets every value of the other. What is crossed with all
    others is a grid, however many samples declare it.
    """
    if not factors:
        return []
    by_seed = pairs.groupby("seed", observed=True)[list(factors)].nunique().max()
    along = [name for name in factors if pairs["seed"].nunique() > 1 and by_seed[name] <= 1]
    groups: list[tuple[str, ...]] = []
    for name in (name for name in factors if name not in along):
        met = [group for group in groups if not all(_crossed(pairs, name, other) for other in group)]
        groups = [group for group in groups if group not in met] + [
            (*(other for group in met for other in group), name)
        ]
    grid = tuple(group[0] for group in groups if len(group) == 1)
    return [group for group in (tuple(along), grid, *(group for group in groups if len(group) > 1)) if group]


def _crossed(pairs: pd.DataFrame, one: str, other: str) -> bool:
    """Whether values of two factors are combined; within a hypercube at most half of the combinations turn up."""
    return len(pairs[[one, other]].drop_duplicates()) > 0.75 * pairs[one].nunique() * pairs[other].nunique()


def _varies(means: pd.DataFrame, name: str, factor: str) -> bool:
    return len(means) >= LEAST_POINTS and means[name].nunique() > 1 and means[factor].nunique() > 1


def _hinge(means: pd.DataFrame, name: str, mix: str, factor: str) -> tuple[Any, ...]:
    found = stats.spearmanr(means[factor], means[name])
    r, count = float(found.statistic), len(means)
    within = min(max(r, -1 + 1e-12), 1 - 1e-12)
    reach = float(stats.norm.ppf(0.5 + LEVEL / 2)) * math.sqrt((1 + within**2 / 2) / (count - 3))
    low, high = np.tanh(np.arctanh(within) + np.array([-reach, reach]))
    return name, mix, factor, count, r, float(low), float(high), float(found.pvalue)


# --- Series ---------------------------------------------------------------------------------------


def bands(series: pd.DataFrame, column: str, summed: bool) -> pd.DataFrame:
    """Median and tenth and ninetieth percentile over runs of each month, by mix: mix, month, low, median, high, runs.

    Twelve-month means, or sums so far of what is `summed`.
    """
    wide = series.pivot(index="month", columns="run_id", values=column).sort_index()
    smooth = wide.cumsum() if summed else wide.rolling(12, min_periods=1).mean()
    mixes = series.drop_duplicates("run_id").set_index("run_id")["mix"].reindex(smooth.columns)
    frames = []
    for mix in mixes.unique():
        runs = smooth.loc[:, (mixes == mix).to_numpy()]
        low, median, high = (runs.quantile(share, axis=1) for share in (0.1, 0.5, 0.9))
        frame = pd.DataFrame({"mix": mix, "low": low, "median": median, "high": high, "runs": runs.notna().sum(axis=1)})
        frames.append(frame.reset_index())
    return pd.concat(frames, ignore_index=True)[["mix", "month", "low", "median", "high", "runs"]]


# --- What failed ----------------------------------------------------------------------------------


def failures(failed: pd.DataFrame, factors: Sequence[str] = ()) -> pd.DataFrame:
    """Failed runs by error: error (its first line), runs, mixes, shocks, seeds, points."""
    rows = []
    errors = failed["status"].astype(str).str.strip().str.split("\n").str[0]
    for error, group in failed.groupby(errors, sort=False):
        listed = {key: _listed(group[key]) for key in ("mix", "shocks", "seed", "point")}
        rows.append({"error": error, "runs": len(group), **listed})
    table = pd.DataFrame(rows, columns=["error", "runs", "mix", "shocks", "seed", "point"])
    return table.sort_values("runs", ascending=False, ignore_index=True)


def _listed(values: pd.Series[Any], most: int = 12) -> str:
    distinct = sorted(values.dropna().unique().tolist())
    shown = ", ".join(map(str, distinct[:most]))
    return shown if len(distinct) <= most else f"{shown} and {len(distinct) - most} more"
