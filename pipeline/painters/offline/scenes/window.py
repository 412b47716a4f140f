"""A rainy window from inside: a sill with a cat, a mug and plants, and the town beyond the wet glass."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, hexed, mix, shift
from pipeline.painters.offline import panes, plants, props
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import Outline, poly, rect, smooth
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    sill = rng.uniform(0.77, 0.81)
    left = bool(rng.random() < 0.5)
    x0, x1 = (0.15 * c.aspect, 0.96 * c.aspect) if left else (0.04 * c.aspect, 0.85 * c.aspect)
    box = (x0, 0.07, x1, sill)
    if words & {"country", "hills", "fields", "village", "morning"}:
        panes.hills(c, p, rng, sill - 0.16)
        c.blur(0.003)
    else:
        panes.town(c, p, rng, sill - 0.07)
    outside = mix(p.low, p.paper, 0.3)
    if not p.day or words & {"rain", "rainy"}:
        panes.wet_glass(c, rng, outside, box)
    wall = mix(p.near, p.ink, 0.35 if not p.day else 0.05)
    lamp_x = 0.1 * min(c.aspect, 1.2) if left else c.aspect - 0.1 * min(c.aspect, 1.2)
    _room(c, p, box, wall)
    wood = mix(mix(hexed("#6b4630"), p.near, 0.5), p.ink, 0.25)
    panes.frame(c, box, 2 if c.aspect < 1.3 else 3, 2, wood, outside, 0.026)
    _sill(c, p, sill, wood, outside)
    _curtain(c, p, rng, box, left)
    _lamp_light(c, p, lamp_x, sill)
    _things(c, p, rng, sill, left)
    if rng.random() < 0.65:
        span = np.linspace(x0 - 0.02, x1 + 0.02, 4)
        points = [(float(x), 0.05 + 0.02 * float(rng.random())) for x in span]
        props.fairy_lights(c, rng, points, p.lamp, p.ink)


def _room(c: Canvas, p: Palette, box: tuple[float, float, float, float], wall: Colour) -> None:
    x0, y0, x1, y1 = box
    end = c.aspect + 0.1
    lit = mix(wall, p.lamp, 0.1)
    c.fill([rect(-0.1, -0.1, x0, 1.1), rect(x1, -0.1, end, 1.1), rect(x0, -0.1, x1, y0)], lit, wall, mottle=0.35)
    c.fill(rect(-0.1, y1, end, 1.1), mix(wall, p.ink, 0.3), mix(wall, p.ink, 0.75), mottle=0.35)
    c.fill(rect(x0 - 0.03, y0 - 0.03, x1 + 0.03, y0), p.ink, opacity=0.35, soft=0.01)
    c.wash(lambda xs, ys: 0.4 * np.clip((ys - y1) / (1 - y1), 0, 1) + 0 * xs, p.ink)


def _sill(c: Canvas, p: Palette, level: float, wood: Colour, light: Colour) -> None:
    end = c.aspect + 0.1
    c.fill(rect(-0.1, level - 0.004, end, level + 0.05), mix(wood, light, 0.42), mix(wood, p.lamp, 0.12), mottle=0.5)
    c.fill(rect(-0.1, level + 0.05, end, level + 0.085), shift(wood, -0.02), mix(wood, p.ink, 0.5), mottle=0.5)
    c.fill(rect(-0.1, level + 0.048, end, level + 0.0515), mix(p.lamp, wood, 0.35), opacity=0.7, mottle=0.8)
    c.fill(rect(-0.1, level + 0.085, end, level + 0.12), p.ink, opacity=0.55, soft=0.012)


def _curtain(
    c: Canvas, p: Palette, rng: np.random.Generator, box: tuple[float, float, float, float], left: bool
) -> None:
    """A curtain gathered to the side away from the lamp, in folds that catch the light of the window."""
    edge = box[2] if left else box[0]
    inward = -1.0 if left else 1.0
    cloth = mix(mix(p.accent, p.near, 0.62), p.ink, 0.15)
    folds = 7
    for index in range(folds):
        t = index / folds
        top = edge - inward * 0.06 + inward * 0.22 * (1 - t)
        waist = edge - inward * 0.06 + inward * (0.085 * (1 - t) + 0.01)
        hem = edge - inward * 0.06 + inward * (0.13 * (1 - t) + 0.01)
        curve = smooth(
            [
                (top, 0.02),
                (top - inward * 0.015, 0.2),
                (waist + inward * 0.02, 0.42),
                (waist, 0.52),
                (hem - inward * 0.015, 0.68),
                (hem, 0.93 + 0.01 * rng.random()),
            ],
            closed=False,
        )
        outline: Outline = np.concatenate([curve, [(edge - inward * 0.2, 0.95), (edge - inward * 0.2, 0.02)]])
        tone = shift(cloth, 0.045 if index % 2 == 0 else -0.035)
        c.fill(
            outline,
            shift(tone, 0.02),
            shift(tone, -0.09),
            mottle=0.3,
            rim=(-inward * 0.004, 0, mix(p.low, p.lamp, 0.3) * 0.1),
        )
    c.fill(
        poly(
            (edge - inward * 0.1, 0.505),
            (edge + inward * 0.05, 0.51),
            (edge + inward * 0.05, 0.53),
            (edge - inward * 0.1, 0.535),
        ),
        mix(p.lamp, cloth, 0.6),
    )
    rail = rect(-0.1, 0.012, c.aspect + 0.1, 0.022)
    c.fill(rail, mix(p.ink, p.lamp, 0.15), rim=(0, -0.002, p.lamp * 0.2))


def _lamp_light(c: Canvas, p: Palette, x: float, level: float) -> None:
    strength = 0.2 if not p.day else 0.06
    c.shine(lambda xs, ys: np.exp(-(np.hypot(xs - x, (ys - level + 0.2) * 1.05) / 0.3)), p.lamp * strength)
    c.shine(
        lambda xs, ys: np.exp(-(((xs - x) / 0.5) ** 2)) * np.exp(-(((ys - level - 0.045) / 0.045) ** 2)),
        p.lamp * strength * 0.8,
    )


def _things(c: Canvas, p: Palette, rng: np.random.Generator, sill: float, left: bool) -> None:
    base = sill + 0.035

    def flip(x: float) -> float:
        return x if left else c.aspect - x

    light = mix(p.low, p.paper, 0.2)
    green = mix(hexed("#4f7a4a"), p.near, 0.45)
    clay = mix(hexed("#b5654a"), p.near, 0.35)
    _desk_lamp(c, p, flip(0.1 * min(c.aspect, 1.2)), base)
    slots = [flip(x * c.aspect) for x in (0.3, 0.47, 0.63, 0.77)]
    props.stack(c, rng, slots[0], base, 0.17, int(rng.integers(2, 5)), p, p.lamp)
    props.mug(c, rng, slots[1], base + 0.012, 0.085, mix(p.paper, p.accent, float(rng.choice([0.12, 0.6]))), p, p.paper)
    coat = mix(p.ink, hexed(str(rng.choice(["#1a1512", "#8a5a34", "#5a5560"]))), 0.55)
    props.cat(c, slots[2], base, rng.uniform(0.24, 0.28), coat, light, -1 if left else 1)
    kind = int(rng.integers(3))
    plants.pot(c, rng, slots[3] + 0.03, base + 0.01, 0.25 if kind else 0.22, clay, green, light, kind)


def _desk_lamp(c: Canvas, p: Palette, x: float, base: float) -> None:
    """A shaded lamp, the warm heart of the picture."""
    brass = mix(p.lamp, p.ink, 0.55)
    c.fill(
        rect(x - 0.005, base - 0.2, x + 0.005, base - 0.01), brass, mix(brass, p.ink, 0.4), rim=(0.001, 0, p.lamp * 0.3)
    )
    c.fill(
        smooth(
            [
                (x - 0.045, base),
                (x - 0.03, base - 0.015),
                (x, base - 0.022),
                (x + 0.03, base - 0.015),
                (x + 0.045, base),
            ]
        ),
        brass,
    )
    shade = poly((x - 0.04, base - 0.3), (x + 0.04, base - 0.3), (x + 0.078, base - 0.185), (x - 0.078, base - 0.185))
    c.glow(x, base - 0.22, 0.13, p.lamp * 0.55)
    c.fill(shade, p.lamp * 1.25, mix(p.lamp, p.paper, 0.3) * 2.1, mottle=0.25)
    c.fill(rect(x - 0.042, base - 0.304, x + 0.042, base - 0.298), brass)
    c.fill(rect(x - 0.079, base - 0.188, x + 0.079, base - 0.182), mix(p.lamp, brass, 0.5))
