"""Whose title is whose: no two albums of a library have one in common. Works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from pipeline.catalogue import decisions
from pipeline.catalogue.meaning import edits_of
from pipeline.catalogue.rows import title_key
from pipeline.catalogue.tables import titles
from pipeline.domain import Album, AlbumPlan, Slug
from pipeline.errors import TitleTaken


def claim(connection: Connection, slug: Slug, plans: Sequence[AlbumPlan], *, refuse: bool = True) -> tuple[str, ...]:
    """Give an album the titles of these plans, and those that people chose for it; return those another album keeps.

    What it was called before stays its own, so that it can be called so again. With `refuse`, raises TitleTaken for
    the first that another album has.
    """
    mine = [(plan.title, "album") for plan in plans]
    mine += [(track.title, "track") for plan in plans for track in plan.tracks]
    edits = edits_of(decisions.of(connection, slug))
    mine += [(edits.title, "album")] if edits.title is not None else []
    mine += [(title, "track") for _, title in edits.titles]
    connection.execute(delete(titles).where(titles.c.album == slug))
    lost = []
    for key, (title, kind) in _once(mine).items():
        owner = connection.execute(select(titles.c.album).where(titles.c.key == key)).scalar()
        if owner is None:
            connection.execute(insert(titles).values(key=key, title=title, album=slug, kind=kind))
        elif owner != slug and refuse:
            raise TitleTaken(
                f"The title “{title}” belongs to the album {owner} already.", "Run the same command again."
            )
        elif owner != slug:
            lost.append(title)
    return tuple(lost)


def _once(mine: Sequence[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return titles by their keys, as each was called first."""
    return {title_key(title): (title, kind) for title, kind in reversed(mine)}


def titled(album: Album) -> tuple[AlbumPlan, AlbumPlan]:
    """Return an album's plan under the titles that its tracks have, and under its writer's."""
    called = {track.number: track.title for track in album.tracks}
    tracks = tuple(track.but(title=called.get(track.number, track.title)) for track in album.plan.tracks)
    return album.plan.but(tracks=tracks), album.project.plan
