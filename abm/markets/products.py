"""Product markets: dealers order from makers and importers and sell to households, business and government."""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.books import block

Array = NDArray[np.float64]

KEEP, REPAIR, USED, LINEAR, CIRCULAR, SERVICE = range(6)
USED_COVER = 2.0  # usual stock of used goods in months of sales
LABELS = 3  # new products: linear, circular, as a service
BUSINESS, PUBLIC = 0, 1
LEAST = 1e-200  # least whole of which shares are taken: a share of nothing is nothing
COHORT_MONTHS = 540  # longest life that is followed


class Dealers:
    """One pool of new products and one of used products per product group and leaf.

    Pools stand between sampled purchases and production: dealers order on smoothed expected sales,
    so that the lumpiness of a sample does not drive makers.
    """

    def __init__(self, config: Any, books: Any, demand: Array, content: Array) -> None:
        """`demand` (P, L, labels) initial monthly sales; `content` (P, M) kg per product."""
        self.config, self.books = config, books
        products, leaves = config.products, config.leaves
        self.shape = (len(products), len(leaves))
        names = [f"{p} in {config.jurisdictions.ids[j]}" for p in products.ids for j in leaves]
        self.new_place = books.place(*[f"dealers' {n}" for n in names]).reshape(self.shape)
        self.used_place = books.place(*[f"used {n}" for n in names]).reshape(self.shape)
        self.new_block, self.used_block = block(self.new_place), block(self.used_place)
        self.accounts = books.account(*[f"dealers {config.jurisdictions.ids[j]}" for j in leaves])
        self.demand = demand.copy()  # smoothed expected sales (P, L, labels)
        self.waiting = np.zeros(self.shape)  # products for which households were turned away last month
        self.under_way: Array | float = 0.0  # products on the way to them (P, L), while transport is disrupted
        self.units = config.firms.dealer_cover * demand.sum(axis=2)
        self.used_units = USED_COVER * demand.sum(axis=2) * np.asarray(products.used_share)[:, None]
        books.endow(
            self.new_place.ravel(), (self.units[:, :, None] * content[:, None, :]).reshape(-1, content.shape[1])
        )
        books.endow(
            self.used_place.ravel(), (self.used_units[:, :, None] * content[:, None, :]).reshape(-1, content.shape[1])
        )

    def content(self, places: slice, units: Array) -> Array:
        """Mean material content per product in pools (P, L, M), kg."""
        stock = self.books.stock[places].reshape(*self.shape, -1)
        return np.asarray(stock / np.where(units > 1e-9, units, np.inf)[:, :, None])

    def orders(self) -> Array:
        """Products to order this month (P, L, labels): smoothed sales and what restores usual stocks."""
        cover = self.config.firms.dealer_cover
        total = np.add.reduce(self.demand, axis=2)
        missing = cover * total + self.waiting - self.units
        if isinstance(self.under_way, np.ndarray):
            missing -= np.maximum(self.under_way - total, 0.0)  # as makers count what is under way to them
        wanted = np.maximum(total + missing / 4.0, 0.0)
        return self.demand * (wanted / np.maximum(total, LEAST))[:, :, None]

    def learn(self, expected: Array) -> None:
        """Smooth expected sales (P, L, labels)."""
        demand = self.demand
        demand += (expected - demand) / self.config.firms.order_smoothing


@dataclass
class Durable:
    """Cohorts that last longer: share that fails after 1, 2, … months (K, n), products (T, n) and kg (T, M, n)."""

    lag: Array
    bought: Array
    content: Array


