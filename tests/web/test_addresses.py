"""Whoever has a network of IPv6 is one caller, at the connections as at the pages."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from pipeline.radio.station import Station
from pipeline.radio.transmitter import Transmitter
from pipeline.web.connections import connections
from pipeline.web.doors import Doors
from pipeline.web.entry import address_of
from pipeline.web.radio_api import PAGES_EACH
from pipeline.web.radio_app import create_radio

NEIGHBOURS = [f"2001:db8::{number:x}" for number in range(1, 40)]


class From(asyncio.Transport):
    """A connection from anywhere, of which it is known whether it was cut."""

    def __init__(self, host: str) -> None:
        super().__init__({"peername": (host, 5000)})
        self.cut = False

    def abort(self) -> None:
        self.cut = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


@pytest.mark.parametrize(
    ("hosts", "kept"),
    [
        (NEIGHBOURS, 3),
        ([f"10.0.0.{number}" for number in range(9)], 9),
        ([f"2001:db8:0:{number}::1" for number in range(9)], 9),
        (["::1", "127.0.0.1", "::ffff:127.0.0.1"] * 3, 9),
        (["10.0.0.1", "::ffff:10.0.0.1"] * 3, 3),
    ],
    ids=["one network", "nine callers", "nine networks", "this machine", "both kinds"],
)
def test_so_many_connections_from_one_caller_and_no_more(hosts: list[str], kept: int) -> None:
    """This machine's own count only in all."""

    async def connect() -> list[From]:
        config = uvicorn.Config(lambda *_: None, log_config=None)  # type: ignore[arg-type, return-value]
        config.load()
        state, made = ServerState(), []
        for host in hosts:
            made.append(From(host))
            protocol = connections(most=100, each=3)(config, state, {}, asyncio.get_running_loop())
            protocol.connection_made(made[-1])
        return made

    assert sum(not each.cut for each in asyncio.run(connect())) == kept


class Gone:
    """A studio that says nothing."""

    def heard(self) -> list[Any]:
        return []

    def tell(self, _: object, /) -> bool:
        return False

    def left(self) -> int | None:
        return None

    def end(self) -> None:
        pass


def test_so_many_pages_of_one_caller_are_told_of_changes_and_no_more() -> None:
    """The next of its network is refused; somebody else, and this machine, is not."""

    async def statuses() -> list[int]:
        radio = Transmitter(Gone, {}, run="run", steady=lambda: 0.0, wall=lambda: 0.0, most=9, each=9)
        app = create_radio(Station(radio, "rain", lambda: 0.0), Doors(hosts=("localhost:80",), token=None))
        pages: list[asyncio.Task[None]] = []
        try:
            hosts = NEIGHBOURS[: PAGES_EACH + 1] + ["2001:db8:1::1"] + ["::1"] * (PAGES_EACH + 1)
            return [await _opened(app, host, pages) for host in hosts]
        finally:
            for page in pages:
                page.cancel()
            await asyncio.gather(*pages, return_exceptions=True)

    assert asyncio.run(statuses()) == [200] * PAGES_EACH + [503] + [200] * (PAGES_EACH + 2)


async def _opened(app: Any, host: str, pages: list[asyncio.Task[None]]) -> int:
    """Open the events of a page and leave it open; return the status of the answer."""
    status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(asked, None) or await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.set_result(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/events",
        "raw_path": b"/api/events",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost:80")],
        "client": (host, 5000),
        "server": ("localhost", 80),
    }
    pages.append(asyncio.get_running_loop().create_task(app(scope, receive, send)))
    return await asyncio.wait_for(status, 60)


def test_a_caller_has_one_name_however_it_came() -> None:
    """An IPv4 address also where the socket takes both kinds."""
    assert address_of({"client": ("::ffff:10.0.0.3", 1)}) == address_of({"client": ("10.0.0.3", 1)}) == "10.0.0.3"
