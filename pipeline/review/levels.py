"""How loud takes are played, so that none is liked for being louder."""

from __future__ import annotations

import base64
import binascii

import numpy as np

from pipeline.domain import Lufs

TARGET: Lufs = -18.0
"""What every take is brought to: softer than a master, so that a dynamic take has room for its peaks."""
CEILING = -1.0
"""dBFS that no sample is brought above."""
LEAST, MOST = -30.0, 24.0


def gain(loudness: Lufs | None, peak: float) -> float:
    """Return the decibels that bring a take of a loudness to TARGET, less where its `peak` in dBFS has no room."""
    if loudness is None or not np.isfinite(loudness):
        return 0.0
    return round(float(np.clip(min(TARGET - loudness, CEILING - peak), LEAST, MOST)), 2)


def matched(a: tuple[Lufs | None, float], b: tuple[Lufs | None, float]) -> tuple[float, float]:
    """Return the gains of two takes, (loudness, peak) each, under which both sound equally loud."""
    first, second = gain(*a), gain(*b)
    if a[0] is None or b[0] is None:
        return first, second
    common = min(a[0] + first, b[0] + second)
    return round(common - a[0], 2), round(common - b[0], 2)


def peak_of(peaks: str | None) -> float:
    """Return the highest sample of a waveform (pipeline/audio/waveform.py) in dBFS; 0 where there is none."""
    try:
        highest = max(base64.b64decode(peaks or "", validate=True), default=255)
    except (binascii.Error, ValueError):
        highest = 255
    return 20 * float(np.log10(max(highest, 1) / 255))
