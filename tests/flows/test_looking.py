"""The verbs that look: list, show, verify, replay, doctor."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import papers
from door import ROOT, Door

from pipeline.domain import Take, Weights
from pipeline.shelf import Shelf
from pipeline.shelf.album_folder import MANIFEST

Made = Any


def test_list_shows_every_album(by_plain: Made) -> None:
    """Slug, title and status, for people and for programs."""
    shown = by_plain.door.run("list").stdout
    assert by_plain.said["slug"] in shown and "draft" in shown
    assert "Status: draft" in by_plain.door.run("show", by_plain.said["slug"]).stdout
    rows = json.loads(by_plain.door.run("list", "--json").stdout)
    assert rows[0]["title"] == by_plain.said["title"]


def test_show_tells_why_each_take_was_chosen(by_plain: Made) -> None:
    """Title, the reason and the files."""
    shown = by_plain.door.run("show", by_plain.said["slug"]).stdout
    for track in by_plain.album.tracks:
        assert track.title.split()[0] in shown
        assert f"take {track.take}" in shown


def test_verify_passes_a_whole_album(by_plain: Made) -> None:
    """Every file of the manifest is checked, and the manifest and the plan themselves."""
    checked = by_plain.door.run("verify")
    assert checked.returncode == 0
    assert f"{len(by_plain.album.files()) + 2} files checked, all whole" in checked.stdout


def test_verify_of_an_unfinished_album_checks_what_there_is(by_plain: Made, door: Door) -> None:
    """One line says that it is not finished and what was checked; a take that was cut is found all the same."""
    shutil.copytree(by_plain.door.library, door.library)
    slug = by_plain.said["slug"]
    (door.album(slug) / "album.json").unlink()
    checked = door.run("verify", slug)
    assert checked.returncode == 0, checked.stdout
    assert f"{slug}: in progress, so only its plan and its takes so far are checked" in checked.stdout
    assert "5 files checked, all whole" in checked.stdout
    assert all("in progress" in door.run(*words).stdout for words in (("show", slug), ("list",)))
    take = next(door.album(slug).glob("takes/*.flac"))
    take.write_bytes(take.read_bytes()[:-9])
    checked = door.run("verify", slug)
    assert checked.returncode == 1 and f"takes/{take.name} does not match" in checked.stdout


def test_one_model_under_two_names_is_shown_once(tmp_path: Path) -> None:
    """A folder of one's own may hold what is published under a name: by its hash it is the same."""
    shelf = Shelf.open(tmp_path / "library")
    folder = shelf.begin("Rain On Tin", papers.project)
    album = papers.finished_album(folder)
    first, *rest = album.takes

    def played(take: Take, name: str) -> Take:
        model = Weights(name=name, revision="", sha256="a" * 64, licence="MIT")
        return take.but(backend=take.backend.but(weights=(model,)))

    takes = (played(first, "published/one"), *(played(take, "mine") for take in rest))
    folder.put(album.but(takes=takes), MANIFEST)
    shown = Door(shelf.root, tmp_path).run("show", folder.slug).stdout
    assert "Musician: offline band 1 (published/one: MIT)\n" in shown


def test_replay_renders_the_same_bytes(by_plain: Made) -> None:
    """A take rendered again from the manifest is the take."""
    played = by_plain.door.run("replay", by_plain.said["slug"], "2")
    assert played.returncode == 0, played.stderr
    assert "byte for byte" in played.stdout


def test_replay_of_a_track_that_is_not_there(by_plain: Made) -> None:
    """It says which tracks there are."""
    refused = by_plain.door.run("replay", by_plain.said["slug"], "9")
    assert refused.returncode == 2
    assert "no track 9" in refused.stderr and "1 to 2" in refused.stderr


