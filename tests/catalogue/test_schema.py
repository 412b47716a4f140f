"""Upgrades: a backup first, one transaction, and nothing newer is touched."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import papers
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipeline.catalogue import Catalogue
from pipeline.catalogue.schema import SCHEMA, Schema
from pipeline.catalogue.tables import metadata
from pipeline.errors import DiskFull, LofiError, ShelfError

LATER = '''
"""Another revision, as a later version may bring."""
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "0005"


def upgrade():
    op.add_column("decisions", sa.Column("stars", sa.Integer()))
    op.execute("UPDATE albums SET why = 'migrated'")
    {last}
'''


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A catalogue of today's revision with an album in it."""
    path = tmp_path / "catalogue.db"
    with Catalogue.open(path) as catalogue:
        catalogue.reserve("rain-on-tin", papers.brief(), papers.plan())
    return path


def later(tmp_path: Path, last: str = "") -> Schema:
    """The schema of a later version."""
    folder = tmp_path / "migrations 100%"
    shutil.copytree(SCHEMA.migrations, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "later.py").write_text(LATER.format(last=last))
    return Schema(folder, (*SCHEMA.revisions, "later"))


def columns(path: Path, table: str) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    finally:
        connection.close()


def why(path: Path) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT why FROM albums").fetchone()[0]
    finally:
        connection.close()


def names(path: Path) -> list[str]:
    return sorted(place.name for place in path.parent.glob("*catalogue*") if not place.name.endswith(".lock"))


def test_the_migrations_make_exactly_the_tables_the_code_uses(tmp_path: Path) -> None:
    """No column is declared without a migration, and the known head is Alembic's own."""
    with Catalogue.open(tmp_path / "catalogue.db") as catalogue, catalogue._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    config = Config()
    config.set_main_option("script_location", str(SCHEMA.migrations))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [SCHEMA.head]
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == SCHEMA.revisions


def test_an_upgrade_backs_up_first(tmp_path: Path, old: Path) -> None:
    """The old data stays beside the new, under its revision and date, and opens with the old version."""
    with Catalogue.open(old, schema=later(tmp_path), clock=lambda: papers.NOON) as catalogue:
        assert catalogue.albums()[0].why == "migrated"
    backup = tmp_path / f"catalogue-{SCHEMA.head}-2026-03-01.db"
    assert names(old) == [backup.name, "catalogue.db"]
    assert columns(old, "decisions")[-1] == "stars"
    with Catalogue.open(backup) as catalogue:
        assert catalogue.albums()[0].why == "" and len(catalogue.titles()) == 3


def test_takes_of_the_first_revision_are_kept_and_have_no_embedding(tmp_path: Path) -> None:
    """A catalogue from before there were models goes on, its takes with empty places for what one heard."""
    path, first = tmp_path / "catalogue.db", Schema(tmp_path / "first", ("0001",))
    later_ones = shutil.ignore_patterns("__pycache__", "embeddings.py", "mixes.py", "review.py", "night.py")
    shutil.copytree(SCHEMA.migrations, first.migrations, ignore=later_ones)
    Catalogue.open(path, schema=first).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO albums VALUES ('moss', 'Moss', 't', 'draft', '', '{}', 'a', 'b', 1, '2026-03-01', NULL, NULL)"
        )
        connection.execute("INSERT INTO takes VALUES ('moss', 1, 1, 5, 'c', 'Fern', 'print', 1, 0.5, 1)")
    connection.close()
    with Catalogue.open(path) as catalogue:
        assert [tuple(made) for made in catalogue.fingerprints()] == [("moss", 1, "Fern", "print", None, None)]
    assert {"embedding", "embedder"} < set(columns(path, "takes"))


def test_a_second_backup_of_one_day_does_not_replace_the_first(tmp_path: Path, old: Path) -> None:
    """An earlier backup is never written over."""
    (tmp_path / f"catalogue-{SCHEMA.head}-2026-03-01.db").write_text("earlier")
    Catalogue.open(old, schema=later(tmp_path), clock=lambda: papers.NOON).close()
    assert (tmp_path / f"catalogue-{SCHEMA.head}-2026-03-01.db").read_text() == "earlier"
    assert f"catalogue-{SCHEMA.head}-2026-03-01-2.db" in names(old)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, old: Path) -> None:
    """Half a migration is undone as a whole, and the old version goes on with the data."""
    schema = later(tmp_path, "raise RuntimeError('half-way')")
    with pytest.raises(RuntimeError, match="half-way"):
        Catalogue.open(old, schema=schema)
    assert "stars" not in columns(old, "decisions") and why(old) == ""
    with Catalogue.open(old) as catalogue:
        assert len(catalogue.titles()) == 3


def test_an_up_to_date_catalogue_is_not_backed_up(old: Path) -> None:
    """Only an upgrade makes a copy."""
    Catalogue.open(old).close()
    assert names(old) == ["catalogue.db"]


def test_newer_data_is_refused_and_left_alone(tmp_path: Path, old: Path) -> None:
    """An old version does not guess at a new one's tables."""
    Catalogue.open(old, schema=later(tmp_path), clock=lambda: papers.NOON).close()
    before = old.read_bytes()
    with pytest.raises(ShelfError, match="newer version") as caught:
        Catalogue.open(old)
    assert "later" in caught.value.message and caught.value.exit_code == 2 and not isinstance(caught.value, DiskFull)
    assert old.read_bytes() == before


def test_errors_of_an_upgrade_are_for_people(tmp_path: Path, old: Path) -> None:
    """A catalogue whose tables are gone is damaged, not a traceback."""
    connection = sqlite3.connect(old)
    with connection:
        connection.execute("DROP TABLE titles")
    connection.close()
    with Catalogue.open(old) as catalogue, pytest.raises(LofiError, match="damaged"):
        catalogue.titles()
