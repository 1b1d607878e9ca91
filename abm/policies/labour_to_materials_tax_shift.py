"""Tax shift from labour to materials."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import IN_FORCE, Instrument, InstrumentUse
from abm.rules import Activity, Rules

Array = NDArray[np.float64]


class LabourToMaterialsTaxShift(Instrument):
    name = "labour_to_materials_tax_shift"
    title = {
        "en": "Tax shift from labour to materials",
        "nl": "Verschuiving van belasting van arbeid naar grondstoffen",
    }
    phase = "design"
    level = ("national",)
    scopes = ("materials",)
    spends = False
    intensity: Any = quantity("Levy on primary material over its price at the start", "1", 0, 5, default=0.2)
    limit: Any = quantity("Largest share of the cost of technical work that is relieved", "1", 0, 0.5, default=0.3)
    labels = {
        "intensity": {"en": "Levy on primary material", "nl": "Heffing op primair materiaal"},
        "limit": {"en": "Relief at most", "nl": "Verlichting hoogstens"},
    }
    texts = {
        "what": {
            "en": "Taxes primary material that makers use, and gives the revenue back as lower tax on technical work.",
            "nl": "Belast primair materiaal dat makers gebruiken en geeft de opbrengst terug als lagere belasting op "
            "technisch werk.",
        },
        "how": {
            "en": "The levy is the one of the levy on primary material, without border adjustment, which a country "
            "cannot have. Every January the relief is set to what the levy yielded over what technical work cost, in "
            "the months of the year before in which the levy was in force: at that rate a year's relief costs what a "
            "year's levy yields, one year later. In the first calendar year there is none. It lowers what "
            "making, refurbishing, repairing, running services and recycling pay for work; half of a repair bill is "
            "work. Employers pay the wage less the relief, and government, which forgoes the tax, the rest, so that "
            "workers earn the same.",
            "nl": "De heffing is die op primair materiaal, zonder grenscorrectie, die een land niet kan invoeren. Elke "
            "januari wordt de verlichting gezet op wat de heffing opbracht, gedeeld door wat technisch werk kostte, in "
            "de maanden van het jaar ervoor waarin zij gold: tegen dat tarief kost een jaar verlichting wat een jaar "
            "heffing opbrengt, een jaar later. In het eerste kalenderjaar is er geen. Zij verlaagt wat maken, "
            "refurbishen, repareren, diensten verlenen en recyclen voor werk betalen; van een reparatierekening is de "
            "helft werk. Werkgevers betalen het loon min de verlichting en de overheid, die de belasting misloopt, de "
            "rest, zodat werkenden hetzelfde verdienen.",
        },
        "watch": {
            "en": "Materials are a small part of the cost of most goods and work a large one: a high levy buys a small "
            "relief. The levy hits makers of components most, the relief whoever employs people. Without border "
            "adjustment imported goods escape the levy. As makers buy less primary material the relief shrinks.",
            "nl": "Materialen zijn van de meeste goederen een klein deel van de kosten en werk een groot: een hoge "
            "heffing geeft een kleine verlichting. De heffing treft vooral makers van onderdelen, de verlichting helpt "
            "wie mensen in dienst heeft. Zonder grenscorrectie ontspringen ingevoerde goederen de heffing. Kopen "
            "makers minder primair materiaal, dan slinkt de verlichting.",
        },
        "source": {
            "en": "The Ex'tax Project, New era. New plan (2014) and its Dutch and European studies (recalled, not "
            "re-read); P. Söderholm, Resources, Conservation and Recycling 55 (2011) 911–922 on taxes on virgin "
            "resources. The suggested height and the share of work in a repair are assumptions.",
            "nl": "The Ex'tax Project, New era. New plan (2014) en de Nederlandse en Europese studies daarvan (uit het "
            "hoofd, niet nagelezen); P. Söderholm, Resources, Conservation and Recycling 55 (2011) 911–922 over "
            "belasting op primaire grondstoffen. De voorgestelde hoogte en het deel werk in een reparatie zijn "
            "aannames.",
        },
    }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self.relief: Array = np.zeros(len(self.leaves))
        self.yielded = self.worked = 0.0  # EUR this calendar year: revenue, and cost of technical work before relief

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The levy in EUR/kg; the relief follows from what it yields."""
        return {"primary_levy": self.in_leaves(self.intensity * config.materials.price * self.materials)}

    def announce(self, rules: Rules, month: int) -> None:
        """Write the levy, and in January set the relief that last year's revenue pays for."""
        super().announce(rules, month)
        if month % 12 == 0:
            rate = min(self.yielded / self.worked, self.limit) if self.worked > 0.0 else 0.0
            self.relief = self.leaves.astype(np.float64) * rate
            self.relief.flags.writeable = False
            self.yielded = self.worked = 0.0
        if self.status == IN_FORCE:
            rules.write("labour_relief", self.index, self.relief)

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Collect the levy from makers; pay those who work, or their employers in repair, what relief takes off."""
        if self.intensity == 0.0 or self.status != IN_FORCE:
            return
        owed = activity.primary_bought * self.own("primary_levy")[activity.maker_leaf]
        self.collect(books, "levies", activity.maker_account, owed.sum(axis=1))
        work = activity.technical_work / (1.0 - self.rules.labour_relief)
        relief = self.own("labour_relief")
        self.pay(books, "labour_relief", activity.household_account, work * relief)
        repairers = activity.domestic_account.repeat(len(relief))
        self.pay(books, "labour_relief", repairers, activity.repair_work * relief)
        self.yielded += float(np.add.reduce(owed, axis=None))
        self.worked += float(np.add.reduce((work + activity.repair_work) * self.leaves))
