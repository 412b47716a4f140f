"""What the radio plays next."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from radio_pieces import CAFE, SEA, measured, piece

from pipeline.audio.portrait import Portrait
from pipeline.radio.piece import Piece
from pipeline.radio.running_order import LATELY, Heard, RunningOrder


def played(running_order: RunningOrder, count: int, before: Piece | None = None) -> list[Piece]:
    pieces = []
    for _ in range(count):
        before = running_order.next(before)
        assert before is not None
        pieces.append(before)
    return pieces


def test_it_goes_down_in_steps_and_never_stops(tmp_path: Path) -> None:
    """Fresh tracks first, then approved ones, then what was heard longest ago: something always follows."""
    running_order = RunningOrder(CAFE)
    for seed in (1, 2):
        assert running_order.add(piece(tmp_path, seed))
    running_order.offer([piece(tmp_path, 3, "approved")])
    heard = played(running_order, 9)
    assert [each.source for each in heard] == ["fresh", "fresh", "approved", *["again"] * 6]
    keys = [each.key for each in heard]
    assert set(keys[:3]) == set(keys[3:6]) == set(keys[6:])
    assert all(one != other for one, other in itertools.pairwise(keys))


def test_with_nothing_at_all_there_is_nothing(tmp_path: Path) -> None:
    """Only then does it have to be waited for; a single track is played over and over rather than silence."""
    running_order = RunningOrder(CAFE)
    assert running_order.next(None) is None
    assert running_order.add(piece(tmp_path, 1))
    assert [each.key for each in played(running_order, 3)] == ["tune-1"] * 3


def test_the_same_music_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    """A copy under another name is a near-duplicate: of what waits, of what was heard, and of what was heard before."""
    running_order = RunningOrder(CAFE)
    first = piece(tmp_path, 1)
    assert running_order.add(first)
    assert not running_order.add(piece(tmp_path, 1, name="copy"))
    played(running_order, 1)
    assert not running_order.add(piece(tmp_path, 1, name="another-copy"))
    later = RunningOrder(CAFE, heard=[Heard(first.key, first.portrait.fingerprint, 3600.0)])
    assert not later.add(piece(tmp_path, 1, name="next-hour"))
    longer_ago = RunningOrder(CAFE, heard=[Heard(first.key, first.portrait.fingerprint, LATELY + 60)])
    assert longer_ago.add(piece(tmp_path, 1, name="next-day"))


def test_a_day_is_a_day_however_many_were_skipped(tmp_path: Path) -> None:
    """What was heard is remembered by the hour and not by the number of tracks since."""
    now = [0.0]
    running_order = RunningOrder(CAFE, clock=lambda: now[0])
    first = piece(tmp_path, 1)
    assert running_order.add(first)
    before = running_order.next(None)
    another = piece(tmp_path, 2)
    for place in range(900):
        running_order.add(replace(another, key=f"skipped-{place}", portrait=unlike(place)))
        before = running_order.next(before)
    now[0] = LATELY - 60
    assert not running_order.add(first)
    now[0] = LATELY + 60
    assert running_order.add(first)


def unlike(place: int) -> Portrait:
    """A portrait of music like no other: nobody took its fingerprint."""
    return measured(2).but(fingerprint="", energy=place / 1000)


def test_what_is_approved_no_more_is_not_played_again_either(tmp_path: Path) -> None:
    """An album that was rejected since leaves the air for good."""
    running_order = RunningOrder(CAFE)
    running_order.offer([piece(tmp_path, 1, "approved"), piece(tmp_path, 2, "approved")])
    played(running_order, 4)
    running_order.offer([piece(tmp_path, 2, "approved")])
    assert {each.key for each in played(running_order, 4)} == {"tune-2"}


def test_an_approved_track_that_was_heard_lately_is_passed_over(tmp_path: Path) -> None:
    """Also where an album holds the music that the radio has just played."""
    running_order = RunningOrder(CAFE)
    assert running_order.add(piece(tmp_path, 1))
    running_order.offer([piece(tmp_path, 1, "approved", name="album-1"), piece(tmp_path, 2, "approved")])
    assert [each.key for each in played(running_order, 2)] == ["tune-1", "tune-2"]
    assert not running_order.has_approved()


def test_a_turn_is_followed_at_once_when_there_is_something_to_play(tmp_path: Path) -> None:
    """What was rendered for the earlier course waits, and comes only for want of the new one."""
    running_order = RunningOrder(CAFE)
    for seed in (1, 2, 3):
        running_order.add(piece(tmp_path, seed))
    running_order.turn(SEA)
    assert running_order.ahead() == 0 and running_order.ahead(any_course=True) > 80
    assert played(running_order, 1)[0].course == CAFE
    running_order.add(piece(tmp_path, 4, course=SEA))
    assert [each.course for each in played(running_order, 2)] == [SEA, CAFE]


def test_a_stand_in_comes_after_the_musician_but_follows_the_course(tmp_path: Path) -> None:
    """Whoever steers hears what was asked for, if need be by the stand-in."""
    running_order = RunningOrder(CAFE)
    running_order.add(piece(tmp_path, 1, "stand-in"))
    running_order.add(piece(tmp_path, 2))
    running_order.add(piece(tmp_path, 3, "stand-in", SEA))
    assert played(running_order, 1)[0].key == "tune-2"
    running_order.turn(SEA)
    assert [each.key for each in played(running_order, 2)] == ["tune-3", "tune-1"]


def test_of_a_few_the_one_that_follows_best_is_taken(tmp_path: Path) -> None:
    """Neighbours in loudness come before a jump: the order that a mix would have."""
    running_order = RunningOrder(CAFE)
    before = piece(tmp_path, 9)
    loud = replace(piece(tmp_path, 1, level=-4.0), key="loud")
    near = replace(piece(tmp_path, 2), key="near")
    running_order.add(loud)
    running_order.add(near)
    following = running_order.next(before)
    assert following is not None and following.key == "near"


def test_the_last_hour_is_kept_and_no_more(tmp_path: Path) -> None:
    """Files that are needed for a bad hour stay, and those of the titles that are shown; older ones may go."""
    running_order = RunningOrder(CAFE)
    long = measured(1).but(end=10 * 60 * 44_100, fingerprint="")
    for place in range(50):
        running_order.add(replace(piece(tmp_path, 1), key=f"long-{place}", portrait=long))
    order = [each.key for each in played(running_order, 50)]
    assert sorted(each.key for each in running_order.retire()) == sorted(order[:10])
    assert running_order.retire() == []
    assert running_order.next(None) is not None


def test_a_lost_piece_is_never_played(tmp_path: Path) -> None:
    """A file that was damaged is left out for good."""
    running_order = RunningOrder(CAFE)
    bad, good = piece(tmp_path, 1), piece(tmp_path, 2)
    running_order.add(bad)
    running_order.add(good)
    running_order.lose(bad)
    assert {each.key for each in played(running_order, 4)} == {"tune-2"}


@pytest.mark.parametrize("level", [-20.0, -9.0])
def test_everything_is_as_loud_as_everything_else(tmp_path: Path, level: float) -> None:
    """A quiet album and a loud one are brought to one loudness."""
    item = piece(tmp_path, 1, level=level).item
    assert item.gain == pytest.approx(-14.0 - level, abs=0.1)
