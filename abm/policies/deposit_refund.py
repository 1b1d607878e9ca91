"""Deposit on products, refunded when they are handed in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import IN_FORCE, Instrument, InstrumentUse
from abm.rules import Activity, Rows, Rules

Array = NDArray[np.float64]


class DepositRefund(Instrument):
    name = "deposit_refund"
    title = {"en": "Deposit–refund", "nl": "Statiegeld"}
    phase = "end_of_life"
    level = ("union", "national")
    in_trust = True
    scopes = ("products",)
    spends = False
    intensity: Any = quantity("Deposit as a share of the price of a new product", "1", 0, 0.5, default=0.03)
    labels = {"intensity": {"en": "Deposit over price", "nl": "Statiegeld ten opzichte van de prijs"}}
    texts = {
        "what": {
            "en": "Households pay a deposit on a new product and get it back when they hand the product in.",
            "nl": "Huishoudens betalen statiegeld op een nieuw product en krijgen het terug als zij het inleveren.",
        },
        "how": {
            "en": "The government collects the deposit at the first sale and refunds the deposit of that month when "
            "the product is handed in, also after the instrument has ended. Products sold before it started carry no "
            "refund. The refund makes handing in more attractive than the drawer, the bin or a buyer abroad. "
            "Deposits never claimed stay with the government. Deposits of several governments add up.",
            "nl": "De overheid int het statiegeld bij de eerste verkoop en betaalt het bedrag van die maand terug als "
            "het product wordt ingeleverd, ook nadat het instrument is beëindigd. Op producten die eerder zijn "
            "verkocht, rust geen statiegeld. De terugbetaling maakt inleveren aantrekkelijker dan de la, de "
            "vuilnisbak of een koper in het buitenland. Wat niemand ophaalt, blijft bij de overheid. Statiegeld van "
            "meerdere overheden telt op.",
        },
        "watch": {
            "en": "The effect comes one product life later: first the government receives, then it pays. It raises "
            "the price at sale, which weighs on low incomes.",
            "nl": "Het effect komt één productleven later: eerst ontvangt de overheid, dan betaalt zij. Het verhoogt "
            "de aankoopprijs, wat zwaarder weegt voor lage inkomens.",
        },
        "source": {
            "en": "M. Walls, Deposit-Refund Systems in Practice and Theory, Resources for the Future Discussion Paper "
            "11-47 (2011); Commission Recommendation (EU) 2023/2585 on the return of used mobile phones, tablets and "
            "laptops. Norway refunds NOK 3,000 on a scrapped car (Waste Regulations, chapter 4), about 1 % of a new "
            "one; the suggested height for smaller goods is an assumption.",
            "nl": "M. Walls, Deposit-Refund Systems in Practice and Theory, Resources for the Future Discussion Paper "
            "11-47 (2011); Aanbeveling (EU) 2023/2585 van de Commissie over het inleveren van gebruikte mobiele "
            "telefoons, tablets en laptops. Noorwegen betaalt NOK 3.000 terug voor een sloopauto "
            "(afvalverordening, hoofdstuk 4), ongeveer 1 % van een nieuwe; de voorgestelde hoogte voor kleinere "
            "goederen is een aanname.",
        },
    }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self._charged = np.zeros(1)  # share of the full deposit, by month

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The deposit in EUR on products in scope."""
        return {"deposit": self.in_leaves(self.intensity * config.products.price * self.products)}

    def announce(self, rules: Rules, month: int) -> None:
        """Write the deposit and, as long as refunds may be due, promise them."""
        super().announce(rules, month)
        self._remember(month)
        if month >= self.start and self.intensity > 0.0:
            rules.promise_refund(self.refund_due)

    def _remember(self, month: int) -> None:
        """Keep the strength at which deposits are charged this month: refunds follow it, whatever comes later."""
        if month >= len(self._charged):
            self._charged = np.append(self._charged, np.zeros(month + 120))
        self._charged[month] = self.strength(month) if self.status == IN_FORCE else 0.0

    def refund_due(self, product: Rows, leaf: Rows, bought: Rows) -> Array:
        """Refund (n,) in EUR on products (n,) by leaf (n,) and month of first sale (n,)."""
        charged = self._charged[np.maximum(bought, 0)] * (bought >= 0)
        return self.levers["deposit"][leaf, product] * charged

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Collect deposits on what households bought; refund what they handed in."""
        sold = activity.units_sold_to_households.T
        self.collect(books, "deposits", activity.household_account, (sold * self.own("deposit")).sum(axis=1))
        refund = self.refund_due(activity.returned_product, activity.returned_leaf, activity.returned_bought)
        claims = np.bincount(activity.returned_leaf, refund * activity.returned_weight, len(sold)).astype(np.float64)
        self.pay(books, "deposits", activity.household_account, claims)
