"""Many-objective search: generations of candidates towards the front, whatever evaluates them, and what the front is.

The optimiser is NSGA-III (K. Deb and H. Jain, IEEE Transactions on Evolutionary Computation 18, 2014) of pymoo
(J. Blank and K. Deb, IEEE Access 8, 2020): with four objectives most candidates of a small population dominate none
another, and reference directions keep them spread where crowding no longer tells them apart. The directions are spread
by Riesz energy, so that a population may have any size. Objectives are minimised throughout this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NO_VALUE = 1e3  # excess of a candidate without values: it is worse than any that misses a limit
MARGIN = 0.1  # by which the point up to which hypervolume counts lies beyond the front's worst, as a share of its range


@dataclass(frozen=True)
class Evaluation:
    """Objectives (candidates, objectives), NaN without values; excess over limits (candidates, limits)."""

    objectives: Array
    excess: Array

    @property
    def valued(self) -> NDArray[np.bool_]:
        """Which candidates have values."""
        return np.asarray(~np.isnan(self.objectives).any(axis=1))

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Which candidates have values and keep all limits."""
        return self.valued & (self.excess <= 0.0).all(axis=1)


@dataclass(frozen=True)
class Generation:
    """The candidates of a generation, counted from 1: their places (candidates, variables) from 0 to 1, and values."""

    number: int
    places: Array
    evaluation: Evaluation


def generations(
    evaluate: Callable[[Array], Evaluation],
    first: Array,
    objectives: int,
    number: int,
    seed: int,
    snap: Callable[[Array], Array] = lambda places: places,
    limits: int = 0,
) -> Iterator[Generation]:
    """Evaluate generation after generation, each as large as the first (candidates, variables).

    `snap` moves places onto those that are distinguished. Everything follows from `seed` and what `evaluate` returns:
    the same values lead to the same candidates, so that a search is taken up again by returning values that are known.
    """
    from pymoo.core.evaluator import Evaluator
    from pymoo.problems.static import StaticProblem

    problem = _problem(first.shape[1], objectives, limits)
    algorithm = _algorithm(problem, first, number, seed, snap)
    while algorithm.has_next():
        asked = algorithm.ask()
        if not len(asked):  # there are no others than those it has
            return
        places = np.asarray(asked.get("X"), dtype=np.float64)
        evaluation = evaluate(places)
        known = StaticProblem(problem, F=_filled(evaluation), G=_excess(evaluation))
        Evaluator().eval(known, asked)
        algorithm.tell(infills=asked)
        yield Generation(algorithm.n_iter - 1, places, evaluation)


def _problem(variables: int, objectives: int, limits: int) -> Any:
    from pymoo.core.problem import Problem

    return Problem(n_var=variables, n_obj=objectives, n_ieq_constr=limits + 1, xl=0.0, xu=1.0)


def _algorithm(problem: Any, first: Array, number: int, seed: int, snap: Callable[[Array], Array]) -> Any:
    from pymoo.algorithms.moo.nsga3 import NSGA3
    from pymoo.core.repair import Repair
    from pymoo.util.ref_dirs import get_reference_directions

    class Snap(Repair):
        def _do(self, problem: Any, places: Array, **_: Any) -> Array:
            return snap(places)

    directions = get_reference_directions("energy", problem.n_obj, len(first), seed=seed)
    algorithm = NSGA3(ref_dirs=directions, pop_size=len(first), sampling=snap(first), repair=Snap())
    algorithm.setup(problem, termination=("n_gen", number), seed=seed, verbose=False)
    return algorithm


def _filled(evaluation: Evaluation) -> Array:
    """Objectives with a number where there is none; the excess of such a candidate keeps it out of every comparison."""
    return np.where(evaluation.valued[:, None], evaluation.objectives, 0.0)


def _excess(evaluation: Evaluation) -> Array:
    """Excess over limits, and one more limit that candidates without values miss."""
    without = np.where(evaluation.valued, 0.0, NO_VALUE)[:, None]
    return np.hstack([np.where(evaluation.valued[:, None], evaluation.excess, 0.0), without])


def first_places(candidates: int, levers: int, others: int, seed: int) -> Array:
    """Places (candidates, levers + others) to begin with: nothing used; then each lever used in half of the cases.

    A Latin hypercube alone would hold hardly a candidate without some lever: mixes of a few instruments, which are
    cheap and easily explained, would have to be found by chance.
    """
    from scipy.stats import qmc

    draws = np.random.default_rng(seed)
    places = np.asarray(qmc.LatinHypercube(levers + others, rng=draws).random(candidates))
    places[:, :levers][draws.random((candidates, levers)) < 0.5] = 0.0
    places[0] = 0.0
    return places


# --- The front ------------------------------------------------------------------------------------


def front_of(objectives: Array, places: Array, most: int) -> list[int]:
    """Rows of at most `most` candidates that no other dominates, spread over the front, those at its ends included.

    Of candidates with the same values the one that does least is kept: what adds nothing should not be used.
    """
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    order = np.argsort(places.sum(axis=1), kind="stable")
    _, firsts = np.unique(objectives[order], axis=0, return_index=True)
    rows = np.sort(order[firsts])
    if not len(rows):
        return []
    best = NonDominatedSorting().do(objectives[rows], only_non_dominated_front=True)
    return _spread(objectives, [int(row) for row in np.sort(rows[best])], most)


def _spread(objectives: Array, rows: list[int], most: int) -> list[int]:
    """At most so many rows: the best in each objective, then again and again the one farthest from those chosen.

    Distances are in the ranges of the rows (T. F. Gonzalez, Theoretical Computer Science 38, 1985).
    """
    if len(rows) <= most:
        return rows
    from scipy.spatial.distance import cdist

    values = objectives[rows]
    reach = np.ptp(values, axis=0)
    values = (values - values.min(axis=0)) / np.where(reach > 0.0, reach, 1.0)
    picked = list(dict.fromkeys(int(place) for place in values.argmin(axis=0)))[:most]
    while len(picked) < most:
        picked.append(int(cdist(values, values[picked]).min(axis=1).argmax()))
    return sorted(rows[place] for place in picked)


def hypervolumes(objectives: Sequence[Array]) -> list[float]:
    """Share of the space up to the final front's worst values that the candidates up to each generation dominate.

    `objectives` are those of the feasible candidates of each generation (candidates, objectives). Space is measured
    in the ranges of the final front and reaches a tenth beyond them (E. Zitzler and L. Thiele, IEEE Transactions on
    Evolutionary Computation 3, 1999); it rises from generation to generation, and the search has settled where it
    no longer does.
    """
    from pymoo.indicators.hv import HV
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    def best(values: Array) -> Array:
        return values[NonDominatedSorting().do(values, only_non_dominated_front=True)] if len(values) else values

    final = best(np.vstack(objectives))
    if not len(final):
        return [float("nan")] * len(objectives)
    low, reach = final.min(axis=0), np.ptp(final, axis=0)
    reach = np.where(reach > 0.0, reach, 1.0)
    volume = HV(ref_point=np.full(final.shape[1], 1.0 + MARGIN))
    found = []
    so_far = final[:0]
    for values in objectives:
        so_far = best(np.vstack([so_far, values]))
        found.append(float(volume((so_far - low) / reach)) / (1.0 + MARGIN) ** final.shape[1])
    return found


def dominates(one: Array, other: Array) -> bool:
    """Whether objectives (objectives,) are nowhere worse and somewhere better than others."""
    return bool((one <= other).all() and (one < other).any())
