"""Scenario discovery: under which circumstances does it fail?

Boxes in the space of the factors in which failing runs are dense, by PRIM (Friedman and Fisher 1999) and by CART
(Breiman et al. 1984), as Bryant and Lempert (2010, Technological Forecasting and Social Change 77) use them, and the
scores of the factors by extra trees (Jaxa-Rozen and Kwakkel 2018, Environmental Modelling & Software 107). Peeling,
trees and scores are the EMA workbench's (Kwakkel 2017). What is added here: limits that chance explains are dropped,
runs of one point never count as independent, and every box is tried on points that it has not seen.

Of each box: *coverage* is the share of all failing runs that it holds, *density* the share of the runs in it that
fail, *mass* the share of all runs in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainc

from experiments.analysis.resampling import LEVEL, Codes, Share, ends, share, without_each

Mask = NDArray[np.bool_]
SIGNIFICANT = 0.1  # as the EMA workbench has it; whether a box holds is for the trial on unseen points to say
MASS = 0.05  # of the runs, the least that a box holds; the default of the EMA workbench
DENSITY = 0.8
FOLDS, HALVES, FORESTS = 5, 10, 20
OFFERED = 4  # factors; boxes with more limits are hard to understand (Bryant and Lempert 2010)
_DUMMY = " = "


@dataclass(frozen=True)
class Limit:
    """One end of the range of a factor in a box.

    Attributes
    ----------
    factor
        Name of the column.
    side
        "low" or "high" for a number, "among" for categories.
    bound
        The number at that end, which belongs to the box, or the categories that do.
    quasi_p
        Probability that the box without this limit would give as many failing points by chance (one-sided binomial
        test; Bryant and Lempert 2010). Quasi, because the limit was chosen to make it small.
    """

    factor: str
    side: str
    bound: Any
    quasi_p: float = np.nan

    def holds(self, x: pd.DataFrame) -> Mask:
        """Which rows it lets in (rows,)."""
        column = x[self.factor]
        if self.side == "among":
            return np.asarray(column.isin(list(self.bound)), dtype=bool)
        values = column.to_numpy(float)
        return values >= self.bound if self.side == "low" else values <= self.bound


@dataclass(frozen=True)
class Box:
    """Limits that hold together, and what they hold of the runs from which they were found."""

    limits: tuple[Limit, ...]
    coverage: float = np.nan
    density: float = np.nan
    mass: float = np.nan

    def holds(self, x: pd.DataFrame) -> Mask:
        """Which rows are in it (rows,)."""
        inside = np.ones(len(x), dtype=bool)
        for limit in self.limits:
            inside &= limit.holds(x)
        return inside

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors that it restricts, the least likely by chance first."""
        ordered = sorted(self.limits, key=lambda limit: limit.quasi_p)
        return tuple(dict.fromkeys(limit.factor for limit in ordered))


@dataclass(frozen=True)
class Found:
    """Boxes of a method, and how it came to them.

    `reached` says whether they have the density that was asked for. `trajectory` has a row per step of peeling of
    the first box: coverage, density, mass and number of restricted factors, as peeled and (`kept_…`) after limits
    that chance explains were dropped, and how many factors were `offered`; empty for CART.
    """

    method: str
    boxes: tuple[Box, ...]
    reached: bool
    trajectory: pd.DataFrame = field(default_factory=pd.DataFrame)

    def holds(self, x: pd.DataFrame) -> Mask:
        """Which rows are in any of its boxes (rows,)."""
        inside = np.zeros(len(x), dtype=bool)
        for box in self.boxes:
            inside |= box.holds(x)
        return inside


Finder = Callable[[pd.DataFrame, Mask, Codes], Found]


def finder(method: str, fails: Mask, threshold: float | None = None, mass: float = MASS, boxes: int = 1) -> Finder:
    """The way of finding boxes with settings that hold for resampled runs too.

    `threshold` is the density that a box must have, by default `usual_threshold(fails)`.
    """
    asked = usual_threshold(fails) if threshold is None else threshold
    if method == "cart":
        return partial(cart_boxes, threshold=asked, mass=mass)
    return partial(prim_boxes, threshold=asked, mass=mass, most=boxes)


