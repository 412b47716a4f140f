"""A long mix out of several albums: what was asked for, the mix on paper, and what mix.json holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.domain.album import Cover, Mix
from pipeline.domain.brief import Format
from pipeline.domain.noun import Noun
from pipeline.domain.plan import TextLine
from pipeline.domain.take import FileRecord
from pipeline.domain.units import Bpm, Key, Lufs, Seconds, Seed, Sha256, Slug

Arc = Literal["settle", "lift", "wave", "level"]
"""How energy goes: from much to little; little to much; little, much, little; or as the joints like it."""

On = Literal["bar", "beat", "length"]
"""What a joint keeps to: bars that meet, beats that meet, or its length alone."""

LONGEST_MIX = 24.0
"""Hours."""


class Source(Noun):
    """An album that a mix is made of, in one exact version: `manifest` is the SHA-256 of its album.json."""

    album: Slug
    manifest: Sha256


class MixWish(Noun):
    """What was asked for. The same wish is the same mix, and a run that was interrupted is found again by it."""

    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    hours: Annotated[float, Field(gt=0, le=LONGEST_MIX)] | None
    """None for every track once."""
    arc: Arc
    repeats: bool
    crossfade: Seconds
    match: bool
    """Whether tempos are brought together in the joints."""
    formats: tuple[Format, ...]
    title: TextLine | None
    artist: TextLine | None


class MixTrack(Noun):
    """A track of a mix: where it is from, what was measured in it, and how it is prepared.

    `file` is relative to its album's folder. Of it, `frames` are played from frame `lead` on, counted at the mix's
    rate, as `whole` is. `tempo`, `first_beat`, `first_bar` and `key` are measured, None where they are not sure.
    """

    album: Slug
    number: int
    title: str
    artist: str
    file: FileRecord
    rate: int
    whole: Annotated[int, Field(ge=1)]
    lead: Annotated[int, Field(ge=0)]
    frames: Annotated[int, Field(ge=1)]
    tempo: Bpm | None
    first_beat: Seconds | None
    first_bar: Seconds | None
    key: Key | None
    loudness: Lufs
    energy: float
    tilt: float
    gain: float
    """dB that it is brought up by."""
    turned: float
    """dB an octave that its spectrum is turned by."""
    why: str
    """How it follows on the one before."""


class PlannedJoint(Noun):
    """A crossfade on paper: `frames` of the mix, made of the `leaving` last frames and the `coming` first ones.

    They differ where the tempos are brought together; `matched` is by how much of a percent the coming track is faster.
    """

    frames: Annotated[int, Field(ge=0)]
    leaving: Annotated[int, Field(ge=0)]
    coming: Annotated[int, Field(ge=0)]
    on: On = "length"
    matched: float = 0.0


class MixProject(Noun):
    """The mix on paper, fixed once it is begun: plan.json of its folder."""

    slug: Slug
    wish: MixWish
    title: TextLine
    artist: str
    year: Annotated[int, Field(ge=1900, le=9999)]
    rate: int
    tracks: Annotated[tuple[MixTrack, ...], Field(min_length=1)]
    joints: tuple[PlannedJoint, ...]
    cover_seed: Seed


class LongMix(Noun):
    """The manifest of a finished mix: what it is made of and what its files must hash to."""

    version: Literal[1] = 1
    slug: Slug
    project: MixProject
    cover: Cover
    mix: Mix

    def files(self) -> tuple[FileRecord, ...]:
        """Every file with a recorded hash."""
        return (*self.cover.files, *self.mix.files)
