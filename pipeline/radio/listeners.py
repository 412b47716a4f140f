"""Who listens: a cursor each into the shared ring, all woken by one beat."""

from __future__ import annotations

import asyncio

from pipeline.radio.icy import Titles
from pipeline.radio.lane import Lane
from pipeline.radio.ring import BURST

OWN = frozenset(["", "localhost", "::/64", "127.0.0.1"])
"""This machine: its owner, or a proxy in front, which brings everybody. `::1` comes as its network."""


_WHOLE = 0.3
"""Seconds that a burst may be short of: packets are whole."""


class Crowd:
    """Everybody who listens, and how many of them there may be."""

    def __init__(self, most: int, each: int) -> None:
        self.most, self.each = most, each
        self._places: dict[str, int] = {}
        self._there = 0
        self._beat = asyncio.Event()
        self.joined = self.dropped = self.bytes = 0
        """Since the beginning."""
        self.closing = False

    def __len__(self) -> int:
        return self._there

    def room(self, address: str) -> str:
        """Return why there is no place for one more from an address, or "". This machine's own count only in all."""
        if self.closing:
            return "The radio is closing."
        if self._there >= self.most:
            return "As many listen as this radio can serve."
        if address not in OWN and self._places.get(address, 0) >= self.each:
            return "Too many listen from your address already."
        return ""

    def join(self, address: str) -> None:
        """Count one more."""
        self._there += 1
        self.joined += 1
        self._places[address] = self._places.get(address, 0) + 1

    def leave(self, address: str) -> None:
        """Count one less."""
        self._there -= 1
        self._places[address] -= 1
        if not self._places[address]:
            del self._places[address]

    def wake(self) -> None:
        """Wake everybody: there may be something to send."""
        beat, self._beat = self._beat, asyncio.Event()
        beat.set()

    async def beat(self) -> None:
        """Wait until the next time that everybody is woken."""
        await self._beat.wait()


class Listener:
    """One who listens, between `async with`. `piece` gives what to send next.

    A listener is sent what is due and nothing before: each has the burst in hand and no more, and the radio decides the
    pace. Who joins a radio that has only just begun gets what is missing of its burst from what is not due yet.
    """

    def __init__(self, crowd: Crowd, lane: Lane, address: str, *, titles: bool) -> None:
        self._crowd, self._lane, self._address = crowd, lane, address
        self._titles = Titles() if titles else None
        self._next: int | None = None
        self._ahead = 0.0
        """Seconds that this one is sent before they are due."""
        self.dropped = False
        """Whether it fell behind, and gets nothing more."""

    def __enter__(self) -> Listener:
        self._crowd.join(self._address)
        return self

    def __exit__(self, *_: object) -> None:
        self._crowd.leave(self._address)

    async def piece(self) -> bytes | None:
        """Wait for the next bytes, at most for a beat; nothing when none are due, None when there will be no more."""
        data = self._ready()
        if not data and not self.dropped and not self._crowd.closing:
            await self._crowd.beat()
            data = self._ready()
        if not data and (self.dropped or self._crowd.closing):
            return None
        self._crowd.bytes += len(data)
        return data

    def fall(self) -> None:
        """Count it as one that fell behind."""
        if not self.dropped:
            self.dropped = True
            self._crowd.dropped += 1

    def _ready(self) -> bytes:
        ring = self._lane.ring
        if self._next is None:
            return self._join()
        if self._next < ring.first:
            self.fall()
            return b""
        end = ring.due if not self._ahead else ring.reached(ring.now + self._ahead)
        sounds = ring.between(self._next, end)
        self._next = max(self._next, end)
        if self._titles is not None:
            return self._titles.put(sounds)
        return b"".join(sound.data for sound in sounds)

    def _join(self) -> bytes:
        ring = self._lane.ring
        if not ring.due:
            return b""  # there was no sound yet
        self._next = ring.joined(ring.now - BURST)
        self._ahead = max(0.0, BURST - (ring.now - ring[self._next].at) - _WHOLE)
        head = self._lane.headers(ring[self._next])
        return (self._titles.plain(head) if self._titles is not None else head) + self._ready()
