"""End of life: discarded products are collected, refurbished, recycled, exported or lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import REFURBISHER
from abm.books import block
from abm.markets.products import CIRCULAR
from abm.markets.scrap import END_OF_LIFE, Bidders

Array = NDArray[np.float64]
YEAR = 12.0
SORTED_AT_SOURCE = 0.1  # manufacturing scrap needs no dismantling: part of the cost of dismantling and transport


class EndOfLife:
    """Passes what was discarded to refurbishers, the scrap markets and recyclers."""

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        products = self.config.products
        self.mass = np.asarray(products.mass)
        self.other = np.asarray(products.other_value)
        structure = model.structure
        self.mass_by_stream = structure.mass_route * self.mass[:, None]  # (P, S) kg per product
        self.other_by_stream = structure.other_route * self.other[:, None]  # (P, S) EUR per product
        self.collected_share = np.asarray(self.config.streams.collected)
        count = len(self.config.materials)
        # Smoothed over a year, in kg per month: what was discarded, and what was recovered from it and in all.
        self.usual_discard, self.usual_end_of_life, self.usual_recovered = (
            np.zeros(count),
            np.zeros(count),
            np.zeros(count),
        )
        self.design = np.zeros(len(products))  # share of circular design in what is discarded

    # ------------------------------------------------------------------ from owners to collectors
    def receive(self, discarded: Any, business: tuple[Array, Array]) -> None:
        """Sort this month's discards: `discarded` by households, `business` units and content (2, P, L[, M])."""
        model, places = self.model, self.model.places
        self._note_design(discarded)
        books, count = model.books, len(self.config.materials)
        shape = (-1, count)
        books.move("hoarding", block(places.in_use), block(places.hoarded), discarded.hoarded_content.reshape(shape))
        books.move(
            "hoarding", block(places.hoarded), block(places.in_use), discarded.left_drawer_content.reshape(shape)
        )
        lost = np.asarray(self.config.products.lost_abroad)
        returned = discarded.returned_content
        sold_on = discarded.sold_on_content
        binned = discarded.binned_content
        left = (returned + sold_on) * lost[:, None, None]
        books.move("export", block(places.in_use), places.abroad, left.reshape(shape))
        kept = 1.0 - lost[:, None, None]
        units_sold = discarded.sold_on * kept[..., 0]
        taken = self._refurbish(units_sold, sold_on * kept)
        # Working goods that nobody here wants second-hand are exported, not scrapped before their time.
        unwanted = np.maximum(sold_on * kept - taken, 0.0)
        books.move("export", block(places.in_use), places.abroad, unwanted.reshape(shape))
        left = left + unwanted
        rest_units, rest = discarded.returned * kept[..., 0], returned * kept
        self._to_scrap(rest, rest_units, places.in_use, np.asarray(self.config.streams.dismantled))
        self._to_bin(binned, discarded.binned, places.in_use)
        self._business(business)
        self.collected_units = rest_units
        self.lost_content = left.sum(axis=(0, 1))
        gone = (returned + sold_on + binned).sum(axis=(0, 1)) + business[1].sum(axis=(0, 1, 2))
        self.usual_discard += (gone - self.refurbished_content - self.usual_discard) / self._memory()

    def _memory(self) -> float:
        """Months over which flows are smoothed: all there are in the first year, then a year."""
        return min(self.model.month + 1.0, YEAR)

    def _note_design(self, discarded: Any) -> None:
        """Smooth the share of circular design among products handed in (P,)."""
        count = len(self.design)
        weight = np.bincount(discarded.returned_product, discarded.returned_weight, count)
        circular = discarded.returned_weight * (discarded.returned_kind >= CIRCULAR)
        now = np.bincount(discarded.returned_product, circular, count)
        share = np.divide(now, weight, out=self.design.copy(), where=weight > 0.0)
        self.design += (share - self.design) / 12.0

    def _refurbish(self, units: Array, content: Array) -> Array:
        """Refurbishers take what they can sell on at a profit; returns the content taken (P, L, M), kg."""
        model, firms, dealers = self.model, self.model.firms, self.model.dealers
        shape = dealers.shape
        rows = firms.of_kind(REFURBISHER)
        linear = model.product_trade.price[firms.product[rows], 0]
        share = np.asarray(self.config.products.refurbish_cost)[firms.product[rows]]
        cost = linear * share * model.labour.wage_factor[firms.leaf[rows]]
        pays = firms.price[rows] > cost
        room = np.zeros(shape)
        np.add.at(room, (firms.product[rows], firms.leaf[rows]), np.where(pays, firms.capacity[rows], 0.0))
        wanted = np.maximum(4.0 * model.product_trade.used_wanted - dealers.used_units, 0.0)
        taken = np.minimum(np.minimum(units, room), wanted)
        share = np.divide(taken, units, out=np.zeros_like(units), where=units > 0.0)
        kilograms = content * share[..., None]
        model.books.move(
            "refurbishment",
            block(model.places.in_use),
            block(dealers.used_place),
            kilograms.reshape(-1, content.shape[-1]),
        )
        dealers.used_units += taken
        self._pay_refurbishers(rows, taken, room, cost, pays)
        self.refurbished = taken
        self.refurbished_content = kilograms.sum(axis=(0, 1))
        return kilograms

    def _pay_refurbishers(self, rows: Array, taken: Array, room: Array, cost: Array, pays: Array) -> None:
        """Dealers pay refurbishers, who pay the former owners and for work and parts."""
        model, firms, books = self.model, self.model.firms, self.model.books
        product, leaf = firms.product[rows], firms.leaf[rows]
        share = np.divide(
            np.where(pays, firms.capacity[rows], 0.0),
            room[product, leaf],
            out=np.zeros(len(rows)),
            where=room[product, leaf] > 0.0,
        )
        units = share * taken[product, leaf]
        value = units * firms.price[rows]
        work = units * cost
        # Refurbishers compete for goods: the former owner gets what is left after work and a usual markup.
        to_owner = np.maximum(value / (1.0 + self.config.firms.markup) - work, 0.0)
        books.pay("product_sales", model.dealers.accounts[leaf], firms.account[rows], value)
        books.pay("product_sales", firms.account[rows], model.accounts.households[leaf], to_owner)
        books.pay("labour", firms.account[rows], model.accounts.households[leaf], work)
        firms.made[rows] = firms.sold[rows] = units
        firms.orders[rows] += (share * model.product_trade.used_wanted[product, leaf] - firms.orders[rows]) / 6.0
        self.refurbisher_rows, self.refurbisher_result = rows, (value, work + to_owner)
        self.refurbish_labour = np.bincount(leaf, work, len(self.config.leaves))

    def _to_scrap(self, content: Array, units: Array, source: Array, apart: Array) -> None:
        """Split products handed in (P, L, M) into streams of end-of-life scrap.

        Of each stream only the share `apart` (S,) is kept apart; the rest ends in mixed metals.
        """
        model, structure = self.model, self.model.structure
        by_stream = np.einsum("plm,pms->slm", content, structure.route) * apart[:, None, None]
        share = np.einsum("pms,s->pm", structure.route, apart)[:, None, :]
        lost = np.einsum("pms,s->pm", structure.route, 1.0 - apart)[:, None, :]
        self._move_to_pools(content * share, by_stream, source)
        model.books.move(
            "dissipation",
            block(source),
            model.places.dissipated,
            (content * lost).reshape(-1, content.shape[-1]),
        )
        gross = np.einsum("pl,ps->sl", units, self.mass_by_stream * apart)
        other = np.einsum("pl,ps->sl", units, self.other_by_stream * apart)
        easy = units * (self.design * np.asarray(self.config.products.circular_yield))[:, None]
        model.scrap.collect(END_OF_LIFE, gross, other, np.einsum("pl,ps->sl", easy, self.mass_by_stream * apart))

    def _move_to_pools(self, content: Array, by_stream: Array, source: Array) -> None:
        model, count = self.model, content.shape[-1]
        sorting = model.places.sorting
        model.books.move("discard", block(source), sorting, content.reshape(-1, count))
        pools = model.scrap.places[END_OF_LIFE]
        model.books.move("discard", sorting, block(pools), by_stream.reshape(-1, count))

    def _to_bin(self, content: Array, units: Array, source: Array) -> None:
        """What is not collected apart: part ends in mixed metal recycling, the rest is landfilled or burnt."""
        model, structure = self.model, self.model.structure
        treated_stream = np.asarray(self.config.streams.binned_treated)
        treated = content * np.einsum("pms,s->pm", structure.route, treated_stream)[:, None, :]
        count = content.shape[-1]
        model.books.move("dissipation", block(source), model.places.dissipated, treated.reshape(-1, count))
        rest = content * np.einsum("pms,s->pm", structure.route, 1.0 - treated_stream)[:, None, :]
        model.books.move("landfill", block(source), model.places.landfill, rest.reshape(-1, count))
        self.binned_content = content.sum(axis=(0, 1))
        self.landfilled = rest.sum(axis=(0, 1))

    def _business(self, business: tuple[Array, Array]) -> None:
        """Business and government hand in what they discard; part leaves as used goods."""
        model = self.model
        units, content = business
        places = model.business.places
        lost = np.asarray(self.config.products.lost_abroad)[:, None]
        for owner in range(2):
            left = content[owner] * lost[..., None]
            model.books.move("export", block(places[owner]), model.places.abroad, left.reshape(-1, content.shape[-1]))
            stays = content[owner] - left
            self._to_scrap(stays, units[owner] * (1.0 - lost), places[owner], self.collected_share)

    # ------------------------------------------------------------------ from collectors to recyclers
    def trade_scrap(self) -> None:
        """Recyclers bid, collectors sell, and money and material change hands."""
        model, recyclers = self.model, self.model.recyclers
        price = model.effective_price
        content, other = model.scrap.composition()
        self.composition = content, other  # of what was on offer, for those who think of entering
        bidders = self._bids(price, content, other)
        sales = model.scrap.clear(bidders, self._export_bids(content, other), model.config.recyclers.bid_response)
        self.feed_value_bid = bidders
        self._move_scrap(sales, bidders)
        self._pay_for_scrap(sales, bidders)
        recyclers.bid[:] = bidders.bid.max(axis=(0, 2))

    def _bids(self, price: Array, content: Array, other: Array) -> Bidders:
        """What each recycler offers per kg in each pool: value less avoidable cost, transport and margin."""
        recyclers, streams = self.model.recyclers, self.config.streams
        stream = recyclers.stream
        yields = recyclers.recovery * price  # (n, M) EUR per kg contained
        value = np.einsum("onlm,nm->onl", content[:, stream], yields)
        value *= 1.0 + self.model.scrap.gain()[:, stream]
        value += other[:, stream]
        value *= 1.0 - self.config.recyclers.margin
        border = self.model.scrap.border[recyclers.leaf] * np.asarray(streams.cross_border_cost)[stream][:, None]
        carried = np.asarray(streams.transport_cost)[stream]
        transport = np.stack([carried, SORTED_AT_SOURCE * carried])[:, :, None]
        bid = value - recyclers.variable_cost[None, :, None] - border[None] - transport
        return Bidders(stream, recyclers.leaf, recyclers.wanted_feed(), bid)

    def _export_bids(self, content: Array, other: Array) -> Array:
        """What foreign recyclers offer (2, S, L) EUR/kg: they need the same transport and have their own costs."""
        streams = self.config.streams
        price = self.model.materials.price[1].mean(axis=0)
        full = (content * (np.asarray(streams.recovery) * price)[None, :, None, :]).sum(axis=3) + other
        cost = np.asarray(streams.transport_cost) + np.asarray(streams.cross_border_cost)
        return np.asarray(streams.export_value)[None, :, None] * full - cost[None, :, None]

    def _move_scrap(self, sales: Any, bidders: Bidders) -> None:
        model, books = self.model, self.model.books
        gross = model.scrap.gross
        some = gross > 1e-9
        member = bidders.stream
        share = np.divide(sales.kilograms, gross[:, member], out=np.zeros_like(sales.kilograms), where=some[:, member])
        stock = books.stock[block(model.scrap.places)].copy().reshape(*model.scrap.shape, -1)
        got = np.einsum("onl,onlm->nm", share, stock[:, member])
        self.feed_by_origin = np.einsum("onl,onlm->onm", share, stock[:, member])
        sold_share = np.zeros_like(gross)
        for origin in (0, 1):
            np.add.at(sold_share[origin], member, share[origin])
        sold_share *= 1.0 - 1e-13
        out = stock * sold_share[..., None]
        sorting = model.places.sorting
        books.move("scrap_purchase", block(model.scrap.places), sorting, out.reshape(-1, out.shape[-1]))
        total = got.sum(axis=0)
        scale = np.divide(out.sum(axis=(0, 1, 2)), total, out=np.zeros_like(total), where=total > 0.0)
        books.move("scrap_purchase", sorting, model.recyclers.feed_place, got * scale)
        model.recyclers.feed_end_of_life += self.feed_by_origin[END_OF_LIFE] * scale
        model.recyclers.feed += sales.kilograms.sum(axis=(0, 2))
        model.recyclers.feed_ease += np.einsum("onl,onl->n", share, model.scrap.ease[:, member])
        model.recyclers.other_feed += np.einsum("onl,onl->n", share, model.scrap.other[:, member])
        self._dispose(sales, stock, some, gross, sold_share)

    def _dispose(self, sales: Any, stock: Array, some: Array, gross: Array, sold: Array) -> None:
        """Export and landfill what recyclers left, and take everything out of the pools."""
        model, books = self.model, self.model.books
        exported = np.divide(sales.exported, gross, out=np.zeros_like(gross), where=some)
        dumped = np.divide(sales.landfilled, gross, out=np.zeros_like(gross), where=some)
        room = np.maximum(1.0 - 1e-13 - sold, 0.0)
        exported, dumped = np.minimum(exported, room), np.minimum(dumped, room)
        flat = block(model.scrap.places)
        count = stock.shape[-1]
        books.move("scrap_export", flat, model.places.scrap_abroad, (stock * exported[..., None]).reshape(-1, count))
        mixed = np.asarray(self.config.streams.binned_treated)[None, :, None] * dumped  # ends in other metals
        books.move("dissipation", flat, model.places.dissipated, (stock * mixed[..., None]).reshape(-1, count))
        books.move("landfill", flat, model.places.landfill, (stock * (dumped - mixed)[..., None]).reshape(-1, count))
        self.scrap_exported = np.einsum("oslm,osl->om", stock, exported)
        self.scrap_dumped = np.einsum("oslm,osl->om", stock, dumped)
        self.unsold = sales.exported[0] + sales.landfilled[0]
        model.scrap.remove(np.minimum(sold + exported + dumped, 1.0))

    def _pay_for_scrap(self, sales: Any, bidders: Bidders) -> None:
        model, books, accounts = self.model, self.model.books, self.model.accounts
        value = (sales.kilograms * sales.price).sum(axis=0)  # (n, L)
        paid, fees = np.maximum(value, 0.0), np.maximum(-value, 0.0)
        collectors, clearing = model.scrap.collectors, accounts.secondary
        recyclers = model.recyclers
        books.pay("scrap_sales", recyclers.account, clearing, paid.sum(axis=1))
        books.pay("scrap_sales", clearing, collectors, paid.sum(axis=0))
        books.pay("gate_fees", collectors, clearing, fees.sum(axis=0))
        books.pay("gate_fees", clearing, recyclers.account, fees.sum(axis=1))
        self.feed_cost = value.sum(axis=1)
        carried = np.asarray(self.config.streams.transport_cost)[bidders.stream]
        moved = sales.kilograms.sum(axis=2)
        self.transport = carried * (moved[0] + SORTED_AT_SOURCE * moved[1])
        books.pay("other_inputs", recyclers.account, accounts.domestic, self.transport)
        bought = sales.kilograms.sum(axis=(0, 2))
        mean = np.divide(self.feed_cost, bought, out=recyclers.feed_price.copy(), where=bought > 1e-9)
        recyclers.feed_price += (mean - recyclers.feed_price) / 3.0
        self._pay_others(sales)

    def _pay_others(self, sales: Any) -> None:
        """Foreign recyclers pay collectors (or are paid); landfill and collection cost money."""
        model, books, accounts, config = self.model, self.model.books, self.model.accounts, self.config
        content_bid = self._last_export_bid(sales)
        collectors = model.scrap.collectors
        abroad = accounts.abroad
        domestic = accounts.domestic
        books.pay("scrap_sales", abroad, collectors, np.maximum(content_bid, 0.0))
        books.pay("gate_fees", collectors, abroad, np.maximum(-content_bid, 0.0))
        fee = (sales.landfilled * np.asarray(config.streams.landfill_cost)[None, :, None]).sum(axis=(0, 1))
        handled = self.collected_units * self.mass[:, None]
        cost = handled.sum(axis=0) * config.public.collection_cost
        books.pay("gate_fees", collectors, domestic, fee + cost)

    def _last_export_bid(self, sales: Any) -> Array:
        """Value of scrap exported this month by leaf (L,), EUR; `price` of an unsold pool is its next best use."""
        return (sales.exported * np.maximum(self.model.scrap.price, -10.0)).sum(axis=(0, 1))

    def run_recyclers(self) -> Array:
        """Recyclers process their feed and pay for it; returns labour cost by leaf (L,), EUR."""
        model, recyclers = self.model, self.model.recyclers
        recyclers.recover(model.places.dissipated)
        self.usual_end_of_life += (
            recyclers.recovered_end_of_life.sum(axis=0) - self.usual_end_of_life
        ) / self._memory()
        self.usual_recovered += (recyclers.recovered.sum(axis=0) - self.usual_recovered) / self._memory()
        paid = recyclers.pay_for_processing(
            model.accounts.households[recyclers.leaf], model.accounts.domestic, model.energy, model.labour.wage_factor
        )
        return np.bincount(recyclers.leaf, paid, len(self.config.leaves))
