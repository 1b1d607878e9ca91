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
        self.places = books.place(*[
            f"{o} scrap, {s} in {config.jurisdictions.ids[j]}" for o in ORIGINS for s in streams.ids for j in leaves
        ]).reshape(self.shape)
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
        member = bidders.stream[:, None] == np.arange(self.shape[1])[None, :]  # (n, S)
        bought = np.zeros((2, len(bidders.wanted), self.shape[2]))
        left = bidders.wanted.copy()
        pool = self.gross.copy()
        for origin in (MANUFACTURING, END_OF_LIFE):
            bought[origin] = self._allocate(origin, bidders, left, pool[origin], fallback[origin], member, response)
            left = left - bought[origin].sum(axis=1)
        price = self._prices(bidders, bought, fallback)
        sold = np.einsum("onl,ns->osl", bought, member)
        rest = np.maximum(pool - sold, 0.0)
        exported = np.where(export_bid > landfill, rest, 0.0)
        return ScrapSales(bought, price, exported, rest - exported)

    def _allocate(self, origin: int, bidders: Bidders, wanted: Array, pool: Array, fallback: Array,
                  member: Array, response: float) -> Array:
        """Share pools (S, L) over bidders (n, L) by bid, within what they want; three rounds."""
        bid = bidders.bid[origin]
        floor = fallback[bidders.stream]
        scale = np.maximum(np.abs(bid), 0.05)
        weight = np.where(bid > floor, np.exp(np.clip(response * (bid - floor) / scale, 0.0, 6.0)), 0.0)
        # Lawful limit on what may cross a border.
        crosses = self.border[bidders.leaf]
        limit = np.asarray(self.config.streams.cross_border_limit)[bidders.stream][:, None]
        offered = pool[bidders.stream] * np.where(crosses, limit, 1.0)
        bought = np.zeros_like(bid)
        for _ in range(3):
            room = np.maximum(wanted - bought.sum(axis=1), 0.0)
            sold = member.T.astype(np.float64) @ bought
            remaining = np.maximum(pool - sold, 0.0)
            claim = weight * room[:, None] * (offered > bought)
            total = member.T.astype(np.float64) @ claim
            share = np.divide(claim, total[bidders.stream], out=np.zeros_like(claim), where=total[bidders.stream] > 0.0)
            got = np.minimum(share * remaining[bidders.stream], np.maximum(offered - bought, 0.0))
            asked = got.sum(axis=1)
            got *= np.minimum(1.0, np.divide(room, asked, out=np.ones_like(asked), where=asked > 0.0))[:, None]
            bought += got
        return bought

    def _prices(self, bidders: Bidders, bought: Array, fallback: Array) -> Array:
        """Price per kg that each bidder pays (2, n, L), EUR; remembers the mean per pool."""
        streams = self.shape[1]
        capacity = np.bincount(bidders.stream, bidders.wanted, streams)
        supply = self.gross.sum(axis=(0, 2))
        strength = np.divide(capacity, capacity + supply, out=np.zeros(streams), where=capacity + supply > 0.0)
        floor = fallback[:, bidders.stream]
        price = floor + strength[bidders.stream][None, :, None] * np.maximum(bidders.bid - floor, 0.0)
        member = (bidders.stream[:, None] == np.arange(streams)[None, :]).astype(np.float64)
        value = np.einsum("onl,ns->osl", bought * price, member)
        mass = np.einsum("onl,ns->osl", bought, member)
        self.price = np.where(mass > 0.0, np.divide(value, mass, out=np.zeros_like(value), where=mass > 0.0), fallback)
        return price

    def remove(self, share: Array) -> None:
        """Take a share (2, S, L) of every pool's gross mass and other recoverables out."""
        self.gross *= 1.0 - share
        self.other *= 1.0 - share
        self.ease *= 1.0 - share
