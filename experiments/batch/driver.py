"""The driver of a batch: sends out the runs of a design that are not in the store, and stores what comes back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from abm.parameters import ConfigError
from experiments import engines
from experiments.batch import provenance
from experiments.batch.provenance import code_version, manifest_of, run_id
from experiments.batch.results import MANIFEST, OK, Results
from experiments.batch.store import Store
from experiments.designs import Design, check_design
from experiments.engines import Engine
from experiments.isolation import RETRIES
from experiments.output import require_free
from experiments.parallel import Outcome, Patience, over
from experiments.runs import Job, Result, Selection, load, perform

LIMIT = 900.0  # seconds that a run may take
_SHOWN = 3


class OtherCodeError(RuntimeError):
    """A worker has another version of the model than the driver."""


@dataclass
class Plan:
    """The runs of a design, those of them that are in the store, and what is to be said before they begin.

    `jobs` are those to be made, by identifier.
    """

    design: Design
    asked: int
    jobs: dict[str, Job]
    notes: list[str] = field(default_factory=list)

    failed: int = 0

    @property
    def there(self) -> int:
        """Runs that are in the store already, `failed` of which failed."""
        return self.asked - len(self.jobs)


class Batch:
    """A design, a folder, and one driver in charge of it; use it in a `with` statement.

    Raises
    ------
    ConfigError
        Before anything runs: if a scenario is wrong, the folder is in use, holds something else or results of another
        design or another version of the model.
    OSError
        If the folder cannot be written.
    """

    def __init__(
        self, design: Design, folder: Path, *, resume: bool = False, force: bool = False, again: bool = False
    ) -> None:
        self.jobs = identified(checked(design))
        there = (folder / MANIFEST).is_file()
        if there and not resume and not force:
            raise ConfigError(
                "holds a batch",
                key="--out",
                file=str(folder),
                expected="--resume to go on with it, or --force to replace it",
            )
        if not (resume and there) and not _only_begun(folder):
            require_free(folder, force)
        self.design, self.folder = design, folder
        self.store = Store(folder)
        try:
            self.plan = self._resumed(again) if resume and there else self._begun()
        except BaseException:
            self.store.__exit__()
            raise

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *error: Any) -> None:
        self.store.__exit__(*error)

    def _begun(self) -> Plan:
        self.store.clear()
        self.store.write_manifest(manifest_of(self.design, list(self.jobs.values())))
        return Plan(self.design, len(self.jobs), dict(self.jobs))

    def _resumed(self, again: bool) -> Plan:
        manifest = Results(self.folder).manifest
        _refuse_other_code(manifest, self.folder)
        notes = self.store.take_up()
        self._refuse_other_runs(manifest)
        self._renumber()
        if again:
            notes.append(f"{self.store.forget_failures()} runs that failed are made again")
        if manifest["design"] != json.loads(json.dumps(self.design.describe())):
            notes.append(f"the design has changed: it asked for {manifest['runs']} runs, and now for {len(self.jobs)}")
        notes += [f"{found}: results may differ in their last digits" for found in provenance.differences(manifest)]
        renewed = manifest_of(self.design, list(self.jobs.values()))
        kept = {key: manifest[key] for key in ("started", "command") if key in manifest}
        resumed = [*manifest.get("resumed", []), provenance.resumption()]
        self.store.write_manifest(renewed | kept | {"resumed": resumed})
        missing = {identifier: job for identifier, job in self.jobs.items() if identifier not in self.store.known}
        failed = sum(status != OK for status in self.store.known.values())
        return Plan(self.design, len(self.jobs), missing, notes, failed)

    def _refuse_other_runs(self, manifest: dict[str, Any]) -> None:
        others = self.store.known.keys() - self.jobs.keys()
        if others:
            raise ConfigError(
                f"{len(others)} of {len(self.store.known)} stored runs are not among the {len(self.jobs)} of this"
                f" design{_why(manifest, self.design)}",
                key="--resume",
                file=str(self.folder),
                expected="the same design and config, or one that only adds runs; else another folder, or --force",
            )

    def _renumber(self) -> None:
        """In a design that has grown, the runs that are there may have other numbers."""
        if not self.store.renumber({identifier: (job.number, job.point) for identifier, job in self.jobs.items()}):
            raise ConfigError(
                "stored runs are other points of the samples of this design",
                key="--resume",
                file=str(self.folder),
                expected="samples to which nothing but whole points at the end was added; else another folder",
            )

    def run(
        self,
        engine: AbstractContextManager[Engine],
        patience: Patience | None = None,
        chunk: int = 1,
        work: Callable[[Job], Result] | None = None,
    ) -> Generator[Outcome[Job, Result]]:
        """Make the missing runs and store them; yield what became of each as it finishes."""
        identifiers = {job.number: identifier for identifier, job in self.plan.jobs.items()}
        task = Task(code_version(), self.design.series, work or perform)
        for outcome in over(engine, task, self.plan.jobs.values(), patience or Patience(LIMIT, RETRIES), chunk):
            if outcome.error.startswith(OtherCodeError.__name__):
                raise ConfigError(outcome.error, key="worker", expected="the driver's version of the model")
            self.store.add(identifiers[outcome.job.number], outcome)
            yield outcome
        self.store.flush()
        self.store.align()


@dataclass(frozen=True)
class Task:
    """What workers do with a job, if they have the driver's version of the model; they send back what is stored.

    Attributes
    ----------
    code
        The driver's version.
    series
        Indicators, or single columns, whose months are stored; all if there are none.
    """

    code: str
    series: tuple[str, ...] = ()
    work: Callable[[Job], Result] = perform

    def __call__(self, job: Job) -> Result:
        if code_version() != self.code:
            raise OtherCodeError(f"the worker has version {code_version()} of the model, the driver {self.code}")
        result = self.work(job)
        nothing = pd.DataFrame()
        return replace(result, series=self._kept(result.series), events=nothing, failures=nothing)

    def _kept(self, series: pd.DataFrame) -> pd.DataFrame:
        if not self.series:
            return series
        return series[[name for name in series if name in self.series or name.partition("[")[0] in self.series]]


def run_design(
    design: Design,
    folder: Path,
    *,
    workers: int = 2,
    resume: bool = False,
    force: bool = False,
    progress: bool = True,
    limit: float = LIMIT,
    retries: int = RETRIES,
) -> Results:
    """Make all runs of a design over processes of this machine, and open the results.

    Raises as `Batch` does. A run that fails is a row with its error.
    """
    import sys

    from tqdm import tqdm

    with Batch(design, folder, resume=resume, force=force) as batch:
        runs = batch.run(engines.local(workers), Patience(limit, retries))
        bar = tqdm(
            runs, total=len(batch.plan.jobs), unit=" runs", delay=2, file=sys.stderr, leave=False, disable=not progress
        )
        with closing(runs):  # also after an interruption, before the folder is given up
            for _ in bar:
                pass
    return Results(folder)


def identified(jobs: Iterable[Job]) -> dict[str, Job]:
    """Jobs by identifier. Where a design makes the same run twice, as samples of few levels do, a number is added."""
    found: dict[str, Job] = {}
    times: Counter[str] = Counter()
    for job in jobs:
        identifier = run_id(job)
        times[identifier] += 1
        found[identifier + (f"-{times[identifier]}" if times[identifier] > 1 else "")] = job
    return found


def checked(design: Design) -> list[Job]:
    """The jobs of a design, each scenario checked as far as it is not drawn. Raises ConfigError."""
    check_design(design)
    jobs = list(design.jobs())
    seen: dict[tuple[str | None, str | None], Selection] = {}
    for job in jobs:
        seen.setdefault((job.selection.mix, job.selection.shocks), job.selection)
    scenarios = {key: load(selection) for key, selection in seen.items()}
    _refuse_namesakes("mixes", {mix: scenario.mix_name for (mix, _), scenario in scenarios.items()})
    _refuse_namesakes("shocks", {shocks: scenario.shocks_name for (_, shocks), scenario in scenarios.items()})
    return jobs


def _refuse_namesakes(key: str, names: Mapping[str | None, str]) -> None:
    """Results are told apart by the names of files; two files of one name would be taken for one."""
    for name, times in Counter(names.values()).items():
        if times > 1:
            files = " and ".join(str(chosen) for chosen in names if names[chosen] == name)
            raise ConfigError(f"{files} are both called '{name}'", key=key, expected="files of different names")


def _only_begun(folder: Path) -> bool:
    """Whether nothing is in a folder but what a driver leaves that ended before it began."""
    return folder.is_dir() and all(entry.name in (".lock", f".{MANIFEST}") for entry in folder.iterdir())


def _refuse_other_code(manifest: dict[str, Any], folder: Path) -> None:
    if manifest.get("code") == code_version():
        return
    commit = str(manifest.get("commit") or "no commit")[:10] + (" with changes" if manifest.get("dirty") else "")
    raise ConfigError(
        f"the stored runs were made by another version of the model ({manifest.get('code')}, {commit}; this one is"
        f" {code_version()}), and results of two versions do not mix",
        key="--resume",
        file=str(folder),
        expected="that version, another folder, or --force to begin anew",
    )


def _why(manifest: dict[str, Any], design: Design) -> str:
    """What differs between the stored design and this one, as far as it can be named."""
    before, now = manifest["design"], json.loads(json.dumps(design.describe()))
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    if not changed:
        return ": parameters, mixes or shocks in the config have changed since"
    return f": it differs in {', '.join(changed[:_SHOWN])}"
