"""Product trade: households, business and government choose and buy; dealers order from makers and importers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import CIRCULAR, LINEAR, REFURBISHER, SERVICE
from abm.agents.households import Offers
from abm.books import block
from abm.markets import products as goods
from abm.markets.products import label_shares

Array = NDArray[np.float64]
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
        self.origins = np.flatnonzero(np.asarray(products.import_share).sum(axis=0) > 0.0)
        share = np.asarray(products.import_share)[:, self.origins]
        total = share.sum(axis=1, keepdims=True)
        self.import_share = np.divide(share, total, out=np.full_like(share, 1.0 / share.shape[1]), where=total > 0.0)
        self.side = structure.side_of[self.origins]
        self.home_share = np.asarray(products.home_share)
        self.elasticity = np.asarray(products.price_elasticity)
        self.start_price = self._label_start()
        self.price = self.start_price.copy()
        material = self._imported_material()
        base = np.asarray(products.price) * np.asarray(products.import_cost_ratio)
        self.import_base = np.maximum(base[:, None] - material, 0.05 * base[:, None])
        self.import_start = self.import_base + material
        self.import_price = self.import_start.copy()
        self.tax = self._tax()
        self.usual_use: Array | None = None  # material in products sold, smoothed over a year (M,), kg a month
        self.surcharge = np.zeros((len(products), len(self.config.leaves)))
        self.start_shares = self._start_shares()
        self.used_level = np.ones(len(products))  # price of used goods over its usual part of the new price
        self.import_orders = np.zeros((len(products), len(self.origins), len(self.config.leaves)))

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
        return np.asarray(self.model.structure.content) @ price.T

    # ------------------------------------------------------------------ prices
    def set_prices(self) -> None:
        """Prices by label from home makers' and importers' prices."""
        firms = self.model.firms
        self.import_price = self.import_base + self._imported_material() + self._import_levy()[:, None]
        home = self._home_price(LINEAR)
        known = home > 0.0
        weights = self._origin_weights(np.where(known, home, np.asarray(self.config.products.price)), known)
        prices = np.concatenate([np.where(known, home, 0.0)[:, None], self.import_price], axis=1)
        self.price[:, 0] = (weights * prices).sum(axis=1)
        circular = self._home_price(CIRCULAR)
        self.price[:, 1] = np.where(circular > 0.0, circular, self.price[:, 1])
        self.price[:, 2] = self.price[:, 1] * (1.0 + self.config.firms.service_cost)
        self.surcharge = self._mandate_cost()
        self.origin_weights = weights
        # Refurbishers and service providers price against new goods.
        rows = firms.of_kind(REFURBISHER, SERVICE)
        product = firms.product[rows]
        used = self.used_price()[product]
        fee = self.price[product, 2] - self.price[product, 1]
        firms.price[rows] = np.where(firms.kind[rows] == REFURBISHER, used, fee)

    def _import_levy(self) -> Array:
        """Levy on the primary material in an imported product (P,), EUR."""
        return np.asarray(self.model.structure.content @ self.model.materials_trade.levies()[1])

    def _mandate_cost(self) -> Array:
        """What certificates for the secondary material demanded add to the price of a product (P, L), EUR."""
        mandate = self.model.rules.recycled_content_mandate  # (L, P, M)
        cost = self.model.structure.content * self.model.settlement.certificate_price
        return np.einsum("lpm,pm->pl", mandate, cost)

    def used_price(self) -> Array:
        """Price of used goods (P,), EUR without tax: the usual part of the new price, moved by scarcity."""
        return self.price[:, 0] * np.asarray(self.config.products.used_price) * self.used_level

    def _set_used_price(self) -> None:
        """The price of used goods rises while more are wanted than there are, and falls while they pile up."""
        wanted = self.used_wanted.sum(axis=1)
        held = self.model.dealers.used_units.sum(axis=1)
        gap = np.divide(wanted - held, wanted + held, out=np.zeros_like(wanted), where=wanted + held > 0.0)
        highest = USED_AT_MOST / np.asarray(self.config.products.used_price)
        self.used_level = np.clip(self.used_level * np.exp(0.1 * gap), 0.3, np.maximum(highest, 1.0))

    def _home_price(self, kind: int) -> Array:
        """Capacity-weighted price of home makers of a kind (P,), 0 where there are none."""
        firms, count = self.model.firms, len(self.config.products)
        rows = firms.of_kind(kind)
        weight = np.bincount(firms.product[rows], firms.capacity[rows], count)
        total = np.bincount(firms.product[rows], firms.capacity[rows] * firms.price[rows], count)
        return np.divide(total, weight, out=np.zeros(count), where=weight > 0.0)

    def _origin_weights(self, home: Array, known: NDArray[np.bool_]) -> Array:
        """Shares of home and of each origin in linear goods (P, 1 + O), by relative price."""
        start = np.concatenate([np.asarray(self.config.products.price)[:, None], self.import_start], axis=1)
        now = np.concatenate([home[:, None], self.import_price], axis=1)
        first = np.concatenate(
            [np.where(known, self.home_share, 0.0)[:, None], (1.0 - self.home_share)[:, None] * self.import_share],
            axis=1,
        )
        weight = first * (now / start) ** -self.elasticity[:, None]
        total = weight.sum(axis=1, keepdims=True)
        return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0.0)

    def offers(self) -> Offers:
        """What households can choose from (P, L, 6), taxes included."""
        products, model = self.config.products, self.model
        shape = (*model.dealers.shape, 6)
        price = np.zeros(shape)
        taxed = 1.0 + self.tax[None, :]
        plain = self.price[:, :1] * taxed
        price[..., goods.REPAIR] = plain * np.asarray(products.repair_cost)[:, None]
        price[..., goods.USED] = self.used_price()[:, None] * taxed
        price[..., goods.LINEAR] = plain + self.surcharge * taxed
        price[..., goods.CIRCULAR] = (self.price[:, 1:2] + self.surcharge) * taxed
        price[..., goods.SERVICE] = (self.price[:, 2:3] + self.surcharge) * taxed
        life = np.ones(shape)
        life[..., goods.REPAIR] = np.asarray(products.repair_life)[:, None]
        life[..., goods.USED] = 0.5
        life[..., goods.CIRCULAR] = life[..., goods.SERVICE] = np.asarray(products.circular_life)[:, None]
        circularity = np.zeros(shape)
        circularity[..., [goods.USED, goods.CIRCULAR, goods.SERVICE]] = 1.0
        available = np.ones(shape, dtype=bool)
        available[..., goods.CIRCULAR] = (self.start_shares[:, 1] > 0.0)[:, None]
        available[..., goods.SERVICE] = (self.start_shares[:, 2] > 0.0)[:, None]
        available[..., goods.USED] = (np.asarray(products.used_share) > 0.0)[:, None]
        return Offers(price=price, available=available, life=life, circularity=circularity)

    # ------------------------------------------------------------------ the month
    def run(self) -> Any:
        """Everybody chooses and buys; dealers reorder. Returns what households bought."""
        model = self.model
        self.set_prices()
        offers = self.offers()
        self.current_offers = offers
        choices = model.households.choose(model.month, offers)
        content = model.dealers.content(model.dealers.new_place, model.dealers.units)
        business = self._business(content, choices)
        purchases = self._households(choices, content)
        self._learn(choices, business)
        self._reorder()
        return purchases

    def _business(self, content: Array, choices: Any) -> Array:
        """Business and government buy (2, P, L) by label; returns what they wanted (2, P, L, 3)."""
        model, dealers, buyers = self.model, self.model.dealers, self.model.business
        wanted = buyers.wanted(model.month, model.structure.stock_path(model.month))
        labels = self._business_labels()
        asked = wanted.sum(axis=0)
        consumers = choices.expected[..., goods.LINEAR :].sum(axis=2)
        room = np.maximum(dealers.units, 0.0) * np.divide(
            asked, asked + consumers, out=np.zeros_like(asked), where=asked > 0.0
        )
        fill = np.minimum(1.0, np.divide(room, asked, out=np.ones_like(asked), where=asked > 0.0)) * (1.0 - 1e-12)
        bought = wanted * fill[None]
        self.business_discarded = buyers.discard(model.month)
        buyers.receive(model.month, bought, content)
        kilograms = bought[..., None] * content[None]
        dealers.units -= bought.sum(axis=0)
        for owner in (goods.BUSINESS, goods.PUBLIC):
            model.books.move(
                "sale",
                block(dealers.new_place),
                block(buyers.places[owner]),
                kilograms[owner].reshape(-1, kilograms.shape[-1]),
            )
        self._pay_business(bought, labels)
        self.business_bought = bought
        return wanted[..., None] * labels

    def _business_labels(self) -> Array:
        """Shares of labels (2, P, L, 3); public buyers weigh circular offers by procurement rules."""
        rules, shape = self.model.rules, self.model.dealers.shape
        usual = label_shares(self.start_shares, self.price, self.start_price, self.elasticity[:, None])
        accepted = self.price[:, None, :].repeat(shape[1], axis=1)
        accepted[..., 1:] /= 1.0 + rules.procurement_premium.T[..., None]
        favoured = label_shares(
            self.start_shares[:, None, :], accepted, self.start_price[:, None, :], self.elasticity[:, None, None]
        )
        plain = np.broadcast_to(usual[:, None, :], (*shape, 3))
        share = rules.procurement_share.T[..., None]
        return np.stack([plain, plain + share * (favoured - plain)])

    def _pay_business(self, bought: Array, labels: Array) -> None:
        """Business pays from the domestic economy; government pays the linear price, the premium by its programme."""
        model, dealers, books = self.model, self.model.dealers, self.model.books
        value = (bought[..., None] * labels * self.price[None, :, None, :]).sum(axis=3) + bought * self.surcharge
        books.pay("retail_sales", model.accounts.domestic, dealers.accounts, value[goods.BUSINESS].sum(axis=0))
        self.business_service = (bought * labels[..., -1]).sum(axis=(0, 2))
        public = bought[goods.PUBLIC]
        extra = np.maximum(self.price[:, None, :] - self.price[:, None, :1], 0.0)
        premium = (public[..., None] * labels[goods.PUBLIC] * extra).sum(axis=2)
        plain = self._plain_premium(public, extra)
        self.public_premium = np.where(model.rules.procurement_share.T > 0.0, np.maximum(premium - plain, 0.0), 0.0)
        books.pay(
            "public_purchases",
            model.accounts.public,
            dealers.accounts,
            (value[goods.PUBLIC] - self.public_premium).sum(axis=0),
        )
        self.public_labels = public[..., None] * labels[goods.PUBLIC]

    def _plain_premium(self, public: Array, extra: Array) -> Array:
        """What the circular share cost government extra without a programme (P, L), EUR."""
        usual = label_shares(self.start_shares, self.price, self.start_price, self.elasticity[:, None])
        return (public[..., None] * usual[:, None, :] * extra).sum(axis=2)

    def _households(self, choices: Any, content: Array) -> Any:
        model, dealers = self.model, self.model.dealers
        used_content = dealers.content(dealers.used_place, dealers.used_units)
        model.enter_content(content, used_content)
        purchases = self._serve(choices)
        new = purchases.units_new.sum(axis=2)
        self._move_sales(dealers.new_place, new, content)
        self._move_sales(dealers.used_place, purchases.units_used, used_content)
        dealers.units -= new
        dealers.used_units -= purchases.units_used
        self._pay_households(purchases)
        self._pay_service_providers(purchases)
        self.units_to_households = new
        books_total = new + self.business_bought.sum(axis=0)
        self.units_sold = books_total
        self.content_sold = books_total[..., None] * content
        used = self.content_sold.sum(axis=(0, 1))
        self.usual_use = used if self.usual_use is None else self.usual_use + (used - self.usual_use) / 12.0
        return purchases

    def _serve(self, choices: Any) -> Any:
        """Dealers serve households from stock; the rest go on the waiting list."""
        dealers = self.model.dealers
        purchases = self.model.households.complete(
            choices, np.maximum(dealers.units, 0.0) * (1.0 - 1e-12), np.maximum(dealers.used_units, 0.0) * (1.0 - 1e-12)
        )
        dealers.waiting = purchases.unserved
        return purchases

    def _move_sales(self, source: Array, units: Array, content: Array) -> None:
        kilograms = (units[..., None] * content).reshape(-1, content.shape[-1])
        self.model.books.move("sale", block(source), block(self.model.places.in_use), kilograms)

    def _pay_households(self, purchases: Any) -> None:
        """Households pay dealers, refurbishers and repairers, and the tax on it."""
        model, dealers, accounts = self.model, self.model.dealers, self.model.accounts
        new = (purchases.units_new * (self.price[:, None, :] + self.surcharge[..., None])).sum(axis=(0, 2))
        linear = self.price[:, 0]
        used_value = self.used_price()
        used = (purchases.units_used * used_value[:, None]).sum(axis=0)
        repair = (purchases.repairs * (linear * np.asarray(self.config.products.repair_cost))[:, None]).sum(axis=0)
        model.books.pay("retail_sales", accounts.households, dealers.accounts, new + used)
        model.books.pay("repairs", accounts.households, accounts.domestic, repair)
        tax = (new + used + repair) * self.tax
        model.books.pay("value_added_tax", accounts.households, accounts.treasury, tax)
        self.household_spending = (new + used + repair) * (1.0 + self.tax)
        self.repairs = purchases.repairs
        self.used_sold = purchases.units_used

    def _pay_service_providers(self, purchases: Any) -> None:
        """Providers earn the fee above the price of the product and spend most of it on running the service."""
        model, firms, books = self.model, self.model.firms, self.model.books
        rows = firms.of_kind(SERVICE)
        if not len(rows):
            return
        sold = purchases.units_new[..., -1].sum(axis=1) + self.business_service
        product, count = firms.product[rows], len(self.config.products)
        capacity = np.bincount(product, firms.capacity[rows], count)
        share = np.divide(
            firms.capacity[rows], capacity[product], out=np.zeros(len(rows)), where=capacity[product] > 0.0
        )
        units = share * sold[product]
        fee = units * (self.price[product, 2] - self.price[product, 1])
        leaf = firms.leaf[rows]
        books.pay("product_sales", model.dealers.accounts[leaf], firms.account[rows], fee)
        running = fee / (1.0 + self.config.firms.markup)
        books.pay("labour", firms.account[rows], model.accounts.households[leaf], running)
        firms.made[rows] = firms.sold[rows] = units
        firms.orders[rows] += (units - firms.orders[rows]) / self.config.firms.order_smoothing

    def _learn(self, choices: Any, business: Array) -> None:
        new = choices.expected[..., goods.LINEAR :]
        # Those turned away last month ask again: they are on the waiting list, not new demand.
        again = np.minimum(self.model.dealers.waiting, new.sum(axis=2))
        first = 1.0 - np.divide(again, new.sum(axis=2), out=np.zeros_like(again), where=new.sum(axis=2) > 0.0)
        self.model.dealers.learn(new * first[..., None] + business.sum(axis=0))
        self.used_wanted = choices.expected[..., goods.USED]
        self._set_used_price()

    # ------------------------------------------------------------------ orders
    def _reorder(self) -> None:
        """Dealers order; home makers deliver from stock, importers deliver the rest."""
        dealers = self.model.dealers
        orders = dealers.orders()  # (P, L, 3)
        home = orders[..., 0] * self.origin_weights[:, :1]
        circular = orders[..., 1:].sum(axis=2)
        by_kind = np.stack([home, circular])  # (2 kinds, P, L)
        delivered = self._deliver_home(by_kind)
        missing = np.maximum(by_kind - delivered, 0.0)
        imports = orders[..., 0] - home + 0.5 * missing.sum(axis=0)
        self._deliver_imports(imports)

    def _deliver_home(self, by_kind: Array) -> Array:
        """Makers deliver what they can of dealers' and export orders; returns (2, P, L) products."""
        firms, config = self.model.firms, self.config
        delivered = np.zeros_like(by_kind)
        count = len(config.products)
        rows = firms.of_kind(LINEAR, CIRCULAR)
        if not len(rows):
            return delivered
        kind, product = firms.kind[rows], firms.product[rows]
        cell = kind * count + product
        pull = firms.capacity[rows] * (firms.price[rows] / firms.start_price[rows]) ** -self.elasticity[product]
        total = np.bincount(cell, pull, 2 * count)
        share = np.divide(pull, total[cell], out=np.zeros_like(pull), where=total[cell] > 0.0)
        asked = by_kind.sum(axis=2).ravel()[cell] * share
        exports = self._export_orders(rows)
        wanted = asked + exports
        able = np.minimum(1.0, np.divide(firms.units[rows], wanted, out=np.ones_like(wanted), where=wanted > 0.0))
        able *= 1.0 - 1e-12
        self._ship(rows, cell, asked * able, exports * able, by_kind)
        firms.sold[rows] = wanted * able
        smoothing = config.firms.order_smoothing
        firms.orders[rows] += (wanted - firms.orders[rows]) / smoothing
        made = np.bincount(cell, asked * able, 2 * count).reshape(2, count)
        whole = by_kind.sum(axis=2)
        fraction = np.divide(made, whole, out=np.zeros_like(made), where=whole > 0.0)
        return by_kind * fraction[..., None]

    def _export_orders(self, rows: Array) -> Array:
        firms, config = self.model.firms, self.config
        product = firms.product[rows]
        cheap = (firms.price[rows] / firms.start_price[rows]) ** -config.firms.export_elasticity
        growth = self.model.structure.stock_path(self.model.month)[product] ** 0.5
        return np.asarray(config.products.exports)[product] * self.model.start_sales[rows] * cheap * growth

    def _ship(self, rows: Array, cell: Array, home: Array, exports: Array, by_kind: Array) -> None:
        """Move and pay deliveries: goods at their makers' mean content, to dealers by leaf and abroad."""
        model, firms, dealers, books = self.model, self.model.firms, self.model.dealers, self.model.books
        count = len(self.config.products)
        stock = books.stock[firms.finished[rows]]
        per_unit = np.divide(
            stock, firms.units[rows][:, None], out=np.zeros_like(stock), where=firms.units[rows][:, None] > 1e-9
        )
        out_home, out_abroad = per_unit * home[:, None], per_unit * exports[:, None]
        books.move("export", firms.finished[rows], model.places.abroad, out_abroad)
        pool = model.places.goods
        books.move("delivery", firms.finished[rows], pool, out_home)
        content = np.zeros((2 * count, stock.shape[1]))
        np.add.at(content, cell, out_home)
        units = np.bincount(cell, home, 2 * count)
        whole = by_kind.sum(axis=2)
        split = np.divide(by_kind, whole[..., None], out=np.zeros_like(by_kind), where=whole[..., None] > 0.0)
        to_dealers = (split[..., None] * content.reshape(2, count, 1, -1)).sum(axis=0)
        books.move("delivery", pool, block(dealers.new_place), to_dealers.reshape(-1, stock.shape[1]))
        dealers.units += (split * units.reshape(2, count, 1)).sum(axis=0)
        firms.units[rows] -= home + exports
        self._pay_makers(rows, cell, home, exports, split)

    def _pay_makers(self, rows: Array, cell: Array, home: Array, exports: Array, split: Array) -> None:
        model, firms, books = self.model, self.model.firms, self.model.books
        value = home * firms.price[rows]
        clearing = model.accounts.secondary
        books.pay("product_sales", clearing, firms.account[rows], value)
        total = np.bincount(cell, value, split.shape[0] * split.shape[1]).reshape(split.shape[:2])
        by_leaf = (split * total[..., None]).sum(axis=(0, 1))
        books.pay("product_sales", model.dealers.accounts, clearing, by_leaf)
        abroad = exports * firms.price[rows]
        books.pay("product_sales", model.accounts.abroad, firms.account[rows], abroad)
        self.exported = exports
        self.export_value = float(abroad.sum())
        self.home_sales_value = np.bincount(firms.kind[rows], value, 2)

    def _deliver_imports(self, imports: Array) -> None:
        """Importers deliver linear goods (P, L) by origin."""
        model, dealers, books = self.model, self.model.dealers, self.model.books
        content = model.structure.content
        weight = self.origin_weights[:, 1:]
        total = weight.sum(axis=1, keepdims=True)
        share = np.divide(weight, total, out=self.import_share.copy(), where=total > 0.0)
        kilograms = imports[..., None] * content[:, None, :]
        books.move(
            "product_import", model.places.abroad, block(dealers.new_place), kilograms.reshape(-1, content.shape[1])
        )
        dealers.units += imports
        price = (share * self.import_price).sum(axis=1) - self._import_levy()  # the levy goes to government
        value = (imports * price[:, None]).sum(axis=0)
        books.pay("product_sales", dealers.accounts, model.accounts.abroad, value)
        by_origin = share[:, :, None] * imports[:, None, :]
        self.import_units = by_origin
        self.imported_content = kilograms
        self.imported_by_origin = np.einsum("pol,pm->om", by_origin, content)
