"""What was on the air, and where it came from: the noun that the radio and the catalogue share."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pipeline.domain.noun import Noun
from pipeline.domain.units import Seconds, Slug

AirSource = Literal["fresh", "stand-in", "approved", "again"]
"""Rendered for the radio just now; the same by the offline band for a musician that falls behind; an approved track of
the library; or heard before, for want of all others."""


class Airing(Noun):
    """One track on the air. `file` is below the library; `made` is JSON that says how, of what the radio rendered."""

    id: int = 0
    time: datetime
    title: str
    source: AirSource
    album: Slug | None = None
    track: int | None = None
    file: str
    seconds: Seconds
    fingerprint: str
    made: str = ""
    loved: int = 0
    skipped: bool = False
