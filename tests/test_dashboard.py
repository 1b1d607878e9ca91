"""The dashboard without a browser: choices, runs, figures, texts, and the page as Solara renders it."""

from __future__ import annotations

import gc
import math
import re
import socket
import string
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipyvue
import ipyvuetify
import numpy as np
import pytest
import solara

import experiments.dashboard
from abm import policies
from abm.events import Event
from abm.indicators.axes import WORDS
from abm.parameters import ConfigError
from experiments.dashboard import (
    app,
    charts,
    choice,
    explore,
    levers,
    narrative,
    outcomes,
    player,
    results,
    server,
    simulation,
    state,
    texts,
)
from experiments.dashboard.choice import Choice, Setting
from experiments.levers import START
from experiments.wording import indicator_of

MONTHS, HOUSEHOLDS = 24, 60
FOLDER = Path(experiments.dashboard.__file__).parent


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two years, few households, two seeds and an empty archive; afterwards the page as it was."""
    whole = choice.load_scenario

    def short(*arguments: Any, **keywords: Any) -> Any:
        keywords["households"] = keywords.get("households") or HOUSEHOLDS
        return whole(*arguments, months=MONTHS, **keywords)

    monkeypatch.setattr(choice, "load_scenario", short)
    monkeypatch.setattr(simulation, "PREVIEW_HOUSEHOLDS", HOUSEHOLDS // 2)
    monkeypatch.setattr(simulation, "SEEDS", (1, 2))
    monkeypatch.setattr(simulation.compare_live, "__defaults__", (simulation.Archive(),))
    monkeypatch.setattr(explore, "DEBOUNCE", 0.01)
    monkeypatch.setattr(player, "HOUSEHOLDS", HOUSEHOLDS)
    choice.scenario_of.cache_clear()
    choice.preset.cache_clear()
    yield
    choice.scenario_of.cache_clear()
    choice.preset.cache_clear()


def an_instrument(level: str = "union") -> str:
    """The name of some instrument that a government of this level may use."""
    return next(name for name, declared in policies.registry().items() if level in declared.level)


def a_setting(name: str, **changes: Any) -> Setting:
    lever = next(lever for lever in levers.levers() if lever.name == name)
    return Setting(**({"strength": lever.suggested, "government": lever.governments[0]} | changes))


# --- Texts ----------------------------------------------------------------------------------------


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for key, words in texts.texts().items():
        assert set(words) == set(texts.LANGUAGES), key
        places = [{name for _, name, _, _ in string.Formatter().parse(words[each]) if name} for each in words]
        assert places[0] == places[1], key
        assert all(word.strip() for word in words.values()), key


def test_every_key_that_the_code_names_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    named = set(re.findall(r'say\(\s*"([^"]+)"', code))
    assert named
    assert named <= set(texts.texts())


@pytest.mark.parametrize(
    ("value", "english", "dutch"),
    [
        (0.0, "0", "0"),
        (0.12345, "0.123", "0,123"),
        (12.0, "12", "12"),
        (-3.456, "−3.46", "−3,46"),
        (12345.6, "12,346", "12.346"),
        (2.5e6, "2.5 M", "2,5 mln"),
        (-1.234e9, "−1.23 bn", "−1,23 mld"),
        (math.nan, "–", "–"),
    ],
)
def test_numbers_are_written_as_each_language_does(value: float, english: str, dutch: str) -> None:
    assert texts.number(value, "en") == english
    assert texts.number(value, "nl") == dutch


def test_differences_carry_their_sign() -> None:
    assert texts.measured(3.0, "EUR/kg", "en", signed=True) == "+3 EUR/kg"
    assert texts.measured(-3.0, "1", "en", signed=True) == "−3"


def test_tables_show_markup_as_text() -> None:
    found = texts.table(["<b>"], [["<script>", "1"]], "a & b")
    assert "<script>" not in found
    assert "&lt;script&gt;" in found
    assert "a &amp; b" in found


def test_the_language_is_the_browsers_as_far_as_it_is_spoken() -> None:
    assert state.preferred_language({"accept-language": ["nl-NL,nl;q=0.9,en;q=0.8"]}) == "nl"
    assert state.preferred_language({"accept-language": ["fr,nl;q=0.5"]}) == "en"
    assert state.preferred_language(None) == "en"


# --- Levers ---------------------------------------------------------------------------------------


def test_every_instrument_is_a_lever_with_its_governments_highest_first() -> None:
    found = {lever.name: lever for lever in levers.levers()}
    assert set(found) == set(policies.registry())
    config = levers.config()
    for lever in found.values():
        depth = [len(config.ancestors[config.jurisdictions.index(name)]) for name in lever.governments]
        assert depth == sorted(depth)
        assert lever.lowest < lever.top <= lever.highest
        assert 0.0 < lever.step < lever.top * lever.scale


@pytest.mark.parametrize(
    ("typed", "language", "value"),
    [("12,5", "nl", 0.125), ("12.5", "en", 0.125), ("12,5 %", "en", 0.125), ("", "en", 0.0), ("0", "nl", 0.0)],
)
def test_shares_are_typed_in_per_cent(typed: str, language: str, value: float) -> None:
    share = next(lever for lever in levers.levers() if lever.unit == "%")
    assert levers.read_strength(typed, share, language) == pytest.approx(value)


@pytest.mark.parametrize(
    ("typed", "language", "point"),
    [("1,000", "en", "1000"), ("1.000,5", "nl", "1000.5"), ("1,234.5", "en", "1234.5"), ("0,25", "en", "0.25")],
)
def test_thousands_and_decimals_are_told_apart(typed: str, language: str, point: str) -> None:
    assert levers._with_point(typed, language) == point


@pytest.mark.parametrize("typed", ["much", "1e999", "-1", "nan", "inf", "99999999", "1,2,3", "<b>"])
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_absurd_values_get_a_message(typed: str, language: str) -> None:
    for lever in levers.levers():
        with pytest.raises(ValueError, match=r"(Nothing has been changed|Er is niets veranderd)"):
            levers.read_strength(typed, lever, language)


# --- Choices --------------------------------------------------------------------------------------


def test_a_lever_adds_to_the_mix_and_may_replace_what_it_has() -> None:
    name = an_instrument()
    plain = choice.first_choice()
    pulled = plain.with_lever(name, a_setting(name))
    before, after = choice.scenario_of(plain).mix, choice.scenario_of(pulled).mix
    assert len(after) == len(before) + 1
    assert after[-1].use == name
    assert after[-1].start == START
    had = choice.preset(plain.mix)[0].use
    without = choice.scenario_of(plain.with_lever(had, Setting(keep=False))).mix
    assert had not in {use.use for use in without}


@pytest.mark.parametrize("name", list(policies.registry()))
def test_every_lever_makes_a_valid_scenario_at_its_suggested_strength_and_at_both_ends(name: str) -> None:
    lever = next(lever for lever in levers.levers() if lever.name == name)
    for government in lever.governments:
        for strength in (lever.suggested, lever.top, lever.highest):
            setting = Setting(strength=strength, government=government)
            assert choice.scenario_of(choice.first_choice().with_lever(name, setting)).mix


def test_levers_that_change_nothing_leave_the_world_the_same() -> None:
    idle = Choice(choice.BASELINE, choice.FIRST_SHOCKS, ((an_instrument(), Setting(government="eu")),))
    assert idle != idle.baseline()
    assert idle.essence() == idle.baseline()


# --- Runs -----------------------------------------------------------------------------------------


def test_pictures_get_better_and_end_complete() -> None:
    found = list(simulation.compare_live(choice.first_choice()))
    assert len(found) >= MONTHS
    pictures = [picture for picture in found if picture is not None]
    assert [picture.preview for picture in pictures] == sorted((p.preview for p in pictures), reverse=True)
    assert pictures[0].preview
    assert pictures[0].households == HOUSEHOLDS // 2
    last = pictures[-1]
    assert last.complete
    assert last.mix.values.shape == (2, MONTHS, len(last.mix.columns))
    assert last.baseline.values.shape == (2, MONTHS, len(last.baseline.columns))
    paid = "public_cost"
    assert not np.array_equal(results.series_of(last.mix, paid), results.series_of(last.baseline, paid))


def test_a_run_on_the_page_is_the_run_of_the_command_line() -> None:
    from abm.running import run

    chosen = choice.first_choice()
    *_, last = simulation.compare_live(chosen)
    again = run(choice.scenario_of(chosen), rng=simulation.SEEDS[0])
    assert last is not None
    np.testing.assert_array_equal(last.mix.values[0], again.values)


def test_runs_are_shared_read_only_and_bounded() -> None:
    archive = simulation.Archive(kept=2)
    base = choice.first_choice().baseline()
    run = archive.run(base, HOUSEHOLDS, 1)
    assert archive.run(base, HOUSEHOLDS, 1) is run
    for seed in (1, 2, 3):
        held = archive.run(base, HOUSEHOLDS, seed)
        held.reach(MONTHS)
        archive.keep(base, HOUSEHOLDS, seed)
    assert len(archive) == 2
    assert archive.run(base, HOUSEHOLDS, 3).finished
    assert not archive.run(base, HOUSEHOLDS, 1).finished
    with pytest.raises(ValueError, match="read-only"):
        archive.run(base, HOUSEHOLDS, 3).so_far()[0, 0] = 1.0


def test_a_run_that_nobody_wants_any_more_is_forgotten() -> None:
    archive = simulation.Archive()
    pictures = simulation.compare_live(choice.first_choice(), archive)
    for _ in range(3):
        next(pictures)
    under_way = [weakref.ref(run) for run in archive._under_way.values()]
    assert len(under_way) == 2
    pictures.close()
    gc.collect()
    assert all(run() is None for run in under_way)
    assert len(archive) == 0


def test_what_breaks_a_run_reaches_everyone_who_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = simulation.SharedRun(choice.first_choice(), HOUSEHOLDS, 1)
    run.reach(1)

    def fail() -> None:
        raise RuntimeError("a gram is missing")

    monkeypatch.setattr(run._model, "step", fail)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="a gram is missing"):
            run.reach(2)
    assert run.done == 1


# --- Figures --------------------------------------------------------------------------------------


@pytest.fixture
def picture() -> simulation.Picture:
    """A complete comparison."""
    *_, last = simulation.compare_live(choice.first_choice())
    assert last is not None
    return last


def with_values(picture: simulation.Picture, name: str, baseline: list[float], mix: list[float]) -> Any:
    """The picture with other values in one column: one number per seed, the same in every month."""
    from dataclasses import replace

    changed = []
    for sample, numbers in ((picture.baseline, baseline), (picture.mix, mix)):
        values = sample.values[: len(numbers)].copy()
        position = next(n for n, column in enumerate(sample.columns) if column["name"] == name)
        values[:, :, position] = np.array(numbers)[:, None]
        changed.append(simulation.Sample(sample.columns, values))
    return replace(picture, baseline=changed[0], mix=changed[1], seeds=len(mix))


def test_cards_say_in_words_whether_a_difference_is_good(picture: simulation.Picture) -> None:
    columns = results.headline_columns(picture.mix.columns)
    name = next(name for name in columns if indicator_of(name).direction != 0)
    good = indicator_of(name).direction * 10.0
    better = results.card(with_values(picture, name, [100.0, 101.0], [100.0 + good, 101.1 + good]), name, "en")
    assert better.verdict == "better"
    worse = results.card(with_values(picture, name, [100.0, 101.0], [100.0 - good, 101.1 - good]), name, "nl")
    assert worse.verdict_text == "slechter"
    unclear = results.card(with_values(picture, name, [100.0, 101.0], [90.0, 111.0]), name, "en")
    assert unclear.verdict == "unclear"
    same = results.card(with_values(picture, name, [100.0, 101.0], [100.0, 101.0]), name, "en")
    assert same.change == "No difference"
    unknown = results.card(with_values(picture, name, [100.0, 101.0], [np.nan, np.nan]), name, "en")
    assert (unknown.value, unknown.change) == ("–", "Not defined here")
    single = results.card(with_values(picture, name, [100.0], [100.0 + good]), name, "en")
    assert single.verdict_text == "better in this run"


def test_cards_say_whether_a_target_is_hit(picture: simulation.Picture) -> None:
    columns = results.headline_columns(picture.mix.columns)
    for name in columns:
        declared = indicator_of(name)
        if isinstance(declared.target, (int, float)):
            good = float(declared.target) + (1.0 if declared.direction >= 0 else -1.0)
            bad = 2.0 * float(declared.target) - good
            hit = results.card(with_values(picture, name, [good], [good]), name, "en")
            missed = results.card(with_values(picture, name, [bad], [bad]), name, "nl")
            assert (hit.hit, missed.hit) == (True, False)
            assert hit.target.endswith(": hit")
            assert missed.target.endswith(": niet gehaald")


def test_every_headline_indicator_has_a_card_in_both_languages(picture: simulation.Picture) -> None:
    columns = results.headline_columns(picture.mix.columns)
    assert columns
    for language in texts.LANGUAGES:
        found = results.cards(picture, language)
        assert [card.column for card in found] == columns
        assert all(card.title and card.meaning and card.value for card in found)
        assert all(outcomes.say_family(indicator_of(name).family, language) for name in columns)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_column_has_a_title_without_identifiers(picture: simulation.Picture, language: str) -> None:
    identifiers = set(WORDS) | set(policies.registry())
    for column in picture.mix.columns:
        words = results.full_title(column["name"], language)
        assert "_" not in words and "@" not in words, words
        assert not identifiers & set(results.label_of(column["name"], language).split(", ")), words
        assert bool(indicator_of(column["name"]).axes) == bool(results.label_of(column["name"], language))


def test_columns_of_instruments_that_the_baseline_has_not_are_empty_there(picture: simulation.Picture) -> None:
    own = {column["name"] for column in picture.baseline.columns}
    extra = [column["name"] for column in picture.mix.columns if column["name"] not in own]
    assert extra
    assert np.isnan(results.series_of(picture.baseline, extra[0])).all()
    assert outcomes.chart_option(picture, extra[0], "en", True)["series"]


def test_running_means_skip_gaps() -> None:
    values = np.array([[1.0, np.nan, 3.0, 5.0], [np.nan, np.nan, 4.0, 4.0]])
    found = results.running_mean(values, 2)
    np.testing.assert_allclose(found, [[1.0, 1.0, 3.0, 4.0], [np.nan, np.nan, 4.0, 4.0]])


def test_bands_are_stacked_from_the_lowest_to_the_highest_seed(picture: simulation.Picture) -> None:
    name = results.headline_columns(picture.mix.columns)[0]
    other = with_values(picture, name, [1.0, 3.0], [-5.0, 5.0])
    option = outcomes.chart_option(other, name, "en", False)
    low, band = (line for line in option["series"] if line.get("stack") == "band This mix")
    assert set(low["data"]) == {-5.0}
    assert set(band["data"]) == {10.0}
    assert band["stackStrategy"] == "all"
    assert option["animation"] is False
    assert option["xAxis"]["type"] == "category"
    assert len(option["xAxis"]["data"]) == MONTHS


def test_one_run_has_no_band_and_months_to_come_are_empty() -> None:
    values = np.array([1.0, np.nan])
    alone = results.Lines(values, values, values)
    option = charts.comparison(["a", "b", "c"], alone, alone, "nl", "", None, [])
    assert [line["name"] for line in option["series"]] == ["Huidig beleid", "Deze mix"]
    assert option["series"][0]["data"] == [1.0, None, None]


def test_the_table_has_a_row_for_each_year(picture: simulation.Picture) -> None:
    name = results.headline_columns(picture.mix.columns)[0]
    other = with_values(picture, name, [1.0, 3.0], [2.0, 4.0])
    rows = results.yearly_rows(other, name, 2026, "en")
    assert rows == [[year, "2 (1 – 3)", "3 (2 – 4)", "+1"] for year in ("2026", "2027")]


def test_a_difference_in_the_ninth_digit_is_none() -> None:
    assert results._difference_text(np.array([50.0]), np.array([50.0 + 1e-7]), "en") == "0"
    assert results._difference_text(np.array([50.0]), np.array([50.1]), "en") == "+0.1"
    assert results._difference_text(np.array([np.nan]), np.array([1.0]), "nl") == texts.MISSING


# --- Stories --------------------------------------------------------------------------------------


def events_of(kind: str, what: str, who: str, count: int, **values: Any) -> list[Event]:
    return [Event(13, kind, who.format(n), "", what, "low_price", 5.0, "t/yr", values) for n in range(1, count + 1)]


def test_events_read_as_sentences_with_titles() -> None:
    config = levers.config()
    material, leaf, stream = config.materials.ids[0], config.leaves[0], config.streams.ids[0]
    place = config.jurisdictions.ids[leaf]
    event = events_of("exit", "bankrupt", f"{stream} recycler {{}} in {place}", 1)
    for language, word in (("en", "went bankrupt"), ("nl", "ging failliet")):
        found = narrative.sentence(event, language)
        assert found.startswith("2027-02 · ")
        assert word in found
        assert config.jurisdictions.titles[leaf][language] in found
        assert place not in found.split()
    regime = events_of("regime", "regime_restrict", config.blocs.ids[0], 1, material=material)
    assert config.materials.titles[0]["nl"] in narrative.sentence(regime, "nl")


def test_the_latest_events_come_first_and_plants_are_told_together() -> None:
    ids = levers.config().producers.ids
    many = [events_of("capacity", "mothballed", name, 1, subject="x")[0] for name in ids[:3]]
    lines = narrative.latest([*events_of("exit", "bankrupt", "firm {}", 2), *many], 2, "en")
    assert len(lines) == 2
    assert "and 2 more" in lines[0]
    assert "firm 2" in lines[1]


def test_names_that_follow_no_pattern_stay_as_they_are() -> None:
    assert narrative.who_text("somebody else 3 in nowhere", "en") == "somebody else 3 in nowhere"


def test_organisations_of_the_model_are_told_with_their_titles() -> None:
    frame = player.Player(choice.first_choice()).frame()
    for language in texts.LANGUAGES:
        for row in frame.recyclers:
            assert narrative.who_text(row.name, language) != row.name


# --- Watching -------------------------------------------------------------------------------------


def test_a_player_goes_on_to_the_end_and_no_further() -> None:
    watched = player.Player(choice.first_choice())
    assert watched.frame().month == 0
    for month in range(1, MONTHS + 1):
        frame = watched.step()
        assert frame.month == month
        assert len(frame.prices) == len(frame.counts) == month
    assert frame.ended
    assert watched.step().month == MONTHS
    assert len(frame.recyclers) == sum(frame.counts[-1])
    assert {row.status for row in frame.recyclers} <= {"running", "shut", "restarting", "building"}


# --- The page -------------------------------------------------------------------------------------


@pytest.fixture
def visit() -> Iterator[Any]:
    """The page as one visitor sees it, with its own state."""
    kept = {name: getattr(state, name).value for name in ("language", "choice", "picture", "settled", "column", "page")}
    box, context = solara.render(app.Page(), handle_error=False)
    yield box
    context.close()
    for name, value in kept.items():
        getattr(state, name).value = value


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What a condition says as soon as that is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def widgets(parent: Any, kind: type) -> list[Any]:
    """Every widget of a kind below another one, in the order of the page."""
    found = []
    for child in getattr(parent, "children", None) or []:
        found += [child] if isinstance(child, kind) else []
        found += [] if isinstance(child, str) else widgets(child, kind)
    return found


def html_of(page: Any, tag: str) -> list[str]:
    """Plain texts of the elements with a tag."""
    return [" ".join(map(str, one.children)) for one in widgets(page, ipyvue.Html) if one.tag == tag]


def complete() -> bool:
    picture = state.picture.value
    return picture is not None and picture.complete and picture.choice == state.choice.value


def test_the_page_has_a_heading_named_levers_and_a_result(visit: Any) -> None:
    assert html_of(visit, "h1") == [texts.say("title", "en")]
    names = [slider.attributes["aria-label"] for slider in widgets(visit, ipyvuetify.Slider)]
    assert len(names) == len(set(names)) == len(levers.levers())
    wait_for(complete)
    chart = wait_for(lambda: widgets(visit, solara.components.echarts.EchartsWidget))[0]
    assert chart.attributes["role"] == "img"
    assert texts.say("mix", "en").lower() in chart.attributes["aria-label"]


def test_the_language_switch_changes_every_text(visit: Any) -> None:
    state.language.set("nl")
    assert html_of(visit, "h1") == [texts.say("title", "nl")]
    assert next(one for one in widgets(visit, ipyvue.Html) if one.tag == "main").attributes["lang"] == "nl"
    words = " ".join(html_of(visit, "p") + html_of(visit, "h2") + html_of(visit, "h3") + html_of(visit, "h4"))
    assert texts.say("levers.title", "nl") in words
    assert texts.say("levers.title", "en") not in words.split()


def test_a_lever_starts_a_run_and_reset_takes_it_back(visit: Any) -> None:
    wait_for(complete)
    slider = widgets(visit, ipyvuetify.Slider)[0]
    slider.v_model = slider.max / 2.0
    lever = levers.levers()[0]
    setting = state.choice.value.lever(lever.name)
    assert setting.strength == pytest.approx(slider.max / 2.0 / lever.scale)
    assert setting.government == lever.governments[0]
    wait_for(complete)
    assert state.problem.value == ""
    press(visit, "levers.reset")
    assert state.choice.value.levers == ()
    wait_for(lambda: widgets(visit, ipyvuetify.Slider)[0].v_model == 0.0)


def test_what_is_typed_wrongly_changes_nothing_and_says_so(visit: Any) -> None:
    field = widgets(visit, ipyvuetify.TextField)[0]

    def complaint() -> bool:
        return any("is not a number" in text for text in html_of(visit, "p"))

    before = state.choice.value
    field.v_model = "a lot"
    wait_for(complaint)
    assert state.choice.value == before
    assert field.v_model == "a lot"
    field.v_model = "1.5"
    wait_for(lambda: not complaint())
    assert state.choice.value != before
    assert field.v_model == "1.5"


def test_what_breaks_a_run_is_told_on_the_page(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(chosen: Choice) -> Iterator[None]:
        raise ConfigError("the instruments contradict each other")
        yield

    monkeypatch.setattr(explore, "compare_live", broken)
    state.choice.set(choice.first_choice().with_lever(an_instrument(), a_setting(an_instrument())))
    alert = wait_for(lambda: widgets(visit, ipyvuetify.Alert))[0]
    assert alert.children == ["the instruments contradict each other"]


def press(visit: Any, key: str) -> None:
    """Click the button with the words of a key, once it can be clicked: another thread may be painting."""

    def ready() -> Any:
        labels = [texts.say(key, "en")]
        found = [one for one in widgets(visit, ipyvuetify.Btn) if one.children == labels and not one.disabled]
        return [one for one in found if any(event.startswith("click") for event in one._event_handlers_map)]

    wait_for(ready)[0].fire_event("click", {})


def test_watching_steps_plays_and_restarts(visit: Any) -> None:
    def wait_for_words(words: str) -> None:
        wait_for(lambda: words in html_of(visit, "p"))

    state.page.set(1)
    wait_for_words(texts.say("watch.before", "en", months=MONTHS))
    press(visit, "watch.step")
    wait_for_words("2026-01: month 1 of 24")
    press(visit, "watch.play")
    wait_for_words("2026-03: month 3 of 24")
    press(visit, "watch.pause")
    press(visit, "watch.restart")
    wait_for_words(texts.say("watch.before", "en", months=MONTHS))


# --- The server -----------------------------------------------------------------------------------


def test_a_port_in_use_is_said_or_avoided(monkeypatch: pytest.MonkeyPatch) -> None:
    with server.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match="in use"):
            server.listen("127.0.0.1", port)
        monkeypatch.setattr(server, "USUAL_PORT", port)
        with server.listen("127.0.0.1", None) as other:
            assert other.getsockname()[1] != port


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match="is not a port"):
        server.listen("127.0.0.1", port)


def test_it_listens_on_this_machine_only() -> None:
    with server.listen("127.0.0.1", 0) as listener:
        assert listener.family == socket.AF_INET
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", server.address(listener))
