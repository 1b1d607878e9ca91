"""Resampling of what is independent: points of a sample or seeds, with all runs that were made at each.

Runs of one point under several mixes, shocks and seeds share its parameters, and mixes share the luck of a seed. Not
the run but the unit is drawn again (the cluster bootstrap; Davison and Hinkley 1997, Bootstrap Methods and their
Application, section 3.8). Where a sample goes along the seeds, its rows are the units, whatever else is run at each.

Where all points are run on the same several seeds, runs of one seed are as little independent as those of one point.
To the bootstrap over points the luck of seeds is then added, with the variance of a jackknife over seeds, as
Student's t with seeds - 1 degrees of freedom: two or three seeds say little about others, and a bootstrap of so few
would be far too sure. Both variances hold that of single runs, so that their sum is conservative, as that of the
pigeonhole bootstrap is (Owen 2007, https://doi.org/10.1214/07-AOAS122). One seed for all says nothing about its luck.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincinv

from experiments.designs import Design

LEVEL = 0.95
WORLD = "world"
"""Column of the row of the sample that goes along the seeds."""
Array = NDArray[np.float64]
Codes = NDArray[np.intp]


class Share(NamedTuple):
    """An estimate with the ends of its interval at `LEVEL`; NaN ends where none can be given."""

    value: float
    low: float
    high: float


def units_of(table: pd.DataFrame) -> tuple[Codes, str]:
    """Which independent unit each row belongs to, numbered from 0, and what the units are: "point", "seed" or "row".

    The `world` (see `with_worlds`) if there is that column: a "row" if seeds share rows of the sample. Else points if
    there are several; else seeds, which are all that then differs.
    """
    if WORLD in table:
        codes, worlds = pd.factorize(table[WORLD], sort=True)
        names = [name for name in ("point", "seed") if table[name].nunique() == len(worlds)]
        return codes, (*names, "row")[0]
    name = "point" if table["point"].nunique() > 1 else "seed"
    codes, _ = pd.factorize(table[name], sort=True)
    return codes, name


def with_worlds(table: pd.DataFrame, design: Design) -> pd.DataFrame:
    """The runs with the row of the sample that goes along the seeds as `world`; as they are if there is none.

    Of several such samples, the one with the fewest rows.
    """
    shape = [len(sample.rows()) for sample in design.samples]
    along = [place for place, sample in enumerate(design.samples) if sample.along == "seeds" and shape[place] > 1]
    if not along:
        return table
    place = min(along, key=lambda number: shape[number])
    return table.assign(**{WORLD: np.unravel_index(table["point"].to_numpy(int), shape)[place]})


def shared_seeds(table: pd.DataFrame) -> Codes | None:
    """The seed of each row, numbered from 0, where several points share several seeds; else None."""
    if WORLD in table or table["point"].nunique() < 2 or table["seed"].nunique() < 2:
        return None
    return np.asarray(pd.factorize(table["seed"], sort=True)[0])


def drawn(units: int, resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each unit is drawn in each resample (resamples, units)."""
    return rng.multinomial(units, np.full(units, 1.0 / units), size=resamples)


def luck_of_seeds(without: Array, resamples: int, rng: np.random.Generator) -> Array:
    """What the luck of seeds adds to estimates (resamples, k), from those without each seed in turn (seeds, k)."""
    seeds = len(without)
    if seeds < 2:
        return np.zeros((resamples, without.shape[1]))
    weights = rng.normal(size=(resamples, seeds)) * (seeds - 1) / np.sqrt(seeds)
    heavy: Array = weights / np.sqrt(rng.chisquare(seeds - 1, size=(resamples, 1)))
    return np.asarray(heavy @ (without - without.mean(axis=0)))


def ends(values: Array) -> tuple[float, float]:
    """Percentile interval of resampled values, NaN among them (a resample without a case) left out."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def share(
    part: Array,
    whole: Array,
    units: Codes,
    rng: np.random.Generator,
    resamples: int = 2000,
    without: Array | None = None,
) -> Share:
    """Sum of `part` over sum of `whole` (rows,), with an interval over units, and over seeds that units share.

    `without` are the shares without each of these seeds in turn (seeds,). Where the share is 0 or 1 resampling cannot
    see that it might not be; the interval is then Clopper and Pearson's (1934), each unit counted once, or each seed
    where there are fewer.
    """
    count = int(units.max(initial=-1)) + 1
    parts, wholes = (np.bincount(units, values, count) for values in (part, whole))
    if wholes.sum() == 0:
        return Share(np.nan, np.nan, np.nan)
    value = float(parts.sum() / wholes.sum())
    if value in (0.0, 1.0):
        return Share(value, *_exact(value, min(int((wholes > 0).sum()), count if without is None else len(without))))
    if count < 2:
        return Share(value, np.nan, np.nan)
    times = drawn(count, resamples, rng)
    below = times @ wholes
    resampled = np.divide(times @ parts, below, out=np.full(resamples, np.nan), where=below > 0)
    if without is None:
        return Share(value, *ends(resampled))
    if np.isnan(without).any():  # a case on one seed only
        return Share(value, np.nan, np.nan)
    return Share(value, *ends(np.clip(resampled + luck_of_seeds(without[:, None], resamples, rng)[:, 0], 0.0, 1.0)))


def without_each(part: Array, whole: Array, seeds: Codes | None) -> Array | None:
    """Shares of sums without the rows of each seed in turn (seeds,), NaN where nothing is left; None without seeds."""
    if seeds is None:
        return None
    parts, wholes = (values.sum() - np.bincount(seeds, values) for values in (part, whole))
    return np.divide(parts, wholes, out=np.full(len(wholes), np.nan), where=wholes > 0)


def _exact(value: float, units: int) -> tuple[float, float]:
    tail = 0.5 - LEVEL / 2
    if value == 0.0:
        return 0.0, float(betaincinv(1, units, 1 - tail))
    return float(betaincinv(units, 1, tail)), 1.0
