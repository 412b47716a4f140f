"""What the studio of a radio and its transmitter tell each other.

Plain frozen records, sent over a multiprocessing connection. Nothing here is imported that is not small: the
transmitter has to fit beside five hundred listeners.

Times are seconds of the programme: 0 where this studio's first sound begins, and going on as fast as the clock. Sound
comes in order, without gaps, a little before it is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.domain.airing import AirSource

Form = Literal["mp3", "opus"]
FORMS: tuple[Form, ...] = ("mp3", "opus")


@dataclass(frozen=True)
class Head:
    """What every listener of a form needs before its sound: the header pages of Ogg Opus; empty for MP3."""

    form: Form
    data: bytes


@dataclass(frozen=True)
class Packet:
    """Encoded sound: whole MP3 frames, or whole pages of Ogg Opus. `start` is on the programme's own clock."""

    form: Form
    start: float
    seconds: float
    data: bytes


@dataclass(frozen=True)
class OnAir:
    """What is heard from `start` on. `words` say how it sounds, from the label's own vocabulary."""

    number: int
    """Counts up; what is skipped or loved is named by it."""
    title: str
    artist: str
    start: float
    seconds: float
    source: AirSource
    words: tuple[str, ...]
    credit: str = ""
    """Who played it: the musician, its models and their licences."""


@dataclass(frozen=True)
class Before:
    """What the library's radio played before this studio was begun, the oldest first, and when.

    The times of day are seconds since 1970; the numbers are below 0, and their `start` means nothing.
    """

    heard: tuple[tuple[OnAir, float], ...]


@dataclass(frozen=True)
class Picture:
    """The picture of what is on the air, a JPEG of at most 200 KB. It may come later than the sound."""

    number: int
    data: bytes


@dataclass(frozen=True)
class Ahead:
    """How the studio stands: seconds of finished music not yet played, and what a person should know, if anything.

    `wish` is what the radio plays now, in words of the label's own vocabulary and never in those of a stranger.
    """

    seconds: float
    wish: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Understood:
    """What the studio made of a `Steer`: `wish` from now on, and what is said of it, in the label's own words.

    `wish` is None where nothing of it was understood, and `said` tells that.
    """

    number: int
    wish: tuple[str, ...] | None
    said: str


@dataclass(frozen=True)
class Refused:
    """The studio cannot work until a person has mended something; it leaves. `code` is the exit status that says so."""

    said: str
    code: int


@dataclass(frozen=True)
class Steer:
    """A listener's sentence: how it should go on. `number` comes back in the answer."""

    number: int
    words: str


@dataclass(frozen=True)
class Skip:
    """Go on to the next track soon, if this one is still on the air."""

    number: int


@dataclass(frozen=True)
class Love:
    """Somebody loves this one: it is kept."""

    number: int


@dataclass(frozen=True)
class Close:
    """Finish: what is under way is put away, and the studio leaves."""


FromStudio = Head | Packet | OnAir | Before | Picture | Ahead | Understood | Refused
ToStudio = Steer | Skip | Love | Close

STEER_LIMIT = 300
"""Characters of a listener's sentence."""
