"""Right to repair, with longer warranty."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class RightToRepair(Instrument):
    name = "right_to_repair"
    title = {"en": "Right to repair and longer warranty", "nl": "Recht op reparatie en langere garantie"}
    phase = "market"
    level = ("union", "national")
    scopes = ("products",)
    steady = ("warranty",)
    spends = False
    intensity: Any = quantity(
        "Share of failures beyond repair that parts and information make repairable", "1", 0, 1, default=0.3
    )
    saving: Any = quantity("Share saved of the price of a repair", "1", 0, 0.8, default=0.1)
    warranty: Any = quantity("Warranty on goods sold from then on, beyond two years", "month", 0, 120, default=12)
    cost: Any = quantity("Cost of parts and information over the price of a new product", "1", 0, 0.1, default=0.003)
    labels = {
        "intensity": {"en": "Failures made repairable", "nl": "Defecten die te repareren worden"},
        "saving": {"en": "Repair cheaper by", "nl": "Reparatie goedkoper met"},
        "warranty": {"en": "Longer warranty", "nl": "Langere garantie"},
        "cost": {"en": "Cost to producers", "nl": "Kosten voor producenten"},
    }
    texts = {
        "what": {
            "en": "Producers must supply parts and information to every repairer, and answer longer for defects.",
            "nl": "Producenten moeten elke reparateur onderdelen en informatie leveren en staan langer in voor "
            "defecten.",
        },
        "how": {
            "en": "More failures can be repaired, of goods of any age, and a repair costs less; households then weigh "
            "it against a used or new product. Goods sold from the start on have a longer warranty: between "
            "two years, the legal guarantee, and its end, a repair costs the owner nothing. Dealers pay the "
            "repairer and charge it to makers and importers, per product sold, as what it has cost over a year. "
            "Keeping parts and information costs makers and importers a share of the price. Both raise the price "
            "of new goods. Warranties given are kept after the end.",
            "nl": "Meer defecten zijn te repareren, van goederen van elke leeftijd, en een reparatie kost minder; "
            "huishoudens wegen die dan af tegen een gebruikt of nieuw product. Wat vanaf het begin wordt verkocht, "
            "heeft langer garantie: tussen twee jaar, de wettelijke garantie, en het einde daarvan kost reparatie "
            "de eigenaar niets. Winkels betalen de reparateur en brengen dat, naar wat het over een jaar heeft "
            "gekost, per verkocht product in rekening bij makers en importeurs. Onderdelen en informatie kosten "
            "makers en importeurs een deel van de prijs. Beide verhogen de prijs van nieuwe goederen. Gegeven "
            "garantie blijft na afloop gelden.",
        },
        "watch": {
            "en": "It comes too late for a product that is replaced because its owner wants a newer one. A defect "
            "beyond repair is not made good. A country alone makes goods dearer in the whole union, a little, "
            "since makers and importers spread the cost over all they sell. Public and business buyers' repairs are "
            "not modelled.",
            "nl": "Een product dat wordt vervangen omdat de eigenaar iets nieuwers wil, wordt er niet mee gered. Wat "
            "niet te repareren is, wordt niet vergoed. Eén land alleen maakt goederen in de hele unie iets duurder, "
            "omdat makers en importeurs de kosten over hun hele verkoop spreiden. Reparaties van overheden en "
            "bedrijven zijn niet gemodelleerd.",
        },
        "source": {
            "en": "Directive (EU) 2024/1799 on promoting the repair of goods, in national law by 31 July 2026; legal "
            "guarantee of two years: Directive (EU) 2019/771, Article 10. Price is the main reason not to repair "
            "(EUREFAS; Eurobarometer). The suggested sizes are assumptions.",
            "nl": "Richtlijn (EU) 2024/1799 over het bevorderen van reparatie, uiterlijk 31 juli 2026 in nationaal "
            "recht; wettelijke garantie van twee jaar: Richtlijn (EU) 2019/771, artikel 10. De prijs is de "
            "belangrijkste reden om niet te repareren (EUREFAS; Eurobarometer). De voorgestelde waarden zijn "
            "aannames.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """What can be repaired, what is saved, months of liability and cost, for products in scope."""
        works = self.products * (self.intensity > 0.0)
        return {
            "repair_access": self.in_leaves(self.intensity * self.products),
            "repair_saving": self.in_leaves(self.saving * works),
            "warranty": self.in_leaves(self.warranty * works),
            "product_cost": self.in_leaves(self.cost * config.products.price * works),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing: producers pay, in what they make and sell."""
