"""A radio that is begun again plays nothing that was heard within a day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from night import Hands
from radio_kitchen import kept
from radio_pieces import CAFE, SEA, measured
from stubborn_band import StubbornBand

from pipeline.audio.effects.chain import PRESETS
from pipeline.catalogue import Catalogue
from pipeline.domain.airing import Airing, AirSource
from pipeline.judges.signal import SignalJudge
from pipeline.radio.kitchen import piece_of
from pipeline.radio.orders import Orders
from pipeline.radio.player import Player
from pipeline.radio.running_order import RunningOrder
from pipeline.radio.store import Store
from pipeline.radio.taken_up import taken_up
from pipeline.writers.offline.writer import OfflineWriter


class Library:
    """A library's radio folder and ledger, and a clock on its wall."""

    def __init__(self, store: Store, catalogue: Catalogue, hands: Hands) -> None:
        self.store, self.airings, self.hands = store, catalogue.airings, hands

    def heard(self, name: str, seed: int, source: AirSource = "fresh") -> None:
        """Enter that the tune of a seed was on the air."""
        self.airings.begin(
            Airing(
                time=self.airings.now(),
                title=name,
                source=source,
                file=name,
                seconds=30,
                fingerprint=measured(seed).fingerprint,
            )
        )

    def begin(self) -> RunningOrder:
        """Begin another radio."""
        return taken_up(self.store, self.airings, self.airings.files(), CAFE, CAFE, clock=self.hands.steady)

    def waiting(self) -> list[str]:
        """What a radio that is begun now has to play that is new."""
        running_order = self.begin()
        found = []
        while running_order.ahead(any_course=True) and (piece := running_order.next(None)):
            found.append(piece.key)
        return sorted(found)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    hands = Hands()
    store = Store(tmp_path)
    store.folder.folder.mkdir()
    with Catalogue.open(tmp_path / "catalogue.db", clock=hands.clock) as catalogue:
        yield Library(store, catalogue, hands)


@pytest.mark.parametrize(
    ("hours", "waits"),
    [
        pytest.param(-2.0, ["new"], id="the clock was set back since"),
        pytest.param(0.0, ["new"], id="just now"),
        pytest.param(23.9, ["new"], id="within a day"),
        pytest.param(24.1, ["new", "same-music"], id="longer ago"),
    ],
)
def test_the_same_music_does_not_come_again_within_a_day(library: Library, hours: float, waits: list[str]) -> None:
    """Whatever it is called, and whoever played it: the ledger knows its fingerprint."""
    library.heard("an-album/1", 1, "approved")
    kept(library.store, "same-music", 1)
    kept(library.store, "new", 2)
    library.hands.wall += timedelta(hours=hours)
    assert library.waiting() == waits
    assert sorted(track.name for track in library.store.tracks()) == waits, "what is not played takes no room"


def test_a_day_goes_on_while_the_radio_plays(library: Library) -> None:
    """What was heard 23 hours before it was begun may come again an hour later."""
    library.heard("yesterday", 1)
    library.hands.go(23 * 60)
    running_order = library.begin()
    again = kept(library.store, "again", 1)
    library.hands.go(59)
    assert not running_order.add(piece_of(again, library.store))
    library.hands.go(2)
    assert running_order.add(piece_of(again, library.store))


def test_what_was_rendered_and_not_heard_is_played_and_what_was_heard_only_for_want_of_it(library: Library) -> None:
    """Nothing is paid for twice, and what was heard longest ago comes back first."""
    for seed, name in enumerate(("first", "second", "unheard"), 1):
        kept(library.store, name, seed)
    for seed, name in ((2, "second"), (1, "first"), (2, "second")):
        library.heard(name, seed)
        library.hands.go(1)
    running_order = library.begin()
    before, heard = None, []
    for _ in range(3):
        before = running_order.next(before)
        assert before is not None
        heard.append((before.key, before.source))
    assert heard == [("unheard", "fresh"), ("first", "again"), ("second", "again")]


def test_it_heads_where_listeners_had_turned_it(library: Library) -> None:
    """And knows that this is not where its owner began."""
    running_order = taken_up(library.store, library.airings, {}, CAFE, SEA)
    assert running_order.course == SEA and running_order.is_steered
    assert not library.begin().is_steered


def test_what_the_understudy_played_is_a_stand_in_the_next_day_too(tmp_path: Path) -> None:
    """It was rendered and not heard, so it is played; but nobody is told that the musician played it."""
    store, band, own = Store(tmp_path), StubbornBand("plays"), StubbornBand("plays short")
    (order,) = Orders(OfflineWriter(), 1).take(CAFE, 1, 20.0)
    with closing(Player(band, SignalJudge(), PRESETS["tape"], store.folder)) as player:
        player.make([order])
    with Catalogue.open(tmp_path / "catalogue.db") as catalogue:
        for understudy, source in ((band.backend, "stand-in"), (own.backend, "fresh"), (None, "fresh")):
            left = taken_up(store, catalogue.airings, {}, CAFE, CAFE, understudy).next(None)
            assert left is not None and (left.key, left.source) == (order.name, source)
