"""Who survives a flood, by instrument: what it does to recyclers' plants and cash, and what it costs whom.

    python -m experiments.survival --seeds 20 --ranges --equal-cost --out results/survival

A flood is a shock scenario with a dumping campaign. Under each, the same world is run on the same seeds without
policy and with one instrument at a time, at the level of the highest government and limited to the materials that
are dumped. Only streams of scrap that yield these materials are looked at. Differences are taken seed by seed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm import Scenario, load_scenario
from abm.model import CircularTransition
from abm.parameters import ConfigError
from abm.policies import registry
from abm.scenario import ShockUse
from experiments.compare import RunFailedError, interval
from experiments.designs import parse_seeds
from experiments.output import prepared
from experiments.parallel import outcomes

Array = NDArray[np.float64]

FLOODS = ("rare_earth_restriction_2027", "lithium_flood")
CAMPAIGN = "dumping_campaign"
NONE = "none"
INSTRUMENTS = (
    "recycling_investment_support", "recovery_subsidy", "price_floor", "contract_for_difference",
    "recycled_content_mandate", "strategic_stockpile",
)  # fmt: skip
YARDSTICK = "recovery_subsidy"  # whose cost the others are scaled to
AFTERMATH = 24  # months after the flood at which survival is counted again
STEPS = 7  # halvings of the range in which an intensity is sought
REACH = 4.0  # largest multiple of the suggested intensity that is tried

MEASURES = {  # column: what it is, and its unit
    "plants_end": ("Plants of the start of the flood alive at its end", "1"),
    "plants_later": (f"The same {AFTERMATH} months later", "1"),
    "capacity_end": ("Capacity at the end of the flood over that at the start of the run", "1"),
    "capacity_later": (f"The same {AFTERMATH} months later", "1"),
    "throughput": ("Scrap processed during the flood", "t/yr"),
    "market_margin": ("Cash margin before support during the flood, per kg processed", "EUR/kg"),
    "margin": ("Cash margin with support during the flood, per kg processed", "EUR/kg"),
    "cash": ("Cash earned during the flood", "M EUR/yr"),
    "public_cost": ("Net public cost over the run, discounted", "M EUR"),
    "buyers_cost": ("Paid by buyers of products for certificates and buy-out, discounted", "M EUR"),
    "stock_value": ("Value of the stockpile at the end, discounted", "M EUR"),
    "price": ("Outside price of the dumped materials over long-run cost during the flood", "1"),
}
KEYS = ["flood", "stream", "variant", "instrument"]


# --- What is tried --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flood:
    """A dumping campaign of a shock scenario: materials, bloc, first month and first month after it."""

    shocks: str
    materials: tuple[str, ...]
    bloc: str | None
    start: int
    end: int

    @property
    def months(self) -> int:
        """Length of a run that sees the aftermath."""
        return self.end + AFTERMATH


@dataclass(frozen=True)
class Trial:
    """One run: a flood, an instrument (or none) at an intensity, parameters set otherwise, and a seed."""

    flood: Flood
    instrument: str
    intensity: float
    seed: int
    households: int
    variant: str = ""  # name of what is set otherwise
    overrides: tuple[tuple[str, float], ...] = field(default=())


def flood_of(shocks: str) -> Flood:
    """The first scripted dumping campaign of a shock scenario. Raises ConfigError if it has none."""
    scenario = load_scenario(mix=[], shocks=shocks)
    for use in scenario.shocks:
        if use.use == CAMPAIGN and use.start is not None and use.duration is not None:
            return _flood(shocks, use, scenario.config.materials.ids)
    raise ConfigError(f"'{shocks}' has no dumping campaign", key="--flood", expected="a scenario with one that ends")


def _flood(shocks: str, use: ShockUse, materials: tuple[str, ...]) -> Flood:
    start = int(use.start or 0)
    return Flood(shocks, use.materials or materials, use.bloc, start, start + int(use.duration or 0))


def suggested(instrument: str) -> float:
    """The intensity that an instrument's declaration suggests; 0 for none."""
    return 0.0 if instrument == NONE else float(registry()[instrument].intensity.default)


def trials_of(
    floods: Iterable[Flood],
    intensities: Callable[[Flood, str], float | None],
    seeds: Sequence[int],
    households: int,
    variant: str = "",
    overrides: tuple[tuple[str, float], ...] = (),
) -> list[Trial]:
    """Every flood without policy and with each instrument that has an intensity, on every seed."""
    found = []
    for flood in floods:
        for name in (NONE, *INSTRUMENTS):
            intensity = intensities(flood, name)
            if intensity is not None:
                found += [Trial(flood, name, intensity, seed, households, variant, overrides) for seed in seeds]
    return found


