"""The page: sections in the order in which a reader asks - what was run, what came of it, how sure that is."""

from __future__ import annotations

import math
import shlex
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.report import drawing, reading
from experiments.analysis.report.drawing import Picture
from experiments.analysis.report.evidence import ALL, DISCOVERIES, Outcome, by_draw
from experiments.analysis.report.gathering import Gathered
from experiments.analysis.report.markup import Node, document, el, inline_svg, table
from experiments.analysis.report.reading import count, rounded, signed
from experiments.analysis.report.style import STYLE
from experiments.wording import indicator_of, number, title_of, unit_of

SIGNS = {"better": "▲ better", "worse": "▼ worse", "higher": "↑ higher", "lower": "↓ lower", "equal": "= equal"}
LONG_NAME = 60
Section = tuple[str, str, list[Node]]


def page(gathered: Gathered, pictures: Mapping[str, Sequence[Picture]], note: str = "") -> str:
    """The page as text; `pictures` are those of `draw`, `note` what its author adds."""
    sections = [
        ("reading", "What the numbers say", _reading(gathered, note)),
        ("design", "What was run", _design(gathered)),
        ("failed", "What failed", _failed(gathered)),
        ("comparisons", "Differences between mixes", _comparisons(gathered, pictures["differences"])),
        ("convergence", "How settled the means are", _convergence(gathered, pictures["settling"])),
        ("robustness", "How robust the mixes are", _robustness(gathered)),
        ("uncertainties", "Which uncertainties matter", _hinges(gathered, pictures["correlations"])),
        ("series", "Over time", _series(gathered, pictures["paths"])),
        ("provenance", "Where this comes from", _provenance(gathered)),
    ]
    title = _design_title(gathered)
    body = [el("header", *_header(gathered, title)), _contents(sections), el("main", *map(_section, sections))]
    return document(f"{title}: report", STYLE, body)


def draw(gathered: Gathered) -> dict[str, list[Picture]]:
    """The figures of a report, by the section in which they stand."""
    made: dict[str, list[Picture]] = {"differences": [], "settling": [], "correlations": [], "paths": []}
    for place, outcome in enumerate(gathered.outcomes):
        found = gathered.compared[gathered.compared["outcome"] == outcome.name] if gathered.others else None
        if found is not None and found["states"].any():
            first = gathered.mixes[gathered.first]
            name = f"differences_{place + 1}"
            made["differences"].append(drawing.dots(found, outcome, gathered.others, gathered.shocks, first, name))
            made["settling"] += _settling(gathered, outcome, place)
        hinged = gathered.hinged[gathered.hinged["outcome"] == outcome.name]
        if len(hinged):
            factors = {name: _short(name) for name in gathered.factors}
            name = f"correlations_{place + 1}"
            made["correlations"].append(drawing.correlations(hinged, outcome, factors, gathered.others, name))
    for place, (column, found) in enumerate(gathered.paths.items()):
        summed = is_summed(column)
        title = title_of(column, gathered.language)
        made["paths"].append(drawing.paths(found, title, unit_of(column), gathered.mixes, f"path_{place + 1}", summed))
    return made


def is_summed(column: str) -> bool:
    """Whether a column is drawn as the sum so far."""
    return indicator_of(column).summary == "sum"


def _settling(gathered: Gathered, outcome: Outcome, place: int) -> list[Picture]:
    pairs = gathered.together
    draws = {mix: by_draw(pairs[pairs["mix"] == mix], outcome.name) for mix in gathered.others}
    long = {mix: values for mix, values in draws.items() if len(values) >= 4}
    return [drawing.settling(long, outcome, gathered.others, f"settling_{place + 1}")] if long else []


# --- Frame ----------------------------------------------------------------------------------------


def _design_title(gathered: Gathered) -> str:
    design = gathered.results.design
    return design.title.get(gathered.language) or design.title.get("en") or design.name or "Batch"


def _header(gathered: Gathered, title: str) -> Iterator[Node]:
    design, runs = gathered.results.design, gathered.results.runs
    yield el("h1", title, lang=_lang(gathered))
    summary = design.summary.get(gathered.language) or design.summary.get("en")
    if summary:
        yield el("p", summary, class_="lead", lang=_lang(gathered))
    failed = len(gathered.results.failed)
    state = "complete" if len(runs) >= gathered.expected else f"incomplete: {len(runs):,} of {gathered.expected:,} runs"
    yield el("p", f"Report on a batch of {count(len(runs), 'run')}, {state}; {failed:,} failed.")


