"""Of an approved album only what was approved goes on the air."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from radio_pieces import CAFE, tune
from small_label import copied, put_album

from pipeline.catalogue import Catalogue
from pipeline.domain import Album
from pipeline.library import open_library
from pipeline.longmix.portraits import Portraits
from pipeline.radio import approved
from pipeline.radio.air import Air
from pipeline.radio.approved import Approved
from pipeline.radio.running_order import RunningOrder
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.workers import Workers

SLUG = "evening-ferry"
TITLES = ("Gangway", "Wake", "Mooring")
SECONDS = (21.0, 22.0, 12.0)
"""The last one is too short for the radio."""


class Library:
    """A library with one finished album, and what people do to it."""

    def __init__(self, shelf: Shelf, catalogue: Catalogue, measured: Portraits) -> None:
        self.catalogue = catalogue
        self.folder: AlbumFolder = shelf.album(SLUG)
        self.approved = Approved(shelf, catalogue, measured, np.random.default_rng(1))

    @property
    def album(self) -> Album:
        return self.folder.read_manifest()

    def sound(self, number: int) -> Path:
        return next(self.folder.path(file.path) for file in self.album.tracks[number - 1].files)

    def approve(self) -> None:
        self.catalogue.decide(SLUG, self.album.digest(), "approved", "mia")

    def release(self) -> None:
        self.approve()
        self.catalogue.decide(SLUG, self.album.digest(), "released", "mia")

    def reject(self) -> None:
        self.catalogue.decide(SLUG, self.album.digest(), "rejected", "mia")

    def edit(self) -> None:
        """Change what the manifest says, where the catalogue does not hear of it."""
        with self.folder.hold():
            self.folder.write_manifest(self.album.but(run=self.album.run.but(id="another run")))

    def make_again(self) -> None:
        self.edit()
        self.catalogue.enter(self.album)

    def break_sound(self) -> None:
        """Another content of the same length, as a failing disk gives it."""
        whole = self.sound(1).read_bytes()
        middle = len(whole) // 2
        self.sound(1).write_bytes(whole[:middle] + bytes(100) + whole[middle + 100 :])

    def lose_sound(self) -> None:
        self.sound(1).unlink()

    def break_manifest(self) -> None:
        self.folder.path("album.json").write_text("{")

    def played(self) -> list[int | None]:
        """The tracks that may be broadcast."""
        pieces = self.approved.pieces()
        assert {piece.source for piece in pieces} <= {"approved"}
        return sorted(piece.track or 0 for piece in pieces)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with an album of three tracks. Only to be read."""
    root = tmp_path_factory.mktemp("approved") / "library"
    with open_library(Settings(library=root)) as (shelf, catalogue):
        clips = [tune(20 + number, seconds) for number, seconds in enumerate(SECONDS)]
        put_album(shelf, catalogue, "Evening Ferry", TITLES, clips, formats=("flac",))
    return root


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portraits]:
    """What is measured, once for all these tests."""
    with Workers(1) as workers:
        yield Portraits(tmp_path_factory.mktemp("portraits"), workers)


@pytest.fixture
def library(tmp_path: Path, finished: Path, portraits: Portraits) -> Iterator[Library]:
    with opened(copied(finished, tmp_path / "library"), portraits) as made:
        yield made


@contextmanager
def opened(root: Path, measured: Portraits) -> Iterator[Library]:
    with open_library(Settings(library=root)) as (shelf, catalogue):
        yield Library(shelf, catalogue, measured)


Deed = Callable[[Library], None]
APPROVE, RELEASE, REJECT, EDIT = Library.approve, Library.release, Library.reject, Library.edit
MAKE_AGAIN, BREAK, LOSE = Library.make_again, Library.break_sound, Library.lose_sound


