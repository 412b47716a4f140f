"""Ambience under the tracks and a picture for each: what an album has of them, and what becomes of it without."""

from __future__ import annotations

import io
import json
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import small_studio
import soundfile
from click.testing import CliRunner, Result
from PIL import Image

from flows.cli import lofi
from flows.looking import make_command
from pipeline.audio.decode import decode
from pipeline.audio.effects.chain import PRESETS
from pipeline.audio.layer import lay_under
from pipeline.audio.master import master
from pipeline.catalogue import Catalogue
from pipeline.catalogue.reindex import reindex
from pipeline.domain import Album, derive_seed
from pipeline.errors import BackendUnavailable
from pipeline.proof import verify
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.studio import open_studio
from pipeline.workers import Workers

RAIN, SPACESHIP = "ambience/01 - rain.flac", "ambience/02 - a spaceship, humming.flac"


@dataclass(frozen=True)
class Made:
    """An album and the settings it was made under."""

    said: Settings
    album: Album

    @property
    def folder(self) -> AlbumFolder:
        return Shelf.open(self.said.library).album(self.album.slug)

    def copy(self, to: Path) -> Made:
        """Return a copy of its library, to do something to."""
        shutil.copytree(self.said.library, to)
        return Made(self.said.model_copy(update={"library": to}), self.album)

    def again(self, **parts: str) -> Album:
        """Make it again, with other parts perhaps, without its manifest."""
        self.folder.path("album.json").unlink()
        said = small_studio.settings(self.said.library, judge="Swapping", **parts)
        return small_studio.make(said, self.album.brief)

    def lofi(self, *words: str) -> Result:
        """Run a verb in this library."""
        return CliRunner().invoke(lofi, [*words, "--library", str(self.said.library)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Three tracks: rain under the first, words of one's own under the second, nothing under the third."""
    said = small_studio.settings(tmp_path_factory.mktemp("layers"), judge="Swapping")
    return Made(said, small_studio.make(said, small_studio.brief(said, pictures=True)))


def art(file: Path) -> Image.Image:
    """The picture inside a FLAC file."""
    content = file.read_bytes()
    return Image.open(io.BytesIO(content[content.index(b"\xff\xd8\xff") :]))


def grey(picture: Image.Image) -> int:
    pixel = picture.convert("L").getpixel((10, 10))
    assert isinstance(pixel, int)
    return pixel


def test_a_loop_for_each_ambience_is_on_the_shelf_and_in_the_manifest(made: Made) -> None:
    """With what it is of, what was told to whom, its seed, its licence, and a hash that is checked."""
    assert [(loop.order.ambience, loop.prompt) for loop in made.album.loops] == [
        ("rain", "the sound of rain"),
        ("a spaceship, humming", "the sound of a spaceship, humming"),
    ]
    assert {loop.backend.licence for loop in made.album.loops} == {"CC-BY-NC-4.0"}
    assert len({loop.order.seed for loop in made.album.loops}) == 2
    assert [loop.file and loop.file.path for loop in made.album.loops] == [RAIN, SPACESHIP]
    assert 20 <= soundfile.info(made.folder.path(RAIN)).duration <= 30
    with Workers(1) as workers:
        checked = {one.path: one.problem for one in verify(made.folder, workers)}
    assert {RAIN, SPACESHIP, "pictures/01.jpg"} <= set(checked) and not any(checked.values())


def test_ambience_is_heard_under_the_finished_track_and_not_in_the_take(made: Made) -> None:
    """The master is, to 24 bits, that of the take with the loop under it; without ambience, of the take alone."""
    assert [track.ambience for track in made.album.tracks] == ["rain", "a spaceship, humming", None]
    for track, under in zip(made.album.tracks, (RAIN, SPACESHIP, None), strict=True):
        dry = decode(made.folder.path(f"takes/{track.number:02d}-{track.take}.flac"))
        sound = lay_under(dry, decode(made.folder.path(under))) if under else dry
        seed = derive_seed(made.album.brief.seed, "track", track.number, "effects")
        finished = decode(made.folder.path(track.files[0].path)).samples
        assert finished == pytest.approx(master(sound, PRESETS["tape"], seed).samples, abs=1e-6)
        assert under is None or np.abs(finished - master(dry, PRESETS["tape"], seed).samples).max() > 1e-3


def test_files_say_who_made_their_ambience_and_under_which_licence(made: Made) -> None:
    """Tracks that have it, and the mix; the third track has nothing to say."""
    for path, has in (*((t.files[0].path, bool(t.ambience)) for t in made.album.tracks), ("mix.flac", True)):
        content = made.folder.path(path).read_bytes()
        assert b"songs 1, CC0-1.0" in content
        assert (b"ambience by crickets 1, CC-BY-NC-4.0" in content) is has


def test_a_track_bears_its_own_picture(made: Made) -> None:
    """1400 pixels wide, painted for the title it got by listening; the third, which has none, bears the cover."""
    pictures = made.album.pictures
    assert pictures is not None and [p.track for p in pictures.pictures] == [1, 2]
    assert [track.title.split()[0] for track in made.album.tracks] == ["Slow", "Gutter", "Dry"]
    cover = grey(art(made.folder.path(made.album.tracks[2].files[0].path)))
    for track in made.album.tracks[:2]:
        own = art(made.folder.path(track.files[0].path))
        assert own.size == (1400, 1400) and abs(grey(own) - 60 - len(track.title)) <= 1 and grey(own) != cover
        assert pictures.pictures[track.number - 1].scene == track.title
    assert any("track 3" in line for line in made.album.without)


def test_music_that_is_not_for_sale_says_so_in_a_line(made: Made) -> None:
    """At the end of `make` and in `show`, to people and to programs: of the loops it is made with, here."""
    line = "Music: CC-BY-NC-4.0 (crickets): not for sale"
    assert line in made.lofi("show", made.album.slug).output
    assert json.loads(made.lofi("show", made.album.slug, "--json").output)["not_for_sale"] in line
    words = shlex.split(make_command(made.album.brief, made.said))[2:]
    again = CliRunner().invoke(lofi, ["make", "--plain", *words])
    assert "made already" in again.output and line in again.output


def test_people_and_programs_are_told(made: Made) -> None:
    """`lofi show` names what lies where, by whom, and every file."""
    shown = made.lofi("show", made.album.slug).stdout
    assert "rain under 1; a spaceship, humming under 2" in shown and "crickets 1" in shown
    assert "Slow Drops of Rain On Tin, grey" in shown and "track 3: the cover stands in" in shown
    assert all(Path(path).name in shown for path in (RAIN, SPACESHIP, "pictures/02.jpg"))
    said = json.loads(made.lofi("show", made.album.slug, "--json").stdout)
    assert [loop["file"]["path"] for loop in said["ambience"]] == [RAIN, SPACESHIP]
    assert said["backends"]["ambience"]["licence"] == "CC-BY-NC-4.0" and said["spend"]["loops"] == 2
    assert "--ambience small_studio:Crickets" in said["command"] and "--pictures" in said["command"]


def test_a_loop_is_replayed(made: Made) -> None:
    """Byte for byte; a track without one says so."""
    played = made.lofi("replay", made.album.slug, "1", "--ambience")
    assert played.exit_code == 0 and "“rain”: the same, byte for byte (crickets 1)" in played.stdout
    assert "No ambience was laid" in str(made.lofi("replay", made.album.slug, "3", "--ambience").exception)


def test_the_ledger_has_every_loop_also_after_it_was_lost(made: Made, tmp_path: Path) -> None:
    """Two loops beside three takes; reindex restores them from the manifest."""
    there = made.copy(tmp_path / "library")
    for path in there.said.library.glob("catalogue.db*"):
        path.unlink()
    reindex(Shelf.open(there.said.library), there.said.library / "catalogue.db")
    with Catalogue.open(there.said.library / "catalogue.db") as catalogue:
        again = catalogue.spend(made.album.slug)
    assert again == made.album.run.spend
    assert (again.asked, again.loops, again.interrupted) == (3, 2, 0)


def test_what_is_finished_is_not_made_again(made: Made, tmp_path: Path) -> None:
    """Going on renders and paints nothing a second time; a damaged loop is rendered again, to the same bytes."""
    there = made.copy(tmp_path / "library")
    files = [there.folder.path(path) for path in (SPACESHIP, "pictures/01.jpg", made.album.tracks[0].files[0].path)]
    before = {path: path.stat().st_mtime_ns for path in files}
    damaged = there.folder.path(RAIN)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    album = there.again()
    assert {path: path.stat().st_mtime_ns for path in files} == before
    assert (album.loops, album.tracks, album.pictures) == (made.album.loops, made.album.tracks, made.album.pictures)
    assert album.run.spend.loops == 3 and album.run.spend.asked == 3


def test_a_loop_that_fails_loses_no_album(tmp_path: Path) -> None:
    """It is tried again, then left out with a line that says why; the other ambience is there."""
    said = small_studio.settings(tmp_path, ambience="Broken", painter="PlainPainter")
    album = small_studio.make(said, small_studio.brief(said))
    assert album.without == ("No “rain” lies under the tracks: The crickets are out.",)
    assert [track.ambience for track in album.tracks] == [None, "a spaceship, humming", None]
    assert [loop.order.ambience for loop in album.loops] == ["a spaceship, humming"]
    assert (album.run.spend.loops, album.run.spend.interrupted) == (1, 3)
    shown = CliRunner().invoke(lofi, ["show", album.slug, "--library", str(tmp_path)])
    assert "Note: No “rain” lies under the tracks" in shown.stdout


def test_a_painter_of_covers_alone_is_refused_before_anything_is_begun(tmp_path: Path) -> None:
    """With what to do instead."""
    said = small_studio.settings(tmp_path, painter="PlainPainter")
    with pytest.raises(BackendUnavailable, match=r"plain paints covers alone.*--pictures"):
        small_studio.make(said, small_studio.brief(said, pictures=True))
    assert not list(tmp_path.glob("albums/*"))


def test_a_musician_that_plays_its_own_ambience_gets_none_under_it() -> None:
    """The band plays rain itself: nothing is opened for it, and a note says so."""
    studio = open_studio(Settings(ambience="audiogen", audiogen_model="not/here"))
    assert studio.ambience is None
    assert tuple(studio.notes.values()) == (
        "The offline band plays its own ambience, so nothing is laid under its takes.",
    )
    assert open_studio(Settings()).notes == {}
