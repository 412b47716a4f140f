"""From planes of colour to a finished picture: enlargement, grain, vignette. Shared by every painter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.painters.legibility import Picture
from pipeline.painters.noise import clouds, enlarge

Planes = NDArray[np.uint8]
"""uint8 [3, height, width], sRGB."""

_STRIP = 24_576
"""Pixels handled at a time: what a step reads and writes stays in the processor's cache."""

_BAND = 256
"""Rows between two shifts of the grain, which repeats."""


def enlarged(planes: Planes, height: int, width: int) -> Planes:
    """The planes at [height, width]; a Lanczos kernel keeps the edges."""
    if planes.shape[1:] == (height, width):
        return planes
    out = np.empty((3, height, width), np.uint8)
    for small, large in zip(planes, out, strict=True):
        large[:] = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.LANCZOS))
    return out


def grain(planes: Planes, seed: int, strength: float = 4.2, vignette: float = 0.2) -> Picture:
    """The finished picture: the planes with paper tooth, film grain and a soft vignette.

    Grain is the same in all channels, two or three pixels wide and strongest in the middle tones, where film has it.
    `strength` is its standard deviation in 8-bit steps; the tile repeats, shifted at random in each band of rows.
    """
    height, width = planes.shape[1:]
    rng = np.random.default_rng(seed)
    tile = 1024 if height > 400 else 256
    fine = gaussian_filter(rng.standard_normal((tile, tile), np.float32), max(0.55, height / 3000), mode="wrap")
    fine *= np.float32(strength / fine.std())
    tooth = Image.fromarray(
        enlarge(clouds(rng, 64, 64, (4, 4), octaves=4, rough=0.8), height // 8 + 1, width // 8 + 1) * np.float32(2)
    )
    xs = ((np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width) - np.float32(0.5)) ** 2
    ys = ((np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(height) - np.float32(0.5)) ** 2
    middle = (1 - 0.65 * np.abs(np.arange(256, dtype=np.float32) / 127.5 - 1)).astype(np.float32)
    across = np.arange(width)
    picture = np.empty((height, width, 3), np.uint8)
    for start in range(0, height, _BAND):
        stop = min(start + _BAND, height)
        dx, dy = rng.integers(0, tile, 2).tolist()
        shifted = np.take(fine, (across + dx) % tile, axis=1)
        scale = tooth.height / height
        paper = np.asarray(
            tooth.resize(
                (width, stop - start), Image.Resampling.BILINEAR, box=(0, start * scale, tooth.width, stop * scale)
            )
        )
        for part in strips(stop - start, width):
            rows = slice(start + part.start, start + part.stop)
            noise = shifted.take(np.arange(dy + part.start, dy + part.stop) % tile, axis=0)
            noise *= middle[planes[1, rows]]
            noise += paper[part]
            noise += np.float32(0.5)
            shade = (xs + ys[rows, None]) * np.float32(2)
            np.power(shade, np.float32(1.3), out=shade)
            shade *= np.float32(-vignette)
            shade += 1
            for channel, plane in enumerate(planes):
                values = plane[rows] * shade
                values += noise
                picture[rows, :, channel] = np.clip(values, 0, 255, out=values)
    return picture


def strips(height: int, width: int, least: int = 1) -> Iterator[slice]:
    """Cut rows into strips of about `_STRIP` pixels and at least `least` rows."""
    step = max(least, _STRIP // width)
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))
