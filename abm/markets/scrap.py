"""Scrap markets: end-of-life goods and manufacturing scrap, by stream and place.

Collectors hold the pools and sell to recyclers here, to foreign recyclers or, at a fee, to landfill and
incineration. The two origins of scrap are never mixed in a pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.books import block

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

END_OF_LIFE, MANUFACTURING = 0, 1
RIVALRY = 3.0  # how sharply the price of scrap moves to the bids when recyclers want more than there is
ORIGINS = ("end-of-life", "manufacturing")


@dataclass
class Bidders:
    """Recyclers that want scrap: rows (n,), stream, leaf, kg wanted, and bid per origin and leaf of the pool."""

    stream: Rows
    leaf: Rows
    wanted: Array
    bid: Array  # (2, n, L) EUR/kg, after transport and border cost


@dataclass
class ScrapSales:
    """Who got what: kg of scrap per origin, bidder and leaf of origin (2, n, L) and what they paid per kg."""

    kilograms: Array
    price: Array
    exported: Array  # (2, S, L) kg
    landfilled: Array  # (2, S, L) kg


class ScrapMarkets:
    """Pools of scrap (2 origins, S, L) with their gross mass (kg) and other recoverables (EUR)."""

    def __init__(self, config: Any, books: Any) -> None:
        self.config, self.books = config, books
        leaves, streams = config.leaves, config.streams
        self.shape = (2, len(streams), len(leaves))
        self.places = books.place(
            *[f"{o} scrap, {s} in {config.jurisdictions.ids[j]}" for o in ORIGINS for s in streams.ids for j in leaves]
        ).reshape(self.shape)
        self.gross = np.zeros(self.shape)
        self.other = np.zeros(self.shape)
        self.ease = np.zeros(self.shape)  # gross mass × gain in recovery from circular design, kg
        self.collectors = books.account(*[f"collectors {config.jurisdictions.ids[j]}" for j in leaves])
        self.price = np.zeros(self.shape)
        self.border = self._borders()

    def _borders(self) -> NDArray[np.bool_]:
        """Whether two leaves lie in different countries (L, L): no common national ancestor."""
        config = self.config
        national = []
        for leaf in config.leaves:
            chain = [a for a in config.ancestors[leaf] if config.jurisdictions.level[a] == "national"]
            national.append(chain[-1] if chain else leaf)
        country = np.array(national)
        return country[:, None] != country[None, :]

    def collect(self, origin: int, gross: Array, other: Array, ease: Array | float = 0.0) -> None:
        """Enter gross mass, other recoverables and ease of dismantling (S, L) of material moved to the pools."""
        self.gross[origin] += gross
        self.other[origin] += other
        self.ease[origin] += ease

    def gain(self) -> Array:
        """Gain in recovery from circular design in each pool (2, S, L), a share."""
        return np.divide(self.ease, self.gross, out=np.zeros_like(self.ease), where=self.gross > 1e-6)

    def composition(self) -> tuple[Array, Array]:
        """Material content (2, S, L, M) kg/kg and other recoverables (2, S, L) EUR/kg of each pool."""
        stock = self.books.stock[block(self.places)].copy().reshape(*self.shape, -1)
        some = self.gross > 1e-6
        content = np.divide(stock, self.gross[..., None], out=np.zeros_like(stock), where=some[..., None])
        return content, np.divide(self.other, self.gross, out=np.zeros_like(self.other), where=some)

    def clear(self, bidders: Bidders, export_bid: Array, response: float) -> ScrapSales:
        """Sell this month's pools.

        Sellers prefer higher bids, in proportion to what bidders want; scrap for which nobody pays more
        than landfill costs goes there. Bidders pay between the seller's next best use and their bid,
        by scarcity of capacity against scrap.

        `export_bid` (2, S, L) EUR/kg is what foreign recyclers offer.
        """
        landfill = -np.asarray(self.config.streams.landfill_cost)[None, :, None]
        fallback = np.maximum(export_bid, landfill)
        member = (np.arange(self.shape[1])[:, None] == bidders.stream[None, :]).astype(np.float64)  # (S, n)
        bought = self._allocate(bidders, fallback, member, response)
        price = self._prices(bidders, bought, fallback, member)
        sold = np.matmul(member, bought)
        rest = np.maximum(self.gross - sold, 0.0)
        exported = np.where(export_bid > landfill, rest, 0.0)
        return ScrapSales(bought, price, exported, rest - exported)

    def _allocate(self, bidders: Bidders, fallback: Array, member: Array, response: float) -> Array:
        """Share pools over bidders (2, n, L) by bid, within what they want and what may cross a border; two rounds."""
        stream, bid = bidders.stream, bidders.bid
        above = bid - fallback[:, stream]
        weight = np.exp(np.minimum(response * np.maximum(above, 0.0) / np.maximum(np.abs(bid), 0.05), 6.0)) * (
            above > 0.0
        )
        limit = np.asarray(self.config.streams.cross_border_limit)[stream][:, None]
        offered = self.gross[:, stream] * np.where(self.border[bidders.leaf], limit, 1.0)
        bought = np.zeros_like(bid)
        for _ in range(2):
            room = np.maximum(bidders.wanted - bought.sum(axis=(0, 2)), 0.0)
            remaining = np.maximum(self.gross - np.matmul(member, bought), 0.0)[:, stream]
            claim = weight * room[:, None] * (offered > bought)
            total = np.matmul(member, claim)[:, stream]
            got = np.divide(claim * remaining, total, out=np.zeros_like(claim), where=total > 0.0)
            got = np.minimum(got, np.maximum(offered - bought, 0.0))
            asked = got.sum(axis=(0, 2))
            got *= np.minimum(1.0, np.divide(room, asked, out=np.ones_like(asked), where=asked > 0.0))[:, None]
            bought += got
        return bought

    def _prices(self, bidders: Bidders, bought: Array, fallback: Array, member: Array) -> Array:
        """Price per kg that each bidder pays (2, n, L), EUR; remembers the mean per pool."""
        capacity = member @ bidders.wanted
        supply = self.gross.sum(axis=(0, 2))
        wanted, offered = capacity**RIVALRY, supply**RIVALRY
        strength = np.divide(wanted, wanted + offered, out=np.zeros_like(supply), where=wanted + offered > 0.0)
        floor = fallback[:, bidders.stream]
        price = floor + strength[bidders.stream][None, :, None] * np.maximum(bidders.bid - floor, 0.0)
        value, mass = np.matmul(member, bought * price), np.matmul(member, bought)
        self.price = np.divide(value, mass, out=fallback.copy(), where=mass > 0.0)
        return price

    def remove(self, share: Array) -> None:
        """Take a share (2, S, L) of every pool's gross mass and other recoverables out."""
        self.gross *= 1.0 - share
        self.other *= 1.0 - share
        self.ease *= 1.0 - share
