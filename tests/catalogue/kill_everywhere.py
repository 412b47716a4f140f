"""Makes an album with shelf and catalogue, and is killed by SIGKILL at every write, fsync, rename and commit in turn.

Run as a program: `kill_everywhere.py FOLDER MUTANT`. It forks a child for every point, kills it there, checks what
is left, lets another child finish the job, and checks again. Prints a JSON object: how many points there were and
the first broken promise, if any.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
import alembic.ddl.sqlite  # noqa: F401
import papers
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pipeline.catalogue import Catalogue
from pipeline.domain import RenderOrder
from pipeline.errors import LofiError
from pipeline.shelf import AlbumFolder, Shelf, atomic, folder
from pipeline.steps.plan import finished_album, unfinished_project

PAPER = papers.plan(tracks=("Gutter Song",))
ASKED = papers.brief(tracks=1)


def make(library: Path, point: Callable[[], None], mutant: str) -> None:
    """Make the album or go on with it, in the order of writing that the steps use."""
    shelf = Shelf.open(library)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        if finished_album(shelf, catalogue, ASKED) is not None:
            return
        project = unfinished_project(shelf, ASKED)
        if project is None:
            album = shelf.begin(PAPER.title, lambda slug: papers.project(slug, PAPER, ASKED))
            project = papers.project(album.slug, PAPER, ASKED)
        catalogue.reserve(project.slug, ASKED, PAPER)
        album = shelf.album(project.slug)
        with album.hold():
            catalogue.mark_interrupted(album.slug)
            takes = tuple(render(library, album, catalogue, order, point, mutant) for order in papers.orders(PAPER))
            if mutant == "database first":
                elsewhere = AlbumFolder(library / "elsewhere", album.slug)
                catalogue.enter(papers.finished_album(elsewhere, PAPER, ASKED))
                made = papers.released(album, PAPER, ASKED, takes)
            else:
                made = papers.released(album, PAPER, ASKED, takes)
            catalogue.enter(made)


def render(
    library: Path, album: AlbumFolder, catalogue: Catalogue, order: RenderOrder, point: Callable[[], None], mutant: str
) -> Any:
    """Find a take or render it, with a bill of its own that the ledger is compared with."""
    take = album.find_take(order)
    if take is None:
        number = catalogue.begin_render(album.slug, order, "asked", papers.BAND, "run")
        bill(library, f"started {order.index}")

        def write(temp: Path) -> None:
            sound = papers.audio(order)
            with temp.open("wb", buffering=0) as file:
                point()
                file.write(sound[:5000])
                point()
                file.write(sound[5000:])
                point()

        if mutant == "take in the database first":
            promised = papers.put_take(AlbumFolder(library / "elsewhere", album.slug), order)
            catalogue.record_take(album.slug, promised, papers.verdict())
        files = album.take_files(order)
        take = files.put(order, papers.BAND, frames=320_000, rate=32_000, fingerprint="print", write=write)
        bill(library, f"finished {order.index}")
        catalogue.end_render(number, "finished", take.seconds)
    catalogue.record_take(album.slug, take, papers.verdict())
    return take


def bill(library: Path, line: str) -> None:
    with (library / "bill").open("a") as file:
        file.write(line + "\n")


def check_what_is_left(library: Path) -> None:
    """Promises 1 and 2: whatever the catalogue shows exists as recorded, and final names hold whole files."""
    shelf = Shelf.open(library)
    for path in (library / "albums").rglob("*.flac"):
        if not path.name.startswith(".") and path.parent.name == "takes":
            index = int(path.stem[-1])
            whole = papers.audio(papers.orders(PAPER)[index - 1])
            assert path.read_bytes() == whole, f"promise 2: {path.name} is partial"
    database = shelf.catalogue_path
    if not database.exists():
        return
    with Catalogue.open(database) as catalogue:
        for row in catalogue.albums():
            if row.status == "draft":
                album = shelf.album(row.slug)
                assert album.is_complete(), "promise 1: the catalogue shows an album that is not there"
                for file in album.read_manifest().files():
                    assert album.has_hash(file.path, file.sha256), f"promise 1: {file.path}"
    connection = sqlite3.connect(database)
    taken = connection.execute("SELECT album, track, take, sha256 FROM takes").fetchall()
    connection.close()
    billed = (library / "bill").read_text() if (library / "bill").exists() else ""
    for order in papers.orders(PAPER):
        record = library / "albums" / "rain-on-tin" / AlbumFolder.take_record_path(1, order.index)
        if record.exists():  # from here on the take is finished, whatever name its audio has
            bill(library, f"whole {order.index} {billed.count(f'started {order.index}')}")
    for slug, track, index, sha256 in taken:
        path = AlbumFolder.take_path(track, index)
        there = shelf.album(slug).has_hash(path, sha256)
        assert there, f"promise 1: the catalogue shows take {index}, which is not on the shelf"


def check_the_end(library: Path) -> None:
    """Promises 3, 4 and 5: the next run finished the album, and nothing was paid for twice or off the books."""
    shelf = Shelf.open(library)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        rows = catalogue.albums()
        done = [row for row in rows if row.status == "draft"]
        assert len(done) == 1, f"promise 3: {rows}"
        album = shelf.album(done[0].slug)
        spend = catalogue.spend(album.slug)
        for file in album.read_manifest().files():
            assert album.has_hash(file.path, file.sha256), f"promise 1: {file.path}"
    lines = (library / "bill").read_text().splitlines()
    starts = sum(line.startswith("started") for line in lines)
    for index in (1, 2):
        own = lines.count(f"started {index}")
        whole = [int(line.split()[2]) for line in lines if line.startswith(f"whole {index}")]
        assert not whole or own == whole[0], f"promise 5: take {index} was finished and paid for again"
    ledger = spend.asked + spend.rerolls + spend.interrupted
    assert starts <= ledger, f"promise 4: {starts} renders started, {ledger} in the ledger"
    assert starts <= 2 + spend.interrupted and spend.asked == 2, f"promise 4: {starts} starts, {spend}"
    assert not list((library / "albums" / done[0].slug).rglob("*.part")), "a temp file is left over"
    assert [row.slug for row in rows] == ["rain-on-tin"], "promise 3: begun twice"
    assert not list(library.rglob("*.damaged")), "something was damaged"


@contextmanager
def points(kill_at: int | None) -> Iterator[Callable[[], None]]:
    """Count the points of a run, and end the process at one of them as the system would."""
    passed = 0

    def point() -> None:
        nonlocal passed
        if passed == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def guard(*args: Any, **kwargs: Any) -> Any:
            point()
            return call(*args, **kwargs)

        return guard

    for name in ("fsync", "replace", "rename", "mkdir"):
        setattr(os, name, guarded(getattr(os, name)))
    event.listen(Engine, "commit", lambda connection: point())
    yield point


def in_a_child(work: Callable[[], None]) -> int:
    """Run something in a fork; return its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a fork must never return into the caller
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_place() -> None:
    """The mutant that writes straight into the final file."""

    @contextmanager
    def writing(final: Path) -> Iterator[Path]:
        atomic.make_folder(final.parent)
        yield final

    folder.writing = writing


