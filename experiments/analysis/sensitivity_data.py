"""Runs of a batch as sensitivity analysis needs them: strata of complete blocks, and what had to be left out.

Saltelli's and Morris's schemes compare the rows of a block with one another, so a block that lacks a run is left out
whole; nothing is filled in. Runs that fail often fail for a reason that lies in their parameters: what is left then is
no fair sample, and beyond `MOST_MISSING` of the blocks there is no analysis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from abm.parameters import ConfigError
from experiments.analysis.sensitivity import Floats, Observed
from experiments.batch.results import KEYS, OK, Results
from experiments.compare import RunFailedError
from experiments.designs import Design, Sample
from experiments.outcomes import outcome_table

Numbers = np.ndarray[Any, np.dtype[np.intp]]

MOST_MISSING = 0.2
SCHEMES = ("sobol", "morris")
STRATUM = ["mix", "shocks", "at"]


@dataclass(frozen=True)
class Scheme:
    """Which sample of a design is analysed, and how; other samples make strata, or are part of the luck of seeds."""

    design: Design
    main: int

    @property
    def sample(self) -> Sample:
        """The sample whose factors are analysed."""
        return self.design.samples[self.main]

    @property
    def method(self) -> str:
        """ "sobol", "morris" or "delta"."""
        return self.sample.method if self.sample.method in SCHEMES else "delta"

    @property
    def crossed(self) -> bool:
        """Whether all points share their seeds."""
        return self.sample.along == "all"

    @cached_property
    def rows(self) -> list[list[dict[str, Any]]]:
        """Rows of each sample."""
        return [sample.rows() for sample in self.design.samples]

    @property
    def block(self) -> int:
        """Rows of a block."""
        count = len(self.sample.factors)
        scheme = 2 * count + 2 if self.sample.second_order else count + 2
        return {"sobol": scheme, "morris": count + 1}.get(self.method, 1)

    @cached_property
    def places(self) -> Floats:
        """Places of the factors at each row of the sample (rows, factors): in the range, or the number of the level.

        A choice, and what is listed by its levels, goes by the number of its level.
        """
        if self.sample.method in (*SCHEMES, "latin_hypercube"):
            places = np.array(self.sample.places())
            if self.method == "delta":
                for column, factor in enumerate(self.sample.factors):
                    if factor.levels:
                        count = len(factor.levels)
                        places[:, column] = np.minimum((places[:, column] * count).astype(int), count - 1)
            return places
        columns = [_places([row[factor.name] for row in self.rows[self.main]]) for factor in self.sample.factors]
        return np.column_stack(columns)

    @property
    def luck(self) -> list[str]:
        """Factors of other samples that go along the seeds."""
        others = [sample for place, sample in enumerate(self.design.samples) if place != self.main]
        return [factor.name for sample in others if sample.along == "seeds" for factor in sample.factors]


def _places(values: Sequence[Any]) -> Floats:
    """Numbers as they are, names in the order in which they first appear."""
    if all(isinstance(value, (int, float)) for value in values):
        return np.array(values, dtype=float)
    order = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return np.array([order[value] for value in values], dtype=float)


def scheme_of(design: Design) -> Scheme:
    """The scheme of a design: its Sobol or Morris sample, else the sample of most rows. Raises ConfigError."""
    if not design.samples:
        raise ConfigError("the design varies no factor", key="samples", expected="a design with a sample")
    schemes = [place for place, sample in enumerate(design.samples) if sample.method in SCHEMES]
    if len(schemes) > 1:
        raise ConfigError("the design crosses two schemes", key="samples", expected="one Sobol or Morris sample")
    sizes = [len(sample.rows()) for sample in design.samples]
    return Scheme(design, schemes[0] if schemes else int(np.argmax(sizes)))


# --- Runs that there should be --------------------------------------------------------------------


def expected_runs(scheme: Scheme) -> pd.DataFrame:
    """One row per run of the design: number, mix, shocks, at, row of the sample, seed.

    `mix` and `shocks` are empty if the sample chooses them or the setting does; `at` says where the other samples
    stand that are run at all points.
    """
    design = scheme.design
    chosen = {factor.name for factor in design.factors}
    shape = [len(rows) for rows in scheme.rows]
    listed = []
    for job in design.jobs():
        rows = np.unravel_index(job.point, shape)
        at: dict[str, Any] = {}
        for place, sample in enumerate(design.samples):
            if place != scheme.main and sample.along == "all":
                at |= scheme.rows[place][int(rows[place])]
        mix = "" if "mix" in chosen else job.selection.mix or ""
        shocks = "" if "shocks" in chosen else job.selection.shocks or ""
        where = ", ".join(f"{name}={_written(value)}" for name, value in at.items())
        listed.append((job.number, mix, shocks, where, int(rows[scheme.main]), job.seed))
    return pd.DataFrame(listed, columns=["number", *STRATUM, "row", "seed"])


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def runs_of(results: Results, outcomes: Sequence[str]) -> pd.DataFrame:
    """`expected_runs` with `made`, `ok` and the outcomes (NaN where there are none). Raises ConfigError."""
    _check_numbers(results)
    runs = results.runs[["run_id", "number", "status"]]
    values = outcome_table(results, outcomes)[["run_id", *outcomes]]
    known = runs.merge(values, on="run_id", how="left").drop(columns="run_id")
    table = expected_runs(scheme_of(results.design)).merge(known, on="number", how="left")
    return table.assign(made=table["status"].notna(), ok=table["status"] == OK).drop(columns="status")


def _check_numbers(results: Results) -> None:
    """Refuse runs whose number is another run's by now, as a design that was extended renumbers its runs."""
    jobs = {job.number: job for job in results.design.jobs()}
    for run in results.runs.to_dict("records"):
        job = jobs.get(run["number"])
        values = {name: value for name, value in job.values if name not in KEYS} if job else {}
        if job is None or job.seed != run["seed"] or any(run.get(name) != value for name, value in values.items()):
            raise ConfigError(
                f"run {run['number']} of the folder is not that of the design, which was extended since",
                file=str(results.folder),
                expected="a folder that one design filled: run the design anew",
            )


