"""What is pasted into YouTube: title, description, tags and hashtags, within its limits.

Limits after developers.google.com/youtube/v3/docs/videos (title 100 characters, description 5,000 bytes, tags 500
characters, no < or >) and YouTube's help on chapters and hashtags. Counting is the strictest of those known: UTF-16
units for title and tags, bytes of UTF-8 for the description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.kit.credits import credit_lines
from pipeline.kit.disclosure import disclosure
from pipeline.kit.fit import octets, shortened, units
from pipeline.kit.moments import listing
from pipeline.kit.prose import facts, opening
from pipeline.kit.wording import counted, listed, roughly, shuffled
from pipeline.kit.work import Work

TITLE_LIMIT = 100
"""UTF-16 units."""
TITLE_READS = (40, 62)
"""Units between which a title is seen whole in search and on telephones."""
DESCRIPTION_LIMIT = 5_000
"""Bytes of UTF-8."""
TAGS_LIMIT = 500
"""UTF-16 units of all tags, with the commas between them and the quotes around those with a space."""
_TAG, _TAGS, _HASHTAG, _HASHTAGS = 60, 15, 30, 3
_CREDITS = 1_600
"""Bytes that credits take at most before their names are shortened."""

_SIGNS = str.maketrans({"<": "‹", ">": "›", "#": "♯"})
_TIME = re.compile(r"(?<=\d):(?=\d\d)")


def title(work: Work) -> str:
    """Return the video's title: what it is called and what it is, 40 to 62 units long where its words allow."""
    forms = shuffled(work.name, "title", [form.translate(_SIGNS) for form in _titles(work)])
    low, high = TITLE_READS
    fitting = [form for form in forms if low <= units(form) <= high]
    near = sorted(forms, key=lambda form: max(low - units(form), units(form) - high))
    return fitting[0] if fitting else shortened(near[0], TITLE_LIMIT)


def description(work: Work) -> str:
    """Return the description: two lines that say what it is, chapters, facts, credits, disclosure, hashtags.

    Where it would be too long, titles in the list are shortened, then fewer are listed, then facts are left out;
    credits and disclosure stay.
    """
    head = "\n".join(tamed(line) for line in opening(work))
    tail = [f"Credits\n{tamed(credit_lines(work.assets, _CREDITS))}"] if work.assets else []
    tail += [tamed(disclosure(work))] if work.disclosed else []
    tail += [" ".join(hashtags(work))]
    for most in (4, 2, 0):
        said = tamed(" ".join(facts(work, most)))
        rest = [part for part in (said, *tail) if part]
        room = DESCRIPTION_LIMIT - octets("\n\n".join([head, "Tracks\n", *rest]))
        times = listing(work, room, tamed)
        if times or not most:
            break
    parts = [head, f"Tracks\n{times}" if times else "", *rest]
    return "\n\n".join(part for part in parts if part)


def tags(work: Work) -> tuple[str, ...]:
    """Return up to 15 tags: what the work is, how it sounds and who made it. Together they count at most 500."""
    kept: dict[str, str] = {}
    for word in _tags(work):
        tag = " ".join(re.sub(r"[<>,\"“”#]", " ", word).split()).lower()
        if tag and units(tag) <= _TAG and len(kept) < _TAGS and tags_length([*kept.values(), tag]) <= TAGS_LIMIT:
            kept.setdefault(tag.casefold(), tag)
    return tuple(kept.values())


def tags_length(tags: list[str] | tuple[str, ...]) -> int:
    """Return the length of tags as YouTube counts it: commas between them count, and quotes around one with a space."""
    return sum(units(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)


def hashtags(work: Work) -> tuple[str, ...]:
    """Return at most three hashtags, of letters and digits alone. YouTube shows three above the title."""
    words = [*work.styles[:1], *work.moods[:1], f"lofi{work.kind}", "instrumental"]
    kept = {"#lofi": "#lofi"}
    for word in words:
        joined = "".join(re.findall(r"\w", word.lower())).replace("_", "")
        if joined and not joined.isdigit() and units(joined) <= _HASHTAG and len(kept) < _HASHTAGS:
            kept.setdefault(f"#{joined}".casefold(), f"#{joined}")
    return tuple(kept.values())


def tamed(text: str) -> str:
    """Return text that means to YouTube only what it says.

    It refuses < and >. A number sign would begin a hashtag. A title such as “3:00 a.m.” would count as the first time
    of the description, and without 0:00 first there are no chapters: its colon becomes a ratio sign, which looks alike.
    """
    return _TIME.sub("∶", text.translate(_SIGNS))


def _titles(work: Work) -> Iterator[str]:
    name, long = shortened(work.called, TITLE_LIMIT), roughly(work.seconds)
    moods = [shortened(mood, 20).lower() for mood in work.moods[:2] if mood]
    style = next((f", {shortened(style, 24)}" for style in work.styles if style and "lo-fi" not in style.lower()), "")
    for mood in dict.fromkeys((f"{listed(moods)} " if moods else "", f"{moods[0]} " if moods else "")):
        yield f"{name} · {long} of {mood}lo-fi"
        yield f"{name} · {mood}instrumental lo-fi{style}"
        if work.kind == "mix":
            yield f"{long} of {mood}lo-fi: {name}"
            yield f"{name}: a {mood}lo-fi mix, {long}"
            yield f"{name} · {mood}lo-fi mix of {long}{style}"
        else:
            yield f"{name} · {mood}lo-fi album by {work.credited}"
            yield f"{name}: a {mood}lo-fi album in {counted(len(work.pieces), 'track')}"
            yield f"{work.credited}: {name} · {mood}lo-fi, full album"
    yield f"{name} · lo-fi {work.kind}"


def _tags(work: Work) -> Iterator[str]:
    yield from ("lo-fi", "lofi", f"lo-fi {work.kind}", "instrumental")
    for style in work.styles[:3]:
        yield from (style, f"{style} lo-fi")
    for mood in work.moods[:3]:
        yield f"{mood} lo-fi"
    if work.seconds >= 3600:
        yield f"{roughly(work.seconds)} of lo-fi"
    yield from (*work.themes[:2], work.title, work.artist, *work.albums[:3])