def test_the_doctor_finds_this_machine_ready(door: Door) -> None:
    """Everything the offline studio needs came with the package."""
    seen = door.run("doctor")
    assert seen.returncode == 0, seen.stdout + seen.stderr
    for what in ("ffmpeg", "Prefect", "Library", "Catalogue", "offline band"):
        assert what in seen.stdout
    command = seen.stdout.splitlines()[-1].removeprefix("Ready: ")
    assert command in (ROOT / "README.md").read_text().splitlines()


def test_the_doctor_says_what_mends_a_missing_ffmpeg(door: Door, tmp_path: Path) -> None:
    """The finding is marked broken and comes with the line to run."""
    (tmp_path / "imageio_ffmpeg.py").write_text("raise ImportError('not installed')")
    seen = door.run("doctor", PATH="/nonexistent", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert seen.returncode == 1, seen.stdout
    assert "BROKEN  ffmpeg" in seen.stdout and "pip install imageio-ffmpeg" in seen.stdout


def test_looking_at_a_library_that_is_not_there_makes_none(tmp_path: Path) -> None:
    """A mistyped path is said to be one, with exit code 2; brackets in it are no markup."""
    for words in (("list",), ("show", "x"), ("verify",), ("replay", "x", "1")):
        refused = Door(tmp_path / "[" / "x]", tmp_path).run(*words)
        assert refused.returncode == 2 and "There is no library" in refused.stderr, refused.stderr
    assert list(tmp_path.glob("[[]*")) == []


def test_an_unfinished_album_shows_the_command_that_goes_on(tmp_path: Path) -> None:
    """As JSON too, with the exact seconds and the library; brackets in its path are no markup."""
    shelf = Shelf.open(tmp_path / "[" / "x]")
    asked = papers.brief().but(seconds=10.123456789)
    shelf.begin("Rain On Tin", lambda slug: papers.project(slug, asked=asked))
    said = json.loads(Door(shelf.root, tmp_path).run("show", "rain-on-tin", "--json").stdout)
    assert (said["status"], said["title"]) == ("in_progress", "Rain On Tin")
    assert said["takes"] == {"finished": 0, "asked": 4}
    words = shlex.split(said["command"])
    assert words[words.index("--seconds") + 1] == "10.123456789"
    assert words[words.index("--library") + 1] == str(shelf.root)
    assert said["command"] in Door(shelf.root, tmp_path).run("show", "rain-on-tin").stdout


def test_an_empty_library_with_brackets_in_its_name_is_listed(tmp_path: Path) -> None:
    """A path is printed as it is."""
    shelf = Shelf.open(tmp_path / "[" / "x]")
    assert str(shelf.root) in Door(shelf.root, tmp_path).run("list").stdout


def test_show_tells_programs_what_it_tells_people(by_plain: Made) -> None:
    """The concept, why the cover is as it is, and who made what."""
    said = json.loads(by_plain.door.run("show", by_plain.said["slug"], "--json").stdout)
    assert said["concept"] == by_plain.album.plan.concept
    assert said["painting"]["why"] == by_plain.album.cover.why
    assert set(said["backends"]) == {"writer", "musician", "judge", "painter"}


def test_an_album_that_was_deleted_by_hand_is_missed(by_plain: Made, door: Door) -> None:
    """verify names it and fails; list no longer shows it as something to hear."""
    shutil.copytree(by_plain.door.library, door.library)
    shutil.rmtree(door.album(by_plain.said["slug"]))
    checked, listed = door.run("verify"), door.run("list")
    assert checked.returncode == 1 and by_plain.said["slug"] in checked.stdout and "is gone" in checked.stdout
    assert "not on the shelf" in listed.stdout


def test_replay_of_an_unfinished_album_says_how_to_finish_it(by_plain: Made, door: Door) -> None:
    """It names the command, and does not ask to move a file that is not there."""
    shutil.copytree(by_plain.door.library, door.library)
    slug = by_plain.said["slug"]
    (door.album(slug) / "album.json").unlink()
    refused = door.run("replay", slug, "1")
    assert refused.returncode == 1 and f"lofi show {slug}" in refused.stderr and "Move" not in refused.stderr
