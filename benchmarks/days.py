"""`uv run python -m benchmarks.days`: whether the studio of a radio could play for days.

It plays with a clock that goes `--times` as fast, as fast as two cores can render; its processes are looked at all the
while. What must stay flat is memory, open files, threads and the radio's folder: each is compared between the second
and the last quarter.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import mean

import psutil
from rich.console import Console
from rich.table import Table

from pipeline.radio import wire
from pipeline.settings import Settings

GROWTH = 1.10
"""What the last quarter may be of the second."""


def main() -> None:
    """Play, look, and print. Exits with 1 where something grew, or was silent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="how long it takes")
    parser.add_argument("--times", type=float, default=10, help="how much faster than the wall its clock goes")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        library = Path(scratch)
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        studio = multiprocessing.get_context("spawn").Process(target=_play, args=(theirs, library, chosen.times))
        studio.start()
        theirs.close()
        heard = _Heard(ours)
        looks = list(_look(psutil.Process(studio.pid), library, 60 * chosen.minutes))
        ours.send(wire.Close())
        studio.join(60)
    table = Table(
        "What", "Second quarter", "Last quarter", "Highest", title=f"{heard.tracks} tracks, {heard.hours:.1f} h"
    )
    quarter = len(looks) // 4
    grew = False
    for name in looks[0]:
        early, late = (mean(look[name] for look in part) for part in (looks[quarter : 2 * quarter], looks[-quarter:]))
        grew = grew or late > GROWTH * early
        table.add_row(name, *(f"{value:,.0f}" for value in (early, late, max(look[name] for look in looks))))
    Console(width=100).print(table)
    again = heard.sources.count("again")
    print(f"{again} tracks were played again for want of fresh ones; {heard.gaps} gaps between packets")
    raise SystemExit(grew or heard.gaps > 0)


def _play(connection: Connection, library: Path, times: float) -> None:
    from flows.radio_studio import RadioStudio
    from pipeline.workers import Workers

    lock = threading.Lock()

    def send(message: wire.FromStudio) -> None:
        with lock:
            connection.send(message)

    with ExitStack() as stack:
        first = Workers(1)
        stack.callback(first.close)
        settings = Settings(library=library)
        RadioStudio(stack, first, send, "jazz for a rainy cafe", settings, lambda: times * time.monotonic()).run(
            connection
        )


class _Heard:
    """Takes in what the studio sends, as a transmitter would."""

    def __init__(self, connection: Connection) -> None:
        self.tracks, self.hours, self.gaps = 0, 0.0, 0
        self.sources: list[str] = []
        self._connection = connection
        self._ends: dict[str, float] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                message = self._connection.recv()
                if isinstance(message, wire.OnAir):
                    self.tracks += 1
                    self.sources.append(message.source)
                if isinstance(message, wire.Packet):
                    self.gaps += abs(self._ends.get(message.form, message.start) - message.start) > 0.001
                    self._ends[message.form] = message.start + message.seconds
                    self.hours = message.start / 3600
        except (EOFError, OSError):
            return


def _look(studio: psutil.Process, library: Path, seconds: float) -> list[dict[str, float]]:
    looks: list[dict[str, float]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(2)
        family = [studio, *studio.children(recursive=True)]
        look = {"MB of the studio": studio.memory_info().rss / 1e6, "MB of all": 0.0, "processes": float(len(family))}
        for one in family:
            try:
                look["MB of all"] += one.memory_info().rss / 1e6
            except psutil.Error:
                continue
        look["open files"] = float(studio.num_fds())
        look["threads"] = float(studio.num_threads())
        files = [path for path in (library / "radio").rglob("*") if path.is_file()]
        look["files in radio/"] = float(len(files))
        look["MB in radio/"] = sum(path.stat().st_size for path in files if path.exists()) / 1e6
        looks.append(look)
    return looks


if __name__ == "__main__":
    main()
