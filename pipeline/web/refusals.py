"""From an error to the words and the status that a browser or a program is told. Nothing of the inside is shown."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from pipeline.errors import (
    BadBrief,
    Busy,
    Damaged,
    DiskFull,
    Held,
    LofiError,
    NotApproved,
    OffAir,
    ShelfError,
    Stale,
    TitleTaken,
)
from pipeline.web.shown import Refusal

_STATUS: tuple[tuple[type[LofiError], int], ...] = (
    (Stale, 409),
    (DiskFull, 507),
    (ShelfError, 404),
    (BadBrief, 422),
    (NotApproved, 409),
    (TitleTaken, 409),
    (Held, 409),
    (Damaged, 410),
    (Busy, 429),
    (OffAir, 503),
)
_SAID = {
    404: ("There is nothing at this address.", "Go back to the first page: /"),
    405: ("This address does not do that.", "See /api/openapi.json for what it does."),
    503: ("Too many are listening at once.", "Close a page that you no longer need and try again."),
}
BUG = Refusal(
    message="Something went wrong inside, and nothing was changed by it.",
    remedy="Try again; the terminal that it runs in says more.",
)


def status_of(error: LofiError) -> int:
    """Return the HTTP status of an error from behind."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def refused(status: int, refusal: Refusal, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a refusal as JSON."""
    return JSONResponse(refusal.model_dump(), status, headers)


def refuse(status: int, message: str, remedy: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a refusal in these words."""
    return refused(status, Refusal(message=message, remedy=remedy), headers)


def refusal_of(error: LofiError) -> Refusal:
    """Return the words of an error; of a stale edit also what was wanted and what there is now."""
    stale = isinstance(error, Stale)
    return Refusal(
        message=error.message,
        remedy=error.remedy,
        yours=_text(getattr(error, "yours", None)) if stale else None,
        theirs=_text(getattr(error, "theirs", None)) if stale else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _plainly(errors: list[Any]) -> str:
    """Say what a request lacks, without repeating what was sent."""
    said = []
    for error in errors[:5]:
        where = ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path"))
        what = str(error["msg"]).removeprefix("Value error, ")
        said.append(f"{where}: {what}" if where else what)
    return "; ".join(said)


def wants_page(request: Request) -> bool:
    """Whether a person opens this address in a browser, rather than a program or a script of a page."""
    accepted = request.headers.get("accept", "").lower()
    mode = request.headers.get("sec-fetch-mode", "navigate")
    return request.method == "GET" and "text/html" in accepted and mode == "navigate"


def _drawn(request: Request, status: int, refusal: Refusal, headers: dict[str, str] | None = None) -> Response:
    """Return a refusal as a page, or as JSON to a program."""
    if not wants_page(request):
        return refused(status, refusal, headers)
    from pipeline.web.drawing import Page  # pages speak of refusals themselves

    answer = Page(request).draw("error.html", status=status, refusal=refusal)
    answer.headers.update(headers or {})
    return answer


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, LofiError)
    again = {"Retry-After": str(error.seconds)} if isinstance(error, Busy) else None
    return _drawn(request, status_of(error), refusal_of(error), again)


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if wants_page(request) and any(one["loc"][0] == "path" for one in error.errors()):
        # What was typed names nothing here; how it should be written is of use to programs alone.
        return _drawn(request, 404, Refusal(message=_SAID[404][0]))
    refusal = Refusal(
        message=f"The request is not understood. {_plainly(list(error.errors()))}.",
        remedy="See /api/openapi.json for what it should be.",
    )
    return _drawn(request, 422, refusal)


def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message, remedy = _SAID.get(error.status_code, ("The request is not understood.", "Send plain, valid JSON."))
    refusal = Refusal(message=message, remedy="" if wants_page(request) and error.status_code == 404 else remedy)
    return _drawn(request, error.status_code, refusal, dict(error.headers or {}))


def put_refusals(app: FastAPI) -> None:
    """Let every expected error answer with a Refusal. What is not expected is caught in safety.py."""
    app.add_exception_handler(LofiError, _ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _plain)


def replies(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI shall say of the errors of an operation; those of safety.py come with every one."""
    always = (400, 401, 403, 421, 422, 429, 500)
    return {status: {"model": Refusal, "description": _MEANING[status]} for status in sorted({*always, *statuses})}


_MEANING = {
    400: "It could not be done, or the request is not understood.",
    401: "A token is needed.",
    403: "The request did not come from a page of this server.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "There is another version by now, or another has it.",
    410: "The file does not match its record, or is gone.",
    413: "The body is too large.",
    415: "The body is of a kind that is not taken here.",
    416: "The file has no such range.",
    421: "This server does not answer to that host.",
    422: "The request lacks something or has something it should not.",
    429: "Too many wrong tokens, or asked too often; wait as long as it says.",
    500: "A fault of the program.",
    503: "Too many at once, or what is needed for it is away.",
    507: "The disk is full.",
}
