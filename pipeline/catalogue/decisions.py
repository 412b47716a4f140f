"""What people decided: on an exact version, by whom, when. A decision on another version than the newest is refused."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from pipeline.catalogue.rows import Decided
from pipeline.catalogue.tables import albums, decisions, mixes
from pipeline.domain import Slug
from pipeline.errors import NotApproved, ShelfError, Stale


def decide(connection: Connection, slug: Slug, made: Decided) -> None:
    """Enter a decision on a finished album or mix, and let it have that status.

    Raises ShelfError where there is none, Stale where its version is another by now, and NotApproved, for a release,
    where this version was not approved. Changes nothing then.
    """
    table = mixes if connection.execute(select(mixes.c.slug).where(mixes.c.slug == slug)).first() else albums
    row = connection.execute(select(table.c.status, table.c.manifest).where(table.c.slug == slug)).first()
    if row is None or row.manifest is None:
        raise ShelfError(f"There is no finished album or mix {slug}.", "`lofi list` shows what is there.")
    if row.manifest != made.version:
        raise Stale(
            f"This is about version {made.version[:12]} of {slug}, and the catalogue has version {row.manifest[:12]}.",
            "`lofi reindex` reads it again: listen to it, then decide.",
        )
    if made.decision == "released" and row.status not in ("approved", "released"):
        raise NotApproved(f"{slug} is not approved in this version: it is {row.status}.", f"`lofi approve {slug}`")
    entry = {"album": slug, "track": None, **made.model_dump()}
    connection.execute(insert(decisions).values(**entry))
    # Approved once more, what is released stays so.
    status = "released" if (row.status, made.decision) == ("released", "approved") else made.decision
    connection.execute(update(table).where(table.c.slug == slug).values(status=status))


def of(connection: Connection, slug: Slug) -> tuple[Decided, ...]:
    """Return what was decided on a whole album or mix, the oldest first."""
    columns = (decisions.c.version, decisions.c.decision, decisions.c.author, decisions.c.time, decisions.c.note)
    query = select(*columns).where(decisions.c.album == slug, decisions.c.track.is_(None)).order_by(decisions.c.id)
    return tuple(Decided(**row) for row in connection.execute(query).mappings())
