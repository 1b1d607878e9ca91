"""Batches: jobs over processes, a store that is its own ledger, designs that grow, and the command."""

import json
import os
import resource
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm.parameters import ConfigError
from experiments.batch import driver, open_results, provenance, store
from experiments.batch.driver import Batch, run_design
from experiments.batch.store import Store
from experiments.cli import main
from experiments.designs import Design, Sample, files, load_design, parse_seeds, read_factor
from experiments.isolation import Cell, ClosedError, Patience
from experiments.parallel import Outcome, outcomes
from experiments.runs import Job, Result, Selection, perform

DEATH = "__import__('os')._exit(3)"
ENDLESS = "__import__('time').sleep(60)"
THREADS = "__import__('os').environ['OMP_NUM_THREADS']"
TEXT = {"en": "Small", "nl": "Klein"}
SMALL = Design("small", TEXT, TEXT, households=60, months=3, mixes=("business_as_usual", "market_pull"), seeds=(1, 2))


def half_sent(number: int) -> int:
    """A job whose process is killed when half of its result is on its way."""
    if number == 0:
        channel = sys._getframe(2).f_locals["channel"]
        os.write(channel.fileno(), struct.pack("!i", 1000) + b"half of it")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def memory_of_run(number: int) -> float:
    """Memory (bytes) of its process while a run's model has just been left behind."""
    perform(Job(number, Selection(households=60, months=2), number))
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def lambda_of(number: int) -> Any:
    return lambda: number


def fake(job: Job, columns: tuple[str, ...] = ("alive", "cost")) -> Result:
    """Two months that need no model: all values are the seed."""
    index = pd.Index(["2026-01", "2026-02"], name="month")
    frame = pd.DataFrame(dict.fromkeys(columns, float(job.seed)), index=index)
    return Result(frame, pd.DataFrame(), dict.fromkeys(columns, float(job.seed)), 0.1)


def done(job: Job, **more: Any) -> Outcome[Job, Result]:
    return Outcome(job, fake(job, **more), "")


def fill(folder: Path, seeds: tuple[int, ...], errors: tuple[int, ...] = ()) -> None:
    """A batch of results that need no model, a file for each run."""
    with Batch(SMALL.with_(seeds=seeds), folder) as batch:
        for identifier, job in batch.plan.jobs.items():
            outcome = Outcome(job, None, "RuntimeError: broken") if job.seed in errors else done(job)
            batch.store.add(identifier, outcome)
            batch.store.flush()


