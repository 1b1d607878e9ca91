"""The page: a header, the choice of language, and two tabs."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reacton.ipyvuetify as rv
import solara

from experiments.dashboard import state
from experiments.dashboard.explore import Explore, use_comparison
from experiments.dashboard.parts import Box, PushButton, Text
from experiments.dashboard.texts import LANGUAGE_NAMES, LANGUAGES, say
from experiments.dashboard.watch import Watch

TABS = ("tab.explore", "tab.watch")


@solara.component
def Layout(children: Sequence[solara.Element] = ()) -> None:
    """The page without Solara's own frame, whose buttons have no names."""
    rv.Html(tag="div", class_="page", children=list(children))


@solara.component
def Page() -> None:
    """One visitor's page. Both tabs stay alive once opened, so that going to the other loses nothing."""
    language = state.current_language()
    visited, visit = solara.use_state(False)
    if state.page.value == 1 and not visited:
        visit(True)
    use_comparison(state.choice.value)
    with Box(tag="main", lang=language, data_page_language=language):
        solara.Title(say("title", language))
        Header(language)
        Tabs(language)
        with Panel(0):
            Explore(language)
        if visited:
            with Panel(1):
                Watch(language, state.page.value == 1)


@solara.component
def Header(language: str) -> None:
    """Title and languages."""
    with Box("head", tag="header"):
        with Box():
            Text(say("title", language), tag="h1")
            Text(say("subtitle", language), tag="p", classes="subtitle")
        with Box("languages", role="group", aria_label=say("language", language)):
            for name in LANGUAGES:
                PushButton(
                    LANGUAGE_NAMES[name],
                    lambda name=name: state.language.set(name),
                    pressed=name == language,
                    classes="chosen" if name == language else "",
                )


@solara.component
def Tabs(language: str) -> None:
    """The tabs themselves."""
    with rv.Tabs(v_model=state.page.value, on_v_model=state.page.set, class_="tabs", height=44):
        for key in TABS:
            rv.Tab(children=[say(key, language)])


def Panel(number: int) -> Any:
    """What belongs to a tab; hidden, not discarded, while the other is open."""
    return Box(style="" if state.page.value == number else "display: none", role="tabpanel")