# --- A run ----------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _scenario(trial: Trial) -> Scenario:
    config = load_scenario(mix=[], shocks=[]).config
    mix = []
    if trial.instrument != NONE:
        top = min(config.governments, key=lambda row: len(config.ancestors[row]))
        mix = [{
            "use": trial.instrument, "jurisdiction": config.jurisdictions.ids[top], "intensity": trial.intensity,
            "start": f"{config.time.start:.0f}-01", "materials": list(trial.flood.materials),
        }]  # fmt: skip
    return load_scenario(
        mix=mix, shocks=trial.flood.shocks, households=trial.households, months=trial.flood.months,
        overrides=dict(trial.overrides),
    )  # fmt: skip


def streams_of(config: Any, materials: Sequence[str]) -> list[int]:
    """Streams of scrap that yield any of the materials and have plants."""
    rows = [config.materials.index(name) for name in materials]
    yields = (np.asarray(config.streams.recovery)[:, rows] > 0.0).any(axis=1)
    return [int(row) for row in np.flatnonzero(yields & (np.asarray(config.streams.plants).sum(axis=1) > 0.0))]


def perform(trial: Trial) -> list[dict[str, Any]]:
    """Make a run; one row per stream of scrap with the measures of `MEASURES`."""
    model = CircularTransition.from_scenario(
        _scenario(replace(trial, seed=0)), rng=trial.seed, record=False, events=False
    )
    streams = [_Stream(model, row, trial.flood) for row in streams_of(model.config, trial.flood.materials)]
    ledger = _Ledger(model, trial.flood)
    while model.running:
        model.step()
        ledger.note()
        for stream in streams:
            stream.note()
    keys = {"flood": trial.flood.shocks, "variant": trial.variant, "instrument": trial.instrument,
            "intensity": trial.intensity, "seed": trial.seed}  # fmt: skip
    return [keys | stream.measures() | ledger.measures() for stream in streams]


class _Stream:
    """Follows the recyclers of one stream of scrap through a run."""

    def __init__(self, model: Any, row: int, flood: Flood) -> None:
        self.model, self.row, self.flood = model, row, flood
        self.first_capacity = self._capacity()
        self.standing = np.zeros(0, dtype=np.int64)
        self.alive: dict[int, float] = {}
        self.capacity: dict[int, float] = {}
        self.processed = self.earned = self.support = 0.0

    def _members(self) -> NDArray[np.bool_]:
        recyclers = self.model.recyclers
        return np.asarray((recyclers.stream == self.row) & recyclers.active)

    def _capacity(self) -> float:
        return float(self.model.recyclers.capacity[self._members()].sum())

    def note(self) -> None:
        """Take note of the month that has just ended."""
        month, flood = self.model.month, self.flood
        if month < flood.start:
            self.standing = np.flatnonzero(self._members())
        if flood.start <= month < flood.end:
            self._note_cash()
        if month in (flood.end - 1, flood.months - 1):
            living = self.model.recyclers.active[self.standing]
            self.alive[month] = float(living.mean()) if len(living) else np.nan
            self.capacity[month] = self._capacity()

    def _note_cash(self) -> None:
        recyclers, flow = self.model.recyclers, self.model.books.month_flow
        rows = recyclers.stream == self.row
        who = recyclers.account[rows]
        costs = ("scrap_sales", "gate_fees", "labour", "energy", "other_inputs")
        self.earned += float(sum(flow(kind)[who].sum() for kind in ("material_sales", *costs)))
        self.support += float(sum(flow(kind)[who].sum() for kind in ("operating_support", "certificates")))
        self.processed += float(recyclers.processed[rows].sum())

    def measures(self) -> dict[str, Any]:
        """Survival, margins and throughput, and why the first plant that failed did."""
        end, later = self.flood.end - 1, self.flood.months - 1
        years = (self.flood.end - self.flood.start) / 12.0
        per_kilogram = 1.0 / self.processed if self.processed > 0.0 else np.nan
        return {
            "stream": self.model.config.streams.ids[self.row],
            "plants_end": self.alive[end], "plants_later": self.alive[later],
            "capacity_end": self.capacity[end] / self.first_capacity,
            "capacity_later": self.capacity[later] / self.first_capacity,
            "throughput": self.processed / years / 1000.0, "market_margin": self.earned * per_kilogram,
            "margin": (self.earned + self.support) * per_kilogram, "cash": (self.earned + self.support) / years / 1e6,
            "cause": self._cause(),
        }  # fmt: skip

    def _cause(self) -> str:
        recyclers = self.model.recyclers
        own = {recyclers.names[row] for row in np.flatnonzero(recyclers.stream == self.row)}
        return next((failure["cause"] for failure in self.model.failures if failure["who"] in own), "")


