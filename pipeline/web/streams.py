"""The sound itself: endless answers to players, each as fast as the radio plays and not faster.

An app of its own below the guards, without what an ordinary route keeps for each request: it is kept for as long as
somebody listens, five hundred times.
"""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipeline.radio.icy import headers
from pipeline.radio.wire import FORMS, Form
from pipeline.web.connections import Wire
from pipeline.web.entry import address_of
from pipeline.web.refusals import refuse
from pipeline.web.station import Station, Tuned

PLAYERS = tuple(f"/radio.{form}" for form in FORMS)


def routes() -> list[Route]:
    """Return the addresses of the sound. The app they are put into has its `station` in its state."""
    return [Route(f"/radio.{form}", Sound(form), methods=["GET", "HEAD"], include_in_schema=False) for form in FORMS]


class Sound:
    """The app of one form."""

    def __init__(self, form: Form) -> None:
        self.form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with sound until either side leaves; a Range is not heeded, for there is no beginning."""
        station = cast("Station", scope["app"].state.station)
        address = address_of(scope)
        full = station.room(address)
        if full:
            again = {"Retry-After": "30"}
            await refuse(503, full, "Try again later.", again)(scope, receive, send)
            return
        titles = Headers(scope=scope).get("icy-metadata", "").strip() == "1"
        said = headers(self.form, station.name, titles=titles)
        await send({"type": "http.response.start", "status": 200, "headers": said})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        wire = cast("Wire | None", scope.get("state", {}).get("wire"))
        with station.listen(self.form, address, titles=titles) as tuned:
            await _play(tuned, wire, receive, send)


async def _play(tuned: Tuned, wire: Wire | None, receive: Receive, send: Send) -> None:
    leaving = asyncio.get_running_loop().create_task(_left(receive))
    try:
        while not leaving.done():
            data = await tuned.piece()
            if data is None:
                break
            if data:
                await send({"type": "http.response.body", "body": data, "more_body": True})
    finally:
        leaving.cancel()
    if wire is not None and wire.stuck:
        tuned.fall()
    if tuned.dropped and wire is not None:
        wire.cut()  # an ordinary end would wait for a reader that does not read
    else:
        await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
