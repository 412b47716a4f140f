"""Proof: that an album or mix on the shelf is whole, and that a take can be rendered again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from pipeline.audio.clip import Clip
from pipeline.audio.decode import blocks, decode
from pipeline.audio.encode import write_take
from pipeline.domain import Album, Backend, FileRecord, LongMix, Loop, MixProject, Project, Sha256, Take, Track
from pipeline.errors import Damaged, LofiError, ShelfError
from pipeline.roles import Ambience, Booth, Ear, Musician
from pipeline.shelf import AlbumFolder, MixFolder
from pipeline.shelf.album_folder import PLAN
from pipeline.shelf.atomic import hash_file
from pipeline.shelf.folder import Folder
from pipeline.shelf.letting_go import when_pruned
from pipeline.steps.ambience import audible_loop
from pipeline.workers import Workers, stopping

AUDIO = {".flac", ".mp3", ".m4a", ".opus", ".wav"}
PICTURES = {".png", ".jpg"}
SAME_TO_THE_EAR = -90.0
"""dBFS: a difference below this cannot be heard; processors that round differently stay far below it."""


@dataclass(frozen=True)
class Checked:
    """One file checked: `problem` is None when it is whole, or when it was `pruned` and so is not there."""

    path: str
    problem: str | None
    pruned: datetime | None = None


def verify(folder: AlbumFolder | MixFolder, workers: Workers, manifest: Sha256 | None = None) -> Iterator[Checked]:
    """Check every file of an album or long mix: it is there, matches its hash and decodes. In the manifest's order.

    What was pruned comes before the rest, with the day it was let go.

    `manifest` is its hash that the catalogue recorded, if it knows one. Raises Damaged when the manifest itself cannot
    be read.
    """
    made: Album | LongMix = folder.read_manifest()
    changed = manifest is not None and not folder.has_hash(folder.manifest, manifest)
    yield Checked(folder.manifest, "does not match the hash in the catalogue" if changed else None)
    yield Checked(PLAN, _check_plan(folder, made))
    threads = ThreadPoolExecutor(workers.count)
    try:
        let_go = {file.path: when_pruned(folder, file) for file in made.files()}
        waiting: list[tuple[str, Future[str | None]]] = [
            (file.path, threads.submit(workers.run, check, folder, file.path, file.sha256))
            for file in made.files()
            if let_go[file.path] is None
        ]
        for path, when in let_go.items():
            if when is not None:
                yield Checked(path, None, when)
        for path, result in waiting:
            yield Checked(path, result.result())
    finally:
        # After Ctrl-C nobody waits for what has not begun.
        threads.shutdown(cancel_futures=True)


def verify_begun(folder: AlbumFolder | MixFolder, workers: Workers) -> Iterator[Checked]:
    """Check what an unfinished work has so far: its plan, and every take of an album with its tokens."""
    try:
        yield Checked(PLAN, None if _plan_of(folder) else "is missing")
    except Damaged:
        yield Checked(PLAN, "cannot be read")
    for place in sorted(folder.folder.glob("takes/*.flac")):
        path = f"takes/{place.name}"
        try:
            take = folder.peek(f"takes/{place.stem}.json", Take)
        except Damaged:
            take = None
        if take is None:
            yield Checked(path, "has no record that can be read")
            continue
        yield Checked(path, workers.run(check, folder, path, take.sha256))
        if take.codes is not None:
            yield Checked(take.codes.path, workers.run(check, folder, take.codes.path, take.codes.sha256))


def _plan_of(folder: AlbumFolder | MixFolder) -> Project | MixProject | None:
    if isinstance(folder, AlbumFolder):
        return folder.peek(PLAN, Project)
    return folder.peek(PLAN, MixProject)


def _check_plan(folder: AlbumFolder | MixFolder, made: Album | LongMix) -> str | None:
    try:
        plan = _plan_of(folder)
    except Damaged:
        return "cannot be read"
    if plan is None:
        return "is missing"
    if isinstance(plan, Project) and isinstance(made, Album):
        same = (plan.slug, plan.brief, plan.plan) == (made.slug, made.brief, made.project.plan)
        return None if same else "is not the plan this album was made from"
    return None if isinstance(made, LongMix) and plan == made.project else "is not the plan this mix was made from"


def check(folder: Folder, path: str, sha256: str) -> str | None:
    """Check one file in a worker process; return what is wrong with it in plain words, or None."""
    place = folder.path(path)
    try:
        if not place.is_file():
            return "is missing"
        if hash_file(place)[0] != sha256:
            return "does not match its recorded hash"
        if place.suffix in AUDIO:
            for _ in blocks(place):
                pass
        elif place.suffix in PICTURES:
            from PIL import Image

            with Image.open(place) as picture:
                picture.load()
    except LofiError as error:
        return error.message
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises on a broken picture
        return f"does not decode ({error})"
    return None


@dataclass(frozen=True)
class Replayed:
    """A sound made again: byte for byte the `same`, or else the loudest `difference` from it in dBFS.

    There is no `difference` to tell where the sound was pruned: then its recorded hash is all there is to compare with.
    """

    same: bool
    difference: float | None
    backend: str
    """Name and version of who made it now."""

    @property
    def agrees(self) -> bool:
        """Whether nobody could hear a difference."""
        return self.same or (self.difference is not None and self.difference < SAME_TO_THE_EAR)


def find_track(album: Album, position: int) -> Track:
    """Return a track by where it comes on the album. Raises ShelfError when there is none."""
    for track in album.tracks:
        if track.position == position:
            return track
    raise ShelfError(f"{album.slug} has no track {position}.", f"Its tracks are 1 to {len(album.tracks)}.")


def find_take(album: Album, position: int, index: int | None) -> Take:
    """Return a take of a track, the chosen one unless `index` names another. Raises ShelfError when there is none."""
    track = find_track(album, position)
    wanted = track.take if index is None else index
    takes = [take for take in album.takes if take.order.track.number == track.number]
    for take in takes:
        if take.order.index == wanted:
            return take
    have = ", ".join(str(take.order.index) for take in takes)
    raise ShelfError(f"Track {position} has no take {index}.", f"It has {have}.")


def find_loop(album: Album, position: int) -> Loop:
    """Return the loop that lies under a track. Raises ShelfError when there is none."""
    under = find_track(album, position).ambience
    for loop in album.loops:
        if loop.order.ambience == under:
            return loop
    raise ShelfError(f"No ambience was laid under track {position} of {album.slug}.", "`lofi show` says what was.")


def replay(folder: AlbumFolder, take: Take, musician: Musician, workers: Workers, ear: Ear | None = None) -> Replayed:
    """Render a take again from its record, with the `ear` that heard it then, and compare it with the one there is."""
    return workers.run(_replay_take, folder, take, musician, ear)


def replay_loop(folder: AlbumFolder, loop: Loop, ambience: Ambience, workers: Workers) -> Replayed:
    """Render a loop again from its record and compare it with the one on the shelf."""
    return workers.run(_replay_loop, folder, loop, ambience)


def _replay_take(folder: AlbumFolder, take: Take, musician: Musician, ear: Ear | None) -> Replayed:
    if when_pruned(folder, take) is None:
        folder.verify(FileRecord(path=take.path, sha256=take.sha256, bytes=folder.record(take.path).bytes))
    rendering = next(iter(musician.render([take.order], Booth(stopping=stopping, ear=ear))))
    if isinstance(rendering, LofiError):
        raise rendering
    return _compared(folder, take, rendering.clip, musician.backend)


def _replay_loop(folder: AlbumFolder, loop: Loop, ambience: Ambience) -> Replayed:
    assert loop.file is not None
    folder.verify(loop.file)
    return _compared(folder, loop.file, audible_loop(loop.order, ambience).clip, ambience.backend)


def _compared(folder: AlbumFolder, kept: Take | FileRecord, clip: Clip, backend: Backend) -> Replayed:
    """Compare a clip with the file that was kept of it."""
    who = backend.title
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch) / "again.flac"
        write_take(again, clip)
        if hash_file(again)[0] == kept.sha256:
            return Replayed(True, -np.inf, who)
        if when_pruned(folder, kept) is not None:
            return Replayed(False, None, who)
        then, now = decode(folder.path(kept.path)).samples, decode(again).samples
    if then.shape != now.shape:
        return Replayed(False, 0.0, who)
    loudest = float(np.max(np.abs(then - now), initial=0.0))
    return Replayed(False, 20 * float(np.log10(max(loudest, 1e-10))), who)
