"""Offtake contracts of producers outside the blocs: a least price for a share of output, and priority in delivery."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
REFINING = 1


class Offtake:
    """Contracts of all producers; they outlive the instrument that made them.

    Attributes
    ----------
    backer
        (n,) the instrument that guarantees the price, −1 without a contract.
    price, share, until
        (n,) EUR/kg of main product, share of output, and last month of the contract.
    any
        Whether there is any contract.
    """

    def __init__(self, producers: Any) -> None:
        self.producers = producers
        count = len(producers)
        self.backer, self.until = np.full(count, -1), np.full(count, -1)
        self.price, self.share = np.zeros((2, count))
        self.due = np.zeros(count)
        self.any = False

    def sign(self, month: int, rules: Any, need: Array | None) -> None:
        """End what expired or was cancelled; sign what is on offer, which costs a producer nothing.

        A contract runs for its term after the time that a project takes, so that it covers what is built on it. All
        contracts of a stage together cover no more than home needs (M,), kg a month; None while that is not known.
        """
        producers = self.producers
        if self.any:
            over = (self.until < month) | np.isin(self.backer, rules.void) & (self.backer >= 0)
            self.backer[over], self.price[over], self.share[over] = -1, 0.0, 0.0
            self.any = bool((self.backer >= 0).any())
        if need is None or not rules.in_force("offtake_price"):
            return
        where = producers.stage, producers.main
        offered = rules.offtake_price[where]
        eligible = (producers.side == 0) & (producers.leaf < 0) & producers.active
        takes = eligible & (self.backer < 0) & (offered > 0.0)
        lead = (12.0 * producers.lead_years).astype(np.int64)
        self.backer[takes] = rules.binding("offtake_price")[where][takes]
        share = np.minimum(rules.offtake_share[where], self._room(need, eligible))
        self.price[takes], self.share[takes] = offered[takes], share[takes]
        self.until[takes] = (month + lead + rules.offtake_term[where].astype(np.int64))[takes]
        self.any |= bool(takes.any())

    def _room(self, need: Array, eligible: NDArray[np.bool_]) -> Array:
        """Share of each producer's capacity (n,) at which contracts of all eligible ones cover what home needs."""
        producers, count = self.producers, len(need)
        cell = producers.stage * count + producers.main
        capacity = np.bincount(cell, producers.capacity * eligible, 2 * count)
        room = np.tile(need, 2) / np.where(capacity > 0.0, capacity, np.inf)
        return np.asarray(room[cell])

    def above(self, price: Array) -> Array:
        """What contracts add to a price of main products (n,), EUR/kg of all output."""
        return self.share * np.maximum(self.price - price, 0.0)

    def settle(self, price: Array) -> None:
        """Note what falls short this month at prices (n,), EUR."""
        self.due = self.above(price) * self.producers.output if self.any else np.zeros(len(self.due))

    def reserved(self, count: int) -> Array:
        """Refined output (M,) of which home buyers have the first refusal, kg."""
        producers = self.producers
        covered = producers.output * self.share * (producers.stage == REFINING)
        return np.bincount(producers.main, covered, count).astype(np.float64)
