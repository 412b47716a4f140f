"""A finished track: loud as every other, safe, with clean ends."""

from __future__ import annotations

import numpy as np
import pytest
from material import RATE, beat, noise, piano, scaled
from scipy.signal import resample_poly

from pipeline.audio.clip import Clip
from pipeline.audio.effects.chain import PRESETS
from pipeline.audio.loudness import loudness, true_peak
from pipeline.audio.master import master

MATERIAL = {
    "noise": noise(8, 0.2),
    "piano": piano(12),
    "loud": Clip(np.clip(beat(10).samples * 4, -1, 1), RATE),
    "quiet": scaled(beat(10), 0.004),
    "beat": beat(10),
}


@pytest.mark.parametrize("name", MATERIAL)
@pytest.mark.parametrize("preset", ["none", "vinyl"])
def test_every_track_is_as_loud_as_the_next(name: str, preset: str) -> None:
    """-14 LUFS within 0.3 and never above -1 dBTP, whatever came in; an eight-fold resample agrees."""
    done = master(MATERIAL[name], PRESETS[preset], 1)
    assert loudness(done) == pytest.approx(-14, abs=0.3)
    assert true_peak(done) <= -1.4
    finer = resample_poly(done.samples.astype(np.float64), 8, 1, axis=0)
    assert 20 * np.log10(np.abs(finer).max()) <= -1.0


def test_any_take_becomes_stereo_at_the_labels_rate() -> None:
    """A mono take at MusicGen's 32 kHz keeps its length and its pitch."""
    take = Clip(piano(6, 32_000).samples[:, :1].copy(), 32_000)
    done = master(take, PRESETS["none"], 1)
    assert (done.rate, done.channels) == (RATE, 2)
    assert done.seconds == pytest.approx(take.seconds, abs=0.02)
    spectra = [np.abs(np.fft.rfft(clip.samples[:, 0], 4 * clip.rate))[: 4 * 5000].argmax() for clip in (take, done)]
    assert abs(spectra[0] - spectra[1]) <= 1


def test_the_beginning_is_trimmed_and_soft() -> None:
    """Silence before the first sound goes, and the track rises from zero without a click."""
    samples = np.concatenate([np.zeros((2 * RATE, 2), np.float32), beat(5).samples])
    done = master(Clip(samples, RATE), PRESETS["none"], 1)
    assert done.seconds == pytest.approx(5.0, abs=0.02)
    assert np.abs(done.samples[0]).max() < 1e-3


def test_a_natural_end_is_left_alone_and_a_cut_one_faded() -> None:
    """Music that dies away keeps its tail; music that breaks off is faded to nothing."""
    tail = slice(-RATE, None)
    natural = master(piano(8), PRESETS["none"], 1)
    gain = 10 ** ((loudness(natural) - loudness(piano(8))) / 20)
    assert np.allclose(natural.samples[tail], piano(8).samples[tail] * gain, rtol=0.05, atol=1e-4)
    cut = master(noise(4), PRESETS["none"], 1)
    assert np.abs(cut.samples[-3:]).max() < 1e-3


def test_the_same_seed_gives_the_same_bytes() -> None:
    """A master can be made again exactly."""
    once, again = (master(MATERIAL["beat"], PRESETS["tape"], 11).samples.tobytes() for _ in range(2))
    assert once == again


@pytest.mark.parametrize("frames", [0, 1, 50, RATE])
def test_silence_stays_silence(frames: int) -> None:
    """Nothing in, nothing out: no noise is raised from an empty take."""
    done = master(Clip(np.zeros((frames, 1), np.float32), RATE), PRESETS["vinyl"], 1)
    assert done.samples.shape == (frames, 2)
    assert not done.samples.any()
