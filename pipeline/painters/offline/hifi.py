"""What plays the music, seen from above: a record, a turntable, a cassette and its player."""

from __future__ import annotations

import numpy as np

from pipeline.painters.colour import Colour, hexed, mix, shift
from pipeline.painters.offline.canvas import Canvas
from pipeline.painters.offline.shapes import Outline, ellipse, moved, poly, rect, rounded, smooth, stroke, turned
from pipeline.painters.palettes import Palette


def drop(c: Canvas, p: Palette, outline: Outline, lift: float) -> None:
    """The shadow of something that lies `lift` above the desk, light from the upper left."""
    c.fill(moved(outline, lift * 0.8, lift), p.ink, opacity=0.5, soft=lift * 0.55, mottle=0)
    c.fill(moved(outline, lift * 0.15, lift * 0.2), p.ink, opacity=0.5, soft=lift * 0.12, mottle=0)


def record(c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float, r: float, label: Colour) -> None:
    """A long-playing record: grooves, tracks and the two fans of light that every record shows."""
    vinyl = mix(p.ink, hexed("#101014"), 0.5)
    c.fill(ellipse(x, y, r, r, steps=160), shift(vinyl, 0.03), vinyl, mottle=0.15)
    for share in np.linspace(0.42, 0.97, 30):
        ring = ellipse(x, y, r * share, r * share, steps=140)
        gap = share in (np.linspace(0.42, 0.97, 30)[[7, 14, 22]])
        c.fill(
            stroke(np.concatenate([ring, ring[:1]]), 0.0022 if gap else 0.0008),
            shift(vinyl, -0.05 if gap else 0.07),
            opacity=0.9 if gap else 0.5,
            mottle=0.4,
        )
    stamp = c.stamp(ellipse(x, y, r * 0.985, r * 0.985, steps=160))
    if stamp is not None:
        (rows, columns), alpha = stamp
        gy = (np.arange(rows.start, rows.stop) + 0.5)[:, None] / c.height - y
        gx = (np.arange(columns.start, columns.stop) + 0.5)[None, :] / c.height - x
        angle = np.arctan2(gy, gx)
        fan = np.exp(-((np.sin(angle + 0.75) / 0.2) ** 2)) + 0.35 * np.exp(-((np.sin(angle - 0.55) / 0.12) ** 2))
        fan = fan * np.clip(np.hypot(gx, gy) / r, 0, 1)
        c.add(stamp[0], (alpha * fan).astype(np.float32), mix(p.low, p.paper, 0.3) * np.float32(0.17))
    c.fill(ellipse(x, y, r * 0.36, r * 0.36, steps=90), shift(label, 0.04), shift(label, -0.06))
    ring = ellipse(x, y, r * 0.32, r * 0.32, steps=90)
    c.fill(stroke(np.concatenate([ring, ring[:1]]), 0.0015), mix(label, p.paper, 0.6))
    c.fill(
        [
            rect(
                x - r * 0.17, y - r * (0.2 - 0.05 * i), x + r * (0.17 - 0.05 * i), y - r * (0.2 - 0.05 * i) + r * 0.018
            )
            for i in range(2)
        ],
        mix(label, p.ink, 0.6),
    )
    c.fill(
        [
            rect(
                x - r * 0.2,
                y + r * (0.13 + 0.045 * i),
                x + r * float(rng.uniform(0.06, 0.2)),
                y + r * (0.13 + 0.045 * i) + r * 0.012,
            )
            for i in range(3)
        ],
        mix(label, p.ink, 0.5),
    )
    c.fill(ellipse(x, y, r * 0.03, r * 0.03), mix(p.paper, p.ink, 0.3))


