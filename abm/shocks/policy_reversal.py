"""Reversal of policy."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock, ShockUse


class PolicyReversal(Shock):
    name = "policy_reversal"
    title = {"en": "Reversal of policy", "nl": "Ommezwaai in het beleid"}
    scopes = ("jurisdiction",)
    severity: Any = quantity("Share of support that is taken back", "1", 0, 1, default=0.5)
    labels = {"severity": {"en": "Share taken back", "nl": "Teruggedraaid deel"}}
    texts = {
        "what": {
            "en": "A new coalition or a round of cuts takes back part of what was promised.",
            "nl": "Een nieuwe coalitie of een bezuinigingsronde draait een deel van het toegezegde terug.",
        },
        "how": {
            "en": "All instruments of the governments concerned fall by the severity, also for those who count on "
            "them, except law that was adopted before the start and what is fixed by a long-term commitment. "
            "Investors believe these governments less, lenders ask more and lend less; afterwards the programme "
            "resumes, but belief comes back only slowly.",
            "nl": "Alle instrumenten van de betrokken overheden dalen met de sterkte van de schok, ook voor wie erop "
            "rekent, behalve wetgeving van vóór de start en wat in een langjarige verbintenis vastligt. Investeerders "
            "geloven deze overheden minder, geldverstrekkers vragen meer en lenen minder uit; daarna gaat het "
            "programma verder, maar het vertrouwen komt maar langzaam terug.",
        },
        "watch": {
            "en": "The damage outlasts the cut: what was built on the promise is in trouble, and the same support "
            "brings less investment afterwards.",
            "nl": "De schade duurt langer dan de korting: wie op de toezegging bouwde, komt in de problemen, en "
            "dezelfde steun levert daarna minder investeringen op.",
        },
        "source": {
            "en": "SER, letter of 30 April 2026: business sees wavering policy. Retroactive change of support lowered "
            "investment in wind by 16 % and in solar power by 45 % (Sendstad and others 2022). The size is an "
            "assumption.",
            "nl": "SER, brief van 30 april 2026: ondernemers zien zwalkend beleid. Wijziging met terugwerkende kracht "
            "verlaagde investeringen in wind met 16 % en in zonnestroom met 45 % (Sendstad en anderen 2022). De omvang "
            "is een aanname.",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        self.seats = np.zeros(len(config.jurisdictions))
        where = config.governments if use.jurisdiction is None else [config.jurisdictions.index(use.jurisdiction)]
        self.seats[where] = 1.0

    def impose(self, conditions: Conditions, level: float) -> None:
        """Take back that share of the support of the governments in scope."""
        conditions.write("reversal", level * self.seats)
