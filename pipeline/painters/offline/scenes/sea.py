"""The sea: a path of light on the water, summer clouds, a headland with a lighthouse, grass and a rail close by."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, Field, hexed, mix, shift
from pipeline.painters.noise import ridge
from pipeline.painters.offline import skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import ellipse, leaf, poly, rect, smooth, stroke, under
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    horizon = rng.uniform(0.54, 0.6)
    side = float(rng.choice([-1.0, 1.0]))
    light_x = c.aspect * (0.5 + side * rng.uniform(0.1, 0.2))
    c.sky(p.sky, -0.02, horizon + 0.02)
    if not p.day:
        skies.stars(c, rng, p.paper, horizon * 0.6, 90)
    low_sun = p.day or rng.random() < 0.6
    light = mix(p.lamp, p.paper, 0.35 if low_sun else 0.8)
    skies.cirrus(c, rng, 0.03, horizon * 0.7, mix(p.low, p.paper, 0.4), 0.55)
    for _ in range(int(rng.integers(3, 6))):
        x = c.aspect * rng.uniform(-0.02, 1.02)
        if abs(x - light_x) < 0.16:
            x -= side * 0.3
        skies.cumulus(
            c,
            rng,
            x,
            horizon - rng.uniform(0.0, 0.05),
            rng.uniform(0.13, 0.27),
            mix(p.low, p.paper, 0.6),
            mix(p.middle, p.low, 0.3),
        )
    if low_sun:
        skies.sun(c, light_x, horizon - rng.uniform(0.03, 0.12), rng.uniform(0.06, 0.085), light)
    else:
        skies.moon(c, rng, light_x, horizon - rng.uniform(0.22, 0.3), 0.06, light)
    skies.mist(c, rng, horizon, 0.03, mix(p.low, p.paper, 0.2), 0.5)
    _water(c, p, rng, horizon, light_x, light)
    _headland(c, p, rng, horizon, side)
    if rng.random() < 0.75:
        _sail(c, p, c.aspect * (0.5 - side * 0.06), horizon + 0.012, 0.07)
    _shore(c, p, rng, side, light)
    if words & {"palm", "island", "tropical", "holiday", "beach", "summer"} or p.day:
        _palm(c, p, rng, side)
    else:
        _rail(c, p, rng, light)
    _gulls(c, rng, light_x - side * 0.15, horizon - 0.16, mix(p.paper, p.middle, 0.25))


def _water(c: Canvas, p: Palette, rng: np.random.Generator, horizon: float, x: float, light: Colour) -> None:
    deep = mix(p.near, p.middle, 0.35)
    shallow = mix(p.low, p.middle, 0.55)
    c.fill(rect(-0.1, horizon, c.aspect + 0.1, 1.1), shallow, deep, span=(horizon, 0.92), mottle=0.15)
    light_marks, dark_marks = (mix(shallow, p.paper, 0.25), mix(deep, p.ink, 0.25))
    for tone in (light_marks, dark_marks) * 4:
        marks = []
        for _ in range(65):
            t = rng.beta(1.0, 1.4)
            y = horizon + 0.003 + t * (1 - horizon)
            half = rng.uniform(0.012, 0.05) * (0.3 + 2.2 * t)
            cx = rng.uniform(-0.05, c.aspect + 0.05)
            bow = rng.uniform(-0.2, 0.2) * half
            thick = 0.0006 + 0.005 * t**1.3
            wave = [(cx - half, y), (cx - half * 0.4, y + bow * 0.25), (cx, y + bow * 0.1), (cx + half, y)]
            marks.append(stroke(wave, thick * 0.4, thick))
        c.fill(marks, tone, opacity=rng.uniform(0.15, 0.42), mottle=0.3)
    c.shine(
        lambda xs, ys: (
            np.exp(-(((xs - x) / (0.05 + 0.3 * np.clip(ys - horizon, 0, 1))) ** 2))
            * (ys > horizon)
            * np.exp(-(ys - horizon) / 0.35)
        ),
        light * 0.33,
        detail=400,
    )
    sparks = []
    for _ in range(330):
        t = rng.beta(0.9, 1.5)
        y = horizon + 0.002 + t * (1 - horizon)
        half = rng.uniform(0.003, 0.017) * (0.35 + 1.6 * t)
        sparks.append(ellipse(x + rng.normal(0, 0.018 + 0.1 * t), y, half, 0.0007 + 0.0024 * t, steps=10))
    c.fill(sparks, light * 1.6, opacity=0.8, mottle=0)


def _headland(c: Canvas, p: Palette, rng: np.random.Generator, horizon: float, side: float) -> None:
    """Land on the side away from the light, farther land first, and a lighthouse on the nearer."""
    for t, reach, rise in ((0.75, 0.55, 0.045), (0.4, 0.36, 0.1)):
        away = np.linspace(0, 1, 160)
        xs = c.aspect * (0.5 - side * 0.52) + side * away * reach * c.aspect
        ys = horizon + 0.006 - rise * np.clip(1 - away**1.6, 0, 1) * (1 + 0.22 * ridge(rng, 160, octaves=5, start=4))
        body = mix(p.land(t), p.low, 0.45 * t)
        c.fill(
            under(xs, ys, horizon + 0.008),
            mix(body, p.low, 0.1),
            mix(body, p.low, 0.35),
            mottle=0.35,
            rim=(-side * 0.002, 0.002, p.low * 0.25),
        )
    x = c.aspect * (0.5 - side * 0.36)
    base = float(np.interp(x * side, xs * side, ys)) + 0.008
    c.subjects.append((x - 0.015, base - 0.115, x + 0.015, base))
    c.fill(
        poly((x - 0.013, base), (x + 0.013, base), (x + 0.009, base - 0.085), (x - 0.009, base - 0.085)),
        mix(p.paper, p.low, 0.35),
        mix(p.paper, p.middle, 0.55),
        sideways=True,
    )
    for level in (0.2, 0.6):
        c.fill(
            poly(
                (x - 0.0125, base - 0.085 * level),
                (x + 0.0125, base - 0.085 * level),
                (x + 0.0115, base - 0.085 * level - 0.017),
                (x - 0.0115, base - 0.085 * level - 0.017),
            ),
            mix(p.accent, p.near, 0.3),
        )
    c.fill(rect(x - 0.012, base - 0.089, x + 0.012, base - 0.085), p.ink)
    c.fill(rect(x - 0.006, base - 0.102, x + 0.006, base - 0.089), p.lamp * 2.6, mottle=0)
    c.fill(poly((x - 0.009, base - 0.102), (x + 0.009, base - 0.102), (x, base - 0.114)), mix(p.accent, p.ink, 0.4))
    if not p.day:
        c.glow(x, base - 0.096, 0.04, p.lamp * 0.7)
        _beam(c, x, base - 0.096, side, p.lamp)
    hut = x + side * 0.045
    c.fill(
        [
            rect(hut - 0.018, base - 0.006, hut + 0.018, base + 0.016),
            poly((hut - 0.022, base - 0.006), (hut + 0.022, base - 0.006), (hut, base - 0.024)),
        ],
        mix(p.near, p.low, 0.2),
    )
    c.fill(rect(hut - 0.006, base, hut + 0.002, base + 0.008), p.lamp * 2)


def _beam(c: Canvas, x: float, y: float, side: float, light: Colour) -> None:
    """The lamp's two beams, fading as they widen."""
    for way, power in ((side, 0.3), (-side, 0.16)):

        def field(xs: Field, ys: Field, way: float = way, power: float = power) -> Field:
            along = (xs - x) * way
            spread = 0.004 + 0.075 * np.clip(along, 0, None)
            across = (ys - y + 0.1 * along) / spread
            return np.asarray(power * np.exp(-(across**2)) * np.exp(-along / 0.3) * (along > 0))

        c.shine(field, light, detail=360)


