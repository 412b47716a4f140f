"""What the catalogue tells the agenda: the albums there are, what is unfinished, and what today has cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from statistics import median
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from pipeline.catalogue.airings import RADIO
from pipeline.catalogue.shifts import STOPPED
from pipeline.catalogue.tables import albums, renders, shifts
from pipeline.domain import Brief, Seconds, Slug
from pipeline.domain.past import Made, Past, Unfinished

Span = tuple[datetime, datetime]
_USUAL = 5.0
"""How many times longer than usual for its length a render may have taken: beyond that nobody was rendering. One that a
dead run left is only noted as ended when the next run comes, which may be a day later."""
_UNKNOWN = timedelta(hours=1)
"""What a render may have taken at most, where none of its kind was ever finished: longer than any take needs."""


class Render(NamedTuple):
    """A row of the ledger of a part with a model. `length` is of the audio, 0 where none came of it."""

    album: Slug
    backend: str
    span: Span
    length: Seconds

    @property
    def took(self) -> float:
        """Seconds from its start to its end."""
        return (self.span[1] - self.span[0]).total_seconds()


def of(
    connection: Connection,
    now: datetime,
    zone: tzinfo,
    free_bytes: int,
    here: Collection[Slug] | None = None,
    in_hand: Callable[[Slug], bool] = lambda _: True,
) -> Past:
    """Return what the agenda needs to know at a moment; the day is that of the timezone.

    `here` are the albums on the shelf; None where nobody looked, and all are taken to be there. `in_hand` tells whether
    somebody is making an album: of the others, what the ledger still has as started was left by the dead.
    """
    day = now.astimezone(zone).date()
    today = tuple(datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    rows = connection.execute(select(albums).order_by(albums.c.created, albums.c.slug)).mappings().all()
    briefs = {row["slug"]: Brief.model_validate_json(row["brief"]) for row in rows}
    made = [
        Made(
            **{name: row[name] for name in ("slug", "title", "theme", "seed", "status", "created", "finished")},
            style=briefs[row["slug"]].style,
            language=briefs[row["slug"]].language,
            here=here is None or row["slug"] in here,
        )
        for row in rows
    ]
    tries = _tries(connection)
    spans = _spans(connection, now, zone, in_hand)
    return Past(
        albums=tuple(made),
        unfinished=tuple(
            Unfinished(slug=row["slug"], title=row["title"], brief=briefs[row["slug"]], tries=tries[row["brief"]])
            for row in rows
            if row["status"] == "in_progress" and row["brief"] in tries
        ),
        free_bytes=free_bytes,
        day=day,
        gpu_minutes=_together(_within([span for _, span in spans], (today[0], today[1]))) / 60,
        failed=_failed(connection, {row["brief"] for row in rows}, today[0]),
        gpu_minutes_an_album=_an_album(spans, [album.slug for album in made if album.finished is not None]),
    )


def _tries(connection: Connection) -> dict[str, int]:
    """Return how often the making of each album that the schedule asked for failed, by its brief.

    A shift that was killed counts where no render of its album was finished in it: an album that takes its process
    along each time must not be tried for ever. One that was asked to stop, or got on before the power went, did not
    fail.
    """
    of_it = select(renders.c.id).join(albums, albums.c.slug == renders.c.album).where(albums.c.brief == shifts.c.brief)
    within = renders.c.finished.between(shifts.c.time, shifts.c.ended)
    got_on = of_it.where(renders.c.outcome == "finished", within).correlate(shifts).exists()
    killed = (shifts.c.outcome == "interrupted") & (shifts.c.why != STOPPED)
    failed = func.sum(case(((shifts.c.outcome == "failed") | (killed & ~got_on), 1), else_=0))
    query = select(shifts.c.brief, failed).where(shifts.c.brief != "").group_by(shifts.c.brief)
    return {brief: int(times) for brief, times in connection.execute(query)}


def _failed(connection: Connection, begun: set[str], since: datetime) -> int:
    """Return how many albums have failed since then before they had a folder and a name."""
    query = select(shifts.c.brief).where(shifts.c.outcome == "failed", shifts.c.time >= since, shifts.c.brief != "")
    return len(set(connection.execute(query).scalars()) - begun)


def _spans(
    connection: Connection, now: datetime, zone: tzinfo, in_hand: Callable[[Slug], bool]
) -> list[tuple[Slug, Span]]:
    """Return when parts with a model rendered, each with the album it was for, as far as the ledger can be believed.

    The radio's renders are left out: the budget is that of the albums, and the radio goes on whatever it says.
    """
    columns = (renders.c.album, renders.c.backend, renders.c.started, renders.c.finished, renders.c.seconds)
    # The ledger writes the models a part worked with behind the part itself; see ledger.credit.
    modelled = renders.c.backend.contains("; ") & (renders.c.album != RADIO)
    found = connection.execute(select(*columns).where(modelled).order_by(renders.c.started)).all()
    working = {slug for slug in {row.album for row in found if row.finished is None} if in_hand(slug)}
    rows = [
        Render(row.album, row.backend, (row.started, max(row.started, row.finished or now)), row.seconds)
        for row in found
        if row.finished is not None or row.album in working
    ]
    paces, lengths = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for row in rows:
        if row.length:
            paces[row.backend].append(row.took / row.length)
            lengths[row.backend].append(row.length)
    spans = []
    for row in rows:
        start, end = row.span
        if of_its_kind := paces[row.backend]:
            length = row.length or median(lengths[row.backend])
            end = min(end, start + timedelta(seconds=_USUAL * median(of_its_kind) * length))
        else:
            end = min(end, start + _UNKNOWN, _midnight_after(start, zone))
        spans.append((row.album, (start, end)))
    return spans


def _an_album(spans: Sequence[tuple[Slug, Span]], finished: Sequence[Slug]) -> float | None:
    """Return the GPU minutes that a finished album usually took; None where none was made with a model."""
    of_each = defaultdict[Slug, list[Span]](list)
    for slug, span in spans:
        of_each[slug].append(span)
    took = [_together(of_each[slug]) / 60 for slug in finished if slug in of_each]
    return median(took[-20:]) if took else None


def _midnight_after(moment: datetime, zone: tzinfo) -> datetime:
    """Return when the day of a moment ends in a timezone, in UTC."""
    return datetime.combine(moment.astimezone(zone).date() + timedelta(days=1), time(), zone).astimezone(UTC)


def _within(spans: Iterable[Span], limits: Span) -> list[Span]:
    clipped = ((max(start, limits[0]), min(end, limits[1])) for start, end in spans)
    return [(start, end) for start, end in clipped if start < end]


def _together(spans: Iterable[Span]) -> float:
    """Return the seconds that spans cover: takes that are rendered at once take a GPU's time once."""
    seconds, reached = 0.0, datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(spans):
        seconds += max(0.0, (end - max(start, reached)).total_seconds())
        reached = max(reached, end)
    return seconds
