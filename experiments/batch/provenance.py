"""Where results come from: the code of the model, packages, host, design, and every scenario in full."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import abm
from abm.running import environment
from experiments.designs import Design
from experiments.runs import Job, Selection, load

_LENGTH = 16  # hexadecimal digits of an identifier: 2^64 of them, so that a million runs hardly ever collide


@cache
def code_version() -> str:
    """Digest of the source files on which a run depends: the same code gives the same digest, on every machine."""
    root = Path(abm.__file__).parent.parent
    total = hashlib.sha256()
    for path in [*sorted((root / "abm").rglob("*.py")), root / "experiments/levers.py", root / "experiments/runs.py"]:
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return total.hexdigest()[:_LENGTH]


def run_id(job: Job) -> str:
    """Digest of everything that a run depends on: its scenario in full, what is set on top, its seed, and the code."""
    selection = job.selection
    base = _scenario_digest(bare(selection))
    parts = [base, list(selection.assignments), list(selection.levers), job.seed, code_version()]
    return _digest(parts)


def bare(selection: Selection) -> Selection:
    """The scenario without what a sample sets, which few runs of a design do not share."""
    return Selection(selection.setting, selection.mix, selection.shocks, selection.households, selection.months)


@lru_cache(maxsize=4096)
def _scenario_digest(selection: Selection) -> str:
    return _digest(load(selection).describe())


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def design_digest(design: Design) -> str:
    """Digest of a design."""
    return _digest(design.describe())


def manifest_of(design: Design, jobs: list[Job]) -> dict[str, Any]:
    """All that a reader needs to know of a batch, as JSON can hold it."""
    selections = list(dict.fromkeys(bare(job.selection) for job in jobs))
    scenarios = [load(selection).describe() for selection in selections]
    config = scenarios[0].pop("config") if scenarios else {}
    for scenario in scenarios[1:]:  # what differs from the first is in its overrides
        del scenario["config"]
    return {
        "kind": "batch",
        "design": design.describe(),
        "runs": len(jobs),
        "code": code_version(),
        **environment(),
        "host": host(),
        "started": _today(),
        "command": sys.argv,
        "scenarios": scenarios,
        "config": config,
    }


def host() -> dict[str, Any]:
    """The machine of this process."""
    system = f"{platform.system()} {platform.machine()}"
    return {"name": platform.node(), "system": system, "processors": os.cpu_count()}


def resumption() -> dict[str, Any]:
    """What a manifest notes when a batch is taken up again."""
    return {"started": _today(), "code": code_version(), **environment(), "host": host()}


def differences(before: Mapping[str, Any]) -> list[str]:
    """What has changed in this environment since a manifest was written, in words; the code apart."""
    now = environment()
    found = [
        f"{name} was {before.get('versions', {}).get(name, 'absent')} and is {version}"
        for name, version in now["versions"].items()
        if before.get("versions", {}).get(name) != version
    ]
    if before.get("processor_features") != now["processor_features"]:
        found.append("the processor has other features")
    return found


def _today() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
