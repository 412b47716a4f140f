"""What changes in the library while a page of the review room is open."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipeline.web.behind import Jobs, Library
from pipeline.web.events import State, Watcher, events_route, tell


def watcher(room: Library, jobs: Jobs) -> Watcher:
    """Return what tells every open page of the library and the jobs."""

    def look() -> State:
        made = [job.model_dump(mode="json") for job in jobs.jobs()]
        return {"pulse": json.dumps(room.pulse()), "jobs": json.dumps(made)}

    return Watcher(look)


router = APIRouter(prefix="/api", tags=["live"])


@router.get(
    "/events",
    **events_route("Events `pulse` (the library changed) and `jobs` (all jobs as JSON)."),
)
async def events(request: Request) -> Response:
    """For an EventSource. Says a comment every 15 seconds, so that a lost connection is noticed."""
    return tell(request, request.app.state.watcher, "Close a page that you no longer need and try again.", again=10)
