"""Preference for European content in public purchases: what home makers win, what it costs, and what is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import LINEAR
from abm.markets.products import LEAST

Array = NDArray[np.float64]


class HomePreference:
    """Tenders that ask for European content move linear goods, and components in them, from imports to home makers.

    Attributes
    ----------
    shift
        Share of dealers' orders of linear goods that goes to home makers instead of importers (P, L), if any does.
    premium
        What is paid for the goods won above the linear price (P, L), EUR this month.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.shift: Array | None = None
        self.nothing = np.zeros((len(model.config.products), len(model.config.leaves)))
        self.premium = self.nothing
        # Share of home makers' output that went to such tenders (P,), and the premium that they accept.
        self.in_output: tuple[Array, Array] | None = None

    def tender(self, public: Array, steepness: float) -> None:
        """Let home makers win tenders for linear goods that public buyers bought this month (P, L).

        They win where they cost no more than the accepted premium above imports, a logit of `steepness` in the
        logarithm of price, as far as they have capacity beyond other orders.
        """
        rules, trade = self.model.rules, self.model.product_trade
        if not rules.in_force("european_content"):
            self.shift, self.in_output, self.premium = None, None, self.nothing
            return
        at_home, home, abroad = self._prices()
        edge = (abroad[:, None] * (1.0 + rules.european_premium.T) / home[:, None]) ** steepness
        won = public * rules.european_content.T * (edge / (1.0 + edge)) * (at_home > 0.0)[:, None]
        extra = won * (1.0 - at_home)[:, None]
        asked = np.add.reduce(extra, axis=1)
        demand = self.model.dealers.demand[..., 0]
        room = np.maximum(trade.linear_capacity - at_home * np.add.reduce(demand, axis=1), 0.0)
        able = np.minimum(1.0, room / np.where(asked > LEAST, asked, 1.0))[:, None]
        won, extra = won * able, extra * able
        self.shift = np.minimum(extra / np.maximum(demand, LEAST), (1.0 - at_home)[:, None])
        self.premium = won * np.maximum(home - trade.price[:, 0], 0.0)[:, None]
        self._note_output(np.add.reduce(won, axis=1), np.add.reduce(won * rules.european_premium.T, axis=1))

    def _prices(self) -> tuple[Array, Array, Array]:
        """Share of home in linear goods (P,), and the price of home makers and the mean of importers (P,), EUR."""
        trade = self.model.product_trade
        weight = trade.origin_weights
        imported = np.add.reduce(weight[:, 1:], axis=1)
        abroad = np.add.reduce(weight[:, 1:] * trade.import_price, axis=1) / np.where(imported > 0.0, imported, 1.0)
        return weight[:, 0], trade.home_price, np.where(imported > 0.0, abroad, trade.home_price)

    def _note_output(self, won: Array, premium: Array) -> None:
        """Remember the share of home output (P,) of linear goods that went to such tenders."""
        firms = self.model.firms
        rows = firms.of_kind(LINEAR)
        made = np.bincount(firms.product[rows], firms.made[rows], len(won))
        share = np.minimum(won / np.where(made > 0.0, made, np.inf), 1.0)
        self.in_output = share, premium / np.where(won > 0.0, won, 1.0)

    def for_components(self, use: Array) -> tuple[Array, Array] | None:
        """Share of a component's use at home that is asked to be home-made (C,), and the premium accepted (C,).

        `use` (P, C) is what home makers of each product want of each component, kg.
        """
        if self.in_output is None:
            return None
        share, premium = self.in_output
        whole, asked = np.add.reduce(use), share @ use
        mean = (share * premium) @ use / np.where(asked > LEAST, asked, 1.0)
        return asked / np.where(whole > 0.0, whole, np.inf), mean
