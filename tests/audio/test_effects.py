"""The lo-fi chain, by ear put into numbers."""

from __future__ import annotations

import numpy as np
import pytest
from material import RATE, beat, noise, piano, scaled, strength, tone
from scipy.signal import hilbert

from pipeline.audio.clip import Clip
from pipeline.audio.effects.chain import PRESETS, Effects, apply
from pipeline.audio.loudness import loudness, rms

CLEAN = Effects(saturation=0, wobble=0, noise=None, head_bump=0, low_pass=None, high_pass=None, width=1)


@pytest.mark.parametrize("preset", ["tape", "vinyl", "night", "worn"])
def test_the_middle_survives_and_the_top_is_gone(preset: str) -> None:
    """A 400 Hz tone comes through every chain; a 15 kHz one beside it is lost."""
    low, high = tone(400, 3, 0.3), tone(15_000, 3, 0.3)
    out = apply(Clip(low.samples + high.samples, RATE), PRESETS[preset].but(noise=None), 1)
    assert strength(out, 400) == pytest.approx(strength(low, 400), abs=2.0)
    assert strength(out, 15_000) < strength(high, 15_000) - 17


def test_no_effects_leave_the_clip_alone() -> None:
    """The preset "none" returns the very clip."""
    clip = beat(2)
    assert apply(clip, PRESETS["none"], 1) is clip


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_length_and_channels_stay(preset: str) -> None:
    """Every chain gives as many frames as it got, also of one channel, of a scrap and of silence."""
    for samples in (
        beat(1.234).samples,
        noise(0.01).samples,
        noise(1, channels=1).samples,
        np.zeros((0, 2)),
        np.zeros((999, 2)),
    ):
        out = apply(Clip(samples.astype(np.float32), RATE), PRESETS[preset], 3)
        assert out.samples.shape == samples.shape
        assert np.isfinite(out.samples).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    """All chance comes from the seed: again is identical, another seed is another pressing."""
    clip = beat(3)
    first, again, other = (apply(clip, PRESETS["vinyl"], seed).samples.tobytes() for seed in (5, 5, 6))
    assert first == again != other


