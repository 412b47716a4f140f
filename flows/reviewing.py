"""The verb `review`: the room where people hear takes and decide, on a page of this machine."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
import webbrowser
from contextlib import suppress

import click
import uvicorn

from flows.controls import Menu
from flows.finding import decider
from flows.workbench import Workbench
from pipeline.errors import BadSettings
from pipeline.library import open_library
from pipeline.review.room import Room
from pipeline.settings import Settings
from pipeline.web.app import create_app
from pipeline.web.behind import Doors

PORT = 8765
TRIED = 20
"""Ports tried, one after another, where nobody named one."""


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
    local = _is_local(host)
    if not local and settings.token is None:
        raise BadSettings(
            f"--host {host}: others could reach this page, and there is no LOFI_TOKEN.",
            "Set LOFI_TOKEN to a long secret that visitors must know, or leave out --host.",
        )
    reviewer = decider(author)
    listening = _listen(host, port)
    with listening, open_library(settings) as (shelf, catalogue):
        number = listening.getsockname()[1]
        doors = Doors(hosts=_hosts(host, number, names), token=settings.token, author=reviewer)
        with Workbench(settings, shelf, catalogue, menu) as workbench:
            app = create_app(Room(shelf, catalogue, settings.cache, reviewer), workbench, doors)
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # else anybody on this machine may claim to come from anywhere
                date_header=False,
                timeout_graceful_shutdown=2,
                h11_max_incomplete_event_size=32_768,
            )
            address = f"http://{_shown(host)}:{number}/"
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


def _listen(host: str, port: int | None) -> socket.socket:
    """Return a listening socket. Raises BadSettings when the port is taken, or the host is none of this machine's."""
    wanted = range(PORT, PORT + TRIED) if port is None else (port,)
    for number in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With its protocol named, asyncio sends small answers at once: else each waits 40 ms for more.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, number))
            listening.listen(128)
        except (OSError, OverflowError) as error:
            listening.close()
            if isinstance(error, OSError) and error.errno in (98, 48, 10048) and number != wanted[-1]:
                continue
            said = getattr(error, "strerror", None) or str(error)
            raise BadSettings(
                f"The page cannot be served at {host}:{number}: {said.lower()}.",
                "Name another --port; 0 takes any that is free.",
            ) from None
        return listening
    raise AssertionError("every port either listens or raises")


def _hosts(host: str, port: int, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names under which a browser may ask for the page."""
    own = ["localhost", "127.0.0.1", "[::1]"]
    if not _is_local(host):
        own += [socket.gethostname(), *([] if _is_any(host) else [_shown(host)])]
    return tuple(dict.fromkeys(f"{name.lower()}:{port}" for name in (*own, *names)))


def _shown(host: str) -> str:
    if _is_any(host):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _is_any(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return False
