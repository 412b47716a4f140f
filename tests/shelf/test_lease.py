"""One writer at a time, whoever dies."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Empty

import pytest

from pipeline.errors import Held
from pipeline.shelf import AlbumFolder
from pipeline.shelf.lease import LASTING, Lock, holding, is_held, lock_file

RACERS, RACES = 3, 100
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def no_locks(descriptor: int) -> bool:
    """Stand for a file system where files cannot be locked."""
    return False


LOCKS = pytest.mark.parametrize("lock", [lock_file, no_locks], ids=["flock", "lease alone"])

HOLDER = """
import sys
from pathlib import Path
from pipeline.shelf.lease import holding, lock_file
lock = lock_file if sys.argv[2] == "lock_file" else lambda descriptor: False
with holding(Path(sys.argv[1]), "The album x", lock=lock):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def another_process(folder: Path, lock: Lock) -> Iterator[subprocess.Popen[str]]:
    """Hold a folder in another process for the length of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), lock.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def lease_of(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / ".lease.json").read_text()))


def rewrite(folder: Path, **changes: object) -> None:
    (folder / ".lease.json").write_text(json.dumps(lease_of(folder) | changes))


def left_behind(folder: Path, lock: Lock, **changes: object) -> None:
    """Leave the lease of a process that was killed, with some fields changed."""
    with another_process(folder, lock) as process:
        process.kill()
        process.wait()
    rewrite(folder, **changes)


@LOCKS
def test_a_second_run_is_told_who_holds_the_album(tmp_path: Path, lock: Lock) -> None:
    """It stops at once, names the process and the time, says how to go on, and exits with 3."""
    with another_process(tmp_path, lock) as process:
        with pytest.raises(Held) as caught, holding(tmp_path, "The album x", lock=lock):
            pytest.fail("two writers")
        message = str(caught.value)
        assert f"process {process.pid}" in message and "The album x" in message
        assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", message)
        assert f"kill {process.pid}" in caught.value.remedy
        assert caught.value.exit_code == 3


@LOCKS
def test_a_look_tells_whether_somebody_is_at_it(tmp_path: Path, lock: Lock) -> None:
    """And leaves nothing behind: neither before the first writer, nor beside one, nor after one was killed."""
    assert not is_held(tmp_path, lock=lock) and not is_held(tmp_path / "nowhere", lock=lock)
    assert list(tmp_path.iterdir()) == []
    with another_process(tmp_path, lock) as process:
        before = lease_of(tmp_path)
        assert is_held(tmp_path, lock=lock) and lease_of(tmp_path) == before
        process.kill()
        process.wait()
        assert not is_held(tmp_path, lock=lock)
    with holding(tmp_path, "it", lock=lock):
        assert is_held(tmp_path, lock=lock)
    assert not is_held(tmp_path, lock=lock)


@LOCKS
def test_a_look_at_a_holder_elsewhere(tmp_path: Path, lock: Lock) -> None:
    """One on another machine counts until its lease runs out; one in another container of this one by its lock."""
    left_behind(tmp_path, lock, host="elsewhere", boot="another")
    assert is_held(tmp_path, lock=lock)
    assert not is_held(tmp_path, lock=lock, clock=lambda: datetime.now(UTC) + 2 * LASTING)
    left = tmp_path / "container"
    left.mkdir()
    left_behind(left, lock, space="pid:[1]")
    assert is_held(left, lock=lock) == (lock is no_locks)


@LOCKS
def test_an_album_is_free_again_afterwards(tmp_path: Path, lock: Lock) -> None:
    """Leaving the block, also by an error, lets the next run in; a refused run does not break the holder's lease."""
    with holding(tmp_path, "it", lock=lock):
        with pytest.raises(Held), holding(tmp_path, "it", lock=lock):
            pytest.fail("two writers in one process")
        assert lease_of(tmp_path)["pid"] == os.getpid()
    with pytest.raises(KeyError), holding(tmp_path, "it", lock=lock):
        raise KeyError
    with holding(tmp_path, "it", lock=lock):
        pass
    assert not (tmp_path / ".lease.json").exists()


@LOCKS
def test_a_killed_run_does_not_lock_the_next_one_out(tmp_path: Path, lock: Lock) -> None:
    """After kill -9 the lease is still there, its process is not, and the next run takes over."""
    with another_process(tmp_path, lock) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert lease_of(tmp_path)["pid"] == process.pid
        with holding(tmp_path, "it", lock=lock):
            assert lease_of(tmp_path)["pid"] == os.getpid()


@LOCKS
def test_a_reused_process_id_is_not_the_holder(tmp_path: Path, lock: Lock) -> None:
    """A lease with the number of a living process that started at another time is a dead one's."""
    left_behind(tmp_path, lock, pid=os.getpid(), started=1)
    with holding(tmp_path, "it", lock=lock):
        pass


