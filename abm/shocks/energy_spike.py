"""Spike in the price of energy."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock, ShockUse, lies_in


class EnergySpike(Shock):
    name = "energy_spike"
    title = {"en": "Energy price spike", "nl": "Energieprijspiek"}
    scopes = ("jurisdiction",)
    severity: Any = quantity("Rise of the energy price over what it would have been", "1", 0, 10, default=1.0)
    everywhere: Any = quantity("Share of the rise that the world outside sees too", "1", 0, 1, default=0)
    labels = {
        "severity": {"en": "Rise of the price", "nl": "Stijging van de prijs"},
        "everywhere": {"en": "Felt outside", "nl": "Ook daarbuiten"},
    }
    texts = {
        "what": {
            "en": "Electricity and gas for industry become much dearer, at home or everywhere.",
            "nl": "Elektriciteit en gas voor de industrie worden veel duurder, in eigen land of overal.",
        },
        "how": {
            "en": "The energy part of the cost of recyclers, makers and producers rises in proportion. Where the "
            "world outside is spared, home activity loses ground to imports.",
            "nl": "Het energiedeel van de kosten van recyclers, makers en producenten stijgt naar rato. Blijft de "
            "wereld daarbuiten gespaard, dan verliest eigen bedrijvigheid terrein aan invoer.",
        },
        "watch": {
            "en": "Recycling often needs less energy than primary production, but primary production elsewhere may not "
            "feel the spike at all.",
            "nl": "Recycling vergt vaak minder energie dan primaire productie, maar primaire productie elders merkt er "
            "misschien niets van.",
        },
        "source": {
            "en": "Natural gas in Europe cost USD 16 per million Btu in 2021 and 40 in 2022 (World Bank, Commodity "
            "Price Data). Industry's mixed price of power and gas rose less; a doubling is an assumption.",
            "nl": "Aardgas kostte in Europa USD 16 per miljoen Btu in 2021 en 40 in 2022 (World Bank, Commodity Price "
            "Data). De gemengde prijs van stroom en gas voor de industrie steeg minder; een verdubbeling is een "
            "aanname.",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        home = np.asarray(config.jurisdictions.domestic, dtype=bool)
        struck = home if use.jurisdiction is None else lies_in(config, use.jurisdiction)
        self.weight = np.where(struck, 1.0, self.everywhere)

    def impose(self, conditions: Conditions, level: float) -> None:
        """Raise the price where the spike strikes."""
        conditions.write("energy", 1.0 + level * self.weight)
