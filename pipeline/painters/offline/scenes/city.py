"""A city at night after rain: towers through haze, lit windows, signs, and a wet street that doubles it all."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, mix, shift
from pipeline.painters.offline import skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import Outline, ellipse, poly, rect, rounded, smooth, stroke
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    street = rng.uniform(0.74, 0.79)
    gap = c.aspect * rng.uniform(0.42, 0.58)
    haze = mix(p.low, p.middle, 0.35)
    c.sky(p.sky, -0.05, street)
    if not p.day:
        skies.stars(c, rng, p.paper, street * 0.5, 90)
    skies.cirrus(c, rng, 0.1, street * 0.85, mix(p.low, p.paper, 0.2), 0.6)
    if p.day:
        skies.sun(c, gap, street - 0.2, 0.055, p.lamp)
    else:
        skies.moon(
            c, rng, gap + 0.05 * c.aspect, rng.uniform(0.2, 0.32), rng.uniform(0.04, 0.06), mix(p.paper, p.lamp, 0.25)
        )
    for depth in range(4):
        t = depth / 3
        _row(c, p, rng, street, gap, t, haze)
        skies.mist(c, rng, street - 0.05 - 0.05 * (1 - t), 0.1, haze, 0.6 * (1 - 0.6 * t))
    c.glow(gap, street, 0.3, mix(p.lamp, p.accent, 0.4) * 0.3, flat=0.5)
    _kerb_life(c, p, rng, street, gap)
    c.mirror(street + 0.006, 0.95, p.ink, ripple=0.006, smear=0.03)
    c.wash(lambda xs, ys: np.clip((ys - 0.86) / 0.14, 0, 1) ** 1.5 * 0.6 + 0 * xs, p.ink)
    _crossing(c, p, street, gap)
    _walker(c, p, rng, gap, street)
    _wires(c, p, rng)
    if words & {"rain", "rainy", "storm", "drizzle"} or rng.random() < 0.5:
        skies.rain(c, rng, mix(p.paper, p.low, 0.4), 380, 0.1)


def _row(c: Canvas, p: Palette, rng: np.random.Generator, street: float, gap: float, t: float, haze: Colour) -> None:
    """One row of buildings; t is 0 for the farthest and 1 for the nearest, which keep the street in view."""
    opening = c.aspect * (0.0 + 0.2 * t)
    x = -0.05
    while x < c.aspect + 0.05:
        wide = rng.uniform(0.05, 0.11) * (0.8 + 0.9 * t)
        middle = x + wide / 2
        away = abs(middle - gap) / c.aspect
        if away < opening / c.aspect + wide * 0.3 and t > 0.1:
            x += wide * 0.5
            continue
        tall = (0.16 + 0.2 * rng.beta(1.3, 2.2) + 0.3 * t * away * rng.uniform(0.75, 1.25) + 0.12 * t) * (
            1 if t else 0.9
        )
        top = street - tall
        body = mix(p.land(1 - t), p.middle, 0.3 * (1 - t))
        body = mix(body, haze, 0.5 * (1 - t))
        side = 1.0 if middle < gap else -1.0
        c.fill(
            rect(x, top, x + wide, street),
            body,
            mix(body, haze, 0.55 - 0.35 * t),
            mottle=0.22,
            rim=(-side * 0.0018, 0.0012, mix(p.accent, p.low, 0.5) * 0.2 * (0.4 + t)),
        )
        if t > 0.3:
            # The flank that turns away from the street.
            flank = (x, x + wide * 0.22) if side > 0 else (x + wide * 0.78, x + wide)
            c.fill(rect(flank[0], top, flank[1], street), p.ink, opacity=0.35, mottle=0.2)
        _roof(c, p, rng, x, top, wide, t, body)
        _windows(c, p, rng, x, top, wide, street, t)
        if t > 0.6 and rng.random() < 0.75:
            _sign(c, p, rng, x + wide * (0.92 if side > 0 else 0.08), top + tall * rng.uniform(0.3, 0.5), tall * 0.3)
        x += wide * rng.uniform(0.96, 1.12)


def _windows(
    c: Canvas, p: Palette, rng: np.random.Generator, x: float, top: float, wide: float, street: float, t: float
) -> None:
    pitch_x, pitch_y = 0.0085 + 0.0085 * t, 0.013 + 0.011 * t
    columns = max(2, int(wide * 0.86 / pitch_x))
    rows = max(2, int((street - top - 0.035) / pitch_y))
    margin = (wide - columns * pitch_x) / 2
    lit = rng.random((rows, columns)) < rng.uniform(0.16, 0.48)
    # People live in flats: a lit window makes its neighbour likelier.
    lit |= np.roll(lit, 1, axis=1) & (rng.random((rows, columns)) < 0.4)
    groups: dict[int, list[Outline]] = {0: [], 1: [], 2: [], 3: []}
    for row in range(rows):
        for column in range(columns):
            left = x + margin + column * pitch_x + 0.2 * pitch_x
            high = top + 0.016 + row * pitch_y
            pane = rect(left, high, left + 0.62 * pitch_x, high + 0.6 * pitch_y)
            groups[int(rng.choice([1, 1, 1, 2, 3])) if lit[row, column] else 0].append(pane)
    strength = 0.55 + 1.1 * t
    c.fill(groups[0], p.ink, opacity=0.12 + 0.3 * t, mottle=0.5)
    c.fill(groups[1], mix(p.lamp, p.paper, 0.1) * strength, opacity=0.5 + 0.4 * t, mottle=0.6)
    c.fill(groups[2], mix(p.lamp, p.accent, 0.55) * strength * 0.8, opacity=0.5 + 0.4 * t, mottle=0.6)
    c.fill(groups[3], mix(p.paper, p.middle, 0.3) * strength * 0.8, opacity=0.45 + 0.4 * t, mottle=0.6)


def _roof(
    c: Canvas, p: Palette, rng: np.random.Generator, x: float, top: float, wide: float, t: float, body: Colour
) -> None:
    kind = rng.integers(4)
    dark = shift(body, -0.04)
    if kind == 0:
        c.fill(rect(x + wide * 0.2, top - 0.022, x + wide * 0.55, top + 0.001), dark)
    elif kind == 1:
        c.fill(stroke([(x + wide * 0.5, top), (x + wide * 0.5, top - 0.06 * (0.6 + t))], 0.0028, 0.0008), dark)
        c.fill(ellipse(x + wide * 0.5, top - 0.06 * (0.6 + t), 0.0018, 0.0018), p.accent * 3, mottle=0)
    elif kind == 2 and t > 0.3:
        legs = [stroke([(x + wide * a, top), (x + wide * 0.5, top - 0.03)], 0.003) for a in (0.3, 0.7)]
        c.fill(legs, dark)
        c.fill(
            [
                rect(x + wide * 0.3, top - 0.062, x + wide * 0.7, top - 0.025),
                poly((x + wide * 0.27, top - 0.062), (x + wide * 0.73, top - 0.062), (x + wide * 0.5, top - 0.082)),
            ],
            dark,
        )
    c.fill(rect(x - 0.002, top - 0.004, x + wide + 0.002, top + 0.005), shift(body, 0.05), opacity=0.7)


def _sign(c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float, tall: float) -> None:
    """An upright neon sign: bars and rings, no letters."""
    light = p.accent if rng.random() < 0.6 else p.lamp
    half = 0.016
    c.fill(rounded(x - half, y, x + half, y + tall, 0.005), p.ink, rim=(0.001, 0.001, light * 0.5))
    edge = rounded(x - half * 0.8, y + 0.004, x + half * 0.8, y + tall - 0.004, 0.004)
    c.fill(stroke(np.concatenate([edge, edge[:1]]), 0.0018), light * 2.2, mottle=0)
    level = y + 0.018
    while level < y + tall - 0.018:
        if rng.random() < 0.5:
            c.fill(rect(x - half * 0.45, level - 0.002, x + half * 0.45, level + 0.002), light * 2.6, mottle=0)
            c.fill(rect(x - 0.0014, level - 0.007, x + 0.0014, level + 0.008), light * 2.6, mottle=0)
        else:
            ring = ellipse(x, level, half * 0.42, half * 0.42, steps=20)
            c.fill(stroke(np.concatenate([ring, ring[:1]]), 0.002), light * 2.6, mottle=0)
        level += 0.024
    c.glow(x, y + tall / 2, 0.07, light * 0.3, flat=1.4)


def _kerb_life(c: Canvas, p: Palette, rng: np.random.Generator, street: float, gap: float) -> None:
    """Shop fronts, awnings and street lamps along both kerbs."""
    x = -0.03
    while x < c.aspect:
        wide = rng.uniform(0.09, 0.15)
        away = abs(x + wide / 2 - gap)
        if away > 0.13 * c.aspect:
            tall = 0.05 + 0.09 * away / c.aspect
            light = (p.lamp if rng.random() < 0.75 else p.accent) * rng.uniform(0.9, 1.6)
            c.fill(rect(x, street - tall, x + wide * 0.94, street), mix(p.ink, p.near, 0.5))
            c.fill(
                rect(x + 0.008, street - tall * 0.7, x + wide * 0.94 - 0.008, street - 0.008),
                light,
                light * 0.45,
                mottle=0.7,
            )
            for post in np.linspace(x + 0.01, x + wide * 0.92, 4):
                c.fill(rect(post - 0.001, street - tall * 0.7, post + 0.001, street - 0.008), p.ink, opacity=0.8)
            for _ in range(3):
                px = x + rng.uniform(0.2, 0.8) * wide
                c.fill(ellipse(px, street - 0.012, 0.008, rng.uniform(0.012, 0.03)), p.ink, opacity=0.55, soft=0.002)
            if rng.random() < 0.6:
                c.fill(
                    poly(
                        (x, street - tall * 0.78),
                        (x + wide * 0.94, street - tall * 0.78),
                        (x + wide * 0.97, street - tall * 0.6),
                        (x - wide * 0.03, street - tall * 0.6),
                    ),
                    mix(p.accent, p.near, 0.45),
                    mix(p.accent, p.ink, 0.6),
                )
        x += wide
    for side in (-1, 1):
        for step in (0.12, 0.21, 0.36):
            x = gap + side * step * c.aspect
            tall = 0.08 + 0.42 * step
            c.fill(
                stroke(
                    smooth(
                        [
                            (x, street),
                            (x, street - tall * 0.8),
                            (x - side * 0.008, street - tall),
                            (x - side * 0.036, street - tall),
                        ],
                        closed=False,
                    ),
                    0.0035,
                    0.002,
                ),
                p.ink,
            )
            c.fill(ellipse(x - side * 0.038, street - tall + 0.003, 0.009, 0.004), p.lamp * 4, mottle=0)
            c.glow(x - side * 0.038, street - tall, 0.055, p.lamp * 0.55)


def _crossing(c: Canvas, p: Palette, street: float, gap: float) -> None:
    for row in range(5):
        t0, t1 = (row + 0.2) / 5, (row + 0.62) / 5
        y0, y1 = (street + (1.02 - street) * t**1.7 for t in (t0, t1))
        w0, w1 = (0.004 + 0.03 * t**1.5 for t in (t0, t1))
        c.fill(
            poly((gap - w0, y0), (gap + w0, y0), (gap + w1, y1), (gap - w1, y1)),
            mix(p.paper, p.low, 0.4),
            opacity=0.3,
            soft=0.001,
            mottle=1.2,
        )
    for side in (-1, 1):
        c.fill(
            poly(
                (gap + side * 0.1 * c.aspect, street + 0.006),
                (gap + side * 0.112 * c.aspect, street + 0.006),
                (gap + side * 0.66 * c.aspect, 1.02),
                (gap + side * 0.58 * c.aspect, 1.02),
            ),
            mix(p.paper, p.middle, 0.5),
            opacity=0.16,
            mottle=1.0,
        )


def _walker(c: Canvas, p: Palette, rng: np.random.Generator, gap: float, street: float) -> None:
    """Somebody with an umbrella, walking away down the street."""
    x = gap + rng.choice([-1, 1]) * rng.uniform(0.07, 0.12) * c.aspect
    base = street + rng.uniform(0.085, 0.11)
    s = 0.17
    c.subjects.append((x - 0.5 * s, base - 1.36 * s, x + 0.55 * s, base))
    ink = p.ink
    c.fill(
        poly((x - 0.03, base), (x + 0.03, base), (x + 0.05, base + 0.17), (x - 0.05, base + 0.17)),
        ink,
        opacity=0.5,
        soft=0.01,
        mottle=0.6,
    )
    legs = [
        stroke([(x - 0.1 * s, base - 0.4 * s), (x - 0.12 * s, base)], 0.1 * s, 0.07 * s),
        stroke([(x + 0.07 * s, base - 0.4 * s), (x + 0.12 * s, base - 0.02 * s)], 0.1 * s, 0.07 * s),
    ]
    coat = smooth(
        [
            (x - 0.1 * s, base - 0.86 * s),
            (x + 0.1 * s, base - 0.86 * s),
            (x + 0.17 * s, base - 0.6 * s),
            (x + 0.2 * s, base - 0.28 * s),
            (x - 0.2 * s, base - 0.28 * s),
            (x - 0.17 * s, base - 0.6 * s),
        ]
    )
    rim = (0.0015, 0.0015, mix(p.lamp, p.paper, 0.2) * 0.55)
    c.fill([*legs, coat, ellipse(x, base - 0.94 * s, 0.075 * s, 0.09 * s)], ink, mix(ink, p.near, 0.4), rim=rim)
    top = base - 1.0 * s
    c.fill(stroke([(x + 0.1 * s, base - 0.62 * s), (x + 0.05 * s, top - 0.3 * s)], 0.018 * s), ink)
    canopy = np.concatenate([ellipse(x + 0.04 * s, top, 0.5 * s, 0.36 * s)[36:], [(x + 0.54 * s, top)]])
    scallop = [ellipse(x + 0.04 * s + a * s, top, 0.125 * s, 0.045 * s) for a in (-0.375, -0.125, 0.125, 0.375)]
    colour = mix(p.accent, p.near, 0.25)
    c.fill(canopy, mix(colour, p.paper, 0.25), mix(colour, p.ink, 0.4), rim=(0.002, 0.003, p.lamp * 0.5))
    c.fill(scallop, mix(p.ink, colour, 0.25))
    for a in (-0.22, 0.02, 0.24):
        c.fill(
            stroke(
                smooth(
                    [
                        (x + 0.04 * s, top - 0.36 * s),
                        (x + (0.04 + a * 0.75) * s, top - 0.2 * s),
                        (x + (0.04 + a * 1.1) * s, top),
                    ],
                    closed=False,
                ),
                0.006 * s,
            ),
            p.ink,
            opacity=0.35,
        )


def _wires(c: Canvas, p: Palette, rng: np.random.Generator) -> None:
    """A pole close by and the cables it carries: a frame for the view."""
    left = rng.random() < 0.5
    x = (0.07 if left else 0.93) * c.aspect
    c.fill(
        stroke([(x, 1.02), (x + (0.008 if left else -0.008), 0.0)], 0.022, 0.016),
        p.ink,
        mix(p.ink, p.near, 0.3),
        rim=(0.002 if not left else -0.002, 0, p.low * 0.15),
    )
    for level in (0.09, 0.135):
        c.fill(rect(x - 0.06, level, x + 0.06, level + 0.007), p.ink)
        for a in (-0.05, -0.02, 0.03, 0.052):
            c.fill(rect(x + a - 0.002, level - 0.012, x + a + 0.002, level), p.ink)
    for start, end, sag in ((0.08, 0.02, 0.05), (0.08, 0.1, 0.07), (0.125, 0.2, 0.06), (0.125, 0.26, 0.09)):
        t = np.linspace(0, 1, 40)
        far = c.aspect * 1.02 if left else -0.02 * c.aspect
        c.fill(
            stroke(
                np.stack(
                    [x + (far - x) * t, start + (end - start) * t + sag * 4 * t * (1 - t) * rng.uniform(0.8, 1.2)], -1
                ),
                0.0024,
                0.0016,
            ),
            p.ink,
            opacity=0.85,
            mottle=0,
        )
