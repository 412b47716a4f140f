"""The review page as a person meets it, in a real browser: by keyboard, on a phone, and when the server is gone."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import toasted, toasts, unhurried
from patience import PATIENCE, until
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from pydantic import SecretStr
from review_room import a_port, served

from pipeline.library import open_library
from pipeline.pruning import prune_takes
from pipeline.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
if CHROMIUM is None and "REQUIRE_BROWSER" not in os.environ:
    pytest.skip("needs Chromium on the PATH", allow_module_level=True)

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PAGES = ("/", "/albums", "/compare", "/studio", "/night", "/login")
FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def address(library: Path, cache: Path) -> Iterator[str]:
    """A room that may be decided in."""
    with served(library, cache) as place:
        yield place


@pytest.fixture
def port() -> Iterator[int]:
    """A port for a room that is closed and opened again."""
    with a_port() as number:
        yield number


@pytest.fixture(scope="module")
def gallery(shared: tuple[Path, Path]) -> Iterator[str]:
    """A room that is only looked at."""
    with served(*shared) as place:
        yield place


Opened = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Opened]:
    """Open pages, each in a browser of its own unless told which; nothing may be wrong in them."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_one(address: str, deaf: bool = False, **more: Any) -> Page:
        context = browser.new_context(**{"viewport": DESK, **more})
        contexts.append(context)
        unhurried(context, slowly=True)
        page = context.new_page()
        if deaf:  # It hears nothing of what changes.
            page.route("**/api/events", lambda route: route.abort())
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []


def get(address: str) -> Any:
    return httpx.get(address, timeout=PATIENCE).json()


def album_of(address: str) -> dict[str, Any]:
    slug = get(f"{address}/api/albums")[0]["slug"]
    album: dict[str, Any] = get(f"{address}/api/albums/{slug}")
    return album


def decisions(address: str) -> list[tuple[str, int | None, int | None, str]]:
    """What the server has, the oldest first."""
    made = reversed(album_of(address)["decisions"])
    return [(said["decision"], said["track"], said["take"], said["note"]) for said in made if not said["undone"]]


def decided(address: str, *wanted: tuple[str, int | None, int | None, str]) -> None:
    """Wait until the server has exactly these."""
    until(lambda: decisions(address) == list(wanted))


def first(page: Page) -> tuple[int, int]:
    """Choose the first take of the queue; return its track and number."""
    page.keyboard.press("j")
    expect(page.locator("#take-title")).to_be_visible()
    return shown(page)


def shown(page: Page) -> tuple[int, int]:
    """The track and take that the address names."""
    found = re.search(r"take=[a-z0-9-]+/(\d+)/(\d+)", page.url)
    assert found is not None
    return int(found[1]), int(found[2])