def whole(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*.parquet")}


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
    assert found[DEATH].error == "the process that ran it died (exit status 3), each of 4 times"
    assert found.pop(DEATH).attempts == 4
    assert [outcome.error for outcome in found.values()] == [""] * 9
    assert found["7 * 10"].result == 70


def test_workers_use_one_thread_each() -> None:
    (outcome,) = outcomes(eval, [THREADS], 2)
    assert outcome.result == "1"


def test_a_cell_outlives_whatever_its_process_does() -> None:
    cell = Cell()
    assert cell.do(eval, ENDLESS, Patience(0.5)).error == "did not end within 0.5 seconds"
    assert "pickle" in cell.do(lambda_of, 1, Patience()).error
    assert cell.do(eval, "6 * 7", Patience()).result == 42
    cell.close()
    with pytest.raises(ClosedError):
        cell.do(eval, "6 * 7", Patience())


def test_a_process_that_dies_while_it_sends_its_result_is_noticed() -> None:
    cell = Cell()
    assert "(killed by SIGKILL), each of 2 times" in cell.do(half_sent, 0, Patience(30.0, 1)).error
    assert cell.do(half_sent, 5, Patience(30.0)).result == 5
    cell.close()


def test_the_memory_of_a_process_stays_flat() -> None:
    """A discarded model is held by cycles of references; without help some 2.6 MB of each run stay."""
    cell = Cell()
    memory = [cell.do(memory_of_run, number, Patience()).result or 0.0 for number in range(50)]
    cell.close()
    assert 0 < memory[-1] < memory[9] + 40e6


def test_a_cell_that_is_closed_ends_at_once() -> None:
    cell = Cell()
    cell.do(eval, "1", Patience())
    threading.Timer(0.3, cell.close).start()
    start = time.monotonic()
    with pytest.raises(ClosedError):
        cell.do(eval, ENDLESS, Patience())
    assert time.monotonic() - start < 10


# --- What is stored


def test_a_batch_reads_back_in_one_line(tmp_path: Path) -> None:
    results = run_design(SMALL, tmp_path / "out", workers=2, progress=False)
    series, runs = pd.read_parquet(tmp_path / "out" / "series"), pd.read_parquet(tmp_path / "out" / "runs")
    assert len(series) == 4 * 3
    assert runs["run_id"].is_unique
    assert set(runs["status"]) == {"ok"}
    assert (runs["seconds"] > 0).all()
    assert set(series["mix"]) == {"business_as_usual", "market_pull"}
    assert list(results.runs["number"]) == [0, 1, 2, 3]
    assert len(results.outcomes) > 30
    first = results.series(runs=[results.runs["run_id"][0]])
    assert list(first["month"]) == ["2026-01", "2026-02", "2026-03"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["code"], len(manifest["scenarios"])) == (provenance.code_version(), 2)


def test_only_the_series_that_a_design_asks_for_are_sent_and_stored(tmp_path: Path) -> None:
    task = driver.Task(provenance.code_version(), ("cost", "price[ndpr]"), lambda job: fake(job, _COLUMNS))
    result = task(next(iter(SMALL.jobs())))
    assert list(result.series) == ["cost[a]", "cost[b]", "price[ndpr]"]
    assert set(result.summary) == set(_COLUMNS)


_COLUMNS = ("alive", "cost[a]", "cost[b]", "price[ndpr]", "price[copper]")


def test_workers_with_another_version_of_the_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(driver.OtherCodeError, match="the driver other"):
        driver.Task("other")(next(iter(SMALL.jobs())))


def test_files_with_different_columns_are_read_together(tmp_path: Path) -> None:
    with Batch(SMALL, tmp_path / "out") as batch:
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job, columns=("alive", "floor") if job.seed == 2 else ("alive",)))
            batch.store.flush()
        batch.store.align()
    series = pd.read_parquet(tmp_path / "out" / "series")
    assert series.groupby("seed")["floor"].mean().isna().tolist() == [True, False]
    with Batch(SMALL, tmp_path / "out", resume=True) as batch:
        assert batch.plan.jobs == {}


def test_a_chunk_is_committed_when_it_is_full_or_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Batch(SMALL.with_(seeds=(1, 2, 3)), tmp_path / "out") as batch:
        jobs = list(batch.plan.jobs.items())
        monkeypatch.setattr(store, "RUNS_PER_CHUNK", 2)
        batch.store.add(jobs[0][0], done(jobs[0][1]))
        assert whole(tmp_path) == {}
        batch.store.add(jobs[1][0], done(jobs[1][1]))
        assert len(open_results(tmp_path / "out").runs) == 2
        monkeypatch.setattr(store, "SECONDS_PER_CHUNK", 0.0)
        batch.store.add(jobs[2][0], done(jobs[2][1]))
        assert len(open_results(tmp_path / "out").runs) == 3


