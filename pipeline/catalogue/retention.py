"""What the catalogue knows that must stay: which takes were liked, what waits, and which uploads an order names.

Every function works inside the caller's transaction and changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from pipeline.catalogue import decisions
from pipeline.catalogue.meaning import edits_of, words_of
from pipeline.catalogue.rows import Status
from pipeline.catalogue.tables import albums, comparisons, jobs
from pipeline.domain import Edits, Sha256, Slug

_OPEN = ("waiting", "working")


@dataclass(frozen=True)
class AlbumStanding:
    """How an album stands. `touched` is when it was finished, or when somebody last decided anything on it."""

    status: Status
    manifest: Sha256 | None
    touched: datetime
    edits: Edits
    approved: frozenset[tuple[int, int]]
    """Takes that somebody approved, by track and take."""
    preferred: frozenset[Sha256]
    """Takes of any album that won a comparison, were as good as the other, or are still to be compared."""
    ordered: bool
    """Whether an order for it waits or is worked on."""


def standing(connection: Connection, slug: Slug, asked_since: datetime) -> AlbumStanding | None:
    """Return how an album stands; None where the catalogue does not know it.

    Of comparisons that nobody answered, those that were asked since a moment count.
    """
    row = connection.execute(select(albums).where(albums.c.slug == slug)).mappings().first()
    if row is None:
        return None
    made = decisions.of(connection, slug)
    waiting = select(jobs.c.id).where(jobs.c.state.in_(_OPEN), or_(jobs.c.album == slug, jobs.c.words == slug))
    approved = {key for key, word in words_of(made).items() if word.decision == "approved"}
    return AlbumStanding(
        status=row["status"],
        manifest=row["manifest"],
        touched=max(row["finished"] or row["created"], *(each.time for each in made), row["created"]),
        edits=edits_of(made),
        approved=frozenset(approved),
        preferred=_preferred(connection, slug, asked_since),
        ordered=connection.execute(waiting.limit(1)).first() is not None,
    )


def uploads_named(connection: Connection) -> frozenset[str]:
    """Return every upload that an order names, done or not: what it made can be made again."""
    named = set()
    for wanted in connection.execute(select(jobs.c.wanted)).scalars():
        named |= {value for value in json.loads(wanted).values() if isinstance(value, str)}
    return frozenset(named)


def _preferred(connection: Connection, slug: Slug, asked_since: datetime) -> frozenset[Sha256]:
    c = comparisons.c
    pending = and_(c.winner.is_(None), c.time >= asked_since)
    found: set[Sha256] = set()
    for side in ("a", "b"):
        liked = or_(c.winner.in_([side, "tie"]), pending)
        query = select(c[f"{side}_version"]).where(c[f"{side}_album"] == slug, liked)
        found |= set(connection.execute(query).scalars())
    return frozenset(found)
