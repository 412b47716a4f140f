"""The pages. What they show at first is rendered here; their scripts fetch the rest from the JSON API."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import HTMLResponse, Response

from pipeline.errors import LofiError
from pipeline.review.views import Filter
from pipeline.web.drawing import STATUS_WORDS, Page, TheDoors, plain
from pipeline.web.refusals import refusal_of, status_of
from pipeline.web.rooms import SlugInPath, TheJobs, TheLibrary

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

CAME_TO = {
    "working": "at work",
    "made": "made",
    "rested": "rested",
    "coalesced": "coalesced",
    "failed": "failed",
    "interrupted": "interrupted",
}


def filter_of(request: Request) -> Filter:
    """Read the filter in a page's address; what makes no sense there counts as not said."""
    asked = {name: value for name, value in request.query_params.items() if name in Filter.model_fields and value}
    asked.pop("offset", None)
    asked.pop("limit", None)
    asked.pop("author", None)  # a page shows the ranking of whoever looks at it
    while True:
        try:
            return Filter.model_validate(asked)
        except ValidationError as error:
            for wrong in error.errors():
                asked.pop(str(wrong["loc"][0]), None)


@router.api_route("/", methods=["GET", "HEAD"])
def queue_page(request: Request, room: TheLibrary) -> Response:
    """The queue, with the take beside it."""
    wanted, pulse = filter_of(request), room.pulse()
    queue, facets = room.queue(wanted), room.facets()
    data = {"filter": plain(wanted), "queue": plain(queue)}
    return Page(request).draw(
        "queue.html", data=data, pulse=pulse, wanted=wanted, queue=queue, facets=facets, words=STATUS_WORDS
    )


@router.api_route("/albums", methods=["GET", "HEAD"])
def albums_page(request: Request, room: TheLibrary) -> Response:
    """Every album by its cover."""
    pulse, albums = room.pulse(), room.albums()
    return Page(request).draw("albums.html", data=plain(albums), albums=albums, pulse=pulse)


@router.api_route("/albums/{slug}", methods=["GET", "HEAD"])
def album_page(request: Request, room: TheLibrary, doors: TheDoors, slug: SlugInPath) -> Response:
    """One album."""
    pulse = room.pulse()
    try:
        album = room.album(slug, doors.author)
    except LofiError as error:
        return Page(request).draw("error.html", status=status_of(error), refusal=refusal_of(error))
    return Page(request).draw("album.html", data=plain(album), album=album, pulse=pulse)


@router.api_route("/compare", methods=["GET", "HEAD"])
def compare_page(request: Request) -> Response:
    """Two takes, blind."""
    return Page(request).draw("compare.html")


@router.api_route("/studio", methods=["GET", "HEAD"])
def studio_page(request: Request, jobs: TheJobs) -> Response:
    """Have something made."""
    desk, going = jobs.desk(), jobs.jobs()
    return Page(request).draw("studio.html", data={"desk": plain(desk), "jobs": plain(going)}, desk=desk)


@router.api_route("/night", methods=["GET", "HEAD"])
def night_page(request: Request, jobs: TheJobs) -> Response:
    """How the night shift stands."""
    return Page(request).draw("night.html", night=jobs.night(), words=CAME_TO)
