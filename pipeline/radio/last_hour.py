"""The last good hour: encoded sound on disk, to go on with when the studio is silent.

A row of files of a minute each; the oldest goes when a new one begins, so that the folder is bounded: 61 minutes of
MP3 at 128 kbit/s and of Opus at 96 are 105 MB. Each holds records (sound, titles, header pages) with a checksum, so
that what a kill or a full disk cut off is left out when it is read. Nothing is synced: it is sound to fall back on.

It stays when the radio is closed, and is what the next one begins with where its studio takes long to open.
Everything here blocks on the disk and belongs in a thread of its own; `Reserve` is the part that never waits.
"""

from __future__ import annotations

import errno
import json
import logging
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from pipeline.radio.wire import Form, OnAir

MINUTE = 60.0
FILES = 61
FLOOR = 10
"""Files that are never given up to make room: on a full disk the newest cannot be kept, and these are all there is."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_HEAD = struct.Struct("<4sBdII")
_MAGIC = b"lofi"
_SOUND, _TITLE, _PAGES = 0, 1, 2
_LARGEST = 4 * 2**20
_log = logging.getLogger("lofi.radio")


@dataclass(frozen=True)
class Kept:
    """A packet as it was sent, what was heard then, and which studio played it."""

    seconds: float
    data: bytes
    said: OnAir | None
    run: str


class LastHour:
    """The files of one form in a folder."""

    def __init__(self, folder: Path, form: Form, *, files: int = FILES, minute: float = MINUTE) -> None:
        self._folder, self._form, self._files, self._minute = folder, form, files, minute
        self._open: BinaryIO | None = None
        self._seconds = 0.0
        self._whole, self._written = 0, 0
        self._came, self._shrunk = 0.0, -minute
        self._said: tuple[str, OnAir] | None = None
        self._head = b""
        self._complained = False
        self._number = 0

    def numbers(self) -> list[int]:
        """The numbers of the files there are, the oldest first."""
        found = (path.name.split(".") for path in self._folder.glob(f"{self._form}.*.sound"))
        return sorted(int(name[1]) for name in found if len(name) == 3 and name[1].isdecimal())

    def path(self, number: int) -> Path:
        """The file of a number."""
        return self._folder / f"{self._form}.{number:08d}.sound"

    def head(self, data: bytes) -> None:
        """Keep header pages: every file begins with them."""
        self._head = data

    def keep(self, seconds: float, data: bytes, said: OnAir | None, run: str) -> None:
        """Write a packet behind the others. A full disk, or none, is complained about once and changes nothing else."""
        self._came += seconds
        try:
            if self._open is None or self._seconds >= self._minute:
                self._begin()
            if said is not None and self._said != (run, said):
                self._said = run, said
                self._write(_TITLE, 0.0, json.dumps([run, asdict(said)]).encode())
            self._write(_SOUND, seconds, data)
            self._seconds += seconds
            self._whole = self._written
        except OSError as error:
            if not self._complained:
                _log.warning("The last hour cannot be kept in %s: %s. The radio goes on.", self._folder, error.strerror)
            self._complained = True
            # Anything may be wrong here, too: what cannot be mended now is left out when it is read.
            with suppress(OSError):
                self._mend(full=error.errno in _FULL)

    def _begin(self) -> None:
        if self._open is not None:
            self._complained = False  # a whole file went well
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        there = self.numbers()
        # Without a buffer: what was written can be read at once, also by whoever comes after a kill.
        self._number = (there[-1] if there else 0) + 1
        self._open = self.path(self._number).open("xb", buffering=0)
        self._seconds, self._whole, self._written, self._said = 0.0, 0, 0, None
        for number in there[: max(0, len(there) - self._files + 1)]:
            self.path(number).unlink(missing_ok=True)
        if self._head:
            self._write(_PAGES, 0.0, self._head)

    def _write(self, kind: int, seconds: float, data: bytes) -> None:
        assert self._open is not None
        record = _HEAD.pack(_MAGIC, kind, seconds, len(data), zlib.crc32(data)) + data
        if self._open.write(record) != len(record):
            raise OSError(errno.ENOSPC, "No space left on device")
        self._written += len(record)

    def _mend(self, *, full: bool) -> None:
        """Take back the half of a packet, so that a full disk is not filled with beginnings, and make room on it."""
        if self._open is not None:
            if self._seconds == 0:
                self.close()
                self.path(self._number).unlink(missing_ok=True)
            elif full:
                self._said, self._written = None, self._whole
                self._open.truncate(self._whole)
                self._open.seek(self._whole)
            else:
                self.close()
        if full and self._came >= self._shrunk + self._minute:
            self._shrunk = self._came
            self._shrink()

    def _shrink(self) -> None:
        """Make room on a full disk: the oldest two go, so that what is newer fits. Not again for a minute of sound."""
        there = self.numbers()
        for number in there[: min(2, max(0, len(there) - FLOOR))]:
            self.path(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Finish the file that is open."""
        file, self._open = self._open, None
        if file is not None:
            file.close()

    def after(self, number: int) -> tuple[int, list[Kept], bytes]:
        """Read the file after `number`, or the oldest; return its number, its packets and its header pages.

        Files without sound are passed over, and the one that is being written. Number 0 and nothing where there is
        none at all.
        """
        there = [each for each in self.numbers() if each != self._number or self._open is None]
        for chosen in [each for each in there if each > number] + [each for each in there if each <= number]:
            head, kept = b"", list[Kept]()
            said: OnAir | None = None
            run = ""
            for kind, seconds, data in self._records(self.path(chosen)):
                if kind == _SOUND:
                    kept.append(Kept(seconds, data, said, run))
                elif kind == _TITLE:
                    run, said = _told(data)
                else:
                    head = data
            if kept:
                return chosen, kept, head
        return 0, [], b""

    @staticmethod
    def _records(path: Path) -> Iterator[tuple[int, float, bytes]]:
        """Yield what is whole, up to the first record that is not."""
        try:
            with path.open("rb") as file:
                while len(head := file.read(_HEAD.size)) == _HEAD.size:
                    magic, kind, seconds, size, digest = _HEAD.unpack(head)
                    if magic != _MAGIC or size > _LARGEST or kind not in (_SOUND, _TITLE, _PAGES):
                        return
                    data = file.read(size)
                    if len(data) != size or zlib.crc32(data) != digest:
                        return
                    yield kind, seconds, data
        except OSError:
            return


