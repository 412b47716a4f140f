"""A stream of sound at another rate, in constant memory.

The filter and its result are those of scipy's `resample_poly`, block by block.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.signal import firwin, upfirdn

from pipeline.audio.clip import Samples

_REACH = 10
"""Periods of the lower rate that the filter reaches to either side."""

_BLOCK = 1 << 15


def resampled_length(frames: int, rate: int, wanted: int) -> int:
    """Return how many frames at the rate `wanted` so many frames at `rate` become."""
    common = math.gcd(rate, wanted)
    return -(-frames * (wanted // common) // (rate // common))


def resampled(blocks: Iterable[Samples], rate: int, wanted: int) -> Iterator[Samples]:
    """Yield blocks of [frames, channels] at the rate `wanted`; together they are as many as `resampled_length` says."""
    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    half = _REACH * max(up, down)
    taps = (firwin(2 * half + 1, 1 / max(up, down), window=("kaiser", 5.0)) * up).astype(np.float32)
    # Zeros in front bring the middle of the filter onto a frame of the result.
    taps = np.pad(taps, (-half % down, 0))
    delay = (half + -half % down) // down
    # Whole periods of both rates, so that a block begins on a frame of both.
    around = (half // up // down + 1) * down
    size = max(1, _BLOCK // down) * down
    given, taken = 0, 0
    held: Samples | None = None

    def turned(piece: Samples, frames: int) -> Samples:
        first = delay + around // down * up
        made = upfirdn(taps, piece, up, down, axis=0)[first : first + frames]
        return np.ascontiguousarray(made, dtype=np.float32)

    for block in blocks:
        if held is None:
            held = np.zeros((around, block.shape[1]), np.float32)
        held = np.concatenate([held, block])
        taken += len(block)
        while len(held) >= size + 2 * around:
            frames = size // down * up
            yield turned(held[: size + 2 * around], frames)
            given += frames
            held = held[size:]
    if held is not None:
        left = resampled_length(taken, rate, wanted) - given
        yield turned(np.concatenate([held, np.zeros((around, held.shape[1]), np.float32)]), left)
