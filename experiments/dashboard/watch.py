"""The second tab: one run, month by month, with what the model does as it does it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import reacton.ipyvuetify as rv
import solara
import solara.lab

from abm.events import month_name
from experiments.dashboard import charts, state
from experiments.dashboard.choice import Choice
from experiments.dashboard.levers import config, title_of
from experiments.dashboard.narrative import latest, who_text
from experiments.dashboard.parts import Chart, Chooser, PushButton, Text
from experiments.dashboard.player import Player
from experiments.dashboard.texts import number, say, table, unit_text

SPEEDS = (1, 3, 6, 12)  # months per second
FIRST_SPEED = 3
EVENT_LINES = 16
_SHORTEST_AXIS = 60  # months


@solara.component
def Watch(language: str, shown: bool) -> None:
    """The run of what was chosen when it was last restarted."""
    choice, set_choice = solara.use_state(state.choice.value)
    attempt, set_attempt = solara.use_state(0)
    player = solara.use_memo(lambda: Player(choice), dependencies=[choice, attempt])
    frame, paint = solara.use_state(0)
    playing, set_playing = solara.use_state(False)
    speed, set_speed = solara.use_state(FIRST_SPEED)
    problem, set_problem = solara.use_state("")
    solara.use_effect(lambda: None if shown else set_playing(False), [shown])

    def step() -> bool:
        """One month, shown; whether there is more to come."""
        try:
            player.step()
        except Exception as error:  # a run that breaks off is told to the visitor instead of ending the page
            set_problem(f"{type(error).__name__}: {error}")
            return False
        paint(lambda painted: painted + 1)
        return not player.ended

    async def play() -> None:
        while playing and task.is_current():
            began = time.monotonic()
            if not step():
                set_playing(False)
                return
            await asyncio.sleep(max(1.0 / speed - (time.monotonic() - began), 0.0))

    task = solara.lab.use_task(play, dependencies=[playing, speed, choice, attempt], prefer_threaded=True)

    def restart() -> None:
        set_playing(False)
        set_problem("")
        set_choice(state.choice.value)
        set_attempt(attempt + 1)

    Controls(language, player, playing, set_playing, step, restart, speed, set_speed)
    if problem:
        rv.Alert(type="error", children=[problem], text=True, attributes={"role": "alert"})
    if choice != state.choice.value:
        Text(say("watch.outdated", language), tag="p", classes=("hint",))
    Scene(language, player, frame)


@solara.component
def Controls(
    language: str, player: Player, playing: bool, set_playing: Callable[[bool], object], step: Callable[[], object],
    restart: Callable[[], object], speed: int, set_speed: Callable[[int], object],
) -> None:
    """Play or pause, step, restart, and how fast."""
    with rv.Html(tag="div", class_="player", attributes={"role": "group", "aria-label": say("watch.controls", language)}):
        PushButton(
            say("watch.pause" if playing else "watch.play", language), lambda: set_playing(not playing),
            disabled=player.ended, main=True, classes="play",
        )
        PushButton(say("watch.step", language), step, disabled=playing or player.ended)
        PushButton(say("watch.restart", language), restart)
        options = [(pace, say("watch.pace", language, pace=pace)) for pace in SPEEDS]
        Chooser(say("watch.speed", language), options, speed, set_speed, classes="narrow")
        Text(_when(player, language), tag="p", classes=("now",))


def _when(player: Player, language: str) -> str:
    """The month reached, of how many."""
    if player.month == 0:
        return say("watch.before", language, months=player.horizon)
    month = month_name(player.month - 1, config().time.start)
    return say("watch.now", language, month=month, done=player.month, months=player.horizon)


@solara.component
def Scene(language: str, player: Player, frame: int) -> None:
    """What there is to see in this month; `frame` only says that it is another one."""
    Text(_regime_text(player, language), tag="p", classes=("regimes",))
    if player.month == 0:
        return
    with rv.Html(tag="div", class_="scene"):
        with rv.Html(tag="section"):
            Prices(language, player)
        with rv.Html(tag="section"):
            RecyclerCount(language, player)
        with rv.Html(tag="section"):
            Happened(language, player)
        with rv.Html(tag="section"):
            RecyclerTable(language, player)


def _regime_text(player: Player, language: str) -> str:
    """What the state-backed blocs are up to."""
    parts = []
    for bloc, regime, materials in player.regimes():
        names = ", ".join(title_of("materials", name, language) for name in materials)
        parts.append(say(f"regime.{regime}", language, bloc=title_of("blocs", bloc, language), materials=names))
    return "; ".join(parts) or say("regime.normal", language)


def _months(player: Player) -> list[str]:
    length = min(max(player.month, _SHORTEST_AXIS), player.horizon)
    return [month_name(month, config().time.start) for month in range(length)]


@solara.component
def Prices(language: str, player: Player) -> None:
    """Prices of one material outside and inside the blocs."""
    material, set_material = solara.use_state(_interesting(player))
    Text(say("watch.prices", language), tag="h2")
    options = [(name, title_of("materials", name, language)) for name in config().materials.ids]
    Chooser(say("watch.material", language), options, material, set_material)
    places = [say("watch.outside", language)]
    places += [say("watch.inside", language, bloc=title_of("blocs", bloc, language)) for bloc in player.blocs]
    lines = player.price_lines(material)
    named = list(zip(places, lines, strict=True))
    unit = unit_text("EUR/kg", language)
    figures = "; ".join(f"{place} {number(values[-1], language)} {unit}" for place, values in named)
    title = f"{say('watch.prices', language)}, {title_of('materials', material, language)}"
    Chart(
        charts.plain_lines(_months(player), named, language, unit), f"{title}: {figures}", language,
        lambda: _yearly(player, title, named, language), height=280,
    )


def _interesting(player: Player) -> str:
    """A material that a shock of the scenario is about, or else the first."""
    named = [name for shock in player.shocks if shock.materials for name in shock.materials]
    return named[0] if named else str(config().materials.ids[0])


def _yearly(player: Player, title: str, named: list[tuple[str, list[float]]], language: str) -> str:
    """A table with the value of each December and of the last month."""
    months = sorted({*range(11, player.month, 12), player.month - 1})
    rows = [
        [month_name(month, config().time.start), *(number(values[month], language) for _, values in named)]
        for month in months
    ]
    return table([say("table.month", language), *(name for name, _ in named)], rows, title)


@solara.component
def RecyclerCount(language: str, player: Player) -> None:
    """How many recyclers run, are shut, are being built."""
    title = say("watch.recyclers", language)
    Text(title, tag="h2")
    names = [say(f"recyclers.{status}", language) for status in ("running", "idle", "building")]
    named = [(name, [float(value) for value in values]) for name, values in zip(names, zip(*player.recyclers), strict=True)]
    Text(say("watch.failed", language, count=player.failed), tag="p", classes=("hint",))
    figures = "; ".join(f"{name} {values[-1]:.0f}" for name, values in named)
    Chart(
        charts.plain_lines(_months(player), named, language, ""), f"{title}: {figures}", language,
        lambda: _yearly(player, title, named, language), height=280,
    )


@solara.component
def Happened(language: str, player: Player) -> None:
    """The latest events as lines."""
    Text(say("watch.events", language), tag="h2")
    lines = latest(player.events, EVENT_LINES, language)
    with rv.Html(tag="ul", class_="events"):
        for line in lines:
            Text(line, tag="li")
    if not lines:
        Text(say("watch.no_events", language), tag="p", classes=("hint",))


@solara.component
def RecyclerTable(language: str, player: Player) -> None:
    """Every recycler in business with status, margin and cash."""
    Text(say("watch.table", language), tag="h2")
    headers = [say(f"recycler.{name}", language) for name in ("name", "status", "margin", "cash", "processed")]
    rows = [
        [
            who_text(row.name, language), say(f"status.{row.status}", language), number(row.margin, language),
            number(row.cash, language), number(row.processed / 1000.0, language),
        ]
        for row in player.recycler_rows()
    ]
    solara.HTML(
        tag="div", unsafe_innerHTML=table(headers, rows, say("watch.table_caption", language)),
        classes=["table-wrap", "tall"],
    )
