"""Pairs of instruments: their joint effect against the sum of their single effects, on common random numbers.

The interaction of two instruments is a difference of differences, y(both) − y(one) − y(other) + y(neither), taken
seed by seed. All pairs and outcomes are tests of one family: p-values are corrected after Holm (1979), intervals
after Bonferroni.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.parameters import ConfigError, check_keys, config_folder, read_toml, read_words, shown, unknown
from abm.policies import registry
from experiments.findings.declaration import Measure, read_measure
from experiments.findings.judging import holm, p_value, rounded, simultaneous
from experiments.findings.trials import Frozen, Laboratory, Trial, frozen
from experiments.wording import number

FOLDER, DEFAULT = "interactions", "pairs"
SIGNIFICANT = 0.05
SYNERGY, CONFLICT, NULL = "synergy", "conflict", "null"
NEITHER = ""
_KEYS = ("title", "summary", "shocks", "months", "households", "base", "instruments", "outcomes", "pairs", "accounts")


@dataclass(frozen=True)
class Design:
    """Instruments that are paired, outcomes with the direction that is better, and what explains a pair."""

    title: dict[str, str]
    shocks: str
    months: int
    households: int
    base: str
    instruments: dict[str, tuple[Frozen, ...]]
    outcomes: tuple[tuple[Measure, int], ...]
    pairs: tuple[tuple[str, str], ...]
    accounts: dict[str, dict[str, str]]

    def trial(self, names: Sequence[str], seed: int, months: int = 0) -> Trial:
        """The run with these instruments."""
        uses = tuple(use for name in names for use in self.instruments[name])
        horizon = min(months, self.months) if months else self.months
        return Trial(self.base, uses, self.shocks, horizon, self.households, seed)


def load_design(name: str = DEFAULT) -> Design:
    """A design by name, or by the path of a TOML file. Raises ConfigError."""
    path = Path(name) if name.endswith(".toml") else config_folder() / FOLDER / f"{name}.toml"
    raw = read_toml(path)
    try:
        return _read(raw)
    except ConfigError as error:
        raise error.inside(file=shown(path)) from None


def _read(raw: Mapping[str, Any]) -> Design:
    check_keys(raw, _KEYS)
    uses: dict[str, tuple[Frozen, ...]] = {}
    for use in raw.get("instruments", ()):
        uses[str(use.get("use"))] = (*uses.get(str(use.get("use")), ()), frozen(use))
    outcomes = []
    for outcome in raw.get("outcomes", ()):
        terms = dict(outcome)
        direction = int(terms.pop("direction", 0))
        outcomes.append((read_measure(terms), direction))
    pairs = tuple(pair_of(pair, uses) for pair in raw["pairs"]) if "pairs" in raw else tuple(combinations(uses, 2))
    accounts = {"+".join(pair_of(key, uses)): read_words(words) for key, words in raw.get("accounts", {}).items()}
    design = Design(
        read_words(raw.get("title")), str(raw.get("shocks")), int(raw.get("months", 120)),
        int(raw.get("households", 500)), str(raw.get("base", "none")), uses, tuple(outcomes), pairs, accounts,
    )  # fmt: skip
    for name in uses:
        design.trial([name], 0).scenario()
    return design


def pair_of(written: str, names: Mapping[str, Any]) -> tuple[str, str]:
    """Two instruments from `one+other`, in the order of the design. Raises ConfigError."""
    parts = [part.strip() for part in written.split("+")]
    if len(parts) != 2 or parts[0] == parts[1]:
        raise ConfigError(f"'{written}' is no pair", key="pairs", expected="two instruments such as one+other")
    for part in parts:
        if part not in names:
            raise unknown("instrument", part, list(names), key="pairs")
    first, second = sorted(parts, key=list(names).index)
    return first, second


# --- Working out ----------------------------------------------------------------------------------


def interactions(design: Design, seeds: Sequence[int], laboratory: Laboratory, months: int = 0) -> pd.DataFrame:
    """One row per pair and outcome, with single, summed and joint effects, the interaction, and what it is.

    Columns: pair, outcome, unit, neither (mean without instruments), first, second, together (mean differences to
    that), interaction with the ends of its simultaneous interval, p, p_holm, kind.
    """
    values = _values(design, seeds, laboratory, months)
    rows, count = [], len(design.pairs) * len(design.outcomes)
    for one, other in design.pairs:
        for measure, direction in design.outcomes:
            neither, first, second, both = (
                values[names][measure.name] for names in (NEITHER, one, other, f"{one}+{other}")
            )
            difference = both - first - second + neither
            mean, low, high = simultaneous(difference, count)
            rows.append({
                "pair": f"{one}+{other}", "outcome": measure.name, "unit": measure.unit, "direction": direction,
                "neither": _mean(neither), "first": _mean(first - neither),
                "second": _mean(second - neither), "together": _mean(both - neither),
                "interaction": mean, "low": low, "high": high, "p": p_value(difference),
            })  # fmt: skip
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p"].to_list())
    table["kind"] = [kind_of(row["p_holm"], row["interaction"] * row["direction"]) for _, row in table.iterrows()]
    return table


def _mean(values: Any) -> float:
    """Mean of what is known; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def kind_of(p: float, gain: float) -> str:
    """Synergy, conflict or null, from a corrected p-value and the interaction in the better direction."""
    if not p < SIGNIFICANT or gain == 0.0:
        return NULL
    return SYNERGY if gain > 0.0 else CONFLICT


