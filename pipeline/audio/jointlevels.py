"""How level a crossfade will be, reckoned from the levels of the two tracks before anything is mixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.domain import Seconds

STEP: Seconds = 0.1
"""Seconds of one level of a track's ends."""

_SECOND = round(1 / STEP)


def dip(tail: Sequence[float], head: Sequence[float], leaving: Seconds, coming: Seconds, lasting: Seconds) -> float:
    """Return by how many dB a crossfade falls, at its weakest second, below the weaker of its two sides; 0 at best.

    `tail` are the mean squares of the leaving track's last steps and `head` those of the coming one's first; of these
    the last `leaving` and the first `coming` seconds are heard for `lasting` seconds. 0 where levels are not known.
    """
    if not tail or not head or lasting < 1:
        return 0.0
    count = round(lasting / STEP)
    place = (np.arange(count) + 0.5) / count
    old = np.interp((place - 1) * leaving / STEP + len(tail) - 0.5, np.arange(len(tail)), tail)
    new = np.interp(place * coming / STEP - 0.5, np.arange(len(head)), head)
    power = old * np.cos(place * np.pi / 2) ** 2 + new * np.sin(place * np.pi / 2) ** 2
    weakest = float(np.convolve(power, np.full(_SECOND, 1 / _SECOND), "valid").min())
    first, last = len(tail) - round(leaving / STEP), round(coming / STEP)
    sides = _mean(np.array(tail[max(0, first - _SECOND) : max(1, first)])), _mean(np.array(head[last : last + _SECOND]))
    return max(0.0, float(10 * np.log10(max(min(sides), 1e-12) / max(weakest, 1e-12))))


def _mean(levels: NDArray[np.float64]) -> float:
    return float(levels.mean()) if len(levels) else 0.0
