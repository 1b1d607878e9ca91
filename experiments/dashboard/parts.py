"""Small components that both tabs use: headings, texts, selects, charts with a table."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import reacton.ipyvuetify as rv
import solara

from experiments.dashboard.texts import say


@solara.component
def Text(text: str, tag: str = "div", classes: Sequence[str] = (), **attributes: str) -> None:
    """Plain text in an element of the given tag; underscores in names of attributes become hyphens."""
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    rv.Html(tag=tag, children=[text], class_=" ".join(classes), attributes=named)


@solara.component
def Markup(parts: Sequence[tuple[str, str, str]], classes: Sequence[str] = (), tag: str = "div") -> None:
    """Several short texts as (tag, class, text) in one element: cheaper than a component for each."""
    inner = "".join(f'<{kind} class="{name}">{html.escape(text)}</{kind}>' for kind, name, text in parts if text)
    solara.HTML(tag=tag, unsafe_innerHTML=inner, classes=list(classes))


@solara.component
def Chooser(
    label: str,
    options: Sequence[tuple[str, str]],
    value: Any,
    on_value: Callable[[Any], object],
    several: bool = False,
    classes: str = "",
) -> None:
    """A select of (value, title) pairs."""
    items = [{"value": key, "text": title} for key, title in options]
    rv.Select(
        label=label,
        items=items,
        v_model=value,
        on_v_model=on_value,
        multiple=several,
        dense=True,
        outlined=True,
        hide_details=True,
        class_=f"chooser {classes}",
        menu_props={"offsetY": True, "maxHeight": 420},
    )


@solara.component
def PushButton(
    label: str,
    on_click: Callable[[], object],
    name: str = "",
    disabled: bool = False,
    classes: str = "",
    pressed: bool | None = None,
    expanded: bool | None = None,
    main: bool = False,
    plain: bool = False,
) -> None:
    """A button with words on it; `name` is what a screen reader says where the words alone are not enough.

    A `main` button is filled, a `plain` one has no border.
    """
    attributes = {"aria-label": name} if name else {}
    if pressed is not None:
        attributes["aria-pressed"] = str(pressed).lower()
    if expanded is not None:
        attributes["aria-expanded"] = str(expanded).lower()
    button = rv.Btn(
        children=[label],
        disabled=disabled,
        small=True,
        text=plain,
        outlined=not (main or plain),
        depressed=True,
        color="primary" if main else "",
        class_=classes,
        attributes=attributes,
    )
    rv.use_event(button, "click", lambda *_: on_click())


@solara.component
def Unfolding(label: str, children: Sequence[Any] = (), build: Callable[[], object] | None = None) -> None:
    """Something that is only built when it is unfolded."""
    shown, show = solara.use_state(False)
    sign = "▾" if shown else "▸"
    PushButton(f"{sign} {label}", lambda: show(not shown), expanded=shown, classes="unfolds", plain=True)
    if shown and build is not None:
        build()


@solara.component
def Chart(option: dict[str, Any], description: str, language: str, table: Callable[[], str], height: int = 340) -> None:
    """A chart with its description in words and its numbers as a table on demand."""
    solara.FigureEcharts(
        option=option,
        responsive=True,
        attributes={"style": f"height: {height}px; width: 100%", "role": "img", "aria-label": description},
    )
    with rv.Html(tag="div", class_="table-below"):
        Unfolding(
            say("table.show", language),
            build=lambda: solara.HTML(
                tag="div",
                unsafe_innerHTML=table(),
                classes=["table-wrap"],
            ),
        )
