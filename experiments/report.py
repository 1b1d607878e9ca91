"""Results in words and files: what a run or a comparison prints, and what a comparison writes."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from abm.running import Run
from abm.scenario import catalogue
from experiments import figures
from experiments.bloc_figure import save_blocs
from experiments.compare import Comparison
from experiments.reasons import causes, reason
from experiments.runs import load, write_manifest
from experiments.wording import number, title_of, unit_of


def run_lines(result: Run) -> Iterator[str]:
    """Headline indicators of one run and how many events of each kind it had."""
    yield f"{result.scenario.name}, seed {result.manifest['seed']}, {len(result.months)} months"
    summary = result.summary()
    width = max((len(title_of(name)) for name in summary), default=0)
    for name, value in summary.items():
        yield f"  {title_of(name):<{width}}  {number(value):>9} {unit_of(name)}".rstrip()
    counts = result.events["kind"].value_counts()
    if len(counts):
        yield "  Events: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())


def write_run(result: Run, folder: Path) -> None:
    """Write the files of a run and, if there is something to draw and the means to draw it, what blocs did."""
    result.write(folder)
    if importlib.util.find_spec("matplotlib") is not None:
        save_blocs(result, folder)


# --- A comparison in words ----------------------------------------------------------------------


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """The table of headline indicators by mix, recyclers' bankruptcies by cause, and a reason for each mix."""
    first, seeds = comparison.mixes[0], len(comparison.seeds)
    yield f"Shocks: {load(comparison.selection).shocks_name or 'none'}; {seeds} seed{'s' if seeds > 1 else ''}"
    yield f"Second lines: difference to {first}, seed by seed" + (", with its 95 % interval" if seeds > 1 else "")
    yield ""
    yield from _headline_lines(comparison)
    yield ""
    yield "Bankrupt recyclers per run, by cause"
    yield from _cause_lines(comparison)
    yield ""
    yield "Why"
    titles = mix_titles(comparison)
    for mix in comparison.mixes:
        yield f"  {titles[mix]}: {reason(comparison, mix)}"


def _headline_lines(comparison: Comparison) -> Iterator[str]:
    rows = [["", *comparison.mixes]]
    for name, values in comparison.table().groupby("indicator", sort=False):
        rows.append([_row_title(str(name)), *map(number, values["mean"])])
        if len(values) > 1:
            rows.append(["", "", *(_difference(row) for _, row in values.iloc[1:].iterrows())])
    yield from _aligned(rows)


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    """Rows of cells in columns, the first to the left and the others to the right."""
    first = max(len(row[0]) for row in rows)
    width = max(len(cell) for row in rows for cell in row[1:]) + 2
    for row in rows:
        yield f"{row[0]:<{first}}" + "".join(f"{cell:>{width}}" for cell in row[1:])


def _row_title(column: str) -> str:
    unit = unit_of(column)
    return f"{title_of(column)} ({unit})" if unit else title_of(column)


def _difference(row: pd.Series[Any]) -> str:
    """The difference with half its interval, and whether that is better or worse."""
    reach = (row["difference_high"] - row["difference_low"]) / 2
    sign = "+" if row["difference"] > 0 else ""
    within = f" ±{number(reach, 2)}" if math.isfinite(reach) else ""
    mark = {"better": " ✓", "worse": " ✗"}.get(row["verdict"], "  ")
    return f"{sign}{number(row['difference'])}{within}{mark}"


def _cause_lines(comparison: Comparison) -> Iterator[str]:
    table = causes(comparison)
    table = pd.concat([table, table.sum().to_frame("all causes").T])
    rows = [[f"  {cause}", *(f"{count:.1f}" for count in row)] for cause, row in table.iterrows()]
    yield from _aligned([["", *comparison.mixes], *rows])


def mix_titles(comparison: Comparison) -> dict[str, str]:
    """The title of each mix; its name where it is a file of the user's or several joined."""
    known = catalogue("mixes")
    return {mix: known[mix].title["en"] if mix in known else mix for mix in comparison.mixes}


# --- A comparison in files ----------------------------------------------------------------------


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write tables of the comparison, of bankruptcies, events and failures, the series, manifest and figure."""
    comparison.table().to_csv(folder / "comparison.csv", index=False)
    causes(comparison).rename_axis("cause").to_csv(folder / "bankruptcies.csv")
    comparison.series.to_parquet(folder / "series.parquet", index=False, compression="zstd")
    comparison.events.to_csv(folder / "events.csv", index=False)
    comparison.failures.to_csv(folder / "failures.csv", index=False)
    figure = figures.draw(comparison, figures.choose_panels(comparison), mix_titles(comparison))
    figures.save(figure, folder)
    write_manifest(map(comparison.selection.with_mix, comparison.mixes), comparison.seeds, folder)
