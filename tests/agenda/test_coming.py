"""The plan of the next days: it is what happens, if nothing else does."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from agenda_material import NIGHT, entry, made, past, programme, rest, theme
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.agenda import Entry, Rest, Unfinished, coming, next_album
from pipeline.domain import Brief

NIGHTLY = {"cron": ("0 3 * * *", "0 5 * * *")}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 3), st.sampled_from([None, 10.0, 25.0]))
def test_the_plan_keeps_the_budgets_it_would_meet(albums: int, unreviewed: int, days: int, gpu: float | None) -> None:
    """What the plan itself would make counts: albums a day, what waits for review, minutes of the GPU."""
    limits = {"albums": albums, "unreviewed": unreviewed, "free_gb": 0, "gpu_minutes": gpu}
    plan = programme(budgets=limits, rules={"theme_days": days}, schedule={"every_hours": 5})
    found = coming(plan, past(gpu_minutes_an_album=10.0), NIGHT, 14)
    begun = [each for each in found if isinstance(each.what, Entry)]
    a_day = Counter(each.when.date() for each in begun)
    assert max(a_day.values()) <= min(albums, 100 if gpu is None else max(1, gpu // 10))
    assert len(begun) <= unreviewed
    assert len({entry(each.what).seed for each in begun}) == len(begun)


def test_the_plan_is_what_the_nights_then_bring() -> None:
    """Every planned album is the one that is asked for when its time has come, if the plan was followed."""
    plan = programme(theme("rain", 2.0), theme("snow"), theme("sea", hours="4-6"), schedule=NIGHTLY)
    found = coming(plan, past(), NIGHT, 5)
    assert len(found) == 10
    albums = []
    for number, each in enumerate(found):
        now = each.when + timedelta(minutes=1)  # whoever works through the schedule is never there to the second
        real = entry(next_album(plan, past(*albums, now=now), now))
        assert real == each.what
        albums.append(made(number, real.theme, now, seed=real.seed))


def test_a_rest_is_in_the_plan_with_its_reason() -> None:
    """Once enough albums wait for a person, every later night says so."""
    plan = programme(budgets={"unreviewed": 3, "free_gb": 0}, schedule=NIGHTLY)
    kinds = [each.what for each in coming(plan, past(), NIGHT, 4)]
    assert [isinstance(each, Rest) for each in kinds] == [False] * 3 + [True] * 5
    assert {rest(each).why for each in kinds[3:]} == {
        "3 albums wait for you, and 3 may: listen to them first (`lofi review`)."
    }


def test_a_rest_ends_when_it_said() -> None:
    """After the albums of a day are begun the plan goes on the next day."""
    plan = programme(budgets={"albums": 1, "free_gb": 0}, schedule={"every_hours": 1})
    found = coming(plan, past(), NIGHT, 3)
    assert [each.when.hour for each in found if isinstance(each.what, Entry)] == [4, 0, 0, 0]


def test_what_is_unfinished_is_planned_once() -> None:
    """It is gone on with at the next tick and is then done."""
    album = made(1, "rain at night", NIGHT - timedelta(days=1), "in_progress", finished=None)
    brief = Brief(theme="rain at night", seed=1)
    before = past(album, unfinished=(Unfinished(slug=album.slug, title=album.title, brief=brief),))
    found = coming(programme(schedule=NIGHTLY), before, NIGHT, 2)
    assert [entry(each.what).brief for each in found] == [brief, None, None, None]


def test_a_tick_every_minute_for_a_week_is_planned_at_once() -> None:
    """Ten thousand rests cost next to nothing: the plan knows that nothing changes in between."""
    albums = [made(n, "rain at night", NIGHT - timedelta(days=400)) for n in range(1000)]
    plan = programme(budgets={"unreviewed": 1000, "free_gb": 0}, schedule={"every_minutes": 1})
    found = coming(plan, past(*albums), NIGHT, 7)
    assert len(found) == 7 * 24 * 60 and all(isinstance(each.what, Rest) for each in found)
