"""What every request and answer goes through: hosts, forgery, the size and kind of bodies, headers, and bugs.

Pure ASGI, so that an endless answer streams through and nothing is gathered in memory.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections import deque
from collections.abc import Mapping

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.web.entry import cookie, port_of
from pipeline.web.refusals import BUG, refuse, refused

JSON_LIMIT = 64 * 1024
PATIENCE = 15.0
"""Seconds that a JSON body may take to arrive."""

_POLICY = "; ".join(
    ["default-src 'none'"]
    + [f"{kind}-src 'self'" for kind in ("script", "style", "img", "media", "connect", "font", "manifest")]
    + ["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_log = logging.getLogger(__name__)


class Sealed:
    """Middleware, the outermost: puts the headers on every answer, and answers for bugs in plain words."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and see to what comes back."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, sealed)
        except Exception:
            _log.exception("A fault in %s %s", scope["method"], scope["path"])
            if begun:
                raise  # The server cuts the connection, so that nobody takes half an answer for a whole one.
            await refused(500, BUG)(scope, receive, sealed)


class Hosts:
    """Middleware: answers to the names it was given and to no other, so that no foreign name can be pointed at it."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self.app, self.hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "http":
            named = Headers(scope=scope).getlist("host")
            if len(named) != 1 or named[0].lower() not in self.hosts:
                answer = refuse(421, "This server does not answer to that host.", "Use the address it printed.")
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


def csrf_cookie(headers: Headers) -> str:
    """The name of the cookie that X-CSRF-Token must repeat."""
    return f"lofi-csrf-{port_of(headers)}"


def csrf_of(headers: Headers) -> str:
    """The token against forgery that a browser was given, else ""."""
    token = cookie(headers, csrf_cookie(headers))
    return token if re.fullmatch(r"[A-Za-z0-9_-]{32,86}", token) else ""


class Unforged:
    """Middleware: nothing is changed for a page of another site, and nothing is fetched for one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "http" and not self._ours(scope):
            remedy = (
                "Open the page of this server and do it there, or repeat the cookie of /api/session as X-CSRF-Token."
            )
            await refuse(403, "The request did not come from a page of this server.", remedy)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _ours(scope: Scope) -> bool:
        headers = Headers(scope=scope)
        safe = scope["method"] in _SAFE
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            # A link elsewhere may lead here; nothing elsewhere may embed or fetch what is here.
            mode, target = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
            return safe and mode == "navigate" and target == "document"
        if safe:
            return True
        host = headers["host"].lower()
        if any(origin.lower() not in (f"http://{host}", f"https://{host}") for origin in headers.getlist("origin")):
            return False
        if scope.get("state", {}).get("bearer"):
            return True
        token = csrf_of(headers)
        return token != "" and hmac.compare_digest(token.encode(), headers.get("x-csrf-token", "").encode())


class Bodies:
    """Middleware: takes JSON of up to 64 KB, and sounds where they are handed in: `sounds` are bytes by path."""

    def __init__(self, app: ASGIApp, sounds: Mapping[str, int]) -> None:
        self.app, self.sounds = app, sounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; a JSON body is read whole before."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        comes = "transfer-encoding" in headers or length not in ("", "0")
        sound = scope["path"] in self.sounds and scope["method"] == "POST"
        limit = self.sounds[scope["path"]] if sound else JSON_LIMIT
        if comes and (not length.isdecimal() if length else False):
            await refuse(400, "The length of the body is not a number.")(scope, receive, send)
        elif length and int(length) > limit:
            await too_large(limit)(scope, receive, send)
        elif sound and not kind.startswith("audio/"):
            await refuse(415, "Only sounds are taken here.", "Send it as Content-Type: audio/…")(scope, receive, send)
        elif comes and not sound and kind != "application/json":
            remedy = "Send it as Content-Type: application/json"
            await refuse(415, "Only JSON is taken here.", remedy)(scope, receive, send)
        elif comes and not sound:
            await self._whole(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: deque[Message] = deque()
        size = 0
        with anyio.move_on_after(PATIENCE) as waiting:
            while True:
                message = await receive()
                held.append(message)
                size += len(message.get("body", b""))
                if size > JSON_LIMIT or not message.get("more_body", False):
                    break
        if waiting.cancelled_caught:
            await refuse(408, "The body did not arrive in time.", "Send it again.")(scope, receive, send)
        elif size > JSON_LIMIT:
            await too_large(JSON_LIMIT)(scope, receive, send)
        else:

            async def again() -> Message:
                return held.popleft() if held else await receive()

            await self.app(scope, again, send)


def too_large(limit: int) -> Response:
    """Return the refusal of a body of more than `limit` bytes."""
    said = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 1024} KB"
    return refuse(413, f"That is more than {said}.", "Send less.", {"Connection": "close"})
