"""What stands behind the web room: all that it needs from the rest of the house.

Everything here may be called from several threads at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from pipeline.domain import Sha256, Slug
from pipeline.review.night import Night
from pipeline.review.orders import Desk, JobAsk, JobView, Upload
from pipeline.review.views import (
    Agreement,
    AlbumRow,
    AlbumView,
    Answer,
    Ask,
    Blind,
    Facets,
    Filter,
    Queue,
    Said,
    TakeRow,
    Unveiled,
)


class Library(Protocol):
    """The library as a reviewer sees it. Raises LofiError for whatever cannot be had or done."""

    def queue(self, wanted: Filter, /) -> Queue:
        """One page of takes, in the order asked for, with the ranking of `wanted.author`."""

    def facets(self) -> Facets:
        """What there is to filter by."""

    def albums(self) -> tuple[AlbumRow, ...]:
        """Every album, what needs attention first, then what waits for a decision, the newest of each first."""

    def album(self, slug: Slug, author: str, /) -> AlbumView:
        """One album with all its takes and decisions, and what `author`'s own ranking says of them."""

    def decide(self, ask: Ask, author: str, /) -> Said:
        """Write a decision down. Raises Stale when it is about something that is no more."""

    def undo(self, number: int, author: str, /) -> Said:
        """Take a decision back. Raises Stale when it was taken back already."""

    def blind(self, author: str, album: Slug | None, /) -> Blind | None:
        """Two takes to compare, the same until they are answered; None when there are none."""

    def answer(self, number: int, answer: Answer, author: str, /) -> Unveiled:
        """Write down which of the two is better, and tell which is which."""

    def agreement(self, author: str, /) -> Agreement:
        """How often rankings agreed with the reviewer; learns from what was decided since."""

    def today(self) -> tuple[TakeRow, ...]:
        """What was approved today, in the order of the approvals."""

    def sound(self, slug: Slug, track: int, take: int, /) -> Path:
        """The file of a take."""

    def master(self, slug: Slug, track: int, /) -> Path:
        """The file of a finished track."""

    def mix(self, slug: Slug, /) -> Path:
        """The file of an album's mix, or of a long mix."""

    def cover(self, slug: Slug, small: bool, /) -> Path:
        """The file of a cover."""

    def compared(self, number: int, side: Literal["a", "b"], /) -> Path:
        """The file of one side of a blind comparison, in the very version it is about."""

    def pulse(self) -> int:
        """A number that changes whenever anything in the library does, or a maker is gone. Cheap."""


class Jobs(Protocol):
    """What the studio page can have made, and what the night shift makes by itself."""

    def night(self) -> Night:
        """How the night shift stands."""

    def desk(self) -> Desk:
        """The controls on offer."""

    def jobs(self) -> tuple[JobView, ...]:
        """The newest orders, waiting, being made or over, the newest first."""

    def start(self, ask: JobAsk, author: str, /) -> JobView:
        """Keep an order, which is made when its turn comes. Raises BadBrief or ShelfError for what cannot be made."""

    def stop(self, number: int, /) -> JobView:
        """Stop it, unless it is over; what is whole of it is kept."""

    def again(self, number: int, /) -> JobView:
        """Let what was stopped, or has failed, be made after all."""

    def upload(self, sound: BinaryIO, /) -> Upload:
        """Take in a sound: decode its beginning and keep what was decoded, never what was sent."""

    def uploaded(self, name: Sha256, /) -> Path:
        """The file of an upload."""

    def clip(self, job: int, number: int, /) -> Path:
        """The file of the `number`th clip a job made, from 1."""
