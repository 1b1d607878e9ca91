"""Running, writing and repeating, on a stand-in for the model."""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm import running
from abm.events import EventLog
from abm.indicators import registry
from abm.indicators.indicator import SUMMARIES
from abm.parameters import ConfigError
from abm.scenario import Scenario, load_scenario

SHOWN = {
    summary: next(name for name, known in registry().items() if known.headline and known.summary == summary)
    for summary in SUMMARIES
}
ASIDE = next(name for name, known in registry().items() if not known.headline)
LABELS = {"jurisdiction": "", "material": "", "product": "", "unit": "t"}
COLUMNS = [
    {"name": "output", "indicator": SHOWN["mean"], **LABELS},
    {"name": "gap", "indicator": SHOWN["end"], **LABELS, "jurisdiction": "eu", "unit": "1"},
    {"name": "price a", "indicator": ASIDE, **LABELS, "material": "a, b", "unit": "EUR/kg"},
]
FAILURE = {"month": 1, "who": "somebody, new", "kind": "recycler", "where": "eu", "cause": "debt"}
FALL = {"price": -4.0, "support": 0.0, "inputs": 1.0, "operations": -0.5, "volume": -2.0, "debt": -7.5}

DEED = {"month": 1, "bloc": "somebody, new", "kind": "material", "good": "a, b", "regime": "flood", "reason": "why, so"}
AMOUNTS = {"withheld": 0.0, "sold_under_cost": 2.5, "unit": "kg", "price_inside": 3.0, "price_outside": 2.0}
AMOUNTS |= {"purse": 2.5, "rents": 0.0}


class StandIn:
    """Draws numbers, and knows how to do nothing else."""

    def __init__(self, scenario: Scenario, seed: int, events: bool, record: bool) -> None:
        self.seed, self.month = seed, -1
        self._draws = np.random.default_rng(seed)
        values = np.full((scenario.months, len(COLUMNS)), np.nan)
        self.record = record
        self.recorder = SimpleNamespace(columns=COLUMNS, values=values if record else None)
        self.event_log = EventLog(events)
        self.failures: list[dict[str, Any]] = [{**FAILURE, **FALL}]
        self.deeds = SimpleNamespace(rows=[{**DEED, **AMOUNTS}])

    @classmethod
    def from_scenario(cls, scenario: Scenario, rng: Any, events: bool, record: bool) -> "StandIn":
        return cls(scenario, 5 if rng is None else int(rng), events, record)

    def step(self) -> None:
        self.month += 1
        draws = self._draws.normal(size=len(COLUMNS))
        draws[1] = np.nan
        if self.record:
            self.recorder.values[self.month] = draws
        self.event_log.append(self.month, "entry", "somebody, new", "eu", "entered")


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("abm.model")
    module.CircularTransition = StandIn
    monkeypatch.setitem(sys.modules, "abm.model", module)


