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
            "en": "Pays recyclers what the market price of their material lies below a floor.",
            "nl": "Betaalt recyclers wat de marktprijs van hun materiaal onder een bodem ligt.",
        },
        "how": {
            "en": "The floor is a share of the long-run cost of each refined material and is compared with the market "
            "price of secondary material of that grade. While that price is lower, the government with the highest "
            "floor pays the difference for every kilogram sold; who sells an intermediate, such as black mass, gets "
            "it on the share of the price that buyers pay for it. Above the floor nothing is paid and nothing is "
            "asked back. Sales under a contract for difference are left out. Founders of plants count on what the "
            "floor adds in the coming ten years as announced, as far as they believe it.",
            "nl": "De bodem is een deel van de langetermijnkosten van elk geraffineerd materiaal en wordt vergeleken "
            "met de marktprijs van secundair materiaal van die kwaliteit. Zolang die prijs lager is, betaalt de "
            "overheid met de hoogste bodem het verschil voor elke verkochte kilogram; wie een tussenproduct verkoopt, "
            "zoals black mass, krijgt het over het deel van de prijs dat kopers ervoor betalen. Boven de bodem wordt "
            "niets betaald en niets teruggevraagd. Verkopen onder een contract for difference vallen erbuiten. "
            "Oprichters van fabrieken rekenen op wat de bodem in de komende tien jaar volgens de aankondiging "
            "toevoegt, voor zover zij die geloven.",
        },
        "watch": {
            "en": "It is an open promise: in a price war the bill grows with the depth and the length of the war. The "
            "gain of a high price stays with the recycler. It covers the price of the metal, not the discount on what "
            "is sold as an intermediate.",
            "nl": "Het is een open belofte: in een prijzenoorlog groeit de rekening met de diepte en de duur ervan. De "
            "winst van een hoge prijs blijft bij de recycler. Hij dekt de prijs van het metaal, niet de korting op wat "
            "als tussenproduct wordt verkocht.",
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
        """Pay what the market price of the metal fell short of the floor, on the part of it that recyclers receive."""
        floor = self.owed("price_floor", activity.recycler_leaf, activity.recycler_born)
        gap = np.maximum(floor - activity.reference_price, 0.0) * activity.gap_received
        if self.rules.keeps("price_floor"):  # who keeps a higher floor than this one is paid by that one
            kept = self.rules.kept("price_floor", activity.recycler_leaf, activity.recycler_born)
            gap *= floor >= np.maximum(kept, self.rules.price_floor.take(activity.recycler_leaf, axis=0))
        uncovered = activity.contract_instrument == NO_INSTRUMENT
        claims = np.add.reduce(gap * activity.sold * uncovered, axis=1)
        self.pay(books, "operating_support", activity.recycler_account, claims)
