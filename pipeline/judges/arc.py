"""The course of loudness over a piece: how far it spreads, and how it opens and closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.hearing import Heard


@dataclass(frozen=True)
class Arc:
    """`span` is the loudness range in LU; `opening` and `closing` are how far the first and last eighth lie below the
    middle half, in LU (negative when they are louder)."""

    span: float
    opening: float
    closing: float


def arc(heard: Heard) -> Arc:
    """Follow the short-term loudness, three seconds at a time, after EBU Tech 3342.

    The K-weighting is taken from the bands of the mid channel, so the figures are good to about 1 LU.
    """
    power = heard.bands @ _k_weights(heard.centres)
    size, step = round(3 * heard.band_rate), round(heard.band_rate / 2)
    if len(power) < 4 * size:
        return Arc(0.0, 0.0, 0.0)
    total = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    starts = np.arange(0, len(power) - size + 1, step)
    course = 10 * np.log10(np.maximum((total[starts + size] - total[starts]) / size, 1e-9))
    eighth = max(len(course) // 8, 1)
    middle = _mean(course[2 * eighth : -2 * eighth])
    return Arc(_span(course), middle - _mean(course[:eighth]), middle - _mean(course[-eighth:]))


def _span(course: NDArray[np.float64]) -> float:
    """Return the range from the 10th to the 95th percentile of what passes two gates: -70 LUFS, mean - 20 LU."""
    loud = course[course > -70]
    if not len(loud):
        return 0.0
    loud = loud[loud > _mean(loud) - 20]
    low, high = np.percentile(loud, (10, 95))
    return float(high - low)


def _mean(course: NDArray[np.float64]) -> float:
    """Return the level of the mean power."""
    return float(10 * np.log10(np.mean(10 ** (course / 10))))


def _k_weights(centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power gain of the K-weighting of BS.1770: 4 dB more above 2 kHz, nothing below 40 Hz."""
    high = 1 + 1.51 / (1 + (1500 / centres) ** 3)
    low = 1 / (1 + (38 / centres) ** 4)
    return np.asarray(high * low, np.float32)
