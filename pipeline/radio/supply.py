"""Rendering ahead: tracks of the present course are made until there are enough, whatever a musician does meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
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
PAUSES: tuple[Seconds, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Between tries of a musician that fails, one after another."""
LOOK: Seconds = 2.0
"""Between two looks whether there is something to make, or whether somebody else wants what a player works with."""

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


class _Away(Exception):
    """Somebody else has what a player would work with, and that was told."""


class Supply:
    """Threads that have their players make what `order` asks for. `keep` is given what became of each.

    It returns whether there is a track now.
    """

    def __init__(
        self,
        players: Sequence[Player],
        order: Callable[[Player], list[Ordered]],
        keep: Callable[[Player, Ordered, Fresh | LofiError], bool],
        note: Callable[[str], None],
        began: Callable[[Player, Sequence[Ordered]], None] = lambda _, __: None,
        pauses: Sequence[Seconds] = PAUSES,
    ) -> None:
        """`order` gives a player its next orders, none where there is enough; `note` is told what goes wrong, and ""
        once nothing does any more: a musician's trouble stands until a track comes of that very musician, and that
        somebody else has what it works with is told in its place for as long as that is so."""
        self._players = players
        self._order, self._keep, self._note, self._began = order, keep, note, began
        self._pauses = pauses
        self._wake, self._closing = threading.Condition(), threading.Event()
        self._woken = 0
        self._troubles: dict[int, str] = {}
        self._away: dict[int, str] = {}
        self._threads = [
            threading.Thread(target=self._work, args=(player,), name="supply", daemon=True) for player in players
        ]

    def open(self) -> None:
        """Begin. Others who play as the first one does wait until something came of it: they would get in its way."""
        first = self._players[0]
        for player, thread in zip(self._players, self._threads, strict=True):
            if player is first or player.musician is not first.musician:
                thread.start()

    def wake(self) -> None:
        """Look again now whether there is something to make."""
        with self._wake:
            self._woken += 1
            self._wake.notify_all()

    def close(self) -> None:
        """Stop, without waiting for what is being made."""
        with self._wake:
            self._closing.set()
            self._wake.notify_all()
        for player in self._players:
            player.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=10)

    def _work(self, player: Player) -> None:
        failures = 0
        while not self._closing.is_set():
            seen = self._woken
            try:
                failures = 0 if self._round(player) else failures
            except _Away:
                self._rest(LOOK, seen)
            except Exception as error:  # noqa: BLE001 - whatever it was, the radio goes on and it is tried again
                if self._closing.is_set():
                    return
                failures += 1
                said = error.message if isinstance(error, LofiError) else f"{type(error).__name__}: {error}"
                self._tell(player, f"Nothing new came of {player.musician.backend.name}: {said}")
                self._recover(player, self._pauses[min(failures, len(self._pauses)) - 1])
            else:
                self._rest(LOOK, seen)

    def _recover(self, player: Player, seconds: Seconds) -> None:
        """Rest after a failure, and look meanwhile whether somebody else wants what the player has."""
        ends = time.monotonic() + seconds
        while not self._closing.is_set() and (left := ends - time.monotonic()) > 0:
            self._rest(min(left, LOOK), None)
            with suppress(Exception), self._turn(player):  # the next try says what is wrong
                pass

    @contextmanager
    def _turn(self, player: Player) -> Iterator[None]:
        """Have a player's turn inside the block. Raises _Away."""
        with ExitStack() as stack:
            try:
                stack.enter_context(player.turn())
            except Held as held:
                self._stand_back(player, held.message)
                raise _Away from None
            self._stand_back(player, "")
            yield

    def _round(self, player: Player) -> bool:
        """Make tracks until there are enough; return whether any came of it. Raises what the last one failed with."""
        made = False
        while not self._closing.is_set():
            with self._turn(player):
                orders = self._order(player)
                if not orders:
                    return made
                self._began(player, orders)
                outcomes = _made_of(player, orders)
            failed: Exception | None = None
            for order, outcome in zip(orders, outcomes, strict=True):
                failed = outcome if isinstance(outcome, LofiError) else failed
                try:
                    made = self._keep(player, order, outcome) or made
                except (LofiError, OSError) as error:  # a full disk: the others of the batch are kept all the same
                    failed = error
            self._begin_others()
            if failed is not None:
                raise failed
            self._tell(player, "")
        return made

    def _tell(self, player: Player, said: str) -> None:
        with self._wake:
            self._troubles[id(player.musician)] = said
        self._pass_on()

    def _stand_back(self, player: Player, why: str) -> None:
        """Tell who has what a player would work with, or, by "", that it has that itself."""
        with self._wake:
            before = self._away.get(id(player.musician), "")
            self._away[id(player.musician)] = why
        if why != before:
            self._pass_on()

    def _pass_on(self) -> None:
        with self._wake:
            told = {**self._troubles, **{who: why for who, why in self._away.items() if why}}
        self._note(" ".join(filter(None, told.values())))

    def _begin_others(self) -> None:
        with self._wake:
            for thread in self._threads:
                if thread.ident is None and not self._closing.is_set():
                    thread.start()

    def _rest(self, seconds: Seconds, seen: int | None) -> None:
        """Wait, but not past a wake; after a failure whatever wakes others does not."""
        with self._wake:
            self._wake.wait_for(
                lambda: self._closing.is_set() or (seen is not None and self._woken != seen), timeout=seconds
            )


def _made_of(player: Player, orders: Sequence[Ordered]) -> list[Fresh | LofiError]:
    try:
        return player.make(orders)
    except Exception as error:  # noqa: BLE001 - a musician's bug is a musician that failed
        said = error if isinstance(error, LofiError) else BackendFailed(f"{type(error).__name__}: {error}")
        return [said] * len(orders)
