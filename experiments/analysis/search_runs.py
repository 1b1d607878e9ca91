"""Candidates of a search put to the model: each once, as a mix file, in every world, on every seed.

The folder of a search is its ledger: `candidates/` holds the mixes, `runs/generation_001` … what became of the runs
of those that a generation was the first to ask for (`generation_000` of the base mix), `runs/fresh_…` the front on
fresh seeds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.parameters import ConfigError
from experiments.analysis.search import Evaluation
from experiments.analysis.search_mixes import write_mix
from experiments.analysis.search_problem import MEAN, Measure, Places, Search
from experiments.batch import open_results
from experiments.batch.driver import identified
from experiments.batch.results import KEYS, MANIFEST, Results
from experiments.compare import RunFailedError
from experiments.designs import Design
from experiments.outcomes import outcome_table

Runner = Callable[[Design, Path], Results]
"""Makes the runs of a design into a folder, going on with what is there: `experiments.batch.driver.run_design`."""

OK = "ok"


@dataclass(frozen=True)
class Candidate:
    """A candidate: its number in order of appearance, the generation that first asked for it, and what became of it.

    `values` are its measures, means over seeds; empty unless `status` is "ok".
    """

    number: int
    places: Places
    generation: int
    status: str
    values: dict[str, float]

    @property
    def name(self) -> str:
        """Name of its mix."""
        return name_of(self.number)


def name_of(number: int) -> str:
    """Name of the mix of a candidate."""
    return f"candidate_{number:04d}"


class Laboratory:
    """Evaluates candidates and keeps what is known of them, so that none is run twice."""

    def __init__(self, search: Search, folder: Path, run: Runner) -> None:
        self.declared, self.search = search, search  # the second with limits as levels once the base is known
        self.folder, self.run = folder, run
        self.known: dict[Places, Candidate] = {}
        self.generation = 0

    def begin(self) -> Candidate:
        """Run the base mix, from which limits are counted and which is the candidate without levers, and return it.

        Raises RunFailedError if it has no values: nothing could be compared with it.
        """
        nothing = (0.0,) * len(self.search.variables)
        self._find_out([nothing])
        base = self.known[nothing]
        if base.status != OK:
            raise RunFailedError(f"the base mix {self.search.base}: {base.status}")
        self.search = self.search.from_(base.values)
        return base

    def evaluate(self, places: NDArray[np.float64]) -> Evaluation:
        """Objectives, minimised, and excess over limits of the candidates of the next generation.

        A candidate of which a run failed, or an outcome is undefined, has no values.
        """
        self.generation += 1
        rows = [tuple(map(float, row)) for row in places]
        new = [row for row in dict.fromkeys(rows) if row not in self.known]
        if new:
            self._find_out(new)
        found = [self.known[row] for row in rows]
        return Evaluation(objectives_of(self.search, found), self._excess(found))

    def _find_out(self, new: Sequence[Places]) -> None:
        numbered = dict(enumerate(new, start=len(self.known)))
        design = self.design(self._files(numbered), self.search.seeds)
        results = finished(design, self.folder / "runs" / f"generation_{self.generation:03d}", self.run)
        values, failures = by_seed(results, self.search, list(map(name_of, numbered)))
        for number, places in numbered.items():
            name = name_of(number)
            own = {} if name in failures else values.loc[name].mean().to_dict()
            self.known[places] = Candidate(number, places, self.generation, failures.get(name, OK), own)

    def _files(self, numbered: dict[int, Places]) -> list[str]:
        """The mixes of candidates as files."""
        folder = self.folder / "candidates"
        folder.mkdir(parents=True, exist_ok=True)
        names = []
        for number, places in numbered.items():
            title = {language: f"{self.search.title[language]}: {number}" for language in ("en", "nl")}
            write_mix(self.path(number), self.search, places, title, self.search.summary)
            names.append(str(self.path(number)))
        return names

    def path(self, number: int) -> Path:
        """The mix file of a candidate."""
        return self.folder / "candidates" / f"{name_of(number)}.toml"

    def design(self, mixes: Sequence[str], seeds: tuple[int, ...]) -> Design:
        """These mixes in every world of the search, on these seeds."""
        search = self.search
        return Design(
            search.name,
            dict(search.title),
            dict(search.summary),
            search.setting,
            search.households,
            search.months,
            tuple(mixes),
            search.shocks,
            seeds,
            series=kept_series(search.measures),
        )

    def fresh(self, candidates: Iterable[Candidate], references: Sequence[str]) -> Results:
        """Runs of candidates and of named mixes on fresh seeds."""
        mixes = [str(self.path(candidate.number)) for candidate in candidates] + list(references)
        design = self.design(mixes, self.search.fresh_seeds)
        told = hashlib.sha256(" ".join([*stems(mixes), *map(str, design.seeds)]).encode()).hexdigest()[:8]
        return finished(design, self.folder / "runs" / f"fresh_{told}", self.run)  # another front, another folder

    def _excess(self, found: Sequence[Candidate]) -> NDArray[np.float64]:
        columns = [
            limit.excess(np.array([one.values.get(limit.measure.name, np.nan) for one in found]))
            for limit in self.search.constraints
        ]
        return np.column_stack(columns) if columns else np.zeros((len(found), 0))


def objectives_of(search: Search, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """Objectives (candidates, objectives) with their signs such that less is better; NaN without values."""
    values = [[-goal.sense * one.values.get(goal.name, np.nan) for goal in search.objectives] for one in candidates]
    return np.array(values, dtype=np.float64).reshape(len(candidates), len(search.objectives))


def kept_series(measures: Iterable[Measure]) -> tuple[str, ...]:
    """Indicators whose months must be kept for the measures: as few as possible, since a search makes many runs."""
    outcomes = [name for measure in measures for name in measure.outcomes]
    columns = [name.rpartition(":")[0] for name in outcomes if ":" in name] or [outcomes[0]]
    return tuple(dict.fromkeys(column.partition("[")[0] for column in columns))


def finished(design: Design, folder: Path, run: Runner) -> Results:
    """The results of a design in a folder: read if all its runs are there, else made.

    A run that failed is not tried again: it would come back with a value where the search went on without one, and
    what followed could not be followed again.
    """
    if (folder / MANIFEST).is_file():
        results = open_results(folder)
        _check_same(results, design)
        if len(results.runs) >= len(design):
            return results
    return run(design, folder)


def _check_same(results: Results, design: Design) -> None:
    there, wanted = results.design, design
    if (stems(there.mixes), there.shocks, there.seeds) != (stems(wanted.mixes), wanted.shocks, wanted.seeds):
        raise ConfigError(
            "holds runs of other candidates", file=str(results.folder), expected="the folder of this search"
        )
    if not set(results.runs["run_id"]) <= identified(design.jobs()).keys():
        raise ConfigError(
            "holds runs of candidates of the same names, which the search would choose otherwise now",
            file=str(results.folder),
            expected="a new folder: this program or its packages have changed since",
        )


def stems(mixes: Iterable[str]) -> list[str]:
    """Names of mixes, those of files without their paths: a folder of results may have been moved."""
    return [Path(mix).stem if mix.endswith(".toml") else mix for mix in mixes]


def by_seed(results: Results, search: Search, mixes: Sequence[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Measures of mixes, one row per mix and seed, the worlds summed up; and why other mixes have none.

    A mix of which one run failed or is missing, or one outcome is undefined, has no values at all: a mean over the
    runs that happened to succeed would be the mean of another, easier world.
    """
    names = list(dict.fromkeys(name for measure in search.measures for name in measure.outcomes))
    table = outcome_table(results, names) if len(results.done) else pd.DataFrame(columns=[*KEYS, *names])
    table["mix"] = stems(table["mix"])
    failures = {name: reason for name in mixes if (reason := _failure(name, results, table, search))}
    table = table[table["mix"].isin(set(mixes) - set(failures))]
    values = pd.DataFrame({key: table[key] for key in ("mix", "seed")})
    for measure in search.measures:
        values[measure.name] = table[measure.outcome] * (table[measure.times] if measure.times else 1.0)
    grouped = values.groupby(["mix", "seed"], observed=True)
    return pd.DataFrame(
        {measure.name: _across(grouped[measure.name], measure, search) for measure in search.measures}
    ), failures


def _across(grouped: pd.core.groupby.SeriesGroupBy, measure: Measure, search: Search) -> pd.Series[float]:
    """One value per mix and seed out of those of all worlds."""
    if search.across == MEAN or not measure.sense:
        return grouped.mean()
    share = float(search.across)
    return grouped.quantile(share if measure.sense < 0 else 1.0 - share)


def _failure(name: str, results: Results, table: pd.DataFrame, search: Search) -> str:
    """Why a mix has no values; empty if it has."""
    failed = results.failed
    if len(failed):
        own = failed[np.array(stems(failed["mix"])) == name]
        if len(own):
            first = own.iloc[0]
            return f"{first['shocks']}, seed {first['seed']}: {first['status']}"
    rows = table[table["mix"] == name].drop(columns=["run_id", "chunk"])
    undefined = [str(column) for column in rows if rows[column].isna().any()]
    if undefined:
        return f"{undefined[0]} is undefined"
    seeds = results.design.seeds
    missing = len(seeds) * len(search.shocks) - len(rows)
    return f"{missing} runs are missing" if missing else ""
