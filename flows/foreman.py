"""The foreman: has one shift done at a time, when the schedule or a person asks for one, and accounts for every tick.

Of the ticks that come while a shift is at work the first waits for its end, and the others coalesce into it: however
many pile up, one shift comes after. A clock that is set, or a machine that slept, brings one shift as well and not all
that were missed. The schedule goes by the wall clock, which is read at every look; whether that was set is seen by a
clock that nobody can set.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from pipeline.catalogue.shifts import Outcome, Shift, Shifts, Trigger
from pipeline.domain import Seconds
from pipeline.errors import LofiError
from pipeline.shelf.clock import Clock

SET = timedelta(seconds=30)
"""What the wall clock may go wrong within a look without having been set."""
AT_MOST = timedelta(days=2)
"""How far back a jump of the clock is searched for ticks: how many they were is of no matter, one shift follows."""

INTERRUPTED = 130
"""What a process exits with that was asked to stop."""
Say = Callable[[str], None]


class Tick(NamedTuple):
    """A moment at which a shift was asked for; `run` is its flow run, where Prefect has one for it already."""

    time: datetime
    trigger: Trigger
    run: str | None = None


class Ended(NamedTuple):
    """How a shift's process ended: its exit code, the number of its row if it got that far, and its last words."""

    code: int
    number: int | None
    said: str


class Work(Protocol):
    """A shift under way in a process of its own."""

    def ended(self) -> Ended | None:
        """Return how it ended, None while it goes on."""
        ...

    def stop(self) -> Ended:
        """Ask it to save what is whole and to end, and wait for that."""
        ...


class Start(Protocol):
    """Starts a shift."""

    def __call__(self, tick: Tick, run: str | None, /) -> Work:
        """Start the shift of a tick, in that flow run or without one."""
        ...


class Board(Protocol):
    """Where shifts are shown, and where people may ask for one: Prefect. It never raises, and may know of nothing."""

    def asked(self, now: datetime) -> Sequence[Tick]:
        """Return the ticks that come from there and not from the schedule."""
        ...

    def take(self, tick: Tick) -> str | None:
        """Return the flow run in which a tick's shift is to be done; None for one that Prefect does not see."""
        ...

    def settle(self, run: str | None, shift: Shift) -> None:
        """Show what came of a tick, unless its flow run did so itself."""
        ...


class NoBoard:
    """Nothing shows the shifts but the catalogue: `--plain`."""

    url: str | None = None

    def open(self) -> None:
        """There is nothing to reach."""

    def put_up_again(self) -> None:
        """There is nothing to put it up on."""

    def asked(self, now: datetime) -> Sequence[Tick]:  # noqa: ARG002
        """Nobody asks."""
        return ()

    def take(self, tick: Tick) -> str | None:  # noqa: ARG002
        """No run."""
        return None

    def settle(self, run: str | None, shift: Shift) -> None:
        """Nothing to show."""

    def close(self) -> None:
        """Nothing to leave."""


