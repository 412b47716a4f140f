"""How a piece is let in and out: a filter that opens on some intros, and the fader that follows the last chord."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from pipeline.musicians.offline.score import Score
from pipeline.musicians.offline.synth.modes import RATE, Mono
from pipeline.musicians.offline.synth.noise import rise

_SHARE = 0.4
"""How many intros come through the filter."""

_CORNERS = (620.0, 1900.0)
"""Hz: where the filter stands at first, and half-way."""

_DEPTH = 1.5
"""The farewell's depth in powers of ten: besides the sound's own decay, the fader comes down by 30 dB."""


def open_up(samples: NDArray[np.float32], score: Score, chance: np.random.Generator) -> None:
    """Let some intros sound as from the next room and open into the first section, in place on [frames, 2].

    The filters are Gaussian and of zero phase, so blends of them and the full sound never cancel.
    """
    first = score.sections[0] if score.sections else None
    wanted = chance.random() < _SHARE
    if not wanted or first is None or first.name != "intro" or first.length < 4 or len(score.sections) < 3:
        return
    frames = min(len(samples), round((first.start + first.length) * RATE))
    after = min(len(samples) - frames, RATE // 8)  # room for the filter to look ahead
    heard = samples[: frames + after].T
    size = scipy.fft.next_fast_len(heard.shape[1] + RATE // 8, real=True)
    spectrum = scipy.fft.rfft(heard, size)
    octaves = np.arange(spectrum.shape[1]) * (RATE / size)
    dark, half = (
        scipy.fft.irfft(spectrum * np.exp(-0.5 * (octaves / corner) ** 2).astype(np.float32), size)[:, :frames]
        for corner in _CORNERS
    )
    along = np.linspace(0, 1, frames, dtype=np.float32)
    # Dark for a third of the intro, half open at two thirds, and fully open as the section arrives.
    middle, full = (_ease((along - begin) * 3) for begin in (np.float32(1 / 3), np.float32(2 / 3)))
    blend = dark + (half - dark) * middle
    samples[:frames] = (blend + (heard[:, :frames] - blend) * full).T


def _ease(place: Mono) -> Mono:
    """From 0 to 1 without a corner."""
    x = np.clip(place, 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def farewell(frames: int) -> Mono:
    """Return the fader's last move, at most 3.4 s: slow at first, then ever faster, as a note dies, down to nothing."""
    length = min(frames, round(min(3.4, 1.2 + 0.05 * frames / RATE) * RATE))
    along = np.linspace(0, 1, length, dtype=np.float32)
    return np.asarray(np.exp(np.float32(-2.3026 * _DEPTH) * along * along) * rise(length, 0.4, RATE)[::-1], np.float32)