def usual_threshold(fails: Mask) -> float:
    """`DENSITY`, or where most runs fail anyhow half-way from their share to 1."""
    return max(DENSITY, (1.0 + float(np.mean(fails))) / 2.0)


def described(x: pd.DataFrame, fails: Mask, limits: Sequence[Limit]) -> Box:
    """The box of these limits with its coverage, density and mass."""
    inside = Box(tuple(limits)).holds(x)
    held = int((inside & fails).sum())
    return Box(
        tuple(limits),
        coverage=held / int(fails.sum()) if fails.any() else np.nan,
        density=held / int(inside.sum()) if inside.any() else np.nan,
        mass=float(inside.mean()),
    )


# --- PRIM -----------------------------------------------------------------------------------------


def prim_boxes(
    x: pd.DataFrame, fails: Mask, units: Codes, threshold: float = DENSITY, mass: float = MASS, most: int = 1
) -> Found:
    """Boxes by PRIM, one after another on what the earlier ones leave.

    Peeling over many factors spends itself on those that tell nothing. Following Kwakkel (2019, Futures & Foresight
    Science 1) PRIM is therefore run on few factors: on the most telling one by the scores of a forest, on the two
    most telling ones, and so on up to `OFFERED`, instead of on all subsets. Of all boxes along these trajectories,
    freed of the limits that chance explains, it takes the one with the greatest coverage among those with at least
    the density `threshold`; of equals the one with fewer limits. If none is as dense: the densest with any limit.

    Parameters
    ----------
    x
        Factors, a row per run: floats, and categories as `category`.
    fails
        Which runs fail (rows,).
    units
        Independent unit of each row (rows,), numbered from 0.
    """
    found: list[Box] = []
    trajectory, reached = pd.DataFrame(), False
    left = np.ones(len(x), dtype=bool)
    while len(found) < most:
        candidates, steps = _candidates(x[left], fails[left], units[left], mass)
        trajectory = trajectory if found else steps
        box = _chosen(candidates, threshold)
        if box is None or (found and box.density < threshold):
            break
        reached = reached or box.density >= threshold
        total = described(x, fails, box.limits)  # of all runs, not of those that earlier boxes left
        found.append(total)
        left &= ~box.holds(x)
    return Found("prim", tuple(found), reached, trajectory)


def _chosen(candidates: Sequence[Box], threshold: float) -> Box | None:
    limited = [box for box in candidates if box.limits]
    dense = [box for box in limited if box.density >= threshold]
    if dense:
        return max(dense, key=lambda box: (box.coverage, -len(box.limits), box.density))
    return max(limited, key=lambda box: (box.density, box.coverage), default=None)


def _candidates(x: pd.DataFrame, fails: Mask, units: Codes, mass: float) -> tuple[list[Box], pd.DataFrame]:
    """Every box of the trajectories over the most telling factors, and these trajectories."""
    varying = x.loc[:, x.nunique() > 1]
    if len(x) < 2 or fails.all() or not fails.any() or varying.empty:
        return [], pd.DataFrame()
    names = list(_importances(varying, fails, 0).sort_values(ascending=False, kind="stable").index)
    boxes: list[Box] = []
    steps: list[pd.DataFrame] = []
    for count in range(1, min(OFFERED, len(names)) + 1):
        peeled, trajectory = _peeled(varying[names[:count]], fails, units, mass)
        boxes += peeled
        steps.append(trajectory.assign(offered=count))
    return boxes, pd.concat(steps, ignore_index=True)


def _peeled(x: pd.DataFrame, fails: Mask, units: Codes, mass: float) -> tuple[list[Box], pd.DataFrame]:
    """Every box of a peeling trajectory without the limits that chance explains, and the trajectory."""
    with _quiet():
        from ema_workbench.analysis.prim import Prim

        # A threshold of nearly zero gives the whole trajectory: the choice is made here.
        peeling = Prim(x.reset_index(drop=True), fails.astype(int), threshold=1e-9, mass_min=mass).find_box()
    whole = peeling.box_lims[0]
    boxes = [described(x, fails, significant(x, fails, units, limits_of(ends, whole))) for ends in peeling.box_lims]
    steps = peeling.peeling_trajectory[["coverage", "density", "mass", "res_dim"]].astype(float)
    kept = {f"kept_{name}": [getattr(box, name) for box in boxes] for name in ("coverage", "density", "mass")}
    kept["kept_restricted"] = [len(box.factors) for box in boxes]
    return boxes, steps.rename(columns={"res_dim": "restricted"}).assign(**kept)