def playing(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-playing", "true")


def moment(page: Page) -> float:
    return float(page.locator(".wave").get_attribute("aria-valuenow") or 0)


# Keys


def test_an_evening_by_keyboard(address: str, open_page: Opened) -> None:
    """J, Space, A, J, R with a reason: two decisions, without the mouse, on the very takes that were shown."""
    page = open_page(address)
    one = first(page)
    page.keyboard.press("Space")
    playing(page)
    page.keyboard.press("a")
    expect(page.locator(".take .state")).to_contain_text("Approved")
    page.keyboard.press("j")
    expect(page).not_to_have_url(re.compile(f"/{one[0]}/{one[1]}$"))
    expect(page.locator("[data-name=approve]")).to_have_attribute("aria-pressed", "false")
    two = shown(page)
    page.keyboard.press("r")
    page.keyboard.type("Off tempo, a bit")
    page.keyboard.press("Enter")
    expect(page.locator(".take .state")).to_contain_text("Rejected: Off tempo, a bit")
    decided(address, ("approved", *one, ""), ("rejected", *two, "Off tempo, a bit"))
    expect(page.locator(f'.row[data-key$="/{one[0]}/{one[1]}"] .mark')).to_have_text("approved")


def test_undo_takes_the_last_one_back(address: str, open_page: Opened) -> None:
    page = open_page(address)
    one = first(page)
    expect(page.locator("[data-name=undo]")).to_be_disabled()
    page.keyboard.press("a")
    decided(address, ("approved", *one, ""))
    expect(page.locator(".waiting")).to_have_count(0)
    expect(page.locator("[data-name=undo]")).to_be_enabled()
    page.keyboard.press("u")
    decided(address)
    expect(page.locator(".take .state")).to_contain_text("Not decided yet")
    expect(page.locator("[data-name=undo]")).to_be_disabled()


def test_typing_decides_nothing(address: str, open_page: Opened) -> None:
    """Letters in the search field, with Ctrl, and in a dialog are just letters; Space presses the button it is on."""
    page = open_page(address)
    first(page)
    page.keyboard.press("/")
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type("aru 12345")
    expect(page.locator("#words")).to_have_value("aru 12345")
    page.locator("#words").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+r")
    page.locator("#help").focus()
    page.keyboard.press("Space")
    expect(page.locator("dialog[open] h2")).to_have_text("Keys")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    assert decisions(address) == []


def test_keys_can_be_changed_and_not_doubled(address: str, open_page: Opened) -> None:
    """X approves once it was given that; J stays with the next take; a reload remembers."""
    page = open_page(address)
    page.keyboard.press("?")
    change = page.get_by_role("button", name="Change the key for: Approve", exact=True)
    change.click()
    page.keyboard.press("j")
    expect(page.locator(".key-said")).to_contain_text("J is taken by “Next take”")
    change.click()
    page.keyboard.press("x")
    expect(page.locator(".key-said")).to_contain_text("X is now for “Approve”")
    page.keyboard.press("Escape")
    page.reload()
    one = first(page)
    page.keyboard.press("a")
    page.keyboard.press("x")
    decided(address, ("approved", *one, ""))


def test_notes_and_titles_by_key(address: str, open_page: Opened) -> None:
    page = open_page(address)
    track, _ = first(page)
    page.keyboard.press("n")
    page.keyboard.type("louder bass")
    page.keyboard.press("Enter")
    decided(address, ("noted", track, None, "louder bass"))
    page.keyboard.press("t")
    page.keyboard.press("Control+a")
    page.keyboard.type("<b>Émile & the \u202eGutter</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#take-title")).to_contain_text("<b>Émile &")
    decided(address, ("noted", track, None, "louder bass"), ("retitled", track, None, ""))
    assert page.locator("#take-title b").count() == 0


def test_blank_words_are_asked_for(address: str, open_page: Opened) -> None:
    """A blank title or reason is kept nowhere, and the page says what is missing; a title has an end."""
    page = open_page(f"{address}/albums/{album_of(address)['slug']}")
    expect(page.locator("#take-title")).to_be_visible()
    page.locator("[data-name=retitle-album]").click()
    page.locator(".inplace").fill("   ")
    page.keyboard.press("Enter")
    expect(page.locator("h1 .told")).to_have_text("Write a title.")
    page.locator(".inplace").press_sequentially("x" * 130)
    expect(page.locator("h1 .told")).to_have_text("A title has at most 120 characters.")
    page.keyboard.press("Escape")
    for key, said in (("r", "Say why, in a word or two."), ("t", "Write a title.")):
        page.keyboard.press(key)
        page.locator("#dialog-words").fill("  ")
        page.keyboard.press("Enter")
        expect(page.locator("#dialog-told")).to_have_text(said)
        page.keyboard.press("Escape")
    assert decisions(address) == []


