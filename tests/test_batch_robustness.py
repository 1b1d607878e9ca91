"""Batches from which things are taken away: processes, drivers, schedulers, ranks, disks. Nothing is lost or doubled.

Everything is a real process of the command, ends by itself, and listens on the loopback interface only. Only
processes that a test started, or their children, are killed, by their number.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.batch import open_results

HERE = Path(__file__).resolve().parent
PLANTED = [sys.executable, "-m", "planted"]
MPIEXEC = [str(Path(sys.executable).with_name("mpiexec")), "-n", "3", sys.executable, "-m", "mpi4py.futures"]
DESIGN = """
title = { en = "Small", nl = "Klein" }
summary = { en = "A test.", nl = "Een test." }
households = 60
months = 3
mixes = ["business_as_usual", "market_pull"]
shocks = ["calm"]
seeds = "1-6"
series = ["price_inside", "recyclers_active"]

[[samples]]
method = "latin_hypercube"
size = 2
factors = { "firms.markup" = {}, "recycled_content_mandate" = { low = 0.5, high = 1.5, scale = "share" } }
"""
RUNS = 24
PATIENCE = 150.0  # seconds after which a test fails rather than waits
LONG = 1800.0  # the same for the shipped design


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("design") / "small.toml"
    path.write_text(DESIGN, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def expected(design: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What one process that nobody disturbs gives."""
    folder = tmp_path_factory.mktemp("calm") / "out"
    status, _, err = finish(batch(design, folder, "--workers", "1"))
    assert status == 0, err
    return stored(folder)


