"""The front of a search on fresh seeds: what is left of each mix's advantage, and which mixes are dominated after all.

The mixes of a front were chosen out of many because they did well on the seeds of the search; part of that is luck
(R. H. Thaler, The winner's curse, Journal of Economic Perspectives 2, 1988). Only runs on other seeds tell how good
they are. Values are paired: differences are taken seed by seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.search import Generation, dominates, front_of, hypervolumes
from experiments.analysis.search_problem import Measure, Search
from experiments.analysis.search_runs import OK, Candidate, objectives_of, stems
from experiments.compare import interval

FRONT, REFERENCE = "front", "reference"


def chosen(search: Search, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The front among all candidates with values that keep all limits, the best in the first objective first."""
    possible = [one for one in candidates if one.status == OK and keeps(search, one.values)]
    objectives = objectives_of(search, possible)
    places = np.array([one.places for one in possible]).reshape(len(possible), len(search.variables))
    rows = front_of(objectives, places, search.front)
    return [possible[row] for row in sorted(rows, key=lambda row: tuple(objectives[row]))]


def keeps(search: Search, values: Mapping[str, float]) -> bool:
    """Whether values keep all limits."""
    return all(limit.excess(np.array(values[limit.measure.name])) <= 0.0 for limit in search.constraints)


def front_name(place: int) -> str:
    """Name of a mix of the front, counted from 0."""
    return f"front_{place + 1:02d}"


def front_table(
    search: Search, front: Sequence[Candidate], base: Candidate, values: pd.DataFrame, failures: Mapping[str, str]
) -> pd.DataFrame:
    """One row per mix of the front, then per reference, the base first, which must have values.

    `search` has its limits as declared, `values` are measures on fresh seeds, by mix and seed; `base` is the candidate
    that uses no lever. Columns: name, kind, candidate, generation, status ("ok", or why it has no values on fresh
    seeds), kept (whether the limits are), dominated_by (names of rows that are better on the mean), surely_dominated
    (one of them is no worse in any objective by the whole 95 % interval), then for each measure its value in the
    search, on fresh seeds with its interval, and the difference from the base in both, and for each lever its share
    of the range.
    """
    mixes: list[tuple[str, str, Candidate | None, str]]
    mixes = [(front_name(place), FRONT, one, one.name) for place, one in enumerate(front)]
    for place, name in enumerate(dict.fromkeys((search.base, *search.references))):
        mixes.append((name, REFERENCE, None if place else base, stems([name])[0]))
    own = {name: values.loc[mix] for name, _, _, mix in mixes if mix not in failures}
    fresh = search.from_(own[search.base].mean())
    rows = []
    for name, kind, candidate, mix in mixes:
        row: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "candidate": "" if candidate is None else candidate.name,
            "generation": 0 if candidate is None else candidate.generation,
            "status": failures.get(mix, OK),
            **_dominance(fresh, name, own),
        }
        for measure in search.measures:
            row |= _values(measure, candidate, base, own.get(name), own.get(search.base))
        places = () if candidate is None else candidate.places
        rows.append(row | dict(zip(search.variables, places, strict=False)))
    return pd.DataFrame(rows)


def _values(
    measure: Measure,
    candidate: Candidate | None,
    base: Candidate,
    own: pd.DataFrame | None,
    others: pd.DataFrame | None,
) -> dict[str, float]:
    """A measure of a mix in the search and on fresh seeds, and its difference from the base."""
    name, nan = measure.name, float("nan")
    searched = nan if candidate is None else candidate.values.get(name, nan)
    fresh = (nan, nan, nan) if own is None else interval(own[name].to_numpy())
    paired = own is not None and others is not None
    difference = interval((own[name] - others[name]).to_numpy()) if paired else (nan, nan, nan)  # type: ignore[index]
    ends = ("", "_low", "_high")
    return {
        f"{name}_search": searched,
        **{name + end: value for end, value in zip(ends, fresh, strict=True)},
        f"{name}_difference_search": searched - base.values.get(name, nan),
        **{f"{name}_difference{end}": value for end, value in zip(ends, difference, strict=True)},
    }


