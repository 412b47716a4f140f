"""Struck keys: electric piano, felt piano, vibraphone and music box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.musicians.offline.synth.instrument import Sound, Stroke, Tremolo, wide
from pipeline.musicians.offline.synth.modes import Table, hertz, ring
from pipeline.musicians.offline.synth.noise import band, fall, hiss, soften


@dataclass(frozen=True)
class ElectricPiano:
    """A tine in front of an off-centre pickup (Rhodes).

    The tine swings almost as a sine; the pickup's bell-shaped field bends it, so a harder stroke, which swings wider,
    barks, and mellows as it dies away. `offset` is how far the tine rests from the middle of the field, in widths of
    the field; `bell` the level of the tine's own second mode.
    """

    offset: float
    bell: float
    tremolo: Tremolo
    release: float = 0.16
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> ElectricPiano:
        """Set one up: no two technicians voice a pickup alike."""
        return cls(
            offset=0.36 + 0.16 * chance.random(),
            bell=0.08 + 0.06 * chance.random(),
            tremolo=Tremolo(0.9 + 2.4 * chance.random(), 0.16 + 0.16 * chance.random(), panned=True),
        )

    def sustain(self, pitch: int) -> float:
        """See Instrument."""
        return 4.6 * self._decay(pitch)

    @staticmethod
    def _decay(pitch: int) -> float:
        return float(1.7 * 2.0 ** ((60 - pitch) / 20))

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        f, frames, rng = hertz(stroke.pitch), stroke.frames, stroke.chance
        tau = self._decay(stroke.pitch)
        swing = (0.36 + 1.0 * stroke.strength**1.2) * 2.0 ** ((58 - stroke.pitch) / 30) * (1 + 0.05 * rng.random())
        overtones = np.arange(1, 10)
        times = np.linspace(0, stroke.seconds, 96)
        bent = self._bend(swing * np.exp(-times / tau), len(overtones)) / max(swing, 1e-6)
        cabinet = 1.0 / (1.0 + (overtones * f / 6500.0) ** 2)
        weights = cabinet * stroke.colour(overtones * f)
        sound = ring(overtones * f, weights, np.full(len(overtones), 1e9), frames, gains=bent)
        # The tone bar answers a hair off pitch, and the tine's second mode rings at the stroke.
        shimmer = np.array([f * 1.0009, 7.11 * f, 13.6 * f])
        level = np.array([0.07, self.bell * (0.4 + 1.6 * stroke.strength**2), 0.4 * self.bell * stroke.strength**2])
        knock = np.array([118.0, 196.0, 331.0]) * (1 + 0.04 * rng.random())
        both = np.concatenate((shimmer, knock))
        level = np.concatenate((level, np.full(3, 0.05 * (0.4 + stroke.strength))))
        sound += ring(both, level * stroke.colour(both), np.array([1.3 * tau, 0.24, 0.07, *[0.018] * 3]), frames)
        # The hammer's neoprene tip meeting the tine.
        short = min(frames, 1024)
        tip = hiss(rng, short, lambda x: band(900, 3600)(x) * stroke.colour(x)) * fall(short, 0.005)
        sound[:short] += (0.015 + 0.05 * stroke.strength) * tip
        # The suitcase's two speakers: a little of the low partials, apart by a slow beat.
        drift = np.array([f * 0.9988, f * 1.0012, 2 * f * 1.0009])
        side = np.array([0.1, 0.1, 0.06]) * stroke.colour(drift)
        stereo = wide(sound, ring(drift, side, np.array([tau, tau, 0.5 * tau]), frames, phases=rng.uniform(0, 6.28, 3)))
        soften(stereo, 0.0035 - 0.0018 * stroke.strength)
        return stereo

    def _bend(self, swings: Table, overtones: int) -> Table:
        """Amplitudes of the pickup's overtones for tine swings: the spectrum of d/dt of 1 / (1 + x^2)."""
        angle = np.arange(64) * (2 * np.pi / 64)
        field = 1.0 / (1.0 + (self.offset + swings[:, None] * np.cos(angle)) ** 2)
        spectrum = np.fft.rfft(field, axis=1).real / 32
        slope = 2 * self.offset / (1 + self.offset**2) ** 2
        bent: Table = -spectrum[:, 1 : overtones + 1] * np.arange(1, overtones + 1) / slope
        return bent


