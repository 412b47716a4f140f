"""How well type reads against what is behind it, measured on the pixels (WCAG 2.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""uint8 [height, width, 3], sRGB."""

LEAST_CONTRAST = 4.5
"""The ratio asked of all type here: level AA for body text, whatever its size."""


def luminance(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Relative luminance of sRGB [..., 3], 0 to 1 (WCAG 2.2, IEC 61966-2-1)."""
    value = np.arange(256) / 255
    table = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
    grey: NDArray[np.float32] = (
        table[picture[..., 0]] * np.float32(0.2126)
        + table[picture[..., 1]] * np.float32(0.7152)
        + table[picture[..., 2]] * np.float32(0.0722)
    )
    return grey


def contrast(first: float, second: float) -> float:
    """Contrast ratio of two relative luminances, 1 to 21 (WCAG 2.2)."""
    high, low = max(first, second), min(first, second)
    return (high + 0.05) / (low + 0.05)


def worst_contrast(behind: NDArray[np.uint8], colour: tuple[int, int, int]) -> float:
    """Contrast of type in `colour` against the pixels [n, 3] behind it, at their 98th percentile for the worse.

    Single specks of grain are not what a letter is read against, hence not the maximum.
    """
    ink = float(luminance(np.array(colour, np.uint8)))
    if not len(behind):
        return 21.0
    low, high = np.percentile(luminance(behind), [2, 98])
    return (
        min(contrast(ink, float(low)), contrast(ink, float(high)))
        if low <= ink <= high
        else contrast(ink, float(high if ink > high else low))
    )
