"""Settlement: policy is paid, certificates trade, and the circuits of income and budgets close."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.markets.products import USED
from abm.rules import Activity

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
        self.obligation, self.supply = np.zeros(count), np.zeros(count)
        leaves, jurisdictions = self.config.leaves, self.config.jurisdictions
        households = np.asarray(jurisdictions.households)[leaves]
        self.household_share = households / households.sum()
        self.below = {
            int(g): np.array([g in self.config.ancestors[leaf] for leaf in leaves]) for g in self.config.governments
        }

    def run(self, purchases: Any, discarded: Any) -> None:
        """Settle policy on this month's activity."""
        activity = self._activity(discarded)
        self._certificates(activity)
        self.activity = activity
        self.model.governments.settle(activity, self.model.books, self.model.month)

    def _activity(self, discarded: Any) -> Activity:
        model = self.model
        recyclers, firms, trade = model.recyclers, model.firms, model.materials_trade
        activity = Activity.empty(model.month, model.governments.sizes, len(recyclers), len(firms))
        activity.recycler_account, activity.recycler_leaf = recyclers.account, recyclers.leaf
        activity.recycler_stream = recyclers.stream
        activity.recovered, activity.sold = recyclers.recovered, recyclers.sold
        activity.price_received = recyclers.price_received
        activity.capacity_spending = model.renewal.recycler_spending
        activity.contract_strike, activity.contract_instrument = (
            recyclers.contract_strike,
            recyclers.contract_instrument,
        )
        activity.certificate_earned = recyclers.sold
        activity.maker_account, activity.maker_leaf, activity.maker_product = firms.account, firms.leaf, firms.product
        activity.primary_bought, activity.secondary_bought = trade.primary_bought, trade.to_maker
        activity.imported_component_content = trade.component_import * (1.0 - self._recycled_abroad())
        self._fill_sales(activity, discarded)
        activity.government_account = model.accounts.governments
        activity.price_outside = model.materials.price[1, 0]
        return activity

    def _recycled_abroad(self) -> Array:
        return np.asarray(self.config.materials.recycled_abroad)

    def _fill_sales(self, activity: Activity, discarded: Any) -> None:
        model, sales = self.model, self.model.product_trade
        activity.dealer_account, activity.household_account = model.dealers.accounts, model.accounts.households
        activity.units_sold, activity.units_sold_to_households = sales.units_sold, sales.units_to_households
        activity.content_sold = sales.content_sold
        activity.secondary_content_sold = sales.content_sold * model.secondary_content
        activity.imported_primary_content = sales.imported_content * (1.0 - self._recycled_abroad())
        activity.public_premium = sales.public_premium
        activity.returned_product, activity.returned_leaf = discarded.returned_product, discarded.returned_leaf
        activity.returned_bought = discarded.returned_bought.astype(np.int64)
        # A deposit was paid when the product was new; goods bought second-hand carry none.
        activity.returned_weight = discarded.returned_weight * (discarded.returned_kind != USED)

    def _certificates(self, activity: Activity) -> None:
        """Obliged sellers buy certificates that recyclers earn; the price nears the buy-out when they are scarce."""
        rules = self.model.rules
        mandate = rules.recycled_content_mandate  # (L, P, M)
        obliged = np.einsum("lpm,plm->lm", mandate, activity.content_sold)
        earned = activity.certificate_earned.sum(axis=0)
        self.obligation += (obliged.sum(axis=0) - self.obligation) / 6.0
        self.supply += (earned - self.supply) / 6.0
        ratio = np.divide(self.obligation, self.supply, out=np.full_like(earned, 1e3), where=self.supply > 1e-9)
        tight = np.minimum(ratio, 1e3) ** CERTIFICATE_STEEPNESS
        buyout = rules.mandate_buyout.max(axis=0)
        self.certificate_price = buyout * tight / (1.0 + tight)
        self.certificate_value = self.certificate_price * np.minimum(ratio, 1.0)
        activity.certificate_price = np.broadcast_to(self.certificate_price, obliged.shape).copy()
        activity.certificate_obligation = obliged
        activity.certificate_supply = np.broadcast_to(earned, obliged.shape).copy()

    def close_circuits(self) -> None:
        """Balance what has no behaviour of its own, by stated rules.

        Producer responsibility: dealers make good collectors' losses. Governments' budgets are balanced
        by a lump sum on the households below them. The rest of the domestic economy pays households
        what they spent; owners abroad stand behind merchants, domestic owners behind dealers.
        """
        model, accounts = self.model, self.model.accounts
        self.balances = model.books.cash.copy()  # read once; what is paid below is followed here
        self._balance(model.scrap.collectors, model.dealers.accounts, "gate_fees")
        self._balance(model.dealers.accounts, accounts.domestic, "dividends")
        self._balance(model.materials.accounts, accounts.abroad, "dividends")
        self._balance(np.array([bloc.licence for bloc in model.blocs], dtype=np.int64), accounts.abroad, "rents")
        self._balance(np.array([accounts.secondary]), accounts.domestic, "dividends")
        for government in model.governments.members:
            share = self.household_share * self.below[government.jurisdiction]
            self._lump_sum(government.account, share / share.sum())
        self._balance(np.array([accounts.public]), accounts.treasury, "public_purchases")
        self._lump_sum(accounts.treasury, self.household_share)
        self._balance(accounts.households, accounts.domestic, "income")

    def _balance(self, accounts: NDArray[np.int64], sponsors: NDArray[np.int64] | int, kind: str) -> None:
        """Bring accounts to zero at the expense, or to the benefit, of their sponsors."""
        if not len(accounts):
            return
        cash, books = self.balances[accounts], self.model.books
        books.pay(kind, sponsors, accounts, np.maximum(-cash, 0.0))
        books.pay(kind, accounts, sponsors, np.maximum(cash, 0.0))
        self.balances[accounts] = 0.0
        self.balances[sponsors] += cash if isinstance(sponsors, np.ndarray) else cash.sum()

    def _lump_sum(self, account: int, share: Array) -> None:
        """Levy a government's deficit on households, or pay out its surplus, by share (L,)."""
        books, households = self.model.books, self.model.accounts.households
        cash = float(self.balances[account])
        books.pay("lump_sum", households, account, max(-cash, 0.0) * share)
        books.pay("lump_sum", account, households, max(cash, 0.0) * share)
        self.balances[account] = 0.0
        self.balances[households] += cash * share
