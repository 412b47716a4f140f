"""Time as hands keep it: swing, each player's own place behind or ahead of the beat, and slow drift around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.musicians.offline.composer.chance import Rng, between


@dataclass(frozen=True, slots=True)
class Pulse:
    """The beat: `beat` seconds long, with the off-beat eighth at `swing` of it."""

    beat: float
    swing: float

    def at(self, beats: float) -> float:
        """Return the seconds at which a place in beats falls when swung. Sixteenths are stretched with their eighth."""
        whole = math.floor(beats + 1e-9)
        part = beats - whole
        bent = part * 2 * self.swing if part <= 0.5 else self.swing + (part - 0.5) * 2 * (1 - self.swing)
        return (whole + bent) * self.beat


@dataclass(frozen=True, slots=True)
class Hand:
    """How one player keeps time and touch.

    `late` is the mean lag in seconds. Drift is a sum of slow sines (periods of 3 to 25 s), as tapping studies find
    human timing to wander rather than to be white noise (Hennig et al., "The nature and perception of fluctuations in
    human musical rhythms", 2011); a small white part is left.
    """

    late: float
    waves: tuple[tuple[float, float, float], ...]
    """Amplitude in seconds, angular frequency in rad/s and phase of each sine."""
    shake: float
    """Standard deviation of the white part, in seconds."""
    rng: Rng

    def wander(self, seconds: float) -> float:
        """Return the slow drift at a time, in seconds, without the mean lag."""
        return sum(size * math.sin(speed * seconds + phase) for size, speed, phase in self.waves)

    def place(self, seconds: float) -> float:
        """Return when the player really plays what is due at `seconds`; never before 0."""
        jitter = max(-2.0, min(2.0, float(self.rng.standard_normal()))) * self.shake
        return max(0.0, seconds + self.late + self.wander(seconds) + jitter)

    def touch(self, velocity: float, seconds: float) -> float:
        """Return the velocity really struck: drifting slowly with the player's attention, 0.05 to 1."""
        depth = self.waves[0][0] + self.waves[1][0] or 1.0
        drift = 0.07 * self.wander(seconds * 1.7 + 11.0) / depth
        jitter = 0.035 * max(-2.0, min(2.0, float(self.rng.standard_normal())))
        return max(0.05, min(1.0, velocity * (1.0 + drift + jitter)))


def hand(rng: Rng, late: float, drift: float = 0.004, shake: float = 0.0015) -> Hand:
    """Return a player who lags by `late` seconds on average and drifts by about `drift` seconds."""
    periods = (between(rng, 14, 25), between(rng, 6, 11), between(rng, 3, 5))
    sizes = (drift, drift * 0.6, drift * 0.35)
    waves = tuple(
        (size, 2 * math.pi / period, between(rng, 0, 2 * math.pi)) for size, period in zip(sizes, periods, strict=True)
    )
    return Hand(late, waves, shake, rng)


def arc(place: float, swell: float) -> float:
    """Return the dynamics of a phrase at `place` (0 to 1): a rise to its peak at about two thirds, then a sigh."""
    shape = math.sin(math.pi * max(0.0, min(1.0, place)) ** 1.4)
    return 1.0 - swell * 0.6 + swell * shape
