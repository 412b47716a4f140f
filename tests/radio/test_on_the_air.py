"""What must not wait: the sound goes on whatever becomes of encoders, pictures and the ledger."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from patience import PATIENCE
from radio_pieces import CAFE, piece

from pipeline.audio.ffmpeg import find_ffmpeg
from pipeline.catalogue import Catalogue
from pipeline.domain.course import Turned
from pipeline.radio import wire
from pipeline.radio.onair import OnTheAir
from pipeline.radio.piece import Piece
from pipeline.radio.running_order import RunningOrder


class Programme:
    """A radio on the air whose clock goes ever faster than its music, so that nothing waits for it.

    `look` is called whenever somebody reads the clock, with the time.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        look: Callable[[float], None] = lambda _: None,
        picture: Callable[[Piece], bytes | None] = lambda _: None,
    ) -> None:
        running_order = RunningOrder(CAFE)
        for seed in (1, 2, 3):
            assert running_order.add(piece(folder, seed, seconds=20.0))
        self.now = 0.0
        self.sent: list[wire.FromStudio] = []
        self._look = look
        self.air = OnTheAir(
            running_order,
            catalogue.airings,
            self.sent.append,
            lambda course, *_: Turned(course=course, said=""),
            lambda _: None,
            lambda _: None,
            picture,
            3.0,
            self.clock,
        )

    def clock(self) -> float:
        self.now += 0.4
        self._look(self.now)
        return self.now

    def all(self, kind: type, form: wire.Form | None = None) -> list:
        return [each for each in self.sent if isinstance(each, kind) and form in (None, getattr(each, "form", None))]

    def played(self, form: wire.Form) -> float:
        """Until which second of the programme there is sound without a gap, from the first that there is."""
        packets = self.all(wire.Packet, form)
        for one, other in pairwise(packets):
            assert other.start == pytest.approx(one.start + one.seconds, abs=0.01)
        return packets[-1].start + packets[-1].seconds


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An ffmpeg whose encoder of MP3 dies at once while this file is there; it writes a line there every time."""
    mark = tmp_path / "broken"
    mark.touch()
    script = tmp_path / "bin" / "ffmpeg"
    script.parent.mkdir()
    real, where = shlex.quote(find_ffmpeg()), shlex.quote(str(mark))
    fault = f'case "$*" in *pipe:0*libmp3lame*) [ -e {where} ] && echo died >> {where} && exit 1;; esac'
    script.write_text(f'#!/bin/sh\n{fault}\nexec {real} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=":")
    find_ffmpeg.cache_clear()
    yield mark
    find_ffmpeg.cache_clear()


def test_an_encoder_that_keeps_dying_is_started_ever_more_rarely(
    tmp_path: Path, catalogue: Catalogue, broken: Path
) -> None:
    """At once, then after 2, 4, 8 … 60 s; the other form never misses a beat, and people are told until it is over."""
    deaths: list[str] = []

    def look(now: float) -> None:
        if now > 600 and broken.exists():
            deaths.extend(broken.read_text().split())
            broken.unlink()
        if now > 720:
            programme.air.close()

    programme = Programme(tmp_path, catalogue, look)
    programme.air.run()
    assert 8 <= len(deaths) <= 16
    last = programme.played("opus")
    assert programme.all(wire.Packet, "opus")[0].start == 0 and last > 30
    assert 0 < programme.all(wire.Packet, "mp3")[0].start < programme.played("mp3") == pytest.approx(last, abs=0.5)
    notes = [each.note for each in programme.all(wire.Ahead)]
    assert "The encoder of mp3 fails, and is started again." in notes
    assert notes[0] == notes[-1] == ""


def test_an_encoder_that_dies_once_is_back_at_once(tmp_path: Path, catalogue: Catalogue, broken: Path) -> None:
    """It goes on where the programme is by then, and not where it left off."""

    def look(now: float) -> None:
        if broken.exists() and broken.read_text():
            broken.unlink()
        if now > 60:
            programme.air.close()

    programme = Programme(tmp_path, catalogue, look)
    programme.air.run()
    assert programme.all(wire.Packet, "mp3")[0].start < 1.0
    assert programme.played("mp3") == pytest.approx(programme.played("opus"), abs=0.5)


def test_a_picture_that_fails_costs_neither_sound_nor_title(tmp_path: Path, catalogue: Catalogue) -> None:
    """Nor the place in the ledger by which the track does not come again too soon."""

    def look(_: float) -> None:
        if len(programme.all(wire.OnAir)) > 1:
            programme.air.close()

    def picture(_: Piece) -> bytes | None:
        raise RuntimeError("the painter's fault")

    programme = Programme(tmp_path, catalogue, look, picture)
    programme.air.run()
    assert programme.played("mp3") == pytest.approx(programme.played("opus"), abs=0.5)
    titles = [each.title for each in programme.all(wire.OnAir)]
    aired = catalogue.airings.since(catalogue.airings.now().replace(year=2000))
    assert titles == [each.title for each in aired] and len(titles) == 2
    assert programme.all(wire.Picture) == []


def test_a_picture_that_is_slow_comes_later(tmp_path: Path, catalogue: Catalogue) -> None:
    """The sound does not wait for it; once it is there it is shown with its track."""
    finished = threading.Event()

    def look(now: float) -> None:
        if programme.all(wire.Packet, "mp3") and programme.played("mp3") > 6:
            finished.set()
        if programme.all(wire.Picture) or now > 7200:
            programme.air.close()

    def picture(_: Piece) -> bytes | None:
        assert finished.wait(PATIENCE), "the sound waited for the picture"
        return b"a picture"

    programme = Programme(tmp_path, catalogue, look, picture)
    programme.air.run()
    assert programme.all(wire.Picture)[0] == wire.Picture(1, b"a picture")


def test_a_picture_that_comes_after_its_track_is_still_of_use(tmp_path: Path, catalogue: Catalogue) -> None:
    """It is sent for the page's history."""
    painted: list[Piece] = []

    def look(now: float) -> None:
        if len(programme.all(wire.OnAir)) > 1 and not painted:
            painted.append(asked[0])
            programme.air.painted(asked[0].key)
        if programme.all(wire.Picture) or now > 7200:
            programme.air.close()

    asked: list[Piece] = []

    def picture(one: Piece) -> bytes | None:
        asked.append(one)
        return b"late" if one in painted else None

    programme = Programme(tmp_path, catalogue, look, picture)
    programme.air.run()
    assert programme.all(wire.Picture) == [wire.Picture(1, b"late")]
