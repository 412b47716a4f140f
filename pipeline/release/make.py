"""Release what was approved: into a kit for one platform, and into the catalogue."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pipeline.catalogue import Catalogue
from pipeline.catalogue.rows import AlbumRow, MixRow
from pipeline.domain import Album, FileRecord, LongMix, Sha256, Slug
from pipeline.domain.kit import Kit, KitFile, Platform
from pipeline.errors import Damaged, NotApproved, NotForSale, Stale
from pipeline.kit.licences_page import refusal
from pipeline.release.contents import Part, contents
from pipeline.release.describe import album_work, mix_work
from pipeline.release.job import Job
from pipeline.release.podcast import Podcast, update_feed
from pipeline.shelf import AlbumFolder, MixFolder, Shelf
from pipeline.shelf.album_folder import MANIFEST
from pipeline.shelf.folder import Folder
from pipeline.shelf.kit_folder import KIT_MANIFEST
from pipeline.steps.again import require_made
from pipeline.steps.resume import digest, resume

CHECKSUMS = "SHA256SUMS"
_RECORDS = ".records"
_NAMED = 3
"""Assets named in the error that refuses a commercial release; LICENCES.md of another kit has all."""

_FILM_BYTES = 110_000
"""Bytes a second of a film, at most: 77,000 were seen."""
_TEXTS = 5_000_000


@dataclass(frozen=True)
class Desk:
    """What a release is made with: `author` answers for it, `now` is when, `podcast` what the feed says of itself."""

    shelf: Shelf
    catalogue: Catalogue
    author: str
    now: datetime
    disclosed: bool
    podcast: Podcast | None
    report: Callable[[str, float], None]
    """Is told which file is being made, and how much of it."""


def decide(desk: Desk, folder: AlbumFolder | MixFolder, *, approved: bool, note: str = "") -> Sha256:
    """Enter a person's word on the very version that is on the shelf now, and return that version.

    Raises Damaged unless all its files are whole, NotApproved where changes decided on it are not made, and Stale where
    the catalogue knows another version.
    """
    if approved:
        whole = folder.read_whole()
        if isinstance(whole, Album):
            require_made(whole, desk.catalogue)
    version = folder.record(folder.manifest).sha256
    desk.catalogue.decide(folder.slug, version, "approved" if approved else "rejected", desk.author, note)
    return version


def release(desk: Desk, folder: AlbumFolder | MixFolder, platform: Platform, *, commercial: bool) -> tuple[Kit, Folder]:
    """Make the kit, or return the one that was made of this version, and where it is.

    Raises NotApproved for a work, or an album heard in it, that nobody approved in this very version; Stale for a mix
    of an album that is another by now; NotForSale, naming each asset, where a commercial release would break a
    licence; Damaged, DiskFull, Held, and what encoding raises.
    """
    job = _job(desk, folder, platform, commercial=commercial)
    _require_approval(desk, job)
    if commercial:
        _require_rights(job)
    kits = desk.shelf.kits(platform)
    kit = _there(kits.kit(folder.slug), job)
    if kit is None:
        desk.shelf.require_room(_room_needed(job))
        with kits.building(folder.slug) as workshop:
            kit = _build(desk, job, workshop)
    # Also for a kit that is there: a run may have been killed before the catalogue heard of it.
    if not _is_entered(desk, job):
        desk.catalogue.decide(folder.slug, job.version, "released", desk.author, platform)
    if desk.podcast is not None:
        update_feed(kits, desk.podcast, _rejected(desk))
    return kit, kits.kit(folder.slug)


def _rejected(desk: Desk) -> set[Sha256]:
    """Return every version of a work that was rejected, and of mixes with such a version of an album in them.

    What is made anew after that is another version: it says nothing for the one that was released.
    """
    last = {made.version: made.decision for made in desk.catalogue.review.verdicts()}
    rejected = {version for version, decision in last.items() if decision == "rejected"}
    for folder in desk.shelf.mixes():
        with suppress(Damaged):  # what cannot be read says nothing against itself
            mix = folder.read_manifest()
            if any(source.manifest in rejected for source in mix.project.wish.sources):
                rejected.add(mix.digest())
    return rejected


def _is_entered(desk: Desk, job: Job) -> bool:
    """Whether the catalogue has this release, and nothing was decided since but other releases."""
    for made in reversed(desk.catalogue.decisions(job.work.name)):
        if made.decision != "released":
            return False
        if (made.version, made.note) == (job.version, job.platform):
            return True
    return False


def _released(desk: Desk, job: Job) -> datetime:
    """Return when this version was first released there: a kit that is built again is no newer episode."""
    made = desk.catalogue.decisions(job.work.name)
    first = (d.time for d in made if (d.decision, d.version, d.note) == ("released", job.version, job.platform))
    return next(first, desk.now)


def _job(desk: Desk, folder: AlbumFolder | MixFolder, platform: Platform, *, commercial: bool) -> Job:
    made: Album | LongMix = folder.read_whole()
    version = folder.record(folder.manifest).sha256
    if isinstance(made, Album):
        work = album_work(made, version, disclosed=desk.disclosed)
    else:
        work = mix_work(made, desk.shelf, disclosed=desk.disclosed)
    return Job(work, made, version, folder, platform, commercial)


def _require_approval(desk: Desk, job: Job) -> None:
    known: dict[Slug, AlbumRow | MixRow] = {row.slug: row for row in desk.catalogue.albums()}
    known |= {row.slug: row for row in desk.catalogue.mixes()}
    wanted: list[tuple[Slug, Sha256]] = []
    if isinstance(job.made, LongMix):
        heard = {track.album for track in job.made.project.tracks}
        sources = [source for source in job.made.project.wish.sources if source.album in heard]
        wanted = [(source.album, source.manifest) for source in sources]
        changed = [slug for slug, version in wanted if not desk.shelf.album(slug).has_hash(MANIFEST, version)]
        if changed:
            raise Stale(
                f"{', '.join(changed)} changed since {job.work.name} was made of it.",
                "Make the mix again with `lofi mix`, and release that.",
            )
    found = [(slug, _obstacle(desk, slug, known.get(slug), version)) for slug, version in [*wanted, _self(job)]]
    refused = {slug: why for slug, why in found if why is not None}
    if refused:
        said = ", ".join(f"{slug} ({why})" for slug, why in refused.items())
        raise NotApproved(
            f"Not approved in this version: {said}. Only what a person approved is released.",
            f"Listen to it, then: lofi approve {next(iter(refused))}",
        )


def _self(job: Job) -> tuple[Slug, Sha256]:
    return job.work.name, job.version


def _obstacle(desk: Desk, slug: Slug, row: AlbumRow | MixRow | None, version: Sha256) -> str | None:
    """Say why a version of a work may not leave, or return None where a person approved it."""
    if row is None or row.manifest is None:
        return "not in the catalogue"
    if row.manifest != version:
        return f"version {version[:12]}, and the catalogue has {row.manifest[:12]}: `lofi reindex` reads it again"
    if row.status in ("approved", "released"):
        return None
    said = row.status.replace("_", " ")
    decided = desk.catalogue.decisions(slug)
    if row.status == "rejected" and decided and decided[-1].note:
        return f"{said} by {decided[-1].author}: {decided[-1].note}"
    before = [made.version for made in decided if made.decision == "approved" and made.version != version]
    return f"{said}: version {before[-1][:12]} was approved, and this is {version[:12]}" if before else said


def _require_rights(job: Job) -> None:
    reasons = refusal(job.work.assets)
    if reasons:
        more = f" and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
        raise NotForSale(
            f"“{job.work.called}” may not be sold: {'; '.join(reasons[:_NAMED])}{more}.",
            "Release it without --commercial, where that is allowed, or make it with parts that may be sold.",
        )


def _there(folder: Folder, job: Job) -> Kit | None:
    """Return the kit that was made of this very version, if it is whole."""
    try:
        kit = folder.peek(KIT_MANIFEST, Kit)
    except Damaged:
        return None
    wanted = (job.version, job.commercial, job.work.disclosed)
    if kit is None or (kit.manifest, kit.commercial, kit.disclosed) != wanted:
        return None
    return kit if all(folder.matches(part.file) for part in kit.files) else None


def _build(desk: Desk, job: Job, workshop: Folder) -> Kit:
    made: list[KitFile] = []
    for part in contents(job):
        file = resume(
            workshop,
            f"{_RECORDS}/{part.path}.json",
            FileRecord,
            digest(job.work, job.version, part.path),
            lambda part=part: _make(desk, part, workshop),  # type: ignore[misc]
            files=lambda made: (made,),
        )
        made.append(KitFile(file=file, sources=part.sources))
    sums = "".join(f"{part.file.sha256}  {part.file.path}\n" for part in made)
    workshop.write_text(CHECKSUMS, sums)
    made.append(KitFile(file=workshop.record(CHECKSUMS), sources=()))
    kit = Kit(
        work=job.work.name,
        kind=job.work.kind,
        manifest=job.version,
        platform=job.platform,
        commercial=job.commercial,
        disclosed=job.work.disclosed,
        title=job.work.called,
        seconds=job.work.seconds,
        released=_released(desk, job),
        files=tuple(made),
    )
    workshop.put(kit, KIT_MANIFEST)
    _clear(workshop, {KIT_MANIFEST, *(part.file.path for part in made)})
    return kit


def _clear(workshop: Folder, kept: set[str]) -> None:
    """Remove what the kit was made with, and what an interrupted release of another version left."""
    shutil.rmtree(workshop.folder / _RECORDS, ignore_errors=True)
    for place in sorted(workshop.folder.rglob("*"), reverse=True):
        if place.is_dir() and not place.is_symlink():
            with suppress(OSError):  # it holds what is kept
                place.rmdir()
        elif place.relative_to(workshop.folder).as_posix() not in kept:
            place.unlink()


def _make(desk: Desk, part: Part, workshop: Folder) -> FileRecord:
    desk.report(part.path, 0.0)
    with workshop.writing(part.path) as temp:
        part.make(temp, workshop, lambda share: desk.report(part.path, share))
    desk.report(part.path, 1.0)
    return workshop.record(part.path)


def _room_needed(job: Job) -> int:
    copied = sum(file.bytes for file in job.made.files() if isinstance(file, FileRecord))
    seconds = job.work.seconds
    most = {"youtube": seconds * _FILM_BYTES, "podcast": 2 * seconds * 40_000, "spotify": copied, "files": copied}
    return round(most[job.platform]) + _TEXTS
