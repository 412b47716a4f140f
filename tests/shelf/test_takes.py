"""Takes on the shelf: kept once, found again, adopted after a crash, never trusted when damaged."""

from __future__ import annotations

import logging
from pathlib import Path

import papers
import pytest

from pipeline.domain import Take
from pipeline.errors import Damaged
from pipeline.shelf import AlbumFolder
from pipeline.shelf.atomic import temp_beside

ORDER = papers.order()


@pytest.fixture
def folder(tmp_path: Path) -> AlbumFolder:
    return AlbumFolder(tmp_path / "rain-on-tin", "rain-on-tin")


def files(folder: AlbumFolder) -> list[str]:
    return sorted(str(place.relative_to(folder.folder)) for place in folder.folder.rglob("*") if place.is_file())


def test_a_take_is_found_by_its_order(folder: AlbumFolder) -> None:
    """The next run finds the finished render and does not pay for it again."""
    take = papers.put_take(folder, ORDER)
    assert take.path == "takes/01-1.flac"
    assert folder.find_take(ORDER) == take
    assert folder.path(take.path).read_bytes() == papers.audio(ORDER)
    assert files(folder) == ["takes/01-1.flac", "takes/01-1.json"]


@pytest.mark.parametrize(
    "other",
    [
        papers.order(seed=12),
        papers.order(index=2),
        papers.order(papers.track(title="Another")),
        papers.order(papers.track(2)),
    ],
    ids=["seed", "index", "plan", "track"],
)
def test_a_take_answers_no_other_order(folder: AlbumFolder, other: object) -> None:
    """Another seed or another plan for the track is another take, and what is there stays untouched."""
    papers.put_take(folder, ORDER)
    assert folder.find_take(other) is None
    assert folder.find_take(ORDER) is not None


def test_a_take_of_an_older_backend_still_counts(folder: AlbumFolder) -> None:
    """An upgrade of the band does not pay again for what it has rendered."""
    take = papers.put_take(folder, ORDER)
    folder.put(take.but(backend=papers.BAND.but(version="0")), "takes/01-1.json")
    assert folder.find_take(ORDER) is not None


