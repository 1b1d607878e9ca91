"""Extended producer responsibility with modulated fees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class ModulatedFees(Instrument):
    name = "modulated_fees"
    title = {
        "en": "Producer responsibility with modulated fees",
        "nl": "Producentenverantwoordelijkheid met bonus-malus",
    }
    phase = "end_of_life"
    level = ("union", "national")
    scopes = ("products",)
    spends = False
    intensity: Any = quantity(
        "Difference between the fees of linear and circular design, over the price of a new product",
        "1",
        0,
        0.4,
        default=0.1,
    )
    labels = {"intensity": {"en": "Spread of the fee", "nl": "Verschil in bijdrage"}}
    texts = {
        "what": {
            "en": "Producers of circular designs pay less for collection and treatment, those of linear designs more; "
            "within a product group bonus and malus cancel.",
            "nl": "Producenten van circulaire ontwerpen betalen minder voor inzameling en verwerking, die van lineaire "
            "meer; binnen een productgroep heffen bonus en malus elkaar op.",
        },
        "how": {
            "en": "On top of the fee that covers what collection costs, linear goods pay the spread times the share of "
            "circular goods (those as a service included) in last year's sales of the product, and circular goods get "
            "the rest of the spread back, so that the scheme costs nothing in all. Dealers pay it to the collectors' "
            "scheme or get it from there, and it stands in prices; households, business and government choose on "
            "them. Circular makers sell more, extend, and draw others into their design. What a month leaves over "
            "or short stays with collectors and enters the fee for all. Spreads of two governments add up.",
            "nl": "Boven op de bijdrage die de inzamelkosten dekt, betalen lineaire goederen het verschil maal het "
            "aandeel van circulaire goederen (die als dienst meegeteld) in de verkoop van het afgelopen jaar; "
            "circulaire goederen krijgen de rest van het verschil terug, zodat de regeling in totaal niets kost. "
            "Winkels betalen dat aan de regeling van inzamelaars of ontvangen het daarvan, en het zit in de prijzen; "
            "huishoudens, bedrijven en overheden kiezen daarop. Circulaire makers verkopen meer, breiden uit en "
            "halen anderen naar hun ontwerp over. Wat in een maand overblijft of ontbreekt, blijft bij inzamelaars "
            "en komt in de bijdrage van allen. Verschillen van twee overheden tellen op.",
        },
        "watch": {
            "en": "While circular goods are few, nearly all of the spread is a bonus for them and the malus is too "
            "small to be felt. As they grow the bonus shrinks, but what it exceeded the malus by in the meantime is "
            "paid by all products. Circular makers must have capacity to sell more.",
            "nl": "Zolang er weinig circulaire goederen zijn, is bijna het hele verschil een bonus en is de malus te "
            "klein om te merken. Groeit hun aandeel, dan krimpt de bonus, maar wat die intussen meer was dan de malus "
            "betalen alle producten samen. Circulaire makers moeten capaciteit hebben om meer te verkopen.",
        },
        "source": {
            "en": "Directive 2008/98/EC on waste, Article 8a(4)(b), as amended by Directive (EU) 2018/851; France, Act "
            "2020-105 against waste (AGEC), Article 62: bonus or malus of up to 20 % of the price. The suggested "
            "spread is half of that.",
            "nl": "Richtlijn 2008/98/EG betreffende afvalstoffen, artikel 8 bis, lid 4, onder b, als gewijzigd door "
            "Richtlijn (EU) 2018/851; Frankrijk, wet 2020-105 tegen verspilling (AGEC), artikel 62: bonus of malus tot "
            "20 % van de prijs. Het voorgestelde verschil is daarvan de helft.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """The spread in EUR on products in scope."""
        return {"fee_spread": self.in_leaves(self.intensity * config.products.price * self.products)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Let dealers pay malus to collectors and collectors pay bonus to dealers, its part of the spread."""
        if not self.rules.in_force("fee_spread"):
            return
        spread = self.rules.fee_spread.T
        part = self.own("fee_spread").T / np.where(spread > 0.0, spread, np.inf)
        owed = activity.labels_sold * activity.fee_modulation * part[..., None]
        malus, bonus = (np.maximum(sign * owed, 0.0).sum(axis=(0, 2)) for sign in (1.0, -1.0))
        books.pay("gate_fees", activity.dealer_account, activity.collector_account, malus)
        books.pay("gate_fees", activity.collector_account, activity.dealer_account, bonus)
