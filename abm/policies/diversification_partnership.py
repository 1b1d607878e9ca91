"""Long-term offtake from allied producers outside the blocs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class DiversificationPartnership(Instrument):
    name = "diversification_partnership"
    title = {"en": "Diversification partnership", "nl": "Partnerschap voor spreiding"}
    phase = "extraction"
    level = ("union",)
    scopes = ("materials",)
    steady = ("offtake_price", "offtake_share", "offtake_term")
    intensity: Any = quantity("Guaranteed price over the long-run cost of the stage", "1", 0, 3, default=1)
    share: Any = quantity("Share of partners' output that the contract covers", "1", 0.01, 1, default=0.3)
    term: Any = quantity("Term of contracts from when a project opens", "month", 12, 360, default=120)
    labels = {
        "intensity": {"en": "Guaranteed price", "nl": "Gegarandeerde prijs"},
        "share": {"en": "Share of output", "nl": "Deel van de productie"},
        "term": {"en": "Term of contracts", "nl": "Looptijd van contracten"},
    }
    texts = {
        "what": {
            "en": "Guarantees mines and refineries in allied countries outside the state-backed blocs a least price "
            "for part of their output, for years; in return buyers at home come first when material is short.",
            "nl": "Garandeert mijnen en raffinaderijen in bevriende landen buiten de staatsgesteunde blokken jarenlang "
            "een minimumprijs voor een deel van hun productie; in ruil gaan kopers in eigen gebied voor bij schaarste.",
        },
        "how": {
            "en": "Every eligible producer signs, since the contract costs it nothing; together they cover at most "
            "what home needs. Below the guaranteed price the union pays the difference on the share covered; above it "
            "nothing is paid. Producers count the guarantee when they decide to mothball, restart or invest. The "
            "contract runs for its term after the time that a project takes, also when the instrument has ended. When "
            "refined material is rationed, home buyers get what is covered before others.",
            "nl": "Elke producent die in aanmerking komt tekent, want het contract kost hem niets; samen dekken zij "
            "hooguit wat het eigen gebied nodig heeft. Onder de gegarandeerde prijs betaalt de unie het verschil over "
            "het gedekte deel; daarboven wordt niets betaald. Producenten rekenen met de garantie als zij stilleggen, "
            "herstarten of investeren. Het contract loopt de looptijd na de bouwtijd van een project, ook als het "
            "instrument is beëindigd. Wordt geraffineerd materiaal gerantsoeneerd, dan krijgen kopers in eigen gebied "
            "het gedekte deel vóór anderen.",
        },
        "watch": {
            "en": "Supply spreads after years, as mines take long. The guarantee is dearest in a price war. Part of "
            "the money goes to producers that would have delivered anyway, and what they add lowers the price for all "
            "buyers in the world, mines and recyclers at home included.",
            "nl": "Het aanbod spreidt pas na jaren, want een mijn duurt lang. De garantie is het duurst in een "
            "prijzenoorlog. Een deel van het geld gaat naar producenten die toch al leverden, en wat zij toevoegen "
            "verlaagt de prijs voor alle kopers ter wereld, en dus ook voor mijnen en recyclers in eigen gebied.",
        },
        "source": {
            "en": "Lynas and JARE (JOGMEC and Sojitz): loans and equity against priority in delivery to Japan since "
            "2011; MP Materials and the United States Department of Defense (10 July 2025): ten years at a floor of "
            "USD 110/kg. Regulation (EU) 2024/1252 provides for strategic partnerships with third countries. Price and "
            "share are assumptions.",
            "nl": "Lynas en JARE (JOGMEC en Sojitz): leningen en aandelen tegen voorrang bij levering aan Japan sinds "
            "2011; MP Materials en het Amerikaanse ministerie van Defensie (10 juli 2025): tien jaar een bodem van USD "
            "110/kg. Verordening (EU) 2024/1252 voorziet in strategische partnerschappen met derde landen. Prijs en "
            "deel zijn aannames.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Guaranteed price by stage in EUR/kg, and the share and the term of contracts on offer."""
        refining = np.asarray(config.materials.refining_share)
        stages = np.stack([1.0 - refining, np.ones(len(refining))])
        price = self.intensity * config.materials.long_run_cost * self.materials * stages
        offered = (price > 0.0).astype(np.float64)
        return {"offtake_price": price, "offtake_share": self.share * offered, "offtake_term": self.term * offered}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay partners what the price fell short, on the contracts that this instrument made, also after its end."""
        own = activity.offtake_instrument == self.index
        self.pay(books, "operating_support", activity.producer_account, activity.offtake_due * own)
