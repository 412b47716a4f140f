"""The library: where the albums and the catalogue are."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from pipeline.domain import Slug
from pipeline.domain.kit import Platform
from pipeline.domain.noun import Noun
from pipeline.errors import ShelfError
from pipeline.shelf.album_folder import PLAN, AlbumFolder
from pipeline.shelf.atomic import explained, final_of, make_folder, require_room, sync_folder, temp_beside
from pipeline.shelf.folder import Folder
from pipeline.shelf.kit_folder import KitShelf
from pipeline.shelf.mix_folder import MixFolder
from pipeline.shelf.names import slug_of

F = TypeVar("F", AlbumFolder, MixFolder)

_THERE_ALREADY = {errno.EEXIST, errno.ENOTEMPTY}
_LONG_AGO = 3600.0
"""Seconds after which a folder that is being begun belongs to a run that has died."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Shelf:
    """A library on disk: `root`/albums/<slug>/, mixes/<slug>/, clips/, releases/ and catalogue.db."""

    root: Path

    @classmethod
    def open(cls, root: Path, *, writable: bool = True) -> Self:
        """Open a library, making it when it is not there.

        Raises ShelfError when it cannot be used; with `writable` False it may be read-only, and must be there.
        """
        shelf = cls(root.absolute())
        with explained(shelf.root):
            if not writable:
                if not shelf.folder.is_dir():
                    raise ShelfError(f"There is no library in {shelf.root}.", "Name another, or make an album first.")
                return shelf
            for place in (shelf.folder, *shelf.folder.parents):
                if place.exists() and not place.is_dir():
                    raise ShelfError(f"{place} is a file, not a folder.", "Name another folder for the library.")
            try:
                make_folder(shelf.folder)
            except FileNotFoundError as error:  # a parent that takes no folders, such as /proc
                raise ShelfError(f"{shelf.root} cannot be made there.", "Name another folder.") from error
            probe = temp_beside(shelf.folder / "probe")
            probe.touch()
            shelf._sweep(probe.stat().st_mtime)
            probe.unlink()
        return shelf

    @property
    def clips(self) -> Path:
        """The folder of clips rendered by themselves. It is made with the first one."""
        return self.root / "clips"

    @property
    def uploads(self) -> Path:
        """The folder of sounds that were handed in on the studio page. It is made with the first one."""
        return self.root / "uploads"

    @property
    def night_shift(self) -> Path:
        """The folder that a shift holds while it is at work. It is made with the first one."""
        return self.root / ".night-shift"

    @property
    def service(self) -> Path:
        """The folder that the service of the night shift holds as long as it runs. It is made with the first one."""
        return self.root / ".serve"

    @property
    def logs(self) -> Path:
        """The folder of what services write down."""
        return self.root / "logs"

    @property
    def folder(self) -> Path:
        """The folder of all albums."""
        return self.root / "albums"

    @property
    def catalogue_path(self) -> Path:
        """The catalogue's database."""
        return self.root / "catalogue.db"

    @property
    def mixes_folder(self) -> Path:
        """The folder of all long mixes. It is made with the first one."""
        return self.root / "mixes"

    def kits(self, platform: Platform) -> KitShelf:
        """Return where the release kits for a platform are."""
        return KitShelf(self.root / "releases" / platform, platform)

    def albums(self) -> Iterator[AlbumFolder]:
        """Yield every album, finished or not, in the order of their slugs."""
        yield from (self.album(name) for name in _slugs_in(self.folder))

    def mixes(self) -> Iterator[MixFolder]:
        """Yield every long mix, finished or not, in the order of their slugs."""
        yield from (self.mix(name) for name in _slugs_in(self.mixes_folder))

    def album(self, slug: Slug) -> AlbumFolder:
        """Return an album's folder, there or not. Raises ShelfError on what is not a slug."""
        return AlbumFolder(self.folder / _checked(slug, "an album"), slug)

    def mix(self, slug: Slug) -> MixFolder:
        """Return a long mix's folder, there or not. Raises ShelfError on what is not a slug."""
        return MixFolder(self.mixes_folder / _checked(slug, "a mix"), slug)

    def begin(self, title: str, plan: Callable[[Slug], Noun]) -> AlbumFolder:
        """Make the folder of a new album with its plan.json in it, both or neither, under a slug nobody else has.

        `plan` gets the slug and returns what plan.json holds. A run killed meanwhile leaves no folder behind that
        would push the next try of the same album to another name.
        """
        return self._begin(title, plan, self.album)

    def begin_mix(self, title: str, plan: Callable[[Slug], Noun]) -> MixFolder:
        """Make the folder of a new long mix, as `begin` makes that of an album. No album has its slug either."""
        with explained(self.mixes_folder):
            make_folder(self.mixes_folder)
        return self._begin(title, plan, self.mix)

    def _begin(self, title: str, plan: Callable[[Slug], Noun], of: Callable[[Slug], F]) -> F:
        stem = slug_of(title)
        number = 1
        with explained(self.root):
            while True:
                slug = stem if number == 1 else f"{stem}-{number}"
                number += 1
                if self.album(slug).folder.exists() or self.mix(slug).folder.exists():
                    continue
                work = of(slug)
                temp = Folder(temp_beside(work.folder))
                try:
                    temp.put(plan(slug), PLAN)
                    temp.folder.rename(work.folder)  # fails on a folder with anything in it
                    sync_folder(work.folder.parent)
                    return work
                except OSError as error:
                    if error.errno not in _THERE_ALREADY:
                        raise
                finally:
                    shutil.rmtree(temp.folder, ignore_errors=True)

    def _sweep(self, now: float) -> None:
        """Remove the folders that runs killed in `begin` left, once they are an hour old; `now` by the disk's clock."""
        for folder in (self.folder, self.mixes_folder):
            for place in folder.iterdir() if folder.is_dir() else ():
                if final_of(place) is not None and place.is_dir() and now - place.stat().st_mtime > _LONG_AGO:
                    shutil.rmtree(place, ignore_errors=True)

    def require_room(self, needed: int) -> None:
        """Raise DiskFull, naming the path, the bytes needed and the bytes free, when there is too little room."""
        require_room(self.root, needed)


def _slugs_in(folder: Path) -> list[Slug]:
    with explained(folder):
        found = sorted(place.name for place in folder.iterdir() if place.is_dir()) if folder.is_dir() else []
    return [name for name in found if _is_slug(name)]


def _checked(slug: Slug, what: str) -> Slug:
    if not _is_slug(slug):
        raise ShelfError(f"{slug!r} is not the name of {what}.", "Names look like rain-on-tin.")
    return slug


def _is_slug(text: str) -> bool:
    return len(text) <= 80 and _SLUG.fullmatch(text) is not None
