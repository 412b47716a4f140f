"""Clips: single renders with every control of the musician, each kept beside a record of how it was made.

    wish = Wish("warm rhodes, slow", seed=7, seconds=20, tempo=76)
    orders = order_clips(wish, writer)                  # BadBrief when it cannot be made, before anything is queued
    refuse_unused(orders, musician)                     # BadBrief when the musician has no such control
    for outcome in render_clips(orders, musician, Place(Path("clips/rhodes.flac")), workers):
        print(outcome)                                  # a Made: the file and its Take; or the error it failed with

Wishes become orders in pipeline/wishes.py.
With `under`, a loop of ambience is made once, in a process of its own, and laid under every clip.
The record of `clips/rhodes.flac` is `clips/rhodes.flac.json`: a Take, with the order, the backend and the hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.audio.clip import Clip
from pipeline.domain import Backend, Loop, LoopOrder, RenderOrder, Take
from pipeline.errors import BadBrief, LofiError, ShelfError
from pipeline.roles import Ambience, Musician
from pipeline.shelf.atomic import explained
from pipeline.shelf.folder import Folder
from pipeline.shelf.takes import TakeFiles
from pipeline.steps.ambience import audible_loop
from pipeline.steps.performance import hearing, perform
from pipeline.workers import Workers

SUFFIXES = (".flac", ".wav")


@dataclass(frozen=True)
class Under:
    """What is to lie under clips, and who makes it."""

    order: LoopOrder
    ambience: Ambience


@dataclass(frozen=True)
class Place:
    """Where clips go: the first to `first`, the others beside it with "-2" and so on. FLAC or WAV by the suffix.

    With `ours`, a name that another clip has already gets a piece of a digest added.
    """

    first: Path
    ours: bool = False

    def __post_init__(self) -> None:
        if self.first.suffix.lower() not in SUFFIXES:
            raise BadBrief(f"--out cannot be {self.first}.", "Its name ends in .flac or .wav.")

    def of(self, order: RenderOrder, backend: Backend, under: Under | None = None) -> Path:
        """Return the file for an order as `backend` plays it. Raises ShelfError when something else has the name."""
        first = self.first.absolute()
        stem = first.stem if order.index == 1 else f"{first.stem}-{order.index}"
        path = first.with_name(stem + first.suffix)
        with explained(path):
            if not path.exists() or _record(path, order, backend, under) is not None:
                return path
        if self.ours:
            parts = (order, backend, *((under.order, under.ambience.backend) if under else ()))
            made_from = hashlib.sha256("".join(part.canonical_json() for part in parts).encode()).hexdigest()
            return path.with_name(f"{stem}-{made_from[:8]}{path.suffix}")
        raise ShelfError(f"{path} is there already.", "Name another file with --out, or move that one away.")


class Made(NamedTuple):
    """A clip: its file and its record; `found` when an earlier command made it."""

    path: Path
    take: Take
    found: bool


def render_clips(
    orders: Sequence[RenderOrder],
    musician: Musician,
    place: Place,
    workers: Workers,
    report: Callable[[RenderOrder, float], None] = lambda _, __: None,
    under: Under | None = None,
) -> Iterator[Made | LofiError]:
    """Yield what became of each order, in their order: its file and record, or the error it failed with.

    A clip that was rendered before from the same order by the same backend is not rendered again. `report` is told
    how much of each clip is made, from 0 to 1. Raises what the worker raises when nothing can be rendered at all, or
    nothing made that is to lie `under` it.
    """
    # A name that is taken is found before anything is rendered.
    paths = [place.of(order, musician.backend, under) for order in orders]
    wanted = [
        (path, order, _finished(path, order, musician.backend, under))
        for path, order in zip(paths, orders, strict=True)
    ]
    layer = _layer(under) if under and not all(take for *_, take in wanted) else None
    size = max(1, musician.batch)
    for start in range(0, len(wanted), size):
        group = wanted[start : start + size]
        missing = [(order, _files(path)) for path, order, take in group if take is None]
        heard = hearing([order for order, _ in missing], report)
        made = iter(workers.run(perform, missing, musician, None, layer, hearing=heard) if missing else [])
        for path, _, take in group:
            outcome = take or next(made)
            yield Made(path, outcome, found=take is not None) if isinstance(outcome, Take) else outcome


def _files(path: Path) -> TakeFiles:
    return TakeFiles(Folder(path.parent), path.name, f"{path.name}.json", f"{path.name}.codes.npz")


def _layer(under: Under) -> tuple[Clip, Loop]:
    """Make the loop, in a process that ends with it: two models need not fit into memory together."""
    with Workers(1) as workers:
        made = workers.run(audible_loop, under.order, under.ambience)
    return made.clip, Loop(order=under.order, prompt=made.prompt, backend=under.ambience.backend, file=None)


def _record(path: Path, order: RenderOrder, backend: Backend, under: Under | None) -> Take | None:
    """Return the record beside a clip when it answers this order, as this backend plays it, with that under it."""
    files = _files(path)
    try:
        take = files.folder.peek(files.record, Take)
    except LofiError:
        return None
    if take is None or (take.order, take.backend, take.path) != (order, backend, path.name):
        return None
    lies = None if take.loop is None else (take.loop.order, take.loop.backend)
    return take if lies == (None if under is None else (under.order, under.ambience.backend)) else None


def _finished(path: Path, order: RenderOrder, backend: Backend, under: Under | None) -> Take | None:
    take = _record(path, order, backend, under)
    return take if take is not None and Folder(path.parent).has_hash(path.name, take.sha256) else None
