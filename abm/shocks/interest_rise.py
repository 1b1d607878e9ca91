"""Rise of the real interest rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock


class InterestRise(Shock):
    name = "interest_rise"
    title = {"en": "Interest-rate rise", "nl": "Rentestijging"}
    scopes = ()
    severity: Any = quantity(
        "Rise of the real interest rate, 0.01 being one percentage point", "1/yr", 0, 0.2, default=0.02
    )
    labels = {"severity": {"en": "Rise of the rate", "nl": "Stijging van de rente"}}
    texts = {
        "what": {
            "en": "Central banks raise the real interest rate, as in 2022 and 2023.",
            "nl": "Centrale banken verhogen de reële rente, zoals in 2022 en 2023.",
        },
        "how": {
            "en": "Makers, recyclers, mines and refineries pay more on all their loans. Investors ask a higher "
            "return, so that less is built and fewer enter. Stocks cost merchants more to hold.",
            "nl": "Makers, recyclers, mijnen en raffinaderijen betalen meer over al hun leningen. Investeerders eisen "
            "een hoger rendement, zodat minder wordt gebouwd en minder bedrijven toetreden. Voorraden aanhouden "
            "kost handelaren meer.",
        },
        "watch": {
            "en": "Young plants carry the most debt. Government pays no interest in this model, and households' "
            "purchases on credit do not feel the rate.",
            "nl": "Jonge fabrieken hebben de meeste schuld. De overheid betaalt in dit model geen rente, en aankopen "
            "van huishoudens op krediet merken niets van de rente.",
        },
        "source": {
            "en": "ECB deposit facility rate: -0.5 % until July 2022, 4.0 % from September 2023. Much of that rise "
            "made up for inflation; two points of real rise are an assumption.",
            "nl": "Depositorente van de ECB: -0,5 % tot juli 2022, 4,0 % vanaf september 2023. Veel van die stijging "
            "compenseerde inflatie; twee procentpunten reële stijging is een aanname.",
        },
    }

    def impose(self, conditions: Conditions, level: float) -> None:
        """Raise the rate."""
        conditions.write("interest_add", np.array(level))
