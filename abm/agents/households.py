"""Households: they buy, repair, wait, hoard, hand in, and learn from neighbours and experience.

One row is one sampled household, which stands for many real ones; per product group it owns at most one item,
and may keep one predecessor in a drawer. Only those for whom something falls due in a month decide, so that a
month costs in proportion to the deciders. Households stand sorted by leaf and columns of items contiguous by
product group, so that deciders come sorted by *segment* (a product group in a leaf, number `group * L + leaf`).

A month is `choose` (what they want at this month's offers), `complete` (who gets what exists), `use` (what becomes
of the items replaced). Draws are keyed by household and product group.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.household_choice import (
    ALTERNATIVES,
    CIRCULAR,
    GIVE_UP,
    KEEP,
    LINEAR,
    OUTCOMES,
    REPAIR,
    SERVICE,
    USED,
    WAIT,
    Deciders,
    Offers,
    Singles,
    Tables,
    draw,
    nested_logit,
    sum_by_segment,
)
from abm.agents.household_flows import (
    BINNED,
    DRAWER,
    FATES,
    FLOWS,
    LEFT_DRAWER,
    QUINTILES,
    RETURNED,
    SOLD_ON,
    Choices,
    Codes,
    Discarded,
    Flags,
    Items,
    Months,
    Purchases,
    Reals,
    Rows,
)
from abm.agents.household_sample import Household, HouseholdSample, in_line
from abm.agents.household_setup import HISTORY, NEVER

__all__ = ["HISTORY", "NEVER", "Choices", "Discarded", "Household", "Households", "Offers", "Purchases"]

Refund = Callable[[Rows, Rows, Rows], Reals]

# Largest standard deviation that a share can have: the scale of the subjective norm.
NORM_SCALE = 0.5
_HUGE = 1e300


class Households(HouseholdSample):
    """All sampled households and what they do in a month, in the order `choose`, `complete`, `use`.

    Every month must be called once and in order, since decisions are looked up by the month in which they fall due.
    """

    # ------------------------------------------------------------------------------ the month

    def hear(self, campaign: Reals, month: int) -> None:
        """Let the unaware hear of circular offers; `campaign` (L,) is the share of them reached in a year."""
        unaware = (~self.aware).nonzero()[0]
        chance = 1.0 - np.exp(-campaign.take(self.leaf[unaware]) / 12.0)
        self.aware[unaware[self.streams.uniform("campaign", unaware, month) < chance]] = True

    def choose(self, month: int, offers: Offers) -> Choices:
        """Let those for whom something falls due learn from neighbours, and choose among the offers they know.

        Raises ValueError if a price is negative or not a number.
        """
        if not (offers.price >= 0.0).all():
            raise ValueError(f"month {month}: the price of an offer to households is negative or not a number")
        flat = (in_line(self.due) == month).nonzero()[0]
        ends = flat.searchsorted(self._bounds)
        counts = ends[1:] - ends[:-1]
        segment = self._segment_numbers.repeat(counts)
        household = flat - self._origin.repeat(counts)
        key = household * len(self.products) + self._group.repeat(counts)
        kind, fails = in_line(self.kind)[flat], in_line(self.fails)[flat]
        failed = fails <= month
        self._learn(household, key, month)
        sold = self._sold(flat, segment, kind)
        who = self._deciders(household, failed, self._can_be_repaired(key, segment, fails, failed, sold))
        covered = self._protect(who, segment, sold, month)
        if self._shrinks:
            who.leaving = in_line(self.until)[flat] <= month
        tables = self._tables(offers if self.spending is None else self._as_afforded(offers))
        utility = tables.utilities(counts, who)
        if covered is not None:
            utility[REPAIR] += tables.price_of(REPAIR, counts, who) * covered
        chance = nested_logit(utility, tables.open_to(counts, who), self.behaviour.nest_scale)
        if self.patience is not None:
            self._put_off(chance, self.patience.take(self._leaf[segment]) * ~failed)
        chosen = draw(chance, self.streams.uniform("offer", key, month))
        if who.leaving is not None:
            chosen[(chosen == WAIT) & who.leaving] = GIVE_UP
        expected = self._by_product((sum_by_segment(chance, counts) * self.units).T)
        return Choices(
            month, offers, expected, counts, flat, segment, household, key, kind, failed, chance, chosen, covered
        )

    def _sold(self, flat: Rows, segment: Rows, kind: Codes) -> Rows | None:
        """Return the month in which items were sold as new (D,), where law makes it matter."""
        if self.protection is None:
            return None
        first_use = (kind == USED) * self.protection.first_use[segment]
        return in_line(self.bought)[flat].astype(np.int64) - first_use

    def _protect(self, who: Deciders, segment: Rows, sold: Rows | None, month: int) -> Flags | None:
        """Give deciders the trust that assurance gives; return whose repair (D,) is paid for, None where nobody's."""
        law = self.protection
        if law is None or sold is None:
            return None
        if law.assurance is not None:
            who.trust = who.trust + law.assurance[segment].astype(np.float32) * (1.0 - who.trust)
        if law.liability is None:
            return None
        return law.covered(segment, sold, month) & who.failed & who.repairable

    def _as_afforded(self, offers: Offers) -> Offers:
        """Return offers at prices that weigh on usual income as these do on present income."""
        return replace(offers, price=offers.price / np.asarray(self.spending)[:, None])

    @staticmethod
    def _put_off(chance: Singles, share: Reals) -> None:
        """Keep, for the time being, in a share (D,) of the cases in which another item would be acquired."""
        later = chance[USED:] * share.astype(np.float32)
        chance[USED:] -= later
        chance[KEEP] += np.add.reduce(later)

    def _tables(self, offers: Offers) -> Tables:
        """Return the offers of the month as tables; as a rule only prices are new."""
        tables = self._tables_known
        if tables is not None and tables.differ_in_price_only(offers):
            tables.quote(offers)
            return tables
        tables = Tables(offers, self.products, self._median_income, self.taste, self.behaviour)
        self._tables_known = tables
        return tables

    def _can_be_repaired(
        self, key: Rows, segment: Rows, fails: Months, failed: Flags, sold: Rows | None = None
    ) -> Flags:
        """Return whether a failure can be repaired (D,): drawn once for each failure, not again while it waits."""
        repairable = np.zeros(len(key), dtype=bool)
        broken = failed.nonzero()[0]
        uniform = self.streams.uniform("repairable", key[broken], fails[broken])
        share = self._repairable[segment[broken]]
        if self.protection is not None and sold is not None:
            share = share + (1.0 - share) * self.protection.opened(segment[broken], sold[broken])
        repairable[broken] = uniform < share
        return repairable

    def _learn(self, household: Rows, key: Rows, month: int) -> None:
        """Let deciders with circular neighbours hear of circular offers and move towards these neighbours' attitude."""
        peers, terms = self.peers[household], self.behaviour
        social = peers.nonzero()[0]
        household, key, peers = household[social], key[social], peers[social]
        unaware = (~self.aware[household]).nonzero()[0]
        chance = terms.awareness_by_peers / self.degree * peers[unaware]
        hears = self.streams.uniform("awareness", key[unaware], month) < chance
        self.aware[household[unaware[hears]]] = True
        if terms.attitude_by_peers > 0.0:
            near = self.neighbours.take(household, axis=0)
            shown = (self.attitude * (self.circular_items > 0)).take(near)
            own = self.attitude[household]
            gap = np.einsum("dk->d", shown) / peers - own
            self.attitude[household] = own + np.float32(terms.attitude_by_peers) * gap

    def complete(self, choices: Choices, new_available: Reals, used_available: Reals) -> Purchases:
        """Serve buyers from what dealers have (P, L) of new and of used products, in random order.

        No more is sold than there is; those turned away come back next month.
        """
        taken = choices.chosen.copy()
        wanted = np.bincount(choices.segment * OUTCOMES + taken, minlength=self.segments * OUTCOMES)
        wanted = wanted.reshape(self.segments, OUTCOMES)
        served = self._served(new_available, used_available)
        # One stock serves all alternatives from the first to the last of a pool.
        for (first, last), items in zip(((LINEAR, SERVICE), (USED, USED)), served, strict=True):
            short = np.add.reduce(wanted[:, first : last + 1], axis=1) > items
            if short.any():
                buyers = ((taken >= first) & (taken <= last) & short[choices.segment]).nonzero()[0]
                taken[self._turned_away(choices, buyers, items)] = WAIT
        outcomes = self._outcomes(choices, taken)
        replaced = self._replaced(choices, taken)
        self._judge(choices, replaced)
        self._hand_over(choices, taken)
        self._spread_word(choices, taken)
        return Purchases(choices.month, choices.offers, outcomes, replaced, self._covered(choices, taken))

    def _covered(self, choices: Choices, taken: Codes) -> Reals | None:
        """Return real products (P, L) repaired under longer warranty."""
        if choices.covered is None:
            return None
        each = self.products_per_item
        cell = self._cell[choices.segment[choices.covered & (taken == REPAIR)]]
        return np.asarray(np.bincount(cell, minlength=each.size).reshape(each.shape) * each)

    @property
    def segment_product(self) -> Rows:
        """Product of each segment (R,)."""
        return self._product

    @property
    def segment_leaf(self) -> Rows:
        """Leaf of each segment (R,)."""
        return self._leaf

    def _served(self, *available: Reals) -> Reals:
        """Return how many items (pools, R) there are in what is available of each pool (P, L)."""
        there = np.array(available).reshape(len(available), -1).take(self._cell, axis=1)
        return _whole_items(there, self.units)

    def _turned_away(self, choices: Choices, buyers: Rows, served: Reals) -> Rows:
        """Return those of the buyers whom the items `served` (R,) do not reach, by lot."""
        segment = choices.segment[buyers]
        order = np.lexsort((self.streams.uniform("queue", choices.key[buyers], choices.month), segment))
        place = np.arange(len(buyers)) - segment.searchsorted(segment)
        return buyers[order[place >= served[segment]]]

    def _outcomes(self, choices: Choices, taken: Codes) -> Reals:
        """Return real products (P, L, 8, 5) by outcome and quintile."""
        each = self.products_per_item
        cell = (self._cell[choices.segment] * OUTCOMES + taken) * QUINTILES + self.quintile[choices.household]
        counts = np.bincount(cell, minlength=each.size * OUTCOMES * QUINTILES)
        counts = counts.reshape(*each.shape, OUTCOMES, QUINTILES)
        bought = self._items_in_use[..., USED:]
        bought += np.add.reduce(counts[:, :, USED:ALTERNATIVES], axis=3)
        return counts * each[..., None, None]

    def _replaced(self, choices: Choices, taken: Codes) -> Items:
        """Return the items that give way to another, or to none."""
        leaves = (_replaces(taken) & (choices.kind > 0)).nonzero()[0]
        items = Items(
            choices.household[leaves],
            choices.segment[leaves],
            choices.kind[leaves],
            in_line(self.bought)[choices.flat[leaves]],
        )
        cell = self._cell[items.segment] * ALTERNATIVES + items.kind
        in_use = self._items_in_use
        in_use -= np.bincount(cell, minlength=in_use.size).reshape(in_use.shape)
        return items

    def _judge(self, choices: Choices, replaced: Items) -> None:
        """Let owners of used items gain trust if these lasted as long as promised, else lose it."""
        used = (replaced.kind == USED).nonzero()[0]
        if not len(used):
            return
        household, segment = replaced.household[used], replaced.segment[used]
        promised = self._life[segment] * self._offered_life(choices.offers, segment, USED)
        works = in_line(self.fails)[household + self._origin[segment]] > choices.month
        lasted = works | (choices.month - replaced.bought[used] >= promised)
        change = np.where(lasted, self.behaviour.trust_by_experience, -self.behaviour.trust_by_experience)
        np.add.at(self.trust, household, change.astype(np.float32))
        self.trust[household] = np.minimum(np.maximum(self.trust[household], 0.0), 1.0)

    def _hand_over(self, choices: Choices, taken: Codes) -> None:
        """Write the new items and when something falls due again."""
        month, flat = choices.month, choices.flat
        due = np.empty(len(taken), dtype=np.int16)
        due.fill(month + 1)
        keeps, changed = (taken == KEEP).nonzero()[0], ((taken >= REPAIR) & (taken <= SERVICE)).nonzero()[0]
        wait = 12.0 * self.behaviour.wait_time * self._hazard("wait", choices.key[keeps], month)
        due[keeps] = np.minimum(_after(month, wait), in_line(self.fails)[flat[keeps]])
        due[changed] = self._renew(choices, taken[changed], changed)
        in_line(self.due)[flat] = due
        bought = ((taken >= USED) & (taken <= SERVICE)).nonzero()[0]
        places = flat[bought]
        in_line(self.kind)[places] = taken[bought]
        in_line(self.bought)[places] = month
        if self._shrinks:
            self._do_without(flat[taken == GIVE_UP])

    def _do_without(self, places: Rows) -> None:
        """Nothing falls due any more where an item is given up for good."""
        in_line(self.kind)[places] = 0
        in_line(self.fails)[places] = in_line(self.due)[places] = NEVER

    def _renew(self, choices: Choices, taken: Codes, changed: Rows) -> Months:
        """Schedule failure and wish of items bought or repaired, `taken` (n,); returns the month of the earlier.

        Life is Weibull; the wish for a newer one too, after a repair given the age that the item has reached.
        """
        month, segment, key, flat = choices.month, choices.segment[changed], choices.key[changed], choices.flat[changed]
        power = self._inverse_shape[segment]
        scale = self._life_scale[segment] * self._offered_life(choices.offers, segment, taken)
        use, hazard = -np.log(self.streams.uniforms(("life", "upgrade"), key, month))
        fails = _after(month, scale * use**power)
        upgrade = self._upgrade_scale[segment]
        repaired = (taken == REPAIR).nonzero()[0]
        age = np.zeros(len(changed))
        reached = month - in_line(self.bought)[flat[repaired]]
        age[repaired] = reached
        hazard[repaired] += (reached / upgrade[repaired]) ** self._shape[segment[repaired]]
        wish = upgrade * hazard**power - age
        in_line(self.fails)[flat] = fails
        return np.minimum(fails, _after(month, wish))

    def _offered_life(self, offers: Offers, segment: Rows, alternative: Codes | int) -> Reals:
        """Return the expected life over the mean life of products acquired (n,)."""
        return offers.life.reshape(-1).take(self._cell[segment] * ALTERNATIVES + alternative)

    def _hazard(self, name: str, key: Rows, month: int) -> Reals:
        """Return standard exponential draws."""
        return -np.log(self.streams.uniform(name, key, month))

    def _spread_word(self, choices: Choices, taken: Codes) -> None:
        """Update how many neighbours use circular items, for the neighbours of those who begin or end to."""
        was_circular = choices.kind >= CIRCULAR
        is_circular = (taken == CIRCULAR) | (taken == SERVICE)
        changed = ((was_circular != is_circular) & _replaces(taken)).nonzero()[0]
        household, items = choices.household[changed], self.circular_items
        had = items[household] > 0
        np.add.at(items, household, np.where(was_circular[changed], -1, 1).astype(np.int8))
        turned = household[had != (items[household] > 0)].tolist()
        # A household that changes several items at once turns only once.
        once = np.array(list(dict.fromkeys(turned)), dtype=np.int64)
        step = np.where(items[once] > 0, 1, -1).astype(np.int16)
        near = self.neighbours.take(once, axis=0)
        np.add.at(self.peers, near.reshape(-1), step.repeat(self.degree))

    # ------------------------------------------------------------------------------ use and discard

    def use(self, purchases: Purchases, refund: Refund, content_new: Reals, content_used: Reals) -> Discarded:
        """Let the replaced items go into a drawer, back, to another user or into the bin.

        Parameters
        ----------
        purchases
            What `complete` returned.
        refund
            EUR that an item brings when handed in, by product, leaf and month bought, (n,) each.
        content_new, content_used
            Content (P, L, HISTORY + months, W) of an item bought new or used, by month bought + HISTORY.
        """
        month, replaced = purchases.month, purchases.replaced
        places = self._places(replaced)
        drawer_due = in_line(self.drawer_due)
        overdue = (drawer_due == month).nonzero()[0]
        taken = (in_line(self.drawer_kind)[places] > 0) & (drawer_due[places] != month)
        behind = taken.nonzero()[0]  # replaced items whose place in the drawer is taken
        items = _joined(replaced, self._in_drawers(np.concatenate([overdue, places[behind]])))
        self._empty_drawers(overdue)
        gain = self._gain(items, refund, purchases.offers.price[:, :, LINEAR])
        fate = self._fate(items, len(places), month, gain)
        kept = fate[: len(places)] == DRAWER
        moves = np.ones(len(fate), dtype=bool)
        moves[len(fate) - len(behind) :] = kept[behind]
        self._put_in_drawers(replaced.where(kept.nonzero()[0]), month)
        moved = moves.nonzero()[0]
        return self._discarded(items.where(moved), fate[moved], len(places), content_new, content_used)

    def _places(self, items: Items) -> Rows:
        return items.household + self._origin[items.segment]

    def _in_drawers(self, places: Rows) -> Items:
        """Return the items in the drawers at these places."""
        group = places // len(self)
        household = places - group * len(self)
        segment = group * self.leaf_count + self.leaf[household]
        return Items(household, segment, in_line(self.drawer_kind)[places], in_line(self.drawer_bought)[places])

    def _empty_drawers(self, places: Rows) -> None:
        in_line(self.drawer_kind)[places] = 0
        in_line(self.drawer_due)[places] = NEVER

    def _put_in_drawers(self, items: Items, month: int) -> None:
        places = self._places(items)
        stay = self._drawer_time[items.segment] * self._hazard("drawer", self._key(items), month)
        in_line(self.drawer_kind)[places] = items.kind
        in_line(self.drawer_bought)[places] = items.bought
        in_line(self.drawer_due)[places] = _after(month, stay)

    def _key(self, items: Items) -> Rows:
        """Identity of items in random draws."""
        return items.household * len(self.products) + self._group[items.segment]

    def _gain(self, items: Items, refund: Refund, price: Reals) -> Reals:
        """Return what handing in brings, over the price of a new product (n,)."""
        product, leaf = self._product[items.segment], self._leaf[items.segment]
        back = refund(product, leaf, items.bought.astype(np.int64))
        return back / self._by_segment(price)[items.segment]

    def _fate(self, items: Items, replaced: int, month: int, gain: Reals) -> Codes:
        """Draw the fate (n,) of items: logit around the shares at the start.

        Weights of attitude, subjective norm and perceived control follow the theory of planned behaviour (Ajzen
        1991); they are standardised coefficients, hence traits in standard deviations. What is provided as a
        service goes back. The first `replaced` items come from use; the others leave a drawer, to be handed in or
        binned.
        """
        intention, control = self._intention(items.household)
        push = np.zeros((FATES, len(items.kind)))
        push[RETURNED] = intention + control + 100.0 * self.behaviour.deposit_response * gain
        push[SOLD_ON] = intention
        chance = self._fate_share.take(items.segment, axis=1)
        chance[DRAWER, replaced:] = chance[SOLD_ON, replaced:] = 0.0
        np.putmask(push, chance == 0.0, -np.inf)
        push -= np.maximum(np.maximum.reduce(push), -_HUGE)
        chance *= np.exp(push)
        chance[RETURNED] += chance[DRAWER]
        chance[SOLD_ON] += chance[RETURNED]
        chance[BINNED] += chance[SOLD_ON]
        key = 2 * self._key(items)
        key[replaced:] += 1
        mark = self.streams.uniform("fate", key, month) * chance[BINNED]
        fate: Codes = np.add.reduce(mark > chance[:BINNED], dtype=np.int8)
        fate[chance[BINNED] == 0.0] = BINNED
        fate[items.kind == SERVICE] = RETURNED
        return fate

    def _intention(self, household: Rows) -> tuple[Reals, Reals]:
        """Return what attitude and neighbours, and what convenience, add to the utility of handing in (n,)."""
        terms = self.behaviour
        attitude = _standardised(self.attitude[household], terms.attitude_mean, terms.attitude_spread)
        norm = (self.peers[household] / self.degree - self._norm_at_start) / NORM_SCALE
        ease = _standardised(self._convenience_of(household), terms.convenience_mean, terms.convenience_spread)
        return terms.attitude_weight * attitude + terms.subjective_norm_weight * norm, terms.control_weight * ease

    def _convenience_of(self, household: Rows) -> Reals:
        """Return the convenience of handing in (n,), nearer to no effort at all where collection is extended."""
        own = self.convenience[household]
        if self.collection is None:
            return own
        return np.asarray(own + self.collection.take(self.leaf[household]) * (1.0 - own))

    def _discarded(self, gone: Items, fate: Codes, replaced: int, content_new: Reals, content_used: Reals) -> Discarded:
        """Add up items by fate; those from `replaced` on come out of drawers."""
        product, leaf = self._product[gone.segment], self._leaf[gone.segment]
        weight = self.units[gone.segment]
        cell, each, hoarded = self._cell[gone.segment], self.products_per_item, self._items_hoarded
        content = _looked_up(content_new, content_used, cell, gone)
        content *= weight[:, None]
        cell *= FLOWS
        cell = np.concatenate([cell + fate, cell[replaced:] + LEFT_DRAWER])
        counts = np.bincount(cell, minlength=FLOWS * each.size).reshape(*each.shape, FLOWS)
        hoarded += counts[..., DRAWER] - counts[..., LEFT_DRAWER]
        totals = _sum_rows(np.concatenate([content, content[replaced:]]), cell, FLOWS * each.size)
        handed_in = (fate == RETURNED).nonzero()[0]
        return Discarded(
            units=(counts * each[..., None]).transpose(2, 0, 1),
            content=totals.reshape(*counts.shape, -1).transpose(2, 0, 1, 3),
            returned_product=product[handed_in],
            returned_leaf=leaf[handed_in],
            returned_bought=gone.bought[handed_in],
            returned_kind=gone.kind[handed_in],
            returned_weight=weight[handed_in],
        )

    # ------------------------------------------------------------------------------ stocks

    @property
    def in_use(self) -> Reals:
        """Real products in use (P, L, 6) by the alternative by which they were acquired."""
        return np.asarray(self._items_in_use * self.products_per_item[..., None])

    @property
    def hoarded(self) -> Reals:
        """Real products in drawers (P, L)."""
        return self._items_hoarded * self.products_per_item

    def cohorts(self, months: int, *, hoarded: bool = False) -> Reals:
        """Return real products in use, or in drawers, by month bought: (2, P, L, HISTORY + months), new and used."""
        kind, bought = (self.drawer_kind, self.drawer_bought) if hoarded else (self.kind, self.bought)
        length = HISTORY + months
        there = in_line(kind).nonzero()[0]
        segment = self._segment_of_places()[there]
        used = in_line(kind)[there] == USED
        cell = (used * self.segments + segment) * length + in_line(bought)[there] + HISTORY
        counts = np.bincount(cell, minlength=2 * self.segments * length).reshape(2, self.segments, length)
        return np.stack([self._by_product(part * self.units[:, None]) for part in counts])


