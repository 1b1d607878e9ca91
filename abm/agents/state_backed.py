"""State-backed competitors: blocs that use materials as a strategic means, not for profit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NORMAL, RESTRICT, FLOOD = 0, 1, 2
REGIMES = ("normal", "restrict", "flood")
STAGES = 2


@dataclass
class View:
    """What a bloc sees of the world: shares and costs (2 stages, M), exports and prices (M,)."""

    own_share: Array  # of capacity running now
    own_share_ahead: Array  # with projects of the coming years
    rival_cost: Array  # (2, M) EUR/kg, price under which rivals lose cash, by stage
    outside_price: Array  # (2, M) EUR/kg
    inside_price: Array  # (2, M) EUR/kg


class StateBackedBloc(mesa.Agent):
    """One bloc with a regime per material.

    Attributes
    ----------
    regime
        (M,) 0 normal, 1 restrict, 2 flood.
    normal_exports
        (2, M) smoothed net exports in normal times, kg/month.
    withheld
        (2, M) kg kept back this month against normal.
    """

    def __init__(self, model: Any, config: Any, number: int, row: int, purse: int, licence: int, streams: Any) -> None:
        super().__init__(model)
        self.config, self.terms_row, self.number, self.streams = config, row, number, streams
        table = config.blocs
        self.name = table.ids[row]
        self.jurisdiction = int(table.jurisdiction[row])
        for name in (
            "patience",
            "share_threshold",
            "leverage_threshold",
            "restrict_hazard",
            "restrict_depth",
            "restrict_duration",
            "flood_discount",
            "flood_capacity",
            "purse",
            "smuggling",
            "state_stock",
        ):
            setattr(self, name if name != "purse" else "purse_limit", float(getattr(table, name)[row]))
        self.purse, self.licence = purse, licence
        self.place = -1  # of its stock in the books
        self.stock_target = np.zeros(len(config.materials))
        count = len(config.materials)
        self.regime = np.zeros(count, dtype=np.int64)
        self.months = np.zeros(count)
        self.ends = np.full(count, -1, dtype=np.int64)
        self.rested = np.full(count, 1e3)
        self.normal_exports = np.zeros((STAGES, count))
        self.normal_known = False
        self.withheld = np.zeros((STAGES, count))
        self.smugglers = np.zeros(count)
        self.spent_this_year = 0.0
        self.start_share: Array | None = None

    def choose_regime(self, month: int, view: View, conditions: Any) -> list[tuple[int, int, str]]:
        """Decide per material; returns the changes as (material, regime, reason)."""
        if month % 12 == 0:
            self.spent_this_year = 0.0
        if self.start_share is None:
            self.start_share = view.own_share.copy()
        before = self.regime.copy()
        reason = np.full(len(before), "", dtype=object)
        self._follow_orders(conditions, reason)
        self._consider_restricting(month, view, reason)
        self._consider_flooding(month, view, reason)
        changed = np.flatnonzero(before != self.regime)
        self.months = np.where(before == self.regime, self.months + 1.0, 0.0)
        self.rested = np.where(self.regime == NORMAL, self.rested + 1.0, 0.0)
        return [(int(m), int(self.regime[m]), str(reason[m])) for m in changed]

    def _follow_orders(self, conditions: Any, reason: Array) -> None:
        """Scripted restrictions and dumping campaigns come as conditions."""
        self.share_allowed = conditions.export_share[self.number]
        self.dumping = conditions.dumping[self.number]
        restricted = (self.share_allowed < 1.0).any(axis=0)
        dumped = (self.dumping > 0.0).any(axis=0)
        self.scripted = restricted | dumped
        self.ends = np.where(self.scripted, -1, self.ends)  # an order replaces the bloc's own plan
        lifted = ~self.scripted & (self.ends < 0) & (self.regime != NORMAL)
        self.regime = np.where(dumped, FLOOD, np.where(restricted, RESTRICT, np.where(lifted, NORMAL, self.regime)))
        reason[restricted] = "export restriction ordered"
        reason[dumped] = "dumping campaign ordered"
        reason[lifted] = "the order has ended"

    def _consider_restricting(self, month: int, view: View, reason: Array) -> None:
        """Tension makes a bloc use its leverage where it dominates; it lifts the measure after a while."""
        slots = np.arange(len(self.regime)) + 1000 * self.number
        chance = self.streams.uniform("bloc restricts", slots, month)
        length = self.streams.uniform("length of restriction", slots, month)
        dominates = view.own_share[1] > self.leverage_threshold
        free = (self.regime == NORMAL) & ~self.scripted & (self.rested > 24.0)
        strikes = free & dominates & (chance < self.restrict_hazard / 12.0)
        duration = np.maximum(6.0, -np.log(length) * self.restrict_duration)
        self.ends = np.where(strikes, month + duration.astype(np.int64), self.ends)
        over = (self.regime == RESTRICT) & ~self.scripted & (month >= self.ends)
        self.regime = np.where(strikes, RESTRICT, np.where(over, NORMAL, self.regime))
        self.ends = np.where(over, -1, self.ends)
        reason[strikes] = "tension, and leverage over the material"
        reason[over] = "the restriction has served its purpose"

    def _consider_flooding(self, month: int, view: View, reason: Array) -> None:
        """Floods a market it dominated when rivals' share, existing or announced, has grown past a threshold."""
        rivals = 1.0 - view.own_share_ahead[1]
        dominated = self.start_share[1] > self.leverage_threshold  # type: ignore[index]
        threshold = np.maximum(self.share_threshold, 1.3 * (1.0 - self.start_share[1]))  # type: ignore[index]
        able = self.patience > 0.0 and self.spent_this_year < self.purse_limit
        free = (self.regime == NORMAL) & ~self.scripted & (self.rested > 36.0)
        starts = free & dominated & (rivals > threshold) & able
        won = rivals < 0.85 * threshold
        flooding = (self.regime == FLOOD) & ~self.scripted
        stops = flooding & (won | (self.months > self.patience) | (not able))
        self.ends = np.where(starts, month + 10_000, np.where(stops, -1, self.ends))
        self.regime = np.where(starts, FLOOD, np.where(stops, NORMAL, self.regime))
        reason[starts] = "rivals' share of capacity passed the threshold"
        reason[stops & won] = "rivals have left"
        reason[stops & ~won] = "patience or purse is exhausted"

    def trade_rules(self, stage: int, view: View, available: Array, output: Array) -> Any:
        """Limits on export, and price and quantity of dumping, for one stage (each (M,)).

        It can dump its normal exports, the extra `output` of plants that it orders to run, and part of
        the stocks `available` (kg) at home.
        """
        restricting = self.regime == RESTRICT
        share = np.where(restricting & ~self.scripted, 1.0 - self.restrict_depth, self.share_allowed[stage])
        normal = np.maximum(self.normal_exports[stage], 0.0)
        limited = share < 1.0
        share = np.where(limited, share, 1.0)
        quota = np.where(limited, share * normal + self._leak(stage, normal, share), np.inf)
        flooding = self.regime == FLOOD
        depth = np.where(self.scripted, self.dumping[stage], self.flood_discount * (stage == 1))
        able = self.spent_this_year < self.purse_limit
        price = np.where(flooding & (depth > 0.0) & able, depth * view.rival_cost[stage], 0.0)
        return quota, price, normal + self.flood_capacity * output + 0.05 * available

    def withholding(self, stage: int) -> Array:
        """Normal exports that it keeps back under the present regime (M,), kg/month."""
        share = np.where(
            (self.regime == RESTRICT) & ~self.scripted,
            1.0 - self.restrict_depth,
            np.minimum(self.share_allowed[stage], 1.0),
        )
        return np.maximum(self.normal_exports[stage], 0.0) * (1.0 - share)

    def _leak(self, stage: int, normal: Array, share: Array) -> Array:
        return self.smugglers * normal * (1.0 - share)

    def stock_trade(self, held: Array, price: Array, usual: Array, output: Array) -> tuple[Array, Array]:
        """What it sells from and buys for the state stock this month (M,), kg.

        It empties the stock when it floods, and refills it in normal times while the inside `price` is not
        above `usual` (EUR/kg), taking no more than a small part of `output` (kg/month).
        """
        sells = np.where(self.regime == FLOOD, held / 24.0, 0.0)
        room = np.maximum(self.stock_target - held, 0.0) / 60.0
        buys = np.where((self.regime == NORMAL) & (price <= usual), np.minimum(room, 0.02 * output), 0.0)
        return sells, buys

    def pushed(self) -> Array:
        """Extra output ordered from its own producers (2, M), as a share of usual output."""
        order = np.where(self.regime == FLOOD, self.flood_capacity, 0.0)
        return np.stack([order, order])

    def learn_from_trade(self, stage: int, exports: Array, gap: Array, spent: float) -> None:
        """Remember normal exports; smuggling grows with the price gap (M,) between outside and inside."""
        free = self.regime == NORMAL
        pace = 1.0 if not self.normal_known else 1.0 / 12.0
        known = self.normal_exports[stage]
        self.normal_exports[stage] = np.where(free, known + pace * (exports - known), known)
        self.withheld[stage] = np.where(free, 0.0, np.maximum(self.normal_exports[stage] - exports, 0.0))
        self.spent_this_year += spent
        if stage == 1:
            self.normal_known = True
            time = self.config.markets.smuggling_time
            wanted = np.clip(self.smuggling * np.maximum(gap, 0.0), 0.0, 0.6)
            self.smugglers += (wanted - self.smugglers) / time
