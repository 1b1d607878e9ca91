"""Run a scenario and keep what came out: series, events, and a manifest from which it can be repeated."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import math
import platform
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm import indicators
from abm.events import EventLog, month_name
from abm.parameters import ConfigError, shown
from abm.scenario import Scenario, load_scenario

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], object]
LABELS = ("indicator", "jurisdiction", "material", "product", "detail", "unit")
FAILURE = ("month", "who", "kind", "where", "cause")  # and the parts of the fall in its result, EUR a month
PARTS = ("price", "support", "inputs", "operations", "volume", "debt")
DEED = ("month", "bloc", "kind", "good", "regime", "reason", "withheld", "sold_under_cost", "unit")
DEED_MONEY = ("price_inside", "price_outside", "purse", "rents")
FILES = ("series.parquet", "series.csv", "events.csv", "failures.parquet", "failures.csv", "blocs.csv", "manifest.json")
_PACKAGES = ("numpy", "pandas", "mesa", "kringloop")


@dataclass
class Run:
    """What came out of one run.

    Attributes
    ----------
    columns
        For each column of `values`: name, indicator, jurisdiction, material, product, detail, unit.
    values
        (months, columns) float64.
    failed
        One dict per organisation that failed: month, who, kind, where, cause, and the parts of the fall in its
        monthly result since its best year (EUR), which add up to it.
    deeds
        One dict per month, state-backed bloc and good with which it did something: see `blocs`.
    manifest
        Scenario in full, seed, versions, processor, commit, time taken and headline values.
    """

    scenario: Scenario
    columns: list[dict[str, str]]
    values: np.ndarray
    event_log: EventLog
    manifest: dict[str, Any]
    failed: list[dict[str, Any]] = field(default_factory=list)
    deeds: list[dict[str, Any]] = field(default_factory=list)

    @cached_property
    def months(self) -> list[str]:
        """The months that were run, as YYYY-MM."""
        return [month_name(month, self.scenario.config.time.start) for month in range(len(self.values))]

    @cached_property
    def series(self) -> pd.DataFrame:
        """One row per month and one column per indicator, place, material and product."""
        import pandas as pd

        names = [column["name"] for column in self.columns]
        return pd.DataFrame(self.values, index=pd.Index(self.months, name="month"), columns=names)

    def tidy(self) -> pd.DataFrame:
        """One row per value: month, indicator, jurisdiction, material, product, detail (other axes), unit, value."""
        import pandas as pd

        months, columns = self.values.shape
        codes = np.tile(np.arange(months), columns)
        table = {"month": pd.Categorical.from_codes(codes, categories=self.months)}
        for label in LABELS:
            words = pd.Categorical([column.get(label) or "" for column in self.columns])
            table[label] = pd.Categorical.from_codes(np.repeat(words.codes, months), categories=words.categories)
        return pd.DataFrame({**table, "value": self.values.T.reshape(-1)})

    @property
    def events(self) -> pd.DataFrame:
        """What happened: month, kind, who, where, what, why, amount, unit."""
        return self.event_log.frame(self.scenario.config.time.start)

    @property
    def failures(self) -> pd.DataFrame:
        """One row per organisation that failed, with what its result fell by since its best year, part by part."""
        import pandas as pd

        table = pd.DataFrame(self.failed, columns=[*FAILURE, *PARTS])
        start = self.scenario.config.time.start
        table["month"] = [month_name(month, start) for month in table["month"]]
        kinds = {column: "float64" if column in PARTS else "str" for column in table}
        return table.astype(kinds)

    @property
    def blocs(self) -> pd.DataFrame:
        """What state-backed blocs did and why: one row per month, bloc and material, component or product.

        `withheld` and `sold_under_cost` are in `unit` (kg, or products), prices in EUR per unit inside the bloc and
        outside it (of goods: what exporters and buyers get and pay), `purse` and `rents` what that month cost the
        state and earned the holders of licences, EUR.
        """
        import pandas as pd

        table = pd.DataFrame(self.deeds, columns=[*DEED, *DEED_MONEY])
        table["month"] = [month_name(month, self.scenario.config.time.start) for month in table["month"]]
        numbers = ("withheld", "sold_under_cost", *DEED_MONEY)
        return table.astype({column: "float64" if column in numbers else "str" for column in table})

    def summary(self) -> dict[str, float]:
        """Each headline column in one number for the run, as its indicator declares."""
        return headline(self.columns, self.values)

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write `FILES` into a folder and return it.

        Files are written aside and moved when all are complete, the manifest last. With `force`
        files of these names are replaced and all others stay. Raises ConfigError if the folder is
        not empty and `force` is not set, or if it cannot be written.
        """
        folder = Path(folder)
        try:
            _require_free(folder, force)
            _write_aside(self, folder)
        except OSError as error:
            raise ConfigError(f"cannot be written ({error.strerror or error})", file=str(folder)) from None
        return folder