@pytest.mark.parametrize("preset", ["tape", "vinyl", "night", "worn"])
def test_the_end_stays_silent(preset: str) -> None:
    """Where the music has died away, so have hiss and crackle."""
    samples = np.concatenate([beat(6).samples, np.zeros((RATE // 2, 2), np.float32)])
    out = apply(Clip(samples, RATE), PRESETS[preset], 2)
    assert rms(out.samples[-RATE // 5 :]) == pytest.approx(-70, abs=0.01)


def test_wow_and_flutter_are_as_strong_as_asked() -> None:
    """The speed of a 3 kHz tone varies by 0.1 to 0.25 % RMS unweighted at 0.12 %, and three times that at 0.36 %."""

    def deviation(percent: float) -> float:
        sine = apply(tone(3000, 12), CLEAN.but(wobble=percent), 4).samples[RATE:-RATE, 0]
        phase = np.unwrap(np.angle(hilbert(sine)))[::400]
        speed = np.diff(phase) / (400 * 2 * np.pi * 3000 / RATE) - 1
        return float(np.std(speed)) * 100

    assert 0.1 < deviation(0.12) < 0.25
    assert deviation(0.36) == pytest.approx(3 * deviation(0.12), rel=0.05)


def test_the_wobble_leaves_loudness_and_timing() -> None:
    """Wow moves nothing by more than a few milliseconds and costs no level."""
    clip = tone(440, 10)
    out = apply(clip, CLEAN.but(wobble=0.4), 9)
    assert rms(out.samples) == pytest.approx(rms(clip.samples), abs=0.05)
    assert loudness(out) == pytest.approx(loudness(clip), abs=0.1)


def test_the_interpolation_is_clean() -> None:
    """A wavering 6 kHz tone has nothing but itself: everything else stays 60 dB below it."""
    out = apply(tone(6000, 4), CLEAN.but(wobble=0.15), 1).samples[:, 0]
    spectrum = np.abs(np.fft.rfft(out * np.blackman(len(out)))) ** 2
    axis = np.fft.rfftfreq(len(out), 1 / RATE)
    away = spectrum[np.abs(axis - 6000) > 200].sum()
    assert 10 * np.log10(away / spectrum.sum()) < -60


def test_saturation_adds_odd_harmonics_and_folds_nothing_back() -> None:
    """Tape adds a third harmonic to a loud tone; nothing audible lands where no harmonic belongs."""
    out = apply(tone(3100, 3, 0.9), Effects(wobble=0, noise=None, saturation=0.2, low_pass=12_000), 1)
    assert -60 < strength(out, 9300) - strength(out, 3100) < -25
    spectrum = np.abs(np.fft.rfft(out.samples[:, 0] * np.blackman(out.frames)))
    axis = np.fft.rfftfreq(out.frames, 1 / RATE)
    harmonic = np.min([np.abs(axis - 3100 * k) for k in (1, 3, 5, 7)], axis=0) < 60
    stray = spectrum[~harmonic & (axis > 50)].max()
    assert 20 * np.log10(stray / spectrum.max()) < -75


def test_the_head_bump_lifts_the_bass() -> None:
    """Around 60 Hz the tape is 2 to 4 dB louder than in the middle, and far below it is thinner."""
    effects = Effects(wobble=0, noise=None, saturation=0)
    lift = {
        hertz: strength(apply(tone(hertz, 4, 0.2), effects, 1), hertz) - strength(tone(hertz, 4, 0.2), hertz)
        for hertz in (20, 60, 1000)
    }
    assert 1.5 < lift[60] - lift[1000] < 4
    assert lift[20] < -6


@pytest.mark.parametrize("level", [-44.0, -56.0])
@pytest.mark.parametrize("gain", [1.0, 0.01])
def test_noise_stands_at_its_level_under_the_music(level: float, gain: float) -> None:
    """After mastering to -14 LUFS the noise has the RMS asked for, however loud the take was."""
    clip = scaled(piano(12), gain)
    wet = apply(clip, CLEAN.but(noise=level), 1)
    bed = wet.samples - apply(clip, CLEAN.but(saturation=0, wobble=0), 1).samples
    lift = -14 - loudness(clip)
    assert 20 * np.log10(bed[RATE : 8 * RATE].std()) + lift == pytest.approx(level, abs=3.0)


def test_bass_is_in_the_middle() -> None:
    """Bass on one side comes out on both; treble keeps its place."""

    def sides(hertz: float) -> float:
        left = tone(hertz, 2).samples * np.array([1, 0], np.float32)
        out = apply(Clip(left, RATE), PRESETS["tape"].but(noise=None), 1)
        return rms(out.samples[:, :1]) - rms(out.samples[:, 1:])

    assert sides(50) < 4
    assert sides(1000) > 20


@pytest.mark.parametrize("preset", ["tape", "vinyl", "night", "worn"])
def test_gently_is_less_of_everything_and_still_lo_fi(preset: str) -> None:
    """Nothing gets stronger, and no amount leaves what such machines do."""
    full, gentle = PRESETS[preset], PRESETS[preset].gently()
    assert full.low_pass < gentle.low_pass <= 12_000 and gentle.high_pass == full.high_pass
    assert 2 <= gentle.head_bump <= full.head_bump
    assert 0.05 <= gentle.saturation <= 0.6 * full.saturation or full.saturation <= 0.1
    assert 0.1 <= gentle.wobble <= full.wobble
    assert -56 <= gentle.noise <= full.noise
    assert gentle.crackle <= full.crackle and gentle.width >= full.width


def test_gently_nothing_is_nothing() -> None:
    """The preset "none" stays none."""
    assert PRESETS["none"].gently() is PRESETS["none"]
