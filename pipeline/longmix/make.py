"""A long mix, start to finish, or from where an interrupted run left it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.audio.mixplan import MixPlan
from pipeline.audio.tags import Tags
from pipeline.catalogue import Catalogue
from pipeline.domain import Album, Backend, Cover, LongMix, Mix, MixProject, MixWish, Slug, derive_seed
from pipeline.domain.brief import Format
from pipeline.errors import Damaged
from pipeline.longmix.gather import Candidate, gather
from pipeline.longmix.portraits import Portraits
from pipeline.longmix.programme import mix_plan, write_programme
from pipeline.longmix.write import Report, write
from pipeline.roles import Painter
from pipeline.shelf import MixFolder, Shelf
from pipeline.shelf.album_folder import COVER_RECORD, MANIFEST, PLAN
from pipeline.shelf.mix_folder import SOUND_RECORD
from pipeline.steps.cover import paint
from pipeline.steps.credits import LABEL, mixed
from pipeline.steps.resume import digest, resume
from pipeline.workers import Workers

_BYTES: Mapping[Format, int] = {"mp3": 40_000, "m4a": 33_000, "opus": 22_000}
"""Bytes a second of the lossy formats, at most."""

_PICTURES = 20_000_000


@dataclass(frozen=True)
class Press:
    """What a long mix is made with."""

    shelf: Shelf
    catalogue: Catalogue
    workers: Workers
    portraits: Portraits
    painter: Painter
    report: Report
    note: Callable[[str], None]
    """Is told, in a sentence, what a person should know."""


def find_mix(shelf: Shelf, wish: MixWish) -> tuple[MixFolder, MixProject] | None:
    """Return the mix that an earlier run began, or finished, for the very same wish."""
    for folder in shelf.mixes():
        with suppress(Damaged):
            project = folder.peek(PLAN, MixProject)
            if project is not None and project.wish == wish:
                return folder, project
    return None


def finished_mix(shelf: Shelf, wish: MixWish) -> LongMix | None:
    """Return the mix that was made for this very wish, if all its files are whole."""
    found = find_mix(shelf, wish)
    if found is None or not found[0].is_complete():
        return None
    try:
        return found[0].read_whole()
    except Damaged:
        return None


def make_mix(press: Press, wish: MixWish) -> LongMix:
    """Make the mix that is wished for, or finish the one an earlier run began.

    Raises BadBrief for too few tracks, Damaged for one that is not as recorded, DiskFull before anything is written
    where there is no room, Held when another process is making it, and whatever a step raises.
    """
    found = find_mix(press.shelf, wish)
    folder, project = found if found is not None else begin(press, wish)
    with folder.hold():
        try:
            return _finish(press, folder, project)
        except KeyboardInterrupt:
            # Whoever still writes the mix is waited for while it is held: the next run finds all that was written.
            press.workers.stop()
            press.workers.close()
            raise


def begin(press: Press, wish: MixWish) -> tuple[MixFolder, MixProject]:
    """Choose and order the tracks, and put the mix on paper, unless another run has done so meanwhile."""
    project = plan(press, wish)
    found = find_mix(press.shelf, wish)
    if found is not None:
        return found
    press.shelf.require_room(room_needed(project))
    folder = press.shelf.begin_mix(project.title, lambda slug: project.but(slug=slug))
    return folder, project.but(slug=folder.slug)


def plan(press: Press, wish: MixWish) -> MixProject:
    """Return the mix on paper, under a slug that is not its own yet; writes nothing but what was measured."""
    candidates, left_out = gather(press.shelf, wish.sources, press.portraits, press.report)
    for said in left_out:
        press.note(said)
    press.report("Ordering", 0, 1)
    rate, tracks, planned = write_programme(candidates, wish, press.shelf)
    press.report("Ordering", 1, 1)
    return MixProject(
        slug="a-mix",
        wish=wish,
        title=wish.title or title_of(wish, candidates),
        artist=wish.artist or _artist(candidates),
        year=datetime.now(UTC).year,
        rate=rate,
        tracks=tracks,
        joints=planned.joints,
        cover_seed=derive_seed(int(wish.digest()[:15], 16), "cover"),
    )


def title_of(wish: MixWish, candidates: Sequence[Candidate]) -> str:
    """Return the title of a mix that nobody gave one: its albums' and how long it is."""
    titles = list(dict.fromkeys(candidate.album.plan.title for candidate in candidates))
    many = f"{titles[0]} and {len(titles) - 1} more albums"
    named = titles[0] if len(titles) == 1 else " and ".join(titles) if len(titles) == 2 else many
    hours = "in one piece" if wish.hours is None else f"{wish.hours:g} hour{'' if wish.hours == 1 else 's'}"
    whole = f"{named}, {hours}"
    return whole if len(whole) <= _LINE else f"{many[: _LINE - len(hours) - 3]}…, {hours}"