class BusinessBuyers:
    """Business and government as owners: deterministic cohorts whose failures are scheduled at purchase."""

    def __init__(self, config: Any, books: Any, horizon: int, content: Array) -> None:
        self.config, self.books = config, books
        products, leaves = config.products, config.leaves
        self.shape = (2, len(products), len(leaves))
        self.stock = np.stack(
            [np.asarray(products.business_stock)[:, leaves], np.asarray(products.public_stock)[:, leaves]]
        )
        self.start_stock = self.stock.copy()
        self.places = books.place(
            *[
                f"{p} in use by {o} in {config.jurisdictions.ids[j]}"
                for o in ("business", "government")
                for p in products.ids
                for j in leaves
            ]
        ).reshape(self.shape)
        # From here on all tables are by cell (n,), that is by owner, product and leaf in one line.
        self.blocks = [block(places) for places in self.places]
        self.product = np.tile(np.repeat(np.arange(len(products)), len(leaves)), 2)
        self.failure = self._failure_density()
        self.lag = self.failure[self.product].T.copy()  # share of a cohort that fails after 1, 2, … months (K, n)
        # What is due of the initial stock, and what was bought in each month of the run, in products and kg.
        self.due_units = np.zeros((COHORT_MONTHS + 1, self.stock.size))
        self.start_content = content[self.product].T.copy()  # (M, n)
        self.put_off: Array | float = 0.0  # purchases that business has put off (P, L)
        self.bought = np.zeros((horizon + 1, self.stock.size))
        self.bought_content = np.zeros((horizon + 1, *self.start_content.shape))
        self.durable: Durable | None = None  # what was bought made to last longer, if anything
        self._endow()
        self._known: tuple[int, tuple[Array, Array]] = (-1, (np.zeros(0), np.zeros(0)))

    def _failure_density(self, relative_life: Array | float = 1.0) -> Array:
        """Share of a cohort that fails in each month after purchase (P, K), Weibull; life over the usual one (P,)."""
        products = self.config.products
        age = np.arange(COHORT_MONTHS + 1) / 12.0
        shape = np.asarray(products.lifetime_shape)
        scale = np.asarray(products.lifetime) * relative_life / np.array([gamma(1.0 + 1.0 / k) for k in shape])
        survival = np.exp(-((age[None, :] / scale[:, None]) ** shape[:, None]))
        density = survival[:, :-1] - survival[:, 1:]
        return density / density.sum(axis=1, keepdims=True)

    def _endow(self) -> None:
        """Initial cohorts: past sales grew at `past_growth`; what survives fails later."""
        growth = np.asarray(self.config.products.past_growth)
        ages = np.arange(COHORT_MONTHS)
        for product, density in enumerate(self.failure):
            survival = 1.0 - np.concatenate([[0.0], np.cumsum(density)[:-1]])
            cohort = np.exp(-growth[product] * ages / 12.0)
            # Failures in the k-th month from now: sum over ages of past sales × density at age + k.
            ahead = np.array([(cohort[: COHORT_MONTHS - k] * density[k:]).sum() for k in range(1, COHORT_MONTHS)])
            ahead = np.concatenate([ahead, [0.0]]) / max((cohort * survival).sum(), 1e-300)
            ahead *= 1.0 / max(ahead.sum(), 1e-300)
            cells = (self.product == product).nonzero()[0]
            self.due_units[:COHORT_MONTHS, cells] = ahead[:, None] * self.stock.ravel()[cells]
        total = self.due_units.sum(axis=0) * self.start_content
        self.books.endow(self.places.ravel(), total.T)

    def wanted(self, month: int, path: Array, next_path: Array, invested: Array | None = None) -> Array:
        """Purchases that business and government want (2, P, L): replacement, growth, and part of what is missing.

        `path` and `next_path` (P, L) are the stock wanted this month and next over that at the start; `invested` (L,)
        is the share of these purchases that business makes now, if not all. What it puts off it does without as long
        as that lasts, and makes good afterwards.
        """
        failing = self._failing(month)[0]
        missing = self.start_stock * path - self.stock
        growth = self.start_stock * (next_path - path)
        if invested is None:
            self.put_off = 0.0
            return np.maximum(failing + growth + missing / 12.0, 0.0)
        missing[BUSINESS] -= self.put_off
        wanted = np.maximum(failing + growth + missing / 12.0, 0.0)
        self.put_off = self.put_off + (1.0 - invested) * wanted[BUSINESS]
        wanted[BUSINESS] *= invested
        return wanted

    def discard(self, month: int) -> tuple[Array, Array]:
        """Products that fail this month: units (2, P, L) and content (2, P, L, M); they leave use."""
        units, content = self._failing(month)
        self.stock -= units
        return units, content

    def _failing(self, month: int) -> tuple[Array, Array]:
        """What fails this month of the initial stock and of each later cohort: see `discard`."""
        if self._known[0] == month:
            return self._known[1]
        first = self.due_units[min(month, COHORT_MONTHS)]
        cohorts = min(month, len(self.lag))
        share = self.lag[:cohorts][::-1]
        rows = slice(month - cohorts, month)
        units = first + np.add.reduce(share * self.bought[rows])
        content = first * self.start_content
        # Cells come last in both tables, so that the longest axis is the one that runs through memory.
        content += np.einsum("sn,smn->mn", share, self.bought_content[rows])
        if self.durable is not None:
            share = self.durable.lag[:cohorts][::-1]
            units = units + np.add.reduce(share * self.durable.bought[rows])
            content += np.einsum("sn,smn->mn", share, self.durable.content[rows])
        self._known = (month, (units.reshape(self.shape), content.T.reshape(*self.shape, -1)))
        return self._known[1]

    def trait_of_failing(self, month: int, trait: Array) -> Array:
        """Mean trait (2, P) of products that fail this month; `trait` (T, P) is that of goods by month of sale."""
        cohorts = min(month, len(self.lag))
        rows = slice(month - cohorts, month)
        units = self.lag[:cohorts][::-1] * self.bought[rows]
        if self.durable is not None:
            units = units + self.durable.lag[:cohorts][::-1] * self.durable.bought[rows]
        known = np.add.reduce(units * trait[rows][:, self.product]).reshape(self.shape)
        whole = np.add.reduce(self._failing(month)[0], axis=2)
        return np.asarray(np.add.reduce(known, axis=2) / np.where(whole > 0.0, whole, np.inf))

    def receive(self, month: int, units: Array, kilograms: Array, durable: Array | None = None) -> None:
        """Enter purchases (2, P, L) and what they contain (2, P, L, M); their failures follow from it.

        `durable` (P,) is the share of the longer life of circular design that they have: that share of them has it.
        """
        self.stock += units
        bought, content = units.reshape(-1), kilograms.reshape(units.size, -1).T
        if durable is not None:
            if self.durable is None:
                longer = self._failure_density(np.asarray(self.config.products.circular_life))
                lag = longer[self.product].T.copy()
                self.durable = Durable(lag, np.zeros(self.bought.shape), np.zeros(self.bought_content.shape))
            share = durable[self.product]
            self.durable.bought[month], self.durable.content[month] = bought * share, content * share
            bought, content = bought * (1.0 - share), content * (1.0 - share)
        self.bought[month] = bought
        self.bought_content[month] = content


def label_shares(start: Array, price: Array, start_price: Array, elasticity: Array) -> Array:
    """Shares of labels (…, n) that follow relative price from calibrated shares `start`; constant elasticity."""
    relative = np.divide(price, start_price, out=np.ones(price.shape), where=start_price > 0.0)
    weight = start * relative**-elasticity
    total = np.add.reduce(weight, axis=-1)
    return np.asarray(weight / np.maximum(total, LEAST)[..., None])
