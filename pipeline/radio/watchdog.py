"""Looks after the studio: one that died, hangs or plays nothing is ended and started again, with growing pauses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.radio.child import Link
from pipeline.radio.wire import FromStudio, Packet, ToStudio

SILENT = 10.0
"""Seconds without a word: it says how it stands every second."""
OPENING = 120.0
"""Seconds until its first word: it may have models to load."""
SOUNDLESS = 180.0
"""Seconds of words without sound."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds before it is started again, the first time, the second time, ..."""
HELD_UP = 2.0
"""Seconds between two looks after which it was held up itself: that the studio was not heard then says nothing."""
HEALTHY = 600.0
"""Seconds of sound after which the pauses are short again."""
_log = logging.getLogger("lofi.radio")


@dataclass
class _Studio:
    line: Link
    run: str
    started: float
    spoke: float | None = None
    played: float | None = None

    def forgive(self, seconds: float) -> None:
        """Count so many seconds for nothing."""
        self.started += seconds
        self.spoke = None if self.spoke is None else self.spoke + seconds
        self.played = None if self.played is None else self.played + seconds


class Watchdog:
    """Has the studio that plays, or is about to start one. `start` starts one, at once and without waiting for it."""

    def __init__(self, start: Callable[[], Link], run: str, now: float) -> None:
        self._start, self._name = start, run
        self._studio: _Studio | None = None
        self._again = 0.0
        self._looked = now
        self._tries = 0
        self.restarts = 0
        self.said = self._refused = ""
        """What happened to the last one, for people; empty once the next one plays."""
        self._open(now)

    @property
    def run(self) -> str:
        """Which studio this is: another name for every one that is started."""
        return f"{self._name}.{self.restarts}"

    @property
    def opening(self) -> bool:
        """Whether there is none that has played."""
        return self._studio is None or self._studio.played is None

    @property
    def away(self) -> bool:
        """Whether there is none just now."""
        return self._studio is None

    def tell(self, message: ToStudio) -> bool:
        """Send it something; return whether it may have arrived."""
        studio = self._studio
        return studio is not None and studio.spoke is not None and studio.line.tell(message)

    def tick(self, now: float) -> tuple[list[FromStudio], bool]:
        """Return what the studio said since, and whether it is another one than before."""
        missed, self._looked = now - self._looked, now
        if missed > HELD_UP and self._studio is not None:
            self._studio.forgive(missed)
        if self._studio is None:
            if now < self._again:
                return [], False
            self.restarts += 1
            _log.warning("The studio is started again, restart %d", self.restarts)
            self._open(now)
            return [], True
        heard = self._studio.line.heard()
        if heard:
            self._studio.spoke = now
            if any(isinstance(message, Packet) for message in heard):
                self._studio.played = now
                self.said = ""
        else:
            self._judge(self._studio, now)
        return heard, False

    def refused(self, said: str) -> None:
        """Note why the studio that plays is about to leave."""
        self._refused = said

    def _judge(self, studio: _Studio, now: float) -> None:
        code = studio.line.left()
        if code is not None:
            self._lose(studio, now, "The studio stopped by itself.", f" Its exit code is {code}.")
        elif studio.spoke is None and now - studio.started > OPENING:
            self._lose(studio, now, "The studio did not open.")
        elif studio.spoke is not None and now - studio.spoke > SILENT:
            self._lose(studio, now, "The studio did not answer any more.")
        elif now - (studio.played or studio.started) > SOUNDLESS:
            self._lose(studio, now, "The studio played nothing any more.")

    def give_up(self, now: float, why: str) -> None:
        """End the studio that plays and start another, as after a fault of its own; nothing while one opens."""
        if self._studio is not None and self._studio.played is not None:
            self._lose(self._studio, now, why)

    def _lose(self, studio: _Studio, now: float, why: str, more: str = "") -> None:
        studio.line.end()
        if studio.played is not None and studio.played - studio.started > HEALTHY:
            self._tries = 0
        pause = PAUSES[min(self._tries, len(PAUSES) - 1)]
        self._tries += 1
        self._studio, self._again = None, now + pause
        self.said = f"{self._refused or why} It is started again."
        self._refused = ""
        _log.warning("%s It is started again in %.0f s.%s", why, pause, more)

    def _open(self, now: float) -> None:
        self._studio = _Studio(self._start(), self.run, now)

    def close(self) -> Link | None:
        """Start none any more; return the one that plays."""
        studio, self._studio = self._studio, None
        self._again = float("inf")
        return studio.line if studio else None
