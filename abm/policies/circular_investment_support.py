"""Investment support for circular production."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class CircularInvestmentSupport(Instrument):
    name = "circular_investment_support"
    title = {"en": "Investment support for circular production", "nl": "Investeringssteun voor circulaire productie"}
    phase = "design"
    level = ("union", "national")
    scopes = ("products",)
    intensity: Any = quantity("Share of spending on new circular capacity that is paid", "1", 0, 1, default=0.4)
    labels = {"intensity": {"en": "Share of investment paid", "nl": "Vergoed deel van de investering"}}
    texts = {
        "what": {
            "en": "Pays a share of what makers of circular designs, refurbishers and providers of products as a "
            "service spend on new capacity, and of the change to circular design.",
            "nl": "Vergoedt een deel van wat makers van circulaire ontwerpen, refurbishers en aanbieders van producten "
            "als dienst aan nieuwe capaciteit uitgeven, en van de overstap op circulair ontwerp.",
        },
        "how": {
            "en": "A firm extends, and a newcomer enters, when profit over the capital that it pays itself exceeds the "
            "hurdle rate; the support lowers that capital. A maker of linear design changes over at a "
            "smaller gain in return, in proportion. Paid is a share of what was spent on growth the month before, not "
            "of replacement. Support of several governments adds up to at most the whole investment; the higher "
            "government pays its part first.",
            "nl": "Een bedrijf breidt uit, en een nieuwkomer treedt toe, als de winst op het kapitaal dat het zelf "
            "betaalt boven de rendementseis ligt; de steun verlaagt dat kapitaal. Een maker van lineair ontwerp stapt, "
            "naar verhouding, bij een kleiner voordeel over. Vergoed wordt een deel van wat de maand ervoor aan groei "
            "is uitgegeven, niet aan vervanging. Steun van meerdere overheden telt op tot hooguit de hele "
            "investering; de hogere overheid betaalt haar deel eerst.",
        },
        "watch": {
            "en": "It adds capacity, not customers: without demand nobody extends, and firms that would have "
            "grown anyway are paid too. It raises no margin.",
            "nl": "Het geeft capaciteit, geen klanten: zonder vraag breidt niemand uit, en bedrijven die toch al "
            "zouden groeien krijgen het ook. Het verhoogt geen marge.",
        },
        "source": {
            "en": "Regulation (EU) No 651/2014 (General Block Exemption), Article 47 as amended by Regulation (EU) "
            "2023/1315: aid of up to 40 % of eligible cost for resource efficiency and the circular economy.",
            "nl": "Verordening (EU) nr. 651/2014 (algemene groepsvrijstelling), artikel 47 als gewijzigd door "
            "Verordening (EU) 2023/1315: steun tot 40 % van de subsidiabele kosten voor hulpbronnenefficiëntie en "
            "circulaire economie.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """The share paid to circular makers, refurbishers and providers of products in scope."""
        return {"circular_investment_support": self.in_leaves(self.intensity * self.products)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay a share of what was spent on new capacity and on change of design."""
        where = activity.maker_leaf, activity.maker_product
        spent = activity.circular_spending
        self.pay_for_investment(books, "circular_investment_support", activity.maker_account, spent, *where)
