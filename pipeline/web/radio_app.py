"""The composition of a radio's own server."""

from __future__ import annotations

import time

from fastapi import FastAPI

from pipeline.web import radio_api, streams
from pipeline.web.doors import Doors
from pipeline.web.drawing import House
from pipeline.web.entry import Clock
from pipeline.web.house import open_house
from pipeline.web.station import Station

RADIO = House(name="Radio", verb="lofi radio", rooms=(), ways=(("/", "To the radio"),))


def create_radio(station: Station, doors: Doors, *, wall: Clock = time.time, steady: Clock = time.monotonic) -> FastAPI:
    """Return the web app over a radio. Raises BadSettings when others could reach it and there is no token."""
    app = open_house(
        RADIO,
        doors,
        (radio_api.router,),
        wall=wall,
        steady=steady,
        players=streams.PLAYERS,
        summary="Hear an endless radio, and say how it shall go on.",
    )
    app.router.routes.extend(streams.routes())
    app.state.station, app.state.wall = station, wall
    app.state.watcher = radio_api.watcher(station)
    return app
