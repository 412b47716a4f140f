"""What is rendered next for the radio, and what becomes of it: the ledger, the store, and the running order."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock

from pipeline.audio.master import RATE
from pipeline.catalogue.airings import Airings
from pipeline.catalogue.rows import Outcome
from pipeline.domain import Seconds
from pipeline.domain.airing import AirSource
from pipeline.errors import LofiError, Stopped
from pipeline.radio.fresh import Fresh, Ordered
from pipeline.radio.orders import OPENING, Orders
from pipeline.radio.piece import Piece, credited
from pipeline.radio.player import Player
from pipeline.radio.running_order import RunningOrder
from pipeline.radio.store import Store
from pipeline.radio.supply import Supply
from pipeline.shelf.atomic import require_room

AHEAD: Seconds = 22 * 60.0
"""Fresh music that is kept ready: twenty minutes, and the track that begins next."""
RESERVE: Seconds = 150.0
"""Of what is ready for the present course, below which the stand-in renders, where nothing approved can bridge it."""

BYTES = RATE * 2 * 3
"""Of a second of a track: 24 bits in stereo, before FLAC makes it smaller."""


class Kitchen:
    """Has its players render what the running order lacks.

    `understudy` plays where the musician falls behind and there is nothing else that is new. `stocked` is called
    whenever a track came of it, `note` is told what a person should know.
    """

    def __init__(
        self,
        orders: Orders,
        running_order: RunningOrder,
        store: Store,
        airings: Airings,
        players: Sequence[Player],
        understudy: Player | None,
        run_id: str,
        stocked: Callable[[Ordered], None],
        note: Callable[[str], None],
        ahead: Seconds = AHEAD,
    ) -> None:
        self._orders, self._running, self._store, self._airings = orders, running_order, store, airings
        self._understudy, self._run_id, self._stocked = understudy, run_id, stocked
        self._ahead = ahead
        self._lock = Lock()
        self._under_way: dict[str, Ordered] = {}
        self._begun: dict[str, int] = {}
        self._proved: set[int] = set()
        self._something = running_order.ahead(any_course=True) > 0
        cast = [*players, *([understudy] if understudy else [])]
        self._supply = Supply(cast, self._order, self._keep, note, self._enter)

    def open(self) -> None:
        """Begin to render."""
        self._airings.settle()
        self._supply.open()

    def wake(self) -> None:
        """Look again: something was played, or the course has changed."""
        self._supply.wake()

    def close(self) -> None:
        """End it; what is being rendered is given up."""
        self._supply.close()

    def _order(self, player: Player) -> list[Ordered]:
        with self._lock:
            orders = self._for_understudy() if player is self._understudy else self._for_musician(player)
            self._something = self._something or bool(orders)
            self._under_way |= {order.name: order for order in orders}
            return orders

    def _for_musician(self, player: Player) -> list[Ordered]:
        course = self._running.course
        coming = sum(other.order.track.seconds for other in self._under_way.values() if other.course == course)
        missing = self._ahead - self._running.ahead() - coming
        if missing <= 0:
            return []
        if not self._something:
            return self._orders.take(course, 1, OPENING)
        # One at a time until it has shown that it can: nobody knows yet how long a batch takes.
        batch = player.musician.batch if id(player) in self._proved else 1
        return self._orders.take(course, min(batch, math.ceil(missing / self._orders.longest)))

    def _for_understudy(self) -> list[Ordered]:
        running_order = self._running
        # Approved tracks bridge a gap as well, but only by chance are they what somebody has steered for.
        if running_order.ahead() >= RESERVE or (running_order.has_approved() and not running_order.is_steered):
            return []
        return self._orders.take(running_order.course, 1, None if running_order.ahead(any_course=True) else OPENING)

    def _enter(self, player: Player, orders: Sequence[Ordered]) -> None:
        try:
            music = sum(order.order.track.seconds for order in orders)
            require_room(self._store.folder.folder, round(music * BYTES))
            for order in orders:
                number = self._airings.begin_render(order.order, player.musician.backend, self._run_id)
                self._begun[order.name] = number
        except BaseException:
            # What is not in the ledger is not rendered, nor what there is no room for.
            for order in orders:
                self._settle(order, "interrupted", 0.0)
            self._forget(orders)
            raise

    def _keep(self, player: Player, order: Ordered, outcome: Fresh | LofiError) -> bool:
        try:
            # A batch that was ended in its middle, or a process that died, has left what was whole by then.
            track = outcome if isinstance(outcome, Fresh) else self._store.find(order.name)
            if track is None:
                self._store.drop(order.name)
                self._settle(order, "interrupted" if isinstance(outcome, Stopped) else "failed", 0.0)
                return False
            self._settle(order, "finished", order.order.track.seconds)
            source: AirSource = "stand-in" if player is self._understudy else "fresh"
            if not self._running.add(piece_of(track, self._store, source)):
                self._store.drop(track.name)
                return False
            self._proved.add(id(player))
            self._stocked(order)
            return True
        finally:
            self._forget([order])

    def _settle(self, order: Ordered, how: Outcome, seconds: Seconds) -> None:
        """Settle the row of a render, if that is possible; what is not settled is when the radio is begun again."""
        number = self._begun.pop(order.name, None)
        if number is not None:
            with suppress(LofiError):
                self._airings.end_render(number, how, seconds)

    def _forget(self, orders: Sequence[Ordered]) -> None:
        with self._lock:
            for order in orders:
                self._under_way.pop(order.name, None)


def piece_of(track: Fresh, store: Store, source: AirSource = "fresh") -> Piece:
    """Return a track that was rendered for the radio as it goes on the air."""
    plan = track.order.track
    return Piece(
        key=track.name,
        title=track.title,
        artist=track.artist,
        path=store.path(track),
        portrait=track.portrait,
        source=source,
        words=(plan.style, plan.mood, f"{plan.tempo:g} BPM", str(plan.key)),
        course=track.course,
        credit=credited([track.backend]),
        made=json.dumps(
            {"order": track.order.model_dump(mode="json"), "backend": track.backend.model_dump(mode="json")},
            ensure_ascii=False,
        ),
    )