def _lang(gathered: Gathered) -> str | None:
    return None if gathered.language == "en" else gathered.language


def _contents(sections: Sequence[Section]) -> ET.Element:
    items = [el("li", el("a", title, href=f"#{name}")) for name, title, _ in sections]
    return el("nav", el("ol", *items), aria_label="Contents")


def _section(section: Section) -> ET.Element:
    name, title, content = section
    return el("section", el("h2", title, id=f"{name}-title"), *content, id=name, aria_labelledby=f"{name}-title")


def _paragraphs(sentences: Iterator[str]) -> list[Node]:
    return [el("li", sentence) for sentence in sentences]


def _figures(pictures: Sequence[Picture]) -> ET.Element:
    return el("div", *map(_figure, pictures), class_="grid")


def _figure(picture: Picture) -> ET.Element:
    drawn = inline_svg(picture.svg, picture.name, picture.alt)
    return el("figure", drawn, el("figcaption", picture.caption))


def _legend(titles: Mapping[str, str], marks: Callable[[int], ET.Element], offset: int = 0) -> ET.Element:
    items = [el("li", marks(rank + offset), title) for rank, title in enumerate(titles.values())]
    return el("ul", *items, class_="legend", aria_label="Legend")


def _line(rank: int) -> ET.Element:
    """A sample of the line of a mix, as matplotlib draws it."""
    dashes = {"-": "", "--": "6 3", "-.": "8 3 2 3", ":": "2 2"}
    chosen = drawing.dash(rank)
    pattern = dashes[chosen] if isinstance(chosen, str) else " ".join(str(2 * length) for length in chosen[1])
    stroke = el("line", x1="0", y1="5", x2="32", y2="5", stroke=drawing.colour(rank), stroke_width="2.5",
                stroke_dasharray=pattern or None)  # fmt: skip
    return el("svg", stroke, viewBox="0 0 32 10", aria_hidden="true")


# --- What it says ---------------------------------------------------------------------------------


def _reading(gathered: Gathered, note: str) -> list[Node]:
    content: list[Node] = []
    if note.strip():
        words = [el("p", part.strip()) for part in note.split("\n\n") if part.strip()]
        content += [el("aside", el("h3", "The author's words"), *words, class_="note")]
        content.append(el("p", "What follows is made of the numbers by rules.", class_="small"))
    if gathered.others:
        if len(gathered.shocks) > 1:
            counted = (
                f"In brackets: in how many of the {len(gathered.shocks)} shock scenarios; without, in all of them."
            )
            content.append(el("p", counted, class_="small"))
        content.append(el("ul", *_paragraphs(reading.on_mixes(gathered))))
        further = [*_paragraphs(reading.on_few_states(gathered)), *_paragraphs(reading.on_hinges(gathered))]
        if further:
            content += [el("h3", "On what it hinges"), el("ul", *further)]
    content += [el("h3", "What this cannot tell"), el("ul", *_paragraphs(reading.limits(gathered)))]
    return content


# --- What was run ---------------------------------------------------------------------------------


def _design(gathered: Gathered) -> list[Node]:
    design = gathered.results.design
    sizes = [
        ("Runs", f"{gathered.expected:,} asked for, {len(gathered.results.runs):,} there"),
        ("Seeds", f"{len(design.seeds)}: {_spans(design.seeds)}"),
        ("Horizon", count(design.months, "month") if design.months else "that of the setting"),
        ("Households", f"{design.households:,}" if design.households else "that of the setting"),
        ("Setting", design.setting),
    ]
    content: list[Node] = [_definitions(sizes)]
    content.append(_catalogue("Mixes; differences are to the first", "mixes", gathered.mixes, gathered))
    content.append(_catalogue("Shock scenarios", "shock_scenarios", gathered.shocks, gathered))
    for sample in design.samples:
        content += _sample(sample)
    if not design.samples:
        content.append(el("p", "No parameter was varied."))
    return content


def _definitions(pairs: Sequence[tuple[str, Node]]) -> ET.Element:
    return el("dl", *(item for term, text in pairs for item in (el("dt", term), el("dd", text))))


