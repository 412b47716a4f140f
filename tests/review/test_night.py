"""The night shift as an onlooker sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import papers
import pytest
from night import START, Hands, programme_folder

from pipeline.agenda import read_programme
from pipeline.catalogue import Catalogue
from pipeline.library import open_library
from pipeline.review.following import follow
from pipeline.review.night import Night, night_of
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.lease import holding


@dataclass
class Label:
    """A library with a programme, and its clock."""

    shelf: Shelf
    catalogue: Catalogue
    hands: Hands
    prompts: Path

    def look(self) -> Night:
        return night_of(self.shelf, self.catalogue, self.prompts, self.hands.wall)


@pytest.fixture
def label(tmp_path: Path) -> Iterator[Label]:
    rest = '[budgets]\nalbums = 4\nunreviewed = 3\n[schedule]\ncron = "0 3 * * *"\ntimezone = "Europe/Berlin"\n'
    hands = Hands()
    with open_library(Settings(library=tmp_path / "library"), hands.clock) as (shelf, catalogue):
        yield Label(shelf, catalogue, hands, programme_folder(tmp_path / "prompts", rest))


def test_it_says_when_the_next_shifts_are(label: Label) -> None:
    """At three in Berlin, which is two in Greenwich, every night."""
    nights = label.look().next
    assert [when.hour for when in nights] == [2] * 5 and nights[0] - START == timedelta(hours=2, minutes=55)


def test_who_is_on_shift_is_who_holds_the_library(label: Label) -> None:
    """The service, or a worker at work; nobody when they are gone."""
    assert label.look().on is None
    for place in (label.shelf.service, label.shelf.night_shift):
        place.mkdir()
        with holding(place, "it") as lease:
            on = label.look().on
            assert on is not None and (on.pid, on.host, on.since) == (lease.pid, lease.host, lease.claimed)
    assert label.look().on is None


def test_what_the_service_follows_is_shown_and_not_the_programme_of_whoever_looks(label: Label, tmp_path: Path) -> None:
    """Its file, schedule, budgets, and a mistake that was made in it since; once nobody is on, one's own again."""
    theirs = programme_folder(tmp_path / "theirs", "[budgets]\nalbums = 9\n[schedule]\nevery_hours = 1\n")
    label.shelf.service.mkdir()
    with holding(label.shelf.service, "it"):
        assert label.look().programme == str(label.prompts / "programme.toml")  # of one that has noted nothing
        follow(label.shelf, read_programme(theirs), "/srv/theirs.toml", "line 3: a mistake.")
        night = label.look()
        assert (night.programme, night.wrong, night.timezone) == ("/srv/theirs.toml", "line 3: a mistake.", "UTC")
        assert [b - a for a, b in pairwise(night.next)] == [timedelta(hours=1)] * 4
        assert night.budgets[0].limit == 9
    night = label.look()
    assert (night.programme, night.wrong) == (str(label.prompts / "programme.toml"), "")
    assert night.timezone == "Europe/Berlin" and night.budgets[0].limit == 4


def test_a_shift_at_work_whose_process_is_gone_was_interrupted(label: Label) -> None:
    """Nobody has settled its row yet; a reader is told all the same."""
    shift = label.catalogue.shifts.begin("cron")
    label.catalogue.shifts.take(shift.id, papers.brief(theme="rain"), "It is time.")
    label.shelf.night_shift.mkdir()
    with holding(label.shelf.night_shift, "it"):
        working = label.look().working
        assert working is not None and (working.theme, working.why) == ("rain", "It is time.")
    night = label.look()
    assert night.working is None and night.shifts[0].outcome == "interrupted"


def test_rests_for_one_reason_are_one_line(label: Label) -> None:
    """A budget that is used up for a day is no list of ticks."""
    for why in ("No room.", "No room.", "No room.", "No theme."):
        label.hands.go(10)
        label.catalogue.shifts.note("cron", "rested", why)
    rows = label.look().shifts
    assert [(row.why, row.times) for row in rows] == [("No theme.", 1), ("No room.", 3)]
    assert rows[1].time - rows[1].since == timedelta(minutes=20)


def test_budgets_say_what_is_used_and_what_there_is(label: Label) -> None:
    """Albums a day, albums that wait, and the disk, in the words of the programme."""
    paper = papers.plan("Rain On Tin", ("Gutter Song",))
    label.catalogue.reserve("rain-on-tin", papers.brief(theme="rain", tracks=1), paper)
    said = {budget.name: (budget.used, budget.limit) for budget in label.look().budgets}
    assert said["Albums begun today"] == (1, 4) and said["Albums waiting for you"] == (0, 3)
    assert said["Disk"][1] == 5.0


def test_a_programme_with_a_mistake_is_shown_with_its_line(label: Label) -> None:
    """What was stays to be seen."""
    label.catalogue.shifts.note("cron", "rested", "No room.")
    programme_folder(label.prompts, "[budgets]\nalbum = 4\n")
    night = label.look()
    assert "programme.toml, line " in night.wrong and night.shifts and not night.next
