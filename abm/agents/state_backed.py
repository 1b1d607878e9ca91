"""State-backed competitors: blocs that use materials as a strategic means, not for profit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.rules import unchanged

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NORMAL, RESTRICT, FLOOD, RETALIATE = range(4)
REGIMES = ("normal", "restrict", "flood", "retaliate")
STAGES = 2
NEVER, UNDER_WAY = -np.inf, np.inf  # worth of a regime that is not open, and of a measure that runs its course
WON = 0.85  # part of the threshold under which rivals' share must fall before a flood has done its work
LASTS = 10_000  # months: a regime that ends by what happens, not by date
WHY_FREE = ("", "the restriction has served its purpose", "rivals have left", "the duties have ended")
TENSION, STOCKPILES = "tension, and leverage over the material", "others stockpile the material"
RIVALS, EXHAUSTED = "rivals' share of capacity passed the threshold", "patience or purse is exhausted"
DUTIES, DUTIES_TO_COME = "duties are charged on its goods", "duties on its goods are announced"


@dataclass
class View:
    """What a bloc sees of the world: shares and costs (2 stages, M), and what others do to it."""

    own_share: Array  # of capacity running now
    own_share_ahead: Array  # with projects of the coming years
    rival_cost: Array  # (2, M) EUR/kg, price under which rivals lose cash, by stage
    duty_cost: float = 0.0  # EUR/yr that duties on its goods cost, in force or announced and believed
    duty_in_force: bool = False
    sales: float = 0.0  # EUR/yr of its goods where the duties are due, before they were heard of
    held_by_it: Array | float = 0.0  # EUR/yr of what comes from it there, refined and in components (2, M)
    others_withhold: Array | float = 0.0  # share of refining (M,) whose output other blocs keep from the market
    stockpiled: Array | float = 0.0  # months of use (M,) that governments there hold
    supported: Array | float = 0.0  # support that is announced to its rivals there, over the price (M,)


class StateBackedBloc(mesa.Agent):
    """One bloc with a regime per material.

    Attributes
    ----------
    regime
        (M,) 0 normal, 1 restrict, 2 flood, 3 retaliate.
    reason
        Why it took up the present regime, by material.
    worth
        (4, M) what each regime is worth to it: the share of a market, or of its sales, that is to be held or won.
    normal_exports
        (2, M) smoothed net exports in normal times, kg/month.
    into_stocks, no_longer
        (M,) what of its normal exports of refined material went into stockpiles outside, and of that what none there
        buys any more, kg/month; None as long as none ever bought.
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
            "retaliation",
            "retaliation_threshold",
            "stockpile_threshold",
            "heeds_support",
            "component_depth",
            "component_answer",
            "goods_discount",
        ):
            setattr(self, name if name != "purse" else "purse_limit", float(getattr(table, name)[row]))
        self.purse, self.licence = purse, licence
        self.place = -1  # of its stock in the books
        self.stock_target = np.zeros(len(config.materials))
        count = len(config.materials)
        self.regime = np.zeros(count, dtype=np.int64)
        self.reason = [""] * count
        self.scripted = np.zeros(count, dtype=bool)
        self.worth = np.zeros((len(REGIMES), count))
        self.borne = 0.0  # what duties cost it, over its sales, when it gave up retaliating
        self.answer = 0.0  # share of normal exports that it withholds in retaliation
        self.months = np.zeros(count)
        self.ends = np.full(count, -1, dtype=np.int64)
        self.rested = np.full(count, 1e3)
        self.normal_exports = np.zeros((STAGES, count))
        self.normal_known = False
        self.into_stocks: Array | None = None
        self.no_longer: Array | None = None
        self._smuggling_time = config.markets.smuggling_time
        self._free_trade, self._no_quota = np.ones((STAGES, count)), np.full(count, np.inf)
        self.let_out, self._nothing = self._free_trade, unchanged((count,), 0.0)
        self._never = unchanged((count,), NEVER)
        self.calm, self.floods = True, False  # the regime is normal for every material; it floods any of them
        self.dump_depth: Array | None = None  # (2, M) of rivals' cash cost, 0 where it does not flood
        self.smugglers = np.zeros(count)
        structure = model.structure
        self.made_of = structure.content > 0.0  # (P, M)
        self.parts_made_of = (structure.content[:, None, :] * structure.part[:, :-1] > 0.0).any(axis=0)  # (C, M)
        self.in_parts = self.parts_made_of.any(axis=0)  # (M,)
        # Discounts on its goods (P,) and components (C,) abroad, None without any, and what they cost last month, EUR.
        self.off_goods: Array | None = None
        self.off_components: Array | None = None
        self.goods_cost, self.component_cost = np.zeros(len(self.made_of)), np.zeros(len(self.parts_made_of))
        self.spent_this_year = 0.0
        self.start_share: Array | None = None
        self._draw_fate(model.months + 2)

    def _draw_fate(self, months: int) -> None:
        """Draw when tension strikes, and for how long, for all months at once (T, M)."""
        month = np.arange(months)[:, None]
        slots = np.zeros_like(month) + np.arange(len(self.regime)) + 1000 * self.number
        tension = self.streams.uniform("bloc restricts", slots, month)
        self.tensions = tension < self.restrict_hazard / 12.0
        self.length = self.streams.uniform("length of restriction", slots, month)

    def choose_regime(self, month: int, view: View, conditions: Any) -> list[tuple[int, int, str]]:
        """Take up, per material, the regime that is worth most; returns the changes as (material, regime, reason).

        Orders of a scenario come first. Otherwise the bloc compares what each regime is worth to it: trading normally
        is worth nothing, restricting the leverage that it holds above what makes it felt, when there is an occasion,
        flooding the share that rivals hold above what it bears, while patience and purse last, and retaliating what
        duties take of its sales above what it bears, where it has something to withhold.
        """
        if month % 12 == 0:
            self.spent_this_year = 0.0
        if self.start_share is None:
            self.start_share = view.own_share.copy()
        before = self.regime
        ordered = self._follow_orders(conditions)
        wanted = self._weigh(month, view)
        wanted = np.where(self.scripted, ordered, wanted)
        changed = wanted != before
        if np.count_nonzero(changed):
            self._begin(month, wanted, changed, view)
        self.months = np.where(changed, 0.0, self.months + 1.0)
        self.rested = np.where(self.regime == NORMAL, self.rested + 1.0, 0.0)
        self._set_terms_of_trade(view)
        self._set_terms_of_goods(conditions)
        return [(int(m), int(self.regime[m]), self.reason[m]) for m in changed.nonzero()[0]]

    def _begin(self, month: int, wanted: Any, changed: Array, view: View) -> None:
        """Take up the regimes `wanted` (M,) where they have `changed`, remember why, and until when."""
        for m in changed.nonzero()[0]:
            self.reason[m] = self._why(int(m), int(wanted[m]), view)
        duration = np.maximum(6.0, -np.log(self.length[month]) * self.restrict_duration).astype(np.int64)
        until = np.array([-1, 0, LASTS, LASTS]).take(wanted) + np.where(wanted == NORMAL, 0, month)
        until = np.where(wanted == RESTRICT, month + duration, until)
        self.ends = np.where(changed, np.where(self.scripted, -1, until), self.ends)
        if (changed & (self.regime == RETALIATE) & (wanted == NORMAL)).any():
            self.borne = self._lost_to_duties(view)
        self.regime = wanted

    def _why(self, material: int, wanted: int, view: View) -> str:
        """Why a material changes to the regime wanted."""
        was = int(self.regime[material])
        if self.scripted[material]:
            return "export restriction ordered" if wanted == RESTRICT else "dumping campaign ordered"
        if wanted == RESTRICT:
            return TENSION if self.tense[material] else STOCKPILES
        if wanted == FLOOD:
            return RIVALS
        if wanted == RETALIATE:
            return DUTIES if view.duty_in_force else DUTIES_TO_COME
        if self.ends[material] < 0:
            return "the order has ended"
        out_of_breath = (was == FLOOD and not self.won[material]) or (was == RETALIATE and view.duty_cost > 0.0)
        return EXHAUSTED if out_of_breath else WHY_FREE[was]

    def _follow_orders(self, conditions: Any) -> Any:
        """Scripted restrictions and dumping campaigns come as conditions; the regime that they order (M,)."""
        self.share_allowed = conditions.export_share[self.number]
        self.dumping = conditions.dumping[self.number]
        if not (conditions.struck("export_share") or conditions.struck("dumping")):
            if np.count_nonzero(self.scripted):
                self.scripted = np.zeros(len(self.regime), dtype=bool)
            return self.regime
        restricted = np.logical_or.reduce(self.share_allowed < 1.0)
        dumped = np.logical_or.reduce(self.dumping > 0.0)
        self.scripted = restricted | dumped
        self.ends = np.where(self.scripted, -1, self.ends)  # an order replaces the bloc's own plan
        return np.where(dumped, FLOOD, np.where(restricted, RESTRICT, NORMAL))

    # ------------------------------------------------------------------ what each regime is worth
    def _leverage(self, view: View) -> Array:
        """Its share (M,) of the refined material that is on offer, above that which makes it felt."""
        return view.own_share[1] / (1.0 - view.others_withhold) - self.leverage_threshold

    def _weigh(self, month: int, view: View) -> Any:
        """The regime worth most for each material (M,); none is taken up that is worth no more than normal trade."""
        own = ~self.scripted & (self.ends >= 0)  # what it has begun of its own accord
        self.worth[RESTRICT] = self._worth_of_restricting(month, view, own)
        self.worth[FLOOD] = self._worth_of_flooding(view, own)
        self.worth[RETALIATE] = self._worth_of_retaliating(view, own)
        return np.argmax(self.worth, axis=0)

    def _worth_of_restricting(self, month: int, view: View, own: Mask) -> Array:
        """Leverage (M,) above what makes it felt, when tension strikes or others stockpile; once begun, to its end."""
        self.tense = self.tensions[month]
        occasion = (self.tense | (view.stockpiled > self.stockpile_threshold)) & self._free(24.0)
        worth = np.where(occasion, self._leverage(view), NEVER)
        if self.calm:
            return worth
        return np.where(own & (self.regime == RESTRICT) & (month < self.ends), UNDER_WAY, worth)

    def _worth_of_flooding(self, view: View, own: Mask) -> Array:
        """Share (M,) to be won back in a market that it dominated, from rivals' share running, in project or supported.

        Only while the year's losses stay within its purse, and no longer than it has patience.
        """
        start = self.start_share[1]  # type: ignore[index]
        rivals = 1.0 - view.own_share_ahead[1]
        if self.heeds_support > 0.0:
            rivals = rivals * (1.0 + self.heeds_support * view.supported)
        threshold = np.maximum(self.share_threshold, 1.3 * (1.0 - start))
        self.won = rivals < WON * threshold
        if self.patience <= 0.0 or self.spent_this_year >= self.purse_limit:
            return self._never
        begin = np.where(self._free(36.0) & (start > self.leverage_threshold), rivals - threshold, NEVER)
        if not self.floods:
            return begin
        flooding = own & (self.regime == FLOOD)
        go_on = np.where(self.months > self.patience, NEVER, rivals - WON * threshold)
        return np.where(flooding, go_on, begin)

    def _worth_of_retaliating(self, view: View, own: Mask) -> Array | float:
        """What duties take of its sales above what it bears, on materials (M,) that others can hardly have elsewhere.

        Not for longer than it has patience; after that only when duties cost it more again.
        """
        if view.duty_cost <= 0.0 or self.patience <= 0.0 or self.retaliation <= 0.0:
            self.borne = 0.0
            return NEVER
        lost = self._lost_to_duties(view)
        retaliating = own & (self.regime == RETALIATE)
        held = (self._leverage(view) > 0.0) & self._sells_any() & ~self.scripted
        begin = held & ((self.regime == NORMAL) | (self.regime == FLOOD))
        worth = np.where(begin, lost - self.borne - self.retaliation_threshold, NEVER)
        return np.where(retaliating, np.where(self.months > self.patience, NEVER, lost), worth)

    def _sells_any(self) -> Mask:
        """Materials (M,) of which it has something to withhold: it exports them, or holds back components of them."""
        return np.asarray((self.normal_exports[STAGES - 1] > 0.0) | (self.component_answer * self.in_parts > 0.0))

    @staticmethod
    def _lost_to_duties(view: View) -> float:
        """What duties cost over what it sells where they are due."""
        return view.duty_cost / max(view.sales, 1e-9)

    def _free(self, months: float) -> Array:
        """Materials (M,) without an order or measure for more than so many months."""
        return (self.regime == NORMAL) & ~self.scripted & (self.rested > months)

    # ------------------------------------------------------------------ what it does
    def _worth_withholding(self, view: View) -> Array:
        """Value of each material (M,) that withholding all of it would keep from those who charge duties, EUR/yr."""
        held = np.broadcast_to(view.held_by_it, (2, len(self.regime)))
        return np.asarray(held[0] + self.component_answer * held[1])

    def _in_proportion(self, view: View) -> float:
        """Share of exports withheld whose value is to what duties cost it as its rule of retaliation says."""
        value = float(self._worth_withholding(view) @ (self.regime == RETALIATE))
        return min(self.retaliation * view.duty_cost / max(value, 1e-9), self.restrict_depth)

    def _set_terms_of_trade(self, view: View) -> None:
        """What the regimes mean for exports at each stage (2, M)."""
        self.calm, self.floods, self.dump_depth = not np.count_nonzero(self.regime), False, None
        if self.calm:
            self.let_out = self._free_trade
            return
        own_measure = (self.regime == RESTRICT) & ~self.scripted
        self.let_out = np.where(own_measure, 1.0 - self.restrict_depth, np.minimum(self.share_allowed, 1.0))
        retaliating = self.regime == RETALIATE
        if np.count_nonzero(retaliating):
            self.answer = self._in_proportion(view)
            self.let_out = np.where(retaliating, 1.0 - self.answer, self.let_out)
        flooding = self.regime == FLOOD
        if np.count_nonzero(flooding):
            # On its own account it floods the market of refined material only.
            own_depth = self.flood_discount * np.arange(STAGES)[:, None]
            self.floods, self.dump_depth = True, flooding * np.where(self.scripted, self.dumping, own_depth)

    def _set_terms_of_goods(self, conditions: Any) -> None:
        """Discounts on goods and components: as ordered, and on all that is made of a material that it floods.

        In a month it gives away no more than is left in the purse, by what discounts cost last month.
        """
        ordered = conditions.struck("goods_price") or conditions.struck("component_price")
        own = self.floods and self.goods_discount > 0.0
        if not (ordered or own) or self.spent_this_year >= self.purse_limit:
            if self.off_goods is not None or self.off_components is not None:
                self.off_goods = self.off_components = None
                self.goods_cost, self.component_cost = np.zeros(len(self.made_of)), np.zeros(len(self.parts_made_of))
            return
        goods = 1.0 - conditions.goods_price[self.number]
        components = 1.0 - conditions.component_price[self.number]
        if own:
            flooding = (self.regime == FLOOD) & ~self.scripted
            goods = np.maximum(goods, self.goods_discount * (self.made_of @ flooding))
            components = np.maximum(components, self.goods_discount * (self.parts_made_of @ flooding))
        cost = float(np.add.reduce(self.goods_cost) + np.add.reduce(self.component_cost))
        afforded = min((self.purse_limit - self.spent_this_year) / max(cost, 1e-9), 1.0)
        self.off_goods = goods * afforded if np.count_nonzero(goods) else None
        self.off_components = components * afforded if np.count_nonzero(components) else None

    def makes_good(self, discounts: Array) -> Array:
        """What the state pays of discounts (n,) that its exporters gave: as far as the purse goes, EUR."""
        total = float(np.add.reduce(discounts))
        room = max(self.purse_limit - self.spent_this_year, 0.0)
        paid = discounts if total <= room else discounts * (room / total)
        self.spent_this_year += float(np.add.reduce(paid))
        return paid

    def withheld_in_components(self) -> Array | None:
        """Share of each material (M,) that it holds back in components as well; None where it does not."""
        if self.calm or max(self.component_depth, self.component_answer) <= 0.0:
            return None
        part = self.component_depth * ((self.regime == RESTRICT) & ~self.scripted)
        part = part + self.component_answer * (self.regime == RETALIATE)
        return np.asarray(part * (1.0 - self.let_out[STAGES - 1]))

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
        """What is asked of its normal exports that it keeps back under the present regime (M,), kg/month.

        Its quota is a share of all that it used to export, but nobody goes short of what was bought for stockpiles
        that buy no longer.
        """
        if self.calm:
            return self._nothing
        kept = np.maximum(self.normal_exports[stage], 0.0) * (1.0 - self.let_out[stage])
        if self.no_longer is None or stage != STAGES - 1:
            return kept
        return np.maximum(kept - self.no_longer, 0.0)

    def share_withheld(self) -> Array:
        """Share of what is asked of its normal exports of refined material that it keeps back (M,)."""
        asked = self.normal_exports[STAGES - 1]
        if self.no_longer is not None:
            asked = asked - self.no_longer
        return np.minimum(self.withholding(STAGES - 1) / np.maximum(asked, 1e-9), 1.0)

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
        refined = None if self.dump_depth is None else self.dump_depth[STAGES - 1]
        off = {"materials": refined, "components": self.off_components, "products": self.off_goods}[what]
        return np.zeros(1) if off is None else (off > 0.0).astype(np.float64)

    def pushed(self) -> Array:
        """Extra output ordered from its own producers (2, M), as a share of usual output."""
        order = np.empty((STAGES, len(self.regime)))
        order[:] = self.flood_capacity * (self.regime == FLOOD)
        return order

    def learn_from_trade(self, stage: int, exports: Array, spent: float, drawn: Array | None = None) -> None:
        """Remember normal exports, what went of them into stockpiles outside, and what trade cost the state.

        `drawn` (M,) is what it exported for stockpiles outside, kg, None if they bought nothing.
        """
        pace = 1.0 if not self.normal_known else 1.0 / 12.0
        normal = self.normal_exports[stage]
        normal += (exports - normal) * (pace * (self.regime == NORMAL))
        if stage == STAGES - 1 and (drawn is not None or self.into_stocks is not None):
            self._learn_of_stocks(np.zeros(len(exports)) if drawn is None else drawn, pace)
        self.normal_known |= stage == STAGES - 1
        self.spent_this_year += spent

    def _learn_of_stocks(self, now: Array, pace: float) -> None:
        """Remember what it exported for stockpiles outside (M,), kg, as long as it remembers exports."""
        before = np.zeros(len(now)) if self.into_stocks is None else self.into_stocks
        self.into_stocks = before + (now - before) * (pace * (self.regime == NORMAL))
        self.no_longer = np.maximum(self.into_stocks - now, 0.0)

    def let_smuggle(self, gap: Array) -> None:
        """Smuggling grows with the gap (M,) between the refined price outside and inside, as a share of the latter."""
        wanted = np.minimum(self.smuggling * np.maximum(gap, 0.0), 0.6)
        self.smugglers += (wanted - self.smugglers) / self._smuggling_time
