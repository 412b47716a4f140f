"""The foreman: one shift at a time, every tick accounted for, whatever is done to the clock or to the shifts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from night import Hands

from flows.foreman import Ended, Foreman, NoBoard, Tick
from pipeline.catalogue import Catalogue
from pipeline.catalogue.shifts import INTERRUPTED, Shift

EVERY = timedelta(minutes=10)


class Shop:
    """Shifts that last until the test ends them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.shifts, self.open, self.begun = catalogue.shifts, list[Shop.Work](), 0
        self.broken: OSError | None = None

    class Work:
        def __init__(self, number: int | None) -> None:
            self.number, self.how = number, None

        def ended(self) -> Ended | None:
            return self.how

        def stop(self) -> Ended:
            return Ended(130, self.number, "Stopped.")

    def start(self, tick: Tick, run: str | None) -> Work:
        if self.broken is not None:
            raise self.broken
        self.begun += 1
        self.open.append(Shop.Work(self.shifts.begin(tick.trigger).id))
        return self.open[-1]

    def end(self, code: int = 0, said: str = "") -> None:
        """End the shift at work; with a code, as one that was killed."""
        work = self.open[-1]
        if code == 0 and work.number is not None:
            self.shifts.end(work.number, "made", "It was time.")
        work.how = Ended(code, work.number, said)  # type: ignore[assignment]


class Night:
    """A foreman with a schedule of ten minutes, and what he said."""

    def __init__(self, catalogue: Catalogue, hands: Hands) -> None:
        self.hands, self.shop, self.said, self.shifts = hands, Shop(catalogue), list[str](), catalogue.shifts
        self.foreman = Foreman(
            catalogue.shifts, _ticks, self.shop.start, NoBoard(), clock=hands.clock, steady=hands.steady,
            say=self.said.append,
        )  # fmt: skip

    def go(self, minutes: float) -> None:
        """Let time pass, with a look each half minute."""
        for _ in range(round(2 * minutes)):
            self.hands.go(0.5)
            self.foreman.look()

    def outcomes(self) -> list[str]:
        """Return what came of every tick, the oldest first."""
        return [shift.outcome for shift in reversed(self.shifts.newest(100))]


def _ticks(after: datetime, until: datetime) -> Sequence[Tick]:
    found, moment = [], datetime(2026, 1, 1, tzinfo=after.tzinfo)
    moment += EVERY * ((after - moment) // EVERY + 1)
    while moment <= until:
        found.append(Tick(moment, "interval"))
        moment += EVERY
    return found


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    hands = Hands()
    with Catalogue.open(tmp_path / "catalogue.db", clock=hands.clock) as catalogue:
        yield Night(catalogue, hands)


def test_every_tick_has_its_shift(night: Night) -> None:
    """Where each shift is over before the next tick, none is left out and none comes twice."""
    for _ in range(6):
        night.go(10)
        night.shop.end()
    night.go(1)
    assert night.outcomes() == ["made"] * 6


def test_of_the_ticks_that_come_meanwhile_one_shift_comes_after(night: Night) -> None:
    """A shift of forty minutes meets three ticks: one waits for its end, the others coalesce into that."""
    night.go(5 + 33)
    assert night.outcomes() == ["working", "coalesced", "coalesced"] and night.shop.begun == 1
    night.shop.end()
    night.go(1)
    assert night.outcomes() == ["made", "coalesced", "coalesced", "working"] and night.shop.begun == 2


def test_a_shift_that_died_is_interrupted_and_the_next_tick_has_one(night: Night) -> None:
    """Its row says how it ended; nothing is left at work."""
    night.go(10)
    night.shop.end(-9, "It was ended by signal 9 (SIGKILL).")
    night.go(1)
    (row,) = night.shifts.newest()
    assert row.outcome == "interrupted" and "SIGKILL" in row.why and row.ended is not None
    night.go(10)
    assert night.outcomes() == ["interrupted", "working"]


def test_a_shift_that_ends_before_it_has_a_row_gets_one(night: Night) -> None:
    """What it said last is the reason."""
    night.foreman = Foreman(
        night.shifts, _ticks, lambda tick, run: _Stillborn(), NoBoard(), clock=night.hands.clock,
        steady=night.hands.steady, say=night.said.append,
    )  # fmt: skip
    night.go(10)
    row = next(row for row in night.shifts.newest() if row.outcome == "failed")
    assert row.why == "LOFI_STUDIO cannot be 'x'."


class _Stillborn:
    def ended(self) -> Ended:
        return Ended(2, None, "LOFI_STUDIO cannot be 'x'.")

    def stop(self) -> Ended:
        return self.ended()


def test_a_process_that_cannot_be_started_fails_that_tick_alone(night: Night) -> None:
    """No memory for a process is said, and the next tick tries again."""
    night.shop.broken = OSError(12, "Cannot allocate memory")
    night.go(10)
    night.shop.broken = None
    night.go(10)
    assert night.outcomes() == ["failed", "working"] and "allocate" in night.shifts.newest(2)[1].why


def test_a_clock_set_forward_brings_one_shift_and_no_storm(night: Night) -> None:
    """A year is missed: one shift stands for all of it, and the schedule goes on from there."""
    night.go(1)
    night.hands.set(365 * 24 * 60)
    night.go(1)
    assert night.shop.begun == 1 and night.outcomes() == ["coalesced", "working"]
    night.shop.end()
    night.go(2)
    assert night.shop.begun == 1
    night.go(10)
    assert night.shop.begun == 2
    assert any("jumped forward" in said for said in night.said)


def test_a_clock_set_back_is_followed_and_fires_nothing_by_itself(night: Night) -> None:
    """The next tick is the next one by what the clock shows now, not in a year."""
    night.go(10)
    night.shop.end()
    night.hands.set(-365 * 24 * 60)
    night.go(1)
    assert night.shop.begun == 1 and any("set back" in said for said in night.said)
    night.go(10)
    assert night.shop.begun == 2


def test_somebody_asks_and_it_begins_at_once(night: Night) -> None:
    """`--now` does not wait for the schedule; while a shift is at work it waits for its end."""
    night.foreman.ask()
    night.foreman.look()
    assert night.shop.begun == 1
    night.foreman.ask()
    night.go(1)
    assert night.shop.begun == 1
    night.shop.end()
    night.go(1)
    assert night.shop.begun == 2


def test_a_service_that_stops_accounts_for_what_waits(night: Night) -> None:
    """The shift at work is interrupted, and the tick that waited for it rests."""
    night.go(5 + 12)
    night.foreman.stop()
    assert night.outcomes() == ["interrupted", "rested"]
    assert not night.foreman.busy


def test_a_catalogue_that_is_away_stops_nobody(night: Night, tmp_path: Path) -> None:
    """While a row cannot be written it is said, once; afterwards the ticks are there again."""
    database = night.shifts._database
    with database.writing() as connection:
        connection.exec_driver_sql("alter table shifts rename to gone")
    night.go(25)
    told = [said for said in night.said if "tries again" in said]
    assert len(told) == 1
    with database.writing() as connection:
        connection.exec_driver_sql("alter table gone rename to shifts")
    night.go(10)
    assert night.outcomes() == ["working"]


def test_what_dead_processes_left_at_work_is_settled_by_the_next(night: Night) -> None:
    """A machine that lost its power leaves a row at work; nobody is at work in it when another begins."""
    lost = night.shifts.begin("cron")
    night.go(10)
    row = night.shifts.one(lost.id)
    assert isinstance(row, Shift) and (row.outcome, row.why) == ("interrupted", INTERRUPTED)
