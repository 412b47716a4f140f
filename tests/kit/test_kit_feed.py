"""A podcast directory accepts the feed, and players read back every word of it."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import warnings
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_material import HOSTILE, NASTY, RATE, album, clean, hostile_works, marks_of, mix

from pipeline.errors import BadSettings
from pipeline.kit.feed import Episode, Show, base_address, chapters_json, feed, show
from pipeline.kit.paragraphs import clipped, paragraphs
from pipeline.kit.podcast import episode_title, notes_html, notes_text
from pipeline.kit.work import Work, plain

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import feedparser
    import podcastparser

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
ATOM = "{http://www.w3.org/2005/Atom}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
OLDER_NAME = b"https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
WHEN = datetime(2026, 3, 1, 18, 30, tzinfo=timezone(timedelta(hours=2)))


def channel(**changes: object) -> Show:
    values: dict[str, object] = dict(
        title="Night Desk", description="Lo-fi albums.\n\nOne a week.", author="Night Desk", image="cover.jpg",
        base="https://example.org/lofi", link="https://example.org", owner="A Person", mail="me@example.org",
    )  # fmt: skip
    return show(**(values | changes))


def episode(work: Work, number: int = 0, **changes: object) -> Episode:
    made = Episode(
        guid=work.name,
        title=episode_title(work),
        notes=notes_text(work),
        html=notes_html(work),
        published=WHEN + timedelta(days=number),
        audio=f"{work.name}/mix.mp3",
        bytes=12_345_678,
        seconds=work.seconds,
        chapters=f"{work.name}/chapters.json",
        image=f"{work.name}/cover.jpg",
    )
    return made.but(**changes)


def is_address(text: str | None) -> bool:
    parts = urlsplit(text or "")
    return parts.scheme in ("http", "https") and bool(parts.hostname) and re.search(r"\s", text or "") is None


def faults(written: bytes) -> list[str]:
    """What the RSS 2.0 specification and Apple's requirements would object to in a feed, one line each."""
    root = ET.fromstring(written)
    found = [] if root.tag == "rss" and root.get("version") == "2.0" and len(root) == 1 else ["not RSS 2.0"]
    top = root[0]

    def only(parent: ET.Element, name: str) -> str:
        said = parent.findall(name)
        if len(said) != 1 or not (said[0].text or "").strip():
            found.append(f"{parent.tag} has {len(said)} {name}, or an empty one")
            return ""
        return said[0].text or ""

    def checked(good: object, fault: str) -> None:
        if not good:
            found.append(fault)

    title, link = only(top, "title"), only(top, "link")
    checked(is_address(link), "link is no address")
    checked(len(only(top, "description").encode()) <= 4_000, "description too long")
    checked(re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", only(top, "language")), "language")
    itself = top.findall(f"{ATOM}link[@rel='self']")
    checked(len(itself) == 1 and is_address(itself[0].get("href")), "no atom:link to itself")
    checked(itself and itself[0].get("type") == "application/rss+xml", "type of the feed")
    picture = top.find("image")
    if picture is not None:
        checked((only(picture, "title"), only(picture, "link")) == (title, link), "image is not the channel's")
        checked(is_address(only(picture, "url")), "image has no address")
    art = top.find(f"{ITUNES}image")
    checked(art is not None and re.search(r"\.(jpe?g|png)$", art.get("href") or ""), "no artwork in JPEG or PNG")
    checked([c.get("text") for c in top.findall(f"{ITUNES}category")] == ["Music"], "category")
    checked(only(top, f"{ITUNES}explicit") in ("true", "false"), "explicit")
    checked(only(top, f"{ITUNES}author"), "author")
    for owner in top.findall(f"{ITUNES}owner"):
        checked("@" in only(owner, f"{ITUNES}email"), "owner without a mail")
    checked(re.fullmatch(r"[0-9a-f-]{36}", only(top, f"{PODCAST}guid")), "podcast:guid")
    items = top.findall("item")
    guids, dates = [], []
    for item in items:
        only(item, "title")
        checked(len(only(item, "description").encode()) <= 4_000, "description of an episode too long")
        guids.append(only(item, "guid"))
        checked(item.find("guid").get("isPermaLink") == "false", "guid taken for an address")
        dates.append(parsedate_to_datetime(only(item, "pubDate")))
        checked(
            re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000", only(item, "pubDate")),
            "date",
        )
        held = item.findall("enclosure")
        checked(len(held) == 1 and set(held[0].attrib) == {"url", "length", "type"}, "enclosure")
        checked(is_address(held[0].get("url")) and int(held[0].get("length") or 0) > 0, "enclosure's address or length")
        checked(held[0].get("type") == "audio/mpeg", "enclosure's type")
        checked(only(item, f"{ITUNES}duration").isdigit(), "duration")
        checked(only(item, f"{ITUNES}episodeType") in ("full", "trailer", "bonus"), "episodeType")
        for listed in item.findall(f"{PODCAST}chapters"):
            checked(is_address(listed.get("url")) and listed.get("type") == "application/json+chapters", "chapters")
    checked(len(set(guids)) == len(guids), "guids")
    checked(dates == sorted(dates, reverse=True), "not newest first")
    return found


def test_the_feed_keeps_every_rule_on_the_list() -> None:
    """RSS 2.0's required elements and Apple's, with an album and a mix as episodes."""
    written = feed(channel(), [episode(album()), episode(mix(), 7)])
    assert faults(written) == []
    assert written.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    assert faults(feed(channel(mail=None, link=None), [])) == []


def test_a_feed_reader_and_a_podcast_client_read_the_same() -> None:
    """Two independent readers, without a complaint."""
    written = feed(channel(), [episode(album()), episode(mix(), 7)])
    read = feedparser.parse(written)
    assert read.bozo == 0
    assert read.version == "rss20"
    assert [entry.title for entry in read.entries] == ["Five Hours of Rain", "Overdue"]
    assert read.entries[1].enclosures[0]["href"] == "https://example.org/lofi/overdue/mix.mp3"
    assert read.entries[1].published_parsed[:5] == (2026, 3, 1, 16, 30)
    # It knows the podcast namespace by an older name, that of its page in the specification's repository.
    older = written.replace(b"https://podcastindex.org/namespace/1.0", OLDER_NAME)
    podcast = podcastparser.parse("https://example.org/lofi/feed.xml", io.BytesIO(older))
    assert podcast["title"] == "Night Desk"
    assert podcast["itunes_owner"] == {"name": "A Person", "email": "me@example.org"}
    assert podcast["cover_url"] == "https://example.org/lofi/cover.jpg"
    first = podcast["episodes"][1]
    assert first["guid"] == "overdue"
    assert first["total_time"] == round(album().seconds)
    assert first["enclosures"][0]["file_size"] == 12_345_678
    assert first["chapters_json_url"] == "https://example.org/lofi/overdue/chapters.json"
    assert first["description"].startswith(notes_text(album())[:60])


@settings(max_examples=40, deadline=None)
@given(hostile_works(), HOSTILE)
def test_hostile_words_come_back_as_they_were_meant(work: Work, text: str) -> None:
    """The feed parses, keeps the rules, and gives back title and notes."""
    made = episode(work, title=text, guid=plain(text)[:200] or "x")
    written = feed(channel(title=text, description=text, author=text), [made])
    assert faults(written) == []
    item = ET.fromstring(written).find("channel/item")
    assert item is not None
    title = item.findtext("title") or ""
    assert title == (plain(text) or "Untitled") or (title.endswith("…") and plain(text).startswith(title[:-1]))
    assert item.findtext("description") == paragraphs(notes_text(work))
    assert feedparser.parse(written).bozo == 0
    assert clean(written.decode())


def test_the_same_releases_give_the_same_bytes() -> None:
    """No clock is read, whatever order they come in."""
    one, two = episode(album()), episode(mix(), 7)
    assert feed(channel(), [one, two]) == feed(channel(), [two, one])


def test_paths_become_addresses() -> None:
    """Spaces and letters beyond ASCII are escaped, and lead back to the file."""
    written = feed(channel(), [episode(album(), audio="夜 の/a&b #1.mp3")])
    url = ET.fromstring(written).find("channel/item/enclosure").get("url")
    assert url.isascii() and "#" not in url
    assert unquote(url) == "https://example.org/lofi/夜 の/a&b #1.mp3"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../up.mp3", "a/../../b", "a\nb.mp3"])
def test_a_path_never_leaves_the_folder(path: str) -> None:
    """A file elsewhere is refused in one line."""
    with pytest.raises(BadSettings, match="below the feed's address"):
        feed(channel(), [episode(album(), audio=path)])


@pytest.mark.parametrize("base", [
    "", "example.org", "ftp://example.org", "https://", "//example.org", "javascript:alert(1)", "https://a b", "https://ä.org",
    "https://x/?q=1", "https://x/#f", "https://me:pw@x/", "https://x:99999/", "https://x/\"<", "https://[", "https://x\n",
])  # fmt: skip
def test_only_an_absolute_web_address_is_a_base(base: str) -> None:
    """Anything else is refused with what would be right."""
    with pytest.raises(BadSettings, match="https://example"):
        channel(base=base)


def test_a_base_ends_in_one_slash() -> None:
    """With or without one, files lie below it."""
    assert base_address("https://x/a") == base_address("https://x/a/") == "https://x/a/"
    assert base_address("http://localhost:8000") == "http://localhost:8000/"


def test_a_show_that_no_directory_takes_is_refused_in_one_line() -> None:
    """A language or mail of the wrong form; two episodes with one guid."""
    for wrong in ({"language": "English"}, {"mail": "nobody"}):
        with pytest.raises(BadSettings, match=next(iter(wrong))):
            channel(**wrong)
    with pytest.raises(BadSettings, match="guid"):
        feed(channel(), [episode(album()), episode(album(), 1)])


@settings(deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=10))
def test_chapters_are_what_podcast_players_read(titles: list[str]) -> None:
    """Version 1.2.0, from 0, in ascending order, a title each."""
    marks, frames = marks_of([12.5] * len(titles), titles)
    read = json.loads(chapters_json(marks, RATE, titles[0]))
    assert read["version"] == "1.2.0"
    starts = [chapter["startTime"] for chapter in read["chapters"]]
    assert starts == [12.5 * n for n in range(len(titles))]
    assert read["chapters"][-1]["endTime"] == frames / RATE
    assert all(plain(chapter["title"]) for chapter in read["chapters"])
    assert set(read) <= {"version", "title", "chapters"}


