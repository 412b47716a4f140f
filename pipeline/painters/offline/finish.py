"""From painted light to planes of colour: bloom, tone curve, brush."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.painters.colour import Field, encode
from pipeline.painters.grain import Planes, strips
from pipeline.painters.noise import enlarge


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
    for rows in strips(*light.shape[1:]):
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
    for rows in strips(height, width, least=8 * reach):
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
