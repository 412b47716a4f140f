"""The world around the music."""

from __future__ import annotations

import tomllib
from itertools import pairwise

import numpy as np
import pytest

from pipeline.musicians.offline.synth.ambience import LEVELS, Ambience, nearest
from pipeline.musicians.offline.synth.modes import TONE_RATE
from pipeline.prompts import prompts_folder

SECONDS = 24.0


@pytest.fixture(scope="module")
def scenes():
    def play(name):
        world = Ambience.named(name, np.random.default_rng(4), SECONDS)
        return np.concatenate([world.play().copy() for _ in range(6)], axis=1)[:, : round(SECONDS * TONE_RATE)]

    return {name: play(name) for name in LEVELS}


def test_every_ambience_of_the_vocabulary_is_there():
    """A plan can name no ambience the band does not have."""
    assert set(LEVELS) == set(tomllib.loads((prompts_folder() / "vocabulary.toml").read_text())["ambiences"])


@pytest.mark.parametrize("name", LEVELS)
def test_an_ambience_never_goes_silent_and_never_clips(scenes, name):
    """There is something to hear in every second, at a known level, without DC."""
    sound = scenes[name]
    assert np.isfinite(sound).all()
    seconds = sound.reshape(2, int(SECONDS), -1)
    level = 20 * np.log10(np.sqrt(np.mean(seconds**2, axis=(0, 2))))
    assert level.min() > -45 and level.max() < -10
    assert 20 * np.log10(np.sqrt(np.mean(sound**2))) == pytest.approx(-20, abs=3)
    assert np.abs(sound.mean(axis=1)).max() < 1e-3


@pytest.mark.parametrize("name", LEVELS)
def test_an_ambience_is_stereo_but_survives_in_mono(scenes, name):
    """Left and right differ and do not cancel."""
    assert -0.1 < np.corrcoef(scenes[name])[0, 1] < 0.95


@pytest.mark.parametrize("name", LEVELS)
def test_an_ambience_never_comes_round_again(scenes, name):
    """No stretch repeats later: nothing in it is an audible loop."""
    sound = scenes[name][0] - scenes[name][0].mean()
    spectrum = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    alike = np.fft.irfft(spectrum)[: len(sound)] / np.arange(len(sound), 0, -1)
    assert np.abs(alike[2 * TONE_RATE : 18 * TONE_RATE]).max() < 0.55 * alike[0]


def test_the_six_are_six(scenes):
    """Each has a spectrum and a rhythm of its own."""

    def portrait(sound):
        power = np.abs(np.fft.rfft(sound[0])) ** 2
        edges = np.searchsorted(np.fft.rfftfreq(sound.shape[1], 1 / TONE_RATE), np.geomspace(40, 10_000, 17))
        bands = np.array([power[a:b].sum() for a, b in pairwise(edges)])
        return np.sqrt(bands / bands.sum())

    portraits = np.array([portrait(sound) for sound in scenes.values()])
    assert (portraits @ portraits.T - np.eye(6)).max() < 0.97


def test_a_record_turns_at_33_rpm(scenes):
    """The rumble of a record swells once in 1.8 seconds."""
    sound = scenes["vinyl"].mean(axis=0)
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / TONE_RATE) > 90] = 0
    swell = np.abs(np.fft.rfft(np.fft.irfft(spectrum, len(sound)) ** 2))
    at = np.fft.rfftfreq(len(sound), 1 / TONE_RATE)
    around = swell[(at > 0.45) & (at < 0.7)]
    assert around.max() > 2 * np.median(swell[(at > 0.7) & (at < 3)])


def test_an_unknown_ambience_is_the_nearest_one():
    """Ocean is sea, a campfire is a fire, and anything else is rain."""
    assert [nearest(name) for name in ("Ocean", "campfire", "coffee shop", "spaceship")] == [
        "sea",
        "fire",
        "cafe",
        "rain",
    ]
