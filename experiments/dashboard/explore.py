"""The first tab: presets and levers on one side, what they do on the other."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import reacton.ipyvuetify as rv
import solara
import solara.lab

from abm.events import month_name
from abm.parameters import ConfigError
from abm.policies.instrument import PHASES
from abm.scenario import InstrumentUse, ShockUse, catalogue
from abm.shocks import registry as shocks_registry
from experiments.dashboard import charts, results, state
from experiments.dashboard.choice import Choice, Setting, preset, scenario_of
from experiments.dashboard.levers import Lever, config, levers, plain_number, range_text, read_strength, title_of
from experiments.dashboard.parts import Chart, Chooser, Markup, PushButton, Text, Unfolding
from experiments.dashboard.results import Card
from experiments.dashboard.simulation import Picture, compare_live
from experiments.dashboard.texts import number, say, table, unit_text

DEBOUNCE = 0.15  # seconds without a further move before a run starts

Change = Callable[[Choice], object]


def use_comparison(choice: Choice) -> None:
    """Run the choice against the baseline in the background, and put ever better pictures into the state."""

    async def follow() -> None:
        await asyncio.sleep(DEBOUNCE)
        try:
            for picture in compare_live(choice):
                if not task.is_current():
                    return
                if picture is not None:
                    state.show(picture)
                await asyncio.sleep(0)  # a newer choice cancels here
        except Exception as error:
            # Whatever goes wrong in a run is told to the visitor instead of ending the page.
            state.problem.value = f"{error}" if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"

    task = solara.lab.use_task(follow, dependencies=[choice], prefer_threaded=True)


@solara.component
def Explore(language: str) -> None:
    """Levers beside results; on a narrow screen one below the other."""
    with rv.Html(tag="div", class_="explore"):
        with rv.Html(tag="section", class_="controls", attributes={"aria-label": say("levers.title", language)}):
            Presets(language, state.choice.value, state.choice.set)
            Levers(language, state.choice.value, state.choice.set)
        with rv.Html(tag="section", class_="outcomes", attributes={"aria-label": say("outcomes.title", language)}):
            Outcomes(language)


# --- Controls -------------------------------------------------------------------------------------


@solara.component
def Presets(language: str, choice: Choice, on_choice: Change) -> None:
    """The mix and the shock scenario to start from."""
    for label, folder, chosen, field in (
        ("presets.mix", "mixes", choice.mix, "mix"),
        ("presets.shocks", "shock_scenarios", choice.shocks, "shocks"),
    ):
        entries = catalogue(folder)
        options = [(name, entry.title[language]) for name, entry in entries.items()]
        Chooser(
            say(label, language),
            options,
            chosen,
            lambda name, field=field: on_choice(replace(choice, **{field: name})),
        )
        Text(entries[chosen].summary.get(language, ""), tag="p", classes=("hint",))


@solara.component
def Levers(language: str, choice: Choice, on_choice: Change) -> None:
    """All levers by phase of the chain."""
    with rv.Html(tag="div", class_="levers-head"):
        Text(say("levers.title", language), tag="h2")
        PushButton(
            say("levers.reset", language), lambda: on_choice(choice.without_levers()), disabled=not choice.levers
        )
    Text(say("levers.hint", language), tag="p", classes=("hint",))
    for phase in PHASES:
        own = [lever for lever in levers() if lever.phase == phase]
        if own:
            Text(say(f"phase.{phase}", language), tag="h3")
        for lever in own:
            LeverControl(lever, language, choice, on_choice)


@solara.component
def LeverControl(lever: Lever, language: str, choice: Choice, on_choice: Change) -> None:
    """One instrument: strength by slider or typed, who uses it, and what it does."""
    setting = choice.lever(lever.name)
    title = str(lever.declared.title[language])

    def change(**changes: Any) -> None:
        changed = replace(setting, **{"government": setting.government or lever.governments[0], **changes})
        on_choice(choice.with_lever(lever.name, changed))

    with rv.Html(tag="div", class_="lever", attributes={"data-lever": lever.name}):
        with rv.Html(tag="div", class_="lever-head"):
            Text(title, tag="h4")
            if choice.lever(lever.name) != Setting():
                PushButton(
                    say("lever.reset", language),
                    lambda: on_choice(_without(choice, lever.name)),
                    name=say("lever.reset_name", language, title=title),
                    plain=True,
                )
        Strength(lever, language, title, setting.strength, lambda value: change(strength=value))
        InTheMix(lever, language, choice.mix, setting.keep, lambda keep: change(keep=keep))
        if len(lever.governments) > 1 and setting.strength > 0.0:
            options = [(name, title_of("jurisdictions", name, language)) for name in lever.governments]
            Chooser(
                say("lever.government", language),
                options,
                setting.government or lever.governments[0],
                lambda name: change(government=name),
            )
        Unfolding(say("lever.explain", language), build=lambda: Explanation(lever, language, setting, change))


def _without(choice: Choice, name: str) -> Choice:
    return replace(choice, levers=tuple(pair for pair in choice.levers if pair[0] != name))


@solara.component
def Strength(lever: Lever, language: str, title: str, strength: float, on_strength: Callable[[float], object]) -> None:
    """A slider and a field for one value; what is typed wrongly stays, with a message, and changes nothing."""
    wrong, set_wrong = solara.use_state(("", "", -1.0))  # text, message, and the strength that it left unchanged
    text, message = wrong[:2] if wrong[2] == strength else ("", "")
    unit = unit_text(lever.unit, language)

    def read(typed: str) -> None:
        try:
            value = read_strength(typed, lever, language)
        except ValueError as error:
            set_wrong((typed, str(error), strength))
            return
        set_wrong(("", "", -1.0))
        on_strength(value)

    shown = strength * lever.scale
    with rv.Html(tag="div", class_="strength"):
        rv.Slider(
            v_model=shown,
            min=0.0,
            max=max(lever.top * lever.scale, shown),
            step=lever.step,
            hide_details=True,
            on_v_model=lambda value: on_strength(float(value) / lever.scale),
            attributes={"aria-label": say("lever.slider_name", language, title=title, unit=unit).strip()},
        )
        solara.InputText(
            label=f"{say('lever.strength', language)} ({unit})",
            value=text or plain_number(shown, language),
            on_value=read,
            error=bool(message),
            dense=True,
            classes=["typed"],
            hide_details=True,
        )
    if message:
        Text(message, tag="p", classes=("error-text",), role="alert")


@solara.component
def InTheMix(lever: Lever, language: str, mix: str, keep: bool, on_keep: Callable[[bool], object]) -> None:
    """What the preset has of this instrument, and whether it stays."""
    uses = [use for use in preset(mix) if use.use == lever.name]
    if uses:
        label = say("lever.keep", language, uses=_uses_text(lever, uses, language))
        rv.Checkbox(label=label, v_model=keep, on_v_model=on_keep, dense=True, hide_details=True, class_="keep")


def _uses_text(lever: Lever, uses: list[InstrumentUse], language: str) -> str:
    """Strengths by government, as a range where there are several."""
    parts = []
    for government in dict.fromkeys(use.jurisdiction for use in uses):
        strengths = sorted({use.intensity * lever.scale for use in uses if use.jurisdiction == government})
        ends = dict.fromkeys((strengths[0], strengths[-1]))
        figures = "–".join(number(end, language) for end in ends)
        parts.append(f"{title_of('jurisdictions', government, language)} {figures} {unit_text(lever.unit, language)}")
    return "; ".join(parts)


@solara.component
def Explanation(lever: Lever, language: str, setting: Setting, change: Callable[..., object]) -> None:
    """What the instrument does, on what it is used, and where that comes from."""
    for scope in lever.scopes:
        entries = getattr(config(), scope)
        options = [(name, title_of(scope, name, language)) for name in entries.ids]
        Chooser(
            say(f"lever.{scope}", language),
            options,
            list(getattr(setting, scope)),
            lambda names, scope=scope: change(**{scope: tuple(names)}),
            several=True,
        )
    texts = lever.declared.texts
    parts = [("p", "", str(lever.declared.labels["intensity"][language]) + ": " + range_text(lever, language))]
    for part in ("what", "how", "watch", "source"):
        parts += [("h5", "", say(f"lever.{part}", language)), ("p", "", texts[part][language])]
    Markup(parts, classes=("explanation",))


# --- Outcomes -------------------------------------------------------------------------------------


@solara.component
def Outcomes(language: str) -> None:
    """Where the calculation stands, the chart, and the cards."""
    picture = state.picture.value
    if state.problem.value:
        rv.Alert(type="error", children=[state.problem.value], text=True, attributes={"role": "alert"})
    Status(language, picture, picture is not None and picture.choice == state.choice.value)
    if picture is None:
        return
    column = state.column.value
    if column not in {one["name"] for one in picture.mix.columns}:
        column = results.headline_columns(picture.mix.columns)[0]
    IndicatorChart(language, picture, column)
    settled = state.settled.value
    if settled is not None:
        current = settled.choice == state.choice.value
        Cards(language, settled, column, current)
        Peek(results.card(settled, column, language), current)


@solara.component
def Status(language: str, picture: Picture | None, current: bool) -> None:
    """Says what the figures are based on, also to a screen reader."""
    with rv.Html(tag="div", class_="status"):
        Text(status_text(picture, current, language), tag="p", role="status", aria_live="polite")
        busy = not current or picture is None or not picture.complete
        rv.ProgressLinear(
            value=progress(picture, current),
            active=busy,
            height=3,
            attributes={"aria-hidden": "true"},
            style_="visibility: " + ("visible" if busy else "hidden"),
        )


def status_text(picture: Picture | None, current: bool, language: str) -> str:
    """What the figures are based on."""
    if picture is None or not current:
        return say("status.starting", language)
    values = {
        "households": f"{picture.households:,}".replace(",", "." if language == "nl" else ","),
        "seeds": picture.seeds,
        "wanted": picture.seeds_wanted,
        "month": month_name(picture.months - 1, config().time.start),
    }
    if picture.preview:
        return say("status.preview" if picture.months < picture.horizon else "status.preview_done", language, **values)
    return say("status.refined" if picture.complete else "status.refining", language, **values)


def progress(picture: Picture | None, current: bool) -> float:
    """Per cent of the work done."""
    if picture is None or not current:
        return 0.0
    whole = picture.seeds_wanted + 1.0
    done = picture.months / picture.horizon if picture.preview else 1.0 + picture.seeds
    return 100.0 * done / whole


@solara.component
def IndicatorChart(language: str, picture: Picture, column: str) -> None:
    """Any indicator over time, baseline against mix."""
    columns = picture.mix.columns
    declared = results.declaration(column)
    with rv.Html(tag="div", class_="chart-choice"):
        options = [(name, results.declaration(name).title[language]) for name in results.indicators_shown(columns)]
        Chooser(
            say("chart.indicator", language),
            options,
            declared.name,
            lambda name: state.column.set(results.columns_of(columns, name)[0]),
            classes="wide",
        )
        labels = results.columns_of(columns, declared.name)
        if len(labels) > 1:
            options = [(name, results.label_of(columns, name, language)) for name in labels]
            Chooser(say("chart.label", language), options, column, state.column.set)
        rv.Checkbox(
            label=say("chart.smooth", language),
            v_model=state.smooth.value,
            on_v_model=state.smooth.set,
            dense=True,
            hide_details=True,
        )
    title = results.full_title(columns, column, language)
    Text(title, tag="h2", classes=("chart-title",))
    option = solara.use_memo(
        lambda: chart_option(picture, column, language, state.smooth.value),
        dependencies=[id(picture), column, language, state.smooth.value],
    )
    settled = state.settled.value or picture
    words = chart_words(settled, column, title, language)
    Chart(option, words, language, lambda: _table(settled, column, language))
    Markup([("p", "hint", str(declared.meaning[language])), ("p", "hint", shocks_text(picture, language))])


def chart_option(picture: Picture, column: str, language: str, smooth: bool) -> charts.Option:
    """The chart of one column."""
    declared = results.declaration(column)
    months = [month_name(month, config().time.start) for month in range(picture.horizon)]
    baseline, mix = (results.lines(sample, column, smooth) for sample in (picture.baseline, picture.mix))
    target = float(declared.target) if isinstance(declared.target, (int, float)) else None
    unit = unit_text(declared.unit, language)
    spans = [span[1:] for span in shock_spans(scenario_of(picture.choice).shocks, months, language)]
    return charts.comparison(months, baseline, mix, language, unit, target, spans)


def shock_spans(shocks: tuple[ShockUse, ...], months: list[str], language: str) -> list[tuple[str, str, str]]:
    """Title, first and last month of each scripted shock; stochastic ones differ from run to run."""
    spans = []
    for shock in shocks:
        if shock.start is None or shock.start >= len(months):
            continue
        length = len(months) if shock.duration is None else shock.duration
        last = min(shock.start + length, len(months) - 1)
        spans.append((str(shocks_registry()[shock.use].title[language]), months[shock.start], months[last]))
    return spans


def shocks_text(picture: Picture, language: str) -> str:
    """What the shaded parts of the chart are; nothing where there are none."""
    months = [month_name(month, config().time.start) for month in range(picture.horizon)]
    spans = shock_spans(scenario_of(picture.choice).shocks, months, language)
    if not spans:
        return ""
    return say("chart.shaded", language, spans="; ".join(f"{title} {first} – {last}" for title, first, last in spans))


def chart_words(picture: Picture, column: str, title: str, language: str) -> str:
    """What the chart shows, for whoever cannot see it."""
    card = results.card(picture, column, language)
    return say("chart.words", language, title=title, baseline=card.baseline, mix=card.value, difference=card.difference)


def _table(picture: Picture, column: str, language: str) -> str:
    title = results.full_title(picture.mix.columns, column, language)
    caption = say("table.caption", language, title=title, seeds=picture.seeds)
    rows = results.yearly_rows(picture, column, int(config().time.start), language)
    return table(results.table_headers(column, language), rows, caption)


@solara.component
def Cards(language: str, picture: Picture, column: str, current: bool) -> None:
    """The headline indicators by family; paler while they belong to an earlier choice."""
    Text(say("cards.title", language), tag="h2")
    Text(say("cards.hint", language), tag="p", classes=("hint",))
    found = results.cards(picture, language)
    families = dict.fromkeys(results.declaration(card.column).family for card in found)
    for family in families:
        Text(say_family(family, language), tag="h3")
        with rv.Html(tag="div", class_="cards" if current else "cards stale"):
            for card in found:
                if results.declaration(card.column).family == family:
                    CardView(language, card, card.column == column)


@solara.component
def Peek(card: Card, current: bool) -> None:
    """The chosen indicator at the foot of a narrow screen, so that levers and result are seen together."""
    parts = [("strong", "", card.title), ("span", "", card.value), ("span", "", card.change)]
    with rv.Html(tag="div", class_="peek" if current else "peek stale", attributes={"aria-hidden": "true"}):
        Markup(parts)


def say_family(family: str, language: str) -> str:
    """The title of a family of indicators; its name where the page has none."""
    try:
        return say(f"family.{family}", language)
    except KeyError:
        return family.replace("_", " ").capitalize()


@solara.component
def CardView(language: str, card: Card, chosen: bool) -> None:
    """One headline indicator; its button puts it in the chart."""
    with rv.Html(tag="article", class_=f"card {card.verdict}{' chosen' if chosen else ''}"):
        Markup(
            [
                ("h4", "", card.title),
                ("p", "value", card.value),
                ("p", "verdict", card.change),
                ("p", "was", say("card.baseline", language, value=card.baseline)),
                ("p", "target" if card.hit else "target missed", card.target),
            ]
        )
        PushButton(
            say("card.chart", language),
            lambda: state.column.set(card.column),
            pressed=chosen,
            name=say("card.chart_name", language, title=card.title),
            plain=True,
        )
