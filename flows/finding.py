"""What a person means by a name on the command line: a folder's name or a title; and who that person is."""

from __future__ import annotations

import difflib
import getpass
from contextlib import suppress

from pipeline.domain.line import one_line
from pipeline.errors import ShelfError
from pipeline.shelf import AlbumFolder, MixFolder, Shelf
from pipeline.shelf.names import slug_of


def decider(author: str | None) -> str:
    """Return who decides: the name that was given, else that of the user."""
    if named := one_line(author or ""):
        return named
    with suppress(OSError, KeyError):  # a container may have a user without a name
        return getpass.getuser()
    return "somebody"


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
