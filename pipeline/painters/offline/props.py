"""Things that stand about in several scenes: a cat, a mug, books in a pile, lights on a string."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipeline.painters.colour import Colour, hexed, mix, shift
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import ellipse, rect, rounded, smooth, stroke
from pipeline.painters.palettes import Palette

SPINES = ("#8e3b34", "#2f4a5c", "#c08a45", "#3d5a45", "#6b4a63", "#b9a079", "#24364a", "#7c5a3a", "#a8584a", "#4a6a6a")


def cat(c: Canvas, x: float, base: float, size: float, coat: Colour, rim: Colour, look: int = 1) -> None:
    """A cat that sits with its back to us, `size` high, its tail hanging to the side of `look` (-1 or 1)."""

    def at(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + look * px * size, base - py * size) for px, py in points]

    c.subjects.append((x - 0.3 * size, base - size, x + 0.3 * size, base))
    body = smooth(
        at(
            [
                (-0.2, 0.0),
                (-0.29, 0.06),
                (-0.295, 0.2),
                (-0.23, 0.38),
                (-0.175, 0.52),
                (-0.17, 0.62),
                (-0.215, 0.7),
                (-0.215, 0.8),
                (-0.15, 0.87),
                (-0.04, 0.895),
                (0.07, 0.885),
                (0.145, 0.82),
                (0.15, 0.72),
                (0.11, 0.63),
                (0.125, 0.53),
                (0.2, 0.38),
                (0.265, 0.2),
                (0.26, 0.05),
                (0.18, 0.0),
            ]
        )
    )
    ears = [
        smooth(at([(-0.215, 0.76), (-0.21, 0.9), (-0.185, 1.0), (-0.12, 0.93), (-0.05, 0.87), (-0.1, 0.8)]), steps=5),
        smooth(at([(0.145, 0.76), (0.145, 0.9), (0.125, 1.0), (0.06, 0.93), (-0.01, 0.87), (0.06, 0.8)]), steps=5),
    ]
    tail = stroke(
        smooth(at([(0.18, 0.06), (0.36, 0.03), (0.44, 0.12), (0.4, 0.24), (0.46, 0.31)]), closed=False),
        0.085 * size,
        0.045 * size,
    )
    c.fill(
        rect(x - 0.3 * size, base - 0.015 * size, x + 0.45 * size, base + 0.03 * size),
        coat * 0.3,
        opacity=0.5,
        soft=0.03 * size,
        mottle=0,
    )
    c.fill(
        [body, *ears, tail], coat, mix(coat, rim, 0.12), mottle=0.35, rim=(0.012 * size * look, 0.016 * size, rim * 0.5)
    )


def steam(c: Canvas, rng: np.random.Generator, x: float, base: float, height: float, light: Colour) -> None:
    """Two or three wisps above something hot."""
    for _ in range(3):
        lean = rng.uniform(-0.25, 0.25)
        points = [
            (
                x + height * (0.1 * rng.uniform(-1, 1) + lean * t + 0.1 * np.sin(5.5 * t + rng.uniform(0, 6))),
                base - height * t,
            )
            for t in np.linspace(0, 1, 7)
        ]
        c.fill(
            stroke(smooth(points, closed=False), height * 0.04, height * 0.13),
            light,
            opacity=0.17,
            soft=height * 0.022,
            mottle=0,
        )


def mug(
    c: Canvas, rng: np.random.Generator, x: float, base: float, size: float, glaze: Colour, p: Palette, light: Colour
) -> None:
    """A steaming mug seen slightly from above, `size` high."""
    half = size * 0.42
    c.fill(ellipse(x + 0.1 * size, base, half * 1.5, size * 0.1), p.ink, opacity=0.5, soft=size * 0.06, mottle=0)
    handle = stroke(
        smooth(
            [
                (x + half * 0.9, base - size * 0.74),
                (x + half * 1.6, base - size * 0.7),
                (x + half * 1.62, base - size * 0.36),
                (x + half * 0.86, base - size * 0.24),
            ],
            closed=False,
        ),
        size * 0.105,
    )
    c.fill(handle, shift(glaze, -0.1), rim=(0, size * 0.02, light * 0.3))
    side = np.concatenate(
        [
            ellipse(x, base - size * 0.06, half * 0.88, size * 0.07)[:37],
            [(x - half, base - size * 0.86)],
            [(x + half, base - size * 0.86)],
        ]
    )
    c.fill(side, shift(glaze, 0.05), shift(glaze, -0.2), sideways=True, mottle=0.2)
    c.fill(ellipse(x, base - size * 0.86, half, size * 0.12), shift(glaze, 0.1))
    c.fill(
        ellipse(x, base - size * 0.845, half * 0.88, size * 0.092),
        mix(p.ink, hexed("#5a3018"), 0.6),
        hexed("#8a5530"),
        mottle=0.1,
    )
    steam(c, rng, x, base - size * 0.95, size * 1.5, light)


def stack(
    c: Canvas, rng: np.random.Generator, x: float, base: float, width: float, count: int, p: Palette, light: Colour
) -> float:
    """A pile of lying books; returns the level of its top."""
    level = base
    for _ in range(count):
        tall = width * rng.uniform(0.11, 0.17)
        wide = width * rng.uniform(0.8, 1.0)
        left = x - wide / 2 + width * rng.uniform(-0.05, 0.05)
        colour = mix(hexed(SPINES[int(rng.integers(len(SPINES)))]), p.near, 0.35)
        c.fill(
            rounded(left, level - tall, left + wide, level, tall * 0.2),
            shift(colour, 0.06),
            shift(colour, -0.06),
            rim=(0, 0.05 * tall, light * 0.35),
        )
        c.fill(
            rect(left + wide * 0.08, level - tall * 0.75, left + wide * 0.11, level - tall * 0.2),
            mix(colour, light, 0.5),
        )
        c.fill(rect(left, level - tall * 0.08, left + wide, level), p.ink, opacity=0.5, mottle=0)
        level -= tall
    return level


def fairy_lights(
    c: Canvas, rng: np.random.Generator, points: list[tuple[float, float]], light: Colour, wire: Colour
) -> None:
    """Small bulbs on a wire that sags between the points."""
    for (x0, y0), (x1, y1) in pairwise(points):
        t = np.linspace(0, 1, 24)
        sag = 0.22 * abs(x1 - x0) * 4 * t * (1 - t)
        line = np.stack([x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + sag], -1)
        c.fill(stroke(line, 0.0022), wire, mottle=0)
        for x, y in line[2:-1:4]:
            size = 0.0042 * rng.uniform(0.8, 1.2)
            c.glow(x, y + 0.006, 0.016, light * 0.4)
            c.fill(ellipse(x, y + 0.006, size * 0.8, size, steps=16), light * 3.2, mottle=0)
