"""Verify: the records themselves are checked, and every error of the disk is one line."""

from __future__ import annotations

import errno
from pathlib import Path

import papers
import pytest
from patient_band import PatientBand

from pipeline.audio.clip import Clip
from pipeline.domain import Take, TrackPlan
from pipeline.errors import ShelfError
from pipeline.proof import find_take, replay, verify
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.shelf.album_folder import MANIFEST, PLAN
from pipeline.shelf.atomic import explained
from pipeline.steps.performance import perform
from pipeline.workers import Workers


@pytest.fixture
def folder(tmp_path: Path) -> AlbumFolder:
    folder = AlbumFolder(tmp_path / "rain-on-tin", "rain-on-tin")
    papers.finished_album(folder)
    return folder


def records(folder: AlbumFolder, manifest: str | None) -> dict[str, str | None]:
    """Return what is said of album.json and plan.json, which come first and need no worker."""
    checking = verify(folder, Workers(1), manifest)
    return {checked.path: checked.problem for checked in (next(checking), next(checking))}


def test_records_that_are_whole_pass(folder: AlbumFolder) -> None:
    """Whether or not the catalogue knows the manifest."""
    for known in (None, folder.read_manifest().digest()):
        assert records(folder, known) == {MANIFEST: None, PLAN: None}


def test_an_edited_manifest_is_noticed(folder: AlbumFolder) -> None:
    """It still reads as an album, but it is not the one the catalogue recorded."""
    known = folder.read_manifest().digest()
    path = folder.path(MANIFEST)
    path.write_text(path.read_text().replace("the warmer one", "the colder one"))
    assert "hash in the catalogue" in str(records(folder, known)[MANIFEST])


@pytest.mark.parametrize("plan", [None, "{", "another"])
def test_a_plan_that_is_not_the_albums_is_noticed(folder: AlbumFolder, plan: str | None) -> None:
    """Lost, broken or of another album; and it stays where it is."""
    folder.path(PLAN).unlink()
    if plan is not None:
        folder.write_text(PLAN, plan if plan == "{" else papers.project(paper=papers.plan("Moss")).canonical_json())
    assert records(folder, None)[PLAN] is not None
    assert folder.path(PLAN).exists() == (plan is not None)


def test_a_track_that_is_not_there_is_a_mistake_of_the_asker(folder: AlbumFolder) -> None:
    """Exit code 2, as for every request that cannot be met."""
    album = folder.read_manifest()
    for number, index in ((9, None), (1, 9)):
        with pytest.raises(ShelfError) as caught:
            find_take(album, number, index)
        assert caught.value.exit_code == 2


class Ear:
    """Finds no fault."""

    def fault(self, clip: Clip, track: TrackPlan) -> str | None:
        return None


def test_a_take_that_was_heard_being_made_is_heard_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could be another take without the ear; with it, it is the same to the byte."""
    monkeypatch.setenv("QUICK", "1")
    folder, order, band = AlbumFolder(tmp_path, "x"), papers.order(), PatientBand(tmp_path / "asked.txt", hissing=True)
    (take,) = perform([(order, folder.take_files(order))], band, Ear())
    assert isinstance(take, Take)
    with Workers(1) as workers:
        assert replay(folder, take, band, workers, Ear()).same
    assert (tmp_path / "asked.txt").read_text() == "1-1 heard by Ear\n" * 2


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.ENXIO])
def test_every_refusal_of_the_system_is_one_line(tmp_path: Path, number: int) -> None:
    """It names the path, and comes with a remedy."""
    with pytest.raises(ShelfError) as caught, explained(tmp_path):
        raise OSError(number, "refused")
    assert str(tmp_path) in caught.value.message and "\n" not in str(caught.value) and caught.value.remedy


def test_a_library_with_an_endless_name_is_refused(tmp_path: Path) -> None:
    """No traceback for a path the system does not take."""
    for writable in (True, False):
        with pytest.raises(ShelfError):
            Shelf.open(tmp_path / ("x" * 300), writable=writable)
