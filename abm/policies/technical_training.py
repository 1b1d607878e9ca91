"""Technical training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class TechnicalTraining(Instrument):
    name = "technical_training"
    title = {"en": "Technical training", "nl": "Opleiding van technici"}
    phase = "chain"
    level = ("union", "national", "regional")
    scopes = ()
    intensity: Any = quantity("Technicians trained in a year, as a share of the pool", "1/yr", 0, 0.2, default=0.02)
    cost: Any = quantity("Cost of training a technician", "EUR", 0, 100000, default=15000.0)
    labels = {
        "intensity": {"en": "Trained per year", "nl": "Opgeleid per jaar"},
        "cost": {"en": "Cost per technician", "nl": "Kosten per technicus"},
    }
    texts = {
        "what": {
            "en": "Trains technicians for circular work: dismantling, repair, processing and building plants.",
            "nl": "Leidt technici op voor circulair werk: demonteren, repareren, verwerken en fabrieken bouwen.",
        },
        "how": {
            "en": "The pool of technicians grows by those trained. Where the pool is tight, wages are higher and "
            "plants are built more slowly; more technicians bring both back. The government pays for each "
            "technician trained.",
            "nl": "De groep technici groeit met wie is opgeleid. Waar technici schaars zijn, liggen lonen hoger en "
            "wordt trager gebouwd; meer technici brengen beide terug. De overheid betaalt per opgeleide "
            "technicus.",
        },
        "watch": {
            "en": "It pays back over years and only where technicians are scarce. As wages fall, fewer people come "
            "from other branches, so that the pool grows by less than are trained; nobody moves to another region.",
            "nl": "Het betaalt zich over jaren terug en alleen waar technici schaars zijn. Als lonen dalen, komen "
            "minder mensen uit andere branches, zodat de groep met minder groeit dan er worden opgeleid; niemand "
            "verhuist naar een andere regio.",
        },
        "source": {
            "en": "SER, letter on the transition in raw materials (30 April 2026): shortage of technicians. Cost "
            "assumed: a year of retraining beside work.",
            "nl": "SER, brief over de grondstoffentransitie (30 april 2026): tekort aan technici. Kosten aangenomen: "
            "een jaar omscholing naast het werk.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Technicians trained in a year as a share of the pool."""
        return {"training": self.intensity * self.leaves}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay for those trained this month."""
        if not self.rules.in_force("training"):
            return
        trained = self.own("training") * activity.technicians / 12.0
        self.pay_for_programme(books, activity, self.cost * trained)
