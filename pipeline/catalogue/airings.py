"""What was on the air: the radio's ledger, by which nothing comes again too soon.

catalogue.airings.begin(airing)             # as a track begins to be heard
catalogue.airings.since(a_day_ago)          # what must not come again yet
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from pipeline.catalogue import ledger
from pipeline.catalogue.database import Database
from pipeline.catalogue.rows import Outcome
from pipeline.catalogue.tables import airings
from pipeline.domain import Backend, RenderOrder, Seconds
from pipeline.domain.airing import Airing
from pipeline.shelf.clock import Clock

RADIO = ".radio"
"""Stands in the ledger of renders for an album; no album can have the name."""

KEPT = 20_000
"""Airings that are remembered, some four weeks of them; older ones only where somebody loved them. They are counted and
not dated, so that a clock that was set wrong forgets nothing."""
IN_FULL = 2_000
"""Of these, the newest that keep their fingerprint and how they were made: for nothing else is it needed."""


class Airings:
    """One short transaction each, usable from many threads and beside other processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """Return the time by the catalogue's clock."""
        return self._clock()

    def begin(self, airing: Airing) -> int:
        """Enter what begins to be heard; return its number. What is older than KEPT is forgotten."""
        with self._database.writing() as connection:
            row = insert(airings).values(**airing.model_dump(exclude={"id"})).returning(airings.c.id)
            number = int(connection.execute(row).scalar_one())
            unloved = airings.c.loved == 0
            connection.execute(delete(airings).where(airings.c.id <= number - KEPT, unloved))
            old = update(airings).where(airings.c.id <= number - IN_FULL, airings.c.fingerprint != "", unloved)
            connection.execute(old.values(fingerprint="", made=""))
            return number

    def love(self, number: int) -> None:
        """Count one more who loves it."""
        self._change(number, loved=airings.c.loved + 1)

    def skip(self, number: int) -> None:
        """Note that it was not heard to its end."""
        self._change(number, skipped=True)

    def since(self, moment: datetime) -> tuple[Airing, ...]:
        """Return what began after `moment`, the oldest first, and what a clock that was set back puts in the future."""
        query = select(airings).where(airings.c.time > moment).order_by(airings.c.id)
        with self._database.reading() as connection:
            return tuple(Airing(**row) for row in connection.execute(query).mappings())

    def files(self) -> dict[str, str]:
        """Return the title of everything that is remembered, by its file, in the order in which it was heard last."""
        query = select(airings.c.file, airings.c.title).order_by(airings.c.id)
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for file, title in connection.execute(query):
                found.pop(file, None)
                found[file] = title
        return found

    def loved(self) -> frozenset[str]:
        """Return the files that somebody loved."""
        query = select(airings.c.file).where(airings.c.loved > 0)
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def begin_render(self, order: RenderOrder, backend: Backend, run: str) -> int:
        """Enter a render for the radio in the ledger before it starts; return its number."""
        with self._database.writing() as connection:
            slot = ledger.Slot.of_take(order)
            return ledger.begin(connection, RADIO, slot, kind="radio", backend=backend, run=run, now=self._clock())

    def end_render(self, number: int, outcome: Outcome, seconds: Seconds) -> None:
        """Say what came of a render; `seconds` of audio."""
        with self._database.writing() as connection:
            ledger.end(connection, number, outcome, seconds, self._clock())

    def settle(self) -> int:
        """Count the renders that a killed radio left started as interrupted, as its holder; return how many."""
        with self._database.writing() as connection:
            return ledger.interrupt(connection, RADIO, None, self._clock())

    def _change(self, number: int, **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(update(airings).where(airings.c.id == number).values(**values))
