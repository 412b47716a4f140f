"""The revision of the tables: made, backed up and migrated when a library is opened.

Alembic does the work, and is imported only when there is some: it costs more time than opening the catalogue.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from pipeline.catalogue.database import Database, explained
from pipeline.errors import ShelfError
from pipeline.shelf.atomic import writing
from pipeline.shelf.clock import Clock
from pipeline.shelf.lease import queueing


@dataclass(frozen=True)
class Schema:
    """A folder of Alembic migrations and the revisions in it, oldest first."""

    migrations: Path
    revisions: tuple[str, ...]

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.revisions[-1]


SCHEMA = Schema(Path(__file__).parent / "migrations", ("0001", "0002", "0003", "0004", "0005"))
"""What this version of the label reads and writes. The list spares importing Alembic to find its own head."""


def bring_up_to_date(database: Database, clock: Clock, schema: Schema = SCHEMA) -> None:
    """Make or migrate the tables.

    Data of an older revision is copied beside itself first (catalogue-<revision>-<date>.db), then migrated in one
    transaction. Raises ShelfError, changing nothing, on data of a newer version or of another program.
    """
    path = database.path
    if stored_revision(database) == schema.head:
        return
    with queueing(path.with_name(f".{path.name}.lock")):
        stored = stored_revision(database)  # another process may have been first
        if stored == schema.head:
            return
        if stored is not None and stored not in schema.revisions:
            raise ShelfError(
                f"The catalogue {path} was written by a newer version (revision {stored}, ours is {schema.head}).",
                "Install the newest lofi-label. Nothing was changed.",
            )
        if stored is None:
            _write_ahead(path)
        else:
            _back_up(path, stored, clock)
        with database.writing() as connection:
            _upgrade(connection, schema)


def stored_revision(database: Database) -> str | None:
    """Return the revision of the data, or None for an empty file."""
    with database.reading() as connection:
        tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
        if "alembic_version" in tables:
            return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    if tables:
        raise ShelfError(
            f"{database.path} is the database of another program (it has a table {min(tables)}).",
            "Name another library, or move that file away.",
        )
    return None


def _write_ahead(path: Path) -> None:
    """Switch a new file to WAL, for good. A network file system that cannot keeps the rollback journal."""
    with explained(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def _back_up(path: Path, revision: str, clock: Clock) -> Path:
    """Copy the database beside itself, whole and compact, and return where."""
    name = f"{path.stem}-{revision}-{clock():%Y-%m-%d}"
    backup = path.with_name(f"{name}{path.suffix}")
    number = 1
    while backup.exists():
        number += 1
        backup = path.with_name(f"{name}-{number}{path.suffix}")
    with explained(path), writing(backup) as temp:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("VACUUM INTO ?", (str(temp),))
        finally:
            connection.close()
    return backup


def _upgrade(connection: Connection, schema: Schema) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
