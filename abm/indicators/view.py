"""What indicators read: a month of the model, with quantities that several of them need worked out once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TONNE = 1e-3  # per kg
NAN = float("nan")


def ratio(part: Any, whole: Any) -> Any:
    """Part over whole, numbers or arrays (whole has the full shape); NaN where the whole is not positive."""
    if not isinstance(whole, np.ndarray):
        return part / whole if whole > 0.0 else part * NAN
    return np.divide(part, whole, out=np.full(whole.shape, NAN), where=whole > 0.0)


class View:
    """A month as indicators see it; reading changes nothing.

    Arrays, in kg a month over the last year: `use` of each material in products sold at home (M,);
    `other_use` by industry at home outside the modelled products (M,); `recovered` and `end_of_life` by
    home recyclers, all and from end-of-life goods alone (M,).
    """

    def __init__(self, model: Any, purchases: Any, discarded: Any, lasting: dict[str, Any] | None = None) -> None:
        """`lasting` keeps what never changes in a run from one month's view to the next."""
        self.lasting = {} if lasting is None else lasting
        self.model, self.config, self.books = model, model.config, model.books
        self.purchases, self.discarded = purchases, discarded
        self.month = model.month
        self.recyclers, self.firms, self.producers = model.recyclers, model.firms, model.producers

    # ------------------------------------------------------------------ materials
    @cached_property
    def price(self) -> Array:
        """Refined price by side (sides, M), EUR/kg."""
        return self.model.materials.price[1]

    @cached_property
    def use(self) -> Array:
        return self.model.product_trade.usual_use

    @cached_property
    def other_use(self) -> Array:
        trade = self.model.materials_trade
        home = np.asarray(self.config.materials.use_share)[:, self.config.leaves].sum(axis=1) * trade.world_use
        return home * ratio(trade.last_use[0], trade.base_use[0])

    @cached_property
    def total_use(self) -> Array:
        return self.use + self.other_use

    @cached_property
    def recovered(self) -> Array:
        return self.model.end_of_life.usual_recovered

    @cached_property
    def end_of_life(self) -> Array:
        return self.model.end_of_life.usual_end_of_life

    @cached_property
    def discarded_content(self) -> Array:
        """Content of what was discarded at home and not refurbished (M,), kg a month over the last year."""
        return self.model.end_of_life.usual_discard

    @cached_property
    def value(self) -> Array:
        """Long-run cost of each material (M,), EUR/kg: the weight by which materials are added up."""
        return np.asarray(self.config.materials.long_run_cost)

    @cached_property
    def home_output(self) -> Array:
        """Primary output at home by stage (2, M), kg."""
        return self._by_stage(self._home, self.producers.output)

    @cached_property
    def home_capacity(self) -> Array:
        """Capacity at home by stage (2, M), kg per month."""
        return self._by_stage(self._home, self.producers.capacity * self.producers.active)

    @cached_property
    def _home(self) -> NDArray[np.bool_]:
        return np.asarray(self.config.jurisdictions.domestic)[self.producers.jurisdiction]

    def _by_stage(self, rows: NDArray[np.bool_], amounts: Array) -> Array:
        cell = self.producers.stage * len(self.config.materials) + self.producers.main
        total = np.bincount(cell[rows], amounts[rows], 2 * len(self.config.materials))
        return total.reshape(2, -1)

    @cached_property
    def country_shares(self) -> tuple[Array, Array]:
        """Largest country's share and Herfindahl index of world output by stage and material, (2, M) each.

        Countries of the world outside the blocs stand as producers of their own; those of one
        jurisdiction at home or in a bloc count together.
        """
        producers = self.producers
        if "countries" not in self.lasting:
            self.lasting["countries"] = self._number_countries()
        number, count = self.lasting["countries"]
        materials = len(self.config.materials)
        cell = ((number * 2 + producers.stage) * materials)[:, None] + np.arange(materials)
        made = producers.output[:, None] * producers.recipe
        output = np.bincount(cell.ravel(), made.ravel(), count * 2 * materials).reshape(count, 2, materials)
        total = output.sum(axis=0)
        share = np.divide(output, total, out=np.zeros_like(output), where=total > 0.0)
        abroad = ~np.isin(np.arange(count), number[self._home])  # the law speaks of third countries
        return share[abroad].max(axis=0, initial=0.0), (share**2).sum(axis=0)

    def _number_countries(self) -> tuple[Array, int]:
        """Number of the country of each producer (n,), and how many there are."""
        producers, config = self.producers, self.config
        apart = np.arange(len(producers)) + len(config.jurisdictions)
        backed = np.asarray(config.jurisdictions.state_backed)[producers.jurisdiction]
        country = np.where(backed | self._home, producers.jurisdiction, apart)
        _, number = np.unique(country, return_inverse=True)
        return number, int(number.max()) + 1

    # ------------------------------------------------------------------ organisations
    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        return self.recyclers.active

    @cached_property
    def recycler_books(self) -> Array:
        """Last year's smoothed books of recyclers at work (6,): receipts, support, scrap, operations, interest, kg."""
        known = self.recyclers.ledger.shape[1]
        return self.recyclers.ledger[:, self.alive[:known]].sum(axis=1)

    def return_of(self, organisations: Any, rows: Array, depreciation: float) -> float:
        """Yearly profit after depreciation (1/yr) and before interest, over the capital of some organisations."""
        profit, capital = organisations.profit[rows].sum(), organisations.capital[rows].sum()
        return ratio(12.0 * profit - depreciation * capital, capital)

    def survival(self, months: int) -> float:
        """Share of the recyclers at work some months ago that still are."""
        before = self.month - months
        if before < 0:
            return NAN
        recyclers = self.recyclers
        was = (recyclers.born <= before) & ((recyclers.died < 0) | (recyclers.died > before))
        return ratio(float((was & self.alive).sum()), float(was.sum()))

    # ------------------------------------------------------------------ households
    @cached_property
    def new_value(self) -> Array:
        """What households spent this month by product and alternative (P, 6), EUR."""
        return self.purchases.spending.sum(axis=1)

    @cached_property
    def weight(self) -> Array:
        return self.model.households.weight

    @cached_property
    def public_net(self) -> float:
        """Net cost of all instruments this month, EUR; deposits held in trust are left out."""
        return float(self.model.governments.public_cost.sum())
