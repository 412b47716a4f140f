"""What the catalogue tells the agenda, from a real one: GPU minutes, what was begun today, what is unfinished."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import papers
import pytest

from pipeline.agenda import Past
from pipeline.catalogue import Catalogue
from pipeline.catalogue.shifts import STOPPED
from pipeline.domain import Backend, Brief, Weights
from pipeline.library import library_past
from pipeline.shelf import Shelf

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MODEL = Weights(name="facebook/musicgen-small", revision="abc", sha256="0" * 64, licence="CC-BY-NC-4.0")
GPU = Backend(name="musicgen", version="1", licence="MIT", weights=(MODEL,))


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Night:
    """A catalogue whose clock is set by hand."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.path = path
        self.catalogue = Catalogue.open(path, clock=self.clock)

    def at(self, hours: float) -> None:
        """Set the clock to so many hours after three in the morning."""
        self.clock.now = NOW + timedelta(hours=hours)

    def begin(self, number: int, title: str, theme: str = "rain") -> Brief:
        """Begin an album now."""
        brief = papers.brief(theme, seed=number)
        self.catalogue.reserve(f"album-{number}", brief, papers.plan(title, (f"{title} One", f"{title} Two")))
        return brief

    def render(self, album: int, start: float, end: float | None, by: Backend = GPU, take: int = 1) -> None:
        """Render ten seconds from one hour to another; None where it never ended."""
        self.at(start)
        number = self.catalogue.begin_render(f"album-{album}", papers.order(index=take), "asked", by, "run")
        if end is not None:
            self.at(end)
            self.catalogue.end_render(number, "finished", 10.0)

    def shift(self, brief: Brief, outcome: str, when: datetime = NOW) -> None:
        """Note what came of an album that the schedule asked for, as whoever serves it does."""
        with sqlite3.connect(self.path) as connection:
            row = (when.replace(tzinfo=None).isoformat(" "), "cron", brief.theme, brief.canonical_json(), outcome, "")
            connection.execute(
                "INSERT INTO shifts (time, trigger, theme, brief, outcome, why) VALUES (?, ?, ?, ?, ?, ?)", row
            )

    def past(self, zone: str = "UTC") -> Past:
        """What the agenda is told now."""
        return self.catalogue.past(self.clock.now, ZoneInfo(zone), 10**12)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    opened = Night(tmp_path / "catalogue.db")
    with opened.catalogue:
        yield opened


def test_an_empty_catalogue_has_no_past(night: Night) -> None:
    """There is nothing, it cost nothing, and the day is that of the timezone."""
    told = night.past("America/New_York")
    assert (told.albums, told.unfinished, told.gpu_minutes, told.unreviewed) == ((), (), 0, 0)
    assert told.day.isoformat() == "2026-11-21" and told.free_bytes == 10**12


def test_the_band_costs_no_gpu_and_a_model_does(night: Night) -> None:
    """Minutes are those from the start of a render to its end, of parts with a trained model."""
    night.begin(1, "First")
    night.render(1, 0, 0.5, by=papers.BAND)
    assert night.past().gpu_minutes == 0
    night.render(1, 0.5, 0.75)
    assert night.past().gpu_minutes == pytest.approx(15)


def test_takes_rendered_at_once_cost_their_time_once(night: Night) -> None:
    """A batch of four that takes half an hour is half an hour of the GPU."""
    night.begin(1, "First")
    numbers = [
        night.catalogue.begin_render("album-1", papers.order(index=take), "asked", GPU, "run") for take in (1, 2, 3, 4)
    ]
    for number in numbers:
        night.at(0.5)
        night.catalogue.end_render(number, "finished", 10.0)
    assert night.past().gpu_minutes == pytest.approx(30)


def test_only_today_counts_in_the_timezone_of_the_programme(night: Night) -> None:
    """A render over midnight costs each day its part; the day is the programme's."""
    night.begin(1, "First")
    night.render(1, -4, -2)  # from 23:00 to 1:00 in UTC
    night.at(0)
    assert night.past().gpu_minutes == pytest.approx(60)
    assert night.past("Europe/Berlin").gpu_minutes == pytest.approx(120)
    night.at(24)
    assert night.past().gpu_minutes == 0


def test_a_render_that_died_does_not_cost_a_day(night: Night) -> None:
    """One that a killed run left is noted as ended when the next run comes: the hours between were nobody's."""
    night.begin(1, "First")
    for take in (1, 2, 3):
        night.render(1, take * 0.1, take * 0.1 + 0.05, take=take)  # three minutes each
    night.render(1, 0.5, None, take=4)
    night.at(20)
    night.catalogue.mark_interrupted("album-1")
    assert night.past().gpu_minutes == pytest.approx(9 + 5 * 3)


def test_a_killed_render_of_a_kind_that_never_finished_one_does_not_stop_the_label(night: Night) -> None:
    """How long such a render takes is unknown: it costs an hour at most, and nothing of the next day."""
    night.begin(1, "First")
    night.render(1, 0, None)
    night.at(0.5)
    assert night.past().gpu_minutes == pytest.approx(30)
    night.at(20)
    assert night.past().gpu_minutes == pytest.approx(60)
    night.catalogue.mark_interrupted("album-1")
    assert night.past().gpu_minutes == pytest.approx(60)
    night.render(1, 20.75, None, take=2)  # at 23:45
    night.at(24)
    assert night.past().gpu_minutes == 0


