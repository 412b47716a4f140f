"""Release: the companion files, the manifest, and the album in the catalogue as a draft for review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.domain import UNTOUCHED, Album, Cover, Loop, Mix, Pictures, Run, TitleMatch, Track
from pipeline.steps.choose import Choice
from pipeline.steps.credits import artist
from pipeline.steps.progress import Progress
from pipeline.steps.session import Session


def release_album(
    session: Session,
    choices: Sequence[Choice],
    tracks: Sequence[Track],
    cover: Cover,
    mix: Mix,
    run: Run,
    titles: TitleMatch | None = None,
    loops: Sequence[Loop] = (),
    pictures: Pictures | None = None,
    without: Sequence[str] = (),
) -> Album:
    """Write album.json, last of all the album's files, and enter the album in the catalogue.

    `without` says what was asked for and could not be had.
    """
    project, edits = session.project, session.edits
    in_plan = sorted(choices, key=lambda choice: choice.track.number)
    album = Album(
        slug=project.slug,
        brief=project.brief,
        plan=session.plan,
        writer=project.writer,
        production=project.production,
        notes=project.notes,
        takes=tuple(take for choice in in_plan for take in choice.takes),
        verdicts=tuple(verdict for choice in in_plan for verdict in choice.verdicts),
        tracks=tuple(tracks),
        titles=titles,
        cover=cover,
        mix=mix,
        run=run.but(finished=datetime.now(UTC)),
        loops=tuple(loops),
        pictures=pictures,
        artist=None if project.production.artist else artist(session),
        without=tuple(without),
        edits=None if edits == UNTOUCHED else edits,
        own_title=None if session.plan.title == project.plan.title else project.plan.title,
    )
    session.folder.write_manifest(album)
    session.label.catalogue.enter(album)
    session.report(Progress("release", f"“{album.plan.title}” is finished: a draft"))
    return album
