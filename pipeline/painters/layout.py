"""From a chosen picture to a cover and a thumbnail: crop, border, and where the type stands. Shared by every painter.

What is not shared is how a picture comes to be: a painter's candidates say that in `painted`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from pipeline.domain import AlbumPlan, Seed, derive_seed
from pipeline.painters import lettering, ranking
from pipeline.painters.colour import Colour, encode, mix
from pipeline.painters.grain import grain
from pipeline.painters.legibility import Picture
from pipeline.painters.lettering import Lettering, Setting, Spot
from pipeline.painters.palettes import Palette
from pipeline.painters.ranking import Measure
from pipeline.painters.typefaces import FAMILIES, Family
from pipeline.painters.wrapping import first_settable, shortened

COVER = 3000
"""Side of the cover in pixels."""

THUMBNAIL = (720, 1280)
"""Height and width of the thumbnail in pixels."""

SKETCH = 192
"""Height in pixels at which candidates are measured."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A picture without type, and the boxes of what the eye should find in it: type keeps off them."""

    picture: Picture
    subjects: tuple[lettering.Box, ...]


class Candidate(Protocol):
    """One picture an album could have, at any size."""

    @property
    def number(self) -> int:
        """Which of the candidates it is, from 1."""
        ...

    @property
    def palette(self) -> Palette:
        """Whose `paper` and `ink` its type is set in."""
        ...

    @property
    def seed(self) -> int:
        """Where the chance in its border comes from."""
        ...

    def painted(self, height: int, width: int) -> Sheet:
        """Paint it without type, [height, width]: the same picture at any size."""
        ...


C = TypeVar("C", bound=Candidate)


@dataclass(frozen=True, eq=False)
class Design(Generic[C]):
    """The album's one look: the winner, its typefaces, and whether the cover has a border."""

    candidate: C
    measure: Measure
    family: Family
    framed: bool
    title: str
    small: str
    language: str

    def cover(self, side: int) -> tuple[Picture, Lettering]:
        """The cover, uint8 [side, side, 3], and what was set on it."""
        setting = Setting(self.title, self.small, self.family, self.language)
        if self.framed:
            return _framed(self.candidate, setting, side)
        sheet = self.candidate.painted(side, side)
        return sheet.picture, _lettered(sheet, setting, cover_spots, self.candidate.palette)

    def thumbnail(self, height: int, width: int) -> tuple[Picture, Lettering]:
        """The thumbnail, uint8 [height, width, 3], with at most four words, and what was set on it."""
        sheet = self.candidate.painted(height, width)
        setting = Setting(shortened(self.title), "", self.family, self.language, biggest=0.19, smallest=0.1, lines=3)
        return sheet.picture, _lettered(sheet, setting, thumbnail_spots, self.candidate.palette)


def measured(plan: AlbumPlan, candidates: Iterable[C]) -> list[tuple[C, Measure]]:
    """The candidates with what ranking sees in their sketches, in their order."""
    setting = Setting(plan.title, "", FAMILIES[0], plan.language)
    blocks = [lettering.fit(setting, spot, (SKETCH, SKETCH)) for spot in cover_spots(SKETCH, SKETCH)]
    pairs = []
    for candidate in candidates:
        sketch = candidate.painted(SKETCH, SKETCH)
        _, restless = lettering.calmest(sketch.picture, blocks, sketch.subjects)
        pairs.append((candidate, ranking.measure(sketch.picture, restless)))
    return pairs


def designed(plan: AlbumPlan, seed: Seed, candidate: C, measure: Measure, borders: float) -> Design[C]:
    """Decide everything else about an album's look; `borders` is how likely a border is, from 0 to 1."""
    rng = np.random.default_rng(derive_seed(seed, "type"))
    family = FAMILIES[int(rng.integers(len(FAMILIES)))]
    framed = bool(rng.random() < borders)
    style = plan.style.strip()
    small = style if "lo-fi" in style.casefold() or "lofi" in style.casefold() else f"lo-fi · {style}"
    # A title of pictographs alone cannot be set; the theme, or the style, stands in for it.
    title = first_settable((plan.title, plan.theme, plan.style, "Lo-fi"), family, plan.language)
    return Design(candidate, measure, family, framed, title, small.upper(), plan.language)


def cover_spots(height: int, width: int) -> list[Spot]:
    """Where a title may stand on a full-bleed cover, the likeliest first; the last two leave half the sky free."""
    pad, middle = round(0.07 * height), round(0.53 * width)
    deep, deeper = round(0.37 * height), round(0.45 * height)
    top = (pad, pad, width - pad, deep)
    bottom = (pad, height - deep, width - pad, height - pad)
    return [
        Spot(top, "left", "top"),
        Spot(bottom, "left", "bottom"),
        Spot(top, "centre", "top"),
        Spot(top, "right", "top"),
        Spot(bottom, "right", "bottom"),
        Spot((pad, pad, middle, deeper), "left", "top"),
        Spot((width - middle, pad, width - pad, deeper), "right", "top"),
    ]


def thumbnail_spots(height: int, width: int) -> list[Spot]:
    """Where a title may stand on a thumbnail, the likeliest first."""
    pad, half = round(0.07 * height), round(0.56 * width)
    left, right = (pad, pad, half, height - pad), (width - half, pad, width - pad, height - pad)
    return [
        Spot(left, "left", "top"),
        Spot(left, "left", "bottom"),
        Spot(right, "right", "top"),
        Spot(left, "left", "middle"),
        Spot(right, "right", "bottom"),
    ]


def _lettered(sheet: Sheet, setting: Setting, spots: Callable[[int, int], list[Spot]], palette: Palette) -> Lettering:
    """Set type on the sheet, in place, where it is calmest."""
    picture = sheet.picture
    # Where it is calm shows in a small picture as well, and there all the fittings cost less than one in the large.
    step = max(1, picture.shape[0] // 600)
    small = picture[::step, ::step]
    blocks = [lettering.fit(setting, spot, small.shape[:2]) for spot in spots(small.shape[0], small.shape[1])]
    subjects = [(x0 // step, y0 // step, x1 // step, y1 // step) for x0, y0, x1, y1 in sheet.subjects]
    place, _ = lettering.calmest(small, blocks, subjects)
    block = lettering.fit(setting, spots(picture.shape[0], picture.shape[1])[place], picture.shape[:2])
    # Light type belongs to the night: dark type there would need a milky scrim.
    favour = 1.0 if palette.day else 6.0
    return lettering.imprint(picture, block, _rgb(palette.paper), _rgb(palette.ink), favour)


def _framed(candidate: Candidate, setting: Setting, side: int) -> tuple[Picture, Lettering]:
    """The picture inside a border of paper, like a print, with the type below it."""
    palette = candidate.palette
    border = _rgb(mix(palette.paper, palette.low, 0.07))
    ink = _rgb(mix(palette.ink, palette.near, 0.25))
    pad, foot = round(0.055 * side), round(0.215 * side)
    inside = candidate.painted(side - foot - pad, side - 2 * pad).picture
    blank = np.empty((3, side, side), np.uint8)
    blank[:] = np.array(border, np.uint8)[:, None, None]
    sheet = grain(blank, candidate.seed + 1, strength=2.2, vignette=0.05)
    del blank
    sheet[pad : side - foot, pad : side - pad] = inside
    spot = Spot((pad, side - foot + round(0.03 * side), side - pad, side - round(0.035 * side)), "left", "middle")
    block = lettering.fit(setting, spot, (side, side))
    return sheet, lettering.imprint(sheet, block, border, ink)


def _rgb(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in np.round(encode(colour) * 255))
    return red, green, blue
