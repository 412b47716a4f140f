"""An album is made again with what people decided on it: what they touched is another, the rest is what it was."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_studio
import soundfile

from pipeline import album as flow
from pipeline.catalogue import Catalogue
from pipeline.catalogue.rows import Decided
from pipeline.domain import Album, Brief, Track
from pipeline.errors import NeedsAttention
from pipeline.proof import find_take
from pipeline.review.reading import read
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.steps.again import changes_waiting
from pipeline.steps.choose import Choice
from pipeline.steps.master import master_track
from pipeline.steps.session import Session


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Album]:
    """An album of three tracks with two takes each. Only to be copied."""
    root = tmp_path_factory.mktemp("finished") / "library"
    said = small_studio.settings(root)
    return root, small_studio.make(said, small_studio.brief(said, takes=2))


class Reviewed:
    """A copy of the album that people decide on and make again."""

    def __init__(self, root: Path, album: Album) -> None:
        self.said = small_studio.settings(root)
        self.shelf, self.album = Shelf.open(root), album

    @property
    def folder(self) -> AlbumFolder:
        return self.shelf.album(self.album.slug)

    @property
    def brief(self) -> Brief:
        return self.album.brief

    def decide(self, decision: str, **more: Any) -> Decided:
        with Catalogue.open(self.shelf.catalogue_path) as catalogue:
            takes = {(take.order.track.number, take.order.index): take.sha256 for take in self.album.takes}
            version = takes[more["track"], more["take"]] if "take" in more else self.album.digest()
            made = Decided(
                **{"version": version, "decision": decision, "author": "mia", "time": catalogue.review.now(), **more}
            )  # type: ignore[arg-type]
            return catalogue.review.decide(self.album.slug, made, None)

    def undo(self, made: Decided) -> None:
        with Catalogue.open(self.shelf.catalogue_path) as catalogue:
            catalogue.review.undo(self.album.slug, made.id, made)

    def make(self, settings: Settings | None = None) -> Album:
        self.album = small_studio.make(settings or self.said, self.brief)
        return self.album

    def waiting(self) -> tuple[str, ...]:
        with Catalogue.open(self.shelf.catalogue_path) as catalogue:
            return changes_waiting(self.album, catalogue)

    def status(self) -> str:
        with Catalogue.open(self.shelf.catalogue_path) as catalogue:
            return catalogue.albums()[0].status

    def renders(self) -> list[tuple[str, str]]:
        with sqlite3.connect(self.shelf.catalogue_path) as database:
            return list(database.execute("select kind, outcome from renders order by id"))


@pytest.fixture
def reviewed(finished: tuple[Path, Album], tmp_path: Path) -> Iterator[Reviewed]:
    root = tmp_path / "library"
    shutil.copytree(finished[0], root)
    yield Reviewed(root, finished[1])


def other(album: Album, number: int) -> int:
    """The take that a track is not made of."""
    return 3 - next(track.take for track in album.tracks if track.number == number)


def test_everything_decided_is_in_the_album_and_its_files(reviewed: Reviewed) -> None:
    """Another take, titles, order and cover; tags, names and chapters follow; every file is whole."""
    before, taken = reviewed.album, other(reviewed.album, 1)
    reviewed.decide("take", track=1, take=taken)
    reviewed.decide("retitled", track=2, value="Kettle Song")
    reviewed.decide("retitled", value="Tin Weather")
    reviewed.decide("reordered", value="3,1,2")
    reviewed.decide("cover")
    assert len(reviewed.waiting()) == 5
    after = reviewed.make()
    assert reviewed.waiting() == ()
    assert after.plan.title == "Tin Weather" and after.slug == before.slug
    third, first, second = after.tracks
    assert [track.number for track in after.tracks] == [3, 1, 2]
    assert (first.take, second.title) == (taken, "Kettle Song")
    assert (third.take, third.title) == (before.tracks[2].take, before.tracks[2].title)
    assert after.cover.seed != before.cover.seed
    names = sorted(path.name for path in reviewed.folder.folder.glob("tracks/*.flac"))
    assert names == [f"01 - {third.title}.flac", f"02 - {first.title}.flac", "03 - Kettle Song.flac"]
    with soundfile.SoundFile(reviewed.folder.path(second.files[0].path)) as file:
        tags = file.copy_metadata()
    assert (tags["album"], tags["title"], tags["tracknumber"]) == ("Tin Weather", "Kettle Song", "3")
    assert "Kettle Song" in (reviewed.folder.folder / "tracklist.txt").read_text().splitlines()[-1]
    reviewed.folder.verify_all(after)


def test_nothing_is_rendered_or_mastered_that_nobody_touched(reviewed: Reviewed) -> None:
    """A new title costs one master and the mix."""
    before = {path: path.stat().st_mtime_ns for path in reviewed.folder.folder.rglob("*.flac")}
    paid = reviewed.renders()
    reviewed.decide("retitled", track=2, value="Kettle Song")
    after = reviewed.make()
    now = {path: path.stat().st_mtime_ns for path in reviewed.folder.folder.rglob("*.flac")}
    changed = {path.name for path in now if now[path] != before.get(path)}
    assert changed == {"02 - Kettle Song.flac", "mix.flac"}
    assert reviewed.renders() == paid
    assert after.cover == reviewed.album.cover


def test_undoing_brings_the_very_same_album_back(reviewed: Reviewed, finished: tuple[Path, Album]) -> None:
    """Every track, its file and its place; only when it was made differs."""
    made = [
        reviewed.decide("take", track=1, take=other(reviewed.album, 1)),
        reviewed.decide("retitled", track=2, value="Kettle Song"),
        reviewed.decide("retitled", value="Tin Weather"),
        reviewed.decide("reordered", value="3,1,2"),
    ]
    reviewed.make()
    for each in made:
        reviewed.undo(each)
    assert len(reviewed.waiting()) == 4
    back, first = reviewed.make(), finished[1]
    assert back.but(run=first.run) == first


def test_a_rejected_take_gives_way_to_the_next_best(reviewed: Reviewed) -> None:
    """Without a render; and when all are rejected another one is rendered."""
    number, chosen = 1, reviewed.album.tracks[0].take
    reviewed.decide("rejected", track=number, take=chosen, note="too loud")
    paid = len(reviewed.renders())
    after = reviewed.make()
    assert after.tracks[0].take == 3 - chosen and len(reviewed.renders()) == paid
    assert "rejected at review" in after.tracks[0].why
    reviewed.decide("rejected", track=number, take=3 - chosen, note="no")
    last = reviewed.make()
    assert last.tracks[0].take == 3 and len(reviewed.renders()) == paid + 1


def test_a_reroll_is_one_render_in_the_ledger(reviewed: Reviewed) -> None:
    """The judge chooses among all takes of that track; the other tracks stay as they are."""
    reviewed.decide("reroll", track=2)
    paid = reviewed.renders()
    after = reviewed.make()
    assert reviewed.renders() == [*paid, ("reroll", "finished")]
    assert [take.order.index for take in after.takes if take.order.track.number == 2] == [1, 2, 3]
    assert [track.take for track in after.tracks if track.number != 2] == [
        track.take for track in reviewed.album.tracks if track.number != 2
    ]


def test_an_approval_is_of_the_version_that_was_heard(reviewed: Reviewed) -> None:
    """Made again, the album is a draft; the words on its takes stay."""
    reviewed.decide("approved", track=1, take=reviewed.album.tracks[0].take)
    reviewed.decide("approved")
    assert reviewed.status() == "approved"
    assert reviewed.waiting() == ()  # what was approved as it is needs no making
    reviewed.decide("retitled", track=2, value="Kettle Song")
    reviewed.make()
    assert reviewed.status() == "draft"
    begun = read(reviewed.folder)
    assert begun.whole and begun.album == reviewed.album


def test_a_remake_that_cannot_be_finished_leaves_the_album_as_it_was(reviewed: Reviewed) -> None:
    """All takes rejected and no more allowed: the album that was there is still whole, and its status stays."""
    for take in (1, 2):
        reviewed.decide("rejected", track=1, take=take, note="no")
    before = reviewed.album
    with pytest.raises(NeedsAttention):
        reviewed.make(reviewed.said.model_copy(update={"musician": "small_studio:Mute", "rerolls": 0}))
    assert reviewed.folder.read_whole() == before
    assert reviewed.status() == "draft"


def test_killed_while_its_files_change_it_goes_on(reviewed: Reviewed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the old version and the new there is none, and the same command goes on to the new one."""
    reviewed.decide("retitled", value="Tin Weather")
    reviewed.decide("reordered", value="2,3,1")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(flow, "mix_album", killed)
        with pytest.raises(KeyboardInterrupt):
            reviewed.make()
    assert not reviewed.folder.is_complete() and reviewed.status() == "in_progress"
    assert read(reviewed.folder).album == reviewed.album
    after = reviewed.make()
    assert (after.plan.title, [track.number for track in after.tracks]) == ("Tin Weather", [2, 3, 1])
    reviewed.folder.verify_all(after)
    assert not (reviewed.folder.folder / "album.before.json").exists()


