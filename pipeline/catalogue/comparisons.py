"""Blind comparisons: two takes that were heard without their names, and which was better.

Every function works inside the caller's transaction. An answer is given once, and never changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.catalogue.tables import comparisons
from pipeline.domain import Sha256, Slug
from pipeline.domain.noun import Noun
from pipeline.errors import ShelfError, Stale

Winner = Literal["a", "b", "tie"]


class Contender(Noun):
    """A take that is compared, in the version that was heard."""

    album: Slug
    track: int
    take: int
    version: Sha256


class Comparison(Noun):
    """Two takes, who was asked, and what they said; no `winner` while they have not."""

    id: int = 0
    a: Contender
    b: Contender
    author: str
    time: datetime
    winner: Winner | None = None


def ask(connection: Connection, asked: Comparison) -> Comparison:
    """Keep what somebody is asked; return it with its number."""
    row = {
        "author": asked.author,
        "time": asked.time,
        **{f"a_{name}": value for name, value in asked.a},
        **{f"b_{name}": value for name, value in asked.b},
    }
    number = connection.execute(insert(comparisons).values(**row).returning(comparisons.c.id)).scalar_one()
    return asked.but(id=number)


def answer(connection: Connection, number: int, winner: Winner, author: str, now: datetime) -> Comparison:
    """Keep an answer. Raises ShelfError for what nobody asked, Stale for what was answered otherwise."""
    asked = one(connection, number)
    if asked.winner is not None and asked.winner != winner:
        raise Stale(f"This was answered already: {asked.winner}.", "Ask for the next two.", theirs=asked.winner)
    values = {"winner": winner, "author": author or asked.author, "time": now}
    if asked.winner is None:
        connection.execute(update(comparisons).where(comparisons.c.id == number).values(**values))
    return asked.but(winner=winner)


def one(connection: Connection, number: int) -> Comparison:
    """Return a comparison. Raises ShelfError where there is none."""
    row = connection.execute(select(comparisons).where(comparisons.c.id == number)).mappings().first()
    if row is None:
        raise ShelfError(f"There is no comparison {number}.", "Ask for the next two.")
    return _comparison(row)


def unanswered(connection: Connection, author: str) -> list[Comparison]:
    """Return what somebody was asked and has not answered, the newest first."""
    mine = (comparisons.c.winner.is_(None), comparisons.c.author == author)
    query = select(comparisons).where(*mine).order_by(comparisons.c.id.desc())
    return [_comparison(row) for row in connection.execute(query).mappings()]


def answered(connection: Connection) -> list[Comparison]:
    """Return every comparison that was answered, in the order they were asked."""
    query = select(comparisons).where(comparisons.c.winner.is_not(None)).order_by(comparisons.c.id)
    return [_comparison(row) for row in connection.execute(query).mappings()]


def _comparison(row: RowMapping) -> Comparison:
    sides = {side: {name: row[f"{side}_{name}"] for name in Contender.model_fields} for side in ("a", "b")}
    return Comparison(
        id=row["id"],
        a=Contender(**sides["a"]),
        b=Contender(**sides["b"]),
        author=row["author"],
        time=row["time"],
        winner=row["winner"],
    )
