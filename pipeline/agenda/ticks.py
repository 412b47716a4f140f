"""When the schedule fires. Daylight saving is cron's: a daily time that is skipped comes as soon as the clock goes
on, one that comes twice counts once; intervals are real time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cronsim import CronSim

from pipeline.agenda.programme import Programme, Schedule


class Scheduled(Protocol):
    """What has a schedule: a programme, or what is known of one."""

    @property
    def schedule(self) -> Schedule:
        """When it fires."""


def ticks(programme: Programme, after: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return every moment in (after, until] at which the schedule fires, each once, in UTC and in order.

    Two cron lines that fire together are one tick.
    """
    schedule, start, end = programme.schedule, after.astimezone(UTC), until.astimezone(UTC)
    found = {moment for line in schedule.cron for moment in _cron_ticks(schedule, line, start, end)}
    return tuple(sorted(found | set(_interval_ticks(schedule, start, end))))


def next_tick(programme: Scheduled, after: datetime) -> datetime | None:
    """Return when the schedule fires next, in UTC; None where it never does by itself."""
    schedule, start = programme.schedule, after.astimezone(UTC)
    far = start + timedelta(days=366 * 50)
    lines = [_cron_ticks(schedule, line, start, far) for line in schedule.cron]
    firsts = [next(moments, None) for moments in (*lines, _interval_ticks(schedule, start, far))]
    return min((moment for moment in firsts if moment is not None), default=None)


def hours_met(programme: Programme, year: int) -> frozenset[datetime]:
    """Return the hours of a year, each by its local beginning, in which the schedule fires."""
    met: set[datetime] = set()
    moment: datetime | None = datetime(year, 1, 1, tzinfo=programme.schedule.zone) - timedelta(seconds=1)
    end = datetime(year + 1, 1, 1, tzinfo=programme.schedule.zone)
    while moment is not None and (moment := next_tick(programme, moment)) is not None and moment < end:
        local = programme.local(moment)
        met.add(local.replace(minute=0, second=0))
        # The rest of the hour says nothing new.
        moment += timedelta(minutes=59 - local.minute, seconds=59 - local.second)
    return frozenset(met)


def _cron_ticks(schedule: Schedule, line: str, start: datetime, end: datetime) -> Iterator[datetime]:
    for moment in CronSim(line, start.astimezone(schedule.zone)):
        # In UTC: times of one zone are compared by their clock, which goes back once a year.
        tick = moment.astimezone(UTC)
        if tick > end:
            return
        if tick > start:
            yield tick


def _interval_ticks(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    step, anchor = schedule.every, schedule.anchor
    if not step:
        return
    tick = anchor + ((start - anchor) // step + 1) * step
    while tick <= end:
        yield tick
        tick += step
