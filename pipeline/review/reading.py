"""An album as it lies on the shelf, finished or under way: what a reviewer can hear and decide on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from pipeline.audio.fingerprint import NEAR_DUPLICATE, similarities
from pipeline.domain import Album, Cover, Project, Take, Verdict
from pipeline.errors import Damaged, ShelfError
from pipeline.shelf import AlbumFolder
from pipeline.shelf.album_folder import COVER_RECORD, PLAN
from pipeline.steps.resume import Finished

Key = tuple[int, int]
"""A take of an album: track and number."""


@dataclass(frozen=True)
class Begun:
    """What there is of an album. `album` is its manifest, also of before it was opened again; None while it is new.

    `judged` are its takes with their verdicts, None where nobody has judged them yet, by track and take.
    """

    project: Project
    album: Album | None
    whole: bool
    judged: tuple[tuple[Take, Verdict | None], ...]
    cover: Cover | None

    @cached_property
    def twins(self) -> dict[Key, tuple[tuple[int, float], ...]]:
        """The other tracks of the album that a take is like, and how much; none for most.

        Those of other albums were refused when it was chosen.
        """
        made = {(track.number, track.take) for track in self.album.tracks} if self.album is not None else set()
        chosen = [take for take, _ in self.judged if _key(take) in made]
        found = ((_key(take), tuple(_alike(take, chosen))) for take, _ in self.judged)
        return {key: alike for key, alike in found if alike}


def _alike(take: Take, chosen: Sequence[Take]) -> Iterator[tuple[int, float]]:
    number = take.order.track.number
    others = [other for other in chosen if other.order.track.number != number]
    if not others:
        return
    with suppress(ValueError):  # a fingerprint of another version of the format is like nothing
        for other, value in zip(others, similarities(take.fingerprint, [o.fingerprint for o in others]), strict=True):
            if value >= NEAR_DUPLICATE:
                yield other.order.track.number, float(value)


def _key(take: Take) -> Key:
    return take.order.track.number, take.order.index


def read(folder: AlbumFolder) -> Begun:
    """Return what there is of an album. Raises ShelfError where there is none, Damaged where it cannot be read."""
    album = folder.before()
    project = album.project if album is not None else folder.peek(PLAN, Project)
    if project is None:
        raise ShelfError(f"There is no album {folder.slug}.", "Load the page again.")
    known: dict[Key, tuple[Take, Verdict | None]] = {}
    if album is not None:
        for take, verdict in zip(album.takes, album.verdicts, strict=True):
            known[_key(take)] = take, verdict
    known |= {key: (take, verdict) for key, take, verdict in _beside(folder, set(known))}
    judged = tuple(known[key] for key in sorted(known))
    cover = album.cover if album is not None else _cover(folder)
    return Begun(project, album, folder.is_complete(), judged, cover)


def _beside(folder: AlbumFolder, known: set[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], Take, Verdict | None]]:
    """Yield the takes that no manifest names yet."""
    for path in sorted(folder.folder.glob("takes/*.flac")):
        number, _, index = path.stem.partition("-")
        if not (number.isdigit() and index.isdigit()) or (int(number), int(index)) in known:
            continue
        with suppress(Damaged):  # what is being written, or cannot be read, is not there yet
            take = folder.peek(f"takes/{path.stem}.json", Take)
            if take is not None:
                found = folder.peek(folder.verdict_path(int(number), int(index)), Finished[Verdict])
                yield (int(number), int(index)), take, None if found is None else found.made


def _cover(folder: AlbumFolder) -> Cover | None:
    with suppress(Damaged):
        found = folder.peek(COVER_RECORD, Finished[Cover])
        return None if found is None else found.made
    return None
