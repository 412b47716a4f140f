"""What the chords, the voices and the bass do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pipeline.domain import Key
from pipeline.musicians.offline.composer import progressions
from pipeline.musicians.offline.composer.band import GROOVES
from pipeline.musicians.offline.composer.compose import compose, sketch
from pipeline.musicians.offline.composer.theory import QUALITIES, chord_scale, numeral
from pipeline.musicians.offline.composer.voicing import HIGHEST, LOWEST, lead_voices

SEEDS = range(12)
# C. Krumhansl, "Cognitive Foundations of Musical Pitch" (1990).
MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]


def heard_key(score) -> Key:
    """Find the key of a score's notes: pitch classes weighted by length and loudness, basses more."""
    heard = np.zeros(12)
    for part in score.parts:
        for note in part.notes:
            weight = note.velocity * min(note.length, 2.0) * (1.8 if part.role == "bass" else 1.0)
            for partial, share in ((0, 1.0), (7, 0.25), (4, 0.08)):
                heard[(note.pitch + partial) % 12] += share * weight
    fits = {
        Key(tonic, mode): np.corrcoef(np.roll(profile, tonic), heard)[0, 1]
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
        for tonic in range(12)
    }
    return max(fits, key=lambda key: fits[key])


def test_numerals_mean_what_a_musician_reads():
    """ii9 in C is D minor nine, bII7#11 is Db, Imaj9/3 stands on E."""
    two = numeral("ii9", 0)
    assert (two.root, two.quality, set(two.voices)) == (2, "m9", {5, 0, 9, 4})
    assert (numeral("bII7#11", 0).root, numeral("bII7#11", 0).quality) == (1, "7#11")
    assert (numeral("Imaj9/3", 0).root, numeral("Imaj9/3", 0).bass) == (0, 4)
    assert numeral("i6/9", 9).quality == "m6/9"
    with pytest.raises(ValueError, match="numeral"):
        numeral("H7", 0)


def test_every_phrase_in_the_book_can_be_read():
    """Each bar of the phrase book holds one or two known chords, in every key."""
    books = (progressions.SUBJECTS, progressions.AWAY, progressions.BACK, progressions.CLOSES, progressions.VAMPS)
    for book in books:
        for mode in ("major", "minor"):
            for phrase in book[mode]:
                for bar in phrase.bars:
                    assert 1 <= len(bar) <= 2
                    for name in bar:
                        assert chord_scale(numeral(name, 5), Key(5, mode)) >= numeral(name, 5).landing


def test_voices_move_little_and_stay_clear():
    """No voice ever leaps more than five semitones, on average none moves three; low voices keep their distance."""
    moves = []
    for seed in SEEDS:
        for mode in ("major", "minor"):
            chords = [numeral(n, seed) for p in progressions.SUBJECTS[mode] for bar in p.bars for n in bar]
            voicings = lead_voices(chords)
            for voicing, chord in zip(voicings, chords, strict=True):
                assert {pitch % 12 for pitch in voicing} == set(chord.voices)
                assert min(voicing) >= LOWEST and max(voicing) <= HIGHEST
                assert voicing[0] >= 57 or voicing[1] - voicing[0] >= 3
                assert max(voicing) - min(voicing) <= 17
            steps = [abs(a - b) for one, other in pairwise(voicings) for a, b in zip(one, other, strict=True)]
            assert max(steps) <= 5
            moves.append(np.mean(steps))
    assert max(moves) < 2.0


def test_no_doublings_in_a_voicing():
    """Every chord kind is voiced with four different notes."""
    assert all(len(set(quality.voices)) == 4 for quality in QUALITIES.values())


@pytest.mark.parametrize("groove", GROOVES)
def test_the_bass_stands_on_the_chord(plan, groove):
    """Every bass note struck with a bar is that chord's bass or fifth."""
    checked = 0
    for seed in SEEDS:
        track = plan(groove=groove, instruments=("electric piano", "upright bass", "flute"))
        chart, score = sketch(track, seed).chart, compose(track, seed)
        for part in score.parts:
            if part.role != "bass":
                continue
            for note in part.notes:
                bar = round(note.start / score.beat / 4)
                if abs(note.start - bar * 4 * score.beat) < 0.06:
                    chord = chart.at(4.0 * bar).chord
                    assert note.pitch % 12 in {chord.bass, chord.fifth, chord.root}
                    checked += 1
    assert checked > 100


def test_the_planned_key_is_the_key_heard(plan):
    """A Krumhansl profile finds the planned key of at least nine plans in ten."""
    right = 0
    moods = ["calm", "wistful", "warm", "dreamy", "hopeful", "playful", "nocturnal", "melancholy"]
    for number in range(36):
        key = Key(number % 12, "major" if number % 2 else "minor")
        track = plan(key=str(key), mood=moods[number % 8], groove=GROOVES[number % 6], seconds=40 + number)
        right += heard_key(compose(track, number)) == key
    assert right >= 33


def test_pieces_end_at_home(plan):
    """The last chord is the tonic, reached from a chord that is not."""
    for seed in SEEDS:
        for key in ("C major", "F# minor"):
            spans = sketch(plan(key=key, seconds=30 + 20 * seed), seed).chart.spans
            assert spans[-1].chord.root == Key.parse(key).tonic == spans[-1].chord.bass
            assert spans[-2].chord.root != spans[-1].chord.root


def test_a_long_piece_is_never_a_loop(plan):
    """Ten minutes hold at least twelve different four-bar harmonies."""
    for seed in range(4):
        chart = sketch(plan(seconds=600), seed).chart
        phrases = {tuple(str(chart.at(bar * 16.0 + beat).chord) for beat in range(16)) for bar in range(45)}
        assert len(phrases) >= 12
