"""Mountains at dusk: ridge behind ridge, mist between them, a lake and a foreground of pines."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, Field, mix, shift
from pipeline.painters.noise import ridge
from pipeline.painters.offline import skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.plants import pine
from pipeline.painters.offline.shapes import ellipse, poly, rect, stroke, under
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    lake = bool(rng.random() < 0.6 or words & {"lake", "water", "river"})
    shore = rng.uniform(0.7, 0.76) if lake else 0.95
    horizon = shore - rng.uniform(0.08, 0.13)
    c.sky(p.sky, 0.0, horizon + 0.02)
    side = rng.choice([-1.0, 1.0])
    light_x = c.aspect * (0.5 + side * rng.uniform(0.14, 0.2))
    light_y = rng.uniform(0.2, 0.3) if not p.day else horizon - rng.uniform(0.12, 0.2)
    if not p.day:
        skies.stars(c, rng, p.paper, horizon * 0.75)
    skies.cirrus(c, rng, 0.08, horizon, mix(p.low, p.paper, 0.35), 0.75)
    if p.day or rng.random() < 0.45:
        light_y = horizon - rng.uniform(0.1, 0.17)
        skies.sun(c, light_x, light_y, rng.uniform(0.045, 0.065), mix(p.lamp, p.paper, 0.3))
    else:
        skies.moon(c, rng, light_x, light_y, rng.uniform(0.042, 0.06), p.paper)
    xs = np.linspace(-0.05, c.aspect + 0.05, 500, dtype=np.float32)
    count = 6
    glow = mix(p.low, p.paper, 0.25)
    for index in range(count):
        t = index / (count - 1)
        base = horizon - 0.1 * (1 - t) + (shore - horizon) * t**2
        rise = (0.24 - 0.15 * t) * rng.uniform(0.8, 1.1)
        if index < 3:
            ys = base - rise * _range(rng, xs / c.aspect, 0.5 - side * rng.uniform(0.08, 0.3))
        else:
            shape = ridge(rng, len(xs), octaves=7, rough=0.5, start=2 + index)
            centre = c.aspect * (0.5 - side * rng.uniform(0.05, 0.35))
            dome = np.exp(-(((xs - centre) / (0.55 * c.aspect)) ** 2))
            ys = base - rise * (0.5 + shape * 0.45) * (0.35 + 0.75 * dome)
        if index >= 3:
            ys -= 0.009 * (1 - t + 0.35) * np.abs(ridge(rng, len(xs), octaves=3, rough=0.8, start=90))
        top = mix(p.land(1 - t), p.low, 0.42 * (1 - t) ** 0.8)
        c.fill(
            under(xs, ys, shore + 0.01),
            top,
            mix(top, glow, 0.5 * (1 - t * 0.55)),
            span=(float(ys.min()), base + 0.05),
            mottle=0.22,
            rim=(-side * 0.0035, 0.003, glow * (0.5 - 0.4 * t)),
        )
        if index < 3:
            _sunlit(c, rng, xs, ys, rise, mix(top, mix(p.paper, p.low, 0.5), 0.7), side)
        skies.mist(c, rng, base - 0.005, 0.028, glow, 0.62 * (1 - 0.5 * t))
    c.glow(light_x, horizon, 0.32, p.low * 0.16, flat=0.5)
    if not lake:
        c.fill(rect(-0.1, shore, c.aspect + 0.1, 1.1), mix(p.near, glow, 0.15), p.ink, mottle=0.3)
    else:
        c.mirror(shore, 0.9, shift(p.middle, -0.12), ripple=0.005)
        _glitter(c, rng, light_x, shore, mix(p.paper, p.lamp, 0.4))
        skies.mist(c, rng, shore, 0.012, glow, 0.5)
        if rng.random() < 0.7:
            _boat(c, light_x - side * 0.2 * c.aspect, shore + 0.07, p)
    _foreground(c, p, rng, side)
    _birds(c, rng, light_x - side * 0.2, light_y + 0.06, p.ink)


def _range(rng: np.random.Generator, at: Field, centre: float) -> Field:
    """Heights (0 to about 1) of a mountain range over `at` (0 to 1): summits with straight flanks, roughened."""
    heights = np.full(len(at), 0.16)
    for index in range(7):
        place = centre if index == 0 else rng.uniform(-0.05, 1.05)
        top = 1.0 if index == 0 else rng.uniform(0.35, 0.8) * (1 - 0.5 * abs(place - centre))
        flanks = np.where(at < place, rng.uniform(1.9, 3.1), rng.uniform(1.9, 3.1))
        heights = np.maximum(heights, top - np.abs(at - place) * flanks)
    rough = ridge(rng, len(at), octaves=6, rough=0.55, start=9)
    return np.asarray(np.maximum(heights + 0.085 * rough * (0.4 + heights), 0.03), dtype=np.float32)


def _sunlit(c: Canvas, rng: np.random.Generator, xs: Field, ys: Field, rise: float, light: Colour, side: float) -> None:
    """The faces of the summits that look towards the light: from the skyline down to a zigzag arete."""
    reach = max(4, len(xs) // 36)
    tops = [i for i in range(reach, len(xs) - reach) if ys[i] == ys[i - reach : i + reach + 1].min()]
    for i in tops:
        x, y = float(xs[i]), float(ys[i])
        depth = 0.62 * max(float(ys.max()) - y, 0.2 * rise)
        step = 1 if side > 0 else -1
        end = i
        while 0 < end + step < len(xs) - 1 and ys[end] < y + 0.72 * depth and abs(end - i) < 4 * reach:
            end += step
        skyline = np.stack([xs[i:end:step], ys[i:end:step]], -1)
        if len(skyline) < 3:
            continue
        zigzag = [
            (x + side * 0.16 * depth * (k % 2) * rng.uniform(0.4, 1.4) - side * 0.05 * depth * t, y + depth * t)
            for k, t in enumerate(np.linspace(0.08, 1.0, 8))
        ]
        foot = (float(skyline[-1][0]) - side * 0.3 * abs(float(skyline[-1][0]) - x), y + depth * 0.92)
        face = np.concatenate([skyline, [foot], zigzag[::-1]])
        c.fill(face, light, opacity=0.34, soft=0.0008, mottle=0.6)


def _glitter(c: Canvas, rng: np.random.Generator, x: float, level: float, light: Colour) -> None:
    marks = []
    for _ in range(150):
        t = rng.beta(1, 1.3)
        y = level + 0.004 + t * (1 - level)
        half = rng.uniform(0.003, 0.014) * (0.5 + 1.5 * t)
        cx = x + rng.normal(0, 0.016 + 0.045 * t)
        marks.append(ellipse(cx, y, half, 0.0009 + 0.0016 * t, steps=12))
    c.fill(marks, light * 1.15, opacity=0.65, mottle=0)


def _boat(c: Canvas, x: float, y: float, p: Palette) -> None:
    hull = poly((x - 0.035, y - 0.007), (x + 0.036, y - 0.009), (x + 0.026, y + 0.005), (x - 0.025, y + 0.005))
    c.fill(ellipse(x, y + 0.007, 0.036, 0.004), p.ink, opacity=0.6, soft=0.002)
    c.fill(hull, p.ink)
    c.fill(stroke([(x - 0.004, y - 0.005), (x - 0.004, y - 0.02)], 0.008, 0.006), p.ink)
    c.fill(ellipse(x - 0.004, y - 0.024, 0.0045, 0.005), p.ink)
    c.glow(x + 0.026, y - 0.014, 0.014, p.lamp * 0.7)
    c.fill(ellipse(x + 0.026, y - 0.013, 0.0025, 0.003), p.lamp * 3)
    c.fill(rect(x + 0.0245, y + 0.007, x + 0.0275, y + 0.04), p.lamp, opacity=0.4, soft=0.002)


def _foreground(c: Canvas, p: Palette, rng: np.random.Generator, side: float) -> None:
    xs = np.linspace(-0.05, c.aspect + 0.05, 300)
    away = (xs - c.aspect * (0.5 - side * 0.5)) * side / c.aspect
    ys = 1.0 - 0.17 * np.clip(1 - away * 1.5, 0, 1) ** 1.3 - 0.012 * ridge(rng, 300, start=8) - 0.025
    dark = mix(p.near, p.ink, 0.75)
    for _ in range(11):
        x = c.aspect * (0.5 - side * (0.5 - 0.34 * rng.beta(0.9, 1.6)))
        ground = float(np.interp(x, xs, ys))
        pine(
            c,
            rng,
            x,
            ground + 0.03,
            rng.uniform(0.16, 0.44) * (1.15 - 1.2 * abs(x / c.aspect - 0.5 + side * 0.5)),
            mix(dark, p.near, float(rng.uniform(0, 0.35))),
            to=dark,
            rim=(-side * 0.0022, 0.001, p.low * 0.13),
        )
    for _ in range(4):
        x = c.aspect * (0.5 + side * rng.uniform(0.36, 0.52))
        pine(c, rng, x, 1.03, rng.uniform(0.1, 0.22), dark, to=p.ink)
    c.fill(under(xs, ys, 1.05), dark, p.ink, rim=(0, 0.002, p.low * 0.12), mottle=0.4)
    blades = []
    for _ in range(160):
        x = rng.uniform(0, c.aspect)
        y = float(np.interp(x, xs, ys))
        tall = rng.uniform(0.008, 0.024)
        blades.append(stroke([(x, y + 0.006), (x + rng.normal(0, 0.005), y - tall)], 0.002, 0.0003))
    c.fill(blades, dark)


def _birds(c: Canvas, rng: np.random.Generator, x: float, y: float, ink: Colour) -> None:
    for _ in range(int(rng.integers(4, 8))):
        bx, by, s = x + rng.normal(0, 0.07), y + rng.normal(0, 0.03), rng.uniform(0.006, 0.011)
        lift = rng.uniform(0.2, 0.7)
        c.fill(
            [
                stroke([(bx, by), (bx - s * 0.6, by - s * lift), (bx - s * 1.4, by - s * 0.2)], 0.0022, 0.0004),
                stroke([(bx, by), (bx + s * 0.6, by - s * lift), (bx + s * 1.4, by - s * 0.2)], 0.0022, 0.0004),
            ],
            ink,
            opacity=0.75,
            mottle=0,
        )