@pytest.mark.parametrize(
    ("deeds", "tracks"),
    [
        pytest.param([], [], id="nobody decided"),
        pytest.param([APPROVE], [1, 2], id="approved"),
        pytest.param([RELEASE], [1, 2], id="released"),
        pytest.param([REJECT], [], id="rejected"),
        pytest.param([APPROVE, REJECT], [], id="rejected since"),
        pytest.param([REJECT, APPROVE], [1, 2], id="approved after all"),
        pytest.param([APPROVE, MAKE_AGAIN], [], id="made again since"),
        pytest.param([RELEASE, MAKE_AGAIN], [], id="made again since it was released"),
        pytest.param([APPROVE, MAKE_AGAIN, APPROVE], [1, 2], id="made again and approved"),
        pytest.param([APPROVE, EDIT], [], id="edited since, and nobody told the catalogue"),
        pytest.param([APPROVE, BREAK], [2], id="one file damaged"),
        pytest.param([APPROVE, LOSE], [2], id="one file gone"),
        pytest.param([APPROVE, Library.break_manifest], [], id="manifest damaged"),
    ],
)
@pytest.mark.parametrize("looked", [False, True], ids=["first look", "every look"])
def test_only_what_was_approved_is_broadcast(
    library: Library, deeds: list[Deed], tracks: list[int], looked: bool
) -> None:
    """In that very version, whole and of some length; also where an earlier look has found it good."""
    for deed in deeds:
        if looked:
            library.played()
        deed(library)
    assert library.played() == tracks


def test_a_file_counts_as_checked_for_the_version_it_was_checked_for(library: Library) -> None:
    """An older file that comes back under the same name, with its date, is not what was approved since."""
    library.approve()
    assert library.played() == [1, 2]
    earlier, stat = library.sound(1).read_bytes(), library.sound(1).stat()
    album, (sound, *_) = library.album, library.album.tracks[0].files
    with library.folder.hold():
        library.folder.write_bytes(sound.path, library.sound(2).read_bytes())
        track = album.tracks[0].but(files=(library.folder.record(sound.path),))
        library.folder.write_manifest(album.but(tracks=(track, *album.tracks[1:])))
    library.catalogue.enter(library.album)
    library.approve()
    assert library.played() == [1, 2]
    library.sound(1).write_bytes(earlier)
    os.utime(library.sound(1), ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert library.played() == [2]


def test_an_approved_track_goes_on_the_air_as_what_it_is(library: Library) -> None:
    """With its own title, its album, and who gets the credit."""
    library.approve()
    first = min(library.approved.pieces(), key=lambda piece: piece.key)
    assert (first.key, first.title, first.album, first.track) == (f"{SLUG}/1", "Gangway", SLUG, 1)
    assert first.path == library.sound(1) and first.course is None
    assert first.seconds == pytest.approx(21.0, abs=0.5)


def test_what_is_made_again_while_it_stands_by_is_not_played(library: Library) -> None:
    """Between two looks at the library a file of the same name is not yet another approved one."""
    library.approve()
    first, second = sorted(library.approved.pieces(), key=lambda piece: piece.key)
    with library.folder.hold():
        library.folder.write_bytes(library.album.tracks[0].files[0].path, library.sound(2).read_bytes())
    running_order, lost = RunningOrder(CAFE), list[str]()
    running_order.offer([first])
    air = Air(
        running_order,
        lambda *_: None,
        lambda: running_order.offer([second]),
        lambda *told: lost.append(told[0].key),
        3.0,
    )
    next(air.sound())
    assert lost == [first.key] and running_order.next(None) == replace(second, source="again")


def test_a_radio_that_closes_does_not_wait_for_the_library(library: Library) -> None:
    """The look ends before the next track is read, with what it has found so far."""
    library.approve()
    assert library.approved.pieces(lambda: True) == []
    answers = iter([False, False, True])
    assert len(library.approved.pieces(lambda: next(answers, True))) == 1


def test_a_large_library_is_not_all_made_ready(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """As much as anybody needs of it at once."""
    monkeypatch.setattr(approved, "MOST", 1)
    library.approve()
    assert len(library.played()) == 1