def test_a_long_word_stays_on_the_page(address: str, open_page: Opened) -> None:
    """A title without a space goes nowhere out of the album, the queue or the player, which follows it."""
    page = open_page(f"{address}/albums/{album_of(address)['slug']}", viewport=PHONE)
    expect(page.locator("#take-title")).to_be_visible()
    page.keyboard.press("t")
    page.locator("#dialog-words").fill("W" * 120)
    page.keyboard.press("Enter")
    expect(page.locator("#now-title")).to_have_text("W" * 120)
    page.locator("[data-name=retitle-album]").click()
    page.locator(".inplace").fill("M" * 120)
    page.keyboard.press("Enter")
    expect(page.locator("#now-line")).to_contain_text("M" * 120)
    expect(page.locator(".waiting")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for path in ("/", "/albums"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# Hearing


def test_a_take_is_heard_from_anywhere(gallery: str, open_page: Opened) -> None:
    """A click on the wave goes there, the arrows five seconds on, and another take of the track goes on from there."""
    page = open_page(gallery)
    first(page)
    page.keyboard.press("Space")
    playing(page)
    page.keyboard.press("Space")  # so that a place is there to be looked at for longer than a moment
    expect(page.locator("body")).to_have_attribute("data-playing", "false")
    wave = page.locator(".wave").bounding_box()
    assert wave is not None
    page.mouse.click(wave["x"] + wave["width"] * 0.3, wave["y"] + 20)
    expect(page.locator(".wave")).to_have_attribute("aria-valuenow", "3")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".wave")).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wave")).to_have_attribute("aria-valuenow", "5")
    page.keyboard.press("Space")
    playing(page)
    _, take = shown(page)
    page.keyboard.press(str(3 - take))
    expect(page.locator(f"[data-name=take-{3 - take}]")).to_have_attribute("aria-pressed", "true")
    playing(page)
    assert moment(page) >= 4


def test_the_next_take_follows_by_itself(address: str, open_page: Opened) -> None:
    """It begins when the first ends; keys and buttons meant for the first decide nothing on it, and soon others do."""
    page = open_page(address)
    page.clock.install(time=0)
    page.reload()
    one = first(page)
    page.keyboard.press("Space")
    playing(page)
    page.clock.pause_at(3600)  # the page's own seconds: in how many of the test's they pass says nothing
    page.locator(".wave").focus()
    page.keyboard.press("End")
    expect(page).not_to_have_url(re.compile(f"/{one[0]}/{one[1]}$"))
    playing(page)
    page.keyboard.press("a")
    page.locator("[data-name=approve]").click()
    page.locator("[data-name=choose]:enabled, [data-name=reroll]").first.click()
    expect(page.locator("#toasts .toast")).to_have_text(
        ["That was meant for the take before? Go back with K."] * 3, use_inner_text=True
    )
    page.clock.run_for(2400)
    page.keyboard.press("a")
    assert len(toasts(page)) == 4 and decisions(address) == []
    page.clock.run_for(200)
    two = shown(page)
    page.keyboard.press("a")
    decided(address, ("approved", *two, ""))


def test_who_goes_back_may_decide_at_once(address: str, open_page: Opened) -> None:
    """A take ended and the next began: K, and the decision is on the one that was meant."""
    page = open_page(address)
    one = first(page)
    page.keyboard.press("Space")
    playing(page)
    page.locator(".wave").focus()
    page.keyboard.press("End")
    expect(page).not_to_have_url(re.compile(f"/{one[0]}/{one[1]}$"))
    page.keyboard.press("k")
    page.keyboard.press("a")
    decided(address, ("approved", *one, ""))


def test_a_loop_stays_within(gallery: str, open_page: Opened) -> None:
    """From [ to ] it goes round; L ends it."""
    page = open_page(gallery)
    first(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    page.keyboard.press("Space")
    playing(page)
    expect(page.locator("#bar-from")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".wave")).to_have_attribute("aria-valuenow", re.compile("[01]"))
    page.keyboard.press("l")
    expect(page.locator("#bar-loop")).to_have_attribute("aria-pressed", "false")


