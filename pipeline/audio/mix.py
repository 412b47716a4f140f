"""Hours of music in constant memory: the tracks stream through, only the joints are held."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from pipeline.audio.clip import Samples
from pipeline.audio.decode import blocks
from pipeline.audio.encode import encode_checked
from pipeline.audio.ffmpeg import REMAKE
from pipeline.audio.joint import join
from pipeline.audio.limiter import Limiter
from pipeline.audio.loudness import LoudnessMeter, PeakMeter, decibels
from pipeline.audio.mixplan import MixItem, MixPlan
from pipeline.audio.tags import Tags
from pipeline.domain import Joint, Lufs
from pipeline.domain.brief import Format
from pipeline.domain.noun import Noun
from pipeline.errors import Damaged

_BLOCK = 1 << 16
_CEILING = -1.45  # dBTP: where masters stand, and a hair, so that only joints are ever limited


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
) -> MixLevels:
    """Render the mix once, straight into all its files, with a chapter at the start of every track.

    A lossy file above `ceiling` dBTP is made again a little quieter. Raises Damaged when a track is not what
    the plan says, DiskFull, BackendUnavailable or BackendFailed; no file is left behind then.
    """
    meter = MixMeter(plan)

    def sound() -> Iterator[Samples]:
        nonlocal meter
        meter = MixMeter(plan)
        return meter.watch(stream_mix(plan))

    peaks = encode_checked(sound, plan.rate, outputs, tags, cover=cover, chapters=plan.chapters, ceiling=ceiling)
    return meter.levels().but(true_peak=max(peaks.values()))


def stream_mix(plan: MixPlan, ceiling: float = _CEILING) -> Iterator[Samples]:
    """Yield the mix as [frames, 2]; together exactly `plan.frames` long. Raises Damaged.

    Between joints the tracks pass unchanged, bit for bit, as long as they keep to `ceiling` dBTP.
    """
    limiter = Limiter(plan.rate, ceiling)
    for block in _laid_out(plan):
        yield from limiter.push(block)
    yield from limiter.flush()


class MixMeter:
    """Measures a mix while it passes: loudness, true peak, and the level around every joint."""

    def __init__(self, plan: MixPlan) -> None:
        self._loudness = LoudnessMeter(plan.rate)
        self._peak = PeakMeter()
        self._place = 0
        self._joints = list(zip(plan.starts[1:], plan.overlaps, strict=True))
        # Before, during and after each joint: from, to and the energy so far.
        self._spans: list[tuple[int, int]] = []
        for start, frames in self._joints:
            end = start + frames
            self._spans += [(max(0, start - plan.rate), start), (start, end), (end, min(plan.frames, end + plan.rate))]
        self._energy = [0.0] * len(self._spans)

    def watch(self, mix: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the blocks as they come, measured."""
        for block in mix:
            self.add(block)
            yield block

    def add(self, block: Samples) -> None:
        """Take in the next frames, [frames, 2]."""
        self._loudness.add(block)
        self._peak.add(block)
        for index, (start, end) in enumerate(self._spans):
            part = block[max(0, start - self._place) : max(0, end - self._place)]
            if len(part):
                self._energy[index] += float(np.einsum("fc,fc->", part, part, dtype=np.float64))
        self._place += len(block)

    def levels(self) -> MixLevels:
        """Return what was measured so far."""
        rms = [
            decibels(math.sqrt(energy / max(1, 2 * (end - start))))
            for energy, (start, end) in zip(self._energy, self._spans, strict=True)
        ]
        joints = tuple(
            Joint(start=start, frames=frames, before=rms[3 * n], during=rms[3 * n + 1], after=rms[3 * n + 2])
            for n, (start, frames) in enumerate(self._joints)
        )
        return MixLevels(loudness=self._loudness.integrated(), true_peak=self._peak.peak(), joints=joints)


def _laid_out(plan: MixPlan) -> Iterator[Samples]:
    """Yield the tracks one after another with their joints, before the limiter."""
    heads, feet = (0, *plan.overlaps), (*plan.overlaps, 0)
    leaving = np.zeros((0, 2), np.float32)
    for item, head, foot in zip(plan.items, heads, feet, strict=True):
        reader = _Reader(item)
        if head:
            yield join(leaving, reader.read(head), plan.rate)
        for _ in range((item.frames - head - foot) // _BLOCK):
            yield reader.read(_BLOCK)
        yield reader.read((item.frames - head - foot) % _BLOCK)
        leaving = reader.read(foot)
        reader.finish()


class _Reader:
    """Reads a track in pieces of any size, as stereo, and insists on the length that was planned."""

    def __init__(self, item: MixItem) -> None:
        self._item = item
        self._blocks = blocks(item.path, _BLOCK)
        self._rest = np.zeros((0, 2), np.float32)

    def read(self, frames: int) -> Samples:
        """Return exactly so many frames; Damaged when there are no more."""
        parts, missing = [self._rest[:frames]], frames - len(self._rest)
        self._rest = self._rest[frames:]
        while missing > 0:
            block = next(self._blocks, None)
            if block is None:
                raise Damaged(f"{self._item.path} is shorter than its {self._item.frames:,} frames.", REMAKE)
            stereo = block if block.shape[1] == 2 else np.repeat(block, 2, axis=1)
            parts.append(stereo[:missing])
            self._rest = stereo[missing:]
            missing -= len(block)
        return np.concatenate(parts)

    def finish(self) -> None:
        """Raise Damaged when the file goes on after its planned end."""
        if len(self._rest) or next(self._blocks, None) is not None:
            raise Damaged(f"{self._item.path} is longer than its {self._item.frames:,} frames.", REMAKE)
