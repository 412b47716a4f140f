"""Ambience: the loops that lie under an album's tracks, one for each ambience of the plan."""

from __future__ import annotations

import numpy as np

from pipeline.audio.encode import write_take
from pipeline.audio.loudness import rms
from pipeline.domain import FileRecord, Loop, LoopOrder, Seconds, derive_seed
from pipeline.errors import BackendFailed, LofiError, Stopped
from pipeline.roles import Ambience, Looping
from pipeline.shelf import AlbumFolder
from pipeline.shelf.atomic import hash_file, sync_file
from pipeline.steps.again import kept_loop
from pipeline.steps.progress import Progress
from pipeline.steps.resume import Finished, digest, resume
from pipeline.steps.session import Session

LENGTH: Seconds = 20.0
"""Seconds of a loop: long enough that nobody hears it come round under music."""

SILENT = -60.0
"""dBFS at which a loop is no sound."""


def wanted_ambiences(session: Session) -> tuple[str, ...]:
    """Return what is to be laid under the album's tracks: nothing where the studio has no part for it."""
    return () if session.label.studio.ambience is None else session.project.plan.ambiences


def order_loop(session: Session, ambience: str) -> LoopOrder:
    """Return the order for a loop: its seed depends on the brief's seed and the ambience alone."""
    return LoopOrder(ambience=ambience, seconds=LENGTH, seed=derive_seed(session.brief.seed, "ambience", ambience))


def render_loop(session: Session, ambience: str) -> Loop:
    """Return the loop, rendering it only if no earlier run finished it."""
    folder, catalogue, slug = session.folder, session.label.catalogue, session.project.slug
    if (kept := kept_loop(session, ambience)) is not None:
        return kept
    part, order = session.label.studio.ambience, order_loop(session, ambience)
    assert part is not None
    number = session.project.plan.ambiences.index(ambience) + 1
    loop = resume(
        folder,
        folder.loop_record_path(number),
        Loop,
        digest(order, part.backend),
        lambda: _render(session, order, number, part),
        files=lambda made: () if made.file is None else (made.file,),
    )
    catalogue.settle_loop(slug, number, loop)
    session.report(Progress("ambience", f"{ambience}: {loop.prompt}"))
    return loop


def _render(session: Session, order: LoopOrder, number: int, part: Ambience) -> Loop:
    """Render in a worker, with an entry in the ledger from its start to its end."""
    label, entries = session.label, list[int]()

    def begin() -> None:
        entries.append(label.catalogue.begin_loop(session.project.slug, number, order, part.backend, label.run_id))

    folder = session.folder
    path, record = folder.loop_path(number, order.ambience), folder.loop_record_path(number)
    try:
        loop = label.crew.run("ambience", perform, folder, path, record, order, part, starting=begin)
    except BaseException as error:
        for entry in entries:
            label.catalogue.end_render(entry, "failed" if _failed(error) else "interrupted", 0.0)
        raise
    for entry in entries:
        label.catalogue.end_render(entry, "finished", order.seconds)
    return loop


def _failed(error: BaseException) -> bool:
    return isinstance(error, LofiError) and not isinstance(error, Stopped)


def perform(folder: AlbumFolder, path: str, record: str, order: LoopOrder, part: Ambience) -> Loop:
    """Render in a worker process and put the loop on the shelf, with the record that `resume` looks for.

    Raises BackendFailed when there is nothing to hear.
    """
    made = audible_loop(order, part)
    with folder.writing(path) as temp:
        write_take(temp, made.clip)
        sync_file(temp)
        sha256, size = hash_file(temp)
        file = FileRecord(path=path, sha256=sha256, bytes=size)
        loop = Loop(order=order, prompt=made.prompt, backend=part.backend, file=file)
        # Before it has its name: whoever finds the loop knows what it is, and nobody pays for it again.
        folder.put(Finished[Loop](made_from=digest(order, part.backend), made=loop), record)
    return loop


def audible_loop(order: LoopOrder, part: Ambience) -> Looping:
    """Return what a part makes of an order, nowhere over full scale. Raises BackendFailed for silence or no numbers."""
    made = part.loop(order.ambience, order.seconds, order.seed)
    samples = made.clip.samples
    if not np.isfinite(samples).all() or rms(samples) <= SILENT:
        raise BackendFailed(f"{part.backend.name} gave no sound of {order.ambience!r}.", "Use another ambience.")
    # How loud a loop is makes no difference under a track.
    return Looping(made.clip.within_full_scale(), made.prompt)
