"""The catalogue's verbs: domain nouns in and out, one short transaction each."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects.sqlite import insert

from pipeline.catalogue import decisions, ledger, past
from pipeline.catalogue.airings import Airings
from pipeline.catalogue.database import Database, connect
from pipeline.catalogue.meaning import edits_of, verdicts
from pipeline.catalogue.review import Review
from pipeline.catalogue.rows import (
    AlbumRow,
    ChosenTake,
    Decided,
    Kind,
    MixRow,
    Outcome,
    Status,
    Verb,
)
from pipeline.catalogue.schema import SCHEMA, Schema, bring_up_to_date, stored_revision
from pipeline.catalogue.shifts import Shifts
from pipeline.catalogue.tables import albums, mixes, takes, titles
from pipeline.catalogue.titles import claim, titled
from pipeline.domain import (
    Album,
    AlbumPlan,
    Backend,
    Brief,
    LongMix,
    Loop,
    LoopOrder,
    RenderOrder,
    Seconds,
    Sha256,
    Slug,
    Spend,
    Take,
    Verdict,
)
from pipeline.domain.past import Past
from pipeline.errors import ShelfError
from pipeline.shelf.clock import Clock, utc_now

_FINISHED: tuple[Status, ...] = ("draft", "approved", "rejected", "released")


class Catalogue:
    """An open catalogue. Usable from many threads and beside other processes; close it, or use it in `with`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.review = Review(database, clock)
        self.airings = Airings(database, clock)
        self.shifts = Shifts(database, clock)

    @classmethod
    def open(cls, path: Path, *, clock: Clock = utc_now, schema: Schema = SCHEMA) -> Self:
        """Open a catalogue, making or migrating it.

        Raises Damaged when it cannot be read, ShelfError when it is closed to us or newer than this version.
        """
        database = connect(path)
        try:
            bring_up_to_date(database, clock, schema)
        except BaseException:
            database.close()
            raise
        return cls(database, clock)

    @classmethod
    def open_to_read(cls, path: Path, *, clock: Clock = utc_now, schema: Schema = SCHEMA) -> Self:
        """Open a catalogue where nothing can be written, such as a read-only mount. Makes and migrates nothing.

        Raises ShelfError when there is none, or when it is of another version.
        """
        if not path.is_file():
            raise ShelfError(f"There is no catalogue {path}, and none can be made.", "Make the library writable.")
        database = connect(path, "mode=ro")
        try:
            try:
                revision = stored_revision(database)
            except ShelfError:  # the files that WAL needs beside it cannot be made: read it as it lies there
                database.close()
                database = connect(path, "mode=ro&immutable=1")
                revision = stored_revision(database)
            if revision != schema.head:
                raise ShelfError(
                    f"The catalogue {path} is of revision {revision}, ours is {schema.head}.",
                    "Make the library writable, so that it can be brought up to date, or use the newest lofi-label.",
                )
        except BaseException:
            database.close()
            raise
        return cls(database, clock)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def titles(self) -> frozenset[str]:
        """Return every album and track title there is, casefolded, both as written and in compatibility form."""
        with self._database.reading() as connection:
            found = connection.execute(select(titles.c.key, titles.c.title)).all()
        return frozenset(key for key, _ in found) | frozenset(title.casefold() for _, title in found)

    def reserve(self, slug: Slug, brief: Brief, plan: AlbumPlan, *, going_on: bool = True) -> None:
        """Enter an album that is about to be made, and its titles, those that people gave it. Safe to repeat.

        Without `going_on` it is only noted as being there: one that needs attention goes on needing it. Raises
        TitleTaken, changing nothing, when another album has one of the titles.
        """
        with self._database.writing() as connection:
            row = connection.execute(select(albums.c.status, albums.c.why).where(albums.c.slug == slug)).first()
            state: dict[str, object] = {"status": "in_progress", "why": ""}
            if row is not None and (row.status in _FINISHED or not going_on):
                state = {"status": row.status, "why": row.why}
            given = edits_of(decisions.of(connection, slug)).titled(plan)
            _put_album(connection, slug, brief, given, state=state, at_first={"created": self._clock()})
            claim(connection, slug, (given, plan), refuse=not _was_finished(connection, slug))

    def albums(self, brief: Brief | None = None, *, any_seed: bool = False) -> tuple[AlbumRow, ...]:
        """Return every album, the oldest first; those of one `brief`, or of all that differ in their seed alone."""
        query = select(albums).order_by(albums.c.created, albums.c.slug)
        if brief is not None:
            same = albums.c.wish_digest == _wish(brief) if any_seed else albums.c.brief_digest == brief.digest()
            query = query.where(same)
        with self._database.reading() as connection:
            return tuple(_album_row(row) for row in connection.execute(query).mappings())

    def album(self, slug: Slug) -> AlbumRow | None:
        """Return one album; None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(albums).where(albums.c.slug == slug)).mappings().first()
            return None if row is None else _album_row(row)

    def begin_render(self, slug: Slug, order: RenderOrder, kind: Kind, backend: Backend, run_id: str) -> int:
        """Enter a render in the ledger before it starts; return its number."""
        with self._database.writing() as connection:
            slot = ledger.Slot.of_take(order)
            return ledger.begin(connection, slug, slot, kind=kind, backend=backend, run=run_id, now=self._clock())

    def begin_loop(self, slug: Slug, number: int, order: LoopOrder, backend: Backend, run_id: str) -> int:
        """Enter the render of the plan's `number`th ambience in the ledger before it starts; return its row."""
        with self._database.writing() as connection:
            slot = ledger.Slot.of_loop(number, order)
            return ledger.begin(connection, slug, slot, kind="loop", backend=backend, run=run_id, now=self._clock())

    def settle_loop(self, slug: Slug, number: int, loop: Loop) -> None:
        """Count a loop that is on the shelf as finished. Safe to repeat."""
        with self._database.writing() as connection:
            slot = ledger.Slot.of_loop(number, loop.order)
            ledger.settle(connection, slug, slot, loop.order.seconds, self._clock())

    def end_render(self, number: int, outcome: Outcome, seconds: Seconds) -> None:
        """Say what came of a render; `seconds` of audio."""
        with self._database.writing() as connection:
            ledger.end(connection, number, outcome, seconds, self._clock())

    def mark_interrupted(self, slug: Slug, living_run: str | None = None) -> int:
        """Settle the renders that dead runs left started, as the album's holder; return how many there were."""
        with self._database.writing() as connection:
            return ledger.interrupt(connection, slug, living_run, self._clock())

    def spend(self, slug: Slug) -> Spend:
        """Return what an album has cost so far. The numbers add up to all renders ever started for it."""
        with self._database.reading() as connection:
            return ledger.spend(connection, slug)

    def past(
        self,
        now: datetime,
        zone: tzinfo,
        free_bytes: int,
        here: Collection[Slug] | None = None,
        in_hand: Callable[[Slug], bool] = lambda _: True,
    ) -> Past:
        """Return what the agenda needs to know at a moment, of the day that it is in `zone`.

        `here` are the albums on the shelf; None where nobody looked, and all are taken to be there. `in_hand` tells
        whether somebody is making an album now.
        """
        with self._database.reading() as connection:
            return past.of(connection, now, zone, free_bytes, here, in_hand)

    def record_take(self, slug: Slug, take: Take, verdict: Verdict) -> None:
        """Enter a take that is on the shelf and what the judge said. Safe to repeat."""
        with self._database.writing() as connection:
            _put_take(connection, slug, take, verdict)
            ledger.settle(connection, slug, ledger.Slot.of_take(take.order), take.seconds, self._clock())

    def fingerprints(self, excluding: Slug | None = None) -> list[ChosenTake]:
        """Return the chosen take of every track of every finished album but one, with what a model heard in it."""
        columns = (takes.c.album, takes.c.track, takes.c.title, takes.c.fingerprint)
        query = select(*columns, takes.c.embedding, takes.c.embedder).where(takes.c.chosen)
        if excluding is not None:
            query = query.where(takes.c.album != excluding)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(takes.c.album, takes.c.track))
            return [ChosenTake(*row) for row in found]

    def reopen(self, slug: Slug) -> None:
        """Note that a finished album is being made again: until it is finished once more there is no version of it."""
        with self._database.writing() as connection:
            state = {"status": "in_progress", "why": "", "finished": None, "manifest": None}
            connection.execute(update(albums).where(albums.c.slug == slug).values(**state))

    def needs_attention(self, slug: Slug, why: str) -> None:
        """Mark an album that cannot be finished without a person, and why."""
        with self._database.writing() as connection:
            unfinished = albums.c.status.not_in(_FINISHED)
            connection.execute(
                update(albums).where(albums.c.slug == slug, unfinished).values(status="needs_attention", why=why)
            )

    def enter(self, album: Album) -> None:
        """Enter a finished album, after its manifest is on the shelf. Safe to repeat.

        It is a draft, unless this very manifest was decided on before. Raises TitleTaken, changing nothing, where it
        is new and another album has one of its titles.
        """
        with self._database.writing() as connection:
            known = _was_finished(connection, album.slug)
            _put_finished(connection, album)
            claim(connection, album.slug, titled(album), refuse=not known)

    def enter_mix(self, mix: LongMix, finished: datetime) -> None:
        """Enter a finished long mix, after its manifest is on the shelf. Safe to repeat.

        It is a draft, unless this very manifest was decided on before.
        """
        manifest = mix.digest()
        row = {"title": mix.project.title, "status": "draft", "finished": finished, "manifest": manifest}
        with self._database.writing() as connection:
            known = connection.execute(select(mixes.c.manifest).where(mixes.c.slug == mix.slug)).scalar()
            if known != manifest:
                statement = insert(mixes).values(slug=mix.slug, **row)
                connection.execute(statement.on_conflict_do_update(index_elements=["slug"], set_=row))

    def mixes(self) -> tuple[MixRow, ...]:
        """Return every finished long mix, the oldest first."""
        with self._database.reading() as connection:
            found = connection.execute(select(mixes).order_by(mixes.c.finished, mixes.c.slug)).mappings()
            return tuple(MixRow(**row) for row in found)

    def decide(self, slug: Slug, version: Sha256, decision: Verb, author: str, note: str = "") -> None:
        """Decide on exactly this version (the hash of the manifest) of a finished album or mix.

        Raises ShelfError, Stale or NotApproved, changing nothing; see pipeline/catalogue/decisions.py.
        """
        made = Decided(version=version, decision=decision, author=author, time=self._clock(), note=note)
        with self._database.writing() as connection:
            decisions.decide(connection, slug, made)

    def decisions(self, slug: Slug) -> tuple[Decided, ...]:
        """Return what was decided on a whole album or mix and was not undone, the oldest first."""
        with self._database.reading() as connection:
            return verdicts(decisions.of(connection, slug))

    def unread(self) -> frozenset[Slug]:
        """Return the albums with takes that an earlier version entered, without what the queue of reviews lists."""
        with self._database.reading() as connection:
            found = connection.execute(select(takes.c.album).where(takes.c.backend.is_(None)).distinct())
            return frozenset(found.scalars())

    def merge(self, album: Album, still: Callable[[], bool] = lambda: True) -> tuple[str, ...]:
        """Add what a manifest knows and the catalogue does not; decisions and ledger rows stay as they are.

        Nothing is added unless the album is `still` there when its turn has come: somebody may have opened it since
        it was read. Returns the titles that another album has: both exist, so the earlier one keeps the title.
        """
        with self._database.writing() as connection:
            if not still():
                return ()
            decisions.restore(connection, album)
            _put_finished(connection, album)
            return claim(connection, album.slug, titled(album), refuse=False)

    def restore_decisions(self, album: Album) -> None:
        """Enter what an album says it was made with, where the catalogue knows of no decision on it."""
        with self._database.writing() as connection:
            decisions.restore(connection, album)


