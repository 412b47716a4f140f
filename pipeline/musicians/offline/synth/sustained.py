"""Sounds that are held: sub bass, warm pad, flute and soft lead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.musicians.offline.synth.instrument import Sound, Stroke, Tremolo
from pipeline.musicians.offline.synth.modes import TONE_RATE, Mono, Table, hertz, ring
from pipeline.musicians.offline.synth.noise import band, fall, hiss, rise, soften


@dataclass(frozen=True)
class SubBass:
    """A sine through warm saturation: enough second and third partial to be heard on small speakers."""

    warmth: float
    tremolo: Tremolo | None = None
    release: float = 0.07
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> SubBass:
        """Set the drive."""
        return cls(warmth=0.8 + 0.5 * chance.random())

    def sustain(self, pitch: int) -> float:  # noqa: ARG002  (a synthesiser holds every pitch alike)
        """See Instrument."""
        return 6.0

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        n = np.arange(1, 8)
        drive = self.warmth * (0.35 + 0.9 * stroke.strength)
        level = np.array(
            [
                1.0,
                0.5 * drive,
                0.32 * drive**1.2,
                0.18 * drive**1.5,
                0.06 * drive**1.8,
                0.07 * drive**2,
                0.03 * drive**2,
            ]
        )
        decay = np.array([2.6, 1.6, 1.1, 0.8, 0.6, 0.45, 0.35])
        partials = n * hertz(stroke.pitch)
        sound = ring(partials, level * stroke.colour(partials), decay, stroke.frames)
        soften(sound, 0.012 - 0.005 * stroke.strength, ending=0.03)
        return sound[None]


@dataclass(frozen=True)
class WarmPad:
    """Five saws, four of them detuned, behind a slow low-pass filter: an old polyphonic synthesiser."""

    detune: float
    opening: float
    tremolo: Tremolo | None = None
    release: float = 0.9
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> WarmPad:
        """Set detune (cents) and how far the filter opens."""
        return cls(detune=4.0 + 3.5 * chance.random(), opening=0.8 + 0.6 * chance.random())

    def sustain(self, pitch: int) -> float:  # noqa: ARG002
        """See Instrument."""
        return 14.0

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        f, frames, rng = hertz(stroke.pitch), stroke.frames, stroke.chance
        n = np.arange(1, int(np.clip(4200 / f, 3, 16)) + 1)
        times = np.linspace(0, stroke.seconds, max(8, int(stroke.seconds * 12)))
        # The filter opens over two seconds, then breathes.
        breath = 1 - 0.75 * np.exp(-times / 1.1) + 0.12 * np.sin(2 * np.pi * 0.13 * times + 6.28 * rng.random())
        cutoff = (480 + 1000 * stroke.strength) * self.opening * breath + 0.5 * f
        curve = 1.0 / (1.0 + (n * f / cutoff[:, None]) ** 2.1)

        def saw(cents: float) -> Mono:
            partials = n * f * 2 ** (cents / 1200)
            phases = rng.uniform(0, 2 * np.pi, len(n))
            weight = stroke.colour(partials) / n
            return ring(partials, weight, np.full(len(n), 1e9), frames, phases=phases, gains=curve)

        # One saw in the middle, so that the chord survives in mono; two a side, apart in pitch, make it wide.
        middle = saw(0.0)
        wide = [0.36 * (saw(sign * self.detune) + saw(-0.7 * sign * self.detune)) for sign in (-1.0, 1.0)]
        sound = np.stack([middle + side for side in wide])
        soften(sound, 0.55 - 0.25 * stroke.strength, ending=0.3)
        return sound


def _phase(cents: Table, pitch: int) -> NDArray[np.float32]:
    """Integrate a curve of cents around a pitch to a phase in radians, folded into one turn."""
    turns = np.cumsum(hertz(pitch) / TONE_RATE * np.exp2(cents / 1200))
    return ((turns - np.floor(turns)) * (2 * np.pi)).astype(np.float32)


@dataclass(frozen=True)
class Flute:
    """A breathy flute in its low and middle register; the vibrato comes in once the note has settled."""

    breath: float
    vibrato: float
    tremolo: Tremolo | None = None
    release: float = 0.13
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> Flute:
        """Choose a player: how airy, and how fast the vibrato (Hz)."""
        return cls(breath=0.7 + 0.6 * chance.random(), vibrato=4.6 + 0.7 * chance.random())

    def sustain(self, pitch: int) -> float:  # noqa: ARG002
        """See Instrument."""
        return 8.0

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        f, frames, rng, hard = hertz(stroke.pitch), stroke.frames, stroke.chance, stroke.strength
        t = np.arange(frames) / TONE_RATE
        grown = np.clip((t - 0.22) / 0.7, 0, 1) ** 1.5
        sway = np.sin(2 * np.pi * self.vibrato * (1 + 0.04 * rng.standard_normal()) * t + rng.uniform(0, 6.28))
        cents = 11 * grown * sway - 28 * np.exp(-t / 0.028)
        phase = _phase(cents, stroke.pitch)
        swell: Mono = (1 + 0.09 * grown * sway).astype(np.float32)
        sound = np.zeros(frames, np.float32)
        weights = np.array([1.0, 0.2 + 0.36 * hard, 0.1 + 0.22 * hard**1.3, 0.03 + 0.1 * hard**1.6, 0.05 * hard**1.8])
        weights /= 1 + (np.arange(1, 6) * f / 4200) ** 2
        for number, weight in enumerate(weights, 1):
            if number * f < 9000:
                gain = float(weight * stroke.colour(np.array([number * f]))[0])
                sound += np.float32(gain) * np.sin(np.float32(number) * phase) * swell**number
        sound *= rise(frames, 0.075 - 0.035 * hard)

        def air(x: Table) -> Table:
            edge = 1 / (1 + ((x - f) / (0.35 * f)) ** 2) + 0.6 / (1 + ((x - 2 * f) / (0.5 * f)) ** 2)
            return np.asarray((edge + 0.5 * band(1700, 5000)(x)) * stroke.colour(x))

        chiff = 0.16 * fall(frames, 0.03) * rise(frames, 0.012)
        sound += self.breath * hiss(rng, frames, air) * (0.026 * rise(frames, 0.05) * swell + (0.4 + hard) * chiff)
        soften(sound, 0.008, ending=0.05)
        return sound[None]


@dataclass(frozen=True)
class SoftLead:
    """A mellow monophonic synthesiser, two oscillators a little apart, gliding from note to note."""

    glide: float
    release: float = 0.16
    glides: bool = True
    tremolo: Tremolo | None = None

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> SoftLead:
        """Set the glide time in seconds."""
        return cls(glide=0.028 + 0.02 * chance.random())

    def sustain(self, pitch: int) -> float:  # noqa: ARG002
        """See Instrument."""
        return 8.0

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        f, frames, rng, hard = hertz(stroke.pitch), stroke.frames, stroke.chance, stroke.strength
        t = np.arange(frames) / TONE_RATE
        grown = np.clip((t - 0.3) / 0.6, 0, 1)
        vibrato = 7 * grown * np.sin(2 * np.pi * 5.1 * t + rng.uniform(0, 6.28))
        start = 100.0 * stroke.slide if stroke.slide else -35.0
        cents = vibrato + start * np.exp(-t / self.glide)
        n = np.arange(1, 8)
        # A triangle with a little saw in it, the filter closing a little after the attack.
        level = np.where(n % 2 == 1, 0.8 / n**2, 0.0) + 0.36 / n
        bright = 1 / (1 + (n * f / (1100 + 3000 * hard + 0.8 * f)) ** 2)
        dark = 1 / (1 + (n * f / (800 + 1800 * hard + 0.6 * f)) ** 2)
        closing = np.exp(-t / 0.35).astype(np.float32)
        weight = level * stroke.colour(n * f) * (n * f < 8000)

        def voice(offset: float) -> Mono:
            phase = _phase(cents + offset, stroke.pitch)
            total = np.zeros(frames, np.float32)
            for number, first, last in zip(n, weight * bright, weight * dark, strict=True):
                if first > 0:
                    fade = np.float32(last) + np.float32(first - last) * closing
                    total += fade * np.sin(np.float32(number) * phase)
            return total

        # The first oscillator stands in the middle, so that the sound survives in mono; the others widen it.
        middle = voice(0.0)
        sound = np.stack((middle + 0.4 * voice(-4.2), middle + 0.4 * voice(4.2)))
        sound *= 0.82 + 0.18 * fall(frames, 0.5)
        soften(sound, 0.03 - 0.014 * hard, ending=0.05)
        return sound
