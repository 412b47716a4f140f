"""The record's surface: pink noise with a little rumble, ticks and pops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_OCTAVES = (1, 3, 9, 27, 81)


def surface(channels: int, frames: int, rate: int, rng: np.random.Generator, crackle: float) -> NDArray[np.float32]:
    """Return a bed of noise, float32 [channels, frames], with RMS near 1 before its ticks.

    The noise is a sum of rows that change every 1, 3, 9 ... frames (R. F. Voss's way to a falling spectrum; odd
    steps keep the rows from changing together). `crackle` runs from 0 to 1.
    """
    shift = 7919  # the second channel reads the same noise elsewhere, which the ear takes for another
    length = frames + shift * (channels - 1)
    bed = np.zeros(length, np.float32)
    for step in _OCTAVES:
        count = -(-length // step)
        row = np.frombuffer(rng.bytes(2 * count), np.int16).astype(np.float32)
        bed += (row if step == 1 else np.repeat(row, step))[:length]
    bed *= np.float32(np.sqrt(3.0 / len(_OCTAVES)) / 32768)
    planes = np.empty((channels, frames), np.float32)
    for channel in range(channels):
        planes[channel] = bed[channel * shift : channel * shift + frames]
    if crackle:
        _tick(planes, rate, rng, crackle)
    return planes


def _tick(planes: NDArray[np.float32], rate: int, rng: np.random.Generator, crackle: float) -> None:
    """Add ticks, many faint and few loud, and now and then a pop."""
    channels, frames = planes.shape
    seconds = frames / rate
    for often, loudest, decay in ((9.0, 9.0, 0.00012), (0.25, 22.0, 0.0006)):
        count = int(rng.poisson(often * crackle * seconds))
        length = max(2, int(8 * decay * rate))
        starts = np.sort(rng.integers(0, max(1, frames - length), count))
        sizes = loudest * rng.beta(1.2, 5.0, count) * rng.choice((-1.0, 1.0), count)
        sides = rng.uniform(0.4, 1.0, (channels, count))
        shape = np.exp(-np.arange(length) / (decay * rate)) * rng.choice((1.0, -0.6), (count, length))
        for start, size, side, form in zip(starts, sizes, sides.T, shape, strict=True):
            planes[:, start : start + length] += np.outer(side * size, form).astype(np.float32)
