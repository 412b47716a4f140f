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
from pipeline.audio.ffmpeg import REMAKE
from pipeline.audio.joint import join
from pipeline.audio.limiter import Limiter
from pipeline.audio.loudness import LoudnessMeter, decibels
from pipeline.audio.mixplan import MixItem, MixPlan
from pipeline.audio.peaks import SPAN
from pipeline.audio.resample import resampled
from pipeline.audio.stretch import stretched
from pipeline.audio.tags import Tags
from pipeline.audio.tilt import Tilt
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
    joints = (None, *plan.joints, None)
    leaving = np.zeros((0, 2), np.float32)
    for index in range(first, len(plan.items)):
        into, out = joints[index], joints[index + 1]
        reader = _Reader(plan.items[index])
        if into is not None:
            coming = reader.read(into.coming)
            if index > first:
                # Backwards, so that it goes over into the rest of its track without a seam.
                coming = stretched(coming[::-1], into.frames, plan.rate)[::-1]
                yield join(leaving, coming, plan.rate)
        body = plan.bodies[index]
        for _ in range(body // _BLOCK):
            yield reader.read(_BLOCK)
        yield reader.read(body % _BLOCK)
        if out is not None:
            leaving = stretched(reader.read(out.leaving), out.frames, plan.rate)
        reader.finish()


class _Reader:
    """Reads a track in pieces of any size, prepared for the mix, and insists on the length that was planned.

    Prepared means: stereo, at the mix's rate, without the silence at its ends, as loud and as bright as planned.
    """

    def __init__(self, item: MixItem) -> None:
        self._item = item
        self._left = item.whole or item.lead + item.frames
        self._blocks = self._prepared()
        self._rest = np.zeros((0, 2), np.float32)
        self.read(item.lead)

    def read(self, frames: int) -> Samples:
        """Return exactly so many frames; Damaged when there are no more."""
        parts, missing = [self._rest[:frames]], frames - len(self._rest)
        self._rest = self._rest[frames:]
        while missing > 0:
            block = self._next()
            if block is None:
                raise Damaged(f"{self._item.path} is shorter than its {self._planned:,} frames.", REMAKE)
            parts.append(block[:missing])
            self._rest = block[missing:]
            missing -= len(block)
        return np.concatenate(parts)

    def finish(self) -> None:
        """Raise Damaged when the file does not end where it was planned to."""
        # The silence after the end is read as well: only then is it known that the file is whole.
        while (block := self._next()) is not None:
            self._rest = block
        if self._left != 0:
            said = "longer" if self._left < 0 else "shorter"
            raise Damaged(f"{self._item.path} is {said} than its {self._planned:,} frames.", REMAKE)

    @property
    def _planned(self) -> int:
        return self._item.whole or self._item.lead + self._item.frames

    def _next(self) -> Samples | None:
        block = next(self._blocks, None)
        if block is not None:
            self._left -= len(block)
        return block

    def _prepared(self) -> Iterator[Samples]:
        item = self._item
        sound: Iterable[Samples] = map(_stereo, blocks(item.path, _BLOCK))
        if item.file_rate is not None:
            sound = resampled(sound, item.file_rate, item.rate)
        if item.tilt or item.gain:
            return map(Tilt(item.rate, item.tilt, item.gain).turn, sound)
        return iter(sound)


def _stereo(block: Samples) -> Samples:
    return block if block.shape[1] == 2 else np.repeat(block, 2, axis=1)