def limits_of(ends: pd.DataFrame, whole: pd.DataFrame) -> tuple[Limit, ...]:
    """Limits where a box of the workbench (rows 0 and 1 are its ends) differs from the one that holds everything."""
    limits: list[Limit] = []
    for name in ends.columns:
        low, high = ends[name]
        if isinstance(low, set):
            if low != whole[name][0]:
                limits.append(Limit(name, "among", tuple(sorted(low))))
            continue
        limits += [Limit(name, "low", float(low))] if low > whole[name][0] else []
        limits += [Limit(name, "high", float(high))] if high < whole[name][1] else []
    return tuple(limits)


def significant(x: pd.DataFrame, fails: Mask, units: Codes, limits: Sequence[Limit]) -> tuple[Limit, ...]:
    """The limits left when the one that chance explains best is dropped until none is above `SIGNIFICANT`."""
    masks = {limit: limit.holds(x) for limit in limits}
    while masks:
        values = quasi_p(fails, units, list(masks.values()))
        worst = int(np.argmax(values))
        if values[worst] <= SIGNIFICANT:
            return tuple(replace(limit, quasi_p=float(value)) for limit, value in zip(masks, values, strict=True))
        del masks[list(masks)[worst]]
    return ()


def quasi_p(fails: Mask, units: Codes, masks: Sequence[Mask]) -> NDArray[np.float64]:
    """Quasi-p-value of each of several limits that hold together, given as masks of rows (limits,).

    With one row per unit these are Bryant and Lempert's binomial values. Rows of one unit tell less than as many
    units: what the box holds is then counted as its effective size (see `effective_size`).
    """
    inside = np.logical_and.reduce(masks)
    size = effective_size(fails, units, inside)
    failing = size * float(fails[inside].mean()) if size else 0.0
    values = np.ones(len(masks))
    for place in range(len(masks)):
        others = np.ones(len(fails), dtype=bool)
        for number, mask in enumerate(masks):
            others &= mask if number != place else True
        if failing > 0.0:  # P(X >= failing), also where sizes are no whole numbers
            values[place] = betainc(failing, size - failing + 1.0, float(fails[others].mean()))
    return values


def effective_size(fails: Mask, units: Codes, inside: Mask) -> float:
    """How many independent runs the rows inside are worth.

    Their number over the design effect of the share that fails (Kish 1965, Survey Sampling; between its variance over
    units and that over independent rows), at most their number; the number of units where all fail or none does.
    """
    rows, observed = int(inside.sum()), np.unique(units[inside])
    share_failing = float(fails[inside].mean()) if rows else 0.0
    if share_failing in (0.0, 1.0):
        return float(observed.size)
    apart = np.bincount(units[inside], fails[inside] - share_failing)
    effect = float((apart**2).sum()) / (rows * share_failing * (1.0 - share_failing))
    return rows / max(effect, 1.0)


# --- CART -----------------------------------------------------------------------------------------


def cart_boxes(x: pd.DataFrame, fails: Mask, units: Codes, threshold: float = DENSITY, mass: float = MASS) -> Found:
    """Leaves of a classification tree with at least the density `threshold`, the greatest coverage first.

    If none is as dense: the densest, if it is denser than the whole. A leaf holds at least the share `mass` of runs.
    """
    leaves = [_with_quasi_p(x, fails, units, limits) for limits in _leaves(x, fails, mass)]
    dense = sorted((box for box in leaves if box.density >= threshold), key=lambda box: -box.coverage)
    if not dense:
        best = max(leaves, key=lambda box: (box.density, box.coverage), default=None)
        return Found("cart", (best,) if best is not None and best.density > fails.mean() else (), False)
    return Found("cart", tuple(dense), True)


