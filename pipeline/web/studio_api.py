"""The JSON of what is made: the desk, jobs, and sounds to begin from."""

from __future__ import annotations

import tempfile
from typing import Any, BinaryIO

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from pipeline.review.night import Night
from pipeline.review.orders import Desk, JobAsk, JobView, Upload
from pipeline.review.uploads import LARGEST
from pipeline.web.drawing import TheDoors
from pipeline.web.refusals import refuse, replies
from pipeline.web.rooms import IdInPath, TheJobs
from pipeline.web.safety import too_large

router = APIRouter(prefix="/api", tags=["studio"])
PATIENCE = 120.0
"""Seconds that an upload may take."""
AT_ONCE = 4
UPLOADS = "/api/uploads"
SOUND_LIMIT = LARGEST


@router.get("/desk", summary="The controls of the studio", responses=replies())
def desk(jobs: TheJobs) -> Desk:
    """Those of an album, and those of a clip that the musician at hand obeys."""
    return jobs.desk()


@router.get("/jobs", summary="What is being made", responses=replies())
def all_jobs(jobs: TheJobs) -> tuple[JobView, ...]:
    """What is waiting, being made or done, the newest first."""
    return jobs.jobs()


@router.post("/jobs", status_code=201, summary="Have something made", responses=replies(404, 408, 409, 413, 415, 507))
def start_job(jobs: TheJobs, doors: TheDoors, ask: JobAsk) -> JobView:
    """An album, a clip, or the changes decided on an album."""
    return jobs.start(ask, ask.author or doors.author)


@router.post("/jobs/{number}/stop", summary="Stop a job", responses=replies(404, 409))
def stop_job(jobs: TheJobs, number: IdInPath) -> JobView:
    """What it has finished is kept."""
    return jobs.stop(number)


@router.post("/jobs/{number}/again", summary="Go on with a job", responses=replies(404, 409))
def go_on_with_job(jobs: TheJobs, number: IdInPath) -> JobView:
    """With one that was stopped, or has failed; nothing finished is made twice."""
    return jobs.again(number)


@router.get("/night", summary="How the night shift stands", responses=replies())
def night(jobs: TheJobs) -> Night:
    """Who is on shift, what is being made, what the last shifts came to and why, what comes, and the budgets."""
    return jobs.night()


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/uploads",
    status_code=201,
    summary="Hand in a sound",
    response_model=Upload,
    responses=replies(408, 410, 413, 415, 503, 507),
    openapi_extra=_BODY,
)
async def hand_in(request: Request, jobs: TheJobs) -> Upload | Response:
    """A melody to follow or an opening to go on from, of up to 25 MB. It is decoded and written anew before use."""
    places: anyio.Semaphore = request.app.state.uploads
    try:
        places.acquire_nowait()
    except anyio.WouldBlock:
        return refuse(503, "Too many sounds are being handed in.", "Try again in a moment.", {"Retry-After": "5"})
    try:
        with tempfile.TemporaryFile() as file:
            size = -1
            with anyio.move_on_after(PATIENCE):
                size = await _receive(request, file)
            if size < 0:
                return refuse(408, "The sound did not arrive in time.", "Send it again.")
            if size > SOUND_LIMIT:
                return too_large(SOUND_LIMIT)
            file.seek(0)
            return await to_thread.run_sync(jobs.upload, file)
    finally:
        places.release()


async def _receive(request: Request, file: BinaryIO) -> int:
    """Write the body into a file and return its size in bytes; stop once it is too large."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > SOUND_LIMIT:
            break
        await to_thread.run_sync(file.write, piece)
    return size
