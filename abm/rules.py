"""What governments impose this month: levers that agents feel, and the activity on which policy is settled.

Instruments write levers, agents read them. A lever composes what several governments write and keeps
each contribution, so that every government pays its own part. Rules start empty every month, so that
ending an instrument needs no undoing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Sizes = Mapping[str, int]
Refund = Callable[[Rows, Rows, Rows], Array]

STAGES = 2  # extraction and refining
OFFERS = ("keep", "repair", "used", "linear", "circular", "service")  # what a household can choose, in this order
GROUNDS = ("origin", "dumping")  # why an import duty is due: where goods come from, or that they are dumped
OUTLOOK = 120  # months that an investor looks ahead
LEAST_STRIKE = 0.9  # strike over market price at which recyclers sign a contract for difference
NO_INSTRUMENT = -1
LABELS = 3  # new products: linear, circular, as a service


def axis_sizes(config: Any) -> dict[str, int]:
    """Lengths of the axes that levers and conditions have."""
    return {
        "jurisdiction": len(config.jurisdictions),
        "leaf": len(config.leaves),
        "material": len(config.materials),
        "component": len(config.components),
        "product": len(config.products),
        "stream": len(config.streams),
        "bloc": len(config.active_blocs),
        "stage": STAGES,
        "offer": len(OFFERS),
        "ground": len(GROUNDS),
    }


@cache
def unchanged(shape: tuple[int, ...], value: float) -> Array:
    """A shared, read-only array of one value: what a lever or condition is that nobody has written."""
    array = np.full(shape, value)
    array.flags.writeable = False
    return array


# --- Levers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lever:
    """A quantity by which governments act on agents.

    `composition` says what agents face when several instruments write it: the sum ("add"), never
    more than `ceiling`, or the largest ("max").
    """

    name: str
    axes: tuple[str, ...]
    unit: str
    composition: str
    meaning: str
    ceiling: float = math.inf


_DECLARED = (
    Lever("procurement_share", ("leaf", "product"), "1", "max", "Share of public purchases with circular criteria"),
    Lever("procurement_premium", ("leaf", "product"), "1", "max", "Premium over the linear price that they may cost"),
    Lever("recovery_subsidy", ("leaf", "material"), "EUR/kg", "add", "Paid to recyclers per kg recovered"),
    # Aid from several governments together cannot exceed the cost of the investment.
    Lever("recycling_investment_support", ("leaf", "stream"), "1", "add", "Share of new capacity that is paid", 1.0),
    Lever(
        "recycled_content_mandate",
        ("leaf", "product", "material"),
        "1",
        "max",
        "Share of the material in products sold that must be secondary or covered by certificates",
    ),
    Lever("mandate_imports", ("leaf", "material"), "1", "max", "Share of recycling abroad that counts for the mandate"),
    Lever("mandate_buyout", ("leaf", "material"), "EUR/kg", "max", "Price of each kg short of the mandate"),
    Lever("primary_levy", ("leaf", "material"), "EUR/kg", "add", "Levy on primary material bought by home makers"),
    Lever("import_levy", ("leaf", "material"), "EUR/kg", "add", "Levy on primary material in imported goods"),
    Lever("price_floor", ("leaf", "material"), "EUR/kg", "max", "Price to which recyclers' sales are topped up"),
    Lever("contract_strike", ("leaf", "material"), "EUR/kg", "max", "Strike price of two-sided contracts on offer"),
    Lever("contract_term", ("leaf", "material"), "month", "max", "Term of the contracts on offer"),
    Lever("deposit", ("leaf", "product"), "EUR", "add", "Deposit on a product sold to a household"),
    Lever("offer_support", ("leaf", "product", "offer"), "1", "add", "Share of a household's price that is paid", 1.0),
    Lever("campaign", ("leaf",), "1/yr", "add", "Share of the unaware who hear of circular offers in a year", 12.0),
    Lever("collection", ("leaf",), "1", "max", "Share closed of the gap to handing in without any effort"),
    Lever("landfill_tax", ("leaf", "stream"), "EUR/kg", "add", "Tax on scrap that is landfilled or incinerated"),
    Lever("scrap_export_limit", ("leaf", "stream"), "1", "max", "Share of scrap exports that is stopped"),
    Lever("scrap_mobility", ("leaf", "stream"), "1", "max", "Share removed of what keeps scrap from crossing borders"),
    Lever("recycling_permits", ("leaf", "stream"), "1", "max", "Share saved of the time to build a recycling plant"),
    Lever(
        "primary_permits",
        ("leaf", "stage", "material"),
        "1",
        "max",
        "Share saved of the time that permits and local opposition take of new mines and refineries",
    ),
    Lever(
        "site_allocation", ("leaf", "stage", "material"), "1", "max", "Share of new refineries that find a site ready"
    ),
    Lever(
        "primary_investment_support",
        ("leaf", "stage", "material"),
        "1",
        "add",
        "Share of the cost of new mines and refineries that is paid",
        1.0,
    ),
    Lever("waived_equity", ("leaf", "stream"), "1", "add", "Public share in plants whose dividends go to others", 0.75),
    Lever("recycling_guarantee", ("leaf", "stream"), "1", "max", "Share of loans for recycling plants guaranteed"),
    Lever(
        "primary_guarantee",
        ("leaf", "stage", "material"),
        "1",
        "max",
        "Share of loans for mines and refineries that is guaranteed",
    ),
    # Private owners keep at least a quarter of what owners put in.
    Lever("recycling_equity", ("leaf", "stream"), "1", "add", "Public share in the equity of new plants", 0.75),
    Lever("primary_equity", ("leaf", "stage", "material"), "1", "add", "The same in new mines and refineries", 0.75),
    Lever(
        "offtake_price", ("stage", "material"), "EUR/kg", "max", "Least price guaranteed to partners outside the blocs"
    ),
    Lever("offtake_share", ("stage", "material"), "1", "max", "Share of their output for which it holds"),
    Lever(
        "offtake_term", ("stage", "material"), "month", "max", "Term of contracts on offer, from when a project opens"
    ),
    # Relief of several governments together cannot exceed the bill for energy.
    Lever("refining_energy_relief", ("leaf", "material"), "1", "add", "Share of refineries' energy cost paid", 1.0),
    Lever("recycling_energy_relief", ("leaf", "stream"), "1", "add", "Share of recyclers' energy cost paid", 1.0),
    Lever("component_energy_relief", ("leaf", "component"), "1", "add", "The same for makers of components", 1.0),
    Lever("training", ("leaf",), "1/yr", "add", "Technicians trained in a year as a share of the pool", 1.0),
    Lever("commitment", ("jurisdiction",), "1", "max", "Share of its programme that a government has fixed by law"),
    Lever("pooling", ("jurisdiction",), "1", "max", "Share of its yearly budgets in a fund for several years"),
    Lever(
        "material_duty",
        ("ground", "leaf", "jurisdiction", "material"),
        "1",
        "add",
        "Duty over the import value of refined material, by origin and by ground",
    ),
    Lever(
        "component_duty",
        ("ground", "leaf", "jurisdiction", "material"),
        "1",
        "add",
        "The same for components, on the part of their value that goes with a material",
    ),
    Lever("product_duty", ("ground", "leaf", "jurisdiction", "product"), "1", "add", "The same for finished products"),
    Lever("duty_inquiry", ("leaf",), "month", "max", "Months of dumping after which a duty on dumped goods is due"),
    Lever("matchmaking", ("leaf", "material"), "1/yr", "add", "Share of output that finds a customer in a year"),
    Lever("match_term", ("leaf", "material"), "month", "max", "Term of the offtake contracts so found"),
    Lever("circular_investment_support", ("leaf", "product"), "1", "add", "The same of circular makers' plant", 1.0),
    Lever("thrift_research", ("leaf", "material"), "1", "max", "Share of what cannot be saved that research makes so"),
    Lever("research_pace", ("leaf", "material"), "1/yr", "max", "Share of that which is found in a year"),
    Lever("research_speed_up", ("leaf", "material"), "1", "max", "By how much designers then save faster"),
    Lever("labour_relief", ("leaf",), "1", "add", "Share of the cost of technical work that tax relief pays", 0.9),
    Lever("european_content", ("leaf", "product"), "1", "max", "Share of public purchases that must be made at home"),
    Lever("european_premium", ("leaf", "product"), "1", "max", "Premium over imports that they may cost"),
    # What product law asks of goods put on the market from then on: the union's, since goods move freely inside it.
    Lever("durability", ("product",), "1", "max", "Share of the longer life of circular design that new goods have"),
    Lever("repairability", ("product",), "1", "max", "Share of failures beyond repair that new goods no longer have"),
    Lever("dismantling", ("product",), "1", "max", "Share of circular design's gain in recovery that new goods have"),
    Lever("taken_apart", ("product",), "1", "max", "Share of parts else shredded that are taken out of new goods"),
    Lever("sorting", ("product",), "1", "add", "Share saved of the cost of dismantling and sorting new goods", 0.9),
    Lever("assurance", ("product",), "1", "max", "Share closed of the gap to full trust in new goods once refurbished"),
    Lever("design_cost", ("product",), "1", "max", "Cost to linear makers as a share of that of circular design"),
    Lever("product_cost", ("leaf", "product"), "EUR", "add", "What requirements add to the cost of a new product"),
    Lever("repair_access", ("leaf", "product"), "1", "max", "Share of failures beyond repair that become repairable"),
    Lever("repair_saving", ("leaf", "product"), "1", "max", "Share saved of the price of a repair"),
    Lever("fee_spread", ("leaf", "product"), "EUR", "add", "Fee on a linear product above that on a circular one"),
    Lever("warranty", ("leaf", "product"), "month", "max", "Producers' liability for new goods beyond the guarantee"),
)
LEVERS: dict[str, Lever] = {lever.name: lever for lever in _DECLARED}


@cache
def _unwritten(lengths: tuple[tuple[str, int], ...]) -> dict[str, Array]:
    """Each lever as it is while nobody writes it, for axes of these lengths."""
    sizes = dict(lengths)
    return {name: unchanged(tuple(sizes[axis] for axis in lever.axes), 0.0) for name, lever in LEVERS.items()}


class Composed(NamedTuple):
    """What became of an instrument's contribution: `part` of `array` was left for it, and `value` came of it."""

    array: Array
    current: Array
    part: Array
    value: Array


