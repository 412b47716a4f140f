"""A library at night: shelves that run towards a tall arched window, a table, a green-shaded lamp."""

from __future__ import annotations

from math import exp

import numpy as np

from pipeline.painters.colour import Colour, hexed, mix, shift, shifted
from pipeline.painters.offline import panes, props, skies
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import Outline, ellipse, moved, poly, rect, rounded, smooth, stroke
from pipeline.painters.palettes import Palette


def paint(c: Canvas, p: Palette, rng: np.random.Generator, words: frozenset[str]) -> None:
    """Paint it."""
    vx = c.aspect * rng.uniform(0.47, 0.53)
    floor = 0.7
    half = 0.165
    top = 0.13
    panes.town(c, p, rng, floor - 0.06)
    outside = mix(p.low, p.paper, 0.3)
    if not p.day or words & {"rain", "rainy"}:
        skies.rain(c, rng, outside, 300, 0.08)
    panes.wet_glass(c, rng, outside, (vx - half, top, vx + half, floor - 0.08), 700)
    wall = mix(mix(p.near, hexed("#3a2a20"), 0.45), p.ink, 0.4)
    _end_wall(c, p, vx, half, top, floor, wall, outside)
    _floor(c, p, rng, vx, half, floor, wall, outside)
    _ceiling(c, p, vx, half, wall)
    for side in (-1, 1):
        _shelves(c, p, rng, vx, half, floor, side, wall)
    _moonbeams(c, vx, half, top, outside)
    _ladder(c, p, vx, floor, int(rng.choice([-1, 1])))
    _table(c, p, rng, vx)
    _pendants(c, p, vx)
    dust = [
        ellipse(vx + rng.normal(0, 0.25), rng.uniform(0.2, 0.9), r, r, steps=8) for r in rng.uniform(0.0007, 0.0018, 90)
    ]
    c.fill(dust, p.lamp * 1.1, opacity=0.4, mottle=0)


def _arch(x: float, half: float, top: float, base: float) -> Outline:
    bow = ellipse(x, top + half, half, half, steps=72)[36:]
    return np.concatenate([[(x - half, base)], bow, [(x + half, top + half), (x + half, base)]])


def _end_wall(
    c: Canvas, p: Palette, x: float, half: float, top: float, floor: float, wall: Colour, light: Colour
) -> None:
    sill = floor - 0.08
    hole = _arch(x, half, top, sill)
    wide = half + 0.075
    outer = rect(x - wide, 0.0, x + wide, floor)
    stamp = c.stamp(outer)
    glass = c.stamp(hole)
    if stamp is None or glass is None:
        return
    kept = c.kept(glass[0])
    c.fill(outer, mix(wall, p.lamp, 0.06), mix(wall, p.lamp, 0.16), mottle=0.35)
    c.restore(glass[0], kept, glass[1])
    wood = mix(wall, p.ink, 0.55)
    edge = np.concatenate([hole, hole[:1]])
    c.fill(stroke(edge, 0.02), wood, mottle=0.3, rim=(0.002, 0.003, light * 0.25))
    c.fill(
        [rect(x - half, y - 0.005, x + half, y + 0.005) for y in (top + half, (top + half + sill) / 2)],
        wood,
        rim=(0, 0.002, light * 0.2),
    )
    c.fill(
        [rect(x + a * half - 0.005, top if a == 0 else top + half, x + a * half + 0.005, sill) for a in (-0.5, 0, 0.5)],
        wood,
        rim=(0.002, 0, light * 0.2),
    )
    rays = [
        stroke([(x, top + half), (x + half * np.cos(a), top + half - half * np.sin(a))], 0.008) for a in (0.8, 2.34)
    ]
    c.fill(rays, wood)
    c.fill(
        rect(x - half - 0.025, sill - 0.004, x + half + 0.025, sill + 0.02), mix(wood, light, 0.35), wood, mottle=0.4
    )


