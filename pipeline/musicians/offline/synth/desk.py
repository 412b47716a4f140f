"""The mixing desk: level, place, equaliser and sends of every role, and the kick drum leaning on the chords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from pipeline.musicians.offline.synth.instrument import Sound, Tremolo
from pipeline.musicians.offline.synth.modes import TONE_RATE, Mono, Table
from pipeline.musicians.offline.synth.noise import Shape
from pipeline.musicians.offline.synth.room import BLOCK


@dataclass(frozen=True)
class Strip:
    """One channel of the desk: linear `level`, `pan` -1 to 1, `send` to the reverb, `echo` to the delay.

    `ducked` leans back under the kick. `low` and `high` are the corners of the equaliser in Hz; `box` and `tilt` how
    much it takes (below 0) or gives around 550 Hz, where many instruments sing at once, and around 3 kHz, in dB.
    """

    level: float
    pan: float
    send: float
    echo: float
    ducked: bool
    low: float
    high: float
    box: float
    tilt: float

    @property
    def colour(self) -> Shape:
        """The equaliser as a gain for every frequency: two gentle slopes and two wide bells."""

        def gain(frequencies: Table) -> Table:
            f = np.maximum(frequencies, 1e-3)
            slopes = 1.0 / np.sqrt((1 + (self.low / f) ** 4) * (1 + (f / self.high) ** 2))
            bells = self.box / (1 + 2 * np.log2(f / 550.0) ** 2) + self.tilt / (1 + np.log2(f / 3000.0) ** 2)
            return np.asarray(slopes * 10.0 ** (bells / 20.0))

        return gain


STRIPS = {
    "chords": Strip(0.44, 0.0, 0.20, 0.0, True, 75, 9000, -3.5, 1.5),
    "bass": Strip(0.84, 0.0, 0.015, 0.0, False, 73, 4000, 0.0, 1.0),
    "melody": Strip(0.67, 0.1, 0.28, 0.8, False, 170, 10000, -2.5, 2.5),
    "counter": Strip(0.48, -0.32, 0.36, 0.3, False, 200, 8000, -2.5, 1.0),
    "pad": Strip(0.26, 0.0, 0.30, 0.0, True, 90, 7000, -3.5, 1.0),
}
"""The desk's channels by role; any other role gets the counter melody's."""

INSTRUMENT_TRIM = {"warm pad": 0.9, "sub bass": 0.74, "music box": 0.8, "flute": 0.76, "muted guitar": 1.05}
"""Corrections by ear where equal loudness over the first half second is not equal presence in the mix."""

DUCK_DEPTH = 0.25
"""How far the chords lean back under a full kick: 2.5 dB."""


def strip_for(role: str) -> Strip:
    """Return the channel of a role."""
    return STRIPS.get(role, STRIPS["counter"])


class Ducker:
    """The gain that makes room for the kick: down in 4 ms, held 25 ms, back with a time constant of 60 ms."""

    def __init__(self, kicks: Sequence[tuple[float, float]]) -> None:
        """`kicks` are (start in seconds, velocity 0 to 1)."""
        self._kicks = sorted((round(start * TONE_RATE), velocity) for start, velocity in kicks)
        self._at = 0
        attack, hold, back = round(0.004 * TONE_RATE), round(0.025 * TONE_RATE), round(0.33 * TONE_RATE)
        down = 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / attack)
        up = np.exp(-np.arange(back) / (0.06 * TONE_RATE)) * np.linspace(1, 0, back)
        self._dip = np.concatenate((down, np.ones(hold), up)).astype(np.float32)

    def next_gain(self) -> Mono:
        """Return the gain for the next BLOCK frames."""
        dip = np.zeros(BLOCK, np.float32)
        for start, velocity in self._kicks:
            begin = start - self._at
            if begin >= BLOCK:
                break
            if begin + len(self._dip) <= 0:
                continue
            first, last = max(begin, 0), min(begin + len(self._dip), BLOCK)
            shape = np.float32(DUCK_DEPTH * min(velocity, 1.0) ** 0.7) * self._dip[first - begin : last - begin]
            np.maximum(dip[first:last], shape, out=dip[first:last])
        self._at += BLOCK
        return np.float32(1.0) - dip


class Swing:
    """A tremolo that keeps its place from block to block."""

    def __init__(self, tremolo: Tremolo, phase: float) -> None:
        self._tremolo = tremolo
        self._phase = phase
        self._at = 0

    def apply(self, sound: Sound, resting: bool = False) -> None:
        """Swing the level (or the place) of `sound` [2, frames] in place; only count on while it is `resting`."""
        step = 2 * np.pi * self._tremolo.rate / TONE_RATE
        start = (self._phase + step * self._at) % (2 * np.pi)
        frames = sound.shape[1]
        if resting:
            self._at += frames
            return
        swing = np.sin((start + step * np.arange(frames)).astype(np.float32)) * np.float32(self._tremolo.depth)
        sound[0] *= 1 + swing
        sound[1] *= 1 - swing if self._tremolo.panned else 1 + swing
        self._at += frames


class MonoBass:
    """Takes everything below 120 Hz out of the side signal, so the low end is the same left and right."""

    def __init__(self) -> None:
        self._sections = butter(2, 120.0, "highpass", fs=TONE_RATE, output="sos")
        self._memory = np.zeros((len(self._sections), 2))

    def apply(self, sound: Sound) -> None:
        """Narrow `sound` [2, frames] in place."""
        middle = np.float32(0.5) * (sound[0] + sound[1])
        side = np.float32(0.5) * (sound[0] - sound[1])
        # In double precision: poles this close to 1 would lift single-precision rounding by 60 dB.
        wide, self._memory = sosfilt(self._sections, side.astype(np.float64), zi=self._memory)
        side = wide.astype(np.float32)
        np.add(middle, side, out=sound[0])
        np.subtract(middle, side, out=sound[1])
