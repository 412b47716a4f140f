"""What changes is told to every open page, and a page that does not listen is nobody else's trouble."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from review_room import on_take, served

from pipeline.web.events import LISTENERS


@pytest.fixture
def address(library: Path, cache: Path) -> Iterator[str]:
    with served(library, cache) as place:
        yield place


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Read events, by name and data."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def decide(address: str, client: httpx.Client) -> None:
    """Approve the best take of the first track."""
    csrf = client.get("/api/session").json()["csrf"]
    album = client.get(f"/api/albums/{client.get('/api/albums').json()[0]['slug']}").json()
    said = client.post("/api/decisions", json=on_take(album), headers={"X-CSRF-Token": csrf, "Origin": address})
    assert said.status_code == 201, said.text


def test_a_decision_is_heard_by_all(address: str) -> None:
    """Each page is told where things stand when it opens, and that something changed when it does."""
    with httpx.Client(base_url=address, timeout=60) as client, ExitStack() as open_pages:
        pages = []
        for _ in range(3):
            stream = open_pages.enter_context(client.stream("GET", "/api/events"))
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            pages.append(events(stream.iter_lines()))
        before = []
        for page in pages:
            told = dict([next(page), next(page)])
            assert told["jobs"] == []
            before.append(told["pulse"])
        decide(address, client)
        for page, pulse in zip(pages, before, strict=True):
            name, now = next(page)
            assert name == "pulse" and now != pulse


def test_who_never_reads_affects_nobody(address: str) -> None:
    """As many as may listen do, all but one never read: that one is told all the same, and one more is refused."""
    host, port = address.removeprefix("http://").split(":")
    with httpx.Client(base_url=address, timeout=60) as client, ExitStack() as open_pages:
        for _ in range(LISTENERS - 1):
            deaf = open_pages.enter_context(socket.create_connection((host, int(port))))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.sendall(f"GET /api/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            assert deaf.recv(15) == b"HTTP/1.1 200 OK"
        stream = open_pages.enter_context(client.stream("GET", "/api/events"))
        page = events(stream.iter_lines())
        assert {next(page)[0], next(page)[0]} == {"pulse", "jobs"}
        with httpx.Client(base_url=address, timeout=60) as late:
            refused = late.get("/api/events")
            assert refused.status_code == 503 and "Too many" in refused.json()["message"]
            decide(address, late)
        assert next(page)[0] == "pulse"


def test_a_page_that_was_closed_gives_its_place_back(address: str) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        for _ in range(LISTENERS + 5):
            with client.stream("GET", "/api/events") as stream:
                assert stream.status_code == 200
                next(stream.iter_lines())
