"""Outcomes of runs: headline indicators, or a column of the series summed up over its months.

An outcome is the name of a headline indicator, or `COLUMN:WAY`: a column of the series and how its months are summed
up, one of `WAYS` (`price_outside[ndpr]:max`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from abm.indicators import registry
from abm.parameters import ConfigError, nearest_name, unknown
from experiments.batch.results import KEYS, Results
from experiments.runs import Result, Selection, load
from experiments.wording import indicator_of, title_of, unit_of

WAYS = ("mean", "sum", "max", "min", "last")


def check_outcome(name: str, ways: Sequence[str] = WAYS) -> str:
    """The name itself if it can be an outcome, as far as can be told without a scenario. Raises ConfigError."""
    column, way = _parts(name)
    base = column.partition("[")[0]
    declared = registry().get(base)
    headlines = [known for known, indicator in registry().items() if indicator.headline]
    if declared is None or not (way or declared.headline):
        hint = "" if declared is None else f"; a series is summed up by a way, such as {name}:mean"
        raise ConfigError(
            f"unknown {'indicator' if way else 'headline indicator'} '{base}'{hint}",
            key="outcome",
            nearest=nearest_name(base, registry() if way else headlines),
        )
    if way and way not in ways:
        raise unknown("way of summing up", way, ways, key=name)
    if declared.axes and base == column:
        raise ConfigError(f"has a column for each {' and '.join(declared.axes)}", key=name, expected=f"{base}[…]")
    return name


def check_columns(names: Iterable[str], selections: Iterable[Selection]) -> None:
    """Refuse an outcome whose column no run of these selections records. Builds a model, and runs none.

    Raises ConfigError with the nearest column.
    """
    missing = {_parts(name)[0] for name in names if "[" in name}
    columns: set[str] = set()
    for selection in dict.fromkeys(selections):
        if not missing:
            return
        columns |= set(recorded(selection))
        missing -= columns
    for column in sorted(missing):
        raise unknown("column", column, sorted(columns), key="outcome")


def recorded(selection: Selection, headline: bool = False) -> list[str]:
    """Columns that runs of a selection record; with `headline` those of headline indicators. Raises ConfigError."""
    from abm.model import CircularTransition

    columns = CircularTransition.from_scenario(load(selection), rng=1, events=False).recorder.columns
    return [column["name"] for column in columns if registry()[column["indicator"]].headline or not headline]


def outcomes_of(result: Result, names: Sequence[str] = ()) -> dict[str, float]:
    """These outcomes of one run, or all headline indicators. Raises ConfigError."""
    return {name: _outcome(result, name) for name in names} if names else dict(result.summary)


def _outcome(result: Result, name: str) -> float:
    column, way = _parts(check_outcome(name))
    months = column_of(result, column)
    return float(_by_run(months.to_frame().assign(run_id=""), column, way).iloc[0]) if way else result.summary[name]


def column_of(result: Result, column: str) -> pd.Series[float]:
    """The months of a column of a run. Raises ConfigError with the nearest column."""
    if column not in result.series:
        raise unknown("column", column, list(result.series), key="outcome")
    return result.series[column]


def _parts(name: str) -> tuple[str, str]:
    """Column and way of an outcome; no way of a headline indicator."""
    column, colon, way = name.rpartition(":")
    return (column, way or "?") if colon else (way, "")


def outcome_table(results: Results, outcomes: Sequence[str] = ()) -> pd.DataFrame:
    """One row per run that succeeded: `KEYS`, the factors of the design, and a column per outcome.

    Without any outcome, all headline indicators. Raises ConfigError.
    """
    done, names = results.done, list(outcomes) or list(results.outcomes)
    factors = [factor.name for factor in results.design.factors if factor.name not in KEYS]
    if done.empty:
        return pd.DataFrame(columns=[*KEYS, *factors, *names])
    plain = [name for name in names if ":" not in name]
    for name in plain:
        if name not in results.outcomes:
            raise unknown("outcome", name, results.outcomes, key="outcome")
    table = done[[*KEYS, *factors, *plain]].copy()
    for name in names:
        if ":" in name:
            table[name] = table["run_id"].map(_summed(results, name))
    return table[[*KEYS, *factors, *names]]


def _summed(results: Results, name: str) -> pd.Series[float]:
    column, _, way = name.rpartition(":")
    if way not in WAYS:
        raise unknown("way of summing up", way, WAYS, key=name)
    series = results.series([column])
    if column not in series:
        raise ConfigError("no such column in the series of this batch", key=column, expected="a column that was kept")
    return _by_run(series, column, way)


def _by_run(series: pd.DataFrame, column: str, way: Any) -> pd.Series[float]:
    """The months of a column summed up, by run."""
    months = series.groupby("run_id", observed=True)[column]
    if way == "sum":
        return months.sum(min_count=1)  # a sum over no month at all is undefined, not zero
    return months.agg(lambda values: values.iloc[-1]) if way == "last" else months.agg(way)


_SUMMED_UP = {"mean": "mean", "sum": "sum", "max": "highest", "min": "lowest", "last": "last month"}


def title_of_outcome(outcome: str) -> str:
    """Title of a headline indicator, or of a column of the series with how its months are summed up."""
    column, _, way = outcome.rpartition(":")
    return f"{title_of(column)}, {_SUMMED_UP[way]}" if column else title_of(outcome)


def unit_of_outcome(outcome: str) -> str:
    """Unit of an outcome; a flow per month keeps its month unless the months are summed. Empty for 1."""
    column, _, way = outcome.rpartition(":")
    if not column:
        return unit_of(outcome)
    unit = indicator_of(column).unit
    unit = unit.removesuffix("/month") if way == "sum" else unit
    return "" if unit == "1" else unit
