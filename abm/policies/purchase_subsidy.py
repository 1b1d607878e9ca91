"""Purchase subsidy for circular, used and as-a-service offers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import OFFERS, Activity

Array = NDArray[np.float64]


class PurchaseSubsidy(Instrument):
    name = "purchase_subsidy"
    title = {"en": "Purchase subsidy for circular offers", "nl": "Aankoopsubsidie voor circulair aanbod"}
    phase = "market"
    level = ("union", "national", "regional")
    scopes = ("products",)
    intensity: Any = quantity(
        "Share of the price of a product of circular design that is paid", "1", 0, 0.5, default=0.1
    )
    used: Any = quantity("The same share of used goods, as a multiple", "1", 0, 1, default=1.0)
    service: Any = quantity("The same share of products as a service, as a multiple", "1", 0, 1, default=1.0)
    labels = {
        "intensity": {"en": "Share of the price paid", "nl": "Vergoed deel van de prijs"},
        "used": {"en": "Used goods", "nl": "Gebruikte goederen"},
        "service": {"en": "As a service", "nl": "Als dienst"},
    }
    texts = {
        "what": {
            "en": "Pays households a part of the price of products of circular design, of used or refurbished goods "
            "and of products as a service.",
            "nl": "Betaalt huishoudens een deel van de prijs van producten met een circulair ontwerp, van gebruikte "
            "of opgeknapte goederen en van producten als dienst.",
        },
        "how": {
            "en": "Households choose on the price less the subsidy, from the offers that they know. The government "
            "pays its share of what households below it owe, tax included, until its budget is spent.",
            "nl": "Huishoudens kiezen op de prijs min de subsidie, uit het aanbod dat zij kennen. De overheid betaalt "
            "haar deel van wat huishoudens in haar gebied verschuldigd zijn, inclusief belasting, tot het "
            "budget op is.",
        },
        "watch": {
            "en": "Who did not know of circular offers does not take them up: combine it with a campaign. Sellers "
            "whose capacity is full answer with a longer waiting list and, in time, a higher markup. Much goes "
            "to those who would have bought anyway, and more to those who can afford dear products.",
            "nl": "Wie circulair aanbod niet kent, gaat er niet op in: combineer met een campagne. Verkopers met "
            "volle capaciteit reageren met een langere wachtlijst en op den duur een hogere marge. Veel gaat "
            "naar wie toch al had gekocht, en meer naar wie dure producten kan betalen.",
        },
        "source": {
            "en": "The Dutch subsidy on electric cars (SEPP, 2020-2024) was EUR 2 000 for a used one and EUR 2 950 "
            "for a new one, some 8-10 % of the price (recalled, not re-read). SER, letter on the transition in "
            "raw materials (30 April 2026): for consumers circular is still unknown or unaffordable.",
            "nl": "De Nederlandse subsidie voor elektrische auto's (SEPP, 2020-2024) was EUR 2 000 voor een gebruikte "
            "en EUR 2 950 voor een nieuwe, zo'n 8-10 % van de prijs (uit het hoofd, niet nagelezen). SER, brief "
            "over de grondstoffentransitie (30 april 2026): voor consumenten is circulair nog onbekend of "
            "onbetaalbaar.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share paid of offers of products in scope."""
        weight = np.zeros(len(OFFERS))
        for offer, multiple in (("circular", 1.0), ("used", self.used), ("service", self.service)):
            weight[OFFERS.index(offer)] = multiple
        share = self.in_leaves(self.intensity * self.products)
        return {"offer_support": share[:, :, None] * weight}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay households a share of what they owe for the offers in scope."""
        self.pay_for_offers(books, activity)
