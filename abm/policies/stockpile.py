"""What stockpiles share: when they buy and release, who pays for what they hold, and what holding costs."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import ENDED, IN_FORCE, Instrument, InstrumentUse
from abm.rules import Activity, MarketView, Trade

Array = NDArray[np.float64]
Payment = tuple[int, float, float]  # account, EUR that it pays, EUR that it receives

MEANINGFUL_REST = 0.01  # a smaller share of the annual budget buys too little to go on
RULE_LABELS = {
    "intensity": {"en": "Target", "nl": "Doel"},
    "buy_years": {"en": "Years to fill", "nl": "Jaren om te vullen"},
    "buy_limit": {"en": "Highest price to buy at", "nl": "Hoogste inkoopprijs"},
    "buy_withheld": {"en": "Restriction that stops buying", "nl": "Beperking die inkoop stopt"},
    "release_shortage": {"en": "Shortage that opens it", "nl": "Tekort dat haar opent"},
    "release_price": {"en": "Price that opens it", "nl": "Prijs die haar opent"},
    "release_time": {"en": "Months to empty at a high price", "nl": "Maanden om te legen bij hoge prijs"},
    "storage": {"en": "Cost of storage", "nl": "Kosten van opslag"},
}


class Stockpile(Instrument):
    """A stock of material with a rule for buying and one for release; its government pays for it all.

    Attributes
    ----------
    held, value
        Stock (M,) in kg after the last trade, and that at the price of the trade, EUR.
    """

    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    trades = True
    privately_held: ClassVar[bool] = False  # whether an organisation of its own holds stock on credit
    intensity: Any = quantity("Target in months of home use", "month", 0, 36, default=2)
    buy_years: Any = quantity("Time in which the stockpile is filled", "yr", 0.1, 20, default=3)
    buy_limit: Any = quantity("Price over the usual price above which it does not buy", "1", 0.1, 10, default=1.25)
    buy_withheld: Any = quantity(
        "Share of supply withheld by blocs above which it does not buy", "1", 0, 1, default=0.02
    )
    release_shortage: Any = quantity("Unmet share of home use from which it releases", "1", 0.001, 1, default=0.05)
    release_price: Any = quantity("Price over the usual price from which it releases", "1", 1, 100, default=2.5)
    release_time: Any = quantity("Time in which it empties while the price stays high", "month", 1, 120, default=6)
    storage: Any = quantity("Storage and insurance over the value of the stock", "1/yr", 0, 0.2, default=0.02)
    labels = RULE_LABELS

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self.held, self.value = np.zeros((2, len(self.materials)))
        self.agency = -1  # account of who holds stock privately

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """None: it acts by trading."""
        return {}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay for storage; what it buys and sells is paid on the market."""
        cost = self.storage / 12.0 * float(np.add.reduce(self.value))
        self.pay(books, "public_programmes", activity.domestic_account, np.array([cost]))

    # Trade

    def trade(self, view: MarketView, month: int) -> Trade:
        """What it would buy, up to which price, and what it puts on the market; arrays (M,)."""
        self.held = view.held
        release = self._release(view)
        buy = np.where(release > 0.0, 0.0, self._wanted(view, month))
        limit = self.buy_limit * view.usual_price
        cost = float(buy @ limit) * self.public_part()
        return Trade(buy if cost <= self.room else buy * (self.room / cost), limit, release)

    def public_part(self) -> float:
        """Share of what is bought that the government pays."""
        return 1.0

    def share_out(self, bought: Array, released: Array, price: Array) -> list[Payment]:
        """Who pays for what was bought and gets what was released (M,), kg, at a price (M,), EUR/kg."""
        paid, received = float(bought @ price), float(released @ price)
        self.remember(bought, released, price)
        self.book_trade(paid, received)
        return [(self.account, paid, received)]

    def remember(self, bought: Array, released: Array, price: Array) -> None:
        """Take account of what moved in and out."""
        self.held = np.maximum(self.held + bought - released, 0.0)
        self.value = self.held * price

    def book_trade(self, paid: float, received: float) -> None:
        """Take account of what the government paid and received on the market, EUR."""
        self.book_spending(paid)
        self.book_revenue(received)
        if paid > 0.0 and self.room < MEANINGFUL_REST * self.cap:
            self.exhaust()

    # Rules

    def target(self, view: MarketView, month: int) -> Array:
        """Stock that it should have (M,), kg."""
        return self.intensity * self.strength(month) * view.home_use * self.materials

    def _wanted(self, view: MarketView, month: int) -> Array:
        """Even filling up to the target, where price and supply allow (M,) kg."""
        if self.status != IN_FORCE:
            return np.zeros(len(self.materials))
        target = self.target(view, month)
        pace = target / (12.0 * self.buy_years)
        able = (view.price <= self.buy_limit * view.usual_price) & (view.withheld <= self.buy_withheld)
        return np.minimum(np.maximum(target - view.held, 0.0), pace) * able

    def _release(self, view: MarketView) -> Array:
        """What covers a shortage, what a high price calls for, or what is sold off after the end (M,) kg."""
        short = np.where(view.shortage >= self.release_shortage, view.shortage * view.home_use, 0.0)
        dear = np.where(view.price >= self.release_price * view.usual_price, view.held / self.release_time, 0.0)
        release = np.maximum(short, dear)
        if self.status == ENDED:
            surplus = np.where(view.price >= view.usual_price, view.held / (12.0 * self.buy_years), 0.0)
            release = np.maximum(release, surplus)
        return np.minimum(release, view.held)


class PrivateStockpile(Stockpile):
    """A stockpile that an agency of private parties holds in whole or in part, on credit.

    The agency borrows what it pays for material, pays interest and storage, and repays the cost of what it
    releases; what the sale brings beyond that is its gain.

    Attributes
    ----------
    own_stock, cost
        Stock (M,) of the agency in kg, and what it was bought for, EUR.
    """

    privately_held = True

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self.own_stock, self.cost = np.zeros((2, len(self.materials)))
        self.to_borrow = self.to_repay = 0.0

    def note_own(self, bought: Array, released: Array, price: Array) -> Payment:
        """Enter what the agency bought and released (M,), kg; returns its payments on the market."""
        share = released / np.where(self.own_stock > 0.0, self.own_stock, np.inf)
        cost = self.cost * np.minimum(share, 1.0)
        spent = bought * price
        self.own_stock = np.maximum(self.own_stock + bought - released, 0.0)
        self.cost = self.cost - cost + spent
        self.to_borrow, self.to_repay = float(np.add.reduce(spent)), float(np.add.reduce(cost))
        return self.agency, self.to_borrow, float(released @ price)

    def service_loans(self, activity: Activity, books: Any, price: Array) -> float:
        """Borrow for purchases, repay what was released, and pay interest and storage; returns these two, EUR."""
        agency = self.agency
        books.lend(agency, self.to_borrow)
        books.repay(agency, min(self.to_repay, float(books.debt[agency])))
        interest = float(books.debt[agency]) * float(activity.loan_rate[0]) / 12.0
        storage = self.storage / 12.0 * float(self.own_stock @ price)
        books.pay("interest", agency, activity.lender_account, interest)
        books.pay("other_inputs", agency, activity.domestic_account, storage)
        self.to_borrow = self.to_repay = 0.0
        return interest + storage
