"""What `abm search` does."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from abm.parameters import ConfigError
from experiments.analysis import search_front as fronts
from experiments.analysis.search import Generation, first_places, generations
from experiments.analysis.search_mixes import words_of, write_mix
from experiments.analysis.search_problem import Search, load_search
from experiments.analysis.search_runs import OK, Candidate, Laboratory, Runner, by_seed
from experiments.batch.provenance import code_version
from experiments.batch.results import Results
from experiments.compare import RunFailedError
from experiments.designs import Design, parse_seeds
from experiments.output import prepared, require_free
from experiments.runs import Selection, load
from experiments.wording import number

SUMMARY = "Search for mixes that are good in several objectives, and write the front as mix files."
LEDGER = "search.json"


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("name", help="a search of config/searches, or a TOML file")
    parser.add_argument("--out", type=Path, required=True, help="folder of the search: runs, mixes, tables and figure")
    parser.add_argument("--seeds", help="seeds of every candidate, such as 1-4")
    parser.add_argument("--fresh-seeds", help="seeds on which the front is run again, such as 101-120")
    parser.add_argument("--generations", type=int, help="number of generations")
    parser.add_argument("--population", type=int, help="candidates of a generation")
    parser.add_argument("--search-seed", type=int, help="seed of the search itself")
    parser.add_argument("--households", type=int, help="sampled households")
    parser.add_argument("--months", type=int, help="horizon in months")
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on with the search in the folder")


def work(options: argparse.Namespace) -> Iterator[str]:
    """Search, run the front again on fresh seeds, and write it; lines for the terminal. Raises ConfigError."""
    search = load_search(options.name).with_(
        seeds=_seeds("--seeds", options.seeds),
        fresh_seeds=_seeds("--fresh-seeds", options.fresh_seeds),
        generations=_positive("--generations", options.generations),
        population=_positive("--population", options.population),
        seed=options.search_seed,
        households=_positive("--households", options.households),
        months=_positive("--months", options.months),
    )
    yield from carry_out(search, options.out, runner(_positive("--workers", options.workers) or 1), options.resume)


def _positive(key: str, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise ConfigError(f"{value} is less than 1", key=key, expected="a whole number from 1")
    return value


def _seeds(key: str, written: str | None) -> tuple[int, ...] | None:
    try:
        return None if written is None else parse_seeds(written)
    except ConfigError as error:
        raise error.inside(key) from None


def runner(workers: int) -> Runner:
    """Makes the runs of a design through the store of batches."""

    def run(design: Design, folder: Path) -> Results:
        from experiments.batch.driver import run_design

        return run_design(design, folder, workers=workers, resume=folder.exists())

    return run


def carry_out(search: Search, folder: Path, run: Runner, resume: bool = False) -> Iterator[str]:
    """Search into a folder; lines for the terminal. What is done is kept, and `resume` goes on from there."""
    begin(search, folder, resume)
    laboratory = Laboratory(search, folder, run)
    base = laboratory.begin()
    search = laboratory.search
    done: list[Generation] = []
    for generation in _generations(search, laboratory):
        done.append(generation)
        yield _progress(search, generation, laboratory)
    candidates = list(laboratory.known.values())
    yield from _failures("candidate", {one.name: one.status for one in candidates if one.status != OK})
    front = fronts.chosen(search, candidates)
    if not front:
        raise ConfigError("no candidate has values and keeps all limits", key=search.name, expected="wider limits")
    yield from _finish(laboratory, done, front, base)


def begin(search: Search, folder: Path, resume: bool) -> None:
    """Note what is searched, or see whether it is what the folder holds. Raises ConfigError."""
    path = folder / LEDGER
    wanted = json.loads(json.dumps({"search": search.describe(), "code": code_version(), "config": _digest(search)}))
    if not resume or not path.is_file():
        require_free(folder, force=False)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(wanted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    there = _noted(path)
    changed = [key for key, value in wanted["search"].items() if there["search"].get(key) != value]
    changed += [key for key in ("code", "config") if there.get(key) != wanted[key]]
    if changed:
        raise ConfigError(
            f"was begun with another {', '.join(changed)}", key="--resume", file=str(path),
            expected="the same search (generations, fresh seeds, front and references may change), or a new folder",
        )  # fmt: skip


def _noted(path: Path) -> dict[str, Any]:
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
        return {**there, "search": dict(there["search"])}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"cannot be read: {error!r}", file=str(path), expected="the note of a search") from None


def _digest(search: Search) -> str:
    """A digest of all that the base mix and the worlds say, parameters included."""
    chosen = [Selection(search.setting, search.base, shocks) for shocks in search.shocks]
    text = json.dumps([load(selection).describe() for selection in chosen], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _generations(search: Search, laboratory: Laboratory) -> Iterator[Generation]:
    levers = len(search.levers)
    first = first_places(search.population, levers, len(search.variables) - levers, search.seed)
    return generations(
        laboratory.evaluate,
        first,
        len(search.objectives),
        search.generations,
        search.seed,
        search.snapped,
        len(search.constraints),
    )


def _progress(search: Search, generation: Generation, laboratory: Laboratory) -> str:
    known = laboratory.known.values()
    new = [one for one in known if one.generation == generation.number]
    failed = sum(one.status != OK for one in new)
    possible = [one for one in known if one.status == OK and fronts.keeps(search, one.values)]
    best = "; ".join(f"{goal.name} {number(fronts.best_of(goal, possible))}" for goal in search.objectives)
    lost = f", {failed} failed" if failed else ""
    return (
        f"Generation {generation.number} of {search.generations}: {len(new)} new candidates{lost}; best so far: {best}"
    )


def _failures(kind: str, reasons: dict[str, str]) -> Iterator[str]:
    if reasons:
        yield f"{len(reasons)} {kind}{'s have' if len(reasons) > 1 else ' has'} no values and took no part:"
        yield from (f"  {name}: {reason}" for name, reason in reasons.items())


def _finish(
    laboratory: Laboratory, done: Sequence[Generation], front: Sequence[Candidate], base: Candidate
) -> Iterator[str]:
    """Run the front on fresh seeds, write everything, and say what came out."""
    search = laboratory.search
    references = list(dict.fromkeys((search.base, *search.references)))
    results = laboratory.fresh(front, references)
    values, failures = by_seed(results, search, [one.name for one in front] + references)
    if search.base in failures:
        raise RunFailedError(f"the base mix {search.base} on fresh seeds: {failures[search.base]}")
    table = fronts.front_table(laboratory.declared, front, base, values, failures)
    history = fronts.generation_table(search, done, list(laboratory.known.values()))
    write(search, front, table, history, laboratory.folder)
    yield from _failures("mix on fresh seeds", failures)
    yield from summary(search, table, history)
    yield f"Mixes, tables and figure are in {laboratory.folder}"


def write(search: Search, front: Sequence[Candidate], table: pd.DataFrame, history: pd.DataFrame, folder: Path) -> None:
    """Write `mixes/front_01.toml` …, `front.csv`, `generations.csv`, and the figures `search` and `front`."""
    from experiments.analysis.search_figure import draw, draw_mixes
    from experiments.figures import save

    best = fronts.best_in(search, table)
    with prepared(folder, force=True) as aside:
        assert aside is not None
        (aside / "mixes").mkdir()
        for place, candidate in enumerate(front):
            name = fronts.front_name(place)
            title, text = words_of(search, candidate.places, place + 1, best.get(name, []))
            write_mix(aside / "mixes" / f"{name}.toml", search, candidate.places, title, text)
        table.to_csv(aside / "front.csv", index=False)
        history.to_csv(aside / "generations.csv", index=False)
        save(draw(search, table, history), aside, "search")
        save(draw_mixes(search, table), aside, "front")


def summary(search: Search, table: pd.DataFrame, history: pd.DataFrame) -> Iterator[str]:
    """What came out, in lines for the terminal."""
    front = table[table["kind"] == fronts.FRONT]
    beaten, surely = front["dominated_by"] != "", front["surely_dominated"]
    yield (
        f"{len(front)} mixes on the front; on fresh seeds {int(beaten.sum())} of them dominated on the mean, "
        f"{int(surely.sum())} by whole intervals, {int((~front['kept']).sum())} without values or over a limit"
    )
    for row in table[(table["kind"] == fronts.REFERENCE) & (table["dominated_by"] != "")].itertuples():
        yield f"{row.name} is dominated by {row.dominated_by}{'' if row.surely_dominated else ' (on the mean)'}"
    yield f"Mean gain of the front over {search.base}, in the search and on fresh seeds:"
    titles = {goal.name: goal for goal in search.objectives}
    for row in fronts.shrinkage(search, table).itertuples():
        goal = titles[str(row.objective)]
        yield f"  {goal.title['en']}: {number(row.searched)} and {number(row.fresh)} {goal.unit}".rstrip()
    yield f"Hypervolume rose by {_last_rise(history):.1%} in the last third of the generations"


def _last_rise(history: pd.DataFrame) -> float:
    """By what share of its final value the hypervolume still rose in the last third of the generations."""
    volumes = history["hypervolume"].to_numpy(dtype=float)
    before: Any = volumes[max(len(volumes) - 1 - len(volumes) // 3, 0)]
    return float((volumes[-1] - before) / volumes[-1])
