"""`abm contribution`: what each instrument of a mix adds to its effect, and which instruments work with each other."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from abm.parameters import ConfigError
from experiments.analysis.contribution import FALSE_DISCOVERIES, MOST_EXACT, Estimates, Plan, check_orders
from experiments.analysis.contribution_study import (
    Study,
    check_outcomes,
    direction_of,
    estimates_of,
    table_of_runs,
    tables_of,
)
from experiments.analysis.submixes import BY, between, read_groups
from experiments.compare import DEFAULT_SHOCKS, RunFailedError
from experiments.designs import parse_seeds
from experiments.outcomes import WAYS, title_of_outcome, unit_of_outcome
from experiments.output import prepared, require_free
from experiments.runs import Selection, load
from experiments.wording import number

SUMMARY = "Work out what each instrument adds to the effect of a mix, and how instruments work together"
DEFAULT_OUTCOMES = (
    "recyclers_earning_cost_of_capital",
    "recyclers_active",
    "import_dependence_overall",
    "shortage_loss",
    "public_cost_discounted",
    "greenhouse_gases",
)
"""Viability, security of supply, public cost and emissions."""
FEW_SEEDS = 10
ORDERS = 2
"""An order and its reverse on each seed: where seeds differ more than orders, more seeds teach more than orders."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--mix", required=True, metavar="NAME", help="mix of policies (names joined by + compose)")
    parser.add_argument(
        "--base",
        default="business_as_usual",
        metavar="NAME",
        help="mix to compare with (default business_as_usual)",
    )
    parser.add_argument("--by", choices=BY, default="use", help="what counts as one (default: use by one government)")
    parser.add_argument(
        "--groups", action="append", default=[], metavar="NAME=ONE+OTHER",
        help="instruments (one or one@government) that count as one, or a TOML file of them (repeatable)",
    )  # fmt: skip
    parser.add_argument("--setting", default="default", metavar="NAME", help="setting (name or file)")
    parser.add_argument("--shocks", default=DEFAULT_SHOCKS, metavar="NAME", help=f"shocks (default {DEFAULT_SHOCKS})")
    parser.add_argument("--seeds", default="1-20", metavar="SEEDS", help="seeds (default 1-20)")
    parser.add_argument("--months", type=_count, metavar="N", help="months to run")
    parser.add_argument("--households", type=_count, metavar="N", help="sampled households")
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="assignments",
        help="another value for a parameter, such as firms.markup=0.3 (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--outcome", action="append", default=[], metavar="NAME", dest="outcomes",
        help=f"headline indicator, or COLUMN:WAY of {', '.join(WAYS)} (repeatable; default: "
        f"{', '.join(DEFAULT_OUTCOMES)})",
    )  # fmt: skip
    parser.add_argument(
        "--permutations", type=int, metavar="N",
        help=f"sample so many orders on each seed (default: all combinations up to {MOST_EXACT} players, "
        f"{ORDERS} orders beyond)",
    )  # fmt: skip
    parser.add_argument("--workers", type=_count, default=2, metavar="N", help="processes (default 2)")
    parser.add_argument("--dry-run", action="store_true", help="say who counts as one and how many runs it takes")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for sub-mixes, runs, tables and figure")
    parser.add_argument("--resume", action="store_true", help="go on with what that folder holds")
    parser.add_argument("--force", action="store_true", help="replace what is in that folder")