@settings(max_examples=60, deadline=None)
@given(hostile_works())
def test_show_notes_fit_and_hold_no_markup(work: Work) -> None:
    """4,000 bytes of plain text; the HTML has a handful of elements and every track, and nobody's script."""
    text, page = notes_text(work), notes_html(work)
    assert len(text.encode()) <= 4_000
    assert clean(text) and clean(page)
    root = ET.fromstring(f"<div>{page}</div>")
    assert {element.tag for element in root.iter()} <= {"div", "p", "ul", "li", "br"}
    assert not any(element.attrib for element in root.iter())
    assert len(root.findall("ul/li")) == len(work.chapters)
    assert "<script" not in page


def test_the_notes_of_five_hours_fit_too() -> None:
    """With every second track, which is what there is room for, and the disclosure."""
    text = notes_text(mix())
    assert len(text.encode()) <= 4_000
    assert len(re.findall(r"^\d+:\d\d", text, re.MULTILINE)) == 75
    assert "How this was made: the music was generated by facebook/musicgen-small" in text


def test_text_is_clipped_at_whole_lines() -> None:
    """Unless a single line is too long."""
    assert clipped("one\ntwo\nthree", 11) == "one\ntwo\n…"
    assert clipped("夜" * 10, 12) == "夜夜夜…"
    assert paragraphs("a\x00\r\n\n\n\n\tb \n") == "a\n\nb"
    assert all(unicodedata.is_normalized("NFC", plain(text)) for text in NASTY)
