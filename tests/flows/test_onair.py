"""The studio of a radio as a process: what it sends, what it obeys, and what it leaves behind."""

from __future__ import annotations

import io
import json
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from patience import PATIENCE

from flows.onair import play
from pipeline.catalogue import Catalogue
from pipeline.domain.airing import Airing, AirSource
from pipeline.radio import wire
from pipeline.radio.kitchen import piece_of
from pipeline.radio.running_order import Heard, RunningOrder
from pipeline.radio.store import Store
from pipeline.settings import Settings

SOON = 25.0
"""Seconds before its end in which a track may go over into the next one, and then some."""


class Transmitter:
    """The other end of the wire."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.heard: list[wire.FromStudio] = []

    def until(self, wanted: Callable[[wire.FromStudio], bool]) -> Any:
        """Take what comes until something is as wanted, and return that."""
        while self.connection.poll(PATIENCE):
            message = self.connection.recv()
            self.heard.append(message)
            if wanted(message):
                return message
        raise AssertionError(f"the studio said nothing for {PATIENCE} s")

    def rest(self) -> None:
        """Take what comes until the studio has left: one that nobody hears cannot say its last word, and stays."""
        with suppress(OSError, EOFError):  # this end may be closed already
            while self.connection.poll(PATIENCE):
                self.heard.append(self.connection.recv())

    def all(self, kind: type) -> list[Any]:
        return [each for each in self.heard if isinstance(each, kind)]

    def lasting(self) -> wire.OnAir:
        """Return what is on the air for a while yet, the next one where this is about to end."""
        packet = self.until(lambda each: isinstance(each, wire.Packet))
        on_air = self.all(wire.OnAir)[-1]
        if packet.start > on_air.start + on_air.seconds - SOON:
            return self.until(lambda each: isinstance(each, wire.OnAir))
        return on_air

    def skip_to(self, source: AirSource) -> wire.OnAir:
        """Skip what is on the air until that has this source; a skip that came too late is ignored, as a listener's."""
        while (on_air := self.all(wire.OnAir)[-1]).source != source:
            assert on_air.number < 20, f"nothing {source} came, and others were skipped"
            self.connection.send(wire.Skip(on_air.number))
            self.until(lambda each: isinstance(each, wire.OnAir))
        return on_air


def places(library: Path) -> dict[str, Path]:
    """Return a cache of its own as well: in the person's stands who has the GPU."""
    return {"library": library, "cache": library / "cache"}


def started(library: Path, theme: str = "jazz for a rainy cafe", **settings: object) -> tuple[Any, Transmitter]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=play, args=(theirs, theme, Settings(**places(library), **settings)))
    process.start()
    theirs.close()
    return process, Transmitter(ours)


@contextmanager
def studio(library: Path, theme: str = "jazz for a rainy cafe", **settings: object) -> Iterator[Transmitter]:
    """A studio at work; it is told to close in the end, and has to leave by itself."""
    process, radio = started(library, theme, **settings)
    ours = radio.connection
    try:
        yield radio
        with suppress(OSError):  # it has left already
            ours.send(wire.Close())
        radio.rest()
        process.join(PATIENCE)
        assert process.exitcode == 0
    finally:
        if process.is_alive():
            process.kill()
            process.join()
        ours.close()


def airings(library: Path) -> tuple[Airing, ...]:
    with Catalogue.open(library / "catalogue.db") as catalogue:
        return catalogue.airings.since(catalogue.airings.now().replace(year=2000))


def is_sound_until(seconds: float) -> Callable[[wire.FromStudio], bool]:
    return lambda each: isinstance(each, wire.Packet) and each.start >= seconds


