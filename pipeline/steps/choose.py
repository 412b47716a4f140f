"""Choose: the best take of every track that is like nothing the label has made before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.audio.embedding import SAME, cosines
from pipeline.audio.fingerprint import NEAR_DUPLICATE, nearest
from pipeline.domain import Take, TrackPlan, Verdict
from pipeline.domain.noun import Noun
from pipeline.errors import NeedsAttention
from pipeline.steps.again import kept_takes
from pipeline.steps.judge import judge_take
from pipeline.steps.progress import Progress
from pipeline.steps.render import render_take, with_sound
from pipeline.steps.session import Session


class Choice(Noun):
    """The take chosen for a track, why, and all the takes it was chosen from."""

    take: Take
    verdict: Verdict
    why: str
    takes: tuple[Take, ...]
    verdicts: tuple[Verdict, ...]
    title: str | None = None
    """The title it got by listening or from a person, where it is not left to the plan."""
    position: int | None = None
    """Where it comes on the album, where people moved it away from its number."""

    @property
    def place(self) -> int:
        """Where it comes on the album, from 1."""
        return self.take.order.track.number if self.position is None else self.position

    @property
    def track(self) -> TrackPlan:
        """The track it becomes: the one it was ordered for, under the title it got."""
        planned = self.take.order.track
        return planned if self.title is None else planned.but(title=self.title)


@dataclass(frozen=True)
class Known:
    """A track there is already: what it is called for a person, and what tells whether another is the same."""

    name: str
    fingerprint: str
    embedding: str | None
    embedder: str | None


def choose_takes(
    session: Session, takes: Sequence[tuple[Take, ...]], verdicts: Sequence[tuple[Verdict, ...]]
) -> tuple[Choice, ...]:
    """Choose one take a track, in track order, ordering more takes where none will do.

    What a person chose stands, and what they refused is out, whatever the judge says of it.

    Track order makes the choice the same however the renders were scheduled: each track is compared with the
    ones chosen before it and with every released or drafted track of the catalogue.
    """
    known = [
        Known(f"“{made.title}” of {made.slug}", made.fingerprint, made.embedding, made.embedder)
        for made in session.label.catalogue.fingerprints(excluding=session.project.slug)
    ]
    choices = []
    failed: NeedsAttention | None = None
    settled = kept_takes(session)
    for heard, judged in zip(takes, verdicts, strict=True):
        try:
            wanted = settled.get(heard[0].order.track.number)
            choice = _audible(session, _choose(session, list(heard), list(judged), known, wanted))
        except NeedsAttention as error:
            # The other tracks are still chosen, so that a person sees all that needs attention at once.
            failed = failed or error
            continue
        verdict, track = choice.verdict, choice.track
        # By its number, for its title may yet go to another track.
        known.append(Known(f"track {track.number}", choice.take.fingerprint, verdict.embedding, verdict.embedder))
        session.report(Progress("choose", f"{session.called(track)}: {choice.why}", track.number))
        choices.append(choice)
    if failed is not None:
        session.label.catalogue.needs_attention(session.project.slug, failed.message)
        raise failed
    return tuple(choices)


def _choose(
    session: Session, takes: list[Take], verdicts: list[Verdict], known: Sequence[Known], wanted: int | None
) -> Choice:
    track = takes[0].order.track
    while len(takes) < dict(session.edits.counts).get(track.number, 0):  # asked for while the others were rendered
        _one_more(session, takes, verdicts)
    if wanted is not None:
        return _settled(session, takes, verdicts, wanted)
    out = session.edits.refused_of(track.number)
    refused: dict[int, str] = {index - 1: "rejected at review" for index in out}
    # What a person threw out is not held against the judge.
    allowed = session.brief.takes + session.label.settings.rerolls + len(out)
    while True:
        ranking = sorted(
            (i for i, verdict in enumerate(verdicts) if verdict.passed and i not in refused),
            key=lambda i: (-(verdicts[i].total or 0.0), i),
        )
        for place in ranking:
            twin = _twin(takes[place], verdicts[place], known)
            if twin is None:
                why = _why(verdicts, ranking, place, refused)
                return Choice(
                    take=takes[place], verdict=verdicts[place], why=why, takes=tuple(takes), verdicts=tuple(verdicts)
                )
            refused[place] = twin
        for index, verdict in enumerate(verdicts):
            if not verdict.passed:
                refused[index] = "; ".join(gate.reason for gate in verdict.gates if not gate.passed) or "no score"
        if len(takes) >= allowed:
            raise NeedsAttention(
                f"Track {track.number} needs attention: {len(takes)} takes of {track.seconds:.0f} s were rendered and "
                f"none will do ({_list(refused)}).",
                f"Allow more with LOFI_REROLLS={session.label.settings.rerolls * 2 or 4} and run the same command "
                "again: every finished take is kept. Or make another album with another --seed.",
            )
        _one_more(session, takes, verdicts)


def _settled(session: Session, takes: list[Take], verdicts: list[Verdict], wanted: int) -> Choice:
    """Return the choice of a take that is settled, which may be one that an earlier run ordered beyond the brief."""
    while len(takes) < wanted:
        _one_more(session, takes, verdicts)
    take, verdict = takes[wanted - 1], verdicts[wanted - 1]
    if not verdict.passed:
        failed = "; ".join(gate.reason for gate in verdict.gates if not gate.passed) or "it has no score"
        raise NeedsAttention(
            f"No track can be made of take {wanted} of track {take.order.track.number}, chosen at review: {failed}.",
            "Choose another take of it in `lofi review`, or undo that; then make the changes again.",
        )
    kept = {} if session.before is None else {(made.number, made.take): made.why for made in session.before.tracks}
    total = "no score" if verdict.total is None else f"{verdict.total:.3f}"
    # Approved as it was, a track is the same file as before.
    why = kept.get((take.order.track.number, wanted), f"{total}, chosen at review")
    return Choice(take=take, verdict=verdict, why=why, takes=tuple(takes), verdicts=tuple(verdicts))


def _audible(session: Session, choice: Choice) -> Choice:
    """Return the choice with its sound on the shelf: a take that was pruned is rendered again now that it is wanted."""
    take = with_sound(session, choice.take)
    if take == choice.take:
        return choice
    place, verdict = choice.takes.index(choice.take), judge_take(session, take)
    if not verdict.passed:
        raise NeedsAttention(
            f"Take {take.order.index} of track {take.order.track.number} was pruned; rendered again it will not do.",
            "Choose another take of it in `lofi review`, then make the changes again.",
        )
    takes = (*choice.takes[:place], take, *choice.takes[place + 1 :])
    verdicts = (*choice.verdicts[:place], verdict, *choice.verdicts[place + 1 :])
    return choice.but(take=take, verdict=verdict, takes=takes, verdicts=verdicts)


def _one_more(session: Session, takes: list[Take], verdicts: list[Verdict]) -> None:
    takes.append(render_take(session, takes[0].order.track, len(takes) + 1))
    verdicts.append(judge_take(session, takes[-1]))


def _twin(take: Take, verdict: Verdict, known: Sequence[Known]) -> str | None:
    """Say what this take is a near-duplicate of, if anything: note for note, or to the ear of the judge's model."""
    if not known:
        return None
    index, similarity = nearest(take.fingerprint, [track.fingerprint for track in known])
    if similarity >= NEAR_DUPLICATE:
        return f"{similarity:.0%} like {known[index].name}"
    if verdict.embedding is None:
        return None
    # What another model heard lies in another space, and says nothing here.
    heard = [(track.name, track.embedding) for track in known if track.embedding and track.embedder == verdict.embedder]
    alike = cosines(verdict.embedding, [embedding for _, embedding in heard])
    if len(alike) and alike.max() >= SAME:
        return f"to the judge's model {alike.max():.1%} like {heard[int(np.argmax(alike))][0]}"
    return None


