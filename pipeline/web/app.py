"""The composition of the web room."""

from __future__ import annotations

import time

import anyio
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from pipeline.errors import BadSettings
from pipeline.web import assets, events, library_api, pages, sounds, studio_api
from pipeline.web.behind import Doors, Jobs, Library
from pipeline.web.entry import Clock, Entry, Gate
from pipeline.web.refusals import put_refusals
from pipeline.web.safety import Bodies, Hosts, Sealed, Unforged

_LOOPBACK = ("localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine and no other can reach it by that name."""
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name in _LOOPBACK or (name.startswith("127.") and name.replace(".", "").isdecimal() and name.count(".") == 3)


def create_app(
    room: Library, jobs: Jobs, doors: Doors, *, wall: Clock = time.time, steady: Clock = time.monotonic
) -> FastAPI:
    """Return the web app over a library and its jobs.

    `wall` gives the time of day in seconds, `steady` a clock that never jumps. Raises BadSettings when others could
    reach it and there is no token.
    """
    if doors.token is None and not all(is_loopback(host) for host in doors.hosts):
        raise BadSettings(
            f"Others could reach {', '.join(doors.hosts)}, and no token is set.",
            "Set a token, or stay on 127.0.0.1.",
        )
    if doors.token is not None and not doors.token.get_secret_value().strip():
        raise BadSettings("The token is empty.", "Set one of at least a dozen letters, or none.")
    gate = None if doors.token is None else Gate(doors.token, wall, steady)
    app = FastAPI(
        title="Lo-fi review room",
        summary="Hear ranked takes and decide.",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation,
        middleware=[
            Middleware(Sealed),
            Middleware(Hosts, doors.hosts),
            Middleware(Entry, gate),
            Middleware(Unforged),
            Middleware(Bodies),
        ],
    )
    app.state.room, app.state.jobs, app.state.doors, app.state.gate = room, jobs, doors, gate
    app.state.watcher = events.Watcher(room, jobs)
    app.state.uploads = anyio.Semaphore(studio_api.AT_ONCE)
    put_refusals(app)
    for part in (pages.router, pages.sessions, library_api.router, studio_api.router, events.router, sounds.router):
        app.include_router(part)
    app.include_router(assets.router)
    return app


def _operation(route: APIRoute) -> str:
    return route.name