class _Ledger:
    """Follows what the public and buyers of products pay, discounted to the start of the run."""

    def __init__(self, model: Any, flood: Flood) -> None:
        self.model, self.flood = model, flood
        self.public = self.buyers = 0.0
        self.price: list[float] = []
        self.rows = [model.config.materials.index(name) for name in flood.materials]

    @property
    def discount(self) -> float:
        """Present value of a euro of this month."""
        return float((1.0 + self.model.config.public.discount_rate) ** (-self.model.month / 12.0))

    def note(self) -> None:
        """Take note of the month that has just ended."""
        model = self.model
        paid = float(sum(instrument.paid - instrument.received for instrument in model.governments.instruments))
        governments = model.accounts.governments
        certificates = model.books.month_flow("certificates")[model.recyclers.account].sum()
        buy_out = model.books.month_flow("levies")[governments[governments >= 0]].sum()
        self.public += self.discount * paid
        self.buyers += self.discount * float(certificates + buy_out)
        if self.flood.start <= model.month < self.flood.end:
            cost = np.asarray(model.config.materials.long_run_cost)
            self.price.append(float((model.materials.price[1, 0] / cost)[self.rows].mean()))

    def measures(self) -> dict[str, float]:
        """Costs, in M EUR, and the mean price during the flood."""
        model = self.model
        stock = sum(model.books.stock[model.stockpile_place(trader)] for trader in model.governments.traders)
        value = float((stock * model.materials.price[1, 0]).sum()) * self.discount
        return {"public_cost": self.public / 1e6, "buyers_cost": self.buyers / 1e6, "stock_value": value / 1e6,
                "price": float(np.mean(self.price))}  # fmt: skip


# --- Many runs ------------------------------------------------------------------------------------

Work = Callable[[list[Trial]], pd.DataFrame]


def local(workers: int) -> Work:
    """Make trials over local processes; the rows of all, in the order of the trials. Raises RunFailedError."""

    def work(trials: list[Trial]) -> pd.DataFrame:
        done = {}
        for outcome in _bar(outcomes(perform, trials, workers), len(trials)):
            if outcome.result is None:
                raise RunFailedError(f"{outcome.job.instrument}, seed {outcome.job.seed}: {outcome.error}")
            done[outcome.job] = outcome.result
        return pd.DataFrame([row for trial in trials for row in done[trial]])

    return work


def _bar(done: Iterator[Any], total: int) -> Iterator[Any]:
    from tqdm import tqdm

    yield from tqdm(done, total=total, unit=" runs", delay=2, file=sys.stderr, smoothing=0, leave=False)


def flood_survival(
    seeds: Sequence[int],
    floods: Sequence[str] = FLOODS,
    households: int = 300,
    equal_cost: bool = False,
    ranges: bool = False,
    range_seeds: int = 4,
    workers: int = 1,
) -> pd.DataFrame:
    """Rows of all runs: one per flood, stream, variant, instrument and seed.

    Parameters
    ----------
    seeds
        Paired over instruments.
    equal_cost
        Also scale every instrument that can be to the discounted public cost of `YARDSTICK` (variant "equal cost").
    ranges
        Also repeat with each of the weakest parameters at the ends of its plausible range (variant "path=value"),
        on the first `range_seeds` seeds.

    Raises
    ------
    ConfigError
        If a flood is unknown or has no dumping campaign.
    RunFailedError
        If a run fails.
    """
    work, found = local(workers), [flood_of(name) for name in floods]
    parts = [work(trials_of(found, lambda _, name: suggested(name), seeds, households))]
    if equal_cost:
        targets = {flood: _yardstick(parts[0], flood) for flood in found}
        matched = {flood: match_cost(flood, targets[flood], seeds[:3], households, work) for flood in found}
        scaled = trials_of(found, lambda flood, name: matched[flood].get(name), seeds, households, "equal cost")
        parts.append(work(scaled))
    if ranges:
        parts.append(work([trial for flood in found for trial in range_trials(flood, seeds[:range_seeds], households)]))
    return pd.concat(parts, ignore_index=True)


