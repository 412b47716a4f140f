"""The power is cut at every step of an album: nothing reported as done is lost, nothing half-done is believed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import papers
import pytest
from power import PowerMeter, Remains

from pipeline.domain import RenderOrder, Take
from pipeline.shelf import AlbumFolder, album_folder, atomic, folder, takes
from pipeline.shelf.atomic import hash_file
from pipeline.shelf.takes import TakeFiles

PAPER = papers.plan(tracks=("Gutter Song",))
FIRST, SECOND = papers.orders(PAPER)


def make(album: AlbumFolder, promised: list[object]) -> None:
    """Make an album, one take of which is rendered twice; say what is done as soon as it is."""
    for order, version in ((FIRST, 1), (SECOND, 1), (SECOND, 2)):
        if (order, version) == (SECOND, 2):
            promised.remove(SECOND)  # from here either version will do, and then only the new one
        papers.put_take(album, order, version)
        promised.append(order)
    papers.released(album, PAPER, papers.brief(), tuple(find(album, order) for order in (FIRST, SECOND)))
    promised.append("manifest")


def find(album: AlbumFolder, order: RenderOrder) -> Take:
    take = album.find_take(order)
    assert take is not None
    return take


def check(remains: Remains, where: Path) -> None:
    """Start again from what a crash left, and hold it to the promises. AssertionError names the broken one."""
    remains.lay_out(where)
    album = AlbumFolder(where, "rain-on-tin")
    for path in where.rglob("takes/*.flac"):
        if not path.name.startswith("."):
            assert path.with_suffix(".json").exists(), f"{path.name} has its name but nobody recorded it"
    with album.hold():
        assert not list(where.rglob("*.part")), "a temp file is left over"
        for order in (FIRST, SECOND):
            take = album.find_take(order)
            if order in remains.promised:
                assert take is not None, f"take {order.index} was reported as done and is lost"
            if take is not None:
                content = album.path(take.path).read_bytes()
                assert content in (papers.audio(order, 1), papers.audio(order, 2)), "a partial take is believed"
        if "manifest" in remains.promised:
            assert album.is_complete(), "the album was reported as done and is lost"
        if album.is_complete():
            for made in album.read_manifest().files():
                assert hash_file(album.path(made.path))[0] == made.sha256, f"{made.path} is not as recorded"
        assert not list(where.rglob("*.damaged")), "a crash damaged what it left under a final name"
        papers.finished_album(album, PAPER)
    assert album.is_complete()


def cut_everywhere(disk: Path) -> int:
    """Check every crash of making an album; return how many different ones there were."""
    (disk / "made").mkdir()
    meter = PowerMeter(disk / "made")
    with meter.on():
        make(AlbumFolder(disk / "made", "rain-on-tin"), meter.promised)
    for number, remains in enumerate(meter.remains):
        try:
            check(remains, disk / str(number))
        except Exception as error:
            raise AssertionError(f"power cut {remains.moment}: {error}") from error
    return len(meter.remains)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder in memory where there is one: the test is about the order of calls, not about the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def test_no_power_cut_breaks_a_promise(disk: Path) -> None:
    """At every fsync, rename and mkdir, with everything not yet synced lost or not."""
    assert cut_everywhere(disk) > 50


def no_file_sync(patch: pytest.MonkeyPatch) -> None:
    for module in (atomic, album_folder, takes):
        patch.setattr(module, "sync_file", lambda path: None)


def no_folder_sync(patch: pytest.MonkeyPatch) -> None:
    for module in (atomic, album_folder, folder):
        patch.setattr(module, "sync_folder", lambda path: None)


def in_place(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def writing(final: Path) -> Iterator[Path]:
        atomic.make_folder(final.parent)
        yield final
        atomic.sync_file(final)
        atomic.sync_folder(final.parent)

    patch.setattr(folder, "writing", writing)


def record_after_audio(patch: pytest.MonkeyPatch) -> None:
    def put(self: TakeFiles, order, backend, *, frames, rate, fingerprint, write):  # type: ignore[no-untyped-def]
        path = self.sound
        with self.folder.writing(path) as temp:
            write(temp)
        digest, _ = hash_file(self.folder.path(path))
        take = Take(
            order=order, path=path, sha256=digest, frames=frames, rate=rate, backend=backend, fingerprint=fingerprint
        )
        self.folder.put(take, self.record)
        return take

    patch.setattr(TakeFiles, "put", put)


def manifest_first(patch: pytest.MonkeyPatch) -> None:
    released = papers.released

    def eager(album: AlbumFolder, *args):  # type: ignore[no-untyped-def]
        made = released(album, *args)
        album.path("mix.flac").unlink()
        album.write_bytes("mix.flac", b"mix")
        return made

    patch.setattr(papers, "released", eager)


@pytest.mark.parametrize("mutant", [no_file_sync, no_folder_sync, in_place, record_after_audio, manifest_first])
def test_a_careless_order_of_writing_is_caught(
    disk: Path, monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """The same check finds a power cut that breaks each careless way of writing."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError, match="power cut"):
        cut_everywhere(disk)
