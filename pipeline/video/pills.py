"""The breath of the music as it is drawn: a row of pills that are dots in silence and stretch with their band.

Ground and colour never change, so every pill is drawn at every height once, and a frame only looks them up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.video.levels import BANDS, Levels
from pipeline.video.planes import Planes, halved, laid

ROWS = 96
"""How many rows the pills breathe in."""

PITCH = 16
"""Pixels from one pill to the next."""

THICK = 6
"""Pixels across a pill."""

LENGTH = (BANDS - 1) * PITCH + THICK
"""Pixels from the first pill's left edge to the last one's right edge."""

_SHORT, _TALL = 3.0, 46.0  # half a pill's height in silence and at its loudest
_STEPS = 6  # heights a pixel: finer than anybody sees move
_OPAQUE = 0.92
_WIDE = THICK + 2  # columns that a pill can change, once colour is halved


class Pills:
    """All pills at all heights over one ground: three tables of uint8 [pills, heights, rows, columns], about 20 MB."""

    def __init__(self, ground: Planes, accent: tuple[float, float, float]) -> None:
        """Draw them over a ground of ROWS x (BANDS * PITCH) in the accent's luma, blue and red."""
        full = _coverage()
        small = halved(full)
        self._tables = tuple(
            _drawn(plane, PITCH * len(plane) // ROWS, share, value)
            for plane, share, value in zip(
                (ground.luma, ground.blue, ground.red), (full, small, small), accent, strict=True
            )
        )

    def draw(self, into: Planes, level: Levels) -> None:
        """Draw the pills at [bands] levels of 0 to 1 over a picture of the ground's size, in place."""
        heights = np.rint(np.clip(level, 0, 1) * ((_TALL - _SHORT) * _STEPS)).astype(np.intp)
        for plane, table in zip((into.luma, into.blue, into.red), self._tables, strict=True):
            pitch = PITCH * len(plane) // ROWS
            cells = plane.reshape(len(plane), BANDS, pitch)[:, :, : table.shape[-1]]
            cells[:] = table[np.arange(BANDS), heights].transpose(1, 0, 2)


def _coverage() -> NDArray[np.float32]:
    """Coverage of a pill at each height, [heights, rows, columns]."""
    radius = THICK / 2
    tall = _SHORT + np.arange(round((_TALL - _SHORT) * _STEPS) + 1) / _STEPS
    down = np.abs(np.arange(ROWS) + 0.5 - ROWS / 2)
    across = np.abs(np.arange(_WIDE) + 0.5 - radius)
    beyond = np.maximum(0, down[None, :] - (tall[:, None] - radius))
    # Distance to the outline of a capsule: half a pixel on either side of it is partly covered.
    share = np.clip(radius + 0.5 - np.hypot(beyond[:, :, None], across[None, None, :]), 0, 1) * _OPAQUE
    return np.asarray(share, dtype=np.float32)


def _drawn(plane: NDArray[np.uint8], pitch: int, share: NDArray[np.float32], value: float) -> NDArray[np.uint8]:
    """Return every pill at every height over its own piece of a plane, [pills, heights, rows, columns]."""
    table = np.empty((BANDS, *share.shape), np.uint8)
    for pill, cells in enumerate(table):
        left = pill * pitch
        cells[:] = laid(plane[None, :, left : left + share.shape[-1]], share, value)
    return table
