"""What the melody says, and that it comes back."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.musicians.offline.composer.band import RANGES
from pipeline.musicians.offline.composer.chance import player
from pipeline.musicians.offline.composer.character import character
from pipeline.musicians.offline.composer.compose import compose, sketch
from pipeline.musicians.offline.composer.motif import BEATS, broadened, displaced, fragments, invent_motif, inverted

MOODS = ["calm", "wistful", "warm", "dreamy", "hopeful", "playful", "nocturnal", "melancholy"]


def rhythm(notes, start):
    """Return the onsets of melody notes from `start` on."""
    return tuple(note.beat - start for note in notes)


def test_the_melody_breathes(plan):
    """At least a third of every piece has no melody in it, and on average more than two fifths."""
    rests = []
    for seed in range(16):
        score = compose(plan(mood=MOODS[seed % 8]), seed)
        sounding = np.zeros(int(score.length * 100) + 1, bool)
        for part in score.parts:
            if part.role == "melody":
                for note in part.notes:
                    sounding[int(note.start * 100) : int((note.start + note.length) * 100)] = True
        rests.append(1 - sounding.mean())
    assert min(rests) > 0.33
    assert np.mean(rests) > 0.4


def test_the_motif_comes_back(plan):
    """The motif's rhythm is stated, and heard again untouched in a later section of the same piece."""
    for seed in range(16):
        melody = sketch(plan(mood=MOODS[seed % 8]), seed).melody
        onsets = tuple(tone.onset for tone in melody.motif)
        stated = [unit.beat for unit in melody.units if rhythm(unit.notes, unit.beat) == onsets]
        assert len(stated) >= 2
        assert max(stated) - min(stated) >= 64


def test_the_motif_is_answered_by_something_else(plan):
    """Every piece says its motif in at least three different ways."""
    for seed in range(16):
        ways = {unit.way for unit in sketch(plan(), seed).melody.units}
        assert len(ways) >= 3


def test_two_seeds_share_neither_motif_nor_progression(plan):
    """Of twenty seeds, no two have the same motif, and hardly any two the same sixteen bars of harmony."""
    pieces = [sketch(plan(), seed) for seed in range(20)]
    motifs = {piece.melody.motif for piece in pieces}
    progressions = {tuple(str(piece.chart.at(16.0 + beat).chord) for beat in range(32)) for piece in pieces}
    assert len(motifs) == 20
    assert len(progressions) >= 19


def test_long_notes_rest_on_the_chord(plan):
    """Of the notes of a beat and a half or more, nine in ten are chord tones or colours of the chord under them."""
    good = total = 0
    for seed in range(16):
        piece = sketch(plan(mood=MOODS[seed % 8]), seed)
        for unit in piece.melody.units:
            for note in unit.notes:
                if note.beats >= 1.5:
                    span = piece.chart.at(note.beat)
                    if span.end - note.beat <= 0.5:
                        span = piece.chart.at(note.beat + 0.5)
                    good += note.pitch % 12 in span.chord.landing
                    total += 1
    assert total > 200
    assert good / total > 0.9


def test_lines_can_be_sung(plan):
    """Most melodic moves are steps or repeats, four in five stay within a third, none is wider than an octave."""
    moves = []
    for seed in range(24):
        for unit in sketch(plan(mood=MOODS[seed % 8]), seed).melody.units:
            pitches = [note.pitch for note in unit.notes]
            moves += list(np.abs(np.diff(pitches)))
    assert np.mean(np.array(moves) <= 2) > 0.5
    assert np.mean(np.array(moves) <= 4) > 0.78
    assert max(moves) <= 12


@pytest.mark.parametrize("name", ["flute", "vibraphone", "nylon guitar", "music box", "soft lead", "felt piano"])
def test_each_instrument_keeps_to_its_range(plan, name):
    """A lead never leaves the range its instrument sings in (a grace note may touch the tone outside)."""
    low, high = RANGES[name]
    for seed in range(6):
        score = compose(plan(instruments=("electric piano", "upright bass", name)), seed)
        pitches = [note.pitch for part in score.parts if part.instrument == name for note in part.notes]
        assert pitches
        assert low - 9 <= min(pitches) and max(pitches) <= high + 2


def test_what_is_done_to_a_motif_fits_its_two_bars():
    """Inversions, displacements, fragments and broad forms keep within the motif's eight beats."""
    for seed in range(50):
        motif = invent_motif(character(MOODS[seed % 8]), player(seed))
        assert 2 <= len(motif) <= 10
        for form in (motif, inverted(motif), displaced(motif, 1.0), fragments(motif), broadened(motif)):
            assert all(0 <= tone.onset < BEATS and tone.beats > 0 and tone.end <= BEATS + 0.5 for tone in form)
        assert [tone.step for tone in inverted(motif)] == [-tone.step for tone in motif]


def test_a_rising_mood_rises_and_a_sinking_one_sinks():
    """Hopeful motifs end higher than they begin more often than melancholy ones."""

    def climb(mood):
        motifs = [invent_motif(character(mood), player(seed)) for seed in range(80)]
        return np.mean([motif[-1].step - motif[0].step for motif in motifs])

    assert climb("hopeful") > climb("melancholy") + 1.5
