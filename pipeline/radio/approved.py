"""The tracks of the library that may be broadcast: those of approved and released albums."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.catalogue import Catalogue
from pipeline.domain import Album, FileRecord, Sha256, Track
from pipeline.errors import LofiError
from pipeline.longmix.make import makers
from pipeline.longmix.portraits import Portraits
from pipeline.radio.piece import Piece, Stamp, credited, stamp_of
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.steps.credits import LABEL

MOST = 200
"""Tracks that are made ready: some six hours, which is more than anybody needs of them at once."""
_SHORTEST = 20.0  # seconds


class Approved:
    """Finds the approved tracks of a library, again and again; what was looked into once is known by size and date."""

    def __init__(self, shelf: Shelf, catalogue: Catalogue, portraits: Portraits, chance: np.random.Generator) -> None:
        self._shelf, self._catalogue, self._portraits, self._chance = shelf, catalogue, portraits, chance
        self._whole: set[tuple[Path, Sha256, Stamp]] = set()

    def pieces(self, closing: Callable[[], bool] = lambda: False) -> list[Piece]:
        """Return tracks of albums approved in the very version that is there, MOST of them, drawn by chance.

        What cannot be read is left out, and what was not measured before is measured now. `closing` ends it early.
        """
        rows = [row for row in self._catalogue.albums() if row.status in ("approved", "released")]
        pieces: list[Piece] = []
        for place in self._chance.permutation(len(rows)):
            if len(pieces) >= MOST or closing():
                break
            try:
                album = self._shelf.album(rows[place].slug).read_manifest()
            except LofiError:
                continue
            if album.digest() != rows[place].manifest:
                continue  # it was made again since, or somebody edited it: nobody has approved that
            pieces += [piece for track in album.tracks if not closing() and (piece := self._piece(album, track))]
        return pieces[:MOST]

    def _piece(self, album: Album, track: Track) -> Piece | None:
        folder = self._shelf.album(album.slug)
        file = next((file for file in track.files if file.path.endswith(".flac")), None)
        plan = next((plan for plan in album.plan.tracks if plan.number == track.number), None)
        if file is None or plan is None or track.seconds < _SHORTEST:
            return None
        try:
            stamp = self._verify(folder, file)
            (portrait,) = self._portraits.of([(folder.path(file.path), file.sha256)], lambda _: None)
        except (LofiError, OSError):
            return None
        return Piece(
            key=f"{album.slug}/{track.number}",
            title=track.title,
            artist=album.by or LABEL,
            path=folder.path(file.path),
            portrait=portrait,
            source="approved",
            words=(plan.style, plan.mood),
            credit=credited(makers(album, track.number)),
            album=album.slug,
            track=track.number,
            stamp=stamp,
        )

    def _verify(self, folder: AlbumFolder, file: FileRecord) -> Stamp:
        path = folder.path(file.path)
        stamp = stamp_of(path)
        known = path, file.sha256, stamp
        if known not in self._whole:
            folder.verify(file)
            self._whole.add(known)
        return stamp
