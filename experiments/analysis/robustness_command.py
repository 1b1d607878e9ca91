"""What `abm robustness` does: which mix does well over all states of the world, and how sure is that?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from abm.parameters import ConfigError, unknown
from experiments.analysis.cases import mixes_of
from experiments.analysis.criteria import GRAMMAR, Criterion, read_criterion
from experiments.analysis.resampling import with_worlds
from experiments.analysis.robustness import BETTER, RESAMPLES, States, robustness, satisficing, state_keys, states
from experiments.batch import Results, open_results
from experiments.outcomes import outcome_table, title_of_outcome, unit_of_outcome
from experiments.output import prepared
from experiments.wording import indicator_of, number

SUMMARY = "which mix is robust: regret, satisficing, percentiles and worst case over all states of the world"
OUTCOMES = (
    "recyclers_earning_cost_of_capital",
    "circular_market_share",
    "import_dependence_overall",
    "greenhouse_gases",
    "public_cost_discounted",
)
"""Viability, how far the circular economy has come, security, emissions and what it costs."""
DIRECTIONS = {"up": 1, "down": -1}
SURE = 0.95


def declare(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of a batch")
    parser.add_argument(
        "--outcome",
        action="append",
        metavar="NAME",
        help=f"headline indicator, or COLUMN:WAY of the series; may be repeated ({', '.join(OUTCOMES)})",
    )
    parser.add_argument(
        "--satisfy",
        action="append",
        default=[],
        metavar="CRITERION",
        help=f"what a state must show to be satisfactory, may be repeated: {GRAMMAR}",
    )
    parser.add_argument(
        "--better",
        action="append",
        default=[],
        metavar="NAME=up|down",
        help="which way is better, for an outcome whose declaration does not say",
    )
    parser.add_argument("--resamples", type=int, default=RESAMPLES, help=f"for intervals and ranks ({RESAMPLES})")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where tables and figures go (DIR/analysis)")


def work(options: argparse.Namespace) -> Iterator[str]:
    """Measure robustness, write tables and figure; lines for the terminal. Raises ConfigError."""
    results = open_results(options.folder)
    chosen = tuple(dict.fromkeys(options.outcome or [name for name in OUTCOMES if name in results.outcomes]))
    criteria = [read_criterion(text, results.outcomes, "--satisfy") for text in options.satisfy]
    study = measure(results, chosen, criteria, given_directions(options.better, chosen), options.resamples)
    yield from _opening(results, study)
    for name in chosen:
        yield from _outcome_lines(study, name)
    yield from _satisficing_lines(study)
    out = options.out or options.folder / "analysis"
    with prepared(out, force=True) as folder:
        if folder is not None:
            write(study, folder)
    yield f"Tables and figure are in {out}"


def given_directions(written: Sequence[str], outcomes: Sequence[str]) -> dict[str, int]:
    """Directions by outcome from `NAME=up` or `NAME=down`. Raises ConfigError."""
    found = {}
    for text in written:
        name, _, way = text.rpartition("=")
        if way not in DIRECTIONS:
            raise ConfigError(f"'{text}' says no direction", key="--better", expected="NAME=up or NAME=down")
        if name not in outcomes:
            raise unknown("outcome", name, outcomes, key="--better")
        found[name] = DIRECTIONS[way]
    return found


# --- The study ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Study:
    """Outcomes in every state (by outcome), their directions, measures and shares of satisfactory states.

    `measures` has the columns of `robustness.robustness` with `outcome`, `title`, `unit`, `direction`, `states`,
    `failed` and `undefined` (states left out) in front; `satisficing` those of `robustness.satisficing`, and is empty
    without criteria.
    """

    states: dict[str, States]
    directions: dict[str, int]
    measures: pd.DataFrame
    satisficing: pd.DataFrame


def measure(
    results: Results,
    outcomes: Sequence[str],
    criteria: Sequence[Criterion] = (),
    directions: dict[str, int] | None = None,
    resamples: int = RESAMPLES,
) -> Study:
    """Robustness of the mixes of a batch by these outcomes and criteria.

    `directions` (1 up, -1 down) stand above those that indicators declare. Raises ConfigError for unknown outcomes,
    an outcome without a direction, fewer than two mixes, and mixes that share no state.
    """
    needed = dict.fromkeys([*outcomes, *(name for criterion in criteria for name in criterion.outcomes)])
    runs = runs_with(results, list(needed))
    mixes = mixes_of(results)
    if len(mixes) < 2:
        raise ConfigError(
            "robustness compares mixes", file=str(results.folder), expected="a batch of two mixes or more"
        )
    ways = {name: (directions or {}).get(name) or direction_of(name) for name in outcomes}
    runs = with_worlds(runs, results.design)
    keys = state_keys(any(sample.along == "seeds" for sample in results.design.samples), runs)
    found = {name: states(runs, name, keys, mixes) for name in outcomes}
    tables = [_measured(name, found[name], ways[name], resamples) for name in outcomes]
    met = satisficing(runs, criteria, keys, mixes) if criteria else pd.DataFrame()
    return Study(found, ways, pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(), met)


def runs_with(results: Results, outcomes: Sequence[str]) -> pd.DataFrame:
    """One row per run, failed ones too (outcomes NaN), with `mix`, `shocks`, `seed`, `point`, `status` and outcomes."""
    known = outcome_table(results, outcomes)[["run_id", *outcomes]]
    if known.empty:
        raise ConfigError("no run succeeded", file=str(results.folder))
    keys = results.runs[["run_id", "mix", "shocks", "seed", "point", "status"]]
    return keys.merge(known, on="run_id", how="left", validate="1:1")


def direction_of(outcome: str) -> int:
    """1 if more of an outcome is better, -1 if less. Raises ConfigError if its indicator does not say."""
    direction = indicator_of(outcome.rpartition(":")[0] or outcome).direction
    if not direction:
        raise ConfigError(
            "its declaration does not say which way is better", key=outcome, expected=f"--better {outcome}=up or =down"
        )
    return direction


def _measured(name: str, found: States, direction: int, resamples: int) -> pd.DataFrame:
    table = robustness(found, direction, resamples)
    front: dict[str, object] = {"outcome": name, "title": title_of_outcome(name), "unit": unit_of_outcome(name) or "1"}
    front |= {"direction": direction, "states": len(found.values)}
    front |= {"failed": found.failed, "undefined": found.undefined}
    return pd.concat([pd.DataFrame(front, index=table.index), table], axis=1)


def write(study: Study, folder: Path) -> None:
    """Write the measures, the shares of satisfactory states where there are criteria, and the figure."""
    from experiments.analysis.robustness_figure import draw
    from experiments.figures import save

    study.measures.to_csv(folder / "robustness.csv", index=False)
    if not study.satisficing.empty:
        study.satisficing.to_csv(folder / "satisficing.csv", index=False)
    save(draw(study), folder, "robustness")


# --- In words -------------------------------------------------------------------------------------


def _opening(results: Results, study: Study) -> Iterator[str]:
    failed = len(results.failed)
    for name, found in study.states.items():
        keys = " × ".join(str(key) for key in found.values.index.names)
        left = [f"{found.failed} with a failed or missing run"] if found.failed else []
        left += [f"{found.undefined} in which it is undefined"] if found.undefined else []
        out = f"; left out for all mixes: {', '.join(left)}" if left else ""
        yield f"{name}: {len(found.values)} states ({keys}){out}"
        if int(found.units.max()) == 0:
            yield "  one point only: no intervals; a batch with a sample or more seeds has them"
        elif results.runs["seed"].nunique() == 1:
            yield "  one seed only: intervals leave out the luck of seeds"
    if failed:
        yield f"{failed} of {len(results.runs)} runs failed"


_SHOWN = ("median", "worst", "regret_mean", "regret_p90", "regret_max", "best")
_HEADS = ("median (10 to 90 % of states)", "worst state", "mean regret", "90th pct of regret", "most regret", "best in")


def _outcome_lines(study: Study, name: str) -> Iterator[str]:
    own = study.measures[study.measures["outcome"] == name]
    unit = unit_of_outcome(name)
    way = "more is better" if study.directions[name] > 0 else "less is better"
    yield ""
    yield f"{title_of_outcome(name)}{f' ({unit})' if unit else ''}, {way}"
    mixes = list(study.states[name].values.columns)
    values = own.set_index(["mix", "measure"])
    rows = [["mix", *_HEADS], *([mix, *_cells(values.loc[mix])] for mix in mixes)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield from _ranked(own)


def _cells(own: pd.DataFrame) -> Iterator[str]:
    """The measures of a mix as they are printed; regret with its interval."""
    yield f"{number(own.at['median', 'value'])} ({number(own.at['p10', 'value'])} to {number(own.at['p90', 'value'])})"
    for measure_ in _SHOWN[1:-1]:
        row = own.loc[measure_]
        reach = f" ({number(row['low'])} to {number(row['high'])})" if np.isfinite(row["low"]) else ""
        yield f"{number(row['value'])}{reach}"
    yield f"{own.at['best', 'value']:.0%} of states"


def _ranked(own: pd.DataFrame) -> Iterator[str]:
    """Which mix comes first by each ranking measure, and whether resampling leaves that standing."""
    by_mix: dict[str, list[str]] = {}
    for measure_ in BETTER:
        rows = own[own["measure"] == measure_]
        if rows["first"].isna().all():
            return
        top = rows.loc[rows["first"].idxmax()]
        sure = "" if top["first"] >= SURE else ", undecided"
        by_mix.setdefault(str(top["mix"]), []).append(f"{measure_.replace('_', ' ')} ({top['first']:.0%}{sure})")
    for mix, said in by_mix.items():
        yield f"  first (in so many resamples): {mix} by {', '.join(said)}"


def _satisficing_lines(study: Study) -> Iterator[str]:
    if study.satisficing.empty:
        return
    yield ""
    yield f"Share of {study.satisficing['states'].iloc[0]} states that satisfy"
    width = max(map(len, study.satisficing["mix"]))
    for criterion, rows in study.satisficing.groupby("criterion", sort=False):
        yield f"  {'all of these' if criterion == 'all' else criterion}"
        for row in rows.itertuples():
            reach = f" ({row.low:.0%} to {row.high:.0%})" if np.isfinite(row.low) else ""
            yield f"    {row.mix:{width}}  {row.value:.0%}{reach}"
