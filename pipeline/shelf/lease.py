"""One writer at a time: a lock the system drops when its holder dies, and a lease that says who that is.

`flock` decides wherever it works: a killed process, a reboot or a reused process id leave nothing to clean up. The
lease (boot, process, its start time, host, expiry) names the holder to the second comer, keeps out a writer on
another machine whose locks do not reach this one, and stands alone on the few file systems without locks.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from pipeline.domain.noun import Noun
from pipeline.errors import Held
from pipeline.shelf.atomic import explained, temp_beside
from pipeline.shelf.clock import Clock, utc_now

if sys.platform != "win32":  # where the lease stands alone
    import fcntl

LASTING = timedelta(hours=24)
"""How long a lease counts when its holder cannot be looked up: longer than any album takes to make."""

_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL}
_HALF_WRITTEN = timedelta(minutes=1)

Lock = Callable[[int], bool]
"""Locks an open file: True when this process has it now, False when files cannot be locked here.
Raises BlockingIOError when another has it."""


class Lease(Noun):
    """Who holds a folder. `started` is the process start in clock ticks since boot, None where it is unknown."""

    host: str
    boot: str
    space: str
    """The process id namespace: the same number in another container is another process."""
    pid: int
    started: int | None
    claimed: datetime
    expires: datetime


def lock_file(descriptor: int) -> bool:
    """Lock with flock, without waiting; see `Lock`."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno in _NO_LOCKS_HERE:
            return False
        raise
    return True


def _unlock(descriptor: int) -> None:
    """Drop the lock itself: closing alone leaves it with a child process that is just being started."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def holding(folder: Path, what: str, *, clock: Clock = utc_now, lock: Lock = lock_file) -> Iterator[Lease]:
    """Be the only writer of `folder` inside the block.

    Raises Held at once, naming the holder, when another process or another part of this one is. What a dead
    process left is taken over; a living holder is never robbed.
    """
    path, lease_path = folder / ".lock", folder / ".lease.json"
    with explained(folder):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)  # not inherited by children (PEP 446)
    try:
        mine = _own_lease(clock())
        try:
            locked = lock(descriptor)
        except BlockingIOError:
            raise _held(what, _read(lease_path), lease_path) from None
        with explained(folder):
            if locked:
                _take_over(lease_path, mine, what)
            else:
                _claim_without_locks(lease_path, mine, what)
        try:
            yield mine
        finally:
            with contextlib.suppress(OSError):
                if _read(lease_path) == mine:
                    lease_path.unlink()
            _unlock(descriptor)
    finally:
        os.close(descriptor)


def is_held(folder: Path, *, clock: Clock = utc_now, lock: Lock = lock_file) -> bool:
    """Tell whether a living process is writing in `folder`: a look that writes nothing and costs next to nothing.

    It may be otherwise a moment later: who wants to write takes `holding`, whatever this says.
    """
    return holder_of(folder, clock=clock, lock=lock) is not None


def holder_of(folder: Path, *, clock: Clock = utc_now, lock: Lock = lock_file) -> Lease | None:
    """Return the lease of the living process that is writing in `folder`, None if none is; a look as `is_held`'s."""
    there, mine = _read(folder / ".lease.json"), _own_lease(clock())
    if there is None or not _counts(there, mine):
        return None
    if there.space == mine.space or not _same_kernel(there, mine):
        return there
    # Nobody in this container can look its holder up, yet on one kernel the lock tells. It is asked for in no other
    # case: for the moment that it is ours, it would turn away a writer who comes.
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR)
    except OSError:
        return there
    try:
        return None if lock(descriptor) else there
    except BlockingIOError:
        return there
    finally:
        _unlock(descriptor)
        os.close(descriptor)


@contextmanager
def queueing(path: Path) -> Iterator[None]:
    """Wait for a turn at something short, such as a migration; where files cannot be locked, go ahead."""
    with explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if sys.platform != "win32":
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                if error.errno not in _NO_LOCKS_HERE:
                    raise
        yield
    finally:
        _unlock(descriptor)
        os.close(descriptor)


@contextmanager
def without_waiting(path: Path, *, lock: Lock = lock_file) -> Iterator[bool]:
    """Have a turn inside the block if nobody else has it, and yield whether; where files cannot be locked, go ahead."""
    with explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    free = True
    try:
        try:
            lock(descriptor)
        except BlockingIOError:
            free = False
        yield free
    finally:
        _unlock(descriptor)
        os.close(descriptor)


