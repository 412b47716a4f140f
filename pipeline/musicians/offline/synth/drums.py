"""The strokes of two drum kits: a dusty one, as if sampled from an old record, and one played with brushes.

Each is drawn from scratch, dry and mono at RATE, from how hard the stroke is (0 to 1) and a little chance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.musicians.offline.synth.modes import RATE, Mono, ring
from pipeline.musicians.offline.synth.noise import band, coloured, fall, hiss, rise

Drum = Callable[[float, np.random.Generator], Mono]

_METAL = np.array([2127.0, 2903.0, 3364.0, 4171.0, 5253.0, 6487.0, 7211.0, 8349.0, 9470.0, 10891.0])


def _frames(seconds: float) -> int:
    return round(seconds * RATE)


def _pulse(hertz: tuple[float, float], fall_time: float, frames: int) -> Mono:
    """A sine gliding from the first to the second frequency, starting at zero."""
    t = np.arange(frames) / RATE
    phase = hertz[1] * t + (hertz[0] - hertz[1]) * fall_time * (1 - np.exp(-t / fall_time))
    return np.asarray(np.sin(2 * np.pi * (phase - np.floor(phase))), np.float32)


def dusty_kick(strength: float, chance: np.random.Generator) -> Mono:
    """A round, thumping kick: pitch drop, soft knee of saturation, a felt click."""
    n = _frames(0.42)
    body = _pulse((142 + 50 * strength, 55 + chance.random()), 0.03, n)
    body *= (0.72 * fall(n, 0.075, RATE) + 0.28 * fall(n, 0.16, RATE)) * rise(n, 0.0012, RATE)
    body = np.tanh((1.5 + 1.4 * strength) * body)
    m = 900
    body[:m] += (0.08 + 0.26 * strength) * hiss(chance, m, band(300, 2600), RATE) * fall(m, 0.0032, RATE)
    return np.asarray(body, np.float32)


def dusty_snare(strength: float, chance: np.random.Generator) -> Mono:
    """Two shell modes, wires that answer them, and a crack that grows with the stroke."""
    n = _frames(0.34)
    tune = 1 + 0.012 * chance.standard_normal()
    shell = ring(
        np.array([186.0, 331.0, 452.0]) * tune,
        np.array([0.62, 0.36, 0.16]),
        np.array([0.07, 0.045, 0.03]),
        n,
        rate=RATE,
    )
    wires = hiss(chance, n, band(700, 1900 + 2200 * strength, 1.9), RATE)
    wires *= 0.26 * (0.5 + 0.5 * strength) * (0.7 * fall(n, 0.038, RATE) + 0.34 * fall(n, 0.1, RATE))
    crack = hiss(chance, 700, band(1300, 4200), RATE) * fall(700, 0.0028, RATE)
    sound = shell * rise(n, 0.0008, RATE) + wires * rise(n, 0.0015, RATE)
    sound[:700] += (0.07 + 0.22 * strength) * crack
    return np.asarray(np.tanh(1.5 * sound), np.float32)


def rim(strength: float, chance: np.random.Generator) -> Mono:
    """The stick laid across the rim: a knock of wood."""
    n = _frames(0.12)
    tune = 1 + 0.01 * chance.standard_normal()
    wood = np.array([418.0, 1060.0, 1715.0, 2380.0]) * tune
    sound = ring(
        wood, np.array([0.5, 0.45, 0.8, 0.25 * strength]), np.array([0.024, 0.016, 0.012, 0.006]), n, rate=RATE
    )
    sound[:400] += 0.25 * strength * hiss(chance, 400, band(1500, 6000), RATE) * fall(400, 0.0015, RATE)
    return sound


def ghost(strength: float, chance: np.random.Generator) -> Mono:
    """A snare stroke that is felt more than heard."""
    n = _frames(0.2)
    wires = hiss(chance, n, band(450, 2100 + 1500 * strength, 1.6), RATE) * (0.3 * fall(n, 0.03, RATE))
    shell = ring(np.array([191.0, 339.0]), np.array([0.3, 0.16]), np.array([0.05, 0.03]), n, rate=RATE)
    return (shell + wires) * rise(n, 0.002, RATE)


def _hat(seconds: float, decay: float, strength: float, chance: np.random.Generator) -> Mono:
    n = _frames(seconds)
    tune = 1 + 0.004 * chance.standard_normal(len(_METAL))
    level = (0.25 + 0.09 * strength) * np.linspace(1.0, 0.3, len(_METAL)) / 3
    metal = ring(
        _METAL * tune, level, np.full(len(_METAL), decay), n, rate=RATE,
        phases=chance.uniform(0, 6.28, len(_METAL)),
    )  # fmt: skip
    air = hiss(chance, n, band(3800 + 900 * chance.random(), 5400 + 2600 * strength, 2.2), RATE) * fall(
        n, 0.8 * decay, RATE
    )
    tick = fall(n, 0.0022, RATE) * (0.25 + 0.5 * strength)
    return (metal + 0.2 * air * (1 + tick)) * rise(n, 0.0009, RATE)


def hat(strength: float, chance: np.random.Generator) -> Mono:
    """Closed hi-hat, opening a touch when struck harder."""
    return _hat(0.16, 0.014 + 0.022 * strength * (0.8 + 0.4 * chance.random()), strength, chance)


def open_hat(strength: float, chance: np.random.Generator) -> Mono:
    """Half-open hi-hat."""
    return _hat(0.7, 0.15 + 0.05 * strength, strength, chance)


def shaker(strength: float, chance: np.random.Generator) -> Mono:
    """Beads: they fly, then land."""
    n = _frames(0.15)
    t = np.arange(n) / RATE
    swell = np.exp(-(((t - 0.034) / 0.019) ** 2)) + (0.25 + 0.5 * strength) * np.exp(-(((t - 0.062) / 0.008) ** 2))
    return (hiss(chance, n, band(3200, 6600, 2.0), RATE) * swell * 0.3).astype(np.float32)


def tom(strength: float, chance: np.random.Generator) -> Mono:
    """A floor tom with a soft head."""
    n = _frames(0.6)
    body = _pulse((128 + 18 * strength, 92 + chance.random()), 0.05, n) * fall(n, 0.14, RATE) * rise(n, 0.0015, RATE)
    body += ring(np.array([151.0, 214.0]), np.array([0.2, 0.12]), np.array([0.1, 0.06]), n, rate=RATE) * rise(
        n, 0.002, RATE
    )
    body[:900] += 0.18 * strength * hiss(chance, 900, band(300, 2200), RATE) * fall(900, 0.004, RATE)
    return np.asarray(np.tanh(1.2 * body), np.float32)


def _cymbal(seconds: float, decay: float, partials: int, strength: float, chance: np.random.Generator) -> Mono:
    n = _frames(seconds)
    spread = 380.0 * (1 + np.arange(partials)) ** 1.02 * (1 + 0.07 * chance.standard_normal(partials))
    level = 1 / (1 + ((spread - 4200) / 3600) ** 2) * (0.6 + 0.4 * chance.random(partials))
    tails = decay / (1 + (spread / 5200) ** 1.5)
    sound = ring(spread, level * (1.6 / partials), tails, n, rate=RATE, phases=chance.uniform(0, 6.28, partials))
    wash = hiss(chance, n, band(2600, 5200 + 2800 * strength, 1.7), RATE)
    return sound + 0.08 * wash * fall(n, 0.4 * decay, RATE) * rise(n, 0.004, RATE)


def ride(strength: float, chance: np.random.Generator) -> Mono:
    """Ride cymbal: a ping above a dark wash."""
    sound = 0.8 * _cymbal(1.7, 0.55, 26, strength, chance)
    ping = np.array([2960.0, 4420.0, 5830.0])
    sound += ring(
        ping, 0.11 * (0.5 + strength) * np.array([1, 0.8, 0.5]), np.array([0.09, 0.06, 0.05]), len(sound), rate=RATE
    )
    return sound * rise(len(sound), 0.0012, RATE)


def crash(strength: float, chance: np.random.Generator) -> Mono:
    """A thin crash, played gently."""
    sound = _cymbal(2.4, 0.9, 34, strength, chance)
    n = len(sound)
    return (sound + 0.15 * hiss(chance, n, band(1500, 8500), RATE) * fall(n, 0.32, RATE)) * rise(n, 0.006, RATE)


SWELL = 1.7
"""Seconds a swell takes to arrive."""


def swell(strength: float, chance: np.random.Generator) -> Mono:
    """A thin cymbal played backwards: it grows out of nothing, and is cut off by what it announces."""
    n = _frames(SWELL)
    sound = _cymbal(SWELL, 0.5, 26, 0.4 + 0.4 * strength, chance)
    sound += 0.12 * hiss(chance, n, band(900, 4200, 1.4), RATE) * fall(n, 0.4, RATE)
    return np.ascontiguousarray((sound * rise(n, 0.02, RATE) * rise(n, 0.6, RATE)[::-1])[::-1])


def brush_kick(strength: float, chance: np.random.Generator) -> Mono:
    """A jazz bass drum with a felt beater: softer and longer."""
    n = _frames(0.5)
    body = _pulse((92 + 20 * strength, 57 + chance.random()), 0.03, n) * fall(n, 0.13, RATE) * rise(n, 0.004, RATE)
    body += ring(np.array([113.0, 171.0]), np.array([0.16, 0.08]), np.array([0.07, 0.04]), n, rate=RATE) * rise(
        n, 0.004, RATE
    )
    body[:1200] += 0.1 * strength * hiss(chance, 1200, band(150, 1100), RATE) * fall(1200, 0.006, RATE)
    return body


def brush_tap(strength: float, chance: np.random.Generator) -> Mono:
    """Brush wires dropped on a snare."""
    n = _frames(0.28)
    wires = hiss(chance, n, band(600, 2300 + 2000 * strength, 1.5), RATE)
    swell = rise(n, 0.005, RATE) * (0.75 * fall(n, 0.03, RATE) + 0.25 * fall(n, 0.09, RATE))
    shell = ring(np.array([203.0, 352.0]), np.array([0.2, 0.09]), np.array([0.06, 0.035]), n, rate=RATE)
    return 0.5 * wires * swell + shell * rise(n, 0.003, RATE)


def brush_swirl(strength: float, chance: np.random.Generator) -> Mono:
    """Wires drawn across the skin in half a circle."""
    n = _frames(0.46 + 0.08 * chance.random())
    t = np.linspace(0, 1, n)
    sweep = np.sin(np.pi * t**0.8) ** 1.5 * (1 + 0.25 * np.sin(2 * np.pi * (2.5 * t + chance.random())))
    low = hiss(chance, n, band(500, 1900, 1.3), RATE)
    high = hiss(chance, n, band(1900, 4200, 1.5), RATE)
    points = n // 260 + 2  # one beyond the end, also where the length is a multiple
    grain = 1 + 0.4 * np.interp(np.arange(n), np.arange(points) * 260, chance.standard_normal(points))
    return ((low * (1 - 0.5 * t) + (0.3 + 0.5 * strength) * high * t) * sweep * grain * 0.25).astype(np.float32)


def brush_ride(strength: float, chance: np.random.Generator) -> Mono:
    """A ride cymbal touched with a brush: mostly wash."""
    sound = _cymbal(1.3, 0.4, 22, 0.6 * strength, chance)
    return sound * rise(len(sound), 0.007, RATE)


def foot_hat(strength: float, chance: np.random.Generator) -> Mono:
    """Hi-hat closed with the foot: a small dark chick."""
    return coloured(_hat(0.12, 0.018, 0.5 * strength, chance), band(1500, 6500, 1.0), RATE)
