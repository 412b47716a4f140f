"""A village in the snow: roofs down the slopes of a valley, a church, lit windows, falling flakes."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, Field, hexed, mix, shift
from pipeline.painters.noise import ridge
from pipeline.painters.offline import skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.plants import pine
from pipeline.painters.offline.shapes import ellipse, poly, rect, smooth, stroke, under
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    horizon = 0.56
    side = float(rng.choice([-1.0, 1.0]))
    glow = mix(p.low, p.paper, 0.3)
    c.sky(p.sky, -0.05, horizon)
    if p.day:
        skies.sun(c, c.aspect * (0.5 + side * 0.2), 0.26, 0.045, p.lamp)
    else:
        skies.stars(c, rng, p.paper, 0.45, 150)
        skies.moon(c, rng, c.aspect * (0.5 + side * rng.uniform(0.15, 0.26)), rng.uniform(0.14, 0.22), 0.05, p.paper)
    if not p.day and (words & {"aurora", "northern", "north"} or rng.random() < 0.3):
        _aurora(c, p, rng)
    xs: Field = np.linspace(-0.05, c.aspect + 0.05, 400, dtype=np.float32)
    for t in (0.0, 0.5):
        ys = horizon - 0.2 * (1 - t) * (0.55 + 0.6 * np.abs(ridge(rng, 400, octaves=6))) - 0.03
        rock = mix(p.land(1 - t), p.low, 0.4 - 0.2 * t)
        c.fill(
            under(xs, ys, horizon + 0.1),
            mix(rock, p.paper, 0.4),
            mix(rock, glow, 0.45),
            span=(float(ys.min()), horizon),
            mottle=0.5,
            rim=(-side * 0.003, 0.002, glow * 0.3),
        )
        skies.mist(c, rng, horizon - 0.03, 0.035, glow, 0.5)
    snow = mix(p.paper, p.middle, 0.4)
    for row in range(5):
        t = row / 4
        base = horizon + 0.01 + 0.31 * t**1.35
        dip = 0.07 * (1 - 0.2 * t) * ((xs / c.aspect - 0.5 - 0.06 * side) / 0.5) ** 2
        ys = base - dip - 0.012 * ridge(rng, 400, octaves=4)
        bank = mix(mix(snow, p.low, 0.4 * (1 - t)), p.near, 0.16 * t)
        c.fill(
            under(xs, ys, 1.1),
            mix(bank, p.paper, 0.25),
            mix(bank, p.near, 0.35),
            span=(float(ys.min()), base + 0.2),
            mottle=0.16,
            rim=(0, 0.0022, glow * 0.2),
        )
        _row(c, p, rng, xs, ys, t, snow, side)
        skies.mist(c, rng, base - 0.01, 0.03, glow, 0.28 * (1 - t))
    _foot(c, p, rng, side, snow)
    skies.snow(c, rng, p.paper, 420)


def _aurora(c: Canvas, p: Palette, rng: np.random.Generator) -> None:
    """Two curtains of light, sharp below and fading upwards, in thin rays."""
    phase = float(rng.uniform(0, 6))
    for level, tone in ((0.2, p.accent), (0.26, mix(p.accent, p.middle, 0.5))):

        def field(xs: Field, ys: Field, level: float = level) -> Field:
            hem = level + 0.06 * np.sin(xs * 4 + phase + 16 * level) + 0.02 * np.sin(xs * 17 + phase)
            above, below = np.clip(hem - ys, 0, 1), np.clip(ys - hem, 0, 1)
            rays = 0.65 + 0.35 * np.sin(xs * 60 + 3 * np.sin(xs * 7 + phase))
            return np.asarray(np.exp(-above / 0.1) * np.exp(-below / 0.018) * rays)

        c.shine(field, tone * 0.32, detail=300)


def _row(
    c: Canvas, p: Palette, rng: np.random.Generator, xs: Field, ys: Field, t: float, snow: Colour, side: float
) -> None:
    size = 0.045 + 0.085 * t
    x = rng.uniform(-0.02, 0.05)
    steeple = c.aspect * (0.5 - side * 0.12)
    things: list[tuple[float, float, int]] = []
    while x < c.aspect + 0.02:
        y = float(np.interp(x, xs, ys))
        middle = abs(x / c.aspect - 0.5 - 0.06 * side)
        kind = 0 if (rng.random() < 0.66 - 0.75 * max(0, middle - 0.28)) else 1
        if t > 0.9 and middle < 0.16:
            kind = 2
        things.append((x, y, kind))
        x += size * (rng.uniform(0.95, 1.6) if kind == 0 else rng.uniform(0.3, 0.8))
    for x, y, kind in things:
        dark = mix(mix(p.land(0.5 - 0.5 * t), p.near, 0.6), p.low, 0.25 * (1 - t))
        if kind == 1:
            pine(c, rng, x, y + 0.012, size * rng.uniform(1.1, 1.9), dark, snow=mix(snow, p.paper, 0.4))
        elif kind == 0:
            _house(c, p, rng, x, y + 0.014, size * rng.uniform(0.85, 1.15), t, snow)
    if 0.4 < t < 0.6:
        _church(c, p, steeple, float(np.interp(steeple, xs, ys)) + 0.015, size, snow)


def _house(
    c: Canvas, p: Palette, rng: np.random.Generator, x: float, base: float, s: float, t: float, snow: Colour
) -> None:
    w, h, roof = s * 0.95, s * 0.5, s * 0.55
    tone = hexed(str(rng.choice(["#7a4a36", "#6a5560", "#8a6a4a", "#54606e", "#8c4f45"])))
    wall = mix(mix(tone, p.near, 0.5), p.low, 0.3 * (1 - t))
    x0, x1 = x - w / 2, x + w / 2
    lit = rng.random() < 0.85
    if lit:
        c.glow(x, base, s * 0.8, p.lamp * (0.16 + 0.1 * t), flat=0.45)
    c.fill(rect(x0, base - h, x1, base + 0.004), wall, mix(wall, p.ink, 0.25), mottle=0.3)
    c.fill(poly((x0, base - h + 0.001), (x, base - h - roof * 0.9), (x1, base - h + 0.001)), wall, mottle=0.3)
    c.fill(rect(x + w * 0.17, base - h - roof * 0.95, x + w * 0.29, base - h - roof * 0.2), mix(wall, p.ink, 0.3))
    c.fill(rect(x + w * 0.155, base - h - roof * 1.02, x + w * 0.305, base - h - roof * 0.93), p.paper, mottle=0.1)
    for d in (-1, 1):
        slope = smooth(
            [
                (x - d * 0.02 * s, base - h - roof * 1.12),
                (x + d * w * 0.3, base - h - roof * 0.56),
                (x + d * w * 0.66, base - h + 0.02 * s),
                (x + d * w * 0.64, base - h + 0.1 * s),
                (x + d * w * 0.5, base - h + 0.06 * s),
                (x, base - h - roof * 0.86),
            ],
            steps=5,
        )
        c.fill(
            slope, mix(p.paper, snow, 0.1 if d < 0 else 0.5), mix(snow, p.middle, 0.15 if d < 0 else 0.4), mottle=0.12
        )
    panes = [(-0.25, 0.3), (0.25, 0.3)] if s < 0.1 else [(-0.27, 0.27), (0.27, 0.27), (0.0, 0.72)]
    for a, level in panes:
        wx, wy, half = x + a * w, base - level * s, s * 0.068
        if lit:
            c.glow(wx, wy, s * 0.16, p.lamp * 0.4)
        c.fill(
            rect(wx - half, wy - half * 1.2, wx + half, wy + half * 1.2),
            p.lamp * 2.3 if lit else p.ink,
            p.lamp * 1.6 if lit else p.near,
            mottle=0.3,
        )
        if s > 0.07:
            c.fill(
                [
                    rect(wx - half * 0.1, wy - half * 1.2, wx + half * 0.1, wy + half * 1.2),
                    rect(wx - half, wy - half * 0.1, wx + half, wy + half * 0.1),
                ],
                mix(wall, p.ink, 0.5),
            )
            c.fill(rect(wx - half * 1.3, wy + half * 1.15, wx + half * 1.3, wy + half * 1.45), p.paper, mottle=0.1)
    if s > 0.08:
        c.fill(rect(x - s * 0.06, base - s * 0.27, x + s * 0.06, base + 0.003), mix(wall, p.ink, 0.6))
    if lit and rng.random() < 0.6:
        lean = rng.uniform(0.2, 0.6)
        for k in np.linspace(0, 1, 9):
            r = s * (0.05 + 0.13 * k)
            c.fill(
                ellipse(x + w * 0.23 + s * lean * k**1.4, base - h - roof - s * 0.95 * k, r, r * 0.9),
                mix(p.paper, p.low, 0.4),
                opacity=0.2 * (1 - k),
                soft=r * 0.3,
            )


def _church(c: Canvas, p: Palette, x: float, base: float, s: float, snow: Colour) -> None:
    wall = mix(mix(hexed("#a89a88"), p.near, 0.5), p.low, 0.15)
    s *= 1.15
    c.subjects.append((x, base - 1.6 * s, x + 1.25 * s, base))
    c.fill(rect(x, base - 0.75 * s, x + 1.25 * s, base), wall, mix(wall, p.ink, 0.2))
    c.fill(
        poly(
            (x - 0.02 * s, base - 0.72 * s),
            (x + 0.1 * s, base - 1.25 * s),
            (x + 1.2 * s, base - 1.25 * s),
            (x + 1.34 * s, base - 0.72 * s),
        ),
        p.paper,
        snow,
        mottle=0.12,
    )
    c.fill(
        rect(x - 0.24 * s, base - 1.75 * s, x + 0.24 * s, base),
        shift(wall, 0.03),
        mix(wall, p.ink, 0.2),
        rim=(0.002, 0, p.low * 0.2),
    )
    c.fill(
        poly((x - 0.3 * s, base - 1.72 * s), (x, base - 2.85 * s), (x + 0.3 * s, base - 1.72 * s)),
        mix(p.paper, snow, 0.2),
        snow,
        mottle=0.15,
    )
    c.fill(
        poly((x, base - 2.85 * s), (x + 0.3 * s, base - 1.72 * s), (x + 0.02 * s, base - 1.72 * s)),
        mix(snow, p.near, 0.35),
        opacity=0.8,
    )
    c.fill(
        [
            rect(x - 0.008 * s, base - 3.05 * s, x + 0.012 * s, base - 2.83 * s),
            rect(x - 0.06 * s, base - 2.98 * s, x + 0.06 * s, base - 2.955 * s),
        ],
        p.ink,
    )
    for wx, wy, w, h in (
        (0, 1.42, 0.07, 0.16),
        (0.42, 0.36, 0.06, 0.18),
        (0.72, 0.36, 0.06, 0.18),
        (1.02, 0.36, 0.06, 0.18),
    ):
        arch = np.concatenate(
            [
                ellipse(x + wx * s, base - (wy + h * 0.5) * s, w * s, w * s)[36:],
                [(x + (wx + w) * s, base - (wy - h) * s), (x + (wx - w) * s, base - (wy - h) * s)],
            ]
        )
        c.glow(x + wx * s, base - wy * s, 0.2 * s, p.lamp * 0.35)
        c.fill(arch, p.lamp * 2.2, p.lamp * 1.5, mottle=0.3)
    c.fill(ellipse(x, base - 1.05 * s, 0.1 * s, 0.1 * s), mix(p.paper, p.lamp, 0.4))
    c.fill(
        [
            stroke([(x, base - 1.05 * s), (x, base - 1.13 * s)], 0.014 * s),
            stroke([(x, base - 1.05 * s), (x + 0.05 * s, base - 1.05 * s)], 0.014 * s),
        ],
        p.ink,
    )


def _foot(c: Canvas, p: Palette, rng: np.random.Generator, side: float, snow: Colour) -> None:
    """A lane towards the houses, a street lamp, pines at the edge."""
    mid = c.aspect * (0.5 + 0.06 * side)
    for k in range(16):
        t = k / 15
        c.fill(
            ellipse(
                mid + 0.045 * np.sin(2.6 * t + 1) + (0.011 + 0.01 * t) * (-1) ** k,
                0.85 + 0.15 * t,
                0.0035 + 0.006 * t,
                0.0018 + 0.004 * t,
            ),
            mix(snow, p.near, 0.6),
            opacity=0.75,
            soft=0.0006,
        )
    lx = mid + side * 0.17
    c.glow(lx, 0.66, 0.1, p.lamp * 0.5)
    c.shine(lambda xs, ys: np.exp(-(((xs - lx) / 0.13) ** 2)) * np.exp(-(((ys - 0.925) / 0.035) ** 2)), p.lamp * 0.5)
    c.fill(stroke([(lx, 0.93), (lx, 0.68)], 0.008, 0.006), p.ink, rim=(0.001, 0, p.lamp * 0.3))
    c.fill(poly((lx - 0.016, 0.642), (lx + 0.016, 0.642), (lx + 0.01, 0.682), (lx - 0.01, 0.682)), p.lamp * 3, mottle=0)
    c.fill(poly((lx - 0.022, 0.644), (lx, 0.622), (lx + 0.022, 0.644)), p.ink)
    c.fill(smooth([(lx - 0.021, 0.64), (lx, 0.618), (lx + 0.021, 0.64), (lx, 0.63)]), p.paper, mottle=0.1)
    for place, tall in ((0.03, 0.5), (0.11, 0.34), (0.95, 0.42), (0.88, 0.26), (1.01, 0.55)):
        pine(
            c,
            rng,
            place * c.aspect,
            1.02 + 0.03 * float(rng.random()),
            tall,
            mix(p.near, p.ink, 0.65),
            snow=mix(snow, p.paper, 0.15),
        )
