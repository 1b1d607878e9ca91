"""Matchmaking between recyclers and launching customers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class LaunchingCustomers(Instrument):
    name = "launching_customers"
    title = {"en": "Matchmaking with launching customers", "nl": "Koppelen aan eerste afnemers"}
    phase = "market"
    level = ("union", "national", "regional")
    scopes = ("materials",)
    steady = ("match_term",)
    intensity: Any = quantity(
        "Share of recyclers' output not under contract that finds a customer in a year", "1/yr", 0, 4, default=0.25
    )
    term: Any = quantity("Term of the offtake contracts", "month", 3, 180, default=36)
    cost: Any = quantity("Cost for each household in the area", "EUR/yr", 0, 20, default=0.4)
    labels = {
        "intensity": {"en": "Matches a year", "nl": "Koppelingen per jaar"},
        "term": {"en": "Term of contracts", "nl": "Looptijd van contracten"},
        "cost": {"en": "Cost per household", "nl": "Kosten per huishouden"},
    }
    texts = {
        "what": {
            "en": "Brings recyclers together with makers who sign for their output for years, at a fixed price.",
            "nl": "Brengt recyclers samen met makers die voor jaren afname tegen een vaste prijs vastleggen.",
        },
        "how": {
            "en": "Each month a part of what running recyclers in the area sell at home finds a launching customer, "
            "who signs at the price of that month for the term; plants not yet running find none. Sold under such a "
            "contract is only what makers at home can use: what leaves as an intermediate is not. Recyclers count on "
            "the contract price when they bid for scrap, run and extend; makers together pay it. When the programme "
            "ends, contracts run out. It costs a sum for each household in the area.",
            "nl": "Elke maand vindt een deel van wat draaiende recyclers in het gebied in eigen land verkopen een "
            "eerste afnemer, die tegen de prijs van die maand tekent voor de looptijd; fabrieken die nog niet draaien "
            "vinden er geen. Zo'n contract dekt alleen wat makers hier kunnen gebruiken, niet wat als halffabricaat "
            "vertrekt. Recyclers rekenen met de contractprijs als zij op schroot bieden, draaien en uitbreiden; makers "
            "samen betalen hem. Als het programma eindigt, lopen de contracten af. Het kost een bedrag per huishouden "
            "in het gebied.",
        },
        "watch": {
            "en": "A fixed price protects a recycler in a slump and costs him the gain of a boom; for makers it is the "
            "other way round. In a calm market it hardly shows. It does not build a processor where there is none, "
            "and it finds no customer for what nobody makes here.",
            "nl": "Een vaste prijs beschermt een recycler bij lage prijzen en kost hem de winst bij hoge; voor makers "
            "is het andersom. In een rustige markt is er weinig van te zien. Het bouwt geen verwerker waar die "
            "ontbreekt en vindt geen afnemer voor wat hier niemand maakt.",
        },
        "source": {
            "en": "The United Kingdom's National Industrial Symbiosis Programme cost GBP 27 million in three years, "
            "about 0.4 EUR per household and year, for 15,000 members (International Synergies, own account: an upper "
            "bound of its effect). Contracts for several years at agreed prices: Lynas and Japan (JARE), MP Materials "
            "and its customers. Speed and term are assumptions.",
            "nl": "Het Britse National Industrial Symbiosis Programme kostte GBP 27 miljoen in drie jaar, ongeveer 0,4 "
            "EUR per huishouden per jaar, voor 15.000 deelnemers (International Synergies, eigen opgave: een "
            "bovengrens van het effect). Meerjarige contracten met afgesproken prijzen: Lynas en Japan (JARE), MP "
            "Materials en zijn afnemers. Tempo en looptijd zijn aannames.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """Matches a year and the term of contracts, for materials in scope."""
        rate = self.in_leaves(self.intensity * self.materials)
        return {"matchmaking": rate, "match_term": self.term * (rate > 0.0)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay for the programme, by the number of households in the area."""
        self.pay_by_household(books, activity, self.cost, month)
