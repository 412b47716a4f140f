"""The room and the echo: a stereo reverb convolved in blocks, and a tempo delay for the melody."""

from __future__ import annotations

import numpy as np
import scipy.fft
from scipy.signal import sosfilt

from pipeline.musicians.offline.synth.instrument import Sound
from pipeline.musicians.offline.synth.modes import TONE_RATE, Mono
from pipeline.musicians.offline.synth.noise import band, hiss, rise, soften

BLOCK = 90_112
"""Frames at TONE_RATE that the desk mixes at a time (about four seconds)."""

_TRANSFORM = 131_072
LONGEST_RESPONSE = _TRANSFORM - BLOCK + 1
"""Frames of the longest response that one transform of a block can carry (1.86 s)."""

_BANDS = ((120.0, 420.0, 0.9), (420.0, 1400.0, 1.0), (1400.0, 3600.0, 0.82), (3600.0, 7500.0, 0.52))


def hall(chance: np.random.Generator, seconds: float) -> Sound:
    """Return the response of a warm wooden room, float32 [2, frames].

    `seconds` is the time to fall by 60 dB in the middle; high bands die sooner. A few early reflections come first,
    then noise that thickens over 40 ms. The two sides are independent, as in any real room of that size.
    """
    frames = LONGEST_RESPONSE
    time = np.arange(frames) / TONE_RATE
    response = np.zeros((2, frames), np.float32)
    delay = round(0.016 * TONE_RATE)
    for low, high, share in _BANDS:
        tail = np.exp(-6.91 * time / (seconds * share)).astype(np.float32) * rise(frames, 0.04)
        for side in response:
            side[delay:] += (hiss(chance, frames, band(low, high, 2.0)) * tail * share)[: frames - delay]
    for early in range(7):
        for side in response:
            at = delay + round((0.004 + 0.0062 * early + 0.004 * chance.random()) * TONE_RATE)
            side[at : at + 3] += np.float32(2.6 * 0.8**early) * np.array([0.3, 0.6, 0.3], np.float32)
    soften(response, 0.001, 0.25)
    # Its energy is crowded between 120 Hz and 4 kHz: two thirds of the gain return music as loud as it was sent.
    return np.asarray(0.66 * response / np.sqrt(np.sum(response * response, axis=1, keepdims=True)), np.float32)


class Reverb:
    """A stereo response applied to a mono send, one block after another."""

    def __init__(self, response: Sound) -> None:
        self._response = scipy.fft.rfft(response, _TRANSFORM)
        self._tail: Sound = np.zeros((2, _TRANSFORM - BLOCK), np.float32)

    def process(self, send: Mono) -> Sound:
        """Return the reverberation of the next BLOCK frames, float32 [2, BLOCK]."""
        spectrum = scipy.fft.rfft(send, _TRANSFORM)
        wet = scipy.fft.irfft(spectrum * self._response, _TRANSFORM)
        wet[:, : self._tail.shape[1]] += self._tail
        self._tail = np.array(wet[:, BLOCK:], np.float32)
        return np.asarray(wet[:, :BLOCK], np.float32)


class Echo:
    """Three darker repeats of the melody, from side to side. `delay` is the time between them in seconds."""

    _TAPS = ((0.2, 0.32, 0.68), (0.1, 0.7, 0.3), (0.045, 0.4, 0.6))

    def __init__(self, delay: float) -> None:
        self._delay = int(np.clip(round(delay * TONE_RATE), 1, BLOCK // 3))
        self._past: Mono = np.zeros(3 * self._delay, np.float32)
        pole = 0.72
        self._dark = np.array([[1 - pole, 0.0, 0.0, 1.0, -pole, 0.0]], np.float32)
        self._memory = np.zeros((1, 2), np.float32)

    def process(self, dry: Mono) -> Sound:
        """Return the repeats that fall in the next block, float32 [2, frames]."""
        dark, self._memory = sosfilt(self._dark, dry, zi=self._memory)
        line: Mono = np.concatenate((self._past, np.asarray(dark, np.float32)))
        frames = len(dry)
        repeats = np.zeros((2, frames), np.float32)
        for number, (gain, left, right) in enumerate(self._TAPS, 1):
            start = len(self._past) - number * self._delay
            heard = line[start : start + frames]
            repeats[0] += np.float32(gain * left * 1.4) * heard
            repeats[1] += np.float32(gain * right * 1.4) * heard
        self._past = line[frames:]
        return repeats
