"""How an album is produced: the settings that decide its bytes, frozen when it is planned."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.domain.noun import Noun
from pipeline.domain.units import Seconds


class Production(Noun):
    """What a person had set when the album was planned.

    It is kept with the plan, so that going on from another shell, or after a preset was changed, makes the rest of
    the album as it was begun, and album.json says how the sound was made.
    """

    artist: Annotated[str, Field(min_length=1, max_length=100)] | None
    """Named in the tags of every file; None where nobody had set one and it is up to who plays."""
    effects: str
    """The name of the lo-fi effects, as in LOFI_EFFECTS."""
    chain: dict[str, float | None]
    """What that name stood for: the fields of pipeline.audio.effects.chain.Effects."""
    crossfade: Seconds
    """Wanted length of a crossfade in the mix."""
    year: Annotated[int, Field(ge=1900, le=9999)]
    """When it was planned, in UTC: the date in the tags. A year, so that one seed gives the same bytes for long."""
