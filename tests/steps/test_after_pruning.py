"""An album with real sound after it was pruned: verified, replayed, made again, and looked at in the review room."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import papers
import pytest
import small_studio
from click.testing import Result
from review_room import HOST, open_app
from small_label import lofi_here
from starlette.testclient import TestClient

from pipeline.catalogue import Catalogue
from pipeline.catalogue.reindex import reindex
from pipeline.catalogue.rows import Decided
from pipeline.domain import Album
from pipeline.library import open_library
from pipeline.pruning import prune_takes
from pipeline.review.room import Room
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.shelf.atomic import hash_file
from pipeline.steps.plan import finished_album

LATER = datetime.now(UTC) + timedelta(days=40)


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Album]:
    """An album of two tracks with two takes each, approved. Only to be copied."""
    root = tmp_path_factory.mktemp("approved") / "library"
    said = small_studio.settings(root)
    album = small_studio.make(said, small_studio.brief(said, takes=2, tracks=2))
    with Catalogue.open(Shelf.open(root).catalogue_path) as catalogue:
        catalogue.decide(album.slug, album.digest(), "approved", "mia")
    return root, album


@pytest.fixture(scope="module")
def pruned(approved: tuple[Path, Album], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Album]:
    """The same, pruned. Only to be copied."""
    root, album = tmp_path_factory.mktemp("pruned") / "library", approved[1]
    shutil.copytree(approved[0], root)
    shelf = Shelf.open(root)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        assert len(prune_takes(shelf.album(album.slug), catalogue, LATER - timedelta(days=30), LATER).gone) == 2
    return root, album


class Kept:
    """A copy of the library."""

    def __init__(self, root: Path, album: Album) -> None:
        self.root, self.album, self.said = root, album, small_studio.settings(root)
        self.shelf = Shelf.open(root)

    @property
    def folder(self) -> AlbumFolder:
        return self.shelf.album(self.album.slug)

    def decide(self, decision: str, **more: Any) -> None:
        sounds = {(take.order.track.number, take.order.index): take.sha256 for take in self.album.takes}
        version = sounds[more["track"], more["take"]] if "take" in more else self.album.digest()
        with Catalogue.open(self.shelf.catalogue_path) as catalogue:
            values = {"version": version, "decision": decision, "author": "mia", "time": datetime.now(UTC), **more}
            catalogue.review.decide(self.album.slug, Decided.model_validate(values), None)

    def make(self, **parts: str) -> Album:
        named = {role: f"small_studio:{name}" for role, name in parts.items()}
        return small_studio.make(self.said.model_copy(update=named), self.album.brief)

    def renders(self) -> int:
        with sqlite3.connect(self.shelf.catalogue_path) as database:
            return int(database.execute("select count(*) from renders").fetchone()[0])

    def gone(self) -> set[tuple[int, int]]:
        """The takes whose sound is not there."""
        return {
            (take.order.track.number, take.order.index)
            for take in self.album.takes
            if not self.folder.path(take.path).exists()
        }

    def lofi(self, *words: str) -> Result:
        return lofi_here(self.root, self.root.parent / "cache", *words)


@pytest.fixture
def kept(pruned: tuple[Path, Album], tmp_path: Path) -> Kept:
    shutil.copytree(pruned[0], tmp_path / "library")
    return Kept(tmp_path / "library", pruned[1])


def other(album: Album, number: int) -> int:
    return 3 - next(track.take for track in album.tracks if track.number == number)


def test_it_is_still_made(kept: Kept) -> None:
    """The same command finds it whole and renders nothing; a catalogue that was lost is built from it again."""
    with open_library(kept.said) as (shelf, catalogue):
        assert finished_album(shelf, catalogue, kept.album.brief) == kept.album
    paid = kept.renders()
    kept.shelf.catalogue_path.unlink()
    found = reindex(kept.shelf, kept.shelf.catalogue_path)
    assert found.finished == (kept.album.slug,) and not found.damaged
    assert kept.renders() == paid


def test_a_title_costs_no_render_and_brings_no_take_back(kept: Kept) -> None:
    """Made again for another reason, the takes that are gone stay gone; also where another judge is at work."""
    paid, gone = kept.renders(), kept.gone()
    kept.decide("retitled", track=2, value="Kettle Song")
    after = kept.make(judge="StricterJudge")
    assert after.tracks[1].title == "Kettle Song" and kept.renders() == paid and kept.gone() == gone
    assert after.takes == kept.album.takes and kept.folder.read_whole() == after


def test_a_reroll_renders_the_new_take_alone(kept: Kept) -> None:
    """The judge chooses among all of that track, by what it said of the one that is gone."""
    paid = kept.renders()
    kept.decide("reroll", track=2)
    after = kept.make()
    chosen = next(track.take for track in after.tracks if track.number == 2)
    assert kept.renders() == paid + 1 + (chosen == other(kept.album, 2))
    assert kept.folder.read_whole() == after


def test_a_take_that_is_wanted_after_all_is_rendered_again(kept: Kept) -> None:
    """It is the very same sound, it is in the ledger, and it is pruned no more: were it lost, that would be said."""
    paid, taken = kept.renders(), other(kept.album, 1)
    kept.decide("take", track=1, take=taken)
    after = kept.make()
    assert after.tracks[0].take == taken and kept.renders() == paid + 1
    assert {take.sha256 for take in after.takes} == {take.sha256 for take in kept.album.takes}
    assert (1, taken) not in kept.gone() and len(kept.gone()) == 1
    kept.folder.path(AlbumFolder.take_path(1, taken)).unlink()
    said = kept.lofi("verify")
    assert f"takes/01-{taken}.flac is missing" in said.output and "1 problem" in said.output


def test_a_rejected_take_gives_way_to_one_that_was_pruned(kept: Kept) -> None:
    """The next best is rendered again, because now it is the best there is."""
    paid, chosen = kept.renders(), kept.album.tracks[0].take
    kept.decide("rejected", track=1, take=chosen, note="too loud")
    after = kept.make()
    assert after.tracks[0].take == 3 - chosen and kept.renders() == paid + 1
    assert kept.folder.read_whole() == after


def test_verify_says_pruned_and_not_missing(kept: Kept) -> None:
    """With the day; it is no problem. What is missing otherwise still is one."""
    said = kept.lofi("verify")
    day = LATER.date()
    assert f"{kept.album.slug}: 2 files of takes not chosen, pruned on {day}" in said.output
    assert "missing" not in said.output and "all whole" in said.output and not said.return_value


def test_replay_renders_it_again_and_compares_with_the_recorded_hash(kept: Kept) -> None:
    """The same, byte for byte; and it leaves nothing behind."""
    taken, gone = other(kept.album, 1), kept.gone()
    said = kept.lofi("replay", kept.album.slug, "1", "--take", str(taken))
    assert f"Take {taken} of “{kept.album.tracks[0].title}”: the same, byte for byte" in said.output
    assert kept.gone() == gone


def test_replay_of_another_sound_says_that_it_cannot_tell_how_far_off_it_is(kept: Kept) -> None:
    """There is only the hash to compare with."""
    taken = other(kept.album, 1)
    manifest = kept.folder.path("album.json")
    was = next(t.sha256 for t in kept.album.takes if (t.order.track.number, t.order.index) == (1, taken))
    for path in (manifest, kept.folder.path("pruned.json")):
        path.write_text(path.read_text().replace(was, "0" * 64))
    said = kept.lofi("replay", kept.album.slug, "1", "--take", str(taken))
    assert "differs from the recorded hash, and was pruned" in said.output


def test_the_verb_says_what_goes_and_what_stays(approved: tuple[Path, Album], tmp_path: Path) -> None:
    """A dry run names the very files that then go; a second run finds nothing."""
    shutil.copytree(approved[0], tmp_path / "library")
    kept = Kept(tmp_path / "library", approved[1])
    assert "2 takes" not in kept.lofi("prune", "--dry-run").output.partition("Stays")[0]  # it was decided on today
    looked = kept.lofi("prune", "--dry-run", "--older-than", "0").output
    assert f"{kept.album.slug}: 2 takes; " in looked and "Would go: 2 takes; " in looked
    assert "Stays: 2 takes of 1 album: chosen" in looked and kept.gone() == set()
    planned = json.loads(kept.lofi("prune", "--dry-run", "--older-than", "0", "--json").output)
    done = json.loads(kept.lofi("prune", "--older-than", "0", "--json").output)
    assert done == {**planned, "dry_run": False} and len(done["files"]) == 2
    assert done["stays"] == [{"album": kept.album.slug, "takes": 2, "why": "chosen"}]
    assert {(track.number, other(kept.album, track.number)) for track in kept.album.tracks} == kept.gone()
    assert "Nothing to prune." in kept.lofi("prune", "--older-than", "0").output


def test_an_album_that_cannot_be_pruned_does_not_keep_the_others(approved: tuple[Path, Album], tmp_path: Path) -> None:
    """It is said what is wrong with it, and the exit code is that of the error."""
    shutil.copytree(approved[0], tmp_path / "library")
    kept = Kept(tmp_path / "library", approved[1])
    with Catalogue.open(kept.shelf.catalogue_path) as catalogue:
        paper, asked = papers.plan("Late Bus", ("Empty Seats",)), papers.brief("late", tracks=1)
        folder = kept.shelf.begin("Late Bus", lambda slug: papers.project(slug, paper, asked))
        with folder.hold():
            album = papers.finished_album(folder, paper, asked)
        catalogue.enter(album)
        catalogue.decide(album.slug, album.digest(), "approved", "mia")
    folder.path("pruned.json").mkdir()  # nothing can be noted there
    done = kept.lofi("prune", "--older-than", "0")
    assert "pruned.json" in done.stderr and done.return_value != 0
    assert len(kept.gone()) == 2 and len(list(folder.folder.glob("takes/*.flac"))) == 2


@contextmanager
def page(kept: Kept) -> Iterator[TestClient]:
    with open_app(kept.root, kept.root.parent / "cache") as app, TestClient(app, base_url=f"http://{HOST}") as client:
        yield client


def test_the_review_page_shows_the_album_and_says_what_is_gone(kept: Kept) -> None:
    """All takes are listed with what was said of them; the sound of one that is gone answers 410 in plain words."""
    taken = other(kept.album, 1)
    with page(kept) as client:
        album = client.get(f"/api/albums/{kept.album.slug}").json()
        assert [len(track["takes"]) for track in album["tracks"]] == [2, 2]
        assert client.get(f"/albums/{kept.album.slug}", headers={"Accept": "text/html"}).status_code == 200
        gone = client.get(f"/sound/{kept.album.slug}/1/{taken}.flac")
        assert gone.status_code == 410 and gone.json()["message"].startswith("This take was pruned on ")
        assert client.get(f"/sound/{kept.album.slug}/1/{3 - taken}.flac").status_code == 200


def test_nobody_is_asked_to_compare_what_cannot_be_heard(kept: Kept) -> None:
    """Each track has one sound left, so there is no pair."""
    with open_library(Settings(library=kept.root)) as (shelf, catalogue):
        room = Room(shelf, catalogue, kept.root.parent / "cache", "mia", random.Random(1))
        assert room.blind("mia") is None


def test_the_sound_that_stays_is_the_chosen_one(kept: Kept) -> None:
    """By its hash, of every track."""
    for track in kept.album.tracks:
        take = next(t for t in kept.album.takes if (t.order.track.number, t.order.index) == (track.number, track.take))
        assert hash_file(kept.folder.path(take.path))[0] == take.sha256
