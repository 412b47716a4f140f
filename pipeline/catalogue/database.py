"""The database file: opened with the settings that survive a power cut, and its errors in plain words.

SQLite with WAL and synchronous=FULL: a commit that returned is on the disk. Writers begin with BEGIN IMMEDIATE, so
two of them queue instead of failing half-way (sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from pipeline.errors import Damaged, LofiError, ShelfError
from pipeline.shelf.atomic import free_bytes, no_room

BUSY_TIMEOUT = 30.0
"""Seconds a writer waits for its turn. Transactions take milliseconds, so this is only met on a stuck machine."""

_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")
_FULL_BELOW = 64 * 1024
"""Bytes left on a disk that count as none when SQLite only says that writing failed."""


@dataclass(frozen=True)
class Database:
    """An open database. Usable from many threads; each transaction has a connection of its own."""

    path: Path
    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database."""
        with explained(self.path), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction: committed at the end, undone by any error. Keep it short."""
        with explained(self.path), self.engine.connect() as plain:
            connection = plain.execution_options(immediate=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection; the last one to close folds the write-ahead log into the file."""
        self.engine.dispose()


def connect(path: Path, options: str = "") -> Database:
    """Open a database file, making an empty one when there is none. No table is read or made yet.

    `options` are those of a URI file name, such as "mode=ro" (sqlite.org/uri.html).
    """
    name = f"{path.absolute().as_uri()}?{options}" if options else str(path)

    def new_connection() -> sqlite3.Connection:
        # isolation_level None leaves BEGIN to the listener below: sqlite3's own comes too late, and deferred.
        connection = sqlite3.connect(
            name, uri=bool(options), timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=new_connection, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return Database(path, engine)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn a damaged, closed, full or stuck database into one clear error; let every other error through."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        told = _told(path, error.orig if isinstance(error, DBAPIError) else error)
        if told is None:
            raise
        raise told from error


def _told(path: Path, error: BaseException | None) -> LofiError | None:
    """Say what an SQLite error means to a person, or None when it is a bug of ours (sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "no such" in str(error):
        return damaged(path, str(error))
    if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and free_bytes(path.parent) < _FULL_BELOW):
        return no_room(path)
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR):
        return ShelfError(
            f"The catalogue {path} cannot be used: {error}.", "Make the library writable, or name another."
        )
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ShelfError(
            f"The catalogue {path} has been locked by another program for {BUSY_TIMEOUT:.0f} s.",
            "Close the program that has it open, and run the same command again.",
        )
    return None


def damaged(path: Path, reason: str) -> Damaged:
    """Return the error for a catalogue that cannot be read."""
    return Damaged(
        f"The catalogue {path} is damaged ({reason}).",
        "Run `lofi reindex` to build it again; the albums on the shelf are not touched.",
    )