@pytest.mark.slow
def test_an_evening_at_the_radio(tmp_path: Path) -> None:
    """It plays, is steered, skips, is loved, is closed, and goes on the next day with what was rendered."""
    with studio(tmp_path) as radio:
        first = radio.until(lambda each: isinstance(each, wire.OnAir))
        assert (first.number, first.start, first.source) == (1, 0.0, "fresh")
        radio.until(lambda each: isinstance(each, wire.Ahead) and each.seconds > 120)
        radio.connection.send(wire.Steer(7, "slower, more piano, no rain"))
        understood = radio.until(lambda each: isinstance(each, wire.Understood))
        assert (understood.number, understood.wish) == (7, ("jazz", "cafe", "piano", "slower"))
        radio.connection.send(wire.Steer(8, "<script>alert(1)</script> " * 300))
        assert radio.until(lambda each: isinstance(each, wire.Understood)).wish is None
        playing = radio.lasting().number  # a slow machine has come to the second one by now
        radio.connection.send(wire.Love(playing))
        radio.connection.send(wire.Skip(99))
        radio.connection.send(wire.Skip(playing))
        second = radio.until(lambda each: isinstance(each, wire.OnAir))
        radio.connection.send(wire.Skip(second.number))
        third = radio.until(lambda each: isinstance(each, wire.OnAir))
        assert (second.number, third.number) == (playing + 1, playing + 2)
        radio.until(is_sound_until(third.start + 5))
        radio.until(lambda _: bool(radio.all(wire.Picture)))

    assert all(picture.data.startswith(b"\xff\xd8") for picture in radio.all(wire.Picture))
    for message in radio.all(wire.Ahead):
        assert "script" not in " ".join(message.wish)
    packets = [each for each in radio.all(wire.Packet) if each.form == "mp3"]
    sound, rate = soundfile.read(io.BytesIO(b"".join(each.data for each in packets)))
    size = rate // 5
    whole = sound[size : len(sound) // size * size].reshape(-1, size, 2)
    assert np.sqrt((whole**2).mean(axis=(1, 2))).min() > 1e-3, "there was a gap"

    told = airings(tmp_path)
    assert [each.title for each in told] == [each.title for each in radio.all(wire.OnAir)]
    told_of = [(each.loved, each.skipped) for each in told[playing - 1 : playing + 2]]
    assert told_of == [(1, True), (0, True), (0, False)]
    waiting = {track.name for track in Store(tmp_path).tracks()} - {each.file for each in told}
    assert waiting

    with studio(tmp_path) as radio:
        radio.until(lambda each: isinstance(each, wire.OnAir))
    again = airings(tmp_path)[len(told) :]
    assert again[0].file in waiting, "what was rendered and not heard is not paid for twice"


@pytest.mark.parametrize(
    ("theme", "settings", "said"),
    [
        ("", {}, "The theme is empty."),
        ("x" * 10_000, {}, "The theme has 10,000 characters"),
        ("jazz", {"musician": "nobody"}, "nobody"),
    ],
)
def test_what_cannot_be_played_is_refused_in_one_line(
    tmp_path: Path, theme: str, settings: dict[str, object], said: str
) -> None:
    """It says what and what to do, and leaves no process behind."""
    with studio(tmp_path, theme, **settings) as radio:
        refused = radio.until(lambda each: isinstance(each, wire.Refused))
    assert said in refused.said and "\n" not in refused.said
    assert refused.code == 2


def test_a_musician_that_hangs_is_stood_in_for(tmp_path: Path) -> None:
    """The offline band plays, and it is labelled as what it is."""
    with studio(tmp_path, musician="stubborn_band:HangingBand") as radio:
        first = radio.until(lambda each: isinstance(each, wire.OnAir))
    assert (first.source, first.artist) == ("stand-in", "Offline Studio Band")


def test_a_model_plays_as_soon_as_it_has_something(tmp_path: Path) -> None:
    """Whoever was quicker is heard first; what the model rendered, several tracks at a time, comes next."""
    with studio(tmp_path, musician="stubborn_band:ModelledBand") as radio:
        radio.until(lambda each: isinstance(each, wire.OnAir))
        radio.until(lambda each: isinstance(each, wire.Ahead) and each.seconds > 300)
        before = radio.all(wire.OnAir)[-1].number
        model = radio.skip_to("fresh")
    assert {each.source for each in radio.all(wire.OnAir)} <= {"stand-in", "fresh"}
    assert model.artist == "The Stubborn Band"
    assert model.number <= before + 2, "more was heard first than what was cued by then"


@pytest.mark.neural
@pytest.mark.slow
def test_musicgen_is_heard_with_its_name_and_licence(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    """While the model loads the offline band stands in; then its own tracks come, each labelled as what it is."""
    library = tmp_path / "library"

    def has_rendered(_: wire.FromStudio) -> bool:
        records = (library / "radio").glob("[!.]*.json")
        return any('"name": "musicgen"' in path.read_text() for path in records)

    with studio(library, musician="musicgen", musicgen_model=str(tiny_model("musicgen"))) as radio:
        first = radio.until(lambda each: isinstance(each, wire.OnAir))
        assert (first.source, first.artist) == ("stand-in", "Offline Studio Band")
        assert first.credit.startswith("offline band, Apache-2.0")
        radio.until(has_rendered)
        on_air = radio.skip_to("fresh")
    # Of a folder of one's own nobody knows the licence, and that is said.
    licence = "unknown licence, while MusicGen's own weights are CC-BY-NC-4.0"
    assert on_air.credit.startswith(f"musicgen (musicgen), {licence}")
    aired = airings(library)[-1]
    made = json.loads(aired.made)["backend"]
    assert (aired.title, aired.source, made["name"]) == (on_air.title, "fresh", "musicgen")
    assert made["weights"][0]["sha256"] and aired.fingerprint
    track = Store(library).find(aired.file)
    assert track is not None and track.portrait.loudness == pytest.approx(-14, abs=0.2)
    heard = [Heard("another name", aired.fingerprint, 3600.0)]
    assert not RunningOrder(track.course, heard).add(piece_of(track, Store(library))), "the same music came again"


def test_a_studio_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    """The next one heads where listeners had turned it, tells what was heard before, and plays what was not.

    A radio that was closed begins with its owner's theme.
    """
    process, radio = started(tmp_path)
    try:
        radio.until(lambda each: isinstance(each, wire.OnAir))
        radio.connection.send(wire.Steer(1, "bossa by the sea"))
        wish = radio.until(lambda each: isinstance(each, wire.Understood)).wish
        radio.until(lambda _: Store(tmp_path).heading() is not None)
        radio.until(lambda each: isinstance(each, wire.Ahead) and each.seconds > 0)
    finally:
        process.kill()
        process.join()
    heard = airings(tmp_path)  # one track, or on a slow machine more by then
    assert heard and {each.source for each in heard} == {"fresh"}
    with studio(tmp_path) as again:
        assert again.until(lambda each: isinstance(each, wire.Ahead)).wish == wish
        again.until(lambda _: bool(again.all(wire.Before)))
        before = [each for each, _ in again.all(wire.Before)[0].heard]
        again.until(lambda _: bool(again.all(wire.OnAir)))
        following = again.all(wire.OnAir)[0]
    assert [(each.title, each.source) for each in before] == [(each.title, "fresh") for each in heard]
    for told, first in zip(before, radio.all(wire.OnAir), strict=False):
        assert (told.title, told.artist) == (first.title, first.artist) and set(told.words) <= set(first.words)
    assert following.source == "fresh" and following.title not in {each.title for each in heard}
    with studio(tmp_path) as fresh:
        assert fresh.until(lambda each: isinstance(each, wire.Ahead)).wish == ("jazz", "rain", "cafe")
        fresh.connection.send(wire.Steer(2, "bossa by the sea"))  # the last wish is over with the radio as well
    assert Store(tmp_path).heading() is None


def test_it_leaves_when_nobody_is_there_to_play_for(tmp_path: Path) -> None:
    """A transmitter that is gone, however it went, takes its studio with it."""
    with studio(tmp_path) as radio:
        radio.until(lambda each: isinstance(each, wire.Packet))
        radio.connection.close()
