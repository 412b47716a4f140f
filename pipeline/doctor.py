"""The doctor: what works on this machine, what is missing, and the line that mends it."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

from pipeline.errors import LofiError
from pipeline.licences import in_words
from pipeline.settings import Settings
from pipeline.shelf.atomic import free_bytes
from pipeline.studio import EXTRAS, PARTS, open_part, part_names, what_works

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
    """Look at everything an album needs, one finding at a time.

    Raises BackendUnavailable when there is no studio or part of the name in the settings.
    """
    part_names(settings)
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Finding("Workers", "ok", f"{settings.workers} render at the same time (LOFI_WORKERS)")
    yield from _sqlite()
    yield _package("Prefect", "prefect")
    yield _try("ffmpeg", _ffmpeg)
    yield _try("Library", lambda: _library(settings))
    yield _room(settings)
    yield _try("Catalogue", lambda: _catalogue(settings))
    parts = {role: _part(role, settings) for role in PARTS}
    yield from parts.values()
    works = what_works([role for role, finding in parts.items() if finding.state == "broken"], settings)
    if works:
        yield Finding("Instead", "note", "an album can be made without what is broken", f"Take {works}.")
    yield from _neural(settings)
    yield _language_model(settings)


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


def _part(role: str, settings: Settings) -> Finding:
    """Open one part of the studio the settings name, as a run would before it begins."""
    try:
        opened = open_part(role, settings)
        if opened.made is None:
            return Finding(role.capitalize(), "note" if opened.note else "ok", "nobody", opened.note)
        backend = opened.made.backend
    except LofiError as error:
        return Finding(role.capitalize(), "broken", error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 - libraries that do not fit together raise whatever they like
        why = f"{type(error).__name__}: {error}".partition("\n")[0]
        said = f"{part_names(settings)[role]!r} cannot be loaded: {why}"
        return Finding(role.capitalize(), "broken", said, "Run: uv sync --extra neural")
    models = ", ".join(f"{weights.name} ({in_words(weights.licence)})" for weights in backend.weights)
    said = f"{backend.name} {backend.version}" + (f" with {models}" if models else "")
    if opened.note:
        return Finding(role.capitalize(), "note", said, opened.note)
    return Finding(role.capitalize(), "ok", said)


def _neural(settings: Settings) -> Iterator[Finding]:
    """Look for the model libraries and the device they would run on."""
    lacking = [name for name in EXTRAS if find_spec(name) is None]
    if lacking:
        said = f"the model libraries are not installed ({', '.join(lacking)})"
        yield Finding("Neural", "note", said, "For MusicGen, CLAP and Stable Diffusion, run: uv sync --extra neural")
    else:
        said = "the model libraries are installed; `lofi models` lists the models"
        yield Finding("Neural", "ok", said, "" if settings.studio != "offline" else _LOOK)
    if "torch" in lacking:
        return
    try:
        from pipeline.device import choose_device, choose_precision, free_memory

        device = choose_device(settings.device)
        precision = str(choose_precision(settings.precision, device)).removeprefix("torch.")
        said = f"{device.type}, {precision}, {free_memory(device) / 2**30:.1f} GB of memory free"
    except LofiError as error:
        yield Finding("Device", "broken", error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 - a driver that does not fit raises whatever it likes
        yield Finding("Device", "broken", f"PyTorch cannot be used: {error}", "Run: uv sync --extra neural")
    else:
        yield Finding("Device", "ok", said)


_LOOK = "To look at its parts: lofi doctor --studio neural"


def _language_model(settings: Settings) -> Finding:
    """Say whether a language model is set up; its key is never shown, nor what else an address may hold."""
    host = urlsplit(settings.openai_base_url or "").hostname or "its maker's server"
    if settings.openai_api_key is not None and settings.openai_api_key.get_secret_value():
        return Finding("Words", "ok", f"a key for {settings.openai_model} at {host} is set")
    said = f"no key for a language model is set ({settings.openai_model} at {host})"
    return Finding(
        "Words", "note", said, "For the writer openai, set OPENAI_API_KEY, or OPENAI_BASE_URL for a local one."
    )
