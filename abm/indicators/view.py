"""One month as indicators see it, and what of it is kept for later months."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.books import MONEY_KINDS
from abm.indicators.axes import ACTIVITIES, PARTIES
from abm.indicators.quantities import History, Once, Quantities

Array = NDArray[np.float64]
FIRMS = len(ACTIVITIES) - 1  # kinds of firms, and the number of recyclers among activities


_ONES = np.ones(1024)


def _sums(flows: Array, cells: NDArray[np.int64], groups: int) -> Array:
    """Sums of flows (2, n) by group (2, groups); `cells` (2 n,) says to which cell each belongs."""
    return np.asarray(np.bincount(cells, flows.reshape(-1), 2 * groups).reshape(2, groups), dtype=np.float64)


def total(values: Array) -> Array:
    """Sum over the rows of a table; for tall ones a product with ones is three times as quick as a reduction."""
    count = len(values)
    return (_ONES[:count] if count <= len(_ONES) else np.ones(count)) @ values


class Kept(Once):
    """A quantity of the month that is read from the model and kept."""


class View(Quantities):
    """The month that has just ended. Nothing here is to be changed.

    Attributes
    ----------
    model, purchases, discarded
        The model at the end of the month, and what households bought and discarded.
    """

    def __init__(self, model: Any, history: History, purchases: Any, discarded: Any) -> None:
        self.model, self.frame, self.month = model, history.frame, model.month
        self.purchases, self.discarded, self._history = purchases, discarded, history
        self.trade, self.sales, self.waste = model.materials_trade, model.product_trade, model.end_of_life
        self.books, self.firms, self.recyclers = model.books, model.firms, model.recyclers

    @Once
    def year(self) -> ThisYear:
        """Quantities over the past twelve months, at yearly rates."""
        return ThisYear(self._history.show(self.month, 1).year)

    # ------------------------------------------------------------------ prices and use of material
    @Kept
    def log_price(self) -> Array:
        """Log of the price of refined material over long-run cost by side (sides, M)."""
        return self.model.materials.log_price[1]

    @Kept
    def makers_primary(self) -> Array:
        """Primary refined material that home makers bought (M,), kg."""
        return total(self.trade.primary_bought)

    @Kept
    def makers_secondary(self) -> Array:
        """Secondary material that home makers bought (M,), kg."""
        return total(self.trade.to_maker)

    @Kept
    def component_import(self) -> Array:
        """Material in components that home makers imported (M,), kg."""
        return total(self.trade.component_import)

    @Kept
    def product_import(self) -> Array:
        """Material in imported products (M,), kg."""
        return total(self.sales.imported_content.reshape(-1, self.frame.materials))

    @Kept
    def adaptation(self) -> Array:
        """Log of use outside over what it would be without slow adaptation to price (M,)."""
        return self.trade.markets.adaptation[0]

    @Kept
    def demand_shock(self) -> Array:
        """Demand over what it would be without shocks (M,)."""
        return self.model.conditions.demand

    @Kept
    def outside_use(self) -> Array:
        """Use in the world outside the blocs, home makers left out (M,), kg."""
        return self.trade.last_use[0]

    @Kept
    def pull(self) -> Array:
        """Change of that use since home's imports of goods changed (M,), kg."""
        return self.trade.pull[0] - self.trade.start_pull[0] * self.trade.growth[self.month]

    @Kept
    def sold_content(self) -> Array:
        """Material in products bought at home by leaf (L, M), kg."""
        return np.add.reduce(self.sales.content_sold)

    @Kept
    def sold_secondary(self) -> Array:
        """Secondary material in them (L, M), kg."""
        return np.add.reduce(self.model.settlement.activity.secondary_content_sold)

    @Kept
    def wanted_inputs(self) -> Array:
        """Material that home makers asked for, in all forms (M,), kg."""
        return total(self.trade.wanted_inputs)

    @Kept
    def received_inputs(self) -> Array:
        """Material that reached home makers, in all forms (M,), kg."""
        return total(self.books.inflow.take(self.firms.inputs, axis=0))

    @Kept
    def used_inputs(self) -> Array:
        """Material that home makers used up, manufacturing scrap included (M,), kg."""
        return total(self.books.inflow.take(self.firms.finished, axis=0)) + total(self.model.production.swarf)

    @Kept
    def makers_stock(self) -> Array:
        """Stocks of inputs of home makers (M,), kg."""
        return total(self.books.stock.take(self.firms.inputs, axis=0))

    @Kept
    def stockpiles(self) -> Array:
        """Material in public stockpiles (M,), kg."""
        if not len(self.frame.stockpiles):
            return np.zeros(self.frame.materials)
        return total(self.books.stock.take(self.frame.stockpiles, axis=0))

    @Kept
    def thrift_and_risk(self) -> Array:
        """Material that makers of products would use without thrift and save, that all home makers use, and that
        times felt supply risk (4, M), kg a month."""
        firms, use = self.firms, np.empty((4, self.frame.materials))
        output = firms.orders * firms.active
        designed = output * (firms.component < 0)
        use[0], use[1] = designed @ firms.need, designed @ (firms.need * firms.thrift)
        use[2], use[3] = output @ firms.need, output @ (firms.need * firms.risk)
        return use

    @Kept
    def shortage_loss(self) -> float:
        """Labour and profit lost because planned output could not be made (), EUR."""
        firms, labour = self.firms, self.model.production.labour_share
        count = len(labour)
        lost = firms.shortage[:count] * firms.planned[:count]
        return lost @ (firms.markup[:count] * firms.unit_cost[:count] + firms.conversion[:count] * labour)

    # ------------------------------------------------------------------ primary supply and imports by origin
    @Kept
    def running_capacity(self) -> Array:
        """Capacity of mines and refineries that is not mothballed (producers,), kg of main product a month."""
        producers = self.model.producers
        return producers.capacity * producers.awake * producers.active

    @Kept
    def mined(self) -> Array:
        """Output of mines (mines, M), kg."""
        return self.model.producers.mined

    @Kept
    def output(self) -> Array:
        """Output of mines and refineries (producers,), kg of main product."""
        return self.model.producers.output

    @Kept
    def world_mining(self) -> Array:
        """Material mined in the world (M,), kg."""
        return self.books.outflow[self.model.places.ground]

    @Kept
    def concentrate_exports(self) -> Array:
        """Concentrate that blocs export, less what they import (B, M), kg."""
        return self.trade.cleared_concentrate.exports

    @Kept
    def refined_exports(self) -> Array:
        """Refined material that blocs export, less what they import (B, M), kg."""
        return self.trade.cleared.exports

    @Kept
    def withheld(self) -> Array:
        """Refined material that blocs keep back (M,), kg."""
        kept = np.zeros(self.frame.materials)
        for bloc in self.model.blocs:
            kept += bloc.withholding(1)
        return kept

    @Kept
    def regime(self) -> Array:
        """Regime of each bloc by material, 1 restricting, 2 flooding and 3 retaliating (B, M)."""
        return np.array([bloc.regime for bloc in self.model.blocs]).reshape(-1, self.frame.materials)

    @Kept
    def component_origins(self) -> Array:
        """Material in imported components by origin (origins, M), kg."""
        return np.add.reduce(self.trade.component_imports_by_origin)

    @Kept
    def product_origins(self) -> Array:
        """Material in imported products by origin (origins, M), kg."""
        return self.sales.imported_by_origin

    @Kept
    def arrived_products(self) -> Array:
        """Material in products that dealers received (M,), kg."""
        return total(self.books.inflow[self.frame.new_places])

    # ------------------------------------------------------------------ recyclers
    @Once
    def at_work(self) -> NDArray[np.bool_]:
        """Recyclers that exist and are not being built (n,)."""
        return self.recyclers.active & (self.recyclers.status != self.frame.building)

    @Once
    def stream_member(self) -> Array:
        """Whether a recycler takes a stream (S, n), 1 or 0."""
        return self._history.stream_member(self.recyclers.stream)

    @Once
    def payments(self) -> Array:
        """Net receipts of each firm and recycler by kind of payment (kinds, n), EUR."""
        return self.books.flow.take(np.concatenate([self.firms.account, self.recyclers.account]), axis=1)

    @Kept
    def streams(self) -> Array:
        """Recyclers by stream (S, 4 + 3 M + kinds): see `stream_capacity` and what follows it in `Quantities`."""
        recyclers, count, work, kinds = self.recyclers, self.frame.materials, self.at_work, len(MONEY_KINDS)
        found = np.empty((len(recyclers), 4 + 3 * count + kinds))
        found[:, 0], found[:, 1], found[:, 2] = recyclers.capacity * work, recyclers.capital * work, recyclers.processed
        other = recyclers.other_sold  # of the recyclers at the beginning of the month
        found[: len(other), 3], found[len(other) :, 3] = other, 0.0
        found[:, 4 : 4 + count] = recyclers.recovered
        found[:, 4 + count : 4 + 2 * count] = recyclers.recovered_end_of_life
        np.multiply(recyclers.recovered, recyclers.price_received, out=found[:, 4 + 2 * count : 4 + 3 * count])
        found[:, 4 + 3 * count :] = self.payments[:, len(self.firms) :].T
        return self.stream_member @ found

    @Once
    def plant_table(self) -> Array:
        """What has to be remembered of each recycler (5, n): see `History.plants`."""
        found = self.accounts[2:, len(self.firms) :].take((0, 3, 4, 2, 2), axis=0)
        found[0] *= found[1]
        found[2] *= 1.0 / self.frame.plant_life + self.frame.hurdle
        found[4] *= self.recyclers.capacity
        return found

    @Once
    def earning(self) -> float:
        """Recyclers at work that earn their cost of capital, by the months that they worked in the past twelve ()."""
        return float(self._history.show(self.month, 1).earning[0])

    @Once
    def disturbed(self) -> Array:
        """Months since supply of a material was last undisturbed (M,), at most sixty."""
        found: Array = self._history.show(self.month, 1).disturbed[0]
        return found

    @Once
    def survival(self) -> Array:
        """Recyclers of some time ago that still exist, and all then (windows, number or capacity, 2)."""
        found: Array = self._history.show(self.month, 1).survival[0]
        return found

    @Kept
    def recycler_sales(self) -> Array:
        """Material that recyclers sold (M,), kg."""
        return total(self.recyclers.sold)

    @Kept
    def contracted(self) -> Array:
        """The part of it under a contract for difference (M,), kg."""
        signed = self.recyclers.contract_instrument >= 0
        return total(self.recyclers.sold * signed) if signed.any() else np.zeros(self.frame.materials)

    @Kept
    def failures(self) -> Array:
        """Failures of recyclers and of firms by cause (2, causes)."""
        causes = self.model.renewal.causes
        count = np.zeros((2, len(causes)))  # of recyclers and of firms
        for kind, cause in self.model.renewal.failures:
            count[int(kind != "recycler"), causes.index(cause)] += 1.0
        return count

    @Kept
    def settled_investment(self) -> float:
        """The part of recyclers' spending on new capacity for which support is paid this month (), EUR.

        Support follows a month after the spending.
        """
        return self.model.settlement.activity.capacity_spending.sum()

    @Kept
    def investment(self) -> float:
        """Recyclers' spending on new capacity (), EUR."""
        return self.model.renewal.recycler_spending.sum()

    # ------------------------------------------------------------------ firms
    @Once
    def accounts(self) -> Array:
        """What is summed by activity of each firm and recycler (7, n): see `activities`."""
        firms, recyclers, count = self.firms, self.recyclers, len(self.firms)
        found = np.empty((7, count + len(recyclers)))
        np.matmul(self.frame.activity_flows, self.payments, out=found[:4])
        spent = self.trade.primary_spent + self.trade.secondary_spent + self.trade.component_spent
        found[3, : len(spent)] += spent  # the journal nets it with what makers sell
        found[4, :count], found[4, count:] = firms.active, recyclers.active
        found[5, :count], found[5, count:] = firms.active, self.at_work
        found[6, :count], found[6, count:] = firms.capital, recyclers.capital
        found[6] *= found[5]
        return found

    @Kept
    def activities(self) -> Array:
        """By activity and leaf (7, 6, L), EUR or number.

        Value added at market prices; labour cost; cash result, before interest and without support for investment;
        sales and support per unit; organisations that exist; those of them at work, and their capital.
        """
        firms, leaves = self.firms, self.frame.leaves
        cell = np.concatenate([firms.kind * leaves + firms.leaf, self.recyclers.leaf + FIRMS * leaves])
        cells = (cell + self.frame.activity_rows).reshape(-1)
        found = np.bincount(cells, self.accounts.reshape(-1), 7 * (FIRMS + 1) * leaves)
        return np.asarray(found, dtype=np.float64).reshape(7, FIRMS + 1, leaves)

    @Kept
    def goods_bought(self) -> float:
        """What refurbishers paid former owners, which the journal nets with their sales (), EUR."""
        return self.waste.refurbisher_result[1].sum() - self.waste.refurbish_labour.sum()

    @Kept
    def plant_spending(self) -> Array:
        """Spending on plant and equipment by activity (6,), EUR."""
        spent, kind = self.firms.spent, self.firms.kind  # spent by the firms that were there before entry
        found = np.bincount(kind[: len(spent)], spent, FIRMS + 1).astype(np.float64)
        found[-1] = self.model.renewal.recycler_spending.sum()
        return found

    @Kept
    def employed_technicians(self) -> Array:
        """Technical jobs that are filled (L,)."""
        return self.model.labour.employed

    @Kept
    def technicians(self) -> Array:
        """Technical workers available (L,)."""
        return self.model.labour.pool

    @Kept
    def tightness(self) -> Array:
        """Open technical jobs for each filled one over that at the start (L,)."""
        return self.model.labour.tightness

    @Kept
    def vacancies(self) -> Array:
        """Technical jobs that are open (L,)."""
        return self.model.labour.vacancies

    @Kept
    def wage_factor(self) -> Array:
        """Wage of technical workers over that at the start (L,)."""
        return self.model.labour.wage_factor

    # ------------------------------------------------------------------ products
    @Kept
    def product_price(self) -> Array:
        """Price of new products by label (P, 3), EUR without tax."""
        return self.sales.price

    @Kept
    def offer_price(self) -> Array:
        """Price of alternatives that households face (P, L, 6), EUR with tax."""
        return self.purchases.offers.price

    @Kept
    def offer_life(self) -> Array:
        """Expected life of alternatives over the mean life of the product (P, L, 6), 0 of what is not on offer."""
        return self.purchases.offers.life * self.purchases.offers.available

    @Kept
    def outcomes(self) -> Array:
        """What households chose by product, leaf, outcome and income quintile (P, L, 8, 5)."""
        return self.purchases.outcomes

    @Kept
    def business_bought(self) -> Array:
        """Products that business and government bought (2, P, L)."""
        return self.sales.business_bought

    @Kept
    def business_labels(self) -> Array:
        """Shares of labels in that (2, P, L, 3)."""
        return self.sales.business_labels

    @Kept
    def exports(self) -> float:
        """Products that home makers sold abroad (), EUR."""
        return self.sales.export_value

    @Kept
    def replaced(self) -> Array:
        """Items that households replaced or gave up, and their years with their owner (2, P)."""
        items, frame = self.purchases.replaced, self.frame
        count = np.bincount(items.segment, minlength=len(frame.product_of_segment))
        bought = np.bincount(items.segment, items.bought, len(count))
        by_segment = np.empty((2, len(count)))
        by_segment[0], by_segment[1] = count, (self.month * count - bought) / 12.0
        by_segment *= self.model.households.units
        return by_segment @ frame.product_of_segment

    @Kept
    def hoarded_units(self) -> Array:
        """Products in drawers (P, L)."""
        return self.model.households.hoarded

    @Kept
    def hoarded(self) -> Array:
        """Material in drawers (M,), kg."""
        return total(self.books.stock[self.frame.hoarded_places])

    @Kept
    def in_use(self) -> Array:
        """Material in products in use by leaf (L, M), kg."""
        stock, frame = self.books.stock.take(self.frame.in_use_places, axis=0), self.frame
        return np.add.reduce(stock.reshape(-1, frame.leaves, frame.materials))

    # ------------------------------------------------------------------ end of life
    @Kept
    def discarded_units(self) -> Array:
        """Products of households by fate: drawer, returned, sold on, binned, out of a drawer (5, P, L)."""
        return self.discarded.units

    @Kept
    def discarded_content(self) -> Array:
        """Material in them (5, P, M), kg."""
        return np.add.reduce(self.discarded.content, axis=2)

    @Kept
    def refurbished_units(self) -> Array:
        """Products refurbished (P, L)."""
        return self.waste.refurbished

    @Kept
    def refurbished_content(self) -> Array:
        """Material in them (M,), kg."""
        return total(self.books.inflow[self.frame.used_places])

    @Kept
    def unwanted(self) -> Array:
        """Used products that traders exported (P, L)."""
        return self.waste.unwanted

    @Kept
    def left_traders(self) -> Array:
        """Material in used products that left traders, refurbished or exported (M,), kg."""
        return total(self.books.outflow[self.frame.traded_in])

    @Kept
    def handed_in(self) -> Array:
        """Products of households collected apart (P, L)."""
        return self.waste.collected_units

    @Kept
    def business_discarded(self) -> Array:
        """Products that business and government discarded (2, P, L)."""
        return self.sales.business_discarded[0]

    @Kept
    def business_content(self) -> Array:
        """Material in them (P, M), kg."""
        content = self.sales.business_discarded[1]
        return np.add.reduce(np.add.reduce(content), axis=1)

    @Kept
    def landfilled(self) -> Array:
        """Material landfilled or burnt (M,), kg."""
        return self.books.inflow[self.model.places.landfill]

    @Kept
    def dissipated(self) -> Array:
        """Material that ended in other metals or slag (M,), kg."""
        return self.books.inflow[self.model.places.dissipated]

    @Kept
    def scrap_exported(self) -> Array:
        """Material in scrap exported (M,), kg."""
        return self.books.inflow[self.model.places.scrap_abroad]

    @Kept
    def manufacturing_processed(self) -> Array:
        """Material in the manufacturing scrap that recyclers processed (M,), kg."""
        return total(self.recyclers.processed_content - self.recyclers.processed_end_of_life)

    @Kept
    def retained_value(self) -> float:
        """Value of products refurbished and of material recovered from end-of-life goods (), EUR."""
        recyclers = self.recyclers
        resold = self.waste.refurbisher_result[0].sum()
        return resold + np.vdot(recyclers.recovered_end_of_life, recyclers.price_received)

    # ------------------------------------------------------------------ people and public money
    @Kept
    def adopters(self) -> Array:
        """Real households that use a circular product, by leaf (L,)."""
        return self._households_where(self.model.households.circular_items > 0)

    @Kept
    def aware(self) -> Array:
        """Real households that know circular offers, by leaf (L,)."""
        return self._households_where(self.model.households.aware)

    def _households_where(self, there: NDArray[np.bool_]) -> Array:
        """Real households for which something (n,) is so, by leaf (L,)."""
        return self.frame.represented * [np.count_nonzero(there[rows]) for rows in self.frame.leaf_rows]

    @Once
    def flows(self) -> Array:
        """Net receipts of each account under policy, and of all kinds that are income (2, accounts), EUR."""
        return self.frame.incidence_kinds @ self.books.flow

    @Kept
    def party_flows(self) -> Array:
        """The same by party (2, parties)."""
        return _sums(self.flows, self._history.parties.of_accounts(self.model), len(PARTIES))

    @Kept
    def leaf_flows(self) -> Array:
        """The same of those who live in a leaf, by leaf (2, L)."""
        leaf = self._history.parties.leaf_of_accounts(self.model)
        return _sums(self.flows, leaf, self.frame.leaves + 1)[:, :-1]

    @Kept
    def paid(self) -> Array:
        """What governments paid through each instrument (I,), EUR."""
        return self.model.governments.paid

    @Kept
    def received(self) -> Array:
        """What governments received through each instrument (I,), EUR."""
        return self.model.governments.received

    @Kept
    def credibility(self) -> Array:
        """Belief in what each government announces (K,)."""
        return np.array([government.credibility for government in self.model.governments.members])

    @Kept
    def public_support(self) -> Array:
        """Support of the people below each government for its policy (K,)."""
        return self.model.public_support

    @Kept
    def belief(self) -> Array:
        """Belief by which investors weigh announced support, by leaf (L,)."""
        return self.model.governments.belief

    @Kept
    def licence_rents(self) -> Array:
        """What holders of export licences in each bloc earn (B,), EUR."""
        return np.add.reduce(self.model.materials.rents)

    @Kept
    def lender_equity(self) -> float:
        """Net worth of lenders (), EUR."""
        return self.books.lender_equity

    @Kept
    def energy(self) -> Array:
        """Energy price over its usual level by leaf (L,)."""
        return self.model.energy

    @Kept
    def state_spending(self) -> Array:
        """What each bloc spends on its strategy (B,), EUR."""
        return -self.books.month_flow("state_support")[self.frame.purses]


KEPT = {name: value.compute for name, value in vars(View).items() if isinstance(value, Kept)}


class ThisYear:
    """The past twelve months of a view: `Year` without its axis of months."""

    def __init__(self, year: Any) -> None:
        self._year = year

    def __getattr__(self, name: str) -> Any:
        return getattr(self._year, name)[0]

    def mean_before(self, name: str) -> Array:
        """Mean of a quantity over the twelve months before."""
        return self._year.mean_before(name)[0]
