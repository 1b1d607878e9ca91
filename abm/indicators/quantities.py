"""Quantities from which indicators are made, derived from what is kept of every month.

Every array has the axes that its docstring gives as its last ones: material M, product P, leaf L, stream S.
A `View` shows one month; `Months` shows many at once, with the months as first axis, so that most
indicators are worked out for many months in one go. Derived quantities therefore sum over last axes only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from abm.indicators.axes import ACTIVITIES
from abm.indicators.frame import HOME_SOURCE, RECYCLING_COST, Frame
from abm.indicators.indicator import SMALL
from abm.indicators.parties import Parties

Array = NDArray[np.float64]


BLOCK = 100  # months that are shown together; always so many, so that results do not depend on when they are asked for
MEMORY = 60  # months of disturbed supply that are counted
DEAR, MISSED = float(np.log(1.5)), 0.05  # supply is disturbed above this log of price over cost, or share missed
WINDOWS = (12, 60)  # months over which survival is measured


class Once:
    """A property worked out once for each view; functools' own takes a lock each time."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute, self.name, self.__doc__ = compute, compute.__name__, compute.__doc__

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        if view is None:
            return self
        value = view.__dict__[self.name] = self.compute(view)
        return value


def across(values: Array) -> Array:
    """Sum over the last axis."""
    return np.add.reduce(values, axis=-1)


def in_turn(values: Array) -> Array:
    """Sum over the last axis one after the other, so that plants founded later do not change its rounding."""
    return np.add.accumulate(values, axis=-1)[..., -1]


def down(values: Array) -> Array:
    """Sum over the last axis but one."""
    return np.add.reduce(values, axis=-2)


