"""A picture for what is on the air: painted while there is time, or the cover of the album it comes from."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue

from PIL import Image

from pipeline.domain import AlbumPlan, Seed
from pipeline.radio.fresh import Ordered, give_way
from pipeline.radio.store import Store
from pipeline.roles import Illustrator
from pipeline.workers import Workers

_log = logging.getLogger("lofi.studio")
SIDE = 512
"""Pixels."""
_LARGEST = 200_000  # bytes, as wire.Picture promises


def paint_for_air(painter: Illustrator, album: AlbumPlan, seed: Seed) -> bytes | None:
    """Paint the only track of a plan, in a worker; a JPEG, or None where nothing usable came of it."""
    give_way()
    for made in painter.illustrate(album, seed, SIDE):
        return as_jpeg(Image.fromarray(made.picture))
    return None


def as_jpeg(picture: Image.Image) -> bytes:
    """Return a picture as it goes over the wire: SIDE pixels wide at most, and small."""
    picture = picture.convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    for quality in (85, 70, 50):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        if file.tell() <= _LARGEST:
            break
    return file.getvalue()


class Pictures:
    """Paints in a thread and a process of its own, in the order asked for. `painted` is told of each by its name."""

    def __init__(self, painter: Illustrator, store: Store, painted: Callable[[str], None]) -> None:
        self._painter, self._store, self._painted = painter, store, painted
        self._workers = Workers(1)
        self._wanted: Queue[Ordered] = Queue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def want(self, track: Ordered) -> None:
        """Paint it when its turn comes."""
        self._wanted.put(track)

    def of(self, name: str) -> bytes | None:
        """Return the picture of a track, None where there is none yet."""
        with suppress(OSError):
            return self._store.picture(name).read_bytes()
        return None

    def close(self) -> None:
        """Stop, without waiting for what is being painted."""
        self._closing.set()
        self._workers.abandon()
        self._workers.close()
        if self._thread.ident is not None:
            self._thread.join(timeout=10)

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                track = self._wanted.get(timeout=1.0)
            except Empty:
                continue
            try:
                self._paint(track)
            except Exception as error:  # noqa: BLE001 - a picture that fails is a picture less, and nothing hangs on it
                if not self._closing.is_set():
                    _log.warning("No picture came of “%s”: %s", track.order.track.title, error)

    def _paint(self, track: Ordered) -> None:
        if not (self._store.folder.folder / f"{track.name}.flac").exists():
            return  # heard and gone
        picture = self._workers.run(paint_for_air, self._painter, track.album, track.order.seed)
        if picture is not None:
            self._store.folder.write_bytes(f"{track.name}.jpg", picture)
            self._painted(track.name)


def cover_of(path: Path) -> bytes | None:
    """Return an album's cover as it goes over the wire, None where it cannot be read."""
    with suppress(OSError), Image.open(path) as picture:
        return as_jpeg(picture)
    return None