class Memory:
    """What was composed last month, which most months is composed again from the very same arrays."""

    def __init__(self) -> None:
        self.composed: dict[tuple[str, int], Composed] = {}
        self.bindings: dict[str, tuple[list[Array], Rows]] = {}
        self.owned: dict[tuple[str, int], tuple[Array, Rows, Array]] = {}


class Levers:
    """Values of the levers, each composed of what instruments have written.

    Parameters
    ----------
    sizes
        Length of each axis.
    memory
        Where to find, and to leave, what is composed in the same way every month.

    Attributes
    ----------
    contributions
        For each lever written, (instrument, array) in the order of writing. Under a ceiling they hold
        what was left for that instrument, so that contributions always add up to the lever.
    """

    def __init__(self, sizes: Sizes, memory: Memory | None = None) -> None:
        self.sizes = sizes
        self._unwritten = _unwritten(tuple(sizes.items()))
        self._memory = Memory() if memory is None else memory
        self.contributions: dict[str, list[tuple[int, Array]]] = {}
        self._values: dict[str, Array] = {}
        self._bindings: dict[str, Rows] = {}

    def shape(self, lever: str) -> tuple[int, ...]:
        """Shape of a lever's array."""
        return self._unwritten[lever].shape

    def __getitem__(self, lever: str) -> Array:
        """What agents face: a read-only array over the lever's axes, zero where nobody wrote."""
        value = self._values.get(lever)
        return self._unwritten[lever] if value is None else value

    def in_force(self, lever: str) -> bool:
        """Whether any instrument writes it."""
        return lever in self._values

    def write(self, lever: str, instrument: int, array: Array) -> None:
        """Add an instrument's contribution; one that is zero everywhere leaves no trace.

        Raises ValueError if the shape is wrong or a value is negative or not a number.
        """
        current = self[lever]
        known = self._memory.composed.get((lever, instrument))
        if known is None or known.array is not array or known.current is not current:
            known = self._compose(lever, instrument, array, current)
        if known.value is current:
            return
        self._values[lever] = known.value
        self._bindings.pop(lever, None)
        self.contributions.setdefault(lever, []).append((instrument, known.part))

    def _compose(self, lever: str, instrument: int, array: Array, current: Array) -> Composed:
        if array.shape != self.shape(lever):
            raise ValueError(f"{lever} has shape {self.shape(lever)}, not {array.shape}")
        if not (array >= 0.0).all():
            raise ValueError(f"{lever}: instrument {instrument} wrote a value that is not ≥ 0")
        if not array.any():
            return Composed(array, current, array, current)
        declared = LEVERS[lever]
        if declared.composition == "add":
            part = np.minimum(array, np.maximum(declared.ceiling - current, 0.0))
            value = current + part
        else:
            part, value = array.copy(), np.maximum(current, array)
        value.flags.writeable = part.flags.writeable = False
        composed = Composed(array, current, part, value)
        if not array.flags.writeable:  # what its owner may still change must be looked at again
            self._memory.composed[lever, instrument] = composed
        return composed

    def binding(self, lever: str) -> Rows:
        """The instrument with the largest contribution to each cell, −1 where none; ties go to the first writer."""
        known = self._bindings.get(lever)
        return self._find_binding(lever) if known is None else known

    def _find_binding(self, lever: str) -> Rows:
        parts = [part for _, part in self.contributions.get(lever, ())]
        if not parts:
            return np.full(self.shape(lever), NO_INSTRUMENT)
        known = self._memory.bindings.get(lever)
        if known is not None and len(known[0]) == len(parts) and all(map(operator.is_, known[0], parts)):
            self._bindings[lever] = known[1]
            return known[1]
        largest = np.zeros(self.shape(lever))
        binding = np.full(largest.shape, NO_INSTRUMENT)
        for instrument, part in self.contributions.get(lever, ()):
            larger = part > largest
            binding[larger] = instrument
            largest[larger] = part[larger]
        binding.flags.writeable = False
        self._memory.bindings[lever] = parts, binding
        self._bindings[lever] = binding
        return binding

    def own(self, lever: str, instrument: int) -> Array:
        """The part of a lever that an instrument has to settle.

        Its contribution where contributions add up; its value where it is the binding one, and zero
        elsewhere, where the largest counts.
        """
        for writer, part in self.contributions.get(lever, ()):
            if writer == instrument:
                return part if LEVERS[lever].composition == "add" else self._where_binding(lever, instrument, part)
        return self._unwritten[lever]

    def _where_binding(self, lever: str, instrument: int, part: Array) -> Array:
        binding = self.binding(lever)
        known = self._memory.owned.get((lever, instrument))
        if known is None or known[0] is not part or known[1] is not binding:
            known = part, binding, part * (binding == instrument)
            known[2].flags.writeable = False
            self._memory.owned[lever, instrument] = known
        return known[2]