def _told(data: bytes) -> tuple[str, OnAir | None]:
    try:
        run, said = json.loads(data)
        return str(run), OnAir(**{**said, "words": tuple(said["words"])})
    except (ValueError, TypeError, KeyError):
        return "", None


class Reserve:
    """The last hour as the transmitter uses it: it gives and takes at once, and the disk is read and written elsewhere.

    A minute of it is always in memory, so that there is something to go on with the moment it is needed. Once the file
    it came from has made room for newer ones, the oldest there is takes its place: else it would be days old.
    """

    WAITING = 600
    """Packets that may wait for the disk; more are not kept."""
    LOW, LOOK = 20.0, 2.0
    """Seconds of sound below which more is read, and between two looks at the disk."""

    def __init__(self, hour: LastHour, disk: Executor) -> None:
        self._hour, self._disk = hour, disk
        self._ahead: deque[Kept] = deque()
        self._lock = Lock()
        self._place, self._waiting, self._reading, self._looked = 0, 0, False, float("-inf")
        self.head = b""
        """Header pages found with the sound."""

    def keep(self, seconds: float, data: bytes, said: OnAir | None, run: str) -> None:
        """Have a packet written."""
        with self._lock:
            if self._waiting >= self.WAITING:
                return
            self._waiting += 1
        self._disk.submit(self._keep, seconds, data, said, run)

    def _keep(self, seconds: float, data: bytes, said: OnAir | None, run: str) -> None:
        try:
            self._hour.keep(seconds, data, said, run)
        finally:
            with self._lock:
                self._waiting -= 1

    def begin(self, head: bytes) -> None:
        """Have header pages kept with all that follows."""
        self._disk.submit(self._hour.head, head)

    def prepare(self, now: float) -> None:
        """Have more read where there is little left, or where what there is has left the last hour."""
        with self._lock:
            if self._reading or now < self._looked + self.LOOK:
                return
            self._reading, self._looked = True, now
        self._disk.submit(self._read)

    def _read(self) -> None:
        found: list[Kept] = []
        past = False
        try:
            past = self._place > 0 and not self._hour.path(self._place).exists()
            with self._lock:
                low = sum(kept.seconds for kept in self._ahead) <= self.LOW
            if past or low:
                place, found, head = self._hour.after(0 if past else self._place)
        finally:
            with self._lock:
                self._reading = False
                if found:
                    self._place = place
                    if past:
                        self._ahead.clear()
                    self._ahead.extend(found)
                    self.head = head or self.head

    def take(self) -> Kept | None:
        """Return the next packet, the oldest first and round again; None where nothing is there yet."""
        with self._lock:
            return self._ahead.popleft() if self._ahead else None

    def close(self) -> None:
        """Finish what is being written."""
        self._disk.submit(self._hour.close)
