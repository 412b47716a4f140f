"""An album, start to finish: the steps in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from pipeline.domain import Album, Brief, Loop, Picture, Pictures, Run, TrackPlan
from pipeline.errors import LofiError
from pipeline.roles import Matcher
from pipeline.steps.again import close_again, reopen
from pipeline.steps.ambience import render_loop, wanted_ambiences
from pipeline.steps.choose import Choice, choose_takes
from pipeline.steps.conductor import Conductor, Watched, without
from pipeline.steps.cover import paint_cover
from pipeline.steps.judge import judge_track
from pipeline.steps.master import master_track, track_names
from pipeline.steps.mix import mix_album
from pipeline.steps.pictures import paint_pictures, require_illustrator
from pipeline.steps.plan import plan_album
from pipeline.steps.rehearse import rehearse_part, settle
from pipeline.steps.release import release_album
from pipeline.steps.render import render_track
from pipeline.steps.session import Label, Session, hold
from pipeline.steps.titles import entitled, match_titles

Flow = Literal["prefect", "plain"]


def make_album(label: Label, brief: Brief, conductor: Conductor, flow: Flow) -> Album:
    """Make the album the brief asks for, or finish the one an earlier run of it began.

    Raises Held when another process is making it, NeedsAttention when a track has no take worth keeping, and
    whatever a step raises; everything finished by then is on the shelf.
    """
    started = datetime.now(UTC)
    require_illustrator(brief, label.studio.painter)
    project = conductor.start("plan", plan_album, label, brief).result()
    with hold(label, project) as session:
        steps = Watched(conductor)
        try:
            return _make(session, steps, flow, started)
        except BaseException as error:
            # Steps that still wait must not begin. What is being rendered is finished and kept, and the album is
            # held until it is.
            label.crew.stop()
            steps.wait()
            if isinstance(error, LofiError):
                close_again(session)
            raise


def _make(session: Session, conductor: Conductor, flow: Flow, started: datetime) -> Album:
    start, tracks, label = conductor.start, session.project.plan.tracks, session.label
    settle(label, {role: start(f"rehearse the {role}", rehearse_part, session, role) for role in label.studio.modelled})
    judge = label.studio.judge
    renders = [start(f"render {_name(session, t)}", render_track, session, t) for t in tracks]
    verdicts = [
        start(f"judge {_name(session, t)}", judge_track, session, r) for t, r in zip(tracks, renders, strict=True)
    ]
    # The pictures of a finished album stay what they are until its takes are chosen again.
    cover = start("cover", paint_cover, session) if session.before is None else None
    loops = {name: start(f"ambience {name}", render_loop, session, name) for name in wanted_ambiences(session)}
    takes, said = [render.result() for render in renders], [verdict.result() for verdict in verdicts]
    decided = session.look_again()  # while it was rendered people heard it; what they say from here on waits
    choices = start("choose", choose_takes, session, takes, said).result()
    match = (
        start("titles", match_titles, session, choices).result()
        if isinstance(judge, Matcher) or session.before
        else None
    )
    choices = entitled(session, choices, match)
    session.track_names = track_names(session, choices)
    reopen(session)
    painted = cover.result() if cover is not None else None
    if painted is None or decided:
        painted = start("cover", paint_cover, session).result()
    missed: list[str] = []
    pictures = _pictures(session, conductor, choices, missed)
    laid = {name: without(loop, f"No “{name}” lies under the tracks", missed) for name, loop in loops.items()}
    masters = [
        start(
            f"master {c.track.number:02d} · {c.track.title}",
            master_track,
            session,
            c,
            painted,
            _under(c, laid),
            _art(c, pictures),
        )
        for c in choices
    ]
    mastered = [master.result() for master in masters]
    kept = tuple(loop for loop in laid.values() if loop is not None)
    mix = start("mix", mix_album, session, mastered, painted, kept).result()
    spend = label.catalogue.spend(session.project.slug)
    run = Run(id=label.run_id, started=started, finished=started, flow=flow, spend=spend)
    lacking = [note for role, note in label.studio.notes.items() if role != "writer"]  # the plan has the writer's
    made = (choices, mastered, painted, mix, run, match, kept, pictures, [*lacking, *missed])
    return start("release", release_album, session, *made).result()


def _pictures(session: Session, conductor: Conductor, choices: Sequence[Choice], missed: list[str]) -> Pictures | None:
    """Have the pictures painted that the brief asks for; `missed` is told which of them there are not."""
    if not session.brief.pictures:
        return None
    made = without(conductor.start("pictures", paint_pictures, session, choices), "The tracks bear the cover", missed)
    bare = [str(choice.track.number) for choice in choices if made and made.of(choice.track.number) is None]
    if bare:
        missed.append(f"No usable picture came of track {', '.join(bare)}: the cover stands in.")
    return made


def _under(choice: Choice, laid: Mapping[str, Loop | None]) -> Loop | None:
    return laid.get(choice.track.ambience or "")


def _art(choice: Choice, pictures: Pictures | None) -> Picture | None:
    return None if pictures is None else pictures.of(choice.track.number)


def _name(session: Session, track: TrackPlan) -> str:
    return f"{track.number:02d}" + ("" if session.retitles else f" · {track.title}")
