"""What a service that runs for weeks writes down: a log beside the library, which never grows beyond a few files.

A thread of its own writes it, for whoever says something must not wait for a disk: an event loop would keep everybody
waiting. What the disk cannot keep up with is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import cast

from pipeline.domain.line import one_line
from pipeline.shelf.atomic import explained, make_folder

LARGEST = 2_000_000
"""Bytes of one file."""
FILES = 4
"""Older files kept beside the one that is written."""
WAITING = 2000
"""Lines that may wait for the disk; more are lost."""
PATIENCE = 3.0
"""Seconds that the end of a service waits for what is still to be written."""


class _OneLine(logging.Formatter):
    """A line for each thing that happened, with its time in UTC; what a library adds over several lines is folded."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        when = datetime.fromtimestamp(record.created, UTC)
        said = record.getMessage()
        if record.exc_info:
            said += " | " + self.formatException(record.exc_info).replace("\n", " | ")
        return f"{when:%Y-%m-%d %H:%M:%S} {record.levelname.lower()} {one_line(said)}"


class _Patient(RotatingFileHandler):
    """A full disk, or a log that somebody removed, is no reason for a service to stop or to fill a terminal."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Lose the line."""


class _Aside(QueueHandler):
    """Hands a line over, and waits for nothing."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Say what it says now, for its parts may change; a traceback is written out by whoever writes the line."""
        said = copy(record)
        said.msg, said.args = record.getMessage(), None
        return said

    def handleError(self, record: logging.LogRecord) -> None:
        """Lose the line."""


class _Writer(QueueListener):
    """Writes the lines down, in a thread."""

    def enqueue_sentinel(self) -> None:
        """Ask for the end, behind all that waits: also where there is no place for the question yet."""
        cast("Queue[logging.LogRecord | None]", self.queue).put(None)


@contextmanager
def keep_log(folder: Path, name: str) -> Iterator[logging.Logger]:
    """Yield the logger of a service, written to `folder`/`name`.log while the block lasts.

    The file is put aside at 2 MB, and four of those are kept. The end of the block waits a few seconds, and no longer,
    for what is still to be written. Raises DiskFull or ShelfError where it cannot be begun.
    """
    logger = logging.getLogger(f"lofi.{name}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    path = folder / f"{name}.log"
    with explained(path):
        make_folder(folder)
        handler = _Patient(path, maxBytes=LARGEST, backupCount=FILES, encoding="utf-8", errors="replace")
    handler.setFormatter(_OneLine())
    lines: Queue[logging.LogRecord | None] = Queue(WAITING)
    aside, writer = _Aside(lines), _Writer(lines, handler)
    writer.start()
    logger.addHandler(aside)
    try:
        yield logger
    finally:
        logger.removeHandler(aside)
        ending = Thread(target=_end, args=(writer, handler), daemon=True)
        ending.start()
        ending.join(PATIENCE)


def _end(writer: QueueListener, handler: logging.Handler) -> None:
    writer.stop()
    with suppress(OSError):  # what a full disk did not take
        handler.close()
