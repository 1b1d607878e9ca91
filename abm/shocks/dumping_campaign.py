"""Dumping campaign by a state-backed bloc."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock, ShockUse, active_blocs, chosen


class DumpingCampaign(Shock):
    name = "dumping_campaign"
    title = {"en": "Dumping campaign", "nl": "Dumpingcampagne"}
    scopes = ("materials", "products", "components", "bloc")
    severity: Any = quantity(
        "One less the price over rivals' cash cost, or over the usual price of products and components",
        "1",
        0,
        0.9,
        default=0.25,
    )
    extraction: Any = quantity("1 if concentrate is dumped", "1", 0, 1, default=0)
    refining: Any = quantity("1 if refined material is dumped", "1", 0, 1, default=1)
    labels = {
        "severity": {"en": "Depth under rivals' cost", "nl": "Diepte onder de kosten van rivalen"},
        "extraction": {"en": "Concentrate", "nl": "Concentraat"},
        "refining": {"en": "Refined material", "nl": "Geraffineerd materiaal"},
    }
    texts = {
        "what": {
            "en": "A state-backed bloc sells a material outside under its rivals' cash cost, to win back or keep its "
            "share of the market.",
            "nl": "Een staatsgesteund blok verkoopt een materiaal buiten onder de kaskosten van rivalen, om "
            "marktaandeel terug te winnen of te behouden.",
        },
        "how": {
            "en": "The bloc offers what it can make and has in stock at the dumping price, at the expense of its "
            "state. Products and components named in the scenario it sells below their usual price, and its state "
            "pays the difference. Rivals and recyclers run at a loss, shut, and in the end leave; they need time to "
            "come back.",
            "nl": "Het blok biedt wat het kan maken en op voorraad heeft aan tegen de dumpprijs, op kosten van de "
            "staat. In het scenario genoemde producten en componenten verkoopt het onder hun gewone prijs, en de staat "
            "betaalt het verschil. Rivalen en recyclers draaien met verlies, leggen stil en verdwijnen ten slotte; "
            "terugkomen kost tijd.",
        },
        "watch": {
            "en": "Buyers gain as long as it lasts. The purse of the bloc bounds it: a campaign that costs more than "
            "the state will lose ends before its time.",
            "nl": "Kopers winnen zolang het duurt. De beurs van het blok begrenst het: een campagne die meer kost dan "
            "de staat wil verliezen, eindigt voortijdig.",
        },
        "source": {
            "en": "Gallium: smelters closed in Kazakhstan (2013), Hungary (2015), Germany (2016) and Ukraine (2022), "
            "USGS Mineral Commodity Summaries 2026. Lithium carbonate fell 79 % in 2023. The suggested depth is an "
            "assumption: a cost gap of some 20 % sufficed to fell recyclers of plastics in the Netherlands "
            "(2024–2025).",
            "nl": "Gallium: smelters sloten in Kazachstan (2013), Hongarije (2015), Duitsland (2016) en Oekraïne "
            "(2022), USGS Mineral Commodity Summaries 2026. Lithiumcarbonaat daalde in 2023 met 79 %. De voorgestelde "
            "diepte is een aanname: een kostenverschil van zo'n 20 % volstond om plasticrecyclers in Nederland te "
            "vellen (2024–2025).",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        blocs, stages = active_blocs(config, use.bloc), np.array([self.extraction, self.refining])
        self.weight = blocs[:, None, None] * np.outer(stages, self.materials)
        products = chosen(config.products, use.products or (), "products")
        components = chosen(config.components, use.components or (), "components")
        self.goods = {"goods_price": np.outer(blocs, products), "component_price": np.outer(blocs, components)}
        named = [*(use.materials or ()), *(use.products or ()), *(use.components or ()), *filter(None, [use.bloc])]
        self.scope = f" ({', '.join(named)})" if named else ""

    def impose(self, conditions: Conditions, level: float) -> None:
        """Set the dumping price over rivals' cash cost, and over the usual price of the goods named."""
        if self.weight.any():
            conditions.write("dumping", np.where(self.weight > 0.0, 1.0 - level * self.weight, 0.0))
        for name, weight in self.goods.items():
            if weight.any():
                conditions.write(name, np.asarray(1.0 - level * weight))