def _floor(
    c: Canvas, p: Palette, rng: np.random.Generator, x: float, half: float, floor: float, wall: Colour, light: Colour
) -> None:
    wood = mix(hexed("#5a3a24"), wall, 0.5)
    c.fill(rect(-0.2, floor, c.aspect + 0.2, 1.1), mix(wood, p.lamp, 0.1), mix(wood, p.ink, 0.55), mottle=0.3)
    for step in np.linspace(-7, 7, 29):
        near = x + step * 0.21
        far = x + step * 0.034
        tone = p.ink if rng.random() < 0.7 else p.lamp
        c.fill(stroke([(far, floor), (near, 1.05)], 0.0015, 0.005), tone, opacity=0.25, mottle=0.6)
    # The window lies on the boards, longer the nearer it comes.
    for a0, a1 in ((-0.92, -0.08), (0.08, 0.92)):
        c.fill(
            poly(
                (x + a0 * half, floor + 0.015),
                (x + a1 * half, floor + 0.015),
                (x + a1 * half * 1.8, 1.0),
                (x + a0 * half * 1.8, 1.0),
            ),
            light,
            mix(light, wood, 0.9),
            opacity=0.36,
            soft=0.008,
            mottle=0.8,
        )


def _ceiling(c: Canvas, p: Palette, x: float, half: float, wall: Colour) -> None:
    wide = half + 0.075
    c.fill(poly((-0.5, -0.1), (c.aspect + 0.5, -0.1), (x + wide, 0.05), (x - wide, 0.05)), p.ink, mix(p.ink, wall, 0.6))


def _shelves(
    c: Canvas, p: Palette, rng: np.random.Generator, vx: float, half: float, floor: float, side: int, wall: Colour
) -> None:
    """One wall of books in perspective: bays that grow towards us, each painted as a column of spines."""
    horizon = 0.46
    start = half + 0.075
    end = c.aspect * 0.5 + 0.12 + abs(vx - c.aspect / 2)
    bays = 5
    # Equal bays in depth: the distance from the vanishing point goes as 1 / depth.
    depth = np.linspace(1 / start, 1 / end, bays + 1)
    edges = 1 / depth
    wood = mix(hexed("#4a2f1e"), wall, 0.4)
    cloth = [mix(hexed(tone), wood, 0.35) for tone in props.SPINES]

    def at(distance: float, level: float) -> float:
        scale = distance / start
        return horizon + (level - horizon) * scale

    for bay in range(bays):
        near, far = edges[bay + 1], edges[bay]
        back = poly(
            (vx + side * far, at(far, 0.02)),
            (vx + side * near, at(near, 0.02)),
            (vx + side * near, at(near, floor)),
            (vx + side * far, at(far, floor)),
        )
        c.fill(back, mix(p.ink, wood, 0.35), mottle=0.3)
        rows = 7
        spines: list[tuple[Outline, Colour]] = []
        bands: list[Outline] = []
        boards: list[Outline] = []
        for row in range(rows):
            level0, level1 = 0.02 + (floor - 0.02) * row / rows, 0.02 + (floor - 0.02) * (row + 1) / rows
            count = int(rng.integers(11, 16))
            widths = rng.uniform(0.5, 1.4, count)
            cuts = np.concatenate([[0], np.cumsum(widths)]) / widths.sum()
            for i in range(count):
                if rng.random() < 0.07:
                    continue
                d0, d1 = (1 / (1 / far + (1 / near - 1 / far) * (0.05 + 0.9 * cut)) for cut in (cuts[i], cuts[i + 1]))
                tall = rng.uniform(0.66, 0.9)
                head = level1 - (level1 - level0) * tall
                foot = level1 - 0.006
                colour = cloth[int(rng.integers(len(cloth)))]
                warm = exp(-(((level1 - 0.62) / 0.3) ** 2) - ((d1 - 0.42) / 0.3) ** 2)
                cool = exp(-((d1 - start) / 0.14))
                colour = colour * (0.25 + 0.75 * warm) + p.lamp * colour * 1.5 * warm + p.low * 0.07 * cool
                gap = 0.94
                d1 = d0 + (d1 - d0) * gap
                spine = poly(
                    (vx + side * d0, at(d0, head)),
                    (vx + side * d1, at(d1, head)),
                    (vx + side * d1, at(d1, foot)),
                    (vx + side * d0, at(d0, foot)),
                )
                spines.append((spine, colour))
                if rng.random() < 0.55:
                    b0 = head + (foot - head) * 0.18
                    bands.append(
                        poly(
                            (vx + side * d0, at(d0, b0)),
                            (vx + side * d1, at(d1, b0)),
                            (vx + side * d1, at(d1, b0 + 0.005)),
                            (vx + side * d0, at(d0, b0 + 0.005)),
                        )
                    )
            boards.append(
                poly(
                    (vx + side * far, at(far, level1 - 0.005)),
                    (vx + side * near, at(near, level1 - 0.005)),
                    (vx + side * near, at(near, level1 + 0.006)),
                    (vx + side * far, at(far, level1 + 0.006)),
                )
            )
        tones = np.array([colour for _, colour in spines], np.float32)
        c.tiles(
            [spine for spine, _ in spines],
            shifted(tones, 0.03),
            shifted(tones, -0.05),
            mottle=0.4,
        )
        c.fill(boards, shift(wood, 0.03), mottle=0.4, rim=(0, 0.002, p.lamp * 0.06))
        c.fill(bands, mix(wood, p.lamp, 0.55), opacity=0.6)
        post = poly(
            (vx + side * near * 0.975, at(near * 0.975, 0.0)),
            (vx + side * near, at(near, 0.0)),
            (vx + side * near, at(near, floor)),
            (vx + side * near * 0.975, at(near * 0.975, floor)),
        )
        c.fill(
            post,
            shift(wood, 0.02),
            mix(wood, p.ink, 0.4),
            mottle=0.4,
            rim=(side * 0.002, 0, mix(p.low, p.lamp, 0.4) * 0.16),
        )


