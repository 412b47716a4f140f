"""The pages. What they show at first is rendered here; their scripts fetch the rest from the JSON API."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, SecretStr, ValidationError
from starlette.responses import HTMLResponse, Response

from pipeline.errors import LofiError
from pipeline.review.views import Filter, View
from pipeline.web.assets import HERE, edition
from pipeline.web.entry import LASTING, Gate, address_of, entry_cookie, set_cookie
from pipeline.web.refusals import refusal_of, refuse, replies, status_of
from pipeline.web.rooms import SlugInPath, TheDoors, TheJobs, TheLibrary
from pipeline.web.safety import csrf_cookie, csrf_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
sessions = APIRouter(tags=["session"])

STATUS_WORDS = {
    "in_progress": "being made",
    "needs_attention": "needs attention",
    "draft": "draft",
    "approved": "approved",
    "rejected": "rejected",
    "released": "released",
}


def minutes(seconds: float) -> str:
    """A length such as 3:07."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    there = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    there.filters.update(minutes=minutes, day=_day, status=lambda value: STATUS_WORDS[value])
    there.trim_blocks = there.lstrip_blocks = True
    return there


def plain(value: BaseModel | tuple[BaseModel, ...]) -> Any:
    """What a page's script is given as JSON."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value.model_dump(mode="json")


class Page:
    """Draws pages for one browser, which gets its token against forgery with the first one."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.csrf = csrf_of(request.headers)
        self.fresh = not self.csrf
        if self.fresh:
            self.csrf = secrets.token_urlsafe(32)

    def draw(self, template: str, *, status: int = 200, data: Any = None, **words: Any) -> Response:
        """Return a page. `data` is what its script begins with."""
        state = self.request.app.state
        text = (
            _templates()
            .get_template(template)
            .render(
                csrf=self.csrf,
                author=state.doors.author,
                edition=edition(),
                guarded=state.gate is not None,
                data=data,
                path=self.request.url.path,
                **words,
            )
        )
        # Kept by the browser for Back alone: what was decided since is fetched when the page is shown again.
        answer = HTMLResponse(text, status, {"Cache-Control": "no-cache, private"})
        self.remember(answer)
        return answer

    def remember(self, answer: Response) -> None:
        """Give the browser its token, if it has none yet."""
        if self.fresh:
            secure = self.request.url.scheme == "https"
            name = csrf_cookie(self.request.headers)
            answer.headers.append("Set-Cookie", set_cookie(name, self.csrf, secure=secure, lasting=LASTING))


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
    wanted = filter_of(request)
    queue, facets = room.queue(wanted), room.facets()
    data = {"filter": plain(wanted), "queue": plain(queue)}
    return Page(request).draw("queue.html", data=data, wanted=wanted, queue=queue, facets=facets, words=STATUS_WORDS)


@router.api_route("/albums", methods=["GET", "HEAD"])
def albums_page(request: Request, room: TheLibrary) -> Response:
    """Every album by its cover."""
    albums = room.albums()
    return Page(request).draw("albums.html", data=plain(albums), albums=albums)


@router.api_route("/albums/{slug}", methods=["GET", "HEAD"])
def album_page(request: Request, room: TheLibrary, doors: TheDoors, slug: SlugInPath) -> Response:
    """One album."""
    try:
        album = room.album(slug, doors.author)
    except LofiError as error:
        return Page(request).draw("error.html", status=status_of(error), refusal=refusal_of(error))
    return Page(request).draw("album.html", data=plain(album), album=album)


@router.api_route("/compare", methods=["GET", "HEAD"])
def compare_page(request: Request) -> Response:
    """Two takes, blind."""
    return Page(request).draw("compare.html")


@router.api_route("/studio", methods=["GET", "HEAD"])
def studio_page(request: Request, jobs: TheJobs) -> Response:
    """Have something made."""
    desk, going = jobs.desk(), jobs.jobs()
    return Page(request).draw("studio.html", data={"desk": plain(desk), "jobs": plain(going)}, desk=desk)


@router.api_route("/login", methods=["GET", "HEAD"])
def login_page(request: Request) -> Response:
    """Where the token is asked for."""
    return Page(request).draw("login.html")


class Login(View):
    """The token of this server."""

    token: SecretStr


class Session(View):
    """What a page needs to write: the token against forgery, and who decides by default."""

    csrf: str
    author: str


@sessions.post("/login", status_code=204, summary="Log in", responses=replies(408, 413, 415))
def log_in(request: Request, login: Login) -> Response:
    """Set the cookie that lets this browser in for thirty days."""
    gate: Gate | None = request.app.state.gate
    answer = Response(status_code=204)
    if gate is None:
        return answer
    known = gate.tries(login.token.get_secret_value().encode(), address_of(request.scope))
    if known is None:
        return refuse(429, "Too many wrong tokens.", "Wait a second.", {"Retry-After": "1"})
    if not known:
        return refuse(401, "That is not the token.", "It is the one that `lofi review` was started with.")
    secure = request.url.scheme == "https"
    name = entry_cookie(request.headers)
    answer.headers.append("Set-Cookie", set_cookie(name, gate.pass_for_a_browser(), secure=secure, lasting=LASTING))
    return answer


@sessions.get("/api/session", summary="Begin to write", response_model=Session, responses=replies())
def session(request: Request, response: Response, doors: TheDoors) -> Session:
    """Set the cookie that X-CSRF-Token must repeat, where it is not set yet, and tell it."""
    page = Page(request)
    page.remember(response)
    return Session(csrf=page.csrf, author=doors.author)
