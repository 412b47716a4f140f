"""Files that an album lets go: noted beside it before they are deleted, so that gone is never taken for lost.

    folder.note_pruned(files, now)      # as the album's holder
    for file in files:
        folder.remove(file)

Killed anywhere in between, what is there still counts as there, and what is not is known to have been pruned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from pipeline.domain import FileRecord, Take
from pipeline.domain.pruned import Pruned, PrunedFile
from pipeline.errors import Damaged
from pipeline.shelf.folder import Folder

PRUNED = "pruned.json"
"""Beside the manifest, which stays what it was: it says what was made, and this what was let go of it."""


def pruned_files(folder: Folder) -> Mapping[str, PrunedFile]:
    """Return what was let go of a folder and is not there again, by path. A record that cannot be read says nothing."""
    with suppress(Damaged):
        noted = folder.peek(PRUNED, Pruned) or Pruned()
        return {file.path: file for file in noted.files if not folder.path(file.path).exists()}
    return {}


def when_pruned(folder: Folder, made: FileRecord | Take) -> datetime | None:
    """Return when this very file was let go; None where it is there, or is missing for another reason."""
    if folder.path(made.path).exists():
        return None
    gone = pruned_files(folder).get(made.path)
    return gone.time if gone is not None and gone.sha256 == made.sha256 else None


def note_pruned(folder: Folder, files: Iterable[FileRecord], now: datetime) -> None:
    """Note files that are about to be deleted, as the holder; what was let go before stays noted."""
    noted = dict(pruned_files(folder))
    noted |= {file.path: PrunedFile(path=file.path, sha256=file.sha256, time=now) for file in files}
    _write(folder, noted)


def forget_what_is_back(folder: Folder) -> None:
    """Let the record, as the holder, say nothing of files that are there: were they lost, that would be a loss."""
    try:
        noted = folder.peek(PRUNED, Pruned)
    except Damaged:
        return
    if noted is not None and len(noted.files) != len(gone := pruned_files(folder)):
        _write(folder, gone)


def _write(folder: Folder, noted: Mapping[str, PrunedFile]) -> None:
    folder.put(Pruned(files=tuple(noted[path] for path in sorted(noted))), PRUNED)
