"""Export ban, quota or licensing by a state-backed bloc."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from abm.conditions import Conditions
from abm.parameters import quantity
from abm.shocks.shock import Shock, ShockUse, active_blocs, chosen


class ExportRestriction(Shock):
    name = "export_restriction"
    title = {"en": "Export restriction", "nl": "Exportbeperking"}
    scopes = ("materials", "components", "bloc")
    severity: Any = quantity("Share of normal exports that is withheld", "1", 0, 1, default=0.6)
    extraction: Any = quantity("1 if concentrate is restricted", "1", 0, 1, default=0)
    refining: Any = quantity("1 if refined material is restricted", "1", 0, 1, default=1)
    queue: Any = quantity("Months until the first licences, in which nothing leaves", "month", 0, 12, default=0)
    labels = {
        "severity": {"en": "Share withheld", "nl": "Ingehouden deel"},
        "extraction": {"en": "Concentrate", "nl": "Concentraat"},
        "refining": {"en": "Refined material", "nl": "Geraffineerd materiaal"},
        "queue": {"en": "Months without licences", "nl": "Maanden zonder vergunningen"},
    }
    texts = {
        "what": {
            "en": "A state-backed bloc lets out less of a material than it used to: a ban, a quota or licences.",
            "nl": "Een staatsgesteund blok laat minder van een materiaal uit dan gewoonlijk: een verbod, een quotum "
            "of vergunningen.",
        },
        "how": {
            "en": "A ban withholds everything, a quota a share; licences nothing but what is granted, the first after "
            "some months in which nothing leaves. Exports are limited to what is left of their normal level, "
            "per stage of the chain; components named in the scenario are limited likewise. Outside, the price "
            "leaves the price inside; part of the difference goes to those who hold licences and part leaks out "
            "by smuggling.",
            "nl": "Een verbod houdt alles in, een quotum een deel; bij vergunningen gaat alleen uit wat is "
            "toegestaan, het eerste na enkele maanden waarin niets vertrekt. De uitvoer wordt beperkt tot wat "
            "er van het normale niveau overblijft, per schakel van de keten; in het scenario genoemde "
            "componenten eveneens. Buiten komt de prijs los van de prijs binnen; een deel van het verschil gaat "
            "naar wie een vergunning heeft, een deel lekt weg door smokkel.",
        },
        "watch": {
            "en": "A limit that starts to bind only slowly leaves time to fill stocks. Where components are not "
            "restricted, material keeps coming in inside them.",
            "nl": "Een grens die pas langzaam gaat knellen, laat tijd om voorraden aan te leggen. Waar componenten "
            "niet beperkt zijn, blijft materiaal daarin binnenkomen.",
        },
        "source": {
            "en": "China's export quota for rare earths: 50,145 t in 2009, 30,258 t in 2010, abolished in January "
            "2015. Licences since 2023: exports to zero in the first month, 50–90 % lower for three to six "
            "months.",
            "nl": "Exportquotum van China voor zeldzame aarden: 50.145 t in 2009, 30.258 t in 2010, afgeschaft in "
            "januari 2015. Vergunningen sinds 2023: uitvoer naar nul in de eerste maand, 50–90 % lager "
            "gedurende drie tot zes maanden.",
        },
    }

    def __init__(self, use: ShockUse, config: Any, streams: Any = None, ordinal: int = 0) -> None:
        super().__init__(use, config, streams, ordinal)
        blocs, stages = active_blocs(config, use.bloc), np.array([self.extraction, self.refining])
        self.weight = blocs[:, None, None] * np.outer(stages, self.materials)
        named = chosen(config.components, use.components or (), "components")
        self.component_weight = np.outer(blocs, named).astype(float)

    def strike(self, conditions: Conditions, month: int) -> None:
        """Withhold everything as long as no licence has been granted, then the share."""
        level = self.level(month)
        if level > 0.0:
            waits = any(0 <= month - episode.start < self.queue for episode in self.episodes(month))
            self.impose(conditions, 1.0 if waits else level)

    def impose(self, conditions: Conditions, level: float) -> None:
        """Limit exports to what is not withheld; a stage of weight 0 has no limit."""
        for name, weight in (("export_share", self.weight), ("component_export_share", self.component_weight)):
            conditions.write(name, np.where(weight > 0.0, 1.0 - level * weight, math.inf))
