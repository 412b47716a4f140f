"""A library: the shelf and the catalogue that indexes it, opened together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo

from pipeline.catalogue import Catalogue
from pipeline.catalogue.reindex import catch_up
from pipeline.domain import Slug
from pipeline.domain.past import Past
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.atomic import free_bytes
from pipeline.shelf.clock import Clock, utc_now
from pipeline.shelf.lease import is_held


@contextmanager
def open_library(settings: Settings, clock: Clock = utc_now) -> Iterator[tuple[Shelf, Catalogue]]:
    """Open the library the settings name, making it when it is not there.

    Albums on the shelf that the catalogue lacks are entered first: their titles and fingerprints must count.
    Raises ShelfError or Damaged.
    """
    shelf = Shelf.open(settings.library)
    with Catalogue.open(shelf.catalogue_path, clock=clock) as catalogue:
        catch_up(shelf, catalogue)
        yield shelf, catalogue


@contextmanager
def open_to_look(settings: Settings) -> Iterator[tuple[Shelf, Catalogue]]:
    """Open a library that is there, also where nothing can be written. Raises ShelfError when there is none."""
    shelf = Shelf.open(settings.library, writable=False)
    if os.access(shelf.root, os.W_OK) and os.access(shelf.folder, os.W_OK):
        with open_library(settings) as opened:
            yield opened
        return
    with Catalogue.open_to_read(shelf.catalogue_path) as catalogue:
        yield shelf, catalogue


def library_past(shelf: Shelf, catalogue: Catalogue, zone: tzinfo, now: datetime) -> Past:
    """Return what the agenda has to know of a library; `zone` is where its days begin and end."""
    folders = {folder.slug: folder.folder for folder in shelf.albums()}

    def in_hand(slug: Slug) -> bool:
        return slug in folders and is_held(folders[slug])

    return catalogue.past(now, zone, free_bytes(shelf.root), folders.keys(), in_hand)
