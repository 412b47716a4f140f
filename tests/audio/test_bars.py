"""Where bars begin, heard from harmony, bass and kick."""

from __future__ import annotations

import numpy as np
import pytest
from material import RATE, noise

from pipeline.audio.bars import first_bar
from pipeline.audio.clip import Clip
from pipeline.audio.hearing import hear
from pipeline.audio.portrait import portrait
from pipeline.audio.tempo import tempo

CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))


def bars(bpm: float, count: int) -> Clip:
    """Play a chord and its root a bar, a kick on one and three, a tick on every beat."""
    beat = 60 / bpm
    out = np.zeros((round(count * 4 * beat * RATE), 2))
    rng = np.random.default_rng(3)

    def put(at: float, length: float, sound: np.ndarray) -> None:
        start = round(at * RATE)
        out[start : start + len(sound)] += sound[: len(out) - start, None]

    time = np.arange(round(4 * beat * RATE)) / RATE
    hit = time[: RATE // 3]
    for bar in range(count):
        chord, start = CHORDS[bar % 4], bar * 4 * beat
        held = np.exp(-time * 0.4) * np.minimum(1, time * 40)
        pitches = [*chord, chord[0] - 24]
        put(start, 0, 0.06 * held * sum(np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * time) for p in pitches))
        for number in range(4):
            put(start + number * beat, 0, 0.05 * rng.standard_normal(len(hit)) * np.exp(-hit * 60))
        for number in (0, 2):
            put(start + number * beat, 0, 0.4 * np.sin(2 * np.pi * 52 * hit) * np.exp(-hit * 18))
    return Clip(out.astype(np.float32), RATE)


@pytest.fixture(scope="module")
def piece() -> Clip:
    return bars(80, 16)


@pytest.mark.parametrize("beats", [0, 1, 2, 3, 6.5])
def test_the_first_bar_is_found_wherever_a_piece_was_cut_into(piece: Clip, beats: float) -> None:
    """With one to three beats missing from its first bar, the next bar line is where it is."""
    missing = round(beats * 60 / 80 * RATE)
    heard = hear(Clip(piece.samples[missing:].copy(), RATE))
    beat = tempo(heard)
    assert beat.bpm == pytest.approx(80, rel=0.002) and beat.first_beat is not None
    found = first_bar(heard, beat.bpm, beat.first_beat)
    assert found is not None
    off = (found + missing / RATE) % 3.0
    assert min(off, 3.0 - off) < 0.05
    assert found < 3.0 + 0.05


def test_no_bar_is_named_where_nothing_tells(piece: Clip) -> None:
    """In noise, and in less than six bars, nobody could say."""
    assert first_bar(hear(noise(40, 0.1)), 80, 0.0) is None
    assert first_bar(hear(Clip(piece.samples[: 14 * RATE].copy(), RATE)), 80, 0.0) is None


def test_a_portrait_says_what_a_mixer_needs(piece: Clip) -> None:
    """Tempo, beat, bar, key, loudness and both ends, of a stereo piece as of one channel."""
    seen = portrait(piece)
    assert seen.tempo == pytest.approx(80, rel=0.002) and seen.first_bar is not None
    assert str(seen.key) in ("A minor", "C major")
    assert len(seen.head) == len(seen.tail) == 150
    assert portrait(Clip(piece.samples[:, :1].copy(), RATE)).tempo == pytest.approx(80, rel=0.002)


@pytest.mark.parametrize("clip", [noise(0.05), Clip(np.zeros((RATE, 2), np.float32), RATE), noise(1.2, 1e-9)])
def test_poor_audio_has_a_portrait_without_guesses(clip: Clip) -> None:
    """A blip, silence and next to nothing: no tempo, no key, no error."""
    seen = portrait(clip)
    assert (seen.tempo, seen.first_bar, seen.key) == (None, None, None)
    assert 0 <= seen.lead < seen.end <= clip.frames
