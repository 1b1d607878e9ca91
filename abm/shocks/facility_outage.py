"""Outage of mines or refineries."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Array, Shock, ShockUse, lies_in


class FacilityOutage(Shock):
    name = "facility_outage"
    title = {"en": "Mine or refinery outage", "nl": "Uitval van mijn of raffinaderij"}
    scopes = ("materials", "jurisdiction")
    severity: Any = quantity("Share of capacity out of action", "1", 0, 1, default=0.2)
    extraction: Any = quantity("1 if mines are struck", "1", 0, 1, default=1)
    refining: Any = quantity("1 if refineries are struck", "1", 0, 1, default=0)
    labels = {
        "severity": {"en": "Capacity out of action", "nl": "Uitgevallen capaciteit"},
        "extraction": {"en": "Mines", "nl": "Mijnen"},
        "refining": {"en": "Refineries", "nl": "Raffinaderijen"},
    }
    texts = {
        "what": {
            "en": "An accident, flood, strike or war puts mines or refineries out of action, at home, abroad or in a "
            "state-backed bloc.",
            "nl": "Een ongeluk, overstroming, staking of oorlog legt mijnen of raffinaderijen stil, thuis, elders of "
            "in een staatsgesteund blok.",
        },
        "how": {
            "en": "Producers in the jurisdiction whose main product is in scope cannot run that share of their "
            "capacity; upkeep goes on. What comes with the main product fails with it. Stocks are drawn down and the "
            "price rises; others run harder, restart or build.",
            "nl": "Producenten in het gebied met een hoofdproduct binnen het bereik kunnen dat deel van hun capaciteit "
            "niet gebruiken; het onderhoud gaat door. Wat met het hoofdproduct meekomt, valt ook uit. Voorraden "
            "slinken en de prijs stijgt; anderen draaien harder, herstarten of bouwen.",
        },
        "watch": {
            "en": "Name the main product: much cobalt fails with copper, dysprosium with the light rare earths. When "
            "mines fail, refineries elsewhere stand idle; when refineries fail, mines find no buyer.",
            "nl": "Noem het hoofdproduct: veel kobalt valt uit met koper, dysprosium met de lichte zeldzame aarden. "
            "Vallen mijnen uit, dan staan raffinaderijen elders stil; vallen raffinaderijen uit, dan vinden mijnen "
            "geen koper.",
        },
        "source": {
            "en": "Cobre Panamá, some 1.5 % of mined copper, has stood still since November 2023; Grasberg, some 3 %, "
            "largely since September 2025 (company reports; shares recalled). Myanmar, 9 % of mined magnet rare earths "
            "in the model, closed its border mines in late 2024. The suggested size and stage are assumptions.",
            "nl": "Cobre Panamá, zo'n 1,5 % van het gewonnen koper, ligt stil sinds november 2023; Grasberg, zo'n 3 %, "
            "grotendeels sinds september 2025 (bedrijfsberichten; aandelen uit het hoofd). Myanmar, in het model 9 % "
            "van de gewonnen magneetaarden, sloot eind 2024 zijn grensmijnen. De voorgestelde omvang en schakel zijn "
            "aannames.",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        stages = np.array([self.extraction, self.refining])
        place = lies_in(config, use.jurisdiction)[:, None, None].astype(np.float64)
        self.weight: Array = place * np.outer(stages, self.materials)

    def impose(self, conditions: Conditions, level: float) -> None:
        """Leave the capacity that is not out of action."""
        conditions.write("capacity", 1.0 - level * self.weight)
