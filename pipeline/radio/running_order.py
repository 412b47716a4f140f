"""What the radio plays next, and never too soon again.

In this order: a fresh track of the present course, the musician's own before one of a stand-in; a fresh one of an
earlier course; an approved track of the library; and, for want of all these, what was heard longest ago. Nothing that
was heard lately comes again but in the last case, by name or by its music.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Lock
from typing import NamedTuple

from pipeline.audio.fingerprint import NEAR_DUPLICATE, similarities
from pipeline.audio.order import step
from pipeline.domain import Seconds
from pipeline.domain.course import Course
from pipeline.radio.piece import Piece

CHOICE = 4
"""Fresh tracks that are looked at to find the one that follows best: no more, so that none waits for ever."""
HOUR: Seconds = 3600.0
"""Heard sound that is kept to be played again if need be."""
TITLES = 40
"""The last that were heard: their files stay however short they were, for listeners see thirty and may love them."""
LATELY: Seconds = 24 * 3600.0
"""Nothing heard within it comes again, while there is anything else."""
MOST = 5_000
"""Tracks that are remembered: more than a day of skipping."""
SPARE: Seconds = 1800.0
"""Fresh tracks of earlier courses that are kept, for want of newer ones."""


class Heard(NamedTuple):
    """Something that was on the air, `ago` seconds before now."""

    key: str
    fingerprint: str
    ago: Seconds


class RunningOrder:
    """The tracks at hand and those that were heard. Usable from many threads.

    `heard` is what was on the air lately, before this radio was begun, and `aired` the pieces of it that could be
    played again; the oldest first. `clock` counts seconds, and cannot be set.
    """

    def __init__(
        self,
        course: Course,
        heard: Iterable[Heard] = (),
        aired: Iterable[Piece] = (),
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        self._lock = Lock()
        self._course = course
        self.own = course
        """Where it began: its owner's course."""
        self._fresh: list[Piece] = []
        self._approved: list[Piece] = []
        self._aired = list(aired)
        self._clock = clock
        began = clock()
        self._heard = [(each.key, each.fingerprint, began - each.ago) for each in heard]

    @property
    def course(self) -> Course:
        """Where it is heading."""
        return self._course

    @property
    def is_steered(self) -> bool:
        """Whether somebody has turned it from where it began."""
        return self._course != self.own

    def turn(self, course: Course) -> None:
        """Head elsewhere: from the next track on that is not yet cued, if one of that course is there by then."""
        with self._lock:
            self._course = course

    def ahead(self, *, any_course: bool = False) -> Seconds:
        """Return how many seconds of fresh music are there to be played, of the present course or of `any_course`."""
        with self._lock:
            return sum(piece.seconds for piece in self._fresh if any_course or piece.course == self._course)

    def has_approved(self) -> bool:
        """Whether there is an approved track that was not heard lately."""
        with self._lock:
            return any(self._is_new(piece) for piece in self._approved)

    def add(self, piece: Piece) -> bool:
        """Take a fresh track in, unless its music was heard lately or waits already; return whether it was."""
        with self._lock:
            waiting = [other.portrait.fingerprint for other in self._fresh]
            if not self._is_new(piece) or _is_like(piece, waiting):
                return False
            self._fresh.append(piece)
            return True

    def offer(self, approved: Sequence[Piece]) -> None:
        """Say which approved tracks there are."""
        with self._lock:
            self._approved = list(approved)
            keys = {piece.key for piece in approved}
            # What was approved and is no more is not played again either.
            self._aired = [piece for piece in self._aired if piece.course is not None or piece.key in keys]

    def next(self, before: Piece | None) -> Piece | None:
        """Return what follows, None only where there is nothing at all. It counts as heard from now on."""
        with self._lock:
            piece = self._take_fresh(before) or self._take_approved(before) or self._take_again(before)
            if piece is not None:
                now = self._clock()
                self._heard = [each for each in self._heard[-MOST:] if each[2] > now - LATELY]
                self._heard.append((piece.key, piece.portrait.fingerprint, now))
                self._aired = [*(other for other in self._aired if other.key != piece.key), piece]
            return piece

    def lose(self, piece: Piece) -> None:
        """Play a piece no more: its file is not what it was."""
        with self._lock:
            for pieces in (self._fresh, self._approved, self._aired):
                pieces[:] = [other for other in pieces if other.key != piece.key]

    def retire(self) -> list[Piece]:
        """Return the tracks rendered for the radio that are not needed any more, the next call without them."""
        with self._lock:
            gone = _beyond([piece for piece in self._fresh if piece.course != self._course], SPARE)
            seen = {piece.key for piece in self._aired[-TITLES:]}
            old = [piece for piece in _beyond(self._aired, HOUR) if piece.key not in seen]
            gone += [piece for piece in old if piece.course is not None]
            keys = {piece.key for piece in gone}
            self._fresh = [piece for piece in self._fresh if piece.key not in keys]
            self._aired = [piece for piece in self._aired if piece.key not in keys]
            return gone

    def _take_fresh(self, before: Piece | None) -> Piece | None:
        if not self._fresh:
            return None
        ranks = [(piece.course != self._course, piece.source == "stand-in") for piece in self._fresh]
        choice = [piece for piece, rank in zip(self._fresh, ranks, strict=True) if rank == min(ranks)][:CHOICE]
        best = min(choice, key=lambda piece: _price(before, piece))
        self._fresh.remove(best)
        return best

    def _take_approved(self, before: Piece | None) -> Piece | None:
        # By price first: the check of the music costs far more.
        ranked = sorted(self._approved, key=lambda piece: _price(before, piece))
        return next((piece for piece in ranked if self._is_new(piece)), None)

    def _take_again(self, before: Piece | None) -> Piece | None:
        places = {key: place for place, (key, *_) in enumerate(self._heard)}
        pieces = {piece.key: piece for piece in (*self._approved, *self._aired)}
        others = [piece for piece in pieces.values() if before is None or piece.key != before.key]
        oldest = min(others or pieces.values(), key=lambda piece: places.get(piece.key, -1), default=None)
        return None if oldest is None else replace(oldest, source="again")

    def _is_new(self, piece: Piece) -> bool:
        oldest = self._clock() - LATELY
        lately = [(key, print_) for key, print_, when in self._heard if when > oldest]
        if any(key == piece.key for key, _ in lately):
            return False
        return not _is_like(piece, [print_ for _, print_ in lately])


def _price(before: Piece | None, piece: Piece) -> float:
    return 0.0 if before is None else step(before.song, piece.song).price


def _is_like(piece: Piece, prints: Sequence[str]) -> bool:
    known = [print_ for print_ in prints if print_]
    mine = piece.portrait.fingerprint
    return bool(known and mine) and float(similarities(mine, known).max()) >= NEAR_DUPLICATE


def _beyond(pieces: Sequence[Piece], seconds: Seconds) -> list[Piece]:
    """Return the oldest of some pieces, but for the newest that last `seconds` together."""
    left, old = seconds, []
    for piece in reversed(pieces):
        if left <= 0:
            old.append(piece)
        left -= piece.seconds
    return old
