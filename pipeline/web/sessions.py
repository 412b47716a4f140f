"""Logging in, and what a page needs to write."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import SecretStr
from starlette.responses import HTMLResponse, Response

from pipeline.web.drawing import House, Page, TheDoors
from pipeline.web.entry import LASTING, Gate, address_of, entry_cookie, set_cookie
from pipeline.web.refusals import refuse, replies
from pipeline.web.shown import Shown

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
sessions = APIRouter(tags=["session"])


@pages.api_route("/login", methods=["GET", "HEAD"])
def login_page(request: Request) -> Response:
    """Where the token is asked for."""
    return Page(request).draw("login.html")


class Login(Shown):
    """The token of this server."""

    token: SecretStr


class Session(Shown):
    """What a page needs to write: the token against forgery, and who decides by default."""

    csrf: str
    author: str


@sessions.post("/login", status_code=204, summary="Log in", responses=replies(408, 413, 415))
def log_in(request: Request, login: Login) -> Response:
    """Set the cookie that lets this browser in for thirty days."""
    gate: Gate | None = request.app.state.gate
    house: House = request.app.state.house
    answer = Response(status_code=204)
    if gate is None:
        return answer
    known = gate.tries(login.token.get_secret_value().encode(), address_of(request.scope))
    if known is None:
        return refuse(429, "Too many wrong tokens.", "Wait a second.", {"Retry-After": "1"})
    if not known:
        return refuse(401, "That is not the token.", f"It is the one that `{house.verb}` was started with.")
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