def _put_finished(connection: Connection, album: Album) -> None:
    """Enter a manifest, its takes and their renders. Another manifest than the one decided on is a new draft."""
    manifest = album.digest()  # the file is the canonical JSON, so this is its hash
    _put_album(
        connection,
        album.slug,
        album.brief,
        album.plan,
        state={"status": "draft", "why": "", "finished": album.run.finished, "manifest": manifest},
        at_first={"created": album.run.started},
    )
    chosen = {(track.number, track.take) for track in album.tracks}
    called = {track.number: track.title for track in album.tracks}
    connection.execute(update(takes).where(takes.c.album == album.slug).values(chosen=False))
    for take, verdict in zip(album.takes, album.verdicts, strict=True):
        number = take.order.track.number
        is_chosen = (number, take.order.index) in chosen
        _put_take(connection, album.slug, take, verdict, title=called.get(number), chosen=is_chosen)
    ledger.restore(connection, album)
    decisions.settle(connection, album.slug)
    decisions.set_status(connection, album.slug)


def _put_album(
    connection: Connection,
    slug: Slug,
    brief: Brief,
    plan: AlbumPlan,
    *,
    state: dict[str, object],
    at_first: dict[str, object],
) -> None:
    """Insert or update an album's row; `at_first` counts only when it is new."""
    row = {
        "title": plan.title,
        "theme": brief.theme,
        "brief": brief.canonical_json(),
        "brief_digest": brief.digest(),
        "wish_digest": _wish(brief),
        "seed": brief.seed,
        **state,
    }
    statement = insert(albums).values(slug=slug, **row, **at_first)
    connection.execute(statement.on_conflict_do_update(index_elements=["slug"], set_=row))