def stored(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and their months as sets, none of them twice; without what may differ: files, attempts and time taken."""
    results = open_results(folder)
    raw = pd.concat(map(pd.read_parquet, sorted((folder / "runs").glob("*.parquet"))))
    series = results.series()
    assert raw["run_id"].is_unique
    assert not series.duplicated(["run_id", "month"]).any()
    assert list(raw["status"].unique()) == ["ok"]
    runs = results.runs.drop(columns=["chunk", "attempts", "seconds"]).sort_values("run_id", ignore_index=True)
    return (
        runs[sorted(runs)],
        series.drop(columns="chunk").sort_values(["run_id", "month"], ignore_index=True)[
            sorted(set(series) - {"chunk"})
        ],
    )


def assert_same(folder: Path, expected: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    for found, wanted in zip(stored(folder), expected, strict=True):
        pd.testing.assert_frame_equal(found, wanted, check_exact=True)


# --- Processes


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(HERE.parent), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"} | more


def start(command: list[str], **more: str) -> subprocess.Popen[str]:
    """A process at the head of a group of its own."""
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**more), process_group=0
    )


def batch(design: Path, folder: Path, *options: str, prefix: list[str] = PLANTED, **more: str) -> subprocess.Popen[str]:
    return start([*prefix, "batch", str(design), "--out", str(folder), *options], **more)


def over_mpi(design: Path, folder: Path, *options: str, **more: str) -> subprocess.Popen[str]:
    return batch(design, folder, "--mpi", *options, prefix=[*MPIEXEC, *PLANTED[1:]], **more)


def finish(process: subprocess.Popen[str], wait: float = PATIENCE) -> tuple[int, str, str]:
    """Exit status and what a process said; it is killed if it does not end."""
    try:
        out, err = process.communicate(timeout=wait)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, out, err


def children(parent: int) -> list[int]:
    """Processes in which runs are made, and whatever else a process has started; helpers of Python's are left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            words = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z" and b"resource_tracker" not in words:
            found.append(int(path.parent.name))
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def kill(process: int) -> bool:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def commits(folder: Path) -> int:
    return len(list((folder / "runs").glob("[!.]*.parquet")))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Dask:
    """A scheduler on the loopback interface, and its workers, which come back when they are killed."""

    def __init__(self, workers: int, **more: str) -> None:
        self.more = more
        self.processes: list[subprocess.Popen[bytes]] = []
        self.begin(workers)

    def begin(self, workers: int) -> None:
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        for _ in range(workers):
            self.join()

    def join(self) -> None:
        words = ("--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--death-timeout", "60")
        self._start("dask_worker", self.address, *words)

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        folder = str(self.folder) if hasattr(self, "folder") else None
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(**self.more),
            cwd=folder,
        )
        self.processes.append(process)
        return process

    @property
    def workers(self) -> list[int]:
        """The processes that nannies look after."""
        nannies = [process.pid for process in self.processes if process is not self.scheduler]
        return [child for nanny in nannies for child in children(nanny)]

    def end(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()


@contextmanager
def dask(workers: int, **more: str) -> Iterator[Dask]:
    cluster = Dask(workers, DASK_TEMPORARY_DIRECTORY=tempfile.gettempdir(), **more)
    try:
        yield cluster
    finally:
        cluster.end()


# --- Whatever runs them, the rows are the same


def test_two_processes(design: Path, tmp_path: Path, expected: Any) -> None:
    status, out, _ = finish(batch(design, tmp_path / "out", "--workers", "2", "--chunk", "3"))
    assert (status, f"{RUNS} runs done, 0 failed" in out) == (0, True)
    assert_same(tmp_path / "out", expected)


def test_three_ranks(design: Path, tmp_path: Path, expected: Any) -> None:
    status, out, err = finish(over_mpi(design, tmp_path / "out"))
    assert (status, f"{RUNS} runs done, 0 failed" in out) == (0, True), err
    assert_same(tmp_path / "out", expected)


def harass(
    begin: Callable[[], subprocess.Popen[str]],
    victims: Callable[[int], list[int]],
    kills: int,
    luck: random.Random,
    pause: float,
    share: float = 0.6,
    wait: float = PATIENCE,
) -> dict[str, int]:
    """Kill the driver, or else (in this share of cases) one of `victims`, at random until so many are dead.

    Then the batch may end. Returns how many of each were killed.
    """
    killed = {"driver": 0, "worker": 0}
    while True:
        undisturbed = sum(killed.values()) == kills
        driver = begin()
        while driver.poll() is None and sum(killed.values()) < kills:
            time.sleep(luck.uniform(0.0, pause))
            there = victims(driver.pid)
            if there and luck.random() < share:
                killed["worker"] += kill(luck.choice(there))
            elif there:  # it is at work
                killed["driver"] += kill(driver.pid)
        status, _, err = finish(driver, wait)
        if status == 0:
            return killed
        assert not undisturbed, err


def test_processes_and_drivers_that_are_killed_change_nothing(design: Path, tmp_path: Path, expected: Any) -> None:
    def begin() -> subprocess.Popen[str]:
        options = ("--resume", "--workers", "2", "--retries", "20")
        return batch(design, tmp_path / "out", *options, PLANTED_SECONDS="0.2", PLANTED_CHUNK="3")

    killed = harass(begin, children, 8, random.Random(1), 1.5)
    assert sum(killed.values()) == 8
    assert_same(tmp_path / "out", expected)


def test_processes_end_with_their_driver(design: Path, tmp_path: Path) -> None:
    driver = batch(design, tmp_path / "out", "--workers", "2", PLANTED_SECONDS="60")
    assert until(lambda: len(children(driver.pid)) == 2)
    time.sleep(2)  # until they are at work
    processes = children(driver.pid)
    kill(driver.pid)
    assert until(lambda: not any(map(alive, processes)), 5)
    finish(driver)
    again = batch(design, tmp_path / "out", "--resume", "--workers", "2")
    assert finish(again)[0] == 0


def test_a_cluster_of_which_everything_is_killed_in_turn(design: Path, tmp_path: Path, expected: Any) -> None:
    more = {"PLANTED_SECONDS": "0.3", "PLANTED_CHUNK": "3"}
    folder = tmp_path / "out"
    with dask(3, **more) as cluster:

        def begin() -> subprocess.Popen[str]:
            return batch(design, folder, "--resume", "--scheduler", cluster.address, **more)

        driver = begin()
        assert until(lambda: commits(folder))
        kill(cluster.scheduler.pid)
        status, _, err = finish(driver)
        assert status == 1
        assert "the Dask scheduler" in err
        assert "go on with --resume" in err
        cluster.end()
        cluster.begin(3)  # at another address
        driver = begin()
        there = commits(folder)
        assert until(lambda: commits(folder) > there)
        assert kill(cluster.workers[0])
        kill(driver.pid)
        finish(driver)
        driver = begin()
        time.sleep(1)
        assert kill(cluster.workers[-1])
        cluster.join()
        assert finish(driver)[0] == 0
    assert_same(folder, expected)


def test_a_rank_that_is_killed_ends_the_job_and_the_next_goes_on(design: Path, tmp_path: Path, expected: Any) -> None:
    folder = tmp_path / "out"
    more = {"PLANTED_SECONDS": "0.3", "PLANTED_CHUNK": "3"}
    job = over_mpi(design, folder, **more)
    assert until(lambda: commits(folder))
    ranks = [rank for proxy in children(job.pid) for rank in children(proxy)]
    assert kill(max(ranks))
    assert finish(job)[0] != 0
    again = over_mpi(design, folder, "--resume")
    status, out, err = finish(again)
    assert status == 0, err
    assert "are there already" in out
    assert_same(folder, expected)


# --- Runs that misbehave


MISBEHAVE = ("--seeds", "5,901,902,903", "--months", "3", "--time-limit", "15", "--retries", "1")
SINGLE = DESIGN[: DESIGN.index("[[samples]]")].replace('"business_as_usual", ', "")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("design") / "single.toml"
    path.write_text(SINGLE, encoding="utf-8")
    return path


def assert_each_costs_itself_only(folder: Path, status: int, out: str) -> None:
    assert status == 1
    assert "1 runs done, 3 failed" in out
    runs = open_results(folder).runs.set_index("seed")["status"]
    assert runs[5] == "ok"
    assert runs[901] == "the process that ran it died (killed by SIGKILL), each of 2 times"
    assert runs[902] == "did not end within 15 seconds"
    assert runs[903] == "RuntimeError: month 3: a gram is missing"
    for seed in (901, 902, 903):
        assert f"seed {seed}): {runs[seed]}" in out


def test_runs_that_misbehave_over_processes(single: Path, tmp_path: Path) -> None:
    status, out, _ = finish(batch(single, tmp_path / "out", *MISBEHAVE, "--workers", "2"))
    assert_each_costs_itself_only(tmp_path / "out", status, out)
    status, out, _ = finish(batch(single, tmp_path / "out", *MISBEHAVE, "--resume"))
    assert status == 1, "what has failed before is still said"
    assert "3 of those that were there had failed; --retry-failed" in out


def test_runs_that_misbehave_over_ranks(single: Path, tmp_path: Path) -> None:
    status, out, _ = finish(over_mpi(single, tmp_path / "out", *MISBEHAVE))
    assert_each_costs_itself_only(tmp_path / "out", status, out)


def test_runs_that_misbehave_over_a_cluster_which_has_no_workers_at_first(single: Path, tmp_path: Path) -> None:
    with dask(0) as cluster:
        address = cluster.address
        refused = "tcp://127.0.0.1:1"
        driver = batch(single, tmp_path / "out", *MISBEHAVE, "--scheduler", address)
        time.sleep(6)
        cluster.join()
        cluster.join()
        status, out, err = finish(driver)
        assert "has no workers; waiting" in err
        assert_each_costs_itself_only(tmp_path / "out", status, out)
        status, _, err = finish(batch(single, tmp_path / "other", "--scheduler", address, PLANTED_CODE="abcdef"))
        assert status == 2
        assert "the driver abcdef" in err
    status, _, err = finish(batch(single, tmp_path / "nobody", "--scheduler", refused))
    assert status == 2
    assert "no Dask scheduler answers" in err


# --- Interruptions, and two drivers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_finished(
    number: signal.Signals, design: Path, tmp_path: Path, expected: Any
) -> None:
    folder = tmp_path / "out"
    driver = batch(design, folder, "--workers", "2", PLANTED_SECONDS="0.3", PLANTED_CHUNK="5")
    assert until(lambda: commits(folder))
    if number == signal.SIGINT:
        os.killpg(driver.pid, number)  # as a terminal does
    else:
        os.kill(driver.pid, number)
    start = time.monotonic()
    status, _, err = finish(driver)
    assert time.monotonic() - start < 5
    assert status == 130
    finished = int(err.rpartition(" runs were finished")[0].rpartition(" of ")[0].split()[-1])
    assert 5 <= finished < RUNS
    assert len(open_results(folder).runs) == finished
    status, out, _ = finish(batch(design, folder, "--resume", "--workers", "2"))
    assert status == 0
    assert f"{finished} of {RUNS} runs are there already" in out
    assert_same(folder, expected)


