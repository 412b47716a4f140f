"""The sound of one form has no end and no gap, whatever the studio does. The clock is the test's, the sound is real."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
import soundfile
from patience import PATIENCE
from radio_room import ffmpeg
from tone_studio import Encoded, mp3_frames

from pipeline.radio.lane import MOST, Lane
from pipeline.radio.last_hour import Kept, LastHour, Reserve
from pipeline.radio.listeners import Crowd, Listener
from pipeline.radio.playbill import Announced, Playbill
from pipeline.radio.ring import BURST, PAST
from pipeline.radio.wire import OnAir, Packet


class AtOnce(Executor):
    """A disk that is done with everything at once."""

    def submit(self, work: Any, /, *arguments: Any, **more: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*arguments, **more))
        return done


class Air:
    """A lane, a clock, and a studio that sends when told to."""

    def __init__(self, source: Encoded, form: Any = "mp3", hour: LastHour | None = None) -> None:
        self.now, self.sent, self.titles = 1000.0, 0.0, 0
        self.bill = Playbill(0.0)
        self.lane = Lane(form, Reserve(hour, AtOnce()) if hour else None, self.again, 9)
        self.lane.head(source.head)
        self.source = source
        self.coming = iter(())
        self.crowd = Crowd(100, 10)
        self.began: list[Announced] = []
        self.repeated: tuple[OnAir | None, Announced | None] = (None, None)

    def again(self, kept: Kept) -> Announced | None:
        if kept.said is not None and self.repeated[0] != kept.said:
            self.repeated = (kept.said, self.bill.again(kept.said, kept.run))
        return self.repeated[1]

    def send(self, seconds: float) -> None:
        """Have the studio send so much sound at once, with a title where a track begins."""
        until = self.sent + seconds
        while self.sent < until:
            packet = next(self.coming, None)
            if packet is None:
                self.titles += 1
                said = OnAir(self.titles, f"Track {self.titles}", "Tones", self.sent, 6.0, "fresh", ())
                self.lane.announce(self.sent, self.bill.announce(said, "run"), Kept(0.0, b"", said, "run"))
                packets = [each for each in self.source.from_(self.sent) if each.form == self.lane.form]
                self.coming = iter(packets)
                continue
            self.lane.take(packet, self.now)
            self.sent = packet.start + packet.seconds

    def run(self, seconds: float, *, studio: bool = True, waited: bool = False) -> None:
        """Let time pass, a fifth of a second at a time, with a studio that keeps two seconds ahead or is silent."""
        for _ in range(round(seconds * 5)):
            if studio:
                self.send(0.2)
            for sound in self.lane.tick(self.now, waited=waited):
                if sound.entry and (not self.began or self.began[-1] != sound.entry):
                    self.began.append(sound.entry)
            self.now += 0.2

    def listener(self) -> Listener:
        return Listener(self.crowd, self.lane, "10.0.0.1", titles=False)

    def heard(self, listener: Listener) -> bytes:
        """What a listener gets at this moment."""
        self.crowd.wake()
        waiting = asyncio.run(asyncio.wait_for(_piece(listener, self.crowd), PATIENCE))
        return waiting or b""


async def _piece(listener: Listener, crowd: Crowd) -> bytes | None:
    asyncio.get_running_loop().call_soon(crowd.wake)
    return await listener.piece()


def seconds_of(form: str, data: bytes, file: Path) -> float:
    """How long recorded sound is; nothing in it may be wrong."""
    file.write_bytes(data)
    said = ffmpeg("-v", "error", "-xerror", "-i", str(file), "-f", "null", "-")
    assert (said.returncode, said.stderr) == (0, "")
    return len(mp3_frames(data)) * 1152 / 44_100 if form == "mp3" else float(soundfile.info(file).duration)


@pytest.fixture
def hours(tmp_path: Path) -> Iterator[Callable[[Any], LastHour]]:
    """The last hour of a form, in files of five seconds."""
    opened: list[LastHour] = []

    def one(form: Any) -> LastHour:
        opened.append(LastHour(tmp_path / "hour", form, minute=5.0))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


@pytest.fixture
def hour(hours: Callable[[Any], LastHour]) -> LastHour:
    return hours("mp3")


def test_who_joins_has_the_burst_at_once_and_then_the_pace_of_the_clock(tone: Encoded) -> None:
    air = Air(tone)
    air.send(2.0)
    air.run(12.0)
    with air.listener() as one:
        first = air.heard(one)
        assert len(mp3_frames(first)) * 1152 / 44_100 == pytest.approx(BURST, abs=0.45)
        total = 0.0
        for _ in range(20):
            air.run(0.2)
            total += len(mp3_frames(air.heard(one))) * 1152 / 44_100
        assert total == pytest.approx(4.0, abs=0.45)


def test_who_joins_a_radio_that_has_only_just_begun_gets_all_there_is(tone: Encoded) -> None:
    """What is not due yet makes up for what was not there."""
    air = Air(tone)
    air.send(3.0)
    air.run(0.4)
    with air.listener() as one:
        assert len(mp3_frames(air.heard(one))) * 1152 / 44_100 >= 3.0


def test_two_listeners_hear_the_same_bytes(tone: Encoded) -> None:
    """From where the later one joined, to the byte."""
    air = Air(tone)
    air.send(2.0)
    air.run(8.0)
    with air.listener() as early, air.listener() as late:
        one = air.heard(early)
        air.run(3.0)
        two = air.heard(late)
        one += air.heard(early)
        for _ in range(5):
            air.run(1.0)
            one += air.heard(early)
            two += air.heard(late)
        assert len(two) > 8 * 16_000 and one.endswith(two)


def test_who_falls_behind_the_ring_is_dropped_and_the_ring_stays_bounded(tone: Encoded) -> None:
    air = Air(tone)
    air.send(2.0)
    air.run(5.0)
    with air.listener() as slow, air.listener() as quick:
        air.heard(slow)
        air.heard(quick)
        total = 0
        for _ in range(10):
            air.run(4.0)
            total += len(mp3_frames(air.heard(quick)))
        assert total * 1152 / 44_100 == pytest.approx(40.0, abs=0.5)
        assert air.heard(slow) == b"" and slow.dropped and not quick.dropped
        assert air.crowd.dropped == 1
    kept = air.lane.ring.next - air.lane.ring.first
    assert kept * 8 * 1152 / 44_100 < PAST + 8
    assert len(air.crowd) == 0


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_a_silent_studio_is_not_heard_and_its_return_is_no_gap(
    form: Any, tone: Encoded, tmp_path: Path, hours: Callable[[Any], LastHour]
) -> None:
    """Recorded across a minute without a studio, the sound is as long as the clock, and decodes without a complaint."""
    air = Air(tone, form, hours(form))
    air.send(2.0)
    air.run(20.0)
    with air.listener() as one:
        data, began = air.heard(one), air.now
        for studio, steps in ((True, 10), (False, 60), (True, 30)):
            for _ in range(steps):
                air.run(1.0, studio=studio)
                data += air.heard(one)
            if not studio:
                assert air.lane.again
        assert not air.lane.again and air.lane.fallbacks == 1 and air.lane.gaps == 0
    lasts = seconds_of(form, data, tmp_path / f"recorded.{form}")
    assert lasts == pytest.approx(air.now - began + BURST, abs=0.6)


def test_a_listener_has_sound_in_hand_at_every_moment_of_a_fallback(tone: Encoded, hour: LastHour) -> None:
    """What was sent is never less than what has been played, as the clock goes: nobody hears that the studio died."""
    air = Air(tone, hour=hour)
    air.send(2.0)
    air.run(15.0)
    with air.listener() as one:
        sent, began, least = len(mp3_frames(air.heard(one))) * 1152 / 44_100, air.now, 99.0
        for step in range(200):
            air.run(0.2, studio=not 25 <= step < 100)
            sent += len(mp3_frames(air.heard(one))) * 1152 / 44_100
            least = min(least, sent - (air.now - began))
    assert least > 2.0


def test_the_last_hour_is_played_with_its_titles_marked_as_heard_before(tone: Encoded, hour: LastHour) -> None:
    """The oldest first; then the studio's own again."""
    air = Air(tone, hour=hour)
    air.send(2.0)
    air.run(20.0)
    lived = len(air.began)
    air.run(25.0, studio=False)
    again = air.began[lived:]
    assert [entry.title for entry in again[:2]] == ["Track 1", "Track 2"]
    assert {entry.source for entry in again} == {"again"}
    assert again[0].picture == air.began[0].number != again[0].number
    air.run(10.0)
    assert air.began[-1].source == "fresh"


