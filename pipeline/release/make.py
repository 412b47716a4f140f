"""Release what was approved: into a kit for one platform, and into the catalogue."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.catalogue import Catalogue
from pipeline.catalogue.rows import AlbumRow, MixRow
from pipeline.domain import Album, FileRecord, LongMix, Sha256, Slug
from pipeline.domain.kit import Kit, KitFile, Platform
from pipeline.errors import NotApproved, NotForSale
from pipeline.kit.licences_page import refusal
from pipeline.release.contents import Part, contents
from pipeline.release.describe import album_work, mix_work
from pipeline.release.job import Job
from pipeline.release.podcast import Podcast, update_feed
from pipeline.shelf import AlbumFolder, MixFolder, Shelf
from pipeline.shelf.album_folder import MANIFEST
from pipeline.shelf.folder import Folder
from pipeline.shelf.kit_folder import KIT_MANIFEST
from pipeline.steps.resume import digest, resume

CHECKSUMS = "SHA256SUMS"
_RECORDS = ".records"
_NAMED = 3
"""Assets named in the error that refuses a commercial release; LICENCES.md of another kit has all."""

_FILM_BYTES = 60_000
"""Bytes a second of a film, at most."""
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


def approve(desk: Desk, folder: AlbumFolder | MixFolder, *, approved: bool, note: str = "") -> Sha256:
    """Enter a person's word on the very version that is on the shelf now, and return that version.

    Raises Damaged unless all its files are whole, and Stale where the catalogue knows another version.
    """
    if approved:
        folder.verify_all(folder.read_manifest())  # type: ignore[arg-type]
    version = folder.record(folder.manifest).sha256
    desk.catalogue.decide(folder.slug, version, "approved" if approved else "rejected", desk.author, note)
    return version


def release(desk: Desk, folder: AlbumFolder | MixFolder, platform: Platform, *, commercial: bool) -> tuple[Kit, Folder]:
    """Make the kit, or return the one that was made of this version, and where it is.

    Raises NotApproved for a work, or an album in it, that nobody approved in this very version; NotForSale, naming
    each asset, where a commercial release would break a licence; Damaged, DiskFull, Held, and what encoding raises.
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
    if not any(d.decision == "released" and d.version == job.version for d in desk.catalogue.decisions(folder.slug)):
        desk.catalogue.decide(folder.slug, job.version, "released", desk.author, platform)
    if desk.podcast is not None:
        update_feed(kits, desk.podcast)
    return kit, kits.kit(folder.slug)


def _job(desk: Desk, folder: AlbumFolder | MixFolder, platform: Platform, *, commercial: bool) -> Job:
    made: Album | LongMix = folder.read_manifest()
    folder.verify_all(made)  # type: ignore[arg-type]
    version = folder.record(folder.manifest).sha256
    if isinstance(made, Album):
        work = album_work(made, version, disclosed=desk.disclosed)
    else:
        work = mix_work(made, desk.shelf, disclosed=desk.disclosed)
    return Job(work, made, version, folder, platform, commercial)


def _require_approval(desk: Desk, job: Job) -> None:
    known: dict[Slug, AlbumRow | MixRow] = {row.slug: row for row in desk.catalogue.albums()}
    known |= {row.slug: row for row in desk.catalogue.mixes()}
    wanted: list[tuple[Slug, Sha256]] = [(job.work.name, job.version)]
    if isinstance(job.made, LongMix):
        wanted += [(source.album, source.manifest) for source in job.made.project.wish.sources]
    refused = []
    for slug, version in wanted:
        row = known.get(slug)
        album = desk.shelf.album(slug)
        changed = slug != job.work.name and not album.has_hash(MANIFEST, version)
        if row is None or row.manifest != version or changed:
            refused.append(f"{slug} (was changed since the mix was made)" if slug != job.work.name else slug)
        elif row.status not in ("approved", "released"):
            refused.append(f"{slug} ({row.status.replace('_', ' ')})")
    if refused:
        raise NotApproved(
            f"Not approved in this version: {', '.join(refused)}. Only what a person approved is released.",
            f"Listen to it, then: lofi approve {refused[0].partition(' ')[0]}",
        )


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
    kit = folder.peek(KIT_MANIFEST, Kit) if folder.path(KIT_MANIFEST).is_file() else None
    same = kit is not None and (kit.manifest, kit.commercial) == (job.version, job.commercial)
    return kit if kit is not None and same and all(folder.matches(part.file) for part in kit.files) else None


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
        title=job.work.called,
        seconds=job.work.seconds,
        released=desk.now,
        files=tuple(made),
    )
    shutil.rmtree(workshop.folder / _RECORDS, ignore_errors=True)
    for kept in workshop.folder.glob(".whole.*"):
        kept.unlink()
    workshop.put(kit, KIT_MANIFEST)
    return kit


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
