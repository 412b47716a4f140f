"""What the label makes next: never over budget, never the same too soon, in fair shares, for reasons it can give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from agenda_material import NIGHT, counts, entry, made, nights, past, programme, rest, theme
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.agenda import Entry, Made, Past, Programme, Unfinished, next_album
from pipeline.agenda.taste import Taste
from pipeline.domain import Brief

NAMES = ("rain", "snow", "sea", "city", "forest")
WEIGHTS = st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.0]), min_size=2, max_size=5)
STATES = st.sampled_from(["draft", "approved", "rejected", "released", "needs_attention", "in_progress"])


def weighed(weights: list[float], **tables: dict[str, Any]) -> Programme:
    return programme(*(theme(name, weight) for name, weight in zip(NAMES, weights, strict=False)), **tables)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Albums of the last month of some themes and of none, in any state, made at any time."""
    albums = [
        made(number, draw(st.sampled_from([f"{name} at night" for name in (*NAMES, "else")])), moment, draw(STATES))
        for number, moment in enumerate(sorted(draw(st.lists(
            st.datetimes(datetime(2026, 10, 22), datetime(2026, 11, 22, 2), timezones=st.just(UTC)), max_size=12
        ))))
    ]  # fmt: skip
    spent = draw(st.floats(0, 200, allow_nan=False))
    return past(*albums, gpu_minutes=spent, gpu_minutes_an_album=draw(st.none() | st.floats(1, 60)))


@given(WEIGHTS, pasts(), st.integers(1, 5), st.integers(1, 20), st.integers(1, 150))
def test_no_budget_is_ever_broken(weights: list[float], before: Past, albums: int, unreviewed: int, gpu: int) -> None:
    """An album is only begun while the day's albums, its GPU minutes and what waits for a person allow one more."""
    limits = {"albums": albums, "unreviewed": unreviewed, "gpu_minutes": float(gpu), "free_gb": 5}
    found = next_album(weighed(weights, budgets=limits), before, NIGHT)
    today = sum(album.created.date() == NIGHT.date() for album in before.albums)
    waiting = sum(album.status in ("draft", "needs_attention") for album in before.albums)
    usual = before.gpu_minutes_an_album or 0.0
    fits = before.gpu_minutes < gpu and (before.gpu_minutes == 0 or before.gpu_minutes + usual <= gpu)
    assert isinstance(found, Entry) == (today < albums and waiting < unreviewed and fits)


@given(WEIGHTS, pasts(), st.integers(1, 10))
def test_a_theme_does_not_come_again_too_soon(weights: list[float], before: Past, days: int) -> None:
    """While another can be had, no theme comes twice within its days; where none can, the one longest ago does."""
    plan = weighed(weights, rules={"theme_days": days})
    found = entry(next_album(plan, before, NIGHT))
    ago = {
        each.name: min(
            ((NIGHT.date() - album.created.date()).days for album in before.albums if each.says(album.theme)),
            default=1000,
        )
        for each in plan.themes
    }
    chosen = plan.theme_of(found.theme)
    assert chosen is not None
    if any(last >= days for last in ago.values()):
        assert ago[chosen.name] >= days
    else:
        assert ago[chosen.name] == max(ago.values())


@given(WEIGHTS, pasts(), st.integers(0, 5), st.integers(0, 2**31))
def test_the_same_question_has_the_same_answer(weights: list[float], before: Past, days: int, seed: int) -> None:
    """Asked again, also after both were written down and read back, the agenda says the very same."""
    plan = weighed(weights, rules={"theme_days": days, "seed": seed})
    again = Past.model_validate_json(before.canonical_json())
    first = entry(next_album(plan, before, NIGHT))
    assert next_album(plan, again, NIGHT) == first
    assert first.seed not in {album.seed for album in before.albums}


@settings(max_examples=12, deadline=None)
@given(WEIGHTS, st.integers(0, 2**31))
def test_a_year_of_nights_keeps_to_the_weights(weights: list[float], seed: int) -> None:
    """After a year of albums that are all still to be judged, every theme has its share to within two albums."""
    plan = weighed(weights, rules={"theme_days": 0, "seed": seed})
    found = counts(plan, nights(plan, 365, "draft"))
    assert sum(found.values()) == 365
    for each in plan.themes:
        assert abs(found[each.name] - 365 * each.weight / sum(weights[:5])) <= 2, found


