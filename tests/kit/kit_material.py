"""Releases to write texts of: an album of eight, a mix of five hours, and the most hostile words there are."""

from __future__ import annotations

from hypothesis import strategies as st

from pipeline.audio.chapters import Chapter, chapters
from pipeline.domain import Backend, Key, Weights
from pipeline.kit.work import Asset, Piece, Work

RATE = 44_100
ZEROS = "0" * 64

BAND = Backend(name="offline band", version="1", licence="Apache-2.0 (synthesised by this software)")
WRITER = Backend(name="offline writer", version="1", licence="Apache-2.0 (written by this software)")
PAINTER = Backend(name="offline painter", version="1", licence="Apache-2.0 (painted by this software)")
JUDGE = Backend(name="signal judge", version="1", licence="Apache-2.0")
SMALL = Weights(name="facebook/musicgen-small", revision="4c8334b0", sha256="a" * 64, licence="CC-BY-NC-4.0")
MUSICGEN = Backend(name="musicgen", version="0.1.0", licence="CC-BY-NC-4.0", weights=(SMALL,))
PAINTED = Weights(name="somebody/stable-diffusion", revision="f00d", sha256="b" * 64, licence="CreativeML OpenRAIL-M")
DIFFUSION = Backend(name="diffusion", version="1", licence="CreativeML OpenRAIL-M", weights=(PAINTED,))
PROVIDER = Backend(name="openai", version="gpt-5-mini", licence="Text by gpt-5-mini, under its provider's terms")

TITLES = (
    "Rain on Tin", "Returned Books", "The Late Bus", "Reading Lamp", "Umbrella Stand", "Quiet Shelves", "Last Page",
    "Lights Out at Nine",
)  # fmt: skip
_ADJECTIVES = ("Slow", "Blue", "Paper", "Copper", "Hollow", "Borrowed", "Salt", "Folded", "Amber", "Distant")
_NOUNS = (
    "Harbour", "Staircase", "Lantern", "Orchard", "Platform", "Window", "Kettle", "Meridian", "Postcard", "Rooftop",
    "Streetlight", "Attic", "Canal", "Notebook", "Ferry",
)  # fmt: skip


def asset(what: str, role: str, by: Backend, source: str = "takes/01.flac") -> Asset:
    return Asset(what=what, role=role, by=by, source=source, sha256=ZEROS)


def album(musician: Backend = BAND, painter: Backend = PAINTER, **changes: object) -> Work:
    """An album of eight, by the offline studio unless another one is given."""
    seconds = (121.0, 133.5, 118.2, 140.9, 125.0, 129.4, 122.2, 151.6)
    tempos = (72, 76, 68, 81, 74, 70, 78, 66)
    keys = ("A minor", "D minor", "A minor", "F major", "E minor", "A minor", "C major", "D minor")
    pieces = tuple(
        Piece(title=t, artist="Night Desk", seconds=s, tempo=b, key=Key.parse(k), album="Overdue", file=f"{n:02d}.wav")
        for n, (t, s, b, k) in enumerate(zip(TITLES, seconds, tempos, keys, strict=True), 1)
    )
    marks, frames = marks_of(seconds, TITLES)
    made = [asset(f"track {n}, “{title}”, take 1", "music", musician) for n, title in enumerate(TITLES, 1)]
    rest = [asset("the cover", "picture", painter, "cover.png"), asset("the titles", "words", WRITER, "plan.json")]
    work = Work(
        kind="album",
        name="overdue",
        title="Overdue",
        artist="Night Desk",
        year=2026,
        themes=("rainy library at night",),
        moods=("wistful", "calm"),
        styles=("sleepy piano",),
        albums=("Overdue",),
        pieces=pieces,
        chapters=marks,
        seconds=frames / RATE,
        assets=(*made, *rest, asset("all takes", "judgement", JUDGE, "verdicts")),
    )
    return work.but(**changes)


def mix(tracks: int = 150, **changes: object) -> Work:
    """A mix of five hours from ten albums."""
    titles = [f"{_ADJECTIVES[n % 10]} {_NOUNS[(n * 7 + n // 10) % 15]}" for n in range(tracks)]
    seconds = [18_060 / tracks + (n % 7 - 3) * 2.0 for n in range(tracks)]
    albums = tuple(f"{_NOUNS[n]} Hours" for n in range(10))
    keys = ("A minor", "C major", "E minor", "G major", "D minor", "F# minor")
    pieces = tuple(
        Piece(
            title=t, artist="Night Desk", seconds=s, tempo=66 + n % 19, key=Key.parse(keys[n % 6]), album=albums[n % 10]
        )
        for n, (t, s) in enumerate(zip(titles, seconds, strict=True))
    )
    marks, frames = marks_of(seconds, titles)
    made = [asset(f"track {n}, “{title}”", "music", MUSICGEN) for n, title in enumerate(titles, 1)]
    work = Work(
        kind="mix",
        name="five-hours-of-rain",
        title="Five Hours of Rain",
        artist="Night Desk",
        year=2026,
        themes=("rainy library at night", "the last train home", "snow on the harbour"),
        moods=("wistful", "nocturnal", "calm"),
        styles=("sleepy piano", "boom bap"),
        albums=albums,
        pieces=pieces,
        chapters=marks,
        seconds=frames / RATE,
        assets=(*made, asset("the picture", "picture", DIFFUSION), asset("the titles", "words", WRITER)),
    )
    return work.but(**changes)


