"""Cover: a picture for the album, its small copy for tags, and the thumbnail."""

from __future__ import annotations

from PIL import Image

from pipeline.domain import AlbumPlan, Brief, Cover, Seed, derive_seed
from pipeline.roles import Painter
from pipeline.shelf.album_folder import COVER, COVER_FOR_TAGS, COVER_RECORD, THUMBNAIL
from pipeline.shelf.folder import Folder
from pipeline.steps.again import kept_cover
from pipeline.steps.progress import Progress
from pipeline.steps.resume import digest, resume
from pipeline.steps.session import Session

TAG_SIDE = 1400
"""Pixels a side of the pictures inside audio files: what stores ask for at least, at a size players load at once."""

TAG_QUALITY = 88
"""Of those JPEGs."""


def cover_seed(brief: Brief, another: int = 0) -> Seed:
    """Return the seed of all that is painted for an album, or for the `another`th time that people asked for it."""
    return derive_seed(brief.seed, "cover", *([another] if another else []))


def paint_cover(session: Session) -> Cover:
    """Return the cover, painting it only if no earlier run finished it."""
    if (kept := kept_cover(session)) is not None:
        return kept
    project, painter = session.project, session.label.studio.painter
    seed = cover_seed(project.brief, session.edits.cover)
    cover = resume(
        session.folder,
        COVER_RECORD,
        Cover,
        digest(session.plan, seed, painter.backend),
        lambda: session.label.crew.run("painter", paint, session.folder, session.plan, seed, painter),
        files=lambda made: made.files,
    )
    session.report(Progress("cover", f"{cover.scene}, {cover.palette}: {cover.why}"))
    return cover


def paint(folder: Folder, plan: AlbumPlan, seed: int, painter: Painter) -> Cover:
    """Paint and save in a worker process."""
    painting = painter.paint(plan, seed)
    picture = Image.fromarray(painting.cover)
    small = picture.resize((TAG_SIDE, TAG_SIDE), Image.Resampling.LANCZOS)
    with folder.writing(COVER) as temp:
        # The grain cannot be compressed, so a high level only costs time.
        picture.save(temp, "PNG", compress_level=1)
    with folder.writing(COVER_FOR_TAGS) as temp:
        small.save(temp, "JPEG", quality=TAG_QUALITY)
    with folder.writing(THUMBNAIL) as temp:
        Image.fromarray(painting.thumbnail).save(temp, "JPEG", quality=90)
    return Cover(
        painter=painter.backend,
        seed=seed,
        scene=painting.scene,
        palette=painting.palette,
        why=painting.why,
        files=tuple(folder.record(name) for name in (COVER, COVER_FOR_TAGS, THUMBNAIL)),
    )
