"""Ringing bodies: sums of decaying partials, computed as one matrix product.

Strings, tines, bars and drum shells are modal: each sounds as a sum of exponentially decaying sines. The samples of
one such sum, folded into rows of `COLUMNS`, are the real part of (row phasors) x (column phasors), so a whole tone
costs two short tables and one float32 matrix product instead of a sine for every sample and partial. Partials above
the audible band of the rate are left out, so nothing can alias.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
"""Frames per second of a finished clip, and of drums."""

TONE_RATE = 22_050
"""Frames per second of pitched instruments, reverb and ambience: lo-fi has nothing to say above 10 kHz."""

COLUMNS = 256
_ROWS_PER_PRODUCT = 8  # small products stay on one BLAS thread, so the bytes cannot depend on how many there are
_SILENCE = 1e-9  # amplitudes below this are dropped before they become slow denormal numbers

Mono = NDArray[np.float32]
"""float32 [frames]."""

Table = NDArray[np.floating[Any]]
"""Frequencies, levels or times: small arrays worked on in double precision."""


Phasors = NDArray[np.complex128]


def hertz(pitch: float) -> float:
    """Frequency of a MIDI pitch in equal temperament, A4 (69) = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def ring(
    frequencies: Table,
    amplitudes: Table,
    decays: Table,
    frames: int,
    *,
    rate: int = TONE_RATE,
    phases: Table | float = 0.0,
    gains: Table | None = None,
) -> Mono:
    """Return the sum of decaying sines, float32 [frames].

    `frequencies` in Hz, `amplitudes` linear, `decays` in seconds to 1/e and `phases` in radians (0 starts at a zero
    crossing) are [partials]. `gains` [points, partials] are linear-in-time gains whose points are spread evenly from
    the first frame to the last: with them a spectrum can change while it sounds.
    """
    audible = (frequencies < 0.46 * rate) & (frequencies > 0) & (np.abs(amplitudes) > _SILENCE)
    if not audible.any() or frames <= 0:
        return np.zeros(max(frames, 0), np.float32)
    tau = np.broadcast_to(decays, frequencies.shape)[audible]
    phase = np.broadcast_to(phases, frequencies.shape)[audible]
    step = np.asarray((-1.0 / tau + 2j * np.pi * frequencies[audible]) / rate, np.complex128)
    rows = -(-frames // COLUMNS)
    rows += -rows % _ROWS_PER_PRODUCT
    start = amplitudes[audible] * np.exp(1j * (phase - np.pi / 2))
    across = _powers(step, COLUMNS)
    down = _powers(step * COLUMNS, rows) * start
    down[np.abs(down) < _SILENCE] = 0.0
    if gains is None:
        left = np.concatenate((down.real, -down.imag), axis=1)
        right = np.concatenate((across.real, across.imag), axis=1).T
    else:
        edges = _spread(gains[:, audible], rows + 1, frames)
        level, slope = down * edges[:-1], down * np.diff(edges, axis=0)
        left = np.concatenate((level.real, -level.imag, slope.real, -slope.imag), axis=1)
        moving = across * (np.arange(COLUMNS) / COLUMNS)[:, None]
        right = np.concatenate((across.real, across.imag, moving.real, moving.imag), axis=1).T
    folded = np.ascontiguousarray(left, np.float32).reshape(rows // _ROWS_PER_PRODUCT, _ROWS_PER_PRODUCT, -1)
    samples: Mono = np.matmul(folded, np.ascontiguousarray(right, np.float32)).reshape(-1)[:frames]
    return samples


def _powers(step: Phasors, count: int) -> Phasors:
    """exp(step * k) for k below `count`, [count, partials], by the outer product of two shorter tables."""
    fine = 16
    coarse = -(-count // fine)
    small = np.exp(step * np.arange(fine)[:, None])
    large = np.exp(step * (fine * np.arange(coarse))[:, None])
    powers: Phasors = (large[:, None, :] * small[None, :, :]).reshape(coarse * fine, -1)[:count]
    return powers


def _spread(gains: Table, edges: int, frames: int) -> Table:
    """Read the gain curves at the edges of the rows, [edges, partials]."""
    at = np.minimum(np.arange(edges) * (COLUMNS / max(frames, 1)), 1.0) * (len(gains) - 1)
    below = np.minimum(at.astype(int), len(gains) - 2)
    share = (at - below)[:, None]
    curve: Table = gains[below] * (1 - share) + gains[below + 1] * share
    return curve
