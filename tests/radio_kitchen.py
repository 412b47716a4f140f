"""A radio's kitchen for the tests: real processes that render, a real ledger and store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import takewhile
from typing import Any

from radio_pieces import CAFE, measured, tune

from pipeline.audio.effects.chain import PRESETS
from pipeline.audio.encode import write_take
from pipeline.catalogue import Catalogue
from pipeline.domain import Seconds
from pipeline.judges.signal import SignalJudge
from pipeline.musicians.offline.band import OfflineBand
from pipeline.radio.fresh import Fresh
from pipeline.radio.kitchen import Kitchen
from pipeline.radio.orders import LENGTHS, Orders
from pipeline.radio.player import Player
from pipeline.radio.running_order import RunningOrder
from pipeline.radio.store import Store
from pipeline.roles import Musician
from pipeline.writers.offline.writer import OfflineWriter


def player(store: Store, musician: Musician, patience: float = 60.0, **more: Any) -> Player:
    """Return somebody who plays for a radio, in a process of their own."""
    return Player(musician, SignalJudge(), PRESETS["tape"], store.folder, patience=patience, **more)


(ORDERED,) = Orders(OfflineWriter(), 1).take(CAFE, 1)


def kept(store: Store, name: str, seed: int = 1) -> Fresh:
    """Put the tune of a seed into a store, with its record and a picture, as if somebody had rendered it."""
    write_take(store.folder.folder / f"{name}.flac", tune(seed))
    store.folder.write_bytes(f"{name}.jpg", b"a picture")
    track = Fresh(
        name=name,
        course=CAFE,
        artist="The Testers",
        order=ORDERED.order,
        backend=OfflineBand().backend,
        file=store.folder.record(f"{name}.flac"),
        portrait=measured(seed),
    )
    store.folder.put(track, f"{name}.json")
    return track


class Cooking:
    """A kitchen that is open until enough is there, or as long as somebody wants it to be."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        musician: Musician | Player,
        understudy: Musician | None = None,
        *,
        ahead: Seconds = 100.0,
        lengths: tuple[Seconds, Seconds] = LENGTHS,
    ) -> None:
        self.running_order = RunningOrder(CAFE)
        self.said: list[str] = []
        self._heard = 0
        self.stocked, self.told = threading.Semaphore(0), threading.Semaphore(0)
        self.kitchen = Kitchen(
            Orders(OfflineWriter(), 1, lengths=lengths),
            self.running_order,
            store,
            catalogue.airings,
            [musician if isinstance(musician, Player) else player(store, musician)],
            None if understudy is None else player(store, understudy),
            "this run",
            lambda _: self.stocked.release(),
            self.note,
            ahead=ahead,
        )

    def note(self, text: str) -> None:
        self.said.append(text)
        self.told.release()

    def hear(self, wanted: Callable[[str], bool]) -> str:
        """Return the next of the kind that is said."""
        while True:
            assert self.told.acquire(timeout=90), f"all that was said: {self.said}"
            self._heard += 1
            if wanted(self.said[self._heard - 1]):
                return self.said[self._heard - 1]

    def until(self, tracks: int) -> None:
        with closing(self.kitchen):
            self.kitchen.open()
            self.wait(tracks)

    def waiting(self) -> set[str]:
        """Take all that is fresh out of the running order; return the names."""
        taken = iter(lambda: self.running_order.next(None), None)
        return {piece.key for piece in takewhile(lambda piece: piece.source != "again", taken)}

    def wait(self, tracks: int) -> None:
        """Wait for so many more tracks."""
        for _ in range(tracks):
            assert self.stocked.acquire(timeout=90), f"all that was said: {self.said}"


def rows(catalogue: Catalogue) -> Sequence[tuple[str, str, str]]:
    """What the ledger has: album, kind and outcome of every render."""
    with catalogue._database.reading() as connection:
        found = connection.exec_driver_sql("SELECT album, kind, outcome FROM renders ORDER BY id")
        return [tuple(row) for row in found]  # type: ignore[misc]
