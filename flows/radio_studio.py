"""The parts of a radio's studio, opened in the order in which its first sound needs them."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from uuid import uuid4

from flows.one_gpu import BetweenShifts, gpu_place
from pipeline.audio.effects.chain import PRESETS, Effects
from pipeline.domain import Seconds
from pipeline.domain.brief import read_brief
from pipeline.domain.course import Course
from pipeline.library import open_library
from pipeline.radio import wire
from pipeline.radio.fresh import Ordered
from pipeline.radio.housekeeping import Housekeeping
from pipeline.radio.kitchen import Kitchen
from pipeline.radio.onair import OnTheAir
from pipeline.radio.orders import Orders
from pipeline.radio.pictures import Pictures, cover_of
from pipeline.radio.piece import Piece
from pipeline.radio.player import ANY_TIME, PATIENCE, Player
from pipeline.radio.recalled import newest, recall
from pipeline.radio.running_order import LATELY
from pipeline.radio.store import Heading, Store
from pipeline.radio.taken_up import taken_up
from pipeline.roles import Judge, Modelled, Musician
from pipeline.settings import Settings
from pipeline.shelf.album_folder import COVER_FOR_TAGS
from pipeline.studio import Opened, open_part, part_names
from pipeline.workers import Workers
from pipeline.writers.offline.steering import Steering

LOADING: Seconds = 900.0
"""What a musician with a model may take for its first track: on a cold disk it loads gigabytes before it plays."""
_OFFLINE = {"studio": "offline", "writer": None, "musician": None, "judge": None, "painter": None}
_log = logging.getLogger("lofi.studio")


class RadioStudio:
    """The parts of a radio's studio, opened in the order in which the first sound needs them."""

    def __init__(
        self,
        stack: ExitStack,
        first: Workers,
        send: Callable[[wire.FromStudio], None],
        theme: str,
        settings: Settings,
        clock: Callable[[], Seconds] = time.monotonic,
    ) -> None:
        """`first` is the process of the first player, which has started already. Raises LofiError."""
        self._settings = settings
        theme = read_brief(theme=theme, seed=0).theme
        offline = settings.model_copy(update=_OFFLINE)
        store = self._store = Store(settings.library.absolute())
        opened = open_part("musician", settings)
        judge = open_part("judge", offline).made
        players, understudy = self._cast(opened, offline, judge)
        (understudy or players[0]).use(first)
        shelf, catalogue = stack.enter_context(open_library(settings))
        self._shelf = shelf
        steering = Steering(settings.prompts)
        course = own = steering.begin(theme)
        heading = store.heading()
        if heading is not None and heading.theme == theme:
            course = heading.course  # the studio before this one did not come to a good end
        self._theme = theme
        airings = catalogue.airings
        known, now = airings.files(), airings.now()
        self._before = newest(airings.since(now - timedelta(seconds=LATELY)), now)
        stand_in = None if understudy is None else understudy.musician.backend
        running_order = taken_up(store, airings, known, own, course, stand_in)
        self._air = OnTheAir(
            running_order,
            airings,
            send,
            steering.turn,
            self._turned,
            self._played,
            self._picture,
            settings.crossfade,
            clock,
        )
        self._air.tell("opening", opened.note)
        self._pictures = Pictures(open_part("painter", offline).made, store, self._air.painted)
        orders = Orders(
            open_part("writer", offline).made, secrets.randbits(62), catalogue.titles() | set(known.values())
        )
        self._kitchen = Kitchen(
            orders,
            running_order,
            store,
            airings,
            players,
            understudy,
            str(uuid4()),
            self._stocked,
            partial(self._air.tell, "supply"),
        )
        self._closed = False
        self._housekeeping = Housekeeping(
            running_order,
            store,
            shelf,
            catalogue,
            settings.cache,
            self._air.stocked,
            partial(self._air.tell, "love"),
        )

    def run(self, connection: Connection) -> None:
        """Play, and obey what comes from the transmitter."""
        threading.Thread(target=self._listen, args=(connection,), name="listener", daemon=True).start()
        self._air.recall(lambda: recall(self._before, self._store, self._shelf))
        with closing(self._housekeeping), closing(self._kitchen), closing(self._pictures):
            self._kitchen.open()
            self._pictures.open()
            self._housekeeping.open()
            try:
                self._air.run()
            finally:
                self._housekeeping.stop()
            if self._closed:  # only now, for the last wish may have been noted while it closed
                self._store.arrive()

    def _cast(self, opened: Opened, offline: Settings, judge: Judge) -> tuple[list[Player], Player | None]:
        """Return who plays, and who stands in where that is not the offline band itself."""
        settings, folder = self._settings, self._store.folder
        musician: Musician = opened.made
        effects = PRESETS[settings.effects]

        def player(who: Musician, how: Effects, threads: int = 1) -> Player:
            if not isinstance(who, Modelled):
                return Player(who, judge, how, folder, threads, PATIENCE)
            gpu = gpu_place(settings, os.environ)
            turn = ANY_TIME if gpu is None else BetweenShifts(gpu)
            return Player(who, judge, how, folder, threads, LOADING, turn=turn)

        modelled = isinstance(musician, Modelled)
        how, threads = (effects.gently(), settings.workers) if modelled else (effects, 1)
        players = [player(musician, how, threads) for _ in range(1 if modelled else settings.workers)]
        if part_names(settings)["musician"] == part_names(offline)["musician"]:
            return players, None
        return players, player(open_part("musician", offline).made, effects)

    def _listen(self, connection: Connection) -> None:
        with suppress(EOFError, OSError):
            while True:
                asked = connection.recv()
                # Known before it is obeyed: whoever plays may have left by the time that this thread goes on.
                self._closed = isinstance(asked, wire.Close)
                try:
                    self._air.obey(asked)
                    if isinstance(asked, wire.Steer):
                        self._kitchen.wake()
                except Exception:  # noqa: BLE001 - one wish that fails must not be the last that is heard
                    _log.exception("%s was not obeyed", type(asked).__name__)
                if self._closed:
                    return
        self._air.close()  # there is nobody to play for

    def _stocked(self, track: Ordered) -> None:
        self._air.stocked()
        self._pictures.want(track)

    def _turned(self, course: Course) -> None:
        self._store.head_for(Heading(theme=self._theme, course=course))

    def _played(self, _: Piece) -> None:
        self._housekeeping.make_room()
        self._kitchen.wake()

    def _picture(self, piece: Piece) -> bytes | None:
        if piece.album is None:
            return self._pictures.of(piece.key)
        return cover_of(self._shelf.album(piece.album).path(COVER_FOR_TAGS))
