"""The studio as a child process, and the line to it: two threads, so that nobody waits for a studio that hangs.

What it says is put into a bounded queue by one thread; what it is told is sent by another. A pipe that is full, or a
message of which half has come, stops a thread and never the transmitter.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from queue import Empty, Full, Queue
from typing import Any, Protocol

from pipeline.radio.wire import Close, FromStudio, ToStudio

Play = Callable[..., None]
"""The studio's own program: `play(connection, *arguments)` sends and receives the messages of wire.py until Close."""
_LEAVING = 10.0
"""Seconds that a studio has to put things away when the transmitter is gone."""


@dataclass(frozen=True)
class Named:
    """A program by its name, "module:function": the process that starts it need not load it."""

    path: str

    def __call__(self, *arguments: Any) -> None:
        """Load it and run it."""
        module, _, name = self.path.partition(":")
        getattr(importlib.import_module(module), name)(*arguments)


class Link(Protocol):
    """A studio that was started, as the transmitter has it."""

    def heard(self) -> list[FromStudio]:
        """Return what it said since, without waiting."""

    def tell(self, message: ToStudio, /) -> bool:
        """Send it something; return whether there was room. Never waits."""

    def left(self) -> int | None:
        """Return the exit code of one that is gone; None while it lives."""

    def end(self) -> None:
        """End it at once."""


class Child:
    """A studio in a process of its own."""

    WAITING_IN, WAITING_OUT = 2000, 50

    def __init__(self, play: Play, arguments: tuple[Any, ...]) -> None:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe(duplex=True)
        self._connection = ours
        # Not a daemon: those may have no processes of their own, and a studio has workers.
        self._process = spawn.Process(target=_enter, args=(play, theirs, arguments), name="lofi-studio")
        self._process.start()
        theirs.close()
        self._said: Queue[FromStudio] = Queue(self.WAITING_IN)
        self._told: Queue[ToStudio | None] = Queue(self.WAITING_OUT)
        for work in (self._hear, self._speak):
            threading.Thread(target=work, daemon=True, name=f"studio{work.__name__}").start()

    @property
    def pid(self) -> int | None:
        """Its process."""
        return self._process.pid

    def heard(self) -> list[FromStudio]:
        """Return what it said since, without waiting."""
        found: list[FromStudio] = []
        try:
            while len(found) < self.WAITING_IN:
                found.append(self._said.get_nowait())
        except Empty:
            return found
        return found

    def tell(self, message: ToStudio) -> bool:
        """Send it something; return whether there was room. Never waits."""
        try:
            self._told.put_nowait(message)
        except Full:
            return False
        return True

    def left(self) -> int | None:
        """Return the exit code of one that is gone; None while it lives."""
        return self._process.exitcode

    def end(self) -> None:
        """End it at once; its own processes see that it is gone and leave."""
        self._process.kill()
        self.tell(Close())  # wakes the thread that speaks, which finds nobody there

    def _hear(self) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                return
            self._said.put(message)

    def _speak(self) -> None:
        while message := self._told.get():
            try:
                self._connection.send(message)
            except (OSError, ValueError):
                return


def _enter(play: Play, connection: Connection, arguments: tuple[Any, ...]) -> None:
    """What the child runs. Ctrl-C in a terminal reaches it too: the transmitter tells it when to finish."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, daemon=True, name="parent").start()
    play(connection, *arguments)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        threading.Event().wait(_LEAVING)
        os._exit(1)
