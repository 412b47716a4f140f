"""A library opened again: what a killed run left half said is made good, and looking changes nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import papers
import pytest

from pipeline.catalogue import Catalogue
from pipeline.domain import Project
from pipeline.errors import Damaged, ShelfError
from pipeline.library import open_library, open_to_look
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.shelf.album_folder import MANIFEST, PLAN
from pipeline.steps.plan import finished_album, unfinished_project

ASKED = papers.brief()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf.open(tmp_path / "library")


@pytest.fixture
def album(shelf: Shelf) -> AlbumFolder:
    """An album whose run was killed after album.json and before the catalogue."""
    folder = shelf.begin("Rain On Tin", papers.project)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        catalogue.reserve(folder.slug, ASKED, papers.plan())
    papers.finished_album(folder)
    return folder


def find(shelf: Shelf) -> object:
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        return finished_album(shelf, catalogue, ASKED)


def is_known(shelf: Shelf) -> None:
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        assert [row.status for row in catalogue.albums()] == ["draft"]
        assert [take.title for take in catalogue.fingerprints()] == ["Gutter Song", "Slow Drops"]


def test_an_album_killed_before_the_catalogue_is_a_draft_when_it_is_asked_for_again(
    shelf: Shelf, album: AlbumFolder
) -> None:
    """Its chosen takes count in the near-duplicate check from then on."""
    assert find(shelf) == album.read_manifest()
    is_known(shelf)


def test_an_album_killed_before_the_catalogue_is_a_draft_when_the_library_is_opened(
    shelf: Shelf, album: AlbumFolder
) -> None:
    """Whoever opens the library next makes it good."""
    with open_library(Settings(library=shelf.root)):
        pass
    is_known(shelf)


def test_a_kill_while_a_lost_catalogue_is_made_again_loses_nothing(shelf: Shelf, album: AlbumFolder) -> None:
    """Tables that are there, but know nothing of the shelf, are filled by the next run."""
    shelf.catalogue_path.unlink()
    Catalogue.open(shelf.catalogue_path).close()
    with open_library(Settings(library=shelf.root)) as (_, catalogue):
        assert "gutter song" in catalogue.titles()
    is_known(shelf)


def test_opening_the_library_leaves_an_album_that_needs_attention_so(shelf: Shelf) -> None:
    """Only making it again changes that."""
    folder = shelf.begin("Rain On Tin", papers.project)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        catalogue.reserve(folder.slug, ASKED, papers.plan())
        catalogue.needs_attention(folder.slug, "every take clipped")
        catalogue.reserve(folder.slug, ASKED, papers.plan(), going_on=False)
        row = catalogue.albums()[0]
        assert (row.status, row.why) == ("needs_attention", "every take clipped")


@pytest.mark.parametrize("plan", [None, "{", "another"])
def test_a_damaged_album_goes_on_from_a_plan_that_is_right(shelf: Shelf, album: AlbumFolder, plan: str | None) -> None:
    """A plan that is lost, broken or another one is written again from the manifest before that is put aside."""
    right = papers.project()
    album.path(album.track_path(1, "Gutter Song", "flac")).write_bytes(b"rot")
    album.path(PLAN).unlink()
    if plan is not None:
        album.write_text(PLAN, plan if plan == "{" else papers.project(paper=papers.plan("Moss")).canonical_json())
    assert find(shelf) is None
    assert not album.is_complete() and album.peek(PLAN, Project) == right
    assert unfinished_project(shelf, ASKED) == right


def test_a_manifest_that_cannot_be_read_is_made_again_from_the_plan(shelf: Shelf, album: AlbumFolder) -> None:
    """The album goes on; it is not begun a second time."""
    album.path(MANIFEST).write_text("{")
    assert find(shelf) is None
    assert unfinished_project(shelf, ASKED) == papers.project()


def test_an_album_with_neither_manifest_nor_plan_is_said_to_be_damaged(shelf: Shelf, album: AlbumFolder) -> None:
    """Another album is not begun silently, and nothing is moved."""
    album.path(MANIFEST).write_text("{")
    album.path(PLAN).unlink()
    with pytest.raises(Damaged, match="is missing or damaged too"):
        find(shelf)
    assert album.path(MANIFEST).read_text() == "{"


def test_a_whole_album_gets_its_lost_plan_back(shelf: Shelf, album: AlbumFolder) -> None:
    """Also the very bytes of a manifest that was only laid out anew."""
    album.path(PLAN).unlink()
    album.path(MANIFEST).write_text(album.path(MANIFEST).read_text() + "\n")
    made = album.read_manifest()
    assert find(shelf) == made
    assert album.peek(PLAN, Project) == papers.project()
    assert album.has_hash(MANIFEST, made.digest())


def test_looking_for_an_album_moves_nobody_elses_files(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    """A plan of a newer version, or one just being mended, stays where it is."""
    folder = shelf.begin("Rain On Tin", papers.project)
    folder.write_text(PLAN, '{"version": 2}')
    with caplog.at_level(logging.WARNING):
        assert unfinished_project(shelf, ASKED) is None
    assert folder.path(PLAN).read_text() == '{"version": 2}' and "passed over" in caplog.text


def test_looking_makes_no_library(tmp_path: Path) -> None:
    """A mistyped path is said to be one, and nothing is made there."""
    with pytest.raises(ShelfError, match="There is no library"), open_to_look(Settings(library=tmp_path / "typo")):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_catalogue_that_is_only_read_stays_as_it_is(shelf: Shelf, album: AlbumFolder) -> None:
    """Writing is refused, and one that is not there is not made."""
    with open_library(Settings(library=shelf.root)):
        pass
    before = shelf.catalogue_path.read_bytes()
    with Catalogue.open_to_read(shelf.catalogue_path) as catalogue:
        assert [row.slug for row in catalogue.albums()] == ["rain-on-tin"]
        with pytest.raises(ShelfError):
            catalogue.needs_attention("rain-on-tin", "no")
    assert shelf.catalogue_path.read_bytes() == before
    with pytest.raises(ShelfError, match="There is no catalogue"):
        Catalogue.open_to_read(shelf.root / "other.db")
    assert not (shelf.root / "other.db").exists()
