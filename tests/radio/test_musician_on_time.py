"""A musician who finishes at the very moment at which the watchdog takes it to hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from patience import PATIENCE
from radio_kitchen import player
from radio_pieces import CAFE
from stubborn_band import StubbornBand

from pipeline.radio.fresh import Fresh, Ordered
from pipeline.radio.orders import Orders
from pipeline.radio.store import Store
from pipeline.radio.supply import Supply
from pipeline.writers.offline.writer import OfflineWriter


class JustBefore(threading.Timer):
    """Fires while the musician hands the track over."""

    def cancel(self) -> None:
        self.function()
        super().cancel()


class JustAfter(threading.Timer):
    """Had begun to fire when it was called off."""

    def __init__(self, interval: float, function: Callable[[], None]) -> None:
        super().__init__(interval, function)
        self.noticed = threading.Event()

    def run(self) -> None:
        self.finished.wait()
        self.noticed.wait()
        self.function()

    def join(self, timeout: float | None = None) -> None:
        self.noticed.set()
        super().join(timeout)


@pytest.mark.parametrize("fires", [JustBefore, JustAfter])
def test_the_track_counts_and_the_next_order_is_played(tmp_path: Path, fires: type[threading.Timer]) -> None:
    """By a new process, for the old one was ended; nobody is told of a failure, for there is none."""
    first: list[threading.Timer] = []

    def timer(limit: float, fire: Callable[[], None]) -> threading.Timer:
        for earlier in first:
            if isinstance(earlier, JustAfter):
                earlier.noticed.set()  # at the latest
            return threading.Timer(limit, fire)
        first.append(fires(limit, fire))
        return first[0]

    store, written = Store(tmp_path), Orders(OfflineWriter(), 1)
    wanted = iter([written.take(CAFE, 1, 12.0) for _ in range(2)])
    came, said, enough = list[object](), list[str](), threading.Event()

    def keep(_: object, __: Ordered, outcome: object) -> bool:
        came.append(outcome)
        return True

    def order(_: object) -> list[Ordered]:
        following = next(wanted, [])
        if not following:
            enough.set()
        return following

    band = player(store, StubbornBand(), timer=timer)
    with closing(Supply([band], order, keep, said.append)) as supply:
        supply.open()
        assert enough.wait(PATIENCE), said
    assert all(isinstance(each, Fresh) for each in came) and len(came) == 2
    assert set(said) == {""}
