"""Files that nobody needs any more: half-written ones, old logs, old copies of the catalogue, uploads without an order.

Below `radio/` everything is the radio's own. Copies of a damaged catalogue stay: they may hold what was not saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from pipeline.catalogue import Catalogue
from pipeline.pruning.gone import Gone, Kind
from pipeline.shelf import Shelf
from pipeline.shelf.atomic import explained, final_of, sync_folder

BACKUPS = 3
"""Newest copies of the catalogue, made before it was brought up to date, that stay however old they are."""
_AT_WORK = timedelta(days=1)
"""How long ago a half-written file was touched last, or a sound was handed in, to be nobody's."""
_BACKUP = re.compile(r"catalogue-\d{4}-\d{4}-\d{2}-\d{2}(-\d+)?\.db")
_OLD_LOG = re.compile(r".+\.log\.\d+")
_UPLOAD = re.compile(r"(?P<name>[0-9a-f]{64})\.flac")
_HASH = re.compile(r"[0-9a-f]{64}")


def leftovers(shelf: Shelf, catalogue: Catalogue, before: datetime, now: datetime) -> tuple[Gone, ...]:
    """Return what was left over in a library and not touched since `before`. Changes nothing."""
    lately = min(before, now - _AT_WORK)
    found: list[tuple[Kind, _File]] = []
    for folder in (shelf.root, shelf.clips, shelf.uploads):
        half = (file for file in _files(folder) if final_of(file.path) is not None)
        found += [("temporary file", file) for file in half if file.touched < now - _AT_WORK]
    logs = (file for file in _files(shelf.root / "logs") if _OLD_LOG.fullmatch(file.path.name))
    found += [("log", file) for file in logs if file.touched < before]
    copies = (file for file in _files(shelf.root) if _BACKUP.fullmatch(file.path.name))
    backups = sorted(copies, key=lambda file: file.touched)
    found += [("catalogue backup", file) for file in backups[:-BACKUPS] if file.touched < before]
    named = catalogue.review.uploads_named() | _named_by_clips(shelf)
    for file in _files(shelf.uploads):
        match = _UPLOAD.fullmatch(file.path.name)
        if match is not None and match["name"] not in named and file.touched < lately:
            found.append(("upload", file))
    return tuple(Gone(kind, file.path.relative_to(shelf.root).as_posix(), file.size) for kind, file in sorted(found))


def remove_leftovers(shelf: Shelf, left: Iterable[Gone]) -> None:
    """Delete what was left over. Safe to repeat; raises ShelfError where a file may not be deleted."""
    for each in left:
        path = shelf.root / each.path
        with explained(path):
            path.unlink(missing_ok=True)
            sync_folder(path.parent)


class _File(NamedTuple):
    """A file as it was when it was looked at, which is once: whoever writes beside may move it the next moment."""

    path: Path
    touched: datetime
    size: int


def _named_by_clips(shelf: Shelf) -> set[str]:
    """Return every hash in the records of clips: what one was rendered from is needed to render it again."""
    named = set[str]()
    for file in _files(shelf.clips):
        if file.path.suffix == ".json":
            with explained(file.path), suppress(FileNotFoundError):
                named.update(_HASH.findall(file.path.read_text(encoding="utf-8", errors="replace")))
    return named


def _files(folder: Path) -> Iterator[_File]:
    """Yield the files in a folder, links left out, and those that vanish meanwhile."""
    with explained(folder):
        places = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in places:
        with explained(path):
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
        if S_ISREG(found.st_mode):
            yield _File(path, datetime.fromtimestamp(found.st_mtime, UTC), found.st_size)
