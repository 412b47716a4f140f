"""A library of three small albums with real sound and small pictures, for the tests of mixes and releases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import papers
import soundfile
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image
from sounds import song

from flows.cli import lofi
from pipeline.audio.clip import Clip
from pipeline.audio.encode import encode, pieces
from pipeline.audio.mixplan import MixItem, plan_mix
from pipeline.audio.tags import Tags
from pipeline.catalogue import Catalogue
from pipeline.domain import Album, AlbumPlan, Backend, Cover, Key, MixWish, Seed, Track
from pipeline.library import open_library
from pipeline.longmix.gather import sources_of
from pipeline.longmix.make import Press
from pipeline.longmix.portraits import Portraits
from pipeline.roles import Painting
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.shelf.album_folder import COVER, COVER_FOR_TAGS, PLAN, THUMBNAIL
from pipeline.steps.mix import blend
from pipeline.workers import Workers

RATE = 32_000
SIDE = 300

ALBUMS = {
    "Rain On Tin": ("Gutter Song", "Slow Drops", "Dry Socks"),
    "Returned Books": ("Reading Lamp", "Quiet Shelves"),
    "The Late Bus": ("Empty Seats", "Last Stop"),
}
SLUGS = ("rain-on-tin", "returned-books", "the-late-bus")
KEYS = ("A minor", "D major", "E minor", "C major", "G major", "D minor", "F major")
SECONDS = (10.5, 11.0, 12.0, 10.7, 11.5, 10.2, 11.2)

PAINTER = "small_label:SmallPainter"


class SmallPainter:
    """Paints one colour all over, small."""

    backend = Backend(name="small painter", version="1", licence="CC0-1.0")

    def paint(self, plan: AlbumPlan, seed: Seed) -> Painting:
        return Painting(_plain(SIDE, SIDE), _plain(72, 128), "nothing", "grey", "There was only one.")


def _plain(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 60, np.uint8)


def music(number: int) -> Clip:
    """Return one of some songs, each in its own key and tempo, as loud as a master."""
    played = song(66 + 3 * number, Key.parse(KEYS[number]), SECONDS[number], number + 1)
    return Clip(np.tanh(played.samples * np.float32(2.4)) * np.float32(0.8), played.rate)


def put_album(
    shelf: Shelf,
    catalogue: Catalogue,
    title: str,
    titles: tuple[str, ...],
    clips: list[Clip],
    by: Backend = papers.BAND,
    formats: tuple[str, ...] = ("flac", "m4a"),
) -> Album:
    """Put a finished album on the shelf, its takes and tracks as they were given, and enter it."""
    paper = papers.plan(title, titles)
    asked = papers.brief(theme=f"the theme of {title}", tracks=len(titles))
    folder = shelf.begin(title, lambda slug: papers.project(slug, paper, asked))
    with folder.hold():
        album = _finished(folder, paper, asked, clips, by, formats)
    catalogue.enter(album)
    return album


def _finished(
    folder: AlbumFolder, paper: AlbumPlan, asked: Any, clips: list[Clip], by: Backend, formats: tuple[str, ...]
) -> Album:
    folder.put(papers.project(folder.slug, paper, asked), PLAN)
    takes = tuple(papers.put_take(folder, order).but(backend=by) for order in papers.orders(paper))
    album = papers.released(folder, paper, asked, takes)
    for name in (COVER, COVER_FOR_TAGS, THUMBNAIL):
        with folder.writing(name) as temp:
            Image.fromarray(_plain(SIDE, SIDE)).save(temp, "PNG" if name == COVER else "JPEG")
    tracks = tuple(_with_sound(folder, track, clip) for track, clip in zip(album.tracks, clips, strict=True))
    rate = tracks[0].rate
    tags = Tags(title=paper.title, artist="Offline Studio Band", album=paper.title)
    if {(track.rate, clip.channels) for track, clip in zip(tracks, clips, strict=True)} == {(rate, 2)}:
        items = [
            MixItem(path=folder.path(track.files[0].path), frames=track.frames, rate=rate, title=track.title)
            for track in tracks
        ]
        mix = blend(folder, plan_mix(items, 3.0), tags, {}, formats)  # type: ignore[arg-type]
    else:
        mix = album.mix
    cover: Cover = album.cover.but(files=tuple(folder.record(name) for name in (COVER, COVER_FOR_TAGS, THUMBNAIL)))
    album = album.but(tracks=tracks, cover=cover, mix=mix)
    folder.write_manifest(album)
    return album


def _with_sound(folder: AlbumFolder, track: Track, clip: Clip) -> Track:
    path = track.files[0].path
    with folder.writing(path) as temp:
        tags = Tags(title=track.title, artist="Offline Studio Band", album="x")
        encode(pieces(clip)() if clip.channels == 2 else [], clip.rate, {"flac": temp}, tags)
        if clip.channels == 1:  # what the label masters is stereo; a library may hold what came from elsewhere
            soundfile.write(temp, clip.samples, clip.rate, format="FLAC", subtype="PCM_24")
    return track.but(files=(folder.record(path),), frames=clip.frames, rate=clip.rate)


@dataclass(frozen=True)
class Heard:
    """What a run reported and noted."""

    reported: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SmallLabel:
    """An open library, and one worker to make mixes of it with."""

    shelf: Shelf
    catalogue: Catalogue
    press: Press
    heard: Heard

    def wish(self, *albums: str, **changes: Any) -> MixWish:
        """Wish for a mix of these albums, or of all; short crossfades, FLAC alone."""
        plain: dict[str, Any] = {
            "hours": None, "arc": "wave", "repeats": False, "crossfade": 3.0, "match": False, "formats": ("flac",),
            "title": "A Long Night", "artist": None,
        }  # fmt: skip
        return MixWish(sources=sources_of(self.shelf, albums or SLUGS), **{**plain, **changes})


@contextmanager
def small_label(root: Path, cache: Path, workers: Workers) -> Iterator[SmallLabel]:
    """Open a library."""
    heard = Heard()
    with open_library(Settings(library=root)) as (shelf, catalogue):
        press = Press(
            shelf,
            catalogue,
            workers,
            Portraits(cache, workers),
            SmallPainter(),
            lambda what, *_: heard.reported.append(what),
            heard.notes.append,
        )
        yield SmallLabel(shelf, catalogue, press, heard)


def lofi_here(library: Path, cache: Path, *words: str, **more: str) -> Result:
    """Run `lofi` in this process, with one worker and the small painter; what it raises is in the result."""
    settings = {"LOFI_WORKERS": "1", "LOFI_CACHE": str(cache), "LOFI_PAINTER": PAINTER}
    given = {**dict.fromkeys(name for name in os.environ if name.startswith("LOFI_")), **settings, **more}
    verb, *rest = words
    return CliRunner().invoke(lofi, [verb, "--library", str(library), *rest], env=given, standalone_mode=False)


def build(root: Path) -> None:
    """Make the three albums in an empty library."""
    with open_library(Settings(library=root)) as (shelf, catalogue):
        number = 0
        for title, titles in ALBUMS.items():
            clips = [music(number + n) for n in range(len(titles))]
            number += len(titles)
            put_album(shelf, catalogue, title, titles, clips)


def copied(library: Path, to: Path) -> Path:
    """Copy a library, to be changed."""
    shutil.copytree(library, to)
    return to


def files_below(root: Path) -> dict[str, tuple[int, int]]:
    """Return every file of a library but the catalogue's and locks, with what changes when it is written again."""
    return {
        str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith(("catalogue.db", ".lock", ".catalogue"))
    }