def test_the_order_of_themes_is_not_the_same_round_again_and_again() -> None:
    """Equal themes come equally often, but not by rote."""
    plan = programme(*(theme(name) for name in NAMES))
    order = [album.theme for album in nights(plan, 50)]
    rounds = {tuple(order[start : start + 5]) for start in range(0, 50, 5)}
    assert len(rounds) > 5


def test_gaps_are_filled_first() -> None:
    """A theme the library has least of comes next, and the reason says so."""
    albums = [made(n, words, NIGHT - timedelta(days=9)) for n, words in enumerate(["rain at night", "snow at night"])]
    found = entry(next_album(programme(), past(*albums), NIGHT))
    assert found.theme == "sea at night" and "no album of it before" in found.why[0]


def test_what_people_approve_comes_more_often_and_nothing_starves() -> None:
    """A loved theme comes more often than a hated one of the same weight, at most four times, and both still come."""
    plan = programme(*(theme(name) for name in NAMES[:3]))

    def said(words: str) -> Literal["approved", "rejected", "draft"]:
        return "approved" if words.startswith("rain") else "rejected" if words.startswith("snow") else "draft"

    found = counts(plan, nights(plan, 200, said))
    assert found["rain"] > 1.3 * found["sea"] > 1.6 * found["snow"]
    assert found["rain"] <= 4 * found["snow"]


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_taste_moves_a_weight_gently(approved: int, rejected: int) -> None:
    """Between half and double, more with every approval, and not at all where opinions are even."""
    taste = Taste(approved, rejected)
    assert 0.5 <= taste.factor <= 2
    assert Taste(approved + 1, rejected).factor >= taste.factor >= Taste(approved, rejected + 1).factor
    assert (taste.factor > 1) == (approved > rejected) or approved == rejected


def test_one_word_is_no_verdict() -> None:
    """A single rejection changes a weight by less than a fifth."""
    assert 0.8 < Taste(0, 1).factor < 1 < Taste(1, 0).factor < 1.2


def test_a_style_that_is_liked_comes_more_often() -> None:
    """The styles of a theme take turns, and approvals move them."""
    plan = programme(theme("rain", styles=("jazzhop", "bossa")))
    albums = nights(plan, 40)
    assert sum(album.style == "bossa" for album in albums) == 20
    more = [album.but(status="approved" if album.style == "bossa" else "rejected") for album in albums]
    styles = []
    for number in range(30):
        found = entry(next_album(plan, past(*more), NIGHT + timedelta(days=50 + number)))
        more.append(made(100 + number, found.theme, style=found.style))
        styles.append(found.style)
    assert styles.count("bossa") > 20


def test_wordings_and_languages_take_turns() -> None:
    """A theme with three wordings and two languages is not the same words every time."""
    plan = programme(theme("rain", words=("rain", "wet leaves", "a storm"), languages=("en", "ja")))
    albums = nights(plan, 12)
    assert sorted(album.theme for album in albums) == sorted(("rain", "wet leaves", "a storm") * 4)
    assert sum(album.language == "ja" for album in albums) == 6


@pytest.mark.parametrize(
    ("month", "hemisphere", "expected"),
    [(1, "north", "winter"), (7, "north", "summer"), (1, "south", "summer"), (7, "south", "winter")],
)
def test_seasons_come_when_they_come(month: int, hemisphere: str, expected: str) -> None:
    """Snow is for the winter, in the north and in the south."""
    plan = programme(
        theme("winter", seasons=("winter",)), theme("summer", seasons=("summer",)), rules={"hemisphere": hemisphere}
    )
    found = entry(next_album(plan, past(), datetime(2026, month, 15, 3, tzinfo=UTC)))
    assert found.theme.startswith(expected) and any(expected in why for why in found.why)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_hours_weekdays_and_months_are_those_of_the_programme(now: datetime) -> None:
    """Whatever comes fits the clock on the wall there; where nothing does, the rest ends when something will."""
    zone = {"timezone": "Asia/Tokyo"}
    plan = programme(
        theme("dawn", hours="5-9", weekdays="Monday-Friday"),
        theme("night", hours="22-3"),
        theme("december", months="December"),
        schedule=zone,
    )
    found = next_album(plan, past(now=now), now)
    local = now.astimezone(plan.schedule.zone)
    if isinstance(found, Entry):
        chosen = plan.theme_of(found.theme)
        assert chosen in plan.fitting(now)
        assert chosen is not None and (not chosen.hours or local.hour in chosen.hours)
    else:
        assert not plan.fitting(now)
        assert found.until is not None and now < found.until and plan.fitting(found.until)
        assert not plan.fitting(found.until - timedelta(minutes=1))


