"""The command `abm batch`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from abm.parameters import ConfigError, parse_override
from experiments import engines
from experiments.batch.driver import LIMIT, Batch
from experiments.batch.estimate import estimate
from experiments.designs import Design, load_design, parse_seeds
from experiments.engines import Engine
from experiments.isolation import RETRIES
from experiments.parallel import EngineLostError, Patience

SUMMARY = "Run a design - mixes × shocks × samples × seeds - into Parquet"
_NAMED = 10  # runs that failed whose errors are shown
_BLANK = Design("as asked", {"en": "As asked", "nl": "Zoals gevraagd"}, {"en": "By options.", "nl": "Met opties."})


def declare(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("design", metavar="DESIGN", nargs="?", help="a design (name or file); `abm list designs`")
    _declare_design(parser.add_argument_group("instead of a design, or of what it says"))
    _declare_engine(parser.add_argument_group("where and how"))
    group = parser.add_argument_group("output")
    group.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")
    start = group.add_mutually_exclusive_group()
    start.add_argument("--resume", action="store_true", help="go on with the batch in that folder")
    start.add_argument("--force", action="store_true", help="begin anew and replace what is in that folder")
    group.add_argument("--retry-failed", action="store_true", help="with --resume: make failed runs again")
    group.add_argument("--dry-run", action="store_true", help="only say how many runs, how long and how large")


def _declare_design(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--setting", metavar="NAME", help="setting (name or file)")
    group.add_argument("--mixes", metavar="NAME,…", help="mixes of policies, separated by commas")
    group.add_argument("--shocks", metavar="NAME,…", help="shock scenarios, separated by commas")
    group.add_argument("--seeds", metavar="SEEDS", help="how many seeds (5), which (3,8,21), or a range (1-20)")
    group.add_argument("--households", type=int, metavar="N", help="sampled households")
    group.add_argument("--months", "--horizon", type=int, metavar="N", help="months to run")
    group.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", dest="assignments",
        help="a parameter or lever for all runs, such as firms.markup=0.3 (repeatable)",
    )  # fmt: skip


def _declare_engine(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--workers", type=_count, default=os.cpu_count() or 1, metavar="N", help="processes")
    group.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster, such as tcp://10.0.0.1:8786")
    group.add_argument(
        "--mpi", action="store_true", help="the ranks of mpiexec … python -m mpi4py.futures -m experiments"
    )
    group.add_argument("--chunk", type=_count, default=1, metavar="N", help="runs sent out together (default 1)")
    group.add_argument("--time-limit", type=_positive, default=LIMIT, metavar="SECONDS", help="for a run (default 900)")
    group.add_argument(
        "--retries", type=_whole, default=RETRIES, metavar="N", help="for a run whose process dies (default 3)"
    )


def work(options: argparse.Namespace) -> int:
    """Make the runs of a design, and return the exit status: 0 if all succeeded, 1 if some failed."""
    design = _design(options)
    if options.dry_run:
        for line in estimate(design).lines(options.workers):
            print(line)
        return 0
    if options.out is None:
        raise ConfigError("missing", key="--out", expected="a folder for the results, or --dry-run")
    if options.retry_failed and not options.resume:
        raise ConfigError("works with --resume only", key="--retry-failed")
    before = signal.signal(signal.SIGTERM, _interrupt)  # a cluster's way to say that time is up
    try:
        return _make(design, options)
    finally:
        signal.signal(signal.SIGTERM, before)


def _make(design: Design, options: argparse.Namespace) -> int:
    with Batch(design, options.out, resume=options.resume, force=options.force, again=options.retry_failed) as batch:
        for note in batch.plan.notes:
            print(f"abm: {note}", file=sys.stderr)
        if batch.plan.there:
            print(f"{batch.plan.there} of {batch.plan.asked} runs are there already")
        status = _run(batch, options)
    print(f"Results are in {options.out}")
    return status


def _run(batch: Batch, options: argparse.Namespace) -> int:
    patience = Patience(options.time_limit, options.retries)
    done = 0
    failed: dict[int, Any] = {}
    try:
        with closing(batch.run(_engine(options), patience, options.chunk)) as runs:
            for outcome in _bar(runs, len(batch.plan.jobs), failed):
                done += 1
                if outcome.result is None:
                    failed[outcome.job.number] = outcome
    except (KeyboardInterrupt, EngineLostError) as error:
        print(
            f"abm: {done} of {len(batch.plan.jobs)} runs were finished and are kept; go on with --resume",
            file=sys.stderr,
        )
        if isinstance(error, EngineLostError):
            print(f"abm: {error}", file=sys.stderr)
            return 1
        raise
    for line in _summary(done, failed):
        print(line)
    if batch.plan.failed:
        print(f"  {batch.plan.failed} of those that were there had failed; --retry-failed makes them again")
    return int(bool(failed or batch.plan.failed))


def _summary(done: int, failed: dict[int, Any]) -> Iterator[str]:
    yield f"{done - len(failed)} runs done, {len(failed)} failed"
    for outcome in list(failed.values())[:_NAMED]:
        selection = outcome.job.selection
        names = ", ".join(filter(None, (selection.mix, selection.shocks)))
        point = f", point {outcome.job.point}" if outcome.job.values else ""
        which = f"{names or 'as the setting says'}, seed {outcome.job.seed}{point}"
        yield f"  run {outcome.job.number} ({which}): {outcome.error}"
    if len(failed) > _NAMED:
        kinds = Counter(outcome.error for outcome in failed.values())
        yield f"  … and {len(failed) - _NAMED} more; " + "; ".join(f"{n} × {kind}" for kind, n in kinds.most_common(5))


def _design(options: argparse.Namespace) -> Design:
    design = load_design(options.design) if options.design else _BLANK
    fixed = dict(design.fixed) | dict(map(parse_override, options.assignments))
    return design.with_(
        setting=options.setting,
        mixes=_names(options.mixes),
        shocks=_names(options.shocks),
        seeds=_seeds(options.seeds),
        households=options.households,
        months=options.months,
        fixed=tuple(fixed.items()),
    )


def _seeds(text: str | None) -> tuple[int, ...] | None:
    try:
        return None if text is None else parse_seeds(text)
    except ConfigError as error:
        raise error.inside("--seeds") from None


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _engine(options: argparse.Namespace) -> AbstractContextManager[Engine]:
    if options.scheduler and options.mpi:
        raise ConfigError("cannot be combined with --mpi", key="--scheduler", expected="one or the other")
    if options.scheduler:
        return engines.cluster(options.scheduler)
    return engines.ranks() if options.mpi else engines.local(options.workers)


def _bar(done: Iterator[Any], total: int, failed: dict[int, Any]) -> Iterator[Any]:
    """Rate, time left and failures on stderr, once something has taken two seconds."""
    from tqdm import tqdm

    with tqdm(total=total, unit=" runs", delay=2, file=sys.stderr, smoothing=0.05, leave=False) as bar:
        for outcome in done:
            yield outcome
            if failed:
                bar.set_postfix(failed=len(failed), refresh=False)
            bar.update()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _count(text: str) -> int:
    return _least(text, 1)


def _whole(text: str) -> int:
    return _least(text, 0)


def _least(text: str, least: int) -> int:
    if not text.strip().isdecimal() or len(text) > 18 or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a whole number ≥ {least}")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a number of seconds")
    return number
