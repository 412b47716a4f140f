"""What is ordered in the review room, and what it offers to order: the JSON of the studio page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipeline.catalogue.jobs import JobKind, JobState, Option
from pipeline.domain import Seconds, Sha256, Slug
from pipeline.review.views import Author, View, Words


class JobAsk(View):
    """Something to be made: an album, a clip, or the changes decided on an album.

    `wanted` are the options of `lofi make` or `lofi render` by name; melody and opening are ids of uploads.
    """

    kind: JobKind
    words: Words = ""
    """The theme, the prompt, or the album's slug."""
    wanted: dict[Annotated[str, StringConstraints(max_length=40)], Option] = Field(default={})
    author: Author = ""


class JobView(View):
    """Something that is waiting to be made, being made, or done."""

    id: int
    kind: JobKind
    words: str
    state: JobState
    said: str
    """The last line it said; what went wrong where it failed."""
    share: float
    author: str
    time: datetime
    album: Slug | None
    clips: tuple[str, ...]
    """Where what it made can be heard."""


class Upload(View):
    """A sound that was handed in."""

    id: Sha256
    seconds: Seconds
    audio: str


class Control(View):
    """One control of the studio page: an option of `lofi make` or `lofi render`."""

    name: str
    label: str
    kind: Literal["text", "number", "choice", "switch", "sound"]
    default: str | float | bool | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


class Desk(View):
    """What the studio page offers: the controls of an album, and those of a clip that the musician at hand obeys."""

    studio: str
    musician: str
    album: tuple[Control, ...]
    clip: tuple[Control, ...]
    notes: tuple[str, ...] = ()
