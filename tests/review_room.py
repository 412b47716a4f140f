"""A small album with real takes, and the review room opened over it, for the tests of the web."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from small_label import lofi_here
from starlette.testclient import TestClient

from flows.cli import lofi
from flows.controls import Menu
from flows.workbench import Workbench
from pipeline.library import open_library
from pipeline.review.room import Room
from pipeline.settings import Settings
from pipeline.web.app import create_app
from pipeline.web.doors import Doors

HOST = "127.0.0.1:8765"
THEME = "rain on a tin roof"
ASKED = ("--tracks", "2", "--seconds", "10", "--takes", "2", "--seed", "7")


def build_takes(library: Path, cache: Path) -> None:
    """Have the offline studio make an album of two tracks, with two takes of each."""
    made = lofi_here(library, cache, "make", THEME, "--plain", "--studio", "offline", *ASKED)
    assert made.exception is None, made.output


@contextmanager
def open_app(library: Path, cache: Path, *, hosts: tuple[str, ...] = (HOST,), **more: Any) -> Iterator[FastAPI]:
    """Open the room: `token` and clocks as create_app and Doors take them. What is ordered there is not made."""
    settings = Settings(library=library, cache=cache)
    doors = Doors(hosts=hosts, token=more.pop("token", None), author="Ada")
    with open_library(settings) as (shelf, catalogue):
        room = Room(shelf, catalogue, cache, "Ada", random.Random(4))
        yield create_app(room, Workbench(settings, shelf, catalogue, Menu(lofi.commands)), doors, **more)


@contextmanager
def a_port() -> Iterator[int]:
    """Keep a port of this machine from everybody who takes any that is free, also while nobody listens there."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@contextmanager
def served(library: Path, cache: Path, port: int = 0, **more: Any) -> Iterator[str]:
    """Serve the room on a port of this machine; give its address."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(64)
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        with open_app(library, cache, hosts=(host,), **more) as app:
            config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            serving.start()
            try:
                yield f"http://{host}"
            finally:
                server.should_exit = True
                serving.join()


def writing(client: TestClient) -> dict[str, str]:
    """Return the headers with which a page of this server writes."""
    return {"X-CSRF-Token": client.get("/api/session").json()["csrf"], "Origin": f"http://{HOST}"}


def an_album(client: TestClient) -> dict[str, Any]:
    """Return the only album there is."""
    (row,) = client.get("/api/albums").json()
    album: dict[str, Any] = client.get(f"/api/albums/{row['slug']}").json()
    return album


def on_take(album: dict[str, Any], decision: str = "approved", **more: Any) -> dict[str, Any]:
    """Return a decision on the best take of the first track."""
    track = album["tracks"][0]
    take = track["takes"][0]
    about = {"album": album["slug"], "track": track["track"], "take": take["take"], "version": take["version"]}
    return {**about, "decision": decision, "seen": album["seen"], **more}
