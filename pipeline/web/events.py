"""What changes while a page is open, told to every page by one watcher.

Only the newest state matters, so each onlooker has room for one state and no queue grows: who never reads misses what
came between, and affects nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import anyio
from anyio import to_thread
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pipeline.radio.listeners import OWN
from pipeline.web.entry import address_of
from pipeline.web.refusals import refuse, replies

LISTENERS = 50
EVERY = 0.5
COMMENT = 15.0
STUCK = 30.0
"""Seconds after which an onlooker that takes nothing loses its place."""
_logger = logging.getLogger(__name__)

State = dict[str, str]
"""JSON by the name of its event."""


class Onlooker:
    """One open page: the newest state it has not been told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.news: State = {}
        self.woken = anyio.Event()

    def tell(self, state: State) -> None:
        """Put what is new in place of what was not yet told."""
        self.news.update(state)
        self.woken.set()

    async def take(self) -> State:
        """Wait for news; an empty state after a while of silence."""
        with anyio.move_on_after(COMMENT):
            await self.woken.wait()
        self.woken = anyio.Event()
        news, self.news = self.news, {}
        return news


class Watcher:
    """Looks twice a second while anybody listens: `look` gives the newest state, and may take its time.

    So many may listen, and `each` of them from one address, where that is given; this machine's own count only in all.
    """

    def __init__(self, look: Callable[[], State], listeners: int = LISTENERS, each: int | None = None) -> None:
        self._see, self._most = look, listeners
        self._each = listeners if each is None else each
        self._listeners: set[Onlooker] = set()
        self._state: State = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether nobody more may listen."""
        return len(self._listeners) >= self._most

    def has_enough_of(self, address: str) -> bool:
        """Whether nobody more may listen from an address, which is one of `entry.address_of`."""
        return address not in OWN and sum(each.address == address for each in self._listeners) >= self._each

    @contextlib.contextmanager
    def listening(self, address: str) -> Any:
        """An onlooker at an address, for as long as it is needed. It is told all there is at once."""
        onlooker = Onlooker(address)
        if self._state:
            onlooker.tell(self._state)
        self._listeners.add(onlooker)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield onlooker
        finally:
            self._listeners.discard(onlooker)

    async def _watch(self) -> None:
        while self._listeners:
            try:
                now = await to_thread.run_sync(self._see)
            except Exception:
                # What cannot be read for a moment is looked at again.
                _logger.exception("What changes could not be looked at")
                now = self._state
            new = {name: text for name, text in now.items() if self._state.get(name) != text}
            self._state = now
            if new:
                for onlooker in self._listeners:
                    onlooker.tell(new)
            await anyio.sleep(EVERY)


class EventAnswer(Response):
    """An endless answer of events."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.body = b""
        self.raw_headers = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the other side is gone or stuck."""
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        with self.watcher.listening(address_of(scope)) as onlooker:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async with anyio.create_task_group() as group:

                async def leave() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    group.cancel_scope.cancel()

                group.start_soon(leave)
                text = "retry: 2000\n\n"
                while True:
                    with anyio.move_on_after(STUCK) as sending:
                        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
                    if sending.cancelled_caught:
                        group.cancel_scope.cancel()
                    news = await onlooker.take()
                    text = (
                        "".join(f"event: {name}\ndata: {said}\n\n" for name, said in news.items()) or ": still here\n\n"
                    )


def events_route(described: str) -> dict[str, Any]:
    """Return how a route of events is described to programs."""
    stream = {"text/event-stream": {"schema": {"type": "string"}}}
    return {
        "summary": "What changes, as it changes",
        "status_code": 200,
        "response_class": EventAnswer,
        "response_model": None,
        "responses": {200: {"description": described, "content": stream}, **replies(503)},
    }


def tell(request: Request, watcher: Watcher, remedy: str, *, again: int) -> Response:
    """Answer with events; where too many pages listen refuse, with what to do instead, until `again` seconds later."""
    if watcher.full or watcher.has_enough_of(address_of(request.scope)):
        where = "at once" if watcher.full else "at your address already"
        return refuse(503, f"Too many pages are open {where}.", remedy, {"Retry-After": str(again)})
    return EventAnswer(watcher)
