"""Resampling of what is independent: points of a sample, with all runs that were made at each.

Runs of one point under several mixes, shocks and seeds share its parameters, and mixes share the luck of a seed. Not
the run but the point is drawn again (the cluster bootstrap; Davison and Hinkley 1997, Bootstrap Methods and their
Application, section 3.8).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincinv

LEVEL = 0.95
Array = NDArray[np.float64]
Codes = NDArray[np.intp]


class Share(NamedTuple):
    """An estimate with the ends of its interval at `LEVEL`; NaN ends where none can be given."""

    value: float
    low: float
    high: float


def units_of(table: pd.DataFrame) -> tuple[Codes, str]:
    """Which independent unit each row belongs to, numbered from 0, and what the units are: "point" or "seed".

    Points if there are several; else seeds, which are all that then differs.
    """
    name = "point" if table["point"].nunique() > 1 else "seed"
    codes, _ = pd.factorize(table[name], sort=True)
    return codes, name


def drawn(units: int, resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each unit is drawn in each resample (resamples, units)."""
    return rng.multinomial(units, np.full(units, 1.0 / units), size=resamples)


def ends(values: Array) -> tuple[float, float]:
    """Percentile interval of resampled values, NaN among them (a resample without a case) left out."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def share(part: Array, whole: Array, units: Codes, rng: np.random.Generator, resamples: int = 2000) -> Share:
    """Sum of `part` over sum of `whole` (rows,), with an interval over units.

    Where the share is 0 or 1 resampling cannot see that it might not be; the interval is then Clopper and Pearson's
    (1934), each unit counted once.
    """
    count = int(units.max(initial=-1)) + 1
    parts, wholes = (np.bincount(units, values, count) for values in (part, whole))
    if wholes.sum() == 0:
        return Share(np.nan, np.nan, np.nan)
    value = float(parts.sum() / wholes.sum())
    if value in (0.0, 1.0):
        return Share(value, *_exact(value, int((wholes > 0).sum())))
    if count < 2:
        return Share(value, np.nan, np.nan)
    times = drawn(count, resamples, rng)
    below = times @ wholes
    resampled = np.divide(times @ parts, below, out=np.full(resamples, np.nan), where=below > 0)
    return Share(value, *ends(resampled))


def _exact(value: float, units: int) -> tuple[float, float]:
    tail = 0.5 - LEVEL / 2
    if value == 0.0:
        return 0.0, float(betaincinv(1, units, 1 - tail))
    return float(betaincinv(units, 1, tail)), 1.0