@pytest.mark.parametrize("moment", ["before the series", "between series and runs", "after the runs"])
def test_a_driver_that_ends_during_a_commit_loses_and_doubles_nothing(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    write = Store._write

    def dying(self: Store, table: pd.DataFrame, target: Path, stamp: bytes | None = None) -> None:
        if moment == "before the series":
            (folder / "series").mkdir()
            (folder / "series" / f".{target.name}").write_bytes(b"PAR1 and half a file")
            raise SystemExit
        write(self, table, target, stamp)
        if target.parent.name == ("series" if moment == "between series and runs" else "runs"):
            raise SystemExit

    batch = Batch(SMALL, folder)
    for identifier, job in list(batch.plan.jobs.items())[:2]:
        batch.store.add(identifier, done(job))
    monkeypatch.setattr(Store, "_write", dying)
    with pytest.raises(SystemExit):
        batch.store.flush()
    batch.store._lock.release()  # as the system does: nothing else of the driver is left
    monkeypatch.setattr(Store, "_write", write)
    kept = 2 if moment == "after the runs" else 0
    assert len(open_results(folder).runs) == kept
    assert len(open_results(folder).series()) == 2 * kept
    with Batch(SMALL, folder, resume=True) as batch:
        assert len(batch.plan.jobs) == 4 - kept
        assert len(list((folder / "series").glob("*"))) == (1 if kept else 0)
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job))
    assert len(pd.read_parquet(folder / "runs")) == 4
    assert len(pd.read_parquet(folder / "series")) == 8


def test_an_interruption_during_a_commit_is_made_good_on_leaving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = Store._write, []

    def interrupted(self: Store, table: pd.DataFrame, target: Path, stamp: bytes | None = None) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(self, table, target, stamp)

    with pytest.raises(KeyboardInterrupt), Batch(SMALL, tmp_path / "out") as batch:
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job))
        monkeypatch.setattr(Store, "_write", interrupted)
        batch.store.flush()
    assert len(open_results(tmp_path / "out").runs) == 4


@pytest.mark.parametrize("kind", ["runs", "series"])
def test_a_truncated_file_is_named_put_aside_and_its_runs_are_made_again(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fill(folder, (1, 2))
    victim = sorted((folder / kind).glob("*.parquet"))[0]
    victim.write_bytes(victim.read_bytes()[:-20])
    with pytest.raises(ConfigError, match="is damaged") as raised:
        open_results(folder).series()
    assert victim.name in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    with Batch(SMALL, folder, resume=True) as batch:
        assert len(batch.plan.jobs) == 1
        assert any(str(victim) in note and "made again" in note for note in batch.plan.notes)
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job))
    assert len(open_results(folder).runs) == 4
    assert len(open_results(folder).series()) == 8
    assert len(list((folder / "damaged").iterdir())) == 2


