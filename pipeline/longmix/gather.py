"""The tracks that a long mix is chosen from: those of finished albums, whole, each music once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio.fingerprint import NEAR_DUPLICATE, similarities
from pipeline.audio.portrait import Portrait
from pipeline.domain import Album, FileRecord, Seconds, Sha256, Slug, Source, Track
from pipeline.errors import Damaged, ShelfError
from pipeline.longmix.portraits import Portraits
from pipeline.shelf import Shelf
from pipeline.shelf.album_folder import MANIFEST

SHORTEST_TRACK: Seconds = 10.0
"""A shorter one is no music to cross over: its joints would be most of it."""


MOST_TRACKS = 1000
"""Tracks that a mix is chosen from, and has, at most: every two of them are compared."""


@dataclass(frozen=True)
class Candidate:
    """A track that may be in the mix: where it is, and what was measured in it."""

    album: Album
    track: Track
    file: FileRecord
    path: Path
    portrait: Portrait

    @property
    def called(self) -> str:
        """What a person calls it."""
        return f"“{self.track.title}” ({self.album.slug}, track {self.track.position})"


def sources_of(shelf: Shelf, slugs: Sequence[Slug]) -> tuple[Source, ...]:
    """Return the albums in the version they have now. Raises Damaged for one that is not finished or cannot be read."""
    found = []
    for slug in dict.fromkeys(slugs):
        folder = shelf.album(slug)
        folder.read_manifest()
        found.append(Source(album=slug, manifest=folder.record(MANIFEST).sha256))
    return tuple(found)


def gather(
    shelf: Shelf, sources: Sequence[Source], portraits: Portraits, report: Callable[[str, int, int], None]
) -> tuple[list[Candidate], list[str]]:
    """Return every track there is to choose from, and what was left out and why, in words.

    `report` is told what is being done, how much of it, and of how much. Raises Damaged for a track that is missing,
    changed or does not decode.
    """
    wanted: list[tuple[Album, Track, FileRecord, Path, Sha256]] = []
    for source in sources:
        folder = shelf.album(source.album)
        album = folder.read_manifest()
        for track in album.tracks:
            file = next(file for file in track.files if file.path.endswith(".flac"))
            folder.verify(file)
            wanted.append((album, track, file, folder.path(file.path), file.sha256))
    said = "Listening"
    report(said, 0, len(wanted))
    heard = portraits.of([(path, digest) for *_, path, digest in wanted], lambda n: report(said, n, len(wanted)))
    candidates = [
        Candidate(album, track, file, path, portrait)
        for (album, track, file, path, _), portrait in zip(wanted, heard, strict=True)
    ]
    for candidate in candidates:
        if candidate.portrait.frames != candidate.track.frames:
            raise Damaged(
                f"{candidate.path} lasts {candidate.portrait.frames:,} frames, not the {candidate.track.frames:,} of "
                "its album's record.",
                f"`lofi show {candidate.album.slug}` prints the command that makes it again.",
            )
    thinned = _thinned(candidates)
    kept, left_out = _worth_mixing(thinned)
    if len(thinned) < len(candidates):
        left_out.append(f"Of {len(candidates):,} tracks {len(thinned):,} of all energies were looked at.")
    return kept, left_out


def _thinned(candidates: list[Candidate]) -> list[Candidate]:
    """Return as many as can be compared, of all energies, in their order."""
    if len(candidates) <= MOST_TRACKS:
        return candidates
    ranked = sorted(range(len(candidates)), key=lambda place: candidates[place].portrait.energy)
    chosen = sorted(ranked[number * len(ranked) // MOST_TRACKS] for number in range(MOST_TRACKS))
    return [candidates[place] for place in chosen]


def _worth_mixing(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[str]]:
    """Leave out what is too short, silent, or the same music as one before it."""
    kept: list[Candidate] = []
    left_out = []
    for candidate in candidates:
        portrait = candidate.portrait
        prints = [other.portrait.fingerprint for other in kept]
        alike = similarities(portrait.fingerprint, prints) if prints and portrait.fingerprint else None
        if portrait.seconds < SHORTEST_TRACK:
            left_out.append(f"{candidate.called} lasts {portrait.seconds:.1f} s: too short to be mixed, left out.")
        elif not any(portrait.head) or portrait.loudness <= _SILENT:
            left_out.append(f"{candidate.called} is silent: left out.")
        elif alike is not None and alike.max() >= NEAR_DUPLICATE:
            other = kept[int(alike.argmax())]
            left_out.append(f"{candidate.called} is the same music as {other.called}: left out.")
        else:
            kept.append(candidate)
    if not kept:
        raise ShelfError("There is no track to mix in these albums.", " ".join(left_out))
    return kept, left_out


_SILENT = -60.0  # LUFS
