"""Plucked strings: nylon guitar, muted guitar and upright bass.

A string plucked at a point is a sum of partials whose strengths follow the point's place on it (sin(pi n p) / n),
smoothed by the width of the finger, ringing faster the higher they are, and heard through a wooden body. That is the
same sound a digital waveguide gives, but exactly in tune and without a loop over samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.musicians.offline.synth.instrument import Sound, Stroke, Tremolo, wide
from pipeline.musicians.offline.synth.modes import Table, hertz, ring
from pipeline.musicians.offline.synth.noise import band, fall, hiss, rise, soften


@dataclass(frozen=True)
class Wood:
    """A body: `modes` in Hz, how strongly each colours a string (`gains`) and how long it rings (`decays`, s)."""

    modes: tuple[float, ...]
    gains: tuple[float, ...]
    decays: tuple[float, ...]

    def radiates(self, frequencies: Table) -> Table:
        """How much of each frequency leaves the body: resonant peaks on a floor, falling below the lowest mode."""
        total = np.full_like(frequencies, 0.55)
        for mode, gain in zip(self.modes, self.gains, strict=True):
            width = 0.16 * mode
            total += gain / (1 + ((frequencies - mode) / width) ** 2)
        lowest = self.modes[0]
        return np.asarray(total * (frequencies / lowest) / np.sqrt(1 + (frequencies / lowest) ** 2))

    def knock(self, stroke: Stroke) -> Sound:
        """The body struck by the pluck, float32 [frames]."""
        modes = np.array(self.modes) * (1 + 0.015 * stroke.chance.standard_normal())
        return ring(modes, np.array(self.gains) * stroke.colour(modes), np.array(self.decays), stroke.frames)


GUITAR_BODY = Wood((102.0, 205.0, 288.0, 412.0, 560.0), (0.5, 0.9, 0.4, 0.45, 0.3), (0.06, 0.05, 0.035, 0.03, 0.02))
BASS_BODY = Wood((62.0, 104.0, 176.0, 258.0), (0.4, 0.9, 0.7, 0.5), (0.08, 0.06, 0.045, 0.03))


def plucked(
    stroke: Stroke,
    *,
    place: float,
    cutoff: float,
    ring_time: float,
    damping: float,
    stiffness: float,
    body: Wood | None,
    width: float,
) -> Sound:
    """Return a plucked string, float32 [1 or 2, frames]: in stereo if it has a width.

    `place` 0 to 1 along the string, `cutoff` in Hz where the softness of the finger takes over, `ring_time` seconds
    to 1/e of the fundamental, `damping` how much faster (per kHz squared) high partials die, `stiffness` the
    inharmonicity B of f_n = n f sqrt(1 + B n^2), and `width` how far the partials spread in stereo.
    """
    f, rng = hertz(stroke.pitch), stroke.chance
    n = np.arange(1, int(np.clip(8200 / f, 4, 48)) + 1)
    partials = f * n * np.sqrt((1 + stiffness * n**2) / (1 + stiffness))
    where = place * (1 + 0.06 * rng.standard_normal())
    shape = np.sin(np.pi * n * where) / n**0.9 / (1 + (partials / cutoff) ** 2)
    wood = body.radiates(partials) if body else 1.0
    weight = shape * wood * stroke.colour(partials)
    decays = ring_time / (1 + damping * (partials / 1000) ** 2 + 0.05 * (n - 1))
    # The string swings in two planes; the one along the top dies later and a hair sharp.
    both = np.concatenate((partials, partials * 1.0003))
    levels = np.concatenate((0.8 * weight, 0.28 * weight * (1 + 0.3 * rng.standard_normal(len(n)))))
    phases = np.pi / 2 + 0.5 * rng.standard_normal(len(both))
    middle = ring(both, levels, np.concatenate((decays, 1.9 * decays)), stroke.frames, phases=phases)
    if width == 0:
        return middle[None]
    # The body throws each partial its own way, so a pair of microphones hears them at unlike levels.
    thrown = width * weight * rng.standard_normal(len(n))
    return wide(middle, ring(partials, thrown, decays, stroke.frames, phases=phases[: len(n)]))


@dataclass(frozen=True)
class NylonGuitar:
    """A classical guitar played with the flesh of the finger. `place` is where along the string."""

    place: float
    tremolo: Tremolo | None = None
    release: float = 0.14
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> NylonGuitar:
        """Sit down nearer the hole or the bridge."""
        return cls(place=0.21 + 0.1 * chance.random())

    def sustain(self, pitch: int) -> float:
        """See Instrument."""
        return float(4.2 * 2.0 ** ((52 - pitch) / 22))

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        hard, frames = stroke.strength, stroke.frames
        ringing = 0.95 * 2.0 ** ((52 - stroke.pitch) / 22)
        sound = plucked(
            stroke,
            place=self.place,
            cutoff=900 + 4000 * hard**1.3,
            ring_time=ringing,
            damping=0.42,
            stiffness=3e-5,
            body=GUITAR_BODY,
            width=0.3,
        )
        sound += (0.1 + 0.14 * hard) * GUITAR_BODY.knock(stroke)
        short = min(frames, 1024)
        skin = hiss(stroke.chance, short, lambda x: band(1000, 4400)(x) * stroke.colour(x)) * fall(short, 0.006)
        sound[:, :short] += (0.02 + 0.08 * hard) * skin
        soften(sound, 0.003 - 0.0014 * hard)
        return sound


@dataclass(frozen=True)
class MutedGuitar:
    """A hollow-body electric guitar, strings damped by the palm, through a small dark amplifier."""

    damp: float
    tremolo: Tremolo | None = None
    release: float = 0.07
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> MutedGuitar:
        """Lay the palm."""
        return cls(damp=0.8 + 0.5 * chance.random())

    def sustain(self, pitch: int) -> float:
        """See Instrument."""
        return float(1.3 * 2.0 ** ((55 - pitch) / 30))

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        hard, frames = stroke.strength, stroke.frames
        ringing = 0.15 * 2.0 ** ((55 - stroke.pitch) / 30) / self.damp * (1 + 0.1 * stroke.chance.random())
        sound = plucked(
            stroke,
            place=0.13,
            cutoff=800 + 2700 * hard**1.2,
            ring_time=ringing,
            damping=0.6,
            stiffness=6e-5,
            body=None,
            width=0.16,
        )
        thud = np.array([88.0, 152.0, 247.0])
        sound += ring(thud, (0.05 + 0.08 * hard) * stroke.colour(thud), np.full(3, 0.02), frames)
        short = min(frames, 1024)
        pick = hiss(stroke.chance, short, lambda x: band(800, 3600)(x) * stroke.colour(x)) * fall(short, 0.005)
        sound[:, :short] += (0.02 + 0.06 * hard) * pick
        soften(sound, 0.002)
        return sound


@dataclass(frozen=True)
class UprightBass:
    """A double bass plucked with the side of the finger."""

    place: float
    tremolo: Tremolo | None = None
    release: float = 0.11
    glides: bool = False

    @classmethod
    def voiced(cls, chance: np.random.Generator) -> UprightBass:
        """Choose a spot over the fingerboard, near the node of the fifth partial: a low major third muddies minor."""
        return cls(place=0.38 + 0.04 * chance.random())

    def sustain(self, pitch: int) -> float:
        """See Instrument."""
        return float(3.4 * 2.0 ** ((36 - pitch) / 24))

    def tone(self, stroke: Stroke) -> Sound:
        """See Instrument."""
        hard, frames, rng = stroke.strength, stroke.frames, stroke.chance
        ringing = 0.8 * 2.0 ** ((36 - stroke.pitch) / 24)
        sound = plucked(
            stroke,
            place=self.place,
            cutoff=420 + 1300 * hard**1.2,
            ring_time=ringing,
            damping=2.4,
            stiffness=9e-5,
            body=BASS_BODY,
            width=0.0,
        )
        # Meeting the fingerboard: partials two to four swell a moment after the pluck.
        n = np.arange(2, 5)
        growl = n * hertz(stroke.pitch)
        swell = rise(frames, 0.05) * fall(frames, 0.3)
        sound += (0.14 + 0.3 * hard) * swell * ring(growl, stroke.colour(growl) / n, np.full(3, 2.0), frames)
        sound += (0.16 + 0.16 * hard) * BASS_BODY.knock(stroke)
        length = min(frames, 2600)
        finger = hiss(rng, length, lambda x: band(500, 2400)(x) * stroke.colour(x))
        # Now and then the finger is heard sliding to the note.
        slide = rise(length, 0.05) * fall(length, 0.035) * (0.5 if rng.random() < 0.3 else 0.1)
        sound[:, :length] += (0.016 + 0.04 * hard) * finger * (fall(length, 0.009) + slide)
        soften(sound, 0.005 - 0.002 * hard)
        return sound
