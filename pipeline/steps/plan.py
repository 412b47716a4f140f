"""Plan: a brief becomes an album on paper with a folder of its own and titles nobody else can take."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from pipeline.catalogue import Catalogue, TitleTaken
from pipeline.domain import Album, Brief, Production, Project, Slug
from pipeline.errors import BackendFailed, Damaged
from pipeline.roles import Modelled
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.shelf.album_folder import MANIFEST, PLAN
from pipeline.steps.again import changes_waiting
from pipeline.steps.progress import Progress
from pipeline.steps.session import Label

log = logging.getLogger(__name__)

BYTES_A_SECOND = 200_000
"""24-bit stereo FLAC at 44.1 kHz, a little more than lo-fi music has been seen to take."""

PICTURES = 20_000_000
"""Bytes of cover, thumbnail and their temporary copies."""

PICTURE = 2_000_000
"""Bytes of a track's own picture, which is in each of its files as well."""

LOOP = 5_000_000
"""Bytes of a loop of ambience."""


def room_needed(brief: Brief) -> int:
    """Return the bytes an album takes at most: its takes, its tracks in every format, the mix and the pictures."""
    files_a_track = brief.takes + len(brief.formats) + 2
    own_pictures = brief.tracks * (len(brief.formats) + 1) * PICTURE if brief.pictures else 0
    loops = LOOP * brief.tracks if brief.ambience else 0
    return round(brief.tracks * brief.seconds * files_a_track * BYTES_A_SECOND) + PICTURES + own_pictures + loops


def unfinished_project(shelf: Shelf, brief: Brief, *, any_seed: bool = False) -> Project | None:
    """Return the album that an earlier run of this brief left unfinished, if there is one.

    With `any_seed`, a brief that differs only in its seed counts: the person did not choose one.
    """
    for folder in shelf.albums():
        if folder.is_complete():
            continue
        try:
            project = folder.peek(PLAN, Project)  # it may be somebody else's: nothing is moved without its lock
        except Damaged as damage:
            log.warning("%s was passed over: %s", folder.slug, damage.message)
            continue
        if project is not None and project.brief == (brief.but(seed=project.brief.seed) if any_seed else brief):
            return project
    return None


def project_to_change(shelf: Shelf, catalogue: Catalogue, brief: Brief) -> Project | None:
    """Return the plan of this very brief's finished album where people decided on it and its files do not show it."""
    for row in catalogue.albums(brief):
        folder = shelf.album(row.slug)
        if folder.is_complete() and changes_waiting(folder.read_manifest(), catalogue):
            return folder.peek(PLAN, Project)
    return None


def plan_album(label: Label, brief: Brief) -> Project:
    """Write the plan, or return the one that is to be gone on with: unfinished, or finished and decided on since.

    plan.json comes before the reservation, so that a run killed in between is found and goes on; renders come
    after both, so that a plan whose titles were lost to another run can still be put aside.
    """
    for _ in range(5):
        project = unfinished_project(label.shelf, brief) or project_to_change(label.shelf, label.catalogue, brief)
        if project is None:
            # Before anything is spent. An album under way has most of its files already.
            label.shelf.require_room(room_needed(brief))
            project = _write_project(label, brief)
        try:
            label.catalogue.reserve(project.slug, project.brief, project.plan)
        except TitleTaken as taken:
            folder = label.shelf.album(project.slug)
            if folder.begun_by() is not None:
                raise  # it was paid for: people give it another title, nobody plans it anew
            with folder.hold():
                folder.set_aside(PLAN, taken.message)
            continue
        count = len(project.plan.tracks)
        label.report(Progress("plan", f"“{project.plan.title}”, {count} {'track' if count == 1 else 'tracks'}"))
        for note in project.notes:
            label.report(Progress("note", note))
        return project
    raise BackendFailed("Other runs kept taking the titles this album chose.", "Run the same command again.")


def _write_project(label: Label, brief: Brief) -> Project:
    writer = label.studio.writer
    draft = writer.write(brief, label.catalogue.titles())
    standin = label.studio.notes.get("writer")
    notes = (*((standin,) if standin else ()), *draft.notes)
    gently = isinstance(label.studio.musician, Modelled)
    production = production_of(label.settings, datetime.now(UTC), gently=gently)

    def project(slug: Slug) -> Project:
        return Project(
            slug=slug,
            brief=brief,
            writer=draft.backend,
            plan=draft.plan,
            production=production,
            notes=notes,
        )

    return project(label.shelf.begin(draft.plan.title, project).slug)


def production_of(settings: Settings, now: datetime, *, gently: bool = False) -> Production:
    """Return how an album planned `now` is produced: `gently` where a music model plays it."""
    # Here, because it loads scipy: nobody waits for that to hear that an album is made already.
    from pipeline.audio.effects.chain import PRESETS

    effects = PRESETS[settings.effects]
    return Production(
        artist=settings.artist,
        effects=settings.effects,
        chain=(effects.gently() if gently else effects).model_dump(),
        crossfade=settings.crossfade,
        year=now.year,
    )


def finished_album(shelf: Shelf, catalogue: Catalogue, brief: Brief) -> Album | None:
    """Return the album that was made from this very brief, if there is one and all its files are whole.

    It is entered in the catalogue again, in case a run was killed between the two. One that is damaged is opened
    again: its manifest is put aside, and making it goes on with what is whole. Raises Damaged when neither its
    manifest nor its plan can be read.
    """
    for row in catalogue.albums(brief):
        folder = shelf.album(row.slug)
        if not folder.is_complete():
            continue
        try:
            album = folder.read_manifest()
        except Damaged as damage:
            _reopen(folder, brief, damage)
            continue
        try:
            folder.verify_all(album)
        except Damaged as damage:
            with folder.hold():
                _restore_plan(folder, album)
                folder.set_aside(MANIFEST, damage.message)
            continue
        _mend_records(folder, album)
        catalogue.merge(album)
        return album
    return None


def _reopen(folder: AlbumFolder, brief: Brief, damage: Damaged) -> None:
    """Put a manifest that cannot be read aside, so that its album goes on from its plan. Raises Damaged without one."""
    try:
        project = folder.peek(PLAN, Project)
    except Damaged:
        project = None
    if project is None or (project.slug, project.brief) != (folder.slug, brief):
        raise Damaged(
            f"{damage.message} The plan beside it, {PLAN}, is missing or damaged too.",
            f"Put one of the two back from a backup, or move {folder.folder} away and make the album again.",
        ) from damage
    with folder.hold():
        folder.set_aside(MANIFEST, damage.message)


def _restore_plan(folder: AlbumFolder, album: Album) -> None:
    """Write plan.json again, as its holder: the manifest knows all that it held."""
    project = album.project
    if folder.get(PLAN, Project) != project:
        folder.put(project, PLAN)


def _mend_records(folder: AlbumFolder, album: Album) -> None:
    """Make plan.json and the very bytes of album.json what they were when the album was finished."""
    try:
        whole = folder.peek(PLAN, Project) == album.project
    except Damaged:
        whole = False
    if whole and folder.has_hash(MANIFEST, album.digest()):
        return
    with folder.hold():
        _restore_plan(folder, album)
        folder.put(album, MANIFEST)
