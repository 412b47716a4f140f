"""How every step resumes: its record is trusted only if it was made from the same things and its files are whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

from pipeline.domain import FileRecord, Sha256
from pipeline.domain.noun import Noun
from pipeline.shelf.folder import Folder

N = TypeVar("N", bound=Noun)


class Finished(Noun, Generic[N]):
    """What a step made, and the digest of all it was made from."""

    made_from: Sha256
    made: N


def digest(*parts: Noun | str | float | None) -> Sha256:
    """Return one digest of everything that decides what a step makes."""
    texts = [part.canonical_json() if isinstance(part, Noun) else repr(part) for part in parts]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def resume(
    folder: Folder,
    record: str,
    kind: type[N],
    made_from: Sha256,
    make: Callable[[], N],
    files: Callable[[N], Iterable[FileRecord]] = lambda _: (),
    others: Collection[str] = (),
) -> N:
    """Return what an earlier run made from the same things, if its `files` still match; else make and record it.

    Files that an earlier run made from other things, under names that are not used any more, are removed. `others` are
    the names that steps beside this one write to: what bears one of them is theirs, or is about to be.
    """
    finished: type[Finished[N]] = Finished[kind]  # type: ignore[valid-type]
    found = folder.get(record, finished)
    if found is not None and found.made_from == made_from and all(folder.matches(file) for file in files(found.made)):
        return found.made
    made = make()
    if found is not None:
        # Before the record: killed in between, the next run still knows what there was, and makes it again.
        _remove_replaced(folder, files(found.made), files(made), others)
    folder.put(finished(made_from=made_from, made=made), record)
    return made


def _remove_replaced(
    folder: Folder, before: Iterable[FileRecord], now: Iterable[FileRecord], others: Collection[str]
) -> None:
    kept = [folder.path(file.path) for file in now]
    for old in before:
        path = folder.path(old.path)
        # Where a file system knows no capitals, "01 - rain.flac" is what "01 - Rain.flac" was written to.
        if old.path not in others and path.exists() and not any(path.samefile(new) for new in kept):
            folder.remove(old)
