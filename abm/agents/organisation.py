"""What organisations share: a balance sheet, debt service, default, and a permanent slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.population import Column, InBooks, Population, RowAgent

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

SLOT_STEP = 1_000  # slots of a niche: its number times this, plus the ordinal of the newcomer there


# What each row of a ledger adds to the result.
RESULT = np.array([1.0, 1.0, -1.0, -1.0, -1.0, 0.0])


class Organisation(RowAgent):
    """A member of the population of organisations; what it owns and owes stands in the books."""

    cash = InBooks("cash", "account", "pay", "Money in its account (EUR).")
    debt = InBooks("debt", "account", "lend, repay or write_off", "What it owes to lenders (EUR).")


class Organisations(Population):
    """Organisations with an account in the books, which borrow, pay out and can fail."""

    account = Column("int64", "Index of its account in the books", "1", "account")
    leaf = Column("int64", "Index of the leaf it lives in", "1")
    niche = Column("int64", "Kind of business and place for which entrants compete", "1")
    born = Column("int64", "Month of entry", "month")
    died = Column("int64", "Month of exit, −1 while it lives", "month")
    capital = Column("float64", "Book value of plant and stocks", "EUR")
    monthly_cost = Column("float64", "Smoothed cost of a month", "EUR")
    profit = Column("float64", "Smoothed monthly profit after interest", "EUR")
    revenue = Column("float64", "Smoothed monthly revenue", "EUR")

    def __init__(self, model: Any, widths: Mapping[str, int] | None = None) -> None:
        super().__init__(model, widths)
        # Smoothed books of each member, the same of its best year, and the result of that year.
        self.ledger, self.best, self.best_result = np.zeros((6, 0)), np.zeros((6, 0)), np.zeros(0)
        self.owed, self.suppliers = np.zeros(0), np.zeros(0, dtype=np.int64)  # trade credit, when it matters
        self.trade_loss = 0.0
        self.plans: dict[int, Array] = {}  # what newcomers count on in a month, as a column of the ledger

    def draw_relative_cost(self, slots: Rows, spread: float) -> Array:
        """Cost of newcomers (n,) relative to their trade, with mean one: plants differ for good (Syverson 2011)."""
        draws = self.model.streams.normal("relative cost of organisations", slots)
        return np.asarray(np.exp(spread * draws - 0.5 * spread**2), dtype=np.float64)

    def insolvent(self, books: Any, credit: Any) -> Rows:
        """Rows whose overdraft is beyond what lenders tolerate."""
        overdraft = -books.cash.take(self.account)
        limit = credit.overdraft * self.monthly_cost + 1.0
        return (self.active & (overdraft > limit)).nonzero()[0]

    def owe(self, owed: Array, suppliers: Rows) -> None:
        """What members (n,) have been supplied with and not yet paid, EUR, and the accounts of their suppliers."""
        self.owed, self.suppliers = owed, suppliers

    def take_trade_loss(self) -> float:
        """What suppliers have lost this month, EUR; all else is paid."""
        lost, self.trade_loss = self.trade_loss, 0.0
        self.owed = self.owed[:0]
        return lost

    def _leave_unpaid(self, books: Any, rows: Rows) -> None:
        """Suppliers lose the deliveries that stand open, as far as only an overdraft would have paid for them."""
        rows = rows[rows < len(self.owed)]
        account = self.account[rows]
        lost = np.minimum(self.owed[rows], np.maximum(-books.cash[account], 0.0))
        books.pay("liquidation", self.suppliers[rows], account, lost)
        self.trade_loss += float(lost.sum())

    def wind_up_money(self, books: Any, rows: Rows, lender: int) -> Array:
        """Lenders take over cash and overdraft and lose the rest; returns their loss (len(rows),), EUR."""
        self._leave_unpaid(books, rows)
        account = self.account[rows]
        cash, debt = books.cash[account].copy(), books.debt[account].copy()
        books.pay("liquidation", account, lender, np.maximum(cash, 0.0))
        books.pay("liquidation", lender, account, np.maximum(-cash, 0.0))
        books.write_off(account, debt)
        return debt - cash

    def pay_off(self, books: Any, rows: Rows, owners: int) -> None:
        """Debts are paid from the cash there is, and owners get the rest."""
        account = self.account[rows]
        books.repay(account, np.clip(books.cash[account], 0.0, books.debt[account]))
        books.pay("liquidation", account, owners, np.maximum(books.cash[account], 0.0))

    def liquidate(self, row: int) -> None:
        """Close down a member that somebody removes by hand."""
        self.model.renewal.close_down(self, row)

    # ------------------------------------------------------------------ why an organisation fails
    def keep_ledger(self, now: Array) -> None:
        """Smooth this month's books and keep the best year; the decomposition of a failure compares the two.

        `now` (6, n) are receipts, support, inputs, operations and interest in EUR, and volume in units of output.
        """
        if self.ledger.shape[1] != len(self):
            self._grow_ledger(now)
        ledger = self.ledger
        ledger += (now - ledger) / 12.0
        result = RESULT @ ledger
        better = result > self.best_result
        np.copyto(self.best_result, result, where=better)
        np.copyto(self.best, ledger, where=better)

    def _grow_ledger(self, now: Array) -> None:
        """Newcomers start with their first month as last year, and as the best year too unless they had a plan."""
        known = self.ledger.shape[1]
        fresh = now[:, known:]
        self.ledger = np.concatenate([self.ledger, fresh], axis=1)
        planned = [self.plans.pop(row, now[:, row]) for row in range(known, now.shape[1])]
        best = np.stack(planned, axis=1) if planned else fresh
        self.best = np.concatenate([self.best, best], axis=1)
        self.best_result = np.concatenate([self.best_result, RESULT @ best])

    def decomposition(self, row: int) -> dict[str, float]:
        """Change of the yearly result against the best year by cause, EUR per month; sums to the change.

        Sales volume is valued at the best year's margin; prices of output, support, inputs and operations
        at today's volume.
        """
        now, best = self.ledger[:, row], self.best[:, row]
        per_now = now[:4] / max(now[5], 1e-12)
        per_best = best[:4] / max(best[5], 1e-12)
        margin_best = per_best[0] + per_best[1] - per_best[2] - per_best[3]
        effect = (per_now - per_best) * now[5] * np.array([1.0, 1.0, -1.0, -1.0])
        names = ("price", "support", "inputs", "operations")
        parts = {name: float(value) for name, value in zip(names, effect, strict=True)}
        parts["volume"] = float((now[5] - best[5]) * margin_best)
        parts["debt"] = float(best[4] - now[4])
        return parts

    def new_slots(self, niches: Rows) -> Rows:
        """Permanent slots of newcomers (n,): their niches and their ordinals there, never reused."""
        taken: dict[int, int] = {}
        slots = []
        for niche in niches.tolist():
            ordinal = taken.get(niche, int((self.niche == niche).sum()))
            taken[niche] = ordinal + 1
            slots.append(niche * SLOT_STEP + ordinal)
        return np.array(slots, dtype=np.int64)


def serve_debt(
    groups: Sequence[Organisations],
    books: Any,
    credit: Any,
    lender: int,
    owners: Rows,
    liquidity: Array,
    guarantees: Any = None,
) -> list[Array]:
    """Debt service, overdrafts and dividends of all groups at once; returns the interest of each (n,), EUR.

    `owners` (groups,) are the accounts of those who own a group, `liquidity` (groups,) the months of cost that it
    likes to hold as cash. On what is guaranteed lenders ask no margin for risk.
    """
    lengths = [len(group) for group in groups]
    account, active, capital, monthly_cost = (
        np.concatenate([getattr(group, name) for group in groups])
        for name in ("account", "active", "capital", "monthly_cost")
    )
    debt = books.debt.take(account) * active
    interest = debt * (credit.rate / 12.0)
    if guarantees is not None and guarantees.any:
        interest -= np.minimum(guarantees.total(account) * active, debt) * (credit.margin / 12.0)
    cash = books.cash.take(account) - interest
    repayment = np.minimum(debt / (12.0 * credit.term), np.maximum(cash, 0.0))
    cash -= repayment
    # Lenders cover a shortage of cash up to the leverage limit on the plant.
    room = np.maximum(credit.leverage_limit * capital - (debt - repayment), 0.0)
    loan = np.minimum(np.maximum(-cash, 0.0), room) * active
    # Owners get a part of the cash above a buffer; retained profit is for investment.
    surplus = np.maximum(cash - (2.0 * liquidity).repeat(lengths) * monthly_cost, 0.0)
    books.pay("interest", account, lender, interest)
    books.repay(account, repayment)
    if np.count_nonzero(loan):
        books.lend(account, loan)
    books.pay("dividends", account, owners.repeat(lengths), 0.1 * surplus * active)
    ends = list(accumulate(lengths))
    return [interest[end - length : end] for end, length in zip(ends, lengths, strict=True)]
