"""Faster permits and allocated sites for mines, refineries and recycling plants."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class PermitAcceleration(Instrument):
    name = "permit_acceleration"
    title = {"en": "Permit acceleration and site allocation", "nl": "Snellere vergunningen en aangewezen locaties"}
    phase = "extraction"
    level = ("union", "national", "regional")
    scopes = ("materials",)
    spends = False
    steady = ("primary_permits", "site_allocation", "recycling_permits")
    intensity: Any = quantity("Share saved of the time for permits and local opposition", "1", 0, 1, default=0.5)
    sites: Any = quantity("Share of new refining capacity that finds a site ready", "1", 0, 1, default=0)
    labels = {
        "intensity": {"en": "Permit time saved", "nl": "Bespaarde vergunningstijd"},
        "sites": {"en": "Refining on allocated sites", "nl": "Raffinage op aangewezen locaties"},
    }
    texts = {
        "what": {
            "en": "Shortens the permits of mines, refineries and recycling plants, with one contact point and a "
            "deadline, and sets land with services aside for refining.",
            "nl": "Verkort de vergunningverlening voor mijnen, raffinaderijen en recyclingfabrieken, met één loket en "
            "een termijn, en wijst bouwrijpe locaties voor raffinage aan.",
        },
        "how": {
            "en": "Part of the lead time of a project goes to permits and local opposition; the instrument takes a "
            "share off that part. Projects decided on while it is in force open earlier, and so do recycling plants "
            "founded then. New refining that finds a site ready takes as long as an extension. Debottlenecking needs "
            "no permit. Of several governments the one that goes furthest counts.",
            "nl": "Een deel van de doorlooptijd van een project gaat naar vergunningen en plaatselijk verzet; het "
            "instrument neemt daar een deel van af. Projecten waartoe in die tijd wordt besloten gaan eerder open, en "
            "recyclingfabrieken die dan worden opgericht ook. Nieuwe raffinage op een bouwrijpe locatie duurt even "
            "lang als een uitbreiding. Voor het wegnemen van knelpunten is geen vergunning nodig. Van meerdere "
            "overheden telt wie het verst gaat.",
        },
        "watch": {
            "en": "It makes projects quicker, not profitable: where the price does not pay for a mine, nothing opens "
            "sooner. Years pass before a mine notices. The staff that permits need and the risk of careless permits "
            "are not in the model.",
            "nl": "Het maakt projecten sneller, niet winstgevend: waar de prijs een mijn niet betaalt, gaat niets "
            "eerder open. Bij een mijn duurt het jaren voor dat te merken is. De mensen die vergunningen verlenen en "
            "het risico van onzorgvuldige vergunningen zitten niet in het model.",
        },
        "source": {
            "en": "Regulation (EU) 2024/1252 (Critical Raw Materials Act), Article 11: permits for strategic projects "
            "within 27 months for extraction and 15 for processing and recycling. The share saved is an assumption.",
            "nl": "Verordening (EU) 2024/1252 (kritieke grondstoffen), artikel 11: vergunningen voor strategische "
            "projecten binnen 27 maanden voor winning en 15 voor verwerking en recycling. De besparing is een aanname.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Shares of permit time saved for mines and refineries, of building time of recycling plants, and sites."""
        both_stages = np.ones((1, 2, 1)) * self.materials
        leaves = self.leaves[:, None, None]
        recycling = self.intensity * config.recyclers.permit_share
        return {
            "primary_permits": leaves * both_stages * self.intensity,
            "site_allocation": leaves * both_stages * self.sites,
            "recycling_permits": self.in_leaves(recycling * self.streams),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Nothing is paid."""
