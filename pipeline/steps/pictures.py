"""Pictures: one for every track, in the colours of the cover, for the track's own files."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from pipeline.domain import AlbumPlan, Brief, Picture, Pictures
from pipeline.errors import BackendUnavailable
from pipeline.roles import Illustrator, Painter
from pipeline.shelf import AlbumFolder
from pipeline.shelf.album_folder import PICTURES_RECORD
from pipeline.steps.again import kept_pictures
from pipeline.steps.choose import Choice
from pipeline.steps.cover import TAG_QUALITY, TAG_SIDE, cover_seed
from pipeline.steps.progress import Progress
from pipeline.steps.resume import digest, resume
from pipeline.steps.session import Session


def require_illustrator(brief: Brief, painter: Painter) -> None:
    """Raise BackendUnavailable when the brief asks for pictures that the painter cannot paint."""
    if brief.pictures and not isinstance(painter, Illustrator):
        raise BackendUnavailable(
            f"The {painter.backend.name} paints covers alone, and no pictures of tracks.",
            "Leave --pictures out, or choose a painter that can: --painter offline.",
        )


def paint_pictures(session: Session, choices: Sequence[Choice]) -> Pictures:
    """Return the pictures of the tracks, painted for the titles they got, unless an earlier run finished them."""
    painter, seed = session.label.studio.painter, cover_seed(session.brief, session.edits.cover)
    assert isinstance(painter, Illustrator)  # else nothing was begun
    in_plan = sorted(choices, key=lambda choice: choice.track.number)
    plan = session.plan.but(tracks=tuple(choice.track for choice in in_plan))
    if (kept := kept_pictures(session, plan)) is not None:
        return kept
    made = resume(
        session.folder,
        PICTURES_RECORD,
        Pictures,
        digest(plan, seed, painter.backend),
        lambda: session.label.crew.run("painter", illustrate, session.folder, plan, seed, painter),
        files=lambda made: [picture.file for picture in made.pictures],
    )
    for picture in made.pictures:
        session.report(Progress("pictures", f"{picture.scene}, {picture.palette}", picture.track))
    return made


def illustrate(folder: AlbumFolder, plan: AlbumPlan, seed: int, painter: Illustrator) -> Pictures:
    """Paint and save in a worker process, one large picture in memory at a time."""
    pictures = []
    for painted in painter.illustrate(plan, seed, TAG_SIDE):
        path = folder.picture_path(painted.track)
        with folder.writing(path) as temp:
            Image.fromarray(painted.picture).save(temp, "JPEG", quality=TAG_QUALITY)
        pictures.append(
            Picture(
                track=painted.track,
                painted_for=painted.painted_for,
                scene=painted.scene,
                palette=painted.palette,
                likeness=tuple(round(value, 4) for value in painted.likeness),
                file=folder.record(path),
            )
        )
    return Pictures(painter=painter.backend, seed=seed, pictures=tuple(sorted(pictures, key=lambda made: made.track)))
