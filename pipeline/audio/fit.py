"""Sound at another rate and with another number of channels."""

from __future__ import annotations

import math

import numpy as np
from scipy.signal import resample_poly

from pipeline.audio.clip import Clip, Samples


def fit(clip: Clip, rate: int, channels: int) -> Samples:
    """Return a clip's samples at another rate and with so many channels, [frames, channels]."""
    samples = clip.samples
    if samples.shape[1] != channels:
        samples = np.repeat(samples.mean(axis=1, keepdims=True), channels, axis=1)
    if clip.rate != rate:
        common = math.gcd(clip.rate, rate)
        planes = resample_poly(np.ascontiguousarray(samples.T), rate // common, clip.rate // common, axis=1)
        samples = planes.T
    return np.ascontiguousarray(samples, dtype=np.float32)
