"""A desk from above: a record on its turntable, or a cassette player; window light falls across it."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, hexed, mix, shift
from pipeline.painters.offline import hifi
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.props import steam
from pipeline.painters.offline.shapes import Outline, ellipse, leaf, moved, rect, rounded, smooth, stroke, turned
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    wood = mix(mix(hexed("#7a4f30"), p.near, 0.42), p.middle, 0.12)
    _boards(c, p, rng, wood)
    cassette = bool(words & {"cassette", "tape", "walkman", "mixtape"}) or (
        not words & {"record", "vinyl", "turntable", "records"} and rng.random() < 0.45
    )
    side = float(rng.choice([-1.0, 1.0]))
    x, y = c.aspect * 0.5 - side * 0.1 * c.aspect, 0.55
    _sleeve(c, p, rng, c.aspect * (0.5 + side * 0.36), 0.3, -side)
    if cassette:
        hifi.deck(c, p, rng, x, y)
        hifi.tape(c, p, rng, c.aspect * 0.5 + side * 0.31 * min(c.aspect, 1.25), 0.62, 0.24, side * 0.25, p.accent)
    else:
        hifi.turntable(c, p, rng, x, y)
        hifi.tape(c, p, rng, c.aspect * 0.5 + side * 0.36 * min(c.aspect, 1.3), 0.63, 0.19, side * 0.3, p.accent)
    _cup(c, p, rng, c.aspect * (0.5 + side * 0.34), 0.87)
    _headphones(c, p, c.aspect * (0.5 - side * 0.47), 0.93)
    _gobo(c, p, rng, side)
    _leaves(c, p, rng, c.aspect * (0.5 - side * 0.52), -0.03)
    _leaves(c, p, rng, c.aspect * (0.5 + side * 0.55), 1.04)


def _boards(c: Canvas, p: Palette, rng: np.random.Generator, wood: Colour) -> None:
    tall = 0.205
    level = -rng.uniform(0, 0.1)
    while level < 1:
        tone = shift(wood, float(rng.uniform(-0.03, 0.03)))
        c.fill(rect(-0.1, level, c.aspect + 0.1, level + tall), shift(tone, 0.015), shift(tone, -0.015), mottle=0.35)
        veins = []
        for _ in range(26):
            y = level + rng.uniform(0.01, tall - 0.01)
            x0 = rng.uniform(-0.2, c.aspect)
            xs = np.linspace(x0, x0 + rng.uniform(0.2, 0.9), 24)
            ys = y + 0.006 * np.sin(xs * rng.uniform(3, 9) + rng.uniform(0, 6)) * rng.uniform(0.2, 1)
            veins.append(stroke(np.stack([xs, ys], -1), rng.uniform(0.0006, 0.0022), 0.0003))
        c.fill(veins, shift(tone, -0.08), opacity=0.55, mottle=0.5)
        c.fill(rect(-0.1, level - 0.0022, c.aspect + 0.1, level + 0.0012), p.ink, opacity=0.7, mottle=0.5)
        c.fill(
            rect(-0.1, level + 0.0015, c.aspect + 0.1, level + 0.0035), mix(tone, p.paper, 0.3), opacity=0.3, mottle=0.8
        )
        level += tall


def _sleeve(c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float, side: float) -> None:
    """A record sleeve with a sun over water on it, a record halfway out."""
    turn = 0.16 * side
    s = 0.19
    hifi.drop(c, p, ellipse(x + side * 0.1, y - 0.02, s * 0.95, s * 0.95), 0.012)
    hifi.record(c, p, rng, x + side * 0.1, y - 0.02, s * 0.95, p.lamp)

    def at(outline: Outline) -> Outline:
        return turned(outline, x, y, turn)

    square = at(rect(x - s, y - s, x + s, y + s))
    hifi.drop(c, p, square, 0.014)
    c.fill(square, p.high, p.low, mottle=0.2)
    c.fill(at(ellipse(x, y + 0.02, s * 0.5, s * 0.5)), mix(p.lamp, p.paper, 0.2), p.accent)
    c.fill(at(rect(x - s, y + s * 0.3, x + s, y + s)), mix(p.near, p.middle, 0.4), p.ink)
    for i in range(6):
        half = s * (0.42 - 0.05 * i)
        c.fill(at(rect(x - half, y + s * (0.36 + 0.09 * i), x + half, y + s * (0.38 + 0.09 * i))), p.lamp, opacity=0.8)
    edge = np.concatenate([square, square[:1]])
    c.fill(stroke(edge, 0.003), mix(p.paper, p.low, 0.4), opacity=0.5)


def _cup(c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float) -> None:
    glaze = mix(p.paper, p.accent, float(rng.choice([0.08, 0.35])))
    saucer = ellipse(x, y, 0.105, 0.105)
    hifi.drop(c, p, saucer, 0.018)
    c.fill(saucer, shift(glaze, 0.0), shift(glaze, -0.12), rim=(0.003, 0.003, p.paper * 0.2))
    c.fill(ellipse(x, y, 0.078, 0.078), shift(glaze, -0.1), shift(glaze, -0.02))
    handle = stroke(
        smooth(
            [(x + 0.045, y - 0.04), (x + 0.1, y - 0.062), (x + 0.112, y - 0.04), (x + 0.06, y - 0.015)], closed=False
        ),
        0.013,
    )
    c.fill(moved(handle, 0.005, 0.008), p.ink, opacity=0.4, soft=0.005)
    c.fill(handle, shift(glaze, -0.03))
    c.fill(moved(ellipse(x, y, 0.066, 0.066), 0.008, 0.01), p.ink, opacity=0.5, soft=0.008)
    c.fill(ellipse(x, y, 0.066, 0.066), shift(glaze, 0.06), shift(glaze, -0.05))
    c.fill(ellipse(x, y, 0.056, 0.056), mix(hexed("#3a2014"), p.ink, 0.25), hexed("#7a4a28"))
    swirl = [
        (x + r * np.cos(a), y + r * np.sin(a))
        for a, r in zip(np.linspace(0, 8, 40), np.linspace(0.044, 0.006, 40), strict=True)
    ]
    c.fill(stroke(swirl, 0.009, 0.004), mix(p.paper, hexed("#c49a6c"), 0.5), opacity=0.75, soft=0.0012)
    steam(c, rng, x - 0.01, y - 0.01, 0.16, p.paper)


def _headphones(c: Canvas, p: Palette, x: float, y: float) -> None:
    band = ellipse(x, y, 0.165, 0.15, steps=100)
    loop = np.concatenate([band, band[:1]])
    hifi.drop(c, p, stroke(loop, 0.02), 0.015)
    c.fill(
        stroke(loop, 0.022), mix(p.ink, p.middle, 0.25), mix(p.ink, p.middle, 0.1), rim=(0.002, 0.003, p.paper * 0.2)
    )
    for d in (-1, 1):
        cup = turned(
            rounded(x + d * 0.12 - 0.04, y - 0.17, x + d * 0.12 + 0.04, y - 0.05, 0.035),
            x + d * 0.12,
            y - 0.11,
            d * 0.5,
        )
        hifi.drop(c, p, cup, 0.015)
        c.fill(cup, mix(p.accent, p.near, 0.3), mix(p.accent, p.ink, 0.45), rim=(0.003, 0.003, p.paper * 0.2))


def _gobo(c: Canvas, p: Palette, rng: np.random.Generator, side: float) -> None:
    """Light through a window: four tilted panes with leaves in front; all else falls into shade."""
    panes = []
    ox, oy = c.aspect * 0.5 - 0.42 * side * min(c.aspect, 1.2), -0.06
    for i in range(2):
        for j in range(3):
            a = np.array(
                [(ox + side * (0.0 + 0.34 * i) + side * 0.2 * k / 1.0, oy + 0.34 * j + 0.3 * k) for k in (0,)]
            )[0]
            u = np.array([side * 0.31, 0.13])
            v = np.array([side * 0.13, 0.31])
            panes.append(
                np.array(
                    [
                        a + v * j * 0.42 + u * 0.0 + (0, 0.13 * i),
                        a + v * j * 0.42 + u + (0, 0.13 * i),
                        a + v * j * 0.42 + u + v + (0, 0.13 * i),
                        a + v * j * 0.42 + v + (0, 0.13 * i),
                    ]
                )
            )
    stamp = c.stamp(panes, 0.008)
    shade = np.full((c.height, c.width), 0.0, np.float32)
    if stamp is not None:
        shade[stamp[0][0], stamp[0][1]] = stamp[1]
    sprigs = []
    for _ in range(30):
        lx, ly = ox + side * rng.uniform(0, 0.9), rng.uniform(0, 1)
        sprigs.append(leaf(lx, ly, rng.uniform(0.07, 0.16), 0.035, float(rng.uniform(0, 6.28)), 0.4))
    veil = c.stamp(sprigs, 0.012)
    if veil is not None:
        shade[veil[0][0], veil[0][1]] *= 1 - 0.6 * veil[1]
    warm = mix(p.lamp, p.paper, 0.35)
    cool = mix(p.high, p.paper, 0.25)
    tint = cool / max(float(cool.max()), 0.2) * np.float32(0.5 if not p.day else 0.78)
    sun = warm / float(warm.max()) * np.float32(1.35)
    for plane, dim, bright in zip(c.planes, tint, sun, strict=True):
        np.multiply(plane, dim + (bright - dim) * shade, out=plane)


def _leaves(c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float) -> None:
    """Foliage that leans in from a corner, close to the eye."""
    green = mix(hexed("#3c6a44"), p.near, 0.5)
    aim = float(np.arctan2(0.5 - y, (c.aspect / 2 - x)))
    for _ in range(13):
        angle = aim + rng.normal(0, 0.55)
        length = rng.uniform(0.16, 0.3)
        shape = leaf(
            x + rng.normal(0, 0.05), y + rng.normal(0, 0.03), length, length * 0.34, angle, float(rng.normal(0, 0.6))
        )
        c.fill(moved(shape, 0.02, 0.03), p.ink, opacity=0.3, soft=0.016)
        tone = shift(green, float(rng.uniform(-0.08, 0.06)))
        c.fill(shape, shift(tone, 0.04), shift(tone, -0.06), mottle=0.3, rim=(0.002, 0.003, p.lamp * 0.15))
        c.fill(stroke((shape[:12] + shape[:11:-1]) / 2, 0.0025, 0.0005), shift(tone, 0.1), opacity=0.6)
