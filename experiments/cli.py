"""The command `abm`.

Whatever is wrong with the input ends in one message on stderr and exit status 2; a model that breaks off
ends in one message and exit status 1. Modules that a command needs are imported when it is given.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from abm.parameters import ConfigError, nearest_name

if TYPE_CHECKING:
    from experiments.runs import Selection

T = TypeVar("T")

# Packages that extras bring, and the extra that brings them.
_EXTRAS = {
    "matplotlib": "figures",
    "SALib": "analysis",
    "ema_workbench": "analysis",
    "pymoo": "analysis",
    "solara": "dashboard",
    "dask": "cluster",
    "distributed": "cluster",
    "mpi4py": "mpi",
}
_SEEDS = "how many seeds (5), which (3,8,21), or a range (1-20)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks and return the exit status."""
    try:
        options = _parse(sys.argv[1:] if arguments is None else list(arguments))
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except ConfigError as error:
        return _complain(error, 2)
    except BrokenPipeError:  # `abm list … | head`: whoever read has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(f"{error.filename or 'output'}: {error.strerror or error}", 2)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        return _complain(f"{package} is not installed; install 'kringloop[{_EXTRAS[package]}]'", 2)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)


def _complain(message: object, status: int) -> int:
    print(f"abm: {message}", file=sys.stderr)
    return status


# --- The command line ---------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line like any other wrong input."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message} (see `{self.prog} --help`)", key=self.prog.removeprefix("abm").strip())


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _parser(arguments[0] if arguments else "")
    commands: dict[str, Any] = parser.commands  # type: ignore[attr-defined]
    for word in arguments[:1]:
        if not word.startswith("-") and word not in commands:
            raise ConfigError(
                f"unknown command '{word}'",
                expected=f"one of {', '.join(commands)}",
                nearest=nearest_name(word, commands),
            )
    options, rest = parser.parse_known_args(arguments)
    if rest:
        known = [name for name in commands[options.name]._option_string_actions if name.startswith("--")]
        nearest = nearest_name(rest[0].partition("=")[0], known) if rest[0].startswith("-") else ""
        raise ConfigError(f"unknown argument '{rest[0]}'", key=options.name, nearest=nearest)
    return options


def _parser(asked: str = "") -> _Parser:
    parser = _Parser("abm", description="An agent-based model of the transition to a circular economy.")
    parser.add_argument("--version", action="version", version=_version())
    added = parser.add_subparsers(metavar="COMMAND", dest="name", required=True, parser_class=_Parser)
    for name, (command, declare) in _COMMANDS.items():
        summary = (command.__doc__ or name).splitlines()[0]
        declare(added.add_parser(name, help=summary, description=summary, allow_abbrev=False))
        added.choices[name].set_defaults(command=command)
    for name, module in _MODULES.items():
        if asked in _COMMANDS or (asked in _MODULES and asked != name):
            added.add_parser(name)  # its module is not worth the time that it takes to import
            continue
        own = import_module(module)
        own.declare(added.add_parser(name, help=own.SUMMARY, description=own.SUMMARY, allow_abbrev=False))
        added.choices[name].set_defaults(command=partial(_work, own.work))
    parser.commands = added.choices  # type: ignore[attr-defined]
    return parser


def _work(work: Callable[[argparse.Namespace], Iterator[str] | int], options: argparse.Namespace) -> int:
    """Print what a command has to say, line by line, unless it does so itself and returns its exit status."""
    from experiments.compare import RunFailedError

    try:
        said = work(options)
        if isinstance(said, int):
            return said
        _print(said)
    except RunFailedError as error:
        return _complain(f"a run failed: {error}", 1)
    return 0


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"kringloop {version('kringloop')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "kringloop, not installed"


def _scenario_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("scenario")
    group.add_argument("--setting", default="default", metavar="NAME", help="setting (name or file)")
    group.add_argument("--households", type=int, metavar="N", help="sampled households")
    group.add_argument("--months", "--horizon", type=int, metavar="N", help="months to run")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        dest="assignments",
        help="another value for a parameter (firms.markup=0.3), or another strength of an instrument of the mix"
        " (price_floor@eu=1.1, recovery_subsidy=x0.5, repair_voucher=0) (repeatable)",
    )


