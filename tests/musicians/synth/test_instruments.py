"""Each instrument, one note at a time."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from pipeline.musicians.offline.score import Note, Part
from pipeline.musicians.offline.synth.instrument import Stroke
from pipeline.musicians.offline.synth.modes import TONE_RATE, hertz, ring
from pipeline.musicians.offline.synth.noise import flat
from pipeline.musicians.offline.synth.palette import INSTRUMENTS, nearest
from pipeline.musicians.offline.synth.player import Lane, Player
from pipeline.prompts import prompts_folder

LOW = {"upright bass": 45, "sub bass": 45}
"""The A that lies in the middle of the instrument, where it is not the 440 Hz one."""


def spectrum(sound, size=2**18):
    heard = sound.mean(axis=0) if sound.ndim == 2 else sound
    return np.abs(np.fft.rfft(heard * np.hanning(len(heard)), size)), np.fft.rfftfreq(size, 1 / TONE_RATE)


def cents_off(sound, expected):
    """How far the strongest partial near `expected` Hz lies from it."""
    level, at = spectrum(sound[:, 2000:])
    near = np.where(np.abs(at / expected - 1) < 0.05, level, 0)
    return 1200 * np.log2(at[near.argmax()] / expected)


def brightness(sound):
    level, at = spectrum(sound[:, : TONE_RATE // 2])
    level[level < 0.004 * level.max()] = 0  # what is 48 dB down is breath, not timbre
    return np.sum(level * at) / np.sum(level)


def test_every_instrument_of_the_vocabulary_is_in_the_band():
    """A plan can name no instrument that the band would have to replace."""
    assert set(INSTRUMENTS) == set(tomllib.loads((prompts_folder() / "vocabulary.toml").read_text())["instruments"])


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_a_is_in_tune(strike, name):
    """A middle A sounds at 440 Hz (110 Hz on a bass), within five cents."""
    pitch = LOW.get(name, 69)
    assert abs(cents_off(strike(name, pitch), hertz(pitch))) < 5


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_fundamental_can_be_heard_across_the_range(strike, name):
    """Low, middle and high notes all carry their own pitch, not only noise or overtones."""
    for pitch in (28, 36, 48) if "bass" in name else (48, 60, 72, 84):
        level, at = spectrum(strike(name, pitch))
        harmonic = np.abs(at / hertz(pitch) - np.round(at / hertz(pitch))) < 0.05
        assert np.sum(level[harmonic & (at > 20)] ** 2) > 0.85 * np.sum(level**2), pitch


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_harder_stroke_is_brighter(strike, name):
    """Velocity changes the timbre, at equal loudness."""
    pitch = LOW.get(name, 60)
    soft, medium, hard = (brightness(strike(name, pitch, strength)) for strength in (0.1, 0.5, 0.9))
    assert soft < medium < hard
    assert hard > 1.03 * soft


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_note_starts_and_ends_without_a_click(strike, name):
    """The first and the last frame are silent, and neither end jumps more than the sound itself does."""
    for strength in (0.1, 0.9):
        sound = strike(name, LOW.get(name, 64), strength)
        step = np.abs(np.diff(sound, axis=1))
        assert np.abs(sound[:, [0, -1]]).max() < 1e-3
        assert step[:, :8].max() < max(0.5 * step.max(), 1e-3)
        assert step[:, -200:].max() <= step.max() and np.abs(sound[:, -8:]).max() < 0.01


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_note_that_is_let_go_falls_silent_smoothly(name):
    """After its release a note is gone, and letting go makes no click."""
    instrument = INSTRUMENTS[name](np.random.default_rng(1))
    part = Part(name, "melody", (Note(0.1, 0.8, LOW.get(name, 64), 0.7),))
    player = Player(part, instrument, flat, 3, 4 * TONE_RATE)
    sound = Lane(player.events, player.sound, 4 * TONE_RATE).play()
    end = round((0.9 + instrument.release) * TONE_RATE) + 2
    assert np.abs(sound[:, end:]).max() == 0.0
    bend = np.abs(np.diff(sound, 2, axis=1))
    released = round(0.89 * TONE_RATE)
    assert bend[:, released:].max() <= 1.2 * bend[:, :released].max()


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_no_two_strokes_are_quite_alike(strike, name):
    """The same key struck again sounds a little different: nothing in the band is a machine gun."""
    if name == "sub bass":
        return  # an oscillator repeats itself
    pitch = LOW.get(name, 64)
    first, again = strike(name, pitch, seed=1), strike(name, pitch, seed=2)
    assert np.array_equal(first, strike(name, pitch, seed=1))
    apart = np.sqrt(np.mean((first - again) ** 2) / np.mean(first**2))
    assert apart > 0.001


@pytest.mark.parametrize("name", ["electric piano", "felt piano", "vibraphone", "nylon guitar", "upright bass"])
def test_struck_and_plucked_notes_die_away_slower_when_low(strike, name):
    """A struck note fades by itself, high ones sooner."""
    low, high = (36, 55) if "bass" in name else (50, 79)

    def fading(pitch):
        sound = strike(name, pitch, seconds=3.0)
        early, late = (np.sqrt(np.mean(sound[:, at : at + 11_000] ** 2)) for at in (2000, 42_000))
        return late / early

    assert fading(high) < fading(low) < 0.8


def test_felt_piano_strings_are_stiff(strike):
    """Upper partials of a piano lie sharp of the harmonic series, more and more so."""
    sound = strike("felt piano", 57, 0.9, 2.0)
    second, sixth = (cents_off(sound, n * hertz(57)) for n in (2, 6))
    assert 0 < second < sixth < 30


def test_flute_vibrato_grows(strike):
    """A flute note begins straight and sways once it has settled."""
    sound = strike("flute", 69, seconds=2.5)[0]
    frames = sound[: len(sound) // 512 * 512].reshape(-1, 512)
    level = np.sqrt(np.mean(frames**2, axis=1))
    early, late = level[6:12], level[45:90]
    assert np.std(late) / np.mean(late) > 1.5 * np.std(early) / np.mean(early)


def test_the_lead_glides_from_the_note_before():
    """A soft lead slides down into a lower note, and is in tune when it arrives."""
    lead = INSTRUMENTS["soft lead"](np.random.default_rng(1))
    sound = lead.tone(Stroke(69, 0.6, 1.5, np.random.default_rng(1), slide=7))
    level, at = spectrum(sound[:, :700], 2**15)
    assert at[level.argmax()] > 445
    assert abs(cents_off(sound[:, 3000:], 440.0)) < 5


def test_partials_match_the_sines_they_stand_for():
    """The matrix product gives the decaying sines it claims to."""
    time = np.arange(5000) / TONE_RATE
    expected = 0.5 * np.exp(-time / 0.2) * np.sin(2 * np.pi * 440 * time) + 0.2 * np.sin(2 * np.pi * 1234 * time)
    made = ring(np.array([440.0, 1234.0]), np.array([0.5, 0.2]), np.array([0.2, 1e9]), 5000)
    np.testing.assert_allclose(made, expected, atol=1e-5)


def test_partials_beyond_the_band_are_left_out():
    """Nothing folds back: a partial above half the rate is not played."""
    assert not ring(np.array([12_000.0, 30_000.0]), np.ones(2), np.ones(2), 1000).any()


@pytest.mark.parametrize(
    ("name", "role", "expected"),
    [
        ("Rhodes", "chords", "electric piano"),
        ("grand piano", "chords", "felt piano"),
        ("double bass", "bass", "upright bass"),
        ("Acoustic Guitar", "melody", "nylon guitar"),
        ("saxophone", "melody", "flute"),
        ("hurdy-gurdy", "bass", "upright bass"),
        ("", "chords", "electric piano"),
    ],
)
def test_an_unknown_instrument_is_played_on_the_nearest(name, role, expected):
    """The band takes the closest thing it has for a name it does not know."""
    assert nearest(name, role) == expected