def _with_quasi_p(x: pd.DataFrame, fails: Mask, units: Codes, limits: Sequence[Limit]) -> Box:
    values = quasi_p(fails, units, [limit.holds(x) for limit in limits])
    return described(x, fails, [replace(limit, quasi_p=float(p)) for limit, p in zip(limits, values, strict=True)])


def _leaves(x: pd.DataFrame, fails: Mask, mass: float) -> list[tuple[Limit, ...]]:
    """Limits of the leaves of the workbench's tree; none for a tree without a branch.

    Categories go in as columns of 0 and 1: the workbench's own boxes forget the branch on which a category is taken.
    """
    if fails.all() or not fails.any() or int(mass * len(x)) < 1:
        return []
    with _quiet():
        from ema_workbench.analysis.cart import CART

        split = pd.get_dummies(x, prefix_sep=_DUMMY, dtype=float)
        tree = CART(split, fails.astype(int), mass)
        tree.build_tree()
        tree.clf.set_params(random_state=0).fit(split.to_numpy(), tree.y)  # so that ties fall the same way every time
        if tree.clf.tree_.node_count == 1:
            return []
        whole = pd.DataFrame([split.min(), split.max()])
        return [_gathered(limits_of(ends, whole), x) for ends in tree.boxes]


def _gathered(limits: Iterable[Limit], x: pd.DataFrame) -> tuple[Limit, ...]:
    """Limits on columns of 0 and 1 as limits on the categories that they stand for."""
    plain: list[Limit] = []
    kept: dict[str, set[str]] = {}
    for limit in limits:
        if limit.factor in x.columns:
            plain.append(limit)
            continue
        name, _, category = limit.factor.partition(_DUMMY)
        among = kept.setdefault(name, set(x[name].cat.categories))
        among &= {category} if limit.side == "low" else among - {category}
    return (*plain, *(Limit(name, "among", tuple(sorted(among))) for name, among in kept.items()))


