"""Map work over an engine: every failure is kept with its own job, and nothing is lost or done twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import AbstractContextManager
from itertools import islice
from typing import TypeVar

from experiments import engines
from experiments.engines import Engine, EngineLostError
from experiments.isolation import Outcome, Patience, attempt, do_all

__all__ = ["EngineLostError", "Outcome", "Patience", "outcomes", "over"]

Job = TypeVar("Job")
Result = TypeVar("Result")
_LOOK = 1.0  # seconds between two looks at whether the engine is still there
_RESENT = 5  # times that jobs are sent out again after the worker that had them was lost


def outcomes(work: Callable[[Job], Result], jobs: Iterable[Job], workers: int) -> Iterator[Outcome[Job, Result]]:
    """Do `work` on every job over local processes and yield what became of each, in order of completion.

    With one worker everything happens in this process. `work` and the jobs must be picklable otherwise.
    """
    if workers <= 1:
        yield from (attempt(work, job) for job in jobs)
    else:
        yield from over(engines.local(workers), work, jobs)


def over(
    engine: AbstractContextManager[Engine],
    work: Callable[[Job], Result],
    jobs: Iterable[Job],
    patience: Patience | None = None,
    chunk: int = 1,
) -> Generator[Outcome[Job, Result]]:
    """The same over any engine, `chunk` jobs at a time. Raises EngineLostError if the engine is lost for good.

    A job that raises, dies with its process or takes too long costs itself only (see `isolation`). Jobs whose whole
    worker is lost are sent out again.
    """
    patience, waiting = patience or Patience(), iter(jobs)
    with engine as running:
        pending: dict[Future[list[Outcome[Job, Result]]], tuple[tuple[Job, ...], int]] = {}
        again: deque[tuple[tuple[Job, ...], int]] = deque()
        while True:
            while len(pending) < 2 * running.slots:
                batch, sent = again.popleft() if again else (tuple(islice(waiting, chunk)), 0)
                if not batch:
                    break
                pending[_send(running, work, batch, patience)] = batch, sent
            if not pending:
                return
            done, _ = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
            if not done:
                running.check()
            for future in done:
                batch, sent = pending.pop(future)
                try:
                    finished = future.result()
                except (Exception, CancelledError) as error:
                    again += _resent(running, batch, sent, error)
                else:
                    yield from finished


def _send(
    engine: Engine, work: Callable[[Job], Result], batch: tuple[Job, ...], patience: Patience
) -> Future[list[Outcome[Job, Result]]]:
    try:
        return engine.executor.submit(do_all, work, batch, patience)
    except Exception as error:
        engine.check()
        raise EngineLostError(f"{engine.name} takes no more work: {error}") from error


def _resent(
    engine: Engine, batch: tuple[Job, ...], sent: int, error: BaseException
) -> list[tuple[tuple[Job, ...], int]]:
    """The jobs of a lost worker, to be sent out again one by one."""
    engine.check()
    if sent >= _RESENT:
        raise EngineLostError(f"{engine.name} lost its worker {sent + 1} times over: {type(error).__name__}: {error}")
    return [((job,), sent + 1) for job in batch]
