"""Results of a batch, read back: only what was committed, each run once, whatever happened on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as parquet

from abm.parameters import ConfigError
from experiments.designs import Design

OK = "ok"
MANIFEST = "manifest.json"
KEYS = ("run_id", "chunk", "setting", "mix", "shocks", "seed", "point")
"""What identifies a run, in both tables; `chunk` is the name of the file that committed it."""


class Results:
    """The folder of a batch.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        What the driver wrote down: design, code, packages, host, scenarios.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.manifest: dict[str, Any] = _manifest(self.folder)

    @cached_property
    def design(self) -> Design:
        """The design that the folder answers."""
        return Design.from_description(self.manifest["design"])

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per finished run, in the order of the design.

        Columns: `KEYS`, `number` in the design, `status` ("ok" or the error), `attempts`, `seconds`, one column per
        factor of the design's samples, and the headline indicators (NaN for a run that failed).
        """
        tables = [_read(path) for path in sorted((self.folder / "runs").glob("*.parquet"))]
        if not tables:
            return pd.DataFrame(columns=[*KEYS, "number", "status", "attempts", "seconds"])
        together = pd.concat(tables, ignore_index=True)
        return together.drop_duplicates("run_id").sort_values("number", ignore_index=True)

    @property
    def done(self) -> pd.DataFrame:
        """The runs that succeeded."""
        return self.runs[self.runs["status"] == OK].reset_index(drop=True)

    @property
    def failed(self) -> pd.DataFrame:
        """The runs that did not, with their errors in `status`."""
        return self.runs[self.runs["status"] != OK].reset_index(drop=True)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the headline indicators."""
        known = {*KEYS, "number", "status", "attempts", "seconds", *(factor.name for factor in self.design.factors)}
        return tuple(name for name in self.runs.columns if name not in known)

    def series(self, columns: Sequence[str] | None = None, runs: Iterable[str] | None = None) -> pd.DataFrame:
        """Months of committed runs: `KEYS`, `month`, and the columns asked for (all without), of these runs (all).

        A column that a run does not have is NaN there.
        """
        wanted = None if runs is None else set(runs)
        tables = []
        for chunk, committed in self.done.groupby("chunk"):
            ids = set(committed["run_id"]) if wanted is None else wanted & set(committed["run_id"])
            if ids:
                table = _read(self.folder / "series" / f"{chunk}.parquet", columns)
                tables.append(table[table["run_id"].isin(ids)])
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*KEYS, "month"])


def open_results(folder: str | Path) -> Results:
    """The results of a batch. Raises ConfigError if the folder holds none."""
    return Results(folder)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError("is not a folder of a batch", file=str(folder), expected=f"a folder with {MANIFEST} and runs")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from None
    if not isinstance(manifest, dict) or "design" not in manifest:
        raise ConfigError("is not the manifest of a batch", file=str(path))
    return manifest


def _read(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    try:
        chosen = None
        if columns is not None:
            there = set(parquet.read_schema(path).names)
            chosen = [name for name in [*KEYS, "month", *columns] if name in there]
        return pd.read_parquet(path, columns=chosen)
    except (OSError, ValueError) as error:  # pyarrow's own errors are both
        raise ConfigError(
            f"is damaged: {error}", file=str(path), expected="a whole Parquet file; `abm batch --resume` mends it"
        ) from None
