"""Hours of music in constant memory: the tracks stream through, only the joints are held."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from pipeline.audio.clip import Samples
from pipeline.audio.decode import blocks
from pipeline.audio.encode import Heed, encode_checked
from pipeline.audio.layout import lay_out
from pipeline.audio.limiter import Limiter
from pipeline.audio.loudness import LoudnessMeter, decibels
from pipeline.audio.mixplan import MixPlan
from pipeline.audio.peaks import SPAN
from pipeline.audio.tags import Tags
from pipeline.domain import Joint, Lufs
from pipeline.domain.brief import Format
from pipeline.domain.noun import Noun
from pipeline.errors import Damaged

_BLOCK = 1 << 16
_CEILING = -1.45  # dBTP: where masters stand, and a hair, so that only joints are ever limited
_RUN_UP = 10
"""Seconds before a place in the mix from which the limiter has to hear it: it lets go of 40 dB in one."""


class MixLevels(Noun):
    """What the mix turned out to be. `true_peak` in dBTP is the highest over its files after decoding."""

    loudness: Lufs
    true_peak: float
    joints: tuple[Joint, ...]


def write_mix(
    plan: MixPlan,
    outputs: Mapping[Format, Path],
    tags: Tags,
    *,
    cover: bytes | None = None,
    ceiling: float = -1.0,
    begun: Path | None = None,
    heed: Heed = lambda _, __: None,
) -> MixLevels:
    """Render the mix once, straight into all its files, with a chapter at the start of every track.

    A lossy file above `ceiling` dBTP is made again a little quieter. `begun` is a FLAC of this very mix that broke off:
    what it holds is not mixed again. `heed` is told how much of each pass is done. Raises Damaged when a track is not
    what the plan says, DiskFull, BackendUnavailable or BackendFailed; no file is left behind then.
    """
    meter = MixMeter(plan)

    def sound() -> Iterator[Samples]:
        nonlocal meter
        meter = MixMeter(plan)
        return meter.watch(stream_mix(plan) if begun is None else continue_mix(plan, begun))

    peaks = encode_checked(
        sound, plan.rate, outputs, tags, cover=cover, chapters=plan.chapters, ceiling=ceiling, heed=heed
    )
    return MixLevels(loudness=meter.loudness(), true_peak=max(peaks.values()), joints=meter.joints())


def stream_mix(plan: MixPlan, ceiling: float = _CEILING, *, start: int = 0) -> Iterator[Samples]:
    """Yield the mix from frame `start` on as [frames, 2], exactly as it is in the whole mix. Raises Damaged.

    Between joints the tracks pass as they are prepared for the mix, bit for bit, as long as they keep to `ceiling`
    dBTP; those that need nothing, as they are.
    """
    limiter = Limiter(plan.rate, ceiling)
    first, place = _entrance(plan, start - _RUN_UP * plan.rate)
    # The limiter decides for whole spans, counted from the beginning of the mix.
    skip = -place % SPAN
    passed = place + skip
    for block in _limited(_after(_laid_out(plan, first), skip), limiter):
        yield from _part(block, start - passed)
        passed += len(block)


def continue_mix(plan: MixPlan, begun: Path) -> Iterator[Samples]:
    """Yield the whole mix: what a file of it that broke off holds, and from there on anew. Raises Damaged."""
    kept = 0
    with suppress(Damaged):  # its last frames may be cut short
        for block in blocks(begun, _BLOCK):
            if kept + len(block) > plan.frames:
                break
            yield block
            kept += len(block)
    yield from stream_mix(plan, start=kept)


def _entrance(plan: MixPlan, place: int) -> tuple[int, int]:
    """Return the last track whose own part begins at or before a frame of the mix, and where that is."""
    bodies = [start + overlap for start, overlap in zip(plan.starts, (0, *plan.overlaps), strict=True)]
    track = max(0, bisect_right(bodies, place) - 1)
    return track, bodies[track]


def _limited(sound: Iterable[Samples], limiter: Limiter) -> Iterator[Samples]:
    for block in sound:
        yield from limiter.push(block)
    yield from limiter.flush()


def _after(sound: Iterator[Samples], frames: int) -> Iterator[Samples]:
    for block in sound:
        yield from _part(block, frames)
        frames -= len(block)


def _part(block: Samples, skip: int) -> Iterator[Samples]:
    if skip < len(block):
        yield block[max(0, skip) :]


class MixMeter:
    """Measures a mix while it passes: loudness, and the level around every joint."""

    def __init__(self, plan: MixPlan) -> None:
        self._loudness = LoudnessMeter(plan.rate)
        self._place = 0
        self._joints = list(zip(plan.starts[1:], plan.joints, strict=True))
        # Before, during and after each joint: from, to and the energy so far.
        self._spans: list[tuple[int, int]] = []
        for start, joint in self._joints:
            end = start + joint.frames
            self._spans += [(max(0, start - plan.rate), start), (start, end), (end, min(plan.frames, end + plan.rate))]
        self._edges = np.array(self._spans or [(0, 0)])
        self._energy = [0.0] * len(self._spans)

    def watch(self, mix: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the blocks as they come, measured."""
        for block in mix:
            self.add(block)
            yield block

    def add(self, block: Samples) -> None:
        """Take in the next frames, [frames, 2]."""
        self._loudness.add(block)
        touched = (self._edges[:, 0] < self._place + len(block)) & (self._edges[:, 1] > self._place)
        for index in np.flatnonzero(touched):
            start, end = self._spans[index]
            part = block[max(0, start - self._place) : max(0, end - self._place)]
            self._energy[index] += float(np.einsum("fc,fc->", part, part, dtype=np.float64))
        self._place += len(block)

    def loudness(self) -> Lufs:
        """Return the integrated loudness so far."""
        return self._loudness.integrated()

    def joints(self) -> tuple[Joint, ...]:
        """Return every joint with the level before, during and after it, as far as that was heard."""
        rms = [
            round(decibels(math.sqrt(energy / max(1, 2 * (end - start)))), 3)
            for energy, (start, end) in zip(self._energy, self._spans, strict=True)
        ]
        return tuple(
            Joint(
                start=start,
                frames=joint.frames,
                before=rms[3 * n],
                during=rms[3 * n + 1],
                after=rms[3 * n + 2],
                on=joint.on,
                matched=round(joint.matched, 2),
            )
            for n, (start, joint) in enumerate(self._joints)
        )


def _laid_out(plan: MixPlan, first: int = 0) -> Iterator[Samples]:
    """Yield the tracks one after another with their joints, before the limiter, from the own part of one track on."""
    rest = zip(plan.joints[first:], plan.items[first + 1 :], strict=True)
    past = plan.joints[first - 1].coming if first else 0
    return lay_out(plan.items[first], lambda _: next(rest, None), past=past)