class Rules(Levers):
    """The levers of one month, also as attributes: `rules.recovery_subsidy` is an array (L, M).

    Attributes
    ----------
    outlook
        The same levers as the mean of the announced schedule over the next ten years: what an
        investor would count on if he believed it.
    belief
        (L,) credibility of the governments above each leaf, by which an investor weighs the outlook.
    """

    def __init__(
        self,
        sizes: Sizes,
        outlook: Levers | None = None,
        belief: Array | None = None,
        memory: Memory | None = None,
    ) -> None:
        super().__init__(sizes, memory)
        self.outlook = Levers(sizes) if outlook is None else outlook
        self.belief = unchanged((sizes["leaf"],), 1.0) if belief is None else belief
        self._refunds: list[Refund] = []
        self._kept: dict[str, list[tuple[int, Array, int]]] = {}
        self.void: list[int] = []  # instruments whose contracts have been cancelled

    def __getattr__(self, name: str) -> Array:
        if name in LEVERS:
            return self[name]
        raise AttributeError(f"there is no lever '{name}'")

    def promise_refund(self, refund: Refund) -> None:
        """Let households know of a refund, also after the deposit itself has been ended."""
        self._refunds.append(refund)

    def keep(self, lever: str, instrument: int, array: Array, since: int) -> None:
        """Let those who entered before month `since` have what an instrument closed to newcomers gave them."""
        self._kept.setdefault(lever, []).append((instrument, array, since))

    def keeps(self, lever: str) -> bool:
        """Whether anybody still has a lever that newcomers do not get."""
        return lever in self._kept

    def kept(self, lever: str, leaf: Rows, born: Rows, instrument: int | None = None) -> Array:
        """What organisations (n, …) keep of a lever, by leaf and month of entry (n,), of one instrument or of all.

        Contributions compose as those of the lever itself do.
        """
        total = np.zeros((len(leaf), *self.shape(lever)[1:]))
        for writer, array, since in self._kept.get(lever, ()):
            if instrument is None or writer == instrument:
                part = array.take(leaf, axis=0) * (born < since).reshape(-1, *[1] * (total.ndim - 1))
                total = total + part if LEVERS[lever].composition == "add" else np.maximum(total, part)
        return total

    def refund(self, product: Rows, leaf: Rows, bought: Rows) -> Array:
        """Refund (n,) in EUR for a product (n,) handed in in a leaf (n,), by month in which it was first sold (n,)."""
        total = np.zeros(len(product))
        for refund in self._refunds:
            total += refund(product, leaf, bought)
        return total


