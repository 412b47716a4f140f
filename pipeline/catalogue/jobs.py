"""What was ordered in the review room, and how far it is: kept, so that a restart loses no order.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.catalogue.tables import jobs
from pipeline.domain import Slug
from pipeline.domain.noun import Noun
from pipeline.errors import ShelfError

JobKind = Literal["album", "clip", "changes"]
JobState = Literal["waiting", "working", "done", "failed", "stopped"]
Option = str | int | float | bool | None


class Job(Noun):
    """An order: an album, a clip, or the changes decided on an album. `files` are the clips it made, by name."""

    id: int = 0
    kind: JobKind
    words: str
    wanted: dict[str, Option]
    author: str
    time: datetime
    state: JobState = "waiting"
    said: str = ""
    share: float = 0.0
    album: Slug | None = None
    files: tuple[str, ...] = ()


def add(connection: Connection, job: Job) -> Job:
    """Keep an order; return it with its number. The same changes that wait already are not ordered twice."""
    if job.kind == "changes":
        same = (jobs.c.kind == job.kind, jobs.c.words == job.words, jobs.c.state == "waiting")
        row = connection.execute(select(jobs).where(*same)).mappings().first()
        if row is not None:
            return _job(row)
    values = {**job.model_dump(exclude={"id", "wanted", "files"})}
    values |= {"wanted": json.dumps(job.wanted), "files": json.dumps(job.files)}
    number = connection.execute(insert(jobs).values(**values).returning(jobs.c.id)).scalar_one()
    return job.but(id=number)


def change(connection: Connection, number: int, **values: object) -> None:
    """Change what is known of an order: what it said, its share, its album. Its state is another's: see `move`."""
    connection.execute(update(jobs).where(jobs.c.id == number).values(**values))


def move(connection: Connection, number: int, states: Sequence[JobState], state: JobState, **values: object) -> bool:
    """Bring an order that is in one of `states` into another; return whether it was, and change nothing if not.

    Of all that look at one order at the same moment, in whichever process, one alone moves it.
    """
    if "files" in values:
        values["files"] = json.dumps(values["files"])
    here = update(jobs).where(jobs.c.id == number, jobs.c.state.in_(states))
    return connection.execute(here.values(state=state, **values)).rowcount == 1


def one(connection: Connection, number: int) -> Job:
    """Return an order. Raises ShelfError where there is none."""
    row = connection.execute(select(jobs).where(jobs.c.id == number)).mappings().first()
    if row is None:
        raise ShelfError(f"There is no order {number}.", "Load the page again.")
    return _job(row)


def newest(connection: Connection, limit: int) -> list[Job]:
    """Return the newest orders, the newest first."""
    query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    return [_job(row) for row in connection.execute(query).mappings()]


def open_ones(connection: Connection) -> list[Job]:
    """Return what is still to be made, or was being made when the room was closed, the oldest first."""
    query = select(jobs).where(jobs.c.state.in_(["waiting", "working"])).order_by(jobs.c.id)
    return [_job(row) for row in connection.execute(query).mappings()]


def _job(row: RowMapping) -> Job:
    values = dict(row)
    values |= {"wanted": json.loads(row["wanted"]), "files": json.loads(row["files"])}
    return Job.model_validate(values)