def _why(verdicts: Sequence[Verdict], ranking: Sequence[int], place: int, refused: dict[int, str]) -> str:
    """Say in one sentence why this take was chosen, with the figures."""
    total = verdicts[place].total or 0.0
    others = [i for i in ranking if i != place and i not in refused]
    if others:
        rival = verdicts[others[0]]
        said = (
            f"{total:.3f}, ahead of take {others[0] + 1} with {rival.total or 0.0:.3f}{_edge(verdicts[place], rival)}"
        )
    elif len(verdicts) == 1:
        said = f"{total:.3f}, the only take"
    else:
        said = f"{total:.3f}, the only take that will do"
    return said + (f" ({_list(refused)})" if refused else "")


def _edge(winner: Verdict, rival: Verdict) -> str:
    """Say in which score the winner is furthest ahead."""
    theirs = {score.name: score.value for score in rival.scores}
    gains = {score.name: score.weight * (score.value - theirs.get(score.name, 0.0)) for score in winner.scores}
    best = max(gains, key=lambda name: gains[name], default=None)
    return f", mostly for “{best}”" if best is not None and gains[best] > 0 else ""


def _list(refused: dict[int, str]) -> str:
    return ", ".join(f"take {index + 1}: {reason}" for index, reason in sorted(refused.items()))
