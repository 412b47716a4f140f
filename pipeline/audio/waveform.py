"""The waveform of a sound, small enough to travel in its record: a page draws it without decoding anything."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

STRETCHES = 400
"""Stretches of equal length that a sound is divided into: a bar each of a waveform as wide as a phone or a window."""


def waveform(samples: NDArray[np.float32]) -> str:
    """Return base64 of a byte for each stretch: the loudest sample in it, 255 at full scale and beyond.

    `samples` is float32 [frames, channels]; one with fewer frames than stretches repeats them. What is no number
    counts as silence.
    """
    frames = len(samples)
    if frames == 0:
        return base64.b64encode(bytes(STRETCHES)).decode()
    loudest = np.nan_to_num(np.abs(samples).max(axis=1), nan=0.0, posinf=0.0)
    starts = np.arange(STRETCHES) * frames // STRETCHES
    peaks = np.maximum.reduceat(loudest, starts)
    return base64.b64encode(np.round(np.minimum(peaks, 1.0) * 255).astype(np.uint8).tobytes()).decode()
