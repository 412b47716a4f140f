"""A podcast feed of what was released: RSS 2.0 with the namespaces that directories read, and its chapters files.

After the RSS 2.0 specification (rssboard.org/rss-specification), Apple's requirements for podcasts
(podcasters.apple.com/support) and the podcast namespace (podcastindex.org/namespace/1.0).
"""

from __future__ import annotations

import json
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AwareDatetime, Field, ValidationError

from pipeline.audio.chapters import Chapter
from pipeline.domain import Seconds
from pipeline.domain.noun import Noun
from pipeline.errors import BadSettings
from pipeline.kit.fit import shortened
from pipeline.kit.paragraphs import clipped, paragraphs
from pipeline.kit.work import Text, plain

DESCRIPTION_LIMIT = 4_000
"""Bytes of UTF-8 in a description, of the show or an episode: what Apple allows."""
TITLE_LIMIT = 255
"""UTF-16 units of any title or name."""
_NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "atom": "http://www.w3.org/2005/Atom",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
_PODCAST_GUIDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace of podcast:guid, as its specification gives it."""
_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_MAIL = r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$"


class Show(Noun):
    """The podcast itself. `base` is the address of the folder that holds the feed's files; paths are relative to it.

    `link` is its page on the web, `base` where there is none. `image` is a square JPEG or PNG of 1400 to 3000 pixels.
    """

    title: Text
    description: str
    author: Text
    base: str
    image: str
    language: Annotated[str, Field(pattern=_LANGUAGE)] = "en"
    link: str | None = None
    path: str = "feed.xml"
    """Where the feed itself will lie."""
    owner: Text = ""
    mail: Annotated[str, Field(pattern=_MAIL)] | None = None
    """Where directories write to prove who owns it. Everybody can read it; without one there is no itunes:owner."""


class Episode(Noun):
    """One released work. `guid` must stay the same for ever: players take a new one for a new episode."""

    guid: Annotated[str, Field(min_length=1, max_length=200)]
    title: Text
    notes: str
    """Show notes in plain text, paragraphs apart by an empty line."""
    html: str = ""
    """The same in HTML, as `podcast.notes_html` writes it; "" leaves it out."""
    published: AwareDatetime
    audio: str
    """The MP3."""
    bytes: Annotated[int, Field(ge=1)]
    seconds: Seconds
    chapters: str | None = None
    """The chapters file, as `chapters_json` writes it."""
    image: str | None = None


def show(**values: object) -> Show:
    """Return the show, or raise BadSettings saying in one line what is wrong with it."""
    try:
        made = Show.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSettings(
            f"The feed cannot have {first['input']!r} as its {first['loc'][0]}.", first["msg"] + "."
        ) from None
    base_address(made.base)
    if made.link is not None:
        base_address(made.link)
    return made


def base_address(text: str) -> str:
    """Return an absolute http or https address that ends in a slash. BadSettings for anything else."""
    remedy = "It begins with https:// and names the folder that holds the files, such as https://example.org/lofi/."
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not text.isascii() or plain(text) != text or any(sign in text for sign in " <>\"'\\^`{|}?#@"):
        raise BadSettings(f"{text!r} is not the address of a folder on the web.", remedy)
    return text if text.endswith("/") else text + "/"


def feed(show: Show, episodes: Sequence[Episode]) -> bytes:
    """Return the feed as UTF-8, newest episode first. BadSettings for a base or path that makes no address, or two
    episodes with one guid.
    """
    if len({episode.guid for episode in episodes}) < len(episodes):
        raise BadSettings("Two episodes of the feed have one guid.", "Every release needs a name of its own.")
    newest = sorted(episodes, key=lambda episode: episode.published, reverse=True)
    # Prefixes are written as they are: registering them would change every XML this process writes.
    root = ET.Element("rss", {"version": "2.0", **{f"xmlns:{name}": uri for name, uri in _NAMESPACES.items()}})
    channel = ET.SubElement(root, "channel")
    _channel(channel, show, newest[0].published if newest else None)
    for episode in newest:
        _item(ET.SubElement(channel, "item"), show, episode)
    ET.indent(root, " ")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def chapters_json(marks: Sequence[Chapter], rate: int, title: str = "") -> str:
    """Return a chapters file (podcastindex JSON chapters 1.2.0): starts and ends in seconds, to the millisecond."""
    chapters = [
        {
            "startTime": round(mark.start / rate, 3),
            "endTime": round(mark.end / rate, 3),
            "title": plain(mark.title) or f"Track {number}",
        }
        for number, mark in enumerate(marks, 1)
    ]
    named = {"title": plain(title)} if plain(title) else {}
    return json.dumps({"version": "1.2.0", **named, "chapters": chapters}, ensure_ascii=False, indent=1) + "\n"


def _channel(channel: ET.Element, show: Show, newest: datetime | None) -> None:
    base, image = base_address(show.base), _address(show.base, show.image)
    itself, link = _address(show.base, show.path), show.link or base
    title, author = _name(show.title, "Untitled show"), _name(show.author, "Unnamed artist")
    _add(channel, "title", title)
    _add(channel, "link", link)
    _add(channel, "description", clipped(paragraphs(show.description), DESCRIPTION_LIMIT) or title)
    _add(channel, "language", show.language)
    _add(channel, "generator", "Lo-fi Label")
    if newest is not None:
        # Not the time of writing: the same releases give the same bytes.
        _add(channel, "lastBuildDate", _date(newest))
    ET.SubElement(channel, "atom:link", {"href": itself, "rel": "self", "type": "application/rss+xml"})
    picture = ET.SubElement(channel, "image")
    for name, text in (("url", image), ("title", title), ("link", link)):
        _add(picture, name, text)
    _add(channel, "itunes:author", author)
    if show.mail is not None:
        owner = ET.SubElement(channel, "itunes:owner")
        _add(owner, "itunes:name", _name(show.owner, author))
        _add(owner, "itunes:email", show.mail)
    ET.SubElement(channel, "itunes:image", {"href": image})
    ET.SubElement(channel, "itunes:category", {"text": "Music"})
    _add(channel, "itunes:explicit", "false")
    _add(channel, "itunes:type", "episodic")
    _add(channel, "podcast:guid", str(uuid.uuid5(_PODCAST_GUIDS, itself.split("://", 1)[1].rstrip("/"))))


def _item(item: ET.Element, show: Show, episode: Episode) -> None:
    title = _name(episode.title, "Untitled")
    _add(item, "title", title)
    _add(item, "description", clipped(paragraphs(episode.notes), DESCRIPTION_LIMIT) or title)
    if episode.html:
        _add(item, "content:encoded", paragraphs(episode.html))
    _add(item, "guid", plain(episode.guid) or episode.guid.encode().hex(), isPermaLink="false")
    _add(item, "pubDate", _date(episode.published))
    audio = _address(show.base, episode.audio)
    ET.SubElement(item, "enclosure", {"url": audio, "length": str(episode.bytes), "type": "audio/mpeg"})
    _add(item, "itunes:title", title)
    _add(item, "itunes:author", _name(show.author, "Unnamed artist"))
    _add(item, "itunes:duration", str(max(1, round(episode.seconds))))
    _add(item, "itunes:episodeType", "full")
    _add(item, "itunes:explicit", "false")
    if episode.image is not None:
        ET.SubElement(item, "itunes:image", {"href": _address(show.base, episode.image)})
    if episode.chapters is not None:
        chapters = {"url": _address(show.base, episode.chapters), "type": "application/json+chapters"}
        ET.SubElement(item, "podcast:chapters", chapters)


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = text


def _address(base: str, path: str) -> str:
    """Return the address of a file below `base`. BadSettings for a path that leads elsewhere."""
    parts = PurePosixPath(path).parts
    if not path or path.startswith("/") or ".." in parts or plain(path) != path:
        raise BadSettings(f"{path!r} is not a file below the feed's address.", "Give a path relative to it.")
    return base_address(base) + quote(PurePosixPath(path).as_posix())


def _date(when: datetime) -> str:
    """Return a time as RFC 2822 writes it, in UTC."""
    return format_datetime(when.astimezone(UTC).replace(microsecond=0))


def _name(text: str, without: str) -> str:
    return shortened(plain(text) or without, TITLE_LIMIT)
