"""A radio and a night shift with one GPU: whoever comes second waits, or has the offline band stand in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Queue

import pytest
from patience import PATIENCE
from radio_kitchen import Cooking, player
from radio_pieces import CAFE
from stubborn_band import ModelledBand

from flows.one_gpu import BetweenShifts, gpu_place, wait_for_the_radio
from flows.radio_studio import RadioStudio
from pipeline.catalogue import Catalogue
from pipeline.errors import BackendFailed, Held, LofiError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.radio.fresh import Fresh, Ordered
from pipeline.radio.orders import Orders
from pipeline.radio.store import Store
from pipeline.radio.supply import Supply
from pipeline.settings import Settings
from pipeline.shelf.lease import holding
from pipeline.studio import open_part
from pipeline.workers import Workers
from pipeline.writers.offline.writer import OfflineWriter

AT_WORK = "The night shift has the GPU."
SHIFT = """
import sys
from pathlib import Path
from pipeline.shelf.lease import holding
with holding(Path(sys.argv[1]), "The night shift's album"):
    print("at work", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    place = gpu_place(Settings(cache=tmp_path), {"CUDA_VISIBLE_DEVICES": "1"})
    assert place is not None
    place.mkdir()
    return place


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue.open(tmp_path / "catalogue.db") as opened:
        yield opened


def shift_begins_at_once(gpu: Path) -> bool:
    """Whether a shift that has the lease finds no model of a radio on the GPU."""
    waited: list[str] = []
    try:
        wait_for_the_radio(gpu, waited.append, lambda _: None)
    except Held:
        return False
    return not waited


def test_a_processor_is_not_taken_in_turns(tmp_path: Path) -> None:
    assert gpu_place(Settings(cache=tmp_path, device="cpu"), {}) is None


def test_a_shift_that_is_killed_has_let_the_gpu_go(gpu: Path) -> None:
    """The radio loads no model while a shift is at work, and may as soon as it is gone, however it went."""
    radio = BetweenShifts(gpu)
    shift = subprocess.Popen([sys.executable, "-c", SHIFT, gpu], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with shift:
        assert shift.stdout is not None and shift.stdout.readline()
        with pytest.raises(Held, match=AT_WORK):
            radio.take()
        shift.kill()
    radio.take()


def test_of_two_radios_one_has_the_gpu_and_the_other_is_told(gpu: Path) -> None:
    one, other = BetweenShifts(gpu), BetweenShifts(gpu)
    one.take()
    with pytest.raises(Held, match="Another radio has the GPU"):
        other.take()
    one.take()
    one.let_go()
    other.take()


def test_the_radios_musician_with_a_model_plays_between_shifts_alone(gpu: Path, tmp_path: Path) -> None:
    """Its understudy, the offline band, plays at any time."""
    settings = Settings(library=tmp_path / "library", cache=tmp_path, musician="stubborn_band:ModelledBand")
    with ExitStack() as stack:
        studio = RadioStudio(stack, stack.enter_context(Workers(1)), lambda _: None, "rain", settings)
        offline = settings.model_copy(update={"musician": None})
        cast = studio._cast(open_part("musician", settings), offline, open_part("judge", offline).made)
        (musician,), understudy = cast
        assert isinstance(musician.musician, ModelledBand) and understudy is not None
        with holding(gpu, "The night shift's album"):
            with pytest.raises(Held, match=AT_WORK), musician.turn():
                pass
            with understudy.turn():
                pass
        with musician.turn():
            assert not shift_begins_at_once(gpu)


def rendered(wanted: Sequence[Ordered], *_: object) -> list[Fresh | LofiError]:
    """Stand for a render, in a process that stays: nothing comes of it."""
    return [BackendFailed("The strings are broken.") for _ in wanted]


def test_the_model_stays_on_the_gpu_until_a_shift_wants_that(gpu: Path, store: Store) -> None:
    """Between batches as well: a shift would begin on a full card. Then the process goes home, and the GPU is free."""
    band = player(store, ModelledBand(), work=rendered, turn=BetweenShifts(gpu))
    with closing(band):
        with band.turn():
            band.make(Orders(OfflineWriter(), 1).take(CAFE, 1))
        loaded = band._workers
        assert loaded.started
        with holding(gpu, "The night shift's album"):
            assert not shift_begins_at_once(gpu)
            with pytest.raises(Held), band.turn():
                pass
            assert not loaded.started
            assert shift_begins_at_once(gpu)
        with band.turn():
            pass
        assert shift_begins_at_once(gpu)  # what has loaded nothing keeps nobody waiting


@pytest.mark.parametrize("pauses", [(0.01,), (3600.0,)])
def test_an_idle_radio_lets_go_of_the_gpu_and_says_so_until_the_shift_is_over(
    gpu: Path, store: Store, pauses: tuple[float, ...]
) -> None:
    """Whether it has enough or rests after a failure; and the shift at work is no failure of the musician's."""
    wanted = [Orders(OfflineWriter(), 1).take(CAFE, 1)]
    band = player(store, ModelledBand(), work=rendered, turn=BetweenShifts(gpu))
    heard: Queue[str] = Queue()
    supply = Supply([band], lambda _: wanted.pop() if wanted else [], lambda *_: False, heard.put, pauses=pauses)
    with closing(supply), ExitStack() as shift:
        supply.open()
        failed = heard.get(timeout=PATIENCE)
        assert failed == "Nothing new came of band that plays: The strings are broken."
        shift.enter_context(holding(gpu, "The night shift's album"))
        assert heard.get(timeout=PATIENCE) == AT_WORK
        assert not band._workers.started and shift_begins_at_once(gpu)
        shift.close()
        assert heard.get(timeout=PATIENCE) == failed  # it stands until a track comes


def test_once_the_shift_is_over_nothing_is_said_of_it_any_more(gpu: Path, store: Store) -> None:
    """Also where there is enough, and so nothing comes of the musician that would unsay it."""
    heard: Queue[str] = Queue()
    band = player(store, ModelledBand(), turn=BetweenShifts(gpu))
    supply = Supply([band], lambda _: [], lambda *_: False, heard.put)
    with closing(supply), ExitStack() as shift:
        shift.enter_context(holding(gpu, "The night shift's album"))
        supply.open()
        assert heard.get(timeout=PATIENCE) == AT_WORK
        shift.close()
        assert heard.get(timeout=PATIENCE) == ""


def test_while_a_shift_has_the_gpu_the_offline_band_stands_in_and_that_is_said(
    gpu: Path, store: Store, catalogue: Catalogue
) -> None:
    """Nothing is ordered of the model meanwhile: no title is used up, and the ledger has no render that never was."""
    band = player(store, ModelledBand(), turn=BetweenShifts(gpu))
    cooking = Cooking(store, catalogue, band, OfflineBand(), lengths=(10.0, 12.0))
    with holding(gpu, "The night shift's album"):
        with closing(cooking.kitchen):
            cooking.kitchen.open()
            cooking.wait(1)
            assert cooking.hear(bool) == AT_WORK
        assert not band._workers.started and shift_begins_at_once(gpu)
    piece = cooking.running_order.next(None)
    assert piece is not None and piece.source == "stand-in"
    assert set(cooking.said) <= {AT_WORK, ""}
    with catalogue._database.reading() as connection:
        names = [name for (name,) in connection.exec_driver_sql("SELECT backend FROM renders")]
    assert names and all(name.startswith(OfflineBand().backend.name) for name in names)
    assert cooking.kitchen._orders._given == len(names)
