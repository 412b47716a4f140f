"""Where every track of a mix begins, to the frame, before a sample is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.audio.chapters import Chapter, chapters
from pipeline.audio.jointlevels import dip
from pipeline.domain.longmix import On, PlannedJoint
from pipeline.domain.noun import Noun
from pipeline.domain.units import Bpm, Seconds

SHORTEST: Seconds = 3.0
LONGEST: Seconds = 10.0

MATCHED = 0.03
"""How far two tempos may be apart, as a share, to be brought together in a joint."""

_SAME = 0.001
"""Below this two tempos are one: in ten seconds they part by ten milliseconds, which players do among themselves."""

_BAR = 4
_DIP = 3.0
"""Seconds that a joint may be off the wished length to save a decibel."""


class MixItem(Noun):
    """A finished track to be mixed: `frames` of it, from frame `lead` of its file on, at `rate`, the mix's own.

    Beats are known when `tempo` and `first_beat` are, bars when `first_bar` is; both in seconds from the start of the
    file. `head` and `tail` are its levels at both ends, as in a Portrait, or empty.
    """

    path: Path
    frames: Annotated[int, Field(ge=1)]
    rate: Annotated[int, Field(ge=8000)]
    title: str
    tempo: Bpm | None = None
    first_beat: Seconds | None = None
    first_bar: Seconds | None = None
    lead: Annotated[int, Field(ge=0)] = 0
    whole: Annotated[int, Field(ge=1)] | None = None
    """Frames of the whole file at the mix's rate, where they are not `lead + frames`."""
    file_rate: Annotated[int, Field(ge=8000)] | None = None
    """The file's own rate, where it is another."""
    gain: float = 0.0
    """dB to bring it to the mix's loudness, on top of what `tilt` changes."""
    tilt: float = 0.0
    """dB an octave by which its spectrum is turned."""
    head: tuple[float, ...] = ()
    tail: tuple[float, ...] = ()


class MixPlan(Noun):
    """The mix on paper: a joint from each track to the next."""

    items: Annotated[tuple[MixItem, ...], Field(min_length=1)]
    joints: tuple[PlannedJoint, ...]

    @property
    def rate(self) -> int:
        """Frames a second."""
        return self.items[0].rate

    @property
    def overlaps(self) -> tuple[int, ...]:
        """Frames that each track shares with the next."""
        return tuple(joint.frames for joint in self.joints)

    @property
    def bodies(self) -> tuple[int, ...]:
        """Frames that each track has for itself, between its joints."""
        heads = (0, *(joint.coming for joint in self.joints))
        feet = (*(joint.leaving for joint in self.joints), 0)
        return tuple(item.frames - head - foot for item, head, foot in zip(self.items, heads, feet, strict=True))

    @property
    def starts(self) -> tuple[int, ...]:
        """The frame at which each track begins to be heard."""
        starts = [0]
        for overlap, body in zip((0, *self.overlaps), self.bodies, strict=True):
            starts.append(starts[-1] + overlap + body)
        return tuple(starts[: len(self.items)])

    @property
    def frames(self) -> int:
        """Length of the mix: of the tracks' own parts and of the joints between them."""
        return sum(self.bodies) + sum(self.overlaps)

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """One chapter a track, from where it begins to be heard."""
        return chapters(self.starts, [item.title for item in self.items], self.frames)


def plan_mix(items: Sequence[MixItem], crossfade: Seconds = 6.0, *, match: bool = False) -> MixPlan:
    """Plan crossfades of about `crossfade` seconds between the tracks in the order given.

    A crossfade lasts 3 to 10 s and never takes more than a third of either track. With the beats of both tracks known
    they fall together at its start, its bars where those are known too; with the tempos alone it lasts whole bars of
    the track that leaves, or beats where no bar fits. Among those lengths, the nearest to the wish wins that keeps the
    level up. With `match`, tempos less than MATCHED apart meet half-way for as long as it lasts, so that the beats
    stay together. ValueError when the rates differ.
    """
    if not items:
        raise ValueError("a mix needs at least one track")
    if len({item.rate for item in items}) > 1:
        raise ValueError("the tracks of a mix must share one rate")
    joints = [_joint(leaving, coming, crossfade, match=match) for leaving, coming in pairwise(items)]
    return MixPlan(items=tuple(items), joints=tuple(joints))


