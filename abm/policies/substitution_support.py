"""Support of research into substitution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class SubstitutionSupport(Instrument):
    name = "substitution_support"
    title = {"en": "Research into doing without scarce materials", "nl": "Onderzoek naar minder schaarse materialen"}
    phase = "design"
    level = ("union", "national")
    scopes = ("materials",)
    steady = ("research_pace",)
    intensity: Any = quantity(
        "Share of what designers cannot save yet that research makes possible in the end", "1", 0, 1, default=0.2
    )
    pace: Any = quantity("Share of that which is found in a year", "1/yr", 0, 4, default=0.15)
    faster: Any = quantity("By how much designers then save faster", "1", 0, 5, default=0.5)
    cost: Any = quantity("Cost for each household in the area", "EUR/yr", 0, 50, default=0.5)
    labels = {
        "intensity": {"en": "More can be saved", "nl": "Meer te besparen"},
        "pace": {"en": "Pace of research", "nl": "Tempo van het onderzoek"},
        "faster": {"en": "Saving goes faster", "nl": "Besparen gaat sneller"},
        "cost": {"en": "Cost per household", "nl": "Kosten per huishouden"},
    }
    texts = {
        "what": {
            "en": "Pays for research into designs that need less of a scarce material or none.",
            "nl": "Betaalt onderzoek naar ontwerpen die minder of niets van een schaars materiaal nodig hebben.",
        },
        "how": {
            "en": "Year by year home designers learn to save more of a material than they could, and to do so faster. "
            "They use what they know as before: when the material is dear or its supply feels at risk. What is known "
            "stays known when the programme ends. It costs a fixed sum for each household in the area. Of two "
            "governments' programmes the one that reaches further counts.",
            "nl": "Jaar na jaar leren ontwerpers hier meer van een materiaal te besparen dan zij konden, en sneller. "
            "Zij gebruiken die kennis zoals voorheen: als het materiaal duur is of de levering onzeker voelt. Wat "
            "bekend is, blijft bekend als het programma eindigt. Het kost een vast bedrag per huishouden in het "
            "gebied. Van programma's van twee overheden telt het verst reikende.",
        },
        "watch": {
            "en": "In calm markets knowledge lies unused; it shows in a crisis, and only for what is designed here: "
            "imported goods and components stay as they are. Less of a material in goods is also less to recycle "
            "one life later. Whether research finds what it seeks is taken as certain.",
            "nl": "In rustige markten blijft kennis ongebruikt; zij werkt in een crisis, en alleen voor wat hier wordt "
            "ontworpen: ingevoerde goederen en onderdelen blijven zoals zij zijn. Minder materiaal in goederen is één "
            "productleven later ook minder om te recyclen. Dat onderzoek vindt wat het zoekt, is als zeker aangenomen.",
        },
        "source": {
            "en": "Japan saved about 15 % of its rare earths by thrift in 2010–2012, Nissan 40 % of the dysprosium in "
            "its motors (B. Sprecher and others, Environmental Science & Technology 51 (2017) 3860–3870), with public "
            "programmes for substitution. Reach, pace and cost, about EUR 100 million a year for the union, are "
            "assumptions.",
            "nl": "Japan bespaarde in 2010–2012 ongeveer 15 % van zijn zeldzame aardmetalen, Nissan 40 % van het "
            "dysprosium in zijn motoren (B. Sprecher en anderen, Environmental Science & Technology 51 (2017) "
            "3860–3870), met publieke programma's voor vervanging. Reikwijdte, tempo en kosten, voor de unie ongeveer "
            "EUR 100 miljoen per jaar, zijn aannames.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """What research can reach for materials in scope, and how fast."""
        works = self.materials * (self.intensity > 0.0)
        return {
            "thrift_research": self.in_leaves(self.intensity * self.materials),
            "research_pace": self.in_leaves(self.pace * works),
            "research_speed_up": self.in_leaves(self.faster * works),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay for the programme, by the number of households in the area."""
        self.pay_by_household(books, activity, self.cost, month)
