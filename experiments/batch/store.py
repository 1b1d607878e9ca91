"""The store of a batch: files that are their own ledger.

`DIR/runs/CHUNK.parquet` commits a chunk of runs; `DIR/series/CHUNK.parquet` has their months. Each is written under
another name and renamed, the series first, so that whatever happens in between leaves series without a commit,
which nobody reads and the next driver sweeps away. One driver at a time holds `DIR/.lock`, which the system frees
when the driver ends, however it ends.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from filelock import FileLock, Timeout

from abm.parameters import ConfigError
from experiments.batch.provenance import bare, code_version
from experiments.batch.results import KEYS, MANIFEST, OK
from experiments.output import remove
from experiments.parallel import Outcome
from experiments.runs import Job, Result, Selection, load

RUNS_PER_CHUNK = 50  # one file of fifty runs is written several times faster than fifty of one
SECONDS_PER_CHUNK = 60.0  # of work that a killed driver may lose
FOLDERS = ("runs", "series")
_DAMAGED = "damaged"
_METADATA = b"kringloop"


class Store:
    """Keeps what became of runs; made by one driver, which holds the folder until it is closed.

    Attributes
    ----------
    folder
        Where it is.
    known
        Status of every run that is committed, by identifier.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = FileLock(folder / ".lock", timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise ConfigError(
                "another batch is writing here", key="--out", file=str(folder), expected="a folder of its own"
            ) from None
        self.known: dict[str, str] = {}
        self._runs: list[dict[str, Any]] = []
        self._series: list[pd.DataFrame] = []
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.flush()  # what was finished is kept, also after an interruption
        finally:
            self._lock.release()

    # --- What is there

    def clear(self) -> None:
        """Remove the results that are there."""
        for name in (*FOLDERS, _DAMAGED, MANIFEST):
            if (self.folder / name).exists():
                remove(self.folder / name)

    def take_up(self) -> list[str]:
        """Read what is committed, sweep away what is not, put damaged files aside; say what was found, in words."""
        said = []
        for name in FOLDERS:
            for path in (self.folder / name).glob(".*"):
                path.unlink()  # it was being written when the driver ended
        for path in sorted((self.folder / "runs").glob("*.parquet")):
            try:
                self.known |= _committed(path, self.folder / "series" / path.name)
            except _DamagedError as error:
                said.append(f"{error}; its runs are made again")
                self._put_aside(path.name)
        for path in (self.folder / "series").glob("*.parquet"):
            if not (self.folder / "runs" / path.name).exists():
                path.unlink()
        return said

    def forget_failures(self) -> int:
        """Take the runs that failed out of the ledger, so that they are made again; how many these are."""
        failed = {identifier for identifier, status in self.known.items() if status != OK}
        for path in sorted((self.folder / "runs").glob("*.parquet")):
            table = pd.read_parquet(path)
            if failed & set(table["run_id"]):
                rows = parquet.read_metadata(path).metadata
                self._write(table[~table["run_id"].isin(failed)], path, rows.get(_METADATA))
        self.known = {identifier: status for identifier, status in self.known.items() if identifier not in failed}
        return len(failed)

    def renumber(self, places: Mapping[str, tuple[int, int]]) -> bool:
        """Give runs their number in a design that has grown; False, and nothing is done, if one's point is another."""
        changed = {}
        for path in sorted((self.folder / "runs").glob("*.parquet")):
            table = pd.read_parquet(path)
            numbers, points = zip(*table["run_id"].map(places), strict=True) if len(table) else ((), ())
            if list(table["point"]) != list(points):
                return False
            if list(table["number"]) != list(numbers):
                changed[path] = table.assign(number=numbers)
        for path, table in changed.items():
            self._write(table, path, (parquet.read_metadata(path).metadata or {}).get(_METADATA))
        return True

    def _put_aside(self, name: str) -> None:
        (self.folder / _DAMAGED).mkdir(exist_ok=True)
        for folder in FOLDERS:
            if (self.folder / folder / name).exists():
                (self.folder / folder / name).replace(self.folder / _DAMAGED / f"{folder}-{name}")

    # --- What is added

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Write down what the batch is, whole or not at all."""
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        temporary = self.folder / f".{MANIFEST}"
        try:
            with temporary.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.folder / MANIFEST)
        except OSError as error:
            raise _plain(error, self.folder / MANIFEST) from error

    def add(self, identifier: str, outcome: Outcome[Job, Result]) -> None:
        """Keep what became of a run; commit when a chunk is full, or old enough. Raises OSError."""
        keys = _keys(identifier, outcome.job)
        row = {**keys, "number": outcome.job.number, "status": outcome.error or OK, "attempts": outcome.attempts}
        row |= {"seconds": float("nan"), **_factors(outcome.job)}
        if outcome.result is not None:
            self._series.append(_with_keys(outcome.result.series, keys))
            row |= {"seconds": outcome.result.seconds, **outcome.result.summary}
        self._runs.append(row)
        self.known[identifier] = row["status"]
        if len(self._runs) >= RUNS_PER_CHUNK or time.monotonic() - self._since > SECONDS_PER_CHUNK:
            self.flush()

    def flush(self) -> None:
        """Commit what is kept: the series first, and then, by the runs, all at once. Raises OSError.

        What an interruption leaves is committed by the next flush, under the same name; what the disk refuses is not
        tried again.
        """
        self._since = time.monotonic()
        if not self._runs:
            return
        try:
            self._commit(_name([row["run_id"] for row in self._runs]))
        except OSError:
            self._runs, self._series = [], []
            raise
        self._runs, self._series = [], []

    def _commit(self, chunk: str) -> None:
        rows = 0
        if self._series:
            months = pd.concat(self._series, ignore_index=True).assign(chunk=chunk)
            self._write(months, self.folder / "series" / f"{chunk}.parquet")
            rows = len(months)
        stamp = json.dumps({"code": code_version(), "series": rows}).encode()
        self._write(pd.DataFrame(self._runs).assign(chunk=chunk), self.folder / "runs" / f"{chunk}.parquet", stamp)

    def align(self) -> None:
        """Give all files of a folder the same columns, which the usual readers take from the first."""
        for name in FOLDERS:
            columns = {path: parquet.read_schema(path).names for path in sorted((self.folder / name).glob("*.parquet"))}
            union = list(dict.fromkeys(column for names in columns.values() for column in names))
            for path, names in columns.items():
                if len(names) < len(union):
                    stamp = (parquet.read_metadata(path).metadata or {}).get(_METADATA)
                    self._write(pd.read_parquet(path).reindex(columns=union), path, stamp)

    def _write(self, table: pd.DataFrame, target: Path, stamp: bytes | None = None) -> None:
        temporary = target.with_name(f".{target.name}")  # readers of a folder pass over hidden files
        try:
            target.parent.mkdir(exist_ok=True)
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            stamped = arrow.replace_schema_metadata(
                (arrow.schema.metadata or {}) | {_METADATA: stamp or json.dumps({"code": code_version()}).encode()}
            )
            with temporary.open("wb") as file:
                parquet.write_table(stamped, file, compression="zstd", use_dictionary=[*KEYS, "month"])
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _plain(error, target) from error


class _DamagedError(Exception):
    """A file of the ledger is not what it was when it was committed."""


def _committed(path: Path, series: Path) -> dict[str, str]:
    """Status of the runs that a file commits. Raises _DamagedError if it, or the series it vouches for, is damaged."""
    try:
        table = parquet.read_table(path, columns=["run_id", "status"])
        stamp = json.loads((parquet.read_metadata(path).metadata or {})[_METADATA])
    except (OSError, ValueError, KeyError) as error:
        raise _DamagedError(f"{path} is damaged ({_first_line(error)})") from None
    if stamp["series"]:
        try:
            rows = parquet.read_metadata(series).num_rows
        except (OSError, ValueError) as error:
            raise _DamagedError(f"{series} is damaged ({_first_line(error)})") from None
        if rows != stamp["series"]:
            raise _DamagedError(f"{series} has {rows} rows instead of {stamp['series']}")
    return dict(zip(table["run_id"].to_pylist(), table["status"].to_pylist(), strict=True))


def _factors(job: Job) -> dict[str, Any]:
    """Values of the factors, but for mix and shocks, which stand among the keys by the names of their files."""
    return {name: value for name, value in job.values if name not in KEYS}


def _keys(identifier: str, job: Job) -> dict[str, Any]:
    return dict(zip(KEYS, (identifier, "", *_names(bare(job.selection)), job.seed, job.point), strict=True))


@lru_cache(maxsize=4096)
def _names(selection: Selection) -> tuple[str, str, str]:
    """Setting, mix and shocks by name; kept, since to load a scenario for every run would take the driver's time."""
    scenario = load(selection)
    return scenario.setting, scenario.mix_name, scenario.shocks_name


def _with_keys(series: pd.DataFrame, keys: Mapping[str, Any]) -> pd.DataFrame:
    """The series of a run with the run's keys and the month as columns in front."""
    front = pd.DataFrame(dict(keys), index=series.index)
    return pd.concat([front, series], axis=1).reset_index(names="month")


def _name(identifiers: list[str]) -> str:
    """The name of a chunk, which two drivers could only give to the same runs."""
    return hashlib.sha256(" ".join(sorted(identifiers)).encode()).hexdigest()[:16]


def _plain(error: OSError, target: Path) -> OSError:
    """The same error with the file and with what can be done."""
    code = error.errno
    if code is None and "No space left" in str(error):
        code = errno.ENOSPC
    reason = os.strerror(code) if code else str(error)
    return OSError(code or 0, f"{reason}; what was committed is kept, and --resume goes on from there", str(target))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
