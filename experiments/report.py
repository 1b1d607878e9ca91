"""Results in words and files: what a run or a comparison prints, and what a comparison writes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from abm.running import Run
from abm.scenario import catalogue
from experiments import figures
from experiments.compare import Comparison
from experiments.reasons import causes, reason
from experiments.runs import load, summarise, write_manifest
from experiments.wording import number, title_of, unit_of

_COLUMN = 19  # characters for each mix


def run_lines(result: Run) -> Iterator[str]:
    """Headline indicators of one run and how many events of each kind it had."""
    yield f"{result.scenario.name}, seed {result.manifest['seed']}, {len(result.months)} months"
    summary = summarise(result.series)
    width = max((len(title_of(name)) for name in summary), default=0)
    for name, value in summary.items():
        yield f"  {title_of(name):<{width}}  {number(value):>9} {unit_of(name)}".rstrip()
    counts = result.events["kind"].value_counts()
    if len(counts):
        yield "  Events: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())


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
    table = comparison.table()
    width = max(map(len, map(_row_title, table["indicator"])), default=0)
    yield f"{'':<{width}}" + "".join(f"{mix[: _COLUMN - 1]:>{_COLUMN}}" for mix in comparison.mixes)
    for name, rows in table.groupby("indicator", sort=False):
        yield f"{_row_title(str(name)):<{width}}" + "".join(f"{number(mean):>{_COLUMN}}" for mean in rows["mean"])
        if len(rows) > 1:
            cells = "".join(f"{_difference(row):>{_COLUMN}}" for _, row in rows.iloc[1:].iterrows())
            yield f"{'':<{width + _COLUMN}}{cells}"


def _row_title(column: str) -> str:
    unit = unit_of(column)
    return f"{title_of(column)} ({unit})" if unit else title_of(column)


def _difference(row: pd.Series[Any]) -> str:
    """The difference with half its interval, and whether that is better or worse."""
    reach = (row["difference_high"] - row["difference_low"]) / 2
    sign = "+" if row["difference"] > 0 else ""
    within = f" ±{number(reach)}" if math.isfinite(reach) else ""
    mark = {"better": " ✓", "worse": " ✗"}.get(row["verdict"], "  ")
    return f"{sign}{number(row['difference'])}{within}{mark}"


def _cause_lines(comparison: Comparison) -> Iterator[str]:
    table = causes(comparison)
    width = max([len("all causes"), *map(len, table.index)])
    yield f"  {'':<{width}}" + "".join(f"{mix[: _COLUMN - 1]:>{_COLUMN}}" for mix in comparison.mixes)
    for cause, row in pd.concat([table, table.sum().to_frame("all causes").T]).iterrows():
        yield f"  {cause:<{width}}" + "".join(f"{row[mix]:>{_COLUMN}.1f}" for mix in comparison.mixes)


def mix_titles(comparison: Comparison) -> dict[str, str]:
    """The title of each mix; its name where it is a file of the user's or several joined."""
    known = catalogue("mixes")
    return {mix: known[mix].title["en"] if mix in known else mix for mix in comparison.mixes}


# --- A comparison in files ----------------------------------------------------------------------


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write comparison.csv, bankruptcies.csv, series.parquet, events.csv, manifest.json and the figure."""
    comparison.table().to_csv(folder / "comparison.csv", index=False)
    causes(comparison).rename_axis("cause").to_csv(folder / "bankruptcies.csv")
    comparison.series.to_parquet(folder / "series.parquet", index=False, compression="zstd")
    comparison.events.to_csv(folder / "events.csv", index=False)
    figure = figures.draw(comparison, figures.choose_panels(comparison), mix_titles(comparison))
    figures.save(figure, folder)
    write_manifest(map(comparison.selection.with_mix, comparison.mixes), comparison.seeds, folder)
