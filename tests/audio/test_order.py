"""The order of a long mix: what a listener would notice at every joint, and over the hours."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import song

from pipeline.audio.fingerprint import fingerprint
from pipeline.audio.order import Arc, Order, Song, _prices, arrange, step
from pipeline.domain import Key

_KEYS = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]

songs = st.lists(
    st.builds(
        Song,
        title=st.sampled_from("abcdefgh"),
        artist=st.sampled_from(["one", "two"]),
        seconds=st.just(120.0),
        tempo=st.none() | st.floats(60, 120),
        key=st.none() | st.sampled_from(_KEYS),
        loudness=st.floats(-18, -12),
        energy=st.floats(0, 1),
    ),
    min_size=1,
    max_size=5,
)


def many(count: int, seed: int = 0) -> list[Song]:
    """Return so many songs of every key and of tempos from 70 to 92."""
    chance = np.random.default_rng(seed)
    return [
        Song(
            title=f"Song {number}",
            artist="Somebody",
            seconds=120,
            tempo=float(chance.uniform(70, 92)),
            key=_KEYS[chance.integers(24)],
            loudness=-14 + float(chance.normal(0, 0.3)),
            energy=float(chance.uniform()),
        )
        for number in range(count)
    ]


def price(order: Order) -> float:
    return sum(step.price for step in order.steps)


@settings(max_examples=25, deadline=None)
@given(songs, st.sampled_from(["settle", "lift", "wave", "level"]))
def test_every_song_once_and_the_same_again(given_songs: list[Song], arc: Arc) -> None:
    order = arrange(given_songs, arc=arc)
    assert sorted(order.places) == list(range(len(given_songs)))
    assert len(order.steps) == len(given_songs) - 1
    assert order.places == arrange(given_songs, arc=arc).places


@settings(max_examples=25, deadline=None)
@given(songs)
def test_no_order_of_a_few_songs_is_much_better(given_songs: list[Song]) -> None:
    """Against all orders there are: never dearer than the best."""
    order = arrange(given_songs, arc="level")
    best = min(price(arrange_as(given_songs, places)) for places in itertools.permutations(range(len(given_songs))))
    assert price(order) <= best + 1e-6


def arrange_as(given_songs: list[Song], places: tuple[int, ...]) -> Order:
    steps = [step(given_songs[a], given_songs[b]) for a, b in itertools.pairwise(places)]
    return Order(given_songs, places, steps)


def test_songs_go_round_the_wheel_in_small_steps() -> None:
    """Drawn from all keys and tempos: most joints are one step or none, and tempos move by little."""
    order = arrange(many(40), arc="level")
    keys = [step.keys for step in order.steps if step.keys is not None]
    tempos = [abs(step.tempo) for step in order.steps if step.tempo is not None]
    assert max(keys) <= 3 and np.mean(keys) < 1.1
    assert np.mean(tempos) < 3.5


@pytest.mark.parametrize(("arc", "course"), [("settle", (2, 1, 0)), ("lift", (0, 1, 2)), ("wave", (0, 2, 0))])
def test_energy_follows_the_arc(arc: Arc, course: tuple[int, ...]) -> None:
    """Third by third."""
    thirds = [part.mean() for part in np.array_split([each.energy for each in arrange(many(30), arc=arc).songs], 3)]
    for (one, here), (other, there) in itertools.pairwise(zip(course, thirds, strict=True)):
        assert abs(there - here) > 0.15 and (there > here) == (other > one)


def test_one_title_never_follows_itself_where_that_can_be_avoided() -> None:
    """Four songs under two titles, all else speaking for pairs."""
    pairs = [
        Song(title=title, artist="Somebody", seconds=60, key=Key(tonic, "major"), tempo=80)
        for title, tonic in (("One", 0), ("One", 0), ("Two", 6), ("Two", 6))
    ]
    assert not any(step.again for step in arrange(pairs).steps)


def test_the_same_music_never_follows_itself() -> None:
    """Under another title, known by its fingerprint; with nothing else to put between, it is said."""
    music, other = song(80, Key(9, "minor"), 20, 1), song(92, Key(2, "major"), 20, 5)
    prints = [fingerprint(each) for each in (music, music, other)]
    twins = [Song(title=f"Song {n}", artist="A", seconds=20, fingerprint=each) for n, each in enumerate(prints)]
    assert not any(step.again for step in arrange(twins).steps)
    (alone,) = arrange(twins[:2]).steps
    assert alone.again and "the same music again" in alone.why


def test_those_that_go_together_are_chosen() -> None:
    """Three of one key among strangers, when three are wanted."""
    near = [Song(title=f"Near {n}", artist="A", seconds=60, key=Key(9, "minor"), tempo=80) for n in range(3)]
    far = [
        Song(title=f"Far {n}", artist="A", seconds=60, key=Key(n * 2 + 1, "major"), tempo=70 + 9 * n) for n in range(3)
    ]
    order = arrange([far[0], near[0], far[1], near[1], far[2], near[2]], 3, "level")
    assert {each.title for each in order.songs} == {"Near 0", "Near 1", "Near 2"}


def test_a_fifth_and_the_relative_are_near_and_a_semitone_is_far() -> None:
    home = Key.parse("A minor")
    assert [home.steps_to(Key.parse(name)) for name in ("A minor", "E minor", "C major", "G major", "Bb minor")] == [
        0,
        1,
        1,
        2,
        5,
    ]


def test_half_time_is_the_same_tempo() -> None:
    slow, fast = (Song(title=str(bpm), artist="A", seconds=60, tempo=bpm) for bpm in (60, 120))
    assert step(slow, fast).tempo == pytest.approx(0)


@pytest.mark.parametrize("wanted", [0, 3])
def test_more_than_there_are_is_refused(wanted: int) -> None:
    with pytest.raises(ValueError, match=f"{wanted} of 2"):
        arrange(many(2), wanted)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 9), rounds=st.integers(2, 3), seed=st.integers(0, 99))
def test_a_song_comes_again_only_after_half_of_the_others(count: int, rounds: int, seed: int) -> None:
    """In a mix longer than its songs, none is next to itself, and each waits as long as half of all are many."""
    songs, chance = many(count, seed), np.random.default_rng(seed)
    wanted = count * rounds - int(chance.integers(0, count))
    order = arrange(songs, wanted, "wave", repeats=True)
    assert len(order.places) == wanted
    assert set(order.places[:count]) == set(range(count))
    for place in range(wanted):
        again = [n for n in range(place + 1, wanted) if order.places[n] == order.places[place]]
        assert not again or again[0] - place >= max(2 if count > 2 else 1, count // 2)


def test_without_repeats_more_songs_than_there_are_cannot_be_had() -> None:
    """The caller has to say how it wants that."""
    with pytest.raises(ValueError, match="3 of 2 songs"):
        arrange(many(2), 3)


def test_prices_reckoned_at_once_are_those_of_the_steps() -> None:
    """For every two songs, known and unknown alike."""
    some = [*many(12), *(s.but(key=None) for s in many(3, 1)), *(s.but(tempo=None, title="SONG 1") for s in many(3, 2))]
    alike = np.zeros((len(some), len(some)))
    prices = _prices(some, alike)
    for (a, one), (b, other) in itertools.product(enumerate(some), repeat=2):
        assert prices[a, b] == pytest.approx(step(one, other).price)
