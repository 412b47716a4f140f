"""A library: the shelf and the catalogue that indexes it, opened together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.catalogue import Catalogue
from pipeline.catalogue.reindex import catch_up
from pipeline.settings import Settings
from pipeline.shelf import Shelf


@contextmanager
def open_library(settings: Settings) -> Iterator[tuple[Shelf, Catalogue]]:
    """Open the library the settings name, making it when it is not there.

    Albums on the shelf that the catalogue lacks are entered first: their titles and fingerprints must count.
    Raises ShelfError or Damaged.
    """
    shelf = Shelf.open(settings.library)
    with Catalogue.open(shelf.catalogue_path) as catalogue:
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
