"""What the night shift did and why, and why it did not: one row for every time the schedule asked for it.

    shift = catalogue.shifts.begin("cron")
    catalogue.shifts.take(shift.id, brief, "Nothing for a rainy morning yet.")
    catalogue.shifts.end(shift.id, "made", album="rain-on-tin")

Prefect only shows what stands here. Rows are settled; what merely rested is forgotten after a while.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import RowMapping, delete, insert, select, update

from pipeline.catalogue.database import Database
from pipeline.catalogue.tables import shifts
from pipeline.domain import Brief, Slug
from pipeline.domain.line import one_line
from pipeline.domain.noun import Noun
from pipeline.shelf.clock import Clock

Trigger = Literal["cron", "interval", "now"]
"""What asked for a shift; `now` is a person."""

Outcome = Literal["working", "made", "rested", "coalesced", "failed", "interrupted"]
"""What came of it. One that rested had a reason not to make anything, one that coalesced found another at work."""

KEPT = timedelta(days=90)
"""How long it is remembered that nothing was made."""
INTERRUPTED = "The process that made it is gone; the next shift goes on with it."
STOPPED = "It was stopped; the next shift goes on with it."
"""Why a shift was interrupted that saved what was whole and wrote its row itself, because somebody asked it to end."""
_LONGEST = 2000


class Shift(Noun):
    """One time that the schedule asked for an album."""

    id: int
    time: datetime
    trigger: Trigger
    theme: str = ""
    brief: Brief | None = None
    album: Slug | None = None
    outcome: Outcome = "working"
    why: str = ""
    ended: datetime | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody asked it to end, which says nothing against its album."""
        return self.outcome == "interrupted" and self.why == STOPPED


class Shifts:
    """One short transaction each, usable from many threads and beside other processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, trigger: Trigger) -> Shift:
        """Enter a shift that begins, as the holder of the night shift: what others left at work is interrupted."""
        now = self._clock()
        dead = update(shifts).where(shifts.c.outcome == "working")
        row = insert(shifts).values(time=now, trigger=trigger, theme="", brief="", outcome="working", why="")
        old = delete(shifts).where(shifts.c.outcome.in_(["rested", "coalesced"]), shifts.c.time < now - KEPT)
        with self._database.writing() as connection:
            connection.execute(dead.values(outcome="interrupted", why=INTERRUPTED, ended=now))
            connection.execute(old)
            number = connection.execute(row.returning(shifts.c.id)).scalar_one()
        return Shift(id=number, time=now, trigger=trigger)

    def take(self, number: int, brief: Brief, why: str) -> None:
        """Note what a shift is about to make, and why that."""
        values = {"theme": brief.theme, "brief": brief.canonical_json(), "why": _short(why)}
        with self._database.writing() as connection:
            connection.execute(update(shifts).where(shifts.c.id == number).values(**values))

    def end(self, number: int, outcome: Outcome, why: str | None = None, album: Slug | None = None) -> Shift:
        """Note what came of a shift, and why, where that is another reason than it was begun for."""
        values: dict[str, object] = {"outcome": outcome, "ended": self._clock()}
        values |= {} if why is None else {"why": _short(why)}
        values |= {} if album is None else {"album": album}
        with self._database.writing() as connection:
            connection.execute(update(shifts).where(shifts.c.id == number).values(**values))
            row = connection.execute(select(shifts).where(shifts.c.id == number)).mappings().one()
        return _shift(row)

    def note(self, trigger: Trigger, outcome: Outcome, why: str, time: datetime | None = None) -> Shift:
        """Enter a shift that was over at once; `time` is when it was asked for, if not now."""
        now = self._clock()
        row = {"time": time or now, "trigger": trigger, "outcome": outcome, "why": _short(why), "ended": now}
        with self._database.writing() as connection:
            statement = insert(shifts).values(theme="", brief="", **row)
            number = connection.execute(statement.returning(shifts.c.id)).scalar_one()
        return Shift.model_validate({"id": number, **row})

    def interrupt(self, number: int | None = None, why: str = INTERRUPTED) -> int:
        """Settle a shift that a dead process left at work, or all of them; return how many there were."""
        lost = shifts.c.outcome == "working"
        if number is not None:
            lost = lost & (shifts.c.id == number)
        values = {"outcome": "interrupted", "why": _short(why), "ended": self._clock()}
        with self._database.writing() as connection:
            return connection.execute(update(shifts).where(lost).values(**values)).rowcount

    def newest(self, limit: int = 20, *outcomes: Outcome) -> list[Shift]:
        """Return the newest shifts, or the newest of some outcomes, the newest first."""
        query = select(shifts).order_by(shifts.c.id.desc()).limit(limit)
        if outcomes:
            query = query.where(shifts.c.outcome.in_(outcomes))
        with self._database.reading() as connection:
            return [_shift(row) for row in connection.execute(query).mappings()]

    def one(self, number: int) -> Shift | None:
        """Return a shift; None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(shifts).where(shifts.c.id == number)).mappings().first()
            return None if row is None else _shift(row)


def _short(text: str) -> str:
    return one_line(text)[:_LONGEST]


def _shift(row: RowMapping) -> Shift:
    return Shift.model_validate({**row, "brief": Brief.model_validate_json(row["brief"]) if row["brief"] else None})
