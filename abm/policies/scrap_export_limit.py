"""Limits on scrap export."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class ScrapExportLimit(Instrument):
    name = "scrap_export_limit"
    title = {"en": "Limits on scrap export", "nl": "Beperking van schrootuitvoer"}
    phase = "end_of_life"
    level = ("union",)
    scopes = ("materials", "products")
    spends = False
    intensity: Any = quantity("Share of scrap exports out of the union that is stopped", "1", 0, 1, default=1.0)
    labels = {
        "intensity": {"en": "Exports stopped", "nl": "Gestopte uitvoer"},
    }
    texts = {
        "what": {
            "en": "Keeps scrap within the European Union that recyclers outside it would have bought.",
            "nl": "Houdt schroot binnen de Europese Unie dat recyclers daarbuiten hadden gekocht.",
        },
        "how": {
            "en": "Collectors may sell only what is left of the limit abroad; for the rest their next best use is "
            "landfill. Recyclers at home thus get scrap at a lower price, as far as they have capacity.",
            "nl": "Inzamelaars mogen alleen in het buitenland verkopen wat de beperking overlaat; voor de rest is "
            "storten hun beste alternatief. Recyclers hier krijgen zo schroot voor een lagere prijs, zolang zij "
            "capaciteit hebben.",
        },
        "watch": {
            "en": "Without capacity at home, stopped scrap ends in landfill: watch the material lost. Collectors, and "
            "through producer responsibility buyers of products, pay for the lower price. Exports of used goods "
            "are not touched.",
            "nl": "Zonder capaciteit hier belandt tegengehouden schroot op de stort: let op het verloren materiaal. "
            "Inzamelaars, en via producentenverantwoordelijkheid kopers van producten, betalen de lagere prijs. "
            "Uitvoer van gebruikte goederen blijft buiten schot.",
        },
        "source": {
            "en": "Regulation (EU) 2024/1157 on shipments of waste; black mass has been listed as hazardous since "
            "2025, which bars its export to countries outside the OECD (recalled, not re-read).",
            "nl": "Verordening (EU) 2024/1157 over overbrenging van afval; black mass staat sinds 2025 als gevaarlijk "
            "te boek, wat uitvoer naar landen buiten de OESO uitsluit (uit het hoofd, niet nagelezen).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share stopped of exports of streams in scope."""
        return {"scrap_export_limit": self.in_leaves(self.intensity * self.streams)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing is paid."""
