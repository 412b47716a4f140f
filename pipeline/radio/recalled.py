"""What was on the air before: the last that the library's radio played, for a page that has only just begun."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pipeline.domain import Album, Backend, RenderOrder
from pipeline.domain.airing import Airing
from pipeline.errors import LofiError
from pipeline.longmix.make import makers
from pipeline.radio.fresh import Fresh
from pipeline.radio.pictures import cover_of
from pipeline.radio.piece import credited
from pipeline.radio.playbill import HISTORY
from pipeline.radio.store import Store
from pipeline.radio.wire import OnAir
from pipeline.shelf import Shelf
from pipeline.shelf.album_folder import COVER_FOR_TAGS
from pipeline.steps.credits import LABEL


@dataclass(frozen=True)
class Recalled:
    """An airing of an earlier radio as its listeners had it; `picture` reads its JPEG, None where there is none."""

    airing: Airing
    artist: str
    words: tuple[str, ...]
    credit: str
    picture: Callable[[], bytes | None]

    def on_air(self, number: int) -> OnAir:
        """Return it under a number of the studio's."""
        airing = self.airing
        return OnAir(number, airing.title, self.artist, 0.0, airing.seconds, airing.source, self.words, self.credit)


def newest(airings: Iterable[Airing], now: datetime) -> list[Airing]:
    """Return those that a page has room for, the oldest first. One that a clock put into the future is left out."""
    return [airing for airing in airings if airing.time <= now][-HISTORY:]


def recall(airings: Sequence[Airing], store: Store, shelf: Shelf) -> list[Recalled]:
    """Return airings with what is still known of who played them. Reads the disk; what is gone from it has no name."""
    loved = {track.name: track for track in store.loved()}
    return [
        _approved(airing, shelf)
        if airing.album
        else _rendered(airing, store.find(airing.file) or loved.get(airing.file), store)
        for airing in airings
    ]


def _rendered(airing: Airing, track: Fresh | None, store: Store) -> Recalled:
    def picture() -> bytes | None:
        with suppress(OSError):
            return store.picture(airing.file).read_bytes()
        return None

    return Recalled(airing, "" if track is None else track.artist, _words(airing.made), _credit(airing.made), picture)


def _approved(airing: Airing, shelf: Shelf) -> Recalled:
    folder = shelf.album(airing.album or "")
    with suppress(LofiError):
        album = folder.read_manifest()
        credit = credited(_makers(album, airing.track))
        return Recalled(airing, album.by or LABEL, (), credit, lambda: cover_of(folder.path(COVER_FOR_TAGS)))
    return Recalled(airing, "", (), "", lambda: None)


def _makers(album: Album, number: int | None) -> Sequence[Backend]:
    """Return who made a track; nobody where the album was made again since, without it."""
    return makers(album, number) if number in [track.number for track in album.tracks] else ()


def _words(made: str) -> tuple[str, ...]:
    """Return how a track that was rendered for the radio sounds, as far as its airing still tells."""
    with suppress(ValueError, KeyError, TypeError):
        plan = RenderOrder.model_validate(json.loads(made)["order"]).track
        return (plan.style, plan.mood)
    return ()


def _credit(made: str) -> str:
    """Return who made it, as far as its airing still tells."""
    with suppress(ValueError, KeyError, TypeError):
        return credited([Backend.model_validate(json.loads(made)["backend"])])
    return ""