def _replaces(taken: Codes) -> Flags:
    """Return which outcomes (D,) end the use of the present item."""
    ends: Flags = (taken >= USED) & (taken != WAIT)
    return ends


def _after(month: int, months: NDArray[Any]) -> Months:
    """Return the month index at least one and about `months` later, as far as can be counted."""
    later = np.rint(months)
    np.minimum(np.maximum(later, 1, out=later), NEVER - 1 - month, out=later)
    return np.asarray(later + month, dtype=np.int16)


def _whole_items(available: Reals, units: Reals) -> Reals:
    """Return how many items of `units` products each there are in what is available, never more."""
    whole = np.floor(available / units * (1.0 + 1e-12))
    return whole - (whole * units > available)


def _standardised(values: NDArray[Any], mean: float, spread: float) -> Reals:
    """Return deviations from the mean in standard deviations, zero if there is no spread."""
    return (values - mean) / spread if spread > 0.0 else np.zeros(len(values))


def _joined(*parts: Items) -> Items:
    return Items(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("household", "segment", "kind", "bought")
        )
    )


def _looked_up(content_new: Reals, content_used: Reals, cell: Rows, items: Items) -> Reals:
    """Return the content (n, W) of one real product of each item; `cell` (n,) numbers its product and leaf."""
    length, width = content_new.shape[2:]
    row = cell * length + items.bought + HISTORY
    content: Reals = content_new.reshape(-1, width).take(row, axis=0)
    used = (items.kind == USED).nonzero()[0]
    content[used] = content_used.reshape(-1, width).take(row[used], axis=0)
    return content


def _sum_rows(values: Reals, cell: Rows, cells: int) -> Reals:
    """Sum rows (n, W) by cell (n,); returns (cells, W)."""
    width = values.shape[1]
    place = cell[:, None] * width + np.arange(width)
    sums = np.bincount(place.reshape(-1), values.reshape(-1), cells * width)
    return np.asarray(sums, dtype=np.float64).reshape(cells, width)
