"""Operating subsidy per kilogram recovered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class RecoverySubsidy(Instrument):
    name = "recovery_subsidy"
    title = {"en": "Operating subsidy for recovery", "nl": "Exploitatiesubsidie voor terugwinning"}
    phase = "end_of_life"
    level = ("union", "national")
    scopes = ("materials",)
    kept = ("recovery_subsidy",)
    intensity: Any = quantity("Subsidy per kilogram recovered at functional grade", "EUR/kg", 0, 1000, default=5)
    labels = {"intensity": {"en": "Subsidy per kg recovered", "nl": "Subsidie per kg teruggewonnen"}}
    texts = {
        "what": {
            "en": "Pays recyclers for each kilogram of material that they recover at functional grade, to close the "
            "gap between what recovery costs and what the market pays.",
            "nl": "Betaalt recyclers voor elke kilogram materiaal die zij op functionele kwaliteit terugwinnen, om "
            "het gat te dichten tussen wat terugwinning kost en wat de markt betaalt.",
        },
        "how": {
            "en": "Each month the government pays the subsidy times the kilograms recovered below it. Recyclers count "
            "on it when they bid for scrap, decide how much to run and, as far as they believe it, whether to invest. "
            "Subsidies of several governments add up. When the annual budget is spent, the last claims are paid pro "
            "rata and there is nothing more until January.",
            "nl": "Elke maand betaalt de overheid de subsidie maal de kilogrammen die in haar gebied zijn "
            "teruggewonnen. Recyclers rekenen ermee als zij op schroot bieden, bepalen hoeveel zij draaien en, voor "
            "zover zij erop vertrouwen, of zij investeren. Subsidies van meerdere overheden tellen op. Is het "
            "jaarbudget op, dan worden de laatste aanvragen naar rato betaald en volgt er niets meer tot januari.",
        },
        "watch": {
            "en": "The amount is the same whatever the price, so it pays too much in a boom and too little in a price "
            "war. Part of it ends up in the price of scrap. One amount for cheap and dear materials together makes "
            "little sense: limit it to the materials it is meant for.",
            "nl": "Het bedrag is gelijk bij elke prijs: te veel in een hausse, te weinig in een prijzenoorlog. Een "
            "deel belandt in de prijs van schroot. Eén bedrag voor goedkope en dure materialen samen heeft weinig "
            "zin: beperk het tot de materialen waarvoor het bedoeld is.",
        },
        "source": {
            "en": "SER, letter on the transition in raw materials (30 April 2026), note 8: operating subsidies to "
            "narrow the price difference between primary and secondary. The suggested amount: recycling of lithium-ion "
            "batteries in the EU cost EUR 51 and earned EUR 35 per kWh in 2020 (Nomura Research Institute, in "
            "Recycling International), a gap of some EUR 8 per kg for about 2 kg of metals and graphite per kWh "
            "(Argonne National Laboratory, BatPaC 5.1), part of which learning closes.",
            "nl": "SER, brief over de grondstoffentransitie (30 april 2026), noot 8: exploitatiesubsidies om het "
            "prijsverschil tussen primair en secundair te verkleinen. Het voorgestelde bedrag: recycling van "
            "lithium-ionbatterijen in de EU kostte in 2020 EUR 51 en bracht EUR 35 per kWh op (Nomura Research "
            "Institute, in Recycling International), een gat van zo'n EUR 8 per kg bij ongeveer 2 kg metalen en "
            "grafiet per kWh (Argonne National Laboratory, BatPaC 5.1), dat leren deels dicht.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """The subsidy for materials in scope, in the leaves below the government."""
        return {"recovery_subsidy": self.in_leaves(self.intensity * self.materials)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay recyclers for what they recovered."""
        rate = self.owed("recovery_subsidy", activity.recycler_leaf, activity.recycler_born)
        claims = np.add.reduce(activity.recovered * rate, axis=1)
        self.pay(books, "operating_support", activity.recycler_account, claims)
