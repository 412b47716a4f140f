"""A cabin in the forest: trunks through mist, two lit windows, smoke, a path, fireflies or snow."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, hexed, mix, shift
from pipeline.painters.noise import ridge
from pipeline.painters.offline import skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.plants import pine
from pipeline.painters.offline.shapes import ellipse, leaf, poly, rect, smooth, stroke, under
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    side = float(rng.choice([-1.0, 1.0]))
    ground = 0.72
    x = c.aspect * (0.5 + side * rng.uniform(0.1, 0.16))
    glow = mix(p.low, p.paper, 0.15)
    c.sky(p.sky, -0.05, ground)
    moon_x = c.aspect * (0.5 - side * rng.uniform(0.12, 0.22))
    if p.day:
        skies.sun(c, moon_x, 0.3, 0.05, p.lamp)
    else:
        skies.stars(c, rng, p.paper, 0.4, 110)
        skies.moon(c, rng, moon_x, rng.uniform(0.2, 0.28), 0.06, p.paper)
    for depth in range(4):
        t = depth / 3
        tone = mix(p.land(1 - t), p.low, 0.55 * (1 - t))
        count = round((26 - 4 * depth) * c.aspect)
        for place in np.linspace(-0.05, c.aspect + 0.05, count):
            px = float(place + rng.normal(0, 0.02))
            if depth == 3 and abs(px - x) < 0.2:
                continue
            if depth > 0 and abs(px - moon_x) < 0.05 + 0.03 * depth:
                continue
            tall = (
                rng.uniform(0.22, 0.36) * (0.85 + 0.5 * t) * (0.75 + 0.6 * min(1, abs(px - moon_x) / (0.4 * c.aspect)))
            )
            pine(c, rng, px, ground - 0.05 * (1 - t) + 0.03, tall, tone, to=mix(tone, glow, 0.5 - 0.3 * t))
        skies.mist(c, rng, ground - 0.04, 0.09 - 0.012 * depth, glow, 0.62 * (1 - 0.55 * t))
    _ground(c, p, rng, ground, x, glow, words)
    _smoke(c, p, rng, x + 0.07 * side, ground - 0.27)
    _house(c, p, rng, x, ground + 0.035, side, bool(words & {"snow", "winter", "snowy"}))
    _path(c, p, rng, x, ground, side)
    _near(c, p, rng, side, glow)
    if words & {"snow", "winter", "snowy"}:
        skies.snow(c, rng, p.paper)
    elif words & {"rain", "rainy", "storm"}:
        skies.rain(c, rng, glow)
    elif not p.day:
        _fireflies(c, p, rng)


def _ground(
    c: Canvas, p: Palette, rng: np.random.Generator, level: float, x: float, glow: Colour, words: frozenset[str]
) -> None:
    xs = np.linspace(-0.05, c.aspect + 0.05, 240)
    snowy = bool(words & {"snow", "winter", "snowy"})
    for t in (0.0, 0.5, 1.0):
        ys = level + 0.02 + 0.09 * t - 0.012 * ridge(rng, 240, octaves=4)
        soil = (
            mix(p.paper, p.middle, 0.35 + 0.3 * t)
            if snowy
            else mix(mix(p.land(0.25 - 0.2 * t), p.ink, 0.35 * t), glow, 0.12 * (1 - t))
        )
        c.fill(under(xs, ys, 1.1), soil, mix(soil, p.ink, 0.25), span=(float(ys.min()), 1.0), mottle=0.4)
        blades = []
        for _ in range(160 if not snowy else 30):
            bx = rng.uniform(0, c.aspect)
            by = float(np.interp(bx, xs, ys))
            blades.append(
                leaf(
                    bx,
                    by + 0.004,
                    rng.uniform(0.012, 0.03) * (0.6 + t),
                    0.003,
                    -np.pi / 2 + rng.normal(0, 0.3),
                    float(rng.normal(0, 0.4)),
                )
            )
        c.fill(blades, mix(soil, p.near, 0.4), mottle=0.4)
    c.shine(
        lambda gx, gy: np.exp(-(((gx - x) / 0.24) ** 2)) * np.exp(-(((gy - level - 0.075) / 0.055) ** 2)), p.lamp * 0.3
    )


def _house(c: Canvas, p: Palette, rng: np.random.Generator, x: float, base: float, side: float, snowy: bool) -> None:
    w, h, roof = 0.26, 0.115, 0.125
    wood = mix(mix(hexed("#5a3b28"), p.near, 0.45), p.ink, 0.25)
    x0, x1 = x - w / 2, x + w / 2
    c.subjects.append((x0, base - h - roof, x1, base))
    c.fill(rect(x0 - 0.02, base - 0.01, x1 + 0.02, base + 0.012), p.ink, opacity=0.6, soft=0.008)
    c.fill(
        rect(x + side * 0.055 - 0.016, base - h - roof * 1.12, x + side * 0.055 + 0.016, base - h - roof * 0.3),
        mix(hexed("#6a4a44"), p.near, 0.4),
        mottle=0.6,
    )
    c.fill(rect(x0, base - h, x1, base), wood, mix(wood, p.lamp, 0.08))
    for y in np.arange(base - h, base, 0.0125):
        c.fill(rect(x0, y, x1, y + 0.002), p.ink, opacity=0.45)
        c.fill(rect(x0, y + 0.002, x1, y + 0.004), mix(wood, p.lamp, 0.3), opacity=0.25)
    gable = poly((x0 - 0.035, base - h + 0.012), (x, base - h - roof), (x1 + 0.035, base - h + 0.012))
    c.fill(gable, shift(wood, 0.01), mix(wood, p.ink, 0.3), mottle=0.4)
    for y in np.arange(base - h - roof + 0.02, base - h, 0.0125):
        half = (w / 2 + 0.03) * (y - (base - h - roof)) / roof
        c.fill(rect(x - half, y, x + half, y + 0.0018), p.ink, opacity=0.35)
    cap = mix(p.paper, p.middle, 0.15) if snowy else mix(p.near, p.ink, 0.45)
    for d in (-1, 1):
        eave = [
            (x - d * 0.012, base - h - roof - 0.016),
            (x + d * (w / 2 + 0.055), base - h + 0.022),
            (x + d * (w / 2 + 0.035), base - h + 0.036),
            (x - d * 0.004, base - h - roof + 0.014),
        ]
        c.fill(poly(*eave), cap, shift(cap, -0.06), rim=(0, 0.0025, mix(p.low, p.paper, 0.4) * 0.35))
    _window(c, p, x - 0.068, base - 0.045, 0.042, 0.048, wood)
    _window(c, p, x + 0.068, base - 0.045, 0.042, 0.048, wood)
    _window(c, p, x, base - h - 0.04, 0.026, 0.03, wood)
    c.fill(rect(x - 0.023, base - 0.082, x + 0.023, base), mix(wood, p.ink, 0.5))
    c.fill(rect(x - 0.018, base - 0.077, x + 0.018, base), mix(hexed("#7a4a2c"), p.near, 0.2), mottle=0.4)
    c.fill(rect(x - 0.01, base - 0.069, x + 0.01, base - 0.045), p.lamp * 1.8, mottle=0.2)
    c.fill(ellipse(x + 0.033, base - 0.092, 0.004, 0.006), p.lamp * 4, mottle=0)
    c.glow(x + 0.033, base - 0.09, 0.04, p.lamp * 0.5)
    c.fill(rect(x - 0.045, base, x + 0.045, base + 0.01), mix(wood, p.lamp, 0.25), p.ink)
    c.glow(x, base - 0.05, 0.2, p.lamp * 0.24, flat=0.7)
    del rng


def _window(c: Canvas, p: Palette, x: float, y: float, w: float, h: float, wood: Colour) -> None:
    c.glow(x, y, 0.05, p.lamp * 0.5)
    c.fill(rect(x - w / 2 - 0.005, y - h / 2 - 0.005, x + w / 2 + 0.005, y + h / 2 + 0.005), mix(wood, p.ink, 0.4))
    c.fill(
        rect(x - w / 2, y - h / 2, x + w / 2, y + h / 2), p.lamp * 2.3, mix(p.lamp, p.accent, 0.25) * 1.7, mottle=0.4
    )
    for d in (-1, 1):
        c.fill(
            poly(
                (x + d * w / 2, y - h / 2),
                (x + d * w * 0.12, y - h / 2),
                (x + d * w * 0.4, y + h / 2),
                (x + d * w / 2, y + h / 2),
            ),
            mix(p.lamp, p.accent, 0.5),
            opacity=0.55,
        )
    c.fill(
        [rect(x - 0.0016, y - h / 2, x + 0.0016, y + h / 2), rect(x - w / 2, y - 0.0016, x + w / 2, y + 0.0016)],
        mix(wood, p.ink, 0.5),
    )
    c.fill(rect(x - w / 2 - 0.008, y + h / 2 + 0.004, x + w / 2 + 0.008, y + h / 2 + 0.009), mix(wood, p.lamp, 0.4))


def _smoke(c: Canvas, p: Palette, rng: np.random.Generator, x: float, base: float) -> None:
    drift = rng.uniform(0.05, 0.14) * rng.choice([-1, 1])
    for t in np.linspace(0, 1, 22):
        r = 0.008 + 0.034 * t
        c.fill(
            ellipse(x + drift * t**1.5 + 0.012 * np.sin(7 * t), base - 0.24 * t, r * 1.15, r),
            mix(p.low, p.paper, 0.45),
            opacity=0.17 * (1 - t) + 0.02,
            soft=r * 0.3,
            mottle=0.3,
        )


def _path(c: Canvas, p: Palette, rng: np.random.Generator, x: float, ground: float, side: float) -> None:
    start = ground + 0.045
    near = c.aspect * 0.5 - side * 0.16
    left = smooth(
        [(x - 0.022, start), (x - side * 0.03 - 0.035, 0.83), (near - 0.06, 0.92), (near - 0.17, 1.05)], closed=False
    )
    right = smooth(
        [(x + 0.022, start), (x - side * 0.03 + 0.045, 0.83), (near + 0.07, 0.92), (near + 0.14, 1.05)], closed=False
    )
    c.fill(
        np.concatenate([left, right[::-1]]),
        mix(p.lamp, p.near, 0.45),
        mix(p.near, p.low, 0.15),
        span=(start, 0.97),
        opacity=0.8,
        soft=0.003,
        mottle=0.7,
    )
    for _ in range(34):
        t = rng.uniform(0.05, 1)
        i = int(t * (len(left) - 1))
        sx = left[i][0] + (right[i][0] - left[i][0]) * rng.uniform(0.1, 0.9)
        c.fill(
            ellipse(sx, left[i][1], 0.006 + 0.015 * t, 0.002 + 0.005 * t),
            mix(p.near, p.ink, float(rng.uniform(0.1, 0.6))),
            opacity=0.6,
            mottle=0.5,
        )


def _near(c: Canvas, p: Palette, rng: np.random.Generator, side: float, glow: Colour) -> None:
    dark = mix(p.near, p.ink, 0.8)
    for x, wide in ((0.5 - side * 0.485, 0.085), (0.5 + side * 0.5, 0.06)):
        px = x * c.aspect
        trunk = smooth(
            [
                (px - wide * 0.9, 1.05),
                (px - wide * 0.5, 0.85),
                (px - wide * 0.42, 0.4),
                (px - wide * 0.36, -0.05),
                (px + wide * 0.36, -0.05),
                (px + wide * 0.42, 0.4),
                (px + wide * 0.52, 0.86),
                (px + wide * 1.0, 1.05),
            ]
        )
        c.fill(trunk, dark, p.ink, mottle=0.8, rim=(0.003 * side if x > 0.5 else -0.003 * -side, 0, glow * 0.12))
        for _ in range(7):
            y = rng.uniform(0.02, 0.42)
            d = 1 if px < c.aspect / 2 else -1
            length = rng.uniform(0.08, 0.24)
            bough = smooth([(px, y), (px + d * length * 0.5, y + 0.015), (px + d * length, y + 0.06)], closed=False)
            needles = [
                leaf(bx, by, 0.03, 0.004, float(np.pi / 2 - d * 0.5 + rng.normal(0, 0.5)))
                for bx, by in bough
                for _ in range(3)
            ]
            c.fill([stroke(bough, 0.007, 0.002), *needles], dark, mottle=0.3)
    ferns = []
    for _ in range(46):
        fx = c.aspect * (rng.beta(0.45, 0.45))
        tall = rng.uniform(0.05, 0.13)
        ferns.append(leaf(fx, 1.02, tall, tall * 0.16, -np.pi / 2 + rng.normal(0, 0.5), float(rng.normal(0, 0.9))))
    c.fill(ferns, dark, p.ink, rim=(0.001, 0.002, glow * 0.08), mottle=0.3)


def _fireflies(c: Canvas, p: Palette, rng: np.random.Generator) -> None:
    for _ in range(26):
        x, y, r = rng.uniform(0.05, 0.95) * c.aspect, rng.uniform(0.55, 0.95), rng.uniform(0.0012, 0.0026)
        c.glow(x, y, r * 6, p.lamp * 0.45)
        c.fill(ellipse(x, y, r, r, steps=12), p.lamp * 3, mottle=0)
