"""Rendering ahead: tracks of the present course are made until there are enough, whatever a musician does meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from pipeline.domain import Seconds
from pipeline.errors import BackendFailed, Held, LofiError
from pipeline.radio.fresh import Fresh, Ordered
from pipeline.radio.player import Player

PAUSES: tuple[Seconds, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Between tries of a musician that fails, one after another."""
LOOK: Seconds = 2.0
"""Between two looks whether there is something to make, or whether somebody else wants what a player works with."""


class _Away(Exception):
    """Somebody else has what a player would work with, and that was told."""


class Supply:
    """Threads that have their players make what `order` asks for. `keep` is given what became of each.

    It returns whether there is a new track now: one that sounds like what was heard of late is none.
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
            new = False
            for order, outcome in zip(orders, outcomes, strict=True):
                failed = outcome if isinstance(outcome, LofiError) else failed
                try:
                    new = self._keep(player, order, outcome) or new
                except (LofiError, OSError) as error:  # a full disk: the others of the batch are kept all the same
                    failed = error
            made = made or new
            self._begin_others()
            if not new and failed is None:
                # By chance once; a model that has collapsed would be rendered without a pause for ever.
                failed = BackendFailed("what it played was heard of late, or waits already.")
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
