"""What CLAP gets to hear of a clip is decided by the clip alone."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio.clip import Clip
from pipeline.judges.clap.windows import LENGTH, RATE, windows


def ramp(seconds: float, rate: int = RATE, channels: int = 2) -> Clip:
    """A clip whose samples say where in it they are, from 0 to 0.5."""
    line = np.linspace(0, 0.5, round(seconds * rate), dtype=np.float32)
    return Clip(np.repeat(line[:, None], channels, axis=1), rate)


def test_windows_follow_each_other_and_the_last_one_ends_with_the_clip() -> None:
    """Of 25 s they begin at 0, 10 and 15 s; of 20 s at 0 and 10."""
    clip = ramp(25)
    heard = windows(clip)
    assert heard.shape == (3, LENGTH) and heard.dtype == np.float32
    for window, start in zip(heard, (0, 10, 15), strict=True):
        assert window[:-100] == pytest.approx(clip.samples[start * RATE : start * RATE + LENGTH, 0][:-100], abs=1e-4)
    assert len(windows(ramp(20))) == 2 and len(windows(ramp(120))) == 12


def test_the_same_clip_gives_the_same_windows() -> None:
    """Nothing is cropped at random."""
    rng = np.random.default_rng(3)
    clip = Clip(rng.standard_normal((RATE * 33, 2)).astype(np.float32) * 0.1, RATE)
    assert np.array_equal(windows(clip), windows(clip))


@pytest.mark.parametrize("rate", [8_000, 32_000, 44_100, 48_000, 96_000])
def test_every_rate_becomes_the_one_clap_knows(rate: int) -> None:
    """A tone of 440 Hz is one in the window, whatever the file's rate."""
    time = np.arange(rate * 12) / rate
    tone = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[:, None]
    spectrum = np.abs(np.fft.rfft(windows(Clip(tone, rate))[0]))
    assert np.argmax(spectrum) / 10 == pytest.approx(440, abs=0.2)


def test_a_short_clip_is_repeated_whole_and_then_padded() -> None:
    """Three seconds sound three times; the last second is silent."""
    (window,) = windows(ramp(3))
    assert np.array_equal(window[: 3 * RATE], window[3 * RATE : 6 * RATE])
    assert np.array_equal(window[: 3 * RATE], window[6 * RATE : 9 * RATE])
    assert not window[9 * RATE :].any()


def test_both_channels_count_and_nothing_is_louder_than_full_scale() -> None:
    """Left and right are averaged, and samples beyond what a file holds are cut first."""
    sound = np.zeros((RATE * 10, 2), np.float32)
    sound[:, 0] = 1e30
    assert windows(Clip(sound, RATE))[0][RATE:-RATE] == pytest.approx(0.5, abs=1e-3)


def test_an_empty_clip_has_no_window() -> None:
    """Nor has one without channels."""
    assert windows(Clip(np.zeros((0, 2), np.float32), RATE)).shape == (0, LENGTH)
    assert windows(Clip(np.zeros((RATE, 0), np.float32), RATE)).shape == (0, LENGTH)
