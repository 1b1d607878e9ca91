"""Tax on landfill and incineration of scrap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class LandfillTax(Instrument):
    name = "landfill_tax"
    title = {"en": "Landfill and incineration tax", "nl": "Stort- en verbrandingsbelasting"}
    phase = "end_of_life"
    level = ("union", "national")
    scopes = ("materials", "products")
    spends = False
    intensity: Any = quantity(
        "Tax on a kilogram of scrap that is landfilled or incinerated", "EUR/kg", 0, 10, default=0.04
    )
    labels = {
        "intensity": {"en": "Tax per kilogram", "nl": "Belasting per kilogram"},
    }
    texts = {
        "what": {
            "en": "Taxes scrap that collectors have landfilled or incinerated.",
            "nl": "Belast schroot dat inzamelaars laten storten of verbranden.",
        },
        "how": {
            "en": "Landfill is what collectors fall back on when nobody pays for scrap. A tax makes them take a lower "
            "price, or pay a higher gate fee, before they do. Taxes of several governments add up. What "
            "collectors lose in the end is paid by sellers of products, through producer responsibility.",
            "nl": "Storten is waar inzamelaars op terugvallen als niemand voor schroot betaalt. Een belasting laat "
            "hen eerst een lagere prijs aannemen of een hogere poortprijs betalen. Belastingen van meerdere "
            "overheden tellen op. Wat inzamelaars verliezen, betalen verkopers van producten via "
            "producentenverantwoordelijkheid.",
        },
        "watch": {
            "en": "It bites only where landfill is the next best use: scrap for which foreign recyclers pay more "
            "leaves the country instead. What households put in the bin is not taxed in the model. Where there "
            "is no capacity to treat it, scrap is landfilled all the same and the tax is only revenue.",
            "nl": "Het werkt alleen waar storten het beste alternatief is: schroot waarvoor buitenlandse recyclers "
            "meer betalen, gaat de grens over. Wat huishoudens in de vuilnisbak doen, wordt in het model niet "
            "belast. Is er geen verwerkingscapaciteit, dan wordt schroot toch gestort en is de belasting alleen "
            "opbrengst.",
        },
        "source": {
            "en": "The Dutch waste tax was EUR 39.70 per tonne landfilled or incinerated in 2025 (recalled, not re- "
            "read).",
            "nl": "De Nederlandse afvalstoffenbelasting was in 2025 EUR 39,70 per gestorte of verbrande ton (uit het "
            "hoofd, niet nagelezen).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The tax on streams in scope."""
        return {"landfill_tax": self.in_leaves(self.intensity * self.streams)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Collect the tax from collectors."""
        if not self.rules.in_force("landfill_tax"):
            return
        due = (self.own("landfill_tax") * activity.scrap_landfilled.T).sum(axis=1)
        self.collect(books, "levies", activity.collector_account, due)