def differences(runs: pd.DataFrame, mixes: Sequence[str], outcomes: Sequence[str]) -> pd.DataFrame:
    """Each mix less the first on the same row, seed and shocks; missing where one of the two is. Raises ConfigError."""
    if len(mixes) < 2:
        raise ConfigError("the design lists fewer than two mixes", key="--difference", expected="mixes to compare")
    keys = ["shocks", "at", "row", "seed"]
    first = runs[runs["mix"] == mixes[0]]
    found = []
    for mix in mixes[1:]:
        both = runs[runs["mix"] == mix].merge(first, on=keys, suffixes=("", " of the first"))
        for name in outcomes:
            both[name] -= both[f"{name} of the first"]
        for name in ("made", "ok"):
            both[name] &= both[f"{name} of the first"]
        found.append(both.assign(mix=f"{mix} − {mixes[0]}")[runs.columns])
    return pd.concat(found, ignore_index=True)


# --- Complete blocks ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """What is analysed of a stratum, before an outcome is chosen.

    Attributes
    ----------
    keys
        mix, shocks, at.
    runs
        The runs of blocks that are whole, with the number of their `block`.
    dropped
        How many blocks were left out.
    notes
        What was left out and why, as sentences.
    """

    keys: dict[str, str]
    runs: pd.DataFrame
    dropped: int
    notes: tuple[str, ...] = field(default=())


def strata(runs: pd.DataFrame, scheme: Scheme) -> Iterator[Kept]:
    """The strata, each with its whole blocks. Raises ConfigError or RunFailedError if too much is missing."""
    for keys, part in runs.groupby(STRATUM, sort=False):
        kept = dict(zip(STRATUM, keys, strict=True))
        yield _whole(kept, part.assign(block=part["row"] // scheme.block), scheme)


def _whole(keys: dict[str, str], runs: pd.DataFrame, scheme: Scheme) -> Kept:
    runs, notes = _finished(keys, runs, scheme)
    counts = runs.groupby("block")[["made", "ok"]].all()
    unmade, failed = int((~counts["made"]).sum()), int((counts["made"] & ~counts["ok"]).sum())
    where = called(keys)
    if failed > MOST_MISSING * len(counts):
        raise RunFailedError(
            f"{where}: failed runs leave {failed} of {len(counts)} {_noun(scheme, 2)} incomplete, more than "
            f"{MOST_MISSING:.0%}; what is left would be no fair sample (the errors are in the status of the runs)"
        )
    if unmade > MOST_MISSING * len(counts):
        raise _unfinished(f"{unmade} of {len(counts)} {_noun(scheme, 2)} lack runs", where)
    notes += _notes(failed, "because of failed runs", len(counts), scheme)
    notes += _notes(unmade, "because runs have not been made yet", len(counts), scheme)
    blocks = counts.index[counts["ok"]].to_numpy()
    return Kept(keys, runs[runs["block"].isin(blocks)], failed + unmade, tuple(notes))


def _finished(keys: dict[str, str], runs: pd.DataFrame, scheme: Scheme) -> tuple[pd.DataFrame, list[str]]:
    """Runs of the seeds that are finished or nearly, or of the points that have been visited."""
    made = int(runs["made"].sum())
    if scheme.crossed:
        lacking = 1.0 - runs.groupby("seed")["made"].mean()
        seeds = lacking.index[lacking <= MOST_MISSING]
        chosen, what = runs["seed"].isin(seeds), f"{len(lacking) - len(seeds)} of {len(lacking)} seeds"
    else:
        chosen = runs["made"]
        what = f"{runs.loc[~chosen, 'block'].nunique()} of {runs['block'].nunique()} points"
    if not chosen.any():
        raise _unfinished(f"{made} of {len(runs)} runs are made, no seed's are complete", called(keys))
    left = [] if chosen.all() else [f"the batch is not finished: {what} left out, as their runs are not made yet"]
    return runs[chosen], left


def _unfinished(problem: str, where: str) -> ConfigError:
    return ConfigError(f"the batch is not finished: {problem}", key=where, expected="`abm batch --resume` first")


def _notes(count: int, why: str, total: int, scheme: Scheme) -> list[str]:
    return [f"{count} of {total} {_noun(scheme, total)} left out {why}"] if count else []


def _noun(scheme: Scheme, count: int) -> str:
    noun = {"sobol": "base row", "morris": "trajectory"}.get(scheme.method, "point")
    return noun if count == 1 else noun.replace("trajectory", "trajectorie") + "s"


def called(keys: dict[str, str]) -> str:
    """A stratum in words."""
    parts = [keys["mix"] and f"mix {keys['mix']}", keys["shocks"] and f"shocks {keys['shocks']}", keys["at"]]
    return ", ".join(part for part in parts if part) or "all runs"


# --- Outcomes -------------------------------------------------------------------------------------


def observed(kept: Kept, outcome: str, scheme: Scheme) -> tuple[Observed | None, Numbers, list[str]]:
    """An outcome on its whole blocks, their numbers, and notes; None if the outcome lacks too many values.

    A run that succeeded may still have no value (the share of what did not occur).
    """
    runs, notes = kept.runs, []
    whole = runs.groupby("block")[outcome].agg(lambda values: values.notna().all())
    blocks = whole.index[whole].to_numpy()
    lost = len(whole) - len(blocks)
    if lost > MOST_MISSING * len(whole):
        return None, blocks, [f"no analysis: it has no value in runs of {lost} of {len(whole)} {_noun(scheme, 2)}"]
    notes += _notes(lost, "as the outcome has no value there", len(whole), scheme)
    runs = runs[runs["block"].isin(blocks)]
    slots = runs["seed"] if scheme.crossed else runs.groupby("row").cumcount()
    wide = runs.assign(slot=slots).pivot(index="row", columns="slot", values=outcome).sort_index()
    values = wide.to_numpy(dtype=float).reshape(len(blocks), scheme.block, wide.shape[1])
    return Observed(values, scheme.crossed), blocks, notes


def places_of(scheme: Scheme, blocks: Numbers) -> Floats:
    """Places (blocks, rows of a block, factors) of these blocks."""
    shape = (-1, scheme.block, len(scheme.sample.factors))
    return np.asarray(scheme.places.reshape(shape)[blocks])