class Foreman:
    """Has shifts done. `steady` counts seconds and cannot be set; `ticks` are those of the schedule in (after, until].

    Call `look` every few seconds, and `stop` at the end.
    """

    def __init__(
        self,
        shifts: Shifts,
        ticks: Callable[[datetime, datetime], Sequence[Tick]],
        start: Start,
        board: Board,
        *,
        clock: Clock,
        steady: Callable[[], Seconds],
        say: Say,
    ) -> None:
        self._shifts, self._ticks, self._start, self._board = shifts, ticks, start, board
        self._clock, self._steady, self._say = clock, steady, say
        self._seen, self._at = clock(), steady()
        self._waiting: Tick | None = None
        self._work: tuple[Tick, str | None, Work] | None = None
        self._complained = ""

    @property
    def busy(self) -> bool:
        """Whether a shift is under way, or waits to be."""
        return self._work is not None or self._waiting is not None

    def ask(self) -> None:
        """Have a shift done as soon as nobody is at work, whatever the schedule says."""
        self._take([Tick(self._clock(), "now")])

    def look(self) -> None:
        """Settle the shift that has ended, take up the ticks that have come, and start the next one. Never raises."""
        try:
            self._settle()
            self._take(self._due())
            self._begin()
        except Exception as error:  # noqa: BLE001 - one that cannot be done or noted takes no other with it
            self._complain(error)

    def stop(self) -> None:
        """End the shift that is at work, which saves what is whole; what waits is left to the next service."""
        if self._work is not None:
            tick, run, work = self._work
            self._finish(tick, run, work.stop())
        if self._waiting is not None:
            tick, self._waiting = self._waiting, None
            self._note(tick, "rested", "The service was stopped before its turn came.")

    def _due(self) -> list[Tick]:
        """Return the ticks since the last look, in order, whatever was done to the clock meanwhile."""
        now, at = self._clock(), self._steady()
        since, self._seen = self._seen, now
        passed, self._at = timedelta(seconds=at - self._at), at
        jump = now - since - passed
        if jump < -SET:
            self._say(f"The clock was set back by {_long(-jump)}; the schedule goes by what it shows now.")
            return [*self._board.asked(now)]
        if jump > SET:
            self._say(f"The clock jumped forward by {_long(jump)}: it was set, or the machine slept.")
            since = max(since, now - AT_MOST)
        return [*(self._ticks(since, now) if now > since else ()), *self._board.asked(now)]

    def _take(self, ticks: Sequence[Tick]) -> None:
        for place, tick in enumerate(ticks):
            if self._waiting is None:
                self._waiting = tick
            elif self._work is None:
                rest = len(ticks) - place
                self._note(tick, "coalesced", f"The shift of {_when(self._waiting)} stands for it.", rest)
                for other in ticks[place + 1 :]:
                    self._show(other, "coalesced")
                return
            else:
                busy = self._work[0]
                why = f"The shift of {_when(busy)} is at work, and that of {_when(self._waiting)} comes after it."
                self._note(tick, "coalesced", why)

    def _begin(self) -> None:
        if self._work is not None or self._waiting is None:
            return
        tick, self._waiting = self._waiting, None
        run = self._board.take(tick)
        try:
            self._work = tick, run, self._start(tick, run)
        except (LofiError, OSError) as error:  # no process can be had
            self._board.settle(run, self._shifts.note(tick.trigger, "failed", str(error), tick.time))
            return
        self._say(f"The shift of {_when(tick)} begins.")

    def _settle(self) -> None:
        if self._work is not None:
            tick, run, work = self._work
            if (ended := work.ended()) is not None:
                self._finish(tick, run, ended)

    def _finish(self, tick: Tick, run: str | None, ended: Ended) -> None:
        self._work = None
        shift = None if ended.number is None else self._shifts.one(ended.number)
        if shift is None:
            shift = self._without_a_row(tick, ended)
        elif shift.outcome == "working":
            self._shifts.interrupt(shift.id, f"{ended.said} The next shift goes on with it.".strip())
            shift = self._shifts.one(shift.id) or shift
        what = shift.album or shift.theme
        self._say(f"The shift of {_when(tick)}: {shift.outcome}{f' {what}' if what else ''}. {shift.why}".strip())
        self._board.settle(run, shift)

    def _without_a_row(self, tick: Tick, ended: Ended) -> Shift:
        """Account for a process that ended before it was at work."""
        if ended.code == 0:  # it found another at work, and has said so itself
            last = self._shifts.newest(1)
            if last and last[0].outcome == "coalesced":
                return last[0]
        outcome: Outcome = "interrupted" if ended.code == INTERRUPTED else "failed"
        return self._shifts.note(tick.trigger, outcome, ended.said or f"It ended with code {ended.code}.", tick.time)

    def _note(self, tick: Tick, outcome: Outcome, why: str, count: int = 1) -> None:
        if count > 1:
            why = f"{why} So it does for {count - 1} more."
        shift = self._shifts.note(tick.trigger, outcome, why, tick.time)
        self._board.settle(tick.run, shift)

    def _show(self, tick: Tick, outcome: Outcome) -> None:
        if tick.run is not None:
            one = Shift(id=0, time=tick.time, trigger=tick.trigger, outcome=outcome, why="Another shift stands for it.")
            self._board.settle(tick.run, one)

    def _complain(self, error: Exception) -> None:
        """Tell it once: a disk stays full for a while."""
        said = f"The night shift could not go on, and tries again: {error}"
        if said != self._complained:
            self._complained = said
            self._say(said)
            if not isinstance(error, LofiError | OSError):
                logging.getLogger("lofi.serve").error("%s", said, exc_info=error)


def _when(tick: Tick) -> str:
    return f"{tick.time:%H:%M}" if tick.trigger != "now" else f"{tick.time:%H:%M} (asked for)"


def _long(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(minutes, 1)} min"
