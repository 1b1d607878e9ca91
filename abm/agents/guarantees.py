"""What governments guarantee of loans, and the terms on which guaranteed projects are financed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Finance:
    """Terms for projects of organisations or cells (…): largest debt over capital, return asked for, and who backs."""

    limit: Array
    hurdle: Array
    share: Array  # of the loan that is guaranteed
    backer: Rows  # the instrument that guarantees it


def finance(rules: Any, lever: str, where: Any, credit: Any, hurdle: float) -> Finance | None:
    """Terms by the cells `where` of a guarantee lever; None when nothing is guaranteed.

    Lenders keep their exposure: they lend as much more as leaves the part that nobody guarantees as before, but
    owners pay `credit.own_stake` at least.
    """
    if not rules.in_force(lever):
        return None
    share = rules[lever][where]
    limit = np.maximum(
        np.minimum(credit.leverage_limit / np.maximum(1.0 - share, 1e-9), 1.0 - credit.terms.own_stake), 0.0
    )
    limit = np.where(share > 0.0, np.maximum(limit, credit.leverage_limit), credit.leverage_limit)
    return Finance(limit, asked_return(share, credit, hurdle), share, rules.binding(lever)[where])


def debt_share(share: Array, terms: Any) -> Array:
    """Part of a new plant that lenders pay when a share of the loan is guaranteed."""
    usual = 1.0 - terms.equity
    more = np.minimum(usual / np.maximum(1.0 - share, 1e-9), 1.0 - terms.own_stake)
    return np.asarray(np.where(share > 0.0, np.maximum(more, usual), usual))


def asked_return(share: Array, credit: Any, hurdle: float) -> Array:
    """Return that a project must promise: the weighted cost of equity and loans.

    What owners ask on equity is what the hurdle implies at usual finance; a guarantee lets cheaper money take the
    place of it and takes the lenders' margin off the part guaranteed. That owners ask no more when there is more
    debt makes this the most that a guarantee can do (Modigliani and Miller 1958).
    """
    terms = credit.terms
    usual = 1.0 - terms.equity
    of_owners = (hurdle - usual * (terms.interest + terms.spread)) / terms.equity
    debt = debt_share(share, terms)
    without = terms.equity * of_owners + usual * credit.rate
    with_it = (1.0 - debt) * of_owners + debt * (credit.rate - share * credit.margin)
    return np.asarray(hurdle - (without - with_it))


def asked_beside_soft_equity(asked: Any, share: Array, waived: Array, terms: Any) -> Array:
    """Return that a plant must promise when public co-owners leave dividends to private ones.

    Private owners put in all but the public `share` of equity and get besides the dividends on the part `waived`, so
    that they reach what they ask on a lower return of the whole.
    """
    of_owners = (asked - (1.0 - terms.equity) * (terms.interest + terms.spread)) / terms.equity
    own = np.maximum(1.0 - share, 1e-9)
    return np.asarray(asked - terms.equity * of_owners * waived / (own + waived))


class Guarantees:
    """Guaranteed part of what each organisation owes, kept until it is repaid, whatever becomes of the instrument.

    Attributes
    ----------
    covered
        (accounts, I) EUR by account and instrument.
    calls
        (I,) EUR that lenders called this month, to be paid in the next.
    """

    def __init__(self, instruments: int) -> None:
        self.covered = np.zeros((0, instruments))
        self.calls = np.zeros(instruments)
        self.any = False

    def begin_month(self, void: Sequence[int]) -> None:
        """Forget last month's calls, and guarantees that have been cancelled."""
        if self.any:
            self.calls = np.zeros(len(self.calls))
            self.covered[:, list(void)] = 0.0
            self.any = bool(self.covered.any())

    def total(self, account: Rows) -> Array:
        """Guaranteed debt of accounts (n,), EUR."""
        known = np.zeros(int(account.max(initial=-1)) + 1)
        count = min(len(known), len(self.covered))
        known[:count] = np.add.reduce(self.covered[:count], axis=1)
        return known[account]

    def add(self, account: Rows, loan: Array, terms: Finance) -> None:
        """Guarantee the share of new loans (n,), EUR."""
        rows = ((loan > 0.0) & (terms.share > 0.0)).nonzero()[0]
        if not len(rows):
            return
        missing = int(account[rows].max()) + 1 - len(self.covered)
        if missing > 0:
            self.covered = np.concatenate([self.covered, np.zeros((missing, self.covered.shape[1]))])
        self.covered[account[rows], terms.backer[rows]] += (loan * terms.share)[rows]
        self.any = True

    def follow(self, before: Array, after: Array) -> None:
        """Let guarantees fall with the debt (accounts,), EUR, that is repaid."""
        count = len(self.covered)
        kept = np.minimum(after[:count] / np.where(before[:count] > 0.0, before[:count], np.inf), 1.0)
        self.covered *= kept[:, None]

    def call(self, account: Rows, loss: Array, debt: Array) -> float:
        """Lenders call the guaranteed share of their loss (n,) on loans of `debt` (n,), EUR; returns how much."""
        rows = (account < len(self.covered)).nonzero()[0]
        lost = np.minimum(loss[rows] / np.where(debt[rows] > 0.0, debt[rows], np.inf), 1.0)
        called = self.covered[account[rows]] * np.maximum(lost, 0.0)[:, None]
        self.covered[account[rows]] = 0.0
        self.calls += np.add.reduce(called)
        return float(called.sum())
