"""Two-sided contract for difference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity


class ContractForDifference(Instrument):
    name = "contract_for_difference"
    title = {"en": "Contract for difference", "nl": "Contract for difference"}
    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    steady = ("contract_term",)
    intensity: Any = quantity("Strike price as a share of the long-run cost of the material", "1", 0, 5, default=1.2)
    term: Any = quantity("Term of a contract", "month", 1, 360, default=120)
    labels = {
        "intensity": {"en": "Strike over long-run cost", "nl": "Uitoefenprijs ten opzichte van langetermijnkosten"},
        "term": {"en": "Term of contracts", "nl": "Looptijd van contracten"},
    }
    texts = {
        "what": {
            "en": "Offers recyclers a contract: below the strike price the government pays the difference, above it "
            "the recycler pays.",
            "nl": "Biedt recyclers een contract: onder de uitoefenprijs betaalt de overheid het verschil, daarboven "
            "betaalt de recycler.",
        },
        "how": {
            "en": "The strike price is a share of the long-run cost of each refined material. While the instrument is "
            "in force recyclers may sign for the term on offer, new plants when they open; each month the difference "
            "with the market price of secondary material of that grade is settled on what they sold. Who sells an "
            "intermediate gets, or pays, it on the share of that price that buyers pay for it. Contracts run on after "
            "the instrument has ended. They are subject to the annual budget, if there is one: when it is spent, "
            "claims are paid pro rata and no new contracts are offered until January. Founders of plants count on a "
            "contract for its whole term if it is announced to be on offer when they open, as far as they believe it.",
            "nl": "De uitoefenprijs is een deel van de langetermijnkosten van elk geraffineerd materiaal. Zolang het "
            "instrument geldt, kunnen recyclers tekenen voor de aangeboden looptijd, nieuwe fabrieken als zij open "
            "gaan; elke maand wordt het verschil met de marktprijs van secundair materiaal van die kwaliteit "
            "verrekend over wat zij verkochten. Wie een tussenproduct verkoopt, krijgt of betaalt het over het deel "
            "van die prijs dat kopers ervoor betalen. Contracten lopen door nadat het instrument is beëindigd. Zij "
            "vallen onder het jaarbudget, als dat er is: is het op, dan wordt naar rato betaald en komen er tot "
            "januari geen nieuwe contracten bij. Oprichters van fabrieken rekenen op een contract voor de hele "
            "looptijd als volgens de aankondiging getekend kan worden wanneer zij open gaan, voor zover zij die "
            "geloven.",
        },
        "watch": {
            "en": "It takes away the risk of the price, down and up, and with it the reason to hold stock for a "
            "shortage. A strike above cost is a subsidy; one below it finds no takers. It covers the price of the "
            "metal, not the discount on what is sold as an intermediate.",
            "nl": "Het neemt het prijsrisico weg, naar beneden en naar boven, en daarmee de reden om voorraad voor een "
            "tekort aan te houden. Een prijs boven de kosten is subsidie; daaronder tekent niemand. Het dekt de prijs "
            "van het metaal, niet de korting op wat als tussenproduct wordt verkocht.",
        },
        "source": {
            "en": "COM(2025) 945, RESourceEU, names contracts for difference; Metlen asked for one for its gallium "
            "plant (Reuters 2023). The term is that of the MP Materials agreement of 10 July 2025, ten years; the "
            "suggested strike, cost plus a fifth, is an assumption.",
            "nl": "COM(2025) 945, RESourceEU, noemt contracts for difference; Metlen vroeg erom voor zijn "
            "galliumfabriek (Reuters 2023). De looptijd is die van de overeenkomst met MP Materials van 10 juli 2025, "
            "tien jaar; de voorgestelde prijs, kosten plus een vijfde, is een aanname.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, NDArray[np.float64]]:
        """Strike price in EUR/kg and term in months of the contracts on offer."""
        strike = self.in_leaves(self.intensity * config.materials.long_run_cost * self.materials)
        return {"contract_strike": strike, "contract_term": self.term * (strike > 0.0)}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Settle the contracts that this instrument has signed, also after it has ended."""
        signed = activity.contract_instrument == self.index
        if not signed.any():
            return
        gap = (activity.contract_strike - activity.reference_price) * activity.gap_received
        due = np.where(signed, gap * activity.sold, 0.0)
        account = activity.recycler_account
        self.collect(books, "operating_support", account, np.maximum(-due, 0.0).sum(axis=1))
        self.pay(books, "operating_support", account, np.maximum(due, 0.0).sum(axis=1))
