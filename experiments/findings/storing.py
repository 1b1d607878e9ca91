"""Results of findings in files: a table of effects, the claims judged, how they came about, and a figure."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from abm.running import environment
from experiments.findings.declaration import Finding
from experiments.findings.figures import draw
from experiments.findings.judging import effects, judged, rounded
from experiments.findings.running import Answer


@dataclass(frozen=True)
class Stored:
    """What is known of a finding from its files: effects, claims, and how they came about."""

    effects: pd.DataFrame
    claims: pd.DataFrame
    origin: dict[str, Any]


def origin(command: str, seeds: Sequence[int], **more: Any) -> dict[str, Any]:
    """How results came about: command, day, version, commit and seeds."""
    known = environment()
    return {
        "command": command,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": known["versions"],
        "commit": known["commit"],
        "dirty": known["dirty"],
        "seeds": list(seeds),
        **more,
    }


def summed_up(answer: Answer, came_from: dict[str, Any]) -> Stored:
    """Effects and claims of an answer."""
    return Stored(effects(answer.finding, answer.rows), judged(answer.finding, answer.rows), came_from)


def write(answer: Answer, stored: Stored, folder: Path) -> None:
    """Write NAME.csv, NAME_claims.csv, NAME.json and NAME.png."""
    name = answer.finding.name
    main = ~stored.effects["variant"].str.contains("=")
    rounded(stored.effects[main]).to_csv(folder / f"{name}.csv", index=False)
    rounded(stored.claims).to_csv(folder / f"{name}_claims.csv", index=False)
    text = json.dumps(stored.origin, indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    draw(answer, stored.effects).savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})


def read(finding: Finding, folder: Path) -> Stored | None:
    """What is stored of a finding; None if nothing is."""
    paths = [folder / f"{finding.name}{end}" for end in (".csv", "_claims.csv", ".json")]
    if not all(path.is_file() for path in paths):
        return None
    tables = [pd.read_csv(path, keep_default_na=True, dtype={"variant": str}) for path in paths[:2]]
    for table in tables:
        table["variant"] = table["variant"].fillna("")
    return Stored(tables[0], tables[1], json.loads(paths[2].read_text(encoding="utf-8")))