def test_a_place_holds_when_the_sound_comes(gallery: str, open_page: Opened) -> None:
    """Gone ahead before there was any sound: `]`, pressed in the very moment that it comes, means the place ahead."""
    page = open_page(gallery)
    held: list[Route] = []
    page.route("**/sound/**", lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no bound methods
    page.evaluate("""() => {
        const press = () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "]", bubbles: true }));
        const load = HTMLMediaElement.prototype.load;
        HTMLMediaElement.prototype.load = function () {
            HTMLMediaElement.prototype.load = load;
            this.addEventListener("loadedmetadata", press, { once: true });
            load.call(this);
        };
    }""")
    with page.expect_request("**/sound/**"):
        first(page)
    page.keyboard.press("ArrowRight")
    assert held
    page.unroute("**/sound/**")  # and those that wait go on
    expect(page.locator("#bar-from")).to_have_attribute("aria-pressed", "true")


def test_speed_is_remembered(gallery: str, open_page: Opened) -> None:
    page = open_page(gallery)
    page.locator("#bar-speed").fill("1.25")
    page.reload()
    expect(page.locator("#bar-speed-said")).to_have_text("1.25×")


# Addresses


def test_back_and_reload_show_the_same(gallery: str, open_page: Opened) -> None:
    """The filters and the take are in the address."""
    page = open_page(gallery)
    page.locator("select[name=sort]").select_option("score")
    expect(page).to_have_url(re.compile("sort=score"))
    page.locator(".row a").nth(1).click()
    expect(page.locator("#take-title")).to_be_visible()
    here = page.url
    page.reload()
    expect(page.locator("#take-title")).to_be_visible()
    expect(page.locator("select[name=sort]")).to_have_value("score")
    assert page.url == here
    page.go_back()
    expect(page).to_have_url(re.compile("sort=score$"))
    page.locator("#words").fill("no title has this")
    expect(page.locator("#nothing")).to_be_visible()


# Decisions are not lost


def test_decisions_wait_for_the_server(library: Path, cache: Path, port: int, open_page: Opened) -> None:
    """While it is gone they are kept, over a reload as well; when it is back they are sent, in order and once."""
    with served(library, cache, port) as address:
        page = open_page(address)
        one = first(page)
    page.keyboard.press("a")
    expect(page.locator("#banner")).to_have_text(
        "The server does not answer; 1 decision is kept here and will be sent."
    )
    page.keyboard.press("n")
    page.keyboard.type("after the storm")
    page.keyboard.press("Enter")
    expect(page.locator("#banner")).to_contain_text("2 decisions are kept")
    expect(page.locator(".take .state")).to_contain_text("Approved")
    with served(library, cache, port) as address:
        page.reload()
        decided(address, ("approved", *one, ""), ("noted", one[0], None, "after the storm"))
        expect(page.locator("#banner")).to_be_hidden()


def test_a_take_comes_once_the_server_is_back(library: Path, cache: Path, port: int, open_page: Opened) -> None:
    """A take was chosen while it was gone: the page says so, and shows and plays it by itself later."""
    with served(library, cache, port) as address:
        page = open_page(address)
        expect(page.locator(".row")).to_have_count(4)
    page.locator(".row a").first.click()
    expect(page.locator("#banner")).to_contain_text("The server does not answer.")
    with served(library, cache, port):
        expect(page.locator("#take-title")).to_be_visible()
        expect(page.locator("#bar-time")).not_to_have_text("0:00")
        expect(page.locator("#banner")).to_be_hidden()
    assert not any("gone or damaged" in said for said in toasts(page))


def test_a_sound_that_is_gone_is_said_to_be(gallery: str, open_page: Opened) -> None:
    """The server answers, and has it no more."""
    page = open_page(gallery)
    page.route("**/sound/**", lambda route: route.fulfill(status=404, json={"message": "No.", "remedy": ""}))
    page.locator(".row a").first.click()
    toasted(page, "gone or damaged")
    expect(page.locator("#banner")).to_be_hidden()


def test_a_take_that_was_pruned_is_said_to_be(library: Path, cache: Path, open_page: Opened) -> None:
    """It is in the list with all that was said of it; who wants to hear it is told when it went."""
    with open_library(Settings(library=library)) as (shelf, catalogue):
        (row,) = catalogue.albums()
        catalogue.decide(row.slug, row.manifest or "", "approved", "Ada")
        later = datetime.now(UTC) + timedelta(days=1)
        gone = prune_takes(shelf.album(row.slug), catalogue, later, later).gone
    track, take = map(int, Path(gone[0].path).stem.split("-"))
    with served(library, cache) as place:
        page = open_page(f"{place}/?take={row.slug}/{track}/{take}")
        expect(page.locator("#take-title")).to_be_visible()
        toasted(page, f"This take was pruned on {later.date()}")
        expect(page.locator("#banner")).to_be_hidden()


def test_a_lost_answer_decides_once(address: str, open_page: Opened) -> None:
    """The decision arrived and the answer did not: it is sent again, and nobody is asked whose decision stands."""
    page = open_page(address)
    one = first(page)
    lost = []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())
        route.abort()

    page.route("**/api/decisions", lose)
    page.keyboard.press("a")
    expect(page.locator(".waiting")).to_have_count(0)
    decided(address, ("approved", *one, ""))
    assert lost and page.locator("dialog[open]").count() == 0


