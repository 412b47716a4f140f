"""Servers that stand where a language model would be: one that keeps to a script, and one that breaks the wire."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pipeline.domain import Brief
from pipeline.writers.offline.writer import OfflineWriter

Asked = dict[str, Any]
Turn = Callable[[Asked], Response]

WRITER = OfflineWriter()


def request_in(asked: Asked) -> dict[str, Any]:
    """The document with theme and titles, as the model finds it: the last line of the first thing the user says."""
    said = next(message["content"] for message in asked["messages"] if message["role"] == "user")
    document: dict[str, Any] = json.loads(said.splitlines()[-1])
    return document


def album_for(asked: Asked) -> dict[str, Any]:
    """What a sensible model answers: an album that suits the theme and keeps off the titles it was told."""
    wanted = request_in(asked)
    brief = Brief(theme=wanted["theme"], tracks=wanted["tracks"], seed=wanted["variation"], style=wanted["style"])
    plan = WRITER.write(brief, wanted["titles_already_used"]).plan
    return {
        "title": plan.title,
        "language": plan.language,
        "style": plan.style,
        "mood": plan.mood,
        "concept": plan.concept,
        "cover_scene": plan.cover_prompt.split(",", 1)[0],
        "cover": plan.cover_prompt,
        "tracks": [
            {
                "title": track.title,
                "prompt": track.prompt,
                "mood": track.mood,
                "tempo": track.tempo,
                "key": str(track.key),
                "swing": track.swing,
                "groove": track.groove,
                "instruments": list(track.instruments),
                "ambience": track.ambience or "none",
                "energy": track.energy,
            }
            for track in plan.tracks
        ],
    }


def completion(text: str | None, finish: str = "stop") -> Response:
    """A chat completion with this text."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice]}
    return Response(json.dumps(body), content_type="application/json")


def says(text: str | None, finish: str = "stop") -> Turn:
    """A turn that answers with this text."""
    return lambda _: completion(text, finish)


def sensible(asked: Asked) -> Response:
    """A turn that answers with a good album."""
    return completion(json.dumps(album_for(asked), ensure_ascii=False))


def album(wrap: str = "%s", **changes: Any) -> Turn:
    """A turn that answers with a good album but for some fields, with text around it."""
    return lambda asked: completion(wrap % json.dumps({**album_for(asked), **changes}, ensure_ascii=False))


def titled(*titles: str) -> Turn:
    """A turn that answers with a good album under these titles, the album's own first, as far as they go."""

    def turn(asked: Asked) -> Response:
        made = album_for(asked)
        made["title"] = titles[0]
        for track, title in zip(made["tracks"], titles[1:], strict=False):
            track["title"] = title
        return completion(json.dumps(made, ensure_ascii=False))

    return turn


def tracked(**changes: Any) -> Turn:
    """A turn that answers with a good album but for some values on every track."""

    def turn(asked: Asked) -> Response:
        made = album_for(asked)
        for track in made["tracks"]:
            track.update(changes)
        return completion(json.dumps(made))

    return turn


def fails(status: int, message: str = "", **headers: str) -> Turn:
    """A turn that answers with an error."""
    body = json.dumps({"error": {"message": message, "type": "scripted"}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Response(body, status=status, headers=named, content_type="application/json")


class LanguageServer:
    """Answers turn by turn, the last turn for ever. `asked` holds the requests, `keys` what authorised them."""

    def __init__(self, http: HTTPServer, *turns: Turn, path: str = "") -> None:
        self.turns = list(turns)
        self.asked: list[Asked] = []
        self.keys: list[str | None] = []
        self.address = http.url_for(f"{path}/v1")
        http.expect_request(f"{path}/v1/chat/completions", method="POST").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        asked = json.loads(request.get_data())
        turn = self.turns[min(len(self.asked), len(self.turns) - 1)]
        self.asked.append(asked)
        self.keys.append(request.headers.get("Authorization"))
        return turn(asked)


def listening() -> HTTPServer:
    """A server of this machine's, to be entered with `with`; several scripts can live on it under different paths."""
    return HTTPServer("127.0.0.1", threaded=True)


class BrokenWire:
    """Takes connections and a request's first bytes, then does what `manners` says with the socket.

    `manners` is given a way to wait that ends when the test does. `visits` counts connections, `sent` the bytes that
    `manners` returns as having been taken.
    """

    def __init__(self, manners: Callable[[socket.socket, threading.Event], int]) -> None:
        self.visits = 0
        self.sent = 0
        self._manners = manners
        self._over = threading.Event()
        self._ear = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen, daemon=True)]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._ear.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._ear.shutdown(socket.SHUT_RDWR)
        self._ear.close()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        while True:
            try:
                wire, _ = self._ear.accept()
            except OSError:
                return
            self.visits += 1
            self._threads.append(threading.Thread(target=self._serve, args=(wire,), daemon=True))
            self._threads[-1].start()

    def _serve(self, wire: socket.socket) -> None:
        with wire, suppress(OSError):
            wire.recv(65_536)
            self.sent += self._manners(wire, self._over)


def silent(_: socket.socket, over: threading.Event) -> int:
    """Never answers."""
    over.wait()
    return 0


def reset(wire: socket.socket, _: threading.Event) -> int:
    """Resets the connection."""
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return 0


def cut_short(wire: socket.socket, _: threading.Event) -> int:
    """Promises more bytes than it sends."""
    wire.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"choices": [')
    return 0


def dripping(head: bytes) -> Callable[[socket.socket, threading.Event], int]:
    """Sends `head`, and then a byte at a time, for ever."""

    def manners(wire: socket.socket, over: threading.Event) -> int:
        wire.sendall(head)
        while not over.wait(0.05):
            wire.sendall(b" ")
        return 0

    return manners


def endless(wire: socket.socket, over: threading.Event) -> int:
    """Sends a hundred megabytes of JSON string as fast as they are taken; returns how many were."""
    wire.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n"')
    sent = 0
    with suppress(OSError):
        while sent < 100_000_000 and not over.is_set():
            wire.sendall(b"x" * 100_000)
            sent += 100_000
    return sent
