"""How a page is drawn, for any server of this label: its template, its token against forgery, and the room it is in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response

from pipeline.web.assets import HERE, edition
from pipeline.web.doors import Doors
from pipeline.web.entry import LASTING, set_cookie
from pipeline.web.safety import csrf_cookie, csrf_of


def _doors(request: Request) -> Doors:
    return cast("Doors", request.app.state.doors)


TheDoors = Annotated[Doors, Depends(_doors)]


@dataclass(frozen=True)
class House:
    """What all pages of a server have in common.

    `verb` is the command that opens it. `rooms` are its pages and `ways` lead back from one that is not there:
    addresses and their words.
    """

    name: str
    verb: str
    rooms: tuple[tuple[str, str], ...]
    ways: tuple[tuple[str, str], ...]


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


def _moment(when: datetime, zone: str) -> str:
    local = when.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B, %H:%M}"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    there = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    there.filters.update(minutes=minutes, day=_day, moment=_moment, status=lambda value: STATUS_WORDS[value])
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

    def draw(
        self, template: str, *, status: int = 200, data: Any = None, pulse: int | None = None, **words: Any
    ) -> Response:
        """Return a page. `data` is what its script begins with, `pulse` the library's from before that was read."""
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
                pulse=pulse,
                path=self.request.url.path,
                house=state.house,
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