def try_point(library: Path, kill_at: int, mutant: str) -> tuple[bool, str | None]:
    """Kill a run at one point and go on from there; return whether it was killed, and the promise broken."""

    def killed() -> None:
        with points(kill_at) as point:
            make(library, point, mutant)

    def resumed() -> None:
        make(library, lambda: None, mutant)

    status = in_a_child(killed)
    assert status in (0, -signal.SIGKILL), status
    thorough = kill_at % 8 == 0
    try:
        check_what_is_left(library)
        for _ in range(2 if thorough else 1):
            assert in_a_child(resumed) == 0, "promise 3: it does not go on"
            check_the_end(library)
    except (AssertionError, LofiError) as error:
        return True, f"killed at point {kill_at}: {error}"
    return status != 0, None


def main(where: Path, mutant: str) -> None:
    """Kill at every point in turn, up to the first that breaks a promise.

    First in a library with a catalogue, which saves most of the time; then, for the first 24 points, in a new one.
    """
    logging.disable()
    if mutant == "in place":
        in_place()
    step = 1 if mutant == "none" else 6  # a gross mistake is caught by a coarse comb too
    ready = where / "ready"
    with Catalogue.open(Shelf.open(ready).catalogue_path):
        pass
    counts, broken = [], None
    for new in (False, True):
        killed, kill_at = True, -step
        while killed and broken is None:
            kill_at += step
            library = where / str(kill_at)
            if new:
                library.mkdir()
            else:
                shutil.copytree(ready, library)
            killed, broken = try_point(library, kill_at, mutant)
            killed = killed and not (new and kill_at == 24)
            shutil.rmtree(library)
        counts.append(kill_at)
    print(json.dumps({"points": counts, "broken": broken}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
