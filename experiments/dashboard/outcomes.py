"""What the mix does: where the calculation stands, one indicator over time, and all headline indicators."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

from collections.abc import Sequence

import reacton.ipyvuetify as rv
import solara

from abm import shocks
from abm.events import month_name
from abm.scenario import ShockUse
from experiments.dashboard import charts, results, state
from experiments.dashboard.choice import scenario_of
from experiments.dashboard.levers import config, title_of
from experiments.dashboard.parts import Box, Chart, Chooser, Markup, Problem, PushButton, Switch, Text
from experiments.dashboard.results import Card
from experiments.dashboard.simulation import Picture
from experiments.dashboard.texts import number, say, table, texts, unit_text
from experiments.wording import indicator_of


@solara.component
def Outcomes(language: str) -> None:
    """Status, chart and cards of what is known so far."""
    picture, settled, choice = state.picture.value, state.settled.value, state.choice.value
    with Box():
        with Box():
            if state.problem.value:
                Problem(state.problem.value)
        Status(language, picture, picture is not None and picture.choice == choice)
        if picture is not None:
            column = _column_shown(picture)
            IndicatorChart(language, picture, settled or picture, column)
            if settled is not None:
                Cards(language, settled, column, settled.choice == choice)
                Peek(results.card(settled, column, language), settled.choice == choice)


def _column_shown(picture: Picture) -> str:
    """The column chosen, or the first headline indicator."""
    known = {column["name"] for column in picture.mix.columns}
    chosen = state.column.value
    return chosen if chosen in known else results.headline_columns(picture.mix.columns)[0]


# --- Status ---------------------------------------------------------------------------------------


@solara.component
def Status(language: str, picture: Picture | None, current: bool) -> None:
    """Says what the figures are based on, also to a screen reader."""
    busy = not (current and picture is not None and picture.complete)
    with Box("status"):
        with Box("status-line"):
            Text(status_text(picture, current, language), tag="p", role="status", aria_live="polite")
            Text(_month_text(picture, current, language), tag="p", aria_hidden="true")  # too often to be read out
        rv.ProgressLinear(
            value=progress(picture, current),
            height=3,
            attributes={"aria-hidden": "true"},
            style_=f"visibility: {'visible' if busy and not state.problem.value else 'hidden'}",
        )


def status_text(picture: Picture | None, current: bool, language: str) -> str:
    """What the figures are based on."""
    if state.problem.value:
        return say("status.stopped", language)
    if picture is None or not current:
        return say("status.starting", language)
    key = "status.preview" if picture.preview else "status.refined" if picture.complete else "status.refining"
    households = number(picture.households, language)
    return say(key, language, households=households, seeds=picture.seeds, wanted=picture.seeds_wanted)


def _month_text(picture: Picture | None, current: bool, language: str) -> str:
    """The month that the preview has reached."""
    if picture is None or not current or picture.whole:
        return ""
    return say("status.month", language, month=month_name(picture.months - 1, config().time.start))


def progress(picture: Picture | None, current: bool) -> float:
    """Per cent of the work done: the preview, and then the full runs."""
    if picture is None or not current:
        return 0.0
    done = picture.months / picture.horizon if picture.preview else 1.0 + picture.seeds
    return 100.0 * done / (1.0 + picture.seeds_wanted)


# --- Chart ----------------------------------------------------------------------------------------


@solara.component
def IndicatorChart(language: str, picture: Picture, settled: Picture, column: str) -> None:
    """Any indicator over time, baseline against mix; words and table come from the last whole period."""
    title = results.full_title(column, language)
    smooth = state.smooth.value
    option = solara.use_memo(
        lambda: chart_option(picture, column, language, smooth), dependencies=[id(picture), column, language, smooth]
    )
    with Box():
        ChartChoice(language, picture, column)
        Text(title, tag="h2", classes="chart-title")
        words = chart_words(settled, column, title, language)
        Chart(option, words, language, lambda: _table(settled, column, language))
        Markup([("p", "hint", text) for text in chart_notes(picture, column, language)])


@solara.component
def ChartChoice(language: str, picture: Picture, column: str) -> None:
    """Which indicator, for what, and whether smoothed."""
    columns, declared = picture.mix.columns, indicator_of(column)
    names = [(name, indicator_of(name).title[language]) for name in results.indicators_shown(columns)]
    labels = [(name, results.label_of(name, language)) for name in results.columns_of(columns, declared.name)]
    with Box("chart-choice"):
        Chooser(
            say("chart.indicator", language),
            names,
            declared.name,
            lambda name: state.column.set(results.columns_of(columns, name)[0]),
        )
        if len(labels) > 1:
            Chooser(say("chart.label", language), labels, column, state.column.set)
        Switch(say("chart.smooth", language), state.smooth.value, state.smooth.set)


def chart_option(picture: Picture, column: str, language: str, smooth: bool) -> charts.Option:
    """The chart of one column."""
    declared = indicator_of(column)
    months = _months(picture)
    baseline, mix = (results.lines(sample, column, smooth) for sample in (picture.baseline, picture.mix))
    spans = [span[1:] for span in shock_spans(scenario_of(picture.choice).shocks, months, language)]
    return charts.comparison(
        months, baseline, mix, language, unit_text(declared.unit, language), declared.target, spans
    )


def _months(picture: Picture) -> list[str]:
    return [month_name(month, config().time.start) for month in range(picture.horizon)]


def shock_spans(uses: Sequence[ShockUse], months: Sequence[str], language: str) -> list[tuple[str, str, str]]:
    """Title, first and last month of each scripted shock; stochastic ones differ from run to run."""
    spans = []
    for use in uses:
        if use.start is not None and use.start < len(months):
            length = len(months) if use.duration is None else use.duration
            last = min(use.start + length, len(months) - 1)
            spans.append((_shock_title(use, language), months[use.start], months[last]))
    return spans


def _shock_title(use: ShockUse, language: str) -> str:
    """The shock and what it is about."""
    scopes = (("components", use.components), ("products", use.products), ("materials", use.materials))
    table, named = next(((table, named) for table, named in scopes if named), ("", ()))
    about = ", ".join(title_of(table, name, language) for name in named)
    title = str(shocks.registry()[use.use].title[language])
    return f"{title} ({about})" if about else title


def chart_notes(picture: Picture, column: str, language: str) -> list[str]:
    """What the indicator means, who set its target, and what the shaded parts are."""
    declared = indicator_of(column)
    target = say("chart.target", language, source=declared.target_source) if declared.target is not None else ""
    return [str(declared.meaning[language]), target, shocks_text(picture, language)]


def shocks_text(picture: Picture, language: str) -> str:
    """What the shaded parts of the chart are; nothing where there are none."""
    spans = shock_spans(scenario_of(picture.choice).shocks, _months(picture), language)
    listed = "; ".join(f"{title} {first} – {last}" for title, first, last in spans)
    return say("chart.shaded", language, spans=listed) if spans else ""


def chart_words(picture: Picture, column: str, title: str, language: str) -> str:
    """What the chart shows, for whoever cannot see it."""
    card = results.card(picture, column, language)
    figures = {"baseline": card.baseline, "mix": card.value, "difference": card.difference}
    return say("chart.words", language, title=title, **figures)


def _table(picture: Picture, column: str, language: str) -> str:
    title = results.full_title(column, language)
    caption = say("table.caption", language, title=title, seeds=picture.seeds)
    rows = results.yearly_rows(picture, column, int(config().time.start), language)
    return table(results.table_headers(column, language), rows, caption)


# --- Cards ----------------------------------------------------------------------------------------


@solara.component
def Cards(language: str, picture: Picture, column: str, current: bool) -> None:
    """The headline indicators by family; paler while they belong to an earlier choice."""
    cards = results.cards(picture, language)
    families = dict.fromkeys(indicator_of(card.column).family for card in cards)
    with Box("" if current else "stale"):
        Text(say("cards.title", language), tag="h2")
        Text(say("cards.hint", language), tag="p", classes="hint")
        for family in families:
            Text(say_family(family, language), tag="h3")
            with Box("cards"):
                for card in cards:
                    if indicator_of(card.column).family == family:
                        CardView(language, card, card.column == column)


def say_family(family: str, language: str) -> str:
    """The title of a family of indicators; its name where the page has none."""
    known = texts().get(f"family.{family}")
    return known[language] if known else family.replace("_", " ").capitalize()


@solara.component
def CardView(language: str, card: Card, chosen: bool) -> None:
    """One headline indicator; its button puts it in the chart."""
    with Box(f"card {card.verdict}{' chosen' if chosen else ''}", tag="article"):
        Markup(
            [
                ("h4", "", card.title),
                ("p", "value", card.value),
                ("p", "how", card.how),
                ("p", "verdict", card.change),
                ("p", "was", say("card.baseline", language, value=card.baseline)),
                ("p", "target", card.target),
            ]
        )
        PushButton(
            say("card.chart", language),
            lambda: state.column.set(card.column),
            name=say("card.chart_name", language, title=card.title),
            style="plain",
            pressed=chosen,
        )


@solara.component
def Peek(card: Card, current: bool) -> None:
    """The chosen indicator at the foot of a narrow screen, so that levers and result are seen together."""
    with Box("peek" if current else "peek stale", aria_hidden="true"):
        Markup([("strong", "", card.title), ("span", "", card.value), ("span", "", card.change)])
