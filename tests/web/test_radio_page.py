"""The page of a radio as a person meets it: it really plays, and says what is heard when it is heard."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import toasted, unhurried
from patience import until
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from radio_room import THEME, now, radio
from tone_studio import Tones, encoded

from flows.radio import Serving

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
if CHROMIUM is None and "REQUIRE_BROWSER" not in os.environ:
    pytest.skip("needs Chromium on the PATH", allow_module_level=True)

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
TITLES = ("Kettle on Low Heat", "<b>Umbrella</b> & 'Stand'", "The Last Tram Home 🚋")
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A radio with a track every six seconds."""
    with radio(tmp_path_factory.mktemp("radio"), Tones(titles=TITLES)) as serving:
        yield serving


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Opened]:
    """Open pages, each in a browser of its own; nothing may be wrong in them."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_one(serving: Serving, **more: Any) -> Page:
        context = browser.new_context(**{"viewport": DESK, **more})
        contexts.append(context)
        unhurried(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.goto(serving.address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []


def moment(page: Page) -> float:
    """How far the sound has been played, in seconds."""
    return float(page.locator("#sound").evaluate("one => one.currentTime"))


def playing(page: Page, seconds: float = 0.5) -> None:
    """Wait until so much was really played."""
    until(lambda: moment(page) > seconds)
    expect(page.locator("body")).to_have_attribute("data-playing", "true")


def test_an_evening_with_the_radio_by_keyboard(air: Serving, open_page: Opened) -> None:
    """Space plays, L loves, / and a sentence steer it, N skips, M silences it, Space ends it."""
    page = open_page(air)
    expect(page).to_have_title(re.compile(re.escape(THEME)))
    page.keyboard.press("Space")
    playing(page)
    expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    expect(page.locator("#listening")).to_contain_text(re.compile(r"[1-9]\d* listener"))

    page.keyboard.press("l")
    toasted(page, "is loved.")

    page.keyboard.press("/")
    expect(page.locator("#wish")).to_be_focused()
    page.keyboard.type("slower please, with piano and my secret word")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("It goes on with: slower, piano.")
    expect(page.locator("#wished")).to_have_text("slower, piano")
    assert "secret" not in str(now(air))
    page.locator("#wish").blur()

    page.keyboard.press("m")
    assert page.locator("#sound").evaluate("one => one.volume") == 0
    page.keyboard.press("m")
    assert page.locator("#sound").evaluate("one => one.volume") == pytest.approx(0.8)

    page.keyboard.press("n")
    toasted(page, "next one comes", "over already", "skipped already")

    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    until(lambda: now(air)["standing"]["listeners"] == 0)


CHANGES = """
() => {
  window.changes = [];
  new MutationObserver(() => {
    const [title, before] = ["#title", "#past .title"].map((one) => document.querySelector(one)?.textContent);
    const picture = document.querySelector("#past img")?.getAttribute("src");
    if (picture !== changes.at(-1)?.picture) changes.push({ title, before, picture, at: Date.now() / 1000 });
  }).observe(document.getElementById("title"), { childList: true });
}
"""
"""Notes when the title of a page changes, with what was heard before it and the number of that."""


def test_titles_change_when_they_are_heard(air: Serving, open_page: Opened) -> None:
    """A listener is some seconds behind the radio: a page that plays changes later than one that only looks."""
    looks, plays = open_page(air), open_page(air)
    plays.keyboard.press("Space")
    playing(plays, 1.5)
    for page in (looks, plays):
        page.evaluate(CHANGES)

    def later() -> list[tuple[dict[str, Any], dict[str, Any], float]]:
        """What was on both pages, and by how much later on the one that plays."""
        both = [{each["picture"]: each for each in page.evaluate("changes")} for page in (looks, plays)]
        return [(one, both[1][key], both[1][key]["at"] - one["at"]) for key, one in both[0].items() if key in both[1]]

    until(lambda: any(seconds > 1.0 for *_, seconds in later()))
    for one, other, _ in later():
        assert (one["title"], one["before"]) == (other["title"], other["before"])
    ahead = "one => one.buffered.end(one.buffered.length - 1) - one.currentTime"
    until(lambda: plays.locator("#sound").evaluate(ahead) > 1.0)


def test_titles_are_text_and_pictures_come(air: Serving, open_page: Opened) -> None:
    """Also when a title looks like HTML."""
    page = open_page(air)
    until(lambda: len(now(air)["air"]["history"]) >= 3)
    page.reload()
    expect(page.locator("#past .title").filter(has_text=TITLES[1]).first).to_be_visible()
    expect(page.locator("#past b")).to_have_count(0)
    expect(page.locator("#cover")).to_be_visible()
    until(lambda: page.locator("#cover").evaluate("one => one.naturalWidth") == 64)


def test_a_wish_that_is_none_is_answered(air: Serving, open_page: Opened) -> None:
    """An empty one at once; what is not understood in words; too soon with how long to wait."""
    page = open_page(air)
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("#told")).to_contain_text("Say how it should go on")
    assert page.locator("#wish").get_attribute("maxlength") == "300"
    page.locator("#wish").fill("qwertz")
    answered = re.compile("No word of that is one of music|Try again in")
    until(lambda: _said(page) and "No word" in page.locator("#told").inner_text())
    expect(page.locator("#told")).to_have_text(answered)
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("#told")).to_contain_text("Try again in")


def test_hints_are_put_together_and_starting_over_stands_alone(air: Serving, open_page: Opened) -> None:
    """Whoever takes all back does not mean to wish for something at once."""
    page = open_page(air)
    for hint in ("slower", "more piano"):
        page.get_by_role("button", name=hint, exact=True).click()
    expect(page.locator("#wish")).to_have_value("slower, more piano")
    page.get_by_role("button", name="start over", exact=True).click()
    expect(page.locator("#wish")).to_have_value("start over")


def _said(page: Page) -> bool:
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("#told")).not_to_have_text(re.compile("listens|^$"))
    return True


def test_it_says_in_plain_words_when_the_studio_is_gone(tmp_path: Path, open_page: Opened) -> None:
    """And plays on; the page shows that what is heard was heard before."""
    with radio(tmp_path, Tones(titles=TITLES, length=8.0, fail="hang", after=7.0)) as serving:
        page = open_page(serving)
        page.keyboard.press("Space")
        playing(page)
        expect(page.locator("#stands")).to_contain_text("what was heard before is heard again")
        here = moment(page)
        playing(page, here + 1.0)


def test_the_keys_of_this_page_are_told(air: Serving, open_page: Opened) -> None:
    page = open_page(air)
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_contain_text("Skip this one")
    expect(page.locator("dialog[open]")).not_to_contain_text("Approve")
    assert Axe().run(page).violations_count == 0


def test_addresses_for_players_are_copied(air: Serving, open_page: Opened) -> None:
    page = open_page(air, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").first.click()
    toasted(page, "Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == f"{air.address}radio.mp3"


@pytest.mark.parametrize("view", [DESK, PHONE, {"width": 320, "height": 640}], ids=["desk", "phone", "small phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_everybody_can_use_the_page(air: Serving, open_page: Opened, view: Any, colours: Any) -> None:
    """No accessibility rule of axe is broken, nothing scrolls sideways, and a thumb reaches the buttons."""
    page = open_page(air, viewport=view, color_scheme=colours, reduced_motion="reduce")
    expect(page.locator("#title")).not_to_have_text("In a moment")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("play", "love", "skip"):
        box = page.locator(f"#{name}").bounding_box()
        assert box is not None and min(box["width"], box["height"]) >= 44


def test_a_browser_that_cannot_play_asks_more_and_more_seldom(air: Serving, open_page: Opened) -> None:
    """Sound that begins and breaks off each time, as without a device for it, is asked for after 1, 2 and 4 s."""
    page = open_page(air)
    page.clock.install(time=0)
    page.reload()
    page.clock.pause_at(60)
    short = b"".join(encoded(440, 1.0).mp3)
    page.route("**/radio.mp3*", lambda route: route.fulfill(body=short, content_type="audio/mpeg"))
    sound = page.locator("#sound")
    # Noted behind the page's own listener: what that does then is done.
    sound.evaluate("one => { window.ends = 0; one.addEventListener('ended', () => (ends += 1)); }")
    page.locator("#play").click()
    for ends, pause in enumerate((1000, 2000, 4000), 1):
        until(lambda ends=ends: page.evaluate("ends") == ends)
        asked = sound.get_attribute("src")
        page.clock.run_for(pause - 1)
        assert sound.get_attribute("src") == asked
        page.clock.run_for(1)
        assert sound.get_attribute("src") != asked


def test_who_is_faster_than_the_page_is_not_ignored(air: Serving, open_page: Opened) -> None:
    """Until its script is there a page takes no click: Play would do nothing, the door would show its token."""
    page = open_page(air)
    held: list[Route] = []
    page.route("**/radio-page.js", lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no bound methods
    with page.expect_request("**/radio-page.js"):
        page.reload(wait_until="commit")
    expect(page.locator("#title")).not_to_be_empty()
    play = page.locator("#play")
    hit = """one => {
        const { x, y, width, height } = one.getBoundingClientRect();
        return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }"""
    assert not play.evaluate(hit)
    page.unroute("**/radio-page.js")  # and what waits goes on
    until(lambda: play.evaluate(hit))
    play.click()
    playing(page)


def test_a_page_whose_script_does_not_come_says_so(tmp_path: Path, open_page: Opened) -> None:
    """Its links can be used, and a token that is entered all the same stays out of the address."""
    with radio(tmp_path, token="lampshade and rain", sound=False) as serving:
        page = open_page(serving)
        page.route("**/login.js", lambda route: route.abort())
        page.reload()
        expect(page.locator("#banner")).to_have_text("This page did not come whole. Load it again.")
        page.get_by_label("Token").fill("lampshade and rain")
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        assert "lampshade" not in page.url


def test_the_door_of_a_cafe(tmp_path: Path, open_page: Opened) -> None:
    """With a token a browser logs in and then plays; the addresses say where the token goes."""
    with radio(tmp_path, token="lampshade and rain") as serving:
        page = open_page(serving)
        page.get_by_label("Token").fill("umbrella")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("`lofi radio` was started with")
        page.get_by_label("Token").fill("lampshade and rain")
        page.keyboard.press("Enter")
        expect(page.locator("#title")).not_to_be_empty()
        expect(page.locator("#address-mp3")).to_have_value(re.compile(r"^http://radio:TOKEN@.*/radio\.mp3$"))
        page.locator("#play").click()
        playing(page)
