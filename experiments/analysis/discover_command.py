"""What `abm discover` does: where in the space of what a batch varied does the mix fail?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.parameters import ConfigError
from experiments.analysis.cases import Cases, cases, mixes_of, place
from experiments.analysis.criteria import GRAMMAR, Criterion, read_criterion
from experiments.analysis.discovery import (
    DENSITY,
    HALVES,
    MASS,
    Box,
    Found,
    Limit,
    Trial,
    feature_scores,
    finder,
    tried,
    usual_threshold,
)
from experiments.analysis.resampling import Share
from experiments.batch import Results, open_results
from experiments.output import prepared
from experiments.wording import number

SUMMARY = "where does a mix fail: boxes of circumstances by PRIM and CART, and scores of the factors"
METHODS = ("prim", "cart", "both")
AGAINST_FIRST = "difference recyclers_earning_cost_of_capital <= 0"
BY_ITSELF = "recyclers_earning_cost_of_capital < 0.5"
_FEWEST = 20  # runs; with fewer a box of MASS would hold less than one


def declare(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of a batch")
    parser.add_argument(
        "--fails",
        metavar="CRITERION",
        help=f"when a run fails: {GRAMMAR}; without it '{AGAINST_FIRST}' if the batch has several mixes, "
        f"else '{BY_ITSELF}'",
    )
    parser.add_argument("--mix", metavar="NAME", help="the runs of this mix only (all mixes together)")
    parser.add_argument("--against", metavar="NAME", help="the mix that differences are taken to (the first)")
    parser.add_argument("--method", choices=METHODS, default="both", help="how boxes are found (both)")
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="DENSITY",
        help=f"least share of the runs in a box that fail ({DENSITY:g}, or half-way from the share of all runs to 1)",
    )
    parser.add_argument("--mass", type=float, default=MASS, help=f"least share of the runs in a box ({MASS:g})")
    parser.add_argument("--boxes", type=int, default=1, metavar="N", help="most boxes that PRIM looks for (1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where tables and figures go (DIR/analysis)")


def work(options: argparse.Namespace) -> Iterator[str]:
    """Find boxes and scores, write tables and figure; lines for the terminal. Raises ConfigError."""
    _check(options)
    results = open_results(options.folder)
    criterion = read_criterion(options.fails or usual_criterion(results, options.mix), results.outcomes)
    told = cases(results, criterion, options.mix, options.against)
    if len(told.x) < _FEWEST:
        raise ConfigError(f"{len(told.x)} runs are too few", file=str(options.folder), expected=f"at least {_FEWEST}")
    study = discover(told, options.method, options.threshold, options.mass, options.boxes, bar=True)
    yield from _opening(study, criterion, options)
    for found in study.found:
        yield from _method_lines(study, found)
    yield from _score_lines(study)
    out = options.out or options.folder / "analysis"
    with prepared(out, force=True) as folder:
        if folder is not None:
            write(study, criterion, options.mix, folder)
    yield f"Tables and figure are in {out}"


def usual_criterion(results: Results, mix: str | None = None) -> str:
    """When a mix fails, if nobody says.

    Circular business is viable if it earns its cost of capital: firms that survive on owners who forgo their return
    do not invest again. With several mixes on the same worlds, a mix fails where no larger share of recyclers earns
    it than under the first mix; a mix alone fails where most recyclers do not.
    """
    mixes = mixes_of(results)
    chosen = "mix" in {factor.name for factor in results.design.factors}  # a mix of its own at each point has no pair
    return AGAINST_FIRST if len(mixes) > 1 and not chosen and mix != mixes[0] else BY_ITSELF


def _check(options: argparse.Namespace) -> None:
    for name in ("threshold", "mass"):
        value = getattr(options, name)
        if value is not None and not 0.0 < value <= 1.0:
            raise ConfigError(f"{value:g} is no share", key=f"--{name}", expected="above 0, at most 1")
    if options.boxes < 1:
        raise ConfigError(f"{options.boxes} is no number of boxes", key="--boxes", expected="1 or more")


# --- The study ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Study:
    """Cases, what was found in them, how that held on unseen points (by method), and the scores of the factors."""

    cases: Cases
    threshold: float
    found: tuple[Found, ...]
    trials: dict[str, Trial]
    scores: pd.DataFrame


def discover(
    told: Cases,
    method: str = "both",
    threshold: float | None = None,
    mass: float = MASS,
    boxes: int = 1,
    seed: int = 1,
    bar: bool = False,
) -> Study:
    """Boxes by one method or both, tried on unseen points, and the scores of the factors; `bar` shows progress."""
    asked = usual_threshold(told.fails) if threshold is None else threshold
    data = told.x, told.fails, told.units
    found, trials = [], {}
    for name in ("prim", "cart") if method == "both" else (method,):
        find = finder(name, told.fails, asked, mass, boxes)
        found.append(find(*data))
        trials[name] = tried(find, *data, seed=seed, bar=bar, seeds=told.seeds)
    return Study(told, asked, tuple(found), trials, feature_scores(*data, seed=seed, bar=bar))


def box_table(study: Study) -> pd.DataFrame:
    """One row per method, box and factor that the box restricts.

    Columns: method, box (from 1), reached (whether the density asked for), coverage, density, mass of the box on the
    runs from which it was found; of all boxes of the method on unseen points the same with interval
    (`unseen_coverage`, `unseen_coverage_low`, …), base (share of all runs that fail); factor, unit, meaning, low,
    high (NaN where open), among (categories, joined by |), place_low and place_high in the factor's range,
    quasi_p_low and quasi_p_high (of categories in the first), found_again_low and _high (share of random halves).
    """
    rows = [
        {**_of_box(study, found, rank, box), **_of_factor(study, found, box, name)}
        for found in study.found
        for rank, box in enumerate(found.boxes, 1)
        for name in box.factors
    ]
    return pd.DataFrame(rows, columns=_BOX_COLUMNS)


def _of_box(study: Study, found: Found, rank: int, box: Box) -> dict[str, Any]:
    trial = study.trials[found.method]
    row = {"method": found.method, "box": rank, "reached": found.reached}
    row |= {"coverage": box.coverage, "density": box.density, "mass": box.mass}
    for name, value in (("coverage", trial.coverage), ("density", trial.density)):
        row |= dict(zip((f"unseen_{name}", f"unseen_{name}_low", f"unseen_{name}_high"), value, strict=True))
    return {**row, "base": trial.base}


def _of_factor(study: Study, found: Found, box: Box, name: str) -> dict[str, Any]:
    factor, again = study.cases.factors[name], study.trials[found.method].reproduced
    row: dict[str, Any] = {"factor": name, "unit": factor.unit, "meaning": factor.meaning, "among": ""}
    for limit in (limit for limit in box.limits if limit.factor == name):
        side = "low" if limit.side == "among" else limit.side
        row |= {f"quasi_p_{side}": limit.quasi_p, f"found_again_{side}": again.get((name, limit.side), 0.0)}
        if limit.side == "among":
            row["among"] = "|".join(limit.bound)
        else:
            row |= {side: limit.bound, f"place_{side}": place(factor, limit.bound)}
    return row


_SIDES = ("low", "high", "among", "place_low", "place_high", "quasi_p_low", "quasi_p_high")
_UNSEEN = tuple(f"unseen_{name}{end}" for name in ("coverage", "density") for end in ("", "_low", "_high"))
_BOX_COLUMNS = [
    *("method", "box", "reached", "coverage", "density", "mass", *_UNSEEN, "base", "factor", "unit", "meaning"),
    *(*_SIDES, "found_again_low", "found_again_high"),
]


def write(study: Study, criterion: Criterion, mix: str | None, folder: Path) -> None:
    """Write boxes, scores, the peeling trajectory where there is one, and the figure."""
    from experiments.analysis.discovery_figure import draw
    from experiments.figures import save

    told = {"fails": str(criterion), "mix": mix or "all"}
    box_table(study).assign(**told).to_csv(folder / "discovery_boxes.csv", index=False)
    study.scores.assign(**told).to_csv(folder / "discovery_scores.csv", index=False)
    for found in study.found:
        if not found.trajectory.empty:
            found.trajectory.rename_axis("step").to_csv(folder / "discovery_trajectory.csv")
    save(draw(study, criterion, mix), folder, "discovery")


# --- In words -------------------------------------------------------------------------------------


def _opening(study: Study, criterion: Criterion, options: argparse.Namespace) -> Iterator[str]:
    told = study.cases
    yield f"Fails: {criterion}"
    yield f"  {criterion.words()}"
    if not options.fails:
        yield "  (the usual criterion; --fails sets another)"
    units = int(told.units.max()) + 1
    yield (
        f"{len(told.x)} runs{f' of {options.mix}' if options.mix else ''} at {units} {told.unit}s, "
        f"{int(told.fails.sum())} of them fail ({told.fails.mean():.0%})"
    )
    if told.alone:
        yield "  one seed only: intervals leave out the luck of seeds"
    elif told.seeds is not None:
        yield f"  all points share {int(told.seeds.max()) + 1} seeds: intervals of what is unseen hold their luck too"
    for reason, count in told.left_out.items():
        if count:
            yield f"  left out: {count} {reason}"


def _method_lines(study: Study, found: Found) -> Iterator[str]:
    trial = study.trials[found.method]
    yield ""
    if not found.boxes:
        yield f"{found.method.upper()} finds no box whose limits chance does not explain"
        return
    if not found.reached:
        yield f"{found.method.upper()}: no box in which {study.threshold:.0%} of the runs fail; the densest is"
    for rank, box in enumerate(found.boxes, 1):
        yield f"{found.method.upper()}, box {rank}: {_numbers(box)}"
        for name in box.factors:
            yield f"  {limits_in_words(study.cases, box, name)}{_evidence(box, name, trial)}"
    yield from _unseen(trial, len(found.boxes), study.cases.unit)


def _numbers(box: Box) -> str:
    return (
        f"{box.coverage:.0%} of the failing runs (coverage); {box.density:.0%} of its runs fail (density); "
        f"{box.mass:.0%} of all runs"
    )


def _unseen(trial: Trial, boxes: int, unit: str) -> Iterator[str]:
    whose = "the box" if boxes == 1 else "the boxes together"
    yield (
        f"  Found without a fifth of the {unit}s and tried on that fifth, {whose}: "
        f"coverage {_with_ends(trial.coverage)}, density {_with_ends(trial.density)}"
    )
    if not trial.convincing:
        yield f"  Not told from chance: {trial.base:.0%} of all runs fail, within or above that interval of the density"


def _with_ends(value: Share) -> str:
    if np.isnan(value.value):
        return "undefined, since no unseen run fell into it"
    ends = "" if np.isnan(value.low) else f" ({value.low:.0%} to {value.high:.0%})"
    return f"{value.value:.0%}{ends}"


def limits_in_words(told: Cases, box: Box, name: str) -> str:
    """What a box asks of a factor: between what and what, unit, where in its range, meaning."""
    factor = told.factors[name]
    ends = {limit.side: limit.bound for limit in box.limits if limit.factor == name}
    meaning = f" - {factor.meaning}" if factor.meaning else ""
    if "among" in ends:
        return f"{name} is {' or '.join(ends['among'])}{meaning}"
    unit = f" {factor.unit}" if factor.unit not in ("", "1") else ""
    low, high = ends.get("low", factor.low), ends.get("high", factor.high)
    if len(ends) == 2:
        said = f"from {number(low)} to {number(high)}{unit}"
    else:
        said = f"at least {number(low)}{unit}" if "low" in ends else f"at most {number(high)}{unit}"
    where = f"{place(factor, low):.0%} to {place(factor, high):.0%} of the way from {number(factor.low)}"
    return f"{name} {said} ({where} to {number(factor.high)}){meaning}"


def _evidence(box: Box, name: str, trial: Trial) -> str:
    own = [limit for limit in box.limits if limit.factor == name]
    again = min(trial.reproduced.get((name, limit.side), 0.0) for limit in own)
    worst = max(limit.quasi_p for limit in own)
    return f"; quasi-p {worst:.2g}, found again in {round(again * HALVES)} of {HALVES} halves"


def _score_lines(study: Study) -> Iterator[str]:
    yield ""
    yield "What tells most about failing (score by extra trees, 95 % over resamples, score of a shuffled double)"
    width = max(map(len, study.scores["factor"]))
    for row in study.scores.itertuples():
        mark = "" if row.telling else "  not told from chance"
        reach = f"({row.low:.1%} to {row.high:.1%}; double {row.chance:.1%})"
        yield f"  {row.factor:{width}}  {row.score:6.1%}  {reach}{mark}"


def shown_factors(study: Study, count: int = 2) -> list[str]:
    """The most telling factors: those of the first box, the surest first, then by score."""
    boxes: Sequence[Box] = [box for found in study.found for box in found.boxes]
    ordered = [name for box in boxes for name in box.factors] + list(study.scores["factor"])
    return list(dict.fromkeys(ordered))[:count]


__all__ = ["SUMMARY", "Limit", "Study", "box_table", "declare", "discover", "shown_factors", "usual_criterion", "work"]
