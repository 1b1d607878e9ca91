"""Import tariff or anti-dumping duty on refined material, components or finished goods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import Instrument
from abm.rules import GROUNDS, Activity

Array = NDArray[np.float64]
ORIGIN, DUMPING = range(len(GROUNDS))


class ImportDuty(Instrument):
    name = "import_duty"
    title = {"en": "Import duty", "nl": "Invoerheffing"}
    phase = "extraction"
    level = ("union",)
    scopes = ("materials", "products")
    spends = False
    steady = ("duty_inquiry",)
    intensity: Any = quantity("Duty as a share of the import value", "1", 0, 2, default=0.2)
    refined: Any = quantity("Part of the duty that refined material pays", "1", 0, 1, default=1)
    components: Any = quantity("Part of the duty that components pay", "1", 0, 1, default=1)
    goods: Any = quantity("Part of the duty that finished goods with the material in them pay", "1", 0, 1, default=0)
    state_backed: Any = quantity("1 if only goods from state-backed blocs pay", "1", 0, 1, default=0)
    dumped: Any = quantity("1 if goods pay only while they are dumped", "1", 0, 1, default=0)
    inquiry: Any = quantity("Months of dumping before goods that are dumped pay", "month", 0, 36, default=8)
    labels = {
        "intensity": {"en": "Duty over value", "nl": "Heffing ten opzichte van de waarde"},
        "refined": {"en": "On refined material", "nl": "Op geraffineerd materiaal"},
        "components": {"en": "On components", "nl": "Op componenten"},
        "goods": {"en": "On finished goods", "nl": "Op eindproducten"},
        "state_backed": {"en": "State-backed blocs only", "nl": "Alleen staatsgesteunde blokken"},
        "dumped": {"en": "Only while dumped", "nl": "Alleen bij dumping"},
        "inquiry": {"en": "Length of the inquiry", "nl": "Duur van het onderzoek"},
    }
    texts = {
        "what": {
            "en": "Charges goods at the border of the union, by their value: a tariff on all that comes from abroad, "
            "or an anti-dumping duty on what a state-backed bloc sells under cost.",
            "nl": "Belast goederen aan de grens van de unie naar hun waarde: een tarief op alles wat van elders komt, "
            "of een antidumpingheffing op wat een staatsgesteund blok onder de kostprijs verkoopt.",
        },
        "how": {
            "en": "Buyers at home pay the duty on top of the price and the government of the union receives it. They "
            "turn to origins that pay no duty as far as these can deliver. A duty on refined material parts the home "
            "price from the price outside: refineries and recyclers at home sell under its umbrella, makers pay "
            "more. Components and products choose their origin on prices with the duty. A state-backed bloc may "
            "retaliate, also against a duty that is only announced.",
            "nl": "Kopers in eigen land betalen de heffing boven op de prijs en de overheid van de unie ontvangt haar. "
            "Zij wijken uit naar herkomsten zonder heffing, voor zover die kunnen leveren. Een heffing op "
            "geraffineerd materiaal maakt de prijs binnen los van die buiten: raffinaderijen en recyclers in eigen "
            "land verkopen onder haar paraplu, makers betalen meer. Componenten en producten kiezen hun herkomst op "
            "prijzen met de heffing. Een staatsgesteund blok kan vergelden, ook als de heffing pas is aangekondigd.",
        },
        "watch": {
            "en": "A duty on material alone makes imported components and products the cheaper way in, and makers may "
            "leave. It protects only as far as there is something at home to protect. Whether it provokes a "
            "restriction that costs more than it brings in depends on the leverage that the other side holds.",
            "nl": "Een heffing op materiaal alleen maakt ingevoerde componenten en producten tot de goedkopere weg "
            "naar binnen, en makers kunnen vertrekken. Zij beschermt alleen voor zover er in eigen land iets te "
            "beschermen is. Of zij een beperking uitlokt die meer kost dan zij "
            "opbrengt, hangt af van de macht van de ander.",
        },
        "source": {
            "en": "Regulation (EU) 2016/1036 on dumped imports: provisional duties within eight months of the start of "
            "an inquiry, the suggested length here; Regulation (EU) 2024/2754: countervailing duties of 7.8 to 35.3 % "
            "on battery-electric cars from China. Tariffs are the competence of the union: article 3 of the Treaty on "
            "the Functioning of the EU. The suggested height is an assumption.",
            "nl": "Verordening (EU) 2016/1036 over invoer met dumping: voorlopige rechten binnen acht maanden na het "
            "begin van een onderzoek, de hier voorgestelde duur; Verordening (EU) 2024/2754: compenserende rechten van "
            "7,8 tot 35,3 % op batterij-elektrische auto's uit China. Tarieven zijn de bevoegdheid van de unie: "
            "artikel 3 van het Verdrag betreffende de werking van de EU. De voorgestelde hoogte is een aanname.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Duties by ground, leaf below the government and origin, on materials and on products with them inside."""
        table = config.jurisdictions
        origins = ~np.asarray(table.domestic, dtype=bool)
        if self.state_backed:
            origins &= np.asarray(table.state_backed, dtype=bool)
        grounds = np.arange(len(GROUNDS)) == (DUMPING if self.dumped else ORIGIN)
        where = np.multiply.outer(grounds, np.multiply.outer(self.leaves, origins)) * self.intensity
        return {
            "material_duty": np.multiply.outer(where * self.refined, self.materials),
            "component_duty": np.multiply.outer(where * self.components, self.materials),
            "product_duty": np.multiply.outer(where * self.goods, self.products_with_it(config)),
            "duty_inquiry": self.leaves * float(self.inquiry * self.dumped),
        }

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Collect the duty from makers for material and components, and from dealers for products."""
        for account, owed in self.dues_by_origin(activity):
            self.collect(books, "levies", account, owed)
