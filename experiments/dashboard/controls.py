"""What a visitor can set: the mix and shocks to start from, and a lever for every instrument."""

# ruff: noqa: N802  (components are named like the elements of a page, as Solara names its own)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import reacton.ipyvuetify as rv
import solara

from abm.events import month_name
from abm.scenario import InstrumentUse, catalogue
from experiments.dashboard.choice import Choice, Setting, preset
from experiments.dashboard.levers import Lever, config, levers, plain_number, range_text, read_strength, title_of
from experiments.dashboard.parts import Box, Chooser, Markup, PushButton, Switch, Text, Unfolding
from experiments.dashboard.texts import number, say, unit_text
from experiments.levers import ANNOUNCED, START
from experiments.wording import PHASES

Change = Callable[[Choice], object]


@solara.component
def Presets(language: str, choice: Choice, on_choice: Change) -> None:
    """The mix and the shock scenario to start from."""
    with Box():
        Preset("presets.mix", "mixes", language, choice.mix, lambda name: on_choice(replace(choice, mix=name)))
        Preset(
            "presets.shocks",
            "shock_scenarios",
            language,
            choice.shocks,
            lambda name: on_choice(replace(choice, shocks=name)),
        )


@solara.component
def Preset(label: str, folder: str, language: str, chosen: str, on_chosen: Callable[[str], object]) -> None:
    """One file of the config chosen by title, and what it is about."""
    entries = catalogue(folder)
    with Box():
        Chooser(
            say(label, language), [(name, entry.title[language]) for name, entry in entries.items()], chosen, on_chosen
        )
        Text(entries[chosen].summary.get(language, ""), tag="p", classes="hint")


@solara.component
def Levers(language: str, choice: Choice, on_choice: Change) -> None:
    """All levers by phase of the chain."""
    with Box():
        with Box("levers-head"):
            Text(say("levers.title", language), tag="h2")
            PushButton(
                say("levers.reset", language),
                lambda: on_choice(choice.without_levers()),
                disabled=not choice.levers,
            )
        announced, start = (month_name(month, config().time.start) for month in (ANNOUNCED, START))
        Text(say("levers.hint", language, announced=announced, start=start), tag="p", classes="hint")
        for phase in PHASES:
            own = [lever for lever in levers() if lever.phase == phase]
            if own:
                Text(PHASES[phase][language], tag="h3")
            for lever in own:
                LeverControl(lever, language, choice, on_choice).key(lever.name)


@solara.component
def LeverControl(lever: Lever, language: str, choice: Choice, on_choice: Change) -> None:
    """One instrument: strength by slider or typed, who uses it, and what it does."""
    setting = choice.lever(lever.name)
    title = str(lever.declared.title[language])

    def change(**changes: Any) -> None:
        changed = replace(setting, **{"government": setting.government or lever.governments[0], **changes})
        on_choice(choice.with_lever(lever.name, changed))

    with Box("lever", data_lever=lever.name):
        with Box("lever-head"):
            Text(title, tag="h4")
            if setting != Setting():
                PushButton(
                    say("lever.reset", language),
                    lambda: on_choice(choice.without_lever(lever.name)),
                    name=say("lever.reset_name", language, title=title),
                    style="plain",
                )
        Strength(lever, language, title, setting.strength, lambda value: change(strength=value))
        InTheMix(lever, language, choice.mix, setting.keep, lambda keep: change(keep=keep))
        WhoDoesIt(lever, language, setting, lambda name: change(government=name))
        Unfolding(say("lever.explain", language), lambda: Explanation(lever, language, setting, change))


@solara.component
def Strength(lever: Lever, language: str, title: str, strength: float, on_strength: Callable[[float], object]) -> None:
    """A slider and a field for one value; what is typed wrongly stays, with a message, and changes nothing.

    The field is read as it is typed: an Enter may overtake the letters before it on a slow connection.
    """
    typed, set_typed = solara.use_state(("", "", -1.0))  # text, what is wrong with it, and the strength that it left
    text, message = typed[:2] if typed[2] == strength else ("", "")
    unit, shown = unit_text(lever.unit, language), strength * lever.scale

    def read(text: str | None) -> None:
        try:
            value = read_strength(text or "", lever, language)
        except ValueError as error:
            set_typed((text or "", str(error), strength))
            return
        set_typed((text or "", "", value))
        on_strength(value)

    with Box():
        with Box("strength"):
            rv.Slider(
                v_model=shown,
                on_v_model=lambda value: on_strength(float(value) / lever.scale),
                min=0.0,
                max=max(lever.top * lever.scale, shown),
                step=lever.step if lever.on_grid(strength) else 0.0,  # a grid would pull what was typed to itself
                hide_details=True,
                attributes={"aria-label": say("lever.slider_name", language, title=title, unit=unit)},
            )
            rv.TextField(
                label=f"{say('lever.strength', language)} ({unit})",
                v_model=text or plain_number(shown, language),
                on_v_model=read,
                error=bool(message),
                dense=True,
                hide_details=True,
                attributes={"inputmode": "decimal", "autocomplete": "off"},
            )
        if message:
            Text(message, tag="p", classes="error-text", role="alert")


@solara.component
def InTheMix(lever: Lever, language: str, mix: str, keep: bool, on_keep: Callable[[bool], object]) -> None:
    """What the preset has of this instrument, and whether it stays."""
    uses = [use for use in preset(mix) if use.use == lever.name]
    with Box():
        if uses:
            label = say("lever.keep", language, uses=_uses_text(lever, uses, language))
            Switch(label, keep, on_keep)


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
def WhoDoesIt(lever: Lever, language: str, setting: Setting, on_government: Callable[[str], object]) -> None:
    """Which government pulls the lever, once it is pulled and several could."""
    with Box():
        if len(lever.governments) > 1 and setting.strength > 0.0:
            options = [(name, title_of("jurisdictions", name, language)) for name in lever.governments]
            Chooser(say("lever.government", language), options, setting.government, on_government)


@solara.component
def Explanation(lever: Lever, language: str, setting: Setting, change: Callable[..., object]) -> None:
    """What the instrument does, where that comes from, and on what it is used."""
    texts = lever.declared.texts
    parts = [("p", "", f"{lever.declared.labels['intensity'][language]}: {range_text(lever, language)}")]
    for part in ("what", "how", "watch", "source"):
        parts += [("h5", "", say(f"lever.{part}", language)), ("p", "", texts[part][language])]
    with Box():
        Markup(parts, classes="explanation")
        for scope in lever.scopes:
            Scope(scope, language, getattr(setting, scope), change).key(scope)


@solara.component
def Scope(scope: str, language: str, chosen: tuple[str, ...], change: Callable[..., object]) -> None:
    """The materials or the products that an instrument is limited to; none ticked means all."""

    def tick(name: str, ticked: bool) -> None:
        change(**{scope: tuple(one for one in ids if (ticked if one == name else one in chosen))})

    ids = getattr(config(), scope).ids
    label = say(f"lever.{scope}", language)
    with Box("scope", role="group", aria_label=label):
        Text(label, tag="p", classes="hint")
        for name in ids:
            Switch(title_of(scope, name, language), name in chosen, partial(tick, name))