def turntable(c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float) -> None:
    """A turntable with a record on it, around (x, y)."""
    r = 0.265
    w, h = 0.4, 0.325
    case = rounded(x - 0.305, y - h, x - 0.305 + 2 * w - 0.03, y + h, 0.022)
    body = mix(hexed(str(rng.choice(["#d9c9ae", "#7c4a2e", "#3c4a52"]))), p.middle, 0.25)
    drop(c, p, case, 0.035)
    c.fill(case, shift(body, 0.05), shift(body, -0.05), mottle=0.3, rim=(0.003, 0.003, p.paper * 0.25))
    platter = ellipse(x, y, r + 0.018, r + 0.018, steps=160)
    c.fill(moved(platter, 0.006, 0.009), p.ink, opacity=0.55, soft=0.01)
    c.fill(platter, mix(p.paper, p.ink, 0.55), mix(p.paper, p.ink, 0.8))
    record(c, p, rng, x, y, r, p.accent if rng.random() < 0.6 else p.lamp)
    px, py = x + 0.385, y - 0.22
    steel = mix(p.paper, p.middle, 0.35)
    arm = smooth([(px, py), (px - 0.008, py + 0.2), (px - 0.04, py + 0.33), (px - 0.13, py + 0.395)], closed=False)
    c.fill(stroke(moved(arm, 0.012, 0.016), 0.012), p.ink, opacity=0.5, soft=0.006)
    c.fill(ellipse(px, py, 0.05, 0.05), mix(p.ink, body, 0.35), rim=(0.002, 0.002, p.paper * 0.3))
    c.fill(ellipse(px, py, 0.032, 0.032), steel, mix(steel, p.ink, 0.5))
    c.fill(stroke([(px, py), (px + 0.004, py - 0.065)], 0.026), mix(p.ink, steel, 0.25), rim=(0.002, 0, p.paper * 0.3))
    c.fill(stroke(arm, 0.0105, 0.0085), steel, mix(steel, p.ink, 0.25), rim=(0.0015, 0, p.paper * 0.4))
    head = turned(rounded(px - 0.175, py + 0.383, px - 0.12, py + 0.412, 0.005), px - 0.14, py + 0.398, -0.5)
    c.fill(head, p.ink, rim=(0.001, 0.001, p.paper * 0.3))
    for knob in (0.19, 0.25):
        c.fill(moved(ellipse(px - 0.005, y + knob, 0.021, 0.021), 0.004, 0.006), p.ink, opacity=0.5, soft=0.004)
        c.fill(
            ellipse(px - 0.005, y + knob, 0.021, 0.021),
            steel,
            mix(steel, p.ink, 0.6),
            rim=(0.001, 0.001, p.paper * 0.3),
        )
        c.fill(rect(px - 0.0062, y + knob - 0.019, px - 0.0038, y + knob - 0.006), p.ink)
    c.fill(ellipse(px - 0.29 - 0.36, y + h - 0.03, 0.0045, 0.0045), p.accent * 3.4, mottle=0)


def _reel(c: Canvas, p: Palette, x: float, y: float, r: float, wound: float, tone: Colour) -> None:
    c.fill(ellipse(x, y, r * (1 + wound), r * (1 + wound), steps=60), mix(hexed("#2a1810"), p.ink, 0.4), mottle=0.2)
    c.fill(ellipse(x, y, r, r, steps=50), tone, shift(tone, -0.1))
    c.fill(ellipse(x, y, r * 0.62, r * 0.62, steps=40), p.ink)
    c.fill(
        [
            turned(rect(x - r * 0.1, y - r * 0.66, x + r * 0.1, y - r * 0.36), x, y, a)
            for a in np.arange(6) * np.pi / 3 + 0.2
        ],
        tone,
    )


def tape(
    c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float, w: float, turn: float, colour: Colour
) -> None:
    """A cassette that lies on the desk."""
    h = w * 0.63

    def at(outline: Outline) -> Outline:
        return turned(outline, x, y, turn)

    shell = at(rounded(x - w / 2, y - h / 2, x + w / 2, y + h / 2, w * 0.035))
    drop(c, p, shell, 0.016)
    case = mix(p.ink, p.middle, 0.3)
    c.fill(shell, shift(case, 0.06), case, rim=(0.002, 0.002, p.paper * 0.3))
    c.fill(
        at(rounded(x - w * 0.45, y - h * 0.43, x + w * 0.45, y + h * 0.2, w * 0.02)),
        mix(p.paper, p.low, 0.15),
        mix(p.paper, p.low, 0.3),
    )
    for i, tone in enumerate((colour, mix(colour, p.lamp, 0.55), p.lamp)):
        c.fill(
            at(rect(x - w * 0.45, y - h * (0.02 - 0.075 * i), x + w * 0.45, y - h * (0.02 - 0.075 * i) + h * 0.072)),
            mix(tone, p.near, 0.12),
        )
    for i in range(2):
        c.fill(
            at(
                rect(
                    x - w * 0.4,
                    y - h * (0.33 - 0.13 * i),
                    x + w * (0.4 - 0.25 * i * float(rng.random())),
                    y - h * (0.33 - 0.13 * i) + 0.0022,
                )
            ),
            p.ink,
            opacity=0.5,
        )
    c.fill(at(rounded(x - w * 0.3, y - h * 0.12, x + w * 0.3, y + h * 0.12, h * 0.12)), mix(p.ink, p.near, 0.3))
    for d in (-1, 1):
        cx, cy = turned(np.array([(x + d * w * 0.2, y)]), x, y, turn)[0]
        _reel(c, p, cx, cy, h * 0.095, 0.25 if d > 0 else 0.7, mix(p.paper, p.low, 0.2))
    c.fill(
        at(
            poly(
                (x - w * 0.3, y + h * 0.5),
                (x - w * 0.26, y + h * 0.3),
                (x + w * 0.26, y + h * 0.3),
                (x + w * 0.3, y + h * 0.5),
            )
        ),
        shift(case, -0.02),
        rim=(0.001, 0.001, p.paper * 0.2),
    )
    c.fill(
        [at(ellipse(x + d * w * 0.46, y + e * h * 0.44, w * 0.012, w * 0.012)) for d in (-1, 1) for e in (-1, 1)],
        mix(p.paper, p.ink, 0.45),
    )


