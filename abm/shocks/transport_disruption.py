"""Disruption of sea transport to home."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Array, Shock, ShockUse, chosen, lies_in


class TransportDisruption(Shock):
    name = "transport_disruption"
    title = {"en": "Transport disruption", "nl": "Verstoring van vervoer"}
    scopes = ("jurisdiction", "materials", "components", "products")
    severity: Any = quantity("Share of what is due by sea in a month that is held up", "1", 0, 1, default=0.3)
    freight: Any = quantity("Rise of freight over its usual level, per share held up", "1", 0, 50, default=8.0)
    labels = {
        "severity": {"en": "Share held up", "nl": "Opgehouden deel"},
        "freight": {"en": "Rise of freight", "nl": "Stijging van de vracht"},
    }
    texts = {
        "what": {
            "en": "A strait is closed or containers are scarce: what comes by sea comes later and at a higher freight.",
            "nl": "Een zeestraat is gesloten of containers zijn schaars: wat over zee komt, komt later en tegen "
            "hogere vracht.",
        },
        "how": {
            "en": "Of the refined material, components and products under way to the union, the share held up arrives "
            "later: a share of 0.3 means 13 days on average, and nothing is lost. Freight on what comes from "
            "the jurisdiction rises in proportion. Makers run short, feel risk and order more, so that a wave "
            "of goods arrives when the way is free again. Home makers, suppliers elsewhere and recyclers gain.",
            "nl": "Van het geraffineerde materiaal, de componenten en de producten die onderweg zijn naar de Unie, "
            "komt het opgehouden deel later aan: een deel van 0,3 betekent gemiddeld 13 dagen, en er gaat niets "
            "verloren. De vracht op wat uit het gebied komt, stijgt naar rato. Makers komen tekort, voelen "
            "risico en bestellen meer, zodat een golf van goederen aankomt als de weg weer vrij is. Eigen "
            "makers, leveranciers elders en recyclers winnen.",
        },
        "watch": {
            "en": "Without a scope all that comes from outside the union is held up. Named materials, components or "
            "products limit what is late, not what freight costs. Concentrate, stockpiles, exports and scrap "
            "are not held up. Usual freight is a few per cent of value, so that even a fourfold freight is a "
            "small part of a price: delay hurts more.",
            "nl": "Zonder bereik wordt alles opgehouden dat van buiten de Unie komt. Genoemde materialen, componenten "
            "of producten beperken wat te laat komt, niet wat vracht kost. Concentraat, voorraden van de "
            "overheid, uitvoer en afval worden niet opgehouden. Gewone vracht is enkele procenten van de "
            "waarde, zodat zelfs een verviervoudiging een klein deel van de prijs is: vertraging doet meer "
            "pijn.",
        },
        "source": {
            "en": "From December 2023 ships from Asia went round the Cape: 10 to 14 days longer, and container rates "
            "rose from USD 1,400 to 4,000 per forty-foot box in two months (Drewry, World Container Index; "
            "UNCTAD 2024; recalled); in 2021 they reached seven times the level of 2019. A rise of eight per "
            "share held up lies between.",
            "nl": "Vanaf december 2023 voeren schepen uit Azië om de Kaap: 10 tot 14 dagen langer, en "
            "containertarieven stegen in twee maanden van USD 1.400 naar 4.000 per veertigvoetcontainer "
            "(Drewry, World Container Index; UNCTAD 2024; uit het hoofd); in 2021 kwamen ze op zeven keer het "
            "niveau van 2019. Een stijging van acht per opgehouden deel ligt daartussen.",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        by_sea = lies_in(config, use.jurisdiction) & ~np.asarray(config.jurisdictions.domestic, dtype=bool)
        self.by_sea: Array = by_sea.astype(np.float64)
        named = {form: getattr(use, form) for form in ("materials", "components", "products")}
        limited = any(value is not None for value in named.values())
        self.late = {
            form: np.outer(by_sea, chosen(getattr(config, form), (value or ()) if limited else None, form))
            for form, value in named.items()
        }

    def impose(self, conditions: Conditions, level: float) -> None:
        """Raise freight from where it strikes and let a share of what is due arrive later."""
        conditions.write("freight", 1.0 + self.freight * level * self.by_sea)
        for form, late in self.late.items():
            if late.any():
                conditions.write(f"{form}_arriving", 1.0 - level * late)
