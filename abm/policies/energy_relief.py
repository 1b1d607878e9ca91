"""Relief on the cost of energy for processing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class EnergyRelief(Instrument):
    name = "energy_relief"
    title = {"en": "Energy relief for processing", "nl": "Lagere energiekosten voor verwerking"}
    phase = "extraction"
    level = ("union", "national")
    scopes = ("materials",)
    intensity: Any = quantity("Share of the cost of energy and network that is paid", "1", 0, 1, default=0.25)
    recyclers: Any = quantity("Part of that share that recyclers get", "1", 0, 1, default=1)
    components: Any = quantity("Part of that share that makers of components get", "1", 0, 1, default=0)
    labels = {
        "intensity": {"en": "Energy cost paid", "nl": "Vergoede energiekosten"},
        "recyclers": {"en": "For recyclers", "nl": "Voor recyclers"},
        "components": {"en": "For makers of components", "nl": "Voor makers van componenten"},
    }
    texts = {
        "what": {
            "en": "Pays part of what refineries and recyclers, and if so chosen makers of components, spend on energy "
            "and the network.",
            "nl": "Vergoedt een deel van wat raffinaderijen en recyclers, en desgewenst makers van componenten, aan "
            "energie en het net uitgeven.",
        },
        "how": {
            "en": "Each month the government pays its share of the energy bill of that month. Refineries count it when "
            "they decide to mothball or restart; recyclers when they bid for scrap and decide to run; makers of "
            "components when they set prices. Refineries and recyclers also weigh the relief that they believe will "
            "last when they invest. The higher the price of energy, the more is paid. Relief of several governments "
            "adds up to at most the whole bill. The choice of materials does not narrow it for makers of components.",
            "nl": "Elke maand betaalt de overheid haar deel van de energierekening van die maand. Raffinaderijen "
            "rekenen ermee als zij stilleggen of herstarten; recyclers als zij op schroot bieden en besluiten te "
            "draaien; makers van componenten bij hun prijzen. Raffinaderijen en recyclers wegen bij investeringen ook "
            "de steun mee waarvan zij geloven dat die blijft. Hoe hoger de energieprijs, hoe meer er wordt betaald. "
            "Steun van meerdere overheden telt op tot hooguit de hele rekening. De keuze van materialen geldt niet "
            "voor makers van componenten.",
        },
        "watch": {
            "en": "The bill grows with the price of energy, when every treasury is under strain. It is worth most "
            "where energy is a large part of cost, and it also pays those who would have run anyway. It lowers the "
            "gain of saving energy, which the model does not show.",
            "nl": "De rekening groeit met de energieprijs, juist als elke schatkist het zwaar heeft. Zij helpt het "
            "meest waar energie een groot deel van de kosten is, en betaalt ook wie toch al had gedraaid. Energie "
            "besparen loont minder; dat laat het model niet zien.",
        },
        "source": {
            "en": "European Commission, Clean Industrial Deal State Aid Framework (25 June 2025): relief of up to half "
            "of the wholesale price of electricity, on at most half of consumption; the suggested quarter follows from "
            "it. Ministerial note on stockpiling and processing: affordable energy is among the conditions for "
            "processing.",
            "nl": "Europese Commissie, Clean Industrial Deal State Aid Framework (25 juni 2025): steun tot de helft "
            "van de groothandelsprijs van elektriciteit, voor hooguit de helft van het verbruik; daaruit volgt het "
            "voorgestelde kwart. Beslisnota over voorraadvorming en verwerking: betaalbare energie hoort bij de "
            "vestigingsvoorwaarden voor verwerking.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Shares of the energy bill by leaf, of refineries, recyclers and makers of components."""
        components = np.full(len(config.components), self.components)
        return {
            "refining_energy_relief": self.in_leaves(self.intensity * self.materials),
            "recycling_energy_relief": self.in_leaves(self.intensity * self.recyclers * self.streams),
            "component_energy_relief": self.in_leaves(self.intensity * components),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay a share of what was paid for energy this month, to all within one budget."""
        shares = (
            (self.own("refining_energy_relief"), activity.producer_leaf, activity.producer_main),
            (self.own("recycling_energy_relief"), activity.recycler_leaf, activity.recycler_stream),
            (self.own("component_energy_relief"), activity.maker_leaf, activity.maker_component),
        )
        bills = (activity.producer_energy, activity.recycler_energy, activity.maker_energy)
        accounts = (activity.producer_account, activity.recycler_account, activity.maker_account)
        claims = [
            bill * lever[leaf, kind] * ((leaf >= 0) & (kind >= 0))
            for bill, (lever, leaf, kind) in zip(bills, shares, strict=True)
        ]
        self.pay(books, "operating_support", np.concatenate(accounts), np.concatenate(claims))