def _sail(c: Canvas, p: Palette, x: float, base: float, s: float) -> None:
    c.subjects.append((x - 0.4 * s, base - 1.15 * s, x + 0.42 * s, base))
    c.fill(
        smooth(
            [
                (x - 0.4 * s, base - 0.08 * s),
                (x, base + 0.03 * s),
                (x + 0.42 * s, base - 0.1 * s),
                (x + 0.3 * s, base + 0.06 * s),
                (x - 0.28 * s, base + 0.07 * s),
            ]
        ),
        mix(p.ink, p.near, 0.4),
    )
    c.fill(rect(x - 0.008 * s, base - 1.15 * s, x + 0.012 * s, base), p.ink)
    c.fill(
        smooth(
            [
                (x + 0.03 * s, base - 1.12 * s),
                (x + 0.3 * s, base - 0.6 * s),
                (x + 0.42 * s, base - 0.16 * s),
                (x + 0.03 * s, base - 0.14 * s),
            ]
        ),
        p.paper,
        mix(p.paper, p.low, 0.5),
    )
    c.fill(
        poly((x - 0.02 * s, base - 1.0 * s), (x - 0.02 * s, base - 0.15 * s), (x - 0.33 * s, base - 0.17 * s)),
        mix(p.paper, p.accent, 0.4),
        mix(p.paper, p.low, 0.6),
    )
    for index in range(6):
        y = base + 0.012 + 0.011 * index
        w = 0.2 * s * (1 - index / 8)
        c.fill(ellipse(x + 0.02 * (-1) ** index * s, y, w, 0.0016), mix(p.paper, p.low, 0.4), opacity=0.5)


