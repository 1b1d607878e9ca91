"""`abm report`: one self-contained page on a batch, with its tables and figures beside it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from abm.parameters import ConfigError
from experiments.batch import open_results
from experiments.output import prepared

if TYPE_CHECKING:
    import pandas as pd

    from experiments.analysis.report.drawing import Picture
    from experiments.analysis.report.gathering import Gathered

SUMMARY = "Write a page on a batch: design, failures, differences with intervals, convergence, robustness, figures"
PAGE = "report.html"
BESIDE = "report_files"
_LANGUAGES = ("en", "nl")


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("dir", type=Path, metavar="DIR", help="folder of a batch")
    parser.add_argument("--out", type=Path, metavar="DIR2", help=f"where {PAGE} and {BESIDE}/ go (default: DIR/report)")
    parser.add_argument(
        "--outcome",
        action="append",
        default=[],
        metavar="NAME",
        help="headline indicator, or COLUMN:WAY of the series such as material_price[ndpr]:max; repeat for more",
    )
    parser.add_argument(
        "--note", type=Path, metavar="FILE", help="text of the author, shown as such; paragraphs by blank lines"
    )
    parser.add_argument("--lang", choices=_LANGUAGES, default="en", help="language of titles; the prose is English")


def work(options: argparse.Namespace) -> Iterator[str]:
    """Write the page, tables and figures; yield what the page says first. Raises ConfigError."""
    from experiments.analysis.report import reading
    from experiments.analysis.report.gathering import gather

    note = _note(options.note)
    gathered = gather(open_results(options.dir), options.outcome, options.lang)
    out = options.out or options.dir / "report"
    with prepared(out, force=True) as folder:
        assert folder is not None  # only None is prepared for None
        write(gathered, folder, note)
    yield f"{len(gathered.results.runs)} of {gathered.expected} runs, {len(gathered.results.failed)} failed"
    yield from reading.on_mixes(gathered)
    yield f"Written to {out / PAGE}"


def write(gathered: Gathered, folder: Path, note: str = "") -> None:
    """Write the page, and beside it every table as CSV and every figure as PNG and SVG."""
    from experiments.analysis.report import drawing, page

    beside = folder / BESIDE
    beside.mkdir()
    pictures = page.draw(gathered)
    (folder / PAGE).write_text(page.page(gathered, pictures, note), encoding="utf-8")
    for picture in _all(pictures):
        drawing.save(picture, beside)
    for name, table in tables(gathered).items():
        table.to_csv(beside / f"{name}.csv", index=False)


def _all(pictures: dict[str, list[Picture]]) -> Iterator[Picture]:
    for chosen in pictures.values():
        yield from chosen


def tables(gathered: Gathered) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name."""
    from pandas import concat

    made = {"failures": gathered.failed, "robustness": gathered.robust, "correlations": gathered.hinged}
    if gathered.others:
        made |= {"comparisons": gathered.compared, "convergence": gathered.settled, "pairs": gathered.pairs}
    if gathered.paths:
        made["paths"] = concat([table.assign(column=name) for name, table in gathered.paths.items()], ignore_index=True)
    return made


def _note(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", key="--note", file=str(path)) from None
