"""Investment support for recycling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class RecyclingInvestmentSupport(Instrument):
    name = "recycling_investment_support"
    title = {"en": "Investment support for recycling", "nl": "Investeringssteun voor recycling"}
    phase = "end_of_life"
    level = ("union", "national", "regional")
    scopes = ("materials", "products")
    intensity: Any = quantity("Share of spending on new recycling capacity that is paid", "1", 0, 1, default=0.4)
    labels = {"intensity": {"en": "Share of investment paid", "nl": "Vergoed deel van de investering"}}
    texts = {
        "what": {
            "en": "Pays a share of what recyclers spend on new capacity.",
            "nl": "Vergoedt een deel van wat recyclers aan nieuwe capaciteit uitgeven.",
        },
        "how": {
            "en": "The support lowers the capital cost that a recycler or an entrant weighs against the return, and is "
            "paid when the plant is. It applies to the scrap streams that yield the materials, or take the products, "
            "in scope. Support of several governments adds up to at most the whole investment; the higher "
            "government pays its part first.",
            "nl": "De steun verlaagt de kapitaalkosten die een recycler of toetreder tegen het rendement afweegt, en "
            "wordt uitbetaald wanneer voor de fabriek wordt betaald. Zij geldt voor de schrootstromen die de gekozen "
            "materialen opleveren of de gekozen producten verwerken. Steun van meerdere overheden telt op tot hooguit "
            "de hele investering; de hogere overheid betaalt haar deel eerst.",
        },
        "watch": {
            "en": "It helps to build a plant, not to run it: at a price below operating cost the cash margin is as "
            "negative as before. Plants with investment subsidies have gone bankrupt.",
            "nl": "Het helpt een fabriek te bouwen, niet te draaien: bij een prijs onder de operationele kosten is de "
            "kasmarge even negatief als zonder steun. Fabrieken met investeringssubsidie zijn failliet gegaan.",
        },
        "source": {
            "en": "Regulation (EU) No 651/2014 (General Block Exemption), Article 47 as amended by Regulation (EU) "
            "2023/1315: aid of up to 40 % of eligible cost for resource efficiency and the circular economy. "
            "Examples: Carester in Lacq, EUR 216 million, half from the French state and Japan (2025); bankrupt with "
            "subsidies: Ioniqa (2024, EUR 12 million) and Re-Match (2025, EUR 4.5 million).",
            "nl": "Verordening (EU) nr. 651/2014 (algemene groepsvrijstelling), artikel 47 als gewijzigd door "
            "Verordening (EU) 2023/1315: steun tot 40 % van de subsidiabele kosten voor hulpbronnenefficiëntie en "
            "circulaire economie. Voorbeelden: Carester in Lacq, EUR 216 miljoen, half van de Franse staat en Japan "
            "(2025); failliet met subsidie: Ioniqa (2024, EUR 12 miljoen) en Re-Match (2025, EUR 4,5 miljoen).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """The share paid for plants of the streams in scope."""
        return {"recycling_investment_support": self.in_leaves(self.intensity * self.streams)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay a share of the month's spending on capacity."""
        where = activity.recycler_leaf, activity.recycler_stream
        account, spending = activity.recycler_account, activity.capacity_spending
        self.pay_for_investment(books, "recycling_investment_support", account, spending, *where)
