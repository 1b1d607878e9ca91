"""Ecodesign requirement."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class EcodesignRequirement(Instrument):
    name = "ecodesign_requirement"
    title = {"en": "Ecodesign requirement", "nl": "Ecodesign-eis"}
    phase = "design"
    level = ("union",)
    scopes = ("products",)
    spends = False
    intensity: Any = quantity(
        "Share of the way from linear to circular design that new goods must go", "1", 0, 1, default=0.5
    )
    durability: Any = quantity("Part of that asked of durability", "1", 0, 1, default=1)
    repairability: Any = quantity("Part of that asked of repairability", "1", 0, 1, default=1)
    dismantling: Any = quantity("Part of that asked of ease of dismantling", "1", 0, 1, default=1)
    substances: Any = quantity("Part of that asked of freedom from hazardous substances", "1", 0, 1, default=1)
    repairable: Any = quantity(
        "Share of failures beyond repair that goods made to be repaired do not have", "1", 0, 1, default=0.5
    )
    clean: Any = quantity(
        "Share saved of dismantling and sorting when there are no hazardous substances", "1", 0, 0.5, default=0.1
    )
    cost: Any = quantity("Cost over that of the circular makers of the start", "1", 0, 2, default=0.5)
    labels = {
        "intensity": {"en": "How far new goods must go", "nl": "Hoe ver nieuwe goederen moeten gaan"},
        "durability": {"en": "Durability", "nl": "Levensduur"},
        "repairability": {"en": "Repairability", "nl": "Repareerbaarheid"},
        "dismantling": {"en": "Ease of dismantling", "nl": "Demonteerbaarheid"},
        "substances": {"en": "No hazardous substances", "nl": "Zonder gevaarlijke stoffen"},
        "repairable": {"en": "Effect on repairability", "nl": "Effect op repareerbaarheid"},
        "clean": {"en": "Effect on sorting cost", "nl": "Effect op sorteerkosten"},
        "cost": {"en": "Relative cost", "nl": "Relatieve kosten"},
    }
    texts = {
        "what": {
            "en": "New goods, home-made and imported, must last longer, be easier to repair and to take apart, and "
            "contain fewer hazardous substances.",
            "nl": "Nieuwe goederen, hier gemaakt of ingevoerd, moeten langer meegaan, beter te repareren en te "
            "demonteren zijn en minder gevaarlijke stoffen bevatten.",
        },
        "how": {
            "en": "Linear goods sold from then on move towards circular design: their life is longer by that part of "
            "the gain of circular design; fewer failures are beyond repair; more material is recovered; and "
            "without hazardous substances dismantling and sorting cost less. Each good keeps what it was sold with; "
            "goods in use are unchanged. Makers of linear goods and importers pay a part of what circular design "
            "costs more, and pass it on. Circular goods, which meet the requirement, become less dear by comparison. "
            "Second-hand goods follow one use later. Business and public buyers' goods last longer too.",
            "nl": "Lineaire goederen die daarna worden verkocht, komen dichter bij circulair ontwerp: zij gaan langer "
            "mee, met dat deel van de winst van circulair ontwerp; minder defecten zijn niet te repareren; meer "
            "materiaal wordt teruggewonnen; en zonder gevaarlijke stoffen kosten demontage en sortering minder. Elk "
            "product houdt wat het bij verkoop had; goederen in gebruik veranderen niet. Makers van lineaire goederen "
            "en importeurs betalen een deel van de meerkosten van circulair ontwerp en rekenen die door. Circulaire "
            "goederen voldoen al en worden in vergelijking goedkoper. Tweedehands goederen volgen één gebruik later. "
            "Ook goederen van bedrijven en overheden gaan langer mee.",
        },
        "watch": {
            "en": "The effect comes one life of the product later, first as fewer sales, then as less scrap, which "
            "recyclers miss. Goods become dearer at once, which weighs on low incomes. Where few goods are replaced "
            "because they fail, longer life saves little.",
            "nl": "Het effect komt één productleven later: eerst minder verkoop, dan minder schroot, dat recyclers "
            "missen. Goederen worden meteen duurder, wat zwaarder weegt voor lage inkomens. Waar weinig goederen "
            "worden vervangen omdat zij stuk zijn, bespaart langere levensduur weinig.",
        },
        "source": {
            "en": "Regulation (EU) 2024/1781 on ecodesign for sustainable products, Articles 4 and 5; for smartphones "
            "Regulation (EU) 2023/1670, from 20 June 2025. How far circular design goes and what it costs: each "
            "product's circular_life, circular_yield and circular_premium. That series production halves the extra "
            "cost, and the effects on repair and sorting, are assumptions.",
            "nl": "Verordening (EU) 2024/1781 over ecologisch ontwerp voor duurzame producten, artikelen 4 en 5; voor "
            "smartphones Verordening (EU) 2023/1670, vanaf 20 juni 2025. Hoe ver circulair ontwerp gaat en wat het "
            "kost: circular_life, circular_yield en circular_premium van elk product. Dat serieproductie de "
            "meerkosten halveert en de effecten op reparatie en sortering zijn aannames.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """What is asked of products in scope, and what it costs where all four cost the same."""
        asked = self.intensity * self.products
        mean = (self.durability + self.repairability + self.dismantling + self.substances) / 4.0
        return {
            "durability": asked * self.durability,
            "repairability": asked * self.repairability * self.repairable,
            "dismantling": asked * self.dismantling,
            "sorting": asked * self.substances * self.clean,
            "design_cost": asked * mean * self.cost,
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing: producers pay, in what they make and sell."""
