"""Due diligence on imported material."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import GROUNDS, Activity

Array = NDArray[np.float64]
ORIGIN = 0


class DueDiligence(Instrument):
    name = "due_diligence"
    title = {"en": "Due diligence on imported material", "nl": "Gepaste zorgvuldigheid bij invoer"}
    phase = "extraction"
    level = ("union",)
    scopes = ("materials", "products")
    spends = False
    intensity: Any = quantity("Cost of compliance over import value, from the worst origin", "1", 0, 0.5, default=0.01)
    goods: Any = quantity("Part of it that holds for finished goods with the material in them", "1", 0, 1, default=0.2)
    labels = {
        "intensity": {"en": "Cost from the worst origin", "nl": "Kosten bij de slechtste herkomst"},
        "goods": {"en": "On finished goods", "nl": "Op eindproducten"},
    }
    texts = {
        "what": {
            "en": "Importers must show that material, also inside components and goods, was won and processed with "
            "respect for people and environment.",
            "nl": "Importeurs moeten aantonen dat materiaal, ook in componenten en goederen, met respect voor mens en "
            "milieu is gewonnen en verwerkt.",
        },
        "how": {
            "en": "Audits, tracing and remedies cost a share of the import value that rises with the environmental and "
            "social risk of the origin. Importers pay for these services at home and buy more where the risk is lower, "
            "of refined material, components and goods alike. Home makers pass the cost on, and what refineries and "
            "recyclers at home sell gets the price that imports have with it.",
            "nl": "Controles, herleiding en herstel kosten een deel van de invoerwaarde dat stijgt met het milieu- en "
            "sociale risico van de herkomst. Importeurs betalen voor deze diensten in eigen gebied en kopen meer waar "
            "het risico lager is, van geraffineerd materiaal, componenten en goederen. Makers rekenen de kosten door, "
            "en wat eigen raffinaderijen en recyclers verkopen krijgt de prijs die invoer met die kosten heeft.",
        },
        "watch": {
            "en": "It moves trade more than it mends mines: what Europe does not buy others may. Makers at home bear "
            "the cost and those abroad do not, unless goods are in scope. A state-backed bloc may answer as it does to "
            "a duty. The cost of supervision is not in the model.",
            "nl": "Zij verlegt eerder handel dan dat zij mijnen verbetert: wat Europa niet koopt, kopen anderen. "
            "Makers in eigen gebied dragen de kosten en die elders niet, tenzij goederen meetellen. Een staatsgesteund "
            "blok kan antwoorden als op een heffing. De kosten van toezicht zitten niet in het model.",
        },
        "source": {
            "en": "Regulation (EU) 2017/821 on conflict minerals; Regulation (EU) 2023/1542 on batteries, Article 48; "
            "Directive (EU) 2024/1760 on corporate sustainability due diligence. Risk of origins: see jurisdictions. "
            "The height of the cost is an assumption.",
            "nl": "Verordening (EU) 2017/821 over conflictmineralen; Verordening (EU) 2023/1542 over batterijen, "
            "artikel 48; Richtlijn (EU) 2024/1760 over passende zorgvuldigheid in het bedrijfsleven. Risico van "
            "herkomst: zie de jurisdicties. De hoogte van de kosten is een aanname.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Cost over import value by leaf below the government and origin, on materials, components and products."""
        table = config.jurisdictions
        risk = np.nan_to_num(np.asarray(table.origin_risk, dtype=np.float64))
        cost = self.intensity * risk * ~np.asarray(table.domestic, dtype=bool)
        grounds = (np.arange(len(GROUNDS)) == ORIGIN).astype(np.float64)
        where = np.multiply.outer(grounds, np.multiply.outer(self.leaves.astype(np.float64), cost))
        return {
            "material_duty": np.multiply.outer(where, self.materials),
            "component_duty": np.multiply.outer(where, self.materials),
            "product_duty": np.multiply.outer(where * self.goods, self.products_with_it(config)),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Importers pay for the services that compliance takes; nothing goes to government."""
        for account, owed in self.dues_by_origin(activity):
            books.pay("other_inputs", account, activity.domestic_account.repeat(len(account)), owed)
