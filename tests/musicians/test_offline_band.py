"""The offline band as a musician: a plan in, a clip out."""

from __future__ import annotations

import pickle

import numpy as np
import papers

from pipeline.domain import RenderOrder
from pipeline.musicians.offline.band import OfflineBand


def order(seed=1, **changes):
    return RenderOrder(track=papers.lanterns(**changes), index=1, seed=seed)


def test_the_band_is_credited_as_what_it_is():
    """The ledger can say who played and that the recording is free to use."""
    backend = OfflineBand().backend
    assert backend.name == "offline band"
    assert backend.licence.startswith("Apache-2.0")


def test_the_band_can_be_sent_to_a_worker():
    """A pickled band plays the same take."""
    band = pickle.loads(pickle.dumps(OfflineBand()))
    here, there = (next(iter(each.render([order()]))).clip for each in (OfflineBand(), band))
    assert here.samples.tobytes() == there.samples.tobytes()


def test_another_mood_or_groove_is_another_take():
    """The plan is heard, not only the seed."""
    plain, other = (next(iter(OfflineBand().render([order(groove=groove)]))).clip for groove in ("boom bap", "brushes"))
    size = min(plain.frames, other.frames)
    assert np.abs(plain.samples[:size] - other.samples[:size]).max() > 0.05


def test_takes_arrive_one_by_one():
    """The first take is there before the last one is rendered."""
    asked = []

    class Orders(list):
        def __iter__(self):
            for each in super().__iter__():
                asked.append(each.seed)
                yield each

    takes = OfflineBand().render(Orders([order(1), order(2)]))
    next(takes)
    assert asked == [1]
