"""Smooth random fields, the same picture at any size.

A field is drawn on a small fixed grid and enlarged with a bicubic kernel, so its features do not depend on the number
of pixels asked for, and the enlarging is done by Pillow in compiled code.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline.painters.colour import Field


def enlarge(field: Field, height: int, width: int) -> Field:
    """Resample [h, w] to [height, width] with a bicubic kernel."""
    picture = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def clouds(
    rng: np.random.Generator, height: int, width: int, cells: tuple[int, int], octaves: int = 4, rough: float = 0.5
) -> Field:
    """Return [height, width] of fractal value noise, about -1 to 1, standard deviation about 0.35.

    `cells` is the coarsest grid (down, across); each octave doubles it and is `rough` times as strong.
    """
    top = (min(cells[0] << (octaves - 1), 512), min(cells[1] << (octaves - 1), 512))
    total = np.zeros(top, np.float32)
    strength, sum_of_squares = 1.0, 0.0
    for octave in range(octaves):
        grid = (cells[0] << octave, cells[1] << octave)
        lattice = rng.standard_normal((min(grid[0], 512) + 1, min(grid[1], 512) + 1), np.float32)
        total += strength * enlarge(lattice, *top)
        sum_of_squares += strength**2
        strength *= rough
    return enlarge(total * np.float32(0.5 / np.sqrt(sum_of_squares)), height, width)


def ridge(rng: np.random.Generator, points: int, octaves: int = 5, rough: float = 0.5, start: int = 2) -> Field:
    """Return [points] of one-dimensional fractal noise, about -1 to 1: a skyline of hills."""
    total = np.zeros(points)
    at = np.linspace(0, 1, points)
    for octave in range(octaves):
        cells = start << octave
        heights = rng.uniform(-1, 1, cells + 3)
        place = at * cells
        left = np.minimum(place.astype(int), cells)
        t = place - left
        t = t * t * (3 - 2 * t)
        total += rough**octave * (heights[left] * (1 - t) + heights[left + 1] * t)
    return total.astype(np.float32)
