"""Strangers take turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.radio.turns import ADDRESSES, Turns


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from("abc")), max_size=60))
def test_nobody_has_two_turns_in_a_row_too_fast(asks: list[tuple[float, str]]) -> None:
    """Not one address in twenty seconds, and not all of them in four; whoever waits as told has a turn."""
    turns, now, taken = Turns(20.0, 4.0), 0.0, list[tuple[float, str]]()
    for pause, address in asks:
        now += pause
        if turns.wait(address, now) == 0:
            turns.take(address, now)
            taken.append((now, address))
    for place, (moment, address) in enumerate(taken):
        for earlier, other in taken[:place]:
            assert moment - earlier >= (20.0 if other == address else 4.0) - 1e-9
    assert turns.wait("a", now + turns.wait("a", now) + 1e-6) == 0


def test_a_million_addresses_are_not_remembered() -> None:
    turns = Turns(20.0, 0.0)
    for number in range(3 * ADDRESSES):
        turns.take(str(number), float(number))
    assert len(turns._last) == ADDRESSES


def test_the_owner_waits_only_for_others() -> None:
    turns = Turns(20.0, 4.0, frozenset(["127.0.0.1"]))
    turns.take("127.0.0.1", 0.0)
    assert turns.wait("127.0.0.1", 1.0) == 3.0 and turns.wait("127.0.0.1", 4.0) == 0.0
