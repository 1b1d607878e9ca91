"""Map work over an engine: every failure is kept with its own job, and nothing is lost or done twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
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
_TO_ANSWER = 60.0  # seconds that an engine has to do nothing


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
    worker is lost are sent out again, one by one; one that loses it every time is given up.
    """
    patience, waiting = patience or Patience(), iter(jobs)
    with engine as running:
        pending: dict[Future[list[Outcome[Job, Result]]], tuple[tuple[Job, ...], int]] = {}
        again: deque[tuple[tuple[Job, ...], int]] = deque()
        while True:
            for _ in range(2 * running.slots - len(pending)):  # so that no slot waits for its next jobs
                batch, lost = again.popleft() if again else (tuple(islice(waiting, chunk)), 0)
                if not batch:
                    break
                pending[_send(running, work, batch, patience)] = batch, lost
            if not pending:
                return
            done, _ = wait(pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
            if not done:
                running.check()
            for future in done:
                batch, lost = pending.pop(future)
                try:
                    yield from future.result()
                except Exception as error:  # of the engine: what jobs raise is in their outcomes
                    running.check()
                    if lost == _RESENT:
                        yield _given_up(running, work, batch[0], error)
                    else:
                        again += [((job,), lost + 1) for job in batch]


def _send(
    engine: Engine, work: Callable[[Job], Result], batch: tuple[Job, ...], patience: Patience
) -> Future[list[Outcome[Job, Result]]]:
    try:
        return engine.executor.submit(do_all, work, batch, patience)
    except Exception as error:
        engine.check()
        raise EngineLostError(f"{engine.name} takes no more work: {_text(error)}") from error


def _given_up(engine: Engine, work: Callable[[Job], Result], job: Job, error: Exception) -> Outcome[Job, Result]:
    """The outcome of a job that no worker survives. Raises EngineLostError if workers fail without any job, too."""
    try:
        _send(engine, work, (), Patience()).result(_TO_ANSWER)
    except EngineLostError:
        raise
    except Exception as other:
        raise EngineLostError(f"{engine.name} does not work: {_text(other)}") from other
    return Outcome(job, None, f"its worker was lost {_RESENT + 1} times: {_text(error)}", _RESENT + 1)


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
