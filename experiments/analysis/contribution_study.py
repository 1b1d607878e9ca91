"""A study of contributions: which sub-mixes are run on which seeds, and what their runs say, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from abm.indicators import registry
from abm.model import CircularTransition
from abm.parameters import parse_override, unknown
from experiments.analysis.contribution import Estimates, Plan, estimate, interval_of, name_interactions
from experiments.analysis.submixes import SubMixes
from experiments.batch.results import OK, Results
from experiments.designs import Design
from experiments.outcomes import WAYS, outcome_table, title_of_outcome, unit_of_outcome
from experiments.runs import Selection, load
from experiments.wording import indicator_of

TABLES = ("contribution.csv", "interactions.csv", "contribution_by_seed.csv", "left_out.csv")


@dataclass(frozen=True)
class Study:
    """A question of contribution: the sub-mixes, which of them are run on which seeds, in which world."""

    submixes: SubMixes
    plan: Plan
    outcomes: tuple[str, ...]
    selection: Selection

    def designs(self, folder: Path) -> Iterator[tuple[Design, Path]]:
        """Batches, with the folder of each: one if every seed has the same coalitions, else one per seed."""
        mixes = folder / "mixes"
        if not self.plan.orders:
            yield self._design(self.plan.seeds, mixes), folder / "batch" / "all"
            return
        for seed in self.plan.seeds:
            yield self._design((seed,), mixes), folder / "batch" / f"seed-{seed}"

    def _design(self, seeds: tuple[int, ...], mixes: Path) -> Design:
        base, mix = self.submixes.names
        title = {"en": f"Contributions to {mix} over {base}", "nl": f"Bijdragen aan {mix} boven {base}"}
        files = [str(mixes / f"{self.submixes.stem(coalition)}.toml") for coalition in self.plan.coalitions(seeds[0])]
        fixed = tuple(map(parse_override, self.selection.assignments))
        return Design(
            "contribution", title, title, self.selection.setting, self.selection.households, self.selection.months,
            tuple(files), (str(self.selection.shocks),), seeds, fixed=fixed,
            series=tuple(dict.fromkeys(name.partition("[")[0].partition(":")[0] for name in self.outcomes)),
        )  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """What the folder of a study keeps, to know its own: more seeds or orders only add to it."""
        members = {player.name: ["@".join(key) for key in player.keys] for player in self.submixes.players}
        selection = {key: value for key, value in asdict(self.selection).items() if value is not None and key != "mix"}
        base, mix = self.submixes.names
        return {"base": base, "mix": mix, "players": members, **selection}


def table_of_runs(study: Study, results: Results) -> pd.DataFrame:
    """One row per finished run of a batch: coalition, seed, status, and the outcomes (NaN if it failed)."""
    runs = results.runs[["run_id", "mix", "seed", "status"]]
    outcomes = outcome_table(results, study.outcomes)[["run_id", *study.outcomes]]
    table = runs.merge(outcomes, on="run_id", how="left")
    table["coalition"] = [study.submixes.coalition(str(mix)) for mix in table["mix"]]
    return table[["coalition", "seed", "status", *study.outcomes]]


def estimates_of(study: Study, runs: pd.DataFrame, partial: bool = False) -> dict[str, Estimates]:
    """Estimates of each outcome from runs, as `table_of_runs` gives them."""
    done = runs[runs["status"] == OK]
    keys = list(zip(done["seed"].astype(int), done["coalition"].astype(int), strict=True))
    return {
        outcome: estimate(study.plan, dict(zip(keys, done[outcome].astype(float), strict=True)), partial)
        for outcome in study.outcomes
    }


# --- Tables ---------------------------------------------------------------------------------------


def tables_of(study: Study, found: Mapping[str, Estimates]) -> dict[str, pd.DataFrame]:
    """The tables of all outcomes by the names of their files."""
    titles = {player.name: player.title["en"] for player in study.submixes.players}
    directions = {outcome: direction_of(outcome) for outcome in found}
    contributions, interactions = [], []
    for outcome, estimates in found.items():
        table = estimates.table(directions[outcome])
        table.insert(1, "player_title", table["player"].map(titles))
        contributions.append(_with_words(table, outcome, estimates).assign(**_whole(estimates)))
        pairs = estimates.pair_table()
        interactions.append(_with_words(pairs, outcome, estimates))
    return dict(zip(TABLES, (
        pd.concat(contributions, ignore_index=True),
        name_interactions(pd.concat(interactions, ignore_index=True), directions),
        _by_seed(found),
        _left_out(found),
    ), strict=True))  # fmt: skip


def _with_words(table: pd.DataFrame, outcome: str, estimates: Estimates) -> pd.DataFrame:
    words = {
        "outcome": outcome, "outcome_title": title_of_outcome(outcome), "unit": unit_of_outcome(outcome) or "1",
        "direction": direction_of(outcome), "seeds": len(estimates.seeds),
    }  # fmt: skip
    for place, (name, value) in enumerate(words.items()):
        table.insert(place, name, value)
    return table


def _whole(estimates: Estimates) -> dict[str, float]:
    """Base, mix and total effect with its interval, on every row."""
    total, low, high = interval_of(estimates.total)
    base, mix = interval_of(estimates.base)[0], interval_of(estimates.mix)[0]
    return {"base": base, "mix": mix, "total": total, "total_low": low, "total_high": high}


def _by_seed(found: Mapping[str, Estimates]) -> pd.DataFrame:
    """Every contribution on every seed: a seed that goes its own way is not seen in an interval."""
    rows = [
        {"outcome": outcome, "player": player, "seed": seed, "contribution": value}
        for outcome, estimates in found.items()
        for player, values in zip(estimates.players, estimates.contributions, strict=True)
        for seed, value in zip(estimates.seeds, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["outcome", "player", "seed", "contribution"])


def _left_out(found: Mapping[str, Estimates]) -> pd.DataFrame:
    rows = [
        {"outcome": outcome, "seed": seed, "reason": reason}
        for outcome, estimates in found.items()
        for seed, reason in estimates.left_out.items()
    ]
    return pd.DataFrame(rows, columns=["outcome", "seed", "reason"])


# --- Outcomes -------------------------------------------------------------------------------------


def check_outcomes(outcomes: Sequence[str], selection: Selection) -> None:
    """A wrong name is to be found before hours of runs, not after."""
    columns = [column["name"] for column in CircularTransition.from_scenario(load(selection), 1).recorder.columns]
    for outcome in outcomes:
        column, colon, way = outcome.rpartition(":") if ":" in outcome else (outcome, "", "")
        headline = [name for name in columns if registry()[name.partition("[")[0]].headline]
        if column not in (columns if colon else headline):
            raise unknown("outcome", column, columns if colon else headline, key="--outcome")
        if colon and way not in WAYS:
            raise unknown("way of summing up", way, WAYS, key=f"--outcome {outcome}")


def direction_of(outcome: str) -> int:
    """Whether more of it is better (1), worse (−1) or neither (0)."""
    return int(indicator_of(outcome.partition(":")[0]).direction)
