"""Wow and flutter: a tape that never runs at quite the same speed."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Samples

_STEP = 64  # frames between computed delays; straight lines between them stay within 0.001 frames of the curve
_TAPS = 6
_PHASES = 2048
_BLOCK = 1 << 14
_HELD = 0.5  # seconds at either end over which the tape comes up to, and down from, its full wobble


def waver(planes: NDArray[np.float32], rate: int, rng: np.random.Generator, percent: float) -> Samples:
    """Return [channels, frames] read at a wavering speed, as [frames, channels]; `percent` is the weighted RMS.

    The delay is zero at both ends, so nothing is lost and the length stays. All channels share it.
    """
    channels, frames = planes.shape
    delays = _delays(frames, rate, rng, percent)
    reach = math.ceil(float(np.abs(delays).max())) + _TAPS
    padded = np.pad(planes, ((0, 0), (reach, reach + _STEP)))
    out = np.empty((frames, channels), np.float32)
    table = _sinc_table()
    ramp = np.arange(_STEP, dtype=np.float32) / np.float32(_STEP)
    for start in range(0, frames, _BLOCK):
        size = min(_BLOCK, frames - start)
        left = delays[start // _STEP : start // _STEP + -(-size // _STEP) + 1]
        delay = (left[:-1, None] + np.diff(left)[:, None] * ramp).reshape(-1)[:size]
        whole = np.floor(delay)
        phase = ((delay - whole) * np.float32(_PHASES)).astype(np.intp)
        first = whole.astype(np.intp) + np.arange(start + reach - _TAPS // 2 + 1, start + reach - _TAPS // 2 + 1 + size)
        read = np.zeros((channels, size), np.float32)
        for tap in range(_TAPS):
            weight = table[tap].take(phase, mode="clip")
            for channel in range(channels):
                read[channel] += weight * padded[channel].take(first, mode="clip")
            first += 1
        out[start : start + size] = read.T
    return out


def _delays(frames: int, rate: int, rng: np.random.Generator, percent: float) -> NDArray[np.float32]:
    """Return the displacement in frames at every _STEP-th frame.

    Wow is three slow cycles between 0.6 and 1.4 Hz (capstan and reel), flutter four between 5 and 9 Hz (the
    motor). The speed deviation of a cycle is A cos(2 pi f t + p); the displacement is its integral.
    """
    times = np.arange(-(-frames // _STEP) + 2) * _STEP / rate
    pitches = np.concatenate((rng.uniform(0.6, 1.4, 3), rng.uniform(5, 9, 4)))
    shares = np.concatenate((rng.uniform(0.5, 1.0, 3), rng.uniform(0.2, 0.5, 4)))
    phases = rng.uniform(0, 2 * np.pi, 7)
    weighted = math.sqrt(float(np.sum((shares * _weighting(pitches)) ** 2)) / 2)
    amplitudes = shares / weighted * percent / 100 / (2 * np.pi * pitches)
    moved = np.zeros(len(times))
    for amplitude, pitch, phase in zip(amplitudes, pitches, phases, strict=True):
        moved += amplitude * np.sin(2 * np.pi * pitch * times + phase)
    length = frames / rate
    held = min(_HELD, length / 4) or 1.0
    edge = np.clip(np.minimum(times, length - times) / held, 0, 1)
    return np.asarray(moved * rate * np.sin(edge * np.pi / 2) ** 2, dtype=np.float32)


def _weighting(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how strongly the ear's weighting counts a wobble at `pitch` Hz (IEC 60386, greatest at 4 Hz)."""
    tabulated = [0.4, 0.63, 0.8, 1.0, 1.6, 2.0, 4.0, 6.3, 10.0]
    levels = [-15.0, -8.4, -6.0, -4.2, -1.8, -0.9, 0.0, -0.9, -2.1]
    return np.asarray(10 ** (np.interp(np.log(pitch), np.log(tabulated), levels) / 20))


@cache
def _sinc_table() -> NDArray[np.float32]:
    """Return the weights of the six samples around a point, float32 [taps, phases]: a Kaiser-windowed sinc."""
    fraction = (np.arange(_PHASES) + 0.5) / _PHASES
    distance = np.arange(_TAPS)[:, None] - (_TAPS // 2 - 1) - fraction
    window = np.i0(5.0 * np.sqrt(np.clip(1 - (distance / (_TAPS / 2)) ** 2, 0, 1)))
    weights = np.sinc(distance) * window
    return np.asarray(weights / weights.sum(axis=0), dtype=np.float32)