def run(
    scenario: Scenario | None = None,
    rng: int | np.random.Generator | None = None,
    progress: Progress | None = None,
    record: bool = True,
    events: bool = True,
    **keywords: Any,
) -> Run:
    """Run a scenario to its end.

    Parameters
    ----------
    scenario
        What to run; if left out, `load_scenario(**keywords)`.
    rng
        Seed or generator; None draws a seed. The manifest records the seed.
    progress
        Called after each month with the months done and the months in all; returning True stops the run.
    record, events
        Whether to keep series and events; neither changes what happens.
    """
    from abm.model import CircularTransition  # here, since Mesa takes a second to import and reading results needs none

    if scenario is None:
        scenario = load_scenario(**keywords)
    elif keywords:
        raise TypeError(f"with a scenario given, {', '.join(keywords)} would be ignored")
    began = time.process_time()
    model = CircularTransition.from_scenario(scenario, rng=rng, events=events, record=record)
    done = _step_through(model, scenario.months, progress)
    seconds = time.process_time() - began
    columns = [dict(column) for column in model.recorder.columns] if record else []
    values = np.array(model.recorder.values[:done]) if record else np.empty((done, 0))
    manifest = _manifest(scenario, int(model.seed), columns, values, seconds)
    return Run(scenario, columns, values, model.event_log, manifest, list(model.failures), list(model.deeds.rows))


def _step_through(model: Any, months: int, progress: Progress | None) -> int:
    """Take steps to the end, or until progress says to stop; return how many."""
    for done in range(1, months + 1):
        model.step()
        if progress is not None and progress(done, months) is True:
            return done
    return months


def _manifest(
    scenario: Scenario, seed: int, columns: list[dict[str, str]], values: np.ndarray, seconds: float
) -> dict[str, Any]:
    description = scenario.describe()
    return {
        "scenario": description,
        "scenario_digest": scenario_digest(description),
        "seed": seed,
        "months_run": len(values),
        **environment(),
        "cpu_seconds": round(seconds, 3),
        "digest": digest(values),
        "headline": {name: _or_none(value) for name, value in headline(columns, values).items()},
    }


# --- What a result depends on -------------------------------------------------------------------


@cache
def environment() -> dict[str, Any]:
    """Versions, processor and commit of this process; on the same ones results are the same bit for bit."""
    return {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "machine": platform.machine(),
        "processor_features": processor_features(),
        **_commit(),
    }


def _version(package: str) -> str:
    """The installed version, or that of the checkout for a model that is run without installing it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        project = Path(__file__).resolve().parent.parent / "pyproject.toml"
        if package != "kringloop" or not project.is_file():
            return "unknown"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def processor_features() -> list[str]:
    """The processor's instruction sets that NumPy uses: they decide how sums are rounded."""
    for name in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):  # the second before NumPy 2
        try:
            features = importlib.import_module(name).__cpu_features__
        except ImportError:
            continue
        return sorted(feature for feature, enabled in features.items() if enabled)
    return []


