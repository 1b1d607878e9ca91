"""Everything that a report shows, gathered from the results of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from abm.parameters import ConfigError, unknown
from abm.scenario import catalogue
from experiments.analysis.report import evidence
from experiments.analysis.report.evidence import Outcome
from experiments.batch import Results
from experiments.designs import Factor
from experiments.outcomes import outcome_table
from experiments.wording import indicator_of, title_of, unit_of

KEY_OUTCOMES = (
    "recyclers_active",
    "recycler_failures",
    "circular_value_added",
    "circular_material_use_rate",
    "import_dependence_overall",
    "shortage_loss",
    "greenhouse_gases",
    "public_cost_discounted",
)
"""Judged where none are asked for: viability, circularity, security, climate, public cost."""


@dataclass(frozen=True)
class Gathered:
    """The results of a batch, and what follows from them.

    Attributes
    ----------
    mixes, shocks
        Titles by name, in the order of the design; differences are to the first mix.
    table
        One row per run that succeeded, with factors and outcomes.
    """

    results: Results
    language: str
    outcomes: tuple[Outcome, ...]
    mixes: dict[str, str]
    shocks: dict[str, str]
    table: pd.DataFrame

    @property
    def first(self) -> str:
        """The mix that others are compared with."""
        return next(iter(self.mixes))

    @property
    def others(self) -> dict[str, str]:
        """Titles of the mixes beyond the first."""
        return dict(list(self.mixes.items())[1:])

    @property
    def names(self) -> list[str]:
        """Names of the outcomes."""
        return [outcome.name for outcome in self.outcomes]

    @property
    def factors(self) -> dict[str, Factor]:
        """What the samples vary with numbers, by name."""
        return {factor.name: factor for factor in self.results.design.factors if factor.kind != "choice"}

    @property
    def by(self) -> list[str]:
        """What tells points apart: their number, or the values where a sample also chooses mixes or shocks."""
        chosen = any(factor.kind == "choice" for factor in self.results.design.factors)
        return list(self.factors) if chosen else ["point"]

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Paired differences to the first mix; `point` numbers the points also where a sample chooses the mix."""
        pairs = evidence.paired(self.table, self.names, self.first, list(self.factors), self.by)
        if self.by != ["point"]:
            pairs["point"] = pairs.groupby(self.by, sort=False).ngroup() if self.by else 0
        return pairs

    @cached_property
    def together(self) -> pd.DataFrame:
        """Pairs averaged over shock scenarios."""
        if len(self.shocks) < 2:
            return self.pairs
        return evidence.over_shocks(self.pairs, self.names, ["point"])

    @cached_property
    def compared(self) -> pd.DataFrame:
        """See `evidence.comparisons`."""
        return evidence.comparisons(self.pairs, self.outcomes, list(self.others), list(self.shocks))

    @cached_property
    def settled(self) -> pd.DataFrame:
        """See `evidence.convergence`."""
        return evidence.convergence(self.together, self.names, list(self.others))

    @cached_property
    def robust(self) -> pd.DataFrame:
        """See `evidence.robustness`."""
        return evidence.robustness(self.table, self.outcomes, list(self.mixes), self.by)

    @cached_property
    def hinged(self) -> pd.DataFrame:
        """See `evidence.hinges`."""
        return evidence.hinges(self.together, self.names, list(self.others), list(self.factors))

    @cached_property
    def failed(self) -> pd.DataFrame:
        """See `evidence.failures`."""
        return evidence.failures(self.results.failed)

    @property
    def expected(self) -> int:
        """How many runs the design asks for."""
        return len(self.results.design)

    @cached_property
    def paths(self) -> dict[str, pd.DataFrame]:
        """`evidence.bands` of each column of the series that was kept on purpose; none if all were kept."""
        return {} if not self.results.design.series else _paths(self.results, list(self.mixes))


def gather(results: Results, outcomes: Sequence[str] = (), language: str = "en") -> Gathered:
    """Gather what a report needs. Raises ConfigError if there is nothing to report on, or an outcome is unknown."""
    if not len(results.done):
        problem = "no run of this batch has succeeded" if len(results.runs) else "this batch has no finished runs yet"
        raise ConfigError(problem, file=str(results.folder), expected="at least one run; `abm batch --resume` goes on")
    names = list(dict.fromkeys(outcomes)) or [name for name in KEY_OUTCOMES if name in results.outcomes]
    table = outcome_table(results, names or list(results.outcomes))
    chosen = tuple(_outcome(name, language) for name in names or results.outcomes)
    mixes = _titles("mixes", _order(results, "mix"), language)
    shocks = _titles("shock_scenarios", _order(results, "shocks"), language)
    return Gathered(results, language, chosen, mixes, shocks, table)


def _outcome(name: str, language: str) -> Outcome:
    column, _, way = name.rpartition(":") if ":" in name else (name, "", "")
    try:
        indicator = indicator_of(column)
    except KeyError:
        raise unknown("outcome", name, (), key="outcome") from None
    unit = indicator.unit if way and way != "sum" else unit_of(column)
    title = title_of(column, language) + (f" ({way} of months)" if way else "")
    return Outcome(name, title, "" if unit == "1" else unit, indicator.direction)


def _order(results: Results, kind: str) -> list[str]:
    """Names of mixes or shocks that have runs, as the design lists them; those it does not list come last."""
    design = results.design
    listed = list(design.mixes if kind == "mix" else design.shocks)
    listed += [str(level) for factor in design.factors if factor.name == kind for level in factor.levels]
    listed = [Path(name).stem if name.endswith(".toml") else name for name in listed]  # as runs name a user's own file
    there = list(dict.fromkeys(results.runs[kind].astype(str)))
    return [name for name in listed if name in there] + [name for name in there if name not in listed]


def _titles(folder: str, names: Sequence[str], language: str) -> dict[str, str]:
    known = catalogue(folder)
    return {name: " + ".join(_title(known, part, language) for part in name.split("+")) for name in names}


def _title(known: Mapping[str, Any], name: str, language: str) -> str:
    """The title of an entry of the config, also where it is moved to another government; else a file's own name."""
    plain, at, government = name.partition("@")
    if plain in known:
        return str(known[plain].title.get(language, plain)) + (f" ({government})" if at else "")
    return name


def _paths(results: Results, mixes: Sequence[str]) -> dict[str, pd.DataFrame]:
    from abm.indicators import registry

    series = results.series()
    columns = [name for name in series.columns if name.partition("[")[0] in registry()]
    return {name: evidence.bands(series, name, indicator_of(name).summary == "sum") for name in columns}
