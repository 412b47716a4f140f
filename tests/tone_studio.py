"""A studio that plays tones, in a process of its own: real MP3 and Opus by a real encoder, and every way to fail.

A track is a tone of its own, so that a recording tells what was heard when.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Literal

from imageio_ffmpeg import get_ffmpeg_exe

from pipeline.radio import ogg
from pipeline.radio.wire import (
    Ahead,
    Close,
    Form,
    FromStudio,
    Head,
    Love,
    OnAir,
    Packet,
    Picture,
    Skip,
    Steer,
    Understood,
)

LENGTH = 6.0
"""Seconds of a track."""
LEAD = 2.0
MP3_FRAME = 1152 / 44_100
FRAMES = 8


@dataclass(frozen=True)
class Tones:
    """How it plays, and what happens after so many seconds of sound: it dies, hangs, or sends none for a while."""

    titles: tuple[str, ...] = ("Tone One", "Tone Two", "Tone Three")
    frequencies: tuple[int, ...] = (440, 660, 880)
    fail: Literal["", "die", "hang", "mute"] = ""
    after: float = 0.0
    away: float = 0.0
    """For how long it is mute."""
    picture: bool = True
    length: float = LENGTH


def play(connection: Connection, tones: Tones) -> None:
    """Play until Close, faster than the clock at first and then with it, two seconds ahead."""
    sounds = [encoded(frequency, tones.length) for frequency in tones.frequencies]
    jpeg = picture() if tones.picture else b""
    connection.send(Ahead(0.0, ("warm",)))
    connection.send(Head("opus", sounds[0].head))
    began, track, start, wish = time.monotonic(), 0, 0.0, ("warm",)
    told, mute = 0.0, 0.0
    playing = iter(())
    waiting: FromStudio | None = None
    while True:
        now = time.monotonic() - began
        while connection.poll(0 if waiting is None else 0.02):
            try:
                message = connection.recv()
            except EOFError:
                return
            if isinstance(message, Close):
                return
            if isinstance(message, Steer) and "be gone" in message.words:
                raise SystemExit(3)
            if isinstance(message, Steer):
                known = [word for word in ("slower", "piano", "rain") if word in message.words]
                wish = tuple(known) or wish
                said = f"It goes on with: {', '.join(known)}." if known else "No word of that is one of music."
                connection.send(Understood(message.number, tuple(known) or None, said))
                connection.send(Ahead(1200.0, wish))
            elif isinstance(message, Skip):
                playing, waiting = iter(()), None
            elif isinstance(message, Love):
                connection.send(Ahead(1200.0, wish, f"Number {message.number} is kept."))
        if now - told > 1.0:
            told = now
            connection.send(Ahead(1200.0, wish))
        if tones.fail == "die" and tones.after <= start - LEAD:
            raise SystemExit(3)
        if tones.fail == "hang" and tones.after <= start - LEAD:
            time.sleep(3600)
        if tones.fail == "mute" and tones.after <= start - LEAD and not mute:
            mute = now + tones.away
        if waiting is None:
            waiting = next(playing, None)
            if waiting is None:
                number = track + 1
                place = track % len(sounds)
                connection.send(
                    OnAir(number, tones.titles[place], "The Tones", start, tones.length, "fresh", ("warm", str(place)))
                )
                if tones.picture:
                    connection.send(Picture(number, jpeg))
                playing, track = sounds[place].from_(start), track + 1
                continue
        if isinstance(waiting, Packet) and waiting.start <= now + LEAD and now >= mute:
            start = max(start, waiting.start + waiting.seconds) if waiting.form == "mp3" else start
            connection.send(waiting)
            waiting = None


@dataclass(frozen=True)
class Encoded:
    """A track in both forms."""

    head: bytes
    mp3: tuple[bytes, ...]
    opus: tuple[bytes, ...]

    def from_(self, start: float):
        """Yield its packets in the order they are due, as of `start`."""
        packets = [
            *self._packets("mp3", self.mp3, [len_frames(data) * MP3_FRAME for data in self.mp3], start),
            *self._packets("opus", self.opus, [page_seconds(data) for data in self.opus], start),
        ]
        return iter(sorted(packets, key=lambda packet: (packet.start, packet.form)))

    @staticmethod
    def _packets(form: Form, parts: tuple[bytes, ...], seconds: list[float], start: float) -> list[Packet]:
        found, at = [], start
        for data, lasts in zip(parts, seconds, strict=True):
            found.append(Packet(form, at, lasts, data))
            at += lasts
        return found


def encoded(frequency: int, seconds: float) -> Encoded:
    """Encode a tone as a studio has to: MP3 without a reservoir, Opus on pages of 200 ms."""
    tone = ["-f", "lavfi", "-i", f"sine=frequency={frequency}:sample_rate=48000:duration={seconds}", "-ac", "2"]
    mp3 = [
        "-c:a",
        "libmp3lame",
        "-b:a",
        "128k",
        "-reservoir",
        "0",
        "-ar",
        "44100",
        "-write_xing",
        "0",
        "-id3v2_version",
        "0",
    ]
    opus = ["-c:a", "libopus", "-b:a", "96k", "-page_duration", "200000"]
    frames = mp3_frames(_run([*tone, *mp3, "-f", "mp3", "pipe:1"]))
    pages = [page.written() for page in ogg.pages(_run([*tone, *opus, "-f", "ogg", "pipe:1"]))]
    packed = tuple(b"".join(frames[at : at + FRAMES]) for at in range(0, len(frames), FRAMES))
    return Encoded(b"".join(pages[:2]), packed, tuple(pages[2:]))


def picture() -> bytes:
    """Paint a small picture, a JPEG."""
    paint = ["-f", "lavfi", "-i", "color=color=teal:size=64x64", "-frames:v", "1", "-f", "image2pipe", "-c:v", "mjpeg"]
    return _run([*paint, "pipe:1"])


def _run(arguments: list[str]) -> bytes:
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


def mp3_frames(data: bytes) -> list[bytes]:
    """Cut MP3 of 128 kbit/s at 44.1 kHz into its frames; anything else between them is a fault."""
    frames, at = [], 0
    while at < len(data):
        head = int.from_bytes(data[at : at + 4], "big")
        assert head >> 17 == 0x7FFD and (head >> 12) & 15 == 9 and (head >> 10) & 3 == 0, (at, hex(head))
        size = 144 * 128_000 // 44_100 + ((head >> 9) & 1)
        assert at + size <= len(data), "a frame is cut short"
        frames.append(data[at : at + size])
        at += size
    return frames


def whole_frames(data: bytes) -> list[bytes]:
    """Cut what was recorded up to some moment into its frames; the last one may not have come whole."""
    last = data.rfind(b"\xff\xfb", 0, len(data))
    while True:
        try:
            return mp3_frames(data[:last])
        except AssertionError:
            last = data.rfind(b"\xff\xfb", 0, last)
            if last <= 0 or len(data) - last > 2000:
                raise


def len_frames(data: bytes) -> int:
    return len(mp3_frames(data))


def page_seconds(data: bytes) -> float:
    stream = ogg.Stream(1)
    stream.put(data)
    return stream._position / ogg.RATE


def play_tones(connection: Connection, *_: object) -> None:
    """Play as a studio does that is told theme and settings."""
    play(connection, Tones(length=4.0))
