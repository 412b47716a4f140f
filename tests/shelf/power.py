"""A disk whose power is cut at every step: what a crash could leave of a folder, for each moment of a run.

While a `PowerMeter` is on, every fsync, rename, unlink and mkdir is a moment. For each it keeps what a power cut
could leave on the disk: names as they are or as last synced, contents as they are or as last synced. POSIX promises
no more than that, and ext4, XFS and btrfs have each been seen to do it (Pillai et al., OSDI 2014).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOOKS = ("fsync", "replace", "rename", "unlink", "mkdir", "rmdir")


@dataclass(frozen=True)
class Remains:
    """What is left after a crash at one moment: file contents by relative path, and what was promised by then."""

    moment: str
    files: dict[str, bytes]
    promised: tuple[Any, ...]

    def lay_out(self, folder: Path) -> None:
        """Write the remains into an empty folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


@dataclass
class PowerMeter:
    """Watches `root`. The run appends to `promised` whatever has been reported as done."""

    root: Path
    promised: list[Any] = field(default_factory=list)
    remains: list[Remains] = field(default_factory=list)
    _open: dict[int, int] = field(default_factory=dict)
    _contents: dict[int, bytes] = field(default_factory=dict)
    _names: dict[int, dict[str, int]] = field(default_factory=dict)

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch the calls made inside the block."""
        self._look()
        real = {name: getattr(os, name) for name in HOOKS}
        try:
            for name in HOOKS:
                setattr(os, name, self._watched(name, real[name]))
            yield
            self._moment("end")
        finally:
            for name in HOOKS:
                setattr(os, name, real[name])
            for descriptor in self._open.values():
                os.close(descriptor)

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._moment(f"before {name} {args}")
            result = call(*args, **kwargs)
            if name == "fsync":
                self._synced(args[0])
            self._moment(f"after {name} {args}")
            return result

        return watched

    def _synced(self, descriptor: int) -> None:
        number = os.fstat(descriptor).st_ino
        now = self._look()
        if number in self._contents or number not in now:
            self._contents[number] = b"".join(iter(lambda: self._read(number), b""))
        else:
            self._names[number] = dict(now[number])

    def _read(self, number: int) -> bytes:
        descriptor = self._open[number]
        where = os.lseek(descriptor, 0, os.SEEK_CUR)
        data = os.pread(descriptor, 1 << 20, where)
        os.lseek(descriptor, where + len(data), os.SEEK_SET)
        if not data:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return data

    def _look(self) -> dict[int, dict[str, int]]:
        """Return every folder's entries by inode number, keeping each inode open so that no number is reused."""
        now: dict[int, dict[str, int]] = {}
        waiting = [self.root]
        while waiting:
            folder = waiting.pop()
            entries = now[folder.stat().st_ino] = {}
            for path in folder.iterdir():
                number = entries[path.name] = path.stat().st_ino
                if path.is_dir():
                    waiting.append(path)
                elif number not in self._open:
                    self._open[number] = os.open(path, os.O_RDONLY)
        return now

    def _moment(self, moment: str) -> None:
        now = self._look()
        top = self.root.stat().st_ino
        whole = {number: b"".join(iter(lambda n=number: self._read(n), b"")) for number in self._open}
        synced = {number: self._contents.get(number, b"") for number in self._open}
        for names, names_are in ((now, "all names"), (self._names, "synced names")):
            for contents, contents_are in ((whole, "all bytes"), (synced, "synced bytes")):
                files = dict(_files(top, "", names, contents))
                left = Remains(f"{moment}; {names_are}, {contents_are}", files, tuple(self.promised))
                if not self.remains or any(
                    old.files != files or old.promised != left.promised for old in self.remains[-4:]
                ):
                    self.remains.append(left)


def _files(
    number: int, prefix: str, names: dict[int, dict[str, int]], contents: dict[int, bytes]
) -> Iterator[tuple[str, bytes]]:
    for name, child in names.get(number, {}).items():
        if child in contents:
            yield prefix + name, contents[child]
        else:
            yield from _files(child, f"{prefix}{name}/", names, contents)
