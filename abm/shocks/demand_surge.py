"""Surge in world demand."""

from __future__ import annotations

from typing import Any

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock


class DemandSurge(Shock):
    name = "demand_surge"
    title = {"en": "Demand surge", "nl": "Vraagpiek"}
    scopes = ("materials",)
    severity: Any = quantity("Rise of world demand over what it would have been", "1", 0, 5, default=0.2)
    essential: Any = quantity("Part of the rise that is bought at any price", "1", 0, 1, default=0)
    labels = {
        "severity": {"en": "Rise of demand", "nl": "Stijging van de vraag"},
        "essential": {"en": "Bought at any price", "nl": "Tegen elke prijs gekocht"},
    }
    texts = {
        "what": {
            "en": "The world suddenly wants more of a material, for the energy transition, computing or defence.",
            "nl": "De wereld wil plotseling meer van een materiaal, voor de energietransitie, rekenkracht of defensie.",
        },
        "how": {
            "en": "World use at a given price rises by the severity. Stocks are drawn down, the price rises, use that "
            "is worth least gives way, and producers expand with their lead times. The part bought at any "
            "price, as for defence, does not give way: others do.",
            "nl": "Het wereldgebruik stijgt bij een gegeven prijs met de sterkte van de schok. Voorraden slinken, de "
            "prijs stijgt, gebruik dat het minst waard is valt weg en producenten breiden uit met hun "
            "aanlooptijden. Het deel dat tegen elke prijs wordt gekocht, zoals voor defensie, wijkt niet: "
            "anderen wel.",
        },
        "watch": {
            "en": "It comes on top of the growth that the forecasts contain. Capacity built for a surge weighs on the "
            "price once it is over.",
            "nl": "De schok komt boven op de groei in de prognoses. Capaciteit die voor een piek is gebouwd, drukt de "
            "prijs als die voorbij is.",
        },
        "source": {
            "en": "World demand for magnet rare earths nearly doubled from 2015 to 2023 (IEA, Global Critical "
            "Minerals Outlook 2024): some 8.5 % a year. The suggested size, a good two years of such growth at "
            "once, is an assumption.",
            "nl": "De wereldvraag naar zeldzame aarden voor magneten verdubbelde bijna van 2015 tot 2023 (IEA, Global "
            "Critical Minerals Outlook 2024): zo'n 8,5 % per jaar. De voorgestelde omvang, ruim twee jaar van "
            "zulke groei ineens, is een aanname.",
        },
    }

    def impose(self, conditions: Conditions, level: float) -> None:
        """Raise demand for the materials in scope."""
        rise = level * self.materials.astype(float)
        conditions.write("demand", 1.0 + (1.0 - self.essential) * rise)
        if self.essential > 0.0:
            conditions.write("essential_demand", self.essential * rise)