def _yardstick(rows: pd.DataFrame, flood: Flood) -> float:
    chosen = rows[(rows["flood"] == flood.shocks) & (rows["instrument"] == YARDSTICK)]
    return float(chosen.groupby("seed")["public_cost"].first().mean())


def match_cost(flood: Flood, target: float, seeds: Sequence[int], households: int, work: Work) -> dict[str, float]:
    """Intensities at which instruments cost the public `target` M EUR on average over a few seeds.

    By bisection up to `REACH` times the suggested intensity. Instruments that never cost as much, or that earn
    money, are left out; what a stockpile still holds counts against its cost.
    """
    names = [name for name in INSTRUMENTS if name != YARDSTICK]
    low = dict.fromkeys(names, 0.0)
    high = {name: min(REACH * suggested(name), registry()[name].intensity.high) for name in names}

    def cost(intensities: dict[str, float]) -> pd.Series[float]:
        asked = intensities.items()
        rows = work([Trial(flood, name, value, seed, households) for name, value in asked for seed in seeds])
        return (rows["public_cost"] - rows["stock_value"]).groupby(rows["instrument"]).mean()

    most = cost(high)
    names = [name for name in names if most[name] >= target]
    for _ in range(STEPS if names else 0):
        middle = {name: 0.5 * (low[name] + high[name]) for name in names}
        found = cost(middle)
        for name in names:
            (high if found[name] >= target else low)[name] = middle[name]
    return {NONE: 0.0, YARDSTICK: suggested(YARDSTICK), **{name: 0.5 * (low[name] + high[name]) for name in names}}


def weakest(flood: Flood) -> list[str]:
    """Paths of parameters that bear on survival and of which least is known."""
    config = load_scenario(mix=[], shocks=flood.shocks).config
    streams = [config.streams.ids[row] for row in streams_of(config, flood.materials)]
    own = [f"streams.{name}.{what}" for name in streams for what in ("processing_cost", "transport_cost")]
    yields = [
        f"streams.{name}.recovery.{material}" for name in streams for material in flood.materials
        if config.streams.recovery[config.streams.index(name), config.materials.index(material)] > 0.0
    ]  # fmt: skip
    blocs = [f"blocs.{flood.bloc}.{what}" for what in ("flood_discount", "flood_capacity")] if flood.bloc else []
    shared = ["merchants.response", "recyclers.shutdown_patience", "credit.overdraft"]
    return [*own, *yields[:1], *blocs, *shared]


def range_trials(flood: Flood, seeds: Sequence[int], households: int) -> list[Trial]:
    """Trials with each of the weakest parameters at either end of its plausible range."""
    config = load_scenario(mix=[], shocks=flood.shocks).config
    found = []
    for path in weakest(flood):
        for value in config.evidence(path).range or ():
            found += trials_of([flood], lambda _, name: suggested(name), seeds, households, f"{path}={value:g}",
                               ((path, float(value)),))  # fmt: skip
    return found


# --- What came out --------------------------------------------------------------------------------


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per flood, stream, variant, instrument and measure: means and differences to none, with intervals.

    Columns: keys, intensity, seeds, measure, unit, mean, mean_low, mean_high, difference, difference_low,
    difference_high; 95 % t-intervals over seeds, differences paired. Seeds in which a measure is undefined are
    left out of it.
    """
    found = []
    for keys, own in rows.groupby(KEYS, sort=False):
        flood, stream, variant, _ = keys
        same = (rows["flood"] == flood) & (rows["stream"] == stream) & (rows["variant"] == variant)
        plain = rows[same & (rows["instrument"] == NONE)].set_index("seed")
        own = own.set_index("seed")
        for name, (_, unit) in MEASURES.items():
            values, difference = own[name].dropna().to_numpy(), (own[name] - plain[name]).dropna().to_numpy()
            found.append({
                **dict(zip(KEYS, keys, strict=True)), "intensity": own["intensity"].iloc[0], "seeds": len(own),
                "measure": name, "unit": unit, **_with_interval("mean", values),
                **_with_interval("difference", difference),
            })  # fmt: skip
    return pd.DataFrame(found)


def _with_interval(name: str, values: Array) -> dict[str, float]:
    found = interval(values) if len(values) else (np.nan, np.nan, np.nan)
    return dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))


def over_ranges(table: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest mean difference over the plausible ranges, and where they occur.

    One row per flood, stream, instrument and measure of survival or margin; those of none are means, not differences.
    """
    varied = table[table["variant"].str.contains("=") & table["measure"].isin(("plants_end", "plants_later", "margin"))]
    found = []
    for keys, group in varied.groupby(["flood", "stream", "instrument", "measure"], sort=False):
        column = "mean" if keys[2] == NONE else "difference"
        known = group.dropna(subset=[column])
        if len(known):
            low, high = known.loc[known[column].idxmin()], known.loc[known[column].idxmax()]
            found.append({
                **dict(zip(("flood", "stream", "instrument", "measure"), keys, strict=True)),
                "lowest": low[column], "at": low["variant"], "highest": high[column], "at_highest": high["variant"],
            })  # fmt: skip
    return pd.DataFrame(found)


