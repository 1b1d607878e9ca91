"""Folders of a batch whose outcomes a known function gave, for tests of what reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.designs import Design
from experiments.runs import Job

Outcomes = Mapping[str, float]


def write_results(
    folder: Path,
    design: Design,
    outcomes: Callable[[Job], Outcomes | str],
    made: Callable[[Job], bool] = lambda _: True,
) -> Path:
    """The folder of a batch: `outcomes` gives the indicators of a job, or its error; only jobs that are `made`."""
    (folder / "runs").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"design": design.describe()}), encoding="utf-8")
    rows = [_row(job, outcomes(job)) for job in design.jobs() if made(job)]
    pd.DataFrame(rows).to_parquet(folder / "runs" / "x.parquet", index=False)
    return folder


def _row(job: Job, found: Outcomes | str) -> dict[str, Any]:
    selection = job.selection
    status = {"status": found} if isinstance(found, str) else {"status": "ok", **found}
    return {
        "run_id": f"run{job.number}",
        "chunk": "x",
        "setting": selection.setting,
        "mix": selection.mix or "business_as_usual",
        "shocks": selection.shocks or "calm",
        "seed": job.seed,
        "point": job.point,
        "number": job.number,
        "attempts": 1,
        "seconds": 0.1,
        **{name: value for name, value in job.values if name not in ("mix", "shocks")},
        **status,
    }