@LOCKS
def test_a_reboot_frees_the_album(tmp_path: Path, lock: Lock) -> None:
    """A lease of this machine from before it was started again is void, whatever its number means now."""
    left_behind(tmp_path, lock, boot="an earlier boot", pid=os.getpid())
    with holding(tmp_path, "it", lock=lock):
        pass


@LOCKS
@pytest.mark.parametrize("elsewhere", [{"host": "gpu-box", "boot": "another kernel"}])
def test_a_holder_on_another_machine_counts_until_its_lease_ends(
    tmp_path: Path, lock: Lock, elsewhere: dict[str, object]
) -> None:
    """Over a network share nobody can look the process up, so its lease is believed, and then it lapses."""
    left_behind(tmp_path, lock, **elsewhere)
    claimed = datetime.fromisoformat(str(lease_of(tmp_path)["claimed"]))
    just_before = claimed + LASTING - timedelta(seconds=1)
    with pytest.raises(Held, match="gpu-box"), holding(tmp_path, "it", lock=lock, clock=lambda: just_before):
        pytest.fail("robbed")
    with holding(tmp_path, "it", lock=lock, clock=lambda: claimed + LASTING):
        pass


def test_a_process_of_another_container_is_not_taken_for_dead(tmp_path: Path) -> None:
    """Without locks, a number from another process namespace proves nothing until the lease ends."""
    left_behind(tmp_path, no_locks, space="pid:[1]")
    with pytest.raises(Held), holding(tmp_path, "it", lock=no_locks):
        pytest.fail("robbed")


@LOCKS
def test_a_living_holder_is_never_robbed_however_long_it_takes(tmp_path: Path, lock: Lock) -> None:
    """The expiry is for holders nobody can look up; one that lives keeps the album, also when the clock jumps."""
    with another_process(tmp_path, lock):
        for then in (NOON - timedelta(days=3650), NOON + timedelta(days=3650)):
            with pytest.raises(Held), holding(tmp_path, "it", lock=lock, clock=lambda then=then: then):
                pytest.fail("robbed")


@LOCKS
@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}'])
def test_a_lease_cut_by_a_power_cut_does_not_lock_the_album_for_good(tmp_path: Path, lock: Lock, text: str) -> None:
    """An unreadable lease is void: at once under a lock, after a minute without one."""
    lease = tmp_path / ".lease.json"
    lease.write_text(text)
    os.utime(lease, (NOON.timestamp(), NOON.timestamp()))
    if lock is no_locks:
        with pytest.raises(Held), holding(tmp_path, "it", lock=lock, clock=lambda: NOON + timedelta(seconds=30)):
            pytest.fail("it may be half written by a living process")
    with holding(tmp_path, "it", lock=lock, clock=lambda: NOON + timedelta(seconds=61)):
        pass


def test_children_do_not_keep_the_lock(tmp_path: Path) -> None:
    """An encoder left running by a killed run does not hold the album."""
    with holding(tmp_path, "it"):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        with holding(tmp_path, "it"):
            pass
    finally:
        child.communicate(b"\n")


def _race(folders: list[Path], lock: Lock, gate: Barrier, results: Queue[str]) -> None:
    """Go for each folder at the same moment as the others, and hold what is won until all have tried."""
    try:
        for folder in folders:
            gate.wait(timeout=60)
            try:
                with holding(folder, "it", lock=lock):
                    results.put("won")
                    gate.wait(timeout=60)
            except Held:
                results.put("held")
                gate.wait(timeout=60)
    except BaseException as error:
        results.put(repr(error))
        gate.abort()
        raise


@LOCKS
def test_of_many_that_start_at_once_exactly_one_gets_the_album(tmp_path: Path, lock: Lock) -> None:
    """Also when all of them find the lease of a dead run; in many races, for one race proves little."""
    left_behind(tmp_path, lock)
    dead = (tmp_path / ".lease.json").read_bytes()
    folders = [tmp_path / str(number) for number in range(RACES)]
    for folder in folders:
        folder.mkdir()
        (folder / ".lease.json").write_bytes(dead)
    context = multiprocessing.get_context("spawn")
    gate, results = context.Barrier(RACERS), context.Queue()
    racers = [context.Process(target=_race, args=(folders, lock, gate, results), daemon=True) for _ in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=120)
    outcomes: Counter[str] = Counter()
    with contextlib.suppress(Empty):
        while True:
            outcomes[results.get(timeout=1)] += 1
    assert outcomes == {"won": RACES, "held": RACES * (RACERS - 1)}


def test_an_album_folder_is_held_as_a_whole(tmp_path: Path) -> None:
    """`hold` makes the folder when needed, names the album, and two albums do not get in each other's way."""
    one, two = (AlbumFolder(tmp_path / slug, slug) for slug in ("one", "two"))
    with one.hold(), two.hold(), pytest.raises(Held, match="The album one"), one.hold():
        pytest.fail("two writers")