# --- Does it hold elsewhere? ----------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """A method tried on points that it had not seen.

    Attributes
    ----------
    coverage, density
        Out of sample: boxes found on all folds of units but one, judged on that one, over all folds.
    base
        Share of all runs that fail.
    reproduced
        By (factor, side): share of random halves of the units in which a box has a limit there.
    """

    coverage: Share
    density: Share
    base: float
    reproduced: dict[tuple[str, str], float]

    @property
    def convincing(self) -> bool:
        """Whether unseen runs in the box fail more often than runs do anyhow, beyond chance."""
        return self.density.low > self.base


def tried(
    find: Finder,
    x: pd.DataFrame,
    fails: Mask,
    units: Codes,
    seed: int = 1,
    halves: int = HALVES,
    bar: bool = False,
    seeds: Codes | None = None,
) -> Trial:
    """Out-of-sample coverage and density of a way of finding boxes, and which limits it finds again.

    Folds and halves are of units, never of rows: another seed of a point is no new evidence, nor another point in the
    same world. Intervals are over units, and over `seeds` (rows,) that units share, for the folds as they fell.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(int(units.max()) + 1)
    folds = order[units] % FOLDS
    hit = np.zeros(len(x), dtype=bool)
    counts: dict[tuple[str, str], int] = {}
    for step in _watched(range(FOLDS + halves), f"{_method_of(find)} resampled", bar):
        if step < FOLDS:
            hit[folds == step] = _on(find, x, fails, units, folds != step).holds(x[folds == step])
            continue
        half = np.isin(units, rng.permutation(len(order))[: len(order) // 2])
        found = _on(find, x, fails, units, half)
        for key in {(limit.factor, limit.side) for box in found.boxes for limit in box.limits}:
            counts[key] = counts.get(key, 0) + 1
    both = (hit & fails).astype(float)
    coverage, density = (
        share(both, whole, units, rng, without=without_each(both, whole, seeds))
        for whole in (fails.astype(float), hit.astype(float))
    )
    reproduced = {key: count / halves for key, count in counts.items()}
    return Trial(coverage, density, float(fails.mean()), reproduced)


def _on(find: Finder, x: pd.DataFrame, fails: Mask, units: Codes, rows: Mask) -> Found:
    codes: Codes = np.unique(units[rows], return_inverse=True)[1]
    return find(x[rows], fails[rows], codes)


def _method_of(find: Any) -> str:
    return str(getattr(find, "func", find).__name__.partition("_")[0]).upper()


# --- Feature scores -------------------------------------------------------------------------------


def feature_scores(x: pd.DataFrame, fails: Mask, units: Codes, seed: int = 1, bar: bool = False) -> pd.DataFrame:
    """How much each factor tells about failing, the most telling first.

    Mean over `FORESTS` resamples of units of the importance in extra trees; scores add up to one. In every forest
    each factor has a shuffled double that keeps its values but not their rows (points move as a whole), and `chance`
    is the mean score of that double: a factor is `telling` if it beats its double in 95 % of the resamples or more
    (the shadow features of Kursa and Rudnicki 2010, Journal of Statistical Software 36; each has its own, since trees
    prefer factors of many values to those of few).

    Columns: factor, score, low, high (95 % of the resamples), chance, telling.
    """
    rng = np.random.default_rng(seed)
    forests = np.array([_forest(x, fails, units, rng) for _ in _watched(range(FORESTS), "scores of the factors", bar)])
    own, double = forests[:, 0], forests[:, 1]  # (forests, factors)
    low, high = np.array([ends(column) for column in own.T]).T
    table = pd.DataFrame(
        {"factor": list(x.columns), "score": own.mean(axis=0), "low": low, "high": high, "chance": double.mean(axis=0)}
    )
    table["telling"] = (own > double).mean(axis=0) >= LEVEL
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _forest(x: pd.DataFrame, fails: Mask, units: Codes, rng: np.random.Generator) -> NDArray[np.float64]:
    """Scores of the factors and of their shuffled doubles in one forest on resampled units (2, factors)."""
    rows = _resampled(units, rng)
    own = x.iloc[rows].reset_index(drop=True)
    doubles = {f"{name} shuffled": _shuffled(own[name], units[rows], rng) for name in own}
    values = _importances(own.assign(**doubles), fails[rows], int(rng.integers(2**31))).to_numpy().reshape(2, -1)
    return values / (values[0].sum() or 1.0)


def _importances(x: pd.DataFrame, fails: Mask, seed: int) -> pd.Series[float]:
    """Importance of each column in the workbench's extra trees; 0 for a column of one category."""
    with _quiet():
        from ema_workbench.analysis.feature_scoring import get_ex_feature_scores

        found, _ = get_ex_feature_scores(x, fails, random_state=seed)
    return found[1].reindex(x.columns).fillna(0.0).astype(float)


def _resampled(units: Codes, rng: np.random.Generator) -> NDArray[np.intp]:
    """Rows of units drawn with replacement."""
    places = np.argsort(units, kind="stable")
    starts = np.searchsorted(units[places], np.arange(int(units.max()) + 2))
    chosen = rng.integers(int(units.max()) + 1, size=int(units.max()) + 1)
    return np.concatenate([places[starts[unit] : starts[unit + 1]] for unit in chosen])


def _shuffled(column: pd.Series[Any], units: Codes, rng: np.random.Generator) -> pd.Series[Any]:
    """The column in another order: whole units change places where a unit has one value, else single rows."""
    first = column.groupby(units).first()
    if column.groupby(units).nunique().max() > 1:
        return pd.Series(column.array[rng.permutation(len(column))])
    moved = pd.Series(first.array[rng.permutation(len(first))], index=first.index)
    return moved.reindex(units).reset_index(drop=True)


# --- Aside ----------------------------------------------------------------------------------------


def _watched(steps: Iterable[int], what: str, bar: bool) -> Iterator[int]:
    import sys

    from tqdm import tqdm

    off = None if bar else True
    yield from tqdm(steps, desc=what, unit="", delay=2, file=sys.stderr, smoothing=0, leave=False, disable=off)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of the workbench that say nothing about its results."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "ipyparallel not installed", UserWarning)
        warnings.filterwarnings("ignore", "altair based interactive inspection", ImportWarning)
        warnings.filterwarnings("ignore", "The inplace keyword in DataFrame.drop", Warning)
        yield
