"""Engines that map work: processes of this machine, a Dask cluster, or the ranks of an MPI job.

Each is an executor of `concurrent.futures` from a library; what is sent through it is `isolation.do_all`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from abm.parameters import ConfigError
from experiments import isolation
from experiments.isolation import Cell

_PATIENCE_TO_CONNECT = 20  # seconds
_TO_ASK = 2.0  # seconds between two questions how many workers there are


class EngineLostError(RuntimeError):
    """Whoever runs the jobs is gone; what was finished is kept by whoever asked for it."""


class Engine:
    """An executor with a number of slots, and whether it is still there."""

    name = "engine"

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    @property
    def slots(self) -> int:
        """Jobs that it can do at the same time."""
        raise NotImplementedError

    def check(self) -> None:
        """Raises EngineLostError if it will never answer again."""


class LocalProcesses(Engine):
    """Processes of this machine: a thread for each, which waits for the process in its cell."""

    name = "local processes"

    def __init__(self, executor: ThreadPoolExecutor, workers: int) -> None:
        super().__init__(executor)
        self.workers = workers

    @property
    def slots(self) -> int:
        return self.workers


class Cluster(Engine):
    """A Dask cluster, whose workers may come and go."""

    name = "Dask"

    def __init__(self, executor: Executor, client: Any) -> None:
        super().__init__(executor)
        self.client = client
        self._threads, self._asked, self._told = 0, float("-inf"), False

    @property
    def slots(self) -> int:
        if time.monotonic() - self._asked > _TO_ASK:
            self._ask()
        return max(1, self._threads)

    def check(self) -> None:
        if self.client.status != "running":
            raise EngineLostError("the Dask scheduler is gone")
        self._ask()
        if not self._threads and not self._told:
            print("abm: the Dask scheduler has no workers; waiting for some", file=sys.stderr)
        self._told = not self._threads

    def _ask(self) -> None:
        try:
            self._threads, self._asked = sum(self.client.nthreads().values()), time.monotonic()
        except Exception as error:  # of many kinds, after which the client may try to connect again for ever
            raise EngineLostError(f"the Dask scheduler does not answer: {type(error).__name__}: {error}") from error


class Ranks(Engine):
    """The ranks of an MPI job, this process being the first."""

    name = "MPI"

    @property
    def slots(self) -> int:
        return int(self.executor.num_workers)  # type: ignore[attr-defined]


@contextmanager
def local(workers: int) -> Iterator[LocalProcesses]:
    """So many processes of this machine, one thread each, started when needed and ended on leaving."""
    cells: list[Cell] = []

    def own_cell() -> None:
        isolation._here.cell = Cell()
        cells.append(isolation._here.cell)

    executor = ThreadPoolExecutor(workers, initializer=own_cell)
    try:
        with isolation.one_thread_each():
            yield LocalProcesses(executor, workers)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for cell in cells:
            cell.close()
        executor.shutdown()


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """The Dask cluster whose scheduler listens at an address such as `tcp://host:8786`. Raises ConfigError."""
    from distributed import Client

    try:
        client = Client(address, timeout=_PATIENCE_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"no Dask scheduler answers: {error}", key="--scheduler", expected="an address such as tcp://10.0.0.1:8786"
        ) from None
    try:
        yield Cluster(client.get_executor(pure=False), client)
    finally:
        client.close(timeout=2)


@contextmanager
def ranks() -> Iterator[Ranks]:
    """The ranks of `mpiexec -n N python -m mpi4py.futures -m experiments …`. Raises ConfigError."""
    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor() as executor:
        if executor.num_workers < 1:
            raise ConfigError(
                "there are no other ranks",
                key="--mpi",
                expected="mpiexec -n 3 python -m mpi4py.futures -m experiments …",
            )
        yield Ranks(executor)
