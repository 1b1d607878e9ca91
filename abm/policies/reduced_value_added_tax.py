"""Reduced value-added tax on repairs and circular offers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import OFFERS, Activity

Array = NDArray[np.float64]


class ReducedValueAddedTax(Instrument):
    name = "reduced_value_added_tax"
    title = {"en": "Reduced value-added tax", "nl": "Verlaagde btw"}
    phase = "market"
    level = ("national",)
    scopes = ("products",)
    spends = False
    intensity: Any = quantity(
        "Points taken off the rate of value-added tax, as a share of the price before tax", "1", 0, 0.25, default=0.12
    )
    repair: Any = quantity("Whether repairs are included (1) or not (0)", "1", 0, 1, default=1.0)
    labels = {
        "intensity": {"en": "Points off the rate", "nl": "Punten van het tarief af"},
        "repair": {"en": "Repairs included", "nl": "Reparaties erbij"},
    }
    texts = {
        "what": {
            "en": "Lowers value-added tax on repairs, used goods, products of circular design and products as a "
            "service.",
            "nl": "Verlaagt de btw op reparaties, gebruikte goederen, producten met een circulair ontwerp en "
            "producten als dienst.",
        },
        "how": {
            "en": "Households choose on the price with the lower tax, never below zero tax. In the books they pay the "
            "full rate and get the difference back from the government that lowered it, which thus bears what "
            "it forgoes.",
            "nl": "Huishoudens kiezen op de prijs met de lagere belasting, nooit onder nul. In de boeken betalen zij "
            "het volle tarief en krijgen zij het verschil terug van de overheid die het verlaagde; die draagt "
            "zo de gederfde opbrengst.",
        },
        "watch": {
            "en": "It has no cap, so that its cost grows with its success. All of it reaches the buyer in the model; "
            "real sellers keep a part.",
            "nl": "Er is geen plafond, dus de kosten groeien met het succes. In het model komt alles bij de koper "
            "terecht; echte verkopers houden een deel.",
        },
        "source": {
            "en": "Directive 2006/112/EC as amended in 2022 allows a reduced rate on repair of appliances, shoes and "
            "bicycles; Sweden lowered it from 25 to 12 % in 2017 (recalled, not re-read). For new circular "
            "products no such rate is allowed today.",
            "nl": "Richtlijn 2006/112/EG zoals gewijzigd in 2022 staat een verlaagd tarief toe op reparatie van "
            "apparaten, schoenen en fietsen; Zweden verlaagde het in 2017 van 25 naar 12 % (uit het hoofd, niet "
            "nagelezen). Voor nieuwe circulaire producten mag zo'n tarief nu niet.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share of the price with tax that the lower rate saves, for offers of products in scope."""
        table = config.jurisdictions
        rate = np.array([max(table.value_added_tax[row] for row in config.ancestors[leaf]) for leaf in config.leaves])
        saved = np.minimum(self.intensity, rate) / (1.0 + rate) * self.leaves
        weight = np.zeros(len(OFFERS))
        weight[[OFFERS.index(offer) for offer in ("used", "circular", "service")]] = 1.0
        weight[OFFERS.index("repair")] = self.repair
        return {"offer_support": saved[:, None, None] * self.products[:, None] * weight}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay households a share of what they owe for the offers in scope."""
        self.pay_for_offers(books, activity)
