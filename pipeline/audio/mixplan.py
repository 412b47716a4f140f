"""Where every track of a mix begins, to the frame, before a sample is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.audio.chapters import Chapter, chapters
from pipeline.domain.noun import Noun
from pipeline.domain.units import Bpm, Seconds

SHORTEST: Seconds = 3.0
LONGEST: Seconds = 10.0


class MixItem(Noun):
    """A finished track to be mixed. Beats are known when `tempo` is; `first_beat` says where the first one falls."""

    path: Path
    frames: Annotated[int, Field(ge=1)]
    rate: Annotated[int, Field(ge=8000)]
    title: str
    tempo: Bpm | None = None
    first_beat: Seconds | None = None


class MixPlan(Noun):
    """The mix on paper: `overlaps` are the frames that each track shares with the next."""

    items: Annotated[tuple[MixItem, ...], Field(min_length=1)]
    overlaps: tuple[int, ...]

    @property
    def rate(self) -> int:
        """Frames a second."""
        return self.items[0].rate

    @property
    def starts(self) -> tuple[int, ...]:
        """The frame at which each track begins: the sum of what came before less its overlaps."""
        starts = [0]
        for item, overlap in zip(self.items, self.overlaps, strict=False):
            starts.append(starts[-1] + item.frames - overlap)
        return tuple(starts[: len(self.items)])

    @property
    def frames(self) -> int:
        """Length of the mix: the sum of the tracks less the overlaps."""
        return sum(item.frames for item in self.items) - sum(self.overlaps)

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """One chapter a track, from where it begins to be heard."""
        return chapters(self.starts, [item.title for item in self.items], self.frames)


def plan_mix(items: Sequence[MixItem], crossfade: Seconds = 6.0) -> MixPlan:
    """Plan crossfades of about `crossfade` seconds between the tracks in the order given.

    A crossfade lasts 3 to 10 s. When both tempos are known it lasts whole bars of the track that leaves, or
    beats where no bar fits, and with both first beats known the beats of the two tracks fall together at its
    start. It never takes more than a third of either track. ValueError when the rates differ.
    """
    if not items:
        raise ValueError("a mix needs at least one track")
    if len({item.rate for item in items}) > 1:
        raise ValueError("the tracks of a mix must share one rate")
    overlaps = [_overlap(leaving, coming, crossfade) for leaving, coming in pairwise(items)]
    return MixPlan(items=tuple(items), overlaps=tuple(overlaps))


def _overlap(leaving: MixItem, coming: MixItem, crossfade: Seconds) -> int:
    rate = leaving.rate
    longest = min(round(LONGEST * rate), leaving.frames // 3, coming.frames // 3)
    wanted = min(round(min(max(crossfade, SHORTEST), LONGEST) * rate), longest)
    if leaving.tempo is None or coming.tempo is None:
        return wanted
    beat = 60 * rate / leaving.tempo
    for unit in (4 * beat, beat):
        fitting = [length for length in _aligned(leaving, coming, unit) if SHORTEST * rate <= length <= longest]
        if fitting:
            return min(fitting, key=lambda length: abs(length - wanted))
    return wanted


def _aligned(leaving: MixItem, coming: MixItem, unit: float) -> Iterable[int]:
    """Yield the overlaps, from short to long, that keep time: multiples of `unit` frames after what is over."""
    over = 0.0
    if leaving.first_beat is not None and coming.first_beat is not None:
        # The first beat of the coming track falls on the grid that the leaving track's first beat sets.
        grid = leaving.frames - leaving.first_beat * leaving.rate + coming.first_beat * coming.rate
        over = grid % unit
    return (round(over + count * unit) for count in range(int(LONGEST * leaving.rate / unit) + 1))
