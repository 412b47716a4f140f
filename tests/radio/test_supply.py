"""Rendering ahead, whatever a musician does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from queue import Queue

import pytest
from patience import PATIENCE
from radio_kitchen import Cooking, player, rows
from radio_pieces import CAFE, measured
from stubborn_band import StubbornBand

from pipeline.catalogue import Catalogue
from pipeline.domain import FileRecord
from pipeline.errors import BackendFailed, DiskFull, LofiError, OutOfMemory, Stopped
from pipeline.radio.fresh import Fresh, Ordered
from pipeline.radio.orders import Orders
from pipeline.radio.player import Player
from pipeline.radio.store import Store
from pipeline.radio.supply import Supply
from pipeline.writers.offline.writer import OfflineWriter

SHORT = 20.0
"""Seconds of the tracks that are ordered here."""
REPEATS = "Nothing new came of band that plays: what it played was heard of late, or waits already."


def orders(count: int) -> list[Ordered]:
    return Orders(OfflineWriter(), 1).take(CAFE, count, SHORT)


def test_a_track_comes_whole_mastered_and_measured(store: Store) -> None:
    """At the label's loudness, with a file that is what its record says."""
    with closing(player(store, StubbornBand())) as band:
        (made,) = band.make(orders(1))
    assert isinstance(made, Fresh)
    assert made.portrait.loudness == pytest.approx(-14, abs=0.2)
    assert made.artist == "The Stubborn Band"
    store.folder.verify(made.file)
    assert store.tracks() == [made]


def test_a_take_that_fails_a_gate_is_not_played(store: Store) -> None:
    """The judge's gates hold for the radio too, and nothing of it is left on the disk."""
    with closing(player(store, StubbornBand("plays short"))) as band:
        (made,) = band.make(orders(1))
    assert isinstance(made, BackendFailed)
    assert "no good" in made.message
    assert store.tracks() == [] and not list(store.folder.folder.glob("*"))


@pytest.mark.parametrize(("how", "error"), [("hangs", BackendFailed), ("dies", OutOfMemory)])
def test_a_musician_that_hangs_or_dies_is_begun_anew(store: Store, how: str, error: type[LofiError]) -> None:
    """Its process is ended, the error says so, and the next track is played by a new one."""
    patience = iter([1.0, 1.0] if how == "hangs" else [])

    def timer(_: float, fire: Callable[[], None]) -> threading.Timer:
        return threading.Timer(next(patience, 60.0), fire)

    with closing(player(store, StubbornBand(how), timer=timer)) as band:  # type: ignore[arg-type]
        for _ in range(2):
            with pytest.raises(error):
                band.make(orders(1))
        band._given = (StubbornBand(), *band._given[1:])
        (made,) = band.make(orders(1))
    assert isinstance(made, Fresh)


def test_failing_again_and_again_is_said_and_goes_on(store: Store) -> None:
    """Every failure is told, none ends the supply, and the track that comes at last clears it."""
    wanted = iter(orders(5))
    came, said = threading.Event(), []
    with closing(player(store, StubbornBand("fails"))) as band:

        def note(text: str) -> None:
            said.append(text)
            if len(said) == 3:
                band._given = (StubbornBand(), *band._given[1:])

        def keep(_: Player, __: Ordered, outcome: Fresh | LofiError) -> bool:
            if isinstance(outcome, Fresh):
                came.set()
            return came.is_set()

        def order(_: Player) -> list[Ordered]:
            return [] if came.is_set() else [next(wanted)]

        with closing(Supply([band], order, keep, note, pauses=(0.01,))) as supply:
            supply.open()
            assert came.wait(PATIENCE)
            supply.wake()
    assert said[:3] == ["Nothing new came of band that fails: The strings are broken."] * 3
    assert said[3] == ""


def test_the_first_track_is_short_and_every_render_is_in_the_ledger(store: Store, catalogue: Catalogue) -> None:
    """Somebody waits for the first; what was begun and given up is counted as well, and nothing is begun uncounted."""
    cooking = Cooking(store, catalogue, StubbornBand())
    cooking.until(2)
    first, second = (cooking.running_order.next(None) for _ in range(2))
    assert first is not None and second is not None
    assert min(first.seconds, second.seconds) < 45 < max(first.seconds, second.seconds)
    catalogue.airings.settle()
    made = rows(catalogue)
    assert {(album, kind) for album, kind, _ in made} == {(".radio", "radio")}
    assert [outcome for *_, outcome in made[:2]] == ["finished", "finished"]
    assert all(outcome in ("finished", "interrupted") for *_, outcome in made)


def on_paper() -> Fresh:
    """Return a track that nobody reads."""
    (wanted,) = orders(1)
    return Fresh(
        name="a",
        course=CAFE,
        artist="A",
        order=wanted.order,
        backend=StubbornBand().backend,
        file=FileRecord(path="a.flac", sha256="0" * 64, bytes=1),
        portrait=measured(1),
    )


def played(track: Fresh, wanted: Sequence[Ordered], *_: object) -> list[Fresh | LofiError]:
    """Stand for a render: the same track for every order."""
    return [track.but(name=each.name) for each in wanted]


