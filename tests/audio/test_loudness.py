"""Loudness and peaks, against independent meters."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from material import RATE, beat, noise, piano, scaled, tone
from scipy.signal import resample_poly

from pipeline.audio.clip import Clip
from pipeline.audio.loudness import FLOOR, LoudnessMeter, PeakMeter, loudness, rms, true_peak


def test_a_full_scale_kilohertz_measures_what_the_standard_says() -> None:
    """BS.1770-4: a 997 Hz sine at full scale in one channel of two reads -3.01 LUFS."""
    both = tone(997, 20, amplitude=1.0)
    one = Clip(both.samples * np.array([1, 0], np.float32), RATE)
    assert loudness(one) == pytest.approx(-3.01, abs=0.1)
    assert loudness(both) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("clip", [noise(8), piano(12), beat(12)], ids=["noise", "piano", "beat"])
@pytest.mark.parametrize("rate", [RATE, 32_000])
def test_an_independent_meter_agrees(clip: Clip, rate: int) -> None:
    """pyloudnorm finds the same loudness within a tenth at any rate."""
    clip = Clip(clip.samples, rate)
    assert loudness(clip) == pytest.approx(pyloudnorm.Meter(rate).integrated_loudness(clip.samples), abs=0.1)


def test_a_quiet_passage_does_not_count() -> None:
    """A long pause leaves the loudness of the music as it is: that is what the gates are for."""
    music = noise(10)
    with_pause = Clip(np.concatenate([music.samples, music.samples * np.float32(0.01)]), RATE)
    assert loudness(with_pause) == pytest.approx(loudness(music), abs=0.15)


@pytest.mark.parametrize("frames", [0, 1, 100, RATE // 3, RATE])
def test_silence_and_scraps_have_a_loudness(frames: int) -> None:
    """Nothing, silence and a tenth of a second all give a number: the floor, or the level of what is there."""
    silence = Clip(np.zeros((frames, 2), np.float32), RATE)
    assert loudness(silence) == FLOOR == true_peak(silence) == rms(silence.samples)
    scrap = tone(1000, 0.2, 0.5)
    assert -15 < loudness(scrap) < -5


def test_a_stream_measures_as_the_whole() -> None:
    """Fed in blocks of any size, the meters say the same."""
    clip = beat(9)
    level, peak = LoudnessMeter(RATE), PeakMeter()
    for block in np.split(clip.samples, [1, 17, 5_000, 5_001, 200_000]):
        level.add(block)
        peak.add(block)
    assert level.integrated() == pytest.approx(loudness(clip), abs=1e-6)
    assert peak.peak() == pytest.approx(true_peak(clip), abs=1e-4)


@pytest.mark.parametrize("clip", [beat(6), piano(6), tone(11_025, 1, 0.9)], ids=["beat", "piano", "tone"])
def test_an_eight_fold_resample_finds_the_same_peak(clip: Clip) -> None:
    """The true peak agrees with an independent interpolation to a tenth of a decibel."""
    finer = resample_poly(clip.samples.astype(np.float64), 8, 1, axis=0, window=("kaiser", 12.0))
    assert true_peak(clip) == pytest.approx(20 * np.log10(np.abs(finer).max()), abs=0.1)


def test_a_peak_between_samples_is_found() -> None:
    """A quarter-rate sine sampled at 45 degrees peaks 3 dB above its samples."""
    time = np.arange(RATE)
    wave = (0.5 * np.sin(np.pi / 2 * time + np.pi / 4)).astype(np.float32)
    wave *= np.clip(np.minimum(time, RATE - 1 - time) / 200, 0, 1).astype(np.float32)  # a cut end would overshoot
    clip = Clip(np.stack([wave, wave], 1), RATE)
    assert float(np.abs(wave).max()) == pytest.approx(0.5 * np.sqrt(0.5), abs=1e-3)
    assert true_peak(clip) == pytest.approx(20 * np.log10(0.5), abs=0.1)


def test_rms_is_in_full_scale_decibels() -> None:
    """A square wave at full scale is 0 dBFS, at half scale 6 dB less."""
    assert rms(np.ones((1000, 2), np.float32)) == pytest.approx(0.0, abs=1e-6)
    assert rms(scaled(Clip(np.ones((1000, 2), np.float32), RATE), 0.5).samples) == pytest.approx(-6.02, abs=0.01)
