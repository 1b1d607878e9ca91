"""Small components that both tabs use: boxes, texts, selects, buttons, and charts with a table."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import reacton.ipyvuetify as rv
import solara

from experiments.dashboard.texts import say


def Box(classes: str = "", tag: str = "div", style: str = "", **attributes: str) -> Any:
    """An element to put others in; underscores in names of attributes become hyphens.

    Every component has exactly one at its root: with several, Solara would wrap them in a column of
    its own, and make all of them anew, focus lost, when one comes or goes.
    """
    return rv.Html(tag=tag, class_=classes, style_=style, attributes=_hyphened(attributes))


def Text(text: str, tag: str = "div", classes: str = "", **attributes: str) -> Any:
    """Plain text in an element."""
    return rv.Html(tag=tag, children=[text], class_=classes, attributes=_hyphened(attributes))


def _hyphened(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in attributes.items()}


def Markup(parts: Sequence[tuple[str, str, str]], classes: str = "", tag: str = "div") -> Any:
    """Several short texts as (tag, class, text) in one element: cheaper than an element for each."""
    inner = "".join(f'<{kind} class="{name}">{html.escape(text)}</{kind}>' for kind, name, text in parts if text)
    return solara.HTML(tag=tag, unsafe_innerHTML=inner, classes=[classes])


def Problem(message: str) -> Any:
    """Something that went wrong, also said by a screen reader."""
    return rv.Alert(type="error", children=[message], text=True, attributes={"role": "alert"})


@solara.component_vue("select.vue")
def _Select(label: str, titles: list[str], chosen: int, event_choose: Callable[[int], object]) -> None:
    """The browser's own select, which phones, keyboards and screen readers know how to handle."""


def Chooser(label: str, options: Sequence[tuple[Any, str]], value: Any, on_value: Callable[[Any], object]) -> Any:
    """A select of (value, title) pairs."""
    values = [key for key, _ in options]
    titles = [title for _, title in options]
    return _Select(
        label=label,
        titles=titles,
        chosen=values.index(value),
        event_choose=lambda position: on_value(values[position]),
    )


def Switch(label: str, value: bool, on_value: Callable[[bool], object]) -> Any:
    """A box to tick."""
    return rv.Checkbox(label=label, v_model=value, on_v_model=on_value, dense=True, hide_details=True)


@solara.component
def NumbersTable(content: str, name: str, tall: bool = False) -> None:
    """A table that can be scrolled, also with the keyboard."""
    with Box("table-wrap tall" if tall else "table-wrap", tabindex="0", role="region", aria_label=name):
        solara.HTML(tag="div", unsafe_innerHTML=content)


def use_gone() -> threading.Event:
    """An event that is set when the component has left the page: a task of it is not told otherwise."""
    gone = solara.use_memo(threading.Event, dependencies=[])
    solara.use_effect(lambda: gone.set, [])
    return gone


@solara.component
def PushButton(
    label: str,
    on_click: Callable[[], object],
    name: str = "",
    style: str = "outlined",
    disabled: bool = False,
    classes: str = "",
    pressed: bool | None = None,
    expanded: bool | None = None,
) -> None:
    """A button with words on it; `name` is what a screen reader says where the words alone are not enough.

    Its style is "main", "outlined" or "plain".
    """
    states = {"aria-pressed": pressed, "aria-expanded": expanded}
    attributes = {state: str(value).lower() for state, value in states.items() if value is not None}
    button = rv.Btn(
        children=[label],
        disabled=disabled,
        small=True,
        depressed=True,
        text=style == "plain",
        outlined=style == "outlined",
        color="primary" if style == "main" else "",
        class_=classes,
        attributes=attributes | ({"aria-label": name} if name else {}),
    )
    rv.use_event(button, "click", lambda *_: on_click())


@solara.component
def Unfolding(label: str, build: Callable[[], object]) -> None:
    """Something that is only built when it is unfolded."""
    shown, show = solara.use_state(False)
    with Box():
        sign = "▾" if shown else "▸"
        PushButton(f"{sign} {label}", lambda: show(not shown), expanded=shown, classes="unfolds", style="plain")
        if shown:
            build()


@solara.component
def Chart(option: dict[str, Any], description: str, language: str, table: Callable[[], str], height: int = 340) -> None:
    """A chart with its description in words and its numbers as a table on demand."""

    def numbers() -> None:
        NumbersTable(table(), say("table.show", language))

    with Box():
        solara.FigureEcharts(
            option=option,
            responsive=True,
            attributes={"style": f"height: {height}px; width: 100%", "role": "img", "aria-label": description},
        )
        Unfolding(say("table.show", language), numbers)
