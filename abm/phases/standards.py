"""Product standards: what law asks of goods put on the market, which goods meet it, and who pays for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import CIRCULAR as CIRCULAR_MAKER
from abm.agents.firms import LINEAR as LINEAR_MAKER
from abm.agents.household_flows import Protection
from abm.markets.products import CIRCULAR, LINEAR, USED

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
# What goods have for good when they are sold while a rule asks it; levers of the same name.
TRAITS = ("durability", "repairability", "dismantling", "taken_apart", "sorting", "assurance")
AT_END_OF_LIFE = ("dismantling", "taken_apart", "sorting")
OWNERS = 3  # households, business and government


class Standards:
    """Goods keep what law asked of them when they were sold; makers and importers pay for it and pass it on.

    Attributes
    ----------
    traits
        For each trait that a rule has asked for: its size by month of sale and product (T, P), 0 to 1.
    liability
        Months for which producers answer for goods beyond the legal guarantee, by month of sale (T, P, L).
    charge
        EUR per product (P,) that makers and importers owe dealers for repairs under longer warranty.
    import_cost
        EUR per product (P,) that requirements add to the cost of imported goods, the charge included.
    saving
        Share saved of the price of a repair (P, L).

    All of them are None, or empty, until a rule asks for them.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        products, firms = model.config.products, model.config.firms
        self.shape = (model.months + 1, len(products))
        self.longer_life = np.asarray(products.circular_life) - 1.0
        # What circular design costs a home maker and an importer more per product (P,), EUR.
        self.design_cost = np.asarray(products.circular_premium) * np.asarray(products.price) / (1.0 + firms.markup)
        self.design_cost_abroad = self.design_cost * (1.0 + firms.markup) * np.asarray(products.import_cost_ratio)
        first_use = np.minimum(np.asarray(products.lifetime), np.asarray(products.upgrade))
        self.first_use = np.rint(12.0 * first_use).astype(np.int64)  # months after which goods are sold on (P,)
        self.traits: dict[str, Array] = {}
        self.returned: dict[str, Array] = {}  # of what households hand in (P,), smoothed over a year
        self.liability: Array | None = None
        self.charge: Array | None = None
        self.import_cost: Array | None = None
        self.saving: Array | None = None
        self.life_known: tuple[Array, Array] | None = None

    # ------------------------------------------------------------------ what is asked this month
    def heed(self) -> None:
        """Take up what law asks this month of goods, their makers and those who repair them."""
        rules, month = self.model.rules, self.model.month
        for name in TRAITS:
            if rules.in_force(name):
                self.traits.setdefault(name, np.zeros(self.shape))[month] = rules[name]
        if rules.in_force("warranty"):
            if self.liability is None:
                self.liability = np.zeros((*self.shape, len(self.model.config.leaves)))
            self.liability[month] = rules.warranty.T
        self.saving = rules.repair_saving.T if rules.in_force("repair_saving") else None
        self._bill_producers(rules)
        self._protect_households(rules)
        if "durability" in self.traits:
            self._lengthen_life()

    def _bill_producers(self, rules: Any) -> None:
        """What requirements cost makers and importers per product, the mean over leaves by households."""
        firms = self.model.firms
        firms.added_cost = firms.owed_per_unit = self.import_cost = None
        asked = rules.in_force("product_cost") or rules.in_force("design_cost")
        if not asked and self.charge is None:
            return
        share = self.model.settlement.household_share
        of_all, of_linear = share @ rules.product_cost, rules.design_cost
        owed = np.zeros(self.shape[1]) if self.charge is None else self.charge
        makes, linear = firms.kind <= CIRCULAR_MAKER, firms.kind == LINEAR_MAKER
        added = of_all[firms.product] + linear * (of_linear * self.design_cost)[firms.product]
        firms.added_cost, firms.owed_per_unit = added * makes, owed[firms.product] * makes
        self.import_cost = of_all + of_linear * self.design_cost_abroad + owed

    def _protect_households(self, rules: Any) -> None:
        """Tell households what can be repaired, what is repaired for them, and which used goods they can trust."""
        people = self.model.households
        people.protection = None
        vintage, trusted = self.traits.get("repairability"), self.traits.get("assurance")
        access = rules.in_force("repair_access")
        if not (access or vintage is not None or trusted is not None or self.liability is not None):
            return
        product, leaf = people.segment_product, people.segment_leaf
        people.protection = Protection(
            first_use=self.first_use[product],
            access=rules.repair_access[leaf, product] if access else None,
            vintage=None if vintage is None else vintage[:, product],
            liability=None if self.liability is None else self.liability[:, product, leaf],
            assurance=None if trusted is None else self._when_new(trusted)[product],
        )

    def _when_new(self, trait: Array) -> Array:
        """Trait (P,) of goods that come to be sold second-hand this month: that of one first use ago."""
        sold = self.model.month - self.first_use
        return np.where(sold >= 0, trait[np.maximum(sold, 0), np.arange(self.shape[1])], 0.0)

    def _lengthen_life(self) -> None:
        """New linear goods, and used goods that were sold as such, last longer."""
        trait, trade = self.traits["durability"], self.model.product_trade
        now, before = trait[self.model.month], self._when_new(trait)
        known = self.life_known
        if known is not None and (known[0] == now).all() and (known[1] == before).all():
            return
        self.life_known = now.copy(), before
        trade.lengthen_life(1.0 + now * self.longer_life, 1.0 + before * self.longer_life)

    # ------------------------------------------------------------------ warranty
    def note_warranty(self, cost: Array, sold: Array) -> None:
        """Charge producers what repairs under warranty cost dealers (P,), EUR, per product sold (P,); over a year."""
        if self.charge is None:
            self.warranty_cost, self.sold = np.zeros(self.shape[1]), sold.copy()
        self.warranty_cost += (cost - self.warranty_cost) / 12.0
        self.sold += (sold - self.sold) / 12.0
        self.charge = self.warranty_cost / np.where(self.sold > 0.0, self.sold, np.inf)

    # ------------------------------------------------------------------ end of life
    def note_returned(self, discarded: Any) -> None:
        """Smooth what goods handed in by households have of each trait (P,), as design is."""
        count, weight, product = self.shape[1], discarded.returned_weight, discarded.returned_product
        total = np.bincount(product, weight, count)
        for name in AT_END_OF_LIFE:
            if name in self.traits:
                trait = self.of_items(name, product, discarded.returned_bought, discarded.returned_kind)
                known = self.returned.setdefault(name, np.zeros(count))
                mean = np.bincount(product, weight * trait, count) / np.where(total > 0.0, total, 1.0)
                known += (total > 0.0) * (mean - known) / 12.0

    def of_items(self, name: str, product: Rows, bought: Rows, kind: Rows) -> Array:
        """Trait (n,) of goods of a product, month bought and kind (n,) each; circular ones are easy to dismantle."""
        sold = bought.astype(np.int64) - (kind == USED) * self.first_use[product]
        trait = np.where(sold >= 0, self.traits[name][np.maximum(sold, 0), product], 0.0)
        return np.where(kind >= CIRCULAR, 1.0, trait) if name == "dismantling" else trait

    def at_end_of_life(self, name: str, design: Array) -> Array | None:
        """Trait (owners, P) of what is handed in this month; None if no rule has asked for it.

        `design` (P,) is the share of circular design, which stands for that of business and government too.
        """
        if name not in self.returned:
            return None
        trait = np.empty((OWNERS, self.shape[1]))
        trait[0] = self.returned[name]
        trait[1:] = self.model.business.trait_of_failing(self.model.month, self.traits[name])
        if name == "dismantling":
            trait[1:] += design * (1.0 - trait[1:])
        return trait


def life_of(usual: Array, linear: Array, used: Array) -> Array:
    """Lives (P, L, 6) with those of linear and used goods multiplied by factors (P,) each; read-only."""
    life = usual.copy()
    life[..., LINEAR] *= linear[:, None]
    life[..., USED] *= used[:, None]
    life.flags.writeable = False
    return life
