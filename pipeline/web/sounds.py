"""Sounds and covers, by what they are of and never by path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path

from pipeline.domain import Sha256
from pipeline.web.files import FileAnswer
from pipeline.web.refusals import replies
from pipeline.web.rooms import IdInPath, NumberInPath, SlugInPath, TheJobs, TheLibrary

FLAC = "audio/flac"
JPEG = "image/jpeg"

router = APIRouter(tags=["sounds"])

Route = Callable[..., FileAnswer]


def _file(path: str, media_type: str, summary: str) -> Callable[[Route], Route]:
    """Answer GET and HEAD; OpenAPI is told of GET."""
    whole = {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "All of it.", **whole},
        206: {"description": "The range that was asked for.", **whole},
        304: {"description": "It is what you have."},
        **replies(404, 410, 416),
    }

    def put(function: Route) -> Route:
        router.head(path, include_in_schema=False, response_model=None)(function)
        answer = router.get(
            path, summary=summary, status_code=200, responses=responses, response_class=FileAnswer, response_model=None
        )
        return answer(function)

    return put


def _flac(path: FilePath) -> FileAnswer:
    return FileAnswer(path, FLAC)


@_file("/sound/{slug}/{track}/{take}.flac", FLAC, "A take")
def take_sound(room: TheLibrary, slug: SlugInPath, track: NumberInPath, take: NumberInPath) -> FileAnswer:
    """As it was rendered, before mastering."""
    return _flac(room.sound(slug, track, take))


@_file("/master/{slug}/{track}.flac", FLAC, "A finished track")
def master_sound(room: TheLibrary, slug: SlugInPath, track: NumberInPath) -> FileAnswer:
    """As it is released."""
    return _flac(room.master(slug, track))


@_file("/mix/{slug}.flac", FLAC, "A mix")
def mix_sound(room: TheLibrary, slug: SlugInPath) -> FileAnswer:
    """Of an album, or a long one."""
    return _flac(room.mix(slug))


@_file("/compared/{number}/{side}.flac", FLAC, "One side of a blind comparison")
def compared_sound(room: TheLibrary, number: IdInPath, side: Literal["a", "b"]) -> FileAnswer:
    """Without anything that tells which take it is, and never kept by the browser."""
    return FileAnswer(room.compared(number, side), FLAC, secret=True)


@_file("/uploads/{name}.flac", FLAC, "A sound that was handed in")
def uploaded_sound(jobs: TheJobs, name: Annotated[Sha256, Path()]) -> FileAnswer:
    """As it was decoded."""
    return _flac(jobs.uploaded(name))


@_file("/clips/{job}/{number}.flac", FLAC, "A clip that a job made")
def clip_sound(jobs: TheJobs, job: IdInPath, number: NumberInPath) -> FileAnswer:
    """By its number, from 1."""
    return _flac(jobs.clip(job, number))


@_file("/covers/{slug}-small.jpg", JPEG, "A small cover")
def small_cover(room: TheLibrary, slug: SlugInPath) -> FileAnswer:
    """For lists."""
    return FileAnswer(room.cover(slug, True), JPEG)


@_file("/covers/{slug}.jpg", JPEG, "A cover")
def large_cover(room: TheLibrary, slug: SlugInPath) -> FileAnswer:
    """As large as it is shown."""
    return FileAnswer(room.cover(slug, False), JPEG)
