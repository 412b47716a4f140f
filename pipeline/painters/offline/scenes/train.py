"""A seat by the window of a train: land going by, a little table, light across the carriage."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, hexed, mix, shift
from pipeline.painters.offline import panes, props, skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import Outline, ellipse, moved, poly, rect, rounded, smooth, stroke
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    side = float(rng.choice([-1.0, 1.0]))
    if words & {"city", "urban", "tokyo", "subway", "metro"} or (not p.day and rng.random() < 0.35):
        panes.town(c, p, rng, 0.6)
    else:
        panes.hills(c, p, rng, 0.47)
        _poles(c, p, rng)
    outside = mix(p.low, p.paper, 0.3)
    x0, x1, y0, y1 = 0.1 * c.aspect, 0.9 * c.aspect, 0.13, 0.655
    if words & {"rain", "rainy", "storm"} or (not p.day and rng.random() < 0.4):
        skies.rain(c, rng, outside, 220, 0.5)
        panes.wet_glass(c, rng, outside, (x0, y0, x1, y1), 420)
    c.fill(
        poly((x0, y1), (x0 + 0.28, y0), (x0 + 0.38, y0), (x0 + 0.1, y1)), p.paper, opacity=0.07, soft=0.003, mottle=0
    )
    c.fill(
        poly((x0 + 0.14, y1), (x0 + 0.42, y0), (x0 + 0.45, y0), (x0 + 0.17, y1)),
        p.paper,
        opacity=0.05,
        soft=0.003,
        mottle=0,
    )
    wall = mix(mix(hexed("#b9a88c"), p.near, 0.62), p.ink, 0.25 if not p.day else 0.0)
    _carriage(c, p, (x0, y0, x1, y1), wall, outside)
    _rack(c, p, rng, wall, outside)
    _seats(c, p, rng, side, outside)
    _table(c, p, rng, c.aspect * 0.5, outside, words)
    _beams(c, p, rng, side)
    _straps(c, p, rng, wall, outside)


def _poles(c: Canvas, p: Palette, rng: np.random.Generator) -> None:
    """Wires and poles along the track, smeared by the speed."""
    for x in (rng.uniform(0.15, 0.4), rng.uniform(0.6, 0.85)):
        px = x * c.aspect
        c.fill(rect(px - 0.006, 0.0, px + 0.006, 0.8), p.ink, opacity=0.55, soft=0.003)
        c.fill(rect(px - 0.05, 0.2, px + 0.05, 0.208), p.ink, opacity=0.5, soft=0.002)
    t = np.linspace(-0.1, c.aspect + 0.1, 80)
    for level, sag in ((0.2, 0.035), (0.225, 0.045)):
        c.fill(
            stroke(np.stack([t, level + sag * np.abs(np.sin((t - 0.25) * 3))], -1), 0.002),
            p.ink,
            opacity=0.55,
            mottle=0,
        )
    for _ in range(70):
        y = rng.uniform(0.58, 0.66)
        x = rng.uniform(0, c.aspect)
        half = rng.uniform(0.03, 0.14)
        c.fill(
            ellipse(x, y, half, rng.uniform(0.001, 0.004)),
            mix(p.near, p.low, float(rng.uniform(0, 0.7))),
            opacity=0.5,
            soft=0.001,
        )


def _carriage(c: Canvas, p: Palette, box: tuple[float, float, float, float], wall: Colour, light: Colour) -> None:
    """The wall with a round-cornered hole in it."""
    x0, y0, x1, y1 = box
    hole = rounded(x0, y0, x1, y1, 0.05)
    stamp = c.stamp(hole)
    if stamp is None:
        return
    pane, alpha = stamp
    kept = c.kept(pane)
    c.fill(rect(-0.1, -0.1, c.aspect + 0.1, 1.1), mix(wall, light, 0.12), mix(wall, p.ink, 0.5), mottle=0.25)
    c.fill(
        rect(-0.1, y1 + 0.06, c.aspect + 0.1, 1.1), mix(wall, hexed("#6b4630"), 0.45), mix(wall, p.ink, 0.7), mottle=0.4
    )
    c.fill(rect(-0.1, y1 + 0.058, c.aspect + 0.1, y1 + 0.064), p.ink, opacity=0.5)
    frame = rounded(x0 - 0.022, y0 - 0.022, x1 + 0.022, y1 + 0.022, 0.065)
    c.fill(frame, mix(p.ink, wall, 0.45), mix(p.ink, wall, 0.3), rim=(-0.003, -0.004, light * 0.25))
    c.restore(pane, kept, alpha)
    gasket = np.concatenate([hole, hole[:1]])
    c.fill(stroke(gasket, 0.008), p.ink, rim=(0.0015, 0.0015, light * 0.35))
    middle = (x0 + x1) / 2 + 0.08
    c.fill(rect(middle - 0.011, y0, middle + 0.011, y1), mix(p.ink, wall, 0.35), rim=(0.0025, 0, light * 0.3))
    c.fill(rect(x0, y0 + 0.12, x1, y0 + 0.128), mix(p.ink, wall, 0.35), rim=(0, 0.002, light * 0.3))
    c.fill(
        rect(x0 - 0.03, y1 + 0.014, x1 + 0.03, y1 + 0.034), mix(wall, light, 0.45), mix(wall, p.ink, 0.3), mottle=0.4
    )
    c.shine(
        lambda xs, ys: (
            np.exp(-(((ys - y1 - 0.03) / 0.06) ** 2)) * np.exp(-(((xs - c.aspect / 2) / (0.45 * c.aspect)) ** 4))
        ),
        light * 0.06,
    )


def _rack(c: Canvas, p: Palette, rng: np.random.Generator, wall: Colour, light: Colour) -> None:
    steel = mix(mix(p.paper, p.middle, 0.5), wall, 0.35)
    tones = ["#7a4a2c", "#2f4a5c", "#8e3b34", "#6a6a4a"]
    for x, w, h in ((0.22, 0.17, 0.06), (0.73, 0.14, 0.052)):
        px = x * c.aspect
        tone = mix(hexed(str(rng.choice(tones))), p.near, 0.45)
        c.fill(
            rounded(px - w / 2, 0.072 - h, px + w / 2, 0.072, 0.01), shift(tone, 0.04), shift(tone, -0.06), mottle=0.35
        )
        c.fill(
            [rect(px + a * w - 0.004, 0.072 - h, px + a * w + 0.004, 0.072) for a in (-0.28, 0.28)],
            mix(tone, p.ink, 0.5),
        )
    c.fill(rect(-0.1, 0.07, c.aspect + 0.1, 0.077), steel, mix(steel, p.ink, 0.4), rim=(0, -0.002, light * 0.3))
    c.fill(rect(-0.1, 0.05, c.aspect + 0.1, 0.0535), steel, opacity=0.9)
    for x in np.arange(0.06, c.aspect, 0.16):
        c.fill(rect(x - 0.002, 0.03, x + 0.002, 0.075), steel)
    c.fill(rect(-0.1, 0.077, c.aspect + 0.1, 0.1), p.ink, opacity=0.4, soft=0.01)


def _seat(x: float, d: float) -> tuple[Outline, Outline]:
    """Back and cushion of a seat at x that faces towards d."""
    back = smooth(
        [
            (x - d * 0.05, 0.36),
            (x + d * 0.02, 0.335),
            (x + d * 0.075, 0.37),
            (x + d * 0.105, 0.55),
            (x + d * 0.135, 0.76),
            (x + d * 0.14, 0.86),
            (x - d * 0.1, 0.88),
            (x - d * 0.09, 0.6),
        ]
    )
    cushion = smooth(
        [
            (x + d * 0.02, 0.79),
            (x + d * 0.2, 0.775),
            (x + d * 0.33, 0.79),
            (x + d * 0.345, 0.84),
            (x + d * 0.32, 0.895),
            (x + d * 0.0, 0.9),
        ]
    )
    return back, cushion


def _seats(c: Canvas, p: Palette, rng: np.random.Generator, side: float, light: Colour) -> None:
    cloth = mix(mix(p.accent, p.near, 0.55), p.ink, 0.2)
    for d, x in ((1.0, 0.05 * c.aspect), (-1.0, 0.95 * c.aspect)):
        back, cushion = _seat(x, d)
        for part in (cushion, back):
            c.fill(moved(part, d * 0.012, 0.02), p.ink, opacity=0.45, soft=0.014)
        c.fill(rect(min(x, x + d * 0.3), 0.88, max(x, x + d * 0.3), 1.05), p.ink, opacity=0.85)
        for part in (cushion, back):
            c.fill(
                part,
                mix(cloth, light, 0.2),
                mix(cloth, p.ink, 0.35),
                mottle=0.35,
                rim=(-d * 0.005, 0.004, mix(light, p.lamp, 0.3) * 0.28),
            )
        seam = smooth([(x + d * 0.04, 0.4), (x + d * 0.062, 0.58), (x + d * 0.092, 0.8)], closed=False)
        c.fill(stroke(seam, 0.003), p.ink, opacity=0.5)
        rest = smooth(
            [
                (x - d * 0.04, 0.352),
                (x + d * 0.02, 0.33),
                (x + d * 0.07, 0.36),
                (x + d * 0.082, 0.43),
                (x - d * 0.03, 0.44),
            ]
        )
        c.fill(rest, mix(p.paper, cloth, 0.25), mix(p.paper, cloth, 0.5), mottle=0.25)
        arm = smooth([(x + d * 0.07, 0.67), (x + d * 0.23, 0.66), (x + d * 0.25, 0.685), (x + d * 0.09, 0.705)])
        c.fill(arm, mix(hexed("#7a5030"), p.near, 0.4), rim=(0, 0.003, light * 0.3))
    if rng.random() < 0.6:
        d, x = (1.0, 0.05 * c.aspect) if side > 0 else (-1.0, 0.95 * c.aspect)
        props.cat(c, x + d * 0.22, 0.8, 0.17, mix(p.ink, hexed("#5a4030"), 0.45), light, int(d))


def _table(c: Canvas, p: Palette, rng: np.random.Generator, x: float, light: Colour, words: frozenset[str]) -> None:
    y = 0.715
    wood = mix(mix(hexed("#8a5c38"), p.near, 0.35), p.ink, 0.1)
    half = 0.17
    c.fill(rect(x - 0.018, y, x + 0.018, 1.05), mix(p.ink, wood, 0.3), rim=(0.002, 0, light * 0.2))
    c.fill(
        poly((x - half * 0.86, y - 0.03), (x + half * 0.86, y - 0.03), (x + half, y + 0.01), (x - half, y + 0.01)),
        mix(wood, light, 0.5),
        mix(wood, light, 0.15),
        mottle=0.4,
    )
    c.fill(
        rounded(x - half, y + 0.009, x + half, y + 0.027, 0.008),
        shift(wood, -0.05),
        mix(wood, p.ink, 0.6),
        rim=(0, 0.002, light * 0.25),
    )
    props.mug(c, rng, x + 0.075, y - 0.004, 0.068, mix(p.paper, p.accent, 0.3), p, p.paper)
    props.stack(c, rng, x - 0.07, y - 0.004, 0.12, int(rng.integers(1, 4)), p, p.lamp)
    del words


def _beams(c: Canvas, p: Palette, rng: np.random.Generator, side: float) -> None:
    light = mix(p.low, p.lamp, 0.45)
    for offset in (-0.22, 0.14):
        x = c.aspect * 0.5 + offset * c.aspect
        beam = poly((x - 0.1, 0.16), (x + 0.1, 0.16), (x + 0.1 - side * 0.34, 1.0), (x - 0.2 - side * 0.34, 1.0))
        stamp = c.stamp(beam, 0.03)
        if stamp is not None:
            box, alpha = stamp
            alpha *= np.linspace(0.6, 1, len(alpha), dtype=np.float32)[:, None]
            c.add(box, alpha, light * np.float32(0.075))
    c.wash(lambda xs, ys: 0.5 * np.clip((ys - 0.72) / 0.28, 0, 1) ** 1.5 + 0 * xs, p.ink)
    specks = [
        ellipse(rng.uniform(0.1, 0.9) * c.aspect, rng.uniform(0.2, 0.9), r, r, steps=8)
        for r in rng.uniform(0.0007, 0.0016, 60)
    ]
    c.fill(specks, light * 1.3, opacity=0.45, mottle=0)


def _straps(c: Canvas, p: Palette, rng: np.random.Generator, wall: Colour, light: Colour) -> None:
    c.fill(rect(-0.1, 0.0, c.aspect + 0.1, 0.012), mix(p.paper, p.ink, 0.5), rim=(0, -0.002, light * 0.4))
    sway = rng.uniform(-0.012, 0.012)
    for x in np.arange(0.1, c.aspect, 0.2):
        c.fill(stroke([(x, 0.0), (x + sway, 0.15)], 0.011, 0.01), mix(p.ink, wall, 0.3), rim=(0.0015, 0, light * 0.2))
        ring = ellipse(x + sway * 1.3, 0.186, 0.03, 0.033, steps=40)
        c.fill(
            stroke(np.concatenate([ring, ring[:1]]), 0.009),
            mix(p.paper, wall, 0.3),
            mix(p.paper, wall, 0.6),
            rim=(0.002, 0.002, light * 0.4),
        )
