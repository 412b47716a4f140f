"""Key: where the music is at home."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from sounds import RATE, chords, clip, drums, note

from pipeline.audio.clip import Clip
from pipeline.audio.hearing import hear_peaks
from pipeline.audio.key import fold, key, pitch_map, tuning
from pipeline.domain import Key


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_jazz_cadence_is_heard_in_its_key(tonic: int, mode: Literal["major", "minor"]) -> None:
    """A ii-V-I with sevenths and a tune over it names its key, all 24 of them, drums or no drums."""
    home = Key(tonic, mode)
    names = ("ii", "V", "I", "I") if mode == "major" else ("ii", "V", "i", "i")
    music = chords(home, names, 24, 1.5, melody=tonic)
    assert key(clip(music)).key == home
    assert key(clip(music + 0.3 * drums(80, 24))).key == home


@pytest.mark.parametrize("detune", [-0.4, -0.2, 0.2, 0.4])
def test_a_tape_that_runs_fast_or_slow_changes_nothing(detune: float) -> None:
    """Music 40 cents off concert pitch is in the same key, and the tuning found is that of the tape."""
    home = Key.parse("Eb major")
    music = clip(chords(home, ("I", "vi", "ii", "V"), 16, 2.0, detune=detune, melody=1))
    assert key(music).key == home
    assert tuning(hear_peaks(music)) == pytest.approx(detune, abs=0.08)


def test_notes_land_on_their_pitch_class() -> None:
    """A single A is an A in the chroma, in every octave."""
    for pitch in (45, 57, 69, 81):
        chroma = fold(pitch_map(clip(np.tile(note(pitch, 1.0), 4)))).sum(axis=0)
        assert int(np.argmax(chroma)) == 9


def test_noise_has_no_key_to_rely_on() -> None:
    """Of noise nobody is sure."""
    found = key(clip(0.1 * np.random.default_rng(2).standard_normal(RATE * 20)))
    assert found.confidence < 0.3


def test_an_undecided_progression_names_the_other_candidate() -> None:
    """Four chords that never come home may be taken for a related key, but then the true one is not far."""
    home = Key.parse("C major")
    found = key(clip(chords(home, ("vi", "IV", "ii", "vi"), 24, 2.0, melody=5)))
    assert home.relative in (found.key, found.rival) or home in (found.key, found.rival)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_nothing_tonal_is_no_key_and_no_error(channels: int, value: float) -> None:
    """Silence and broken samples have no key."""
    assert key(Clip(np.full((RATE * 3, channels), value, np.float32), RATE)).key is None
    assert key(Clip(np.zeros((0, channels), np.float32), RATE)).key is None