def _moonbeams(c: Canvas, x: float, half: float, top: float, light: Colour) -> None:
    for shift_x in (-0.55, 0.0, 0.5):
        a = x + shift_x * half
        beam = poly(
            (a - 0.04, top + 0.08),
            (a + 0.05, top + 0.05),
            (a + 0.02 + shift_x * 0.5, 0.95),
            (a - 0.18 + shift_x * 0.5, 0.95),
        )
        stamp = c.stamp(beam, 0.03)
        if stamp is not None:
            box, alpha = stamp
            alpha *= np.linspace(1, 0.1, len(alpha), dtype=np.float32)[:, None]
            c.add(box, alpha, light * np.float32(0.05))
    c.glow(x, 0.36, 0.2, light * 0.13)


def _ladder(c: Canvas, p: Palette, vx: float, floor: float, side: int) -> None:
    wood = mix(hexed("#7a5030"), p.near, 0.3)
    light = p.lamp * 0.22
    foot, head = vx + side * 0.3, vx + side * 0.375
    rails = [stroke([(foot + d * 1.1, floor + 0.1), (head + d * 0.8, 0.1)], 0.0105, 0.008) for d in (0, side * 0.066)]
    rungs = []
    for t in np.linspace(0.06, 0.94, 11):
        x = foot + (head - foot) * t
        y = floor + 0.1 + (0.1 - floor - 0.1) * t
        rungs.append(stroke([(x, y), (x + side * 0.066 * (1.1 - 0.3 * t), y + 0.006)], 0.007))
    c.fill([moved(r, 0.006, 0.004) for r in rails + rungs], p.ink, opacity=0.45, soft=0.003)
    c.fill(rungs, mix(wood, p.ink, 0.25), rim=(0, 0.002, light))
    for rail in rails:
        c.fill(rail, wood, mix(wood, p.ink, 0.4), rim=(side * 0.002, 0, light))