def test_a_second_driver_is_refused_until_the_first_is_gone(single: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    first = over_mpi(single, folder, PLANTED_SECONDS="30")
    assert until((folder / "manifest.json").exists)
    for more in ("--resume", "--force"):
        status, _, err = finish(batch(single, folder, more, "--workers", "1"))
        assert status == 2
        assert "another batch is writing here" in err
        assert len(err.splitlines()) == 1
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=PATIENCE)
    status, _, err = finish(batch(single, folder, "--resume", "--workers", "1"))
    assert status == 0, err


# --- The shipped design


@pytest.mark.slow
def test_the_shipped_design_under_random_kills(tmp_path: Path) -> None:
    """Twenty kills of processes and drivers, ten on a cluster, and five of ranks; prints the outcome."""
    design, luck, pace = Path("kill-test"), random.Random(20), {"PLANTED_CHUNK": "5"}
    status, _, err = finish(batch(design, tmp_path / "calm", "--workers", "2"), LONG)
    assert status == 0, err
    calm = stored(tmp_path / "calm")

    def local() -> subprocess.Popen[str]:
        return batch(design, tmp_path / "local", "--resume", "--workers", "2", "--retries", "20", **pace)

    print(f"\n{len(calm[0])} runs; killed over processes:", killed := harass(local, children, 20, luck, 8.0, wait=LONG))
    assert sum(killed.values()) == 20
    assert_same(tmp_path / "local", calm)
    with dask(3, **pace) as cluster:

        def over_dask() -> subprocess.Popen[str]:
            if not alive(cluster.scheduler.pid):
                cluster.end()
                cluster.begin(3)
            return batch(
                design, tmp_path / "dask", "--resume", "--scheduler", cluster.address, "--retries", "20", **pace
            )

        def any_of_them(_: int) -> list[int]:
            return [*cluster.workers, cluster.scheduler.pid] if commits(tmp_path / "dask") else []

        killed = harass(over_dask, any_of_them, 10, luck, 10.0, wait=LONG)
        print("killed on a cluster, schedulers among the workers:", killed)
    assert sum(killed.values()) == 10
    assert_same(tmp_path / "dask", calm)

    def mpi() -> subprocess.Popen[str]:
        return over_mpi(design, tmp_path / "mpi", "--resume", **pace)

    def ranks(job: int) -> list[int]:
        return [rank for proxy in children(job) for rank in children(proxy)] if commits(tmp_path / "mpi") else []

    killed = harass(mpi, ranks, 5, luck, 15.0, share=1.0, wait=LONG)
    print("killed ranks:", killed)
    assert_same(tmp_path / "mpi", calm)
    print("none lost, none doubled, all rows as in calm")
