"""The ledger of renders: what was started, what came of it, and what an album has cost.

Every function works inside the caller's transaction. Rows are added and settled, never removed.
"""

from __future__ import annotations

import os
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from pipeline.catalogue.rows import Kind, Outcome
from pipeline.catalogue.tables import renders
from pipeline.domain import Album, Backend, RenderOrder, Seconds, Slug, Spend, Take


def begin(
    connection: Connection, slug: Slug, order: RenderOrder, *, kind: Kind, backend: Backend, run: str, now: datetime
) -> int:
    """Write down a render before it starts; return its number."""
    row = insert(renders).values(
        album=slug,
        track=order.track.number,
        take=order.index,
        seed=order.seed,
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


def settle(connection: Connection, slug: Slug, take: Take, now: datetime) -> None:
    """Count a take that is on the shelf as finished, once.

    A run killed between shelf and ledger leaves its render started, and a later run counts it as interrupted;
    yet the take was finished, and is never paid for again.
    """
    same = _same_take(slug, take)
    finished = select(renders.c.id).where(same, renders.c.outcome == "finished").limit(1)
    if connection.execute(finished).first() is not None:
        return
    last = select(func.max(renders.c.id)).where(same, renders.c.outcome.in_(["started", "interrupted"]))
    connection.execute(
        update(renders)
        .where(renders.c.id == last.scalar_subquery())
        .values(outcome="finished", seconds=take.seconds, finished=now)
    )


def restore(connection: Connection, album: Album) -> None:
    """Add the renders that a manifest proves and the ledger, lost or salvaged in part, does not have."""
    for take in album.takes:
        if connection.execute(select(renders.c.id).where(_same_take(album.slug, take)).limit(1)).first() is None:
            connection.execute(
                insert(renders).values(
                    album=album.slug,
                    track=take.order.track.number,
                    take=take.order.index,
                    seed=take.order.seed,
                    kind="asked" if take.order.index <= album.brief.takes else "reroll",
                    backend=_credit(take.backend),
                    started=album.run.started,
                    finished=album.run.finished,
                    outcome="finished",
                    seconds=take.seconds,
                    run=album.run.id,
                    pid=0,
                )
            )


def spend(connection: Connection, slug: Slug) -> Spend:
    """Add up an album: every start counts once, under `interrupted` when no take came of it."""
    counts = {"asked": 0, "reroll": 0, "interrupted": 0}
    seconds = 0.0
    rows = select(renders.c.kind, renders.c.outcome, renders.c.seconds).where(renders.c.album == slug)
    for kind, outcome, length in connection.execute(rows.order_by(renders.c.id)):
        counts["interrupted" if outcome in ("interrupted", "failed") else kind] += 1
        seconds += length if outcome == "finished" else 0.0
    return Spend(asked=counts["asked"], rerolls=counts["reroll"], interrupted=counts["interrupted"], seconds=seconds)


def _credit(backend: Backend) -> str:
    """Return who rendered, with which models, each with the licence that what it makes stands under."""
    parts = [f"{backend.name} {backend.version}, {backend.licence}"]
    parts += [f"{model.name}@{model.revision or model.sha256[:12]}, {model.licence}" for model in backend.weights]
    return "; ".join(parts)


def _same_take(slug: Slug, take: Take) -> ColumnElement[bool]:
    return and_(
        renders.c.album == slug,
        renders.c.track == take.order.track.number,
        renders.c.take == take.order.index,
        renders.c.seed == take.order.seed,
    )
