"""European-content criterion in public purchases."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class EuropeanContentCriterion(Instrument):
    name = "european_content_criterion"
    title = {"en": "European-content criterion", "nl": "Eis van Europese inhoud"}
    phase = "design"
    level = ("union",)
    scopes = ("products",)
    steady = ("european_premium",)
    intensity: Any = quantity("Share of public purchases of a product with the criterion", "1", 0, 1, default=0.5)
    premium: Any = quantity("Premium over imports that a tender accepts", "1", 0, 1, default=0.2)
    labels = {
        "intensity": {"en": "Share bought with the criterion", "nl": "Deel ingekocht met de eis"},
        "premium": {"en": "Premium accepted", "nl": "Aanvaarde meerprijs"},
    }
    texts = {
        "what": {
            "en": "Public buyers prefer goods made in the union, with components made in the union, within an accepted "
            "premium.",
            "nl": "Overheden geven voorrang aan goederen uit de unie, met onderdelen uit de unie, binnen een aanvaarde "
            "meerprijs.",
        },
        "how": {
            "en": "In that share of what public buyers purchase of a product, home makers of linear goods win against "
            "importers where they cost no more than the premium above them, as far as they have capacity, which they "
            "then extend; dealers order that much more at home. In the same proportion makers buy home-made components "
            "at that premium. What the goods cost above the mean price is paid by the union, what components cost more "
            "by makers, who pass it on to all who buy. Circular goods are all made at home and need no criterion. Of "
            "the modelled products only.",
            "nl": "In dat deel van wat overheden van een product kopen, winnen makers van lineaire goederen hier van "
            "importeurs als zij niet meer dan de meerprijs duurder zijn, voor zover zij er capaciteit voor hebben; die "
            "breiden zij dan uit. Winkels bestellen zoveel meer hier. Naar dezelfde verhouding kopen makers onderdelen "
            "van hier tegen die meerprijs. Wat de goederen boven de gemiddelde prijs kosten, betaalt de unie; wat "
            "onderdelen meer kosten betalen makers, die het aan alle kopers doorrekenen. Circulaire goederen worden "
            "alle hier gemaakt en hebben geen eis nodig. Alleen van de gemodelleerde producten.",
        },
        "watch": {
            "en": "Public buyers are a small part of most product groups. Where imports cost a third less, a premium "
            "of a fifth wins nothing. Where hardly anybody makes the product at home, there is nothing to prefer. "
            "Trading partners may answer; in the model they do not.",
            "nl": "Overheden zijn bij de meeste productgroepen een kleine koper. Is invoer een derde goedkoper, dan "
            "wint een meerprijs van een vijfde niets. Waar bijna niemand het product hier maakt, valt er niets voor te "
            "trekken. Handelspartners kunnen reageren; in het model doen zij dat niet.",
        },
        "source": {
            "en": "Regulation (EU) 2024/1735 (Net-Zero Industry Act), Article 25: resilience in public procurement, "
            "which may be set aside where it costs over 20 % more; United States, Federal Acquisition Regulation "
            "25.106: preference for domestic goods of 20 to 30 % (both recalled, not re-read).",
            "nl": "Verordening (EU) 2024/1735 (verordening voor een nettonulindustrie), artikel 25: veerkracht bij "
            "overheidsopdrachten, waarvan mag worden afgezien als het ruim 20 % meer kost; Verenigde Staten, Federal "
            "Acquisition Regulation 25.106: voorkeur voor binnenlandse goederen van 20 tot 30 % (beide uit het hoofd, "
            "niet nagelezen).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """Share and premium for products in scope, in the leaves below the government."""
        share, premium = self.intensity * self.products, self.premium * self.products * (self.intensity > 0.0)
        return {"european_content": self.in_leaves(share), "european_premium": self.in_leaves(premium)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay dealers what home-made goods cost above the linear price."""
        binding = self.rules.binding("european_content") == self.index
        claims = np.add.reduce(activity.european_premium.T * binding, axis=1)
        self.pay(books, "procurement_premium", activity.dealer_account, claims)
