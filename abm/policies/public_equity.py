"""Public equity in new plants."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument, InstrumentUse
from abm.rules import Activity, Rows

Array = NDArray[np.float64]


class PublicEquity(Instrument):
    name = "public_equity"
    title = {"en": "Public equity", "nl": "Publiek aandelenkapitaal"}
    phase = "extraction"
    level = ("union", "national", "regional")
    scopes = ("materials",)
    steady: ClassVar[tuple[str, ...]] = ("recycling_equity", "primary_equity")
    intensity: Any = quantity("Public share in the equity of new plants", "1", 0, 0.75, default=0.3)
    recycling: Any = quantity("Part of that share for recyclers", "1", 0, 1, default=1)
    refining: Any = quantity("Part of that share for refineries", "1", 0, 1, default=1)
    extraction: Any = quantity("Part of that share for mines", "1", 0, 1, default=0)
    labels = {
        "intensity": {"en": "Public share", "nl": "Publiek aandeel"},
        "recycling": {"en": "For recyclers", "nl": "Voor recyclers"},
        "refining": {"en": "For refineries", "nl": "Voor raffinaderijen"},
        "extraction": {"en": "For mines", "nl": "Voor mijnen"},
    }
    texts = {
        "what": {
            "en": "The government takes a share in new recycling plants, refineries and, if so chosen, mines, on the "
            "same footing as private owners.",
            "nl": "De overheid neemt een aandeel in nieuwe recyclingfabrieken, raffinaderijen en desgewenst mijnen, op "
            "gelijke voet met private eigenaren.",
        },
        "how": {
            "en": "It pays its part of what founders put into a new recycling plant, and of what refineries and mines "
            "do not borrow for new capacity, a month after they did. Founders need less of their own, so that more of "
            "them can start; refineries and mines can pay for larger projects. The government gets dividends by its "
            "share, which later money of others dilutes, and when the company fails it loses what it put in. Shares of "
            "several governments add up to at most three quarters.",
            "nl": "Zij betaalt haar deel van wat oprichters in een nieuwe recyclingfabriek steken, en van wat "
            "raffinaderijen en mijnen voor nieuwe capaciteit niet lenen, een maand nadat zij dat deden. Oprichters "
            "hebben minder eigen geld nodig, zodat er meer kunnen beginnen; raffinaderijen en mijnen kunnen grotere "
            "projecten betalen. De overheid krijgt dividend naar haar aandeel, dat door later geld van anderen "
            "verwatert, en bij faillissement is zij haar inleg kwijt. Aandelen van meerdere overheden tellen op tot "
            "hooguit drie kwart.",
        },
        "watch": {
            "en": "It helps where founders lack money, not where the return is too low. Dividends come late and in "
            "good years; in a price war the stake is worth nothing. The government does not steer the company.",
            "nl": "Het helpt waar oprichters geld missen, niet waar het rendement te laag is. Dividend komt laat en in "
            "goede jaren; in een prijzenoorlog is het aandeel niets waard. De overheid stuurt het bedrijf niet.",
        },
        "source": {
            "en": "Agreement of MP Materials and the United States Department of Defense (10 July 2025): USD 400 "
            "million of equity. Lynas and JARE, a venture of the Japanese state and Sojitz: patient capital carried "
            "Lynas through 2015-2016. That founders are as many as the sum is small: R. L. Axtell, Zipf distribution "
            "of U.S. firm sizes, Science 293 (2001) 1818-1820.",
            "nl": "Overeenkomst van MP Materials met het Amerikaanse ministerie van Defensie (10 juli 2025): USD 400 "
            "miljoen aan aandelen. Lynas en JARE, een onderneming van de Japanse staat en Sojitz: geduldig kapitaal "
            "hielp Lynas door 2015-2016. Dat er meer oprichters zijn naarmate het bedrag kleiner is: R. L. Axtell, "
            "Zipf distribution of U.S. firm sizes, Science 293 (2001) 1818-1820.",
        },
    }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self.stake = np.zeros(0)  # its share in each organisation, by account
        self.kept_dividends = 1.0  # share of what it is due that it takes

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Public shares in new equity, by stream and by stage and material in scope."""
        mines = self.in_leaves_at(0, self.intensity * self.extraction * self.materials)
        return {
            "recycling_equity": self.in_leaves(self.intensity * self.recycling * self.streams),
            "primary_equity": mines + self.in_leaves_at(1, self.intensity * self.refining * self.materials),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Take dividends on the shares it has; pay for new ones."""
        producers, home = activity.producer_account, activity.producer_leaf >= 0
        self._hold(int(max(activity.recycler_account.max(initial=-1), producers.max(initial=-1))) + 1)
        owners = activity.domestic_account.repeat(len(activity.recycler_account))
        self._take_dividends(books, activity.recycler_account, owners, activity.recycler_dividends)
        self._take_dividends(
            books, producers, activity.abroad_account.repeat(len(producers)), activity.producer_dividends
        )
        share = self.own("recycling_equity")[activity.recycler_leaf, activity.recycler_stream]
        equity, worth = activity.recycler_equity, activity.recycler_worth
        self._buy(books, activity.recycler_account, owners, equity, share, worth)
        share = self.own("primary_equity")[activity.producer_leaf, activity.producer_stage, activity.producer_main]
        self._buy(books, producers, producers, activity.producer_equity * home, share * home, activity.producer_worth)

    def _hold(self, accounts: int) -> None:
        """Make room for organisations that are new."""
        self.stake = np.concatenate([self.stake, np.zeros(max(accounts - len(self.stake), 0))])

    def _take_dividends(self, books: Any, account: Rows, owner: Rows, dividends: Array) -> None:
        """Owners pass on the government's part of what organisations (n,) paid out last month."""
        self.collect(books, "dividends", owner, dividends * self.stake[account] * self.kept_dividends)

    def _buy(self, books: Any, account: Rows, payee: Rows, equity: Array, share: Array, worth: Array) -> None:
        """Pay `payee` a share of the equity put into organisations (n,) last month; others' money dilutes."""
        before = self.paid
        claims = equity * share
        asked = float(np.add.reduce(claims))
        self.pay(books, "equity", payee, claims)
        paid = claims * ((self.paid - before) / asked) if asked > 0.0 else claims
        base = np.maximum(np.maximum(worth, equity), 1e-9)
        self.stake[account] = self.stake[account] * (1.0 - equity / base) + paid / base
