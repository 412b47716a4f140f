"""The search behind the order of a mix: what it says a change saves is what the change saves."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audio.route import _Search, cheapest


@settings(max_examples=80, deadline=None)
@given(count=st.integers(1, 9), fewer=st.integers(0, 3), seed=st.integers(0, 10_000))
def test_every_change_saves_what_was_reckoned(count: int, fewer: int, seed: int) -> None:
    """Also where going from one place to another is dearer than coming back, and some places are left out."""
    chance = np.random.default_rng(seed)
    wanted = max(1, count - fewer)
    search = _Search(chance.uniform(0, 9, (count, count)), chance.uniform(0, 9, (count, wanted)))
    route = chance.permutation(count)[:wanted]
    for saved, change in search._savings(route):
        changed = change(route)
        assert sorted(set(changed.tolist())) == sorted(changed.tolist()) and len(changed) == wanted
        assert search.cost(changed) - search.cost(route) == pytest.approx(saved, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 6), fewer=st.integers(0, 2), seed=st.integers(0, 10_000))
def test_of_a_few_places_it_finds_the_cheapest_route_of_all(count: int, fewer: int, seed: int) -> None:
    """As cheap as the best of all there are."""
    chance = np.random.default_rng(seed)
    wanted = max(1, count - fewer)
    steps, places = chance.uniform(0, 9, (count, count)), chance.uniform(0, 9, (count, wanted))
    search = _Search(steps, places)
    best = min(search.cost(np.array(route)) for route in permutations(range(count), wanted))
    assert search.cost(np.array(cheapest(steps, places))) == pytest.approx(best)