def marks_of(seconds: object, titles: object) -> tuple[tuple[Chapter, ...], int]:
    """Chapters of tracks that follow each other, and their frames in all."""
    starts, at = [], 0
    for lasts in seconds:  # type: ignore[attr-defined]
        starts.append(at)
        at += max(1, round(lasts * RATE))
    return chapters(starts, titles, at), at  # type: ignore[arg-type]


NASTY = (
    "a\nb", "=HYPERLINK(\"http://x\")", "-1+1", "@cmd", "+49", "<script>alert(1)</script>", "]]>", "--> 00:01", "&amp;",
    "a|b|c", "# head", "1. one", "[x](http://evil.example)", "`code`", "\u202egnp.exe", "\u2066x",
    "\x00\x1b[2J", "\ud800",
    "\u200d", "", "   ", "3:00 a.m.", "#1 #2 #3", "0:00", "👩‍🚀 drift 🇩🇪", "שלום עולם", "夜の雨" * 60, "é" * 300,
    "x" * 300, "a\u0301" * 150, "👩‍👩‍👧‍👦" * 40, "\ufffe\uffff", "e\u2028f\u0085g", "'; DROP TABLE x; --",
    "NOTE x", "WEBVTT",
    "﹤b﹥", "%0d%0a", "\\", "*", "www.evil.example", "a, b \"c\"",
)  # fmt: skip
HOSTILE = st.sampled_from(NASTY) | st.text(
    st.sampled_from("ab=;#\\\n\r\"'[]-%<>&|:0123\u2028\u0085\x00\u202e\u05e9🌙\u200d\t🇩") | st.characters(),
    max_size=320,
)


@st.composite
def hostile_works(draw: st.DrawFn) -> Work:
    """A release in which every word is hostile and every length may be short."""
    seconds = draw(st.lists(st.floats(0.01, 400), min_size=1, max_size=60))
    titles = draw(st.lists(HOSTILE, min_size=1, max_size=8))
    named = [titles[n % len(titles)] for n in range(len(seconds))]
    one, other = draw(HOSTILE), draw(HOSTILE)
    models = tuple(
        Weights(name=n, revision=one, sha256=ZEROS, licence=other) for n in draw(st.lists(HOSTILE, max_size=4))
    )
    by = [
        Backend(name=one, version=other, licence=draw(HOSTILE), weights=models),
        Backend(name=other, version="1", licence="MIT"),
        *(
            Backend(name=f"{one} {n}", version=other, licence=f"{one} {n}")
            for n in range(draw(st.sampled_from((0, 0, 60))))
        ),
    ]
    roles = ("music", "ambience", "picture", "words", "judgement")
    made = [asset(one, roles[n % 5], maker, other) for n, maker in enumerate(by * 5)]
    keys = [None, Key(9, "minor"), Key(6, "major")]
    pieces = tuple(
        Piece(title=t, artist=one, seconds=s, tempo=None if n % 3 else 60 + n, key=keys[n % 3], album=other, file=t)
        for n, (t, s) in enumerate(zip(named, seconds, strict=True))
    )
    marks, frames = marks_of(seconds, named)
    return Work(
        kind=draw(st.sampled_from(("album", "mix"))),
        name=f"n{draw(st.integers(0, 10**6))}",
        title=draw(HOSTILE),
        artist=other,
        year=2026,
        themes=tuple(draw(st.lists(HOSTILE, max_size=3))),
        moods=tuple(draw(st.lists(HOSTILE, max_size=3))),
        styles=tuple(draw(st.lists(HOSTILE, max_size=3))),
        albums=tuple(draw(st.lists(HOSTILE, max_size=5))),
        pieces=pieces,
        chapters=marks,
        seconds=frames / RATE,
        assets=tuple(made),
        disclosed=draw(st.booleans()),
    )


def clean(text: str) -> bool:
    """Whether text has no control or direction characters, and no line ends but \\n."""
    import unicodedata

    return all(c in "\n\u200c\u200d" or unicodedata.category(c)[0] != "C" for c in text) and not set(text) & set(
        "\u2028\u2029"
    )
