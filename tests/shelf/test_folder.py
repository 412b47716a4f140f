"""Files that are written whole, recorded by hash, and stay inside their folder."""

from __future__ import annotations

import logging
from pathlib import Path

import papers
import pytest

from pipeline.domain import FileRecord, Verdict
from pipeline.errors import Damaged, ShelfError
from pipeline.shelf.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "album")


def hidden(folder: Folder) -> list[str]:
    return sorted(place.name for place in folder.folder.rglob(".*"))


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", "", ".", "..", "a\\b", "C:x", "a\0b", "//host/share", "takes/.."]
)
def test_no_path_leads_out(folder: Folder, path: str) -> None:
    """Whatever a record or a model wrote, nothing outside the folder is named by it."""
    with pytest.raises(ShelfError):
        folder.path(path)


def test_a_link_out_of_the_folder_is_not_followed(folder: Folder, tmp_path: Path) -> None:
    """A link planted in the album does not let a manifest read other files."""
    (tmp_path / "elsewhere").mkdir()
    folder.folder.mkdir()
    (folder.folder / "takes").symlink_to(tmp_path / "elsewhere")
    (folder.folder / "cover.png").symlink_to("/etc/hostname")
    for path in ("takes/01-1.flac", "cover.png"):
        with pytest.raises(ShelfError, match="link"):
            folder.path(path)


def test_a_library_may_itself_be_a_link(folder: Folder, tmp_path: Path) -> None:
    """An album folder that lives on another disk works."""
    (tmp_path / "big disk").mkdir()
    folder.folder.symlink_to(tmp_path / "big disk")
    folder.write_text("tracks/a.txt", "here")
    assert (tmp_path / "big disk" / "tracks" / "a.txt").read_text() == "here"


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(folder: Folder) -> None:
    """While a file is written, its name still shows what was there before."""
    folder.write_text("mix.cue", "old")
    with folder.writing("mix.cue") as temp:
        temp.write_text("ne")
        assert folder.path("mix.cue").read_text() == "old"
        assert temp.parent == folder.folder and temp.name.startswith(".")
    assert folder.path("mix.cue").read_text() == "ne"
    assert hidden(folder) == []


@pytest.mark.parametrize("error", [ValueError("encoder"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(folder: Folder, error: BaseException) -> None:
    """An encoder's error, or Ctrl-C, costs only the new file."""
    folder.write_text("mix.cue", "old")
    with pytest.raises(type(error)), folder.writing("mix.cue") as temp:
        temp.write_text("half")
        raise error
    assert folder.path("mix.cue").read_text() == "old"
    assert hidden(folder) == []


def test_a_temp_file_of_an_earlier_process_with_our_number_is_not_appended_to(folder: Folder) -> None:
    """Process ids come back after a reboot; what their temp files hold does not."""
    folder.folder.mkdir()
    with folder.writing("mix.cue") as temp:
        stale = temp
        temp.write_text("new")
    stale.write_text("stale, and longer than the new content")
    with folder.writing("mix.cue") as temp:
        assert not temp.exists()
        temp.write_text("new")
    assert folder.path("mix.cue").read_text() == "new"


def test_a_record_matches_until_a_bit_flips(folder: Folder) -> None:
    """The hash tells a file from one that is missing, cut, or changed in a single bit."""
    content = bytearray(b"sound " * 50_000)
    folder.write_bytes("mix.flac", bytes(content))
    record = folder.record("mix.flac")
    assert record.bytes == len(content) and folder.matches(record)

    content[1234] ^= 1
    folder.path("mix.flac").write_bytes(content)
    with pytest.raises(Damaged, match="SHA-256"):
        folder.verify(record)
    folder.path("mix.flac").write_bytes(content[:-1])
    with pytest.raises(Damaged, match=f"{len(content) - 1} bytes, but {len(content)}"):
        folder.verify(record)
    folder.path("mix.flac").unlink()
    with pytest.raises(Damaged, match="missing"):
        folder.verify(record)
    assert not folder.matches(record)


def test_a_missing_file_has_no_record(folder: Folder) -> None:
    """A file that was never made cannot be recorded."""
    with pytest.raises(Damaged, match="missing"):
        folder.record("mix.flac")


def test_a_record_of_a_file_outside_is_refused(folder: Folder) -> None:
    """A manifest cannot have other files of the machine hashed."""
    with pytest.raises(ShelfError):
        folder.verify(FileRecord(path="../../etc/hostname", sha256="0" * 64, bytes=1))


def test_a_noun_comes_back_equal(folder: Folder) -> None:
    """A step's record is the same after a restart."""
    folder.put(papers.verdict(), "takes/01-1.verdict.json")
    assert folder.get("takes/01-1.verdict.json", Verdict) == papers.verdict()
    assert folder.get("takes/01-2.verdict.json", Verdict) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{}", b"null", b"[" * 100_000, b'{"judge": 1e999}'])
def test_a_damaged_record_is_moved_aside_and_said_so(
    folder: Folder, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    """A record cut by a full disk or edited by hand is never trusted: the step runs again."""
    folder.write_bytes("mix.json", content)
    with caplog.at_level(logging.WARNING):
        assert folder.get("mix.json", Verdict) is None
    assert not folder.path("mix.json").exists()
    assert folder.path("mix.json.damaged").read_bytes() == content
    assert "mix.json" in caplog.text and "made again" in caplog.text
