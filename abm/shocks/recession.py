"""Recession."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock, ShockUse, lies_in


class Recession(Shock):
    name = "recession"
    title = {"en": "Recession", "nl": "Recessie"}
    scopes = ("jurisdiction",)
    severity: Any = quantity("Share by which real income and spending fall", "1", 0, 0.3, default=0.04)
    postponement: Any = quantity(
        "Share of wishes for newer goods put off, over the fall of income", "1", 0, 20, default=3.0
    )
    investment: Any = quantity("Fall of business purchases over the fall of income", "1", 0, 6, default=2.7)
    materials_use: Any = quantity("Fall of industry's use of materials over the fall of income", "1", 0, 6, default=1.5)
    labels = {
        "severity": {"en": "Fall of income", "nl": "Daling van het inkomen"},
        "postponement": {"en": "Wishes put off", "nl": "Uitgestelde wensen"},
        "investment": {"en": "Business purchases", "nl": "Aankopen van bedrijven"},
        "materials_use": {"en": "Use of materials", "nl": "Gebruik van materialen"},
    }
    texts = {
        "what": {
            "en": "Income and spending fall below what they would have been, in the whole world or in part of it.",
            "nl": "Inkomen en bestedingen zakken onder wat ze anders waren geweest, in de hele wereld of een deel "
            "ervan.",
        },
        "how": {
            "en": "Prices weigh more on households' income: they keep what still works, repair more and choose "
            "cheaper. Business puts off part of its purchases and makes them good afterwards. Industry outside "
            "the modelled firms uses less material, and buyers abroad order less. What households earn follows "
            "what is spent. Public budgets stay as they are.",
            "nl": "Prijzen drukken zwaarder op het inkomen van huishoudens: zij houden wat nog werkt, repareren vaker "
            "en kiezen goedkoper. Bedrijven stellen een deel van hun aankopen uit en halen ze later in. "
            "Industrie buiten de gemodelleerde bedrijven gebruikt minder materiaal en kopers in het buitenland "
            "bestellen minder. Wat huishoudens verdienen, volgt wat wordt uitgegeven. Overheidsbudgetten "
            "blijven zoals ze zijn.",
        },
        "watch": {
            "en": "Used goods and repair can gain while recyclers lose on low prices of materials. Scrap comes back "
            "later because goods are kept. Affordability is measured against usual income.",
            "nl": "Gebruikte spullen en reparatie kunnen winnen terwijl recyclers verliezen door lage "
            "materiaalprijzen. Afval komt later terug doordat spullen langer meegaan. Betaalbaarheid wordt "
            "gemeten aan het gebruikelijke inkomen.",
        },
        "source": {
            "en": "In 2009 product of the European Union fell by 4.3 % and gross fixed capital formation by some 11.5 "
            "%, 2.7 times as much (Eurostat, nama_10_gdp; recalled). Demand for base metals moves one for one "
            "with income or somewhat less in the long run (Baffes, Kabundi and Nagle 2020, World Bank Policy "
            "Research Working Paper 9122; recalled) and more over the cycle, since metals go into investment "
            "goods: 1.5 is an assumption.",
            "nl": "In 2009 daalde het bbp van de Europese Unie met 4,3 % en de investeringen met zo'n 11,5 %, 2,7 "
            "keer zo veel (Eurostat, nama_10_gdp; uit het hoofd). De vraag naar basismetalen beweegt op lange "
            "termijn een op een met het inkomen of iets minder (Baffes, Kabundi en Nagle 2020, World Bank "
            "Policy Research Working Paper 9122; uit het hoofd) en sterker met de conjunctuur, omdat metalen in "
            "investeringsgoederen gaan: 1,5 is een aanname.",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        self.struck = lies_in(config, use.jurisdiction)

    def impose(self, conditions: Conditions, level: float) -> None:
        """Lower income, business purchases and industry's use where it strikes."""
        for name, times in (("spending", 1.0), ("investment", self.investment), ("activity", self.materials_use)):
            left = max(1.0 - times * level, 0.05)  # something is always bought
            conditions.write(name, np.where(self.struck, left, 1.0))
        conditions.write("postponed", min(self.postponement * level, 0.95) * self.struck)