def test_tracks_that_swap_names_keep_their_sound(reviewed: Reviewed) -> None:
    """The file of one gets the very name that the other had, in whatever order they are mastered."""
    first, second, _ = reviewed.album.tracks
    reviewed.decide("retitled", track=1, value=second.title)
    reviewed.decide("retitled", track=2, value=first.title)
    reviewed.decide("reordered", value="2,1,3")
    after = reviewed.make()
    assert [(track.number, track.title) for track in after.tracks[:2]] == [(2, first.title), (1, second.title)]
    reviewed.folder.verify_all(after)
    assert len(list(reviewed.folder.folder.glob("tracks/*.flac"))) == 3
    assert find_take(after, 1, None).order.track.number == 2


def test_a_newer_painter_or_musician_changes_nothing_that_nobody_touched(reviewed: Reviewed) -> None:
    """A title is another one; cover, pictures, loops and the other tracks are what they were."""
    reviewed.decide("retitled", track=2, value="Kettle Song")
    before, newer = reviewed.album, {"painter": "small_studio:NewerPainter", "judge": "small_studio:StricterJudge"}
    after = reviewed.make(reviewed.said.model_copy(update=newer))
    assert after.cover == before.cover and after.loops == before.loops
    assert [track for track in after.tracks if track.number != 2] == [t for t in before.tracks if t.number != 2]


