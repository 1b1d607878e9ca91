"""Strategic stockpile of materials."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import ENDED, IN_FORCE, Instrument
from abm.rules import Activity, MarketView, Trade

Array = NDArray[np.float64]

MEANINGFUL_REST = 0.01  # a smaller share of the annual budget buys too little to go on


class StrategicStockpile(Instrument):
    name = "strategic_stockpile"
    title = {"en": "Strategic stockpile", "nl": "Strategische voorraad"}
    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    trades = True
    intensity: Any = quantity("Target in months of home use", "month", 0, 36, default=2)
    buy_years: Any = quantity("Time in which the stockpile is filled", "yr", 0.1, 20, default=3)
    buy_limit: Any = quantity("Price over the usual price above which it does not buy", "1", 0.1, 10, default=1.25)
    release_shortage: Any = quantity("Unmet share of home use from which it releases", "1", 0.001, 1, default=0.05)
    release_price: Any = quantity("Price over the usual price from which it releases", "1", 1, 100, default=2.5)
    release_time: Any = quantity("Time in which it empties while the price stays high", "month", 1, 120, default=6)
    labels = {
        "intensity": {"en": "Target", "nl": "Doel"},
        "buy_years": {"en": "Years to fill", "nl": "Jaren om te vullen"},
        "buy_limit": {"en": "Highest price to buy at", "nl": "Hoogste inkoopprijs"},
        "release_shortage": {"en": "Shortage that opens it", "nl": "Tekort dat haar opent"},
        "release_price": {"en": "Price that opens it", "nl": "Prijs die haar opent"},
        "release_time": {"en": "Months to empty at a high price", "nl": "Maanden om te legen bij hoge prijs"},
    }
    texts = {
        "what": {
            "en": "The government buys material in quiet times and sells it when supply falls short.",
            "nl": "De overheid koopt materiaal in rustige tijden en verkoopt het wanneer het aanbod tekortschiet.",
        },
        "how": {
            "en": "It fills the stockpile evenly up to the target, as long as the price is not far above the usual one "
            "and the annual budget lasts. It covers a shortage while it can, and sells part each month while the price "
            "is exceptionally high. When the instrument ends, the stock is sold off gradually at or above the usual "
            "price. Purchases add to demand and raise the price they are made at.",
            "nl": "Zij vult de voorraad gelijkmatig tot het doel, zolang de prijs niet ver boven de gebruikelijke ligt "
            "en het jaarbudget strekt. Zij dekt een tekort zolang zij kan, en verkoopt maandelijks een deel zolang de "
            "prijs uitzonderlijk hoog is. Eindigt het instrument, dan wordt de voorraad geleidelijk verkocht tegen "
            "minstens de gebruikelijke prijs. Aankopen verhogen de vraag en de prijs waartegen wordt gekocht.",
        },
        "watch": {
            "en": "It bridges months, not years, and ties up capital. Buying during a shortage makes the shortage "
            "worse. A small country that stocks alone serves a market that is European.",
            "nl": "Zij overbrugt maanden, geen jaren, en legt kapitaal vast. Kopen tijdens een tekort vergroot het "
            "tekort. Een klein land dat alleen voorraad houdt, bedient een markt die Europees is.",
        },
        "source": {
            "en": "Japan holds 60 days, up to 180 for risky metals (IEA policy database); COM(2025) 945, RESourceEU, "
            "announces a pilot. B. Sprecher and others, Novel indicators for the quantification of resilience in "
            "critical material supply chains, Environmental Science & Technology 51 (2017) 3860–3870, on stocks as "
            "short-run buffer in 2010–2012. Rules of buying and release are assumptions.",
            "nl": "Japan houdt 60 dagen aan, tot 180 voor riskante metalen (IEA policy database); COM(2025) 945, "
            "RESourceEU, kondigt een proef aan. B. Sprecher en anderen, Novel indicators for the quantification of "
            "resilience in critical material supply chains, Environmental Science & Technology 51 (2017) 3860–3870, "
            "over voorraden als buffer in 2010–2012. De regels voor in- en verkoop zijn aannames.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """None: it acts by trading."""
        return {}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing: what it buys and sells is paid on the market and reported by `book_trade`."""

    def trade(self, view: MarketView, month: int) -> Trade:
        """What it would buy, up to which price, and what it puts on the market; arrays (M,)."""
        release = self._release(view)
        buy = np.where(release > 0.0, 0.0, self._wanted(view, month))
        limit = self.buy_limit * view.usual_price
        cost = float(buy @ limit)
        return Trade(buy if cost <= self.room else buy * (self.room / cost), limit, release)

    def book_trade(self, paid: float, received: float) -> None:
        """Take account of what the market paid and received on its behalf, EUR."""
        self.book_spending(paid)
        self.book_revenue(received)
        if paid > 0.0 and self.room < MEANINGFUL_REST * self.cap:
            self.exhaust()

    def _wanted(self, view: MarketView, month: int) -> Array:
        """Even filling up to the target, where the price allows (M,) kg."""
        if self.status != IN_FORCE:
            return np.zeros(len(self.materials))
        target = self.intensity * self.strength(month) * view.home_use * self.materials
        pace = target / (12.0 * self.buy_years)
        cheap = view.price <= self.buy_limit * view.usual_price
        return np.minimum(np.maximum(target - view.held, 0.0), pace) * cheap

    def _release(self, view: MarketView) -> Array:
        """What covers a shortage, what a high price calls for, or what is sold off after the end (M,) kg."""
        short = np.where(view.shortage >= self.release_shortage, view.shortage * view.home_use, 0.0)
        dear = np.where(view.price >= self.release_price * view.usual_price, view.held / self.release_time, 0.0)
        release = np.maximum(short, dear)
        if self.status == ENDED:
            surplus = np.where(view.price >= view.usual_price, view.held / (12.0 * self.buy_years), 0.0)
            release = np.maximum(release, surplus)
        return np.minimum(release, view.held)
