"""The doctor: what works on this machine, what is missing, and the line that mends it."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from pipeline.errors import LofiError
from pipeline.settings import Settings
from pipeline.shelf.atomic import free_bytes

State = Literal["ok", "note", "broken"]

ALBUM_ROOM = 2 * 2**30
"""Bytes a default album needs at most while it is made."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its state, what was found, and what to do if it is not ok."""

    what: str
    state: State
    found: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything an album needs, one finding at a time."""
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Finding("Workers", "ok", f"{settings.workers} render at the same time (LOFI_WORKERS)")
    yield from _sqlite()
    yield _package("Prefect", "prefect")
    yield _try("ffmpeg", _ffmpeg)
    yield _try("Library", lambda: _library(settings))
    yield _room(settings)
    yield _try("Catalogue", lambda: _catalogue(settings))
    yield _try("Studio", lambda: _studio(settings))
    yield Finding(
        "GPU studio", "note", "this version has the offline studio only", "Nothing to install: MusicGen is on its way."
    )


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except LofiError as error:
        return Finding(what, "broken", error.message, error.remedy)


def _package(what: str, name: str) -> Finding:
    try:
        return Finding(what, "ok", version(name))
    except PackageNotFoundError:
        return Finding(what, "broken", "not installed", "Run: uv sync")


def _sqlite() -> Iterator[Finding]:
    number = sqlite3.sqlite_version_info
    if (3, 7, 0) <= number <= (3, 51, 2):
        yield Finding(
            "SQLite",
            "note",
            f"{sqlite3.sqlite_version} has a rare bug that can lose a write when two processes write at once",
            "One `lofi make` at a time on one library is safe; a Python with SQLite 3.51.3 or newer ends it.",
        )
    else:
        yield Finding("SQLite", "ok", sqlite3.sqlite_version)


def _ffmpeg() -> str:
    from pipeline.audio.ffmpeg import find_ffmpeg

    return find_ffmpeg()


def _library(settings: Settings) -> str:
    from pipeline.shelf import Shelf

    shelf = Shelf.open(settings.library)
    count = sum(1 for _ in shelf.albums())
    return f"{shelf.root}, {count} {'album' if count == 1 else 'albums'}"


def _room(settings: Settings) -> Finding:
    try:
        free = free_bytes(settings.library.absolute())
    except OSError as error:
        said = f"{settings.library} cannot be looked at: {error.strerror}"
        return Finding("Disk", "broken", said, "Name another folder with --library or LOFI_LIBRARY.")
    said = f"{free / 2**30:.1f} GB free"
    if free < ALBUM_ROOM:
        return Finding(
            "Disk", "broken", said, "An album needs up to 2 GB while it is made. Make room or move LOFI_LIBRARY."
        )
    return Finding("Disk", "ok", said)


def _catalogue(settings: Settings) -> str:
    from pipeline.catalogue import Catalogue
    from pipeline.catalogue.reindex import check
    from pipeline.shelf import Shelf

    path = Shelf.open(settings.library).catalogue_path
    check(path)
    with Catalogue.open(path) as catalogue:
        count = len(catalogue.albums())
        return f"sound, {count} {'album' if count == 1 else 'albums'}"


def _studio(settings: Settings) -> str:
    from pipeline.studio import open_studio

    studio = open_studio(settings)
    parts = (studio.writer, studio.musician, studio.judge, studio.painter)
    return f"{studio.name}: " + ", ".join(f"{part.backend.name} {part.backend.version}" for part in parts)