def brief(words: str = "rain at night") -> Brief:
    return Brief(theme=words, seed=5, tracks=3, seconds=45, takes=1, style="bossa", formats=("flac", "mp3"))


def begun(tries: int = 0) -> tuple[Made, Unfinished]:
    album = made(1, "rain at night", NIGHT - timedelta(days=1), "in_progress", seed=5, finished=None)
    return album, Unfinished(slug=album.slug, title=album.title, brief=brief(), tries=tries)


def test_what_was_begun_is_finished_first() -> None:
    """An album of yesterday that is not finished is gone on with by its own brief, also where no new one may begin."""
    album, unfinished = begun(tries=1)
    full = past(album, made(2, "sea at night"), unfinished=(unfinished,))
    found = entry(next_album(programme(budgets={"albums": 1, "unreviewed": 1, "free_gb": 0}), full, NIGHT))
    assert found.brief == brief() and (found.seed, found.tracks, found.style) == (5, 3, "bossa")
    assert "begun and not finished" in found.why[0] and "1 time" in found.why[0]


def test_an_album_that_always_fails_is_left_to_a_person() -> None:
    """After its tries another one is made, and the reasons name the one that is left."""
    album, unfinished = begun(tries=3)
    found = entry(next_album(programme(), past(album, unfinished=(unfinished,)), NIGHT))
    assert found.brief is None
    assert any("failed 3 times and is left to you (`lofi show album-1`)" in why for why in found.why)


def test_an_album_that_needs_attention_waits_for_a_person() -> None:
    """It is not made again by itself, and it counts among those that wait."""
    stuck = made(1, "rain at night", NIGHT - timedelta(days=1), "needs_attention", finished=None)
    assert entry(next_album(programme(), past(stuck), NIGHT)).brief is None
    full = rest(next_album(programme(budgets={"unreviewed": 1, "free_gb": 0}), past(stuck), NIGHT))
    assert full.until is None and "lofi review" in full.why


def test_a_failure_without_an_album_makes_the_next_one_another() -> None:
    """What failed before it had a name is not asked for again in the same words by the same seed."""
    first = entry(next_album(programme(), past(), NIGHT))
    assert entry(next_album(programme(), past(failed=1), NIGHT)).seed != first.seed


def test_two_labels_with_another_seed_make_other_albums() -> None:
    """`seed` in the programme tells one label from another."""
    found = {entry(next_album(programme(rules={"seed": n}), past(), NIGHT)).seed for n in range(10)}
    assert len(found) == 10


def test_daily_budgets_come_back_at_midnight_of_the_programme() -> None:
    """The day of a label in Berlin ends an hour before midnight in UTC, in winter."""
    limits = {"albums": 1, "gpu_minutes": 30.0, "free_gb": 0}
    plan = programme(budgets=limits, schedule={"timezone": "Europe/Berlin"})
    midnight = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    begun_today = past(made(1, "rain at night"))
    spent = past(gpu_minutes=30.0)
    for before in (begun_today, spent):
        assert rest(next_album(plan, before, NIGHT)).until == midnight
        assert isinstance(next_album(plan, before, midnight), Entry)
        assert not isinstance(next_album(plan, before, midnight - timedelta(seconds=1)), Entry)


def test_a_full_disk_rests_until_somebody_makes_room() -> None:
    """Also what was begun waits; the reason has the bytes in it."""
    album, unfinished = begun()
    low = past(album, unfinished=(unfinished,), free_bytes=2 * 10**9)
    found = rest(next_album(programme(budgets={"free_gb": 5}), low, NIGHT))
    assert found.until is None and "2.0 GB left" in found.why and "lofi prune" in found.why


def test_albums_dated_in_the_future_stop_nothing() -> None:
    """A clock that was set back leaves albums of tomorrow; the label goes on."""
    later = [made(n, f"{name} at night", NIGHT + timedelta(days=400)) for n, name in enumerate(("rain", "snow", "sea"))]
    assert isinstance(next_album(programme(rules={"theme_days": 7}), past(*later), NIGHT), Entry)
