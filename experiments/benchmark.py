"""Speed and memory: what a run costs, on what the cost depends, and how it compares with plain Mesa agents.

    python -m experiments.benchmark [--households N …] [--months N] [--seeds N …] [--quick] [--out FILE]

All times are CPU seconds of the process, never time on the clock; linear algebra keeps to one thread, as in batches,
since waiting threads count as busy. Each sample size runs in a process of its own, so that its peak memory is its own.
The process of the smallest size also runs the household kernel as plain Mesa agents (`benchmarks/household_kernel.py`):
speeds divided by the speed of those, in the same process, can be compared between machines and commits.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "benchmarks" / "household_kernel.py"
RESULTS = ROOT / "benchmarks" / "results.json"
SIZES = (5_000, 100_000)
SEEDS = (1, 2, 3)
FEWEST_MONTHS = 13  # the first month counts as warming up, and a fit needs others
REFERENCE_HOUSEHOLDS, REFERENCE_MONTHS = 2_000, 60
COSTLIEST = 10
SCANS = 20
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Figures = dict[str, Any]


def run_benchmark(
    households: Sequence[int] = SIZES, months: int | None = None, seeds: Sequence[int] = SEEDS, quick: bool = False
) -> Figures:
    """Measure runs of the default scenario, indicators and events recorded.

    Parameters
    ----------
    households
        Sample sizes, each measured in a process of its own.
    months
        Length of the runs, at least 13; as in the default setting when left out.
    seeds
        The smallest size runs once for each, larger ones for the first only.
    quick
        One seed, two years and a small reference: a check that all works, not a measurement.

    Returns
    -------
    Figures
        Date, commit, versions, machine and processor features; `sizes`, a list with CPU seconds (`import`, `load`,
        `setup`, `run`), columns recorded, pairs, deciders, speed (household·product·months per CPU second) and peak
        memory (bytes) by size; `reference`, `ratios`, `fit` (seconds per month by deciders), `phases` of the month and
        `profile`.

    Raises
    ------
    ConfigError
        If a size or the length is not admissible, or too short for the first year to be left out of the fit.
    """
    from abm.running import environment

    if quick:
        seeds, months = seeds[:1], months or 2 * 12
    ordered = sorted(set(households))
    for size in ordered:
        _check(_scenario(size, months))
    sizes = [
        _in_own_process(size, months, seeds if number == 0 else seeds[:1], number == 0, quick)
        for number, size in enumerate(ordered)
    ]
    extras = {name: sizes[0].pop(name) for name in ("reference", "phases", "profile")}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        **environment(),
        "quick": quick,
        "sizes": sizes,
        "ratios": _ratios(sizes, extras["reference"]),
        "fit": cost_by_deciders([size.pop("by_month") for size in sizes]),
        **extras,
    }


def _check(scenario: Any) -> None:
    from abm.parameters import ConfigError

    if scenario.months < FEWEST_MONTHS:
        expected = f"at least {FEWEST_MONTHS} months"
        raise ConfigError(f"{scenario.months} months are too few to measure", key="time.months", expected=expected)


def benchmark(households: Sequence[int] = SIZES, out: Path | None = None, **choices: Any) -> Figures:
    """Measure, print the report and, with `out`, add the figures to that file."""
    if out is not None:
        stored(out)  # before the runs, so that a file that cannot be used is known at once
    figures = run_benchmark(households, **choices)
    if out is not None:
        store(figures, out)
    for line in report_lines(figures):
        print(line)
    return figures


def measure(out: Path | None = None, **choices: Any) -> None:
    """What `abm benchmark` calls: measure, print, and add the figures to the file `out`."""
    benchmark(out=out, **choices)


# --- One sample size, in a process of its own -----------------------------------------------------


def _in_own_process(size: int, months: int | None, seeds: Sequence[int], reference: bool, quick: bool) -> Figures:
    """What `measure_size` returns, measured by a fresh interpreter."""
    order = {"size": size, "months": months, "seeds": list(seeds), "reference": reference, "quick": quick}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "experiments.benchmark", "--order", json.dumps(order)],
        env=os.environ | ONE_THREAD | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the run with {size} households broke off:\n{done.stderr}")
    figures: Figures = json.loads(done.stdout)
    return figures


def measure_size(size: int, months: int | None, seeds: Sequence[int], reference: bool, quick: bool) -> Figures:
    """Measure one sample size in this process; with `reference` also plain Mesa agents and the profile."""
    start = process_time()
    import abm.model  # noqa: F401  what it costs to import is part of what is measured

    imported = process_time() - start
    start = process_time()
    scenario = _scenario(size, months)
    loaded = process_time() - start
    runs = [_timed_run(scenario, seed) for seed in seeds]
    best = min(runs, key=lambda run: float(run["run"]))
    figures = {"households": size, "months": scenario.months, "import": imported, "load": loaded, **best}
    figures["runs"] = [run["run"] for run in runs]
    figures["speed"] = best["pairs"] * scenario.months / best["run"]
    figures["peak_memory"] = peak_memory()
    if reference:
        figures["reference"] = _reference(scenario, quick)
        figures["phases"], figures["profile"] = _profile(scenario, seeds[0])
    return figures


def _scenario(size: int, months: int | None) -> Any:
    from abm import load_scenario

    return load_scenario(households=size, months=months)


def _timed_run(scenario: Any, seed: int) -> Figures:
    """CPU seconds of setting up and running, by month with the number of those who decided."""
    from abm import CircularTransition

    start = process_time()
    model = CircularTransition.from_scenario(scenario, rng=seed)
    setup = process_time() - start
    deciders = _count_deciders(model)
    seconds = []
    for _ in range(scenario.months):
        start = process_time()
        model.step()
        seconds.append(process_time() - start)
    pairs = len(model.households) * len(model.households.products)
    return {
        "setup": setup,
        "run": sum(seconds),
        "pairs": pairs,
        "product_groups": len(model.households.products),
        "columns": len(model.recorder.columns),
        "deciders": sum(deciders) / len(deciders),
        "scan": _scan(model),
        "by_month": [seconds, deciders],
    }


def _count_deciders(model: Any) -> list[int]:
    """A list that grows by the number of those who decide, in each month to come."""
    deciders: list[int] = []
    choose = model.households.choose

    def counting(month: int, offers: Any) -> Any:
        choices = choose(month, offers)
        deciders.append(len(choices.flat))
        return choices

    model.households.choose = counting
    return deciders


def _scan(model: Any) -> float:
    """CPU seconds that it takes to look through all pairs for those for whom something falls due."""
    import numpy as np

    from abm.agents.household_sample import in_line

    due = in_line(model.households.due)
    start = process_time()
    for month in range(SCANS):
        np.flatnonzero(due == month)
    return (process_time() - start) / SCANS


def peak_memory() -> float:
    """Most memory that this process has used, in bytes; NaN where the system does not tell."""
    try:
        # Unlike what `getrusage` says, this does not include the process that started this one.
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1024.0
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return math.nan
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else peak * 1024.0


# --- Plain Mesa agents ----------------------------------------------------------------------------


def _reference(scenario: Any, quick: bool) -> Figures | None:
    """Speed of the household kernel in columns and as plain Mesa agents; None without the checkout."""
    kernel = _kernel()
    if kernel is None:
        return None
    config, months = scenario.config, min(REFERENCE_MONTHS, scenario.months)
    number = 200 if quick else REFERENCE_HOUSEHOLDS
    plain = kernel.plain_mesa(config, number, months)
    columns = kernel.in_columns(config, scenario.households, scenario.months)
    return {"households": number, "months": months, "plain_speed": plain.speed, "columns_speed": columns.speed}


def _kernel() -> ModuleType | None:
    """The module that holds the reference: part of the checkout, not of the package."""
    if not REFERENCE.is_file():
        return None
    spec = importlib.util.spec_from_file_location("household_kernel", REFERENCE)
    if spec is None or spec.loader is None:
        raise ImportError(f"{REFERENCE} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _ratios(sizes: Sequence[Figures], reference: Figures | None) -> Figures | None:
    """Speeds over that of plain Mesa agents: of the household kernel alone, and of the whole model by size."""
    if reference is None:
        return None
    plain = reference["plain_speed"]
    whole = {str(size["households"]): size["speed"] / plain for size in sizes}
    return {"kernel": reference["columns_speed"] / plain, "model": whole}


# --- On what the cost depends ---------------------------------------------------------------------


def cost_by_deciders(by_month: Iterable[tuple[Sequence[float], Sequence[int]]]) -> Figures:
    """Fit a month's CPU seconds as `fixed + per_decider × deciders`, over the months of all sizes.

    `by_month` holds, for each size, seconds and deciders by month. Months are weighted by the inverse of the mean
    of their size, so that relative errors count. The first year is left out: caches fill, and arrays still grow.
    """
    import numpy as np

    seconds, deciders, weights = [], [], []
    for cost, number in by_month:
        later = slice(min(12, len(cost) - 1), None)
        seconds.append(np.asarray(cost[later]))
        deciders.append(np.asarray(number[later], dtype=np.float64))
        weights.append(np.full(len(seconds[-1]), 1.0 / seconds[-1].mean()))
    spent, deciding, weight = (np.concatenate(parts) for parts in (seconds, deciders, weights))
    per_decider, fixed = np.polyfit(deciding, spent, 1, w=weight)
    residual = (spent - fixed - per_decider * deciding) * weight
    return {"fixed": float(fixed), "per_decider": float(per_decider), "relative_error": float(residual.std())}


def _profile(scenario: Any, seed: int) -> tuple[list[Figures], list[Figures]]:
    """The costliest phases of the month, and the functions that cost most themselves, callees not counted."""
    import cProfile
    import pstats

    from abm import CircularTransition

    model = CircularTransition.from_scenario(scenario, rng=seed)
    profiler = cProfile.Profile(process_time)
    profiler.enable()
    while model.running:
        model.step()
    profiler.disable()
    entries = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    rows = [
        {"function": _function_name(*place), "calls": calls, "own": own, "with_callees": cumulative}
        for place, (_, calls, own, cumulative, _) in entries.items()
    ]
    phases = [
        {"function": _function_name(*place), "calls": calls, "own": own, "with_callees": cumulative}
        for place, (*_, callers) in entries.items()
        for (_, calls, own, cumulative) in _from_step(callers)
    ]
    return _most(phases, "with_callees"), _most(rows, "own")


def _from_step(callers: dict[tuple[str, int, str], Any]) -> list[Any]:
    """What the month itself called, by its figures in the profile."""
    return [figures for (file, _, name), figures in callers.items() if name == "step" and Path(file).name == "model.py"]


def _most(rows: list[Figures], key: str) -> list[Figures]:
    return sorted(rows, key=lambda row: -float(row[key]))[:COSTLIEST]


def _function_name(file: str, line: int, name: str) -> str:
    """A function as `abm/books.py:120 move`, or by its name alone when it is not written in Python."""
    if file == "~":
        return name.strip("<>")
    path = Path(file)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[-2:])
    return f"{shown.as_posix()}:{line} {name}"


# --- The report -----------------------------------------------------------------------------------


def report_lines(figures: Figures) -> Iterator[str]:
    """The figures for people."""
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    changed = " with changes" if figures["dirty"] else ""
    yield f"{figures['date']} UTC, commit {(figures['commit'] or 'unknown')[:10]}{changed}, {figures['machine']}"
    yield versions
    yield ""
    yield from _size_lines(figures["sizes"])
    yield ""
    yield from _reference_lines(figures)
    yield ""
    yield from _fit_lines(figures)
    yield ""
    yield "Profile of the run with the fewest households (CPU seconds, the profiler's own included), by phase"
    yield from _profile_lines(figures["phases"])
    yield "and by function, those that it calls not counted"
    yield from _profile_lines(figures["profile"])


def _size_lines(sizes: Sequence[Figures]) -> Iterator[str]:
    groups, columns = sizes[0]["product_groups"], sizes[0]["columns"]
    yield "CPU seconds of the process, on one thread. A household·product·month is one month of one pair of a sampled"
    yield f"household and a product group that households can own ({groups} groups), whether or not anything falls due"
    yield f"for it. The whole model runs, with all organisations; all indicators ({columns} columns) and events are"
    yield "recorded. Of several seeds the quickest counts."
    yield ""
    yield (
        f"{'households':>10} {'import':>7} {'config':>7} {'set-up':>7} {'run':>8} {'months':>6} "
        f"{'household·product·months/s':>27} {'deciders/month':>15} {'of pairs':>8} {'peak memory':>12}"
    )
    for size in sizes:
        yield (
            f"{size['households']:>10,} {size['import']:>7.2f} {size['load']:>7.2f} {size['setup']:>7.2f} "
            f"{size['run']:>8.2f} {size['months']:>6} {size['speed']:>27.3g} {size['deciders']:>15,.0f} "
            f"{size['deciders'] / size['pairs']:>8.1%} {size['peak_memory'] / 1e6:>9,.0f} MB"
        )


def _reference_lines(figures: Figures) -> Iterator[str]:
    reference, ratios = figures["reference"], figures["ratios"]
    if reference is None:
        yield "The reference in plain Mesa agents is part of the checkout and not of the package: no ratio."
        return
    yield (
        f"Plain Mesa agents, the same decisions of households alone, in the same process as the first line: "
        f"{reference['plain_speed']:.3g}/s"
    )
    yield f"  household kernel in columns: {reference['columns_speed']:.3g}/s, {ratios['kernel']:.0f} times as fast"
    for size, ratio in ratios["model"].items():
        yield f"  the whole model with {int(size):,} households: {ratio:.1f} times as fast"


def _fit_lines(figures: Figures) -> Iterator[str]:
    fit = figures["fit"]
    yield (
        f"A month costs {fit['fixed'] * 1e3:.2f} ms and {fit['per_decider'] * 1e6:.2f} µs per decider "
        f"(fit over all months and sizes; a month lies {fit['relative_error']:.0%} off)"
    )
    for size in figures["sizes"]:
        yield (
            f"  of {size['run'] / size['months'] * 1e3:.2f} ms with {size['households']:,} households, looking through "
            f"all {size['pairs']:,} pairs takes {size['scan'] * 1e3:.3f} ms"
        )


def _profile_lines(profile: Sequence[Figures]) -> Iterator[str]:
    yield f"{'own':>8} {'with callees':>13} {'calls':>9}  function"
    for row in profile:
        yield f"{row['own']:>8.3f} {row['with_callees']:>13.3f} {row['calls']:>9,}  {row['function']}"


# --- Storing --------------------------------------------------------------------------------------


def stored(file: Path) -> list[Figures]:
    """The figures that a file holds, oldest first; none if there is no such file. Raises ConfigError."""
    from abm.parameters import ConfigError

    if not file.exists():
        return []
    try:
        records = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"is not valid JSON: {error}", file=str(file), expected="figures of benchmarks") from None
    if not isinstance(records, list):
        raise ConfigError("is not a list", file=str(file), expected="figures of benchmarks")
    return records


def store(figures: Figures, file: Path) -> None:
    """Add figures to a file."""
    records = [*stored(file), _rounded(figures)]
    text = json.dumps(records, indent=1, ensure_ascii=False, allow_nan=False)
    aside = file.with_name(f".{file.name}.partial")
    aside.write_text(text + "\n", encoding="utf-8")
    aside.replace(file)


def _rounded(value: Any) -> Any:
    """Four figures are more than measurements repeat; what is not known is null."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for; with `--order`, what the process that started this one asks for."""
    parser = argparse.ArgumentParser(prog="experiments.benchmark", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--households", type=int, nargs="+", default=SIZES, metavar="N", help="sample sizes")
    parser.add_argument("--months", type=int, metavar="N", help="length of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, metavar="N", help="seeds of the smallest size")
    parser.add_argument("--quick", action="store_true", help="a check that all works, not a measurement")
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON file to add the figures to")
    parser.add_argument("--order", type=json.loads, help=argparse.SUPPRESS)
    options = vars(parser.parse_args(arguments))
    order = options.pop("order")
    if order is not None:
        print(json.dumps(measure_size(**order)))
        return
    from abm.parameters import ConfigError

    try:
        benchmark(**options)
    except ConfigError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