def test_who_leaves_while_a_decision_is_on_its_way_decides_once(address: str, open_page: Opened) -> None:
    """The server has it and the page never heard so: the next one asks nobody whose decision stands."""
    page = open_page(address)
    one = first(page)
    taken = []
    page.route("**/api/decisions", lambda route: taken.append(route.fetch()))
    page.keyboard.press("a")
    until(lambda: page.title() and taken)
    later = page.context.new_page()
    page.close()
    later.goto(address)
    until(lambda: later.evaluate("Object.keys(localStorage).every((name) => !name.startsWith('lofi-outbox-'))"))
    decided(address, ("approved", *one, ""))
    assert later.locator("dialog[open]").count() == 0


@pytest.mark.parametrize("mine", [True, False])
def test_a_stale_decision_shows_both(address: str, open_page: Opened, mine: bool) -> None:
    """Somebody else decided on the same take meanwhile: both are shown, and the person chooses."""
    page, other = open_page(address, deaf=True), open_page(address)
    one = first(page)
    assert first(other) == one
    other.keyboard.press("r")
    other.keyboard.type("too dull")
    other.keyboard.press("Enter")
    decided(address, ("rejected", *one, "too dull"))
    page.keyboard.press("a")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("too dull")
    expect(dialog).to_contain_text("approved")
    dialog.get_by_role("button", name="Try again with mine" if mine else "Take theirs").click()
    if mine:
        decided(address, ("rejected", *one, "too dull"), ("approved", *one, ""))
        expect(page.locator(".take .state")).to_contain_text("Approved")
    else:
        expect(page.locator(".take .state")).to_contain_text("Rejected: too dull")
        decided(address, ("rejected", *one, "too dull"))


def test_what_others_decide_shows_by_itself(address: str, open_page: Opened) -> None:
    """Two pages are open: the decision of one appears in the other."""
    page, other = open_page(address), open_page(address)
    one = first(page)
    assert first(other) == one
    other.keyboard.press("a")
    expect(page.locator(".take .state")).to_contain_text("Approved")
    expect(page.locator(f'.row[data-key$="/{one[0]}/{one[1]}"] .mark')).to_have_text("approved")


