"""A picture a model painted, at any size: cropped to what matters in it, enlarged, and given grain."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.painters.colour import decode, to_oklab
from pipeline.painters.grain import enlarged, grain
from pipeline.painters.layout import Sheet
from pipeline.painters.legibility import Picture, luminance
from pipeline.painters.lettering import Box
from pipeline.painters.palettes import Palette, distance
from pipeline.painters.ranking import salience

_MAP = 60
"""Side of the map of what draws the eye."""

_SUBJECT = 0.18
"""Side of the box a subject is looked for in, as a share of the picture."""

_MOST_SUBJECTS = 3

_STANDS_OUT = 2.5
"""How many times its share of the area a box must hold of what draws the eye, to be a subject."""

_DAYLIGHT = 0.3
"""Median relative luminance above which dark type is as welcome as light type."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One picture, uint8 [side, side, 3], with the palette of the album it comes nearest to and how near (OKLab)."""

    number: int
    picture: Picture
    palette: Palette
    distance: float
    seed: int

    def painted(self, height: int, width: int) -> Sheet:
        """Return it without type, [height, width].

        What the aspect cuts off is what draws the eye least. Lanczos enlarges: it adds nothing that was not painted,
        and the softness that leaves is covered by grain, gentler than that of the offline painter, and a faint
        vignette.
        """
        side = self.picture.shape[0]
        tall, wide = (side, max(round(side * width / height), 1)) if height > width else (0, side)
        tall = tall or max(round(side * height / width), 1)
        top, left = _window(self.eye_map, tall / side, wide / side)
        y0, x0 = round(top * side), round(left * side)
        cut = self.picture[y0 : y0 + tall, x0 : x0 + wide]
        planes = enlarged(np.ascontiguousarray(cut.transpose(2, 0, 1)), height, width)
        scale = height / cut.shape[0]
        return Sheet(grain(planes, self.seed, strength=3.0, vignette=0.06), self._subjects(y0, x0, scale))

    @cached_property
    def eye_map(self) -> NDArray[np.float64]:
        """How much each place draws the eye, [60, 60]; sums to 1."""
        small = np.asarray(Image.fromarray(self.picture).resize((_MAP, _MAP), Image.Resampling.BOX))
        drawn = salience(to_oklab(decode(small / 255)))
        return drawn / max(float(drawn.sum()), 1e-9)

    def _subjects(self, top: int, left: int, scale: float) -> tuple[Box, ...]:
        """Return the boxes of what stands out, at most three, in pixels of the finished sheet."""
        drawn, span, side = self.eye_map.copy(), round(_SUBJECT * _MAP), self.picture.shape[0]
        boxes = []
        for _ in range(_MOST_SUBJECTS):
            y, x = _window(drawn, _SUBJECT, _SUBJECT)
            row, column = round(y * _MAP), round(x * _MAP)
            here = drawn[row : row + span, column : column + span]
            if here.sum() < _STANDS_OUT * _SUBJECT**2:
                break
            here[:] = 0
            x0, y0 = (x * side - left) * scale, (y * side - top) * scale
            reach = _SUBJECT * side * scale
            boxes.append((round(x0), round(y0), round(x0 + reach), round(y0 + reach)))
        return tuple(boxes)


def candidate(number: int, picture: Picture, palettes: list[Palette], seed: int) -> Candidate:
    """Return a picture with the nearest of the palettes; it counts as a day's when the picture is light."""
    apart, place = min((distance(picture, palette), place) for place, palette in enumerate(palettes))
    day = bool(np.median(luminance(picture)) > _DAYLIGHT)
    return Candidate(number, picture, dataclasses.replace(palettes[place], day=day), apart, seed)


def _window(drawn: NDArray[np.float64], tall: float, wide: float) -> tuple[float, float]:
    """Return the top and left, as shares, of the window of that size that holds most of what draws the eye.

    Among equals the one nearest to the middle.
    """
    rows, columns = (min(max(round(share * _MAP), 1), _MAP) for share in (tall, wide))
    sums = np.pad(drawn, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    held = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
    ys, xs = np.indices(held.shape)
    off = np.hypot(ys - (held.shape[0] - 1) / 2, xs - (held.shape[1] - 1) / 2) / _MAP
    y, x = np.unravel_index(int(np.argmax(held - 1e-3 * off)), held.shape)
    return min(float(y) / _MAP, 1 - tall), min(float(x) / _MAP, 1 - wide)