@pytest.mark.parametrize("content", [b"", papers.audio(ORDER)[:-1], papers.audio(ORDER) + b"x"])
def test_a_damaged_take_is_moved_aside_and_rendered_again(
    folder: AlbumFolder, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    """Audio that no longer matches its hash is reported missing, kept for a look, and replaced by the next render."""
    take = papers.put_take(folder, ORDER)
    folder.path(take.path).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert folder.find_take(ORDER) is None
    assert folder.path("takes/01-1.flac.damaged").read_bytes() == content
    assert "01-1.flac" in caplog.text
    assert papers.put_take(folder, ORDER) == take == folder.find_take(ORDER)


def test_a_take_without_its_audio_is_missing(folder: AlbumFolder) -> None:
    """A record alone is not a take."""
    folder.path(papers.put_take(folder, ORDER).path).unlink()
    assert folder.find_take(ORDER) is None


def test_audio_without_its_record_is_missing(folder: AlbumFolder) -> None:
    """A file that nobody recorded is not a take."""
    papers.put_take(folder, ORDER)
    folder.path("takes/01-1.json").unlink()
    assert folder.find_take(ORDER) is None


def waiting_for_its_name(folder: AlbumFolder, take: Take, pid: int) -> Path:
    """Put the audio back under the temp name of a process that died before the rename."""
    final = folder.path(take.path)
    temp = temp_beside(final)
    temp = temp.with_name(temp.name.replace(str(temp.name.split(".")[-2]), str(pid)))
    return final.rename(temp)


def test_a_take_that_only_waited_for_its_name_is_adopted(folder: AlbumFolder) -> None:
    """Killed between record and rename, the render is whole, so it is kept."""
    take = papers.put_take(folder, ORDER)
    temp = waiting_for_its_name(folder, take, 999_999)
    assert folder.find_take(ORDER) == take
    assert not temp.exists() and folder.path(take.path).read_bytes() == papers.audio(ORDER)


def test_a_cut_temp_file_is_not_adopted(folder: AlbumFolder) -> None:
    """A temp file that does not match the record is not a take."""
    take = papers.put_take(folder, ORDER)
    temp = waiting_for_its_name(folder, take, 999_999)
    temp.write_bytes(papers.audio(ORDER)[:-1])
    assert folder.find_take(ORDER) is None


def test_a_new_render_that_replaces_an_old_take_is_adopted_too(folder: AlbumFolder) -> None:
    """With the old audio still under the name, the recorded temp file wins."""
    papers.put_take(folder, ORDER)
    old = folder.path("takes/01-1.flac").read_bytes()
    take = papers.put_take(folder, ORDER, version=2)
    temp = waiting_for_its_name(folder, take, 999_999)
    folder.path(take.path).write_bytes(old)
    assert folder.find_take(ORDER) == take
    assert not temp.exists() and folder.path(take.path).read_bytes() == papers.audio(ORDER, 2)


def test_a_failed_render_keeps_nothing(folder: AlbumFolder) -> None:
    """An encoder that fails half-way leaves neither audio nor record."""

    def fail(temp: Path) -> None:
        temp.write_bytes(b"half")
        raise ValueError("encoder")

    with pytest.raises(ValueError, match="encoder"):
        folder.take_files(ORDER).put(ORDER, papers.BAND, frames=1, rate=32_000, fingerprint="", write=fail)
    assert files(folder) == []


def test_holding_an_album_clears_up_after_a_dead_writer(folder: AlbumFolder) -> None:
    """Temp files of killed runs go, hidden files of others and the one whole take stay."""
    take = papers.put_take(folder, ORDER)
    waiting_for_its_name(folder, take, 999_999)
    for name in (".mix.flac.999999.part", "takes/.01-2.flac.999999.part", "tracks/.03 - A.b.flac.1.part", ".DS_Store"):
        folder.path(name).parent.mkdir(exist_ok=True)
        folder.path(name).write_bytes(b"half")
    with folder.hold():
        assert files(folder) == [".DS_Store", ".lease.json", ".lock", "takes/01-1.flac", "takes/01-1.json"]
        assert folder.find_take(ORDER) == take


def test_the_manifest_makes_an_album_complete(folder: AlbumFolder) -> None:
    """An album without album.json is unfinished; with it, every file is there as recorded."""
    assert not folder.is_complete()
    album = papers.finished_album(folder)
    assert folder.is_complete() and folder.read_manifest() == album
    assert folder.record("album.json").sha256 == album.digest()


@pytest.mark.parametrize("path", ["takes/02-1.flac", "tracks/01 - Gutter Song.flac", "cover.png", "mix.flac"])
def test_no_manifest_is_written_over_a_missing_or_changed_file(folder: AlbumFolder, path: str) -> None:
    """An album is never shown as done with a file that is not what was recorded."""
    album = papers.finished_album(folder)
    folder.path("album.json").unlink()
    content = folder.path(path).read_bytes()
    folder.path(path).write_bytes(content[:-1] + b"?")
    with pytest.raises(Damaged):
        folder.write_manifest(album)
    folder.path(path).unlink()
    with pytest.raises(Damaged):
        folder.write_manifest(album)
    assert not folder.is_complete()
    folder.path(path).write_bytes(content)
    folder.write_manifest(album)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"version": 2}'])
def test_a_damaged_manifest_says_what_and_how_to_go_on(folder: AlbumFolder, content: bytes) -> None:
    """The error names the file and gives a remedy; the file stays for a look."""
    papers.finished_album(folder)
    folder.path("album.json").write_bytes(content)
    with pytest.raises(Damaged, match=r"album\.json is damaged") as caught:
        folder.read_manifest()
    assert "lofi make" in caught.value.remedy and folder.is_complete()


def test_a_manifest_in_the_wrong_folder_is_refused(folder: AlbumFolder, tmp_path: Path) -> None:
    """A copied album folder is not a second album."""
    papers.finished_album(folder)
    folder.folder.rename(tmp_path / "copy")
    with pytest.raises(Damaged, match="describes the album rain-on-tin"):
        AlbumFolder(tmp_path / "copy", "copy").read_manifest()
