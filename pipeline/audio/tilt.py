"""Turns a track's spectrum a little, so that one mix has one colour: brighter or darker, and nothing else.

Three first-order shelves two octaves apart: their sum is a line from 200 Hz to 4 kHz that flattens out beyond, and
at 900 Hz it does nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt, sosfreqz

from pipeline.audio.clip import Samples
from pipeline.audio.loudness import k_weighting
from pipeline.audio.spectrum import THIRDS

LIMIT = 1.0
"""dB an octave that a track is turned by at most: not quite three decibels at either end."""

_CORNERS = (225.0, 900.0, 3600.0)
_REFERENCE = 48_000


class Tilt:
    """The filter as a stream: frames go in and as many come out."""

    def __init__(self, rate: int, slope: float, gain: float, channels: int = 2) -> None:
        """Turn by `slope` dB an octave, and bring everything up by `gain` dB."""
        self._sections = sections(rate, slope, gain)
        self._state = np.zeros((len(self._sections), 2, channels))

    def turn(self, block: Samples) -> Samples:
        """Return the next frames, [frames, channels], turned."""
        turned, self._state = sosfilt(self._sections, block, axis=0, zi=self._state)
        return np.asarray(turned, np.float32)


def loudness_change(colour: Sequence[float], slope: float) -> float:
    """Return by how many LU a track gets louder that is turned by `slope`; `colour` is its power in THIRDS.

    Reckoned from its average spectrum: the gates of BS.1770 see a little less or more of it.
    """
    power = np.array(colour)
    weight = np.abs(sosfreqz(k_weighting(_REFERENCE), worN=THIRDS, fs=_REFERENCE)[1]) ** 2
    turned = np.abs(sosfreqz(sections(_REFERENCE, slope, 0.0), worN=THIRDS, fs=_REFERENCE)[1]) ** 2
    heard = float((power * weight).sum())
    return 10 * math.log10(float((power * weight * turned).sum()) / heard) if heard > 0 else 0.0


def sections(rate: int, slope: float, gain: float) -> NDArray[np.float64]:
    """Return the shelves as second-order sections, [3, 6]."""
    rows = []
    # The square root of what a shelf does to its top: half above, half below the corner in the middle of its rise.
    root = 10 ** (slope / 20)
    for corner in _CORNERS:
        # (s root + w) / (s + w root), with the bilinear transform.
        warped = math.tan(math.pi * corner / rate)
        top, bottom = (root + warped, warped - root), (1 + warped * root, warped * root - 1)
        rows.append([value / bottom[0] for value in (*top, 0.0, *bottom, 0.0)])
    table = np.array(rows)
    middle = abs(sosfreqz(table, worN=[900.0], fs=rate)[1][0])
    table[0, :3] *= 10 ** (gain / 20) / middle
    return table
