"""What the page remembers for one visitor: every reactive value here belongs to one browser tab."""

from __future__ import annotations

import solara
import solara.lab

from experiments.dashboard.choice import Choice, first_choice
from experiments.dashboard.simulation import Picture

language: solara.Reactive[str] = solara.reactive("")  # empty: what the browser asks for
choice: solara.Reactive[Choice] = solara.reactive(first_choice())
picture: solara.Reactive[Picture | None] = solara.reactive(None)
settled: solara.Reactive[Picture | None] = solara.reactive(None)  # the last one that covers every month
problem: solara.Reactive[str] = solara.reactive("")  # why the choice cannot be run, if so
column: solara.Reactive[str] = solara.reactive("")  # shown in the chart; empty: the first headline indicator
smooth: solara.Reactive[bool] = solara.reactive(True)
page: solara.Reactive[int] = solara.reactive(0)


def show(found: Picture) -> None:
    """Show a new picture."""
    picture.value = found
    if found.whole:
        settled.value = found


def current_language() -> str:
    """The language chosen, or else the browser's, as far as the page speaks it."""
    return language.value or preferred_language(solara.lab.headers.value)


def preferred_language(headers: dict[str, list[str]] | None) -> str:
    """Dutch where the browser asks for it first, otherwise English."""
    asked = ",".join((headers or {}).get("accept-language", []))
    return "nl" if asked.strip().lower().startswith("nl") else "en"
