"""A musician that is merely slow: it plays, and slower than it is heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from radio_kitchen import Cooking
from radio_pieces import SEA, piece

from pipeline.catalogue import Catalogue
from pipeline.domain import Backend, RenderOrder
from pipeline.errors import LofiError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.radio.store import Store
from pipeline.roles import Booth, Rendering

LENGTHS = (10.0, 12.0)


@dataclass(frozen=True)
class SlowBand:
    """Plays a track for every file that is put into a folder for it: as slowly as the test wants."""

    pace: Path
    artist = "The Slow Band"
    batch = 1

    @property
    def backend(self) -> Backend:
        return OfflineBand().backend.but(name="slow band")

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        for order in orders:
            while not (due := sorted(self.pace.glob("due-*"))):
                threading.Event().wait(0.01)
            due[0].unlink()
            yield from OfflineBand().render([order], booth)


class Evening:
    """A kitchen whose musician is slow, and a listener: nothing is ever waited for but what is rendered."""

    def __init__(self, folder: Path, catalogue: Catalogue, understudy: OfflineBand | None) -> None:
        self._folder = folder
        self.cooking = Cooking(Store(folder), catalogue, SlowBand(pace=folder), understudy, ahead=60.0, lengths=LENGTHS)
        self.running_order = self.cooking.running_order
        self._before = None

    def musician_plays(self, tracks: int = 1) -> None:
        """Have the slow musician finish so many tracks at last."""
        for track in range(tracks):
            (self._folder / f"due-{track}").touch()
        self.cooking.wait(tracks)

    def hear(self) -> str:
        """Go on to the next track; return what kind it is of. There always is one."""
        heard = self.running_order.next(self._before)
        assert heard is not None, "silence"
        self._before = heard
        self.cooking.kitchen.wake()
        return heard.source


def players(catalogue: Catalogue) -> set[str]:
    """Who has begun to render, by the ledger."""
    with catalogue._database.reading() as connection:
        found = connection.exec_driver_sql("SELECT backend FROM renders").scalars()
        return {str(each).split(" 1,")[0] for each in found}


def test_approved_tracks_bridge_it_and_then_what_was_heard_before(tmp_path: Path, catalogue: Catalogue) -> None:
    """Where nobody stands in; and what the musician has finished is heard next, however late it comes."""
    evening = Evening(tmp_path, catalogue, None)
    with closing(evening.cooking.kitchen):
        evening.cooking.kitchen.open()
        evening.musician_plays()
        evening.running_order.offer([piece(tmp_path, seed, "approved") for seed in (1, 2)])
        assert [evening.hear() for _ in range(5)] == ["fresh", "approved", "approved", "again", "again"]
        evening.musician_plays()
        assert [evening.hear() for _ in range(3)] == ["fresh", "again", "again"]


def test_the_stand_in_plays_where_nothing_approved_is_left(tmp_path: Path, catalogue: Catalogue) -> None:
    """Not before: approved tracks cost nothing, and are what the label stands for."""
    evening = Evening(tmp_path, catalogue, OfflineBand())
    evening.running_order.offer([piece(tmp_path, seed, "approved") for seed in (1, 2)])
    with closing(evening.cooking.kitchen):
        evening.cooking.kitchen.open()
        evening.musician_plays()
        assert [evening.hear() for _ in range(2)] == ["fresh", "approved"]
        assert players(catalogue) == {"slow band"}
        assert evening.hear() == "approved"
        evening.cooking.wait(1)
        assert evening.hear() == "stand-in"
        evening.musician_plays()
        while evening.hear() != "fresh":
            evening.cooking.wait(1)


def test_whoever_steers_is_heard_also_where_approved_tracks_could_bridge(tmp_path: Path, catalogue: Catalogue) -> None:
    """Only by chance are they what was asked for: the stand-in plays it, until the musician has something of it."""
    evening = Evening(tmp_path, catalogue, OfflineBand())
    evening.running_order.offer([piece(tmp_path, 1, "approved")])
    with closing(evening.cooking.kitchen):
        evening.cooking.kitchen.open()
        evening.running_order.turn(SEA)
        evening.cooking.kitchen.wake()
        evening.cooking.wait(1)
        assert evening.hear() == "stand-in"
