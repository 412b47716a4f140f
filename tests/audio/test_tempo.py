"""Tempo and beat: what a listener tapping along would say."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from sounds import RATE, chords, clip, drums, song

from pipeline.audio.clip import Clip
from pipeline.audio.tempo import SURE, tempo
from pipeline.domain import Key


@pytest.mark.parametrize("bpm", [60.0, 66.6, 72.0, 78.0, 84.5, 90.0, 97.0, 108.0, 119.0])
def test_a_drum_loop_is_measured_to_half_a_per_cent(bpm: float) -> None:
    """Any tempo between 60 and 120 BPM is found, without being told what to expect."""
    found = tempo(clip(drums(bpm, 30)))
    assert found.bpm is not None
    assert abs(found.bpm / bpm - 1) < 0.005
    assert found.confidence > SURE


@pytest.mark.parametrize(("swing", "late"), [(0.5, 0.0), (0.58, 0.02), (0.64, 0.025), (2 / 3, 0.015)])
@pytest.mark.parametrize("bpm", [70.0, 82.0, 92.0])
def test_swing_and_a_lazy_snare_fool_nobody(bpm: float, swing: float, late: float) -> None:
    """Swung hats, a snare 25 ms behind and human timing change neither the tempo nor its octave."""
    found = tempo(clip(drums(bpm, 40, swing, late, jitter=0.008)))
    assert found.bpm == pytest.approx(bpm, rel=0.003)


@pytest.mark.parametrize("first", [0.0, 0.21, 0.5])
def test_the_beat_grid_lies_on_the_kick(first: float) -> None:
    """The first beat is within 15 ms of where the drummer counted one, even with a snare that drags."""
    found = tempo(clip(drums(80, 40, 0.58, late=0.02, jitter=0.004, first=first)))
    assert found.first_beat is not None
    beat = 0.75
    assert abs((found.first_beat - first + beat / 2) % beat - beat / 2) < 0.015
    assert 0 <= found.first_beat < beat


def test_an_expected_tempo_chooses_the_octave_only() -> None:
    """Told to expect 140 the same loop is counted double; told 77 for a true 70 it still says 70."""
    loop = clip(drums(70, 30))
    assert tempo(loop, 140).bpm == pytest.approx(140, rel=0.005)
    assert tempo(loop, 77).bpm == pytest.approx(70, rel=0.005)
    assert tempo(loop, 62).bpm == pytest.approx(70, rel=0.005)
    assert tempo(clip(drums(120, 30)), 120).bpm == pytest.approx(120, rel=0.005)


def test_music_without_a_beat_has_none() -> None:
    """Noise, a held chord and a swelling pad have no tempo that anyone would be sure of."""
    t = np.arange(RATE * 30) / RATE
    held = sum(0.1 * np.sin(2 * np.pi * f * t) for f in (110.0, 220.5, 277.2, 329.6))
    swelling = held * (0.6 + 0.2 * np.sin(2 * np.pi * 0.071 * t) + 0.2 * np.sin(2 * np.pi * 0.113 * t))
    for sound in (0.1 * np.random.default_rng(1).standard_normal(len(t)), held, swelling):
        assert tempo(clip(np.asarray(sound))).confidence < SURE


def test_a_tempo_that_drifts_a_little_keeps_its_average() -> None:
    """Two halves at 80 and 81.6 BPM give a tempo between the two."""
    found = tempo(clip(np.concatenate([drums(80, 30), drums(81.6, 30)])))
    assert found.bpm is not None
    assert 79.9 < found.bpm < 81.7


def test_an_independent_ear_agrees() -> None:
    """librosa's beat tracker, made by others, finds the same tempo in whole songs up to its own resolution."""
    for bpm, name in ((72.0, "D minor"), (80.0, "C major"), (88.0, "G minor")):
        sound = song(bpm, Key.parse(name), 45, seed=3)
        found = tempo(sound).bpm
        theirs = librosa.feature.tempo(y=sound.samples.mean(axis=1), sr=sound.rate, start_bpm=bpm, std_bpm=0.4)[0]
        assert found is not None
        assert found == pytest.approx(float(theirs), rel=0.03)
        assert found == pytest.approx(bpm, rel=0.005)


def test_chords_alone_have_a_tempo_too() -> None:
    """A change of chord every three seconds is a bar of 80 BPM."""
    found = tempo(clip(chords(Key.parse("A minor"), ("i", "iv", "VI", "V"), 60, 3.0, melody=2)))
    assert found.bpm == pytest.approx(80, rel=0.005)


@pytest.mark.parametrize("frames", [0, 1, 100, RATE])
def test_too_short_is_no_tempo_and_no_error(frames: int) -> None:
    """A second of anything has no tempo, and asking does no harm."""
    assert tempo(Clip(np.full((frames, 2), 0.1, np.float32), RATE)).bpm is None
    assert tempo(Clip(np.full((frames, 1), np.nan, np.float32), RATE)).bpm is None