def _take_over(path: Path, mine: Lease, what: str) -> None:
    """Write the own lease over whatever is there, unless a writer on another machine still counts."""
    there = _read(path)
    # A living holder on this kernel would still have the lock.
    if there is not None and not _same_kernel(there, mine) and _counts(there, mine):
        raise _held(what, there, path)
    temp = temp_beside(path)
    try:
        temp.write_text(mine.canonical_json(), encoding="utf-8")
        temp.replace(path)  # no fsync: after a power cut the boot has changed, and the lease is void
    except OSError:
        temp.unlink(missing_ok=True)
        raise


def _claim_without_locks(path: Path, mine: Lease, what: str) -> None:
    """Create the lease exclusively, or replace a dead one in one move.

    Of all that find the same dead lease, only the one that holds the turn named after its bytes may replace it.
    A lease is never written twice, so what was found dead is either still there or gone for good.
    """
    stale = _bytes(path)
    if stale is None:
        _create(path, mine, what)
        return
    there = _parse(stale)
    if _young(path, mine) if there is None else _counts(there, mine):
        raise _held(what, there, path)
    turn = path.with_name(f".lease.{hashlib.sha256(stale).hexdigest()[:16]}.json")
    _claim_without_locks(turn, mine, what)  # a turn is itself a lease: its holder may have died as well
    if _bytes(path) != stale:  # another was quicker, and this turn is over
        turn.unlink(missing_ok=True)
        raise _held(what, _read(path), path)
    turn.replace(path)


def _create(path: Path, mine: Lease, what: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise _held(what, _read(path), path) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(mine.canonical_json().encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _young(path: Path, mine: Lease) -> bool:
    """Whether an unreadable lease may be one that is being written right now."""
    try:
        return mine.claimed.timestamp() - path.stat().st_mtime < _HALF_WRITTEN.total_seconds()
    except FileNotFoundError:
        return True  # it was, until a moment ago


def _counts(there: Lease, mine: Lease) -> bool:
    """Whether the holder of a lease lives, or has to be taken to live until the lease expires."""
    if _same_kernel(there, mine):
        if there.space == mine.space:
            return _lives(there.pid, there.started)
    elif there.host == mine.host:
        return False  # the machine has been started again since
    return mine.claimed < there.expires


def _same_kernel(one: Lease, other: Lease) -> bool:
    """Whether two leases come from one running system; without a boot id the host's name has to do."""
    return one.boot == other.boot and (bool(one.boot) or one.host == other.host)


def _lives(pid: int, started: int | None) -> bool:
    """Whether this very process still runs, not another one under its number."""
    if sys.platform == "win32":
        return True  # there is no harmless way to ask without another library
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs under another user
    return started is None or _start_of(pid) in (started, None)


def _start_of(pid: int) -> int | None:
    """When a process started, in clock ticks since boot: field 22 of /proc/<pid>/stat (proc_pid_stat(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])  # the name before ")" may hold spaces and brackets
    except (OSError, IndexError, ValueError):
        return None


def _own_lease(now: datetime) -> Lease:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot, space = "", ""
    pid = os.getpid()
    return Lease(
        host=platform.node(),
        boot=boot,
        space=space,
        pid=pid,
        started=_start_of(pid),
        claimed=now,
        expires=now + LASTING,
    )


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _parse(content: bytes) -> Lease | None:
    try:
        return Lease.model_validate_json(content)
    except ValidationError:
        return None


def _read(path: Path) -> Lease | None:
    try:
        return _parse(path.read_bytes())
    except OSError:
        return None


def _held(what: str, holder: Lease | None, path: Path) -> Held:
    if holder is None:
        return Held(
            f"{what} is being written by another process.",
            f"Wait for it to finish. If nothing is running, delete {path} and run the command again.",
        )
    since = holder.claimed.strftime("%Y-%m-%d %H:%M:%S UTC")
    message = f"{what} is being written by process {holder.pid} on {holder.host} since {since}."
    if holder.host == platform.node():
        stop = f"stop it (`kill {holder.pid}`)"
    else:
        stop = f"stop it there, then delete {path} (it lapses by itself at {holder.expires:%Y-%m-%d %H:%M} UTC)"
    return Held(
        message, f"Wait for it to finish, or {stop}; then run the same command again to go on where it stopped."
    )
