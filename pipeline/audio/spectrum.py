"""The colour of a piece: balance of its bands, tilt, and how wide and how mono-safe it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.audio.hearing import Heard, hear

BANDS: tuple[tuple[str, float, float], ...] = (
    ("rumble", 15, 35),
    ("bass", 35, 120),
    ("warmth", 120, 400),
    ("body", 400, 1500),
    ("presence", 1500, 5000),
    ("air", 5000, 11_000),
    ("hiss", 11_000, 20_000),
)
"""Names and edges in Hz."""


@dataclass(frozen=True)
class Spectrum:
    """`balance` is each band's share of the whole power in dB, by its name in BANDS (-90 when there is nothing).

    `tilt` is the slope in dB an octave between 100 Hz and 8 kHz. `width` is the power of the side channel relative
    to all of it: 0 for mono, about 0.5 for unrelated channels, 1 when left and right are opposites. `width_low`
    is the same below 120 Hz. Both are 0 for a clip of one channel.
    """

    balance: dict[str, float]
    tilt: float
    width: float
    width_low: float

    @property
    def correlation(self) -> float:
        """Correlation of left and right, when both are equally loud: 1 for mono, 0 unrelated, -1 opposite."""
        return 1 - 2 * self.width


def spectrum(sound: Clip | Heard) -> Spectrum:
    """Measure the average spectrum of a clip. Never raises on poor audio; silence is -90 dB everywhere."""
    heard = hear(sound)
    frequencies, mid = heard.frequencies, heard.mid.astype(np.float64)
    side = np.zeros_like(mid) if heard.side is None else heard.side.astype(np.float64)
    both = mid + side

    def power(low: float, high: float, of: NDArray[np.float64]) -> float:
        return float(of[(frequencies >= low) & (frequencies < high)].sum())

    whole = power(15, 20_000, both)
    balance = {name: _decibels(power(low, high, both), whole) for name, low, high in BANDS}
    return Spectrum(
        balance=balance,
        tilt=_tilt(frequencies.astype(np.float64), both),
        width=power(15, 20_000, side) / whole if whole > 1e-12 else 0.0,
        width_low=power(15, 120, side) / max(power(15, 120, both), 1e-12),
    )


THIRDS = tuple(25 * 2 ** (n / 3) for n in range(29))
"""Centres in Hz of the third octaves from 25 Hz to 16 kHz."""


def thirds(sound: Clip | Heard) -> tuple[float, ...]:
    """Return the average power in every third octave of THIRDS, on a scale that is the same for all of one clip."""
    heard = hear(sound)
    power = heard.mid.astype(np.float64) + (0 if heard.side is None else heard.side)
    edges = np.array([*(centre * 2 ** (-1 / 6) for centre in THIRDS), THIRDS[-1] * 2 ** (1 / 6)])
    sums = np.interp(edges, heard.frequencies, np.cumsum(power))
    return tuple(float(f"{value:.4g}") for value in np.diff(sums))


def _decibels(part: float, whole: float) -> float:
    return float(10 * np.log10(max(part / whole, 1e-9))) if whole > 1e-12 else -90.0


def _tilt(frequencies: NDArray[np.float64], power: NDArray[np.float64]) -> float:
    """Return the slope of the power density over third octaves, in dB an octave; 0 for silence."""
    centres = 100 * 2 ** (np.arange(20) / 3)
    levels, octaves = [], []
    for centre in centres[centres < min(8000.0, float(frequencies[-1]) * 0.9)]:
        inside = (frequencies >= centre * 2 ** (-1 / 6)) & (frequencies < centre * 2 ** (1 / 6))
        if inside.any() and power[inside].mean() > 1e-16:
            levels.append(10 * np.log10(power[inside].mean()))
            octaves.append(np.log2(centre))
    return float(np.polyfit(octaves, levels, 1)[0]) if len(levels) > 3 else 0.0
