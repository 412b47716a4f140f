"""Titles: each title of the plan goes to the chosen take it fits best, where the judge can hear words in sounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.audio.decode import decode
from pipeline.domain import TitleMatch
from pipeline.roles import Matcher
from pipeline.shelf import AlbumFolder
from pipeline.shelf.album_folder import TITLES_RECORD
from pipeline.steps.again import kept_titles
from pipeline.steps.choose import Choice
from pipeline.steps.progress import Progress
from pipeline.steps.resume import digest, resume
from pipeline.steps.session import Session


def match_titles(session: Session, choices: Sequence[Choice]) -> TitleMatch | None:
    """Return which title each chosen take gets, or None where the judge is no Matcher and every title stays.

    The takes keep the plans they were made from; only what is made of them bears the titles.
    """
    folder, judge = session.folder, session.label.studio.judge
    if session.before is not None:
        return session.before.titles  # handed out once: what nobody touched keeps its name
    if not isinstance(judge, Matcher):
        return None
    titles = tuple(choice.take.order.track.title for choice in choices)
    paths = tuple(choice.take.path for choice in choices)

    def match() -> TitleMatch:
        similar = session.label.crew.run("judge", hear, folder, paths, titles, judge)
        return TitleMatch(
            judge=judge.backend,
            titles=titles,
            matrix=tuple(tuple(round(float(value), 4) for value in row) for row in similar),
            assignment=assign(similar),
        )

    made_from = digest(judge.backend, *titles, *(choice.take.sha256 for choice in choices))
    found = resume(folder, TITLES_RECORD, TitleMatch, made_from, match)
    moved = sum(place != index for index, place in enumerate(found.assignment))
    session.report(Progress("titles", f"{moved} of {len(titles)} went to another track, which they fit better"))
    return found


def entitled(session: Session, choices: Sequence[Choice], found: TitleMatch | None) -> tuple[Choice, ...]:
    """Return the choices with their titles, in the order of the album; what people called them comes first."""
    if found is not None:
        choices = [
            choice.but(title=found.titles[place]) for choice, place in zip(choices, found.assignment, strict=True)
        ]
    given = kept_titles(session)
    named = {choice.track.number: choice.but(title=given.get(choice.track.number, choice.title)) for choice in choices}
    placed = enumerate(session.edits.ordered(session.project.plan), 1)
    return tuple(named[number] if number == place else named[number].but(position=place) for place, number in placed)


def hear(folder: AlbumFolder, paths: Sequence[str], titles: Sequence[str], judge: Matcher) -> NDArray[np.float32]:
    """Match in a worker process, one take in memory at a time; return the similarities, [takes, titles]."""
    rows = [judge.match([decode(folder.path(path))], titles) for path in paths]
    # What is not a number fits nothing.
    return np.nan_to_num(np.concatenate(rows), nan=-1.0, posinf=-1.0, neginf=-1.0)


def assign(similar: NDArray[np.float32]) -> tuple[int, ...]:
    """Return for each row the column it gets, so that the similarities given are the most in total."""
    _, columns = linear_sum_assignment(similar, maximize=True)
    return tuple(int(column) for column in columns)
