"""One run of a batch made again, to look at what the batch did not keep: events, failures, all series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from abm.parameters import ConfigError, nearest_name
from experiments.batch.driver import identified
from experiments.batch.provenance import code_version
from experiments.batch.results import Results
from experiments.runs import Job


def find_run(folder: Path, beginning: str) -> tuple[Results, str, Job]:
    """The results, the whole identifier, and the job of a run. Raises ConfigError."""
    results = Results(folder)
    jobs = identified(results.design.jobs())
    known = [*results.runs["run_id"], *jobs]
    found = list(dict.fromkeys(name for name in known if name.startswith(beginning)))
    if len(found) != 1:
        problem = "is the beginning of several runs" if found else "is no run of this batch"
        raise ConfigError(f"'{beginning}' {problem}", key="--run", nearest=nearest_name(beginning, known))
    if found[0] not in jobs:
        raise ConfigError(
            "was made by another version of the model or of the config, and cannot be made again here",
            key="--run",
            expected=f"version {results.manifest.get('code')} (this is {code_version()}) and its config",
        )
    return results, found[0], jobs[found[0]]


def agreement(results: Results, identifier: str, summary: Mapping[str, float]) -> Iterator[str]:
    """Whether a run made again gives the headline results that the batch has stored."""
    stored = results.runs[results.runs["run_id"] == identifier]
    if stored.empty:
        yield "the batch has not made this run yet"
        return
    row = stored.iloc[0]
    if row["status"] != "ok":
        yield f"in the batch it failed: {row['status']}"
        return
    differing = [
        name for name, value in summary.items() if name in row and not (row[name] == value or row[name] != row[name])
    ]
    if differing:
        yield f"{len(differing)} headline results differ from those of the batch: {', '.join(differing[:5])}"
    else:
        yield "the headline results are those of the batch, bit for bit"
