"""A process beside this one in which jobs are done one by one: it may die, or be killed, and harms no other job.

Every engine that maps jobs - local, Dask, MPI - does them in such a cell on the worker, so that what a job can do
to its process, it does to itself alone, and is blamed for it by name. Pools of processes share one channel among
theirs, in which a process that is killed while it sends leaves half a message: the pool then waits for ever, beyond
any time limit. A cell has a channel of its own, which ends with its process.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import current_process, get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

RETRIES = 3  # times that a job is tried again whose process died
_GRACE = 0.2  # seconds
_TO_START = 300.0  # seconds in which a process has to load the code, on the slowest of disks
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


class _DiedError(Exception):
    """The process of a cell ended before it gave a result; the text says how."""


class _LateError(Exception):
    """The process of a cell did not answer in time."""


class Cell:
    """One process, started when it is first needed and again after it died; one thread uses it, any may close it."""

    def __init__(self) -> None:
        self._process: Any = None
        self._channel: Connection
        self._lock = threading.Lock()
        self._closed = False

    def do(self, work: Callable[[Job], Result], job: Job, patience: Patience) -> Outcome[Job, Result]:
        """What becomes of a job. Raises ClosedError."""
        died = ""
        for attempts in range(1, patience.retries + 2):
            try:
                return Outcome(job, *self._answer(work, job, patience.limit), attempts)
            except _LateError as error:
                return Outcome(job, None, str(error), attempts)
            except _DiedError as error:
                died = str(error)
        return Outcome(job, None, f"the process that ran it died ({died}), each of {attempts} times", attempts)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
                self._process.join()

    def _answer(self, work: Callable[[Job], Result], job: Job, limit: float | None) -> tuple[Result | None, str]:
        """Result and error of a job. Raises _DiedError, _LateError, ClosedError."""
        if self._process is None:
            self._start()
        try:
            self._channel.send((work, job))
            self._hear(_TO_START, "did not start")
            answer: tuple[Result | None, str] = self._hear(limit, "did not end")
            return answer
        except (EOFError, OSError):
            raise _DiedError(self._discard()) from None
        except _LateError:
            self._discard()
            raise
        except Exception as error:  # it cannot be sent there, or its result cannot be read here
            self._discard()
            return None, _text(error)

    def _start(self) -> None:
        with self._lock:
            if self._closed:
                raise ClosedError
            _may_have_children()
            context = get_context("spawn")
            self._channel, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()  # so that the channel ends with the process
            self._process = process

    def _hear(self, limit: float | None, otherwise: str) -> Any:
        if not self._channel.poll(limit):
            raise _LateError(f"{otherwise} within {limit:g} seconds")
        return self._channel.recv()

    def _discard(self) -> str:
        """End the process, and say how it had ended. Raises ClosedError."""
        with self._lock:
            if self._closed:
                raise ClosedError
            process, self._process = self._process, None
        process.join(timeout=_GRACE)  # a channel may close just before its process has ended
        process.kill()
        process.join()
        self._channel.close()
        return _exit(process.exitcode)


def _serve(channel: Connection) -> None:
    """What the process of a cell does: a job at a time, until the other end of its channel is closed."""
    _start_serving()
    while True:
        try:
            work, job = channel.recv()
        except (EOFError, OSError):
            return
        except Exception as error:  # the code it needs is not here
            channel.send(None)
            channel.send((None, _text(error)))
            continue
        channel.send(None)  # from now on it counts
        outcome = attempt(work, job)
        try:
            channel.send((outcome.result, outcome.error))
        except OSError:
            return
        except Exception as error:  # its result cannot be sent
            channel.send((None, _text(error)))


def attempt(work: Callable[[Job], Result], job: Job) -> Outcome[Job, Result]:
    """Do a job in this process; whatever goes wrong in it is its result."""
    try:
        return Outcome(job, work(job), "")
    except Exception as error:
        return Outcome(job, None, _text(error))


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


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


def _start_serving() -> None:
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
