"""A radio's page, and its JSON: what is heard, what was, how it stands, and what a listener may ask for."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from pipeline.radio.playbill import Heard
from pipeline.radio.standing import SAID, Standing, State
from pipeline.radio.wire import STEER_LIMIT
from pipeline.web.drawing import Page
from pipeline.web.entry import Clock, address_of
from pipeline.web.events import State as News
from pipeline.web.events import Watcher, events_route, tell
from pipeline.web.refusals import refuse, replies
from pipeline.web.shown import Shown
from pipeline.web.station import Station

PAGES, PAGES_EACH = 200, 20
"""Pages that are told of changes at once, in all and at one address; others ask now and then."""
router = APIRouter(tags=["radio"])


def _station(request: Request) -> Station:
    return cast("Station", request.app.state.station)


TheStation = Annotated[Station, Depends(_station)]
Number = Annotated[int, Field(ge=1, le=2**53)]


class Airing(Shown):
    """Something on the air, or that was; `credit` says who played it, with models and licences.

    `began` is the time of day, in seconds since 1970.
    """

    number: int
    title: str
    artist: str
    words: tuple[str, ...]
    source: str
    seconds: float
    began: float
    picture: str
    credit: str


class OnTheAir(Shown):
    """What is heard and what was, the newest first."""

    now: Airing | None
    history: tuple[Airing, ...]


class HowItStands(Shown):
    """How the radio stands. `ahead` are whole minutes of finished music, `dropped` listeners that fell behind."""

    state: State
    said: str
    wish: tuple[str, ...]
    ahead: int
    listeners: int
    dropped: int
    restarts: int


class Counts(Shown):
    """Since the radio began: listeners that came, bytes of sound sent, times that the sound came too late for all."""

    joined: int
    sent: int
    gaps: int


class Now(Shown):
    """All that a page shows. `clock` is the time of day here, in seconds since 1970."""

    name: str
    clock: float
    air: OnTheAir
    standing: HowItStands
    counts: Counts


class Wish(Shown):
    """How it should go on, in a sentence of at most 300 characters."""

    words: str


class Wished(Shown):
    """What the radio plays from now on, and what this wish changes about it, both in the label's own words."""

    understood: bool
    wish: tuple[str, ...]
    said: str


class Numbered(Shown):
    """Something that is or was on the air, by its number."""

    number: Number


def _airing(heard: Heard) -> Airing:
    entry = heard.entry
    return Airing(
        number=entry.number,
        title=entry.title,
        artist=entry.artist,
        words=entry.words,
        source=entry.source,
        seconds=entry.seconds,
        began=round(heard.wall, 2),
        picture=f"/picture/{entry.picture}.jpg",
        credit=entry.credit,
    )


def _on_the_air(standing: Standing) -> OnTheAir:
    now = None if standing.now is None else _airing(standing.now)
    return OnTheAir(now=now, history=tuple(map(_airing, standing.history)))


def _how(standing: Standing) -> HowItStands:
    return HowItStands(
        state=standing.state,
        said=standing.said,
        wish=standing.wish,
        ahead=int(standing.ahead // 60),
        listeners=standing.listeners,
        dropped=standing.dropped,
        restarts=standing.restarts,
    )


def watcher(station: Station) -> Watcher:
    """Return what tells every open page of the radio."""

    def look() -> News:
        standing = station.standing()
        return {"air": _on_the_air(standing).model_dump_json(), "standing": _how(standing).model_dump_json()}

    return Watcher(look, PAGES, PAGES_EACH)


def _now(station: Station, wall: Clock) -> Now:
    standing = station.standing()
    return Now(
        name=station.name,
        clock=wall(),
        air=_on_the_air(standing),
        standing=_how(standing),
        counts=Counts(joined=standing.joined, sent=standing.sent, gaps=standing.gaps),
    )


@router.api_route(
    "/", methods=["GET", "HEAD"], include_in_schema=False, response_class=HTMLResponse, response_model=None
)
async def radio_page(request: Request, station: TheStation) -> Response:
    """The radio, to hear and to steer."""
    now = _now(station, request.app.state.wall)
    host = f"{request.url.scheme}://{request.headers['host']}"
    return Page(request).draw(
        "radio.html", data=now.model_dump(mode="json"), now=now, said=SAID, limit=STEER_LIMIT, host=host
    )


@router.get("/api/now", summary="What is heard", responses=replies())
async def now(request: Request, station: TheStation) -> Now:
    """The title, the last thirty, what was wished for, and how the radio stands."""
    return _now(station, request.app.state.wall)


@router.post("/api/steer", summary="Say how it should go on", responses=replies(408, 413, 415, 503))
async def steer(request: Request, station: TheStation, wish: Wish) -> Wished:
    """Once in twenty seconds from one address. Nobody else is shown your words, only what was understood of them."""
    told = await station.steer(wish.words, address_of(request.scope))
    return Wished(understood=told.wish is not None, wish=told.wish or (), said=told.said)


@router.post("/api/skip", status_code=204, summary="Go on to the next", responses=replies(408, 409, 413, 415, 503))
async def skip(request: Request, station: TheStation, skipped: Numbered) -> Response:
    """From the one on the air that is named; the next comes in a few seconds."""
    station.skip(skipped.number, address_of(request.scope))
    return Response(status_code=204)


@router.post("/api/love", status_code=204, summary="Keep this one", responses=replies(408, 409, 413, 415, 503))
async def love(request: Request, station: TheStation, loved: Numbered) -> Response:
    """It is kept in the library."""
    station.love(loved.number, address_of(request.scope))
    return Response(status_code=204)


_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JPEG.", "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/picture/{number}.jpg", summary="A picture", response_class=Response, responses={**_JPEG, **replies(404)})
async def picture(station: TheStation, number: Annotated[Number, Path()]) -> Response:
    """By the address that `now` tells; it may come later than the sound."""
    data = station.picture(number)
    if data is None:
        return refuse(404, "There is no picture of it yet.", "Look again in a while.")
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.get(
    "/api/events",
    **events_route("Events `air` (what is heard) and `standing` (how it stands), each as in `now`."),
)
async def events(request: Request) -> Response:
    """For an EventSource. Says a comment every 15 seconds, so that a lost connection is noticed."""
    return tell(request, request.app.state.watcher, "Ask /api/now now and then.", again=30)
