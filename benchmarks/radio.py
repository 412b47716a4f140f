"""`uv run python -m benchmarks.radio`: 500 listeners and 50 that never read, on one transmitter.

The transmitter is the process that `lofi radio` runs; its studio here sends sound that was encoded before, so that the
load is the listeners'. They are simulated in a third process: each models a player, which begins to play once a second
of sound is there and from then on plays as fast as the clock. It has an underrun when it wants to play what has not
come. Those that never read connect again when they are dropped. Exits with 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import httpx2 as httpx
import psutil
from imageio_ffmpeg import get_ffmpeg_exe
from rich.console import Console
from rich.table import Table

from pipeline.radio import ogg
from pipeline.radio.wire import Ahead, Close, Head, OnAir, Packet

ROOT = Path(__file__).parent.parent
SECOND = 16_000
"""Bytes of a second of MP3 at 128 kbit/s."""
MEMORY, FIRST = 100.0, 1.0
"""Bounds: megabytes of the transmitter, and seconds until a joiner has a second of sound."""
TRACK = 30.0
_RADIO = """
import signal
from pathlib import Path
from flows.radio import Place, broadcast
from pipeline.radio.child import Named
from pipeline.settings import Settings
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
try:
    broadcast("a load of listeners", Settings(library=Path({library!r})), Place(port=0), show=False,
              play=Named("benchmarks.radio:play"))
except KeyboardInterrupt:
    pass
"""


def main() -> int:
    """Measure, print, and say whether every bound was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--deaf", type=int, default=50, help="listeners that never read")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as library:
        command = [sys.executable, "-c", _RADIO.format(library=library)]
        radio = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            return _measure(radio, chosen.listeners, chosen.deaf, chosen.minutes * 60)
        finally:
            radio.send_signal(signal.SIGINT)
            radio.wait(timeout=30)


def _measure(radio: subprocess.Popen[str], listeners: int, deaf: int, seconds: float) -> int:
    assert radio.stdout is not None
    port = next(int(found[1]) for line in radio.stdout if (found := re.search(r"http://[^:]+:(\d+)/", line)))
    ours, theirs = multiprocessing.Pipe()
    crowd = multiprocessing.get_context("spawn").Process(target=_crowd, args=(theirs, port, listeners, deaf, seconds))
    crowd.start()
    process, most = psutil.Process(radio.pid), 0.0
    before = process.cpu_times()
    began = time.monotonic()
    while not ours.poll(1.0):
        most = max(most, process.memory_info().rss / 1e6)
    spent, after = time.monotonic() - began, process.cpu_times()
    told = ours.recv()
    crowd.join()
    now = httpx.get(f"http://127.0.0.1:{port}/api/now").json()["standing"]
    share = (after.user + after.system - before.user - before.system) / spent
    players: list[Player] = told
    underruns = sum(player.underruns for player in players)
    first = max(player.second for player in players)
    least = min(player.least for player in players)
    rows = [
        ("underruns", f"{underruns}", "0", underruns == 0),
        ("listeners that were cut off", f"{sum(p.cut for p in players)}", "0", not any(p.cut for p in players)),
        ("memory of the transmitter, at most", f"{most:.0f} MB", f"<= {MEMORY:.0f} MB", most <= MEMORY),
        ("a second of sound, slowest joiner", f"{first:.2f} s", f"<= {FIRST:.0f} s", first <= FIRST),
        ("first byte, slowest joiner", f"{max(p.byte for p in players):.2f} s", "", True),
        ("least sound any had in hand", f"{least:.1f} s", "", True),
        ("processor, share of one core", f"{100 * share:.0f} %", "", True),
        ("received by all", f"{sum(p.received for p in players) / 1e6:.0f} MB", "", True),
        ("never read, and were dropped", f"{now['dropped']} times", "", now["dropped"] >= deaf or seconds < 60),
    ]
    table = Table(
        "What", "Measured", "Bound", title=f"{listeners} listeners and {deaf} that never read, {seconds:.0f} s"
    )
    for what, measured, bound, kept in rows:
        table.add_row(what, measured if kept else f"[red]{measured}[/]", bound)
    Console(width=100).print(table)
    print(json.dumps({what: measured for what, measured, _, _ in rows}))
    return 0 if all(kept for *_, kept in rows) else 1


# The listeners


@dataclass
class Player:
    """One listener's player, as it would have played."""

    byte: float = 0.0
    second: float = 99.0
    received: int = 0
    underruns: int = 0
    least: float = 99.0
    cut: bool = False
    began: float = 0.0
    asked: float = field(default_factory=time.monotonic)

    def take(self, size: int) -> None:
        """Receive bytes of sound."""
        now = time.monotonic()
        if not self.received:
            self.byte = now - self.asked
        if self.began:
            hand = self.received / SECOND - (now - self.began)
            self.least = min(self.least, hand)
            if hand < 0:
                self.underruns += 1
                self.began -= hand  # it waits, and then goes on
        self.received += size
        if not self.began and self.received >= SECOND:
            self.began, self.second = now, now - self.asked