def part_received(received: Array, reference: Array) -> Array:
    """Share of the market price of the metal (M,) that a seller receives (n, M), at most 1.

    Floors and contracts refer to the price of the metal, as real schemes do; who sells an intermediate gets them on
    the part of the metal's value that it is paid for.
    """
    return np.minimum(received / np.where(reference > 0.0, reference, np.inf), 1.0)


# --- What happened this month -------------------------------------------------------------------


@dataclass
class Activity:
    """What happened this month that policy pays for or charges, filled by the model.

    R recyclers, F makers of components and products, K mines and refineries, B labels, L leaves, P products,
    M materials, J jurisdictions, n products that households handed in. The letters after each name are its axes.
    Accounts, leaves and the like are positions; −1 means none.
    """

    month: int
    recycler_account: Annotated[Rows, "R"]
    recycler_leaf: Annotated[Rows, "R"]
    recycler_born: Annotated[Rows, "R"]  # month of entry
    recycler_stream: Annotated[Rows, "R"]
    recovered: Annotated[Array, "RM"]  # kg recovered at functional grade
    sold: Annotated[Array, "RM"]  # kg sold
    price_received: Annotated[Array, "RM"]  # EUR/kg of those sales, before any support
    reference_price: Annotated[Array, "M"]  # EUR/kg, market price of secondary metal at grade, to which floors refer
    capacity_spending: Annotated[Array, "R"]  # EUR spent on new capacity
    circular_spending: Annotated[Array, "F"]  # EUR spent on new circular capacity and on change to circular design
    contract_strike: Annotated[Array, "RM"]  # EUR/kg of the two-sided contract that covers the sales
    contract_instrument: Annotated[Rows, "RM"]  # the instrument that signed it, −1 without a contract
    recycler_equity: Annotated[Array, "R"]  # EUR that founders put into new plants last month
    recycler_worth: Annotated[Array, "R"]  # EUR of plant beyond debt
    recycler_dividends: Annotated[Array, "R"]  # EUR paid to owners last month
    recycler_energy: Annotated[Array, "R"]  # EUR paid for energy, where there is relief
    certificate_earned: Annotated[Array, "RM"]  # kg of certificates of recycled content
    certificate_imported: Annotated[Array, "M"]  # kg recycled abroad that may be counted in imported goods
    maker_account: Annotated[Rows, "F"]
    maker_leaf: Annotated[Rows, "F"]
    maker_product: Annotated[Rows, "F"]  # −1 for makers of components
    maker_component: Annotated[Rows, "F"]  # −1 for makers of products
    maker_energy: Annotated[Array, "F"]  # EUR paid for energy, where there is relief
    producer_account: Annotated[Rows, "K"]
    producer_leaf: Annotated[Rows, "K"]  # −1 abroad
    producer_stage: Annotated[Rows, "K"]  # 0 extraction, 1 refining
    producer_main: Annotated[Rows, "K"]  # main product
    producer_spending: Annotated[Array, "K"]  # EUR spent on new capacity
    producer_equity: Annotated[Array, "K"]  # EUR of it that was not borrowed
    producer_worth: Annotated[Array, "K"]  # EUR of plant beyond debt
    producer_dividends: Annotated[Array, "K"]  # EUR paid to owners last month
    producer_energy: Annotated[Array, "K"]  # EUR paid for energy by refineries, where there is relief
    primary_bought: Annotated[Array, "FM"]  # kg
    secondary_bought: Annotated[Array, "FM"]  # kg
    imported_component_content: Annotated[Array, "FM"]  # kg of primary material in components that the maker imported
    dealer_account: Annotated[Rows, "L"]
    household_account: Annotated[Rows, "L"]
    units_sold: Annotated[Array, "PL"]  # to all buyers
    units_sold_to_households: Annotated[Array, "PL"]
    content_sold: Annotated[Array, "PLM"]  # kg in products sold
    secondary_content_sold: Annotated[Array, "PLM"]  # kg of it that is secondary
    imported_primary_content: Annotated[Array, "PLM"]  # kg of primary material in products imported
    public_premium: Annotated[Array, "PL"]  # EUR that public buyers owe above the linear price for circular goods
    european_premium: Annotated[Array, "PL"]  # EUR that public buyers owe above the linear price for home-made goods
    returned_product: Annotated[Rows, "n"]
    returned_leaf: Annotated[Rows, "n"]
    returned_bought: Annotated[Rows, "n"]  # month of first sale
    returned_weight: Annotated[Array, "n"]  # real products that the item stands for
    certificate_price: Annotated[Array, "LM"]  # EUR/kg
    certificate_obligation: Annotated[Array, "LM"]  # kg that dealers must cover by certificates or buy-out
    certificate_supply: Annotated[Array, "LM"]  # kg of certificates in the market in which the leaf's dealers buy
    government_account: Annotated[Rows, "J"]  # −1 without a government
    abroad_account: Annotated[Rows, "W"]  # of the rest of the world
    domestic_account: Annotated[Rows, "W"]  # of the rest of the domestic economy
    offtake_instrument: Annotated[Rows, "K"]  # that guarantees a producer's price, −1 without a contract
    offtake_due: Annotated[Array, "K"]  # EUR by which the price of what is covered fell short
    guarantee_calls: Annotated[Array, "I"]  # EUR that lenders called last month, by instrument
    lender_account: Annotated[Rows, "W"]
    loan_rate: Annotated[Array, "W"]  # interest on loans per year
    collector_account: Annotated[Rows, "L"]
    households: Annotated[Array, "L"]  # real households
    offer_value: Annotated[Array, "PLO"]  # EUR that households owe with tax, by what they chose
    scrap_landfilled: Annotated[Array, "SL"]  # kg of scrap that collectors had landfilled or incinerated
    technicians: Annotated[Array, "L"]  # in the pool
    price_outside: Annotated[Array, "M"]  # EUR/kg
    refined_import_share: Annotated[Array, "GJM"]  # of makers' primary purchases: by origin, and that which is dumped
    component_import_value: Annotated[Array, "GJM"]  # EUR before duty, by material; the second ground is what is dumped
    product_import_value: Annotated[Array, "GJPL"]  # the same for products
    technical_work: Annotated[Array, "L"]  # EUR that makers, refurbishers, providers and recyclers paid for labour
    repair_work: Annotated[Array, "L"]  # EUR that the work in repairs costs before relief
    labels_sold: Annotated[Array, "PLB"]  # products sold as linear, circular and as a service, if fees differ by it
    fee_modulation: Annotated[Array, "PLB"]  # EUR per product by which producers' fees differ from the mean

    @property
    def gap_received(self) -> Array:
        """Share of the gap between a guaranteed price and the market price of the metal that recyclers get (R, M)."""
        return part_received(self.price_received, self.reference_price)

    @classmethod
    def empty(cls, month: int, sizes: Sizes, recyclers: int = 0, makers: int = 0, producers: int = 0) -> Activity:
        """A month in which nothing happened, with room for organisations; positions are −1."""
        lengths = {"R": recyclers, "F": makers, "K": producers, "n": 0, "J": sizes["jurisdiction"], "W": 1, "I": 0}
        lengths |= {"L": sizes["leaf"], "P": sizes["product"], "M": sizes["material"]}
        lengths |= {"S": sizes["stream"], "O": sizes["offer"], "G": sizes["ground"], "B": LABELS}
        arrays: dict[str, Any] = {}
        for name, (kind, axes) in _activity_arrays().items():
            shape = [lengths[axis] for axis in axes]
            arrays[name] = np.full(shape, -1) if kind is Rows else np.zeros(shape)
        return cls(month=month, **arrays)


@cache
def _activity_arrays() -> dict[str, tuple[object, str]]:
    """Kind of array and axes of each field of activity."""
    hints = get_type_hints(Activity, include_extras=True)
    return {name: get_args(hint) for name, hint in hints.items() if name != "month"}


# --- Trade by governments -----------------------------------------------------------------------


@dataclass(frozen=True)
class MarketView:
    """What a government that trades in materials sees; arrays (M,)."""

    price: Array  # EUR/kg
    usual_price: Array  # EUR/kg
    home_use: Array  # kg per month used below its jurisdiction
    shortage: Array  # share of that use that is not met
    held: Array  # kg in its stockpile
    withheld: Array  # share of supply that blocs keep back


@dataclass(frozen=True)
class Trade:
    """What a stockpile offers to the market this month; arrays (M,)."""

    buy: Array  # kg at most
    limit_price: Array  # EUR/kg above which it does not buy
    release: Array  # kg for sale at the market price
