"""Investment support for refining."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

REFINING = 1


class RefiningInvestmentSupport(Instrument):
    name = "refining_investment_support"
    title = {"en": "Investment support for refining", "nl": "Investeringssteun voor raffinage"}
    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    intensity: Any = quantity("Share of spending on new capacity of refineries that is paid", "1", 0, 1, default=0.2)
    labels = {"intensity": {"en": "Share of investment paid", "nl": "Vergoed deel van de investering"}}
    texts = {
        "what": {
            "en": "Pays a share of what refineries at home spend on new capacity.",
            "nl": "Vergoedt een deel van wat raffinaderijen in eigen gebied aan nieuwe capaciteit uitgeven.",
        },
        "how": {
            "en": "The support lowers the full cost that a refinery weighs against the price it expects, so that a "
            "project goes ahead at a lower price. The refinery pays for the project, and the government pays its share "
            "of that spending a month later. Support of several governments adds up to at most the whole investment; "
            "the higher government pays its part first.",
            "nl": "De steun verlaagt de volledige kosten die een raffinaderij afweegt tegen de prijs die zij verwacht, "
            "zodat een project bij een lagere prijs doorgaat. De raffinaderij betaalt het project en de overheid "
            "betaalt een maand later haar deel daarvan. Steun van meerdere overheden telt op tot hooguit de hele "
            "investering; de hogere overheid betaalt haar deel eerst.",
        },
        "watch": {
            "en": "It helps to build a refinery, not to run it: what loses on every kilogram in a price war is "
            "mothballed, with or without support. Refining at home still needs concentrate, which may come from the "
            "same supplier. Projects that would have gone ahead anyway are paid as well.",
            "nl": "Het helpt een raffinaderij te bouwen, niet te draaien: wat in een prijzenoorlog op elke kilogram "
            "verliest wordt stilgelegd, met of zonder steun. Raffinage in eigen gebied heeft concentraat nodig, dat "
            "van dezelfde leverancier kan komen. Ook projecten die toch al doorgingen krijgen steun.",
        },
        "source": {
            "en": "European Commission, Clean Industrial Deal State Aid Framework (25 June 2025): aid of 15 % of "
            "investment in the production of critical raw materials for clean technology, 20 to 35 % in assisted areas "
            "(recalled). Example: Carester in Lacq, EUR 216 million, half from the French state and Japan (2025).",
            "nl": "Europese Commissie, Clean Industrial Deal State Aid Framework (25 juni 2025): steun van 15 % van "
            "investeringen in de productie van kritieke grondstoffen voor schone technologie, 20 tot 35 % in "
            "steungebieden (uit herinnering). Voorbeeld: Carester in Lacq, EUR 216 miljoen, half van de Franse staat "
            "en Japan (2025).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """The share paid for refineries of the materials in scope."""
        return {"primary_investment_support": self.in_leaves_at(REFINING, self.intensity * self.materials)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay a share of the month's spending on capacity."""
        self.pay_for_new_producers(books, activity)