def test_a_disk_that_is_full_is_said_in_one_line_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a disk does it: a file takes some bytes, and then no more."""
    folder, write = tmp_path / "out", store.parquet.write_table
    written: list[int] = []

    def full(table: Any, file: Any, **options: Any) -> None:
        written.append(1)
        if len(written) > 2:
            file.write(b"PAR1")
            raise OSError(28, "No space left on device")
        write(table, file, **options)

    monkeypatch.setattr(store.parquet, "write_table", full)
    monkeypatch.setattr(store, "RUNS_PER_CHUNK", 1)
    arguments = [*_BATCH, "--workers", "1", "--out", str(folder)]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert len(error.rpartition("\r")[2].splitlines()) == 1, "after the bar, if there is one"
    assert "No space left on device; what was committed is kept, and --resume goes on from there" in error
    assert len(open_results(folder).runs) == 1
    monkeypatch.setattr(store.parquet, "write_table", write)
    assert main([*arguments, "--resume"]) == 0
    assert "1 of 2 runs are there already" in capsys.readouterr().out
    assert len(pd.read_parquet(folder / "series")) == 2 * 3


# --- Going on


def test_a_failed_run_is_a_row_with_its_error_and_can_be_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fill(folder, (1, 2), errors=(2,))
    results = open_results(folder)
    assert list(results.failed["status"]) == ["RuntimeError: broken"] * 2
    assert set(results.series()["seed"]) == {1}
    with Batch(SMALL, folder, resume=True) as batch:
        assert (batch.plan.jobs, batch.plan.failed) == ({}, 2)
    with Batch(SMALL, folder, resume=True, again=True) as batch:
        assert {job.seed for job in batch.plan.jobs.values()} == {2}
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job))
    assert len(open_results(folder).done) == 4


def test_a_design_may_grow_but_not_shrink(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fill(folder, (1, 2), errors=(2,))
    with Batch(SMALL.with_(seeds=(1, 2, 3)), folder, resume=True) as batch:
        assert {job.seed for job in batch.plan.jobs.values()} == {3}
        assert "the design has changed: it asked for 4 runs, and now for 6" in batch.plan.notes
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job))
    assert list(open_results(folder).runs["number"]) == list(range(6))
    before = whole(folder)
    for change in ({"seeds": (1,)}, {"seeds": (2, 3, 4)}, {"months": 4}):
        with pytest.raises(ConfigError, match=f"it differs in {next(iter(change))}"):
            Batch(SMALL.with_(**change), folder, resume=True, again=True)
    assert whole(folder) == before


def test_runs_are_numbered_as_in_the_design_that_has_grown(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fill(folder, (1, 2))
    grown = SMALL.with_(mixes=("push_and_pull", *SMALL.mixes))
    with Batch(grown, folder, resume=True) as batch:
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job))
    runs = open_results(folder).runs
    assert list(runs["number"]) == list(range(6))
    assert list(runs["mix"]) == 2 * list(grown.mixes)


def test_runs_that_are_other_points_of_a_changed_sample_are_refused(tmp_path: Path) -> None:
    def sampled(*levels: float) -> Design:
        factors = (read_factor("firms.markup", {"levels": list(levels)}),)
        return SMALL.with_(samples=(Sample("factorial", factors),))

    with Batch(sampled(0.2, 0.3), tmp_path / "out") as batch:
        for identifier, job in batch.plan.jobs.items():
            batch.store.add(identifier, done(job))
    with Batch(sampled(0.2, 0.3, 0.4), tmp_path / "out", resume=True) as batch:
        assert len(batch.plan.jobs) == 4
    with pytest.raises(ConfigError, match="other points"):
        Batch(sampled(0.1, 0.2, 0.3), tmp_path / "out", resume=True)


def test_other_code_is_refused_and_other_packages_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "out"
    fill(folder, (1, 2))
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(manifest))
    with Batch(SMALL, folder, resume=True) as batch:
        assert any(note.startswith("numpy was 1.0 and is") for note in batch.plan.notes)
    path.write_text(json.dumps(manifest | {"code": "abcdef"}))
    with pytest.raises(ConfigError, match=r"another version of the model \(abcdef"):
        Batch(SMALL, folder, resume=True)


def test_two_drivers_on_one_folder(tmp_path: Path) -> None:
    with Batch(SMALL, tmp_path / "out"), pytest.raises(ConfigError, match="another batch is writing here"):
        Batch(SMALL, tmp_path / "out", resume=True)
    Batch(SMALL, tmp_path / "out", resume=True).store.__exit__()


def test_a_driver_that_ended_before_it_began_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".lock").touch()
    (tmp_path / "out" / ".manifest.json").write_text("{")
    with Batch(SMALL, tmp_path / "out") as batch:
        assert len(batch.plan.jobs) == 4


def test_wrong_scenarios_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no_such_mix"):
        Batch(SMALL.with_(mixes=("business_as_usual", "no_such_mix")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- By the command

_BATCH = ["batch", "--mixes", "business_as_usual,market_pull", "--shocks", "calm", "--seeds", "4,"]
_BATCH += ["--households", "60", "--months", "3"]


def test_the_command_combines_mixes_shocks_and_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    arguments = [*_BATCH, "--workers", "1", "--out", str(folder)]
    assert main(arguments) == 0
    assert "2 runs done, 0 failed" in capsys.readouterr().out
    (folder / "mine.txt").write_text("keep", encoding="utf-8")
    assert main(arguments) == 2
    assert "holds a batch" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert len(pd.read_parquet(folder / "series")) == 2 * 3
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "keep"


def test_a_dry_run_says_how_many_how_long_and_how_large(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_BATCH, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "2 runs" in said
    assert " s a run (measured on 2)" in said
    assert " kB a run" in said


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
