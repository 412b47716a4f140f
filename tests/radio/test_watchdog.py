"""A studio that dies, hangs or plays nothing is started again, with growing pauses, and people are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.radio.watchdog import HEALTHY, OPENING, PAUSES, SILENT, SOUNDLESS, Watchdog
from pipeline.radio.wire import Ahead, FromStudio, Packet, ToStudio

SOUND = Packet("mp3", 0.0, 1.0, b"sound")
WORD = Ahead(60.0, ())


class Studio:
    """One that does what the test says."""

    def __init__(self) -> None:
        self.says: list[FromStudio] = []
        self.code: int | None = None
        self.ended = False

    def heard(self) -> list[FromStudio]:
        said, self.says = self.says, []
        return said

    def tell(self, message: ToStudio, /) -> bool:
        return not self.ended

    def left(self) -> int | None:
        return self.code

    def end(self) -> None:
        self.ended = True


class Night:
    """A watchdog over such studios, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.studios: list[Studio] = []
        self.dog = Watchdog(self.start, "run", 0.0)

    def start(self) -> Studio:
        self.studios.append(Studio())
        return self.studios[-1]

    def wait(self, seconds: float, says: Callable[[], list[FromStudio]] = list) -> None:
        """Let time pass, with a studio that says this every second."""
        until = self.now + seconds
        while self.now < until:
            self.studios[-1].says += says()
            self.dog.tick(self.now)
            self.dog.tick(self.now)
            self.now += 1.0


def test_one_that_plays_is_left_alone() -> None:
    night = Night()
    night.wait(3600.0, lambda: [WORD, SOUND])
    assert len(night.studios) == 1 and night.dog.said == "" and not night.dog.opening


@pytest.mark.parametrize(
    ("says", "patience", "why"),
    [
        (list, OPENING, "did not open"),
        (lambda: [WORD], SOUNDLESS, "played nothing"),
    ],
)
def test_one_that_never_plays_is_started_again(says: Callable[[], list[FromStudio]], patience: float, why: str) -> None:
    night = Night()
    night.wait(patience - 2, says)
    assert len(night.studios) == 1
    night.wait(4.0, says)
    assert night.studios[0].ended and why in night.dog.said
    night.wait(5.0)
    assert len(night.studios) == 2 and night.dog.run == "run.1"


def test_one_that_hangs_is_ended_and_started_again() -> None:
    """It said nothing, not even how it stands."""
    night = Night()
    night.wait(30.0, lambda: [SOUND])
    night.wait(SILENT + 4)
    assert night.studios[0].ended and len(night.studios) == 2
    assert "did not answer" in night.dog.said
    night.wait(2.0, lambda: [SOUND])
    assert night.dog.said == "" and night.dog.restarts == 1


def test_one_that_was_not_listened_to_is_not_taken_to_hang() -> None:
    """The machine stood still, and what the studio said meanwhile is heard a moment after it goes on."""
    night = Night()
    night.wait(30.0, lambda: [SOUND])
    for held_up in (SILENT + 1, OPENING + 1, SOUNDLESS + 1):
        night.now += held_up
        night.wait(2.0)
        night.wait(5.0, lambda: [SOUND])
    assert len(night.studios) == 1 and not night.studios[0].ended
    night.wait(SILENT + 4)
    assert night.studios[0].ended


def test_one_that_dies_again_and_again_is_started_ever_more_rarely() -> None:
    """And at once again after it was well for a while."""
    night = Night()
    for _ in range(12):
        night.studios[-1].code = 3
        began = len(night.studios)
        moment = night.now
        while len(night.studios) == began:
            night.wait(1.0)
        assert night.now - moment <= PAUSES[min(began - 1, len(PAUSES) - 1)] + 2
        assert night.now - moment >= PAUSES[min(began - 1, len(PAUSES) - 1)]
    night.wait(HEALTHY + 60, lambda: [SOUND])
    night.studios[-1].code = 3
    before = len(night.studios)
    night.wait(4.0)
    assert len(night.studios) == before + 1


def test_nobody_is_told_anything_while_there_is_no_studio() -> None:
    night = Night()
    assert not night.dog.tell(SOUND)  # type: ignore[arg-type]
    night.wait(2.0, lambda: [SOUND])
    assert night.dog.tell(SOUND)  # type: ignore[arg-type]
    night.studios[-1].code = 1
    night.wait(1.0)
    assert not night.dog.tell(SOUND)  # type: ignore[arg-type]


def test_a_radio_that_closes_starts_none() -> None:
    night = Night()
    night.dog.close()
    night.now = 1e9
    night.wait(5.0)
    assert len(night.studios) == 1
