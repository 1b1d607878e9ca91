"""Awareness campaign for circular offers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class AwarenessCampaign(Instrument):
    name = "awareness_campaign"
    title = {"en": "Awareness campaign", "nl": "Voorlichtingscampagne"}
    phase = "market"
    level = ("union", "national", "regional")
    scopes = ()
    intensity: Any = quantity(
        "Share of those who do not know circular offers that is reached in a year", "1/yr", 0, 2, default=0.1
    )
    cost: Any = quantity("Cost for each household in the area", "EUR/yr", 0, 100, default=1.0)
    labels = {
        "intensity": {"en": "Unaware reached per year", "nl": "Bereik onder onbekenden per jaar"},
        "cost": {"en": "Cost per household", "nl": "Kosten per huishouden"},
    }
    texts = {
        "what": {
            "en": "Makes products of circular design and products as a service known to households.",
            "nl": "Maakt producten met een circulair ontwerp en producten als dienst bekend bij huishoudens.",
        },
        "how": {
            "en": "Each month a part of the households that do not know circular offers hears of them; from then on "
            "these belong to what they choose from. What is known stays known and travels on through "
            "neighbours. The campaign costs a fixed sum for each household in the area, whether it listens or "
            "not.",
            "nl": "Elke maand hoort een deel van de huishoudens die circulair aanbod niet kennen ervan; voortaan "
            "hoort het bij waaruit zij kiezen. Wat bekend is, blijft bekend en gaat via buren verder. De "
            "campagne kost een vast bedrag per huishouden in het gebied, of het luistert of niet.",
        },
        "watch": {
            "en": "To know an offer is not yet to want or afford it. A campaign does not change how easy it is to "
            "hand things in; in trials nine kinds of message did nothing for returns, while bins did (Chong, "
            "Karlan and others 2013).",
            "nl": "Een aanbod kennen is nog niet het willen of kunnen betalen. Een campagne maakt inleveren niet "
            "makkelijker; in proeven deden negen soorten boodschappen niets voor het inleveren, en bakken wel "
            "(Chong, Karlan en anderen 2013).",
        },
        "source": {
            "en": "SER, letter on the transition in raw materials (30 April 2026): for consumers circular is still "
            "unknown or unaffordable. Reach and cost are assumed: about the budget of a national public "
            "campaign of some EUR 8 million a year.",
            "nl": "SER, brief over de grondstoffentransitie (30 april 2026): voor consumenten is circulair nog "
            "onbekend of onbetaalbaar. Bereik en kosten zijn aangenomen: ongeveer het budget van een landelijke "
            "publiekscampagne van zo'n EUR 8 miljoen per jaar.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share of the unaware reached in a year."""
        return {"campaign": self.intensity * self.leaves}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay for the programme, by the number of households that it serves."""
        self.pay_by_household(books, activity, self.cost, month)
