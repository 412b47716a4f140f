"""The composition of the web room."""

from __future__ import annotations

import time

import anyio
from fastapi import FastAPI

from pipeline.web import library_api, live, pages, sounds, studio_api
from pipeline.web.behind import Jobs, Library
from pipeline.web.doors import Doors
from pipeline.web.drawing import House
from pipeline.web.entry import Clock
from pipeline.web.house import open_house

REVIEW = House(
    name="Review room",
    verb="lofi review",
    rooms=(("/", "Queue"), ("/albums", "Albums"), ("/compare", "Compare"), ("/studio", "Studio"), ("/night", "Night")),
    ways=(("/", "To the queue"), ("/albums", "To the albums")),
)


def create_app(
    room: Library, jobs: Jobs, doors: Doors, *, wall: Clock = time.time, steady: Clock = time.monotonic
) -> FastAPI:
    """Return the web app over a library and its jobs.

    `wall` gives the time of day in seconds, `steady` a clock that never jumps. Raises BadSettings when others could
    reach it and there is no token.
    """
    parts = (pages.router, library_api.router, studio_api.router, live.router, sounds.router)
    app = open_house(
        REVIEW,
        doors,
        parts,
        wall=wall,
        steady=steady,
        sounds={studio_api.UPLOADS: studio_api.SOUND_LIMIT},
        summary="Hear ranked takes and decide.",
    )
    app.state.room, app.state.jobs = room, jobs
    app.state.watcher = live.watcher(room, jobs)
    app.state.uploads = anyio.Semaphore(studio_api.AT_ONCE)
    return app