def deck(c: Canvas, p: Palette, rng: np.random.Generator, x: float, y: float) -> None:
    """A portable cassette recorder from above: speaker, window, keys."""
    w, h = 0.62, 0.5
    body = mix(hexed(str(rng.choice(["#c9b48f", "#b5533f", "#4a6a72", "#8a8f96"]))), p.middle, 0.25)
    case = rounded(x - w / 2, y - h / 2, x + w / 2, y + h / 2, 0.035)
    drop(c, p, case, 0.045)
    c.fill(case, shift(body, 0.06), shift(body, -0.07), mottle=0.25, rim=(0.004, 0.004, p.paper * 0.25))
    inner = rounded(x - w / 2 + 0.018, y - h / 2 + 0.018, x + w / 2 - 0.018, y + h / 2 - 0.018, 0.022)
    c.fill(stroke(np.concatenate([inner, inner[:1]]), 0.002), p.ink, opacity=0.4)
    gx, gy, gr = x - 0.165, y - 0.085, 0.115
    c.fill(ellipse(gx, gy, gr, gr), mix(p.ink, body, 0.2), rim=(0.002, 0.003, p.ink * 0.1))
    holes = [
        ellipse(gx + r * np.cos(a), gy + r * np.sin(a), 0.0042, 0.0042, steps=10)
        for r in np.arange(0.0, 0.108, 0.0135)
        for a in np.linspace(0, 2 * np.pi, max(1, int(2 * np.pi * r / 0.0135)), endpoint=False)
    ]
    c.fill(holes, mix(body, p.ink, 0.35), mottle=0.2)
    c.fill(
        rounded(x - 0.025, y - 0.2, x + 0.275, y + 0.03, 0.014),
        mix(p.ink, body, 0.25),
        rim=(0.002, 0.003, p.paper * 0.2),
    )
    tape(c, p, rng, x + 0.125, y - 0.085, 0.265, 0.0, p.accent)
    c.fill(
        poly((x - 0.015, y + 0.02), (x + 0.1, y - 0.19), (x + 0.155, y - 0.19), (x + 0.04, y + 0.02)),
        p.paper,
        opacity=0.1,
        mottle=0,
    )
    for i in range(6):
        kx = x - w / 2 + 0.05 + i * 0.0885
        key = rounded(kx, y + 0.15, kx + 0.078, y + 0.215, 0.008)
        tone = mix(p.accent, p.near, 0.1) if i == 0 else mix(p.paper, p.ink, 0.68)
        c.fill(moved(key, 0.003, 0.006), p.ink, opacity=0.7, soft=0.002)
        c.fill(key, shift(tone, 0.06), shift(tone, -0.06), rim=(0.0015, 0.002, p.paper * 0.3))
    c.fill(rounded(x - 0.27, y + 0.065, x + 0.05, y + 0.115, 0.006), mix(p.ink, p.lamp, 0.12))
    c.fill(
        rounded(x - 0.265, y + 0.07, x + 0.045, y + 0.11, 0.005),
        mix(p.lamp, p.paper, 0.25) * 1.15,
        p.lamp * 0.9,
        mottle=0.2,
    )
    for i in range(22):
        c.fill(
            rect(x - 0.255 + 0.0135 * i, y + 0.075, x - 0.2535 + 0.0135 * i, y + (0.092 if i % 5 == 0 else 0.085)),
            p.ink,
        )
    needle = x - 0.25 + rng.uniform(0.05, 0.24)
    c.fill(rect(needle, y + 0.071, needle + 0.003, y + 0.109), p.accent)
    for i in range(2):
        kx = x + 0.13 + 0.095 * i
        c.fill(moved(ellipse(kx, y + 0.09, 0.034, 0.034), 0.004, 0.007), p.ink, opacity=0.5, soft=0.005)
        c.fill(
            ellipse(kx, y + 0.09, 0.034, 0.034),
            mix(p.paper, p.ink, 0.35),
            mix(p.paper, p.ink, 0.7),
            rim=(0.002, 0.002, p.paper * 0.3),
        )
        c.fill(
            turned(rect(kx - 0.0018, y + 0.06, kx + 0.0018, y + 0.078), kx, y + 0.09, float(rng.uniform(-1.5, 1.5))),
            p.ink,
        )
