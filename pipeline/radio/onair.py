"""The studio of a radio on the air: it mixes as fast as the clock, and hears what listeners want.

What must not wait (the mix, and in pace.py its pace and encoders) is one thread; renders, pictures, the catalogue (in
desk.py) and the library's own tracks have theirs, and none of them can make it stop.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from pipeline.catalogue.airings import Airings
from pipeline.domain import Seconds
from pipeline.domain.course import Course, Turned
from pipeline.errors import Damaged
from pipeline.radio import wire
from pipeline.radio.air import Air
from pipeline.radio.desk import Desk
from pipeline.radio.pace import Pace
from pipeline.radio.piece import Piece
from pipeline.radio.playbill import HISTORY
from pipeline.radio.recalled import Recalled
from pipeline.radio.running_order import RunningOrder

PULSE: Seconds = 1.0
"""Between two messages on how the studio stands."""

NOT_UNDERSTOOD = "None of that is in the label's words. Try an instrument, a style, a mood, a place or the weather."

Send = Callable[[wire.FromStudio], None]
_log = logging.getLogger("lofi.studio")


class OnTheAir:
    """One radio's programme on its way to the transmitter.

    `turn` reads a listener's sentence, given where it is heading and its owner's own course; `picture` returns that of
    a piece, where there is one. `turned` is told where it is heading, and `played` of every piece that begins to be
    heard, in a thread that may wait.
    """

    def __init__(
        self,
        running_order: RunningOrder,
        airings: Airings,
        send: Send,
        turn: Callable[[Course, str, Course], Turned | None],
        turned: Callable[[Course], None],
        played: Callable[[Piece], None],
        picture: Callable[[Piece], bytes | None],
        crossfade: Seconds,
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        self._running, self._send, self._turn = running_order, send, turn
        self._turned, self._played, self._picture = turned, played, picture
        self._clock = clock
        self._air = Air(running_order, self._begins, self._wait, self._lost, crossfade)
        self._closing, self._stocked = threading.Event(), threading.Event()
        self._pace = Pace(send, self.tell, self._closing, clock)
        self._desk = Desk(airings)
        self._aired: deque[tuple[int, Piece]] = deque(maxlen=HISTORY)
        self._count = 0
        self._pulsed = -PULSE
        self._notes: dict[str, str] = {}

    def run(self) -> None:
        """Play until `close`."""
        try:
            with suppress(Silence):
                self._play()
        finally:
            self._pace.close()
            self._desk.close()

    def _play(self) -> None:
        self._pulse()
        for block in self._air.sound():
            if self._closing.is_set():
                return
            self._pace.play(block)
            self._pulse()

    def recall(self, recalled: Callable[[], Sequence[Recalled]]) -> None:
        """Tell what was on the air before, the oldest first, while the first sound is mixed; they can be loved too."""

        def tell() -> None:
            before = dict(enumerate(reversed(recalled()), start=1))
            self._desk.remember({-ago: each.airing.id for ago, each in before.items()})
            heard = [(each.on_air(-ago), each.airing.time.timestamp()) for ago, each in before.items()]
            self._send(wire.Before(tuple(reversed(heard))))
            for ago, each in before.items():
                if (picture := each.picture()) is not None:
                    self._send(wire.Picture(-ago, picture))

        self._desk.do(tell)

    def close(self) -> None:
        """Stop playing."""
        self._closing.set()
        self._stocked.set()

    def stocked(self) -> None:
        """There is something new in the running order."""
        self._stocked.set()

    def obey(self, asked: wire.ToStudio) -> None:
        """Do what a listener asked for, from any thread."""
        match asked:
            case wire.Steer():
                self._steer(asked)
            case wire.Skip():
                number, piece = self._aired[-1] if self._aired else (0, None)
                if piece is not None and number == asked.number:
                    self._air.skip(piece)
                    self._desk.skip(number)
            case wire.Love():
                self._desk.love(asked.number)
            case wire.Close():
                self.close()

    def tell(self, who: str, said: str) -> None:
        """Show what a person should know, in place of what `who` said before; "" where there is nothing any more."""
        if said and said != self._notes.get(who):
            _log.warning("%s", said)
        self._notes[who] = said

    def painted(self, key: str) -> None:
        """The picture of a piece is there; it is shown at once where that is on the air, or was of late."""
        for number, piece in tuple(self._aired):
            if piece.key == key:
                self._desk.do(partial(self._show, number, piece))

    def _steer(self, asked: wire.Steer) -> None:
        turned = self._turn(self._running.course, asked.words[: wire.STEER_LIMIT], self._running.own)
        if turned is None:
            self._send(wire.Understood(asked.number, None, NOT_UNDERSTOOD))
            return
        course = turned.course
        self._running.turn(course)
        self._desk.do(lambda: self._turned(course))
        self._send(wire.Understood(asked.number, shown(course), turned.said))
        self._stocked.set()

    def _begins(self, piece: Piece, start: Seconds) -> None:
        self._count += 1
        number = self._count
        self._aired.append((number, piece))
        words = (piece.title, piece.artist, start, piece.seconds, piece.source, piece.words, piece.credit)
        self._desk.enter(number, piece)  # before anybody can say anything of it
        self._send(wire.OnAir(number, *words))
        self._desk.do(lambda: self._show(number, piece))
        self._desk.do(lambda: self._played(piece))

    def _show(self, number: int, piece: Piece) -> None:
        picture = self._picture(piece)
        if picture is not None:
            self._send(wire.Picture(number, picture))

    def _lost(self, piece: Piece, damage: Damaged) -> None:
        _log.warning("“%s” is left out: %s", piece.title, damage)

    def _wait(self) -> None:
        """Nothing is there to be played yet: what is waited for is the first track of all."""
        self._stocked.wait(PULSE / 2)
        self._stocked.clear()
        self._pulse()
        if self._closing.is_set():
            raise Silence

    def _pulse(self) -> None:
        if self._clock() >= self._pulsed + PULSE:
            self._pulsed = self._clock()
            running_order = self._running
            note = " ".join(filter(None, list(self._notes.values())))
            self._send(wire.Ahead(running_order.ahead(any_course=True), shown(running_order.course), note))


class Silence(Exception):
    """It was asked to stop before there was anything to play."""


_PACES = {-2: "much slower", -1: "slower", 1: "faster", 2: "much faster"}


def shown(course: Course) -> tuple[str, ...]:
    """Return a course as listeners are shown it."""
    return (*course.words, *([_PACES[course.pace]] if course.pace else []))
