"""What changes while a page is open, told to every page by one watcher.

Only the newest state matters, so each listener has room for one state and no queue grows: who never reads misses what
came between, and affects nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pipeline.web.behind import Jobs, Library
from pipeline.web.refusals import refuse, replies

LISTENERS = 50
EVERY = 0.5
COMMENT = 15.0
STUCK = 30.0
"""Seconds after which a listener that takes nothing loses its place."""
_logger = logging.getLogger(__name__)

State = dict[str, str]
"""JSON by the name of its event."""


class Listener:
    """One open page: the newest state it has not been told."""

    def __init__(self) -> None:
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
    """Looks at the library and the jobs twice a second while anybody listens."""

    def __init__(self, room: Library, jobs: Jobs) -> None:
        self._room, self._jobs = room, jobs
        self._listeners: set[Listener] = set()
        self._state: State = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether nobody more may listen."""
        return len(self._listeners) >= LISTENERS

    @contextlib.contextmanager
    def listening(self) -> Any:
        """A listener, for as long as it is needed. It is told all there is at once."""
        listener = Listener()
        if self._state:
            listener.tell(self._state)
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def _watch(self) -> None:
        while self._listeners:
            try:
                now = await to_thread.run_sync(self._look)
            except Exception:
                # A library that cannot be read for a moment is looked at again.
                _logger.exception("The library could not be looked at")
                now = self._state
            new = {name: text for name, text in now.items() if self._state.get(name) != text}
            self._state = now
            if new:
                for listener in self._listeners:
                    listener.tell(new)
            await anyio.sleep(EVERY)

    def _look(self) -> State:
        jobs = [job.model_dump(mode="json") for job in self._jobs.jobs()]
        return {"pulse": json.dumps(self._room.pulse()), "jobs": json.dumps(jobs)}


class EventAnswer(Response):
    """An endless answer of events."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.body = b""
        self.raw_headers = []

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send events until the other side is gone or stuck."""
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        with self.watcher.listening() as listener:
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
                    news = await listener.take()
                    text = (
                        "".join(f"event: {name}\ndata: {said}\n\n" for name, said in news.items()) or ": still here\n\n"
                    )


router = APIRouter(prefix="/api", tags=["live"])


@router.get(
    "/events",
    summary="What changes, as it changes",
    status_code=200,
    response_class=EventAnswer,
    response_model=None,
    responses={
        200: {
            "description": "Events `pulse` (the library changed) and `jobs` (all jobs as JSON).",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **replies(503),
    },
)
async def events(request: Request) -> Response:
    """For an EventSource. Says a comment every 15 seconds, so that a lost connection is noticed."""
    watcher: Watcher = request.app.state.watcher
    if watcher.full:
        remedy = "Close a page that you no longer need and try again."
        return refuse(503, "Too many are listening at once.", remedy, {"Retry-After": "10"})
    return EventAnswer(watcher)