def _spans(seeds: Sequence[int]) -> str:
    """Seeds in short: 1–5, 9."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][1] + 1:
            parts[-1][1] = seed
        else:
            parts.append([seed, seed])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in parts)


def _catalogue(caption: str, folder: str, titles: Mapping[str, str], gathered: Gathered) -> ET.Element:
    from abm.scenario import catalogue

    known, runs = catalogue(folder), gathered.results.runs
    column = "mix" if folder == "mixes" else "shocks"
    rows: list[list[Node]] = []
    for name, title in titles.items():
        summary = known[name].summary.get(gathered.language, "") if name in known else ""
        rows.append(
            [title, el("code", name), el("td", summary, lang=_lang(gathered)), f"{(runs[column] == name).sum():,}"]
        )
    return table(caption, ["Title", "Name", "Summary", "Runs"], rows, "wide")


def _sample(sample: Any) -> list[Node]:
    along = "each seed takes one row" if sample.along == "seeds" else "every row on every seed"
    size = len(sample.listed) or sample.size
    method = sample.method.replace("_", " ").capitalize()
    caption = f"{method} of {count(len(sample.factors), 'factor')}" + (f", size {size}" if size else "") + f"; {along}"
    rows = []
    for factor in sample.factors:
        span = ", ".join(map(str, factor.levels)) if factor.levels else f"{factor.low:g} – {factor.high:g}"
        span += " (logarithmic)" if factor.scale == "log" else ""
        rows.append([el("code", factor.name), factor.meaning or "–", span, factor.unit or "–", _source(factor)])
    return [table(caption, ["Factor", "Meaning", "Range", "Unit", "Source of the range"], rows, "wide")]


def _source(factor: Any) -> str:
    """Where the value that a factor varies comes from; of a family the number of members and how many are assumed."""
    from abm import load_scenario

    config = load_scenario(mix=[], shocks=[]).config
    if factor.kind == "parameter":
        evidence = config.evidence(factor.name)
        if (factor.low, factor.high) != evidence.range:
            declared = f" (plausible: {evidence.range[0]:g} to {evidence.range[1]:g})" if evidence.range else ""
            return f"chosen in the design{declared}"
        return ("Assumed. " if evidence.assumed and not evidence.source.startswith("Assumed") else "") + evidence.source
    if factor.kind == "parameters":
        members = [config.evidence(written.partition("=")[0]) for written in factor.assignments(0.0)]
        assumed = sum(member.assumed for member in members)
        return (
            f"{len(members)} parameters that move together, each in its own declared range; {assumed} of them assumed"
        )
    return "chosen in the design"


# --- What failed ----------------------------------------------------------------------------------


def _failed(gathered: Gathered) -> list[Node]:
    runs, found = gathered.results.runs, gathered.failed
    content: list[Node] = []
    if len(runs) < gathered.expected:
        content.append(el("p", f"{gathered.expected - len(runs):,} of {gathered.expected:,} runs are not there yet."))
        content.append(_there(gathered))
    if not len(found):
        return [*content, el("p", f"None of the {count(len(runs), 'run')} that were made failed.")]
    rows = [
        [_shorten(row.error, 300), f"{row.runs:,}", row.mix, row.shocks, row.seed, row.point]
        for row in found.itertuples()
    ]
    head = ["Error", "Runs", "Mixes", "Shock scenarios", "Seeds", "Points"]
    return [*content, table(f"{int(found['runs'].sum()):,} runs failed, by error", head, rows, "wide long")]


def _there(gathered: Gathered) -> ET.Element:
    """Successful runs by mix and shock scenario."""
    counts = gathered.table.groupby(["mix", "shocks"], observed=True).size()
    rows = [
        [title, *(f"{counts.get((mix, shocks), 0):,}" for shocks in gathered.shocks)]
        for mix, title in gathered.mixes.items()
    ]
    return table("Runs that succeeded", ["Mix", *gathered.shocks.values()], rows)


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# --- Differences ----------------------------------------------------------------------------------


def _comparisons(gathered: Gathered, pictures: Sequence[Picture]) -> list[Node]:
    if not gathered.others:
        return [el("p", "There is one mix, so that nothing is compared."), *_levels(gathered)]
    tested = int(gathered.compared["p"].notna().sum())
    survive = int(gathered.compared["survives"].sum())
    chance = tested * (1 - 0.95)
    content: list[Node] = [
        el(
            "p",
            f"Each cell is the mean difference to {gathered.mixes[gathered.first]} on the same seed, point and shocks,"
            " with its 95 % interval. Blue with ▲ is better, orange with ▼ worse, deeper the larger; hatched cells"
            " leave out zero but do not survive the control of false discoveries. Undecided is undecided, not equal.",
        ),
        el(
            "p",
            f"These are {tested:,} comparisons: were there no difference anywhere, about {chance:.0f} intervals would"
            f" leave out zero by chance. {survive:,} survive when the expected share of false ones among those marked"
            f" is held to {DISCOVERIES:.0%} (Benjamini and Hochberg).",
        ),
        _overview(gathered),
        el("h3", "By shock scenario"),
        _legend(gathered.shocks, _mark),
        _figures(pictures),
    ]
    for outcome in gathered.outcomes:
        content += [el("h3", outcome.title, lang=_lang(gathered)), _heat(gathered, outcome)]
    return content


def _mark(rank: int) -> ET.Element:
    """The mark of a shock scenario."""
    shapes: dict[str, tuple[str, dict[str, str]]] = {
        "o": ("circle", {"cx": "16", "cy": "5", "r": "4"}),
        "s": ("rect", {"x": "12", "y": "1", "width": "8", "height": "8"}),
        "^": ("polygon", {"points": "16,0 21,9 11,9"}),
        "D": ("polygon", {"points": "16,0 21,5 16,10 11,5"}),
        "v": ("polygon", {"points": "11,1 21,1 16,10"}),
        "P": ("path", {"d": "M14 0h4v3h3v4h-3v3h-4v-3h-3v-4h3z"}),
        "X": ("path", {"d": "M12 0l4 3 4-3 1 1-3 4 3 4-1 1-4-3-4 3-1-1 3-4-3-4z"}),
        "*": ("polygon", {"points": "16,0 17.4,3.4 21,3.6 18.2,6 19.1,9.6 16,7.6 12.9,9.6 13.8,6 11,3.6 14.6,3.4"}),
        "<": ("polygon", {"points": "11,5 20,0 20,10"}),
        ">": ("polygon", {"points": "21,5 12,0 12,10"}),
    }
    shape, attributes = shapes[drawing.MARKERS[rank % len(drawing.MARKERS)]]
    drawn = el(shape, fill=drawing.colour(rank), **attributes)
    return el("svg", drawn, viewBox="0 0 32 10", aria_hidden="true")


def _overview(gathered: Gathered) -> ET.Element:
    """Verdicts of mixes on all outcomes, over all shock scenarios."""
    scenario = ALL if len(gathered.shocks) > 1 else next(iter(gathered.shocks))
    rows = gathered.compared[gathered.compared["shocks"] == scenario].set_index(["mix", "outcome"])
    body: list[list[Node]] = [
        [title, *(_verdict(rows.loc[(mix, name)]) for name in gathered.names)] for mix, title in gathered.others.items()
    ]
    weighed = (
        "over all shock scenarios, each with the same weight" if scenario == ALL else "under the one shock scenario"
    )
    return table(f"Verdicts {weighed}", ["Mix", *(outcome.title for outcome in gathered.outcomes)], body, "wide")


def _verdict(row: pd.Series[Any]) -> ET.Element:
    word = SIGNS.get(row["verdict"], row["verdict"])
    return el("td", el("span", word, class_="verdict"), class_=_class(row))


def _class(row: pd.Series[Any], most: float = 0.0) -> str | None:
    """Colour by verdict, deeper in three steps the larger a difference is beside the largest."""
    if row["verdict"] not in ("better", "worse", "higher", "lower"):
        return None
    step = min(3, 1 + int(3 * abs(row["difference"]) / most)) if most > 0.0 else 2
    return f"{row['verdict']} s{step}" + ("" if row["survives"] else " pale")


def _heat(gathered: Gathered, outcome: Outcome) -> ET.Element:
    """Mixes by shock scenarios: difference, interval and verdict, coloured; above them the level of the first mix."""
    rows = gathered.compared[gathered.compared["outcome"] == outcome.name].set_index(["mix", "shocks"])
    scenarios = [*gathered.shocks, ALL] if len(gathered.shocks) > 1 else list(gathered.shocks)
    most = float(rows["difference"].abs().max())
    levels = (
        gathered.table[gathered.table["mix"] == gathered.first].groupby("shocks", observed=True)[outcome.name].mean()
    )
    level = {**levels.to_dict(), ALL: levels.mean()}
    body: list[list[Node]] = [
        [
            f"{gathered.mixes[gathered.first]} (level)",
            *(number(level.get(scenario, math.nan)) for scenario in scenarios),
        ]
    ]
    body += [
        [title, *(_difference(rows.loc[(mix, scenario)], most) for scenario in scenarios)]
        for mix, title in gathered.others.items()
    ]
    unit = f", in {outcome.unit}" if outcome.unit else ""
    better = {1: "; more is better", -1: "; less is better", 0: ""}[outcome.direction]
    head = ["Mix", *(gathered.shocks.get(scenario, "All scenarios") for scenario in scenarios)]
    return table(f"{outcome.title}: differences to {gathered.mixes[gathered.first]}{unit}{better}", head, body)


def _difference(row: pd.Series[Any], most: float) -> ET.Element:
    if not row["states"]:
        return el("td", "no pair")
    word = SIGNS.get(row["verdict"], row["verdict"])
    reach = (row["high"] - row["low"]) / 2
    span = f"{rounded(row['low'], reach)} to {rounded(row['high'], reach)}; n = {row['states']}"
    words = el("span", word, class_="verdict"), el("span", span, class_="range")
    return el("td", rounded(row["difference"], reach), " ", *words, class_=_class(row, most))


def _levels(gathered: Gathered) -> list[Node]:
    means = gathered.table.groupby("shocks", observed=True)[gathered.names].mean()
    rows = [
        [outcome.title, outcome.unit or "–", *(number(means.loc[name, outcome.name]) for name in gathered.shocks)]
        for outcome in gathered.outcomes
    ]
    return [table("Means over runs", ["Outcome", "Unit", *gathered.shocks.values()], rows)]


# --- How sure -------------------------------------------------------------------------------------


def _convergence(gathered: Gathered, pictures: Sequence[Picture]) -> list[Node]:
    found = gathered.settled
    if not len(found):
        return [el("p", "Fewer than two seeds of both mixes under all shock scenarios: nothing can be said.")]
    titles = {outcome.name: outcome for outcome in gathered.outcomes}
    rows = [
        [
            titles[row.outcome].title,
            gathered.mixes[row.mix],
            titles[row.outcome].unit or "–",
            f"{row.draws}",
            rounded(row.difference, row.reach),
            f"± {rounded(row.reach, row.reach).lstrip('+')}",
            _draws(row.to_sign),
            _draws(row.to_half),
        ]
        for row in found.itertuples()
    ]
    head = [
        "Outcome",
        "Mix",
        "Unit",
        "Seeds",
        "Difference",
        "Half-width",
        "Seeds to leave out zero",
        "Seeds for half the width",
    ]
    return [
        el(
            "p",
            "Differences are averaged over shock scenarios first. Seeds needed are reckoned from the spread between the"
            " seeds that were run; if the difference is really smaller than it seems now, more are needed.",
        ),
        _legend(gathered.others, _line, 1),
        _figures(pictures),
        table("How many seeds it takes", head, rows),
    ]


def _draws(needed: float) -> str:
    return f"{needed:,.0f}" if math.isfinite(needed) else "over a million"


def _robustness(gathered: Gathered) -> list[Node]:
    found = gathered.robust
    if not len(found) or not gathered.others:
        return [el("p", "There is nothing to compare.")]
    outcomes = {outcome.name: outcome for outcome in gathered.outcomes}
    rows: list[list[Node]] = []
    for row in found.itertuples():
        own = row.mix != gathered.first
        better, worse, median = (f"{row.better:.0%}", f"{row.worse:.0%}", signed(row.median)) if own else ("–",) * 3
        regrets = [number(row.mean_regret), number(row.most_regret)]
        rows.append(
            [
                outcomes[row.outcome].title,
                gathered.mixes[row.mix],
                outcomes[row.outcome].unit or "–",
                better,
                worse,
                median,
                *regrets,
            ]
        )
    states = count(int(found["states"].max()), "state")
    head = [
        "Outcome",
        "Mix",
        "Unit",
        "Better than the first",
        "Worse",
        "Median difference",
        "Mean regret",
        "Largest regret",
    ]
    return [
        el(
            "p",
            f"A state is a seed with its point of the sample under one shock scenario; {states} in which every mix ran."
            " Regret is how far a mix stays behind the best of these mixes in a state.",
        ),
        table("Share of states in which a mix beats the first, and regret", head, rows),
    ]


def _hinges(gathered: Gathered, pictures: Sequence[Picture]) -> list[Node]:
    found = gathered.hinged
    if not len(found):
        reason = (
            "No parameter was varied." if not gathered.factors else "There are too few points of the sample to say."
        )
        return [el("p", reason)]
    outcomes = {outcome.name: outcome.title for outcome in gathered.outcomes}
    sure = found[found["survives"]]
    strongest = sure.reindex(sure["correlation"].abs().sort_values(ascending=False).index)
    rows: list[list[Node]] = [
        [outcomes[row.outcome], gathered.mixes[row.mix], el("code", row.factor), signed(row.correlation, 2),
         f"{signed(row.low, 2)} to {signed(row.high, 2)}", f"{row.points}"]
        for row in strongest.itertuples()
    ]  # fmt: skip
    head = ["Outcome", "Mix", "Factor", "Rank correlation", "95 % interval", "Points"]
    content: list[Node] = [
        el(
            "p",
            f"Spearman's rank correlation of each factor with the difference to {gathered.mixes[gathered.first]},"
            f" averaged over shock scenarios, one value for each row of its sample. Of {len(found):,} correlations"
            f" {len(sure):,} survive the control of false discoveries. What acts in turns up and down, or only together"
            " with another factor, does not show.",
        ),
        _figures(pictures),
    ]
    return [*content, table("Correlations that survive", head, rows)] if rows else content


# --- Over time ------------------------------------------------------------------------------------


def _series(gathered: Gathered, pictures: Sequence[Picture]) -> list[Node]:
    if not pictures:
        return [el("p", "The design names no series to keep, so that none is drawn.")]
    words = "Runs of all shock scenarios together. Bands show how runs differ, not how sure a mean is."
    return [el("p", words), _legend(gathered.mixes, _line), _figures(pictures)]


# --- Where it comes from --------------------------------------------------------------------------


def _provenance(gathered: Gathered) -> list[Node]:
    manifest, runs = gathered.results.manifest, gathered.results.runs
    commit = str(manifest.get("commit") or "unknown")
    state = {True: "files differed from it", False: "no file differed from it", None: "unknown whether files differed"}
    pairs: list[tuple[str, Node]] = [
        ("Code", f"{manifest.get('code', 'unknown')}, commit {commit}; {state[manifest.get('dirty')]}"),
        ("Packages", _versions(manifest)),
        ("Kind of host", _host(manifest)),
        ("Time", _time(runs)),
        ("Size on disk", _size(gathered.results.folder)),
        ("Begun", str(manifest.get("started", "unknown")) + _resumed(manifest)),
        ("To repeat it", el("code", _command(manifest, gathered))),
        (
            "This page",
            "Made of the results alone; titles in other languages come from the declarations, its prose is English.",
        ),
    ]
    return [_definitions(pairs)]


def _versions(manifest: Mapping[str, Any]) -> str:
    versions = manifest.get("versions") or {}
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or "unknown"


def _host(manifest: Mapping[str, Any]) -> str:
    host = manifest.get("host") or {}
    parts = [
        manifest.get("machine"),
        host.get("system"),
        f"{host['processors']} processors" if "processors" in host else None,
    ]
    return ", ".join(str(part) for part in parts if part) or "unknown"


def _time(runs: pd.DataFrame) -> str:
    seconds = pd.to_numeric(runs["seconds"], errors="coerce")
    return f"{seconds.sum() / 3600:,.2f} hours of computing in all; {seconds.median():.2f} s for the median run"


def _size(folder: Path) -> str:
    parts = [folder / name for name in ("runs", "series")]
    size = sum(path.stat().st_size for part in parts if part.is_dir() for path in part.rglob("*") if path.is_file())
    return f"{size / 1e6:,.1f} MB"


def _resumed(manifest: Mapping[str, Any]) -> str:
    times = len(manifest.get("resumed") or [])
    return f"; taken up again {times} times" if times > 1 else "; taken up again once" if times else ""


def _command(manifest: Mapping[str, Any], gathered: Gathered) -> str:
    """The command that made the batch, without the path of the program."""
    command = manifest.get("command")
    if isinstance(command, list) and len(command) > 1 and Path(str(command[0])).stem in ("abm", "cli", "__main__"):
        return shlex.join(["abm", *map(str, command[1:])])
    return shlex.join(["abm", "batch", gathered.results.design.name or "DESIGN", "--out", "DIR"])


def _short(name: str) -> str:
    return name if len(name) <= LONG_NAME else "…" + name[-LONG_NAME + 1 :]
