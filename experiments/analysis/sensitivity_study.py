"""The sensitivity analysis of a batch: every outcome in every stratum, as tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis import sensitivity_data as data
from experiments.analysis.sensitivity import (
    Floats,
    Observed,
    delta_indices,
    morris_indices,
    seeds_share,
    separable,
    sobol_indices,
)
from experiments.batch.results import Results

_ONE_POINT = 0.5
_MOSTLY_ONE_VALUE = 0.35  # as SALib warns: delta compares densities, and a class of one value has none


@dataclass(frozen=True)
class Study:
    """What a batch says about its factors.

    Attributes
    ----------
    method
        "sobol", "morris" or "delta".
    indices
        One row per mix, shocks, at (where crossed samples stand), outcome, index, factor (and `with`, the other factor
        of a second-order index): estimate, low, high, dummy, threshold, verdict.
    strata
        One row per mix, shocks, at, outcome: points, blocks, dropped, seeds, mean, seeds_share with seeds_low and
        seeds_high, notes (sentences).
    """

    method: str
    indices: pd.DataFrame
    strata: pd.DataFrame


def study(
    results: Results, outcomes: Sequence[str], difference: bool = False, resamples: int = 0, progress: bool = False
) -> Study:
    """The indices of outcomes (of their differences to the first mix), with what had to be left out.

    `resamples` of the bootstrap: 200, or 100 for delta, if it is 0. Raises ConfigError if the design has nothing to
    analyse or is not finished, RunFailedError if failed runs left too little.
    """
    scheme = data.scheme_of(results.design)
    runs = data.runs_of(results, outcomes)
    if difference:
        runs = data.differences(runs, results.design.mixes, outcomes)
    strata = list(data.strata(runs, scheme))
    found = []
    for kept, outcome in _bar([(kept, outcome) for kept in strata for outcome in outcomes], progress):
        found.append(_of_outcome(kept, outcome, scheme, resamples))
    indices = [table for table, _ in found if table is not None]
    empty = pd.DataFrame(columns=[*data.STRATUM, "outcome", "index", "factor", "with", *_NUMBERS, "verdict"])
    return Study(
        scheme.method,
        pd.concat(indices, ignore_index=True) if indices else empty,
        pd.DataFrame([about for _, about in found]),
    )


_NUMBERS = ("estimate", "low", "high", "dummy", "threshold")


def _bar(pairs: list[Any], progress: bool) -> Iterator[Any]:
    from tqdm import tqdm

    off = None if progress else True
    yield from tqdm(pairs, unit=" outcomes", delay=2, file=sys.stderr, smoothing=0, leave=False, disable=off)


def _of_outcome(
    kept: data.Kept, outcome: str, scheme: data.Scheme, resamples: int
) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Indices of one outcome in one stratum, None if it has none, and the row about it."""
    seen, blocks, notes = data.observed(kept, outcome, scheme)
    about: dict[str, Any] = {
        **kept.keys,
        "outcome": outcome,
        "points": len(blocks) * scheme.block,
        "blocks": len(blocks),
        "dropped": kept.dropped + kept.runs["block"].nunique() - len(blocks),
        **dict.fromkeys(("mean", "seeds_share", "seeds_low", "seeds_high"), float("nan")),
    }
    notes = [*kept.notes, *notes]
    if seen is None:
        return None, about | {"seeds": 0, "notes": notes}
    about |= {"seeds": seen.seeds, "mean": float(np.nanmean(seen.values))}
    if seen.constant:
        return None, about | {"notes": [*notes, "no analysis: it is the same in all runs, no factor moves it"]}
    rng = np.random.default_rng(1)
    share = seeds_share(seen, _independent(scheme), resamples or 200, rng)
    about |= dict(zip(("seeds_share", "seeds_low", "seeds_high"), share, strict=True))
    table = _indices(seen, blocks, scheme, resamples, rng)
    for place, (name, value) in enumerate([*kept.keys.items(), ("outcome", outcome)]):
        table.insert(place, name, value)
    return table, about | {"notes": [*notes, *_cautions(seen, scheme)]}


def _independent(scheme: data.Scheme) -> list[int]:
    """Rows of a block that are spread over the whole space: of Saltelli's scheme A and B, else all."""
    return [0, scheme.block - 1] if scheme.method == "sobol" else list(range(scheme.block))


def _indices(
    seen: Observed, blocks: data.Numbers, scheme: data.Scheme, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    names = scheme.sample.names
    if scheme.method == "sobol":
        return sobol_indices(seen, names, scheme.sample.second_order, resamples or 200, rng)
    places = data.places_of(scheme, blocks)
    if scheme.method == "morris":
        return morris_indices(seen, places, names, resamples or 200, rng)
    return delta_indices(seen, places[:, 0], names, resamples or 100, rng)


def _cautions(seen: Observed, scheme: data.Scheme) -> list[str]:
    """What a reader must know about these indices, as sentences."""
    cautions = []
    if not separable(seen):
        cautions.append(_ONE_SEED if scheme.crossed else _SEED_OF_ITS_OWN)
    if scheme.luck:
        cautions.append(f"what goes along the seeds counts as their luck: {', '.join(scheme.luck)}")
    choices = [factor.name for factor in scheme.sample.factors if factor.kind == "choice"]
    if scheme.method == "morris" and choices:
        cautions.append(f"steps of {', '.join(choices)} go between levels in the order in which they are listed")
    if scheme.method == "delta" and seen.blocks < 200:
        cautions.append(f"{seen.blocks} points are few for delta: weak influences do not show")
    cautions += _outlier(seen.means())
    values, counts = np.unique(seen.means(), return_counts=True)
    if counts.max() > _MOSTLY_ONE_VALUE * seen.means().size:
        share = counts.max() / seen.means().size
        cautions.append(f"{share:.0%} of the points give {values[counts.argmax()]:g}: the indices are about the others")
    return cautions


def _outlier(means: Floats) -> list[str]:
    """A word if one point is so far out that all indices are about it."""
    apart = (means - np.median(means)) ** 2
    if apart.max() < _ONE_POINT * apart.sum():
        return []
    value, share = means.flat[apart.argmax()], apart.max() / apart.sum()
    where = f"one point, at {value:.4g} where the median is {np.median(means):.4g}"
    return [f"{where}, makes {share:.0%} of all variation: the indices are about that point"]


_ONE_SEED = (
    "one seed: luck cannot be told from the factors, and 'influential' means on this seed; run the design on more seeds"
)
_SEED_OF_ITS_OWN = (
    "every point has a seed of its own: luck cannot be told from the factors on its own, it lowers all indices; "
    "the threshold is that of a shuffled dummy factor"
)
