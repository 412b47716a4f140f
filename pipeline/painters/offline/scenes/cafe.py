"""A cafe in the evening: pendant lamps over a counter, shelves, a wide window, a table for one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.painters.colour import Colour, Field, hexed, mix, shift
from pipeline.painters.offline import panes, plants, props, skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import ellipse, poly, rect, rounded, smooth, stroke
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    left = bool(rng.random() < 0.5)

    def at(x: float) -> float:
        """A place across the picture, counted from the side of the window."""
        return x * c.aspect if left else (1 - x) * c.aspect

    floor = 0.8
    panes.town(c, p, rng, 0.6)
    outside = mix(p.low, p.paper, 0.3)
    glass = (min(at(0.05), at(0.56)), 0.12, max(at(0.05), at(0.56)), 0.66)
    if words & {"rain", "rainy", "storm"} or (not p.day and rng.random() < 0.6):
        skies.rain(c, rng, outside, 240)
        panes.wet_glass(c, rng, outside, glass, 420)
    wall = mix(mix(hexed("#7a5a44"), p.near, 0.5), p.ink, 0.3 if not p.day else 0.0)
    _walls(c, p, glass, floor, wall)
    panes.frame(c, glass, 3, 1, mix(p.ink, wall, 0.3), outside, 0.02)
    c.fill(
        rect(glass[0], glass[1] + 0.11, glass[2], glass[1] + 0.12), mix(p.ink, wall, 0.3), rim=(0, 0.002, outside * 0.2)
    )
    c.fill(
        rect(glass[0] - 0.03, glass[3] - 0.004, glass[2] + 0.03, glass[3] + 0.026),
        mix(wall, outside, 0.4),
        mix(wall, p.ink, 0.4),
        mottle=0.4,
    )
    _shelves(c, p, rng, at(0.79), wall)
    _counter(c, p, rng, at, floor, wall)
    _far_seats(c, p, rng, at, floor, glass)
    lamps = [(at(0.2), 0.24, 0.05), (at(0.47), 0.2, 0.055), (at(0.72), 0.25, 0.055), (at(0.9), 0.21, 0.05)]
    for x, y, s in lamps:
        _pendant(c, p, x, y, s)
    c.wash(lambda xs, ys: 0.55 * np.clip((ys - 0.8) / 0.2, 0, 1) + 0 * xs, p.ink)
    _front_table(c, p, rng, at(0.3))
    _front_plant(c, p, rng, at(1.0), left)
    if rng.random() < 0.5:
        props.fairy_lights(
            c,
            rng,
            [(glass[0] - 0.03, 0.085), ((glass[0] + glass[2]) / 2, 0.075), (glass[2] + 0.03, 0.085)],
            p.lamp,
            p.ink,
        )


def _walls(c: Canvas, p: Palette, glass: tuple[float, float, float, float], floor: float, wall: Colour) -> None:
    x0, y0, x1, y1 = glass
    end = c.aspect + 0.1
    for part in (
        rect(-0.1, -0.1, x0, floor),
        rect(x1, -0.1, end, floor),
        rect(x0, -0.1, x1, y0),
        rect(x0, y1, x1, floor),
    ):
        c.fill(part, mix(wall, p.ink, 0.25), wall, span=(0, floor), mottle=0.35)
    brick = []
    for row, y in enumerate(np.arange(0.02, floor, 0.026)):
        brick += [
            rect(x, y, x + 0.056, y + 0.0225)
            for x in np.arange(-0.03 * (row % 2), c.aspect, 0.06)
            if x + 0.055 < x0 - 0.02 or x > x1 + 0.02 or y + 0.026 < y0 - 0.02 or y > y1 + 0.03
        ]
    c.fill(brick, mix(wall, p.lamp, 0.1), opacity=0.4, mottle=0.9)
    c.fill(rect(-0.1, floor - 0.13, end, floor), mix(wall, p.ink, 0.45), mix(wall, p.ink, 0.6), mottle=0.3)
    c.fill(rect(-0.1, floor - 0.133, end, floor - 0.124), mix(wall, p.lamp, 0.25), mottle=0.4)
    wood = mix(hexed("#5a3a26"), p.near, 0.45)
    c.fill(rect(-0.1, floor, end, 1.1), mix(wood, p.lamp, 0.08), mix(wood, p.ink, 0.6), mottle=0.4)
    for step in np.linspace(-6, 6, 22):
        c.fill(
            stroke([(c.aspect / 2 + step * 0.12, floor), (c.aspect / 2 + step * 0.24, 1.05)], 0.0015, 0.003),
            p.ink,
            opacity=0.4,
        )


def _shelves(c: Canvas, p: Palette, rng: np.random.Generator, x: float, wall: Colour) -> None:
    """Bottles, jars and cups on lit boards, and a chalk board above."""
    wood = mix(hexed("#6b4630"), wall, 0.4)
    half = 0.17 * c.aspect
    for y in (0.36, 0.475):

        def lit(xs: Field, ys: Field, level: float = y) -> Field:
            return np.asarray(np.exp(-(((xs - x) / half) ** 4)) * np.exp(-(((ys - level + 0.03) / 0.045) ** 2)))

        c.shine(lit, p.lamp * 0.14)
        place = x - half + 0.02
        while place < x + half - 0.02:
            tall, wide = rng.uniform(0.03, 0.078), rng.uniform(0.013, 0.024)
            tone = mix(
                hexed(str(rng.choice(["#8fb0a0", "#b5653f", "#d8c8a8", "#54707c", "#8e4a44", "#c7a060"]))), p.near, 0.38
            )
            if tall > 0.052:
                bottle = smooth(
                    [
                        (place - wide / 2, y),
                        (place - wide / 2, y - tall * 0.58),
                        (place - wide * 0.16, y - tall * 0.76),
                        (place - wide * 0.16, y - tall),
                        (place + wide * 0.16, y - tall),
                        (place + wide * 0.16, y - tall * 0.76),
                        (place + wide / 2, y - tall * 0.58),
                        (place + wide / 2, y),
                    ],
                    steps=4,
                )
                c.fill(bottle, shift(tone, 0.03), shift(tone, -0.06), rim=(0.0018, 0.0018, p.lamp * 0.45))
                c.fill(
                    rect(place - wide * 0.45, y - tall * 0.42, place + wide * 0.45, y - tall * 0.2),
                    mix(p.paper, tone, 0.3),
                    opacity=0.8,
                )
            else:
                c.fill(
                    rounded(place - wide * 0.6, y - tall * 0.8, place + wide * 0.6, y, 0.004),
                    mix(tone, p.paper, 0.25),
                    tone,
                    rim=(0.0018, 0.0018, p.lamp * 0.4),
                )
            place += wide * rng.uniform(1.15, 1.9)
        c.fill(rect(x - half, y, x + half, y + 0.012), mix(wood, p.lamp, 0.3), wood, mottle=0.4)
        c.fill(rect(x - half, y + 0.012, x + half, y + 0.034), p.ink, opacity=0.45, soft=0.008)
    board = rounded(x - half * 0.72, 0.07, x + half * 0.72, 0.24, 0.004)
    c.fill(board, wood)
    c.fill(
        rect(x - half * 0.72 + 0.01, 0.08, x + half * 0.72 - 0.01, 0.23), mix(p.ink, hexed("#20302a"), 0.5), mottle=0.5
    )
    for i in range(5):
        y = 0.103 + 0.026 * i
        c.fill(
            stroke(
                [(x - half * 0.58, y), (x - half * 0.58 + half * rng.uniform(0.35, 0.75), y + rng.normal(0, 0.001))],
                0.0042,
            ),
            mix(p.paper, p.ink, 0.35),
            opacity=0.75,
            mottle=1.2,
        )
        c.fill(
            stroke([(x + half * 0.4, y), (x + half * 0.55, y)], 0.0042),
            mix(p.lamp, p.ink, 0.3),
            opacity=0.75,
            mottle=1.2,
        )


def _counter(
    c: Canvas, p: Palette, rng: np.random.Generator, at: Callable[[float], float], floor: float, wall: Colour
) -> None:
    x0, x1 = sorted((at(0.6), at(1.05)))
    y = 0.62
    wood = mix(mix(hexed("#7a4a2c"), wall, 0.35), p.ink, 0.1)
    # The machine: a steel box on the counter with its own little lights.
    mx = at(0.74)
    steel = mix(mix(p.paper, p.middle, 0.45), p.ink, 0.25)
    c.fill(
        rounded(mx - 0.095, y - 0.125, mx + 0.095, y - 0.035, 0.012),
        shift(steel, 0.06),
        shift(steel, -0.12),
        rim=(0.002, 0.003, p.lamp * 0.5),
    )
    c.fill(rect(mx - 0.085, y - 0.04, mx + 0.085, y), mix(steel, p.ink, 0.65))
    c.fill(rounded(mx - 0.1, y - 0.02, mx + 0.1, y, 0.004), steel, shift(steel, -0.1))
    for d in (-0.045, 0.045):
        c.fill(rect(mx + d - 0.014, y - 0.045, mx + d + 0.014, y - 0.033), mix(p.ink, steel, 0.4))
        c.fill(stroke([(mx + d, y - 0.038), (mx + d + 0.028, y - 0.03)], 0.007), p.ink)
        c.fill(rounded(mx + d - 0.011, y - 0.032, mx + d + 0.011, y - 0.02, 0.003), p.paper)
    for i in range(4):
        c.fill(ellipse(mx - 0.07 + 0.02 * i, y - 0.1, 0.003, 0.003), (p.lamp if i else p.accent) * 2.5, mottle=0)
    for i in range(5):
        c.fill(
            rounded(mx - 0.08 + 0.034 * i, y - 0.145, mx - 0.055 + 0.034 * i, y - 0.124, 0.004),
            mix(p.paper, p.middle, 0.2),
            mix(p.paper, p.near, 0.5),
        )
    props.steam(c, rng, mx + 0.07, y - 0.02, 0.12, p.paper)
    # A cake dome.
    dx = at(0.91)
    c.fill(poly((dx - 0.01, y), (dx + 0.01, y), (dx + 0.005, y - 0.03), (dx - 0.005, y - 0.03)), steel)
    c.fill(ellipse(dx, y - 0.032, 0.06, 0.008), steel)
    for i in range(4):
        c.fill(
            ellipse(dx - 0.033 + 0.022 * i, y - 0.043, 0.013, 0.01),
            mix(hexed("#c98a4a"), p.lamp, 0.2),
            hexed("#7a4524"),
        )
    dome = np.concatenate([ellipse(dx, y - 0.035, 0.055, 0.065)[36:], [(dx + 0.055, y - 0.035)]])
    c.fill(dome, p.paper, opacity=0.13, rim=(0.002, 0.003, p.paper * 0.5))
    c.fill(rect(x0, y + 0.02, x1, floor + 0.045), wood, mix(wood, p.ink, 0.55), mottle=0.4)
    for x in np.arange(x0 + 0.02, x1, 0.055):
        c.fill(rect(x, y + 0.03, x + 0.0022, floor + 0.035), p.ink, opacity=0.5)
        c.fill(rect(x + 0.0022, y + 0.03, x + 0.004, floor + 0.035), p.lamp, opacity=0.1)
    c.fill(
        rect(x0 - 0.015, y, x1, y + 0.022),
        mix(wood, p.lamp, 0.4),
        mix(wood, p.lamp, 0.15),
        mottle=0.4,
        rim=(0, 0.002, p.lamp * 0.35),
    )
    c.fill(rect(x0, y + 0.022, x1, y + 0.04), p.ink, opacity=0.5, soft=0.006)
    for a in (0.645, 0.76, 0.875):
        sx = at(a)
        c.fill([stroke([(sx, y + 0.1), (sx + d, 0.9)], 0.006) for d in (-0.026, 0.026)], p.ink)
        c.fill(stroke([(sx - 0.02, 0.82), (sx + 0.02, 0.82)], 0.004), p.ink)
        c.fill(
            rounded(sx - 0.036, y + 0.085, sx + 0.036, y + 0.108, 0.01),
            mix(p.accent, p.near, 0.45),
            mix(p.accent, p.ink, 0.6),
            rim=(0, 0.003, p.lamp * 0.4),
        )


def _far_seats(
    c: Canvas,
    p: Palette,
    rng: np.random.Generator,
    at: Callable[[float], float],
    floor: float,
    glass: tuple[float, float, float, float],
) -> None:
    """A bench along the window, and somebody who looks out."""
    x0, x1 = glass[0], glass[2]
    bench = mix(mix(p.accent, p.near, 0.6), p.ink, 0.35)
    c.fill(
        rounded(x0 - 0.02, 0.685, x1 + 0.01, 0.75, 0.012),
        mix(bench, p.lamp, 0.1),
        bench,
        mottle=0.3,
        rim=(0, 0.003, p.lamp * 0.2),
    )
    c.fill(rect(x0 - 0.02, 0.75, x1 + 0.01, floor + 0.015), mix(bench, p.ink, 0.6))
    for x in np.linspace(x0 + 0.06, x1 - 0.06, 6):
        c.fill(rect(x, 0.69, x + 0.0025, 0.748), p.ink, opacity=0.4)
    x = at(0.43)
    ink = mix(p.ink, p.near, 0.3)
    rim = (0.0025, 0.003, mix(p.lamp, p.low, 0.4) * 0.4)
    c.subjects.append((x - 0.06, 0.516, x + 0.06, 0.69))
    body = smooth(
        [(x - 0.06, 0.74), (x - 0.056, 0.645), (x - 0.022, 0.6), (x + 0.022, 0.6), (x + 0.056, 0.645), (x + 0.06, 0.74)]
    )
    head = smooth(
        [
            (x - 0.03, 0.57),
            (x - 0.025, 0.538),
            (x, 0.526),
            (x + 0.025, 0.538),
            (x + 0.03, 0.57),
            (x + 0.018, 0.602),
            (x - 0.018, 0.602),
        ]
    )
    c.fill(body, mix(mix(p.accent, p.near, 0.5), p.ink, 0.2), ink, rim=rim)
    c.fill(head, mix(ink, hexed("#4a2c1c"), 0.4), ink, rim=rim)
    band = smooth(
        [(x - 0.032, 0.566), (x - 0.026, 0.53), (x, 0.516), (x + 0.026, 0.53), (x + 0.032, 0.566)], closed=False
    )
    c.fill(stroke(band, 0.007), p.ink, rim=(0.001, 0.0015, p.lamp * 0.4))
    for d in (-1, 1):
        c.fill(ellipse(x + d * 0.031, 0.57, 0.009, 0.015), mix(p.accent, p.lamp, 0.25), mix(p.accent, p.ink, 0.3))
    tx = at(0.25)
    c.fill(rect(tx - 0.006, 0.7, tx + 0.006, 0.85), p.ink)
    c.fill(ellipse(tx, 0.85, 0.04, 0.007), p.ink)
    c.fill(ellipse(tx, 0.7, 0.09, 0.011), mix(p.lamp, hexed("#5a3a26"), 0.6), rim=(0, 0.002, p.lamp * 0.3))
    props.mug(c, rng, tx + 0.02, 0.7, 0.038, p.paper, p, p.paper)


def _pendant(c: Canvas, p: Palette, x: float, y: float, s: float) -> None:
    """An enamel shade on its flex, the cone of its light, the pool below."""
    c.fill(rect(x - 0.0013, -0.02, x + 0.0013, y - s * 0.5), p.ink)
    cone = poly((x - s * 0.8, y + s * 0.3), (x + s * 0.8, y + s * 0.3), (x + s * 3.6, 0.86), (x - s * 3.6, 0.86))
    stamp = c.stamp(cone, 0.022)
    if stamp is not None:
        box, alpha = stamp
        alpha *= np.linspace(1, 0, len(alpha), dtype=np.float32)[:, None] ** 1.3
        c.add(box, alpha, p.lamp * np.float32(0.13))
    c.glow(x, y + s * 0.4, s * 2.1, p.lamp * 0.42)
    shade = smooth(
        [
            (x - s * 0.2, y - s * 0.55),
            (x - s * 0.5, y - s * 0.3),
            (x - s, y + s * 0.25),
            (x - s * 0.97, y + s * 0.32),
            (x + s * 0.97, y + s * 0.32),
            (x + s, y + s * 0.25),
            (x + s * 0.5, y - s * 0.3),
            (x + s * 0.2, y - s * 0.55),
        ]
    )
    c.fill(
        shade,
        mix(p.accent, p.ink, 0.3),
        mix(mix(p.accent, p.ink, 0.45), p.lamp, 0.2),
        rim=(0.002, 0.003, p.paper * 0.2),
    )
    c.fill(ellipse(x, y + s * 0.32, s * 0.95, s * 0.14), p.lamp * 1.5)
    c.fill(ellipse(x, y + s * 0.36, s * 0.26, s * 0.2), mix(p.lamp, p.paper, 0.5) * 4, mottle=0)


def _front_table(c: Canvas, p: Palette, rng: np.random.Generator, x: float) -> None:
    """The table we sit at: cup, book, a candle."""
    y = 0.93
    wood = mix(mix(hexed("#6b3f22"), p.near, 0.3), p.ink, 0.25)
    c.fill(ellipse(x, y + 0.05, 0.4, 0.1), p.ink, opacity=0.6, soft=0.03)
    c.fill(ellipse(x, y + 0.02, 0.37, 0.085), mix(wood, p.ink, 0.5))
    c.fill(ellipse(x, y, 0.37, 0.085), mix(wood, p.lamp, 0.22), wood, mottle=0.5, rim=(0, 0.003, p.lamp * 0.3))
    props.mug(c, rng, x - 0.1, y + 0.01, 0.115, mix(p.paper, p.accent, float(rng.choice([0.1, 0.5]))), p, p.paper)
    props.stack(c, rng, x + 0.15, y + 0.0, 0.2, int(rng.integers(1, 4)), p, p.lamp)
    cx, cy = x + 0.02, y - 0.025
    c.glow(cx, cy - 0.04, 0.1, p.lamp * 0.5)
    c.fill(
        rounded(cx - 0.018, cy - 0.045, cx + 0.018, cy + 0.008, 0.006),
        mix(p.lamp, p.accent, 0.4) * 1.3,
        mix(p.lamp, p.ink, 0.4),
        rim=(0.002, 0, p.paper * 0.3),
    )
    c.fill(
        smooth([(cx - 0.005, cy - 0.045), (cx, cy - 0.068), (cx + 0.005, cy - 0.045), (cx, cy - 0.038)]),
        mix(p.lamp, p.paper, 0.4) * 4,
        mottle=0,
    )


def _front_plant(c: Canvas, p: Palette, rng: np.random.Generator, x: float, left: bool) -> None:
    side = 1.0 if left else -1.0
    green = mix(mix(hexed("#3f6a44"), p.near, 0.5), p.ink, 0.35)
    plants.pot(c, rng, x - side * 0.06, 1.06, 0.5, mix(hexed("#9a5a44"), p.ink, 0.5), green, p.lamp, 0)
