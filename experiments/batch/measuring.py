"""What runner and store cost beside the model, how far two processes carry, and whether memory stays flat.

    python -m experiments.batch.measuring [overhead] [scaling] [memory]

Each figure is a ratio within one run of this program. Overhead is counted in processor seconds of all processes, so
that other work on the machine does not matter; scaling is measured by the clock and needs two processors to itself.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments import engines
from experiments.batch.driver import Batch
from experiments.batch.store import RUNS_PER_CHUNK
from experiments.designs import Design, load_design
from experiments.parallel import Outcome
from experiments.runs import Job, Result

_DESIGN = "kill-test"  # runs of about half a second
_TEXT = {"en": "Tiny", "nl": "Klein"}
_RUNS = 40
_TIMES = 3


def overhead(runs: int = RUNS_PER_CHUNK, skipped: int = 3) -> float:
    """Processor seconds of driver and worker beyond those of the runs, as a share of these, once both are at work.

    A full chunk is committed in between.
    """
    made = _made(load_design(_DESIGN), skipped + runs + 1, 1)
    for _ in range(skipped):
        next(made)
    start, model = _processor_seconds(), 0.0
    for _ in range(runs):
        result = next(made).result
        model += result.seconds if result else 0.0
    total = _processor_seconds() - start
    made.close()
    return total / model - 1.0


def scaling(runs: int = _RUNS) -> float:
    """Speed of two workers as a multiple of that of one, on the same runs, by turns; the median of three."""
    design = load_design(_DESIGN)
    ratios = [_speed(design, runs, 2) / _speed(design, runs, 1) for _ in range(_TIMES)]
    return sorted(ratios)[_TIMES // 2]


def memory(early: int = 500, late: int = 2000) -> list[tuple[int, int]]:
    """Memory (bytes) of the driver and then of each worker, after so many tiny runs and after so many more."""
    design = Design("tiny", _TEXT, _TEXT, households=60, months=2, seeds=tuple(range(1, late + 1)))
    samples: list[list[int]] = []
    for number, _ in enumerate(_made(design, late, 2), start=1):
        if number in (early, late - 1):  # processes end with the last run
            samples.append([_resident(process) for process in _processes()])
    before, after = samples
    return list(zip(before, after, strict=True))


def _speed(design: Design, runs: int, workers: int) -> float:
    """Runs a second, from the first that is finished to the last."""
    moments = [time.perf_counter() for _ in _made(design, runs, workers)]
    return (runs - 1) / (moments[-1] - moments[0])


def _made(design: Design, runs: int, workers: int) -> Generator[Outcome[Job, Result]]:
    """Outcomes of the first runs of a design, stored in a folder that is removed afterwards."""
    with TemporaryDirectory() as folder, Batch(design, Path(folder) / "batch") as batch:
        batch.plan.jobs = dict(list(batch.plan.jobs.items())[:runs])
        with closing(batch.run(engines.local(workers))) as outcomes:
            yield from outcomes


def _processor_seconds() -> float:
    """Of this process and its workers."""
    ticks = 0
    for process in _processes():
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _processes() -> list[int]:
    """This process and its workers (Linux)."""
    return [os.getpid(), *sorted(child.pid or 0 for child in multiprocessing.active_children())]


def _resident(process: int) -> int:
    """Memory in use, in bytes (Linux)."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize()


def _lines(asked: list[str]) -> Iterator[str]:
    measures: dict[str, Callable[[], str]] = {
        "overhead": lambda: f"{overhead():.1%} of the model's processor time (must be below 5 %)",
        "scaling": lambda: f"two workers make {scaling():.2f} times the runs of one (must be at least 1.8)",
        "memory": lambda: ", ".join(
            f"{name} {before / 1e6:.0f} → {after / 1e6:.0f} MB"
            for name, (before, after) in zip(("driver", "worker", "worker"), memory(), strict=True)
        ),
    }
    for name, measure in measures.items():
        if not asked or name in asked:
            yield f"{name}: {measure()}"


if __name__ == "__main__":
    for line in _lines(sys.argv[1:]):
        print(line, flush=True)
