"""Finding a model by what a person calls it: its folder, what is loaded of it, and what to credit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import Weights
from pipeline.errors import BackendUnavailable
from pipeline.licences import UNKNOWN, licence_on_card
from pipeline.models import fetch_command, known_model
from pipeline.weights.hashes import content_hash
from pipeline.weights.hub import Published, own_path, published, published_as, snapshot
from pipeline.weights.layouts import LAYOUTS, Layout, loaded, missing
from pipeline.weights.soundness import check_file

SPARE = 1 << 30
"""Bytes that a process with a model takes beside its weights: the libraries, and whatever is computed."""


@dataclass(frozen=True)
class Found:
    """A model on this machine: its folder (or single file), what to credit, and the weight files that are loaded."""

    path: Path
    weights: Weights
    files: tuple[Path, ...] = ()

    @property
    def bytes(self) -> int:
        """How long its weights are."""
        return sum(path.stat().st_size for path in self.files)


def footprint(*models: Found) -> int:
    """Return the bytes of memory a process takes that has loaded these models, roughly."""
    return sum(model.bytes for model in models) + SPARE


def find_model(asked: str, layout: Layout, usual: str, hub: Path) -> Found:
    """Find a model by folder, or by its name in the hub's cache `hub`, and check what is loaded of it.

    `usual` says under which licence the published ones of its kind are, for one of which nothing is known. Raises
    BackendUnavailable when it is not here (with the line that fetches it) or has another layout, and Damaged when a
    file is cut short or is not what its name says.
    """
    with _readable(asked):
        return _find_model(asked, layout, usual, hub)


def _find_model(asked: str, layout: Layout, usual: str, hub: Path) -> Found:
    own = own_path(asked)
    wanted = None if asked and own.is_dir() else _wanted(asked)
    folder = own.resolve() if wanted is None else _snapshot(wanted, hub, layout)
    need = missing(folder, layout.needs)
    if need is not None:
        raise BackendUnavailable(
            f"{folder} is not a checkpoint in the {layout.name} layout: {need.replace('|', ' or ')} is missing.",
            f"{_instead(folder, layout)}{_fetch(wanted, layout) if wanted else 'Name a whole checkpoint folder.'}",
        )
    files = loaded(folder, layout)
    for path in files:
        check_file(path)
    named = Published(wanted.name, folder.name) if wanted else _origin(own)
    licence = licence_of(named.name if named.revision else "", folder, usual)
    return Found(folder, _weights(named, _digest(folder, files), licence), files)


def find_file(asked: str, usual: str) -> Found:
    """Find a checkpoint that is a single file of one's own, and check it. Raises as `find_model` does."""
    path = own_path(asked).absolute()
    with _readable(asked):
        if not path.is_file():
            raise BackendUnavailable(f"There is no checkpoint {asked}.", "Name a file that is there.")
        check_file(path)
        named = published_as(path) or Published(path.name)
        return Found(path, _weights(named, content_hash(path), licence_of(named.name, path.parent, usual)), (path,))


@contextmanager
def _readable(asked: str) -> Iterator[None]:
    """Turn whatever the system says against reading a model into one clear error."""
    try:
        yield
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise BackendUnavailable(
            f"The model {asked[:200]} cannot be read: {said}.", "Make it readable, or name another."
        ) from error


def licence_of(name: str, folder: Path, usual: str) -> str:
    """Return a model's licence: that of the `name` it is published under, else its card's, else that none is known.

    A folder of one's own is published under no name, "".
    """
    known = known_model(name)
    return known.licence if known else licence_on_card(folder) or f"{UNKNOWN}: {usual}"


def _wanted(asked: str) -> Published:
    """Return the model of the hub that is asked for. Raises BackendUnavailable for what is no name of one."""
    wanted = published(asked)
    if wanted is None:
        raise BackendUnavailable(
            f"There is no model folder {asked}.",
            "Name a folder that is there, or a model of the hub such as facebook/musicgen-small.",
        )
    return wanted


def _snapshot(wanted: Published, hub: Path, layout: Layout) -> Path:
    """Return the folder of a model in the hub's cache. Raises BackendUnavailable with the line that fetches it."""
    folder = snapshot(wanted, hub)
    if folder is None:
        at = f" at revision {wanted.revision}" if wanted.revision else ""
        raise BackendUnavailable(f"The model {wanted.name}{at} is not on this machine.", _fetch(wanted, layout))
    return folder


def _origin(own: Path) -> Published:
    """Return what to call a folder of one's own: by its name alone, for where it lies is nobody's business.

    One that lies in a hub's cache, or is a link into it, is called what it was published as.
    """
    place = own.absolute()
    name = (place.resolve() if ".." in place.parts else place).name  # a link is called what its owner calls it
    return published_as(place) or published_as(place.resolve()) or Published(name)


def _weights(named: Published, digest: str, licence: str) -> Weights:
    return Weights(name=named.name, revision=named.revision, sha256=digest, licence=licence)


def _fetch(model: Published, layout: Layout) -> str:
    return f"Run: {fetch_command(model.name, layout.name, model.revision)}"


def _instead(folder: Path, layout: Layout) -> str:
    """Say which layout a folder has instead, or nothing when it has none."""
    for other in LAYOUTS:
        if other != layout and missing(folder, other.needs) is None:
            return f"It is one in the {other.name} layout. "
    return ""


def _digest(folder: Path, files: tuple[Path, ...]) -> str:
    """Return one hash over files of a folder: over their names there and what each hashes to."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content_hash(path)}\n".encode())
    return digest.hexdigest()
