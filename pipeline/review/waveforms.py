"""The waveforms of takes that were rendered before takes had one in their record."""

from __future__ import annotations

import threading

from pipeline.audio.decode import decode
from pipeline.audio.waveform import waveform
from pipeline.domain import Slug
from pipeline.errors import LofiError
from pipeline.shelf import AlbumFolder, Shelf

KEPT = 20_000
"""Waveforms kept in memory at most, of 536 bytes each."""


class Waveforms:
    """Makes them when they are first wanted, once."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[tuple[Slug, int, int], str] = {}
        self._lock = threading.Lock()
        self._turns: dict[tuple[Slug, int, int], threading.Lock] = {}

    def of(self, slug: Slug, track: int, take: int) -> str:
        """Return the waveform of a take; "" for one that cannot be decoded."""
        key = (slug, track, take)
        with self._lock:
            if key in self._known:
                return self._known[key]
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:  # whoever wants it meanwhile waits for this one, and does not make another
            with self._lock:
                if key in self._known:
                    return self._known[key]
            made = self._draw(slug, track, take)
            with self._lock:
                if len(self._known) >= KEPT:
                    self._known.clear()
                self._known[key] = made
                self._turns.pop(key, None)
        return made

    def _draw(self, slug: Slug, track: int, take: int) -> str:
        try:
            return waveform(decode(self._shelf.album(slug).path(AlbumFolder.take_path(track, take))).samples)
        except (LofiError, OSError):
            return ""
