"""Public guarantee on loans to recyclers and processors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class LoanGuarantee(Instrument):
    name = "loan_guarantee"
    title = {"en": "Loan guarantee", "nl": "Garantie op leningen"}
    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    steady = ("recycling_guarantee", "primary_guarantee")
    intensity: Any = quantity("Share of new loans that is guaranteed", "1", 0, 0.9, default=0.8)
    recycling: Any = quantity("Part of that share for recyclers", "1", 0, 1, default=1)
    refining: Any = quantity("Part of that share for refineries", "1", 0, 1, default=1)
    extraction: Any = quantity("Part of that share for mines", "1", 0, 1, default=0)
    labels = {
        "intensity": {"en": "Guaranteed share", "nl": "Gegarandeerd deel"},
        "recycling": {"en": "For recyclers", "nl": "Voor recyclers"},
        "refining": {"en": "For refineries", "nl": "Voor raffinaderijen"},
        "extraction": {"en": "For mines", "nl": "Voor mijnen"},
    }
    texts = {
        "what": {
            "en": "The government stands for part of the loans with which recyclers and refineries, and if so chosen "
            "mines, build.",
            "nl": "De overheid staat borg voor een deel van de leningen waarmee recyclers en raffinaderijen, en "
            "desgewenst mijnen, bouwen.",
        },
        "how": {
            "en": "Lenders ask no margin for risk on the guaranteed part and lend more on a plant, up to what owners "
            "must put in themselves. A project then needs a lower return, and founders need less money of their own, "
            "so that more of them can start. The guaranteed part falls as the loan is repaid. When the borrower fails, "
            "the government pays lenders its part of their loss, a month later, also after the instrument has ended, "
            "and lenders have less reason to ask more of others. Of several governments the one that guarantees most "
            "stands for the loan.",
            "nl": "Financiers vragen over het gegarandeerde deel geen opslag voor risico en lenen meer op een fabriek, "
            "tot aan wat eigenaren zelf moeten inleggen. Een project heeft dan een lager rendement nodig, en "
            "oprichters hebben minder eigen geld nodig, zodat er meer kunnen beginnen. Het gegarandeerde deel daalt "
            "met de aflossing. Gaat de lener failliet, dan betaalt de overheid financiers een maand later haar deel "
            "van het verlies, ook nadat het instrument is beëindigd, en hebben financiers minder reden om van anderen "
            "meer te vragen. Van meerdere overheden staat degene die het meest garandeert borg.",
        },
        "watch": {
            "en": "It seems to cost nothing until a price war, when many borrowers fail at once. More debt makes a "
            "plant more fragile. No fee is asked in the model, and lenders do not become careless; a cap on the budget "
            "leaves calls unpaid.",
            "nl": "Zij lijkt niets te kosten tot een prijzenoorlog, wanneer veel leners tegelijk failliet gaan. Meer "
            "schuld maakt een fabriek kwetsbaarder. In het model wordt geen premie gevraagd en worden financiers niet "
            "slordiger; een begrensd budget laat aanspraken onbetaald.",
        },
        "source": {
            "en": "European Commission, Notice on State aid in the form of guarantees (2008/C 155/02): at most 80 % of "
            "a loan; up to 90 % under later frameworks. Own contribution of 25 %: Regulation (EU) No 651/2014, Article "
            "14(14). Ministerial note on stockpiling and processing: a working group of public financiers.",
            "nl": "Europese Commissie, mededeling over staatssteun in de vorm van garanties (2008/C 155/02): hooguit "
            "80 % van een lening; tot 90 % onder latere kaders. Eigen bijdrage van 25 %: Verordening (EU) nr. "
            "651/2014, artikel 14, lid 14. Beslisnota over voorraadvorming en verwerking: een werkgroep van publieke "
            "financiers.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Shares of loans guaranteed, by stream and by stage and material in scope."""
        mines = self.in_leaves_at(0, self.intensity * self.extraction * self.materials)
        return {
            "recycling_guarantee": self.in_leaves(self.intensity * self.recycling * self.streams),
            "primary_guarantee": mines + self.in_leaves_at(1, self.intensity * self.refining * self.materials),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay lenders what they called last month on the guarantees that this instrument gave, also after its end."""
        self.pay(books, "guarantees", activity.lender_account, activity.guarantee_calls[self.index : self.index + 1])
