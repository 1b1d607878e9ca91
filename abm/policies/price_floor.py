"""Price floor for secondary material."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import NO_INSTRUMENT, Activity


class PriceFloor(Instrument):
    name = "price_floor"
    title = {"en": "Price floor", "nl": "Bodemprijs"}
    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    kept = ("price_floor",)
    intensity: Any = quantity("Floor as a share of the long-run cost of the material", "1", 0, 5, default=1.2)
    labels = {"intensity": {"en": "Floor over long-run cost", "nl": "Bodem ten opzichte van langetermijnkosten"}}
    texts = {
        "what": {
            "en": "Tops up what recyclers receive for their material to a floor when the market pays less.",
            "nl": "Vult aan wat recyclers voor hun materiaal ontvangen tot een bodem wanneer de markt minder betaalt.",
        },
        "how": {
            "en": "The floor is a share of the long-run cost of each material. For every kilogram sold below it the "
            "government with the highest floor pays the difference; above it nothing is paid and nothing is asked "
            "back. Sales under a contract for difference are left out.",
            "nl": "De bodem is een deel van de langetermijnkosten van elk materiaal. Voor elke kilogram die daaronder "
            "wordt verkocht, betaalt de overheid met de hoogste bodem het verschil; daarboven wordt niets betaald en "
            "niets teruggevraagd. Verkopen onder een contract for difference vallen erbuiten.",
        },
        "watch": {
            "en": "It is an open promise: in a price war the bill grows with the depth and the length of the war. The "
            "gain of a high price stays with the recycler.",
            "nl": "Het is een open belofte: in een prijzenoorlog groeit de rekening met de diepte en de duur ervan. De "
            "winst van een hoge prijs blijft bij de recycler.",
        },
        "source": {
            "en": "Agreement of MP Materials and the United States Department of Defense, 10 July 2025: USD 110/kg for "
            "neodymium-praseodymium during ten years at a market price of USD 55–69 (Federation of American "
            "Scientists); COM(2025) 945, RESourceEU, names price floors. The suggested height, cost plus a fifth, "
            "is an assumption.",
            "nl": "Overeenkomst van MP Materials met het Amerikaanse ministerie van Defensie, 10 juli 2025: USD 110/kg "
            "voor neodymium-praseodymium gedurende tien jaar bij een marktprijs van USD 55–69 (Federation of "
            "American Scientists); COM(2025) 945, RESourceEU, noemt bodemprijzen. De voorgestelde hoogte, kosten "
            "plus een vijfde, is een aanname.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """The floor in EUR/kg for materials in scope."""
        return {"price_floor": self.in_leaves(self.intensity * config.materials.long_run_cost * self.materials)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay what the market price fell short of the floor."""
        floor = self.owed("price_floor", activity.recycler_leaf, activity.recycler_born)
        gap = np.maximum(floor - activity.price_received, 0.0)
        if self.rules.keeps("price_floor"):  # who keeps a higher floor than this one is paid by that one
            kept = self.rules.kept("price_floor", activity.recycler_leaf, activity.recycler_born)
            gap *= floor >= np.maximum(kept, self.rules.price_floor.take(activity.recycler_leaf, axis=0))
        uncovered = activity.contract_instrument == NO_INSTRUMENT
        claims = np.add.reduce(gap * activity.sold * uncovered, axis=1)
        self.pay(books, "operating_support", activity.recycler_account, claims)
