"""The JSON of what is reviewed: queue, albums, decisions, comparisons."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from pipeline.errors import LofiError
from pipeline.review.orders import JobAsk
from pipeline.review.views import (
    Agreement,
    AlbumRow,
    AlbumView,
    Answer,
    Ask,
    Author,
    Blind,
    Facets,
    Filter,
    Name,
    Queue,
    Said,
    TakeRow,
    Unveiled,
    View,
)
from pipeline.web.drawing import TheDoors
from pipeline.web.refusals import replies
from pipeline.web.rooms import IdInPath, SlugInPath, TheJobs, TheLibrary

router = APIRouter(prefix="/api", tags=["library"])
_log = logging.getLogger(__name__)


class TakeBack(View):
    """Who takes a decision back."""

    author: Author = ""


class Comparing(View):
    """Who wants to compare, and within which album."""

    album: Name | None = None
    author: Author = ""


_WRITES = (408, 413, 415)


@router.get("/queue", summary="Takes in the order they should be heard", responses=replies())
def queue(room: TheLibrary, wanted: Annotated[Filter, Query()]) -> Queue:
    """One page of them; `next` is the offset of the next page."""
    return room.queue(wanted)


@router.get("/facets", summary="What there is to filter by", responses=replies())
def facets(room: TheLibrary) -> Facets:
    """Albums, backends and licences."""
    return room.facets()


@router.get("/albums", summary="Every album", responses=replies())
def albums(room: TheLibrary) -> tuple[AlbumRow, ...]:
    """What needs attention first, then what waits for a decision, the newest of each first."""
    return room.albums()


@router.get("/albums/{slug}", summary="One album", responses=replies(404, 410))
def album(room: TheLibrary, doors: TheDoors, slug: SlugInPath, author: Annotated[Author, Query()] = "") -> AlbumView:
    """With all its takes and decisions, and what the reviewer's own ranking says of them."""
    return room.album(slug, author or doors.author)


@router.post("/decisions", status_code=201, summary="Decide", responses=replies(404, 409, 410, 507, *_WRITES))
def decide(room: TheLibrary, jobs: TheJobs, doors: TheDoors, ask: Ask) -> Said:
    """On a take, track or album, in the exact version that was looked at. A re-roll starts rendering by itself."""
    author = ask.author or doors.author
    said = room.decide(ask, author)
    if ask.decision == "reroll":
        try:
            jobs.start(JobAsk(kind="changes", words=ask.album, author=author), author)
        except LofiError as error:
            # The decision stands: it waits among the album's changes for the next time they are made.
            _log.warning("The re-roll waits: %s", error)
    return said


@router.post("/decisions/{number}/undo", summary="Take a decision back", responses=replies(404, 409, 507, *_WRITES))
def undo(room: TheLibrary, doors: TheDoors, number: IdInPath, back: TakeBack) -> Said:
    """It counts no more, and stays in the history."""
    return room.undo(number, back.author or doors.author)


_NONE: dict[int | str, dict[str, Any]] = {204: {"description": "Nothing is left to compare."}}


@router.post(
    "/comparisons",
    summary="Two takes to compare blind",
    response_model=Blind,
    responses=replies(404, *_WRITES) | _NONE,
)
def compare(room: TheLibrary, doors: TheDoors, who: Annotated[Comparing, Body()]) -> Blind | Response:
    """Which is which is told after the answer."""
    found = room.blind(who.author or doors.author, who.album)
    return Response(status_code=204) if found is None else found


@router.put("/comparisons/{number}", summary="Say which is better", responses=replies(404, 409, *_WRITES))
def answer(room: TheLibrary, doors: TheDoors, number: IdInPath, said: Answer) -> Unveiled:
    """And be told what the two were."""
    return room.answer(number, said, said.author or doors.author)


@router.get("/agreement", summary="How often the ranking agreed with the reviewer", responses=replies())
def agreement(room: TheLibrary, doors: TheDoors, author: Annotated[Author, Query()] = "") -> Agreement:
    """The plain one, and the reviewer's own."""
    return room.agreement(author or doors.author)


@router.get("/today", summary="What was approved today", responses=replies())
def today(room: TheLibrary) -> tuple[TakeRow, ...]:
    """For the radio of the page."""
    return room.today()