def _shore(c: Canvas, p: Palette, rng: np.random.Generator, side: float, light: Colour) -> None:
    xs = np.linspace(-0.05, c.aspect + 0.05, 260)
    away = np.clip((xs - c.aspect * (0.5 - side * 0.5)) * side / c.aspect, 0, 1)
    bank = 0.985 - 0.13 * (1 - away) ** 2 - 0.008 * ridge(rng, 260, start=6)
    dark = mix(p.near, p.ink, 0.55)
    c.fill(under(xs, bank, 1.1), dark, p.ink, mottle=0.4, rim=(0, 0.0025, light * 0.12))
    for shade in np.linspace(0.05, 0.5, 7):
        blades = []
        for _ in range(60):
            x = rng.uniform(0, c.aspect)
            share = float(np.interp(x, xs, away))
            y = float(np.interp(x, xs, bank)) + rng.uniform(0, 0.05)
            tall = rng.uniform(0.025, 0.085) * (1.25 - share)
            angle = -np.pi / 2 + rng.normal(0.05 * side, 0.22)
            blades.append(leaf(x, y, tall, tall * 0.07, angle, float(rng.normal(0.35 * side, 0.4))))
        c.fill(blades, mix(dark, mix(p.land(0.2), light, 0.2), float(shade)), mottle=0.2)
    for _ in range(26):
        x = c.aspect * (0.5 - side * (0.5 - 0.5 * rng.beta(1, 1.6)))
        y = float(np.interp(x, xs, bank)) - rng.uniform(0.01, 0.07)
        r = rng.uniform(0.004, 0.008)
        for angle in np.linspace(0, 6.28, 6)[:-1]:
            c.fill(
                ellipse(x + r * np.cos(angle), y + r * 0.8 * np.sin(angle), r * 0.6, r * 0.5, steps=12),
                mix(p.accent, p.paper, float(rng.uniform(0, 0.6))),
                opacity=0.9,
            )
        c.fill(ellipse(x, y, r * 0.4, r * 0.35, steps=10), p.lamp)


def _palm(c: Canvas, p: Palette, rng: np.random.Generator, side: float) -> None:
    x = c.aspect * (0.5 - side * 0.43)
    crown = (x + side * 0.075, 0.24)
    dark = mix(p.near, p.ink, 0.35)
    trunk = smooth([(x - side * 0.02, 1.02), (x - side * 0.012, 0.75), (x + side * 0.02, 0.48), crown], closed=False)
    c.fill(
        stroke(trunk, 0.036, 0.017),
        dark,
        shift(dark, -0.04),
        sideways=True,
        mottle=0.6,
        rim=(-side * 0.003, 0, p.low * 0.3),
    )
    for index, angle in enumerate(np.linspace(0, 2 * np.pi, 13)[:-1] + rng.uniform(0, 0.5)):
        spine_length = rng.uniform(0.19, 0.27)
        t = np.linspace(0, 1, 16)
        spine = np.stack(
            [
                crown[0] + np.cos(angle) * spine_length * t,
                crown[1] + np.sin(angle) * 0.55 * spine_length * t + 0.19 * t**2 - 0.05 * np.sin(np.pi * t),
            ],
            -1,
        )
        tone = mix(mix(hexed("#3f7a52"), p.near, 0.55), p.ink, 0.15 + 0.3 * (index % 3) / 2)
        fronds = [
            leaf(
                sx,
                sy,
                spine_length * 0.3 * np.sin(np.pi * (0.15 + 0.8 * s)),
                0.011,
                float(np.arctan2(spine[min(i + 1, 15)][1] - sy + 1e-6, spine[min(i + 1, 15)][0] - sx)) + turn * 0.85,
                turn * 0.4,
            )
            for i, ((sx, sy), s) in enumerate(zip(spine[1:], t[1:], strict=True))
            for turn in (-1, 1)
        ]
        c.fill([*fronds, stroke(spine, 0.005, 0.001)], tone, mottle=0.3, rim=(-side * 0.0015, 0.002, p.low * 0.22))


def _rail(c: Canvas, p: Palette, rng: np.random.Generator, light: Colour) -> None:
    iron = mix(p.ink, p.near, 0.35)
    for y, half in ((0.8, 0.0065), (0.875, 0.004)):
        c.fill(rect(-0.1, y - half, c.aspect + 0.1, y + half), iron, rim=(0, 0.002, light * 0.35))
    for x in np.arange(rng.uniform(0, 0.2), c.aspect, 0.24):
        c.fill(rect(x - 0.007, 0.79, x + 0.007, 1.02), iron, rim=(0.0015, 0, light * 0.25))
        c.fill(ellipse(x, 0.785, 0.011, 0.011), iron, rim=(0.001, 0.002, light * 0.35))


def _gulls(c: Canvas, rng: np.random.Generator, x: float, y: float, white: Colour) -> None:
    for _ in range(int(rng.integers(3, 6))):
        gx, gy, s, lift = (
            x + rng.normal(0, 0.1),
            y + rng.normal(0, 0.05),
            rng.uniform(0.009, 0.018),
            rng.uniform(0.3, 0.6),
        )
        for d in (-1, 1):
            wing = smooth([(gx, gy), (gx + d * s * 0.5, gy - s * lift), (gx + d * s * 1.4, gy - s * 0.1)], closed=False)
            c.fill(stroke(wing, 0.0036, 0.0006), white, mottle=0)
