"""What a reviewer is shown and may ask for: the JSON of the review page's API, and of nothing that is kept.

Addresses are those of pipeline/web; levels are in decibels, times in seconds, scores from 0 (poor) to 1 (ideal).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pipeline.catalogue.rows import Status
from pipeline.domain import Bpm, Lufs, Seconds, Sha256, Slug
from pipeline.domain.brief import THEME_LIMIT

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
"""The slug of an album or mix."""
Number = Annotated[int, Field(ge=1, le=999)]
"""Of a track or take."""
Author = Annotated[str, StringConstraints(max_length=80)]
Words = Annotated[str, StringConstraints(max_length=2000)]


class View(BaseModel):
    """Base of all that is shown: frozen, and without fields of its own making."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Verb = Literal["approved", "rejected", "take", "reroll", "retitled", "reordered", "cover", "noted"]
"""What a reviewer can do. On a take: approved, rejected, take (use this one, without a word on it).
On a track: reroll, retitled, noted. On an album: approved, rejected, retitled, reordered, cover, noted."""


class Ask(View):
    """A decision as a reviewer asks for it.

    `version` is the hash that was looked at: of the take, or, on a track or album, of the album (`AlbumView.version`).
    `seen` is the newest decision on the album that was looked at (`AlbumView.seen`, 0 for none).
    """

    album: Name
    track: Number | None = None
    take: Number | None = None
    decision: Verb
    value: Words = ""
    """A new title; the order of tracks, such as "2,1,3"."""
    note: Words = ""
    """Why; a rejection must say so."""
    version: Sha256
    seen: Annotated[int, Field(ge=0, le=2**53)] = 0
    author: Author = ""


class Said(View):
    """A decision that was made. Undone, it counts no more."""

    id: int
    album: Slug
    track: int | None
    take: int | None
    decision: str
    value: str
    note: str
    author: str
    time: datetime
    version: Sha256
    undone: bool


class Filter(View):
    """Which takes to list. Empty fields let everything through."""

    sort: Literal["attention", "score", "mine", "newest"] = "attention"
    status: Status | None = None
    album: Name | None = None
    backend: Annotated[str, StringConstraints(max_length=120)] | None = None
    licence: Annotated[str, StringConstraints(max_length=120)] | None = None
    least: Annotated[float, Field(ge=0, le=1)] | None = None
    """The lowest score."""
    decided: Literal["approved", "rejected", "open"] | None = None
    chosen: bool | None = None
    words: Annotated[str, StringConstraints(max_length=THEME_LIMIT)] = ""
    """What the titles of take, album or theme hold."""
    author: Author = ""
    """Whose ranking it is that the takes are shown with, and sorted by where they are sorted by `mine`."""
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 60


class TakeRow(View):
    """One take in the queue."""

    album: Slug
    album_title: str
    status: Status
    track: int
    take: int
    title: str
    version: Sha256
    chosen: bool
    decided: Literal["approved", "rejected"] | None
    passed: bool
    score: float | None
    mine: float | None
    """What the reviewer's own ranker says, where it is in use."""
    backend: str
    licence: str
    seconds: Seconds
    attention: str
    """Why somebody should look at it, else empty."""
    peaks: str | None
    """Base64 of one byte for each of 400 stretches of equal length: the loudest sample in it, 255 at full scale."""
    gain: float
    """Decibels that bring it to the loudness of all others."""
    audio: str
    cover: str | None


class Queue(View):
    """A page of the queue. `next` is the offset of the next one."""

    total: int
    next: int | None
    takes: tuple[TakeRow, ...]


class NamedAlbum(View):
    """An album to filter by."""

    slug: Slug
    title: str


class Facets(View):
    """What there is to filter by."""

    albums: tuple[NamedAlbum, ...]
    backends: tuple[str, ...]
    licences: tuple[str, ...]


class Going(View):
    """How far an album is that is being made; `share` from 0 to 1."""

    stage: str
    text: str
    share: float
    time: datetime


