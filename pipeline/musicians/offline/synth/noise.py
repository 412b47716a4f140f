"""Noise with a shape: breath, felt, brushes, rain, and the ramps that start and stop a sound without a click."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from pipeline.musicians.offline.synth.modes import TONE_RATE, Mono, Table

Shape = Callable[[Table], Table]
"""A gain for every frequency in Hz: how an equaliser or a resonance colours a sound."""


def flat(frequencies: Table) -> Table:
    """Leave every frequency as it is."""
    return np.ones_like(frequencies)


def band(low: float, high: float, slope: float = 2.0) -> Shape:
    """Pass `low` to `high` Hz; beyond them fall by 6 dB an octave for each unit of `slope`."""

    def gain(frequencies: Table) -> Table:
        f = np.maximum(frequencies, 1e-3)
        return np.asarray(1.0 / np.sqrt((1.0 + (low / f) ** (2 * slope)) * (1.0 + (f / high) ** (2 * slope))))

    return gain


def hiss(chance: np.random.Generator, frames: int, shape: Shape, rate: int = TONE_RATE) -> Mono:
    """Return coloured noise of unit RMS, float32 [frames]; its ends join without a seam."""
    if frames < 2:
        return np.zeros(max(frames, 0), np.float32)
    size = scipy.fft.next_fast_len(frames, real=True)
    spectrum = scipy.fft.rfft(chance.random(size, dtype=np.float32) - np.float32(0.5))
    gains = _drawn(shape, len(spectrum), rate / size)
    gains[0] = 0.0
    spectrum *= gains.astype(np.float32)
    # White noise of this width has a flat expected power of size / 12, so unit RMS needs no look at the samples.
    power = (2.0 * float(np.sum(gains * gains)) / size) / 12.0
    samples = scipy.fft.irfft(spectrum, size)[:frames]
    samples *= np.float32(1.0 / np.sqrt(max(power, 1e-20)))
    return np.asarray(samples, np.float32)


_DRAWN = 4096
"""Points from which a long gain curve is drawn; powers and roots at every bin would cost more than the transform."""


def _drawn(shape: Shape, bins: int, step: float) -> Table:
    """Return the gains of `bins` frequencies `step` Hz apart; long curves run straight between points."""
    if bins <= 2 * _DRAWN:
        return shape(np.arange(bins) * step)
    # Closer together where curves bend: the points lie evenly on a square-root scale.
    points = np.linspace(0, 1, _DRAWN) ** 2 * (bins - 1)
    return np.asarray(np.interp(np.arange(bins), points, shape(points * step)))


def coloured(sound: Mono, shape: Shape, rate: int) -> Mono:
    """Return `sound` through a zero-phase filter of that shape, a little room added against wrap-around."""
    size = scipy.fft.next_fast_len(len(sound) + 512, real=True)
    spectrum = scipy.fft.rfft(sound, size)
    spectrum *= shape(np.arange(len(spectrum)) * (rate / size)).astype(np.float32)
    return np.asarray(scipy.fft.irfft(spectrum, size)[: len(sound)], np.float32)


def fall(frames: int, tau: float, rate: int = TONE_RATE) -> Mono:
    """An exponential decay to 1/e in `tau` seconds."""
    return np.asarray(np.exp(np.arange(frames) * (-1.0 / (tau * rate))), np.float32)


def rise(frames: int, seconds: float, rate: int = TONE_RATE) -> Mono:
    """A raised-cosine ramp from 0 to 1 in `seconds`, then 1."""
    ramp = np.ones(frames, np.float32)
    length = min(frames, max(2, round(seconds * rate)))
    ramp[:length] = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)
    return ramp


def soften(sound: NDArray[np.float32], attack: float, ending: float = 0.012, rate: int = TONE_RATE) -> None:
    """Ramp the start and the end of `sound` [..., frames] in place, in `attack` and `ending` seconds."""
    frames = sound.shape[-1]
    first = min(frames, max(2, round(attack * rate)))
    last = min(frames, max(2, round(ending * rate)))
    sound[..., :first] *= rise(first, first / rate, rate)
    sound[..., frames - last :] *= rise(last, last / rate, rate)[::-1]
