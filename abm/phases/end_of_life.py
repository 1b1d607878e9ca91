"""End of life: discarded products are collected, refurbished, recycled, exported or lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.books import block
from abm.markets.products import CIRCULAR, LEAST
from abm.markets.scrap import END_OF_LIFE, RIVALRY, Bidders

Array = NDArray[np.float64]
YEAR = 12.0
OWNERS = 3  # households, business and government
SORTED_AT_SOURCE = 0.1  # manufacturing scrap needs no dismantling: part of the cost of dismantling and transport


class EndOfLife:
    """Passes what was discarded to refurbishers, the scrap markets and recyclers."""

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        products, streams, structure = self.config.products, self.config.streams, model.structure
        self.mass = np.asarray(products.mass)
        self.lost = np.asarray(products.lost_abroad)[:, None]  # (P, 1)
        self.kept = 1.0 - self.lost
        self.circular_yield = np.asarray(products.circular_yield)
        self.refurbish_cost = np.asarray(products.refurbish_cost)
        self.transport_cost, self.landfill_cost, self.cross_border_cost, self.export_value, self.foreign_recovery = (
            np.asarray(getattr(streams, name))
            for name in ("transport_cost", "landfill_cost", "cross_border_cost", "export_value", "recovery")
        )
        # Of each stream only a share is kept apart (owners, S): of what households, business and government hand in.
        apart = np.stack([np.asarray(getattr(streams, name)) for name in ("dismantled", "collected", "collected")])
        route, count = structure.route, len(self.config.materials)
        self.route_apart = np.einsum("pms,os->opms", route, apart)  # (owners, P, M, S)
        self.share_apart = self.route_apart.sum(axis=3)[:, :, None]  # (owners, P, 1, M)
        self.share_mixed = np.einsum("pms,os->opm", route, 1.0 - apart)[:, :, None]
        self.apart = apart
        self.whole_product = per_product = np.stack(
            [self.mass[:, None] * structure.mass_route, self._others(structure)]
        )
        # Kilograms, and EUR of other recoverables, per product by stream: (owners · P, 2 · S).
        self.per_product = np.einsum("kps,os->opks", per_product, apart).reshape(OWNERS * len(products), -1)
        self.treated_stream = np.asarray(streams.binned_treated)
        self.treated = np.einsum("pms,s->pm", route, self.treated_stream)[:, None, :]
        self.wasted = np.einsum("pms,s->pm", route, 1.0 - self.treated_stream)[:, None, :]
        places = model.places
        self.owned_places = np.concatenate([places.in_use.ravel(), model.business.places.ravel()])  # (owners · P · L,)
        self.in_use, self.hoarded, self.trade_in = (block(p) for p in (places.in_use, places.hoarded, places.traded_in))
        self.traded_in = np.zeros(places.traded_in.shape)  # products that traders keep for refurbishers
        # Smoothed over a year, in kg per month: what was discarded, and what was recovered from it and in all.
        self.usual_discard, self.usual_end_of_life, self.usual_recovered = np.zeros((3, count))
        self.refurbish_labour = np.zeros(len(self.config.leaves))
        handed, away = np.asarray(products.returned), 1.0 - np.asarray(products.drawer)
        self.handed_in = np.minimum(handed / np.maximum(away, 1e-9), 1.0)  # of what households part with (P,), smoothed
        self.design = np.zeros(len(products))  # share of circular design in what is discarded

    def _others(self, structure: Any) -> Array:
        """Other recoverables per product by stream (P, S), EUR."""
        return np.asarray(structure.other_route * np.asarray(self.config.products.other_value)[:, None])

    def _note_handed_in(self, discarded: Any) -> None:
        """Share handed in of what households sell on, hand in or bin, smoothed over a year."""
        back = np.add.reduce(discarded.returned, axis=1)
        gone = back + np.add.reduce(discarded.sold_on + discarded.binned, axis=1)
        share = back / np.where(gone > 0.0, gone, 1.0)
        self.handed_in = self.handed_in + (gone > 0.0) * (share - self.handed_in) / 12.0

    # ------------------------------------------------------------------ from owners to collectors
    def receive(self, discarded: Any, business: tuple[Array, Array]) -> None:
        """Sort this month's discards: `discarded` by households, `business` units and content (2, P, L[, M])."""
        places, books = self.model.places, self.model.books
        self._note_design(discarded)
        self.model.standards.note_returned(discarded)
        self._note_handed_in(discarded)
        count = len(self.config.materials)
        books.move("hoarding", self.in_use, self.hoarded, discarded.hoarded_content.reshape(-1, count))
        books.move("hoarding", self.hoarded, self.in_use, discarded.left_drawer_content.reshape(-1, count))
        returned, sold_on, binned = discarded.returned_content, discarded.sold_on_content, discarded.binned_content
        kept = self.kept[..., None]
        stays = sold_on * kept
        books.move("discard", self.in_use, self.trade_in, stays.reshape(-1, count))
        self.traded_in += discarded.sold_on * self.kept
        handed_in = np.concatenate([returned[None], business[1]])  # (owners, P, L, M)
        rest = handed_in * kept
        left = handed_in - rest
        left[0] += sold_on - stays
        books.move("export", self.owned_places, places.abroad, left.reshape(-1, count))
        self._refurbish()
        exported = self._export_unwanted()
        units = np.concatenate([discarded.returned[None], business[0]]) * self.kept
        self._to_scrap(rest, units, binned)
        self.collected_units = units[0]
        self.lost_content = np.add.reduce(left[0], axis=(0, 1)) + exported
        self.binned_content = np.add.reduce(binned, axis=(0, 1))
        gone = np.add.reduce(handed_in, axis=(0, 1, 2)) + self.binned_content + exported
        gone += np.add.reduce(sold_on - stays, axis=(0, 1))
        self.usual_discard += (gone - self.usual_discard) / self._memory()

    def _memory(self) -> float:
        """Months over which flows are smoothed: all there are in the first year, then a year."""
        return min(self.model.month + 1.0, YEAR)

    def _note_design(self, discarded: Any) -> None:
        """Smooth the share of circular design among products handed in (P,)."""
        count, weight = len(self.design), discarded.returned_weight
        handed_in = np.bincount(discarded.returned_product, weight, count)
        circular = np.bincount(discarded.returned_product, weight * (discarded.returned_kind >= CIRCULAR), count)
        share = np.divide(circular, handed_in, out=self.design.copy(), where=handed_in > 0.0)
        self.design += (share - self.design) / 12.0

    def _export_unwanted(self) -> Array:
        """Working goods that nobody here refurbishes are exported in time, not scrapped; returns content (M,), kg."""
        books, months = self.model.books, max(self.config.firms.trade_in_time, 1.0)
        extra = np.maximum(self.traded_in - months * self.model.product_trade.used_wanted, 0.0) / months
        share = extra / np.maximum(self.traded_in, LEAST)
        kilograms = books.stock[self.trade_in] * share.reshape(-1, 1)
        books.move("export", self.trade_in, self.model.places.abroad, kilograms)
        self.unwanted = self.traded_in * share
        self.traded_in = self.traded_in - self.unwanted
        return np.asarray(np.add.reduce(kilograms))

    def _refurbish(self) -> None:
        """Refurbishers take from traders what they can sell on at a profit."""
        model, firms, dealers, units = self.model, self.model.firms, self.model.dealers, self.traded_in
        rows = model.product_trade.refurbishers
        product, leaf = firms.product[rows], firms.leaf[rows]
        linear = model.product_trade.price[product, 0]
        cost = linear * self.refurbish_cost[product] * model.labour_cost[leaf]
        able = np.where(firms.price[rows] > cost, firms.capacity[rows] * model.labour.staffing[leaf], 0.0)
        room: Array = np.bincount(product * units.shape[1] + leaf, able, units.size).reshape(units.shape).astype(float)
        wanted = np.maximum(model.product_trade.usual_used_stock() - dealers.used_units, 0.0)
        taken = np.minimum(np.minimum(units, room), wanted)
        share = (taken / np.maximum(units, LEAST)).reshape(-1, 1)
        kilograms = model.books.stock[self.trade_in] * share
        model.books.move("refurbishment", self.trade_in, dealers.used_block, kilograms)
        self.traded_in = np.maximum(units - taken, 0.0)
        dealers.used_units += taken
        # The scarcer goods are against capacity, the more of the gain goes to former owners.
        able_to = room**RIVALRY
        rivalry = able_to / np.maximum(able_to + units**RIVALRY, LEAST)
        markup = 2.0 * self.config.firms.markup * (1.0 - rivalry)
        self._pay_refurbishers(rows, taken, room, cost, able, markup, np.minimum(wanted, units))
        self.refurbished = taken
        self.refurbished_content = np.add.reduce(kilograms)

    def _pay_refurbishers(
        self, rows: Array, taken: Array, room: Array, cost: Array, able: Array, markup: Array, asked: Array
    ) -> None:
        """Dealers pay refurbishers, who pay the former owners and for work and parts.

        `asked` (P, L) is what they would take with enough capacity, to which they adapt it.
        """
        model, firms, books = self.model, self.model.firms, self.model.books
        product, leaf = firms.product[rows], firms.leaf[rows]
        share = able / np.maximum(room[product, leaf], 1e-300)
        units = share * taken[product, leaf]
        value = units * firms.price[rows]
        work = units * cost
        to_owner = np.maximum(value / (1.0 + markup[product, leaf]) - work, 0.0)
        books.pay("product_sales", model.dealers.accounts[leaf], firms.account[rows], value)
        books.pay("product_sales", firms.account[rows], model.accounts.households[leaf], to_owner)
        books.pay("labour", firms.account[rows], model.accounts.households[leaf], work)
        firms.made[rows] = firms.sold[rows] = units
        firms.orders[rows] += (share * asked[product, leaf] - firms.orders[rows]) / 6.0
        self.refurbisher_rows, self.refurbisher_result = rows, (value, work + to_owner)
        self.refurbish_labour = np.bincount(leaf, work, len(self.config.leaves)).astype(np.float64)

    def _to_scrap(self, content: Array, units: Array, binned: Array) -> None:
        """Split products handed in (owners, P, L, M) into streams of end-of-life scrap.

        What is not kept apart ends in mixed metals. So does a part of what households throw in the bin (P, L, M);
        the rest of that is landfilled or burnt.
        """
        model, books, places, count = self.model, self.model.books, self.model.places, content.shape[-1]
        route_apart, share_apart, share_mixed, per_product = self._kept_apart()
        by_stream = np.einsum("oplm,opms->slm", content, route_apart)
        books.move("discard", self.owned_places, places.sorting, (content * share_apart).reshape(-1, count))
        books.move("discard", places.sorting, model.scrap.blocks[END_OF_LIFE], by_stream.reshape(-1, count))
        mixed = content * share_mixed
        mixed[0] += binned * self.treated
        books.move("dissipation", self.owned_places, places.dissipated, mixed.reshape(-1, count))
        rest = binned * self.wasted
        books.move("landfill", self.in_use, places.landfill, rest.reshape(-1, count))
        self.landfilled = np.add.reduce(rest, axis=(0, 1))
        self._enter_pools(units, per_product)

    def _kept_apart(self) -> tuple[Array, Array, Array, Array]:
        """What of products handed in is kept apart: `route_apart` to `per_product`, as law has changed it."""
        usual = self.route_apart, self.share_apart, self.share_mixed, self.per_product
        more = self.model.standards.at_end_of_life("taken_apart", self.design)
        if more is None:
            return usual
        share = self.apart[:, None] + more[..., None] * (1.0 - self.apart[:, None])  # (owners, P, S)
        route = self.model.structure.route * share[:, :, None]
        apart = np.add.reduce(route, axis=3)[:, :, None]
        mixed = np.add.reduce(self.model.structure.route, axis=2)[:, None] - apart
        per_product = self.whole_product.transpose(1, 0, 2) * share[:, :, None]
        return route, apart, mixed, per_product.reshape(self.per_product.shape)

    def _enter_pools(self, units: Array, per_product: Array) -> None:
        """Enter mass, other recoverables and ease of dismantling of products handed in (owners, P, L)."""
        streams = len(self.config.streams)
        leaves = units.shape[-1]
        entered = (units.reshape(-1, leaves).T @ per_product).T  # (2 · S, L)
        design = self.model.standards.at_end_of_life("dismantling", self.design)
        easier = units * ((self.design if design is None else design) * self.circular_yield)[..., None]
        easy = (easier.reshape(-1, leaves).T @ per_product[:, :streams]).T
        self.model.scrap.collect(END_OF_LIFE, entered[:streams], entered[streams:], easy)
        saved = self.model.standards.at_end_of_life("sorting", self.design)
        if saved is not None:
            spared = (units * saved[..., None]).reshape(-1, leaves).T @ per_product[:, :streams]
            self.model.scrap.note_sorted(END_OF_LIFE, spared.T)

    # ------------------------------------------------------------------ from collectors to recyclers
    def trade_scrap(self) -> None:
        """Recyclers bid, collectors sell, and money and material change hands."""
        model, recyclers = self.model, self.model.recyclers
        price = model.effective_price
        model.scrap.heed(model.rules)
        content, other = model.scrap.composition()
        self.composition = content, other  # of what was on offer, for those who think of entering
        bidders = self._bids(price, content, other)
        sales = model.scrap.clear(bidders, self._export_bids(content, other), model.config.recyclers.bid_response)
        self.feed_value_bid = bidders
        self._move_scrap(sales, bidders)
        self._pay_for_scrap(sales, bidders)
        recyclers.bid[:] = np.maximum.reduce(bidders.bid, axis=(0, 2))

    def _bids(self, price: Array, content: Array, other: Array) -> Bidders:
        """What each recycler offers per kg in each pool: value less avoidable cost, transport and margin."""
        recyclers, scrap = self.model.recyclers, self.model.scrap
        stream = recyclers.stream
        yields = recyclers.recovery * price  # (n, M) EUR per kg contained
        value = np.einsum("onlm,nm->onl", content[:, stream], yields)
        value *= (1.0 + scrap.gain())[:, stream]
        value += other[:, stream]
        value *= 1.0 - self.config.recyclers.margin
        across = scrap.border.take(recyclers.leaf, axis=0)
        self.fetching = across * scrap.fetching_cost(scrap.fetched)[stream]  # (n, L) EUR/kg
        value -= recyclers.variable_cost[:, None] + self.fetching
        if recyclers.energy_relief is not None:
            value += recyclers.energy_relief[:, None]
        carried = recyclers.plant.transport_cost[:, None]
        self.saving = scrap.saving()  # (2, S, L), or None
        value[END_OF_LIFE] -= carried
        if self.saving is not None:
            value[END_OF_LIFE] += carried * self.saving[END_OF_LIFE, stream]
        value[1 - END_OF_LIFE] -= SORTED_AT_SOURCE * carried
        return Bidders(stream, recyclers.leaf, recyclers.wanted_feed(), value)

    def _export_bids(self, content: Array, other: Array) -> Array:
        """What foreign recyclers offer (2, S, L) EUR/kg: they need the same transport and have their own costs."""
        price = np.add.reduce(self.model.materials.price[1]) / len(self.model.materials.price[1])
        full = np.einsum("oslm,sm->osl", content, self.foreign_recovery * price) + other
        return self.export_value[:, None] * full - (self.transport_cost + self.cross_border_cost)[:, None]

    def _move_scrap(self, sales: Any, bidders: Bidders) -> None:
        model, books, recyclers = self.model, self.model.books, self.model.recyclers
        gross, member = model.scrap.gross, bidders.stream
        each = np.where(gross > 1e-9, gross, np.inf)
        share = sales.kilograms / each[:, member]
        stock = model.scrap.stock()  # (2, S, L, M)
        self.feed_by_origin = np.einsum("onl,onlm->onm", share, stock[:, member])
        sold_share = np.matmul(sales.member, share) * (1.0 - 1e-13)
        out = stock * sold_share[..., None]
        sorting, pools, count = model.places.sorting, model.scrap.block, stock.shape[-1]
        books.move("scrap_purchase", pools, sorting, out.reshape(-1, count))
        got = self.feed_by_origin[0] + self.feed_by_origin[1]
        total = np.add.reduce(got)
        scale = np.add.reduce(out, axis=(0, 1, 2)) / np.where(total > 0.0, total, 1.0)
        books.move("scrap_purchase", sorting, recyclers.feed_place, got * scale)
        self.bought = np.add.reduce(sales.kilograms, axis=2)  # (2, n) kg
        recyclers.take_in(
            self.bought[0] + self.bought[1],
            self.feed_by_origin[END_OF_LIFE] * scale,
            np.einsum("onl,onl->n", share, model.scrap.other[:, member]),
            np.einsum("onl,onl->n", share, model.scrap.ease[:, member]),
        )
        self._dispose(sales, stock, each, sold_share)

    def _dispose(self, sales: Any, stock: Array, each: Array, sold: Array) -> None:
        """Export and landfill what recyclers left, and take everything out of the pools."""
        model, books, places = self.model, self.model.books, self.model.places
        room = np.maximum(1.0 - 1e-13 - sold, 0.0)
        exported, dumped = np.minimum(sales.exported / each, room), np.minimum(sales.landfilled / each, room)
        flat, count = model.scrap.block, stock.shape[-1]
        sent = stock * exported[..., None]
        books.move("scrap_export", flat, places.scrap_abroad, sent.reshape(-1, count))
        self.scrap_exported = np.add.reduce(sent, axis=(1, 2))
        wasted = stock * dumped[..., None]
        self.scrap_dumped = np.add.reduce(wasted, axis=(1, 2))
        if dumped.any():
            mixed = wasted * self.treated_stream[:, None, None]  # ends in other metals
            books.move("dissipation", flat, places.dissipated, mixed.reshape(-1, count))
            books.move("landfill", flat, places.landfill, (wasted - mixed).reshape(-1, count))
        self.landfilled = sales.landfilled[0] + sales.landfilled[1]
        self.unsold = sales.exported[0] + sales.landfilled[0]
        model.scrap.remove(np.minimum(sold + exported + dumped, 1.0))

    def _pay_for_scrap(self, sales: Any, bidders: Bidders) -> None:
        model, books, accounts = self.model, self.model.books, self.model.accounts
        value = np.add.reduce(sales.kilograms * sales.price)  # (n, L)
        paid = np.maximum(value, 0.0)
        fees = paid - value
        collectors, clearing = model.scrap.collectors, accounts.secondary
        recyclers = model.recyclers
        books.pay("scrap_sales", recyclers.account, clearing, np.add.reduce(paid, axis=1))
        books.pay("scrap_sales", clearing, collectors, np.add.reduce(paid))
        if fees.any():
            books.pay("gate_fees", collectors, clearing, np.add.reduce(fees))
            books.pay("gate_fees", clearing, recyclers.account, np.add.reduce(fees, axis=1))
        self.feed_cost = np.add.reduce(value, axis=1)
        carried = recyclers.plant.transport_cost
        self.transport = carried * (self.bought[0] + SORTED_AT_SOURCE * self.bought[1])
        if self.saving is not None:
            spared = sales.kilograms[END_OF_LIFE] * self.saving[END_OF_LIFE, bidders.stream]
            self.transport -= carried * np.add.reduce(spared, axis=1)
        self.transport += np.add.reduce(np.add.reduce(sales.kilograms) * self.fetching, axis=1)
        books.pay("other_inputs", recyclers.account, accounts.domestic, self.transport)
        bought = self.bought[0] + self.bought[1]
        mean = np.divide(self.feed_cost, bought, out=recyclers.feed_price.copy(), where=bought > 1e-9)
        recyclers.feed_price += (mean - recyclers.feed_price) / 3.0
        self._pay_others(sales)

    def _pay_others(self, sales: Any) -> None:
        """Foreign recyclers pay collectors (or are paid); landfill and collection cost money."""
        model, books, accounts = self.model, self.model.books, self.model.accounts
        collectors = model.scrap.collectors
        # The price of a pool of which nothing was sold is its next best use.
        value = np.add.reduce(sales.exported * np.maximum(model.scrap.price, -10.0), axis=(0, 1))
        received = np.maximum(value, 0.0)
        books.pay("scrap_sales", accounts.abroad, collectors, received)
        books.pay("gate_fees", collectors, accounts.abroad, received - value)
        fee = self.landfill_cost @ (sales.landfilled[0] + sales.landfilled[1])
        cost = (self.mass @ self.collected_units) * self.config.public.collection_cost
        books.pay("gate_fees", collectors, accounts.domestic, fee + cost)

    def run_recyclers(self) -> Array:
        """Recyclers process their feed and pay for it; returns labour cost by leaf (L,), EUR."""
        model, recyclers = self.model, self.model.recyclers
        recyclers.recover(model.places.dissipated, model.labour.staffing)
        memory = self._memory()
        end_of_life, recovered = np.add.reduce(recyclers.recovered_end_of_life), np.add.reduce(recyclers.recovered)
        self.usual_end_of_life += (end_of_life - self.usual_end_of_life) / memory
        self.usual_recovered += (recovered - self.usual_recovered) / memory
        paid = recyclers.pay_for_processing(
            model.accounts.households[recyclers.leaf], model.accounts.domestic, model.energy, model.labour_cost
        )
        return np.asarray(np.bincount(recyclers.leaf, paid, len(self.config.leaves)), dtype=np.float64)
