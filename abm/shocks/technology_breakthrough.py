"""Breakthrough of a substitute from abundant elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock, ShockUse, chosen


class TechnologyBreakthrough(Shock):
    name = "technology_breakthrough"
    title = {"en": "Breakthrough of a substitute", "nl": "Doorbraak van een vervanger"}
    scopes = ("materials", "products")
    severity: Any = quantity("Share of the material that new designs can do without", "1", 0, 1, default=0.7)
    cost: Any = quantity("Cost of what replaces a kilogram over its price at the start", "1", 0.01, 10, default=0.7)
    use_share: Any = quantity("Share of industry's use outside that these products stand for", "1", 0, 1, default=0.4)
    labels = {
        "severity": {"en": "Share replaceable", "nl": "Vervangbaar deel"},
        "cost": {"en": "Cost of the substitute", "nl": "Kosten van de vervanger"},
        "use_share": {"en": "Share of use outside", "nl": "Aandeel in het gebruik elders"},
    }
    texts = {
        "what": {
            "en": "A substitute from abundant elements becomes ready for the market: cells of sodium in place of "
            "lithium, motors without rare earths.",
            "nl": "Een vervanger uit ruim voorradige elementen wordt marktrijp: natriumcellen in plaats van lithium, "
            "motoren zonder zeldzame aarden.",
        },
        "how": {
            "en": "From its start, and growing with the ramp, new designs of the products can do without a share of "
            "the material. Makers take it up at a pace that follows what it saves at today's price and the "
            "supply risk they feel, and pay for the substitute instead; makers abroad and industry do so by "
            "price. What has been replaced stays replaced, also after the end.",
            "nl": "Vanaf het begin, en groeiend met de aanloop, kunnen nieuwe ontwerpen van de producten een deel van "
            "het materiaal missen. Makers gaan erop over in een tempo dat volgt uit wat het bij de prijs van "
            "vandaag bespaart en uit het leveringsrisico dat zij voelen, en betalen in plaats daarvan de "
            "vervanger; makers elders en industrie doen dat naar de prijs. Wat vervangen is, blijft vervangen, "
            "ook na het einde.",
        },
        "watch": {
            "en": "It slows itself: as use falls the price falls and the substitute saves less. A substitute that "
            "costs more than the material waits for a shortage. Goods in use keep what is in them; recyclers "
            "meet poorer scrap only years later, but the lower price at once.",
            "nl": "Het remt zichzelf: als het gebruik daalt, daalt de prijs en bespaart de vervanger minder. Een "
            "vervanger die meer kost dan het materiaal wacht op een tekort. Spullen in gebruik houden wat erin "
            "zit; recyclers krijgen pas jaren later armer afval, maar de lagere prijs meteen.",
        },
        "source": {
            "en": "Generators with electrical excitation need no rare earths (Carrara and others 2020, JRC); LFP "
            "cells, without cobalt and nickel, rose to nearly half of car batteries in 2024 (IEA, Global EV "
            "Outlook 2025). The suggested share, cost and share of use are assumptions: magnets are 80 % of "
            "European use of neodymium (European Commission, Study on the Critical Raw Materials for the EU "
            "2023), and motors a part of that.",
            "nl": "Generatoren met elektrische bekrachtiging bevatten geen zeldzame aarden (Carrara e.a. 2020, JRC); "
            "LFP-cellen, zonder kobalt en nikkel, groeiden naar bijna de helft van de autobatterijen in 2024 "
            "(IEA, Global EV Outlook 2025). De voorgestelde aandelen en kosten zijn aannames: magneten zijn 80 "
            "% van het Europese gebruik van neodymium (Europese Commissie, Study on the Critical Raw Materials "
            "for the EU 2023), en motoren een deel daarvan.",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        products = chosen(config.products, use.products, "products")
        self.weight = np.outer(products, self.materials).astype(float)

    def impose(self, conditions: Conditions, level: float) -> None:
        """Let new designs, and industry's use, do without a share of the materials in scope, at a cost."""
        conditions.write("substitutable", level * self.weight)
        conditions.write("substitutable_use", level * self.use_share * self.materials.astype(float))
        conditions.write("substitute_cost", self.cost * self.materials)