def test_a_step_that_fails_leaves_the_version_there_was(reviewed: Reviewed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none of its files has become another yet: it is whole, and as approved as it was."""
    reviewed.decide("approved")
    reviewed.decide("take", track=1, take=other(reviewed.album, 1))

    def too_peaky(session: Session, choice: Choice, *more: Any) -> Track:
        if choice.track.number == 1:
            raise NeedsAttention("Track 1 needs attention.")
        return master_track(session, choice, *more)

    with monkeypatch.context() as patch:
        patch.setattr(flow, "master_track", too_peaky)
        with pytest.raises(NeedsAttention):
            reviewed.make()
    assert reviewed.folder.read_whole() == reviewed.album
    assert reviewed.status() == "approved"
    assert len(reviewed.waiting()) == 1


def test_the_version_before_is_forgotten_once_there_is_another(reviewed: Reviewed) -> None:
    """Also when a run was killed between the two: what is older than the album is never gone on with."""
    folder = reviewed.folder
    shutil.copy(folder.path("album.json"), folder.path("album.before.json"))
    with folder.hold():
        pass
    assert not folder.path("album.before.json").exists()


def test_a_title_lost_to_another_album_costs_no_take(reviewed: Reviewed) -> None:
    """Two copies of one album in a library have all titles in common: each can be made again all the same."""
    with Catalogue.open(reviewed.shelf.catalogue_path) as catalogue:
        rows = sqlite3.connect(reviewed.shelf.catalogue_path)
        with rows:
            fields = "title, theme, status, why, brief, 'x', 'y', seed, created, finished, manifest"
            rows.execute(f"insert into albums select 'copy', {fields} from albums")
            rows.execute("update titles set album = 'copy' where kind = 'track'")
        rows.close()
        assert len(catalogue.albums()) == 2
    reviewed.decide("retitled", track=2, value="Kettle Song")
    after = reviewed.make()
    assert after.slug == reviewed.album.slug and after.tracks[1].title == "Kettle Song"
    assert [path.name for path in reviewed.shelf.folder.iterdir()] == [after.slug]


def test_titles_that_were_given_by_listening_stay(tmp_path: Path) -> None:
    """A person renames one; the others keep theirs, and undone it gets back the one it was given."""
    said = small_studio.settings(tmp_path / "library", judge="Swapping")
    album = small_studio.make(said, small_studio.brief(said, takes=2))
    assert album.titles is not None and album.titles.assignment == (1, 0, 2)
    reviewed = Reviewed(tmp_path / "library", album)
    reviewed.said = said
    given = [track.title for track in album.tracks]
    made = reviewed.decide("retitled", track=2, value="Kettle Song")
    reviewed.decide("take", track=1, take=other(album, 1))
    after = reviewed.make()
    assert [track.title for track in after.tracks] == [given[0], "Kettle Song", given[2]]
    assert after.titles == album.titles
    reviewed.undo(made)
    assert [track.title for track in reviewed.make().tracks] == given
