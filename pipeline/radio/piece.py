"""Something that can go on the air, and how it goes into the mix."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio.decode import duration
from pipeline.audio.master import RATE
from pipeline.audio.mixplan import MixItem
from pipeline.audio.order import Song
from pipeline.audio.portrait import Portrait
from pipeline.audio.resample import resampled_length
from pipeline.domain import Backend, Lufs, Seconds, Slug
from pipeline.domain.airing import AirSource
from pipeline.domain.course import Course
from pipeline.errors import Damaged
from pipeline.licences import in_words

LOUDNESS: Lufs = -14.0
"""LUFS of everything on the air, whatever it comes from."""
OFF: Lufs = 0.2
"""LU that a piece may be off before it is turned up or down."""

Stamp = tuple[int, int]
"""Size in bytes and date in ns of a file: another one, and it is another file."""


@dataclass(frozen=True)
class Piece:
    """A mastered track on the disk, and what was measured in it.

    `key` is its identity. `course` is that of a track rendered for the radio, `album` and `track` name an approved one.
    `credit` says who played it, with models and licences; `made` is JSON that says how it was rendered. `stamp` is that
    of the file that was approved, None where nobody approves: an album may be made again while its tracks stand by.
    """

    key: str
    title: str
    artist: str
    path: Path
    portrait: Portrait
    source: AirSource
    words: tuple[str, ...]
    course: Course | None = None
    album: Slug | None = None
    track: int | None = None
    credit: str = ""
    made: str = ""
    stamp: Stamp | None = None

    def check(self) -> None:
        """Raise Damaged unless its file is the one that was meant, and begins as music does."""
        with suppress(OSError):  # what is missing does not begin as music either
            if self.stamp not in (None, stamp_of(self.path)):
                raise Damaged(f"{self.path} is not the file any more that was approved.")
        duration(self.path)

    @property
    def seconds(self) -> Seconds:
        """How long it is heard, its silent ends left out."""
        return (self.portrait.end - self.portrait.lead) / self.portrait.rate

    @property
    def song(self) -> Song:
        """What it is to whoever puts tracks in order."""
        portrait = self.portrait
        return Song(
            title=self.title,
            artist=self.artist,
            seconds=portrait.seconds,
            tempo=portrait.tempo,
            key=portrait.key,
            loudness=portrait.loudness,
            energy=portrait.energy,
        )

    @property
    def item(self) -> MixItem:
        """It as a mix takes it: at the radio's rate, without silent ends, as loud as everything else."""
        portrait = self.portrait
        off = LOUDNESS - portrait.loudness
        gain = round(off, 2) if abs(off) > OFF else 0.0
        loud = 10 ** (gain / 10)
        lead, end, whole = (
            resampled_length(frames, portrait.rate, RATE) for frames in (portrait.lead, portrait.end, portrait.frames)
        )
        return MixItem(
            path=self.path,
            frames=end - lead,
            rate=RATE,
            title=self.title,
            tempo=portrait.tempo,
            first_beat=portrait.first_beat,
            first_bar=portrait.first_bar,
            lead=lead,
            whole=whole,
            file_rate=None if portrait.rate == RATE else portrait.rate,
            gain=gain,
            head=tuple(level * loud for level in portrait.head),
            tail=tuple(level * loud for level in portrait.tail),
        )


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file. Raises OSError where there is none."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def credited(makers: Iterable[Backend]) -> str:
    """Return who made something, in a line for listeners: names, models, and every licence it stands under."""
    said = []
    for by in makers:
        models = ", ".join(model.name for model in by.weights)
        said.append(f"{by.name}{f' ({models})' if models else ''}, {', '.join(map(in_words, by.licences))}")
    return "; ".join(dict.fromkeys(said))
