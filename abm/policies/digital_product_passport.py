"""Digital product passport."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class DigitalProductPassport(Instrument):
    name = "digital_product_passport"
    title = {"en": "Digital product passport", "nl": "Digitaal productpaspoort"}
    phase = "design"
    level = ("union",)
    scopes = ("products",)
    spends = False
    intensity: Any = quantity("Share of new products that carry a passport", "1", 0, 1, default=1)
    found: Any = quantity(
        "Share of the parts now shredded with their goods that a passport lets dismantlers find", "1", 0, 1, default=0.2
    )
    saving: Any = quantity("Share saved of dismantling and sorting a product with a passport", "1", 0, 0.6, default=0.1)
    trust: Any = quantity("Share that it closes of the gap to full trust in refurbished goods", "1", 0, 1, default=0.2)
    cost: Any = quantity("Cost of a passport per product", "EUR", 0, 100, default=2)
    labels = {
        "intensity": {"en": "New products with a passport", "nl": "Nieuwe producten met paspoort"},
        "found": {"en": "More parts taken apart", "nl": "Meer onderdelen apart gehouden"},
        "saving": {"en": "Sorting cheaper by", "nl": "Sortering goedkoper met"},
        "trust": {"en": "More trust in refurbished", "nl": "Meer vertrouwen in tweedehands"},
        "cost": {"en": "Cost per product", "nl": "Kosten per product"},
    }
    texts = {
        "what": {
            "en": "Every new product says what is in it and what has happened to it, to whoever repairs, sells on, "
            "dismantles or recycles it.",
            "nl": "Elk nieuw product vertelt aan wie het repareert, doorverkoopt, demonteert of recyclet wat erin zit "
            "en wat ermee is gebeurd.",
        },
        "how": {
            "en": "Of goods sold from then on, more parts are found and taken out before the rest is shredded, when "
            "they are handed in; dismantling and sorting their scrap cost less, so that recyclers bid more and "
            "plants pay sooner. Buyers of such goods second-hand trust them more. Makers and importers pay for each "
            "passport and pass it on. Goods already in use carry none: scrap of this kind comes one life later.",
            "nl": "Van goederen die daarna zijn verkocht, worden bij inleveren meer onderdelen gevonden en uitgenomen "
            "voordat de rest wordt versnipperd; demontage en sortering van hun schroot kosten minder, zodat recyclers "
            "meer bieden en fabrieken eerder lonen. Kopers van zulke goederen uit de tweede hand vertrouwen ze meer. "
            "Makers en importeurs betalen elk paspoort en rekenen het door. Goederen in gebruik hebben er geen: zulk "
            "schroot komt één productleven later.",
        },
        "watch": {
            "en": "It costs from the first day and serves recyclers years later. Information alone recovers nothing: "
            "someone must have capacity and be paid to take the part out. Repair is not affected.",
            "nl": "Het kost vanaf de eerste dag en dient recyclers pas jaren later. Informatie alleen wint niets "
            "terug: iemand moet capaciteit hebben en betaald worden om het onderdeel uit te nemen. Reparatie "
            "verandert er niet door.",
        },
        "source": {
            "en": "Regulation (EU) 2024/1781, Articles 9 to 13; battery passport from 18 February 2027: Regulation "
            "(EU) 2023/1542, Article 77. The Battery Pass consortium put the saving in recyclers' pre-processing and "
            "treatment at 10 to 20 % (2024; recalled, not re-read). Parts found, trust and cost per product are "
            "assumptions.",
            "nl": "Verordening (EU) 2024/1781, artikelen 9 tot en met 13; batterijpaspoort vanaf 18 februari 2027: "
            "Verordening (EU) 2023/1542, artikel 77. Het Battery Pass-consortium schatte de besparing op "
            "voorbewerking en behandeling door recyclers op 10 tot 20 % (2024; uit het hoofd, niet nagelezen). "
            "Gevonden onderdelen, vertrouwen en kosten per product zijn aannames.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """What passports bring and cost, for products in scope."""
        carried = self.intensity * self.products
        return {
            "taken_apart": carried * self.found,
            "sorting": carried * self.saving,
            "assurance": carried * self.trust,
            "product_cost": self.in_leaves(carried * self.cost),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing: producers pay, in what they make and sell."""
