"""Render: one take on the shelf and in the ledger, never paid for twice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from pipeline.audio.encode import write_take
from pipeline.audio.fingerprint import fingerprint
from pipeline.catalogue.rows import Kind
from pipeline.domain import Backend, RenderOrder, Take, TrackPlan, derive_seed
from pipeline.errors import BackendFailed, LofiError, OutOfMemory
from pipeline.roles import Musician, Rendering
from pipeline.shelf import AlbumFolder
from pipeline.steps.session import Progress, Session


def order_take(session: Session, track: TrackPlan, index: int) -> RenderOrder:
    """Return the order for one take: its seed depends on the brief's seed, the track and the index alone."""
    seed = derive_seed(session.brief.seed, "track", track.number, "take", index)
    return RenderOrder(track=track, index=index, seed=seed)


def render_take(session: Session, track: TrackPlan, index: int) -> Take:
    """Return the take, rendering it only if no earlier run finished it."""
    (take,) = _takes(session, [order_take(session, track, index)])
    return take


def render_track(session: Session, track: TrackPlan) -> tuple[Take, ...]:
    """Return every take the brief asks for of one track."""
    return _takes(session, _orders(session, track))


def _orders(session: Session, track: TrackPlan) -> list[RenderOrder]:
    return [order_take(session, track, index) for index in range(1, session.brief.takes + 1)]


def _takes(session: Session, orders: Sequence[RenderOrder]) -> tuple[Take, ...]:
    """Return the takes that answer the orders, rendering those no earlier run or batch has finished."""
    size = min(session.label.studio.musician.batch, session.largest_batch)
    found = []
    for order in orders:
        # One batch at a time: whoever comes next finds what was rendered ahead for them.
        with session.batching if size > 1 else nullcontext():
            kept = session.folder.find_take(order)
            take = kept or _render(session, _batch(session, order, size))
        again = ", kept from an earlier run" if kept and take.sha256 not in session.rendered else ""
        track = order.track
        session.label.report(Progress("render", f"take {order.index} of “{track.title}”{again}", track.number))
        found.append(take)
    return tuple(found)


def _batch(session: Session, first: RenderOrder, size: int) -> list[RenderOrder]:
    """Return an order and what the album will ask for after it, up to `size` that are not on the shelf."""
    batch = [first]
    if size == 1:
        return batch
    tracks = session.project.plan.tracks
    place = first.track.number - 1
    for track in (*tracks[place:], *tracks[:place]):
        for order in _orders(session, track):
            if len(batch) == size:
                return batch
            if order != first and order not in session.failed and session.folder.find_take(order) is None:
                batch.append(order)
    return batch


def _render(session: Session, orders: Sequence[RenderOrder]) -> Take:
    """Render a batch in a worker, with entries in the ledger from its start to its end; return its first take.

    What fails of the others is asked for again when its turn comes. Raises what the first one failed with.
    """
    label, slug = session.label, session.project.slug
    musician = label.studio.musician
    entries: list[int] = []

    def begin() -> None:
        for order in orders:
            kind: Kind = "asked" if order.index <= session.brief.takes else "reroll"
            entries.append(label.catalogue.begin_render(slug, order, kind, musician.backend, label.run_id))

    try:
        outcomes = label.crew.run("musician", perform, session.folder, orders, musician, starting=begin)
    except BaseException as error:
        if isinstance(error, OutOfMemory):
            # Too much at once: whoever tries again asks for less.
            session.largest_batch = max(1, len(orders) // 2)
        for entry, order in zip(entries, orders, strict=False):
            # A process that died in the middle of a batch has finished what stands on the shelf.
            take = session.folder.find_take(order)
            if take is not None:
                label.catalogue.end_render(entry, "finished", take.seconds)
                session.rendered.add(take.sha256)
            else:
                label.catalogue.end_render(entry, "failed" if isinstance(error, LofiError) else "interrupted", 0.0)
        raise
    for entry, order, outcome in zip(entries, orders, outcomes, strict=True):
        if isinstance(outcome, Take):
            label.catalogue.end_render(entry, "finished", outcome.seconds)
            session.rendered.add(outcome.sha256)
        else:
            label.catalogue.end_render(entry, "failed", 0.0)
            session.failed.append(order)
    if isinstance(outcomes[0], OutOfMemory):
        label.crew.make_room("musician")
    if isinstance(outcomes[0], LofiError):
        raise outcomes[0]
    return outcomes[0]


def perform(folder: AlbumFolder, orders: Sequence[RenderOrder], musician: Musician) -> list[Take | LofiError]:
    """Render a batch in a worker process, and put each take on the shelf as soon as it is whole."""
    outcomes: list[Take | LofiError] = []
    for order, rendering in zip(orders, musician.render(orders), strict=False):
        outcomes.append(
            rendering if isinstance(rendering, LofiError) else _keep(folder, order, rendering, musician.backend)
        )
    name = musician.backend.name
    return [*outcomes, *(BackendFailed(f"{name} gave nothing for take {o.index}.") for o in orders[len(outcomes) :])]


def _keep(folder: AlbumFolder, order: RenderOrder, rendering: Rendering, backend: Backend) -> Take:
    clip, codes = rendering.clip, None
    if rendering.codes is not None:
        path = folder.codes_path(order.track.number, order.index)
        with folder.writing(path) as temp, temp.open("wb") as file:
            np.savez_compressed(file, codes=rendering.codes)
        codes = folder.record(path)
    return folder.put_take(
        order,
        backend,
        frames=clip.frames,
        rate=clip.rate,
        fingerprint=fingerprint(clip),
        write=lambda temp: write_take(temp, clip),
        codes=codes,
    )
