"""Levy on primary material, with border adjustment and recycling of revenue where asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import ConfigError, quantity
from abm.policies.instrument import Instrument, InstrumentUse
from abm.rules import Activity

Array = NDArray[np.float64]


class PrimaryLevy(Instrument):
    name = "primary_levy"
    title = {"en": "Levy on primary material", "nl": "Heffing op primair materiaal"}
    phase = "design"
    level = ("union", "national")
    scopes = ("materials",)
    spends = False
    intensity: Any = quantity("Levy as a share of the price of the material at the start", "1", 0, 2, default=0.1)
    border: Any = quantity("Share of the levy that imported primary content pays", "1", 0, 1, default=0)
    recycle: Any = quantity("Share of makers' levies paid back to makers by material use", "1", 0, 1, default=0)
    labels = {
        "intensity": {"en": "Levy over price", "nl": "Heffing ten opzichte van de prijs"},
        "border": {"en": "Adjusted at the border", "nl": "Correctie aan de grens"},
        "recycle": {"en": "Revenue paid back", "nl": "Opbrengst terugbetaald"},
    }
    texts = {
        "what": {
            "en": "Charges home makers for each kilogram of primary material that they buy, so that secondary material "
            "becomes relatively cheaper.",
            "nl": "Belast makers in eigen land voor elke kilogram primair materiaal die zij kopen, zodat secundair "
            "materiaal naar verhouding goedkoper wordt.",
        },
        "how": {
            "en": "The levy is a fixed sum per kilogram, set from the price at the start. Makers prefer secondary "
            "material as far as the levy makes it pay, which raises what recyclers receive. With border adjustment "
            "importers pay for the primary content of components and products. With recycling of revenue each maker "
            "gets back a part in proportion to its use of the material, so that makers together pay nothing.",
            "nl": "De heffing is een vast bedrag per kilogram, afgeleid van de prijs bij de start. Makers verkiezen "
            "secundair materiaal voor zover dat door de heffing loont, wat de opbrengst van recyclers verhoogt. Met "
            "grenscorrectie betalen importeurs voor de primaire inhoud van componenten en producten. Met terugsluizing "
            "krijgt elke maker een deel terug naar rato van zijn materiaalgebruik, zodat makers samen niets betalen.",
        },
        "watch": {
            "en": "Without border adjustment imported goods escape, and making may move abroad. Where hardly any "
            "secondary material exists, it only raises cost.",
            "nl": "Zonder grenscorrectie ontspringen ingevoerde goederen de dans en kan productie verhuizen. Waar "
            "nauwelijks secundair materiaal is, verhoogt de heffing alleen de kosten.",
        },
        "source": {
            "en": "P. Söderholm, Taxing virgin natural resources: lessons from aggregates taxation in Europe, "
            "Resources, Conservation and Recycling 55 (2011) 911–922. Border adjustment after Regulation (EU) 2023/956 "
            "(CBAM); it is open to the union only, trade being its competence. The suggested height is an assumption.",
            "nl": "P. Söderholm, Taxing virgin natural resources: lessons from aggregates taxation in Europe, "
            "Resources, Conservation and Recycling 55 (2011) 911–922. Grenscorrectie naar Verordening (EU) 2023/956 "
            "(CBAM); die kan alleen de unie invoeren, omdat handel haar bevoegdheid is. De voorgestelde hoogte is een "
            "aanname.",
        },
    }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        if self.border and str(config.jurisdictions.level[self.jurisdiction]) != "union":
            raise ConfigError("only a union can levy at its border", key="border", expected="0")

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The levy in EUR/kg at home and, if asked for, on imports."""
        levy = self.in_leaves(self.intensity * config.materials.price * self.materials)
        return {"primary_levy": levy, "import_levy": levy * self.border}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Collect the levy from makers and importers; pay makers back if so decided."""
        rate = self.own("primary_levy")[activity.maker_leaf]
        owed = activity.primary_bought * rate
        self.collect(books, "levies", activity.maker_account, owed.sum(axis=1))
        if self.recycle and owed.any():
            self._pay_back(activity, books, owed.sum(axis=0) * self.recycle, rate > 0.0)
        if self.border:
            for account, owed in self.dues_at_border(activity):
                self.collect(books, "levies", account, owed)

    def _pay_back(self, activity: Activity, books: Any, revenue: Array, charged: NDArray[np.bool_]) -> None:
        """Share revenue by material (M,) among the makers charged (F, M), by their use of it."""
        use = (activity.primary_bought + activity.secondary_bought) * charged
        total = use.sum(axis=0)
        per_kilogram = np.divide(revenue, total, out=np.zeros_like(total), where=total > 0.0)
        self.pay(books, "levies", activity.maker_account, use @ per_kilogram)
