"""A release kit's folder: built beside its place, and there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import Slug
from pipeline.domain.kit import Kit, Platform
from pipeline.errors import Damaged
from pipeline.shelf.atomic import explained, final_of, make_folder, sync_folder
from pipeline.shelf.folder import Folder
from pipeline.shelf.lease import holding, queueing

KIT_MANIFEST = "release.json"
"""Written last: a kit with a manifest is complete."""


@dataclass(frozen=True)
class KitFolder(Folder):
    """One kit, there or being built."""

    again = "Run the same `lofi release` command again: the kit is built again."


@dataclass(frozen=True)
class KitShelf:
    """The folder of all kits for one platform: `root`/<slug>/ for each work, and what they share."""

    root: Path
    platform: Platform

    def kit(self, slug: Slug) -> KitFolder:
        """Return the folder of a kit, there or not."""
        return KitFolder(self.root / slug)

    @contextmanager
    def queueing(self) -> Iterator[None]:
        """Wait for a turn at what the kits share."""
        with explained(self.root):
            make_folder(self._locks)
        with queueing(self._locks / ".lock"):
            yield

    def kits(self) -> Iterator[Kit]:
        """Yield what was released here, the oldest first. Kits that cannot be read are passed over."""
        found = []
        for place in self.root.iterdir() if self.root.is_dir() else ():
            if place.name.startswith(".") or not place.is_dir():  # what is shared, or the feed
                continue
            try:
                kit = KitFolder(place).peek(KIT_MANIFEST, Kit)
            except Damaged:
                continue
            # A copy that somebody keeps under another name is no release of its own.
            if kit is not None and (kit.work, kit.platform) == (place.name, self.platform):
                found.append(kit)
        yield from sorted(found, key=lambda kit: (kit.released, kit.work))

    @contextmanager
    def building(self, slug: Slug) -> Iterator[KitFolder]:
        """Yield the folder in which a kit is built, as an interrupted run left it. Raises Held.

        It becomes the kit at the end of the block, in place of an earlier one; after an error it stays as it is.
        """
        workshop, old = self._workshop / slug, self._workshop / f"{slug}.old"
        with explained(workshop):
            make_folder(self._locks / slug)
        with holding(self._locks / slug, f"The release of {slug} for {self.platform}"):
            with explained(workshop):
                make_folder(self.root)
                make_folder(workshop)
                for temp in [path for path in workshop.rglob("*") if path.is_file() and final_of(path) is not None]:
                    temp.unlink()
                shutil.rmtree(old, ignore_errors=True)  # of a run that was killed while it put its kit in place
            yield KitFolder(workshop)
            with explained(workshop):
                if (self.root / slug).exists():
                    (self.root / slug).rename(old)
                workshop.rename(self.root / slug)
                sync_folder(self.root)
                shutil.rmtree(old, ignore_errors=True)

    @property
    def _workshop(self) -> Path:
        """Where kits are built: beside the folder, which people upload whole."""
        return self.root.parent / ".workshop" / self.platform

    @property
    def _locks(self) -> Path:
        return self._workshop / ".locks"
