"""Judge: one verdict on one take."""

from __future__ import annotations

from pipeline.audio.decode import decode
from pipeline.domain import Take, Verdict
from pipeline.roles import Judge
from pipeline.shelf import AlbumFolder
from pipeline.steps.progress import Progress
from pipeline.steps.render import with_sound
from pipeline.steps.resume import Finished, digest, resume
from pipeline.steps.session import Session


def judge_take(session: Session, take: Take) -> Verdict:
    """Return the verdict, judging only a take that has none yet."""
    folder, judge = session.folder, session.label.studio.judge
    record = folder.verdict_path(take.order.track.number, take.order.index)
    verdict = _remembered(session, take, record)
    if verdict is None:
        take = with_sound(session, take)
        verdict = resume(
            folder,
            record,
            Verdict,
            digest(take.sha256, judge.backend),
            lambda: session.label.crew.run("judge", listen, folder, take, judge),
        )
    session.label.catalogue.record_take(session.project.slug, take, verdict)
    said = "rejected" if not verdict.passed else f"{verdict.total:.2f}"
    track = take.order.track
    session.report(Progress("judge", f"take {take.order.index} of {session.called(track)}: {said}", track.number))
    return verdict


def _remembered(session: Session, take: Take, record: str) -> Verdict | None:
    """Return what was said of a take whose sound was pruned, whoever judges today: it cannot be heard again."""
    if session.folder.pruned_take(take.order) is None:
        return None
    found = session.folder.get(record, Finished[Verdict])
    if found is not None:
        return found.made
    before = () if session.before is None else zip(session.before.takes, session.before.verdicts, strict=True)
    return next((verdict for made, verdict in before if made.sha256 == take.sha256), None)


def judge_track(session: Session, takes: tuple[Take, ...]) -> tuple[Verdict, ...]:
    """Judge every take of one track."""
    return tuple(judge_take(session, take) for take in takes)


def listen(folder: AlbumFolder, take: Take, judge: Judge) -> Verdict:
    """Decode and judge in a worker process."""
    return judge.judge(decode(folder.path(take.path)), take.order.track)
