"""Colour and width of a sound."""

from __future__ import annotations

import numpy as np
import pytest
from sounds import RATE

from pipeline.audio.clip import Clip
from pipeline.audio.spectrum import BANDS, spectrum


def tone(frequency: float, seconds: float = 4.0) -> np.ndarray:
    return np.asarray(0.3 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE), np.float32)


def noise(slope: float, seed: int = 1) -> np.ndarray:
    """Noise whose power falls by `slope` dB an octave."""
    spectrum_ = np.fft.rfft(np.random.default_rng(seed).standard_normal(RATE * 10))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(RATE * 10, 1 / RATE), 20) / 20)
    shaped = np.fft.irfft(spectrum_ * 10 ** (slope * octaves / 20))
    return np.asarray(shaped / np.abs(shaped).max() * 0.5, np.float32)


@pytest.mark.parametrize(("name", "frequency"), [("bass", 60), ("warmth", 250), ("body", 800), ("presence", 3000)])
def test_a_tone_is_in_its_band(name: str, frequency: float) -> None:
    """All the power of a tone is in the band that holds it."""
    balance = spectrum(Clip(np.stack([tone(frequency)] * 2, axis=1), RATE)).balance
    assert balance[name] > -0.5
    assert all(level < -20 for other, level in balance.items() if other != name)


@pytest.mark.parametrize("slope", [0.0, -3.0, -6.0, -9.0])
def test_tilt_is_the_slope_of_the_noise(slope: float) -> None:
    """White noise is level, pink falls 3 dB an octave, brown 6."""
    assert spectrum(Clip(noise(slope)[:, None], RATE)).tilt == pytest.approx(slope, abs=0.4)


def test_width_runs_from_mono_to_opposed() -> None:
    """The same on both sides is 0, unrelated noise about a half, opposites 1."""
    left, right = noise(-3, 1), noise(-3, 2)
    assert spectrum(Clip(np.stack([left, left], axis=1), RATE)).width == pytest.approx(0, abs=1e-6)
    assert spectrum(Clip(np.stack([left, right], axis=1), RATE)).width == pytest.approx(0.5, abs=0.08)
    opposed = spectrum(Clip(np.stack([left, -left], axis=1), RATE))
    assert opposed.width == pytest.approx(1, abs=1e-6)
    assert opposed.correlation == pytest.approx(-1, abs=1e-6)


def test_the_level_does_not_matter() -> None:
    """Turned down by 20 dB, the balance and the tilt are the same."""
    loud = Clip(np.stack([noise(-4), noise(-4, 3)], axis=1), RATE)
    soft = Clip(loud.samples * np.float32(0.1), RATE)
    assert spectrum(soft).balance == pytest.approx(spectrum(loud).balance, abs=0.01)
    assert spectrum(soft).tilt == pytest.approx(spectrum(loud).tilt, abs=0.01)


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_has_no_colour_and_no_error(channels: int) -> None:
    """An empty or silent clip gives the floor in every band."""
    for frames in (0, 10, RATE):
        found = spectrum(Clip(np.zeros((frames, channels), np.float32), RATE))
        assert found.balance == {name: -90.0 for name, _, _ in BANDS}
        assert found.width == 0