def _output_options(parser: argparse.ArgumentParser, required: bool = False) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--out", type=Path, metavar="DIR", required=required, help="folder for the results")
    group.add_argument("--force", action="store_true", help="replace results that are already in that folder")


def _declare_run(parser: argparse.ArgumentParser) -> None:
    _scenario_options(parser)
    parser.add_argument("--mix", metavar="NAME", help="mix of policies (names joined by + compose)")
    parser.add_argument("--shocks", metavar="NAME", help="shock scenario (names joined by + compose)")
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=_seed, metavar="N", help="the seed (default 1)")
    seeds.add_argument("--seeds", metavar="SEEDS", help=f"{_SEEDS}: a folder seed-N for each")
    parser.add_argument(
        "--from",
        metavar="MANIFEST",
        dest="manifest",
        type=Path,
        help="repeat the run of a manifest, or, with --run, one of a batch",
    )
    parser.add_argument(
        "--run", metavar="ID", help="with --from DIR: the run_id of a run of that batch (its beginning will do)"
    )
    _output_options(parser)


def _declare_compare(parser: argparse.ArgumentParser) -> None:
    _scenario_options(parser)
    parser.add_argument(
        "--mix", action="append", metavar="NAME", help="mix of policies (repeatable); the first is compared with"
    )
    parser.add_argument("--shocks", metavar="NAME", help="shock scenario (names joined by + compose)")
    parser.add_argument("--seeds", metavar="SEEDS", help=f"{_SEEDS} (default 5)", default="5")
    parser.add_argument("--workers", type=_count, default=2, metavar="N", help="processes (default 2)")
    _output_options(parser)


def _declare_findings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="findings (name or file); all without any")
    parser.add_argument("--ranges", action="store_true", help="also over plausible ranges of the weakest parameters")
    parser.add_argument("--range-seeds", type=_count, default=4, metavar="N", help="seeds for these (default 4)")
    parser.add_argument("--no-equal-cost", action="store_true", help="only at declared intensities")
    _study_options(parser)


def _declare_interactions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--design", default="pairs", metavar="NAME", help="instruments and outcomes (name or file)")
    parser.add_argument("--pairs", metavar="ONE+OTHER,…", help="pairs of instruments; all of the design without any")
    _study_options(parser)


def _study_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", metavar="SEEDS", help=f"{_SEEDS} (default 20)", default="20")
    parser.add_argument("--months", type=_count, metavar="N", help="cut every run short after so many months")
    parser.add_argument("--workers", type=_count, default=2, metavar="N", help="processes (default 2)")
    parser.add_argument("--stored", type=Path, metavar="DIR", help="run nothing: take the results of that folder")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write the page from the results, such as FINDINGS.md"
    )
    _output_options(parser)


def _language_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", choices=("en", "nl"), default="en", help="language of the texts")


def _declare_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", metavar="KIND", help=", ".join(_KINDS))
    _language_option(parser)


def _declare_describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("entry", metavar="NAME", help="anything that `abm list` lists, or the path of a parameter")
    _language_option(parser)


def _declare_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="TOML files of config")


def _declare_dashboard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="N", help="port (default 8765, or another if that is in use)")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="NAME", help="interface to listen on (default: this machine only)"
    )
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")