def lines(rows: pd.DataFrame) -> Iterator[str]:
    """The answer in words and tables."""
    table = summary(rows)
    for (flood, stream), group in table[~table["variant"].str.contains("=")].groupby(["flood", "stream"], sort=False):
        yield f"{flood}, recyclers of {stream}, {group['seeds'].iloc[0]} seeds"
        for variant, part in group.groupby("variant", sort=False):
            yield f"  {'at ' + variant if variant else 'at suggested intensities'}"
            yield from _block(part)
        yield f"  first failures by cause: {_causes(rows, flood, stream)}"
        yield ""
    varied = over_ranges(table)
    if len(varied):
        yield "Over plausible ranges of the weakest parameters: means for none, differences to it for instruments"
        yield varied.to_string(index=False, float_format=lambda value: f"{value:.3g}")


def _block(part: pd.DataFrame) -> Iterator[str]:
    names = list(dict.fromkeys(part["instrument"]))
    yield f"    {'':<16}" + "".join(f"{name[:27]:>29}" for name in names)
    intensity = part.groupby("instrument")["intensity"].first()
    yield f"    {'intensity':<16}" + "".join(f"{intensity[name]:>29.3g}" for name in names)
    cells = part.set_index(["measure", "instrument"])
    for measure in MEASURES:
        yield f"    {measure:<16}" + "".join(f"{_cell(cells.loc[(measure, name)], name):>29}" for name in names)


def _cell(row: Any, name: str) -> str:
    if name == NONE:
        return f"{row['mean']:.3g} [{row['mean_low']:.3g}, {row['mean_high']:.3g}]"
    return f"{row['difference']:+.3g} [{row['difference_low']:+.3g}, {row['difference_high']:+.3g}]"


def _causes(rows: pd.DataFrame, flood: str, stream: str) -> str:
    own = rows[(rows["flood"] == flood) & (rows["stream"] == stream) & (rows["variant"] == "")]
    counts = own[own["cause"] != ""].groupby(["instrument", "cause"], sort=False).size()
    return "; ".join(f"{name}: {cause} {count}" for (name, cause), count in counts.items()) or "none failed"


# --- The command ----------------------------------------------------------------------------------


def declare(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--seeds", default="20", help="how many seeds (20), which (3,8,21), or a range (1-20)")
    parser.add_argument("--flood", action="append", metavar="NAME", help="shock scenario with a dumping campaign")
    parser.add_argument("--households", type=int, default=300, metavar="N", help="sampled households")
    parser.add_argument("--equal-cost", action="store_true", help="also at equal discounted public cost")
    parser.add_argument("--ranges", action="store_true", help="also over the ranges of the weakest parameters")
    parser.add_argument("--range-seeds", type=int, default=4, metavar="N", help="seeds for these")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="local processes")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write runs.csv and summary.csv there")
    parser.add_argument("--force", action="store_true", help="replace what is there")


def survival(options: argparse.Namespace) -> int:
    """Who survives a flood, by single instrument: plants, cash and cost, with intervals over seeds."""
    with prepared(options.out, options.force) as folder:
        rows = flood_survival(
            parse_seeds(options.seeds), tuple(options.flood or FLOODS), options.households, options.equal_cost,
            options.ranges, options.range_seeds, options.workers,
        )  # fmt: skip
        for line in lines(rows):
            print(line)
        if folder is not None:
            rows.to_csv(folder / "runs.csv", index=False)
            summary(rows).to_csv(folder / "summary.csv", index=False)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks and return the exit status."""
    parser = argparse.ArgumentParser("survival", description=(survival.__doc__ or "").splitlines()[0])
    declare(parser)
    try:
        return survival(parser.parse_args(arguments))
    except (ConfigError, RunFailedError) as error:
        print(f"survival: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1


if __name__ == "__main__":
    sys.exit(main())