class Quantities:
    """Derived quantities.

    Attributes
    ----------
    month
        The month, or months, as index.
    frame
        Static tables.
    year
        Any quantity over the past twelve months (in the first year: so far), at yearly rates.
    """

    month: Any
    frame: Frame
    year: Any

    if TYPE_CHECKING:  # what is kept of every month: see `abm.indicators.view.View`

        def __getattr__(self, name: str) -> Any: ...

    # ------------------------------------------------------------------ prices and use of material
    @Once
    def price(self) -> Array:
        """Price of refined material by side (sides, M), EUR/kg."""
        return self.frame.reference * np.exp(self.log_price)

    @Once
    def price_outside(self) -> Array:
        """Price of refined material outside the blocs (M,), EUR/kg."""
        return self.price[..., 0, :]

    @Once
    def home_use(self) -> Array:
        """Refined material used at home (M,), kg: by the makers of the model and by other industry.

        Other industry has its share of use in the world outside the blocs, less what that use gained or lost
        because the goods that home imports changed.
        """
        level = self.frame.usual_use[self.month] * np.exp(self.adaptation) * self.demand_shock
        whole = np.maximum(level + self.pull, 0.2 * level)
        other = self.frame.home_share_of_outside * self.outside_use * level / np.maximum(whole, SMALL)
        return self.makers_primary + self.makers_secondary + other

    @Once
    def requirement(self) -> Array:
        """Material that home makers take in and that imported components and products contain (M,), kg a year."""
        year = self.year
        return year.makers_primary + year.makers_secondary + year.component_import + year.product_import

    @Once
    def wide_use(self) -> Array:
        """Material used at home or contained in imported components and products (M,), kg a year."""
        return self.year.home_use + self.year.component_import + self.year.product_import

    @Once
    def sold_primary(self) -> Array:
        """Primary material in products bought at home by leaf (L, M), kg."""
        return self.sold_content - self.sold_secondary

    @Once
    def consumption(self) -> Array:
        """Material in products bought at home (M,), kg a year."""
        return down(self.year.sold_content)

    @Once
    def missed_inputs(self) -> Array:
        """Material that home makers asked for and that did not come (M,), kg."""
        return np.maximum(self.wanted_inputs - self.received_inputs, 0.0)

    # ------------------------------------------------------------------ capacity, output and supply
    @Once
    def home_capacity(self) -> Array:
        """Capacity at home to extract, to refine and to recycle (3, M), kg a year; what is mothballed is left out."""
        frame = self.frame
        mines = self.running_capacity[..., frame.home_mines] @ frame.home_recipe
        refineries = self.running_capacity @ frame.home_refineries
        return 12.0 * np.stack([mines, refineries, self.stream_capacity @ frame.yields], axis=-2)

    @Once
    def home_mined(self) -> Array:
        """Material mined at home (M,), kg."""
        return down(self.mined[..., self.frame.home_among_mines, :])

    @Once
    def home_refined(self) -> Array:
        """Primary material refined at home (M,), kg."""
        return self.output @ self.frame.home_refineries

    @Once
    def home_supply(self) -> Array:
        """Material refined or recovered at home (M,), kg a year."""
        return self.year.home_refined + self.year.recovered

    @Once
    def home_output(self) -> Array:
        """Material mined, refined and recovered at home (3, M), kg a year."""
        return np.stack([self.year.home_mined, self.year.home_refined, self.year.recovered], axis=-2)

    @Once
    def step_use(self) -> Array:
        """Use at home against which capacity and output of each step stand (3, M), kg a year.

        Mines and refineries stand for all that home has, recyclers only for those of the modelled goods.
        """
        return np.stack([self.year.home_use, self.year.home_use, self.consumption], axis=-2)

    @Once
    def supply(self) -> Array:
        """Supply to home by stage and source (4, N, M), kg a year: concentrate, refined, components, products.

        For the first two it is what comes to the market on which home buys: output of producers outside the
        state-backed blocs, and what the blocs export less what they import.
        """
        frame, year = self.frame, self.year
        mined = year.mined
        lead = mined.shape[:-2]
        found = np.zeros((*lead, 4, frame.sources, frame.materials))
        found[..., 0, :, :] = frame.mine_supply @ mined
        found[..., 1, :, :] = (year.output @ frame.refinery_supply).reshape(*lead, frame.sources, frame.materials)
        found[..., 0, frame.bloc_source, :] = np.maximum(year.concentrate_exports, 0.0)
        found[..., 1, frame.bloc_source, :] = np.maximum(year.refined_exports, 0.0)
        bought = year.makers_primary + year.makers_secondary + year.component_import
        found[..., 2, HOME_SOURCE, :] = np.maximum(year.received_inputs - bought, 0.0)
        found[..., 2, frame.component_source, :] = year.component_origins
        found[..., 3, HOME_SOURCE, :] = np.maximum(year.arrived_products - year.product_import, 0.0)
        found[..., 3, frame.product_source, :] = year.product_origins
        return found

    @Once
    def supply_share(self) -> Array:
        """Shares of sources in that supply (4, N, M), NaN where there is none."""
        return shares(self.supply)

    @Once
    def concentration(self) -> Array:
        """Herfindahl–Hirschman index by stage (4, M), from 0 to 1."""
        return herfindahl(self.supply_share)

    @Once
    def largest_share(self) -> Array:
        """Largest share of one country abroad by stage (4, M).

        At the stages of components and products only state-backed countries count as one.
        """
        share, backed = self.supply_share, 1 + self.frame.backed
        found = np.empty((*share.shape[:-2], share.shape[-1]))
        np.maximum.reduce(share[..., :2, 1:, :], axis=-2, out=found[..., :2, :])
        np.maximum.reduce(share[..., 2:, 1:backed, :], axis=-2, initial=0.0, out=found[..., 2:, :])
        return found

    # ------------------------------------------------------------------ recycling
    @Once
    def stream_capacity(self) -> Array:
        """Capacity of recyclers at work by stream (S,), kg of scrap a month."""
        return self.streams[..., 0]

    @Once
    def stream_capital(self) -> Array:
        """Capital of recyclers at work by stream (S,), EUR."""
        return self.streams[..., 1]

    @Once
    def processed(self) -> Array:
        """Scrap processed by recyclers by stream (S,), kg."""
        return self.streams[..., 2]

    @Once
    def stream_other(self) -> Array:
        """Value of other recoverables sold by stream (S,), EUR."""
        return self.streams[..., 3]

    @Once
    def stream_recovered(self) -> Array:
        """Material recovered by home recyclers from all scrap by stream (S, M), kg."""
        return self.streams[..., 4 : 4 + self.frame.materials]

    @Once
    def stream_end_of_life(self) -> Array:
        """Material recovered from end-of-life goods by stream (S, M), kg."""
        return self.streams[..., 4 + self.frame.materials : 4 + 2 * self.frame.materials]

    @Once
    def stream_value(self) -> Array:
        """Value of recovered material by stream at prices received, without support (S, M), EUR."""
        return self.streams[..., 4 + 2 * self.frame.materials : 4 + 3 * self.frame.materials]

    @Once
    def stream_money(self) -> Array:
        """Net receipts of recyclers by stream and kind of payment (S, kinds), EUR."""
        return self.streams[..., 4 + 3 * self.frame.materials :]

    @Once
    def recovered(self) -> Array:
        """Material recovered by home recyclers from all scrap (M,), kg."""
        return down(self.stream_recovered)

    @Once
    def end_of_life_recovered(self) -> Array:
        """Material recovered from end-of-life goods (M,), kg."""
        return down(self.stream_end_of_life)

    @Once
    def graded_at_home(self) -> Array:
        """The part of that which home processors bring to functional grade (M,), kg."""
        return self.frame.graded @ self.stream_end_of_life

    @Once
    def recovered_primary_value(self) -> Array:
        """What the material recovered would cost as primary material (M,), EUR."""
        return self.recovered * self.price_outside

    @Once
    def stream_cost(self) -> Array:
        """Full cost of recycling by stream (S,), EUR: scrap, processing, wear and the return that owners require."""
        charge = (1.0 / self.frame.plant_life + self.frame.hurdle) / 12.0
        return charge * self.stream_capital - self.stream_money @ self.frame.money(*RECYCLING_COST)

    @Once
    def recovery_cost(self) -> Array:
        """Full cost of the material recovered (M,), EUR a year; joint cost is allocated by value."""
        year = self.year
        value = across(year.stream_value) + year.stream_other
        per_value = np.divide(year.stream_cost, value, out=np.zeros_like(value), where=value > SMALL)
        return down(per_value[..., None] * year.stream_value)

    def recycler_flow(self, *kinds: str) -> Any:
        """Net receipts of all recyclers of some kinds (), EUR a year."""
        return across(self.year.stream_money @ self.frame.money(*kinds))

    @Once
    def recycler_result(self) -> tuple[Any, Any, Any]:
        """Sales, support per kg, and cash result of all recyclers, EUR a year; investment support left out."""
        sales, support = self.recycler_flow("material_sales"), self.recycler_flow("operating_support", "certificates")
        return sales, support, sales + support + self.recycler_flow(*RECYCLING_COST)

    # ------------------------------------------------------------------ activities
    @Once
    def activity_value(self) -> Array:
        """Value added at market prices by activity (6,), EUR."""
        return across(self.activities[..., 0, :, :])

    @Once
    def activity_result(self) -> Array:
        """Cash result by activity, before interest and without support for investment (6,), EUR."""
        return across(self.activities[..., 2, :, :])

    @Once
    def activity_receipts(self) -> Array:
        """Sales and support per unit by activity (6,), EUR."""
        found = across(self.activities[..., 3, :, :])
        found[..., ACTIVITIES.index("refurbisher")] += self.goods_bought
        return found

    @Once
    def organisations(self) -> Array:
        """Firms by kind, and recyclers, that exist (6,)."""
        return across(self.activities[..., 4, :, :])

    @Once
    def plants(self) -> Array:
        """Recyclers at work by leaf (L,)."""
        return self.activities[..., 5, -1, :]

    @Once
    def activity_capital(self) -> Array:
        """Capital by activity (6,), EUR."""
        return across(self.activities[..., 6, :, :])

    @Once
    def years_of_work(self) -> Array:
        """Years of full-time technical work by activity and leaf (6, L)."""
        return self.activities[..., 1, :, :] / np.maximum(self.frame.wage * self.wage_factor, SMALL)[..., None, :]

    @Once
    def jobs(self) -> Array:
        """Technical jobs by activity and leaf, mean over the past twelve months (6, L)."""
        return self.year.years_of_work

    @Once
    def jobs_by_activity(self) -> Array:
        """Technical jobs by activity (6,)."""
        return across(self.jobs)

    # ------------------------------------------------------------------ products
    @Once
    def hoarded_products(self) -> Array:
        """Products in drawers (P,)."""
        return across(self.hoarded_units)

    @Once
    def refurbished(self) -> Array:
        """Products refurbished (P,)."""
        return across(self.refurbished_units)

    @Once
    def collected_units(self) -> Array:
        """Products of households collected apart (P,)."""
        return across(self.handed_in)

    @Once
    def business_units(self) -> Array:
        """Products that business and government discarded (P,)."""
        return down(across(self.business_discarded))

    @Once
    def chosen(self) -> Array:
        """What households chose by outcome (P, L, 8)."""
        return self.outcomes @ np.ones(self.outcomes.shape[-1])

    @Once
    def bought(self) -> Array:
        """Products that households bought or had repaired by alternative (P, 6)."""
        return down(self.chosen[..., :6])

    @Once
    def waiting(self) -> Array:
        """Products that households wanted and that were not to be had (P,)."""
        return across(self.chosen[..., 6])

    @Once
    def public_purchases(self) -> Array:
        """What government bought, by label (3,), EUR without tax."""
        bought = self.business_bought[..., 1, :, :, None] * self.business_labels[..., 1, :, :, :]
        return down(down(bought) * self.product_price)

    @Once
    def turnover(self) -> Array:
        """Sales at home (P, 4), EUR without tax: linear, circular, as a service, used."""
        price = self.offer_price / self.frame.taxed  # (P, L, 6)
        business, government = self.business_bought[..., 0, :, :, None], self.business_bought[..., 1, :, :, None]
        others = business * self.business_labels[..., 0, :, :, :]
        others += government * self.business_labels[..., 1, :, :, :]
        new = down((self.chosen[..., 3:6] + others) * price[..., 3:])
        used = down(self.chosen[..., 2:3] * price[..., 2:3])
        return np.concatenate([new, used], axis=-1)

    @Once
    def spending(self) -> Array:
        """Households' spending on products and repairs by income quintile (5,), EUR with tax."""
        return np.einsum("...plaq,...pla->...q", self.outcomes[..., :6, :], self.offer_price)

    @Once
    def left_units(self) -> Array:
        """Products of households that left use at home for good (P,); those refurbished or with traders did not."""
        units, abroad = self.discarded_units, 1.0 - self.frame.kept
        left = units[..., 1, :, :] + units[..., 3, :, :] + units[..., 2, :, :] * abroad
        return across(left + self.unwanted)

    @Once
    def end_of_life(self) -> Array:
        """Material in products that left use at home for good, exports of used goods included (M,), kg."""
        content, abroad = self.discarded_content, 1.0 - self.frame.kept
        left = content[..., 1, :, :] + content[..., 3, :, :] + content[..., 2, :, :] * abroad
        return down(left + self.business_content) + self.left_traders - self.refurbished_content

    @Once
    def collected(self) -> Array:
        """Material in end-of-life goods collected apart (M,), kg."""
        returned = self.discarded_content[..., 1, :, :] * self.frame.kept
        return down(returned + self.business_content * self.frame.business_collected)

    @Once
    def end_of_life_dissipated(self) -> Array:
        """The part of dissipation that is not the loss of recyclers on manufacturing scrap (M,), kg."""
        gained = self.recovered - self.end_of_life_recovered
        return self.dissipated - np.maximum(self.manufacturing_processed - gained, 0.0)

    @Once
    def discarded_value(self) -> Any:
        """What products that left use would cost new (), EUR."""
        units = self.left_units + self.refurbished + self.business_units
        return across(units * self.product_price[..., 0])

    @Once
    def gases_by_form(self) -> Array:
        """Greenhouse gases of the required materials by the form in which they come (forms,), kg CO2e a year."""
        frame, year = self.frame, self.year
        own = refined_at_home(self.year)
        return np.stack(
            [
                own @ frame.carbon,
                (year.makers_primary - own) @ frame.carbon,
                year.makers_secondary @ frame.carbon_secondary,
                year.component_import @ frame.carbon_abroad,
                year.product_import @ frame.carbon_abroad,
            ],
            axis=-1,
        )

    @Once
    def gases(self) -> Array:
        """Greenhouse gases of the required materials by origin, home and abroad (2, M), kg CO2e a year.

        Home makers buy home's refined material in the share that it has in all use at home.
        """
        frame, year = self.frame, self.year
        own = refined_at_home(self.year)
        imported = year.component_import + year.product_import
        home = own * frame.carbon + year.makers_secondary * frame.carbon_secondary
        abroad = (year.makers_primary - own) * frame.carbon + imported * frame.carbon_abroad
        return np.stack([home, abroad], axis=-2)

    @Once
    def rock(self) -> Array:
        """Rock and ore moved for the primary material required, by origin, home and abroad (2, M), kg a year."""
        frame, year = self.frame, self.year
        use = np.maximum(year.home_use - year.makers_secondary, SMALL)
        own = year.makers_primary * np.minimum(year.home_mined / use, 1.0)
        imported = (year.component_import + year.product_import) * frame.primary_abroad
        return np.stack([own, year.makers_primary - own + imported], axis=-2) * frame.rock

    @Once
    def surplus(self) -> Array:
        """Expected utility of choosing among today's offers by income quintile (5,), EUR a year of a household."""
        aware = self.aware / np.maximum(self.frame.households, 1.0)
        return self.frame.choice.surplus(self.offer_price, self.offer_life, aware)

    # ------------------------------------------------------------------ public money
    @Once
    def public_paid(self) -> Array:
        """What each government paid through its instruments (K,), EUR, deposits left out.

        A deposit is money held for households: neither its payment nor its refund is cost or revenue.
        """
        return self.paid @ self.frame.public

    @Once
    def public_net(self) -> Array:
        """The same less what it received (K,), EUR."""
        return self.public_paid - self.received @ self.frame.public