class AlbumRow(View):
    """One album in the list."""

    slug: Slug
    title: str
    theme: str
    status: Status
    why: str
    tracks: int
    open: int
    """Tracks whose chosen take nobody has decided on."""
    changes: int
    """Decisions that its files do not show yet."""
    cover: str | None
    made: datetime
    going: Going | None


class GateView(View):
    """A technical requirement."""

    name: str
    passed: bool
    reason: str


class ScoreView(View):
    """One part of a judgement."""

    name: str
    value: float
    weight: float
    reason: str


class MeasuredView(View):
    """What a take turned out to be."""

    tempo: Bpm | None
    key: str | None
    loudness: Lufs
    true_peak: float
    seconds: Seconds


class PlannedView(View):
    """What a track was meant to be."""

    tempo: Bpm
    key: str
    seconds: Seconds
    mood: str
    style: str
    groove: str
    instruments: tuple[str, ...]
    ambience: str | None
    energy: float


class Twin(View):
    """A take of another track that this one is like; `likeness` from 0 to 1."""

    name: str
    likeness: float


class Rating(View):
    """How a take fared in blind comparisons: its Bradley-Terry strength, 0.5 for an average one."""

    wins: float
    losses: float
    strength: float


class TakeView(View):
    """One take, with all that is known of it."""

    take: int
    version: Sha256
    seed: str
    """As text: JavaScript has no integers of 63 bits."""
    backend: str
    licences: tuple[str, ...]
    seconds: Seconds
    chosen: bool
    decided: Literal["approved", "rejected"] | None
    reason: str
    """Why it was rejected, or what was said of it."""
    passed: bool
    score: float | None
    mine: float | None
    scores: tuple[ScoreView, ...]
    gates: tuple[GateView, ...]
    measured: MeasuredView
    twins: tuple[Twin, ...]
    rating: Rating | None
    peaks: str | None
    gain: float
    audio: str


class TrackView(View):
    """One track and its takes, the best first. `position` is where it comes on the album."""

    track: int
    position: int
    title: str
    prompt: str
    planned: PlannedView
    chosen: int | None
    """The take it is made of, or is to be once the changes are made."""
    why: str
    master: str | None
    """Where the finished track can be heard."""
    note: str
    rerolls: int
    """Takes that were ordered at review and are not made yet."""
    takes: tuple[TakeView, ...]


class CoverView(View):
    """The cover beside it."""

    url: str
    scene: str
    palette: str
    why: str


class MixView(View):
    """The whole album as one piece."""

    url: str
    seconds: Seconds


class AlbumView(View):
    """One album, with all that is to be decided on it. Its tracks are in the order of the album."""

    slug: Slug
    title: str
    theme: str
    concept: str
    status: Status
    why: str
    version: Sha256
    """Of its manifest; of its plan while it is being made."""
    seen: int
    note: str
    cover: CoverView | None
    mix: MixView | None
    """None while its files change."""
    licences: tuple[str, ...]
    remarks: tuple[str, ...]
    tracks: tuple[TrackView, ...]
    changes: tuple[str, ...]
    """What was decided and its files do not show yet, a sentence each."""
    decisions: tuple[Said, ...]
    """The newest first."""
    going: Going | None


class Blind(View):
    """Two takes to compare; which is which is not told before the answer."""

    id: int
    title: str
    prompt: str
    a: str
    b: str
    gain_a: float
    gain_b: float


class Answer(View):
    """Which of the two is better."""

    winner: Literal["a", "b", "tie"]
    author: Author = ""


class Compared(View):
    """A take that was heard without its name."""

    album: Slug
    track: int
    take: int


class Unveiled(View):
    """What the two were, and what the comparison did to them."""

    id: int
    a: Compared
    b: Compared
    winner: Literal["a", "b", "tie"]
    rating_a: Rating
    rating_b: Rating


class Agreement(View):
    """How often a ranking agreed with the reviewer, of `pairs` takes where one was liked better than another."""

    pairs: int
    plain: float | None
    mine: float | None
    """Of the reviewer's own ranker, on takes it had not been shown."""
    used: bool
    said: str
    """All that in plain words."""
