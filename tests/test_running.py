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
from abm.parameters import ConfigError
from abm.scenario import Scenario, load_scenario

COLUMNS = [
    {"name": "output", "indicator": "output", "jurisdiction": "", "material": "", "product": "", "unit": "t"},
    {"name": "gap", "indicator": "gap", "jurisdiction": "eu", "material": "", "product": "", "unit": "1"},
    {"name": "price a", "indicator": "price", "jurisdiction": "", "material": "a, b", "product": "", "unit": "EUR/kg"},
]


class StandIn:
    """Draws numbers, and knows how to do nothing else."""

    def __init__(self, scenario: Scenario, seed: int, events: bool, record: bool) -> None:
        self.seed, self.month = seed, -1
        self._draws = np.random.default_rng(seed)
        values = np.full((scenario.months, len(COLUMNS)), np.nan)
        self.record = record
        self.recorder = SimpleNamespace(columns=COLUMNS, values=values if record else None)
        self.event_log = EventLog(events)

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
    assert list(tidy.columns) == [
        "month",
        "indicator",
        "jurisdiction",
        "material",
        "product",
        "detail",
        "unit",
        "value",
    ]
    assert len(tidy) == 3 * 14
    row = tidy[(tidy["material"] == "a, b") & (tidy["month"] == "2027-01")].iloc[0]
    assert (row["indicator"], row["unit"], row["value"]) == ("price", "EUR/kg", result.series.loc["2027-01", "price a"])
    assert len(result.events) == 14
    assert list(result.summary()) == ["output", "gap"]
    assert result.summary()["output"] == pytest.approx(result.series["output"].mean())


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
    path.write_text(json.dumps(manifest), encoding="utf-8")
    _, report = running.repeat(path)
    assert not report.identical
    assert (report.largest_difference, report.where) == (pytest.approx(0.2), "output")
    assert str(report).splitlines() == [
        "largest relative difference in a headline mean: 0.2 (output)",
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
