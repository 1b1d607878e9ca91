"""Long-term commitment: a programme and its budgets fixed by law."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class LongTermCommitment(Instrument):
    name = "long_term_commitment"
    title = {"en": "Long-term commitment", "nl": "Langjarige verbintenis"}
    phase = "chain"
    level = ("union", "national", "regional")
    scopes = ()
    spends = False
    steady = ("commitment",)
    intensity: Any = quantity("Share of the programme that is fixed by law", "1", 0, 1, default=0.8)
    labels = {"intensity": {"en": "Share fixed by law", "nl": "Wettelijk vastgelegd deel"}}
    texts = {
        "what": {
            "en": "A government fixes its programme and its budgets by law, for longer than one term of office.",
            "nl": "Een overheid legt haar programma en budgetten wettelijk vast, langer dan één kabinetsperiode.",
        },
        "how": {
            "en": "Budget rounds reverse the programme less often, and a reversal of policy reaches only what is not "
            "fixed. Investors believe announced support more from the start and lenders ask less for policy risk. A "
            "promise broken nevertheless costs more belief than one that was never fixed.",
            "nl": "Begrotingsrondes draaien het programma minder vaak terug en een ommezwaai raakt alleen wat niet "
            "vastligt. Investeerders geloven aangekondigde steun vanaf het begin meer en geldverstrekkers vragen "
            "minder voor beleidsrisico. Een toezegging die toch wordt gebroken, kost meer vertrouwen dan een die nooit "
            "was vastgelegd.",
        },
        "watch": {
            "en": "It costs nothing by itself, but it makes every other promise dearer to keep: budgets that turn out "
            "too high cannot be cut either. It does nothing for support that nobody doubted.",
            "nl": "Zelf kost het niets, maar elke andere toezegging wordt er duurder van: ook budgetten die te hoog "
            "blijken, kunnen niet omlaag. Voor steun waaraan niemand twijfelde, doet het niets.",
        },
        "source": {
            "en": "SER, letter of 30 April 2026: steady, consistent policy beyond 2030. Dutch examples are the Delta "
            "Fund (Delta Act, funded until 2050) and the Climate Act. How much belief a law adds is an assumption "
            "(public.commitment_effect).",
            "nl": "SER, brief van 30 april 2026: stabiel en consistent beleid tot na 2030. Nederlandse voorbeelden "
            "zijn het Deltafonds (Deltawet, gevuld tot 2050) en de Klimaatwet. Hoeveel vertrouwen een wet toevoegt is "
            "een aanname (public.commitment_effect).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share of the government's own programme that is fixed."""
        fixed = np.zeros(len(config.jurisdictions))
        fixed[self.jurisdiction] = self.intensity
        return {"commitment": fixed}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing: what is fixed is paid by the instruments that it fixes."""
