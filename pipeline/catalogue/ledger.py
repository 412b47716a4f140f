"""The ledger of renders: what was started, what came of it, and what an album has cost.

Every function works inside the caller's transaction. Rows are added and settled, never removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from pipeline.catalogue.rows import Kind, Outcome
from pipeline.catalogue.tables import renders
from pipeline.domain import Album, Backend, LoopOrder, RenderOrder, Seconds, Seed, Slug, Spend


class Slot(NamedTuple):
    """Which of an album's renders: a take of a track, or, as track 0, one of its loops of ambience."""

    track: int
    take: int
    seed: Seed

    @classmethod
    def of_take(cls, order: RenderOrder) -> Slot:
        """Return that of a take."""
        return cls(order.track.number, order.index, order.seed)

    @classmethod
    def of_loop(cls, number: int, order: LoopOrder) -> Slot:
        """Return that of the `number`th ambience of the plan."""
        return cls(0, number, order.seed)


def begin(
    connection: Connection, slug: Slug, slot: Slot, *, kind: Kind, backend: Backend, run: str, now: datetime
) -> int:
    """Write down a render before it starts; return its number."""
    row = insert(renders).values(
        album=slug,
        **slot._asdict(),
        kind=kind,
        backend=_credit(backend),
        started=now,
        outcome="started",
        seconds=0.0,
        run=run,
        pid=os.getpid(),
    )
    return int(connection.execute(row.returning(renders.c.id)).scalar_one())


def end(connection: Connection, number: int, outcome: Outcome, seconds: Seconds, now: datetime) -> None:
    """Settle a render; one that is settled already stays as it is."""
    connection.execute(
        update(renders)
        .where(renders.c.id == number, renders.c.outcome == "started")
        .values(outcome=outcome, seconds=seconds, finished=now)
    )


def interrupt(connection: Connection, slug: Slug, living_run: str | None, now: datetime) -> int:
    """Settle what dead runs left started; return how many there were."""
    lost = and_(renders.c.album == slug, renders.c.outcome == "started")
    if living_run is not None:
        lost = and_(lost, renders.c.run != living_run)
    return connection.execute(update(renders).where(lost).values(outcome="interrupted", finished=now)).rowcount


def settle(connection: Connection, slug: Slug, slot: Slot, seconds: Seconds, now: datetime) -> None:
    """Count a render whose `seconds` of audio are on the shelf as finished, once.

    A run killed between shelf and ledger leaves its render started, and a later run counts it as interrupted;
    yet it was finished, and is never paid for again.
    """
    same = _same(slug, slot)
    finished = select(renders.c.id).where(same, renders.c.outcome == "finished").limit(1)
    if connection.execute(finished).first() is not None:
        return
    last = select(func.max(renders.c.id)).where(same, renders.c.outcome.in_(["started", "interrupted"]))
    connection.execute(
        update(renders)
        .where(renders.c.id == last.scalar_subquery())
        .values(outcome="finished", seconds=seconds, finished=now)
    )


def restore(connection: Connection, album: Album) -> None:
    """Settle the renders that a manifest proves, and add those the ledger, lost or salvaged in part, does not have."""
    for slot, kind, backend, seconds in _proved(album):
        settle(connection, album.slug, slot, seconds, album.run.finished)
        if connection.execute(select(renders.c.id).where(_same(album.slug, slot)).limit(1)).first() is None:
            connection.execute(
                insert(renders).values(
                    album=album.slug,
                    **slot._asdict(),
                    kind=kind,
                    backend=_credit(backend),
                    started=album.run.started,
                    finished=album.run.finished,
                    outcome="finished",
                    seconds=seconds,
                    run=album.run.id,
                    pid=0,
                )
            )


def _proved(album: Album) -> Iterator[tuple[Slot, Kind, Backend, Seconds]]:
    """Yield every render that a manifest shows to have been finished."""
    for take in album.takes:
        kind: Kind = "asked" if take.order.index <= album.brief.takes else "reroll"
        yield Slot.of_take(take.order), kind, take.backend, take.seconds
    loops = {loop.order.ambience: loop for loop in album.loops}
    for number, ambience in enumerate(album.plan.ambiences, 1):
        if loop := loops.get(ambience):
            yield Slot.of_loop(number, loop.order), "loop", loop.backend, loop.order.seconds


def spend(connection: Connection, slug: Slug) -> Spend:
    """Add up an album: every start counts once, under `interrupted` when no take came of it."""
    counts = {"asked": 0, "reroll": 0, "loop": 0, "interrupted": 0}
    seconds = 0.0
    rows = select(renders.c.kind, renders.c.outcome, renders.c.seconds).where(renders.c.album == slug)
    for kind, outcome, length in connection.execute(rows.order_by(renders.c.id)):
        counts["interrupted" if outcome in ("interrupted", "failed") else kind] += 1
        seconds += length if outcome == "finished" else 0.0
    return Spend(
        asked=counts["asked"],
        rerolls=counts["reroll"],
        interrupted=counts["interrupted"],
        seconds=seconds,
        loops=counts["loop"],
    )


def _credit(backend: Backend) -> str:
    """Return who rendered, with which models, each with the licence that what it makes stands under."""
    parts = [f"{backend.name} {backend.version}, {backend.licence}"]
    parts += [f"{model.name}@{model.revision or model.sha256[:12]}, {model.licence}" for model in backend.weights]
    return "; ".join(parts)


def _same(slug: Slug, slot: Slot) -> ColumnElement[bool]:
    return and_(
        renders.c.album == slug,
        renders.c.track == slot.track,
        renders.c.take == slot.take,
        renders.c.seed == slot.seed,
    )
