"""Clearing of a storage market on a grid of prices: pure functions of their arguments.

Use is a stack of end-use tiers, each with a choke price (the value of the output that would be lost);
merchants hold stocks against the price they expect (Deaton and Laroque 1992, Review of Economic
Studies 59; Wright and Williams 1991, Storage and Commodity Markets). Prices are logarithms of the
ratio to a reference price, so one grid serves all markets.
"""

from __future__ import annotations

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
    wanted = usual[:, None] * np.exp(response * (expected[:, None] - grid[None, :]))
    return np.clip(wanted, floor[:, None], limit[:, None])


def crossing(grid: Array, excess: Array) -> Array:
    """Log price (N,) at which falling excess demand (N, G) crosses zero, by linear interpolation.

    The lowest or highest price of the grid where there is no crossing.
    """
    positive = excess > 0.0
    cell = np.clip(positive.sum(axis=1) - 1, 0, excess.shape[1] - 2)
    rows = np.arange(len(excess))
    upper, lower = excess[rows, cell], excess[rows, cell + 1]
    span = upper - lower
    part = np.divide(upper, span, out=np.zeros_like(upper), where=span > 0.0)
    price = grid[cell] + np.clip(part, 0.0, 1.0) * (grid[cell + 1] - grid[cell])
    return np.where(positive[:, -1], grid[-1], np.where(positive[:, 0], price, grid[0]))


def on_grid(grid: Array, values: Array, price: Array) -> Array:
    """Value (N,) of tabulated curves (N, G) at log prices (N,)."""
    step = grid[1] - grid[0]
    place = (np.clip(price, grid[0], grid[-1]) - grid[0]) / step
    cell = np.minimum(place.astype(np.int64), len(grid) - 2)
    part = place - cell
    rows = np.arange(len(values))
    return values[rows, cell] * (1.0 - part) + values[rows, cell + 1] * part


def fill_by_priority(available: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """Quantities served (contracts first, then the rest), each no more than asked (N,)."""
    served_first = np.minimum(first, available)
    return served_first, np.minimum(second, available - served_first)
