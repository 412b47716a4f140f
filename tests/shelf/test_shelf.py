"""The library as a whole."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import papers
import pytest

from pipeline.domain import Project
from pipeline.errors import DiskFull, ShelfError
from pipeline.shelf import Shelf

ROOT = Path(__file__).parents[2]


def test_a_new_library_is_made_where_it_is_named(tmp_path: Path) -> None:
    """Opening makes the folders, leaves nothing else, and finds them again."""
    shelf = Shelf.open(tmp_path / "some" / "library")
    assert [str(place.relative_to(tmp_path)) for place in sorted(tmp_path.rglob("*"))] == [
        "some",
        "some/library",
        "some/library/albums",
    ]
    assert shelf.catalogue_path == tmp_path / "some" / "library" / "catalogue.db"
    assert Shelf.open(tmp_path / "some" / "library") == shelf


def test_albums_come_in_the_order_of_their_slugs(tmp_path: Path) -> None:
    """Only album folders count: not files, hidden folders or foreign names."""
    shelf = Shelf.open(tmp_path)
    for name in ("moss", "amber-light", "zinc", ".trash", "Not A Slug"):
        (tmp_path / "albums" / name).mkdir()
    (tmp_path / "albums" / "notes").write_text("x")
    assert [folder.slug for folder in shelf.albums()] == ["amber-light", "moss", "zinc"]


@pytest.mark.parametrize("slug", ["../etc", "", ".", "A", "a/b", "a" * 81, "a\n", "-a"])
def test_only_a_slug_names_an_album(tmp_path: Path, slug: str) -> None:
    """No text from outside chooses a folder."""
    with pytest.raises(ShelfError):
        Shelf.open(tmp_path).album(slug)


def test_a_file_in_place_of_the_library_is_said_so(tmp_path: Path) -> None:
    """The error names the file, whichever folder it stands in for."""
    (tmp_path / "output").write_text("x")
    for root in (tmp_path / "output", tmp_path / "output" / "deeper"):
        with pytest.raises(ShelfError, match=r"output is a file, not a folder"):
            Shelf.open(root)


@pytest.mark.parametrize("root", ["/proc/library", "/sys/library"])
def test_a_place_that_takes_no_folders_is_said_so(root: str) -> None:
    """Where nobody may write, not even root, there is one clear error."""
    with pytest.raises(ShelfError, match="library") as caught:
        Shelf.open(Path(root))
    assert caught.value.exit_code == 2 and caught.value.remedy


def test_a_library_can_be_read_without_being_written(tmp_path: Path) -> None:
    """Looking does not create a library, and says when there is none."""
    with pytest.raises(ShelfError, match="There is no library"):
        Shelf.open(tmp_path / "none", writable=False)
    assert list(tmp_path.iterdir()) == []
    Shelf.open(tmp_path)
    assert list(Shelf.open(tmp_path, writable=False).albums()) == []


def test_an_album_begins_with_its_plan_or_not_at_all(tmp_path: Path) -> None:
    """A plan that fails leaves no folder, and the next try has the name; a taken name gets a number."""
    shelf = Shelf.open(tmp_path)

    def fail(slug: str) -> Project:
        raise ValueError(slug)

    with pytest.raises(ValueError, match="rain-on-tin"):
        shelf.begin("Rain On Tin", fail)
    assert list(shelf.folder.iterdir()) == []
    begun = [shelf.begin("Rain On Tin", papers.project) for _ in range(3)]
    assert [album.slug for album in begun] == ["rain-on-tin", "rain-on-tin-2", "rain-on-tin-3"]
    assert [album.get("plan.json", Project) for album in begun] == [papers.project(album.slug) for album in begun]
    assert list(shelf.albums()) == begun


def test_what_a_killed_run_had_begun_is_cleared_away_in_time(tmp_path: Path) -> None:
    """A hidden half-begun folder goes after an hour; a fresh one may belong to a living run, and stays."""
    shelf = Shelf.open(tmp_path)
    old, fresh = (shelf.folder / f".rain-on-tin.{pid}.part" for pid in (1, 2))
    for place in (old, fresh):
        place.mkdir()
        (place / "plan.json").write_text("{")
    an_hour_ago = fresh.stat().st_mtime - 3601
    os.utime(old, (an_hour_ago, an_hour_ago))
    Shelf.open(tmp_path)
    assert list(shelf.folder.iterdir()) == [fresh]
    assert list(shelf.albums()) == []


def _choose(root: str, gate: object, chosen: object) -> None:
    shelf = Shelf.open(Path(root))
    gate.wait()
    chosen.put([shelf.begin("Rain On Tin", papers.project).slug for _ in range(20)])


def test_two_runs_never_choose_the_same_folder(tmp_path: Path) -> None:
    """Processes that name twenty albums alike at the same moment get forty folders."""
    context = multiprocessing.get_context("spawn")
    gate, chosen = context.Barrier(2), context.Queue()
    runs = [context.Process(target=_choose, args=(str(tmp_path), gate, chosen)) for _ in range(2)]
    for run in runs:
        run.start()
    slugs = chosen.get() + chosen.get()
    for run in runs:
        run.join()
    assert len(set(slugs)) == 40 == len(list((tmp_path / "albums").iterdir()))


def test_too_little_room_is_known_before_anything_is_spent(tmp_path: Path) -> None:
    """The error names the path, the bytes needed and the bytes free."""
    shelf = Shelf.open(tmp_path)
    shelf.require_room(1)
    with pytest.raises(DiskFull) as caught:
        shelf.require_room(10**18)
    assert str(tmp_path) in caught.value.message and str(10**18) in caught.value.message
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    named = [int(word) for word in caught.value.message.replace(",", "").split() if word.isdigit()]
    assert any(abs(number - free) < 2**30 for number in named)


def test_the_shelf_loads_nothing_heavy() -> None:
    """Commands that only look at the shelf wait for pydantic and for nothing else."""
    heavy = "{'numpy', 'sqlalchemy', 'alembic', 'prefect', 'asyncio', 'scipy'}"
    code = f"import sys, pipeline.shelf; print(sorted({heavy} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
