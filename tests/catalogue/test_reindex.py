"""Reindex: the shelf merged into the catalogue, and nothing lost that only the catalogue knew."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import papers
import pytest

from pipeline.catalogue import Catalogue
from pipeline.catalogue.reindex import Reindexed, check, reindex
from pipeline.errors import Damaged, ShelfError
from pipeline.shelf import Shelf

MOSS = papers.plan("Moss Hour", ("Fern", "Stone"))
DECISION = (1, "rain-on-tin", 2, "a" * 64, "approved", "mia", "2026-03-01 12:00:00.000000", "lovely", 1, "", None)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A library with a finished album, an unfinished one and an empty folder."""
    shelf = Shelf.open(tmp_path / "library")
    papers.finished_album(shelf.begin("Rain On Tin", papers.project))
    shelf.begin("Moss Hour", lambda slug: papers.project(slug, MOSS, papers.brief("moss")))
    (shelf.folder / "empty").mkdir()
    return shelf


def again(shelf: Shelf) -> Reindexed:
    return reindex(shelf, shelf.catalogue_path, clock=lambda: papers.NOON)


def run(shelf: Shelf, statement: str, *values: object) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(shelf.catalogue_path)
    try:
        with connection:
            return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def everything(shelf: Shelf) -> list[object]:
    return [run(shelf, f"SELECT * FROM {table}") for table in ("albums", "titles", "takes", "renders", "decisions")]


