"""One bundled fund for several years in place of scattered yearly budgets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class BundledFund(Instrument):
    name = "bundled_fund"
    title = {"en": "Bundled multi-year fund", "nl": "Gebundeld meerjarig fonds"}
    phase = "chain"
    level = ("union", "national", "regional")
    scopes = ()
    spends = False
    steady = ("pooling",)
    intensity: Any = quantity(
        "Share of the yearly budgets of all instruments that goes into the fund", "1", 0, 1, default=1
    )
    labels = {"intensity": {"en": "Share of budgets bundled", "nl": "Gebundeld deel van budgetten"}}
    texts = {
        "what": {
            "en": "Puts the budgets of a government's separate schemes into one fund for several years.",
            "nl": "Brengt de budgetten van losse regelingen van een overheid samen in één meerjarig fonds.",
        },
        "how": {
            "en": "Every January the share of the yearly caps of all its instruments in force goes into the fund, from "
            "which each of them pays once its own part is spent. What is not spent stays in the fund. The sum of "
            "budgets does not change: money goes where claims are, and a scheme is closed early only when the fund "
            "is empty.",
            "nl": "Elke januari gaat het aandeel van de jaarplafonds van alle lopende instrumenten in het fonds, "
            "waaruit elk instrument betaalt zodra het eigen deel op is. Wat overblijft, blijft in het fonds. "
            "De som van de budgetten verandert niet: het geld gaat naar waar de aanvragen zijn, en een regeling sluit "
            "pas voortijdig als het fonds leeg is.",
        },
        "watch": {
            "en": "A scheme with open-ended claims, such as a subsidy per kilogram, can drain what was meant for "
            "others. Spending rises, since money that used to lapse is used. Without caps it does nothing.",
            "nl": "Een regeling met open aanspraken, zoals een subsidie per kilogram, kan leegtrekken wat voor andere "
            "was bedoeld. De uitgaven stijgen, want geld dat eerst verviel, wordt gebruikt. Zonder plafonds doet het "
            "niets.",
        },
        "source": {
            "en": "SER, letter of 30 April 2026: bundle existing funds; the Dutch budget for the circular economy "
            "falls from EUR 70.7 million in 2027 to 53.5 million in 2029 (draft budget 2026, chapter XII, article 21).",
            "nl": "SER, brief van 30 april 2026: bundel bestaande fondsen; het Nederlandse budget voor de circulaire "
            "economie daalt van EUR 70,7 miljoen in 2027 naar 53,5 miljoen in 2029 (ontwerpbegroting 2026, hoofdstuk "
            "XII, artikel 21).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share of the government's own yearly budgets that is bundled."""
        share = np.zeros(len(config.jurisdictions))
        share[self.jurisdiction] = self.intensity
        return {"pooling": share}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing: the instruments pay out of the fund."""
