"""Plants in pots, and pines."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, mix, shift
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import Outline, ellipse, leaf, poly, rounded


def pot(
    c: Canvas,
    rng: np.random.Generator,
    x: float,
    base: float,
    size: float,
    clay: Colour,
    green: Colour,
    rim: Colour,
    kind: int = 0,
) -> None:
    """A plant in a pot: 0 broad leaves, 1 upright blades, 2 a trailing vine."""
    top = base - size * 0.36
    c.fill(ellipse(x, base, size * 0.3, size * 0.05), clay * 0.15, opacity=0.5, soft=size * 0.03, mottle=0)
    foliage: list[tuple[Outline, Colour]] = []
    for _ in range(22 if kind != 1 else 15):
        tone = shift(green, float(rng.uniform(-0.09, 0.1)))
        if kind == 0:
            angle = -np.pi / 2 + rng.normal(0, 0.75)
            length = size * rng.uniform(0.34, 0.72)
            foliage.append(
                (
                    leaf(
                        x + rng.uniform(-0.1, 0.1) * size,
                        top,
                        length,
                        length * 0.36,
                        angle,
                        float(np.sign(np.cos(angle)) * rng.uniform(0.2, 1.1)),
                    ),
                    tone,
                )
            )
        elif kind == 1:
            angle = -np.pi / 2 + rng.normal(0, 0.2)
            foliage.append(
                (
                    leaf(
                        x + rng.uniform(-0.12, 0.12) * size,
                        top,
                        size * rng.uniform(0.5, 0.95),
                        size * 0.085,
                        angle,
                        float(rng.normal(0, 0.25)),
                    ),
                    tone,
                )
            )
        else:
            side = rng.uniform(-0.34, 0.34)
            drop = rng.uniform(-0.2, 0.85)
            foliage.append(
                (
                    leaf(
                        x + side * size,
                        top + drop * size * (0.4 + abs(side)),
                        size * 0.17,
                        size * 0.11,
                        float(rng.uniform(0, 6.28)),
                    ),
                    tone,
                )
            )
    order = rng.permutation(len(foliage))
    for index in order[: len(order) // 2]:
        c.fill(foliage[index][0], shift(foliage[index][1], -0.08), mottle=0.3)
    c.fill(
        poly((x - size * 0.23, top), (x + size * 0.23, top), (x + size * 0.17, base), (x - size * 0.17, base)),
        shift(clay, 0.07),
        shift(clay, -0.15),
        sideways=True,
        rim=(size * 0.01, 0, rim * 0.25),
    )
    c.fill(
        rounded(x - size * 0.25, top - size * 0.03, x + size * 0.25, top + size * 0.05, size * 0.01),
        shift(clay, 0.1),
        shift(clay, -0.1),
        sideways=True,
    )
    for index in order[len(order) // 2 :]:
        c.fill(
            foliage[index][0],
            foliage[index][1],
            shift(foliage[index][1], -0.07),
            mottle=0.3,
            rim=(0.004 * size, 0.008 * size, rim * 0.3),
        )


def pine(
    c: Canvas,
    rng: np.random.Generator,
    x: float,
    base: float,
    height: float,
    colour: Colour,
    *,
    snow: Colour | None = None,
    rim: tuple[float, float, Colour] | None = None,
    to: Colour | None = None,
) -> None:
    """A conifer with ragged, drooping boughs, laden with `snow` when given."""
    tiers = int(np.clip(height * 70, 7, 17))
    sides: dict[int, list[tuple[float, float]]] = {-1: [], 1: []}
    caps: list[Outline] = []
    slim = rng.uniform(0.17, 0.23)
    for tier in range(tiers):
        t = (tier + 0.35) / tiers
        y = base - height * (1 - t) * 0.95
        deep = height / tiers
        for side, points in sides.items():
            reach = height * slim * (0.1 + t) * rng.uniform(0.7, 1.22)
            tip = y + deep * rng.uniform(0.75, 1.25)
            points += [
                (x + side * reach * 0.3, y + deep * 0.1),
                (x + side * reach * 0.62, y + (tip - y) * 0.42),
                (x + side * reach, tip),
                (x + side * reach * 0.72, tip - deep * 0.12),
                (x + side * reach * 0.55, tip + deep * 0.1),
                (x + side * reach * 0.36, tip - deep * 0.2),
            ]
            if snow is not None:
                caps.append(
                    poly(
                        (x + side * reach * 0.12, y),
                        (x + side * reach * 0.62, y + (tip - y) * 0.42),
                        (x + side * reach * 0.97, tip - deep * 0.03),
                        (x + side * reach * 0.6, tip - deep * 0.2),
                        (x + side * reach * 0.3, tip - deep * 0.35),
                    )
                )
    trunk = height * 0.022
    outline = np.array(
        [
            (x, base - height),
            *sides[1],
            (x + trunk, base - deep * 0.3),
            (x + trunk, base),
            (x - trunk, base),
            (x - trunk, base - deep * 0.3),
            *sides[-1][::-1],
        ]
    )
    c.fill(outline, colour, to, mottle=0.3, rim=rim)
    if snow is not None:
        c.fill(caps, snow, mix(snow, colour, 0.35), opacity=0.9, mottle=0.25)
