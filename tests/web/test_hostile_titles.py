"""Titles, prompts, notes and names are shown as they are written, and nothing in them is ever obeyed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import papers
import pytest
from pages import unhurried
from playwright.sync_api import Page, expect, sync_playwright
from review_room import served

from pipeline.catalogue import Catalogue
from pipeline.catalogue.rows import Decided
from pipeline.shelf import Shelf

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
if CHROMIUM is None and "REQUIRE_BROWSER" not in os.environ:
    pytest.skip("needs Chromium on the PATH", allow_module_level=True)

OWNED = "window.owned=1"
TITLES = (
    f"<script>{OWNED}</script>",
    f"</script><script>{OWNED}</script>",
    f"<img src=x onerror={OWNED}>",
    f'" onmouseover="{OWNED}" x="',
    f"javascript:{OWNED}",
    "{{ 7*7 }}{% raw %}${7*7}",
    "../../etc/passwd%00.flac?v=1#a&b=c",
    "\u202eevil\u2066 \u200d x",
    "🌧️ 雨の図書館 مكتبة \u200b",
    "W" * 118,
)
"""Of the album, and of its tracks."""
NOTE = f"--> <!-- ]]> &lt;b&gt; <svg/onload={OWNED}> '\"`"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A room over one album with such titles, decided on with such notes by such a person: (address, slug)."""
    root = tmp_path_factory.mktemp("hostile")
    shelf = Shelf.open(root / "library")
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        paper = papers.plan(TITLES[0], TITLES[1:])
        paper = paper.but(concept=NOTE, tracks=tuple(track.but(prompt=NOTE, mood=NOTE) for track in paper.tracks))
        asked = papers.brief(theme=f"rain {NOTE}", tracks=len(paper.tracks))
        folder = shelf.begin("harmless", lambda slug: papers.project(slug, paper, asked))
        album = papers.finished_album(folder, paper, asked)
        catalogue.enter(album)
        for take in album.takes[:3]:
            said = {"decision": "rejected", "note": NOTE, "author": f"<b>{OWNED}</b>", "time": papers.NOON}
            order = take.order
            made = Decided(version=take.sha256, track=order.track.number, take=order.index, **said)  # type: ignore[arg-type]
            catalogue.review.decide(album.slug, made, None)
    with served(root / "library", root / "cache") as address:
        yield address, album.slug


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that may say nothing, ask nothing and break no rule of its own."""
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 844})
        unhurried(context)
        opened = context.new_page()
        opened.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        yield opened
        browser.close()
    assert wrong == []


@pytest.mark.parametrize("place", ["/", "/albums", "/albums/{slug}", "/?take={slug}/3/1", "/compare", "/studio"])
def test_nothing_that_is_written_is_obeyed(hostile: tuple[str, str], page: Page, place: str) -> None:
    """No script runs, no element comes of it, nothing runs out of a phone's screen."""
    address, slug = hostile
    page.goto(address + place.format(slug=slug))
    page.wait_for_load_state("load")
    expect(page.locator("main")).to_be_visible()
    page.locator("main").hover()
    assert page.evaluate("window.owned") is None
    assert (
        page.locator("img[src=x], svg[onload], [onmouseover], main script:not([type='application/json'])").count() == 0
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_titles_are_read_as_they_are_written(hostile: tuple[str, str], page: Page) -> None:
    """Every character that can be seen, on the album's page and in the window's title."""
    address, slug = hostile
    page.goto(f"{address}/albums/{slug}")
    expect(page.locator("h1").first).to_have_text(TITLES[0])
    shown = page.locator("main").inner_text()
    for title in TITLES[1:6]:
        assert title in shown, title
    assert NOTE in shown and f"<b>{OWNED}</b>" in shown
