"""A clip as the windows CLAP hears: always the same ones, never a random crop."""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from pipeline.audio.clip import Clip

RATE = 48_000
"""Hz, of every published CLAP."""

LENGTH = 10 * RATE
"""Frames of a window: the ten seconds CLAP was trained on."""

Waves = NDArray[np.float32]
"""Mono windows, float32 [count, LENGTH], full scale at +-1."""


def windows(clip: Clip) -> Waves:
    """Return a clip as windows that follow each other, the last one aligned to its end; none for an empty clip.

    A clip shorter than a window is repeated as often as it fits and then padded with silence, as CLAP was trained
    (`repeatpad`). The library's own way, one random crop, scored one file against itself between 0.30 and 0.99.
    """
    if not clip.frames or not clip.channels:
        return np.zeros((0, LENGTH), np.float32)
    common = gcd(RATE, clip.rate)
    # Beyond full scale there is nothing a file could hold, and so nothing CLAP could have learnt.
    mono = np.clip(clip.samples, -1, 1).mean(axis=1)
    wave = np.asarray(resample_poly(mono, RATE // common, clip.rate // common), np.float32)
    if len(wave) < LENGTH:
        repeated = np.tile(wave, LENGTH // len(wave))
        return np.pad(repeated, (0, LENGTH - len(repeated)))[None]
    starts = list(range(0, len(wave) - LENGTH + 1, LENGTH))
    if starts[-1] + LENGTH < len(wave):
        starts.append(len(wave) - LENGTH)
    return np.stack([wave[start : start + LENGTH] for start in starts])
