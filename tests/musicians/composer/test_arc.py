"""A piece goes somewhere: players wait, stop and return, and the last chorus is the fullest."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.musicians.offline.composer.compose import compose, sketch

GROOVES = ("boom bap", "half time", "shuffle", "brushes", "bossa")
SEEDS = range(12)


def strength(score, section):
    """How much is played in a section: velocity struck in a second."""
    strokes = [
        (note.start, note.velocity) for part in score.parts for note in part.notes if part.role in {"chords", "bass"}
    ]
    strokes += [(hit.start, 0.5 * hit.velocity) for hit in score.drums]
    end = section.start + section.length
    return sum(v for start, v in strokes if section.start - 0.05 <= start < end - 0.05) / section.length


@pytest.mark.parametrize("groove", GROOVES)
def test_the_last_chorus_is_fuller_than_the_first(plan, groove):
    """On average the band plays at least a fifth more in the last A than in the first."""
    gains = []
    for seed in SEEDS:
        score = compose(plan(groove=groove), seed)
        first, *_, last = [section for section in score.sections if section.name == "A"]
        gains.append(strength(score, last) / strength(score, first))
    assert np.mean(gains) > 1.2


def test_quiet_stretches_are_quiet(plan):
    """Intro, breakdown and outro hold less than two thirds of what is played in the A' or B beside them."""
    for groove in GROOVES:
        quiet, full = [], []
        for seed in SEEDS:
            score = compose(plan(groove=groove), seed)
            for section in score.sections:
                kept = {"intro": quiet, "breakdown": quiet, "outro": quiet, "A'": full, "B": full}.get(section.name)
                if kept is not None:
                    kept.append(strength(score, section))
        assert np.mean(quiet) < 0.66 * np.mean(full)


def test_an_intro_is_never_empty(plan):
    """Somebody plays from the first bar on."""
    for groove in (*GROOVES, "beatless"):
        for seed in SEEDS:
            score = compose(plan(groove=groove, instruments=("electric piano", "sub bass", "soft lead")), seed)
            assert min(note.start for part in score.parts for note in part.notes) < 4 * score.beat


def test_the_band_stops_before_a_return(plan):
    """Pieces have bars in which the drummer strikes once and waits; nearly every piece has a bar without drums."""
    stops, pauses = 0, 0
    for seed in SEEDS:
        piece, score = sketch(plan(), seed), compose(plan(), seed)
        for passage in piece.form:
            for what, bar in passage.staging:
                if what == "stop":
                    begin = 4.0 * (passage.bar + bar) * score.beat
                    within = [h for h in score.drums if begin + 0.3 * score.beat < h.start < begin + 2.2 * score.beat]
                    assert not [hit for hit in within if hit.drum != "swell"]
                    stops += 1
        bars = {int((hit.start + 0.05) / score.beat / 4) for hit in score.drums if hit.drum != "swell"}
        pauses += len(set(range(min(bars), max(bars))) - bars) > 0
    assert stops >= 8
    assert pauses >= 6


def test_swells_arrive_with_a_section(plan):
    """A reversed cymbal always leads to the first beat of a section."""
    found = 0
    for seed in SEEDS:
        score = compose(plan(), seed)
        starts = np.array([section.start for section in score.sections])
        for hit in score.drums:
            if hit.drum == "swell":
                assert np.abs(starts - hit.start).min() < 0.03
                found += 1
    assert found >= 8
