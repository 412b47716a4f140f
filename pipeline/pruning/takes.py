"""The takes of an album that may go: not chosen, liked by nobody, of an album that was decided on long enough ago.

An album keeps its manifest, and the records and verdicts of all its takes: `lofi replay` renders one that is gone
again and compares it with its hash, and a track that is to be made of one has it rendered again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from pipeline.catalogue import Catalogue
from pipeline.catalogue.retention import AlbumStanding
from pipeline.domain import Album, FileRecord, Slug, Take
from pipeline.errors import Damaged, Held
from pipeline.pruning.gone import Gone, Kind, Stays
from pipeline.shelf import AlbumFolder
from pipeline.shelf.lease import is_held
from pipeline.shelf.letting_go import forget_what_is_back, note_pruned, pruned_files
from pipeline.steps.again import waiting

DECIDED = ("approved", "released", "rejected")
_UNDER_WAY = {
    "draft": "waits for review",
    "in_progress": "is not finished",
    "needs_attention": "needs attention",
}


@dataclass(frozen=True)
class AlbumSorted:
    """What goes of an album, or went, and what stays of it, and why."""

    slug: Slug
    gone: tuple[Gone, ...] = ()
    stays: tuple[Stays, ...] = ()


def sort_takes(folder: AlbumFolder, catalogue: Catalogue, before: datetime) -> AlbumSorted:
    """Say what would go of an album where it was last decided on `before` a moment. Changes nothing."""
    if is_held(folder.folder):
        return _all_stay(folder, "the album is in use")
    return _sorted(folder, catalogue, before)[0]


def prune_takes(folder: AlbumFolder, catalogue: Catalogue, before: datetime, now: datetime) -> AlbumSorted:
    """Let go of the same as its holder, noted first and then deleted. Safe to kill and to repeat.

    What somebody decides meanwhile counts: it is asked once more after it was noted. A file that is not what was
    recorded stays.
    """
    # Most albums have nothing to let go, and whoever works on one is not kept waiting.
    if not (first := sort_takes(folder, catalogue, before)).gone:
        return first
    try:
        with folder.hold():
            _, planned = _sorted(folder, catalogue, before)
            note_pruned(folder, [file for _, file in planned], now)
            told, still = _sorted(folder, catalogue, before)
            gone = tuple(_let_go(folder, kind, file) for kind, file in planned if (kind, file) in still)
            forget_what_is_back(folder)
            return AlbumSorted(folder.slug, tuple(filter(None, gone)), told.stays)
    except Held:
        return _all_stay(folder, "the album is in use")


def _sorted(
    folder: AlbumFolder, catalogue: Catalogue, before: datetime
) -> tuple[AlbumSorted, list[tuple[Kind, FileRecord]]]:
    """Return what goes of an album and what stays, and the files that go, the sound of each take before its codes."""
    standing = catalogue.review.standing(folder.slug, before)
    try:
        album = folder.read_manifest() if folder.is_complete() else None
    except Damaged:
        return _all_stay(folder, "the album's manifest cannot be read"), []
    why = _why_all_stay(album, standing, before)
    if why or album is None or standing is None:
        return _all_stay(folder, f"the album {why}"), []
    files: list[tuple[Kind, FileRecord]] = []
    stays = Counter[str]()
    let_go = pruned_files(folder)
    for take in album.takes:
        if folder.path(take.path).is_file():
            if why := _why_it_stays(album, standing, take):
                stays[why] += 1
                continue
            size = folder.path(take.path).stat().st_size
            files.append(("take", FileRecord(path=take.path, sha256=take.sha256, bytes=max(size, 1))))
        elif take.path not in let_go:
            continue  # lost, which is no reason to throw its codes away
        if take.codes is not None and folder.path(take.codes.path).is_file():
            files.append(("codes", take.codes))
    gone = tuple(Gone(kind, f"albums/{folder.slug}/{file.path}", file.bytes) for kind, file in files)
    told = tuple(Stays(count, why) for why, count in sorted(stays.items()))
    return AlbumSorted(folder.slug, gone, told), files


def _why_all_stay(album: Album | None, standing: AlbumStanding | None, before: datetime) -> str:
    """Say why nothing of an album may go; "" where something may."""
    if standing is None:
        return "is not in the catalogue"
    if standing.status not in DECIDED:
        return _UNDER_WAY[standing.status]
    if album is None:
        return "is not whole"
    if album.digest() != standing.manifest:
        return "is another than the catalogue knows"
    if standing.ordered:
        return "has an order that waits"
    if waiting(album, standing.edits):
        return "has changes that are not made"
    return "was decided on too lately" if standing.touched > before else ""


def _why_it_stays(album: Album, standing: AlbumStanding, take: Take) -> str:
    """Say why a take may not go; "" where it may."""
    key = (take.order.track.number, take.order.index)
    if any(key == (track.number, track.take) for track in album.tracks) or key in standing.edits.takes:
        return "chosen"
    if key in standing.approved:
        return "approved"
    return "preferred in a comparison, or waiting in one" if take.sha256 in standing.preferred else ""


def _let_go(folder: AlbumFolder, kind: Kind, file: FileRecord) -> Gone | None:
    """Delete a file that is what was recorded; codes whose sound stays are still of use."""
    path = folder.path(file.path)
    if kind == "codes" and path.with_name(path.name.removesuffix(".codes.npz") + ".flac").exists():
        return None
    folder.remove(file)
    return None if path.exists() else Gone(kind, f"albums/{folder.slug}/{file.path}", file.bytes)


def _all_stay(folder: AlbumFolder, why: str) -> AlbumSorted:
    there = sum(1 for _ in folder.folder.glob("takes/*.flac"))
    return AlbumSorted(folder.slug, (), (Stays(there, why),) if there else ())
