"""Outcomes of the runs of a batch: headline indicators, or a column of the series summed up over its months."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from abm.parameters import ConfigError, unknown
from experiments.batch.results import KEYS, Results

WAYS = ("mean", "sum", "max", "min", "last")


def outcome_table(results: Results, outcomes: Sequence[str] = ()) -> pd.DataFrame:
    """One row per run that succeeded: `KEYS`, the factors of the design, and a column per outcome.

    An outcome is the name of a headline indicator, or `COLUMN:WAY`: a column of the series and how its months are
    summed up, one of `WAYS` (`material_price[ndpr]:max`). Without any, all headline indicators. Raises ConfigError.
    """
    done, names = results.done, list(outcomes) or list(results.outcomes)
    plain = [name for name in names if ":" not in name]
    for name in plain:
        if name not in results.outcomes:
            raise unknown("outcome", name, results.outcomes, key="outcome")
    factors = [factor.name for factor in results.design.factors if factor.name not in KEYS]
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
    return series.groupby("run_id", observed=True)[column].agg(way)
