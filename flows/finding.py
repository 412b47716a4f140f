"""What a person means by a name on the command line: a folder's name or a title."""

from __future__ import annotations

import difflib

from pipeline.errors import ShelfError
from pipeline.shelf import AlbumFolder, MixFolder, Shelf
from pipeline.shelf.names import slug_of


def find_album(shelf: Shelf, name: str) -> AlbumFolder:
    """Return the album called so, or raise ShelfError with the nearest name."""
    have = [folder.slug for folder in shelf.albums()]
    return shelf.album(_nearest(shelf, name, have, "album"))


def find_work(shelf: Shelf, name: str) -> AlbumFolder | MixFolder:
    """Return the album or the long mix called so, or raise ShelfError with the nearest name."""
    albums = [folder.slug for folder in shelf.albums()]
    mixes = [folder.slug for folder in shelf.mixes()]
    slug = _nearest(shelf, name, [*albums, *mixes], "album or mix")
    return shelf.mix(slug) if slug in mixes else shelf.album(slug)


def _nearest(shelf: Shelf, name: str, have: list[str], what: str) -> str:
    for slug in (name, slug_of(name)):
        if slug in have:
            return slug
    near = difflib.get_close_matches(name, have, n=1)
    hint = f"Did you mean {near[0]}?" if near else "`lofi list` shows what is there."
    raise ShelfError(f"There is no {what} {name!r} in {shelf.root}.", hint)
