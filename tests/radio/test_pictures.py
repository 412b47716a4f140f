"""Pictures of what is on the air: nothing hangs on them."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from papers import BAND
from patience import PATIENCE
from PIL import Image
from radio_pieces import CAFE

from pipeline.domain import AlbumPlan, Backend, Seed
from pipeline.errors import BackendFailed
from pipeline.radio.fresh import Ordered
from pipeline.radio.orders import Orders
from pipeline.radio.pictures import SIDE, Pictures, cover_of
from pipeline.radio.store import Store
from pipeline.roles import Illustration
from pipeline.writers.offline.writer import OfflineWriter

TRACKS = Orders(OfflineWriter(), 1).take(CAFE, 5, 10.0)


@dataclass(frozen=True)
class MoodyPainter:
    """Paints one colour all over; on the first tracks it fails, dies, has a bug, and has nothing to show.

    With a `gate` it waits until that file is there.
    """

    gate: Path | None = None
    moody: bool = False

    @property
    def backend(self) -> Backend:
        return BAND

    def illustrate(self, plan: AlbumPlan, seed: Seed, side: int) -> Iterator[Illustration]:
        while self.gate is not None and not self.gate.exists():
            threading.Event().wait(0.01)
        place = [track.album for track in TRACKS].index(plan)
        if self.moody and place == 0:
            raise BackendFailed("The paint is dry.")
        if self.moody and place == 1:
            os._exit(1)
        if self.moody and place == 2:
            raise ZeroDivisionError("a bug")
        if not (self.moody and place == 3):
            yield Illustration(1, 1, np.full((side, side, 3), 90, np.uint8), "a room", "grey")


class Wall:
    """Where pictures are hung: which were painted, in their order."""

    def __init__(self, folder: Path, painter: MoodyPainter) -> None:
        self.store = Store(folder)
        self.store.folder.folder.mkdir()
        self.hung: list[str] = []
        self.came = threading.Semaphore(0)
        self.pictures = Pictures(painter, self.store, self.painted)

    def painted(self, name: str) -> None:
        self.hung.append(name)
        self.came.release()

    def want(self, track: Ordered, *, is_there: bool = True) -> None:
        if is_there:
            (self.store.folder.folder / f"{track.name}.flac").touch()
        self.pictures.want(track)


def test_a_painter_that_fails_costs_the_pictures_it_fails_at(tmp_path: Path) -> None:
    """Whatever it does, the next one is painted."""
    wall = Wall(tmp_path, MoodyPainter(moody=True))
    with closing(wall.pictures):
        wall.pictures.open()
        for track in TRACKS:
            wall.want(track)
        assert wall.came.acquire(timeout=PATIENCE)
    assert wall.hung == [TRACKS[-1].name]
    shown = [wall.pictures.of(track.name) for track in TRACKS]
    assert shown[:-1] == [None] * 4
    picture = Image.open(io.BytesIO(shown[-1] or b""))
    assert (picture.format, picture.size) == ("JPEG", (SIDE, SIDE)) and len(shown[-1] or b"") <= 200_000


def test_a_painter_that_is_slow_is_waited_for_by_nobody(tmp_path: Path) -> None:
    """Until its picture is there, there is none; what was heard and is gone by then is not painted any more."""
    gate = tmp_path / "gate"
    wall = Wall(tmp_path, MoodyPainter(gate))
    first, gone, last = TRACKS[:3]
    with closing(wall.pictures):
        wall.pictures.open()
        for track in (first, gone, last):
            wall.want(track, is_there=track is not gone)
        assert [wall.pictures.of(track.name) for track in (first, last)] == [None, None]
        gate.touch()
        assert wall.came.acquire(timeout=PATIENCE) and wall.came.acquire(timeout=PATIENCE)
    assert wall.hung == [first.name, last.name]
    assert wall.pictures.of(first.name) and wall.pictures.of(gone.name) is None


def test_a_painter_that_never_ends_does_not_keep_the_radio_open(tmp_path: Path) -> None:
    """What it is at is given up."""
    wall = Wall(tmp_path, MoodyPainter(tmp_path / "no such gate"))
    with closing(wall.pictures):
        wall.pictures.open()
        wall.want(TRACKS[0])
    assert not wall.pictures._thread.is_alive() and wall.hung == []


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\xff\xd8\xff\xe0 cut"])
def test_an_album_without_a_readable_cover_has_no_picture(tmp_path: Path, content: bytes | None) -> None:
    cover = tmp_path / "cover.jpg"
    if content is not None:
        cover.write_bytes(content)
    assert cover_of(cover) is None
