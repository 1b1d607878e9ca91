"""Map work over local processes: started once, one thread each, every failure kept with its own job."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

# Two processes of two threads each are far slower than two of one, and threads may reorder sums.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Outcome(Generic[Job, Result]):
    """What became of a job: its result, or else the text of its error."""

    job: Job
    result: Result | None
    error: str


def outcomes(work: Callable[[Job], Result], jobs: Iterable[Job], workers: int) -> Iterator[Outcome[Job, Result]]:
    """Do `work` on every job and yield what became of each, in order of completion.

    With one worker everything happens in this process. `work` and the jobs must be picklable otherwise.
    When a worker dies, the jobs under way are repeated one by one, each in a process of its own, so that
    only the culprit is blamed and nothing is lost.
    """
    if workers <= 1:
        yield from (_attempt(work, job) for job in jobs)
        return
    waiting = deque(jobs)
    with _one_thread_each():
        while waiting:
            suspects = yield from _until_a_worker_dies(work, waiting, min(workers, len(waiting)))
            for job in suspects:
                yield _alone(work, job)


def _until_a_worker_dies(
    work: Callable[[Job], Result], waiting: deque[Job], workers: int
) -> Generator[Outcome[Job, Result], None, list[Job]]:
    """Take jobs from `waiting`; return those without an outcome when a worker died, else an empty list."""
    running: dict[Future[Outcome[Job, Result]], Job] = {}
    with _pool(workers) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < 2 * workers:
                    running[pool.submit(_attempt, work, waiting[0])] = waiting[0]
                    waiting.popleft()
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome = future.result()
                    del running[future]
                    yield outcome
        except BrokenProcessPool:
            return list(running.values())
    return []


def _alone(work: Callable[[Job], Result], job: Job) -> Outcome[Job, Result]:
    with _pool(1) as pool:
        try:
            return pool.submit(_attempt, work, job).result()
        except BrokenProcessPool:
            return Outcome(job, None, "the process that ran it died (out of memory, or killed)")


def _attempt(work: Callable[[Job], Result], job: Job) -> Outcome[Job, Result]:
    try:
        return Outcome(job, work(job), "")
    except Exception as error:  # whatever goes wrong in a run is that run's result
        return Outcome(job, None, f"{type(error).__name__}: {error}")


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Let an interrupt end the worker at once, without a traceback: the parent reports it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _one_thread_each() -> Iterator[None]:
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