def _dominance(search: Search, name: str, own: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Whether a mix keeps its limits on fresh seeds, and which of the others that keep theirs dominate it."""
    if name not in own:
        return {"kept": False, "dominated_by": "", "surely_dominated": False}
    better = [
        other
        for other in own
        if keeps(search, own[other].mean()) and dominates(_minimised(search, own[other]), _minimised(search, own[name]))
    ]
    return {
        "kept": keeps(search, own[name].mean()),
        "dominated_by": " ".join(better),
        "surely_dominated": any(_surely(search, own[other], own[name]) for other in better),
    }


def _minimised(search: Search, values: pd.DataFrame) -> Any:
    return np.array([-goal.sense * values[goal.name].mean() for goal in search.objectives])


def _surely(search: Search, one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether one is no worse than another in any objective by the whole interval of the paired difference."""
    ends = (interval((-goal.sense * (one[goal.name] - other[goal.name])).to_numpy())[2] for goal in search.objectives)
    return all(end <= 0.0 for end in ends)


def generation_table(search: Search, done: Sequence[Generation], candidates: Sequence[Candidate]) -> pd.DataFrame:
    """One row per generation: candidates asked for, new ones, failed ones, infeasible ones, size of the front so far,
    hypervolume (a share, see `hypervolumes`), and the best value of each objective so far.
    """  # fmt: skip
    volumes = hypervolumes([one.evaluation.objectives[one.evaluation.feasible] for one in done])
    rows = []
    for generation, volume in zip(done, volumes, strict=True):
        so_far = [one for one in candidates if one.generation <= generation.number]
        new = [one for one in so_far if one.generation == generation.number]
        possible = [one for one in so_far if one.status == OK and keeps(search, one.values)]
        places = np.array([one.places for one in possible]).reshape(len(possible), len(search.variables))
        rows.append(
            {
                "generation": generation.number,
                "candidates": len(generation.places),
                "new": len(new),
                "failed": sum(one.status != OK for one in new),
                "over_limit": sum(one.status == OK and not keeps(search, one.values) for one in new),
                "front": len(front_of(objectives_of(search, possible), places, len(possible))),
                "hypervolume": volume,
                **{f"best_{goal.name}": best_of(goal, possible) for goal in search.objectives},
            }
        )
    return pd.DataFrame(rows)


def best_of(goal: Measure, candidates: Sequence[Candidate]) -> float:
    """The best value of an objective among candidates with values; NaN without any."""
    values = [goal.sense * one.values[goal.name] for one in candidates]
    return goal.sense * max(values) if values else float("nan")


def best_in(search: Search, table: pd.DataFrame) -> dict[str, list[Mapping[str, str]]]:
    """Titles of the objectives in which each mix of the front is best on fresh seeds."""
    found: dict[str, list[Mapping[str, str]]] = {}
    front = table[(table["kind"] == FRONT) & (table["status"] == OK)]
    for goal in search.objectives if len(front) else ():
        row = (goal.sense * front[goal.name]).idxmax()
        found.setdefault(str(front.loc[row, "name"]), []).append(goal.title)
    return found


def shrinkage(search: Search, table: pd.DataFrame) -> pd.DataFrame:
    """Mean gain of the front over the base in each objective, for better above zero: in the search, and on fresh seeds.

    Columns: objective, searched, fresh. Both are differences from the base on the same seeds, so that seeds on which
    all mixes do better do not count.
    """
    front = table[(table["kind"] == FRONT) & (table["status"] == OK)]
    rows = [
        {
            "objective": goal.name,
            "searched": goal.sense * front[f"{goal.name}_difference_search"].mean(),
            "fresh": goal.sense * front[f"{goal.name}_difference"].mean(),
        }
        for goal in search.objectives
    ]
    return pd.DataFrame(rows)
