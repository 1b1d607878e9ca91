"""Stockpile that government and private parties hold together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import InstrumentUse
from abm.policies.stockpile import RULE_LABELS, Payment, PrivateStockpile
from abm.rules import Activity, MarketView

Array = NDArray[np.float64]


class PublicPrivateStockpile(PrivateStockpile):
    name = "public_private_stockpile"
    title = {"en": "Public-private stockpile", "nl": "Publiek-private voorraad"}
    private_share: Any = quantity(
        "Share of the target that private parties are asked to hold", "1", 0, 0.95, default=0.3
    )
    fee: Any = quantity("Fee over the cost of what private parties hold", "1/yr", 0, 0.5, default=0.07)
    labels = RULE_LABELS | {
        "private_share": {"en": "Private share", "nl": "Privaat deel"},
        "fee": {"en": "Fee for private holders", "nl": "Vergoeding voor private houders"},
    }
    texts = {
        "what": {
            "en": "Government and private parties hold a stock together; each pays for its own part, and the "
            "government pays private parties a fee for holding theirs ready.",
            "nl": "Overheid en private partijen houden samen een voorraad aan; elk betaalt het eigen deel, en de "
            "overheid betaalt private partijen een vergoeding voor het gereedhouden van het hunne.",
        },
        "how": {
            "en": "Private parties borrow what they pay for material and bear interest and storage. Their cost differs "
            "from one to another, spread evenly up to the market's interest and storage, and those take part whose "
            "cost the fee covers; the rest of their share is not held. Buying and release follow the rules of a public "
            "stockpile. Proceeds go to each by what it owns, so that private parties keep the gain, or bear the loss, "
            "on their part.",
            "nl": "Private partijen lenen wat zij voor materiaal betalen en dragen rente en opslag. Hun kosten "
            "verschillen, gelijkmatig verdeeld tot aan rente en opslag op de markt, en wie uitkomt met de vergoeding "
            "doet mee; de rest van hun deel wordt niet aangehouden. In- en verkoop volgen de regels van een publieke "
            "voorraad. De opbrengst gaat naar wie het materiaal bezit, zodat private partijen de winst op hun deel "
            "houden of het verlies dragen.",
        },
        "watch": {
            "en": "Each euro of public money holds more material than in a public stockpile, but the fee is paid every "
            "year and the gain in a crisis is private. When interest rises, a fixed fee attracts fewer parties. Buying "
            "during a shortage makes it worse.",
            "nl": "Elke euro publiek geld houdt meer materiaal aan dan in een publieke voorraad, maar de vergoeding "
            "komt elk jaar terug en de winst in een crisis is privaat. Stijgt de rente, dan trekt een vaste vergoeding "
            "minder partijen. Kopen tijdens een tekort vergroot het tekort.",
        },
        "source": {
            "en": "Japan: 42 days held by the state and 18 by companies; JOGMEC subsidises interest on loans for "
            "purchases and the cost of warehouses (IEA policy database, International Resource Strategy). Fee: "
            "interest of 5 % and storage of 2 %. Rules of buying and release and the cost of storage are assumptions.",
            "nl": "Japan: 42 dagen bij de staat en 18 bij bedrijven; JOGMEC subsidieert de rente op leningen voor "
            "aankopen en de kosten van opslag (IEA policy database, International Resource Strategy). Vergoeding: "
            "rente van 5 % en opslag van 2 %. De regels voor in- en verkoop en de opslagkosten zijn aannames.",
        },
    }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self.interest = config.credit.interest + config.credit.spread

    def taken_up(self) -> float:
        """Share of what private parties are asked to hold for which the fee covers their interest and storage."""
        carrying = self.interest + self.storage
        return min(self.fee / carrying, 1.0) if carrying > 0.0 else 1.0

    def public_part(self) -> float:
        """Share of what is bought that the government pays."""
        public = 1.0 - self.private_share
        return float(public / (public + self.private_share * self.taken_up()))

    def target(self, view: MarketView, month: int) -> Array:
        """Stock that it should have (M,), kg, without what private parties do not take up."""
        return super().target(view, month) * (1.0 - self.private_share * (1.0 - self.taken_up()))

    def share_out(self, bought: Array, released: Array, price: Array) -> list[Payment]:
        """Each pays for its part of what was bought, and gets its part of what was released by what it owns."""
        owned = np.minimum(self.own_stock / np.where(self.held > 0.0, self.held, np.inf), 1.0)
        private_bought, private_released = bought * (1.0 - self.public_part()), released * owned
        self.remember(bought, released, price)
        paid, received = float((bought - private_bought) @ price), float((released - private_released) @ price)
        self.book_trade(paid, received)
        return [(self.account, paid, received), self.note_own(private_bought, private_released, price)]

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay for storage of the public part and the fee for the private one, whose owners bear the rest."""
        if self.agency < 0:
            return
        price, fee = activity.price_outside, self.fee / 12.0 * float(np.add.reduce(self.cost))
        public = np.maximum(self.held - self.own_stock, 0.0)
        claims = np.array([fee, self.storage / 12.0 * float(public @ price)])
        self.pay(books, "public_programmes", np.array([self.agency, activity.domestic_account[0]]), claims)
        self.service_loans(activity, books, price)
        self.interest = float(activity.loan_rate[0])
        self._settle_with_owners(activity, books)

    def _settle_with_owners(self, activity: Activity, books: Any) -> None:
        """Owners take the agency's profit and make good its loss."""
        result = float(books.cash[self.agency])
        books.pay("dividends", self.agency, activity.domestic_account, max(result, 0.0))
        books.pay("equity", activity.domestic_account, self.agency, max(-result, 0.0))
