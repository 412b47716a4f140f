"""What of the music moves: its level in bands, once for every video frame, in constant memory.

A window of a tenth of a second stands over the middle of each frame. Its power is summed in bands spaced evenly in
pitch, tilted so that treble counts as it is heard, and mapped from decibels to 0 and 1. Then it is slowed: a level
rises in a third of a second and falls in one, so that a beat swells and does not flash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.sparse import csr_array

from pipeline.audio.clip import Samples

Levels = NDArray[np.float32]
"""float32 [bands], 0 (silence) to 1."""

BANDS = 48

_LOWEST, _HIGHEST = 55.0, 9000.0  # Hz
_QUIET, _LOUD = -62.0, -24.0  # dB of a band's power at 1 kHz: what shows first, and what fills the height
_TILT = 3.0  # dB an octave: music of every kind falls about so steeply
_RISE, _FALL = 0.35, 1.1  # seconds


def levels(sound: Iterable[Samples], rate: int, fps: int, count: int) -> Iterator[Levels]:
    """Yield `count` levels, one for each frame of `fps` a second, from blocks of float32 [frames, channels].

    Sound that is shorter is followed by silence. What is kept is one window and one block.
    """
    slow = Breath(fps)
    for heard in _heard(sound, rate, fps, count):
        yield slow.follow(heard)


class Breath:
    """Levels slowed in time and evened out between neighbours."""

    def __init__(self, fps: int) -> None:
        self._rise = np.float32(1 - np.exp(-1 / (_RISE * fps)))
        self._fall = np.float32(1 - np.exp(-1 / (_FALL * fps)))
        self._now = np.zeros(BANDS, np.float32)

    def follow(self, heard: Levels) -> Levels:
        """Take in the level of the next frame, [bands], and return what is shown of it."""
        padded = np.concatenate((heard[:1], heard, heard[-1:]))
        even = (padded[:-2] + padded[2:]) * np.float32(0.25) + heard * np.float32(0.5)
        gap = even - self._now
        self._now = self._now + gap * np.where(gap > 0, self._rise, self._fall)
        return self._now


def _heard(sound: Iterable[Samples], rate: int, fps: int, count: int) -> Iterator[Levels]:
    size = 1 << round(np.log2(rate * 0.09))
    window = np.hanning(size).astype(np.float32)
    bands, tilt = _bands(size, rate, float((window**2).sum()))
    starts = (2 * np.arange(count, dtype=np.int64) + 1) * rate // (2 * fps)
    pending, first, given = np.zeros(size // 2, np.float32), 0, 0  # half a window of silence before the start
    for block in _ended(sound, size):
        pending = np.concatenate((pending, block.mean(axis=1, dtype=np.float32)))
        ready = int(np.searchsorted(starts, first + len(pending) - size, side="right"))
        if ready > given:
            at = starts[given:ready] - first
            power = np.abs(rfft(pending[at[:, None] + np.arange(size)] * window, axis=1)) ** 2
            decibels = 10 * np.log10((bands @ power.T).T + np.float32(1e-12)) + tilt
            yield from np.clip((decibels - _QUIET) / (_LOUD - _QUIET), 0, 1).astype(np.float32)
            given = ready
        used = min(int(starts[given]) - first if given < count else len(pending), len(pending))
        pending, first = pending[used:], first + used
    yield from np.zeros((count - given, BANDS), np.float32)


def _ended(sound: Iterable[Samples], size: int) -> Iterator[Samples]:
    """Yield the blocks and a window of silence, so that the last frame has all of its own."""
    yield from sound
    yield np.zeros((size, 1), np.float32)


def _bands(size: int, rate: int, energy: float) -> tuple[csr_array, NDArray[np.float32]]:
    """Return the weights in each band of each bin, [bands, bins], and what each band's decibels are raised by.

    Bands overlap as triangles over pitch; at the low end, where bins are wider than bands, a band reads between two.
    """
    hertz = np.fft.rfftfreq(size, 1 / rate)
    step = np.log2(_HIGHEST / _LOWEST) / (BANDS - 1)
    pitch = np.log2(np.maximum(hertz, 1e-3) / _LOWEST) / step
    width = np.maximum(1.0, np.log2(1 + 1.5 * hertz[1] / (_LOWEST * 2 ** (np.arange(BANDS) * step))) / step)
    weights = np.maximum(0, 1 - np.abs(pitch[:, None] - np.arange(BANDS)) / width)
    # A band that is wider than its step would count its neighbours' power as well as its own.
    weights /= width
    tilt = _TILT * np.log2(_LOWEST * 2 ** (np.arange(BANDS) * step) / 1000)
    # Sparse, for all but two or three bands of a bin are 0, and because it takes one thread: the encoder has the rest.
    return csr_array((weights.T * 2 / (size * energy)).astype(np.float32)), tilt.astype(np.float32)
