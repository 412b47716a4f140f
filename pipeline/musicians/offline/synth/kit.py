"""A drum kit in its room, and the early sampler its dusty variant was taken from.

The dusty kit is held at 26 kHz and bent through a staircase of some eleven bits. The staircase is a smooth one (its
slope never exceeds two), so rounding can never turn a last-bit difference between processors into a step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from pipeline.musicians.offline.synth import drums
from pipeline.musicians.offline.synth.drums import Drum
from pipeline.musicians.offline.synth.instrument import Sound
from pipeline.musicians.offline.synth.modes import RATE, Mono
from pipeline.musicians.offline.synth.noise import band, coloured, fall, hiss, rise, soften

_SAMPLER_RATE = 26_040
_STAIRS = 2.0**10

PLACES = {
    "hat": 0.34,
    "open hat": 0.34,
    "shaker": -0.42,
    "brush": 0.1,
    "tom": 0.3,
    "ride": -0.28,
    "crash": -0.4,
    "swell": 0.25,
}
"""Where each drum stands: -1 left to 1 right; what is not named is in the middle."""

LEVELS = {"kick": 0.5, "snare": 0.66, "rim": 0.4, "ghost": 0.3, "hat": 0.26, "open hat": 0.24, "shaker": 0.17}
LEVELS |= {"brush": 0.24, "tom": 0.6, "ride": 0.2, "crash": 0.3, "swell": 0.16}
"""Peak of each drum at full velocity."""

_BRUSHED = {"snare": 0.75, "kick": 1.3}
"""What that is multiplied by on the brush kit: wires speak louder than their peak, a felt beater softer."""

_DUSTY: dict[str, Drum] = {
    "kick": drums.dusty_kick,
    "snare": drums.dusty_snare,
    "rim": drums.rim,
    "ghost": drums.ghost,
    "hat": drums.hat,
    "open hat": drums.open_hat,
    "shaker": drums.shaker,
    "brush": drums.brush_tap,
    "tom": drums.tom,
    "ride": drums.ride,
    "crash": drums.crash,
    "swell": drums.swell,
}
_BRUSHES: dict[str, Drum] = _DUSTY | {
    "kick": drums.brush_kick,
    "snare": drums.brush_tap,
    "hat": drums.foot_hat,
    "brush": drums.brush_swirl,
    "ride": drums.brush_ride,
}


def sampled(sound: Mono) -> Mono:
    """Return the sound as an early sampler would keep it: held at 26 kHz, bent through a smooth 11-bit staircase."""
    held = np.arange(len(sound)) * _SAMPLER_RATE // RATE
    kept = coloured(sound, band(5, 9800, 5.0), RATE)[held * RATE // _SAMPLER_RATE].astype(np.float64)
    kept -= np.sin(2 * np.pi * _STAIRS * kept) / (2 * np.pi * _STAIRS)
    return coloured(kept.astype(np.float32), band(5, 4800, 2.0), RATE)


@dataclass(frozen=True)
class Kit:
    """A set of drums in a small room.

    `strokes` are its drums by name; `dusty` sends them through the sampler; `room` is the level of the room, whose
    stereo `response` is at RATE.
    """

    strokes: dict[str, Drum]
    dusty: bool
    room: float
    response: Sound
    _answers: dict[int, NDArray[np.complex64]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def named(cls, name: str, chance: np.random.Generator) -> Kit:
        """Set up "dusty kit" or "brush kit"; any other name gets the one it sounds more like."""
        brushes = "brush" in name or "jazz" in name
        return cls(_BRUSHES if brushes else _DUSTY, not brushes, 0.24 if brushes else 0.17, _small_room(chance))

    def hit(self, drum: str, strength: float, chance: np.random.Generator) -> Sound:
        """Strike a drum, float32 [2, frames] at 44.1 kHz, peaking near its level at full velocity.

        A drum the kit does not have is played on the rim.
        """
        known = drum if drum in self.strokes else "rim"
        dry = self.strokes[known](strength, chance)
        if self.dusty:
            dry = sampled(0.8 * dry)
        loud = LEVELS[known] * (1.0 if self.dusty else _BRUSHED.get(known, 1.0))
        dry = dry * np.float32(loud / max(float(np.abs(dry).max()), 1e-3))
        soften(dry, 0.0007, 0.02, RATE)
        frames = len(dry) + self.response.shape[1]
        size = -(-frames // 8192) * 8192  # a few sizes only, so that the room is transformed but once for each
        if size not in self._answers:
            self._answers[size] = scipy.fft.rfft(self.response, size)
        wet = scipy.fft.irfft(scipy.fft.rfft(dry, size) * self._answers[size], size)[:, :frames]
        sound = np.asarray(self.room * (0.35 if known == "kick" else 1.0) * wet, np.float32)
        place = PLACES.get(known, 0.0)
        sound[0, : len(dry)] += np.float32(np.sqrt(1 - place)) * dry
        sound[1, : len(dry)] += np.float32(np.sqrt(1 + place)) * dry
        soften(sound, 0.0005, 0.03, RATE)
        return sound


def _small_room(chance: np.random.Generator) -> Sound:
    """The response of a small carpeted room, float32 [2, frames], unit energy a side."""
    frames = round(0.24 * RATE)
    tail = fall(frames, 0.05, RATE) * rise(frames, 0.006, RATE)
    response = np.stack([hiss(chance, frames, band(180, 5200, 1.2), RATE) * tail for _ in range(2)])
    soften(response, 0.001, 0.05, RATE)
    energy: NDArray[np.float32] = np.sqrt(np.sum(response * response, axis=1, keepdims=True))
    return np.asarray(response / energy, np.float32)
