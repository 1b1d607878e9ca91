"""Batches: jobs over processes, failures that stay with their job, and Parquet that reads back in one line."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm.parameters import ConfigError
from experiments import batch
from experiments.batch import Store, jobs_of, run_batch
from experiments.cli import main
from experiments.designs import files, load_design, parse_seeds
from experiments.parallel import Outcome, outcomes
from experiments.runs import Job, Result, Selection

SMALL = Selection(households=60, months=4)
DEATH = "__import__('os')._exit(3)"
THREADS = "__import__('os').environ['OMP_NUM_THREADS']"


def small_jobs(seeds: tuple[int, ...] = (1, 2)) -> list[Job]:
    return jobs_of(SMALL, ["business_as_usual", "market_pull"], ["calm"], seeds)


def result(columns: tuple[str, ...], value: float = 1.0) -> Result:
    index = pd.Index(["2026-01", "2026-02"], name="month")
    frame = pd.DataFrame(dict.fromkeys(columns, value), index=index)
    return Result(frame, pd.DataFrame(), dict.fromkeys(columns, value), 0.1)


# --- Over processes


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_has_its_own_outcome(workers: int) -> None:
    found = {outcome.job: outcome for outcome in outcomes(eval, ["1 + 1", "1 / 0", "'a' * 2"], workers)}
    assert found["1 + 1"].result == 2
    assert found["'a' * 2"].result == "aa"
    assert found["1 / 0"].result is None
    assert found["1 / 0"].error == "ZeroDivisionError: division by zero"


def test_only_the_job_that_kills_its_worker_is_blamed() -> None:
    jobs = ["1 + 1", DEATH, *[f"{number} * 10" for number in range(8)]]
    found = {outcome.job: outcome for outcome in outcomes(eval, jobs, 2)}
    assert set(found) == set(jobs)
    assert "died" in found.pop(DEATH).error
    assert [outcome.error for outcome in found.values()] == [""] * 9
    assert found["7 * 10"].result == 70


def test_workers_use_one_thread_each() -> None:
    (outcome,) = outcomes(eval, [THREADS], 2)
    assert outcome.result == "1"


# --- In Parquet


def test_a_batch_reads_back_in_one_line(tmp_path: Path) -> None:
    done = list(run_batch(small_jobs(), tmp_path / "out", workers=2))
    assert [outcome.error for outcome in done] == [""] * 4
    series = pd.read_parquet(tmp_path / "out" / "series")
    runs = pd.read_parquet(tmp_path / "out" / "runs")
    assert len(series) == 4 * 4
    assert sorted(runs["run_id"]) == [0, 1, 2, 3]
    assert set(runs["status"]) == {"done"}
    assert set(series["mix"]) == {"business_as_usual", "market_pull"}
    assert set(series["seed"]) == {1, 2}
    assert len(json.loads((tmp_path / "out" / "manifest.json").read_text())["scenarios"]) == 2
    first = series[series["run_id"] == 0]
    assert list(first["month"]) == ["2026-01", "2026-02", "2026-03", "2026-04"]


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    for workers in (1, 2):
        list(run_batch(small_jobs((3,)), tmp_path / str(workers), workers))
    one, two = (pd.read_parquet(tmp_path / str(workers) / "series") for workers in (1, 2))
    order = ["run_id", "month"]
    pd.testing.assert_frame_equal(
        one.sort_values(order, ignore_index=True),
        two.sort_values(order, ignore_index=True),
        check_exact=True,
        check_like=True,
    )


def test_a_failed_run_is_a_row_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_on_two(job: Job) -> Result:
        if job.seed == 2:
            raise RuntimeError("month 3: a gram is missing")
        return result(("alive",))

    monkeypatch.setattr(batch, "perform", fail_on_two)
    list(run_batch(small_jobs(), tmp_path / "out", workers=1))
    runs = pd.read_parquet(tmp_path / "out" / "runs").set_index("run_id")
    assert list(runs["status"]) == ["done", "failed", "done", "failed"]
    assert runs.loc[1, "error"] == "RuntimeError: month 3: a gram is missing"
    assert set(pd.read_parquet(tmp_path / "out" / "series")["run_id"]) == {0, 2}


def test_parts_with_different_columns_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "RUNS_PER_PART", 2)
    store = Store(tmp_path / "out")
    for job in small_jobs():
        own = ("alive", "cost[floor]") if job.number >= 2 else ("alive",)
        store.add(Outcome(job, result(own, float(job.number)), ""))
    store.close()
    series = pd.read_parquet(tmp_path / "out" / "series")
    assert series.groupby("run_id")["cost[floor]"].mean().isna().tolist() == [True, True, False, False]
    assert len(list((tmp_path / "out" / "series").iterdir())) == 2


def test_a_batch_that_is_cut_short_leaves_whole_parts_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "RUNS_PER_PART", 1)
    running = run_batch(small_jobs(), tmp_path / "out", workers=1)
    next(running)
    next(running)
    running.close()
    assert [path.suffix for path in (tmp_path / "out" / "runs").iterdir()] == [".parquet"] * 2
    assert set(pd.read_parquet(tmp_path / "out" / "runs")["run_id"]) == {0, 1}


def test_what_is_replaced_stays_until_something_takes_its_place(tmp_path: Path) -> None:
    list(run_batch(small_jobs(), tmp_path / "out", workers=1))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with Store(tmp_path / "out", force=True) as store:
        (store.folder / "manifest.json").write_text("another")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    with pytest.raises(KeyboardInterrupt), Store(tmp_path / "out", force=True) as store:
        store.add(Outcome(small_jobs()[0], result(("alive",)), ""))
        raise KeyboardInterrupt
    assert len(pd.read_parquet(tmp_path / "out" / "runs")) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["runs", "series"]


def test_a_new_folder_in_which_nothing_was_finished_is_gone(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Store(tmp_path / "out"):
        raise KeyboardInterrupt
    assert not (tmp_path / "out").exists()


def test_wrong_scenarios_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    jobs = jobs_of(SMALL, ["business_as_usual", "no_such_mix"], ["calm"], (1,))
    with pytest.raises(ConfigError, match="no_such_mix"):
        list(run_batch(jobs, tmp_path / "out", workers=1))
    assert not (tmp_path / "out").exists()


# --- By the command


def test_the_command_combines_mixes_shocks_and_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    arguments = ["batch", "--mixes", "business_as_usual,market_pull", "--shocks", "calm", "--seeds", "4-5"]
    arguments += ["--households", "60", "--months", "3", "--workers", "1", "--out", str(folder)]
    assert main(arguments) == 0
    assert "4 runs done, 0 failed" in capsys.readouterr().out
    (folder / "mine.txt").write_text("keep", encoding="utf-8")
    assert main(arguments) == 2
    assert "not empty" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert len(pd.read_parquet(folder / "series")) == 4 * 3
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "keep"


def test_shipped_designs_are_valid() -> None:
    for path in files():
        design = load_design(path.stem)
        assert design.mixes
        assert design.seeds


@pytest.mark.parametrize(
    ("written", "seeds"),
    [
        ("3", (1, 2, 3)),
        ("7,", (7,)),
        ("3,8,21", (3, 8, 21)),
        ("2-4", (2, 3, 4)),
        ("1-2, 9", (1, 2, 9)),
        ([5, 6], (5, 6)),
    ],
)
def test_seeds_as_written(written: Any, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(written) == seeds


@pytest.mark.parametrize("written", ["", "0", "x", "3-1", "1,1", "-4", "1-999999999", "1.5", None, []])
def test_what_is_no_list_of_seeds(written: Any) -> None:
    with pytest.raises(ConfigError):
        parse_seeds(written)
