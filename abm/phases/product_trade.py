"""Product trade: households, business and government choose and buy; dealers order from makers and importers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import CIRCULAR, LINEAR, REFURBISHER, SERVICE, advantage, uptake
from abm.agents.households import Offers
from abm.books import block
from abm.markets import products as goods
from abm.markets.components import at_most
from abm.markets.products import LEAST, label_shares
from abm.phases.standards import life_of

Array = NDArray[np.float64]
TENDER = 20.0  # how sharply a tender with criteria turns on price: 10 % better wins seven times in eight
REPAIR_LABOUR = 0.5  # work in the bill for a repair, the rest being parts; assumed
USED_AT_MOST = 0.9  # price of used goods over that of new ones, at most


class ProductTrade:
    """Runs the product markets of a month.

    Attributes
    ----------
    import_share
        Origin of imported products (P, O), and `origins` the jurisdictions.
    price
        Price by label (P, 3), EUR without tax: linear, circular, as a service.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        products, structure = self.config.products, model.structure
        self.origins = (np.asarray(products.import_share).sum(axis=0) > 0.0).nonzero()[0]
        share = np.asarray(products.import_share)[:, self.origins]
        total = share.sum(axis=1, keepdims=True)
        self.import_share = np.divide(share, total, out=np.full_like(share, 1.0 / share.shape[1]), where=total > 0.0)
        self.side = structure.side_of[self.origins]
        self.home_share = np.asarray(products.home_share)
        self.elasticity = np.asarray(products.price_elasticity)
        self.start_price = self._label_start()
        self.price = self.start_price.copy()
        self.content = model.structure.content  # of imported products (P, M), kg
        self.substituted: Array | None = None  # share of it that makers abroad have replaced for good, if any is
        material = self._imported_material()
        base = np.asarray(products.price) * np.asarray(products.import_cost_ratio)
        self.import_base = np.maximum(base[:, None] - material, 0.05 * base[:, None])
        self.import_start = self.import_base + material
        self.import_price = self.import_start.copy()
        self.tax = self._tax()
        # Stocks in use over those at the start (months + 1, P, L).
        self.stock_path = np.stack([structure.stock_path(month) for month in range(model.months + 1)])
        self.growth = self._world_path(structure)  # the same in all leaves together (months + 1, P)
        # Used goods that households want, smoothed (P, L) a month.
        self.used_wanted = np.full((len(products), len(self.config.leaves)), np.nan)
        self.surcharge = np.zeros((len(products), len(self.config.leaves)))
        self.start_shares = self._start_shares()
        self.won = np.zeros(len(products))  # products a month that circular offers won in public tenders
        self.shares = self.start_shares  # the same without labels that nobody makes any more
        # Labels that had makers and providers at the start (P, 2), and those that have them now.
        self.founded: NDArray[np.bool_] | None = None
        self.there: NDArray[np.bool_] | None = None
        self.modulation: Array | None = None  # of producers' fees (P, L, 3), EUR per product, if there is any
        self.usually_sold: Array | None = None  # products sold by label in a month (P, L, 3), while fees differ by it
        self.labels_sold = np.zeros((*self.surcharge.shape, goods.LABELS))
        self.used_level = np.ones(len(products))  # price of used goods over its usual part of the new price
        self._remember_constants()
        self.import_orders = np.zeros((len(products), len(self.origins), len(self.config.leaves)))

    def _world_path(self, structure: Any) -> Array:
        """Stocks in use over those at the start, all leaves together (months + 1, P)."""
        products, leaves = self.config.products, self.config.leaves
        stock = sum(
            np.asarray(table)[:, leaves]
            for table in (products.household_stock, products.business_stock, products.public_stock)
        )
        whole = np.add.reduce(stock, axis=1)
        there = np.add.reduce(self.stock_path * stock, axis=2) / np.where(whole > 0.0, whole, 1.0)
        return np.where(whole > 0.0, there, 1.0)

    def _remember_constants(self) -> None:
        """Tables of the config that every month reads."""
        products = self.config.products
        shape = (len(products), len(self.config.leaves), goods.SERVICE + 1)
        self.list_price = np.asarray(products.price)
        self.usual_used_price = np.asarray(products.used_price)
        self.highest_used = np.maximum(USED_AT_MOST / self.usual_used_price, 1.0)
        self.repair_cost = np.asarray(products.repair_cost)
        # Cost of running a service, EUR per product at the usual wage, and what that was in a month by leaf.
        self.start_fee = self.start_price[:, 2] - self.start_price[:, 1]
        self.service_work = self.start_fee / (1.0 + self.config.firms.markup)
        self.service_labour = np.zeros(len(self.config.leaves))
        self.exports_at_start = np.asarray(products.exports)
        self.buyers_abroad = self._buyers_abroad()
        self.taxed = 1.0 + self.tax
        self.cells = np.arange(2 * len(products))[:, None]  # of linear and circular goods by product
        self.in_use = block(self.model.places.in_use)
        # Price at the start (P, 1 + O) and usual share of home and of each origin in linear goods.
        self.origin_start = np.concatenate([self.list_price[:, None], self.import_start], axis=1)
        abroad = (1.0 - self.home_share)[:, None] * self.import_share
        self.origin_share = np.concatenate([self.home_share[:, None], abroad], axis=1)
        life, circularity, available = np.ones(shape), np.zeros(shape), np.ones(shape, dtype=bool)
        life[..., goods.REPAIR] = np.asarray(products.repair_life)[:, None]
        life[..., goods.USED] = 0.5
        life[..., goods.CIRCULAR] = life[..., goods.SERVICE] = np.asarray(products.circular_life)[:, None]
        circularity[..., [goods.USED, goods.CIRCULAR, goods.SERVICE]] = 1.0
        available[..., goods.USED] = (np.asarray(products.used_share) > 0.0)[:, None]
        for table in (life, circularity):
            table.flags.writeable = False
        self.usual_life = life
        self.offered = {"life": life, "circularity": circularity, "available": available}
        self._offer_labels()

    def _buyers_abroad(self) -> Array:
        """Weight of each jurisdiction in what home makers export (J,): its industry's part in the use of materials."""
        materials = self.config.materials
        abroad = ~np.asarray(self.config.jurisdictions.domestic, dtype=bool)
        use = np.add.reduce(np.asarray(materials.use_share), axis=0) * abroad
        return np.asarray(use / max(use.sum(), LEAST))

    def _label_start(self) -> Array:
        products, firms = self.config.products, self.config.firms
        home, share = np.asarray(products.price), np.asarray(products.home_share)
        linear = home * (share + (1.0 - share) * np.asarray(products.import_cost_ratio))
        circular = home * (1.0 + np.asarray(products.circular_premium))
        return np.stack([linear, circular, circular * (1.0 + firms.service_cost)], axis=1)

    def _start_shares(self) -> Array:
        """Shares of labels among new purchases at the start (P, 3)."""
        products = self.config.products
        circular, service = np.asarray(products.circular_share), np.asarray(products.service_share)
        return np.stack([1.0 - circular - service, circular, service], axis=1)

    def _tax(self) -> Array:
        """Value-added tax by leaf (L,): the highest rate among the jurisdictions above."""
        rates = np.asarray(self.config.jurisdictions.value_added_tax)
        return np.array([rates[self.config.ancestors[leaf]].max() for leaf in self.config.leaves])

    def _imported_material(self) -> Array:
        price = self.model.materials.price[1][self.side]  # (O, M)
        return np.asarray(self.content @ price.T)

    def substitute(self, possible: Array, cost: Array) -> None:
        """Makers abroad replace what is `possible` of materials (P, M) as it pays.

        `cost` (M,) is that of the substitute over the price of the material at the start. They follow prices outside.
        """
        start, price = np.asarray(self.config.materials.price), self.model.materials.price[1, 0]
        done = np.zeros(possible.shape) if self.substituted is None else self.substituted
        more = uptake(done, possible, advantage(price, cost * start), self.config.firms.substitution_speed)
        content = self.model.structure.content
        self.import_base = self.import_base + (content * more @ (start * cost))[:, None]
        self.substituted = done + more
        self.content = content * (1.0 - self.substituted)

    # ------------------------------------------------------------------ prices
    def set_prices(self) -> None:
        """Prices by label from home makers' and importers' prices."""
        firms, count = self.model.firms, len(self.list_price)
        self.import_levy = self.content @ self.model.materials_trade.levies()[1]  # EUR/product (P,)
        goods_price = self._landed(self.import_base + self._imported_material())
        self.discount = self._discounts()
        if self.discount is not None:
            self.given = goods_price * self.discount  # EUR/product (P, O), which states pay their exporters
            goods_price = goods_price - self.given
        self.import_price = goods_price + self.import_levy[:, None]
        standards = self.model.standards
        if standards.import_cost is not None:
            self.import_price += standards.import_cost[:, None]
        self.undiscounted = self.import_price if self.discount is None else self.import_price + self.given
        if self.model.duties.in_force:
            not_abroad = self.import_levy if standards.charge is None else self.import_levy + standards.charge
            self.before_duty = self.import_price - not_abroad[:, None]
            self.import_price = self.import_price + self.before_duty * self.model.duties.on_products
        self.makers = rows = firms.of_kind(LINEAR, CIRCULAR)
        self.providers, self.refurbishers = firms.of_kind(SERVICE), firms.of_kind(REFURBISHER)
        self.cell = firms.kind[rows] * count + firms.product[rows]
        capacity = firms.capacity[rows]
        weight = np.bincount(self.cell, capacity, 2 * count)
        total = np.bincount(self.cell, capacity * firms.price[rows], 2 * count)
        # Capacity-weighted price of home makers by kind and product (2, P), 0 where there are none.
        home = (total / np.maximum(weight, LEAST)).reshape(2, count)
        self.circular_capacity = np.asarray(weight[count:], dtype=np.float64)
        self.linear_capacity = weight[:count]
        self._note_extinct(self.circular_capacity)
        self._weigh_origins(home[LINEAR])
        np.copyto(self.price[:, 1], home[CIRCULAR], where=home[CIRCULAR] > 0.0)
        # Providers' fee follows what the work of running a service costs.
        wage = float(self.model.labour_cost @ self.model.settlement.household_share)
        self.price[:, 2] = self.price[:, 1] + self.start_fee * wage
        self.surcharge = self._mandate_cost() + self.model.settlement.producer_fee
        self.modulation = self._modulate_fees() if self.model.rules.in_force("fee_spread") else None
        self._price_services()

    def _landed(self, price: Array) -> Array:
        """Import prices (P, O) with what dearer freight adds."""
        freight = self.model.transport.freight_on_goods(self.origins)
        return price if freight is None else price * (1.0 + freight)

    def _modulate_fees(self) -> Array:
        """By how much producers' fees differ from the mean (P, L, 3), EUR: bonus and malus cancel at last year's sales.

        Linear goods pay the spread times the share of circular goods in what was sold, circular goods get the rest.
        """
        spread = self.model.rules.fee_spread.T
        sold = self.model.dealers.demand if self.usually_sold is None else self.usually_sold
        whole = np.add.reduce(sold, axis=2)
        circular = np.add.reduce(sold[..., 1:], axis=2) / np.where(whole > 0.0, whole, np.inf)
        fee = np.empty(sold.shape)
        fee[..., 0] = spread * circular
        fee[..., 1:] = (-spread * (1.0 - circular))[..., None]
        return fee

    def _note_labels_sold(self, new: Array) -> None:
        """Remember what was sold by label, `new` (P, L, 3) of it to households, and smooth it over a year."""
        business = self.business_bought[..., None] * self.business_labels
        self.labels_sold = new + business[0] + business[1]
        known = self.labels_sold if self.usually_sold is None else self.usually_sold
        self.usually_sold = known + (self.labels_sold - known) / 12.0

    def _price_services(self) -> None:
        """Refurbishers and service providers price against new goods."""
        price, product = self.model.firms.price, self.model.firms.product
        self.fee = self.price[:, 2] - self.price[:, 1]
        price[self.providers] = self.fee[product[self.providers]]
        price[self.refurbishers] = self.used_price()[product[self.refurbishers]]

    def _note_extinct(self, circular: Array) -> None:
        """A label that home makers, or service providers, once brought to the market ends with the last of them."""
        firms, rows = self.model.firms, self.providers
        there = np.empty((len(circular), 2), dtype=bool)
        there[:, 0] = circular > 0.0
        there[:, 1] = np.bincount(firms.product[rows], firms.capacity[rows], len(circular)) > 0.0
        if self.founded is None:
            self.founded = there
        if self.there is not None and (there == self.there).all():
            return
        self.there, gone = there, self.founded & ~there
        self.shares = self.start_shares.copy()
        self.shares[:, 1:] *= ~gone
        self.shares[:, 2] *= ~gone[:, 0]
        self._offer_labels()

    def lengthen_life(self, linear: Array, used: Array) -> None:
        """Let linear and used goods last longer than usual by factors (P,) each."""
        self.offered["life"] = life_of(self.usual_life, linear, used)

    def _offer_labels(self) -> None:
        """Circular goods and services are on offer where they have a share of the market."""
        available = self.offered["available"].copy()
        available[..., goods.CIRCULAR :] = (self.shares[:, 1:] > 0.0)[:, None]
        available.flags.writeable = False
        self.offered["available"] = available

    def _weigh_origins(self, home: Array) -> None:
        """Shares of home and of each origin in linear goods (P, 1 + O) by relative price, and their mean price."""
        known = home > 0.0
        now = np.empty(self.origin_start.shape)
        now[:, 0], now[:, 1:] = np.where(known, home, self.list_price), self.import_price
        self.origin_weights = self._weights(now, known)
        if self.discount is not None:  # who sells under price cannot make more than its capacity allows
            usual = now.copy()
            usual[:, 1:] = self.undiscounted
            most = self._weights(usual, known) * self._room(self.discount)
            self.origin_weights = at_most(self.origin_weights, most)
        self.home_price = now[:, 0]
        self.price[:, 0] = np.add.reduce(self.origin_weights * now, axis=1)

    def _weights(self, price: Array, known: NDArray[np.bool_]) -> Array:
        """Shares of home and of each origin (P, 1 + O) at these prices (P, 1 + O)."""
        weight = self.origin_share * (price / self.origin_start) ** -self.elasticity[:, None]
        weight[:, 0] *= known
        total = np.add.reduce(weight, axis=1)
        return np.asarray(weight / np.maximum(total, LEAST)[:, None])

    def _discounts(self) -> Array | None:
        """Discounts that blocs give on products, over their price (P, O); None where nobody gives any."""
        if all(bloc.off_goods is None for bloc in self.model.blocs):
            return None
        found = np.zeros(self.import_base.shape)
        for bloc in self.model.blocs:
            if bloc.off_goods is not None:
                found[:, self.origins == bloc.jurisdiction] = bloc.off_goods[:, None]
        return found

    def _room(self, discount: Array) -> Array:
        """Largest share of an origin over its usual one (P, 1 + O): a bloc with a discount (P, O) has idle capacity."""
        room = np.full(self.origin_share.shape, 1e12)
        for bloc in self.model.blocs:
            where = (self.origins == bloc.jurisdiction) & (discount > 0.0)
            room[:, 1:][where] = 1.0 + bloc.flood_capacity
        return room

    def _let_states_pay(self, by_origin: Array) -> None:
        """States pay exporters abroad the discounts on the products delivered (P, O, L)."""
        model = self.model
        given = np.add.reduce(by_origin, axis=2) * self.given
        for bloc in model.blocs:
            bloc.goods_cost = bloc.makes_good(np.add.reduce(given[:, self.origins == bloc.jurisdiction], axis=1))
            amount = float(np.add.reduce(bloc.goods_cost))
            model.books.pay("state_support", bloc.purse, model.accounts.abroad, amount)

    def _mandate_cost(self) -> Array:
        """What certificates for the secondary material demanded add to the price of a product (P, L), EUR."""
        if not self.model.rules.in_force("recycled_content_mandate"):
            return np.zeros(self.surcharge.shape)
        mandate = self.model.rules.recycled_content_mandate  # (L, P, M)
        cost = self.content * self.model.settlement.certificate_price
        return np.einsum("lpm,pm->pl", mandate, cost)

    def used_price(self) -> Array:
        """Price of used goods (P,), EUR without tax: the usual part of the new price, moved by scarcity."""
        return self.price[:, 0] * self.usual_used_price * self.used_level

    def usual_used_stock(self) -> Array:
        """Used goods that dealers like to hold (P, L): some months' sales, and at least what one household buys."""
        return np.asarray(goods.USED_COVER * self.used_wanted + self.model.households.products_per_item)

    def _set_used_price(self) -> None:
        """The price of used goods rises while they are scarce, and falls back to where traders rather export them."""
        wanted = np.add.reduce(self.usual_used_stock(), axis=1)
        held = np.add.reduce(self.model.dealers.used_units + self.model.end_of_life.traded_in, axis=1)
        both = wanted + held
        gap = (wanted - held) / np.maximum(both, LEAST)
        self.used_level = np.minimum(np.maximum(self.used_level * np.exp(0.1 * gap), 1.0), self.highest_used)

    def offers(self) -> Offers:
        """What households can choose from (P, L, 6), taxes included."""
        price, taxed = np.empty(self.offered["life"].shape), self.taxed
        new = self.price[:, None] * taxed[:, None]  # (P, L, 3)
        price[..., goods.KEEP] = 0.0
        price[..., goods.REPAIR] = new[..., 0] * self.repair_cost[:, None]
        level = self._repair_level()
        if level is not None:
            price[..., goods.REPAIR] *= level
        price[..., goods.USED] = self.used_price()[:, None] * taxed
        np.add(new, (self.surcharge * taxed)[..., None], out=price[..., goods.LINEAR :])
        if self.modulation is not None:
            price[..., goods.LINEAR :] += self.modulation * taxed[:, None]
        return Offers(price=price, **self.offered)

    def _supported(self, offers: Offers) -> Offers:
        """The same offers as households see them: with the part of deposits that they do not expect back, and less
        what government pays of the price."""
        rules, self.full_price = self.model.rules, offers.price
        supported, deposited = rules.in_force("offer_support"), rules.in_force("deposit")
        if not (supported or deposited):
            return offers
        price = offers.price * (1.0 - rules.offer_support.transpose(1, 0, 2))
        lost = rules.deposit.T * (1.0 - self.model.end_of_life.handed_in)[:, None]
        price[..., goods.LINEAR :] += lost[..., None]
        return replace(offers, price=price)

    # ------------------------------------------------------------------ the month
    def run(self) -> Any:
        """Everybody chooses and buys; dealers reorder. Returns what households bought."""
        model = self.model
        self.set_prices()
        offers = self._supported(self.offers())
        self.current_offers = offers
        model.households.spending, model.households.patience = self._now("spending"), self._now("postponed")
        if model.rules.in_force("campaign"):
            model.households.hear(model.rules.campaign, model.month)
        choices = model.households.choose(model.month, offers)
        content = model.dealers.content(model.dealers.new_block, model.dealers.units)
        business = self._business(content, choices)
        purchases = self._households(choices, content)
        self._learn(choices, business)
        self._reorder()
        return purchases

    def _now(self, condition: str) -> Array | None:
        """A condition by jurisdiction as it is in the leaves (L,), None if all is as usual."""
        conditions = self.model.conditions
        return conditions[condition][self.config.leaves] if conditions.struck(condition) else None

    def _business(self, content: Array, choices: Any) -> Array:
        """Business and government buy (2, P, L) by label; returns what they wanted (2, P, L, 3)."""
        model, dealers, buyers = self.model, self.model.dealers, self.model.business
        path, next_path = self.stock_path[model.month : model.month + 2]
        wanted = buyers.wanted(model.month, path, next_path, self._now("investment"))
        labels = self.business_labels = self._business_labels(wanted[goods.PUBLIC])
        asked = wanted[0] + wanted[1]
        consumers = np.add.reduce(choices.expected[..., goods.LINEAR :], axis=2)
        room = np.maximum(dealers.units, 0.0) * asked / np.maximum(asked + consumers, LEAST)
        fill = np.minimum(1.0, room / np.maximum(asked, LEAST)) * (1.0 - 1e-12)
        bought = wanted * fill
        self.business_discarded = buyers.discard(model.month)
        kilograms = bought[..., None] * content
        durable = model.standards.traits.get("durability")
        buyers.receive(model.month, bought, kilograms, None if durable is None else durable[model.month])
        dealers.units -= bought[0] + bought[1]
        for places, moved in zip(buyers.blocks, kilograms.reshape(2, -1, kilograms.shape[-1]), strict=True):
            model.books.move("sale", dealers.new_block, places, moved)
        self._pay_business(bought, labels)
        self.business_bought = bought
        return wanted[..., None] * labels

    def _business_labels(self, wanted: Array) -> Array:
        """Shares of labels (2, P, L, 3); what public buyers want (P, L) is tendered by procurement rules."""
        rules, shape = self.model.rules, self.model.dealers.shape
        if self.modulation is None:
            usual = label_shares(self.shares, self.price, self.start_price, self.elasticity[:, None])[:, None]
        else:
            now, start = self.price[:, None] + self.modulation, self.start_price[:, None]
            usual = label_shares(self.shares[:, None], now, start, self.elasticity[:, None, None])
        labels = np.empty((2, *shape, 3))
        labels[:] = usual
        if rules.in_force("procurement_share"):
            labels[goods.PUBLIC] += self._won(usual, wanted)
        return labels

    def _won(self, usual: Array, wanted: Array) -> Array:
        """What circular offers win in tenders with criteria: change of the shares of labels (P, L, 3).

        They win where they cost no more than the premium above linear goods, as far as their makers have capacity: a
        logit in the logarithm of price, in which goods and services weigh as they usually sell;
        `usual` (P, 1, 3), or by leaf, are the shares without criteria, `wanted` (P, L) are public purchases.
        """
        rules, circular = self.model.rules, usual[..., 1:]
        edge = (self._most()[..., None] / self.price[:, None, 1:]) ** TENDER
        offered = np.add.reduce(circular, axis=2, keepdims=True)
        edge *= circular / np.maximum(offered, LEAST)
        shift = edge / (1.0 + np.add.reduce(edge, axis=2, keepdims=True))
        shift *= (rules.procurement_share.T * usual[..., 0])[..., None]
        asked = np.add.reduce(shift.sum(axis=2) * wanted, axis=1)
        others = np.add.reduce(self.model.dealers.demand[..., 1:], axis=(1, 2)) - self.won
        room = np.maximum(self.circular_capacity - np.maximum(others, 0.0), 0.0)
        shift *= np.minimum(1.0, room / np.where(asked > 0.0, asked, 1.0))[:, None, None]
        whole = np.add.reduce(shift, axis=2)
        self.won = np.add.reduce(whole * wanted, axis=1)
        change = np.empty((*whole.shape, 3))
        change[..., 0], change[..., 1:] = -whole, shift
        return change

    def _most(self) -> Array:
        """What public buyers pay at most for a product (P, L), EUR without tax: linear price and accepted premium."""
        return np.asarray(self.price[:, :1] * (1.0 + self.model.rules.procurement_premium.T))

    def _pay_business(self, bought: Array, labels: Array) -> None:
        """Business pays from the domestic economy; government pays the linear price, the premium by its programme.

        In tenders with criteria bids are spread around the price by label. Those that win above what buyers accept
        have come down to that: the difference is a discount that makers and providers give.
        """
        model, dealers, books = self.model, self.model.dealers, self.model.books
        value = bought * (np.einsum("oplk,pk->opl", labels, self.price) + self.surcharge)
        if self.modulation is not None:
            value += bought * np.einsum("oplk,plk->opl", labels, self.modulation)
        to_dealers = np.add.reduce(value, axis=1)  # (2, L)
        books.pay("retail_sales", model.accounts.domestic, dealers.accounts, to_dealers[goods.BUSINESS])
        self.business_service = np.add.reduce(bought * labels[..., -1], axis=(0, 2))
        self.public_labels = bought[goods.PUBLIC][..., None] * labels[goods.PUBLIC]
        self.public_premium, owed = np.zeros(bought[goods.PUBLIC].shape), to_dealers[goods.PUBLIC]
        if model.rules.in_force("procurement_share"):
            won = bought[goods.PUBLIC][..., None] * (labels[goods.PUBLIC] - labels[goods.BUSINESS])
            self.public_premium, discount = self._premium(won)
            owed = owed - np.add.reduce(discount, axis=(0, 2))
            self._give_discounts(discount)
        model.preference.tender(self.public_labels[..., 0], TENDER)
        owed = owed - np.add.reduce(self.public_premium)
        books.pay("public_purchases", model.accounts.public, dealers.accounts, owed)

    def _premium(self, won: Array) -> tuple[Array, Array]:
        """What products won in tenders (P, L, 3) cost above linear ones (P, L), and the discounts on them, EUR.

        Discounts (P, L, 2) are on goods, by their makers, and on the service that goes with them, by its providers.
        """
        units, price = np.maximum(won[..., 1:], 0.0), self.price[:, None, 1:]
        over = np.maximum(price - self._most()[..., None], 0.0)
        extra = np.maximum(price - over - self.price[:, :1, None], 0.0)
        discount = np.empty(units.shape)
        discount[..., 1] = units[..., 1] * (over[..., 1] - over[..., 0])
        discount[..., 0] = np.add.reduce(units, axis=2) * over[..., 0]
        return np.add.reduce(units * extra, axis=2), discount

    def _give_discounts(self, discount: Array) -> None:
        """Circular makers and providers pay dealers the discounts (P, L, 2) on what was won, by their capacity.

        Dealers who keep the fee of a service, because there are no providers, bear the discount on it.
        """
        model, firms, clearing = self.model, self.model.firms, self.model.accounts.secondary
        makers = self.makers[firms.kind[self.makers] == CIRCULAR]
        for rows, given in ((makers, discount[..., 0]), (self.providers, discount[..., 1])):
            product, capacity = firms.product[rows], firms.capacity[rows]
            whole = np.bincount(product, capacity, len(given))
            paid = capacity * (np.add.reduce(given, axis=1) / np.where(whole > 0.0, whole, np.inf))[product]
            model.books.pay("product_sales", firms.account[rows], clearing, paid)
            back = np.add.reduce(given * (whole > 0.0)[:, None])
            model.books.pay("product_sales", clearing, model.dealers.accounts, back)

    def _households(self, choices: Any, content: Array) -> Any:
        model, dealers = self.model, self.model.dealers
        used_content = dealers.content(dealers.used_block, dealers.used_units)
        model.enter_content(content, used_content)
        purchases = self._serve(choices)
        new = np.add.reduce(purchases.units_new, axis=2)
        self._move_sales(dealers.new_block, new, content)
        self._move_sales(dealers.used_block, purchases.units_used, used_content)
        dealers.units -= new
        dealers.used_units -= purchases.units_used
        self.units_to_households = new
        self._pay_households(purchases)
        self._pay_service_providers(purchases)
        self.units_sold = new + self.business_bought[0] + self.business_bought[1]
        self.content_sold = self.units_sold[..., None] * content
        return purchases

    def _serve(self, choices: Any) -> Any:
        """Dealers serve households from stock; the rest go on the waiting list."""
        dealers = self.model.dealers
        purchases = self.model.households.complete(
            choices, np.maximum(dealers.units, 0.0) * (1.0 - 1e-12), np.maximum(dealers.used_units, 0.0) * (1.0 - 1e-12)
        )
        dealers.waiting = purchases.unserved
        return purchases

    def _move_sales(self, source: slice, units: Array, content: Array) -> None:
        kilograms = (units[..., None] * content).reshape(-1, content.shape[-1])
        self.model.books.move("sale", source, self.in_use, kilograms)

    def _pay_households(self, purchases: Any) -> None:
        """Households pay dealers, refurbishers and repairers, and the tax on it."""
        model, dealers, accounts = self.model, self.model.dealers, self.model.accounts
        linear = self.price[:, 0]
        new = np.einsum("plk,pk->l", purchases.units_new, self.price)
        new += np.add.reduce(self.units_to_households * self.surcharge)
        if self.modulation is not None:
            new += np.add.reduce(purchases.units_new * self.modulation, axis=(0, 2))
            self._note_labels_sold(purchases.units_new)
        used = self.used_price() @ purchases.units_used
        repair = (linear * self.repair_cost) @ purchases.repairs
        if self.repair_level is not None or purchases.covered is not None:
            repair = self._pay_for_covered(purchases)
        model.books.pay("retail_sales", accounts.households, dealers.accounts, new + used)
        model.books.pay("repairs", accounts.households, accounts.domestic, repair)
        net = new + used + repair
        tax = net * self.tax
        model.books.pay("value_added_tax", accounts.households, accounts.treasury, tax)
        self.household_spending = net + tax
        self.offer_value = self._owed_for_offers(purchases) if model.rules.in_force("offer_support") else None
        self.repairs = purchases.repairs
        self.used_sold = purchases.units_used

    def _repair_level(self) -> Array | None:
        """Price of a repair over the usual one (P, L), where law or tax relief changes it."""
        self.repair_level: Array | None = None
        if self.model.month >= 0:
            saving, relief = self.model.standards.saving, self.model.labour_relief
            if saving is not None or relief is not None:
                level = np.ones(self.surcharge.shape)
                level *= 1.0 if saving is None else 1.0 - saving
                self.repair_level = level * (1.0 if relief is None else 1.0 - REPAIR_LABOUR * relief)
        return self.repair_level

    def repair_work(self) -> Array:
        """What the work in repairs costs before tax relief (L,), EUR."""
        price = (self.price[:, 0] * self.repair_cost)[:, None]
        saving = self.model.standards.saving
        price = price if saving is None else price * (1.0 - saving)
        return np.asarray(REPAIR_LABOUR * np.add.reduce(price * self.repairs))

    def _owed_for_offers(self, purchases: Any) -> Array:
        """What households owe with tax by what they chose (P, L, 6), EUR; nothing for repairs under warranty."""
        owed: Array = purchases.units * self.full_price
        if purchases.covered is not None:
            owed[..., goods.REPAIR] -= purchases.covered * self.full_price[..., goods.REPAIR]
        return owed

    def _pay_for_covered(self, purchases: Any) -> Array:
        """Dealers pay for repairs under longer warranty, for producers; returns what households pay for theirs (L,)."""
        model, standards = self.model, self.model.standards
        price = (self.price[:, 0] * self.repair_cost)[:, None] * np.ones(len(self.tax))
        if self.repair_level is not None:
            price *= self.repair_level
        covered = np.zeros(price.shape) if purchases.covered is None else purchases.covered
        cost = price * covered
        model.books.pay("repairs", model.dealers.accounts, model.accounts.domestic, np.add.reduce(cost))
        if purchases.covered is not None:
            sold = np.add.reduce(self.units_to_households + self.business_bought[0] + self.business_bought[1], axis=1)
            standards.note_warranty(np.add.reduce(cost, axis=1), sold)
        return np.asarray(np.add.reduce(price * (purchases.repairs - covered)))

    def _pay_service_providers(self, purchases: Any) -> None:
        """Providers earn the fee above the price of the product and pay for the work of running the service."""
        model, firms, books = self.model, self.model.firms, self.model.books
        rows = self.providers
        if not len(rows):
            return
        sold = np.add.reduce(purchases.units_new[..., -1], axis=1) + self.business_service
        product, leaf, capacity = firms.product[rows], firms.leaf[rows], firms.capacity[rows]
        together = np.bincount(product, capacity, len(sold))
        units = capacity * (sold / np.maximum(together, LEAST))[product]
        fee = units * self.fee[product]
        books.pay("product_sales", model.dealers.accounts[leaf], firms.account[rows], fee)
        running = units * self.service_work[product] * model.labour_cost[leaf]
        books.pay("labour", firms.account[rows], model.accounts.households[leaf], running)
        self.service_labour = np.bincount(leaf, running, len(self.tax)).astype(np.float64)
        firms.made[rows] = firms.sold[rows] = units
        firms.orders[rows] += (units - firms.orders[rows]) / self.config.firms.order_smoothing

    def _learn(self, choices: Any, business: Array) -> None:
        new = choices.expected[..., goods.LINEAR :]
        # Those turned away last month ask again: they are on the waiting list, not new demand.
        total = np.add.reduce(new, axis=2)
        again = np.minimum(self.model.dealers.waiting, total)
        first = 1.0 - again / np.maximum(total, LEAST)
        self.model.dealers.learn(new * first[..., None] + business[0] + business[1])
        asked = choices.expected[..., goods.USED]
        known = self.used_wanted if self.model.month else asked
        self.used_wanted = known + (asked - known) / self.config.firms.order_smoothing
        self._set_used_price()

    # ------------------------------------------------------------------ orders
    def _reorder(self) -> None:
        """Dealers order; home makers deliver from stock, importers deliver the rest."""
        dealers = self.model.dealers
        orders = dealers.orders()  # (P, L, 3)
        by_kind = np.empty((2, *orders.shape[:2]))  # linear and circular goods ordered at home (2, P, L)
        by_kind[0] = orders[..., 0] * self.origin_weights[:, :1]
        if self.model.preference.shift is not None:
            by_kind[0] += orders[..., 0] * self.model.preference.shift
        by_kind[1] = orders[..., 1] + orders[..., 2]
        missing = np.maximum(by_kind - self._deliver_home(by_kind), 0.0)
        self._deliver_imports(orders[..., 0] - by_kind[0] + 0.5 * (missing[0] + missing[1]))

    def _deliver_home(self, by_kind: Array) -> Array:
        """Makers deliver what they can of dealers' and export orders; returns (2, P, L) products."""
        firms, rows, cell = self.model.firms, self.makers, self.cell
        if not len(rows):
            return np.zeros(by_kind.shape)
        product, count = firms.product[rows], by_kind.size // by_kind.shape[2]
        cheap = firms.price[rows] / firms.start_price[rows]
        pull = firms.capacity[rows] * cheap ** -self.elasticity[product]
        total = np.bincount(cell, pull, count)
        whole = np.add.reduce(by_kind, axis=2)
        asked = pull * (whole.reshape(-1) / np.maximum(total, LEAST))[cell]
        exports = self._export_orders(rows, product, cheap)
        wanted = asked + exports
        able = np.minimum(1.0, firms.units[rows] / np.maximum(wanted, LEAST)) * (1.0 - 1e-12)
        sold, asked = wanted * able, asked * able
        split = by_kind / np.maximum(whole, LEAST)[..., None]
        made = np.bincount(cell, asked, count).reshape(whole.shape)
        delivered = split * made[..., None]
        self._ship(asked, exports * able, split, np.add.reduce(delivered))
        firms.sold[rows] = sold
        firms.orders[rows] += (wanted - firms.orders[rows]) / self.config.firms.order_smoothing
        return delivered

    def _export_orders(self, rows: Array, product: Array, cheap: Array) -> Array:
        """What makers could sell abroad (n,), products: it follows growth there and their relative price."""
        growth = np.sqrt(self.growth[self.model.month, product])
        cheaper = cheap**-self.config.firms.export_elasticity
        if self.model.conditions.struck("investment"):
            growth *= self.buyers_abroad @ self.model.conditions.investment
        return np.asarray(self.exports_at_start[product] * self.model.start_sales[rows] * cheaper * growth)

    def _ship(self, home: Array, exports: Array, split: Array, units: Array) -> None:
        """Move and pay deliveries: goods at their makers' mean content, to dealers by leaf and abroad.

        `split` (2, P, L) is the share of each leaf in what dealers get, `units` (P, L) what they get in all.
        """
        model, firms, dealers, books = self.model, self.model.firms, self.model.dealers, self.model.books
        rows = self.makers
        places, held = firms.finished[rows], firms.units[rows]
        per_unit = books.stock.take(places, axis=0) / np.where(held > 1e-9, held, np.inf)[:, None]
        out_home = per_unit * home[:, None]
        books.move("export", places, model.places.abroad, per_unit * exports[:, None])
        books.move("delivery", places, model.places.goods, out_home)
        member = (self.cells == self.cell).astype(np.float64)
        content = (member @ out_home).reshape(*split.shape[:2], -1)
        to_dealers = np.einsum("kpl,kpm->plm", split, content)
        books.move("delivery", model.places.goods, dealers.new_block, to_dealers.reshape(-1, out_home.shape[1]))
        dealers.units += units
        firms.units[rows] -= home + exports
        self._pay_makers(home, exports, split)

    def _pay_makers(self, home: Array, exports: Array, split: Array) -> None:
        model, firms, books, rows = self.model, self.model.firms, self.model.books, self.makers
        price = firms.price[rows]
        if firms.owed_per_unit is not None:  # dealers keep what makers owe them for repairs under warranty
            price = price - firms.owed_per_unit[rows]
        value, abroad = home * price, exports * price
        clearing = model.accounts.secondary
        books.pay("product_sales", clearing, firms.account[rows], value)
        total = np.bincount(self.cell, value, split.size // split.shape[2]).reshape(split.shape[:2])
        books.pay("product_sales", model.dealers.accounts, clearing, np.einsum("kpl,kp->l", split, total))
        books.pay("product_sales", model.accounts.abroad, firms.account[rows], abroad)
        self.exported = exports
        self.export_value = float(np.add.reduce(abroad))
        self.home_sales_value = np.add.reduce(total, axis=1)

    def _deliver_imports(self, imports: Array) -> None:
        """Importers deliver linear goods (P, L) by origin."""
        model, dealers, books = self.model, self.model.dealers, self.model.books
        weight = self.origin_weights[:, 1:]
        total = np.add.reduce(weight, axis=1)[:, None]
        share = np.divide(weight, total, out=self.import_share.copy(), where=total > 0.0)
        by_origin = share[:, :, None] * imports[:, None, :]
        self.imported_by_origin = np.einsum("pol,pm->om", by_origin, self.content)
        if model.transport.delays("products"):
            self._import_late(by_origin)
            return
        dealers.under_way = 0.0
        content = self.content
        kilograms = imports[..., None] * content[:, None, :]
        books.move("product_import", model.places.abroad, dealers.new_block, kilograms.reshape(-1, content.shape[1]))
        dealers.units += imports
        price = np.add.reduce(share * self.import_price, axis=1) - self.import_levy  # the levy goes to government
        if model.standards.charge is not None and model.standards.import_cost is not None:
            price -= model.standards.charge  # dealers keep what importers owe them for repairs
        if model.duties.in_force:  # nor does the duty go abroad
            price = np.add.reduce(share * self.before_duty, axis=1)
            model.duties.note_products(by_origin * self.before_duty[:, :, None])
        books.pay("product_sales", dealers.accounts, model.accounts.abroad, price @ imports)
        if self.discount is not None:
            self._let_states_pay(by_origin)
        self.import_units = by_origin
        self.imported_content = kilograms

    def _paid_abroad(self) -> Array:
        """What importers get for a product by origin (P, O), EUR: neither levy, nor duty, nor what repairs they owe."""
        standards = self.model.standards
        if self.model.duties.in_force:
            return self.before_duty
        price = self.import_price - self.import_levy[:, None]
        if standards.charge is not None and standards.import_cost is not None:
            price = price - standards.charge[:, None]
        return np.asarray(price)

    def _import_late(self, shipped: Array) -> None:
        """Importers ship goods (P, O, L); dealers get, and pay for, what arrives of all that is under way."""
        model, dealers, transport = self.model, self.model.dealers, self.model.transport
        arrived, self.imported_content = transport.bring_products(
            shipped, self.content, dealers.new_block, self.origins
        )
        dealers.units += np.add.reduce(arrived, axis=1)
        dealers.under_way = 0.0 if transport.products is None else np.add.reduce(transport.products, axis=1)
        price = self._paid_abroad()
        if model.duties.in_force:
            model.duties.note_products(arrived * self.before_duty[:, :, None])
        model.books.pay(
            "product_sales", dealers.accounts, model.accounts.abroad, np.einsum("po,pol->l", price, arrived)
        )
        if self.discount is not None:
            self._let_states_pay(arrived)
        self.import_units = arrived
