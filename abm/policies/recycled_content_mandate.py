"""Recycled-content mandate with tradable certificates and a buy-out price."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.parameters import quantity
from abm.policies.instrument import IN_FORCE, Instrument
from abm.rules import Activity

Array = NDArray[np.float64]


class RecycledContentMandate(Instrument):
    name = "recycled_content_mandate"
    title = {"en": "Recycled-content mandate", "nl": "Verplicht aandeel recyclaat"}
    phase = "design"
    level = ("union", "national")
    scopes = ("materials", "products")
    steady = ("mandate_buyout", "mandate_imports")
    spends = False
    intensity: Any = quantity("Share of a material in products sold that must be secondary", "1", 0, 1, default=0.15)
    buyout: Any = quantity(
        "Buy-out price of a kilogram short, as a multiple of the price at the start", "1", 0, 10, default=1.0
    )
    imports: Any = quantity(
        "Share of what is recycled abroad that may be counted in imported goods", "1", 0, 1, default=0.0
    )
    labels = {
        "intensity": {"en": "Mandatory share", "nl": "Verplicht aandeel"},
        "buyout": {"en": "Buy-out price", "nl": "Afkoopprijs"},
        "imports": {"en": "Imports that count", "nl": "Invoer die meetelt"},
    }
    texts = {
        "what": {
            "en": "Of each material in the products sold, home-made or imported, a share must be secondary. Whoever "
            "falls short buys certificates from recyclers or pays the buy-out price.",
            "nl": "Van elk materiaal in de verkochte producten, zelf gemaakt of ingevoerd, moet een deel secundair "
            "zijn. Wie tekortschiet, koopt certificaten van recyclers of betaalt de afkoopprijs.",
        },
        "how": {
            "en": "Recyclers earn a certificate per kilogram that is brought to grade at home; what leaves as an "
            "intermediate earns none. Where imports count, suppliers abroad sell what they recycle on the same "
            "market. Dealers must cover the share of the content they sell; the certificate price follows scarcity "
            "and never exceeds the buy-out price, so that the mandate cannot demand what does not exist. Certificates "
            "circulate among the leaves for which the same government's buy-out price is the highest; that "
            "government receives the buy-out.",
            "nl": "Recyclers verdienen een certificaat per kilogram die in eigen land op kwaliteit wordt gebracht; wat "
            "als halffabricaat vertrekt levert er geen op. Waar invoer meetelt, verkopen leveranciers in het "
            "buitenland wat zij recyclen op dezelfde markt. Handelaren moeten het verplichte deel van hun verkochte "
            "inhoud dekken; de certificaatprijs volgt de schaarste en komt nooit boven de afkoopprijs, zodat de "
            "verplichting niet kan vragen wat er niet is. Certificaten zijn verhandelbaar tussen de gebieden waarvoor "
            "de afkoopprijs van dezelfde overheid de hoogste is; die ontvangt de afkoop.",
        },
        "watch": {
            "en": "As long as few goods reach the end of their life, most of the obligation is bought out and the "
            "mandate works as a levy on products. It costs the treasury nothing, but buyers pay. Where imports count, "
            "compliance is cheap and recyclers at home gain little.",
            "nl": "Zolang weinig goederen het einde van hun leven bereiken, wordt het meeste afgekocht en werkt de "
            "verplichting als een heffing op producten. Het kost de schatkist niets, maar kopers wel. Waar invoer "
            "meetelt, is voldoen goedkoop en winnen recyclers hier weinig.",
        },
        "source": {
            "en": "Regulation (EU) 2023/1542 on batteries, Article 8: in 2031 16 % cobalt, 6 % lithium, 6 % nickel; in "
            "2036 26, 12 and 15 %. Certificates with a buy-out price as in the United Kingdom's Renewable Transport "
            "Fuel Obligation.",
            "nl": "Verordening (EU) 2023/1542 inzake batterijen, artikel 8: in 2031 16 % kobalt, 6 % lithium, 6 % "
            "nikkel; in 2036 26, 12 en 15 %. Certificaten met een afkoopprijs zoals in de Renewable Transport Fuel "
            "Obligation van het Verenigd Koninkrijk.",
        },
    }

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """The share for products and materials in scope, the buy-out price, and what counts of recycling abroad."""
        share = self.leaves[:, None, None] * (self.products[:, None] * (self.intensity * self.materials))
        price = self.in_leaves(self.buyout * config.materials.price * self.materials)
        imports = self.in_leaves(self.imports * self.materials)
        return {"recycled_content_mandate": share, "mandate_buyout": price, "mandate_imports": imports}

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Let dealers pay recyclers for certificates and the government for what is short."""
        if self.status != IN_FORCE:  # it has written no lever
            return
        buyout = self.own("mandate_buyout")
        charged = buyout > 0.0
        obliged = activity.certificate_obligation * charged
        if not np.count_nonzero(obliged):
            return
        earned = activity.certificate_earned * charged.take(activity.recycler_leaf, axis=0)
        total_obliged, total_earned = np.add.reduce(obliged), np.add.reduce(earned)
        imported = activity.certificate_imported * _share(total_obliged, np.add.reduce(activity.certificate_obligation))
        supply = total_earned + imported
        bought = obliged * _share(np.minimum(total_obliged, supply), total_obliged)
        due = bought * activity.certificate_price
        _pay_recyclers(activity, books, due @ _share(earned, supply).T)
        _pay_abroad(activity, books, due @ _share(imported, supply))
        self.collect(books, "levies", activity.dealer_account, np.add.reduce((obliged - bought) * buyout, axis=1))


def _share(part: Array, whole: Array) -> Array:
    """Part over whole by material (M,), 0 where there is none."""
    return part / np.where(whole > 0.0, whole, np.inf)


def _pay_recyclers(activity: Activity, books: Any, amounts: Array) -> None:
    """Payments of dealers to recyclers, (L, R) EUR."""
    dealer, recycler = amounts.nonzero()
    payer, payee = activity.dealer_account[dealer], activity.recycler_account[recycler]
    books.pay("certificates", payer, payee, amounts[dealer, recycler])


def _pay_abroad(activity: Activity, books: Any, amounts: Array) -> None:
    """Payments of dealers to suppliers abroad, (L,) EUR."""
    if amounts.any():
        books.pay("certificates", activity.dealer_account, int(activity.abroad_account[0]), amounts)
