"""A file sent as it is, whole or one range of it (RFC 9110, section 14), a piece at a time."""

from __future__ import annotations

import os
import re
import stat
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO, NamedTuple

from anyio import to_thread
from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pipeline.web.refusals import refuse

PIECE = 256 * 1024


class Span(NamedTuple):
    """Bytes `first` to `last`, both included."""

    first: int
    last: int


def span_of(asked: str, size: int) -> Span | None:
    """Read a Range header of one range for a file of `size` bytes; None where it names none that the file has."""
    match = re.fullmatch(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", asked.strip(), re.ASCII)
    if match is None:
        return None
    if match[3] is not None:
        wanted = min(int(match[3]), size)
        return Span(size - wanted, size - 1) if wanted else None
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    return Span(first, last) if first < size and first <= last else None


class FileAnswer(Response):
    """Answers with a file of one fixed type. `secret` keeps back what would tell which file it is."""

    def __init__(self, path: Path, media_type: str, *, secret: bool = False) -> None:
        self.path, self.secret = path, secret
        self.media_type = media_type
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.body = b""
        self.raw_headers = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open, look at what is wanted, and send that."""
        try:
            file, about = await to_thread.run_sync(_open, self.path)
        except OSError:
            gone = refuse(404, "That file is not there.", "Have a look at the album: it may be made again.")
            await gone(scope, receive, send)
            return
        try:
            await self._send(file, about, scope, receive, send)
        finally:
            # Closing a file that is only read does not wait for the disk.
            file.close()

    async def _send(self, file: BinaryIO, about: os.stat_result, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        size = about.st_size
        tag = f'"{about.st_mtime_ns:x}-{size:x}-{about.st_ino:x}"'
        headers = {"Accept-Ranges": "bytes", "Content-Type": self.media_type or ""}
        if self.secret:
            headers["Cache-Control"] = "no-store"
        else:
            headers |= {"ETag": tag, "Last-Modified": formatdate(about.st_mtime, usegmt=True)}
            headers["Cache-Control"] = "private, no-cache"
            if tag in re.split(r"\s*,\s*", asked.get("if-none-match", "")):
                await send({"type": "http.response.start", "status": 304, "headers": _raw(headers)})
                await send({"type": "http.response.body", "body": b""})
                return
        ranges = asked.getlist("range") if scope["method"] == "GET" else []
        if "if-range" in asked and (self.secret or asked["if-range"] != tag):
            ranges = []
        span = Span(0, size - 1)
        if ranges:
            found = span_of(ranges[0], size) if len(ranges) == 1 else None
            if found is None:
                says = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
                refusal = refuse(416, "The file has no such range.", "Ask for one range within the file.", says)
                await refusal(scope, receive, send)
                return
            span = found
            headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
        headers["Content-Length"] = str(span.last - span.first + 1)
        await send({"type": "http.response.start", "status": 206 if ranges else 200, "headers": _raw(headers)})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        else:
            await _stream(file, span, send)


async def _stream(file: BinaryIO, span: Span, send: Send) -> None:
    left = span.last - span.first + 1
    file.seek(span.first)
    while left > 0:
        piece = await to_thread.run_sync(file.read, min(PIECE, left))
        if not piece:
            raise OSError("the file became shorter while it was sent")
        left -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _open(path: Path) -> tuple[BinaryIO, os.stat_result]:
    # Neither a link nor a pipe may stand where a sound should be.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    file = os.fdopen(descriptor, "rb", buffering=0)
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        file.close()
        raise OSError("not a regular file")
    return file, about


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
