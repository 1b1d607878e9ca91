"""Whose account is whose: parties that pay and gain, and where they live."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.indicators.axes import PARTIES

Rows = NDArray[np.int64]

# Payments under policy, deposits left out, which are held for households; and payments that are no income of the
# month or balance those who have no behaviour of their own.
POLICY = (
    "operating_support",
    "investment_support",
    "levies",
    "certificates",
    "procurement_premium",
    "household_support",
    "public_programmes",
    "stockpile_trade",
    "labour_relief",
    "guarantees",
)
NO_INCOME = ("loans", "equity", "liquidation", "dividends", "income")


class Parties:
    """Party and leaf of every account, worked out anew when there are more accounts."""

    def __init__(self) -> None:
        self._count = 0
        self._party: Rows = np.zeros(0, dtype=np.int64)
        self._leaf: Rows = np.zeros(0, dtype=np.int64)

    def of_accounts(self, model: Any) -> Rows:
        """Cell of each account in each of two rows of sums by party (2 × accounts,)."""
        self._renew(model)
        return self._party

    def leaf_of_accounts(self, model: Any) -> Rows:
        """The same by leaf, of which there is one more for those who live in none."""
        self._renew(model)
        return self._leaf

    def _renew(self, model: Any) -> None:
        count = len(model.books.account_names)
        if self._count == count:
            return
        self._count, leaves = count, np.arange(len(model.config.leaves))
        accounts = model.accounts
        party = np.full(count, PARTIES.index("rest_of_economy"))
        leaf = np.full(count, len(leaves))
        states = [account for bloc in model.blocs for account in (bloc.purse, bloc.licence)]
        public = [int(account) for account in accounts.governments if account >= 0]
        for name, members in (
            ("households", accounts.households),
            ("firms", model.firms.account),
            ("recyclers", model.recyclers.account),
            ("dealers", model.dealers.accounts),
            ("collectors", model.scrap.collectors),
            ("producers", model.producers.account),
            ("lenders", [accounts.lender]),
            ("governments", [*public, accounts.public, accounts.treasury]),
            ("bloc_states", states),
            ("rest_of_world", [accounts.abroad, *model.materials.accounts.tolist()]),
        ):
            party[np.asarray(members, dtype=np.int64)] = PARTIES.index(name)
        for members, where in (
            (accounts.households, leaves),
            (model.firms.account, model.firms.leaf),
            (model.recyclers.account, model.recyclers.leaf),
            (model.dealers.accounts, leaves),
            (model.scrap.collectors, leaves),
        ):
            leaf[members] = where
        self._party, self._leaf = _twice(party, len(PARTIES)), _twice(leaf, len(leaves) + 1)


def _twice(group: Rows, groups: int) -> Rows:
    """Cells of two rows of `groups` each, to which those in a group (n,) belong in turn (2 n,)."""
    return np.concatenate([group, group + groups])
