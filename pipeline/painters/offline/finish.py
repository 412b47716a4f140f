"""From painted light to a finished picture: bloom, tone curve, brush, enlargement, grain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.painters.offline.colour import Field, encode
from pipeline.painters.offline.noise import clouds, enlarge

Picture = NDArray[np.uint8]
"""uint8 [height, width, 3], sRGB."""

Planes = NDArray[np.uint8]
"""uint8 [3, height, width], sRGB."""

_STRIP = 24_576
"""Pixels handled at a time: what a step reads and writes stays in the processor's cache."""

_BAND = 256
"""Rows between two shifts of the grain, which repeats."""


def bloom(light: Field, strength: float = 0.55) -> None:
    """Let what is brighter than paper glow into its surroundings, in place; three widths, as in a lens.

    `light` is linear light, float32 [3, height, width].
    """
    height, width = light.shape[1:]
    small = min(height, 240)
    size = (round(small * width / height), small)
    for plane in light:
        over = np.maximum(plane - np.float32(0.75), 0)
        reduced = np.asarray(Image.fromarray(over).resize(size, Image.Resampling.BOX), dtype=np.float32)
        reduced = np.minimum(reduced, 12)
        spread = sum(
            (
                share * gaussian_filter(reduced, sigma * small, mode="constant", truncate=3.0)
                for sigma, share in ((0.006, 0.45), (0.022, 0.3), (0.06, 0.35))
            ),
            np.zeros_like(reduced),
        )
        np.add(plane, enlarge(spread * np.float32(strength), height, width), out=plane)


def develop(light: Field) -> None:
    """Bring linear light to sRGB values of 0 to 1 in place: straight up to 0.55, then a shoulder, so lamps go pale."""
    knee = np.float32(0.55)
    for rows in _strips(*light.shape[1:]):
        strip = light[:, rows]
        high = np.maximum(strip - knee, 0)
        if high.any():
            # A hot lamp spills into the other channels, as film does: amber goes to yellow, then to cream.
            high += np.float32(0.06) * high.sum(0)
            high *= np.float32(-0.75) / (1 - knee)
            np.minimum(strip, knee, out=strip)
            strip += (1 - knee) * (1 - np.exp(high))
        strip[:] = encode(strip)


def brush(picture: Field, radius: float = 0.0022, amount: float = 0.85) -> Planes:
    """Smooth inside shapes and keep their edges, like dabs of gouache: a generalised Kuwahara filter.

    After G. Papari, N. Petkov, P. Campisi, "Artistic edge and corner enhancing smoothing" (2007): four square
    neighbourhoods, each weighted by the inverse of its variance, so there is no hard choice that would show.
    `picture` is sRGB of 0 to 1, float32 [3, height, width].
    """
    height, width = picture.shape[1:]
    reach = max(1, round(radius * height))
    out = np.empty(picture.shape, np.uint8)
    for rows in _strips(height, width, least=8 * reach):
        nearby = np.clip(np.arange(rows.start - reach, rows.stop + reach), 0, height - 1)
        around = np.pad(picture[:, nearby], ((0, 0), (0, 0), (reach, reach)), mode="edge")
        grey = around[0] * np.float32(0.3) + around[1] * np.float32(0.59) + around[2] * np.float32(0.11)
        mean = _averaged(grey, reach)
        spread = _averaged(grey * grey, reach) - mean * mean
        # Near black a variance below rounding must not outweigh all others, hence the floor.
        weight = (np.maximum(spread, 0) * np.float32(1e3) + np.float32(0.1)) ** np.float32(-3)
        tall = rows.stop - rows.start
        quarters = [
            (slice(down, down + tall), slice(right, right + width)) for down in (0, reach) for right in (0, reach)
        ]
        amounts = np.float32(amount) / (
            weight[quarters[0]] + weight[quarters[1]] + weight[quarters[2]] + weight[quarters[3]]
        )
        for plane, wide, target in zip(picture, around, out, strict=True):
            weighted = _averaged(wide, reach) * weight
            painted = weighted[quarters[0]] + weighted[quarters[1]]
            painted += weighted[quarters[2]]
            painted += weighted[quarters[3]]
            painted *= amounts
            painted += plane[rows] * np.float32(1 - amount)
            painted *= 255
            target[rows] = np.clip(painted + np.float32(0.5), 0, 255)
    return out


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
        for part in _strips(stop - start, width):
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


def _strips(height: int, width: int, least: int = 1) -> Iterator[slice]:
    """Cut rows into strips of about `_STRIP` pixels and at least `least` rows."""
    step = max(least, _STRIP // width)
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def _averaged(field: Field, reach: int) -> Field:
    """The mean of each square of reach + 1 by its upper left corner: `reach` rows and columns fewer."""
    rows, columns = field.shape[0] - reach, field.shape[1] - reach
    down = field[:rows] + field[1 : rows + 1]
    for step in range(2, reach + 1):
        down += field[step : rows + step]
    both = down[:, :columns] + down[:, 1 : columns + 1]
    for step in range(2, reach + 1):
        both += down[:, step : columns + step]
    both *= np.float32(1 / (reach + 1) ** 2)
    return both
