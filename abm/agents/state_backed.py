"""State-backed competitors: blocs that use materials as a strategic means, not for profit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.rules import unchanged

Array = NDArray[np.float64]

NORMAL, RESTRICT, FLOOD = 0, 1, 2
REGIMES = ("normal", "restrict", "flood")
STAGES = 2


@dataclass
class View:
    """What a bloc sees of the world: shares and costs (2 stages, M)."""

    own_share: Array  # of capacity running now
    own_share_ahead: Array  # with projects of the coming years
    rival_cost: Array  # (2, M) EUR/kg, price under which rivals lose cash, by stage


class StateBackedBloc(mesa.Agent):
    """One bloc with a regime per material.

    Attributes
    ----------
    regime
        (M,) 0 normal, 1 restrict, 2 flood.
    normal_exports
        (2, M) smoothed net exports in normal times, kg/month.
    let_out
        (2, M) share of normal exports that it allows this month, at most one.
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
        self._smuggling_time = config.markets.smuggling_time
        self._free_trade, self._no_quota = np.ones((STAGES, count)), np.full(count, np.inf)
        self.let_out, self._nothing = self._free_trade, unchanged((count,), 0.0)
        self.calm, self.floods = True, False  # the regime is normal for every material; it floods any of them
        self.dump_depth: Array | None = None  # (2, M) of rivals' cash cost, 0 where it does not flood
        self.smugglers = np.zeros(count)
        self.spent_this_year = 0.0
        self.start_share: Array | None = None
        self._draw_fate(model.months + 2)

    def _draw_fate(self, months: int) -> None:
        """Draw when tension strikes, and for how long, for all months at once (T, M)."""
        month = np.arange(months)[:, None]
        slots = np.zeros_like(month) + np.arange(len(self.regime)) + 1000 * self.number
        self.tension = self.streams.uniform("bloc restricts", slots, month)
        self.length = self.streams.uniform("length of restriction", slots, month)

    def choose_regime(self, month: int, view: View, conditions: Any) -> list[tuple[int, int, str]]:
        """Decide per material; returns the changes as (material, regime, reason)."""
        if month % 12 == 0:
            self.spent_this_year = 0.0
        if self.start_share is None:
            self.start_share = view.own_share.copy()
        before = self.regime
        self._reasons: list[tuple[Array, str]] = []
        self._follow_orders(conditions)
        self._consider_restricting(month, view)
        self._consider_flooding(month, view)
        self.rested = np.where(self.regime == NORMAL, self.rested + 1.0, 0.0)
        self._set_terms_of_trade()
        if self.regime is before:  # nothing was decided
            self.months = self.months + 1.0
            return []
        same = before == self.regime
        self.months = np.where(same, self.months + 1.0, 0.0)
        return [(int(m), int(self.regime[m]), self._reason(m)) for m in (~same).nonzero()[0]]

    def _change(self, where: Array, regime: int, reason: str) -> None:
        """Take up a regime for the materials `where` (M,), and remember why."""
        self.regime = np.where(where, regime, self.regime)
        self._reasons.append((where, reason))

    def _reason(self, material: int) -> str:
        """The last reason for which the regime of a material was changed this month."""
        return next((text for where, text in reversed(self._reasons) if where[material]), "")

    def _follow_orders(self, conditions: Any) -> None:
        """Scripted restrictions and dumping campaigns come as conditions."""
        self.share_allowed = conditions.export_share[self.number]
        self.dumping = conditions.dumping[self.number]
        ordered = conditions.struck("export_share") or conditions.struck("dumping")
        if not (ordered or np.count_nonzero(self.regime)):
            self.scripted = np.zeros(len(self.regime), dtype=bool)
            return
        restricted = np.logical_or.reduce(self.share_allowed < 1.0)
        dumped = np.logical_or.reduce(self.dumping > 0.0)
        self.scripted = restricted | dumped
        if not (np.count_nonzero(self.scripted) or np.count_nonzero(self.regime)):
            return
        self.ends = np.where(self.scripted, -1, self.ends)  # an order replaces the bloc's own plan
        lifted = ~self.scripted & (self.ends < 0) & (self.regime != NORMAL)
        self._change(lifted, NORMAL, "the order has ended")
        self._change(restricted, RESTRICT, "export restriction ordered")
        self._change(dumped, FLOOD, "dumping campaign ordered")

    def _consider_restricting(self, month: int, view: View) -> None:
        """Tension makes a bloc use its leverage where it dominates; it lifts the measure after a while."""
        over = (self.regime == RESTRICT) & ~self.scripted & (month >= self.ends)
        tense = self.tension[month] < self.restrict_hazard / 12.0
        strikes = tense
        if np.count_nonzero(tense):
            strikes = self._free(24.0) & tense & (view.own_share[1] > self.leverage_threshold)
        if np.count_nonzero(strikes):
            duration = np.maximum(6.0, -np.log(self.length[month]) * self.restrict_duration)
            self.ends = np.where(strikes, month + duration.astype(np.int64), self.ends)
            self._change(strikes, RESTRICT, "tension, and leverage over the material")
        if np.count_nonzero(over):
            self.ends = np.where(over, -1, self.ends)
            self._change(over, NORMAL, "the restriction has served its purpose")

    def _free(self, months: float) -> Array:
        """Materials (M,) without an order or measure for more than so many months."""
        return (self.regime == NORMAL) & ~self.scripted & (self.rested > months)

    def _consider_flooding(self, month: int, view: View) -> None:
        """Floods a market it dominated when rivals' share, existing or announced, has grown past a threshold."""
        rivals = 1.0 - view.own_share_ahead[1]
        threshold = np.maximum(self.share_threshold, 1.3 * (1.0 - self.start_share[1]))  # type: ignore[index]
        able = self.patience > 0.0 and self.spent_this_year < self.purse_limit
        flooding = (self.regime == FLOOD) & ~self.scripted
        if able:
            dominated = self.start_share[1] > self.leverage_threshold  # type: ignore[index]
            starts = self._free(36.0) & dominated & (rivals > threshold)
            if np.count_nonzero(starts):
                self.ends = np.where(starts, month + 10_000, self.ends)
                self._change(starts, FLOOD, "rivals' share of capacity passed the threshold")
        if np.count_nonzero(flooding):
            won = rivals < 0.85 * threshold
            stops = flooding & (won | (self.months > self.patience) | (not able))
            self.ends = np.where(stops, -1, self.ends)
            self._change(stops & won, NORMAL, "rivals have left")
            self._change(stops & ~won, NORMAL, "patience or purse is exhausted")

    def _set_terms_of_trade(self) -> None:
        """What the regimes mean for exports at each stage (2, M)."""
        self.calm, self.floods, self.dump_depth = not np.count_nonzero(self.regime), False, None
        if self.calm:
            self.let_out = self._free_trade
            return
        own_measure = (self.regime == RESTRICT) & ~self.scripted
        self.let_out = np.where(own_measure, 1.0 - self.restrict_depth, np.minimum(self.share_allowed, 1.0))
        flooding = self.regime == FLOOD
        if np.count_nonzero(flooding):
            # On its own account it floods the market of refined material only.
            own_depth = self.flood_discount * np.arange(STAGES)[:, None]
            self.floods, self.dump_depth = True, flooding * np.where(self.scripted, self.dumping, own_depth)

    def trade_rules(self, stage: int, view: View, available: Array, output: Array, cover: Array) -> Any:
        """Limits on export, and price and quantity of dumping, for one stage (each (M,)).

        It can dump its normal exports, the extra `output` of plants that it orders to run, and part of
        the stocks `available` (kg) at home, but nothing that its own users need: it keeps this month's use, which
        `output` is too, and half of the usual stock of `cover` months.
        """
        if self.calm:
            return self._no_quota, None, None
        share, normal = self.let_out[stage], np.maximum(self.normal_exports[stage], 0.0)
        leak = self.smugglers * normal * (1.0 - share)
        quota = np.where(share < 1.0, share * normal + leak, np.inf)
        if self.dump_depth is None or self.spent_this_year >= self.purse_limit:
            return quota, None, None
        price = self.dump_depth[stage] * view.rival_cost[stage]
        spare = np.maximum(available - (1.0 + 0.5 * cover) * output, 0.0)
        return quota, price, np.minimum(normal + self.flood_capacity * output + 0.05 * available, spare)

    def withholding(self, stage: int) -> Array:
        """Normal exports that it keeps back under the present regime (M,), kg/month."""
        if self.calm:
            return self._nothing
        return np.maximum(self.normal_exports[stage], 0.0) * (1.0 - self.let_out[stage])

    def sells_from_stock(self, held: Array) -> Array:
        """What it sells from the state stock this month (M,), kg: it empties the stock when it floods."""
        return np.where(self.regime == FLOOD, held / 24.0, 0.0)

    def buys_for_stock(self, held: Array, price: Array, usual: Array, output: Array) -> Array:
        """What it buys for the state stock this month (M,), kg.

        It refills the stock in normal times while the inside `price` is not above `usual` (EUR/kg), taking no
        more than a small part of `output` (kg/month).
        """
        room = np.maximum(self.stock_target - held, 0.0) / 60.0
        return np.where((self.regime == NORMAL) & (price <= usual), np.minimum(room, 0.02 * output), 0.0)

    def dumps(self, what: str) -> Array:
        """1 for the materials, components or products that it sells under cost (n,)."""
        if self.dump_depth is None or what != "materials":
            return np.zeros(1)
        return (self.dump_depth[STAGES - 1] > 0.0).astype(np.float64)

    def pushed(self) -> Array:
        """Extra output ordered from its own producers (2, M), as a share of usual output."""
        order = np.empty((STAGES, len(self.regime)))
        order[:] = self.flood_capacity * (self.regime == FLOOD)
        return order

    def learn_from_trade(self, stage: int, exports: Array, spent: float) -> None:
        """Remember normal exports, and what trade cost the state."""
        pace = 1.0 if not self.normal_known else 1.0 / 12.0
        normal = self.normal_exports[stage]
        normal += (exports - normal) * (pace * (self.regime == NORMAL))
        self.normal_known |= stage == STAGES - 1
        self.spent_this_year += spent

    def let_smuggle(self, gap: Array) -> None:
        """Smuggling grows with the gap (M,) between the refined price outside and inside, as a share of the latter."""
        wanted = np.minimum(self.smuggling * np.maximum(gap, 0.0), 0.6)
        self.smugglers += (wanted - self.smugglers) / self._smuggling_time
