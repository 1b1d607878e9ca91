"""Settlement: policy is paid, certificates trade, and the circuits of income and budgets close."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.markets.products import USED
from abm.rules import LABELS, OFFERS, Activity, unchanged

Array = NDArray[np.float64]
CERTIFICATE_STEEPNESS = 3.0  # how sharply the certificate price rises as obligations approach supply


class Settlement:
    """Fills the month's activity, lets governments settle, and closes circuits of money.

    Attributes
    ----------
    certificate_price
        EUR/kg of certificates of secondary content (M,), between 0 and the buy-out.
    certificate_value
        What a kg of secondary material earns in certificates on average (M,), EUR/kg.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.config = model, model.config
        count = len(self.config.materials)
        self.certificate_price, self.certificate_value = np.zeros(count), np.zeros(count)
        self.usually_sold: Array | None = None  # content of products sold in a month (P, L, M), smoothed over a year
        self.obligation, self.supply = np.zeros(count), np.zeros(count)
        leaves, jurisdictions = self.config.leaves, self.config.jurisdictions
        households = np.asarray(jurisdictions.households)[leaves]
        self.household_share = households / households.sum()
        self.primary_abroad = 1.0 - np.asarray(self.config.materials.recycled_abroad)
        self.burden = {}  # of each government: share of its balance that falls on the households of each leaf (L,)
        for g in self.config.governments:
            below = self.household_share * [g in self.config.ancestors[leaf] for leaf in leaves]
            self.burden[int(g)] = below / below.sum()
        # Fees by which producers cover collection and treatment: the change since the first year (P, L), EUR.
        self.producer_fee = np.zeros((len(self.config.products), len(leaves)))
        self.mass = np.asarray(self.config.products.mass)
        self.lender_capital: float | None = None  # net worth of lenders after the first month, EUR
        accounts = model.accounts
        self.licences = np.array([bloc.licence for bloc in model.blocs], dtype=np.int64)
        self.lender = np.array([accounts.lender])
        self.abroad, self.domestic = np.array([accounts.abroad]), np.array([accounts.domestic])
        self.real_households = households
        self.offers_shape = (len(self.config.products), len(leaves), len(OFFERS))
        self.same_fees = unchanged((*self.offers_shape[:2], LABELS), 0.0)
        self.clearing, self.public = np.array([accounts.secondary]), np.array([accounts.public])

    def run(self, purchases: Any, discarded: Any) -> None:
        """Settle policy on this month's activity."""
        self.activity = self._activity(discarded)
        self.model.governments.settle(self.activity, self.model.books, self.model.month)

    def _activity(self, discarded: Any) -> Activity:
        model, sales = self.model, self.model.product_trade
        recyclers, firms, trade = model.recyclers, model.firms, model.materials_trade
        obliged = self._obliged()
        # An intermediate that leaves for foreign refiners replaces nothing at home: it earns no certificate.
        certified = recyclers.sold * recyclers.plant.at_home[:, None]
        imported = self._imported_certificates()
        supply = np.add.reduce(certified) + imported
        owed = np.zeros(self.offers_shape) if sales.offer_value is None else sales.offer_value
        self._price_certificates(obliged, supply)
        return Activity(
            month=model.month,
            recycler_account=recyclers.account,
            recycler_leaf=recyclers.leaf,
            recycler_born=recyclers.born,
            recycler_stream=recyclers.stream,
            recovered=recyclers.recovered,
            sold=recyclers.sold,
            price_received=recyclers.price_received,
            reference_price=trade.price_at_grade,
            capacity_spending=model.renewal.recycler_spending,
            circular_spending=self._circular_spending(),
            contract_strike=recyclers.contract_strike,
            contract_instrument=recyclers.contract_instrument,
            recycler_equity=self._of_last_month(model.renewal.founders_put_in, len(recyclers)),
            recycler_worth=self._worth(recyclers),
            recycler_dividends=self._of_last_month(model.renewal.dividends[0], len(recyclers)),
            recycler_energy=self._energy("recycling_energy_relief", recyclers),
            certificate_earned=certified,
            certificate_imported=imported,
            maker_account=firms.account,
            maker_leaf=firms.leaf,
            maker_product=firms.product,
            maker_component=firms.component,
            maker_energy=self._energy("component_energy_relief", firms),
            producer_account=model.producers.account,
            producer_leaf=model.producers.leaf,
            producer_stage=model.producers.stage,
            producer_main=model.producers.main,
            producer_spending=model.producers.spending,
            producer_equity=model.producers.spending - model.producers.borrowed,
            producer_worth=self._worth(model.producers),
            producer_dividends=model.renewal.dividends[1],
            producer_energy=self._refineries_energy(),
            primary_bought=trade.primary_bought,
            secondary_bought=trade.to_maker,
            imported_component_content=trade.component_import * self.primary_abroad,
            dealer_account=model.dealers.accounts,
            household_account=model.accounts.households,
            units_sold=sales.units_sold,
            units_sold_to_households=sales.units_to_households,
            content_sold=sales.content_sold,
            secondary_content_sold=sales.content_sold * model.secondary_content,
            imported_primary_content=sales.imported_content * self.primary_abroad,
            public_premium=sales.public_premium,
            european_premium=model.preference.premium,
            returned_product=discarded.returned_product,
            returned_leaf=discarded.returned_leaf,
            returned_bought=discarded.returned_bought.astype(np.int64),
            # A deposit was paid when the product was new; goods bought second-hand carry none.
            returned_weight=discarded.returned_weight * (discarded.returned_kind != USED),
            certificate_price=self.in_every_leaf(self.certificate_price),
            certificate_obligation=obliged,
            certificate_supply=self.in_every_leaf(supply),
            government_account=model.accounts.governments,
            abroad_account=self.abroad,
            domestic_account=self.domestic,
            offtake_instrument=model.producers.offtake.backer,
            offtake_due=model.producers.offtake.due,
            guarantee_calls=model.renewal.guarantees.calls,
            lender_account=self.lender,
            loan_rate=np.array([model.credit.rate]),
            collector_account=model.scrap.collectors,
            households=self.real_households,
            offer_value=owed,
            scrap_landfilled=model.end_of_life.landfilled,
            technicians=model.labour.pool_before,
            price_outside=model.materials.price[1, 0],
            technical_work=model.technical_work,
            repair_work=self._repair_work(),
            refined_import_share=model.duties.refined_share,
            component_import_value=model.duties.component_value,
            product_import_value=model.duties.product_value,
            labels_sold=sales.labels_sold,
            fee_modulation=self.same_fees if sales.modulation is None else sales.modulation,
        )

    def _repair_work(self) -> Array:
        """What the work in repairs costs before tax relief (L,), EUR; a levy on materials may pay for such relief."""
        levied = self.model.rules.in_force("primary_levy")
        return self.model.product_trade.repair_work() if levied else np.zeros(len(self.household_share))

    def _circular_spending(self) -> Array:
        """What firms (F,) spent last month on circular capacity and change of design, EUR, where it is supported."""
        spent = self.model.renewal.circular_spending
        return np.zeros(len(self.model.firms)) if spent is None else spent

    def _obliged(self) -> Array:
        """Content of products sold that must be secondary or covered by certificates (L, M), kg.

        Compliance is shown by the year: the content is that of a mean month of the past year.
        """
        rules, sold = self.model.rules, self.model.product_trade.content_sold
        self.usually_sold = sold.copy() if self.usually_sold is None else self.usually_sold
        self.usually_sold += (sold - self.usually_sold) / 12.0
        if not rules.in_force("recycled_content_mandate"):
            return np.zeros(sold.shape[1:])
        return np.einsum("lpm,plm->lm", rules.recycled_content_mandate, self.usually_sold)

    def _imported_certificates(self) -> Array:
        """What is recycled abroad and may be counted in imported goods, where a mandate allows it (M,), kg."""
        rules = self.model.rules
        if not rules.in_force("mandate_imports"):
            return np.zeros(len(self.primary_abroad))
        recycled = np.add.reduce(self.model.materials_trade.usually_recycled[self.model.month])
        return np.asarray(np.maximum.reduce(rules.mandate_imports) * recycled)

    def _of_last_month(self, values: Array, count: int) -> Array:
        """Values of those who were there (n,) last month, and 0 for who came later (count,)."""
        return values if len(values) == count else np.concatenate([values, np.zeros(count - len(values))])

    def _worth(self, organisations: Any) -> Array:
        """Plant beyond debt (n,), EUR; 0 as long as no government shares in it."""
        rules = self.model.rules
        shared = rules.in_force("recycling_equity") or rules.in_force("primary_equity")
        if not (shared or self.model.renewal.public_equity):
            return unchanged((len(organisations),), 0.0)
        return np.asarray(organisations.capital - self.model.books.debt.take(organisations.account))

    def _energy(self, lever: str, organisations: Any) -> Array:
        """What organisations paid for energy this month (n,), EUR; 0 where no relief asks for it."""
        if not self.model.rules.in_force(lever):
            return unchanged((len(organisations),), 0.0)
        return np.asarray(-self.model.books.month_flow("energy").take(organisations.account))

    def _refineries_energy(self) -> Array:
        producers = self.model.producers
        if not self.model.rules.in_force("refining_energy_relief"):
            return unchanged((len(producers),), 0.0)
        return np.asarray(producers.energy_paid(self.model.conditions.energy))

    def in_every_leaf(self, values: Array) -> Array:
        """Values by material (M,) for every leaf (L, M)."""
        table = np.empty((len(self.household_share), len(values)))
        table[:] = values
        return table

    def _price_certificates(self, obliged: Array, supply: Array) -> None:
        """Obliged sellers buy certificates (M,); the price nears the buy-out when they are scarce."""
        self.obligation += (np.add.reduce(obliged) - self.obligation) / 6.0
        self.supply += (supply - self.supply) / 6.0
        if not self.model.rules.in_force("mandate_buyout"):
            self.certificate_price, self.certificate_value = np.zeros((2, len(supply)))
            return
        supplied = self.supply > 1e-9
        ratio = np.where(supplied, self.obligation / np.where(supplied, self.supply, 1.0), 1e3)
        tight = np.minimum(ratio, 1e3) ** CERTIFICATE_STEEPNESS
        buyout = np.maximum.reduce(self.model.rules.mandate_buyout)
        self.certificate_price = buyout * tight / (1.0 + tight)
        self.certificate_value = self.certificate_price * np.minimum(ratio, 1.0)

    def close_circuits(self) -> None:
        """Balance what has no behaviour of its own, by stated rules.

        Producer responsibility: dealers make good collectors' losses and charge them on products. Governments'
        budgets, deposits held in trust apart, are balanced by a lump sum on the households below them. The rest
        of the domestic economy pays households what they spent; owners abroad stand behind merchants, domestic
        owners behind dealers.
        """
        model, accounts = self.model, self.model.accounts
        self.balances = model.books.cash.copy()  # read once; what is paid below is followed here
        self._set_producer_fee(np.maximum(-self.balances[model.scrap.collectors], 0.0))
        self._balance(model.scrap.collectors, model.dealers.accounts, "gate_fees")
        self._balance(model.dealers.accounts, accounts.domestic, "dividends")
        self._balance(model.materials.accounts, accounts.abroad, "dividends")
        self._balance(self.licences, accounts.abroad, "rents")
        self._pay_out_lenders()
        self._balance(self.clearing, accounts.domestic, "dividends")
        for government in model.governments.members:
            self._lump_sum(government.account, self.burden[government.jurisdiction], government.held_in_trust)
        self._balance(self.public, accounts.treasury, "public_purchases")
        self._lump_sum(accounts.treasury, self.household_share)
        self._balance(accounts.households, accounts.domestic, "income")

    def _set_producer_fee(self, cost: Array) -> None:
        """Fees on products sold cover what collection and treatment cost over a year (L,), by weight.

        Prices at the start hold the fees of the start: what counts is the change since the first year.
        """
        sold = self.mass @ self.model.product_trade.units_sold
        if self.model.month == 0:
            self.collection_cost, self.mass_sold = cost.copy(), sold.copy()
        self.collection_cost += (cost - self.collection_cost) / 12.0
        self.mass_sold += (sold - self.mass_sold) / 12.0
        rate = self.collection_cost / np.where(self.mass_sold > 0.0, self.mass_sold, np.inf)
        if self.model.month < 12:
            self.usual_fee = rate
        self.producer_fee = self.mass[:, None] * (rate - self.usual_fee)

    def _balance(self, accounts: NDArray[np.int64], sponsors: NDArray[np.int64] | int, kind: str) -> None:
        """Bring accounts to zero at the expense, or to the benefit, of their sponsors."""
        if not len(accounts):
            return
        cash, books = self.balances[accounts], self.model.books
        surplus = np.maximum(cash, 0.0)
        deficit = surplus - cash
        if np.count_nonzero(deficit):
            books.pay(kind, sponsors, accounts, deficit)
        if np.count_nonzero(surplus):
            books.pay(kind, accounts, sponsors, surplus)
        self.balances[accounts] = 0.0
        self.balances[sponsors] += cash if isinstance(sponsors, np.ndarray) else np.add.reduce(cash)

    def _pay_out_lenders(self) -> None:
        """Lenders pay out what they earned, once earlier losses are made good."""
        books, accounts = self.model.books, self.model.accounts
        equity = float(self.balances[accounts.lender] + np.add.reduce(books.debt))
        if self.lender_capital is None:
            self.lender_capital = equity
        gain = equity - self.lender_capital
        if gain > 0.0:
            books.pay("dividends", accounts.lender, accounts.domestic, gain)
            self.balances[accounts.lender] -= gain
            self.balances[accounts.domestic] += gain

    def _lump_sum(self, account: int, share: Array, held: float = 0.0) -> None:
        """Levy a government's deficit on households, or pay out its surplus, by share (L,); `held` EUR stay."""
        books, households = self.model.books, self.model.accounts.households
        cash = float(self.balances[account]) - held
        if cash < 0.0:
            books.pay("lump_sum", households, account, -cash * share)
        elif cash > 0.0:
            books.pay("lump_sum", account, households, cash * share)
        self.balances[account] = held
        self.balances[households] += cash * share
