"""What state-backed blocs did, to what, and what it cost or earned: one row per bloc, month and good."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.state_backed import NORMAL, REGIMES

Array = NDArray[np.float64]
EXTRACTION, REFINING, OUTSIDE = 0, 1, 0
WITHHOLDS = ("restrict", "retaliate")
NOTABLE = 1e4  # EUR in a month: less is the rounding of trade that is as good as free


class Deeds:
    """Notes every good with which a bloc does something; reads the model and changes nothing in it."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.rows: list[dict[str, Any]] = []

    def write(self) -> None:
        """Note the month."""
        if not self.model.event_log.enabled:
            return
        for bloc in self.model.blocs:
            if not bloc.calm:
                self._materials(bloc)
            if not bloc.calm or self.model.conditions.struck("component_export_share"):
                self._withheld_components(bloc)
            if bloc.off_goods is not None:
                self._products(bloc)
            if bloc.off_components is not None:
                self._components(bloc)

    def _note(self, bloc: Any, kind: str, good: str, unit: str, **values: Any) -> None:
        told = {"regime": "", "reason": "", "withheld": 0.0, "sold_under_cost": 0.0, "rents": 0.0} | values
        self.rows.append(
            {"month": self.model.month, "bloc": bloc.name, "kind": kind, "good": good, "unit": unit} | told
        )

    def _materials(self, bloc: Any) -> None:
        model, price = self.model, self.model.materials.price[REFINING]
        refined = model.materials_trade.cleared
        purse, rents = self._settled(bloc)
        under_cost = np.where(refined.rent[bloc.number] < 0.0, np.maximum(refined.exports[bloc.number], 0.0), 0.0)
        withheld = bloc.withholding(REFINING)
        for m in ((bloc.regime != NORMAL) | (purse > NOTABLE) | (rents > NOTABLE)).nonzero()[0].tolist():
            acts = bloc.regime[m] != NORMAL
            self._note(
                bloc,
                "material",
                model.config.materials.ids[m],
                "kg",
                regime=REGIMES[bloc.regime[m]],
                reason=bloc.reason[m] if acts else "",
                withheld=float(withheld[m]),
                sold_under_cost=float(under_cost[m]) * acts,
                price_inside=float(price[1 + bloc.number, m]),
                price_outside=float(price[OUTSIDE, m]),
                purse=float(purse[m]),
                rents=float(rents[m]),
            )

    def _settled(self, bloc: Any) -> tuple[Array, Array]:
        """What the state paid on account of each material, its producers' losses included, and the rents (M,), EUR."""
        trade, producers = self.model.materials_trade, self.model.producers
        purse, rents = np.zeros((2, len(bloc.regime)))
        for cleared in (trade.cleared_concentrate, trade.cleared):
            sold, rent = np.maximum(cleared.exports[bloc.number], 0.0), cleared.rent[bloc.number]
            purse += sold * np.maximum(-rent, 0.0)
            rents += sold * np.maximum(rent, 0.0)
        if producers.supported is not None:
            own = producers.side == 1 + bloc.number
            purse += np.bincount(producers.main[own], producers.supported[own], len(purse))
        return purse, rents

    def _products(self, bloc: Any) -> None:
        """Products sold under price; inside stands what exporters earn, outside what buyers abroad pay."""
        sales = self.model.product_trade
        own = sales.origins == bloc.jurisdiction
        if not own.any():
            return
        discount = sales.discount[:, own][:, 0]
        full = sales.given[:, own][:, 0] / np.where(discount > 0.0, discount, 1.0)
        for p in (bloc.off_goods > 0.0).nonzero()[0].tolist():
            self._note(
                bloc,
                "product",
                self.model.config.products.ids[p],
                "1",
                regime="flood",
                reason=self._why_goods(bloc, bloc.made_of[p]),
                sold_under_cost=float(sales.import_units[p, own].sum()),
                price_inside=float(full[p]),
                price_outside=float(full[p] * (1.0 - bloc.off_goods[p])),
                purse=float(bloc.goods_cost[p]),
            )

    def _withheld_components(self, bloc: Any) -> None:
        """Components that it lets out less of than normal, by order or for what is in them."""
        model, markets = self.model, self.model.components
        allowed, origin = model.materials_trade.component_allowed[bloc.number], markets.bloc == bloc.number
        for c in (allowed < 1.0).nonzero()[0].tolist():
            withheld = float(markets.normal_imports[c, origin].sum() * (1.0 - allowed[c]))
            held = [m for m in np.flatnonzero(bloc.parts_made_of[c]) if REGIMES[bloc.regime[m]] in WITHHOLDS]
            self._note(
                bloc,
                "component",
                model.config.components.ids[c],
                "kg",
                regime=REGIMES[bloc.regime[held[0]]] if held else WITHHOLDS[0],
                reason=bloc.reason[held[0]] if held else "export restriction ordered",
                withheld=withheld,
                price_inside=np.nan,
                price_outside=np.nan,
                purse=0.0,
            )

    @staticmethod
    def _why_goods(bloc: Any, made_of: Any) -> str:
        """An order, or the reason for which it floods a material inside."""
        own = [bloc.reason[m] for m in np.flatnonzero((bloc.regime == REGIMES.index("flood")) & made_of)]
        return own[0] if own else "dumping campaign ordered"

    def _components(self, bloc: Any) -> None:
        trade, markets = self.model.materials_trade, self.model.components
        own = markets.bloc == bloc.number
        imported = np.add.reduce(trade.component_arrived[:, own], axis=(1, 2))
        discount = bloc.off_components
        for c in (discount > 0.0).nonzero()[0].tolist():
            paid = bloc.component_cost[c] / discount[c]  # at full price
            full = float(paid / imported[c]) if imported[c] > 0.0 else np.nan
            self._note(
                bloc,
                "component",
                self.model.config.components.ids[c],
                "kg",
                regime="flood",
                reason=self._why_goods(bloc, bloc.parts_made_of[c]),
                sold_under_cost=float(imported[c]),
                price_inside=full,
                price_outside=full * (1.0 - float(discount[c])),
                purse=float(bloc.component_cost[c]),
            )
