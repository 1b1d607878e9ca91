"""What `abm sensitivity` does."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from abm.parameters import ConfigError
from experiments.analysis import sensitivity_data as data
from experiments.analysis.sensitivity import INFLUENTIAL, LEADING
from experiments.analysis.sensitivity_study import Study, study
from experiments.batch import Results, open_results
from experiments.output import prepared
from experiments.wording import indicator_of, number, title_of, unit_of

SUMMARY = "Sobol, Morris or delta indices of a batch: which factors matter, and how much is luck."

USUAL = (
    "recyclers_active", "recycler_margin", "import_dependence_overall", "shortage_loss", "circular_material_use_rate",
    "public_cost", "greenhouse_gases",
)  # fmt: skip
"""Outcomes unless others are asked for: viability, security, circularity, public cost, emissions."""

_COLUMNS = {"sobol": ("ST", "S1"), "morris": ("mu_star", "mu", "sigma"), "delta": ("delta", "S1")}
_HEADS = {"mu_star": "μ*", "mu": "μ", "sigma": "σ"}


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of a batch")
    parser.add_argument(
        "--outcome",
        action="append",
        default=[],
        metavar="NAME",
        help="a headline indicator, or COLUMN:WAY such as material_price[ndpr]:max (repeatable)",
    )
    parser.add_argument(
        "--difference", action="store_true", help="of each mix to the first, on the same point and seed"
    )
    parser.add_argument("--resamples", type=int, default=0, metavar="N", help="of the bootstrap (200; delta: 100)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of tables and figures (DIR/analysis)")


def work(options: argparse.Namespace) -> Iterator[str]:
    """Analyse a batch; print a table per outcome, write tables and figures. Raises ConfigError, RunFailedError."""
    if options.resamples < 0 or options.resamples == 1:
        raise ConfigError("is no number of resamples", key="--resamples", expected="2 or more, better 100")
    results = open_results(options.folder)
    outcomes = chosen_outcomes(results, options.outcome)
    found = study(results, outcomes, options.difference, options.resamples, progress=True)
    out = options.out or options.folder / "analysis"
    name = "sensitivity_of_differences" if options.difference else "sensitivity"
    with prepared(out, force=True) as folder:
        assert folder is not None
        names = write(found, folder, name)
    yield from lines(found)
    yield f"Written to {out}: {', '.join(names)}"


def chosen_outcomes(results: Results, asked: Sequence[str]) -> list[str]:
    """The outcomes asked for, each once, or the usual ones that the batch has."""
    usual = [name for name in USUAL if name in results.outcomes] or list(results.outcomes)
    if not (asked or usual):
        raise ConfigError("has no finished run", file=str(results.folder), expected="`abm batch` first")
    return list(dict.fromkeys(asked)) or usual


# --- Words ----------------------------------------------------------------------------------------


def title(outcome: str) -> str:
    """An outcome in words."""
    column, _, way = outcome.rpartition(":")
    return f"{title_of(column)}, {way}" if column else title_of(outcome)


def unit(outcome: str) -> str:
    """Its unit; empty for 1."""
    column, _, way = outcome.rpartition(":")
    return _plain_unit(column, way) if column else unit_of(outcome)


def _plain_unit(column: str, way: str) -> str:
    declared = indicator_of(column).unit
    declared = declared.removesuffix("/month") if way == "sum" else declared
    return "" if declared == "1" else declared


def lines(found: Study) -> Iterator[str]:
    """The tables, as a terminal shows them."""
    for about in found.strata.to_dict("records"):
        yield f"{title(about['outcome'])} — {data.called(about)}"
        rows = _rows(found.indices, about)
        yield f"  {_about(about, rows, found.method)}"
        for note in about["notes"]:
            yield f"  Note: {note}."
        if len(rows):
            yield from _table(rows, found.method)
        yield ""


def _rows(indices: pd.DataFrame, about: dict[str, Any]) -> pd.DataFrame:
    keys = [*data.STRATUM, "outcome"]
    return indices[(indices[keys] == [about[key] for key in keys]).all(axis=1)]


def _about(about: dict[str, Any], rows: pd.DataFrame, method: str) -> str:
    parts = [f"mean {number(about['mean'])} {unit(about['outcome'])}".rstrip()]
    parts += [f"{about['points']} points × {about['seeds']} seed{'s' if about['seeds'] != 1 else ''}"]
    if about["seeds_share"] == about["seeds_share"]:
        reach = (
            f"{about['seeds_low']:.0%} to {about['seeds_high']:.0%}" if about["seeds_low"] == about["seeds_low"] else ""
        )
        parts += [
            f"seeds account for {about['seeds_share']:.0%} of the variance of runs" + (f" ({reach})" if reach else "")
        ]
    if len(rows):
        parts += [seen(rows, method, short=True)]
    return "; ".join(parts)


def seen(rows: pd.DataFrame, method: str, short: bool = False) -> str:
    """What the indices of one outcome say, in a sentence."""
    leading = rows[rows["index"] == LEADING[method]].sort_values("estimate", ascending=False)
    beyond = leading[leading["verdict"] == INFLUENTIAL]
    count = f"{len(beyond)} of {len(leading)} factors beyond noise"
    if short:
        return count
    if not len(beyond):
        return f"no factor stands out from noise ({len(leading)} tried)"
    largest = leading.iloc[0]
    first = "first" if largest["verdict"] == INFLUENTIAL else "largest but uncertain"
    return f"{largest['factor']} {first}; {count}"


def _table(rows: pd.DataFrame, method: str) -> Iterator[str]:
    columns = _COLUMNS[method]
    wide = {index: rows[rows["index"] == index].set_index("factor") for index in columns}
    leading = wide[columns[0]].sort_values("estimate", ascending=False)
    width = max(map(len, leading.index))
    plain = _writer(float(leading["estimate"].abs().max()))
    heads = [_HEADS.get(index, index) for index in columns]
    others = "".join(f"{head:>10}" for head in heads[1:])
    yield f"  {'factor':<{width}}{heads[0]:>10}  {'95 % interval':<21}{others}{'dummy':>10}  verdict"
    for factor, row in leading.iterrows():
        reach = f"{plain(row['low'])} to {plain(row['high'])}"
        rest = "".join(f"{plain(wide[index].at[factor, 'estimate']):>10}" for index in columns[1:])
        threshold = plain(row["threshold"])
        yield f"  {factor:<{width}}{plain(row['estimate']):>10}  {reach:<21}{rest}{threshold:>10}  {row['verdict']}"
    yield from _pairs(rows)


def _writer(largest: float) -> Callable[[float], str]:
    """Writes numbers; what rounding left of nothing as zero."""
    return lambda value: number(0.0 if abs(value) < 1e-9 * largest else value)


def _pairs(rows: pd.DataFrame) -> Iterator[str]:
    """Second-order indices that stand out, or that none does."""
    second = rows[rows["index"] == "S2"]
    if not len(second):
        return
    beyond = second[second["verdict"] == INFLUENTIAL].sort_values("estimate", key=abs, ascending=False)
    yield f"  pairs (S2): {len(beyond)} of {len(second)} beyond noise"
    for row in beyond.itertuples():
        pair = f"{row.factor} with {rows.at[row.Index, 'with']}"
        yield f"    {pair}: {number(row.estimate)} ({number(row.low)} to {number(row.high)})"


# --- Files ----------------------------------------------------------------------------------------


def write(found: Study, folder: Path, name: str = "sensitivity") -> list[str]:
    """Write tables and a figure for each stratum; names of what was written."""
    notes = found.strata.assign(notes=found.strata["notes"].map("; ".join))
    found.indices.assign(method=found.method).to_csv(folder / f"{name}.csv", index=False)
    notes.to_csv(folder / f"{name}_noise.csv", index=False)
    return [f"{name}.csv", f"{name}_noise.csv", *_draw(found, folder, name)]


def _draw(found: Study, folder: Path, name: str) -> Iterator[str]:
    from experiments.analysis.sensitivity_figures import draw
    from experiments.figures import save

    groups = list(found.indices.groupby(data.STRATUM, sort=False))
    for keys, rows in groups:
        label = dict(zip(data.STRATUM, keys, strict=True))
        own = name if len(groups) == 1 else f"{name}_{_slug('_'.join(part for part in keys if part))}"
        outcomes = dict.fromkeys(rows["outcome"])
        titles = {o: f"{title(o)}: {seen(rows[rows['outcome'] == o], found.method)}" for o in outcomes}
        figure = draw(rows, found.method, titles, {o: unit(o) for o in outcomes}, data.called(label).capitalize())
        save(figure, folder, own)
        yield f"{own}.png"


def _slug(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in text.replace(" − ", "-minus-"))
