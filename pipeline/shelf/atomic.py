"""Files that appear whole or not at all, also after `kill -9` or a power cut.

The order is: write a hidden temp file in the same folder, fsync it, rename it, fsync the folder. Without the first
fsync a power cut may keep the rename and lose the bytes; without the second it may lose the rename.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DiskFull, LofiError, ShelfError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {
    errno.EROFS: "is on a read-only file system",
    errno.EACCES: "cannot be used with your permissions",
    errno.EPERM: "cannot be used with your permissions",
    errno.ENOTDIR: "lies below something that is not a folder",
    errno.EIO: "cannot be used: its disk reports an error",
    errno.ESTALE: "is on a network share that has gone away",
}
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}
_TEMP = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.part")
_FULL_BELOW = 64 * 1024
"""Bytes left on a disk that count as none: encoders write in blocks of up to 64 KiB."""


@contextmanager
def writing(final: Path) -> Iterator[Path]:
    """Yield a temp path in the same folder; on success it becomes `final`, on any error it is removed.

    Makes the folder when it is missing. Raises DiskFull or ShelfError, naming the path, also when an encoder hid
    the system's error behind one of its own.
    """
    temp = temp_beside(final)
    with explained(final):
        make_folder(final.parent)
        temp.unlink(missing_ok=True)
        try:
            yield temp
            sync_file(temp)
            temp.replace(final)
            sync_folder(final.parent)
        except BaseException as error:
            full = _disk_is_full(error, final.parent)
            with contextlib.suppress(OSError):
                temp.unlink(missing_ok=True)
            if full:
                raise no_room(final) from error
            raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn whatever the system says against using `path` into one clear error; let every other error through."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise no_room(path) from error
        # Libraries raise OSError without a number for errors of their own; a broken pipe is no matter of paths.
        if error.errno is None or isinstance(error, BrokenPipeError):
            raise
        trouble = _CLOSED.get(error.errno) or f"cannot be used: {os.strerror(error.errno).lower()}"
        raise ShelfError(
            f"{path} {trouble}.", "Name another library, or make this one writable, and run it again."
        ) from error


def no_room(path: Path) -> DiskFull:
    """Return the error for a full disk, naming what could not be written and the bytes left."""
    free = free_bytes(path.parent)
    return DiskFull(
        f"There is no room to write {path}: {free} bytes are free.",
        "Make room and run the same command again: it continues where it stopped.",
    )


def _disk_is_full(error: BaseException, folder: Path) -> bool:
    """Whether an error that names no cause was in truth a full disk."""
    if not isinstance(error, Exception) or isinstance(error, LofiError | OSError):
        return False
    return free_bytes(folder) < _FULL_BELOW


def free_bytes(folder: Path) -> int:
    """Bytes an ordinary user may still write below `folder`, or below its nearest parent that exists."""
    for place in (folder, *folder.parents):
        if place.exists():
            return shutil.disk_usage(place).free
    return 0


def require_room(folder: Path, needed: int) -> None:
    """Raise DiskFull, naming the path and both numbers, when fewer than `needed` bytes are free."""
    with explained(folder):
        free = free_bytes(folder)
    if free < needed:
        raise DiskFull(
            f"{folder} needs room for {needed} bytes ({needed / 1e6:,.0f} MB) and has {free} ({free / 1e6:,.0f} MB).",
            f"Free at least {needed - free} bytes there, or name another library.",
        )


def temp_beside(final: Path) -> Path:
    """Return the hidden name under which this process writes `final`."""
    return final.with_name(f".{final.name}.{os.getpid()}.part")


def final_of(temp: Path) -> Path | None:
    """Return the path a temp file was meant to become, or None when it is not a temp file."""
    match = _TEMP.fullmatch(temp.name)
    return temp.with_name(match["name"]) if match else None


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, each entry of which survives a power cut."""
    missing = []
    place = folder
    while not place.exists():
        missing.append(place)
        place = place.parent
    for new in reversed(missing):
        with contextlib.suppress(FileExistsError):
            new.mkdir()
        sync_folder(new.parent)


def sync_file(path: Path) -> None:
    """Have the bytes of a file on the disk before returning."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the entries of a folder on the disk before returning, where the system offers that."""
    if os.name == "nt":
        return  # NTFS journals its folders, and Windows cannot open one
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def hash_file(path: Path) -> tuple[str, int]:
    """Return the SHA-256 in hex and the size in bytes of a file, read in blocks."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, file.tell()
