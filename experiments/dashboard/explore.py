"""The first tab: presets and levers on one side, what they do on the other."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

import asyncio

import solara
import solara.lab

from abm.parameters import ConfigError
from experiments.dashboard import state
from experiments.dashboard.choice import Choice
from experiments.dashboard.controls import Levers, Presets
from experiments.dashboard.outcomes import Outcomes
from experiments.dashboard.parts import Box, use_gone
from experiments.dashboard.simulation import StoppedError, compare_live
from experiments.dashboard.texts import say

DEBOUNCE = 0.15  # seconds without a further move before a run starts


def use_comparison(choice: Choice) -> None:
    """Run the choice against the baseline in the background, and put ever better pictures into the state."""

    gone = use_gone()

    async def follow() -> None:
        await asyncio.sleep(DEBOUNCE)
        state.problem.value = ""
        try:
            for picture in compare_live(choice):
                if gone.is_set() or not task.is_current():
                    return
                if picture is not None:
                    state.show(picture)
                await asyncio.sleep(0)  # a newer choice cancels here
        except StoppedError:
            return
        except ConfigError as error:
            state.problem.value = str(error)
        except Exception as error:  # whatever breaks a run is told to the visitor instead of ending the page
            state.problem.value = f"{type(error).__name__}: {error}"

    task = solara.lab.use_task(follow, dependencies=[choice], prefer_threaded=True)


@solara.component
def Explore(language: str) -> None:
    """Levers beside results; on a narrow screen one below the other."""
    with Box("explore"):
        with Box("controls", tag="section", aria_label=say("levers.title", language)):
            Presets(language, state.choice.value, state.choice.set)
            Levers(language, state.choice.value, state.choice.set)
        with Box("outcomes", tag="section", aria_label=say("outcomes.title", language)):
            Outcomes(language)
