"""Global sensitivity: which factors move an outcome, how far that exceeds luck, and how sure it is.

Outcomes are arrays (blocks, rows, seeds): a block is what a method needs whole - a base row of Saltelli's scheme with
its D + 2 or 2 D + 2 rows, a trajectory of Morris, a single point for the rest. Indices are of the mean over seeds
(Lee et al. 2015, https://doi.org/10.18564/jasss.2897; Marrel et al. 2012, https://doi.org/10.1007/s11222-011-9274-8).

Intervals are two-way: seeds shared by all points (common random numbers) make runs of one seed as little independent
as runs of one block. The variance of an index is that of a bootstrap over blocks plus that of a jackknife over seeds
less that of a bootstrap over seeds within blocks, which both contain (Cameron, Gelbach and Miller 2011,
https://doi.org/10.1198/jbes.2010.07136; Owen 2007, https://doi.org/10.1214/07-AOAS122), and never less than that of
blocks. They are t-intervals with Satterthwaite's degrees of freedom: two or three seeds say little about other seeds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from abm.parameters import ConfigError

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Statistic = Callable[[Places, Places], Floats]
"""Values (k,) computed on these blocks and these seeds, (seeds,) or for each block its own (blocks, seeds)."""

LEVEL = 0.95
LEAST_BLOCKS, LEAST_POINTS = 3, 30
LEAST_OF_CLASS = 10  # points: a level that has as many is a class of its own for delta
INFLUENTIAL, NOISE, NONE, FIXED = "influential", "not distinguishable from noise", "no effect", "not varied"
LEADING = {"sobol": "ST", "morris": "mu_star", "delta": "delta"}
"""The index of each method by which factors are ranked and judged first."""

_DUMMIES = 400
_DELTA_DUMMIES, _DUMMY_RESAMPLES = 60, 5


@dataclass(frozen=True)
class Observed:
    """An outcome at the points of a sample.

    Attributes
    ----------
    values
        (blocks, rows of a block, seeds). Complete if `crossed`; else NaN fills up points that fewer seeds visited.
    crossed
        Whether all points were run on the same seeds, which then have an effect of their own that is common to all
        points; else every point has seeds of its own.
    """

    values: Floats
    crossed: bool = True

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return int(self.values.shape[0])

    @property
    def seeds(self) -> int:
        """Seeds per point, the most if they differ."""
        return int(self.values.shape[2])

    def means(self) -> Floats:
        """Means over seeds (blocks, rows)."""
        return np.asarray(np.nanmean(self.values, axis=2))

    @property
    def constant(self) -> bool:
        """Whether every run gave the same, up to rounding."""
        values = self.values[np.isfinite(self.values)]
        return bool(np.ptp(values) <= 1e-12 * np.max(np.abs(values), initial=0.0))


# --- Intervals ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """Estimates (k,) and the ends of their intervals."""

    value: Floats
    low: Floats
    high: Floats


def estimated(
    statistic: Statistic,
    observed: Observed,
    resamples: int,
    rng: np.random.Generator,
    reduce_bias: bool = False,
    least_seeds: int = 1,
    cells: bool = True,
) -> Estimate:
    """A statistic with its two-way interval at 95 % (see the module).

    `reduce_bias` takes off the bias that the bootstrap shows (Plischke et al. 2013, equation 30). `least_seeds`
    is how many seeds the statistic needs; without one to spare, the interval is that of blocks alone. Without `cells`,
    for a statistic that needs every seed once, nothing is taken off the sum of the two variances.
    """
    blocks, seeds = np.arange(observed.blocks), np.arange(observed.seeds)
    value = statistic(blocks, seeds)
    draws = np.array([statistic(rng.integers(len(blocks), size=len(blocks)), seeds) for _ in range(resamples)])
    draws = draws[np.isfinite(draws).all(axis=1)]  # a resample of a rare outcome may hold one value only
    if 2 * len(draws) < resamples:
        return Estimate(value, np.full(value.shape, np.nan), np.full(value.shape, np.nan))
    by_blocks = draws.var(axis=0, ddof=1) * len(blocks) / (len(blocks) - 1)
    by_seeds, free = np.zeros_like(value), np.full(value.shape, len(blocks) - 1.0)
    if observed.crossed and len(seeds) > least_seeds:
        left = np.array([statistic(blocks, np.delete(seeds, place)) for place in seeds])
        by_seeds = left.var(axis=0) * (len(seeds) - 1)
        if cells:
            by_seeds = np.maximum(by_seeds - _by_cells(statistic, observed, max(resamples // 4, 10), rng), 0.0)
        free = _satterthwaite(by_blocks, len(blocks) - 1, by_seeds, len(seeds) - 1)
    reach = stdtrit(free, 0.5 + LEVEL / 2) * np.sqrt(by_blocks + by_seeds)
    if reduce_bias:
        value = 2.0 * value - draws.mean(axis=0)
    return Estimate(value, value - reach, value + reach)


def _by_cells(statistic: Statistic, observed: Observed, resamples: int, rng: np.random.Generator) -> Floats:
    """Variance by the luck of single blocks: seeds resampled within each block, on its own."""
    blocks, count = np.arange(observed.blocks), observed.seeds
    draws = [statistic(blocks, rng.integers(count, size=(len(blocks), count))) for _ in range(resamples)]
    return np.asarray(np.var(draws, axis=0, ddof=1) * count / (count - 1))


def _chosen(array: Floats, blocks: Places, seeds: Places) -> Floats:
    """What an array (blocks, k, seeds) holds for these blocks and seeds."""
    if seeds.ndim == 1:
        return array[blocks][:, :, seeds]
    return np.take_along_axis(array[blocks], seeds[:, None, :], axis=2)


def _satterthwaite(one: Floats, free_one: int, other: Floats, free_other: int) -> Floats:
    """Degrees of freedom of a sum of two variances; those of the first where both are zero."""
    below = one**2 / free_one + other**2 / free_other
    return np.where(below > 0.0, (one + other) ** 2 / np.where(below > 0.0, below, 1.0), float(free_one))


# --- What seeds account for -----------------------------------------------------------------------


@dataclass(frozen=True)
class Components:
    """Variances of single runs, estimated without bias (they may come out below zero where they are small).

    Attributes
    ----------
    points
        Of the expectation over seeds, between points: what factors account for.
    common
        Of the effect of a seed that is the same at all points; it cancels out of every comparison between points.
        Zero if each point has seeds of its own.
    residual
        Of the rest: luck that is another one at another point.
    """

    points: float
    common: float
    residual: float

    @property
    def seeds(self) -> float:
        """Share of the variance of single runs that seeds account for, from 0 to 1; NaN if nothing varies."""
        parts = [max(part, 0.0) for part in (self.points, self.common, self.residual)]
        return (parts[1] + parts[2]) / sum(parts) if sum(parts) > 0.0 else float("nan")


def components(values: Floats, crossed: bool = True) -> Components:
    """Analysis of variance of values (points, seeds) with random effects; two seeds at least.

    Crossed: two ways without replication (points and seeds). Not crossed: one way, points may have different numbers
    of seeds (NaN elsewhere). Searle, Casella and McCulloch (1992), Variance Components, chapters 3 and 4.

    With seeds shared by all points, the mean square within points holds the common effect of seeds, that between
    points does not: the one-way formula would take too much off the variance of points.
    """
    return _two_way(values) if crossed else _one_way(values)


def _two_way(values: Floats) -> Components:
    points, seeds = values.shape
    mean, by_point, by_seed = values.mean(), values.mean(axis=1), values.mean(axis=0)
    rest = values - by_point[:, None] - by_seed[None, :] + mean
    residual = float(np.sum(rest**2)) / ((points - 1) * (seeds - 1))
    between = seeds * float(np.sum((by_point - mean) ** 2)) / (points - 1)
    common = points * float(np.sum((by_seed - mean) ** 2)) / (seeds - 1)
    return Components((between - residual) / seeds, (common - residual) / points, residual)


def _one_way(values: Floats) -> Components:
    counts = np.isfinite(values).sum(axis=1)
    total, means = counts.sum(), np.nanmean(values, axis=1)
    within = float(np.nansum((values - means[:, None]) ** 2)) / (total - len(values))
    grand = float(np.sum(counts * means)) / total
    between = float(np.sum(counts * (means - grand) ** 2)) / (len(values) - 1)
    size = (total - np.sum(counts**2) / total) / (len(values) - 1)
    return Components((between - within) / size, 0.0, within)


def separable(observed: Observed) -> bool:
    """Whether luck can be told from factors: some point has two seeds, and if crossed then all have."""
    return observed.seeds > 1 and bool((np.isfinite(observed.values).sum(axis=2) > 1).any())


def seeds_share(
    observed: Observed, rows: Sequence[int], resamples: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Share of the variance of runs that seeds account for, with its interval, from these rows of each block.

    NaN if the noise cannot be separated. With two seeds the interval is that of points alone. Of Morris's trajectories
    the share is that on their grid, whose points at the ends of ranges make factors count for more.
    """
    if not separable(observed):
        return float("nan"), float("nan"), float("nan")

    def statistic(blocks: Places, seeds: Places) -> Floats:
        chosen = observed.values[blocks][:, rows][:, :, seeds].reshape(-1, len(seeds))
        return np.array([components(chosen, observed.crossed).seeds])

    found = estimated(statistic, observed, resamples, rng, least_seeds=2, cells=False)
    return float(found.value[0]), max(float(found.low[0]), 0.0), min(float(found.high[0]), 1.0)


