"""What was left over goes once it is old; what somebody may still need stays."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pruned_library import MONTH, NOW

from pipeline.catalogue import Catalogue
from pipeline.catalogue.jobs import Job
from pipeline.pruning import leftovers, remove_leftovers
from pipeline.shelf import Shelf

A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf.open(tmp_path / "library")
    for folder in ("clips", "uploads", "logs", "radio"):
        (shelf.root / folder).mkdir()
    return shelf


def put(shelf: Shelf, path: str, days: float, content: str = "x") -> None:
    """Put a file that was last touched so many days ago."""
    place = shelf.root / path
    place.write_text(content)
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(place, (then, then))


def pruned(shelf: Shelf, before: datetime = NOW - MONTH, job: Job | None = None) -> set[str]:
    """Prune what is left over; return what went."""
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        if job is not None:
            catalogue.review.order(job)
        found = leftovers(shelf, catalogue, before, NOW)
        remove_leftovers(shelf, found)
        assert leftovers(shelf, catalogue, before, NOW) == ()
    assert not any((shelf.root / each.path).exists() for each in found)
    return {each.path for each in found}


def test_half_written_files_go_after_a_day(shelf: Shelf) -> None:
    """Whoever wrote them is gone; what is being written now stays."""
    put(shelf, "clips/.rhodes.flac.4711.part", 2)
    put(shelf, "clips/.bass.flac.4712.part", 0.5)
    put(shelf, "clips/rhodes.flac", 400)
    assert pruned(shelf) == {"clips/.rhodes.flac.4711.part"}


def test_a_writer_beside_is_no_trouble(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it renames or deletes between two looks, before the first one as well, is passed over."""
    before, after = "clips/.rhodes.flac.4711.part", ("clips/.bass.flac.4712.part", "clips/tune.flac.json")
    for path in (before, *after, "clips/.drums.flac.4713.part"):
        put(shelf, path, 2)
    look = Path.stat

    def vanishing(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == shelf.root / before:
            path.unlink(missing_ok=True)
        try:
            return look(path, follow_symlinks=follow_symlinks)
        finally:
            if path in [shelf.root / each for each in after]:
                path.unlink(missing_ok=True)

    monkeypatch.setattr(Path, "stat", vanishing)
    assert "clips/.drums.flac.4713.part" in pruned(shelf)
    assert not list(shelf.clips.iterdir())


def test_old_logs_go(shelf: Shelf) -> None:
    """Those that were put aside; the one that is written stays, however old."""
    for path, days in (
        ("logs/serve.log", 90),
        ("logs/serve.log.1", 60),
        ("logs/serve.log.2", 3),
        ("logs/mine.txt", 90),
    ):
        put(shelf, path, days)
    assert pruned(shelf) == {"logs/serve.log.1"}


def test_the_newest_copies_of_the_catalogue_stay(shelf: Shelf) -> None:
    """Three, and the young ones; copies of a damaged catalogue may hold what was not saved, and stay."""
    for number in range(1, 6):
        put(shelf, f"catalogue-000{number}-2026-01-0{number}.db", 100 - number)
    put(shelf, "catalogue-damaged-2026-01-01.db", 100)
    put(shelf, "catalogue-0001-2026-01-01-2.db", 99.5)
    assert pruned(shelf) == {
        "catalogue-0001-2026-01-01.db", "catalogue-0001-2026-01-01-2.db", "catalogue-0002-2026-01-02.db",
    }  # fmt: skip
    assert (shelf.root / "catalogue.db").exists()


def test_uploads_that_no_order_names_go(shelf: Shelf) -> None:
    """One that was ordered with stays, also when the order is long done; so does one that a clip's record names."""
    for name in (A, B, C):
        put(shelf, f"uploads/{name}.flac", 60)
    put(shelf, f"uploads/{'d' * 64}.flac", 3)
    put(shelf, "clips/tune.flac.json", 60, f'{{"order": {{"melody": {{"sha256": "{B}"}}}}}}')
    job = Job(kind="clip", words="a tune", wanted={"melody": A}, author="mia", time=NOW - 2 * MONTH, state="done")
    assert pruned(shelf, job=job) == {f"uploads/{C}.flac"}


def test_an_upload_of_today_is_not_left_over(shelf: Shelf) -> None:
    """Whoever handed it in may be about to order with it, whatever age was asked for."""
    put(shelf, f"uploads/{A}.flac", 0.5)
    put(shelf, f"uploads/{B}.flac", 1.5)
    assert pruned(shelf, before=NOW) == {f"uploads/{B}.flac"}


def test_the_radio_looks_after_its_own(shelf: Shelf) -> None:
    """Nothing below radio/ is touched, and no link is followed."""
    put(shelf, "radio/.loved.flac.1.part", 400)
    put(shelf, "radio/old.log.1", 400)
    (shelf.root / "uploads" / f"{A}.flac").symlink_to(shelf.root / "radio" / "old.log.1")
    assert pruned(shelf) == set()