def test_what_a_dead_process_left_started_costs_nothing_while_nobody_makes_the_album(night: Night) -> None:
    """A render counts while somebody has its album in hand, which the lock on the album's folder tells."""
    night.begin(1, "First")
    night.render(1, 0, None)
    shelf = Shelf.open(night.path.parent)
    folder = shelf.begin("First", papers.project)
    with sqlite3.connect(night.path) as connection:
        connection.execute("UPDATE renders SET album = ?", (folder.slug,))
    night.at(0.5)
    assert library_past(shelf, night.catalogue, UTC, night.clock.now).gpu_minutes == 0
    with folder.hold():
        assert library_past(shelf, night.catalogue, UTC, night.clock.now).gpu_minutes == pytest.approx(30)


def test_the_radio_does_not_use_up_the_budget_of_the_albums(night: Night) -> None:
    """What it renders with a model, or left started when it was killed, is no album's."""
    number = night.catalogue.airings.begin_render(papers.order(), GPU, "run")
    night.at(0.5)
    night.catalogue.airings.end_render(number, "finished", 10.0)
    night.catalogue.airings.begin_render(papers.order(index=2), GPU, "run")
    night.at(2)
    assert night.past().gpu_minutes == 0


def test_what_an_album_usually_takes_is_known_from_those_before(night: Night) -> None:
    """Finished albums with a model tell what the next one takes; those of the band tell nothing."""
    assert night.past().gpu_minutes_an_album is None
    for number, minutes in ((1, 6), (2, 12), (3, 30)):
        night.at(number)
        night.begin(number, f"Title {number}", f"theme {number}")
        night.render(number, number, number + minutes / 60)
    finish(night, 1, 2, 3)
    assert night.past().gpu_minutes_an_album == pytest.approx(12)


def finish(night: Night, *numbers: int) -> None:
    with sqlite3.connect(night.path) as connection:
        for number in numbers:
            connection.execute(
                "UPDATE albums SET status = 'draft', finished = created WHERE slug = ?", (f"album-{number}",)
            )


def test_albums_are_told_with_what_was_asked_and_what_became_of_them(night: Night) -> None:
    """Theme, status and time of every album; drafts and those that need attention wait for a person."""
    night.begin(1, "First", "rain")
    night.at(1)
    night.begin(2, "Second", "snow")
    night.begin(3, "Third", "sea")
    finish(night, 1)
    night.catalogue.needs_attention("album-2", "no take was good enough")
    told = night.past()
    assert [(album.theme, album.status) for album in told.albums] == [
        ("rain", "draft"), ("snow", "needs_attention"), ("sea", "in_progress"),
    ]  # fmt: skip
    assert told.unreviewed == 2
    assert told.begun_on(NOW.date(), UTC) == 3


def test_an_album_whose_folder_was_deleted_waits_for_nobody(night: Night) -> None:
    """A draft that somebody threw away by hand is not in the way of new ones; that it was made still counts."""
    night.begin(1, "First")
    night.begin(2, "Second")
    finish(night, 1, 2)
    told = night.catalogue.past(NOW, UTC, 10**12, {"album-2"})
    assert told.unreviewed == 1 and len(told.albums) == told.begun_on(NOW.date(), UTC) == 2


def test_only_what_the_schedule_began_is_gone_on_with(night: Night) -> None:
    """An album that a person left unfinished is theirs; one of the schedule comes with its brief and its tries."""
    night.begin(1, "Mine")
    ours = night.begin(2, "Ours")
    night.shift(ours, "failed")
    night.shift(ours, "interrupted")
    night.shift(ours, "working")
    (found,) = night.past().unfinished
    assert (found.slug, found.brief, found.tries) == ("album-2", ours, 2)
    finish(night, 2)
    assert night.past().unfinished == ()


def test_an_interruption_is_no_failure_of_the_album(night: Night) -> None:
    """However often a shift was stopped, or killed after it got on; one that was killed with nothing done counts."""
    ours, shifts = night.begin(1, "Ours"), night.catalogue.shifts
    for number in range(3):
        night.at(number)
        shifts.end(taken(night, ours), "interrupted", STOPPED)
    assert night.past().unfinished[0].tries == 0
    for number in range(3, 6):
        killed = taken(night, ours)
        night.render(1, number, number + 0.1, take=number)
        shifts.interrupt(killed)
    assert night.past().unfinished[0].tries == 0
    night.at(7)
    shifts.interrupt(taken(night, ours), "It was killed by SIGKILL.")
    shifts.end(taken(night, ours), "failed", "The model server is down.")
    assert night.past().unfinished[0].tries == 2


def taken(night: Night, brief: Brief) -> int:
    """Begin a shift that makes the album of a brief; return its number."""
    shift = night.catalogue.shifts.begin("cron")
    night.catalogue.shifts.take(shift.id, brief, "It is time.")
    return shift.id


def test_failures_before_an_album_had_a_name_are_counted_by_day(night: Night) -> None:
    """A brief that failed twice without an album is one failure, of that day alone."""
    lost = papers.brief("lost", seed=9)
    night.shift(lost, "failed")
    night.shift(lost, "failed", NOW + timedelta(hours=1))
    assert night.past().failed == 1
    night.at(24)
    assert night.past().failed == 0
