"""The signal judge: what it hears, and which of two takes it prefers."""

from __future__ import annotations

from functools import cache

import numpy as np
import papers
import pytest
from sounds import RATE, chords, clip, drums, song

from pipeline.audio.clip import Clip
from pipeline.audio.fingerprint import NEAR_DUPLICATE, fingerprint, similarity
from pipeline.domain import Key, RenderOrder, TrackPlan, Verdict
from pipeline.judges.signal import SignalJudge
from pipeline.musicians.offline.band import OfflineBand

HOME = Key.parse("A minor")
PLAN = papers.lanterns(
    title="Window Seat", prompt="slow lo-fi", mood="calm", style="lo-fi", swing=0.56, ambience=None, seconds=40
)


@cache
def good() -> Clip:
    return song(80, HOME, 40, seed=1)


@cache
def played(seed: int) -> Clip:
    return next(iter(OfflineBand().render([RenderOrder(track=PLAN, index=1, seed=seed)]))).clip


def score(verdict: Verdict, name: str) -> float:
    return next(score.value for score in verdict.scores if score.name == name)


def judge(sound: Clip, plan: TrackPlan = PLAN) -> Verdict:
    return SignalJudge().judge(sound, plan)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_take_of_the_band_is_heard_as_planned(seed: int) -> None:
    """What the offline band plays passes, in the planned tempo and key, with a good mark that is not full marks."""
    verdict = judge(played(seed))
    assert verdict.passed
    assert verdict.total is not None
    assert 0.7 < verdict.total < 0.99
    assert verdict.measured.key == HOME
    assert verdict.measured.tempo == pytest.approx(80, rel=0.03)


def test_two_takes_of_the_band_are_two_pieces() -> None:
    """Another seed of the same plan is far from being a near duplicate."""
    assert similarity(fingerprint(played(3)), fingerprint(played(4))) < NEAR_DUPLICATE - 0.1


def test_the_total_is_the_weighted_mean() -> None:
    """The total follows from the scores shown, so a person can check it."""
    verdict = judge(good())
    weight = sum(score.weight for score in verdict.scores)
    assert verdict.total == pytest.approx(sum(s.value * s.weight for s in verdict.scores) / weight)
    assert all(score.reason for score in verdict.scores)


def test_another_tempo_and_another_key_score_lower() -> None:
    """A take that keeps to the plan is ahead of one that does not, and a near key ahead of a far one."""
    right = judge(good())
    faster = judge(good(), PLAN.but(tempo=88))
    relative = judge(good(), PLAN.but(key=HOME.relative))
    stranger = judge(good(), PLAN.but(key=Key.parse("Eb major")))
    assert score(right, "tempo") > 0.9 > 0.2 > score(faster, "tempo")
    assert score(right, "key") > score(relative, "key") > score(stranger, "key")
    assert right.total is not None
    for worse in (faster, relative, stranger):
        assert worse.total is not None
        assert worse.total < right.total


def test_a_loop_of_one_bar_is_less_of_a_piece_than_a_song() -> None:
    """A pure one-bar loop scores lower on form than a song with sections; so does music where nothing returns."""
    loop = clip(np.tile(chords(HOME, ("i",), 3, 3.0, melody=1) * 0.4 + drums(80, 3) * 0.2, 13))
    rng = np.random.default_rng(3)
    strangers = [chords(Key(int(rng.integers(12)), "minor"), ("i",), 3, 3.0, melody=n) for n in range(13)]
    wandering = clip(np.concatenate(strangers) * 0.4)
    song_ = score(judge(good()), "form")
    assert song_ > score(judge(loop, PLAN.but(seconds=39)), "form") + 0.2
    assert song_ > score(judge(wandering, PLAN.but(seconds=39)), "form") + 0.1


def test_a_beatless_plan_is_not_asked_for_a_beat() -> None:
    """Chords without drums for a beatless plan lose nothing for the tempo, and none is recorded."""
    pad = clip(chords(HOME, ("i", "iv", "VI", "V"), 40, 5.0) * 0.5)
    verdict = judge(pad, PLAN.but(groove="beatless", tempo=63))
    assert next(s.weight for s in verdict.scores if s.name == "tempo") == 0
    assert verdict.measured.tempo is None
    assert verdict.total is not None
    assert verdict.total > 0.5


def test_a_harsh_take_is_behind_a_warm_one() -> None:
    """The same music with its treble up by some 12 dB is worse in balance and in total."""
    harsh = good().samples * 0.25
    harsh[1:] += 3.0 * np.diff(good().samples, axis=0)
    warm, bright = judge(good()), judge(Clip(harsh.astype(np.float32), RATE))
    assert score(warm, "balance") > score(bright, "balance") + 0.2
    assert warm.total is not None
    assert bright.total is not None
    assert warm.total > bright.total


def test_the_level_does_not_matter() -> None:
    """12 dB softer the marks are the same: loudness is the master's work."""
    soft = judge(Clip(good().samples * np.float32(0.25), RATE))
    loud = judge(good())
    assert soft.total == pytest.approx(loud.total, abs=0.01)
    assert soft.measured.loudness == pytest.approx(loud.measured.loudness - 12.04, abs=0.05)


def test_what_cannot_be_scored_has_no_total() -> None:
    """A broken or silent take has no score at all, so it can never be ranked above a poor one."""
    broken = good().samples.copy()
    broken[1000] = np.nan
    for sound in (Clip(broken, RATE), Clip(np.zeros_like(broken), RATE), Clip(broken[:0], RATE)):
        verdict = judge(sound)
        assert verdict.total is None
        assert not verdict.passed