def _commit() -> dict[str, Any]:
    """Commit of the checkout and whether files differ from it; both None outside a checkout."""
    checkout = Path(__file__).resolve().parent.parent
    commit = _git(checkout, "rev-parse", "HEAD") if (checkout / ".git").exists() else None
    changes = _git(checkout, "status", "--porcelain") if commit else None
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _git(checkout: Path, *arguments: str) -> str | None:
    """What git says, None if it cannot say it."""
    command = ["git", "-C", str(checkout), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def digest(values: np.ndarray) -> str:
    """A fingerprint of every bit of the series."""
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()


def headline(columns: list[dict[str, str]], values: np.ndarray) -> dict[str, float]:
    """Columns of headline indicators by name, each in one number for the run; NaN where nothing is known."""
    found = {}
    for number, column in enumerate(columns):
        declared = indicators.registry()[column["indicator"]]
        if declared.headline:
            found[column["name"]] = float(sum_up(values[:, number], declared.summary))
    return found


def sum_up(values: np.ndarray, summary: str) -> np.ndarray:
    """Months (…, months) in one number (…,), as an indicator declares: "mean" or "sum" of what is known, or "end"."""
    if summary == "end":
        return values[..., -1] if values.shape[-1] else np.full(values.shape[:-1], np.nan)
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1)
    whole = count if summary == "mean" else np.ones_like(count)
    return np.divide(total, whole, out=np.full(np.shape(total), np.nan), where=count > 0)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


# --- Writing ------------------------------------------------------------------------------------


