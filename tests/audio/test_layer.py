"""Ambience under a clip."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio.clip import Clip
from pipeline.audio.layer import lay_under
from pipeline.audio.loudness import loudness


def noise(rate: int, seconds: float, channels: int = 1, level: float = 0.1, seed: int = 0) -> Clip:
    chance = np.random.default_rng(seed)
    return Clip((level * chance.standard_normal((round(rate * seconds), channels))).astype(np.float32), rate)


def correlation(clip: Clip) -> float:
    return float(np.corrcoef(clip.samples.T)[0, 1])


def test_ambience_lies_28_lu_under_the_music() -> None:
    """However loud either was, for all the track's length, coming and going softly."""
    for level in (0.02, 0.3):
        music = noise(32000, 12.0, channels=2, level=level)
        mixed = lay_under(music, noise(16000, 5.0, level=0.5, seed=1))
        layer = Clip(mixed.samples - music.samples, 32000)
        assert mixed.samples.shape == music.samples.shape and mixed.rate == 32000
        assert loudness(music) - loudness(layer) == pytest.approx(28.0, abs=0.7)
        assert np.abs(layer.samples[:200]).max() < 1e-2 * np.abs(layer.samples).max()
        assert np.abs(layer.samples[-200:]).max() < 1e-2 * np.abs(layer.samples).max()
        assert min(np.std(part) for part in np.split(layer.samples[96000:-96000], 6)) > 0


def test_ambience_is_wide_under_stereo_and_keeps_mono_mono() -> None:
    """A mono loop comes from both sides, unlike; a stereo loop under mono is summed."""
    music = noise(32000, 8.0, channels=2, level=0.3)
    wide = lay_under(music, noise(16000, 5.0, seed=1), below=10.0)
    assert abs(correlation(Clip(wide.samples - music.samples, 32000))) < 0.1
    mono = noise(32000, 8.0, level=0.3)
    assert lay_under(mono, noise(16000, 5.0, channels=2, seed=1)).channels == 1