def refined_at_home(year: Any) -> Array:
    """Primary material of home makers that home refined (…, M), kg a year: its share in all use at home."""
    use = np.maximum(year.home_use - year.makers_secondary, SMALL)
    return np.asarray(year.makers_primary * np.minimum(year.home_refined / use, 1.0))


def shares(supply: Array) -> Array:
    """Share of each source in supply (…, N, M), NaN where there is none."""
    whole = down(supply)
    inverse = np.full(whole.shape, np.nan)
    np.divide(1.0, whole, out=inverse, where=whole > SMALL)
    return np.asarray(supply * inverse[..., None, :])


def herfindahl(share: Array) -> Array:
    """Herfindahl–Hirschman index of shares (…, N, M) of N sources: sum of squares (…, M), from 1 / N to 1."""
    return np.asarray(np.einsum("...nm,...nm->...m", share, share))


class History:
    """What is kept of every month, after twelve months with the prices of the start and nothing else.

    Parameters
    ----------
    frame
        Static tables.
    months
        Months of the run.

    Attributes
    ----------
    arrays
        Each quantity of all months (12 + months, …), a view of one table with a row for each month.
    plants
        For each month the recyclers (5, n): result in a month at work in EUR, whether it was at work, its yearly
        cost of capital in EUR, whether it exists, and its capacity.
    """

    def __init__(self, frame: Frame, months: int) -> None:
        self.frame, self.months = frame, months
        self.arrays: dict[str, Array] = {}
        self.plants: list[Array] = []
        self.parties = Parties()
        self._member: Array = np.zeros((0, 0))

    def stream_member(self, stream: NDArray[np.int64]) -> Array:
        """Whether each recycler takes a stream (S, n), 1 or 0, from the stream of each, which it keeps for life."""
        if self._member.shape[1] != len(stream):
            self._member = np.equal(stream, self.frame.stream_numbers).astype(np.float64)
        return self._member

    def keep(self, kept: dict[str, Callable[[Any], Any]], view: Any) -> None:
        """Keep these quantities of a month, from a view of it."""
        values = [compute(view) for compute in kept.values()]
        vars(view).update(zip(kept, values, strict=True))
        if not self.arrays:
            self._lay_out(dict(zip(kept, values, strict=True)))
        np.concatenate(values, axis=None, out=self._table[12 + view.month])

    def _lay_out(self, values: dict[str, Any]) -> None:
        """Make room for whole blocks of months, the last of which may end after the run."""
        rows = 12 + -(-self.months // BLOCK) * BLOCK
        self._table = np.zeros((rows, sum(np.size(value) for value in values.values())))
        first = 0
        for name, value in values.items():
            columns = slice(first, first + np.size(value))
            self.arrays[name] = self._table[:, columns].reshape(rows, *np.shape(value))
            first = columns.stop
        self.arrays["log_price"][:12] = self.frame.start_log_price

    def show(self, first: int, count: int) -> Months:
        """`count` months from `first` on."""
        return Months(self, first, count)

    def plants_of(self, first: int, count: int) -> Array:
        """Recyclers of some months (5, count, n); nothing before and after the run."""
        there = range(max(first, 0), min(first + count, len(self.plants)))
        width = max((self.plants[month].shape[1] for month in there), default=0)
        found = np.zeros((5, count, width))
        for month in there:
            plants = self.plants[month]
            found[:, month - first, : plants.shape[1]] = plants
        return found


class Months(Quantities):
    """Several months at once, the months as first axis; months before and after the run are empty."""

    def __init__(self, history: History, first: int, count: int) -> None:
        self.frame, self._history = history.frame, history
        self._first, self._count = first, count
        self.month = np.clip(np.arange(first, first + count), 0, history.months - 1)

    def __getattr__(self, name: str) -> Array:
        arrays = self.__dict__["_history"].arrays
        if name not in arrays:
            raise AttributeError(f"'{name}' is not kept of every month")
        start = 12 + self._first
        value = self.__dict__[name] = arrays[name][start : start + self._count]
        return value

    @Once
    def year(self) -> Year:
        """Quantities over the twelve months up to each month, at yearly rates."""
        return Year(self._history.show(self._first - 12, self._count + 12), self.month)

    @Once
    def earning(self) -> Array:
        """Recyclers at work that earn their cost of capital, by the months that they worked in the past twelve ()."""
        plants = self._history.plants_of(self._first - 11, self._count + 11)
        result, months = twelve(plants[0], 0, self._count), twelve(plants[1], 0, self._count)
        working, cost = plants[1, 11:], plants[2, 11:]
        return across(working * (12.0 * result >= cost * months))

    @Once
    def disturbed(self) -> Array:
        """Months since supply of a material was last undisturbed (M,), at most `MEMORY`."""
        first = max(self._first - MEMORY, -12)
        months = self._history.show(first, self._first + self._count - first)
        bad = months.log_price[:, 0] > DEAR
        bad |= months.missed_inputs > MISSED * np.maximum(months.wanted_inputs, SMALL)
        number = np.arange(len(bad))[:, None]
        undisturbed = np.maximum.accumulate(np.where(bad, -1, number), axis=0)
        return np.minimum(number - undisturbed, MEMORY)[-self._count :].astype(np.float64)

    @Once
    def survival(self) -> Array:
        """Recyclers of some time ago that still exist, and all then (windows, number or capacity, 2)."""
        longest = max(WINDOWS)
        there = self._history.plants_of(self._first - longest, self._count + longest)[3:]
        now = there[0, longest:]
        found = np.empty((self._count, len(WINDOWS), 2, 2))
        for place, months in enumerate(WINDOWS):
            then = there[:, longest - months : longest - months + self._count]
            found[:, place, :, 0], found[:, place, :, 1] = in_turn(then * now).T, in_turn(then).T
        return found


def twelve(values: Array, first: int, count: int) -> Array:
    """Sum of twelve months, from the `first` and each of the later ones on (count, …)."""
    sums = values[first : first + count].copy()
    for later in range(first + 1, first + 12):
        sums += values[later : later + count]
    return sums


class Year:
    """Quantities over the twelve months up to each of some months, at yearly rates, months as first axis.

    `months` shows twelve months more than asked for, in front.
    """

    def __init__(self, months: Months, month: NDArray[np.int64]) -> None:
        self._months, self._count = months, len(month)
        self._rate = 12.0 / np.minimum(month + 1, 12)

    def __getattr__(self, name: str) -> Array:
        sums = twelve(getattr(self._months, name), 1, self._count)
        value = self.__dict__[name] = sums * self._rate.reshape(-1, *[1] * (sums.ndim - 1))
        return value

    def mean_before(self, name: str) -> Array:
        """Mean of a quantity over the twelve months before each month."""
        return twelve(getattr(self._months, name), 0, self._count) / 12.0
