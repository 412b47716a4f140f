"""The catalogue's verbs for the review room: what is listed, decided, compared and ordered there.

catalogue.review.decide(slug, made, seen=12)    # Stale when somebody decided the same thing since
catalogue.review.edits(slug)                    # how the album is to be made after all that
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection, delete, func, insert, select

from pipeline.catalogue import comparisons, decisions, jobs, listing, retention
from pipeline.catalogue.comparisons import Comparison, Winner
from pipeline.catalogue.database import Database
from pipeline.catalogue.jobs import Job, JobState
from pipeline.catalogue.listing import HeardTake, Sort, TakeRow, Wanted
from pipeline.catalogue.meaning import edits_of, verdicts
from pipeline.catalogue.retention import AlbumStanding
from pipeline.catalogue.rows import Decided, Going, title_key
from pipeline.catalogue.tables import albums, progress, takes, titles
from pipeline.catalogue.tables import decisions as decided
from pipeline.domain import Brief, Edits, Seed, Slug
from pipeline.errors import BadBrief, TitleTaken
from pipeline.shelf.clock import Clock

Key = tuple[Slug, int, int]
"""A take: album, track, number."""


class Review:
    """One short transaction each, usable from many threads and beside other processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """Return the time by the catalogue's clock."""
        return self._clock()

    def decide(self, slug: Slug, made: Decided, seen: int | None) -> Decided:
        """Enter a decision; see pipeline/catalogue/decisions.py. Raises TitleTaken for another album's title too."""
        with self._database.writing() as connection:
            if made.decision == "retitled":
                _claim(connection, slug, made)
            if made.decision == "reroll":
                made = made.but(value=str(_takes_there(connection, slug, made.track)))
            if made.decision == "cover":
                made = made.but(value=str(_covers_asked(connection, slug) + 1))
            if made.decision in ("approved", "take") and made.take is not None:
                _require_usable(connection, slug, made)
            return decisions.decide(connection, slug, made, seen)

    def undo(self, slug: Slug, number: int, made: Decided) -> Decided:
        """Let a decision count no more; `made` says who undoes it. Raises ShelfError, Stale or BadBrief."""
        with self._database.writing() as connection:
            rows = decisions.of(connection, slug)
            target = next((each for each in rows if each.id == number), None)
            if target is not None and target.decision == "reroll" and _rendered(connection, slug, rows, target):
                raise BadBrief("That take is rendered already.", "Reject it, if you do not want it.")
            return decisions.undo(connection, slug, number, made)

    def album_of(self, number: int) -> Slug | None:
        """Return what a decision is on."""
        with self._database.reading() as connection:
            return connection.execute(select(decided.c.album).where(decided.c.id == number)).scalar()

    def decisions(self, slug: Slug) -> tuple[Decided, ...]:
        """Return all that was decided on an album and what is in it, undone or not, the oldest first."""
        with self._database.reading() as connection:
            return decisions.of(connection, slug)

    def album_with(self, theme: str, seed: Seed) -> Slug | None:
        """Return the newest album of a theme and a seed; None where there is none."""
        same = (albums.c.seed == seed, albums.c.theme == theme)
        query = select(albums.c.slug).where(*same).order_by(albums.c.created.desc(), albums.c.slug.desc()).limit(1)
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def decided_since(self, moment: datetime) -> dict[Slug, tuple[Decided, ...]]:
        """Return what was decided on everything since a moment, by album, the oldest first."""
        query = select(decided).where(decided.c.time >= moment).order_by(decided.c.id)
        found: dict[Slug, list[Decided]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query).mappings():
                values = dict(row)
                with suppress(ValidationError):  # what was saved from a damaged catalogue may be no decision any more
                    found.setdefault(values.pop("album"), []).append(Decided(**values))
        return {slug: tuple(made) for slug, made in found.items()}

    def all_decisions(self) -> dict[Slug, tuple[Decided, ...]]:
        """Return all that was decided on everything."""
        with self._database.reading() as connection:
            slugs = connection.execute(select(decided.c.album).distinct().order_by(decided.c.album)).scalars()
            return {slug: decisions.of(connection, slug) for slug in slugs}

    def verdicts(self) -> tuple[Decided, ...]:
        """Return what was decided on whole albums and mixes and was not undone, each one's oldest first."""
        return tuple(made for rows in self.all_decisions().values() for made in verdicts(rows))

    def edits(self, slug: Slug) -> Edits:
        """Return how an album is to be made after all that was decided on it."""
        return edits_of(self.decisions(slug))

    def queue(self, wanted: Wanted, sort: Sort, offset: int, limit: int) -> tuple[int, list[TakeRow]]:
        """Return how many takes there are of a kind, and a page of them."""
        with self._database.reading() as connection:
            return listing.page(connection, wanted, sort, offset, limit)

    def keys(self, wanted: Wanted) -> list[Key]:
        """Return every take of a kind."""
        with self._database.reading() as connection:
            return listing.keys(connection, wanted)

    def some(self, wanted: Sequence[Key]) -> list[TakeRow]:
        """Return takes by their keys, in that order."""
        with self._database.reading() as connection:
            return listing.some(connection, list(wanted))

    def open_tracks(self) -> Mapping[Slug, int]:
        """Return how many tracks of each album have a chosen take that nobody has decided on."""
        query = (
            select(takes.c.album, func.count()).where(takes.c.chosen, takes.c.word.is_(None)).group_by(takes.c.album)
        )
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def heard(self) -> list[HeardTake]:
        """Return every take as it was judged."""
        with self._database.reading() as connection:
            return listing.heard(connection)

    def facets(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return every backend and every licence that a take names."""
        with self._database.reading() as connection:
            return listing.facets(connection)

    def ask(self, asked: Comparison) -> Comparison:
        """Keep two takes that somebody is asked to compare."""
        with self._database.writing() as connection:
            return comparisons.ask(connection, asked)

    def answer(self, number: int, winner: Winner, author: str) -> Comparison:
        """Keep which was better. Raises ShelfError or Stale."""
        with self._database.writing() as connection:
            return comparisons.answer(connection, number, winner, author, self._clock())

    def comparison(self, number: int) -> Comparison:
        """Return a comparison. Raises ShelfError where there is none."""
        with self._database.reading() as connection:
            return comparisons.one(connection, number)

    def asked(self, author: str) -> list[Comparison]:
        """Return what somebody was asked to compare and has not answered, the newest first."""
        with self._database.reading() as connection:
            return comparisons.unanswered(connection, author)

    def compared(self) -> list[Comparison]:
        """Return every comparison that was answered."""
        with self._database.reading() as connection:
            return comparisons.answered(connection)

    def order(self, job: Job) -> Job:
        """Keep an order."""
        with self._database.writing() as connection:
            return jobs.add(connection, job)

    def job(self, number: int) -> Job:
        """Return an order. Raises ShelfError where there is none."""
        with self._database.reading() as connection:
            return jobs.one(connection, number)

    def change_job(self, number: int, **values: object) -> None:
        """Change what is known of an order, whatever its state."""
        with self._database.writing() as connection:
            jobs.change(connection, number, **values)

    def move_job(self, number: int, states: Sequence[JobState], state: JobState, **values: object) -> bool:
        """Bring an order that is in one of `states` into another; return whether it was."""
        with self._database.writing() as connection:
            return jobs.move(connection, number, states, state, **values)

    def newest_jobs(self, limit: int = 40) -> list[Job]:
        """Return the newest orders, the newest first."""
        with self._database.reading() as connection:
            return jobs.newest(connection, limit)

    def open_jobs(self) -> list[Job]:
        """Return the orders that are not done."""
        with self._database.reading() as connection:
            return jobs.open_ones(connection)

    def standing(self, slug: Slug, asked_since: datetime) -> AlbumStanding | None:
        """Return what decides whether anything of an album may be pruned; None where there is no such album."""
        with self._database.reading() as connection:
            return retention.standing(connection, slug, asked_since)

    def uploads_named(self) -> frozenset[str]:
        """Return every upload that an order names."""
        with self._database.reading() as connection:
            return retention.uploads_named(connection)

    def note_progress(self, slug: Slug, stage: str, text: str, share: float) -> None:
        """Note how far an album is, for whoever looks on."""
        row = {"stage": stage, "text": text, "share": share, "time": self._clock()}
        with self._database.writing() as connection:
            connection.execute(delete(progress).where(progress.c.album == slug))
            connection.execute(insert(progress).values(album=slug, **row))

    def end_progress(self, slug: Slug) -> None:
        """Forget how far an album was: nobody is making it any more."""
        with self._database.writing() as connection:
            connection.execute(delete(progress).where(progress.c.album == slug))

    def progress(self) -> Mapping[Slug, Going]:
        """Return how far the albums are that are being made."""
        with self._database.reading() as connection:
            return {row["album"]: Going(**row) for row in connection.execute(select(progress)).mappings()}

    def pulse(self) -> int:
        """Return a number that is another after every change, by whichever process; it costs a look at two files."""
        path = self._database.path
        seen = []
        for file in (path, path.with_name(f"{path.name}-wal")):
            try:
                stat = file.stat()
                seen.append((stat.st_mtime_ns, stat.st_size))
            except FileNotFoundError:
                seen.append((0, 0))
        return hash(tuple(seen)) & 0x7FFF_FFFF_FFFF_FFFF


def _claim(connection: Connection, slug: Slug, made: Decided) -> None:
    """Give an album a title that it is to have. Raises TitleTaken, changing nothing, when another album has it."""
    key = title_key(made.value)
    owner = connection.execute(select(titles.c.album).where(titles.c.key == key)).scalar()
    if owner not in (None, slug):
        raise TitleTaken(f"The title “{made.value}” belongs to the album {owner} already.", "Choose another.")
    if owner is None:
        kind = "album" if made.track is None else "track"
        connection.execute(insert(titles).values(key=key, title=made.value, album=slug, kind=kind))


def _takes_there(connection: Connection, slug: Slug, track: int | None) -> int:
    """Return how many takes a track has, or is to have by its brief."""
    brief = connection.execute(select(albums.c.brief).where(albums.c.slug == slug)).scalar()
    asked = 0 if brief is None else Brief.model_validate_json(brief).takes
    query = select(func.max(takes.c.take)).where(takes.c.album == slug, takes.c.track == track)
    return max(asked, connection.execute(query).scalar() or 0)


def _covers_asked(connection: Connection, slug: Slug) -> int:
    """Return how many covers were asked for, undone or not: each is another picture."""
    return sum(made.decision == "cover" and made.undoes is None for made in decisions.of(connection, slug))


def _rendered(connection: Connection, slug: Slug, rows: Sequence[Decided], reroll: Decided) -> bool:
    """Whether the take that a re-roll asked for is there: then it was paid for."""
    until = [made for made in rows if made.id <= reroll.id or made.undoes is not None]
    number = dict(edits_of(until).counts).get(reroll.track or 0, 0)
    query = select(takes.c.take).where(takes.c.album == slug, takes.c.track == reroll.track, takes.c.take == number)
    return connection.execute(query).first() is not None


def _require_usable(connection: Connection, slug: Slug, made: Decided) -> None:
    """Raise BadBrief for a take that failed a technical requirement: nothing can be made of it."""
    key = (takes.c.album == slug, takes.c.track == made.track, takes.c.take == made.take)
    if connection.execute(select(takes.c.passed).where(*key)).scalar() is False:
        raise BadBrief(
            f"Take {made.take} failed a technical requirement, so no track can be made of it.",
            "Look at its gates, choose another take, or ask for one more.",
        )
