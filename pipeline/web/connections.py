"""Connections that strangers cannot hold on to: what uvicorn leaves to a proxy in front, for a server without one.

A connection has a few seconds for its request, and again a few to take what it is sent; a small buffer, so that one
that never reads costs little; and an address has so many and no more.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.radio.listeners import OWN
from pipeline.web.entry import address_of

REQUEST = 10.0
"""Seconds until a request must be there, from when it begins or the connection is made."""
STUCK = 10.0
"""Seconds that a connection may take nothing of what waits for it."""
HEAD, FIELDS = 8 * 1024, 100
"""Bytes and lines of a request's head: h11 limits neither where they come in one piece, and keeps them for as long as
the answer lasts."""
BUFFER = 32 * 1024
"""Bytes that may wait for one connection here; the kernel has about as many again."""


class Wire:
    """A connection, as the app that answers on it may know it: `scope["state"]["wire"]`."""

    __slots__ = ("_transport", "stuck")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.stuck = False
        """Whether it was cut because it took nothing any more."""

    def cut(self) -> None:
        """Let go of it at once, and of all that waits for it, also in the kernel, which would keep it for minutes."""
        connection = self._transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):  # it is closed already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


_TOO_MUCH = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\nThe request has too many headers.\n"
)


class Connection(H11Protocol):
    """HTTP/1.1 by h11, with patience that ends. `most` connections in all, `each` from one address but this machine."""

    most, each = 1000, 100
    address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or cut it."""
        self._request: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._head = b""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=BUFFER, low=BUFFER // 2)
        self._wire = Wire(transport)
        self.app_state = {**self.app_state, "wire": self._wire}
        self.address = address_of({"client": self.client})
        others = cast("set[Connection]", self.connections)
        same = 0 if self.address in OWN else sum(1 for other in others if other.address == self.address)
        if len(others) > self.most or same > self.each:
            transport.abort()
            return
        self._await_request()

    def _too_much(self, data: bytes) -> bool:
        """Whether the head of the request has become too large."""
        head = (self._head + data).partition(b"\r\n\r\n")[0]
        self._head = head if len(head) == len(self._head) + len(data) else b""
        return len(head) > HEAD or head.count(b"\n") > FIELDS

    def _await_request(self) -> None:
        if self._request is None:
            self._request = self.loop.call_later(REQUEST, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Read on; whoever sends a byte now and then gains no time by it."""
        if self.conn.their_state is h11.IDLE and self._too_much(data):
            self.transport.write(_TOO_MUCH)
            self.transport.close()
            return
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._cancel_request()
        else:
            self._await_request()

    def on_response_complete(self) -> None:
        """Wait for the next request, as long as uvicorn waits for one to begin."""
        self._cancel_request()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to count: what waits is not taken."""
        super().pause_writing()
        self._writing = self.loop.call_later(STUCK, self._stick)

    def resume_writing(self) -> None:
        """Stop counting."""
        super().resume_writing()
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _stick(self) -> None:
        self._wire.stuck = True
        self._wire.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._cancel_request()
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        super().connection_lost(exc)

    def _cancel_request(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None


def connections(most: int, each: int) -> type[Any]:
    """Return the protocol for uvicorn: `most` connections in all, and `each` from one address."""
    return type("Connections", (Connection,), {"most": most, "each": each})
