"""Colour arithmetic: sRGB, linear light and OKLab.

Everything is painted in linear light, where lamps add up; ramps are mixed in OKLab, where the middle of two colours
looks like the middle. OKLab after Björn Ottosson, https://bottosson.github.io/posts/oklab/ (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cbrt

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""float32, any shape: a mask, a height, a texture."""

Colour = NDArray[np.float32]
"""float32 [3], linear light; 1 is paper white, more than 1 is a lamp."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_LMS_ROWS, _LAB_ROWS, _FROM_LMS_ROWS, _FROM_LAB_ROWS = (
    tuple(tuple(row) for row in matrix.tolist()) for matrix in (_TO_LMS, _TO_LAB, _FROM_LMS, _FROM_LAB)
)


def decode(srgb: NDArray[np.floating]) -> Field:
    """Turn sRGB values of 0 to 1 into linear light (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encode(linear: NDArray[np.floating]) -> Field:
    """Turn linear light of 0 to 1 into sRGB values (IEC 61966-2-1)."""
    low = np.clip(linear, 0, 1, dtype=np.float32)
    high = low ** np.float32(1 / 2.4) * np.float32(1.055) - np.float32(0.055)
    return np.asarray(np.where(low <= np.float32(0.0031308), low * np.float32(12.92), high), dtype=np.float32)


def hexed(text: str) -> Colour:
    """Read "#rrggbb" as linear light."""
    value = int(text.lstrip("#"), 16)
    shares = ((value >> 16 & 255) / 255, (value >> 8 & 255) / 255, (value & 255) / 255)
    return np.array([x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares], np.float32)


def to_oklab(linear: NDArray[np.floating]) -> NDArray[np.float64]:
    """Linear light [..., 3] to OKLab [..., 3]: lightness 0 to 1, then green-red and blue-yellow."""
    return np.asarray(np.cbrt(np.maximum(linear, 0) @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: NDArray[np.floating]) -> Field:
    """OKLab [..., 3] to linear light [..., 3], never below 0."""
    return np.asarray(np.maximum((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0), dtype=np.float32)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` of the way from first to second."""
    (l0, a0, b0), (l1, a1, b1) = _lab(first), _lab(second)
    return _colour(l0 + (l1 - l0) * share, a0 + (a1 - a0) * share, b0 + (b1 - b0) * share)


def shift(colour: Colour, lightness: float = 0.0, chroma: float = 1.0) -> Colour:
    """Return the colour made lighter by `lightness` (OKLab L) and its chroma multiplied."""
    light, green_red, blue_yellow = _lab(colour)
    return _colour(max(light + lightness, 0.0), green_red * chroma, blue_yellow * chroma)


def shifted(colours: Field, lightness: float) -> Field:
    """Return the colours, [n, 3], made lighter by `lightness` (OKLab L)."""
    lab = to_oklab(colours)
    lab[:, 0] = np.maximum(lab[:, 0] + lightness, 0)
    return from_oklab(lab)


def between(first: Colour, second: Colour, at: NDArray[np.floating]) -> Field:
    """Return [len(at), 3] of the colours `at` (0 to 1) of the way from first to second."""
    start, stop = np.array(_lab(first)), np.array(_lab(second))
    if len(at) <= 64:
        return from_oklab(start + (stop - start) * at[:, None])
    line = from_oklab(start + (stop - start) * np.linspace(0, 1, 256)[:, None])
    return np.asarray(line[(at * 255 + 0.5).astype(np.intp)])


def ramp(stops: Sequence[tuple[float, Colour]], steps: int = 512) -> Field:
    """Return [steps, 3] linear light running through the stops (position 0 to 1, colour), smooth in OKLab."""
    at = np.linspace(0, 1, steps)
    places = [place for place, _ in stops]
    lab = np.stack([to_oklab(colour) for _, colour in stops])
    return from_oklab(np.stack([np.interp(at, places, lab[:, i]) for i in range(3)], axis=-1))


def _lab(colour: Colour) -> tuple[float, float, float]:
    """`to_oklab` of one colour. Scenes mix thousands one by one: plain floats are ten times faster there."""
    red, green, blue = colour.tolist()
    x, y, z = (cbrt(max(a * red + b * green + c * blue, 0.0)) for a, b, c in _LMS_ROWS)
    (a, b, c), (d, e, f), (g, h, i) = _LAB_ROWS
    return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z


def _colour(light: float, green_red: float, blue_yellow: float) -> Colour:
    """`from_oklab` of one colour."""
    x, y, z = ((a * light + b * green_red + c * blue_yellow) ** 3 for a, b, c in _FROM_LAB_ROWS)
    return np.array([max(a * x + b * y + c * z, 0.0) for a, b, c in _FROM_LMS_ROWS], np.float32)
