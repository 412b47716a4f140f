"""The shared stretch of encoded sound: a bounded ring that every listener reads with a cursor of its own.

Sound is encoded once and kept once. A bounded buffer for each listener would hold the same packets five hundred times;
a cursor into one ring is the same bound for nothing: what a listener may lag behind is what the ring still has, and who
falls out of it is dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.radio.playbill import Announced

PAST = 30.0
"""Seconds of sound kept behind the present: what a listener may lag."""
BURST = 4.0
"""Seconds of sound that a joiner gets at once: it begins that far back, and from then on has as much in hand."""


@dataclass(frozen=True)
class Sound:
    """A packet on the air. `at` is when it is due, by the steady clock; `entry` is what begins with it, if anything."""

    at: float
    seconds: float
    data: bytes
    entry: Announced | None
    """The title that is heard while it plays."""
    page: int = 0
    """The number of its first page, in Ogg."""


class Ring:
    """Packets in a row, without gaps."""

    def __init__(self) -> None:
        self._packets: deque[Sound] = deque()
        self.first = 0
        """The number of the oldest packet that is kept; they count up for ever."""
        self.end = self.now = 0.0
        """When the next packet will be due, and the present."""
        self._due = 0
        """The number of the first packet that is not due yet."""

    def append(self, sound: Sound) -> None:
        """Put a packet at the end."""
        self._packets.append(sound)
        self.end = sound.at + sound.seconds

    def tick(self, now: float) -> list[Sound]:
        """Let the present come: forget what is long past, and return what has become due."""
        self.now, began = now, self._due
        while self._due < self.next and self[self._due].at <= now:
            self._due += 1
        due = [self[number] for number in range(began, self._due)]
        while self._packets and self._packets[0].at + self._packets[0].seconds < now - PAST and self.first < self._due:
            self._packets.popleft()
            self.first += 1
        return due

    @property
    def next(self) -> int:
        """The number that the next packet will have."""
        return self.first + len(self._packets)

    @property
    def due(self) -> int:
        """The number of the first packet that is not due yet."""
        return self._due

    def __getitem__(self, number: int) -> Sound:
        return self._packets[number - self.first]

    def reached(self, moment: float) -> int:
        """Return the number of the first packet that is not due at `moment`, now or a little later."""
        number = self._due
        while number < self.next and self[number].at <= moment:
            number += 1
        return number

    def joined(self, moment: float) -> int:
        """Return the number of the packet that is on the air at `moment`, or the nearest there is."""
        number = self._due
        while number > self.first and self[number - 1].at + self[number - 1].seconds > moment:
            number -= 1
        return number

    def between(self, begin: int, end: int) -> Sequence[Sound]:
        """Return packets by number, `begin` to `end` without the last."""
        return [self[number] for number in range(begin, end)]

    def past(self) -> tuple[Sound, ...]:
        """Return all that is kept and was due."""
        return tuple(self.between(self.first, self._due))
