"""The second tab: one run, month by month, with what the model does as it does it."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import solara
import solara.lab

from abm.events import month_name
from experiments.dashboard import charts, state
from experiments.dashboard.levers import config, title_of
from experiments.dashboard.narrative import latest, who_text
from experiments.dashboard.parts import Box, Chart, Chooser, Markup, NumbersTable, Problem, PushButton, Text, use_gone
from experiments.dashboard.player import Frame, Player
from experiments.dashboard.texts import number, say, table, unit_text

SPEEDS = (1, 3, 6, 12)  # months per second
FIRST_SPEED = 3
EVENT_LINES = 16
_SHORTEST_AXIS = 60  # months

Named = Sequence[tuple[str, Sequence[float]]]


@solara.component
def Watch(language: str, shown: bool) -> None:
    """The run of what was chosen when it was last restarted; it pauses while another tab is shown."""
    choice, set_choice = solara.use_state(state.choice.value)
    attempt, set_attempt = solara.use_state(0)
    player = solara.use_memo(lambda: Player(choice), dependencies=[choice, attempt])
    frame, set_frame = solara.use_state(player.frame())
    playing, set_playing = solara.use_state(False)
    speed, set_speed = solara.use_state(FIRST_SPEED)
    problem, set_problem = solara.use_state("")
    gone = use_gone()
    solara.use_effect(lambda: set_frame(player.frame()), [choice, attempt])
    solara.use_effect(lambda: None if shown else set_playing(False), [shown])

    def step() -> bool:
        """One month, shown; whether there is more to come."""
        try:
            after = player.step()
        except Exception as error:  # a run that breaks off is told to the visitor instead of ending the page
            set_problem(f"{type(error).__name__}: {error}")
            return False
        set_frame(after)
        return not after.ended

    async def play() -> None:
        while playing and task.is_current() and not gone.is_set():
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

    with Box():
        with Box("player", role="group", aria_label=say("watch.controls", language)):
            PushButton(
                say("watch.pause" if playing else "watch.play", language),
                lambda: set_playing(not playing),
                style="main",
                disabled=frame.ended,
            )
            PushButton(say("watch.step", language), step, disabled=playing or frame.ended)
            PushButton(say("watch.restart", language), restart)
            paces = [(pace, say("watch.pace", language, pace=pace)) for pace in SPEEDS]
            Chooser(say("watch.speed", language), paces, speed, set_speed)
            Text(_when(frame, language), tag="p", classes="now")
        with Box():
            if problem:
                Problem(problem)
            if choice != state.choice.value:
                Text(say("watch.outdated", language), tag="p", classes="hint")
        Scene(language, frame, _interesting(player))


def _when(frame: Frame, language: str) -> str:
    """The month reached, of how many."""
    if frame.month == 0:
        return say("watch.before", language, months=frame.horizon)
    month = month_name(frame.month - 1, config().time.start)
    return say("watch.now", language, month=month, done=frame.month, months=frame.horizon)


def _interesting(player: Player) -> str:
    """A material that a shock of the scenario is about, or else the first."""
    named = [name for shock in player.shocks for name in shock.materials or ()]
    return named[0] if named else str(config().materials.ids[0])


@solara.component
def Scene(language: str, frame: Frame, material: str) -> None:
    """What there is to see after a month."""
    with Box():
        Text(_regime_text(frame, language), tag="p", classes="regimes")
        if frame.month > 0:
            with Box("scene"):
                Prices(language, frame, material)
                RecyclerCount(language, frame)
                Happened(language, frame)
                RecyclerTable(language, frame)


def _regime_text(frame: Frame, language: str) -> str:
    """What the state-backed blocs are up to."""
    parts = []
    for bloc, regime, materials in frame.regimes:
        names = ", ".join(title_of("materials", name, language) for name in materials)
        parts.append(say(f"regime.{regime}", language, bloc=title_of("blocs", bloc, language), materials=names))
    return "; ".join(parts) or say("regime.normal", language)


@solara.component
def Prices(language: str, frame: Frame, interesting: str) -> None:
    """Prices of one material outside and inside the blocs."""
    material, set_material = solara.use_state(interesting)
    places = [say("watch.outside", language)]
    places += [say("watch.inside", language, bloc=title_of("blocs", bloc, language)) for bloc in frame.blocs]
    column = config().materials.index(material)
    named = [(place, [float(month[side, column]) for month in frame.prices]) for side, place in enumerate(places)]
    with Box(tag="section"):
        Text(say("watch.prices", language), tag="h2")
        options = [(name, title_of("materials", name, language)) for name in config().materials.ids]
        Chooser(say("watch.material", language), options, material, set_material)
        title = f"{say('watch.prices', language)}, {title_of('materials', material, language)}"
        LinesWithTable(language, frame, title, named, unit_text("EUR/kg", language))


@solara.component
def RecyclerCount(language: str, frame: Frame) -> None:
    """How many recyclers run, are shut, are being built."""
    title = say("watch.recyclers", language)
    names = [say(f"recyclers.{status}", language) for status in ("running", "idle", "building")]
    counts = zip(*frame.counts, strict=True)
    named = [(name, [float(count) for count in row]) for name, row in zip(names, counts, strict=True)]
    with Box(tag="section"):
        Text(title, tag="h2")
        Text(say("watch.failed", language, count=frame.failed), tag="p", classes="beside-select")
        LinesWithTable(language, frame, title, named, "")


@solara.component
def LinesWithTable(language: str, frame: Frame, title: str, named: Named, unit: str) -> None:
    """Lines up to this month, described by their last values."""
    length = min(max(frame.month, _SHORTEST_AXIS), frame.horizon)
    months = [month_name(month, config().time.start) for month in range(length)]
    figures = "; ".join(f"{name} {number(values[-1], language)} {unit}".strip() for name, values in named)
    Chart(
        charts.plain_lines(months, named, language, unit),
        f"{title}: {figures}",
        language,
        lambda: _table(frame, title, named, language),
        height=280,
    )


def _table(frame: Frame, title: str, named: Named, language: str) -> str:
    """Values of each December and of the last month."""
    months = sorted({*range(11, frame.month, 12), frame.month - 1})
    rows = [
        [month_name(month, config().time.start), *(number(values[month], language) for _, values in named)]
        for month in months
    ]
    return table([say("table.month", language), *(name for name, _ in named)], rows, title)


@solara.component
def Happened(language: str, frame: Frame) -> None:
    """The latest events as lines."""
    lines = latest(frame.events, EVENT_LINES, language)
    with Box(tag="section"):
        Text(say("watch.events", language), tag="h2")
        items = lines or [say("watch.no_events", language)]
        Markup([("li", "", item) for item in items], classes="events", tag="ul")


@solara.component
def RecyclerTable(language: str, frame: Frame) -> None:
    """Every recycler in business with status, margin and cash."""
    headers = [say(f"recycler.{name}", language) for name in ("name", "status", "margin", "cash", "processed")]
    rows = [
        [
            who_text(row.name, language),
            say(f"status.{row.status}", language),
            number(row.margin, language),
            number(row.cash, language),
            number(row.processed / 1000.0, language),
        ]
        for row in frame.recyclers
    ]
    content = table(headers, rows, say("watch.table_caption", language))
    with Box(tag="section"):
        Text(say("watch.table", language), tag="h2")
        NumbersTable(content, say("watch.table", language), tall=True)
