"""What is read off a run: monthly series of the model and how a series becomes one number.

Besides every column of the recorded indicators there are series of single streams, places and markets that a
finding needs to follow a chain of causes. A series with axes is named with its labels: `capacity[stream]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm import indicators
from abm.agents.recyclers import BUILDING
from abm.parameters import ConfigError, unknown

Array = NDArray[np.float64]
OVER = (
    "mean", "sum", "discounted", "peak", "lowest", "initial", "end", "end_discounted", "survivors", "path",
)  # fmt: skip
COSTS = ("scrap_sales", "gate_fees", "labour", "energy", "other_inputs")
SUPPORT = ("operating_support", "certificates")
NEVER = 10.0  # times the efficient scale: stands for a plant that breaks even at no size
_DATE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Reading:
    """One or several series, added up, and what sums up their months from `first` to `last` (YYYY-MM, inclusive).

    "initial" is the value before the first month of the run, "end" that of the last month, "discounted" a sum
    discounted to the start of the run, "end_discounted" the last value discounted, and "survivors" the share of the
    plants of a stream at the end of the month before `first` that exist at the end of `last`.
    """

    what: tuple[str, ...]
    over: str
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Series:
    """A monthly series that the indicators do not have."""

    axes: tuple[str, ...]
    unit: str
    meaning: str
    compute: Callable[[Any], Any]


SERIES: dict[str, Series] = {}


def series(*axes: str, unit: str) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Declare a series, read off the model at the end of each month; its docstring is its meaning."""

    def declare(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
        SERIES[compute.__name__] = Series(axes, unit, (compute.__doc__ or "").strip(), compute)
        return compute

    return declare


def known_series() -> set[str]:
    """Names of all series, without labels."""
    return {*SERIES, *indicators.registry()}


def month_number(written: str) -> int:
    """A month YYYY-MM counted from the year 0. Raises ConfigError."""
    date = _DATE.fullmatch(str(written))
    if date is None:
        raise ConfigError(f"{written!r} is not a month", expected='a month such as "2027-01"')
    return 12 * int(date[1]) + int(date[2]) - 1


# --- Series ---------------------------------------------------------------------------------------


def _by_stream(model: Any, values: Array) -> Array:
    return np.asarray(np.bincount(model.recyclers.stream, values, len(model.config.streams)), dtype=np.float64)


def _by_place(model: Any, values: Array) -> Array:
    shape = len(model.config.streams), len(model.config.leaves)
    cell = model.recyclers.stream * shape[1] + model.recyclers.leaf
    return np.asarray(np.bincount(cell, values, shape[0] * shape[1]), dtype=np.float64).reshape(shape)


def _received(model: Any, *kinds: str) -> Array:
    """Net receipts of recyclers (R,) this month, EUR."""
    return np.asarray(sum(model.books.month_flow(kind)[model.recyclers.account] for kind in kinds))


@series("stream", unit="1")
def recyclers(model: Any) -> Array:
    """Recyclers that exist."""
    return _by_stream(model, model.recyclers.active.astype(np.float64))


@series("stream", unit="t/yr")
def capacity(model: Any) -> Array:
    """Capacity of recyclers."""
    return _by_stream(model, model.recyclers.capacity * model.recyclers.active) * 12.0 / 1000.0


@series("stream", unit="t/month")
def processed(model: Any) -> Array:
    """Scrap processed."""
    return _by_stream(model, model.recyclers.processed) / 1000.0


@series("stream", "leaf", unit="t/month")
def processed_in(model: Any) -> Array:
    """Scrap processed by place of the plant."""
    return _by_place(model, model.recyclers.processed) / 1000.0


@series("stream", "leaf", unit="1")
def recyclers_in(model: Any) -> Array:
    """Recyclers at work by place."""
    at_work = model.recyclers.active & (model.recyclers.status != BUILDING)
    return _by_place(model, at_work.astype(np.float64))


@series("stream", "leaf", unit="t/month")
def scrap_offered(model: Any) -> Array:
    """Scrap that collectors and makers put on the market, by place."""
    return model.scrap.offered.sum(axis=0) / 1000.0


@series("stream", unit="EUR/kg")
def feed_price(model: Any) -> Array:
    """What recyclers pay for scrap, smoothed; mean of plants by capacity."""
    plants = model.recyclers
    weight = _by_stream(model, plants.capacity * plants.active)
    paid = _by_stream(model, plants.capacity * plants.active * plants.feed_price)
    return np.asarray(paid / np.where(weight > 0.0, weight, np.inf))


@series("stream", unit="EUR/month")
def capacity_spending(model: Any) -> Array:
    """Recyclers' spending on new capacity, newcomers' plants included."""
    return _by_stream(model, model.renewal.recycler_spending)


@series("stream", unit="EUR/month")
def market_cash(model: Any) -> Array:
    """Recyclers' sales less scrap, labour, energy and other inputs, before support."""
    return _by_stream(model, _received(model, "material_sales", *COSTS))


@series("stream", unit="EUR/month")
def support(model: Any) -> Array:
    """Operating support and certificates that recyclers receive."""
    return _by_stream(model, _received(model, *SUPPORT))


@series("stream", "leaf", unit="EUR/month")
def contribution(model: Any) -> Array:
    """What recyclers earn, with support, before fixed cost and capital, by place."""
    earned = _received(model, "material_sales", *SUPPORT, *COSTS)
    return _by_place(model, earned + model.recyclers.fixed_cost)


@series("stream", "leaf", unit="EUR/month")
def fixed_charge(model: Any) -> Array:
    """Fixed cost of recyclers and the wear and return that their capital requires, by place."""
    plants, terms = model.recyclers, model.config.recyclers
    charge = (terms.hurdle_rate + 1.0 / terms.plant_life) / 12.0
    return _by_place(model, plants.fixed_cost + charge * plants.capital * plants.active)


@series("stream", "leaf", unit="t/yr")
def feed_at_home(model: Any) -> Array:
    """Scrap that a place puts on the market, at yearly rates."""
    return model.scrap.offered.sum(axis=0) * 12.0 / 1000.0


@series("stream", "leaf", unit="t/yr")
def feed_within_reach(model: Any) -> Array:
    """The same with what may lawfully come from other places."""
    own = model.scrap.offered.sum(axis=0) * 12.0 / 1000.0
    return np.asarray(own + (own.sum(axis=1, keepdims=True) - own) * model.scrap.may_cross)


@series("stream", "leaf", unit="t/yr")
def break_even_feed(model: Any) -> Array:
    """Feed at which a new plant would cover processing, scrap, transport, wear and the return that owners require.

    Smaller plants cost more per kilogram, as all plants of the model do; at most `NEVER` times the efficient scale,
    which stands for a plant that does not break even at any size.
    """
    streams, terms, renewal = model.config.streams, model.config.recyclers, model.renewal
    _, _, (receipts, promised, feed, cost) = renewal._expected_return()
    going = renewal._going_cost()[:, None]
    support = model.rules.recycling_investment_support.T
    charge = np.asarray(streams.capital_cost)[:, None] * (1.0 - support) * (terms.hurdle_rate + 1.0 / terms.plant_life)
    room = receipts + promised - feed - (cost - going) - charge  # what processing may cost, EUR/kg
    small = np.where(room > 0.0, going / np.where(room > 0.0, room, 1.0), np.inf) ** (1.0 / terms.scale_exponent)
    scale = np.where(small <= 1.0, small, NEVER)
    return np.asarray(np.asarray(streams.efficient_scale)[:, None] * scale)


@series("material", unit="1")
def contracted(model: Any) -> Array:
    """Share of recyclers' sales under a contract for difference."""
    sold = model.recyclers.sold
    total = np.add.reduce(sold)
    return np.add.reduce(sold * (model.recyclers.contract_instrument >= 0)) / np.where(total > 0.0, total, np.inf)


@series("material", unit="t/month")
def recovered(model: Any) -> Array:
    """Material recovered by home recyclers from all scrap."""
    return np.add.reduce(model.recyclers.recovered) / 1000.0


@series("material", unit="1")
def price_level(model: Any) -> Array:
    """Price outside the blocs over long-run cost."""
    return model.materials.price[1, 0] / np.asarray(model.config.materials.long_run_cost)


@series("material", unit="EUR/kg")
def certificate_price(model: Any) -> Array:
    """Price of a certificate of secondary content."""
    return np.array(model.settlement.certificate_price)


@series("material", unit="EUR/kg")
def buy_out(model: Any) -> Array:
    """Highest price at which an obligation may be bought out."""
    return np.maximum.reduce(model.rules.mandate_buyout)


@series("material", unit="t/month")
def obligation(model: Any) -> Array:
    """Secondary content that sellers must cover."""
    return np.add.reduce(model.settlement.activity.certificate_obligation) / 1000.0


@series("material", unit="t/month")
def certified(model: Any) -> Array:
    """Secondary material of home recyclers that earns certificates."""
    return np.add.reduce(model.settlement.activity.certificate_earned) / 1000.0


@series("material", unit="t/month")
def primary_bought(model: Any) -> Array:
    """Primary material that home makers buy."""
    return np.add.reduce(model.materials_trade.primary_bought) / 1000.0


@series(unit="EUR/month")
def net_paid(model: Any) -> float:
    """What governments paid through instruments less what they received through them."""
    return float(sum(instrument.paid - instrument.received for instrument in model.governments.instruments))


@series(unit="EUR/month")
def spending(model: Any) -> float:
    """What governments paid through instruments, deposits left out."""
    return float(sum(instrument.paid for instrument in model.governments.instruments if not instrument.in_trust))


@series(unit="EUR/month")
def buyers_paid(model: Any) -> float:
    """What buyers of products paid for certificates, levies and buy-out."""
    governments = model.accounts.governments
    certificates = model.books.month_flow("certificates")[model.recyclers.account].sum()
    return float(certificates + model.books.month_flow("levies")[governments[governments >= 0]].sum())


@series(unit="EUR")
def stock_value(model: Any) -> float:
    """Value of public stockpiles at the price of the month."""
    stock = sum(model.books.stock[model.stockpile_place(trader)] for trader in model.governments.traders)
    return float((stock * model.materials.price[1, 0]).sum())


@series("component", unit="t/month")
def components_imported(model: Any) -> Array:
    """Material in imported components."""
    found = model.materials_trade.component_imports_by_origin
    return np.add.reduce(np.add.reduce(found, axis=2), axis=1) / 1000.0


@series("component", unit="1")
def components_home(model: Any) -> Array:
    """Share of components that home makers order from makers at home."""
    return np.array(model.components.share[:, 0])


@series("product", "leaf", unit="1/month")
def handed_in(model: Any) -> Array:
    """Products of households collected apart, by place."""
    return np.array(model.end_of_life.collected_units)


@series("product", "leaf", unit="1")
def hoarded_in(model: Any) -> Array:
    """Products in drawers, by place."""
    return np.array(model.households.hoarded)


# --- Following a run ------------------------------------------------------------------------------


class Observation:
    """Follows a run month by month and answers readings of it.

    `names` are the series that will be asked for, without labels.
    """

    def __init__(self, model: Any, names: set[str]) -> None:
        self.model, self.names = model, sorted(names & SERIES.keys())
        self.rows: dict[str, list[Array]] = {name: [] for name in self.names}
        self.active: list[NDArray[np.bool_]] = []
        self.at_start = {name: self._at_start(name) for name in self.names}

    def _at_start(self, name: str) -> Array | None:
        """What a series is before the first month; None for flows, which there are none of yet."""
        try:
            return np.asarray(SERIES[name].compute(self.model), dtype=np.float64)
        except (AttributeError, TypeError):
            return None

    def note(self) -> None:
        """Take note of the month that has just ended."""
        for name in self.names:
            self.rows[name].append(np.array(SERIES[name].compute(self.model), dtype=np.float64))
        self.active.append(self.model.recyclers.active.copy())

    def read(self, reading: Reading) -> Any:
        """The number that a reading stands for, or the whole series for a path. Raises ConfigError."""
        if reading.over == "initial":
            return float(sum(self._initial(name) for name in reading.what))
        first, last = self._window(reading)
        if reading.over == "survivors":
            return self._survivors(reading.what, first, last)
        values = self.series(reading.what[0])
        for name in reading.what[1:]:
            values = values + self.series(name)
        return tuple(values.tolist()) if reading.over == "path" else self._sum_up(values, reading.over, first, last)

    def series(self, name: str) -> Array:
        """A series by name and labels (months,)."""
        base, labels = _parts(name)
        if base not in SERIES:
            columns = [column["name"] for column in self.model.recorder.columns]
            if name not in columns:
                raise unknown("series", name, [column for column in columns if _parts(column)[0] == base], key="what")
            return np.asarray(self.model.recorder.values[:, columns.index(name)])
        cell = self._cell(base, labels)
        return np.array([row[cell] for row in self.rows[base]])

    def _initial(self, name: str) -> float:
        base, labels = _parts(name)
        start = self.at_start.get(base)
        return float("nan") if start is None else float(start[self._cell(base, labels)])

    def _cell(self, base: str, labels: Sequence[str]) -> tuple[int, ...]:
        axes = SERIES[base].axes
        if len(labels) != len(axes):
            raise ConfigError(f"'{base}' needs {len(axes)} labels", key="what", expected=f"{base}[{','.join(axes)}]")
        return tuple(self._row(axis, label) for axis, label in zip(axes, labels, strict=True))

    def _row(self, axis: str, label: str) -> int:
        config = self.model.config
        tables = {"stream": "streams", "material": "materials", "product": "products", "component": "components"}
        if axis == "leaf":
            places = [config.jurisdictions.ids[row] for row in config.leaves]
        else:
            places = list(getattr(config, tables[axis]).ids)
        if label not in places:
            raise unknown(axis, label, places, key="what")
        return places.index(label)

    def _window(self, reading: Reading) -> tuple[int, int]:
        """First month and month after the last, within the run."""
        start = 12 * int(self.model.config.time.start)
        done = len(self.active)
        first = month_number(reading.first) - start if reading.first else 0
        last = month_number(reading.last) - start + 1 if reading.last else done
        return max(min(first, done), 0), max(min(last, done), 0)

    def _sum_up(self, values: Array, over: str, first: int, last: int) -> float:
        part = values[first:last]
        known = part[np.isfinite(part)]
        if not len(known):
            return float("nan")
        if over in ("discounted", "end_discounted"):
            rate = 1.0 + float(self.model.config.public.discount_rate)
            worth = part * rate ** (-np.arange(first, last) / 12.0)
            return float(worth[-1]) if over == "end_discounted" else float(np.nansum(worth))
        simple: dict[str, Callable[[Array], Any]] = {
            "mean": np.mean, "sum": np.sum, "peak": np.max, "lowest": np.min,
        }  # fmt: skip
        return float(simple[over](known)) if over in simple else float(part[-1])

    def _survivors(self, what: Sequence[str], first: int, last: int) -> float:
        _, labels = _parts(what[0])
        own = self.model.recyclers.stream == self._row("stream", labels[0])
        if not 0 < first < last:
            return float("nan")
        before, after = self.active[first - 1], self.active[last - 1]
        standing = np.flatnonzero(before & own[: len(before)])
        return float(after[standing].mean()) if len(standing) else float("nan")


def _parts(name: str) -> tuple[str, list[str]]:
    base, _, labels = name.partition("[")
    return base, [label for label in labels.removesuffix("]").split(",") if label]
