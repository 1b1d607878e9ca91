"""Folders of batches whose outcomes are known functions of the job, so that an analysis has a right answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.batch import Results, open_results
from experiments.designs import Design, Factor, Sample
from experiments.runs import Job

Outcomes = dict[str, float]


def fake_batch(folder: Path, design: Design, outcomes: Callable[[Job], Outcomes | str]) -> Results:
    """The results of a design whose runs give these outcomes; a text instead of outcomes is the error of that run."""
    (folder / "runs").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"design": design.describe()}), encoding="utf-8")
    pd.DataFrame([_row(job, outcomes(job)) for job in design.jobs()]).to_parquet(folder / "runs" / "x.parquet")
    return open_results(folder)


def _row(job: Job, found: Outcomes | str) -> dict[str, Any]:
    chosen = job.selection
    keys = {"run_id": f"r{job.number}", "chunk": "x", "setting": chosen.setting, "mix": chosen.mix}
    keys |= {"shocks": chosen.shocks, "seed": job.seed, "point": job.point, "number": job.number}
    status = found if isinstance(found, str) else "ok"
    own = {} if isinstance(found, str) else found
    return {**keys, "status": status, "attempts": 1, "seconds": 0.1, **dict(job.values), **own}


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
