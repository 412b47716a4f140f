"""The verb `radio`: an endless stream from one sentence. The studio is a child process, the transmitter is this one.

The child is started before anything is loaded here that it does not need, for the first sound has to come soon; and
this process loads nothing that makes sound or pictures, for it has to stay small.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import secrets
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.alone import alone
from flows.listening import HOUSE, guard, hosts, listen, shown
from flows.logs import keep_log
from pipeline.errors import BadBrief, LofiError
from pipeline.radio.child import Child, Link, Named, Play
from pipeline.settings import Settings
from pipeline.shelf.shelf import Shelf

if TYPE_CHECKING:
    import uvicorn

    from pipeline.radio.last_hour import LastHour
    from pipeline.radio.transmitter import Transmitter
    from pipeline.radio.wire import Form

PORT = 8766
STUDIO = Named("flows.onair:play")
LISTENERS, EACH = 600, 40
"""Listeners in all, and from one address; more connections than that are for pages."""
PATIENCE = 10.0
"""Seconds within which a studio should say that it is there, before the address is told all the same."""
WAITING = 64 * 1024
"""Bytes that may wait for one listener in the kernel."""
_log = logging.getLogger("lofi.radio")


@dataclass(frozen=True)
class Place:
    """Where it is heard: as the options of the verb say."""

    host: str = "127.0.0.1"
    port: int | None = None
    names: tuple[str, ...] = ()
    listeners: int = LISTENERS


def broadcast(theme: str, settings: Settings, place: Place, *, show: bool, play: Play = STUDIO) -> None:
    """Be on the air until somebody ends it. `play` is the studio's program. Raises LofiError."""
    logs = Shelf(settings.library.absolute()).logs
    with on_the_air(theme, settings, place, play=play) as serving, keep_log(logs, "radio") as log:
        serving.wait_for_a_studio()
        if not serving.done.is_set():
            log.info("On the air at %s: %s", serving.address, theme)
            _tell(serving.address, settings, show=show)
        while not serving.done.wait(timeout=0.5):
            pass
        log.info("Off the air")
    if serving.fault is not None:
        raise serving.fault


def _tell(address: str, settings: Settings, *, show: bool) -> None:
    login = "radio:TOKEN@" if settings.token else ""
    click.echo(f"The radio is on at {address}  (Ctrl-C ends it)")
    click.echo(f"In VLC: {address.replace('://', f'://{login}')}radio.mp3, or the same with .opus")
    if show:
        with suppress(webbrowser.Error):
            webbrowser.open(address)


@contextmanager
def on_the_air(theme: str, settings: Settings, place: Place, *, play: Play, each: int = EACH) -> Iterator[Serving]:
    """Be on the air inside the block: it is served in a thread. Raises BadBrief or BadSettings before anything begins.

    At its end the studio puts its things away, and listeners hear what is due.
    """
    from pipeline.domain.brief import THEME_LIMIT
    from pipeline.domain.line import one_line

    said = one_line(theme)
    if not said or len(said) > THEME_LIMIT:
        what = "The theme is empty." if not said else f"The theme is longer than {THEME_LIMIT} characters."
        raise BadBrief(what, 'Say in a sentence what you want to hear: lofi radio "jazz for a rainy cafe".')
    guard(place.host, settings)
    with listen(place.host, place.port, PORT) as listening, ExitStack() as begun:
        # What waits in the kernel for a listener that does not read: a few seconds, and not megabytes.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WAITING)
        remedy = "Stop it first (`kill {pid}`), or give this one a --library of its own."
        begun.enter_context(alone(settings.library / "radio", f"The radio of {settings.library}", remedy))
        first = [Child(play, (said, settings))]
        begun.callback(_end, first)
        _raise_file_limit(place.listeners + 500)

        def start() -> Link:
            return first.pop() if first else Child(play, (said, settings))

        hours = _last_hour(settings.library)
        serving = _opened(said, settings, place, listening, hours, start, each)
        serving.start()
        try:
            yield serving
        finally:
            serving.stop()
            serving.done.wait()


def _end(children: list[Child]) -> None:
    """End a studio that nobody has taken over, when something went wrong first."""
    for child in children:
        child.end()


def _opened(
    theme: str,
    settings: Settings,
    place: Place,
    listening: socket.socket,
    hours: dict[Form, LastHour],
    start: Callable[[], Link],
    each: int,
) -> Serving:
    # Loaded while the studio opens, not before.
    from pipeline.radio.station import Station
    from pipeline.radio.transmitter import Transmitter
    from pipeline.web.doors import Doors
    from pipeline.web.radio_app import create_radio

    number = listening.getsockname()[1]
    radio = Transmitter(
        start,
        hours,
        run=secrets.token_hex(4),
        steady=time.monotonic,
        wall=time.time,
        most=place.listeners,
        each=each,
    )
    doors = Doors(hosts=hosts(place.host, number, place.names), token=settings.token)
    server = _server(create_radio(Station(radio, theme, time.monotonic), doors), place.listeners, each)
    return Serving(radio, server, listening, f"http://{shown(place.host)}:{number}/")


class Serving(threading.Thread):
    """The event loop, in a thread of its own, so that Ctrl-C stays with the doors."""

    def __init__(self, radio: Transmitter, server: uvicorn.Server, listening: socket.socket, address: str) -> None:
        super().__init__(name="radio")
        self.address = address
        self._radio, self._server, self._listening = radio, server, listening
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._stopped = threading.Event()
        # Waited for in place of join(), which takes a thread for dead once Ctrl-C has interrupted it (Python 3.11).
        self.done = threading.Event()
        self.fault: LofiError | BaseException | None = None

    def run(self) -> None:
        """Run the loop to its end."""
        try:
            asyncio.run(self._go_on())
        except BaseException as error:  # noqa: BLE001 - the doors say what it was
            self.fault = error
        finally:
            self.done.set()

    async def _go_on(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stopped.is_set():
            self._ended.set()
        async with self._radio:
            serving = self._loop.create_task(self._server.serve(sockets=[self._listening]))
            ended = self._loop.create_task(self._ended.wait())
            over = self._loop.create_task(self._radio.over.wait())
            await asyncio.wait([serving, ended, over], return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            over.cancel()
        self._server.should_exit = True
        await serving
        if self._radio.refused is not None:
            self.fault = LofiError(self._radio.refused.said)
            self.fault.exit_code = self._radio.refused.code

    def wait_for_a_studio(self) -> None:
        """Return once a studio is there, or the radio has ended; before long in any case."""
        until = time.monotonic() + PATIENCE
        while not self._radio.opened.wait(0.05) and not self.done.is_set() and time.monotonic() < until:
            pass

    def stop(self) -> None:
        """Have it end: listeners hear what is due, and the studio puts its things away."""
        self._stopped.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._ended.set)


def _server(app: object, listeners: int, each: int) -> uvicorn.Server:
    import uvicorn

    from pipeline.web.connections import connections

    # Invalid requests and connections that are cut are what strangers do; they fill no log.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=connections(most=listeners + 200, each=each + 20),
        ws="none",
        lifespan="off",
        **HOUSE,
    )
    return uvicorn.Server(config)


def _last_hour(library: Path) -> dict[Form, LastHour]:
    """Return the last hour of both forms, kept in the library."""
    from pipeline.radio.last_hour import LastHour
    from pipeline.radio.wire import FORMS

    return {form: LastHour(library / "radio" / "last-hour", form) for form in FORMS}


def _raise_file_limit(files: int) -> None:
    """Every listener is an open file, and the usual limit is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