def fill(shelf: Shelf) -> None:
    """Give the catalogue what no album on the shelf can tell: a decision, and renders that came to nothing."""
    again(shelf)
    run(shelf, "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *DECISION)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        number = catalogue.begin_render("rain-on-tin", papers.order(), "reroll", papers.BAND, "an earlier run")
        catalogue.mark_interrupted("rain-on-tin")
    columns = "album, track, take, seed, kind, backend, started, finished, outcome, seconds, run, pid"
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
    run(shelf, f"{numbers} INSERT INTO renders ({columns}) SELECT {columns} FROM renders, n WHERE id = ?", number)


def test_a_lost_catalogue_is_built_from_the_shelf(shelf: Shelf) -> None:
    """Albums, titles, takes and what the takes cost are all there again; unfinished albums keep their titles."""
    found = again(shelf)
    assert (found.finished, found.unfinished) == (("rain-on-tin",), ("moss-hour",))
    assert (found.damaged, found.conflicts, found.missing, found.moved_aside) == ((), (), (), None)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        assert {row.slug: row.status for row in catalogue.albums()} == {
            "moss-hour": "in_progress",
            "rain-on-tin": "draft",
        }
        assert catalogue.titles() == {"rain on tin", "gutter song", "slow drops", "moss hour", "fern", "stone"}
        assert [chosen.title for chosen in catalogue.fingerprints()] == ["Gutter Song", "Slow Drops"]
        assert catalogue.spend("rain-on-tin") == shelf.album("rain-on-tin").read_manifest().run.spend


def test_reindexing_twice_changes_nothing(shelf: Shelf) -> None:
    """It is safe to repeat."""
    fill(shelf)
    before = everything(shelf)
    again(shelf)
    assert everything(shelf) == before


def test_decisions_and_the_ledger_are_never_rebuilt(shelf: Shelf) -> None:
    """What only the catalogue knows stays as it is, also about albums that are gone from the shelf."""
    fill(shelf)
    before = everything(shelf)[3:]
    shutil.rmtree(shelf.album("rain-on-tin").folder)
    found = again(shelf)
    assert found.missing == ("rain-on-tin",) and found.finished == ()
    assert everything(shelf)[3:] == before


def test_damaged_albums_are_listed_and_do_not_stop_the_rest(shelf: Shelf) -> None:
    """A manifest that cannot be read, or that sits in a copied folder, costs only itself."""
    shutil.copytree(shelf.album("rain-on-tin").folder, shelf.folder / "a-copy")
    papers.finished_album(shelf.album("broken"), papers.plan("Broken", ("X",)))
    shelf.album("broken").path("album.json").write_text("{")
    shelf.album("cut").write_text("plan.json", "{")
    found = again(shelf)
    assert [slug for slug, _ in found.damaged] == ["a-copy", "broken", "cut"]
    assert "describes the album rain-on-tin" in found.damaged[0][1] and "album.json" in found.damaged[1][1]
    assert found.finished == ("rain-on-tin",) and found.unfinished == ("moss-hour",)


def test_a_title_that_two_albums_have_stays_with_the_one_that_had_it(shelf: Shelf) -> None:
    """Both albums are entered, and the conflict is said."""
    again(shelf)
    papers.finished_album(shelf.album("amber"), papers.plan("Amber", ("Gutter Song",)), papers.brief("amber"))
    shelf.begin("Zinc", lambda slug: papers.project(slug, papers.plan("Zinc", ("Fern",)), papers.brief("zinc")))
    found = again(shelf)
    assert found.finished == ("amber", "rain-on-tin")
    assert [slug for slug, _ in found.conflicts] == ["amber", "zinc"] and "Gutter Song" in found.conflicts[0][1]
    assert run(shelf, "SELECT album FROM titles WHERE title = 'Gutter Song'") == [("rain-on-tin",)]


def overwrite(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def test_a_destroyed_catalogue_is_kept_aside_and_replaced(shelf: Shelf) -> None:
    """Even when nothing in it can be read, it is not thrown away, and the library works again."""
    fill(shelf)
    overwrite(shelf.catalogue_path, 0, 4096)
    ruin = shelf.catalogue_path.read_bytes()
    with pytest.raises(Damaged):
        Catalogue.open(shelf.catalogue_path)
    found = again(shelf)
    assert found.moved_aside == shelf.root / "catalogue-damaged-2026-03-01.db"
    assert found.moved_aside.read_bytes() == ruin and set(found.salvaged.values()) == {0}
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        assert len(catalogue.albums()) == 2
    overwrite(shelf.catalogue_path, 0, 4096)
    assert again(shelf).moved_aside == shelf.root / "catalogue-damaged-2026-03-01-2.db"
    assert found.moved_aside.read_bytes() == ruin


def test_most_of_a_damaged_ledger_and_every_decision_are_saved(shelf: Shelf) -> None:
    """A bad page in the middle costs the renders on it, not those before and after, and no decision."""
    fill(shelf)
    (root,) = run(shelf, "SELECT rootpage FROM sqlite_master WHERE name = 'renders'")[0]
    total = run(shelf, "SELECT count(*) FROM renders")[0][0]
    page = _a_middle_leaf(shelf, int(str(root)))
    overwrite(shelf.catalogue_path, (page - 1) * 4096, 4096)
    with pytest.raises(Damaged):
        check(shelf.catalogue_path)
    found = again(shelf)
    assert found.moved_aside is not None
    saved = int(str(run(shelf, "SELECT count(*) FROM renders")[0][0]))
    assert int(str(total)) * 0.6 < saved < int(str(total))
    assert run(shelf, "SELECT * FROM decisions") == [DECISION]
    first, last = run(shelf, "SELECT min(id), max(id) FROM renders")[0]
    assert (first, last) == (1, total)
    check(shelf.catalogue_path)


def test_takes_of_an_older_revision_are_saved_from_a_damaged_catalogue(shelf: Shelf) -> None:
    """They lack the newest columns, which stay empty."""
    fill(shelf)
    for column in ("embedding", "embedder"):
        run(shelf, f"ALTER TABLE takes DROP COLUMN {column}")
    run(shelf, "UPDATE alembic_version SET version_num = '0001'")
    before = run(shelf, "SELECT album, track, take, fingerprint FROM takes")
    (root,) = run(shelf, "SELECT rootpage FROM sqlite_master WHERE name = 'renders'")[0]
    overwrite(shelf.catalogue_path, (_a_middle_leaf(shelf, int(str(root))) - 1) * 4096, 4096)
    found = again(shelf)
    assert found.moved_aside is not None and found.salvaged["takes"] == len(before) > 0
    assert run(shelf, "SELECT album, track, take, fingerprint FROM takes") == before


def _a_middle_leaf(shelf: Shelf, root: int) -> int:
    """Return a leaf of a table from its root page: cell pointers to child pages (sqlite.org/fileformat2.html)."""
    page = shelf.catalogue_path.read_bytes()[(root - 1) * 4096 : root * 4096]
    assert page[0] == 5, "the table must have grown beyond one page"
    cells = int.from_bytes(page[3:5], "big")
    pointer = 12 + 2 * (cells // 2)
    cell = int.from_bytes(page[pointer : pointer + 2], "big")
    return int.from_bytes(page[cell : cell + 4], "big")


def test_the_log_of_a_damaged_catalogue_is_not_replayed_into_the_new_one(shelf: Shelf) -> None:
    """What a killed run left in the write-ahead log goes aside with its file."""
    fill(shelf)
    connection = sqlite3.connect(shelf.catalogue_path)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    with connection:
        connection.execute("UPDATE albums SET why = 'from the log'")
    log = shelf.catalogue_path.with_name("catalogue.db-wal").read_bytes()
    connection.close()
    shelf.catalogue_path.with_name("catalogue.db-wal").write_bytes(log)
    overwrite(shelf.catalogue_path, 0, 100)
    with shelf.catalogue_path.with_name("catalogue.db-wal").open("r+b") as file:
        file.seek(32 + 24)
        file.write(os.urandom(4096))
    found = again(shelf)
    assert found.moved_aside is not None
    check(shelf.catalogue_path)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        assert len(catalogue.albums()) == 2


def test_a_newer_catalogue_is_not_taken_for_a_damaged_one(shelf: Shelf) -> None:
    """Reindexing with an old version changes nothing."""
    again(shelf)
    run(shelf, "UPDATE alembic_version SET version_num = '9999'")
    before = everything(shelf)
    with pytest.raises(ShelfError, match="newer version"):
        again(shelf)
    assert everything(shelf) == before and not list(shelf.root.glob("*damaged*"))
