"""The night shift as an onlooker sees it: who is on, what is made, what was and why, what comes, and the budgets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

from pipeline.agenda import Programme, read_programme
from pipeline.agenda.programme import GIGABYTE
from pipeline.agenda.reading import FILE
from pipeline.agenda.ticks import next_tick
from pipeline.catalogue import Catalogue
from pipeline.catalogue.shifts import INTERRUPTED, Outcome, Shift, Trigger
from pipeline.domain import Slug
from pipeline.errors import LofiError
from pipeline.library import library_past
from pipeline.prompts import prompts_folder
from pipeline.review.following import Following, followed
from pipeline.review.showing import going_view
from pipeline.review.views import Going, View
from pipeline.shelf import Shelf
from pipeline.shelf.lease import holder_of, is_held

SHOWN = 12
"""Shifts that are listed; those that came to the same for the same reason are one."""
COMING = 5


class Holder(View):
    """Who is on shift: a process, its machine, and since when."""

    pid: int
    host: str
    since: datetime


class ShiftRow(View):
    """What a shift came to; `times` ones in a row that came to the same, of which this is the newest."""

    id: int
    time: datetime
    trigger: Trigger
    theme: str
    album: Slug | None
    title: str | None
    outcome: Outcome
    why: str
    ended: datetime | None
    times: int = 1
    since: datetime


class Budget(View):
    """One limit of the programme: how much of it is used. `share` from 0 to 1; what it is counted in is in `unit`."""

    name: str
    used: float
    limit: float
    unit: str
    share: float


class Night(View):
    """The night shift of one library.

    `programme` is the file that the service follows, where one is on, else that of whoever looks; `wrong` says what is
    wrong with it, where something is.
    """

    on: Holder | None
    working: ShiftRow | None
    going: Going | None
    shifts: tuple[ShiftRow, ...]
    next: tuple[datetime, ...]
    timezone: str
    budgets: tuple[Budget, ...]
    programme: str
    wrong: str


def night_of(shelf: Shelf, catalogue: Catalogue, prompts: Path | None, now: datetime) -> Night:
    """Look at the night shift of a library at a moment; `prompts` are those of whoever looks.

    Raises what the catalogue raises.
    """
    plan = followed(shelf)
    file, wrong = ("", "") if plan is None else (plan.file, plan.wrong)
    programme: Programme | Following | None = plan
    if programme is None:
        file = str((prompts or prompts_folder()) / FILE)
        try:
            programme = read_programme(prompts)
        except LofiError as error:
            wrong = str(error)
    # A worker of somebody's own Prefect is on shift as long as it is at work.
    lease = holder_of(shelf.service) or holder_of(shelf.night_shift)
    titles = {row.slug: row.title for row in catalogue.albums()}
    at_work = is_held(shelf.night_shift)
    rows = list(_rows(_newest(catalogue, at_work), titles))
    working = next((row for row in rows if row.outcome == "working"), None)
    return Night(
        on=None if lease is None else Holder(pid=lease.pid, host=lease.host, since=lease.claimed),
        working=working,
        going=None if working is None else _going(shelf, catalogue, working),
        shifts=tuple(row for row in rows if row is not working)[:SHOWN],
        next=() if programme is None else tuple(islice(_coming(programme, now), COMING)),
        timezone="UTC" if programme is None else programme.schedule.timezone,
        budgets=() if programme is None else _budgets(programme, shelf, catalogue, now),
        programme=file,
        wrong=wrong,
    )


def _newest(catalogue: Catalogue, at_work: bool) -> list[Shift]:
    """Return the newest shifts; one that stands at work though nobody is has been interrupted."""
    found = catalogue.shifts.newest(500)
    if at_work:
        return found
    lost = {"outcome": "interrupted", "why": INTERRUPTED}
    return [shift.but(**lost) if shift.outcome == "working" else shift for shift in found]


def _rows(shifts: list[Shift], titles: dict[Slug, str]) -> Iterator[ShiftRow]:
    """Yield the shifts, with those in a row that came to nothing for one reason as one."""

    def alike(shift: Shift) -> object:
        return (shift.outcome, shift.why) if shift.outcome in ("rested", "coalesced") else shift.id

    for _, group in groupby(shifts, key=alike):
        same = list(group)
        values = same[0].model_dump(exclude={"brief"})
        title = titles.get(same[0].album or "")
        yield ShiftRow(**values, title=title, times=len(same), since=same[-1].time)


def _going(shelf: Shelf, catalogue: Catalogue, working: ShiftRow) -> Going | None:
    """Return how far the album is that a shift is making, once it has a name."""
    shift = catalogue.shifts.one(working.id)
    rows = catalogue.albums(shift.brief) if shift is not None and shift.brief is not None else ()
    progress = catalogue.review.progress()
    for row in rows:
        if row.slug in progress and is_held(shelf.album(row.slug).folder):
            return going_view(progress[row.slug])
    return None


def _coming(programme: Programme | Following, now: datetime) -> Iterator[datetime]:
    moment: datetime | None = now
    while moment is not None and (moment := next_tick(programme, moment)) is not None:
        yield moment


def _budgets(programme: Programme | Following, shelf: Shelf, catalogue: Catalogue, now: datetime) -> tuple[Budget, ...]:
    limits, zone = programme.budgets, programme.schedule.zone
    past = library_past(shelf, catalogue, zone, now)
    day, free = now.astimezone(zone).date(), past.free_bytes / GIGABYTE
    found = []
    if limits.albums is not None:
        found.append(_budget("Albums begun today", past.begun_on(day, zone), limits.albums, "albums"))
    if limits.gpu_minutes is not None:
        found.append(_budget("GPU minutes today", past.spent_on(day), limits.gpu_minutes, "minutes"))
    if limits.unreviewed is not None:
        found.append(_budget("Albums waiting for you", past.unreviewed, limits.unreviewed, "albums"))
    full = 1.0 if free <= limits.free_gb else limits.free_gb / free
    kept = Budget(
        name="Disk", used=round(free, 1), limit=limits.free_gb, unit="GB free, of which to stay free", share=full
    )
    return (*found, kept)


def _budget(name: str, used: float, limit: float, unit: str) -> Budget:
    return Budget(name=name, used=round(used, 1), limit=limit, unit=unit, share=min(used / limit, 1.0))
