"""The transmitter goes on whatever its studio says or does not say. The clock is the test's, the sound is real."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from patience import until
from tone_studio import Encoded

from pipeline.domain.airing import AirSource
from pipeline.errors import BadBrief, Busy, OffAir, Stale
from pipeline.radio.last_hour import LastHour
from pipeline.radio.playbill import HISTORY, PICTURE_LIMIT
from pipeline.radio.standing import LATE, SAID, standing
from pipeline.radio.station import Station
from pipeline.radio.transmitter import NOTHING_OUT, Transmitter
from pipeline.radio.wire import (
    FORMS,
    Ahead,
    Before,
    Form,
    Head,
    Love,
    OnAir,
    Packet,
    Picture,
    Skip,
    Steer,
    ToStudio,
    Understood,
)

JPEG = b"\xff\xd8 a picture"


class Desk:
    """A studio that says what the test says, and notes down what it is told."""

    def __init__(self) -> None:
        self.says: list[Any] = []
        self.told: list[ToStudio] = []
        self.code: int | None = None
        self.ended = False

    def heard(self) -> list[Any]:
        said, self.says = self.says, []
        return said

    def tell(self, message: ToStudio, /) -> bool:
        self.told.append(message)
        if isinstance(message, Steer):
            self.says.append(Understood(message.number, ("slower",), "Slower it is."))
        return True

    def left(self) -> int | None:
        return self.code

    def end(self) -> None:
        self.ended = True


class Evening:
    """A radio, its studios, and the time."""

    def __init__(self, tone: Encoded, hours: dict[Form, LastHour] | None = None) -> None:
        self.now, self.tone, self.sent, self.number = 1000.0, tone, 0.0, 0
        self.since = 0.0
        self.desks: list[Desk] = []
        self.radio = Transmitter(
            self.open,
            hours or {},
            run="run",
            steady=lambda: self.now,
            wall=lambda: 5000.0 + self.now,
            most=10,
            each=2,
        )
        self.station = Station(self.radio, "rain", lambda: self.now)

    def open(self) -> Desk:
        self.desks.append(Desk())
        self.sent, self.number = 0.0, 0
        return self.desks[-1]

    @property
    def desk(self) -> Desk:
        return self.desks[-1]

    def track(self, seconds: float = 6.0, source: AirSource = "fresh") -> None:
        """Have the studio send a whole track at once."""
        self.number += 1
        said = OnAir(self.number, f"Track {self.number}", "Desk", self.sent, seconds, source, ("warm",))
        packets = [each for each in self.tone.from_(self.sent) if each.start < self.sent + seconds]
        self.desk.says += [Head("opus", self.tone.head), said, Ahead(60.0, ("warm",)), *packets]
        self.sent += seconds

    def run(self, seconds: float) -> None:
        for _ in range(round(5 * seconds)):
            self.radio.tick()
            self.now += 0.2

    def close(self) -> None:
        """Put away what it keeps on the disk."""
        for reserve in self.radio._reserves.values():
            reserve.close()
        self.radio._disk.shutdown()

    def told(self, seconds: float) -> list[str]:
        """What the page says of how it stands, look for look, where it changes; a second studio opens for 4 s."""
        said = list[str]()
        for _ in range(round(5 * seconds)):
            self.run(0.2)
            if len(self.desks) > 1:
                self.since += 0.2
                if self.since > 4.0 + max(0.0, self.sent - 2.0):
                    self.track(1.0)
            now = standing(self.radio)
            assert ("heard again" in now.said) == (now.state == "again")
            assert not (self.radio.trouble and now.ahead)
            said += [now.said] if said[-1:] != [now.said] else []
        return said


@pytest.fixture
def evening(tone: Encoded) -> Evening:
    evening = Evening(tone)
    evening.track()
    evening.run(3.0)
    return evening


def test_a_message_that_makes_no_sense_stops_no_other(evening: Evening, caplog: pytest.LogCaptureFixture) -> None:
    """It is noted once, and what came with it is heard."""
    evening.desk.says += [Packet("wav", 0.0, 1.0, b""), "hello", None, OnAir(2, None, "x", 6.0, 6.0, "fresh", ())]  # type: ignore[arg-type]
    evening.number = 2
    evening.track()
    evening.run(6.0)
    now = evening.radio.bill.now
    assert now is not None and now.entry.title == "Track 3" and not evening.radio.again
    assert len([said for said in caplog.messages if "A fault" in said]) == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("fresh", "Every track is new"),
        ("stand-in", "The musician is behind: the offline band plays."),
        ("approved", "The musician is behind: approved tracks of the library play."),
        ("again", "The musician is behind: what was heard before is heard again."),
    ],
)
def test_what_stands_in_for_the_musician_is_said(evening: Evening, source: AirSource, said: str) -> None:
    """By the track that is heard; the studio is there, and what it plays can be skipped."""
    evening.track(source=source)
    evening.run(5.0)
    stands = standing(evening.radio)
    assert stands.said.startswith(said) and stands.now is not None and stands.now.entry.source == source
    assert evening.radio.skip(stands.now.entry)


def test_titles_are_on_the_page_when_they_are_sent_and_not_before(evening: Evening) -> None:
    evening.track()
    evening.run(2.0)
    assert [heard.entry.title for heard in evening.radio.bill.heard] == ["Track 1"]
    evening.run(2.0)
    first, second = evening.radio.bill.heard
    assert second.entry.title == "Track 2" and second.wall - first.wall == pytest.approx(6.0, abs=0.3)
    assert standing(evening.radio).history == (first,)


def test_another_studio_counts_from_one_and_is_not_taken_for_the_first(evening: Evening) -> None:
    """Its first track has a number and a picture of its own; what the first played is not loved at it."""
    evening.desk.says.append(Picture(1, JPEG))
    evening.run(0.4)
    old = evening.radio.bill.now
    assert old is not None and evening.station.picture(old.entry.number) == JPEG
    evening.desk.code = 1
    evening.run(4.0)
    evening.track()
    evening.run(4.0)
    new = evening.radio.bill.now
    assert new is not None and new.entry.number > old.entry.number and new.entry.title == "Track 1"
    assert evening.station.picture(new.entry.picture) is None
    evening.desk.says.append(Picture(1, JPEG + b"2"))
    evening.run(0.4)
    assert evening.station.picture(new.entry.picture) == JPEG + b"2"
    with pytest.raises(Stale, match="earlier studio"):
        evening.station.love(old.entry.number, "10.0.0.1")
    evening.now += 5
    evening.station.love(new.entry.number, "10.0.0.1")
    assert evening.desk.told == [Love(1)]


def test_while_the_past_is_heard_nothing_can_be_skipped(evening: Evening) -> None:
    evening.run(10.0)
    assert evening.radio.again and standing(evening.radio).state == "again"
    evening.desk.code = 1
    evening.run(0.4)
    now = evening.radio.bill.now
    assert now is not None
    with pytest.raises(OffAir):
        evening.station.skip(now.entry.number, "10.0.0.1")
    assert "It is started again" in standing(evening.radio).said


PLAYED = ("Until it plays, what was heard before is heard again.", "What it sent last is heard to its end.")


def test_the_page_tells_one_story_when_a_studio_dies(evening: Evening) -> None:
    """What it sent is new and is heard to its end, then the past, then the next studio: never two of them at once."""
    evening.desk.says.append(Ahead(60.0, ("warm",), "The encoder of opus fails, and is started again."))
    evening.run(0.2)
    evening.desk.code = 1
    why = "The studio stopped by itself. It is started again."
    assert evening.told(9.0) == [f"{why} {PLAYED[1]}", f"{why} {PLAYED[0]}", SAID["fresh"]]


def test_the_page_tells_one_story_when_a_studio_hangs(evening: Evening) -> None:
    """It is late, then given up."""
    why = "The studio did not answer any more. It is started again."
    assert evening.told(18.0) == [SAID["fresh"], LATE, f"{why} {PLAYED[0]}", SAID["fresh"]]


def test_the_page_tells_one_story_when_a_studio_is_late(evening: Evening) -> None:
    """And comes back by itself."""
    assert evening.told(6.0) == [SAID["fresh"], LATE]
    evening.track(12.0)
    assert evening.told(6.0) == [LATE, SAID["fresh"]]


def test_the_page_tells_one_story_before_the_first_sound(tone: Encoded) -> None:
    """A studio that dies as it opens is not said to open."""
    evening = Evening(tone)
    assert evening.told(1.0) == [SAID["opening"]]
    evening.desk.code = 1
    why = "The studio stopped by itself. It is started again. The first sound comes after that."
    assert evening.told(9.0) == [why, SAID["fresh"]]


def test_the_page_tells_one_story_while_the_last_hour_is_heard(
    tone: Encoded, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """From the disk, with its titles: the next studio is told of once it is heard, not once it sends."""
    earlier = {form: LastHour(tmp_path, form) for form in FORMS}
    for packet in (each for each in tone.from_(0.0) if each.form == "mp3" and each.start < 6.0):
        earlier["mp3"].keep(packet.seconds, packet.data, OnAir(1, "Kettle", "Band", 0.0, 6.0, "fresh", ()), "earlier")
    earlier["mp3"].close()
    evening = Evening(tone, {form: LastHour(tmp_path, form) for form in FORMS})
    request.addfinalizer(evening.close)
    until(lambda: evening.told(0.2) == [LATE])
    now = evening.radio.bill.now
    assert now is not None and (now.entry.title, now.entry.source) == ("Kettle", "again")
    evening.desk.code = 1
    why = "The studio stopped by itself. It is started again."
    assert evening.told(9.0) == [f"{why} {PLAYED[0]}", SAID["fresh"]]


def test_a_wish_is_one_line_and_comes_back_in_other_words(evening: Evening) -> None:
    async def wish(words: str) -> Understood:
        asked = asyncio.create_task(evening.station.steer(words, "10.0.0.1"))
        await asyncio.sleep(0)
        evening.radio.tick()
        return await asked

    assert asyncio.run(wish("slow\u202eer\n\x00  please")) == Understood(1, ("slower",), "Slower it is.")
    assert evening.desk.told == [Steer(1, "slower please")]
    assert standing(evening.radio).wish == ("slower",)
    with pytest.raises(Busy, match="The music was changed") as busy:
        asyncio.run(wish("again"))
    assert busy.value.seconds == 20
    with pytest.raises(BadBrief, match="longer than 300"):
        asyncio.run(wish("x" * 301))
    assert len(evening.desk.told) == 1


def test_what_was_heard_before_it_was_started_again_is_on_the_page(tone: Encoded) -> None:
    """The newest first, with when, and behind what this radio plays; it is not on the air, and can be loved."""
    evening = Evening(tone)
    earlier = [OnAir(number, f"Earlier {number}", "Band", 0.0, 90.0, "fresh", ()) for number in range(-40, 0)]
    before = Before(tuple((each, 5000.0 + each.number) for each in earlier))
    evening.desk.says += [before, Picture(-1, JPEG)]
    evening.run(0.4)
    now = standing(evening.radio)
    assert (now.state, now.now) == ("opening", None)
    assert [heard.entry.title for heard in now.history] == [f"Earlier {-ago}" for ago in range(1, HISTORY + 1)]
    assert now.history[0].wall == 4999.0
    assert evening.station.picture(now.history[0].entry.picture) == JPEG
    evening.station.love(now.history[2].entry.number, "10.0.0.1")
    assert evening.desk.told == [Love(-3)]
    evening.track()
    evening.track()
    evening.run(8.0)
    titles = [heard.entry.title for heard in standing(evening.radio).history]
    assert titles[:3] == ["Track 1", "Earlier -1", "Earlier -2"] and len(titles) == HISTORY


def test_a_studio_that_is_started_again_tells_nothing_twice(evening: Evening) -> None:
    """What it knows of the past has been heard here."""
    evening.desk.says.append(Before(((OnAir(-1, "Earlier", "Band", 0.0, 90.0, "fresh", ()), 4000.0),)))
    evening.run(0.4)
    evening.desk.code = 1
    evening.run(4.0)
    evening.desk.says.append(Before(((OnAir(-1, "Track 1", "Desk", 0.0, 90.0, "fresh", ()), 4000.0),)))
    evening.track()
    evening.run(8.0)
    assert [heard.entry.title for heard in evening.radio.bill.past if heard.wall == 4000.0] == ["Earlier"]
    with pytest.raises(Stale, match="earlier studio"):
        evening.station.love(evening.radio.bill.past[-1].entry.number, "10.0.0.1")


def test_pictures_of_a_past_that_is_known_already_are_no_fault(
    evening: Evening, caplog: pytest.LogCaptureFixture
) -> None:
    """Every studio that is started again sends them; one that cannot be used is still told of."""
    told = [Before(((OnAir(-1, "Earlier", "Band", 0.0, 90.0, "fresh", ()), 4000.0),)), Picture(-1, JPEG)]
    evening.desk.says += told
    evening.run(0.4)
    evening.desk.code = 1
    evening.run(4.0)
    evening.desk.says += [*told, Picture(-2, JPEG)]
    evening.run(0.4)
    assert [said for said in caplog.messages if "picture" in said] == []
    (earlier,) = (heard.entry for heard in evening.radio.bill.past if heard.wall == 4000.0)
    assert evening.station.picture(earlier.picture) == JPEG
    evening.desk.says.append(Picture(7, JPEG))
    evening.run(0.4)
    assert len([said for said in caplog.messages if "number 7" in said]) == 1


def test_what_was_heard_here_is_not_recalled_as_the_past(evening: Evening, caplog: pytest.LogCaptureFixture) -> None:
    """A studio that dies before it has told of the past leaves that to the next, which tells of both."""
    evening.desk.code = 1
    evening.run(4.0)
    here = (OnAir(-1, "Track 1", "Desk", 0.0, 6.0, "fresh", ()), 6000.5)
    evening.desk.says += [Before(((OnAir(-2, "Earlier", "Band", 0.0, 90.0, "fresh", ()), 4000.0), here))]
    evening.desk.says += [Picture(-2, JPEG), Picture(-1, JPEG)]
    evening.track()
    evening.run(8.0)
    walls = {heard.entry.title: heard.wall for heard in evening.radio.bill.past}
    assert walls["Earlier"] == 4000.0
    assert 6000.5 not in walls.values()
    assert [said for said in caplog.messages if "picture" in said] == []


def test_a_skip_is_told_once(evening: Evening) -> None:
    now = evening.radio.bill.now
    assert now is not None
    evening.station.skip(now.entry.number, "10.0.0.1")
    with pytest.raises(Stale):
        evening.station.skip(now.entry.number, "10.0.0.2")
    assert evening.desk.told == [Skip(1)]


def test_what_is_kept_of_the_past_is_bounded(evening: Evening) -> None:
    """Titles and pictures of days do not gather, and no picture is too large."""
    for number in range(2, 200):
        evening.desk.says += [
            OnAir(number, "x" * 10_000, "y" * 10_000, 3.0, 6.0, "fresh", ("w" * 1000,) * 1000),
            Picture(number, b"\xff\xd8" + bytes(1000)),
        ]
    evening.run(0.4)
    assert len(evening.radio.bill._pictures) <= HISTORY + 10
    assert len(evening.radio.bill._first) <= 2 * HISTORY
    evening.desk.says.append(Picture(199, b"\xff\xd8" + bytes(PICTURE_LIMIT)))
    evening.desk.says.append(Picture(199, b"<svg/>"))
    evening.run(0.4)
    assert all(len(data) < 2000 for data in evening.radio.bill._pictures.values())
    entry = evening.radio.bill.announce(
        OnAir(9, "x" * 10_000, "y" * 10_000, 3.0, 6.0, "fresh", ("w" * 99,) * 99), "run"
    )
    assert len(entry.title) + len(entry.artist) <= 600 and len(entry.words) <= 12


def test_a_radio_with_nothing_left_says_so_and_starts_its_studio_again(tone: Encoded) -> None:
    """The one thing that silences it: no sound yet but a second that cannot be repeated, and a listener."""
    evening = Evening(tone)
    evening.track(0.5)
    evening.run(0.6)
    with evening.radio.listen("mp3", "10.0.0.1", titles=False):
        lane = evening.radio.lanes["mp3"]
        evening.run(1.0)
        lane.again, lane._loop = True, lane._loop.__class__()
        evening.run(2.0)
        assert standing(evening.radio).state == "silent"
        assert "nothing to play" in standing(evening.radio).said
        evening.run(NOTHING_OUT + 1)
        assert evening.desks[0].ended and "Nothing is left to play" in evening.radio.dog.said
