"""Type on a picture: wrapped, shrunk to fit, inside the frame, and measured against what is behind it.

Shared by every painter. Places are pixels of the picture; sizes are in shares of its height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import maximum_filter

from pipeline.painters.legibility import LEAST_CONTRAST, Picture, worst_contrast
from pipeline.painters.typefaces import Face, Family, chain, runs, settable
from pipeline.painters.wrapping import width_of, wrapped

Rgb = tuple[int, int, int]
Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels."""
Align = Literal["left", "centre", "right"]

_AIM = LEAST_CONTRAST * 1.12
"""A margin, for the picture will be reduced and saved as JPEG."""


@dataclass(frozen=True)
class Setting:
    """What to set and how: `biggest` and `smallest` are the title's sizes in shares of the picture's height."""

    title: str
    small: str
    family: Family
    language: str = "en"
    biggest: float = 0.115
    smallest: float = 0.036
    lines: int = 4


@dataclass(frozen=True)
class Spot:
    """Where a block goes: its box in pixels (x0, y0, x1, y1), and the side of the box it keeps to."""

    box: Box
    align: Align = "left"
    vertical: Literal["top", "middle", "bottom"] = "top"


@dataclass(frozen=True, eq=False)
class Block:
    """A block of type, fitted: coverage `mask` uint8 [height, width] of the whole picture and its tight `box`."""

    mask: NDArray[np.uint8]
    box: Box
    lines: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Lettering:
    """What was set: the lines, the size in pixels, the box around it, the colour, and the contrast measured."""

    lines: tuple[str, ...]
    size: int
    box: Box
    colour: Rgb
    contrast: float


def fit(setting: Setting, spot: Spot, shape: tuple[int, int]) -> Block:
    """Wrap and shrink the setting into the spot of a picture of `shape` (height, width), and draw its mask.

    When even the smallest size does not hold the title, it is cut at a word and ends in an ellipsis.
    """
    height = shape[0]
    faces = chain(setting.family.title, setting.language)
    small_faces = chain(setting.family.small, setting.language)
    title = settable(setting.title.upper() if setting.family.capitals else setting.title, faces)
    small = settable(setting.small, small_faces)
    wide, tall = spot.box[2] - spot.box[0], spot.box[3] - spot.box[1]
    small_size = max(round(0.0195 * height), 9) if small else 0
    room = tall - (round(small_size * 2.1) if small else 0)
    biggest = setting.biggest * setting.family.scale * height
    smallest = float(np.ceil(max(setting.smallest * max(setting.family.scale, 1.0) ** 0.5 * height, 8)))
    sizes = (max(biggest, smallest), smallest)
    size, lines = wrapped(title, faces, sizes, setting.lines, setting.family.leading, (wide, room))
    mask, box = _draw(lines, size, faces, small, small_size, small_faces, setting.family, spot, shape)
    return Block(mask, box, tuple(lines), size)


def imprint(picture: Picture, block: Block, light: Rgb, dark: Rgb, favour: float = 1.0) -> Lettering:
    """Lay the block over the picture in whichever of the two colours reads better, in place.

    `favour` is how many times the contrast dark type must have before it is preferred to light type.

    A soft scrim in the other colour is laid behind it, only as strong as a contrast of 4.5 needs.
    """
    x0, y0, x1, y1 = _grown(block.box, max(6, round(0.09 * picture.shape[0])), picture.shape)
    view = picture[y0:y1, x0:x1]
    mask = block.mask[y0:y1, x0:x1]
    beside, near = _near(mask, max(3, round(0.004 * picture.shape[0])))
    behind = view[beside][near]
    plain = {colour: worst_contrast(behind, colour) for colour in (light, dark)}
    colour = max(plain, key=lambda candidate: plain[candidate] * (favour if candidate == light else 1.0))
    other = dark if colour == light else light
    veil = _veil(mask, block.size)
    share = veil[beside][near]
    strength, measured = 1.0, 0.0
    for strength in (0.22, 0.34, 0.46, 0.58, 0.7, 0.8, 0.9, 1.0):
        measured = worst_contrast(_laid(behind, share * np.float32(strength), other), colour)
        if measured >= _AIM:
            break
    veil *= np.float32(strength)
    _lay(view, veil, other)
    x0, y0, x1, y1 = block.box
    _lay(picture[y0:y1, x0:x1], block.mask[y0:y1, x0:x1] * np.float32(1 / 255), colour)
    return Lettering(block.lines, block.size, block.box, colour, measured)


def busyness(picture: Picture, box: Box) -> float:
    """How restless the picture is inside a box: mean gradient of its grey, 0 for a flat field."""
    x0, y0, x1, y1 = box
    grey = picture[y0:y1:2, x0:x1:2].astype(np.float32).mean(-1) / 255
    if min(grey.shape) < 3:
        return 0.0
    down, across = np.gradient(grey)
    return float(np.hypot(down, across).mean() * picture.shape[0] / 500 + 0.35 * grey.std())


def calmest(picture: Picture, blocks: Sequence[Block], clear: Sequence[Box] = ()) -> tuple[int, float]:
    """Which of the blocks, fitted to this picture, has the calmest ground and keeps off the boxes in `clear`.

    Returns its place and its restlessness: the busyness of its ground, more by 1 for each whole box of `clear` under
    it. Larger type is worth a little unrest, and so is an earlier place.
    """
    largest = max(block.size for block in blocks)
    unrest = []
    for block in blocks:
        ground = _grown(block.box, round(0.02 * picture.shape[0]), picture.shape)
        unrest.append(busyness(picture, ground) + sum(_covered(thing, ground) for thing in clear))
    best = min(range(len(blocks)), key=lambda i: unrest[i] + 0.002 * i + 0.08 * (1 - blocks[i].size / largest))
    return best, unrest[best]


