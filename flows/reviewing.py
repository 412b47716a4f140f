"""The verb `review`: the room where people hear takes and decide, on a page of this machine."""

from __future__ import annotations

import logging
import socket
import threading
import webbrowser
from contextlib import suppress

import click
import uvicorn

from flows.controls import Menu
from flows.finding import decider
from flows.listening import HOUSE, guard, hosts, listen, shown
from flows.workbench import Workbench
from pipeline.library import open_library
from pipeline.review.room import Room
from pipeline.settings import Settings
from pipeline.web.app import create_app
from pipeline.web.doors import Doors

PORT = 8765


def review(
    menu: Menu,
    settings: Settings,
    *,
    host: str,
    port: int | None,
    names: tuple[str, ...],
    author: str | None,
    show: bool,
) -> None:
    """Open the room until somebody stops it. Raises LofiError."""
    guard(host, settings)
    reviewer = decider(author)
    listening = listen(host, port, PORT)
    with listening, open_library(settings) as (shelf, catalogue):
        number = listening.getsockname()[1]
        doors = Doors(hosts=hosts(host, number, names), token=settings.token, author=reviewer)
        with Workbench(settings, shelf, catalogue, menu) as workbench:
            app = create_app(Room(shelf, catalogue, settings.cache, reviewer), workbench, doors)
            config = uvicorn.Config(
                app,
                **HOUSE,
            )
            address = f"http://{shown(host)}:{number}/"
            _serve(uvicorn.Server(config), listening, address, show=show)


def _serve(server: uvicorn.Server, listening: socket.socket, address: str, *, show: bool) -> None:
    """Serve in a thread, so that Ctrl-C stays with the doors."""
    # It reports every open stream that a closing room cuts; what goes wrong in the room itself is logged there.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="web")
    serving.start()
    try:
        click.echo(f"The review room is open at {address}  (Ctrl-C closes it)")
        if show:
            with suppress(webbrowser.Error):
                webbrowser.open(address)
        while serving.is_alive():
            serving.join(timeout=0.5)
    finally:
        server.should_exit = True
        serving.join()
