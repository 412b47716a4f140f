"""One form of the sound, MP3 or Opus, without an end: the studio's while it comes, else what was heard before.

Everything is told the time and never waits. `take` brings what the studio sends, `tick` lets the present come: where
the next packet is overdue, the sound goes on with the last hour, and back once the studio sends again for a while.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from pipeline.radio import ogg
from pipeline.radio.last_hour import Kept, Reserve
from pipeline.radio.playbill import Announced
from pipeline.radio.ring import BURST, Ring, Sound
from pipeline.radio.wire import Form, Packet

PATIENCE = 1.0
"""Seconds that a packet may be overdue, of sound that should have come two seconds before it was due. That is less than
listeners have in hand (`ring.BURST`), so that none of them hears it."""
STEP = 0.6
"""Seconds that the last hour is played ahead."""
HELD = 4.0
"""Seconds of a studio's sound that are kept while the last hour plays: the newest."""
ENOUGH = 1.5
"""Seconds of it that have to be there before it is gone back to ..."""
SETTLED = 0.7
"""... and for how long it has to come: one that catches up sends in a second what is long past."""
FRESH = 2.0
"""Seconds since the last of it, at most."""
MOST = 30.0
"""Seconds that a studio may be ahead: more is not kept."""
LONGEST, LARGEST = 10.0, 2**20
"""Seconds and bytes of a packet."""
_log = logging.getLogger("lofi.radio")

Again = Callable[[Kept], Announced | None]
"""The entry for what was heard before, from the record of it."""


class Lane:
    """The sound of one form."""

    def __init__(self, form: Form, reserve: Reserve | None, again: Again, serial: int = 0) -> None:
        self.form, self.ring = form, Ring()
        self._reserve, self._entry_again = reserve, again
        self._stream = ogg.Stream(serial) if form == "opus" else None
        self._announced: deque[tuple[float, Announced, Kept]] = deque()
        self._entry: Announced | None = None
        self._said: Kept | None = None
        self._held: deque[tuple[float, Packet]] = deque()
        self._loop: deque[Sound] = deque()
        self.again = False
        """Whether what is heard now was heard before."""
        self.fallbacks = 0
        self.gaps = 0
        """Times that the sound came too late for listeners with a burst in hand."""
        self.lost = 0
        """Packets that could not be used: no whole pages, or far too early."""

    @property
    def begun(self) -> bool:
        """Whether there was any sound yet."""
        return self.ring.next > 0

    # What the studio sends

    def head(self, data: bytes) -> None:
        """Take header pages."""
        if self._stream is not None:
            try:
                if self._stream.begin(data) and self._reserve is not None:
                    self._reserve.begin(data)
            except ogg.NotOgg as error:
                self.lost += 1
                _log.warning("The studio sent headers of Opus that are none: %s", error)

    def announce(self, start: float, entry: Announced, record: Kept) -> None:
        """Note what begins at `start` of the programme; `record` is what is kept of it."""
        self._announced.append((start, entry, record))

    def restart(self) -> None:
        """Forget what another studio announced or sent and was not heard: the next one's programme begins at 0."""
        self._announced.clear()
        self._held.clear()

    def take(self, packet: Packet, now: float) -> None:
        """Take a packet: onto the air, or held back while the last hour plays."""
        if self.again:
            self._held.append((now, packet))
            while len(self._held) > 1 and sum(held.seconds for _, held in self._held) > HELD:
                self._held.popleft()
        elif self.ring.end - now > MOST:
            self.lost += 1
        else:
            self._air(packet, now)

    def _air(self, packet: Packet, now: float) -> None:
        while self._announced and self._announced[0][0] < packet.start + packet.seconds / 2:
            _, self._entry, self._said = self._announced.popleft()
        said = self._said
        if self._put(packet.data, packet.seconds, self._entry, now) and self._reserve is not None:
            self._reserve.keep(packet.seconds, packet.data, said.said if said else None, said.run if said else "")

    def _put(self, data: bytes, seconds: float, entry: Announced | None, now: float) -> bool:
        """Put sound at the end; return whether it could be."""
        if not 0 < seconds <= LONGEST or len(data) > LARGEST:
            self.lost += 1
            return False
        page = 0
        if self._stream is not None:
            page = self._stream.number
            try:
                if not self._stream.begun:
                    raise ogg.NotOgg("its header pages did not come")
                data = self._stream.put(data)
            except ogg.NotOgg as error:
                self.lost += 1
                if self.lost == 1:
                    _log.warning("The studio sent Opus that cannot be used: %s", error)
                return False
        if data:
            at = self.ring.end if self.begun else now
            self.ring.append(Sound(at, seconds, data, entry, page))
        return bool(data)

    def headers(self, before: Sound) -> bytes:
        """Return what a listener gets before its first packet."""
        return b"" if self._stream is None else self._stream.head(before.page)

    # The present

    def tick(self, now: float, *, waited: bool) -> list[Sound]:
        """Let the present come; return what is heard from now on. `waited`: the studio had time enough to begin."""
        if self.again:
            if self._held and self._steady(now):
                self._return(now)
            else:
                self._fill(now)
        elif self.begun and self.ring.end < now - PATIENCE:
            self.gaps += self.ring.end < now - BURST
            self._fall(now)
        elif not self.begun and waited:
            self._begin_with_what_was(now)
        if self._reserve is not None:
            self._reserve.prepare(now)
        return self.ring.tick(now)

    def _begin_with_what_was(self, now: float) -> None:
        if self._reserve is None:
            return
        if self._stream is not None and not self._stream.begun and self._reserve.head:
            self._stream.begin(self._reserve.head)
        kept = self._reserve.take()
        if kept is not None and self._put(kept.data, kept.seconds, self._entry_again(kept), now):
            self._fall(now)

    def _fall(self, now: float) -> None:
        self.again, self.fallbacks = True, self.fallbacks + 1
        self._loop = deque(self.ring.past())
        self._fill(now)

    def _fill(self, now: float) -> None:
        while self.ring.end < now + STEP:
            kept = self._reserve.take() if self._reserve is not None else None
            if kept is not None:
                done = self._put(kept.data, kept.seconds, self._entry_again(kept), now)
            elif self._loop:
                # Nothing on disk, or not yet: the last half minute is in memory.
                sound = self._loop[0]
                self._loop.rotate(-1)
                done = self._put(sound.data, sound.seconds, sound.entry, now)
            else:
                return
            if not done:
                return

    def _steady(self, now: float) -> bool:
        there = sum(packet.seconds for _, packet in self._held)
        return there >= ENOUGH and now - self._held[0][0] >= SETTLED and now - self._held[-1][0] < FRESH

    def _return(self, now: float) -> None:
        self.again = False
        self._loop.clear()
        held, self._held = self._held, deque()
        for _, packet in held:
            self._air(packet, now)
