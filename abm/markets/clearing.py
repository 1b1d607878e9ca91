"""Clearing of a storage market on a grid of prices: pure functions of their arguments.

Use is a stack of end-use tiers, each with a choke price (the value of the output that would be lost);
merchants hold stocks against the price they expect (Deaton and Laroque 1992, Review of Economic
Studies 59; Wright and Williams 1991, Storage and Commodity Markets). Prices are logarithms of the
ratio to a reference price, so one grid serves all markets.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHOKE_STEEPNESS = 5.0  # how sharply a tier gives up around its choke price


def log_price_grid(low: float = 0.02, high: float = 400.0, points: int = 160) -> Array:
    """Log price ratios (G,) from `low` to `high` times the reference price, evenly spaced."""
    return np.linspace(np.log(low), np.log(high), points)


def tier_response(grid: Array, shares: Array, chokes: Array, elasticity: Array) -> Array:
    """Share of use that remains at each price on the grid.

    Parameters
    ----------
    grid
        Log price ratios (G,).
    shares
        Shares of the tiers per market (N, T), adding to one.
    chokes
        Price over reference at which half of a tier has given up (T,).
    elasticity
        Elasticity within a tier (N,), a positive number.

    Returns
    -------
    Array
        (N, G), one at the reference price but for what chokes there.
    """
    given_up = 1.0 / (1.0 + np.exp(CHOKE_STEEPNESS * (grid[None, :] - np.log(chokes)[:, None])))
    return (shares @ given_up) * np.exp(-elasticity[:, None] * grid[None, :])


def wanted_stock(grid: Array, expected: Array, usual: Array, response: float, floor: Array, limit: Array) -> Array:
    """Stock that merchants want at each price (N, G), kg.

    They want the usual stock at the price they expect, more below it and less above it, within what
    is never sold (`floor`) and what they can finance (`limit`). `expected` is a log ratio (N,).
    """
    # The exponential of a sum is the product of two, so that few exponentials are worked out.
    wanted = (usual * np.exp(response * expected))[:, None] * np.exp(-response * grid)
    np.maximum(wanted, floor[:, None], out=wanted)
    return np.minimum(wanted, limit[:, None], out=wanted)


def crossing(grid: Array, excess: Array) -> Array:
    """Log price (N,) at which falling excess demand (N, G) crosses zero, by linear interpolation.

    The lowest or highest price of the grid where there is no crossing.
    """
    positive = excess > 0.0
    beyond = positive.argmin(axis=1)  # first price without excess demand; 0 if there is none, or never any excess
    cell = np.maximum(beyond - 1, 0)
    start = np.arange(0, excess.size, len(grid)) + cell
    upper = excess.take(start)
    span = upper - excess.take(start + 1)
    price = grid[0] + (grid[1] - grid[0]) * (cell + upper / np.where(span > 0.0, span, np.inf))
    if np.count_nonzero(beyond) < len(beyond):  # somewhere there is none
        price = np.where(beyond > 0, price, np.where(positive[:, 0], grid[-1], grid[0]))
    return np.asarray(price)


def on_grid(grid: Array, values: Array, price: Array) -> Array:
    """Value (N,) of tabulated curves (N, G) at log prices (N,)."""
    return interpolated(values, *located(grid, price))


def located(grid: Array, price: Array) -> tuple[NDArray[np.int64], Array]:
    """Cell of the grid in which each log price (N,) lies, and how far on in it, 0 to 1."""
    place = (price - grid[0]) / (grid[1] - grid[0])
    place = np.minimum(np.maximum(place, 0.0), len(grid) - 1.0)
    cell = np.minimum(place.astype(np.int64), len(grid) - 2)
    return cell, place - cell


def interpolated(values: Array, cell: NDArray[np.int64], part: Array) -> Array:
    """Value (N,) of tabulated curves (N, G) in cells of the grid (N,), so far on in each (N,)."""
    start = np.arange(0, values.size, values.shape[-1]) + cell
    low = values.take(start)
    return np.asarray(low + (values.take(start + 1) - low) * part)


def shifted(grid: Array, curves: Array, offset: Array) -> Array:
    """Curves (N, G) read at prices `offset` (N,) away on the log grid; beyond it, in its first or last cell."""
    index, following, part = _reading((offset / (grid[1] - grid[0])).tobytes(), len(grid))
    return curves.take(index) * (1.0 - part) + curves.take(following) * part


@lru_cache(maxsize=64)
def _reading(places: bytes, points: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Where curves moved by `places` points, N numbers, are read: two positions (N, G) and the part of the second.

    Freight and export taxes seldom change, so that this is worked out a few times in a run.
    """
    offset = np.frombuffer(places)
    whole = np.floor(offset)
    index = np.clip(np.arange(points) + whole[:, None].astype(np.int64), 0, points - 1)
    rows = points * np.arange(len(offset))[:, None]
    return rows + index, rows + np.minimum(index + 1, points - 1), (offset - whole)[:, None]


def fill_by_priority(available: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """Quantities served (contracts first, then the rest), each no more than asked (N,)."""
    served_first = np.minimum(first, available)
    return served_first, np.minimum(second, available - served_first)
