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
from abm.markets.products import LEAST

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

END_OF_LIFE, MANUFACTURING = 0, 1
SELL_OFF = 12.0  # months over which collectors sell what they hold beyond their usual stock
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
    member: Array  # (S, n) 1 where a bidder buys from a stream


class ScrapMarkets:
    """Pools of scrap (2 origins, S, L) with their gross mass (kg) and other recoverables (EUR)."""

    def __init__(self, config: Any, books: Any) -> None:
        self.config, self.books = config, books
        leaves, streams = config.leaves, config.streams
        self.shape = (2, len(streams), len(leaves))
        self.places = books.place(
            *[f"{o} scrap, {s} in {config.jurisdictions.ids[j]}" for o in ORIGINS for s in streams.ids for j in leaves]
        ).reshape(self.shape)
        self.block, self.blocks = block(self.places), [block(places) for places in self.places]
        self.gross = np.zeros(self.shape)
        self.arrived = np.zeros(self.shape)  # this month, kg
        self.usual = np.full(self.shape, np.nan)  # the same smoothed over a year
        self.fresh = True  # nothing has been sold yet
        self.offered = np.zeros(self.shape)  # what collectors put on the market this month, kg
        self.other = np.zeros(self.shape)
        self.ease = np.zeros(self.shape)  # gross mass × gain in recovery from circular design, kg
        self.sorted: Array | None = None  # gross mass × share saved of dismantling and sorting, kg, if anything is
        self.collectors = books.account(*[f"collectors {config.jurisdictions.ids[j]}" for j in leaves])
        self.price = np.zeros(self.shape)
        self.border = self._borders()
        self.numbers = np.arange(len(streams))[:, None]
        self.untaxed_landfill = self.landfill = -np.asarray(streams.landfill_cost)[:, None]
        self.border_limit = self.may_cross = np.asarray(streams.cross_border_limit)[:, None]  # share of a pool
        self.border_cost = np.asarray(streams.cross_border_cost)[:, None]
        self.haulage = np.asarray(streams.haulage)[:, None]
        self.stays: Array | float = 0.0  # share of exports that is stopped (S, L)
        self.mobility: Array | float = 0.0  # share removed of what keeps scrap from crossing borders (S, L)
        self.fetched = np.zeros(self.shape[1:])  # from a place to other countries, share of a stream (S, L), smoothed

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
        self.arrived[origin] += gross
        self.other[origin] += other
        self.ease[origin] += ease

    def note_sorted(self, origin: int, kilograms: Array) -> None:
        """Enter mass times the share saved of dismantling and sorting (S, L), of what has just been collected."""
        if self.sorted is None:
            self.sorted = np.zeros(self.shape)
        self.sorted[origin] += kilograms

    def saving(self) -> Array | None:
        """Share saved of the cost of dismantling and sorting what is in each pool (2, S, L); None where nothing is."""
        return None if self.sorted is None else self.sorted / np.where(self.gross > 1e-6, self.gross, np.inf)

    def gain(self) -> Array:
        """Gain in recovery from circular design in each pool (2, S, L), a share."""
        return self.ease / np.where(self.gross > 1e-6, self.gross, np.inf)

    def composition(self) -> tuple[Array, Array]:
        """Material content (2, S, L, M) kg/kg and other recoverables (2, S, L) EUR/kg of each pool."""
        each = np.where(self.gross > 1e-6, self.gross, np.inf)
        return self.stock() / each[..., None], self.other / each

    def stock(self) -> Array:
        """Material in each pool (2, S, L, M), kg."""
        return self.books.stock[self.block].reshape(*self.shape, -1).copy()

    def clear(self, bidders: Bidders, export_bid: Array, response: float) -> ScrapSales:
        """Sell what collectors offer from their pools this month.

        Sellers prefer higher bids, in proportion to what bidders want; scrap for which nobody pays more
        than landfill costs goes there. Bidders pay between the seller's next best use and their bid,
        by scarcity of capacity against scrap.

        `export_bid` (2, S, L) EUR/kg is what foreign recyclers offer.
        """
        self._offer()
        goes = 1.0 - self.stays
        fallback = goes * np.maximum(export_bid, self.landfill) + self.stays * self.landfill
        floor = fallback[:, bidders.stream]  # (2, n, L)
        member = (self.numbers == bidders.stream).astype(np.float64)  # (S, n)
        bought, sold = self._allocate(bidders, floor, member, response)
        self._note_fetched(bidders, bought, member)
        price = self._prices(bidders, floor, member)
        value = np.matmul(member, bought * price)
        self.price = np.divide(value, sold, out=fallback, where=sold > 0.0)  # mean, else the next best use
        rest = np.maximum(self.offered - sold, 0.0)
        exported = np.where(export_bid > self.landfill, rest * goes, 0.0)
        return ScrapSales(bought, price, exported, rest - exported, member)

    def fetching_cost(self, drawn: Array) -> Array:
        """Cost of a kg from another country when a share `drawn` (S, …) of the whole stream is fetched, EUR/kg.

        Who wants more has to go further: the distance grows with the root of the area, hence of the share.
        """
        border = self.border_cost * (1.0 - self.mobility)
        return np.asarray(border + self.haulage * np.sqrt(np.minimum(drawn, 1.0)))

    def heed(self, rules: Any) -> None:
        """Take up what governments say of scrap this month: taxes on landfill, limits on export, ease of borders."""
        taxed, stopped, eased = map(rules.in_force, ("landfill_tax", "scrap_export_limit", "scrap_mobility"))
        self.landfill = self.untaxed_landfill - rules.landfill_tax.T if taxed else self.untaxed_landfill
        self.stays = rules.scrap_export_limit.T if stopped else 0.0
        self.mobility = rules.scrap_mobility.T if eased else 0.0
        self.may_cross = self.border_limit + self.mobility * (1.0 - self.border_limit)

    def _note_fetched(self, bidders: Bidders, bought: Array, member: Array) -> None:
        away = np.matmul(member, np.add.reduce(bought) * self.border.take(bidders.leaf, axis=0))
        whole = np.add.reduce(self.offered, axis=(0, 2))[:, None]
        self.fetched += (away / np.where(whole > 0.0, whole, np.inf) - self.fetched) / 12.0

    def _offer(self) -> None:
        """Collectors sell what usually comes in, and what they hold above their usual stock by and by."""
        known = self.arrived if self.fresh else self.usual
        self.usual, self.fresh = known + (self.arrived - known) / 12.0, False
        self.arrived = np.zeros(self.shape)
        extra = (self.gross - self.config.public.scrap_cover * self.usual) / SELL_OFF
        self.offered = np.minimum(np.maximum(self.usual + extra, 0.0), self.gross)

    def _allocate(self, bidders: Bidders, floor: Array, member: Array, response: float) -> tuple[Array, Array]:
        """Share pools over bidders by bid, within what they want and what may cross a border; two rounds.

        Returns what each bidder gets (2, n, L) and what each pool sells (2, S, L), kg.
        """
        stream, bid = bidders.stream, bidders.bid
        above = np.maximum(bid - floor, 0.0)
        weight = np.exp(np.minimum(response * above / np.maximum(np.abs(bid), 0.05), 6.0)) * (above > 0.0)
        limit = np.where(self.border.take(bidders.leaf, axis=0), self.may_cross[stream], 1.0)
        left = self.offered[:, stream] * limit  # what a bidder may still take from a pool
        first = self._round(weight, bidders.wanted, left, self.offered, stream, member)
        bought = np.zeros(bid.shape) + first
        room = np.maximum(bidders.wanted - np.add.reduce(bought, axis=(0, 2)), 0.0)
        remaining = np.maximum(self.offered - np.matmul(member, bought), 0.0)
        bought += self._round(weight, room, np.maximum(left - first, 0.0), remaining, stream, member)
        return bought, np.matmul(member, bought)

    def _round(self, weight: Array, room: Array, left: Array, offered: Array, stream: Rows, member: Array) -> Array:
        """What each bidder gets (2, n, L) of what is `offered` (2, S, L), by `weight`.

        He takes no more than he has `room` for (n,), and than is `left` to him of a pool (2, n, L).
        """
        claim = weight * room[:, None] * (left > 0.0)
        total = np.matmul(member, claim)
        got = claim * (offered / np.maximum(total, LEAST))[:, stream]
        got = np.minimum(got, left)
        asked = np.add.reduce(got, axis=(0, 2))
        got *= np.minimum(1.0, room / np.maximum(asked, LEAST))[:, None]
        return got

    def _prices(self, bidders: Bidders, floor: Array, member: Array) -> Array:
        """Price per kg that each bidder pays (2, n, L), EUR: above the seller's next best use by scarcity of scrap."""
        wanted, offered = (member @ bidders.wanted) ** RIVALRY, np.add.reduce(self.offered, axis=(0, 2)) ** RIVALRY
        strength = wanted / np.maximum(wanted + offered, LEAST)
        return np.asarray(floor + strength[bidders.stream][:, None] * np.maximum(bidders.bid - floor, 0.0))

    def remove(self, share: Array) -> None:
        """Take a share (2, S, L) of every pool's gross mass and other recoverables out."""
        rest = 1.0 - share
        self.gross *= rest
        self.other *= rest
        self.ease *= rest
        if self.sorted is not None:
            self.sorted *= rest
