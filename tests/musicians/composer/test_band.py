"""Who plays, and what the drummer does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain import Key, TrackPlan
from pipeline.musicians.offline.composer.band import GROOVES, RANGES
from pipeline.musicians.offline.composer.compose import compose
from pipeline.musicians.offline.composer.kit_patterns import FILLS, VOCABULARY

DRUMS = {"kick", "snare", "rim", "ghost", "hat", "open hat", "shaker", "brush", "tom", "ride", "crash", "swell"}


def roles(score):
    return {part.role for part in score.parts}


@pytest.mark.parametrize("groove", GROOVES)
def test_there_is_always_a_sensible_band(plan, groove):
    """Whatever the plan names, somebody plays chords, somebody sings, and there is a bass."""
    for seed in range(6):
        score = compose(plan(groove=groove), seed)
        assert {"chords", "melody", "bass"} <= roles(score)
        assert score.kit == {"beatless": None, "brushes": "brush kit", "bossa": "brush kit"}.get(groove, "dusty kit")
        assert bool(score.drums) == (groove != "beatless")


def test_named_instruments_play(plan):
    """Every instrument the plan names is heard, in a role that suits it."""
    named = ("felt piano", "sub bass", "warm pad", "flute", "vibraphone")
    for seed in range(6):
        score = compose(plan(instruments=named, seconds=240), seed)
        assert {part.instrument for part in score.parts} == set(named)
        assert next(part.role for part in score.parts if part.instrument == "sub bass") == "bass"


def test_unknown_names_stand_for_their_nearest_kin(plan):
    """A Rhodes is an electric piano, an 808 a sub bass; a theremin is left out; a polka is played as boom bap."""
    score = compose(plan(instruments=("Rhodes", "808", "theremin"), groove="polka"), 3)
    assert {"electric piano", "sub bass"} <= {part.instrument for part in score.parts}
    assert score.kit == "dusty kit"


def test_a_bare_style_has_no_bass(plan):
    """A solo piano piece is a piano alone, with its own low notes."""
    score = compose(plan(style="solo piano", instruments=("felt piano",), groove="beatless"), 3)
    assert {part.instrument for part in score.parts} == {"felt piano"}
    assert min(note.pitch for part in score.parts for note in part.notes) < 52


def test_grooves_are_different_pieces(plan):
    """One seed in six grooves gives six different melodies and six different kicks."""
    scores = [compose(plan(groove=groove), 9) for groove in GROOVES]
    melodies = {tuple(n.pitch for p in score.parts if p.role == "melody" for n in p.notes) for score in scores}
    assert len(melodies) == 6
    kicks = {tuple(round(h.start / s.beat * 4) % 16 for h in s.drums if h.drum == "kick") for s in scores}
    assert len(kicks) == 6


def test_more_energy_means_more_strokes(plan):
    """A lively plan has at least a third more drum strokes than a sleepy one."""
    count = [np.mean([len(compose(plan(energy=energy), seed).drums) for seed in range(12)]) for energy in (0.1, 0.9)]
    assert count[1] > 1.33 * count[0]


def test_the_drummer_changes_with_the_form(plan):
    """No drum bar is played through: four bars in ten, at least, differ from the bar two before."""
    for seed in range(6):
        score = compose(plan(energy=0.6), seed)
        bars: dict[int, set[tuple[str, int]]] = {}
        for hit in score.drums:
            slot = int((hit.start / score.beat + 0.06) * 4)
            bars.setdefault(slot // 16, set()).add((hit.drum, slot % 16))
        changed = [bars[bar] != bars[bar - 2] for bar in sorted(bars) if bar - 2 in bars]
        assert np.mean(changed) > 0.3


def test_every_row_of_the_vocabulary_is_one_bar():
    """Patterns and fills have sixteen slots and name drums the kit has."""
    for words in VOCABULARY.values():
        assert all(len(row) == 16 for row in (*words.kicks, *words.ghosts))
        for rows in (*words.backs, *words.tops, *(fill for fill, _ in FILLS[words.fills])):
            assert set(rows) <= DRUMS
            assert all(len(row) == 16 for row in rows.values())


def test_sections_cover_the_piece(plan):
    """Sections follow one another from 0 to the end, and every two-minute piece has a return of A and an outro."""
    for seed in range(8):
        score = compose(plan(), seed)
        at = 0.0
        for section in score.sections:
            assert section.start == pytest.approx(at, abs=1e-6)
            at += section.length
        assert at == pytest.approx(score.length)
        names = [section.name for section in score.sections]
        assert names[-1] == "outro" and names.count("A") >= 2 and {"B", "A'"} <= set(names)


PLANS = st.builds(
    TrackPlan,
    number=st.just(1),
    title=st.just("x"),
    prompt=st.just("x"),
    mood=st.text(min_size=1, max_size=20),
    style=st.text(min_size=1, max_size=20),
    tempo=st.floats(40, 200),
    key=st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"])),
    swing=st.floats(0.5, 0.7),
    groove=st.sampled_from(GROOVES) | st.text(min_size=1, max_size=20),
    instruments=st.lists(st.sampled_from(sorted(RANGES)) | st.text(min_size=1, max_size=9), max_size=6).map(tuple),
    ambience=st.none() | st.just("rain"),
    energy=st.floats(0, 1),
    seconds=st.floats(10, 600),
)


@settings(max_examples=80, deadline=None)
@given(PLANS, st.integers(0, 2**63 - 1))
def test_any_plan_composes(track, seed):
    """Whatever is asked: notes in the piece, in range, in order; length within a beat of the plan; a name for each."""
    score = compose(track, seed)
    assert abs(score.length - track.seconds) <= max(0.5, 30 / track.tempo)
    assert {part.role for part in score.parts} & {"chords", "pad"}
    for part in score.parts:
        assert part.instrument in RANGES
        assert list(part.notes) == sorted(part.notes, key=lambda note: note.start)
        for note in part.notes:
            assert note.start >= 0 and note.length > 0 and note.start + note.length <= score.length
            assert 24 <= note.pitch <= 100
            assert 0 < note.velocity <= 1
    for hit in score.drums:
        assert hit.drum in DRUMS and 0 <= hit.start < score.length and 0 < hit.velocity <= 1