def _require_free(folder: Path, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError("is a file", file=str(folder), expected="a folder")
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise ConfigError("the folder is not empty", file=str(folder), expected="an empty or new folder, or force")


def _write_aside(result: Run, folder: Path) -> None:
    """Write into a folder inside the target, on the same disk, then move file by file."""
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as name:
            aside = Path(name)
            _write_files(result, aside)
            (folder / "manifest.json").unlink(missing_ok=True)
            for file in FILES:
                (aside / file).replace(folder / file)
    except BaseException:
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise


def _write_files(result: Run, folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    table = pa.Table.from_pandas(result.tidy(), preserve_index=False)
    pyarrow.parquet.write_table(table, folder / "series.parquet")
    plain = pa.table({name: _spelled_out(table[name]) for name in table.column_names})
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    pyarrow.csv.write_csv(plain, folder / "series.csv", options)
    result.events.to_csv(folder / "events.csv", index=False)
    result.blocs.to_csv(folder / "blocs.csv", index=False)
    failures = result.failures
    failures.to_csv(folder / "failures.csv", index=False)
    failures.to_parquet(folder / "failures.parquet", index=False)
    text = json.dumps(result.manifest, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _spelled_out(column: Any) -> Any:
    """Words in place of the codes in which repeated words are kept."""
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


# --- Repeating ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repetition:
    """How a repeated run compares with the original.

    `largest_difference` is that of the headline values, relative to the larger of the two, and
    `where` the indicator in which it occurs. `differing` holds (then, now) of what may explain it.
    """

    identical: bool
    largest_difference: float
    where: str
    differing: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    missing_paths: tuple[str, ...] = ()
    added_paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.identical:
            lines = ["identical bit for bit"]
        elif self.largest_difference == 0.0:
            lines = ["headline values are equal, but not every series bit for bit"]
        else:
            lines = [f"largest relative difference in a headline value: {self.largest_difference:.3g} ({self.where})"]
        lines += [f"{name}: then {then}, now {now}" for name, (then, now) in self.differing.items()]
        lines += [f"parameter that no longer exists: {path}" for path in self.missing_paths]
        lines += [f"parameter that did not exist then: {path}" for path in self.added_paths]
        return "\n".join(lines)


def repeat(manifest: str | Path, progress: Progress | None = None) -> tuple[Run, Repetition]:
    """Run again what a manifest (the file, or the folder that holds it) describes, and compare.

    Raises ConfigError if the file cannot be read or is not a manifest.
    """
    original = read_manifest(Path(manifest))
    scenario = _described(original["scenario"], Path(manifest))
    last = int(original["months_run"])

    def stop(month: int, months: int) -> bool:
        stopped = progress is not None and progress(month, months) is True
        return stopped or month >= last

    again = run(scenario, rng=int(original["seed"]), progress=stop)
    return again, compare(original, again)


def _described(description: Any, path: Path) -> Scenario:
    """The scenario that a manifest describes; what is wrong with it is said of the file."""
    try:
        return Scenario.from_description(description)
    except ConfigError as error:
        raise error.inside("scenario", shown(path)) from None
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        raise ConfigError(
            f"cannot be read ({error})", key="scenario", file=shown(path), expected="what this model wrote there"
        ) from None


def read_manifest(path: Path) -> dict[str, Any]:
    """The contents of a manifest."""
    path = path / "manifest.json" if path.is_dir() else path
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", file=shown(path), expected="a manifest") from None
    except ValueError as error:
        raise ConfigError(f"is not valid JSON: {error}", file=shown(path), expected="a manifest") from None
    _check_manifest(manifest, path)
    return dict(manifest)


WORDS: dict[type, str] = {dict: "a table", int: "a whole number ≥ 0", str: "text"}


def _check_manifest(manifest: Any, path: Path) -> None:
    """Refuse what is no manifest of a single run."""
    if isinstance(manifest, dict) and "scenarios" in manifest:
        raise ConfigError(
            "describes several runs", file=shown(path), expected="the manifest of one run, as `abm run --out` writes it"
        )
    number = (int, float, type(None))
    kinds = {"scenario": dict, "seed": int, "months_run": int, "digest": str, "headline": dict, "versions": dict}
    for key, kind in kinds.items():
        if not isinstance(manifest, dict) or key not in manifest:
            raise ConfigError("missing", key=key, file=shown(path), expected="a manifest written by this model")
        if not isinstance(manifest[key], kind) or (kind is int and manifest[key] < 0):
            raise ConfigError(f"{manifest[key]!r:.40} is not valid", key=key, file=shown(path), expected=WORDS[kind])
    for name, value in manifest["headline"].items():
        if not isinstance(value, number):
            raise ConfigError(
                f"{value!r:.40} is not a number", key=f"headline.{name}", file=shown(path), expected="a number"
            )


def compare(original: Mapping[str, Any], again: Run) -> Repetition:
    """Compare a run with the manifest of an earlier one."""
    then, now = original["headline"], again.manifest["headline"]
    differences = {name: _relative(then[name], now.get(name)) for name in then}
    where = max(differences, key=lambda name: differences[name], default="")
    return Repetition(
        identical=original["digest"] == again.manifest["digest"],
        largest_difference=differences.get(where, 0.0),
        where=where,
        differing=_edited(original) | _differing(original, again.manifest),
        missing_paths=again.scenario.missing_paths,
        added_paths=again.scenario.added_paths,
    )


def _edited(manifest: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Whether the scenario in a manifest is still the one that was written there."""
    written, now = manifest.get("scenario_digest"), scenario_digest(manifest["scenario"])
    return {} if written in (None, now) else {"scenario in the manifest": ("as it was written", "edited by hand")}


def scenario_digest(description: Any) -> str:
    """A fingerprint of the description of a scenario."""
    return hashlib.sha256(json.dumps(description, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _relative(then: float | None, now: float | None) -> float:
    """Difference over the larger; infinite if there is a value in only one of the two."""
    if then is None or now is None:
        return 0.0 if then is now else math.inf
    scale = max(abs(then), abs(now))
    return abs(then - now) / scale if scale else 0.0


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Versions, processor features and commit that are not the same."""
    versions = {f"version of {name}": _pair(then, now, "versions", name) for name in now["versions"]}
    others = {name: (then.get(name), now[name]) for name in ("machine", "commit", "dirty")}
    features = set(then.get("processor_features", ())), set(now["processor_features"])
    lacking = {"processor features": (sorted(features[0] - features[1]), sorted(features[1] - features[0]))}
    pairs = {**versions, **others, **(lacking if features[0] != features[1] else {})}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _pair(then: Mapping[str, Any], now: Mapping[str, Any], group: str, name: str) -> tuple[Any, Any]:
    return then.get(group, {}).get(name), now[group][name]
