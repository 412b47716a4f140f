"""One folder whose files are written whole, recorded by hash, and never reached from outside it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar, TypeVar

from pydantic import ValidationError

from pipeline.domain import FileRecord, Sha256
from pipeline.domain.noun import Noun
from pipeline.errors import Damaged, ShelfError
from pipeline.shelf.atomic import explained, hash_file, sync_folder, writing

N = TypeVar("N", bound=Noun)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Folder:
    """A folder on the shelf. Every relative path has forward slashes and stays inside."""

    folder: Path

    again: ClassVar[str] = (
        "Run the same `lofi make` command again, with its seed: the file is made again, the rest is kept."
    )
    """What mends a file that is missing or damaged."""

    def path(self, relative: str) -> Path:
        """Return the full path of a file of this folder.

        Raises ShelfError for anything that leads out of it: an absolute path, "..", a link to elsewhere.
        """
        parts = PurePosixPath(relative).parts
        strange = any(char in relative for char in "\\:\0") or any(part in ("..", "/", "//") for part in parts)
        if strange or not parts:
            raise ShelfError(f"{relative!r} is not the path of a file inside {self.folder}.")
        path = self.folder.joinpath(*parts)
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise ShelfError(f"{relative!r} leads out of {self.folder} by a link.", "Remove the link.")
        return path

    @contextmanager
    def writing(self, relative: str) -> Iterator[Path]:
        """Yield a temp path in the file's own folder; see `pipeline.shelf.atomic.writing`."""
        with writing(self.path(relative)) as temp:
            yield temp

    def write_bytes(self, relative: str, content: bytes) -> None:
        """Write a whole file."""
        with self.writing(relative) as temp:
            temp.write_bytes(content)

    def write_text(self, relative: str, text: str) -> None:
        """Write a whole file as UTF-8, line ends as they are."""
        self.write_bytes(relative, text.encode())

    def record(self, relative: str) -> FileRecord:
        """Hash a file. Raises Damaged when there is none."""
        path = self.path(relative)
        with explained(path):
            try:
                digest, size = hash_file(path)
            except (FileNotFoundError, IsADirectoryError) as error:
                raise Damaged(f"{path} is missing.", self.again) from error
        return FileRecord(path=relative, sha256=digest, bytes=size)

    def verify(self, record: FileRecord) -> None:
        """Raise Damaged, saying how, unless the file is exactly the one recorded."""
        path = self.path(record.path)
        with explained(path):
            if not path.is_file():
                raise Damaged(f"{path} is missing.", self.again)
            size = path.stat().st_size
            if size != record.bytes:
                raise Damaged(f"{path} has {size} bytes, but {record.bytes} were recorded.", self.again)
            if not self.has_hash(record.path, record.sha256):
                raise Damaged(f"{path} does not match its recorded SHA-256: its content was changed.", self.again)

    def matches(self, record: FileRecord) -> bool:
        """Whether the file is exactly the one recorded."""
        try:
            self.verify(record)
        except Damaged:
            return False
        return True

    def has_hash(self, relative: str, sha256: Sha256) -> bool:
        """Whether there is such a file with such content."""
        path = self.path(relative)
        with explained(path):
            return path.is_file() and hash_file(path)[0] == sha256

    def put(self, noun: Noun, relative: str) -> None:
        """Keep a noun as a JSON file: the record that a step has finished."""
        self.write_text(relative, noun.canonical_json())

    def peek(self, relative: str, kind: type[N]) -> N | None:
        """Return the noun kept in a JSON file, or None when there is no file. Changes nothing, so it needs no lock.

        Raises Damaged when the file is not such a noun: cut, edited, or written by a newer version.
        """
        path = self.path(relative)
        with explained(path):
            try:
                return kind.model_validate_json(path.read_bytes())
            except FileNotFoundError:
                return None
            except (ValidationError, IsADirectoryError) as error:
                raise Damaged(f"{path} is not a {kind.__name__} ({_first_reason(error)}).", self.again) from error

    def get(self, relative: str, kind: type[N]) -> N | None:
        """Return the noun kept in a JSON file, or None when there is none that can be trusted. For the holder only.

        A file that is not such a noun is moved aside (".damaged") with a warning, so the step runs again.
        """
        try:
            return self.peek(relative, kind)
        except Damaged as damage:
            self.set_aside(relative, damage.message.removesuffix("."))
            return None

    def remove(self, record: FileRecord) -> None:
        """Remove a file that is exactly the one recorded; one that somebody changed stays."""
        if self.matches(record):
            path = self.path(record.path)
            with explained(path):
                path.unlink()
                sync_folder(path.parent)

    def set_aside(self, relative: str, why: str) -> None:
        """Rename a file that cannot be trusted to "<name>.damaged", replacing an earlier one, and say so."""
        path = self.path(relative)
        aside = path.with_name(path.name + ".damaged")
        with explained(path):
            path.replace(aside)
            sync_folder(path.parent)
        log.warning("%s was moved aside as %s: %s. The file will be made again.", path, aside.name, why.rstrip("."))


def _first_reason(error: Exception) -> str:
    """One line about why a file is not the noun it should be."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
