"""A track for the radio, from its order to a mastered file, in one call of a worker process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.audio.clip import Clip
from pipeline.audio.effects.chain import Effects
from pipeline.audio.encode import write_take
from pipeline.audio.master import master
from pipeline.audio.portrait import Portrait, portrait
from pipeline.domain import AlbumPlan, Backend, FileRecord, RenderOrder, derive_seed
from pipeline.domain.course import Course
from pipeline.domain.noun import Noun
from pipeline.errors import BackendFailed, LofiError
from pipeline.roles import Booth, Judge, Musician, Named
from pipeline.shelf.folder import Folder
from pipeline.steps.credits import LABEL
from pipeline.workers import stopping

POLITE = 10
"""How much the renders give way to the sound that is on the air; see setpriority(2)."""


class Ordered(NamedTuple):
    """A track that is wanted: `name` is that of its files, `album` the plan it comes from, with no other track."""

    name: str
    course: Course
    order: RenderOrder
    album: AlbumPlan


class Fresh(Noun):
    """A track that was rendered for the radio: its file, and what is known of it."""

    name: str
    course: Course
    artist: str
    order: RenderOrder
    backend: Backend
    file: FileRecord
    portrait: Portrait

    @property
    def title(self) -> str:
        """What it is called on the air."""
        return self.order.track.title


def render_for_air(
    wanted: Sequence[Ordered], musician: Musician, judge: Judge, effects: Effects, folder: Folder
) -> list[Fresh | LofiError]:
    """Render, judge, master and measure tracks, each on the disk as soon as it is whole; return what became of each.

    A take that fails a gate of the judge is a BackendFailed that says which. Raises BackendUnavailable where nothing
    can be rendered at all.
    """
    give_way()
    clips = musician.render([each.order for each in wanted], Booth(stopping=stopping))
    outcomes: list[Fresh | LofiError] = []
    for each, rendering in zip(wanted, clips, strict=False):
        if isinstance(rendering, LofiError):
            outcomes.append(rendering)
            continue
        try:
            outcomes.append(_finished(each, rendering.clip, musician, judge, effects, folder))
        except LofiError as error:
            outcomes.append(error)
    missing = [BackendFailed(f"{musician.backend.name} gave nothing for it.") for _ in wanted[len(outcomes) :]]
    return [*outcomes, *missing]


def _finished(wanted: Ordered, clip: Clip, musician: Musician, judge: Judge, effects: Effects, folder: Folder) -> Fresh:
    order = wanted.order
    verdict = judge.judge(clip, order.track)
    failed = next((gate for gate in verdict.gates if not gate.passed), None)
    if failed is not None:
        raise BackendFailed(f"A take of “{order.track.title}” is no good: {failed.reason}")
    finished = master(clip, effects, derive_seed(order.seed, "effects"))
    sound = f"{wanted.name}.flac"
    with folder.writing(sound) as temp:
        write_take(temp, finished)
    track = Fresh(
        name=wanted.name,
        course=wanted.course,
        artist=musician.artist if isinstance(musician, Named) else LABEL,
        order=order,
        backend=musician.backend,
        file=folder.record(sound),
        portrait=portrait(finished),
    )
    # Here and not by whoever ordered it: a batch that is ended half-way keeps what is whole of it.
    folder.put(track, f"{wanted.name}.json")
    return track


def give_way() -> None:
    """Let this worker give way, for good: only a privileged process could take that back."""
    if hasattr(os, "setpriority") and os.getpriority(os.PRIO_PROCESS, 0) < POLITE:
        os.setpriority(os.PRIO_PROCESS, 0, POLITE)
