"""A player of the radio: a musician in a process of its own, and what that works with, which others may want."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from pipeline.audio.effects.chain import Effects
from pipeline.domain import Seconds
from pipeline.errors import BackendFailed, Held, LofiError, Stopped
from pipeline.radio.fresh import Fresh, Ordered, render_for_air
from pipeline.roles import Judge, Musician
from pipeline.shelf.folder import Folder
from pipeline.workers import Workers

PATIENCE: Seconds = 120.0
"""Seconds that a musician may take for a track at least, and for its first one at most: it loads its model then."""
SLOWER = 6.0
"""How many times slower than ever so far, for as much music, a musician may be before it is taken to hang."""
LONGEST: Seconds = 3600.0
"""What that patience grows to where a musician is ended again and again: it may be slow and not stuck."""

_Work = Callable[..., list[Fresh | LofiError]]


class Turn(Protocol):
    """What a player works with and others may want, such as a GPU."""

    def take(self) -> None:
        """Have it, or go on having it. Raises Held where somebody else has it or wants it."""
        ...

    def let_go(self) -> None:
        """Have it no more, whether it was had or not."""
        ...


class _AnyTime:
    def take(self) -> None:
        """Nobody else wants it."""

    def let_go(self) -> None:
        """Nobody waits for it."""


ANY_TIME: Turn = _AnyTime()
"""The turn of a player who shares nothing."""


class Player:
    """A musician in a process of its own, which is ended and begun anew when it hangs or dies."""

    def __init__(
        self,
        musician: Musician,
        judge: Judge,
        effects: Effects,
        folder: Folder,
        threads: int = 1,
        patience: Seconds = PATIENCE,
        work: _Work = render_for_air,
        timer: Callable[[Seconds, Callable[[], None]], threading.Timer] = threading.Timer,
        turn: Turn = ANY_TIME,
    ) -> None:
        """The process is there within the `turn` alone: it keeps what it has loaded until it goes home."""
        self.musician = musician
        self._turn = turn
        self._given = (musician, judge, effects, folder)
        self._threads, self._patience, self._work, self._timer = threads, patience, work, timer
        self._slowest = 0.0
        self._workers = Workers(1, threads)
        self._closed = False

    def use(self, workers: Workers) -> None:
        """Have a process that was started already play, where it has as many threads as this player is to have."""
        if self._threads == 1:
            self._workers = workers

    def make(self, orders: Sequence[Ordered]) -> list[Fresh | LofiError]:
        """Return what became of each order. Raises LofiError: BackendFailed, say, for a musician that hung."""
        workers, began, hung = self._workers, time.monotonic(), threading.Event()

        def give_up() -> None:
            hung.set()
            workers.abandon()

        music = sum(order.order.track.seconds for order in orders)
        limit = max(self._patience, SLOWER * self._slowest * music)
        watchdog = self._timer(limit, give_up)
        watchdog.daemon = True
        watchdog.start()
        try:
            made = workers.run(self._work, orders, *self._given)
        except Stopped:
            if self._closed:
                raise
            # It may only have needed longer than anybody knew.
            self._patience = min(2 * self._patience, LONGEST)
            said = f"{self.musician.backend.name} gave no sound for {limit:.0f} s and was begun anew."
            raise BackendFailed(said) from None
        finally:
            watchdog.cancel()
            watchdog.join()
            if hung.is_set() and not self._closed:
                self._workers = Workers(1, self._threads)
                workers.close()
        self._slowest = max(self._slowest, (time.monotonic() - began) / music)
        return made

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have what a batch needs inside the block, and after it for as long as there is a process.

        Where that raises Held, the process goes home first, and the model with it.
        """
        try:
            self._turn.take()
        except Held:
            workers, self._workers = self._workers, Workers(1, self._threads)
            workers.close()
            self._turn.let_go()
            raise
        try:
            yield
        finally:
            if not self._workers.started:
                self._turn.let_go()

    def close(self) -> None:
        """End the process; what it is at is not waited for."""
        self._closed = True
        self._workers.abandon()
        self._workers.close()
        self._turn.let_go()
