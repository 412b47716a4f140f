"""A work on the shelf, an album or a long mix: it has one writer, and its manifest, written last, makes it complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ValidationError

from pipeline.domain import Album, FileRecord, LongMix, Slug
from pipeline.domain.brief import Format
from pipeline.errors import Damaged
from pipeline.shelf.atomic import explained, final_of, make_folder
from pipeline.shelf.clock import Clock, utc_now
from pipeline.shelf.folder import Folder
from pipeline.shelf.lease import holding

W = TypeVar("W", Album, LongMix)


@dataclass(frozen=True)
class WorkFolder(Folder, Generic[W]):
    """One work on the shelf. Everything that writes belongs inside `hold()`."""

    slug: Slug

    manifest: ClassVar[str]
    """Name of the file that is written last: a work with a manifest is complete."""
    kind: ClassVar[Any]
    """The noun that it holds."""
    verb: ClassVar[str]
    """The command that makes such a work."""

    @contextmanager
    def hold(self, *, clock: Clock = utc_now) -> Iterator[None]:
        """Be the work's only writer inside the block; clears up first what a dead writer left.

        Raises Held, naming the process, when another is writing it.
        """
        with explained(self.folder):
            make_folder(self.folder)
        with holding(self.folder, f"The {self._called} {self.slug}", clock=clock):
            self.sweep()
            yield

    def sweep(self) -> None:
        """Remove the temp files a dead writer left, but for what can be salvaged of them.

        Only for the sole writer before it writes anything: `hold()` does it.
        """
        with explained(self.folder):
            for folder in (self.folder, *(place for place in sorted(self.folder.iterdir()) if place.is_dir())):
                for temp in temps(folder):
                    final = final_of(temp)
                    if final is None or not self.salvage(temp, final):
                        temp.unlink()

    def salvage(self, temp: Path, final: Path) -> bool:  # noqa: ARG002
        """Make use of a temp file that was to become `final`; return whether it stays, or has got its name."""
        return False

    def write_manifest(self, made: W) -> FileRecord:
        """Complete the work, last of all. Returns the manifest's own record.

        Raises Damaged when a file it names is not there as recorded, and then writes nothing.
        """
        self.verify_all(made)
        self.put(made, self.manifest)
        return self.record(self.manifest)

    def verify_all(self, made: W) -> None:
        """Raise Damaged when a file the manifest names is not there as recorded."""
        # Hashing lets go of the interpreter, so threads use all the cores.
        threads = ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1))
        try:
            for _ in threads.map(self.verify_file, made.files()):
                pass
        finally:
            threads.shutdown(cancel_futures=True)

    def verify_file(self, made: Any) -> None:
        """Raise Damaged unless a file that the manifest names is there as recorded."""
        self.verify(made)

    def read_manifest(self) -> W:
        """Return what the manifest holds. Raises Damaged when it is missing, malformed or another work's."""
        path = self.path(self.manifest)
        remedy = f"Move {self.manifest} away and run the same `{self.verb}` command again: it is made from the files"
        with explained(path):
            try:
                made: W = self.kind.model_validate_json(path.read_bytes())
            except FileNotFoundError as error:
                raise Damaged(
                    f"{path} is missing: the {self._called} is not complete.",
                    f"`lofi show {self.slug}` prints the command that goes on with it.",
                ) from error
            except (ValidationError, IsADirectoryError) as error:
                reason = str(error).splitlines()[0]
                raise Damaged(f"{path} is damaged ({reason}).", f"{remedy} beside it.") from error
        if made.slug != self.slug:
            raise Damaged(f"{path} describes the {self._called} {made.slug}.", f"Rename the folder to {made.slug}.")
        return made

    def read_whole(self) -> W:
        """Return what the manifest holds, once every file it names is known to be as recorded. Raises Damaged."""
        made = self.read_manifest()
        self.verify_all(made)
        return made

    def is_complete(self) -> bool:
        """Whether there is a manifest."""
        path = self.path(self.manifest)
        with explained(path):
            return path.is_file()

    @property
    def _called(self) -> str:
        return self.manifest.removesuffix(".json")


def mix_path(format: Format) -> str:
    """Return the path of the whole work as one piece, such as "mix.flac"."""
    return f"mix.{format}"


def temps(folder: Path) -> list[Path]:
    """Return the temp files in a folder, in the order of their names."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if final_of(path) is not None and path.is_file())