def longest_joint(item: MixItem) -> int:
    """Return how many frames at either end of a track a joint may take."""
    return min(round(LONGEST * item.rate), item.frames // 3)


def _joint(leaving: MixItem, coming: MixItem, crossfade: Seconds, *, match: bool) -> PlannedJoint:
    rate = leaving.rate
    longest = min(longest_joint(leaving), longest_joint(coming))
    wanted = min(round(min(max(crossfade, SHORTEST), LONGEST) * rate), longest)

    def price(joint: PlannedJoint) -> tuple[float, int]:
        lost = dip(leaving.tail, coming.head, joint.leaving / rate, joint.coming / rate, joint.frames / rate)
        return abs(joint.frames - wanted) / rate + _DIP * lost, joint.frames

    for candidates in (*_in_time(leaving, coming, match=match), _of_any_length(wanted, longest, rate)):
        fitting = [
            joint
            for joint in candidates
            if min(SHORTEST * rate, longest) <= joint.frames and max(joint.leaving, joint.coming) <= longest
        ]
        if fitting:
            return min(fitting, key=price)
    return PlannedJoint(frames=wanted, leaving=wanted, coming=wanted)


def _of_any_length(wanted: int, longest: int, rate: int) -> Iterator[PlannedJoint]:
    """Yield the wished length and, should the level fall there, others a quarter of a second apart."""
    quarter = rate // 4
    for frames in (wanted, *range(min(round(SHORTEST * rate), longest), longest + 1, quarter)):
        yield PlannedJoint(frames=frames, leaving=frames, coming=frames)


def _in_time(leaving: MixItem, coming: MixItem, *, match: bool) -> Iterator[Iterable[PlannedJoint]]:
    """Yield the joints that keep time: on bars first, else on beats."""
    if leaving.tempo is None or coming.tempo is None:
        return
    # Half and double time share every second beat.
    ratio = coming.tempo / leaving.tempo
    ratio /= 2 ** round(math.log2(ratio))
    met = ratio if match and _SAME < abs(ratio - 1) <= MATCHED else 1.0
    if leaving.first_bar is not None and coming.first_bar is not None:
        yield _on("bar", _BAR, leaving, _phase(leaving, leaving.first_bar, coming, coming.first_bar, met), met)
    if leaving.first_beat is not None and coming.first_beat is not None:
        yield _on("beat", 1, leaving, _phase(leaving, leaving.first_beat, coming, coming.first_beat, met), met)
        return
    for unit in (_BAR, 1):
        yield _on("length", unit, leaving, 0.0, met)


def _phase(leaving: MixItem, grid: Seconds, coming: MixItem, first: Seconds, met: float) -> float:
    """Return how many beats of the leaving track a joint lasts, but for whole ones, whose beats fall together.

    `grid` is on a beat of the one, `first` on one of the other, each in seconds from the start of its file.
    """
    assert leaving.tempo is not None
    left = (leaving.lead + leaving.frames) / leaving.rate - grid
    return (left + (first - coming.lead / coming.rate) * met) * leaving.tempo / 60


def _on(on: On, unit: int, leaving: MixItem, phase: float, met: float) -> Iterator[PlannedJoint]:
    """Yield the joints whose start lies on a `unit` of beats, the tempos in the ratio `met` brought together."""
    assert leaving.tempo is not None
    beat = 60 * leaving.rate / leaving.tempo
    count = phase % unit
    while count * beat <= LONGEST * leaving.rate:
        frames = count * beat
        # As many beats of the coming track; both go to the mean of the two tempos.
        yield PlannedJoint(
            frames=round(frames / math.sqrt(met)),
            leaving=round(frames),
            coming=round(frames / met),
            on=on,
            matched=100 * (met - 1),
        )
        count += unit
