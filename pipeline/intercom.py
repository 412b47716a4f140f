"""What a worker process and its caller say to each other during a call: messages one way, a wish to stop the other.

Two plain pipes: the semaphores in multiprocessing's own Queue and Event are complained about as leaked when a worker
is killed. All workers of a pool share both pipes, and the pool that replaces a broken one goes on with them.
"""

from __future__ import annotations

import itertools
import pickle
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

MOST = 512 - 4
"""Bytes of a message. With the four of its length it is what POSIX promises to write to a pipe in one piece: processes
that write at once do not mix theirs up, and one that is killed leaves no half of one.
"""

_CALL = struct.Struct("!q")  # before each message: the number of the call it belongs to
_GOODBYE = -1
_END = b""  # no message is empty: a pickle never is


@dataclass(frozen=True)
class Line:
    """The end that a worker is handed when its process starts."""

    outgoing: Connection
    stop: Connection

    def tell(self, call: int, message: Any) -> None:
        """Send a message to whoever waits for a call. Raises ValueError when it is too long."""
        _send(self.outgoing, call, pickle.dumps(message))

    def stopping(self) -> bool:
        """Whether the caller asked to stop."""
        # One byte that nobody reads: it stays there for every worker, those that are still to come as well.
        return self.stop.poll()


class Call:
    """A call under way. Iterating gives what its worker tells, and ends once `end` was called and all of it is read."""

    def __init__(self, number: int, intercom: Intercom) -> None:
        self.number = number
        self._intercom = intercom
        self._inbox: SimpleQueue[bytes] = SimpleQueue()

    def __iter__(self) -> Iterator[Any]:
        while (told := self._inbox.get()) != _END:
            yield pickle.loads(told)  # noqa: S301 - from a process of our own

    def put(self, told: bytes) -> None:
        """Take in what the reader has read of this call."""
        self._inbox.put(told)

    def end(self) -> None:
        """Let the iteration end. By way of the pipe, behind everything the worker wrote before."""
        if not self._intercom.write(self.number, _END):
            self._inbox.put(_END)


class Intercom:
    """The callers' end: one thread reads for all of them, from the first call that wants to hear anything."""

    def __init__(self) -> None:
        self._incoming, self._outgoing = Pipe(duplex=False)
        self._asked, self._ask = Pipe(duplex=False)
        self._numbers = itertools.count()
        self._calls: dict[int, Call] = {}
        self._lock = threading.Lock()
        self._reader: threading.Thread | None = None
        self._closed = False

    @property
    def line(self) -> Line:
        """The workers' end."""
        return Line(self._outgoing, self._asked)

    @contextmanager
    def call(self) -> Iterator[Call]:
        """Begin a call, which hears nothing more after the block."""
        call = Call(next(self._numbers), self)
        with self._lock:
            self._calls[call.number] = call
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, name="intercom", daemon=True)
                self._reader.start()
        try:
            yield call
        finally:
            with self._lock:
                del self._calls[call.number]

    def stop(self) -> None:
        """Ask every worker to stop."""
        self._ask.send_bytes(b"\0")

    def write(self, call: int, told: bytes) -> bool:
        """Write from this side, behind what the workers have written; False when it is closed."""
        with self._lock:
            if not self._closed:
                _send(self._outgoing, call, told)
            return not self._closed

    def close(self) -> None:
        """End the reader and close the pipes, once no worker is left."""
        self.write(_GOODBYE, _END)
        with self._lock:
            self._closed = True
        if self._reader is not None:
            self._reader.join()
        for end in (self._incoming, self._outgoing, self._asked, self._ask):
            end.close()

    def _read(self) -> None:
        # Nothing is unpickled and nobody is called here, so that the pipe is always emptied and no worker waits.
        try:
            while True:
                told = self._incoming.recv_bytes()
                (number,) = _CALL.unpack_from(told)
                if number == _GOODBYE:
                    return
                call = self._calls.get(number)  # None when its caller has left
                if call is not None:
                    call.put(told[_CALL.size :])
        finally:
            with self._lock:
                for call in self._calls.values():
                    call.put(_END)


def _send(connection: Connection, call: int, told: bytes) -> None:
    message = _CALL.pack(call) + told
    if len(message) > MOST:
        raise ValueError(f"A message of {len(message)} bytes is too long for a pipe that is shared; {MOST} fit.")
    connection.send_bytes(message)
