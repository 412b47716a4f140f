"""Reindex: put everything the shelf knows into the catalogue, and lose nothing only the catalogue knew.

A catalogue that cannot be read is copied aside under a dated name, what can still be read of its albums, ledger and
decisions goes into a new one, and that takes its place. Manifests are then merged, never rebuilt from nothing.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.catalogue.catalogue import Catalogue
from pipeline.catalogue.database import damaged, explained
from pipeline.domain import Project, Slug
from pipeline.errors import Damaged, DiskFull, LofiError, TitleTaken
from pipeline.shelf import AlbumFolder, MixFolder, Shelf
from pipeline.shelf.album_folder import PLAN
from pipeline.shelf.atomic import sync_file, sync_folder, temp_beside
from pipeline.shelf.clock import Clock, utc_now
from pipeline.shelf.lease import queueing
from pipeline.shelf.mix_folder import MIX_MANIFEST

log = logging.getLogger(__name__)

SALVAGED = ("albums", "mixes", "titles", "takes", "renders", "decisions", "comparisons", "jobs", "shifts", "airings")
"""Tables to read out of a damaged catalogue, owners before what they own."""


@dataclass(frozen=True)
class Reindexed:
    """What a reindex found. `damaged` and `conflicts` pair a slug with one plain line."""

    finished: tuple[Slug, ...]
    unfinished: tuple[Slug, ...]
    damaged: tuple[tuple[Slug, str], ...]
    conflicts: tuple[tuple[Slug, str], ...]
    missing: tuple[Slug, ...] = ()
    """Albums of the catalogue that are not on the shelf; their rows are kept."""
    moved_aside: Path | None = None
    """Where the damaged catalogue is now."""
    salvaged: dict[str, int] = field(default_factory=dict)
    """Rows saved from it, by table."""


def reindex(shelf: Shelf, catalogue_path: Path, *, clock: Clock = utc_now) -> Reindexed:
    """Merge every album on the shelf into the catalogue, replacing a damaged catalogue first.

    Safe to repeat and to interrupt. Raises ShelfError when the catalogue is closed to us or newer than this version.
    """
    moved_aside, salvaged = None, dict[str, int]()
    try:
        check(catalogue_path, clock)
    except Damaged as error:
        log.warning("%s", error.message)
        with queueing(catalogue_path.with_name(f".{catalogue_path.name}.rebuild.lock")):
            moved_aside, salvaged = _rebuild(catalogue_path, clock)
    with Catalogue.open(catalogue_path, clock=clock) as catalogue:
        known = [row.slug for row in catalogue.albums()]
        merged = _merge(catalogue, shelf.albums())
        merged = replace(merged, damaged=(*merged.damaged, *_merge_mixes(catalogue, shelf.mixes())))
    missing = [slug for slug in known if not shelf.album(slug).folder.is_dir()]
    return replace(merged, missing=tuple(missing), moved_aside=moved_aside, salvaged=salvaged)


def catch_up(shelf: Shelf, catalogue: Catalogue) -> Reindexed:
    """Merge the albums the catalogue lacks: those it does not know, and those finished when it knows them unfinished.

    So a catalogue that was lost, or a run killed between album.json and the catalogue, is made good by whoever
    comes next, however often that is interrupted. It costs a look at the folders' names when nothing is lacking.
    """
    rows = {row.slug: row for row in catalogue.albums()}
    unread = catalogue.unread()

    def lacking(folder: AlbumFolder) -> bool:
        row = rows.get(folder.slug)
        if folder.slug in unread:
            return folder.is_complete()
        return row is None or (row.manifest is None and folder.is_complete())

    known = {row.slug for row in catalogue.mixes()}
    broken = _merge_mixes(catalogue, (folder for folder in shelf.mixes() if folder.slug not in known))
    merged = _merge(catalogue, filter(lacking, shelf.albums()))
    return replace(merged, damaged=(*merged.damaged, *broken))


def _merge(catalogue: Catalogue, folders: Iterable[AlbumFolder]) -> Reindexed:
    """Merge some albums; one that cannot be read does not stop the rest."""
    finished, unfinished, broken, conflicts = [], [], [], []
    for folder in folders:
        try:
            if folder.is_complete():
                lost = catalogue.merge(folder.read_manifest(), folder.is_complete)
                conflicts += [(folder.slug, f"“{title}” belongs to another album") for title in lost]
                finished.append(folder.slug)
            elif (project := _project(folder)) is not None:
                unfinished.append(folder.slug)
                if (before := folder.before()) is not None:
                    catalogue.restore_decisions(before)
                catalogue.reserve(folder.slug, project.brief, project.plan, going_on=False)
        except TitleTaken as error:
            conflicts.append((folder.slug, error.message))
        except DiskFull:
            raise
        except LofiError as error:
            broken.append((folder.slug, error.message))
    return Reindexed(tuple(finished), tuple(unfinished), tuple(broken), tuple(conflicts))


def _merge_mixes(catalogue: Catalogue, folders: Iterable[MixFolder]) -> list[tuple[Slug, str]]:
    """Enter finished mixes; return those that cannot be read."""
    broken = []
    for folder in folders:
        if folder.is_complete():
            try:
                finished = datetime.fromtimestamp(folder.path(MIX_MANIFEST).stat().st_mtime, UTC)
                catalogue.enter_mix(folder.read_manifest(), finished)
            except DiskFull:
                raise
            except LofiError as error:
                broken.append((folder.slug, error.message))
    return broken


def check(path: Path, clock: Clock = utc_now) -> None:
    """Read the whole catalogue. Raises Damaged with the first thing that is wrong."""
    with Catalogue.open(path, clock=clock), explained(path), contextlib.closing(sqlite3.connect(path)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise damaged(path, str(said).splitlines()[-1])
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            raise damaged(path, f"a row of {broken[0]} belongs to no row of {broken[2]}")


def _project(folder: AlbumFolder) -> Project | None:
    """Return the plan of an unfinished album, None in an empty folder. Raises Damaged."""
    project = folder.peek(PLAN, Project)
    if project is not None and project.slug != folder.slug:
        raise Damaged(f"{folder.folder / PLAN} describes the album {project.slug}.")
    return project


def _rebuild(path: Path, clock: Clock) -> tuple[Path, dict[str, int]]:
    """Put a new catalogue, with what can be salvaged, in the place of a damaged one that is kept aside."""
    fresh = temp_beside(path)
    for leftover in _with_logs(fresh):
        leftover.unlink(missing_ok=True)
    Catalogue.open(fresh, clock=clock).close()
    aside = _copy_aside(path, clock)
    salvaged = _salvage(aside, fresh)
    sync_file(fresh)
    # The old log must go before the new file comes: SQLite would replay it into whatever bears its name.
    for log_file in _with_logs(path)[1:]:
        log_file.unlink(missing_ok=True)
    sync_folder(path.parent)
    fresh.replace(path)
    sync_folder(path.parent)
    return aside, salvaged


def _copy_aside(path: Path, clock: Clock) -> Path:
    """Copy a catalogue and its logs to a dated name that is free."""
    name = f"{path.stem}-damaged-{clock():%Y-%m-%d}"
    aside, number = path.with_name(f"{name}{path.suffix}"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{name}-{number}{path.suffix}")
    for source, target in zip(_with_logs(path), _with_logs(aside), strict=True):
        if source.exists():
            shutil.copyfile(source, target)
            sync_file(target)
    sync_folder(path.parent)
    return aside


def _with_logs(path: Path) -> tuple[Path, Path, Path]:
    return path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _salvage(source: Path, target: Path) -> dict[str, int]:
    """Copy every row that can still be read and is still sound; return how many of each table."""
    saved = {}
    with (
        contextlib.closing(sqlite3.connect(source, isolation_level=None)) as old,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        new.execute("PRAGMA synchronous=FULL")
        new.execute("PRAGMA foreign_keys=ON")
        new.execute("BEGIN IMMEDIATE")
        for table in SALVAGED:
            columns = _columns(new, table)
            with contextlib.suppress(sqlite3.Error):  # one of an older revision lacks the newest columns
                columns = [name for name in columns if name in _columns(old, table)] or columns
            names = ", ".join(f'"{name}"' for name in columns)
            saved[table] = 0
            for row in _readable_rows(old, table, columns):
                marks = ", ".join("?" * len(columns))
                with contextlib.suppress(sqlite3.Error):  # a row that breaks a rule was not sound
                    cursor = new.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608
                    saved[table] += cursor.rowcount
        new.execute("COMMIT")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return saved


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _readable_rows(connection: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[object, ...]]:
    """Yield what can be read of a table: forwards up to the damage, then backwards up to it from the end."""
    names = ", ".join(f'"{name}"' for name in columns)
    seen = set()
    for direction in ("ASC", "DESC"):
        try:
            query = f"SELECT rowid, {names} FROM {table} NOT INDEXED ORDER BY rowid {direction}"  # noqa: S608
            for number, *row in connection.execute(query):
                if number in seen:
                    return
                seen.add(number)
                yield tuple(row)
            return
        except sqlite3.Error as error:
            log.warning("%s: %s", table, error)