def test_what_others_decide_before_a_page_hears_of_changes_shows_as_well(address: str, open_page: Opened) -> None:
    """Its connection comes about late: what changed since it was drawn is not taken for what it was drawn with."""

    def told_first() -> str:
        """What a page is told at first of the library."""
        with httpx.stream("GET", f"{address}/api/events", timeout=PATIENCE) as stream:
            lines = stream.iter_lines()
            return next(next(lines) for line in lines if line == "event: pulse")

    page, held = open_page(address), list[Route]()
    page.route("**/api/events", lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no bound methods
    with page.expect_request("**/api/events"):
        page.reload()
    one = first(page)
    other, before = open_page(address), told_first()
    assert first(other) == one
    other.keyboard.press("a")
    decided(address, ("approved", *one, ""))
    assert held and until(lambda: told_first() != before)
    page.unroute("**/api/events")  # and what waits goes on
    expect(page.locator(".take .state")).to_contain_text("Approved")


# The other rooms


def test_an_album_is_put_in_order(address: str, open_page: Opened) -> None:
    """Its tracks change places by a button, its title where it stands; what waits to be made is listed."""
    album = album_of(address)
    page = open_page(f"{address}/albums/{album['slug']}")
    titles = [track["title"] for track in album["tracks"]]
    page.get_by_role("button", name=f"Later: {titles[0]}").click()
    expect(page.locator(".track .title")).to_have_text(titles[::-1])
    decided(address, ("reordered", None, None, ""))
    expect(page.locator(".changes li")).to_have_count(1)
    page.locator("[data-name=retitle-album]").click()
    page.locator(".inplace").fill("A Dry Spot")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("A Dry Spot")
    decided(address, ("reordered", None, None, ""), ("retitled", None, None, ""))
    page.locator(".history button").first.click()
    decided(address, ("reordered", None, None, ""))


def told(page: Page, jobs: list[dict[str, Any]]) -> None:
    """Let the page hear of these orders as the server would tell it."""
    page.evaluate(
        "jobs => window.sources.at(-1).dispatchEvent(new MessageEvent('jobs', { data: JSON.stringify(jobs) }))", jobs
    )


HEARD = """
window.sources = [];
window.EventSource = class extends EventSource { constructor(address) { super(address); sources.push(this); } };
"""


def test_changes_are_seen_being_made(address: str, open_page: Opened) -> None:
    """Ordered once, they show how far they are, over a reload too; the album waits, and the end is told."""
    album = album_of(address)
    page = open_page(f"{address}/albums/{album['slug']}", deaf=True)
    page.add_init_script(HEARD)
    page.reload()
    approve = page.locator("[data-name=approve-album]")
    expect(approve).to_be_enabled()
    page.get_by_role("button", name=f"Later: {album['tracks'][0]['title']}").click()
    expect(approve).to_be_disabled()
    expect(approve).to_have_accessible_description("Make the changes first, and hear what comes of them.")
    page.locator("[data-name=make-changes]").dblclick()
    expect(page.locator(".making")).to_contain_text("Being made:")
    expect(page.locator("[data-name=make-changes]")).to_have_count(0)
    expect(approve).to_have_accessible_description("It is being made.")
    page.reload()
    expect(page.locator(".making")).to_contain_text("Being made:")
    (job,) = get(f"{address}/api/jobs")
    assert job["kind"] == "changes"
    told(page, [{**job, "state": "working", "said": "mastering", "share": 0.5}])
    expect(page.locator(".making")).to_contain_text("Being made: mastering")
    assert page.locator(".making progress").evaluate("bar => bar.value") == 0.5
    told(page, [{**job, "state": "failed", "said": "The disk is full."}])
    toasted(page, "The changes are not made. The disk is full.")
    expect(page.locator("[data-name=make-changes]")).to_be_enabled()
    expect(approve).to_be_disabled()


def test_a_refused_approval_is_told_once(address: str, open_page: Opened) -> None:
    """Somebody changed the album meanwhile: what the server says is all that is said."""
    album = album_of(address)
    page = open_page(f"{address}/albums/{album['slug']}", deaf=True)
    refusal = {"message": "One of the changes is not made yet.", "remedy": "In a terminal.", "yours": None}
    page.route("**/api/decisions", lambda route: route.fulfill(status=409, json={**refusal, "theirs": None}))
    page.locator("[data-name=approve-album]").click()
    page.keyboard.press("Enter")
    toasted(page, "One of the changes is not made yet.")
    expect(page.locator(".hero .state")).not_to_contain_text("Approved")
    assert toasts(page) == ["One of the changes is not made yet."]


def test_tracks_are_dragged(address: str, open_page: Opened) -> None:
    album = album_of(address)
    page = open_page(f"{address}/albums/{album['slug']}")
    page.drag_and_drop(".track:nth-child(2) .grip", ".track:nth-child(1)")
    decided(address, ("reordered", None, None, ""))
    expect(page.locator(".track .title").first).to_have_text(album["tracks"][1]["title"])


def test_what_is_finished_is_heard(gallery: str, open_page: Opened) -> None:
    """The whole album as one piece, and each track as it was mastered."""
    album = album_of(gallery)
    page = open_page(f"{gallery}/albums/{album['slug']}")
    page.locator("[data-name=hear-album]").click()
    playing(page)
    expect(page.locator("#now-line")).to_contain_text("the whole album")
    page.locator(f"[data-name=master-{album['tracks'][0]['track']}]").click()
    playing(page)
    expect(page.locator("#now-line")).to_contain_text("finished track")


def test_finished_tracks_follow_each_other(gallery: str, open_page: Opened) -> None:
    """After the first comes the second, finished as well; after the last nothing; what is selected stays."""
    album = album_of(gallery)
    one, two = album["tracks"]
    page = open_page(f"{gallery}/albums/{album['slug']}")
    expect(page.locator("#take-title")).to_have_text(one["title"])
    page.evaluate(
        """
        window.heard = [];
        const play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = function () {
          if (!heard.includes(this)) heard.push(this);
          return play.call(this);
        };
        window.near = () => heard.filter((one) => !one.paused).forEach((one) => (one.currentTime = one.duration - 0.5));
        """
    )
    page.locator(f"[data-name=master-{one['track']}]").click()
    for title in (one["title"], two["title"]):
        expect(page.locator("#now-title")).to_have_text(title)
        expect(page.locator("#now-line")).to_contain_text("finished track")
        expect(page.locator("#bar-time")).not_to_have_text("0:00")
        page.evaluate("near()")
    expect(page.locator("body")).to_have_attribute("data-playing", "false")
    expect(page.locator("#now-title")).to_have_text(two["title"])
    expect(page.locator("#take-title")).to_have_text(one["title"])


def test_an_album_is_approved(address: str, open_page: Opened) -> None:
    page = open_page(f"{address}/albums/{album_of(address)['slug']}")
    page.locator("[data-name=approve-album]").click()
    page.keyboard.press("Enter")
    decided(address, ("approved", None, None, ""))
    expect(page.locator(".hero .state")).to_contain_text("Approved")
    toasted(page, "Approved the album")
    expect(page.locator(".next code")).to_have_text(re.compile("^lofi release [a-z0-9-]+ --for youtube$"))


def test_two_takes_are_compared_blind(address: str, open_page: Opened) -> None:
    """Both are heard, one key answers, and only then it says which was which."""
    page = open_page(f"{address}/compare")
    expect(page.locator(".half")).to_have_count(2)
    assert not re.search(r"/sound/|take=\w", page.locator("main").inner_html())
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-name=hear-a]")).to_have_attribute("aria-label", "Pause take A")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-name=hear-b]")).to_have_attribute("aria-label", "Pause take B")
    page.keyboard.press("2")
    expect(page.locator(".verdict-said")).to_have_text("You chose B.")
    expect(page.locator(".verdict a")).to_have_count(2)
    page.keyboard.press("u")
    toasted(page, "An answer cannot be taken back.")
    page.keyboard.press("Enter")
    expect(page.locator(".answers")).to_be_visible()


