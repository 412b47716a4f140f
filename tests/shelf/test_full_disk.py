"""Disks that are full, or closed to us: one clear error, and nothing half-written under a final name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import papers
import pytest

from pipeline.shelf import AlbumFolder

ROOT = Path(__file__).parents[2]

FILL = """
import contextlib, json, logging, shutil, sys
from pathlib import Path
sys.path[:0] = ["tests"]
import papers
from pipeline.errors import DiskFull
from pipeline.shelf import AlbumFolder, Shelf
logging.disable()
shelf = Shelf.open(Path(sys.argv[1]))
filler = shelf.root / "filler"
said = []
for step in range(44):
    album = shelf.album("rain-on-tin")
    try:
        with album.hold():
            papers.finished_album(album)
        outcome = "complete"
    except DiskFull as error:
        outcome = error.message
    # The files as a reader would find them, before anything is cleared up.
    wrong = [str(path) for path in album.folder.rglob("*") if path.name.endswith((".part", ".damaged"))]
    for order in papers.orders(papers.plan()):
        path = album.folder / album.take_path(order.track.number, order.index)
        if path.exists() and path.read_bytes() != papers.audio(order):
            wrong.append(str(path))
    if album.is_complete():
        for file in album.read_manifest().files():
            if not album.has_hash(file.path, file.sha256):
                wrong.append(file.path)
    said.append([outcome, wrong])
    shutil.rmtree(album.folder, ignore_errors=True)
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        file.write(bytes(4096))
print(json.dumps(said))
"""


def on_a_small_disk(size: str, mount: str, code: str, *, lead: str = "") -> str:
    """Run Python in a mount namespace of its own with a tmpfs of `size` at `mount`; return what it prints."""
    command = f'mount -t tmpfs -o size={size},mode=0777 none "{mount}" && {lead} exec "$@"'
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    line = ["unshare", *user, "--mount", "sh", "-c", command, "sh", sys.executable, "-c", code, mount]
    run = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_disk_that_fills_up_is_named_and_nothing_half_written_is_left(tmp_path: Path) -> None:
    """An album on a small disk, with a little less room each time: complete, or one clear error and whole files."""
    run = on_a_small_disk("160k", str(tmp_path), FILL)
    said = json.loads(run)
    assert said[0] == ["complete", []]
    assert [wrong for _, wrong in said if wrong] == []
    errors = {outcome for outcome, _ in said if outcome != "complete"}
    assert len(errors) > 3, "the sweep must meet the full disk in several places"
    assert all(str(tmp_path) in error and "bytes are free" in error for error in errors)


READ_ONLY = """
import sys
from pathlib import Path
from pipeline.errors import ShelfError
from pipeline.shelf import Shelf
try:
    Shelf.open(Path(sys.argv[1]) / "library")
except ShelfError as error:
    print(error)
Shelf.open(Path(sys.argv[1]) / "library", writable=False)
"""


def test_a_read_only_library_is_said_so(tmp_path: Path) -> None:
    """Before anything is made, with the path; reading it still works."""
    lead = f'mkdir -p "{tmp_path}/library/albums" && mount -o remount,ro "{tmp_path}" &&'
    run = on_a_small_disk("64k", str(tmp_path), READ_ONLY, lead=lead)
    assert str(tmp_path / "library") in run and "read-only" in run and len(run.splitlines()) == 1


LIMIT = """
import resource, sys
from pathlib import Path
sys.path[:0] = ["tests"]
import papers
from pipeline.errors import DiskFull
from pipeline.shelf import AlbumFolder
album = AlbumFolder(Path(sys.argv[1]), "rain-on-tin")
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    papers.put_take(album, papers.order())
except DiskFull as error:
    print(error.message)
print(sorted(path.name for path in album.folder.rglob("*")))
"""


def test_a_quota_counts_as_a_full_disk(tmp_path: Path) -> None:
    """Whatever keeps a file from growing, the take is not kept and its temp file does not stay."""
    run = subprocess.run([sys.executable, "-c", LIMIT, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True)
    message, left = run.stdout.splitlines()
    assert str(tmp_path / "takes" / "01-1.flac") in message
    assert left == "['takes']"


HIDDEN = """
import contextlib, sys
from pathlib import Path
sys.path[:0] = ["tests"]
import papers
from pipeline.errors import DiskFull
from pipeline.shelf import AlbumFolder
def encode(temp):
    with contextlib.suppress(OSError), open(temp, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    raise RuntimeError("System error.")
album = AlbumFolder(Path(sys.argv[1]), "x")
try:
    order = papers.order()
    album.take_files(order).put(order, papers.BAND, frames=1, rate=32000, fingerprint="", write=encode)
except DiskFull as error:
    print(error.message)
"""


def test_an_encoder_that_hides_a_full_disk_is_seen_through(tmp_path: Path) -> None:
    """Audio libraries say only that writing failed; on a full disk that is what is said."""
    run = on_a_small_disk("128k", str(tmp_path), HIDDEN)
    assert "01-1.flac" in run


def test_an_encoder_error_on_a_healthy_disk_stays_what_it_is(tmp_path: Path) -> None:
    """Not every failure is the disk's."""

    def encode(temp: Path) -> None:
        raise RuntimeError("bad samples")

    with pytest.raises(RuntimeError, match="bad samples"):
        AlbumFolder(tmp_path, "x").take_files(papers.order()).put(
            papers.order(), papers.BAND, frames=1, rate=32_000, fingerprint="", write=encode
        )