def _crowd(back: Connection, port: int, listeners: int, deaf: int, seconds: float) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    back.send(asyncio.run(_listen_all(port, listeners, deaf, seconds)))


async def _listen_all(port: int, listeners: int, deaf: int, seconds: float) -> list[Player]:
    await _sound_is_there(port)
    never = asyncio.create_task(_never_read(port, deaf))
    tasks = []
    until = time.monotonic() + seconds
    for number in range(listeners):
        tasks.append(asyncio.create_task(_listen(port, until, titles=number % 5 == 0)))
        await asyncio.sleep(0.01)  # a hundred join in a second
    players = await asyncio.gather(*tasks)
    never.cancel()
    return players


async def _sound_is_there(port: int) -> None:
    while True:
        async with httpx.AsyncClient() as client:
            if (await client.get(f"http://127.0.0.1:{port}/api/now")).json()["air"]["now"]:
                return
        await asyncio.sleep(0.2)


async def _listen(port: int, until: float, *, titles: bool) -> Player:
    player = Player()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asks = "Icy-MetaData: 1\r\n" if titles else ""
    writer.write(f"GET /radio.mp3 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{asks}\r\n".encode())
    try:
        await reader.readuntil(b"\r\n\r\n")
        while time.monotonic() < until:
            size = int((await reader.readline()).strip() or b"0", 16)
            if not size:
                player.cut = True
                break
            await reader.readexactly(size + 2)
            player.take(size)
    except (OSError, asyncio.IncompleteReadError):
        player.cut = True
    writer.close()
    return player


async def _never_read(port: int, count: int) -> None:
    """Keep so many connections that ask and never read; one that was dropped comes again."""
    there: dict[int, socket.socket] = {}
    while True:
        dropped = select.poll()
        for number in there:
            dropped.register(number, select.POLLHUP | select.POLLERR)
        for number, _ in dropped.poll(0):
            there.pop(number).close()
        while len(there) < count:
            deaf = socket.create_connection(("127.0.0.1", port))
            deaf.sendall(f"GET /radio.mp3 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            there[deaf.fileno()] = deaf
        await asyncio.sleep(1.0)


# The studio


def play(connection: Connection, *_: object) -> None:
    """Send the same half minute over and over, as a studio sends: two seconds ahead."""
    tone = ["-f", "lavfi", "-i", f"anoisesrc=color=brown:sample_rate=48000:duration={TRACK}", "-ac", "2"]
    mp3 = ["-c:a", "libmp3lame", "-b:a", "128k", "-reservoir", "0", "-ar", "44100", "-write_xing", "0"]
    bare = [*mp3, "-id3v2_version", "0", "-f", "mp3", "pipe:1"]
    data = _encode([*tone, *bare])
    opus = ["-c:a", "libopus", "-b:a", "96k", "-page_duration", "200000", "-f", "ogg", "pipe:1"]
    pages = [page.written() for page in ogg.pages(_encode([*tone, *opus]))]
    connection.send(Head("opus", b"".join(pages[:2])))
    # At 44.1 kHz frames of 128 kbit/s are 417 or 418 bytes; a place is a frame's beginning where the next one's is too.
    cuts = [found.start() for found in re.finditer(rb"\xff\xfb[\x90\x92]", data)]
    parts = [data[cuts[at] : cuts[at + 8]] for at in range(0, len(cuts) - 8, 8)]
    step, page = 8 * 1152 / 44_100, 0.2
    began, number, due, paged, told = time.monotonic(), 0, 0.0, 0.0, -9.0
    while not (connection.poll(0) and isinstance(connection.recv(), Close)):
        now = time.monotonic() - began
        if now - told > 2:
            told = now
            connection.send(Ahead(1200.0, ("brown",)))
        if due <= now + 2:
            if number % len(parts) == 0:
                connection.send(OnAir(number // len(parts) + 1, f"Noise {number}", "Nobody", due, TRACK, "fresh", ()))
            connection.send(Packet("mp3", due, step, parts[number % len(parts)]))
            number, due = number + 1, due + step
        if paged <= now + 2:
            connection.send(Packet("opus", paged, page, pages[2 + round(paged / page) % (len(pages) - 3)]))
            paged += page
        time.sleep(0.01)


def _encode(arguments: list[str]) -> bytes:
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


if __name__ == "__main__":
    raise SystemExit(main())
