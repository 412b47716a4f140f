"""The world around the music: rain, vinyl, cafe, sea, fire and night insects.

A scene is a few beds (seamless noise, two loops of unrelated length whose balance drifts, so nothing ever comes round
again) under many small events placed at random: drops, crackles, syllables, chirps. Scenes are played block by block
at TONE_RATE in stereo; at LEVELS' reference they have an RMS of about 0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.musicians.offline.synth import scenes
from pipeline.musicians.offline.synth.instrument import Sound
from pipeline.musicians.offline.synth.modes import TONE_RATE
from pipeline.musicians.offline.synth.noise import hiss
from pipeline.musicians.offline.synth.player import Event, Lane
from pipeline.musicians.offline.synth.room import BLOCK
from pipeline.musicians.offline.synth.scenes import BedPlan, Scatter

LEVELS = {"rain": -28.0, "vinyl": -46.0, "cafe": -28.0, "sea": -27.0, "fire": -29.0, "night insects": -31.0}
"""How far below the music each one lies, in dB."""

_SCENES: dict[str, Callable[[np.random.Generator, float], scenes.Scene]] = {
    "rain": scenes.rain,
    "vinyl": scenes.vinyl,
    "cafe": scenes.cafe,
    "sea": scenes.sea,
    "fire": scenes.fire,
    "night insects": scenes.night_insects,
}
_KIN = (
    ("rain", ("rain", "storm", "thunder", "drizzle", "water")),
    ("vinyl", ("vinyl", "record", "crackle", "tape", "dust")),
    ("cafe", ("cafe", "café", "coffee", "restaurant", "street", "city", "crowd", "bar", "train")),
    ("sea", ("sea", "ocean", "wave", "beach", "river", "wind", "stream")),
    ("fire", ("fire", "hearth", "camp")),
    ("night insects", ("insect", "cricket", "night", "forest", "summer", "bird", "frog")),
)


def nearest(name: str) -> str:
    """Return the scene that comes closest to `name`: rain if nothing does."""
    wanted = " ".join(name.casefold().split())
    if wanted in _SCENES:
        return wanted
    return next((known for known, words in _KIN if any(word in wanted for word in words)), "rain")


class _Bed:
    """A bed playing: two loops of stereo noise whose levels wander, shaped by the plan's own curve."""

    def __init__(self, plan: BedPlan, chance: np.random.Generator, seconds: float) -> None:
        lengths = (round(plan.loops[0] * TONE_RATE), round(plan.loops[1] * TONE_RATE))
        self._loops = [_stereo_noise(plan, chance, length) for length in lengths]
        points = int(seconds * TONE_RATE / scenes.CONTROL) + 2 * BLOCK // scenes.CONTROL + 2
        balance = 0.5 + 0.5 * np.sin(scenes.wander(chance, points, 7.0) * 1.2)
        curve = plan.level * (np.ones((2, points)) if plan.curve is None else plan.curve(points))
        self._curves = [
            (curve * np.sqrt(balance)).astype(np.float32),
            (curve * np.sqrt(1 - balance)).astype(np.float32),
        ]
        self._at = 0

    def add_to(self, out: Sound) -> None:
        """Add the next BLOCK frames."""
        point = self._at // scenes.CONTROL
        points = BLOCK // scenes.CONTROL
        ramp = np.arange(scenes.CONTROL, dtype=np.float32) / np.float32(scenes.CONTROL)
        for loop, curve in zip(self._loops, self._curves, strict=True):
            edges = curve[:, point : point + points + 1]
            gain = (edges[:, :-1, None] + np.diff(edges)[:, :, None] * ramp).reshape(2, -1)
            gain *= _looped(loop, self._at)
            out += gain
        self._at += BLOCK


def _stereo_noise(plan: BedPlan, chance: np.random.Generator, frames: int) -> Sound:
    middle, side = hiss(chance, frames, plan.shape), hiss(chance, frames, plan.shape)
    width = np.float32(plan.width)
    return np.stack((middle + width * side, middle - width * side)) * np.float32(1 / np.sqrt(1 + plan.width**2))


def _looped(loop: Sound, start: int) -> Sound:
    """BLOCK frames of a loop from `start` on."""
    begin = start % loop.shape[1]
    pieces = []
    missing = BLOCK
    while missing > 0:
        piece = loop[:, begin : begin + missing]
        pieces.append(piece)
        missing -= piece.shape[1]
        begin = 0
    return np.concatenate(pieces, axis=1) if len(pieces) > 1 else pieces[0]


@dataclass
class Ambience:
    """A scene playing."""

    _beds: Sequence[_Bed]
    _lane: Lane

    @classmethod
    def named(cls, name: str, chance: np.random.Generator, seconds: float) -> Ambience:
        """Set up the scene nearest to `name` for a clip of that length."""
        scene = _SCENES[nearest(name)](chance, seconds)
        beds = [_Bed(plan, chance, seconds) for plan in scene.beds]
        sounds = {key: sound for scatter in scene.scatters for key, sound in scatter.sounds.items()}
        events = [event for scatter in scene.scatters for event in _events(scatter)]
        return cls(beds, Lane(events, lambda key: sounds[key], BLOCK))

    def play(self) -> Sound:
        """Return the next BLOCK frames, float32 [2, BLOCK], good until the next call."""
        out = self._lane.play()
        for bed in self._beds:
            bed.add_to(out)
        return out


def _events(scatter: Scatter) -> list[Event]:
    starts: NDArray[np.int64] = np.round(scatter.times * TONE_RATE).astype(np.int64)
    left = scatter.gains * np.sqrt(1 - scatter.pans)
    right = scatter.gains * np.sqrt(1 + scatter.pans)
    return [
        Event(int(start), None, 0, float(west), float(east), key)
        for start, west, east, key in zip(starts, left, right, scatter.keys, strict=True)
    ]