def _values(design: Design, seeds: Sequence[int], laboratory: Laboratory, months: int) -> dict[str, dict[str, Any]]:
    readings = [reading for measure, _ in design.outcomes for reading in measure.readings]
    names = dict.fromkeys(name for pair in design.pairs for name in pair)
    sets: dict[str, tuple[str, ...]] = {NEITHER: (), **{name: (name,) for name in names}}
    sets |= {f"{one}+{other}": (one, other) for one, other in design.pairs}
    trials = {(key, seed): design.trial(used, seed, months) for key, used in sets.items() for seed in seeds}
    done = laboratory.run(dict.fromkeys(trials.values(), readings))
    return {
        key: {
            measure.name: np.array([measure.value(done[trials[key, seed]]) for seed in seeds])
            for measure, _ in design.outcomes
        }
        for key in sets
    }


# --- Words, files and figure ----------------------------------------------------------------------


def title_of_pair(pair: str) -> str:
    """A pair in words."""
    return " + ".join(registry()[name].title["en"].lower() for name in pair.split("+"))


def lines(design: Design, table: pd.DataFrame) -> Iterator[str]:
    """The table on the terminal: what is no null, then the nulls by number."""
    titles = {measure.name: measure for measure, _ in design.outcomes}
    for kind in (SYNERGY, CONFLICT):
        part = table[table["kind"] == kind]
        yield f"{kind}: {len(part)} of {len(table)}"
        for _, row in part.iterrows():
            measure = titles[row["outcome"]]
            yield (
                f"  {title_of_pair(row['pair'])}: {measure.title['en'].lower()} {number(row['interaction'])} "
                f"[{number(row['low'])}, {number(row['high'])}] beyond the sum {number(row['first'] + row['second'])}"
            )
    nulls = table[table["kind"] == NULL]
    yield f"null: {len(nulls)} of {len(table)}"


def write(design: Design, table: pd.DataFrame, came_from: Mapping[str, Any], folder: Path) -> None:
    """Write interactions.csv, interactions.json and the heat map."""
    rounded(table).to_csv(folder / "interactions.csv", index=False)
    text = json.dumps(dict(came_from), indent=1, ensure_ascii=False)
    (folder / "interactions.json").write_text(text + "\n", encoding="utf-8")
    heat_map(design, table).savefig(folder / "interactions.png", dpi=110, metadata={"Software": None})


