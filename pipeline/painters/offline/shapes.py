"""Outlines: polygons as float arrays [n, 2] of (x, y), in units of the picture's height, y downwards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]
"""float64 [n, 2]."""


_LEAF_AT = np.linspace(0, 1, 12)
_LEAF_HALF = 0.5j * np.sin(np.pi * _LEAF_AT**0.8)


def rect(x0: float, y0: float, x1: float, y1: float) -> Outline:
    """An upright rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float)


def poly(*points: tuple[float, float]) -> Outline:
    """A polygon by its corners."""
    return np.array(points, float)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0, steps: int = 72) -> Outline:
    """An ellipse around (x, y), turned by `turn` radians."""
    outline = _circle(steps) * (rx, ry) + (x, y)
    return turned(outline, x, y, turn) if turn else outline


@lru_cache(maxsize=64)
def _circle(steps: int) -> Outline:
    angle = np.arange(steps) * (2 * np.pi / steps)
    circle = np.stack([np.cos(angle), np.sin(angle)], -1)
    circle.flags.writeable = False
    return circle


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Outline:
    """A rectangle with round corners."""
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    quarter = np.linspace(0, np.pi / 2, 8)
    corners = []
    for cx, cy, start in ((x1, y1, 0), (x0, y1, 1), (x0, y0, 2), (x1, y0, 3)):
        angle = quarter + start * np.pi / 2
        inside_x = cx - radius if cx == x1 else cx + radius
        inside_y = cy - radius if cy == y1 else cy + radius
        corners.append(np.stack([inside_x + radius * np.cos(angle), inside_y + radius * np.sin(angle)], -1))
    return np.concatenate(corners)


def turned(outline: Outline, x: float, y: float, angle: float) -> Outline:
    """The outline turned about (x, y) by `angle` radians, clockwise on the picture."""
    cos, sin = np.cos(angle), np.sin(angle)
    offset = outline - (x, y)
    return np.stack([x + offset[:, 0] * cos - offset[:, 1] * sin, y + offset[:, 0] * sin + offset[:, 1] * cos], -1)


def smooth(points: Sequence[tuple[float, float]] | Outline, closed: bool = True, steps: int = 10) -> Outline:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, float)
    if closed:
        before, after, later = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
        here = p
    else:
        padded = np.concatenate([p[:1], p, p[-1:]])
        before, here, after, later = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    before, here, after, later = (a[:, None, :] for a in (before, here, after, later))
    curve = 0.5 * (
        2 * here
        + (after - before) * t
        + (2 * before - 5 * here + 4 * after - later) * t**2
        + (3 * here - before - 3 * after + later) * t**3
    )
    flat = curve.reshape(-1, 2)
    return np.asarray(flat if closed else np.concatenate([flat, p[-1:]]))


def stroke(points: Sequence[tuple[float, float]] | Outline, width: float, end: float | None = None) -> Outline:
    """A brush line along the points, `width` thick at the start and `end` (or the same) at the end."""
    p = np.asarray(points, float)
    along = np.empty_like(p)
    along[1:-1] = p[2:] - p[:-2]
    along[0], along[-1] = p[1] - p[0], p[-1] - p[-2]
    normal = np.stack([-along[:, 1], along[:, 0]], -1) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    thin = width if end is None else end
    half = (width + (thin - width) * (np.arange(len(p)) / (len(p) - 1))[:, None]) / 2
    return np.concatenate([p + normal * half, (p - normal * half)[::-1]])


def under(xs: NDArray[np.floating], ys: NDArray[np.floating], floor: float) -> Outline:
    """The area between a skyline and the level `floor`."""
    top = np.stack([xs, ys], -1)
    return np.concatenate([top, [(xs[-1], floor), (xs[0], floor)]]).astype(float)


def leaf(x: float, y: float, length: float, width: float, angle: float, bend: float = 0.0) -> Outline:
    """A leaf that grows from (x, y) towards `angle` (0 right, -pi/2 up), bent by `bend` radians at its tip."""
    # In complex numbers a turn is a product: this is called thousands of times for one forest.
    heading = np.exp(1j * (angle + bend * _LEAF_AT))
    spine = complex(x, y) + np.cumsum(heading) * (length / (len(_LEAF_AT) - 1))
    half = heading * (_LEAF_HALF * width)
    return np.concatenate([spine + half, (spine - half)[::-1]]).view(np.float64).reshape(-1, 2)


def moved(outline: Outline, dx: float, dy: float) -> Outline:
    """The outline moved."""
    return np.asarray(outline + np.array([dx, dy]))
