"""Outlines to coverage: which share of each pixel a shape covers, and which of many shapes a pixel shows.

Pixels of a box are addressed from its origin; `scale` is pixels to the unit. Edges are smoothed by drawing `over` times
larger with Pillow's polygons and averaging.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from pipeline.painters.colour import Field
from pipeline.painters.offline.shapes import Outline

Box = tuple[slice, slice]
"""Rows and columns of a picture."""

_SOFT_SPREAD = 2.0
"""Blurred shapes are drawn so small that the blur's standard deviation is this many pixels."""

_SOFT_MARGIN = 8
"""What a blurred shape is drawn beyond its box by, in those pixels."""


def box_of(outlines: Sequence[Outline], pad: float, scale: float, height: int, width: int) -> Box | None:
    """The pixels of a [height, width] picture that outlines touch when `pad` units wider; None when there are none."""
    corners = outlines[0] if len(outlines) == 1 else np.concatenate(outlines)
    x0, y0 = np.floor((corners.min(0) - pad) * scale).astype(int).tolist()
    x1, y1 = np.ceil((corners.max(0) + pad) * scale).astype(int).tolist()
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    return (slice(y0, y1), slice(x0, x1)) if x0 < x1 and y0 < y1 else None


def coverage(outlines: Sequence[Outline], scale: float, box: Box) -> Field:
    """Coverage in a box, 0 to 1, float32 [rows, columns]."""
    rows, columns = box
    tall, wide = rows.stop - rows.start, columns.stop - columns.start
    over = 2 if wide * tall > 250_000 else 4
    if len(outlines) == 1 and _upright(outlines[0]):
        # Pillow counts the pixels on a polygon's border as inside; an upright rectangle is grown to match.
        grow = 0.5 / over
        (x0, y0), (x1, y1) = outlines[0].min(0) * scale - grow, outlines[0].max(0) * scale + grow
        down, across = _share(rows.start, rows.stop, y0, y1), _share(columns.start, columns.stop, x0, x1)
        return np.asarray(down[:, None] * across)
    return _supersampled(outlines, scale, (columns.start, rows.start), (wide, tall), over)


def soft_coverage(outlines: Sequence[Outline], scale: float, box: Box, blur: float) -> Field:
    """Coverage in a box, 0 to 1, with edges blurred by a standard deviation of `blur` pixels (2 or more)."""
    rows, columns = box
    tall, wide = rows.stop - rows.start, columns.stop - columns.start
    shrink = _SOFT_SPREAD / blur
    margin = _SOFT_MARGIN
    mask = _supersampled(
        outlines,
        scale * shrink,
        (columns.start * shrink - margin, rows.start * shrink - margin),
        (round(wide * shrink) + 2 * margin, round(tall * shrink) + 2 * margin),
        2,
    )
    mask = gaussian_filter(mask, _SOFT_SPREAD, mode="nearest", truncate=3.0)
    picture = Image.fromarray(mask).resize(
        (wide, tall),
        Image.Resampling.BICUBIC,
        box=(margin, margin, margin + wide * shrink, margin + tall * shrink),
    )
    return np.clip(np.asarray(picture, dtype=np.float32), 0, 1)


def mosaic(outlines: Sequence[Outline], scale: float, box: Box) -> tuple[NDArray[np.int32], Field]:
    """Which outline each pixel of a box shows (0 none, else its place counted from 1), and its coverage.

    Later outlines lie over earlier ones; where two meet inside a pixel the later one has all of it.
    """
    rows, columns = box
    tall, wide = rows.stop - rows.start, columns.stop - columns.start
    over = 2
    picture = Image.new("I", (wide * over, tall * over))
    draw = ImageDraw.Draw(picture)
    for index, outline in enumerate(outlines, start=1):
        draw.polygon(((outline * scale - (columns.start, rows.start)) * over).ravel().tolist(), fill=index)
    fine = np.asarray(picture)
    corners = [fine[down::over, right::over] for down in range(over) for right in range(over)]
    covered = sum(((corner > 0).astype(np.float32) for corner in corners), np.zeros((tall, wide), np.float32))
    covered *= np.float32(1 / over**2)
    return np.maximum.reduce(corners), covered


def _upright(outline: Outline) -> bool:
    """Whether four corners are those of an upright rectangle, in the order `shapes.rect` has them."""
    if len(outline) != 4:
        return False
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = outline.tolist()
    return bool(ay == by and bx == cx and cy == dy and dx == ax)


def _share(start: int, stop: int, low: float, high: float) -> Field:
    """How much of each pixel from start to stop lies between low and high."""
    edge = np.arange(start, stop)
    share: Field = np.clip(np.minimum(edge + 1, high) - np.maximum(edge, low), 0, 1).astype(np.float32)
    return share


def _supersampled(
    outlines: Sequence[Outline], scale: float, origin: tuple[float, float], size: tuple[int, int], over: int
) -> Field:
    """Rasterise outlines into [size[1], size[0]], `over` samples a side to each pixel."""
    picture = Image.new("L", (size[0] * over, size[1] * over))
    draw = ImageDraw.Draw(picture)
    step, corner = scale * over, (origin[0] * over, origin[1] * over)
    for outline in outlines:
        draw.polygon((outline * step - corner).ravel().tolist(), fill=255)
    return np.asarray(picture.reduce(over), dtype=np.float32) * np.float32(1 / 255)
