"""What a window shows from inside: a world out of focus, and rain on the glass."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, Field, mix
from pipeline.painters.noise import ridge
from pipeline.painters.offline import skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import ellipse, poly, rect, stroke, under
from pipeline.painters.palettes import Palette


def town(c: Canvas, p: Palette, rng: np.random.Generator, ground: float, sharp: bool = False) -> None:
    """Fill the canvas with a town at dusk: roofs, lit windows and lamps, out of focus unless `sharp`."""
    c.sky(p.sky, 0.0, ground)
    skies.cirrus(c, rng, 0.05, ground * 0.8, mix(p.low, p.paper, 0.25), 0.5)
    for t in (0.0, 0.5, 1.0):
        x = -0.05
        body = mix(p.land(1 - t), p.low, 0.35 * (1 - t))
        while x < c.aspect:
            wide = rng.uniform(0.07, 0.16)
            top = ground - rng.uniform(0.08, 0.34) * (1.1 - 0.35 * t)
            if rng.random() < 0.4 and t > 0:
                outline = poly((x, ground), (x, top), (x + wide / 2, top - 0.045), (x + wide, top), (x + wide, ground))
            else:
                outline = rect(x, top, x + wide, ground)
            c.fill(outline, body, mix(body, p.low, 0.4 - 0.2 * t))
            for _ in range(int(rng.integers(1, 6))):
                wx, wy = x + rng.uniform(0.15, 0.75) * wide, rng.uniform(top + 0.03, max(top + 0.04, ground - 0.05))
                c.fill(rect(wx, wy, wx + 0.013, wy + 0.017), p.lamp * (0.9 + 0.8 * t), mottle=0)
            x += wide
    c.fill(rect(-0.1, ground, c.aspect + 0.1, 1.1), mix(p.near, p.ink, 0.3), p.ink)
    if not sharp:
        c.blur(0.0055)
    bokeh(c, p, rng, ground)


def bokeh(c: Canvas, p: Palette, rng: np.random.Generator, level: float, count: int = 46) -> None:
    """Lamps far out of focus: pale discs with a brighter edge, most of them near `level`."""
    for _ in range(count):
        x, y = rng.uniform(0, c.aspect), rng.normal(level - 0.05, 0.09)
        r = rng.uniform(0.008, 0.026)
        light = mix(p.lamp, p.accent, float(rng.choice([0, 0, 0.15, 0.5, 1.0]))) * rng.uniform(0.5, 1.3)
        c.fill(ellipse(x, y, r, r), light, opacity=rng.uniform(0.18, 0.55), soft=r * 0.06, mottle=0.15)
        ring = ellipse(x, y, r * 0.95, r * 0.95)
        c.fill(stroke(np.concatenate([ring, ring[:1]]), r * 0.1), light * 1.2, opacity=0.2, soft=r * 0.04, mottle=0)


def hills(c: Canvas, p: Palette, rng: np.random.Generator, ground: float) -> None:
    """Fill the canvas with soft hills under a wide sky."""
    c.sky(p.sky, 0.0, ground)
    skies.cirrus(c, rng, 0.0, ground, mix(p.low, p.paper, 0.4), 0.8)
    if p.day or rng.random() < 0.5:
        skies.sun(c, c.aspect * rng.uniform(0.35, 0.7), ground - rng.uniform(0.09, 0.2), 0.05, p.lamp)
    else:
        skies.moon(c, rng, c.aspect * rng.uniform(0.35, 0.7), ground - rng.uniform(0.25, 0.4), 0.045, p.paper)
    xs = np.linspace(-0.1, c.aspect + 0.1, 200)
    for t in (0.0, 0.35, 0.7, 1.0):
        ys = ground + 0.17 * t - 0.09 * (1.1 - 0.4 * t) * (0.6 + ridge(rng, 200, octaves=5))
        body = mix(p.land(1 - t), p.low, 0.4 * (1 - t))
        c.fill(under(xs, ys, 1.2), body, mix(body, p.low, 0.35), span=(ground - 0.1, ground + 0.3), mottle=0.3)
        skies.mist(c, rng, ground + 0.15 * t, 0.03, mix(p.low, p.paper, 0.2), 0.35)
    c.fill(rect(-0.1, ground + 0.3, c.aspect + 0.1, 1.2), mix(p.near, p.ink, 0.2), mottle=0.3)


def wet_glass(
    c: Canvas, rng: np.random.Generator, light: Colour, box: tuple[float, float, float, float], amount: int = 330
) -> None:
    """Drops and runnels on the glass in box (x0, y0, x1, y1): each holds a bright and a dark crescent."""
    x0, y0, x1, y1 = box
    area = (x1 - x0) * (y1 - y0)
    count = int(amount * area)
    bright, dark, shine = [], [], []
    for _ in range(count):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        r = 0.0016 + 0.0042 * rng.beta(1, 3.2)
        bright.append(ellipse(x, y + 0.25 * r, r * 0.85, r * 1.05, steps=16))
        dark.append(ellipse(x, y - 0.3 * r, r * 0.8, r * 0.85, steps=16))
        shine.append(ellipse(x - 0.25 * r, y + 0.55 * r, r * 0.3, r * 0.25, steps=10))
    for _ in range(int(count * 0.11)):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        length = rng.uniform(0.04, 0.22)
        t = np.linspace(0, 1, 14)
        path = np.stack([x + 0.004 * np.cumsum(rng.normal(0, 0.5, 14)), y + length * t], -1)
        path = path[path[:, 1] < y1]
        if len(path) < 3:
            continue
        width = rng.uniform(0.0014, 0.0032)
        bright.append(stroke(path, width * 0.3, width))
        end = path[-1]
        bright.append(ellipse(end[0], end[1], width * 0.9, width * 1.5, steps=16))
        shine.append(ellipse(end[0] - 0.2 * width, end[1] + 0.7 * width, width * 0.4, width * 0.4, steps=10))
    inside = [s for s in bright if s[:, 0].min() > x0 and s[:, 0].max() < x1 and s[:, 1].max() < y1]
    c.fill([d for d in dark if d[:, 0].min() > x0 and d[:, 0].max() < x1], light * 0.03, opacity=0.35, mottle=0)
    c.fill(inside, light, opacity=0.3, mottle=0.3)
    c.fill(shine, light * 1.5, opacity=0.75, mottle=0)

    def film(xs: Field, ys: Field) -> Field:
        fall = np.clip((ys - y0) / (y1 - y0), 0, 1) * np.clip((y1 + 0.02 - ys) * 40, 0, 1)
        return np.asarray(0.12 * fall**2 * ((xs > x0) & (xs < x1)))

    c.wash(film, light)


def frame(
    c: Canvas,
    box: tuple[float, float, float, float],
    columns: int,
    rows: int,
    wood: Colour,
    light: Colour,
    thick: float = 0.02,
) -> None:
    """The bars of a window around and across box, the edges towards the outside lit."""
    x0, y0, x1, y1 = box
    bars = []
    for i in range(columns + 1):
        x = x0 + (x1 - x0) * i / columns
        half = thick * (0.75 if 0 < i < columns else 1.0) / 2
        bars.append(rect(x - half, y0 - thick / 2, x + half, y1 + thick / 2))
    for i in range(rows + 1):
        y = y0 + (y1 - y0) * i / rows
        half = thick * (0.75 if 0 < i < rows else 1.0) / 2
        bars.append(rect(x0 - thick / 2, y - half, x1 + thick / 2, y + half))
    for bar in bars:
        c.fill(bar, wood, mottle=0.3, rim=(0.0028, 0.0028, light * 0.22))
    for bar in bars:
        low, high = bar.min(0), bar.max(0)
        if high[0] - low[0] > high[1] - low[1]:
            c.fill(rect(low[0], low[1] + 0.12 * thick, high[0], low[1] + 0.25 * thick), light, opacity=0.12, mottle=0.5)
