"""What files of weights hash to, remembered between runs: a checkpoint of 14 GB is not read at every start.

A hash stands as long as the file has the same resolved path, size, inode and times of change, of its content and of
its entry; the latter cannot be set back. Whoever wants to be sure has `lofi models --check` read everything.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.domain import Sha256
from pipeline.errors import LofiError
from pipeline.shelf.atomic import hash_file, writing

State = tuple[int, ...]
"""What a change of a file shows in: size, inode, and both times in nanoseconds."""

SMALL = 16 * 2**20
"""Bytes below which a file is hashed faster than it is worth remembering."""

_MOST = 500  # files remembered: those met longest ago are forgotten first
_JUST = 2 * 10**9  # nanoseconds in which a file may change again without its times telling

_DIGEST = re.compile(r"[0-9a-f]{64}")

_known: dict[str, tuple[State, Sha256]] = {}
"""By resolved path: what this process has hashed, or was told by a file of an earlier one."""


def content_hash(path: Path) -> Sha256:
    """Return the SHA-256 of a file, read only where its state is not known yet."""
    place = path.resolve()
    before = _state(place)
    known = _known.get(str(place))
    if known is not None and known[0] == before:
        _known[str(place)] = _known.pop(str(place), known)  # met again: forgotten last
        return known[1]
    digest, size = hash_file(place)
    if size >= SMALL and _state(place) == before and time.time_ns() - before[2] > _JUST:
        _known.pop(str(place), None)
        _known[str(place)] = (before, digest)
    return digest


@contextmanager
def remembered(file: Path) -> Iterator[None]:
    """Know inside the block what an earlier run left in `file`, and leave there what this one has read.

    A file that cannot be read or written costs nothing but the hashing.
    """
    place = file.expanduser()
    for path, entry in _read(place).items():
        _known.setdefault(path, entry)
    told = dict(_known)
    try:
        yield
    finally:
        fresh = {path: entry for path, entry in _known.items() if told.get(path) != entry}
        if fresh:
            _write(place, {**{path: entry for path, entry in _read(place).items() if path not in fresh}, **fresh})


def _state(path: Path) -> State:
    status = path.stat()
    return status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def _read(file: Path) -> dict[str, tuple[State, Sha256]]:
    try:
        held = json.loads(file.read_bytes())["files"]
        return {
            str(path): (tuple(int(number) for number in entry[0]), str(entry[1]))
            for path, entry in held.items()
            if len(entry[0]) == 4 and _DIGEST.fullmatch(entry[1])
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _write(file: Path, entries: dict[str, tuple[State, Sha256]]) -> None:
    newest = dict(list(entries.items())[-_MOST:])
    with contextlib.suppress(LofiError, OSError), writing(file) as temp:
        temp.write_text(json.dumps({"files": newest}), encoding="utf-8")
