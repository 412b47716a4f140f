"""What a later run of an unfinished album made otherwise does not stay behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from rooms import choice, clicks, cover, planned, session

from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder
from pipeline.steps.master import master_track

PLAIN = Settings(effects="none")


def finished(folder: AlbumFolder) -> set[str]:
    """The names of the finished tracks there are."""
    return {path.name for path in folder.folder.glob("tracks/*.*") if path.suffix != ".json"}


def test_a_track_that_is_called_otherwise_now_leaves_no_file_of_its_old_name(tmp_path: Path) -> None:
    """In every format; the neighbour's files are left alone."""
    project = planned(PLAIN)
    project = project.but(brief=project.brief.but(formats=("mp3",)))
    with session(tmp_path, project, PLAIN) as held:
        picture, sound = cover(held.folder), clicks(80, 10)
        first, second = (choice(held.folder, sound, track) for track in project.plan.tracks)
        for chosen in (first.but(title="Slow Drops"), second.but(title="Gutter Song"), first):
            master_track(held, chosen, picture)
        names = {"01 - Gutter Song", "02 - Gutter Song"}
        assert finished(held.folder) == {f"{name}.{form}" for name in names for form in ("flac", "mp3")}


def test_a_file_that_a_person_changed_is_not_removed(tmp_path: Path) -> None:
    """It is not what was made any more, and nobody else has a copy."""
    project = planned(PLAIN)
    with session(tmp_path, project, PLAIN) as held:
        picture, first = cover(held.folder), choice(held.folder, clicks(80, 10), project.plan.tracks[0])
        old = held.folder.path(master_track(held, first.but(title="Slow Drops"), picture).files[0].path)
        old.write_bytes(old.read_bytes() + b"my own tag")
        master_track(held, first, picture)
        assert finished(held.folder) == {"01 - Slow Drops.flac", "01 - Gutter Song.flac"}


def test_killed_while_it_replaces_the_next_run_clears_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old record outlives the old file, so nothing is forgotten."""
    project = planned(PLAIN)
    with session(tmp_path, project, PLAIN) as held:
        picture, first = cover(held.folder), choice(held.folder, clicks(80, 10), project.plan.tracks[0])
        master_track(held, first.but(title="Slow Drops"), picture)

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        for step in ("remove", "put"):
            with monkeypatch.context() as there, pytest.raises(KeyboardInterrupt):
                there.setattr(AlbumFolder, step, killed)
                master_track(held, first, picture)
        master_track(held, first, picture)
        assert finished(held.folder) == {"01 - Gutter Song.flac"}
