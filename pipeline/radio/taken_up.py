"""What an earlier radio of the library left, taken up by the next one, however the earlier one ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from pipeline.catalogue.airings import Airings
from pipeline.domain import Backend, Seconds
from pipeline.domain.course import Course
from pipeline.radio.kitchen import piece_of
from pipeline.radio.running_order import LATELY, Heard, RunningOrder
from pipeline.radio.store import Store


def taken_up(
    store: Store,
    airings: Airings,
    known: Mapping[str, str],
    own: Course,
    course: Course,
    understudy: Backend | None = None,
    clock: Callable[[], Seconds] = time.monotonic,
) -> RunningOrder:
    """Return the running order of a radio of course `own` that heads for `course`.

    What was rendered and not heard is not paid for twice; what was on the air lately does not come again, by its file
    or its music; what an `understudy` played is still a stand-in. `known` are the files that were ever on the air, the
    one heard longest ago first.
    """
    there = {
        track.name: piece_of(track, store, "stand-in" if track.backend == understudy else "fresh")
        for track in store.tracks()
    }
    now = airings.now()
    lately = airings.since(now - timedelta(seconds=LATELY))
    # The wall clock may have been set back since: nothing was heard in the future.
    heard = [Heard(each.file, each.fingerprint, max(0.0, (now - each.time).total_seconds())) for each in lately]
    running_order = RunningOrder(own, heard, [there[name] for name in known if name in there], clock)
    running_order.turn(course)
    for name, piece in there.items():
        if name not in known and not running_order.add(piece):
            store.drop(name)
    return running_order
