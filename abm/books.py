"""The books: every payment has a payer and a payee, every kilogram a place.

Money and mass move only through `pay`, `lend`, `repay`, `write_off` and `move`. Each verb changes
the balance and, separately, a journal of flows; `close` compares the two at the end of every month,
relative to gross flow, so that a change made around the verbs is caught.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Places = Rows | slice

MONEY_KINDS: tuple[str, ...] = (
    "material_sales",  # materials, components and secondary material between organisations
    "product_sales",  # products by makers and importers to dealers
    "retail_sales",  # products by dealers to households and business
    "public_purchases",
    "scrap_sales",
    "gate_fees",
    "repairs",
    "energy",
    "labour",
    "other_inputs",
    "freight",
    "capital_spending",
    "interest",
    "loans",
    "dividends",
    "equity",
    "operating_support",  # subsidies per kg, floors and contracts for difference
    "investment_support",
    "levies",
    "certificates",
    "procurement_premium",
    "household_support",  # vouchers, purchase subsidies and tax paid back to households
    "public_programmes",  # campaigns, collection and training that government pays for
    "deposits",
    "stockpile_trade",
    "state_support",  # a state-backed bloc to its producers
    "rents",
    "income",
    "value_added_tax",
    "lump_sum",
    "liquidation",
    "guarantees",  # what government pays lenders on loans that it guaranteed
    "labour_relief",  # tax on labour that government forgoes, counted as paid to those who work
)
MASS_KINDS: tuple[str, ...] = (
    "mining",
    "mining_loss",
    "refining",
    "refining_loss",
    "world_use",
    "trade",
    "purchase",
    "secondary_sale",
    "stockpiling",
    "release",
    "component_making",
    "swarf",
    "component_import",
    "manufacture",
    "export",
    "product_import",
    "delivery",
    "sale",
    "hoarding",
    "discard",
    "refurbishment",
    "scrap_purchase",
    "scrap_export",
    "landfill",
    "dissipation",
    "recovery",
    "intermediate_export",
    "liquidation",
)

TOLERANCE = 1e-9
_SEVERAL = (slice, np.ndarray)  # ways to name several places
_REMEMBERED = 128  # lists of places of which the cells are remembered


def block(places: Rows) -> slice:
    """The rows of places that were opened together, as a slice."""
    return slice(places.item(0), places.item(-1) + 1)


class BooksError(RuntimeError):
    """The books do not close; the message names month, account or place, and amount."""


class Books:
    """Accounts of money (EUR) and places of material (kg).

    Parameters
    ----------
    materials
        Ids of the M materials, in the order of the columns of `stock`.
    """

    def __init__(self, materials: tuple[str, ...]) -> None:
        self.materials = materials
        width = len(materials)
        self.account_names: list[str] = []
        self.place_names: list[str] = []
        self._cash: Array = np.zeros(0)
        self.debt: Array = np.zeros(0)
        self._flow: Array = np.zeros((len(MONEY_KINDS), 0))
        self._slips = _Slips()  # payments not yet posted to cash
        self._posted: list[tuple[Rows, Array, Rows]] = []  # posted to cash and not yet to the journal
        self.turnover: Array = np.zeros(0)  # gross payments through an account this month
        self.stock: Array = np.zeros((0, width))
        self.inflow: Array = np.zeros((0, width))
        self.outflow: Array = np.zeros((0, width))
        self._moves: list[tuple[int, Array]] = []
        self._known_cells: dict[bytes, Rows | slice] = {}
        self._money_kind = {name: number for number, name in enumerate(MONEY_KINDS)}
        self._mass_kind = {name: number for number, name in enumerate(MASS_KINDS)}
        self._lender = -1
        self._borrowed: Array = np.zeros(0)
        self._opening_cash: Array = np.zeros(0)
        self._opening_debt: Array = np.zeros(0)
        self._opening_stock: Array = self.stock.copy()
        self._busiest: Array = self.stock.copy()
        self._busiest_gross = 0.0  # EUR, of all accounts together
        self._mass_total: Array = np.zeros(width)
        self.worst_residual = 0.0
        self._open = True
        self._closed = False  # between two months

    # ------------------------------------------------------------------ opening accounts and places
    def account(self, *names: str, lender: bool = False) -> Rows:
        """Open one account per name, at zero; returns their indices."""
        self._journal()
        first, count = len(self.account_names), len(names)
        self.account_names.extend(names)
        self._cash = np.concatenate([self._cash, np.zeros(count)])
        self.debt = np.concatenate([self.debt, np.zeros(count)])
        self.turnover = np.concatenate([self.turnover, np.zeros(count)])
        self._borrowed = np.concatenate([self._borrowed, np.zeros(count)])
        self._opening_cash = np.concatenate([self._opening_cash, np.zeros(count)])
        self._opening_debt = np.concatenate([self._opening_debt, np.zeros(count)])
        self._flow = np.concatenate([self._flow, np.zeros((len(MONEY_KINDS), count))], axis=1)
        if lender:
            self._lender = first
        return np.arange(first, first + count)

    def place(self, *names: str) -> Rows:
        """Open one empty place per name; returns their indices."""
        first, count = len(self.place_names), len(names)
        self.place_names.extend(names)
        empty = np.zeros((count, len(self.materials)))
        self.stock = np.concatenate([self.stock, empty])
        self.inflow = np.concatenate([self.inflow, empty])
        self.outflow = np.concatenate([self.outflow, empty])
        self._known_cells.clear()
        self._opening_stock = np.concatenate([self._opening_stock, empty])
        return np.arange(first, first + count)

    def endow(self, place: Rows | int, kilograms: Array) -> None:
        """Put the stock that exists at the start of the run into a place; not possible later."""
        if not self._open:
            raise BooksError("material can be endowed only before the first month")
        self.stock[place] += kilograms

    # ------------------------------------------------------------------ verbs of money
    def pay(self, kind: str, payer: Rows | int, payee: Rows | int, amount: Array | float) -> None:
        """Pay `amount` EUR (≥ 0, broadcast over payers or payees) from payer to payee."""
        if self._closed:
            self.begin_month()
        self._slips.write(self._money_kind[kind], payer, payee, amount)

    @property
    def cash(self) -> Array:
        """Balance of every account (n,), EUR; payments are posted when it is read."""
        if self._slips.filled:
            slips = self._slips.collected()
            self._cash += np.bincount(slips[0], slips[1], len(self._cash))
            self._posted.append(slips)
            self._slips.clear()
        return self._cash

    @property
    def flow(self) -> Array:
        """Net receipts of this month by kind and account (kinds, n), EUR."""
        self._journal()
        return self._flow

    def _journal(self) -> None:
        """Enter payments in the journal, apart from the balances."""
        if self._slips.filled:
            self.cash  # noqa: B018  posts what is outstanding
        if not self._posted:
            return
        account, signed, kind = (np.concatenate(parts) for parts in zip(*self._posted, strict=True))
        count = len(self._cash)
        entries = np.bincount(kind * count + account, signed, len(MONEY_KINDS) * count)
        self._flow += entries.reshape(len(MONEY_KINDS), count)
        self.turnover += np.bincount(account, np.abs(signed), count)
        self._posted.clear()

    def lend(self, borrower: Rows | int, amount: Array | float) -> None:
        """Lenders pay out a loan: cash and debt of the borrower rise by `amount` EUR."""
        self.pay("loans", self._lender, borrower, amount)
        self._change_debt(borrower, amount)

    def repay(self, borrower: Rows | int, amount: Array | float) -> None:
        """The borrower pays back `amount` EUR of principal."""
        self.pay("loans", borrower, self._lender, amount)
        self._change_debt(borrower, -np.asarray(amount))

    def write_off(self, borrower: Rows | int, amount: Array | float) -> None:
        """Lenders lose `amount` EUR of what the borrower owes; their equity falls by it."""
        self._change_debt(borrower, -np.asarray(amount))

    def _change_debt(self, borrower: Rows | int, amount: Array | float) -> None:
        if self._closed:
            self.begin_month()
        np.add.at(self.debt, borrower, amount)
        np.add.at(self._borrowed, borrower, amount)

    @property
    def lender_equity(self) -> float:
        """Net worth of lenders: loans outstanding less what they owe to depositors, EUR."""
        return float(self.cash[self._lender] + self.debt.sum())

    @property
    def net_financial_assets(self) -> Array:
        """Cash less debt per account; lenders hold all loans (n accounts,), EUR."""
        net = self.cash - self.debt
        net[self._lender] += self.debt.sum()
        return net

    # ------------------------------------------------------------------ verb of mass
    def move(self, kind: str, source: Places | int, target: Places | int, kilograms: Array) -> None:
        """Move `kilograms` ((n, M) or (M,), ≥ 0) from source to target places.

        Where one side is a single place and the other has n rows, the single side gets the sum.
        Rows on one side must be distinct; a `block` of places opened together is quickest.
        """
        if self._closed:
            self.begin_month()
        self._moves.append((self._mass_kind[kind], kilograms))
        out = into = kilograms
        if kilograms.ndim > 1:
            one_source, one_target = not isinstance(source, _SEVERAL), not isinstance(target, _SEVERAL)
            if one_source or one_target:
                total = np.add.reduce(kilograms)
                out, into = total if one_source else kilograms, total if one_target else kilograms
        if isinstance(source, np.ndarray):
            cells = self._cells_at(source)
            _change(self.stock, cells, np.subtract, out)
            _change(self.outflow, cells, np.add, out)
        else:
            self.stock[source] -= out
            self.outflow[source] += out
        if isinstance(target, np.ndarray):
            cells = self._cells_at(target)
            _change(self.stock, cells, np.add, into)
            _change(self.inflow, cells, np.add, into)
        else:
            self.stock[target] += into
            self.inflow[target] += into

    def _cells_at(self, places: Rows) -> Rows | slice:
        """Cells (n, M) of a table of places and materials that belong to places (n,), or their rows if in a row."""
        key = places.tobytes()  # the same places are named month after month
        cells = self._known_cells.get(key)
        if cells is None:
            rows, width = np.arange(len(self.stock))[places], len(self.materials)
            in_a_row = len(rows) > 0 and bool((np.diff(rows) == 1).all())
            cells = block(rows) if in_a_row else rows[:, None] * width + np.arange(width)
            if len(self._known_cells) >= _REMEMBERED:
                self._known_cells.clear()
            self._known_cells[key] = cells
        return cells

    # ------------------------------------------------------------------ closing
    def start(self) -> None:
        """Freeze the endowment: from here on nothing is made or lost."""
        self._open = False
        self._mass_total = self.stock.sum(axis=0)
        self._opening_cash = self.cash.copy()
        self._opening_debt = self.debt.copy()
        self._opening_stock = self.stock.copy()
        self._closed = True
        self.begin_month()

    def begin_month(self) -> None:
        """Open a new month's journal, unless something that was done since the last closing has opened it."""
        if not self._closed:
            return
        self._closed = False
        self._journal()
        self._flow[:] = 0.0
        self.turnover[:] = 0.0
        self._borrowed[:] = 0.0
        self.inflow[:] = 0.0
        self.outflow[:] = 0.0
        self._moves.clear()

    def close(self, month: int) -> None:
        """Compare balances with the journal; raise `BooksError` unless they agree to 1e-9.

        The measure is relative to the gross flow through an account or place plus its balance.
        """
        self._journal()
        self._close_money(month)
        self._close_mass(month)
        self._opening_cash = self.cash.copy()
        self._opening_debt = self.debt.copy()
        self._opening_stock = self.stock.copy()
        self._closed = True

    def _close_money(self, month: int) -> None:
        gross = self.turnover + np.abs(self.cash) + np.abs(self.debt) + 1.0
        residual = self.cash - self._opening_cash - np.add.reduce(self.flow)
        self._check(residual / gross, residual, self.account_names, month, "EUR of cash")
        residual = self.debt - self._opening_debt - self._borrowed
        self._check(residual / gross, residual, self.account_names, month, "EUR of debt")
        imbalance = self.net_financial_assets.sum()
        # Rounding in a busy month stays in balances that are quiet later: measure against the busiest month.
        self._busiest_gross = max(self._busiest_gross, float(gross.sum()))
        if not abs(imbalance) <= TOLERANCE * self._busiest_gross:
            raise BooksError(
                f"month {month}: net financial assets of all accounts add up to {imbalance:.6g} EUR, not 0"
            )

    def _close_mass(self, month: int) -> None:
        gross = self.inflow + self.outflow
        gross += np.abs(self.stock)
        gross += 1.0  # a microgram is not missed
        residual = self.stock - self._opening_stock
        residual -= self.inflow
        residual += self.outflow
        self._check((residual / gross).reshape(-1), residual.reshape(-1), self._cells, month, "kg of stock")
        # Rounding in a busy month may stay in a place that is quiet later: measure against its busiest month.
        if self._busiest.shape != gross.shape:
            self._busiest = np.concatenate([self._busiest, np.zeros((len(gross) - len(self._busiest), gross.shape[1]))])
        np.maximum(self._busiest, gross, out=self._busiest)
        lowest = self.stock / self._busiest
        if not np.minimum.reduce(lowest, axis=None) >= -TOLERANCE:
            cell = int(np.argmin(lowest))
            raise BooksError(f"month {month}: {self._cells[cell]} holds {self.stock.ravel()[cell]:.6g} kg")
        drift = np.add.reduce(self.stock) - self._mass_total
        relative = drift / np.maximum(self._mass_total, 1e-9)
        self._check(relative, drift, self.materials, month, "kg in all places together")

    def _check(self, relative: Array, residual: Array, names: object, month: int, what: str) -> None:
        worst = float(np.maximum.reduce(np.abs(relative), initial=0.0))
        if worst <= TOLERANCE:
            self.worst_residual = max(self.worst_residual, worst)
            return
        cell = int(np.argmax(np.where(np.isnan(relative), np.inf, np.abs(relative))))
        name = names[cell]  # type: ignore[index]
        raise BooksError(f"month {month}: {name} is off by {residual[cell]:.6g} {what}")

    @property
    def _cells(self) -> _Cells:
        return _Cells(self.place_names, self.materials)

    def month_flow(self, kind: str) -> Array:
        """Net receipts of a kind this month (n accounts,), EUR."""
        return self.flow[self._money_kind[kind]]

    def month_moved(self, kind: str) -> Array:
        """Kilograms moved under a kind this month (M,)."""
        number = self._mass_kind[kind]
        amounts = [
            kilograms.reshape(-1, len(self.materials)).sum(axis=0) for k, kilograms in self._moves if k == number
        ]
        return np.sum(amounts, axis=0) if amounts else np.zeros(len(self.materials))