_LINE = 120


def _artist(candidates: Sequence[Candidate]) -> str:
    artists = {candidate.album.by or LABEL for candidate in candidates}
    return artists.pop() if len(artists) == 1 else LABEL


def room_needed(project: MixProject) -> int:
    """Return the bytes that a mix takes at most. Its FLAC holds what the tracks' own hold."""
    seconds = sum(track.frames for track in project.tracks) / project.rate
    lossless = sum(track.file.bytes * project.rate / track.rate for track in project.tracks)
    each = {"flac": 1.1 * lossless, "wav": seconds * project.rate * 6}
    return round(sum(each.get(form, seconds * _BYTES.get(form, 0)) for form in project.wish.formats)) + _PICTURES


def _finish(press: Press, folder: MixFolder, project: MixProject) -> LongMix:
    shelf = press.shelf
    albums = {source.album: shelf.album(source.album).read_manifest() for source in project.wish.sources}
    for source in project.wish.sources:
        if not shelf.album(source.album).has_hash(MANIFEST, source.manifest):
            raise Damaged(
                f"The album {source.album} was made anew since “{project.title}” was begun.",
                f"Move {folder.folder} away, and make the mix again.",
            )
    cover = _paint(press, folder, project, albums)
    planned = mix_plan(project, shelf)
    tags = Tags(
        title=project.title,
        artist=project.artist,
        album=project.title,
        date=str(project.year),
        comment=mixed(by for track in project.tracks for by in makers(albums[track.album], track.number)),
    )
    mix = resume(
        folder,
        SOUND_RECORD,
        Mix,
        digest(project, cover, tags),
        lambda: _write(press, folder, project, planned, tags),
        files=lambda made: made.files,
    )
    if folder.begun is not None:
        folder.begun.unlink()
    made = LongMix(slug=folder.slug, project=project, cover=cover, mix=mix)
    folder.write_manifest(made)
    press.catalogue.enter_mix(made, datetime.now(UTC))
    return made


def _write(press: Press, folder: MixFolder, project: MixProject, planned: MixPlan, tags: Tags) -> Mix:
    """Write the mix, once its tracks are known to be those that were planned, and the disk to have room."""
    for album, file in dict.fromkeys((track.album, track.file) for track in project.tracks):
        press.shelf.album(album).verify(file)
    press.shelf.require_room(room_needed(project))
    return write(press.workers, folder, project, planned, tags, press.report, press.note)


def makers(album: Album, number: int) -> tuple[Backend, ...]:
    """Return who made what is heard in a track."""
    track = next(track for track in album.tracks if track.number == number)
    take = next(t for t in album.takes if (t.order.track.number, t.order.index) == (number, track.take))
    around = [loop.backend for loop in album.loops if loop.order.ambience == track.ambience]
    return (take.backend, *around)


def _paint(press: Press, folder: MixFolder, project: MixProject, albums: Mapping[Slug, Album]) -> Cover:
    """Paint the mix a cover of its own, in the manner of the album that it opens with."""
    painted = albums[project.tracks[0].album].plan.but(title=project.title)
    press.report("Painting", 0, 1)
    cover = resume(
        folder,
        COVER_RECORD,
        Cover,
        digest(painted, project.cover_seed, press.painter.backend),
        lambda: press.workers.run(paint, folder, painted, project.cover_seed, press.painter),
        files=lambda made: made.files,
    )
    press.report("Painting", 1, 1)
    return cover