def test_without_a_disk_the_last_half_minute_is_played(tone: Encoded) -> None:
    air = Air(tone)
    air.send(2.0)
    air.run(20.0)
    air.run(120.0, studio=False)
    assert air.lane.again and air.lane.ring.end > air.now - 0.5


def test_a_studio_that_catches_up_is_joined_where_it_is_now(tone: Encoded, hour: LastHour) -> None:
    """What it sends in one go after a pause is long past: a few seconds of it are kept, and no lag grows."""
    air = Air(tone, hour=hour)
    for _ in range(4):
        air.send(2.0)
        air.run(10.0)
        air.run(20.0, studio=False)
        air.send(20.0)
        air.run(5.0)
        assert not air.lane.again
        assert air.lane.ring.end - air.now < 6.0


def test_a_studio_far_ahead_is_not_kept_without_end(tone: Encoded) -> None:
    air = Air(tone)
    air.send(600.0)
    air.run(0.2)
    assert air.lane.ring.end - air.now <= MOST + 1 and air.lane.lost > 0


def test_nonsense_from_a_studio_is_left_out(tone: Encoded) -> None:
    """Pages that are none, sound of no length or of a day: nothing of it is heard, and the rest is."""
    air = Air(tone, "opus")
    air.send(2.0)
    for seconds, data in (
        (0.2, b"noise"),
        (float("nan"), tone.opus[0]),
        (-1.0, tone.opus[0]),
        (86_400.0, tone.opus[0]),
    ):
        air.lane.take(Packet("opus", 2.0, seconds, data), air.now)
    before = air.lane.ring.end
    air.send(1.0)
    assert air.lane.lost == 4 and air.lane.ring.end == pytest.approx(before + 1.0, abs=0.25)


def test_a_new_radio_begins_with_what_an_earlier_one_played(tone: Encoded, hours: Callable[[Any], LastHour]) -> None:
    """When its studio takes long to open; and goes over to it once it plays."""
    for form in ("mp3", "opus"):
        hour = hours(form)
        first = Air(tone, form, hour)
        first.send(2.0)
        first.run(20.0)
        hour.close()
        second = Air(tone, form, hours(form))
        second.run(2.0, studio=False)
        assert not second.lane.begun
        second.run(10.0, studio=False, waited=True)
        assert second.lane.again and second.began[0].title == "Track 1"
        second.send(2.0)
        second.run(5.0)
        assert not second.lane.again and second.began[-1].source == "fresh"
