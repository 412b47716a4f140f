"""Housekeeping of a radio: what may go, and what of the library may stand in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.catalogue import Catalogue
from pipeline.domain import Seconds
from pipeline.longmix.portraits import Portraits
from pipeline.radio.approved import Approved
from pipeline.radio.fresh import give_way
from pipeline.radio.kitchen import piece_of
from pipeline.radio.piece import Piece
from pipeline.radio.running_order import RunningOrder
from pipeline.radio.store import Store
from pipeline.shelf import Shelf
from pipeline.workers import Workers

LOOK: Seconds = 600.0
"""Between two looks at the library for approved tracks."""
LOOK_FIRST: Seconds = 5.0
"""Before the first one: the first tracks of the radio come before."""
FULL = "radio/loved is full: what is loved is not kept until its owner takes some of it away."
_log = logging.getLogger("lofi.studio")


class Housekeeping:
    """Makes room as tracks are played, and looks for approved tracks now and then, in a thread from `open` to `close`.

    `found` is called after each look, and `tell` is given what its owner should know of loved tracks.
    """

    def __init__(
        self,
        running_order: RunningOrder,
        store: Store,
        shelf: Shelf,
        catalogue: Catalogue,
        cache: Path,
        found: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        self._running, self._store, self._airings = running_order, store, catalogue.airings
        self._shelf, self._catalogue, self._cache = shelf, catalogue, cache
        self._found, self._tell = found, tell
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, name="library", daemon=True)

    def open(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._closing.set()

    def close(self) -> None:
        """Look no more, and wait for a look that is under way, but not for ever."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join(timeout=10)

    def make_room(self) -> None:
        """Let go what was heard long enough ago, but for what somebody loved."""
        gone = [piece.key for piece in self._running.retire()]
        loved = self._airings.loved().intersection(gone) if gone else frozenset()
        refused = self._store.retire(gone, loved)
        if loved:
            self._tell(FULL if refused else "")

    def _look(self) -> None:
        """Look for approved tracks: they stand in where nothing fresh is there."""
        pause = LOOK_FIRST
        with _Polite(1) as workers:
            portraits = Portraits(self._cache, workers)
            library = Approved(self._shelf, self._catalogue, portraits, np.random.default_rng())
            while not self._closing.wait(pause):
                pause = LOOK
                try:
                    self._running.offer([*library.pieces(self._closing.is_set), *self._loved()])
                    self._found()
                except Exception:  # noqa: BLE001 - it is looked at again
                    _log.exception("The library could not be looked at")
                workers.close()  # until there is something to be measured again

    def _loved(self) -> list[Piece]:
        return [piece_of(track, self._store, "approved") for track in self._store.loved()]


class _Polite(Workers):
    """Workers that give way to the sound that is on the air."""

    def run(self, work: Callable[..., Any], *args: Any, **how: Any) -> Any:
        """Call `work` as any workers do, with less right to the processor."""
        return super().run(_politely, work, *args, **how)


def _politely(work: Callable[..., Any], *args: Any) -> Any:
    give_way()
    return work(*args)
