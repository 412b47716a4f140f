"""What the agenda needs to know of what was made. The catalogue fills it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from typing import Annotated, Literal

from pydantic import Field

from pipeline.domain.brief import Brief
from pipeline.domain.noun import Noun
from pipeline.domain.units import Seed, Slug

State = Literal["in_progress", "needs_attention", "draft", "approved", "rejected", "released"]
Minutes = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Made(Noun):
    """An album that was begun. `style` and `language` are None where they were left to the writer and the setting."""

    slug: Slug
    title: str
    theme: str
    style: str | None
    language: str | None
    seed: Seed
    status: State
    created: datetime
    finished: datetime | None
    here: bool = True
    """Whether it is on the shelf. One whose folder was deleted waits for nobody."""

    @property
    def verdict(self) -> Literal["approved", "rejected"] | None:
        """What people think of it; None while nobody has said."""
        if self.status in ("approved", "released"):
            return "approved"
        return "rejected" if self.status == "rejected" else None


class Unfinished(Noun):
    """An album of an earlier entry that was not finished.

    `tries` is how often its making failed, or was killed with nothing done.
    """

    slug: Slug
    title: str
    brief: Brief
    tries: Annotated[int, Field(ge=0)] = 0


class Past(Noun):
    """The albums there are, and what stands on the budgets."""

    albums: tuple[Made, ...] = ()
    """Every one, the oldest first."""
    unfinished: tuple[Unfinished, ...] = ()
    """Those to go on with, the oldest first."""
    free_bytes: Annotated[int, Field(ge=0)]
    """Of the disk that the library is on."""
    day: date
    """The day, in the programme's timezone, that the next two are of."""
    gpu_minutes: Minutes = 0.0
    """Minutes in which parts with a trained model rendered."""
    failed: Annotated[int, Field(ge=0)] = 0
    """Albums of the schedule that failed before they had a name: the next one must be another."""
    gpu_minutes_an_album: Minutes | None = None
    """What an album usually takes of them; None where none was made with a model."""

    @property
    def unreviewed(self) -> int:
        """How many albums wait for a person: drafts, and those that need attention."""
        return sum(album.here and album.status in ("draft", "needs_attention") for album in self.albums)

    def begun_on(self, day: date, zone: tzinfo) -> int:
        """Return how many albums were begun on a day of this timezone."""
        return sum(album.created.astimezone(zone).date() == day for album in self.albums)

    def spent_on(self, day: date) -> float:
        """Return the GPU minutes of a day; none are known of any but the day they were counted on."""
        return self.gpu_minutes if day == self.day else 0.0

    def failed_on(self, day: date) -> int:
        """Return how many albums failed on a day before they had a name."""
        return self.failed if day == self.day else 0

    def of(self, belongs: Callable[[Made], bool]) -> tuple[Made, ...]:
        """Return some of the albums."""
        return tuple(album for album in self.albums if belongs(album))
