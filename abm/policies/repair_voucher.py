"""Repair voucher."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import OFFERS, Activity

Array = NDArray[np.float64]


class RepairVoucher(Instrument):
    name = "repair_voucher"
    title = {"en": "Repair voucher", "nl": "Reparatiebon"}
    phase = "market"
    level = ("national", "regional")
    scopes = ("products",)
    intensity: Any = quantity("Share of a household's bill for repair that is paid", "1", 0, 1, default=0.5)
    labels = {
        "intensity": {"en": "Share of the bill paid", "nl": "Vergoed deel van de rekening"},
    }
    texts = {
        "what": {
            "en": "Pays households a part of what a repair costs them.",
            "nl": "Betaalt huishoudens een deel van wat een reparatie kost.",
        },
        "how": {
            "en": "When a product fails and can be repaired, households weigh the bill less the voucher against "
            "buying a used or a new product. The government pays its part of every repair below it until the "
            "budget is spent; vouchers of several governments add up to the whole bill at most.",
            "nl": "Gaat een product stuk en is het te repareren, dan wegen huishoudens de rekening min de bon af "
            "tegen een gebruikt of nieuw product. De overheid betaalt haar deel van elke reparatie in haar "
            "gebied tot het budget op is; bonnen van meerdere overheden tellen op tot hoogstens de hele "
            "rekening.",
        },
        "watch": {
            "en": "Much of the money goes to repairs that would have been made anyway: compare the repairs gained "
            "with the bill. What cannot be repaired stays so, and a product that is replaced because its owner "
            "wants a newer one is not saved.",
            "nl": "Veel geld gaat naar reparaties die toch al zouden zijn gedaan: vergelijk de gewonnen reparaties "
            "met de rekening. Wat niet te repareren is, blijft dat, en een product dat wordt vervangen omdat de "
            "eigenaar iets nieuwers wil, wordt niet gered.",
        },
        "source": {
            "en": "Austria has paid half of the bill up to EUR 200 since 2022, Thuringia half up to EUR 100 "
            "(recalled, not re-read). Price is the main reason not to repair; it should stay below about a "
            "third of that of a new product (EUREFAS; Eurobarometer).",
            "nl": "Oostenrijk betaalt sinds 2022 de helft van de rekening tot EUR 200, Thüringen de helft tot EUR 100 "
            "(uit het hoofd, niet nagelezen). De prijs is de belangrijkste reden om niet te repareren; die moet "
            "onder ongeveer een derde van die van een nieuw product blijven (EUREFAS; Eurobarometer).",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share paid of repairs of products in scope."""
        share = np.zeros((len(self.leaves), len(self.products), len(OFFERS)))
        share[:, :, OFFERS.index("repair")] = self.in_leaves(self.intensity * self.products)
        return {"offer_support": share}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay households a share of what they owe for the offers in scope."""
        self.pay_for_offers(books, activity)
