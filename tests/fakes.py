"""Folders of a batch whose outcomes a known function gave, for tests of what reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.batch import Results, open_results
from experiments.designs import Design, Factor, Sample
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


def fake_batch(folder: Path, design: Design, outcomes: Callable[[Job], Outcomes | str]) -> Results:
    """The results of a design whose runs give these outcomes; a text instead of outcomes is the error of that run."""
    return open_results(write_results(folder, design, outcomes))


def fake_design(size: int = 200, factors: int = 4, **changes: Any) -> Design:
    """A Latin hypercube over parameters that exist, the first from 0 to 0.5 and the others from 0 to 1."""
    blocs = (
        "china.component_depth",
        "china.component_answer",
        "indonesia.component_depth",
        "indonesia.component_answer",
    )
    names = ("firms.markup", *(f"blocs.{name}" for name in blocs))[:factors]
    chosen = tuple(
        Factor(name, "parameter", 0.0, 1.0 if place else 0.5, unit="1", meaning=f"factor {place}")
        for place, name in enumerate(names)
    )
    words = {"en": "Fake", "nl": "Nep"}
    design = Design("fake", words, words, mixes=("business_as_usual",), shocks=("calm",), seeds=(1,))
    return design.with_(samples=(Sample("latin_hypercube", chosen, size),), **changes)
