"""Reform of the definition of waste."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class WasteDefinitionReform(Instrument):
    name = "waste_definition_reform"
    title = {"en": "Waste-definition reform", "nl": "Hervorming van de afvaldefinitie"}
    phase = "end_of_life"
    level = ("union", "national")
    scopes = ("materials", "products")
    spends = False
    steady = ("recycling_permits",)
    intensity: Any = quantity("Share removed of what keeps scrap from crossing borders", "1", 0, 1, default=0.7)
    permits: Any = quantity("Share saved of the time to permit and build a recycling plant", "1", 0, 0.8, default=0.2)
    labels = {
        "intensity": {"en": "Barriers removed", "nl": "Weggenomen belemmeringen"},
        "permits": {"en": "Building time saved", "nl": "Bespaarde bouwtijd"},
    }
    texts = {
        "what": {
            "en": "Treats scrap that is fit for recycling as a raw material, no longer as waste: it may cross borders "
            "with fewer papers, and plants that take it need fewer permits.",
            "nl": "Behandelt schroot dat geschikt is voor recycling als grondstof en niet meer als afval: het mag met "
            "minder papieren de grens over, en fabrieken die het verwerken hebben minder vergunningen nodig.",
        },
        "how": {
            "en": "The share of a pool that may cross a border rises towards all of it, notification costs fall in "
            "the same measure, and new plants are built sooner. The cost of haulage remains. Of several "
            "governments the one that goes furthest counts.",
            "nl": "Het deel van het aanbod dat een grens over mag, stijgt naar alles, kosten van kennisgeving dalen "
            "evenredig, en nieuwe fabrieken staan er eerder. Vervoer blijft geld kosten. Van meerdere overheden "
            "telt wie het verst gaat.",
        },
        "watch": {
            "en": "Scrap goes to the plant that pays most, which need not be a Dutch one. It helps where plants need "
            "more scrap than their own country yields. Environmental risks of lighter rules are not in the "
            "model.",
            "nl": "Schroot gaat naar de fabriek die het meest betaalt, en dat hoeft geen Nederlandse te zijn. Het "
            "helpt waar fabrieken meer schroot nodig hebben dan het eigen land oplevert. Milieurisico's van "
            "lichtere regels zitten niet in het model.",
        },
        "source": {
            "en": "SER, letter on the transition in raw materials (30 April 2026): European scale makes recycling "
            "more promising, and definitions of waste stand in the way. Strength assumed.",
            "nl": "SER, brief over de grondstoffentransitie (30 april 2026): Europese schaal maakt recycling "
            "kansrijker, en definities van afval staan in de weg. Sterkte aangenomen.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Barriers removed and building time saved for streams in scope."""
        return {
            "scrap_mobility": self.in_leaves(self.intensity * self.streams),
            "recycling_permits": self.in_leaves(self.permits * self.streams),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing is paid."""
