"""The transmitter: from one studio to every listener, without ever falling silent.

It runs in one event loop. Five times a second it hears the studio, lets the present come in both lanes, and wakes all
listeners at once: one timer for all of them.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from pipeline.radio.child import Link
from pipeline.radio.lane import Lane
from pipeline.radio.last_hour import Kept, LastHour, Reserve
from pipeline.radio.listeners import Crowd, Listener
from pipeline.radio.playbill import Announced, Playbill
from pipeline.radio.ring import Sound
from pipeline.radio.watchdog import Watchdog
from pipeline.radio.wire import (
    FORMS,
    Ahead,
    Before,
    Close,
    Form,
    FromStudio,
    Head,
    Love,
    OnAir,
    Packet,
    Picture,
    Refused,
    Skip,
    Steer,
    Understood,
)

BEAT = 0.2
PUTTING_AWAY = 4.0
"""Seconds that a studio has to put things away when the radio closes."""
LAST = 1.5
"""Seconds of sound that listeners are still sent then."""
NOTHING_OUT = 5.0
"""Seconds without a byte to anybody, while somebody listens, after which the studio is started again."""
OPENING = 4.0
"""Seconds that a studio has for its first sound before the last hour of an earlier radio is played."""
ANSWER = 8.0
"""Seconds that a studio has to understand a wish."""
Clock = Callable[[], float]
_log = logging.getLogger("lofi.radio")


class Transmitter:
    """Inside `async with` it is on the air.

    `start` starts a studio, `run` names this radio among those that played here before; `hours` is where the last hour
    of each form is kept, and empty for a radio that keeps none. `steady` never jumps, `wall` is the time of day.
    """

    def __init__(
        self,
        start: Callable[[], Link],
        hours: Mapping[Form, LastHour],
        *,
        run: str,
        steady: Clock,
        wall: Clock,
        most: int,
        each: int,
    ) -> None:
        self._steady, self._wall = steady, wall
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="last-hour")
        self._reserves = {form: Reserve(hour, self._disk) for form, hour in hours.items()}
        serial = int.from_bytes(run.encode()[:4].ljust(4, b"r"), "little")
        self.lanes = {form: Lane(form, self._reserves.get(form), self._again, serial) for form in FORMS}
        self.crowd, self.bill = Crowd(most, each), Playbill(wall())
        self._began = steady()
        self.dog = Watchdog(start, run, self._began)
        self.ahead = Ahead(0.0, ())
        self.trouble = ""
        """Why there is no studio, for people; "" again once one is heard, which is a little after its first packet."""
        self._repeats: dict[tuple[str, int], Announced] = {}
        self._questions: dict[int, asyncio.Future[Understood | None]] = {}
        self._asked, self._complained, self._out = 0, float("-inf"), (0, self._began)
        self._task: asyncio.Task[None] | None = None
        self.over = asyncio.Event()
        """Set where there will never be anything to hear, for the reason that `refused` says."""
        self.refused: Refused | None = None
        self.opened = threading.Event()
        """Set once a studio has said anything else."""

    async def __aenter__(self) -> Transmitter:
        self._task = asyncio.get_running_loop().create_task(self._go_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let the studio put things away and listeners hear what is due; then be silent."""
        line = self.dog.close()
        if line is not None:
            line.tell(Close())
        await asyncio.sleep(LAST)
        self.crowd.closing = True
        self.crowd.wake()
        until = self._steady() + PUTTING_AWAY
        while line is not None and line.left() is None and self._steady() < until:
            line.heard()
            await asyncio.sleep(0.05)
        if line is not None:
            line.end()
        if self._task is not None:
            self._task.cancel()
        for reserve in self._reserves.values():
            reserve.close()
        self._disk.shutdown(wait=False)

    async def _go_on(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(BEAT)

    @contextmanager
    def _whatever_happens(self) -> Iterator[None]:
        """Note a fault and go on: silence is the one thing that must not happen."""
        try:
            yield
        except Exception:  # noqa: BLE001 - a fault in one message or one lane stops no other
            if self._steady() > self._complained + 60:
                _log.exception("A fault in the transmitter")
                self._complained = self._steady()

    def tick(self) -> None:
        """Hear the studio, and let the present come."""
        now = self._steady()
        with self._whatever_happens():
            self._hear(now)
        waited = now - self._began > OPENING or self.dog.restarts > 0
        for form, lane in self.lanes.items():
            with self._whatever_happens():
                due = lane.tick(now, waited=waited)
                if form == self.main:
                    self._begin(due)
        self._watch_what_goes_out(now)
        if self.dog.said:
            self.trouble = self.dog.said
        elif not self.repeating:
            self.trouble = ""
        self.crowd.wake()

    def _hear(self, now: float) -> None:
        heard, fresh = self.dog.tick(now)
        if fresh:
            self.ahead = Ahead(0.0, self.ahead.wish)
            for lane in self.lanes.values():
                lane.restart()
        if self.dog.away:
            for asked in self._questions.values():
                if not asked.done():
                    asked.set_result(None)
        for message in heard:
            with self._whatever_happens():
                self._take(message, now)

    def _watch_what_goes_out(self, now: float) -> None:
        """Somebody listens and not a byte goes out: then there is nothing left to play, and only a studio can help."""
        if self.crowd.bytes != self._out[0] or not len(self.crowd) or self.main_lane.ring.end > now:
            self._out = (self.crowd.bytes, now)
        elif self.main_lane.begun and now - self._out[1] > NOTHING_OUT:
            self.dog.give_up(now, "Nothing is left to play.")
            self._out = (self.crowd.bytes, now)

    @property
    def main_lane(self) -> Lane:
        """The lane of the form whose titles are everybody's."""
        return self.lanes[self.main]

    @property
    def main(self) -> Form:
        """The form whose titles are everybody's."""
        return "mp3" if self.lanes["mp3"].begun or not self.lanes["opus"].begun else "opus"

    def _begin(self, due: list[Sound]) -> None:
        for sound in due:
            now = self.bill.now
            if sound.entry is not None and (now is None or now.entry != sound.entry):
                late = self._steady() - sound.at
                self.bill.begin(sound.entry, sound.at, self._wall() - late)

    # What the studio says

    def _take(self, message: FromStudio, now: float) -> None:
        if not isinstance(message, Refused):
            self.opened.set()
        match message:
            case Packet():
                self.lanes[message.form].take(message, now)
            case Head():
                self.lanes[message.form].head(message.data)
            case OnAir():
                entry = self.bill.announce(message, self.dog.run)
                for lane in self.lanes.values():
                    lane.announce(message.start, entry, Kept(0.0, b"", message, self.dog.run))
            case Before():
                self.bill.remember(message.heard, self.dog.run)
            case Picture():
                self._illustrate(message)
            case Ahead():
                self.ahead = message
            case Refused() if self.dog.opening and self.dog.restarts == 0:
                # It was never on the air, and whoever has begun it is there to hear why.
                self.refused = message
                self.over.set()
            case Refused():
                self.dog.refused(message.said)
            case Understood():
                self._answer(message)

    def _illustrate(self, picture: Picture) -> None:
        if picture.number < 0 and not self.bill.knows(self.dog.run, picture.number):
            return  # of a past that was heard here, or that an earlier studio has told of
        if not self.bill.illustrate(self.dog.run, picture.number, picture.data):
            _log.warning("The studio sent a picture that cannot be used, for number %d", picture.number)

    def _answer(self, message: Understood) -> None:
        self.ahead = replace(self.ahead, wish=self.ahead.wish if message.wish is None else message.wish)
        asked = self._questions.pop(message.number, None)
        if asked is not None and not asked.done():
            asked.set_result(message)

    def _again(self, kept: Kept) -> Announced | None:
        """Return the entry of what was heard before: the same one for as long as the same is heard, in both lanes."""
        if kept.said is None:
            return None
        name = (kept.run, kept.said.number)
        entry = self._repeats.get(name) or self.bill.again(kept.said, kept.run)
        self._repeats[name] = entry
        while len(self._repeats) > len(self.lanes):
            del self._repeats[next(iter(self._repeats))]
        return entry

    # What listeners do

    def listen(self, form: Form, address: str, *, titles: bool) -> Listener:
        """Return one more listener, to be entered."""
        return Listener(self.crowd, self.lanes[form], address, titles=titles)

    async def steer(self, words: str) -> Understood | None:
        """Tell the studio a wish and return what it made of it; None when there is no studio to hear it."""
        self._asked += 1
        answer: asyncio.Future[Understood | None] = asyncio.get_running_loop().create_future()
        self._questions[self._asked] = answer
        try:
            if not self.dog.tell(Steer(self._asked, words)):
                return None
            return await asyncio.wait_for(answer, ANSWER)
        except TimeoutError:
            return None
        finally:
            self._questions = {number: each for number, each in self._questions.items() if each is not answer}

    def skip(self, entry: Announced) -> bool:
        """Have what is on the air come to its end; return whether the studio that plays it could be told."""
        return entry.studio[0] == self.dog.run and not self.again and self.dog.tell(Skip(entry.studio[1]))

    def love(self, entry: Announced) -> bool:
        """Have something kept; return whether the studio that played it could be told."""
        return entry.studio[0] == self.dog.run and self.dog.tell(Love(entry.studio[1]))

    @property
    def again(self) -> bool:
        """Whether what is heard now was heard before."""
        return self.main_lane.again

    @property
    def repeating(self) -> bool:
        """Whether the past is heard: for a moment longer than `again`, until the studio's own sound is."""
        now = self.bill.now
        return self.again or (now is not None and now.entry in self._repeats.values())

    @property
    def silent(self) -> bool:
        """Whether there is nothing to play at all."""
        lane = self.main_lane
        return lane.begun and lane.ring.end < lane.ring.now
