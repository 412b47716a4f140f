"""What each ambience is made of: beds of noise and scattered small sounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft

from pipeline.musicians.offline.synth.instrument import Sound
from pipeline.musicians.offline.synth.modes import TONE_RATE, Mono, Table, ring
from pipeline.musicians.offline.synth.noise import Shape, band, fall, hiss, rise, soften

CONTROL = 1024
"""Frames between two points of a control curve (46 ms)."""

Curve = Table
Key = tuple[int | str, ...]


@dataclass(frozen=True)
class BedPlan:
    """A bed of noise: its spectrum, RMS `level`, stereo `width` (0 mono, 1 independent), lengths of its two `loops` in
    seconds, and a gain `curve` that returns [2, points] for a number of control points."""

    shape: Shape
    level: float
    width: float = 0.8
    loops: tuple[float, float] = (9.1, 13.7)
    curve: Callable[[int], Curve] | None = None


@dataclass(frozen=True)
class Scatter:
    """Small sounds by key, and when (s), how loud, where (-1 to 1) and which of them are heard."""

    sounds: dict[Key, Sound]
    times: Curve
    gains: Curve
    pans: Curve
    keys: list[Key]


@dataclass(frozen=True)
class Scene:
    """Everything an ambience consists of."""

    beds: tuple[BedPlan, ...]
    scatters: tuple[Scatter, ...]


def wander(chance: np.random.Generator, points: int, seconds: float) -> Curve:
    """A smooth random curve of about unit size that turns every `seconds` or so, [points] at control rate."""
    every = max(2.0, seconds * TONE_RATE / CONTROL)
    knots = chance.standard_normal(int(points / every) + 3)
    at = np.arange(points) / every
    below = at.astype(int)
    share = 0.5 - 0.5 * np.cos(np.pi * (at - below))
    return np.asarray(knots[below] * (1 - share) + knots[below + 1] * share)


def _drifting(chance: np.random.Generator, seconds: float, depth: float) -> Callable[[int], Curve]:
    def curve(points: int) -> Curve:
        shared = wander(chance, points, seconds)
        sides = np.stack([wander(chance, points, seconds) for _ in range(2)])
        return np.asarray(np.exp2(depth * (0.8 * shared + 0.5 * sides)))

    return curve


def _poisson(chance: np.random.Generator, rate: float, seconds: float) -> Curve:
    """Times of independent events, `rate` a second on average."""
    return np.sort(chance.uniform(0, seconds, int(rate * seconds) + 1))


def _scatter(
    chance: np.random.Generator,
    sounds: dict[Key, Sound],
    times: Curve,
    *,
    spread: float,
    loud: float,
    width: float = 0.9,
) -> Scatter:
    """Choose sounds, places and levels by chance: levels spread over about `spread` dB (one sigma)."""
    names = list(sounds)
    picks = chance.integers(0, len(names), len(times))
    gains = loud * 10 ** (spread * chance.standard_normal(len(times)).clip(-2.5, 2.2) / 20)
    return Scatter(sounds, times, gains, chance.uniform(-width, width, len(times)), [names[pick] for pick in picks])


def _tick(chance: np.random.Generator, low: float, high: float, tau: float) -> Mono:
    """A short burst of noise: a crackle or the splash of a small drop."""
    frames = max(64, round(9 * tau * TONE_RATE))
    sound = hiss(chance, frames, band(low, high, 1.5)) * fall(frames, tau)
    soften(sound, 0.0002, 0.001)
    return sound


def _patter(chance: np.random.Generator, drops: int) -> Sound:
    """A handful of small drops within a third of a second, each in its own place."""
    sound = np.zeros((2, round(0.36 * TONE_RATE)), np.float32)
    for _ in range(drops):
        drop = _tick(chance, 1800 + 1700 * chance.random(), 6200, 0.0012 + 0.0016 * chance.random())
        drop *= np.float32(10 ** (6 * chance.standard_normal() / 20))
        at, place = int(chance.integers(0, sound.shape[1] - len(drop))), chance.uniform(-0.9, 0.9)
        sound[0, at : at + len(drop)] += np.float32(np.sqrt(1 - place)) * drop
        sound[1, at : at + len(drop)] += np.float32(np.sqrt(1 + place)) * drop
    return sound


def rain(chance: np.random.Generator, seconds: float) -> Scene:
    """Steady rain: a distant wash, a nearer hiss that comes and goes, and drops of three sizes near the window."""
    near: dict[Key, Sound] = {("near", i): _patter(chance, 6) for i in range(24)}
    round_drops: dict[Key, Sound] = {}
    for i in range(16):
        f = 700 + 1500 * chance.random()
        frames = 1400
        bubble = ring(np.array([f, 1.07 * f]), np.array([1.0, 0.6]), np.array([0.009, 0.006]), frames)
        splash = _tick(chance, 2000, 6000, 0.001)
        bubble[: len(splash)] += 0.5 * splash
        soften(bubble, 0.0006)
        round_drops["drop", i] = bubble[None]
    heavy: dict[Key, Sound] = {}
    for i in range(8):
        f = 240 + 260 * chance.random()
        plop = ring(np.array([f, 2.3 * f, 3.9 * f]), np.array([1.0, 0.5, 0.25]), np.array([0.022, 0.012, 0.006]), 3000)
        splash = _tick(chance, 900, 4200, 0.006)
        plop[: len(splash)] += 0.3 * splash
        soften(plop, 0.0008)
        heavy["heavy", i] = plop[None]
    wash = BedPlan(
        lambda f: band(160, 2600, 1.0)(f) / np.sqrt(1 + f / 900), 0.075, 0.75, curve=_drifting(chance, 6, 0.22)
    )
    hissing = BedPlan(band(1900, 6800, 1.0), 0.05, 0.9, (7.3, 11.9), _drifting(chance, 3.5, 0.35))
    return Scene(
        (wash, hissing),
        (
            _scatter(chance, near, _poisson(chance, 6, seconds), spread=3, loud=0.12, width=0.3),
            _scatter(chance, round_drops, _poisson(chance, 6, seconds), spread=6, loud=0.085),
            _scatter(chance, heavy, _poisson(chance, 0.9, seconds), spread=5, loud=0.13, width=0.7),
        ),
    )


def vinyl(chance: np.random.Generator, seconds: float) -> Scene:
    """A worn record at 33 1/3 rpm: crackle, some pops, a scratch that comes round for a while, rumble."""
    turn = 1.8
    crackle: dict[Key, Sound] = {}
    for i in range(30):
        crackle["crackle", i] = _tick(chance, 900 + 300 * (i % 5), 8000, 0.0004 + 0.0009 * chance.random())[None]
    pops: dict[Key, Sound] = {}
    for i in range(8):
        pop = _tick(chance, 300, 4200, 0.0028)
        pop += 0.5 * ring(np.array([160.0 + 130 * chance.random()]), np.array([1.0]), np.array([0.006]), len(pop))
        soften(pop, 0.0004, 0.002)
        pops["pop", i] = pop[None]
    angle = turn * chance.random()
    rounds = np.arange(angle, seconds, turn)
    heard = rounds[np.sin(2 * np.pi * rounds / 23.7 + 6.28 * chance.random()) > -0.2]
    scratch = _scatter(
        chance, crackle, heard + 0.004 * chance.standard_normal(len(heard)).clip(-2, 2), spread=3, loud=0.6, width=0.4
    )

    def spinning(points: int) -> Curve:
        phase = 2 * np.pi * np.arange(points) * CONTROL / TONE_RATE / turn
        once = 1 + 0.35 * np.sin(phase) + 0.12 * np.sin(2 * phase + 1.0)
        return np.stack((once, 1 + 0.35 * np.sin(phase + 0.5)))

    return Scene(
        (
            BedPlan(band(24, 75, 2.0), 0.05, 0.5, (5.4, 7.2), spinning),
            BedPlan(band(700, 6500, 0.8), 0.042, 0.95, (8.3, 12.1), spinning),
        ),
        (
            _scatter(chance, crackle, _poisson(chance, 26, seconds), spread=8, loud=0.26),
            _scatter(chance, pops, _poisson(chance, 0.5, seconds), spread=4, loud=0.75, width=0.6),
            scratch,
        ),
    )


def _syllable(chance: np.random.Generator, voice: float) -> Mono:
    """A syllable of a voice of that pitch (Hz) with a vowel of its own, far enough away to be no word."""
    frames = round((0.1 + 0.14 * chance.random()) * TONE_RATE)
    f0 = voice * (1 + 0.1 * chance.standard_normal())
    n = np.arange(1, int(3200 / f0))
    f = n * f0
    first, second = 300 + 450 * chance.random(), 850 + 1300 * chance.random()
    vowel = sum(
        level / (1 + ((f - at) / wide) ** 2)
        for level, at, wide in ((1, first, 80), (0.5, second, 110), (0.15, 2600, 160))
    )
    glide = np.linspace(0, 1, 6)[:, None]
    moved = vowel * (1 - 0.5 * glide) + glide * np.roll(vowel, int(chance.integers(-2, 3)))
    sound = ring(f, 1 / np.sqrt(n), np.full(len(n), 1e9), frames, phases=chance.uniform(0, 6.28, len(n)), gains=moved)
    sound *= np.sin(np.pi * np.arange(frames) / frames).astype(np.float32) ** 1.3
    if chance.random() < 0.5:
        start = hiss(chance, frames, band(1800, 4200)) * fall(frames, 0.018) * rise(frames, 0.006)
        sound += 0.12 * start * np.float32(np.sqrt(np.mean(sound**2)) + 1e-6)
    return np.asarray(sound * (0.1 / max(float(np.sqrt(np.mean(sound**2))), 1e-5)), np.float32)


def cafe(chance: np.random.Generator, seconds: float) -> Scene:
    """A room of quiet conversations, with cups and spoons."""
    frames = round(0.5 * TONE_RATE)
    room = np.stack([hiss(chance, frames, band(200, 2600)) * fall(frames, 0.1) for _ in range(2)])
    room /= np.sqrt(np.sum(room**2, axis=1, keepdims=True))

    def heard(dry: Mono, wet: float) -> Sound:
        size = scipy.fft.next_fast_len(len(dry) + frames, real=True)
        tail = scipy.fft.irfft(scipy.fft.rfft(dry, size) * scipy.fft.rfft(room, size), size)[:, : len(dry) + frames]
        sound = np.asarray(wet * tail, np.float32)
        sound[:, : len(dry)] += dry
        soften(sound, 0.004, 0.05)
        return sound

    talk = []
    for speaker in range(9):
        voice = float(chance.choice((98.0, 112.0, 126.0, 176.0, 197.0, 214.0))) * (1 + 0.05 * chance.random())
        said: dict[Key, Sound] = {(speaker, i): heard(_syllable(chance, voice), 1.1) for i in range(9)}
        times, at = [], 3 * chance.random()
        while at < seconds:
            for _ in range(int(chance.integers(4, 15))):
                times.append(at)
                at += 0.13 + 0.14 * chance.random()
            at += 0.5 + 3.2 * chance.random()
        place = chance.uniform(-0.8, 0.8)
        spoken = _scatter(chance, said, np.array(times), spread=3, loud=0.12 + 0.15 * chance.random(), width=0.05)
        talk.append(Scatter(said, spoken.times, spoken.gains, np.clip(spoken.pans + place, -0.9, 0.9), spoken.keys))
    cups: dict[Key, Sound] = {}
    for i in range(10):
        base = 2100 + 1300 * chance.random()
        modes = base * np.array([1.0, 1.52, 2.27, 2.9]) * (1 + 0.02 * chance.standard_normal(4))
        clink = ring(modes, np.array([1.0, 0.7, 0.45, 0.2]), np.array([0.07, 0.045, 0.03, 0.02]), 5000)
        soften(clink, 0.0006)
        cups["cup", i] = heard(0.5 * clink, 0.25)
    single = _poisson(chance, 0.28, seconds)
    again = single[::3] + 0.09 + 0.1 * chance.random(len(single[::3]))
    clinks = _scatter(chance, cups, np.sort(np.concatenate((single, again))), spread=5, loud=0.08, width=0.9)
    air = BedPlan(band(90, 700, 1.0), 0.034, 0.8, curve=_drifting(chance, 5, 0.25))
    return Scene((air,), (*talk, clinks))


def sea(chance: np.random.Generator, seconds: float) -> Scene:
    """Slow waves on sand: each one swells, breaks and draws back hissing."""
    crests, at = [], 2 + 3 * chance.random()
    while at < seconds + 20:
        crests.append((at, 0.6 + 0.5 * chance.random(), chance.uniform(-0.6, 0.6), 0.8 + 0.5 * chance.random()))
        at += 6.5 + 5.0 * chance.random()

    def waves(lag: float, swell: float, ebb: float, floor: float) -> Callable[[int], Curve]:
        def curve(points: int) -> Curve:
            time = np.arange(points) * CONTROL / TONE_RATE
            total = np.full((2, points), floor)
            for crest, size, pan, slow in crests:
                x = time - crest - lag
                shape = size * np.where(x < 0, np.exp(-((x / (swell * slow)) ** 2)), np.exp(-x.clip(0) / (ebb * slow)))
                total[0] += shape * np.sqrt(1 - pan)
                total[1] += shape * np.sqrt(1 + pan)
            return total

        return curve

    return Scene(
        (
            BedPlan(band(55, 420, 1.0), 0.13, 0.6, (8.7, 12.9), waves(0.0, 1.9, 1.7, 0.45)),
            BedPlan(band(350, 2200, 1.0), 0.14, 0.8, (7.9, 13.3), waves(0.5, 1.3, 1.5, 0.16)),
            BedPlan(band(2200, 6800, 1.2), 0.06, 0.9, (6.7, 11.1), waves(1.3, 1.1, 2.4, 0.08)),
        ),
        (),
    )


def fire(chance: np.random.Generator, seconds: float) -> Scene:
    """A log fire: a low flickering roar, crackles that come in bursts, and now and then a pop."""
    crackles: dict[Key, Sound] = {}
    for i in range(30):
        crackles["crackle", i] = _tick(chance, 900 + 400 * (i % 6), 7000, 0.0006 + 0.0022 * chance.random())[None]
    pops: dict[Key, Sound] = {}
    for i in range(8):
        pop = _tick(chance, 350, 3600, 0.006)
        f = 150 + 150 * chance.random()
        pop += 0.9 * ring(np.array([f, 2.1 * f]), np.array([1.0, 0.5]), np.array([0.012, 0.007]), len(pop))
        soften(pop, 0.0006, 0.003)
        pops["pop", i] = pop[None]
    centres = _poisson(chance, 1.1, seconds)
    sizes = chance.integers(2, 15, len(centres))
    bursts = np.concatenate(
        [centre + chance.exponential(0.11, size) for centre, size in zip(centres, sizes, strict=True)]
    )
    return Scene(
        (
            BedPlan(band(45, 240, 1.2), 0.085, 0.55, curve=_drifting(chance, 0.35, 0.3)),
            BedPlan(band(300, 2600, 0.8), 0.03, 0.85, (7.7, 10.9), _drifting(chance, 0.9, 0.4)),
        ),
        (
            _scatter(
                chance,
                crackles,
                np.sort(np.concatenate((bursts, _poisson(chance, 3, seconds)))),
                spread=7,
                loud=0.2,
                width=0.75,
            ),
            _scatter(chance, pops, _poisson(chance, 0.45, seconds), spread=4, loud=0.4, width=0.6),
        ),
    )


def night_insects(chance: np.random.Generator, seconds: float) -> Scene:
    """A summer night: crickets near and far, each in its place and tempo, over a faint trill and the night air."""
    choirs = []
    for cricket in range(6):
        pitch, far = 3900 + 1100 * chance.random(), chance.random()
        pulses, beat = int(chance.integers(2, 5)), 0.022 + 0.008 * chance.random()
        frames = round((pulses * beat + 0.02) * TONE_RATE)
        chirps: dict[Key, Sound] = {}
        for i in range(4):
            time = np.arange(frames) / TONE_RATE
            inside = np.clip(time, 0, pulses * beat)
            gate = np.sin(np.pi * (inside / beat % 1.0)) ** 2 * (0.55 + 0.45 * time / time[-1])
            tuned = pitch * (1 + 0.004 * chance.standard_normal())
            tone = ring(np.array([tuned, 1.012 * tuned]), np.array([1.0, 0.25]), np.array([9.0, 9.0]), frames)
            chirp = (tone * gate).astype(np.float32)
            soften(chirp, 0.002, 0.004)
            chirps[cricket, i] = chirp[None]
        period, times, at = 0.42 + 0.4 * chance.random(), [], 2 * chance.random()
        while at < seconds:
            for _ in range(int(chance.integers(6, 26))):
                times.append(at)
                at += period * (1 + 0.03 * chance.standard_normal())
            at += 0.6 + 3.5 * chance.random()
        song = _scatter(chance, chirps, np.array(times), spread=1.5, loud=0.46 * (1 - 0.75 * far), width=0.04)
        place = np.clip(song.pans + chance.uniform(-0.9, 0.9), -0.95, 0.95)
        choirs.append(Scatter(chirps, song.times, song.gains, place, song.keys))
    trill = BedPlan(lambda f: 1 / (1 + ((f - 2850) / 60) ** 2), 0.03, 0.9, (6.1, 9.7), _drifting(chance, 2.5, 0.4))
    air = BedPlan(band(120, 800, 1.0), 0.04, 0.8, curve=_drifting(chance, 6, 0.3))
    return Scene((air, trill), tuple(choirs))
