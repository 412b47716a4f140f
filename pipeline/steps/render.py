"""Render: one take on the shelf and in the ledger, never paid for twice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from pipeline.catalogue.rows import Kind
from pipeline.domain import RenderOrder, Take, TrackPlan, derive_seed
from pipeline.errors import LofiError, OutOfMemory, Stopped
from pipeline.roles import Ear
from pipeline.steps.performance import hearing, perform
from pipeline.steps.progress import Progress
from pipeline.steps.session import Session


def order_take(session: Session, track: TrackPlan, index: int) -> RenderOrder:
    """Return the order for one take: its seed depends on the brief's seed, the track and the index alone."""
    seed = derive_seed(session.brief.seed, "track", track.number, "take", index)
    return RenderOrder(track=track, index=index, seed=seed)


def render_take(session: Session, track: TrackPlan, index: int) -> Take:
    """Return the take, rendering it only if no earlier run finished it."""
    (take,) = _takes(session, [order_take(session, track, index)])
    return take


def with_sound(session: Session, take: Take) -> Take:
    """Return a take whose sound is on the shelf: one that was pruned is rendered again, most likely to the byte."""
    if session.folder.pruned_take(take.order) is None:
        return take
    with session.batching:
        return _render(session, [take.order])


def render_track(session: Session, track: TrackPlan) -> tuple[Take, ...]:
    """Return every take that the brief, or somebody at review, asks for of one track."""
    return _takes(session, _orders(session, track))


def _orders(session: Session, track: TrackPlan) -> list[RenderOrder]:
    count = max(session.brief.takes, dict(session.edits.counts).get(track.number, 0))
    return [order_take(session, track, index) for index in range(1, count + 1)]


def _takes(session: Session, orders: Sequence[RenderOrder]) -> tuple[Take, ...]:
    """Return the takes that answer the orders, rendering those no earlier run or batch has finished."""
    most = session.label.studio.musician.batch
    found = []
    # One track at a time: whoever comes next finds what was rendered ahead for them, and hears what was too much. All
    # its takes in one turn, or it would wait for the next track's batch to be given what is there already.
    with session.batching if most > 1 else nullcontext():
        for order in orders:
            kept = _on_shelf(session, order)
            take = kept or _render(session, _batch(session, order, min(most, session.largest_batch)))
            again = ", kept from an earlier run" if kept and take.sha256 not in session.rendered else ""
            session.report(Progress("render", f"{_name(session, order)}{again}", order.track.number))
            found.append(take)
    return tuple(found)


def _on_shelf(session: Session, order: RenderOrder) -> Take | None:
    """Return the take that answers an order, also one whose sound was pruned: it was paid for."""
    return session.folder.find_take(order) or session.folder.pruned_take(order)


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
            if order != first and order not in session.failed and _on_shelf(session, order) is None:
                batch.append(order)
    return batch


def _render(session: Session, orders: Sequence[RenderOrder]) -> Take:
    """Render a batch in a worker, with entries in the ledger from its start to its end; return its first take.

    What fails of the others is asked for again when its turn comes. Raises what the first one failed with.
    """
    label, folder = session.label, session.folder
    musician, judge = label.studio.musician, label.studio.judge
    entries: list[int] = []

    def begin() -> None:
        for order in orders:
            kind: Kind = "asked" if order.index <= session.brief.takes else "reroll"
            entries.append(
                label.catalogue.begin_render(session.project.slug, order, kind, musician.backend, label.run_id)
            )

    def report(order: RenderOrder, share: float) -> None:
        session.report(Progress("render", _name(session, order), order.track.number, share))

    try:
        outcomes = label.crew.run(
            "musician",
            perform,
            [(order, folder.take_files(order)) for order in orders],
            musician,
            judge if isinstance(judge, Ear) else None,
            starting=begin,
            hearing=hearing(orders, report),
        )
    except BaseException as error:
        if isinstance(error, OutOfMemory):
            # Too much at once: whoever tries again asks for less.
            session.largest_batch = max(1, len(orders) // 2)
        for entry, order in zip(entries, orders, strict=False):
            # A process that died in the middle of a batch has finished what stands on the shelf.
            _settle(session, entry, folder.find_take(order) or error)
        raise
    for entry, order, outcome in zip(entries, orders, outcomes, strict=True):
        _settle(session, entry, outcome)
        if isinstance(outcome, LofiError):
            report(order, 0.0)
            if not isinstance(outcome, Stopped):
                session.failed.append(order)
    if isinstance(outcomes[0], OutOfMemory):
        label.crew.make_room("musician")
    if isinstance(outcomes[0], LofiError):
        raise outcomes[0]
    return outcomes[0]


def _settle(session: Session, entry: int, outcome: Take | BaseException) -> None:
    """Write down in the ledger what became of a render: only what the musician failed at has failed."""
    if isinstance(outcome, Take):
        session.label.catalogue.end_render(entry, "finished", outcome.seconds)
        session.rendered.add(outcome.sha256)
        return
    failed = isinstance(outcome, LofiError) and not isinstance(outcome, Stopped)
    session.label.catalogue.end_render(entry, "failed" if failed else "interrupted", 0.0)


def _name(session: Session, order: RenderOrder) -> str:
    return f"take {order.index} of {session.called(order.track)}"
