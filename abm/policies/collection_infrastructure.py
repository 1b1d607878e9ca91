"""Collection infrastructure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class CollectionInfrastructure(Instrument):
    name = "collection_infrastructure"
    title = {"en": "Collection infrastructure", "nl": "Inzamelvoorzieningen"}
    phase = "end_of_life"
    level = ("national", "regional")
    scopes = ()
    intensity: Any = quantity(
        "Share closed of the gap between present convenience and handing in without any effort", "1", 0, 1, default=0.3
    )
    cost: Any = quantity("Cost for each household in the area", "EUR/yr", 0, 100, default=3.0)
    labels = {
        "intensity": {"en": "Gap in convenience closed", "nl": "Gedicht gat in gemak"},
        "cost": {"en": "Cost per household", "nl": "Kosten per huishouden"},
    }
    texts = {
        "what": {
            "en": "Brings collection points nearer, in shops, streets and at the door, so that handing in costs less "
            "effort.",
            "nl": "Brengt inzamelpunten dichterbij, in winkels, in de straat en aan de deur, zodat inleveren minder "
            "moeite kost.",
        },
        "how": {
            "en": "Households weigh attitude, neighbours and effort when they part with a product; less effort turns "
            "drawers and bins into returns. The programme costs a fixed sum for each household in the area. Of "
            "several governments the one that goes furthest counts.",
            "nl": "Huishoudens wegen houding, buren en moeite als zij een product wegdoen; minder moeite maakt van "
            "laden en vuilnisbakken inlevering. Het programma kost een vast bedrag per huishouden in het "
            "gebied. Van meerdere overheden telt wie het verst gaat.",
        },
        "watch": {
            "en": "It moves small electronics most; cars and large appliances are handed in anyway. More scrap lowers "
            "its price, which helps recyclers and costs those who now get paid for it.",
            "nl": "Vooral kleine elektronica beweegt mee; auto's en groot witgoed worden toch al ingeleverd. Meer "
            "schroot verlaagt de prijs ervan; dat helpt recyclers en kost wie er nu voor betaald krijgt.",
        },
        "source": {
            "en": "Containers for e-waste in the street brought in fourteen times as much (Otto and others 2018); "
            "bins work where messages do not (Chong, Karlan and others 2013). Cost assumed.",
            "nl": "Bakken voor e-waste op straat brachten veertien keer zo veel op (Otto en anderen 2018); bakken "
            "werken waar boodschappen dat niet doen (Chong, Karlan en anderen 2013). Kosten aangenomen.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share of the gap in convenience that is closed."""
        return {"collection": self.intensity * self.leaves}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay for the programme, by the number of households that it serves."""
        self.pay_by_household(books, activity, self.cost, month)
