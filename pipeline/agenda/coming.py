"""The plan of the next days: what each tick would make if everything goes well and nobody decides anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.agenda.deciding import next_album
from pipeline.agenda.entries import Entry, Planned, Rest
from pipeline.agenda.programme import Programme
from pipeline.agenda.ticks import ticks
from pipeline.domain.past import Made, Past


def coming(programme: Programme, past: Past, now: datetime, days: float) -> tuple[Planned, ...]:
    """Return what the schedule brings in the next `days`, counting what the plan itself would make."""
    planned: list[Planned] = []
    resting: Rest | None = None
    for when in ticks(programme, now, now + timedelta(days=days)):
        if resting is not None and (resting.until is None or when < resting.until):
            planned.append(Planned(when=when, what=resting))  # nothing changes by itself before then
            continue
        what = next_album(programme, past, when)
        resting = what if isinstance(what, Rest) else None
        planned.append(Planned(when=when, what=what))
        if isinstance(what, Entry):
            past = _afterwards(programme, past, what, when)
    return tuple(planned)


def _afterwards(programme: Programme, past: Past, entry: Entry, when: datetime) -> Past:
    """Return the past as it will be once this is made: a draft, and its GPU minutes spent."""
    day = programme.local(when).date()
    spent = past.spent_on(day) + (past.gpu_minutes_an_album or 0.0)
    common = {"day": day, "gpu_minutes": spent, "failed": past.failed_on(day)}
    if entry.brief is not None:
        done = next(each for each in past.unfinished if each.brief == entry.brief)
        albums = tuple(
            album.but(status="draft", finished=when) if album.slug == done.slug else album for album in past.albums
        )
        rest = tuple(each for each in past.unfinished if each is not done)
        return past.model_copy(update={**common, "albums": albums, "unfinished": rest})
    made = Made(
        slug=f"planned-{len(past.albums) + 1}",
        title=entry.theme,
        theme=entry.theme,
        style=entry.style,
        language=entry.language,
        seed=entry.seed,
        status="draft",
        created=when,
        finished=when,
    )
    return past.model_copy(update={**common, "albums": (*past.albums, made)})
