"""A look-ahead limiter that keeps the true peak under a ceiling and is silent about it.

The gain is decided once for every span of 16 frames, in decibels of reduction:

1. each span needs enough reduction to bring its true peak under the ceiling;
2. after a peak the reduction is let go at a steady RELEASE in dB a second (a running maximum, not a loop);
3. every span takes the greatest need within the look-ahead on either side, and a Hann-weighted mean over that
   same width rounds the corners: a mean of values that all suffice also suffices, so no peak slips through.

Between spans the gain runs in a straight line. Where nothing needs reducing the gain is exactly one, and the
samples come out bit for bit as they went in.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.loudness import amplitude
from pipeline.audio.peaks import SPAN, span_peaks

LOOKAHEAD = 0.005
"""Seconds over which the gain moves before a peak, and as long again around it."""

RELEASE = 40.0
"""Decibels a second: a 2 dB catch is over in 50 ms, slow enough to leave a 50 Hz bass note its shape."""

_SLICE = 1 << 16  # frames worked on at once: what fits in the cache


def limit(clip: Clip, ceiling: float) -> Clip:
    """Return the clip with its true peak at or under `ceiling` dBTP; the same object when it already is."""
    limiter = Limiter(clip.rate, ceiling, clip.channels)
    pieces = [*limiter.push(clip.samples), *limiter.flush()]
    return Clip(np.concatenate(pieces), clip.rate) if limiter.reduced else clip


class Limiter:
    """The limiter as a stream: frames come out in order, unchanged in number, some milliseconds late.

    `reduced` is the greatest reduction so far, in dB.
    """

    def __init__(self, rate: int, ceiling: float, channels: int = 2) -> None:
        self.reduced = 0.0
        self._ceiling = amplitude(ceiling)
        self._reach = max(1, round(LOOKAHEAD * rate / SPAN))
        window = np.hanning(2 * self._reach + 3)[1:-1]
        self._window = window / window.sum()
        self._fall = RELEASE * SPAN / rate
        self._held = 0.0  # the reduction still being let go, at the last span measured
        # The piece is taken to follow two silent spans: one is context only, one gives the first edge a left side.
        self._arriving = np.zeros((channels, 2 * SPAN), np.float32)
        self._measured = np.zeros((channels, 0), np.float32)
        self._needs = np.zeros(2 * self._reach)
        self._gain = 1.0  # at the left edge of the first measured span
        self._silence = SPAN  # frames still to be dropped from the front
        self._owed = 0  # frames taken in and not yet given out

    def push(self, block: Samples) -> Iterator[Samples]:
        """Take in frames and yield those whose gain is settled."""
        for start in range(0, len(block), _SLICE):
            piece = block[start : start + _SLICE]
            self._owed += len(piece)
            yield from self._advance(piece)

    def flush(self) -> Iterator[Samples]:
        """Yield the rest. Nothing may be pushed afterwards."""
        after = (2 * self._reach + 4) * SPAN
        yield from self._advance(np.zeros((after, len(self._arriving)), np.float32))

    def _advance(self, piece: Samples) -> Iterator[Samples]:
        frames = np.concatenate((self._arriving, piece.T), axis=1)
        spans = frames.shape[1] // SPAN - 2
        if spans < 1:
            self._arriving = frames
            return
        peaks = span_peaks(frames[:, : (spans + 2) * SPAN], self._ceiling)
        self._arriving = frames[:, spans * SPAN :].copy()
        self._measured = np.concatenate((self._measured, frames[:, SPAN : (spans + 1) * SPAN]), axis=1)
        gains = self._settle(self._release(peaks))
        if len(gains):
            given = self._apply(gains)[self._silence :][: self._owed]
            self._silence = 0
            self._owed -= len(given)
            yield given

    def _release(self, peaks: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the reduction each span needs in dB, falling no faster than the release allows."""
        over = np.maximum(peaks.astype(np.float64), 1e-9) / self._ceiling
        # Rounded up to a thousandth, so that the last bit of a matrix product never decides a gain.
        need: NDArray[np.float64] = np.maximum(0.0, np.ceil(20_000 * np.log10(over)) / 1000)
        slope = self._fall * np.arange(1, len(need) + 1)
        held: NDArray[np.float64] = np.maximum.accumulate(np.maximum(need + slope, self._held))
        need = np.maximum(held - slope, 0.0)
        self._held = float(need[-1])
        self.reduced = max(self.reduced, float(need.max()))
        return need

    def _settle(self, need: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gain at the right edge of every span that has seen its whole look-ahead."""
        needs = np.concatenate((self._needs, need))
        edges = max(0, len(needs) - 4 * self._reach - 1)
        self._needs = needs[edges:]
        if not edges or not needs.any():
            return np.ones(edges)
        greatest = np.lib.stride_tricks.sliding_window_view(needs, 2 * self._reach + 2).max(axis=1)
        return np.asarray(10 ** (np.convolve(greatest, self._window, "valid") / -20))

    def _apply(self, gains: NDArray[np.float64]) -> Samples:
        """Return the first measured spans with their gain, [frames, channels]."""
        frames = len(gains) * SPAN
        planes = self._measured[:, :frames].copy()
        self._measured = self._measured[:, frames:].copy()
        left = np.concatenate(([self._gain], gains[:-1]))
        self._gain = float(gains[-1])
        moved = np.flatnonzero((left != 1) | (gains != 1))
        if len(moved):
            ramp = np.arange(SPAN) / SPAN
            curve = left[moved, None] + (gains - left)[moved, None] * ramp
            planes.reshape(len(planes), -1, SPAN)[:, moved] *= curve.astype(np.float32)
        return np.ascontiguousarray(planes.T)
