"""How long a piece lasts, where it ends, and how it keeps time."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.musicians.offline.composer.compose import compose, sketch
from pipeline.musicians.offline.composer.form import fit

SEEDS = range(6)


@pytest.mark.parametrize("seconds", [10, 11.5, 14, 20, 30, 45, 60, 90, 120, 180, 240, 300, 421, 600])
@pytest.mark.parametrize("tempo", [70, 78, 83.3, 92])
def test_a_piece_lasts_as_asked_and_ends_on_a_beat(plan, seconds, tempo):
    """The length is within half a second of the plan, a whole number of beats, at nearly the plan's tempo."""
    score = compose(plan(seconds=seconds, tempo=tempo), 4)
    assert abs(score.length - seconds) <= 0.5
    assert score.length / score.beat == pytest.approx(round(score.length / score.beat))
    assert abs(score.tempo / tempo - 1) <= 0.015 + 1e-9
    assert score.beat == pytest.approx(60 / score.tempo)


@pytest.mark.parametrize("tempo", [60, 70, 78, 92, 110])
def test_long_pieces_are_whole_bars(tempo):
    """From two minutes on every length is a whole number of bars, exactly the time asked for."""
    for seconds in range(125, 600, 25):
        frame = fit(tempo, seconds)
        assert frame.beats % 4 == 0
        assert frame.length == pytest.approx(seconds)


@pytest.mark.parametrize("seconds", [10, 30, 120, 600])
def test_the_last_chord_falls_on_a_bar_line_and_rings_out(plan, seconds):
    """Nothing begins after the last chord but the melody's last word; it rings at least a second, then decays."""
    for seed in SEEDS:
        score = compose(plan(seconds=seconds), seed)
        frame = sketch(plan(seconds=seconds), seed).frame
        strike = frame.bars * 4 * score.beat
        last = [
            note for part in score.parts if part.role == "chords" for note in part.notes if note.start > strike - 0.1
        ]
        assert len(last) >= 4
        assert all(note.start < strike + 0.3 for note in last)
        ends = [note.start + note.length for part in score.parts for note in part.notes]
        assert strike + 1.0 < max(ends) <= score.length - 0.25
        assert all(hit.start < strike + 0.1 for hit in score.drums)


@pytest.mark.parametrize("swing", [0.5, 0.54, 0.58, 0.62, 0.66])
def test_off_beat_hats_fall_where_the_plan_swings(plan, swing):
    """The off-beat eighths of the hi-hat lie at the plan's place in the beat, on average within 1 %."""
    found = []
    for seed in SEEDS:
        score = compose(plan(swing=swing, energy=0.7), seed)
        places = [hit.start / score.beat % 1 for hit in score.drums if hit.drum == "hat"]
        found += [place for place in places if swing - 0.05 < place < swing + 0.05]
    assert len(found) > 200
    assert np.mean(found) == pytest.approx(swing, abs=0.01)


@pytest.mark.parametrize("groove", ["boom bap", "half time", "shuffle", "brushes"])
def test_the_snare_is_lazy(plan, groove):
    """Every snare on a beat falls 10 to 25 ms behind it: late, never a flam."""
    for seed in SEEDS:
        score = compose(plan(groove=groove), seed)
        lags = [hit.start - round(hit.start / score.beat) * score.beat for hit in score.drums if hit.drum == "snare"]
        on_beat = [lag for lag in lags if abs(lag) < 0.06]
        assert len(on_beat) > 15
        assert min(on_beat) >= 0.010 and max(on_beat) <= 0.025


def test_timing_drifts_slowly_instead_of_shaking(plan):
    """Successive hats lag alike: their deviations are correlated, as human timing is, and not all the same."""
    related = []
    for seed in SEEDS:
        score = compose(plan(swing=0.5, energy=0.6, seconds=240), seed)
        hats = [hit.start for hit in score.drums if hit.drum == "hat"]
        lags = np.array([start - round(start / score.beat * 4) * score.beat / 4 for start in hats])
        assert 0.0005 < lags.std() < 0.006
        related.append(np.corrcoef(lags[:-1], lags[1:])[0, 1])
    assert np.mean(related) > 0.3


def test_the_same_seed_plays_the_same_notes(plan):
    """Composing twice gives equal scores."""
    assert compose(plan(), 12) == compose(plan(), 12)