def _table(c: Canvas, p: Palette, rng: np.random.Generator, vx: float) -> None:
    y = 0.83
    wood = mix(mix(hexed("#6b3f22"), p.near, 0.25), p.ink, 0.2)
    c.fill(ellipse(vx, 0.985, 0.42, 0.03), p.ink, opacity=0.7, soft=0.02)
    legs = [rect(vx + a - 0.014, y + 0.03, vx + a + 0.014, 1.02) for a in (-0.33, 0.33)]
    c.fill(legs, mix(wood, p.ink, 0.4), p.ink, rim=(0.002, 0, p.lamp * 0.15))
    c.fill(
        poly((vx - 0.36, y), (vx + 0.36, y), (vx + 0.42, y + 0.05), (vx - 0.42, y + 0.05)),
        mix(wood, p.lamp, 0.12),
        wood,
        mottle=0.5,
    )
    c.fill(
        rect(vx - 0.42, y + 0.05, vx + 0.42, y + 0.075),
        mix(wood, p.ink, 0.35),
        mix(wood, p.ink, 0.6),
        rim=(0, 0.002, p.lamp * 0.3),
    )
    lamp = vx + 0.14 * rng.choice([-1.0, 1.0])
    away = -1.0 if lamp > vx else 1.0
    c.fill(ellipse(lamp, y + 0.028, 0.27, 0.024), p.lamp * 1.2, opacity=0.55, soft=0.014)
    # An open book under the lamp.
    bx, by = lamp + away * 0.1, y + 0.033
    for d in (-1, 1):
        page = smooth(
            [
                (bx, by),
                (bx + d * 0.03, by - 0.012),
                (bx + d * 0.075, by - 0.006),
                (bx + d * 0.085, by + 0.012),
                (bx + d * 0.035, by + 0.006),
                (bx, by + 0.014),
            ],
            steps=6,
        )
        c.fill(moved(page, 0, 0.006), p.ink, opacity=0.6, soft=0.003)
        c.fill(page, mix(p.paper, p.lamp, 0.35) * (1.05 if d * away < 0 else 0.75), mottle=0.25)
    props.stack(c, rng, lamp + away * 0.36, y + 0.02, 0.13, int(rng.integers(3, 6)), p, p.lamp)
    props.mug(c, rng, lamp + away * 0.235, y + 0.035, 0.052, mix(p.paper, p.accent, 0.35), p, p.paper)
    _banker(c, p, lamp, y + 0.03)
    if rng.random() < 0.75:
        props.cat(c, lamp - away * 0.17, y + 0.024, 0.17, mix(p.ink, hexed("#20160f"), 0.5), p.lamp * 0.8, int(away))


def _banker(c: Canvas, p: Palette, x: float, base: float) -> None:
    """A banker's lamp: brass foot, green glass."""
    brass = mix(hexed("#b98a3c"), p.near, 0.25)
    glass = mix(hexed("#1f7a54"), p.accent, 0.12)
    c.subjects.append((x - 0.085, base - 0.176, x + 0.085, base))
    c.glow(x, base - 0.12, 0.16, p.lamp * 0.5)
    c.shine(lambda xs, ys: np.exp(-(np.hypot(xs - x, (ys - base + 0.05) * 1.2) / 0.24)), p.lamp * 0.2)
    c.fill(rounded(x - 0.04, base - 0.012, x + 0.04, base + 0.004, 0.006), brass, mix(brass, p.ink, 0.5))
    c.fill(
        stroke(smooth([(x, base - 0.01), (x + 0.012, base - 0.07), (x, base - 0.15)], closed=False), 0.008),
        brass,
        rim=(0.001, 0, p.lamp * 0.6),
    )
    top = smooth(
        [
            (x - 0.085, base - 0.112),
            (x - 0.08, base - 0.145),
            (x - 0.055, base - 0.17),
            (x, base - 0.176),
            (x + 0.055, base - 0.17),
            (x + 0.08, base - 0.145),
            (x + 0.085, base - 0.112),
        ],
        closed=False,
    )
    c.fill(top, mix(glass, p.lamp, 0.15), glass * 1.6 + p.lamp * 0.15, mottle=0.2, rim=(0.002, 0.003, p.paper * 0.35))
    c.fill(rect(x - 0.085, base - 0.114, x + 0.085, base - 0.107), p.lamp * 4, mottle=0)


def _pendants(c: Canvas, p: Palette, vx: float) -> None:
    for side in (-1, 1):
        for distance, y, r in ((0.26, 0.2, 0.014), (0.36, 0.13, 0.021)):
            x = vx + side * distance
            c.fill(rect(x - 0.0012, -0.02, x + 0.0012, y), p.ink)
            c.glow(x, y, 0.06 + r, p.lamp * 0.35)
            c.fill(ellipse(x, y, r, r), p.lamp * 2.6, p.lamp * 1.7, mottle=0.05)
            c.fill(rect(x - r * 0.5, y - r * 1.25, x + r * 0.5, y - r * 0.8), mix(p.ink, p.lamp, 0.3))
