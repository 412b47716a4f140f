"""A canvas in linear light: anti-aliased shapes, soft light and mist, at any size.

Places are in units of the picture's height: y from 0 (top) to 1, x from 0 to `aspect`. A shape is drawn only inside its
own box, edges supersampled; soft things are drawn small and enlarged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.painters.colour import Colour, Field, between, ramp
from pipeline.painters.noise import clouds, enlarge
from pipeline.painters.offline.raster import Box, box_of, coverage, mosaic, soft_coverage
from pipeline.painters.offline.shapes import Outline

Shapes = Outline | Sequence[Outline]

_UNSEEN = 0.001
"""A share too small to change an 8-bit step."""

_GLOW_REACH = 3.2
"""How many radii a glow reaches."""

_STRIP = 24_576
"""Pixels handled at a time: what a step reads and writes stays in the processor's cache."""


class Canvas:
    """`pixels` is float32 [height, width, 3], linear light; what is above 1 is a lamp and will bloom.

    It is a view of `planes`, float32 [3, height, width]: whole planes are several times faster to work on.
    `subjects` are the boxes (x0, y0, x1, y1) of what the eye should find, a moon or a figure; type keeps off them.
    """

    def __init__(self, height: int, aspect: float, seed: int) -> None:
        self.height = height
        self.width = round(height * aspect)
        self.aspect = aspect
        self.planes: Field = np.zeros((3, height, self.width), np.float32)
        self.pixels: Field = self.planes.transpose(1, 2, 0)
        self.subjects: list[tuple[float, float, float, float]] = []
        rng = np.random.default_rng(seed)
        across = max(1, round(aspect * 9))
        # Brush marks: broad dabs that lie flat, with finer ones on top. Every fill picks them up.
        self.dabs = clouds(rng, height, self.width, (14, across), octaves=6, rough=0.72)

    def fill(
        self,
        shapes: Shapes,
        colour: Colour,
        to: Colour | None = None,
        *,
        sideways: bool = False,
        span: tuple[float, float] | None = None,
        opacity: float = 1.0,
        soft: float = 0.0,
        mottle: float = 0.12,
        rim: tuple[float, float, Colour] | None = None,
    ) -> None:
        """Paint shapes in one colour, or from `colour` to `to` downwards (or sideways) over their box or `span`.

        `soft` blurs the edge (standard deviation); `mottle` is how much the brush shows; `rim` is
        (dx, dy, light): light along the edges that face (-dx, -dy), |d| wide.
        """
        stamp = self.stamp(shapes, soft)
        if stamp is None:
            return
        box, alpha = stamp
        rows, columns = box
        paint: Field = np.asarray(colour, dtype=np.float32)[:, None, None]
        if to is not None and max(alpha.shape) < 6:
            paint = np.asarray(colour + to, dtype=np.float32)[:, None, None] / np.float32(2)  # too small to show more
        elif to is not None:
            start, stop = (columns.start, columns.stop) if sideways else (rows.start, rows.stop)
            first, last = (start, stop) if span is None else (span[0] * self.height, span[1] * self.height)
            at = np.clip((np.arange(start, stop) + 0.5 - first) / max(last - first, 1e-6), 0, 1)
            line = between(colour, to, at)
            paint = line.T[:, None, :] if sideways else line.T[:, :, None]
        self._lay(box, paint, alpha, opacity, mottle)
        if rim is not None:
            dx, dy, light = rim
            edge = _facing(alpha, round(dx * self.height), round(dy * self.height))
            edge += _facing(alpha, round(dx * self.height / 2), round(dy * self.height / 2))
            self.add(box, edge, light * np.float32(0.5 * opacity))

    def tiles(self, outlines: Sequence[Outline], colours: Field, to: Field, *, mottle: float = 0.12) -> None:
        """Paint many shapes that stand side by side in one go.

        Each runs downwards from its own of `colours`, [n, 3], to its own of `to`.
        """
        box = box_of(outlines, 2 / self.height, self.height, self.height, self.width) if outlines else None
        if box is None:
            return
        rows, columns = box
        which, alpha = mosaic(outlines, self.height, box)
        heights, starts = np.concatenate(outlines)[:, 1], np.cumsum([0, *(len(outline) for outline in outlines[:-1])])
        tops = np.minimum.reduceat(heights, starts)
        tall = np.maximum.reduceat(heights, starts) - tops
        # Number 0 is no shape at all: its colour does not matter, for it covers nothing.
        fall = np.pad(np.stack([1 / tall, -tops / tall]), ((0, 0), (1, 0))).astype(np.float32)
        first, change = (np.pad(tones.T, ((0, 0), (1, 0))).astype(np.float32) for tones in (colours, to - colours))
        levels = ((np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / self.height)[:, None]
        step = max(1, _STRIP // (columns.stop - columns.start))
        for top in range(0, len(alpha), step):
            part = slice(top, top + step)
            ids = which[part]
            at = np.clip(fall[0][ids] * levels[part] + fall[1][ids], 0, 1)
            paint = np.stack([tone[ids] + more[ids] * at for tone, more in zip(first, change, strict=True)])
            high = slice(rows.start + top, rows.start + min(top + step, len(alpha)))
            self._lay((high, columns), paint, alpha[part], 1.0, mottle)

    def add(self, box: Box, share: Field, light: Colour) -> None:
        """Add `share`, float32 [rows, columns], of `light` to the box."""
        rows, columns = box
        target = self.planes[:, rows, columns]
        light = np.asarray(light, dtype=np.float32)[:, None, None]
        for part in _strips(share.shape):
            if share[part].any():
                target[:, part] += share[part] * light

    def kept(self, box: Box) -> Field:
        """A copy of what the box shows now, for `restore`."""
        return self.planes[:, box[0], box[1]].copy()

    def restore(self, box: Box, kept: Field, alpha: Field) -> None:
        """Bring back what was `kept` of the box where `alpha` is 1."""
        self._lay(box, kept, alpha, 1.0, 0.0)

    def stamp(self, shapes: Shapes, soft: float = 0.0) -> tuple[Box, Field] | None:
        """Return the box (rows, columns) that shapes touch and their coverage there, 0 to 1; None when outside."""
        outlines = [shapes] if isinstance(shapes, np.ndarray) else list(shapes)
        if not outlines:
            return None
        box = box_of(outlines, 3 * soft + 2 / self.height, self.height, self.height, self.width)
        if box is None:
            return None
        blur = soft * self.height
        if blur > 1.5:
            return box, soft_coverage(outlines, self.height, box, blur)
        return box, coverage(outlines, self.height, box)

    def _lay(self, box: Box, paint: Field, alpha: Field, opacity: float, mottle: float) -> None:
        """Lay paint, float32 [3, rows or 1, columns or 1], over the box by alpha, brush marks showing by `mottle`."""
        rows, columns = box
        target, dabs = self.planes[:, rows, columns], self.dabs[rows, columns]
        strength = np.float32(opacity)
        for part in _strips(alpha.shape):
            share = alpha[part]
            if not share.any():
                continue
            here = target[:, part]
            fresh = paint if paint.shape[1] == 1 else paint[:, part]
            if mottle:
                fresh = fresh * (dabs[part] * np.float32(mottle) + np.float32(1))
            if opacity == 1 and share.min() == 1:
                here[:] = fresh
                continue
            fresh = np.subtract(fresh, here, out=fresh if mottle else None)
            fresh *= share if opacity == 1 else share * strength
            here += fresh

    def wash(self, field: Callable[[Field, Field], Field], colour: Colour, detail: int = 160) -> None:
        """Lay `colour` over the picture by `field(x, y)`, 0 to 1, computed on `detail` rows and enlarged."""
        drawn = self._coarse(field, detail)
        if drawn is not None:
            self._lay(drawn[0], np.asarray(colour, dtype=np.float32)[:, None, None], drawn[1], 1.0, 0.0)

    def shine(self, field: Callable[[Field, Field], Field], light: Colour, detail: int = 160) -> None:
        """Add `light` times `field(x, y)`, computed on `detail` rows and enlarged."""
        drawn = self._coarse(field, detail)
        if drawn is not None:
            self.add(*drawn, light)

    def glow(self, x: float, y: float, radius: float, light: Colour, flat: float = 1.0) -> None:
        """Add a round glow that falls off with distance; `flat` below 1 squeezes it from top to bottom."""
        reach = _GLOW_REACH * radius
        left, top, side, tall = (
            value * self.height for value in (x - reach, y - reach * flat, 2 * reach, 2 * reach * flat)
        )
        # Rounded down and up, not towards zero: a glow that ends just outside the picture has no column in it.
        rows = slice(max(math.floor(top), 0), min(math.ceil(top + tall), self.height))
        columns = slice(max(math.floor(left), 0), min(math.ceil(left + side), self.width))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        picture = _glow()
        across, down = picture.width / side, picture.height / tall
        box = (
            max((columns.start - left) * across, 0),
            max((rows.start - top) * down, 0),
            min((columns.stop - left) * across, picture.width),
            min((rows.stop - top) * down, picture.height),
        )
        fall = picture.resize((columns.stop - columns.start, rows.stop - rows.start), Image.Resampling.BICUBIC, box=box)
        self.add((rows, columns), np.asarray(fall), light)

    def sky(
        self, stops: Sequence[tuple[float, Colour]], top: float = 0.0, bottom: float = 1.0, drift: float = 0.03
    ) -> None:
        """Fill everything with a ramp from `top` to `bottom`, its bands drifting like a wet wash."""
        ys = (np.arange(self.height, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(self.height)
        ys = (ys - np.float32(top)) * np.float32(1023 / (bottom - top))
        table = np.ascontiguousarray(ramp(stops, 1024).T)
        for part in _strips(self.dabs.shape):
            at = np.clip(ys[part] + self.dabs[part] * np.float32(1023 * drift), 0, 1023).astype(np.intp)
            for plane, tones in zip(self.planes, table, strict=True):
                np.take(tones, at, out=plane[part], mode="clip")

    def mirror(self, level: float, strength: float, tint: Colour, ripple: float = 0.006, smear: float = 0.0) -> None:
        """Reflect what is above `level` into what is below, over `tint`, wobbling more towards the viewer."""
        first, last = round(level * self.height), self.height
        count = last - first
        if count <= 0:
            return
        depth = np.arange(count)
        source = np.clip(first - 1 - (depth * 0.9).astype(int), 0, self.height - 1)
        t = (depth / count).astype(np.float32)[:, None]
        for part in _strips((count, self.width)):
            wave = self.dabs[first:last][part] * np.float32(ripple * self.height)
            xs = np.arange(self.width) + (wave * (0.3 + 1.7 * t[part])).astype(np.int32)
            np.clip(xs, 0, self.width - 1, out=xs)
            ys = source[part, None] + (wave * (0.75 + 2.5 * t[part])).astype(np.int32)
            np.clip(ys, 0, max(first - 1, 0), out=ys)
            places = [ys * self.width + xs]
            for stretch in (1, 2, 3) if smear else ():
                # A wet street draws lights out downwards: average with what stands higher and lower.
                for way in (-1, 1):
                    offset = (way * stretch * smear * self.height * (0.15 + t[part])).astype(np.int32)
                    places.append(np.clip(ys + offset, 0, max(first - 1, 0)) * self.width + xs)
            share = np.float32(strength) * (1 - np.float32(0.45) * t[part])
            for plane, tone in zip(self.planes, tint, strict=True):
                above = plane[:first].reshape(-1)
                mirrored = sum((above.take(place) for place in places[1:]), above.take(places[0]))
                plane[first:][part] = mirrored * (share / len(places)) + tone * (1 - share)

    def blur(self, sigma: float) -> None:
        """Throw everything painted so far out of focus (standard deviation in picture heights)."""
        spread = sigma * self.height
        if spread < 0.7:
            return
        step = max(1.0, spread / 2.5)
        small = max(round(self.height / step), 8), max(round(self.width / step), 8)
        for plane in self.planes:
            reduced = np.asarray(
                Image.fromarray(plane).resize((small[1], small[0]), Image.Resampling.BOX), dtype=np.float32
            )
            plane[:] = enlarge(gaussian_filter(reduced, spread / step, mode="nearest"), self.height, self.width)

    def _coarse(self, field: Callable[[Field, Field], Field], detail: int) -> tuple[Box, Field] | None:
        """The field's values and the rows where it has any; None when it has none."""
        count = min(detail, self.height)
        columns = max(2, round(count * self.aspect))
        ys: Field = ((np.arange(count, dtype=np.float32) + 0.5) / count).astype(np.float32)[:, None]
        xs: Field = ((np.arange(columns, dtype=np.float32) + 0.5) / columns * self.aspect).astype(np.float32)[None, :]
        values = np.broadcast_to(field(xs, ys), (count, columns)).astype(np.float32)
        some = np.flatnonzero((values > _UNSEEN).any(1))
        if not some.size:
            return None
        top, bottom = (some[[0, -1]] + (-2, 3)).tolist()
        rows = slice(max(top * self.height // count, 0), min(-(-bottom * self.height // count), self.height))
        per_row = count / self.height
        drawn = Image.fromarray(values).resize(
            (self.width, rows.stop - rows.start),
            Image.Resampling.BICUBIC,
            box=(0, rows.start * per_row, columns, min(rows.stop * per_row, count)),
        )
        share = np.array(drawn, dtype=np.float32)
        return (rows, slice(0, self.width)), np.maximum(share, 0, out=share)


@lru_cache(maxsize=1)
def _glow() -> Image.Image:
    """A round glow, 1 in its middle; the box it fills is `_GLOW_REACH` radii to each side."""
    at = (np.arange(96) + 0.5) / 48 - 1
    square = (at[None, :] ** 2 + at[:, None] ** 2) * _GLOW_REACH**2
    # Towards the edge of the box the fall-off is brought to zero, or the box would show.
    fall = np.exp(-1.4 * np.sqrt(square)) * np.clip(1 - square / _GLOW_REACH**2, 0, 1) ** 2
    return Image.fromarray(fall.astype(np.float32))


def _strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut [rows, columns] into strips of rows."""
    step = max(1, _STRIP // max(shape[1], 1))
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def _facing(alpha: Field, dx: int, dy: int) -> Field:
    """Where a coverage is more than it is (dx, dy) pixels before."""
    tall, wide = alpha.shape
    out = alpha.copy()
    if abs(dx) < wide and abs(dy) < tall:
        inside = out[max(dy, 0) : tall + min(dy, 0), max(dx, 0) : wide + min(dx, 0)]
        inside -= alpha[max(-dy, 0) : tall - max(dy, 0), max(-dx, 0) : wide - max(dx, 0)]
        np.maximum(out, 0, out=out)
    return out
