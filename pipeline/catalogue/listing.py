"""The takes of all albums as a reviewer goes through them: filtered, in an order, a page at a time.

The order is SQL's and every filter narrows it there, so that a page of many thousands costs milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from pipeline.catalogue.rows import Status
from pipeline.catalogue.tables import albums, takes
from pipeline.domain import Lufs, Seconds, Sha256, Slug

Sort = Literal["attention", "score", "newest"]


@dataclass(frozen=True)
class Wanted:
    """Which takes to list; None and "" let everything through. `least` is the lowest score."""

    status: Status | None = None
    album: Slug | None = None
    backend: str | None = None
    licence: str | None = None
    least: float | None = None
    decided: Literal["approved", "rejected", "open"] | None = None
    chosen: bool | None = None
    words: str = ""


class TakeRow(NamedTuple):
    """One take as a list shows it. `version` is the album's: of its manifest, or of its brief while it is made."""

    album: Slug
    album_title: str
    status: Status
    why: str
    version: Sha256
    track: int
    take: int
    title: str
    sha256: Sha256
    chosen: bool
    word: Literal["approved", "rejected"] | None
    passed: bool
    total: float | None
    backend: str | None
    licences: str | None
    """A line each."""
    seconds: Seconds | None
    loudness: Lufs | None
    peaks: str | None


class HeardTake(NamedTuple):
    """One take as a judge heard it. `scores` is JSON, the parts of the judgement by name."""

    album: Slug
    track: int
    take: int
    sha256: Sha256
    total: float | None
    scores: str | None
    embedding: str | None
    embedder: Sha256 | None


_FROM = takes.join(albums, albums.c.slug == takes.c.album)
_OF_ALBUM = {
    "album_title": albums.c.title,
    "status": albums.c.status,
    "why": albums.c.why,
    "version": func.coalesce(albums.c.manifest, albums.c.brief_digest),
}
_COLUMNS = [_OF_ALBUM[name].label(name) if name in _OF_ALBUM else takes.c[name] for name in TakeRow._fields]


def heard(connection: Connection) -> list[HeardTake]:
    """Return every take as it was judged, in the order of their keys."""
    columns = [takes.c[name] for name in HeardTake._fields]
    query = select(*columns).order_by(takes.c.album, takes.c.track, takes.c.take)
    return [HeardTake(*row) for row in connection.execute(query)]


def page(connection: Connection, wanted: Wanted, sort: Sort, offset: int, limit: int) -> tuple[int, list[TakeRow]]:
    """Return how many takes there are of the kind, and `limit` of them from the `offset`th on."""
    where = _where(wanted)
    total = connection.execute(select(func.count()).select_from(_FROM).where(*where)).scalar_one()
    query = _ordered(select(*_COLUMNS).select_from(_FROM).where(*where), sort)
    return int(total), [TakeRow(*row) for row in connection.execute(query.offset(offset).limit(limit))]


def keys(connection: Connection, wanted: Wanted) -> list[tuple[Slug, int, int]]:
    """Return album, track and number of every take of the kind, in the order of their keys."""
    columns = (takes.c.album, takes.c.track, takes.c.take)
    query = select(*columns).select_from(_FROM).where(*_where(wanted)).order_by(*columns)
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def some(connection: Connection, wanted: list[tuple[Slug, int, int]]) -> list[TakeRow]:
    """Return takes by their keys, in that order; those that are gone are left out."""
    found: dict[tuple[Slug, int, int], TakeRow] = {}
    for slug in dict.fromkeys(key[0] for key in wanted):
        numbers = [(track, take) for album, track, take in wanted if album == slug]
        of_album = or_(*((takes.c.track == track) & (takes.c.take == take) for track, take in numbers))
        query = select(*_COLUMNS).select_from(_FROM).where(takes.c.album == slug, of_album)
        for row in map(TakeRow._make, connection.execute(query)):
            found[row.album, row.track, row.take] = row
    return [found[key] for key in wanted if key in found]


def facets(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return every backend and every licence that a take names."""
    backends = connection.execute(select(takes.c.backend).where(takes.c.backend.is_not(None)).distinct()).scalars()
    lines = connection.execute(select(takes.c.licences).where(takes.c.licences.is_not(None)).distinct()).scalars()
    licences = {licence for line in lines for licence in str(line).splitlines()}
    return tuple(sorted(map(str, backends))), tuple(sorted(licences))


def _where(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        where.append(albums.c.status == wanted.status)
    if wanted.album is not None:
        where.append(takes.c.album == wanted.album)
    if wanted.backend is not None:
        where.append(takes.c.backend == wanted.backend)
    if wanted.licence is not None:
        lines = func.char(10) + takes.c.licences + func.char(10)
        where.append(lines.contains(f"\n{wanted.licence}\n", autoescape=True))
    if wanted.least is not None:
        where.append(takes.c.total >= wanted.least)
    if wanted.decided is not None:
        where.append(takes.c.word.is_(None) if wanted.decided == "open" else takes.c.word == wanted.decided)
    if wanted.chosen is not None:
        where.append(takes.c.chosen == wanted.chosen)
    for word in wanted.words.split():
        texts = (takes.c.title, albums.c.title, albums.c.theme)
        where.append(or_(*(text.icontains(word, autoescape=True) for text in texts)))
    return where


def _ordered(query: Select[Any], sort: Sort) -> Select[Any]:
    within = (takes.c.track, takes.c.chosen.desc(), takes.c.passed.desc(), takes.c.total.desc(), takes.c.take)
    if sort == "score":
        return query.order_by(takes.c.passed.desc(), takes.c.total.desc(), takes.c.album, takes.c.track, takes.c.take)
    if sort == "newest":
        return query.order_by(albums.c.created.desc(), takes.c.album, *within)
    # What a person is needed for comes first, then what waits for them, then what is decided; within that the albums
    # by the mean score of what was chosen for them.
    stage = case(
        {"needs_attention": 0, "draft": 1, "in_progress": 2, "approved": 3, "released": 4},
        value=albums.c.status,
        else_=5,
    )
    rank = (
        select(takes.c.album, func.avg(takes.c.total).label("mean"))
        .where(takes.c.chosen)
        .group_by(takes.c.album)
        .subquery("rank")
    )
    joined = query.outerjoin(rank, rank.c.album == takes.c.album)
    return joined.order_by(stage, rank.c.mean.desc().nulls_last(), takes.c.album, *within)