def _put_take(
    connection: Connection, slug: Slug, take: Take, verdict: Verdict, *, title: str | None = None, chosen: bool = False
) -> None:
    """Insert or update a take; `title` is that of its finished track, `chosen` whether that is made of it."""
    row = {
        "seed": take.order.seed,
        "sha256": take.sha256,
        "fingerprint": take.fingerprint,
        "passed": verdict.passed,
        "total": verdict.total,
        "embedding": verdict.embedding,
        "embedder": verdict.embedder,
        "backend": take.backend.title,
        "licences": "\n".join(take.backend.licences),
        "scores": json.dumps({score.name: score.value for score in verdict.scores}),
        "seconds": take.seconds,
        "loudness": verdict.measured.loudness,
    }
    if take.peaks is not None:
        row["peaks"] = take.peaks
    key = {"album": slug, "track": take.order.track.number, "take": take.order.index}
    if title is not None:
        row |= {"chosen": chosen, "title": title}
    statement = insert(takes).values(**{"chosen": False, "title": take.order.track.title, **key, **row})
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=row))


def _was_finished(connection: Connection, slug: Slug) -> bool:
    """Whether an album was finished once, also where it is being made again."""
    found = select(takes.c.take).where(takes.c.album == slug, takes.c.chosen).limit(1)
    return connection.execute(found).first() is not None


def _wish(brief: Brief) -> str:
    return brief.but(seed=0).digest()


def _album_row(row: RowMapping) -> AlbumRow:
    known = {name: row[name] for name in AlbumRow.model_fields if name != "brief"}
    return AlbumRow(**known, brief=Brief.model_validate_json(row["brief"]))
