"""A track on its way into a mix: read in pieces of any size, prepared as its plan says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from pipeline.audio.clip import Samples
from pipeline.audio.decode import blocks
from pipeline.audio.ffmpeg import REMAKE
from pipeline.audio.mixplan import MixItem
from pipeline.audio.resample import resampled
from pipeline.audio.tilt import Tilt
from pipeline.errors import Damaged

_BLOCK = 1 << 16


class TrackReader:
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
