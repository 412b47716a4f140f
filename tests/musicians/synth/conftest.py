"""A short hand-written score, and single notes, to listen to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline.musicians.offline.score import Hit, Note, Part, Score, Section
from pipeline.musicians.offline.synth.instrument import Sound, Stroke
from pipeline.musicians.offline.synth.palette import INSTRUMENTS
from pipeline.musicians.offline.synth.player import levelled

BEAT = 0.75


def _bar(bar: int) -> dict[str, list[Note]]:
    start = 4 * BEAT * bar
    root, chord = ((45, (57, 60, 64, 67)), (50, (57, 60, 65, 69)))[bar % 2]
    return {
        "chords": [Note(start + at * BEAT, 1.2, pitch, 0.55) for at in (0, 2.5) for pitch in chord],
        "bass": [Note(start + at * BEAT, 0.7, root - 12, 0.7) for at in (0, 1.5, 3)],
        "melody": [Note(start + at * BEAT, 0.6, 69 + at + bar, 0.4 + 0.1 * at) for at in (0, 1, 3)],
        "counter": [Note(start + 2 * BEAT, 1.0, 76, 0.5)],
        "pad": [Note(start, 4 * BEAT, pitch, 0.5) for pitch in chord],
    }


@pytest.fixture(scope="session")
def score() -> Callable[..., Score]:
    """Return a maker of scores: four bars for a full band, but for what is asked otherwise."""

    def make(**changes: Any) -> Score:
        bars = changes.pop("bars", 4)
        instruments = {
            "chords": "electric piano", "bass": "upright bass", "melody": "vibraphone", "counter": "flute",
            "pad": "warm pad",
        }  # fmt: skip
        parts = tuple(
            Part(name, role, tuple(note for bar in range(bars) for note in _bar(bar)[role]))
            for role, name in instruments.items()
        )
        drums = tuple(
            Hit(4 * BEAT * bar + at * BEAT, drum, velocity)
            for bar in range(bars)
            for at, drum, velocity in (
                (0, "kick", 0.9),
                (1.02, "snare", 0.8),
                (2.5, "kick", 0.7),
                (3.02, "snare", 0.8),
                (1.6, "ghost", 0.4),
                (0, "hat", 0.5),
                (0.6, "hat", 0.6),
                (2, "hat", 0.5),
                (3.6, "open hat", 0.5),
            )
        )
        length = 4 * BEAT * bars + 4.0
        plain: dict[str, Any] = {
            "tempo": 80.0, "length": length, "beat": BEAT, "sections": (Section("A", 0.0, length),), "parts": parts,
            "kit": "dusty kit", "drums": drums, "ambience": "rain", "energy": 0.5,
        }  # fmt: skip
        return Score(**{**plain, **changes})

    return make


@pytest.fixture(scope="session")
def strike() -> Callable[..., Sound]:
    """Return a player of single notes: an instrument by name, a pitch, how hard, how long, and by which chance."""

    def play(name: str, pitch: int, strength: float = 0.6, seconds: float = 1.6, seed: int = 5) -> Sound:
        instrument = INSTRUMENTS[name](np.random.default_rng(11))
        return levelled(instrument.tone(Stroke(pitch, strength, seconds, np.random.default_rng(seed))), pitch)

    return play
