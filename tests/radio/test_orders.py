"""What is ordered for the radio."""

from __future__ import annotations

from radio_pieces import CAFE, SEA

from pipeline.radio.orders import LENGTHS, Orders
from pipeline.writers.offline.writer import OfflineWriter

WRITER = OfflineWriter()


def test_no_title_comes_twice_in_a_day() -> None:
    """Eight hundred tracks are as many titles, none of them one that was taken, and as many files and seeds."""
    first = Orders(WRITER, 1).take(CAFE, 50)
    taken = [each.order.track.title for each in first]
    orders = Orders(WRITER, 1, taken).take(CAFE, 800)
    titles = [each.order.track.title.casefold() for each in orders]
    assert len(set(titles)) == 800
    assert not set(titles) & {title.casefold() for title in taken}
    assert len({each.name for each in orders}) == len({each.order.seed for each in orders}) == 800


def test_tracks_are_of_different_lengths() -> None:
    """So that nobody hears a clock in it."""
    lengths = [each.order.track.seconds for each in Orders(WRITER, 1).take(CAFE, 40)]
    assert min(lengths) >= LENGTHS[0] and max(lengths) <= LENGTHS[1] and len(set(lengths)) > 15


def test_slower_is_slower_also_in_words() -> None:
    """A music model is told the tempo that a plan was moved to."""
    usual = Orders(WRITER, 5).take(CAFE, 30)
    slower = Orders(WRITER, 5).take(CAFE.but(pace=-2), 30)
    for one, other in zip(usual, slower, strict=True):
        was, now = one.order.track, other.order.track
        assert now.tempo < was.tempo - 5
        assert f"{now.tempo:g} BPM" in now.prompt


def test_another_course_is_followed_from_the_next_order_on() -> None:
    """What was planned for the earlier one is forgotten."""
    orders = Orders(WRITER, 3)
    orders.take(CAFE, 1)
    (turned,) = orders.take(SEA, 1)
    assert turned.course == SEA and turned.order.track.style == "bossa"


def test_the_same_seed_gives_the_same_radio() -> None:
    """To the last word of a prompt."""
    assert Orders(WRITER, 9).take(CAFE, 9) == Orders(WRITER, 9).take(CAFE, 9)
    assert Orders(WRITER, 9).take(CAFE, 9) != Orders(WRITER, 8).take(CAFE, 9)
