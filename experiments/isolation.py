"""A process beside this one in which jobs are done one by one: it may die, or be killed, and harms no other job.

Every engine that maps jobs - local, Dask, MPI - does them in such a cell on the worker, so that what a job can do
to its process, it does to itself alone, and is blamed for it by name.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import current_process, get_context, parent_process
from multiprocessing.connection import wait
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

Job = TypeVar("Job")
Result = TypeVar("Result")

RETRIES = 3  # times that a job is tried again whose process died
# Two processes of two threads each are far slower than two of one, and threads may reorder sums.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Outcome(Generic[Job, Result]):
    """What became of a job: its result, or else the text of its error, and how often its process was started."""

    job: Job
    result: Result | None
    error: str
    attempts: int = 1


@dataclass(frozen=True)
class Patience:
    """How long a job may take (seconds, None for as long as it likes), and how often it is tried again if it dies."""

    limit: float | None = None
    retries: int = RETRIES


class ClosedError(RuntimeError):
    """The cell was closed while it was asked to do a job."""


class Cell:
    """One process, started when it is first needed and again after it died."""

    def __init__(self) -> None:
        self._pool: ProcessPool | None = None
        self._closed = False

    def do(self, work: Callable[[Job], Result], job: Job, patience: Patience) -> Outcome[Job, Result]:
        """What becomes of a job. Raises ClosedError."""
        died = ""
        for attempts in range(1, patience.retries + 2):
            try:
                outcome: Outcome[Job, Result] = self._schedule(work, job, patience.limit).result()
                return Outcome(job, outcome.result, outcome.error, attempts)
            except TimeoutError:
                return Outcome(job, None, f"did not end within {patience.limit:g} seconds", attempts)
            except ProcessExpired as error:
                died = f" ({_exit(error.exitcode)})"
            except Exception as error:
                if self._closed:
                    raise ClosedError from None
                if not isinstance(error, RuntimeError):  # it cannot be sent there, or its result cannot be sent back
                    return Outcome(job, None, f"{type(error).__name__}: {error}", attempts)
                self._discard()  # the pool itself broke
            if self._closed:
                raise ClosedError
        return Outcome(job, None, f"the process that ran it died{died}, each of {attempts} times", attempts)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._closed = True
        self._discard()

    def _schedule(self, work: Callable[[Job], Result], job: Job, limit: float | None) -> Any:
        if self._closed:
            raise ClosedError
        if self._pool is None:
            self._pool = ProcessPool(1, initializer=_start, context=get_context("spawn"))
            _may_have_children()
        return self._pool.schedule(attempt, args=(work, job), timeout=limit)

    def _discard(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()


def attempt(work: Callable[[Job], Result], job: Job) -> Outcome[Job, Result]:
    """Do a job in this process; whatever goes wrong in it is its result."""
    try:
        return Outcome(job, work(job), "")
    except Exception as error:
        return Outcome(job, None, f"{type(error).__name__}: {error}")


_here = threading.local()


def do_all(work: Callable[[Job], Result], jobs: Sequence[Job], patience: Patience) -> list[Outcome[Job, Result]]:
    """What becomes of some jobs, one after another in the cell of this thread: the function that engines send out."""
    if not hasattr(_here, "cell"):
        os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
        _here.cell = Cell()
    return [_here.cell.do(work, job, patience) for job in jobs]


def _exit(code: Any) -> str:
    if isinstance(code, int) and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"


def _start() -> None:
    """Leave an interrupt to the parent, which reports it, and end as soon as the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _may_have_children() -> None:
    """Dask's workers are daemons, which may not have children lest these outlive them; a cell never does."""
    config: dict[str, Any] = current_process()._config  # type: ignore[attr-defined]
    config.pop("daemon", None)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started inside inherit an environment in which numerical libraries use one thread."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
