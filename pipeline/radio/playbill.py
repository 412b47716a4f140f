"""What is heard, was heard and how it looks: titles, the last thirty of them, and their pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.domain.airing import AirSource
from pipeline.domain.line import one_line
from pipeline.radio.wire import OnAir

HISTORY = 30
PICTURE_LIMIT = 200 * 1024
"""Bytes of a picture."""
_TITLE, _CREDIT, _WORDS = 300, 2000, 12
"""Characters of a title or a name and of a credit, which may name several models and the conditions of each, and words
of how it sounds, at most: a studio may be of somebody else's making."""


@dataclass(frozen=True)
class Announced:
    """Something on the air, by a number of the transmitter's own: a studio that was started again counts from one.

    `studio` is which of the studios played it first, and its number there; `picture` is the entry whose picture it has.
    """

    number: int
    title: str
    artist: str
    seconds: float
    source: AirSource
    words: tuple[str, ...]
    credit: str
    studio: tuple[str, int]
    picture: int

    @property
    def line(self) -> str:
        """Artist and title, as players show them."""
        return " - ".join(filter(None, (self.artist, self.title)))


@dataclass(frozen=True)
class Heard:
    """An entry that has begun: when by the steady clock, and at what time of day, in seconds since 1970."""

    entry: Announced
    at: float
    wall: float


class Playbill:
    """Numbers what comes, and remembers what was. `began` is when the radio was begun, in seconds since 1970."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._count = 0
        self.heard: deque[Heard] = deque(maxlen=HISTORY + 1)
        """The newest last, which is on the air."""
        self._before: deque[Heard] | None = None
        self._pictures: dict[int, bytes] = {}
        self._first: dict[tuple[str, int], int] = {}
        """The number of everything that has a picture or may yet get one, by its studio's own."""

    def announce(self, said: OnAir, run: str) -> Announced:
        """Return what the studio `run` says is coming, under a number of ours."""
        entry = self._entry(said, (run, said.number))
        self._first[entry.studio] = entry.number
        while len(self._first) > 2 * HISTORY:
            del self._first[next(iter(self._first))]
        return entry

    def again(self, said: OnAir, run: str) -> Announced:
        """Return something that was heard before, to be heard again."""
        known = self._first.get((run, said.number))
        entry = self._entry(replace(said, source="again"), (run, said.number))
        return entry if known is None else replace(entry, picture=known)

    def remember(self, before: Sequence[tuple[OnAir, float]], run: str) -> None:
        """Take what was on the air before this radio, the oldest first; only the first time.

        Later studios tell as well of what was heard since; so does the first that is heard where one died before it.
        """
        if self._before is None:
            self._before = deque()
            for said, wall in [(said, wall) for said, wall in before if wall < self._began][-HISTORY:]:
                self._before.append(Heard(self.announce(said, run), float("-inf"), wall))
            self._forget()

    def _entry(self, said: OnAir, studio: tuple[str, int]) -> Announced:
        self._count += 1
        return Announced(
            number=self._count,
            title=one_line(said.title)[:_TITLE],
            artist=one_line(said.artist)[:_TITLE],
            seconds=said.seconds,
            source=said.source,
            words=tuple(one_line(word)[:40] for word in said.words[:_WORDS]),
            credit=one_line(said.credit)[:_CREDIT],
            studio=studio,
            picture=self._count,
        )

    def begin(self, entry: Announced, at: float, wall: float) -> None:
        """Note that it is on the air now."""
        self.heard.append(Heard(entry, at, wall))
        self._forget()

    def _forget(self) -> None:
        """Let go of what no page has room for any more."""
        before = self._before or deque[Heard]()
        while before and len(before) + len(self.heard) > HISTORY + 1:
            before.popleft()
        kept = {heard.entry.picture for heard in (*before, *self.heard)} | set(self._first.values())
        for number in [number for number in self._pictures if number not in kept]:
            del self._pictures[number]

    @property
    def now(self) -> Heard | None:
        """What is on the air."""
        return self.heard[-1] if self.heard else None

    @property
    def past(self) -> tuple[Heard, ...]:
        """What was on the air, the newest first."""
        return tuple(reversed([*(self._before or ()), *list(self.heard)[:-1]]))

    def find(self, number: int) -> Announced | None:
        """Return an entry that is or was on the air."""
        known = (*(self._before or ()), *self.heard)
        return next((heard.entry for heard in reversed(known) if heard.entry.number == number), None)

    def picture(self, number: int) -> bytes | None:
        """Return a picture, a JPEG, by the number of the entry it came with."""
        return self._pictures.get(number)

    def knows(self, run: str, number: int) -> bool:
        """Return whether what the studio `run` calls `number` is known here, and may have a picture."""
        return (run, number) in self._first

    def illustrate(self, run: str, number: int, data: bytes) -> bool:
        """Take the picture of what the studio `run` calls `number`; return whether it was taken."""
        known = self._first.get((run, number))
        if known is None or len(data) > PICTURE_LIMIT or not data.startswith(b"\xff\xd8"):
            return False
        self._pictures[known] = data
        while len(self._pictures) > HISTORY + 10:
            del self._pictures[next(iter(self._pictures))]
        return True
