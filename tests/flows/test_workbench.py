"""The bench of a library: orders are made once, by one room, whatever is stopped, killed or held meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from door import Door
from patience import until

from flows.cli import lofi
from flows.controls import Menu
from flows.workbench import Workbench
from pipeline.catalogue.jobs import Job
from pipeline.library import open_library
from pipeline.review.orders import JobAsk
from pipeline.settings import Settings
from pipeline.shelf.lease import is_held

CLIP: dict[str, Any] = {"seconds": 10, "takes": 1}
LONG: dict[str, Any] = {"tracks": 20, "seconds": 60, "takes": 3}
"""An album that is not done before a test has looked, on any machine."""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


class Rooms:
    """Rooms of one library in this process, each with a catalogue of its own."""

    def __init__(self, library: Path, stack: ExitStack) -> None:
        self.settings, self.stack = Settings(library=library, cache=library.parent / "cache"), stack

    def new(self) -> Workbench:
        shelf, catalogue = self.stack.enter_context(open_library(self.settings))
        return Workbench(self.settings, shelf, catalogue, Menu(lofi.commands))

    def open(self) -> Workbench:
        return self.stack.enter_context(self.new())


@pytest.fixture
def rooms(library: Path) -> Iterator[Rooms]:
    with ExitStack() as stack:
        yield Rooms(library, stack)


def order(room: Workbench, words: str = "warm rhodes", kind: Any = "clip", **wanted: Any) -> int:
    return room.start(JobAsk(kind=kind, words=words, wanted=wanted or CLIP), "mia").id


def job(room: Workbench, number: int) -> Any:
    return next(each for each in room.jobs() if each.id == number)


def ended(room: Workbench, number: int) -> Any:
    until(lambda: job(room, number).state in ("done", "failed", "stopped"))
    return job(room, number)


def makers() -> list[int]:
    """Return the processes of `lofi` that this one started and that still run."""
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # threads and processes come and go
            children = map(int, (task / "children").read_text().split())
            found += [pid for pid in children if b"flows.cli" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    return found


linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes as Linux lists them")


@linux
def test_an_order_that_was_stopped_while_it_waited_is_not_made(rooms: Rooms) -> None:
    """Also when it was seen waiting before: what is taken down later is made, and it is not."""
    room = rooms.new()
    first, second = order(room, "a tent in the rain", "album", **LONG), order(room)
    rooms.stack.enter_context(room)
    until(lambda: job(room, first).state == "working")
    assert room.stop(second).state == "stopped"
    third = order(room)
    assert room.stop(first).state == "stopped"
    assert ended(room, third).state == "done"
    assert (job(room, second).state, job(room, second).clips) == ("stopped", ())


@linux
def test_two_rooms_make_an_order_once(rooms: Rooms) -> None:
    """The second takes orders down and shows them; the first makes them, and the second once the first is closed."""
    one = rooms.new()
    with one:
        until(lambda: is_held(rooms.settings.library / ".workbench"))
        two = rooms.open()
        number = order(one, seconds=60, takes=2)
        most = 0
        while (state := job(two, number).state) != "done":
            assert state in ("waiting", "working")
            most = max(most, len(makers()))
        assert most == 1
        assert ended(two, order(two)).state == "done"
    assert ended(two, order(two)).state == "done"


@linux
def test_an_order_is_stopped_from_another_room(rooms: Rooms) -> None:
    """Whichever room makes it, its process ends."""
    one, two = rooms.open(), rooms.open()
    number = order(one, "a tent in the rain", "album", **LONG)
    until(makers)
    assert two.stop(number).state == "stopped"
    until(lambda: not makers())
    assert job(one, number).state == "stopped"


def test_one_order_that_cannot_be_made_takes_no_other_with_it(rooms: Rooms) -> None:
    """What went wrong is said beside it."""
    room = rooms.new()
    review = room._catalogue.review  # type: ignore[attr-defined]
    wrong = Job(kind="clip", words="rain", wanted={"melody": "0" * 64}, author="mia", time=review.now())
    number = review.order(wrong).id
    rooms.stack.enter_context(room)
    other = order(room)
    assert ended(room, number).state == "failed" and "upload" in job(room, number).said
    assert ended(room, other).state == "done"


def test_the_bench_outlives_a_library_that_cannot_be_used(rooms: Rooms, library: Path) -> None:
    """While a table is away nothing can be looked up; when it is back, orders are made."""
    room = rooms.new()
    database = room._catalogue._database  # type: ignore[attr-defined]
    with database.writing() as connection:
        connection.exec_driver_sql("alter table jobs rename to gone")
    rooms.stack.enter_context(room)
    until((library / ".workbench" / ".lock").exists)
    with database.writing() as connection:
        connection.exec_driver_sql("alter table gone rename to jobs")
    assert ended(room, order(room)).state == "done"


HOLDER = """
import sys
from pathlib import Path
from pipeline.shelf import Shelf
with Shelf(Path(sys.argv[1])).album(sys.argv[2]).hold():
    print("held", flush=True)
    sys.stdin.readline()
"""


@linux
def test_an_album_that_somebody_is_at_is_waited_for(rooms: Rooms, library: Path, tmp_path: Path) -> None:
    """Nothing is started to find that out, and the order is made once the album is let go of."""
    door = Door(library, tmp_path)
    slug = door.make("--tracks", "1", "--seconds", "10", "--takes", "1", "--seed", "7", "--plain")["slug"]
    command = [sys.executable, "-c", HOLDER, str(library), slug]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None and holder.stdout.readline() == "held\n"
        room = rooms.open()
        number, started = room.start(JobAsk(kind="changes", words=slug), "mia").id, 0

        def told() -> bool:
            nonlocal started
            started = max(started, len(makers()))
            return "Another process is making this album" in job(room, number).said

        until(told)
        assert started == 0 and job(room, number).state == "waiting"
        holder.stdin.close()
        holder.wait()
    assert ended(room, number).state == "done"


@linux
def test_who_was_ended_says_by_what(rooms: Rooms) -> None:
    """The last thing that was going well is no reason."""
    room = rooms.open()
    number = order(room, "a tent in the rain", "album", **LONG)
    (pid,) = until(makers)
    until(lambda: job(room, number).album)
    os.kill(pid, signal.SIGKILL)
    assert ended(room, number).state == "failed"
    assert job(room, number).said == "It was ended by signal 9 (SIGKILL), perhaps for want of memory."


@pytest.mark.parametrize(("code", "state"), [(0, "done"), (130, "waiting"), (-15, "waiting")])
def test_what_ended_well_while_the_room_closed_is_done(rooms: Rooms, code: int, state: str) -> None:
    """It is not made once more by the next room; what was interrupted is."""
    room = rooms.new()
    bench = room._bench
    number = order(room)
    kept = bench._review.job(number)
    assert bench._review.move_job(number, ["waiting"], "working")
    bench.close()
    bench._settle(kept, code, '[{"file": "clips/warm-rhodes-1.flac"}]', "")
    assert job(room, number).state == state


def test_the_whole_of_a_long_reason_is_told(rooms: Rooms) -> None:
    """Its end says what would do."""
    room = rooms.new()
    words = "rain " * 120
    review = room._catalogue.review  # type: ignore[attr-defined]
    wanted: dict[str, Any] = {"style": "no such style " + "x" * 400, "seed": 1}
    number = review.order(Job(kind="album", words=words[:200], wanted=wanted, author="mia", time=review.now())).id
    rooms.stack.enter_context(room)
    said = ended(room, number).said
    assert len(said) > 300 and not said.startswith("lofi: ") and said.endswith(".")
