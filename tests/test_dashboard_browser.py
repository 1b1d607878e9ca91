"""The dashboard in a real headless browser, with no network but the loopback."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from experiments.dashboard.texts import LANGUAGES, say

pytestmark = pytest.mark.browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
PATIENCE = 60_000  # milliseconds
# The page as it is, with a short horizon; it ends by itself should the tests be cut off.
SERVER = """
import os, threading
end = threading.Timer(600.0, os._exit, (3,))
end.daemon = True
end.start()
from functools import partial
from experiments.dashboard import choice, launch, player, simulation
choice.load_scenario = partial(choice.load_scenario, months=48)
simulation.SEEDS = (1, 2)
raise SystemExit(launch(port=0, open_browser=False))
"""
CUT_OFF = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")


def started() -> tuple[subprocess.Popen[str], str]:
    """A server in its own process, and where its page is."""
    environment = {**os.environ, **CUT_OFF, "NO_PROXY": "127.0.0.1"}
    root = str(Path(__file__).resolve().parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, env=environment)
    assert server.stdout is not None
    line = server.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    if found is None:
        server.kill()
        raise AssertionError(f"the server did not start: {line!r}")
    return server, found[0]


def ended(server: subprocess.Popen[str], how: signal.Signals) -> int:
    """The status with which the server ends when it is told to."""
    server.send_signal(how)
    try:
        return server.wait(timeout=20)
    finally:
        server.kill()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running dashboard."""
    server, url = started()
    yield url
    ended(server, signal.SIGTERM)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser that reaches nothing but this machine."""
    if not CHROMIUM:
        pytest.fail("these tests need Chromium: apt-get install chromium, or leave them out with -m 'not browser'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the page; afterwards nothing must have failed, gone elsewhere, or complained."""
    troubles: list[str] = []
    contexts = []

    def watch(request: Request) -> None:
        if urlparse(request.url).hostname not in ("127.0.0.1", None):
            troubles.append(f"asked for {request.url}")

    def open_page(language: str = "en", **options: Any) -> Page:
        context = chromium.new_context(locale={"en": "en-GB", "nl": "nl-NL"}[language], **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", watch)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 400 else None)
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.goto(address)
        page.locator("main h1").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


def field_of(page: Page, lever: str) -> Any:
    """Where the strength of a lever is typed."""
    return page.locator(f"[data-lever={lever}]").get_by_role("textbox", name=re.compile("Strength"))


def status(page: Page) -> Any:
    return page.locator(".status").get_by_role("status")


def wait_for_refined(page: Page, language: str = "en") -> None:
    """Until all full runs are in."""
    words = say("status.refined", language, wanted=2, households=".*").split(".*")[0]
    status(page).filter(has_text=words).wait_for()


def painted(page: Page, number: int = 0) -> bytes:
    """A chart as it looks."""
    canvas = page.locator(".solara-echarts canvas").nth(number)
    canvas.wait_for()
    return canvas.screenshot()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_renders_offline_in_the_browsers_language(opened: Callable[..., Page], language: str) -> None:
    page = opened(language)
    assert page.locator("main h1").inner_text() == say("title", language)
    wait_for_refined(page, language)
    assert page.evaluate("document.documentElement.lang") == language
    assert page.title() == say("title", language)
    assert page.locator("article.card").count() >= 14
    assert len(set(page.get_by_role("slider").evaluate_all("all => all.map(one => one.ariaLabel)"))) >= 8
    page.wait_for_function("(document.querySelector('.solara-echarts canvas') || {width: 0}).width > 100")
    page.get_by_role("tab", name=say("tab.watch", language)).click()
    page.get_by_role("button", name=say("watch.play", language)).wait_for()


def test_the_language_can_be_switched(opened: Callable[..., Page]) -> None:
    page = opened("en")
    page.get_by_role("button", name="Nederlands").click()
    page.get_by_role("heading", level=1, name=say("title", "nl")).wait_for()
    page.wait_for_function("document.documentElement.lang === 'nl'")


def test_a_lever_moved_with_the_keyboard_changes_chart_and_cards(opened: Callable[..., Page]) -> None:
    page = opened()
    wait_for_refined(page)
    page.get_by_role("button", name=say("card.chart_name", "en", title="Net public cost"), exact=True).click()
    page.get_by_role("heading", name="Net public cost", level=2).wait_for()
    page.wait_for_timeout(500)
    before, card = painted(page), page.locator("article.card.chosen").inner_text()
    page.locator("[data-lever=recovery_subsidy]").get_by_role("slider").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    status(page).filter(has_text="Preview").wait_for()
    wait_for_refined(page)
    page.locator("article.card.chosen").filter(has_not_text=card).wait_for()
    assert painted(page) != before
    page.get_by_role("button", name=say("levers.reset", "en")).click()
    wait_for_refined(page)
    page.wait_for_function("text => document.querySelector('article.card.chosen').innerText === text", arg=card)


def test_absurd_values_get_a_message_and_change_nothing(opened: Callable[..., Page]) -> None:
    page = opened()
    lever, field = page.locator("[data-lever=recycled_content_mandate]"), field_of(page, "recycled_content_mandate")
    for typed, words in (("a lot", "“a lot” is not a number"), ("1e9", "Allowed: 0–100 %"), ("x-3", "“x-3” is not")):
        field.fill(typed)
        lever.get_by_role("alert").filter(has_text=words).wait_for()
    field.fill("12.5")
    lever.get_by_role("alert").wait_for(state="detached")
    page.wait_for_function(
        "document.querySelector('[data-lever=recycled_content_mandate] [role=slider]').ariaValueNow == '12.5'"
    )


def test_charts_have_a_table_and_any_indicator_can_be_chosen(opened: Callable[..., Page]) -> None:
    page = opened()
    wait_for_refined(page)
    page.get_by_role("button", name=say("table.show", "en")).first.click()
    page.locator("table.figures tbody tr").nth(3).wait_for()
    assert page.locator("table.figures tbody tr").count() == 4
    page.get_by_label(say("chart.indicator", "en")).select_option("Price outside the blocs")
    page.get_by_role("heading", name=re.compile("Price outside the blocs: "), level=2).wait_for()
    image = page.get_by_role("img", name=re.compile("Chart of Price outside the blocs: "))
    assert "difference" in (image.get_attribute("aria-label") or "")


def test_a_preset_replaces_the_mix(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_label(say("presets.mix", "en")).select_option("Business as usual")
    wait_for_refined(page)
    page.wait_for_function("document.querySelectorAll('.card').length === document.querySelectorAll('.same').length")


def test_watching_plays_pauses_steps_and_restarts(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_role("tab", name=say("tab.watch", "en")).click()
    now = page.locator(".player .now")
    now.filter(has_text="Ready to start").wait_for()
    page.get_by_role("button", name=say("watch.step", "en")).click()
    now.filter(has_text="2026-01").wait_for()
    first = painted(page, 1)
    page.get_by_role("button", name=say("watch.play", "en"), exact=True).click()
    now.filter(has_text=re.compile(r"month ([4-9]|\d\d) of")).wait_for()
    page.get_by_role("button", name=say("watch.pause", "en")).click()
    page.get_by_role("button", name=say("watch.play", "en"), exact=True).wait_for()
    page.wait_for_timeout(1500)
    paused = now.inner_text()
    assert painted(page, 1) != first
    page.wait_for_timeout(1500)
    assert now.inner_text() == paused
    assert page.locator(".scene table.figures tbody tr").count() > 5
    page.get_by_role("button", name=say("watch.restart", "en")).click()
    now.filter(has_text="Ready to start").wait_for()


def test_it_fits_a_telephone_and_may_be_zoomed(opened: Callable[..., Page]) -> None:
    page = opened(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    wait_for_refined(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert "user-scalable" not in page.locator("meta[name=viewport]").get_attribute("content")
    assert page.locator("[data-lever]").first.is_visible()
    page.get_by_role("slider").first.focus()
    assert page.locator(".peek").is_visible()


def test_two_visitors_do_not_see_each_others_levers(opened: Callable[..., Page]) -> None:
    one, other = opened(), opened()
    field_of(one, "primary_levy").fill("20")
    one.get_by_role("button", name="Reset Levy on primary material").wait_for()
    assert field_of(other, "primary_levy").input_value() == "0"


def test_everything_that_can_be_used_has_a_name(opened: Callable[..., Page]) -> None:
    page = opened()
    wait_for_refined(page)
    for tab, landmark in (("tab.explore", "article.card"), ("tab.watch", ".player .now")):
        page.get_by_role("tab", name=say(tab, "en")).click()
        page.locator(landmark).first.wait_for()
        lines = page.locator("main").aria_snapshot().splitlines()
        used = [line for line in lines if re.match(r"\s*- (button|textbox|slider|checkbox|tab|combobox|img)\b", line)]
        assert used
        assert not [line for line in used if not re.search(r'- \w+ "[^"]', line)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_when_told_even_with_a_page_open(chromium: Browser, how: signal.Signals) -> None:
    server, url = started()
    page = chromium.new_page()
    page.goto(url)
    status(page).wait_for()
    began = time.monotonic()
    code = ended(server, how)
    assert time.monotonic() - began < 15
    assert code in (0, -how)
    page.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(urlparse(url).port or 0)), timeout=2)
