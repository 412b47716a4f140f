"""What every musician promises, whichever backend it is."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import papers
import pytest
from where import DEVICE

from pipeline.domain import Backend, RenderOrder
from pipeline.errors import Stopped
from pipeline.musicians.musicgen.musician import MusicGen
from pipeline.musicians.offline.band import OfflineBand
from pipeline.roles import Booth, Musician, Rendering

BACKENDS: dict[str, Callable[[], Musician]] = {"offline band": OfflineBand}


def audiocraft(folder: str) -> Musician:
    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen  # which needs torch to be imported

    return AudiocraftMusicGen(folder, Path("no-hub"), DEVICE, "float32")


ON_TINY_WEIGHTS: dict[str, Callable[[str], Musician]] = {
    "musicgen": lambda folder: MusicGen(folder, Path("no-hub"), DEVICE, "float32"),
    "audiocraft": audiocraft,
}
"""Musicians with a model, by the name of their tiny checkpoint. Its weights are random, so what they play is no music:
what is said of clean audio is asked of the others only, and of these by the judge when an album is made."""

GROOVES = ("boom bap", "half time", "brushes", "bossa", "shuffle", "beatless")


@pytest.fixture(params=[*BACKENDS, *(pytest.param(name, marks=pytest.mark.neural) for name in ON_TINY_WEIGHTS)])
def musician(request):
    if request.param in BACKENDS:
        return BACKENDS[request.param]()
    return ON_TINY_WEIGHTS[request.param](str(request.getfixturevalue("tiny_model")(request.param)))


@pytest.fixture(params=BACKENDS)
def trained_musician(request):
    return BACKENDS[request.param]()


def order(seed, **changes):
    return RenderOrder(track=papers.lanterns(**{"seconds": 10.0, **changes}), index=1, seed=seed)


def play(musician, *orders):
    return [rendering.clip for rendering in musician.render(orders)]


def test_it_fills_the_role(musician):
    """It has the role's verb, a credit, and can be pickled for a worker."""
    assert isinstance(musician, Musician)
    assert isinstance(musician.backend, Backend) and musician.backend.name and musician.backend.licence
    assert type(pickle.loads(pickle.dumps(musician))) is type(musician)


def test_it_yields_one_clip_for_each_order_in_their_order(musician):
    """Three orders of different lengths give three clips of those lengths."""
    lengths = (10.0, 16.0, 12.0)
    clips = play(musician, *(order(1, seconds=seconds) for seconds in lengths))
    assert [clip.seconds for clip in clips] == pytest.approx(lengths, abs=3.5)
    assert clips[1].seconds == max(clip.seconds for clip in clips)


def test_no_orders_give_no_clips(musician):
    """Nothing asked, nothing played."""
    assert list(musician.render([])) == []


def test_a_take_does_not_depend_on_the_ones_beside_it(musician):
    """Alone or in a batch, an order gives the same bytes."""
    (alone,) = play(musician, order(5))
    _, beside = play(musician, order(6, groove="bossa"), order(5))
    assert alone.samples.tobytes() == beside.samples.tobytes()


def test_it_tells_how_far_a_take_is(musician):
    """Shares of the order it was given: they rise from near nothing, and end at 1 when the take is whole."""
    told = []
    (outcome,) = musician.render([order(1)], Booth(progress=lambda which, share: told.append((which, share))))
    shares = [share for _, share in told]
    assert isinstance(outcome, Rendering) and {which for which, _ in told} == {order(1)}
    assert len(shares) > 1 and shares == sorted(shares) and 0 <= shares[0] < 0.2 and shares[-1] == 1


def test_asked_to_stop_it_begins_nothing_and_says_so_of_each_order(musician):
    """Nothing is lost without a word: each order has its answer."""
    outcomes = list(musician.render([order(1), order(2)], Booth(stopping=lambda: True)))
    assert [type(outcome) for outcome in outcomes] == [Stopped, Stopped]
    assert not any(outcome.retryable for outcome in outcomes)


def test_given_up_half_way_it_plays_the_next_time_as_ever(musician):
    """Whatever it was in the middle of leaves no trace in the next take."""
    (before,) = play(musician, order(4))
    asked = itertools.count()
    *_, last = musician.render([order(4), order(5)], Booth(stopping=lambda: next(asked) >= 1))
    assert isinstance(last, Stopped)
    (after,) = play(musician, order(4))
    assert after.samples.tobytes() == before.samples.tobytes()


def test_another_seed_is_another_take(musician):
    """Two takes of one track are worth choosing between."""
    first, second = play(musician, order(1), order(2))
    size = min(first.frames, second.frames)
    assert np.abs(first.samples[:size] - second.samples[:size]).max() > 0.05


@pytest.mark.parametrize("groove", GROOVES)
def test_every_groove_is_clean_audio(trained_musician, groove):
    """Finite, stereo or mono, neither clipped nor silent nor offset, ending in silence."""
    (clip,) = play(trained_musician, order(3, groove=groove, ambience="vinyl"))
    assert clip.rate >= 32_000 and clip.channels in (1, 2)
    assert np.isfinite(clip.samples).all()
    assert 0.1 < np.abs(clip.samples).max() < 1.0
    assert np.abs(clip.samples.mean(axis=0)).max() < 2e-3
    assert np.abs(clip.samples[-clip.rate // 20 :]).max() < 0.01


def test_names_it_does_not_know_are_played_by_the_nearest_thing(musician):
    """An unknown instrument, groove, mood or ambience is no error."""
    strange = order(1, instruments=("hurdy-gurdy", "theremin"), groove="polka", ambience="spaceship", mood="spiky")
    assert np.std(play(musician, strange)[0].samples) > 1e-3