def _count(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > 18 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a whole number ≥ 1")
    return int(text)


# --- The command ----------------------------------------------------------------------------------


def work(options: argparse.Namespace) -> Iterator[str]:
    """Make the runs, work out contributions and interactions, write them; lines for the terminal.

    Raises ConfigError for bad input, and RunFailedError if no seed is left to judge by.
    """
    study = study_of(options)
    yield from _announce(study)
    if options.dry_run:
        return
    if options.out is None:
        raise ConfigError("missing", key="--out", expected="a folder for the runs and results")
    found = estimates_of(study, run(study, options.out.resolve(), options))
    tables = tables_of(study, found)
    if not any(estimates.seeds for estimates in found.values()):
        raise RunFailedError(f"no seed has all its runs: {_first_reason(found)}")
    write(study, found, tables, options.out)
    for outcome, estimates in found.items():
        yield from _told(study, outcome, estimates, tables)
    yield from _closing(study, found, tables)


def study_of(options: argparse.Namespace) -> Study:
    """The study that options ask for. Raises ConfigError."""
    selection = Selection(
        options.setting, options.mix, options.shocks, options.households, options.months, tuple(options.assignments)
    )
    submixes = between(load(selection.with_mix(options.base)), load(selection), options.by, read_groups(options.groups))
    orders = 0 if len(submixes.players) <= MOST_EXACT else ORDERS
    if options.permutations is not None:
        orders = check_orders(options.permutations)
    plan = Plan(tuple(player.name for player in submixes.players), parse_seeds(options.seeds), orders)
    outcomes = tuple(dict.fromkeys(options.outcomes)) or DEFAULT_OUTCOMES
    check_outcomes(outcomes, selection)
    return Study(submixes, plan, outcomes, selection)


def run(study: Study, folder: Path, options: argparse.Namespace) -> pd.DataFrame:
    """One row per run with coalition, seed, status and outcomes; runs that are there already are not made again."""
    from experiments.batch.driver import run_design

    _open(study, folder, options)
    coalitions = sorted({coalition for seed in study.plan.seeds for coalition in study.plan.coalitions(seed)})
    study.submixes.write(coalitions, folder / "mixes")
    tables = []
    for design, place in study.designs(folder):
        done = run_design(design, place, workers=options.workers, resume=options.resume)
        tables.append(table_of_runs(study, done))
    return pd.concat(tables, ignore_index=True)


def _open(study: Study, folder: Path, options: argparse.Namespace) -> None:
    """Refuse a folder that holds something else than the same study."""
    note, text = folder / "contribution.json", json.dumps(study.describe(), indent=1, ensure_ascii=False)
    if not options.resume:
        require_free(folder, options.force)
    elif note.exists() and note.read_text(encoding="utf-8").strip() != text:
        raise ConfigError("holds another study", key="--resume", file=str(folder), expected="the options it began with")
    if note.exists() and not options.resume:  # what another study left is no part of this one
        for name in ("mixes", "batch"):
            shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(text + "\n", encoding="utf-8")


def write(study: Study, found: Mapping[str, Estimates], tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write the tables as CSV and the figure as PNG and SVG."""
    from experiments.analysis.contribution_figure import draw
    from experiments.figures import save

    with prepared(folder, force=True) as aside:
        assert aside is not None
        for name, table in tables.items():
            table.to_csv(aside / name, index=False)
        save(draw(study, found, tables["interactions.csv"]), aside, "contribution")


# --- Words ----------------------------------------------------------------------------------------


def _announce(study: Study) -> Iterator[str]:
    base, mix = study.submixes.names
    way = f"{study.plan.orders} orders sampled on each seed" if study.plan.orders else "all combinations"
    yield f"{mix} over {base}: {len(study.plan.players)} players, {way}, {len(study.plan)} runs"
    for player in study.submixes.players:
        yield f"  {player.title['en']}: {', '.join('@'.join(key) for key in player.keys)}"


def _told(study: Study, outcome: str, estimates: Estimates, tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """The table of one outcome on the terminal."""
    unit = f" ({unit_of_outcome(outcome)})" if unit_of_outcome(outcome) else ""
    base, mix = study.submixes.names
    yield ""
    yield f"{title_of_outcome(outcome)}{unit}, {_SENSE[direction_of(outcome)]}, {_seeds(estimates)}"
    if not estimates.seeds:
        return
    rows = tables["contribution.csv"]
    rows = rows[rows["outcome"] == outcome]
    width = max(len(title) for title in [*rows["player_title"], base, mix, "total effect"])
    first = rows.iloc[0]
    yield f"  {base:<{width}}  {number(first['base']):>9}"
    for _, row in rows.iterrows():
        share = f"{row['share']:.0%}" if pd.notna(row["share"]) else "–"
        spread = _spread(row, "contribution", "low", "high")
        yield f"  {row['player_title']:<{width}}  {spread} {share:>6}  {row['verdict']}".rstrip()
    yield f"  {'total effect':<{width}}  {_spread(first, 'total', 'total_low', 'total_high')}"
    yield f"  {mix:<{width}}  {number(first['mix']):>9}"
    named = tables["interactions.csv"]
    for _, row in named[(named["outcome"] == outcome) & (named["kind"] != "")].iterrows():
        yield f"  {row['kind']}: {_pair(study, row)} {_spread(row, 'interaction', 'low', 'high').strip()}"


_SENSE = {1: "more is better", -1: "less is better", 0: "neither more nor less is better"}


def _seeds(estimates: Estimates) -> str:
    seeds = f"{len(estimates.seeds)} seed{'' if len(estimates.seeds) == 1 else 's'}"
    left = "; ".join(f"seed {seed}: {reason}" for seed, reason in estimates.left_out.items())
    return f"{seeds} (left out: {left})" if left else seeds


def _pair(study: Study, row: pd.Series[Any]) -> str:
    titles = {player.name: player.title["en"] for player in study.submixes.players}
    return f"{titles[row['first']]} + {titles[row['second']]}"


def _spread(row: pd.Series[Any], mean: str, low: str, high: str) -> str:
    return f"{number(row[mean]):>9}  [{number(row[low])}, {number(row[high])}]"


def _closing(study: Study, found: Mapping[str, Estimates], tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """How the numbers are to be read: tests made, width that remains."""
    yield ""
    yield "Contributions are Shapley values: mean additions over all orders; intervals at 95 % over seeds, each by"
    yield "itself; q in contribution.csv is corrected for the false discovery rate over the players of an outcome."
    least = min(len(estimates.seeds) for estimates in found.values())
    if 1 < least < FEW_SEEDS:
        yield f"{least} seeds are few: one on which things go another way can lie far outside of these intervals; see"
        yield "contribution_by_seed.csv."
    if any(len(estimates.seeds) == 1 for estimates in found.values()):
        yield "One seed decides nothing: there are no intervals."
    if not study.plan.orders:
        pairs = tables["interactions.csv"]
        tests, named = int(pairs["p"].notna().sum()), int((pairs["kind"] != "").sum())
        yield (
            f"Interactions: {tests} tests made, {named} named where the interval excludes zero and the false "
            f"discovery rate over all tests is at most {FALSE_DISCOVERIES:.0%}."
        )
        return
    yield "Interactions need all combinations of players; group them to eight or fewer to see any."
    for outcome, estimates in found.items():
        table = tables["contribution.csv"]
        rows = table[table["outcome"] == outcome]
        width = float(((rows["high"] - rows["low"]) / 2.0).max())
        share = estimates.sampling_share
        part = f", {share:.0%} of the variance from sampling orders" if share == share else ""
        yield f"{title_of_outcome(outcome)}: widest interval ± {number(width)}{part}"


def _first_reason(found: Mapping[str, Estimates]) -> str:
    return next((reason for estimates in found.values() for reason in estimates.left_out.values()), "no runs")