def _declare_benchmark(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON file to store the figures in")


def _count(text: str) -> int:
    return _whole(text, 1)


def _seed(text: str) -> int:
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    if not text.strip().isdecimal() or len(text) > 18 or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a whole number ≥ {least}")
    return int(text)


# --- The commands -------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Run one scenario, on one seed or several."""
    if options.manifest:
        _refuse_beside_manifest(options)
        return _repeat_of_batch(options) if options.run else _repeat(options)
    if options.run:
        raise ConfigError("needs the folder of a batch", key="--run", expected="--from DIR")
    return _run_seeds(options)


def _refuse_beside_manifest(options: argparse.Namespace) -> None:
    """A manifest says everything about a run: what else is asked for would silently be ignored."""
    asked = {
        "--setting": options.setting != "default", "--households": options.households, "--months": options.months,
        "--set": options.assignments, "--mix": options.mix, "--shocks": options.shocks,
        "--seed": options.seed is not None, "--seeds": options.seeds,
    }  # fmt: skip
    for name, given in asked.items():
        if given:
            raise ConfigError("cannot be combined with --from", key=name, expected="one or the other")


def _run_seeds(options: argparse.Namespace) -> int:
    import abm
    from experiments.output import prepared
    from experiments.report import run_lines, write_run
    from experiments.runs import load

    scenario = load(_selection(options))
    seeds = _seeds(options.seeds) if options.seeds else (1 if options.seed is None else options.seed,)
    with prepared(options.out, options.force) as folder:
        for seed in seeds:
            with _MonthsBar(f"seed {seed}") as progress:
                result = abm.run(scenario, rng=seed, progress=progress)
            if folder:
                write_run(result, folder / f"seed-{seed}" if len(seeds) > 1 else folder)
            _print(run_lines(result))
    return _tell_where(options)


def _repeat(options: argparse.Namespace) -> int:
    from abm.running import repeat
    from experiments.output import prepared
    from experiments.report import write_run

    with prepared(options.out, options.force) as folder:
        with _MonthsBar("repeating") as progress:
            result, comparison = repeat(options.manifest, progress)
        if folder:
            write_run(result, folder)
    print(comparison)
    return _tell_where(options)


def _repeat_of_batch(options: argparse.Namespace) -> int:
    import abm
    from experiments.batch.repeating import agreement, find_run
    from experiments.output import prepared
    from experiments.report import run_lines, write_run
    from experiments.runs import load

    results, identifier, job = find_run(options.manifest, options.run)
    with prepared(options.out, options.force) as folder:
        with _MonthsBar(identifier) as progress:
            result = abm.run(load(job.selection), rng=job.seed, progress=progress)
        if folder:
            write_run(result, folder)
    _print(run_lines(result))
    _print(agreement(results, identifier, result.summary()))
    return _tell_where(options)


def compare(options: argparse.Namespace) -> int:
    """Compare mixes of policies on the same seeds."""
    from experiments import compare as comparing
    from experiments.output import prepared
    from experiments.parallel import outcomes
    from experiments.report import comparison_lines, write_comparison
    from experiments.runs import perform

    selection = _selection(options, shocks=options.shocks or comparing.DEFAULT_SHOCKS)
    jobs = comparing.jobs_of(selection, options.mix or comparing.DEFAULT_MIXES, _seeds(options.seeds))
    if options.out:
        import matplotlib  # noqa: F401  before the runs, so that a missing package is known at once
    with prepared(options.out, options.force) as folder:
        done = _bar(outcomes(perform, jobs, options.workers), len(jobs), "runs")
        try:
            comparison = comparing.gather(selection, jobs, done)
        except comparing.RunFailedError as error:
            return _complain(f"a run failed, so nothing is compared: {error}", 1)
        if folder:
            write_comparison(comparison, folder)
    _print(comparison_lines(comparison))
    return _tell_where(options)


def findings(options: argparse.Namespace) -> int:
    """Put the questions of the findings to the model: differences with intervals, and whether they are as expected."""
    from experiments.findings import command

    return _study(options, command.findings)


def interactions(options: argparse.Namespace) -> int:
    """Effects of pairs of instruments against the sum of their single effects."""
    from experiments.findings import command

    return _study(options, command.interact)


def _study(options: argparse.Namespace, work: Callable[[argparse.Namespace], Iterator[str]]) -> int:
    from experiments.compare import RunFailedError

    if options.out:
        import matplotlib  # noqa: F401  before the runs, so that a missing package is known at once
    try:
        _print(work(options))
    except RunFailedError as error:
        return _complain(f"a run failed, so nothing is compared: {error}", 1)
    return _tell_where(options)


def list_(options: argparse.Namespace) -> int:
    """List policies, mixes, shocks, indicators, parameters and so on."""
    from experiments.listing import plain_lines, table_lines

    lines = table_lines if sys.stdout.isatty() else plain_lines
    _print(lines(options.kind, options.lang))
    return 0


def describe(options: argparse.Namespace) -> int:
    """Describe anything that is listed: meaning, unit, range, source."""
    from experiments.listing import description_lines, find

    for number, item in enumerate(find(options.entry)):
        if number:
            print()
        _print(description_lines(item, options.lang))
    return 0


def check(options: argparse.Namespace) -> int:
    """Check config files."""
    from experiments.checking import check_file

    status = 0
    for path in options.files:
        try:
            print(f"{path}: {check_file(path)}")
        except ConfigError as error:
            status = _complain(error, 2)
    return status


def dashboard(options: argparse.Namespace) -> int:
    """Open the dashboard in a browser."""
    from experiments.dashboard import launch

    return launch(options.port, options.host, open_browser=not options.no_open)


def benchmark(options: argparse.Namespace) -> int:
    """Measure speed and memory."""
    from experiments.benchmark import measure

    measure(options.out)
    return 0


# --- What commands share ------------------------------------------------------------------------


def _selection(options: argparse.Namespace, **chosen: str | None) -> Selection:
    from experiments.levers import is_lever
    from experiments.runs import Selection

    mix = chosen.get("mix", options.mix if isinstance(getattr(options, "mix", None), str) else None)
    return Selection(
        setting=options.setting,
        mix=mix,
        shocks=chosen.get("shocks", options.shocks),
        households=options.households,
        months=options.months,
        assignments=tuple(text for text in options.assignments if not is_lever(text.partition("=")[0])),
        levers=tuple(text for text in options.assignments if is_lever(text.partition("=")[0])),
    )


def _seeds(text: str) -> tuple[int, ...]:
    from experiments.designs import parse_seeds

    try:
        return parse_seeds(text)
    except ConfigError as error:
        raise error.inside("--seeds") from None


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _tell_where(options: argparse.Namespace) -> int:
    if options.out:
        print(f"Results are in {options.out}")
    return 0


def _bar(done: Iterator[T], total: int, unit: str) -> Iterator[T]:
    """Show progress on stderr once something has taken two seconds."""
    from tqdm import tqdm

    yield from tqdm(done, total=total, unit=f" {unit}", delay=2, file=sys.stderr, smoothing=0, leave=False)


class _MonthsBar:
    """Progress over the months of a run, shown once it has taken two seconds."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __enter__(self) -> Callable[[int, int], None]:
        from tqdm import tqdm

        self.bar = tqdm(total=0, unit=" months", delay=2, file=sys.stderr, desc=self.label, leave=False)
        return self._update

    def _update(self, done: int, total: int) -> None:
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def __exit__(self, *_: object) -> None:
        self.bar.close()


_KINDS = (
    "policies",
    "mixes",
    "shocks",
    "shock-scenarios",
    "indicators",
    "materials",
    "products",
    "parameters",
    "designs",
    "searches",
    "settings",
    "jurisdictions",
)
_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], Callable[[argparse.ArgumentParser], None]]] = {
    "run": (run, _declare_run),
    "compare": (compare, _declare_compare),
    "findings": (findings, _declare_findings),
    "interactions": (interactions, _declare_interactions),
    "list": (list_, _declare_list),
    "describe": (describe, _declare_describe),
    "check": (check, _declare_check),
    "dashboard": (dashboard, _declare_dashboard),
    "benchmark": (benchmark, _declare_benchmark),
}
# Commands that say in a module of their own what they do (`SUMMARY`), take (`declare`) and do (`work`).
_MODULES = {
    "batch": "experiments.batch.command",
    "report": "experiments.analysis.report_command",
    "sensitivity": "experiments.analysis.sensitivity_command",
    "discover": "experiments.analysis.discover_command",
    "robustness": "experiments.analysis.robustness_command",
    "contribution": "experiments.analysis.contribution_command",
    "search": "experiments.analysis.search_command",
}

if __name__ == "__main__":
    sys.exit(main())