def _covered(thing: Box, block: Box) -> float:
    """Which share of one box lies in another."""
    wide = min(thing[2], block[2]) - max(thing[0], block[0])
    tall = min(thing[3], block[3]) - max(thing[1], block[1])
    return max(wide, 0) * max(tall, 0) / max((thing[2] - thing[0]) * (thing[3] - thing[1]), 1)


def _draw(
    lines: list[str],
    size: int,
    faces: tuple[Face, ...],
    small: str,
    small_size: int,
    small_faces: tuple[Face, ...],
    family: Family,
    spot: Spot,
    shape: tuple[int, int],
) -> tuple[NDArray[np.uint8], Box]:
    """Draw the small line over the title, and return the mask and the box around all ink."""
    x0, y0, x1, y1 = spot.box
    picture = Image.new("L", (shape[1], shape[0]))
    draw = ImageDraw.Draw(picture)
    lead = size * family.leading
    total = len(lines) * lead + small_size * 2.1
    top = {"top": y0, "middle": (y0 + y1 - total) / 2, "bottom": y1 - total}[spot.vertical]
    # Tracking opens small capitals up; a line that would be too long for it is set closer.
    tracking = 0.16
    while small and tracking > 0 and _tracked(small, small_faces, small_size, tracking) > x1 - x0:
        tracking -= 0.02
    while small and _tracked(small, small_faces, small_size, max(tracking, 0)) > x1 - x0:
        small = small[:-2].rstrip() + "…" if len(small) > 3 else ""
    if small:
        wide = _tracked(small, small_faces, small_size, max(tracking, 0))
        _line(draw, small, small_faces, small_size, _left(x0, x1, wide, spot.align), top + small_size, max(tracking, 0))
        top += small_size * 2.1
    for index, line in enumerate(lines):
        wide = _tracked(line, faces, size, 0)
        base = top + index * lead + size * (0.5 + 0.36 * family.leading)
        _line(draw, line, faces, size, _left(x0, x1, wide, spot.align), base, 0)
    box = picture.getbbox() or (x0, y0, x0 + 1, y0 + 1)
    return np.asarray(picture), box


def _left(x0: float, x1: float, wide: float, align: Align) -> float:
    return {"left": x0, "centre": (x0 + x1 - wide) / 2, "right": x1 - wide}[align]


def _tracked(text: str, faces: tuple[Face, ...], size: int, tracking: float) -> float:
    return width_of(text, faces, size) + tracking * size * max(len(text) - 1, 0)


def _line(
    draw: ImageDraw.ImageDraw, text: str, faces: tuple[Face, ...], size: int, x: float, base: float, tracking: float
) -> None:
    """Draw one line from x on its base line; scripts that join their letters are never tracked."""
    for run, face in runs(text, faces):
        font = face.at(size)
        stroke = round(face.embolden * size)
        parts = list(run) if tracking else [run]
        for part in parts:
            draw.text((x, base), part, fill=255, font=font, anchor="ls", stroke_width=stroke)
            x += font.getlength(part) + tracking * size


def _grown(box: Box, by: int, shape: tuple[int, ...]) -> Box:
    x0, y0, x1, y1 = box
    return max(x0 - by, 0), max(y0 - by, 0), min(x1 + by, shape[1]), min(y1 + by, shape[0])


def _near(mask: NDArray[np.uint8], by: int) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """Where the ground close to a letter shows, and under it: which pixels were looked at, and which of them it is."""
    step = 2 if by >= 6 else 1
    looked = (slice(None, None, step), slice(None, None, step))
    return looked, maximum_filter(mask[looked], 2 * max(1, by // step) + 1) > 127


def _veil(mask: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """The scrim: the letters spread wide and soft, 1 in their midst and 0 at the edges of the view."""
    step = max(1, size // 10)
    wide, tall = max(mask.shape[1] // step, 4), max(mask.shape[0] // step, 4)
    small = Image.fromarray(mask).resize((wide, tall), Image.Resampling.BOX)
    spread = (
        small.point(lambda value: 255 if value > 8 else 0)
        .filter(ImageFilter.MaxFilter(9))
        .filter(ImageFilter.GaussianBlur(4))
    )
    soft = np.clip(np.asarray(spread, dtype=np.float32) * np.float32(1.25 / 255), 0, 1)
    # The view's own edge must not show: the scrim fades out over half a letter before it.
    ys, xs = (np.minimum(np.arange(count) + 0.5, count - 0.5 - np.arange(count)) for count in soft.shape)
    edge = np.clip(np.minimum(ys[:, None], xs[None, :]) * (step / (0.5 * size)), 0, 1)
    soft = (soft * edge * edge * (3 - 2 * edge)).astype(np.float32)
    large = Image.fromarray(soft).resize((mask.shape[1], mask.shape[0]), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(large, dtype=np.float32), 0, 1)


def _laid(ground: NDArray[np.uint8], share: NDArray[np.float32], colour: Rgb) -> NDArray[np.uint8]:
    """The ground [..., 3] with a flat colour laid over it by share [...]."""
    out = np.empty_like(ground)
    for channel in range(3):
        plane = ground[..., channel].astype(np.float32)
        out[..., channel] = plane + (colour[channel] - plane) * share + np.float32(0.5)
    return out


def _lay(ground: Picture, share: NDArray[np.float32], colour: Rgb) -> None:
    """The same in place, a few rows at a time and only where there is any."""
    for start in range(0, len(ground), 16):
        part = share[start : start + 16]
        if part.any():
            ground[start : start + 16] = _laid(ground[start : start + 16], part, colour)
