"""Obligation of makers and importers to hold stocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.policies.instrument import InstrumentUse
from abm.policies.stockpile import Payment, PrivateStockpile
from abm.rules import Activity, Rows, Rules

Array = NDArray[np.float64]
YEAR = 12.0  # months over which use is smoothed and a loss is recovered


class StockholdingObligation(PrivateStockpile):
    name = "stockholding_obligation"
    title = {"en": "Stockholding obligation", "nl": "Voorraadplicht"}
    spends = False
    texts = {
        "what": {
            "en": "Obliges makers and importers to hold some months of their use of primary material together, at "
            "their own cost, and to release it when the government declares a shortage.",
            "nl": "Verplicht makers en importeurs om samen, op eigen kosten, enkele maanden van hun gebruik van "
            "primair materiaal aan te houden en dat vrij te geven wanneer de overheid een tekort vaststelt.",
        },
        "how": {
            "en": "An agency of those obliged borrows what it pays for material, and they pay it interest, storage and "
            "any loss by each kilogram of primary material that they buy or import, which enters their prices. It buys "
            "evenly up to the target, as long as neither price nor restriction stops it, and releases by the same "
            "rules as a public stockpile. What a release brings beyond the cost lowers later dues. When the obligation "
            "ends, the stock is sold off and dues go on until the loans are repaid; what is left goes to the members. "
            "Obligations of several governments add up.",
            "nl": "Een organisatie van de verplichte bedrijven leent wat zij voor materiaal betaalt, en zij betalen "
            "haar rente, opslag en een eventueel verlies per kilogram primair materiaal die zij kopen of invoeren, wat "
            "in hun prijzen terechtkomt. Zij koopt gelijkmatig tot het doel, zolang prijs noch beperking haar "
            "tegenhoudt, en geeft vrij volgens dezelfde regels als een publieke voorraad. Wat vrijgave boven de kosten "
            "opbrengt, verlaagt latere bijdragen. Eindigt de plicht, dan wordt de voorraad verkocht en lopen de "
            "bijdragen door tot de leningen zijn afgelost; wat overblijft gaat naar de leden. Verplichtingen van "
            "meerdere overheden tellen op.",
        },
        "watch": {
            "en": "It costs the treasury nothing and makers something: goods get a little dearer than those of makers "
            "abroad, except where they are imported. Set up during a shortage it makes the shortage worse. Firms may "
            "hold less of their own; in the model they do not.",
            "nl": "Het kost de schatkist niets en makers wel iets: hun goederen worden iets duurder dan die van makers "
            "elders, behalve waar die worden ingevoerd. Opgelegd tijdens een tekort vergroot zij het tekort. Bedrijven "
            "kunnen zelf minder gaan aanhouden; in het model doen zij dat niet.",
        },
        "source": {
            "en": "Council Directive 2009/119/EC on stocks of oil, Articles 7 and 8: obligations may be delegated to a "
            "central stockholding entity. Germany's Erdölbevorratungsverband finances its stocks by loans and its "
            "members pay its costs (ebv-oil.org). The ministerial note on stockpiling names a private form. Rules of "
            "buying and release and the cost of storage are assumptions.",
            "nl": "Richtlijn 2009/119/EG over olievoorraden, artikelen 7 en 8: de verplichting kan naar een centrale "
            "voorraadentiteit. Het Duitse Erdölbevorratungsverband financiert zijn voorraden met leningen en zijn "
            "leden betalen de kosten (ebv-oil.org). De beslisnota over voorraadvorming noemt een private vorm. De "
            "regels voor in- en verkoop en de opslagkosten zijn aannames.",
        },
    }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        super().__init__(use, config)
        self.use, self.rate = np.zeros((2, len(self.materials)))  # of primary material, kg/month; dues, EUR/kg
        self.weight = self.materials / max(float(np.add.reduce(self.materials)), 1.0)  # of dues by material

    def announce(self, rules: Rules, month: int) -> None:
        """Let those obliged know what each kilogram of primary material costs them in dues."""
        super().announce(rules, month)
        if self.agency >= 0 and self.rate.any():
            dues = self.in_leaves(self.rate)
            rules.write("primary_levy", self.index, dues)
            rules.write("import_levy", self.index, dues)

    def public_part(self) -> float:
        """The government buys nothing."""
        return 0.0

    def share_out(self, bought: Array, released: Array, price: Array) -> list[Payment]:
        """The agency pays for what was bought and gets what was released."""
        self.remember(bought, released, price)
        return [self.note_own(bought, released, price)]

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Members pay their dues to the agency, which pays for holding the stock; next month's dues follow."""
        if self.agency < 0:
            return
        self._collect_dues(activity, books)
        cost = self.service_loans(activity, books, activity.price_outside)
        kilograms = self._use_by_member(activity)
        now = np.add.reduce([kilograms_used.sum(axis=0) for _, kilograms_used in kilograms])
        self.use += (now - self.use) / (YEAR if self.use.any() else 1.0)
        self._set_dues(cost, books)
        if self.status == "ended" and not self.own_stock.any():
            self._pay_out(kilograms, books)

    def _collect_dues(self, activity: Activity, books: Any) -> None:
        owed = (activity.primary_bought * self.own("primary_levy")[activity.maker_leaf]).sum(axis=1)
        for account, dues in [(activity.maker_account, owed), *self.dues_at_border(activity)]:
            books.pay("levies", account, self.agency, dues)

    def _use_by_member(self, activity: Activity) -> list[tuple[Rows, Array]]:
        """Primary material that makers and importers below its government bought or imported (n, M), kg."""
        below = self.leaves[activity.maker_leaf][:, None]
        makers = (activity.primary_bought + activity.imported_component_content) * below
        dealers = activity.imported_primary_content.sum(axis=0) * self.leaves[:, None]
        return [(activity.maker_account, makers), (activity.dealer_account, dealers)]

    def _set_dues(self, cost: float, books: Any) -> None:
        """Dues (M,) that pay the cost of a month (EUR) and, over a year, what the stock does not cover of the debt."""
        held = float(np.add.reduce(self.cost))
        uncovered = float(books.debt[self.agency] - books.cash[self.agency]) - held
        due = max(cost + uncovered / YEAR, 0.0)
        if held > 0.0:
            self.weight = self.cost / held
        self.rate = due * self.weight / np.where(self.use > 0.0, self.use, np.inf)

    def _pay_out(self, kilograms: list[tuple[Rows, Array]], books: Any) -> None:
        """Give members back what the agency has left once its stock is gone and its loans are repaid."""
        books.repay(self.agency, min(float(books.debt[self.agency]), max(float(books.cash[self.agency]), 0.0)))
        left = float(books.cash[self.agency])
        whole = sum(float((used @ self.weight).sum()) for _, used in kilograms)
        if books.debt[self.agency] > 0.0 or left <= 0.0 or whole <= 0.0:
            return
        for account, used in kilograms:
            books.pay("dividends", self.agency, account, left * (used @ self.weight) / whole)
