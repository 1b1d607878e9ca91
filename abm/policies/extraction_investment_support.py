"""Investment support for extraction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

EXTRACTION = 0


class ExtractionInvestmentSupport(Instrument):
    name = "extraction_investment_support"
    title = {"en": "Investment support for extraction", "nl": "Investeringssteun voor winning"}
    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    intensity: Any = quantity("Share of spending on new capacity of mines that is paid", "1", 0, 1, default=0.2)
    labels = {"intensity": {"en": "Share of investment paid", "nl": "Vergoed deel van de investering"}}
    texts = {
        "what": {
            "en": "Pays a share of what mines at home spend on new capacity.",
            "nl": "Vergoedt een deel van wat mijnen in eigen gebied aan nieuwe capaciteit uitgeven.",
        },
        "how": {
            "en": "The support lowers the full cost that a mine weighs against the price it expects, so that a project "
            "goes ahead at a lower price. The mine pays for the project, and the government pays its share of that "
            "spending a month later. Support of several governments adds up to at most the whole investment; the "
            "higher government pays its part first.",
            "nl": "De steun verlaagt de volledige kosten die een mijn afweegt tegen de prijs die zij verwacht, zodat "
            "een project bij een lagere prijs doorgaat. De mijn betaalt het project en de overheid betaalt een maand "
            "later haar deel daarvan. Steun van meerdere overheden telt op tot hooguit de hele investering; de hogere "
            "overheid betaalt haar deel eerst.",
        },
        "watch": {
            "en": "The money goes out now, the ore comes after years, and only if the price then covers the cost of "
            "running. Projects that would have gone ahead anyway are paid as well. Where nothing is mined yet and no "
            "project is on record, there is nothing to extend.",
            "nl": "Het geld gaat er nu uit, het erts komt na jaren, en alleen als de prijs dan de kosten van het "
            "draaien dekt. Ook projecten die toch al doorgingen krijgen steun. Waar nog niets wordt gewonnen en geen "
            "project bekend is, valt niets uit te breiden.",
        },
        "source": {
            "en": "European Commission, Clean Industrial Deal State Aid Framework (25 June 2025): aid of 15 % of "
            "investment in the production of critical raw materials for clean technology, 20 to 35 % in assisted areas "
            "(recalled). RESourceEU, COM(2025) 945: some EUR 3 billion within twelve months for critical raw "
            "materials.",
            "nl": "Europese Commissie, Clean Industrial Deal State Aid Framework (25 juni 2025): steun van 15 % van "
            "investeringen in de productie van kritieke grondstoffen voor schone technologie, 20 tot 35 % in "
            "steungebieden (uit herinnering). RESourceEU, COM(2025) 945: zo'n EUR 3 miljard binnen twaalf maanden voor "
            "kritieke grondstoffen.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """The share paid for mines of the materials in scope."""
        return {"primary_investment_support": self.in_leaves_at(EXTRACTION, self.intensity * self.materials)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay a share of the month's spending on capacity."""
        self.pay_for_new_producers(books, activity)