def test_a_musician_that_repeats_itself_is_told_and_its_copies_go(store: Store, catalogue: Catalogue) -> None:
    """A collapsed model does: what sounds like what waits or was heard of late is neither played nor kept."""
    band = player(store, StubbornBand(), work=partial(played, on_paper()))
    cooking = Cooking(store, catalogue, band, ahead=1000.0)
    with closing(cooking.kitchen):
        cooking.kitchen.open()
        assert cooking.hear(bool) == REPEATS
    assert len(cooking.waiting()) == 1
    assert len(rows(catalogue)) >= 2, "a copy is in the ledger as well: it cost as much"


def test_a_musician_that_repeats_itself_rests_as_after_a_failure(store: Store) -> None:
    """Its tracks cost what new ones would, and there would be no end of them."""
    asked: list[Ordered] = []
    written = Orders(OfflineWriter(), 1)
    said: Queue[str] = Queue()

    def order(_: Player) -> list[Ordered]:
        asked.extend(written.take(CAFE, 2, SHORT))
        return asked[-2:]

    band = player(store, StubbornBand(), work=partial(played, on_paper()))
    with closing(Supply([band], order, lambda *_: False, said.put, pauses=(3600.0,))) as supply:
        supply.open()
        assert said.get(timeout=60) == REPEATS
    assert len(asked) == 2


class Ordering:
    """Orders of two tracks at a time, and what becomes of them; each of its `faults` happens once, in its place."""

    def __init__(self, store: Store, faults: Sequence[tuple[str, Exception]] = ()) -> None:
        self._faults = list(faults)
        self._written = Orders(OfflineWriter(), 1)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.kept: list[str] = []
        """What came since the last of the faults."""
        self.enough = threading.Event()
        band = player(store, StubbornBand(), work=partial(played, on_paper()))
        self.supply = Supply([band], self.order, self.keep, self.said.append, self.began, pauses=(0.01,))

    def order(self, _: Player) -> list[Ordered]:
        self._fail("order")
        if self.kept and not self._faults:
            self.enough.set()
            return []
        return self._written.take(CAFE, 2, SHORT)

    def began(self, _: Player, orders: Sequence[Ordered]) -> None:
        self._fail("began")
        self.asked += [each.name for each in orders]

    def keep(self, _: Player, order: Ordered, outcome: Fresh | LofiError) -> bool:
        self._fail("keep")
        assert isinstance(outcome, Fresh)
        self.kept.append(order.name)
        return True

    def _fail(self, place: str) -> None:
        if self._faults and self._faults[0][0] == place:
            self.kept.clear()
            raise self._faults.pop(0)[1]


def test_whatever_fails_is_said_and_the_supply_goes_on(store: Store) -> None:
    """Also what looks as if somebody had stopped it: a radio without a supply would never have a new track again."""
    faults = [
        (place, error)
        for place in ("order", "began", "keep")
        for error in (Stopped("It was given up."), DiskFull("There is no room."), OSError("Input/output error"))
    ]
    faults += [("order", RuntimeError("a bug")), ("began", RuntimeError("a bug"))]
    ordering = Ordering(store, faults)
    with closing(ordering.supply) as supply:
        supply.open()
        assert ordering.enough.wait(PATIENCE), ordering.said
    assert ordering.said[-1] == ""
    for _, error in faults:
        assert any(str(error) in said for said in ordering.said), error


@pytest.mark.parametrize("error", [DiskFull("There is no room."), OSError("There is no room.")])
def test_one_that_cannot_be_kept_costs_the_others_of_its_batch_nothing(store: Store, error: Exception) -> None:
    """They were rendered as well; why it was one less is told, and the next batch is ordered."""
    ordering = Ordering(store, [("keep", error)])
    with closing(ordering.supply) as supply:
        supply.open()
        assert ordering.enough.wait(PATIENCE), ordering.said
    assert len(ordering.asked) == 2 and ordering.kept == ordering.asked[1:]
    assert len(ordering.said) == 1 and "There is no room." in ordering.said[0]


def test_where_the_musician_hangs_the_offline_band_stands_in(store: Store, catalogue: Catalogue) -> None:
    """It is labelled as what it is."""
    cooking = Cooking(store, catalogue, StubbornBand("hangs"), StubbornBand())
    # The understudy begins beside the musician, not after it.
    cooking.until(1)
    piece = cooking.running_order.next(None)
    assert piece is not None and piece.source == "stand-in"


def test_nothing_is_rendered_that_cannot_be_entered(store: Store, catalogue: Catalogue) -> None:
    """Without a ledger nothing is spent, and a person is told why nothing comes."""
    cooking = Cooking(store, catalogue, StubbornBand())
    with catalogue._database.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON renders BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with closing(cooking.kitchen):
        cooking.kitchen.open()
        assert cooking.told.acquire(timeout=PATIENCE)
    assert "full" in cooking.said[0]
    assert cooking.running_order.next(None) is None and store.tracks() == []