@dataclass(frozen=True)
class FeltPiano:
    """An upright with a strip of felt between hammers and strings: two slightly detuned, slightly stiff strings a note.

    `softness` darkens the hammer; `wear` is the level of felt and key noise.
    """

    softness: float
    wear: float
    tremolo: Tremolo | None = None
    release: float = 0.22
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> FeltPiano:
        """Pick an instrument."""
        return cls(softness=0.8 + 0.4 * chance.random(), wear=0.7 + 0.6 * chance.random())

    def sustain(self, pitch: int) -> float:
        """See Instrument."""
        return float(5.5 * 2.0 ** ((60 - pitch) / 26))

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        f, frames, rng = hertz(stroke.pitch), stroke.frames, stroke.chance
        stiffness = 1.8e-4 * 2.0 ** ((stroke.pitch - 48) / 13)
        count = int(np.clip(7000 / f, 3, 28))
        n = np.arange(1, count + 1)
        stretched = f * n * np.sqrt((1 + stiffness * n**2) / (1 + stiffness))
        cutoff = (330 + 1500 * stroke.strength**1.2) / self.softness + 0.9 * f
        felt = np.exp(-((stretched / cutoff) ** 1.05)) * (0.25 + np.abs(np.sin(np.pi * n * 0.118))) / n**0.6
        board = 1 + 0.35 * np.sin(stretched / 71.0) * np.sin(stretched / 233.0 + 1.3)
        weight = felt * board * stroke.colour(stretched)
        prompt = 0.95 * 2.0 ** ((60 - stroke.pitch) / 24) / (1 + 0.22 * (n - 1) + (stretched / 2600) ** 2)
        strings = []
        for side in (-1.0, 1.0):
            cents = side * (0.45 + 0.25 * rng.random())
            scatter = 1 + 0.12 * rng.standard_normal(count)
            near, far = weight * scatter, 0.2 * weight * (1 + 0.2 * rng.standard_normal(count))
            partials = np.concatenate((stretched, stretched * 1.0002)) * 2 ** (cents / 1200)
            strings.append(ring(partials, np.concatenate((near, far)), np.concatenate((prompt, 3.0 * prompt)), frames))
        pan = float(np.clip((stroke.pitch - 60) / 60, -0.4, 0.4))
        inner, outer = 0.78, 0.42
        sound = np.empty((2, frames), np.float32)
        sound[0] = (1 - 0.4 * pan) * (inner * strings[0] + outer * strings[1])
        sound[1] = (1 + 0.4 * pan) * (outer * strings[0] + inner * strings[1])
        thump = np.array([64.0, 97.0, 143.0, 211.0]) * (1 + 0.05 * rng.random())
        body = ring(thump, np.array([1.0, 0.9, 0.6, 0.4]) * stroke.colour(thump), np.full(4, 0.034), frames)
        short = min(frames, 4096)
        cloth = hiss(rng, short, lambda x: band(240, 2600, 1.2)(x) * stroke.colour(x)) * fall(short, 0.022)
        noise = self.wear * (0.6 + 0.5 * stroke.strength)
        sound += (0.045 * noise * float(weight.sum())) * body
        sound[:, :short] += (0.026 * noise * float(weight.sum())) * cloth
        soften(sound, 0.0065 - 0.003 * stroke.strength)
        return sound


@dataclass(frozen=True)
class Vibraphone:
    """Aluminium bars tuned 1 : 4 : 10 over resonators, soft mallets, the motor running slowly."""

    tremolo: Tremolo
    release: float = 0.32
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> Vibraphone:
        """Set the motor."""
        return cls(Tremolo(3.4 + 1.9 * chance.random(), 0.2 + 0.16 * chance.random(), panned=False))

    def sustain(self, pitch: int) -> float:
        """See Instrument."""
        return float(7.0 * 2.0 ** ((60 - pitch) / 22))

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        f, frames, rng = hertz(stroke.pitch), stroke.frames, stroke.chance
        tau = 1.75 * 2.0 ** ((60 - stroke.pitch) / 22)
        modes = f * np.array([1.0, 1.0006, 3.985, 9.92, 16.4])
        hard = stroke.strength
        level = np.array([0.85, 0.2, 0.1 + 0.42 * hard**1.4, 0.04 + 0.2 * hard**1.7, 0.05 * hard**2])
        level[2:] *= 1 + 0.15 * rng.standard_normal(3)
        sound = ring(modes, level * stroke.colour(modes), tau * np.array([1.0, 1.3, 0.34, 0.09, 0.03]), frames)
        short = min(frames, 2048)
        mallet = hiss(rng, short, lambda x: band(220, 2200)(x) * stroke.colour(x)) * fall(short, 0.007)
        sound[:short] += (0.03 + 0.06 * hard) * mallet
        # Microphones left and right hear the bar's higher modes and the resonator differently.
        apart = np.array([-0.12, 0.12, 0.3 * level[2]]) * stroke.colour(modes[:3])
        stereo = wide(sound, ring(modes[:3] * np.array([1, 1.0009, 1]), apart, tau * np.array([1, 1, 0.3]), frames))
        soften(stereo, 0.004 - 0.002 * hard)
        return stereo


@dataclass(frozen=True)
class MusicBox:
    """A steel comb on a small wooden case: clamped tines, plucked by pins."""

    tremolo: Tremolo | None = None
    release: float = 0.6
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> MusicBox:  # noqa: ARG003  (every instrument is voiced alike)
        """Wind it up."""
        return cls()

    def sustain(self, pitch: int) -> float:
        """See Instrument."""
        return float(4.4 * 2.0 ** ((72 - pitch) / 24))

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        f, frames, rng = hertz(stroke.pitch), stroke.frames, stroke.chance
        tau = 0.95 * 2.0 ** ((72 - stroke.pitch) / 24)
        mistuned = 2 ** (rng.uniform(-1.5, 1.5) / 1200)
        modes = f * mistuned * np.array([1.0, 1.0011, 2.003, 3.01, 6.267, 17.55])
        hard = stroke.strength
        level = np.array(
            [0.9, 0.14, 0.08 + 0.12 * hard, 0.04 + 0.08 * hard, 0.08 + 0.24 * hard**1.5, 0.01 + 0.05 * hard]
        )
        sound = ring(modes, level * stroke.colour(modes), tau * np.array([1, 1.5, 0.6, 0.4, 0.17, 0.04]), frames)
        case = np.array([417.0, 868.0, 1490.0]) * (1 + 0.02 * rng.random())
        sound += ring(case, 0.045 * (0.5 + hard) * stroke.colour(case), np.array([0.02, 0.014, 0.009]), frames)
        short = min(frames, 512)
        pin = hiss(rng, short, lambda x: band(1800, 5200)(x) * stroke.colour(x)) * fall(short, 0.0025)
        sound[:short] += (0.012 + 0.03 * hard) * pin
        soften(sound, 0.0016)
        return sound[None]