def _change(table: Array, cells: Rows | slice, change: np.ufunc, kilograms: Array) -> None:
    """Add `kilograms` (n, M) to the cells (n, M) of a table, or subtract them; quicker than by its rows."""
    if isinstance(cells, slice):
        rows = table[cells]
        change(rows, kilograms, rows)
        return
    flat = table.reshape(-1)
    held = flat.take(cells)
    flat[cells] = change(held, kilograms, held)


class _Slips:
    """Payments waiting to be posted: many at once cost little more than one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Throw all slips away."""
        self.rows: list[Rows] = []  # accounts on the side of a payment that has several
        self.amounts: list[Array] = []
        self.kinds: list[int] = []
        self.signs: list[float] = []  # for the rows
        self.others: list[int] = []  # account on the other side or −1
        self.single: list[tuple[int, float, int]] = []  # account, signed amount, kind

    @property
    def filled(self) -> bool:
        """Whether there is anything to post."""
        return bool(self.rows or self.single)

    def write(self, kind: int, payer: Rows | int, payee: Rows | int, amount: Array | float) -> None:
        """Note a payment; the amounts are copied, so that the caller may go on using its array."""
        if isinstance(payer, np.ndarray):
            if isinstance(payee, np.ndarray):
                self._several(kind, 1.0, payee, -1, self._several(kind, -1.0, payer, -1, amount))
            else:
                self._several(kind, -1.0, payer, payee, amount)
        elif isinstance(payee, np.ndarray):
            self._several(kind, 1.0, payee, payer, amount)
        else:
            total = float(np.add.reduce(amount, axis=None)) if isinstance(amount, np.ndarray) else float(amount)
            if total:
                self.single += ((payer, -total, kind), (payee, total, kind))

    def _several(self, kind: int, sign: float, rows: Rows, other: int, amount: Array | float) -> Array:
        amounts = np.empty(len(rows))
        amounts[:] = amount
        if len(rows):
            self.rows.append(rows)
            self.amounts.append(amounts)
            self.kinds.append(kind)
            self.signs.append(sign)
            self.others.append(other)
        return amounts

    def collected(self) -> tuple[Rows, Array, Rows]:
        """Account, signed amount and kind of every slip (n,)."""
        accounts, signed, kinds = [], [], []
        if self.rows:
            kind, sign, other = np.array(self.kinds), np.array(self.signs), np.array(self.others)
            lengths = np.array([len(rows) for rows in self.rows])
            amounts = np.concatenate(self.amounts)
            amounts *= sign.repeat(lengths)
            one = (other >= 0).nonzero()[0]
            totals = np.add.reduceat(amounts, np.add.accumulate(lengths) - lengths)
            accounts, signed, kinds = (
                [*self.rows, other[one]],
                [amounts, -totals[one]],
                [kind.repeat(lengths), kind[one]],
            )
        if self.single:
            account, amount, single_kind = zip(*self.single, strict=True)
            accounts, signed = [*accounts, np.array(account)], [*signed, np.array(amount)]
            kinds = [*kinds, np.array(single_kind)]
        return np.concatenate(accounts), np.concatenate(signed), np.concatenate(kinds)


class _Cells:
    """Names of the cells of a place × material table, made only when asked for."""

    def __init__(self, places: list[str], materials: tuple[str, ...]) -> None:
        self.places, self.materials = places, materials

    def __getitem__(self, cell: int) -> str:
        place, material = divmod(cell, len(self.materials))
        return f"{self.places[place]}, {self.materials[material]}"