def heat_map(design: Design, table: pd.DataFrame) -> Any:
    """Interactions by pair, a panel per outcome: purple better than the sum, orange worse; a dot where no null.

    Colours are scaled by the largest interaction of the outcome.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for pair in design.pairs for name in pair))
    across = min(3, len(design.outcomes))
    down = math.ceil(len(design.outcomes) / across)
    figure = Figure(figsize=(5.2 * across, 4.6 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, (measure, direction) in zip(panels, design.outcomes, strict=False):
        _panel(panel, names, table[table["outcome"] == measure.name], direction)
        unit = "" if measure.unit == "1" else f" ({measure.unit})"
        panel.set_title(measure.title["en"] + unit, fontsize=9, loc="left")
    for panel in panels[len(design.outcomes) :]:
        panel.set_visible(False)
    return figure


def _panel(panel: Any, names: Sequence[str], rows: pd.DataFrame, direction: int) -> None:
    grid = np.full((len(names), len(names)), np.nan)
    reach = float(rows["interaction"].abs().max()) or 1.0
    for _, row in rows.iterrows():
        one, other = (names.index(name) for name in row["pair"].split("+"))
        grid[other, one] = row["interaction"]
        if row["kind"] != NULL:
            ink = "white" if abs(row["interaction"]) > 0.5 * reach else "black"
            panel.plot(one, other - 0.15, "o", color=ink, ms=3)
            panel.text(
                one, other + 0.25, number(row["interaction"], 2), ha="center", va="center", fontsize=5, color=ink
            )
    panel.imshow(grid * (direction or 1), cmap="PuOr", vmin=-reach, vmax=reach)
    titles = [registry()[name].title["en"] for name in names]
    panel.set_xticks(range(len(names)), titles, rotation=90, fontsize=6)
    panel.set_yticks(range(len(names)), titles, fontsize=6)


def section(design: Design, folder: Path, stored: Path) -> list[str]:
    """The part of the page on interaction, from stored results; empty where there are none."""
    if not (stored / "interactions.csv").is_file() or not (stored / "interactions.json").is_file():
        return []
    table = pd.read_csv(stored / "interactions.csv", keep_default_na=False, na_values=[""])  # "null" is a kind
    known = json.loads((stored / "interactions.json").read_text(encoding="utf-8"))
    return [*_introduction(design, table), *_table(design, table), *_nulls(design, table),
            f"![{design.title['en']}]({(folder / 'interactions').as_posix()}.png)", "",
            f"`{known['command']}` on {known['date']}, version {known['versions'].get('kringloop', 'unknown')}; "
            f"{len(known['seeds'])} seeds, {known['months']} months, {design.households} households, shocks: "
            f"{design.shocks.replace('_', ' ')}. Declared in `config/interactions/{DEFAULT}.toml`.", ""]  # fmt: skip


_INTRODUCTION = """\
The joint effect of two instruments less the sum of their single effects, seed by seed, for {pairs} pairs and
{outcomes} outcomes. An interaction counts where its p-value, corrected for all {count} comparisons (Holm 1979), lies
under {limit}; intervals hold for all comparisons together (Bonferroni). {synergy} are synergies (better than the
sum), {conflict} conflicts (worse than the sum), {null} nulls: no interaction that stands out from chance, which is
not proof that there is none. A conflict leaves less than the sum; that both together do harm is another matter:
compare the effect together with the single ones.
"""


def _introduction(design: Design, table: pd.DataFrame) -> list[str]:
    counts = {kind: int((table["kind"] == kind).sum()) for kind in (SYNERGY, CONFLICT, NULL)}
    text = _INTRODUCTION.format(
        pairs=table["pair"].nunique(),
        outcomes=table["outcome"].nunique(),
        count=len(table),
        limit=SIGNIFICANT,
        **counts,
    )
    return [f"## {design.title['en']}", "", *text.splitlines(), ""]


def _table(design: Design, table: pd.DataFrame) -> Iterator[str]:
    titles = {measure.name: measure for measure, _ in design.outcomes}
    yield "| pair | outcome | first alone | second alone | together | interaction | kind |"
    yield "|---|---|---:|---:|---:|---:|---|"
    kept = table[table["kind"] != NULL]
    for _, row in kept.sort_values(["kind", "p_holm"], ascending=[False, True], kind="stable").iterrows():
        measure = titles[row["outcome"]]
        unit = "" if measure.unit == "1" else f" ({measure.unit})"
        spread = f"{number(row['interaction'])} [{number(row['low'])}, {number(row['high'])}]"
        effects = [number(row[name]) for name in ("first", "second", "together")]
        cells = [title_of_pair(row["pair"]), measure.title["en"].lower() + unit, *effects, spread, row["kind"]]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    for pair, words in design.accounts.items():
        if pair in set(table["pair"]):
            yield f"- {title_of_pair(pair)}: {words['en']}"
    yield ""


def _nulls(design: Design, table: pd.DataFrame) -> Iterator[str]:
    """Every null by outcome, so that nothing is left unsaid."""
    for measure, _ in design.outcomes:
        pairs = table.loc[(table["outcome"] == measure.name) & (table["kind"] == NULL), "pair"]
        if len(pairs):
            yield f"Nulls for {measure.title['en'].lower()}: {'; '.join(title_of_pair(pair) for pair in pairs)}."
            yield ""
