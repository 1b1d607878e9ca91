"""What `abm findings` and `abm interactions` do."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from abm.parameters import ConfigError
from experiments.designs import parse_seeds
from experiments.findings import interactions, storing, words
from experiments.findings.declaration import Finding, files, load_finding
from experiments.findings.running import answers
from experiments.findings.trials import Laboratory
from experiments.output import prepared


def findings(options: Namespace) -> Iterator[str]:
    """Work out findings, write their results and the page; lines for the terminal."""
    chosen = [load_finding(name) for name in options.names or [path.stem for path in files()]]
    if not options.stored:
        yield from _work_out(options, chosen)
    if options.page:
        yield write_page(options.page, options.stored or options.out)


def _work_out(options: Namespace, chosen: Sequence[Finding]) -> Iterator[str]:
    seeds = parse_seeds(options.seeds)
    with prepared(options.out, options.force) as folder:
        laboratory = Laboratory(options.workers)
        range_seeds = options.range_seeds if options.ranges else 0
        done = answers(chosen, seeds, laboratory, options.months or 0, not options.no_equal_cost, range_seeds)
        for answer in done:
            months = min(options.months or answer.finding.months, answer.finding.months)
            came_from = storing.origin(_command("findings", options), seeds, months=months)
            stored = storing.summed_up(answer, came_from)
            yield from words.lines(answer.finding, stored)
            if folder is not None:
                storing.write(answer, stored, folder)


def interact(options: Namespace) -> Iterator[str]:
    """Work out interactions, write their results and the page; lines for the terminal."""
    design = interactions.load_design(options.design)
    if options.pairs:
        pairs = tuple(interactions.pair_of(pair, design.instruments) for pair in options.pairs.split(","))
        design = replace(design, pairs=pairs)
    if not options.stored:
        seeds = parse_seeds(options.seeds)
        with prepared(options.out, options.force) as folder:
            table = interactions.interactions(design, seeds, Laboratory(options.workers), options.months or 0)
            yield from interactions.lines(design, table)
            months = min(options.months or design.months, design.months)
            came_from = storing.origin(_command("interactions", options), seeds, months=months)
            if folder is not None:
                interactions.write(design, table, came_from, folder)
    if options.page:
        yield write_page(options.page, options.stored or options.out)


def _command(name: str, options: Namespace) -> str:
    """The command that gave the results, as it can be repeated."""
    parts = ["abm", name, *getattr(options, "names", [])]
    parts += [f"--seeds {options.seeds}"] if options.seeds else []
    parts += [f"--pairs {options.pairs}"] if getattr(options, "pairs", None) else []
    parts += [f"--months {options.months}"] if options.months else []
    parts += ["--ranges"] if getattr(options, "ranges", False) else []
    parts += ["--no-equal-cost"] if getattr(options, "no_equal_cost", False) else []
    return " ".join(parts)


def write_page(target: Path, stored: Path | None) -> str:
    """Write the page from what is stored of all findings. Raises ConfigError if nothing is."""
    if stored is None:
        raise ConfigError("needs results", key="--page", expected="--out or --stored with the folder of the results")
    known = []
    for path in files():
        finding = load_finding(path.stem)
        found = storing.read(finding, stored)
        if found is not None:
            known.append((finding, found))
    if not known:
        raise ConfigError("holds no results of findings", key="--stored", file=str(stored))
    folder = Path(os.path.relpath(stored.resolve(), target.resolve().parent))
    part = interactions.section(interactions.load_design(), folder, stored)
    target.write_text(words.page(known, folder, part), encoding="utf-8")
    return f"The page is {target}"