def luck(observed: Observed, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Draws of the luck that is left in a mean over seeds, from what seeds did at points of the sample.

    Residuals of the two-way analysis, scaled to their variance; a draw takes a point and, with replacement, as many
    of its residuals as there are seeds. All zero if there is one seed.
    """
    values = observed.values.reshape(-1, observed.seeds)
    points, seeds = values.shape
    if seeds < 2 or points < 2:
        return np.zeros(shape)
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
    rest *= np.sqrt(points * seeds / ((points - 1.0) * (seeds - 1.0)))
    point = rng.integers(points, size=(*shape, 1))
    return np.asarray(rest[point, rng.integers(seeds, size=(*shape, seeds))].mean(axis=-1))


def _reached(draws: Floats) -> Floats:
    """What draws (n, k) of a dummy's indices are on average and reach in one study out of twenty; no signs (2, k)."""
    return np.array([np.abs(draws.mean(axis=0)), np.quantile(np.abs(draws), LEVEL, axis=0)])


# --- Sobol indices --------------------------------------------------------------------------------


def sobol_indices(
    observed: Observed,
    names: Sequence[str],
    second_order: bool = False,
    resamples: int = 200,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """First-order (S1), total (ST) and, if designed, second-order (S2) indices of Saltelli's scheme.

    Estimators of Saltelli et al. (2010, https://doi.org/10.1016/j.cpc.2009.09.018) and, of the second order, Saltelli
    (2002), as SALib has them, on blocks of D + 2 rows (2 D + 2 with second order) in SALib's order. The luck left in
    means over seeds gives every factor a total index even if it has no influence but to shuffle luck, and lowers those
    of the others; `dummy` is what such a factor has on average, `threshold` what it reaches in one study out of twenty
    (cf. Khorashadi Zadeh et al. 2017,
    https://doi.org/10.1016/j.envsoft.2017.02.001).

    Columns: index, factor, with (the other factor of S2), estimate, low, high, dummy, threshold,
    verdict.
    """
    rng = rng or np.random.default_rng(1)
    _require(observed.blocks >= LEAST_BLOCKS, f"{observed.blocks} base rows", f"{LEAST_BLOCKS} or more base rows")
    count = len(names)
    pairs = list(combinations(range(count), 2)) if second_order else []

    def statistic(blocks: Places, seeds: Places) -> Floats:
        return _saltelli(_chosen(observed.values, blocks, seeds).mean(axis=2), pairs)

    found = estimated(statistic, observed, resamples, rng)
    dummies = np.repeat(_dummy_sobol(observed, rng), [count, count, len(pairs)], axis=1)
    unmoved = _unmoved(observed, count)
    keys = [("S1", names[place], "") for place in range(count)]
    keys += [("ST", names[place], "") for place in range(count)]
    keys += [("S2", names[one], names[other]) for one, other in pairs]
    still = np.concatenate([unmoved, unmoved, [unmoved[one] or unmoved[other] for one, other in pairs]]).astype(bool)
    return _table(keys, found, dummies, still)


def _saltelli(means: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """S1, ST and S2 of `pairs` from means (blocks, rows); NaN where all of A and B is one value."""
    from SALib.analyze.sobol import first_order, second_order, total_order

    scaled = _standardised(means)
    if scaled is None:
        width = means.shape[1] - 2
        return np.full(2 * (width // 2 if pairs else width) + len(pairs), np.nan)
    a, b, ab, ba = _scheme(scaled, bool(pairs))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Constant values encountered")
        wide_a, wide_b = np.broadcast_to(a[:, None], ab.shape), np.broadcast_to(b[:, None], ab.shape)
        parts = [first_order(wide_a, ab, wide_b), total_order(wide_a, ab, wide_b)]
        parts += [[second_order(a, ab[:, j], ab[:, k], ba[:, j], b) for j, k in pairs]]
    return np.concatenate(parts)


def _standardised(means: Floats) -> Floats | None:
    """Centred and scaled, since the estimators are poor far from zero; None if A and B are all one value."""
    spread = float(means.std())
    if spread == 0.0 or np.ptp(means[:, [0, -1]]) == 0.0:
        return None
    return np.asarray((means - means.mean()) / spread)


def _scheme(means: Floats, second_order: bool) -> tuple[Floats, Floats, Floats, Floats]:
    """The matrices A, B (blocks,) and AB, BA (blocks, factors) of Saltelli's scheme."""
    inner = means[:, 1:-1]
    count = inner.shape[1] // 2 if second_order else inner.shape[1]
    return means[:, 0], means[:, -1], inner[:, :count], inner[:, count:]


def _dummy_sobol(observed: Observed, rng: np.random.Generator) -> Floats:
    """What S1, ST and S2 of a factor without influence reach: rows that differ in luck alone.

    Of the second order, the other factor of the pair is taken without influence as well: the index then is the
    estimator's numerator of pure luck, less two first-order indices.
    """
    means = observed.means()
    a, b = means[:, 0], means[:, -1]
    spread = float(np.var(np.r_[a, b]))
    if spread == 0.0:
        return np.zeros((2, 3))
    own, other, third, fourth, fifth = luck(observed, (5, _DUMMIES, observed.blocks), rng)
    centre = b - np.mean(np.r_[a, b])
    one = np.mean(centre * (own - other), axis=1)
    two = np.mean(centre * (third - other), axis=1)
    total = 0.5 * np.mean((own - other) ** 2, axis=1)
    # BA × AB′ - A × B: AB′ stands where A does and BA where B does, each with luck of its own
    both = np.mean(centre * (third - other) + (fourth - fifth) * (a - np.mean(np.r_[a, b])), axis=1)
    return _reached(np.column_stack([one, total, both - one - two]) / spread)


def _unmoved(observed: Observed, count: int) -> NDArray[np.bool_]:
    """Factors whose change changed no run at all, on any seed."""
    a, ab = observed.values[:, :1], observed.values[:, 1 : count + 1]
    return np.asarray((a == ab).all(axis=(0, 2)))


# --- Morris ---------------------------------------------------------------------------------------


def morris_indices(
    observed: Observed,
    places: Floats,
    names: Sequence[str],
    resamples: int = 200,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Morris's elementary effects: mean (mu), mean of absolute values (mu_star), standard deviation (sigma).

    Morris (1991, https://doi.org/10.1080/00401706.1991.10484804); mu_star of Campolongo et al. (2007,
    https://doi.org/10.1016/j.envsoft.2006.10.004). In units of the outcome for the whole range of a factor. `places`
    (blocks, factors + 1, factors) are the points of the trajectories. Effects differ in sign with mu_star above |mu|;
    a large sigma says that an effect depends on where the factor or others stand - or luck, whose part the
    threshold says. The sign of a choice's effect is that of the order in which its levels are listed.

    Columns as of `sobol_indices`.
    """
    rng = rng or np.random.default_rng(1)
    _require(observed.blocks >= LEAST_BLOCKS, f"{observed.blocks} trajectories", f"{LEAST_BLOCKS} or more trajectories")
    effects = elementary_effects(observed.values, places)

    def statistic(blocks: Places, seeds: Places) -> Floats:
        return _moments(_chosen(effects, blocks, seeds).mean(axis=2)).ravel()

    found = estimated(statistic, observed, resamples, rng)
    one, other = luck(observed, (2, observed.blocks, _DUMMIES), rng)
    step = float(np.abs(np.diff(places, axis=1)).max())
    dummies = np.repeat(_reached(_moments((one - other) / step).T), len(names), axis=1)
    keys = [(index, name, "") for index in ("mu", "mu_star", "sigma") for name in names]
    return _table(keys, found, dummies, np.tile((effects == 0.0).all(axis=(0, 2)), 3))


def elementary_effects(values: Floats, places: Floats) -> Floats:
    """Effect of each factor in each trajectory on each seed (blocks, factors, seeds), for its whole range."""
    steps = np.diff(places, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    effects = np.diff(values, axis=1) / np.take_along_axis(steps, moved[..., None], axis=2)
    sorted_ = np.empty_like(effects)
    np.put_along_axis(sorted_, moved[..., None], effects, axis=1)
    return sorted_


def _moments(effects: Floats) -> Floats:
    """mu, mu_star and sigma (3, factors) of effects (blocks, factors)."""
    return np.array([effects.mean(axis=0), np.abs(effects).mean(axis=0), effects.std(axis=0, ddof=1)])


# --- Delta ----------------------------------------------------------------------------------------


def delta_indices(
    observed: Observed,
    places: Floats,
    names: Sequence[str],
    resamples: int = 100,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Moment-independent importance (delta) and the first-order index (S1) from given data, whatever the sample.

    Borgonovo (2007, https://doi.org/10.1016/j.ress.2006.04.015): half the distance between the density of the outcome
    and that given a factor, on average. Estimators of Plischke, Borgonovo and Smith (2013,
    https://doi.org/10.1016/j.ejor.2012.11.047), as SALib has them, the bias taken off both (which SALib 1.6 itself
    does not achieve: it starts from a resample instead of the data). `places` (points, factors) are ranks or places in
    ranges; a factor of few levels is partitioned by its levels. Classes of finite width and smoothed densities make a
    strong influence come out too weak (0.41 for 0.51 on 400 points), and chance makes none come out above zero: the
    threshold is what a shuffled dummy factor reaches in one study out of twenty.

    Columns as of `sobol_indices`.
    """
    rng = rng or np.random.default_rng(1)
    points = observed.blocks
    _require(points >= LEAST_POINTS, f"{points} points", f"{LEAST_POINTS} or more points for delta, better hundreds")
    varied = np.ptp(places, axis=0) > 0.0
    counts = [tuple(np.unique(places[:, column], return_counts=True)[1]) for column in range(len(names))]
    by_level = [min(shape) >= LEAST_OF_CLASS for shape in counts]

    def statistic(blocks: Places, seeds: Places) -> Floats:
        outcome = np.asarray(np.nanmean(_chosen(observed.values, blocks, seeds), axis=(1, 2)))
        return _given_data(outcome, places[blocks], by_level)

    found = estimated(statistic, observed, resamples, rng, reduce_bias=True)
    each = np.array(_dummies_delta(observed.means()[:, 0], places, by_level, counts, rng))  # (factors, 2, indices)
    dummies = each.transpose(1, 2, 0).reshape(2, -1)
    keys = [(index, name, "") for index in ("delta", "S1") for name in names]
    table = _table(keys, found, dummies, np.zeros(len(keys), dtype=bool))
    fixed = np.tile(~varied, 2)
    table.loc[fixed, ["estimate", "low", "high", "dummy", "threshold"]] = np.nan
    table.loc[fixed, "verdict"] = FIXED
    return table


def _given_data(outcome: Floats, places: Floats, by_level: Sequence[bool]) -> Floats:
    """delta and S1 of each factor, one after another; zero for an outcome that is all one value."""
    columns = range(places.shape[1])
    if np.ptp(outcome) == 0.0:
        return np.zeros(2 * places.shape[1])
    pairs = [_of_factor(outcome, places[:, column], by_level[column]) for column in columns]
    return np.array(pairs).T.ravel()


def _of_factor(outcome: Floats, places: Floats, few: bool) -> tuple[float, float]:
    from SALib.analyze.delta import calc_delta, sobol_first

    edges = _edges(places) if few else _classes(len(outcome))
    grid = np.linspace(outcome.min(), outcome.max(), 100)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*bins skipped")  # classes of one value: `analyse` says so
        return float(calc_delta(outcome, grid, places, edges)), float(sobol_first(outcome, places, edges))


def _edges(places: Floats) -> Floats:
    """Edges of classes of one level each, in ranks."""
    return np.concatenate([[0.0], np.cumsum(np.unique(places, return_counts=True)[1])])


def _classes(points: int) -> Floats:
    """Edges of classes of equal frequency, as many as Plischke et al. (2013) and SALib take for so many points."""
    exponent = 2.0 / (7.0 + np.tanh((1500.0 - points) / 500.0))
    return np.linspace(0, points, min(int(np.ceil(points**exponent)), 48) + 1)


def _dummies_delta(
    outcome: Floats,
    places: Floats,
    by_level: Sequence[bool],
    counts: Sequence[tuple[int, ...]],
    rng: np.random.Generator,
) -> list[Floats]:
    """What a dummy factor reaches in place of each factor; those of the same classes share theirs."""
    found: dict[tuple[int, ...], Floats] = {}
    shapes = [shape if few else () for shape, few in zip(counts, by_level, strict=True)]
    for column, shape in enumerate(shapes):
        if shape not in found:
            found[shape] = _dummy_delta(outcome, places[:, column], by_level[column], rng)
    return [found[shape] for shape in shapes]


def _dummy_delta(outcome: Floats, places: Floats, few: bool, rng: np.random.Generator) -> Floats:
    """What delta and S1, their bias taken off, reach for a factor that was shuffled."""
    draws = []
    for _ in range(_DELTA_DUMMIES):
        shuffled = rng.permutation(places)
        chosen = rng.integers(len(outcome), size=(_DUMMY_RESAMPLES, len(outcome)))
        again = [_of_factor(outcome[rows], shuffled[rows], few) for rows in chosen]
        draws.append(2.0 * np.array(_of_factor(outcome, shuffled, few)) - np.mean(again, axis=0))
    return _reached(np.array(draws))


# --- Tables ---------------------------------------------------------------------------------------


def _table(keys: Sequence[tuple[str, str, str]], found: Estimate, dummies: Floats, still: Any) -> pd.DataFrame:
    rounding = 1e-9 * np.max(np.abs(found.value), initial=0.0)  # without luck a dummy reaches zero, sums do not quite
    dummy, threshold = np.maximum(dummies, rounding)
    table = pd.DataFrame(keys, columns=["index", "factor", "with"])
    table = table.assign(estimate=found.value, low=found.low, high=found.high, dummy=dummy, threshold=threshold)
    table["verdict"] = [
        NONE if unmoved else verdict(row.estimate, row.low, row.high, row.dummy, row.threshold)
        for row, unmoved in zip(table.itertuples(), still, strict=True)
    ]
    return table


def verdict(estimate: float, low: float, high: float, dummy: float, threshold: float) -> str:
    """Influential if an index is beyond what a dummy factor reaches, and its interval beyond a dummy's average.

    The first guards against luck, the second against chance in the choice of points.
    """
    beyond = low > dummy or high < -dummy
    return INFLUENTIAL if abs(estimate) > threshold and beyond else NOISE


def _require(met: bool, found: str, expected: str) -> None:
    if not met:
        raise ConfigError(f"{found} are too few", key="sample", expected=expected)