def test_the_studio_takes_orders(address: str, open_page: Opened, tmp_path: Path, library: Path) -> None:
    """A clip with a control and a prompt; a wrong control is refused in words; the order can be stopped."""
    page = open_page(f"{address}/studio")
    page.get_by_label("One clip").check()
    page.locator("#words").fill("dusty drums")
    page.locator("#control-seconds").fill("12")
    page.get_by_role("button", name="Make the clip").click()
    expect(page.locator(".job .title")).to_have_text("dusty drums")
    (job,) = get(f"{address}/api/jobs")
    assert (job["kind"], job["author"]) == ("clip", "Ada")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".job")).to_have_attribute("data-state", "stopped")
    page.route("**/again", lambda route: route.fulfill(status=200, json={**job, "state": "waiting", "said": ""}))
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".job")).to_have_attribute("data-state", "waiting")


def test_clips_are_heard_one_at_a_time_and_taken_along(address: str, open_page: Opened) -> None:
    """Starting one stops the other; each can be downloaded under a name that says what it is."""
    page = open_page(f"{address}/studio", deaf=True)
    sound = album_of(address)["tracks"][0]["takes"][0]["audio"]
    job = {"id": 3, "kind": "clip", "words": "Dusty/../drums, <b>slow", "state": "done", "said": "", "share": 1}
    clips = {"author": "Ada", "time": "2026-01-01T00:00:00Z", "album": None, "clips": [sound, f"{sound}&again"]}
    page.route("**/api/jobs", lambda route: route.fulfill(status=201, json={**job, **clips}))
    page.locator("#words").fill("anything")
    page.get_by_role("button", name="Make the album").click()
    expect(page.locator(".job audio")).to_have_count(2)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download").first.click()
    assert taken.value.suggested_filename == "dusty-drums-b-slow-1.flac"
    for wanted in ([False, True], [True, False]):
        page.locator(".job audio").nth(wanted.index(False)).evaluate("one => ((one.loop = true), one.play())")
        expect(page.locator(".job")).to_be_visible()
        assert page.locator(".job audio").evaluate_all("all => all.map((one) => one.paused)") == wanted


