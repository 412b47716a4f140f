"""The limiter: nothing above the ceiling, nothing touched that need not be."""

from __future__ import annotations

import numpy as np
import pytest
from material import RATE, beat, noise, scaled, tone
from scipy.signal import resample_poly

from pipeline.audio.clip import Clip
from pipeline.audio.limiter import Limiter, limit
from pipeline.audio.loudness import loudness, true_peak


@pytest.mark.parametrize("gain", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("clip", [beat(5), noise(3, 0.2)], ids=["beat", "noise"])
def test_no_peak_passes_the_ceiling(clip: Clip, gain: float) -> None:
    """Whatever goes in, the true peak that comes out is at the ceiling or below, by another interpolator too."""
    limited = limit(scaled(clip, gain), -3.0)
    assert limited.frames == clip.frames
    assert true_peak(limited) <= -2.98
    finer = resample_poly(limited.samples.astype(np.float64), 8, 1, axis=0, window=("kaiser", 8.0))
    assert 20 * np.log10(np.abs(finer).max()) <= -2.7


def test_quiet_music_passes_bit_for_bit() -> None:
    """A clip under the ceiling is returned as it is, and a stream of it unchanged."""
    clip = scaled(beat(4), 0.3)
    assert limit(clip, -1.0) is clip
    limiter = Limiter(RATE, -1.0)
    out = [piece for part in np.array_split(clip.samples, 7) for piece in limiter.push(part)] + [*limiter.flush()]
    assert np.array_equal(np.concatenate(out), clip.samples)


def test_only_the_peak_is_touched() -> None:
    """Well before and well after a lone peak, music is unchanged bit for bit."""
    samples = noise(4, 0.05).samples.copy()
    samples[2 * RATE] = 1.5
    limited = limit(Clip(samples, RATE), -1.0).samples
    changed = np.flatnonzero((limited != samples).any(axis=1))
    assert 2 * RATE - 0.02 * RATE < changed[0] <= 2 * RATE <= changed[-1] < 2.3 * RATE


def test_the_very_first_and_last_samples_are_caught() -> None:
    """A peak on the edge of a clip is limited like any other."""
    samples = np.zeros((RATE, 2), np.float32)
    samples[0] = samples[-1] = 1.4
    assert true_peak(limit(Clip(samples, RATE), -1.0)) <= -0.98


def test_two_decibels_are_not_heard() -> None:
    """A bass note pushed 2 dB into the limiter keeps its shape: harmonics stay 60 dB down."""
    limited = limit(tone(50, 3, 1.12), -1.0)
    spectrum = np.abs(np.fft.rfft(limited.samples[RATE : 2 * RATE, 0] * np.blackman(RATE)))
    assert 20 * np.log10(spectrum[[100, 150, 200, 250]].max() / spectrum[50]) < -60


def test_limiting_costs_little_loudness() -> None:
    """Catching 3 dB of drum peaks takes less than half a LU from the whole."""
    clip = beat(8)
    limited = limit(clip, true_peak(clip) - 3)
    assert loudness(clip) - loudness(limited) < 0.5


def test_a_stream_limits_as_the_whole() -> None:
    """Blocks of any size give the same samples in the same number."""
    clip = scaled(beat(3), 2.0)
    limiter = Limiter(RATE, -1.0)
    parts = np.split(clip.samples, [0, 1, 15, 16, 4000, 70_000])
    out = np.concatenate([piece for part in parts for piece in limiter.push(part)] + [*limiter.flush()])
    assert np.array_equal(out, limit(clip, -1.0).samples)
    assert limiter.reduced > 3
