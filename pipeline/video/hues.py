"""The colours of a film, taken from its cover: a deep ground, an ink that reads on it, and one light for what moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.painters.colour import decode, encode, from_oklab, to_oklab
from pipeline.video.planes import Rgb

_INK = 0.95
_LIGHT = 0.8
"""Lightness in OKLab: of type, and of what moves."""

_GREY = 0.02
"""A cover with less colour than this everywhere has none to take; what moves is then grey as well."""


@dataclass(frozen=True)
class Hues:
    """`ink` for type, `accent` for what moves."""

    ink: Rgb
    accent: Rgb


def hues(cover: Image.Image) -> Hues:
    """Return the colours that a cover's film is set in.

    The accent has the hue that the cover shows most of among its lit and coloured parts: a lamp rather than the night
    around it. Both are light, because the ground is always dark.
    """
    lab = oklab(cover.resize((64, 64), Image.Resampling.BOX)).reshape(-1, 3)
    colourful = np.hypot(lab[:, 1], lab[:, 2])
    angle = np.arctan2(lab[:, 2], lab[:, 1])
    weight = np.maximum(colourful - _GREY, 0) ** 1.5 * np.clip((lab[:, 0] - 0.35) / 0.3, 0, 1)
    if not weight.any():
        return Hues(_rgb(_INK, 0, 0), _rgb(_LIGHT, 0, 0))
    # Each direction is worth what lies within half a radian of it, so that two neighbours count together.
    around = np.linspace(-np.pi, np.pi, 72, endpoint=False)
    near = np.exp(-(((angle - around[:, None] + np.pi) % (2 * np.pi) - np.pi) ** 2) / (2 * 0.25**2))
    best = around[int((near @ weight).argmax())]
    close = weight * near[int((near @ weight).argmax())]
    strength = float(np.clip((colourful * close).sum() / close.sum() * 1.15, 0.05, 0.12))
    across, up = float(np.cos(best)), float(np.sin(best))
    return Hues(_rgb(_INK, 0.012 * across, 0.012 * up), _rgb(_LIGHT, strength * across, strength * up))


def oklab(picture: Image.Image) -> NDArray[np.float64]:
    """Return an RGB picture in OKLab, [height, width, 3]."""
    return to_oklab(decode(np.asarray(picture, dtype=np.float32) / np.float32(255)))


def _rgb(light: float, green_red: float, blue_yellow: float) -> Rgb:
    """Return the colour in sRGB; one that a screen cannot show is taken back towards grey."""
    for _ in range(20):
        linear = from_oklab(np.array([light, green_red, blue_yellow]))
        if linear.max() <= 1:
            break
        green_red, blue_yellow = green_red * 0.9, blue_yellow * 0.9
    red, green, blue = (int(value) for value in np.round(encode(linear) * 255))
    return red, green, blue
