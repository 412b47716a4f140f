"""A server of this label: what every request goes through, and what all of them have."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from pipeline.web import assets, sessions
from pipeline.web.doors import Doors
from pipeline.web.drawing import House
from pipeline.web.entry import Clock, Entrance, Gate
from pipeline.web.refusals import put_refusals
from pipeline.web.safety import Bodies, Hosts, Sealed, Unforged


def open_house(
    house: House,
    doors: Doors,
    parts: tuple[APIRouter, ...],
    *,
    wall: Clock,
    steady: Clock,
    sounds: Mapping[str, int] | None = None,
    players: tuple[str, ...] = (),
    summary: str,
) -> FastAPI:
    """Return an app of these parts, guarded as all are.

    `sounds` are the addresses where sounds are handed in, with the most bytes; `players` those where the token may come
    as players send it. Raises BadSettings when others could reach it and there is no token.
    """
    doors.check()
    gate = None if doors.token is None else Gate(doors.token, wall, steady)
    app = FastAPI(
        title=f"Lo-fi {house.name.lower()}",
        summary=summary,
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation,
        middleware=[
            Middleware(Sealed),
            Middleware(Hosts, doors.hosts),
            Middleware(Entrance, gate, house.verb, players),
            Middleware(Unforged),
            Middleware(Bodies, sounds or {}),
        ],
    )
    app.state.house, app.state.doors, app.state.gate = house, doors, gate
    put_refusals(app)
    for part in (*parts, sessions.pages, sessions.sessions, assets.router):
        app.include_router(part)
    return app


def _operation(route: APIRoute) -> str:
    return route.name
