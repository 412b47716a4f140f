"""Skies: stars, moon, sun, clouds, mist, weather."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, Field, mix
from pipeline.painters.noise import clouds, enlarge
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import ellipse, stroke


def stars(c: Canvas, rng: np.random.Generator, light: Colour, bottom: float, count: int = 170) -> None:
    """Scatter stars above `bottom`, fewer towards it."""
    for x, y, size, glow in zip(
        rng.uniform(0, 1, count) * c.aspect,
        rng.beta(1, 1.7, count) * bottom,
        rng.pareto(2.6, count),
        rng.uniform(0.25, 1, count),
        strict=True,
    ):
        radius = 0.0007 + 0.0006 * min(size, 2.2)
        c.fill(ellipse(x, y, radius, radius, steps=8), light * (0.9 + 1.2 * glow), opacity=glow, mottle=0)


def moon(
    c: Canvas, rng: np.random.Generator, x: float, y: float, radius: float, light: Colour, full: bool = True
) -> None:
    """A moon with a halo; a crescent when not full."""
    c.subjects.append((x - radius, y - radius, x + radius, y + radius))
    c.glow(x, y, radius * 3.2, light * 0.22)
    c.glow(x, y, radius * 1.3, light * 0.35)
    if full:
        c.fill(ellipse(x, y, radius, radius), light * 1.5, light * 1.15, mottle=0.1)
        for _ in range(7):
            angle, far, size = rng.uniform(0, 6.28), rng.uniform(0, 0.62), rng.uniform(0.1, 0.26)
            c.fill(
                ellipse(
                    x + np.cos(angle) * far * radius, y + np.sin(angle) * far * radius, size * radius, size * radius
                ),
                light * 0.85,
                opacity=0.3,
                soft=radius * 0.07,
            )
    else:
        outer = np.linspace(-1.9, 1.9, 40)
        edge = np.stack([x + radius * np.cos(outer), y + radius * np.sin(outer)], -1)
        inner = np.stack([x + 0.35 * radius + (edge[:, 0] - x - 0.35 * radius) * 0.35 - 0.25 * radius, edge[:, 1]], -1)[
            ::-1
        ]
        c.fill(np.concatenate([edge, inner]), light * 1.7, mottle=0.05)


def sun(c: Canvas, x: float, y: float, radius: float, light: Colour) -> None:
    """A low sun with a wide glow."""
    c.subjects.append((x - radius, y - radius, x + radius, y + radius))
    c.glow(x, y, radius * 5.5, light * 0.5)
    c.glow(x, y, radius * 1.9, light * 0.6)
    c.fill(ellipse(x, y, radius, radius), light * 2.4, light * 1.6, mottle=0.03)


def cirrus(c: Canvas, rng: np.random.Generator, top: float, bottom: float, colour: Colour, amount: float) -> None:
    """Long thin clouds that lie along the horizon."""
    veil = clouds(rng, 128, max(16, round(128 * c.aspect)), (9, max(2, round(2 * c.aspect))), octaves=5, rough=0.6)

    def field(_: Field, ys: Field) -> Field:
        band = np.clip((ys - top) / 0.12, 0, 1) * np.clip((bottom - ys) / 0.1, 0, 1)
        noise = enlarge(veil, ys.shape[0], max(2, round(ys.shape[0] * c.aspect)))
        return np.asarray(np.clip(noise * 1.7 - 0.1, 0, 1) * band * amount)

    c.wash(field, colour, detail=420)


def cumulus(
    c: Canvas, rng: np.random.Generator, x: float, base: float, size: float, light: Colour, shade: Colour
) -> None:
    """A heap of summer cloud on a flat base, lit from the upper left."""
    puffs = []
    for _ in range(26):
        t = rng.normal(0, 0.42)
        height = max(0.05, 1 - (t / 0.95) ** 2) * rng.uniform(0.15, 1.0)
        puffs.append(
            (x + t * size, base - height * size * 0.62, size * rng.uniform(0.12, 0.24) * (1.15 - 0.4 * height))
        )
    puffs.sort(key=lambda puff: puff[1])
    for px, py, r in puffs:
        tone = np.clip((base - py) / (size * 0.7), 0, 1)
        body = mix(shade, light, float(0.25 + 0.55 * tone))
        c.fill(ellipse(px, py, r, r * 0.86), mix(body, light, 0.65), mix(body, shade, 0.5), soft=r * 0.05, mottle=0.12)
    c.wash(
        lambda xs, ys: np.exp(-(((xs - x) / (size * 0.95)) ** 2)) * np.exp(-(((ys - base) / (size * 0.1)) ** 2)) * 0.7,
        mix(shade, light, 0.35),
    )


def mist(c: Canvas, rng: np.random.Generator, level: float, depth: float, colour: Colour, amount: float) -> None:
    """A bank of mist around `level`, torn at its edges."""
    torn = clouds(rng, 64, max(8, round(64 * c.aspect)), (3, max(2, round(3 * c.aspect))), octaves=4)

    def field(_: Field, ys: Field) -> Field:
        noise = enlarge(torn, ys.shape[0], max(2, round(ys.shape[0] * c.aspect)))
        return np.asarray(np.clip(np.exp(-(((ys - level) / depth + 0.9 * noise) ** 2)) * amount, 0, 1))

    c.wash(field, colour)


def rain(c: Canvas, rng: np.random.Generator, light: Colour, amount: int = 420, slant: float = 0.12) -> None:
    """Rain seen against the light: short slanted strokes, long and soft close by."""
    for near in (False, True):
        lines = []
        for _ in range(amount // 4 if near else amount):
            x, y = rng.uniform(-0.1, c.aspect + 0.1), rng.uniform(-0.1, 1)
            length = rng.uniform(0.05, 0.12) if near else rng.uniform(0.015, 0.045)
            lines.append(stroke([(x, y), (x - slant * length, y + length)], 0.0016 if near else 0.0009))
        c.fill(lines, light, opacity=0.16 if near else 0.26, mottle=0)


def snow(c: Canvas, rng: np.random.Generator, light: Colour, amount: int = 330) -> None:
    """Falling snow in three depths, the nearest out of focus."""
    for share, low, high, soft, opacity in (
        (0.7, 0.0009, 0.0019, 0.0, 0.75),
        (0.25, 0.002, 0.0038, 0.0007, 0.8),
        (0.05, 0.006, 0.012, 0.003, 0.5),
    ):
        flakes = [
            ellipse(rng.uniform(0, c.aspect), rng.uniform(0, 1), size, size * rng.uniform(0.85, 1.2), steps=12)
            for size in rng.uniform(low, high, round(amount * share))
        ]
        c.fill(flakes, light, opacity=opacity, soft=soft, mottle=0)
