"""The chronicle: shortages, price spikes and plants that open or stop, as readable events."""

from __future__ import annotations

from typing import Any

import numpy as np

SHORT, SHORT_OVER = 0.05, 0.01  # share of wanted material not to be had at which a shortage begins and ends
DEAR, CHEAP, USUAL = 2.0, 0.5, 1.25  # price over the usual one


class Chronicle:
    """Reports what crossed a threshold this month; reads the model and changes nothing in it."""

    def __init__(self, model: Any) -> None:
        self.model = model
        count = len(model.config.materials)
        self.short = np.zeros(count, dtype=bool)
        self.component_short = np.zeros(len(model.config.components), dtype=bool)
        self.price_state = np.zeros(count, dtype=np.int64)

    def write(self) -> None:
        """Note this month's events in the log."""
        self._shortages()
        self._component_shortages()
        self._prices()
        self._recyclers()

    def _shortages(self) -> None:
        self.short = self._cross(self.short, self.model.materials_trade.home_rationed, self.model.config.materials.ids)

    def _component_shortages(self) -> None:
        markets = self.model.components
        short = np.zeros(len(markets.rationed))
        if np.count_nonzero(markets.rationed):
            imported = markets.normal_imports.sum(axis=1)
            whole = imported.sum(axis=1)
            short = (markets.rationed * imported).sum(axis=1) / np.maximum(whole, 1e-12)
        self.component_short = self._cross(self.component_short, short, self.model.config.components.ids)

    def _cross(self, before: Any, share: Any, names: tuple[str, ...]) -> Any:
        """Report shortages that begin or end; returns which are short now."""
        now = np.where(before, share > SHORT_OVER, share > SHORT)
        model = self.model
        for row in (now != before).nonzero()[0].tolist():
            what = "short" if now[row] else "short_over"
            model.event_log.append(
                model.month,
                "shortage",
                "makers",
                "home",
                what,
                "",
                float(share[row]),
                "share",
                share=float(share[row]),
                material=names[row],
            )
        return now

    def _prices(self) -> None:
        model, markets = self.model, self.model.materials
        multiple = np.exp(markets.log_price[1, 0] - markets.anchor[1, 0])
        before = self.price_state
        calm = (multiple < USUAL) & (multiple > 1.0 / USUAL)
        now = np.where(multiple > DEAR, 1, np.where(multiple < CHEAP, -1, np.where(calm, 0, before)))
        for row in (now != before).nonzero()[0].tolist():
            what = {1: "price_high", -1: "price_low", 0: "price_usual"}[int(now[row])]
            stock = markets.stock(1)[0, row] / max(markets.throughput[1, 0, row], 1e-9)
            why = "stocks_empty" if now[row] == 1 and stock < 0.5 * markets.usual_cover[row] else ""
            model.event_log.append(
                model.month,
                "price",
                "market",
                "world",
                what,
                why,
                float(markets.price[1, 0, row]),
                "EUR/kg",
                material=model.config.materials.ids[row],
                multiple=float(multiple[row]),
            )
        self.price_state = now

    def _recyclers(self) -> None:
        recyclers = self.model.recyclers
        for row in recyclers.opened.tolist():
            self._recycler(row, "opened", "")
        for row in recyclers.shutting.tolist():
            self._recycler(row, "shut", "low_price")

    def _recycler(self, row: int, what: str, why: str) -> None:
        model, recyclers, config = self.model, self.model.recyclers, self.model.config
        where = config.jurisdictions.ids[config.leaves[recyclers.leaf[row]]]
        model.event_log.append(
            model.month,
            "capacity",
            recyclers.names[row],
            where,
            what,
            why,
            12e-3 * float(recyclers.capacity[row]),
            "t/yr",
            subject=config.streams.ids[recyclers.stream[row]],
        )
