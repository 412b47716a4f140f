"""The token beyond loopback: how a browser or a program shows that it knows it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from urllib.parse import quote

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.web.refusals import refuse

LASTING = 30 * 24 * 3600
"""Seconds that a browser stays let in."""
TRIES = 3.0
"""Wrong tokens a second, from one address."""
ADDRESSES = 4096
"""Addresses whose wrong tokens are remembered at once."""
_OPEN = ("/login", "/static/", "/fonts/", "/favicon.svg")

Clock = Callable[[], float]


class Gate:
    """Knows the token. `wall` gives the time of day in seconds, `steady` a clock that never jumps."""

    def __init__(self, token: SecretStr, wall: Clock, steady: Clock) -> None:
        self._token = token.get_secret_value().encode()
        self._wall, self._steady = wall, steady
        self._lock = Lock()
        self._wrong: dict[str, tuple[float, float]] = {}

    def tries(self, token: bytes, address: str) -> bool | None:
        """Whether this is the token; None when too many from this address were wrong just now.

        Each address has a count of its own, so that nobody who guesses keeps out those who know. From an address that
        has used its count up the right token is turned away as well, and on purpose: were it let in, whoever guesses
        would learn of every guess whether it is right, as fast as they can send, and the count would slow nobody. Who
        shares an address with somebody guessing (both behind a proxy that names nobody) waits a third of a second; a
        browser that is in is never asked again.
        """
        with self._lock:
            now = self._steady()
            left, since = self._wrong.pop(address, (TRIES, now))
            left = min(TRIES, left + (now - since) * TRIES)
            if left < 1:
                self._wrong[address] = left, now
                return None
            # Digests are of one length, so that the comparison does not tell the length of the token.
            right = hmac.compare_digest(hashlib.sha256(token).digest(), hashlib.sha256(self._token).digest())
            if not right:
                left -= 1
            if left < TRIES:
                self._wrong[address] = left, now  # at the end: the first is whoever was wrong longest ago
                while len(self._wrong) > ADDRESSES:
                    del self._wrong[next(iter(self._wrong))]
            return right

    def pass_for_a_browser(self) -> str:
        """A cookie's value that proves the token was known, and does not tell it."""
        issued = f"{int(self._wall())}.{secrets.token_urlsafe(12)}"
        return f"{issued}.{self._sign(issued)}"

    def lets_in(self, value: str) -> bool:
        """Whether a cookie's value is one of `pass_for_a_browser` that has not run out."""
        issued, _, sign = value.rpartition(".")
        moment = issued.partition(".")[0]
        if not value.isascii() or not moment.isdecimal() or len(moment) > 15:
            return False
        fresh = 0 <= self._wall() - int(moment) + 60 <= LASTING
        return hmac.compare_digest(sign, self._sign(issued)) and fresh

    def _sign(self, issued: str) -> str:
        return hmac.new(self._token, f"lofi review {issued}".encode(), hashlib.sha256).hexdigest()


def address_of(scope: Scope) -> str:
    """Where a request comes from. Of IPv6 the network: one caller has 2**64 addresses to guess from (RFC 6177)."""
    host = str(scope["client"][0]) if scope.get("client") else ""
    with suppress(ValueError):
        known = ipaddress.ip_address(host)
        if known.version == 6 and known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)  # as a socket for both kinds says it
        if known.version == 6:
            return str(ipaddress.ip_network((int(known), 64), strict=False))
    return host


def port_of(headers: Headers) -> str:
    """The port in the Host header, so that two servers on one machine keep their cookies apart."""
    _, colon, port = headers.get("host", "").rpartition(":")
    return port if colon and port.isdecimal() else "80"


def cookie(headers: Headers, name: str) -> str:
    """The value of a cookie that was sent, else "". One that came twice counts as none."""
    found = []
    for line in headers.getlist("cookie"):
        for part in line.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                found.append(value)
    return found[0] if len(found) == 1 else ""


def set_cookie(name: str, value: str, *, secure: bool, lasting: int) -> str:
    """The value of a Set-Cookie header for this site only, out of reach of scripts."""
    said = f"{name}={value}; Path=/; Max-Age={lasting}; HttpOnly; SameSite=Strict"
    return f"{said}; Secure" if secure else said


def entry_cookie(headers: Headers) -> str:
    """The name of the cookie that lets a browser in."""
    return f"lofi-entry-{port_of(headers)}"


def _password(sent: str) -> bytes:
    """Return the password of HTTP Basic (RFC 7617); nothing that is a token where there is none."""
    try:
        return base64.b64decode(sent.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return b""


class Entrance:
    """Middleware: lets in who has the cookie or sends the token, and all to the login page and what it is drawn with.

    Sets `bearer` in the scope's state for a program that sent the token itself: such a request no other page can forge.
    At the addresses `basic`, which only give, the token may also come as the password of HTTP Basic, whatever the name:
    players know no other way. A browser that was asked so by another page would change nothing.
    """

    def __init__(self, app: ASGIApp, gate: Gate | None, realm: str, basic: tuple[str, ...] = ()) -> None:
        self.app, self.gate, self.realm, self.basic = app, gate, realm, basic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http" or self.gate is None or scope["path"].startswith(_OPEN):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self.gate.lets_in(cookie(headers, entry_cookie(headers))):
            await self.app(scope, receive, send)
            return
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        known: bool | None = False
        player = scope["path"] in self.basic and scope["method"] in ("GET", "HEAD")
        if scheme.lower() == "bearer":
            known = self.gate.tries(sent.strip().encode("latin-1"), address_of(scope))
        elif player and scheme.lower() == "basic":
            known = self.gate.tries(_password(sent), address_of(scope))
        if known:
            scope.setdefault("state", {})["bearer"] = scheme.lower() == "bearer"
            await self.app(scope, receive, send)
        elif known is None:
            again = {"Retry-After": "1"}
            await refuse(429, "Too many wrong tokens.", "Wait a second.", again)(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", ""):
            target = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
            await RedirectResponse(f"/login?next={quote(target, safe='')}", 303)(scope, receive, send)
        else:
            says = {"WWW-Authenticate": f'{"Basic" if player else "Bearer"} realm="{self.realm}"'}
            remedy = "Log in at /login, or send it as: Authorization: Bearer TOKEN"
            if player:
                remedy = "Write it into the address, http://radio:TOKEN@…, or log in at /login."
            await refuse(401, "This server wants its token.", remedy, says)(scope, receive, send)
