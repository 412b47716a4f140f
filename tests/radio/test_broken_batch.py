"""What becomes of a batch that is broken off: by a disk that fills up, or by a musician that dies."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from radio_kitchen import Cooking, player, rows
from small_disk import mounted
from stubborn_band import StubbornBand

from pipeline.catalogue import Catalogue
from pipeline.domain import RenderOrder
from pipeline.errors import DiskFull, LofiError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.radio.fresh import Fresh, Ordered
from pipeline.radio.store import Store
from pipeline.roles import Booth, Rendering
from pipeline.shelf.folder import Folder

LENGTHS = (10.0, 12.0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "96m") as place:
        yield place


@dataclass(frozen=True)
class CrowdedBand(StubbornBand):
    """Plays three tracks at a time; after the first of them somebody else fills the disk, or it dies.

    Once it has died it plays no more: what there is stays all there is, however long the test takes to look.
    """

    disk: Path = Path()
    fate: Literal["crowded out", "dies"] = "crowded out"
    batch = 3

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        if self.fate == "dies" and (self.disk / "filled").exists():
            threading.Event().wait()
        for number, order in enumerate(orders):
            yield from OfflineBand().render([order], booth)
            if number == 0 and len(orders) > 1 and not (self.disk / "filled").exists():
                (self.disk / "filled").touch()
                if self.fate == "dies":
                    os._exit(1)
                with suppress(OSError), (self.disk / "filler").open("wb", buffering=0) as file:
                    while file.write(bytes(65_536)):
                        pass


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir() if path.is_file()}


def test_what_was_whole_of_a_batch_is_played_and_the_rest_comes_when_there_is_room(
    disk: Path, catalogue: Catalogue
) -> None:
    """The reason is told, nothing half-written stays, and while it lasts nothing more is spent."""
    store = Store(disk)
    cooking = Cooking(store, catalogue, CrowdedBand(disk=disk), ahead=90.0, lengths=LENGTHS)
    with closing(cooking.kitchen):
        cooking.kitchen.open()
        said = cooking.hear(bool)
        assert "There is no room to write" in said and str(disk) in said
        kept = {track.name for track in store.tracks()}
        assert len(kept) == 2 and names(store.folder.folder) == kept
        assert "needs room for" in cooking.hear(bool)
        settled = ["finished", "finished", "failed", "failed"]
        assert [outcome for *_, outcome in rows(catalogue)] == settled
        (disk / "filler").unlink()
        cooking.hear(lambda text: text == "")
    assert cooking.waiting() > kept


def test_what_was_whole_when_the_musician_died_is_played(tmp_path: Path, catalogue: Catalogue) -> None:
    """It was paid for: only the rest of the batch is lost."""
    store = Store(tmp_path)
    band = CrowdedBand(disk=tmp_path, fate="dies")
    cooking = Cooking(store, catalogue, band, ahead=90.0, lengths=LENGTHS)
    with closing(cooking.kitchen):
        cooking.kitchen.open()
        assert "died" in cooking.hear(bool)
        assert [outcome for *_, outcome in rows(catalogue)][:4] == ["finished", "finished", "failed", "failed"]
    assert cooking.waiting() == {track.name for track in store.tracks()} == names(store.folder.folder)


def half_done(orders: Sequence[Ordered], *given: object) -> list[Fresh | LofiError]:
    """Find no room for the record of a track whose sound is there."""
    folder = given[-1]
    assert isinstance(folder, Folder)
    folder.folder.mkdir(exist_ok=True)
    for order in orders:
        (folder.folder / f"{order.name}.flac").write_bytes(b"sound")
        (folder.folder / f".{order.name}.json.4711.part").write_bytes(b"the first half of it")
    return [DiskFull("There is no room.") for _ in orders]


def test_a_render_that_came_to_nothing_leaves_nothing(tmp_path: Path, catalogue: Catalogue) -> None:
    """Else a full disk would stay full of what nobody can play, until the radio is begun again."""
    store = Store(tmp_path)
    cooking = Cooking(store, catalogue, player(store, StubbornBand(), work=half_done), lengths=LENGTHS)
    with closing(cooking.kitchen):
        cooking.kitchen.open()
        assert "There is no room." in cooking.hear(bool)
    assert names(store.folder.folder) == set()
