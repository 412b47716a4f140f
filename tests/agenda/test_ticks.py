"""When the schedule fires: compared with a clock that is looked at every minute, in zones with daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agenda_material import programme
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.agenda import Programme, ticks
from pipeline.agenda.ticks import next_tick

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
AROUND = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
CHANGES = [(2026, 3, 29), (2026, 10, 25), (2026, 3, 8), (2026, 11, 1), (2026, 4, 5), (2026, 10, 4)]
NEAR_A_CHANGE = st.builds(
    lambda day, minutes: datetime(*day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-24 * 60, 24 * 60),
)


def scheduled(*cron: str, zone: str = "UTC", **every: int) -> Programme:
    return programme(schedule={"cron": cron, "timezone": zone, **every})


@settings(max_examples=150, deadline=None)
@given(ZONES, NEAR_A_CHANGE, st.integers(0, 59), st.integers(0, 23), st.integers(0, 23))
def test_a_daily_time_comes_once_on_every_day(zone: str, start: datetime, minute: int, hour: int, other: int) -> None:
    """Not lost where the clock skips it (it comes as soon as it goes on), not twice where the clock goes back."""
    there = ZoneInfo(zone)
    end = start + timedelta(days=3)
    wanted = set()
    for day in (start.astimezone(there).date() + timedelta(days=n) for n in range(-1, 5)):
        for each in {hour, other}:
            moment = datetime.combine(day, time(each, minute), there)
            while moment.astimezone(UTC).astimezone(there).replace(tzinfo=None) != moment.replace(tzinfo=None):
                moment += timedelta(minutes=1)  # there is no such minute on that day's clock
            wanted.add(moment.astimezone(UTC))
    found = ticks(scheduled(f"{minute} {hour},{other} * * *", zone=zone), start, end)
    assert list(found) == sorted(moment for moment in wanted if start < moment <= end)


@settings(max_examples=60, deadline=None)
@given(ZONES, NEAR_A_CHANGE, st.sampled_from([5, 10, 15, 20, 30]))
def test_every_few_minutes_is_every_few_minutes(zone: str, start: datetime, step: int) -> None:
    """Such a line goes by real time: every minute of the clock that fits, also in an hour that comes twice."""
    there, end = ZoneInfo(zone), start + timedelta(hours=30)
    first = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    minutes = (first + timedelta(minutes=n) for n in range(30 * 60 + 1))
    wanted = [each for each in minutes if each.astimezone(there).minute % step == 0 and each <= end]
    assert list(ticks(scheduled(f"*/{step} * * * *", zone=zone), start, end)) == wanted


@settings(max_examples=100, deadline=None)
@given(ZONES, NEAR_A_CHANGE | AROUND, st.integers(1, 60), st.integers(1, 60), st.sampled_from([
    ("0 3 * * *", "30 2 * * *"), ("*/20 1-3 * * *",), ("15 2 * * 0", "15 1,2 * * *"), ("0 0 1 * *", "5 * * * *"),
]))  # fmt: skip
def test_looking_twice_neither_loses_nor_repeats_a_tick(
    zone: str, start: datetime, first: int, second: int, cron: tuple[str, ...]
) -> None:
    """A stretch of time has the ticks of its two halves, wherever it is cut; all are different and in order."""
    plan = scheduled(*cron, zone=zone)
    middle, end = start + timedelta(hours=first), start + timedelta(hours=first + second)
    whole = ticks(plan, start, end)
    assert whole == (*ticks(plan, start, middle), *ticks(plan, middle, end))
    assert list(whole) == sorted(set(whole)) and all(start < tick <= end for tick in whole)
    assert next(iter(whole), None) == (found if (found := next_tick(plan, start)) and found <= end else None)


@settings(max_examples=100)
@given(ZONES, NEAR_A_CHANGE | AROUND, st.integers(0, 30), st.integers(0, 59), st.integers(0, 300))
def test_an_interval_is_real_time(zone: str, start: datetime, hours: int, minutes: int, far: int) -> None:
    """Ticks are exactly so far apart, whatever the clock on the wall does, and the same whenever one looks."""
    if not hours and not minutes:
        minutes = 7
    plan, step = (
        scheduled(zone=zone, every_hours=hours or None, every_minutes=minutes or None),
        timedelta(hours=hours, minutes=minutes),
    )
    found = ticks(plan, start, start + timedelta(hours=far))
    assert len(found) in (timedelta(hours=far) // step, timedelta(hours=far) // step + 1)
    assert all((tick - plan.schedule.anchor) % step == timedelta(0) for tick in found)


def test_cron_lines_that_fire_together_are_one_tick() -> None:
    """An album is asked for once, however many lines ask for it."""
    start = datetime(2026, 11, 20, tzinfo=UTC)  # a Friday
    found = ticks(scheduled("0 3 * * *", "0 3 * * 5", "0 */3 20 * *"), start, start + timedelta(hours=4))
    assert found == (datetime(2026, 11, 20, 3, tzinfo=UTC),)


def test_the_hour_is_that_of_the_timezone() -> None:
    """Three in the morning in Tokyo is six in the evening of the day before in UTC."""
    day = date(2026, 11, 22)
    start = datetime.combine(day, time(), UTC)
    assert ticks(scheduled("0 3 * * *", zone="Asia/Tokyo"), start, start + timedelta(days=1)) == (
        datetime(2026, 11, 22, 18, tzinfo=UTC),
    )


def test_without_a_schedule_nothing_fires() -> None:
    """A programme without one is asked by hand."""
    start = datetime(2026, 11, 22, tzinfo=UTC)
    assert ticks(scheduled(), start, start + timedelta(days=400)) == () and next_tick(scheduled(), start) is None