def test_the_radio_plays_what_was_approved(address: str, open_page: Opened) -> None:
    page = open_page(address)
    page.locator("#bar-radio").click()
    toasted(page, "Nothing was approved today yet.")
    first(page)
    page.keyboard.press("a")
    expect(page.locator(".waiting")).to_have_count(0)
    page.locator("#bar-radio").click()
    playing(page)
    expect(page.locator("#now-line")).to_contain_text("Radio")


def test_the_door_opens_with_the_token(shared: tuple[Path, Path], open_page: Opened) -> None:
    """Who has none is led to the door, is told that a guess is wrong, and then goes where they wanted to go."""
    with served(*shared, token=SecretStr("lampshade and rain")) as address:
        page = open_page(f"{address}/albums?from=bookmark")
        expect(page).to_have_title(re.compile("Log in"))
        assert Axe().run(page).violations_count == 0
        page.get_by_label("Token").fill("umbrella")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("That is not the token.")
        page.get_by_label("Token").fill("lampshade and rain")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{address}/albums?from=bookmark")
        page.goto(f"{address}/login?next=//evil.example/")
        expect(page).to_have_url(f"{address}/")


# For everybody


def test_a_phone_shows_one_thing_at_a_time(gallery: str, open_page: Opened) -> None:
    """The list, then the take, and Back; the thumb reaches the player, and nothing goes sideways."""
    page = open_page(gallery, viewport=PHONE, has_touch=True, is_mobile=True)
    page.locator(".row a").first.tap()
    expect(page.locator("#take-title")).to_be_visible()
    expect(page.locator("#rows")).to_be_hidden()
    for name in ("bar-play", "bar-approve", "bar-reject", "bar-next"):
        box = page.locator(f"#{name}").bounding_box()
        assert box is not None and min(box["width"], box["height"]) >= 48 and box["y"] > 600
    page.go_back()
    expect(page.locator("#rows")).to_be_visible()


@pytest.mark.parametrize("view", [DESK, PHONE, {"width": 320, "height": 640}], ids=["desk", "phone", "small phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_everybody_can_use_every_page(gallery: str, open_page: Opened, view: Any, colours: Any) -> None:
    """No accessibility rule of axe is broken on any page, and none scrolls sideways."""
    album = album_of(gallery)
    take = f"/?take={album['slug']}/1/1"
    page = open_page(gallery, viewport=view, color_scheme=colours, reduced_motion="reduce")
    for path in (*PAGES, take, f"/albums/{album['slug']}"):
        page.goto(gallery + path)
        if path in (take, f"/albums/{album['slug']}"):
            expect(page.locator("#take-title")).to_be_visible()
        if path == "/login":
            page.wait_for_url(f"{gallery}/")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_dialogs_can_be_used_by_everybody(gallery: str, open_page: Opened) -> None:
    page = open_page(gallery)
    first(page)
    for key in ("r", "?", "n"):
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        assert Axe().run(page).violations_count == 0
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)


def test_colours_are_a_choice(gallery: str, open_page: Opened) -> None:
    """The switch holds over a reload, against the system's own."""
    page = open_page(gallery, color_scheme="light")
    page.get_by_role("button", name="Switch to dark colours").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Switch to light colours")).to_be_visible()
