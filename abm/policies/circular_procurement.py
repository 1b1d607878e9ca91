"""Circular public procurement."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import IN_FORCE, Instrument
from abm.rules import Activity


class CircularProcurement(Instrument):
    name = "circular_procurement"
    title = {"en": "Circular public procurement", "nl": "Circulair inkopen door overheden"}
    phase = "market"
    level = ("union", "national", "regional")
    scopes = ("products",)
    steady = ("procurement_premium",)
    intensity: Any = quantity("Share of public purchases of a product with circular criteria", "1", 0, 1, default=0.5)
    premium: Any = quantity("Premium over a linear product that a tender accepts", "1", 0, 1, default=0.15)
    labels = {
        "intensity": {"en": "Share bought with circular criteria", "nl": "Deel ingekocht met circulaire eisen"},
        "premium": {"en": "Premium accepted", "nl": "Aanvaarde meerprijs"},
    }
    texts = {
        "what": {
            "en": "Public buyers ask for circular goods in a share of their tenders and accept a limited premium.",
            "nl": "Overheden vragen in een deel van hun aanbestedingen om circulaire goederen en aanvaarden daarvoor "
            "een beperkte meerprijs.",
        },
        "how": {
            "en": "In that share of what public buyers purchase of a product, circular goods and services win where "
            "they cost no more than the premium above linear ones, as far as their makers have capacity, which they "
            "then extend. Bids are spread around the price; buyers never pay more than the premium, so that whoever "
            "wins with a dearer product gives a discount. Without a premium the programme costs nothing. Refurbished "
            "goods are not bought in this way. The government with the highest share pays what is paid above the "
            "linear price. Only purchases of the products modelled count, never all public procurement.",
            "nl": "In dat deel van wat overheden van een product kopen, winnen circulaire goederen en diensten als zij "
            "niet meer dan de meerprijs duurder zijn dan lineaire, voor zover makers er capaciteit voor hebben; die "
            "breiden zij dan uit. Inschrijvingen zijn gespreid rond de prijs; kopers betalen nooit meer dan de "
            "meerprijs, zodat wie met een duurder product wint korting geeft. Zonder meerprijs kost het programma "
            "niets. Gereviseerde goederen worden zo niet gekocht. De overheid met het hoogste aandeel betaalt wat "
            "boven de lineaire prijs wordt betaald. Alleen aankopen van de gemodelleerde producten tellen, nooit alle "
            "overheidsinkoop.",
        },
        "watch": {
            "en": "Public buyers are a small part of most product groups; of products bought mostly by households "
            "little can be expected. With a full budget but too few circular goods the money is not spent. A low "
            "premium moves little: makers win few tenders, and at a price below their own.",
            "nl": "Overheden zijn bij de meeste productgroepen een kleine koper; bij producten die vooral huishoudens "
            "kopen valt weinig te verwachten. Zijn er te weinig circulaire goederen, dan blijft het geld liggen. "
            "Een lage meerprijs verschuift weinig: makers winnen weinig aanbestedingen, en onder hun eigen prijs.",
        },
        "source": {
            "en": "SER, letter on the transition in raw materials (30 April 2026); RIVM report 2024-0202 on socially "
            "responsible procurement in 2021–2022: of 317 kt raw materials saved only 3 kt were minerals and metals. "
            "The premium lies between the largest award advantage on the CO2 Performance Ladder (10 %, ProRail) and "
            "the 20–30 % that buyers of magnets from outside China paid (Neo Performance Materials, December 2025).",
            "nl": "SER, brief over de grondstoffentransitie (30 april 2026); RIVM-rapport 2024-0202 over "
            "maatschappelijk verantwoord inkopen in 2021–2022: van 317 kt bespaarde grondstoffen was maar 3 kt "
            "mineralen en metalen. De meerprijs ligt tussen het grootste gunningvoordeel op de CO2-Prestatieladder "
            "(10 %, ProRail) en de 20–30 % die kopers van magneten van buiten China betaalden (Neo Performance "
            "Materials, december 2025).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """Share and premium for products in scope, in the leaves below the government."""
        share, premium = self.intensity * self.products, self.premium * self.products
        return {"procurement_share": self.in_leaves(share), "procurement_premium": self.in_leaves(premium)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay dealers what public buyers owe above the linear price."""
        if self.status != IN_FORCE:
            return
        binding = self.rules.binding("procurement_share") == self.index
        claims = np.add.reduce(activity.public_premium.T * binding, axis=1)
        self.pay(books, "procurement_premium", activity.dealer_account, claims)