@pytest.fixture
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A setting without instruments and shocks."""
    path = tmp_path_factory.mktemp("settings") / "plain.toml"
    path.write_text('title = { en = "Plain", nl = "Kaal" }\n', encoding="utf-8")
    return path


@pytest.fixture
def result(plain: Path) -> running.Run:
    return running.run(rng=3, setting=plain, months=14)


def test_a_run_gives_series_tidy_rows_and_events(result: running.Run) -> None:
    assert result.series.shape == (14, 3)
    assert list(result.series.columns) == ["output", "gap", "price a"]
    assert (result.series.index[0], result.series.index[-1]) == ("2026-01", "2027-02")
    tidy = result.tidy()
    assert list(tidy.columns) == ["month", *running.LABELS, "value"]
    assert len(tidy) == 3 * 14
    row = tidy[(tidy["material"] == "a, b") & (tidy["month"] == "2027-01")].iloc[0]
    assert (row["indicator"], row["unit"], row["value"]) == (ASIDE, "EUR/kg", result.series.loc["2027-01", "price a"])
    assert len(result.events) == 14
    assert list(result.summary()) == ["output", "gap"]
    assert result.summary()["output"] == pytest.approx(result.series["output"].mean())
    assert result.summary() == pytest.approx(
        {name: np.nan if value is None else value for name, value in result.manifest["headline"].items()}, nan_ok=True
    )


def test_failures_tell_what_a_result_fell_by(result: running.Run) -> None:
    assert result.failures.to_dict("records") == [{**FAILURE, "month": "2026-02", **FALL}]


@pytest.mark.parametrize(("summary", "expected"), [("mean", 2.0), ("sum", 6.0), ("end", 3.0)])
def test_a_period_is_summed_up_as_declared(summary: str, expected: float) -> None:
    values = np.array([[1.0, 2.0, np.nan, 3.0], [np.nan] * 4])
    assert running.sum_up(values, summary) == pytest.approx([expected, np.nan], nan_ok=True)
    assert running.headline(COLUMNS[1:2] * 2, np.zeros((4, 2))) == {"gap": 0.0}


def test_headlines_are_summed_up_as_their_indicators_declare() -> None:
    columns = [{"name": summary, "indicator": name} for summary, name in SHOWN.items()]
    columns.append({"name": "aside", "indicator": ASIDE})
    values = np.array([[1.0] * 4, [np.nan] * 4, [4.0] * 4])
    assert running.headline(columns, values) == {"mean": 2.5, "end": 4.0, "sum": 5.0}


def test_progress_is_told_and_may_stop_the_run(plain: Path) -> None:
    told: list[tuple[int, int]] = []

    def progress(month: int, months: int) -> bool:
        told.append((month, months))
        return month == 3

    stopped = running.run(rng=1, progress=progress, setting=plain, months=9)
    assert told == [(1, 9), (2, 9), (3, 9)]
    assert stopped.series.shape == (3, 3)
    assert stopped.manifest["months_run"] == 3


def test_without_recording_there_is_nothing_to_show(plain: Path) -> None:
    bare = running.run(rng=1, record=False, events=False, setting=plain, months=5)
    assert bare.series.shape == (5, 0)
    assert len(bare.tidy()) == len(bare.events) == len(bare.summary()) == 0
    assert len(bare.failures) == 1


def test_a_scenario_and_keywords_exclude_each_other(plain: Path) -> None:
    with pytest.raises(TypeError, match="months would be ignored"):
        running.run(load_scenario(plain), months=5)


def test_the_manifest_says_what_the_result_depends_on(result: running.Run) -> None:
    manifest = json.loads(json.dumps(result.manifest, allow_nan=False))
    assert manifest["seed"] == 3
    assert set(manifest["versions"]) == {"python", "numpy", "pandas", "mesa", "kringloop"}
    assert manifest["versions"]["numpy"] == np.__version__
    assert "unknown" not in manifest["versions"].values()
    assert manifest["processor_features"] == running.processor_features()
    assert manifest["headline"]["gap"] is None
    assert manifest["scenario"] == json.loads(json.dumps(result.scenario.describe()))


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "abm").mkdir()
    monkeypatch.setattr(running, "__file__", str(tmp_path / "abm/running.py"))
    assert running._commit() == {"commit": None, "dirty": None}
    (tmp_path / ".git").mkdir()  # a checkout that git cannot read
    assert running._commit() == {"commit": None, "dirty": None}
    monkeypatch.setenv("PATH", "")
    assert running._git(tmp_path, "status") is None


# --- Writing


def test_files_hold_what_the_run_holds(result: running.Run, tmp_path: Path) -> None:
    folder = result.write(tmp_path / "new" / "folder")
    assert sorted(path.name for path in folder.iterdir()) == sorted(running.FILES)
    parquet, csv = pd.read_parquet(folder / "series.parquet"), pd.read_csv(folder / "series.csv")
    assert list(parquet.columns) == list(csv.columns) == list(result.tidy().columns)
    np.testing.assert_array_equal(parquet["value"], result.tidy()["value"])
    np.testing.assert_array_equal(csv["value"], result.tidy()["value"])
    assert set(csv["material"].dropna()) == {"a, b"}
    assert (folder / "series.csv").read_text(encoding="utf-8").splitlines()[0].replace('"', "").startswith("month,indi")
    assert list(pd.read_csv(folder / "events.csv")["who"]) == ["somebody, new"] * 14
    pd.testing.assert_frame_equal(pd.read_csv(folder / "failures.csv"), result.failures, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_csv(folder / "blocs.csv"), result.blocs, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "failures.parquet"), result.failures, check_dtype=False)
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["seed"] == 3


def test_a_folder_that_is_not_empty_is_refused_without_force(result: running.Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="the folder is not empty"):
        result.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    result.write(tmp_path, force=True)
    result.write(tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*running.FILES, "mine.txt"])
    with pytest.raises(ConfigError, match="is a file"):
        result.write(tmp_path / "mine.txt")
    with pytest.raises(ConfigError, match="cannot be written"):
        result.write(tmp_path / "mine.txt" / "below")


def test_a_failure_leaves_nothing_half_written(
    result: running.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(run: running.Run, folder: Path) -> None:
        (folder / "series.csv").write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running, "_write_files", full_disk)
    with pytest.raises(ConfigError, match=r"cannot be written \(No space left on device\)"):
        result.write(tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()
    (tmp_path / "there").mkdir()
    with pytest.raises(ConfigError, match="No space left"):
        result.write(tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


# --- Repeating


def test_a_run_is_repeated_from_its_manifest(result: running.Run, tmp_path: Path) -> None:
    folder = result.write(tmp_path / "out")
    again, report = running.repeat(folder / "manifest.json")
    np.testing.assert_array_equal(again.values, result.values)
    assert report.identical
    assert str(report) == "identical bit for bit"
    assert running.repeat(folder)[1].identical


def test_a_run_that_was_stopped_is_repeated_up_to_there(plain: Path, tmp_path: Path) -> None:
    stopped = running.run(rng=1, progress=lambda month, _: month == 3, setting=plain, months=9)
    again, report = running.repeat(stopped.write(tmp_path / "out"))
    assert (len(again.values), report.identical) == (3, True)


def test_differences_are_measured_and_explained(result: running.Run, tmp_path: Path) -> None:
    path = result.write(tmp_path / "out") / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["digest"] = "another"
    manifest["headline"]["output"] *= 1.25
    manifest["versions"]["numpy"] = "0.1"
    manifest["processor_features"].append("ABACUS")
    manifest["scenario"]["config"]["firms.charm"] = 1.0
    manifest["scenario_digest"] = running.scenario_digest(manifest["scenario"])  # as an older model wrote it
    path.write_text(json.dumps(manifest), encoding="utf-8")
    _, report = running.repeat(path)
    assert not report.identical
    assert (report.largest_difference, report.where) == (pytest.approx(0.2), "output")
    assert str(report).splitlines() == [
        "largest relative difference in a headline value: 0.2 (output)",
        f"version of numpy: then 0.1, now {np.__version__}",
        "processor features: then ['ABACUS'], now []",
        "parameter that no longer exists: firms.charm",
    ]


@pytest.mark.parametrize(
    ("contents", "expected"),
    [("{", "is not valid JSON"), ("[]", "scenario: missing"), ('{"scenario": {}}', "seed: missing")],
)
def test_what_is_not_a_manifest_is_refused(contents: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    with pytest.raises(ConfigError, match="cannot be read"):
        running.repeat(path)
    path.write_text(contents, encoding="utf-8")
    with pytest.raises(ConfigError, match=expected):
        running.repeat(path)
