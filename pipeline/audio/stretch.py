"""The same music a little faster or slower at the same pitch, for the few seconds of a joint.

WSOLA: pieces are laid over each other at the new pace, and each is taken from where it goes on most like the one
before (Verhelst and Roelands, "An overlap-add technique based on waveform similarity", ICASSP 1993).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate

from pipeline.audio.clip import Samples

_HOP = 0.04
"""Seconds from one piece to the next; a piece is two of them: four periods of a bass at 50 Hz."""

_SEARCH = 0.012
"""Seconds that a piece may be moved to go on well: more than half a period of that bass."""


def stretched(samples: Samples, frames: int, rate: int) -> Samples:
    """Return samples [frames, channels] as `frames` of the same sound, at `rate`, faster or slower by a few percent.

    It begins exactly as they do, so that it goes on without a seam from what comes before them.
    """
    if frames == len(samples):
        return samples
    hop, search = max(8, round(_HOP * rate)), max(1, round(_SEARCH * rate))
    ratio = len(samples) / frames
    padded = np.concatenate([samples, np.zeros((3 * hop + 2 * search, samples.shape[1]), np.float32)])
    mono = padded.mean(axis=1)
    fade = (np.sin((np.arange(hop) + 0.5) / hop * (np.pi / 2)) ** 2).astype(np.float32)[:, None]
    result = np.empty((-(-frames // hop) * hop, samples.shape[1]), np.float32)
    result[:hop] = padded[:hop]
    place = 0
    for start in range(hop, len(result), hop):
        onward = place + hop
        place = _most_like(mono, onward, round(start * ratio), hop, search)
        result[start : start + hop] = padded[onward : onward + hop] * fade[::-1] + padded[place : place + hop] * fade
    return result[:frames]


def _most_like(mono: NDArray[np.float32], onward: int, near: int, hop: int, search: int) -> int:
    """Return the place at most `search` away from `near` from where the sound is most like that from `onward` on."""
    wished = mono[onward : onward + 2 * hop]
    low = max(0, min(near - search, len(mono) - 2 * hop - 2 * search - 1))
    field = mono[low : low + 2 * search + 2 * hop]
    likeness = correlate(field, wished, "valid", "fft")
    energy = np.cumsum(np.pad(field.astype(np.float64) ** 2, (1, 0)))
    size = np.sqrt(np.maximum(energy[2 * hop :] - energy[: -2 * hop], 1e-9))
    return low + int(np.argmax(likeness / size))
