"""What the agenda answers: an album to make, or a rest, each with its reasons."""

from __future__ import annotations

from datetime import datetime

from pipeline.domain.brief import Brief
from pipeline.domain.noun import Noun
from pipeline.domain.units import Seconds, Seed


class Entry(Noun):
    """An album to make. `style` and `language` of None are left to the writer and to the label's own setting."""

    theme: str
    style: str | None
    language: str | None
    tracks: int
    seconds: Seconds
    takes: int
    seed: Seed
    why: tuple[str, ...]
    """Plain reasons, the weightiest first."""
    brief: Brief | None = None
    """The very brief of an unfinished album that is to be gone on with; None for a new one."""


class Rest(Noun):
    """Nothing is made. `until` is when it is worth asking again; None where a person must do something first."""

    why: str
    until: datetime | None


class Planned(Noun):
    """What the plan says of one moment at which the schedule fires, in UTC."""

    when: datetime
    what: Entry | Rest
