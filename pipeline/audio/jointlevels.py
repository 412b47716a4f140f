"""How level a crossfade will be, reckoned from the levels of the two tracks before anything is mixed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pipeline.domain import Seconds

STEP: Seconds = 0.1
"""Seconds of one level of a track's ends."""

_SECOND = round(1 / STEP)
_FAR = 5 * _SECOND
"""Steps at the far ends, which no crossfade reaches: how loud the tracks usually are there."""


def dip(tail: Sequence[float], head: Sequence[float], leaving: Seconds, coming: Seconds, lasting: Seconds) -> float:
    """Return by how many dB the music falls, in its weakest second around a crossfade, below the weaker of the tracks.

    `tail` are the mean squares of the leaving track's last steps and `head` those of the coming one's first; of these
    the last `leaving` and the first `coming` seconds are heard for `lasting` seconds. A track that rings out leaves
    a hole before a crossfade that comes too late: that counts as well. 0 where levels are not known.
    """
    if not tail or not head:
        return 0.0
    count = max(1, round(lasting / STEP))
    place = (np.arange(count) + 0.5) / count
    old = np.interp((place - 1) * leaving / STEP + len(tail) - 0.5, np.arange(len(tail)), tail)
    new = np.interp(place * coming / STEP - 0.5, np.arange(len(head)), head)
    fade = old * np.cos(place * np.pi / 2) ** 2 + new * np.sin(place * np.pi / 2) ** 2
    before, after = tail[: max(0, len(tail) - round(leaving / STEP))], head[round(coming / STEP) :]
    power = np.concatenate([before, fade, after])
    weakest = float(np.convolve(power, np.full(_SECOND, 1 / _SECOND), "valid").min()) if len(power) > _SECOND else 0.0
    usual = min(float(np.mean(tail[:_FAR])), float(np.mean(head[-_FAR:])))
    return max(0.0, 10 * math.log10(max(usual, 1e-12) / max(weakest, 1e-12)))
